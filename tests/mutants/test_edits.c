/* The mutants' edits and the way back, byte by byte: no sockets here. */
#include "mutant.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SDP_BODY                                                                                   \
    "v=0\r\no=- 7 7 IN IP4 127.0.0.2\r\ns=-\r\nc=IN IP4 127.0.0.2\r\nt=0 0\r\n"                    \
    "m=audio 21000 RTP/AVP 0 101\r\na=rtpmap:0 PCMU/8000\r\na=recvonly\r\n"

#define AUTH                                                                                       \
    "Proxy-Authorization: Digest username=\"100\", realm=\"house\", nonce=\"n1\", "                \
    "uri=\"sip:200@127.0.0.1\", response=\"0123456789abcdef0123456789abcdef\", algorithm=MD5, "    \
    "opaque=\"op\", qop=auth, nc=00000001, cnonce=\"c\"\r\n"

/* A message of the phone; `more` and `body` may be "". */
static void make(struct mu_text *t, const char *start, const char *branch, const char *to_tag,
                 unsigned cseq, const char *method, const char *more, const char *body)
{
    char bytes[4096];
    int n = snprintf(bytes, sizeof bytes,
                     "%s\r\n"
                     "Via: SIP/2.0/UDP 127.0.0.2:5060;rport;branch=z9hG4bK%s\r\n"
                     "Max-Forwards: 70\r\n"
                     "From: \"One\" <sip:100@127.0.0.1>;tag=alice\r\n"
                     "To: <sip:200@127.0.0.1>%s%s\r\n"
                     "Call-ID: call@127.0.0.2\r\n"
                     "CSeq: %u %s\r\n"
                     "Contact: <sip:100@127.0.0.2:5060>;expires=60\r\n"
                     "%s%s"
                     "Content-Length: %zu\r\n\r\n%s",
                     start, branch, *to_tag ? ";tag=" : "", to_tag, cseq, method, more,
                     *body ? "Content-Type: application/sdp\r\n" : "", strlen(body), body);
    assert_in_range(n, 1, sizeof bytes - 1);
    mu_text_set(t, bytes, (size_t)n);
}

static const char *string(struct mu_text *t)
{
    mu_append(t, "", 1);
    t->len--;
    return t->at;
}

static bool has(struct mu_text *t, const char *what)
{
    return strstr(string(t), what) != NULL;
}

/* What is sent of the message; NULL: nothing. */
static struct mu_plan send_it(struct mu_mutant *m, struct mu_text *t)
{
    struct mu_plan plan;
    mu_outgoing(m, t, &plan);
    return plan;
}

static struct mu_mutant *mutant(const char *name)
{
    const struct mu_fault *fault = mu_fault_named(name);
    if (!fault)
        fail_msg("no fault %s", name);
    return mu_mutant_new(fault);
}

/* --- every fault --- */

/* What a phone sends in its life, in order: as caller, registering, and called. */
static const struct {
    const char *start, *branch, *to_tag;
    unsigned cseq;
    const char *method, *more, *body;
} life[] = {
    {"REGISTER sip:127.0.0.1 SIP/2.0", "r1", "", 1, "REGISTER", "Expires: 60\r\n", ""},
    {"REGISTER sip:127.0.0.1 SIP/2.0", "r2", "", 2, "REGISTER", AUTH, ""},
    {"INVITE sip:200@127.0.0.1 SIP/2.0", "a1", "", 1, "INVITE", "", SDP_BODY},
    {"ACK sip:200@127.0.0.1 SIP/2.0", "a1", "refused", 1, "ACK", "", ""},
    {"INVITE sip:200@127.0.0.1 SIP/2.0", "a2", "", 2, "INVITE", AUTH, SDP_BODY},
    {"CANCEL sip:200@127.0.0.1 SIP/2.0", "a2", "", 2, "CANCEL", "", ""},
    {"ACK sip:200@127.0.0.3 SIP/2.0", "a3", "bob", 2, "ACK", AUTH, ""},
    {"INVITE sip:200@127.0.0.3 SIP/2.0", "a4", "bob", 3, "INVITE", "", SDP_BODY},
    {"BYE sip:200@127.0.0.3 SIP/2.0", "a5", "bob", 4, "BYE",
     "Route: <sip:127.0.0.1;lr>\r\nRoute: <sip:127.0.0.4;lr>\r\n", ""},
    {"SIP/2.0 100 Trying", "in", "", 1, "INVITE", "", ""},
    {"SIP/2.0 180 Ringing", "in", "alice2", 1, "INVITE", "Record-Route: <sip:127.0.0.1;lr>\r\n",
     ""},
    {"SIP/2.0 200 OK", "in", "alice2", 1, "INVITE", "Record-Route: <sip:127.0.0.1;lr>\r\n",
     SDP_BODY},
    {"SIP/2.0 200 OK", "in2", "alice2", 2, "BYE", "", ""},
    {"SIP/2.0 420 Bad Extension", "in3", "alice3", 1, "INVITE", "Unsupported: new\r\n", ""},
    {"SIP/2.0 501 Not Implemented", "in4", "alice4", 1, "PING", "", ""},
    {"SIP/2.0 200 OK", "in5", "alice5", 3, "NOTIFY", "", ""},
};

static void every_fault_strikes_a_message_and_says_why(void **state)
{
    (void)state;
    for (size_t i = 0; i < mu_fault_count; i++) {
        struct mu_mutant *m = mu_mutant_new(&mu_faults[i]);
        struct mu_text t = {0};
        size_t struck = 0;
        for (size_t k = 0; k < sizeof life / sizeof *life; k++) {
            make(&t, life[k].start, life[k].branch, life[k].to_tag, life[k].cseq, life[k].method,
                 life[k].more, life[k].body);
            struck += send_it(m, &t).struck;
        }
        if (!struck)
            fail_msg("%s strikes nothing", mu_faults[i].name);
        assert_true(strcmp(mu_faults[i].clause, "-") == 0 ||
                    strncmp(mu_faults[i].clause, "RFC ", 4) == 0);
        assert_true(*mu_faults[i].text && *mu_faults[i].flow);
        assert_ptr_equal(mu_fault_named(mu_faults[i].name), &mu_faults[i]); /* no name twice */
        mu_text_release(&t);
        mu_mutant_free(m);
    }
}

static void what_the_selector_does_not_pick_is_sent_as_it_is(void **state)
{
    (void)state;
    struct mu_mutant *m = mutant("bye-cseq-skips");
    struct mu_text t = {0}, before = {0};
    for (size_t k = 0; k < sizeof life / sizeof *life; k++) {
        if (strcmp(life[k].start, "BYE sip:200@127.0.0.3 SIP/2.0") == 0)
            continue;
        make(&t, life[k].start, life[k].branch, life[k].to_tag, life[k].cseq, life[k].method,
             life[k].more, life[k].body);
        mu_text_set(&before, t.at, t.len);
        assert_false(send_it(m, &t).struck);
        assert_int_equal(t.len, before.len);
        assert_memory_equal(t.at, before.at, t.len);
    }
    mu_text_release(&t);
    mu_text_release(&before);
    mu_mutant_free(m);
}

/* --- the way back --- */

/* The answer that a server gives to what it got. */
static void answer(const struct mu_text *got, const char *status, const char *to_tag,
                   struct mu_text *out)
{
    char via[512], from[256], to[256], call_id[256], cseq[64], bytes[2048];
    mu_copy(got, mu_header(got, "Via", 0), via, sizeof via);
    mu_copy(got, mu_header(got, "From", 0), from, sizeof from);
    mu_copy(got, mu_header(got, "To", 0), to, sizeof to);
    mu_copy(got, mu_header(got, "Call-ID", 0), call_id, sizeof call_id);
    mu_copy(got, mu_header(got, "CSeq", 0), cseq, sizeof cseq);
    int n = snprintf(bytes, sizeof bytes,
                     "SIP/2.0 %s\r\nVia: %s;received=127.0.0.2\r\nFrom: %s\r\nTo: %s%s%s\r\n"
                     "Call-ID: %s\r\nCSeq: %s\r\nContent-Length: 0\r\n\r\n",
                     status, via, from, to, *to_tag ? ";tag=" : "", to_tag, call_id, cseq);
    mu_text_set(out, bytes, (size_t)n);
}

/* Whatever was changed in the request, the phone finds its own in the response. */
static void a_response_is_given_back_with_what_the_phone_had_sent(void **state)
{
    static const char *const faults[] = {"via-no-cookie",    "via-no-branch", "via-version",
                                         "from-tag-missing", "bye-from-tag",  "bye-to-tag",
                                         "bye-no-to-tag",    "bye-call-id",   "bye-cseq-skips",
                                         "bye-cseq-method",  "via-missing",   "bye-from-uri",
                                         "bye-to-uri",       "same-cseq",     "retry-call-id"};
    (void)state;
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        struct mu_mutant *m = mutant(faults[i]);
        struct mu_text t = {0}, original = {0}, response = {0};
        char was[300], is[300];
        for (size_t k = 0; k < sizeof life / sizeof *life; k++) {
            make(&original, life[k].start, life[k].branch, life[k].to_tag, life[k].cseq,
                 life[k].method, life[k].more, life[k].body);
            mu_text_set(&t, original.at, original.len);
            if (!send_it(m, &t).struck)
                continue;
            answer(&t, "200 OK", *life[k].to_tag ? "" : "bob", &response);
            mu_incoming(m, &response);
            static const char *const fields[] = {"via.branch", "via.version", "From", "Call-ID",
                                                 "CSeq"};
            for (size_t f = 0; f < sizeof fields / sizeof *fields; f++) {
                mu_copy(&original, mu_field(&original, fields[f]), was, sizeof was);
                mu_copy(&response, mu_field(&response, fields[f]), is, sizeof is);
                if (strcmp(was, is) != 0)
                    fail_msg("%s: %s was %s and comes back as %s", faults[i], fields[f], was, is);
            }
            mu_copy(&response, mu_field(&response, "To.tag"), is, sizeof is);
            assert_string_equal(is, "bob");
        }
        mu_text_release(&t);
        mu_text_release(&original);
        mu_text_release(&response);
        mu_mutant_free(m);
    }
}

static void a_response_to_an_untouched_request_is_untouched(void **state)
{
    (void)state;
    struct mu_mutant *m = mutant("bye-cseq-skips");
    struct mu_text t = {0}, response = {0}, before = {0};
    make(&t, "INVITE sip:200@127.0.0.1 SIP/2.0", "a1", "", 1, "INVITE", "", SDP_BODY);
    send_it(m, &t);
    answer(&t, "180 Ringing", "bob", &response);
    mu_text_set(&before, response.at, response.len);
    mu_incoming(m, &response);
    assert_int_equal(response.len, before.len);
    assert_memory_equal(response.at, before.at, before.len);
    mu_text_release(&t);
    mu_text_release(&response);
    mu_text_release(&before);
    mu_mutant_free(m);
}

/* The other party knows the dialog by the wire's Call-ID and tag, the phone by its own. */
static void the_other_partys_requests_reach_the_phones_dialog(void **state)
{
    static const struct {
        const char *fault, *call_id, *tag, *expected;
        size_t told_at; /* the message of `life` that makes it known */
    } cases[] = {
        {"retry-call-id", "call@127.0.0.7", "alice", "Call-ID: call@127.0.0.2\r\n", 4},
        {"retry-from-tag", "call@127.0.0.2", "alic7", "tag=alice\r\n", 4},
        {"answer-other-tag", "call@127.0.0.2", "alice7", "tag=alice2\r\n", 11},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mu_mutant *m = mutant(cases[i].fault);
        struct mu_text t = {0};
        char bytes[1024];
        size_t k = cases[i].told_at;
        make(&t, life[k].start, life[k].branch, life[k].to_tag, life[k].cseq, life[k].method,
             life[k].more, life[k].body);
        assert_true(send_it(m, &t).struck);
        int n = snprintf(
            bytes, sizeof bytes,
            "BYE sip:100@127.0.0.2 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bKx\r\n"
            "From: <sip:200@127.0.0.1>;tag=bob\r\nTo: <sip:100@127.0.0.1>;tag=%s\r\n"
            "Call-ID: %s\r\nCSeq: 1 BYE\r\nContent-Length: 0\r\n\r\n",
            cases[i].tag, cases[i].call_id);
        mu_text_set(&t, bytes, (size_t)n);
        mu_incoming(m, &t);
        if (!has(&t, cases[i].expected))
            fail_msg("%s: the phone gets %s", cases[i].fault, string(&t));
        mu_text_release(&t);
        mu_mutant_free(m);
    }
}

/* --- what follows an edit --- */

static void the_ack_follows_the_branch_of_its_invite(void **state)
{
    (void)state;
    struct mu_mutant *m = mutant("via-no-cookie");
    struct mu_text t = {0};
    make(&t, "INVITE sip:200@127.0.0.1 SIP/2.0", "a1", "", 1, "INVITE", "", "");
    send_it(m, &t);
    assert_true(has(&t, ";branch=a1\r\n"));
    make(&t, "ACK sip:200@127.0.0.1 SIP/2.0", "a1", "refused", 1, "ACK", "", "");
    assert_false(send_it(m, &t).struck);
    assert_true(has(&t, ";branch=a1\r\n"));
    make(&t, "ACK sip:200@127.0.0.3 SIP/2.0", "a9", "bob", 1, "ACK", "", "");
    send_it(m, &t);
    assert_true(has(&t, ";branch=z9hG4bKa9\r\n"));
    mu_text_release(&t);
    mu_mutant_free(m);
}

static void later_requests_follow_a_shifted_cseq(void **state)
{
    static const unsigned expected[] = {1, 1, 1, 2, 3};
    static const size_t which[] = {2, 4, 6, 7, 8};
    (void)state;
    struct mu_mutant *m = mutant("same-cseq");
    struct mu_text t = {0};
    for (size_t i = 0; i < 5; i++) {
        size_t k = which[i];
        make(&t, life[k].start, life[k].branch, life[k].to_tag, life[k].cseq, life[k].method,
             life[k].more, life[k].body);
        send_it(m, &t);
        assert_int_equal(mu_number(&t, mu_field(&t, "cseq.number")), expected[i]);
    }
    mu_text_release(&t);
    mu_mutant_free(m);
}

static void a_repeat_is_edited_as_the_first_was(void **state)
{
    (void)state;
    struct mu_mutant *m = mutant("cseq-large"); /* the first REGISTER alone */
    struct mu_text t = {0}, first = {0};
    for (int i = 0; i < 2; i++) {
        make(&t, life[0].start, "r1", "", 1, "REGISTER", "", "");
        assert_true(send_it(m, &t).struck);
        if (i == 0)
            mu_text_set(&first, t.at, t.len);
    }
    assert_int_equal(first.len, t.len);
    assert_memory_equal(first.at, t.at, t.len);
    make(&t, life[1].start, "r2", "", 2, "REGISTER", "", "");
    assert_false(send_it(m, &t).struck);
    mu_text_release(&t);
    mu_text_release(&first);
    mu_mutant_free(m);
}

/* --- single edits --- */

static void edits_leave_what_they_name_and_nothing_else_changed(void **state)
{
    static const struct {
        const char *fault;
        size_t message;
        const char *there, *gone;
    } cases[] = {
        {"digest-no-nc", 4, "qop=auth, cnonce=\"c\"\r\n", "nc="},
        {"digest-qop-quoted", 4, "qop=\"auth\", nc=00000001", "qop=auth,"},
        {"digest-realm", 4, "realm=\"elsewhere.example\", nonce", "house"},
        {"digest-username", 4, "Digest username=\"2002\", realm", "\"100\""},
        {"digest-no-response", 4, "uri=\"sip:200@127.0.0.1\", algorithm=MD5", "response"},
        {"no-credentials", 4, "CSeq: 2 INVITE\r\n", "Authorization"},
        {"route-reordered", 8, "Route: <sip:127.0.0.4;lr>\r\nRoute: <sip:127.0.0.1;lr>\r\n", "@@"},
        {"contact-unreachable", 11, "Contact: <sip:100@127.0.0.2:5061>", ":5060>"},
        {"answer-port-zero", 11, "m=audio 0 RTP/AVP 0 101\r\n", "21000"},
        {"answer-other-codec", 11, "m=audio 21000 RTP/AVP 4\r\n", "rtpmap"},
        {"answer-direction", 11, "a=sendrecv\r\n", "recvonly"},
        {"answer-declined", 11, "SIP/2.0 603 Decline\r\n", "200 OK"},
        {"lawful-no-expires", 0, "Contact: <sip:100@127.0.0.2:5060>\r\n", "xpires"},
        {"lawful-compact", 2, "\r\nm: <sip:100@127.0.0.2:5060>", "Contact"},
        {"lawful-folded", 2, "\r\nCSeq:\r\n  1 INVITE\r\n", "CSeq: 1"},
        {"lawful-blanks", 2, "\r\nCSeq \t: 1 INVITE\r\n", "CSeq:"},
        {"lawful-case", 2, "\r\ncSeQ: 1 INVITE\r\n", "CSeq"},
        {"to-tag-early", 2, "To: <sip:200@127.0.0.1>;tag=early\r\n", "@@"},
        {"cancel-require", 5, "CANCEL sip:200@127.0.0.1 SIP/2.0\r\nRequire: 100rel\r\n", "@@"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mu_mutant *m = mutant(cases[i].fault);
        struct mu_text t = {0};
        size_t k = cases[i].message;
        make(&t, life[k].start, life[k].branch, life[k].to_tag, life[k].cseq, life[k].method,
             life[k].more, life[k].body);
        send_it(m, &t);
        if (!has(&t, cases[i].there) || has(&t, cases[i].gone))
            fail_msg("%s makes %s", cases[i].fault, string(&t));
        mu_text_release(&t);
        mu_mutant_free(m);
    }
}

static void a_changed_body_has_its_right_length(void **state)
{
    (void)state;
    struct mu_mutant *m = mutant("answer-extra-media");
    struct mu_text t = {0};
    make(&t, life[11].start, "in", "alice2", 1, "INVITE", "", SDP_BODY);
    send_it(m, &t);
    assert_int_equal(mu_number(&t, mu_header(&t, "Content-Length", 0)), t.len - mu_body(&t));
    assert_int_equal(mu_message_length(t.at, t.len), t.len);
    mu_text_release(&t);
    mu_mutant_free(m);
}

/* --- telling SIP from the rest --- */

static void sip_is_told_by_its_start_line(void **state)
{
    static const struct {
        const char *bytes;
        enum mu_looks looks;
    } cases[] = {
        {"INVITE sip:a SIP/2.0\r\n", MU_SIP},
        {"SIP/2.0 200 OK\r\n", MU_SIP},
        {"INVITE sip:a", MU_MAYBE},
        {"INV", MU_MAYBE},
        {"", MU_MAYBE},
        {"SIP/2", MU_MAYBE},
        {"GET / HTTP/1.1\r\n", MU_NO},
        {"47:{\"command\":\"dial\"},", MU_NO},
        {"\x80\x00\x01\x02", MU_NO},
        {"SIP/3.0 200 OK\r\n", MU_NO},
        {"invite sip:a SIP/2.0\r\n", MU_NO},
        {"\r\n", MU_NO},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(mu_looks_like_sip(cases[i].bytes, strlen(cases[i].bytes)), cases[i].looks);
}

static void a_message_is_cut_where_its_body_ends(void **state)
{
    static const char bytes[] = "BYE sip:a SIP/2.0\r\nl: 3\r\n\r\nabcBYE";
    (void)state;
    assert_int_equal(mu_message_length(bytes, sizeof bytes - 1), sizeof bytes - 4);
    for (size_t len = 0; len < sizeof bytes - 4; len++)
        assert_int_equal(mu_message_length(bytes, len), 0);
}

/* Whatever comes from the wire: nothing is read or written beyond it. */
static void noise_is_survived(void **state)
{
    static const char *const noise[] = {"SIP/2.0 ",
                                        "SIP/2.0 200",
                                        "SIP/2.0 200 OK\r\nVia",
                                        "ACK ",
                                        "SIP/2.0 200 OK\nVia:\nFrom:;tag=\nCSeq: x\n\n",
                                        "BYE  SIP/2.0\r\n: \r\n\r\n",
                                        "BYE sip:a SIP/2.0\r\nTo: \"\r\n"};
    (void)state;
    for (size_t i = 0; i < mu_fault_count; i++) {
        for (size_t k = 0; k < sizeof noise / sizeof *noise; k++) {
            struct mu_mutant *m = mu_mutant_new(&mu_faults[i]);
            struct mu_text t = {0};
            mu_text_set(&t, noise[k], strlen(noise[k]));
            send_it(m, &t);
            mu_text_set(&t, noise[k], strlen(noise[k]));
            mu_incoming(m, &t);
            mu_text_release(&t);
            mu_mutant_free(m);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_fault_strikes_a_message_and_says_why),
        cmocka_unit_test(what_the_selector_does_not_pick_is_sent_as_it_is),
        cmocka_unit_test(a_response_is_given_back_with_what_the_phone_had_sent),
        cmocka_unit_test(a_response_to_an_untouched_request_is_untouched),
        cmocka_unit_test(the_other_partys_requests_reach_the_phones_dialog),
        cmocka_unit_test(the_ack_follows_the_branch_of_its_invite),
        cmocka_unit_test(later_requests_follow_a_shifted_cseq),
        cmocka_unit_test(a_repeat_is_edited_as_the_first_was),
        cmocka_unit_test(edits_leave_what_they_name_and_nothing_else_changed),
        cmocka_unit_test(a_changed_body_has_its_right_length),
        cmocka_unit_test(sip_is_told_by_its_start_line),
        cmocka_unit_test(a_message_is_cut_where_its_body_ends),
        cmocka_unit_test(noise_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Every always-on rule, seen to fail: the healthy trace with one fault gives this rule's finding
 * and no other. What the RFCs allow is in test_rules_allowed.c. */
#include "judge/rules_script.h"

#include <stdio.h>

struct fault {
    const char *rule;
    struct edit edits[MAX_EDITS];
    const char *tcp; /* this Call-ID goes over TCP */
};

static const struct fault faults[] = {
    /* ACK to a refusal */
    {"ack.branch", {{"a1-ack", "branch=z9hG4bKa1", "branch=z9hG4bKnew"}}, NULL},
    {"ack.branch", {{"a1-ack", ";branch=z9hG4bKa1", ""}}, NULL},
    {"ack.via", {{"a1-ack", "UDP 127.0.0.2:5060", "UDP 127.0.0.2:5070"}}, NULL},
    {"ack.via", {{"a1-ack", ";rport", ""}}, NULL},
    {"ack.via-count",
     {{"a1-ack", "Max-", "Via: SIP/2.0/UDP 127.0.0.9;branch=z9hG4bKx\nMax-"}},
     NULL},
    {"ack.cseq", {{"a1-ack", "101 ACK", "102 ACK"}}, NULL},
    {"ack.request-uri", {{"a1-ack", "ACK sip:200@", "ACK sip:201@"}}, NULL},
    {"ack.call-id", {{"a1-ack", "call@", "another@"}}, NULL},
    {"ack.from", {{"a1-ack", "tag=alice", "tag=malice"}}, NULL},
    {"ack.from", {{"a1-ack", "sip:100@", "sip:101@"}}, NULL},
    {"ack.to", {{"a1-ack", ";tag=refused", ""}}, NULL},
    {"ack.to", {{"a1-ack", "To: <sip:200@", "To: <sip:201@"}}, NULL},
    {"ack.route", {{"o-ack", "Route: ", NULL}}, NULL},
    {"ack.route", {{"o-ack", ";lr>", ">"}}, NULL},
    {"ack.missing", {{"a1-ack", NULL, NULL}}, NULL},
    /* ACK to a 2xx */
    {"ack2xx.branch", {{"a2-ack", "z9hG4bKa2ack", "z9hG4bKa2"}}, NULL},
    {"ack2xx.cseq", {{"a2-ack", "102 ACK", "103 ACK"}}, NULL},
    {"ack2xx.call-id", {{"a2-ack", "call@", "another@"}}, NULL},
    {"ack2xx.tags", {{"a2-ack", ";tag=bob", ""}}, NULL},
    {"ack2xx.tags", {{"a2-ack", "tag=alice", "tag=malice"}}, NULL},
    {"ack2xx.credentials", {{"a2-ack", "Proxy-Authorization", NULL}}, NULL},
    {"ack2xx.credentials", {{"a2-ack", "= a2-invite", "= a2-re"}}, NULL},
    {"ack2xx.missing", {{"a2-ack", NULL, NULL}}, NULL},
    /* CANCEL */
    {"cancel.branch", {{"c-cancel*", "z9hG4bKc", "z9hG4bKnew"}}, NULL},
    {"cancel.via", {{"c-cancel*", "127.0.0.2:5060;branch", "127.0.0.2:5070;branch"}}, NULL},
    {"cancel.early", {{"c-180", NULL, NULL}}, NULL},
    {"cancel.via-count",
     {{"c-cancel*", "Call-ID", "Via: SIP/2.0/UDP 127.0.0.9;branch=z9hG4bKx\nCall-ID"}},
     NULL},
    {"cancel.cseq", {{"c-cancel*", "CSeq: 20", "CSeq: 21"}}, NULL},
    {"cancel.request-uri", {{"c-cancel", "CANCEL sip:200@", "CANCEL sip:201@"}}, NULL},
    {"cancel.call-id", {{"c-cancel*", "cancelled@", "another@"}}, NULL},
    {"cancel.from", {{"c-cancel*", "tag=given-up", "tag=giving-up"}}, NULL},
    {"cancel.to",
     {{"c-cancel", "To: <sip:200@127.0.0.1>", "To: <sip:200@127.0.0.1>;tag=bob2"},
      {"c-cancel-200", "tag=proxy2", "tag=bob2"}},
     NULL},
    {"cancel.route",
     {{"c-invite", "Contact: ", "Route: <sip:127.0.0.1;lr>\nContact: "},
      {"c-ack", "From: ", "Route: <sip:127.0.0.1;lr>\nFrom: "}},
     NULL},
    {"cancel.require", {{"c-cancel", "Content-Length", "Require: 100rel\nContent-Length"}}, NULL},
    /* sent again after a challenge */
    {"retry.cseq",
     {{"a2*", "CSeq: 102", "CSeq: 101"},
      {"a2*", "CSeq: 103", "CSeq: 102"},
      {"a2*", "CSeq: 104", "CSeq: 103"}},
     NULL},
    {"retry.cseq-by-one",
     {{"a2*", "CSeq: 104", "CSeq: 114"},
      {"a2*", "CSeq: 103", "CSeq: 113"},
      {"a2*", "CSeq: 102", "CSeq: 112"}},
     NULL},
    {"retry.call-id", {{"a2*", "call@", "another@"}}, NULL},
    {"retry.from", {{"a2*", "tag=alice", "tag=malice"}}, NULL},
    {"retry.to", {{"a2*", "To: <sip:200@", "To: <sip:201@"}}, NULL},
    {"retry.branch",
     {{"a2-invite", "z9hG4bKa2", "z9hG4bKa1"},
      {"a2-100", "z9hG4bKa2", "z9hG4bKa1"},
      {"a2-180", "z9hG4bKa2", "z9hG4bKa1"},
      {"a2-200", "z9hG4bKa2", "z9hG4bKa1"}},
     NULL},
    {"retry.no-to-tag",
     {{"a2-invite", "To: <sip:200@127.0.0.1>", "To: <sip:200@127.0.0.1>;tag=bob"},
      {"a2-100", "To: <sip:200@127.0.0.1>", "To: <sip:200@127.0.0.1>;tag=bob"},
      {"a1*", "tag=refused", "tag=bob"}},
     NULL},
    {"retry.credentials", {{"a2-invite", "Proxy-Authorization", NULL}}, NULL},
    /* Refusals */
    {"refused.retry-after",
     {{"r2-401", "401 Unauthorized", "503 Service Unavailable"},
      {"r2-401",
       "WWW-Authenticate: Digest realm=\"house\", nonce=\"n-two\", qop=\"auth\", algorithm=MD5, "
       "stale=true",
       "Retry-After: 5 (later);duration=60"},
      {"r3", "n-two", "n-one"},
      {"r3", "nc=00000001, cnonce=\"c\"", "nc=00000002, cnonce=\"d\""}},
     NULL},
    {"refused.forbidden",
     {{"r2-401", "401 Unauthorized", "403 Forbidden"},
      {"r2-401",
       "WWW-Authenticate: Digest realm=\"house\", nonce=\"n-two\", qop=\"auth\", algorithm=MD5, "
       "stale=true",
       "Warning: 399 house no"},
      {"r3", "n-two", "n-one"},
      {"r3", "nc=00000001, cnonce=\"c\"", "nc=00000002, cnonce=\"d\""}},
     NULL},
    {"refused.min-expires",
     {{"r2-401", "401 Unauthorized", "423 Interval Too Brief"},
      {"r2-401",
       "WWW-Authenticate: Digest realm=\"house\", nonce=\"n-two\", qop=\"auth\", algorithm=MD5, "
       "stale=true",
       "Min-Expires: 120"},
      {"r3", "n-two", "n-one"},
      {"r3", "nc=00000001, cnonce=\"c\"", "nc=00000002, cnonce=\"d\""}},
     NULL},
    {"retry.rejected", {{"r2-401", ", stale=true", ""}, {"r3", "n-two", "n-one"}}, NULL},
    {"retry.rejected", {{"r3", "n-two", "n-one"}}, NULL},
    {"retry.rejected", {{"r2-401", ", stale=true", ""}}, NULL},
    {"retry.nonce", {{"r3", "n-two", "n-one"}, {"r3", "nc=00000001", "nc=00000002"}}, NULL},
    /* digest */
    {"digest.fields", {{"a2-invite", "uri=\"sip:200@127.0.0.1\", ", ""}}, NULL},
    {"digest.fields", {{"a2-invite", "username=\"100\", ", ""}}, NULL},
    {"digest.quotes", {{"a2-invite", "qop=auth", "qop=\"auth\""}}, NULL},
    {"digest.quotes", {{"a2-invite", "uri=\"sip:200@127.0.0.1\"", "uri=sip:200@127.0.0.1"}}, NULL},
    {"digest.nonce", {{"a2-invite", "n-call", "n-mine"}}, NULL},
    {"digest.realm", {{"a2-invite", "realm=\"house\"", "realm=\"hut\""}}, NULL},
    {"digest.opaque", {{"a2-invite", "opaque=\"op\", ", ""}}, NULL},
    {"digest.opaque", {{"a2-invite", "opaque=\"op\"", "opaque=\"po\""}}, NULL},
    {"digest.algorithm", {{"a2-invite", "algorithm=MD5", "algorithm=SHA-256"}}, NULL},
    {"digest.qop", {{"a2-invite", "qop=auth, ", ""}}, NULL},
    {"digest.qop", {{"r2", "qop=auth", "qop=auth-int"}}, NULL},
    {"digest.nc",
     {{"a2-invite", "nc=00000001", "nc=00000002"},
      {"a2-re", "nc=00000002", "nc=00000004"},
      {"c-invite", "nc=00000003", "nc=00000005"}},
     NULL},
    {"digest.nc", {{"a2-re", "nc=00000002", "nc=00000001"}}, NULL},
    {"digest.nc", {{"a2-re", "nc=00000002", "nc=2"}}, NULL},
    {"digest.nc", {{"a2-invite", "nc=00000001, ", ""}}, NULL},
    {"digest.cnonce", {{"a2-invite", ", cnonce=\"c\"", ""}}, NULL},
    {"digest.username", {{"a2-invite", "username=\"100\"", "username=\"1\""}}, NULL},
    {"digest.username",
     {{"a2-invite", "username=\"100\"", "username=\"1\""},
      {"a2-invite", "response=\"@\"", "response=\"0123456789abcdef0123456789abcdef\""},
      {"a2-re", "nc=00000002", "nc=00000001"},
      {"c-invite", "nc=00000003", "nc=00000002"}},
     NULL},
    {"digest.uri", {{"a2-invite", "uri=\"sip:200@", "uri=\"sip:201@"}}, NULL},
    {"digest.uri", {{"a2-invite", "uri=\"sip:200@127.0.0.1\"", "uri=\"sip:127.0.0.1\""}}, NULL},
    {"digest.response",
     {{"a2-invite", "response=\"@\"", "response=\"0123456789abcdef0123456789abcdef\""}},
     NULL},
    /* Via */
    {"via.present", {{"a2-bye*", "Via: ", NULL}}, NULL},
    {"via.present", {{"a1-ack", "Via: ", NULL}}, NULL},
    {"via.single", {{"a2-ack", "Max-", "Via: SIP/2.0/UDP 127.0.0.9;branch=z9hG4bKx\nMax-"}}, NULL},
    {"via.protocol", {{"a2-bye*", "SIP/2.0/UDP", "SIP/3.0/UDP"}}, NULL},
    {"via.transport", {{"a2-bye*", "SIP/2.0/UDP", "SIP/2.0/TCP"}}, NULL},
    {"via.sent-by", {{"a2-bye*", "UDP 127.0.0.2:5060;", "UDP ;"}}, NULL},
    {"via.branch-present", {{"a2-bye*", ";branch=z9hG4bKa2bye", ""}}, NULL},
    {"via.cookie", {{"a2-bye*", "z9hG4bKa2bye", "a2bye"}}, NULL},
    {"via.branch-unique", {{"a2-bye*", "z9hG4bKa2bye", "z9hG4bKa2re"}}, NULL},
    /* CSeq */
    {"cseq.present", {{"a2-bye", "CSeq: ", NULL}}, NULL},
    {"cseq.present", {{"a2-bye", "CSeq: 104 BYE", "CSeq: BYE"}}, NULL},
    {"cseq.method", {{"a2-bye*", "104 BYE", "104 INVITE"}}, NULL},
    {"cseq.method", {{"a1-ack", "101 ACK", "101 INVITE"}}, NULL},
    {"cseq.range", {{"in-bye*", "CSeq: 7", "CSeq: 2147483648"}}, NULL},
    {"cseq.rising", {{"a2-bye*", "CSeq: 104", "CSeq: 103"}}, NULL},
    {"cseq.by-one", {{"a2-bye*", "CSeq: 104", "CSeq: 106"}}, NULL},
    {"cseq.register", {{"r3*", "CSeq: 3", "CSeq: 5"}}, NULL},
    /* identity */
    {"call-id.present", {{"a2-bye", "Call-ID: ", NULL}}, NULL},
    {"from.present", {{"opt*", "From: ", NULL}}, NULL},
    {"from.present", {{"a2-bye*", "From: ", NULL}}, NULL},
    {"from.tag", {{"opt*", "127.0.0.1>;tag=opt\n", "127.0.0.1>\n"}}, NULL},
    {"to.present", {{"opt*", "To: ", NULL}}, NULL},
    {"to.present", {{"a2-bye*", "To: ", NULL}}, NULL},
    {"to.no-tag",
     {{"o-invite", "To: <sip:404@127.0.0.1>", "To: <sip:404@127.0.0.1>;tag=nobody"}},
     NULL},
    {"to.no-tag", {{"r1", "To: <sip:100@127.0.0.1>", "To: <sip:100@127.0.0.1>;tag=r1"}}, NULL},
    {"dialog.from-tag", {{"a2-bye*", "tag=alice", "tag=malice"}}, NULL},
    {"dialog.to-tag", {{"a2-bye*", "tag=bob", "tag=rob"}}, NULL},
    {"dialog.to-tag", {{"in-bye*", "tag=caller", "tag=taller"}}, NULL},
    {"dialog.to-tag", {{"a2-bye", ";tag=bob", ""}}, NULL},
    {"dialog.call-id", {{"a2-bye*", "call@", "another@"}}, NULL},
    {"dialog.from", {{"a2-bye*", "From: \"One\" <sip:100@", "From: \"One\" <sip:101@"}}, NULL},
    {"dialog.from", {{"in-bye*", "From: <sip:100@", "From: <sip:101@"}}, NULL},
    {"dialog.to", {{"a2-ack", "To: <sip:200@", "To: <sip:201@"}}, NULL},
    {"dialog.to", {{"in-bye*", "To: <sip:200@127.0.0.1>", "To: <sip:200@127.0.0.3>"}}, NULL},
    /* registration */
    {"register.request-uri",
     {{"r*", "REGISTER sip:127.0.0.1", "REGISTER sip:100@127.0.0.1"},
      {"r*", "uri=\"sip:127.0.0.1\"", "uri=\"sip:100@127.0.0.1\""}},
     NULL},
    /* responses */
    {"response.via", {{"in-200", "UDP 127.0.0.3:5060;branch=z9hG4bKin-b", NULL}}, NULL},
    {"response.via", {{"in-200", "z9hG4bKin-b", "z9hG4bKin-x"}}, NULL},
    {"response.via",
     {{"in-invite", "z9hG4bKin-b", "z9hG4bKin-b;x=1"}, {"in-1*", "z9hG4bKin-b", "z9hG4bKin-b;x=1"}},
     NULL},
    {"response.from",
     {{"in-200", "tag=caller", "tag=taller"},
      {"in-ack", "tag=caller", "tag=taller"},
      {"in-bye*", "tag=caller", "tag=taller"},
      {"in-180", "tag=caller", "tag=taller"}},
     NULL},
    {"response.call-id", {{"in-180", "incoming@", "another@"}}, NULL},
    {"response.cseq", {{"in-180", "CSeq: 1 ", "CSeq: 2 "}}, NULL},
    {"response.to", {{"in-180", "To: <sip:100@", "To: <sip:101@"}}, NULL},
    {"response.to", {{"a2-bye-200", "tag=bob", "tag=rob"}}, NULL},
    {"response.to-tag", {{"b-486", ";tag=engaged", ""}, {"b-ack", ";tag=engaged", ""}}, NULL},
    {"response.same-tag", {{"in-180", "tag=callee", "tag=another"}}, NULL},
    {"response.to-ack",
     {{"b-ack", "\n.\n",
       "\n.\n8.1 127.0.0.2:5060 -> 127.0.0.1:5060\nSIP/2.0 200 OK\n"
       "Via: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bKb-p\nFrom: <sip:200@127.0.0.1>;tag=busy\n"
       "Via: SIP/2.0/UDP 127.0.0.3:5060;branch=z9hG4bKb-b\n"
       "To: <sip:100@127.0.0.1>;tag=engaged\nCall-ID: busy@127.0.0.3\nCSeq: 1 ACK\n"
       "Content-Length: 0\n\n.\n"}},
     NULL},
    {"response.contact", {{"in-200", "Contact: ", NULL}}, NULL},
    {"response.contact", {{"in-180", "Contact: <sip:", "Contact: <mailto:"}}, NULL},
    {"response.contact-again",
     {{"a2-re-200", "Contact: ", NULL},
      {"a2-re-ack", "ACK sip:200@127.0.0.3:5066", "ACK sip:200@127.0.0.3:5060"},
      {"a2-bye", "BYE sip:200@127.0.0.3:5066", "BYE sip:200@127.0.0.3:5060"}},
     NULL},
    {"response.record-route", {{"in-200", "Record-Route: ", NULL}}, NULL},
    {"response.record-route", {{"in-180", "<sip:127.0.0.1;lr>", "<sip:127.0.0.9;lr>"}}, NULL},
    {"response.record-route", {{"in-180", "<sip:127.0.0.1;lr>", "<sip:127.0.0.1>"}}, NULL},
    {"response.record-route",
     {{"in-invite", "<sip:127.0.0.1;lr>", "<sip:127.0.0.1;lr>;id=7"},
      {"in-180", "<sip:127.0.0.1;lr>", "<sip:127.0.0.1;lr>;id=7"}},
     NULL},
    /* Max-Forwards, Contact, Route */
    {"max-forwards.present", {{"opt", "Max-Forwards: ", NULL}}, NULL},
    {"max-forwards.range", {{"opt", "Max-Forwards: 70", "Max-Forwards: 256"}}, NULL},
    {"max-forwards.range", {{"opt", "Max-Forwards: 70", "Max-Forwards: many"}}, NULL},
    {"max-forwards.value", {{"opt", "Max-Forwards: 70", "Max-Forwards: 69"}}, NULL},
    {"contact.one", {{"a1-invite", "Contact: ", NULL}}, NULL},
    {"contact.one", {{"a1-invite", "127.0.0.2:5060>", "127.0.0.2:5060>, <sip:127.0.0.9>"}}, NULL},
    {"contact.one", {{"opt*", "OPTIONS", "SUBSCRIBE"}}, NULL},
    {"contact.scheme", {{"a1-invite", "<sip:100@127.0.0.2:5060>", "*"}}, NULL},
    {"contact.scheme", {{"a1-invite", "<sip:100@127.0.0.2:5060>", "<mailto:100@127.0.0.2>"}}, NULL},
    {"contact.sips", {{"o-*", "sip:404@", "sips:404@"}}, NULL},
    {"contact.refresh", {{"a2-re", "Contact: ", NULL}}, NULL},
    {"route.request-uri",
     {{"a2-bye", "BYE sip:200@127.0.0.3:5066", "BYE sip:200@127.0.0.1"}},
     NULL},
    {"route.request-uri",
     {{"in-bye", "BYE sip:200@127.0.0.3:5060", "BYE sip:200@127.0.0.1"}},
     NULL},
    {"route.set", {{"a2-bye", "Route: ", NULL}}, NULL},
    {"route.set", {{"a2-bye", "Route: <sip:127.0.0.1;lr>", "Route: <sip:127.0.0.1>"}}, NULL},
    {"route.set",
     {{"a2-180", "<sip:127.0.0.1;lr>", "<sip:127.0.0.1;lr;did=1>"},
      {"a2-200", "<sip:127.0.0.1;lr>", "<sip:127.0.0.1;lr;did=1>"},
      {"a2-re", "<sip:127.0.0.1;lr>", "<sip:127.0.0.1;lr;did=1>"},
      {"a2-re-ack", "<sip:127.0.0.1;lr>", "<sip:127.0.0.1;lr;did=1>"},
      {"a2-bye", "<sip:127.0.0.1;lr>", "<sip:127.0.0.1;lr;did=1>"}},
     NULL},
    {"route.set",
     {{"in-bye", "<sip:127.0.0.1;lr>", "<sip:127.0.0.1;lr>, <sip:127.0.0.9;lr>"}},
     NULL},
    /* the bytes */
    {"syntax.line-end", {{"opt", "Subject: check", "Subject: check\\nX-More: 1"}}, NULL},
    {"syntax.bare-cr", {{"opt", "Subject: check", "Subject: che\\rck"}}, NULL},
    {"syntax.nul", {{"opt", "Subject: check", "Subject: che\\0ck"}}, NULL},
    {"syntax.start-line", {{"opt", "OPTIONS sip", "OPTIONS  sip"}}, NULL},
    {"syntax.version", {{"opt", "127.0.0.1 SIP/2.0", "127.0.0.1 sip/2.0"}}, NULL},
    {"syntax.status", {{"in-100", "SIP/2.0 100 ", "SIP/2.0 0100 "}}, NULL},
    {"syntax.header-line", {{"opt", "Subject: check", "Subject check"}}, NULL},
    {"syntax.blank-line", {{"opt", "Length: 0\n\n.\n", "Length: 0\n.\n"}}, NULL},
    {"syntax.repeated", {{"opt", "Max-Forwards: 70", "Max-Forwards: 70\nMax-Forwards: 70"}}, NULL},
    {"syntax.repeated",
     {{"a1-invite", "Content-Type: application/sdp",
       "Content-Type: application/sdp\nc: application/sdp"}},
     NULL},
    {"syntax.length-too-large", {{"opt", "Content-Length: 0", "Content-Length: 5"}}, NULL},
    {"syntax.length-too-small", {{"a1-invite", "Content-Length: *", "Content-Length: 9"}}, NULL},
    {"syntax.length", {{"opt", "Content-Length: 0", "Content-Length: none"}}, NULL},
    {"syntax.length-present",
     {{"opt*", "SIP/2.0/UDP", "SIP/2.0/TCP"}, {"opt", "Content-Length: ", NULL}},
     "options@127.0.0.2"},
    {"syntax.content-type", {{"a1-invite", "Content-Type: ", NULL}}, NULL},
#include "judge/rules_faults_sdp.def"
};
enum { FAULT_COUNT = sizeof faults / sizeof *faults };

static bool only(const struct oh_verdict *v, const char *rule)
{
    for (size_t i = 0; i < v->finding_count; i++) {
        if (strcmp(v->findings[i].id, rule) != 0)
            return false;
    }
    return v->finding_count > 0;
}

static void each_fault_gives_the_finding_of_its_rule_and_no_other(void **state)
{
    size_t wrong = 0;
    (void)state;
    for (size_t i = 0; i < FAULT_COUNT; i++) {
        struct said s = ask(faults[i].edits, MAX_EDITS, faults[i].tcp);
        if (!only(s.verdict, faults[i].rule)) {
            char *text = told(s.verdict);
            print_error("%s, edit of %s (%s), gives:%s\n", faults[i].rule, faults[i].edits[0].in,
                        faults[i].edits[0].find ? faults[i].edits[0].find : "taken away", text);
            free(text);
            wrong++;
        }
        said_free(&s);
    }
    assert_int_equal(wrong, 0);
}

static bool has_edit(const char *rule)
{
    for (size_t i = 0; i < FAULT_COUNT; i++) {
        if (strcmp(faults[i].rule, rule) == 0)
            return true;
    }
    return false;
}

static void every_rule_has_an_edit_that_breaks_it(void **state)
{
    const struct oh_rule_family *const *families = oh_rule_families();
    size_t wrong = 0, count = 0;
    (void)state;
    for (; *families; families++) {
        for (size_t i = 0; i < (*families)->count; i++, count++) {
            if (has_edit((*families)->rules[i].id))
                continue;
            print_error("no edit breaks %s\n", (*families)->rules[i].id);
            wrong++;
        }
    }
    assert_int_equal(wrong, 0);
    assert_true(count > 0);
}

static void every_rule_has_an_id_of_its_own_a_clause_and_a_meaning(void **state)
{
    const struct oh_rule_family *const *families = oh_rule_families();
    const char *ids[256];
    size_t count = 0;
    (void)state;
    for (; *families; families++) {
        for (size_t i = 0; i < (*families)->count; i++) {
            const struct oh_rule *r = &(*families)->rules[i];
            for (size_t k = 0; k < count; k++)
                assert_string_not_equal(ids[k], r->id);
            ids[count++] = r->id;
            assert_int_equal(strncmp(r->clause, "RFC ", 4), 0);
            assert_true(r->meaning[strlen(r->meaning) - 1] == '.');
            assert_non_null(r->check);
        }
    }
}

/* --- what is allowed --- */

static void the_healthy_trace_breaks_no_rule(void **state)
{
    (void)state;
    struct said s = ask(NULL, 0, NULL);
    char *text = told(s.verdict);
    if (s.verdict->finding_count > 0)
        fail_msg("it gives:%s", text);
    assert_true(s.verdict->rules_applied > 0);
    free(text);
    said_free(&s);
}

static void calls_through_the_proxy_and_forked_ones_break_no_rule(void **state)
{
    (void)state;
    struct said s = ask_of("through.txt", NULL, 0, NULL);
    char *text = told(s.verdict);
    if (s.verdict->finding_count > 0)
        fail_msg("they give:%s", text);
    assert_int_equal(s.recording->trace->msg_count, 23);
    free(text);
    said_free(&s);
}

/* One fault of a phone that the proxy passes on is found once, and with the phone. */
static void a_fault_that_is_passed_on_is_the_phones_alone(void **state)
{
    static const struct {
        struct edit edit;
        const char *rule;
    } passed_on[] = {
        {{"t-inv*", "Contact: ", NULL}, "contact.one"},
        {{"t-180*", "Contact: ", NULL}, "response.contact"},
        {{"t-bye*", ";tag=one", ";tag=none"}, "dialog.to-tag"},
        {{"t-ack*", "CSeq: 5 ACK", "CSeq: 6 ACK"}, "ack2xx.cseq"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof passed_on / sizeof *passed_on; i++) {
        struct said s = ask_of("through.txt", &passed_on[i].edit, 1, NULL);
        char *text = told(s.verdict);
        if (s.verdict->finding_count != 1 ||
            strcmp(s.verdict->findings[0].id, passed_on[i].rule) != 0 ||
            !s.verdict->findings[0].from_phone)
            fail_msg("%s, passed on, gives:%s", passed_on[i].rule, text);
        free(text);
        said_free(&s);
    }
}

/* --- what the findings say --- */

static const struct oh_finding *only_finding(const struct said *s)
{
    assert_int_equal(s->verdict->finding_count, 1);
    return &s->verdict->findings[0];
}

static void a_finding_cites_message_field_values_and_frames(void **state)
{
    const struct edit edit = {"a1-ack", "branch=z9hG4bKa1", "branch=z9hG4bKnew"};
    (void)state;
    struct said s = ask(&edit, 1, NULL);
    const struct oh_finding *f = only_finding(&s);
    const struct oh_trace_msg *m = &s.recording->trace->msgs[f->msg];
    assert_true(oh_sip_msg_is_method(m->sip, "ACK"));
    assert_string_equal(f->field, "via.branch");
    assert_string_equal(f->expected, "z9hG4bKa1");
    assert_string_equal(f->observed, "z9hG4bKnew");
    assert_string_equal(f->clause, "RFC 3261 17.1.1.3");
    assert_string_equal(f->method, "ACK");
    assert_int_equal(f->level, OH_LEVEL_MUST);
    assert_int_equal(f->result, OH_RESULT_FAIL);
    assert_true(f->is_rule && f->from_phone);
    assert_int_equal(f->frame_count, 3); /* the ACK, its INVITE, the response */
    assert_int_equal(f->frames[0], m->frame);
    assert_memory_equal(m->sip->bytes.at + f->bytes_from, "z9hG4bKnew",
                        f->bytes_to - f->bytes_from);
    said_free(&s);
}

/* The digest response of the credentials in a message, had it been edited so. Free it. */
static char *response_of(const char *name, const struct edit *edits, size_t count)
{
    struct script s;
    char *found = NULL;
    script_read(&s, "healthy.txt");
    for (size_t i = 0; i < count && edits[i].in; i++)
        script_edit(&s, &edits[i]);
    compute_all(&s);
    for (size_t i = 0; i < s.count; i++) {
        const char *at = strcmp(s.names[i], name) == 0 ? strstr(s.texts[i], "response=\"") : NULL;
        if (at)
            found = oh_format("%.*s", (int)strcspn(at + 10, "\""), at + 10);
    }
    script_free(&s);
    return found;
}

static void a_wrong_response_names_the_input_that_is_wrong(void **state)
{
    static const struct {
        struct edit edits[2];
        const char *word;
    } cases[] = {
        {{{"a2-invite", "INVITE sip:200@", "BYE sip:200@"}, {0}}, "method"},
        {{{"a2-invite", "uri=\"sip:200@127.0.0.1\"", "uri=\"sip:127.0.0.1\""}, {0}}, "URI"},
        {{{"a2-invite", "realm=\"house\"", "realm=\"\""}, {0}}, "realm"},
        {{{"a2-invite", "nonce=\"n-call\"", "nonce=\"n-two\""}, {0}}, "nonce"},
        {{{"a2-invite", "nc=00000001", "nc=1"}, {0}}, "nonce count"},
        {{{"a2-invite", "algorithm=MD5", "algorithm=SHA-256"}, {0}}, "algorithm"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct edit edits[2] = {{0}};
        char *response = response_of("a2-invite", cases[i].edits, 2);
        char *put = oh_format("response=\"%s\"", response);
        edits[0] = (struct edit){"a2-invite", "response=\"@\"", put};
        struct said s = ask(edits, 2, NULL);
        const struct oh_finding *f = only_finding(&s);
        assert_string_equal(f->id, "digest.response");
        if (!strstr(f->text, cases[i].word))
            fail_msg("no word of %s: %s", cases[i].word, f->text);
        said_free(&s);
        free(put);
        free(response);
    }
}

static void our_own_fault_is_found_and_not_laid_to_the_phone(void **state)
{
    const struct edit edit = {"b-ack", "branch=z9hG4bKb-p", "branch=z9hG4bKnew"};
    (void)state;
    struct said s = ask(&edit, 1, NULL);
    const struct oh_finding *f = only_finding(&s);
    assert_string_equal(f->id, "ack.branch");
    assert_false(f->from_phone);
    said_free(&s);
}

static void a_missing_ack_is_told_of_the_response_that_called_for_it(void **state)
{
    const struct edit edit = {"a1-ack", NULL, NULL};
    (void)state;
    struct said s = ask(&edit, 1, NULL);
    const struct oh_finding *f = only_finding(&s);
    assert_int_equal(f->msg, OH_NONE);
    assert_int_equal(s.recording->trace->msgs[f->about].sip->status, 407);
    assert_true(f->from_phone);
    said_free(&s);
}

static void lost_evidence_silences_the_rules_of_absence(void **state)
{
    static const char *const absent[] = {"a1-ack", "a2-ack"};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        const struct edit edit = {absent[i], NULL, NULL};
        struct said s = ask(&edit, 1, NULL);
        (void)only_finding(&s);
        oh_verdict_free(s.verdict);
        s.recording->run->capture.dropped = 1;
        judge_again(&s);
        assert_int_equal(s.verdict->finding_count, 0);
        said_free(&s);
    }
}

static void without_the_password_a_response_is_not_checkable(void **state)
{
    const struct edit edit = {"a2-invite", "response=\"@\"", "response=\"00\""};
    (void)state;
    struct said s = ask(&edit, 1, NULL);
    assert_string_equal(only_finding(&s)->id, "digest.response");
    oh_verdict_free(s.verdict);
    s.recording->run->secret_count = 0;
    judge_again(&s);
    size_t unknown = s.verdict->rules_not_checkable;
    s.recording->run->secret_count = 1;
    assert_int_equal(s.verdict->finding_count, 0);
    assert_true(unknown > 0);
    said_free(&s);
}

static void retransmissions_are_not_accused(void **state)
{
    struct edit edit = {"a2-ack", "\n.\n", NULL};
    struct oh_text again = {0};
    struct script s;
    (void)state;
    script_read(&s, "healthy.txt");
    oh_text_add(&again, "\n.\n");
    for (size_t i = 0; i < s.count; i++) {
        char *at = strstr(s.texts[i], " 127");
        if (strcmp(s.names[i], "a2-200") == 0 || strcmp(s.names[i], "a1-ack") == 0)
            oh_text_addf(&again, "1.6%s", at);
    }
    edit.put = oh_text_str(&again);
    struct said said = ask(&edit, 1, NULL);
    size_t repeats = 0;
    for (size_t i = 0; i < said.recording->trace->msg_count; i++)
        repeats += said.recording->trace->msgs[i].repeat_of != OH_NONE;
    assert_int_equal(repeats, 2);
    assert_int_equal(said.verdict->finding_count, 0);
    said_free(&said);
    script_free(&s);
    oh_text_release(&again);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_healthy_trace_breaks_no_rule),
        cmocka_unit_test(each_fault_gives_the_finding_of_its_rule_and_no_other),
        cmocka_unit_test(every_rule_has_an_edit_that_breaks_it),
        cmocka_unit_test(every_rule_has_an_id_of_its_own_a_clause_and_a_meaning),
        cmocka_unit_test(calls_through_the_proxy_and_forked_ones_break_no_rule),
        cmocka_unit_test(a_fault_that_is_passed_on_is_the_phones_alone),
        cmocka_unit_test(a_finding_cites_message_field_values_and_frames),
        cmocka_unit_test(a_wrong_response_names_the_input_that_is_wrong),
        cmocka_unit_test(our_own_fault_is_found_and_not_laid_to_the_phone),
        cmocka_unit_test(a_missing_ack_is_told_of_the_response_that_called_for_it),
        cmocka_unit_test(lost_evidence_silences_the_rules_of_absence),
        cmocka_unit_test(without_the_password_a_response_is_not_checkable),
        cmocka_unit_test(retransmissions_are_not_accused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Whole traces in which a phone does what the RFCs allow, one file of tests/data/rules/allowed/
 * each: no rule speaks. What is next to it and not allowed is still told. */
#include "judge/rules_script.h"

#define FOLDER "allowed/"

static void say_nothing(const char *path)
{
    const char *name = strrchr(path, '/') + 1;
    char *file = oh_format(FOLDER "%s", name);
    struct said s = ask_of(file, NULL, 0, NULL);
    char *text = told(s.verdict);
    if (s.verdict->finding_count > 0)
        fail_msg("%s:%s", name, text);
    free(text);
    free(file);
    said_free(&s);
}

static void no_rule_speaks_of_an_allowed_trace(void **state)
{
    struct oh_error e = {0};
    char **files = oh_file_list(OH_TEST_DATA "/rules/" FOLDER, ".txt", &e);
    size_t count = 0;
    (void)state;
    assert_non_null(files);
    for (; files[count]; count++)
        say_nothing(files[count]);
    assert_true(count >= 23);
    oh_file_list_free(files);
}

#define VIDEO "a=inactive\nm=video 0 RTP/AVP 31\n"
#define DESCRIPTION                                                                                \
    "Content-Type: application/sdp\nContent-Length: *\n\nv=0\no=- 1 1 IN IP4 127.0.0.2\ns=-\n"     \
    "c=IN IP4 127.0.0.2\nt=0 0\nm=audio 4000 RTP/AVP 0\na=rtpmap:0 PCMU/8000\na=sendrecv\n"

static const struct beyond {
    const char *file, *rule;
    struct edit edits[2];
} beyond[] = {
    {"one-channel-said.txt", "sdp.formats", {{"m1", "0\na=rtpmap:0 PCMU", "96\na=rtpmap:96 PCMA"}}},
    {"static-number-in-answer.txt", "sdp.formats", {{"m1", "PCMU/8000", "opus/48000/2"}}},
    {"abilities-in-a-488.txt", "sdp.version", {{"m7", "o=- 1 2 ", "o=- 1 78 "}}},
    {"session-again-after-refused-offer.txt", "sdp.version", {{"m7", "o=- 1 1 ", "o=- 1 4 "}}},
    {"version-again-after-refused-offer.txt", "sdp.version", {{"m10", "o=- 1 2 ", "o=- 1 1 "}}},
    {"sender-held-up.txt", "rtp.timestamp", {{"rtp", "timestamp-step 160", "timestamp-step 60"}}},
    {"sender-held-up.txt", "rtp.timestamp", {{"rtp", "timestamp-step 160", "timestamp-step 900"}}},
    {"request-to-a-new-target.txt", "route.request-uri", {{"m6", "sip:new@", "sip:other@"}}},
    {"target-of-a-reliable-183.txt", "route.request-uri", {{"m5", "RSeq: 3\n", ""}}},
    {"two-lines-one-423.txt", "refused.min-expires", {{"m5", "Expires: 120", "Expires: 60"}}},
    {"two-lines-one-403.txt",
     "refused.forbidden",
     {{"m3", "sip:101@", "sip:100@"}, {"m4", "sip:101@", "sip:100@"}}},
    {"route-set-of-the-first-early-response.txt",
     "route.set",
     {{"m4", "Route: <sip:p1@127.0.0.1:5060;lr>", NULL}}},
    {"strict-router-with-a-method.txt",
     "route.request-uri",
     {{"m4", "BYE sip:strict@127.0.0.1:5060", "BYE sip:strict@127.0.0.1:5060;method=INVITE"}}},
    {"strict-router-with-a-method.txt",
     "route.request-uri",
     {{"m4", "BYE sip:strict@", "BYE sip:t1@"}}},
    {"route-set-of-the-first-early-response.txt",
     "prack.rack",
     {{"m4", "RAck: 1 1 INVITE", "RAck: 1 2 INVITE"}}},
    {"answer-in-a-reliable-183.txt", "sdp.answer", {{"m2", "Require: 100rel\nRSeq: 1\n", ""}}},
    {"answer-in-a-reliable-183.txt",
     "sdp.formats",
     {{"m2", "0\na=rtpmap:0 PCMU", "96\na=rtpmap:96 PCMA"}}},
    {"answer-shown-in-a-183.txt", "sdp.answer", {{"m3", DESCRIPTION, "Content-Length: 0\n\n"}}},
    {"answer-in-prack.txt", "sdp.media-count", {{"m3", "a=sendrecv\n", VIDEO}}},
    {"answer-in-prack.txt", "prack.rack", {{"m3", "RAck: 1 1 ", "RAck: 2 1 "}}},
    {"offer-in-prack.txt", "sdp.media-count", {{"m4", "m=video 0 RTP/AVP 31\n", ""}}},
    {"offer-in-the-2xx.txt", "sdp.ack-answer", {{"m3", DESCRIPTION, "Content-Length: 0\n\n"}}},
    {"offer-in-the-2xx.txt", "sdp.media-count", {{"m3", "a=sendrecv\n", VIDEO}}},
    {"update-answered.txt", "sdp.media-count", {{"m5", "a=recvonly\n", VIDEO}}},
    {"update-answered.txt", "sdp.direction", {{"m5", "a=recvonly", "a=sendrecv"}}},
    {"fewer-media-after-refused-offer.txt", "sdp.origin", {{"m7", "o=- 1 2 ", "o=- 9 2 "}}},
    {"fewer-media-after-refused-offer.txt", "sdp.origin", {{"m7", "o=- 1 2 ", "o=x 1 2 "}}},
    {"fewer-media-after-refused-offer.txt",
     "sdp.media-kept",
     {{"m1", "a=sendrecv\n", VIDEO}, {"m2", "a=sendrecv\n", VIDEO}}},
    {"invites-one-by-one.txt",
     "reinvite.open",
     {{"m6", "200 OK", "183 Ringing"}, {"m7", NULL, NULL}}},
    {"versions-of-two-dialogs.txt", "sdp.version", {{"m9", "o=- 1 2 ", "o=- 1 3 "}}},
    {"session-hash-without-qop.txt",
     "digest.cnonce",
     {{"m2", ", algorithm=MD5-sess", ""}, {"m3", ", algorithm=MD5-sess", ""}}},
    {"one-nonce-of-proxy-and-server.txt",
     "digest.nc",
     {{"m2", "\"n1\"", "\"n9\""}, {"m3", "\"n1\"", "\"n9\""}}},
    {"form-sent-again.txt", "retransmit.same", {{"m2", "Timestamp: 2", "Subject: x"}}},
    {"form-statuses.txt", "status.early-100", {{"s9", "13.600", "13.300"}}},
    {"form-statuses.txt", "status.420", {{"s3-r", "Unsupported: two", "Unsupported: four"}}},
    {"form-crossing-cancel.txt", "status.487", {{"m5", "2.010", "2.0005"}}},
    {"form-rport-unknown.txt", "response.rport", {{"m2", ";rport", ";rport=1"}}},
    {"form-uris.txt", "uri.form", {{"m6", "xn--a-b.example", "-a.example"}}},
};

static void what_goes_beyond_is_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof beyond / sizeof *beyond; i++) {
        char *file = oh_format(FOLDER "%s", beyond[i].file);
        struct said s = ask_of(file, beyond[i].edits, 2, NULL);
        char *text = told(s.verdict);
        if (s.verdict->finding_count != 1 || strcmp(s.verdict->findings[0].id, beyond[i].rule) != 0)
            fail_msg("%s, %s alone was awaited:%s", file, beyond[i].rule, text);
        free(text);
        free(file);
        said_free(&s);
    }
}

static void what_a_user_asked_for_is_no_repetition(void **state)
{
    (void)state;
    struct said s = ask_of("registers-again.txt", NULL, 0, NULL);
    assert_int_equal(s.verdict->finding_count, 1);
    assert_string_equal(s.verdict->findings[0].id, "retry.rejected");
    oh_verdict_free(s.verdict);
    oh_run_journal(s.recording->run, OH_JOURNAL_TOLD, 15 * OH_NS_PER_S, OH_NONE, OH_NONE, "A",
                   NULL);
    judge_again(&s);
    assert_int_equal(s.verdict->finding_count, 0);
    said_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(no_rule_speaks_of_an_allowed_trace),
                                       cmocka_unit_test(what_goes_beyond_is_told),
                                       cmocka_unit_test(what_a_user_asked_for_is_no_repetition)};
    (void)ask;
    return cmocka_run_group_tests(tests, NULL, NULL);
}

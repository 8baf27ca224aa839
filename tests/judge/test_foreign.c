/* Captures of a stranger's in which a phone does what the RFCs allow, or of which a part is
 * missing: no must finding, on any phone in them. tests/data/rules/allowed/foreign-*.txt */
#define USER     "mira"
#define PASSWORD "apple-tree-4"

#include "judge/examples.h"

#define FOLDER OH_TEST_DATA "/rules/allowed"
#define FILES  "foreign-"

static void what_looks_like_a_fault_and_is_lawful_is_not_accused(void **state)
{
    (void)state;
    assert_int_equal(judge_folder(FOLDER, FILES, NULL, true), 0);
}

static void nor_where_the_password_is_known(void **state)
{
    static char username[] = USER, password[] = PASSWORD;
    struct oh_run_secret secret = {.username = username, .password = password};
    (void)state;
    assert_int_equal(judge_folder(FOLDER, FILES, &secret, true), 0);
}

/* What these captures do show is still told; but for the one in which the phone sends nothing. */
static const struct faulty {
    const char *file;
    struct change change;
    const char *rule;
} faulty[] = {
    {"abilities-in-options", {"F8", "o=mira 70 2 ", "o=mira 71 2 "}, "sdp.origin"},
    {"before-private-nat", {"F2", "CSeq: 1 ", "CSeq: 2 "}, "response.cseq"},
    {"begins-with-180", {"F13", "CSeq: 4 BYE", "CSeq: 3 BYE"}, "cseq.rising"},
    {"begins-with-200", {"F13", "CSeq: 4 BYE", "CSeq: 3 BYE"}, "cseq.rising"},
    {"begins-with-ack", {"F13", "CSeq: 4 BYE", "CSeq: 3 BYE"}, "cseq.rising"},
    {"begins-with-bye", {"F13", "Max-Forwards: 70\n", ""}, "max-forwards.present"},
    {"begins-with-hold", {"F12", "CSeq: 3 ACK", "CSeq: 4 ACK"}, "ack2xx.cseq"},
    {"captured-twice", {"F9", "71401", "71400"}, "sdp.version"},
    {"credentials-in-ack", {"m5", "Proxy-Authorization: = m1\n", ""}, "ack2xx.credentials"},
    {"doubled-on-the-way", {"F10", "bKdi", "bKdj"}, "ack.branch"},
    {"hole-ack", {"F21", "CSeq: 7 ACK", "CSeq: 8 ACK"}, "ack2xx.cseq"},
    {"hole-answer", {"F4", "200 OK", "481 No"}, "offer.open"},
    {"hole-cancel", {"F5", "CSeq: 2 BYE", "CSeq: 1 BYE"}, "cseq.rising"},
    {"hole-copies", {"F4", "tag=a7", "tag=a8"}, "response.same-tag"},
    {"hole-crossing-byes", {"F4", "CSeq: 2 BYE", "CSeq: 2 INFO"}, "cseq.method"},
    {"hole-final", {"F7", "CSeq: 3 BYE", "CSeq: 2 BYE"}, "cseq.rising"},
    {"hole-first-sending", {"F5", "CSeq: 1 ", "CSeq: 2 "}, "response.cseq"},
    {"hole-fork", {"F6", "200 OK", "481 No"}, "dialog.to-tag"},
    {"hole-later-invite", {"F5", "CSeq: 3 BYE", "CSeq: 2 BYE"}, "ack2xx.cseq"},
    {"hole-merged", {"F5", "bKm2", "bKm1"}, "response.via"},
    {"hole-merged-later", {"F4", "bKi1", "bKi2"}, "response.via"},
    {"hole-notify", {"F9", "CSeq: 3 BYE", "CSeq: 1 BYE"}, "cseq.rising"},
    {"hole-own-answer", {"F4", "200 OK", "481 No"}, "sdp.answer"},
    {"hole-record-route", {"F5", "CSeq: 2 BYE", "CSeq: 1 BYE"}, "cseq.rising"},
    {"hole-refresh", {"F8", "CSeq: 3 BYE", "CSeq: 1 BYE"}, "cseq.rising"},
    {"hole-refusal", {"F6", "CSeq: 2 BYE", "CSeq: 1 BYE"}, "cseq.rising"},
    {"hole-reinvite", {"F7", "CSeq: 3 BYE", "CSeq: 1 BYE"}, "cseq.rising"},
    {"hole-reliable", {"F7", "200 OK", "481 No"}, "prack.rack"},
    {"hole-reliable-tag", {"F6", "CSeq: 3 BYE", "CSeq: 2 BYE"}, "cseq.rising"},
    {"hole-retry", {"F17", "CSeq: 6 ACK", "CSeq: 7 ACK"}, "ack2xx.cseq"},
    {"hole-second-fork", {"F7", "CSeq: 2 BYE", "CSeq: 1 BYE"}, "cseq.rising"},
    {"hole-target", {"F19", "CSeq: 6 ACK", "CSeq: 9 ACK"}, "ack2xx.cseq"},
    {"hole-two-dialogs", {"F8", "CSeq: 2 INVITE", "CSeq: 1 INVITE"}, "cseq.rising"},
    {"lost-ack", {"F13", "CSeq: 4 BYE", "CSeq: 3 BYE"}, "cseq.rising"},
    {"lost-acks", {"F13", "CSeq: 4 BYE", "CSeq: 3 BYE"}, "cseq.rising"},
    {"lost-answers", {"F8", "CSeq: 2 ACK", "CSeq: 3 ACK"}, "ack2xx.cseq"},
    {"lost-final", {"F12", "CSeq: 3 ACK", "CSeq: 4 ACK"}, "ack2xx.cseq"},
    {"lost-invite", {"F12", "CSeq: 3 ACK", "CSeq: 4 ACK"}, "ack2xx.cseq"},
    {"nat", {"m7", "ACK sip:joel@", "ACK sip:joe@"}, "route.request-uri"},
    {"no-direction", {"m1", "t=0 0\n", ""}, "sdp.lines"},
    {"only-sent", {"F13", "CSeq: 4 BYE", "CSeq: 3 BYE"}, "cseq.rising"},
    {"options-max-forwards-zero", {"m2", "CSeq: 71 ", "CSeq: 72 "}, "response.cseq"},
    {"other-source-port", {"m5", "CSeq: 1 ACK", "CSeq: 2 ACK"}, "ack2xx.cseq"},
    {"ports-again", {"F12", "CSeq: 2 BYE", "CSeq: 1 BYE"}, "cseq.rising"},
    {"rewriting-proxy", {"F8", ";lr;k=77", ";lr"}, "route.set"},
    {"rfc2543", {"m3", "CSeq: 1 ACK", "CSeq: 2 ACK"}, "ack.cseq"},
};

static void each_with_a_fault_in_it_is_accused(void **state)
{
    size_t in_all = 0, count = sizeof faulty / sizeof *faulty;
    struct oh_error e = {0};
    char **files = oh_file_list(FOLDER, ".txt", &e);
    (void)state;
    assert_non_null(files);
    for (size_t i = 0; files[i]; i++)
        in_all += strncmp(strrchr(files[i], '/') + 1, FILES, strlen(FILES)) == 0;
    assert_int_equal(count + 1, in_all);
    for (size_t i = 0; i < count; i++) {
        char *path = oh_format(FOLDER "/" FILES "%s.txt", faulty[i].file);
        if (!is_told(path, &faulty[i].change, faulty[i].rule))
            fail_msg("%s: %s was awaited", faulty[i].file, faulty[i].rule);
        free(path);
    }
    oh_file_list_free(files);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_looks_like_a_fault_and_is_lawful_is_not_accused),
        cmocka_unit_test(nor_where_the_password_is_known),
        cmocka_unit_test(each_with_a_fault_in_it_is_accused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

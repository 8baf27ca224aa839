/* Flows that keep what those of RFC 3665, sections 2 and 3, show: no must finding on either phone.
 * tests/data/rfc3665/ */
#define USER     "mira"
#define PASSWORD "apple-tree-4"

#include "judge/example_sections.h"

#define FOLDER OH_TEST_DATA "/rfc3665"

static const struct section sections[] = {
    {"2.1", 1, 0}, {"2.2", 1, 0}, {"2.3", 1, 0},  {"2.4", 1, 0},  {"2.5", 1, 0}, {"3.1", 1, 0},
    {"3.2", 1, 0}, {"3.3", 1, 0}, {"3.4", 1, 0},  {"3.5", 1, 0},  {"3.6", 1, 0}, {"3.7", 1, 0},
    {"3.8", 1, 0}, {"3.9", 1, 0}, {"3.10", 1, 0}, {"3.11", 1, 0},
};

static struct oh_run_secret account(void)
{
    static char username[] = USER, password[] = PASSWORD;
    return (struct oh_run_secret){.username = username, .password = password};
}

static void each_section_has_its_flow(void **state)
{
    (void)state;
    assert_int_equal(hold_sections(FOLDER, sections, sizeof sections / sizeof *sections), 0);
}

static void the_flows_are_not_accused(void **state)
{
    (void)state;
    assert_int_equal(judge_folder(FOLDER, "", NULL, true), 0);
}

static void the_flows_are_not_accused_where_the_password_is_known(void **state)
{
    struct oh_run_secret secret = account();
    (void)state;
    assert_int_equal(judge_folder(FOLDER, "", &secret, true), 0);
}

static const struct faulty {
    const char *file;
    struct change change;
    const char *rule;
} faulty[] = {
    {"2.1-new-registration.txt", {"F3", "nonce=\"n-5b0e\"", "nonce=\"n-5b0f\""}, "digest.nonce"},
    {"2.2-contact-list-update.txt", {"F1", "nc=00000004", "nc=4"}, "digest.nc"},
    {"2.3-contact-list-query.txt",
     {"F1", "To: \"Mira\" <sips:", "To: \"Mira\" <tel:"},
     "register.to"},
    {"2.4-registration-cancelled.txt", {"F1", "Expires: 0\n", ""}, "contact.star"},
    {"2.5-registration-refused.txt", {"F3", "realm=\"oak", "realm=\"elm"}, "digest.realm"},
    {"3.1-direct-call.txt", {"F4", "CSeq: 1 ACK", "CSeq: 2 ACK"}, "ack2xx.cseq"},
    {"3.2-two-proxies.txt", {"F11", "Route: <sip:gate.oak.example;lr>, ", "Route: "}, "route.set"},
    {"3.3-two-challenges.txt", {"F13", "Proxy-Authorization: = F8\n", ""}, "ack2xx.credentials"},
    {"3.4-first-proxy-silent.txt",
     {"F2", "Max-Forwards: 70", "Max-Forwards: 71"},
     "retransmit.same"},
    {"3.5-gateway-in-between.txt", {"F10", "BYE sip:joel@", "BYE sip:joe@"}, "route.request-uri"},
    {"3.6-redirected-offer-in-200.txt",
     {"F11", "m=audio", "m=video 0 RTP/AVP 31\nm=audio"},
     "sdp.media-count"},
    {"3.7-address-changes.txt", {"F9", "o=joel 8820 8821", "o=joel 8820 8820"}, "sdp.version"},
    {"3.8-no-answer.txt", {"F6", "CSeq: 1 CANCEL", "CSeq: 2 CANCEL"}, "cancel.cseq"},
    {"3.9-busy.txt", {"F4", "CSeq: 1 INVITE", "CSeq: 2 INVITE"}, "response.cseq"},
    {"3.10-no-response.txt", {"F11", "Route: <sip:gate.oak.example;lr>\n", ""}, "ack.route"},
    {"3.11-unavailable.txt",
     {"F6",
      "To: \"Joel\" <sip:joel@elm.example>;tag=", "To: \"Joel\" <sip:joel@elm.example>;tag=other"},
     "response.same-tag"},
};

static void each_flow_with_a_fault_in_it_is_accused(void **state)
{
    size_t count = sizeof faulty / sizeof *faulty;
    (void)state;
    assert_int_equal(count, sizeof sections / sizeof *sections);
    for (size_t i = 0; i < count; i++) {
        char *path = oh_file_join(FOLDER, faulty[i].file);
        if (!is_told(path, &faulty[i].change, faulty[i].rule))
            fail_msg("%s: %s was awaited", faulty[i].file, faulty[i].rule);
        free(path);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_section_has_its_flow),
        cmocka_unit_test(the_flows_are_not_accused),
        cmocka_unit_test(the_flows_are_not_accused_where_the_password_is_known),
        cmocka_unit_test(each_flow_with_a_fault_in_it_is_accused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

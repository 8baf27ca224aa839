/* The adapter of the reference phone, with the real program. */
#include "phone_case.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

static struct oh_adapter *reference(void)
{
    struct oh_errors errors = {0};
    struct oh_adapter *a =
        oh_adapter_load("reference-phone", "/nonexistent:" OH_SOURCE_DIR "/dut-adapters", &errors);
    assert_int_equal(errors.count, 0);
    assert_non_null(a);
    return a;
}

static bool has_ability(const struct oh_adapter *a, const char *name)
{
    for (size_t i = 0; i < oh_adapter_ability_count(a); i++)
        if (strcmp(oh_adapter_ability(a, i), name) == 0)
            return true;
    print_error("it cannot %s\n", name);
    return false;
}

static void it_is_the_reference_with_all_verbs_and_abilities(void **state)
{
    struct oh_adapter *a = reference();
    (void)state;
    assert_true(oh_adapter_is_reference(a));
    assert_string_equal(oh_adapter_name(a), "reference-phone");
    assert_null(oh_adapter_profile(a));
    for (int n = 0; oh_ability_name(n); n++)
        assert_true(has_ability(a, oh_ability_name(n)));
    oh_adapter_free(a);
}

static void hear_nothing(struct oh_socket *s, const struct oh_addr *from, struct oh_span bytes,
                         void *arg)
{
    (void)s, (void)from, (void)bytes, (void)arg;
}

static void it_dials_refuses_and_quits(void **state)
{
    struct phone_case c;
    char server[OH_ADDR_TEXT];
    struct oh_error e;
    (void)state;
    case_begin(&c, reference());
    char *uri = oh_format("sip:5551234@%s", oh_addr_format(&c.place.server, server));
    struct oh_socket *silent =
        oh_udp_open(c.net, "server", &c.place.server, hear_nothing, NULL, &e);
    assert_non_null(silent);
    case_start(&c);
    assert_true(oh_phone_is_running(c.phone));
    case_do(&c, OH_VERB_ANSWER, NULL);
    assert_int_equal(c.result, OH_ACTION_REFUSED);
    assert_string_equal(c.answer, "There is no incoming call to answer.");
    case_do(&c, OH_VERB_HOLD, NULL);
    assert_int_equal(c.result, OH_ACTION_REFUSED);
    assert_string_equal(c.answer, "There is no call to hold.");
    case_do(&c, OH_VERB_RESUME, NULL);
    assert_int_equal(c.result, OH_ACTION_REFUSED);
    assert_string_equal(c.answer, "There is no call to resume.");
    assert_int_equal(oh_phone_ask_state(c.phone, on_case_answer, &c, &e), 0);
    case_await(&c, &c.answered, 4);
    assert_int_equal(c.result, OH_ACTION_TAKEN); /* it is idle */
    case_do(&c, OH_VERB_DIAL, uri);
    assert_int_equal(c.result, OH_ACTION_TAKEN);
    case_await(&c, &c.events[OH_PHONE_SAYS], 1);
    assert_non_null(strstr(c.details[OH_PHONE_SAYS], "calling"));
    assert_int_equal(oh_phone_ask_state(c.phone, on_case_answer, &c, &e), 0);
    case_await(&c, &c.answered, 6);
    assert_int_equal(c.result, OH_ACTION_REFUSED);
    case_do(&c, OH_VERB_HANGUP, NULL);
    assert_int_equal(c.result, OH_ACTION_TAKEN);
    oh_phone_stop(c.phone);
    case_await(&c, &c.events[OH_PHONE_ENDED], 1);
    assert_string_equal(c.details[OH_PHONE_ENDED], "exited: status 0");
    assert_false(oh_phone_is_running(c.phone));
    free(uri);
    oh_socket_close(silent);
    case_end(&c);
}

/* Whether something listens for TCP there. */
static bool takes_connections(const struct oh_addr *a)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(a->port)};
    memcpy(&to.sin_addr, a->ip, sizeof to.sin_addr);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    bool connected = connect(fd, (struct sockaddr *)&to, sizeof to) == 0;
    close(fd);
    return connected;
}

static void it_listens_on_the_transport_of_its_place(void **state)
{
    (void)state;
    for (int tcp = 0; tcp <= 1; tcp++) {
        struct phone_case c;
        case_begin(&c, reference());
        oh_phone_free(c.phone);
        c.place.transport = tcp ? OH_TRANSPORT_TCP : OH_TRANSPORT_UDP;
        c.phone = oh_phone_new(c.net, c.adapter, &c.place, on_case_event, &c);
        case_start(&c);
        assert_int_equal(takes_connections(&c.place.sip), tcp);
        oh_phone_stop(c.phone);
        case_await(&c, &c.events[OH_PHONE_ENDED], 1);
        case_end(&c);
    }
}

static void it_starts_again_after_it_was_stopped(void **state)
{
    struct phone_case c;
    (void)state;
    case_begin(&c, reference());
    for (int i = 1; i <= 2; i++) {
        case_start(&c);
        oh_phone_stop(c.phone);
        case_await(&c, &c.events[OH_PHONE_ENDED], i);
    }
    case_end(&c);
}

static void a_fault_is_a_parameter_of_it(void **state)
{
    struct phone_case c;
    struct oh_error e = {0};
    struct oh_adapter *a = reference();
    (void)state;
    assert_int_equal(oh_adapter_set(a, "mutant", "no-rtp", &e), 0);
    case_begin(&c, a);
    case_start(&c);
    case_end(&c);
}

static void an_unknown_fault_fails_with_the_programs_words(void **state)
{
    struct phone_case c;
    struct oh_error e = {0};
    struct oh_adapter *a = reference();
    (void)state;
    assert_int_equal(oh_adapter_set(a, "mutant", "no-such", &e), 0);
    case_begin(&c, a);
    assert_int_equal(oh_phone_start(c.phone, &e), 0);
    case_await(&c, &c.events[OH_PHONE_FAILED], 1);
    assert_non_null(strstr(c.details[OH_PHONE_FAILED], "exited: status 2"));
    assert_non_null(strstr(c.details[OH_PHONE_FAILED], "'no-such' is not"));
    case_end(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_the_reference_with_all_verbs_and_abilities),
        cmocka_unit_test(it_dials_refuses_and_quits),
        cmocka_unit_test(it_listens_on_the_transport_of_its_place),
        cmocka_unit_test(it_starts_again_after_it_was_stopped),
        cmocka_unit_test(a_fault_is_a_parameter_of_it),
        cmocka_unit_test(an_unknown_fault_fails_with_the_programs_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

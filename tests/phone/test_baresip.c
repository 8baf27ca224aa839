/* The adapter of baresip, with the real program where it is installed. */
#include "phone_case.h"

static struct oh_adapter *baresip(void)
{
    struct oh_errors errors = {0};
    struct oh_adapter *a =
        oh_adapter_load(OH_SOURCE_DIR "/dut-adapters/baresip.yaml", NULL, &errors);
    assert_int_equal(errors.count, 0);
    assert_non_null(a);
    return a;
}

static bool is_installed(void)
{
    return access("/usr/bin/baresip", X_OK) == 0;
}

static void it_is_no_reference_and_can_register(void **state)
{
    struct oh_adapter *a = baresip();
    (void)state;
    assert_false(oh_adapter_is_reference(a));
    assert_true(oh_adapter_can(a, "register"));
    assert_true(oh_adapter_can(a, "rtp"));
    assert_false(oh_adapter_can(a, "unregister"));
    assert_non_null(strstr(oh_adapter_text(a), "ctrl_tcp"));
    oh_adapter_free(a);
}

/* The first line of what the phone sends. */
static void on_sip(struct oh_socket *s, const struct oh_addr *from, struct oh_span bytes, void *arg)
{
    char **first = arg;
    (void)s, (void)from;
    if (!*first)
        *first = oh_span_dup(oh_span_sub(bytes, 0, oh_span_find(bytes, '\r')));
}

static void each_verb_is_taken_and_the_wire_shows_it(void **state)
{
    struct phone_case c;
    struct oh_error e;
    char server[OH_ADDR_TEXT], *first = NULL;
    (void)state;
    if (!is_installed())
        skip();
    case_begin(&c, baresip());
    struct oh_socket *home = oh_udp_open(c.net, "home", &c.place.server, on_sip, &first, &e);
    assert_non_null(home);
    char *uri = oh_format("sip:5551234@%s", oh_addr_format(&c.place.server, server));
    case_start(&c);
    assert_int_equal(strncmp(oh_phone_name(c.phone), "baresip ", 8), 0);
    case_do(&c, OH_VERB_REGISTER, NULL);
    assert_int_equal(c.result, OH_ACTION_TAKEN);
    for (int64_t end = oh_net_now(c.net) + PATIENCE_NS; !first && oh_net_now(c.net) < end;)
        oh_net_run(c.net, oh_net_now(c.net) + 5 * OH_NS_PER_MS);
    assert_non_null(first);
    assert_int_equal(strncmp(first, "REGISTER ", 9), 0);
    case_do(&c, OH_VERB_DIAL, uri);
    assert_int_equal(c.result, OH_ACTION_TAKEN);
    case_do(&c, OH_VERB_HANGUP, NULL);
    assert_int_equal(c.result, OH_ACTION_TAKEN);
    free(first);
    free(uri);
    oh_socket_close(home);
    case_end(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_no_reference_and_can_register),
        cmocka_unit_test(each_verb_is_taken_and_the_wire_shows_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The adapter of linphone, with the real program where it is installed. */
#include "phone_case.h"

static struct oh_adapter *linphone(void)
{
    struct oh_errors errors = {0};
    struct oh_adapter *a =
        oh_adapter_load(OH_SOURCE_DIR "/dut-adapters/linphone.yaml", NULL, &errors);
    assert_int_equal(errors.count, 0);
    assert_non_null(a);
    return a;
}

static bool is_installed(const char *program)
{
    char *path = oh_format("/usr/bin/%s", program);
    bool is = access(path, X_OK) == 0;
    free(path);
    return is;
}

static void it_has_a_voice_where_pulseaudio_is_and_says_so_where_not(void **state)
{
    struct oh_adapter *a = linphone();
    const char *why = oh_adapter_why_lacking(a, "rtp");
    (void)state;
    assert_true(oh_adapter_can(a, "hold"));
    assert_true(oh_adapter_can(a, "tcp"));
    assert_true(oh_adapter_uses(a, "realm"));
    assert_true(oh_adapter_uses(a, "transport"));
    assert_false(oh_adapter_uses(a, "free-port.control"));
    assert_int_equal(oh_adapter_can(a, "rtp"), is_installed("pulseaudio"));
    assert_int_equal(oh_adapter_lack_count(a), !is_installed("pulseaudio"));
    assert_int_equal(why == NULL, is_installed("pulseaudio"));
    oh_adapter_free(a);
}

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
    if (!is_installed("linphone-daemon"))
        skip();
    case_begin(&c, linphone());
    struct oh_socket *home = oh_udp_open(c.net, "home", &c.place.server, on_sip, &first, &e);
    assert_non_null(home);
    char *uri = oh_format("sip:5551234@%s", oh_addr_format(&c.place.server, server));
    case_start(&c);
    assert_int_equal(strncmp(oh_phone_name(c.phone), "linphone 5", 10), 0);
    case_do(&c, OH_VERB_ANSWER, NULL);
    assert_int_equal(c.result, OH_ACTION_REFUSED);
    assert_string_equal(c.answer, "No call to accept.");
    assert_false(oh_phone_is_worn(c.phone));
    case_do(&c, OH_VERB_REGISTER, NULL);
    assert_int_equal(c.result, OH_ACTION_TAKEN);
    assert_true(oh_phone_is_worn(c.phone));
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
        cmocka_unit_test(it_has_a_voice_where_pulseaudio_is_and_says_so_where_not),
        cmocka_unit_test(each_verb_is_taken_and_the_wire_shows_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

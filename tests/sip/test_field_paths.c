/* The names of fields, as lint asks for them: no message is needed. */
#include "sip/field.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define S(text) oh_span_of(text)

static void lint_learns_which_messages_can_have_a_field(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        bool in_requests, in_responses;
    } cases[] = {
        {"method", true, false},
        {"request-uri.user", true, false},
        {"status", false, true},
        {"reason", false, true},
        {"authorization.realm", true, false},
        {"proxy-authorization", true, false},
        {"www-authenticate.nonce", false, true},
        {"proxy-authenticate[2].param.x", false, true},
        {"from.tag", true, true},
        {"X-Anything[3]", true, true},
        {"sdp.audio.port", true, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bool in_requests, in_responses;
        assert_true(oh_field_known(S(cases[i].path), &in_requests, &in_responses));
        assert_int_equal(in_requests, cases[i].in_requests);
        assert_int_equal(in_responses, cases[i].in_responses);
    }
}

static void a_misspelt_path_gets_the_nearest_one(void **state)
{
    (void)state;
    assert_string_equal(oh_field_suggest(S("cseq.numer")), "cseq.number");
    assert_string_equal(oh_field_suggest(S("Form.tag")), "from.tag");
    assert_string_equal(oh_field_suggest(S("via[2].brunch")), "via.branch");
    assert_string_equal(oh_field_suggest(S("contact[2].count")), "contact.count"); /* has no nth */
    assert_string_equal(oh_field_suggest(S("sdp.audio.format")), "sdp.audio.formats");
    assert_null(oh_field_suggest(S("weather.tomorrow")));
    assert_null(oh_field_suggest(S("x")));
    char longer[300];
    memset(longer, 'x', sizeof longer);
    assert_null(oh_field_suggest((struct oh_span){longer, sizeof longer}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lint_learns_which_messages_can_have_a_field),
        cmocka_unit_test(a_misspelt_path_gets_the_nearest_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

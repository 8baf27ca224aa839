/* Requests sent again after a challenge, and those that only look so. */
#include "trace/link_text.h"

static void a_retry_with_a_new_call_id_is_found_by_its_target(void **state)
{
    (void)state;
    static const char credentials[] =
        MESSAGE_MORE("90.0", A, P, INVITE, BR2, "c2", ";tag=new", "", "1 INVITE",
                     "Proxy-Authorization: Digest username=\"alice\"\n");
    static const char soon[] = MESSAGE("2.0", A, P, INVITE, BR2, "c2", ";tag=new", "", "1 INVITE");
    static const char late[] = MESSAGE("90.0", A, P, INVITE, BR2, "c2", ";tag=new", "", "1 INVITE");
    static const struct {
        const char *text;
        int retry_of;
    } cases[] = {{credentials, 0}, {soon, 0}, {late, OH_NONE}};
    for (size_t i = 0; i < 3; i++) {
        char text[8192];
        snprintf(text, sizeof text, "%s%s", CALL_HEAD ACK_RIGHT, cases[i].text);
        struct oh_trace *t = linked(text);
        assert_int_equal(t->msgs[3].retry_of, cases[i].retry_of);
        assert_int_equal(t->msgs[3].challenge, cases[i].retry_of == 0 ? 1 : OH_NONE);
        oh_trace_free(t);
    }
}

static void a_retry_in_its_own_call_is_not_taken_by_another_call(void **state)
{
    (void)state;
    struct oh_trace *t = linked(
        CALL_HEAD ACK_RIGHT MESSAGE("0.025", A, P, INVITE, BR9, "c9", ";tag=n", "", "1 INVITE")
            MESSAGE("0.030", A, P, INVITE, BR2, "c1", FT, "", "2 INVITE"));
    assert_int_equal(t->msgs[3].retry_of, OH_NONE);
    assert_int_equal(t->msgs[4].retry_of, 0);
    oh_trace_free(t);
}

static void only_the_next_call_takes_the_place_of_a_refused_one(void **state)
{
    (void)state;
    struct oh_trace *t =
        linked(CALL_HEAD ACK_RIGHT MESSAGE("1.0", A, P, INVITE, BR2, "c2", ";tag=x", "", "1 INVITE")
                   MESSAGE("2.0", A, P, INVITE, BR3, "c3", ";tag=y", "", "1 INVITE"));
    assert_int_equal(t->msgs[3].retry_of, 0);
    assert_int_equal(t->msgs[4].retry_of, OH_NONE);
    oh_trace_free(t);
}

static void a_request_after_another_refusal_is_no_retry(void **state)
{
    (void)state;
    struct oh_trace *t =
        linked(MESSAGE("0.000", A, P, INVITE, BR1, "c1", FT, "", "1 INVITE")
                   MESSAGE("0.010", P, A, "SIP/2.0 486 Busy Here", BR1, "c1", FT, TT1, "1 INVITE")
                       MESSAGE("0.030", A, P, INVITE, BR2, "c1", FT, "", "2 INVITE")
                           MESSAGE("0.040", A, P, INVITE, BR3, "c3", ";tag=y", "", "1 INVITE"));
    assert_int_equal(t->msgs[0].final, 1);
    assert_int_equal(t->msgs[2].retry_of, OH_NONE);
    assert_int_equal(t->msgs[3].retry_of, OH_NONE);
    oh_trace_free(t);
}

static void a_later_request_of_another_kind_is_no_retry(void **state)
{
    (void)state;
    struct oh_trace *t =
        linked(CALL_HEAD ACK_RIGHT MESSAGE("0.030", A, P, BYE, BR2, "c1", FT, TT1, "2 BYE")
                   MESSAGE("0.040", A, P, INVITE, BR3, "c1", FT, TT1, "3 INVITE") /* in a dialog */
               MESSAGE("0.050", P, A, INVITE, BR9, "c1", FT, "", "2 INVITE")); /* someone else's */
    for (size_t i = 3; i < 6; i++) {
        assert_int_equal(t->msgs[i].retry_of, OH_NONE);
        assert_int_equal(t->msgs[i].challenge, OH_NONE);
    }
    oh_trace_free(t);
}

static void a_refresh_after_an_accepted_request_is_no_retry(void **state)
{
    (void)state;
#define REGISTER "REGISTER sip:example.com SIP/2.0"
#define DENIED   "SIP/2.0 401 Unauthorized"
    struct oh_trace *t =
        linked(MESSAGE("0.0", A, P, REGISTER, BR1, "r", FT, "", "1 REGISTER")
                   MESSAGE("0.1", P, A, DENIED, BR1, "r", FT, TT1, "1 REGISTER")
                       MESSAGE("0.2", A, P, REGISTER, BR2, "r", FT, "", "2 REGISTER")
                           MESSAGE("0.3", P, A, OK, BR2, "r", FT, TT1, "2 REGISTER")
                               MESSAGE("5.0", A, P, REGISTER, BR3, "r", FT, "", "3 REGISTER"));
    assert_int_equal(t->msgs[2].retry_of, 0);
    assert_int_equal(t->msgs[4].retry_of, OH_NONE);
    oh_trace_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_retry_with_a_new_call_id_is_found_by_its_target),
        cmocka_unit_test(a_retry_in_its_own_call_is_not_taken_by_another_call),
        cmocka_unit_test(only_the_next_call_takes_the_place_of_a_refused_one),
        cmocka_unit_test(a_request_after_another_refusal_is_no_retry),
        cmocka_unit_test(a_later_request_of_another_kind_is_no_retry),
        cmocka_unit_test(a_refresh_after_an_accepted_request_is_no_retry),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

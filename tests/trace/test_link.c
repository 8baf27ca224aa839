/* Linking by best fit: each fault alone must not keep a message from its place. */
#include "trace/link_text.h"

#define CALL_TAIL                                                                                  \
    MESSAGE("0.030", A, P, INVITE, BR2, "c1", FT, "", "2 INVITE")                                  \
    MESSAGE("0.040", P, A, RINGS, BR2, "c1", FT, TT2, "2 INVITE")                                  \
    MESSAGE("0.050", P, A, OK, BR2, "c1", FT, TT2, "2 INVITE")
#define CALL_END                                                                                   \
    MESSAGE("0.060", A, P, ACK, BR3, "c1", FT, TT2, "2 ACK")                                       \
    MESSAGE("0.070", A, P, BYE, BR9, "c1", FT, TT2, "3 BYE")                                       \
    MESSAGE("0.080", P, A, OK, BR9, "c1", FT, TT2, "3 BYE")

enum { I1, D1, A1, I2, R2, O2, A2, BY, BYE_OK };

static void assert_whole_call(const struct oh_trace *t)
{
    const struct oh_trace_msg *m = t->msgs;
    assert_int_equal(t->msg_count, 9);
    assert_int_equal(m[D1].request, I1);
    assert_int_equal(m[I1].final, D1);
    assert_int_equal(m[D1].ack, A1);
    assert_int_equal(m[A1].answered, D1);
    assert_int_equal(m[A1].request, I1);
    assert_int_equal(m[I2].retry_of, I1);
    assert_int_equal(m[I2].challenge, D1);
    assert_int_equal(m[R2].request, I2);
    assert_int_equal(m[O2].request, I2);
    assert_int_equal(m[I2].final, O2);
    assert_int_equal(m[O2].ack, A2);
    assert_int_equal(m[A2].answered, O2);
    assert_int_equal(m[A2].request, I2);
    assert_int_equal(m[BYE_OK].request, BY);
    assert_int_equal(m[BY].final, BYE_OK);
    assert_int_equal(m[BY].retry_of, OH_NONE);
    for (size_t i = 0; i < t->msg_count; i++) {
        assert_int_equal(m[i].repeat_of, OH_NONE);
        assert_int_equal(m[i].duplicate_of, OH_NONE);
        assert_int_equal(m[i].index, i);
    }
}

static void a_healthy_call_is_linked_throughout(void **state)
{
    (void)state;
    struct oh_trace *t = linked(CALL_HEAD ACK_RIGHT CALL_TAIL CALL_END);
    assert_whole_call(t);
    oh_trace_free(t);
}

static void the_order_of_adding_does_not_matter(void **state)
{
    (void)state;
    struct oh_trace *t = linked(CALL_END CALL_TAIL ACK_RIGHT CALL_HEAD);
    assert_whole_call(t);
    oh_trace_free(t);
}

static void an_ack_to_407_with_one_fault_is_still_linked(void **state)
{
    (void)state;
    static const char *const acks[] = {
        MESSAGE("0.020", A, P, ACK, BR9 "x", "c1", FT, TT1, "1 ACK"),
        MESSAGE("0.020", A, P, ACK, "", "c1", FT, TT1, "1 ACK"),
        MESSAGE("0.020", A, P, ACK, BR1, "c1", FT, TT1, "7 ACK"),
        MESSAGE("0.020", A, P, ACK, BR1, "c1", FT, TT1, "ACK"),
        MESSAGE("0.020", A, P, ACK, BR1, "other", FT, TT1, "1 ACK"),
        MESSAGE("0.020", A, P, ACK, BR1, "c1", FT, "", "1 ACK"),
        MESSAGE("0.020", A, P, ACK, BR1, "c1", FT, TT2, "1 ACK"),
        MESSAGE("0.020", A, P, ACK, BR1, "c1", ";tag=zz", TT1, "1 ACK"),
        MESSAGE("0.020", A, P, ACK, BR1, "c1", "", TT1, "1 ACK"),
        MESSAGE("0.020", A, B, ACK, BR1, "c1", FT, TT1, "1 ACK"),
        MESSAGE("0.020", "127.0.0.2:6000", P, ACK, BR1, "c1", FT, TT1, "1 ACK"),
    };
    for (size_t i = 0; i < sizeof acks / sizeof acks[0]; i++) {
        char text[8192];
        snprintf(text, sizeof text, "%s%s%s", CALL_HEAD, acks[i], CALL_TAIL CALL_END);
        struct oh_trace *t = linked(text);
        assert_whole_call(t);
        oh_trace_free(t);
    }
}

static void an_ack_to_200_with_one_fault_is_still_linked(void **state)
{
    (void)state;
    static const char *const acks[] = {
        MESSAGE("0.060", A, P, ACK, BR2, "c1", FT, TT2, "2 ACK"),
        MESSAGE("0.060", A, P, ACK, BR3, "c1", FT, TT2, "1 ACK"),
        MESSAGE("0.060", A, P, ACK, BR3, "other", FT, TT2, "2 ACK"),
        MESSAGE("0.060", A, P, ACK, BR3, "c1", FT, "", "2 ACK"),
        MESSAGE("0.060", A, P, ACK, BR3, "c1", ";tag=zz", TT2, "2 ACK"),
        MESSAGE("0.060", A, B, ACK, BR3, "c1", FT, TT2, "2 ACK"),
    };
    static const char bye[] = MESSAGE("0.070", A, P, BYE, BR9, "c1", FT, TT2, "3 BYE")
        MESSAGE("0.080", P, A, OK, BR9, "c1", FT, TT2, "3 BYE");
    for (size_t i = 0; i < sizeof acks / sizeof acks[0]; i++) {
        char text[8192];
        snprintf(text, sizeof text, "%s%s%s", CALL_HEAD ACK_RIGHT CALL_TAIL, acks[i], bye);
        struct oh_trace *t = linked(text);
        assert_whole_call(t);
        oh_trace_free(t);
    }
}

static void a_final_response_with_one_fault_is_still_linked(void **state)
{
    (void)state;
    static const char *const responses[] = {
        MESSAGE("0.050", P, A, OK, BR9 "x", "c1", FT, TT2, "2 INVITE"),
        MESSAGE("0.050", P, A, OK, BR1, "c1", FT, TT2, "2 INVITE"), /* of the first INVITE */
        MESSAGE("0.050", P, A, OK, "", "c1", FT, TT2, "2 INVITE"),
        MESSAGE("0.050", P, A, OK, BR2, "c1", FT, TT2, "1 INVITE"),
        MESSAGE("0.050", P, A, OK, BR2, "c1", FT, TT2, "2 FOO"),
        MESSAGE("0.050", P, A, OK, BR2, "c1", FT, TT2, ""),
        MESSAGE("0.050", P, A, OK, BR2, "other", FT, TT2, "2 INVITE"),
        MESSAGE("0.050", P, A, OK, BR2, "c1", ";tag=zz", TT2, "2 INVITE"),
        MESSAGE("0.050", P, "127.0.0.2:6000", OK, BR2, "c1", FT, TT2, "2 INVITE"),
        MESSAGE("0.050", "127.0.0.1:6000", A, OK, BR2, "c1", FT, TT2, "2 INVITE"),
    };
    static const char before[] =
        CALL_HEAD ACK_RIGHT MESSAGE("0.030", A, P, INVITE, BR2, "c1", FT, "", "2 INVITE")
            MESSAGE("0.040", P, A, RINGS, BR2, "c1", FT, TT2, "2 INVITE");
    for (size_t i = 0; i < sizeof responses / sizeof responses[0]; i++) {
        char text[8192];
        snprintf(text, sizeof text, "%s%s%s", before, responses[i], CALL_END);
        struct oh_trace *t = linked(text);
        assert_whole_call(t);
        oh_trace_free(t);
    }
}

static void a_missing_ack_does_not_draw_the_next_one(void **state)
{
    (void)state;
    struct oh_trace *t = linked(CALL_HEAD CALL_TAIL CALL_END);
    assert_int_equal(t->msg_count, 8);
    assert_int_equal(t->msgs[1].ack, OH_NONE);
    assert_int_equal(t->msgs[4].ack, 5);
    assert_int_equal(t->msgs[5].answered, 4);
    assert_int_equal(t->msgs[2].retry_of, 0);
    oh_trace_free(t);
}

static void an_ack_to_a_response_nobody_saw_is_not_given_to_an_acknowledged_one(void **state)
{
    (void)state;
    struct oh_trace *t =
        linked(CALL_HEAD ACK_RIGHT MESSAGE("0.030", A, P, INVITE, BR2, "c1", FT, "", "2 INVITE")
                   MESSAGE("0.060", A, P, ACK, BR3, "c1", FT, TT2, "2 ACK"));
    assert_int_equal(t->msgs[4].answered, OH_NONE);
    assert_int_equal(t->msgs[4].request, 3);
    assert_int_equal(t->msgs[1].ack, 2);
    oh_trace_free(t);
}

static void forks_are_acknowledged_each_by_its_own(void **state)
{
    (void)state;
    struct oh_trace *t =
        linked(MESSAGE("0.000", A, P, INVITE, BR1, "c1", FT, "", "1 INVITE")
                   MESSAGE("0.010", P, A, OK, BR1, "c1", FT, TT1, "1 INVITE")
                       MESSAGE("0.020", P, A, OK, BR1, "c1", FT, TT2, "1 INVITE")
                           MESSAGE("0.030", A, P, ACK, BR2, "c1", FT, TT2, "1 ACK")
                               MESSAGE("0.040", A, P, ACK, BR3, "c1", FT, "", "1 ACK"));
    assert_int_equal(t->msgs[1].request, 0);
    assert_int_equal(t->msgs[2].request, 0);
    assert_int_equal(t->msgs[0].final, 1);
    assert_int_equal(t->msgs[3].answered, 2);
    assert_int_equal(t->msgs[4].answered, 1);
    assert_int_equal(t->msgs[1].ack, 4);
    assert_int_equal(t->msgs[2].ack, 3);
    oh_trace_free(t);
}

#define FORKED                                                                                     \
    MESSAGE("0.000", A, P, INVITE, BR1, "c1", FT, "", "1 INVITE")                                  \
    MESSAGE("0.010", P, A, OK, BR1, "c1", FT, TT1, "1 INVITE")                                     \
    MESSAGE("0.020", P, A, OK, BR1, "c1", FT, TT2, "1 INVITE")

static void the_to_tag_tells_forks_apart(void **state)
{
    (void)state;
    struct oh_trace *t = linked(FORKED MESSAGE("0.030", A, P, ACK, BR2, "c1", FT, TT1, "1 ACK"));
    assert_int_equal(t->msgs[3].answered, 1);
    assert_int_equal(t->msgs[2].ack, OH_NONE);
    oh_trace_free(t);
}

static void a_poor_ack_goes_to_the_response_still_without_one(void **state)
{
    (void)state;
    struct oh_trace *t = linked(FORKED MESSAGE("0.030", A, P, ACK, BR2, "c1", FT, TT2, "1 ACK")
                                    MESSAGE("0.040", A, P, ACK, BR1, "c1", FT, "", "1 ACK"));
    assert_int_equal(t->msgs[3].answered, 2);
    assert_int_equal(t->msgs[4].answered, 1);
    oh_trace_free(t);
}

static void the_branch_tells_refusals_apart(void **state)
{
    (void)state;
    struct oh_trace *t =
        linked(CALL_HEAD MESSAGE("0.020", A, P, INVITE, BR2, "c1", FT, "", "2 INVITE")
                   MESSAGE("0.030", P, A, DEMAND, BR2, "c1", FT, TT1, "2 INVITE")
                       MESSAGE("0.040", A, P, ACK, BR1, "c1", FT, TT1, "ACK"));
    assert_int_equal(t->msgs[4].answered, 1);
    oh_trace_free(t);
}

static void the_first_of_several_acks_is_the_ack(void **state)
{
    (void)state;
    struct oh_trace *t = linked(FORKED MESSAGE("0.030", A, P, ACK, BR2, "c1", FT, TT1, "1 ACK")
                                    MESSAGE("0.040", A, P, ACK, BR3, "c1", FT, TT1, "1 ACK"));
    assert_int_equal(t->msgs[4].answered, 1);
    assert_int_equal(t->msgs[1].ack, 3);
    oh_trace_free(t);
}

static void retransmissions_are_repeats_with_the_links_of_the_first(void **state)
{
    (void)state;
    struct oh_trace *t =
        linked(MESSAGE("0.000", A, P, INVITE, BR1, "c1", FT, "", "1 INVITE")
                   MESSAGE("0.500", A, P, INVITE, BR1, "c1", FT, "", "1 INVITE")
                       MESSAGE("1.000", P, A, DEMAND, BR1, "c1", FT, TT1, "1 INVITE")
                           MESSAGE("1.500", P, A, DEMAND, BR1, "c1", FT, TT1, "1 INVITE")
                               MESSAGE("1.600", A, P, ACK, BR1, "c1", FT, TT1, "1 ACK")
                                   MESSAGE("1.700", A, P, ACK, BR1, "c1", FT, TT1, "1 ACK"));
    const struct oh_trace_msg *m = t->msgs;
    assert_int_equal(m[1].repeat_of, 0);
    assert_int_equal(m[3].repeat_of, 2);
    assert_int_equal(m[5].repeat_of, 4);
    assert_int_equal(m[2].request, 0);
    assert_int_equal(m[3].request, 0);
    assert_int_equal(m[0].final, 2);
    assert_int_equal(m[1].final, 2);
    assert_int_equal(m[1].retry_of, OH_NONE);
    assert_int_equal(m[4].answered, 2);
    assert_int_equal(m[5].answered, 2);
    assert_int_equal(m[2].ack, 4);
    assert_int_equal(m[3].ack, 4);
    oh_trace_free(t);
}

static void the_same_bytes_elsewhere_are_no_repeat(void **state)
{
    (void)state;
    struct oh_trace *t = linked(MESSAGE("0.000", A, P, INVITE, BR1, "c1", FT, "", "1 INVITE")
                                    MESSAGE("0.500", P, B, INVITE, BR1, "c1", FT, "", "1 INVITE"));
    assert_int_equal(t->msgs[1].repeat_of, OH_NONE);
    assert_int_equal(t->msgs[1].duplicate_of, OH_NONE);
    oh_trace_free(t);
}

static void a_packet_captured_twice_is_no_retransmission(void **state)
{
    (void)state;
    struct oh_trace *t =
        linked(MESSAGE("0.000000", A, P, INVITE, BR1, "c1", FT, "", "1 INVITE")
                   MESSAGE("0.000300", A, P, INVITE, BR1, "c1", FT, "", "1 INVITE")
                       MESSAGE("0.500000", A, P, INVITE, BR1, "c1", FT, "", "1 INVITE")
                           MESSAGE("0.500300", A, P, INVITE, BR1, "c1", FT, "", "1 INVITE"));
    const struct oh_trace_msg *m = t->msgs;
    assert_int_equal(m[1].duplicate_of, 0);
    assert_int_equal(m[1].repeat_of, OH_NONE);
    assert_int_equal(m[2].repeat_of, 0);
    assert_int_equal(m[2].duplicate_of, OH_NONE);
    assert_int_equal(m[3].duplicate_of, 2);
    assert_int_equal(m[3].repeat_of, OH_NONE);
    oh_trace_free(t);
}

static void with_a_tap_its_count_decides_about_duplicates(void **state)
{
    (void)state;
    static const char text[] = MESSAGE("0.000000", A, P, INVITE, BR1, "c1", FT, "", "1 INVITE")
        MESSAGE("0.000300", A, P, INVITE, BR1, "c1", FT, "", "1 INVITE");
    struct oh_trace *t = read_only(text);
    t->msgs[0].tap = 0;
    t->msgs[1].tap = 1; /* our socket got both: the phone sent twice */
    oh_trace_link(t);
    assert_int_equal(t->msgs[1].duplicate_of, OH_NONE);
    assert_int_equal(t->msgs[1].repeat_of, 0);
    oh_trace_free(t);

    t = read_only(text);
    t->msgs[0].tap = 0;
    oh_trace_link(t);
    assert_int_equal(t->msgs[1].duplicate_of, 0);
    oh_trace_free(t);
}

static void messages_that_the_tap_knows_stand_in_its_order(void **state)
{
    (void)state;
    struct oh_trace *t =
        read_only(MESSAGE("0.000000", A, P, INVITE, BR1, "c1", FT, "", "1 INVITE")
                      MESSAGE("0.000010", P, A, OK, BR1, "c1", FT, TT1, "1 INVITE")
                          MESSAGE("0.000020", A, P, BYE, BR2, "c2", FT, TT2, "1 BYE"));
    t->msgs[0].tap = 1;
    t->msgs[2].tap = 0; /* the one in the middle is a stray */
    oh_trace_link(t);
    assert_true(oh_sip_msg_is_method(t->msgs[0].sip, "BYE"));
    assert_false(t->msgs[1].sip->is_request);
    assert_true(oh_sip_msg_is_method(t->msgs[2].sip, "INVITE"));
    for (int i = 0; i < 3; i++)
        assert_int_equal(t->msgs[i].index, i);
    oh_trace_free(t);
}

static void interleaved_calls_do_not_mix(void **state)
{
    (void)state;
    struct oh_trace *t = linked(
        MESSAGE("0.000", A, P, INVITE, BR1, "c1", FT, "",
                "1 INVITE") MESSAGE("0.001", A, P, INVITE, BR2, "c2", FT "2", "", "1 INVITE")
            MESSAGE("0.002", P, A, DEMAND, BR2, "c2", FT "2", TT2, "1 INVITE")
                MESSAGE("0.003", P, A, DEMAND, BR1, "c1", FT, TT1, "1 INVITE")
                    MESSAGE("0.004", A, P, ACK, BR1, "c1", FT, TT1, "1 ACK")
                        MESSAGE("0.005", A, P, ACK, BR2, "c2", FT "2", TT2, "1 ACK")
                            MESSAGE("0.006", A, P, INVITE, BR3, "c1", FT, "", "2 INVITE")
                                MESSAGE("0.007", A, P, INVITE, BR9, "c2", FT "2", "", "2 INVITE"));
    const struct oh_trace_msg *m = t->msgs;
    assert_int_equal(m[2].request, 1);
    assert_int_equal(m[3].request, 0);
    assert_int_equal(m[4].answered, 3);
    assert_int_equal(m[5].answered, 2);
    assert_int_equal(m[6].retry_of, 0);
    assert_int_equal(m[6].challenge, 3);
    assert_int_equal(m[7].retry_of, 1);
    assert_int_equal(m[7].challenge, 2);
    oh_trace_free(t);
}

static void a_hop_behind_the_proxy_is_told_by_its_direction(void **state)
{
    (void)state;
    struct oh_trace *t =
        linked(MESSAGE("0.000", A, P, INVITE, BR1, "c1", FT, "", "1 INVITE")
                   MESSAGE("0.001", P, B, INVITE, BR1, "c1", FT, "", "1 INVITE")
                       MESSAGE("0.002", B, P, OK, BR1, "c1", FT, TT1, "1 INVITE")
                           MESSAGE("0.003", P, A, OK, BR1, "c1", FT, TT1, "1 INVITE"));
    assert_int_equal(t->msgs[2].request, 1);
    assert_int_equal(t->msgs[3].request, 0);
    oh_trace_free(t);
}

static void two_parties_on_one_host_are_told_by_their_ports(void **state)
{
    (void)state;
#define X "127.0.0.1:5060"
#define Y "127.0.0.1:5062"
    struct oh_trace *t = linked(MESSAGE("0.000", X, Y, INVITE, BR1, "c1", FT, "", "1 INVITE")
                                    MESSAGE("0.001", Y, X, BYE, BR1, "c1", FT, TT1, "1 BYE")
                                        MESSAGE("0.002", X, Y, OK, BR1, "c1", FT, TT1, "1 BYE")
                                            MESSAGE("0.003", Y, X, OK, BR1, "c1", FT, TT1, ""));
    assert_int_equal(t->msgs[2].request, 1);
    assert_int_equal(t->msgs[3].request, 0);
    oh_trace_free(t);
}

static void a_response_that_goes_the_requests_own_way_is_none_of_its(void **state)
{
    (void)state;
    struct oh_trace *t = linked(MESSAGE("0.000", X, Y, INVITE, BR1, "c1", FT, "", "1 INVITE")
                                    MESSAGE("0.001", X, Y, OK, BR1, "c1", FT, TT1, "1 INVITE"));
    assert_int_equal(t->msgs[1].request, OH_NONE);
    assert_int_equal(t->msgs[0].final, OH_NONE);
    oh_trace_free(t);
}

static void a_response_to_nothing_captured_is_linked_to_nothing(void **state)
{
    (void)state;
    struct oh_trace *t =
        linked(MESSAGE("0.000", A, P, INVITE, BR1, "c1", FT, "", "1 INVITE")
                   MESSAGE("0.010", P, A, OK, BR1, "c1", FT, TT1, "1 INVITE")
                       MESSAGE("9.000", P, A, OK, BR9, "c1", FT, TT1, "4 BYE")
                           MESSAGE("9.200", P, A, OK, BR9, "c1", FT, TT1, "4 INVITE")
                               MESSAGE("9.500", P, A, OK, BR3, "c3", ";tag=zz", TT1, "1 INVITE"));
    for (size_t i = 2; i < 5; i++)
        assert_int_equal(t->msgs[i].request, OH_NONE);
    assert_int_equal(t->msgs[0].final, 1);
    oh_trace_free(t);
}

static void cancel_finds_its_invite_and_both_get_their_answers(void **state)
{
    (void)state;
    static const char *const cancels[] = {
        MESSAGE("0.010", A, P, CANCEL, BR1, "c1", FT, "", "1 CANCEL"),
        MESSAGE("0.010", A, P, CANCEL, BR9, "c1", FT, "", "1 CANCEL"),
        MESSAGE("0.010", A, P, CANCEL, BR1, "other", FT, "", "1 CANCEL"),
        MESSAGE("0.010", A, P, CANCEL, BR1, "c1", FT, "", "2 CANCEL"),
    };
    static const char *const answers[] = {
        MESSAGE("0.020", P, A, OK, BR1, "c1", FT, TT1, "1 CANCEL"),
        MESSAGE("0.020", P, A, OK, BR9, "c1", FT, TT1, "1 CANCEL"),
        MESSAGE("0.020", P, A, OK, BR1, "other", FT, TT1, "1 CANCEL"),
        MESSAGE("0.020", P, A, OK, BR1, "c1", FT, TT1, "2 CANCEL"),
    };
    for (size_t i = 0; i < 4; i++) {
        char text[8192];
        snprintf(text, sizeof text, "%s%s%s%s",
                 MESSAGE("0.000", A, P, INVITE, BR1, "c1", FT, "", "1 INVITE"), cancels[i],
                 answers[i], MESSAGE("0.030", P, A, GONE, BR1, "c1", FT, TT1, "1 INVITE"));
        struct oh_trace *t = linked(text);
        assert_int_equal(t->msgs[1].request, 0);
        assert_int_equal(t->msgs[2].request, 1);
        assert_int_equal(t->msgs[1].final, 2);
        assert_int_equal(t->msgs[3].request, 0);
        assert_int_equal(t->msgs[0].final, 3);
        oh_trace_free(t);
    }
}

static void parts_that_are_missing_everywhere_match_nothing(void **state)
{
    (void)state;
    struct oh_trace *t = linked("0.0 " A " -> " P "\nINVITE sip:b SIP/2.0\n\n.\n"
                                "0.1 " P " -> " A "\nSIP/2.0 200 OK\n\n.\n"
                                "0.2 " A " -> " P "\nACK sip:b SIP/2.0\n\n.\n"
                                "0.3 " A " -> " P "\nCANCEL sip:b SIP/2.0\n\n.\n");
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(t->msgs[i].request, OH_NONE);
        assert_int_equal(t->msgs[i].answered, OH_NONE);
    }
    oh_trace_free(t);
}

/* Calls of five messages, `calls` of them, or one long call where they share one Call-ID and
 * branch. */
static struct oh_trace *many_calls(unsigned calls, bool alike)
{
    struct oh_trace *t = oh_trace_new();
    static const char *const starts[] = {INVITE, DEMAND, ACK, BYE, OK};
    static const char *const methods[] = {"INVITE", "INVITE", "ACK", "BYE", "BYE"};
    struct oh_addr a, p;
    oh_addr_parse(oh_span_of(A), &a, NULL);
    oh_addr_parse(oh_span_of(P), &p, NULL);
    for (unsigned c = 0; c < calls; c++) {
        for (unsigned k = 0; k < 5; k++) {
            bool from_a = k != 1 && k != 4;
            unsigned id = alike ? 0 : c;
            struct oh_text text = {0};
            oh_text_addf(
                &text,
                "%s\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK%u-%u\r\nFrom: <sip:a@x>;tag=f%u\r\n"
                "To: <sip:b@x>%s\r\nCall-ID: c%u\r\nCSeq: %u %s\r\n\r\n",
                starts[k], id, alike ? 0 : k < 3, id, k ? ";tag=t" : "", id, alike ? c : k / 3 + 1,
                methods[k]);
            assert_non_null(oh_trace_add(t, 1, (int64_t)c * 10000000 + k * 1000000,
                                         from_a ? &a : &p, from_a ? &p : &a, OH_TRANSPORT_UDP,
                                         oh_text_span(&text)));
            oh_text_release(&text);
        }
    }
    return t;
}

static void a_hundred_thousand_messages_are_linked_each_in_its_call(void **state)
{
    (void)state;
    struct oh_trace *t = many_calls(20000, false);
    oh_trace_link(t);
    assert_int_equal(t->msg_count, 100000);
    for (int i = 0; i < 100000; i += 5) {
        assert_int_equal(t->msgs[i + 1].request, i);
        assert_int_equal(t->msgs[i + 2].answered, i + 1);
        assert_int_equal(t->msgs[i + 4].request, i + 3);
    }
    oh_trace_free(t);
}

/* The worst case: everything shares Call-ID, tags and branch. A walk without an end would take
 * minutes. */
static void a_hundred_thousand_messages_that_look_alike_are_linked_in_bounded_steps(void **state)
{
    (void)state;
    struct oh_trace *t = many_calls(20000, true);
    oh_trace_link(t);
    for (int i = 0; i < 100000; i += 5) {
        assert_int_equal(t->msgs[i + 1].request, i);
        assert_int_equal(t->msgs[i + 2].answered, i + 1);
        assert_int_equal(t->msgs[i + 4].request, i + 3);
    }
    oh_trace_free(t);
}

static void an_empty_trace_can_be_linked(void **state)
{
    (void)state;
    struct oh_trace *t = linked("");
    assert_int_equal(t->msg_count, 0);
    oh_trace_free(t);
}

/* --- TCP --- */

#define A_TCP "127.0.0.2:40000"
#define P_TCP "127.0.0.1:5060"
#define TCP(src, dst, start, branch, to, cseq)                                                     \
    MESSAGE("1.0", src, dst " tcp", start, branch, "c1", FT, to, cseq)

static void a_2xx_sent_again_over_tcp_is_a_repeat_however_soon(void **state)
{
    (void)state;
    struct oh_trace *t = linked(
        TCP(A_TCP, P_TCP, INVITE, BR1, "", "1 INVITE") TCP(P_TCP, A_TCP, OK, BR1, TT1, "1 INVITE")
            TCP(P_TCP, A_TCP, OK, BR1, TT1, "1 INVITE") TCP(A_TCP, P_TCP, ACK, BR2, TT1, "1 ACK"));
    assert_int_equal(t->msgs[2].duplicate_of, OH_NONE); /* no capture shows a stream twice */
    assert_int_equal(t->msgs[2].repeat_of, 1);
    assert_int_equal(t->msgs[2].request, 0);
    assert_int_equal(t->msgs[3].answered, 1);
    oh_trace_free(t);
}

static void a_repeat_over_another_connection_is_one(void **state)
{
    (void)state;
    struct oh_trace *t =
        linked(TCP(A_TCP, P_TCP, INVITE, BR1, "", "1 INVITE")
                   TCP("127.0.0.2:40001", P_TCP, INVITE, BR1, "", "1 INVITE")
                       TCP("127.0.0.9:40001", P_TCP, INVITE, BR1, "", "1 INVITE")
                           TCP(P_TCP, "127.0.0.2:40001", OK, BR1, TT1, "1 INVITE"));
    assert_int_equal(t->msgs[1].repeat_of, 0);
    assert_int_equal(t->msgs[2].repeat_of, OH_NONE); /* another host's */
    assert_int_equal(t->msgs[3].request, 0);
    oh_trace_free(t);
}

static void the_same_bytes_over_another_transport_are_no_repeat(void **state)
{
    (void)state;
    struct oh_trace *t =
        linked(TCP(A_TCP, P_TCP, INVITE, BR1, "", "1 INVITE")
                   MESSAGE("2.0", A_TCP, P_TCP, INVITE, BR1, "c1", FT, "", "1 INVITE"));
    assert_int_equal(t->msgs[1].repeat_of, OH_NONE);
    oh_trace_free(t);
    t = linked(TCP(A_TCP, P_TCP, INVITE, BR1, "", "1 INVITE")
                   MESSAGE("2.0", A_TCP, P_TCP " tls", INVITE, BR1, "c1", FT, "", "1 INVITE"));
    assert_int_equal(t->msgs[1].repeat_of, OH_NONE);
    oh_trace_free(t);
}

static void an_answer_on_a_connection_of_its_own_finds_its_request(void **state)
{
    (void)state;
    struct oh_trace *t =
        linked(TCP(A_TCP, P_TCP, BYE, BR1, TT1, "1 BYE")
                   TCP("127.0.0.1:39999", "127.0.0.2:5060", OK, BR1, TT1, "1 BYE"));
    assert_int_equal(t->msgs[1].request, 0);
    assert_int_equal(t->msgs[0].final, 1);
    oh_trace_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_healthy_call_is_linked_throughout),
        cmocka_unit_test(the_order_of_adding_does_not_matter),
        cmocka_unit_test(an_ack_to_407_with_one_fault_is_still_linked),
        cmocka_unit_test(an_ack_to_200_with_one_fault_is_still_linked),
        cmocka_unit_test(a_final_response_with_one_fault_is_still_linked),
        cmocka_unit_test(a_missing_ack_does_not_draw_the_next_one),
        cmocka_unit_test(an_ack_to_a_response_nobody_saw_is_not_given_to_an_acknowledged_one),
        cmocka_unit_test(forks_are_acknowledged_each_by_its_own),
        cmocka_unit_test(the_to_tag_tells_forks_apart),
        cmocka_unit_test(the_branch_tells_refusals_apart),
        cmocka_unit_test(a_poor_ack_goes_to_the_response_still_without_one),
        cmocka_unit_test(the_first_of_several_acks_is_the_ack),
        cmocka_unit_test(retransmissions_are_repeats_with_the_links_of_the_first),
        cmocka_unit_test(a_2xx_sent_again_over_tcp_is_a_repeat_however_soon),
        cmocka_unit_test(a_repeat_over_another_connection_is_one),
        cmocka_unit_test(the_same_bytes_over_another_transport_are_no_repeat),
        cmocka_unit_test(an_answer_on_a_connection_of_its_own_finds_its_request),
        cmocka_unit_test(the_same_bytes_elsewhere_are_no_repeat),
        cmocka_unit_test(a_packet_captured_twice_is_no_retransmission),
        cmocka_unit_test(with_a_tap_its_count_decides_about_duplicates),
        cmocka_unit_test(messages_that_the_tap_knows_stand_in_its_order),
        cmocka_unit_test(interleaved_calls_do_not_mix),
        cmocka_unit_test(a_hop_behind_the_proxy_is_told_by_its_direction),
        cmocka_unit_test(two_parties_on_one_host_are_told_by_their_ports),
        cmocka_unit_test(a_response_that_goes_the_requests_own_way_is_none_of_its),
        cmocka_unit_test(a_response_to_nothing_captured_is_linked_to_nothing),
        cmocka_unit_test(cancel_finds_its_invite_and_both_get_their_answers),
        cmocka_unit_test(parts_that_are_missing_everywhere_match_nothing),
        cmocka_unit_test(a_hundred_thousand_messages_are_linked_each_in_its_call),
        cmocka_unit_test(a_hundred_thousand_messages_that_look_alike_are_linked_in_bounded_steps),
        cmocka_unit_test(an_empty_trace_can_be_linked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "trace/ledger.h"

#include "link_text.h"

#include <stdlib.h>

/* A request as text, taken in; what was there before it. */
static struct oh_before take(struct oh_ledger *l, uint64_t sender, unsigned frame,
                             const char *start, const char *branch, const char *call, unsigned cseq,
                             const char *more)
{
    struct oh_text text = {0};
    struct oh_addr a = {0};
    oh_text_addf(&text,
                 "%s\r\nVia: SIP/2.0/UDP 127.0.0.2:5060;branch=%s\r\nFrom: <sip:a@example.com>;"
                 "tag=f\r\nTo: <sip:a@example.com>\r\nCall-ID: %s\r\nCSeq: %u %.*s\r\n%s"
                 "Content-Length: 0\r\n\r\n",
                 start, branch, call, cseq, (int)strcspn(start, " "), start, more);
    struct oh_sip_msg *sip = oh_sip_msg_parse(oh_text_span(&text));
    struct oh_trace_msg m = oh_trace_msg_of(frame, 0, &a, &a, OH_TRANSPORT_UDP, sip);
    struct oh_link_keys keys = oh_link_keys_read(sip);
    oh_ledger_take(l, sender, &keys, &m);
    oh_sip_msg_free(sip);
    oh_text_release(&text);
    return m.before;
}

#define OPTIONS     "OPTIONS sip:b@example.com SIP/2.0"
#define REGISTER    "REGISTER sip:example.com SIP/2.0"
#define NONCE(n, c) "Authorization: Digest username=\"a\", nonce=\"" n "\", nc=" c "\r\n"

static void a_branch_used_in_another_call_is_remembered(void **state)
{
    (void)state;
    struct oh_ledger *l = oh_ledger_new(0);
    assert_int_equal(take(l, 1, 10, OPTIONS, "z9hG4bKa", "c1", 1, "").branch_frame, 0);
    assert_int_equal(take(l, 1, 11, OPTIONS, "z9hG4bKa", "c1", 1, "").branch_frame, 0);
    assert_int_equal(take(l, 1, 12, OPTIONS, "z9hG4bKa", "c2", 1, "").branch_frame, 11);
    assert_int_equal(take(l, 1, 13, OPTIONS, "z9hG4bKb", "c3", 1, "").branch_frame, 0);
    assert_int_equal(oh_ledger_evicted(l), 0);
    oh_ledger_free(l);
}

static void a_branch_of_another_sender_is_none_of_ones_own(void **state)
{
    (void)state;
    struct oh_ledger *l = oh_ledger_new(0);
    take(l, 1, 10, OPTIONS, "z9hG4bKa", "c1", 1, "");
    assert_int_equal(take(l, 2, 11, OPTIONS, "z9hG4bKa", "c2", 1, "").branch_frame, 0);
    oh_ledger_free(l);
}

static void acks_cancels_and_messages_without_a_frame_are_not_held_against_it(void **state)
{
    (void)state;
    struct oh_ledger *l = oh_ledger_new(0);
    take(l, 1, 10, OPTIONS, "z9hG4bKa", "c1", 1, "");
    assert_int_equal(take(l, 1, 11, "ACK sip:b SIP/2.0", "z9hG4bKa", "c2", 1, "").branch_frame, 0);
    assert_int_equal(take(l, 1, 12, "CANCEL sip:b SIP/2.0", "z9hG4bKa", "c2", 1, "").branch_frame,
                     0);
    assert_int_equal(take(l, 1, 0, OPTIONS, "z9hG4bKa", "c2", 1, "").branch_frame, 0);
    assert_int_equal(take(l, 1, 13, OPTIONS, "z9hG4bKa", "c2", 1, "").branch_frame, 10);
    oh_ledger_free(l);
}

static void the_highest_nonce_count_of_other_calls_is_known(void **state)
{
    (void)state;
    struct oh_ledger *l = oh_ledger_new(0);
    struct oh_before b = take(l, 1, 1, OPTIONS, "1", "c1", 1, NONCE("n", "00000001"));
    assert_int_equal(b.nonce_frame, 0);
    b = take(l, 1, 2, OPTIONS, "2", "c1", 2, NONCE("n", "0000000a"));
    assert_int_equal(b.nonce_frame, 0);
    b = take(l, 1, 3, OPTIONS, "3", "c2", 1, NONCE("n", "0000000b"));
    assert_int_equal(b.nonce_frame, 2);
    assert_int_equal(b.nonce_count, 10);
    b = take(l, 1, 4, OPTIONS, "4", "c3", 1, NONCE("n", "00000003"));
    assert_int_equal(b.nonce_frame, 3);
    assert_int_equal(b.nonce_count, 11);
    b = take(l, 1, 5, OPTIONS, "5", "c4", 1, NONCE("n", "00000004"));
    assert_int_equal(b.nonce_frame, 3); /* still the highest */
    b = take(l, 1, 6, OPTIONS, "6", "c5", 1, NONCE("m", "00000001"));
    assert_int_equal(b.nonce_frame, 0);
    oh_ledger_free(l);
}

static void a_count_that_is_no_number_is_no_fact(void **state)
{
    (void)state;
    struct oh_ledger *l = oh_ledger_new(0);
    take(l, 1, 1, OPTIONS, "1", "c1", 1, NONCE("n", "0000000x"));
    take(l, 1, 2, OPTIONS, "2", "c2", 1, NONCE("n", "000000001"));
    assert_int_equal(take(l, 1, 3, OPTIONS, "3", "c3", 1, NONCE("n", "00000001")).nonce_frame, 0);
    oh_ledger_free(l);
}

static void registrations_know_the_one_before_and_the_other_call_id(void **state)
{
    (void)state;
    struct oh_ledger *l = oh_ledger_new(0);
    struct oh_before b = take(l, 1, 1, REGISTER, "1", "c1", 5, "");
    assert_int_equal(b.register_frame, 0);
    assert_int_equal(b.register_cseq_frame, 0);
    b = take(l, 1, 2, REGISTER, "1", "c1", 5, ""); /* again */
    assert_int_equal(b.register_cseq_frame, 0);
    b = take(l, 1, 3, REGISTER, "2", "c1", 6, "");
    assert_int_equal(b.register_cseq_frame, 1);
    assert_int_equal(b.register_cseq, 5);
    b = take(l, 1, 4, REGISTER, "3", "c2", 1, "");
    assert_int_equal(b.register_frame, 3);
    assert_int_equal(b.register_cseq_frame, 0);
    b = take(l, 1, 5, "REGISTER sip:other.example.com SIP/2.0", "4", "c3", 1, "");
    assert_int_equal(b.register_frame, 0);
    oh_ledger_free(l);
}

static void what_is_forgotten_for_want_of_room_is_counted_and_accuses_nobody(void **state)
{
    (void)state;
    struct oh_ledger *l = oh_ledger_new(64);
    char branch[32], call[32];
    for (unsigned i = 0; i < 1000; i++) {
        snprintf(branch, sizeof branch, "b%u", i);
        snprintf(call, sizeof call, "c%u", i);
        assert_int_equal(take(l, 1, i + 1, OPTIONS, branch, call, 1, "").branch_frame, 0);
    }
    assert_in_range(oh_ledger_evicted(l), 936, 990);
    assert_int_equal(take(l, 1, 2000, OPTIONS, "b0", "x", 1, "").branch_frame, 0);
    assert_int_equal(take(l, 1, 2001, OPTIONS, "b999", "x", 1, "").branch_frame, 1000);
    oh_ledger_free(l);
}

static void what_is_asked_for_again_and_again_stays(void **state)
{
    (void)state;
    struct oh_ledger *l = oh_ledger_new(4);
    char branch[32], call[32];
    take(l, 1, 1, OPTIONS, "kept", "c0", 1, "");
    for (unsigned i = 0; i < 100; i++) {
        snprintf(branch, sizeof branch, "b%u", i);
        snprintf(call, sizeof call, "c%u", i + 1);
        take(l, 1, 2 + 2 * i, OPTIONS, branch, "x", 1, "");
        assert_int_equal(take(l, 1, 3 + 2 * i, OPTIONS, "kept", call, 1, "").branch_frame,
                         1 + 2 * i);
    }
    oh_ledger_free(l);
}

static void a_linked_trace_has_the_same_facts(void **state)
{
    (void)state;
    struct oh_trace *t =
        linked(MESSAGE("0.0", A, P, "OPTIONS sip:b@x SIP/2.0", BR1, "c1", FT, "",
                       "1 OPTIONS") //
               MESSAGE("0.1", B, P, "OPTIONS sip:b@x SIP/2.0", BR1, "c2", FT, "",
                       "1 OPTIONS") //
               MESSAGE("0.2", A, P, "OPTIONS sip:b@x SIP/2.0", BR1, "c3", FT, "", "1 OPTIONS"));
    assert_int_equal(t->msgs[0].before.branch_frame, 0);
    assert_int_equal(t->msgs[1].before.branch_frame, 0); /* another sender */
    assert_int_equal(t->msgs[2].before.branch_frame, t->msgs[0].frame);
    oh_trace_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_branch_used_in_another_call_is_remembered),
        cmocka_unit_test(a_branch_of_another_sender_is_none_of_ones_own),
        cmocka_unit_test(acks_cancels_and_messages_without_a_frame_are_not_held_against_it),
        cmocka_unit_test(the_highest_nonce_count_of_other_calls_is_known),
        cmocka_unit_test(a_count_that_is_no_number_is_no_fact),
        cmocka_unit_test(registrations_know_the_one_before_and_the_other_call_id),
        cmocka_unit_test(what_is_forgotten_for_want_of_room_is_counted_and_accuses_nobody),
        cmocka_unit_test(what_is_asked_for_again_and_again_stays),
        cmocka_unit_test(a_linked_trace_has_the_same_facts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

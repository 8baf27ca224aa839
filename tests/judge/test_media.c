/* What the judge says of voice: wanted, unwanted, and lost on the way. */
#include "support/call_407.h"

static struct recorded *new_call(void)
{
    return recorded_new(CALL_407);
}

static const struct oh_verdict *with_media(struct recorded *r, void (*media)(struct recorded *r))
{
    to_refusal(r);
    gets(r, ACK_1, ack_1(r));
    to_answer(r, invite_2(r));
    gets(r, ACK_2, ack_2(r));
    media(r);
    media_over(r, TALK, 990);
    hang_up(r);
    ends(r, OH_OUTCOME_COMPLETE, "");
    return judged(r);
}

static void no_media(struct recorded *r)
{
    (void)r;
}

static void our_own_media(struct recorded *r)
{
    rtp_from(r, &r->peer_rtp);
}

static void uncaptured_media(struct recorded *r)
{
    r->uncaptured = true;
    rtp(r);
    r->uncaptured = false;
}

static void media_is_wanted_of_the_phone(void **state)
{
    (void)state;
    static const struct {
        void (*media)(struct recorded *r);
        bool missing;
    } cases[] = {{no_media, true}, {our_own_media, true}, {rtp, false}, {uncaptured_media, false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct recorded *r = new_call();
        const struct oh_verdict *v = with_media(r, cases[i].media);
        if (cases[i].missing)
            expect_verdict(v, OH_WORD_FAIL, "media.rtp-missing", NULL);
        else
            expect_verdict(v, OH_WORD_PASS, NULL);
        recorded_free(r);
    }
}

static void media_under_way(struct recorded *r)
{
    rtp(r);
}

static void media_on_hold(struct recorded *r)
{
    r->now += 300 * MS;
    rtp(r);
}

static void our_media_on_hold(struct recorded *r)
{
    r->now += 300 * MS;
    rtp_from(r, &r->peer_rtp);
}

/* RFC 3264 6.1, 8.4 */
static void media_on_hold_is_a_finding_but_for_what_was_under_way(void **state)
{
    (void)state;
    static const struct {
        void (*media)(struct recorded *r);
        bool unwanted;
    } cases[] = {{no_media, false},
                 {media_under_way, false},
                 {our_media_on_hold, false},
                 {media_on_hold, true}};
    const char *both = strstr(CALL_407, "A <-> B: RTP");
    char *held = oh_format("%.*sA -> B: no RTP%s", (int)(both - CALL_407), CALL_407,
                           both + strlen("A <-> B: RTP"));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct recorded *r = recorded_new(held);
        const struct oh_verdict *v = with_media(r, cases[i].media);
        if (cases[i].unwanted)
            expect_verdict(v, OH_WORD_FAIL, "media.rtp-unwanted", NULL);
        else
            expect_verdict(v, OH_WORD_PASS, NULL);
        recorded_free(r);
    }
    free(held);
}

static void lost_packets_void_missing_media(void **state)
{
    (void)state;
    struct recorded *r = new_call();
    r->run->capture.dropped = 1;
    expect_verdict(with_media(r, no_media), OH_WORD_INCONCLUSIVE, "media.rtp-missing", NULL);
    recorded_free(r);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(media_is_wanted_of_the_phone),
        cmocka_unit_test(media_on_hold_is_a_finding_but_for_what_was_under_way),
        cmocka_unit_test(lost_packets_void_missing_media),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

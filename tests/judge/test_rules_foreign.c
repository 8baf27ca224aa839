/* The always-on rules over a foreign capture: one call of one phone, no run behind it, evidence
 * that may be missing. What they need and lack makes them silent, and what is sure they tell. */
#include "judge/rules_script.h"

/* The messages of one Call-ID in which the phone at 127.0.0.2 takes part. */
struct foreign {
    struct oh_recording recording;
    struct oh_verdict *verdict;
};

/* How a message stands in the capture. */
struct sight {
    bool nat;          /* the phone is behind a NAT, which the messages do not know of */
    int64_t twice_ns;  /* each is seen again after this time; 0: it is not */
    const char *again; /* this one was sent again after 500 ms and 1.5 s; NULL: none */
    bool once;         /* that after 500 ms alone */
};

#define NAT "203.0.113.7:40123"

/* "1.500 127.0.0.2:5060 -> 127.0.0.1:5060 udp": the line before a message. */
static void add_seen(struct oh_text *out, const char *text, struct sight how, double later_s)
{
    static const char phone[] = "127.0.0.2:5060";
    double at = strtod(text, NULL);
    const char *line = strchr(text, ' '), *end = strchr(text, '\n');
    oh_text_addf(out, "%.6f", at + later_s);
    while (line < end) {
        bool is = how.nat && strncmp(line, phone, sizeof phone - 1) == 0;
        oh_text_addf(out, is ? NAT : "%c", *line);
        line += is ? sizeof phone - 1 : 1;
    }
    oh_text_add(out, end);
}

static struct oh_trace *trace_of(const struct edit *edits, size_t count, const char *call_id,
                                 struct sight how)
{
    struct script s;
    struct oh_text text = {0};
    struct oh_error e = {0};
    char *mark = oh_format(": %s\n", call_id);
    script_read(&s, "healthy*.txt");
    for (size_t i = 0; i < count && edits[i].in; i++)
        script_edit(&s, &edits[i]);
    compute_all(&s);
    for (size_t i = 0; i < s.count; i++) {
        copy_credentials(&s, i);
        if (!strstr(s.texts[i], mark))
            continue;
        add_seen(&text, s.texts[i], how, 0);
        if (how.twice_ns > 0)
            add_seen(&text, s.texts[i], how, (double)how.twice_ns / 1e9);
        if (how.again && strcmp(s.names[i], how.again) == 0)
            add_seen(&text, s.texts[i], how, 0.5);
        if (how.again && strcmp(s.names[i], how.again) == 0 && !how.once)
            add_seen(&text, s.texts[i], how, 1.5);
    }
    struct oh_trace *trace = oh_trace_new();
    if (oh_trace_read_text(trace, call_id, oh_text_span(&text), &e) < 0)
        fail_msg("%s", e.text);
    oh_text_release(&text);
    free(mark);
    script_free(&s);
    return trace;
}

enum side { BOTH, SENT, GOT };

/* What of the call is in the capture: its messages from one to before another, of which sides. */
struct part {
    size_t from, to; /* `to` 0: all */
    size_t hole;     /* this one is missing; 0: none */
    enum side side;
    struct sight how;
};

static bool is_kept(const struct part *p, const struct oh_trace_msg *m, size_t i)
{
    return i >= p->from && (p->hole == 0 || i != p->hole) && (p->to == 0 || i < p->to) &&
           (p->side == BOTH || m->from_phone == (p->side == SENT));
}

static void cut(struct oh_trace *t, const struct part *p)
{
    size_t kept = 0;
    for (size_t i = 0; i < t->msg_count; i++) {
        if (is_kept(p, &t->msgs[i], i))
            t->msgs[kept++] = t->msgs[i];
        else
            oh_sip_msg_free(t->msgs[i].sip);
    }
    t->msg_count = kept;
}

static struct foreign ask_part(const struct edit *edits, size_t count, const char *call_id,
                               struct part part)
{
    struct foreign f = {.recording = {.trace = trace_of(edits, count, call_id, part.how),
                                      .until_ns = 20000 * OH_NS_PER_S,
                                      .begins_within = part.from > 0 || part.side != BOTH,
                                      .one_sided = part.side != BOTH}};
    struct oh_seat_address phone = {.seat = "phone", .is_phone = true};
    struct oh_error e = {0};
    const char *at = part.how.nat ? NAT : "127.0.0.2:5060";
    assert_int_equal(oh_addr_parse(oh_span_of(at), &phone.sip, &e), 0);
    oh_trace_seats(f.recording.trace, &phone, 1);
    cut(f.recording.trace, &part);
    oh_trace_link(f.recording.trace);
    return f;
}

static struct foreign ask_foreign(const struct edit *edits, size_t count, const char *call_id)
{
    return ask_part(edits, count, call_id, (struct part){0});
}

static void judge_foreign(struct foreign *f)
{
    oh_verdict_free(f->verdict);
    f->verdict = oh_alloc(sizeof *f->verdict);
    f->verdict->recording = &f->recording;
    oh_rules_apply(f->verdict, &f->recording, false);
}

static void foreign_free(struct foreign *f)
{
    oh_verdict_free(f->verdict);
    oh_trace_free(f->recording.trace);
}

static void assert_tells(struct foreign *f, const char *rule, const char *what)
{
    judge_foreign(f);
    char *text = told(f->verdict);
    size_t wanted = rule ? 1 : 0;
    if (f->verdict->finding_count != wanted || (rule && strcmp(f->verdict->findings[0].id, rule)))
        fail_msg("%s: %s was awaited, it gives:%s", what, rule ? rule : "nothing", text);
    free(text);
}

/* --- what is healthy in a run is so in a capture --- */

enum { MAX_CALLS = 128 };
static char *calls[MAX_CALLS];
static size_t call_count;

static bool is_known(const char *call_id)
{
    for (size_t i = 0; i < call_count; i++) {
        if (strcmp(calls[i], call_id) == 0)
            return true;
    }
    return false;
}

/* The Call-IDs of all healthy messages. */
static int find_calls(void **state)
{
    struct script s;
    (void)state;
    script_read(&s, "healthy*.txt");
    for (size_t i = 0; i < s.count; i++) {
        static const char header[] = "\nCall-ID: ";
        const char *at = strstr(s.texts[i], header);
        at = at ? at + sizeof header - 1 : "\n";
        char *call_id = oh_format("%.*s", (int)strcspn(at, "\n"), at);
        assert_in_range(call_count, 0, MAX_CALLS - 1);
        if (*call_id && !is_known(call_id))
            calls[call_count++] = call_id;
        else
            free(call_id);
    }
    script_free(&s);
    return 0;
}

static int forget_calls(void **state)
{
    (void)state;
    while (call_count > 0)
        free(calls[--call_count]);
    return 0;
}

static void the_healthy_calls_break_no_rule_one_by_one(void **state)
{
    (void)state;
    for (size_t i = 0; i < call_count; i++) {
        struct foreign f = ask_foreign(NULL, 0, calls[i]);
        assert_tells(&f, NULL, calls[i]);
        foreign_free(&f);
    }
}

static void assert_silent(const char *call_id, struct part part)
{
    static const char *const sides[] = {"both sides", "what it sent", "what it got"};
    struct foreign f = ask_part(NULL, 0, call_id, part);
    if (part.to > 0) /* watched up to the last message, and no longer */
        f.recording.until_ns = f.recording.trace->msgs[f.recording.trace->msg_count - 1].time_ns;
    char *what = oh_format("%s, %zu to %zu without %zu, %s", call_id, part.from, part.to, part.hole,
                           sides[part.side]);
    assert_tells(&f, NULL, what);
    free(what);
    foreign_free(&f);
}

static void no_part_of_a_healthy_call_breaks_a_rule(void **state)
{
    (void)state;
    for (size_t i = 0; i < call_count; i++) {
        struct foreign whole = ask_foreign(NULL, 0, calls[i]);
        size_t count = whole.recording.trace->msg_count;
        foreign_free(&whole);
        for (size_t k = 1; k < count; k++) {
            assert_silent(calls[i], (struct part){.from = k});
            assert_silent(calls[i], (struct part){.to = k});
        }
    }
}

/* One frame is missing, and nothing tells so. */
static void no_hole_in_a_healthy_call_breaks_a_rule(void **state)
{
    (void)state;
    for (size_t i = 0; i < call_count; i++) {
        struct foreign whole = ask_foreign(NULL, 0, calls[i]);
        size_t count = whole.recording.trace->msg_count;
        foreign_free(&whole);
        for (size_t k = 1; k + 1 < count; k++)
            assert_silent(calls[i], (struct part){.hole = k});
    }
}

static void no_side_of_a_healthy_call_alone_breaks_a_rule(void **state)
{
    (void)state;
    for (size_t i = 0; i < call_count; i++) {
        assert_silent(calls[i], (struct part){.side = SENT});
        assert_silent(calls[i], (struct part){.side = GOT});
    }
}

/* What it says of itself is not where it is: RFC 3261 18.2.1, RFC 3581 */
static void a_nat_breaks_no_rule(void **state)
{
    (void)state;
    for (size_t i = 0; i < call_count; i++)
        assert_silent(calls[i], (struct part){.how = {.nat = true}});
}

/* By a bridge, by mirrored ports, or by two taps some way apart. */
static void frames_that_are_seen_twice_break_no_rule(void **state)
{
    static const int64_t after_ns[] = {100000, 3000000};
    (void)state;
    for (size_t i = 0; i < 2 * call_count; i++)
        assert_silent(calls[i / 2], (struct part){.how = {.twice_ns = after_ns[i % 2]}});
}

/* --- what a capture proves, and what it does not --- */

static const struct proof {
    const char *why, *call_id;
    const char *rule; /* NULL: silence */
    struct edit edits[8];
    const char *again;
} proofs[] = {
    {"an ACK that is missing, and the INVITE again",
     "call@127.0.0.2",
     NULL,
     {{"a1-ack", NULL, NULL}},
     NULL},
    {"the same, and the refusal comes again",
     "call@127.0.0.2",
     "ack.missing",
     {{"a1-ack", NULL, NULL}},
     "a1-407"},
    {"a 2xx whose ACK is missing, and the call goes on",
     "call@127.0.0.2",
     NULL,
     {{"a2-ack", NULL, NULL}},
     NULL},
    {"the same, and the 2xx comes again",
     "call@127.0.0.2",
     "ack2xx.missing",
     {{"a2-ack", NULL, NULL}},
     "a2-200"},
    {"a CANCEL before the 100",
     "cancelled@127.0.0.2",
     "cancel.early",
     {{"c-180", "5.010", "5.505"},
      {"c-180", "180 Ringing", "100 Trying"},
      {"c-180", ";tag=bob2", ""}},
     NULL},
    {"a CANCEL after a response that the capture missed",
     "cancelled@127.0.0.2",
     NULL,
     {{"c-180", NULL, NULL}},
     NULL},
    {"an INVITE that is not repeated: its port may be closed (RFC 3261 17.1.4, 18.4)",
     "ti@flow",
     NULL,
     {{"xti-*", NULL, NULL}},
     NULL},
    {"a copy that the capture missed", "ti@flow", NULL, {{"xti-3", NULL, NULL}}, NULL},
    {"intervals that do not double",
     "ti@flow",
     "timer.invite",
     {{"xti-3", "101.500", "101.000"}, {"xti-4", "103.500", "101.500"}},
     NULL},
    {"a response that was captured and may not have come (RFC 3261 17.1.1.2)",
     "tp@flow",
     NULL,
     {{"xtp-100", "201.600", "200.010"}},
     NULL},
    {"an ACK that was captured and may not have come (RFC 3261 17.2.1)",
     "tg@flow",
     NULL,
     {{"xtg-ack", "227.700", "220.030"}},
     NULL},
    {"a 2xx that is not repeated: nothing shows the way of the ACK",
     "tk@flow",
     NULL,
     {{"xtk-ok-*", NULL, NULL},
      {"xtk-ack", NULL, NULL},
      {"xtk-bye", NULL, NULL},
      {"xtk-bye-200", NULL, NULL}},
     NULL},
    {"a BYE before the ACK, the 2xx being repeated all the time",
     "te@flow",
     "bye.before-ack",
     {{"xte-bye", "292.100", "268.100"},
      {"xte-bye-200", "292.110", "268.110"},
      {"xte-ok-6", NULL, NULL},
      {"xte-ok-7", NULL, NULL},
      {"xte-ok-8", NULL, NULL},
      {"xte-ok-9", NULL, NULL},
      {"xte-ok-1*", NULL, NULL}},
     NULL},
    {"a BYE long after a 2xx that was never repeated: the capture missed the ACK",
     "incoming@127.0.0.3",
     NULL,
     {{"in-ack", NULL, NULL}, {"in-bye*", "7.0", "17.0"}},
     NULL},
    {"a nonce that was offered to another call before (RFC 7616 3.4)",
     "call@127.0.0.2",
     NULL,
     {{"a2-invite", "nc=00000001", "nc=00000007"}, {"a2-re", "nc=00000002", "nc=00000008"}},
     NULL},
    {"a REGISTER anew while the one before it had no answer (RFC 3261 18.4)",
     "rg@flow",
     NULL,
     {{"xrg1-200", NULL, NULL}, {"xrg2", "350.000", "325.000"}, {"xrg2-200", "350.", "325."}},
     NULL},
    {"a REGISTER anew before the answer to the one before it",
     "rg@flow",
     "register.pending",
     {{"xrg1-200", "320.010", "341.000"}, {"xrg2", "350.000", "340.000"}},
     NULL},
    {"a phone that says no more when its session expires",
     "se@flow",
     NULL,
     {{"xse-re*", NULL, NULL}, {"xse-bye*", NULL, NULL}},
     NULL},
    {"a phone that still speaks when its session has expired",
     "se@flow",
     "session.refresh",
     {{"xse-re*", NULL, NULL},
      {"xse-bye", "488.000", "560.000"},
      {"xse-bye-200", "488.010", "560.010"},
      {"xse-bye*", "CSeq: 3", "CSeq: 2"}},
     NULL},
    {"a change tried again late: a user may stand behind it (RFC 3261 14.1)",
     "gl@flow",
     NULL,
     {{"xgl-again", "604.000", "609.000"},
      {"xgl-again-100", "604.010", "609.010"},
      {"xgl-again-ok", "604.500", "609.500"},
      {"xgl-again-ack", "604.510", "609.510"}},
     NULL},
    {"a NOTIFY that may have gone another way (RFC 3515 2.4.4)",
     "rf@flow",
     NULL,
     {{"xrf-notify*", NULL, NULL}},
     NULL},
    {"a 100 after half a second, a round trip included (RFC 3261 17.2.1)",
     "incoming@127.0.0.3",
     NULL,
     {{"in-100", "6.001", "6.501"},
      {"in-180", "6.010", "6.505"},
      {"in-200", "6.5", "6.8"},
      {"in-ack", "6.510", "6.810"}},
     NULL},
};

static void what_a_capture_proves_is_told_and_nothing_else(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof proofs / sizeof *proofs; i++) {
        struct foreign f = ask_part(proofs[i].edits, 8, proofs[i].call_id,
                                    (struct part){.how = {.again = proofs[i].again}});
        assert_tells(&f, proofs[i].rule, proofs[i].why);
        foreign_free(&f);
    }
}

/* The wire was not watched for as long as the RFC allows, or frames were lost. */
static void what_may_still_come_is_not_missed(void **state)
{
    static const struct edit without_ack = {"a2-ack", NULL, NULL};
    (void)state;
    struct foreign f =
        ask_part(&without_ack, 1, "call@127.0.0.2", (struct part){.how = {.again = "a2-200"}});
    f.recording.until_ns = 2 * OH_NS_PER_S + 100 * OH_NS_PER_MS;
    assert_tells(&f, NULL, "watched for 100 ms after the proof");
    f.recording.until_ns = 20000 * OH_NS_PER_S;
    assert_tells(&f, "ack2xx.missing", "watched on");
    f.recording.lost = 1;
    assert_tells(&f, NULL, "frames were lost");
    foreign_free(&f);
}

/* The first ACK may have been lost on its way, and the second be missing in the capture. */
static void a_2xx_that_comes_again_once_proves_no_missing_ack(void **state)
{
    static const struct edit without_ack = {"a2-ack", NULL, NULL};
    (void)state;
    struct foreign f = ask_part(&without_ack, 1, "call@127.0.0.2",
                                (struct part){.how = {.again = "a2-200", .once = true}});
    assert_tells(&f, NULL, "the 2xx came again once");
    foreign_free(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_healthy_calls_break_no_rule_one_by_one),
        cmocka_unit_test(no_part_of_a_healthy_call_breaks_a_rule),
        cmocka_unit_test(no_hole_in_a_healthy_call_breaks_a_rule),
        cmocka_unit_test(no_side_of_a_healthy_call_alone_breaks_a_rule),
        cmocka_unit_test(a_nat_breaks_no_rule),
        cmocka_unit_test(frames_that_are_seen_twice_break_no_rule),
        cmocka_unit_test(what_a_capture_proves_is_told_and_nothing_else),
        cmocka_unit_test(what_may_still_come_is_not_missed),
        cmocka_unit_test(a_2xx_that_comes_again_once_proves_no_missing_ack),
    };
    (void)ask;
    (void)said_free;
    return cmocka_run_group_tests(tests, find_calls, forget_calls);
}

/* The examples of an RFC as readable traces of our own: one file of a folder each, named after its
 * section, judged as captures of a stranger's, once for each phone in them.
 *
 * The head of a file says, a line each:
 *   # RFC 4475 3.1.2.3: what it shows
 *   # phone: mira 192.0.2.17                    a name and its addresses; one line for each phone
 *   # profile: rfc2543                          of the phones; else none
 *   # watched until: 60                         seconds; else until the last message
 *   # begins within: a call                     the capture begins in the middle of a call
 *   # one-sided: only what it sent              one direction is in the capture
 *   # expect: none                              or, for each finding:
 *   # expect: must syntax.length
 *   # expect: not found yet: why              no rule names this fault; counted
 *   # with account: must digest.response        besides, where the password is known
 *   # without profile: must via.branch-present  in their place, for a phone of no profile
 * The must findings must be these and no others; a should that is named must be among those found.
 */
#ifndef OH_TEST_EXAMPLES_H
#define OH_TEST_EXAMPLES_H

#include "judge/script.h"

#include "judge/rule.h"
#include "trace/calls.h"
#include "trace/run.h"

enum { MAX_PHONES = 4, MAX_ADDRESSES = 8, MAX_EXPECTED = 12 };

struct example {
    const char *file; /* name alone, borrowed */
    char *text;       /* the whole file */
    struct script script;
    struct oh_trace *trace; /* all its messages */
    char *phones[MAX_PHONES];
    size_t phone_count;
    char *profile;
    double watched_s;
    bool begins_within, one_sided;
};

static char *head_of(const char *text)
{
    const char *end = strstr(text, "\n# = ");
    assert_non_null(end);
    return oh_format("%.*s\n", (int)(end - text), text);
}

/* The n-th value of a key in the head; NULL: no more. The caller frees. */
static char *head_value(const struct example *x, const char *key, size_t n)
{
    char *head = head_of(x->text), *mark = oh_format("\n# %s: ", key), *value = NULL;
    for (const char *at = strstr(head, mark); at && !value; at = strstr(at + 1, mark)) {
        if (n-- > 0)
            continue;
        const char *from = at + strlen(mark);
        value = oh_format("%.*s", (int)strcspn(from, "\n"), from);
    }
    free(head);
    free(mark);
    return value;
}

static bool has_key(const struct example *x, const char *key)
{
    char *value = head_value(x, key, 0);
    free(value);
    return value != NULL;
}

static struct oh_trace *trace_of_script(const struct script *s, const char *file)
{
    struct oh_text text = {0};
    struct oh_error e = {0};
    struct oh_trace *t = oh_trace_new();
    for (size_t i = 0; i < s->count; i++)
        oh_text_add(&text, s->texts[i]);
    if (oh_trace_read_text(t, file, oh_text_span(&text), &e) < 0)
        fail_msg("%s: %s", file, e.text);
    oh_text_release(&text);
    return t;
}

/* A text of one message, and what stands in its place. */
struct change {
    const char *message, *find, *put;
};

static void change_script(struct script *s, const struct change *c)
{
    for (size_t i = 0; i < s->count; i++) {
        if (strcmp(s->names[i], c->message) == 0) {
            replace_first(&s->texts[i], c->find, c->put);
            return;
        }
    }
    fail_msg("no message is named %s", c->message);
}

/* `change`: NULL for the example as it is. */
static void example_read(struct example *x, const char *path, const struct change *change)
{
    struct oh_text text = {0};
    struct oh_error e = {0};
    *x = (struct example){.file = strrchr(path, '/') + 1};
    assert_int_equal(oh_file_read(path, 1 << 20, &text, &e), 0);
    x->text = oh_text_take(&text);
    script_read_file(&x->script, path);
    if (change)
        change_script(&x->script, change);
    compute_all(&x->script);
    for (size_t i = 0; i < x->script.count; i++)
        copy_credentials(&x->script, i);
    x->trace = trace_of_script(&x->script, x->file);
    while (x->phone_count < MAX_PHONES &&
           (x->phones[x->phone_count] = head_value(x, "phone", x->phone_count)))
        x->phone_count++;
    x->profile = head_value(x, "profile", 0);
    char *watched = head_value(x, "watched until", 0);
    x->watched_s = watched ? strtod(watched, NULL) : 0;
    free(watched);
    x->begins_within = has_key(x, "begins within");
    x->one_sided = has_key(x, "one-sided");
}

static void example_free(struct example *x)
{
    for (size_t i = 0; i < x->phone_count; i++)
        free(x->phones[i]);
    oh_trace_free(x->trace);
    script_free(&x->script);
    free(x->profile);
    free(x->text);
}

/* --- judging --- */

/* "mira 192.0.2.17 192.0.2.18": how many seats, all named "phone". */
static size_t seats_of(const char *phone, struct oh_seat_address seats[MAX_ADDRESSES])
{
    size_t count = 0;
    for (const char *at = strchr(phone, ' '); at && count < MAX_ADDRESSES;
         at = strchr(at + 1, ' ')) {
        struct oh_error e = {0};
        struct oh_span word = {at + 1, strcspn(at + 1, " ")};
        seats[count] = (struct oh_seat_address){.seat = "phone", .is_phone = true};
        assert_int_equal(oh_addr_parse(word, &seats[count++].sip, &e), 0);
    }
    assert_true(count > 0);
    return count;
}

static bool is_seats(const struct oh_addr *a, const struct oh_seat_address *seats, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (oh_addr_same_ip(a, &seats[i].sip))
            return true;
    }
    return false;
}

/* What this phone sent and got, as a capture without a run. */
static struct oh_recording *recording_of(const struct example *x, const char *phone)
{
    struct oh_seat_address seats[MAX_ADDRESSES];
    size_t count = seats_of(phone, seats);
    struct oh_recording *r = oh_alloc(sizeof *r);
    r->trace = oh_trace_new();
    for (size_t i = 0; i < x->trace->msg_count; i++) {
        const struct oh_trace_msg *m = &x->trace->msgs[i];
        if (!is_seats(&m->src, seats, count) && !is_seats(&m->dst, seats, count))
            continue;
        assert_non_null(oh_trace_add(r->trace, m->frame, m->time_ns, &m->src, &m->dst, m->transport,
                                     m->sip->bytes));
    }
    assert_true(r->trace->msg_count > 0);
    oh_trace_seats(r->trace, seats, count);
    oh_trace_link(r->trace);
    int64_t last_ns = r->trace->msgs[r->trace->msg_count - 1].time_ns;
    int64_t watched_ns = (int64_t)(x->watched_s * (double)OH_NS_PER_S);
    r->until_ns = watched_ns > last_ns ? watched_ns : last_ns;
    r->begins_within = x->begins_within;
    r->one_sided = x->one_sided;
    r->profile = x->profile;
    return r;
}

static struct oh_verdict *verdict_on(struct oh_recording *r)
{
    struct oh_verdict *v = oh_alloc(sizeof *v);
    v->recording = r;
    oh_rules_apply(v, r, false);
    return v;
}

/* --- what was expected --- */

struct expected {
    char *found[MAX_EXPECTED]; /* "must syntax.length" */
    size_t count, not_yet;
};

static void expect_all(struct expected *out, const struct example *x, const char *key)
{
    char *value;
    for (size_t n = 0; (value = head_value(x, key, n)) != NULL; n++) {
        assert_in_range(out->count, 0, MAX_EXPECTED - 1);
        if (strncmp(value, "must ", 5) == 0 || strncmp(value, "should ", 7) == 0) {
            out->found[out->count++] = value;
            continue;
        }
        if (strncmp(value, "not found yet", 13) == 0)
            out->not_yet++;
        else if (strncmp(value, "none", 4) != 0)
            fail_msg("%s: what is expected is none, must or should: %s", x->file, value);
        free(value);
    }
}

static void expected_free(struct expected *e)
{
    for (size_t i = 0; i < e->count; i++)
        free(e->found[i]);
}

static bool take_expected(struct expected *e, const char *level, const char *id)
{
    char *name = oh_format("%s %s", level, id);
    bool hit = false;
    for (size_t i = 0; i < e->count && !hit; i++) {
        if (strcmp(e->found[i], name) != 0)
            continue;
        free(e->found[i]);
        e->found[i] = e->found[--e->count];
        hit = true;
    }
    free(name);
    return hit;
}

/* Takes what was found from what was expected; how many musts were not. */
static size_t hold(struct expected *e, const struct oh_verdict *v, const char *file)
{
    size_t wrong = 0;
    for (size_t i = 0; i < v->finding_count; i++) {
        const struct oh_finding *f = &v->findings[i];
        bool is_must = f->level == OH_LEVEL_MUST;
        if (take_expected(e, is_must ? "must" : "should", f->id) || !is_must)
            continue;
        print_error("%s: %s at frame %u: %s (expected %s, observed %s)\n", file, f->id,
                    f->frames[0], f->text, f->expected ? f->expected : "-",
                    f->observed ? f->observed : "-");
        wrong++;
    }
    return wrong;
}

/* Judges an example for each of its phones. Returns how much differs from what is expected. */
static size_t example_judge(const struct example *x, const struct oh_run_secret *secret,
                            bool by_profile)
{
    struct expected e = {0};
    size_t wrong = 0;
    bool other = !by_profile && x->profile;
    expect_all(&e, x, other ? "without profile" : "expect");
    if (secret)
        expect_all(&e, x, "with account");
    assert_true(x->phone_count > 0);
    for (size_t i = 0; i < x->phone_count; i++) {
        struct oh_recording *r = recording_of(x, x->phones[i]);
        r->secrets = secret;
        r->secret_count = secret ? 1 : 0;
        r->profile = by_profile ? x->profile : NULL;
        struct oh_verdict *v = verdict_on(r);
        wrong += hold(&e, v, x->file);
        oh_verdict_free(v);
        oh_recording_free(r);
    }
    for (size_t i = 0; i < e.count; i++)
        print_error("%s: not found: %s\n", x->file, e.found[i]);
    wrong += e.count;
    expected_free(&e);
    return wrong;
}

/* --- as a capture of all, cut into calls --- */

struct cutting {
    struct expected expected;
    const char *file, *profile;
    const struct oh_run_secret *secret;
    size_t wrong, calls;
};

static void judge_call(const struct oh_call *call, void *arg)
{
    struct cutting *c = (struct cutting *)arg;
    struct oh_recording r = {.trace = call->trace,
                             .lost = call->lost,
                             .until_ns = call->until_ns,
                             .begins_within = call->begins_within,
                             .one_sided = call->one_sided,
                             .secrets = c->secret,
                             .secret_count = c->secret ? 1 : 0,
                             .profile = c->profile};
    struct oh_verdict *v = verdict_on(&r);
    c->wrong += hold(&c->expected, v, c->file);
    c->calls++;
    oh_verdict_free(v);
}

/* Packets of voice as they were, but for what is said in them, from the n-th until a time. */
static size_t hand_voice(struct oh_calls *calls, const struct oh_trace *t, size_t n,
                         int64_t until_ns)
{
    for (; n < t->rtp_count && t->rtp[n].time_ns < until_ns; n++) {
        const struct oh_trace_rtp *r = &t->rtp[n];
        char bytes[1500] = {'\x80', (char)(r->payload_type | (r->marker ? 0x80 : 0))};
        const uint32_t fields[] = {r->sequence, r->timestamp, r->ssrc};
        for (size_t i = 0; i < 10; i++) /* 2 and twice 4 bytes behind the first two */
            bytes[2 + i] = (char)(i < 2 ? fields[0] >> (8 * (1 - i))
                                        : fields[1 + (i - 2) / 4] >> (8 * (3 - (i - 2) % 4)));
        struct oh_span packet = {bytes, 12 + (size_t)r->payload_len};
        oh_calls_datagram(calls, r->frame, r->time_ns, &r->src, &r->dst, packet);
    }
    return n;
}

/* Judges each user agent that the capture shows, whatever phones the head names. */
static size_t example_cut(const struct example *x, const struct oh_run_secret *secret)
{
    struct cutting c = {.file = x->file, .profile = x->profile, .secret = secret};
    struct oh_calls_limits limits = {0};
    struct oh_endpoints *endpoints = oh_endpoints_new();
    struct oh_calls *calls = oh_calls_new(&limits, endpoints, judge_call, &c);
    size_t voice = 0;
    expect_all(&c.expected, x, "expect");
    if (secret)
        expect_all(&c.expected, x, "with account");
    for (size_t i = 0; i < x->trace->msg_count; i++) {
        const struct oh_trace_msg *m = &x->trace->msgs[i];
        voice = hand_voice(calls, x->trace, voice, m->time_ns);
        assert_true(oh_calls_message(calls, m->frame, m->time_ns, &m->src, &m->dst, m->transport,
                                     m->sip->bytes));
    }
    hand_voice(calls, x->trace, voice, INT64_MAX);
    oh_calls_end(calls);
    for (size_t i = 0; i < c.expected.count; i++)
        print_error("%s: not found in its calls: %s\n", x->file, c.expected.found[i]);
    if (c.calls == 0 && !x->one_sided)
        print_error("%s: no user agent was seen\n", x->file);
    size_t wrong = c.wrong + c.expected.count + (c.calls == 0 && !x->one_sided);
    expected_free(&c.expected);
    oh_calls_free(calls);
    oh_endpoints_free(endpoints);
    return wrong;
}

/* --- a folder of them --- */

/* All whose names begin so. Returns how much differs from what is expected; judged for each phone
 * of the head (`by_profile`: as its profile has it), and as a capture that is cut into calls. */
static size_t judge_folder(const char *folder, const char *prefix,
                           const struct oh_run_secret *secret, bool by_profile)
{
    struct oh_error e = {0};
    char **files = oh_file_list(folder, ".txt", &e);
    size_t wrong = 0;
    assert_non_null(files);
    for (size_t i = 0; files[i]; i++) {
        struct example x;
        if (strncmp(strrchr(files[i], '/') + 1, prefix, strlen(prefix)) != 0)
            continue;
        example_read(&x, files[i], NULL);
        wrong += example_judge(&x, secret, by_profile);
        wrong += by_profile ? example_cut(&x, secret) : 0;
        example_free(&x);
    }
    oh_file_list_free(files);
    return wrong;
}

/* Is this among the must findings on an example that was changed? */
static bool is_told(const char *path, const struct change *change, const char *rule)
{
    struct example x;
    bool hit = false;
    example_read(&x, path, change);
    for (size_t i = 0; i < x.phone_count; i++) {
        struct oh_recording *r = recording_of(&x, x.phones[i]);
        struct oh_verdict *v = verdict_on(r);
        for (size_t k = 0; k < v->finding_count; k++)
            hit |= strcmp(v->findings[k].id, rule) == 0 && v->findings[k].level == OH_LEVEL_MUST;
        oh_verdict_free(v);
        oh_recording_free(r);
    }
    example_free(&x);
    return hit;
}

#endif

/* Session descriptions: what each must have (RFC 4566 5), and how an answer or a new offer follows
 * what went before (RFC 3264 6, 8). Read line by line: what cannot be read is passed over. */
#include "judge/rule_help.h"
#include "judge/sdp_help.h"

#include <stdlib.h>
#include <string.h>

enum { MEDIA_MAX = 16 };

/* --- reading --- */

/* A stretch of a description: from one m= line to the next, or the session's before the first. */
struct part {
    struct oh_span media; /* behind "m="; absent: the session's part */
    struct oh_span rest;  /* the lines below it */
    struct oh_span kind, port, protocol, formats;
};

struct description {
    struct oh_span body;
    struct part session;
    struct part media[MEDIA_MAX];
    size_t count; /* of all m= lines; those beyond MEDIA_MAX are not kept */
};

static void read_media(struct oh_span line, struct part *p)
{
    struct oh_span rest = oh_span_sub(line, 2, line.len);
    p->media = rest;
    if (oh_help_next_word(&rest, &p->kind) && oh_help_next_word(&rest, &p->port) &&
        oh_help_next_word(&rest, &p->protocol))
        p->formats = oh_span_trim(rest);
}

static void read_description(const struct oh_sip_msg *m, struct description *d)
{
    struct oh_span rest = m->body;
    struct part *now = &d->session;
    *d = (struct description){.body = m->body};
    now->rest = rest;
    while (rest.len > 0) {
        struct oh_span before = rest, line = oh_help_next_line(&rest);
        if (!oh_span_starts_with(line, "m="))
            continue;
        now->rest.len = (size_t)(before.at - now->rest.at);
        now = d->count < MEDIA_MAX ? &d->media[d->count] : &(struct part){0};
        d->count++;
        read_media(line, now);
        now->rest = rest;
    }
}

/* The first line of a part that begins so, without that; absent where there is none. */
static struct oh_span line_of(const struct part *p, const char *begins)
{
    struct oh_span rest = p->rest;
    while (rest.len > 0) {
        struct oh_span line = oh_help_next_line(&rest);
        if (oh_span_starts_with(line, begins))
            return oh_span_sub(line, strlen(begins), line.len);
    }
    return (struct oh_span){0};
}

static bool is_refused(const struct part *p)
{
    return oh_span_is(p->port, "0");
}

/* --- which description it answers --- */

/* The offer that this message answers: the INVITE of a 2xx, or the 2xx that an ACK acknowledges
 * where the INVITE had none. RFC 3261 13.2.1 */
static const struct oh_trace_msg *offer_of(const struct oh_rule_view *v,
                                           const struct oh_trace_msg *m)
{
    const struct oh_trace_msg *invite = oh_rule_msg(v, m->request), *offer = invite;
    if (!invite || !oh_help_is_request(invite, "INVITE") || !oh_help_has_sdp(m->sip))
        return NULL;
    if (oh_help_is_request(m, "ACK")) {
        offer = oh_help_has_sdp(invite->sip) ? NULL : oh_rule_msg(v, m->answered);
        if (offer && offer->sip->status / 100 != 2)
            offer = NULL;
    } else if (m->sip->is_request || m->sip->status / 100 != 2) {
        offer = NULL;
    }
    return offer && oh_help_has_sdp(offer->sip) ? offer : NULL;
}

static const struct oh_trace_msg *both(const struct oh_rule_view *v, const struct oh_trace_msg *m,
                                       struct description *offer, struct description *answer)
{
    const struct oh_trace_msg *asked = oh_help_originates(v, m) ? offer_of(v, m) : NULL;
    if (asked) {
        read_description(asked->sip, offer);
        read_description(m->sip, answer);
    }
    return asked;
}

/* --- every description --- */

static void check_lines(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    static const char *const needed[] = {"v=", "o=", "s=", "t="};
    struct description d;
    if (!oh_help_has_sdp(m->sip) || !oh_help_originates(v, m))
        return;
    read_description(m->sip, &d);
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++) {
        if (line_of(&d.session, needed[i]).at)
            continue;
        oh_say_broken(v, m,
                      &(struct oh_say){.field = "body",
                                       .bytes = m->sip->body,
                                       .expected = oh_span_of(needed[i]),
                                       .observed = oh_span_of("no such line before the first m="),
                                       .text = "A session description must have the lines v=, o=, "
                                               "s= and t=."});
        return;
    }
}

static void check_connection(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    struct description d;
    if (!oh_help_has_sdp(m->sip) || !oh_help_originates(v, m))
        return;
    read_description(m->sip, &d);
    for (size_t i = 0; i < d.count && i < MEDIA_MAX && !line_of(&d.session, "c=").at; i++) {
        if (line_of(&d.media[i], "c=").at)
            continue;
        oh_say_broken(v, m,
                      &(struct oh_say){.field = "body",
                                       .bytes = d.media[i].media,
                                       .expected = oh_span_of("a c= line"),
                                       .observed = oh_span_of("none, neither here nor before the "
                                                              "first m="),
                                       .text = "A session description must have a c= line, for the "
                                               "session or for each of its media."});
        return;
    }
}

/* --- answers --- */

static void check_media_count(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    struct description offer, answer;
    const struct oh_trace_msg *asked = both(v, m, &offer, &answer);
    if (!asked || offer.count == answer.count)
        return;
    char *expected = oh_format("%zu m= lines", offer.count);
    char *observed = oh_format("%zu", answer.count);
    struct oh_breach breach = {.field = "body",
                               .bytes = m->sip->body,
                               .expected = expected,
                               .observed = observed,
                               .text = "An answer must have exactly as many m= lines as the offer.",
                               .also = {asked}};
    oh_rule_broken(v, m, &breach);
    free(expected);
    free(observed);
}

/* What "a=rtpmap:" or "a=fmtp:" says of a payload type; absent where there is no such line. */
static struct oh_span attribute(const struct part *p, const char *begins, struct oh_span format)
{
    struct oh_span rest = p->rest;
    while (rest.len > 0) {
        struct oh_span line = oh_help_next_line(&rest), number;
        if (!oh_span_starts_with(line, begins))
            continue;
        line = oh_span_sub(line, strlen(begins), line.len);
        if (oh_help_next_word(&line, &number) && oh_span_equal(number, format))
            return line;
    }
    return (struct oh_span){0};
}

/* Encoding name and clock of a payload type; absent where it has none. */
static struct oh_span encoding(const struct part *p, struct oh_span format)
{
    struct oh_span line = attribute(p, "a=rtpmap:", format), name;
    return oh_help_next_word(&line, &name) ? name : (struct oh_span){0};
}

/* What a number means without an rtpmap. RFC 3551 6 */
static struct oh_span static_encoding(struct oh_span format)
{
    static const struct {
        const char *number, *encoding;
    } table[] = {{"0", "PCMU/8000"},  {"3", "GSM/8000"},    {"4", "G723/8000"},
                 {"5", "DVI4/8000"},  {"6", "DVI4/16000"},  {"7", "LPC/8000"},
                 {"8", "PCMA/8000"},  {"9", "G722/8000"},   {"10", "L16/44100/2"},
                 {"11", "L16/44100"}, {"12", "QCELP/8000"}, {"13", "CN/8000"},
                 {"15", "G728/8000"}, {"18", "G729/8000"},  {"31", "H261/90000"},
                 {"34", "H263/90000"}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (oh_span_is(format, table[i].number))
            return oh_span_of(table[i].encoding);
    }
    return (struct oh_span){0};
}

/* One channel may be said or left out. RFC 4566 6 */
static struct oh_span without_one_channel(struct oh_span encoding)
{
    bool one = encoding.len > 2 && memcmp(encoding.at + encoding.len - 2, "/1", 2) == 0;
    size_t slashes = 0;
    for (size_t i = 0; i < encoding.len; i++)
        slashes += encoding.at[i] == '/';
    return one && slashes == 2 ? oh_span_sub(encoding, 0, encoding.len - 2) : encoding;
}

/* By encoding where both sides tell it, else by number or by what that means. */
static bool is_same_format(const struct part *a, struct oh_span x, const struct part *b,
                           struct oh_span y)
{
    struct oh_span p = encoding(a, x), q = encoding(b, y);
    if (!(p.at && q.at) && oh_help_same_token(x, y))
        return true;
    p = without_one_channel(p.at ? p : static_encoding(x));
    q = without_one_channel(q.at ? q : static_encoding(y));
    return p.at && q.at && oh_help_same_token(p, q);
}

static bool has_common_format(const struct part *offer, const struct part *answer)
{
    struct oh_span x, y, left = answer->formats;
    while (oh_help_next_word(&left, &x)) {
        struct oh_span right = offer->formats;
        while (oh_help_next_word(&right, &y)) {
            if (is_same_format(answer, x, offer, y))
                return true;
        }
    }
    return false;
}

static void check_formats(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    struct description offer, answer;
    const struct oh_trace_msg *asked = both(v, m, &offer, &answer);
    if (!asked || offer.count != answer.count)
        return;
    for (size_t i = 0; i < offer.count && i < MEDIA_MAX; i++) {
        const struct part *o = &offer.media[i], *a = &answer.media[i];
        if (is_refused(a) || !o->formats.len || !a->formats.len || has_common_format(o, a))
            continue;
        oh_say_broken(v, m,
                      &(struct oh_say){.field = "body",
                                       .bytes = a->formats,
                                       .expected = o->formats,
                                       .observed = a->formats,
                                       .text = "An accepted stream must have a format of those "
                                               "offered; with none in common its port is 0.",
                                       .also = asked});
        return;
    }
}

/* RFC 3551 6: 96 to 127 have a meaning only by rtpmap. */
static bool is_dynamic(struct oh_span format)
{
    uint64_t number;
    return oh_span_to_u64(format, &number) && number >= 96 && number <= 127;
}

static void check_dynamic(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    struct description offer, answer;
    const struct oh_trace_msg *asked = both(v, m, &offer, &answer);
    for (size_t i = 0; asked && i < answer.count && i < MEDIA_MAX; i++) {
        const struct part *p = &answer.media[i];
        struct oh_span left = p->formats, format;
        if (is_refused(p) || !oh_span_starts_with(p->protocol, "RTP/"))
            continue;
        while (oh_help_next_word(&left, &format)) {
            if (!is_dynamic(format) || attribute(p, "a=rtpmap:", format).at)
                continue;
            oh_say_broken(v, m,
                          &(struct oh_say){.field = "body",
                                           .bytes = format,
                                           .expected = oh_span_of("an a=rtpmap line for it"),
                                           .observed = format,
                                           .text = "An answer must have an rtpmap attribute for "
                                                   "each dynamic payload type.",
                                           .also = asked});
            return;
        }
    }
}

/* --- telephone events --- */

/* 2.5.2.1 says must; but the events are registered as optional (2.4, 7.1.1), and where there are
 * none 0-15 are meant. */
static void check_events(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    struct description d;
    if (!oh_help_has_sdp(m->sip) || !oh_help_originates(v, m))
        return;
    read_description(m->sip, &d);
    for (size_t i = 0; i < d.count && i < MEDIA_MAX; i++) {
        struct oh_span left = d.media[i].formats, format, wanted = oh_span_of("telephone-event");
        while (!is_refused(&d.media[i]) && oh_help_next_word(&left, &format)) {
            struct oh_span name = oh_span_sub(encoding(&d.media[i], format), 0, wanted.len);
            if (!oh_span_equal_nocase(name, wanted) || attribute(&d.media[i], "a=fmtp:", format).at)
                continue;
            oh_say_broken(v, m,
                          &(struct oh_say){.field = "body",
                                           .bytes = name,
                                           .expected = oh_span_of("an a=fmtp line for it"),
                                           .observed = format,
                                           .text = "A description with telephone-event should say "
                                                   "in an fmtp attribute which events."});
            return;
        }
    }
}

static void check_time(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    struct description offer, answer;
    struct oh_span a, b, left, right;
    const struct oh_trace_msg *asked = both(v, m, &offer, &answer);
    if (!asked)
        return;
    left = line_of(&offer.session, "t=");
    right = line_of(&answer.session, "t=");
    if (!left.at || !right.at)
        return;
    struct oh_say say = {.field = "body",
                         .bytes = right,
                         .expected = left,
                         .observed = right,
                         .text = "The t= line of an answer must equal that of the offer.",
                         .also = asked};
    bool more = true, same = true;
    while (more && same) {
        more = oh_help_next_word(&left, &a);
        same = oh_help_next_word(&right, &b) == more && oh_span_equal(a, b);
    }
    if (!same)
        oh_say_broken(v, m, &say);
}

/* --- directions --- */

static struct oh_span direction(const struct description *d, const struct part *p)
{
    static const char *const words[] = {"sendrecv", "sendonly", "recvonly", "inactive"};
    const struct part *parts[] = {p, &d->session};
    for (size_t k = 0; k < 2; k++) {
        struct oh_span rest = parts[k]->rest;
        while (rest.len > 0) {
            struct oh_span line = oh_help_next_line(&rest);
            for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
                if (oh_span_starts_with(line, "a=") &&
                    oh_span_is(oh_span_sub(line, 2, line.len), words[i]))
                    return oh_span_sub(line, 2, line.len);
            }
        }
    }
    return oh_span_of("sendrecv");
}

/* 6.2: a multicast stream is the same for all. */
static bool is_multicast(const struct description *d, const struct part *p)
{
    struct oh_span c = line_of(p, "c=").at ? line_of(p, "c=") : line_of(&d->session, "c="), word;
    if (!oh_help_next_word(&c, &word) || !oh_help_next_word(&c, &word) ||
        !oh_help_next_word(&c, &word))
        return false;
    uint64_t first = 0;
    (void)oh_span_to_u64(oh_span_sub(word, 0, oh_span_find(word, '.')), &first);
    return (first >= 224 && first <= 239) || oh_span_starts_with(word, "FF") ||
           oh_span_starts_with(word, "ff");
}

static void check_direction(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    static const struct {
        const char *offered, *answered, * or, *expected;
    } table[] = {{"sendonly", "recvonly", "inactive", "recvonly or inactive"},
                 {"recvonly", "sendonly", "inactive", "sendonly or inactive"},
                 {"inactive", "inactive", "inactive", "inactive"}};
    struct description offer, answer;
    const struct oh_trace_msg *asked = both(v, m, &offer, &answer);
    for (size_t i = 0; asked && i < offer.count && i < answer.count && i < MEDIA_MAX; i++) {
        struct oh_span o = direction(&offer, &offer.media[i]);
        struct oh_span a = direction(&answer, &answer.media[i]);
        if (is_refused(&answer.media[i]) || is_refused(&offer.media[i]) ||
            is_multicast(&offer, &offer.media[i]))
            continue;
        for (size_t k = 0; k < sizeof table / sizeof *table; k++) {
            if (!oh_span_is(o, table[k].offered) || oh_span_is(a, table[k].answered) ||
                oh_span_is(a, table[k].or))
                continue;
            oh_say_broken(v, m,
                          &(struct oh_say){.field = "body",
                                           .bytes = answer.media[i].media,
                                           .expected = oh_span_of(table[k].expected),
                                           .observed = a,
                                           .text = "An answer must mirror the direction that is "
                                                   "offered.",
                                           .also = asked});
            return;
        }
    }
}

/* --- new offers --- */

/* o= without its version, and the version. */
static bool read_origin(const struct description *d, struct oh_span words[6])
{
    struct oh_span line = line_of(&d->session, "o=");
    for (int i = 0; i < 6; i++) {
        if (!oh_help_next_word(&line, &words[i]))
            return false;
    }
    return true;
}

/* Is it a description that the session rests on? One that was refused has changed nothing (RFC 3261
 * 14.1), one in a refusal tells of abilities only (21.4.26). */
static bool is_in_force(const struct oh_rule_view *v, const struct oh_trace_msg *r)
{
    const struct oh_trace_msg *final = r->sip->is_request ? oh_rule_msg(v, r->final) : r;
    return !final || final->sip->status < 300;
}

/* The sender's latest description in this dialog before `before`, an index; not one in a refusal.
 */
static const struct oh_trace_msg *previous(const struct oh_rule_view *v,
                                           const struct oh_trace_msg *m, int before)
{
    for (int i = before - 1; i >= 0 && i > m->index - OH_HELP_REACH; i--) {
        const struct oh_trace_msg *r = oh_rule_msg(v, i);
        struct oh_span own = oh_help_tag(r->sip, r->sip->is_request ? OH_SIP_FROM : OH_SIP_TO);
        if (oh_help_has_sdp(r->sip) && oh_help_is_first(r) && oh_help_same_call(r->sip, m->sip) &&
            oh_help_same_token(own, oh_help_tag(m->sip, OH_SIP_FROM)) &&
            oh_help_same_end(r, true, m, true) && (r->sip->is_request || is_in_force(v, r)))
            return r;
    }
    return NULL;
}

/* The number after it, as decimal digits of any length. */
static bool is_next(struct oh_span before, struct oh_span now)
{
    char *text = oh_span_dup(before), *end;
    unsigned long long number = strtoull(text, &end, 10);
    bool readable = *text && !*end && before.len < 19;
    char *next = oh_format("%llu", number + 1);
    bool result = !readable || oh_span_is(now, next);
    free(next);
    free(text);
    return result;
}

/* Is the version of `m` right if `last` was the description before it? */
static bool follows(const struct oh_rule_view *v, const struct oh_trace_msg *m,
                    const struct oh_trace_msg *last)
{
    struct description before, now;
    struct oh_span x[6], y[6];
    if (oh_span_equal(last->sip->body, m->sip->body))
        return true;
    read_description(last->sip, &before);
    read_description(m->sip, &now);
    if (!read_origin(&before, x) || !read_origin(&now, y))
        return true;
    return !oh_span_equal(x[2], y[2]) && (!oh_rule_run(v) || is_next(x[2], y[2]));
}

/* The version rises by one with each new description. What it was before is only sure where nothing
 * is missing: in a run. After offers that were refused it may count from the last one in force as
 * well. RFC 3264 8 */
static void check_version(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    struct description now;
    struct oh_span words[6];
    if (!oh_help_tag(m->sip, OH_SIP_TO).at || !oh_help_has_sdp(m->sip) ||
        !oh_help_originates(v, m) || oh_rule_evidence_lost(v))
        return;
    const struct oh_trace_msg *last = previous(v, m, m->index), *one = last;
    while (one && !follows(v, m, one))
        one = is_in_force(v, one) ? NULL : previous(v, m, one->index);
    if (!last || one)
        return;
    read_description(m->sip, &now);
    (void)read_origin(&now, words);
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "body",
                                   .bytes = words[2],
                                   .expected = oh_span_of("one more than before"),
                                   .observed = words[2],
                                   .text = "A new offer that changes the session must have a "
                                           "version in o= that is one higher.",
                                   .also = last});
}

#define SDP(id, clause, on, method, meaning, check)                                                \
    {                                                                                              \
        id, OH_LEVEL_MUST, clause, on, method, meaning, check                                      \
    }

static const struct oh_rule rules[] = {
    SDP("sdp.lines", "RFC 4566 5", OH_ON_ANY, NULL,
        "A session description has the lines v=, o=, s= and t=.", check_lines),
    SDP("sdp.connection", "RFC 4566 5.7", OH_ON_ANY, NULL,
        "A session description has a c= line for the session or for each media.", check_connection),
    SDP("sdp.media-count", "RFC 3264 6", OH_ON_ANY, NULL,
        "An answer has as many m= lines as its offer.", check_media_count),
    SDP("sdp.formats", "RFC 3264 6.1", OH_ON_ANY, NULL,
        "An accepted stream of an answer has a format that was offered.", check_formats),
    SDP("sdp.time", "RFC 3264 6", OH_ON_ANY, NULL, "The t= line of an answer is that of its offer.",
        check_time),
    SDP("sdp.dynamic", "RFC 3264 6.1", OH_ON_ANY, NULL,
        "An answer has an rtpmap for each dynamic payload type.", check_dynamic),
    {"sdp.events", OH_LEVEL_SHOULD, "RFC 4733 2.5.2.1", OH_ON_ANY, NULL,
     "A description with telephone-event has an fmtp with the events.", check_events},
    SDP("sdp.direction", "RFC 3264 6.1", OH_ON_ANY, NULL,
        "The direction in an answer mirrors that of the offer.", check_direction),
    SDP("sdp.version", "RFC 3264 8", OH_ON_REQUEST, "INVITE",
        "The version in o= of a new offer is one higher than before.", check_version),
};

const struct oh_rule_family oh_rules_sdp = {"sdp", rules, sizeof rules / sizeof *rules};

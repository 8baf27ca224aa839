/* Session descriptions: what each must have (RFC 4566 5), and how an answer follows its offer
 * (RFC 3264 6). Read line by line: what cannot be read is passed over. */
#include "judge/rule_help.h"
#include "judge/sdp_help.h"

#include <stdlib.h>
#include <string.h>

static bool is_refused(const struct oh_help_part *p)
{
    return oh_span_is(p->port, "0");
}

/* The offer that this message answers, both read; NULL: it is no answer. */
static const struct oh_trace_msg *both(const struct oh_rule_view *v, const struct oh_trace_msg *m,
                                       const struct oh_help_description **offer,
                                       const struct oh_help_description **answer)
{
    const struct oh_trace_msg *asked = oh_help_originates(v, m) ? oh_help_offer_of(v, m) : NULL;
    if (asked) {
        *offer = oh_help_description_of(v, asked->sip);
        *answer = oh_help_description_of(v, m->sip);
    }
    return asked;
}

/* --- every description --- */

static void check_lines(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    static const char *const needed[] = {"v=", "o=", "s=", "t="};
    const struct oh_help_description *d;
    if (!oh_help_has_sdp(m->sip) || !oh_help_originates(v, m))
        return;
    d = oh_help_description_of(v, m->sip);
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++) {
        if (oh_help_line_of(&d->session, needed[i]).at)
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
    const struct oh_help_description *d;
    if (!oh_help_has_sdp(m->sip) || !oh_help_originates(v, m))
        return;
    d = oh_help_description_of(v, m->sip);
    for (size_t i = 0;
         i < d->count && i < OH_HELP_MEDIA_MAX && !oh_help_line_of(&d->session, "c=").at; i++) {
        if (oh_help_line_of(&d->media[i], "c=").at)
            continue;
        oh_say_broken(v, m,
                      &(struct oh_say){.field = "body",
                                       .bytes = d->media[i].media,
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
    const struct oh_help_description *offer, *answer;
    const struct oh_trace_msg *asked = both(v, m, &offer, &answer);
    if (!asked || offer->count == answer->count)
        return;
    char *expected = oh_format("%zu m= lines", offer->count);
    char *observed = oh_format("%zu", answer->count);
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

/* A stream of a description, and what it says of its payload types. */
struct stream {
    const struct oh_help_part *part;
    const struct oh_help_types *types;
};

/* By encoding where both sides tell it, else by number or by what that means. */
static bool is_same_format(const struct stream *a, struct oh_span x, const struct stream *b,
                           struct oh_span y)
{
    uint64_t i = 0, k = 0;
    bool types = oh_help_is_type(x, &i) && oh_help_is_type(y, &k);
    bool told = types && a->types->mapped[i].at && b->types->mapped[k].at;
    if (!told && oh_help_same_token(x, y))
        return true;
    if (!types)
        return false;
    struct oh_span p = oh_help_encoding(oh_help_encoding_of(a->types, i));
    struct oh_span q = oh_help_encoding(oh_help_encoding_of(b->types, k));
    return p.at && q.at && oh_help_same_token(p, q);
}

/* Of the first OH_HELP_FORMATS_MAX formats; where there are more, that is taken for yes. */
static bool has_common_format(const struct oh_rule_view *v, const struct oh_help_part *offer,
                              const struct oh_help_part *answer)
{
    struct stream o = {offer, oh_help_types_of(v, offer)};
    struct stream a = {answer, oh_help_types_of(v, answer)};
    struct oh_span x, y, left = answer->formats;
    for (size_t i = 0; oh_help_next_word(&left, &x); i++) {
        struct oh_span right = offer->formats;
        for (size_t k = 0; oh_help_next_word(&right, &y); k++) {
            if (i >= OH_HELP_FORMATS_MAX || k >= OH_HELP_FORMATS_MAX ||
                is_same_format(&a, x, &o, y))
                return true;
        }
    }
    return false;
}

static void check_formats(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    const struct oh_help_description *offer, *answer;
    const struct oh_trace_msg *asked = both(v, m, &offer, &answer);
    if (!asked || offer->count != answer->count)
        return;
    for (size_t i = 0; i < offer->count && i < OH_HELP_MEDIA_MAX; i++) {
        const struct oh_help_part *o = &offer->media[i], *a = &answer->media[i];
        if (is_refused(a) || !o->formats.len || !a->formats.len || has_common_format(v, o, a))
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

static void check_dynamic(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    const struct oh_help_description *offer, *answer;
    const struct oh_trace_msg *asked = both(v, m, &offer, &answer);
    for (size_t i = 0; asked && i < answer->count && i < OH_HELP_MEDIA_MAX; i++) {
        const struct oh_help_part *p = &answer->media[i];
        struct oh_span left = p->formats, format;
        const struct oh_help_types *types;
        uint64_t type;
        if (is_refused(p) || !oh_help_is_rtp(p))
            continue;
        types = oh_help_types_of(v, p);
        while (oh_help_next_word(&left, &format)) {
            /* RFC 3551 6: 96 to 127 have a meaning only by rtpmap. */
            if (!oh_help_is_type(format, &type) || type < 96 || types->mapped[type].at)
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
    const struct oh_help_description *d;
    if (!oh_help_has_sdp(m->sip) || !oh_help_originates(v, m))
        return;
    d = oh_help_description_of(v, m->sip);
    for (size_t i = 0; i < d->count && i < OH_HELP_MEDIA_MAX; i++) {
        struct oh_span left = d->media[i].formats, format;
        const struct oh_help_types *types = oh_help_types_of(v, &d->media[i]);
        uint64_t type;
        while (!is_refused(&d->media[i]) && oh_help_next_word(&left, &format)) {
            if (!oh_help_is_type(format, &type) || !oh_help_is_event(types->mapped[type]) ||
                types->fmtp[type].at)
                continue;
            oh_say_broken(v, m,
                          &(struct oh_say){.field = "body",
                                           .bytes = format,
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
    const struct oh_help_description *offer, *answer;
    struct oh_span a, b, left, right;
    const struct oh_trace_msg *asked = both(v, m, &offer, &answer);
    if (!asked)
        return;
    left = oh_help_line_of(&offer->session, "t=");
    right = oh_help_line_of(&answer->session, "t=");
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

static struct oh_span direction(const struct oh_help_description *d, const struct oh_help_part *p)
{
    static const char *const words[] = {"sendrecv", "sendonly", "recvonly", "inactive"};
    const struct oh_help_part *parts[] = {p, &d->session};
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
static bool is_multicast(const struct oh_help_description *d, const struct oh_help_part *p)
{
    struct oh_span c = oh_help_line_of(p, "c=").at ? oh_help_line_of(p, "c=")
                                                   : oh_help_line_of(&d->session, "c="),
                   word;
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
    const struct oh_help_description *offer, *answer;
    const struct oh_trace_msg *asked = both(v, m, &offer, &answer);
    for (size_t i = 0; asked && i < offer->count && i < answer->count && i < OH_HELP_MEDIA_MAX;
         i++) {
        struct oh_span o = direction(offer, &offer->media[i]);
        struct oh_span a = direction(answer, &answer->media[i]);
        if (is_refused(&answer->media[i]) || is_refused(&offer->media[i]) ||
            is_multicast(offer, &offer->media[i]))
            continue;
        for (size_t k = 0; k < sizeof table / sizeof *table; k++) {
            if (!oh_span_is(o, table[k].offered) || oh_span_is(a, table[k].answered) ||
                oh_span_is(a, table[k].or))
                continue;
            oh_say_broken(v, m,
                          &(struct oh_say){.field = "body",
                                           .bytes = answer->media[i].media,
                                           .expected = oh_span_of(table[k].expected),
                                           .observed = a,
                                           .text = "An answer must mirror the direction that is "
                                                   "offered.",
                                           .also = asked});
            return;
        }
    }
}

#define SDP(id, level, clause, meaning, covers, check)                                             \
    {                                                                                              \
        id, OH_LEVEL_##level, clause, OH_ON_ANY | OH_WITH_SDP, NULL, meaning, covers, check        \
    }

static const struct oh_rule rules[] = {
    SDP("sdp.lines", MUST, "RFC 4566 5", "A session description has the lines v=, o=, s= and t=.",
        "sdp.order sdp.v", check_lines),
    SDP("sdp.connection", MUST, "RFC 4566 5.7",
        "A session description has a c= line for the session or for each media.", "sdp.c-present",
        check_connection),
    SDP("sdp.media-count", MUST, "RFC 3264 6", "An answer has as many m= lines as its offer.",
        "oa.m-count", check_media_count),
    SDP("sdp.formats", MUST, "RFC 3264 6.1",
        "An accepted stream of an answer has a format that was offered.",
        "oa.codec-subset oa.reject-port0", check_formats),
    SDP("sdp.time", MUST, "RFC 3264 6", "The t= line of an answer is that of its offer.",
        "sdp.t-equal", check_time),
    SDP("sdp.dynamic", MUST, "RFC 3264 6.1",
        "An answer has an rtpmap for each dynamic payload type.", "sdp.rtpmap-dynamic",
        check_dynamic),
    SDP("sdp.events", SHOULD, "RFC 4733 2.5.2.1",
        "A description with telephone-event has an fmtp with the events.",
        "sdp.telephone-event-listed", check_events),
    SDP("sdp.direction", MUST, "RFC 3264 6.1",
        "The direction in an answer mirrors that of the offer.",
        "oa.direction-table sdp.direction-default", check_direction),
};

const struct oh_rule_family oh_rules_sdp = {"sdp", rules, sizeof rules / sizeof *rules};

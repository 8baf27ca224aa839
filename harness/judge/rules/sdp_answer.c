/* Answers, stream by stream: what each keeps of the stream that was offered. RFC 3264 6, 6.1, 8.2
 *
 * How many streams there are, their formats and directions are said with the rest of SDP. */
#include "judge/rule_help.h"
#include "judge/sdp_help.h"

#include <stdlib.h>

/* One stream of an offer and the one that answers it. */
struct pair {
    const struct oh_trace_msg *asked;
    const struct oh_help_part *offer, *answer;
};

typedef bool pair_fn(struct oh_rule_view *v, const struct oh_trace_msg *m,
                     const struct pair *p); /* true: it spoke, and is done */

/* Streams are matched by their order: where their number differs nothing can be said. */
static void each_pair(struct oh_rule_view *v, const struct oh_trace_msg *m, pair_fn *fn)
{
    const struct oh_trace_msg *asked = oh_help_originates(v, m) ? oh_help_offer_of(v, m) : NULL;
    const struct oh_help_description *offer, *answer;
    if (!asked)
        return;
    offer = oh_help_description_of(v, asked->sip);
    answer = oh_help_description_of(v, m->sip);
    for (size_t i = 0; offer->count == answer->count && i < offer->count && i < OH_HELP_MEDIA_MAX;
         i++) {
        struct pair p = {asked, &offer->media[i], &answer->media[i]};
        if (fn(v, m, &p))
            return;
    }
}

static bool say(struct oh_rule_view *v, const struct oh_trace_msg *m, const struct pair *p,
                struct oh_span expected, struct oh_span observed, const char *text)
{
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "body",
                                   .expected = expected,
                                   .observed = observed,
                                   .text = text,
                                   .also = p->asked});
    return true;
}

static bool has_other_kind(struct oh_rule_view *v, const struct oh_trace_msg *m,
                           const struct pair *p)
{
    if (oh_help_same_token(p->offer->kind, p->answer->kind))
        return false;
    return say(v, m, p, p->offer->kind, p->answer->kind,
               "The streams of an answer must have the media types of those offered, in the same "
               "order.");
}

static void check_kind(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    each_pair(v, m, has_other_kind);
}

/* No sentence of the RFC says must; but only a new offer may change the transport (8.3.1). */
static bool has_other_protocol(struct oh_rule_view *v, const struct oh_trace_msg *m,
                               const struct pair *p)
{
    if (oh_span_is(p->answer->port, "0") || !p->offer->protocol.at || !p->answer->protocol.at ||
        !oh_help_same_token(p->offer->kind, p->answer->kind) ||
        oh_help_same_token(p->offer->protocol, p->answer->protocol))
        return false;
    return say(v, m, p, p->offer->protocol, p->answer->protocol,
               "An accepted stream should have the transport that was offered.");
}

static void check_protocol(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    each_pair(v, m, has_other_protocol);
}

static bool is_revived(struct oh_rule_view *v, const struct oh_trace_msg *m, const struct pair *p)
{
    if (!oh_span_is(p->offer->port, "0") || !p->answer->port.at || oh_span_is(p->answer->port, "0"))
        return false;
    return say(v, m, p, p->offer->port, p->answer->port,
               "A stream that is offered with port 0 must be answered with port 0.");
}

static void check_zero_port(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    each_pair(v, m, is_revived);
}

/* --- numbers of one codec --- */

/* How many of the numbers that the stream lists have this encoding; the least of them becomes
 * `*number`. One encoding may stand several times, with other parameters each: only what stands
 * once in both is compared. */
static size_t count_of(const struct oh_help_types *t, struct oh_span encoding, uint64_t *number)
{
    size_t count = 0;
    *number = OH_HELP_TYPES;
    for (size_t i = 0; i < t->number_count; i++) {
        if (!oh_span_equal_nocase(oh_help_encoding_of(t, t->numbers[i]), encoding))
            continue;
        count++;
        *number = t->numbers[i] < *number ? t->numbers[i] : *number;
    }
    return count;
}

/* A static number means the same to everybody: only dynamic ones are looked at. */
static bool is_renumbered(struct oh_rule_view *v, const struct oh_trace_msg *m,
                          const struct pair *p)
{
    const struct oh_help_types *offer, *answer;
    struct oh_span left = p->answer->formats, word;
    uint64_t type, offered, own;
    if (oh_span_is(p->answer->port, "0") || !oh_help_is_rtp(p->answer))
        return false;
    offer = oh_help_types_of(v, p->offer);
    answer = oh_help_types_of(v, p->answer);
    for (int i = 0; i < OH_HELP_FORMATS_MAX && oh_help_next_word(&left, &word); i++) {
        if (!oh_help_is_type(word, &type) || type < 96 || !answer->mapped[type].at)
            continue;
        struct oh_span encoding = answer->mapped[type]; /* of these none is static */
        if (count_of(offer, encoding, &offered) != 1 || count_of(answer, encoding, &own) != 1 ||
            offered == type)
            continue;
        char *expected =
            oh_format("%u for %.*s", (unsigned)offered, (int)encoding.len, encoding.at);
        bool spoke = say(v, m, p, oh_span_of(expected), word,
                         "An answer should give a codec the payload type that the offer gave it.");
        free(expected);
        return spoke;
    }
    return false;
}

static void check_numbers(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    each_pair(v, m, is_renumbered);
}

#define ANSWER(id, level, clause, meaning, covers, check)                                          \
    {                                                                                              \
        id, OH_LEVEL_##level, clause, OH_ON_ANY | OH_WITH_SDP, NULL, meaning, covers, check        \
    }

static const struct oh_rule rules[] = {
    ANSWER("sdp.media-type", MUST, "RFC 3264 6.1",
           "The streams of an answer have the media types of those offered.", "oa.m-count",
           check_kind),
    ANSWER("sdp.protocol", SHOULD, "RFC 3264 6.1",
           "An accepted stream has the transport that was offered.", "oa.proto-same",
           check_protocol),
    ANSWER("sdp.port-zero", MUST, "RFC 3264 8.2",
           "A stream offered with port 0 is answered with port 0.", "oa.offered-port0",
           check_zero_port),
    ANSWER("sdp.answer-numbers", SHOULD, "RFC 3264 6.1",
           "An answer keeps the offer's payload type for a codec.", "oa.answer-pt-symmetric",
           check_numbers),
};

const struct oh_rule_family oh_rules_sdp_answer = {"sdp-answer", rules,
                                                   sizeof rules / sizeof *rules};

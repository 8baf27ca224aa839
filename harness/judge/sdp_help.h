/*
 * judge/sdp_help.h - session descriptions read line by line, as the rules on them need it.
 *
 * Nothing is demanded of a description here: what cannot be read is the absent span.
 *
 * Uses: judge/rule.h, sip/message.h. Private to judge/.
 */
#ifndef OH_JUDGE_SDP_HELP_H
#define OH_JUDGE_SDP_HELP_H

#include "judge/rule.h"
#include "sip/facts.h"

/* Is the body a session description by its Content-Type? Not one that Content-Length cuts short:
 * that is another rule's matter; nor one that is longer than our limits, of which the end is not
 * known. */
static inline bool oh_help_has_sdp(const struct oh_sip_msg *m)
{
    return oh_sip_msg_facts(m)->has_sdp;
}

/* Has it no body at all, beyond doubt? */
bool oh_help_is_bare(const struct oh_sip_msg *m);

/* Cuts the first line off, without its end and white space around it. */
static inline struct oh_span oh_help_next_line(struct oh_span *rest)
{
    const char *end = rest->len ? memchr(rest->at, '\n', rest->len) : NULL;
    size_t len = end ? (size_t)(end - rest->at) : rest->len;
    struct oh_span line = oh_span_sub(*rest, 0, len);
    *rest = oh_span_sub(*rest, end ? len + 1 : len, rest->len);
    return oh_span_trim(line);
}
/* Cuts the next word off; false where there is none. */
static inline bool oh_help_next_word(struct oh_span *line, struct oh_span *word)
{
    size_t from = 0, to;
    while (from < line->len && line->at[from] == ' ')
        from++;
    for (to = from; to < line->len && line->at[to] != ' ';)
        to++;
    *word = oh_span_sub(*line, from, to - from);
    *line = oh_span_sub(*line, to, line->len);
    return word->len > 0;
}

/* How many characters of a token it begins with. RFC 4566 9 */
size_t oh_help_token_len(struct oh_span s);

/* --- what stands in a description --- */

enum { OH_HELP_MEDIA_MAX = 16, OH_HELP_LINES_MAX = 64 };

/* A stretch of a description: from one m= line to the next, or the session's before the first. */
struct oh_help_part {
    struct oh_span media; /* behind "m="; absent: the session's part */
    struct oh_span rest;  /* the lines below it */
    struct oh_span kind, port, protocol, formats;
};

struct oh_help_description {
    struct oh_span body;
    struct oh_help_part session;
    struct oh_help_part media[OH_HELP_MEDIA_MAX];
    size_t count; /* of all m= lines; those beyond OH_HELP_MEDIA_MAX are not kept */
    struct oh_span lines[OH_HELP_LINES_MAX]; /* the first ones, as oh_help_next_line cuts them */
    size_t line_count;
    struct oh_span beyond; /* what stands behind those */
};

/* Walks through all lines of a description. */
struct oh_help_walk {
    const struct oh_help_description *d;
    size_t next;
    struct oh_span rest;
};
static inline struct oh_help_walk oh_help_lines(const struct oh_help_description *d)
{
    return (struct oh_help_walk){d, 0, d->beyond};
}
static inline bool oh_help_next(struct oh_help_walk *w, struct oh_span *line)
{
    if (w->next < w->d->line_count) {
        *line = w->d->lines[w->next++];
        return true;
    }
    bool more = w->rest.len > 0;
    *line = oh_help_next_line(&w->rest);
    return more;
}

void oh_help_read_description(const struct oh_sip_msg *m, struct oh_help_description *d);
/* The same for rules: read once for all that ask. Kept, as are the types below, until the rule has
 * asked for two others. */
const struct oh_help_description *oh_help_description_of(const struct oh_rule_view *v,
                                                         const struct oh_sip_msg *m);
/* The first line of a part that begins so, without that; absent where there is none. */
struct oh_span oh_help_line_of(const struct oh_help_part *p, const char *begins);

/* --- payload types --- */

enum { OH_HELP_TYPES = 128, OH_HELP_FORMATS_MAX = 256, OH_HELP_MAPS_MAX = 16 };

/* "a=rtpmap:101 telephone-event/8000/1" taken apart; the last two may be empty. */
struct oh_help_mapping {
    struct oh_span line, number, encoding, name, clock, channels;
};

/* What a stream says of each payload type, read in one pass: however long a description is, no rule
 * goes through its lines once for each format. */
struct oh_help_types {
    bool listed[OH_HELP_TYPES];           /* in the m= line */
    struct oh_span mapped[OH_HELP_TYPES]; /* first a=rtpmap: "PCMU/8000"; absent: none */
    struct oh_span fmtp[OH_HELP_TYPES];   /* first a=fmtp, behind the number; absent: none */
    uint8_t numbers[OH_HELP_TYPES];       /* those that are listed, each once */
    size_t number_count;
    struct oh_help_mapping maps[OH_HELP_MAPS_MAX]; /* the first a=rtpmap with a word behind it */
    size_t map_count;
    struct oh_span beyond; /* the lines behind those */
};
void oh_help_read_types(const struct oh_help_part *p, struct oh_help_types *t);
const struct oh_help_types *oh_help_types_of(const struct oh_rule_view *v,
                                             const struct oh_help_part *p);
/* The a=rtpmap at `*n` of a stream, which is moved on; `*rest` begins as the types' `beyond`. False
 * at the end. */
bool oh_help_next_mapping(const struct oh_help_types *t, size_t *n, struct oh_span *rest,
                          struct oh_help_mapping *map);
/* What a number means: by its rtpmap, else by RFC 3551 6; absent: nothing. */
struct oh_span oh_help_encoding_of(const struct oh_help_types *t, uint64_t type);
/* A payload type by its digits; false for another word, and `*type` is then not to be used. */
bool oh_help_is_type(struct oh_span word, uint64_t *type);
/* What a number means without an rtpmap; absent: nothing. RFC 3551 6 */
struct oh_span oh_help_static_encoding(uint64_t type);
/* An encoding without "/1": one channel may be said or left out. RFC 4566 6 */
struct oh_span oh_help_encoding(struct oh_span encoding);
/* Is it "telephone-event/..."? RFC 4733 7.1.1 */
bool oh_help_is_event(struct oh_span encoding);
/* RTP of any profile: "RTP/AVP", "UDP/TLS/RTP/SAVPF". */
bool oh_help_is_rtp(const struct oh_help_part *p);

/* --- offers and answers --- */

/* Is `before` no farther from `m` than rules search? */
bool oh_help_is_near(const struct oh_trace_msg *before, const struct oh_trace_msg *m);
/* The first reliable provisional response with a description to this INVITE, in the dialog of `m`,
 * before `m` itself; NULL. It carries the answer, or the offer where the INVITE has none: RFC 3262
 * 5
 */
const struct oh_trace_msg *oh_help_early_description(const struct oh_rule_view *v,
                                                     const struct oh_trace_msg *invite,
                                                     const struct oh_trace_msg *m);
/* The reliable provisional response that a PRACK acknowledges by its RAck; NULL: none is in the
 * trace. RFC 3262 7.2 */
const struct oh_trace_msg *oh_help_acknowledged(const struct oh_rule_view *v,
                                                const struct oh_trace_msg *prack);
/* The message with the offer that the description in this one answers; NULL: it is none, or no
 * answer, as what follows the answer within the same INVITE. RFC 3261 13.2.1, RFC 3262 5, RFC 3311
 * 5
 */
const struct oh_trace_msg *oh_help_offer_of(const struct oh_rule_view *v,
                                            const struct oh_trace_msg *m);

#endif

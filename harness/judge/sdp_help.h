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
#include "sip/message.h"

/* Is the body a session description by its Content-Type? Not one that Content-Length cuts short:
 * that is another rule's matter; nor one that is longer than our limits, of which the end is not
 * known. */
bool oh_help_has_sdp(const struct oh_sip_msg *m);

/* Has it no body at all, beyond doubt? */
bool oh_help_is_bare(const struct oh_sip_msg *m);

/* Cuts the first line off, without its end and white space around it. */
struct oh_span oh_help_next_line(struct oh_span *rest);
/* Cuts the next word off; false where there is none. */
bool oh_help_next_word(struct oh_span *line, struct oh_span *word);

/* --- what stands in a description --- */

enum { OH_HELP_MEDIA_MAX = 16 };

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
};

void oh_help_read_description(const struct oh_sip_msg *m, struct oh_help_description *d);
/* The same for rules: read once for all that ask. Kept, as are the types below, until the rule has
 * asked for two others. */
const struct oh_help_description *oh_help_description_of(const struct oh_rule_view *v,
                                                         const struct oh_sip_msg *m);
/* The first line of a part that begins so, without that; absent where there is none. */
struct oh_span oh_help_line_of(const struct oh_help_part *p, const char *begins);

/* --- payload types --- */

enum { OH_HELP_TYPES = 128, OH_HELP_FORMATS_MAX = 256 };

/* What a stream says of each payload type, read in one pass: however long a description is, no rule
 * goes through its lines once for each format. */
struct oh_help_types {
    bool listed[OH_HELP_TYPES];             /* in the m= line */
    struct oh_span mapped[OH_HELP_TYPES];   /* first a=rtpmap: "PCMU/8000"; absent: none */
    struct oh_span encoding[OH_HELP_TYPES]; /* the same, else by RFC 3551 6 */
    struct oh_span fmtp[OH_HELP_TYPES];     /* first a=fmtp, behind the number; absent: none */
};
void oh_help_read_types(const struct oh_help_part *p, struct oh_help_types *t);
const struct oh_help_types *oh_help_types_of(const struct oh_rule_view *v,
                                             const struct oh_help_part *p);
/* A payload type by its digits; false for another word. */
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

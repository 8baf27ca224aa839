/*
 * judge/media_help.h - what session descriptions say of RTP: who may send which types where, when.
 *
 * Each medium of each description is one entry, with the time for which it stands. An offer stands
 * from the moment it is seen: what it allows is allowed from then. What it forbids counts once both
 * sides know of it, and what stood before holds until then and a while longer, for what is under
 * way. RFC 3264 6.1, 7, 8.3, 8.4
 *
 * Uses: judge/sdp_help.h, trace/streams.h. Private to judge/.
 */
#ifndef OH_JUDGE_MEDIA_HELP_H
#define OH_JUDGE_MEDIA_HELP_H

#include "judge/sdp_help.h"

/* Packets that were under way, or in the phone's hands, when a description came into force; and
 * when the sending itself was to end. */
#define OH_MEDIA_UNDER_WAY_NS INT64_C(200000000)
#define OH_MEDIA_TO_END_NS    INT64_C(1000000000)

struct oh_said {
    const struct oh_trace_msg *msg;
    bool by_phone; /* else it was told to the phone */
    bool is_answer;
    struct oh_span call_id, tag; /* the tag of who describes; absent: none */
    struct oh_help_part part;
    size_t place;           /* which m= line, from 0 */
    struct oh_addr address; /* of c= and m=; no family: a name, or what cannot be read */
    bool is_unspecified;    /* 0.0.0.0: RFC 3264 8.4 */
    bool sends, receives;   /* by its direction */
    bool moves;             /* ICE: the address may turn out to be another, RFC 8445 */
    int64_t settled_ns;     /* both sides know of it from then on; INT64_MAX: it was refused */
    int64_t until_ns;       /* another one of its side was settled */
};

struct oh_sessions {
    struct oh_said *list; /* in order of time; owned */
    size_t count, room;
    bool
        truncated; /* there were more than OH_SESSIONS_MAX: nothing can be said of what is absent */
};
enum { OH_SESSIONS_MAX = 256 };

/* Of one phone: of this seat of a run, or of the only one of a foreign capture (NULL). */
struct oh_sessions *oh_sessions_new(const struct oh_trace *trace, const char *seat);
void oh_sessions_free(struct oh_sessions *s); /* NULL is fine */

bool oh_said_names(const struct oh_said *s, const struct oh_addr *a);
/* The first entry of this side that names the address itself, not 0.0.0.0; NULL. */
const struct oh_said *oh_sessions_naming(const struct oh_sessions *s, bool by_phone,
                                         const struct oh_addr *a);

/* The same of what was told, where all that names the address is of one medium of one call; else
 * NULL. */
const struct oh_said *oh_sessions_sole(const struct oh_sessions *s, const struct oh_addr *a);

/* Which entries are asked, and what makes one fit. */
struct oh_said_question {
    bool by_phone;
    const struct oh_addr *address; /* those that name it; NULL: by call and place */
    struct oh_span call_id;
    size_t place;
    int64_t grace_ns;
    bool (*fits)(const struct oh_said *s, unsigned payload_type); /* true: it may be sent */
    unsigned payload_type;
};
/* The entry by which it may not be sent at that time: the latest that stands, if none that stands
 * lets it; NULL. */
const struct oh_said *oh_sessions_forbidding(const struct oh_sessions *s,
                                             const struct oh_said_question *q, int64_t time_ns);
/* The first moment at which a run breaks that; false: it does not. `by` gets the entry. */
bool oh_sessions_break(const struct oh_sessions *s, const struct oh_said_question *q,
                       const struct oh_stream_run *run, int64_t *time_ns,
                       const struct oh_said **by);

/* What a stream's payload type means where it goes to: by what the phone was told last, up to that
 * time; of an answerer's own numbers nothing is taken (RFC 3264 6.1). Absent encoding: unknown. */
struct oh_meaning {
    const struct oh_said *said; /* NULL: the address was named by nobody */
    struct oh_span encoding, fmtp;
    uint64_t clock_hz; /* 0: unknown */
    bool is_audio, is_event;
};
struct oh_meaning oh_sessions_meaning(const struct oh_sessions *s, const struct oh_addr *dst,
                                      unsigned payload_type, int64_t time_ns);

#endif

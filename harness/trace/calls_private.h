/*
 * trace/calls_private.h - a call while it is kept, and what its parts tell one another.
 *
 * Uses: trace/calls.h. Private to trace/calls*.c.
 */
#ifndef OH_TRACE_CALLS_PRIVATE_H
#define OH_TRACE_CALLS_PRIVATE_H

#include "trace/calls.h"
#include "trace/ledger.h"

struct kept {
    struct oh_trace_msg msg;
    struct oh_link_keys keys;
    const struct oh_endpoint *from, *to;
};

/* A transaction or an INVITE's dialog. */
struct oh_call_item {
    uint64_t key;
    bool is_dialog, is_invite;
    bool proceeding; /* INVITE: it rings */
    bool closed;
};

/* How far a call is, by its requests and answers. */
struct oh_call_state {
    struct oh_call_item *items; /* owned */
    size_t count, room;
    bool crowded; /* there are more than are followed */
};

enum oh_call_phase {
    OH_CALL_OPEN,       /* a dialog stands, or it rings */
    OH_CALL_UNANSWERED, /* requests wait for their answers */
    OH_CALL_OVER,
    OH_CALL_PHASES
};

/* calls_state.c */
void oh_call_state_take(struct oh_call_state *s, const struct oh_sip_msg *m,
                        const struct oh_link_keys *k);
enum oh_call_phase oh_call_state_phase(const struct oh_call_state *s);
/* All its dialogs were hung up, be that answered or not. */
bool oh_call_state_has_ended(const struct oh_call_state *s);
void oh_call_state_release(struct oh_call_state *s);

struct call;
/* An address that a session description of a call named. */
struct oh_call_address {
    struct oh_addr addr;
    struct call *call;
    struct oh_call_address *in_bucket, *of_call; /* next ones */
    struct oh_call_address **link;               /* what points at it in its bucket */
};

struct call {
    char *id; /* owned */
    size_t id_len;
    uint64_t hash;
    struct call *in_bucket;      /* next one */
    struct call *before, *after; /* in the list of its phase: longest silent first */
    enum oh_call_phase phase;
    int64_t last_ns;   /* of its last message */
    uint64_t touched;  /* when it last moved in the lists: a count of such moves */
    struct kept *kept; /* owned, and the messages in it */
    size_t count, room;
    const struct oh_endpoint **parties; /* each once; owned */
    size_t party_count, party_room;
    struct oh_call_state state;
    struct oh_call_address *addresses; /* owned */
    size_t address_count;
    struct oh_streams *streams; /* owned; NULL: none yet */
    size_t bytes;
    size_t lost_before; /* oh_calls_lost calls before it */
    bool begins_within; /* what it began with was handed out before */
};

/* calls_media.c: which call an address of media belongs to. */
struct oh_call_addresses {
    struct oh_call_address **buckets;
    size_t bucket_count, count;
};
void oh_call_addresses_init(struct oh_call_addresses *a);
void oh_call_addresses_release(struct oh_call_addresses *a);
/* Enters those of a message's session description; the memory that it took. */
size_t oh_call_addresses_take(struct oh_call_addresses *a, struct call *call,
                              const struct oh_sip_msg *m);
void oh_call_addresses_forget(struct oh_call_addresses *a, struct call *call);
/* The calls that a packet belongs to, at most `most`; how many. Of those that know as much of its
 * two addresses as any other, and have not ended, if one of them has not: phones use ports again.
 */
size_t oh_call_addresses_find(const struct oh_call_addresses *a, const struct oh_addr *src,
                              const struct oh_addr *dst, struct call **calls, size_t most);

/* calls_marks.c: by what a message is known to be of a call whose Call-ID it does not have. */
struct oh_call_mark {
    uint64_t key, call; /* the hash of its Call-ID */
};
struct oh_call_marks {
    struct oh_call_mark *rows; /* owned */
};
void oh_call_marks_init(struct oh_call_marks *m);
void oh_call_marks_release(struct oh_call_marks *m);
void oh_call_marks_take(struct oh_call_marks *m, const struct call *call,
                        const struct oh_sip_msg *sip, const struct oh_link_keys *k);
/* Is it one that a call can begin with? No response, ACK, CANCEL or request with a To tag is. */
bool oh_call_begins_with(const struct oh_sip_msg *m, const struct oh_link_keys *k);
/* The hash of the call that may have this branch, or both these tags; 0: none. It is to be asked.
 */
uint64_t oh_call_marks_by_branch(const struct oh_call_marks *m, const struct oh_link_keys *k);
uint64_t oh_call_marks_by_tags(const struct oh_call_marks *m, const struct oh_link_keys *k);
/* Is it of a transaction of this call, not older than 64*T1: branch, From tag, CSeq number, ends?
 */
bool oh_call_has_transaction(const struct call *call, const struct oh_trace_msg *m,
                             const struct oh_link_keys *k);
/* Is there a message in it of the same two tags between the same two ends? */
bool oh_call_has_dialog(const struct call *call, const struct oh_trace_msg *m,
                        const struct oh_link_keys *k);

#endif

/*
 * trace/index.h - which messages have this value? A multimap from a hashed key to message numbers.
 *
 * Why: linking must stay near linear for half a million messages. A key is a kind and one or more
 * texts; the walk gives the newest message first. Two keys may share a hash (64 bits), so whoever
 * walks compares the texts.
 *
 * Uses: base/span.h. For trace/, match/walk.c and play/exchange.c (keys alone).
 */
#ifndef OH_TRACE_INDEX_H
#define OH_TRACE_INDEX_H

#include "base/span.h"

struct oh_index_node {
    uint64_t key;
    int message;
    int next; /* in the same bucket, older; -1 at the end */
};

struct oh_index {
    int *heads; /* owned; `bucket_count` of them, a power of two */
    size_t bucket_count;
    struct oh_index_node *nodes; /* owned */
    size_t count, room;
};

/* Sized for about this many entries; it works, slower, for more. */
void oh_index_init(struct oh_index *x, size_t expected);
void oh_index_release(struct oh_index *x);

/* A key is begun with its kind and grows by texts. Two texts "ab", "c" and "a", "bc" give different
 * keys. */
uint64_t oh_index_key(unsigned kind);
uint64_t oh_index_key_add(uint64_t key, struct oh_span text);
uint64_t oh_index_key_mix(uint64_t key, uint64_t number);

void oh_index_add(struct oh_index *x, uint64_t key, int message);

/* The node of the newest message with this key, then the next older one; NULL at the end. */
const struct oh_index_node *oh_index_first(const struct oh_index *x, uint64_t key);
const struct oh_index_node *oh_index_next(const struct oh_index *x,
                                          const struct oh_index_node *node);

#endif

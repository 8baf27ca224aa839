#include "trace/index.h"

#include "base/text.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

void oh_index_init(struct oh_index *x, size_t expected)
{
    *x = (struct oh_index){.bucket_count = 64};
    while (x->bucket_count < expected)
        x->bucket_count *= 2;
    x->heads = oh_realloc(NULL, x->bucket_count * sizeof *x->heads);
    memset(x->heads, 0xff, x->bucket_count * sizeof *x->heads);
    x->room = expected;
    x->nodes = expected ? oh_realloc(NULL, expected * sizeof *x->nodes) : NULL;
}

void oh_index_release(struct oh_index *x)
{
    free(x->heads);
    free(x->nodes);
    *x = (struct oh_index){0};
}

__extension__ typedef unsigned __int128 wide;

/* Multiply to twice the width and fold, so that every input bit reaches every bucket bit. */
static uint64_t mix(uint64_t a, uint64_t b)
{
    wide product = (wide)(a ^ 0x9e3779b97f4a7c15u) * (b ^ 0xd6e8feb86659fd93u);
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

uint64_t oh_index_key(unsigned kind)
{
    return mix(0x6f66666f6f6bu, kind);
}

uint64_t oh_index_key_mix(uint64_t key, uint64_t number)
{
    return mix(key, number);
}

static uint64_t read_word(const char *at, size_t len)
{
    uint64_t word = 0;
    memcpy(&word, at, len);
    return word;
}

uint64_t oh_index_key_add(uint64_t key, struct oh_span text)
{
    size_t i = 0;
    for (; text.len - i >= 16; i += 16)
        key = mix(key ^ read_word(text.at + i, 8), read_word(text.at + i + 8, 8));
    if (text.len - i >= 8) {
        key = mix(key, read_word(text.at + i, 8));
        i += 8;
    }
    if (text.len > i)
        key = mix(key, read_word(text.at + i, text.len - i));
    return mix(key, text.len);
}

static size_t bucket(const struct oh_index *x, uint64_t key)
{
    return (size_t)key & (x->bucket_count - 1);
}

void oh_index_add(struct oh_index *x, uint64_t key, int message)
{
    assert(x->count < INT_MAX);
    oh_grow(&x->nodes, x->count, &x->room, sizeof *x->nodes);
    int *head = &x->heads[bucket(x, key)];
    x->nodes[x->count] = (struct oh_index_node){key, message, *head};
    *head = (int)x->count++;
}

static const struct oh_index_node *from(const struct oh_index *x, int node, uint64_t key)
{
    while (node >= 0 && x->nodes[node].key != key)
        node = x->nodes[node].next;
    return node < 0 ? NULL : &x->nodes[node];
}

const struct oh_index_node *oh_index_first(const struct oh_index *x, uint64_t key)
{
    return from(x, x->heads[bucket(x, key)], key);
}

const struct oh_index_node *oh_index_next(const struct oh_index *x,
                                          const struct oh_index_node *node)
{
    return from(x, node->next, node->key);
}

#include "judge/sdp_cache.h"

#include "judge/rule_view.h"
#include "judge/sdp_help.h"

#include <assert.h>
#include <stdlib.h>

/* Of those in use at a time there are two: an offer's and its answer's. */
enum { DESCRIPTIONS = 4, STREAMS = 8 };

/* Which description or stream a cell holds, and when it was asked for last. */
struct tag {
    const void *of; /* NULL: nothing */
    uint64_t used;
};

struct oh_sdp_cache {
    uint64_t now;
    struct tag described[DESCRIPTIONS], typed[STREAMS];
    struct oh_help_description descriptions[DESCRIPTIONS];
    struct oh_help_types types[STREAMS];
};

struct oh_sdp_cache *oh_sdp_cache_new(void)
{
    return oh_alloc(sizeof(struct oh_sdp_cache));
}

void oh_sdp_cache_free(struct oh_sdp_cache *c)
{
    free(c);
}

void oh_sdp_cache_forget(struct oh_sdp_cache *c)
{
    for (size_t i = 0; i < DESCRIPTIONS; i++)
        c->described[i] = (struct tag){0};
    for (size_t i = 0; i < STREAMS; i++)
        c->typed[i] = (struct tag){0};
}

/* The cell of `key`, or the one that was not asked for the longest, which is its from now on. */
static size_t cell_of(struct oh_sdp_cache *c, struct tag *tags, size_t count, const void *key,
                      bool *is_new)
{
    size_t oldest = 0, at = 0;
    while (at < count && tags[at].of != key) {
        oldest = tags[at].used < tags[oldest].used ? at : oldest;
        at++;
    }
    *is_new = at == count;
    at = *is_new ? oldest : at;
    tags[at] = (struct tag){key, ++c->now};
    return at;
}

const struct oh_help_description *oh_help_description_of(const struct oh_rule_view *v,
                                                         const struct oh_sip_msg *m)
{
    struct oh_sdp_cache *c = v->descriptions;
    bool is_new;
    assert(c);
    size_t at = cell_of(c, c->described, DESCRIPTIONS, m, &is_new);
    if (is_new)
        oh_help_read_description(m, &c->descriptions[at]);
    return &c->descriptions[at];
}

/* A stream is known by the bytes that stand below its m= line. */
const struct oh_help_types *oh_help_types_of(const struct oh_rule_view *v,
                                             const struct oh_help_part *p)
{
    struct oh_sdp_cache *c = v->descriptions;
    bool is_new;
    assert(c && p->rest.at);
    size_t at = cell_of(c, c->typed, STREAMS, p->rest.at, &is_new);
    if (is_new)
        oh_help_read_types(p, &c->types[at]);
    return &c->types[at];
}

/* Blocks of a flow: any order, either, repeat. */
#include "scenario/blocks.h"
#include "scenario/reader.h"

#include <string.h>

#define NEST_MOST   3  /* blocks within one another */
#define BRANCH_MOST 32 /* of one block */

static const char ANY_ORDER[] = "any order", EITHER[] = "either", REPEAT[] = "repeat";

static const char *kind_words(const struct oh_yaml_node *n)
{
    static const struct oh_word words[] = {{"a single value", OH_YAML_SCALAR},
                                           {"a list", OH_YAML_LIST},
                                           {"a map", OH_YAML_MAP},
                                           {NULL, 0}};
    size_t i = 0;
    while (words[i].value != (int)oh_yaml_kind(n))
        i++;
    return words[i].word;
}

static struct oh_error *tell(struct oh_reading *g, const struct oh_yaml_node *n, const char *text)
{
    g->flow_unclear = true;
    return oh_yaml_mistake(g->r->y, n, g->r->errors, "%s", text);
}

/* --- a block of the model --- */

static int open_block(struct oh_reading *g, enum oh_group_kind kind,
                      const struct oh_yaml_node *heading)
{
    int block = (int)g->s->group_count;
    oh_grow(&g->s->groups, g->s->group_count, &g->group_room, sizeof *g->s->groups);
    g->s->groups[g->s->group_count++] = (struct oh_group){.kind = kind,
                                                          .place = oh_yaml_place(g->r->y, heading),
                                                          .parent = g->group,
                                                          .parent_branch = g->branch,
                                                          .first = (int)g->s->step_count,
                                                          .end = (int)g->s->step_count};
    g->group = block;
    g->branch = 0;
    return block;
}

static void close_block(struct oh_reading *g, int block, int branch_count)
{
    struct oh_group *group = &g->s->groups[block];
    group->branch_count = branch_count;
    group->end = (int)g->s->step_count;
    g->group = group->parent;
    g->branch = group->parent_branch;
}

/* One that came to hold nothing stands nowhere: its mistake is told. */
static void drop_if_empty(struct oh_reading *g, int block)
{
    const struct oh_group *group = &g->s->groups[block];
    if (group->first == group->end && block + 1 == (int)g->s->group_count)
        g->s->group_count--;
}

static void read_steps(struct oh_reading *g, const struct oh_yaml_node *list)
{
    for (size_t i = 0; i < oh_yaml_count(list); i++)
        oh_read_step(g, oh_yaml_item(list, i));
}

/* --- what a branch begins with --- */

/* A message of the phone that must come stands at its front, whatever the phone takes of blocks
 * there. */
static bool begins_with_phone(const struct oh_scenario *s, struct oh_row row, int block);

static bool block_begins_with_phone(const struct oh_scenario *s, int block)
{
    int branches = s->groups[block].branch_count;
    for (int b = 0; b < branches; b++) {
        struct oh_row row = oh_row_of_branch(s, block, b);
        if (row.first < row.end && !begins_with_phone(s, row, block))
            return false;
    }
    return true;
}

static bool begins_with_phone(const struct oh_scenario *s, struct oh_row row, int block)
{
    for (int i = row.first; i < row.end;) {
        int inner = oh_block_in_row(s, i, block);
        if (inner != OH_NONE) {
            if (!block_begins_with_phone(s, inner))
                return false;
            if (!oh_block_is_optional(s, inner))
                return true;
            i = s->groups[inner].end;
            continue;
        }
        if (!oh_step_is_phones(s, &s->steps[i]))
            return false;
        if (!s->steps[i].optional)
            return true;
        i++;
    }
    return false;
}

static void check_choice(struct oh_reading *g, int block, int branch,
                         const struct oh_yaml_node *where)
{
    struct oh_row row = oh_row_of_branch(g->s, block, branch);
    if (g->flow_unclear || g->role_unclear || row.first == row.end ||
        begins_with_phone(g->s, row, block))
        return;
    oh_error_remedy(tell(g, where, "nothing tells whether the phone takes this way"),
                    "it begins with a message of the phone that is not optional, as in 'A -> P: "
                    "200'");
}

/* --- any order --- */

static void read_any_order(struct oh_reading *g, const struct oh_yaml_node *map)
{
    const struct oh_yaml_node *members = oh_yaml_value(map, 0);
    if (oh_yaml_count(map) > 1)
        oh_error_remedy(oh_yaml_mistake(g->r->y, oh_yaml_key(map, 1), g->r->errors,
                                        "'%s' has no place below 'any order'",
                                        oh_yaml_scalar(oh_yaml_key(map, 1))),
                        "its members alone stand there, as a list");
    if (oh_yaml_kind(members) != OH_YAML_LIST || oh_yaml_count(members) < 2) {
        oh_error_remedy(tell(g, oh_yaml_key(map, 0), "'any order' has fewer than two members"),
                        "a list of steps is wanted below it; a list within it keeps its own order");
        return;
    }
    if (oh_yaml_count(members) > BRANCH_MOST) {
        oh_yaml_mistake(g->r->y, oh_yaml_key(map, 0), g->r->errors,
                        "'any order' has more than %d members", BRANCH_MOST);
        g->flow_unclear = true;
        return;
    }
    int block = open_block(g, OH_GROUP_ANY_ORDER, oh_yaml_key(map, 0));
    int count = (int)oh_yaml_count(members);
    for (g->branch = 0; g->branch < count; g->branch++) {
        const struct oh_yaml_node *member = oh_yaml_item(members, (size_t)g->branch);
        if (oh_yaml_kind(member) != OH_YAML_LIST)
            oh_read_step(g, member);
        else if (oh_yaml_count(member))
            read_steps(g, member);
        else
            tell(g, member, "this member has no steps");
    }
    close_block(g, block, count);
    drop_if_empty(g, block);
}

/* --- either --- */

static void read_branch(struct oh_reading *g, int block, const struct oh_yaml_node *list)
{
    if (oh_yaml_kind(list) != OH_YAML_LIST || oh_yaml_count(list) == 0) {
        oh_error_remedy(tell(g, list, "this way has no steps"), "a list of steps is wanted");
        return;
    }
    int branch = g->branch;
    read_steps(g, list);
    g->s->groups[block].end = (int)g->s->step_count;
    check_choice(g, block, branch,
                 oh_yaml_kind(oh_yaml_item(list, 0)) == OH_YAML_MAP &&
                         oh_yaml_count(oh_yaml_item(list, 0))
                     ? oh_yaml_key(oh_yaml_item(list, 0), 0)
                     : oh_yaml_item(list, 0));
}

/* either: [[...], [...], [...]], without `or` */
static bool is_list_of_lists(const struct oh_yaml_node *n)
{
    for (size_t i = 0; oh_yaml_kind(n) == OH_YAML_LIST && i < oh_yaml_count(n); i++)
        if (oh_yaml_kind(oh_yaml_item(n, i)) != OH_YAML_LIST)
            return false;
    return oh_yaml_kind(n) == OH_YAML_LIST && oh_yaml_count(n) > 0;
}

static void remember_or(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    const struct oh_yaml_node **other = target;
    (void)r;
    *other = n;
}

static void read_ways(struct oh_reading *g, const struct oh_yaml_node *heading,
                      const struct oh_yaml_node *const *ways, size_t count)
{
    int block = open_block(g, OH_GROUP_EITHER, heading);
    for (size_t i = 0; i < count; i++) {
        g->branch = (int)i;
        read_branch(g, block, ways[i]);
    }
    close_block(g, block, (int)count);
    drop_if_empty(g, block);
}

static void read_either(struct oh_reading *g, const struct oh_yaml_node *map)
{
    static const struct oh_yaml_field keys[] = {
        {"or", OH_YAML_LIST, false, remember_or, "the steps of the other way"},
        {NULL, 0, false, NULL, NULL},
    };
    const struct oh_yaml_node *heading = oh_yaml_key(map, 0), *first = oh_yaml_value(map, 0);
    const struct oh_yaml_node *ways[BRANCH_MOST] = {first};
    size_t mistakes = g->r->errors->count, count = 2;
    oh_yaml_read_rest(g->r, map, 1, "'either'", keys, &ways[1]);
    if (g->r->errors->count > mistakes) {
        g->flow_unclear = true;
        return;
    }
    if (!ways[1] && is_list_of_lists(first)) {
        count = oh_yaml_count(first);
        for (size_t i = 0; i < count && i < BRANCH_MOST; i++)
            ways[i] = oh_yaml_item(first, i);
    }
    if (count < 2 || !ways[1]) {
        oh_error_remedy(tell(g, heading, "'either' has one way alone"),
                        "the other one stands below it as 'or:'; of more than two each is a list "
                        "below 'either:'");
        return;
    }
    if (count > BRANCH_MOST) {
        oh_yaml_mistake(g->r->y, heading, g->r->errors, "'either' has more than %d ways",
                        BRANCH_MOST);
        g->flow_unclear = true;
        return;
    }
    read_ways(g, heading, ways, count);
}

/* --- repeat --- */

/* "3", or "1 .. 5". */
static bool read_times(struct oh_reading *g, const struct oh_yaml_node *n, uint64_t *least,
                       uint64_t *most)
{
    struct oh_span text = oh_span_of(oh_yaml_scalar(n)), low = text, high = text;
    const char *dots = strstr(oh_yaml_scalar(n), "..");
    if (dots) {
        low = oh_span_trim(oh_span_sub(text, 0, (size_t)(dots - text.at)));
        high = oh_span_trim(oh_span_sub(text, (size_t)(dots - text.at) + 2, text.len));
    }
    if (oh_yaml_kind(n) == OH_YAML_SCALAR && oh_span_to_u64(low, least) &&
        oh_span_to_u64(high, most) && *most > 0 && *least <= *most &&
        *most <= OH_SCENARIO_MAX_STEPS)
        return true;
    struct oh_error *e =
        oh_yaml_kind(n) == OH_YAML_SCALAR
            ? oh_yaml_mistake(g->r->y, n, g->r->errors, "'%s' does not say how often",
                              oh_yaml_scalar(n))
            : oh_yaml_mistake(g->r->y, n, g->r->errors, "%s does not say how often", kind_words(n));
    oh_error_remedy(e, "wanted: a number from 1 on, as in 'repeat: 3', or the fewest and the most, "
                       "as in 'repeat: 1 .. 5'");
    g->flow_unclear = true;
    return false;
}

struct repeat {
    struct oh_reading *g;
    const struct oh_yaml_node *heading;
    uint64_t least, most;
};

static void read_rounds(struct oh_yaml_reader *r, const struct oh_yaml_node *list, void *target)
{
    struct repeat *repeat = target;
    struct oh_reading *g = repeat->g;
    size_t mistakes = r->errors->count;
    if (oh_yaml_count(list) == 0) {
        oh_error_remedy(tell(g, list, "there is nothing to repeat"), "a list of steps is wanted");
        return;
    }
    /* a mistake is told in the first round, and not again */
    size_t steps = SIZE_MAX;
    for (uint64_t i = 0; i < repeat->most && r->errors->count == mistakes; i++) {
        if (steps == g->s->step_count) /* a round without steps: more mistakes than are told */
            return;
        steps = g->s->step_count;
        if (i < repeat->least) {
            read_steps(g, list);
            continue;
        }
        int block = open_block(g, OH_GROUP_EITHER, repeat->heading);
        read_branch(g, block, list);
        close_block(g, block, 2);
        drop_if_empty(g, block);
    }
}

static void read_repeat(struct oh_reading *g, const struct oh_yaml_node *map)
{
    static const struct oh_yaml_field keys[] = {
        {"flow", OH_YAML_LIST, true, read_rounds, "the steps that are repeated"},
        {NULL, 0, false, NULL, NULL},
    };
    struct repeat repeat = {.g = g, .heading = oh_yaml_key(map, 0)};
    size_t mistakes = g->r->errors->count;
    if (read_times(g, oh_yaml_value(map, 0), &repeat.least, &repeat.most))
        oh_yaml_read_rest(g->r, map, 1, "'repeat'", keys, &repeat);
    g->flow_unclear = g->flow_unclear || g->r->errors->count > mistakes;
}

/* --- all --- */

static const struct {
    const char *word;
    void (*read)(struct oh_reading *g, const struct oh_yaml_node *map);
} blocks[] = {{ANY_ORDER, read_any_order}, {EITHER, read_either}, {REPEAT, read_repeat}};

/* Parts of blocks, where a block should begin. */
static bool is_stray_part(struct oh_reading *g, const struct oh_yaml_node *key)
{
    static const struct {
        const char *word, *remedy;
    } parts[] = {{"or", "'or:' stands below 'either:', without a '-' of its own"},
                 {"flow", "'flow:' stands below 'repeat:', without a '-' of its own"}};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (strcmp(oh_yaml_scalar(key), parts[i].word) != 0)
            continue;
        g->flow_unclear = true;
        oh_error_remedy(oh_yaml_mistake(g->r->y, key, g->r->errors, "no block begins with '%s'",
                                        parts[i].word),
                        "%s", parts[i].remedy);
        return true;
    }
    return false;
}

bool oh_read_block(struct oh_reading *g, const struct oh_yaml_node *item)
{
    if (oh_yaml_kind(item) != OH_YAML_MAP || oh_yaml_count(item) == 0)
        return false;
    const struct oh_yaml_node *heading = oh_yaml_key(item, 0);
    size_t i = 0, count = sizeof blocks / sizeof *blocks;
    while (i < count && strcmp(oh_yaml_scalar(heading), blocks[i].word) != 0)
        i++;
    if (i == count)
        return is_stray_part(g, heading);
    if (g->depth == NEST_MOST) {
        oh_yaml_mistake(g->r->y, heading, g->r->errors, "more than %d blocks within one another",
                        NEST_MOST);
        g->flow_unclear = true;
        return true;
    }
    g->depth++;
    blocks[i].read(g, item);
    g->depth--;
    return true;
}

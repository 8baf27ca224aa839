/* Keys of our messages that make them other than a sound user agent would send them, and those that
 * tell calls and callees apart. */
#include "scenario/reader.h"

#include "sip/message.h"

#include <stdlib.h>
#include <string.h>

/* --- whose: calls and forks --- */

static char *read_name(struct oh_yaml_reader *r, const struct oh_yaml_node *n, const char *what)
{
    if (oh_is_name(oh_span_of(oh_yaml_scalar(n))))
        return oh_strdup(oh_yaml_scalar(n));
    struct oh_error *e =
        oh_yaml_mistake(r->y, n, r->errors, "'%s' cannot name a %s", oh_yaml_scalar(n), what);
    oh_error_remedy(e, "a name is a letter, then letters, digits and '_'");
    return NULL;
}

/* The step before the one being read that has this name, counted from behind; NULL: none. */
static struct oh_step *earlier_with(struct oh_reading *g, const char *name, bool is_fork)
{
    for (size_t i = g->s->step_count - 1; i > 0; i--) {
        struct oh_step *s = &g->s->steps[i - 1];
        const char *has = is_fork ? s->fork : s->call;
        if (has && !strcmp(has, name) && (!is_fork || (!s->is_request && s != g->step)))
            return s;
    }
    return NULL;
}

/* What a user does with one call of several. */
static bool is_of_a_call(enum oh_verb verb)
{
    static const enum oh_verb verbs[] = {
        OH_VERB_ANSWER, OH_VERB_REJECT,   OH_VERB_HANGUP,  OH_VERB_HOLD,
        OH_VERB_RESUME, OH_VERB_TRANSFER, OH_VERB_CONSULT, OH_VERB_COMPLETE_TRANSFER,
        OH_VERB_DTMF,
    };
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (verbs[i] == verb)
            return true;
    return false;
}

void oh_read_call(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    struct oh_reading *g = target;
    struct oh_step *step = g->step;
    if (step->kind == OH_STEP_ACTION && !is_of_a_call(step->verb)) {
        oh_error_remedy(oh_yaml_mistake(r->y, n, r->errors, "'%s' is about no call that there is",
                                        step->text),
                        "name the call under its INVITE");
        return;
    }
    step->call = read_name(r, n, "call");
    bool begins = step->is_request && !strcmp(step->method ? step->method : "", "INVITE");
    if (!step->call || begins || earlier_with(g, step->call, false) || g->flow_unclear)
        return;
    struct oh_error *e =
        oh_yaml_mistake(r->y, n, r->errors, "no INVITE before it began a call '%s'", step->call);
    oh_error_remedy(e, "a call begins with 'call: %s' under its INVITE", step->call);
}

/* The phone's request in the dialog of a callee goes to the tag that he gave. */
static void want_tag_of(struct oh_step *step, const struct oh_step *said, struct oh_place place)
{
    step->expects = oh_realloc(step->expects, (step->expect_count + 1) * sizeof *step->expects);
    struct oh_expect *x = &step->expects[step->expect_count++];
    *x = (struct oh_expect){.place = place,
                            .level = OH_LEVEL_MUST,
                            .field = oh_strdup("to.tag"),
                            .predicates = oh_alloc(sizeof *x->predicates),
                            .predicate_count = 1};
    x->predicates[0] = (struct oh_predicate){
        .kind = OH_IS_EQUAL, .operands = oh_alloc(sizeof(struct oh_operand)), .operand_count = 1};
    x->predicates[0].operands[0] = (struct oh_operand){
        .place = place, .text = oh_format("%s.to.tag", said->save), .is_name = true};
}

void oh_read_fork(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    struct oh_reading *g = target;
    struct oh_step *step = g->step;
    struct oh_error *e;
    step->fork = read_name(r, n, "callee");
    if (!step->fork || g->flow_unclear)
        return;
    if (!step->is_request) {
        if (step->status <= 100 || (step->method && strcmp(step->method, "INVITE") != 0)) {
            e = oh_yaml_mistake(r->y, n, r->errors, "this is no answer of one callee of several");
            oh_error_remedy(e, "'fork:' stands under a 101 to 699 to an INVITE of the phone");
        }
        return;
    }
    struct oh_step *said = earlier_with(g, step->fork, true);
    if (!said) {
        e = oh_yaml_mistake(r->y, n, r->errors, "no callee '%s' has answered before it",
                            step->fork);
        oh_error_remedy(e, "he answers by 'fork: %s' under a response to the INVITE", step->fork);
        return;
    }
    if (!said->save) /* no name that a writer could give */
        said->save = oh_format("fork-%s", step->fork);
    if (oh_step_is_phones(g->s, step))
        want_tag_of(step, said, oh_yaml_place(r->y, n));
}

/* --- how it is sent --- */

void oh_read_again(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    ((struct oh_reading *)target)->step->again = oh_read_bool(r, n, false);
}

void oh_read_swap(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    ((struct oh_reading *)target)->step->swap = oh_read_bool(r, n, false);
}

void oh_read_twice(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    struct oh_step *step = ((struct oh_reading *)target)->step;
    const char *text = oh_yaml_scalar(n);
    bool plainly = oh_yaml_is_plain(n) && !strcmp(text, "true");
    step->twice_after_ms = plainly ? 0 : oh_read_duration(r, n);
}

static void read_piece_count(struct oh_yaml_reader *r, const struct oh_yaml_node *n,
                             struct oh_step *step)
{
    uint64_t count = 0;
    if (oh_span_to_u64(oh_span_of(oh_yaml_scalar(n)), &count) && count >= 2 &&
        count <= OH_PIECES_MOST) {
        step->pieces = (unsigned)count;
        return;
    }
    oh_error_remedy(
        oh_yaml_mistake(r->y, n, r->errors, "'%s' is no number of pieces", oh_yaml_scalar(n)),
        "wanted: 2 to %d, or a list of the bytes where a new one begins, as in [1, 400]",
        OH_PIECES_MOST);
}

/* The bytes that begin a further piece. */
static void read_cuts(struct oh_yaml_reader *r, const struct oh_yaml_node *n, struct oh_step *step)
{
    size_t count = oh_yaml_count(n);
    if (count == 0 || count >= OH_PIECES_MOST) {
        oh_error_remedy(oh_yaml_mistake(r->y, n, r->errors,
                                        "'pieces' wants 1 to %d bytes where a "
                                        "new piece begins",
                                        OH_PIECES_MOST - 1),
                        "as in [1, 400], or a number of pieces, as in 3");
        return;
    }
    step->cuts = oh_alloc(count * sizeof *step->cuts);
    for (size_t i = 0; i < count; i++) {
        const struct oh_yaml_node *item = oh_yaml_item(n, i);
        uint64_t at = 0, before = i ? step->cuts[i - 1] : 0;
        bool is_number = oh_yaml_kind(item) == OH_YAML_SCALAR &&
                         oh_span_to_u64(oh_span_of(oh_yaml_scalar(item)), &at);
        if (!is_number || at <= before || at >= OH_SIP_MAX_BYTES) {
            bool is_single = oh_yaml_kind(item) == OH_YAML_SCALAR;
            struct oh_error *e =
                oh_yaml_mistake(r->y, item, r->errors, "no piece can begin at %s%s",
                                is_number ? "byte " : "",
                                is_single ? oh_yaml_scalar(item) : "a list or map");
            oh_error_remedy(e, "wanted: numbers from %llu to %d, each above the one before it",
                            (unsigned long long)before + 1, OH_SIP_MAX_BYTES - 1);
            return;
        }
        step->cuts[step->cut_count++] = (unsigned)at;
    }
}

void oh_read_pieces(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    struct oh_reading *g = target;
    if (oh_yaml_kind(n) == OH_YAML_LIST)
        read_cuts(r, n, g->step);
    else
        read_piece_count(r, n, g->step);
    if (g->s->transport_given && g->s->transport == OH_TRANSPORT_TCP)
        return;
    oh_error_remedy(oh_yaml_mistake(r->y, n, r->errors,
                                    "only over TCP does a message come in pieces"),
                    "write 'transport: tcp' in the head of the file");
}

static void read_bytes(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    struct oh_reading *g = target;
    (void)r;
    g->step->raw = oh_strdup(oh_yaml_scalar(n));
    g->step->raw_exact = true;
}

static const struct oh_yaml_field raw_keys[] = {
    {"bytes", OH_YAML_SCALAR, true, read_bytes,
     "the bytes as they are, in double quotes for escapes as \\r and \\n"},
    {NULL, 0, false, NULL, NULL},
};

void oh_read_raw(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    struct oh_reading *g = target;
    if (oh_yaml_kind(n) == OH_YAML_MAP)
        oh_yaml_read_map(r, n, "raw", raw_keys, g);
    else
        g->step->raw = oh_strdup(oh_yaml_scalar(n));
    if (g->step->raw && !*g->step->raw)
        oh_yaml_mistake(r->y, n, r->errors, "a raw message has bytes");
    else if (g->step->raw)
        oh_check_names_in(g, oh_yaml_place(r->y, n), g->step->raw);
}

/* --- once all keys of a step are read --- */

void oh_check_mischief(struct oh_reading *g, const struct oh_yaml_node *map)
{
    static const char *const made[] = {"headers", "remove",    "sdp",     "body",
                                       "reason",  "challenge", "reliable"};
    const struct oh_yaml_node *raw = oh_find_key(map, "raw");
    for (size_t i = 0; raw && i < sizeof made / sizeof *made; i++) {
        const struct oh_yaml_node *key = oh_find_key(map, made[i]);
        if (!key)
            continue;
        oh_error_remedy(oh_yaml_mistake(g->r->y, key, g->r->errors,
                                        "'%s' changes nothing in a raw message", made[i]),
                        "write it into 'raw', or leave 'raw' out");
    }
}

/* given: what holds before the flow begins. `registered`, and calls that stand: their steps are put
 * in front of the flow as its prelude. */
#include "scenario/reader.h"

#include <stdlib.h>
#include <string.h>

static const char CALL[] = "call established ";

/* "A-B": both names. */
static bool take_ends(struct oh_span text, struct oh_span *from, struct oh_span *to)
{
    size_t at = oh_span_find(text, '-');
    *from = oh_span_trim(oh_span_sub(text, 0, at));
    *to = oh_span_trim(oh_span_sub(text, at + 1, text.len));
    return at < text.len && oh_is_name(*from) && oh_is_name(*to);
}

static void read_one(struct oh_reading *g, const struct oh_yaml_node *n)
{
    const char *text = oh_yaml_kind(n) == OH_YAML_SCALAR ? oh_yaml_scalar(n) : "";
    struct oh_span from, to;
    if (!strcmp(text, "registered")) {
        g->s->given_registered = true;
    } else if (!strncmp(text, CALL, strlen(CALL)) &&
               take_ends(oh_span_of(text + strlen(CALL)), &from, &to)) {
        if (g->given_call)
            oh_yaml_mistake(g->r->y, n, g->r->errors, "a second call is given");
        g->given_call = n;
    } else {
        struct oh_error *e =
            oh_yaml_mistake(g->r->y, n, g->r->errors, "'%s' is no precondition", text);
        oh_error_remedy(e, "wanted: 'registered', or 'call established A-B', which A began");
    }
}

void oh_read_given(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    struct oh_reading *g = target;
    if (oh_yaml_kind(n) == OH_YAML_LIST && oh_yaml_count(n) == 0)
        oh_yaml_mistake(r->y, n, r->errors, "'given' says nothing");
    if (oh_yaml_kind(n) == OH_YAML_SCALAR)
        read_one(g, n);
    for (size_t i = 0; oh_yaml_kind(n) == OH_YAML_LIST && i < oh_yaml_count(n); i++)
        read_one(g, oh_yaml_item(n, i));
}

/* --- the prelude --- */

struct ends {
    const char *phone, *other;
    const char *server; /* where the phone's messages of the call go: the other, or its proxy */
};

static struct oh_step *add_step(struct oh_reading *g, enum oh_step_kind kind, const char *from,
                                const char *to)
{
    struct oh_step *step = oh_new_step(g, g->given_call);
    step->kind = kind;
    step->from = oh_strdup(from);
    step->to = oh_strdup(to);
    step->prelude = true;
    return step;
}

static void add_action(struct oh_reading *g, enum oh_verb verb, const char *phone, const char *whom)
{
    struct oh_step *step = add_step(g, OH_STEP_ACTION, phone, whom);
    step->verb = verb;
    step->text = whom ? oh_format("%s dials %s", phone, whom) : oh_format("%s answers", phone);
    oh_check_ability(g, step->place, oh_verb_name(verb));
}

#define WITHIN_MS  10000
#define RINGING_MS 2000 /* a phone that does not say that it rings is not waited for any longer */

static void add_message(struct oh_reading *g, const char *from, const char *to, const char *method,
                        unsigned status, const char *save)
{
    struct oh_step *step = add_step(g, OH_STEP_MESSAGE, from, to);
    step->is_request = status == 0;
    step->status = status;
    step->method = status ? NULL : oh_strdup(method);
    step->save = oh_strdup(save);
    step->within_ms = WITHIN_MS;
    step->text = status ? oh_format("%s -> %s: %u", from, to, status)
                        : oh_format("%s -> %s: %s", from, to, method);
}

static void add_call_out(struct oh_reading *g, const struct ends *e)
{
    add_action(g, OH_VERB_DIAL, e->phone, e->other);
    add_message(g, e->phone, e->server, "INVITE", 0, "given-invite");
    add_message(g, e->server, e->phone, NULL, 180, NULL);
    add_message(g, e->server, e->phone, NULL, 200, "given-answer");
    add_message(g, e->phone, e->server, "ACK", 0, NULL);
}

static void add_call_in(struct oh_reading *g, const struct ends *e)
{
    add_message(g, e->server, e->phone, "INVITE", 0, "given-invite");
    add_message(g, e->phone, e->server, NULL, 180, NULL);
    g->step->optional = true;
    g->step->within_ms = RINGING_MS;
    add_action(g, OH_VERB_ANSWER, e->phone, NULL);
    add_message(g, e->phone, e->server, NULL, 200, "given-answer");
    add_message(g, e->server, e->phone, "ACK", 0, NULL);
}

static const struct oh_party *find_end(struct oh_reading *g, struct oh_span name)
{
    char *word = oh_span_dup(name);
    const struct oh_party *p = oh_scenario_party(g->s, word);
    if (!p)
        oh_suggest_party(g->s, word,
                         oh_yaml_mistake(g->r->y, g->given_call, g->r->errors, "unknown party '%s'",
                                         word));
    free(word);
    return p;
}

void oh_read_prelude(struct oh_reading *g)
{
    struct oh_span from, to;
    if (!g->given_call)
        return;
    take_ends(oh_span_of(oh_yaml_scalar(g->given_call) + strlen(CALL)), &from, &to);
    const struct oh_party *a = find_end(g, from), *b = find_end(g, to);
    if (!a || !b || g->role_unclear)
        return;
    bool out = a->role == OH_ROLE_PHONE;
    const struct oh_party *phone = out ? a : b, *other = out ? b : a;
    bool can_call = other->role == OH_ROLE_PEER || other->role == OH_ROLE_GATEWAY;
    if (phone->role != OH_ROLE_PHONE || !can_call || (out && !other->number)) {
        struct oh_error *e =
            oh_yaml_mistake(g->r->y, g->given_call, g->r->errors,
                            "no call can be given between '%s' and '%s'", a->name, b->name);
        oh_error_remedy(e, "one is the phone, the other a peer with a number");
        return;
    }
    struct ends ends = {phone->name, other->name, other->behind ? other->behind : other->name};
    if (out)
        add_call_out(g, &ends);
    else
        add_call_in(g, &ends);
}

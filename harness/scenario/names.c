#include "scenario/blocks.h"
#include "scenario/reader.h"

#include "sip/field.h"

#include <stdlib.h>
#include <string.h>

#define ROLE(r) (1u << OH_ROLE_##r)

/* "$B.number": what can be known of a party, by role. */
static const struct {
    const char *name;
    unsigned roles;
} attributes[] = {
    {"number", ROLE(PHONE) | ROLE(PEER) | ROLE(GATEWAY)},
    {"user", ROLE(PHONE) | ROLE(PEER) | ROLE(GATEWAY)},
    {"host", ~0u},
    {"port", ~0u},
    {"uri", ~0u},
    {"contact", ROLE(PEER) | ROLE(GATEWAY)},
    {"address", ~0u},
    {"realm", ROLE(PROXY) | ROLE(REGISTRAR) | ROLE(PEER) | ROLE(REDIRECT) | ROLE(GATEWAY)},
};
enum { ATTRIBUTES = sizeof attributes / sizeof *attributes };

static struct oh_error *tell(struct oh_reading *g, struct oh_place place, struct oh_span name,
                             const char *what)
{
    return oh_yaml_mistake_at(g->r->y, place, g->r->errors, "'$%.*s': %s", OH_SPAN_FMT(name), what);
}

static void check_attribute(struct oh_reading *g, struct oh_place place, struct oh_span name,
                            const struct oh_party *p, const char *wanted)
{
    const char *names[ATTRIBUTES + 1] = {0};
    struct oh_text list = {0};
    bool known = false;
    for (size_t i = 0, n = 0; i < ATTRIBUTES; i++) {
        if (!(attributes[i].roles & 1u << p->role))
            continue;
        known = known || !strcmp(attributes[i].name, wanted);
        names[n++] = attributes[i].name;
        oh_text_addf(&list, "%s%s", list.len ? ", " : "", attributes[i].name);
    }
    if (!known) {
        const char *near = oh_nearest_word(wanted, names);
        struct oh_error *e =
            oh_yaml_mistake_at(g->r->y, place, g->r->errors, "'$%.*s': a %s has no '%s'",
                               OH_SPAN_FMT(name), oh_role_name(p->role), wanted);
        if (near)
            oh_error_remedy(e, "did you mean '$%s.%s'?", p->name, near);
        else
            oh_error_remedy(e, "of %s there are: %s", p->name, oh_text_str(&list));
    } else if (!strcmp(wanted, "realm") && !p->challenge_count) {
        oh_error_remedy(tell(g, place, name, "it has no realm, because it does not challenge"),
                        "give %s a challenge among the parties", p->name);
    } else if (!strcmp(wanted, "number") && p->role != OH_ROLE_PHONE && !p->number) {
        oh_error_remedy(tell(g, place, name, "it has no number"),
                        "give %s one among the parties, as in number: \"5551234\"", p->name);
    }
    oh_text_release(&list);
}

static void check_saved_field(struct oh_reading *g, struct oh_place place, struct oh_span name,
                              const struct oh_step *saved, struct oh_span field)
{
    bool in_requests = true, in_responses = true;
    if (saved->kind != OH_STEP_MESSAGE)
        return; /* its own mistake is told */
    const char *near = oh_misspelt_header(field);
    if (near || !oh_field_known(field, &in_requests, &in_responses)) {
        near = near ? near : oh_field_suggest(field);
        struct oh_error *e =
            oh_yaml_mistake_at(g->r->y, place, g->r->errors, "'$%.*s': unknown field '%.*s'",
                               OH_SPAN_FMT(name), OH_SPAN_FMT(field));
        if (near)
            oh_error_remedy(e, "did you mean '$%s.%s'?", saved->save, near);
    } else if (saved->is_request ? !in_requests : !in_responses) {
        oh_error_remedy(tell(g, place, name,
                             saved->is_request ? "a request has no such field"
                                               : "a response has no such field"),
                        "'%s' is '%s', on line %u", saved->save, saved->text, saved->place.line);
    }
}

static const struct oh_step *saved_before(const struct oh_reading *g, const char *name)
{
    int now = (int)(g->step - g->s->steps);
    for (size_t i = 0; i < g->s->step_count; i++) {
        const struct oh_step *step = &g->s->steps[i];
        if (step != g->step && step->save && !strcmp(step->save, name) &&
            oh_steps_relation(g->s, (int)i, now) != OH_STEP_COMES_INSTEAD)
            return step;
    }
    return NULL;
}

/* Line of the step, this one or a later one, that saves under the name; 0 if none does. */
static unsigned saved_later(const struct oh_reading *g, const char *name)
{
    for (size_t i = 0; i < oh_yaml_count(g->flow); i++) {
        const struct oh_yaml_node *item = oh_yaml_item(g->flow, i);
        for (size_t j = 0; oh_yaml_kind(item) == OH_YAML_MAP && j < oh_yaml_count(item); j++)
            if (!strcmp(oh_yaml_scalar(oh_yaml_key(item, j)), "save") &&
                !strcmp(oh_yaml_scalar(oh_yaml_value(item, j)), name))
                return oh_yaml_place(g->r->y, oh_yaml_key(item, j)).line;
    }
    return 0;
}

/* Line of a step that saves under the name, in a way that is not taken where this step's is; 0. */
static unsigned saved_instead(const struct oh_reading *g, const char *name)
{
    for (size_t i = 0; i < g->s->step_count; i++) {
        const struct oh_step *step = &g->s->steps[i];
        if (step != g->step && step->save && !strcmp(step->save, name))
            return step->place.line;
    }
    return 0;
}

static void tell_unknown(struct oh_reading *g, struct oh_place place, struct oh_span name,
                         const char *head)
{
    unsigned line = saved_instead(g, head);
    if (line > 0) {
        oh_error_remedy(tell(g, place, name, "it is saved in another way of an 'either' alone"),
                        "on line %u, which does not come to pass together with this step", line);
        return;
    }
    line = saved_later(g, head);
    if (line > 0) {
        oh_error_remedy(tell(g, place, name, "it is used before it is saved"),
                        "'%s' is saved on line %u", head, line);
        return;
    }
    const char **names = oh_alloc((g->s->party_count + g->s->step_count + 1) * sizeof *names);
    size_t count = 0;
    for (size_t i = 0; i < g->s->party_count; i++)
        names[count++] = g->s->parties[i].name;
    for (size_t i = 0; i < g->s->step_count; i++)
        if (g->s->steps[i].save && &g->s->steps[i] != g->step)
            names[count++] = g->s->steps[i].save;
    const char *near = oh_nearest_word(head, names);
    struct oh_error *e = oh_yaml_mistake_at(g->r->y, place, g->r->errors,
                                            "'$%.*s': no party and no saved message is named '%s'",
                                            OH_SPAN_FMT(name), head);
    if (near)
        oh_error_remedy(e, "did you mean '$%s'?", near);
    else
        oh_error_remedy(
            e, "save a message by 'save: %s' on its step; for a literal dollar write '$$'", head);
    free(names);
}

void oh_check_name(struct oh_reading *g, struct oh_place place, struct oh_span name)
{
    size_t dot = oh_span_find(name, '.');
    struct oh_span head = oh_span_sub(name, 0, dot), rest = oh_span_sub(name, dot + 1, name.len);
    bool is_given = oh_span_is(head, "given-invite") || oh_span_is(head, "given-answer");
    if (!oh_is_name(head) && !is_given) {
        oh_error_remedy(tell(g, place, name, "a name is wanted after '$'"),
                        "as in $B.number or $first.call-id; for a literal dollar write '$$'");
        return;
    }
    char *base = oh_span_dup(head), *field = oh_span_dup(rest);
    const struct oh_party *party = oh_scenario_party(g->s, base);
    const struct oh_step *saved = saved_before(g, base);
    if (!party && !saved)
        tell_unknown(g, place, name, base);
    else if (!party && g->is_file && !oh_is_surely_saved(g, base))
        oh_error_remedy(tell(g, place, name, "it is saved in one way of an 'either' alone"),
                        "on line %u; let each way save a message under that name",
                        saved->place.line);
    else if (rest.len == 0)
        oh_error_remedy(tell(g, place, name, "it does not say which part is meant"), "as in $%s.%s",
                        base, party ? "host" : "call-id");
    else if (party)
        check_attribute(g, place, name, party, field);
    else
        check_saved_field(g, place, name, saved, rest);
    free(base);
    free(field);
}

bool oh_names_something(const struct oh_reading *g, struct oh_span name)
{
    size_t dot = oh_span_find(name, '.');
    struct oh_span head = oh_span_sub(name, 0, dot), rest = oh_span_sub(name, dot + 1, name.len);
    char *base = oh_span_dup(head);
    bool known = false;
    for (size_t i = 0; i < ATTRIBUTES && oh_scenario_party(g->s, base); i++)
        known |= oh_span_is(rest, attributes[i].name);
    if (rest.len > 0 && saved_before(g, base))
        known |= oh_field_known(rest, NULL, NULL);
    free(base);
    return known;
}

void oh_check_names_in(struct oh_reading *g, struct oh_place place, const char *text)
{
    struct oh_span rest = oh_span_of(text);
    struct oh_piece piece;
    while (oh_scenario_next_piece(&rest, &piece))
        if (piece.is_name)
            oh_check_name(g, place, piece.text);
}

void oh_read_save(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    struct oh_reading *g = target;
    const char *name = oh_yaml_scalar(n);
    if (!oh_is_name(oh_span_of(name))) {
        struct oh_error *e =
            oh_yaml_mistake(r->y, n, r->errors, "'%s' cannot name a message", name);
        oh_error_remedy(e, "a name is a letter, then letters, digits and '_', without '$'");
        return;
    }
    const struct oh_step *other = saved_before(g, name);
    if (other && other->place.line == g->step->place.line &&
        other->place.column == g->step->place.column)
        other = NULL; /* this step, in an earlier round of a repeat */
    if (oh_scenario_party(g->s, name)) {
        struct oh_error *e =
            oh_yaml_mistake(r->y, n, r->errors, "'%s' is the name of a party", name);
        oh_error_remedy(e, "choose another name for the message");
    } else if (other) {
        struct oh_error *e =
            oh_yaml_mistake(r->y, n, r->errors, "'%s' names a message already", name);
        oh_error_remedy(e, "it is '%s', on line %u", other->text, other->place.line);
    }
    g->step->save = oh_strdup(name);
}

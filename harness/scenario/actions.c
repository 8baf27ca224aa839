#include "scenario/reader.h"

#include <stdlib.h>
#include <string.h>

/* "A dials B": what stands after the acting party, and whether another party follows. */
static const struct {
    const char *words;
    bool names_party;
    enum oh_verb verb;
} patterns[] = {
    {"registers", false, OH_VERB_REGISTER}, {"unregisters", false, OH_VERB_UNREGISTER},
    {"dials", true, OH_VERB_DIAL},          {"answers", false, OH_VERB_ANSWER},
    {"rejects", false, OH_VERB_REJECT},     {"hangs up", false, OH_VERB_HANGUP},
    {"holds", false, OH_VERB_HOLD},         {"resumes", false, OH_VERB_RESUME},
};
enum { PATTERNS = sizeof patterns / sizeof *patterns };

static const char sentences[] =
    "A dials B, A answers, A rejects, A hangs up, A holds, A resumes, A registers, A unregisters";

static struct oh_span take_word(struct oh_span *rest)
{
    *rest = oh_span_trim(*rest);
    struct oh_span word = oh_span_sub(*rest, 0, oh_span_find(*rest, ' '));
    *rest = oh_span_trim(oh_span_sub(*rest, word.len, rest->len));
    return word;
}

/* The pattern that was most likely meant, or PATTERNS. */
static size_t nearest_pattern(struct oh_span rest)
{
    const char *names[PATTERNS + 1] = {0};
    for (size_t i = 0; i < PATTERNS; i++)
        names[i] = patterns[i].words;
    char *all = oh_span_dup(rest), *first = oh_span_dup(take_word(&rest));
    const char *near = oh_nearest_word(all, names);
    near = near ? near : oh_nearest_word(first, names);
    size_t i = 0;
    while (i < PATTERNS && patterns[i].words != near)
        i++;
    free(all);
    free(first);
    return i;
}

/* "nothing for 5 s": silence without its colon. */
static bool tell_silence(struct oh_reading *g, const struct oh_yaml_node *n)
{
    static const char words[] = "nothing for";
    struct oh_span text = oh_span_of(oh_yaml_scalar(n));
    if (!oh_span_starts_with(text, words))
        return false;
    struct oh_span rest = oh_span_trim(oh_span_sub(text, strlen(words), text.len));
    struct oh_error *e = oh_yaml_mistake(
        g->r->y, n, g->r->errors, "'%s' is no action of a user and no message", oh_yaml_scalar(n));
    oh_error_remedy(e, "did you mean '%s: %.*s'?", words,
                    OH_SPAN_FMT(rest.len ? rest : oh_span_of("5 s")));
    return true;
}

static void tell_unknown(struct oh_reading *g, const struct oh_yaml_node *n, struct oh_span actor,
                         struct oh_span rest, bool lacks_value)
{
    if (tell_silence(g, n))
        return;
    size_t i = nearest_pattern(rest);
    struct oh_span object = rest;
    take_word(&object);
    bool whom = i < PATTERNS && patterns[i].names_party;
    struct oh_error *e =
        oh_yaml_mistake(g->r->y, n, g->r->errors,
                        whom && object.len == 0 ? "'%s' does not say whom"
                                                : "'%s' is no action of a user and no message",
                        oh_yaml_scalar(n));
    if (whom)
        oh_error_remedy(e, "%s '%.*s %s %.*s'%s", object.len ? "did you mean" : "as in",
                        OH_SPAN_FMT(actor), patterns[i].words,
                        OH_SPAN_FMT(object.len ? object : oh_span_of("B")), object.len ? "?" : "");
    else if (i < PATTERNS)
        oh_error_remedy(e, "did you mean '%.*s %s'?", OH_SPAN_FMT(actor), patterns[i].words);
    else if (!lacks_value || !oh_yaml_blame_comment(g->r->y, oh_yaml_place(g->r->y, n), e))
        oh_error_remedy(
            e, "actions are: %s; messages are 'A -> P: INVITE', silence is 'nothing for: 5 s'",
            sentences);
}

/* The place of a word within a plain scalar. */
static struct oh_place place_in(struct oh_reading *g, const struct oh_yaml_node *n,
                                struct oh_span word)
{
    struct oh_place place = oh_yaml_place(g->r->y, n);
    size_t offset = (size_t)(word.at - oh_yaml_scalar(n));
    if (oh_yaml_is_plain(n) && offset + word.len <= place.width) {
        place.column += (unsigned)offset;
        place.width = (unsigned)word.len;
    }
    return place;
}

static const char *name_of_phone(const struct oh_scenario *s)
{
    for (size_t i = 0; i < s->party_count; i++)
        if (s->parties[i].role == OH_ROLE_PHONE)
            return s->parties[i].name;
    return "A";
}

static bool check_actor(struct oh_reading *g, const struct oh_yaml_node *n, struct oh_span word)
{
    const struct oh_party *actor = oh_scenario_party(g->s, g->step->from);
    struct oh_error *e;
    if (!actor) {
        e = oh_yaml_mistake_at(g->r->y, place_in(g, n, word), g->r->errors, "unknown party '%s'",
                               g->step->from);
        oh_suggest_party(g->s, g->step->from, e);
    } else if (actor->role != OH_ROLE_PHONE && !g->role_unclear) {
        e = oh_yaml_mistake_at(g->r->y, place_in(g, n, word), g->r->errors,
                               "'%s' is not the phone under test", actor->name);
        oh_error_remedy(e, "what a %s does is written as messages, as in '%s -> %s: 200'",
                        oh_role_name(actor->role), actor->behind ? actor->behind : actor->name,
                        name_of_phone(g->s));
    } else {
        return true;
    }
    return false;
}

static void check_object(struct oh_reading *g, const struct oh_yaml_node *n, struct oh_span word)
{
    const struct oh_party *object = oh_scenario_party(g->s, g->step->to);
    struct oh_place place = place_in(g, n, word);
    struct oh_error *e;
    if (!object) {
        e = oh_yaml_mistake_at(g->r->y, place, g->r->errors, "unknown party '%s'", g->step->to);
        oh_suggest_party(g->s, g->step->to, e);
    } else if (object->role != OH_ROLE_PEER && !g->role_unclear) {
        e = oh_yaml_mistake_at(g->r->y, place, g->r->errors, "'%s' is a %s and cannot be called",
                               object->name, oh_role_name(object->role));
        oh_error_remedy(e, "name a peer: a party with 'behind:' or 'role: peer'");
    } else if (!object->number) {
        e = oh_yaml_mistake_at(g->r->y, place, g->r->errors, "'%s' has no number to dial",
                               object->name);
        oh_error_remedy(e, "give it one among the parties, as in number: \"5551234\"");
    }
}

void oh_check_ability(struct oh_reading *g, struct oh_place place, const char *ability)
{
    size_t *told = &g->told[oh_ability_index(ability)];
    for (size_t i = 0; i < g->s->need_count; i++)
        if (!strcmp(g->s->needs[i], ability))
            return;
    if (*told || g->needs_unclear)
        return;
    struct oh_error *e =
        oh_yaml_mistake_at(g->r->y, place, g->r->errors,
                           "this takes the ability '%s', which 'needs' does not list", ability);
    *told = (size_t)(e - g->r->errors->items) + 1;
}

void oh_suggest_needs(struct oh_reading *g)
{
    struct oh_text list = {0};
    for (size_t i = 0; i < g->s->need_count; i++)
        oh_text_addf(&list, "%s%s", list.len ? ", " : "", g->s->needs[i]);
    for (int i = 0; oh_ability_name(i); i++)
        if (g->told[i])
            oh_text_addf(&list, "%s%s", list.len ? ", " : "", oh_ability_name(i));
    for (int i = 0; oh_ability_name(i); i++)
        if (g->told[i])
            oh_error_remedy(&g->r->errors->items[g->told[i] - 1], "write needs: [%s]",
                            oh_text_str(&list));
    oh_text_release(&list);
}

bool oh_read_action(struct oh_reading *g, const struct oh_yaml_node *sentence, bool lacks_value)
{
    struct oh_span rest = oh_span_of(oh_yaml_scalar(sentence));
    struct oh_span actor = take_word(&rest);
    for (size_t i = 0; i < PATTERNS; i++) {
        struct oh_span words = oh_span_of(patterns[i].words);
        struct oh_span object = oh_span_sub(rest, words.len, rest.len);
        bool begins = oh_span_starts_with(rest, patterns[i].words);
        bool fits = begins && (patterns[i].names_party ? object.len > 0 && object.at[0] == ' '
                                                       : object.len == 0);
        if (!fits)
            continue;
        object = oh_span_trim(object);
        g->step->kind = OH_STEP_ACTION;
        g->step->verb = patterns[i].verb;
        g->step->from = oh_span_dup(actor);
        bool good = check_actor(g, sentence, actor);
        if (patterns[i].names_party) {
            g->step->to = oh_span_dup(object);
            check_object(g, sentence, object);
        }
        if (good)
            oh_check_ability(g, g->step->place, oh_verb_name(patterns[i].verb));
        return true;
    }
    tell_unknown(g, sentence, actor, rest, lacks_value);
    return false;
}

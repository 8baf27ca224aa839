#include "scenario/reader.h"

#include <stdlib.h>
#include <string.h>

/* What follows the words: nothing, whom, whom and with whom ("B and C"), or a value after a colon.
 */
enum object { NOTHING, WHOM, BOTH, DIGITS };

/* "A dials B": what stands after the acting party. */
static const struct {
    const char *words;
    enum object object;
    enum oh_verb verb;
    const char *value; /* of the step; NULL: none, or the digits given */
} patterns[] = {
    {"registers", NOTHING, OH_VERB_REGISTER, NULL},
    {"unregisters", NOTHING, OH_VERB_UNREGISTER, NULL},
    {"dials", WHOM, OH_VERB_DIAL, NULL},
    {"answers", NOTHING, OH_VERB_ANSWER, NULL},
    {"rejects", NOTHING, OH_VERB_REJECT, NULL},
    {"hangs up", NOTHING, OH_VERB_HANGUP, NULL},
    {"holds", NOTHING, OH_VERB_HOLD, NULL},
    {"resumes", NOTHING, OH_VERB_RESUME, NULL},
    {"transfers to", WHOM, OH_VERB_TRANSFER, NULL},
    {"consults", WHOM, OH_VERB_CONSULT, NULL},
    {"completes transfer", NOTHING, OH_VERB_COMPLETE_TRANSFER, NULL},
    {"joins", BOTH, OH_VERB_JOIN, NULL},
    {"presses", DIGITS, OH_VERB_DTMF, NULL},
    {"forwards to", WHOM, OH_VERB_FORWARD, "all"},
    {"forwards busy to", WHOM, OH_VERB_FORWARD, "busy"},
    {"forwards unanswered to", WHOM, OH_VERB_FORWARD, "no-answer"},
    {"stops forwarding", NOTHING, OH_VERB_FORWARD_OFF, NULL},
    {"wants no calls", NOTHING, OH_VERB_DND, NULL},
    {"takes calls again", NOTHING, OH_VERB_DND_OFF, NULL},
    {"mutes", NOTHING, OH_VERB_MUTE, NULL},
    {"unmutes", NOTHING, OH_VERB_UNMUTE, NULL},
    {"redials", NOTHING, OH_VERB_REDIAL, NULL},
    {"restarts", NOTHING, OH_VERB_RESTART, NULL},
};
enum { PATTERNS = sizeof patterns / sizeof *patterns };

const char *oh_action_words(size_t n, bool *more)
{
    if (n >= PATTERNS)
        return NULL;
    *more = patterns[n].object != NOTHING;
    return patterns[n].words;
}

static const char sentences[] =
    "A dials B, A answers, A rejects, A hangs up, A holds, A resumes, A registers, A unregisters, "
    "A transfers to C and more (scenarios/README.md)";

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
    static const char *const waits[] = {"wait",    "waits", "sleep",  "pause",
                                        "nothing", "no",    "silence"};
    struct oh_span text = oh_span_of(oh_yaml_scalar(n)), left = text;
    struct oh_span first = take_word(&left), second = take_word(&left);
    for (size_t i = 0; i < sizeof waits / sizeof *waits; i++) {
        bool meant =
            oh_span_is_nocase(first, waits[i]) || (i < 4 && oh_span_is_nocase(second, waits[i]));
        if (!meant || oh_span_starts_with(text, words))
            continue;
        oh_error_remedy(
            oh_yaml_mistake(g->r->y, n, g->r->errors, "'%s' is no action of a user and no message",
                            oh_yaml_scalar(n)),
            "a time in which no message may come is 'nothing for: 5 s'; one that passes "
            "before a step is 'after: 5 s' below it");
        return true;
    }
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
    struct oh_span object = {0}, words = rest;
    for (take_word(&words); words.len;)
        object = take_word(&words);
    bool whom = i < PATTERNS && patterns[i].object == WHOM;
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

/* Who can be called: phones have a number of their own, peers one that is given. */
static void check_object(struct oh_reading *g, const struct oh_yaml_node *n, struct oh_span word,
                         const char *name)
{
    const struct oh_party *object = oh_scenario_party(g->s, name);
    struct oh_place place = place_in(g, n, word);
    struct oh_error *e;
    bool can_be_called = object && (object->role == OH_ROLE_PEER || object->role == OH_ROLE_PHONE ||
                                    object->role == OH_ROLE_GATEWAY);
    if (!object) {
        e = oh_yaml_mistake_at(g->r->y, place, g->r->errors, "unknown party '%s'", name);
        oh_suggest_party(g->s, name, e);
    } else if (!strcmp(name, g->step->from)) {
        oh_yaml_mistake_at(g->r->y, place, g->r->errors, "'%s' cannot call itself", name);
    } else if (!can_be_called && !g->role_unclear) {
        e = oh_yaml_mistake_at(g->r->y, place, g->r->errors, "'%s' is a %s and cannot be called",
                               object->name, oh_role_name(object->role));
        oh_error_remedy(e, "name a peer: a party with 'behind:' or 'role: peer'");
    } else if (!object->number && object->role != OH_ROLE_PHONE) {
        e = oh_yaml_mistake_at(g->r->y, place, g->r->errors, "'%s' has no number to dial",
                               object->name);
        oh_error_remedy(e, "give it one among the parties, as in number: \"5551234\"");
    }
}

void oh_check_ability(struct oh_reading *g, struct oh_place place, const char *ability)
{
    size_t *told = &g->told[oh_ability_index(ability)];
    for (size_t i = 0; i < g->s->need_count; i++)
        if (!strcmp(g->s->needs[i], ability)) {
            g->s->need_used[i] = true;
            return;
        }
    if (*told || g->needs_unclear)
        return;
    struct oh_error *e =
        oh_yaml_mistake_at(g->r->y, place, g->r->errors,
                           "this takes the ability '%s', which 'needs' does not list", ability);
    *told = (size_t)(e - g->r->errors->items) + 1;
}

void oh_use_ability(struct oh_reading *g, const char *ability)
{
    for (size_t i = 0; i < g->s->need_count; i++)
        if (!strcmp(g->s->needs[i], ability))
            g->s->need_used[i] = true;
}

/* What a flow is glad of, though no step of it says so: an answer comes when the user says, so that
 * the phone rings until then; what is given is registered; PRACKs and RSeq. */
static void use_silently(struct oh_reading *g)
{
    size_t phones = 0;
    for (size_t i = 0; i < g->s->party_count; i++)
        phones += g->s->parties[i].role == OH_ROLE_PHONE;
    if (g->s->given_registered || phones > 1)
        oh_use_ability(g, "register");
    for (size_t i = 0; i < g->s->step_count; i++) {
        const struct oh_step *step = &g->s->steps[i];
        if (step->kind != OH_STEP_MESSAGE)
            continue;
        if (step->method && !strcmp(step->method, "PRACK"))
            oh_use_ability(g, "100rel");
        if (step->is_request && !strcmp(step->method, "INVITE") && oh_step_is_ours(g->s, step))
            oh_use_ability(g, "answer");
        for (size_t k = 0; k < step->expect_count; k++)
            if (!strncmp(step->expects[k].field, "rseq", strlen("rseq")))
                oh_use_ability(g, "100rel");
    }
}

void oh_suggest_needs(struct oh_reading *g)
{
    use_silently(g);
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

/* RFC 4733 3.2: what telephone keys there are. */
static void read_digits(struct oh_reading *g, const struct oh_yaml_node *sentence,
                        const struct oh_yaml_node *value)
{
    const char *digits =
        value && oh_yaml_kind(value) == OH_YAML_SCALAR ? oh_yaml_scalar(value) : "";
    uint64_t number;
    struct oh_error *e;
    if (!*digits) {
        e = oh_yaml_mistake(g->r->y, sentence, g->r->errors, "'%s' does not say which keys",
                            oh_yaml_scalar(sentence));
        if (!value || !oh_yaml_blame_comment(g->r->y, oh_yaml_place(g->r->y, sentence), e))
            oh_error_remedy(e, "as in '%s presses: \"12#\"'", g->step->from);
        return;
    }
    if (strlen(digits) > 64 || strspn(digits, "0123456789*#ABCD") != strlen(digits)) {
        e = oh_yaml_mistake(g->r->y, value, g->r->errors, "'%s' cannot be pressed", digits);
        oh_error_remedy(e, "wanted: up to 64 of the keys 0 to 9, *, # and A to D, in quotes");
    } else if (oh_yaml_is_plain(value) && oh_span_to_u64(oh_span_of(digits), &number)) {
        e = oh_yaml_mistake(g->r->y, value, g->r->errors,
                            "keys are text, but %s without quotes is a plain number%s", digits,
                            digits[0] == '0' ? " and loses its leading zero" : "");
        oh_error_remedy(e, "put them in quotes: %s presses: \"%s\"", g->step->from, digits);
    }
    g->step->value = oh_strdup(digits);
}

/* "B and C" */
static bool read_both(struct oh_reading *g, const struct oh_yaml_node *n, struct oh_span objects)
{
    static const char between[] = " and ";
    size_t at = oh_span_search(objects, oh_span_of(between));
    struct oh_span first = oh_span_trim(oh_span_sub(objects, 0, at));
    struct oh_span second = oh_span_trim(oh_span_sub(objects, at + strlen(between), objects.len));
    if (at >= objects.len || !first.len || !second.len) {
        struct oh_error *e =
            oh_yaml_mistake(g->r->y, n, g->r->errors, "'%s' does not name two", oh_yaml_scalar(n));
        oh_error_remedy(e, "as in '%s joins B and C'", g->step->from);
        return false;
    }
    g->step->to = oh_span_dup(first);
    g->step->with = oh_span_dup(second);
    check_object(g, n, first, g->step->to);
    check_object(g, n, second, g->step->with);
    return true;
}

/* The pattern that the words are, and what follows them; PATTERNS: none. */
static size_t find_pattern(struct oh_span rest, struct oh_span *object)
{
    for (size_t i = 0; i < PATTERNS; i++) {
        size_t len = strlen(patterns[i].words);
        bool takes = patterns[i].object == WHOM || patterns[i].object == BOTH;
        *object = oh_span_sub(rest, len, rest.len);
        if (oh_span_starts_with(rest, patterns[i].words) &&
            (takes ? object->len > 0 && object->at[0] == ' ' : object->len == 0)) {
            *object = oh_span_trim(*object);
            return i;
        }
    }
    return PATTERNS;
}

/* An action without a value has none; its keys stand below it. */
static bool refuse_value(struct oh_reading *g, const struct oh_yaml_node *sentence,
                         const struct oh_yaml_node *value)
{
    if (!value || oh_yaml_is_null(value))
        return true;
    struct oh_error *e = oh_yaml_mistake(g->r->y, value, g->r->errors,
                                         "nothing can stand after '%s:'", oh_yaml_scalar(sentence));
    oh_error_remedy(e, "an action's keys stand on the lines below it");
    return false;
}

bool oh_read_action(struct oh_reading *g, const struct oh_yaml_node *sentence,
                    const struct oh_yaml_node *value)
{
    struct oh_span rest = oh_span_of(oh_yaml_scalar(sentence)), object;
    struct oh_span actor = take_word(&rest);
    size_t i = find_pattern(rest, &object);
    if (i == PATTERNS) {
        tell_unknown(g, sentence, actor, rest, value && oh_yaml_is_null(value));
        return false;
    }
    g->step->kind = OH_STEP_ACTION;
    g->step->verb = patterns[i].verb;
    g->step->from = oh_span_dup(actor);
    g->step->value = patterns[i].value ? oh_strdup(patterns[i].value) : NULL;
    bool good = check_actor(g, sentence, actor);
    if (patterns[i].object == WHOM) {
        g->step->to = oh_span_dup(object);
        check_object(g, sentence, object, g->step->to);
    } else if (patterns[i].object == BOTH && !read_both(g, sentence, object)) {
        return false;
    } else if (patterns[i].object == DIGITS) {
        read_digits(g, sentence, value);
    }
    if (patterns[i].object != DIGITS && !refuse_value(g, sentence, value))
        return false;
    if (good)
        oh_check_ability(g, g->step->place, oh_verb_name(patterns[i].verb));
    return true;
}

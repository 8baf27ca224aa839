#include "scenario/reader.h"

#include <stdlib.h>
#include <string.h>

/* --- the keys under a step --- */

static void read_optional(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    struct oh_reading *g = target;
    g->step->optional = oh_read_bool(r, n, false);
}

static void read_level(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    static const struct oh_word words[] = {
        {"must", OH_LEVEL_MUST}, {"should", OH_LEVEL_SHOULD}, {NULL, 0}};
    struct oh_reading *g = target;
    int level = oh_read_word(r, n, "level", words);
    if (level >= 0)
        g->step->level = (enum oh_level)level;
}

static void read_within(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    struct oh_reading *g = target;
    g->step->within_ms = oh_read_duration(r, n);
}

static void read_for(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    struct oh_reading *g = target;
    g->step->for_ms = oh_read_duration(r, n);
}

/* RFC 3261 25.1: header-name is a token. */
static bool is_header_name(const char *name)
{
    return *name && strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                 "-.!%*_+`'~") == strlen(name);
}

static bool check_header_name(struct oh_yaml_reader *r, const struct oh_yaml_node *n)
{
    struct oh_error *e;
    if (oh_yaml_kind(n) == OH_YAML_SCALAR && is_header_name(oh_yaml_scalar(n))) {
        const char *near =
            oh_yaml_is_plain(n) ? oh_misspelt_header(oh_span_of(oh_yaml_scalar(n))) : NULL;
        if (!near)
            return true;
        e = oh_yaml_mistake(r->y, n, r->errors, "unknown header '%s'", oh_yaml_scalar(n));
        oh_error_remedy(e, "did you mean '%s'? A header of this very name is written in quotes",
                        near);
        return false;
    }
    e = oh_yaml_mistake(r->y, n, r->errors, "'%s' cannot be the name of a header",
                        oh_yaml_scalar(n));
    oh_error_remedy(e, "wanted: the name alone, as in 'Subject'");
    return false;
}

static void read_header(struct oh_reading *g, const struct oh_yaml_node *key,
                        const struct oh_yaml_node *value)
{
    struct oh_step *step = g->step;
    if (!check_header_name(g->r, key))
        return;
    if (oh_yaml_is_null(value)) {
        struct oh_error *e = oh_yaml_mistake(g->r->y, key, g->r->errors, "header '%s' has no value",
                                             oh_yaml_scalar(key));
        if (!oh_yaml_blame_comment(g->r->y, oh_yaml_place(g->r->y, key), e))
            oh_error_remedy(e, "to send it empty write \"\"; to leave it out use 'remove:'");
        return;
    }
    char *text = *oh_yaml_scalar(value) || oh_yaml_kind(value) != OH_YAML_SCALAR
                     ? oh_read_line(g->r, value, "the value of a header")
                     : oh_strdup("");
    if (!text)
        return;
    step->headers = oh_realloc(step->headers, (step->header_count + 1) * sizeof *step->headers);
    step->headers[step->header_count++] =
        (struct oh_header_override){.name = oh_strdup(oh_yaml_scalar(key)), .value = text};
    oh_check_names_in(g, oh_yaml_place(g->r->y, value), text);
}

static void read_headers(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    (void)r;
    for (size_t i = 0; i < oh_yaml_count(n); i++)
        read_header(target, oh_yaml_key(n, i), oh_yaml_value(n, i));
}

static void read_remove(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    struct oh_reading *g = target;
    if (oh_yaml_kind(n) == OH_YAML_SCALAR)
        check_header_name(r, n);
    for (size_t i = 0; oh_yaml_kind(n) == OH_YAML_LIST && i < oh_yaml_count(n); i++)
        if (!check_header_name(r, oh_yaml_item(n, i)))
            return;
    oh_read_lines(r, n, "the name of a header", &g->step->remove, &g->step->remove_count);
}

static void read_body(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    struct oh_reading *g = target;
    (void)r;
    g->step->body = oh_strdup(oh_yaml_scalar(n));
}

static void read_reason(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    struct oh_reading *g = target;
    g->step->reason = oh_read_line(r, n, "the reason phrase");
}

static void read_challenge(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    struct oh_reading *g = target;
    struct oh_step *step = g->step;
    (void)r;
    oh_read_challenges(g, n, step->status, &step->challenges, &step->challenge_count);
}

/* RFC 3262 3: neither 100 nor a final response */
static void read_reliable(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    struct oh_reading *g = target;
    struct oh_step *step = g->step;
    step->reliable = oh_read_bool(r, n, false);
    if (step->reliable && !step->is_request && (step->status <= 100 || step->status >= 200)) {
        struct oh_error *e =
            oh_yaml_mistake(r->y, n, r->errors, "a %u cannot be sent reliably", step->status);
        oh_error_remedy(e, "only 101 to 199, answers to an INVITE, are acknowledged by PRACK");
    } else if (step->reliable && oh_step_is_ours(g->s, step)) {
        oh_check_ability(g, step->place, "100rel");
    }
}

/* In the order of reading: headers come before must and save, which nothing depends on. */
static const struct oh_yaml_field step_keys[] = {
    {"must", OH_YAML_MAP, false, oh_read_must, "{field: value}: what is wrong if it does not hold"},
    {"should", OH_YAML_MAP, false, oh_read_should,
     "{field: value}: what is unwise if it does not hold"},
    {"save", OH_YAML_SCALAR, false, oh_read_save, "a name for the message, for later steps"},
    {"optional", OH_YAML_SCALAR, false, read_optional, "true: the message may be left out"},
    {"level", OH_YAML_SCALAR, false, read_level,
     "must or should: what it is if the message never comes"},
    {"within", OH_YAML_SCALAR, false, read_within,
     "at the latest so long after the step before, as in '2 s'"},
    {"after", OH_YAML_SCALAR, false, oh_read_after,
     "done so long after the step before, as in '2 s'; of the phone: not before, or a window, as "
     "in '180 s .. 200 s'"},
    {"retransmits", OH_YAML_MAP, false, oh_read_retransmits,
     "{first, doubling to, until, tolerance, count}: left unanswered, it comes again at these "
     "times"},
    {"lose", OH_YAML_SCALAR, false, oh_read_lose, "so many of its first copies are lost"},
    {"for", OH_YAML_SCALAR, false, read_for, "how long, as in '1 s'"},
    {"headers", OH_YAML_MAP, false, read_headers, "{name: value}: header fields in place of ours"},
    {"remove", OH_YAML_SCALAR | OH_YAML_LIST, false, read_remove,
     "names of header fields to leave out"},
    {"challenge", OH_YAML_LIST | OH_YAML_MAP, false, read_challenge,
     "what this 401 or 407 asks for, in place of the party's challenge"},
    {"sdp", OH_YAML_SCALAR | OH_YAML_MAP, false, oh_read_sdp,
     "none, or {direction, address, formats}: what is otherwise in our description"},
    {"reliable", OH_YAML_SCALAR, false, read_reliable,
     "true: a provisional answer to INVITE that the phone acknowledges by PRACK"},
    {"body", OH_YAML_SCALAR, false, read_body, "the body, in place of ours"},
    {"reason", OH_YAML_SCALAR, false, read_reason, "the reason phrase, in place of ours"},
    {"call", OH_YAML_SCALAR, false, oh_read_call,
     "the name of the call; without it the latest between the two"},
    {"fork", OH_YAML_SCALAR, false, oh_read_fork,
     "the name of the callee who answers, each in a dialog of his own"},
    {"raw", OH_YAML_SCALAR | OH_YAML_MAP, false, oh_read_raw,
     "the whole message, in place of ours; line ends become CRLF; {bytes: \"...\"}: exactly"},
    {"again", OH_YAML_SCALAR, false, oh_read_again,
     "true: sent though the request has its final answer"},
    {"twice", OH_YAML_SCALAR, false, oh_read_twice,
     "true, or a time as in '50 ms': sent again so long after"},
    {"swap", OH_YAML_SCALAR, false, oh_read_swap, "true: sent after our next message"},
    {"pieces", OH_YAML_SCALAR | OH_YAML_LIST, false, oh_read_pieces,
     "over TCP: in so many segments of about the same size, or a list of the bytes where a new one "
     "begins, as in [1, 400]"},
    {NULL, 0, false, NULL, NULL},
};

/* --- which steps may bear a key --- */

enum {
    ACTION = 1,
    PHONES_REQUEST = 2,
    PHONES_RESPONSE = 4,
    OUR_REQUEST = 8,
    OUR_RESPONSE = 16,
    MEDIA = 32,
    SILENCE = 64,
    AT_ONCE = 128, /* to connections */
    FOR_A_TIME = 256,
    PHONES = PHONES_REQUEST | PHONES_RESPONSE,
    OURS = OUR_REQUEST | OUR_RESPONSE,
};

static const struct {
    const char *key;
    unsigned steps;
    const char *why;
} key_steps[] = {
    {"must", PHONES, "it judges what the phone sends"},
    {"should", PHONES, "it judges what the phone sends"},
    {"save", PHONES | OURS, "only messages can be saved"},
    {"optional", PHONES, "only a message of the phone may be left out"},
    {"level", PHONES, "it says how bad it is if a message of the phone never comes"},
    {"within", PHONES | ACTION, "only what the phone or its user does has a deadline"},
    {"after", PHONES | OURS | ACTION | AT_ONCE,
     "what lasts a time begins when the step before is done"},
    {"retransmits", PHONES, "it judges when the phone sends its message again"},
    {"lose", PHONES | OURS, "only messages can be lost"},
    {"for", MEDIA | FOR_A_TIME,
     "only media, and a party that is silent or refuses connections, last a time"},
    {"headers", OURS, "only our own message can be changed; use 'must' to judge the phone's"},
    {"remove", OURS, "only our own message can be changed"},
    {"challenge", OUR_RESPONSE, "only our own 401 or 407 challenges"},
    {"sdp", OURS, "only our own message can be changed; use 'must' to judge the phone's"},
    {"reliable", OUR_RESPONSE, "only our own provisional response asks for a PRACK"},
    {"body", OURS, "only our own message can be changed; use 'must' to judge the phone's"},
    {"reason", OUR_RESPONSE, "only our own response has a phrase that can be changed"},
    {"call", PHONES | OURS | ACTION, "only messages, and what a user does, belong to a call"},
    {"fork", PHONES_REQUEST | OURS, "callees answer, and are spoken to"},
    {"raw", OURS, "only our own message can be changed; use 'must' to judge the phone's"},
    {"again", OUR_RESPONSE, "only our own response can be sent a second time"},
    {"twice", OURS, "only our own message can be sent twice"},
    {"swap", OURS, "only our own messages can change places"},
    {"pieces", OURS, "only our own message can be cut"},
};

static const struct {
    unsigned steps;
    const char *name;
} step_names[] = {
    {ACTION, "an action of the user"},
    {PHONES, "a message of the phone"},
    {OUR_REQUEST, "a request of ours"},
    {OUR_RESPONSE, "a response of ours"},
    {MEDIA, "media"},
    {SILENCE, "a time of silence"},
    {AT_ONCE, "the end of a connection"},
    {FOR_A_TIME, "what a party does for a time"},
};

/* What is done to connections is done at once, or for a time. */
static bool lasts(const struct oh_step *step)
{
    return step->kind == OH_STEP_CONNECTION &&
           (step->act == OH_REFUSES || step->act == OH_IS_SILENT);
}

static unsigned sort_of(const struct oh_reading *g)
{
    static const unsigned sorts[] = {
        [OH_STEP_ACTION] = ACTION, [OH_STEP_MEDIA] = MEDIA, [OH_STEP_SILENCE] = SILENCE};
    const struct oh_step *step = g->step;
    if (step->kind == OH_STEP_CONNECTION)
        return lasts(step) ? FOR_A_TIME : AT_ONCE;
    if (step->kind != OH_STEP_MESSAGE)
        return sorts[step->kind];
    if (oh_step_is_phones(g->s, step))
        return step->is_request ? PHONES_REQUEST : PHONES_RESPONSE;
    return step->is_request ? OUR_REQUEST : OUR_RESPONSE;
}

static const char *sort_name(unsigned sort)
{
    size_t i = 0;
    while (!(step_names[i].steps & sort))
        i++;
    return step_names[i].name;
}

static void check_keys(struct oh_reading *g, const struct oh_yaml_node *map)
{
    unsigned sort = sort_of(g);
    if (g->role_unclear)
        return;
    for (size_t i = 0; i < sizeof key_steps / sizeof *key_steps; i++) {
        const struct oh_yaml_node *key = oh_find_key(map, key_steps[i].key);
        if (!key || key_steps[i].steps & sort)
            continue;
        struct oh_error *e =
            oh_yaml_mistake(g->r->y, key, g->r->errors, "'%s' has no place under %s",
                            key_steps[i].key, sort_name(sort));
        oh_error_remedy(e, "%s", key_steps[i].why);
    }
}

/* --- steps --- */

static const char SILENCE_KEY[] = "nothing for";

struct oh_step *oh_new_step(struct oh_reading *g, const struct oh_yaml_node *heading)
{
    oh_grow(&g->s->steps, g->s->step_count, &g->step_room, sizeof *g->s->steps);
    struct oh_step *step = &g->s->steps[g->s->step_count++];
    *step = (struct oh_step){.place = oh_yaml_place(g->r->y, heading),
                             .within_ms = -1,
                             .for_ms = -1,
                             .group = g->group,
                             .branch = g->branch,
                             .not_before_ms = -1,
                             .not_after_ms = -1,
                             .twice_after_ms = -1};
    g->step = step;
    return step;
}

/* A step that could not be read stays as a blank, with the name it saves, so that it is told once
 * and not again by every later step that builds on it. `map` is NULL where there is none. */
static void blank_step(struct oh_reading *g, const struct oh_yaml_node *map)
{
    g->flow_unclear = true;
    g->step->kind = OH_STEP_SILENCE;
    for (size_t i = 0; map && i < oh_yaml_count(map); i++)
        if (!strcmp(oh_yaml_scalar(oh_yaml_key(map, i)), "save") && !g->step->save)
            g->step->save = oh_strdup(oh_yaml_scalar(oh_yaml_value(map, i)));
}

static bool read_silence(struct oh_reading *g, const struct oh_yaml_node *key,
                         const struct oh_yaml_node *value)
{
    g->step->kind = OH_STEP_SILENCE;
    if (oh_yaml_kind(value) == OH_YAML_SCALAR && !oh_yaml_is_null(value)) {
        g->step->for_ms = oh_read_duration(g->r, value);
        return true;
    }
    struct oh_error *e =
        oh_yaml_mistake(g->r->y, key, g->r->errors, "'%s' does not say how long", SILENCE_KEY);
    oh_error_remedy(e, "as in 'nothing for: 5 s'");
    return false;
}

static bool read_heading(struct oh_reading *g, const struct oh_yaml_node *key,
                         const struct oh_yaml_node *value)
{
    const char *text = oh_yaml_scalar(key);
    bool has_text = value && oh_yaml_kind(value) == OH_YAML_SCALAR && !oh_yaml_is_null(value);
    g->step->text = has_text ? oh_format("%s: %s", text, oh_yaml_scalar(value)) : oh_strdup(text);
    if (oh_looks_like_arrow(text))
        return oh_read_arrow(g, key, value);
    if (value && !strcmp(text, SILENCE_KEY))
        return read_silence(g, key, value);
    bool good;
    return oh_read_connection(g, key, value, &good) ? good : oh_read_action(g, key, value);
}

static bool is_step_key(const char *word)
{
    for (const struct oh_yaml_field *f = step_keys; f->key; f++)
        if (!strcmp(f->key, word))
            return true;
    return false;
}

static void check_length(struct oh_reading *g, const struct oh_yaml_node *heading,
                         const struct oh_yaml_node *map)
{
    bool timed = g->step->kind == OH_STEP_MEDIA || lasts(g->step);
    if (!timed || (map && oh_find_key(map, "for")))
        return;
    struct oh_error *e =
        oh_yaml_mistake(g->r->y, heading, g->r->errors, "this %s does not say how long it lasts",
                        g->step->kind == OH_STEP_MEDIA ? "media" : "step");
    oh_error_remedy(e, "add 'for: 1 s' below it");
}

static void read_map_step(struct oh_reading *g, const struct oh_yaml_node *map)
{
    const struct oh_yaml_node *heading = oh_yaml_key(map, 0), *value = oh_yaml_value(map, 0);
    if (is_step_key(oh_yaml_scalar(heading))) {
        struct oh_error *e =
            oh_yaml_mistake(g->r->y, heading, g->r->errors,
                            "a step begins with its arrow or action, not with '%s'",
                            oh_yaml_scalar(heading));
        oh_error_remedy(e, "put the line with the arrow first, or take off the '-' before '%s'",
                        oh_yaml_scalar(heading));
        return;
    }
    oh_new_step(g, heading);
    if (!read_heading(g, heading, value)) {
        blank_step(g, map);
        return;
    }
    check_keys(g, map);
    check_length(g, heading, map);
    if (g->step->kind == OH_STEP_MEDIA)
        oh_check_ability(g, g->step->place, "rtp");
    oh_yaml_read_rest(g->r, map, 1, "a step", step_keys, g);
    if (g->step->kind == OH_STEP_MESSAGE) {
        oh_check_mischief(g, map);
        oh_check_message(g, value);
    }
}

static bool is_full(struct oh_reading *g, const struct oh_yaml_node *item)
{
    if (g->s->step_count < OH_SCENARIO_MAX_STEPS)
        return false;
    if (!g->is_full)
        oh_yaml_mistake(g->r->y, item, g->r->errors, "more than %d steps", OH_SCENARIO_MAX_STEPS);
    g->is_full = true;
    return true;
}

void oh_read_step(struct oh_reading *g, const struct oh_yaml_node *item)
{
    if (is_full(g, item) || oh_read_block(g, item))
        return;
    if (oh_yaml_kind(item) == OH_YAML_MAP && oh_yaml_count(item) > 0) {
        read_map_step(g, item);
    } else if (oh_yaml_kind(item) == OH_YAML_SCALAR && !oh_yaml_is_null(item)) {
        oh_new_step(g, item);
        if (!read_heading(g, item, NULL))
            blank_step(g, NULL);
        else if (lasts(g->step))
            check_length(g, item, NULL);
    } else {
        struct oh_error *e =
            oh_yaml_mistake(g->r->y, item, g->r->errors,
                            oh_yaml_count(item) > 0 ? "a step is no list" : "this step is empty");
        if (!oh_yaml_blame_comment(g->r->y, oh_yaml_place(g->r->y, item), e))
            oh_error_remedy(e, "wanted: an action ('A dials B') or a message ('A -> P: INVITE')");
    }
}

void oh_read_flow(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    struct oh_reading *g = target;
    size_t count = oh_yaml_count(n);
    if (count == 0)
        oh_yaml_mistake(r->y, n, r->errors, "the flow has no steps");
    g->flow = n;
    g->group = g->branch = OH_NONE;
    oh_read_prelude(g);
    if (g->s->party_count == 0)
        return; /* told already; every name would be unknown */
    for (size_t i = 0; i < count; i++)
        oh_read_step(g, oh_yaml_item(n, i));
}

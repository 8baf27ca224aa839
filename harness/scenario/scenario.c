#include "scenario/params.h"

#include <stdlib.h>
#include <string.h>

static const char *const role_names[OH_ROLES] = {
    [OH_ROLE_PHONE] = "phone", [OH_ROLE_PROXY] = "proxy",       [OH_ROLE_REGISTRAR] = "registrar",
    [OH_ROLE_PEER] = "peer",   [OH_ROLE_REDIRECT] = "redirect", [OH_ROLE_GATEWAY] = "gateway",
};

static const char *const predicate_names[OH_PREDICATES] = {
    [OH_IS_EQUAL] = "equals",        [OH_IS_NOT] = "not",
    [OH_IS_PRESENT] = "present",     [OH_IS_ABSENT] = "absent",
    [OH_IS_VALID] = "valid",         [OH_IS_ANY_OF] = "any of",
    [OH_IS_ABOVE] = "above",         [OH_IS_BELOW] = "below",
    [OH_IS_MATCHING] = "matches",    [OH_IS_STARTING_WITH] = "starts with",
    [OH_IS_CONTAINING] = "contains",
};

static const char *const verb_names[OH_VERBS] = {
    [OH_VERB_REGISTER] = "register",
    [OH_VERB_UNREGISTER] = "unregister",
    [OH_VERB_DIAL] = "dial",
    [OH_VERB_ANSWER] = "answer",
    [OH_VERB_REJECT] = "reject",
    [OH_VERB_HANGUP] = "hangup",
    [OH_VERB_HOLD] = "hold",
    [OH_VERB_RESUME] = "resume",
    [OH_VERB_TRANSFER] = "transfer",
    [OH_VERB_CONSULT] = "consult",
    [OH_VERB_COMPLETE_TRANSFER] = "complete-transfer",
    [OH_VERB_JOIN] = "join",
    [OH_VERB_DTMF] = "dtmf",
    [OH_VERB_FORWARD] = "forward",
    [OH_VERB_FORWARD_OFF] = "forward-off",
    [OH_VERB_DND] = "dnd",
    [OH_VERB_DND_OFF] = "dnd-off",
    [OH_VERB_MUTE] = "mute",
    [OH_VERB_UNMUTE] = "unmute",
    [OH_VERB_REDIAL] = "redial",
    [OH_VERB_RESTART] = "restart",
};

const char *oh_role_name(enum oh_role r)
{
    return role_names[r];
}

const char *oh_predicate_name(enum oh_predicate_kind k)
{
    return predicate_names[k];
}

const char *oh_verb_name(enum oh_verb v)
{
    return verb_names[v];
}

int oh_verb_of(const char *name)
{
    for (int v = 0; v < OH_VERBS; v++)
        if (!strcmp(verb_names[v], name))
            return v;
    return -1;
}

static const char *const other_abilities[] = {"rtp",
                                              "tcp",
                                              "100rel",
                                              "digest-md5-sess",
                                              "digest-sha-256",
                                              "digest-sha-512-256",
                                              "digest-auth-int"};
enum { OTHER_ABILITIES = sizeof other_abilities / sizeof *other_abilities };

const char *oh_ability_name(int n)
{
    if (n < OH_VERBS)
        return n < 0 ? NULL : verb_names[n];
    return n < OH_VERBS + OTHER_ABILITIES ? other_abilities[n - OH_VERBS] : NULL;
}

int oh_ability_index(const char *name)
{
    for (int i = 0; oh_ability_name(i); i++)
        if (!strcmp(oh_ability_name(i), name))
            return i;
    return -1;
}

static void free_lines(char **lines, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(lines[i]);
    free(lines);
}

static void release_challenges(struct oh_challenge *challenges, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(challenges[i].realm);
        free(challenges[i].algorithm);
        free(challenges[i].qop);
        free(challenges[i].opaque);
    }
    free(challenges);
}

static void release_party(struct oh_party *p)
{
    free(p->name);
    free(p->behind);
    free(p->number);
    release_challenges(p->challenges, p->challenge_count);
    free_lines(p->contacts, p->contact_count);
}

static void release_expect(struct oh_expect *x)
{
    for (size_t i = 0; i < x->predicate_count; i++) {
        for (size_t j = 0; j < x->predicates[i].operand_count; j++)
            free(x->predicates[i].operands[j].text);
        free(x->predicates[i].operands);
    }
    free(x->predicates);
    free(x->field);
}

static void release_step(struct oh_step *step)
{
    for (size_t i = 0; i < step->expect_count; i++)
        release_expect(&step->expects[i]);
    free(step->expects);
    for (size_t i = 0; i < step->header_count; i++) {
        free(step->headers[i].name);
        free(step->headers[i].value);
    }
    free(step->headers);
    free_lines(step->remove, step->remove_count);
    free(step->text);
    free(step->from);
    free(step->to);
    free(step->value);
    free(step->with);
    free(step->call);
    free(step->method);
    free(step->reason);
    free(step->retransmits);
    free(step->raw);
    free(step->fork);
    free(step->cuts);
    free(step->save);
    free(step->body);
    free(step->sdp.direction);
    free(step->sdp.address);
    free(step->sdp.formats);
    release_challenges(step->challenges, step->challenge_count);
}

void oh_scenario_free(struct oh_scenario *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->party_count; i++)
        release_party(&s->parties[i]);
    free(s->parties);
    for (size_t i = 0; i < s->step_count; i++)
        release_step(&s->steps[i]);
    free(s->steps);
    free(s->groups);
    free_lines(s->sources, s->source_count);
    free_lines(s->covers, s->cover_count);
    free(s->cover_places);
    free_lines(s->needs, s->need_count);
    free(s->need_places);
    free(s->need_used);
    oh_params_free(s->params, s->param_count);
    free(s->row);
    free(s->id);
    free(s->file);
    free(s->source_text);
    free(s->title);
    free(s);
}

const struct oh_party *oh_scenario_party(const struct oh_scenario *s, const char *name)
{
    for (size_t i = 0; name && i < s->party_count; i++)
        if (!strcmp(s->parties[i].name, name))
            return &s->parties[i];
    return NULL;
}

static bool sent_by_phone(const struct oh_scenario *s, const struct oh_step *step)
{
    const struct oh_party *sender = oh_scenario_party(s, step->from);
    return sender && sender->role == OH_ROLE_PHONE;
}

bool oh_step_is_phones(const struct oh_scenario *s, const struct oh_step *step)
{
    return step->kind == OH_STEP_MESSAGE && sent_by_phone(s, step);
}

bool oh_step_is_ours(const struct oh_scenario *s, const struct oh_step *step)
{
    return step->kind == OH_STEP_MESSAGE && !sent_by_phone(s, step);
}

int64_t oh_step_deadline_ms(const struct oh_step *step)
{
    int64_t own_ms = OH_T1X64_MS + OH_T1_MS, late_ms = step->not_after_ms / 10;
    if (step->within_ms >= 0)
        return step->within_ms;
    if (step->not_after_ms >= 0) /* what comes too late is still to be seen */
        return step->not_after_ms + (late_ms > OH_T1_MS ? late_ms : OH_T1_MS);
    return step->not_before_ms > 0 ? step->not_before_ms + own_ms : own_ms;
}

static bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("_-[]", c));
}

/* Length of the name at the front of `s`; dots count only between its parts. */
static size_t name_len(struct oh_span s)
{
    size_t len = 0;
    while (len < s.len) {
        bool dot = s.at[len] == '.' && len > 0 && len + 1 < s.len && is_name_char(s.at[len + 1]);
        if (!dot && !is_name_char(s.at[len]))
            break;
        len++;
    }
    return len;
}

bool oh_scenario_next_piece(struct oh_span *rest, struct oh_piece *piece)
{
    if (rest->len == 0)
        return false;
    size_t used = oh_span_find(*rest, '$');
    piece->is_name = false;
    if (used == 0 && rest->len > 1 && rest->at[1] == '$') {
        piece->text = oh_span_sub(*rest, 0, 1);
        used = 2;
    } else if (used == 0) {
        size_t len = name_len(oh_span_sub(*rest, 1, rest->len));
        piece->is_name = true;
        piece->text = oh_span_sub(*rest, 1, len);
        used = len + 1;
    } else {
        piece->text = oh_span_sub(*rest, 0, used);
    }
    *rest = oh_span_sub(*rest, used, rest->len);
    return true;
}

/* What follows the number, and how many milliseconds each stands for. */
static const struct {
    const char *unit;
    int64_t ms;
} units[] = {
    {"ms", 1},
    {"s", 1000},
    {"min", 60 * 1000},
    {"h", 60 * 60 * 1000},
};

static const struct {
    const char *timer;
    int64_t ms;
} timers[] = {
    {"T1", OH_T1_MS},
    {"T2", OH_T2_MS},
    {"T4", OH_T4_MS},
};

static int64_t timer_ms(struct oh_span name)
{
    for (size_t i = 0; i < sizeof timers / sizeof *timers; i++)
        if (oh_span_is(name, timers[i].timer))
            return timers[i].ms;
    return -1;
}

static const int64_t LONGEST_MS = 24LL * 60 * 60 * 1000;

/* Takes "12" or "1.5" off the front, in thousandths; false if there is none or it is beyond all
 * use. */
static bool take_thousandths(struct oh_span *s, int64_t *value)
{
    size_t at = 0;
    *value = 0;
    for (; at < s->len && s->at[at] >= '0' && s->at[at] <= '9'; at++)
        if ((*value = *value * 10 + (s->at[at] - '0')) > LONGEST_MS)
            return false;
    size_t whole = at;
    *value *= 1000;
    if (whole > 0 && at < s->len && s->at[at] == '.')
        for (int64_t scale = 100; ++at < s->len && s->at[at] >= '0' && s->at[at] <= '9';
             scale /= 10)
            *value += scale * (s->at[at] - '0');
    *s = oh_span_trim(oh_span_sub(*s, at, s->len));
    return whole > 0 && at != whole + 1;
}

int64_t oh_duration_ms(const char *text)
{
    struct oh_span rest = oh_span_trim(oh_span_of(text));
    if (oh_span_starts_with(rest, "T"))
        return timer_ms(rest);
    int64_t thousandths, each = -1;
    if (!take_thousandths(&rest, &thousandths))
        return -1;
    if (oh_span_starts_with(rest, "*"))
        each = timer_ms(oh_span_trim(oh_span_sub(rest, 1, rest.len)));
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (oh_span_is(rest, units[i].unit))
            each = units[i].ms;
    if (each < 0 || thousandths / 1000 > LONGEST_MS / each)
        return -1;
    return thousandths * each / 1000;
}

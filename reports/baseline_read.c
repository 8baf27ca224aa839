/* A list of known findings: read, and its mistakes told. An entry that can match nothing is one. */
#include "judge/rule.h"
#include "reports/baseline.h"
#include "scenario/scenario.h"
#include "scenario/yaml.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* --- reading --- */

static void read_string(struct oh_yaml_reader *r, const struct oh_yaml_node *value, void *target,
                        size_t offset)
{
    char **string = (char **)(void *)((char *)target + offset);
    if (!*oh_yaml_scalar(value))
        oh_yaml_mistake(r->y, value, r->errors, "this is empty");
    free(*string);
    *string = oh_strdup(oh_yaml_scalar(value));
}

#define READ_STRING(member)                                                                        \
    static void read_##member(struct oh_yaml_reader *r, const struct oh_yaml_node *value,          \
                              void *target)                                                        \
    {                                                                                              \
        read_string(r, value, target, offsetof(struct oh_known, member));                          \
    }
READ_STRING(scenario)
READ_STRING(clause)
READ_STRING(link)
#undef READ_STRING

/* Findings that no rule makes; "expect.FIELD" stands apart. */
static const char *const flow_ids[] = {"flow.missing",    "flow.status",       "flow.order",
                                       "flow.late",       "flow.destination",  "flow.unexpected",
                                       "flow.not-silent", "flow.early",        "flow.other-call",
                                       "flow.noise",      "media.rtp-missing", "media.rtp-unwanted",
                                       "phone.died",      "phone.hung"};
#define FLOW_IDS (sizeof flow_ids / sizeof *flow_ids)
static const char expectation[] = "expect.";

/* All ids that findings can have, NULL-ended; the caller frees the array. */
static const char **finding_ids(void)
{
    const struct oh_rule_family *const *families = oh_rule_families();
    size_t count = FLOW_IDS;
    for (size_t f = 0; families[f]; f++)
        count += families[f]->count;
    const char **ids = oh_alloc((count + 1) * sizeof *ids);
    memcpy(ids, flow_ids, sizeof flow_ids);
    count = FLOW_IDS;
    for (size_t f = 0; families[f]; f++) {
        for (size_t i = 0; i < families[f]->count; i++)
            ids[count++] = families[f]->rules[i].id;
    }
    return ids;
}

static bool is_finding(const char *id, const char *const *ids)
{
    size_t head = strlen(expectation);
    if (strncmp(id, expectation, head) == 0 && id[head])
        return true;
    while (*ids && strcmp(id, *ids) != 0)
        ids++;
    return *ids != NULL;
}

/* "via" and "via.branch" are beginnings of "via.branch.magic"; the ids that begin so, or "". */
static void add_beginning_with(const char *word, const char *const *ids, struct oh_text *list)
{
    size_t len = strlen(word);
    for (; len > 0 && *ids; ids++) {
        if (strncmp(*ids, word, len) == 0)
            oh_text_addf(list, "%s'%s'", list->len ? ", " : "", *ids);
    }
}

/* "via.branch" is unknown, "via." is not: its family. */
static void add_family(const char *word, const char *const *ids, struct oh_text *list)
{
    const char *dot = strchr(word, '.');
    char *family = oh_span_dup((struct oh_span){word, dot ? (size_t)(dot - word) + 1 : 0});
    add_beginning_with(word, ids, list);
    if (!list->len)
        add_beginning_with(family, ids, list);
    free(family);
}

static void suggest_finding(const char *id, const char *const *ids, struct oh_error *e)
{
    const char *near = oh_nearest_word(id, ids);
    struct oh_text list = {0};
    add_beginning_with(id, ids, &list);
    if (!list.len && !near)
        add_family(id, ids, &list);
    if (list.len)
        oh_error_remedy(e, "there are %s", oh_text_str(&list));
    else if (near)
        oh_error_remedy(e, "did you mean '%s'?", near);
    else
        oh_error_remedy(e, "copy the id from a report; 'offhook list rules' has those of rules");
    oh_text_release(&list);
}

/* A misspelt one would forgive nothing, and nobody would be told. */
static void read_finding(struct oh_yaml_reader *r, const struct oh_yaml_node *value, void *target)
{
    const char *id = oh_yaml_scalar(value), **ids = finding_ids();
    if (*id && !is_finding(id, ids))
        suggest_finding(id, ids,
                        oh_yaml_mistake(r->y, value, r->errors, "no finding is called '%s'", id));
    free(ids);
    read_string(r, value, target, offsetof(struct oh_known, finding));
}

/* "ACK", "200 to INVITE". */
static void read_method(struct oh_yaml_reader *r, const struct oh_yaml_node *value, void *target)
{
    const char *text = oh_yaml_scalar(value), *near = NULL;
    read_string(r, value, target, offsetof(struct oh_known, method));
    if (!*text || oh_is_message_name(text, &near))
        return;
    struct oh_error *e =
        oh_yaml_mistake(r->y, value, r->errors, "'%s' is the name of no message", text);
    if (near)
        oh_error_remedy(e, "did you mean '%s'?", near);
    else
        oh_error_remedy(e, "write it as the report has it: ACK, or 200 to INVITE");
}

/* "A -> P: ACK", "A <-> B: RTP"; and what has no arrow: "A dials B", "nothing for: 5 s". */
static void read_step(struct oh_yaml_reader *r, const struct oh_yaml_node *value, void *target)
{
    const char *text = oh_yaml_scalar(value), *arrow = strstr(text, "->");
    const char *colon = arrow ? strstr(arrow, ": ") : NULL;
    read_string(r, value, target, offsetof(struct oh_known, step));
    if (!arrow || (colon && colon[2]))
        return;
    struct oh_error *e =
        oh_yaml_mistake(r->y, value, r->errors, "'%s' does not say what is sent", text);
    oh_error_remedy(e, "copy the step's text from the report, as in \"A -> P: ACK\"");
}

static void read_direction(struct oh_yaml_reader *r, const struct oh_yaml_node *value, void *target)
{
    const char *word = oh_yaml_scalar(value);
    if (strcmp(word, "from-phone") != 0 && strcmp(word, "to-phone") != 0) {
        struct oh_error *e = oh_yaml_mistake(r->y, value, r->errors, "'%s' is no direction", word);
        oh_error_remedy(e, "write from-phone, or nothing");
    } else if (strcmp(word, "to-phone") == 0) {
        struct oh_error *e = oh_yaml_mistake(
            r->y, value, r->errors,
            "what is sent to the phone is offhook's own, and no finding of the phone");
        oh_error_remedy(e, "take the entry off the list; such findings never count");
    }
    read_string(r, value, target, offsetof(struct oh_known, direction));
}

/* "reason:" alone is what a list made from a report has: its author has yet to look into it. */
static void read_reason(struct oh_yaml_reader *r, const struct oh_yaml_node *value, void *target)
{
    struct oh_known *k = target;
    const char *text = oh_yaml_scalar(value);
    if (!text[strspn(text, " \t\r\n")]) {
        struct oh_error *e = oh_yaml_mistake(r->y, value, r->errors, "there is no reason");
        oh_error_remedy(e, "look into the finding, then say in one sentence why it is known");
    }
    free(k->reason);
    k->reason = oh_strdup(text);
}

static bool is_date(const char *text)
{
    static const unsigned days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    unsigned year, month, day;
    char end;
    if (strlen(text) != 10 || strspn(text, "0123456789-") != 10 || text[4] != '-' ||
        sscanf(text, "%4u-%2u-%2u%c", &year, &month, &day, &end) != 3)
        return false;
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month >= 1 && month <= 12 && day >= 1 && day <= days[month - 1] &&
           (month != 2 || day < 29 || leap);
}

static void read_expires(struct oh_yaml_reader *r, const struct oh_yaml_node *value, void *target)
{
    if (!is_date(oh_yaml_scalar(value))) {
        struct oh_error *e =
            oh_yaml_mistake(r->y, value, r->errors, "'%s' is no date", oh_yaml_scalar(value));
        oh_error_remedy(e, "write it as in 2027-06-30: the last day on which the entry counts");
    }
    read_string(r, value, target, offsetof(struct oh_known, expires));
}

static void read_nth(struct oh_yaml_reader *r, const struct oh_yaml_node *value, void *target)
{
    uint64_t nth = 0;
    if (!oh_span_to_u64(oh_span_of(oh_yaml_scalar(value)), &nth) || nth < 1 || nth > 1000) {
        struct oh_error *e =
            oh_yaml_mistake(r->y, value, r->errors, "'%s' is no place among the steps alike",
                            oh_yaml_scalar(value));
        oh_error_remedy(e, "write 2 for the second step with that text");
        return;
    }
    ((struct oh_known *)target)->nth = (unsigned)nth;
}

static const struct oh_yaml_field entry_fields[] = {
    {"finding", OH_YAML_SCALAR, true, read_finding, "id of the finding: ack.branch"},
    {"scenario", OH_YAML_SCALAR, false, read_scenario,
     "id of the scenario, * and ? stand for anything; without it: every scenario"},
    {"step", OH_YAML_SCALAR, false, read_step, "findings of the flow: the step's text"},
    {"nth", OH_YAML_SCALAR, false, read_nth,
     "with step: which of the steps with that text; without it: the first"},
    {"method", OH_YAML_SCALAR, false, read_method,
     "findings of rules: what the message is, 'ACK' or '200 to INVITE'; without it: any message"},
    {"direction", OH_YAML_SCALAR, false, read_direction, "with method: from-phone, the default"},
    {"reason", OH_YAML_SCALAR, true, read_reason, "why it is known, one sentence"},
    {"clause", OH_YAML_SCALAR, false, read_clause, "what it breaks: RFC 3261 22.1"},
    {"link", OH_YAML_SCALAR, false, read_link, "where more is told of it"},
    {"expires", OH_YAML_SCALAR, false, read_expires, "the last day on which the entry counts"},
    {0}};

static const struct oh_yaml_node *value_of(const struct oh_yaml_node *map, const char *key)
{
    for (size_t i = 0; i < oh_yaml_count(map); i++) {
        if (strcmp(oh_yaml_scalar(oh_yaml_key(map, i)), key) == 0)
            return oh_yaml_value(map, i);
    }
    return map;
}

/* These always belong to a step; the others of the flow may be of a message without one. */
static bool is_of_a_step(const char *id)
{
    static const char *const others[] = {"flow.unexpected", "flow.noise", "phone.died",
                                         "phone.hung"};
    bool of_flow = strncmp(id, expectation, strlen(expectation)) == 0;
    for (size_t i = 0; i < FLOW_IDS; i++)
        of_flow |= strcmp(id, flow_ids[i]) == 0;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        of_flow &= strcmp(id, others[i]) != 0;
    return of_flow;
}

static bool is_of_a_rule(const char *id)
{
    const char **ids = finding_ids();
    size_t i = FLOW_IDS;
    while (ids[i] && strcmp(ids[i], id) != 0)
        i++;
    bool found = ids[i] != NULL;
    free(ids);
    return found;
}

/* Steps are of the flow, methods of the rules; the wrong one would match nothing. */
static void check_place(struct oh_yaml_reader *r, const struct oh_yaml_node *node,
                        const struct oh_known *k)
{
    struct oh_error *e = NULL;
    if (k->step && k->method) {
        e = oh_yaml_mistake(r->y, node, r->errors, "'step' and 'method' exclude each other");
        oh_error_remedy(e, "give 'step' for a finding of the flow, 'method' for one of a rule");
    } else if (k->finding && k->method && is_of_a_step(k->finding)) {
        e = oh_yaml_mistake(r->y, value_of(node, "method"), r->errors,
                            "'%s' is a finding of the flow, which has a step and no method",
                            k->finding);
        oh_error_remedy(e, "write the step's text, as in step: \"A -> P: ACK\"");
    } else if (k->finding && !k->step && is_of_a_step(k->finding)) {
        e = oh_yaml_mistake(r->y, node, r->errors,
                            "'%s' without a step would forgive it at every step", k->finding);
        oh_error_remedy(e, "add the step's text, as in step: \"A -> P: ACK\"");
    } else if (k->finding && k->step && is_of_a_rule(k->finding)) {
        e = oh_yaml_mistake(r->y, value_of(node, "step"), r->errors,
                            "'%s' is a finding of a rule, which has a method and no step",
                            k->finding);
        oh_error_remedy(e, "write what the message is, as in method: ACK, or neither");
    }
}

static void check_entry(struct oh_yaml_reader *r, const struct oh_yaml_node *node,
                        struct oh_known *k)
{
    check_place(r, node, k);
    if (k->nth && !k->step)
        oh_yaml_mistake(r->y, node, r->errors, "'nth' is of use beside 'step' alone");
    if (k->direction && !k->method)
        oh_yaml_mistake(r->y, node, r->errors, "'direction' is of use beside 'method' alone");
    if (!k->scenario)
        k->scenario = oh_strdup("*");
    if (k->method && !k->direction)
        k->direction = oh_strdup("from-phone");
}

static void read_known(struct oh_yaml_reader *r, const struct oh_yaml_node *list, void *target)
{
    struct oh_baseline *b = target;
    for (size_t i = 0; i < oh_yaml_count(list); i++) {
        const struct oh_yaml_node *node = oh_yaml_item(list, i);
        if (oh_yaml_kind(node) != OH_YAML_MAP) {
            struct oh_error *e = oh_yaml_mistake(r->y, node, r->errors, "a known finding is a map");
            oh_error_remedy(e, "write '- finding: ID' and below it 'reason: a sentence'");
            continue;
        }
        oh_grow(&b->items, b->count, &b->room, sizeof *b->items);
        struct oh_known *k = &b->items[b->count++];
        oh_yaml_read_map(r, node, "a known finding", entry_fields, k);
        check_entry(r, node, k);
    }
}

static void read_format(struct oh_yaml_reader *r, const struct oh_yaml_node *value, void *target)
{
    (void)target;
    if (strcmp(oh_yaml_scalar(value), "1") != 0 || !oh_yaml_is_plain(value)) {
        struct oh_error *e = oh_yaml_mistake(
            r->y, value, r->errors, "format '%s' is not known here", oh_yaml_scalar(value));
        oh_error_remedy(e, "this program reads format: 1");
    }
}

static void read_phone(struct oh_yaml_reader *r, const struct oh_yaml_node *value, void *target)
{
    struct oh_baseline *b = target;
    if (!*oh_yaml_scalar(value))
        oh_yaml_mistake(r->y, value, r->errors, "this is empty");
    free(b->phone);
    b->phone = oh_strdup(oh_yaml_scalar(value));
}

static const struct oh_yaml_field file_fields[] = {
    {"format", OH_YAML_SCALAR, false, read_format, "1: the version of this file's shape"},
    {"phone", OH_YAML_SCALAR, false, read_phone,
     "the adapter that the list is for; without it: any"},
    {"known", OH_YAML_LIST, true, read_known, "the known findings"},
    {0}};

static void release(struct oh_known *k)
{
    char *const strings[] = {k->finding, k->scenario, k->step, k->method, k->direction,
                             k->reason,  k->clause,   k->link, k->expires};
    for (size_t i = 0; i < sizeof strings / sizeof *strings; i++)
        free(strings[i]);
}

void oh_baseline_free(struct oh_baseline *b)
{
    if (!b)
        return;
    for (size_t i = 0; i < b->count; i++)
        release(&b->items[i]);
    free(b->items);
    free(b->file);
    free(b->phone);
    free(b);
}

const char *oh_baseline_phone(const struct oh_baseline *b)
{
    return b->phone;
}

struct oh_baseline *oh_baseline_load(const char *file, struct oh_errors *errors)
{
    size_t before = errors->count;
    struct oh_yaml *y = oh_yaml_load(file, errors);
    if (!y)
        return NULL;
    struct oh_yaml_reader reader = {y, errors};
    struct oh_baseline *b = oh_alloc(sizeof *b);
    b->file = oh_strdup(file);
    if (oh_yaml_kind(oh_yaml_root(y)) == OH_YAML_MAP)
        oh_yaml_read_map(&reader, oh_yaml_root(y), "a file of known findings", file_fields, b);
    else
        oh_yaml_mistake(y, oh_yaml_root(y), errors,
                        "a file of known findings begins with 'known:'");
    oh_yaml_sort_mistakes(errors, before);
    oh_yaml_free(y);
    if (errors->count > before) {
        oh_baseline_free(b);
        return NULL;
    }
    return b;
}

#include "reports/identity.h"

#include "judge/rule.h"

#include <stdlib.h>
#include <string.h>

struct oh_identity oh_identity_of(const json_t *finding)
{
    bool has_step = oh_json_is(finding, "by", "flow") && oh_json_has(finding, "step");
    struct oh_identity i = {.finding = oh_json_str(finding, "id")};
    if (has_step) {
        i.step = oh_json_str(finding, "step");
        i.nth = (unsigned)oh_json_integer(finding, "nth", 1);
    } else {
        i.method = oh_json_str(finding, "method");
        i.direction = oh_json_str(finding, "direction");
    }
    return i;
}

static bool has(const char *text)
{
    return text && *text;
}

static bool is_same(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

static unsigned nth_of(const struct oh_identity *i)
{
    return has(i->step) && i->nth > 1 ? i->nth : 1;
}

bool oh_identity_is_same(const struct oh_identity *a, const struct oh_identity *b)
{
    return is_same(a->finding, b->finding) && is_same(a->step, b->step) && nth_of(a) == nth_of(b) &&
           is_same(a->method, b->method) &&
           (!has(a->method) || is_same(a->direction, b->direction));
}

bool oh_identity_covers(const struct oh_identity *entry, const struct oh_identity *found)
{
    return is_same(entry->finding, found->finding) &&
           (!has(entry->step) ||
            (is_same(entry->step, found->step) && nth_of(entry) == nth_of(found))) &&
           (!has(entry->method) || is_same(entry->method, found->method)) &&
           (!has(entry->direction) || is_same(entry->direction, found->direction));
}

char *oh_identity_key(const struct oh_identity *i)
{
    bool directed = has(i->method);
    return oh_format("%s\n%s\n%u\n%s\n%s", i->finding, i->step ? i->step : "", nth_of(i),
                     i->method ? i->method : "", directed && i->direction ? i->direction : "");
}

void oh_identity_place_text(const struct oh_identity *i, struct oh_text *out)
{
    if (has(i->step) && nth_of(i) > 1)
        oh_text_addf(out, "%s, the %u%s of these", i->step, nth_of(i),
                     nth_of(i) == 2   ? "nd"
                     : nth_of(i) == 3 ? "rd"
                                      : "th");
    else if (has(i->step))
        oh_text_add(out, i->step);
    else if (has(i->method))
        oh_text_addf(out, "%s %s the phone", i->method,
                     is_same(i->direction, "to-phone") ? "to" : "from");
}

static bool is_breach(const json_t *finding)
{
    return oh_json_is(finding, "result", "fail") || oh_json_is(finding, "result", "warn");
}

bool oh_finding_is_broken(const json_t *finding)
{
    return is_breach(finding) && !oh_json_is(finding, "direction", "to-phone");
}

bool oh_finding_is_ours(const json_t *finding)
{
    return is_breach(finding) && oh_json_is(finding, "direction", "to-phone");
}

bool oh_scenario_is_judged(const json_t *scenario)
{
    return oh_json_is(scenario, "verdict", "pass") || oh_json_is(scenario, "verdict", "fail");
}

static bool was_reached(const json_t *scenario, const struct oh_identity *id)
{
    unsigned nth = 0;
    for (size_t i = 0; i < oh_json_count(scenario, "steps"); i++) {
        const json_t *step = oh_json_item(scenario, "steps", i);
        if (oh_json_is(step, "text", id->step) && ++nth == nth_of(id))
            return !oh_json_is(step, "verdict", "not-reached") &&
                   !oh_json_is(step, "verdict", "skipped");
    }
    return false;
}

static bool is_phones(const json_t *scenario, const json_t *message)
{
    for (size_t i = 0; i < oh_json_count(scenario, "seats"); i++) {
        const json_t *seat = oh_json_item(scenario, "seats", i);
        if (oh_json_is(seat, "name", oh_json_str(message, "from")))
            return oh_json_flag(seat, "phone");
    }
    return false;
}

/* A phone of a foreign capture: all that it sent is counted there by kind. */
static bool did_send(const json_t *capture, const struct oh_identity *id)
{
    return !is_same(id->direction, "to-phone") &&
           json_object_get(json_object_get(capture, "sent"), id->method) != NULL;
}

/* Was there any message of this kind? "ACK", "200 to INVITE". Of RTP nothing is kept. */
static bool has_message(const json_t *scenario, const struct oh_identity *id)
{
    if (is_same(id->method, OH_RULE_RTP))
        return true;
    char *request = oh_format("%s ", id->method);
    char *response = oh_format("SIP/2.0 %.3s", id->method);
    bool from_phone = !is_same(id->direction, "to-phone"), found = false;
    for (size_t i = 0; !found && i < oh_json_count(scenario, "messages"); i++) {
        const json_t *message = oh_json_item(scenario, "messages", i);
        const char *line = oh_json_str(message, "start_line");
        found = is_phones(scenario, message) == from_phone &&
                (strncmp(line, request, strlen(request)) == 0 ||
                 strncmp(line, response, strlen(response)) == 0);
    }
    free(request);
    free(response);
    return found;
}

bool oh_identity_could_show(const struct oh_identity *i, const json_t *scenario)
{
    if (!oh_scenario_is_judged(scenario))
        return false;
    if (has(i->step))
        return was_reached(scenario, i);
    if (json_object_get(scenario, "capture") && has(i->method))
        return did_send(json_object_get(scenario, "capture"), i);
    return !has(i->method) || has_message(scenario, i);
}

/* What a party of ours does to the connections with the phone: "P closes the connection". */
#include "scenario/reader.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *words;
    enum oh_connection_act act;
} patterns[] = {
    {"closes the connection", OH_CLOSES},
    {"resets the connection", OH_RESETS},
    {"refuses connections", OH_REFUSES},
    {"is silent", OH_IS_SILENT},
};
#define PATTERNS (sizeof patterns / sizeof *patterns)

const char *oh_connection_words(size_t n)
{
    return n < PATTERNS ? patterns[n].words : NULL;
}

static bool check_party(struct oh_reading *g, const struct oh_yaml_node *n)
{
    const struct oh_party *p = oh_scenario_party(g->s, g->step->from);
    struct oh_error *e;
    if (p && (g->role_unclear || (p->role != OH_ROLE_PHONE && !p->behind)))
        return true;
    if (!p) {
        e = oh_yaml_mistake(g->r->y, n, g->r->errors, "unknown party '%s'", g->step->from);
        oh_suggest_party(g->s, g->step->from, e);
    } else if (p->role == OH_ROLE_PHONE) {
        e = oh_yaml_mistake(g->r->y, n, g->r->errors,
                            "'%s' is the phone under test: its connections are its own", p->name);
        oh_error_remedy(e, "name the party of ours that the phone is connected with");
    } else {
        e = oh_yaml_mistake(g->r->y, n, g->r->errors,
                            "the phone has no connection with '%s', which is behind %s", p->name,
                            p->behind);
        oh_error_remedy(e, "write '%s' in its place", p->behind);
    }
    return false;
}

/* Over UDP there is no connection; over TCP the phone sends nothing again (RFC 3261 17.1.2.2), and
 * who is silent would miss it for good. */
static bool check_transport(struct oh_reading *g, const struct oh_yaml_node *n)
{
    bool silent = g->step->act == OH_IS_SILENT;
    enum oh_transport wanted = silent ? OH_TRANSPORT_UDP : OH_TRANSPORT_TCP;
    if (g->s->transport_given && g->s->transport == wanted)
        return true;
    struct oh_error *e =
        oh_yaml_mistake(g->r->y, n, g->r->errors,
                        silent ? "only over UDP is sent again what a silent party did not take in"
                               : "only over TCP are there connections");
    oh_error_remedy(e, "write 'transport: %s' in the head of the file", silent ? "udp" : "tcp");
    return false;
}

bool oh_read_connection(struct oh_reading *g, const struct oh_yaml_node *sentence,
                        const struct oh_yaml_node *value, bool *good)
{
    struct oh_span text = oh_span_trim(oh_span_of(oh_yaml_scalar(sentence)));
    size_t end = oh_span_find(text, ' '), i = 0;
    struct oh_span words = oh_span_trim(oh_span_sub(text, end, text.len));
    while (i < PATTERNS && !oh_span_is(words, patterns[i].words))
        i++;
    if (i == PATTERNS)
        return false;
    g->step->kind = OH_STEP_CONNECTION;
    g->step->act = patterns[i].act;
    g->step->from = oh_span_dup(oh_span_sub(text, 0, end));
    *good = check_party(g, sentence) && check_transport(g, sentence);
    if (value && !oh_yaml_is_null(value)) {
        struct oh_error *e =
            oh_yaml_mistake(g->r->y, value, g->r->errors, "nothing can stand after '%s:'",
                            oh_yaml_scalar(sentence));
        oh_error_remedy(e, "its keys stand on the lines below it");
        *good = false;
    }
    return true;
}

#include "author/record_private.h"

#include <stdlib.h>
#include <string.h>

#define LINE 100 /* columns that a pair of braces may reach */

/* --- the head --- */

static bool has_verb(const struct oh_recorded *r, enum oh_verb v)
{
    return r->needs[v];
}

/* "A calls B": by the first action or message. */
static void add_title(const struct oh_recorded *r, struct oh_text *out)
{
    const char *first = r->count ? r->steps[0].text : "";
    oh_text_add(out, "title: ");
    if (!strncmp(first, "A dials ", 8))
        oh_text_addf(out, "A calls %s", first + 8);
    else if (has_verb(r, OH_VERB_REGISTER) || has_verb(r, OH_VERB_UNREGISTER))
        oh_text_add(out, "A registers");
    else if (r->registered && r->steps[0].value && !strcmp(r->steps[0].value, "INVITE"))
        oh_text_add(out, "A is called");
    else
        oh_text_add(out, "A takes part in a flow");
    if (has_verb(r, OH_VERB_ANSWER))
        oh_text_add(out, " and answers");
    if (has_verb(r, OH_VERB_REJECT))
        oh_text_add(out, " and refuses");
    if (has_verb(r, OH_VERB_HOLD))
        oh_text_add(out, ", puts the call on hold");
    if (has_verb(r, OH_VERB_HANGUP))
        oh_text_add(out, ", and hangs up");
    oh_text_add(out, ", as it was captured\n");
}

static void add_needs(const struct oh_recorded *r, struct oh_text *out)
{
    static const char *const digests[] = {"digest-sha-256", "digest-sha-512-256", "digest-md5-sess",
                                          "digest-auth-int"};
    struct oh_text list = {0};
    for (int v = 0; v < OH_VERBS; v++) {
        if (r->needs[v])
            oh_text_addf(&list, "%s%s", list.len ? ", " : "", oh_verb_name((enum oh_verb)v));
    }
    const struct {
        bool needed;
        const char *name;
    } others[] = {{r->needs_rtp, "rtp"}, {r->is_tcp, "tcp"}, {r->needs_100rel, "100rel"}};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if (others[i].needed)
            oh_text_addf(&list, "%s%s", list.len ? ", " : "", others[i].name);
    }
    for (size_t i = 0; i < sizeof digests / sizeof *digests; i++) {
        if (r->needs_digest[i])
            oh_text_addf(&list, "%s%s", list.len ? ", " : "", digests[i]);
    }
    if (list.len)
        oh_text_addf(out, "needs: [%s]\n", oh_text_str(&list));
    oh_text_release(&list);
}

static void add_party(const struct oh_recorded *r, const struct oh_cast_party *p,
                      struct oh_text *out)
{
    static const char *const routes[] = {
        [OH_ROUTE_LOOSE] = NULL, [OH_ROUTE_STRICT] = "strict", [OH_ROUTE_NONE] = "false"};
    struct oh_text map = {0};
    if (p->behind != OH_NONE)
        oh_text_addf(&map, "behind: %s", r->cast.parties[p->behind].name);
    else
        oh_text_addf(&map, "role: %s", oh_role_name(p->role));
    if (p->role == OH_ROLE_PEER) {
        oh_text_add(&map, ", number: ");
        oh_record_quote(oh_span_of(p->number ? p->number : "2002"), &map);
    }
    if (routes[p->route])
        oh_text_addf(&map, ", record-route: %s", routes[p->route]);
    for (size_t i = 0; i < p->contact_count; i++)
        oh_text_addf(&map, "%s%s%s", i ? ", " : ", contacts: [",
                     r->cast.parties[p->contacts[i]].name, i + 1 == p->contact_count ? "]" : "");
    if (p->expires)
        oh_text_addf(&map, ", expires: %llu", (unsigned long long)p->expires);
    if (p->min_expires)
        oh_text_addf(&map, ", min-expires: %llu", (unsigned long long)p->min_expires);
    if (p->challenge)
        oh_text_addf(&map, ", challenge: %s", p->challenge);
    if (strchr(map.at, ','))
        oh_text_addf(out, "  %s: {%s}\n", p->name, map.at);
    else
        oh_text_addf(out, "  %s: %s\n", p->name, oh_role_name(p->role));
    oh_text_release(&map);
}

static void add_head(const struct oh_recorded *r, const char *source, struct oh_text *out)
{
    oh_text_add(out, "format: 1\n");
    add_title(r, out);
    oh_text_add(out, "source: ");
    oh_record_quote(oh_span_of(source), out);
    oh_text_add_char(out, '\n');
    if (r->covers)
        oh_text_addf(out, "covers: [%s]\n", r->covers);
    add_needs(r, out);
    if (r->registered)
        oh_text_add(out, "given: registered\n");
    if (r->is_tcp)
        oh_text_add(out, "transport: tcp\n");
    oh_text_add(out, "\nparties:\n");
    for (size_t i = 0; i < r->cast.count; i++)
        add_party(r, &r->cast.parties[i], out);
}

/* --- steps --- */

static void add_time(const char *key, int64_t ms, struct oh_text *out)
{
    if (ms % 1000)
        oh_text_addf(out, "    %s: %lld ms\n", key, (long long)ms);
    else
        oh_text_addf(out, "    %s: %lld s\n", key, (long long)(ms / 1000));
}

static void add_checks(const struct oh_recorded_step *s, enum oh_level level, bool kept,
                       struct oh_text *out)
{
    const char *word = level == OH_LEVEL_MUST ? "must" : "should";
    struct oh_text line = {0}, block = {0};
    size_t count = 0;
    for (size_t i = 0; i < s->check_count; i++) {
        const struct oh_recorded_check *c = &s->checks[i];
        if (c->level != level || (kept && !c->keep))
            continue;
        oh_text_addf(&line, "%s%s: %s", count++ ? ", " : "", c->field, c->value);
        oh_text_addf(&block, "      %s: %s\n", c->field, c->value);
    }
    if (count && line.len + strlen(word) + 8 <= LINE)
        oh_text_addf(out, "    %s: {%s}\n", word, oh_text_str(&line));
    else if (count)
        oh_text_addf(out, "    %s:\n%s", word, oh_text_str(&block));
    oh_text_release(&line);
    oh_text_release(&block);
}

static void add_lines(const char *lines, struct oh_text *out)
{
    struct oh_span rest = oh_span_of(lines);
    while (rest.len) {
        size_t end = oh_span_find(rest, '\n');
        oh_text_addf(out, "    %.*s\n", (int)end, rest.at);
        rest = oh_span_sub(rest, end + 1, rest.len);
    }
}

static void add_step(const struct oh_recorded_step *s, bool kept, struct oh_text *out)
{
    bool has_keys = s->after_ms > 0;
    oh_text_addf(out, "  - %s", s->text);
    if (s->value)
        oh_text_addf(out, ": %s%s\n", s->value,
                     s->is_free ? " # others may leave it out; then: optional: true" : "");
    else
        oh_text_add(out, has_keys ? ":\n" : "\n");
    if (s->after_ms > 0)
        add_time("after", s->after_ms, out);
    if (s->within_ms > 0)
        add_time("within", s->within_ms, out);
    if (s->for_ms >= 0)
        add_time("for", s->for_ms, out);
    if (s->callee != OH_NONE)
        oh_text_addf(out, "    fork: callee%d\n", s->callee + 1);
    if (s->call > 0)
        oh_text_addf(out, "    call: call%d\n", s->call);
    add_lines(s->lines, out);
    add_checks(s, OH_LEVEL_MUST, kept, out);
    add_checks(s, OH_LEVEL_SHOULD, kept, out);
    if (s->msg != OH_NONE && s->save && (!kept || s->is_used))
        oh_text_addf(out, "    save: %s\n", s->save);
}

void oh_recorded_write(const struct oh_recorded *r, const char *source, bool kept,
                       struct oh_text *out)
{
    add_head(r, source, out);
    oh_text_add(out, "\nflow:\n");
    for (size_t i = 0; i < r->count; i++)
        add_step(&r->steps[i], kept, out);
}

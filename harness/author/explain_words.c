#include "author/explain_words.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* --- fields --- */

/* Names that are not written as their words begin. RFC 3261 20 */
static const char *const names[] = {
    "Call-ID",          "CSeq",       "RSeq",        "RAck",         "WWW-Authenticate",
    "MIME-Version",     "Min-SE",     "SIP-ETag",    "SIP-If-Match", "Request-URI",
    "P-Associated-URI", "SDP",        "SDP's audio", "SDP's video",  "SDP's image",
    "User-to-User",     "Session-ID",
};

static void add_header(struct oh_span name, struct oh_text *out)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (oh_span_is_nocase(name, names[i])) {
            oh_text_add(out, names[i]);
            return;
        }
    }
    for (size_t i = 0; i < name.len; i++) {
        bool begins = i == 0 || name.at[i - 1] == '-';
        oh_text_add_char(out, begins ? (char)toupper((unsigned char)name.at[i]) : name.at[i]);
    }
}

static const struct {
    const char *part, *words;
} parts[] = {
    {"user", "user part"},
    {"host", "host"},
    {"uri", "URI"},
    {"user-param", "parameter user="},
    {"display", "display name"},
    {"nc", "nonce count"},
    {"uri", "URI"},
    {"lr", "parameter lr"},
    {"formats", "payload types"},
    {"connection", "address"},
    {"rtpmap", "codec names"},
    {"proto", "transport"},
    {"q", "q value"},
    {"count", "number of values"},
};

static void add_part(struct oh_span part, struct oh_text *out)
{
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (oh_span_is(part, parts[i].part)) {
            oh_text_add(out, parts[i].words);
            return;
        }
    }
    if (oh_span_starts_with(part, "param."))
        oh_text_addf(out, "parameter %.*s", OH_SPAN_FMT(oh_span_sub(part, 6, part.len)));
    else
        oh_text_add_span(out, part);
}

/* "via[2]" -> "the 2nd Via". */
static void add_owner(struct oh_span name, struct oh_text *out)
{
    size_t bracket = oh_span_find(name, '[');
    if (bracket < name.len) {
        struct oh_span digits = oh_span_sub(name, bracket + 1, name.len - bracket - 2);
        bool teen = digits.len > 1 && digits.at[digits.len - 2] == '1';
        char last = digits.len ? digits.at[digits.len - 1] : '0';
        const char *ending = teen          ? "th"
                             : last == '1' ? "st"
                             : last == '2' ? "nd"
                             : last == '3' ? "rd"
                                           : "th";
        oh_text_addf(out, "the %.*s%s ", OH_SPAN_FMT(digits), ending);
        name = oh_span_sub(name, 0, bracket);
    } else if (oh_span_is_nocase(name, "request-uri")) {
        oh_text_add(out, "the ");
    }
    add_header(name, out);
}

char *oh_explain_field(const char *path)
{
    static const char *const streams[] = {"sdp.audio", "sdp.video", "sdp.image"};
    struct oh_text out = {0};
    struct oh_span all = oh_span_of(path), owner = oh_span_sub(all, 0, oh_span_find(all, '.'));
    struct oh_span part = oh_span_sub(all, owner.len + 1, all.len);
    for (size_t i = 0; i < sizeof streams / sizeof *streams; i++) {
        if (!oh_span_starts_with(all, streams[i]))
            continue;
        part = oh_span_sub(all, strlen(streams[i]) + 1, all.len);
        oh_text_addf(&out, part.len ? "the %s" : "%s", "");
        if (part.len)
            add_part(part, &out);
        oh_text_addf(&out, "%s%s in the SDP", part.len ? " of the " : "the ", streams[i] + 4);
        return oh_text_take(&out);
    }
    if (part.len == 0) {
        add_owner(owner, &out);
        return oh_text_take(&out);
    }
    oh_text_add(&out, "the ");
    add_part(part, &out);
    oh_text_add(&out, oh_span_is_nocase(owner, "sdp") ? " of the " : " of ");
    add_owner(owner, &out);
    return oh_text_take(&out);
}

/* --- values --- */

static const struct oh_step *saved_as(const struct oh_scenario *s, const char *name)
{
    for (size_t i = 0; i < s->step_count; i++) {
        if (s->steps[i].save && !strcmp(s->steps[i].save, name))
            return &s->steps[i];
    }
    return NULL;
}

/* "B's number ("5551234")". */
static void add_party_value(const struct oh_party *p, const char *what, struct oh_text *out)
{
    oh_text_addf(out, "%s's %s", p->name, what);
    if ((!strcmp(what, "number") || !strcmp(what, "user")) && p->number)
        oh_text_addf(out, " (\"%s\")", p->number);
    else if (!strcmp(what, "realm") && p->challenge_count && p->challenges[0].realm)
        oh_text_addf(out, " (\"%s\")", p->challenges[0].realm);
}

/* A name without its "$", in words. `field` is what it is compared with, or NULL. */
static void add_name(const struct oh_scenario *s, const char *name, const char *field,
                     struct oh_text *out)
{
    size_t dot = strcspn(name, ".");
    char *head = oh_span_dup((struct oh_span){name, dot});
    const char *rest = name[dot] ? name + dot + 1 : "";
    const struct oh_party *party = oh_scenario_party(s, head);
    const struct oh_step *saved = saved_as(s, head);
    if (party) {
        add_party_value(party, rest, out);
    } else if (saved) {
        char *words = oh_explain_field(rest);
        bool same = field && !strcmp(field, rest);
        oh_text_addf(out, "%s%s '%s' (line %u)", same ? "that" : words, same ? " of" : " of", head,
                     saved->place.line);
        free(words);
    } else {
        oh_text_addf(out, "$%s", name);
    }
    free(head);
}

void oh_explain_text(const struct oh_scenario *s, const char *text, struct oh_text *out)
{
    struct oh_span rest = oh_span_of(text);
    struct oh_piece piece;
    while (oh_scenario_next_piece(&rest, &piece)) {
        if (!piece.is_name) {
            oh_text_add_quoted(out, piece.text, 200);
            continue;
        }
        char *name = oh_span_dup(piece.text);
        oh_text_add(out, "[");
        add_name(s, name, NULL, out);
        oh_text_add(out, "]");
        free(name);
    }
}

static void add_operand(const struct oh_scenario *s, const struct oh_expect *x,
                        const struct oh_operand *o, struct oh_text *out)
{
    if (o->is_name) {
        add_name(s, o->text, x->field, out);
        return;
    }
    oh_text_add(out, o->is_number ? "" : "\"");
    oh_text_add_quoted(out, oh_span_of(o->text), 120);
    oh_text_add(out, o->is_number ? "" : "\"");
}

/* --- comparisons --- */

static bool is_credentials(const char *field)
{
    return !strcmp(field, "authorization") || !strcmp(field, "proxy-authorization");
}

/* The verb of a comparison; others are named by their own word. */
static const struct {
    enum oh_predicate_kind kind;
    const char *words;
} verbs[] = {
    {OH_IS_EQUAL, "is"},
    {OH_IS_NOT, "is not"},
    {OH_IS_PRESENT, "is there"},
    {OH_IS_ABSENT, "is not there"},
    {OH_IS_ANY_OF, "is one of"},
    {OH_IS_ABOVE, "is more than"},
    {OH_IS_BELOW, "is less than"},
    {OH_IS_MATCHING, "as a whole fits the regular expression"},
    {OH_IS_STARTING_WITH, "begins with"},
    {OH_IS_CONTAINING, "contains"},
};

/* Fields that are several things by their name. */
static bool is_plural(const char *field)
{
    const char *part = strrchr(field, '.');
    return part && (!strcmp(part, ".formats") || !strcmp(part, ".rtpmap"));
}

static const char *verb_of(const struct oh_expect *x, enum oh_predicate_kind kind)
{
    if (kind == OH_IS_ANY_OF && is_plural(x->field))
        return "have at least one of";
    if (kind == OH_IS_CONTAINING && is_plural(x->field))
        return "contain";
    if (kind == OH_IS_VALID)
        return is_credentials(x->field) ? "answers the challenge rightly"
                                        : "can be read as what it is";
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        if (verbs[i].kind == kind)
            return verbs[i].words;
    }
    return oh_predicate_name(kind);
}

void oh_explain_expect(const struct oh_scenario *s, const struct oh_expect *x, struct oh_text *out)
{
    char *field = oh_explain_field(x->field);
    oh_text_addf(out, "%s: %s", x->level == OH_LEVEL_MUST ? "must" : "should", field);
    for (size_t i = 0; i < x->predicate_count; i++) {
        const struct oh_predicate *p = &x->predicates[i];
        oh_text_addf(out, "%s %s", i ? " and" : "", verb_of(x, p->kind));
        for (size_t k = 0; k < p->operand_count; k++) {
            oh_text_add(out, k ? ", " : " ");
            add_operand(s, x, &p->operands[k], out);
        }
    }
    free(field);
}

#include "scenario/blocks.h"
#include "scenario/reader.h"

#include "sip/draft.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Methods that are known: only to tell a misspelt one from one that is new. */
static const char *const methods[] = {"INVITE",    "ACK",    "BYE",     "CANCEL",  "REGISTER",
                                      "OPTIONS",   "INFO",   "PRACK",   "UPDATE",  "REFER",
                                      "SUBSCRIBE", "NOTIFY", "MESSAGE", "PUBLISH", NULL};

/* Arrows as people draw them, and what to write. */
static const struct {
    const char *drawn;
    const char *remedy;
} other_arrows[] = {
    {"<->", NULL},
    {"-->", "write '->'"},
    {"<-", "turn it round: the sender stands first, as in 'P -> A'"},
    {"->", NULL},
    {"=>", "write '->'"},
    {"\xe2\x86\x92", "write '->'"},
    {"\xe2\x86\x90", "turn it round: the sender stands first, as in 'P -> A'"},
    {"\xe2\x86\x94", "write '<->'"},
};
enum { ARROWS = sizeof other_arrows / sizeof *other_arrows };

/* Which row's arrow stands in the text, or ARROWS. */
static size_t find_arrow(const char *text)
{
    size_t i = 0;
    while (i < ARROWS && !strstr(text, other_arrows[i].drawn))
        i++;
    return i;
}

bool oh_looks_like_arrow(const char *text)
{
    return find_arrow(text) < ARROWS;
}

static const struct oh_party *find_end(struct oh_reading *g, const struct oh_yaml_node *key,
                                       struct oh_span word, char **name)
{
    *name = oh_span_dup(word);
    const struct oh_party *p = oh_scenario_party(g->s, *name);
    if (p)
        return p;
    struct oh_place place = oh_yaml_place(g->r->y, key);
    size_t offset = (size_t)(word.at - oh_yaml_scalar(key));
    if (oh_yaml_is_plain(key) && offset + word.len <= place.width) {
        place.column += (unsigned)offset;
        place.width = (unsigned)word.len;
    }
    struct oh_error *e;
    if (word.len == 0) {
        e = oh_yaml_mistake(g->r->y, key, g->r->errors, "the arrow has only one end");
        oh_error_remedy(e, "wanted: sender and receiver, as in 'A -> P: INVITE'");
    } else {
        e = oh_yaml_mistake_at(g->r->y, place, g->r->errors, "unknown party '%s'", *name);
        if (memchr(word.at, ' ', word.len))
            oh_error_remedy(e, "a ':' ends the arrow, as in 'A -> P: INVITE'");
        else
            oh_suggest_party(g->s, *name, e);
    }
    return NULL;
}

/* Just one end is the phone. */
static bool check_ends(struct oh_reading *g, const struct oh_yaml_node *key,
                       const struct oh_party *from, const struct oh_party *to)
{
    if (!from || !to)
        return false;
    bool from_phone = from->role == OH_ROLE_PHONE, to_phone = to->role == OH_ROLE_PHONE;
    if (from_phone != to_phone || g->role_unclear)
        return true;
    struct oh_error *e =
        oh_yaml_mistake(g->r->y, key, g->r->errors,
                        from == to   ? "'%s' sends to itself"
                        : from_phone ? "'%s' and '%s' are both phones under test"
                                     : "'%s' and '%s' are both played by the harness",
                        from->name, to->name);
    if (from_phone && from != to) {
        oh_error_remedy(e, "a party of ours stands between them, as in '%s -> P' and 'P -> %s'",
                        from->name, to->name);
        return false;
    }
    oh_error_remedy(
        e, "write what the phone sends and receives; what passes behind it is not captured");
    return false;
}

static bool read_ends(struct oh_reading *g, const struct oh_yaml_node *key, bool *both_ways)
{
    const char *text = oh_yaml_scalar(key);
    size_t row = find_arrow(text);
    if (other_arrows[row].remedy) {
        struct oh_error *e =
            oh_yaml_mistake(g->r->y, key, g->r->errors, "'%s' is no arrow of this language",
                            other_arrows[row].drawn);
        oh_error_remedy(e, "%s", other_arrows[row].remedy);
        return false;
    }
    const char *arrow = other_arrows[row].drawn;
    const char *at = strstr(text, arrow);
    *both_ways = !strcmp(arrow, "<->");
    struct oh_span left = oh_span_trim((struct oh_span){text, (size_t)(at - text)});
    struct oh_span right = oh_span_trim(oh_span_of(at + strlen(arrow)));
    const struct oh_party *from = find_end(g, key, left, &g->step->from);
    const struct oh_party *to = find_end(g, key, right, &g->step->to);
    return check_ends(g, key, from, to);
}

/* RFC 3261 25.1 token, in capitals. */
static bool is_method(struct oh_span s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!s.at[i] || !strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.!%*_+`'~", s.at[i]))
            return false;
    return s.len > 0 && s.at[0] >= 'A' && s.at[0] <= 'Z';
}

static bool is_known_method(const char *word)
{
    for (size_t i = 0; methods[i]; i++)
        if (!strcmp(methods[i], word))
            return true;
    return false;
}

bool oh_is_message_name(const char *text, const char **near)
{
    struct oh_span rest = oh_span_of(text);
    uint64_t status;
    struct oh_span word = oh_span_sub(rest, 0, oh_span_find(rest, ' '));
    *near = NULL;
    if (oh_span_to_u64(word, &status)) {
        rest = oh_span_sub(rest, word.len, rest.len);
        if (status < 100 || status > 699 || !oh_span_starts_with(rest, " to "))
            return false;
        rest = oh_span_sub(rest, 4, rest.len);
    }
    char *method = oh_span_dup(rest);
    bool known = is_known_method(method);
    *near = known ? NULL : oh_nearest_word(method, methods);
    free(method);
    return is_method(rest) && !*near;
}

/* The status that is meant by "OK" or "Busy Here", or by the first words of a phrase that only one
 * begins with: 0 for none. */
static unsigned status_of_phrase(const char *word)
{
    size_t len = strlen(word), begin_alike = 0;
    unsigned found = 0;
    for (unsigned status = 100; status < 700; status++) {
        const char *phrase = oh_sip_reason(status);
        if (!strcasecmp(phrase, word) && len > 0)
            return status;
        if (len < strlen(phrase) && !strncasecmp(phrase, word, len) && phrase[len] == ' ' &&
            ++begin_alike > 0)
            found = status;
    }
    return begin_alike == 1 ? found : 0;
}

static bool read_method(struct oh_reading *g, const struct oh_yaml_node *n, struct oh_span word)
{
    char *method = oh_span_dup(word);
    const char *near = oh_nearest_word(method, methods);
    bool is_known = is_known_method(method); /* MESSAGE, too, which begins a phrase */
    bool good = is_method(word) && (is_known || (!near && !status_of_phrase(method)));
    if (good) {
        g->step->method = method;
        return true;
    }
    struct oh_error *e =
        oh_yaml_mistake(g->r->y, n, g->r->errors, "'%s' is no method and no status", method);
    unsigned status = status_of_phrase(method);
    if (status)
        oh_error_remedy(e, "a response is its status alone: did you mean '%u'?", status);
    else if (near)
        oh_error_remedy(e, "did you mean '%s'?", near);
    else
        oh_error_remedy(
            e, "wanted: a method in capitals ('INVITE'), a status ('407', '200 to PRACK') or RTP");
    free(method);
    return false;
}

static bool read_status(struct oh_reading *g, const struct oh_yaml_node *n, uint64_t status,
                        struct oh_span rest)
{
    struct oh_error *e;
    if (status < 100 || status > 699) {
        e = oh_yaml_mistake(g->r->y, n, g->r->errors, "'%s' is no status: they are 100 to 699",
                            oh_yaml_scalar(n));
        return false;
    }
    g->step->status = (unsigned)status;
    if (rest.len == 0)
        return true;
    if (!oh_span_starts_with(rest, "to ")) {
        e = oh_yaml_mistake(g->r->y, n, g->r->errors, "'%.*s' after the status is not understood",
                            OH_SPAN_FMT(rest));
        oh_error_remedy(e,
                        "write the status alone, or '%u to METHOD'; a phrase of your own goes "
                        "under 'reason:'",
                        g->step->status);
        return false;
    }
    return read_method(g, n, oh_span_trim(oh_span_sub(rest, 3, rest.len)));
}

static bool read_what(struct oh_reading *g, const struct oh_yaml_node *n)
{
    struct oh_span rest = oh_span_trim(oh_span_of(oh_yaml_scalar(n)));
    struct oh_span word = oh_span_sub(rest, 0, oh_span_find(rest, ' '));
    uint64_t status;
    g->step->is_request = !oh_span_to_u64(word, &status);
    if (!g->step->is_request)
        return read_status(g, n, status, oh_span_trim(oh_span_sub(rest, word.len, rest.len)));
    return read_method(g, n, rest);
}

/* "A <-> B: RTP for 1 s": its time is a key of its own. */
static bool tell_long_media(struct oh_reading *g, const struct oh_yaml_node *key,
                            const struct oh_yaml_node *value)
{
    static const char *const words[] = {"RTP ", "no RTP "};
    const char *text = oh_yaml_scalar(value), *rest = NULL;
    for (size_t i = 0; !rest && i < sizeof words / sizeof *words; i++)
        rest = strncasecmp(text, words[i], strlen(words[i])) ? NULL : text + strlen(words[i]);
    if (!rest)
        return false;
    struct oh_error *e =
        oh_yaml_mistake(g->r->y, value, g->r->errors, "'%s' behind RTP is not understood", rest);
    oh_error_remedy(e, "write '%s: %.*s', and how long it lasts on the line below: for: 1 s",
                    oh_yaml_scalar(key), (int)(rest - text - 1), text);
    return true;
}

bool oh_read_arrow(struct oh_reading *g, const struct oh_yaml_node *key,
                   const struct oh_yaml_node *value)
{
    bool both_ways = false;
    struct oh_error *e;
    if (!read_ends(g, key, &both_ways))
        return false;
    if (!value || oh_yaml_kind(value) != OH_YAML_SCALAR || oh_yaml_is_null(value)) {
        e = oh_yaml_mistake(g->r->y, key, g->r->errors, "this arrow does not say what is sent");
        if (!value || !oh_yaml_blame_comment(g->r->y, oh_yaml_place(g->r->y, key), e))
            oh_error_remedy(e, "as in '%s: INVITE' or '%s: 200'", oh_yaml_scalar(key),
                            oh_yaml_scalar(key));
        return false;
    }
    bool none = !strcasecmp(oh_yaml_scalar(value), "no RTP");
    bool media = none || !strcasecmp(oh_yaml_scalar(value), "RTP");
    g->step->kind = media ? OH_STEP_MEDIA : OH_STEP_MESSAGE;
    g->step->media_both_ways = media && both_ways;
    g->step->media_none = none;
    if (media)
        return true;
    if (tell_long_media(g, key, value))
        return false;
    if (both_ways) {
        e = oh_yaml_mistake(g->r->y, key, g->r->errors, "'<->' is for media alone");
        oh_error_remedy(e, "a message goes one way: '%s -> %s: %s'", g->step->from, g->step->to,
                        oh_yaml_scalar(value));
        return false;
    }
    return read_what(g, value);
}

/* --- once all is read --- */

static bool answers(const struct oh_step *response, const struct oh_step *request)
{
    return request->kind == OH_STEP_MESSAGE && request->is_request &&
           strcmp(request->method, "ACK") && !strcmp(request->from, response->to) &&
           !strcmp(request->to, response->from) &&
           (!response->method || !strcmp(response->method, request->method));
}

static void check_request_before(struct oh_reading *g, const struct oh_yaml_node *value)
{
    const struct oh_step *step = g->step;
    int at = (int)(step - g->s->steps);
    for (size_t i = 0; i + 1 < g->s->step_count; i++)
        if (answers(step, &g->s->steps[i]) && oh_step_precedes(g->s, (int)i, at))
            return;
    struct oh_error *e =
        oh_yaml_mistake(g->r->y, value, g->r->errors,
                        "there is no %s%s%s -> %s before it that this %u could answer",
                        step->method ? step->method : "request", " ", step->to, step->from,
                        step->status);
    const struct oh_party *ours =
        oh_scenario_party(g->s, oh_step_is_ours(g->s, step) ? step->from : step->to);
    if (ours && ours->behind)
        oh_error_remedy(e,
                        "%s stands behind %s, and what passes between it and the phone goes there: "
                        "'%s -> %s: %u'",
                        ours->name, ours->behind,
                        oh_step_is_ours(g->s, step) ? ours->behind : step->from,
                        oh_step_is_ours(g->s, step) ? step->to : ours->behind, step->status);
    else
        oh_error_remedy(e, "a response goes from the receiver of a request back to its sender");
}

static void check_own_challenge(struct oh_reading *g, const struct oh_yaml_node *value)
{
    const struct oh_step *step = g->step;
    struct oh_error *e;
    if (step->status != 401 && step->status != 407) {
        e = oh_yaml_mistake(g->r->y, value, g->r->errors, "a %u does not challenge", step->status);
        oh_error_remedy(e, "'challenge:' stands under a 401 or a 407");
    } else if (step->challenges[0].status != step->status) {
        e = oh_yaml_mistake(g->r->y, value, g->r->errors,
                            "this is a %u, but its challenge is that of a %u", step->status,
                            step->challenges[0].status);
        oh_error_remedy(e, "leave 'status' out: it is the step's");
    }
}

/* A 401 or 407 of ours is made of the sender's challenge, or that of a peer behind it. */
static void check_challenge(struct oh_reading *g, const struct oh_yaml_node *value)
{
    const struct oh_step *step = g->step;
    if (step->challenge_count) {
        check_own_challenge(g, value);
        return;
    }
    if (step->status != 401 && step->status != 407)
        return;
    const char *header = step->status == 401 ? "www-authenticate" : "proxy-authenticate";
    for (size_t i = 0; i < step->header_count; i++)
        if (!strcasecmp(step->headers[i].name, header))
            return;
    for (size_t i = 0; i < g->s->party_count; i++) {
        const struct oh_party *p = &g->s->parties[i];
        bool speaks = !strcmp(p->name, step->from) || (p->behind && !strcmp(p->behind, step->from));
        if (speaks && p->challenge_count && p->challenges[0].status == step->status)
            return;
    }
    struct oh_error *e =
        oh_yaml_mistake(g->r->y, value, g->r->errors, "'%s' has no challenge to send with a %u",
                        step->from, step->status);
    oh_error_remedy(e, "give it one among the parties: challenge: {status: %u, realm: example.com}",
                    step->status);
}

void oh_check_message(struct oh_reading *g, const struct oh_yaml_node *value)
{
    if (g->step->sdp.given && g->step->body)
        oh_error_remedy(oh_yaml_mistake(g->r->y, value, g->r->errors,
                                        "'sdp' and 'body' both say what is described"),
                        "'body' is the whole description as written; 'sdp' changes ours");
    if (g->step->is_request)
        return;
    if (!g->flow_unclear)
        check_request_before(g, value);
    if (oh_step_is_ours(g->s, g->step))
        check_challenge(g, value);
}

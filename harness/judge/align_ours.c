/* Is a message of the other side what our step would have sent, as far as the scenario says? */
#include "judge/align_private.h"
#include "sip/digest.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static struct oh_span header(const struct oh_sip_msg *m, const char *name)
{
    const struct oh_sip_header *h = oh_sip_msg_header_named(m, oh_span_of(name), 0);
    return h ? h->value : (struct oh_span){0};
}

/* --- headers that the scenario sets or takes away --- */

/* A text that may hold names: what stands between them is there, in order. */
static bool has_pieces(const char *text, struct oh_span value)
{
    struct oh_span rest = oh_span_of(text), left = value;
    struct oh_piece piece;
    while (oh_scenario_next_piece(&rest, &piece)) {
        if (piece.is_name)
            continue;
        size_t at = oh_span_search(left, piece.text), behind = at + piece.text.len;
        if (at >= left.len)
            return false;
        left = oh_span_sub(left, behind, left.len - behind);
    }
    return true;
}

/* Each stretch of white space, with the ends of folded lines, as one space. RFC 3261 7.3.1 */
static void add_unfolded(struct oh_text *to, struct oh_span value)
{
    for (size_t i = 0; i < value.len; i++) {
        bool space = strchr(" \t\r\n", value.at[i]) != NULL;
        bool more = space && i > 0 && strchr(" \t\r\n", value.at[i - 1]);
        if (!more)
            oh_text_add_char(to, space ? ' ' : value.at[i]);
    }
}

/* RFC 3261 7.3.1: several header fields of a name are one list. */
static bool has_value(const struct oh_header_override *h, const struct oh_sip_msg *m)
{
    const struct oh_sip_header *one;
    struct oh_text all = {0};
    for (size_t n = 0; (one = oh_sip_msg_header_named(m, oh_span_of(h->name), n)); n++) {
        oh_text_add(&all, n ? ", " : "");
        add_unfolded(&all, oh_span_trim(one->value));
    }
    struct oh_span value = oh_text_span(&all);
    bool same =
        strchr(h->value, '$') ? has_pieces(h->value, value) : oh_span_is_nocase(value, h->value);
    oh_text_release(&all);
    return same;
}

static char *headers(const struct oh_step *at, const struct oh_sip_msg *m)
{
    for (size_t i = 0; i < at->header_count; i++) {
        const struct oh_header_override *h = &at->headers[i];
        if (!header(m, h->name).at)
            return oh_format("it has no %s", h->name);
        if (!has_value(h, m))
            return oh_format("its %s is not '%s'", h->name, h->value);
    }
    for (size_t i = 0; i < at->remove_count; i++) {
        if (header(m, at->remove[i]).at)
            return oh_format("it has the header %s", at->remove[i]);
    }
    return NULL;
}

static bool sets(const struct oh_step *at, const char *name)
{
    for (size_t i = 0; i < at->header_count; i++) {
        if (strcasecmp(at->headers[i].name, name) == 0)
            return true;
    }
    return false;
}

static bool asks_for_route(const struct oh_scenario *s)
{
    for (size_t i = 0; i < s->step_count; i++) {
        for (size_t k = 0; k < s->steps[i].expect_count; k++) {
            if (strncmp(s->steps[i].expects[k].field, "route", 5) == 0)
                return true;
        }
    }
    return false;
}

/* RFC 3261 16.6, 16.12.1: the way of later requests is as the party has it. Many a server that
 * stands where the flow has a proxy is none and records no route; that does no harm where no step
 * asks for one. */
static char *recorded_route(const struct oh_scenario *s, const struct oh_step *at,
                            const struct oh_sip_msg *m)
{
    const struct oh_party *party = oh_scenario_party(s, at->from);
    bool dialog = m->is_request || (m->status > 100 && m->status < 300);
    bool there = header(m, "record-route").at != NULL;
    bool loose = oh_field_text(m, "record-route.lr").at != NULL;
    if (!party || !dialog || !oh_span_is(oh_sip_msg_method(m), "INVITE") ||
        (m->is_request && oh_field_text(m, "to.tag").at) || sets(at, "record-route"))
        return NULL;
    bool none = party->role != OH_ROLE_PROXY || party->record_route == OH_ROUTE_NONE;
    bool strict = !none && party->record_route == OH_ROUTE_STRICT;
    if (none)
        return there ? oh_strdup("it has a Record-Route") : NULL;
    if (!there)
        return strict || asks_for_route(s) ? oh_strdup("it has no Record-Route") : NULL;
    if (loose == strict)
        return oh_format("its Record-Route has %s lr", loose ? "an" : "no");
    return oh_field_text(m, "record-route[2]").at ? oh_strdup("it has a second Record-Route")
                                                  : NULL;
}

/* --- what a registrar grants --- */

/* RFC 3261 10.3: of a binding by its own parameter, else by the header. It may stand among those of
 * other devices. */
static bool grants_within(const struct oh_sip_msg *m, uint64_t most_s)
{
    uint64_t granted;
    bool any = oh_field_number(m, "expires", &granted) && granted <= most_s;
    for (int n = 1; !any && n <= 8; n++) {
        char *path = oh_format("contact[%d].expires", n);
        any = oh_field_number(m, path, &granted) && granted <= most_s;
        free(path);
    }
    return any;
}

static char *registration(const struct oh_scenario *s, const struct oh_step *at,
                          const struct oh_sip_msg *m)
{
    const struct oh_party *party = oh_scenario_party(s, at->from);
    uint64_t least;
    if (!party || at->is_request || !oh_span_is(oh_sip_msg_method(m), "REGISTER"))
        return NULL;
    if (m->status == 200 && party->expires_s >= 0 && header(m, "contact").at &&
        !grants_within(m, (uint64_t)party->expires_s))
        return oh_format("it grants more than %lld s", (long long)party->expires_s);
    if (m->status == 423 && party->min_expires_s >= 0 &&
        (!oh_field_number(m, "min-expires", &least) || least != (uint64_t)party->min_expires_s))
        return oh_format("its Min-Expires is not %lld", (long long)party->min_expires_s);
    return m->status == 200 && party->contact_count > 0 && header(m, "contact").at &&
                   !oh_field_text(m, "contact[2]").at
               ? oh_strdup("it lists no other contact")
               : NULL;
}

/* RFC 3261 8.3: as many places to look as its redirect server knows. */
static char *redirection(const struct oh_scenario *s, const struct oh_step *at,
                         const struct oh_sip_msg *m)
{
    const struct oh_party *party = oh_scenario_party(s, at->from);
    if (!party || party->role != OH_ROLE_REDIRECT || at->is_request || m->status / 100 != 3 ||
        party->contact_count == 0 || sets(at, "contact"))
        return NULL;
    char *last = oh_format("contact[%zu]", party->contact_count);
    char *more = oh_format("contact[%zu]", party->contact_count + 1);
    bool same = oh_field_text(m, last).at && !oh_field_text(m, more).at;
    free(last);
    free(more);
    return same ? NULL : oh_format("it has not %zu contacts", party->contact_count);
}

/* --- the session description --- */

static bool has_formats(const struct oh_sdp_wish *wish, const struct oh_sip_msg *m)
{
    struct oh_field f;
    bool same = oh_field_get(m, oh_span_of("sdp.audio.formats"), &f) == 0 &&
                f.state == OH_FIELD_PRESENT && f.count == wish->format_count;
    for (size_t i = 0; same && i < f.count; i++) {
        char *wanted = oh_format("%u", wish->formats[i]);
        same = oh_span_is(f.items[i].text, wanted);
        free(wanted);
    }
    oh_field_release(&f);
    return same;
}

static char *description(const struct oh_step *at, const struct oh_sip_msg *m)
{
    const struct oh_sdp_wish *wish = &at->sdp;
    struct oh_span direction = oh_field_text(m, "sdp.audio.direction");
    struct oh_span address = oh_field_text(m, "sdp.audio.connection");
    bool begins = m->is_request && oh_span_is(m->method, "INVITE");
    if (!wish->given) /* an INVITE of ours brings an offer */
        return begins && !at->body && m->body.len == 0 ? oh_strdup("it has no description") : NULL;
    if (wish->none)
        return m->body.len > 0 ? oh_strdup("it has a body") : NULL;
    if (wish->direction && !oh_span_is_nocase(direction, wish->direction))
        return oh_format("its description is not '%s'", wish->direction);
    if (wish->address && !oh_span_is(address, wish->address))
        return oh_format("its description does not name the address %s", wish->address);
    return wish->format_count > 0 && !has_formats(wish, m)
               ? oh_strdup("its payload types are others")
               : NULL;
}

/* --- challenges --- */

static char *challenge(const struct oh_challenge *wanted, const struct oh_digest *d)
{
    const char *algorithm = wanted->algorithm ? wanted->algorithm : "MD5";
    struct oh_span given = d->algorithm.at ? d->algorithm : oh_span_of("MD5");
    if (!oh_span_is_nocase(given, algorithm))
        return oh_format("its challenge is not for %s", algorithm);
    if (!wanted->qop != !d->qop.at || (wanted->qop && !oh_span_is_nocase(d->qop, wanted->qop)))
        return wanted->qop ? oh_format("its challenge has not qop=\"%s\"", wanted->qop)
                           : oh_strdup("its challenge has a qop");
    if (wanted->stale && !oh_span_is_nocase(d->stale, "true")) /* a server may say so unasked */
        return oh_strdup("its challenge is not stale");
    return !wanted->opaque != !d->opaque.len
               ? oh_format("its challenge has %s opaque", wanted->opaque ? "no" : "an")
               : NULL;
}

static char *challenges(const struct oh_scenario *s, const struct oh_step *at,
                        const struct oh_sip_msg *m)
{
    const struct oh_party *party = oh_scenario_party(s, at->from);
    bool own = at->challenge_count > 0;
    const struct oh_challenge *wanted = own ? at->challenges : party ? party->challenges : NULL;
    size_t count = own ? at->challenge_count : party ? party->challenge_count : 0;
    enum oh_sip_header_id id =
        at->status == 407 ? OH_SIP_PROXY_AUTHENTICATE : OH_SIP_WWW_AUTHENTICATE;
    if (at->is_request || (at->status != 401 && at->status != 407))
        return NULL;
    for (size_t i = 0; i < count; i++) {
        const struct oh_sip_header *h = oh_sip_msg_header(m, id, i);
        struct oh_digest d;
        if (!h || oh_digest_parse(h->value, &d) != 0)
            return oh_strdup("it lacks a challenge");
        char *differs = challenge(&wanted[i], &d);
        if (differs)
            return differs;
    }
    return count > 0 && oh_sip_msg_header(m, id, count) ? oh_strdup("it has a further challenge")
                                                        : NULL;
}

/* RFC 3262 3: a reliable provisional response has Require: 100rel and RSeq. */
static char *reliable(const struct oh_step *at, const struct oh_sip_msg *m)
{
    bool is_reliable = header(m, "rseq").at != NULL;
    bool provisional = !at->is_request && at->status > 100 && at->status < 200;
    if (!provisional || is_reliable == at->reliable)
        return NULL;
    return oh_format("it is %ssent reliably", is_reliable ? "" : "not ");
}

/* --- what the phone is able to do --- */

static bool shows(const struct oh_sip_msg *m, const char *field, const char *word)
{
    struct oh_field f;
    bool found = false;
    if (oh_field_get(m, oh_span_of(field), &f) == 0 && f.state == OH_FIELD_PRESENT) {
        for (size_t i = 0; !found && i < f.count; i++)
            found = oh_span_is_nocase(f.items[i].text, word);
    }
    oh_field_release(&f);
    return found;
}

bool oh_align_shows_ability(const struct oh_trace *t, const char *ability)
{
    static const struct {
        const char *ability, *fields[2], *word;
    } signs[] = {
        {"100rel", {"supported", "require"}, "100rel"},
        {"digest-md5-sess",
         {"authorization.algorithm", "proxy-authorization.algorithm"},
         "MD5-sess"},
        {"digest-sha-256", {"authorization.algorithm", "proxy-authorization.algorithm"}, "SHA-256"},
        {"digest-sha-512-256",
         {"authorization.algorithm", "proxy-authorization.algorithm"},
         "SHA-512-256"},
        {"digest-auth-int", {"authorization.qop", "proxy-authorization.qop"}, "auth-int"},
    };
    bool is_known = false;
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        if (strcmp(signs[i].ability, ability) != 0)
            continue;
        is_known = true;
        for (size_t k = 0; k < t->msg_count; k++) {
            const struct oh_trace_msg *m = &t->msgs[k];
            if (m->from_phone && (shows(m->sip, signs[i].fields[0], signs[i].word) ||
                                  shows(m->sip, signs[i].fields[1], signs[i].word)))
                return true;
        }
    }
    return !is_known;
}

/* --- what is written out --- */

/* As it goes out: line ends are CRLF where the text is not exact. */
static char *written_out(const struct oh_step *at)
{
    struct oh_text text = {0};
    for (const char *c = at->raw; *c; c++) {
        if (*c == '\n' && !at->raw_exact)
            oh_text_add(&text, "\r");
        oh_text_add_span(&text, (struct oh_span){c, 1});
    }
    return text.at ? oh_text_take(&text) : oh_strdup("");
}

static char *raw(const struct oh_step *at, const struct oh_sip_msg *m)
{
    char *text = written_out(at);
    bool same = has_pieces(text, m->bytes);
    free(text);
    return same ? NULL : oh_strdup("it is not as the flow writes it out");
}

char *oh_align_differs(const struct oh_scenario *s, int step, const struct oh_sip_msg *m)
{
    const struct oh_step *at = &s->steps[step];
    if (at->raw)
        return raw(at, m);
    char *differs = headers(at, m);
    if (!differs)
        differs = recorded_route(s, at, m);
    if (!differs)
        differs = registration(s, at, m);
    if (!differs)
        differs = redirection(s, at, m);
    if (!differs)
        differs = description(at, m);
    if (!differs)
        differs = challenges(s, at, m);
    if (!differs)
        differs = reliable(at, m);
    if (!differs && at->body)
        differs = oh_span_is(m->body, at->body) ? NULL : oh_strdup("its body is another");
    return differs;
}

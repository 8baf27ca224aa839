#include "author/record_private.h"

#include "sip/digest.h"
#include "sip/field.h"
#include "sip/uri.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void oh_record_quote(struct oh_span text, struct oh_text *out)
{
    oh_text_add_char(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.at[i];
        if (c == '"' || c == '\\')
            oh_text_add_char(out, '\\');
        if (c < 0x20 || c == 0x7f)
            oh_text_addf(out, "\\x%02x", c);
        else
            oh_text_add_char(out, (char)c);
    }
    oh_text_add_char(out, '"');
}

/* --- challenges --- */

static void add_challenge(unsigned status, const struct oh_digest *d, struct oh_text *out)
{
    const struct {
        const char *key;
        struct oh_span value;
    } keys[] = {{"realm", d->realm}, {"algorithm", d->algorithm}, {"opaque", d->opaque}};
    oh_text_addf(out, "{status: %u", status);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (!keys[i].value.len)
            continue;
        oh_text_addf(out, ", %s: ", keys[i].key);
        oh_record_quote(keys[i].value, out);
    }
    if (d->qop.len)
        oh_text_addf(out, ", qop: \"%.*s\"", OH_SPAN_FMT(d->qop));
    if (oh_span_is_nocase(d->stale, "true"))
        oh_text_add(out, ", stale: true");
    oh_text_add(out, "}");
}

char *oh_cast_challenge(const struct oh_sip_msg *m)
{
    enum oh_sip_header_id id =
        m->status == 401 ? OH_SIP_WWW_AUTHENTICATE : OH_SIP_PROXY_AUTHENTICATE;
    struct oh_text list = {0};
    size_t count = 0;
    const struct oh_sip_header *h;
    for (size_t n = 0; (h = oh_sip_msg_header(m, id, n)); n++) {
        struct oh_digest d;
        if (oh_digest_parse(h->value, &d) != 0 || !d.realm.len)
            continue;
        oh_text_add(&list, count++ ? ", " : "");
        add_challenge(m->status, &d, &list);
    }
    char *text = count > 1 ? oh_format("[%s]", oh_text_str(&list)) : oh_strdup(list.at);
    oh_text_release(&list);
    return text;
}

/* --- parties --- */

void oh_cast_release(struct oh_cast *c)
{
    for (size_t i = 0; i < c->count; i++) {
        free(c->parties[i].number);
        free(c->parties[i].contact);
        free(c->parties[i].challenge);
    }
    free(c->of_msg);
}

/* A party of this role, or the last one if there is no room for more. */
static struct oh_cast_party *add_party(struct oh_cast *c, enum oh_role role,
                                       const struct oh_endpoint *at)
{
    static const char letters[OH_ROLES] = {[OH_ROLE_PHONE] = 'A',
                                           [OH_ROLE_PROXY] = 'P',
                                           [OH_ROLE_REGISTRAR] = 'R',
                                           [OH_ROLE_REDIRECT] = 'S',
                                           [OH_ROLE_PEER] = 'B'};
    if (c->count == OH_CAST_MOST)
        return &c->parties[c->count - 1];
    size_t same = 0;
    for (size_t i = 0; i < c->count; i++)
        same += c->parties[i].role == role;
    struct oh_cast_party *p = &c->parties[c->count++];
    *p = (struct oh_cast_party){.role = role, .behind = OH_NONE, .at = at};
    if (role == OH_ROLE_PEER && same < 13) /* B, C, D ... but never P or R */
        snprintf(p->name, sizeof p->name, "%c", (char)('B' + (int)same));
    else if (same)
        snprintf(p->name, sizeof p->name, "%c%zu", letters[role], same + 1);
    else
        snprintf(p->name, sizeof p->name, "%c", letters[role]);
    return p;
}

static struct oh_cast_party *at_endpoint(struct oh_cast *c, const struct oh_endpoint *e)
{
    for (size_t i = 1; i < c->count; i++) {
        if (c->parties[i].at == e)
            return &c->parties[i];
    }
    return NULL;
}

static struct oh_cast_party *with_number(struct oh_cast *c, struct oh_span number)
{
    for (size_t i = 1; number.len && i < c->count; i++) {
        if (c->parties[i].number && oh_span_is(number, c->parties[i].number))
            return &c->parties[i];
    }
    return NULL;
}

const struct oh_cast_party *oh_cast_number(const struct oh_cast *c, struct oh_span number)
{
    return with_number((struct oh_cast *)(uintptr_t)c, number);
}

static bool is_at(struct oh_span uri_text, const struct oh_addr *addr)
{
    struct oh_sip_uri uri;
    char host[OH_ADDR_TEXT];
    return uri_text.len && oh_sip_uri_parse(uri_text, &uri) == 0 &&
           oh_span_is_nocase(uri.host, oh_addr_format_host(addr, host)) &&
           (uri.port ? uri.port : 5060) == addr->port;
}

static bool is_address(struct oh_span host)
{
    struct oh_addr addr;
    struct oh_error e = {0};
    return oh_addr_parse(host, &addr, &e) == 0;
}

/* Is somebody else where the sender of this message says that it can be reached? A name tells it
 * by where the phone's requests to it go. */
static bool is_elsewhere(const struct oh_heard *h, const struct oh_endpoint *e,
                         struct oh_span contact)
{
    struct oh_sip_uri uri;
    if (!contact.at || oh_sip_uri_parse(contact, &uri) != 0)
        return false;
    if (is_address(uri.host))
        return !is_at(contact, &e->addr);
    for (size_t i = 0; i < h->trace->msg_count; i++) {
        const struct oh_trace_msg *m = &h->trace->msgs[i];
        if (m->from_phone && m->sip->is_request && oh_heard_other(h, m) != e &&
            oh_span_equal(m->sip->request_uri, contact))
            return true;
    }
    return false;
}

/* What shows that an endpoint only passes on: it said so, or somebody else is where its messages
 * say that their sender can be reached. RFC 3261 16.6 */
static bool is_proxy(const struct oh_heard *h, const struct oh_endpoint *e)
{
    if (e->forwards)
        return true;
    for (size_t i = 0; i < h->trace->msg_count; i++) {
        const struct oh_trace_msg *m = &h->trace->msgs[i];
        if (m->from_phone || oh_heard_other(h, m) != e)
            continue;
        struct oh_span method = oh_sip_msg_method(m->sip);
        if (!m->sip->is_request && m->sip->status == 407)
            return true;
        if (oh_field_text(m->sip, "record-route.uri").at)
            return true;
        if (m->sip->is_request && oh_field_text(m->sip, "via[2]").at)
            return true;
        if (oh_span_is(method, "INVITE") && (m->sip->is_request || m->sip->status < 300) &&
            is_elsewhere(h, e, oh_field_text(m->sip, "contact.uri")))
            return true;
    }
    return false;
}

/* All that it ever says to an INVITE is where else to look. RFC 3261 8.3 */
static bool is_redirect(const struct oh_heard *h, const struct oh_endpoint *e)
{
    size_t redirected = 0;
    for (size_t i = 0; i < h->trace->msg_count; i++) {
        const struct oh_trace_msg *m = &h->trace->msgs[i];
        unsigned status = m->sip->status;
        if (m->from_phone || oh_heard_other(h, m) != e)
            continue;
        if (m->sip->is_request || !oh_span_is(oh_sip_msg_method(m->sip), "INVITE"))
            return false;
        if (status > 100 && status / 100 != 3 && status != 401 && status != 407)
            return false;
        redirected += status / 100 == 3 && oh_field_text(m->sip, "contact.user").len > 0;
    }
    return redirected > 0;
}

/* The number of who is behind: whom the phone calls, or who calls it. */
static struct oh_span number_in(const struct oh_trace_msg *m)
{
    return oh_field_text(m->sip, m->from_phone ? "request-uri.user" : "from.user");
}

/* It stays in the path unasked, as the phone's outbound proxy. */
static bool stays(const struct oh_heard *h, const struct oh_endpoint *e)
{
    for (size_t i = 0; i < h->trace->msg_count; i++) {
        const struct oh_trace_msg *m = &h->trace->msgs[i];
        bool copies = oh_sip_msg_is_method(m->sip, "ACK") && m->answered != OH_NONE &&
                      h->trace->msgs[m->answered].sip->status >= 300;
        if (m->from_phone && m->sip->is_request && oh_heard_other(h, m) == e && !copies &&
            oh_field_text(m->sip, "to.tag").at)
            return true;
    }
    return false;
}

static void note_route(struct oh_cast_party *p, const struct oh_heard *h,
                       const struct oh_trace_msg *m)
{
    struct oh_span route = oh_field_text(m->sip, "record-route.uri");
    bool tells = m->sip->is_request
                     ? oh_sip_msg_is_method(m->sip, "INVITE")
                     : m->sip->status / 100 == 2 && oh_span_is(oh_sip_msg_method(m->sip), "INVITE");
    if (m->from_phone || p->role != OH_ROLE_PROXY || p->route_known || !tells)
        return;
    struct oh_sip_uri uri;
    bool lr = false;
    p->route_known = true;
    if (!route.len && !stays(h, p->at))
        p->route = OH_ROUTE_NONE;
    else if (!route.len)
        p->route = OH_ROUTE_LOOSE;
    else if (oh_sip_uri_parse(route, &uri) == 0 && (oh_sip_uri_param(&uri, "lr", &lr), !lr))
        p->route = OH_ROUTE_STRICT;
}

/* A preference: "0.7" is 700, none is 1000. RFC 3261 20.10 */
static uint64_t thousandths(struct oh_span q)
{
    uint64_t value = 0, unit = 1000;
    if (!q.len)
        return 1000;
    for (size_t i = 0; i < q.len && unit > 0; i++) {
        if (q.at[i] < '0' || q.at[i] > '9')
            continue;
        value += (uint64_t)(q.at[i] - '0') * unit;
        unit /= 10;
    }
    return value;
}

/* Who has that number, at that server. NULL: nobody, for want of room. */
static struct oh_cast_party *note_number(struct oh_cast *c, const struct oh_cast_party *server,
                                         struct oh_span number)
{
    struct oh_cast_party *peer = with_number(c, number);
    bool is_server = server->role == OH_ROLE_PROXY || server->role == OH_ROLE_REDIRECT;
    if (peer || !number.len)
        return peer;
    int behind = is_server ? (int)(server - c->parties) : OH_NONE;
    peer = add_party(c, OH_ROLE_PEER, NULL);
    if (peer->number)
        return NULL;
    peer->number = oh_span_dup(number);
    peer->behind = behind;
    return peer;
}

/* The parties that a redirect server names, and where each of them is; the most wanted first. RFC
 * 3261 20.10 */
static void note_contacts(struct oh_cast *c, size_t server, const struct oh_trace_msg *m)
{
    uint64_t ranks[4];
    struct oh_cast_party *s = &c->parties[server];
    if (m->from_phone || m->sip->status / 100 != 3 || s->role != OH_ROLE_REDIRECT ||
        s->contact_count)
        return;
    for (unsigned n = 1; n <= sizeof s->contacts / sizeof *s->contacts; n++) {
        char field[32];
        snprintf(field, sizeof field, "contact[%u].user", n);
        struct oh_cast_party *peer = note_number(c, s, oh_field_text(m->sip, field));
        snprintf(field, sizeof field, "contact[%u].uri", n);
        if (!peer)
            return;
        if (!peer->contact)
            peer->contact = oh_span_dup(oh_field_text(m->sip, field));
        snprintf(field, sizeof field, "contact[%u].q", n);
        uint64_t rank = thousandths(oh_field_text(m->sip, field));
        size_t at = s->contact_count++;
        for (; at > 0 && ranks[at - 1] < rank; at--) {
            ranks[at] = ranks[at - 1];
            s->contacts[at] = s->contacts[at - 1];
        }
        ranks[at] = rank;
        s->contacts[at] = (int)(peer - c->parties);
    }
}

/* The peer that speaks through the proxy in this call: by the number in the INVITE. */
static void note_peer(struct oh_cast *c, const struct oh_cast_party *proxy,
                      const struct oh_trace_msg *m)
{
    note_number(c, proxy, number_in(m));
}

/* Where the peer of a call says that it is: later messages may go there past the proxy. */
static void note_contact(struct oh_cast *c, const struct oh_heard *h, const struct oh_trace_msg *m)
{
    const struct oh_trace_msg *request = oh_heard_request(h, m);
    struct oh_span contact = oh_field_text(m->sip, "contact.uri");
    if (m->from_phone || !contact.len || !request || m->sip->status / 100 == 3)
        return;
    struct oh_cast_party *peer = with_number(c, number_in(request));
    if (peer && !peer->contact)
        peer->contact = oh_span_dup(contact);
}

/* Whom nobody has met yet, and who is where this message says: at his Contact, or under the number
 * that the phone calls. */
static struct oh_cast_party *unmet(struct oh_cast *c, const struct oh_endpoint *e,
                                   const struct oh_trace_msg *m)
{
    struct oh_span uri = m->sip->request_uri;
    for (size_t i = 1; i < c->count; i++) {
        struct oh_cast_party *p = &c->parties[i];
        struct oh_span contact = oh_span_of(p->contact ? p->contact : "");
        bool calls = m->from_phone && m->sip->is_request && m->sip->request_uri.at;
        if (!p->at && contact.len &&
            (is_at(contact, &e->addr) || (calls && oh_span_equal(uri, contact))))
            return p;
        if (!p->at && calls && p->behind == OH_NONE && p->number &&
            !oh_field_text(m->sip, "to.tag").at &&
            oh_span_is(oh_field_text(m->sip, "request-uri.user"), p->number))
            return p;
    }
    return NULL;
}

static struct oh_span tag_of_other(const struct oh_trace_msg *m)
{
    return oh_field_text(m->sip, m->sip->is_request == m->from_phone ? "to.tag" : "from.tag");
}

/* Who has moved, or speaks past his proxy: the other side of the same dialog. */
static struct oh_cast_party *in_same_dialog(struct oh_cast *c, const struct oh_heard *h,
                                            const struct oh_trace_msg *m)
{
    struct oh_span tag = tag_of_other(m), id = oh_field_text(m->sip, "call-id");
    struct oh_span number = {0};
    struct oh_cast_party *found = NULL;
    if (!oh_field_text(m->sip, "to.tag").at || !tag.at)
        return NULL;
    for (int i = 0; i < m->index && !found; i++) {
        const struct oh_trace_msg *b = &h->trace->msgs[i];
        if (c->of_msg[i] != OH_NONE && oh_span_equal(tag_of_other(b), tag) &&
            oh_span_equal(oh_field_text(b->sip, "call-id"), id)) {
            found = &c->parties[c->of_msg[i]];
            number = number_in(oh_heard_request(h, b));
        }
    }
    for (size_t i = 1; found && found->role == OH_ROLE_PROXY && i < c->count; i++) {
        struct oh_cast_party *p = &c->parties[i];
        if (p->behind == found - c->parties && p->contact && oh_span_is(number, p->number))
            return p;
    }
    return found && found->role == OH_ROLE_PEER ? found : NULL;
}

static struct oh_cast_party *known(struct oh_cast *c, const struct oh_heard *h,
                                   const struct oh_trace_msg *m)
{
    const struct oh_endpoint *e = oh_heard_other(h, m);
    struct oh_cast_party *p;
    if (!m->sip->is_request && m->request != OH_NONE && c->of_msg[m->request] != OH_NONE)
        return &c->parties[c->of_msg[m->request]]; /* perhaps from another port */
    if ((p = at_endpoint(c, e)) || (p = unmet(c, e, m)) || (p = in_same_dialog(c, h, m))) {
        p->at = p->at ? p->at : e;
        return p;
    }
    return NULL;
}

static struct oh_cast_party *find_party(struct oh_cast *c, const struct oh_heard *h,
                                        const struct oh_trace_msg *m)
{
    const struct oh_endpoint *e = oh_heard_other(h, m);
    struct oh_cast_party *p = known(c, h, m);
    if (p)
        return p;
    if (oh_span_is(oh_sip_msg_method(m->sip), "REGISTER"))
        return add_party(c, OH_ROLE_REGISTRAR, e);
    if (is_redirect(h, e))
        return add_party(c, OH_ROLE_REDIRECT, e);
    if (is_proxy(h, e))
        return add_party(c, OH_ROLE_PROXY, e);
    p = add_party(c, OH_ROLE_PEER, e);
    struct oh_span number = number_in(m);
    if (!p->number && number.len && m->sip->is_request)
        p->number = oh_span_dup(number);
    return p;
}

/* What a registrar grants and what is too brief for it. RFC 3261 10.3 */
static void note_binding(struct oh_cast_party *p, const struct oh_heard *h,
                         const struct oh_trace_msg *m)
{
    const struct oh_trace_msg *request = oh_heard_request(h, m);
    uint64_t wanted = 0, granted = 0;
    if (m->from_phone || m->sip->is_request || p->role != OH_ROLE_REGISTRAR || !request)
        return;
    if (m->sip->status == 423)
        oh_field_number(m->sip, "min-expires", &p->min_expires);
    bool asks = oh_field_number(request->sip, "contact.expires", &wanted) ||
                oh_field_number(request->sip, "expires", &wanted);
    bool grants = oh_field_number(m->sip, "contact.expires", &granted) ||
                  oh_field_number(m->sip, "expires", &granted);
    if (m->sip->status == 200 && asks && grants && granted > 0 && granted < wanted)
        p->expires = granted;
}

/* The phone has one server; so it cannot call two who are at addresses of their own, but by a proxy
 * that both are behind. */
static void put_behind_proxy(struct oh_cast *c, const struct oh_heard *h)
{
    bool called[OH_CAST_MOST] = {false};
    size_t count = 0;
    for (size_t i = 0; i < h->trace->msg_count; i++) {
        const struct oh_trace_msg *m = &h->trace->msgs[i];
        int of = c->of_msg[i];
        bool calls = m->from_phone && m->sip->is_request &&
                     oh_sip_msg_is_method(m->sip, "INVITE") && !oh_field_text(m->sip, "to.tag").at;
        if (of == OH_NONE || !calls || c->parties[of].role != OH_ROLE_PEER ||
            c->parties[of].behind != OH_NONE || called[of])
            continue;
        called[of] = true;
        count++;
    }
    if (count < 2 || c->count == OH_CAST_MOST)
        return;
    int proxy = (int)(add_party(c, OH_ROLE_PROXY, NULL) - c->parties);
    for (size_t i = 1; i < OH_CAST_MOST; i++) {
        if (called[i])
            c->parties[i].behind = proxy;
    }
    for (size_t i = 0; i < h->trace->msg_count; i++) {
        if (c->of_msg[i] != OH_NONE && called[c->of_msg[i]])
            c->of_msg[i] = proxy;
    }
}

void oh_cast_make(struct oh_cast *c, const struct oh_heard *h, const bool *chosen)
{
    add_party(c, OH_ROLE_PHONE, h->phone);
    c->of_msg = oh_alloc((h->trace->msg_count + 1) * sizeof *c->of_msg);
    for (size_t i = 0; i < h->trace->msg_count; i++)
        c->of_msg[i] = OH_NONE;
    for (size_t i = 0; i < h->trace->msg_count; i++) {
        const struct oh_trace_msg *m = &h->trace->msgs[i];
        if (!chosen[i])
            continue;
        struct oh_cast_party *p = find_party(c, h, m);
        c->of_msg[i] = (int)(p - c->parties);
        bool invite = m->sip->is_request && oh_sip_msg_is_method(m->sip, "INVITE");
        note_route(p, h, m);
        bool serves = p->role == OH_ROLE_PROXY || p->role == OH_ROLE_REDIRECT;
        if (serves && invite && !oh_field_text(m->sip, "to.tag").at)
            note_peer(c, p, m);
        note_contacts(c, (size_t)(p - c->parties), m);
        if (m->sip->is_request && oh_sip_msg_is_method(m->sip, "REFER"))
            note_number(c, p, oh_field_text(m->sip, "refer-to.user"));
        note_contact(c, h, m);
        note_binding(p, h, m);
        bool asks = !m->from_phone && (m->sip->status == 401 || m->sip->status == 407);
        if (asks && !p->challenge)
            p->challenge = oh_cast_challenge(m->sip);
    }
    put_behind_proxy(c, h);
}

const struct oh_cast_party *oh_cast_other(const struct oh_cast *c, const struct oh_trace_msg *m)
{
    return &c->parties[c->of_msg[m->index]];
}

#include "sip/dialog.h"

#include "sip/digest.h"
#include "sip/uri.h"
#include "sip/via.h"

#include <stdlib.h>
#include <string.h>

#define DEFAULT_PORT 5060
#define MAX_FORWARDS 70 /* RFC 3261 8.1.1.6 */
#define BRANCH_BYTES 12

static bool is_one_of(struct oh_span method, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (oh_span_is(method, list[i]))
            return true;
    return false;
}

/* The digits of CSeq as they stand. */
static struct oh_span cseq_digits(const struct oh_sip_msg *m)
{
    struct oh_span value = oh_sip_msg_whole(m, OH_SIP_CSEQ);
    size_t n = 0;
    while (n < value.len && value.at[n] >= '0' && value.at[n] <= '9')
        n++;
    return oh_span_sub(value, 0, n);
}

static uint32_t cseq_number(const struct oh_sip_msg *m)
{
    uint64_t number;
    bool fine = oh_span_to_u64(cseq_digits(m), &number) && number <= UINT32_MAX;
    return fine ? (uint32_t)number : 0;
}

/* ---- the state, RFC 3261 12.1 ---- */

/* Reads From or To: the name-addr without parameters, and its tag (NULL where there is none). */
static int read_party(const struct oh_sip_msg *m, enum oh_sip_header_id id, char **uri, char **tag)
{
    struct oh_sip_name_addr parts;
    if (oh_sip_name_addr_parse(oh_sip_msg_whole(m, id), &parts) < 0)
        return -1;
    struct oh_span display = oh_span_trim(parts.display);
    free(*uri);
    *uri = oh_format("%.*s%s<%.*s>", OH_SPAN_FMT(display), display.len > 0 ? " " : "",
                     OH_SPAN_FMT(parts.uri));
    if (!tag)
        return 0;
    struct oh_span found = oh_span_trim(oh_sip_param(parts.params, "tag"));
    *tag = found.at ? oh_span_dup(found) : NULL;
    return 0;
}

static char *contact_uri(const struct oh_sip_msg *m)
{
    struct oh_span value = oh_sip_msg_value(m, OH_SIP_CONTACT, 0);
    struct oh_sip_name_addr parts;
    if (!value.at || oh_span_is(value, "*") || oh_sip_name_addr_parse(value, &parts) < 0)
        return NULL;
    return oh_span_dup(parts.uri);
}

static void read_route_set(struct oh_dialog *d, const struct oh_sip_msg *m, bool reversed)
{
    size_t count = oh_sip_msg_value_count(m, OH_SIP_RECORD_ROUTE);
    d->route_set = oh_alloc(count * sizeof(*d->route_set));
    d->route_count = count;
    for (size_t i = 0; i < count; i++) {
        size_t from = reversed ? count - 1 - i : i;
        d->route_set[i] = oh_span_dup(oh_sip_msg_value(m, OH_SIP_RECORD_ROUTE, from));
    }
}

struct oh_dialog *oh_dialog_from_request(const struct oh_sip_msg *request, const char *local_tag)
{
    struct oh_dialog *d = oh_alloc(sizeof(*d));
    struct oh_sip_name_addr from;
    d->call_id = oh_span_dup(oh_sip_msg_whole(request, OH_SIP_CALL_ID));
    if (!oh_sip_msg_whole(request, OH_SIP_CALL_ID).at ||
        read_party(request, OH_SIP_FROM, &d->remote_uri, &d->remote_tag) < 0 ||
        read_party(request, OH_SIP_TO, &d->local_uri, NULL) < 0) {
        oh_dialog_free(d);
        return NULL;
    }
    d->local_tag = oh_strdup(local_tag);
    d->remote_cseq = cseq_number(request);
    d->remote_target = contact_uri(request);
    if (!d->remote_target &&
        oh_sip_name_addr_parse(oh_sip_msg_whole(request, OH_SIP_FROM), &from) == 0)
        d->remote_target = oh_span_dup(from.uri);
    read_route_set(d, request, false); /* RFC 3261 12.1.1: taken in order */
    return d;
}

struct oh_dialog *oh_dialog_from_response(const struct oh_sip_msg *request,
                                          const struct oh_sip_msg *response)
{
    struct oh_dialog *d = oh_alloc(sizeof(*d));
    d->call_id = oh_span_dup(oh_sip_msg_whole(request, OH_SIP_CALL_ID));
    if (!oh_sip_msg_whole(request, OH_SIP_CALL_ID).at ||
        read_party(request, OH_SIP_FROM, &d->local_uri, &d->local_tag) < 0 ||
        read_party(response, OH_SIP_TO, &d->remote_uri, &d->remote_tag) < 0) {
        oh_dialog_free(d);
        return NULL;
    }
    /* RFC 3261 12.1.2: the To URI that we sent, if our request can be read */
    read_party(request, OH_SIP_TO, &d->remote_uri, NULL);
    d->local_cseq = cseq_number(request);
    if (oh_sip_msg_is_method(request, "INVITE"))
        d->invite_cseq = d->local_cseq;
    d->remote_target = contact_uri(response);
    if (!d->remote_target)
        d->remote_target = oh_span_dup(request->request_uri);
    read_route_set(d, response, true); /* RFC 3261 12.1.2: taken in reverse order */
    return d;
}

void oh_dialog_free(struct oh_dialog *d)
{
    if (!d)
        return;
    for (size_t i = 0; i < d->route_count; i++)
        free(d->route_set[i]);
    free(d->route_set);
    free(d->call_id);
    free(d->local_tag);
    free(d->remote_tag);
    free(d->local_uri);
    free(d->remote_uri);
    free(d->remote_target);
    free(d);
}

void oh_dialog_refresh_target(struct oh_dialog *d, const struct oh_sip_msg *m)
{
    static const char *const refreshing[] = {"INVITE", "UPDATE", "SUBSCRIBE", "NOTIFY"};
    if (!is_one_of(oh_sip_msg_method(m), refreshing, sizeof(refreshing) / sizeof(refreshing[0])))
        return;
    if (!m->is_request && m->status / 100 != 2)
        return;
    char *target = contact_uri(m);
    if (!target)
        return;
    free(d->remote_target);
    d->remote_target = target;
}

/* ---- requests inside the dialog, RFC 3261 12.2.1.1 ---- */

static struct oh_span uri_of_route(const char *route)
{
    struct oh_sip_name_addr parts;
    bool fine = oh_sip_name_addr_parse(oh_span_of(route), &parts) == 0;
    return fine ? parts.uri : oh_span_of(route);
}

static bool is_loose(const char *route)
{
    struct oh_sip_uri uri;
    bool lr = false;
    if (oh_sip_uri_parse(uri_of_route(route), &uri) == 0)
        oh_sip_uri_param(&uri, "lr", &lr);
    return lr;
}

/* Without the components that a Request-URI cannot have: method and headers (RFC 3261 19.1.1 table
 * 1). */
static char *as_request_uri(struct oh_span text)
{
    struct oh_sip_uri uri;
    struct oh_text out = {0};
    if (oh_sip_uri_parse(text, &uri) < 0)
        return oh_span_dup(text);
    size_t end = oh_span_find(text, '?');
    if (uri.params.at)
        end = (size_t)(uri.params.at - text.at);
    else if (uri.headers.at)
        end = (size_t)(uri.headers.at - text.at);
    while (end > 0 && end <= text.len && (text.at[end - 1] == ';' || text.at[end - 1] == '?'))
        end--;
    oh_text_add_span(&out, oh_span_sub(text, 0, end));
    for (struct oh_span rest = uri.params; rest.len > 0;) {
        struct oh_span param = oh_span_sub(rest, 0, oh_span_find(rest, ';'));
        rest = oh_span_sub(rest, param.len + 1, rest.len);
        struct oh_span name = oh_span_sub(param, 0, oh_span_find(param, '='));
        if (!oh_span_is_nocase(name, "method"))
            oh_text_addf(&out, ";%.*s", OH_SPAN_FMT(param));
    }
    return oh_text_take(&out);
}

static const char *const with_contact[] = {"INVITE", "UPDATE", "SUBSCRIBE",
                                           "NOTIFY", "REFER",  "OPTIONS"};

static uint32_t next_cseq(struct oh_dialog *d, const char *method)
{
    if (strcmp(method, "ACK") == 0)
        return d->invite_cseq; /* RFC 3261 13.2.2.4 */
    d->local_cseq++;
    if (strcmp(method, "INVITE") == 0)
        d->invite_cseq = d->local_cseq;
    return d->local_cseq;
}

static void add_party(struct oh_draft *draft, const char *name, const char *uri, const char *tag)
{
    oh_draft_add(draft, name, "%s%s%s", uri, tag ? ";tag=" : "", tag ? tag : "");
}

static void add_routes(struct oh_draft *draft, const struct oh_dialog *d, bool strict)
{
    for (size_t i = strict ? 1 : 0; i < d->route_count; i++)
        oh_draft_add(draft, "Route", "%s", d->route_set[i]);
    if (strict)
        oh_draft_add(draft, "Route", "<%s>", d->remote_target);
}

struct oh_draft *oh_dialog_request(struct oh_dialog *d, const char *method,
                                   const struct oh_seat_ids *ids)
{
    char branch[2 * BRANCH_BYTES + 1];
    bool strict = d->route_count > 0 && !is_loose(d->route_set[0]);
    char *target =
        as_request_uri(strict ? uri_of_route(d->route_set[0]) : oh_span_of(d->remote_target));
    struct oh_draft *draft = oh_draft_request(method, target);
    free(target);

    oh_random_hex(branch, BRANCH_BYTES);
    oh_draft_add(draft, "Via", "SIP/2.0/%s %s;branch=z9hG4bK%s", ids->transport, ids->via_sent_by,
                 branch);
    oh_draft_add(draft, "Max-Forwards", "%d", MAX_FORWARDS);
    add_routes(draft, d, strict);
    add_party(draft, "From", d->local_uri, d->local_tag);
    add_party(draft, "To", d->remote_uri, d->remote_tag);
    oh_draft_add(draft, "Call-ID", "%s", d->call_id);
    oh_draft_add(draft, "CSeq", "%u %s", (unsigned)next_cseq(d, method), method);
    if (ids->contact &&
        is_one_of(oh_span_of(method), with_contact, sizeof(with_contact) / sizeof(with_contact[0])))
        oh_draft_add(draft, "Contact", "<%s>", ids->contact);
    return draft;
}

/* ---- requests that belong to an INVITE's transaction or stand beside it ---- */

static struct oh_draft *companion(const struct oh_sip_msg *invite, const char *method,
                                  struct oh_span to)
{
    char *uri = oh_span_dup(invite->request_uri);
    struct oh_draft *d = oh_draft_request(method, uri);
    struct oh_span via = oh_sip_msg_value(invite, OH_SIP_VIA, 0);
    const struct oh_sip_header *route;
    struct oh_span from = oh_sip_msg_whole(invite, OH_SIP_FROM),
                   call_id = oh_sip_msg_whole(invite, OH_SIP_CALL_ID);

    free(uri);
    oh_draft_add(d, "Via", "%.*s", OH_SPAN_FMT(via)); /* the top one alone */
    oh_draft_add(d, "Max-Forwards", "%d", MAX_FORWARDS);
    for (size_t n = 0; (route = oh_sip_msg_header(invite, OH_SIP_ROUTE, n)) != NULL; n++)
        oh_draft_add(d, "Route", "%.*s", OH_SPAN_FMT(route->value));
    oh_draft_add(d, "From", "%.*s", OH_SPAN_FMT(from));
    oh_draft_add(d, "To", "%.*s", OH_SPAN_FMT(to));
    oh_draft_add(d, "Call-ID", "%.*s", OH_SPAN_FMT(call_id));
    oh_draft_add(d, "CSeq", "%.*s %s", OH_SPAN_FMT(cseq_digits(invite)), method);
    return d;
}

struct oh_draft *oh_draft_ack_non2xx(const struct oh_sip_msg *invite,
                                     const struct oh_sip_msg *response)
{
    return companion(invite, "ACK", oh_sip_msg_whole(response, OH_SIP_TO)); /* RFC 3261 17.1.1.3 */
}

struct oh_draft *oh_draft_cancel(const struct oh_sip_msg *invite)
{
    return companion(invite, "CANCEL", oh_sip_msg_whole(invite, OH_SIP_TO)); /* RFC 3261 9.1 */
}

/* ---- where to ---- */

int oh_sip_uri_address(struct oh_span text, struct oh_addr *out, struct oh_error *e)
{
    struct oh_sip_uri uri;
    bool has = false;

    if (oh_sip_uri_parse(text, &uri) < 0)
        return oh_error_set(e, "'%.*s' is no SIP URI to send to", OH_SPAN_FMT(text));
    struct oh_span maddr = oh_sip_uri_param(&uri, "maddr", &has);
    struct oh_span host = maddr.len > 0 ? maddr : uri.host;
    return oh_sip_host_addr(host, uri.port ? uri.port : DEFAULT_PORT, out, e);
}

int oh_sip_response_address(const struct oh_sip_msg *response, struct oh_addr *out,
                            struct oh_error *e)
{
    struct oh_sip_via via;
    uint64_t rport = 0;

    if (oh_sip_via_parse(oh_sip_msg_value(response, OH_SIP_VIA, 0), &via) < 0)
        return oh_error_set(e, "the response has no Via that can be read");
    unsigned port = via.port ? via.port : DEFAULT_PORT;
    struct oh_span maddr = oh_span_trim(oh_sip_param(via.params, "maddr"));
    if (maddr.len > 0) /* RFC 3261 18.2.2, before RFC 3581 4 */
        return oh_sip_host_addr(maddr, port, out, e);
    struct oh_span received = oh_span_trim(oh_sip_param(via.params, "received"));
    if (received.len == 0)
        return oh_sip_host_addr(via.host, port, out, e);
    struct oh_span text = oh_span_trim(oh_sip_param(via.params, "rport"));
    if (oh_span_to_u64(text, &rport) && rport > 0 && rport <= UINT16_MAX)
        port = (unsigned)rport; /* RFC 3581 4 */
    return oh_sip_host_addr(received, port, out, e);
}

#include "sip/field_table.h"

#include <stdio.h>
#include <string.h>

static struct oh_span wanted_name(const struct oh_field_query *q)
{
    return q->row->name ? oh_span_of(q->row->name) : q->name;
}

/* The status code's bytes: the first word behind the version. */
static struct oh_span status_text(const struct oh_sip_msg *m)
{
    if (m->is_request)
        return (struct oh_span){0};
    struct oh_span rest =
        oh_span_trim(oh_span_sub(m->start_line, m->version.len, m->start_line.len));
    size_t len = 0;
    while (len < rest.len && rest.at[len] != ' ' && rest.at[len] != '\t')
        len++;
    return oh_span_sub(rest, 0, len);
}

enum oh_field_state oh_field_open_message(const struct oh_field_query *q, struct oh_field_view *v)
{
    v->whole = q->m->start_line;
    v->message.method = q->m->method;
    v->message.request_uri = q->m->request_uri;
    v->message.status = status_text(q->m);
    v->message.reason = q->m->reason;
    v->message.body = q->m->body;
    return OH_FIELD_PRESENT;
}

enum oh_field_state oh_field_open_request_uri(const struct oh_field_query *q,
                                              struct oh_field_view *v)
{
    v->whole = q->m->request_uri;
    if (!q->m->is_request)
        return OH_FIELD_ABSENT;
    return oh_sip_uri_parse(v->whole, &v->uri) < 0 ? OH_FIELD_BROKEN : OH_FIELD_PRESENT;
}

static struct oh_span header_name(const struct oh_field_query *q)
{
    return q->row->id == OH_SIP_OTHER ? q->name : oh_span_of(oh_sip_header_name(q->row->id));
}

/* The whole first header, or with an index the n-th value over all headers of the name. */
enum oh_field_state oh_field_open_header(const struct oh_field_query *q, struct oh_field_view *v)
{
    const struct oh_sip_header *h = oh_sip_msg_header_named(q->m, header_name(q), 0);
    if (!h)
        return OH_FIELD_ABSENT;
    v->whole = h->value.len > 0 ? h->value : h->line;
    v->text = h->value;
    if (q->index > 0) {
        v->text = oh_sip_msg_value_named(q->m, header_name(q), q->index - 1);
        if (v->text.len > 0)
            v->whole = v->text;
    }
    return v->text.at ? OH_FIELD_PRESENT : OH_FIELD_ABSENT;
}

/* Never absent: of what is not there, there are 0. */
enum oh_field_state oh_field_open_count(const struct oh_field_query *q, struct oh_field_view *v)
{
    struct oh_span first = {0}, last = {0};
    size_t count = oh_sip_msg_count_named(q->m, wanted_name(q), &first, &last);
    v->whole = oh_field_covering(first, last);
    v->text.at = v->digits;
    v->text.len = (size_t)snprintf(v->digits, sizeof v->digits, "%zu", count);
    return OH_FIELD_PRESENT;
}

/* One value: the first, or the one that the index names. */
static enum oh_field_state open_value(const struct oh_field_query *q, struct oh_field_view *v)
{
    const struct oh_sip_header *h = oh_sip_msg_header(q->m, q->row->id, 0);
    if (!h)
        return OH_FIELD_ABSENT;
    v->text = oh_sip_msg_value(q->m, q->row->id, q->index > 0 ? q->index - 1 : 0);
    v->whole = v->text.len > 0 ? v->text : h->line;
    if (v->text.at)
        return OH_FIELD_PRESENT;
    return q->index > 1 ? OH_FIELD_ABSENT : OH_FIELD_BROKEN; /* a list header without a value */
}

enum oh_field_state oh_field_open_address(const struct oh_field_query *q, struct oh_field_view *v)
{
    enum oh_field_state state = open_value(q, v);
    if (state != OH_FIELD_PRESENT)
        return state;
    if (oh_span_is(v->text, "*")) /* RFC 3261 10.2.2: a Contact that has no parts */
        return OH_FIELD_ABSENT;
    return oh_sip_name_addr_parse(v->text, &v->address) < 0 ? OH_FIELD_BROKEN : OH_FIELD_PRESENT;
}

enum oh_field_state oh_field_open_address_uri(const struct oh_field_query *q,
                                              struct oh_field_view *v)
{
    enum oh_field_state state = oh_field_open_address(q, v);
    if (state != OH_FIELD_PRESENT)
        return state;
    return oh_sip_uri_parse(v->address.uri, &v->uri) < 0 ? OH_FIELD_BROKEN : OH_FIELD_PRESENT;
}

enum oh_field_state oh_field_open_via(const struct oh_field_query *q, struct oh_field_view *v)
{
    enum oh_field_state state = open_value(q, v);
    if (state != OH_FIELD_PRESENT)
        return state;
    if (oh_sip_via_parse(v->text, &v->via) < 0)
        return OH_FIELD_BROKEN;
    size_t name = oh_span_find(v->text, '/') + 1;
    size_t version = oh_span_find(oh_span_sub(v->text, name, v->text.len), '/');
    v->via_protocol = oh_span_trim(oh_span_sub(v->text, 0, name + version));
    if (v->via.port > 0) { /* the digits stand between host, colon and ';' */
        size_t from = (size_t)(v->via.host.at - v->text.at) + v->via.host.len;
        struct oh_span rest = oh_span_sub(v->text, from, v->text.len);
        size_t colon = oh_span_find(rest, ':') + 1;
        rest = oh_span_sub(rest, colon, oh_span_find(rest, ';') - colon);
        v->via_port = oh_span_trim(rest);
    }
    return OH_FIELD_PRESENT;
}

enum oh_field_state oh_field_open_cseq(const struct oh_field_query *q, struct oh_field_view *v)
{
    enum oh_field_state state = open_value(q, v);
    if (state != OH_FIELD_PRESENT)
        return state;
    return oh_sip_cseq_parse(v->text, &v->cseq) < 0 ? OH_FIELD_BROKEN : OH_FIELD_PRESENT;
}

enum oh_field_state oh_field_open_auth(const struct oh_field_query *q, struct oh_field_view *v)
{
    enum oh_field_state state = open_value(q, v);
    if (state != OH_FIELD_PRESENT)
        return state;
    size_t len = 0;
    while (len < v->text.len && !strchr(" \t\r\n", v->text.at[len]))
        len++;
    v->auth.scheme = oh_span_sub(v->text, 0, len);
    v->auth.params = oh_span_trim(oh_span_sub(v->text, len, v->text.len));
    return oh_sip_is_token(v->auth.scheme) ? OH_FIELD_PRESENT : OH_FIELD_BROKEN;
}

struct oh_span oh_field_pick_span(const struct oh_field_query *q, const struct oh_field_view *v,
                                  size_t n)
{
    struct oh_span picked;
    (void)n;
    memcpy(&picked, (const char *)v + q->row->offset, sizeof picked);
    return picked;
}

struct oh_span oh_field_pick_value(const struct oh_field_query *q, const struct oh_field_view *v,
                                   size_t n)
{
    if (q->index > 0)
        return n == 0 ? v->text : (struct oh_span){0};
    return oh_sip_msg_value_named(q->m, header_name(q), n);
}

struct oh_span oh_field_pick_uri_param(const struct oh_field_query *q,
                                       const struct oh_field_view *v, size_t n)
{
    (void)n;
    return oh_sip_param_named(v->uri.params, ';', wanted_name(q));
}

struct oh_span oh_field_pick_address_param(const struct oh_field_query *q,
                                           const struct oh_field_view *v, size_t n)
{
    (void)n;
    return oh_sip_param_named(v->address.params, ';', wanted_name(q));
}

struct oh_span oh_field_pick_via_param(const struct oh_field_query *q,
                                       const struct oh_field_view *v, size_t n)
{
    (void)n;
    return oh_sip_param_named(v->via.params, ';', wanted_name(q));
}

struct oh_span oh_field_pick_auth_param(const struct oh_field_query *q,
                                        const struct oh_field_view *v, size_t n)
{
    (void)n;
    return oh_sip_param_named(v->auth.params, ',', wanted_name(q));
}

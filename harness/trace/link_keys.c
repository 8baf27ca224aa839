#include "trace/link_keys.h"

#include "sip/facts.h"

#include <string.h>

static struct oh_span given(struct oh_span s)
{
    return s.len > 0 ? s : (struct oh_span){NULL, 0};
}

/* Also that of a Via which cannot be read. */
static struct oh_span branch_of(const struct oh_sip_msg *m, const struct oh_sip_facts *f)
{
    size_t params = oh_span_find(f->top_via, ';');
    if (oh_sip_msg_whole(m, OH_SIP_VIA).len == 0)
        return (struct oh_span){NULL, 0};
    if (f->via.host.at || params == f->top_via.len)
        return given(f->branch);
    return given(oh_sip_param(oh_span_sub(f->top_via, params + 1, f->top_via.len), "branch"));
}

static void read_cseq(const struct oh_sip_msg *m, struct oh_link_keys *k)
{
    struct oh_span cseq = oh_sip_msg_whole(m, OH_SIP_CSEQ);
    size_t digits = 0;
    while (digits < cseq.len && cseq.at[digits] >= '0' && cseq.at[digits] <= '9')
        digits++;
    k->has_cseq_number = oh_span_to_u64(oh_span_sub(cseq, 0, digits), &k->cseq_number);
    k->cseq_method = given(oh_span_trim(oh_span_sub(cseq, digits, cseq.len)));
}

struct oh_link_keys oh_link_keys_read(const struct oh_sip_msg *m)
{
    const struct oh_sip_facts *f = oh_sip_msg_facts(m);
    struct oh_link_keys k = {
        .call_id = given(f->call_id),
        .branch = branch_of(m, f),
        .from_tag = given(f->from_tag),
        .to_tag = given(f->to_tag),
    };
    read_cseq(m, &k);
    return k;
}

bool oh_link_same(struct oh_span a, struct oh_span b)
{
    return a.at && oh_span_equal(a, b);
}

bool oh_link_same_token(struct oh_span a, struct oh_span b)
{
    return a.at && oh_span_equal_nocase(a, b);
}

bool oh_link_same_number(const struct oh_link_keys *a, const struct oh_link_keys *b)
{
    return a->has_cseq_number && b->has_cseq_number && a->cseq_number == b->cseq_number;
}

int oh_link_near(const char *seat, const struct oh_addr *address, const char *other_seat,
                 const struct oh_addr *other)
{
    if (seat && other_seat)
        return seat == other_seat || strcmp(seat, other_seat) == 0 ? 2 : 0;
    if (oh_addr_equal(address, other))
        return 2;
    return oh_addr_same_ip(address, other) ? 1 : 0;
}

struct oh_span oh_link_from_user(const struct oh_sip_msg *m)
{
    struct oh_sip_name_addr parts;
    struct oh_sip_uri uri;
    if (oh_sip_name_addr_parse(oh_sip_msg_whole(m, OH_SIP_FROM), &parts) < 0 ||
        oh_sip_uri_parse(parts.uri, &uri) < 0)
        return (struct oh_span){NULL, 0};
    return given(uri.user);
}

bool oh_link_same_target(const struct oh_sip_msg *a, const struct oh_sip_msg *b)
{
    struct oh_sip_name_addr to_a, to_b;
    if (oh_sip_uri_equal(a->request_uri, b->request_uri))
        return true;
    return oh_sip_name_addr_parse(oh_sip_msg_whole(a, OH_SIP_TO), &to_a) == 0 &&
           oh_sip_name_addr_parse(oh_sip_msg_whole(b, OH_SIP_TO), &to_b) == 0 &&
           oh_sip_uri_equal(to_a.uri, to_b.uri);
}

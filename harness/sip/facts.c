#include "sip/facts.h"

static struct oh_span read_party(const struct oh_sip_msg *m, enum oh_sip_header_id id,
                                 struct oh_sip_name_addr *out)
{
    struct oh_span value = oh_sip_msg_whole(m, id);
    if (!value.at || oh_sip_name_addr_parse(value, out) < 0) {
        *out = (struct oh_sip_name_addr){0};
        return (struct oh_span){0};
    }
    return oh_sip_param(out->params, "tag");
}

static void read_via_params(struct oh_sip_facts *f)
{
    static const struct oh_span names[] = {
        {"branch", 6}, {"received", 8}, {"rport", 5}, {"maddr", 5}};
    struct oh_span values[sizeof names / sizeof *names];
    oh_sip_params(f->via.params, names, sizeof names / sizeof *names, values);
    f->branch = values[0];
    f->received = values[1];
    f->rport = values[2];
    f->maddr = values[3];
}

/* More than our limits: the rest was not looked at. */
static bool is_cut(const struct oh_sip_msg *m)
{
    for (size_t i = 0; i < m->defect_count; i++) {
        if (m->defects[i].kind == OH_SIP_DEFECT_LIMIT)
            return true;
    }
    return false;
}

static bool has_sdp(const struct oh_sip_msg *m)
{
    static const char sdp[] = "application/sdp";
    if (m->body.len == 0)
        return false;
    struct oh_span type = oh_sip_msg_whole(m, OH_SIP_CONTENT_TYPE);
    bool whole = m->body.at + m->body.len == m->bytes.at + m->bytes.len;
    return whole && !is_cut(m) && type.len >= sizeof sdp - 1 &&
           oh_span_is_nocase(oh_span_sub(type, 0, sizeof sdp - 1), sdp);
}

static void read_facts(const struct oh_sip_msg *m, struct oh_sip_facts *f)
{
    struct oh_span cseq = oh_sip_msg_whole(m, OH_SIP_CSEQ);
    f->from_tag = read_party(m, OH_SIP_FROM, &f->from);
    f->to_tag = read_party(m, OH_SIP_TO, &f->to);
    struct oh_span contact = oh_sip_msg_value(m, OH_SIP_CONTACT, 0);
    if (!contact.at || oh_sip_name_addr_parse(contact, &f->contact) < 0)
        f->contact = (struct oh_sip_name_addr){0};
    f->has_sdp = has_sdp(m);
    f->call_id = oh_sip_msg_whole(m, OH_SIP_CALL_ID);
    f->top_via = oh_sip_msg_value(m, OH_SIP_VIA, 0);
    f->via_count = oh_sip_msg_value_count(m, OH_SIP_VIA);
    if (!f->top_via.at || oh_sip_via_parse(f->top_via, &f->via) < 0)
        f->via = (struct oh_sip_via){0};
    read_via_params(f);
    f->has_cseq = cseq.at && oh_sip_cseq_parse(cseq, &f->cseq) == 0;
    if (!f->has_cseq)
        f->cseq = (struct oh_sip_cseq){0};
}

const struct oh_sip_facts *oh_sip_msg_read_facts(const struct oh_sip_msg *m)
{
    struct oh_sip_facts *f = m->room_for_facts;
    read_facts(m, f);                    /* fills all of it */
    ((struct oh_sip_msg *)m)->facts = f; /* a cache, as in typed.c */
    return f;
}

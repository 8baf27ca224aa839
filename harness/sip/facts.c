#include "sip/facts.h"

#include <stdlib.h>

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

static void read_facts(const struct oh_sip_msg *m, struct oh_sip_facts *f)
{
    struct oh_span cseq = oh_sip_msg_whole(m, OH_SIP_CSEQ);
    f->from_tag = read_party(m, OH_SIP_FROM, &f->from);
    f->to_tag = read_party(m, OH_SIP_TO, &f->to);
    struct oh_span contact = oh_sip_msg_value(m, OH_SIP_CONTACT, 0);
    if (!contact.at || oh_sip_name_addr_parse(contact, &f->contact) < 0)
        f->contact = (struct oh_sip_name_addr){0};
    f->call_id = oh_sip_msg_whole(m, OH_SIP_CALL_ID);
    f->top_via = oh_sip_msg_value(m, OH_SIP_VIA, 0);
    f->via_count = oh_sip_msg_value_count(m, OH_SIP_VIA);
    if (!f->top_via.at || oh_sip_via_parse(f->top_via, &f->via) < 0)
        f->via = (struct oh_sip_via){0};
    f->branch = oh_sip_param(f->via.params, "branch");
    f->received = oh_sip_param(f->via.params, "received");
    f->rport = oh_sip_param(f->via.params, "rport");
    f->has_cseq = cseq.at && oh_sip_cseq_parse(cseq, &f->cseq) == 0;
    if (!f->has_cseq)
        f->cseq = (struct oh_sip_cseq){0};
}

const struct oh_sip_facts *oh_sip_msg_read_facts(const struct oh_sip_msg *m)
{
    struct oh_sip_facts *f = oh_alloc(sizeof *f);
    read_facts(m, f);
    ((struct oh_sip_msg *)m)->facts = f; /* a cache, as in typed.c */
    return f;
}

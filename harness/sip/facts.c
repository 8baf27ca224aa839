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

/* The first value of a list, and how many there are: nearly always one, which is not worth cutting
 * all lists of the message for. */
static struct oh_span first_value(const struct oh_sip_msg *m, enum oh_sip_header_id id,
                                  size_t *count)
{
    struct oh_span whole = oh_sip_msg_whole(m, id);
    bool is_one = whole.len > 0 && !m->is_repeated[id] && oh_span_find(whole, ',') == whole.len;
    *count = is_one ? 1 : oh_sip_msg_value_count(m, id);
    return is_one ? whole : oh_sip_msg_value(m, id, 0);
}

static void read_via_params(struct oh_sip_facts *f)
{
    static const struct oh_span names[] = {{"branch", 6}, {"received", 8}, {"rport", 5}};
    struct oh_span values[sizeof names / sizeof *names];
    oh_sip_params(f->via.params, names, sizeof names / sizeof *names, values);
    f->branch = values[0];
    f->received = values[1];
    f->rport = values[2];
}

static void read_facts(const struct oh_sip_msg *m, struct oh_sip_facts *f)
{
    struct oh_span cseq = oh_sip_msg_whole(m, OH_SIP_CSEQ);
    f->from_tag = read_party(m, OH_SIP_FROM, &f->from);
    f->to_tag = read_party(m, OH_SIP_TO, &f->to);
    size_t contacts;
    struct oh_span contact = first_value(m, OH_SIP_CONTACT, &contacts);
    if (!contact.at || oh_sip_name_addr_parse(contact, &f->contact) < 0)
        f->contact = (struct oh_sip_name_addr){0};
    f->call_id = oh_sip_msg_whole(m, OH_SIP_CALL_ID);
    f->top_via = first_value(m, OH_SIP_VIA, &f->via_count);
    if (!f->top_via.at || oh_sip_via_parse(f->top_via, &f->via) < 0)
        f->via = (struct oh_sip_via){0};
    read_via_params(f);
    f->has_cseq = cseq.at && oh_sip_cseq_parse(cseq, &f->cseq) == 0;
    if (!f->has_cseq)
        f->cseq = (struct oh_sip_cseq){0};
}

const struct oh_sip_facts *oh_sip_msg_read_facts(const struct oh_sip_msg *m)
{
    struct oh_sip_facts *f = oh_realloc(NULL, sizeof *f);
    read_facts(m, f);                    /* fills all of it */
    ((struct oh_sip_msg *)m)->facts = f; /* a cache, as in typed.c */
    return f;
}

#include "author/record_private.h"

#include "trace/capture.h"

#include <stdlib.h>
#include <string.h>

#define KEPT_BYTES   ((size_t)64 << 20) /* of messages */
#define KEPT_PACKETS 200000             /* of RTP */

struct reading {
    struct oh_trace *all;
    struct oh_endpoints *endpoints;
    const struct oh_endpoint **ends; /* sender and receiver of each message */
    size_t end_room, bytes;
    bool is_full, is_lost;
};

static bool take_message(struct reading *r, unsigned frame, int64_t time_ns,
                         const struct oh_addr *src, const struct oh_addr *dst,
                         enum oh_transport transport, struct oh_span bytes)
{
    if (!oh_sip_looks_like(bytes))
        return false;
    r->is_full = r->is_full || r->bytes > KEPT_BYTES;
    if (r->is_full)
        return true;
    const struct oh_trace_msg *m = oh_trace_add(r->all, frame, time_ns, src, dst, transport, bytes);
    if (!m)
        return false;
    r->bytes += 2 * bytes.len + 1024;
    oh_grow(&r->ends, 2 * r->all->msg_count, &r->end_room, sizeof *r->ends);
    const struct oh_endpoint **ends = &r->ends[2 * (size_t)m->index];
    oh_endpoints_take(r->endpoints, m->sip, NULL, src, dst, transport, &ends[0], &ends[1]);
    return true;
}

static void on_datagram(unsigned frame, int64_t time_ns, const struct oh_addr *src,
                        const struct oh_addr *dst, struct oh_span bytes, void *arg)
{
    struct reading *r = arg;
    if (!take_message(r, frame, time_ns, src, dst, OH_TRANSPORT_UDP, bytes) &&
        r->all->rtp_count < KEPT_PACKETS)
        oh_trace_add_rtp(r->all, frame, time_ns, src, dst, bytes);
}

static void on_tcp_message(unsigned frame, int64_t time_ns, const struct oh_addr *src,
                           const struct oh_addr *dst, struct oh_span bytes, void *arg)
{
    take_message(arg, frame, time_ns, src, dst, OH_TRANSPORT_TCP, bytes);
}

static void on_lost(void *arg)
{
    ((struct reading *)arg)->is_lost = true;
}

/* --- which of them is the phone --- */

/* How much speaks for an endpoint being a phone: it registers, names itself, calls. */
static size_t weight(const struct reading *r, const struct oh_endpoint *e)
{
    size_t weight = e->user_agent ? 4 : 0;
    if (!oh_endpoint_is_user_agent(e))
        return 0;
    for (size_t i = 0; i < r->all->msg_count; i++) {
        const struct oh_sip_msg *m = r->all->msgs[i].sip;
        if (r->ends[2 * i] != e)
            continue;
        bool tells_route = oh_sip_msg_header(m, OH_SIP_RECORD_ROUTE, 0) != NULL && m->is_request;
        if (oh_sip_msg_is_method(m, "REGISTER") && m->is_request)
            return weight + 8;
        if ((!m->is_request && (m->status == 401 || m->status == 407)) || tells_route)
            return 1;
    }
    return weight + 2;
}

static const struct oh_endpoint *named(const struct reading *r, const struct oh_addr *phone)
{
    for (size_t i = 0; i < oh_endpoints_count(r->endpoints); i++) {
        const struct oh_endpoint *e = oh_endpoints_at(r->endpoints, i);
        if (e->sent > 0 &&
            (phone->port == 0 ? oh_addr_same_ip(phone, &e->addr) : oh_addr_equal(phone, &e->addr)))
            return e;
    }
    return NULL;
}

static const struct oh_endpoint *likeliest(const struct reading *r, struct oh_text *notes)
{
    const struct oh_endpoint *best = NULL;
    size_t most = 0, alike = 0;
    for (size_t i = 0; i < oh_endpoints_count(r->endpoints); i++) {
        const struct oh_endpoint *e = oh_endpoints_at(r->endpoints, i);
        size_t w = weight(r, e);
        alike = w > most ? 1 : alike + (w == most && w > 0);
        if (w > most) {
            best = e;
            most = w;
        }
    }
    if (best && alike > 1)
        oh_text_addf(notes, "%s was taken for the phone; name another by --phone-address\n",
                     best->name);
    return best;
}

static int choose_phone(const struct reading *r, struct oh_heard *h, const char *path,
                        const struct oh_addr *phone, struct oh_text *notes, struct oh_error *e)
{
    char text[OH_ADDR_TEXT];
    h->phone = phone ? named(r, phone) : likeliest(r, notes);
    if (h->phone)
        return 0;
    if (phone)
        return oh_error_set(e, "%s holds no message sent by %s", path, oh_addr_format(phone, text));
    oh_error_set(
        e, r->all->msg_count ? "%s holds messages of servers alone" : "%s holds no SIP message",
        path);
    return oh_error_remedy(e, "capture where the phone's SIP passes; --phone-address says who the "
                              "phone is");
}

/* --- its messages --- */

static void keep_phones(struct reading *r, struct oh_heard *h)
{
    struct oh_trace *t = r->all;
    size_t kept = 0;
    for (size_t i = 0; i < t->msg_count; i++) {
        struct oh_trace_msg m = t->msgs[i];
        m.from_phone = r->ends[2 * i] == h->phone;
        m.to_phone = r->ends[2 * i + 1] == h->phone;
        if (m.from_phone == m.to_phone) {
            oh_sip_msg_free(m.sip);
            continue;
        }
        m.from_seat = r->ends[2 * i]->name;
        m.to_seat = r->ends[2 * i + 1]->name;
        m.index = (int)kept;
        t->msgs[kept++] = m;
    }
    t->msg_count = kept;
    oh_trace_link(t);
}

int oh_heard_read(struct oh_heard *h, const char *path, const struct oh_addr *phone,
                  struct oh_text *notes, struct oh_error *e)
{
    struct reading r = {.all = oh_trace_new(), .endpoints = oh_endpoints_new()};
    struct oh_capture_sink sink = {
        .datagram = on_datagram, .tcp_message = on_tcp_message, .lost = on_lost, .arg = &r};
    struct oh_capture_counts counts;
    *h = (struct oh_heard){.trace = r.all, .endpoints = r.endpoints};
    int result = oh_capture_scan(path, NULL, 0, &sink, &counts, e);
    if (result == 0)
        result = choose_phone(&r, h, path, phone, notes, e);
    if (result == 0)
        keep_phones(&r, h);
    if (result == 0 && r.is_lost)
        oh_text_add(notes, "the capture lacks something: look whether steps are missing\n");
    if (result == 0 && r.is_full)
        oh_text_add(notes, "only the capture's beginning was read, for want of room\n");
    free(r.ends);
    return result;
}

void oh_heard_release(struct oh_heard *h)
{
    oh_trace_free(h->trace);
    oh_endpoints_free(h->endpoints);
}

const struct oh_endpoint *oh_heard_other(const struct oh_heard *h, const struct oh_trace_msg *m)
{
    const char *seat = m->from_phone ? m->to_seat : m->from_seat;
    for (size_t i = 0; i < oh_endpoints_count(h->endpoints); i++) {
        if (oh_endpoints_at(h->endpoints, i)->name == seat)
            return oh_endpoints_at(h->endpoints, i);
    }
    return NULL;
}

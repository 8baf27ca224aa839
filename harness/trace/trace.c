#include "trace/trace.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

struct oh_trace *oh_trace_new(void)
{
    return oh_alloc(sizeof(struct oh_trace));
}

void oh_trace_free(struct oh_trace *t)
{
    if (!t)
        return;
    for (size_t i = 0; !t->borrows_messages && i < t->msg_count; i++)
        oh_sip_msg_free(t->msgs[i].sip);
    if (!t->borrows_messages)
        oh_streams_free(t->streams);
    free(t->msgs);
    free(t->rtp);
    free(t);
}

struct oh_trace_msg oh_trace_msg_of(unsigned frame, int64_t time_ns, const struct oh_addr *src,
                                    const struct oh_addr *dst, enum oh_transport transport,
                                    struct oh_sip_msg *sip)
{
    return (struct oh_trace_msg){
        .frame = frame,
        .time_ns = time_ns,
        .src = *src,
        .dst = *dst,
        .transport = transport,
        .sip = sip,
        .tap = OH_NONE,
        .duplicate_of = OH_NONE,
        .repeat_of = OH_NONE,
        .request = OH_NONE,
        .answered = OH_NONE,
        .retry_of = OH_NONE,
        .challenge = OH_NONE,
        .final = OH_NONE,
        .ack = OH_NONE,
    };
}

struct oh_trace_msg *oh_trace_add(struct oh_trace *t, unsigned frame, int64_t time_ns,
                                  const struct oh_addr *src, const struct oh_addr *dst,
                                  enum oh_transport transport, struct oh_span bytes)
{
    struct oh_sip_msg *sip = oh_sip_msg_parse(bytes);
    if (!sip)
        return NULL;
    assert(t->msg_count < INT_MAX);
    oh_grow(&t->msgs, t->msg_count, &t->msg_room, sizeof *t->msgs);
    struct oh_trace_msg *m = &t->msgs[t->msg_count];
    *m = oh_trace_msg_of(frame, time_ns, src, dst, transport, sip);
    m->index = (int)t->msg_count++;
    return m;
}

bool oh_trace_add_rtp(struct oh_trace *t, unsigned frame, int64_t time_ns,
                      const struct oh_addr *src, const struct oh_addr *dst, struct oh_span bytes)
{
    struct oh_trace_rtp packet = {.frame = frame, .time_ns = time_ns, .src = *src, .dst = *dst};
    if (!oh_rtp_parse(bytes, &packet))
        return false;
    oh_grow(&t->rtp, t->rtp_count, &t->rtp_room, sizeof *t->rtp);
    t->rtp[t->rtp_count++] = packet;
    return true;
}

static bool is_given(const struct oh_addr *a)
{
    return a->family != OH_FAMILY_NONE;
}

static bool is_exactly(const struct oh_seat_address *seat, const struct oh_addr *a)
{
    return is_given(&seat->sip) && oh_addr_same_ip(&seat->sip, a) &&
           (seat->sip.port == a->port || seat->sip.port == 0);
}

static bool shares_ip(const struct oh_seat_address *seats, size_t count, size_t which)
{
    for (size_t i = 0; i < count; i++) {
        if (i != which && oh_addr_same_ip(&seats[i].sip, &seats[which].sip))
            return true;
    }
    return false;
}

static const struct oh_seat_address *seat_of(const struct oh_seat_address *seats, size_t count,
                                             const struct oh_addr *a, enum oh_transport transport)
{
    for (size_t i = 0; i < count; i++) {
        if (is_exactly(&seats[i], a))
            return &seats[i];
    }
    /* RFC 3261 18.1.1, 18.2.1: a phone need not send from the port that it listens on; over TCP
     * nobody does who opens the connection */
    for (size_t i = 0; i < count; i++) {
        bool any_port = seats[i].is_phone || transport != OH_TRANSPORT_UDP;
        if (any_port && is_given(&seats[i].sip) && oh_addr_same_ip(&seats[i].sip, a) &&
            !shares_ip(seats, count, i))
            return &seats[i];
    }
    return NULL;
}

static bool is_seats_host(const struct oh_seat_address *seats, size_t count,
                          const struct oh_addr *a)
{
    for (size_t i = 0; i < count; i++) {
        if ((is_given(&seats[i].sip) && oh_addr_same_ip(&seats[i].sip, a)) ||
            (is_given(&seats[i].rtp) && oh_addr_same_ip(&seats[i].rtp, a)))
            return true;
    }
    return false;
}

static void keep_rtp_of_seats(struct oh_trace *t, const struct oh_seat_address *seats, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < t->rtp_count; i++) {
        if (is_seats_host(seats, count, &t->rtp[i].src) ||
            is_seats_host(seats, count, &t->rtp[i].dst))
            t->rtp[kept++] = t->rtp[i];
        else
            t->skipped++;
    }
    t->rtp_count = kept;
}

void oh_trace_seats(struct oh_trace *t, const struct oh_seat_address *seats, size_t count)
{
    for (size_t i = 0; i < t->msg_count; i++) {
        struct oh_trace_msg *m = &t->msgs[i];
        const struct oh_seat_address *from = seat_of(seats, count, &m->src, m->transport);
        const struct oh_seat_address *to = seat_of(seats, count, &m->dst, m->transport);
        m->from_seat = from ? from->seat : NULL;
        m->to_seat = to ? to->seat : NULL;
        m->from_phone = from && from->is_phone;
        m->to_phone = to && to->is_phone;
    }
    keep_rtp_of_seats(t, seats, count);
}

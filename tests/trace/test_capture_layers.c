/* The same message in every link layer and tunnel that is read, and what is none. */
#include "trace/capture_bytes.h"
#include "trace/packet.h"

enum { PPP = 9, PPP_SERIAL = 50, PPPOE = 51, HDLC = 104, ICMP = 1 };
enum { IPIP = 4, IPV6 = 41, GRE = 47, AUTHENTICATION = 51, MPLS = 137 };
enum { TYPE_4 = 0x0800, TYPE_6 = 0x86dd };

static struct oh_text inner(bool six)
{
    return six ? sip6(1) : sip4(1);
}

static unsigned type_of(bool six)
{
    return six ? TYPE_6 : TYPE_4;
}

static unsigned protocol_of(bool six)
{
    return six ? IPV6 : IPIP;
}

/* --- one layer around a packet; each takes it --- */

static struct oh_text tag_of(unsigned inner_type, struct oh_text payload)
{
    struct oh_text t = {0};
    put16(&t, 0x0064);
    put16(&t, inner_type);
    put_text(&t, payload);
    return t;
}

static struct oh_text ppp_of(bool six, struct oh_text payload)
{
    struct oh_text t = {0};
    put16(&t, six ? 0x0057 : 0x0021);
    put_text(&t, payload);
    return t;
}

static struct oh_text pppoe_of(struct oh_text payload)
{
    struct oh_text t = {0};
    put16(&t, 0x1100);
    put16(&t, 77);
    put16(&t, (unsigned)payload.len);
    put_text(&t, payload);
    return t;
}

static struct oh_text mpls_of(unsigned labels, struct oh_text payload)
{
    struct oh_text t = {0};
    for (unsigned i = 1; i <= labels; i++)
        put32(&t, (100 + i) << 12 | (i == labels ? 1u : 0u) << 8 | 64);
    put_text(&t, payload);
    return t;
}

static struct oh_text snap_of(unsigned type, struct oh_text payload)
{
    struct oh_text t = {0};
    put32(&t, 0xaaaa0300);
    put16(&t, 0);
    put16(&t, type);
    put_text(&t, payload);
    return t;
}

static struct oh_text gre_of(unsigned flags, unsigned type, struct oh_text payload)
{
    struct oh_text t = {0};
    put16(&t, flags);
    put16(&t, type);
    for (unsigned bit = 0x8000; bit >= 0x1000; bit >>= 1) {
        if (flags & bit)
            put32(&t, 0x12345678);
    }
    put_text(&t, payload);
    return t;
}

static struct oh_text outer4(unsigned protocol, struct oh_text payload)
{
    struct oh_text t = ipv4_of(protocol, 9, 0, payload);
    t.at[15] = t.at[19] = 77; /* addresses that nobody is to see */
    return t;
}

static struct oh_text outer6(unsigned protocol, struct oh_text payload)
{
    struct oh_text t = ipv6_of(protocol, payload);
    t.at[23] = t.at[39] = 77;
    return t;
}

/* --- link layers --- */

static struct oh_text ppp_with_control(bool six)
{
    struct oh_text t = {0};
    put16(&t, 0xff03);
    put_text(&t, ppp_of(six, inner(six)));
    return t;
}

static struct oh_text ppp_in_short(bool six)
{
    struct oh_text t = {0};
    put8(&t, six ? 0x57 : 0x21);
    put_text(&t, inner(six));
    return t;
}

static struct oh_text hdlc(bool six)
{
    struct oh_text t = {0};
    put16(&t, 0x0f00);
    put16(&t, type_of(six));
    put_text(&t, inner(six));
    return t;
}

static struct oh_text pppoe_padded(bool six)
{
    struct oh_text t = pppoe_of(ppp_of(six, inner(six)));
    oh_text_add(&t, "padding");
    return t;
}

static void every_further_link_layer_is_read(void **state)
{
    (void)state;
    for (int six = 0; six < 2; six++) {
        assert_single(read_single(PPP, ppp_of(six, inner(six))));
        assert_single(read_single(PPP, ppp_with_control(six)));
        assert_single(read_single(PPP_SERIAL, ppp_with_control(six)));
        assert_single(read_single(PPP, ppp_in_short(six)));
        assert_single(read_single(HDLC, hdlc(six)));
        assert_single(read_single(PPPOE, pppoe_padded(six)));
        assert_single(read_single(ETHERNET, ether_of(0x8864, pppoe_padded(six))));
        assert_single(read_single(ETHERNET, ether_of(0x8100, tag_of(0x8864, pppoe_padded(six)))));
    }
}

static void tags_labels_and_snap_are_taken_off(void **state)
{
    (void)state;
    for (int six = 0; six < 2; six++) {
        unsigned type = type_of(six);
        struct oh_text tagged = tag_of(type, inner(six));
        for (int i = 0; i < 3; i++)
            tagged = tag_of(0x8100, tagged);
        assert_single(read_single(ETHERNET, ether_of(0x88a8, tagged)));
        assert_single(read_single(ETHERNET, ether_of(0x9200, tag_of(type, inner(six)))));
        assert_single(read_single(ETHERNET, ether_of(0x8847, mpls_of(1, inner(six)))));
        assert_single(
            read_single(ETHERNET, ether_of(0x8100, tag_of(0x8848, mpls_of(3, inner(six))))));
        assert_single(read_single(ETHERNET, ether_of(300, snap_of(type, inner(six)))));
    }
}

static void what_is_no_ip_under_a_link_layer_is_counted(void **state)
{
    (void)state;
    struct oh_text lcp = {0}, discovery = pppoe_of((struct oh_text){0}), endless = {0};
    put16(&lcp, 0xc021);
    put_text(&lcp, sip4(1));
    assert_nothing(read_single(PPP, lcp), 1);
    discovery.at[1] = 9; /* a code other than session data */
    put_text(&discovery, ppp_of(false, sip4(1)));
    assert_nothing(read_single(ETHERNET, ether_of(0x8864, discovery)), 1);
    assert_nothing(read_single(ETHERNET, ether_of(0x8847, mpls_of(1, (struct oh_text){0}))), 1);
    assert_nothing(read_single(ETHERNET, ether_of(0x0806, sip4(1))), 1); /* ARP */
    assert_nothing(read_single(ETHERNET, ether_of(300, sip4(1))), 1);
    for (int i = 0; i < 4000; i++)
        put32(&endless, 0x00640040); /* labels without an end */
    assert_nothing(read_single(ETHERNET, ether_of(0x8847, endless)), 1);
}

/* --- tunnels --- */

static void ip_in_ip_of_any_two_versions_gives_the_inner_addresses(void **state)
{
    (void)state;
    for (int six = 0; six < 2; six++) {
        unsigned protocol = protocol_of(six);
        assert_single(read_single(RAW, outer4(protocol, inner(six))));
        assert_single(read_single(RAW, outer6(protocol, inner(six))));
        assert_single(read_single(RAW, outer6(DESTINATION, extension_of(protocol, 0, inner(six)))));
        assert_single(read_single(RAW, outer4(MPLS, mpls_of(2, inner(six)))));
    }
}

static void gre_is_read_with_each_of_its_fields(void **state)
{
    (void)state;
    for (unsigned flags = 0; flags <= 0xb000; flags += 0x1000) {
        if (flags & 0x4000)
            continue; /* a source route */
        for (int six = 0; six < 2; six++) {
            struct oh_text gre = gre_of(flags, type_of(six), inner(six));
            assert_single(read_single(RAW, six ? outer6(GRE, gre) : outer4(GRE, gre)));
            struct oh_text frame = ether_of(0x8100, tag_of(type_of(six), inner(six)));
            assert_single(read_single(RAW, outer4(GRE, gre_of(flags, 0x6558, frame))));
        }
    }
}

static void gre_that_is_not_read_is_counted(void **state)
{
    (void)state;
    assert_nothing(read_single(RAW, outer4(GRE, gre_of(0x0001, TYPE_4, sip4(1)))), 1); /* PPTP */
    assert_nothing(read_single(RAW, outer4(GRE, gre_of(0x4000, TYPE_4, sip4(1)))), 1);
    assert_nothing(read_single(RAW, outer4(GRE, gre_of(0, 0x0806, sip4(1)))), 1);
    assert_nothing(read_single(RAW, outer4(GRE, (struct oh_text){0})), 1);
    assert_nothing(read_single(RAW, outer4(ICMP, sip4(1))), 1);
}

static void an_authentication_header_is_passed_over(void **state)
{
    (void)state;
    for (int six = 0; six < 2; six++) {
        struct oh_text udp = udp_of(message(1, 0)), header = {0};
        put8(&header, UDP);
        put8(&header, 4); /* 24 bytes: RFC 4302 2.2 */
        for (int i = 2; i < 24; i++)
            put8(&header, 0);
        put_text(&header, udp);
        assert_single(read_single(RAW, six ? ipv6_of(AUTHENTICATION, header)
                                           : ipv4_of(AUTHENTICATION, 1, 0, header)));
    }
}

static void tunnels_within_tunnels_have_an_end(void **state)
{
    (void)state;
    for (int depth = 1; depth < 2 * OH_PACKET_MOST_IP; depth++) {
        struct oh_text packet = sip4(1);
        for (int i = 1; i < depth; i++)
            packet = outer4(IPIP, packet);
        if (depth <= OH_PACKET_MOST_IP)
            assert_single(read_single(RAW, packet));
        else
            assert_nothing(read_single(RAW, packet), 1);
    }
}

/* The outer packet in fragments, and in it the inner one in fragments. */
static void fragments_within_a_fragmented_tunnel_are_put_together(void **state)
{
    (void)state;
    struct oh_text udp = udp_of(message(1, 700)), file = capture_of(MAGIC_NANO, RAW);
    unsigned id = 500;
    for (unsigned at = 0; at < udp.len; at += 256) {
        struct oh_text part = {0};
        oh_text_add_span(&part, oh_span_sub(oh_text_span(&udp), at, 256));
        unsigned more = at + 256 < udp.len;
        struct oh_text gre = gre_of(0x2000, TYPE_4, ipv4_of(UDP, 77, more << 13 | at / 8, part));
        for (unsigned from = 0; from < gre.len; from += 80) {
            struct oh_text piece = {0};
            oh_text_add_span(&piece, oh_span_sub(oh_text_span(&gre), from, 80));
            unsigned more_of_it = from + 80 < gre.len;
            add(&file, ipv4_of(GRE, id, more_of_it << 13 | from / 8, piece));
        }
        oh_text_release(&gre);
        id++;
    }
    oh_text_release(&udp);
    assert_single(read_bytes(file));
}

static void every_shortened_tunnel_is_survived(void **state)
{
    (void)state;
    for (size_t cut = 1;; cut++) {
        struct oh_text file = capture_of(MAGIC_NANO, ETHERNET);
        struct oh_text gre = gre_of(0xb000, 0x6558, ether_of(TYPE_6, sip6(1)));
        struct oh_text frame = ether_of(0x8864, pppoe_of(ppp_of(false, outer4(GRE, gre))));
        size_t len = frame.len;
        if (cut >= len) {
            oh_text_release(&frame);
            oh_text_release(&file);
            break;
        }
        add_cut(&file, 0, frame, cut);
        struct outcome o = read_bytes(file);
        assert_int_equal(o.status, 0);
        assert_int_equal(o.trace->msg_count, 0);
        assert_int_equal(o.trace->skipped, 1);
        assert_int_equal(o.truncated, len - cut >= 14 + 6 + 2 + 20); /* the outer IP header */
        oh_trace_free(o.trace);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_further_link_layer_is_read),
        cmocka_unit_test(tags_labels_and_snap_are_taken_off),
        cmocka_unit_test(what_is_no_ip_under_a_link_layer_is_counted),
        cmocka_unit_test(ip_in_ip_of_any_two_versions_gives_the_inner_addresses),
        cmocka_unit_test(gre_is_read_with_each_of_its_fields),
        cmocka_unit_test(gre_that_is_not_read_is_counted),
        cmocka_unit_test(an_authentication_header_is_passed_over),
        cmocka_unit_test(tunnels_within_tunnels_have_an_end),
        cmocka_unit_test(fragments_within_a_fragmented_tunnel_are_put_together),
        cmocka_unit_test(every_shortened_tunnel_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

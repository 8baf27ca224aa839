/* Captures taken where an address had not been translated yet, or of what was deciphered: what a
 * server saw is not what the capture shows, and nobody is accused. Next to it, what is sure. */
#include "judge/rule.h"
#include "sip/uri.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A request to the phone at 192.0.2.2 and its answer, from one address and with one Via. */
struct asked {
    const char *source, *transport; /* of the capture */
    const char *via, *answered;     /* behind "SIP/2.0/" */
};

#define HEADERS(tag)                                                                               \
    "From: <sip:9@house.example>;tag=asking-one\nTo: <sip:100@192.0.2.2>" tag "\n"                 \
    "Call-ID: one@house.example\nCSeq: 1 OPTIONS\nMax-Forwards: 70\nContent-Length: 0\n\n.\n"

static struct oh_verdict *judge(const struct asked *a, struct oh_recording *r, const char *phone)
{
    struct oh_text text = {0};
    struct oh_error e = {0};
    struct oh_seat_address seat = {.seat = "phone", .is_phone = true};
    oh_text_addf(&text, "1.000 %s -> 192.0.2.2:5060 %s\nOPTIONS sip:100@192.0.2.2 SIP/2.0\n",
                 a->source, a->transport);
    oh_text_addf(&text, "Via: SIP/2.0/%s\n", a->via);
    oh_text_add(&text, HEADERS(""));
    oh_text_addf(&text, "1.010 192.0.2.2:5060 -> %s %s\nSIP/2.0 200 OK\nVia: SIP/2.0/%s\n",
                 a->source, a->transport, a->answered);
    oh_text_add(&text, HEADERS(";tag=answering-one"));
    *r = (struct oh_recording){.trace = oh_trace_new(), .until_ns = INT64_C(60000000000)};
    if (oh_trace_read_text(r->trace, "asked", oh_text_span(&text), &e) < 0)
        fail_msg("%s", e.text);
    oh_text_release(&text);
    assert_int_equal(oh_addr_parse(oh_span_of(phone), &seat.sip, &e), 0);
    oh_trace_seats(r->trace, &seat, 1);
    oh_trace_link(r->trace);
    struct oh_verdict *v = oh_alloc(sizeof *v);
    v->recording = r;
    oh_rules_apply(v, r, false);
    return v;
}

static void expect(const struct asked *a, const char *phone, const char *rule)
{
    struct oh_recording r;
    struct oh_verdict *v = judge(a, &r, phone);
    bool found = v->finding_count == 1 && rule && strcmp(v->findings[0].id, rule) == 0;
    if (rule ? !found : v->finding_count > 0)
        fail_msg("%s: %s was awaited, %zu found, first %s", a->via, rule ? rule : "nothing",
                 v->finding_count, v->finding_count ? v->findings[0].id : "-");
    oh_verdict_free(v);
    oh_trace_free(r.trace);
}

#define SERVER "192.0.2.2"

static void a_public_sent_by_behind_a_private_source_may_be_what_the_server_saw(void **state)
{
    static const struct asked a = {"192.168.1.5:5060", "udp",
                                   "UDP 203.0.113.9:5060;branch=z9hG4bKone",
                                   "UDP 203.0.113.9:5060;branch=z9hG4bKone"};
    (void)state;
    expect(&a, SERVER, NULL);
}

static void a_name_or_a_private_sent_by_behind_a_public_source_calls_for_received(void **state)
{
    static const struct asked named = {"203.0.113.9:5060", "udp",
                                       "UDP house.example;branch=z9hG4bKone",
                                       "UDP house.example;branch=z9hG4bKone"};
    static const struct asked inside = {"203.0.113.9:5060", "udp",
                                        "UDP 192.168.1.5:5060;branch=z9hG4bKone",
                                        "UDP 192.168.1.5:5060;branch=z9hG4bKone"};
    (void)state;
    expect(&named, SERVER, "response.received");
    expect(&inside, SERVER, "response.received");
}

/* The server told of the address and port that it saw. */
static void an_rport_of_a_translation_is_no_fault(void **state)
{
    static const struct asked other = {
        "192.168.1.5:5060", "udp", "UDP 192.168.1.5:5060;branch=z9hG4bKone;rport",
        "UDP 192.168.1.5:5060;branch=z9hG4bKone;rport=40123;received=203.0.113.9"};
    static const struct asked same = {
        "192.168.1.5:5060", "udp", "UDP 192.168.1.5:5060;branch=z9hG4bKone;rport",
        "UDP 192.168.1.5:5060;branch=z9hG4bKone;rport=40123;received=192.168.1.5"};
    (void)state;
    expect(&other, SERVER, NULL);
    expect(&same, SERVER, "response.rport");
}

static void what_was_deciphered_names_the_transport_that_carried_it(void **state)
{
    static const struct asked tls = {"203.0.113.9:5060", "tcp",
                                     "TLS 203.0.113.9:5060;branch=z9hG4bKone",
                                     "TLS 203.0.113.9:5060;branch=z9hG4bKone"};
    static const struct asked udp = {"203.0.113.9:5060", "tcp",
                                     "UDP 203.0.113.9:5060;branch=z9hG4bKone",
                                     "UDP 203.0.113.9:5060;branch=z9hG4bKone"};
    (void)state;
    expect(&tls, "203.0.113.9", NULL);
    expect(&udp, "203.0.113.9", "via.transport");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_public_sent_by_behind_a_private_source_may_be_what_the_server_saw),
        cmocka_unit_test(a_name_or_a_private_sent_by_behind_a_public_source_calls_for_received),
        cmocka_unit_test(an_rport_of_a_translation_is_no_fault),
        cmocka_unit_test(what_was_deciphered_names_the_transport_that_carried_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

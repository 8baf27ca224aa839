#include "sip/dialog.h"

#include "sip/uri.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define S(text) oh_span_of(text)

static struct oh_sip_msg *message(const char *text)
{
    struct oh_sip_msg *m = oh_sip_msg_parse(S(text));
    assert_non_null(m);
    return m;
}

/* The draft as a message, which must have no defects; frees the draft. */
static struct oh_sip_msg *sent(struct oh_draft *d)
{
    struct oh_text out = {0};
    oh_draft_format(d, &out);
    struct oh_sip_msg *m = oh_sip_msg_parse(oh_text_span(&out));
    assert_non_null(m);
    assert_int_equal(m->defect_count, 0);
    oh_text_release(&out);
    oh_draft_free(d);
    return m;
}

static void assert_span(struct oh_span s, const char *expected)
{
    char *text = oh_span_dup(s);
    assert_string_equal(text ? text : "(absent)", expected);
    free(text);
}

/* All headers with this id, joined by " | ". */
static void assert_headers(const struct oh_sip_msg *m, enum oh_sip_header_id id,
                           const char *expected)
{
    struct oh_text all = {0};
    const struct oh_sip_header *h;
    for (size_t n = 0; (h = oh_sip_msg_header(m, id, n)) != NULL; n++)
        oh_text_addf(&all, "%s%.*s", n > 0 ? " | " : "", OH_SPAN_FMT(h->value));
    assert_string_equal(oh_text_str(&all), expected);
    oh_text_release(&all);
}

static void assert_fresh_via(const struct oh_sip_msg *m, const char *start)
{
    const struct oh_sip_header *via = oh_sip_msg_header(m, OH_SIP_VIA, 0);
    assert_non_null(via);
    assert_null(oh_sip_msg_header(m, OH_SIP_VIA, 1));
    assert_true(oh_span_starts_with(via->value, start));
    assert_true(via->value.len >= strlen(start) + 16);
}

static const struct oh_seat_ids seat = {"192.0.2.9:5070", "UDP", "sip:bob@192.0.2.9:5070"};

#define ROUTES                                                                                     \
    "Record-Route: <sip:p2.example.com;lr>,\r\n <sip:p1.example.com;lr;x=1>;y=2\r\n"               \
    "Record-Route: \"P, zero\" <sip:p0.example.com;lr>\r\n"
#define INVITE_WITH(routes, contact)                                                               \
    "INVITE sip:bob@192.0.2.9:5070 SIP/2.0\r\n"                                                    \
    "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKtop, SIP/2.0/UDP 192.0.2.7\r\n"                 \
    "Max-Forwards: 70\r\n" routes "From: \"Alice\" <sip:alice@example.com>;x=1;tag=from1\r\n"      \
    "To: sip:bob@example.com\r\n"                                                                  \
    "Call-ID: c1@192.0.2.1\r\n"                                                                    \
    "CSeq: 4711 INVITE\r\n" contact "Content-Length: 0\r\n\r\n"
#define RESPONSE_WITH(status, to_tag, routes, contact)                                             \
    "SIP/2.0 " status " X\r\n"                                                                     \
    "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKtop\r\n" routes                                 \
    "From: \"Alice\" <sip:alice@example.com>;x=1;tag=from1\r\n"                                    \
    "To: <sip:bob@example.com>" to_tag "\r\n"                                                      \
    "Call-ID: c1@192.0.2.1\r\n"                                                                    \
    "CSeq: 4711 INVITE\r\n" contact "Content-Length: 0\r\n\r\n"
#define CONTACT_A "Contact: \"A\" <sip:alice@192.0.2.1:5062;transport=udp>;expires=9\r\n"
#define CONTACT_B "m: <sip:bob@192.0.2.2>\r\n"

static struct oh_dialog *uas_dialog(const char *invite)
{
    struct oh_sip_msg *m = message(invite);
    struct oh_dialog *d = oh_dialog_from_request(m, "local1");
    oh_sip_msg_free(m);
    return d;
}

static struct oh_dialog *uac_dialog(const char *invite, const char *response)
{
    struct oh_sip_msg *request = message(invite), *answer = message(response);
    struct oh_dialog *d = oh_dialog_from_response(request, answer);
    oh_sip_msg_free(request);
    oh_sip_msg_free(answer);
    return d;
}

/* ---- state ---- */

static void the_answering_side_takes_its_state_from_the_request(void **state)
{
    (void)state;
    struct oh_dialog *d = uas_dialog(INVITE_WITH(ROUTES, CONTACT_A));
    assert_non_null(d);
    assert_string_equal(d->call_id, "c1@192.0.2.1");
    assert_string_equal(d->local_tag, "local1");
    assert_string_equal(d->remote_tag, "from1");
    assert_string_equal(d->local_uri, "<sip:bob@example.com>");
    assert_string_equal(d->remote_uri, "\"Alice\" <sip:alice@example.com>");
    assert_string_equal(d->remote_target, "sip:alice@192.0.2.1:5062;transport=udp");
    assert_int_equal(d->route_count, 3);
    assert_string_equal(d->route_set[0], "<sip:p2.example.com;lr>");
    assert_string_equal(d->route_set[1], "<sip:p1.example.com;lr;x=1>;y=2");
    assert_string_equal(d->route_set[2], "\"P, zero\" <sip:p0.example.com;lr>");
    assert_int_equal(d->local_cseq, 0);
    assert_int_equal(d->remote_cseq, 4711);
    assert_int_equal(d->invite_cseq, 0);
    oh_dialog_free(d);
}

static void the_calling_side_takes_its_state_from_the_response(void **state)
{
    (void)state;
    struct oh_dialog *d = uac_dialog(INVITE_WITH("Record-Route: <sip:not-this;lr>\r\n", CONTACT_A),
                                     RESPONSE_WITH("200", ";tag=to1", ROUTES, CONTACT_B));
    assert_non_null(d);
    assert_string_equal(d->local_tag, "from1");
    assert_string_equal(d->remote_tag, "to1");
    assert_string_equal(d->local_uri, "\"Alice\" <sip:alice@example.com>");
    assert_string_equal(d->remote_uri, "<sip:bob@example.com>");
    assert_string_equal(d->remote_target, "sip:bob@192.0.2.2");
    assert_int_equal(d->route_count, 3);
    assert_string_equal(d->route_set[0], "\"P, zero\" <sip:p0.example.com;lr>");
    assert_string_equal(d->route_set[2], "<sip:p2.example.com;lr>");
    assert_int_equal(d->local_cseq, 4711);
    assert_int_equal(d->invite_cseq, 4711);
    assert_int_equal(d->remote_cseq, 0);
    oh_dialog_free(d);
}

static void a_missing_contact_leaves_a_target_all_the_same(void **state)
{
    (void)state;
    struct oh_dialog *uas = uas_dialog(INVITE_WITH("", "Contact: *\r\n"));
    assert_string_equal(uas->remote_target, "sip:alice@example.com");
    assert_int_equal(uas->route_count, 0);
    oh_dialog_free(uas);
    struct oh_dialog *uac =
        uac_dialog(INVITE_WITH("", CONTACT_A), RESPONSE_WITH("180", ";tag=to1", "", ""));
    assert_string_equal(uac->remote_target, "sip:bob@192.0.2.9:5070");
    oh_dialog_free(uac);
}

static void without_call_id_or_parties_there_is_no_dialog(void **state)
{
    (void)state;
    assert_null(uas_dialog("INVITE sip:b SIP/2.0\r\nFrom: <sip:a>;tag=1\r\nTo: <sip:b>\r\n\r\n"));
    assert_null(uas_dialog("INVITE sip:b SIP/2.0\r\nCall-ID: c\r\nTo: <sip:b>\r\n\r\n"));
    assert_null(uas_dialog("INVITE sip:b SIP/2.0\r\nCall-ID: c\r\nFrom: <sip:a>;tag=1\r\n\r\n"));
    assert_null(uac_dialog(INVITE_WITH("", ""), "SIP/2.0 200 OK\r\nCall-ID: c\r\n\r\n"));
    oh_dialog_free(NULL);
}

static void only_target_refreshes_move_the_target(void **state)
{
    (void)state;
    static const struct {
        const char *text, *target;
    } rows[] = {
        {"BYE sip:b SIP/2.0\r\nContact: <sip:wrong>\r\nCSeq: 2 BYE\r\n\r\n", "sip:bob@192.0.2.2"},
        {"ACK sip:b SIP/2.0\r\nContact: <sip:wrong>\r\nCSeq: 2 ACK\r\n\r\n", "sip:bob@192.0.2.2"},
        {"INVITE sip:b SIP/2.0\r\nCSeq: 2 INVITE\r\n\r\n", "sip:bob@192.0.2.2"},
        {"SIP/2.0 486 X\r\nContact: <sip:wrong>\r\nCSeq: 2 INVITE\r\n\r\n", "sip:bob@192.0.2.2"},
        {"SIP/2.0 200 X\r\nContact: <sip:wrong>\r\nCSeq: 2 BYE\r\n\r\n", "sip:bob@192.0.2.2"},
        {"INVITE sip:b SIP/2.0\r\nContact: <sip:new@192.0.2.3>\r\nCSeq: 2 INVITE\r\n\r\n",
         "sip:new@192.0.2.3"},
        {"UPDATE sip:b SIP/2.0\r\nm: sip:upd@192.0.2.3;p=1\r\nCSeq: 3 UPDATE\r\n\r\n",
         "sip:upd@192.0.2.3"},
        {"SIP/2.0 202 X\r\nContact: <sip:last>\r\nCSeq: 2 SUBSCRIBE\r\n\r\n", "sip:last"},
    };
    struct oh_dialog *d =
        uac_dialog(INVITE_WITH("", CONTACT_A), RESPONSE_WITH("200", ";tag=to1", "", CONTACT_B));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct oh_sip_msg *m = message(rows[i].text);
        oh_dialog_refresh_target(d, m);
        assert_string_equal(d->remote_target, rows[i].target);
        oh_sip_msg_free(m);
    }
    oh_dialog_free(d);
}

/* ---- requests in the dialog ---- */

static void a_request_carries_the_dialog(void **state)
{
    (void)state;
    struct oh_dialog *d = uas_dialog(INVITE_WITH("", CONTACT_A));
    struct oh_sip_msg *m = sent(oh_dialog_request(d, "INVITE", &seat));
    assert_span(m->request_uri, "sip:alice@192.0.2.1:5062;transport=udp");
    assert_fresh_via(m, "SIP/2.0/UDP 192.0.2.9:5070;branch=z9hG4bK");
    assert_headers(m, OH_SIP_MAX_FORWARDS, "70");
    assert_headers(m, OH_SIP_ROUTE, "");
    assert_headers(m, OH_SIP_FROM, "<sip:bob@example.com>;tag=local1");
    assert_headers(m, OH_SIP_TO, "\"Alice\" <sip:alice@example.com>;tag=from1");
    assert_headers(m, OH_SIP_CALL_ID, "c1@192.0.2.1");
    assert_headers(m, OH_SIP_CSEQ, "1 INVITE");
    assert_headers(m, OH_SIP_CONTACT, "<sip:bob@192.0.2.9:5070>");
    oh_sip_msg_free(m);
    oh_dialog_free(d);
}

static void numbers_count_up_and_the_ack_takes_the_invites(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"ACK", "4711 ACK"},       {"UPDATE", "4712 UPDATE"}, {"ACK", "4711 ACK"},
        {"INVITE", "4713 INVITE"}, {"INFO", "4714 INFO"},     {"ACK", "4713 ACK"},
        {"BYE", "4715 BYE"},
    };
    struct oh_dialog *d =
        uac_dialog(INVITE_WITH("", CONTACT_A), RESPONSE_WITH("200", ";tag=to1", "", CONTACT_B));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct oh_sip_msg *m = sent(oh_dialog_request(d, rows[i][0], &seat));
        assert_headers(m, OH_SIP_CSEQ, rows[i][1]);
        oh_sip_msg_free(m);
    }
    oh_dialog_free(d);
}

static void every_request_has_a_branch_of_its_own(void **state)
{
    (void)state;
    struct oh_dialog *d = uas_dialog(INVITE_WITH("", CONTACT_A));
    struct oh_sip_msg *one = sent(oh_dialog_request(d, "INFO", &seat));
    struct oh_sip_msg *two = sent(oh_dialog_request(d, "INFO", &seat));
    assert_false(oh_span_equal(oh_sip_msg_header(one, OH_SIP_VIA, 0)->value,
                               oh_sip_msg_header(two, OH_SIP_VIA, 0)->value));
    oh_sip_msg_free(one);
    oh_sip_msg_free(two);
    oh_dialog_free(d);
}

/* RFC 3261 20 table 2: Contact is not applicable in BYE */
static void contact_stands_only_where_it_may(void **state)
{
    (void)state;
    static const struct {
        const char *method;
        bool contact;
    } rows[] = {{"INVITE", true}, {"UPDATE", true}, {"NOTIFY", true},   {"REFER", true},
                {"BYE", false},   {"PRACK", false}, {"MESSAGE", false}, {"INFO", false}};
    const struct oh_seat_ids silent = {"192.0.2.9", "TCP", NULL};
    struct oh_dialog *d = uas_dialog(INVITE_WITH("", CONTACT_A));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct oh_sip_msg *m = sent(oh_dialog_request(d, rows[i].method, &seat));
        assert_int_equal(oh_sip_msg_header(m, OH_SIP_CONTACT, 0) != NULL, rows[i].contact);
        oh_sip_msg_free(m);
        m = sent(oh_dialog_request(d, rows[i].method, &silent));
        assert_null(oh_sip_msg_header(m, OH_SIP_CONTACT, 0));
        assert_fresh_via(m, "SIP/2.0/TCP 192.0.2.9;branch=z9hG4bK");
        oh_sip_msg_free(m);
    }
    oh_dialog_free(d);
}

static void a_null_remote_tag_is_left_out(void **state)
{
    (void)state;
    struct oh_dialog *d =
        uac_dialog(INVITE_WITH("", CONTACT_A), RESPONSE_WITH("200", "", "", CONTACT_B));
    assert_null(d->remote_tag);
    struct oh_sip_msg *m = sent(oh_dialog_request(d, "BYE", &seat));
    assert_headers(m, OH_SIP_TO, "<sip:bob@example.com>");
    oh_sip_msg_free(m);
    oh_dialog_free(d);
}

static void loose_routes_stand_in_route_headers(void **state)
{
    (void)state;
    struct oh_dialog *d = uas_dialog(INVITE_WITH(ROUTES, CONTACT_A));
    struct oh_sip_msg *m = sent(oh_dialog_request(d, "BYE", &seat));
    assert_span(m->request_uri, "sip:alice@192.0.2.1:5062;transport=udp");
    assert_headers(m, OH_SIP_ROUTE,
                   "<sip:p2.example.com;lr> | <sip:p1.example.com;lr;x=1>;y=2 | "
                   "\"P, zero\" <sip:p0.example.com;lr>");
    oh_sip_msg_free(m);
    oh_dialog_free(d);
}

/* The example of RFC 3261 12.2.1.1. */
static void a_strict_first_hop_becomes_the_request_uri(void **state)
{
    (void)state;
    struct oh_dialog *d = uas_dialog(INVITE_WITH("Record-Route: <sip:proxy1>,<sip:proxy2>,\r\n"
                                                 " <sip:proxy3;lr>,<sip:proxy4>\r\n",
                                                 "Contact: sip:user@remoteua\r\n"));
    struct oh_sip_msg *m = sent(oh_dialog_request(d, "BYE", &seat));
    assert_span(m->request_uri, "sip:proxy1");
    assert_headers(m, OH_SIP_ROUTE,
                   "<sip:proxy2> | <sip:proxy3;lr> | <sip:proxy4> | <sip:user@remoteua>");
    oh_sip_msg_free(m);
    oh_dialog_free(d);
}

static void a_request_uri_loses_what_it_cannot_have(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"<sip:u@h:1;a=1;method=INVITE;b;x=METHOD?Subject=x&y=z>", "sip:u@h:1;a=1;b;x=METHOD"},
        {"<sip:u@h;Method=BYE>", "sip:u@h"},
        {"<sip:u@h?Subject=x>", "sip:u@h"},
        {"<sips:u@h;lrx>", "sips:u@h;lrx"},
        {"<sip:p;x=lr>", "sip:p;x=lr"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *text = oh_format("INVITE sip:b SIP/2.0\r\nFrom: <sip:a>;tag=1\r\nTo: <sip:b>\r\n"
                               "Call-ID: c\r\nRecord-Route: %s\r\nContact: <sip:end>\r\n\r\n",
                               rows[i][0]);
        struct oh_dialog *d = uas_dialog(text);
        struct oh_sip_msg *m = sent(oh_dialog_request(d, "BYE", &seat));
        assert_span(m->request_uri, rows[i][1]);
        assert_headers(m, OH_SIP_ROUTE, "<sip:end>");
        oh_sip_msg_free(m);
        oh_dialog_free(d);
        free(text);
    }
}

/* ---- ACK and CANCEL ---- */

#define SENT_INVITE                                                                                \
    "INVITE sip:bob@biloxi.com SIP/2.0\r\n"                                                        \
    "Via: SIP/2.0/UDP pc33.atlanta.com;branch=z9hG4bKkjshdyff, SIP/2.0/UDP second\r\n"             \
    "Via: SIP/2.0/UDP third\r\n"                                                                   \
    "To: Bob <sip:bob@biloxi.com>\r\n"                                                             \
    "From: Alice <sip:alice@atlanta.com>;tag=88sja8x\r\n"                                          \
    "Route: <sip:p1;lr>,\r\n <sip:p2;lr>\r\nRoute: <sip:p3;lr>\r\n"                                \
    "Max-Forwards: 9\r\n"                                                                          \
    "Require: 100rel\r\n"                                                                          \
    "Call-ID: 987asjd97y7atg\r\n"                                                                  \
    "CSeq: 986759 INVITE\r\n\r\n"

static void the_ack_to_a_failure_belongs_to_the_invites_transaction(void **state)
{
    (void)state;
    struct oh_sip_msg *invite = message(SENT_INVITE);
    struct oh_sip_msg *response =
        message("SIP/2.0 486 Busy Here\r\nTo: Bob <sip:bob@biloxi.com>;tag=99sa0xk\r\n"
                "From: Mallory <sip:m@x>\r\nCall-ID: other\r\nCSeq: 1 INVITE\r\n\r\n");
    struct oh_sip_msg *ack = sent(oh_draft_ack_non2xx(invite, response));
    assert_span(ack->method, "ACK");
    assert_span(ack->request_uri, "sip:bob@biloxi.com");
    assert_headers(ack, OH_SIP_VIA, "SIP/2.0/UDP pc33.atlanta.com;branch=z9hG4bKkjshdyff");
    assert_headers(ack, OH_SIP_TO, "Bob <sip:bob@biloxi.com>;tag=99sa0xk");
    assert_headers(ack, OH_SIP_FROM, "Alice <sip:alice@atlanta.com>;tag=88sja8x");
    assert_headers(ack, OH_SIP_CALL_ID, "987asjd97y7atg");
    assert_headers(ack, OH_SIP_CSEQ, "986759 ACK");
    assert_headers(ack, OH_SIP_MAX_FORWARDS, "70");
    assert_headers(ack, OH_SIP_ROUTE, "<sip:p1;lr>, <sip:p2;lr> | <sip:p3;lr>");
    assert_headers(ack, OH_SIP_REQUIRE, "");
    oh_sip_msg_free(ack);
    oh_sip_msg_free(response);
    oh_sip_msg_free(invite);
}

static void the_cancel_stands_beside_the_invite(void **state)
{
    (void)state;
    struct oh_sip_msg *invite = message(SENT_INVITE);
    struct oh_sip_msg *cancel = sent(oh_draft_cancel(invite));
    assert_span(cancel->method, "CANCEL");
    assert_span(cancel->request_uri, "sip:bob@biloxi.com");
    assert_headers(cancel, OH_SIP_VIA, "SIP/2.0/UDP pc33.atlanta.com;branch=z9hG4bKkjshdyff");
    assert_headers(cancel, OH_SIP_TO, "Bob <sip:bob@biloxi.com>");
    assert_headers(cancel, OH_SIP_CSEQ, "986759 CANCEL");
    assert_headers(cancel, OH_SIP_ROUTE, "<sip:p1;lr>, <sip:p2;lr> | <sip:p3;lr>");
    assert_headers(cancel, OH_SIP_REQUIRE, "");
    oh_sip_msg_free(cancel);
    oh_sip_msg_free(invite);
}

/* ---- where to ---- */

static void assert_address(const struct oh_addr *a, const char *expected)
{
    char text[OH_ADDR_TEXT];
    assert_string_equal(oh_addr_format(a, text), expected);
}

static void a_request_goes_where_its_uri_leads(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"sip:a@192.0.2.1", "192.0.2.1:5060"},
        {"sip:192.0.2.1", "192.0.2.1:5060"},
        {"sip:a@192.0.2.1:5066;transport=udp", "192.0.2.1:5066"},
        {"sip:a@[2001:db8::1]:5066", "[2001:db8::1]:5066"},
        {"sip:a@[2001:db8::1]", "[2001:db8::1]:5060"},
        {"sip:a@host.example.com;maddr=192.0.2.5", "192.0.2.5:5060"},
        {"sip:a@192.0.2.1;maddr=192.0.2.5", "192.0.2.5:5060"},
        {"sip:a@host.example.com", NULL},
        {"tel:+15551234", NULL},
        {"", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct oh_addr a = {.port = 7};
        struct oh_error e = {.text = ""};
        assert_int_equal(oh_sip_uri_address(S(rows[i][0]), &a, &e), rows[i][1] ? 0 : -1);
        if (rows[i][1]) {
            assert_address(&a, rows[i][1]);
        } else {
            assert_true(strlen(e.text) > 0);
            assert_int_equal(a.port, 7);
        }
    }
}

/* RFC 3261 18.2.2, RFC 3581 4 */
static void a_response_goes_where_the_top_via_says(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"SIP/2.0/UDP 192.0.2.1", "192.0.2.1:5060"},
        {"SIP/2.0/UDP 192.0.2.1:5077;branch=z9hG4bK1", "192.0.2.1:5077"},
        {"SIP/2.0/UDP 192.0.2.1:5077;received=192.0.2.4", "192.0.2.4:5077"},
        {"SIP/2.0/UDP pc.example.com;received=192.0.2.4;rport=6000", "192.0.2.4:6000"},
        {"SIP/2.0/UDP pc.example.com:5077;rport;received=192.0.2.4", "192.0.2.4:5077"},
        {"SIP/2.0/UDP pc.example.com;received=192.0.2.4;rport=99999", "192.0.2.4:5060"},
        {"SIP/2.0/UDP 192.0.2.1:5077;rport=6000", "192.0.2.1:5077"},
        {"SIP/2.0/UDP 192.0.2.1:5077;maddr=192.0.2.6;received=192.0.2.4;rport=6", "192.0.2.6:5077"},
        {"SIP / 2.0 / UDP [2001:db8::1] : 5077", "[2001:db8::1]:5077"},
        {"SIP/2.0/UDP [2001:db8::1];received=2001:db8::2;rport=7", "[2001:db8::2]:7"},
        {"SIP/2.0/UDP 192.0.2.1, SIP/2.0/UDP 192.0.2.2", "192.0.2.1:5060"},
        {"SIP/2.0/UDP pc.example.com", NULL},
        {"SIP/2.0/UDP 192.0.2.1:70000", NULL},
        {"SIP/2.0/UDP 192.0.2.1:x", NULL},
        {"SIP/2.0/UDP [2001:db8::1", NULL},
        {"SIP/2.0/UDP :5060", NULL},
        {"SIP/2.0 192.0.2.1", NULL},
        {"", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *text = oh_format("SIP/2.0 200 OK\r\nVia: %s\r\n\r\n", rows[i][0]);
        struct oh_sip_msg *m = message(text);
        struct oh_addr a;
        struct oh_error e = {.text = ""};
        int result = oh_sip_response_address(m, &a, &e);
        assert_int_equal(result, rows[i][1] ? 0 : -1);
        if (rows[i][1])
            assert_address(&a, rows[i][1]);
        else
            assert_true(strlen(e.text) > 0);
        oh_sip_msg_free(m);
        free(text);
    }
}

static void our_own_response_finds_its_way_back(void **state)
{
    (void)state;
    struct oh_sip_msg *request = message("OPTIONS sip:b SIP/2.0\r\n"
                                         "Via: SIP/2.0/UDP pc.example.com;rport\r\n\r\n");
    struct oh_addr source, back;
    assert_int_equal(oh_addr_parse(S("192.0.2.44:6001"), &source, NULL), 0);
    struct oh_sip_msg *response = sent(oh_draft_response(request, &source, 200, NULL, NULL));
    assert_int_equal(oh_sip_response_address(response, &back, NULL), 0);
    assert_true(oh_addr_equal(&source, &back));
    oh_sip_msg_free(response);
    oh_sip_msg_free(request);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_answering_side_takes_its_state_from_the_request),
        cmocka_unit_test(the_calling_side_takes_its_state_from_the_response),
        cmocka_unit_test(a_missing_contact_leaves_a_target_all_the_same),
        cmocka_unit_test(without_call_id_or_parties_there_is_no_dialog),
        cmocka_unit_test(only_target_refreshes_move_the_target),
        cmocka_unit_test(a_request_carries_the_dialog),
        cmocka_unit_test(numbers_count_up_and_the_ack_takes_the_invites),
        cmocka_unit_test(every_request_has_a_branch_of_its_own),
        cmocka_unit_test(contact_stands_only_where_it_may),
        cmocka_unit_test(a_null_remote_tag_is_left_out),
        cmocka_unit_test(loose_routes_stand_in_route_headers),
        cmocka_unit_test(a_strict_first_hop_becomes_the_request_uri),
        cmocka_unit_test(a_request_uri_loses_what_it_cannot_have),
        cmocka_unit_test(the_ack_to_a_failure_belongs_to_the_invites_transaction),
        cmocka_unit_test(the_cancel_stands_beside_the_invite),
        cmocka_unit_test(a_request_goes_where_its_uri_leads),
        cmocka_unit_test(a_response_goes_where_the_top_via_says),
        cmocka_unit_test(our_own_response_finds_its_way_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

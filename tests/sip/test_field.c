#include "sip/field.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define S(text) oh_span_of(text)

static const char request_text[] =
    "INVITE sip:2000;p=1@pbx.example.net:5062;user=phone;lr SIP/2.0\r\n"
    "Via: SIP / 2.0 / UDP  192.0.2.1 : 5060 ; branch = z9hG4bKa ;rport,\r\n"
    " SIP/2.0/TCP [2001:db8::1];branch=z9hG4bKb;received=192.0.2.5;rport=1234;x=\"q;v\"\r\n"
    "v: SIP/2.0/UDP third;branch=z9hG4bKc\r\n"
    "Max-Forwards: 0068\r\n"
    "From: \"K., \\\"A\\\"\r\n <x>\" <sip:1000@192.0.2.9:5070;transport=tcp>;tag=f1;x-own=\"a "
    "b\"\r\n"
    "t: sip:2000@192.0.2.9;tag=t1\r\n"
    "Call-ID: c1@192.0.2.1\r\n"
    "CSeq: 0007  INVITE\r\n"
    "Contact: <sip:a@h>;expires=60;q=0.5, \"B, b\" <sips:b@h>;expires=x\r\n"
    "m: <tel:+1>\r\n"
    "Route: <sip:p1;lr>\r\n"
    "Proxy-Authorization: Digest username=\"u\\\"1\", realm=\"a, b\", nonce=\"\", "
    "uri=\"sip:h\",\r\n"
    " response=\"00ff\", qop=auth, nc=00000001, own=\"x\"\r\n"
    "Allow: INVITE, ACK\r\n"
    "Allow: BYE\r\n"
    "Supported:\r\n"
    "Subject: one,\r\n  two\r\n"
    "X-List: a, \"b,c\"\r\n"
    "X-Empty:\r\n"
    "Content-Type: application/sdp\r\n"
    "\r\n"
    "v=0\r\n"
    "o=- 17 42 IN IP4 192.0.2.1\r\n"
    "s=-\r\n"
    "c=IN IP4 192.0.2.1/127\r\n"
    "t=0 0\r\n"
    "a=sendonly\r\n"
    "m=audio 4000/2 RTP/AVP 0 8 101\r\n"
    "a=rtpmap:0 PCMU/8000\r\n"
    "a=rtpmap:101 telephone-event/8000\r\n"
    "a=ptime:20\r\n"
    "m=video 0 RTP/AVP 96\r\n"
    "c=IN IP4 0.0.0.0\r\n"
    "a=inactive\r\n"
    "m=audio 9999 RTP/AVP 3\r\n";

static const char response_text[] =
    "SIP/2.0 407 Proxy Authentication Required\r\n"
    "Via: SIP/2.0/UDP 192.0.2.1\r\n"
    "CSeq: 7 INVITE\r\n"
    "Proxy-Authenticate: Digest realm=\"one\", nonce=\"n1\", stale=FALSE\r\n"
    "Proxy-Authenticate: Digest realm=\"two\", nonce=\"n2\", algorithm=SHA-256\r\n"
    "Contact: *\r\n"
    "Content-Length: 0\r\n"
    "\r\n";

static struct oh_sip_msg *request, *response;

static int read_messages(void **state)
{
    (void)state;
    request = oh_sip_msg_parse(S(request_text));
    response = oh_sip_msg_parse(S(response_text));
    return request && response ? 0 : -1;
}

static int free_messages(void **state)
{
    (void)state;
    oh_sip_msg_free(request);
    oh_sip_msg_free(response);
    return 0;
}

static bool is_evidence(const struct oh_sip_msg *m, struct oh_span bytes)
{
    return bytes.at >= m->bytes.at && bytes.at + bytes.len <= m->bytes.at + m->bytes.len &&
           bytes.len > 0;
}

/* One value, and these bytes as its evidence (NULL: the value's own). */
static void assert_field(const struct oh_sip_msg *m, const char *path, const char *value,
                         const char *evidence)
{
    struct oh_field f;
    assert_int_equal(oh_field_get(m, S(path), &f), 0);
    if (f.state != OH_FIELD_PRESENT || f.count != 1 || !oh_span_is(f.items[0].text, value))
        fail_msg("%s: state %d, %zu values, first '%.*s', wanted '%s'", path, (int)f.state, f.count,
                 OH_SPAN_FMT(f.items[0].text), value);
    if (!oh_span_is(f.bytes, evidence ? evidence : value))
        fail_msg("%s: evidence '%.*s'", path, OH_SPAN_FMT(f.bytes));
    assert_true(is_evidence(m, f.bytes));
    oh_field_release(&f);
}

static void assert_number(const struct oh_sip_msg *m, const char *path, uint64_t value,
                          const char *evidence)
{
    uint64_t number = ~value;
    assert_true(oh_field_number(m, path, &number));
    assert_true(number == value);
    assert_field(m, path, evidence, NULL);
}

static void assert_state(const struct oh_sip_msg *m, const char *path, enum oh_field_state state,
                         const char *evidence)
{
    struct oh_field f;
    assert_int_equal(oh_field_get(m, S(path), &f), 0);
    if (f.state != state || !oh_span_is(f.bytes, evidence))
        fail_msg("%s: state %d, evidence '%.*s'", path, (int)f.state, OH_SPAN_FMT(f.bytes));
    assert_int_equal(f.count, 0);
    assert_null(oh_field_text(m, path).at);
    oh_field_release(&f);
}

static void assert_absent(const struct oh_sip_msg *m, const char *path)
{
    assert_state(m, path, OH_FIELD_ABSENT, NULL);
}

static void assert_list(const struct oh_sip_msg *m, const char *path, const char *const *values,
                        size_t count)
{
    struct oh_field f;
    assert_int_equal(oh_field_get(m, S(path), &f), 0);
    assert_int_equal(f.state, OH_FIELD_PRESENT);
    assert_int_equal(f.count, count);
    for (size_t i = 0; i < count; i++)
        assert_true(oh_span_is(f.items[i].text, values[i]));
    assert_true(is_evidence(m, f.bytes));
    oh_field_release(&f);
}

static void start_lines_have_their_parts(void **state)
{
    (void)state;
    assert_field(request, "method", "INVITE", NULL);
    assert_field(request, "request-uri", "sip:2000;p=1@pbx.example.net:5062;user=phone;lr", NULL);
    assert_field(request, "request-uri.user", "2000;p=1", NULL);
    assert_field(request, "Request-URI.Host", "pbx.example.net", NULL);
    assert_number(request, "request-uri.port", 5062, "5062");
    assert_field(request, "request-uri.scheme", "sip", NULL);
    assert_field(request, "request-uri.user-param", "phone", NULL);
    assert_field(request, "request-uri.param.user", "phone", NULL);
    assert_field(request, "request-uri.lr", "", "sip:2000;p=1@pbx.example.net:5062;user=phone;lr");
    assert_absent(request, "request-uri.transport");
    assert_absent(request, "status");
    assert_absent(request, "reason");
    assert_number(response, "status", 407, "407");
    assert_field(response, "reason", "Proxy Authentication Required", NULL);
    assert_absent(response, "method");
    assert_absent(response, "request-uri");
    assert_absent(response, "request-uri.user");
    assert_absent(response, "body");
    assert_true(oh_span_is(oh_field_text(request, "request-uri.host"), "pbx.example.net"));
}

static void vias_are_read_by_number_over_commas_and_lines(void **state)
{
    (void)state;
    assert_field(request, "via.branch", "z9hG4bKa", NULL);
    assert_field(request, "via.protocol", "SIP/2.0", "SIP / 2.0");
    assert_field(request, "via.transport", "UDP", NULL);
    assert_field(request, "via.host", "192.0.2.1", NULL);
    assert_number(request, "via.port", 5060, "5060");
    assert_absent(request, "via.received");
    assert_field(request, "via.rport", "",
                 "SIP / 2.0 / UDP  192.0.2.1 : 5060 ; branch = z9hG4bKa ;rport");
    assert_field(request, "via[2].host", "[2001:db8::1]", NULL);
    assert_field(request, "via[2].protocol", "SIP/2.0", NULL);
    assert_number(request, "via[2].rport", 1234, "1234");
    assert_field(request, "via[2].received", "192.0.2.5", NULL);
    assert_field(request, "via[2].param.x", "q;v", "\"q;v\"");
    assert_absent(request, "via[2].port");
    assert_field(request, "via[3].branch", "z9hG4bKc", NULL);
    assert_field(request, "via[3]", "SIP/2.0/UDP third;branch=z9hG4bKc", NULL);
    assert_absent(request, "via[4].branch");
    assert_absent(request, "via[4]");
}

static void addresses_lose_quotes_and_escapes(void **state)
{
    (void)state;
    assert_field(request, "from.display", "K., \"A\" <x>", "\"K., \\\"A\\\"\r\n <x>\"");
    assert_null(oh_field_text(request, "from.display").at); /* not literally in the message */
    assert_field(request, "from.uri", "sip:1000@192.0.2.9:5070;transport=tcp", NULL);
    assert_field(request, "from.user", "1000", NULL);
    assert_number(request, "from.port", 5070, "5070");
    assert_field(request, "from.transport", "tcp", NULL);
    assert_field(request, "from.tag", "f1", NULL);
    assert_field(request, "from.param.X-Own", "a b", "\"a b\"");
    assert_absent(request, "from.param.transport"); /* the URI's, not the header's */
    assert_field(request, "to.tag", "t1", NULL);
    assert_field(request, "to.uri", "sip:2000@192.0.2.9", NULL);
    assert_absent(request, "to.display");
    assert_absent(request, "refer-to.uri");
    assert_field(request, "route.lr", "", "<sip:p1;lr>");
}

static void contacts_are_counted_and_a_star_has_no_parts(void **state)
{
    (void)state;
    assert_number(request, "contact.expires", 60, "60");
    assert_field(request, "contact.q", "0.5", NULL);
    assert_field(request, "contact[2].display", "B, b", "\"B, b\"");
    assert_field(request, "contact[2].scheme", "sips", NULL);
    assert_state(request, "contact[2].expires", OH_FIELD_BROKEN, "x");
    assert_field(request, "contact[3].user", "+1", NULL);
    assert_absent(request, "contact[3].host");
    assert_field(response, "contact", "*", NULL);
    assert_absent(response, "contact.uri");
}

static void numbers_are_numbers_where_the_grammar_says_so(void **state)
{
    (void)state;
    assert_number(request, "cseq.number", 7, "0007");
    assert_field(request, "cseq.method", "INVITE", NULL);
    assert_field(request, "cseq", "0007  INVITE", NULL);
    assert_number(request, "max-forwards", 68, "0068");
    assert_number(response, "content-length", 0, "0");
    uint64_t number;
    assert_false(oh_field_number(request, "call-id", &number));
    assert_false(oh_field_number(request, "from.user", &number)); /* digits, but a name */
    assert_false(oh_field_number(request, "expires", &number));
}

static void credentials_and_challenges_lose_their_quotes(void **state)
{
    (void)state;
    assert_field(request, "proxy-authorization.scheme", "Digest", NULL);
    assert_field(request, "proxy-authorization.username", "u\"1", "\"u\\\"1\"");
    assert_field(request, "proxy-authorization.realm", "a, b", "\"a, b\"");
    assert_field(request, "proxy-authorization.nc", "00000001", NULL);
    assert_field(request, "proxy-authorization.response", "00ff", "\"00ff\"");
    assert_field(request, "proxy-authorization.param.own", "x", "\"x\"");
    assert_absent(request, "proxy-authorization.cnonce");
    assert_absent(request, "authorization.realm");
    assert_field(response, "proxy-authenticate.realm", "one", "\"one\"");
    assert_field(response, "proxy-authenticate.stale", "FALSE", NULL);
    assert_field(response, "proxy-authenticate[2].realm", "two", "\"two\"");
    assert_field(response, "proxy-authenticate[2].algorithm", "SHA-256", NULL);
    assert_absent(response, "proxy-authenticate[3].realm");
}

static void an_empty_quoted_value_is_there(void **state)
{
    (void)state;
    struct oh_field f;
    assert_int_equal(oh_field_get(request, S("proxy-authorization.nonce"), &f), 0);
    assert_int_equal(f.state, OH_FIELD_PRESENT);
    assert_int_equal(f.items[0].text.len, 0);
    assert_true(oh_span_is(f.bytes, "\"\""));
    oh_field_release(&f);
}

static void any_header_is_a_field_by_its_name(void **state)
{
    (void)state;
    assert_field(request, "CALL-id", "c1@192.0.2.1", NULL);
    assert_field(request, "i", "c1@192.0.2.1", NULL);
    assert_field(request, "subject", "one, two", "one,\r\n  two"); /* a fold is one space */
    assert_field(request, "subject[1]", "one, two", "one,\r\n  two");
    assert_absent(request, "subject[2]");
    assert_field(request, "x-list", "a, \"b,c\"", NULL);
    assert_field(request, "x-list[2]", "\"b,c\"", NULL);
    assert_absent(request, "x-list[3]");
    assert_field(request, "x-empty", "", "X-Empty:\r\n");
    assert_absent(request, "x-not-there");
}

static void lists_come_over_all_lines(void **state)
{
    (void)state;
    assert_list(request, "allow", (const char *const[]){"INVITE", "ACK", "BYE"}, 3);
    assert_field(request, "allow[3]", "BYE", NULL);
    assert_list(request, "supported", NULL, 0);
    assert_absent(request, "require");
    struct oh_field f;
    oh_field_get(request, S("allow"), &f);
    assert_true(oh_span_is(f.bytes, "INVITE, ACK\r\nAllow: BYE"));
    oh_field_release(&f);
}

static void assert_count(const struct oh_sip_msg *m, const char *path, uint64_t count)
{
    struct oh_field f;
    assert_int_equal(oh_field_get(m, S(path), &f), 0);
    assert_int_equal(f.state, OH_FIELD_PRESENT);
    if (f.count != 1 || !f.items[0].is_number || f.items[0].number != count)
        fail_msg("%s: %.*s", path, OH_SPAN_FMT(f.items[0].text));
    assert_true(count ? is_evidence(m, f.bytes) : !f.bytes.at);
    oh_field_release(&f);
}

static void values_of_a_header_are_counted_over_all_lines(void **state)
{
    (void)state;
    assert_count(request, "via.count", 3);
    assert_count(request, "contact.count", 3);
    assert_count(request, "Route.Count", 1);
    assert_count(request, "record-route.count", 0);
    assert_count(request, "proxy-authorization.count", 1); /* its commas join parameters */
    assert_count(request, "authorization.count", 0);
    assert_count(response, "proxy-authenticate.count", 2);
    assert_count(request, "allow.count", 3);
    assert_count(request, "supported.count", 0); /* there, and empty */
    assert_count(request, "x-list.count", 2);
    assert_count(request, "x-nowhere.count", 0);
    assert_count(request, "call-id.count", 1);
    assert_count(response, "m.count", 1); /* the short form of Contact; its star */
    struct oh_field f;
    assert_int_equal(oh_field_get(request, S("allow.count"), &f), 0);
    assert_true(oh_span_is(f.bytes, "INVITE, ACK\r\nAllow: BYE")); /* from the first to the last */
    oh_field_release(&f);
}

/* Of each field by its name there are those of the second and later values. */
static void every_header_that_may_have_more_values_has_an_nth_one_with_all_its_parts(void **state)
{
    static const char *const roots[] = {
        "via",          "from",          "to",
        "contact",      "route",         "record-route",
        "refer-to",     "referred-by",   "authorization",
        "allow",        "supported",     "proxy-authorization",
        "accept",       "require",       "www-authenticate",
        "unsupported",  "proxy-require", "proxy-authenticate",
        "content-type", "call-id",       "cseq",
    };
    size_t seen = 0;
    const char *path;
    (void)state;
    for (size_t n = 0; (path = oh_field_list(n, NULL)); n++) {
        size_t len = strcspn(path, ".");
        bool is_root = false;
        for (size_t i = 0; i < sizeof roots / sizeof *roots; i++)
            is_root = is_root || (strlen(roots[i]) == len && strncmp(roots[i], path, len) == 0);
        if (!is_root || strstr(path, ".count"))
            continue;
        char *nth = oh_format("%.*s[2]%s", (int)len, path, path + len);
        if (!oh_field_known(S(nth), NULL, NULL))
            fail_msg("%s", nth);
        free(nth);
        seen++;
    }
    assert_true(seen > 150);
    assert_field(request, "via[3].host", "third", "third");
    assert_field(request, "contact[2].user", "b", "b");
    assert_field(request, "contact[3].uri", "tel:+1", "tel:+1");
    assert_field(response, "proxy-authenticate[2].realm", "two", "\"two\"");
    assert_field(request, "allow[3]", "BYE", "BYE");
    assert_absent(request, "allow[4]");
    assert_absent(request, "contact[4].uri");
}

static void a_long_list_is_cut(void **state)
{
    (void)state;
    struct oh_text t = {0};
    oh_text_add(&t, "OPTIONS sip:a SIP/2.0\r\nAllow: A0");
    for (int i = 1; i < 40; i++)
        oh_text_addf(&t, ",A%d", i);
    oh_text_add(&t, "\r\n\r\n");
    struct oh_sip_msg *m = oh_sip_msg_parse(oh_text_span(&t));
    struct oh_field f;
    oh_field_get(m, S("allow"), &f);
    assert_int_equal(f.count, OH_FIELD_MAX_ITEMS);
    assert_true(oh_span_is(f.items[OH_FIELD_MAX_ITEMS - 1].text, "A31"));
    oh_field_release(&f);
    assert_field(m, "allow[40]", "A39", NULL);
    oh_sip_msg_free(m);
    oh_text_release(&t);
}

static void sdp_is_read_literally(void **state)
{
    (void)state;
    assert_field(request, "sdp.origin", "- 17 42 IN IP4 192.0.2.1", NULL);
    assert_number(request, "sdp.version", 0, "0");
    assert_number(request, "sdp.session-id", 17, "17");
    assert_number(request, "sdp.session-version", 42, "42");
    assert_field(request, "sdp.connection", "192.0.2.1", NULL);
    assert_field(request, "sdp.audio", "audio 4000/2 RTP/AVP 0 8 101", NULL);
    assert_number(request, "sdp.audio.port", 4000, "4000");
    assert_field(request, "sdp.audio.proto", "RTP/AVP", NULL);
    assert_field(request, "sdp.audio.connection", "192.0.2.1", NULL);
    assert_field(request, "sdp.audio.direction", "sendonly", NULL);
    assert_number(request, "sdp.audio.ptime", 20, "20");
    assert_list(request, "sdp.audio.formats", (const char *const[]){"0", "8", "101"}, 3);
    assert_list(request, "sdp.audio.rtpmap",
                (const char *const[]){"0 PCMU/8000", "101 telephone-event/8000"}, 2);
    assert_number(request, "sdp.video.port", 0, "0");
    assert_field(request, "sdp.video.connection", "0.0.0.0", NULL);
    assert_field(request, "sdp.video.direction", "inactive", NULL);
    assert_absent(request, "sdp.video.ptime");
    assert_absent(request, "sdp.image.port");
    assert_absent(response, "sdp.audio.port");
    struct oh_field f;
    oh_field_get(request, S("sdp.audio.formats"), &f);
    assert_true(f.items[2].is_number && f.items[2].number == 101);
    assert_true(oh_span_is(f.bytes, "0 8 101"));
    oh_field_release(&f);
}

static struct oh_sip_msg *with_body(const char *type, const char *body)
{
    char *text = oh_format("OPTIONS sip:a SIP/2.0\r\n%s\r\n%s", type, body);
    struct oh_sip_msg *m = oh_sip_msg_parse(S(text));
    assert_non_null(m);
    free(text);
    return m;
}

#define SDP "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\n"

static void a_direction_that_is_not_given_is_sendrecv(void **state)
{
    (void)state;
    struct oh_sip_msg *m =
        with_body("c: Application/SDP ;x=y\r\n", SDP "m=audio 4000 RTP/AVP 0\r\n");
    assert_field(m, "sdp.audio.direction", "sendrecv", "m=audio 4000 RTP/AVP 0");
    assert_null(oh_field_text(m, "sdp.audio.direction").at);
    assert_absent(m, "sdp.audio.connection");
    oh_sip_msg_free(m);
}

static void a_body_that_is_no_sdp_has_no_sdp_fields(void **state)
{
    (void)state;
    struct oh_sip_msg *m = with_body("c: text/plain\r\n", SDP "m=audio 4000 RTP/AVP 0\r\n");
    assert_absent(m, "sdp.audio.port");
    assert_absent(m, "sdp");
    oh_sip_msg_free(m);
    m = with_body("", "hello");
    assert_absent(m, "sdp.audio.port");
    assert_field(m, "body", "hello", NULL);
    oh_sip_msg_free(m);
    m = with_body("", SDP "m=audio 4000 RTP/AVP 0\r\n"); /* untyped, but plainly one */
    assert_number(m, "sdp.audio.port", 4000, "4000");
    oh_sip_msg_free(m);
}

static void sdp_that_cannot_be_read_is_broken(void **state)
{
    (void)state;
    static const char *const bodies[] = {"hello", SDP "m=audio x RTP/AVP 0\r\n",
                                         SDP "m=audio 1 UDP (x)\r\n",
                                         SDP "m=image 1 udptl a,b\r\n"};
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        struct oh_sip_msg *m = with_body("c: application/sdp\r\n", bodies[i]);
        assert_state(m, "sdp.audio.port", OH_FIELD_BROKEN, bodies[i]);
        assert_state(m, "sdp.origin", OH_FIELD_BROKEN, bodies[i]);
        oh_sip_msg_free(m);
    }
}

static void values_that_cannot_be_read_are_broken_with_their_bytes(void **state)
{
    (void)state;
    static const struct {
        const char *header, *path, *evidence;
    } cases[] = {
        {"CSeq: INVITE\r\n", "cseq.number", "INVITE"},
        {"CSeq: 1\r\n", "cseq.method", "1"},
        {"CSeq:\r\n", "cseq.number", "CSeq:\r\n"},
        {"Via: nonsense\r\n", "via.branch", "nonsense"},
        {"Via: SIP/2.0/UDP h:x\r\n", "via.port", "SIP/2.0/UDP h:x"},
        {"Via: SIP/2.0/UDP h;rport=x\r\n", "via.rport", "x"},
        {"Via:\r\n", "via.branch", "Via:\r\n"},
        {"From: \"A <sip:a@b>\r\n", "from.tag", "\"A <sip:a@b>"},
        {"From: <mailto:a@b>\r\n", "from.user", "<mailto:a@b>"},
        {"From: <sip:a@b>;x=\"y\r\n", "from.param.x", "\"y"},
        {"Max-Forwards: many\r\n", "max-forwards", "many"},
        {"Max-Forwards:\r\n", "max-forwards", "Max-Forwards:\r\n"},
        {"Expires: 99999999999999999999\r\n", "expires", "99999999999999999999"},
        {"Authorization: \"x\"\r\n", "authorization.realm", "\"x\""},
        {"Authorization: Digest realm=\"x\r\n", "authorization.realm", "\"x"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct oh_sip_msg *m = with_body(cases[i].header, "");
        assert_state(m, cases[i].path, OH_FIELD_BROKEN, cases[i].evidence);
        oh_sip_msg_free(m);
    }
    struct oh_sip_msg *m = with_body("From: <mailto:a@b>;tag=1\r\n", "");
    assert_field(m, "from.tag", "1", NULL); /* what can be read is read */
    oh_sip_msg_free(m);
    m = oh_sip_msg_parse(S("INVITE http://a SIP/2.0\r\n\r\n"));
    assert_state(m, "request-uri.user", OH_FIELD_BROKEN, "http://a");
    oh_sip_msg_free(m);
    m = oh_sip_msg_parse(S("SIP/2.0 2x0 OK\r\n\r\n"));
    assert_state(m, "status", OH_FIELD_BROKEN, "2x0");
    oh_sip_msg_free(m);
}

static void unknown_paths_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "cseq.numer",
                                      "via.",
                                      ".branch",
                                      "via[0]",
                                      "via[x].branch",
                                      "via[2",
                                      "via[]",
                                      "method[2]",
                                      "from.param.",
                                      "from.param.a b",
                                      "x-own.part",
                                      "sdp.audio[2].port",
                                      "a b",
                                      "via[2]branch",
                                      "from.tag.x",
                                      "request-uri.tag",
                                      "via[99999999999].branch",
                                      "method.count",
                                      "sdp.count",
                                      "request-uri.count",
                                      "sdp.audio.count",
                                      "via[2].count",
                                      "x-own[2].count",
                                      "via.count.x",
                                      "a b.count"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct oh_field f;
        if (oh_field_get(request, S(bad[i]), &f) != -1 || oh_field_known(S(bad[i]), NULL, NULL))
            fail_msg("'%s' is taken for a field", bad[i]);
        oh_field_release(&f);
    }
}

static void every_path_of_the_list_is_known_once_and_explained(void **state)
{
    (void)state;
    const char *path, *meaning = NULL;
    size_t n = 0;
    for (; (path = oh_field_list(n, &meaning)); n++) {
        assert_true(oh_field_known(S(path), NULL, NULL));
        assert_true(strlen(meaning) > 3);
        for (size_t i = 0; i < n; i++)
            assert_string_not_equal(oh_field_list(i, NULL), path);
        struct oh_field f;
        assert_int_equal(oh_field_get(request, S(path), &f), 0);
        bool none =
            f.state == OH_FIELD_ABSENT || (oh_field_is_count(S(path)) && !f.items[0].number);
        assert_true(none ? !f.bytes.at : is_evidence(request, f.bytes));
        oh_field_release(&f);
    }
    assert_true(n > 150);
    oh_field_release(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(start_lines_have_their_parts),
        cmocka_unit_test(vias_are_read_by_number_over_commas_and_lines),
        cmocka_unit_test(addresses_lose_quotes_and_escapes),
        cmocka_unit_test(contacts_are_counted_and_a_star_has_no_parts),
        cmocka_unit_test(numbers_are_numbers_where_the_grammar_says_so),
        cmocka_unit_test(credentials_and_challenges_lose_their_quotes),
        cmocka_unit_test(an_empty_quoted_value_is_there),
        cmocka_unit_test(any_header_is_a_field_by_its_name),
        cmocka_unit_test(lists_come_over_all_lines),
        cmocka_unit_test(values_of_a_header_are_counted_over_all_lines),
        cmocka_unit_test(every_header_that_may_have_more_values_has_an_nth_one_with_all_its_parts),
        cmocka_unit_test(a_long_list_is_cut),
        cmocka_unit_test(sdp_is_read_literally),
        cmocka_unit_test(a_direction_that_is_not_given_is_sendrecv),
        cmocka_unit_test(a_body_that_is_no_sdp_has_no_sdp_fields),
        cmocka_unit_test(sdp_that_cannot_be_read_is_broken),
        cmocka_unit_test(values_that_cannot_be_read_are_broken_with_their_bytes),
        cmocka_unit_test(unknown_paths_are_refused),
        cmocka_unit_test(every_path_of_the_list_is_known_once_and_explained),
    };
    return cmocka_run_group_tests(tests, read_messages, free_messages);
}

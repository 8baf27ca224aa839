#include "sip/field_table.h"

#define REQ     OH_FIELD_IN_REQUESTS
#define RESP    OH_FIELD_IN_RESPONSES
#define BOTH    (REQ | RESP)
#define IDX     OH_FIELD_INDEXED
#define NUM     OH_FIELD_NUMBER
#define UNQUOTE OH_FIELD_UNQUOTE
#define LIST    OH_FIELD_LIST
#define RAW     OH_FIELD_RAW

/* clang-format off */

/* A row that picks one part of the view; one that picks a parameter; one of the SDP. */
#define PART(path, what, opener, part, flags, header) \
    {path, what, oh_field_open_##opener, oh_field_pick_span, flags, header, \
     offsetof(struct oh_field_view, part), NULL, NULL, 0}
#define PARAM(path, what, opener, picker, param, flags, header) \
    {path, what, oh_field_open_##opener, oh_field_pick_##picker, flags, header, 0, param, NULL, 0}
#define SDP(path, what, picker, flags, media, line, word) \
    {path, what, oh_field_open_sdp, oh_field_pick_sdp_##picker, BOTH | RAW | (flags), \
     OH_SIP_OTHER, 0, media, line, word}

/* The parts of a URI. */
#define URI_PARAM(root, part, param, opener, header, flags) \
    PARAM(root "." part, root ": URI parameter " param, opener, uri_param, param, flags, header)
#define URI_ROWS(root, opener, header, flags) \
    PART(root ".user", root ": user part of the URI", opener, uri.user, flags, header), \
    PART(root ".host", root ": host of the URI", opener, uri.host, flags, header), \
    PART(root ".port", root ": port of the URI", opener, uri.port_text, (flags) | NUM, header), \
    PART(root ".scheme", root ": scheme of the URI", opener, uri.scheme, flags, header), \
    URI_PARAM(root, "user-param", "user", opener, header, flags), \
    URI_PARAM(root, "transport", "transport", opener, header, flags), \
    URI_PARAM(root, "lr", "lr", opener, header, flags)

/* A header that is a name-addr or addr-spec with parameters. */
#define ADDRESS_PARAM(root, param, header, flags) \
    PARAM(root "." param, root ": header parameter " param, address, address_param, param, \
          BOTH | IDX | (flags), header)
#define ADDRESS_ROWS(root, header) \
    PART(root ".uri", root ": the URI, without brackets", address, address.uri, BOTH | IDX, \
         header), \
    PART(root ".display", root ": display name, quotes off", address, address.display, \
         BOTH | IDX | UNQUOTE, header), \
    URI_ROWS(root, address_uri, header, BOTH | IDX), \
    ADDRESS_PARAM(root, "tag", header, 0), \
    ADDRESS_PARAM(root, "q", header, 0), \
    ADDRESS_PARAM(root, "expires", header, NUM), \
    PARAM(root ".param.NAME", root ": header parameter NAME, quotes off", address, address_param, \
          NULL, BOTH | IDX | UNQUOTE, header), \
    COUNT(root, BOTH)

#define VIA_PART(part, what, at, flags) \
    PART("via." part, "Via: " what, via, at, BOTH | IDX | (flags), OH_SIP_VIA)
#define VIA_PARAM(param, flags) \
    PARAM("via." param, "Via: parameter " param, via, via_param, param, BOTH | IDX | (flags), \
          OH_SIP_VIA)

/* Credentials and challenges. */
#define AUTH_PARAM(root, param, header, when) \
    PARAM(root "." param, root ": " param ", quotes off", auth, auth_param, param, \
          (when) | IDX | UNQUOTE, header)
#define AUTH_ROWS(root, header, when) \
    PART(root ".scheme", root ": scheme, e.g. Digest", auth, auth.scheme, (when) | IDX, header), \
    AUTH_PARAM(root, "username", header, when), \
    AUTH_PARAM(root, "realm", header, when), \
    AUTH_PARAM(root, "nonce", header, when), \
    AUTH_PARAM(root, "uri", header, when), \
    AUTH_PARAM(root, "response", header, when), \
    AUTH_PARAM(root, "algorithm", header, when), \
    AUTH_PARAM(root, "qop", header, when), \
    AUTH_PARAM(root, "nc", header, when), \
    AUTH_PARAM(root, "cnonce", header, when), \
    AUTH_PARAM(root, "opaque", header, when), \
    AUTH_PARAM(root, "stale", header, when), \
    PARAM(root ".param.NAME", root ": parameter NAME, quotes off", auth, auth_param, NULL, \
          (when) | IDX | UNQUOTE, header), \
    COUNT(root, when)

#define STREAM(media, part, what, picker, flags, line, word) \
    SDP("sdp." media part, "SDP, first " media " stream: " what, picker, flags, media, line, word)
#define STREAM_ROWS(media) \
    STREAM(media, "", "what follows m=", stream, 0, "m=", SIZE_MAX), \
    STREAM(media, ".port", "port", stream, NUM, "m=", 1), \
    STREAM(media, ".formats", "formats, a list", formats, LIST | OH_FIELD_NUMBER_IF_ANY, "m=", 3), \
    STREAM(media, ".connection", "its own address, else the session's", connection, 0, "c=", 2), \
    STREAM(media, ".direction", "sendrecv, sendonly, recvonly or inactive", direction, 0, \
           "a=", 0), \
    STREAM(media, ".rtpmap", "rtpmap values, a list", lines, LIST, "a=rtpmap:", SIZE_MAX), \
    STREAM(media, ".proto", "transport protocol", stream, 0, "m=", 2), \
    STREAM(media, ".ptime", "packet time in ms", stream, NUM, "a=ptime:", 0)

#define HEADER(path, header, flags, what) \
    {path, what, oh_field_open_header, oh_field_pick_span, IDX | (flags), header, \
     offsetof(struct oh_field_view, text), NULL, NULL, 0}
#define LIST_HEADER(path, header, what) \
    {path, what, oh_field_open_header, oh_field_pick_value, BOTH | IDX | LIST, header, 0, NULL, \
     NULL, 0}, \
    COUNT(path, BOTH)
/* How many values there are of a header; by its name, as that of a header which the table does not
 * name. */
#define COUNT(path, when) \
    {path ".count", path ": how many values it has; 0 where there is none", oh_field_open_count, \
     oh_field_pick_span, (when) | NUM, OH_SIP_OTHER, offsetof(struct oh_field_view, text), path, \
     NULL, 0}

const struct oh_field_row oh_field_rows[] = {
    PART("method", "the request's method", message, message.method, REQ, OH_SIP_OTHER),
    PART("status", "the response's status code", message, message.status, RESP | NUM, OH_SIP_OTHER),
    PART("reason", "the response's reason phrase", message, message.reason, RESP, OH_SIP_OTHER),
    PART("request-uri", "the Request-URI", message, message.request_uri, REQ, OH_SIP_OTHER),
    URI_ROWS("request-uri", request_uri, OH_SIP_OTHER, REQ),
    PARAM("request-uri.param.NAME", "request-uri: URI parameter NAME", request_uri, uri_param, NULL,
          REQ, OH_SIP_OTHER),
    PART("body", "the body's bytes", message, message.body, BOTH | RAW, OH_SIP_OTHER),

    HEADER("via", OH_SIP_VIA, BOTH, "the first Via header's value; via[n]: the n-th Via"),
    VIA_PARAM("branch", 0),
    VIA_PART("protocol", "protocol and version, SIP/2.0", via_protocol, OH_FIELD_SQUEEZE),
    VIA_PART("transport", "transport, e.g. UDP", via.transport, 0),
    VIA_PART("host", "host of the sent-by", via.host, 0),
    VIA_PART("port", "port of the sent-by", via_port, NUM),
    VIA_PARAM("received", 0),
    VIA_PARAM("rport", NUM | OH_FIELD_MAY_BE_EMPTY),
    PARAM("via.param.NAME", "Via: parameter NAME, quotes off", via, via_param, NULL,
          BOTH | IDX | UNQUOTE, OH_SIP_VIA),
    COUNT("via", BOTH),

    HEADER("from", OH_SIP_FROM, BOTH, "the From header's value"),
    ADDRESS_ROWS("from", OH_SIP_FROM),
    HEADER("to", OH_SIP_TO, BOTH, "the To header's value"),
    ADDRESS_ROWS("to", OH_SIP_TO),
    HEADER("contact", OH_SIP_CONTACT, BOTH, "the first Contact header's value"),
    ADDRESS_ROWS("contact", OH_SIP_CONTACT),
    HEADER("route", OH_SIP_ROUTE, BOTH, "the first Route header's value"),
    ADDRESS_ROWS("route", OH_SIP_ROUTE),
    HEADER("record-route", OH_SIP_RECORD_ROUTE, BOTH, "the first Record-Route header's value"),
    ADDRESS_ROWS("record-route", OH_SIP_RECORD_ROUTE),
    HEADER("refer-to", OH_SIP_REFER_TO, BOTH, "the Refer-To header's value"),
    ADDRESS_ROWS("refer-to", OH_SIP_REFER_TO),
    HEADER("referred-by", OH_SIP_REFERRED_BY, BOTH, "the Referred-By header's value"),
    ADDRESS_ROWS("referred-by", OH_SIP_REFERRED_BY),

    HEADER("call-id", OH_SIP_CALL_ID, BOTH, "the Call-ID"),
    HEADER("cseq", OH_SIP_CSEQ, BOTH, "the CSeq header's value"),
    PART("cseq.number", "CSeq: the sequence number", cseq, cseq.number_text, BOTH | IDX | NUM,
         OH_SIP_CSEQ),
    PART("cseq.method", "CSeq: the method", cseq, cseq.method, BOTH | IDX, OH_SIP_CSEQ),

    HEADER("authorization", OH_SIP_AUTHORIZATION, REQ, "the Authorization header's value"),
    AUTH_ROWS("authorization", OH_SIP_AUTHORIZATION, REQ),
    HEADER("proxy-authorization", OH_SIP_PROXY_AUTHORIZATION, REQ,
           "the Proxy-Authorization header's value"),
    AUTH_ROWS("proxy-authorization", OH_SIP_PROXY_AUTHORIZATION, REQ),
    HEADER("www-authenticate", OH_SIP_WWW_AUTHENTICATE, RESP,
           "the WWW-Authenticate header's value"),
    AUTH_ROWS("www-authenticate", OH_SIP_WWW_AUTHENTICATE, RESP),
    HEADER("proxy-authenticate", OH_SIP_PROXY_AUTHENTICATE, RESP,
           "the Proxy-Authenticate header's value"),
    AUTH_ROWS("proxy-authenticate", OH_SIP_PROXY_AUTHENTICATE, RESP),

    LIST_HEADER("accept", OH_SIP_ACCEPT, "Accept: media types, a list"),
    LIST_HEADER("allow", OH_SIP_ALLOW, "Allow: methods, a list"),
    LIST_HEADER("proxy-require", OH_SIP_PROXY_REQUIRE, "Proxy-Require: option tags, a list"),
    LIST_HEADER("require", OH_SIP_REQUIRE, "Require: option tags, a list"),
    LIST_HEADER("supported", OH_SIP_SUPPORTED, "Supported: option tags, a list"),
    LIST_HEADER("unsupported", OH_SIP_UNSUPPORTED, "Unsupported: option tags, a list"),
    HEADER("content-length", OH_SIP_CONTENT_LENGTH, BOTH | NUM, "Content-Length, a number"),
    HEADER("content-type", OH_SIP_CONTENT_TYPE, BOTH, "the Content-Type header's value"),
    HEADER("expires", OH_SIP_EXPIRES, BOTH | NUM, "Expires, a number of seconds"),
    HEADER("max-forwards", OH_SIP_MAX_FORWARDS, BOTH | NUM, "Max-Forwards, a number"),
    HEADER("min-expires", OH_SIP_MIN_EXPIRES, BOTH | NUM, "Min-Expires, a number of seconds"),
    HEADER("rseq", OH_SIP_RSEQ, BOTH | NUM, "RSeq, a number"),

    PART("sdp", "the body, where it is SDP", sdp, message.body, BOTH | RAW, OH_SIP_OTHER),
    SDP("sdp.origin", "what follows o=", session, 0, NULL, "o=", SIZE_MAX),
    SDP("sdp.connection", "the session's address", session, 0, NULL, "c=", 2),
    SDP("sdp.version", "the v= line, a number", session, NUM, NULL, "v=", 0),
    SDP("sdp.session-id", "session id in o=", session, NUM, NULL, "o=", 1),
    SDP("sdp.session-version", "version in o=", session, NUM, NULL, "o=", 2),
    STREAM_ROWS("audio"),
    STREAM_ROWS("video"),
    STREAM_ROWS("image"),
};

/* clang-format on */

const size_t oh_field_row_count = sizeof oh_field_rows / sizeof oh_field_rows[0];

const struct oh_field_row oh_field_any_header = HEADER("", OH_SIP_OTHER, BOTH, "any header");

const struct oh_field_row oh_field_any_count = {".count",
                                                "how many values of any header",
                                                oh_field_open_count,
                                                oh_field_pick_span,
                                                BOTH | NUM,
                                                OH_SIP_OTHER,
                                                offsetof(struct oh_field_view, text),
                                                NULL,
                                                NULL,
                                                0};

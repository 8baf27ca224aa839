/* What the RFCs allow, odd as it may look, is accused by no always-on rule: edits of the healthy
 * trace, each with its clause. */
#include "judge/rules_script.h"

static const struct allowed {
    const char *why;
    struct edit edits[MAX_EDITS];
} allowed[] = {
    {"a REGISTER again when Retry-After has passed, RFC 3261 21.5.4",
     {{"r2-401", "401 Unauthorized", "503 Service Unavailable"},
      {"r2-401",
       "WWW-Authenticate: Digest realm=\"house\", nonce=\"n-two\", qop=\"auth\", algorithm=MD5, "
       "stale=true",
       "Retry-After: 0"},
      {"r3", "n-two", "n-one"},
      {"r3", "nc=00000001, cnonce=\"c\"", "nc=00000002, cnonce=\"d\""}}},
    {"a REGISTER again with the interval of Min-Expires, RFC 3261 10.2.8",
     {{"r2-401", "401 Unauthorized", "423 Interval Too Brief"},
      {"r2-401",
       "WWW-Authenticate: Digest realm=\"house\", nonce=\"n-two\", qop=\"auth\", algorithm=MD5, "
       "stale=true",
       "Min-Expires: 60"},
      {"r3", "n-two", "n-one"},
      {"r3", "nc=00000001, cnonce=\"c\"", "nc=00000002, cnonce=\"d\""}}},
    {"an end of the registration after a 403, RFC 3261 10.2.2",
     {{"r2-401", "401 Unauthorized", "403 Forbidden"},
      {"r2-401",
       "WWW-Authenticate: Digest realm=\"house\", nonce=\"n-two\", qop=\"auth\", algorithm=MD5, "
       "stale=true",
       "Warning: 399 house no"},
      {"r3", "Expires: 60", "Expires: 0"},
      {"r3", "n-two", "n-one"},
      {"r3", "nc=00000001, cnonce=\"c\"", "nc=00000002, cnonce=\"d\""}}},
    {"an end of the registration after a 423, RFC 3261 10.2.2",
     {{"r2-401", "401 Unauthorized", "423 Interval Too Brief"},
      {"r2-401",
       "WWW-Authenticate: Digest realm=\"house\", nonce=\"n-two\", qop=\"auth\", algorithm=MD5, "
       "stale=true",
       "Min-Expires: 120"},
      {"r3", "Expires: 60", "Expires: 0"},
      {"r3", "n-two", "n-one"},
      {"r3", "nc=00000001, cnonce=\"c\"", "nc=00000002, cnonce=\"d\""}}},
    {"an answer with a format of its own besides, RFC 3264 6.1",
     {{"a2-200", "RTP/AVP 0\n", "RTP/AVP 0 96\na=rtpmap:96 opus/48000/2\n"}}},
    {"an answer with another number for the same format, RFC 3264 6.1 (a SHOULD)",
     {{"a2-invite", "RTP/AVP 0\n", "RTP/AVP 98\na=rtpmap:98 opus/48000/2\n"},
      {"a2-200", "RTP/AVP 0\n", "RTP/AVP 96\na=rtpmap:96 OPUS/48000/2\n"}}},
    {"a refused stream with any format, RFC 3264 6",
     {{"a2-200", "m=audio 22000 RTP/AVP 0", "m=audio 0 RTP/AVP 8"}}},
    {"a refused stream without a direction, RFC 3264 6",
     {{"a2-invite", "RTP/AVP 0\n", "RTP/AVP 0\na=sendonly\n"},
      {"a2-200", "m=audio 22000 ", "m=audio 0 "}}},
    {"inactive in answer to sendonly, RFC 3264 6.1",
     {{"a2-invite", "t=0 0\n", "t=0 0\na=sendonly\n"},
      {"a2-200", "RTP/AVP 0\n", "RTP/AVP 0\na=inactive\n"}}},
    {"c= for each media, RFC 4566 5.7",
     {{"a2-200", "c=IN IP4 127.0.0.3\nt=0 0\nm=audio 22000 RTP/AVP 0\n",
       "t=0 0\nm=audio 22000 RTP/AVP 0\nc=IN IP4 127.0.0.3\n"}}},
    {"the same description offered again, RFC 3264 8",
     {{"a2-re", "Content-Length: 0\n\n",
       "Content-Type: application/sdp\nContent-Length: *\n\nv=0\no=- 1 1 IN IP4 127.0.0.2\ns=-\n"
       "c=IN IP4 127.0.0.2\nt=0 0\nm=audio 21000 RTP/AVP 0\n"}}},
    {"a changed description with the next version, RFC 3264 8",
     {{"a2-re", "Content-Length: 0\n\n",
       "Content-Type: application/sdp\nContent-Length: *\n\nv=0\no=- 1 2 IN IP4 127.0.0.2\ns=-\n"
       "c=IN IP4 127.0.0.2\nt=0 0\nm=audio 21000 RTP/AVP 0\na=sendonly\n"}}},
    {"compact names, RFC 3261 7.3.3",
     {{"a1-invite", "Via: ", "v: "},
      {"a1-invite", "Call-ID: ", "i: "},
      {"a1-invite", "From: ", "f: "},
      {"a1-invite", "To: ", "t: "},
      {"a1-invite", "Contact: ", "m: "},
      {"a1-invite", "Content-Length: ", "l: "}}},
    {"folded lines and names in other letters, RFC 3261 7.3.1",
     {{"a1-ack", "To: <sip:200@127.0.0.1>;tag", "TO:\n <sip:200@127.0.0.1>\n ;TAG"},
      {"a1-ack", "Via: SIP/2.0/UDP", "via : SIP / 2.0 / UDP"},
      {"a1-ack", "CSeq: 101", "cSEQ:   101"}}},
    {"tokens in other letters, RFC 3261 7.3.1",
     {{"a1-ack", "z9hG4bKa1", "Z9HG4BKA1"}, {"a1-ack", "tag=alice", "tag=ALICE"}}},
    {"another display name, RFC 3261 20.20", {{"a1-ack", "\"One\" ", ""}}},
    {"an equal URI in other letters, RFC 3261 19.1.4",
     {{"a1-ack", "ACK sip:200@127.0.0.1", "ACK SIP:%32%30%30@127.0.0.1"}}},
    {"no ACK seen and nothing after it, RFC 3261 17.1.1.2 (the response may be lost)",
     {{"b*", NULL, NULL}, {"in-*", NULL, NULL}, {"c-*", NULL, NULL}, {"o-ack", NULL, NULL}}},
    {"a capture that begins in the middle of a call",
     {{"r*", NULL, NULL},
      {"opt*", NULL, NULL},
      {"a1*", NULL, NULL},
      {"a2-invite", NULL, NULL},
      {"a2-1*", NULL, NULL},
      {"a2-200", NULL, NULL}}},
    {"a capture that begins with the ACK",
     {{"r*", NULL, NULL}, {"a1-invite", NULL, NULL}, {"a1-407", NULL, NULL}}},
    {"a challenge without qop, RFC 3261 22.4 (8)",
     {{"a1-407", ", qop=\"auth,auth-int\"", ""},
      {"a2-invite", ", qop=auth, nc=00000001, cnonce=\"c\"", ""},
      {"a2-re", ", qop=auth, nc=00000002, cnonce=\"d\"", ""},
      {"c-invite", ", qop=auth, nc=00000003, cnonce=\"e\"", ""}}},
    {"no algorithm where MD5 was offered, RFC 7616 3.3", {{"a2-invite", "algorithm=MD5, ", ""}}},
    {"the other qop that was offered, RFC 7616 3.4", {{"a2-invite", "qop=auth", "qop=auth-int"}}},
    {"nonce counts with gaps: requests may have gone unseen, RFC 7616 3.4",
     {{"a2-re", "nc=00000002", "nc=0000002a"}, {"c-invite", "nc=00000003", "nc=0000002b"}}},
    {"an unknown nonce in a first request, RFC 3261 22.3 (cached credentials)",
     {{"c-invite", "n-call", "n-older"}}},
    {"anonymous credentials, RFC 3261 22.2",
     {{"a2-invite", "username=\"100\"", "username=\"anonymous\""}}},
    {"credentials for several realms and of another scheme, RFC 3261 22.3",
     {{"a2-invite", "Proxy-Authorization: ",
       "Proxy-Authorization: Digest username=\"100\", realm=\"next\", nonce=\"n-next\", "
       "uri=\"sip:200@127.0.0.1\", response=\"@\"\nAuthorization: Basic eA==\n"
       "Proxy-Authorization: "}}},
    {"Record-Route and Vias joined by commas, RFC 3261 7.3.1",
     {{"in-200", "z9hG4bKin-p\nVia: ", "z9hG4bKin-p, "}}},
    {"received and rport in a response, RFC 3261 18.2.1, RFC 3581 4",
     {{"in-200", "z9hG4bKin-p", "z9hG4bKin-p;received=127.0.0.1;rport=5060"}}},
    {"no Record-Route and no Route, RFC 3261 12.2.1.1",
     {{"a2*", "Record-Route: ", NULL}, {"a2*", "Route: ", NULL}}},
    {"a strict router, RFC 3261 12.2.1.1",
     {{"a2*", "Record-Route: <sip:127.0.0.1;lr>", "Record-Route: <sip:127.0.0.1>"},
      {"a2-ack", "ACK sip:200@127.0.0.3:5060", "ACK sip:127.0.0.1"},
      {"a2-ack", "\nRoute: <sip:127.0.0.1;lr>", "\nRoute: <sip:200@127.0.0.3:5060>"},
      {"a2-re", "INVITE sip:200@127.0.0.3:5060", "INVITE sip:127.0.0.1"},
      {"a2-re", "uri=\"sip:200@127.0.0.3:5060\"", "uri=\"sip:127.0.0.1\""},
      {"a2-re", "\nRoute: <sip:127.0.0.1;lr>", "\nRoute: <sip:200@127.0.0.3:5060>"},
      {"a2-re-ack", "ACK sip:200@127.0.0.3:5066", "ACK sip:127.0.0.1"},
      {"a2-re-ack", "\nRoute: <sip:127.0.0.1;lr>", "\nRoute: <sip:200@127.0.0.3:5066>"},
      {"a2-bye", "BYE sip:200@127.0.0.3:5066", "BYE sip:127.0.0.1"},
      {"a2-bye", "\nRoute: <sip:127.0.0.1;lr>", "\nRoute: <sip:200@127.0.0.3:5066>"}}},
    {"a forwarded request with another's faults",
     {{"in-invite", "Contact: ", NULL},
      {"in-ack", "Max-Forwards: ", NULL},
      {"in-bye", NULL, NULL},
      {"in-bye-200", NULL, NULL}}},
    {"line ends before the message, RFC 3261 7.5", {{"opt", "OPTIONS sip", "\\r\\nOPTIONS sip"}}},
    {"a From without a tag from an older party, RFC 3261 12.1.1",
     {{"in-*", "<sip:200@127.0.0.1>;tag=caller", "<sip:200@127.0.0.1>"},
      {"in-bye-200", "To: <sip:200@127.0.0.1>", "To: <sip:200@127.0.0.1>;tag=late"}}},
    {"a second call to the same number after a challenge that was not followed, RFC 3261 8.1.3.5",
     {{"a2*", NULL, NULL}, {"c-invite", "nc=00000003", "nc=00000001"}}},
    {"one nonce offered for two algorithms, RFC 7616 3.9.1",
     {{"a1-407", "Proxy-Authenticate: ",
       "Proxy-Authenticate: Digest realm=\"house\", nonce=\"n-call\", qop=\"auth,auth-int\", "
       "algorithm=SHA-256, opaque=\"op\"\nProxy-Authenticate: "}}},
    {"the uri of the credentials without the Request-URI's parameters, RFC 3261 22.4 (6)",
     {{"a1-*", "sip:200@127.0.0.1 SIP", "sip:200@127.0.0.1:5060;user=phone SIP"},
      {"a2-invite", "INVITE sip:200@127.0.0.1", "INVITE sip:200@127.0.0.1:5060;user=phone"}}},
    {"the uri of the credentials names the target behind a strict router, RFC 3261 12.2.1.1",
     {{"a2*", "Record-Route: <sip:127.0.0.1;lr>", "Record-Route: <sip:127.0.0.1>"},
      {"a2-ack", "ACK sip:200@127.0.0.3:5060", "ACK sip:127.0.0.1"},
      {"a2-ack", "\nRoute: <sip:127.0.0.1;lr>", "\nRoute: <sip:200@127.0.0.3:5060>"},
      {"a2-re", "INVITE sip:200@127.0.0.3:5060", "INVITE sip:127.0.0.1"},
      {"a2-re", "\nRoute: <sip:127.0.0.1;lr>", "\nRoute: <sip:200@127.0.0.3:5060>"},
      {"a2-re-ack", "ACK sip:200@127.0.0.3:5066", "ACK sip:127.0.0.1"},
      {"a2-re-ack", "\nRoute: <sip:127.0.0.1;lr>", "\nRoute: <sip:200@127.0.0.3:5066>"},
      {"a2-bye", "BYE sip:200@127.0.0.3:5066", "BYE sip:127.0.0.1"},
      {"a2-bye", "\nRoute: <sip:127.0.0.1;lr>", "\nRoute: <sip:200@127.0.0.3:5066>"}}},
    {"the early dialog's target, which a 2xx need not replace, RFC 3261 13.2.2.4",
     {{"a2-180", "127.0.0.3:5060", "127.0.0.3:5099"},
      {"a2-ack", "ACK sip:200@127.0.0.3:5060", "ACK sip:200@127.0.0.3:5099"}}},
    {"a request that the capture missed: its response is there, RFC 3261 12.2.1.1",
     {{"a2-bye*", "CSeq: 104", "CSeq: 105"},
      {"a2-re-ack", "\n.\n",
       "\n.\n2.5 127.0.0.1:5060 -> 127.0.0.2:5060\nSIP/2.0 200 OK\n"
       "Via: SIP/2.0/UDP 127.0.0.2:5060;branch=z9hG4bKa2info\n"
       "From: <sip:100@127.0.0.1>;tag=alice\nTo: <sip:200@127.0.0.1>;tag=bob\n"
       "Call-ID: call@127.0.0.2\nCSeq: 104 INFO\nContent-Length: 0\n\n.\n"}}},
    {"a nonce offered again, counted anew, RFC 7616 3.4",
     {{"o-404", "SIP/2.0 404 Not Found", "SIP/2.0 407 Proxy Authentication Required"},
      {"o-404", "Content-Length",
       "Proxy-Authenticate: Digest realm=\"house\", nonce=\"n-call\", qop=\"auth,auth-int\", "
       "algorithm=MD5, opaque=\"op\"\nContent-Length"},
      {"c-invite", "nc=00000003", "nc=00000001"}}},
    {"a stale nonce that is offered again, RFC 3261 22.1",
     {{"r2-401", "n-two", "n-one"},
      {"r3", "n-two", "n-one"},
      {"r3", "nc=00000001, cnonce=\"c\"", "nc=00000002, cnonce=\"d\""}}},
    {"cached credentials refused for their age without a word of stale, RFC 7616 3.6",
     {{"r1-401", NULL, NULL}, {"r1", NULL, NULL}, {"r2-401", ", stale=true", ""}}},
    {"a registration tried anew much later with another tag and cached credentials, RFC 3261 10.2",
     {{"r3*", "0.02", "9000.02"}, {"r3*", "tag=reg", "tag=reg2"}, {"r3", "n-two", "n-older"}}},
    {"challenged by the proxy and by the other party, RFC 3261 22.3",
     {{"r2-401", "401 Unauthorized", "407 Proxy Authentication Required"},
      {"r2-401", "WWW-Authenticate: Digest realm=\"house\"",
       "Proxy-Authenticate: Digest realm=\"hall\""},
      {"r2-401", ", stale=true", ""},
      {"r3", "Authorization: Digest username=\"100\", realm=\"house\"",
       "Authorization: Digest username=\"100\", realm=\"house\", nonce=\"n-one\", "
       "uri=\"sip:127.0.0.1\", response=\"@\", algorithm=MD5, qop=auth, nc=00000002, cnonce=\"d\"\n"
       "Proxy-Authorization: Digest username=\"100\", realm=\"hall\""}}},
    {"lr with a value, parameters in another order and in other letters, RFC 3261 7.3.1",
     {{"a2-ack", "Route: <sip:127.0.0.1;lr>", "Route: <sip:127.0.0.1;LR=on>"},
      {"in-invite", "<sip:127.0.0.1;lr>", "<sip:127.0.0.1;lr;a=1>;b;c=\"x;y\""},
      {"in-180", "<sip:127.0.0.1;lr>", "<sip:127.0.0.1;A=1;lr>;c=\"x;y\" ; B"},
      {"in-200", "<sip:127.0.0.1;lr>", "<sip:127.0.0.1;lr;a=1>;b;c=\"x;y\""},
      {"in-bye", "<sip:127.0.0.1;lr>", "<sip:127.0.0.1;lr;a=1>"},
      {"a1-ack", "UDP 127.0.0.2:5060;branch=z9hG4bKa1;rport",
       "UDP  127.0.0.2 ; rport ; Branch=z9hG4bKa1"}}},
    {"a CANCEL after 100 only, RFC 3261 9.1",
     {{"c-180", "180 Ringing", "100 Trying"}, {"c-180", ";tag=bob2", ""}}},
    {"a From that changes by agreement, RFC 4916 4.1",
     {{"a2-invite", "Contact: ", "Supported: timer, from-change\nContact: "},
      {"a2-bye*", "From: \"One\" <sip:100@", "From: \"One\" <sip:101@"}}},
    {"odd and lawful texts, RFC 3261 7.3.1, 20, 25.1, RFC 4475 3.1.1.1",
     {{"opt", "From: <sip:100@127.0.0.1>;tag=opt",
       "fRoM:\t\"a, <b>;tag=x\\\\\"\" \n\t<sip:100@127.0.0.1;p=1>;y=\"z;tag=q\";TAG=opt;z"},
      {"opt-200", "From: <sip:100@127.0.0.1>", "From: <sip:100@127.0.0.1;p=1>"},
      {"opt", "Subject: check", "Subject:\nX-What-Not!%*_+`'~:\nSupported:\ns:again"},
      {"opt", "Content-Length: 0\n", ""},
      {"opt", "Max-Forwards: 70", "Max-Forwards  :  0070"},
      {"opt", "CSeq: 55 OPTIONS", "cseq: 0055\n   OPTIONS"},
      {"opt-200", "SIP/2.0 200 OK", "SIP/2.0 200 "}}},
    {"a 100 with a tag of its own, RFC 3261 8.2.6.2",
     {{"in-100", "To: <sip:100@127.0.0.1>", "To: <sip:100@127.0.0.1>;tag=early"}}},
};

static void what_the_rfcs_allow_is_not_accused(void **state)
{
    size_t wrong = 0;
    (void)state;
    for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++) {
        struct said s = ask(allowed[i].edits, MAX_EDITS, NULL);
        if (s.verdict->finding_count > 0) {
            char *text = told(s.verdict);
            print_error("%s, gives:%s\n", allowed[i].why, text);
            free(text);
            wrong++;
        }
        said_free(&s);
    }
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_rfcs_allow_is_not_accused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* RTP that is lawful, odd as it may look: no rule speaks of these edits of healthy-sdp.txt, each
 * with its clause. What next to them is not allowed stands in rules_faults_sdp.def. And that the
 * rules on RTP judge a stranger's capture as they judge a run. */
#include "judge/rules_script.h"

#define HEALTHY "healthy-sdp.txt"

static const struct allowed {
    const char *why;
    struct edit edits[MAX_EDITS];
} allowed[] = {
    {"the first packets overtake the 200 on the wire, RFC 3264 6.1",
     {{"s-rtp", "100.510", "100.490"}}},
    {"comfort noise that was agreed on, RFC 3551 4.1",
     {{"s-200", "0 101", "0 13 101"},
      {"s-rtp", "packets 28 type 0 ", "packets 28 type 13 length 1 "}}},
    {"what was under way when the BYE was sent, RFC 3261 15.1.1",
     {{"s-rtp-on", "packets 60", "packets 110"}}},
    {"what was under way when the call was put on hold, RFC 3264 8.4",
     {{"s-rtp-music", "packets 40", "packets 95"}, {"s-rtp-on", "sequence 90", "sequence 145"}}},
    {"music for the party on hold, RFC 3264 8.4", {{"s-rtp-music", "type 0", "type 0 marker"}}},
    {"sending to where the other side's RTP comes from, RFC 4961 4",
     {{"s-rtp*", "127.0.0.3:24000", "127.0.0.3:31000"}}},
    {"an address that a NAT has changed on the way, RFC 3264 5.1",
     {{"s-*", "c=IN IP4 127.0.0.2", "c=IN IP4 10.0.0.2"}}},
    {"RTCP reports by the port of RTP, RFC 3550 12.1",
     {{"s-rtp", "packets 28 type 0 ", "packets 28 type 79 marker "}}},
    {"a new SSRC after another took the old one, RFC 3550 8.2",
     {{"s-rtp-on", "1001 marker", "1001 marker\npackets 12 ssrc 1007"},
      {"s-rtp-b", "ssrc 2002", "ssrc 1001"}}},
    {"a new SSRC with a new description, RFC 3550 3", {{"s-rtp-on", "ssrc 1001", "ssrc 1007"}}},
    {"silence, through which the timestamp runs, RFC 3550 5.1, RFC 3551 4.1",
     {{"s-rtp", "packets 28 type 0 timestamp 4784 timestamp-step 160",
       "packets 1 type 0 timestamp 4784 timestamp-step 160 every-us 500000\n"
       "packets 2 every-us 20000 timestamp 8784 marker"}}},
    {"silence without a single packet, RFC 3264 6.1", {{"s-rtp-on", NULL, NULL}}},
    {"a long event in segments, RFC 4733 2.5.1.3",
     {{"s-rtp", "packets 3 event",
       "packets 1 event 5 duration 65535 duration-step 0\n"
       "packets 1 event 5 duration 160 timestamp 69039\npackets 3 event"},
      {"s-rtp", "packets 28", "packets 26"}}},
    {"an E bit put off to the repeats, RFC 4733 2.5.1.4",
     {{"s-rtp", "packets 3 event 5 duration 960 duration-step 0 end",
       "packets 1 event 5 duration 960 duration-step 0\npackets 2 event 5 duration 960 end"}}},
    {"events without an fmtp, RFC 4733 2.5.1.1",
     {{"s-rtp", "event 5", "event 11"},
      {"s-200", "fmtp:101", NULL},
      {"s-200", "rtpmap:101", NULL},
      {"s-200", "a=ptime:20\n",
       "a=rtpmap:101 telephone-event/8000\na=fmtp:101 0-11\na=ptime:20\n"}}},
    {"static types without an rtpmap, RFC 3264 5.1", {{"s-*", "a=rtpmap:0 ", NULL}}},
    {"no a=sendrecv, which is the default, RFC 3264 5.1", {{"s-on*", "a=sendrecv", NULL}}},
    {"packets that the network lost, RFC 3550 6.4.1",
     {{"s-rtp", "packets 28 type 0", "packets 28 type 0 sequence 60"},
      {"s-rtp-music", "sequence 50", "sequence 90"},
      {"s-rtp-on", "sequence 90", "sequence 130"}}},
    {"another medium, several packets to a picture, RFC 3550 5.1",
     {{"s-*", "t=0 0\n", "t=0 0\nm=video 5002 RTP/AVP 34\n"},
      {"s-rtp-b", "\n.\n",
       "\n.\n100.6 127.0.0.2:5002 -> 127.0.0.3:5002 rtp\n"
       "packets 20 type 34 sequence 1 timestamp 1 timestamp-step 0 ssrc 88\n"
       "packets 20 timestamp 3001\n.\n"}}},
    {"a stream that is refused beside one that is not, RFC 3264 6",
     {{"s-*", "t=0 0\n", "t=0 0\nm=video 5002 RTP/AVP 34\n"},
      {"s-200", "m=video 5002", "m=video 0"}}},
    {"packets in another length than asked for a codec of frames, RFC 3551 4.5.5",
     {{"s-*", "RTP/AVP 0", "RTP/AVP 4 0"},
      {"s-rtp*", "type 0", "type 4 length 24"},
      {"s-rtp-on", "timestamp 30864", "timestamp 30864 timestamp-step 240 every-us 30000"},
      {"s-rtp-on", "packets 60", "packets 40"}}},
    {"padding that is encrypted, RFC 3711 3.1",
     {{"s-*", "RTP/AVP", "RTP/SAVP"}, {"s-rtp-music", "type 0", "type 0 padding 200"}}},
    {"another medium takes the port of one that is over, RFC 3264 8.1, 8.2",
     {{"s-re-200", "m=audio 24000 RTP/AVP 0 101\n",
       "m=audio 0 RTP/AVP 0\nm=audio 24000 RTP/AVP 0 101\n"},
      {"s-in", "m=audio", "m=audio 0 RTP/AVP 0\nm=audio"},
      {"s-in-200", "m=audio", "m=audio 0 RTP/AVP 0\nm=audio"},
      {"s-on*", "m=audio", "m=audio 0 RTP/AVP 0\nm=audio"},
      {"s-re", "m=audio", "m=audio 0 RTP/AVP 0\nm=audio"},
      {"s-in*", "103.0", "103.6"},
      {"s-rtp-music", "packets 40", "packets 60"},
      {"s-rtp-on", "sequence 90", "sequence 110"}}},
    {"an offer of hold that was refused, RFC 3261 14.1",
     {{"s-in-200", "SIP/2.0 200 OK", "SIP/2.0 488 Not Acceptable Here"},
      {"s-in-ack", "Via: SIP/2.0/UDP 127.0.0.3:5060;branch=z9hG4bKsinack-b\n", ""},
      {"s-in-ack", "z9hG4bKsinack-p", "z9hG4bKsin-p"},
      {"s-in-ack", "Max-Forwards: 69", "Max-Forwards: 70"},
      {"s-on", "o=- 9 4", "o=- 9 3"},
      {"s-on-200", "o=- 7 4", "o=- 7 3"},
      {"s-rtp-music", "packets 40", "packets 120"},
      {"s-rtp-on", "sequence 90", "sequence 170"}}},
};

static void what_the_rfcs_allow_of_rtp_is_not_accused(void **state)
{
    size_t wrong = 0;
    (void)state;
    for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++) {
        struct said s = ask_of(HEALTHY, allowed[i].edits, MAX_EDITS, NULL);
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

/* --- a stranger's capture --- */

/* The same trace without a run, with one phone. */
static struct said ask_without_run(const struct edit *edits)
{
    struct said s = ask_of(HEALTHY, edits, MAX_EDITS, NULL);
    oh_verdict_free(s.verdict);
    oh_run_free(s.recording->run);
    s.recording->run = NULL;
    s.recording->until_ns = INT64_MAX;
    for (size_t i = 0; i < s.recording->trace->msg_count; i++) {
        struct oh_trace_msg *m = &s.recording->trace->msgs[i];
        m->from_phone = m->src.ip[3] == 2;
        m->to_phone = m->dst.ip[3] == 2;
        m->from_seat = m->to_seat = NULL;
    }
    judge_again(&s);
    return s;
}

static void a_capture_without_a_run_gives_the_same_findings_on_rtp(void **state)
{
    static const struct {
        const char *rule; /* NULL: none */
        struct edit edits[MAX_EDITS];
    } cases[] = {
        {NULL, {{0}}},
        {"media.payload-type", {{"s-rtp-on", "type 0", "type 8"}}},
        {"media.direction", {{"s-on-200", "a=sendrecv", "a=recvonly"}}},
        {"media.destination", {{"s-rtp", "127.0.0.3:24000", "127.0.0.3:26000"}}},
        {"media.after-own-bye", {{"s-rtp-on", "packets 60", "packets 200"}}},
        {"rtp.timestamp", {{"s-rtp-on", "timestamp 30864", "timestamp 30864 timestamp-step 0"}}},
        {"dtmf.marker", {{"s-rtp", "duration-step 160 marker", "duration-step 160"}}},
        {NULL, {{"s-rtp-b-on", "type 0", "type 8"}}}, /* the other party's own affair */
        {NULL, /* and 0.0.0.0 with the same port does not make it the phone's */
         {{"s-*", "23000", "24000"},
          {"s-in-200", "c=IN IP4 127.0.0.2", "c=IN IP4 0.0.0.0"},
          {"s-rtp-b-on", "type 0", "type 0 sequence-step 0"}}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct said s = ask_without_run(cases[i].edits);
        char *text = told(s.verdict);
        bool right = cases[i].rule ? s.verdict->finding_count == 1 &&
                                         strcmp(s.verdict->findings[0].id, cases[i].rule) == 0
                                   : s.verdict->finding_count == 0;
        if (!right)
            fail_msg("%s was awaited:%s", cases[i].rule ? cases[i].rule : "nothing", text);
        free(text);
        said_free(&s);
    }
}

/* --- what the findings say --- */

static void a_finding_on_rtp_cites_the_packet_and_the_description(void **state)
{
    const struct edit edits[MAX_EDITS] = {{"s-rtp-on", "type 0", "type 8"}};
    (void)state;
    struct said s = ask_of(HEALTHY, edits, MAX_EDITS, NULL);
    const struct oh_finding *f = &s.verdict->findings[0];
    const struct oh_trace *t = s.recording->trace;
    unsigned packet = 0, offer = 0; /* that of the hold, which still stands then */
    assert_int_equal(s.verdict->finding_count, 1);
    for (size_t i = 0; i < t->rtp_count && !packet; i++)
        packet = t->rtp[i].payload_type == 8 ? t->rtp[i].frame : 0;
    for (size_t i = 0; i < t->msg_count; i++)
        offer = t->msgs[i].time_ns == 103000 * OH_NS_PER_MS ? t->msgs[i].frame : offer;
    assert_int_equal(f->frame_count, 2);
    assert_int_equal(f->frames[0], packet);
    assert_int_equal(f->frames[1], offer);
    assert_int_equal(f->msg, OH_NONE);
    assert_string_equal(f->method, "RTP");
    assert_string_equal(f->observed, "payload type 8");
    assert_true(f->is_rule && f->from_phone);
    said_free(&s);
}

static void lost_evidence_silences_the_rules_of_what_is_missing_in_rtp(void **state)
{
    static const struct edit cases[][MAX_EDITS] = {
        {{"s-rtp", "duration-step 0 end", "duration-step 0"}},
        {{"s-rtp", "127.0.0.3:24000", "127.0.0.3:26000"}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct said s = ask_of(HEALTHY, cases[i], MAX_EDITS, NULL);
        assert_int_equal(s.verdict->finding_count, 1);
        oh_verdict_free(s.verdict);
        s.recording->run->capture.dropped = 1;
        judge_again(&s);
        assert_int_equal(s.verdict->finding_count, 0);
        said_free(&s);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_rfcs_allow_of_rtp_is_not_accused),
        cmocka_unit_test(a_capture_without_a_run_gives_the_same_findings_on_rtp),
        cmocka_unit_test(a_finding_on_rtp_cites_the_packet_and_the_description),
        cmocka_unit_test(lost_evidence_silences_the_rules_of_what_is_missing_in_rtp),
    };
    (void)ask;
    return cmocka_run_group_tests(tests, NULL, NULL);
}

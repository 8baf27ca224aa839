/* What is sound over UDP is sound over TCP, by whatever connections; what is not, is told there. */
#include "judge/rules_script.h"

/* How the healthy trace is carried. */
struct carriage {
    const char *phone;    /* where the phone's connections begin, without the port */
    bool several;         /* each message goes by a connection of its own */
    bool told_by_address; /* else the run says whose they are */
};

static void replace_all(char **text, const char *find, const char *put)
{
    struct oh_text out = {0};
    const char *at = *text, *hit;
    while ((hit = strstr(at, find))) {
        oh_text_add_span(&out, (struct oh_span){at, (size_t)(hit - at)});
        oh_text_add(&out, put);
        at = hit + strlen(find);
    }
    oh_text_add(&out, at);
    free(*text);
    *text = oh_text_take(&out);
}

/* What the server adds to the phone's Via: where it came from. RFC 3261 18.2.1, RFC 3581 4 */
static void tell_source(char **rest, const char *ip, const char *port)
{
    char *rport = oh_format(";rport=%s", strrchr(port, ':') + 1);
    char *via = oh_format("TCP 127.0.0.2:5060;received=%s;", ip);
    if (strncmp(*rest, "\nSIP/2.0 ", 9) == 0) {
        replace_all(rest, ";rport=5060;received=127.0.0.2", rport);
        replace_all(rest, "TCP 127.0.0.2:5060;", via);
    }
    free(rport);
    free(via);
}

/* The first line of a message: its time, source and destination. */
static void carry(char **text, size_t n, const struct carriage *how, struct oh_run *run)
{
    struct oh_addr remote;
    struct oh_error e = {0};
    char *end = strchr(*text, '\n');
    char *first = oh_format("%.*s tcp", (int)(end - *text), *text);
    char *rest = oh_strdup(end);
    char *port = oh_format("%s:%u", how->phone, how->several ? 41000 + (unsigned)n : 41000);
    replace_all(&first, "127.0.0.2:5060", port);
    replace_all(&rest, "SIP/2.0/UDP", "SIP/2.0/TCP");
    replace_all(&rest, "SIP / 2.0 / UDP", "SIP / 2.0 / TCP");
    tell_source(&rest, how->phone, port);
    free(*text);
    *text = oh_format("%s%s", first, rest);
    assert_int_equal(oh_addr_parse(oh_span_of(port), &remote, &e), 0);
    if (!how->told_by_address)
        oh_run_add_conn(run, "A", &remote);
    free(first);
    free(rest);
    free(port);
}

static struct said ask_tcp(const struct carriage *how, const struct edit *edits, size_t count)
{
    struct script s;
    struct oh_text text = {0};
    struct oh_error e = {0};
    struct oh_run *run = run_of_house();
    script_read(&s, "healthy.txt");
    for (size_t i = 0; i < count; i++)
        script_edit(&s, &edits[i]);
    compute_all(&s);
    for (size_t i = 0; i < s.count; i++) {
        copy_credentials(&s, i);
        carry(&s.texts[i], i, how, run);
        oh_text_add(&text, s.texts[i]);
    }
    struct oh_trace *trace = oh_trace_new();
    if (oh_trace_read_text(trace, "healthy.txt", oh_text_span(&text), &e) < 0)
        fail_msg("%s", e.text);
    struct said said = {.recording = oh_recording_make(run, trace, &e)};
    assert_non_null(said.recording);
    judge_again(&said);
    oh_text_release(&text);
    script_free(&s);
    return said;
}

static const struct carriage one = {"127.0.0.2", false, true};
static const struct carriage several = {"127.0.0.2", true, true};
static const struct carriage of_the_host = {"127.0.0.9", false, false};
static const struct carriage several_of_the_host = {"127.0.0.9", true, false};

static void expect(struct said s, const char *id)
{
    char *text = told(s.verdict);
    size_t count = s.verdict->finding_count;
    if (!id && count > 0)
        fail_msg("%s", text);
    if (id && (count != 1 || strcmp(s.verdict->findings[0].id, id) != 0))
        fail_msg("%s is due:%s", id, text);
    for (size_t i = 0; i < s.recording->trace->msg_count; i++) {
        const struct oh_trace_msg *m = &s.recording->trace->msgs[i];
        assert_true(m->from_seat && m->to_seat);
    }
    free(text);
    said_free(&s);
}

static void a_sound_phone_is_sound_over_TCP(void **state)
{
    (void)state;
    expect(ask_of("healthy.txt", NULL, 0, NULL), NULL); /* over UDP */
    expect(ask_tcp(&one, NULL, 0), NULL);
    expect(ask_tcp(&several, NULL, 0), NULL);
}

/* A program that does not bind what it connects with. */
static void an_address_that_the_host_chose_accuses_nobody(void **state)
{
    (void)state;
    expect(ask_tcp(&of_the_host, NULL, 0), NULL);
    expect(ask_tcp(&several_of_the_host, NULL, 0), NULL);
}

static void faults_are_told_over_TCP_as_over_UDP(void **state)
{
    (void)state;
    const struct {
        const char *id;
        struct edit edit;
    } faults[] = {
        {"ack.branch", {"a1-ack", "z9hG4bKa1", "z9hG4bKother"}},
        {"ack2xx.branch", {"a2-ack", "z9hG4bKa2ack", "z9hG4bKa2"}},
    };
    const struct carriage *const ways[] = {&one, &several, &several_of_the_host};
    for (size_t i = 0; i < 2; i++) {
        for (size_t k = 0; k < 3; k++)
            expect(ask_tcp(ways[k], &faults[i].edit, 1), faults[i].id);
    }
}

static void a_message_without_its_length_is_told_on_a_stream(void **state)
{
    (void)state;
    const struct edit edit = {"a1-ack", "Content-Length: ", NULL};
    expect(ask_tcp(&one, &edit, 1), "syntax.length-present");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sound_phone_is_sound_over_TCP),
        cmocka_unit_test(an_address_that_the_host_chose_accuses_nobody),
        cmocka_unit_test(faults_are_told_over_TCP_as_over_UDP),
        cmocka_unit_test(a_message_without_its_length_is_told_on_a_stream),
    };
    (void)ask;
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Recording: captures of the tree's test data into scenarios that can be read, and the words of
 * explain. Whether the scenarios hold on their captures is tests/system/test_record.sh's. */
#include "author/explain.h"
#include "author/record.h"
#include "base/file.h"
#include "scenario/scenario.h"
#include "trace/trace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void add16(struct oh_text *t, unsigned value)
{
    oh_text_add_char(t, (char)(value >> 8));
    oh_text_add_char(t, (char)value);
}

static void add32(struct oh_text *t, uint32_t value)
{
    add16(t, value >> 16);
    add16(t, value & 0xffff);
}

/* One message as a raw IPv4 packet with UDP, in a record of a big-endian pcap. */
static void add_packet(struct oh_text *t, const struct oh_trace_msg *m)
{
    unsigned len = (unsigned)m->sip->bytes.len + 28;
    struct sockaddr_storage ends[2];
    assert_true(oh_addr_to_sockaddr(&m->src, &ends[0]) > 0);
    assert_true(oh_addr_to_sockaddr(&m->dst, &ends[1]) > 0);
    add32(t, (uint32_t)(m->time_ns / OH_NS_PER_S));
    add32(t, (uint32_t)(m->time_ns % OH_NS_PER_S));
    add32(t, len);
    add32(t, len);
    add16(t, 0x4500);
    add16(t, len);
    add32(t, 0);
    add32(t, 0x40110000);
    for (int i = 0; i < 2; i++)
        add32(t, ntohl(((struct sockaddr_in *)&ends[i])->sin_addr.s_addr));
    add16(t, m->src.port);
    add16(t, m->dst.port);
    add16(t, len - 20);
    add16(t, 0);
    oh_text_add_span(t, m->sip->bytes);
}

/* A readable trace as a capture file; the caller frees the path. */
static char *capture_of(const char *file)
{
    struct oh_trace *trace = oh_trace_new();
    struct oh_text text = {0}, pcap = {0};
    struct oh_error e = {0};
    static const uint32_t head[] = {0xa1b23c4d, 0x00020004, 0, 0, 262144, 101};
    assert_int_equal(oh_file_read(file, 1 << 24, &text, &e), 0);
    assert_int_equal(oh_trace_read_text(trace, file, oh_text_span(&text), &e), 0);
    for (size_t i = 0; i < sizeof head / sizeof *head; i++)
        add32(&pcap, head[i]);
    for (size_t i = 0; i < trace->msg_count; i++)
        add_packet(&pcap, &trace->msgs[i]);
    char *path = oh_format("test_author_record.%d.pcap", (int)getpid());
    assert_int_equal(oh_file_write(path, oh_text_span(&pcap), 0600, &e), 0);
    oh_text_release(&text);
    oh_text_release(&pcap);
    oh_trace_free(trace);
    return path;
}

static void every_capture_gives_a_scenario_or_a_sentence(void **state)
{
    struct oh_error e = {0};
    char **files = oh_file_list(OH_TEST_DATA "/kills/captures", ".txt", &e);
    size_t written = 0;
    (void)state;
    assert_non_null(files);
    for (size_t i = 0; files[i]; i++) {
        char *path = capture_of(files[i]);
        struct oh_record_options options = {0};
        struct oh_text text = {0}, notes = {0};
        struct oh_errors errors = {0};
        if (oh_record(path, &options, &text, &notes, &e) != 0) {
            assert_true(e.text[0] != '\0');
        } else {
            struct oh_scenario *s = oh_scenario_parse("", oh_text_span(&text), &errors);
            if (!s)
                fail_msg("%s: line %u: %s\n%s", files[i], errors.items[0].place.line,
                         errors.items[0].text, oh_text_str(&text));
            oh_scenario_free(s);
            written++;
        }
        oh_errors_release(&errors);
        oh_text_release(&text);
        oh_text_release(&notes);
        unlink(path);
        free(path);
    }
    assert_true(written > 30);
    oh_file_list_free(files);
}

static void a_phone_that_is_not_there_is_a_sentence(void **state)
{
    struct oh_addr nobody;
    struct oh_error e = {0};
    struct oh_text text = {0}, notes = {0};
    (void)state;
    assert_int_equal(oh_addr_parse(oh_span_of("192.0.2.77"), &nobody, &e), 0);
    struct oh_record_options options = {.phone = &nobody};
    assert_int_equal(oh_record(OH_TEST_DATA "/none.pcap", &options, &text, &notes, &e), -1);
    assert_int_equal(text.len, 0);
}

static void fields_are_told_in_words(void **state)
{
    static const struct {
        const char *path, *words;
    } rows[] = {
        {"call-id", "Call-ID"},
        {"cseq.number", "the number of CSeq"},
        {"request-uri.user", "the user part of the Request-URI"},
        {"request-uri", "the Request-URI"},
        {"via[2].branch", "the branch of the 2nd Via"},
        {"record-route[11].uri", "the URI of the 11th Record-Route"},
        {"sdp.audio.formats", "the payload types of the audio in the SDP"},
        {"x-own", "X-Own"},
        {"proxy-authorization.nc", "the nonce count of Proxy-Authorization"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *words = oh_explain_field(rows[i].path);
        assert_string_equal(words, rows[i].words);
        free(words);
    }
}

static void times_are_told_in_their_largest_unit(void **state)
{
    static const struct {
        int64_t ms;
        const char *words;
    } rows[] = {{0, "0 ms"},       {50, "50 ms"},    {1000, "1 s"},        {1500, "1.5 s"},
                {32500, "32.5 s"}, {60000, "1 min"}, {61000, "1 min 1 s"}, {163000, "2 min 43 s"}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *words = oh_explain_duration(rows[i].ms);
        assert_string_equal(words, rows[i].words);
        free(words);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_capture_gives_a_scenario_or_a_sentence),
        cmocka_unit_test(a_phone_that_is_not_there_is_a_sentence),
        cmocka_unit_test(fields_are_told_in_words),
        cmocka_unit_test(times_are_told_in_their_largest_unit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

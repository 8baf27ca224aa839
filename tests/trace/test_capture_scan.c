/* Scanning a capture as it comes: live from a pipe, from standard input, with questions in between;
 * and what is told of evidence that is missing. */
#include "trace/capture_files.h"
#include "trace/tcp_wire.h"

#include <fcntl.h>

/* --- live --- */

/* A pipe whose writer sends the next frame when the one before was told: who waits for more than a
 * frame waits for ever. */
struct live {
    int ends[2];
    size_t told, count;
    struct oh_text pieces[8]; /* the file, in what is written at once */
    size_t written;
};

static void write_next(struct live *l)
{
    struct oh_text *piece = &l->pieces[l->written++];
    assert_int_equal(write(l->ends[1], piece->at, piece->len), (ssize_t)piece->len);
    if (l->written == l->count)
        close(l->ends[1]);
}

static void on_live(unsigned frame, int64_t time_ns, const struct oh_addr *src,
                    const struct oh_addr *dst, struct oh_span bytes, void *arg)
{
    struct live *l = arg;
    (void)time_ns, (void)src, (void)dst, (void)bytes;
    assert_int_equal(frame, ++l->told);
    if (l->written < l->count)
        write_next(l);
}

/* The pieces are the header with the first frame, then a frame each. */
static void scan_live(struct live *l, bool from_stdin)
{
    struct oh_capture_counts counts;
    struct oh_error e = {0};
    const struct oh_capture_sink sink = {.datagram = on_live, .tcp_message = on_live, .arg = l};
    char path[32];
    int kept = dup(STDIN_FILENO);
    alarm(20);
    assert_int_equal(pipe(l->ends), 0);
    write_next(l);
    snprintf(path, sizeof path, "/proc/self/fd/%d", l->ends[0]);
    if (from_stdin)
        dup2(l->ends[0], STDIN_FILENO);
    int status = oh_capture_scan(from_stdin ? "-" : path, NULL, 0, &sink, &counts, &e);
    dup2(kept, STDIN_FILENO);
    close(kept);
    close(l->ends[0]);
    alarm(0);
    assert_int_equal(status, 0);
    assert_int_equal(l->told, l->count);
    assert_int_equal(counts.frames, l->count);
    assert_false(counts.truncated);
    for (size_t i = 0; i < l->count; i++)
        oh_text_release(&l->pieces[i]);
}

static void each_frame_of_a_live_capture_is_told_when_it_comes(void **state)
{
    (void)state;
    for (int from_stdin = 0; from_stdin < 2; from_stdin++) {
        struct live l = {.count = 8};
        l.pieces[0] = capture_of(MAGIC_MICRO, RAW);
        for (unsigned i = 0; i < l.count; i++)
            add(&l.pieces[i], sip4(i + 1));
        scan_live(&l, from_stdin);
    }
}

static void each_packet_of_a_live_pcapng_is_told_when_it_comes(void **state)
{
    (void)state;
    struct live l = {.count = 8};
    struct ng ng = new_ng(false);
    interface(&ng, RAW, 9, 0);
    for (unsigned i = 0; i < l.count; i++) {
        packet(&ng, 0, i, sip4(i + 1));
        l.pieces[i] = ng.file;
        ng.file = (struct oh_text){0};
    }
    scan_live(&l, true);
}

/* What a program that packs flushes after each frame. */
static void each_frame_of_a_live_gzip_is_told_when_it_comes(void **state)
{
    (void)state;
    struct live l = {.count = 8};
    z_stream z = {0};
    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    for (unsigned i = 0; i < l.count; i++) {
        struct oh_text plain = i == 0 ? capture_of(MAGIC_MICRO, RAW) : (struct oh_text){0};
        char packed[4096];
        add(&plain, sip4(i + 1));
        z.next_in = (Bytef *)plain.at;
        z.avail_in = (uInt)plain.len;
        z.next_out = (Bytef *)packed;
        z.avail_out = sizeof packed;
        deflate(&z, i + 1 < l.count ? Z_SYNC_FLUSH : Z_FINISH);
        oh_text_add_span(&l.pieces[i], (struct oh_span){packed, sizeof packed - z.avail_out});
        oh_text_release(&plain);
    }
    deflateEnd(&z);
    scan_live(&l, true);
}

static void each_message_of_a_live_connection_is_told_when_it_comes(void **state)
{
    (void)state;
    struct live l = {.count = 8};
    struct wire w = new_wire();
    for (unsigned i = 0; i < l.count; i++) {
        says(&w, message(i + 1, i));
        l.pieces[i] = w.file;
        w.file = (struct oh_text){0};
    }
    scan_live(&l, true);
}

/* --- questions --- */

static struct oh_text many(size_t count)
{
    struct oh_text file = capture_of(MAGIC_MICRO, RAW);
    for (size_t i = 0; i < count; i++)
        add(&file, sip4((unsigned)i));
    return file;
}

static void progress_is_told_in_bytes_of_the_file(void **state)
{
    (void)state;
    struct told t = {0}, packed = {0};
    struct oh_text file = many(5000), gz = gzip_of(many(5000));
    size_t len = file.len, gz_len = gz.len;
    scan(&t, file);
    assert_int_equal(t.in_all, len);
    assert_int_equal(t.read, len);
    assert_true(t.asked >= len / 65536 + 5000 / 1024);
    scan(&packed, gz);
    assert_int_equal(packed.in_all, gz_len);
    assert_int_equal(packed.read, gz_len);
    assert_int_equal(packed.datagrams, 5000);
}

static void reading_may_be_ended_at_any_question(void **state)
{
    (void)state;
    size_t most = 0;
    for (size_t after = 1;; after++) {
        struct told t = {.stop_after = after};
        scan(&t, after % 2 ? many(3000) : gzip_of(many(3000)));
        if (t.asked < after)
            break;
        assert_int_equal(t.asked, after);
        assert_int_equal(t.status, after == 1 ? -1 : 0); /* not even a header had come */
        assert_false(t.counts.truncated);
        most = after;
    }
    assert_true(most >= 3);
}

/* --- evidence that is missing --- */

static void a_cut_datagram_is_told_as_lost_and_counted(void **state)
{
    (void)state;
    struct told t = {0};
    struct oh_text file = many(2);
    add_cut(&file, 0, sip4(3), 5);
    add(&file, sip4(4));
    scan(&t, file);
    assert_int_equal(t.datagrams, 3);
    assert_int_equal(t.counts.cut, 1);
    assert_int_equal(t.lost, 1);
}

static void a_gap_is_told_when_it_is_known_and_not_at_the_end(void **state)
{
    (void)state;
    struct told t = {0};
    struct wire w = new_wire();
    hello(&w);
    says_unseen(&w, message(1, 0));
    w.now += 200 * MS;
    acknowledges(&w);
    says(&w, message(2, 0));
    w.now += 200 * MS;
    acknowledges(&w);
    for (unsigned i = 3; i < 10; i++)
        says(&w, message(i, 0));
    scan(&t, w.file);
    assert_int_equal(t.messages, 8);
    assert_int_equal(t.counts.tcp_gaps, 1);
    assert_int_equal(t.lost, 1);
    assert_true(t.counts.truncated);
}

static void a_gap_before_the_first_message_is_told_with_it(void **state)
{
    (void)state;
    struct told t = {0};
    struct wire w = new_wire();
    says_unseen(&w, message(1, 0));
    w.now += 200 * MS;
    says(&w, message(2, 0));
    put_segment(&w, true, w.client + 100, w.server, ACK, message(3, 0), 0);
    put_segment(&w, false, w.server, w.client + 500, ACK, (struct oh_text){0}, 0);
    w.now += 200 * MS;
    put_segment(&w, false, w.server, w.client + 500, ACK, (struct oh_text){0}, 0);
    scan(&t, w.file);
    assert_true(t.lost > 0);
    assert_int_equal(t.messages, 2);
    assert_true(t.counts.truncated);
}

static void what_is_neither_sip_nor_lost_is_counted_by_its_kind(void **state)
{
    (void)state;
    struct told t = {0};
    struct wire w = new_wire();
    static const char *const openings[] = {
        "GET /sip HTTP/1.1\r\nUpgrade: websocket\r\nSec-WebSocket-Protocol: sip\r\n\r\n",
        "\x16\x03\x01\x02\x01\x01", /* TLS */
    };
    for (unsigned i = 0; i < 2; i++) {
        w.client_port = 41000 + i;
        w.client = CLIENT_ISN;
        w.server = SERVER_ISN;
        hello(&w);
        says(&w, text_of(openings[i]));
        answers(&w, text_of("HTTP/1.1 101 Switching Protocols\r\n\r\n"));
        says(&w, message(1, 0)); /* quoted in what is no SIP */
    }
    add(&w.file, ipv4_of(1, 3, 0, udp_of(message(2, 0))));
    add(&w.file, sip4(3));
    scan(&t, w.file);
    assert_int_equal(t.messages, 0);
    assert_int_equal(t.datagrams, 1);
    assert_int_equal(t.counts.tcp_other, 6);
    assert_int_equal(t.counts.other, 1);
    assert_false(t.counts.truncated);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_frame_of_a_live_capture_is_told_when_it_comes),
        cmocka_unit_test(each_packet_of_a_live_pcapng_is_told_when_it_comes),
        cmocka_unit_test(each_frame_of_a_live_gzip_is_told_when_it_comes),
        cmocka_unit_test(each_message_of_a_live_connection_is_told_when_it_comes),
        cmocka_unit_test(progress_is_told_in_bytes_of_the_file),
        cmocka_unit_test(reading_may_be_ended_at_any_question),
        cmocka_unit_test(a_cut_datagram_is_told_as_lost_and_counted),
        cmocka_unit_test(a_gap_is_told_when_it_is_known_and_not_at_the_end),
        cmocka_unit_test(a_gap_before_the_first_message_is_told_with_it),
        cmocka_unit_test(what_is_neither_sip_nor_lost_is_counted_by_its_kind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

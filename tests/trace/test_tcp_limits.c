/* Hostile and foreign TCP: much that waits, lengths that nobody sends, bulk that is no SIP. */
#include "trace/capture_files.h"
#include "trace/tcp.h"
#include "trace/tcp_wire.h"

static struct oh_text bulk(size_t len, const char *repeated)
{
    struct oh_text t = {0};
    while (t.len < len)
        oh_text_add(&t, repeated);
    return t;
}

static void says_in_pieces(struct wire *w, struct oh_text all)
{
    for (size_t at = 0; at < all.len; at += 1400)
        says(w, part_of(&all, at, 1400));
    oh_text_release(&all);
}

static void another_client(struct wire *w, unsigned port)
{
    w->client_port = port;
    w->client = CLIENT_ISN;
    w->server = SERVER_ISN;
}

static void a_length_of_four_gigabytes_costs_its_message_only(void **state)
{
    (void)state;
    static const char *const lengths[] = {"4294967296", "4294967295", "99999999999999999999999",
                                          "1048577"};
    for (size_t i = 0; i < 4; i++) {
        struct told t = {0};
        struct wire w = new_wire();
        struct oh_text liar = {0};
        oh_text_addf(&liar,
                     "OPTIONS sip:b SIP/2.0\r\nCall-ID: c\r\nContent-Length: %s\r\n\r\nbody\r\n",
                     lengths[i]);
        hello(&w);
        says(&w, message(1, 0));
        says(&w, liar);
        says(&w, message(2, 0));
        says(&w, message(3, 0));
        scan(&t, w.file);
        assert_int_equal(t.messages, 3);
        assert_int_equal(t.counts.tcp_other, 1);
        assert_false(t.counts.truncated);
    }
}

static void ten_thousand_headers_are_one_message(void **state)
{
    (void)state;
    struct told t = {0};
    struct wire w = new_wire();
    struct oh_text many = text_of("OPTIONS sip:b SIP/2.0\r\nContent-Length: 0\r\n");
    for (int i = 0; i < 10000; i++)
        oh_text_addf(&many, "X-%d: y\r\n", i);
    oh_text_add(&many, "\r\n");
    hello(&w);
    says_in_pieces(&w, many);
    says(&w, message(2, 0));
    scan(&t, w.file);
    assert_int_equal(t.messages, 2);
    assert_int_equal(t.counts.tcp_other, 0);
}

/* Each begins a message that never ends; together they are more than may be held. */
static void halves_of_messages_are_given_up_before_they_are_too_many(void **state)
{
    (void)state;
    struct told t = {0};
    struct wire w = new_wire();
    const unsigned hogs = 40, size = 500000;
    another_client(&w, 30000); /* idle meanwhile: costs nothing and loses nothing */
    hello(&w);
    says(&w, message(1, 0));
    uint32_t client = w.client, server = w.server;
    for (unsigned i = 0; i < hogs; i++) {
        struct oh_text half = {0};
        another_client(&w, 40000 + i);
        hello(&w);
        oh_text_addf(&half, "OPTIONS sip:b SIP/2.0\r\nContent-Length: %u\r\n\r\n", 2 * size);
        put_text(&half, bulk(size, "x\r\n"));
        says_in_pieces(&w, half);
    }
    another_client(&w, 30000);
    w.client = client;
    w.server = server;
    says(&w, message(2, 0));
    scan(&t, w.file);
    assert_int_equal(t.messages, 2);
    assert_true(t.counts.tcp_gaps == 0); /* nothing told that they are SIP */
    assert_false(t.counts.truncated);
}

static void what_was_given_up_of_a_sip_connection_is_a_gap_and_the_next_is_found(void **state)
{
    (void)state;
    struct told t = {0};
    struct wire w = new_wire();
    const unsigned hogs = 40, size = 500000;
    uint32_t client[40];
    for (unsigned i = 0; i < hogs; i++) {
        struct oh_text half = message(1, 0);
        another_client(&w, 40000 + i);
        hello(&w);
        oh_text_addf(&half, "OPTIONS sip:b SIP/2.0\r\nContent-Length: %u\r\n\r\n", 2 * size);
        put_text(&half, bulk(size, "x\r\n"));
        says_in_pieces(&w, half);
        client[i] = w.client;
    }
    another_client(&w, 40000); /* was given up long ago */
    w.client = client[0];
    w.server++;
    says(&w, message(2, 0));
    scan(&t, w.file);
    assert_int_equal(t.messages, hogs + 1);
    assert_true(t.counts.tcp_gaps > hogs / 2);
    assert_int_equal(t.lost, t.counts.tcp_gaps);
    assert_true(t.counts.truncated);
}

/* Bytes that wait for one that never comes, on more connections than may. */
static void segments_that_wait_in_vain_are_given_up(void **state)
{
    (void)state;
    struct told t = {0};
    struct wire w = new_wire();
    const unsigned connections = 3000;
    for (unsigned i = 0; i < connections; i++) {
        another_client(&w, 10000 + i);
        hello(&w);
        says(&w, message(1, 0));
        w.client++; /* never seen, never acknowledged */
        for (unsigned k = 0; k < 8; k++)
            says(&w, message(2 + k, 300));
    }
    scan(&t, w.file);
    assert_int_equal(t.messages, connections * 9);
    assert_int_equal(t.counts.tcp_gaps, connections);
}

static void bulk_that_is_no_sip_is_looked_at_for_a_while_only(void **state)
{
    (void)state;
    for (int late = 0; late < 2; late++) {
        struct told t = {0};
        struct wire w = new_wire();
        says_in_pieces(&w, bulk(late ? 2 * OH_TCP_LOOKED_AT : 1000, "0123456789abcde\r\n"));
        says(&w, message(1, 0));
        says(&w, message(2, 0));
        scan(&t, w.file);
        assert_int_equal(t.messages, late ? 0 : 2);
    }
}

/* Line ends without number, each of which might end a line before a message. */
static void noise_of_any_make_is_passed_over_in_its_time(void **state)
{
    (void)state;
    static const char *const noises[] = {
        "\ra", "\na", "\r", "\n", "\r\n \r", "\rINVITE sip:a", "\rINVITE sip:a SIP/2.0"};
    for (size_t i = 0; i < sizeof noises / sizeof *noises; i++) {
        struct told t = {0};
        struct wire w = new_wire();
        hello(&w);
        says(&w, message(1, 0));
        says_in_pieces(&w, bulk((size_t)2 << 20, noises[i]));
        says(&w, text_of("\r\n"));
        says(&w, message(2, 0));
        says(&w, message(3, 0));
        alarm(20);
        scan(&t, w.file);
        alarm(0);
        assert_true(t.messages >= 3);
        assert_false(t.counts.truncated);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_length_of_four_gigabytes_costs_its_message_only),
        cmocka_unit_test(ten_thousand_headers_are_one_message),
        cmocka_unit_test(halves_of_messages_are_given_up_before_they_are_too_many),
        cmocka_unit_test(what_was_given_up_of_a_sip_connection_is_a_gap_and_the_next_is_found),
        cmocka_unit_test(segments_that_wait_in_vain_are_given_up),
        cmocka_unit_test(bulk_that_is_no_sip_is_looked_at_for_a_while_only),
        cmocka_unit_test(noise_of_any_make_is_passed_over_in_its_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

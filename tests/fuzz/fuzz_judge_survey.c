/* Anybody's messages and media in a capture, held against all rules. Input: packets, each of a byte
 * that chooses who sends to whom, one of the time that passed (256ths of a second to minutes), two
 * of its length, and its bytes. */
#include "judge/survey.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LEAD = 4, HEADERS = 28, LONGEST = 65535 - HEADERS };

static void put(struct oh_text *out, const void *bytes, size_t len)
{
    oh_text_add_span(out, (struct oh_span){bytes, len});
}

static void put32(struct oh_text *out, uint32_t value)
{
    put(out, &value, sizeof value);
}

/* Raw IPv4. RFC 768: a checksum of nothing is none. */
static void put_packet(struct oh_text *out, unsigned from, unsigned to, const uint8_t *at,
                       size_t len)
{
    const size_t whole = len + HEADERS, udp = len + 8;
    const unsigned sport = from % 2 ? 4000 : 5060, dport = to % 2 ? 4000 : 5060;
    const uint8_t head[HEADERS] = {0x45,
                                   0,
                                   (uint8_t)(whole >> 8),
                                   (uint8_t)whole,
                                   [8] = 64,
                                   [9] = 17,
                                   [12] = 192,
                                   0,
                                   2,
                                   (uint8_t)(1 + from / 2),
                                   192,
                                   0,
                                   2,
                                   (uint8_t)(1 + to / 2),
                                   (uint8_t)(sport >> 8),
                                   (uint8_t)sport,
                                   (uint8_t)(dport >> 8),
                                   (uint8_t)dport,
                                   (uint8_t)(udp >> 8),
                                   (uint8_t)udp};
    put(out, head, sizeof head);
    put(out, at, len);
}

static void put_capture(struct oh_text *out, const uint8_t *data, size_t size)
{
    uint64_t time_us = UINT64_C(1700000000) * 1000000;
    static const uint32_t head[] = {0xa1b2c3d4, 2 | 4 << 16, 0, 0, 262144, 101};
    put(out, head, sizeof head);
    while (size > LEAD) {
        size_t len = (size_t)data[2] << 8 | data[3];
        len = len < size - LEAD ? len : size - LEAD;
        len = len < LONGEST ? len : LONGEST;
        time_us += (uint64_t)data[1] * data[1] * 1000000 / 256;
        put32(out, (uint32_t)(time_us / 1000000));
        put32(out, (uint32_t)(time_us % 1000000));
        put32(out, (uint32_t)(len + HEADERS));
        put32(out, (uint32_t)(len + HEADERS + (data[0] & 0x80 ? 1 : 0))); /* cut by one byte */
        put_packet(out, data[0] & 7, data[0] >> 3 & 7, data + LEAD, len);
        data += LEAD + len;
        size -= LEAD + len;
    }
}

static void expect_sound(const struct oh_surveyed *p)
{
    assert(p->kept <= p->findings && p->kept == p->verdict->finding_count);
    for (size_t i = 0; i < p->verdict->finding_count; i++) {
        const struct oh_finding *f = &p->verdict->findings[i];
        assert(f->id && f->text);
        assert(f->msg >= OH_NONE && f->msg < (int)p->verdict->recording->trace->msg_count);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int fd = -1;
    static char path[32];
    static char username[] = "mira", password[] = "apple-tree-4";
    struct oh_run_secret secret = {.username = username, .password = password};
    struct oh_survey_options options = {.secrets = &secret, .secret_count = 1};
    struct oh_text capture = {0};
    struct oh_error e = {0};
    if (fd < 0) {
        fd = memfd_create("capture", MFD_CLOEXEC);
        assert(fd >= 0);
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    }
    put_capture(&capture, data, size);
    assert(ftruncate(fd, 0) == 0);
    assert(pwrite(fd, capture.at, capture.len, 0) == (ssize_t)capture.len);
    struct oh_survey *s = oh_survey_new(&options);
    assert(oh_survey_capture(s, path, NULL, NULL, &e) == 0);
    for (size_t i = 0; i < oh_survey_count(s); i++)
        expect_sound(oh_survey_at(s, i));
    oh_survey_free(s);
    oh_text_release(&capture);
    return 0;
}

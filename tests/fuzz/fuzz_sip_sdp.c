/* Any bytes as a session description: read, answered and offered again; and as the body of a
 * message, every field of it. What we write ourselves must be read again. */
#include "sip/field.h"
#include "sip/sdp.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const unsigned formats[] = {0, 8, 101};

static struct oh_sdp_local local(void)
{
    return (
        struct oh_sdp_local){.rtp = {.family = OH_FAMILY_IPV4, .ip = {192, 0, 2, 1}, .port = 4000},
                             .session_id = 1,
                             .version = 2,
                             .formats = formats,
                             .format_count = sizeof formats / sizeof *formats};
}

static void expect_sound(const struct oh_sdp_audio *audio)
{
    assert(audio->format_count <= OH_SDP_MAX_FORMATS);
    for (size_t i = 0; i < audio->format_count; i++)
        assert(memchr(audio->names[i], '\0', sizeof audio->names[i]));
}

static void expect_read(const struct oh_text *ours)
{
    struct oh_sdp_audio audio;
    struct oh_error e = {0};
    assert(oh_sdp_is_harmless(oh_text_span(ours)));
    assert(oh_sdp_audio_parse(oh_text_span(ours), &audio, &e) == 0 || e.text[0]);
}

static void write_back(struct oh_span body)
{
    const struct oh_sdp_local mine = local();
    struct oh_error e = {0};
    struct oh_text text = {0};
    if (oh_sdp_answer_format(body, &mine, &text, &e) == 0)
        expect_read(&text);
    else
        assert(text.len == 0 && e.text[0]);
    oh_text_clear(&text);
    e = (struct oh_error){0};
    if (oh_sdp_reoffer_format(body, &mine, &text, &e) == 0)
        expect_read(&text);
    else
        assert(text.len == 0 && e.text[0]);
    oh_text_release(&text);
}

static void read_fields(struct oh_span body)
{
    static const char head[] = "OPTIONS sip:a SIP/2.0\r\nContent-Type: application/sdp\r\n\r\n";
    struct oh_text text = {0};
    const char *path, *meaning;
    oh_text_add(&text, head);
    oh_text_add_span(&text, body);
    struct oh_sip_msg *m = oh_sip_msg_parse(oh_text_span(&text));
    assert(m);
    for (size_t i = 0; (path = oh_field_list(i, &meaning)); i++) {
        struct oh_field field;
        if (strncmp(path, "sdp", 3) == 0) {
            (void)oh_field_get(m, oh_span_of(path), &field);
            oh_field_release(&field);
        }
    }
    oh_sip_msg_free(m);
    oh_text_release(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *own = malloc(size ? size : 1); /* its end is guarded */
    assert(own);
    memcpy(own, data, size);
    const struct oh_span body = {own, size};
    struct oh_sdp_audio audio;
    struct oh_error e = {0};
    if (oh_sdp_audio_parse(body, &audio, &e) == 0)
        expect_sound(&audio);
    else
        assert(e.text[0]);
    write_back(body);
    read_fields(body);
    free(own);
    return 0;
}

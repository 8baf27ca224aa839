/* Any bytes: split as a message, and every known field of it read. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "sip/field.h"
#include "sip/message.h"
#include "sip/sdp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect_inside(const struct oh_sip_msg *m, struct oh_span s)
{
    assert(!s.at || (s.at >= m->bytes.at && s.at + s.len <= m->bytes.at + m->bytes.len));
}

static void read_fields(const struct oh_sip_msg *m)
{
    const char *path, *meaning;
    for (size_t i = 0; (path = oh_field_list(i, &meaning)); i++) {
        struct oh_field field;
        if (oh_field_get(m, oh_span_of(path), &field) == 0)
            expect_inside(m, field.bytes);
        oh_field_release(&field);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct oh_span bytes = {.at = (const char *)data, .len = size};
    struct oh_sip_msg *m = oh_sip_msg_parse(bytes);
    assert((m != NULL) == oh_sip_looks_like(bytes));
    if (m) {
        for (size_t i = 0; i < m->header_count; i++) {
            expect_inside(m, m->headers[i].line);
            expect_inside(m, m->headers[i].name);
            expect_inside(m, m->headers[i].value);
        }
        for (size_t i = 0; i < m->defect_count; i++)
            expect_inside(m, m->defects[i].bytes);
        read_fields(m);
    }
    oh_sip_msg_free(m);

    struct oh_sdp_audio audio;
    struct oh_error error;
    (void)oh_sdp_audio_parse(bytes, &audio, &error);
    return 0;
}

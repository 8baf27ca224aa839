/* Any bytes as a readable trace: refused with a place, or linked so that every link points where it
 * may. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "trace/trace.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect_links(const struct oh_trace *t, int i)
{
    const struct oh_trace_msg *m = &t->msgs[i];
    const int earlier[] = {m->duplicate_of, m->repeat_of, m->request,
                           m->answered,     m->retry_of,  m->challenge};
    const int any[] = {m->final, m->ack};
    assert(m->index == i);
    for (size_t k = 0; k < sizeof earlier / sizeof earlier[0]; k++)
        assert(earlier[k] >= OH_NONE && earlier[k] < i);
    for (size_t k = 0; k < sizeof any / sizeof any[0]; k++)
        assert(any[k] >= OH_NONE && any[k] < (int)t->msg_count);
    assert((m->retry_of == OH_NONE) == (m->challenge == OH_NONE));
    assert(m->request == OH_NONE || t->msgs[m->request].sip->is_request);
    assert(m->answered == OH_NONE || oh_sip_msg_is_final(t->msgs[m->answered].sip));
    assert(m->final == OH_NONE || oh_sip_msg_is_final(t->msgs[m->final].sip));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct oh_span text = {.at = (const char *)data, .len = size};
    struct oh_error error = {0};
    struct oh_trace *t = oh_trace_new();
    if (oh_trace_read_text(t, "trace", text, &error) < 0)
        assert(error.place.line > 0 && error.text[0]);
    oh_trace_link(t);
    for (int i = 0; i < (int)t->msg_count; i++)
        expect_links(t, i);
    oh_trace_free(t);
    return 0;
}

/* Any bytes as run.json and as secrets.json: refused with a sentence, or a run that is made into a
 * recording and that written again reads the same. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "trace/run_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect_same_again(const struct oh_run *run)
{
    struct oh_error error = {0};
    struct oh_text first = {0}, second = {0};
    oh_run_format(run, &first);
    struct oh_run *again = oh_run_parse("run.json", oh_text_span(&first), &error);
    assert(again);
    oh_run_format(again, &second);
    assert(oh_span_equal(oh_text_span(&first), oh_text_span(&second)));
    oh_text_release(&first);
    oh_text_release(&second);
    oh_run_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct oh_span bytes = {.at = (const char *)data, .len = size};
    struct oh_error error = {0};
    struct oh_run *run = oh_run_parse("run.json", bytes, &error);
    assert(run || error.text[0]);
    if (run) {
        expect_same_again(run);
        oh_recording_free(oh_recording_make(run, NULL, &error));
    }

    struct oh_run *empty = oh_run_new(NULL);
    (void)oh_run_secrets_parse(empty, "secrets.json", bytes, &error);
    oh_run_free(empty);
    return 0;
}

/* Any scenario that can be read is explained: every step in words, and how long it takes. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "author/explain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* libfyaml 0.7 keeps a block of its own where it breaks off within a key: some hundred bytes of a
 * file that is refused. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libfyaml\n";
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct oh_span text = {.at = (const char *)data, .len = size};
    struct oh_errors errors = {0};
    struct oh_scenario *s = oh_scenario_parse("fuzz.yaml", text, &errors);
    for (int i = 0; s && i < (int)s->step_count; i++) {
        struct oh_explained x;
        oh_explain_step(s, i, &x);
        assert(x.label);
        oh_explained_release(&x);
    }
    if (s) {
        struct oh_explain_time t = oh_explain_time(s);
        assert(t.least_ms >= 0 && t.most_ms >= t.least_ms);
    }
    oh_errors_release(&errors);
    oh_scenario_free(s);
    return 0;
}

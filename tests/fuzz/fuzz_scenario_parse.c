/* Any bytes: read as a scenario. Either a scenario or at least one mistake, each of which can be
 * told. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "scenario/scenario.h"

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
    struct oh_scenario *scenario = oh_scenario_parse("fuzz.yaml", text, &errors);
    assert(scenario || errors.count > 0);

    struct oh_text told = {0};
    oh_errors_format(&errors, &told);
    oh_text_release(&told);
    oh_errors_release(&errors);
    oh_scenario_free(scenario);

    /* as a file: with its table, and with what only a file is held against */
    struct oh_errors more = {0};
    struct oh_scenario_set *set = oh_scenario_set_parse("fuzz.yaml", text, NULL, 0, &more);
    assert(set || more.count > 0);
    oh_scenario_set_free(set);
    oh_errors_release(&more);
    return 0;
}

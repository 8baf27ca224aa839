/* Any bytes: read as a scenario. Either a scenario or at least one mistake, each of which can be
 * told. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "scenario/scenario.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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
    return 0;
}

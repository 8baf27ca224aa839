/* Which other forms a report has: each file in formats/ is one. */
#include "reports/report.h"

#define OH_COLLECT(stem) extern const struct oh_report_format oh_format_##stem;
#include "collected/formats.def"
#undef OH_COLLECT

const struct oh_report_format *const *oh_report_formats(void)
{
    static const struct oh_report_format *const all[] = {
#define OH_COLLECT(stem) &oh_format_##stem,
#include "collected/formats.def"
#undef OH_COLLECT
        NULL};
    return all;
}

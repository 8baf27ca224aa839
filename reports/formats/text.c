/* The text form: what `run` shows on a terminal, of the whole report. */
#include "reports/json.h"
#include "reports/report.h"

static void write(const json_t *report, const struct oh_report_style *style, struct oh_text *out)
{
    if (oh_json_count(report, "captures") > 0) {
        oh_report_phones_text(json_object_get(report, "scenarios"), style, out);
        oh_report_summary_text(report, style, out);
        return;
    }
    for (size_t i = 0; i < oh_json_count(report, "scenarios"); i++) {
        oh_report_scenario_text(oh_json_item(report, "scenarios", i), style, out);
        oh_text_add_char(out, '\n');
    }
    oh_report_summary_text(report, style, out);
}

const struct oh_report_format oh_format_text;
const struct oh_report_format oh_format_text = {
    "text", "ladders, findings and summary, as 'offhook run' shows them", write};

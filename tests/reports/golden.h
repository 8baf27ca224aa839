/* Golden files of reports: compared, or with OH_GOLDEN_UPDATE=1 written anew to be read by eye. */
#ifndef OH_TEST_REPORTS_GOLDEN_H
#define OH_TEST_REPORTS_GOLDEN_H

#include "base/file.h"
#include "reports/report.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define GOLDEN_FOLDER OH_TEST_DATA "/reports"

static inline void assert_golden(const char *name, const char *text)
{
    struct oh_error e = {0};
    struct oh_text wanted = {0};
    char *path = oh_file_join(GOLDEN_FOLDER, name);
    if (getenv("OH_GOLDEN_UPDATE"))
        assert_int_equal(oh_file_write(path, oh_span_of(text), 0644, &e), 0);
    if (oh_file_read(path, (size_t)1 << 24, &wanted, &e) < 0)
        fail_msg("%s: %s", path, e.text);
    if (strcmp(oh_text_str(&wanted), text) != 0)
        fail_msg("%s differs; this was made:\n%s", path, text);
    oh_text_release(&wanted);
    free(path);
}

/* A report as it is written, but for what changes from version to version. */
static inline void assert_golden_report(const char *name, json_t *report)
{
    struct oh_error e = {0};
    struct oh_text text = {0};
    char path[] = "/tmp/offhook-report-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    json_object_set_new(report, "harness", json_pack("{s:s, s:s}", "version", "0", "rules", "0"));
    assert_int_equal(oh_report_write(report, path, &e), 0);
    assert_int_equal(oh_file_read(path, (size_t)1 << 24, &text, &e), 0);
    unlink(path);
    assert_golden(name, oh_text_str(&text));
    oh_text_release(&text);
    json_decref(report);
}

/* The form of this name. */
static inline const struct oh_report_format *form_named(const char *name)
{
    const struct oh_report_format *const *all = oh_report_formats();
    for (size_t i = 0; all[i]; i++) {
        if (strcmp(all[i]->name, name) == 0)
            return all[i];
    }
    fail_msg("there is no form %s", name);
    return NULL;
}

#endif

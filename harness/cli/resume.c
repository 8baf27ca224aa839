#include "cli/resume.h"

#include "base/file.h"
#include "reports/report.h"
#include "trace/run.h"

#include <stdlib.h>
#include <string.h>

struct oh_resume {
    char *folder;
    json_t *report;
};

struct oh_resume *oh_resume_read(const char *folder, struct oh_error *e)
{
    char *path = oh_file_join(folder, "report.json");
    json_t *report = oh_file_exists(path) ? oh_report_read(path, e) : NULL;
    if (!report && !*e->text) {
        oh_error_set(e, "there is no run in %s that could be taken up again: it has no report.json",
                     folder);
        oh_error_remedy(e, "give the folder that '-o' named, or play without --continue");
    }
    free(path);
    if (!report)
        return NULL;
    struct oh_resume *r = oh_alloc(sizeof *r);
    r->folder = oh_strdup(folder);
    r->report = report;
    return r;
}

void oh_resume_free(struct oh_resume *r)
{
    if (!r)
        return;
    json_decref(r->report);
    free(r->folder);
    free(r);
}

static bool is_reported(const struct oh_resume *r, const char *name)
{
    const json_t *entry;
    size_t i;
    json_array_foreach(json_object_get(r->report, "scenarios"), i, entry)
    {
        const char *folder = json_string_value(json_object_get(entry, "folder"));
        if (folder && strcmp(folder, name) == 0 && json_object_get(entry, "verdict"))
            return true;
    }
    return false;
}

static bool same(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool has_same_values(const struct oh_run *run, const struct oh_scenario *s)
{
    if (run->param_count != s->param_count)
        return false;
    for (size_t i = 0; i < s->param_count; i++) {
        if (!same(run->params[i].name, s->params[i].name) ||
            !same(run->params[i].value, s->params[i].value))
            return false;
    }
    return true;
}

bool oh_resume_has(const struct oh_resume *r, const struct oh_scenario *s, const char *name,
                   const struct oh_adapter *adapter)
{
    if (!r || !is_reported(r, name))
        return false;
    struct oh_error e = {0};
    char *folder = oh_file_join(r->folder, name);
    struct oh_run *run = oh_run_read(folder, &e);
    bool has = run && run->outcome != OH_OUTCOME_INTERRUPTED &&
               same(run->scenario_text, s->source_text) && same(run->scenario_row, s->row) &&
               has_same_values(run, s) &&
               (run->phone_count == 0 || same(run->phones[0].adapter, oh_adapter_name(adapter)));
    oh_run_free(run);
    free(folder);
    return has;
}

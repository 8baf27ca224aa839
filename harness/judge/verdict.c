#include "judge/internal.h"

#include <stdlib.h>

const char *oh_word_name(enum oh_word w)
{
    static const char *const names[OH_WORDS] = {[OH_WORD_PASS] = "pass",
                                                [OH_WORD_INCONCLUSIVE] = "inconclusive",
                                                [OH_WORD_FAIL] = "fail",
                                                [OH_WORD_ERROR] = "error",
                                                [OH_WORD_SKIP] = "skip"};
    return names[w];
}

const char *oh_result_name(enum oh_result r)
{
    static const char *const names[] = {[OH_RESULT_FAIL] = "fail",
                                        [OH_RESULT_WARN] = "warn",
                                        [OH_RESULT_INFO] = "info",
                                        [OH_RESULT_NOT_CHECKABLE] = "not-checkable"};
    return names[r];
}

const char *oh_step_word_name(enum oh_step_word w)
{
    static const char *const names[] = {[OH_STEP_IS_PASS] = "pass",
                                        [OH_STEP_IS_WARN] = "warn",
                                        [OH_STEP_IS_FAIL] = "fail",
                                        [OH_STEP_IS_MISSED] = "missed",
                                        [OH_STEP_IS_UNCLEAR] = "inconclusive",
                                        [OH_STEP_IS_NOT_REACHED] = "not-reached",
                                        [OH_STEP_IS_SKIPPED] = "skipped"};
    return names[w];
}

void oh_finding_release(struct oh_finding *f)
{
    free(f->id);
    free(f->clause);
    free(f->field);
    free(f->expected);
    free(f->observed);
    free(f->text);
    free(f->method);
    *f = (struct oh_finding){0};
}

void oh_verdict_free(struct oh_verdict *v)
{
    if (!v)
        return;
    for (size_t i = 0; i < v->finding_count; i++)
        oh_finding_release(&v->findings[i]);
    free(v->findings);
    free(v->steps);
    free(v->step_of_msg);
    free(v->earlier_of_msg);
    free(v->reason);
    free(v);
}

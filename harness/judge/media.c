/* Findings of rules on RTP, put where the flow has media. */
#include "judge/internal.h"

#include <string.h>

/* The media step that was the flow's at that time; OH_NONE. */
static int media_step_at(const struct oh_judging *j, int64_t time_ns)
{
    for (size_t i = 0; i < j->scenario->step_count; i++) {
        if (j->step_done_ns[i] >= time_ns)
            return j->scenario->steps[i].kind == OH_STEP_MEDIA ? (int)i : OH_NONE;
    }
    return OH_NONE;
}

static bool is_on_media(const struct oh_finding *f)
{
    return f->is_rule && f->method && strcmp(f->method, OH_RULE_RTP) == 0;
}

/* Rules that a step without RTP tells by itself. */
static bool is_of_silence(const struct oh_finding *f)
{
    static const char *const ids[] = {"media.direction", "media.refused", "media.after-own-bye",
                                      "media.after-bye"};
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        if (strcmp(f->id, ids[i]) == 0)
            return true;
    }
    return false;
}

static bool is_told(const struct oh_verdict *v, int step)
{
    for (size_t i = 0; i < v->finding_count; i++) {
        const struct oh_finding *f = &v->findings[i];
        if (!f->is_rule && f->step == step && strcmp(f->id, "media.rtp-unwanted") == 0)
            return true;
    }
    return false;
}

void oh_flow_place_media(struct oh_judging *j)
{
    struct oh_verdict *v = j->verdict;
    size_t kept = 0;
    for (size_t i = 0; i < v->finding_count; i++) {
        struct oh_finding f = v->findings[i];
        if (is_on_media(&f))
            f.step = media_step_at(j, f.time_ns + j->zero_ns);
        if (is_on_media(&f) && f.step != OH_NONE && is_of_silence(&f) && is_told(v, f.step))
            oh_finding_release(&f);
        else
            v->findings[kept++] = f;
    }
    v->finding_count = kept;
}

/*
 * cli/resume.h - a run that was stopped and is taken up again: what of it has a verdict already.
 *
 * A scenario is not played again if DIR/report.json has a verdict on it, its run was not
 * interrupted, and its recording is that of the scenario as it is now, with the same values and the
 * same phone. It is judged again from its recording, so that the new report is one whole.
 */
#ifndef OH_CLI_RESUME_H
#define OH_CLI_RESUME_H

#include "phone/phone.h"
#include "scenario/scenario.h"

struct oh_resume;

/* NULL where `folder` holds no report, with a sentence and remedy. To be called before anything
 * there is removed. */
struct oh_resume *oh_resume_read(const char *folder, struct oh_error *e);
void oh_resume_free(struct oh_resume *r); /* NULL is fine */
/* `name` is its folder within the run's; `adapter` is the first phone's. */
bool oh_resume_has(const struct oh_resume *r, const struct oh_scenario *s, const char *name,
                   const struct oh_adapter *adapter);

#endif

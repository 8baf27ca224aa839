/*
 * reports/identity.h - when two findings are the same one: from run to run, and in a list of known
 * ones. Private to reports/.
 *
 * A finding is known by its scenario, its id, and where it shows: a finding of the flow by the text
 * of its step, and which of several with that text it is; one of a rule, or of no step, by what the
 * message is and which way it went. Never by line, frame or time, which change from run to run.
 *
 * Uses: reports/json.h.
 */
#ifndef OH_REPORTS_IDENTITY_H
#define OH_REPORTS_IDENTITY_H

#include "reports/json.h"

/* All borrowed. NULL and "" mean the same: there is none. */
struct oh_identity {
    const char *finding, *step, *method;
    const char *direction; /* counts beside `method` alone */
    unsigned nth;          /* counts beside `step` alone: which of those alike; 0 is 1 */
};

/* Of a finding of a report. */
struct oh_identity oh_identity_of(const json_t *finding);
bool oh_identity_is_same(const struct oh_identity *a, const struct oh_identity *b);
/* An entry of a list of known ones: what it leaves out may be anything. */
bool oh_identity_covers(const struct oh_identity *entry, const struct oh_identity *found);
/* A text that is the same for the same ones, and for no others. The caller frees. */
char *oh_identity_key(const struct oh_identity *i);
/* "A -> P: INVITE"; "ACK from the phone"; "" for a finding of neither step nor message. Appends. */
void oh_identity_place_text(const struct oh_identity *i, struct oh_text *out);

/* A must or a should that the phone broke; what is only told, or could not be checked, is not. */
bool oh_finding_is_broken(const json_t *finding);
/* One that a message of offhook's own broke: never the phone's, and no part of what is counted,
 * known or compared. */
bool oh_finding_is_ours(const json_t *finding);

/* The scenario passed or failed: what it did not find is not there. */
bool oh_scenario_is_judged(const json_t *scenario);
/* It did, and had the place at which this finding shows itself: the step was reached, such a
 * message was sent. Where it did not, that the finding is not there tells nothing. */
bool oh_identity_could_show(const struct oh_identity *i, const json_t *scenario);

#endif

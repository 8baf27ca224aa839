/*
 * judge/profile.h - phones that are lawfully otherwise: rules that do not hold for them.
 *
 * A profile names what a phone was built for, and lists the always-on rules that such a phone may
 * break, each with the clause that lets it. Those rules are silent on it; all others hold. A
 * profile is named by an adapter (`profile:`) or on the command line (check --profile).
 *
 * Uses: base/.
 */
#ifndef OH_JUDGE_PROFILE_H
#define OH_JUDGE_PROFILE_H

#include <stdbool.h>
#include <stddef.h>

struct oh_profile_rule {
    const char *rule;   /* its id, "via.cookie" */
    const char *clause; /* that lets such a phone do otherwise */
    const char *why;    /* in a sentence */
};

struct oh_profile {
    const char *name, *meaning;
    const struct oh_profile_rule *rules;
    size_t count;
};

/* All profiles, NULL-ended. */
const struct oh_profile *const *oh_profiles(void);
/* The profile of this name; NULL for NULL and for a name that there is none of. */
const struct oh_profile *oh_profile_of(const char *name);
/* False without a profile. */
bool oh_profile_silences(const struct oh_profile *p, const char *rule);

#endif

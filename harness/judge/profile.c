#include "judge/profile.h"

#include <string.h>

/* Phones of RFC 2543 (1999), read clause by clause: what RFC 3261 made a must and 2543 left free.
 */
static const struct oh_profile_rule rfc2543[] = {
    {"via.branch-present", "RFC 2543 6.40", "A client need not put a branch into its Via."},
    {"via.cookie", "RFC 2543 6.40", "A branch is any token; the cookie came with RFC 3261."},
    {"via.branch-unique", "RFC 2543 6.40",
     "A branch is unique only among the copies of one forked request."},
    {"ack.branch", "RFC 2543 6.40", "A client's ACK need not have the branch of its INVITE."},
    {"ack.via", "RFC 2543 6.40", "Nor its topmost Via, whose branch may be another or none."},
    {"ack2xx.branch", "RFC 2543 6.40", "An ACK need not have a branch of its own."},
    {"ack.request-uri", "RFC 2543 11.3",
     "The Request-URI of an ACK may be the Contact of the response, or the URI in To."},
    {"cancel.branch", "RFC 2543 6.40", "Only the CANCEL of a forked request repeats its branch."},
    {"cancel.via", "RFC 2543 4.2.5", "The Via of a CANCEL is that of who issues it."},
    {"cancel.early", "RFC 2543 4.2.5", "A client may send CANCEL at any time."},
    {"retry.branch", "RFC 2543 6.40", "A new branch is not called for."},
    {"from.tag", "RFC 2543 6.21", "A From may have no tag."},
    {"response.to-tag", "RFC 2543 11.2",
     "A response must have a To tag only where the request has passed a proxy."},
    {"dialog.from-tag", "RFC 2543 6.21", "A call leg may have no tag on the sender's side."},
    {"max-forwards.present", "RFC 2543 6.23", "A Max-Forwards is optional."},
    {"max-forwards.value", "RFC 2543 6.23", "Nor is its first value given."},
    {"contact.one", "RFC 2543 6.13", "An INVITE may have no Contact."},
    {"contact.refresh", "RFC 2543 6.13", "Nor need later ones have one."},
    {"response.contact", "RFC 2543 6.13", "A 2xx may have no Contact."},
    {"response.contact-again", "RFC 2543 6.13", "Nor need later ones have one."},
    {"route.request-uri", "RFC 2543 6.29",
     "The first Route entry becomes the Request-URI; without Routes it may be the URI in To."},
    {"route.set", "RFC 2543 6.29", "The first Route entry is removed, the Contact is the last."},
    {"ack.route", "RFC 2543 6.29", "The same holds for an ACK."},
    {"allow.invite", "RFC 2543 6.10", "An Allow belongs into a 405 and into answers to OPTIONS."},
    {"allow.answer", "RFC 2543 6.10", "Nor does it belong into a 2xx to INVITE."},
    {"supported.invite", "RFC 2543 6", "There is no Supported."},
    {"supported.answer", "RFC 2543 6", "Nor in a 2xx."},
    {"response.rport", "RFC 2543 6.40", "There is no rport in a Via."},
    {"timer.trying", "RFC 2543 10.1.2", "A provisional response within 200 ms is but a should."},
    {"values.seconds", "RFC 2543 6.20", "An Expires may be a date."},
    {"sdp.version", "RFC 2543 B.5", "A description may differ without a new version in o=."},
    {"sdp.direction", "RFC 2543 B.5", "Hold is told by c=0.0.0.0, not by a=sendonly."},
    {"sdp.hold-address", "RFC 2543 B.5", "The same: it is how that RFC puts a call on hold."},
    {"sdp.name", "RFC 2543 B.6", "For invitations to two-party sessions s= may be left empty."},
};

static const struct oh_profile of_rfc2543 = {"rfc2543", "phones that were built to RFC 2543 (1999)",
                                             rfc2543, sizeof rfc2543 / sizeof *rfc2543};

const struct oh_profile *const *oh_profiles(void)
{
    static const struct oh_profile *const all[] = {&of_rfc2543, NULL};
    return all;
}

const struct oh_profile *oh_profile_of(const char *name)
{
    const struct oh_profile *const *p = oh_profiles();
    while (name && *p && strcmp((*p)->name, name) != 0)
        p++;
    return name ? *p : NULL;
}

bool oh_profile_silences(const struct oh_profile *p, const char *rule)
{
    for (size_t i = 0; p && i < p->count; i++) {
        if (strcmp(p->rules[i].rule, rule) == 0)
            return true;
    }
    return false;
}

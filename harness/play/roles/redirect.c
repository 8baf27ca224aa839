/* A redirect server: says where else to look. RFC 3261 8.3 */
#include "play/role.h"

static void add_contacts(struct oh_seat *seat, const struct oh_answering *a, struct oh_draft *draft)
{
    const struct oh_party *party = seat->party;
    for (size_t i = 0; party && i < party->contact_count; i++) {
        const struct oh_seat *named =
            oh_player_seat(a->exchange->player, party->contacts[i]); /* a party's name */
        const char *uri = named ? named->contact : party->contacts[i];
        if (party->contact_count > 1) /* in order of preference: RFC 3261 20.10 */
            oh_draft_add(draft, "Contact", "<%s>;q=%.3f", uri, 1 - (double)i / 100);
        else
            oh_draft_add(draft, "Contact", "<%s>", uri);
    }
}

static void dress_response(struct oh_seat *seat, const struct oh_answering *a,
                           struct oh_draft *draft)
{
    if (a->status == 401 || a->status == 407)
        oh_role_challenge(seat, a, draft);
    if (a->status >= 300 && a->status < 400)
        add_contacts(seat, a, draft);
}

const struct oh_role_ops oh_role_redirect = {.role = OH_ROLE_REDIRECT,
                                             .dress_response = dress_response};

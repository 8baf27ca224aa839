/* A peer: another user agent, spoken to directly. It may challenge as any user agent server may.
 * RFC 3261 22.2 */
#include "play/role.h"

static void dress_response(struct oh_seat *seat, const struct oh_answering *a,
                           struct oh_draft *draft)
{
    if (a->status == 401 || a->status == 407)
        oh_role_challenge(seat, a, draft);
}

const struct oh_role_ops oh_role_peer = {.role = OH_ROLE_PEER, .dress_response = dress_response};

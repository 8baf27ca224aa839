/* A gateway to the telephone network: numbers in its URIs are telephone numbers, and what is heard
 * of the other side comes before it answers. RFC 3261 19.1.6, RFC 3398 7.2 */
#include "play/role.h"

static void dress_response(struct oh_seat *seat, const struct oh_answering *a,
                           struct oh_draft *draft)
{
    if (a->status == 401 || a->status == 407)
        oh_role_challenge(seat, a, draft);
}

const struct oh_role_ops oh_role_gateway = {.role = OH_ROLE_GATEWAY,
                                            .dress_response = dress_response};

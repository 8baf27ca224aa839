/* A registrar: challenges. What it keeps stands in bindings.c. RFC 3261 10.3, 22.2 */
#include "play/role.h"

static void dress_response(struct oh_player *p, struct oh_seat *seat,
                           const struct oh_exchange *exchange, unsigned status,
                           struct oh_draft *draft)
{
    (void)exchange;
    if (status == 401 || status == 407)
        oh_role_challenge(p, seat, status, draft);
}

const struct oh_role_ops oh_role_registrar = {.role = OH_ROLE_REGISTRAR,
                                              .dress_response = dress_response};

/* A registrar: challenges, and says what is too brief. What it keeps stands in bindings.c.
 * RFC 3261 10.3, 22.2 */
#include "play/role.h"

static void dress_response(struct oh_seat *seat, const struct oh_answering *a,
                           struct oh_draft *draft)
{
    if (a->status == 401 || a->status == 407)
        oh_role_challenge(seat, a, draft);
    if (a->status == 423) /* RFC 3261 21.4.17 */
        oh_bindings_too_brief(seat, a->exchange->request, draft);
}

const struct oh_role_ops oh_role_registrar = {.role = OH_ROLE_REGISTRAR,
                                              .dress_response = dress_response};

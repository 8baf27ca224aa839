/*
 * play/role.h - what a role adds to the correct message that the player composes.
 *
 * One role is one file of play/roles/, exporting `const struct oh_role_ops oh_role_<file>`; CMake
 * collects the files. The player does transactions, dialogs, retransmission and SDP for all roles;
 * a role only says what is its own: a proxy's challenge and Record-Route, a registrar's bindings, a
 * peer's Contact.
 *
 * Uses: play/player.h (private to play/).
 */
#ifndef OH_PLAY_ROLE_H
#define OH_PLAY_ROLE_H

#include "play/player.h"

/* A response of ours in the making. */
struct oh_answering {
    const struct oh_exchange *exchange;
    unsigned status;
    const struct oh_step *step; /* that asks for it; NULL: the flow leaves it open */
};

struct oh_role_ops {
    enum oh_role role;
    /* Dresses our response `draft`. */
    void (*dress_response)(struct oh_seat *seat, const struct oh_answering *a,
                           struct oh_draft *draft);
    /* Dresses a request that leaves through this seat; NULL: nothing to add. */
    void (*dress_request)(struct oh_seat *seat, struct oh_draft *draft);
};

/* The ops of a role; never NULL for a role that a seat of ours can have. */
const struct oh_role_ops *oh_role_ops_of(enum oh_role role);

/* Shared by roles: adds a WWW-Authenticate (401) or Proxy-Authenticate (407) for each challenge of
 * the step, else of the seat, else of the called party behind it, each with a nonce of its own.
 * RFC 3261 22.2, 22.3, RFC 7616 3.7 */
void oh_role_challenge(struct oh_seat *seat, const struct oh_answering *a, struct oh_draft *draft);

#endif

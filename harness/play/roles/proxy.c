/* A proxy: challenges for its realm, and stays in the path by Record-Route. RFC 3261 16.6, 22.3 */
#include "play/role.h"

/* RFC 3261 16.6 item 4: only on requests that make a dialog; copied into the responses by the
 * callee, which is ours too, so it is put there here. */
static void record_route(struct oh_seat *seat, struct oh_draft *draft)
{
    enum oh_route route = seat->party ? seat->party->record_route : OH_ROUTE_LOOSE;
    if (route != OH_ROUTE_NONE)
        oh_draft_set(draft, "Record-Route", "<sip:%s%s%s>", seat->host_port,
                     oh_seat_uri_params(seat), route == OH_ROUTE_LOOSE ? ";lr" : "");
}

static void dress_response(struct oh_seat *seat, const struct oh_answering *a,
                           struct oh_draft *draft)
{
    const struct oh_call *call = a->exchange->call;
    bool outside = !call || !call->confirmed; /* a To tag alone makes no dialog */
    if (a->status == 401 || a->status == 407)
        oh_role_challenge(seat, a, draft);
    else if (a->exchange->is_invite && outside && a->status > 100 && a->status < 300)
        record_route(seat, draft);
}

static void dress_request(struct oh_seat *seat, struct oh_draft *draft)
{
    record_route(seat, draft);
}

const struct oh_role_ops oh_role_proxy = {
    .role = OH_ROLE_PROXY, .dress_response = dress_response, .dress_request = dress_request};

#include "call.h"

#include "calls.h"
#include "control.h"
#include "mutants.h"
#include "rtp.h"

#include <sofia-sip/nua_tag.h>
#include <sofia-sip/sip_tag.h>

#include <openssl/rand.h>

#include <stdlib.h>
#include <string.h>

static const char *const state_names[] = {"waiting",  "dialing",     "ringing", "incoming",
                                          "answered", "established", "ended"};

/* ---- the list ---- */

void rp_call_add(struct rp_phone *phone, struct rp_call *call)
{
    call->next = phone->calls;
    phone->calls = call;
}

/* A line for media that no call has; NULL: none. */
struct rp_rtp *rp_call_line(const struct rp_phone *phone)
{
    for (size_t i = 0; i < RP_LINES; i++) {
        const struct rp_call *call = phone->calls;
        while (call && call->rtp != phone->rtp[i])
            call = call->next;
        if (phone->rtp[i] && !call)
            return phone->rtp[i];
    }
    return NULL;
}

void rp_call_free(struct rp_call *call)
{
    su_timer_destroy(call->repeat);
    su_timer_destroy(call->no_answer);
    free(call->id);
    free(call->peer);
    free(call->contact);
    free(call->replaces);
    free(call->referred_by);
    free(call->refer_event);
    free(call);
}

struct rp_call *rp_call_new(struct rp_phone *phone, const char *id, const char *peer)
{
    struct rp_call *call = calloc(1, sizeof *call);
    if (!call)
        return NULL;
    call->phone = phone;
    call->id = strdup(id);
    call->peer = strdup(peer ? peer : "");
    call->rtp = rp_call_line(phone);
    if (!call->id || !call->peer || !call->rtp) {
        rp_call_free(call);
        return NULL;
    }
    call->local.address = phone->options->listen_host;
    call->local.rtp_port = rp_rtp_port(call->rtp);
    RAND_bytes((unsigned char *)&call->local.session_id, sizeof call->local.session_id);
    call->local.session_id >>= 1;
    call->local.version = 1;
    return call;
}

void rp_call_drop(struct rp_call *call)
{
    struct rp_phone *phone = call->phone;
    struct rp_call **at = &phone->calls;
    while (*at != call)
        at = &(*at)->next;
    *at = call->next;
    rp_call_part(call);
    if (call->referred)
        call->referred->referrer = NULL;
    rp_transfer_tell(call, 503, "Service Unavailable"); /* if nothing was told: RFC 3515 2.4.5 */
    if (call->handle) {
        nua_handle_bind(call->handle, NULL);
        nua_handle_destroy(call->handle);
    }
    rp_call_free(call);
    rp_phone_settle(phone);
}

struct rp_call *rp_call_find(const struct rp_phone *phone, const char *id)
{
    for (struct rp_call *call = phone->calls; call; call = call->next)
        if (call->state != RP_ENDED && (!id || strcmp(call->id, id) == 0))
            return call;
    return NULL;
}

void rp_call_keep_contact(struct rp_call *call, sip_t const *sip)
{
    char *uri = sip && sip->sip_contact ? url_as_string(NULL, sip->sip_contact->m_url) : NULL;
    if (uri) {
        free(call->contact);
        call->contact = strdup(uri);
    }
    su_free(NULL, uri);
}

/* ---- telling the user ---- */

void rp_call_tell(const struct rp_call *call, const char *event, json_t *values)
{
    json_t *all = json_pack("{s:s}", "call", call->id);
    json_object_update(all, values);
    json_decref(values);
    rp_control_event(call->phone->control, event, all);
}

void rp_call_end(struct rp_call *call, const char *reason, int status)
{
    if (call->state == RP_ENDED)
        return;
    rp_call_part(call);
    if (call->has_media && call->phone->options->mutants & RP_RTP_AFTER_BYE)
        rp_rtp_forget(call->rtp);
    else if (call->has_media)
        rp_rtp_stop(call->rtp);
    call->has_media = false;
    call->rtp = NULL;
    call->state = RP_ENDED;
    su_timer_destroy(call->repeat);
    su_timer_destroy(call->no_answer);
    call->repeat = call->no_answer = NULL;
    json_t *values = json_pack("{s:s}", "reason", reason);
    if (status)
        json_object_set_new(values, "status", json_integer(status));
    rp_call_tell(call, "ended", values);
}

/* RFC 3261 20, table 2: a BYE has no Contact. */
void rp_call_send_bye(const struct rp_call *call)
{
    nua_bye(call->handle, SIPTAG_CONTACT(NULL), TAG_END());
}

json_t *rp_calls_state(const struct rp_phone *phone)
{
    json_t *all = json_array();
    for (const struct rp_call *call = phone->calls; call; call = call->next)
        if (call->state != RP_ENDED)
            json_array_append_new(all,
                                  json_pack("{s:s, s:s, s:s, s:b, s:b}", "call", call->id, "state",
                                            state_names[call->state], "peer", call->peer, "held",
                                            call->held, "joined", call->is_mixed));
    return all;
}

void rp_calls_free(struct rp_phone *phone)
{
    while (phone->calls) {
        struct rp_call *call = phone->calls;
        phone->calls = call->next;
        rp_call_free(call);
    }
}

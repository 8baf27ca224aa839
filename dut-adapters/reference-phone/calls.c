#include "calls.h"

#include "call.h"
#include "control.h"
#include "mutants.h"
#include "registration.h"
#include "rtp.h"

#include <sofia-sip/nua_tag.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_status.h>
#include <sofia-sip/sip_tag.h>

#include <openssl/rand.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* ---- commands ---- */

static void establish(struct rp_call *call)
{
    call->state = RP_ESTABLISHED;
    rp_call_run_media(call);
    rp_call_tell(call, "established", NULL);
    rp_call_mix(call);
}

/* ---- commands ---- */

static bool is_at_account(const struct rp_options *options, const url_t *url)
{
    return strcasecmp(url->url_host, options->account_host) == 0;
}

/* A route to the account's proxy for a URI at its host that does not lead there by itself. */
static const char *write_route(const struct rp_phone *phone, const url_t *url, char *to,
                               size_t size)
{
    const struct rp_options *options = phone->options;
    char transport[8];
    const char *port = url->url_port ? url->url_port : "";
    bool by_tcp = url_param(url->url_params, "transport", transport, sizeof transport) > 0 &&
                  strcasecmp(transport, "tcp") == 0;
    bool same_port = !options->account_port[0] || strcmp(port, options->account_port) == 0;
    if (!is_at_account(options, url) || (same_port && by_tcp == options->tcp))
        return NULL;
    snprintf(to, size, "<%s;lr>", phone->server);
    return to;
}

/* RFC 3261 19.1.1, table 1: what a URI may not have in To. */
static void write_to(su_home_t *home, sip_to_t *to, const url_t *url)
{
    sip_to_init(to);
    url_t *copy = url_hdup(home, url);
    url_strip_transport(copy);
    copy->url_headers = NULL;
    *to->a_url = *copy;
}

static void send_invite(struct rp_call *call, su_home_t *home, const char *uri, url_t *url)
{
    struct rp_phone *phone = call->phone;
    char route[200];
    bool once = phone->options->mutants & RP_NO_SECOND_INVITE;
    const char *route_text = write_route(phone, url, route, sizeof route);
    sip_to_t to[1];
    write_to(home, to, url);
    rp_sdp_offer(call->sdp, sizeof call->sdp, &call->local, "sendrecv");
    call->state = RP_DIALING;
    call->handle =
        nua_handle(phone->nua, call, SIPTAG_FROM_STR(phone->address), SIPTAG_TO(to), TAG_END());
    nua_invite(call->handle, NUTAG_URL(uri), SIPTAG_CALL_ID_STR(call->id),
               SIPTAG_CONTACT_STR(phone->contact), SIPTAG_CONTENT_TYPE_STR("application/sdp"),
               SIPTAG_PAYLOAD_STR(call->sdp),
               TAG_IF(call->replaces, SIPTAG_REPLACES_STR(call->replaces)),
               TAG_IF(call->referred_by, SIPTAG_REFERRED_BY_STR(call->referred_by)),
               TAG_IF(route_text, NUTAG_INITIAL_ROUTE_STR(route_text)),
               TAG_IF(once, NUTAG_RETRY_COUNT(0)), TAG_END());
}

void rp_call_go(struct rp_call *call)
{
    su_home_t home[1] = {SU_HOME_INIT(home)};
    send_invite(call, home, call->peer, url_make(home, call->peer));
    su_home_deinit(home);
}

static bool keep_text(char **to, const char *text)
{
    *to = text ? strdup(text) : NULL;
    return *to || !text;
}

struct rp_call *rp_call_dial(struct rp_phone *phone, const struct rp_dial *dial, const char **error)
{
    unsigned char random[16];
    char call_id[2 * sizeof random + 1];
    struct rp_call *call = NULL;
    su_home_t home[1] = {SU_HOME_INIT(home)};
    url_t *url = url_make(home, dial->to);
    RAND_bytes(random, sizeof random);
    for (size_t i = 0; i < sizeof random; i++)
        snprintf(call_id + 2 * i, 3, "%02x", (unsigned)random[i]);
    if (!url || url->url_type != url_sip || !url->url_host || !url->url_host[0]) {
        *error = "What is to be dialled is not a SIP URI, such as sip:5551234@127.0.0.1:5060.";
    } else if (is_at_account(phone->options, url) &&
               rp_registration_must_wait(phone->registration)) {
        *error = "The server has asked for no requests for a while (Retry-After).";
    } else if (!rp_call_line(phone)) {
        *error = "The phone has no line left for a call.";
    } else if (!(call = rp_call_new(phone, call_id, dial->to)) ||
               !keep_text(&call->replaces, dial->replaces) ||
               !keep_text(&call->referred_by, dial->referred_by)) {
        *error = "There is no memory for a call.";
        if (call)
            rp_call_free(call);
        call = NULL;
    } else {
        call->dialled = true;
        call->referrer = dial->referrer;
        call->state = RP_WAITING;
        if (!dial->first)
            send_invite(call, home, dial->to, url);
        rp_call_add(phone, call);
    }
    su_home_deinit(home);
    return call;
}

const char *rp_calls_dial(struct rp_phone *phone, const char *to, const char **id)
{
    const char *error = NULL;
    for (struct rp_call *call = phone->calls; call; call = call->next)
        if (call->state != RP_ENDED && (call->state != RP_ESTABLISHED || !call->held))
            return "The phone is in a call.";
    struct rp_call *call = rp_call_dial(phone, &(struct rp_dial){.to = to}, &error);
    if (call) {
        *id = call->id;
        rp_services_note_dialled(phone, to);
    }
    return error;
}

void rp_call_accept(struct rp_call *call)
{
    bool describes = !call->offered_early;
    call->state = RP_ANSWERED;
    su_timer_destroy(call->no_answer);
    call->no_answer = NULL;
    nua_respond(call->handle, SIP_200_OK, SIPTAG_CONTACT_STR(call->phone->contact),
                TAG_IF(describes, SIPTAG_CONTENT_TYPE_STR("application/sdp")),
                TAG_IF(describes, SIPTAG_PAYLOAD_STR(call->sdp)), TAG_END());
}

const char *rp_calls_answer(struct rp_phone *phone, const char *id)
{
    struct rp_call *call = rp_call_find(phone, id);
    if (call && !call->dialled && phone->options->mutants & RP_ANSWERS_BY_ITSELF)
        return NULL; /* it has done so */
    if (!call || call->state != RP_INCOMING)
        return "There is no incoming call to answer.";
    if (phone->options->mutants & RP_HANGS_ON_ANSWER)
        for (;;)
            pause();
    rp_call_accept(call);
    return NULL;
}
static void reject(struct rp_call *call, int status)
{
    nua_respond(call->handle, status, sip_status_phrase(status), TAG_END());
    rp_call_end(call, "rejected", status);
}

const char *rp_calls_reject(struct rp_phone *phone, const char *id, int status)
{
    struct rp_call *call = rp_call_find(phone, id);
    if (!call || call->state != RP_INCOMING)
        return "There is no incoming call to reject.";
    reject(call, status);
    return NULL;
}

void rp_call_hang_up(struct rp_call *call)
{
    switch (call->state) {
    case RP_WAITING:
        rp_call_end(call, "local hangup", 0);
        rp_call_drop(call);
        break;
    case RP_DIALING:
    case RP_ALERTING:
        if (!call->hung_up)
            nua_cancel(call->handle, TAG_END());
        call->hung_up = true;
        break;
    case RP_INCOMING:
        reject(call, 486);
        break;
    case RP_ANSWERED: /* RFC 3261 15: no BYE before the ACK */
        call->hung_up = true;
        rp_call_end(call, "local hangup", 0);
        break;
    case RP_ESTABLISHED:
        rp_call_end(call, "local hangup", 0);
        rp_call_send_bye(call);
        break;
    case RP_ENDED:
        break;
    }
}

/* Who mixes ends all: RFC 5359 2.10 */
const char *rp_calls_hangup(struct rp_phone *phone, const char *id)
{
    struct rp_call *call = rp_call_find(phone, id);
    if (!call)
        return "There is no call to hang up.";
    struct rp_call *partner = !id && call->is_mixed ? call->partner : NULL;
    rp_call_hang_up(call);
    if (partner)
        rp_call_hang_up(partner);
    return NULL;
}

/* ---- events of an outgoing call ---- */

static void on_answer(struct rp_call *call, sip_t const *sip)
{
    const char *text;
    size_t len;
    if (call->state != RP_DIALING && call->state != RP_ALERTING)
        return;
    rp_call_keep_contact(call, sip);
    if (call->hung_up) { /* the CANCEL came too late: RFC 3261 15 */
        rp_call_end(call, "local hangup", 0);
        rp_call_send_bye(call);
    } else if (!call->agreed_early &&
               (!rp_call_sdp(sip, &text, &len) ||
                rp_sdp_read_answer(&call->local, text, len, &call->media) < 0)) {
        rp_call_end(call, "the answer has no audio stream that this phone can use", 0);
        rp_call_send_bye(call);
    } else {
        establish(call);
    }
}

/* The answer of a reliable provisional is the answer: RFC 3262 5. The stack sends the PRACK. */
static void on_provisional(struct rp_call *call, int status, sip_t const *sip)
{
    const char *text;
    size_t len;
    if (sip && sip->sip_rseq && !call->agreed_early && rp_call_sdp(sip, &text, &len))
        call->agreed_early = rp_sdp_read_answer(&call->local, text, len, &call->media) == 0;
    if (sip && sip->sip_rseq)
        call->has_early_dialog = true;
    if (status < 180 || call->state != RP_DIALING)
        return;
    call->state = RP_ALERTING;
    rp_call_tell(call, "ringing", json_pack("{s:i}", "status", status));
}

static void on_invite_response(struct rp_call *call, int status, const char *phrase,
                               sip_t const *sip)
{
    bool retried = status == 100 && rp_is_retry_after(sip);
    if (call->state == RP_ESTABLISHED) {
        rp_call_changed(call, status, phrase, sip);
        return;
    }
    if (status >= 200 || retried)
        rp_transfer_tell(call, retried ? sip->sip_status->st_status : status,
                         retried ? sip->sip_status->st_phrase : phrase);
    if (status >= 300) {
        rp_call_end(call, phrase, status);
        if (status == 401 || status == 407)
            rp_call_drop(call); /* the stack would wait for other credentials */
    } else if (status >= 200) {
        on_answer(call, sip);
    } else if (retried) { /* a user dials anew, or not */
        rp_call_end(call, sip->sip_status->st_phrase, sip->sip_status->st_status);
        rp_call_drop(call);
    } else {
        on_provisional(call, status, sip);
    }
}

/* ---- events of an incoming call ---- */

static char *address_of(sip_t const *sip)
{
    return sip && sip->sip_from ? url_as_string(NULL, sip->sip_from->a_url) : NULL;
}

struct rp_call *rp_call_take(struct rp_phone *phone, nua_handle_t *handle, sip_t const *sip)
{
    char *from = address_of(sip);
    struct rp_call *call = rp_call_new(phone, sip->sip_call_id->i_id, from);
    su_free(NULL, from);
    if (!call) {
        nua_respond(handle, SIP_500_INTERNAL_SERVER_ERROR, TAG_END());
        return NULL;
    }
    int result = rp_call_has_foreign_body(sip) ? 0 : rp_call_prepare(call, sip);
    if (rp_call_has_foreign_body(sip))
        nua_respond(handle, SIP_415_UNSUPPORTED_MEDIA, SIPTAG_ACCEPT_STR("application/sdp"),
                    TAG_END());
    else if (result <= 0)
        rp_call_refuse_offer(phone, handle, result);
    if (result <= 0) {
        rp_call_free(call);
        return NULL;
    }
    rp_call_keep_contact(call, sip);
    call->handle = handle;
    call->state = RP_INCOMING;
    nua_handle_bind(handle, call);
    rp_call_add(phone, call);
    return call;
}

static void on_new_invite(struct rp_phone *phone, nua_handle_t *handle, sip_t const *sip)
{
    if (!phone->quitting && sip->sip_replaces) {
        rp_transfer_on_replaces(phone, handle, sip);
        return;
    }
    if (rp_services_take(phone, handle))
        return;
    struct rp_call *call = rp_call_take(phone, handle, sip);
    if (!call)
        return;
    /* RFC 3262 3, 5: reliable if that is required, and then with the offer that the INVITE lacks */
    call->offered_early = call->answer_in_ack && sip_has_feature(sip->sip_require, "100rel");
    nua_respond(handle, SIP_180_RINGING, SIPTAG_CONTACT_STR(phone->contact),
                TAG_IF(call->offered_early, SIPTAG_CONTENT_TYPE_STR("application/sdp")),
                TAG_IF(call->offered_early, SIPTAG_PAYLOAD_STR(call->sdp)), TAG_END());
    rp_call_tell(call, "incoming", json_pack("{s:s}", "from", call->peer));
    rp_services_ring(call);
    if (phone->options->mutants & RP_ANSWERS_BY_ITSELF)
        rp_call_accept(call);
}

/* RFC 3261 11.2: answered as an INVITE would be, and inside a dialog as if the phone were free. */
static void on_options(struct rp_phone *phone, nua_handle_t *handle, const struct rp_call *call)
{
    bool busy = !call && rp_call_find(phone, NULL);
    nua_respond(handle, busy ? 486 : 200, sip_status_phrase(busy ? 486 : 200),
                NUTAG_WITH_THIS(phone->nua), SIPTAG_CONTACT_STR(phone->contact),
                SIPTAG_ACCEPT_ENCODING_STR("identity"), SIPTAG_ACCEPT_LANGUAGE_STR("en"),
                TAG_END());
    if (!call)
        nua_handle_destroy(handle);
}

static void on_prack(struct rp_call *call, sip_t const *sip)
{
    const char *text;
    size_t len;
    if (call->offered_early && !call->agreed_early && rp_call_sdp(sip, &text, &len))
        call->agreed_early = rp_sdp_read_answer(&call->local, text, len, &call->media) == 0;
}

static void on_ack(struct rp_call *call, sip_t const *sip)
{
    const char *text;
    size_t len;
    bool usable = true;
    if (call->state == RP_ANSWERED && call->offered_early)
        usable = call->agreed_early;
    else if (call->answer_in_ack)
        usable = rp_call_sdp(sip, &text, &len) &&
                 rp_sdp_read_answer(&call->local, text, len, &call->media) == 0;
    call->answer_in_ack = false;
    if (call->state == RP_ENDED) {
        if (call->hung_up)
            rp_call_send_bye(call);
        call->hung_up = false;
    } else if (!usable) {
        rp_call_end(call, "the ACK has no answer that this phone can use", 0);
        rp_call_send_bye(call);
    } else if (call->state == RP_ANSWERED) {
        establish(call);
    } else {
        rp_call_run_media(call);
    }
}

/* ---- the stack's events ---- */

static void on_state(struct rp_call *call, nua_handle_t *handle, int status, const char *phrase,
                     tagi_t tags[])
{
    int state = nua_callstate_init;
    tl_gets(tags, NUTAG_CALLSTATE_REF(state), TAG_END());
    if (!call) {
        if (state == nua_callstate_terminated)
            nua_handle_destroy(handle); /* a call refused on arrival */
        return;
    }
    if (state == nua_callstate_calling && !call->told_calling) {
        call->told_calling = true;
        rp_call_tell(call, "calling", json_pack("{s:s}", "to", call->peer));
    } else if (state == nua_callstate_terminated) {
        rp_call_end(call, phrase && *phrase ? phrase : "terminated", status);
        call->is_over = true;
        if (!rp_transfer_is_open(call))
            rp_call_drop(call);
    }
}

void rp_calls_event(struct rp_phone *phone, nua_event_t event, int status, const char *phrase,
                    nua_handle_t *handle, struct rp_call *call, sip_t const *sip, tagi_t tags[])
{
    if (event == nua_i_state) {
        on_state(call, handle, status, phrase, tags);
    } else if (event == nua_i_invite && !call) {
        on_new_invite(phone, handle, sip);
    } else if (event == nua_i_options) {
        on_options(phone, handle, call);
    } else if (event == nua_i_refer || event == nua_r_refer || event == nua_i_notify ||
               event == nua_r_notify) {
        rp_transfer_event(phone, event, status, phrase, handle, call, sip, tags);
    } else if (!call) {
        return;
    } else if (event == nua_i_invite) {
        rp_call_on_reinvite(call, sip);
    } else if (event == nua_r_invite) {
        on_invite_response(call, status, phrase, sip);
    } else if (event == nua_i_update) {
        rp_call_on_update(call, sip);
    } else if (event == nua_r_update) {
        rp_call_updated(call, status, phrase, sip);
    } else if (event == nua_i_ack) {
        on_ack(call, sip);
    } else if (event == nua_i_prack) {
        on_prack(call, sip);
    } else if (event == nua_i_cancel) {
        rp_call_end(call, "cancelled", 0);
    } else if (event == nua_i_bye) {
        rp_call_end(call, "remote hangup", 0);
    } else if (event == nua_r_bye && (status == 401 || status == 407)) {
        rp_call_drop(call); /* the stack would wait for other credentials */
    }
}

void rp_calls_end_all(struct rp_phone *phone)
{
    for (struct rp_call *call = phone->calls, *next; call; call = next) {
        next = call->next;
        if (call->is_over)
            rp_call_drop(call); /* of which nothing but a subscription is left */
        else
            rp_call_hang_up(call);
    }
}

#define SU_TIMER_ARG_T struct rp_call
#include "call.h"

#include "calls.h"
#include "mutants.h"
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

enum { UNKNOWN_PAYLOAD_TYPE = 18 }; /* G.729, which this phone never offers */

/* ---- descriptions ---- */

bool rp_call_sdp(sip_t const *sip, const char **text, size_t *len)
{
    if (!sip || !sip->sip_payload || !sip->sip_payload->pl_data || !sip->sip_content_type ||
        !sip->sip_content_type->c_type ||
        strcasecmp(sip->sip_content_type->c_type, "application/sdp") != 0)
        return false;
    *text = sip->sip_payload->pl_data;
    *len = sip->sip_payload->pl_len;
    return true;
}

bool rp_call_has_foreign_body(sip_t const *sip)
{
    const char *text;
    size_t len;
    return sip->sip_payload && sip->sip_payload->pl_len && !rp_call_sdp(sip, &text, &len);
}

static int write_sdp(struct rp_sdp_local *local, sip_t const *sip, char *to, struct rp_media *media)
{
    const char *offer;
    size_t len;
    if (rp_call_sdp(sip, &offer, &len))
        return rp_sdp_answer(to, RP_SDP_MAX, local, offer, len, media);
    return (int)rp_sdp_offer(to, RP_SDP_MAX, local, local->held ? "sendonly" : "sendrecv");
}

int rp_call_prepare(struct rp_call *call, sip_t const *sip)
{
    char text[RP_SDP_MAX];
    struct rp_media media = call->media;
    struct rp_sdp_local local = call->local;
    const char *offer;
    size_t offer_len;
    int len = write_sdp(&local, sip, text, &media);
    if (len > 0 && call->sdp[0] && strcmp(text, call->sdp) != 0) {
        local.version++; /* RFC 3264 8: a changed description has the next version */
        len = write_sdp(&local, sip, text, &media);
    }
    if (len <= 0)
        return len;
    memcpy(call->sdp, text, (size_t)len + 1);
    call->media = media;
    call->local = local;
    call->answer_in_ack = !rp_call_sdp(sip, &offer, &offer_len);
    return len;
}

void rp_call_refuse_offer(const struct rp_phone *phone, nua_handle_t *handle, int result)
{
    const char *host = phone->options->listen_host;
    char warning[160];
    if (result < 0) {
        nua_respond(handle, 400, "Bad Session Description", TAG_END());
        return;
    }
    snprintf(warning, sizeof warning, "305 %s \"No audio stream in PCMU or PCMA is offered\"",
             strchr(host, ':') ? "phone.invalid" : host);
    nua_respond(handle, SIP_488_NOT_ACCEPTABLE, SIPTAG_WARNING_STR(warning), TAG_END());
}

/* ---- media ---- */

static void heard_media(void *arg)
{
    rp_call_tell(arg, "media", NULL);
}

static void heard_key(void *arg, char key)
{
    rp_call_tell(arg, "key", json_pack("{s:s#}", "key", &key, 1));
}

static void pressed_keys(void *arg)
{
    rp_call_tell(arg, "dtmf-sent", NULL);
}

static const struct rp_rtp_events media_events = {heard_media, heard_key, pressed_keys};

/* What is sent: what was agreed, and nothing while the user holds the call; or what a fault makes
 * of that. */
static struct rp_media choose_media(const struct rp_call *call)
{
    unsigned mutants = call->phone->options->mutants;
    struct rp_media media = call->media;
    if (!media.send && mutants & RP_KEEPS_RTP_ON_HOLD)
        media = call->sent;
    if (call->held || mutants & RP_NO_RTP || (mutants & RP_SILENT_AFTER_RESUME && call->was_held))
        media.send = false;
    if (mutants & RP_OTHER_PAYLOAD_TYPE)
        media.payload_type = UNKNOWN_PAYLOAD_TYPE;
    return media;
}

void rp_call_run_media(struct rp_call *call)
{
    bool holds = !call->media.send;
    struct rp_media media = choose_media(call);
    call->has_media = true;
    rp_rtp_start(call->rtp, &media, &media_events, call);
    if (media.send)
        call->sent = media;
    if (holds != call->remote_holds)
        rp_call_tell(call, holds ? "remote-hold" : "remote-resume", NULL);
    call->remote_holds = holds;
}

const char *rp_calls_press(struct rp_phone *phone, const char *id, const char *keys)
{
    const struct rp_call *call = rp_call_find(phone, id);
    if (!call || call->state != RP_ESTABLISHED)
        return "There is no call to send keys in.";
    return rp_rtp_press(call->rtp, keys);
}

/* ---- a change that the user wants ---- */

/* RFC 3264 8.4 */
static const char *wanted_direction(const struct rp_call *call)
{
    if (!call->wants_held)
        return "sendrecv";
    return call->remote_holds ? "inactive" : "sendonly";
}

static void write_offer(struct rp_call *call, const char *direction)
{
    char text[RP_SDP_MAX];
    rp_sdp_offer(text, sizeof text, &call->local, direction);
    if (strcmp(text, call->sdp) != 0) {
        call->local.version++;
        rp_sdp_offer(text, sizeof text, &call->local, direction);
    }
    memcpy(call->sdp, text, sizeof call->sdp);
}

static void send_reinvite(struct rp_call *call)
{
    write_offer(call, wanted_direction(call));
    nua_invite(call->handle, SIPTAG_CONTACT_STR(call->phone->contact),
               SIPTAG_CONTENT_TYPE_STR("application/sdp"), SIPTAG_PAYLOAD_STR(call->sdp),
               TAG_END());
}

static void agree_on_change(struct rp_call *call)
{
    call->changing = false;
    call->was_held = call->was_held || call->held;
    call->held = call->wants_held;
    call->local.held = call->held;
    rp_call_run_media(call);
    rp_call_tell(call, call->held ? "held" : "resumed", NULL);
    rp_call_mix(call);
    if (call->held)
        rp_call_next_step(call, NULL, 0);
}

bool rp_call_is_changing(const struct rp_call *call)
{
    return call->changing || call->updating;
}

const char *rp_calls_hold(struct rp_phone *phone, const char *id)
{
    struct rp_call *call = rp_call_find(phone, id);
    while (!id && call && call->held && call->next)
        call = call->next;
    if (!call || call->state != RP_ESTABLISHED)
        return "There is no call to hold.";
    if (rp_call_is_changing(call))
        return "The other side has not agreed to the last change yet.";
    if (call->held)
        return "The call is on hold already.";
    rp_call_change(call, true);
    return NULL;
}

void rp_call_change(struct rp_call *call, bool held)
{
    call->changing = true;
    call->wants_held = held;
    if (call->phone->options->mutants & RP_HOLD_WITHOUT_INVITE)
        agree_on_change(call);
    else
        send_reinvite(call);
}

static void repeat(su_root_magic_t *root, su_timer_t *timer, struct rp_call *call)
{
    (void)root;
    call->repeat = NULL;
    su_timer_destroy(timer);
    if (call->state == RP_ESTABLISHED)
        send_reinvite(call);
}

/* RFC 3261 14.1: who made the Call-ID waits longer. In units of 10 ms. */
static void repeat_later(struct rp_call *call)
{
    uint16_t random;
    RAND_bytes((unsigned char *)&random, sizeof random);
    su_duration_t wait_ms = call->dialled ? 2100 + random % 191 * 10 : random % 201 * 10;
    call->repeat = su_timer_create(su_root_task(call->phone->root), wait_ms);
    su_timer_set(call->repeat, repeat, call);
}

void rp_call_changed(struct rp_call *call, int status, const char *phrase, sip_t const *sip)
{
    const char *text;
    size_t len;
    if (!call->changing || status < 200)
        return;
    if (status >= 300 && status != 491)
        rp_call_next_step(call, phrase ? phrase : "", status);
    if (status == 491) {
        repeat_later(call);
    } else if (status == 408 || status == 481) { /* RFC 3261 12.2.1.2, 14.1 */
        rp_call_end(call, phrase ? phrase : "", status);
        rp_call_send_bye(call);
    } else if (status >= 300) { /* RFC 3261 14.1: the session stays as it was */
        call->changing = status == 401 || status == 407; /* then the stack waits for ever */
        rp_call_tell(call, call->wants_held ? "hold-failed" : "resume-failed",
                     json_pack("{s:s, s:i}", "reason", phrase ? phrase : "", "status", status));
        if (!call->is_mixed)
            rp_call_part(call); /* it is not joined either */
    } else if (!rp_call_sdp(sip, &text, &len) ||
               rp_sdp_read_answer(&call->local, text, len, &call->media) < 0) {
        rp_call_end(call, "the answer has no audio stream that this phone can use", 0);
        rp_call_send_bye(call);
    } else {
        agree_on_change(call);
    }
}

/* ---- a change that the other side wants ---- */

/* Answered at once; RFC 3261 14.2. */
void rp_call_on_reinvite(struct rp_call *call, sip_t const *sip)
{
    const struct rp_options *options = call->phone->options;
    if (options->mutants & RP_CRASHES_ON_REINVITE)
        abort();
    if (options->mutants & RP_REFUSES_REINVITE) {
        nua_respond(call->handle, SIP_488_NOT_ACCEPTABLE, TAG_END());
        return;
    }
    int result = rp_call_has_foreign_body(sip) ? -1 : rp_call_prepare(call, sip);
    if (result <= 0) {
        rp_call_refuse_offer(call->phone, call->handle, result);
        return;
    }
    nua_respond(call->handle, SIP_200_OK, SIPTAG_CONTACT_STR(call->phone->contact),
                SIPTAG_CONTENT_TYPE_STR("application/sdp"), SIPTAG_PAYLOAD_STR(call->sdp),
                TAG_END());
    if (call->state == RP_ESTABLISHED && !call->answer_in_ack)
        rp_call_run_media(call);
}

/* ---- UPDATE: RFC 3311 ---- */

/* An offer goes out in the direction that is in force; without one the target alone is refreshed,
 * also while the dialog is early. */
const char *rp_calls_update(struct rp_phone *phone, const char *id, bool offers)
{
    struct rp_call *call = rp_call_find(phone, id);
    if (!call || (call->state != RP_ESTABLISHED && !call->has_early_dialog))
        return "There is no call to update.";
    if (offers && call->state != RP_ESTABLISHED)
        return "Before the call is answered an update cannot have an offer.";
    if (call->updating || (call->changing && offers))
        return "The other side has not agreed to the last change yet.";
    call->updating = true;
    call->update_offers = offers;
    if (offers) {
        call->wants_held = call->held;
        write_offer(call, wanted_direction(call));
    }
    nua_update(call->handle, SIPTAG_CONTACT_STR(phone->contact),
               TAG_IF(offers, SIPTAG_CONTENT_TYPE_STR("application/sdp")),
               TAG_IF(offers, SIPTAG_PAYLOAD_STR(call->sdp)), TAG_END());
    return NULL;
}

void rp_call_updated(struct rp_call *call, int status, const char *phrase, sip_t const *sip)
{
    const char *text;
    size_t len;
    if (!call->updating || status < 200)
        return;
    call->updating = false;
    if (call->state != RP_ESTABLISHED && call->state != RP_ALERTING)
        return;
    if (status < 300 && call->update_offers && rp_call_sdp(sip, &text, &len) &&
        rp_sdp_read_answer(&call->local, text, len, &call->media) == 0)
        rp_call_run_media(call);
    if (status < 300) {
        rp_call_tell(call, "updated", NULL);
        return;
    }
    rp_call_tell(call, "update-failed",
                 json_pack("{s:s, s:i}", "reason", phrase ? phrase : "", "status", status));
    if (call->state == RP_ESTABLISHED && (status == 408 || status == 481)) {
        rp_call_end(call, phrase ? phrase : "", status);
        rp_call_send_bye(call);
    }
}

/* RFC 3311 5.2: what an offer meets that is open already; 0: nothing */
static int meets(const struct rp_call *call)
{
    if (call->changing || (call->updating && call->update_offers) || call->answer_in_ack)
        return 491;
    if (call->state == RP_DIALING || call->state == RP_ALERTING)
        return call->agreed_early ? 0 : 491;
    if (call->state == RP_INCOMING || call->state == RP_ANSWERED)
        return call->agreed_early ? 0 : 500;
    return 0;
}

void rp_call_on_update(struct rp_call *call, sip_t const *sip)
{
    struct rp_phone *phone = call->phone;
    const char *text;
    size_t len;
    bool offers = rp_call_sdp(sip, &text, &len);
    int status = offers ? meets(call) : 0;
    char wait[4];
    uint8_t random;
    RAND_bytes(&random, sizeof random);
    snprintf(wait, sizeof wait, "%u", random % 11U);
    if (status) {
        nua_respond(call->handle, status, sip_status_phrase(status), NUTAG_WITH_THIS(phone->nua),
                    TAG_IF(status == 500, SIPTAG_RETRY_AFTER_STR(wait)), TAG_END());
        return;
    }
    int result = rp_call_has_foreign_body(sip) ? -1 : offers ? rp_call_prepare(call, sip) : 1;
    if (result <= 0) {
        rp_call_refuse_offer(phone, call->handle, result);
        return;
    }
    nua_respond(call->handle, SIP_200_OK, NUTAG_WITH_THIS(phone->nua),
                SIPTAG_CONTACT_STR(phone->contact),
                TAG_IF(offers, SIPTAG_CONTENT_TYPE_STR("application/sdp")),
                TAG_IF(offers, SIPTAG_PAYLOAD_STR(call->sdp)), TAG_END());
    if (offers && call->state == RP_ESTABLISHED)
        rp_call_run_media(call);
}

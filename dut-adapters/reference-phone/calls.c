#include "calls.h"

#include "control.h"
#include "log.h"
#include "mutants.h"
#include "rtp.h"
#include "sdp.h"

#include <sofia-sip/nua_tag.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_status.h>
#include <sofia-sip/sip_tag.h>

#include <openssl/rand.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SDP_MAX = 2048 };

enum call_state {
    DIALING,  /* INVITE sent */
    ALERTING, /* 18x received */
    INCOMING, /* 180 sent, the user has not answered */
    ANSWERED, /* 200 sent, ACK awaited */
    ESTABLISHED,
    ENDED /* for the user; the stack may still be closing the dialog */
};

static const char *const state_names[] = {"dialing",  "ringing",     "incoming",
                                          "answered", "established", "ended"};

struct rp_call {
    struct rp_call *next;
    struct rp_phone *phone;
    nua_handle_t *handle;
    char *id;
    char *peer; /* URI of the other side */
    enum call_state state;
    bool told_calling;
    bool hung_up;       /* by the user, before a BYE was possible */
    bool answer_in_ack; /* our 200 carried the offer */
    bool has_media;
    struct rp_media media;
    struct rp_sdp_local local;
    char sdp[SDP_MAX]; /* the description sent last */
};

/* ---- the list ---- */

static void add_call(struct rp_phone *phone, struct rp_call *call)
{
    call->next = phone->calls;
    phone->calls = call;
}

static struct rp_call *new_call(struct rp_phone *phone, const char *id, const char *peer)
{
    struct rp_call *call = calloc(1, sizeof *call);
    if (!call)
        return NULL;
    call->phone = phone;
    call->id = strdup(id);
    call->peer = strdup(peer ? peer : "");
    if (!call->id || !call->peer) {
        free(call->id);
        free(call->peer);
        free(call);
        return NULL;
    }
    call->local.address = phone->options->listen_host;
    call->local.rtp_port = rp_rtp_port(phone->rtp);
    RAND_bytes((unsigned char *)&call->local.session_id, sizeof call->local.session_id);
    call->local.session_id >>= 1;
    call->local.version = 1;
    return call;
}

static void free_call(struct rp_call *call)
{
    free(call->id);
    free(call->peer);
    free(call);
}

/* Forgets the call and its handle; the stack finishes open transactions without us. */
static void drop_call(struct rp_call *call)
{
    struct rp_phone *phone = call->phone;
    struct rp_call **at = &phone->calls;
    while (*at != call)
        at = &(*at)->next;
    *at = call->next;
    nua_handle_bind(call->handle, NULL);
    nua_handle_destroy(call->handle);
    free_call(call);
    rp_phone_settle(phone);
}

/* The latest call that is up for the user, or the one of that id. */
static struct rp_call *find_call(const struct rp_phone *phone, const char *id)
{
    for (struct rp_call *call = phone->calls; call; call = call->next)
        if (call->state != ENDED && (!id || strcmp(call->id, id) == 0))
            return call;
    return NULL;
}

/* ---- telling the user ---- */

static void tell(const struct rp_call *call, const char *event, json_t *values)
{
    json_t *all = json_pack("{s:s}", "call", call->id);
    json_object_update(all, values);
    json_decref(values);
    rp_control_event(call->phone->control, event, all);
}

/* The call is over for the user; media stops before anything else is sent. Status 0: none. */
static void end_call(struct rp_call *call, const char *reason, int status)
{
    if (call->state == ENDED)
        return;
    if (call->has_media)
        rp_rtp_stop(call->phone->rtp);
    call->has_media = false;
    call->state = ENDED;
    json_t *values = json_pack("{s:s}", "reason", reason);
    if (status)
        json_object_set_new(values, "status", json_integer(status));
    tell(call, "ended", values);
}

static void heard_media(void *arg)
{
    tell(arg, "media", NULL);
}

static void run_media(struct rp_call *call)
{
    call->has_media = true;
    rp_rtp_start(call->phone->rtp, &call->media, heard_media, call);
}

/* RFC 3261 20, table 2: a BYE has no Contact. */
static void send_bye(const struct rp_call *call)
{
    nua_bye(call->handle, SIPTAG_CONTACT(NULL), TAG_END());
}

static void establish(struct rp_call *call)
{
    call->state = ESTABLISHED;
    run_media(call);
    tell(call, "established", NULL);
}

/* ---- descriptions ---- */

static bool sip_sdp(sip_t const *sip, const char **text, size_t *len)
{
    if (!sip || !sip->sip_payload || !sip->sip_payload->pl_data || !sip->sip_content_type ||
        !sip->sip_content_type->c_type ||
        strcasecmp(sip->sip_content_type->c_type, "application/sdp") != 0)
        return false;
    *text = sip->sip_payload->pl_data;
    *len = sip->sip_payload->pl_len;
    return true;
}

static int write_sdp(struct rp_call *call, sip_t const *sip, char *to, struct rp_media *media)
{
    const char *offer;
    size_t len;
    if (sip_sdp(sip, &offer, &len))
        return rp_sdp_answer(to, SDP_MAX, &call->local, offer, len, media);
    return (int)rp_sdp_offer(to, SDP_MAX, &call->local);
}

/* Prepares the description for a 200 to this INVITE: an answer, or an offer if there was none in
 * it. Returns as rp_sdp_answer. */
static int prepare_sdp(struct rp_call *call, sip_t const *sip)
{
    char text[SDP_MAX];
    struct rp_media media = call->media;
    const char *offer;
    size_t offer_len;
    int len = write_sdp(call, sip, text, &media);
    if (len > 0 && call->sdp[0] && strcmp(text, call->sdp) != 0) {
        call->local.version++; /* RFC 3264 8: a changed description has the next version */
        len = write_sdp(call, sip, text, &media);
    }
    if (len <= 0)
        return len;
    memcpy(call->sdp, text, (size_t)len + 1);
    call->media = media;
    call->answer_in_ack = !sip_sdp(sip, &offer, &offer_len);
    return len;
}

/* ---- commands ---- */

/* A route to the account's proxy for a URI that names its host but not its port. */
static const char *write_route(const struct rp_options *options, const url_t *url, char *to,
                               size_t size)
{
    const char *port = url->url_port ? url->url_port : "";
    if (strcasecmp(url->url_host, options->account_host) != 0 || !options->account_port[0] ||
        strcmp(port, options->account_port) == 0)
        return NULL;
    snprintf(to, size, "<sip:%s:%s;lr>", options->account_host, options->account_port);
    return to;
}

static void send_invite(struct rp_call *call, const char *to, url_t *url)
{
    struct rp_phone *phone = call->phone;
    char route[200];
    bool once = phone->options->mutants & RP_NO_SECOND_INVITE;
    const char *route_text = write_route(phone->options, url, route, sizeof route);
    sip_to_t address[1];
    sip_to_init(address);
    *address->a_url = *url;
    address->a_url->url_port = NULL; /* RFC 3261 19.1.1, table 1 */
    address->a_url->url_headers = NULL;
    rp_sdp_offer(call->sdp, sizeof call->sdp, &call->local);
    call->handle = nua_handle(phone->nua, call, SIPTAG_FROM_STR(phone->address), SIPTAG_TO(address),
                              TAG_END());
    nua_invite(call->handle, NUTAG_URL(to), SIPTAG_CALL_ID_STR(call->id),
               SIPTAG_CONTACT_STR(phone->contact), SIPTAG_CONTENT_TYPE_STR("application/sdp"),
               SIPTAG_PAYLOAD_STR(call->sdp),
               TAG_IF(route_text, NUTAG_INITIAL_ROUTE_STR(route_text)),
               TAG_IF(once, NUTAG_RETRY_COUNT(0)), TAG_END());
}

const char *rp_calls_dial(struct rp_phone *phone, const char *to, const char **id)
{
    unsigned char random[16];
    char call_id[2 * sizeof random + 1];
    const char *error = NULL;
    struct rp_call *call;
    if (find_call(phone, NULL))
        return "The phone is in a call.";
    su_home_t home[1] = {SU_HOME_INIT(home)};
    url_t *url = url_make(home, to);
    RAND_bytes(random, sizeof random);
    for (size_t i = 0; i < sizeof random; i++)
        snprintf(call_id + 2 * i, 3, "%02x", (unsigned)random[i]);
    if (!url || url->url_type != url_sip || !url->url_host || !url->url_host[0]) {
        error = "What is to be dialled is not a SIP URI, such as sip:5551234@127.0.0.1:5060.";
    } else if (!(call = new_call(phone, call_id, to))) {
        error = "There is no memory for a call.";
    } else {
        send_invite(call, to, url);
        add_call(phone, call);
        *id = call->id;
    }
    su_home_deinit(home);
    return error;
}

const char *rp_calls_answer(struct rp_phone *phone, const char *id)
{
    struct rp_call *call = find_call(phone, id);
    if (!call || call->state != INCOMING)
        return "There is no incoming call to answer.";
    call->state = ANSWERED;
    nua_respond(call->handle, SIP_200_OK, SIPTAG_CONTACT_STR(phone->contact),
                SIPTAG_CONTENT_TYPE_STR("application/sdp"), SIPTAG_PAYLOAD_STR(call->sdp),
                TAG_END());
    return NULL;
}

static void reject(struct rp_call *call, int status)
{
    nua_respond(call->handle, status, sip_status_phrase(status), TAG_END());
    end_call(call, "rejected", status);
}

const char *rp_calls_reject(struct rp_phone *phone, const char *id, int status)
{
    struct rp_call *call = find_call(phone, id);
    if (!call || call->state != INCOMING)
        return "There is no incoming call to reject.";
    reject(call, status);
    return NULL;
}

static void hang_up(struct rp_call *call)
{
    switch (call->state) {
    case DIALING:
    case ALERTING:
        if (!call->hung_up)
            nua_cancel(call->handle, TAG_END());
        call->hung_up = true;
        break;
    case INCOMING:
        reject(call, 486);
        break;
    case ANSWERED: /* RFC 3261 15: no BYE before the ACK */
        call->hung_up = true;
        end_call(call, "local hangup", 0);
        break;
    case ESTABLISHED:
        end_call(call, "local hangup", 0);
        send_bye(call);
        break;
    case ENDED:
        break;
    }
}

const char *rp_calls_hangup(struct rp_phone *phone, const char *id)
{
    struct rp_call *call = find_call(phone, id);
    if (!call)
        return "There is no call to hang up.";
    hang_up(call);
    return NULL;
}

json_t *rp_calls_state(const struct rp_phone *phone)
{
    json_t *all = json_array();
    for (const struct rp_call *call = phone->calls; call; call = call->next)
        if (call->state != ENDED)
            json_array_append_new(all, json_pack("{s:s, s:s, s:s}", "call", call->id, "state",
                                                 state_names[call->state], "peer", call->peer));
    return all;
}

/* ---- events of an outgoing call ---- */

static void on_answer(struct rp_call *call, sip_t const *sip)
{
    const char *text;
    size_t len;
    if (call->state != DIALING && call->state != ALERTING)
        return;
    if (call->hung_up) { /* the CANCEL came too late: RFC 3261 15 */
        end_call(call, "local hangup", 0);
        send_bye(call);
    } else if (!sip_sdp(sip, &text, &len) || rp_sdp_read_answer(text, len, &call->media) < 0) {
        end_call(call, "the answer has no audio stream that this phone can use", 0);
        send_bye(call);
    } else {
        establish(call);
    }
}

static void on_invite_response(struct rp_call *call, int status, const char *phrase,
                               sip_t const *sip)
{
    if (status >= 300) {
        end_call(call, phrase, status);
        if (status == 401 || status == 407)
            drop_call(call); /* the stack would wait for other credentials */
    } else if (status >= 200) {
        on_answer(call, sip);
    } else if (status >= 180 && call->state == DIALING) {
        call->state = ALERTING;
        tell(call, "ringing", json_pack("{s:i}", "status", status));
    }
}

/* ---- events of an incoming call ---- */

static char *address_of(sip_t const *sip)
{
    return sip && sip->sip_from ? url_as_string(NULL, sip->sip_from->a_url) : NULL;
}

static void refuse_offer(nua_handle_t *handle, int result, const char *host)
{
    char warning[160];
    if (result < 0) {
        nua_respond(handle, 400, "Bad Session Description", TAG_END());
        return;
    }
    snprintf(warning, sizeof warning, "305 %s \"No audio stream in PCMU or PCMA is offered\"",
             strchr(host, ':') ? "phone.invalid" : host);
    nua_respond(handle, SIP_488_NOT_ACCEPTABLE, SIPTAG_WARNING_STR(warning), TAG_END());
}

static bool has_foreign_body(sip_t const *sip)
{
    const char *text;
    size_t len;
    return sip->sip_payload && sip->sip_payload->pl_len && !sip_sdp(sip, &text, &len);
}

static void on_new_invite(struct rp_phone *phone, nua_handle_t *handle, sip_t const *sip)
{
    if (find_call(phone, NULL) || phone->quitting) {
        nua_respond(handle, SIP_486_BUSY_HERE, TAG_END());
        return;
    }
    if (has_foreign_body(sip)) {
        nua_respond(handle, SIP_415_UNSUPPORTED_MEDIA, SIPTAG_ACCEPT_STR("application/sdp"),
                    TAG_END());
        return;
    }
    char *from = address_of(sip);
    struct rp_call *call = new_call(phone, sip->sip_call_id->i_id, from);
    su_free(NULL, from);
    if (!call) {
        nua_respond(handle, SIP_500_INTERNAL_SERVER_ERROR, TAG_END());
        return;
    }
    int result = prepare_sdp(call, sip);
    if (result <= 0) {
        refuse_offer(handle, result, phone->options->listen_host);
        free_call(call);
        return;
    }
    call->handle = handle;
    call->state = INCOMING;
    nua_handle_bind(handle, call);
    add_call(phone, call);
    nua_respond(handle, SIP_180_RINGING, SIPTAG_CONTACT_STR(phone->contact), TAG_END());
    tell(call, "incoming", json_pack("{s:s}", "from", call->peer));
}

/* RFC 3261 11.2: answered as an INVITE would be, and inside a dialog as if the phone were free. */
static void on_options(struct rp_phone *phone, nua_handle_t *handle, const struct rp_call *call)
{
    bool busy = !call && find_call(phone, NULL);
    nua_respond(handle, busy ? 486 : 200, sip_status_phrase(busy ? 486 : 200),
                NUTAG_WITH_THIS(phone->nua), SIPTAG_CONTACT_STR(phone->contact),
                SIPTAG_ACCEPT_ENCODING_STR("identity"), SIPTAG_ACCEPT_LANGUAGE_STR("en"),
                TAG_END());
    if (!call)
        nua_handle_destroy(handle);
}

/* A change of the session is answered at once; RFC 3261 14.2. */
static void on_reinvite(struct rp_call *call, sip_t const *sip)
{
    int result = has_foreign_body(sip) ? -1 : prepare_sdp(call, sip);
    if (result <= 0) {
        refuse_offer(call->handle, result, call->phone->options->listen_host);
        return;
    }
    nua_respond(call->handle, SIP_200_OK, SIPTAG_CONTACT_STR(call->phone->contact),
                SIPTAG_CONTENT_TYPE_STR("application/sdp"), SIPTAG_PAYLOAD_STR(call->sdp),
                TAG_END());
    if (call->state == ESTABLISHED && !call->answer_in_ack)
        run_media(call);
}

static void on_ack(struct rp_call *call, sip_t const *sip)
{
    const char *text;
    size_t len;
    bool usable = true;
    if (call->answer_in_ack)
        usable = sip_sdp(sip, &text, &len) && rp_sdp_read_answer(text, len, &call->media) == 0;
    call->answer_in_ack = false;
    if (call->state == ENDED) {
        if (call->hung_up)
            send_bye(call);
        call->hung_up = false;
    } else if (!usable) {
        end_call(call, "the ACK has no answer that this phone can use", 0);
        send_bye(call);
    } else if (call->state == ANSWERED) {
        establish(call);
    } else {
        run_media(call);
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
        tell(call, "calling", json_pack("{s:s}", "to", call->peer));
    } else if (state == nua_callstate_terminated) {
        end_call(call, phrase && *phrase ? phrase : "terminated", status);
        drop_call(call);
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
    } else if (!call) {
        return;
    } else if (event == nua_i_invite) {
        on_reinvite(call, sip);
    } else if (event == nua_r_invite) {
        on_invite_response(call, status, phrase, sip);
    } else if (event == nua_i_ack) {
        on_ack(call, sip);
    } else if (event == nua_i_cancel) {
        end_call(call, "cancelled", 0);
    } else if (event == nua_i_bye) {
        end_call(call, "remote hangup", 0);
    } else if (event == nua_r_bye && (status == 401 || status == 407)) {
        drop_call(call); /* the stack would wait for other credentials */
    }
}

void rp_calls_end_all(struct rp_phone *phone)
{
    for (struct rp_call *call = phone->calls; call; call = call->next)
        hang_up(call);
}

void rp_calls_free(struct rp_phone *phone)
{
    while (phone->calls) {
        struct rp_call *call = phone->calls;
        phone->calls = call->next;
        free_call(call);
    }
}

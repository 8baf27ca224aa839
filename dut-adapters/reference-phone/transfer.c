/* Transfers: REFER of either side (RFC 3515), with Replaces (RFC 3891) where two calls become one.
 *
 * A REFER makes a subscription in the dialog of its call, which lives on when the call has ended:
 * the stack's handle is kept until that is over as well. */
#include "call.h"
#include "calls.h"
#include "log.h"

#include <sofia-sip/nua_tag.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_status.h>
#include <sofia-sip/sip_tag.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { REFER_TO_MAX = 1500 };

/* ---- transferring ---- */

static const char *send_refer(struct rp_call *call, const char *to)
{
    call->transferring = true;
    nua_refer(call->handle, SIPTAG_REFER_TO_STR(to), SIPTAG_REFERRED_BY_STR(call->phone->address),
              SIPTAG_CONTACT_STR(call->phone->contact), TAG_END());
    return NULL;
}

static const char *cannot_be_transferred(const struct rp_call *call)
{
    if (!call || call->state != RP_ESTABLISHED)
        return "There is no call to transfer.";
    if (call->transferring)
        return "The call is being transferred.";
    return rp_call_is_changing(call) ? "The other side has not agreed to the last change yet."
                                     : NULL;
}

const char *rp_calls_transfer(struct rp_phone *phone, const char *id, const char *to)
{
    struct rp_call *call = rp_call_find(phone, id);
    char text[REFER_TO_MAX];
    const char *error = cannot_be_transferred(call);
    if (error)
        return error;
    int len = snprintf(text, sizeof text, "<%s>", to);
    if (len >= (int)sizeof text || strncasecmp(to, "sip:", 4) != 0 || strpbrk(to, "<>\" \t\r\n"))
        return "Where the call is to go is not a SIP URI, such as sip:5551234@127.0.0.1:5060.";
    return send_refer(call, text);
}

/* RFC 3261 19.1.1, 25.1: what may stand in a header's value in a URI as it is. */
static size_t escape(char *to, size_t size, const char *text)
{
    size_t len = 0;
    for (; *text && len + 4 < size; text++) {
        bool plain = strchr("-_.!~*'()[]/?:+$", *text) || (*text >= '0' && *text <= '9') ||
                     (*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z');
        len +=
            (size_t)snprintf(to + len, size - len, plain ? "%c" : "%%%02X", (unsigned char)*text);
    }
    to[len] = '\0';
    return *text ? 0 : len;
}

/* The target's Contact, with the dialog that its new call replaces. RFC 3891 4, RFC 3515 2.1 */
static bool write_refer_to(const struct rp_call *target, char *to, size_t size)
{
    su_home_t home[1] = {SU_HOME_INIT(home)};
    sip_replaces_t *replaces = nua_handle_make_replaces(target->handle, home, 0);
    char *text = replaces ? sip_header_as_string(home, (sip_header_t *)replaces) : NULL;
    char value[REFER_TO_MAX / 2];
    int len = -1;
    if (text && target->contact && escape(value, sizeof value, text))
        len = snprintf(to, size, "<%s?Replaces=%s>", target->contact, value);
    su_home_deinit(home);
    return len > 0 && (size_t)len < size;
}

/* The call made last is whom the one before it is handed to. */
const char *rp_calls_complete(struct rp_phone *phone)
{
    struct rp_call *target = rp_call_find(phone, NULL);
    struct rp_call *call = target ? target->next : NULL;
    char to[REFER_TO_MAX];
    while (call && call->state != RP_ESTABLISHED)
        call = call->next;
    if (!target || !call)
        return "There are no two calls to make one of.";
    if (target->state != RP_ESTABLISHED)
        return "The call that was made last is not answered yet.";
    const char *error = cannot_be_transferred(call);
    if (error)
        return error;
    if (!write_refer_to(target, to, sizeof to))
        return "The other side has no Contact that could be referred to.";
    return send_refer(call, to);
}

static void fail_transfer(struct rp_call *call, const char *reason, int status)
{
    json_t *values =
        json_pack("{s:s}", "reason", reason && *reason ? reason : "no result was told");
    if (status)
        json_object_set_new(values, "status", json_integer(status));
    call->transferring = false;
    rp_call_tell(call, "transfer-failed", values);
}

static void close_if_over(struct rp_call *call)
{
    if (call->is_over && !rp_transfer_is_open(call))
        rp_call_drop(call);
}

static void on_refer_response(struct rp_call *call, int status, const char *phrase)
{
    if (status < 300 || !call->transferring)
        return;
    fail_transfer(call, phrase, status);
    if (!call->is_over && (status == 408 || status == 481)) { /* RFC 3261 12.2.1.2 */
        rp_call_end(call, phrase, status);
        rp_call_send_bye(call);
    }
    close_if_over(call);
}

/* The Status-Line of a sipfrag; 0: it has none. */
static int read_fragment(sip_t const *sip, char phrase[64])
{
    int status = 0;
    char line[128] = "";
    phrase[0] = '\0';
    if (sip && sip->sip_payload && sip->sip_payload->pl_data)
        snprintf(line, sizeof line, "%.*s", (int)strcspn(sip->sip_payload->pl_data, "\r\n"),
                 sip->sip_payload->pl_data);
    if (sscanf(line, "SIP/2.0 %3d %63[^\r\n]", &status, phrase) < 1)
        return 0;
    return status;
}

static void on_notify(struct rp_call *call, sip_t const *sip, tagi_t tags[])
{
    int substate = nua_substate_terminated;
    char phrase[64];
    int status = read_fragment(sip, phrase);
    tl_gets(tags, NUTAG_SUBSTATE_REF(substate), TAG_END());
    if (!call->transferring)
        return;
    if (status >= 200 && status < 300) {
        call->transferring = false;
        rp_call_tell(call, "transferred", json_pack("{s:i}", "status", status));
        if (!call->is_over && call->state == RP_ESTABLISHED) { /* RFC 5359 2.5 */
            rp_call_end(call, "transferred", 0);
            rp_call_send_bye(call);
        }
    } else if (status >= 300 || substate == nua_substate_terminated) {
        fail_transfer(call, phrase, status);
    }
    close_if_over(call);
}

/* ---- being transferred ---- */

static void notify(struct rp_call *call, int status, const char *phrase)
{
    char body[160];
    bool is_last = status >= 200;
    snprintf(body, sizeof body, "SIP/2.0 %d %.120s\r\n", status, phrase ? phrase : "");
    nua_notify(call->handle, SIPTAG_EVENT_STR(call->refer_event),
               NUTAG_SUBSTATE(is_last ? nua_substate_terminated : nua_substate_active),
               SIPTAG_CONTACT_STR(call->phone->contact),
               SIPTAG_CONTENT_TYPE_STR("message/sipfrag;version=2.0"), SIPTAG_PAYLOAD_STR(body),
               TAG_END());
    call->notifies++;
}

void rp_transfer_tell(struct rp_call *call, int status, const char *phrase)
{
    struct rp_call *referrer = call->referrer;
    call->referrer = NULL;
    if (!referrer)
        return;
    referrer->referred = NULL;
    if (referrer->refer_event)
        notify(referrer, status, phrase);
    free(referrer->refer_event);
    referrer->refer_event = NULL;
}

bool rp_transfer_is_open(const struct rp_call *call)
{
    return call->transferring || call->refer_event || call->notifies > 0;
}

/* RFC 3515 2.4.4: a NOTIFY that is refused ends the subscription, not what the REFER asked for. */
static void on_notify_response(struct rp_call *call, int status)
{
    if (status < 200)
        return;
    call->notifies -= call->notifies > 0;
    if (status >= 300 && call->refer_event) {
        if (call->referred)
            call->referred->referrer = NULL;
        call->referred = NULL;
        free(call->refer_event);
        call->refer_event = NULL;
    }
    close_if_over(call);
}

/* The Replaces among the headers of the URI, unescaped. RFC 3261 19.1.5 */
static const char *replaces_of(su_home_t *home, const url_t *url)
{
    static const char name[] = "replaces:";
    char *text = url->url_headers ? url_query_as_header_string(home, url->url_headers) : NULL;
    for (char *line = text; line && *line; line += strcspn(line, "\n"), line += *line == '\n') {
        if (strncasecmp(line, name, sizeof name - 1) != 0)
            continue;
        line += sizeof name - 1;
        return su_strndup(home, line, (isize_t)strcspn(line, "\r\n"));
    }
    return NULL;
}

static bool asks_for_invite(const url_t *url)
{
    char method[16] = "INVITE";
    if (url->url_type != url_sip || !url->url_host || !url->url_host[0])
        return false;
    url_param(url->url_params, "method", method, sizeof method);
    return strcmp(method, "INVITE") == 0;
}

static struct rp_call *dial_referred(struct rp_call *call, sip_t const *sip)
{
    su_home_t home[1] = {SU_HOME_INIT(home)};
    const char *error = NULL;
    url_t *url = url_hdup(home, sip->sip_refer_to->r_url);
    struct rp_dial dial = {.replaces = replaces_of(home, url), .referrer = call};
    if (sip->sip_referred_by) /* RFC 3892 2.2 */
        dial.referred_by = sip_header_as_string(home, (sip_header_t *)sip->sip_referred_by);
    url->url_headers = NULL;
    dial.to = url_as_string(home, url);
    struct rp_call *target = rp_call_dial(call->phone, &dial, &error);
    if (!target)
        rp_log("refer: %s", error);
    su_home_deinit(home);
    return target;
}

static void accept_refer(struct rp_call *call, sip_t const *sip, tagi_t tags[])
{
    su_home_t home[1] = {SU_HOME_INIT(home)};
    sip_event_t const *event = NULL;
    tl_gets(tags, NUTAG_REFER_EVENT_REF(event), TAG_END());
    char *text = event ? sip_header_as_string(home, (sip_header_t const *)event) : NULL;
    call->refer_event = strdup(text ? text : "refer");
    su_home_deinit(home);
    nua_respond(call->handle, SIP_202_ACCEPTED, NUTAG_WITH_THIS(call->phone->nua),
                SIPTAG_CONTACT_STR(call->phone->contact), TAG_END());
    rp_call_tell(call, "referred", NULL);
    notify(call, 100, sip_100_Trying);
    call->referred = dial_referred(call, sip);
    if (call->referred)
        return;
    notify(call, 503, sip_503_Service_unavailable);
    free(call->refer_event);
    call->refer_event = NULL;
}

/* A second header where one may be is what the stack sets aside as an error. */
static bool comes_twice(sip_t const *sip, msg_hclass_t *kind)
{
    const msg_header_t *error = (const msg_header_t *)sip->sip_error;
    while (error && error->sh_class != kind)
        error = error->sh_next;
    return error != NULL;
}

/* RFC 3515 2.4.2 */
static void on_refer(struct rp_phone *phone, nua_handle_t *handle, struct rp_call *call,
                     sip_t const *sip, tagi_t tags[])
{
    int status = 202;
    if (!sip->sip_refer_to || comes_twice(sip, sip_refer_to_class))
        status = 400;
    else if (!call || call->state != RP_ESTABLISHED || rp_transfer_is_open(call) ||
             phone->quitting || !asks_for_invite(sip->sip_refer_to->r_url) || !rp_call_line(phone))
        status = 603;
    if (status == 202) {
        accept_refer(call, sip, tags);
        return;
    }
    nua_respond(handle, status, status == 400 ? "One Refer-To Is Needed" : sip_603_Decline,
                NUTAG_WITH_THIS(phone->nua), TAG_END());
    if (!call)
        nua_handle_destroy(handle);
}

/* ---- being the target ---- */

/* The status that refuses the INVITE; 0: the call is replaced. */
static int judge_replaces(const struct rp_call *old, const sip_replaces_t *replaces)
{
    if (!old)
        return 481;
    switch (old->state) {
    case RP_ESTABLISHED:
        return replaces->rp_early_only ? 486 : 0;
    case RP_DIALING:
    case RP_ALERTING:
        return 0;
    case RP_ENDED:
        return 603;
    default:
        return 481;
    }
}

static struct rp_call *find_replaced(struct rp_phone *phone, const sip_replaces_t *replaces)
{
    nua_handle_t *handle = nua_handle_by_replaces(phone->nua, replaces);
    struct rp_call *call = handle ? phone->calls : NULL;
    while (call && call->handle != handle)
        call = call->next;
    if (handle)
        nua_handle_unref(handle);
    for (struct rp_call *gone = phone->calls; gone && !call; gone = gone->next)
        if (gone->state == RP_ENDED && strcmp(gone->id, replaces->rp_call_id) == 0)
            call = gone;
    return call;
}

/* Who knows the tags of a call may replace it: that is this phone's policy. */
void rp_transfer_on_replaces(struct rp_phone *phone, nua_handle_t *handle, sip_t const *sip)
{
    struct rp_call *old = find_replaced(phone, sip->sip_replaces);
    int status =
        comes_twice(sip, sip_replaces_class) ? 400 : judge_replaces(old, sip->sip_replaces);
    if (status) {
        nua_respond(handle, status, sip_status_phrase(status), TAG_END());
        return;
    }
    struct rp_call *call = rp_call_take(phone, handle, sip);
    if (!call)
        return;
    rp_call_tell(call, "incoming",
                 json_pack("{s:s, s:s}", "from", call->peer, "replaces", old->id));
    rp_call_accept(call);
    if (old->state == RP_ESTABLISHED) {
        rp_call_end(old, "replaced", 0);
        rp_call_send_bye(old);
    } else {
        rp_call_hang_up(old);
    }
}

/* ---- the stack's events ---- */

void rp_transfer_event(struct rp_phone *phone, nua_event_t event, int status, const char *phrase,
                       nua_handle_t *handle, struct rp_call *call, sip_t const *sip, tagi_t tags[])
{
    if (event == nua_i_refer)
        on_refer(phone, handle, call, sip, tags);
    else if (call && event == nua_r_refer)
        on_refer_response(call, status, phrase);
    else if (call && event == nua_i_notify)
        on_notify(call, sip, tags);
    else if (call && event == nua_r_notify)
        on_notify_response(call, status);
}

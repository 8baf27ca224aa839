/* What the phone does with calls by itself, as its user has set it up; and whom the user called
 * last. */
#define SU_TIMER_ARG_T struct rp_call
#include "call.h"
#include "calls.h"
#include "rtp.h"

#include <sofia-sip/nua_tag.h>
#include <sofia-sip/sip_status.h>
#include <sofia-sip/sip_tag.h>
#include <sofia-sip/su_wait.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { URI_MAX = 500 };

static const char *const forward_names[RP_FORWARDS] = {"all", "busy", "no-answer"};

/* ---- what the user sets up ---- */

static bool is_sip_uri(const char *text)
{
    su_home_t home[1] = {SU_HOME_INIT(home)};
    url_t *url = strlen(text) <= URI_MAX ? url_make(home, text) : NULL;
    bool is = url && (url->url_type == url_sip || url->url_type == url_sips) && url->url_host &&
              url->url_host[0] && !strpbrk(text, "<>\" \t\r\n");
    su_home_deinit(home);
    return is;
}

static bool set_text(char **to, const char *text)
{
    char *copy = text ? strdup(text) : NULL;
    if (text && !copy)
        return false;
    free(*to);
    *to = copy;
    return true;
}

const char *rp_services_forward(struct rp_phone *phone, const char *when, const char *to)
{
    char **forward = phone->services.forward;
    size_t i = 0;
    for (; !when && i < RP_FORWARDS; i++)
        set_text(&forward[i], NULL);
    if (!when)
        return NULL;
    while (i < RP_FORWARDS && strcmp(forward_names[i], when) != 0)
        i++;
    if (i == RP_FORWARDS)
        return "Calls are forwarded \"all\", \"busy\" or \"no-answer\".";
    if (!is_sip_uri(to))
        return "Where calls are to be forwarded to is not a SIP URI, such as sip:5551234@host.";
    return set_text(&forward[i], to) ? NULL : "There is no memory for a URI.";
}

const char *rp_services_not_disturb(struct rp_phone *phone, bool on)
{
    phone->services.not_disturb = on;
    return NULL;
}

const char *rp_services_mute(struct rp_phone *phone, bool on)
{
    phone->services.muted = on;
    for (size_t i = 0; i < RP_LINES; i++)
        if (phone->rtp[i])
            rp_rtp_mute(phone->rtp[i], on);
    return NULL;
}

void rp_services_note_dialled(struct rp_phone *phone, const char *to)
{
    set_text(&phone->services.dialled, to);
}

const char *rp_services_redial(struct rp_phone *phone, const char **id)
{
    char *to = phone->services.dialled ? strdup(phone->services.dialled) : NULL;
    const char *error = to ? rp_calls_dial(phone, to, id) : "Nobody was dialled yet.";
    free(to);
    return error;
}

json_t *rp_services_state(const struct rp_phone *phone)
{
    json_t *forward = json_object();
    for (size_t i = 0; i < RP_FORWARDS; i++)
        if (phone->services.forward[i])
            json_object_set_new(forward, forward_names[i], json_string(phone->services.forward[i]));
    return json_pack("{s:o, s:b, s:b}", "forward", forward, "dnd", phone->services.not_disturb,
                     "muted", phone->services.muted);
}

void rp_services_release(struct rp_phone *phone)
{
    rp_services_forward(phone, NULL, NULL);
    set_text(&phone->services.dialled, NULL);
}

/* ---- what becomes of a call ---- */

/* RFC 3261 21.3.3 */
static void redirect(nua_handle_t *handle, const char *to)
{
    char contact[URI_MAX + 3];
    snprintf(contact, sizeof contact, "<%s>", to);
    nua_respond(handle, SIP_302_MOVED_TEMPORARILY, SIPTAG_CONTACT_STR(contact), TAG_END());
}

bool rp_services_take(struct rp_phone *phone, nua_handle_t *handle)
{
    char *const *forward = phone->services.forward;
    bool busy = phone->quitting || rp_call_find(phone, NULL) || !rp_call_line(phone);
    const char *to = forward[RP_FORWARD_ALL]            ? forward[RP_FORWARD_ALL]
                     : busy && forward[RP_FORWARD_BUSY] ? forward[RP_FORWARD_BUSY]
                                                        : NULL;
    if (to)
        redirect(handle, to);
    else if (phone->services.not_disturb) /* RFC 3261 21.4.18 */
        nua_respond(handle, SIP_480_TEMPORARILY_UNAVAILABLE, TAG_END());
    else if (busy) /* RFC 3261 21.4.24 */
        nua_respond(handle, SIP_486_BUSY_HERE, TAG_END());
    return to || phone->services.not_disturb || busy;
}

static void give_up(su_root_magic_t *root, su_timer_t *timer, struct rp_call *call)
{
    const char *to = call->phone->services.forward[RP_FORWARD_NO_ANSWER];
    (void)root;
    (void)timer;
    if (call->state != RP_INCOMING || !to)
        return;
    redirect(call->handle, to);
    rp_call_end(call, "forwarded", 302);
}

void rp_services_ring(struct rp_call *call)
{
    const struct rp_phone *phone = call->phone;
    if (!phone->services.forward[RP_FORWARD_NO_ANSWER])
        return;
    call->no_answer =
        su_timer_create(su_root_task(phone->root), 1000L * (long)phone->options->no_answer_s);
    su_timer_set(call->no_answer, give_up, call);
}

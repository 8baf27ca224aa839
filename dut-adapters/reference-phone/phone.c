#define SU_TIMER_ARG_T struct rp_phone
#include "phone.h"

#include "calls.h"
#include "control.h"
#include "digest.h"
#include "log.h"
#include "mutants.h"
#include "registration.h"
#include "rtp.h"
#include "seam.h"

#include <sofia-sip/nta_tag.h>
#include <sofia-sip/sip_status.h>
#include <sofia-sip/tport_tag.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { QUIT_MS = 900, T1X64 = 64, NEVER_MS = 24 * 3600 * 1000 };

static void on_event(nua_event_t event, int status, char const *phrase, nua_t *nua,
                     struct rp_phone *phone, nua_handle_t *handle, struct rp_call *call,
                     sip_t const *sip, tagi_t tags[])
{
    (void)nua;
    rp_log("event %s %d %s", nua_event_name(event), status, phrase ? phrase : "");
    if (event == nua_r_shutdown) {
        phone->shut_down = status >= 200;
        if (phone->shut_down)
            su_root_break(phone->root);
    } else if (event == nua_r_register || event == nua_r_unregister) {
        rp_registration_event(phone->registration, event, status, sip);
    } else {
        rp_calls_event(phone, event, status, phrase, handle, call, sip, tags);
    }
}

bool rp_is_retry_after(sip_t const *sip)
{
    return sip && sip->sip_status && sip->sip_status->st_status >= 500 &&
           sip->sip_status->st_status < 600 && sip->sip_retry_after;
}

/* RFC 3261 19.1.1, table 1: a URI in From or To has no port. */
static void write_addresses(struct rp_phone *phone)
{
    const struct rp_options *options = phone->options;
    const char *transport = options->tcp ? ";transport=tcp" : "";
    bool ipv6 = strchr(options->listen_host, ':') != NULL;
    size_t len = 0;
    if (options->display_name) {
        phone->address[len++] = '"';
        for (const char *at = options->display_name; *at && len < 60; at++) {
            if (*at == '"' || *at == '\\')
                phone->address[len++] = '\\';
            phone->address[len++] = *at;
        }
        phone->address[len++] = '"';
        phone->address[len++] = ' ';
    }
    snprintf(phone->address + len, sizeof phone->address - len, "<sip:%s@%s>",
             options->account_user, options->account_host);
    snprintf(phone->contact, sizeof phone->contact, "<sip:%s@%s%s%s:%u%s>", options->account_user,
             ipv6 ? "[" : "", options->listen_host, ipv6 ? "]" : "", (unsigned)options->listen_port,
             transport);
    snprintf(phone->server, sizeof phone->server, "sip:%s%s%s%s", options->account_host,
             options->account_port[0] ? ":" : "", options->account_port, transport);
}

static int start_stack(struct rp_phone *phone)
{
    const struct rp_options *options = phone->options;
    bool silent = options->mutants & RP_NO_RETRANSMISSION;
    bool patient = options->mutants & RP_NEVER_TIMES_OUT;
    bool mute = options->mutants & RP_NO_ANSWER_TO_BYE;
    char url[120];
    bool ipv6 = strchr(options->listen_host, ':') != NULL;
    snprintf(url, sizeof url, "sip:%s%s%s:%u;transport=%s", ipv6 ? "[" : "", options->listen_host,
             ipv6 ? "]" : "", (unsigned)options->listen_port, options->tcp ? "tcp" : "udp");
    phone->nua = nua_create(
        phone->root, on_event, phone, NUTAG_URL(url), NUTAG_MEDIA_ENABLE(0), NUTAG_AUTOALERT(0),
        NUTAG_AUTOANSWER(0), NUTAG_SESSION_TIMER(0), NUTAG_SHUTDOWN_EVENTS(1),
        NUTAG_DETECT_NETWORK_UPDATES(NUA_NW_DETECT_NOTHING),
        NUTAG_OUTBOUND("no-outbound no-validate no-natify no-options-keepalive"),
        SIPTAG_ALLOW_STR("INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE, REFER, NOTIFY"),
        NUTAG_APPL_METHOD("OPTIONS"), NUTAG_APPL_METHOD("REFER"), NUTAG_APPL_METHOD("UPDATE"),
        SIPTAG_SUPPORTED_STR("100rel, replaces"), NUTAG_PATH_ENABLE(0),
        SIPTAG_USER_AGENT_STR("offhook-reference-phone/" OH_VERSION),
        SIPTAG_FROM_STR(phone->address), NTATAG_SIP_T1(silent ? NEVER_MS : options->t1_ms),
        NTATAG_SIP_T1X64(patient ? NEVER_MS : T1X64 * options->t1_ms), NTATAG_MERGE_482(1),
        TAG_IF(mute, NUTAG_APPL_METHOD("BYE")), TAG_IF(options->log_path, TPTAG_LOG(1)), TAG_END());
    if (!phone->nua)
        rp_log("cannot listen on %s port %u: is the address one of this host's and the port free?",
               options->listen_host, (unsigned)options->listen_port);
    return phone->nua ? 0 : -1;
}

/* The lines behind the first take the ports after its own, or any where those are taken. */
static void open_lines(struct rp_phone *phone)
{
    const struct rp_options *options = phone->options;
    unsigned port = options->rtp_port;
    phone->rtp[0] = rp_rtp_new(phone->root, options->listen_host, port);
    for (unsigned i = 1; i < RP_LINES && phone->rtp[0]; i++) {
        unsigned next = port && port + 2 * i <= 65534 ? port + 2 * i : 0;
        phone->rtp[i] = rp_rtp_new(phone->root, options->listen_host, next);
        if (!phone->rtp[i] && next)
            phone->rtp[i] = rp_rtp_new(phone->root, options->listen_host, 0);
    }
}

int rp_phone_init(struct rp_phone *phone, const struct rp_options *options, su_root_t *root)
{
    struct rp_digest_account account = {options->auth_user, options->password, options->mutants};
    memset(phone, 0, sizeof *phone);
    phone->options = options;
    phone->root = root;
    write_addresses(phone);
    rp_seam_set(phone);
    if (rp_digest_install(&account) < 0 || start_stack(phone) < 0)
        return -1;
    open_lines(phone);
    if (!phone->rtp[0]) {
        rp_log("cannot bind RTP port %u on %s: %s", options->rtp_port, options->listen_host,
               strerror(errno));
        return -1;
    }
    phone->registration = rp_registration_new(phone);
    phone->control = rp_control_new(phone);
    return phone->registration && phone->control ? 0 : -1;
}

static void give_up(su_root_magic_t *magic, su_timer_t *timer, struct rp_phone *phone)
{
    (void)magic;
    (void)timer;
    rp_log("quit: some transaction is still open; leaving it");
    su_root_break(phone->root);
}

void rp_phone_settle(struct rp_phone *phone)
{
    if (!phone->quitting || phone->shutting_down || phone->calls ||
        rp_registration_busy(phone->registration))
        return;
    phone->shutting_down = true;
    nua_shutdown(phone->nua);
}

void rp_phone_quit(struct rp_phone *phone)
{
    if (phone->quitting)
        return;
    phone->quitting = true;
    phone->deadline = su_timer_create(su_root_task(phone->root), QUIT_MS);
    su_timer_set(phone->deadline, give_up, phone);
    rp_calls_end_all(phone);
    rp_registration_end(phone->registration);
    rp_phone_settle(phone);
}

void rp_phone_release(struct rp_phone *phone)
{
    su_timer_destroy(phone->deadline);
    if (phone->restarting)
        rp_control_hand_over(phone->control);
    rp_control_free(phone->control);
    rp_calls_free(phone);
    rp_services_release(phone);
    for (size_t i = 0; i < RP_LINES; i++)
        rp_rtp_free(phone->rtp[i]);
    /* The stack may be destroyed only once its shutdown is complete; a process that leaves open
     * transactions behind leaves the stack's memory to the system. */
    if (phone->nua && phone->shut_down)
        nua_destroy(phone->nua);
    rp_registration_free(phone->registration);
}

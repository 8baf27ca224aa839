#include "seam.h"

#include "call.h"
#include "mutants.h"

#include <sofia-sip/nta.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_status.h>
#include <sofia-sip/sip_util.h>
#include <sofia-sip/su_tagarg.h>
#include <sofia-sip/tport.h>

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

/* The library's functions have no argument of the program's. */
static const struct rp_phone *seam;
/* For faults: the INVITEs sent last, and the call whose second INVITE repeats a CSeq. */
static struct invite {
    char branch[128];
    uint32_t cseq;
} invites[16];
static unsigned next_invite;
static char shifted_call[256];

void rp_seam_set(const struct rp_phone *phone)
{
    seam = phone;
}

static bool has(unsigned mutant)
{
    return seam && seam->options->mutants & mutant;
}

/* The library's own function behind the one that is defined here. */
static void find_next(const char *name, void *function)
{
    *(void **)function = dlsym(RTLD_NEXT, name);
}

/* ---- how long a registration is left alone ---- */

struct nua_dialog_usage;
void nua_dialog_usage_set_refresh(struct nua_dialog_usage *usage, unsigned delta_s);
void nua_dialog_usage_set_refresh_range(struct nua_dialog_usage *usage, unsigned min_s,
                                        unsigned max_s);

/* The stack would choose any moment from a quarter on to three quarters of a short time, and up to
 * the last second of a very short one. This phone takes the middle. */
void nua_dialog_usage_set_refresh(struct nua_dialog_usage *usage, unsigned delta_s)
{
    static void (*next)(struct nua_dialog_usage *, unsigned);
    if (!next)
        find_next("nua_dialog_usage_set_refresh", &next);
    unsigned half_s = delta_s > 1 ? delta_s / 2 : 1;
    if (has(RP_NEVER_REFRESHES))
        next(usage, 0);
    else if (delta_s == 0 || delta_s > 90)
        next(usage, delta_s);
    else
        nua_dialog_usage_set_refresh_range(usage, half_s, half_s);
}

/* ---- what a failed re-INVITE ends ---- */

/* The stack goes by RFC 5057, where many responses end the call. RFC 3261 14.1 has the session stay
 * as it was; for 408 and 481, which end it, see change.c. A failed first INVITE has nothing to end.
 */
int sip_response_terminates_dialog(int status, sip_method_t method, int *gracefully)
{
    static int (*next)(int, sip_method_t, int *);
    if (!next)
        find_next("sip_response_terminates_dialog", &next);
    if (method != sip_method_invite)
        return next(status, method, gracefully);
    if (gracefully)
        *gracefully = 0;
    return 0;
}

/* ---- no Contact where none may be: RFC 3261 20, table 2, and RFC 3262 6 for PRACK ---- */

static void drop_contact(msg_t *msg, sip_t *sip)
{
    sip_method_t method = sip && sip->sip_cseq ? sip->sip_cseq->cs_method : sip_method_unknown;
    bool refers = sip && sip->sip_status && sip->sip_status->st_status >= 300;
    while ((method == sip_method_prack || method == sip_method_bye) && !refers && sip->sip_contact)
        sip_header_remove(msg, sip, (sip_header_t *)sip->sip_contact);
}

/* ---- responses ---- */

static void make_200(nta_incoming_t *transaction, msg_t *msg, sip_t *sip)
{
    const struct rp_call *call = seam->calls;
    su_home_t *home = msg_home(msg);
    msg_t *invite = nta_incoming_getrequest(transaction);
    sip->sip_status->st_status = 200;
    sip->sip_status->st_phrase = "OK";
    if (invite && sip_object(invite)->sip_record_route) /* RFC 3261 12.1.1 */
        sip_add_dup(msg, sip, (sip_header_t *)sip_object(invite)->sip_record_route);
    msg_destroy(invite);
    sip_add_make(msg, sip, sip_contact_class, seam->contact);
    sip_add_make(msg, sip, sip_content_type_class, "application/sdp");
    msg_header_insert(msg, (msg_pub_t *)sip,
                      (msg_header_t *)sip_payload_make(home, call ? call->sdp : ""));
}

int nta_incoming_mreply(nta_incoming_t *transaction, msg_t *msg)
{
    static int (*next)(nta_incoming_t *, msg_t *);
    sip_t *sip = sip_object(msg);
    if (!next)
        find_next("nta_incoming_mreply", &next);
    if (has(RP_ANSWERS_AFTER_CANCEL) && sip && sip->sip_status && sip->sip_status->st_status == 487)
        make_200(transaction, msg, sip);
    drop_contact(msg, sip);
    return next(transaction, msg);
}

/* ---- requests ---- */

static void ask_for_the_old_time(sip_t *sip)
{
    bool registers = sip && sip->sip_request && sip->sip_request->rq_method == sip_method_register;
    if (registers && sip->sip_expires && sip->sip_expires->ex_delta > seam->options->expires_s)
        sip->sip_expires->ex_delta = seam->options->expires_s;
}

/* The second INVITE gets the number of the first, and all after it follow. */
static void shift_cseq(sip_t *sip)
{
    if (!sip || !sip->sip_request || !sip->sip_cseq || !sip->sip_call_id)
        return;
    if (sip->sip_request->rq_method == sip_method_invite &&
        (sip->sip_authorization || sip->sip_proxy_authorization))
        snprintf(shifted_call, sizeof shifted_call, "%s", sip->sip_call_id->i_id);
    if (strcmp(sip->sip_call_id->i_id, shifted_call) == 0)
        sip->sip_cseq->cs_seq--;
}

nta_outgoing_t *nta_outgoing_mcreate(nta_agent_t *agent, nta_response_f *callback,
                                     nta_outgoing_magic_t *magic, url_string_t const *route,
                                     msg_t *msg, tag_type_t tag, tag_value_t value, ...)
{
    static nta_outgoing_t *(*next)(nta_agent_t *, nta_response_f *, nta_outgoing_magic_t *,
                                   url_string_t const *, msg_t *, tag_type_t, tag_value_t, ...);
    ta_list tags;
    if (!next)
        find_next("nta_outgoing_mcreate", &next);
    drop_contact(msg, sip_object(msg));
    if (has(RP_IGNORES_MIN_EXPIRES))
        ask_for_the_old_time(sip_object(msg));
    if (has(RP_SAME_CSEQ))
        shift_cseq(sip_object(msg));
    ta_start(tags, tag, value);
    nta_outgoing_t *made = next(agent, callback, magic, route, msg, ta_tags(tags));
    ta_end(tags);
    return made;
}

static const struct invite *find_invite(const char *branch)
{
    for (size_t i = 0; i < sizeof invites / sizeof *invites; i++)
        if (strcmp(invites[i].branch, branch) == 0)
            return &invites[i];
    return NULL;
}

static void note_invite(const sip_t *sip, const char *branch)
{
    struct invite *invite = &invites[next_invite];
    if (find_invite(branch))
        return;
    next_invite = (next_invite + 1) % (sizeof invites / sizeof *invites);
    snprintf(invite->branch, sizeof invite->branch, "%s", branch);
    invite->cseq = sip->sip_cseq->cs_seq;
}

/* The INVITE that an ACK with its branch belongs to: that is one to a 3xx to 6xx (RFC
 * 3261 17.1.1.3). The stack sends it anew for each repeated response, from the same message. NULL:
 * another message. */
static const struct invite *find_refused(const sip_t *sip)
{
    const char *branch = sip && sip->sip_request && sip->sip_via ? sip->sip_via->v_branch : NULL;
    if (branch && sip->sip_request->rq_method == sip_method_invite)
        note_invite(sip, branch);
    return branch && sip->sip_request->rq_method == sip_method_ack ? find_invite(branch) : NULL;
}

static void change_branch(msg_t *msg, sip_t *sip)
{
    char other[160];
    snprintf(other, sizeof other, "branch=%sx", sip->sip_via->v_branch);
    msg_header_replace_param(msg_home(msg), sip->sip_via->v_common,
                             su_strdup(msg_home(msg), other));
}

/* RFC 3581 4: who fills in rport adds received as well, also where the sent-by says the same. The
 * stack has added it where that is not so. */
static void add_received(msg_t *msg, sip_t *sip)
{
    sip_via_t *via = sip && sip->sip_status ? sip->sip_via : NULL;
    char text[80];
    if (!via || !via->v_host || !via->v_rport || !*via->v_rport || via->v_received)
        return;
    size_t len = strlen(via->v_host);
    bool ipv6 = via->v_host[0] == '[' && via->v_host[len - 1] == ']';
    snprintf(text, sizeof text, "received=%.*s", (int)(ipv6 ? len - 2 : len),
             via->v_host + (ipv6 ? 1 : 0));
    msg_header_replace_param(msg_home(msg), via->v_common, su_strdup(msg_home(msg), text));
}

/* RFC 3261 8.1.1.6. The stack leaves it out where it takes leave of a second callee by itself. */
static void add_max_forwards(msg_t *msg, sip_t *sip)
{
    if (sip && sip->sip_request && !sip->sip_max_forwards)
        msg_header_insert(msg, (msg_pub_t *)sip,
                          (msg_header_t *)sip_max_forwards_make(msg_home(msg), "70"));
}

tport_t *tport_tsend(tport_t *transport, msg_t *msg, tp_name_t const *name, tag_type_t tag,
                     tag_value_t value, ...)
{
    static tport_t *(*next)(tport_t *, msg_t *, tp_name_t const *, tag_type_t, tag_value_t, ...);
    ta_list tags;
    if (!next)
        find_next("tport_tsend", &next);
    sip_t *sip = sip_object(msg);
    add_received(msg, sip);
    add_max_forwards(msg, sip);
    const struct invite *refused =
        has(RP_NO_ACK_407 | RP_ACK_NEW_BRANCH | RP_ACK_OTHER_CSEQ) ? find_refused(sip) : NULL;
    if (refused) {
        if (has(RP_NO_ACK_407))
            return transport;
        if (has(RP_ACK_OTHER_CSEQ) && sip->sip_cseq->cs_seq == refused->cseq)
            sip->sip_cseq->cs_seq++;
        if (has(RP_ACK_NEW_BRANCH))
            change_branch(msg, sip);
    }
    ta_start(tags, tag, value);
    tport_t *used = next(transport, msg, name, ta_tags(tags));
    ta_end(tags);
    return used;
}

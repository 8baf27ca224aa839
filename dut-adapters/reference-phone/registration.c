#define SU_TIMER_ARG_T struct rp_registration
#include "registration.h"

#include "control.h"
#include "mutants.h"

#include <sofia-sip/nua_tag.h>
#include <sofia-sip/sip_tag.h>

#include <openssl/rand.h>

#include <stdio.h>
#include <stdlib.h>

/* IMPATIENT_MS is the mutant ignores-retry-after's. */
enum { MOST_WAIT_S = 86400, IMPATIENT_MS = 200 };

enum state { UNREGISTERED, REGISTERING, REGISTERED, UNREGISTERING, FAILED };

static const char *const state_names[] = {"unregistered", "registering", "registered",
                                          "unregistering", "failed"};

struct rp_registration {
    struct rp_phone *phone;
    nua_handle_t *handle;
    enum state state;
    /* RFC 3261 10.2: one Call-ID for all, and each CSeq one more than the last */
    char call_id[33];
    uint32_t cseq;
    su_timer_t *wait; /* runs during a Retry-After */
    bool waiting;
};

struct rp_registration *rp_registration_new(struct rp_phone *phone)
{
    struct rp_registration *registration = calloc(1, sizeof *registration);
    unsigned char random[16];
    if (!registration)
        return NULL;
    registration->phone = phone;
    RAND_bytes(random, sizeof random);
    for (size_t i = 0; i < sizeof random; i++)
        snprintf(registration->call_id + 2 * i, 3, "%02x", (unsigned)random[i]);
    registration->wait = su_timer_create(su_root_task(phone->root), 1000);
    return registration;
}

static void send_register(struct rp_registration *registration)
{
    struct rp_phone *phone = registration->phone;
    char expires[16], cseq[32];
    bool fresh = !registration->handle;
    if (fresh)
        registration->handle =
            nua_handle(phone->nua, NULL, SIPTAG_FROM_STR(phone->address),
                       SIPTAG_TO_STR(phone->address), NUTAG_REGISTRAR(phone->server), TAG_END());
    snprintf(expires, sizeof expires, "%u", phone->options->expires_s);
    snprintf(cseq, sizeof cseq, "%u REGISTER", (unsigned)registration->cseq);
    registration->state = REGISTERING;
    nua_register(registration->handle, SIPTAG_CONTACT_STR(phone->contact),
                 SIPTAG_EXPIRES_STR(expires),
                 TAG_IF(fresh, SIPTAG_CALL_ID_STR(registration->call_id)),
                 TAG_IF(fresh && registration->cseq, SIPTAG_CSEQ_STR(cseq)), TAG_END());
}

static void go_on(su_root_magic_t *root, su_timer_t *timer, struct rp_registration *registration)
{
    (void)root;
    (void)timer;
    registration->waiting = false;
    if (!registration->phone->quitting)
        send_register(registration);
}

const char *rp_registration_start(struct rp_registration *registration)
{
    if (registration->state == REGISTERING || registration->state == UNREGISTERING)
        return "The registrar has not answered the last request yet.";
    if (!registration->waiting)
        send_register(registration);
    return NULL;
}

bool rp_registration_must_wait(const struct rp_registration *registration)
{
    return registration->waiting;
}

static void drop_handle(struct rp_registration *registration)
{
    nua_handle_destroy(registration->handle);
    registration->handle = NULL;
}

/* A final response that is a failure. The stack itself repeats a request after a Retry-After of
 * less than 32 s, and tells the response with status 100; this phone does it for all. */
static void on_failure(struct rp_registration *registration, int status, sip_t const *sip)
{
    bool impatient = registration->phone->options->mutants & RP_IGNORES_RETRY_AFTER;
    const sip_retry_after_t *after = sip ? sip->sip_retry_after : NULL;
    json_t *values = json_pack("{s:i}", "status", status);
    /* Also a second 401 or 407: the stack would wait for other credentials. */
    drop_handle(registration);
    registration->state = FAILED;
    if (rp_is_retry_after(sip) && after->af_delta <= MOST_WAIT_S &&
        !registration->phone->quitting) {
        registration->waiting = !impatient;
        su_timer_set_interval(registration->wait, go_on, registration,
                              impatient ? IMPATIENT_MS : 1000L * (long)after->af_delta);
        json_object_set_new(values, "retry_after", json_integer((json_int_t)after->af_delta));
    }
    rp_control_event(registration->phone->control, "register-failed", values);
}

const char *rp_registration_stop(struct rp_registration *registration)
{
    if (registration->state != REGISTERED)
        return "The phone is not registered.";
    registration->state = UNREGISTERING;
    nua_unregister(registration->handle, TAG_END());
    return NULL;
}

void rp_registration_end(struct rp_registration *registration)
{
    rp_registration_stop(registration);
}

static void on_registered(struct rp_registration *registration)
{
    bool refreshed = registration->state == REGISTERED;
    if (registration->state == UNREGISTERING)
        return; /* a refresh that was under way */
    registration->state = REGISTERED;
    if (!refreshed)
        rp_control_event(registration->phone->control, "registered", NULL);
    if (registration->phone->quitting)
        rp_registration_end(registration);
}

void rp_registration_event(struct rp_registration *registration, nua_event_t event, int status,
                           sip_t const *sip)
{
    struct rp_control *control = registration->phone->control;
    if (sip && sip->sip_cseq)
        registration->cseq = sip->sip_cseq->cs_seq;
    if (event == nua_r_register && status == 100 && rp_is_retry_after(sip))
        status = sip->sip_status->st_status;
    if (status < 200)
        return;
    if (event == nua_r_register && status < 300) {
        on_registered(registration);
    } else if (event == nua_r_register) {
        on_failure(registration, status, sip);
    } else {
        registration->state = UNREGISTERED;
        drop_handle(registration);
        rp_control_event(control, "unregistered", json_pack("{s:i}", "status", status));
    }
    rp_phone_settle(registration->phone);
}

const char *rp_registration_state(const struct rp_registration *registration)
{
    return state_names[registration->state];
}

bool rp_registration_busy(const struct rp_registration *registration)
{
    return registration->state == REGISTERING || registration->state == UNREGISTERING;
}

void rp_registration_free(struct rp_registration *registration)
{
    if (registration)
        su_timer_destroy(registration->wait);
    free(registration);
}

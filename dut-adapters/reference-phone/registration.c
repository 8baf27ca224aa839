#include "registration.h"

#include "control.h"

#include <sofia-sip/nua_tag.h>
#include <sofia-sip/sip_tag.h>

#include <stdio.h>
#include <stdlib.h>

enum state { UNREGISTERED, REGISTERING, REGISTERED, UNREGISTERING, FAILED };

static const char *const state_names[] = {"unregistered", "registering", "registered",
                                          "unregistering", "failed"};

struct rp_registration {
    struct rp_phone *phone;
    nua_handle_t *handle; /* kept from the first REGISTER on: one Call-ID (RFC 3261 10.2.4) */
    enum state state;
    char registrar[160];
};

struct rp_registration *rp_registration_new(struct rp_phone *phone)
{
    struct rp_registration *registration = calloc(1, sizeof *registration);
    const struct rp_options *options = phone->options;
    if (!registration)
        return NULL;
    registration->phone = phone;
    snprintf(registration->registrar, sizeof registration->registrar, "sip:%s%s%s",
             options->account_host, options->account_port[0] ? ":" : "", options->account_port);
    return registration;
}

const char *rp_registration_start(struct rp_registration *registration)
{
    struct rp_phone *phone = registration->phone;
    char expires[16];
    if (registration->state == REGISTERING || registration->state == UNREGISTERING)
        return "The registrar has not answered the last request yet.";
    if (!registration->handle)
        registration->handle = nua_handle(phone->nua, NULL, SIPTAG_FROM_STR(phone->address),
                                          SIPTAG_TO_STR(phone->address),
                                          NUTAG_REGISTRAR(registration->registrar), TAG_END());
    if (!registration->handle)
        return "The stack has no memory for a registration.";
    snprintf(expires, sizeof expires, "%u", phone->options->expires_s);
    registration->state = REGISTERING;
    nua_register(registration->handle, SIPTAG_CONTACT_STR(phone->contact),
                 SIPTAG_EXPIRES_STR(expires), TAG_END());
    return NULL;
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

static void drop_handle(struct rp_registration *registration)
{
    nua_handle_destroy(registration->handle);
    registration->handle = NULL;
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
    (void)sip;
    if (status < 200)
        return;
    if (event == nua_r_register && status < 300) {
        on_registered(registration);
    } else if (event == nua_r_register) {
        /* Also a second 401 or 407: the stack would wait for other credentials. */
        registration->state = FAILED;
        drop_handle(registration);
        rp_control_event(control, "register-failed", json_pack("{s:i}", "status", status));
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
    free(registration);
}

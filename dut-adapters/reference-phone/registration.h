/*
 * The account's binding at its registrar (RFC 3261 10). The stack refreshes it by itself, and
 * repeats a request that was too brief (423) by itself; a registrar that is out of service for a
 * while (503 with Retry-After) is asked again by this.
 */
#ifndef RP_REGISTRATION_H
#define RP_REGISTRATION_H

#include "phone.h"

struct rp_registration;

/* Returns NULL if there is no memory. */
struct rp_registration *rp_registration_new(struct rp_phone *phone);

/* Sends a REGISTER; within a Retry-After, at its end. Returns NULL, or a sentence saying why not.
 */
const char *rp_registration_start(struct rp_registration *registration);

/* Removes the binding. Returns NULL, or a sentence saying why not. */
const char *rp_registration_stop(struct rp_registration *registration);

/* Removes the binding if there is one; for quitting. */
void rp_registration_end(struct rp_registration *registration);

void rp_registration_event(struct rp_registration *registration, nua_event_t event, int status,
                           sip_t const *sip);

/* "unregistered", "registering", "registered", "unregistering" or "failed". */
const char *rp_registration_state(const struct rp_registration *registration);

/* Whether the server wants no requests now: RFC 3261 21.5.4 */
bool rp_registration_must_wait(const struct rp_registration *registration);

/* Whether something is still to come from the registrar before the phone may quit. */
bool rp_registration_busy(const struct rp_registration *registration);

void rp_registration_free(struct rp_registration *registration);

#endif

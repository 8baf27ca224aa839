/*
 * Calls: the phone has one line, so one call at a time; a second caller hears 486.
 * A call is named by its Call-ID.
 */
#ifndef RP_CALLS_H
#define RP_CALLS_H

#include "phone.h"

#include <jansson.h>

/* The commands. `id` NULL means the latest call. Each returns NULL, or a sentence saying why not.
 */
const char *rp_calls_dial(struct rp_phone *phone, const char *to, const char **id);
const char *rp_calls_answer(struct rp_phone *phone, const char *id);
const char *rp_calls_reject(struct rp_phone *phone, const char *id, int status);
const char *rp_calls_hangup(struct rp_phone *phone, const char *id);
const char *rp_calls_hold(struct rp_phone *phone, const char *id, bool held); /* or resume */

/* A new array with an object for each call that has not ended for the user. */
json_t *rp_calls_state(const struct rp_phone *phone);

/* An event of the stack. `call` is NULL where the handle has none yet. */
void rp_calls_event(struct rp_phone *phone, nua_event_t event, int status, const char *phrase,
                    nua_handle_t *handle, struct rp_call *call, sip_t const *sip, tagi_t tags[]);

/* Ends every call as a user would: BYE, CANCEL or a rejection. */
void rp_calls_end_all(struct rp_phone *phone);

/* Frees what is left of the calls without a message. */
void rp_calls_free(struct rp_phone *phone);

#endif

/*
 * Calls. A second caller hears 486; of calls that the user makes, or that come of a transfer, there
 * may be RP_LINES at a time. A call is named by its Call-ID.
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

/* change.c */
const char *rp_calls_hold(struct rp_phone *phone, const char *id);
const char *rp_calls_update(struct rp_phone *phone, const char *id, bool offers);
const char *rp_calls_press(struct rp_phone *phone, const char *id, const char *keys);

/* several.c. Resuming a call puts another one on hold that is not joined with it. */
const char *rp_calls_resume(struct rp_phone *phone, const char *id);
const char *rp_calls_consult(struct rp_phone *phone, const char *to, const char **id);
const char *rp_calls_join(struct rp_phone *phone);

/* transfer.c */
const char *rp_calls_transfer(struct rp_phone *phone, const char *id, const char *to);
const char *rp_calls_complete(struct rp_phone *phone);

/* services.c: what the phone does with later calls, and whom it called last. `when`: "all", "busy"
 * or "no-answer"; NULL: all three end. */
const char *rp_services_forward(struct rp_phone *phone, const char *when, const char *to);
const char *rp_services_not_disturb(struct rp_phone *phone, bool on);
const char *rp_services_mute(struct rp_phone *phone, bool on);
const char *rp_services_redial(struct rp_phone *phone, const char **id);
void rp_services_note_dialled(struct rp_phone *phone, const char *to);
json_t *rp_services_state(const struct rp_phone *phone); /* new */
void rp_services_release(struct rp_phone *phone);

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

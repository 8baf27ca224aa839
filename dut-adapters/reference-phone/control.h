/*
 * The phone's face to a program: JSON lines on standard input and output (README.md has the
 * protocol).
 */
#ifndef RP_CONTROL_H
#define RP_CONTROL_H

#include "phone.h"

#include <jansson.h>

struct rp_control;

/* Begins to read standard input on the phone's root. Returns NULL if there is no memory. */
struct rp_control *rp_control_new(struct rp_phone *phone);

/* Says that the phone is ready, and takes up what the one before was told behind `restart`. */
void rp_control_begin(struct rp_control *control);

/* Keeps what was read and not obeyed for the phone that comes, in the environment. */
void rp_control_hand_over(struct rp_control *control);

/* Writes an event line. `values` may be NULL; its reference is taken. NULL control: no line. */
void rp_control_event(struct rp_control *control, const char *event, json_t *values);

void rp_control_free(struct rp_control *control);

#endif

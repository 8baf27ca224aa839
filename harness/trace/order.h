/*
 * trace/order.h - puts a trace in its order.
 *
 * By time, at equal times by arrival. Then the messages that the tap knows are brought into the
 * tap's order, which is the order in which the player lived through them: the places that they hold
 * among all messages stay, which of them stands where follows the tap. So stamps may step back
 * between neighbours there (by microseconds; by more where our own host stalled). Strays keep the
 * place that their time gave them.
 *
 * Uses: trace/trace.h. Private to trace/.
 */
#ifndef OH_TRACE_ORDER_H
#define OH_TRACE_ORDER_H

#include "trace/trace.h"

/* Sorts messages and RTP packets, and numbers the messages (`index`). True: some message did not
 * stay where it was. */
bool oh_trace_order(struct oh_trace *t);

#endif

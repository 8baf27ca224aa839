/*
 * cli/order.h - in which order scenarios are played where a person does what users do, and how long
 * they take.
 *
 * First what nobody needs to do anything for, then registrations, calls, what changes calls, last
 * what leaves the phone otherwise than it was (forwarding, do not disturb, an ended registration),
 * so that nothing has to be undone for what follows. Among equals the order is the one given.
 */
#ifndef OH_CLI_ORDER_H
#define OH_CLI_ORDER_H

#include "scenario/scenario.h"

void oh_order_scenarios(struct oh_scenario **scenarios, size_t count);

/* Seconds that it takes a person and the flow, about. */
double oh_order_estimate(const struct oh_scenario *s);

#endif

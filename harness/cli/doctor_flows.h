/*
 * cli/doctor_flows.h - the small flows by which the doctor proves what a phone can be told.
 *
 * Each is a scenario's text, put together for the phone's abilities. A phone's message that does
 * not come within seconds is given up, so that a verb that does nothing costs no more than that.
 */
#ifndef OH_CLI_DOCTOR_FLOWS_H
#define OH_CLI_DOCTOR_FLOWS_H

#include "phone/phone.h"

#include <stddef.h>

#define OH_DOCTOR_WITHIN_S 3 /* for each message of the phone */

size_t oh_doctor_flow_count(void);
/* "call", "hold" ... */
const char *oh_doctor_flow_name(size_t i);
/* The verb that it begins with, or is prepared by, and that another flow proves: where that does
 * not work there is no use in this one. NULL: none. */
const char *oh_doctor_flow_basis(size_t i, bool (*can)(const char *ability, const void *phone),
                                 const void *phone);
/* Its phone is called, and so must listen where it was told to. */
bool oh_doctor_flow_calls_phone(size_t i, bool (*can)(const char *ability, const void *phone),
                                const void *phone);
/* Its scenario for a phone with these abilities; NULL where they do not suffice for it. The caller
 * frees. */
char *oh_doctor_flow_text(size_t i, bool (*can)(const char *ability, const void *phone),
                          const void *phone);

#endif

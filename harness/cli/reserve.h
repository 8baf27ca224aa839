/*
 * cli/reserve.h - room on the disk for the report, kept free while captures are written.
 *
 * A disk that fills up in mid-run must leave a valid report of what was done; so the room for it is
 * taken before anything is played and given back just before it is written. The file that holds it
 * has no name: a program that is killed leaves none behind.
 */
#ifndef OH_CLI_RESERVE_H
#define OH_CLI_RESERVE_H

#include "base/error.h"

#include <stddef.h>

/* Takes room in `folder` for the report on so many scenarios. A descriptor for oh_reserve_release;
 * -1 where the file system knows no such files, and there is none; -2 with an error where there is
 * not so much room. */
int oh_reserve_take(const char *folder, size_t scenarios, struct oh_error *e);
/* Gives it back. -1 is fine. */
void oh_reserve_release(int reserve);

#endif

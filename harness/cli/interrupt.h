/*
 * cli/interrupt.h - Ctrl-C and its like, for commands that have a phone running: the handler notes
 * the signal and wakes the loop, and the run ends in order.
 *
 * The first asks for an orderly end, the second for one without waiting, the third ends the program
 * as it stands. A process has one set of handlers, so there is one of these.
 */
#ifndef OH_CLI_INTERRUPT_H
#define OH_CLI_INTERRUPT_H

#include "base/error.h"

/* SIGINT, SIGTERM, and SIGHUP unless it is ignored (nohup); SIGPIPE is ignored from then on. */
int oh_interrupt_catch(struct oh_error *e);
/* The same for reading what another program captures just now: a read goes on, since that program
 * was interrupted by the same key and hands on what it has. After a second, or at the next signal,
 * it is ended. */
int oh_interrupt_catch_reading(struct oh_error *e);
/* That second is over. */
bool oh_interrupt_is_overdue(void);
/* Called from within the handlers at each signal, so it may do only what those may. */
void oh_interrupt_also(void (*fn)(void));
/* The last signal's number, 0 so far. */
const volatile int *oh_interrupt_flag(void);
/* Has one byte to read for each of them; -1 before oh_interrupt_catch. */
int oh_interrupt_fd(void);

#endif

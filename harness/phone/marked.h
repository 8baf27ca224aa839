/*
 * phone/marked.h - all processes of one phone's program, wherever they went. Private to phone/.
 *
 * Each inherits a variable of the environment, the mark; a process group or a session can be left,
 * and a parent can be lost. It is read from /proc: what we have no right to read is nobody's.
 *
 * Uses: base/.
 */
#ifndef OH_PHONE_MARKED_H
#define OH_PHONE_MARKED_H

#include "base/addr.h"

#include <sys/types.h>

#define OH_MARK_BYTES 64

/* "OFFHOOK_PHONE=...", unlike any other of this machine. */
void oh_mark_make(char mark[OH_MARK_BYTES]);

/* SIGKILL to all that bear it. */
void oh_marked_kill(const char *mark);

/* Is a UDP socket at this IP held by another program, while a marked one holds `sip` itself? Its
 * port, else 0: also where it cannot be told whose sockets they are. `first` is the program itself.
 */
unsigned oh_marked_stranger(const char *mark, pid_t first, const struct oh_addr *sip);

#endif

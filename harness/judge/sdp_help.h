/*
 * judge/sdp_help.h - session descriptions read line by line, as the rules on them need it.
 *
 * Nothing is demanded of a description here: what cannot be read is the absent span.
 *
 * Uses: sip/message.h. Private to judge/.
 */
#ifndef OH_JUDGE_SDP_HELP_H
#define OH_JUDGE_SDP_HELP_H

#include "sip/message.h"

/* Is the body a session description by its Content-Type? Not one that Content-Length cuts short:
 * that is another rule's matter. */
bool oh_help_has_sdp(const struct oh_sip_msg *m);

/* Cuts the first line off, without its end and white space around it. */
struct oh_span oh_help_next_line(struct oh_span *rest);
/* Cuts the next word off; false where there is none. */
bool oh_help_next_word(struct oh_span *line, struct oh_span *word);

#endif

/*
 * trace/base64.h - bytes that are no text, inside JSON (RFC 4648 4).
 *
 * Uses: base/text.h. Private to trace/.
 */
#ifndef OH_TRACE_BASE64_H
#define OH_TRACE_BASE64_H

#include "base/text.h"

void oh_base64_add(struct oh_text *out, struct oh_span bytes);

/* Appends the bytes that `text` stands for. False where it is not base64 with its padding; `out`
 * may then have grown. */
bool oh_base64_decode(struct oh_span text, struct oh_text *out);

#endif

/*
 * trace/input.h - the bytes of a capture file, in order, gzip'd or not, as far as they have come.
 *
 * Why not stdio: whoever pipes a live capture in wants each frame judged when it comes, not when a
 * buffer is full; and a file may be larger than memory. So there is a window, which is filled by as
 * many bytes as one read gives, and never more is waited for than is asked for.
 *
 * Invariants: memory is bounded by the largest OH_INPUT_MOST that is asked for at once. Several
 * gzip members behind one another are one stream (RFC 1952 2.2).
 *
 * Private to trace/. Uses: base/.
 */
#ifndef OH_TRACE_INPUT_H
#define OH_TRACE_INPUT_H

#include "base/error.h"

#define OH_INPUT_MOST ((size_t)1 << 20) /* may be asked for at once */

struct oh_input;

/* Asked before each wait for bytes, and again after a signal that interrupted one. False: reading
 * ends here, as at the end of the file. */
typedef bool oh_input_go_on_fn(void *arg);

/* The error that tells of a capture why it is none; -1. */
int oh_input_refuse(const char *path, const char *why, struct oh_error *e);

/* "-" is standard input, which stays open. NULL: it cannot be opened, is a folder, a terminal, or
 * empty. `go_on` may be NULL. */
struct oh_input *oh_input_open(const char *path, oh_input_go_on_fn *go_on, void *arg,
                               struct oh_error *e);
void oh_input_free(struct oh_input *in); /* NULL is fine */

/* At least the next `len` bytes (at most OH_INPUT_MOST); fewer where the input ends before. Nothing
 * is taken; valid until the next call with `in`. */
struct oh_span oh_input_see(struct oh_input *in, size_t len);
/* Takes `len` bytes off. False where the input ends before. */
bool oh_input_take(struct oh_input *in, uint64_t len);

/* What is amiss with the input, where it ended for another reason than that it was all: a failed
 * read, damaged or shortened gzip. NULL: nothing is. */
const char *oh_input_trouble(const struct oh_input *in);
/* `go_on` ended it. */
bool oh_input_is_stopped(const struct oh_input *in);

/* Of the file, as it lies there; `oh_input_bytes_in_all` is 0 where nobody knows. */
uint64_t oh_input_bytes_read(const struct oh_input *in);
uint64_t oh_input_bytes_in_all(const struct oh_input *in);

#endif

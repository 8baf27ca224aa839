/*
 * text.h - the bytes of one SIP message, and editing them in place by name.
 *
 * Places are (offset, length) and hold until the next edit. Nothing is checked beyond what finding
 * a place needs: a message may be spoilt in any way, and what is not found is not edited. Long and
 * compact header names are the same, in any case; folded lines belong to their header.
 */
#ifndef MUTANT_TEXT_H
#define MUTANT_TEXT_H

#include <stdbool.h>
#include <stddef.h>

struct mu_text {
    char *at; /* len bytes, not ended by NUL */
    size_t len, room;
};

struct mu_span {
    size_t at, len;
    bool found;
};

void mu_text_set(struct mu_text *t, const char *bytes, size_t len);
void mu_text_release(struct mu_text *t);

/* Whether the bytes begin as a SIP message does: a whole start line with SIP/2.0 at its end or
 * beginning. MAYBE: too few bytes to tell. */
enum mu_looks { MU_NO, MU_MAYBE, MU_SIP };
enum mu_looks mu_looks_like_sip(const char *bytes, size_t len);
/* Length of the first whole message of a stream, with its body; 0: not all of it is there, or it
 * cannot be told. */
size_t mu_message_length(const char *bytes, size_t len);

bool mu_is_response(const struct mu_text *t);
bool mu_is_request(const struct mu_text *t, const char *method);

/* The value of the nth header (0 is the first) of that name, without blanks around it. */
struct mu_span mu_header(const struct mu_text *t, const char *name, size_t nth);
/* The whole of it: name, value, line end. */
struct mu_span mu_header_line(const struct mu_text *t, const char *name, size_t nth);
/* A parameter's value, without its quotes: of ";name=value" behind the URI, or of the credentials'
 * "name=value,". */
struct mu_span mu_param(const struct mu_text *t, struct mu_span header, const char *name);
/* By name: "request-uri", "method", "status", "cseq.number", "cseq.method", "via.version",
 * "via.transport", "auth.NAME" (either kind of credentials), "HEADER.PARAMETER", "HEADER". */
struct mu_span mu_field(const struct mu_text *t, const char *field);
/* Where the body begins; the message's length if it has none. */
size_t mu_body(const struct mu_text *t);
/* The first line of the body that begins so ("m=audio"), without its line end. */
struct mu_span mu_body_line(const struct mu_text *t, const char *begins);

bool mu_span_is(const struct mu_text *t, struct mu_span s, const char *string);
/* A copy as a string, at most room - 1 bytes of it; "" if not found. Returns `to`. */
char *mu_copy(const struct mu_text *t, struct mu_span s, char *to, size_t room);
unsigned long mu_number(const struct mu_text *t, struct mu_span s);

void mu_put(struct mu_text *t, struct mu_span s, const char *string);
void mu_put_number(struct mu_text *t, struct mu_span s, unsigned long number);
void mu_append(struct mu_text *t, const char *bytes, size_t len);
void mu_insert(struct mu_text *t, size_t at, const char *string);
void mu_cut(struct mu_text *t, size_t at, size_t len);
/* A whole line behind the start line. */
void mu_add_header(struct mu_text *t, const char *line);
/* A parameter with what parts it from its neighbours. */
void mu_cut_param(struct mu_text *t, struct mu_span header, const char *name);
/* Makes the Content-Length that of the body, where there is one. */
void mu_fix_length(struct mu_text *t);

#endif

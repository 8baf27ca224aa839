/*
 * reports/json.h - small words for reading and making the report's JSON.
 *
 * Every getter is safe on what is missing or of another type: it gives "", 0, false or an empty
 * list. So no text form can be brought down by a damaged report.
 *
 * Uses: base/. Private to reports/.
 */
#ifndef OH_REPORTS_JSON_H
#define OH_REPORTS_JSON_H

#include "base/text.h"

#include <jansson.h>

/* --- making; each returns a new reference --- */

/* A JSON text. NULL gives null. Bytes that are not UTF-8, and NULs, become \xNN. */
json_t *oh_json_text(const char *text);
/* The same of bytes. Where any byte had to be escaped, backslashes are escaped too (\x5C), so that
 * the bytes can be had back, and `*escaped` is set. */
json_t *oh_json_bytes(struct oh_span bytes, bool *escaped);
/* Nanoseconds as seconds. */
json_t *oh_json_seconds(int64_t ns);
/* An index, or null for a negative one. */
json_t *oh_json_index(int index);
/* A frame number, or null for 0. */
json_t *oh_json_frame(unsigned frame);
json_t *oh_json_list(char *const *texts, size_t count);

/* --- reading; all borrowed --- */
const char *oh_json_str(const json_t *object, const char *key); /* "" */
bool oh_json_is(const json_t *object, const char *key, const char *text);
bool oh_json_has(const json_t *object, const char *key); /* there, and not null */
bool oh_json_flag(const json_t *object, const char *key);
double oh_json_number(const json_t *object, const char *key);
json_int_t oh_json_integer(const json_t *object, const char *key, json_int_t otherwise);
/* Items of the list at `key`; 0 and NULL where there is none. */
size_t oh_json_count(const json_t *object, const char *key);
const json_t *oh_json_item(const json_t *object, const char *key, size_t i);

/* Adds `by` to the integer at `key`. */
void oh_json_add(json_t *object, const char *key, json_int_t by);

#endif

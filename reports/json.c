#include "reports/json.h"

#include <string.h>

/* --- making --- */

/* A whole text that JSON can carry as it is. jansson refuses what is not UTF-8. */
static json_t *plain(struct oh_span bytes)
{
    if (bytes.len > 0 && memchr(bytes.at, 0, bytes.len))
        return NULL;
    return json_stringn(bytes.at ? bytes.at : "", bytes.len);
}

/* Length of the UTF-8 character at the start of `s`; 0 for none. */
static size_t character(struct oh_span s)
{
    for (size_t len = 1; len <= 4 && len <= s.len; len++) {
        json_t *one = plain(oh_span_sub(s, 0, len));
        json_decref(one);
        if (one)
            return len;
    }
    return 0;
}

json_t *oh_json_bytes(struct oh_span bytes, bool *escaped)
{
    json_t *json = plain(bytes);
    struct oh_text text = {0};
    if (escaped)
        *escaped = !json;
    if (json)
        return json;
    for (size_t i = 0; i < bytes.len;) {
        size_t len = bytes.at[i] == '\\' ? 0 : character(oh_span_sub(bytes, i, bytes.len));
        if (len)
            oh_text_add_span(&text, oh_span_sub(bytes, i, len));
        else
            oh_text_addf(&text, "\\x%02X", (unsigned)(unsigned char)bytes.at[i]);
        i += len ? len : 1;
    }
    json = json_stringn(oh_text_str(&text), text.len);
    oh_text_release(&text);
    return json;
}

json_t *oh_json_text(const char *text)
{
    return text ? oh_json_bytes(oh_span_of(text), NULL) : json_null();
}

json_t *oh_json_seconds(int64_t ns)
{
    return json_real((double)ns / 1e9);
}

json_t *oh_json_index(int index)
{
    return index < 0 ? json_null() : json_integer(index);
}

json_t *oh_json_frame(unsigned frame)
{
    return frame == 0 ? json_null() : json_integer(frame);
}

json_t *oh_json_list(char *const *texts, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, oh_json_text(texts[i]));
    return list;
}

/* --- reading --- */

const char *oh_json_str(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

bool oh_json_is(const json_t *object, const char *key, const char *text)
{
    const char *value = json_string_value(json_object_get(object, key));
    return value && strcmp(value, text) == 0;
}

bool oh_json_has(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return value && !json_is_null(value);
}

bool oh_json_flag(const json_t *object, const char *key)
{
    return json_is_true(json_object_get(object, key));
}

double oh_json_number(const json_t *object, const char *key)
{
    return json_number_value(json_object_get(object, key));
}

json_int_t oh_json_integer(const json_t *object, const char *key, json_int_t otherwise)
{
    const json_t *value = json_object_get(object, key);
    return json_is_integer(value) ? json_integer_value(value) : otherwise;
}

size_t oh_json_count(const json_t *object, const char *key)
{
    return json_array_size(json_object_get(object, key));
}

const json_t *oh_json_item(const json_t *object, const char *key, size_t i)
{
    return json_array_get(json_object_get(object, key), i);
}

void oh_json_add(json_t *object, const char *key, json_int_t by)
{
    json_object_set_new(object, key, json_integer(oh_json_integer(object, key, 0) + by));
}

#include "phone/template.h"

#include "phone/terminal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[] = {
    "phone.address",  "phone.host",     "phone.port",  "phone.host-port",
    "server.address", "server.host",    "server.port", "server.host-port",
    "rtp.port",       "rtp.last-port",  "user",        "auth-user",
    "password",       "realm",          "transport",   "folder",
    "programs",       "adapter-folder", "uri",         "number",
    "digits",         "when",           NULL,
};

const char *const *oh_template_names(void)
{
    return names;
}

static struct oh_span cut(struct oh_span *rest, size_t len)
{
    struct oh_span piece = oh_span_sub(*rest, 0, len);
    *rest = oh_span_sub(*rest, len, rest->len - len);
    return piece;
}

bool oh_template_next(struct oh_span *rest, struct oh_template_piece *piece)
{
    *piece = (struct oh_template_piece){0};
    if (rest->len == 0)
        return false;
    if (oh_span_starts_with(*rest, "$${")) {
        cut(rest, 1);
        piece->text = cut(rest, 2);
        return true;
    }
    if (oh_span_starts_with(*rest, "${")) {
        size_t end = oh_span_find(*rest, '}');
        piece->is_broken = end == rest->len;
        piece->is_name = !piece->is_broken;
        piece->text = cut(rest, piece->is_broken ? end : end + 1);
        if (piece->is_name)
            piece->text = oh_span_sub(piece->text, 2, piece->text.len - 3);
        return true;
    }
    size_t len = 1;
    while (len < rest->len && rest->at[len] != '$')
        len++;
    piece->text = cut(rest, len);
    return true;
}

char *oh_template_fill(const char *text, const struct oh_template_values *values)
{
    struct oh_text out = {0};
    struct oh_span rest = oh_span_of(text);
    struct oh_template_piece piece;
    while (oh_template_next(&rest, &piece)) {
        if (piece.is_name)
            values->value(piece.text, &out, values->arg);
        else
            oh_text_add_span(&out, piece.text);
    }
    return oh_text_take(&out);
}

static bool is_whole_number(const char *text, json_int_t *number)
{
    char *end;
    size_t sign = *text == '-';
    if (strspn(text + sign, "0123456789") != strlen(text) - sign || !text[sign])
        return false;
    errno = 0;
    *number = strtoll(text, &end, 10);
    return errno == 0;
}

static json_t *scalar(const struct oh_yaml_node *n, const struct oh_template_values *values)
{
    const char *text = oh_yaml_scalar(n);
    json_int_t number;
    if (oh_yaml_is_null(n))
        return json_null();
    if (oh_yaml_is_plain(n)) {
        if (!strcmp(text, "true") || !strcmp(text, "false"))
            return json_boolean(*text == 't');
        if (is_whole_number(text, &number))
            return json_integer(number);
    }
    if (!values)
        return json_string(text);
    char *filled = oh_template_fill(text, values);
    json_t *string = json_string(filled);
    free(filled);
    return string;
}

json_t *oh_template_json(const struct oh_yaml_node *n, const struct oh_template_values *values)
{
    if (oh_yaml_kind(n) == OH_YAML_SCALAR)
        return scalar(n, values);
    json_t *whole = oh_yaml_kind(n) == OH_YAML_MAP ? json_object() : json_array();
    for (size_t i = 0; i < oh_yaml_count(n); i++) {
        if (oh_yaml_kind(n) == OH_YAML_MAP)
            json_object_set_new(whole, oh_yaml_scalar(oh_yaml_key(n, i)),
                                oh_template_json(oh_yaml_value(n, i), values));
        else
            json_array_append_new(whole, oh_template_json(oh_yaml_item(n, i), values));
    }
    return whole;
}

typedef bool text_fits_fn(const char *pattern, const char *text);

static bool json_fits(const json_t *pattern, const json_t *message, text_fits_fn *text_fits);

static bool list_fits(const json_t *pattern, const json_t *message, text_fits_fn *text_fits)
{
    if (json_array_size(pattern) != json_array_size(message))
        return false;
    for (size_t i = 0; i < json_array_size(pattern); i++) {
        if (!json_fits(json_array_get(pattern, i), json_array_get(message, i), text_fits))
            return false;
    }
    return true;
}

static bool json_fits(const json_t *pattern, const json_t *message, text_fits_fn *text_fits)
{
    const char *key;
    json_t *value;
    if (!message)
        return false;
    if (json_is_string(pattern))
        return json_is_string(message) &&
               text_fits(json_string_value(pattern), json_string_value(message));
    if (json_is_array(pattern))
        return json_is_array(message) && list_fits(pattern, message, text_fits);
    if (!json_is_object(pattern) || !json_is_object(message))
        return json_equal(pattern, message);
    json_object_foreach((json_t *)(uintptr_t)pattern, key, value)
    {
        if (!json_fits(value, json_object_get(message, key), text_fits))
            return false;
    }
    return true;
}

bool oh_json_fits(const json_t *pattern, const json_t *message)
{
    return json_fits(pattern, message, oh_text_fits);
}

bool oh_json_holds(const json_t *wide, const json_t *narrow)
{
    return json_fits(wide, narrow, oh_pattern_holds);
}

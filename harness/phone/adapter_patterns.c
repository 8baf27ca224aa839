/* Patterns that nothing can fit, or everything: they would leave a phone waited for in vain, or
 * believed whatever it says. */
#include "phone/adapter_reader.h"

#include "phone/framing.h"
#include "phone/template.h"

#include <string.h>

struct check {
    struct oh_yaml_reader *r;
    const struct oh_adapter *a;
};

static struct oh_error *mistake(const struct check *c, const struct oh_yaml_node *n,
                                const char *sentence)
{
    return oh_yaml_mistake(c->r->y, n, c->r->errors, "%s", sentence);
}

static const struct oh_yaml_node *value_of(const struct oh_yaml_node *map, const char *key)
{
    for (size_t i = 0; map && oh_yaml_kind(map) == OH_YAML_MAP && i < oh_yaml_count(map); i++)
        if (!strcmp(oh_yaml_scalar(oh_yaml_key(map, i)), key))
            return oh_yaml_value(map, i);
    return NULL;
}

static bool is_all_stars(const struct oh_yaml_node *n)
{
    const char *text = oh_yaml_kind(n) == OH_YAML_SCALAR ? oh_yaml_scalar(n) : "";
    return *text && text[strspn(text, "*")] == '\0';
}

/* --- patterns of messages --- */

/* Its messages are made of lines that it shows. */
static bool reads_text(const struct check *c)
{
    return c->a->driver->is_text && c->a->driver->enter;
}

/* Of a program that writes text all that there is are texts: no numbers, no lists. */
static bool is_text(const struct oh_yaml_node *n)
{
    json_t *value = oh_yaml_kind(n) == OH_YAML_SCALAR ? oh_template_json(n, NULL) : NULL;
    bool result = json_is_string(value);
    json_decref(value);
    return result;
}

static void check_text_fields(const struct check *c, const struct oh_yaml_node *pattern)
{
    for (size_t i = 0; i < oh_yaml_count(pattern); i++) {
        const struct oh_yaml_node *key = oh_yaml_key(pattern, i),
                                  *value = oh_yaml_value(pattern, i);
        const char *name = oh_yaml_scalar(key);
        if (!is_text(value) && oh_yaml_kind(value) == OH_YAML_SCALAR)
            oh_error_remedy(mistake(c, value,
                                    "nothing fits this: all that is read from text are texts"),
                            "put it in quotes: %s: '%s'", name, oh_yaml_scalar(value));
        else if (!is_text(value))
            oh_error_remedy(mistake(c, key,
                                    "nothing fits this: what is read from text has no "
                                    "lists and no maps"),
                            "as in %s: 'a text'", name);
        else if (strcmp(name, "text") && strcmp(name, "command") && !oh_text_is_member(name))
            oh_error_remedy(
                mistake(c, key,
                        "nothing fits this: no line of text is read as a field of "
                        "that name"),
                "names have letters, digits, '-', '_' and spaces; else use text: '*...*'");
    }
}

/* Every message has what this asks for. */
static bool fits_all(const struct check *c, const struct oh_yaml_node *pattern)
{
    for (size_t i = 0; i < oh_yaml_count(pattern); i++) {
        const char *name = oh_yaml_scalar(oh_yaml_key(pattern, i));
        if (!reads_text(c) || strcmp(name, "text") || !is_all_stars(oh_yaml_value(pattern, i)))
            return false;
    }
    return true;
}

static void check_pattern(const struct check *c, const struct oh_yaml_node *pattern)
{
    if (!pattern || oh_yaml_kind(pattern) != OH_YAML_MAP)
        return;
    if (fits_all(c, pattern))
        oh_error_remedy(mistake(c, pattern, "everything that the phone says fits this"),
                        "name what this message has and others have not, as in {ok: true} or "
                        "{text: 'done*'}");
    else if (reads_text(c))
        check_text_fields(c, pattern);
}

static void check_patterns(const struct check *c, const struct oh_yaml_node *n)
{
    check_pattern(c, n);
    for (size_t i = 0; n && oh_yaml_kind(n) == OH_YAML_LIST && i < oh_yaml_count(n); i++)
        check_pattern(c, oh_yaml_item(n, i));
}

/* What is told by the driver as said by itself needs something that it is known by. */
static void check_event(const struct check *c, const struct oh_yaml_node *event)
{
    check_pattern(c, event);
    if (event && reads_text(c) && c->a->says_count == 0)
        oh_error_remedy(mistake(c, event,
                                "nothing fits this: 'drive' does not tell what the program "
                                "says by itself"),
                        "add 'says' to 'drive', as in says: [{begins: 'registered*'}]");
}

static void check_command(const struct check *c, const struct oh_command *command)
{
    const struct oh_yaml_node *ok = command->ok ? command->ok : c->a->ok;
    check_patterns(c, command->ok);
    check_pattern(c, command->refused);
    check_event(c, command->event);
    if (!ok || !command->refused || oh_yaml_kind(ok) != OH_YAML_MAP ||
        oh_yaml_kind(command->refused) != OH_YAML_MAP)
        return;
    json_t *taken = oh_template_json(ok, NULL), *refused = oh_template_json(command->refused, NULL);
    if (oh_json_holds(taken, refused))
        oh_error_remedy(mistake(c, command->refused,
                                "nothing fits this: what fits it fits 'ok', "
                                "too, which is looked at first"),
                        "let 'ok' ask for what a refusal has not");
    json_decref(taken);
    json_decref(refused);
}

/* --- patterns of lines --- */

static void check_line(const struct check *c, const struct oh_yaml_node *n)
{
    const char *at = n && oh_yaml_kind(n) == OH_YAML_SCALAR ? oh_yaml_scalar(n) : "";
    for (; *at; at++)
        if (((unsigned char)*at < 0x20 && *at != '\t') || *at == 0x7f) {
            oh_error_remedy(mistake(c, n,
                                    "nothing fits this: a line has no line ends and no keys "
                                    "of control in it"),
                            "it is the pattern of one line, without its end and without colours");
            return;
        }
}

static void check_lines(const struct check *c, const struct oh_yaml_node *n)
{
    check_line(c, n);
    for (size_t i = 0; n && oh_yaml_kind(n) == OH_YAML_LIST && i < oh_yaml_count(n); i++)
        check_line(c, oh_yaml_item(n, i));
}

/* A block that begins with what answers begin with, or with the prompt, swallows these. */
static void check_says(const struct check *c, const struct oh_yaml_node *says)
{
    const char *prompt = c->a->prompt, *answer = c->a->answer;
    for (size_t i = 0; says && i < oh_yaml_count(says); i++) {
        const struct oh_yaml_node *item = oh_yaml_item(says, i), *begins = value_of(item, "begins");
        const char *line = begins ? oh_yaml_scalar(begins) : "";
        check_line(c, begins);
        check_lines(c, value_of(item, "until"));
        if (begins && is_all_stars(begins))
            oh_error_remedy(mistake(c, begins, "every line fits this, also those of answers"),
                            "name what it begins with, as in begins: 'Event: *'");
        else if (begins && answer && oh_pattern_holds(line, answer))
            oh_error_remedy(
                mistake(c, begins,
                        "what answers begin with fits this, too: there would be no answers"),
                "'answer' is \"%s\"; let one of the two be narrower", answer);
        else if (begins && prompt && oh_pattern_holds(line, prompt))
            oh_error_remedy(mistake(c, begins, "the prompt fits this, too"),
                            "'prompt' is \"%s\"; let 'begins' be narrower", prompt);
    }
}

static void check_drive(const struct check *c)
{
    const struct oh_yaml_node *drive = value_of(oh_yaml_root(c->r->y), "drive");
    const struct oh_yaml_node *answer = value_of(drive, "answer"),
                              *prompt = value_of(drive, "prompt");
    check_pattern(c, c->a->ok);
    check_line(c, prompt);
    check_line(c, answer);
    check_lines(c, value_of(drive, "asks"));
    check_lines(c, value_of(drive, "ends"));
    check_says(c, value_of(drive, "says"));
    if (answer && c->a->prompt && is_all_stars(answer))
        oh_error_remedy(mistake(c, answer, "every line fits this"),
                        "leave 'answer' out where answers have no first line of their own");
}

/* --- all --- */

void oh_adapter_check_patterns(struct oh_yaml_reader *r, const struct oh_adapter *a)
{
    const struct check c = {.r = r, .a = a};
    if (!a->driver || a->driver->is_told_verbs)
        return;
    check_drive(&c);
    check_command(&c, &a->ready);
    for (int v = 0; v < OH_VERBS; v++)
        check_command(&c, &a->verbs[v]);
    check_command(&c, &a->state);
    check_event(&c, a->registered);
    for (size_t i = 0; i < a->keep_count; i++)
        check_patterns(&c, a->keeps[i].of);
}

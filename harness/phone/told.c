/* Programs that are told verbs: what goes to them and what their answers mean is the same for all,
 * and written down in dut-adapters/README.md. */
#include "phone/self.h"

#include <stdlib.h>
#include <string.h>

static json_t *value_of(struct oh_phone *p, const char *name)
{
    struct oh_filling f = {.phone = p};
    struct oh_text value = {0};
    oh_phone_value(oh_span_of(name), &value, &f);
    json_t *text = json_string(oh_text_str(&value));
    oh_text_release(&value);
    return text;
}

static json_t *number_of(struct oh_phone *p, const char *name)
{
    json_t *text = value_of(p, name);
    json_t *number = json_integer(strtoll(json_string_value(text), NULL, 10));
    json_decref(text);
    return number;
}

static json_t *verbs_of(const struct oh_adapter *a)
{
    json_t *verbs = json_array();
    for (int v = 0; v < OH_VERBS; v++)
        if (a->verbs[v].given)
            json_array_append_new(verbs, json_string(oh_verb_name((enum oh_verb)v)));
    return verbs;
}

/* All that the names in an adapter's texts stand for. */
static void add_place(struct oh_phone *p, json_t *message)
{
    static const char *const texts[] = {"user",   "auth-user", "password", "realm",
                                        "folder", "programs",  "transport"};
    json_t *params = json_object();
    json_object_set_new(message, "phone",
                        json_pack("{s:o, s:o}", "address", value_of(p, "phone.address"), "port",
                                  number_of(p, "phone.port")));
    json_object_set_new(message, "server",
                        json_pack("{s:o, s:o}", "address", value_of(p, "server.address"), "port",
                                  number_of(p, "server.port")));
    json_object_set_new(message, "rtp",
                        json_pack("{s:o, s:o}", "port", number_of(p, "rtp.port"), "last-port",
                                  number_of(p, "rtp.last-port")));
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        json_object_set_new(message, texts[i], value_of(p, texts[i]));
    for (size_t i = 0; i < p->a->param_count; i++)
        json_object_set_new(params, p->a->params[i].name, json_string(p->a->params[i].value));
    json_object_set_new(message, "params", params);
    json_object_set_new(message, "verbs", verbs_of(p->a));
}

char *oh_phone_told(const struct oh_pending *c)
{
    const struct {
        const char *name, *value;
    } args[] = {{"uri", c->uri}, {"digits", c->digits}, {"when", c->when}};
    struct oh_phone *p = c->phone;
    const char *what = c->purpose == OH_FOR_READY   ? "start"
                       : c->purpose == OH_FOR_STOP  ? "stop"
                       : c->command == &p->a->state ? "state"
                                                    : oh_verb_name(oh_phone_verb_of(c));
    json_t *message = json_pack("{s:I, s:s}", "id", (json_int_t)c->id, "do", what);
    for (size_t i = 0; i < sizeof args / sizeof *args; i++)
        if (args[i].value)
            json_object_set_new(message, args[i].name, json_string(args[i].value));
    if (c->purpose == OH_FOR_READY)
        add_place(p, message);
    char *text = json_dumps(message, JSON_COMPACT | JSON_PRESERVE_ORDER);
    json_decref(message);
    return text;
}

bool oh_phone_told_answers(const struct oh_pending *c, const json_t *message,
                           enum oh_action_result *result)
{
    const json_t *id = json_object_get(message, "id");
    if (!json_is_integer(id) || json_integer_value(id) != (json_int_t)c->id)
        return false;
    *result = json_is_true(json_object_get(message, "unsupported")) ? OH_ACTION_UNSUPPORTED
              : json_is_true(json_object_get(message, "ok"))        ? OH_ACTION_TAKEN
                                                                    : OH_ACTION_REFUSED;
    return true;
}

/* --- what it cannot do --- */

void oh_phone_take_verbs(struct oh_phone *p, const json_t *message)
{
    const json_t *verbs = json_object_get(message, "verbs"), *verb;
    size_t i;
    memset(p->lacks, json_is_array(verbs), sizeof p->lacks);
    json_array_foreach(verbs, i, verb)
    {
        int v = json_is_string(verb) ? oh_verb_of(json_string_value(verb)) : -1;
        if (v >= 0)
            p->lacks[v] = false;
    }
}

const char *oh_phone_why_lacking(const struct oh_phone *p, const char *ability)
{
    int verb = oh_verb_of(ability);
    return verb >= 0 && p->lacks[verb] ? "the program that drives it says so" : NULL;
}

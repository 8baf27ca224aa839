#include "base/file.h"
#include "trace/base64.h"
#include "trace/run_json.h"

#include <assert.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* Takes `value`. It is NULL only where memory ran out: nothing here can fail otherwise. */
static void put(json_t *object, const char *key, json_t *value)
{
    int result = json_object_set_new(object, key, value);
    assert(result == 0);
    (void)result;
}

static void put_int(json_t *object, const char *key, int64_t value)
{
    put(object, key, json_integer(value));
}

static void put_count(json_t *object, const char *key, uint64_t value)
{
    put_int(object, key, value > INT64_MAX ? INT64_MAX : (int64_t)value);
}

static void put_bool(json_t *object, const char *key, bool value)
{
    put(object, key, json_boolean(value));
}

static json_t *base64_of(struct oh_span bytes)
{
    struct oh_text text = {0};
    oh_base64_add(&text, bytes);
    json_t *value = json_string(oh_text_str(&text));
    oh_text_release(&text);
    return value;
}

/* A string where the bytes are UTF-8 without NUL, else NULL. */
static json_t *string_of(struct oh_span bytes)
{
    if (bytes.len > 0 && memchr(bytes.at, '\0', bytes.len))
        return NULL;
    return json_stringn(bytes.at ? bytes.at : "", bytes.len);
}

static json_t *text_of(const char *text)
{
    if (!text)
        return json_null();
    json_t *value = string_of(oh_span_of(text));
    if (value)
        return value;
    value = json_object();
    put(value, "base64", base64_of(oh_span_of(text)));
    return value;
}

static void put_text(json_t *object, const char *key, const char *text)
{
    put(object, key, text_of(text));
}

static void put_text_if(json_t *object, const char *key, const char *text)
{
    if (text)
        put_text(object, key, text);
}

static void put_index_if(json_t *object, const char *key, int index)
{
    if (index != OH_NONE)
        put_int(object, key, index);
}

static void put_addr(json_t *object, const char *key, const struct oh_addr *a)
{
    char text[OH_ADDR_TEXT];
    put_text(object, key, a->family == OH_FAMILY_NONE ? NULL : oh_addr_format(a, text));
}

static json_t *list(json_t *object, const char *key)
{
    json_t *array = json_array();
    put(object, key, array);
    return array;
}

static json_t *entry(json_t *array)
{
    json_t *object = json_object();
    int result = json_array_append_new(array, object);
    assert(result == 0);
    (void)result;
    return object;
}

static json_t *part(json_t *object, const char *key)
{
    json_t *inner = json_object();
    put(object, key, inner);
    return inner;
}

static void put_time(json_t *object, const char *key, const char *key_ns, int64_t wall_ns)
{
    char text[32];
    put_text(object, key, oh_clock_format(wall_ns, text));
    put_int(object, key_ns, wall_ns);
}

static void put_head(json_t *root, const struct oh_run *r)
{
    put_text(root, "format", OH_RUN_FORMAT);
    put_text(part(root, "harness"), "version", OH_VERSION);
    json_t *scenario = part(root, "scenario");
    put_text(scenario, "id", r->scenario_id);
    put_text(scenario, "file", r->scenario_file);
    put_text(scenario, "text", r->scenario_text);
    if (r->scenario_row)
        put_text(scenario, "row", r->scenario_row);
    json_t *params = r->param_count ? list(scenario, "params") : NULL;
    for (size_t i = 0; i < r->param_count; i++) {
        json_t *param = entry(params);
        put_text(param, "name", r->params[i].name);
        put_text(param, "value", r->params[i].value);
        put_bool(param, "plain", r->params[i].plain);
    }
    put_time(root, "started", "started_ns", r->started_wall_ns);
    put_time(root, "ended", "ended_ns", r->ended_wall_ns);
    put_text(root, "evidence", r->evidence == OH_EVIDENCE_TAP ? "tap" : "capture");
    json_t *capture = part(root, "capture");
    put_count(capture, "received", r->capture.received);
    put_count(capture, "dropped", r->capture.dropped);
    put_bool(capture, "complete", r->capture.complete);
    put_text(capture, "interface", r->capture.interface);
    put_int(root, "worst_late_ns", r->worst_late_ns);
    put_int(root, "clock_step_ns", r->clock_step_ns);
    put_text(root, "outcome", oh_outcome_name(r->outcome));
    put(root, "outcome_step",
        r->outcome_step == OH_NONE ? json_null() : json_integer(r->outcome_step));
    put_text(root, "outcome_text", r->outcome_text);
    put_text(root, "phone_output", r->phone_output);
}

static void put_parties(json_t *root, const struct oh_run *r)
{
    json_t *seats = list(root, "seats"), *phones = list(root, "phones");
    for (size_t i = 0; i < r->seat_count; i++) {
        const struct oh_run_seat *seat = &r->seats[i];
        json_t *o = entry(seats);
        put_text(o, "name", seat->name);
        put_text(o, "role", seat->role);
        put_bool(o, "is_phone", seat->is_phone);
        put_addr(o, "sip", &seat->sip);
        put_addr(o, "rtp", &seat->rtp);
    }
    json_t *conns = r->conn_count ? list(root, "connections") : NULL;
    for (size_t i = 0; i < r->conn_count; i++) {
        json_t *o = entry(conns);
        put_text(o, "seat", r->conns[i].seat);
        put_addr(o, "remote", &r->conns[i].remote);
    }
    for (size_t i = 0; i < r->phone_count; i++) {
        const struct oh_run_phone *p = &r->phones[i];
        json_t *o = entry(phones);
        put_text(o, "seat", p->seat);
        put_text(o, "adapter", p->adapter);
        put_text(o, "name", p->name);
        put_text(o, "profile", p->profile);
        put_text(o, "user_agent", p->user_agent);
        put_bool(o, "is_reference", p->is_reference);
        if (p->is_by_hand)
            put_bool(o, "is_by_hand", true);
        json_t *abilities = list(o, "abilities");
        for (size_t k = 0; k < p->ability_count; k++)
            json_array_append_new(abilities, text_of(p->abilities[k]));
        put_text(o, "adapter_text", p->adapter_text);
        put_text(o, "mutant", p->mutant);
        put_text(o, "transport", oh_transport_name(p->transport));
    }
}

static void put_earlier(json_t *root, const struct oh_run *r)
{
    json_t *calls = r->earlier_count ? list(root, "earlier_calls") : NULL;
    for (size_t i = 0; i < r->earlier_count; i++) {
        json_t *o = entry(calls);
        put_text(o, "call_id", r->earlier[i].call_id);
        put_text_if(o, "branch", r->earlier[i].branch);
    }
}

static void put_names(json_t *root, const struct oh_run *r)
{
    json_t *names = list(root, "names");
    for (size_t i = 0; i < r->name_count; i++) {
        json_t *o = entry(names);
        put_text(o, "name", r->names[i].name);
        put_text(o, "value", r->names[i].value);
    }
}

static void put_journal(json_t *root, const struct oh_run *r)
{
    json_t *journal = list(root, "journal");
    for (size_t i = 0; i < r->journal_count; i++) {
        const struct oh_journal_entry *j = &r->journal[i];
        json_t *o = entry(journal);
        put_text(o, "kind", oh_journal_name(j->kind));
        put_int(o, "t_ns", j->wall_ns);
        put_index_if(o, "step", j->step);
        put_index_if(o, "tap", j->tap);
        put_int(o, "tap_before", j->tap_before);
        put_text_if(o, "seat", j->seat);
        put_text_if(o, "detail", j->detail);
    }
}

/* --- the tap, by far the most: written entry by entry, each on a line of its own --- */

static int append(const char *bytes, size_t len, void *arg)
{
    oh_text_add_span(arg, (struct oh_span){bytes, len});
    return 0;
}

/* Takes `value`. */
static void add_value(struct oh_text *out, const char *key, json_t *value)
{
    oh_text_addf(out, ", \"%s\": ", key);
    int result = json_dump_callback(value, append, out, JSON_ENCODE_ANY);
    assert(result == 0);
    (void)result;
    json_decref(value);
}

static void add_addr(struct oh_text *out, const char *key, const struct oh_addr *a)
{
    char text[OH_ADDR_TEXT];
    bool is_given = a->family != OH_FAMILY_NONE;
    oh_text_addf(out, is_given ? ", \"%s\": \"%s\"" : ", \"%s\": null", key,
                 oh_addr_format(a, text));
}

static void add_bytes(struct oh_text *out, struct oh_span bytes)
{
    json_t *text = string_of(bytes);
    if (text)
        add_value(out, "text", text);
    else
        add_value(out, "base64", base64_of(bytes));
}

static void add_tap_entry(struct oh_text *out, const struct oh_tap_entry *t)
{
    oh_text_addf(out, "    {\"t_ns\": %lld", (long long)t->wall_ns);
    add_value(out, "label", text_of(t->label));
    oh_text_addf(out, ", \"sent\": %s", t->sent ? "true" : "false");
    if (t->transport != OH_TRANSPORT_UDP)
        oh_text_addf(out, ", \"transport\": \"%s\"", oh_transport_name(t->transport));
    add_addr(out, "local", &t->local);
    add_addr(out, "remote", &t->remote);
    oh_text_addf(out, ", \"rtp\": %s, \"on_purpose\": %s, \"whole_len\": %zu",
                 t->is_rtp ? "true" : "false", t->ours_on_purpose ? "true" : "false", t->whole_len);
    add_bytes(out, t->bytes);
    oh_text_add(out, "}");
}

/* Into the root object that `out` ends with. */
static void add_tap(struct oh_text *out, const struct oh_run *r)
{
    static const char end[] = "\n}\n";
    assert(out->len > sizeof end && strcmp(out->at + out->len - (sizeof end - 1), end) == 0);
    out->len -= sizeof end - 1;
    oh_text_add(out, ",\n  \"tap\": [");
    for (size_t i = 0; i < r->tap_count; i++) {
        oh_text_add(out, i ? ",\n" : "\n");
        add_tap_entry(out, &r->tap[i]);
    }
    oh_text_add(out, r->tap_count > 0 ? "\n  ]\n}\n" : "]\n}\n");
}

/* Takes `root`. */
static void format_json(json_t *root, struct oh_text *out)
{
    char *text = json_dumps(root, JSON_INDENT(2));
    assert(text);
    oh_text_add(out, text);
    oh_text_add_char(out, '\n');
    free(text);
    json_decref(root);
}

void oh_run_format(const struct oh_run *r, struct oh_text *out)
{
    json_t *root = json_object();
    put_head(root, r);
    put_parties(root, r);
    put_earlier(root, r);
    put_names(root, r);
    put_journal(root, r);
    format_json(root, out);
    add_tap(out, r);
}

void oh_run_secrets_format(const struct oh_run *r, struct oh_text *out)
{
    json_t *root = json_object();
    put_text(root, "format", OH_SECRETS_FORMAT);
    json_t *secrets = list(root, "secrets");
    for (size_t i = 0; i < r->secret_count; i++) {
        json_t *o = entry(secrets);
        put_text(o, "seat", r->secrets[i].seat);
        put_text(o, "username", r->secrets[i].username);
        put_text(o, "password", r->secrets[i].password);
    }
    format_json(root, out);
}

static int write_one(const char *folder, const char *name, const struct oh_text *text,
                     unsigned mode, struct oh_error *e)
{
    char *path = oh_file_join(folder, name);
    int result = oh_file_write(path, oh_text_span(text), mode, e);
    free(path);
    return result;
}

int oh_run_write(const struct oh_run *r, const char *folder, struct oh_error *e)
{
    struct oh_text run = {0}, secrets = {0};
    int result = -1;
    oh_run_format(r, &run);
    oh_run_secrets_format(r, &secrets);
    if (oh_file_mkdirs(folder, e) < 0)
        goto out;
    /* run.json last: where it stands, the folder is whole */
    if (write_one(folder, OH_SECRETS_FILE, &secrets, 0600, e) < 0 ||
        write_one(folder, OH_RUN_FILE, &run, 0644, e) < 0)
        goto out;
    result = 0;
out:
    oh_text_release(&secrets);
    oh_text_release(&run);
    return result;
}

#include "base/file.h"
#include "trace/base64.h"
#include "trace/run_json.h"

#include <jansson.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RUN_LIMIT     ((size_t)1 << 30)
#define SECRETS_LIMIT ((size_t)1 << 24)

/* The first mistake is kept; after it every function does nothing and gives an empty value. */
struct reader {
    const char *file;
    struct oh_text path; /* of the object being read: "journal[3]", "" for the root */
    struct oh_error *e;
    bool failed;
};

static void fail(struct reader *r, const char *key, const char *what)
{
    if (r->failed)
        return;
    r->failed = true;
    const char *dot = r->path.len > 0 && key[0] && key[0] != '[' ? "." : "";
    oh_error_at(r->e, r->file, (struct oh_place){0}, "the recording is damaged: %s%s%s %s",
                oh_text_str(&r->path), dot, key, what);
}

/* NULL where it is missing or null. */
static const json_t *member(struct reader *r, const json_t *object, const char *key)
{
    const json_t *value = r->failed ? NULL : json_object_get(object, key);
    return json_is_null(value) ? NULL : value;
}

static const json_t *needed(struct reader *r, const json_t *object, const char *key)
{
    const json_t *value = member(r, object, key);
    if (!value)
        fail(r, key, "is missing");
    return value;
}

static int64_t read_int(struct reader *r, const json_t *object, const char *key, int64_t least,
                        int64_t most)
{
    const json_t *value = needed(r, object, key);
    if (!value)
        return 0;
    if (!json_is_integer(value)) {
        fail(r, key, "is not a whole number");
        return 0;
    }
    int64_t n = json_integer_value(value);
    if (n < least || n > most) {
        fail(r, key, "is out of range");
        return 0;
    }
    return n;
}

/* An index below `count`, or OH_NONE where there is none. */
static int read_index(struct reader *r, const json_t *object, const char *key, size_t count)
{
    if (!member(r, object, key))
        return OH_NONE;
    if (count == 0) {
        fail(r, key, "points at nothing");
        return OH_NONE;
    }
    return (int)read_int(r, object, key, 0, (int64_t)count - 1);
}

static bool read_bool(struct reader *r, const json_t *object, const char *key)
{
    const json_t *value = needed(r, object, key);
    if (value && !json_is_boolean(value))
        fail(r, key, "is neither true nor false");
    return json_is_true(value);
}

static char *read_base64(struct reader *r, const json_t *value, const char *key, size_t *len)
{
    struct oh_text bytes = {0};
    struct oh_span text = {json_string_value(value), json_string_length(value)};
    if (!text.at || !oh_base64_decode(text, &bytes)) {
        fail(r, key, "is not base64");
        oh_text_release(&bytes);
        return NULL;
    }
    *len = bytes.len;
    return oh_text_take(&bytes);
}

/* A string or {"base64": ...}; the caller frees. */
static char *text_of(struct reader *r, const json_t *value, const char *key)
{
    size_t len = 0;
    if (!value)
        return NULL;
    if (json_is_string(value))
        return oh_strdup(json_string_value(value));
    if (!json_is_object(value)) {
        fail(r, key, "is not a text");
        return NULL;
    }
    char *text = read_base64(r, json_object_get(value, "base64"), key, &len);
    if (text && strlen(text) != len)
        fail(r, key, "holds a NUL");
    return text;
}

static char *read_text_if(struct reader *r, const json_t *object, const char *key)
{
    return text_of(r, member(r, object, key), key);
}

static char *read_text(struct reader *r, const json_t *object, const char *key)
{
    return text_of(r, needed(r, object, key), key);
}

static struct oh_addr read_addr(struct reader *r, const json_t *object, const char *key)
{
    struct oh_addr a = {0};
    const json_t *value = member(r, object, key);
    struct oh_span text = {json_string_value(value), json_string_length(value)};
    if (value && (!text.at || oh_addr_parse(text, &a, NULL) < 0))
        fail(r, key, "is not an address");
    return a;
}

typedef const char *word_fn(int i);

static const char *journal_word(int i)
{
    return oh_journal_name((enum oh_journal_kind)i);
}

static const char *outcome_word(int i)
{
    return oh_outcome_name((enum oh_outcome)i);
}

static const char *evidence_word(int i)
{
    return i == OH_EVIDENCE_TAP ? "tap" : "capture";
}

static const char *transport_word(int i)
{
    return oh_transport_name((enum oh_transport)i);
}

static int read_word(struct reader *r, const json_t *object, const char *key, int count,
                     word_fn *word_of)
{
    const json_t *value = needed(r, object, key);
    const char *word = json_string_value(value);
    for (int i = 0; word && i < count; i++) {
        if (strcmp(word, word_of(i)) == 0)
            return i;
    }
    if (value)
        fail(r, key, "is none of the words known");
    return 0;
}

/* UDP where none is named. */
static enum oh_transport read_transport(struct reader *r, const json_t *object)
{
    if (!member(r, object, "transport"))
        return OH_TRANSPORT_UDP;
    return (enum oh_transport)read_word(r, object, "transport", OH_TRANSPORTS, transport_word);
}

/* Nanoseconds since 1970, up to the year 2096: two of them can be subtracted. */
static int64_t read_time(struct reader *r, const json_t *object, const char *key)
{
    return read_int(r, object, key, 0, 4000000000000000000);
}

/* Calls `fn` for each object of the list, with its place in the path. */
typedef void element_fn(struct reader *r, const json_t *object, struct oh_run *run);

static void read_list(struct reader *r, const json_t *root, const char *key, struct oh_run *run,
                      element_fn *fn)
{
    const json_t *array = needed(r, root, key);
    if (array && !json_is_array(array))
        fail(r, key, "is not a list");
    size_t before = r->path.len;
    for (size_t i = 0; !r->failed && i < json_array_size(array); i++) {
        const json_t *object = json_array_get(array, i);
        oh_text_addf(&r->path, "%s[%zu]", key, i);
        if (json_is_object(object))
            fn(r, object, run);
        else
            fail(r, "", "is not an object");
        r->path.len = before;
        r->path.at[before] = '\0';
    }
}

/* An object in the root; its key becomes the path until leave(). NULL on a failure. */
static const json_t *enter(struct reader *r, const json_t *root, const char *key)
{
    const json_t *object = needed(r, root, key);
    if (object && !json_is_object(object))
        fail(r, key, "is not an object");
    if (!r->failed)
        oh_text_add(&r->path, key);
    return r->failed ? NULL : object;
}

static void leave(struct reader *r)
{
    oh_text_clear(&r->path);
}

static void read_format(struct reader *r, const json_t *root, const char *format)
{
    const char *found = json_string_value(needed(r, root, "format"));
    if (r->failed || (found && strcmp(found, format) == 0))
        return;
    r->failed = true;
    oh_error_at(r->e, r->file, (struct oh_place){0}, "this is not of the format '%s'", format);
    oh_error_remedy(r->e, "it may come from another version of offhook, or be no run at all");
}

static void read_param(struct reader *r, const json_t *object, struct oh_run *run)
{
    oh_run_add_param(run, NULL, NULL, read_bool(r, object, "plain"));
    struct oh_param *param = &run->params[run->param_count - 1];
    param->name = read_text(r, object, "name");
    param->value = read_text(r, object, "value");
}

static void read_scenario(struct reader *r, const json_t *root, struct oh_run *run)
{
    const json_t *scenario = enter(r, root, "scenario");
    run->scenario_id = read_text(r, scenario, "id");
    run->scenario_file = read_text(r, scenario, "file");
    run->scenario_text = read_text(r, scenario, "text");
    run->scenario_row = read_text_if(r, scenario, "row");
    if (scenario && json_object_get(scenario, "params"))
        read_list(r, scenario, "params", run, read_param);
    leave(r);
}

static void read_capture(struct reader *r, const json_t *root, struct oh_run *run)
{
    const json_t *capture = enter(r, root, "capture");
    run->capture.received = (uint64_t)read_int(r, capture, "received", 0, INT64_MAX);
    run->capture.dropped = (uint64_t)read_int(r, capture, "dropped", 0, INT64_MAX);
    run->capture.complete = read_bool(r, capture, "complete");
    run->capture.interface = read_text_if(r, capture, "interface");
    leave(r);
}

static void read_head(struct reader *r, const json_t *root, struct oh_run *run)
{
    read_scenario(r, root, run);
    run->started_wall_ns = read_time(r, root, "started_ns");
    run->ended_wall_ns = read_time(r, root, "ended_ns");
    run->evidence = (enum oh_evidence)read_word(r, root, "evidence", 2, evidence_word);
    read_capture(r, root, run);
    run->worst_late_ns = read_time(r, root, "worst_late_ns");
    if (json_object_get(root, "clock_step_ns")) /* older recordings do not know */
        run->clock_step_ns = read_time(r, root, "clock_step_ns");
    run->outcome = (enum oh_outcome)read_word(r, root, "outcome", OH_OUTCOMES, outcome_word);
    run->outcome_step = read_index(r, root, "outcome_step", INT_MAX);
    run->outcome_text = read_text_if(r, root, "outcome_text");
    run->phone_output = read_text_if(r, root, "phone_output");
}

static void read_seat(struct reader *r, const json_t *object, struct oh_run *run)
{
    struct oh_run_seat *seat = oh_run_add_seat(run, NULL, NULL, false, NULL, NULL);
    seat->name = read_text(r, object, "name");
    seat->role = read_text(r, object, "role");
    seat->is_phone = read_bool(r, object, "is_phone");
    seat->sip = read_addr(r, object, "sip");
    seat->rtp = read_addr(r, object, "rtp");
}

static void read_conn(struct reader *r, const json_t *object, struct oh_run *run)
{
    char *seat = read_text(r, object, "seat");
    struct oh_addr remote = read_addr(r, object, "remote");
    if (seat)
        oh_run_add_conn(run, seat, &remote);
    free(seat);
}

static void read_abilities(struct reader *r, const json_t *object, struct oh_run_phone *p)
{
    const json_t *array = needed(r, object, "abilities");
    size_t room = 0;
    if (array && !json_is_array(array))
        fail(r, "abilities", "is not a list");
    for (size_t i = 0; !r->failed && i < json_array_size(array); i++) {
        oh_grow(&p->abilities, p->ability_count, &room, sizeof *p->abilities);
        const json_t *ability = json_array_get(array, i);
        if (json_is_null(ability))
            fail(r, "abilities", "holds a null");
        else
            p->abilities[p->ability_count++] = text_of(r, ability, "abilities");
    }
}

static void read_phone(struct reader *r, const json_t *object, struct oh_run *run)
{
    oh_grow(&run->phones, run->phone_count, &run->phone_room, sizeof *run->phones);
    struct oh_run_phone *p = &run->phones[run->phone_count++];
    *p = (struct oh_run_phone){0};
    p->seat = read_text(r, object, "seat");
    p->adapter = read_text(r, object, "adapter");
    p->name = read_text(r, object, "name");
    p->profile = read_text_if(r, object, "profile");
    p->user_agent = read_text_if(r, object, "user_agent");
    p->is_reference = read_bool(r, object, "is_reference");
    p->is_by_hand = json_object_get(object, "is_by_hand") && read_bool(r, object, "is_by_hand");
    read_abilities(r, object, p);
    p->adapter_text = read_text_if(r, object, "adapter_text");
    p->mutant = read_text_if(r, object, "mutant");
    p->transport = read_transport(r, object);
}

static void read_earlier(struct reader *r, const json_t *object, struct oh_run *run)
{
    oh_run_add_earlier(run, NULL, NULL);
    struct oh_run_earlier *call = &run->earlier[run->earlier_count - 1];
    call->call_id = read_text(r, object, "call_id");
    call->branch = read_text_if(r, object, "branch");
}

static void read_name(struct reader *r, const json_t *object, struct oh_run *run)
{
    oh_run_add_name(run, NULL, NULL);
    struct oh_run_name *n = &run->names[run->name_count - 1];
    n->name = read_text(r, object, "name");
    n->value = read_text(r, object, "value");
}

static void read_bytes(struct reader *r, const json_t *object, struct oh_tap_entry *t)
{
    const json_t *text = member(r, object, "text");
    size_t len = 0;
    if (text && !json_is_string(text)) {
        fail(r, "text", "is not a text");
    } else if (text) {
        struct oh_span s = {json_string_value(text), json_string_length(text)};
        t->bytes = (struct oh_span){oh_span_dup(s), s.len};
    } else {
        char *bytes = read_base64(r, needed(r, object, "base64"), "base64", &len);
        t->bytes = (struct oh_span){bytes, len};
    }
}

static void read_tap_entry(struct reader *r, const json_t *object, struct oh_run *run)
{
    oh_grow(&run->tap, run->tap_count, &run->tap_room, sizeof *run->tap);
    struct oh_tap_entry *t = &run->tap[run->tap_count++];
    *t = (struct oh_tap_entry){.wall_ns = read_time(r, object, "t_ns")};
    t->label = read_text(r, object, "label");
    t->sent = read_bool(r, object, "sent");
    t->transport = read_transport(r, object);
    t->local = read_addr(r, object, "local");
    t->remote = read_addr(r, object, "remote");
    t->is_rtp = read_bool(r, object, "rtp");
    t->ours_on_purpose = read_bool(r, object, "on_purpose");
    read_bytes(r, object, t);
    int64_t least = t->bytes.len < INT_MAX ? (int64_t)t->bytes.len : INT_MAX;
    t->whole_len = (size_t)read_int(r, object, "whole_len", least, INT_MAX);
}

static void read_journal_entry(struct reader *r, const json_t *object, struct oh_run *run)
{
    oh_grow(&run->journal, run->journal_count, &run->journal_room, sizeof *run->journal);
    struct oh_journal_entry *j = &run->journal[run->journal_count++];
    *j = (struct oh_journal_entry){.wall_ns = read_time(r, object, "t_ns")};
    j->kind = (enum oh_journal_kind)read_word(r, object, "kind", OH_JOURNAL_KINDS, journal_word);
    j->step = read_index(r, object, "step", INT_MAX);
    j->tap = read_index(r, object, "tap", run->tap_count);
    j->tap_before = (int)read_int(r, object, "tap_before", 0, (int64_t)run->tap_count);
    j->seat = read_text_if(r, object, "seat");
    j->detail = read_text_if(r, object, "detail");
}

static void read_secret(struct reader *r, const json_t *object, struct oh_run *run)
{
    oh_run_add_secret(run, NULL, NULL, NULL);
    struct oh_run_secret *s = &run->secrets[run->secret_count - 1];
    s->seat = read_text_if(r, object, "seat");
    s->username = read_text(r, object, "username");
    s->password = read_text(r, object, "password");
}

/* The root object, owned by the caller; NULL where the text is no JSON object. */
static json_t *load(struct reader *r, struct oh_span text)
{
    json_error_t trouble;
    json_t *root = json_loadb(text.at ? text.at : "", text.len, JSON_REJECT_DUPLICATES, &trouble);
    if (!root) {
        struct oh_text reason = {0};
        oh_text_add_quoted(&reason, oh_span_of(trouble.text), 120);
        unsigned line = trouble.line > 0 ? (unsigned)trouble.line : 0;
        unsigned column = trouble.column > 0 ? (unsigned)trouble.column : 0;
        oh_error_at(r->e, r->file, (struct oh_place){line, column, 1}, "this is not JSON: %s",
                    oh_text_str(&reason));
        oh_text_release(&reason);
        r->failed = true;
        return NULL;
    }
    if (!json_is_object(root))
        fail(r, "the whole", "is not an object");
    return root;
}

struct oh_run *oh_run_parse(const char *file, struct oh_span text, struct oh_error *e)
{
    struct reader r = {.file = file, .e = e};
    struct oh_run *run = oh_run_new(NULL);
    json_t *root = load(&r, text);
    read_format(&r, root, OH_RUN_FORMAT);
    read_head(&r, root, run);
    read_list(&r, root, "seats", run, read_seat);
    if (json_object_get(root, "connections"))
        read_list(&r, root, "connections", run, read_conn);
    read_list(&r, root, "phones", run, read_phone);
    if (json_object_get(root, "earlier_calls"))
        read_list(&r, root, "earlier_calls", run, read_earlier);
    read_list(&r, root, "names", run, read_name);
    read_list(&r, root, "tap", run, read_tap_entry);
    read_list(&r, root, "journal", run, read_journal_entry); /* its indices point into the tap */
    json_decref(root);
    oh_text_release(&r.path);
    if (!r.failed)
        return run;
    oh_run_free(run);
    return NULL;
}

int oh_run_secrets_parse(struct oh_run *run, const char *file, struct oh_span text,
                         struct oh_error *e)
{
    struct reader r = {.file = file, .e = e};
    json_t *root = load(&r, text);
    read_format(&r, root, OH_SECRETS_FORMAT);
    read_list(&r, root, "secrets", run, read_secret);
    json_decref(root);
    oh_text_release(&r.path);
    run->has_secrets = !r.failed;
    return r.failed ? -1 : 0;
}

/* Not there, or somebody else's (mode 0600): the run can be judged without. */
static int read_secrets(struct oh_run *run, const char *folder, struct oh_error *e)
{
    struct oh_text text = {0};
    int result = 0;
    char *path = oh_file_join(folder, OH_SECRETS_FILE);
    if (access(path, R_OK) == 0)
        result = oh_file_read(path, SECRETS_LIMIT, &text, e) < 0
                     ? -1
                     : oh_run_secrets_parse(run, path, oh_text_span(&text), e);
    oh_text_release(&text);
    free(path);
    return result;
}

struct oh_run *oh_run_read(const char *folder, struct oh_error *e)
{
    struct oh_text text = {0};
    struct oh_run *run = NULL;
    char *path = oh_file_join(folder, OH_RUN_FILE);
    if (oh_file_read(path, RUN_LIMIT, &text, e) == 0)
        run = oh_run_parse(path, oh_text_span(&text), e);
    if (run && read_secrets(run, folder, e) < 0) {
        oh_run_free(run);
        run = NULL;
    }
    oh_text_release(&text);
    free(path);
    return run;
}

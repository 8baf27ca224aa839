/* Reading a report back: what the other forms rely on is checked here, and told. */
#include "base/file.h"
#include "reports/build.h"
#include "reports/report.h"

#define LARGEST_REPORT ((size_t)1 << 30)

enum {
    TEXT = 1,
    WHOLE = 2, /* a number without a fraction */
    NUMBER = 4,
    FLAG = 8,
    NONE = 16, /* null */
    OBJECT = 32,
    LIST = 64
};

/* One key of an object: what its value may be, and what is inside. */
struct shape {
    const char *key;
    unsigned types;
    bool optional;
    unsigned items;             /* LIST: types of its items */
    const struct shape *inside; /* of an OBJECT, or of the objects of a LIST */
};

static const struct shape phone[] = {{"seat", TEXT, false, 0, NULL},
                                     {"name", TEXT, false, 0, NULL},
                                     {"profile", TEXT | NONE, true, 0, NULL},
                                     {"address", TEXT | NONE, true, 0, NULL},
                                     {"adapter", TEXT | NONE, true, 0, NULL},
                                     {"transport", TEXT, true, 0, NULL},
                                     {"mutant", TEXT | NONE, true, 0, NULL},
                                     {"reference", FLAG, true, 0, NULL},
                                     {0}};
static const struct shape seat[] = {{"name", TEXT, false, 0, NULL},
                                    {"role", TEXT, false, 0, NULL},
                                    {"phone", FLAG, false, 0, NULL},
                                    {0}};
static const struct shape step[] = {{"line", WHOLE, false, 0, NULL},
                                    {"text", TEXT, false, 0, NULL},
                                    {"kind", TEXT, true, 0, NULL},
                                    {"from", TEXT | NONE, true, 0, NULL},
                                    {"to", TEXT | NONE, true, 0, NULL},
                                    {"number", TEXT | NONE, true, 0, NULL},
                                    {"verdict", TEXT, false, 0, NULL},
                                    {"frames", LIST, false, WHOLE, NULL},
                                    {"message", WHOLE | NONE, true, 0, NULL},
                                    {"time_s", NUMBER | NONE, false, 0, NULL},
                                    {0}};
static const struct shape finding[] = {{"id", TEXT, false, 0, NULL},
                                       {"level", TEXT, false, 0, NULL},
                                       {"result", TEXT, false, 0, NULL},
                                       {"by", TEXT, true, 0, NULL},
                                       {"clause", TEXT | NONE, false, 0, NULL},
                                       {"frames", LIST, false, WHOLE, NULL},
                                       {"time_s", NUMBER, false, 0, NULL},
                                       {"message", WHOLE | NONE, true, 0, NULL},
                                       {"about", WHOLE | NONE, true, 0, NULL},
                                       {"method", TEXT | NONE, true, 0, NULL},
                                       {"direction", TEXT, true, 0, NULL},
                                       {"step", TEXT | NONE, true, 0, NULL},
                                       {"line", WHOLE | NONE, true, 0, NULL},
                                       {"field", TEXT | NONE, false, 0, NULL},
                                       {"bytes", LIST | NONE, false, WHOLE, NULL},
                                       {"expected", TEXT | NONE, false, 0, NULL},
                                       {"observed", TEXT | NONE, false, 0, NULL},
                                       {"text", TEXT, false, 0, NULL},
                                       {"known", TEXT, true, 0, NULL},
                                       {"was_known", TEXT, true, 0, NULL},
                                       {"known_until", TEXT, true, 0, NULL},
                                       {"link", TEXT, true, 0, NULL},
                                       {"more", WHOLE, true, 0, NULL},
                                       {"calls", WHOLE, true, 0, NULL},
                                       {0}};
static const struct shape message[] = {{"frame", WHOLE | NONE, false, 0, NULL},
                                       {"time_s", NUMBER, false, 0, NULL},
                                       {"from", TEXT, false, 0, NULL},
                                       {"to", TEXT, false, 0, NULL},
                                       {"source", TEXT, false, 0, NULL},
                                       {"destination", TEXT, false, 0, NULL},
                                       {"transport", TEXT, false, 0, NULL},
                                       {"phase", TEXT, true, 0, NULL},
                                       {"repeat_of", WHOLE | NONE, true, 0, NULL},
                                       {"duplicate_of", WHOLE | NONE, true, 0, NULL},
                                       {"lost", FLAG, true, 0, NULL},
                                       {"stray", FLAG, true, 0, NULL},
                                       {"start_line", TEXT, false, 0, NULL},
                                       {"encoding", TEXT, true, 0, NULL},
                                       {"text", TEXT, false, 0, NULL},
                                       {0}};
static const struct shape stream[] = {{"from", TEXT, false, 0, NULL},
                                      {"to", TEXT, false, 0, NULL},
                                      {"packets", WHOLE, false, 0, NULL},
                                      {0}};
static const struct shape event[] = {{"event", TEXT, false, 0, NULL},
                                     {"time_s", NUMBER, false, 0, NULL},
                                     {"seat", TEXT | NONE, false, 0, NULL},
                                     {"detail", TEXT | NONE, false, 0, NULL},
                                     {0}};
static const struct shape evidence[] = {
    {"source", TEXT, false, 0, NULL},  {"dropped", WHOLE, true, 0, NULL},
    {"lost", WHOLE, true, 0, NULL},    {"strays", WHOLE, true, 0, NULL},
    {"complete", FLAG, true, 0, NULL}, {0}};
static const struct shape rules[] = {
    {"applied", WHOLE, false, 0, NULL}, {"not_checkable", WHOLE, false, 0, NULL}, {0}};
static const struct shape dialog[] = {{"call_id", TEXT | NONE, false, 0, NULL},
                                      {"first", WHOLE, false, 0, NULL},
                                      {"count", WHOLE, false, 0, NULL},
                                      {"left_out", WHOLE, false, 0, NULL},
                                      {0}};
static const struct shape of_capture[] = {
    {"calls", WHOLE, false, 0, NULL},         {"calls_with_findings", WHOLE, false, 0, NULL},
    {"untold", WHOLE, false, 0, NULL},        {"missing", LIST, false, TEXT, NULL},
    {"dialogs", LIST, false, OBJECT, dialog}, {0}};
static const struct shape other[] = {{"address", TEXT, false, 0, NULL},
                                     {"kind", TEXT, false, 0, NULL},
                                     {"messages", WHOLE, false, 0, NULL},
                                     {0}};
static const struct shape capture[] = {{"file", TEXT, false, 0, NULL},
                                       {"frames", WHOLE, false, 0, NULL},
                                       {"messages", WHOLE, false, 0, NULL},
                                       {"others", LIST, false, OBJECT, other},
                                       {0}};
static const struct shape scenario[] = {{"id", TEXT, false, 0, NULL},
                                        {"title", TEXT, false, 0, NULL},
                                        {"file", TEXT | NONE, false, 0, NULL},
                                        {"verdict", TEXT, false, 0, NULL},
                                        {"reason", TEXT | NONE, false, 0, NULL},
                                        {"outcome", TEXT, true, 0, NULL},
                                        {"phones", LIST, true, OBJECT, phone},
                                        {"seats", LIST, true, OBJECT, seat},
                                        {"evidence", OBJECT, true, 0, evidence},
                                        {"rules", OBJECT, true, 0, rules},
                                        {"steps", LIST, false, OBJECT, step},
                                        {"findings", LIST, false, OBJECT, finding},
                                        {"messages", LIST, false, OBJECT, message},
                                        {"media", LIST, true, OBJECT, stream},
                                        {"events", LIST, true, OBJECT, event},
                                        {"phone_output", TEXT | NONE, true, 0, NULL},
                                        {"capture", OBJECT, true, 0, of_capture},
                                        {0}};
static const struct shape sums[] = {{"must", WHOLE, false, 0, NULL},
                                    {"should", WHOLE, false, 0, NULL},
                                    {"known", WHOLE, true, 0, NULL},
                                    {"ours", WHOLE, true, 0, NULL},
                                    {0}};
static const struct shape summary[] = {{"pass", WHOLE, false, 0, NULL},
                                       {"fail", WHOLE, false, 0, NULL},
                                       {"inconclusive", WHOLE, false, 0, NULL},
                                       {"error", WHOLE, false, 0, NULL},
                                       {"skip", WHOLE, false, 0, NULL},
                                       {"findings", OBJECT, false, 0, sums},
                                       {0}};
static const struct shape known[] = {{"finding", TEXT, false, 0, NULL},
                                     {"scenario", TEXT, false, 0, NULL},
                                     {"step", TEXT, true, 0, NULL},
                                     {"method", TEXT, true, 0, NULL},
                                     {"expires", TEXT, true, 0, NULL},
                                     {"seen", TEXT, true, 0, NULL},
                                     {0}};
static const struct shape baseline[] = {
    {"file", TEXT, false, 0, NULL},          {"phone", TEXT, true, 0, NULL},
    {"known", WHOLE, false, 0, NULL},        {"gone", LIST, false, OBJECT, known},
    {"expired", LIST, false, OBJECT, known}, {"elsewhere", LIST, true, OBJECT, known},
    {"unplayed", LIST, true, OBJECT, known}, {0}};
static const struct shape report[] = {{"started", TEXT, false, 0, NULL},
                                      {"interrupted", FLAG, true, 0, NULL},
                                      {"phones", LIST, false, OBJECT, phone},
                                      {"summary", OBJECT, false, 0, summary},
                                      {"scenarios", LIST, false, OBJECT, scenario},
                                      {"baseline", OBJECT, true, 0, baseline},
                                      {"captures", LIST, true, OBJECT, capture},
                                      {0}};

static unsigned type_of(const json_t *value)
{
    static const unsigned types[] = {[JSON_OBJECT] = OBJECT, [JSON_ARRAY] = LIST,
                                     [JSON_STRING] = TEXT,   [JSON_INTEGER] = WHOLE | NUMBER,
                                     [JSON_REAL] = NUMBER,   [JSON_TRUE] = FLAG,
                                     [JSON_FALSE] = FLAG,    [JSON_NULL] = NONE};
    return types[json_typeof(value)];
}

static const char *name_of(unsigned types)
{
    static const struct {
        unsigned type;
        const char *name;
    } names[] = {{TEXT, "a text"},        {WHOLE, "a whole number"}, {NUMBER, "a number"},
                 {FLAG, "true or false"}, {OBJECT, "an object"},     {LIST, "a list"}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (types & names[i].type)
            return names[i].name;
    }
    return "null";
}

/* Where we are in the report; put into words only where there is something to tell. */
struct path {
    const struct path *outer;
    const char *key; /* NULL: an item of the list `outer` */
    size_t index;
};

static void format_path(const struct path *p, struct oh_text *out)
{
    if (p->outer)
        format_path(p->outer, out);
    if (p->key)
        oh_text_addf(out, "%s%s", out->len ? "." : "", p->key);
    else if (p->outer)
        oh_text_addf(out, "[%zu]", p->index);
}

static int damaged(const struct path *p, const char *how, const char *more, struct oh_error *e)
{
    struct oh_text at = {0};
    format_path(p, &at);
    oh_error_set(e, "the report is damaged: %s %s%s", oh_text_str(&at), how, more);
    oh_text_release(&at);
    return -1;
}

static int check_object(const json_t *object, const struct shape *shape, const struct path *path,
                        struct oh_error *e);

static int check_list(const json_t *list, const struct shape *s, const struct path *path,
                      struct oh_error *e)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);
        struct path at = {path, NULL, i};
        if (!(type_of(item) & s->items))
            return damaged(&at, "is not ", name_of(s->items), e);
        if (s->inside && check_object(item, s->inside, &at, e) < 0)
            return -1;
    }
    return 0;
}

static int check_object(const json_t *object, const struct shape *shape, const struct path *path,
                        struct oh_error *e)
{
    for (const struct shape *s = shape; s->key; s++) {
        const json_t *value = json_object_get(object, s->key);
        struct path at = {path, s->key, 0};
        if (!value && s->optional)
            continue;
        if (!value)
            return damaged(&at, "is missing", "", e);
        if (!(type_of(value) & s->types))
            return damaged(&at, "is not ", name_of(s->types), e);
        if (json_is_array(value) && check_list(value, s, &at, e) < 0)
            return -1;
        if (json_is_object(value) && s->inside && check_object(value, s->inside, &at, e) < 0)
            return -1;
    }
    return 0;
}

/* Another version of the format, another format of offhook's, or something else altogether. */
static int check_format(const json_t *json, struct oh_error *e)
{
    const char *format = oh_json_str(json, "format");
    if (oh_json_is(json, "format", OH_REPORT_FORMAT))
        return 0;
    if (!*format)
        oh_error_set(e, "this is no report: it has no \"format\": \"%s\"", OH_REPORT_FORMAT);
    else
        oh_error_set(e, "this is no report of format %s: its format is '%.60s'", OH_REPORT_FORMAT,
                     format);
    return oh_error_remedy(e, "give the report.json that 'offhook run' or 'offhook check' wrote");
}

static json_t *parse(const char *path, struct oh_span text, struct oh_error *e)
{
    json_error_t why;
    json_t *json = json_loadb(text.at ? text.at : "", text.len, JSON_REJECT_DUPLICATES, &why);
    if (!json) {
        struct oh_place place = {.line = why.line > 0 ? (unsigned)why.line : 0,
                                 .column = why.column > 0 ? (unsigned)why.column : 0};
        oh_error_at(e, path, place, "this is no JSON: %s", why.text);
    }
    return json;
}

static void name_file(struct oh_error *e, const char *path)
{
    if (e && !e->file[0])
        snprintf(e->file, sizeof e->file, "%s", path);
}

json_t *oh_report_read(const char *path, struct oh_error *e)
{
    static const struct path top;
    struct oh_text text = {0};
    json_t *json = NULL;
    if (oh_file_read(path, LARGEST_REPORT, &text, e) < 0)
        goto out;
    json = parse(path, oh_text_span(&text), e);
    if (json && (check_format(json, e) < 0 || check_object(json, report, &top, e) < 0)) {
        json_decref(json);
        json = NULL;
        name_file(e, path);
    }
out:
    oh_text_release(&text);
    return json;
}

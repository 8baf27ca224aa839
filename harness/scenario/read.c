#include "scenario/reader.h"

#include "base/file.h"
#include "scenario/requirements.h"

#include <stdlib.h>
#include <string.h>

static void read_format(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    (void)target;
    if (strcmp(oh_yaml_scalar(n), "1") || !oh_yaml_is_plain(n)) {
        struct oh_error *e =
            oh_yaml_mistake(r->y, n, r->errors, "format '%s' is not known here", oh_yaml_scalar(n));
        oh_error_remedy(e, "this program reads format: 1");
    }
}

static void read_title(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    struct oh_reading *g = target;
    g->s->title = oh_read_line(r, n, "the title");
}

static void read_source(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    struct oh_reading *g = target;
    if (oh_yaml_kind(n) == OH_YAML_LIST && oh_yaml_count(n) == 0)
        oh_yaml_mistake(r->y, n, r->errors, "'source' names nothing");
    oh_read_lines(r, n, "a source", &g->s->sources, &g->s->source_count);
}

static void read_covers(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    struct oh_reading *g = target;
    for (size_t i = 0; i < oh_yaml_count(n); i++) {
        const char *id = oh_yaml_scalar(oh_yaml_item(n, i));
        if (oh_is_requirement_id(id) || strlen(id) == 0)
            continue;
        struct oh_error *e = oh_yaml_mistake(r->y, oh_yaml_item(n, i), r->errors,
                                             "'%s' cannot be the id of a requirement", id);
        oh_error_remedy(e, "ids are words joined by dots, as in 'auth.invite.407-retry'");
    }
    oh_read_lines(r, n, "the id of a requirement", &g->s->covers, &g->s->cover_count);
    g->s->cover_places = oh_alloc((oh_yaml_count(n) + 1) * sizeof *g->s->cover_places);
    for (size_t i = 0; i < oh_yaml_count(n); i++)
        g->s->cover_places[i] = oh_yaml_place(r->y, oh_yaml_item(n, i));
}

/* As remedy: the ability that was meant, or those that there are. */
static void suggest_ability(const char *word, struct oh_error *e)
{
    const char *names[OH_ABILITIES_MOST + 1] = {0};
    struct oh_text list = {0};
    for (int i = 0; oh_ability_name(i); i++) {
        names[i] = oh_ability_name(i);
        oh_text_addf(&list, "%s%s", i ? ", " : "", names[i]);
    }
    const char *near = oh_nearest_word(word, names);
    if (near)
        oh_error_remedy(e, "did you mean '%s'?", near);
    else
        oh_error_remedy(e, "the abilities are: %s", oh_text_str(&list));
    oh_text_release(&list);
}

static void read_needs(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    struct oh_reading *g = target;
    size_t room = oh_yaml_count(n) + 1;
    oh_read_lines(r, n, "an ability", &g->s->needs, &g->s->need_count);
    g->s->need_places = oh_alloc(room * sizeof *g->s->need_places);
    g->s->need_used = oh_alloc(room * sizeof *g->s->need_used);
    for (size_t i = 0; i < oh_yaml_count(n); i++) {
        const struct oh_yaml_node *item = oh_yaml_item(n, i);
        const char *word = oh_yaml_scalar(item);
        g->s->need_places[i] = oh_yaml_place(r->y, item);
        if (oh_yaml_kind(item) != OH_YAML_SCALAR || *word == '\0' || oh_ability_index(word) >= 0)
            continue;
        struct oh_error *e = oh_yaml_mistake(r->y, item, r->errors, "unknown ability '%s'", word);
        suggest_ability(word, e);
    }
}

static void read_others(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    static const struct oh_word words[] = {{"report", OH_OTHERS_SHOULD},
                                           {"must", OH_OTHERS_MUST},
                                           {"tolerate", OH_OTHERS_TOLERATE},
                                           {NULL, 0}};
    struct oh_reading *g = target;
    int value = oh_read_word(r, n, "way to treat other messages", words);
    if (value >= 0)
        g->s->others = (enum oh_others)value;
}

static void read_transport(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    static const struct oh_word words[] = {
        {"udp", OH_TRANSPORT_UDP}, {"tcp", OH_TRANSPORT_TCP}, {NULL, 0}};
    struct oh_reading *g = target;
    int value = oh_read_word(r, n, "transport", words);
    if (value < 0)
        return;
    g->s->transport_given = true;
    g->s->transport = (enum oh_transport)value;
    if (value == OH_TRANSPORT_TCP)
        oh_check_ability(g, oh_yaml_place(r->y, n), "tcp");
}

/* Both were read before the rest was: params.c. */
static void read_nothing(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    (void)r;
    (void)n;
    (void)target;
}

/* In the order of reading: what takes an ability comes after needs. */
static const struct oh_yaml_field top_keys[] = {
    {"format", OH_YAML_SCALAR, false, read_format, "1: the version of this language"},
    {"title", OH_YAML_SCALAR, true, read_title, "one line that says what the flow shows"},
    {"source", OH_YAML_SCALAR | OH_YAML_LIST, true, read_source,
     "the page or clause that the flow comes from, or a list of them"},
    {"params", OH_YAML_MAP, false, read_nothing,
     "{name: value}: what stands for ${name} anywhere below; 'run --set name=value' changes it"},
    {"each", OH_YAML_LIST, false, read_nothing,
     "a list of maps of parameters: the file is one scenario for each; 'row' names it"},
    {"covers", OH_YAML_LIST, false, read_covers, "ids of the requirements that it covers"},
    {"needs", OH_YAML_LIST, false, read_needs,
     "abilities of the phone; one that lacks them is skipped"},
    {"given", OH_YAML_SCALAR | OH_YAML_LIST, false, oh_read_given,
     "'registered', 'call established A-B', or a list: what holds before the flow begins"},
    {"transport", OH_YAML_SCALAR, false, read_transport, "udp or tcp: what carries the flow"},
    {"others", OH_YAML_SCALAR, false, read_others,
     "report, must or tolerate: messages of the phone that the flow does not list"},
    {"parties", OH_YAML_MAP, true, oh_read_parties, "who takes part, by name"},
    {"flow", OH_YAML_LIST, true, oh_read_flow, "the steps, one per line"},
    {NULL, 0, false, NULL, NULL},
};

/* "a/scenarios/cisco-7960/x.yaml" -> "cisco-7960/x"; elsewhere "x". */
static char *id_of(const char *file)
{
    static const char folder[] = "scenarios/";
    const char *id = NULL;
    for (const char *at = file; (at = strstr(at, folder)); at++)
        if (at == file || at[-1] == '/')
            id = at + strlen(folder);
    if (!id || !*id)
        id = strrchr(file, '/') ? strrchr(file, '/') + 1 : file;
    struct oh_span s = oh_span_of(id);
    static const char suffix[] = ".yaml";
    size_t suffix_len = strlen(suffix);
    if (s.len > suffix_len && !strcmp(s.at + s.len - suffix_len, suffix))
        s.len -= suffix_len;
    return oh_span_dup(s);
}

static bool needs_unclear(const struct oh_yaml_node *root)
{
    for (size_t i = 0; oh_yaml_kind(root) == OH_YAML_MAP && i < oh_yaml_count(root); i++)
        if (!strcmp(oh_yaml_scalar(oh_yaml_key(root, i)), "needs"))
            return oh_yaml_kind(oh_yaml_value(root, i)) != OH_YAML_LIST;
    return false;
}

struct oh_scenario *oh_read_document(const struct oh_yaml *y, struct oh_errors *errors,
                                     bool is_file)
{
    size_t before = errors->count;
    struct oh_yaml_reader r = {.y = y, .errors = errors};
    struct oh_scenario *s = oh_alloc(sizeof *s);
    struct oh_reading g = {.r = &r, .s = s, .is_file = is_file};
    s->file = oh_strdup(oh_yaml_file(y));
    s->id = id_of(s->file);
    s->source_text = oh_span_dup(oh_yaml_text(y));
    g.needs_unclear = needs_unclear(oh_yaml_root(y));
    oh_yaml_read_map(&r, oh_yaml_root(y), "the scenario", top_keys, &g);
    oh_suggest_needs(&g);
    if (is_file && errors->count == before)
        oh_check_flow(&g);
    if (errors->count == before)
        return s;
    oh_yaml_sort_mistakes(errors, before);
    oh_scenario_free(s);
    return NULL;
}

void oh_scenario_observe(struct oh_span text, const struct oh_yaml_observer *o)
{
    struct oh_errors errors = {0};
    struct oh_yaml *y = oh_yaml_parse("", text, &errors);
    if (y)
        oh_yaml_observe(y, o);
    if (y)
        oh_scenario_free(oh_read_document(y, &errors, false));
    oh_yaml_free(y);
    oh_errors_release(&errors);
}

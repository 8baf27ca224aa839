/* Are the "${names}" in an adapter's texts known, and do they stand where they have a value? */
#include "phone/adapter.h"
#include "phone/template.h"

#include <stdlib.h>
#include <string.h>

struct check {
    struct oh_yaml_reader *r;
    const struct oh_adapter *a;
    const char *verb;     /* whose message it is; NULL: none's */
    bool in_verb;         /* what is kept has a value */
    bool in_reach;        /* this text is filled with values at all */
    struct oh_place here; /* the name looked at */
    char *ports[OH_ADAPTER_FREE_PORTS];
    size_t port_count;
};

/* Where "${name" stands: a text of several lines has its names on the lines below its beginning. */
static struct oh_place place_of(const struct check *c, const struct oh_yaml_node *n,
                                const char *before, const struct oh_template_piece *piece)
{
    struct oh_place place = oh_yaml_place(c->r->y, n);
    struct oh_span source = oh_yaml_text(c->r->y);
    unsigned line = place.line;
    char *wanted = oh_format("%s%.*s", piece->is_name ? "${" : "", OH_SPAN_FMT(piece->text));
    if (piece->is_broken)
        wanted[2] = '\0';
    for (const char *at = oh_yaml_scalar(n); at < before; at++)
        line += *at == '\n';
    for (unsigned i = 1; i < line; i++) {
        size_t end = oh_span_find(source, '\n');
        source = oh_span_sub(source, end + 1, source.len);
    }
    source = oh_span_sub(source, 0, oh_span_find(source, '\n'));
    size_t column = oh_span_search(source, oh_span_of(wanted));
    if (column < source.len)
        place = (struct oh_place){line, (unsigned)column + 1,
                                  (unsigned)(strlen(wanted) + piece->is_name)};
    free(wanted);
    return place;
}

static bool is_param(const struct oh_adapter *a, const char *name)
{
    for (size_t i = 0; i < a->param_count; i++)
        if (!strcmp(a->params[i].name, name))
            return true;
    return false;
}

static bool is_kept(const struct oh_adapter *a, const char *name)
{
    for (size_t i = 0; i < a->keep_count; i++)
        if (!strcmp(a->keeps[i].name, name))
            return true;
    return false;
}

static void count_port(struct check *c, const char *name)
{
    for (size_t i = 0; i < c->port_count; i++)
        if (!strcmp(c->ports[i], name))
            return;
    if (c->port_count == OH_ADAPTER_FREE_PORTS) {
        oh_yaml_mistake_at(c->r->y, c->here, c->r->errors, "more than %d names of free ports",
                           OH_ADAPTER_FREE_PORTS);
        return;
    }
    c->ports[c->port_count++] = oh_strdup(name);
}

/* What a verb is about is known in it alone. */
static void check_argument(struct check *c, const char *name)
{
    static const struct {
        const char *name, *verbs[5];
    } arguments[] = {
        {"uri", {"dial", "transfer", "consult", "forward"}},
        {"number", {"dial", "transfer", "consult", "forward"}},
        {"digits", {"dtmf"}},
        {"when", {"forward"}},
    };
    for (size_t i = 0; i < sizeof arguments / sizeof *arguments; i++) {
        struct oh_text verbs = {0};
        const char *const *verb = arguments[i].verbs;
        bool is_known = strcmp(arguments[i].name, name) != 0;
        for (; *verb; verb++) {
            is_known = is_known || (c->verb && !strcmp(c->verb, *verb));
            oh_text_addf(&verbs, "%s%s", !verbs.len ? "" : verb[1] ? ", " : " and ", *verb);
        }
        if (!is_known)
            oh_yaml_mistake_at(c->r->y, c->here, c->r->errors,
                               "'${%s}' is known in the verb%s %s alone", name,
                               arguments[i].verbs[1] ? "s" : "", oh_text_str(&verbs));
        oh_text_release(&verbs);
    }
}

static void check_name(struct check *c, const char *name)
{
    const char *const *names = oh_template_names();
    if (!strncmp(name, OH_TEMPLATE_FREE_PORT, strlen(OH_TEMPLATE_FREE_PORT)) &&
        name[strlen(OH_TEMPLATE_FREE_PORT)]) {
        count_port(c, name + strlen(OH_TEMPLATE_FREE_PORT));
        return;
    }
    if (!strncmp(name, OH_TEMPLATE_PARAM, strlen(OH_TEMPLATE_PARAM))) {
        if (!is_param(c->a, name + strlen(OH_TEMPLATE_PARAM)))
            oh_error_remedy(oh_yaml_mistake_at(c->r->y, c->here, c->r->errors,
                                               "'${%s}' is a parameter that is not declared", name),
                            "declare it under 'params', with what it is if not set");
        return;
    }
    if (!strncmp(name, OH_TEMPLATE_KEPT, strlen(OH_TEMPLATE_KEPT))) {
        if (!c->in_verb)
            oh_yaml_mistake_at(c->r->y, c->here, c->r->errors,
                               "'${%s}' is known in what verbs send alone", name);
        else if (!is_kept(c->a, name + strlen(OH_TEMPLATE_KEPT)))
            oh_error_remedy(oh_yaml_mistake_at(c->r->y, c->here, c->r->errors,
                                               "'${%s}' is a value that is not kept", name),
                            "declare it under 'keep', with the field that has it");
        return;
    }
    for (size_t i = 0; names[i]; i++) {
        if (strcmp(names[i], name))
            continue;
        check_argument(c, name);
        return;
    }
    struct oh_error *e =
        oh_yaml_mistake_at(c->r->y, c->here, c->r->errors, "there is no name '${%s}'", name);
    const char *near = oh_nearest_word(name, names);
    if (near)
        oh_error_remedy(e, "did you mean '${%s}'?", near);
    else
        oh_error_remedy(e, "a literal \"${\" is written \"$${\"; the names stand in "
                           "dut-adapters/README.md");
}

static void check_text(struct check *c, const struct oh_yaml_node *n)
{
    struct oh_span rest = oh_span_of(oh_yaml_scalar(n));
    struct oh_template_piece piece;
    const char *before = rest.at;
    for (; oh_template_next(&rest, &piece); before = rest.at) {
        c->here = place_of(c, n, before, &piece);
        if (piece.is_broken)
            oh_yaml_mistake_at(c->r->y, c->here, c->r->errors, "a '${' is not closed by '}'");
        if (!piece.is_name)
            continue;
        char *name = oh_span_dup(piece.text);
        if (c->in_reach)
            check_name(c, name);
        else
            oh_yaml_mistake_at(c->r->y, c->here, c->r->errors, "'${%s}' cannot stand here", name);
        free(name);
    }
}

static void check_node(struct check *c, const struct oh_yaml_node *n)
{
    bool is_map = oh_yaml_kind(n) == OH_YAML_MAP;
    if (oh_yaml_kind(n) == OH_YAML_SCALAR)
        check_text(c, n);
    for (size_t i = 0; i < oh_yaml_count(n); i++) {
        check_node(c, is_map ? oh_yaml_value(n, i) : oh_yaml_item(n, i));
    }
}

static void check_verbs(struct check *c, const struct oh_yaml_node *verbs)
{
    for (size_t i = 0; i < oh_yaml_count(verbs); i++) {
        c->verb = oh_yaml_scalar(oh_yaml_key(verbs, i));
        check_node(c, oh_yaml_value(verbs, i));
    }
    c->verb = NULL;
}

/* Keys whose texts are filled. */
static bool is_filled(const char *key)
{
    static const char *const filled[] = {"files",  "start", "environment", "drive",
                                         "ready",  "verbs", "stop",        "events",
                                         "beside", "keep",  "account"};
    for (size_t i = 0; i < sizeof filled / sizeof *filled; i++)
        if (!strcmp(filled[i], key))
            return true;
    return false;
}

static bool text_uses(struct oh_span rest, const char *name)
{
    struct oh_template_piece piece;
    while (oh_template_next(&rest, &piece))
        if (piece.is_name && oh_span_is(piece.text, name))
            return true;
    return false;
}

static bool node_uses(const struct oh_yaml_node *n, const char *name)
{
    bool is_map = oh_yaml_kind(n) == OH_YAML_MAP;
    if (oh_yaml_kind(n) == OH_YAML_SCALAR)
        return text_uses(oh_span_of(oh_yaml_scalar(n)), name);
    for (size_t i = 0; i < oh_yaml_count(n); i++)
        if (node_uses(is_map ? oh_yaml_value(n, i) : oh_yaml_item(n, i), name))
            return true;
    return false;
}

bool oh_adapter_uses(const struct oh_adapter *a, const char *value_name)
{
    const struct oh_yaml_node *root = a->y ? oh_yaml_root(a->y) : NULL;
    if (a->driver && a->driver->is_told_verbs) /* and all else at its start */
        return true;
    for (size_t i = 0; root && i < oh_yaml_count(root); i++)
        if (is_filled(oh_yaml_scalar(oh_yaml_key(root, i))) &&
            node_uses(oh_yaml_value(root, i), value_name))
            return true;
    return false;
}

void oh_adapter_check_texts(struct oh_yaml_reader *r, const struct oh_adapter *a)
{
    const struct oh_yaml_node *root = oh_yaml_root(r->y);
    struct check c = {.r = r, .a = a};
    if (oh_yaml_kind(root) != OH_YAML_MAP)
        return;
    for (size_t i = 0; i < oh_yaml_count(root); i++) {
        const char *key = oh_yaml_scalar(oh_yaml_key(root, i));
        c.in_reach = is_filled(key);
        c.in_verb = !strcmp(key, "verbs");
        if (c.in_verb && oh_yaml_kind(oh_yaml_value(root, i)) == OH_YAML_MAP)
            check_verbs(&c, oh_yaml_value(root, i));
        else
            check_node(&c, oh_yaml_value(root, i));
    }
    for (size_t i = 0; i < c.port_count; i++)
        free(c.ports[i]);
}

#include "phone/adapter.h"

#include "base/file.h"

#include <stdlib.h>
#include <string.h>

#define SUFFIX ".yaml"

static char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    struct oh_span name = oh_span_of(slash ? slash + 1 : path);
    size_t suffix = strlen(SUFFIX);
    if (name.len > suffix && !strcmp(name.at + name.len - suffix, SUFFIX))
        name.len -= suffix;
    return oh_span_dup(name);
}

static char *folder_of(const char *path)
{
    char *whole = realpath(path, NULL);
    char *slash = whole ? strrchr(whole, '/') : NULL;
    if (slash)
        slash[slash == whole] = '\0';
    return whole;
}

static struct oh_adapter *read_file(const char *path, struct oh_errors *errors)
{
    char *name = base_name(path);
    struct oh_adapter *a = oh_adapter_read(name, path, errors);
    if (a)
        a->folder = folder_of(path);
    free(name);
    return a;
}

static char *find_in(struct oh_span folder, const char *name)
{
    char *path = folder.len ? oh_format("%.*s/%s" SUFFIX, OH_SPAN_FMT(folder), name) : NULL;
    if (path && oh_file_exists(path) && !oh_file_is_folder(path))
        return path;
    free(path);
    return NULL;
}

/* The next folder of a ":"-separated list. */
static struct oh_span next_folder(struct oh_span *list)
{
    size_t len = oh_span_find(*list, ':');
    struct oh_span folder = oh_span_sub(*list, 0, len);
    *list =
        len < list->len ? oh_span_sub(*list, len + 1, list->len - len - 1) : (struct oh_span){0};
    return folder;
}

/* Is it among these, "a, b, c"? */
static bool is_listed(const char *names, const char *name)
{
    size_t len = strlen(name);
    for (const char *at = names; *at; at += strspn(at, ", ")) {
        size_t one = strcspn(at, ",");
        if (one == len && strncmp(at, name, len) == 0)
            return true;
        at += one;
    }
    return false;
}

/* The names that stand in the folders, each once. */
static void tell_not_found(const char *name, const char *path_list, struct oh_errors *errors)
{
    struct oh_error *e = oh_errors_add(errors);
    struct oh_span list = oh_span_of(path_list);
    struct oh_text known = {0};
    while (list.len) {
        char *folder = oh_span_dup(next_folder(&list));
        char **files =
            *folder && oh_file_is_folder(folder) ? oh_file_list(folder, SUFFIX, NULL) : NULL;
        for (size_t i = 0; files && files[i]; i++) {
            char *base = base_name(files[i]);
            if (!strchr(base, '.') && /* not "baresip.known" and the like */
                !is_listed(oh_text_str(&known), base))
                oh_text_addf(&known, "%s%s", known.len ? ", " : "", base);
            free(base);
        }
        if (files)
            oh_file_list_free(files);
        free(folder);
    }
    oh_error_set(e, "no phone adapter is called '%s'", name);
    oh_error_remedy(e, "there are: %s; or name a file that ends in .yaml",
                    known.len ? oh_text_str(&known) : "none");
    oh_text_release(&known);
}

struct oh_adapter *oh_adapter_load(const char *name_or_path, const char *path_list,
                                   struct oh_errors *errors)
{
    size_t len = strlen(name_or_path), suffix = strlen(SUFFIX);
    if (strchr(name_or_path, '/') || (len > suffix && !strcmp(name_or_path + len - suffix, SUFFIX)))
        return read_file(name_or_path, errors);
    struct oh_span list = oh_span_of(path_list);
    char *path = NULL;
    while (!path && list.len)
        path = find_in(next_folder(&list), name_or_path);
    if (!path) {
        tell_not_found(name_or_path, path_list, errors);
        return NULL;
    }
    struct oh_adapter *a = read_file(path, errors);
    free(path);
    return a;
}

static void free_texts(char **texts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(texts[i]);
    free(texts);
}

static void free_words(struct oh_words *words)
{
    free_texts(words->at, words->count);
}

static void free_pairs(struct oh_pair *pairs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(pairs[i].name);
        free(pairs[i].value);
    }
    free(pairs);
}

void oh_adapter_free(struct oh_adapter *a)
{
    if (!a)
        return;
    free_texts(a->abilities, a->ability_count);
    free_words(&a->start);
    for (size_t i = 0; i < a->lack_count; i++) {
        free(a->lacks[i].ability);
        free(a->lacks[i].why);
    }
    free(a->lacks);
    for (size_t i = 0; i < a->beside_count; i++) {
        free_words(&a->beside[i].start);
        free(a->beside[i].until);
        free(a->beside[i].for_ability);
    }
    for (size_t i = 0; i < a->keep_count; i++) {
        free(a->keeps[i].name);
        free(a->keeps[i].field);
    }
    for (size_t i = 0; i < a->says_count; i++) {
        free(a->says[i].begins);
        free_words(&a->says[i].until);
    }
    free_pairs(a->params, a->param_count);
    free_pairs(a->files, a->file_count);
    free_pairs(a->environment, a->environment_count);
    if (a->has_version)
        regfree(&a->version);
    free(a->name);
    free(a->folder);
    free(a->title);
    free(a->account_user);
    free(a->account_password);
    free(a->profile);
    free(a->install);
    free(a->connect);
    free(a->token);
    free(a->reason);
    free(a->event);
    free(a->prompt);
    free(a->answer);
    free_words(&a->asks);
    free_words(&a->ends);
    oh_yaml_free(a->y);
    free(a);
}

const char *oh_adapter_name(const struct oh_adapter *a)
{
    return a->name;
}

const char *oh_adapter_title(const struct oh_adapter *a)
{
    return a->title;
}

const char *oh_adapter_file(const struct oh_adapter *a)
{
    return a->y ? oh_yaml_file(a->y) : "";
}

const char *oh_adapter_text(const struct oh_adapter *a)
{
    return a->y ? oh_yaml_text(a->y).at : "";
}

const char *oh_adapter_profile(const struct oh_adapter *a)
{
    return a->profile;
}

bool oh_adapter_is_reference(const struct oh_adapter *a)
{
    return a->is_reference;
}

bool oh_adapter_is_by_hand(const struct oh_adapter *a)
{
    return a && a->driver && a->driver->is_by_hand;
}

size_t oh_adapter_ability_count(const struct oh_adapter *a)
{
    return a->ability_count;
}

const char *oh_adapter_ability(const struct oh_adapter *a, size_t i)
{
    return a->abilities[i];
}

bool oh_adapter_can(const struct oh_adapter *a, const char *ability)
{
    for (size_t i = 0; i < a->ability_count; i++) {
        if (!strcmp(a->abilities[i], ability))
            return true;
    }
    return false;
}

bool oh_adapter_tells_state(const struct oh_adapter *a)
{
    return a->state.given;
}

size_t oh_adapter_lack_count(const struct oh_adapter *a)
{
    return a->lack_count;
}

const char *oh_adapter_lack(const struct oh_adapter *a, size_t i, const char **why)
{
    *why = a->lacks[i].why;
    return a->lacks[i].ability;
}

const char *oh_adapter_why_lacking(const struct oh_adapter *a, const char *ability)
{
    for (size_t i = 0; i < a->lack_count; i++)
        if (!strcmp(a->lacks[i].ability, ability))
            return a->lacks[i].why;
    return NULL;
}

int oh_adapter_set(struct oh_adapter *a, const char *param, const char *value, struct oh_error *e)
{
    struct oh_text known = {0};
    for (size_t i = 0; i < a->param_count; i++) {
        if (!strcmp(a->params[i].name, param)) {
            free(a->params[i].value);
            a->params[i].value = oh_strdup(value);
            oh_text_release(&known);
            return 0;
        }
        oh_text_addf(&known, "%s%s", i ? ", " : "", a->params[i].name);
    }
    oh_error_set(e, "the phone %s has no parameter '%s'", a->name, param);
    oh_error_remedy(e, "it has: %s", known.len ? oh_text_str(&known) : "none");
    oh_text_release(&known);
    return -1;
}

/* A fault put upon the phone's program by a preloaded library, and whether it is there and strikes.
 */
#include "phone/self.h"

#include "base/file.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LIBRARY    "liboffhook-mutant.so"
#define REPORT     "offhook-mutant.txt" /* in the phone's private folder */
#define REPORT_MAX (8U << 20)
#define PRELOAD_IS "LD_PRELOAD="
#define IN_FORCE   "in-force "
#define STRUCK     "struck "

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define IS_SANITIZED true
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define IS_SANITIZED true
#endif
#ifndef IS_SANITIZED
#define IS_SANITIZED false
#endif

/* The library's path; NULL with the reason if it cannot be preloaded. */
static char *library(const struct oh_phone *p, struct oh_error *e)
{
    char *path = oh_file_join(p->place.program_folder, LIBRARY);
    if (IS_SANITIZED) {
        oh_error_set(e, "a build with sanitizers cannot preload the mutant %s into a program",
                     p->place.mutant);
        oh_error_remedy(e, "use a release build: ci/build");
    } else if (access(path, R_OK) != 0) {
        oh_error_set(e, "%s, which puts the mutant %s upon a program, is not there", path,
                     p->place.mutant);
        oh_error_remedy(e, "it is built with offhook; build the target offhook-mutant");
    } else if (strpbrk(path, " :")) {
        oh_error_set(e, "%s cannot be preloaded: its path has a blank or a colon", path);
        oh_error_remedy(e, "move offhook's programs to another folder");
    } else {
        return path;
    }
    free(path);
    return NULL;
}

/* The variable in the list, or NULL. */
static char **find_preload(char **words)
{
    for (; *words; words++)
        if (!strncmp(*words, PRELOAD_IS, strlen(PRELOAD_IS)))
            return words;
    return NULL;
}

/* What is preloaded without us stays, behind ours. */
static void put_preload(char **words, size_t *count, const char *path)
{
    char **given = find_preload(words);
    const char *before = given ? *given + strlen(PRELOAD_IS) : getenv("LD_PRELOAD");
    char *word =
        oh_format(PRELOAD_IS "%s%s%s", path, before && *before ? ":" : "", before ? before : "");
    if (given) {
        free(*given);
        *given = word;
    } else {
        words[(*count)++] = word;
    }
}

int oh_phone_add_mutant(const struct oh_phone *p, char ***environment, struct oh_error *e)
{
    size_t count = 0;
    if (!p->place.mutant)
        return 0;
    char *path = library(p, e);
    if (!path)
        return -1;
    while ((*environment)[count])
        count++;
    char **words = oh_alloc((count + 4) * sizeof *words);
    memcpy(words, *environment, count * sizeof *words);
    free(*environment);
    *environment = words;
    put_preload(words, &count, path);
    words[count++] = oh_format("OFFHOOK_MUTANT=%s", p->place.mutant);
    words[count++] = oh_format("OFFHOOK_MUTANT_REPORT=%s/" REPORT, p->folder);
    free(path);
    return 0;
}

static struct oh_phone_mutant count_lines(struct oh_span text)
{
    struct oh_phone_mutant seen = {0};
    while (text.len > 0) {
        const char *end = memchr(text.at, '\n', text.len);
        size_t len = end ? (size_t)(end - text.at) + 1 : text.len;
        struct oh_span line = oh_span_sub(text, 0, len);
        seen.in_force = seen.in_force || oh_span_starts_with(line, IN_FORCE);
        seen.struck += oh_span_starts_with(line, STRUCK);
        text = oh_span_sub(text, len, text.len - len);
    }
    return seen;
}

static struct oh_phone_mutant read_report(const struct oh_phone *p)
{
    struct oh_phone_mutant seen = {0};
    struct oh_text text = {0};
    char *path = oh_file_join(p->folder, REPORT);
    if (oh_file_read(path, REPORT_MAX, &text, NULL) == 0) /* none: the library is not there */
        seen = count_lines(oh_span_of(oh_text_str(&text)));
    oh_text_release(&text);
    free(path);
    return seen;
}

struct oh_phone_mutant oh_phone_mutant(const struct oh_phone *p)
{
    struct oh_phone_mutant seen = p->mutant;
    if (p->place.mutant && p->folder) {
        struct oh_phone_mutant now = read_report(p);
        seen.in_force = now.in_force;
        seen.struck += now.struck;
    }
    return seen;
}

void oh_phone_keep_mutant(struct oh_phone *p)
{
    p->mutant = oh_phone_mutant(p);
}

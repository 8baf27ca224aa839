/* Programs that a phone needs beside it, as a sound server: in its folder, started before it, ended
 * with it. */
#include "phone/self.h"

#include "base/file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LOOK_MS 3

static const struct oh_beside *plan_of(const struct oh_phone *p, const struct oh_process *process)
{
    for (size_t i = 0; i < p->a->beside_count; i++)
        if (p->beside[i] == process)
            return &p->a->beside[i];
    return NULL;
}

static void on_process(struct oh_process *process, enum oh_process_event event, int status,
                       void *arg)
{
    struct oh_phone *p = arg;
    const struct oh_beside *plan = plan_of(p, process);
    struct oh_text why = {0};
    if (event != OH_PROCESS_ENDED || !plan)
        return;
    char *words = oh_process_words(status);
    oh_text_addf(&why, "'%s', which runs beside the phone, ended, %s", plan->start.at[0], words);
    oh_phone_add_last_words(oh_process_output(process), &why);
    free(words);
    oh_phone_fail(p, oh_text_take(&why));
}

static bool is_wanted(const struct oh_phone *p, const struct oh_beside *plan)
{
    return !plan->for_ability || oh_adapter_can(p->a, plan->for_ability);
}

static bool can_be_used(struct oh_phone *p, size_t i)
{
    const struct oh_beside *plan = &p->a->beside[i];
    if (!p->beside[i] || !plan->until)
        return true;
    char *path = oh_phone_fill(p, plan->until);
    bool is_there = oh_file_exists(path);
    free(path);
    return is_there;
}

/* The first that cannot be used yet, or the count. */
static size_t awaited(struct oh_phone *p)
{
    size_t i = 0;
    while (i < p->a->beside_count && can_be_used(p, i))
        i++;
    return i;
}

static void look_soon(struct oh_phone *p);

static void on_look(void *arg)
{
    struct oh_phone *p = arg;
    size_t i = awaited(p);
    p->look_beside = NULL;
    if (i == p->a->beside_count) {
        oh_phone_begin(p);
        return;
    }
    const struct oh_beside *plan = &p->a->beside[i];
    if (oh_net_now(p->net) - p->beside_began_ns < plan->within_ms * OH_NS_PER_MS)
        look_soon(p);
    else
        oh_phone_fail(p, oh_format("'%s', which runs beside the phone, could not be used within "
                                   "%lld ms: there is no %s",
                                   plan->start.at[0], (long long)plan->within_ms, plan->until));
}

static void look_soon(struct oh_phone *p)
{
    p->look_beside = oh_timer_set(p->net, oh_net_now(p->net) + LOOK_MS * OH_NS_PER_MS, on_look, p);
}

static int start_one(struct oh_phone *p, size_t i, char **environment, struct oh_error *e)
{
    char **words = oh_phone_words(p, &p->a->beside[i].start);
    struct oh_process_plan plan = {.argv = words, .environment = environment, .folder = p->folder};
    p->beside[i] = oh_process_start(p->net, &plan, on_process, p, e);
    if (!p->beside[i] && (errno == ENOENT || errno == EACCES))
        oh_error_remedy(e, "the phone needs it beside it%s%s", p->a->install ? "; " : "",
                        p->a->install ? p->a->install : "");
    oh_phone_free_words(words);
    return p->beside[i] ? 0 : -1;
}

int oh_phone_start_beside(struct oh_phone *p, struct oh_error *e)
{
    char **environment = oh_phone_environment(p);
    int result = 0;
    p->beside_began_ns = oh_net_now(p->net);
    for (size_t i = 0; i < p->a->beside_count && result == 0; i++)
        if (is_wanted(p, &p->a->beside[i]))
            result = start_one(p, i, environment, e);
    oh_phone_free_words(environment);
    if (result != 0) {
        oh_phone_end_beside(p);
        return -1;
    }
    if (awaited(p) == p->a->beside_count)
        return 1;
    look_soon(p);
    return 0;
}

void oh_phone_end_beside(struct oh_phone *p)
{
    oh_timer_cancel(p->look_beside);
    p->look_beside = NULL;
    for (size_t i = 0; i < p->a->beside_count; i++) {
        oh_process_free(p->beside[i]);
        p->beside[i] = NULL;
    }
}

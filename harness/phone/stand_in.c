/* Phones that are no programs: a stand-in plays them. */
#include "phone/self.h"

struct oh_adapter *oh_adapter_new_stand_in(const struct oh_stand_in *who)
{
    struct oh_adapter *a = oh_alloc(sizeof *a);
    a->stand_in = who;
    a->name = oh_strdup("rehearsal");
    a->title = oh_strdup("a rehearsed phone");
    for (int i = 0; oh_ability_name(i); i++) {
        oh_grow(&a->abilities, a->ability_count, &a->ability_room, sizeof *a->abilities);
        a->abilities[a->ability_count++] = oh_strdup(oh_ability_name(i));
    }
    return a;
}

bool oh_adapter_is_stand_in(const struct oh_adapter *a)
{
    return a && a->stand_in;
}

int oh_phone_start_stand_in(struct oh_phone *p, struct oh_error *e)
{
    const struct oh_stand_in *s = p->a->stand_in;
    if (s->start(s->arg, e) != 0)
        return -1;
    p->state = OH_PHONE_IS_STARTING;
    oh_phone_is_ready(p);
    return 0;
}

int oh_phone_tell_stand_in(struct oh_phone *p, enum oh_verb verb, const char *uri,
                           oh_action_fn *done, void *arg, struct oh_error *e)
{
    const struct oh_stand_in *s = p->a->stand_in;
    if (p->state != OH_PHONE_IS_UP)
        return oh_error_set(e, "'%s' cannot %s: it does not run", p->name, oh_verb_name(verb));
    if (s->act(verb, uri, s->arg, e) != 0)
        return -1;
    done(p, OH_ACTION_TAKEN, NULL, arg);
    return 0;
}

/* What still comes of calls of earlier scenarios. */
#include "match/internal.h"

#include <string.h>

static bool has_tag(const struct oh_sip_msg *m)
{
    return oh_field_text(m, "to.tag").at != NULL;
}

/* An INVITE that is no request inside a dialog. */
static bool begins_call(const struct oh_sip_msg *m)
{
    return oh_sip_msg_is_method(m, "INVITE") && !has_tag(m);
}

/* Requests that are of a call whatever they lack. */
static bool is_of_call(const struct oh_sip_msg *m)
{
    static const char *const methods[] = {"ACK", "BYE", "CANCEL", "PRACK", "UPDATE", "INFO"};
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        if (oh_sip_msg_is_method(m, methods[i]))
            return true;
    }
    return has_tag(m) && !oh_sip_msg_is_method(m, "REGISTER");
}

/* The Call-ID as the run has it; NULL: it is of no earlier call. `again`: an INVITE of then has
 * this branch. */
static const char *find_call(const struct oh_match_env *env, const struct oh_sip_msg *m,
                             bool *again)
{
    struct oh_span id = oh_field_text(m, "call-id"), branch = oh_field_text(m, "via.branch");
    const char *found = NULL;
    *again = false;
    for (size_t i = 0; env->run && i < env->run->earlier_count; i++) {
        const struct oh_run_earlier *call = &env->run->earlier[i];
        if (!oh_span_is(id, call->call_id))
            continue;
        found = call->call_id;
        *again = *again || (call->branch && oh_span_is(branch, call->branch));
    }
    return found;
}

static bool is_anew(const struct oh_match_env *env, const char *call_id)
{
    for (size_t i = 0; i < env->anew_count; i++) {
        if (strcmp(env->anew[i], call_id) == 0)
            return true;
    }
    return false;
}

void oh_match_saw_anew(struct oh_match_env *env, const struct oh_sip_msg *m)
{
    bool again = false;
    const char *call_id = begins_call(m) ? find_call(env, m, &again) : NULL;
    if (!call_id || again || is_anew(env, call_id))
        return;
    oh_grow(&env->anew, env->anew_count, &env->anew_room, sizeof *env->anew);
    env->anew[env->anew_count++] = call_id;
}

bool oh_match_is_earlier(const struct oh_match_env *env, const struct oh_sip_msg *m)
{
    bool again = false;
    const char *call_id = find_call(env, m, &again);
    if (!call_id || is_anew(env, call_id))
        return false;
    return begins_call(m) ? again : !m->is_request || is_of_call(m);
}

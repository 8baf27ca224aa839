/* Names bound so far: saved messages, the run's names, the challenges that were seen. */
#include "match/internal.h"

#include <stdlib.h>
#include <string.h>

struct oh_match_env *oh_match_env_new(const struct oh_run *run)
{
    struct oh_match_env *env = oh_alloc(sizeof *env);
    env->run = run;
    return env;
}

void oh_match_env_free(struct oh_match_env *env)
{
    if (!env)
        return;
    for (size_t i = 0; i < env->saved_count; i++)
        free(env->saved[i].name);
    free(env->saved);
    free(env->challenges);
    free(env->anew);
    free(env);
}

static struct saved *find_saved(const struct oh_match_env *env, struct oh_span name)
{
    for (size_t i = 0; i < env->saved_count; i++) {
        if (oh_span_is(name, env->saved[i].name))
            return &env->saved[i];
    }
    return NULL;
}

void oh_match_env_save(struct oh_match_env *env, const char *name, const struct oh_sip_msg *m)
{
    struct saved *s = find_saved(env, oh_span_of(name));
    if (!s) {
        oh_grow(&env->saved, env->saved_count, &env->saved_room, sizeof *env->saved);
        s = &env->saved[env->saved_count++];
        s->name = oh_strdup(name);
    }
    s->msg = m;
}

static struct seen_challenge *find_challenge(const struct oh_match_env *env, struct oh_span nonce)
{
    for (size_t i = env->challenge_count; nonce.at && i > 0; i--) {
        if (oh_span_equal(env->challenges[i - 1].digest.nonce, nonce))
            return &env->challenges[i - 1];
    }
    return NULL;
}

const struct seen_challenge *oh_match_challenge(const struct oh_match_env *env,
                                                struct oh_span nonce)
{
    return find_challenge(env, nonce);
}

static void saw_challenge(struct oh_match_env *env, const struct oh_digest *d)
{
    if (find_challenge(env, d->nonce))
        return;
    oh_grow(&env->challenges, env->challenge_count, &env->challenge_room, sizeof *env->challenges);
    env->challenges[env->challenge_count++] = (struct seen_challenge){.digest = *d};
}

/* RFC 7616 3.4.2: the cnonce of the first request that answers a challenge stays in A1 of -sess. */
static void saw_credentials(struct oh_match_env *env, const struct oh_digest *d)
{
    struct seen_challenge *c = find_challenge(env, d->nonce);
    if (c && !c->session_cnonce.at)
        c->session_cnonce = d->cnonce;
}

static const struct {
    enum oh_sip_header_id id;
    void (*saw)(struct oh_match_env *env, const struct oh_digest *d);
} remembered[] = {
    {OH_SIP_WWW_AUTHENTICATE, saw_challenge},
    {OH_SIP_PROXY_AUTHENTICATE, saw_challenge},
    {OH_SIP_AUTHORIZATION, saw_credentials},
    {OH_SIP_PROXY_AUTHORIZATION, saw_credentials},
};

void oh_match_env_saw(struct oh_match_env *env, const struct oh_sip_msg *m)
{
    oh_match_saw_anew(env, m);
    for (size_t i = 0; i < sizeof remembered / sizeof *remembered; i++) {
        const struct oh_sip_header *h;
        for (size_t n = 0; (h = oh_sip_msg_header(m, remembered[i].id, n)) != NULL; n++) {
            struct oh_digest d;
            if (oh_digest_parse(h->value, &d) == 0)
                remembered[i].saw(env, &d);
        }
    }
}

/* "first.cseq.number": the name before the first dot, the field after it. */
struct oh_span oh_match_name_value(const struct oh_match_env *env, struct oh_span name,
                                   struct oh_text *store)
{
    size_t dot = oh_span_find(name, '.');
    struct oh_span head = oh_span_sub(name, 0, dot);
    const struct saved *s = find_saved(env, head);
    struct oh_span value = {0};
    oh_text_clear(store);
    if (s && dot < name.len) {
        struct oh_field f;
        if (oh_field_get(s->msg, oh_span_sub(name, dot + 1, name.len), &f) == 0 &&
            f.state == OH_FIELD_PRESENT && f.count > 0) {
            oh_text_add_span(store, f.items[0].text);
            value = oh_text_span(store);
            if (!value.at)
                value = oh_span_of("");
        }
        oh_field_release(&f);
        return value;
    }
    char *whole = oh_span_dup(name);
    const char *found = env->run ? oh_run_name_value(env->run, whole) : NULL;
    free(whole);
    if (!found)
        return value;
    oh_text_add(store, found);
    return *found ? oh_text_span(store) : oh_span_of("");
}

struct oh_span oh_match_resolve(const struct oh_match_env *env, const struct oh_operand *operand,
                                struct oh_text *store)
{
    if (!operand->is_name)
        return oh_span_of(operand->text);
    return oh_match_name_value(env, oh_span_of(operand->text), store);
}

int oh_match_expand(const struct oh_match_env *env, const char *text, struct oh_text *out,
                    struct oh_error *e)
{
    struct oh_span rest = oh_span_of(text);
    struct oh_piece piece;
    struct oh_text value = {0};
    int result = 0;
    while (result == 0 && oh_scenario_next_piece(&rest, &piece)) {
        struct oh_span found =
            piece.is_name ? oh_match_name_value(env, piece.text, &value) : piece.text;
        if (found.at)
            oh_text_add_span(out, found);
        else
            result = oh_error_set(e, "$%.*s has no value here", OH_SPAN_FMT(piece.text));
    }
    oh_text_release(&value);
    return result;
}

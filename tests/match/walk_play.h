/*
 * tests/match/walk_play.h - a flow played by hand: what was got and done, in order.
 */
#ifndef OH_TESTS_WALK_PLAY_H
#define OH_TESTS_WALK_PLAY_H

#include "match/walk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MESSAGES 64

struct play {
    struct oh_scenario *scenario;
    struct oh_match_env *env;
    struct oh_walk *walk;
    struct oh_sip_msg *kept[MESSAGES];
    size_t count;
};

static struct play *new_play(const char *text)
{
    struct play *p = oh_alloc(sizeof *p);
    struct oh_errors errors = {0};
    p->scenario = oh_scenario_parse("flow.yaml", oh_span_of(text), &errors);
    if (!p->scenario)
        fail_msg("line %u: %s", errors.items[0].place.line, errors.items[0].text);
    oh_errors_release(&errors);
    p->env = oh_match_env_new(NULL);
    p->walk = oh_walk_new(p->scenario, p->env);
    return p;
}

static void end_play(struct play *p)
{
    oh_walk_free(p->walk);
    oh_match_env_free(p->env);
    oh_scenario_free(p->scenario);
    for (size_t i = 0; i < p->count; i++)
        oh_sip_msg_free(p->kept[i]);
    free(p);
}

/* start: "INVITE" or "486"; method: of the CSeq. */
struct message {
    const char *start, *method, *branch, *to_tag, *call;
    unsigned cseq;
};

static const struct oh_sip_msg *make(struct play *p, struct message m)
{
    bool response = m.start[0] >= '1' && m.start[0] <= '6';
    char *text = oh_format("%s%s%s\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK%s\r\n"
                           "From: <sip:a@x>;tag=f\r\nTo: <sip:b@x>%s%s\r\nCall-ID: %s\r\n"
                           "CSeq: %u %s\r\n\r\n",
                           response ? "SIP/2.0 " : "", m.start, response ? " X" : " sip:b SIP/2.0",
                           m.branch, m.to_tag ? ";tag=" : "", m.to_tag ? m.to_tag : "",
                           m.call ? m.call : "c", m.cseq, m.method);
    assert_true(p->count < MESSAGES);
    p->kept[p->count] = oh_sip_msg_parse(oh_span_of(text));
    free(text);
    return p->kept[p->count++];
}

static struct oh_walk_result got(struct play *p, struct message m)
{
    return oh_walk_got(p->walk, "A", "P", make(p, m));
}

static void did(struct play *p, int step, struct message m)
{
    oh_walk_did(p->walk, step, make(p, m));
}

#define GOT(p, kind_, step_, ...)                                                                  \
    do {                                                                                           \
        struct oh_walk_result r_ = got(p, (struct message){__VA_ARGS__});                          \
        assert_int_equal(r_.kind, kind_);                                                          \
        assert_int_equal(r_.step, step_);                                                          \
    } while (0)
#define DID(p, step_, ...) did(p, step_, (struct message){__VA_ARGS__})

#endif

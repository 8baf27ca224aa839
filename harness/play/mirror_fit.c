/* A message made to meet what a step expects, and made not to meet one of it. Values are tried, and
 * the matcher says whether they do: nothing here knows what a predicate means but how it is likely
 * met. */
#include "play/mirror.h"

#include <stdlib.h>
#include <string.h>

#define ROUNDS 3 /* what one expectation changes, another may have to change again */

static enum oh_fit fits(const struct oh_mirror *m, const struct oh_expect *expect,
                        const struct oh_text *wire)
{
    struct oh_sip_msg *msg = oh_sip_msg_parse(oh_text_span(wire));
    struct oh_mismatch why = {0};
    enum oh_fit fit = msg ? oh_match_expect(m->player.env, expect, msg, &why) : OH_FIT_UNKNOWN;
    oh_mismatch_release(&why);
    oh_sip_msg_free(msg);
    return fit;
}

static char *now_of(const struct oh_text *wire, const char *field)
{
    struct oh_sip_msg *msg = oh_sip_msg_parse(oh_text_span(wire));
    struct oh_field f;
    char *text = NULL;
    if (msg && oh_field_get(msg, oh_span_of(field), &f) == 0) {
        text = f.count ? oh_span_dup(f.items[0].text) : NULL;
        oh_field_release(&f);
    }
    oh_sip_msg_free(msg);
    return text ? text : oh_strdup("");
}

/* Of a list all of it, as it stands there. */
static char *all_of(const struct oh_text *wire, const char *field)
{
    struct oh_sip_msg *msg = oh_sip_msg_parse(oh_text_span(wire));
    struct oh_field f;
    char *text = NULL;
    if (msg && oh_field_get(msg, oh_span_of(field), &f) == 0) {
        bool is_list = oh_field_is_list(oh_span_of(field));
        text = f.count ? oh_span_dup(is_list ? f.bytes : f.items[0].text) : NULL;
        oh_field_release(&f);
    }
    oh_sip_msg_free(msg);
    return text ? text : oh_strdup("");
}

/* --- values worth trying --- */

struct values {
    char **at;
    size_t count, room;
};

static void add(struct values *v, char *text)
{
    oh_grow(&v->at, v->count, &v->room, sizeof *v->at);
    v->at[v->count++] = text;
}

static void release(struct values *v)
{
    for (size_t i = 0; i < v->count; i++)
        free(v->at[i]);
    free(v->at);
}

static void add_operands(const struct oh_mirror *m, const struct oh_predicate *p, struct values *v)
{
    struct oh_text store = {0};
    for (size_t i = 0; i < p->operand_count; i++) {
        struct oh_span value = oh_match_resolve(m->player.env, &p->operands[i], &store);
        uint64_t number;
        if (!value.at)
            continue;
        bool is_number = oh_span_to_u64(value, &number);
        if (p->kind == OH_IS_ABOVE && is_number)
            add(v, oh_format("%llu", (unsigned long long)number + 1));
        else if (p->kind == OH_IS_BELOW && is_number && number > 0)
            add(v, oh_format("%llu", (unsigned long long)number - 1));
        else
            add(v, oh_span_dup(value));
    }
    oh_text_release(&store);
}

/* Values that are likely to be something else, the gentlest first. */
static void add_others(const char *field, const char *now, struct values *v)
{
    static const struct {
        const char *ending;
        const char *values[5];
    } usual[] = {
        {".transport", {"TCP", "UDP"}},
        {".direction", {"sendrecv", "sendonly", "recvonly", "inactive"}},
        {".formats", {"18", "97", "0"}},
        {".qop", {"auth", "auth-int"}},
        {".algorithm", {"MD5", "SHA-256"}},
        {".user-param", {"phone", "ip"}},
        {".connection", {"192.0.2.99", "0.0.0.0"}},
        {".host", {"192.0.2.99", "192.0.2.98"}},
        {".uri", {"sip:otherwise@192.0.2.99:5099", "sip:other@192.0.2.98"}},
        {"request-uri", {"sip:otherwise@192.0.2.99:5099", "sip:other@192.0.2.98"}},
        {"route", {"<sip:192.0.2.99;lr>"}},
        {"contact", {"<sip:otherwise@192.0.2.99:5099>"}},
        {"expires", {"1", "7200"}},
    };
    uint64_t number;
    size_t len = strlen(field);
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++) {
        size_t end = strlen(usual[i].ending);
        if (len < end || strcasecmp(field + len - end, usual[i].ending) != 0)
            continue;
        for (size_t k = 0; k < 5 && usual[i].values[k]; k++)
            add(v, oh_strdup(usual[i].values[k]));
    }
    if (oh_span_to_u64(oh_span_of(now), &number)) {
        add(v, oh_format("%llu", (unsigned long long)number + 1));
        if (number > 0)
            add(v, oh_format("%llu", (unsigned long long)number - 1));
        add(v, oh_strdup("0"));
        add(v, oh_strdup("1"));
        add(v, oh_strdup("99999"));
    }
    if (*now) {
        char *last = oh_strdup(now);
        char *end = last + strlen(last) - 1;
        *end = *end == '0' ? '1' : *end == 'x' ? 'y' : *end >= '0' && *end <= '9' ? '0' : 'x';
        add(v, last);
    }
    add(v, oh_format("%sx", now));
    add(v, oh_strdup("otherwise"));
    add(v, oh_strdup("1"));
}

/* --- one expectation --- */

/* The change that gives the wanted answer stays. */
static bool attempt(struct oh_mirror *m, const struct oh_expect *expect, struct oh_text *wire,
                    const char *value, enum oh_fit wanted)
{
    struct oh_text tried = {0};
    oh_text_add_span(&tried, oh_text_span(wire));
    bool done = value ? oh_mirror_set(&tried, expect->field, value)
                      : oh_mirror_remove(&tried, expect->field);
    if (done && wanted == OH_FIT_YES && strcasestr(expect->field, "authorization."))
        oh_mirror_recompute(m, &tried);
    done = done && fits(m, expect, &tried) == wanted;
    if (done) {
        oh_text_release(wire);
        *wire = tried;
    } else {
        oh_text_release(&tried);
    }
    return done;
}

static bool attempt_all(struct oh_mirror *m, const struct oh_expect *expect, struct oh_text *wire,
                        const struct values *v, enum oh_fit wanted)
{
    for (size_t i = 0; i < v->count; i++) {
        if (attempt(m, expect, wire, v->at[i], wanted))
            return true;
    }
    return false;
}

static bool wants(const struct oh_expect *expect, enum oh_predicate_kind kind)
{
    for (size_t i = 0; i < expect->predicate_count; i++) {
        if (expect->predicates[i].kind == kind)
            return true;
    }
    return false;
}

/* What is to be contained, behind what is there: as a list of headers or of SDP, and as text. */
static void add_contained(const struct oh_mirror *m, const struct oh_expect *expect,
                          const struct oh_text *wire, struct values *v)
{
    char *now = all_of(wire, expect->field);
    static const char *const between[] = {", ", " ", ""};
    for (size_t i = 0; i < expect->predicate_count; i++) {
        const struct oh_predicate *p = &expect->predicates[i];
        for (size_t b = 0; p->kind == OH_IS_CONTAINING && b < sizeof between / sizeof *between;
             b++) {
            struct oh_text all = {0}, store = {0};
            oh_text_add(&all, now);
            for (size_t k = 0; k < p->operand_count; k++) {
                oh_text_add(&all, all.len ? between[b] : "");
                oh_text_add_span(&all, oh_match_resolve(m->player.env, &p->operands[k], &store));
            }
            add(v, oh_text_take(&all));
            oh_text_release(&store);
        }
    }
    free(now);
}

static bool meet(struct oh_mirror *m, const struct oh_expect *expect, struct oh_text *wire)
{
    struct values v = {0};
    char *now = now_of(wire, expect->field);
    if (wants(expect, OH_IS_ABSENT) && attempt(m, expect, wire, NULL, OH_FIT_YES)) {
        free(now);
        return true;
    }
    if (oh_mirror_usual(expect->field))
        add(&v, oh_strdup(oh_mirror_usual(expect->field)));
    add_contained(m, expect, wire, &v);
    for (size_t i = 0; i < expect->predicate_count; i++)
        add_operands(m, &expect->predicates[i], &v);
    add_others(expect->field, now, &v);
    bool met = attempt_all(m, expect, wire, &v, OH_FIT_YES) ||
               (wants(expect, OH_IS_NOT) && attempt(m, expect, wire, NULL, OH_FIT_YES));
    release(&v);
    free(now);
    return met;
}

/* Not those of which the break has taken what they are compared with. */
static bool can_be_met(const struct oh_mirror *m, enum oh_fit fit)
{
    return fit == OH_FIT_NO || (fit == OH_FIT_UNKNOWN && !m->broken);
}

static const struct oh_expect *first_unmet(const struct oh_mirror *m, const struct oh_step *step,
                                           const struct oh_text *wire)
{
    for (size_t i = 0; i < step->expect_count; i++) {
        if (can_be_met(m, fits(m, &step->expects[i], wire)))
            return &step->expects[i];
    }
    return NULL;
}

int oh_mirror_fit(struct oh_mirror *m, const struct oh_step *step, struct oh_text *wire)
{
    const struct oh_expect *unmet = NULL;
    for (int round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < step->expect_count; i++) {
            if (can_be_met(m, fits(m, &step->expects[i], wire)))
                meet(m, &step->expects[i], wire);
        }
        unmet = first_unmet(m, step, wire);
        if (!unmet)
            return 0;
    }
    if (m->broken) /* what cannot be met follows from it */
        return 0;
    oh_mirror_trouble(m, (int)(step - m->scenario->steps), unmet->place,
                      "what is wanted of %s cannot be met where the rest of the flow holds",
                      unmet->field);
    return -1;
}

/* The digest is right but for one of its digits. */
static bool spoil_digest(struct oh_mirror *m, const struct oh_expect *expect, struct oh_text *wire)
{
    char *field = oh_format("%s.response", expect->field), *now = now_of(wire, field);
    bool done = false;
    if (*now && strcasestr(expect->field, "authorization")) {
        struct oh_text tried = {0};
        now[0] = now[0] == '0' ? '1' : '0';
        oh_text_add_span(&tried, oh_text_span(wire));
        done = oh_mirror_set(&tried, field, now) && fits(m, expect, &tried) == OH_FIT_NO;
        if (done) {
            oh_text_release(wire);
            *wire = tried;
        } else {
            oh_text_release(&tried);
        }
    }
    free(now);
    free(field);
    return done;
}

bool oh_mirror_unfit(struct oh_mirror *m, const struct oh_expect *expect, struct oh_text *wire)
{
    struct values v = {0};
    char *now = now_of(wire, expect->field);
    if (fits(m, expect, wire) == OH_FIT_NO) /* already */
        return free(now), true;
    for (size_t i = 0; i < expect->predicate_count; i++) {
        if (expect->predicates[i].kind == OH_IS_NOT)
            add_operands(m, &expect->predicates[i], &v);
    }
    add_others(expect->field, now, &v);
    bool done = (wants(expect, OH_IS_PRESENT) && attempt(m, expect, wire, NULL, OH_FIT_NO)) ||
                (wants(expect, OH_IS_VALID) && spoil_digest(m, expect, wire)) ||
                attempt_all(m, expect, wire, &v, OH_FIT_NO) ||
                attempt(m, expect, wire, NULL, OH_FIT_NO);
    release(&v);
    free(now);
    return done;
}

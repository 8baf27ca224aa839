/* challenge: {status: 407, realm: example.com, qop: auth}, or a list of these. */
#include "scenario/reader.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static void read_status(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    static const struct oh_word words[] = {{"401", 401}, {"407", 407}, {NULL, 0}};
    struct oh_challenge *c = target;
    int status = oh_read_word(r, n, "status of a challenge", words);
    if (status > 0)
        c->status = (unsigned)status;
}

static void read_realm(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    ((struct oh_challenge *)target)->realm = oh_read_line(r, n, "the realm");
}

static void read_algorithm(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    ((struct oh_challenge *)target)->algorithm = oh_read_line(r, n, "the algorithm");
}

static void read_qop(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    /* RFC 7616 3.3: qop-options is a quoted list of tokens. */
    static const struct oh_word words[] = {
        {"auth", 0}, {"auth-int", 0}, {"auth,auth-int", 0}, {NULL, 0}};
    if (oh_read_word(r, n, "qop", words) == 0)
        ((struct oh_challenge *)target)->qop = oh_strdup(oh_yaml_scalar(n));
}

static void read_opaque(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    ((struct oh_challenge *)target)->opaque = oh_read_line(r, n, "opaque");
}

static void read_stale(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    ((struct oh_challenge *)target)->stale = oh_read_bool(r, n, false);
}

static void read_keep_nonce(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    struct oh_challenge *c = target;
    c->keep_nonce = oh_read_bool(r, n, false);
    if (!c->keep_nonce || !c->stale)
        return;
    struct oh_error *e =
        oh_yaml_mistake(r->y, n, r->errors, "a nonce that is kept cannot be stale as well");
    oh_error_remedy(e, "stale=true says that the nonce was too old and a new one is here: leave "
                       "out 'stale' or 'keep-nonce'");
}

/* In the order of reading: keep-nonce looks at stale. */
static const struct oh_yaml_field challenge_keys[] = {
    {"status", OH_YAML_SCALAR, false, read_status,
     "401 or 407; without it 407 for a proxy, else 401"},
    {"realm", OH_YAML_SCALAR, true, read_realm, "the realm, as in 'realm: example.com'"},
    {"algorithm", OH_YAML_SCALAR, false, read_algorithm, "MD5, SHA-256, ...; not sent without it"},
    {"qop", OH_YAML_SCALAR, false, read_qop,
     "auth, auth-int or \"auth,auth-int\"; not sent without it"},
    {"opaque", OH_YAML_SCALAR, false, read_opaque, "a text to be given back; not sent without it"},
    {"stale", OH_YAML_SCALAR, false, read_stale,
     "true: says that the credentials were right but for a nonce too old"},
    {"keep-nonce", OH_YAML_SCALAR, false, read_keep_nonce,
     "true: the nonce of the challenge before, not a fresh one"},
    {NULL, 0, false, NULL, NULL},
};

/* --- abilities that a challenge takes --- */

static bool begins(const char *text, const char *with)
{
    return text && !strncasecmp(text, with, strlen(with));
}

/* What a phone must be able to do to answer it beyond what RFC 3261 22.4 asks of all; NULL. */
static const char *ability_for(const struct oh_challenge *c)
{
    static const struct {
        const char *algorithm, *ability;
    } rows[] = {{"SHA-256", "digest-sha-256"},
                {"SHA-512-256", "digest-sha-512-256"},
                {"MD5-sess", "digest-md5-sess"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (begins(c->algorithm, rows[i].algorithm))
            return rows[i].ability;
    return c->qop && !strcmp(c->qop, "auth-int") ? "digest-auth-int" : NULL;
}

/* One challenge that every phone can answer frees of the rest: RFC 7616 3.7. */
static void check_abilities(struct oh_reading *g, const struct oh_yaml_node *n,
                            const struct oh_challenge *c, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (ability_for(&c[i]))
            oh_use_ability(g, ability_for(&c[i]));
    for (size_t i = 0; i < count; i++)
        if (!ability_for(&c[i]))
            return;
    if (count)
        oh_check_ability(g, oh_yaml_place(g->r->y, n), ability_for(&c[0]));
}

/* --- all of them --- */

static void read_one(struct oh_reading *g, const struct oh_yaml_node *n, unsigned status,
                     struct oh_challenge **list, size_t *count)
{
    *list = oh_realloc(*list, (*count + 1) * sizeof **list);
    struct oh_challenge *c = &(*list)[(*count)++];
    *c = (struct oh_challenge){.status = status};
    oh_yaml_read_map(g->r, n, "a challenge", challenge_keys, c);
    if (*count == 1 || c->status == (*list)[0].status)
        return;
    struct oh_error *e =
        oh_yaml_mistake(g->r->y, n, g->r->errors,
                        "challenges of one response have one status, not %u and %u",
                        (*list)[0].status, c->status);
    oh_error_remedy(e, "a party challenges by one of them; what one step sends otherwise stands "
                       "under that step's 'challenge:'");
}

void oh_read_challenges(struct oh_reading *g, const struct oh_yaml_node *n, unsigned status,
                        struct oh_challenge **list, size_t *count)
{
    if (oh_yaml_kind(n) == OH_YAML_LIST && oh_yaml_count(n) == 0)
        oh_yaml_mistake(g->r->y, n, g->r->errors, "'challenge' names no challenge");
    if (oh_yaml_kind(n) != OH_YAML_LIST)
        read_one(g, n, status, list, count);
    for (size_t i = 0; oh_yaml_kind(n) == OH_YAML_LIST && i < oh_yaml_count(n); i++)
        read_one(g, oh_yaml_item(n, i), status, list, count);
    check_abilities(g, n, *list, *count);
}

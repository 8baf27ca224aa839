#include "scenario/reader.h"

#include "sip/uri.h"

#include <stdlib.h>
#include <string.h>

#define ROLE(r) (1u << OH_ROLE_##r)

static const struct oh_word role_words[] = {{"phone", OH_ROLE_PHONE},
                                            {"proxy", OH_ROLE_PROXY},
                                            {"registrar", OH_ROLE_REGISTRAR},
                                            {"peer", OH_ROLE_PEER},
                                            {"redirect", OH_ROLE_REDIRECT},
                                            {"gateway", OH_ROLE_GATEWAY},
                                            {NULL, 0}};

/* --- one party --- */

static void read_role(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    struct oh_reading *g = target;
    int role = oh_read_word(r, n, "role", role_words);
    g->role_unclear = g->role_unclear || role < 0;
    if (role >= 0)
        g->party->role = (enum oh_role)role;
}

static void read_behind(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    struct oh_reading *g = target;
    g->party->behind = oh_read_line(r, n, "the proxy that a party is behind");
}

/* YAML readers take 0049 for the number 49; so the quotes are demanded of every number. */
static void read_number(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    struct oh_reading *g = target;
    const char *text = oh_yaml_scalar(n);
    uint64_t value;
    if (oh_yaml_is_plain(n) && oh_span_to_u64(oh_span_of(text), &value)) {
        struct oh_error *e =
            oh_yaml_mistake(r->y, n, r->errors,
                            "a telephone number is text, but %s without quotes is a plain number%s",
                            text, text[0] == '0' ? " and loses its leading zero" : "");
        oh_error_remedy(e, "put it in quotes: number: \"%s\"", text);
    }
    g->party->number = oh_read_line(r, n, "the number");
}

static void read_record_route(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    static const struct oh_word words[] = {
        {"true", OH_ROUTE_LOOSE}, {"false", OH_ROUTE_NONE}, {"strict", OH_ROUTE_STRICT}, {NULL, 0}};
    struct oh_reading *g = target;
    int route = oh_read_word(r, n, "way to stay in the path", words);
    if (route >= 0)
        g->party->record_route = (enum oh_route)route;
}

static void read_challenge(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    struct oh_reading *g = target;
    unsigned status = g->party->role == OH_ROLE_PROXY ? 407 : 401; /* RFC 3261 22.2, 22.3 */
    (void)r;
    oh_read_challenges(g, n, status, &g->party->challenges, &g->party->challenge_count);
}

static void read_expires(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    ((struct oh_reading *)target)->party->expires_s = oh_read_seconds(r, n);
}

static void read_min_expires(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    ((struct oh_reading *)target)->party->min_expires_s = oh_read_seconds(r, n);
}

static void read_contacts(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    struct oh_party *party = ((struct oh_reading *)target)->party;
    for (size_t i = 0; i < oh_yaml_count(n); i++) {
        const struct oh_yaml_node *item = oh_yaml_item(n, i);
        struct oh_span text = oh_span_of(oh_yaml_scalar(item));
        struct oh_sip_uri uri;
        if (party->role == OH_ROLE_REDIRECT && oh_yaml_kind(item) == OH_YAML_SCALAR &&
            oh_is_name(text))
            continue; /* a party's: check_contacts */
        if (oh_yaml_kind(item) == OH_YAML_SCALAR && oh_span_find(text, ' ') == text.len &&
            (oh_span_starts_with(text, "sip:") || oh_span_starts_with(text, "sips:")) &&
            oh_sip_uri_parse(text, &uri) == 0)
            continue;
        struct oh_error *e =
            oh_yaml_mistake(r->y, item, r->errors, "'%s' is no SIP URI", oh_yaml_scalar(item));
        oh_error_remedy(e, "as in 'contacts: [\"sip:1001@192.0.2.7:5060\"]'");
        return;
    }
    oh_read_lines(r, n, "a contact", &party->contacts, &party->contact_count);
}

static const struct oh_yaml_field party_keys[] = {
    {"role", OH_YAML_SCALAR, false, read_role,
     "phone, proxy, registrar, peer, redirect or gateway"},
    {"behind", OH_YAML_SCALAR, false, read_behind, "the proxy that the peer is reached through"},
    {"number", OH_YAML_SCALAR, false, read_number, "the user part of its URI, in quotes"},
    {"record-route", OH_YAML_SCALAR, false, read_record_route,
     "false: the proxy does not stay in the path of later requests; strict: as a router of RFC "
     "2543"},
    {"challenge", OH_YAML_LIST | OH_YAML_MAP, false, read_challenge,
     "{status, realm, algorithm, qop, opaque, stale, keep-nonce}, or a list of these"},
    {"expires", OH_YAML_SCALAR, false, read_expires,
     "the longest binding that the registrar grants, in seconds"},
    {"min-expires", OH_YAML_SCALAR, false, read_min_expires,
     "what its 423 asks for, in seconds; without it twice what the phone wanted"},
    {"contacts", OH_YAML_LIST, false, read_contacts,
     "registrar: URIs of other devices at the same address of record; redirect: where its 3xx "
     "sends "
     "the phone, URIs or names of parties"},
    {NULL, 0, false, NULL, NULL},
};

/* Which roles may bear a key. */
static const struct {
    const char *key;
    unsigned roles;
    const char *why;
} key_roles[] = {
    {"behind", ROLE(PEER) | ROLE(GATEWAY), "only peers and gateways stand behind a proxy"},
    {"number", ROLE(PEER) | ROLE(PHONE) | ROLE(GATEWAY), "only who can be called has a number"},
    {"record-route", ROLE(PROXY), "only a proxy puts Record-Route"},
    {"challenge", ROLE(PROXY) | ROLE(REGISTRAR) | ROLE(PEER) | ROLE(REDIRECT) | ROLE(GATEWAY),
     "the phone is the one to be challenged"},
    {"expires", ROLE(REGISTRAR), "only a registrar keeps bindings"},
    {"min-expires", ROLE(REGISTRAR), "only a registrar keeps bindings"},
    {"contacts", ROLE(REGISTRAR) | ROLE(REDIRECT),
     "only registrars and redirect servers tell where others are"},
};

static void check_role(struct oh_reading *g, const struct oh_yaml_node *map)
{
    if (!oh_find_key(map, "role") && !g->party->behind) {
        struct oh_error *e =
            oh_yaml_mistake(g->r->y, map, g->r->errors, "party '%s' has no role", g->party->name);
        oh_error_remedy(e, "add 'role:' phone, proxy, registrar, peer, redirect or gateway, or "
                           "'behind:' for a peer "
                           "behind a proxy");
        return;
    }
    for (size_t i = 0; i < sizeof key_roles / sizeof *key_roles; i++) {
        const struct oh_yaml_node *key = oh_find_key(map, key_roles[i].key);
        if (!key || key_roles[i].roles & 1u << g->party->role)
            continue;
        struct oh_error *e =
            oh_yaml_mistake(g->r->y, key, g->r->errors, "'%s' makes no sense for a %s",
                            key_roles[i].key, oh_role_name(g->party->role));
        oh_error_remedy(e, "%s", key_roles[i].why);
    }
}

static void read_party(struct oh_reading *g, const struct oh_yaml_node *key,
                       const struct oh_yaml_node *value)
{
    struct oh_yaml_reader *r = g->r;
    oh_grow(&g->s->parties, g->s->party_count, &g->party_room, sizeof *g->s->parties);
    g->party = &g->s->parties[g->s->party_count++];
    *g->party = (struct oh_party){.name = oh_strdup(oh_yaml_scalar(key)),
                                  .place = oh_yaml_place(r->y, key),
                                  .role = OH_ROLE_PEER,
                                  .expires_s = -1,
                                  .min_expires_s = -1};
    if (!oh_is_name(oh_span_of(g->party->name))) {
        struct oh_error *e =
            oh_yaml_mistake(r->y, key, r->errors, "'%s' cannot name a party", g->party->name);
        oh_error_remedy(e, "a name is a letter, then letters, digits and '_'");
    }
    if (oh_yaml_is_null(value) || oh_yaml_kind(value) == OH_YAML_LIST) {
        struct oh_error *e =
            oh_yaml_mistake(r->y, key, r->errors, "nothing is said of party '%s'", g->party->name);
        if (!oh_yaml_blame_comment(r->y, g->party->place, e))
            oh_error_remedy(
                e, "wanted: a role (phone, proxy, registrar, peer, redirect, gateway) or a map");
    } else if (oh_yaml_kind(value) == OH_YAML_SCALAR) {
        read_role(r, value, g);
    } else {
        oh_yaml_read_map(r, value, "a party", party_keys, g);
        check_role(g, value);
    }
    g->party = NULL;
}

/* Places of parties are their names'; `behind` is told there. */
static void check_behind(struct oh_reading *g, const struct oh_party *p)
{
    if (!p->behind || (p->role != OH_ROLE_PEER && p->role != OH_ROLE_GATEWAY))
        return;
    const struct oh_party *proxy = oh_scenario_party(g->s, p->behind);
    if (proxy &&
        (proxy->role == OH_ROLE_PROXY || proxy->role == OH_ROLE_REDIRECT || g->role_unclear))
        return;
    struct oh_error *e;
    if (proxy) {
        e = oh_yaml_mistake_at(g->r->y, p->place, g->r->errors,
                               "'%s' is behind '%s', which is a %s and no proxy", p->name,
                               p->behind, oh_role_name(proxy->role));
        oh_error_remedy(e, "name a party whose role is proxy");
    } else {
        e = oh_yaml_mistake_at(g->r->y, p->place, g->r->errors,
                               "'%s' is behind '%s', which is no party", p->name, p->behind);
        oh_suggest_party(g->s, p->behind, e);
    }
}

/* A redirect server's contacts may be parties who can be called. */
static void check_contacts(struct oh_reading *g, const struct oh_party *p)
{
    for (size_t i = 0; p->role == OH_ROLE_REDIRECT && i < p->contact_count; i++) {
        const struct oh_party *named = oh_scenario_party(g->s, p->contacts[i]);
        struct oh_error *e;
        if (!oh_is_name(oh_span_of(p->contacts[i])) || g->role_unclear)
            continue;
        if (!named) {
            e = oh_yaml_mistake_at(g->r->y, p->place, g->r->errors,
                                   "'%s' redirects to '%s', which is no party", p->name,
                                   p->contacts[i]);
            oh_suggest_party(g->s, p->contacts[i], e);
        } else if (named->role != OH_ROLE_PEER && named->role != OH_ROLE_GATEWAY) {
            e = oh_yaml_mistake_at(g->r->y, p->place, g->r->errors,
                                   "'%s' redirects to '%s', which is a %s", p->name, p->contacts[i],
                                   oh_role_name(named->role));
            oh_error_remedy(e, "name a peer or a gateway, or write the URI");
        }
    }
}

#define MOST_PHONES 8 /* under test in one flow */

static void check_phones(struct oh_reading *g, const struct oh_yaml_node *n)
{
    size_t phones = 0;
    for (size_t i = 0; i < g->s->party_count; i++) {
        const struct oh_party *p = &g->s->parties[i];
        if (p->role == OH_ROLE_PHONE && ++phones == MOST_PHONES + 1)
            oh_yaml_mistake_at(g->r->y, p->place, g->r->errors, "more than %d phones under test",
                               MOST_PHONES);
    }
    if (phones || g->role_unclear || g->s->party_count == 0)
        return;
    struct oh_error *e =
        oh_yaml_mistake(g->r->y, n, g->r->errors, "no party is the phone under test");
    oh_error_remedy(e, "give one the role phone, as in 'A: phone'");
    g->role_unclear = true;
}

void oh_read_parties(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    struct oh_reading *g = target;
    size_t count = oh_yaml_count(n);
    if (count == 0)
        oh_yaml_mistake(r->y, n, r->errors, "'parties' names nobody");
    if (count > OH_SCENARIO_MAX_PARTIES) {
        oh_yaml_mistake(r->y, n, r->errors, "more than %d parties", OH_SCENARIO_MAX_PARTIES);
        count = OH_SCENARIO_MAX_PARTIES;
    }
    for (size_t i = 0; i < count; i++)
        read_party(g, oh_yaml_key(n, i), oh_yaml_value(n, i));
    for (size_t i = 0; i < g->s->party_count; i++)
        check_behind(g, &g->s->parties[i]);
    for (size_t i = 0; i < g->s->party_count; i++)
        check_contacts(g, &g->s->parties[i]);
    check_phones(g, n);
}

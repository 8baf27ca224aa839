#include "digest.h"

#include "log.h"
#include "mutants.h"

#define SOFIA_EXTEND_AUTH_CLIENT 1
#include <sofia-sip/auth_client_plugin.h>
#include <sofia-sip/auth_common.h>
#include <sofia-sip/msg_header.h>
#include <sofia-sip/su_alloc.h>
#include <sofia-sip/url.h>

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

struct algorithm {
    const char *name; /* as in a challenge */
    const char *hash; /* as OpenSSL calls it */
    bool session;     /* -sess: A1 takes in nonce and cnonce */
};

static const struct algorithm algorithms[] = {
    {"MD5", "MD5", false},
    {"MD5-sess", "MD5", true},
    {"SHA-256", "SHA256", false},
    {"SHA-256-sess", "SHA256", true},
    {"SHA-512-256", "SHA512-256", false},
    {"SHA-512-256-sess", "SHA512-256", true},
};

struct hex {
    char text[2 * EVP_MAX_MD_SIZE + 1];
};

/* One realm's challenge, kept by the stack with the call or registration. Quoted values are held
 * without their quotes but with their escapes, which is what is echoed and hashed (RFC 7616 3.4).
 */
struct digest_client {
    auth_client_t base;
    const struct algorithm *algorithm;
    char *algorithm_text; /* as the challenge spelt it, or NULL if it named none */
    char *realm;
    char *nonce;
    char *opaque;    /* or NULL */
    const char *qop; /* "auth", "auth-int", or NULL: none */
    bool fresh;      /* stored and not yet answered: later challenges of the message are ignored */
};

/* A nonce may be used by calls and registration alike; its requests are counted together. */
struct nonce_use {
    char nonce[256];
    unsigned count; /* requests sent with it */
};

enum { NONCES_KEPT = 16, HASHED_MAX = 4096 };

/* The stack's interface hands an authenticator no argument of the program's. */
static struct rp_digest_account account;
static struct nonce_use nonces[NONCES_KEPT];
static unsigned next_nonce;

/* The use of a nonce; it takes the oldest one's place if it is new. NULL: it is too long to keep.
 */
static struct nonce_use *find_nonce(const char *nonce)
{
    for (size_t i = 0; i < NONCES_KEPT; i++)
        if (nonces[i].count && strcmp(nonces[i].nonce, nonce) == 0)
            return &nonces[i];
    if (strlen(nonce) >= sizeof nonces->nonce)
        return NULL;
    struct nonce_use *use = &nonces[next_nonce];
    next_nonce = (next_nonce + 1) % NONCES_KEPT;
    strcpy(use->nonce, nonce);
    use->count = 0;
    return use;
}

static char *keep_value(su_home_t *home, msg_auth_t const *challenge, const char *name)
{
    const char *value = msg_header_find_param(challenge->au_common, name);
    size_t len = value ? strlen(value) : 0;
    if (!value)
        return NULL;
    if (len >= 2 && value[0] == '"' && value[len - 1] == '"')
        return su_strndup(home, value + 1, (isize_t)(len - 2));
    return su_strdup(home, value);
}

static const struct algorithm *find_algorithm(const char *name)
{
    if (!name)
        return &algorithms[0]; /* RFC 7616 3.3: none named means MD5 */
    for (size_t i = 0; i < sizeof algorithms / sizeof *algorithms; i++)
        if (strcasecmp(algorithms[i].name, name) == 0)
            return &algorithms[i];
    return NULL;
}

/* Whether the comma-separated list holds the word. */
static bool list_has(const char *list, const char *word)
{
    size_t word_len = strlen(word);
    for (const char *at = list; *at;) {
        at += strspn(at, ", \t");
        size_t len = strcspn(at, ", \t");
        if (len == word_len && strncasecmp(at, word, len) == 0)
            return true;
        at += len;
    }
    return false;
}

static void replace(su_home_t *home, char **place, char *value)
{
    su_free(home, *place);
    *place = value;
}

static void store(struct digest_client *client, msg_auth_t const *challenge,
                  const struct algorithm *algorithm, const char *qop)
{
    auth_client_t *ca = &client->base;
    su_home_t *home = ca->ca_home;
    replace(home, &client->algorithm_text, keep_value(home, challenge, "algorithm="));
    replace(home, &client->realm, keep_value(home, challenge, "realm="));
    replace(home, &client->nonce, keep_value(home, challenge, "nonce="));
    replace(home, &client->opaque, keep_value(home, challenge, "opaque="));
    client->algorithm = algorithm;
    client->qop = qop;
    client->fresh = true;
    if (!ca->ca_user) { /* only tells the stack that it may go on */
        ca->ca_user = su_strdup(home, account.user);
        ca->ca_pass = su_strdup(home, "");
    }
}

/* What of a challenge decides about it. */
struct reading {
    char *algorithm, *qop, *stale, *nonce;
};

static struct reading read_challenge(su_home_t *home, msg_auth_t const *challenge)
{
    return (struct reading){keep_value(home, challenge, "algorithm="),
                            keep_value(home, challenge, "qop="),
                            keep_value(home, challenge, "stale="),
                            keep_value(home, challenge, "nonce=")};
}

static void free_reading(su_home_t *home, struct reading *reading)
{
    su_free(home, reading->algorithm);
    su_free(home, reading->qop);
    su_free(home, reading->stale);
    su_free(home, reading->nonce);
}

/* Which quality of protection is taken; false if there is none that this phone has. */
static bool choose_qop(const char *offered, const char **qop)
{
    *qop = NULL;
    if (!offered)
        return true;
    *qop = list_has(offered, "auth") ? "auth" : list_has(offered, "auth-int") ? "auth-int" : NULL;
    return *qop != NULL;
}

/* Only a nonce that is said to be stale makes the same password worth another try: RFC 7616 3.3,
 * RFC 3261 22.2. */
static bool is_worth_another(const struct reading *reading)
{
    return reading->stale && strcasecmp(reading->stale, "true") == 0 &&
           !(account.mutants & RP_IGNORES_STALE);
}

/* The stack's auc_challenge: 2 = answer it even if the last answer was refused, 1 = seen. */
static int take_challenge(auth_client_t *ca, msg_auth_t const *challenge)
{
    struct digest_client *client = (struct digest_client *)ca;
    su_home_t *home = ca->ca_home;
    if (client->fresh && !(account.mutants & RP_TAKES_LAST_CHALLENGE))
        return 1; /* RFC 8760 2.4: the topmost that is supported was taken */

    struct reading reading = read_challenge(home, challenge);
    const struct algorithm *algorithm = find_algorithm(reading.algorithm);
    const char *qop;
    bool has_qop = choose_qop(reading.qop, &qop);
    int result = is_worth_another(&reading) ? 2 : 1;
    if (!algorithm || !reading.nonce || !has_qop || (algorithm->session && !qop)) {
        rp_log("digest: a challenge that this phone cannot answer (algorithm %s, qop %s)",
               reading.algorithm ? reading.algorithm : "none", reading.qop ? reading.qop : "none");
        result = 1;
    } else {
        store(client, challenge, algorithm, qop);
    }
    free_reading(home, &reading);
    return result;
}

static struct hex hash_bytes(const struct algorithm *algorithm, const void *bytes, size_t len)
{
    unsigned char raw[EVP_MAX_MD_SIZE];
    unsigned raw_len = 0;
    struct hex hex = {{0}};
    EVP_MD *md = EVP_MD_fetch(NULL, algorithm->hash, NULL);
    if (md)
        EVP_Digest(bytes, len, raw, &raw_len, md, NULL);
    for (unsigned i = 0; i < raw_len; i++)
        snprintf(hex.text + 2 * (size_t)i, 3, "%02x", (unsigned)raw[i]);
    EVP_MD_free(md);
    return hex;
}

/* Hashes the strings up to NULL, with a colon between each two. */
static struct hex hash(const struct algorithm *algorithm, ...)
{
    char text[HASHED_MAX];
    size_t len = 0;
    va_list parts;
    va_start(parts, algorithm);
    for (const char *part; (part = va_arg(parts, const char *));) {
        int more = snprintf(text + len, sizeof text - len, "%s%s", len ? ":" : "", part);
        len += more > 0 ? (size_t)more : 0;
        if (len >= sizeof text)
            len = sizeof text - 1;
    }
    va_end(parts);
    return hash_bytes(algorithm, text, len);
}

struct answer {
    char cnonce[33];
    char count[9];
    struct hex response;
};

static unsigned count_use(const char *nonce)
{
    struct nonce_use *use = find_nonce(nonce);
    return use && !(account.mutants & RP_REUSES_NONCE_COUNT) ? ++use->count : 1;
}

static struct answer compute(struct digest_client *client, const char *method, const char *uri,
                             msg_payload_t const *body)
{
    const struct algorithm *algorithm = client->algorithm;
    struct answer answer;
    memset(&answer, 0, sizeof answer);
    unsigned char random[16];
    RAND_bytes(random, sizeof random);
    for (size_t i = 0; i < sizeof random; i++)
        snprintf(answer.cnonce + 2 * i, 3, "%02x", (unsigned)random[i]);
    snprintf(answer.count, sizeof answer.count, "%08x", count_use(client->nonce));

    /* RFC 7616 3.4.1 to 3.4.3; without qop as RFC 2617 3.2.2.1 */
    struct hex ha1 = hash(algorithm, account.user, client->realm, account.password, NULL);
    if (algorithm->session)
        ha1 = hash(algorithm, ha1.text, client->nonce, answer.cnonce, NULL);
    struct hex ha2 = hash(algorithm, method, uri, NULL);
    if (client->qop && strcmp(client->qop, "auth-int") == 0) {
        struct hex entity = body ? hash_bytes(algorithm, body->pl_data, body->pl_len)
                                 : hash_bytes(algorithm, "", 0);
        ha2 = hash(algorithm, method, uri, entity.text, NULL);
    }
    if (client->qop)
        answer.response = hash(algorithm, ha1.text, client->nonce, answer.count, answer.cnonce,
                               client->qop, ha2.text, NULL);
    else
        answer.response = hash(algorithm, ha1.text, client->nonce, ha2.text, NULL);
    return answer;
}

static void spoil(struct hex *hex)
{
    for (char *at = hex->text; *at; at++)
        *at = *at == 'f' ? '0' : *at == '9' ? 'a' : (char)(*at + 1);
}

static msg_header_t *format(struct digest_client *client, su_home_t *home, const char *uri,
                            const struct answer *answer)
{
    char *text = su_sprintf(
        home, "Digest username=\"%s\", realm=\"%s\", nonce=\"%s\", uri=\"%s\", response=\"%s\"",
        account.user, client->realm, client->nonce, uri, answer->response.text);
    if (text && client->algorithm_text)
        text = su_sprintf(home, "%s, algorithm=%s", text, client->algorithm_text);
    if (text && client->qop) /* RFC 2617 3.2.2: cnonce and nc only with qop */
        text = su_sprintf(home, "%s, cnonce=\"%s\", qop=%s, nc=%s", text, answer->cnonce,
                          client->qop, answer->count);
    if (text && client->opaque)
        text = su_sprintf(home, "%s, opaque=\"%s\"", text, client->opaque);
    return text ? msg_header_make(home, client->base.ca_credential_class, text) : NULL;
}

/* The stack's auc_authorize: 0 with or without a header, -1 if there is no memory. */
static int authorize(auth_client_t *ca, su_home_t *home, char const *method, url_t const *url,
                     msg_payload_t const *body, msg_header_t **header)
{
    struct digest_client *client = (struct digest_client *)ca;
    bool invite = strcmp(method, "INVITE") == 0;
    client->fresh = false;
    *header = NULL;
    if (!client->nonce)
        return 0;
    char *uri = url_as_string(home, url);
    if (!uri)
        return -1;
    struct answer answer = compute(client, method, uri, body);
    if (invite && account.mutants & RP_WRONG_RESPONSE)
        spoil(&answer.response);
    *header = format(client, home, uri, &answer);
    su_free(home, uri);
    return *header ? 0 : -1;
}

/* The stack's auc_info: the next nonce of Authentication-Info (RFC 7616 3.5). */
static int take_info(auth_client_t *ca, msg_auth_info_t const *info)
{
    struct digest_client *client = (struct digest_client *)ca;
    char *next = keep_value(ca->ca_home, (msg_auth_t const *)info, "nextnonce=");
    if (!next)
        return 0;
    replace(ca->ca_home, &client->nonce, next);
    return 1;
}

static int clear(auth_client_t *ca)
{
    ca->ca_clear = 1;
    return 1;
}

#define PLUGIN(name)                                                                               \
    {                                                                                              \
        .auc_plugin_size = (int)offsetof(auth_client_plugin_t, auc_save_credentials),              \
        .auc_size = sizeof(struct digest_client), .auc_name = name,                                \
        .auc_challenge = take_challenge, .auc_authorize = authorize, .auc_info = take_info,        \
        .auc_clear = clear,                                                                        \
    }

/* Sofia 1.12.11 means to replace the authenticator of the same name, but replaces the first one of
 * another name. Schemes are matched without regard to case, names with it: so the second entry is
 * what takes the place of the built-in "Digest" there, and the first one where that is mended. */
static const auth_client_plugin_t plugins[] = {PLUGIN("Digest"), PLUGIN("digest")};

int rp_digest_install(const struct rp_digest_account *given)
{
    account = *given;
    for (size_t i = 0; i < sizeof plugins / sizeof *plugins; i++)
        if (auc_register_plugin(&plugins[i]) < 0)
            return -1;
    return 0;
}

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
    char *opaque; /* or NULL */
    bool qop_auth;
    bool fresh;     /* stored and not yet answered: later challenges of the message are ignored */
    unsigned count; /* requests answered with this nonce */
};

/* The stack's interface hands an authenticator no argument of the program's. */
static struct rp_digest_account account;

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
                  const struct algorithm *algorithm, bool qop_auth)
{
    auth_client_t *ca = &client->base;
    su_home_t *home = ca->ca_home;
    replace(home, &client->algorithm_text, keep_value(home, challenge, "algorithm="));
    replace(home, &client->realm, keep_value(home, challenge, "realm="));
    replace(home, &client->nonce, keep_value(home, challenge, "nonce="));
    replace(home, &client->opaque, keep_value(home, challenge, "opaque="));
    client->algorithm = algorithm;
    client->qop_auth = qop_auth;
    client->fresh = true;
    client->count = 0;
    if (!ca->ca_user) { /* only tells the stack that it may go on */
        ca->ca_user = su_strdup(home, account.user);
        ca->ca_pass = su_strdup(home, "");
    }
}

/* The stack's auc_challenge: 2 = answer it even if the last answer was refused, 1 = seen. */
static int take_challenge(auth_client_t *ca, msg_auth_t const *challenge)
{
    struct digest_client *client = (struct digest_client *)ca;
    su_home_t *home = ca->ca_home;
    if (client->fresh)
        return 1; /* RFC 8760 2.4: the topmost that is supported was taken */

    char *name = keep_value(home, challenge, "algorithm=");
    char *qop = keep_value(home, challenge, "qop=");
    char *stale = keep_value(home, challenge, "stale=");
    const struct algorithm *algorithm = find_algorithm(name);
    bool qop_auth = qop && list_has(qop, "auth");
    bool nonce = msg_header_find_param(challenge->au_common, "nonce=") != NULL;
    int result = stale && strcasecmp(stale, "true") == 0 ? 2 : 1;
    if (!algorithm || !nonce || (qop && !qop_auth) || (algorithm->session && !qop)) {
        rp_log("digest: a challenge that this phone cannot answer (algorithm %s, qop %s)",
               name ? name : "none", qop ? qop : "none");
        result = 1;
    } else {
        store(client, challenge, algorithm, qop_auth);
    }
    su_free(home, name);
    su_free(home, qop);
    su_free(home, stale);
    return result;
}

/* Hashes the strings up to NULL, with a colon between each two. */
static struct hex hash(const struct algorithm *algorithm, ...)
{
    unsigned char raw[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    struct hex hex = {{0}};
    va_list parts;
    EVP_MD *md = EVP_MD_fetch(NULL, algorithm->hash, NULL);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (md && context && EVP_DigestInit_ex(context, md, NULL)) {
        const char *separator = "";
        va_start(parts, algorithm);
        for (const char *part; (part = va_arg(parts, const char *)); separator = ":") {
            EVP_DigestUpdate(context, separator, strlen(separator));
            EVP_DigestUpdate(context, part, strlen(part));
        }
        va_end(parts);
        EVP_DigestFinal_ex(context, raw, &len);
    }
    for (unsigned i = 0; i < len; i++)
        snprintf(hex.text + 2 * (size_t)i, 3, "%02x", (unsigned)raw[i]);
    EVP_MD_CTX_free(context);
    EVP_MD_free(md);
    return hex;
}

struct answer {
    char cnonce[33];
    char count[9];
    struct hex response;
};

static struct answer compute(struct digest_client *client, const char *method, const char *uri)
{
    const struct algorithm *algorithm = client->algorithm;
    struct answer answer;
    memset(&answer, 0, sizeof answer);
    unsigned char random[16];
    RAND_bytes(random, sizeof random);
    for (size_t i = 0; i < sizeof random; i++)
        snprintf(answer.cnonce + 2 * i, 3, "%02x", (unsigned)random[i]);
    snprintf(answer.count, sizeof answer.count, "%08x", ++client->count);

    /* RFC 7616 3.4.1 to 3.4.3; without qop as RFC 2617 3.2.2.1 */
    struct hex ha1 = hash(algorithm, account.user, client->realm, account.password, NULL);
    if (algorithm->session)
        ha1 = hash(algorithm, ha1.text, client->nonce, answer.cnonce, NULL);
    struct hex ha2 = hash(algorithm, method, uri, NULL);
    if (client->qop_auth)
        answer.response = hash(algorithm, ha1.text, client->nonce, answer.count, answer.cnonce,
                               "auth", ha2.text, NULL);
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
    if (text && client->qop_auth) /* RFC 2617 3.2.2: cnonce and nc only with qop */
        text = su_sprintf(home, "%s, cnonce=\"%s\", qop=auth, nc=%s", text, answer->cnonce,
                          answer->count);
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
    (void)body;
    client->fresh = false;
    *header = NULL;
    if (!client->nonce || (invite && account.mutants & RP_INVITE_WITHOUT_CREDENTIALS))
        return 0;
    char *uri = url_as_string(home, url);
    if (!uri)
        return -1;
    struct answer answer = compute(client, method, uri);
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
    client->count = 0;
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

#include "sip/digest.h"

#include "sip/digest_inputs.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

/* ---- taking apart ---- */

struct param_row {
    const char *name;
    size_t value;  /* offset of the span in struct oh_digest */
    size_t quoted; /* offset of the flag that tells a quoted value, or NO_FLAG */
};
#define NO_FLAG SIZE_MAX
#define ROW(name)                                                                                  \
    {                                                                                              \
#name, offsetof(struct oh_digest, name), NO_FLAG                                           \
    }
#define ROW_QUOTE(name)                                                                            \
    {                                                                                              \
#name, offsetof(struct oh_digest, name), offsetof(struct oh_digest, name##_quoted)         \
    }

static const struct param_row param_rows[] = {
    ROW(username), ROW(realm),    ROW(nonce),     ROW(uri),    ROW(response), ROW_QUOTE(algorithm),
    ROW(cnonce),   ROW_QUOTE(nc), ROW_QUOTE(qop), ROW(opaque), ROW(stale),    ROW(userhash),
};

static bool is_lws(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct oh_span skip(struct oh_span s, size_t count)
{
    return oh_span_sub(s, count, s.len);
}

static struct oh_span skip_separators(struct oh_span s)
{
    size_t n = 0;
    while (n < s.len && (is_lws(s.at[n]) || s.at[n] == ','))
        n++;
    return skip(s, n);
}

/* Cuts one value off the front of `*rest`: the inside of a quoted string, or all up to the next
 * comma. */
static struct oh_span take_value(struct oh_span *rest, bool *quoted)
{
    size_t n = 0;
    *quoted = rest->len > 0 && rest->at[0] == '"';
    if (!*quoted) {
        struct oh_span value = oh_span_sub(*rest, 0, oh_span_find(*rest, ','));
        *rest = skip(*rest, value.len);
        return oh_span_trim(value);
    }
    *rest = skip(*rest, 1);
    while (n < rest->len && rest->at[n] != '"')
        n += rest->at[n] == '\\' && n + 1 < rest->len ? 2 : 1;
    struct oh_span value = oh_span_sub(*rest, 0, n);
    *rest = skip(*rest, n < rest->len ? n + 1 : n);
    *rest = skip(*rest, oh_span_find(*rest, ','));
    return value;
}

static void store_param(struct oh_digest *out, struct oh_span name, struct oh_span value,
                        bool quoted)
{
    for (size_t i = 0; i < sizeof(param_rows) / sizeof(param_rows[0]); i++) {
        const struct param_row *row = &param_rows[i];
        if (!oh_span_is_nocase(name, row->name))
            continue;
        struct oh_span *slot = (struct oh_span *)(void *)((char *)out + row->value);
        if (slot->at)
            return;
        *slot = value;
        if (row->quoted != NO_FLAG)
            *(bool *)((char *)out + row->quoted) = quoted;
        return;
    }
}

int oh_digest_parse(struct oh_span value, struct oh_digest *out)
{
    struct oh_span rest = oh_span_trim(value);
    size_t n = 0;

    memset(out, 0, sizeof(*out));
    while (n < rest.len && !is_lws(rest.at[n]) && !strchr(",=\";", rest.at[n]))
        n++;
    if (n == 0 || (n < rest.len && !is_lws(rest.at[n])))
        return -1;
    out->scheme = oh_span_sub(rest, 0, n);
    if (!oh_span_is_nocase(out->scheme, "Digest"))
        return 0;
    for (rest = skip_separators(skip(rest, n)); rest.len > 0; rest = skip_separators(rest)) {
        bool quoted;
        size_t end = 0;
        while (end < rest.len && rest.at[end] != '=' && rest.at[end] != ',')
            end++;
        struct oh_span name = oh_span_trim(oh_span_sub(rest, 0, end));
        rest = skip(rest, end);
        if (rest.len == 0 || rest.at[0] == ',')
            continue; /* a name without a value says nothing */
        rest = skip(rest, 1);
        while (rest.len > 0 && is_lws(rest.at[0]))
            rest = skip(rest, 1);
        struct oh_span content = take_value(&rest, &quoted);
        store_param(out, name, content, quoted);
    }
    return 0;
}

/* ---- the hash ---- */

struct algorithm {
    const char *name;    /* RFC 8760 2.7 */
    const char *openssl; /* what libcrypto calls the hash */
    bool session;
};
static const struct algorithm algorithms[] = {
    {"MD5", "MD5", false},
    {"MD5-sess", "MD5", true},
    {"SHA-256", "SHA2-256", false},
    {"SHA-256-sess", "SHA2-256", true},
    {"SHA-512-256", "SHA2-512/256", false},
    {"SHA-512-256-sess", "SHA2-512/256", true},
};
#define ALGORITHM_COUNT (sizeof(algorithms) / sizeof(algorithms[0]))

const char *oh_digest_algorithm(size_t n)
{
    return n < ALGORITHM_COUNT ? algorithms[n].name : NULL;
}

static const struct algorithm *find_algorithm(struct oh_span name)
{
    if (!name.at)
        return &algorithms[0]; /* RFC 7616 3.3: not present means MD5 */
    for (size_t i = 0; i < ALGORITHM_COUNT; i++)
        if (oh_span_is_nocase(name, algorithms[i].name))
            return &algorithms[i];
    return NULL;
}

static void to_hex(const unsigned char *bytes, size_t count, char *out)
{
    static const char digits[] = "0123456789abcdef"; /* LHEX, RFC 8760 2.2 */
    for (size_t i = 0; i < count; i++) {
        *out++ = digits[bytes[i] >> 4];
        *out++ = digits[bytes[i] & 15];
    }
    *out = '\0';
}

struct hasher {
    EVP_MD *md;
    EVP_MD_CTX *context;
    bool failed;
};

/* Hex of the hash over the parts joined by colons. */
static struct oh_span hash_parts(struct hasher *h, const struct oh_span *parts, size_t count,
                                 char out[OH_DIGEST_TEXT])
{
    unsigned char value[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    bool fine = EVP_DigestInit_ex(h->context, h->md, NULL) == 1;
    for (size_t i = 0; fine && i < count; i++) {
        if (i > 0)
            fine = EVP_DigestUpdate(h->context, ":", 1) == 1;
        if (fine && parts[i].len > 0)
            fine = EVP_DigestUpdate(h->context, parts[i].at, parts[i].len) == 1;
    }
    fine = fine && EVP_DigestFinal_ex(h->context, value, &len) == 1;
    h->failed = h->failed || !fine;
    to_hex(value, fine ? len : 0, out);
    return oh_span_of(out);
}
#define HASH(h, out, ...)                                                                          \
    hash_parts(h, (const struct oh_span[]){__VA_ARGS__},                                           \
               sizeof((const struct oh_span[]){__VA_ARGS__}) / sizeof(struct oh_span), out)

static void compute(struct hasher *h, const struct oh_digest_inputs *in, bool session,
                    char out[OH_DIGEST_TEXT])
{
    char a1[OH_DIGEST_TEXT], a2[OH_DIGEST_TEXT], body[OH_DIGEST_TEXT];

    /* RFC 7616 3.4.2 */
    struct oh_span ha1 = HASH(h, a1, in->username, in->realm, in->password);
    if (session)
        ha1 = HASH(h, a1, ha1, in->nonce, in->session_cnonce);
    /* RFC 7616 3.4.3; without a body the hash of nothing, RFC 8760 2.6 item 7 */
    struct oh_span ha2;
    if (oh_span_is_nocase(in->qop, "auth-int"))
        ha2 = HASH(h, a2, in->method, in->uri, HASH(h, body, in->body));
    else
        ha2 = HASH(h, a2, in->method, in->uri);
    /* RFC 7616 3.4.1; RFC 2617 3.2.2.1 for the form without qop */
    if (in->qop.at)
        HASH(h, out, ha1, in->nonce, in->nc, in->cnonce, in->qop, ha2);
    else
        HASH(h, out, ha1, in->nonce, ha2);
}

int oh_digest_compute(const struct oh_digest_inputs *in, char out[OH_DIGEST_TEXT])
{
    const struct algorithm *algorithm = find_algorithm(in->algorithm);
    struct hasher h = {NULL, NULL, false};

    out[0] = '\0';
    if (!algorithm)
        return -1;
    h.md = EVP_MD_fetch(NULL, algorithm->openssl, NULL);
    h.context = EVP_MD_CTX_new();
    if (h.md && h.context)
        compute(&h, in, algorithm->session, out);
    else
        h.failed = true;
    EVP_MD_CTX_free(h.context);
    EVP_MD_free(h.md);
    return h.failed ? -1 : 0;
}

/* ---- inputs ---- */

void oh_digest_unescape(struct oh_span s, struct oh_text *out)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.at[i] == '\\' && i + 1 < s.len)
            i++;
        oh_text_add_char(out, s.at[i]);
    }
}

struct oh_digest_inputs oh_digest_inputs_of(const struct oh_digest *cred,
                                            const struct oh_digest_secret *secret,
                                            struct oh_span method, struct oh_span body)
{
    struct oh_digest_inputs in = {
        .username = oh_span_of(secret->username),
        .password = oh_span_of(secret->password),
        .realm = cred->realm,
        .nonce = cred->nonce,
        .nc = cred->nc,
        .cnonce = cred->cnonce,
        .session_cnonce = cred->cnonce,
        .qop = cred->qop,
        .uri = cred->uri,
        .algorithm = cred->algorithm,
        .method = method,
        .body = body,
    };
    return in;
}

void oh_digest_plain_init(struct oh_digest_plain *p, const struct oh_digest_inputs *wire)
{
    p->inputs = *wire;
    struct oh_span *quoted[OH_DIGEST_QUOTED] = {&p->inputs.realm, &p->inputs.nonce, &p->inputs.uri,
                                                &p->inputs.cnonce, &p->inputs.session_cnonce};
    for (size_t i = 0; i < OH_DIGEST_QUOTED; i++) {
        if (oh_span_find(*quoted[i], '\\') == quoted[i]->len)
            continue;
        oh_digest_unescape(*quoted[i], &p->store[i]);
        *quoted[i] = oh_span_of(oh_text_str(&p->store[i]));
        quoted[i]->len = p->store[i].len;
    }
}

void oh_digest_plain_release(struct oh_digest_plain *p)
{
    for (size_t i = 0; i < OH_DIGEST_QUOTED; i++)
        oh_text_release(&p->store[i]);
}

struct need {
    const char *name;
    bool needed;
    struct oh_span value;
};

static int check_inputs(const struct oh_digest_inputs *in, struct oh_error *e)
{
    const struct algorithm *algorithm = find_algorithm(in->algorithm);
    bool qop = in->qop.at != NULL;

    if (!algorithm)
        return oh_error_set(e, "unknown digest algorithm '%.*s'", OH_SPAN_FMT(in->algorithm));
    if (qop && !oh_span_is_nocase(in->qop, "auth") && !oh_span_is_nocase(in->qop, "auth-int"))
        return oh_error_set(e, "unknown digest qop '%.*s'", OH_SPAN_FMT(in->qop));
    const struct need needs[] = {
        {"username", true, in->username},
        {"password", true, in->password},
        {"realm", true, in->realm},
        {"nonce", true, in->nonce},
        {"uri", true, in->uri},
        {"nc", qop, in->nc},
        {"cnonce", qop || algorithm->session, in->cnonce},
    };
    for (size_t i = 0; i < sizeof(needs) / sizeof(needs[0]); i++)
        if (needs[i].needed && !needs[i].value.at)
            return oh_error_set(e, "the digest needs a %s and there is none", needs[i].name);
    return 0;
}

int oh_digest_response(const struct oh_digest *cred, const struct oh_digest_secret *secret,
                       struct oh_span method, struct oh_span body, char out[OH_DIGEST_TEXT],
                       struct oh_error *e)
{
    struct oh_digest_inputs wire = oh_digest_inputs_of(cred, secret, method, body);
    struct oh_digest_plain plain = {0};
    int result = -1;

    out[0] = '\0';
    oh_digest_plain_init(&plain, &wire);
    if (check_inputs(&plain.inputs, e) < 0)
        goto out;
    result = oh_digest_compute(&plain.inputs, out);
    if (result < 0)
        oh_error_set(e, "libcrypto has no hash for the digest algorithm '%.*s'",
                     OH_SPAN_FMT(wire.algorithm));
out:
    oh_digest_plain_release(&plain);
    return result;
}

/* ---- challenges and random values ---- */

static void add_param(struct oh_text *out, const char *name, const char *value, bool quoted)
{
    if (!value)
        return;
    char last = out->len > 0 ? out->at[out->len - 1] : '\0';
    oh_text_addf(out, "%s%s=%s", last == ' ' ? "" : ", ", name, quoted ? "\"" : "");
    for (const char *c = value; *c; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            continue;
        if (quoted && (*c == '"' || *c == '\\'))
            oh_text_add_char(out, '\\');
        oh_text_add_char(out, *c);
    }
    if (quoted)
        oh_text_add_char(out, '"');
}

void oh_digest_challenge_format(const struct oh_digest_challenge *c, struct oh_text *out)
{
    oh_text_add(out, "Digest ");
    add_param(out, "realm", c->realm, true);
    add_param(out, "nonce", c->nonce, true);
    add_param(out, "opaque", c->opaque, true);
    add_param(out, "stale", c->stale ? "true" : NULL, false);
    add_param(out, "algorithm", c->algorithm, false);
    add_param(out, "qop", c->qop, true);
}

void oh_random_hex(char *out, size_t bytes)
{
    unsigned char chunk[32];
    while (bytes > 0) {
        size_t n = bytes < sizeof(chunk) ? bytes : sizeof(chunk);
        if (RAND_bytes(chunk, (int)n) != 1)
            abort(); /* without randomness no branch is unique */
        to_hex(chunk, n, out);
        out += 2 * n;
        bytes -= n;
    }
    *out = '\0';
}

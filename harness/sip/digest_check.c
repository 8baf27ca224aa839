#include "sip/digest.h"

#include "sip/digest_inputs.h"

#include <ctype.h>

/* One way of reading the credentials (escapes kept or taken out), with all that the trials look at.
 */
struct attempt {
    struct oh_digest_inputs base;
    struct oh_span username_param; /* escapes treated as in base */
    struct oh_span response;
    const struct oh_digest_secret *secret;
    const struct oh_digest_context *context;
};

static bool gives(const struct attempt *a, const struct oh_digest_inputs *in)
{
    char text[OH_DIGEST_TEXT];
    return oh_digest_compute(in, text) == 0 && oh_span_is(a->response, text);
}

/* Does the response come out with `value` in the place of the input at `offset`? */
static bool gives_with(const struct attempt *a, size_t offset, struct oh_span value)
{
    struct oh_digest_inputs changed = a->base;
    *(struct oh_span *)(void *)((char *)&changed + offset) = value;
    return gives(a, &changed);
}
#define WITH(a, input, value) gives_with(a, offsetof(struct oh_digest_inputs, input), value)

static bool is_session(struct oh_span algorithm)
{
    static const struct oh_span suffix = {"-sess", 5};
    return algorithm.len > 5 &&
           oh_span_equal_nocase(oh_span_sub(algorithm, algorithm.len - 5, 5), suffix);
}

static bool fits_right(const struct attempt *a)
{
    if (gives(a, &a->base))
        return true;
    return is_session(a->base.algorithm) && a->context->session_cnonce.at &&
           WITH(a, session_cnonce, a->context->session_cnonce);
}

static bool fits_case(const struct attempt *a)
{
    char text[OH_DIGEST_TEXT];
    return oh_digest_compute(&a->base, text) == 0 && oh_span_is_nocase(a->response, text);
}

static bool fits_method(const struct attempt *a)
{
    static const char *const methods[] = {
        "REGISTER", "INVITE",    "ACK",    "BYE",     "CANCEL",  "OPTIONS", "PRACK", "UPDATE",
        "INFO",     "SUBSCRIBE", "NOTIFY", "PUBLISH", "MESSAGE", "REFER",   "GET",   "",
    };
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
        if (WITH(a, method, oh_span_of(methods[i])))
            return true;

    char other[64];
    size_t len = a->base.method.len < sizeof(other) ? a->base.method.len : sizeof(other);
    for (int upper = 0; upper < 2; upper++) {
        for (size_t i = 0; i < len; i++) {
            int c = (unsigned char)a->base.method.at[i];
            other[i] = (char)(upper ? toupper(c) : tolower(c));
        }
        if (WITH(a, method, ((struct oh_span){other, len})))
            return true;
    }
    return false;
}

/* Usual slips: the Request-URI; the uri without its parameters, without its user, in brackets;
 * none. */
static bool fits_uri(const struct attempt *a)
{
    struct oh_span uri = a->base.uri;
    struct oh_span host = uri;
    struct oh_text text = {0};
    size_t at = oh_span_find(uri, '@'), colon = oh_span_find(uri, ':');
    bool fits = WITH(a, uri, a->context->request_uri) || WITH(a, uri, oh_span_of("")) ||
                WITH(a, uri, oh_span_sub(uri, 0, oh_span_find(uri, ';')));

    oh_text_addf(&text, "<%.*s>", OH_SPAN_FMT(uri));
    fits = fits || WITH(a, uri, oh_text_span(&text));
    if (at < uri.len && colon < at) {
        host = oh_span_sub(uri, at + 1, uri.len);
        oh_text_clear(&text);
        oh_text_addf(&text, "%.*s%.*s", (int)colon + 1, uri.at, OH_SPAN_FMT(host));
        fits = fits || WITH(a, uri, oh_text_span(&text));
    }
    fits = fits || WITH(a, uri, host);
    oh_text_release(&text);
    return fits;
}

static bool fits_realm(const struct attempt *a)
{
    struct oh_text quoted = {0};
    oh_text_addf(&quoted, "\"%.*s\"", OH_SPAN_FMT(a->base.realm));
    const struct oh_span others[] = {a->context->challenge_realm, oh_span_of(a->secret->realm),
                                     oh_span_of(""), oh_text_span(&quoted)};
    bool fits = false;
    for (size_t i = 0; !fits && i < sizeof(others) / sizeof(others[0]); i++)
        fits = WITH(a, realm, others[i]);
    oh_text_release(&quoted);
    return fits;
}

static bool fits_username(const struct attempt *a)
{
    return WITH(a, username, a->username_param);
}

static bool fits_empty_password(const struct attempt *a)
{
    return WITH(a, password, oh_span_of(""));
}

static bool fits_nonce(const struct attempt *a)
{
    for (size_t i = 0; i < a->context->other_nonce_count; i++)
        if (WITH(a, nonce, a->context->other_nonces[i]))
            return true;
    return false;
}

static bool fits_qop(const struct attempt *a)
{
    const struct oh_span others[] = {{NULL, 0}, oh_span_of("auth"), oh_span_of("auth-int")};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        if (WITH(a, qop, others[i]))
            return true;
    return false;
}

static bool fits_nc(const struct attempt *a)
{
    static const char *const usual[] = {"00000001", "1", ""};
    struct oh_span nc = a->base.nc;
    char padded[9] = "00000000";
    size_t zeros = 0;

    for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
        if (WITH(a, nc, oh_span_of(usual[i])))
            return true;
    while (zeros < nc.len && nc.at[zeros] == '0')
        zeros++;
    if (WITH(a, nc, oh_span_sub(nc, zeros, nc.len)))
        return true;
    if (nc.len > 8)
        return false;
    for (size_t i = 0; i < nc.len; i++)
        padded[8 - nc.len + i] = nc.at[i];
    return WITH(a, nc, ((struct oh_span){padded, 8}));
}

static bool fits_algorithm(const struct attempt *a)
{
    const char *name;
    for (size_t i = 0; (name = oh_digest_algorithm(i)) != NULL; i++)
        if (WITH(a, algorithm, oh_span_of(name)))
            return true;
    return false;
}

struct trial {
    enum oh_digest_fault fault;
    bool (*fits)(const struct attempt *a);
    const char *text;
};
static const struct trial trials[] = {
    {OH_DIGEST_WRONG_CASE, fits_case,
     "it is right but not written in lower-case hexadecimal digits"},
    {OH_DIGEST_WRONG_METHOD, fits_method, "it was computed with another method than the request's"},
    {OH_DIGEST_WRONG_URI, fits_uri, "it was computed with another URI than its uri parameter"},
    {OH_DIGEST_WRONG_REALM, fits_realm,
     "it was computed with another realm than its realm parameter"},
    {OH_DIGEST_WRONG_USERNAME, fits_username,
     "it was computed with a username that is not the account's"},
    {OH_DIGEST_WRONG_PASSWORD_EMPTY, fits_empty_password, "it was computed with an empty password"},
    {OH_DIGEST_WRONG_NONCE, fits_nonce,
     "it was computed with a nonce offered earlier instead of its nonce parameter"},
    {OH_DIGEST_WRONG_QOP, fits_qop,
     "it was computed in the form of another qop than its qop parameter"},
    {OH_DIGEST_WRONG_NC, fits_nc, "it was computed with another nonce count than its nc parameter"},
    {OH_DIGEST_WRONG_ALGORITHM, fits_algorithm,
     "it was computed with another algorithm than its algorithm parameter"},
    {OH_DIGEST_RIGHT, NULL, "it is right"},
    {OH_DIGEST_WRONG_UNKNOWN, NULL,
     "no single wrong input explains it: the password is wrong, a parameter is missing, or several "
     "inputs are wrong"},
    {OH_DIGEST_NOT_CHECKABLE, NULL,
     "it cannot be checked: the password or the algorithm is not known here"},
};
#define TRIAL_COUNT (sizeof(trials) / sizeof(trials[0]))

const char *oh_digest_fault_text(enum oh_digest_fault f)
{
    for (size_t i = 0; i < TRIAL_COUNT; i++)
        if (trials[i].fault == f)
            return trials[i].text;
    return "";
}

static enum oh_digest_fault find_fault(const struct attempt *attempts, size_t count, bool complete)
{
    for (size_t i = 0; i < count; i++)
        if (fits_right(&attempts[i]))
            return complete ? OH_DIGEST_RIGHT : OH_DIGEST_WRONG_UNKNOWN;
    for (size_t t = 0; t < TRIAL_COUNT && trials[t].fits; t++)
        for (size_t i = 0; i < count; i++)
            if (trials[t].fits(&attempts[i]))
                return trials[t].fault;
    return OH_DIGEST_WRONG_UNKNOWN;
}

enum oh_digest_fault oh_digest_check(const struct oh_digest *cred,
                                     const struct oh_digest_secret *secret,
                                     const struct oh_digest_context *context)
{
    char ignored[OH_DIGEST_TEXT];
    struct oh_text username = {0};
    struct oh_digest_plain plain = {0};

    if (!secret || !secret->username || !secret->password ||
        !oh_span_is_nocase(cred->scheme, "Digest"))
        return OH_DIGEST_NOT_CHECKABLE;
    struct oh_digest_inputs wire =
        oh_digest_inputs_of(cred, secret, context->method, context->body);
    if (oh_digest_compute(&wire, ignored) < 0)
        return OH_DIGEST_NOT_CHECKABLE;

    oh_digest_unescape(cred->username, &username);
    oh_digest_plain_init(&plain, &wire);
    if (oh_span_is(oh_text_span(&username), secret->username))
        wire.username = cred->username; /* hashed as it stands on the wire, escapes and all */
    const struct attempt attempts[] = {
        {plain.inputs, oh_text_span(&username), cred->response, secret, context},
        {wire, cred->username, cred->response, secret, context},
    };
    bool complete =
        oh_digest_response(cred, secret, context->method, context->body, ignored, NULL) == 0;
    enum oh_digest_fault fault = find_fault(attempts, 2, complete);
    oh_text_release(&username);
    oh_digest_plain_release(&plain);
    return fault;
}

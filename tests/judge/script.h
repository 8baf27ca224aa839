/* Readable traces as named messages ("# = name" stands above each), whose digests are computed by
 * the test that reads them: response="@" stands for the right one, and
 * "Proxy-Authorization: = name" for the credentials of another message.
 *
 * Whose digests: USER and PASSWORD, which may be defined before this is included. */
#ifndef OH_TEST_SCRIPT_H
#define OH_TEST_SCRIPT_H

#include "base/file.h"
#include "judge/judge.h"
#include "sip/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MAX_MESSAGES = 512 };

struct script {
    char *names[MAX_MESSAGES];
    char *texts[MAX_MESSAGES];
    size_t count;
};

static void script_free(struct script *s)
{
    for (size_t i = 0; i < s->count; i++) {
        free(s->names[i]);
        free(s->texts[i]);
    }
}

/* Adds the messages of one file to those that are there. */
static void script_read_file(struct script *s, const char *path)
{
    struct oh_text text = {0};
    struct oh_error e = {0};
    assert_int_equal(oh_file_read(path, 1 << 20, &text, &e), 0);
    const char *at = strstr(oh_text_str(&text), "\n# = ");
    while (at) {
        const char *name = at + 5, *line = strchr(name, '\n');
        const char *end = strstr(line, "\n.\n") + 3;
        assert_in_range(s->count, 0, MAX_MESSAGES - 1);
        s->names[s->count] = oh_format("%.*s", (int)(line - name), name);
        s->texts[s->count++] = oh_format("%.*s", (int)(end - line - 1), line + 1);
        at = strstr(end - 1, "\n# = ");
    }
    oh_text_release(&text);
}

/* --- digests --- */

#ifndef USER
#define USER     "100"
#define PASSWORD "secret1"
#endif

/* The first place in the text; the texts before and behind it are kept. */
static void replace_first(char **text, const char *find, const char *put)
{
    char *hit = strstr(*text, find);
    assert_non_null(hit);
    char *changed = oh_format("%.*s%s%s", (int)(hit - *text), *text, put, hit + strlen(find));
    free(*text);
    *text = changed;
}

static struct oh_sip_msg *message_of(const char *text)
{
    struct oh_text wire = {0};
    const char *end = strstr(text, "\n.\n");
    for (const char *at = strchr(text, '\n') + 1; at <= end; at++)
        oh_text_add(&wire, *at == '\n' ? "\r\n" : (char[]){*at, '\0'});
    struct oh_sip_msg *m = oh_sip_msg_parse(oh_text_span(&wire));
    assert_non_null(m);
    oh_text_release(&wire);
    return m;
}

/* Every response="@" of these headers, in their order. */
static void compute(char **text, enum oh_sip_header_id id)
{
    struct oh_sip_msg *m = message_of(*text);
    const struct oh_sip_header *h;
    for (size_t n = 0; (h = oh_sip_msg_header(m, id, n)) != NULL; n++) {
        char response[OH_DIGEST_TEXT] = "00000000000000000000000000000000";
        struct oh_digest d;
        struct oh_digest_secret secret = {USER, PASSWORD, NULL};
        if (oh_digest_parse(h->value, &d) < 0 || !oh_span_is(d.response, "@"))
            continue;
        (void)oh_digest_response(&d, &secret, m->method, m->body, response, NULL);
        char *put = oh_format("response=\"%s\"", response);
        replace_first(text, "response=\"@\"", put);
        free(put);
    }
    oh_sip_msg_free(m);
}

static void compute_all(struct script *s)
{
    for (size_t i = 0; i < s->count; i++) {
        if (strstr(s->texts[i], "\"@\"")) {
            compute(&s->texts[i], OH_SIP_AUTHORIZATION);
            compute(&s->texts[i], OH_SIP_PROXY_AUTHORIZATION);
        }
    }
}

static void credentials_of(const char *text, struct oh_text *out)
{
    for (const char *line = text; *line; line = strchr(line, '\n') + 1) {
        if (strncmp(line, "Authorization: ", 15) == 0 ||
            strncmp(line, "Proxy-Authorization: ", 21) == 0)
            oh_text_add_span(out, (struct oh_span){line, strcspn(line, "\n") + 1});
    }
}

static void copy_credentials(struct script *s, size_t i)
{
    static const char mark[] = "Proxy-Authorization: = ";
    const char *at = strstr(s->texts[i], mark);
    if (!at)
        return;
    struct oh_text value = {0};
    char *source = oh_format("%.*s", (int)strcspn(at + strlen(mark), "\n"), at + strlen(mark));
    for (size_t k = 0; k < s->count; k++) {
        if (strcmp(s->names[k], source) == 0)
            credentials_of(s->texts[k], &value);
    }
    char *find = oh_format("%s%s\n", mark, source);
    replace_first(&s->texts[i], find, oh_text_str(&value));
    free(find);
    free(source);
    oh_text_release(&value);
}

#endif

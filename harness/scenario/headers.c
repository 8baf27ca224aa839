#include "scenario/reader.h"

#include "sip/field.h"

#include <stdlib.h>
#include <string.h>

/* Header fields that sip/field.h does not list, of RFC 3261 20 and its extensions: to tell a
 * misspelt name from one that is rare. */
static const char *const headers[] = {
    "accept-contact",
    "accept-encoding",
    "accept-language",
    "accept-resource-priority",
    "alert-info",
    "allow-events",
    "answer-mode",
    "authentication-info",
    "call-info",
    "content-disposition",
    "content-encoding",
    "content-language",
    "date",
    "diversion",
    "error-info",
    "event",
    "feature-caps",
    "flow-timer",
    "geolocation",
    "history-info",
    "identity",
    "in-reply-to",
    "info-package",
    "join",
    "max-breadth",
    "mime-version",
    "min-se",
    "organization",
    "p-access-network-info",
    "p-asserted-identity",
    "p-associated-uri",
    "p-called-party-id",
    "p-charging-vector",
    "p-early-media",
    "p-preferred-identity",
    "path",
    "permission-missing",
    "policy-contact",
    "priority",
    "privacy",
    "proxy-authentication-info",
    "rack",
    "reason",
    "recv-info",
    "refer-sub",
    "reject-contact",
    "remote-party-id",
    "replaces",
    "reply-to",
    "request-disposition",
    "resource-priority",
    "retry-after",
    "rseq",
    "security-client",
    "security-server",
    "security-verify",
    "server",
    "service-route",
    "session-expires",
    "session-id",
    "sip-etag",
    "sip-if-match",
    "subject",
    "subscription-state",
    "suppress-if-match",
    "target-dialog",
    "timestamp",
    "trigger-consent",
    "user-agent",
    "user-to-user",
    "warning",
};
enum { HEADERS = sizeof headers / sizeof *headers, MOST_NAMES = 512 };

const char *oh_misspelt_header(struct oh_span name)
{
    const char *names[MOST_NAMES + 1] = {0}, *meaning, *path;
    size_t count = 0;
    bool known = false;
    if (oh_span_find(name, '.') < name.len || oh_span_find(name, '[') < name.len || name.len == 1)
        return NULL;
    for (size_t i = 0; i < HEADERS; i++)
        names[count++] = headers[i];
    for (size_t i = 0; (path = oh_field_list(i, &meaning)) && count < MOST_NAMES; i++)
        if (!strchr(path, '.'))
            names[count++] = path;
    for (size_t i = 0; i < count && !known; i++)
        known = oh_span_is_nocase(name, names[i]);
    if (known)
        return NULL;
    char *word = oh_span_dup(name);
    const char *near = oh_nearest_word(word, names);
    free(word);
    return near;
}

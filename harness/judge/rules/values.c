/* Values that the grammar bounds: dates, seconds, warnings, what stands between separators and in
 * angle brackets, the address of received. RFC 3261 20.17, 20.19, 20.43, 25.1
 *
 * What a message copies from another is told of who wrote it first. */
#include "judge/rule_help.h"

#include <string.h>

/* Headers with URIs or Vias that the sender of this message wrote itself. */
static bool wrote(const struct oh_sip_msg *m, enum oh_sip_header_id id)
{
    bool is_party = id == OH_SIP_FROM || id == OH_SIP_TO;
    bool in_dialog = oh_help_tag(m, OH_SIP_TO).at != NULL;
    return id == OH_SIP_CONTACT || (m->is_request && (!is_party || !in_dialog));
}

static const enum oh_sip_header_id of_uris[] = {OH_SIP_CONTACT, OH_SIP_FROM, OH_SIP_TO};

/* --- between separators --- */

struct scan {
    struct oh_span value;
    size_t at;
};

/* The next byte that is neither in quotes nor in angle brackets (of which the first counts) nor
 * white space; 0 at the end. */
static char next_outside(struct scan *s)
{
    char closes = '\0';
    while (s->at < s->value.len) {
        char c = s->value.at[s->at++];
        if (closes == '"' && c == '\\') {
            s->at += s->at < s->value.len;
        } else if (closes) {
            closes = c == closes ? '\0' : closes;
        } else if (c == '"' || c == '<') {
            closes = c == '<' ? '>' : c;
            return c;
        } else if (!strchr(" \t\r\n", c)) {
            return c;
        }
        if (closes == '\0' && s->at < s->value.len && strchr("\">", c))
            continue;
    }
    return '\0';
}

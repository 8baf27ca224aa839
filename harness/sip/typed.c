#include "sip/typed.h"

#include "sip/sdp.h"

#include <sofia-sip/sdp.h>
#include <sofia-sip/su_alloc.h>

#include <stdlib.h>

struct oh_sip_typed {
    bool sdp_is_readable;
};

static bool parse_sdp(struct oh_span body)
{
    if (!oh_sdp_is_harmless(body))
        return false;
    su_home_t *home = su_home_new(sizeof *home);
    if (!home)
        return false;
    sdp_parser_t *parser =
        sdp_parse(home, body.at, (issize_t)body.len, sdp_f_insane | sdp_f_c_missing);
    bool readable = sdp_session(parser) != NULL;
    sdp_parser_free(parser);
    su_home_unref(home);
    return readable;
}

bool oh_sip_typed_sdp_is_readable(const struct oh_sip_msg *m)
{
    if (!m->body.at)
        return false;
    if (!m->typed) {
        struct oh_sip_typed *t = oh_alloc(sizeof *t);
        t->sdp_is_readable = parse_sdp(m->body);
        /* a cache; oh_sip_msg_parse makes every message, none is const by birth */
        ((struct oh_sip_msg *)m)->typed = t;
    }
    return m->typed->sdp_is_readable;
}

void oh_sip_typed_free(struct oh_sip_typed *t)
{
    free(t);
}

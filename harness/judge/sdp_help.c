#include "judge/sdp_help.h"

#include "judge/rule_help.h"

#include <string.h>

/* More than our limits: the rest was not looked at. */
static bool is_cut(const struct oh_sip_msg *m)
{
    for (size_t i = 0; i < m->defect_count; i++) {
        if (m->defects[i].kind == OH_SIP_DEFECT_LIMIT)
            return true;
    }
    return false;
}

bool oh_help_has_sdp(const struct oh_sip_msg *m)
{
    static const char sdp[] = "application/sdp";
    if (m->body.len == 0)
        return false;
    struct oh_span type = oh_sip_msg_whole(m, OH_SIP_CONTENT_TYPE);
    bool whole = m->body.at + m->body.len == m->bytes.at + m->bytes.len;
    return whole && !is_cut(m) && type.len >= sizeof sdp - 1 &&
           oh_span_is_nocase(oh_span_sub(type, 0, sizeof sdp - 1), sdp);
}

bool oh_help_is_bare(const struct oh_sip_msg *m)
{
    struct oh_span length = oh_sip_msg_whole(m, OH_SIP_CONTENT_LENGTH);
    uint64_t bytes = 0;
    for (size_t i = 0; i < m->defect_count; i++) {
        enum oh_sip_defect_kind kind = m->defects[i].kind;
        if (kind == OH_SIP_DEFECT_NO_BLANK_LINE || kind == OH_SIP_DEFECT_LENGTH_TOO_SMALL ||
            kind == OH_SIP_DEFECT_LIMIT)
            return false;
    }
    return m->body.len == 0 && (!length.at || (oh_span_to_u64(length, &bytes) && bytes == 0));
}

struct oh_span oh_help_next_line(struct oh_span *rest)
{
    const char *end = rest->len ? memchr(rest->at, '\n', rest->len) : NULL;
    size_t len = end ? (size_t)(end - rest->at) : rest->len;
    struct oh_span line = oh_span_sub(*rest, 0, len);
    *rest = oh_span_sub(*rest, end ? len + 1 : len, rest->len);
    return oh_span_trim(line);
}

bool oh_help_next_word(struct oh_span *line, struct oh_span *word)
{
    size_t from = 0, to;
    while (from < line->len && line->at[from] == ' ')
        from++;
    for (to = from; to < line->len && line->at[to] != ' ';)
        to++;
    *word = oh_span_sub(*line, from, to - from);
    *line = oh_span_sub(*line, to, line->len);
    return word->len > 0;
}

/* --- what stands in a description --- */

static void read_media(struct oh_span line, struct oh_help_part *p)
{
    struct oh_span rest = oh_span_sub(line, 2, line.len);
    p->media = rest;
    if (oh_help_next_word(&rest, &p->kind) && oh_help_next_word(&rest, &p->port) &&
        oh_help_next_word(&rest, &p->protocol))
        p->formats = oh_span_trim(rest);
}

void oh_help_read_description(const struct oh_sip_msg *m, struct oh_help_description *d)
{
    struct oh_span rest = m->body;
    struct oh_help_part *now = &d->session, beyond;
    *d = (struct oh_help_description){.body = m->body};
    now->rest = rest;
    while (rest.len > 0) {
        struct oh_span before = rest, line = oh_help_next_line(&rest);
        if (!oh_span_starts_with(line, "m="))
            continue;
        now->rest.len = (size_t)(before.at - now->rest.at);
        beyond = (struct oh_help_part){0};
        now = d->count < OH_HELP_MEDIA_MAX ? &d->media[d->count] : &beyond;
        d->count++;
        read_media(line, now);
        now->rest = rest;
    }
}

struct oh_span oh_help_line_of(const struct oh_help_part *p, const char *begins)
{
    struct oh_span rest = p->rest;
    while (rest.len > 0) {
        struct oh_span line = oh_help_next_line(&rest);
        if (oh_span_starts_with(line, begins))
            return oh_span_sub(line, strlen(begins), line.len);
    }
    return (struct oh_span){0};
}

/* --- payload types --- */

bool oh_help_is_type(struct oh_span word, uint64_t *type)
{
    return oh_span_to_u64(word, type) && *type < OH_HELP_TYPES;
}

struct oh_span oh_help_static_encoding(uint64_t type)
{
    static const char *const table[] = {
        [0] = "PCMU/8000",    [3] = "GSM/8000",    [4] = "G723/8000",   [5] = "DVI4/8000",
        [6] = "DVI4/16000",   [7] = "LPC/8000",    [8] = "PCMA/8000",   [9] = "G722/8000",
        [10] = "L16/44100/2", [11] = "L16/44100",  [12] = "QCELP/8000", [13] = "CN/8000",
        [14] = "MPA/90000",   [15] = "G728/8000",  [16] = "DVI4/11025", [17] = "DVI4/22050",
        [18] = "G729/8000",   [25] = "CelB/90000", [26] = "JPEG/90000", [28] = "nv/90000",
        [31] = "H261/90000",  [32] = "MPV/90000",  [33] = "MP2T/90000", [34] = "H263/90000"};
    bool known = type < sizeof table / sizeof *table && table[type];
    return known ? oh_span_of(table[type]) : (struct oh_span){0};
}

/* One channel may be said or left out. RFC 4566 6 */
struct oh_span oh_help_encoding(struct oh_span encoding)
{
    bool one = encoding.len > 2 && memcmp(encoding.at + encoding.len - 2, "/1", 2) == 0;
    size_t slashes = 0;
    for (size_t i = 0; i < encoding.len; i++)
        slashes += encoding.at[i] == '/';
    return one && slashes == 2 ? oh_span_sub(encoding, 0, encoding.len - 2) : encoding;
}

bool oh_help_is_event(struct oh_span encoding)
{
    return oh_span_is_nocase(oh_span_sub(encoding, 0, oh_span_find(encoding, '/')),
                             "telephone-event");
}

bool oh_help_is_rtp(const struct oh_help_part *p)
{
    return oh_span_search(p->protocol, oh_span_of("RTP/")) < p->protocol.len;
}

/* What `line` says of a payload type by an attribute that begins so; kept if it is the first. */
static void keep_first(struct oh_span line, const char *begins, bool one_word,
                       struct oh_span kept[OH_HELP_TYPES])
{
    struct oh_span number, word;
    uint64_t type;
    if (!oh_span_starts_with(line, begins))
        return;
    line = oh_span_sub(line, strlen(begins), line.len);
    if (!oh_help_next_word(&line, &number) || !oh_help_is_type(number, &type) || kept[type].at)
        return;
    if (!one_word)
        kept[type] = oh_span_trim(line);
    else if (oh_help_next_word(&line, &word))
        kept[type] = word;
}

void oh_help_read_types(const struct oh_help_part *p, struct oh_help_types *t)
{
    struct oh_span left = p->formats, rest = p->rest, word;
    uint64_t type;
    *t = (struct oh_help_types){.listed = {false}};
    while (oh_help_next_word(&left, &word)) {
        if (oh_help_is_type(word, &type))
            t->listed[type] = true;
    }
    while (rest.len > 0) {
        struct oh_span line = oh_help_next_line(&rest);
        keep_first(line, "a=rtpmap:", true, t->mapped);
        keep_first(line, "a=fmtp:", false, t->fmtp);
    }
    for (type = 0; type < OH_HELP_TYPES; type++)
        t->encoding[type] = t->mapped[type].at ? t->mapped[type] : oh_help_static_encoding(type);
}

/* --- offers and answers --- */

bool oh_help_is_near(const struct oh_trace_msg *before, const struct oh_trace_msg *m)
{
    return m->index - before->index < OH_HELP_REACH;
}

static bool is_reliable(const struct oh_sip_msg *m)
{
    return !m->is_request && m->status > 100 && m->status < 200 &&
           oh_sip_msg_header(m, OH_SIP_RSEQ, 0);
}

static bool is_early(const struct oh_trace_msg *r)
{
    return is_reliable(r->sip) && oh_help_is_first(r) && oh_help_has_sdp(r->sip);
}

const struct oh_trace_msg *oh_help_early_description(const struct oh_rule_view *v,
                                                     const struct oh_trace_msg *invite,
                                                     const struct oh_trace_msg *m)
{
    for (int i = invite->index + 1; i < m->index && oh_help_is_near(invite, m); i++) {
        const struct oh_trace_msg *r = oh_rule_msg(v, i);
        if (is_early(r) && r->request == invite->index &&
            oh_help_same_token(oh_help_tag(r->sip, OH_SIP_TO), oh_help_tag(m->sip, OH_SIP_TO)))
            return r;
    }
    return NULL;
}

/* "776656 1 INVITE": the words of RAck. */
static bool acknowledges(const struct oh_sip_msg *prack, const struct oh_sip_msg *r)
{
    struct oh_span rack = oh_span_trim(oh_sip_msg_whole(prack, OH_SIP_RACK));
    uint64_t number = 0, wanted = 0;
    struct oh_sip_cseq mine, cseq;
    size_t digits = 0;
    while (digits < rack.len && rack.at[digits] >= '0' && rack.at[digits] <= '9')
        digits++;
    return oh_span_to_u64(oh_span_sub(rack, 0, digits), &number) &&
           oh_span_to_u64(oh_span_trim(oh_sip_msg_whole(r, OH_SIP_RSEQ)), &wanted) &&
           oh_sip_cseq_parse(oh_span_trim(oh_span_sub(rack, digits, rack.len)), &mine) == 0 &&
           oh_help_cseq(r, &cseq) == 0 && number == wanted && mine.number == cseq.number &&
           oh_span_equal(mine.method, cseq.method);
}

const struct oh_trace_msg *oh_help_acknowledged(const struct oh_rule_view *v,
                                                const struct oh_trace_msg *prack)
{
    for (int i = prack->index - 1; i >= 0 && i > prack->index - OH_HELP_REACH; i--) {
        const struct oh_trace_msg *r = oh_rule_msg(v, i);
        if (is_reliable(r->sip) && oh_help_is_first(r) && oh_help_same_call(r->sip, prack->sip) &&
            oh_help_same_end(prack, true, r, false) && acknowledges(prack->sip, r->sip) &&
            oh_help_same_token(oh_help_tag(r->sip, OH_SIP_TO), oh_help_tag(prack->sip, OH_SIP_TO)))
            return r;
    }
    return NULL;
}

/* An offer in a response is that of a 2xx, or of a reliable provisional response before it. */
static const struct oh_trace_msg *offer_in_response(const struct oh_rule_view *v,
                                                    const struct oh_trace_msg *m)
{
    bool prack = oh_help_is_request(m, "PRACK");
    const struct oh_trace_msg *r = prack ? oh_help_acknowledged(v, m) : oh_rule_msg(v, m->answered);
    const struct oh_trace_msg *invite = r ? oh_rule_msg(v, r->request) : NULL;
    bool offers = invite && oh_help_is_request(invite, "INVITE") && oh_help_is_near(invite, r) &&
                  !oh_help_has_sdp(invite->sip) && !oh_help_early_description(v, invite, r) &&
                  (prack || r->sip->status / 100 == 2);
    return offers && oh_help_has_sdp(r->sip) ? r : NULL;
}

const struct oh_trace_msg *oh_help_offer_of(const struct oh_rule_view *v,
                                            const struct oh_trace_msg *m)
{
    const struct oh_trace_msg *request = oh_rule_msg(v, m->request);
    if (!oh_help_has_sdp(m->sip))
        return NULL;
    if (oh_help_is_request(m, "ACK") || oh_help_is_request(m, "PRACK"))
        return offer_in_response(v, m);
    if (m->sip->is_request || !request || !oh_help_has_sdp(request->sip))
        return NULL;
    bool success = m->sip->status / 100 == 2;
    if (oh_help_is_request(request, "INVITE"))
        return (success || is_reliable(m->sip)) && oh_help_is_near(request, m) &&
                       !oh_help_early_description(v, request, m)
                   ? request
                   : NULL;
    if (oh_help_is_request(request, "PRACK"))
        success = success && oh_help_acknowledged(v, request) && !offer_in_response(v, request);
    else
        success = success && oh_help_is_request(request, "UPDATE");
    return success ? request : NULL;
}

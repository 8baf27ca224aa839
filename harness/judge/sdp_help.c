#include "judge/sdp_help.h"

#include "judge/unseen.h"

#include <string.h>

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

/* Alphanumeric, and "!#$%&'*+-.^_`{|}~". */
static const bool token_chars[256] = {
    ['0'] = true, ['1'] = true, ['2'] = true, ['3'] = true,  ['4'] = true, ['5'] = true,
    ['6'] = true, ['7'] = true, ['8'] = true, ['9'] = true,  ['A'] = true, ['B'] = true,
    ['C'] = true, ['D'] = true, ['E'] = true, ['F'] = true,  ['G'] = true, ['H'] = true,
    ['I'] = true, ['J'] = true, ['K'] = true, ['L'] = true,  ['M'] = true, ['N'] = true,
    ['O'] = true, ['P'] = true, ['Q'] = true, ['R'] = true,  ['S'] = true, ['T'] = true,
    ['U'] = true, ['V'] = true, ['W'] = true, ['X'] = true,  ['Y'] = true, ['Z'] = true,
    ['a'] = true, ['b'] = true, ['c'] = true, ['d'] = true,  ['e'] = true, ['f'] = true,
    ['g'] = true, ['h'] = true, ['i'] = true, ['j'] = true,  ['k'] = true, ['l'] = true,
    ['m'] = true, ['n'] = true, ['o'] = true, ['p'] = true,  ['q'] = true, ['r'] = true,
    ['s'] = true, ['t'] = true, ['u'] = true, ['v'] = true,  ['w'] = true, ['x'] = true,
    ['y'] = true, ['z'] = true, ['!'] = true, ['#'] = true,  ['$'] = true, ['%'] = true,
    ['&'] = true, ['*'] = true, ['+'] = true, ['\''] = true, ['-'] = true, ['.'] = true,
    ['^'] = true, ['_'] = true, ['`'] = true, ['{'] = true,  ['|'] = true, ['}'] = true,
    ['~'] = true,
};

size_t oh_help_token_len(struct oh_span s)
{
    size_t i = 0;
    while (i < s.len && token_chars[(unsigned char)s.at[i]])
        i++;
    return i;
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
    d->body = m->body;
    d->beyond = (struct oh_span){0};
    d->count = d->line_count = 0;
    *now = (struct oh_help_part){.rest = rest};
    while (rest.len > 0) {
        struct oh_span before = rest, line = oh_help_next_line(&rest);
        if (d->line_count < OH_HELP_LINES_MAX) {
            d->lines[d->line_count++] = line;
            d->beyond = rest;
        }
        if (!oh_span_starts_with(line, "m="))
            continue;
        now->rest.len = (size_t)(before.at - now->rest.at);
        now = d->count < OH_HELP_MEDIA_MAX ? &d->media[d->count] : &beyond;
        *now = (struct oh_help_part){0};
        d->count++;
        read_media(line, now);
        now->rest = rest;
    }
}

/* Lines that begin otherwise are most, and told by their first letter; white space before it is
 * none. */
struct oh_span oh_help_line_of(const struct oh_help_part *p, const char *begins)
{
    struct oh_span rest = p->rest;
    while (rest.len > 0) {
        bool may_be = rest.at[0] == begins[0] || (unsigned char)rest.at[0] <= ' ';
        if (!may_be) {
            rest = oh_span_sub(rest, oh_span_find(rest, '\n') + 1, rest.len);
            continue;
        }
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
    return oh_span_starts_with(p->protocol, "RTP/") ||
           oh_span_search(p->protocol, oh_span_of("RTP/")) < p->protocol.len;
}

struct oh_span oh_help_encoding_of(const struct oh_help_types *t, uint64_t type)
{
    return t->mapped[type].at ? t->mapped[type] : oh_help_static_encoding(type);
}

static bool read_mapping(struct oh_span line, struct oh_help_mapping *map)
{
    static const char begins[] = "a=rtpmap:";
    *map = (struct oh_help_mapping){.line = line};
    if (!oh_span_starts_with(line, begins))
        return false;
    struct oh_span left = oh_span_sub(line, sizeof begins - 1, line.len), behind;
    if (!oh_help_next_word(&left, &map->number) || !oh_help_next_word(&left, &map->encoding))
        return false;
    size_t slash = oh_span_find(map->encoding, '/');
    map->name = oh_span_sub(map->encoding, 0, slash);
    behind = oh_span_sub(map->encoding, slash + 1, map->encoding.len);
    slash = oh_span_find(behind, '/');
    map->clock = oh_span_sub(behind, 0, slash);
    map->channels = oh_span_sub(behind, slash + 1, behind.len);
    return true;
}

bool oh_help_next_mapping(const struct oh_help_types *t, size_t *n, struct oh_span *rest,
                          struct oh_help_mapping *map)
{
    if (*n < t->map_count) {
        *map = t->maps[(*n)++];
        return true;
    }
    while (rest->len > 0) {
        if (read_mapping(oh_help_next_line(rest), map))
            return true;
    }
    return false;
}

static void take_mapping(struct oh_help_types *t, const struct oh_help_mapping *map)
{
    uint64_t type;
    if (oh_help_is_type(map->number, &type) && !t->mapped[type].at)
        t->mapped[type] = map->encoding;
}

static void take_parameters(struct oh_help_types *t, struct oh_span line)
{
    struct oh_span left = oh_span_sub(line, strlen("a=fmtp:"), line.len), number;
    uint64_t type;
    if (oh_help_next_word(&left, &number) && oh_help_is_type(number, &type) && !t->fmtp[type].at)
        t->fmtp[type] = oh_span_trim(left);
}

static void take_formats(struct oh_help_types *t, struct oh_span formats)
{
    struct oh_span word;
    uint64_t type;
    while (oh_help_next_word(&formats, &word)) {
        if (!oh_help_is_type(word, &type) || t->listed[type])
            continue;
        t->listed[type] = true;
        t->numbers[t->number_count++] = (uint8_t)type;
    }
}

void oh_help_read_types(const struct oh_help_part *p, struct oh_help_types *t)
{
    struct oh_span rest = p->rest;
    struct oh_help_mapping map;
    memset(t->listed, 0, sizeof t->listed);
    memset(t->mapped, 0, sizeof t->mapped);
    memset(t->fmtp, 0, sizeof t->fmtp);
    t->number_count = t->map_count = 0;
    t->beyond = (struct oh_span){0};
    take_formats(t, p->formats);
    while (rest.len > 0) {
        struct oh_span line = oh_help_next_line(&rest);
        if (oh_span_starts_with(line, "a=fmtp:"))
            take_parameters(t, line);
        if (!read_mapping(line, &map))
            continue;
        take_mapping(t, &map);
        if (t->map_count < OH_HELP_MAPS_MAX) {
            t->maps[t->map_count++] = map;
            t->beyond = rest;
        }
    }
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
    const struct oh_trace_msg *r =
        prack ? oh_help_acknowledged(v, m) : oh_unseen_acknowledged(v, m);
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
    if (m->sip->is_request || !request || !oh_help_has_sdp(request->sip) ||
        oh_help_is_unseen(v, m, request))
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

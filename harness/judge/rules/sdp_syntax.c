/* Session descriptions as text: the order of their lines (RFC 4566 5), the form of each (9, and 6
 * for attributes), what stands twice, and the Content-Type that tells what they are.
 *
 * Which lines must be there at all is said with the rest of SDP. Names and addresses, and white
 * space between the words of a line, are let pass. */
#include "judge/rule_help.h"
#include "judge/sdp_help.h"

#include <string.h>

enum { WORDS_MAX = 8 };

/* The description; NULL where there is none, or another's. */
static const struct oh_help_description *description(const struct oh_rule_view *v,
                                                     const struct oh_trace_msg *m)
{
    bool own = oh_help_has_sdp(m->sip) && oh_help_originates(v, m);
    return own ? oh_help_description_of(v, m->sip) : NULL;
}

static void say(struct oh_rule_view *v, const struct oh_trace_msg *m, struct oh_span line,
                const char *expected, const char *text)
{
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "body",
                                   .bytes = line,
                                   .expected = oh_span_of(expected),
                                   .observed = line,
                                   .text = text});
}

/* --- order --- */

/* Where lines may stand, in their order, and which of them more than once. */
static const struct section {
    const char *order, *many;
} session = {"vosiuepcbtka", "epbta"}, media = {"icbka", "cba"};

/* r= and z= belong to the t= before them. */
static const char *place_of(const struct section *s, char type)
{
    return strchr(s->order, type == 'r' || type == 'z' ? 't' : type);
}

static bool is_line(struct oh_span line)
{
    static const bool types[256] = {
        ['v'] = true, ['o'] = true, ['s'] = true, ['i'] = true, ['u'] = true,
        ['e'] = true, ['p'] = true, ['c'] = true, ['b'] = true, ['t'] = true,
        ['r'] = true, ['z'] = true, ['k'] = true, ['a'] = true, ['m'] = true};
    return line.len >= 2 && line.at[1] == '=' && types[(unsigned char)line.at[0]];
}

/* The first line that stands behind one that it should precede, or (`repeated`) that stands there
 * a second time; absent where all is well. */
static struct oh_span misplaced(const struct oh_help_description *d, bool repeated)
{
    struct oh_help_walk walk = oh_help_lines(d);
    const struct section *now = &session;
    const char *last = now->order;
    struct oh_span line;
    bool began = false;
    while (oh_help_next(&walk, &line)) {
        if (!is_line(line))
            continue;
        if (line.at[0] == 'm') {
            now = &media;
            last = now->order;
            began = false;
            continue;
        }
        const char *place = place_of(now, line.at[0]);
        bool again = began && place == last && !strchr(now->many, *place);
        if (repeated ? again : !place || place < last)
            return line;
        if (place && place > last)
            last = place;
        began = true;
    }
    return (struct oh_span){0};
}

static void check_order(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    const struct oh_help_description *d = description(v, m);
    struct oh_span line = d ? misplaced(d, false) : (struct oh_span){0};
    if (line.at)
        say(v, m, line, "v o s i u e p c b t k a, then per medium m i c b k a",
            "The lines of a session description must stand in their fixed order.");
}

static void check_once(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    const struct oh_help_description *d = description(v, m);
    struct oh_span line = d ? misplaced(d, true) : (struct oh_span){0};
    if (line.at)
        say(v, m, line, "one line of this type",
            "A session description must not have a second line of this type here.");
}

/* --- the form of a line --- */

static bool is_digits(struct oh_span s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.at[i] < '0' || s.at[i] > '9')
            return false;
    }
    return s.len > 0;
}

static bool is_token(struct oh_span s)
{
    return s.len > 0 && oh_help_token_len(s) == s.len;
}

/* How many words there are; those beyond WORDS_MAX are counted only. */
static size_t words_of(struct oh_span value, struct oh_span words[WORDS_MAX])
{
    struct oh_span word;
    size_t count = 0;
    while (oh_help_next_word(&value, &word)) {
        if (count < WORDS_MAX)
            words[count] = word;
        count++;
    }
    return count;
}

/* The text before the first `mark`; `rest` is what follows it, absent without one. */
static struct oh_span cut_at(struct oh_span s, char mark, struct oh_span *rest)
{
    size_t at = oh_span_find(s, mark);
    *rest = at < s.len ? oh_span_sub(s, at + 1, s.len) : (struct oh_span){0};
    return oh_span_sub(s, 0, at);
}

static bool is_version(struct oh_span value)
{
    return oh_span_is(value, "0"); /* 5.1 */
}

static bool is_origin(struct oh_span value)
{
    struct oh_span w[WORDS_MAX];
    return words_of(value, w) == 6 && is_digits(w[1]) && is_digits(w[2]) && is_token(w[3]) &&
           is_token(w[4]);
}

static bool is_connection(struct oh_span value)
{
    struct oh_span w[WORDS_MAX];
    return words_of(value, w) == 3 && is_token(w[0]) && is_token(w[1]);
}

static bool is_time(struct oh_span value)
{
    struct oh_span w[WORDS_MAX];
    return words_of(value, w) == 2 && is_digits(w[0]) && is_digits(w[1]);
}

/* Tokens with '/' between them. */
static bool is_protocol(struct oh_span s)
{
    while (s.at && is_token(cut_at(s, '/', &s)))
        ;
    return !s.at;
}

static bool is_media(struct oh_span value)
{
    struct oh_span word, ports;
    size_t count = 0;
    for (; oh_help_next_word(&value, &word); count++) {
        bool fits = count == 1
                        ? is_digits(cut_at(word, '/', &ports)) && (!ports.at || is_digits(ports))
                    : count == 2 ? is_protocol(word)
                                 : is_token(word);
        if (!fits)
            return false;
    }
    return count >= 4;
}

static bool is_attribute(struct oh_span value)
{
    struct oh_span content;
    return is_token(cut_at(value, ':', &content)) && (!content.at || content.len > 0);
}

static const struct form {
    char type;
    bool (*fits)(struct oh_span value);
    const char *expected;
} forms[] = {
    {'v', is_version, "v=0"},
    {'o', is_origin, "o=user session version nettype addrtype address"},
    {'c', is_connection, "c=nettype addrtype address"},
    {'t', is_time, "t=start stop"},
    {'m', is_media, "m=media port protocol formats"},
    {'a', is_attribute, "a=name or a=name:value"},
};
enum { FORMS = sizeof forms / sizeof *forms };

/* What the line should be; NULL: it is. */
static const char *form_missed(struct oh_span line)
{
    size_t i = 0;
    if (line.len > 0 && !is_line(line))
        return "a type of one known letter, '=' and a value";
    while (line.len > 0 && i < FORMS && line.at[0] != forms[i].type)
        i++;
    if (line.len == 0 || i == FORMS)
        return NULL;
    struct oh_span value = oh_span_sub(line, 2, line.len);
    return oh_span_starts_with(value, " ") || !forms[i].fits(value) ? forms[i].expected : NULL;
}

static void check_form(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    const struct oh_help_description *d = description(v, m);
    struct oh_help_walk walk;
    struct oh_span line;
    if (!d)
        return;
    walk = oh_help_lines(d);
    while (oh_help_next(&walk, &line)) {
        const char *expected = form_missed(line);
        if (!expected)
            continue;
        say(v, m, line, expected, "Each line of a session description must have its form.");
        return;
    }
}

/* "101 telephone-event/8000", "96 opus/48000/2": RFC 4566 6 */
static bool is_mapping(struct oh_span value)
{
    struct oh_span w[WORDS_MAX], clock, more;
    if (words_of(value, w) != 2 || !is_digits(w[0]))
        return false;
    struct oh_span name = cut_at(w[1], '/', &clock);
    return is_token(name) && is_digits(cut_at(clock, '/', &more));
}

static void check_mapping(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    static const char begins[] = "a=rtpmap:";
    const struct oh_help_description *d = description(v, m);
    struct oh_help_walk walk;
    struct oh_span line;
    if (!d)
        return;
    walk = oh_help_lines(d);
    while (oh_help_next(&walk, &line)) {
        if (!oh_span_starts_with(line, begins) || line.len == sizeof begins - 1 ||
            is_mapping(oh_span_sub(line, sizeof begins - 1, line.len)))
            continue;
        say(v, m, line, "a=rtpmap:type name/clock",
            "An rtpmap must give a payload type, an encoding name and a clock rate.");
        return;
    }
}

/* --- directions --- */

static bool is_direction(struct oh_span line)
{
    return oh_span_is(line, "a=sendrecv") || oh_span_is(line, "a=sendonly") ||
           oh_span_is(line, "a=recvonly") || oh_span_is(line, "a=inactive");
}

static void check_one_direction(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    const struct oh_help_description *d = description(v, m);
    struct oh_help_walk walk;
    struct oh_span line;
    size_t count = 0;
    if (!d)
        return;
    walk = oh_help_lines(d);
    while (oh_help_next(&walk, &line)) {
        count = oh_span_starts_with(line, "m=") ? 0 : count + is_direction(line);
        if (count < 2)
            continue;
        say(v, m, line, "one direction for the session, and one for each medium",
            "A direction must not be given twice.");
        return;
    }
}

/* --- what the body is called --- */

/* By its first two lines and a medium: sure enough. */
static bool looks_like_sdp(struct oh_span body)
{
    struct oh_span rest = body, first = oh_help_next_line(&rest), second = oh_help_next_line(&rest);
    return oh_span_is(first, "v=0") && oh_span_starts_with(second, "o=") &&
           oh_span_search(rest, oh_span_of("\nm=")) < rest.len;
}

static void check_type(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    struct oh_span media_type, params;
    struct oh_span type = oh_sip_msg_whole(m->sip, OH_SIP_CONTENT_TYPE);
    media_type = oh_span_trim(cut_at(type, ';', &params));
    if (!type.at || oh_span_is_nocase(media_type, "application/sdp") ||
        !looks_like_sdp(m->sip->body) || !oh_help_originates(v, m))
        return;
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "content-type",
                                   .bytes = type,
                                   .expected = oh_span_of("application/sdp"),
                                   .observed = type,
                                   .text = "The Content-Type of a session description must be "
                                           "application/sdp."});
}

#define SDP(id, clause, with, meaning, covers, check)                                              \
    {                                                                                              \
        id, OH_LEVEL_MUST, clause, OH_ON_ANY | with, NULL, meaning, covers, check                  \
    }

static const struct oh_rule rules[] = {
    SDP("sdp.order", "RFC 4566 5", OH_WITH_SDP,
        "The lines of a session description have a fixed order.", "sdp.order sdp.v", check_order),
    SDP("sdp.once", "RFC 4566 9", OH_WITH_SDP, "Lines that are no list stand once.", "sdp.order",
        check_once),
    SDP("sdp.form", "RFC 4566 9", OH_WITH_SDP, "Each line of a session description has its form.",
        "sdp.v sdp.o-form sdp.c-form sdp.m-form", check_form),
    SDP("sdp.rtpmap", "RFC 4566 6", OH_WITH_SDP,
        "An rtpmap has a payload type, a name and a clock rate.", "sdp.rtpmap-form", check_mapping),
    SDP("sdp.one-direction", "RFC 8866 6.7", OH_WITH_SDP,
        "Session and medium have at most one direction each.", "sdp.direction-one",
        check_one_direction),
    SDP("sdp.type", "RFC 3261 7.4.1", OH_WITH(OH_SIP_CONTENT_TYPE),
        "The Content-Type of a session description says so.", "lint.body.sdp-type", check_type),
};

const struct oh_rule_family oh_rules_sdp_syntax = {"sdp-syntax", rules,
                                                   sizeof rules / sizeof *rules};

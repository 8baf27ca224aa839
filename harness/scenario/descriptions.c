/* sdp: none, or {direction, address, formats}: what is otherwise in the description that we send.
 */
#include "scenario/reader.h"

#include <stdlib.h>
#include <string.h>

static void read_direction(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    /* RFC 4566 6 */
    static const struct oh_word words[] = {
        {"sendrecv", 0}, {"sendonly", 0}, {"recvonly", 0}, {"inactive", 0}, {NULL, 0}};
    struct oh_sdp_wish *wish = target;
    if (oh_read_word(r, n, "direction of media", words) == 0)
        wish->direction = oh_strdup(oh_yaml_scalar(n));
}

static void read_address(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    struct oh_sdp_wish *wish = target;
    struct oh_addr a;
    struct oh_error trouble = {0};
    const char *text = oh_yaml_scalar(n);
    if (oh_addr_parse(oh_span_of(text), &a, &trouble) == 0 && a.port == 0) {
        wish->address = oh_strdup(text);
        return;
    }
    struct oh_error *e = oh_yaml_mistake(r->y, n, r->errors, "'%s' is no address for media", text);
    oh_error_remedy(e, "wanted: an IP address alone, as in '0.0.0.0'");
}

/* RFC 3551 6: static types have a name without an rtpmap; 101 is telephone-event here. */
static void add_format(struct oh_yaml_reader *r, const struct oh_yaml_node *n,
                       struct oh_sdp_wish *wish)
{
    uint64_t type = 0;
    struct oh_error *e;
    if (oh_yaml_kind(n) != OH_YAML_SCALAR ||
        !oh_span_to_u64(oh_span_of(oh_yaml_scalar(n)), &type) || type > 127) {
        e = oh_yaml_mistake(r->y, n, r->errors, "'%s' is no payload type", oh_yaml_scalar(n));
        oh_error_remedy(e, "they are numbers from 0 to 127, as in 'formats: [0, 8]'");
        return;
    }
    if (type > 34 && type != 101) {
        e = oh_yaml_mistake(r->y, n, r->errors, "payload type %u has no fixed meaning",
                            (unsigned)type);
        oh_error_remedy(e, "wanted: static types, 0 to 34, or 101 for telephone-event; other "
                           "descriptions are written out under 'body:'");
        return;
    }
    wish->formats = oh_realloc(wish->formats, wish->format_count + 1);
    wish->formats[wish->format_count++] = (unsigned char)type;
}

static void read_formats(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    if (oh_yaml_count(n) == 0)
        oh_yaml_mistake(r->y, n, r->errors, "'formats' names no payload type");
    for (size_t i = 0; i < oh_yaml_count(n); i++)
        add_format(r, oh_yaml_item(n, i), target);
}

static const struct oh_yaml_field sdp_keys[] = {
    {"direction", OH_YAML_SCALAR, false, read_direction,
     "sendrecv, sendonly, recvonly or inactive; without it sendrecv in an offer, the mirror of the "
     "offer's in an answer"},
    {"address", OH_YAML_SCALAR, false, read_address,
     "the address of the c= line, as in '0.0.0.0'; without it our own"},
    {"formats", OH_YAML_LIST, false, read_formats,
     "payload types in order of preference, as in [8, 0]"},
    {NULL, 0, false, NULL, NULL},
};

/* RFC 3261 13.2.1, 3262 5, 3311 5: the messages in which an offer or answer can go. */
static bool can_bear_sdp(const struct oh_step *step)
{
    static const char *const methods[] = {"INVITE", "ACK", "PRACK", "UPDATE"};
    if (!step->is_request && (step->status <= 100 || step->status >= 300))
        return false;
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        if (!step->method || !strcmp(step->method, methods[i]))
            return true;
    return false;
}

void oh_read_sdp(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    struct oh_reading *g = target;
    struct oh_sdp_wish *wish = &g->step->sdp;
    wish->given = true;
    if (g->step->kind == OH_STEP_MESSAGE && !can_bear_sdp(g->step)) {
        struct oh_error *e =
            oh_yaml_mistake(r->y, n, r->errors, "'sdp' has no place in this message");
        oh_error_remedy(e, "offers and answers go in INVITE, ACK, PRACK, UPDATE and in answers "
                           "to these below 300");
    }
    wish->none = oh_yaml_kind(n) == OH_YAML_SCALAR && !strcmp(oh_yaml_scalar(n), "none");
    if (oh_yaml_kind(n) == OH_YAML_MAP)
        oh_yaml_read_map(r, n, "sdp", sdp_keys, wish);
    else if (!wish->none)
        oh_error_remedy(oh_yaml_mistake(r->y, n, r->errors, "'%s' is no description of media",
                                        oh_yaml_scalar(n)),
                        "wanted: none, or a map, as in '{direction: sendonly}'");
}

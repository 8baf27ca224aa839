/* What had to be in a phone's message because of the messages before. */
#include "author/record_private.h"

#include "sip/field.h"

#include <stdlib.h>
#include <string.h>

/* The steps that a message stands in relation to; OH_NONE where there is none. */
struct relations {
    struct oh_recorded *r;
    struct oh_recorded_step *step;
    const struct oh_trace_msg *m;
    int request;   /* of ours that it answers */
    int invite;    /* that began its call */
    int partner;   /* the first message of the other side that bears the tag of its To */
    int own;       /* the phone's first that bears the tag of its From, in the same call */
    int previous;  /* the phone's request before it in the same call */
    int refused;   /* its request that was challenged */
    int challenge; /* by what */
    int answered;  /* ACK: the final response; CANCEL: nothing */
    int cancelled; /* CANCEL, ACK: the INVITE */
};

static const struct oh_trace_msg *msg_of(const struct relations *x, int step)
{
    return &x->r->heard->trace->msgs[x->r->steps[step].msg];
}

/* "must: {FIELD: FORMAT of the step's name}" */
static void check(struct relations *x, enum oh_level level, const char *field, const char *before,
                  int of, const char *part, const char *after)
{
    if (*part && of == OH_NONE)
        return;
    struct oh_recorded_step *s = x->step;
    for (size_t i = 0; i < s->check_count; i++) {
        if (!strcmp(s->checks[i].field, field))
            return;
    }
    oh_grow(&s->checks, s->check_count, &s->check_room, sizeof *s->checks);
    s->checks[s->check_count++] = (struct oh_recorded_check){
        .level = level,
        .field = oh_strdup(field),
        .value = *part ? oh_format("%s$%s.%s%s", before, x->r->steps[of].save, part, after)
                       : oh_strdup(before),
        .of = *part ? of : OH_NONE,
    };
}

static void must(struct relations *x, const char *field, const char *value)
{
    check(x, OH_LEVEL_MUST, field, value, OH_NONE, "", "");
}

static void must_be(struct relations *x, const char *field, int of, const char *part)
{
    check(x, OH_LEVEL_MUST, field, "", of, part, "");
}

static void must_be_above(struct relations *x, int of)
{
    check(x, OH_LEVEL_MUST, "cseq.number", "{above: ", of, "cseq.number", "}");
}

/* --- relations --- */

static bool is(const struct oh_trace_msg *m, const char *method)
{
    return m->sip->is_request && oh_sip_msg_is_method(m->sip, method);
}

static struct oh_span text(const struct oh_trace_msg *m, const char *field)
{
    return oh_field_text(m->sip, field);
}

static int step_of(const struct relations *x, int msg)
{
    return msg == OH_NONE ? OH_NONE : x->r->step_of[msg];
}

static void relate_call(struct relations *x, int i)
{
    const struct oh_trace_msg *m = x->m, *b = &x->r->heard->trace->msgs[i];
    int step = x->r->step_of[i];
    bool initial = is(b, "INVITE") && !text(b, "to.tag").at;
    if (step == OH_NONE || !oh_span_equal(text(b, "call-id"), text(m, "call-id")))
        return;
    if (initial)
        x->invite = step;
    struct oh_span to = text(m, "to.tag"), from = text(m, "from.tag");
    if (x->partner == OH_NONE && !b->from_phone && to.at &&
        oh_span_equal(to, text(b, b->sip->is_request ? "from.tag" : "to.tag")))
        x->partner = step;
    if (x->own == OH_NONE && b->from_phone && from.at &&
        oh_span_equal(from, text(b, b->sip->is_request ? "from.tag" : "to.tag")))
        x->own = step;
    /* each dialog counts for itself: RFC 3261 12.2.1.1 */
    struct oh_span callee = text(b, "to.tag");
    bool same = !to.at || !callee.at || oh_span_equal(to, callee);
    if (b->from_phone && b->sip->is_request && same && !is(b, "ACK") && !is(b, "CANCEL"))
        x->previous = step;
}

static struct relations relate(struct oh_recorded *r, int step)
{
    struct relations x = {.r = r,
                          .step = &r->steps[step],
                          .m = &r->heard->trace->msgs[r->steps[step].msg],
                          .request = OH_NONE,
                          .invite = OH_NONE,
                          .partner = OH_NONE,
                          .own = OH_NONE,
                          .previous = OH_NONE,
                          .refused = OH_NONE,
                          .challenge = OH_NONE,
                          .answered = OH_NONE,
                          .cancelled = OH_NONE};
    for (int i = 0; i < x.m->index; i++)
        relate_call(&x, i);
    if (!x.m->sip->is_request)
        x.request = step_of(&x, x.m->request);
    else
        x.cancelled = step_of(&x, x.m->request);
    x.answered = step_of(&x, x.m->answered);
    x.refused = step_of(&x, x.m->retry_of);
    x.challenge = step_of(&x, x.m->challenge);
    return x;
}

/* --- requests --- */

/* The field of the message that says where the other side of the dialog is. RFC 3261 12.2.1.1 */
static int target_of(const struct relations *x)
{
    int target = OH_NONE;
    for (size_t i = 0; i < x->r->count && &x->r->steps[i] < x->step; i++) {
        const struct oh_recorded_step *s = &x->r->steps[i];
        if (s->msg == OH_NONE || s->from_phone)
            continue;
        const struct oh_trace_msg *b = msg_of(x, (int)i);
        struct oh_span method = oh_sip_msg_method(b->sip);
        struct oh_span tag = text(b, b->sip->is_request ? "from.tag" : "to.tag");
        if (tag.at && text(x->m, "to.tag").at && !oh_span_equal(tag, text(x->m, "to.tag")))
            continue; /* another callee's */
        bool refreshes = oh_span_is(method, "INVITE") || oh_span_is(method, "UPDATE");
        if (refreshes && text(b, "contact.uri").at &&
            (b->sip->is_request || b->sip->status < 300) &&
            oh_span_equal(text(b, "call-id"), text(x->m, "call-id")))
            target = (int)i;
    }
    return target;
}

static void check_credentials(struct relations *x)
{
    static const struct {
        unsigned status;
        const char *credentials, *challenge;
    } rows[] = {{401, "authorization", "www-authenticate"},
                {407, "proxy-authorization", "proxy-authenticate"}};
    static const char *const parts[] = {"realm", "nonce", "opaque"};
    if (x->challenge == OH_NONE)
        return;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (msg_of(x, x->challenge)->sip->status != rows[i].status)
            continue;
        for (size_t k = 0; k < sizeof parts / sizeof *parts; k++) {
            char *field = oh_format("%s.%s", rows[i].credentials, parts[k]);
            char *part = oh_format("%s.%s", rows[i].challenge, parts[k]);
            if (text(msg_of(x, x->challenge), part).len)
                must_be(x, field, x->challenge, part);
            free(field);
            free(part);
        }
        char *response = oh_format("%s.response", rows[i].credentials);
        must(x, response, "{matches: \"[0-9a-f]{32,128}\"}");
        free(response);
        /* not a must: without the password nobody can tell */
        check(x, OH_LEVEL_SHOULD, rows[i].credentials, "valid", OH_NONE, "", "");
    }
    must_be_above(x, x->refused);
    must_be(x, "request-uri", x->refused, "request-uri");
    check(x, OH_LEVEL_SHOULD, "call-id", "", x->refused, "call-id", "");
    check(x, OH_LEVEL_SHOULD, "from.tag", "", x->refused, "from.tag", "");
}

/* RFC 3261 17.1.1.3, 9.1, 13.2.2.4 */
static void check_ack_or_cancel(struct relations *x)
{
    bool cancels = is(x->m, "CANCEL");
    bool refused = x->answered != OH_NONE && msg_of(x, x->answered)->sip->status >= 300;
    must_be(x, "call-id", x->cancelled, "call-id");
    must_be(x, "cseq.number", x->cancelled, "cseq.number");
    must_be(x, "from.tag", x->cancelled, "from.tag");
    if (cancels || refused) {
        must_be(x, "via.branch", x->cancelled, "via.branch");
        must_be(x, "request-uri", x->cancelled, "request-uri");
    } else {
        must_be(x, "request-uri", target_of(x), "contact.uri");
    }
    if (cancels)
        must(x, "to.tag", "absent");
    must_be(x, "to.tag", x->answered, "to.tag");
}

/* RFC 3515 2.1. As a text: who is never met in a capture has no name there. */
static void check_target(struct relations *x)
{
    struct oh_span user = text(x->m, "refer-to.user");
    struct oh_text value = {0};
    oh_record_quote(user, &value);
    if (oh_cast_number(&x->r->cast, user) && oh_span_find(user, '$') == user.len)
        must(x, "refer-to.user", oh_text_str(&value));
    must(x, "refer-to", "present");
    oh_text_release(&value);
}

/* RFC 3264 8.4: what the user has done shows in the offer. */
static void check_offer_direction(struct relations *x)
{
    const char *did = x->step > x->r->steps ? x->step[-1].text : "";
    if (!strcmp(did, "A holds"))
        must(x, "sdp.audio.direction", "[sendonly, inactive]");
    if (!strcmp(did, "A resumes"))
        must(x, "sdp.audio.direction", "sendrecv");
}

static void check_in_dialog(struct relations *x)
{
    static const char *const tags[] = {"to.tag", "from.tag"};
    must_be(x, "call-id", x->invite != OH_NONE ? x->invite : x->partner, "call-id");
    if (x->own != OH_NONE)
        must_be(x, "from.tag", x->own, tags[msg_of(x, x->own)->sip->is_request]);
    if (x->partner != OH_NONE)
        must_be(x, "to.tag", x->partner, tags[msg_of(x, x->partner)->sip->is_request]);
    must_be_above(x, x->previous);
    must_be(x, "request-uri", target_of(x), "contact.uri");
    if (is(x->m, "INVITE"))
        must(x, "contact", "present");
    if (is(x->m, "INVITE"))
        check_offer_direction(x);
    if (is(x->m, "REFER"))
        check_target(x);
}

/* The latest REFER to the phone. */
static int refer_before(const struct relations *x)
{
    for (int i = (int)(x->step - x->r->steps) - 1; i >= 0; i--) {
        const struct oh_recorded_step *s = &x->r->steps[i];
        if (s->msg != OH_NONE && !s->from_phone && is(msg_of(x, i), "REFER"))
            return i;
    }
    return OH_NONE;
}

static void check_first(struct relations *x)
{
    const struct oh_cast_party *whom = oh_cast_number(&x->r->cast, text(x->m, "request-uri.user"));
    bool dialled = x->step > x->r->steps && x->step[-1].msg == OH_NONE && !x->step[-1].value;
    bool again = x->refused != OH_NONE || x->previous != OH_NONE;
    if (whom && (dialled || again) && is(x->m, "INVITE")) {
        char *value = oh_format("$%s.number", whom->name);
        must(x, "request-uri.user", value);
        must(x, "to.user", value); /* RFC 3261 8.1.1.1 */
        free(value);
    }
    if (!dialled && !again && is(x->m, "INVITE")) /* RFC 3515 2.4.2 */
        must_be(x, "request-uri", refer_before(x), "refer-to.uri");
    must(x, "to.tag", "absent");
    must(x, "from.tag", "present");
    if (is(x->m, "INVITE") || is(x->m, "REGISTER"))
        must(x, "contact", "present");
    if (x->previous == OH_NONE)
        return;
    must_be_above(x, x->previous);
    must_be(x, "to.uri", x->previous, "to.uri");
    if (!is(x->m, "REGISTER"))
        return;
    must_be(x, "request-uri", x->previous, "request-uri");
    check(x, OH_LEVEL_SHOULD, "call-id", "", x->previous, "call-id", "");
}

/* --- responses --- */

/* RFC 3261 8.2.2.3 */
static void check_unsupported(struct relations *x)
{
    struct oh_span tags = oh_sip_msg_whole(x->m->sip, OH_SIP_UNSUPPORTED);
    struct oh_text value = {0};
    oh_text_add(&value, "{any of: [");
    oh_record_quote(oh_span_trim(oh_span_sub(tags, 0, oh_span_find(tags, ','))), &value);
    oh_text_add(&value, "]}");
    if (tags.len && oh_span_find(tags, '$') == tags.len)
        must(x, "unsupported", oh_text_str(&value));
    oh_text_release(&value);
}

/* RFC 3264 6.1: which directions may answer which. */
static void check_answer_direction(struct relations *x)
{
    static const struct {
        const char *offered, *answers;
    } rows[] = {{"sendonly", "[recvonly, inactive]"},
                {"recvonly", "[sendonly, inactive]"},
                {"inactive", "inactive"}};
    if (x->request == OH_NONE || !text(x->m, "sdp.audio.port").at ||
        !is(msg_of(x, x->request), "INVITE"))
        return;
    struct oh_span offered = text(msg_of(x, x->request), "sdp.audio.direction");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (oh_span_is(offered, rows[i].offered))
            must(x, "sdp.audio.direction", rows[i].answers);
    }
}

static void check_response(struct relations *x)
{
    unsigned status = x->m->sip->status;
    must_be(x, "call-id", x->request, "call-id"); /* RFC 3261 8.2.6.2 */
    must_be(x, "cseq.number", x->request, "cseq.number");
    must_be(x, "from.tag", x->request, "from.tag");
    must_be(x, "via.branch", x->request, "via.branch");
    if (x->request != OH_NONE && text(msg_of(x, x->request), "to.tag").at)
        must_be(x, "to.tag", x->request, "to.tag");
    else if (x->own == OH_NONE && status > 100)
        must(x, "to.tag", "present");
    for (int i = (int)(x->step - x->r->steps) - 1; i >= 0; i--) { /* said before: RFC 3261 12.1.1 */
        const struct oh_recorded_step *s = &x->r->steps[i];
        if (s->msg != OH_NONE && s->from_phone && !msg_of(x, i)->sip->is_request &&
            msg_of(x, i)->request == x->m->request)
            must_be(x, "to.tag", i, "to.tag");
    }
    must(x, "to.tag", "present");
    if (status / 100 == 2 && oh_span_is(oh_sip_msg_method(x->m->sip), "INVITE"))
        must(x, "contact", "present");
    if (status == 420)
        check_unsupported(x);
    check_answer_direction(x);
}

void oh_recorded_add_checks(struct oh_recorded *r)
{
    for (size_t i = 0; i < r->count; i++) {
        if (r->steps[i].msg == OH_NONE || !r->steps[i].from_phone)
            continue;
        struct relations x = relate(r, (int)i);
        if (!x.m->sip->is_request) {
            check_response(&x);
        } else if (is(x.m, "ACK") || is(x.m, "CANCEL")) {
            check_ack_or_cancel(&x);
        } else {
            check_credentials(&x);
            if (text(x.m, "to.tag").at)
                check_in_dialog(&x);
            else
                check_first(&x);
        }
    }
}

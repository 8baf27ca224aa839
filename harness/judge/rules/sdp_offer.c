/* Offers: what a new one keeps of the description before it (RFC 3264 8), and that each gets its
 * answer where that is due at the latest: in the 2xx, or in the ACK. RFC 3261 13.2.1, 13.2.2.4,
 * 13.3.1.4 */
#include "judge/sdp_help.h"
#include "judge/unseen.h"

#include <stdlib.h>

/* --- new offers --- */

/* o= without its version, and the version. */
static bool read_origin(const struct oh_help_description *d, struct oh_span words[6])
{
    struct oh_span line = oh_help_line_of(&d->session, "o=");
    for (int i = 0; i < 6; i++) {
        if (!oh_help_next_word(&line, &words[i]))
            return false;
    }
    return true;
}

/* Is it a description that the session rests on? One that was refused has changed nothing (RFC 3261
 * 14.1), one in a refusal tells of abilities only (21.4.26). */
static bool is_in_force(const struct oh_rule_view *v, const struct oh_trace_msg *r)
{
    const struct oh_trace_msg *final = r->sip->is_request ? oh_rule_msg(v, r->final) : r;
    return !final || final->sip->status < 300;
}

/* May its body be an offer or an answer? That in a 2xx to OPTIONS tells of abilities and is
 * neither: RFC 3261 11.2. For these it is said: 13.2.1, RFC 3262 5, RFC 3311 5. */
static bool may_describe(const struct oh_sip_msg *m)
{
    static const char *const methods[] = {"INVITE", "ACK", "PRACK", "UPDATE"};
    struct oh_sip_cseq cseq;
    bool is = false;
    for (size_t i = 0; oh_help_cseq(m, &cseq) == 0 && i < sizeof methods / sizeof *methods; i++)
        is |= oh_span_is(cseq.method, methods[i]);
    return is;
}

/* The sender's latest offer or answer in this dialog before `before`, an index; not one in a
 * refusal. */
static const struct oh_trace_msg *previous(const struct oh_rule_view *v,
                                           const struct oh_trace_msg *m, int before)
{
    for (int i = before - 1; i >= 0 && i > m->index - OH_HELP_REACH; i--) {
        const struct oh_trace_msg *r = oh_rule_msg(v, i);
        struct oh_span own = oh_help_tag(r->sip, r->sip->is_request ? OH_SIP_FROM : OH_SIP_TO);
        struct oh_span other = oh_help_tag(r->sip, r->sip->is_request ? OH_SIP_TO : OH_SIP_FROM);
        if (oh_help_has_sdp(r->sip) && oh_help_is_first(r) && oh_help_same_call(r->sip, m->sip) &&
            oh_help_same_token(own, oh_help_tag(m->sip, OH_SIP_FROM)) &&
            (!other.at || oh_help_same_token(other, oh_help_tag(m->sip, OH_SIP_TO))) &&
            oh_help_same_end(r, true, m, true) && may_describe(r->sip) &&
            (r->sip->is_request || is_in_force(v, r)))
            return r;
    }
    return NULL;
}

/* The number after it, as decimal digits of any length. */
static bool is_next(struct oh_span before, struct oh_span now)
{
    char *text = oh_span_dup(before), *end;
    unsigned long long number = strtoull(text, &end, 10);
    bool readable = *text && !*end && before.len < 19;
    char *next = oh_format("%llu", number + 1);
    bool result = !readable || oh_span_is(now, next);
    free(next);
    free(text);
    return result;
}

typedef bool fits_fn(const struct oh_rule_view *v, const struct oh_trace_msg *m,
                     const struct oh_trace_msg *last);

/* Is the version of `m` right if `last` was the description before it? */
static bool has_next_version(const struct oh_rule_view *v, const struct oh_trace_msg *m,
                             const struct oh_trace_msg *last)
{
    const struct oh_help_description *before, *now;
    struct oh_span x[6], y[6];
    if (oh_span_equal(last->sip->body, m->sip->body))
        return true;
    before = oh_help_description_of(v, last->sip);
    now = oh_help_description_of(v, m->sip);
    if (!read_origin(before, x) || !read_origin(now, y))
        return true;
    return !oh_span_equal(x[2], y[2]) && (!oh_rule_run(v) || is_next(x[2], y[2]));
}

/* Outside of a run a gateway may have rewritten the address. */
static bool has_same_origin(const struct oh_rule_view *v, const struct oh_trace_msg *m,
                            const struct oh_trace_msg *last)
{
    static const int kept[] = {0, 1, 3, 4, 5};
    const struct oh_help_description *before = oh_help_description_of(v, last->sip);
    const struct oh_help_description *now = oh_help_description_of(v, m->sip);
    struct oh_span x[6], y[6];
    if (!read_origin(before, x) || !read_origin(now, y))
        return true;
    for (size_t i = 0; i < (oh_rule_run(v) ? 5 : 2); i++) {
        if (!oh_span_equal(x[kept[i]], y[kept[i]]))
            return false;
    }
    return true;
}

static bool has_all_media(const struct oh_rule_view *v, const struct oh_trace_msg *m,
                          const struct oh_trace_msg *last)
{
    const struct oh_help_description *before = oh_help_description_of(v, last->sip);
    const struct oh_help_description *now = oh_help_description_of(v, m->sip);
    return now->count >= before->count;
}

/* A number from 96 to 127 keeps its codec. What was refused, or is of another media type now, was
 * another stream (8.1, 8.3.3). */
static bool keeps_numbers(const struct oh_rule_view *v, const struct oh_help_part *before,
                          const struct oh_help_part *now, struct oh_span *wrong)
{
    const struct oh_help_types *old, *new;
    if (oh_span_is(before->port, "0") || !oh_help_same_token(before->kind, now->kind))
        return true;
    old = oh_help_types_of(v, before);
    new = oh_help_types_of(v, now);
    for (unsigned type = 96; type < OH_HELP_TYPES; type++) {
        if (!old->mapped[type].at || !new->mapped[type].at ||
            oh_help_same_token(oh_help_encoding(old->mapped[type]),
                               oh_help_encoding(new->mapped[type])))
            continue;
        *wrong = new->mapped[type];
        return false;
    }
    return true;
}

static struct oh_span renumbered(const struct oh_rule_view *v, const struct oh_trace_msg *m,
                                 const struct oh_trace_msg *last)
{
    const struct oh_help_description *before = oh_help_description_of(v, last->sip);
    const struct oh_help_description *now = oh_help_description_of(v, m->sip);
    struct oh_span wrong = {0};
    for (size_t i = 0; i < before->count && i < now->count && i < OH_HELP_MEDIA_MAX; i++) {
        if (!keeps_numbers(v, &before->media[i], &now->media[i], &wrong))
            break;
    }
    return wrong;
}

static bool has_same_numbers(const struct oh_rule_view *v, const struct oh_trace_msg *m,
                             const struct oh_trace_msg *last)
{
    return !renumbered(v, m, last).at;
}

/* The description that a new offer should follow and does not; NULL: all is well. After offers that
 * were refused it may follow the last one in force as well. */
static const struct oh_trace_msg *not_followed(const struct oh_rule_view *v,
                                               const struct oh_trace_msg *m, fits_fn *fits)
{
    if (!(oh_help_is_request(m, "INVITE") || oh_help_is_request(m, "UPDATE")) ||
        !oh_help_tag(m->sip, OH_SIP_TO).at || !oh_help_has_sdp(m->sip) ||
        !oh_help_originates(v, m) || oh_rule_evidence_lost(v))
        return NULL;
    const struct oh_trace_msg *last = previous(v, m, m->index), *one = last;
    while (one && !fits(v, m, one))
        one = is_in_force(v, one) ? NULL : previous(v, m, one->index);
    return one ? NULL : last;
}

/* The version rises by one with each new description. What it was before is only sure where nothing
 * is missing: in a run. */
static void check_version(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    const struct oh_trace_msg *last = not_followed(v, m, has_next_version);
    const struct oh_help_description *now;
    struct oh_span words[6];
    if (!last)
        return;
    now = oh_help_description_of(v, m->sip);
    (void)read_origin(now, words);
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "body",
                                   .bytes = words[2],
                                   .expected = oh_span_of("one more than before"),
                                   .observed = words[2],
                                   .text = "A new offer that changes the session must have a "
                                           "version in o= that is one higher.",
                                   .also = last});
}

static void check_origin(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    const struct oh_trace_msg *last = not_followed(v, m, has_same_origin);
    const struct oh_help_description *before, *now;
    if (!last)
        return;
    before = oh_help_description_of(v, last->sip);
    now = oh_help_description_of(v, m->sip);
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "body",
                                   .expected = oh_help_line_of(&before->session, "o="),
                                   .observed = oh_help_line_of(&now->session, "o="),
                                   .text =
                                       "A new offer within a session must keep the o= line, but "
                                       "for its version.",
                                   .also = last});
}

static void check_media_kept(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    const struct oh_trace_msg *last = not_followed(v, m, has_all_media);
    const struct oh_help_description *before, *now;
    if (!last)
        return;
    before = oh_help_description_of(v, last->sip);
    now = oh_help_description_of(v, m->sip);
    char *expected = oh_format("at least %zu m= lines", before->count);
    char *observed = oh_format("%zu", now->count);
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "body",
                                   .bytes = m->sip->body,
                                   .expected = oh_span_of(expected),
                                   .observed = oh_span_of(observed),
                                   .text = "A new offer must keep each stream of the description "
                                           "before it; one that is over has port 0.",
                                   .also = last});
    free(expected);
    free(observed);
}

static void check_numbers_kept(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    const struct oh_trace_msg *last = not_followed(v, m, has_same_numbers);
    if (!last)
        return;
    struct oh_span wrong = renumbered(v, m, last);
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "body",
                                   .bytes = wrong,
                                   .expected = oh_span_of("the codec that the number had before"),
                                   .observed = wrong,
                                   .text = "A dynamic payload type must keep its codec as long as "
                                           "the session lasts.",
                                   .also = last});
}

/* 8.4: not in a first offer, where it may mean that the address is not known yet. */
static void check_hold_address(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    struct oh_span rest = m->sip->body;
    if (!(oh_help_is_request(m, "INVITE") || oh_help_is_request(m, "UPDATE")) ||
        !oh_help_tag(m->sip, OH_SIP_TO).at || !oh_help_has_sdp(m->sip) || !oh_help_originates(v, m))
        return;
    while (rest.len > 0) {
        struct oh_span line = oh_help_next_line(&rest);
        if (!oh_span_starts_with(line, "c=IN IP4 ") ||
            !oh_span_is(oh_span_trim(oh_span_sub(line, 9, line.len)), "0.0.0.0"))
            continue;
        oh_say_broken(v, m,
                      &(struct oh_say){.field = "body",
                                       .bytes = line,
                                       .expected = oh_span_of("a=sendonly or a=inactive"),
                                       .observed = line,
                                       .text = "A call should be put on hold by a direction, no "
                                               "longer by the address 0.0.0.0."});
        return;
    }
}

/* --- answers that are due --- */

/* Only a body that is called session is an offer. RFC 3261 13.2.1, 20.11 */
static bool has_session(const struct oh_sip_msg *m)
{
    struct oh_span name = oh_span_of("Content-Disposition");
    struct oh_span value = oh_sip_msg_value_named(m, name, 0);
    value = oh_span_trim(oh_span_sub(value, 0, oh_span_find(value, ';')));
    return oh_help_has_sdp(m) && (value.len == 0 || oh_span_is_nocase(value, "session"));
}

/* By 13.2.1 only a reliable response carries an answer: what an earlier 18x shows is no more than
 * the same once more. */
static void check_answer(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    const struct oh_trace_msg *invite = oh_rule_msg(v, m->request);
    if (!invite || m->sip->status / 100 != 2 || !oh_help_is_request(invite, "INVITE") ||
        !has_session(invite->sip) || !oh_help_is_bare(m->sip) || !oh_help_originates(v, m) ||
        oh_rule_evidence_lost(v) || !oh_help_is_near(invite, m) ||
        oh_help_early_description(v, invite, m))
        return;
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "body",
                                   .bytes = m->sip->start_line,
                                   .expected = oh_span_of("a session description"),
                                   .observed = oh_span_of("no body"),
                                   .text =
                                       "A 2xx to an INVITE with an offer must carry the answer, "
                                       "unless a reliable response has done so before.",
                                   .also = invite});
}

static void check_ack_answer(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    const struct oh_trace_msg *invite = oh_rule_msg(v, m->request);
    const struct oh_trace_msg *final = oh_unseen_acknowledged(v, m);
    if (!invite || !final || final->sip->status / 100 != 2 || !has_session(final->sip) ||
        !oh_help_is_bare(invite->sip) || !oh_help_is_bare(m->sip) || !oh_help_originates(v, m) ||
        oh_rule_evidence_lost(v) || !oh_help_is_near(invite, m) ||
        oh_help_early_description(v, invite, m))
        return;
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "body",
                                   .bytes = m->sip->start_line,
                                   .expected = oh_span_of("a session description"),
                                   .observed = oh_span_of("no body"),
                                   .text = "The ACK to a 2xx with an offer must carry the answer.",
                                   .also = final,
                                   .also_too = invite});
}

#define OFFER(id, clause, on, method, meaning, covers, check)                                      \
    {                                                                                              \
        id, OH_LEVEL_MUST, clause, on, method, meaning, covers, check                              \
    }

static const struct oh_rule rules[] = {
    OFFER("sdp.version", "RFC 3264 8", OH_ON_REQUEST | OH_WITH_SDP, NULL,
          "The version in o= of a new offer is one higher than before.", "sdp.o-version",
          check_version),
    OFFER("sdp.origin", "RFC 3264 8", OH_ON_REQUEST | OH_WITH_SDP, NULL,
          "A new offer keeps the o= line but for its version.", "oa.o-same sdp.o-version",
          check_origin),
    OFFER("sdp.media-kept", "RFC 3264 8", OH_ON_REQUEST | OH_WITH_SDP, NULL,
          "A new offer has no fewer m= lines than before.", "oa.m-never-removed", check_media_kept),
    OFFER("sdp.numbers-kept", "RFC 3264 8.3.2", OH_ON_REQUEST | OH_WITH_SDP, NULL,
          "A dynamic payload type keeps its codec for the session.", "oa.pt-no-rebind",
          check_numbers_kept),
    {"sdp.hold-address", OH_LEVEL_SHOULD, "RFC 3264 8.4", OH_ON_REQUEST | OH_WITH_SDP, NULL,
     "A call is put on hold by a direction, not by the address 0.0.0.0.", "sdp.c-not-unspecified",
     check_hold_address},
    OFFER("sdp.answer", "RFC 3261 13.3.1.4", OH_ON_RESPONSE, "INVITE",
          "A 2xx to an INVITE with an offer carries the answer.", "lint.r2xx.invite-contact",
          check_answer),
    OFFER("sdp.ack-answer", "RFC 3261 13.2.2.4", OH_ON_REQUEST, "ACK",
          "The ACK to a 2xx with an offer carries the answer.", "call.out.late-offer-answer",
          check_ack_answer),
};

const struct oh_rule_family oh_rules_sdp_offer = {"sdp-offer", rules, sizeof rules / sizeof *rules};

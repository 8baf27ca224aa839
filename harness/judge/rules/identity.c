/* Who speaks in which dialog: Call-ID, From, To and their tags. RFC 3261 8.1.1, 12.2.1.1
 *
 * ACK and CANCEL repeat their INVITE's identity; rules on them compare it. */
#include "judge/unseen.h"

/* A message whose identity its sender chose or keeps by itself. */
static bool is_judged(const struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    bool repeats = (oh_help_is_request(m, "ACK") && m->answered != OH_NONE) ||
                   (oh_help_is_request(m, "CANCEL") && m->request != OH_NONE);
    return !repeats && oh_help_originates(v, m);
}

static void say_absent(struct oh_rule_view *v, const struct oh_trace_msg *m, const char *field,
                       struct oh_span bytes, const char *expected, const char *text)
{
    oh_say_broken(v, m,
                  &(struct oh_say){.field = field,
                                   .bytes = bytes.len > 0 ? bytes : m->sip->start_line,
                                   .expected = oh_span_of(expected),
                                   .text = text});
}

static void check_call_id(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    if (is_judged(v, m) && oh_sip_msg_whole(m->sip, OH_SIP_CALL_ID).len == 0)
        say_absent(v, m, "call-id", (struct oh_span){0}, "a Call-ID",
                   "Every request must carry a Call-ID.");
}

/* A quote that is never closed has a rule of its own. */
static bool is_quoted_well(const struct oh_trace_msg *m, enum oh_sip_header_id id)
{
    struct oh_span value = oh_sip_msg_whole(m->sip, id);
    return oh_help_unquoted(value) == value.len;
}

static void check_from(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    if (!oh_help_uri(m->sip, OH_SIP_FROM).at && is_judged(v, m) && is_quoted_well(m, OH_SIP_FROM))
        say_absent(v, m, "from", oh_sip_msg_whole(m->sip, OH_SIP_FROM), "a From with a URI",
                   "Every request must carry a From with a URI.");
}

static void check_to(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    if (!oh_help_uri(m->sip, OH_SIP_TO).at && is_judged(v, m) && is_quoted_well(m, OH_SIP_TO))
        say_absent(v, m, "to", oh_sip_msg_whole(m->sip, OH_SIP_TO), "a To with a URI",
                   "Every request must carry a To with a URI.");
}

/* A dialog whose side never had a tag stays without it: RFC 3261 12.2.1.1, for the older protocol's
 * sake. In dialogs the kept tag is another rule's. */
static void check_from_tag(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    if (!is_judged(v, m) || !oh_help_uri(m->sip, OH_SIP_FROM).at ||
        oh_help_tag(m->sip, OH_SIP_TO).at || oh_help_tag(m->sip, OH_SIP_FROM).len > 0)
        return;
    say_absent(v, m, "from.tag", oh_sip_msg_whole(m->sip, OH_SIP_FROM), "a tag",
               "The From of a request must carry a tag.");
}

/* --- a To tag outside of any dialog --- */

static bool is_tag_of_challenge(const struct oh_rule_view *v, const struct oh_trace_msg *m,
                                struct oh_span tag)
{
    for (int i = m->index - 1; i >= 0 && i > m->index - OH_HELP_REACH; i--) {
        const struct oh_trace_msg *r = oh_rule_msg(v, i);
        if (!r->sip->is_request && (r->sip->status == 401 || r->sip->status == 407) &&
            oh_help_same_token(tag, oh_help_tag(r->sip, OH_SIP_TO)))
            return true;
    }
    return false;
}

/* In a run whose capture is whole nothing of a call comes before its first message. */
static bool is_first_of_call(const struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    if (!oh_rule_run(v) || oh_rule_evidence_lost(v) || m->index >= OH_HELP_REACH)
        return false;
    for (int i = 0; i < m->index; i++) {
        if (oh_help_same_call(oh_rule_msg(v, i)->sip, m->sip))
            return false;
    }
    return true;
}

/* Sure only for REGISTER, which no dialog knows, and where a run sees an INVITE begin its call:
 * other dialogs may be older than the trace. */
static void check_no_tag(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    struct oh_span tag = oh_help_tag(m->sip, OH_SIP_TO);
    bool is_outside = oh_help_is_request(m, "REGISTER") ||
                      (oh_help_is_request(m, "INVITE") && is_first_of_call(v, m));
    if (!tag.at || !is_outside || !is_judged(v, m) || is_tag_of_challenge(v, m, tag))
        return;
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "to.tag",
                                   .expected = oh_span_of("no tag"),
                                   .observed = tag,
                                   .text = "A request outside of a dialog must not carry a To "
                                           "tag."});
}

/* --- whom the call is to --- */

/* The receiver's own Contact, as a registrar knows it. */
static bool is_contact_of_receiver(const struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    for (int i = m->index - 1; i >= 0 && i > m->index - OH_HELP_REACH; i--) {
        const struct oh_trace_msg *r = oh_rule_msg(v, i);
        if (oh_help_same_end(r, true, m, false) &&
            oh_help_same_address(oh_help_uri(r->sip, OH_SIP_CONTACT), m->sip->request_uri))
            return true;
    }
    return false;
}

/* By the user alone: who has looked the address up sends to its host and port (8.1.2). A route, or
 * what a call has come to after its first request, lets the two differ. */
static void check_to_target(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    struct oh_span uri = oh_help_uri(m->sip, OH_SIP_TO);
    struct oh_sip_uri to, target;
    if (oh_help_tag(m->sip, OH_SIP_TO).at || oh_sip_msg_whole(m->sip, OH_SIP_ROUTE).at ||
        !is_judged(v, m) || !is_first_of_call(v, m) || oh_sip_uri_parse(uri, &to) < 0 ||
        oh_sip_uri_parse(m->sip->request_uri, &target) < 0 ||
        !oh_help_same_token(to.scheme, target.scheme))
        return;
    if (oh_span_equal(to.user, target.user) || is_contact_of_receiver(v, m))
        return;
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "to.uri",
                                   .expected = m->sip->request_uri,
                                   .observed = uri,
                                   .text = "The first request of a call should go to the URI in "
                                           "its To."});
}

/* --- kept through the dialog --- */

static bool is_in_dialog(const struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    struct oh_help_dialog d;
    return oh_help_dialog_of(v, m, OH_BY_ALL, &d);
}

/* Has this Call-ID another dialog of this sender? Then one agreeing tag proves nothing. */
static bool is_only_dialog(const struct oh_rule_view *v, const struct oh_trace_msg *m,
                           const struct oh_help_dialog *d)
{
    for (int i = m->index - 1; i >= 0 && i > m->index - OH_HELP_REACH; i--) {
        const struct oh_trace_msg *r = oh_rule_msg(v, i);
        if (r->sip->is_request || r->sip->status <= 100 || r->sip->status >= 300 ||
            !oh_help_same_call(r->sip, d->answer->sip) || !oh_help_tag(r->sip, OH_SIP_TO).at)
            continue;
        bool same = oh_help_same_token(oh_help_tag(r->sip, OH_SIP_TO),
                                       oh_help_tag(d->answer->sip, OH_SIP_TO)) &&
                    oh_help_same_token(oh_help_tag(r->sip, OH_SIP_FROM),
                                       oh_help_tag(d->answer->sip, OH_SIP_FROM));
        bool mirrored = oh_help_same_token(oh_help_tag(r->sip, OH_SIP_TO),
                                           oh_help_tag(d->answer->sip, OH_SIP_FROM));
        if (!same && !mirrored)
            return false;
    }
    return true;
}

static void check_kept_from_tag(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    struct oh_help_dialog d;
    if (!oh_help_tag(m->sip, OH_SIP_TO).at || !oh_help_uri(m->sip, OH_SIP_FROM).at ||
        !is_judged(v, m) || is_in_dialog(v, m) ||
        !oh_help_dialog_of(v, m, OH_BY_REMOTE_TAG_AND_CALL, &d) || !is_only_dialog(v, m, &d))
        return;
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "from.tag",
                                   .bytes = oh_sip_msg_whole(m->sip, OH_SIP_FROM),
                                   .expected = oh_help_local_tag(&d),
                                   .observed = oh_help_tag(m->sip, OH_SIP_FROM),
                                   .text = "The From of a request in a dialog must carry the "
                                           "sender's tag of that dialog.",
                                   .also = d.answer});
}

/* Of a foreign capture: what gave this tag may be missing. */
static bool is_of_unseen_dialog(const struct oh_rule_view *v, struct oh_span tag)
{
    return tag.at && !oh_rule_run(v) && oh_rule_evidence_lost(v);
}

/* An ACK or a PRACK to what is not in the capture tells by its tag who sent that, unless the tag is
 * refuted: a request with it found no dialog. RFC 3261 12.2.2 */
static bool is_to_unseen(const struct oh_rule_view *v, const struct oh_trace_msg *m,
                         struct oh_span tag)
{
    int end = (int)oh_rule_trace(v)->msg_count;
    if (oh_rule_run(v) || !tag.at || !oh_unseen_is_stray(v, m))
        return false;
    for (int i = m->index + 1; i < end && i < m->index + OH_HELP_REACH; i++) {
        const struct oh_trace_msg *r = oh_rule_msg(v, i), *final = oh_rule_msg(v, r->final);
        if (r->sip->is_request && final && final->sip->status == 481 &&
            oh_help_same_end(m, true, r, true) && oh_help_same_call(m->sip, r->sip) &&
            oh_help_same_token(tag, oh_help_tag(r->sip, OH_SIP_TO)))
            return false;
    }
    return true;
}

/* Without any To tag only a BYE is sure to mean the dialog. */
static void check_kept_to_tag(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    struct oh_help_dialog d;
    struct oh_span tag = oh_help_tag(m->sip, OH_SIP_TO);
    if (!oh_help_uri(m->sip, OH_SIP_TO).at || (!tag.at && !oh_help_is_request(m, "BYE")) ||
        is_of_unseen_dialog(v, tag) || !is_judged(v, m) || is_in_dialog(v, m) ||
        is_to_unseen(v, m, tag) || is_tag_of_challenge(v, m, tag) ||
        !oh_help_dialog_of(v, m, OH_BY_LOCAL_TAG_AND_CALL, &d) || !is_only_dialog(v, m, &d))
        return;
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "to.tag",
                                   .bytes = oh_sip_msg_whole(m->sip, OH_SIP_TO),
                                   .expected = oh_help_remote_tag(&d),
                                   .observed = tag,
                                   .text = "The To of a request in a dialog must carry the other "
                                           "party's tag of that dialog.",
                                   .also = d.answer});
}

/* RFC 4916: both may agree on a From that changes. */
static bool from_may_change(const struct oh_sip_msg *m)
{
    struct oh_span tag;
    for (size_t n = 0; (tag = oh_sip_msg_value(m, OH_SIP_SUPPORTED, n)).at; n++) {
        if (oh_span_is_nocase(tag, "from-change"))
            return true;
    }
    return false;
}

/* A port is not for URIs of From and To (RFC 3261 19.1.1, table 1): it may be left out of the
 * dialog's. */
static bool is_without_port(struct oh_span whole, struct oh_span mine)
{
    struct oh_sip_uri a, b;
    struct oh_text bare = {0};
    if (oh_sip_uri_parse(whole, &a) != 0 || oh_sip_uri_parse(mine, &b) != 0 || !a.port_text.at ||
        b.port_text.at)
        return false;
    size_t from = (size_t)(a.port_text.at - whole.at), to = from + a.port_text.len;
    oh_text_add_span(&bare, oh_span_sub(whole, 0, from - 1));
    oh_text_add_span(&bare, oh_span_sub(whole, to, whole.len - to));
    bool is = oh_help_same_uri(oh_text_span(&bare), mine);
    oh_text_release(&bare);
    return is;
}

static bool is_kept(struct oh_span began, struct oh_span mine)
{
    return oh_help_same_uri(began, mine) || (began.at && is_without_port(began, mine));
}

/* The URIs that began the dialog stay in From and To. RFC 3261 12.1.1, 12.1.2 */
static void check_kept_uri(struct oh_rule_view *v, const struct oh_trace_msg *m, bool local)
{
    struct oh_help_dialog d;
    enum oh_sip_header_id id = local ? OH_SIP_FROM : OH_SIP_TO;
    struct oh_span mine = oh_help_uri(m->sip, id);
    if (!mine.at || oh_help_is_copy(v, m) || oh_help_is_request(m, "CANCEL") ||
        !oh_help_originates(v, m) || !oh_help_dialog_of(v, m, OH_BY_ALL, &d))
        return;
    enum oh_sip_header_id of = local == d.is_uac ? OH_SIP_FROM : OH_SIP_TO;
    struct oh_span wanted = oh_help_uri(d.invite->sip, of);
    if (!wanted.at || is_kept(wanted, mine) || is_kept(oh_help_uri(d.answer->sip, of), mine) ||
        from_may_change(d.invite->sip) || from_may_change(d.answer->sip))
        return;
    oh_say_broken(v, m,
                  &(struct oh_say){.field = local ? "from.uri" : "to.uri",
                                   .expected = wanted,
                                   .observed = mine,
                                   .text = local ? "The From of a request in a dialog must keep "
                                                   "the sender's URI of that dialog."
                                                 : "The To of a request in a dialog must keep the "
                                                   "other party's URI of that dialog.",
                                   .also = d.invite});
}

static void check_kept_from(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    check_kept_uri(v, m, true);
}

static void check_kept_to(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    check_kept_uri(v, m, false);
}

static void check_kept_call_id(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    struct oh_help_dialog d;
    if (!oh_help_tag(m->sip, OH_SIP_TO).at || !is_judged(v, m) ||
        !oh_sip_msg_whole(m->sip, OH_SIP_CALL_ID).at || is_in_dialog(v, m) ||
        !oh_help_dialog_of(v, m, OH_BY_TAGS, &d))
        return;
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "call-id",
                                   .expected = oh_sip_msg_whole(d.answer->sip, OH_SIP_CALL_ID),
                                   .observed = oh_sip_msg_whole(m->sip, OH_SIP_CALL_ID),
                                   .text = "A request in a dialog must carry the dialog's Call-ID.",
                                   .also = d.answer});
}

/* --- new for each call --- */

/* A BYE of either side in a call that this INVITE was answered into. */
static bool was_ended(const struct oh_rule_view *v, const struct oh_trace_msg *invite,
                      const struct oh_trace_msg *until)
{
    const struct oh_trace_msg *final = oh_rule_msg(v, invite->final);
    if (!final || final->sip->status / 100 != 2)
        return false;
    for (int i = final->index + 1; i < until->index; i++) {
        const struct oh_trace_msg *bye = oh_rule_msg(v, i);
        const struct oh_trace_msg *answer = oh_rule_msg(v, bye->final);
        if (oh_help_is_request(bye, "BYE") && oh_help_same_call(bye->sip, invite->sip) && answer &&
            answer->index < until->index && answer->sip->status / 100 == 2)
            return true;
    }
    return false;
}

/* An earlier message after which this Call-ID cannot be that of a new call: an INVITE of a call
 * that has ended, or a registration. RFC 3261 8.1.1.4, 10.2 */
static bool has_taken(const struct oh_rule_view *v, const struct oh_trace_msg *other,
                      const struct oh_trace_msg *m)
{
    if (oh_help_is_request(other, "REGISTER"))
        return oh_help_is_first(other) && m->retry_of == OH_NONE;
    return oh_help_is_request(other, "INVITE") && !oh_help_tag(other->sip, OH_SIP_TO).at &&
           was_ended(v, other, m);
}

/* What is tried again after a refusal or a redirection is not new (8.1.3.5); a call that follows
 * one that was answered and ended is. */
static void check_new_call_id(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    if (oh_help_tag(m->sip, OH_SIP_TO).at || !is_judged(v, m))
        return;
    for (int i = m->index - 1; i >= 0 && i > m->index - OH_HELP_REACH; i--) {
        const struct oh_trace_msg *other = oh_rule_msg(v, i);
        bool registers = oh_help_is_request(other, "REGISTER");
        if (!oh_help_same_end(m, true, other, true) || !oh_help_same_call(m->sip, other->sip) ||
            !has_taken(v, other, m))
            continue;
        oh_say_broken(v, m,
                      &(struct oh_say){.field = "call-id",
                                       .expected = oh_span_of("a new Call-ID"),
                                       .observed = oh_sip_msg_whole(m->sip, OH_SIP_CALL_ID),
                                       .text = registers
                                                   ? "A new call must have a new Call-ID; this one "
                                                     "is that of the phone's registrations."
                                                   : "A new call must have a new Call-ID; this one "
                                                     "was that of a call which has ended.",
                                       .also = other});
        return;
    }
}

/* A tag that this sender used in another call: in a request that was answered by a 2xx (after a
 * refusal it may be tried anew), or in a response of its own. */
static bool is_tag_of(const struct oh_rule_view *v, const struct oh_trace_msg *m,
                      const struct oh_trace_msg *other, struct oh_span tag)
{
    bool asks = other->sip->is_request;
    const struct oh_trace_msg *final = oh_rule_msg(v, other->final);
    if (asks && (!final || final->sip->status / 100 != 2 ||
                 !oh_span_equal(m->sip->method, other->sip->method)))
        return false;
    return oh_help_same_token(tag, oh_help_tag(other->sip, asks ? OH_SIP_FROM : OH_SIP_TO)) &&
           oh_help_is_first(other) && !oh_help_same_call(m->sip, other->sip) &&
           oh_help_same_end(m, true, other, true);
}

static void check_new_tag(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    struct oh_span tag = oh_help_tag(m->sip, OH_SIP_FROM);
    if (tag.len == 0 || oh_help_tag(m->sip, OH_SIP_TO).at || m->retry_of != OH_NONE ||
        !oh_sip_msg_whole(m->sip, OH_SIP_CALL_ID).at || !is_judged(v, m))
        return;
    for (int i = m->index - 1; i >= 0 && i > m->index - OH_HELP_REACH; i--) {
        const struct oh_trace_msg *other = oh_rule_msg(v, i);
        if (!is_tag_of(v, m, other, tag) || !oh_sip_msg_whole(other->sip, OH_SIP_CALL_ID).at)
            continue;
        oh_say_broken(v, m,
                      &(struct oh_say){.field = "from.tag",
                                       .expected = oh_span_of("a new tag"),
                                       .observed = tag,
                                       .text = "The tag of a new call must be new and random; this "
                                               "one was used in another call.",
                                       .also = other});
        return;
    }
}

#define IDENTITY(id, clause, method, meaning, covers, check)                                       \
    {                                                                                              \
        id, OH_LEVEL_MUST, clause, OH_ON_REQUEST, method, meaning, covers, check                   \
    }

static const struct oh_rule rules[] = {
    IDENTITY("call-id.present", "RFC 3261 8.1.1", NULL, "A request has a Call-ID.",
             "lint.hdr.request-mandatory", check_call_id),
    IDENTITY("call-id.unique", "RFC 3261 8.1.1.4", "INVITE", "A new call has a new Call-ID.",
             "lint.callid.unique", check_new_call_id),
    IDENTITY("from.present", "RFC 3261 8.1.1", NULL, "A request has a From with a URI.",
             "lint.hdr.request-mandatory", check_from),
    IDENTITY("from.tag", "RFC 3261 8.1.1.3", NULL, "The From of a request has a tag.",
             "lint.from.tag", check_from_tag),
    IDENTITY("tag.unique", "RFC 3261 19.3", NULL, "Each call has tags of its own.",
             "lint.tag.random", check_new_tag),
    IDENTITY("to.present", "RFC 3261 8.1.1", NULL, "A request has a To with a URI.",
             "lint.hdr.request-mandatory", check_to),
    IDENTITY("to.no-tag", "RFC 3261 8.1.1.2", NULL,
             "The To of a request outside of a dialog has no tag.",
             "lint.to.no-tag-initial lint.register.no-to-tag", check_no_tag),
    {"to.request-uri", OH_LEVEL_SHOULD, "RFC 3261 8.1.1.1", OH_ON_REQUEST, "INVITE",
     "The initial Request-URI is the URI in To.", "lint.invite.ruri-to", check_to_target},
    IDENTITY("dialog.from-tag", "RFC 3261 12.2.1.1", NULL,
             "A request in a dialog has the sender's tag in From.",
             "lint.dialog.ids lint.bye.in-dialog", check_kept_from_tag),
    IDENTITY("dialog.to-tag", "RFC 3261 12.2.1.1", NULL,
             "A request in a dialog has the other party's tag in To.",
             "lint.dialog.ids lint.bye.in-dialog", check_kept_to_tag),
    IDENTITY("dialog.from", "RFC 3261 12.2.1.1", NULL,
             "A request in a dialog has the sender's URI of that dialog in From.",
             "lint.dialog.ids lint.bye.in-dialog", check_kept_from),
    IDENTITY("dialog.to", "RFC 3261 12.2.1.1", NULL,
             "A request in a dialog has the other party's URI of that dialog in To.",
             "lint.dialog.ids lint.bye.in-dialog", check_kept_to),
    IDENTITY("dialog.call-id", "RFC 3261 12.2.1.1", NULL,
             "A request in a dialog has the dialog's Call-ID.",
             "lint.dialog.ids lint.bye.in-dialog", check_kept_call_id),
};

const struct oh_rule_family oh_rules_identity = {"identity", rules, sizeof rules / sizeof *rules};

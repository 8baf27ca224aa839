/* Where requests in a dialog go: the remote target in the Request-URI, the route set in Route.
 * RFC 3261 12.1.1, 12.1.2, 12.2.1.1 */
#include "judge/unseen.h"

#include <stdlib.h>

enum { MAX_ROUTES = 32 };

/* A refresh this young may have crossed the request: T1, RFC 3261 17.1.1.1. */
#define CROSSING_NS INT64_C(500000000)

/* What the sender knows. The target before the last refresh counts too while that one is young. */
struct way {
    struct oh_help_dialog dialog;
    struct oh_span target, target_before;
    struct oh_span target_early; /* of the early dialog, until a refresh; absent: none */
    struct oh_span target_new;   /* of a refresh without its final response; absent: none */
    int64_t target_ns;
    struct oh_span routes[MAX_ROUTES]; /* URIs, in the order of Route, brackets off */
    size_t route_count;
};

static bool read_routes(struct way *w)
{
    const struct oh_sip_msg *source =
        w->dialog.is_uac ? w->dialog.answer->sip : w->dialog.invite->sip;
    size_t count = oh_sip_msg_value_count(source, OH_SIP_RECORD_ROUTE);
    if (count > MAX_ROUTES)
        return false;
    for (size_t i = 0; i < count; i++) {
        size_t n = w->dialog.is_uac ? count - 1 - i : i; /* 12.1.2 reversed, 12.1.1 in order */
        struct oh_sip_name_addr a;
        if (oh_sip_name_addr_parse(oh_sip_msg_value(source, OH_SIP_RECORD_ROUTE, n), &a) < 0)
            return false;
        w->routes[w->route_count++] = a.uri;
    }
    return true;
}

static bool is_of_dialog(const struct oh_sip_msg *r, const struct oh_help_dialog *d)
{
    struct oh_span from = oh_help_tag(r, OH_SIP_FROM), to = oh_help_tag(r, OH_SIP_TO);
    struct oh_span mine = oh_help_local_tag(d), other = oh_help_remote_tag(d);
    return (oh_help_same_token(from, mine) && oh_help_same_token(to, other)) ||
           (oh_help_same_token(from, other) && oh_help_same_token(to, mine));
}

static bool is_refresh_of(const struct oh_rule_view *v, const struct oh_trace_msg *r,
                          const struct oh_trace_msg *m, const struct way *w,
                          const struct oh_trace_msg **request)
{
    *request = oh_rule_msg(v, r->request);
    return !r->sip->is_request && oh_help_is_first(r) && r->sip->status >= 200 &&
           r->sip->status < 300 && *request &&
           (oh_help_is_request(*request, "INVITE") || oh_help_is_request(*request, "UPDATE")) &&
           oh_help_tag((*request)->sip, OH_SIP_TO).at &&
           oh_help_same_call(r->sip, w->dialog.answer->sip) && is_of_dialog(r->sip, &w->dialog) &&
           (oh_help_same_end(m, true, r, true) || oh_help_same_end(m, true, r, false));
}

/* Target refreshes that were accepted before `m`: RFC 3261 12.2.1.2, 12.2.2, RFC 3311 5 */
static void follow_refreshes(const struct oh_rule_view *v, const struct oh_trace_msg *m,
                             struct way *w)
{
    for (int i = w->dialog.answer->index + 1; i < m->index; i++) {
        const struct oh_trace_msg *r = oh_rule_msg(v, i), *request;
        if (!is_refresh_of(v, r, m, w, &request))
            continue;
        bool mine = oh_help_same_end(m, true, request, true);
        struct oh_span contact = oh_help_uri(mine ? r->sip : request->sip, OH_SIP_CONTACT);
        if (!contact.at)
            continue;
        w->target_before = w->target;
        w->target_early = (struct oh_span){0};
        w->target = contact;
        w->target_ns = r->time_ns;
    }
}

/* A request of the other side that may refresh the target, and has no final response before `m`. */
static bool is_open_refresh(const struct oh_trace_msg *r, const struct oh_trace_msg *m)
{
    return (oh_help_is_request(r, "INVITE") || oh_help_is_request(r, "UPDATE")) &&
           oh_help_same_end(m, true, r, false) && (r->final == OH_NONE || r->final > m->index);
}

/* A reliable provisional response to a request of the sender in the dialog. */
static bool is_reliable(const struct oh_rule_view *v, const struct oh_trace_msg *r,
                        const struct oh_trace_msg *m)
{
    const struct oh_trace_msg *request = oh_rule_msg(v, r->request);
    return !r->sip->is_request && r->sip->status > 100 && r->sip->status < 200 && request &&
           oh_help_tag(request->sip, OH_SIP_TO).at && oh_help_same_end(m, true, request, true) &&
           oh_sip_msg_header(r->sip, OH_SIP_RSEQ, 0);
}

/* A target may be taken over before the final response. RFC 3261 12.2.2, RFC 6141 4.6, 4.7 */
static void find_new_target(const struct oh_rule_view *v, const struct oh_trace_msg *m,
                            struct way *w)
{
    for (int i = w->dialog.answer->index + 1; i < m->index; i++) {
        const struct oh_trace_msg *r = oh_rule_msg(v, i);
        bool refreshes = r->sip->is_request ? is_open_refresh(r, m) : is_reliable(v, r, m);
        if (refreshes && oh_help_is_first(r) && oh_help_same_call(r->sip, m->sip) &&
            is_of_dialog(r->sip, &w->dialog) && oh_help_uri(r->sip, OH_SIP_CONTACT).at)
            w->target_new = oh_help_uri(r->sip, OH_SIP_CONTACT);
    }
}

/* By the letter the first provisional response gives the target of an early dialog (12.1.2); a
 * phone that takes a later one over has a Contact of the other side all the same. */
static void find_later_target(const struct oh_rule_view *v, const struct oh_trace_msg *m,
                              struct way *w)
{
    const struct oh_help_dialog *d = &w->dialog;
    bool early = d->is_uac && d->answer->sip->status < 200;
    for (int i = d->answer->index + 1; early && i < m->index; i++) {
        const struct oh_trace_msg *r = oh_rule_msg(v, i);
        if (!r->sip->is_request && r->request == d->invite->index && is_of_dialog(r->sip, d) &&
            oh_help_uri(r->sip, OH_SIP_CONTACT).at)
            w->target_early = oh_help_uri(r->sip, OH_SIP_CONTACT);
    }
}

/* The 2xx confirms an early dialog and, by the letter of 13.2.2.4, changes only its route set. */
static void find_early_target(const struct oh_rule_view *v, struct way *w)
{
    const struct oh_help_dialog *d = &w->dialog;
    for (int i = d->invite->index + 1; d->is_uac && i < d->answer->index; i++) {
        const struct oh_trace_msg *r = oh_rule_msg(v, i);
        if (!r->sip->is_request && r->request == d->invite->index && r->sip->status > 100 &&
            r->sip->status < 200 && is_of_dialog(r->sip, d) &&
            oh_help_uri(r->sip, OH_SIP_CONTACT).at) {
            w->target_early = oh_help_uri(r->sip, OH_SIP_CONTACT);
            return;
        }
    }
}

static bool read_dialog(const struct oh_rule_view *v, const struct oh_trace_msg *m, struct way *w)
{
    if (oh_unseen_is_stray(v, m) || oh_help_is_request(m, "CANCEL") || oh_help_is_copy(v, m) ||
        !oh_help_originates(v, m) || !oh_help_dialog_of(v, m, OH_BY_ALL, &w->dialog))
        return false;
    const struct oh_sip_msg *source =
        w->dialog.is_uac ? w->dialog.answer->sip : w->dialog.invite->sip;
    w->target = oh_help_uri(source, OH_SIP_CONTACT);
    w->target_before = w->target;
    w->target_ns = INT64_MIN / 2;
    find_early_target(v, w);
    find_later_target(v, m, w);
    follow_refreshes(v, m, w);
    find_new_target(v, m, w);
    return read_routes(w);
}

/* Without what may not stand in a Request-URI: headers and the parameter method (RFC 3261 19.1.1).
 * Free it. */
static char *stripped(struct oh_span uri)
{
    struct oh_text text = {0};
    struct oh_sip_uri u;
    if (oh_sip_uri_parse(uri, &u) < 0 || !(u.params.at || u.headers.at))
        return oh_span_dup(uri);
    const char *end = u.params.at ? u.params.at : u.headers.at; /* just behind its ';' or '?' */
    oh_text_add_span(&text, oh_span_sub(uri, 0, (size_t)(end - 1 - uri.at)));
    while (u.params.len > 0) {
        size_t len = oh_span_find(u.params, ';');
        struct oh_span one = oh_span_sub(u.params, 0, len);
        if (!oh_span_is_nocase(oh_span_sub(one, 0, oh_span_find(one, '=')), "method"))
            oh_text_addf(&text, ";%.*s", OH_SPAN_FMT(one));
        u.params = oh_span_sub(u.params, len + 1, u.params.len);
    }
    return oh_text_take(&text);
}

static bool same_target(struct oh_span a, struct oh_span b)
{
    if (oh_span_equal(a, b))
        return true;
    char *x = stripped(a), *y = stripped(b);
    bool same = oh_help_same_uri(oh_span_of(x), oh_span_of(y));
    free(x);
    free(y);
    return same;
}

static bool is_target(const struct way *w, const struct oh_trace_msg *m, struct oh_span uri)
{
    return same_target(w->target, uri) ||
           (w->target_early.at && same_target(w->target_early, uri)) ||
           (w->target_new.at && same_target(w->target_new, uri)) ||
           (m->time_ns - w->target_ns < CROSSING_NS && same_target(w->target_before, uri));
}

static bool is_stripped(struct oh_span uri)
{
    struct oh_sip_uri u;
    bool method = false;
    if (oh_sip_uri_parse(uri, &u) < 0)
        return true;
    (void)oh_sip_uri_param(&u, "method", &method);
    return !method && !u.headers.at;
}

/* The URI of a strict router must be stripped; a target is taken with and without. */
static bool goes_right(const struct way *w, const struct oh_trace_msg *m, bool strict)
{
    struct oh_span uri = oh_help_request_uri(m->sip);
    return strict ? is_stripped(uri) && same_target(w->routes[0], uri) : is_target(w, m, uri);
}

/* Does a foreign capture lack an INVITE of this call, or its 2xx? An ACK that answers none that was
 * seen, or a 2xx to none, tells so. */
static bool has_hole(const struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    for (int i = m->index - 1; i >= 0 && i > m->index - OH_HELP_REACH && !oh_rule_run(v); i--) {
        const struct oh_trace_msg *r = oh_rule_msg(v, i), *request = oh_rule_msg(v, r->request);
        struct oh_sip_cseq a, b;
        if (!oh_help_same_call(r->sip, m->sip))
            continue;
        if (oh_help_is_request(r, "ACK")
                ? r->answered == OH_NONE
                : !r->sip->is_request && r->sip->status / 100 == 2 &&
                      (!request || oh_help_cseq(r->sip, &a) < 0 ||
                       oh_help_cseq(request->sip, &b) < 0 || a.number != b.number))
            return true;
    }
    return false;
}

static void check_target(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    struct way w = {0};
    if (!read_dialog(v, m, &w))
        return;
    bool strict = w.route_count > 0 && !oh_help_is_loose(w.routes[0]);
    if (!strict && !w.target.at) {
        oh_rule_not_checkable(v);
        return;
    }
    if (goes_right(&w, m, strict))
        return;
    if (oh_rule_evidence_lost(v) || has_hole(v, m)) { /* a refresh may be missing */
        oh_rule_not_checkable(v);
        return;
    }
    char *wanted = strict ? stripped(w.routes[0]) : oh_span_dup(w.target);
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "request-uri",
                                   .expected = oh_span_of(wanted),
                                   .observed = m->sip->request_uri,
                                   .text = strict ? "The Request-URI must be the first URI of the "
                                                    "route set, which is no loose router, without "
                                                    "what a Request-URI may not have."
                                                  : "The Request-URI of a request in a dialog must "
                                                    "be the remote target: the Contact of the "
                                                    "other party.",
                                   .also = w.dialog.answer});
    free(wanted);
}

/* The n-th value that Route must have: the route set; with a strict router in front that one is
 * taken off and the target put behind, so there are as many. */
static bool is_wanted(const struct way *w, const struct oh_trace_msg *m, size_t n,
                      struct oh_span uri)
{
    bool strict = !oh_help_is_loose(w->routes[0]);
    if (strict && n + 1 == w->route_count)
        return is_target(w, m, uri);
    return oh_help_same_hop(w->routes[strict ? n + 1 : n], uri);
}

static char *wanted_text(const struct way *w)
{
    struct oh_text text = {0};
    bool strict = w->route_count > 0 && !oh_help_is_loose(w->routes[0]);
    for (size_t i = strict; i < w->route_count; i++)
        oh_text_addf(&text, "%s<%.*s>", text.len ? ", " : "", OH_SPAN_FMT(w->routes[i]));
    if (strict)
        oh_text_addf(&text, "%s<%.*s>", text.len ? ", " : "", OH_SPAN_FMT(w->target));
    if (text.len == 0)
        oh_text_add(&text, "no Route");
    return oh_text_take(&text);
}

static void check_set(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    struct way w = {0};
    if (!read_dialog(v, m, &w))
        return;
    size_t count = oh_sip_msg_value_count(m->sip, OH_SIP_ROUTE);
    bool same = count == w.route_count;
    for (size_t i = 0; same && i < count; i++) {
        struct oh_sip_name_addr a;
        same = oh_sip_name_addr_parse(oh_sip_msg_value(m->sip, OH_SIP_ROUTE, i), &a) == 0 &&
               is_wanted(&w, m, i, a.uri);
    }
    if (same)
        return;
    if (!oh_rule_run(v) && oh_rule_evidence_lost(v)) { /* what gave the route set may be missing */
        oh_rule_not_checkable(v);
        return;
    }
    char *wanted = wanted_text(&w);
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "route",
                                   .bytes = m->sip->start_line,
                                   .expected = oh_span_of(wanted),
                                   .observed = oh_sip_msg_whole(m->sip, OH_SIP_ROUTE),
                                   .text = w.route_count
                                               ? "The Route of a request in a dialog must be the "
                                                 "route set that Record-Route gave, in its order."
                                               : "The dialog has no route set, so its requests "
                                                 "must not carry a Route.",
                                   .also = w.dialog.is_uac ? w.dialog.answer : w.dialog.invite});
    free(wanted);
}

#define ROUTE(id, meaning, covers, check)                                                          \
    {                                                                                              \
        id, OH_LEVEL_MUST, "RFC 3261 12.2.1.1", OH_ON_REQUEST, NULL, meaning, covers, check        \
    }

static const struct oh_rule rules[] = {
    {"route.request-uri", OH_LEVEL_MUST, "RFC 3261 12.2.1.1", OH_ON_REQUEST | OH_BY_TIME, NULL,
     "A request in a dialog goes to the remote target.",
     "lint.route.loose lint.route.empty lint.route.strict lint.target.refresh lint.ack.2xx "
     "lint.bye.in-dialog",
     check_target},
    ROUTE("route.set", "A request in a dialog has the route set in Route.",
          "lint.route.from-rr-uac lint.route.from-rr-uas lint.route.loose lint.route.empty "
          "lint.route.strict lint.route.static-after-refresh lint.ack.2xx lint.bye.in-dialog",
          check_set),
};

const struct oh_rule_family oh_rules_route = {"route", rules, sizeof rules / sizeof *rules};

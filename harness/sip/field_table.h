/*
 * sip/field_table.h - the table behind sip/field.h: every path with how it is opened and what is
 * picked. Private to sip/.
 *
 * A row's `open` finds the thing that the path's first word names and takes it apart into a view;
 * its `pick` returns one part of that view, or the n-th part where the field is a list. field.c
 * then makes items of them (quotes off, folds mended, numbers read).
 *
 * Uses: sip/field.h, sip/uri.h, sip/via.h.
 */
#ifndef OH_SIP_FIELD_TABLE_H
#define OH_SIP_FIELD_TABLE_H

#include "sip/field.h"
#include "sip/uri.h"
#include "sip/via.h"

enum {
    OH_FIELD_IN_REQUESTS = 1,
    OH_FIELD_IN_RESPONSES = 2,
    OH_FIELD_INDEXED = 4,        /* HEADER[n] makes sense */
    OH_FIELD_NUMBER = 8,         /* broken where it is no number */
    OH_FIELD_NUMBER_IF_ANY = 16, /* a number where it has only digits */
    OH_FIELD_MAY_BE_EMPTY = 32,  /* a number that may stand without its value (rport) */
    OH_FIELD_UNQUOTE = 64,       /* a quoted-string loses its quotes and escapes */
    OH_FIELD_SQUEEZE = 128,      /* white space inside means nothing ("SIP / 2.0") */
    OH_FIELD_RAW = 256,          /* bytes as they are: no folds in it */
    OH_FIELD_LIST = 512,         /* pick is asked for n = 0, 1, ... until it has no more */
};

struct oh_field_row;

/* What is being read: the message, the row, and what the path added to them. */
struct oh_field_query {
    const struct oh_sip_msg *m;
    const struct oh_field_row *row;
    struct oh_span name; /* of a parameter (param.NAME) or a header that is not in the table */
    size_t index;        /* from 1; 0 where the path has none */
};

/* The thing taken apart; only what the row's `open` fills is set. */
struct oh_field_view {
    struct oh_span whole; /* evidence where the picked part itself cannot be shown */
    struct oh_span text;  /* a header's value */
    struct {
        struct oh_span method, request_uri, status, reason, body;
    } message;
    struct oh_sip_uri uri;
    struct oh_sip_name_addr address;
    struct oh_sip_via via;
    struct oh_span via_protocol, via_port;
    struct oh_sip_cseq cseq;
    struct {
        struct oh_span scheme, params;
    } auth;
    char digits[24]; /* of a count; `text` points at them */
    struct {
        struct oh_span session, media; /* up to the first m= line; from the named one to the next */
    } sdp;
};

struct oh_field_row {
    const char *path; /* ends in "NAME" where any name may stand there */
    const char *meaning;
    enum oh_field_state (*open)(const struct oh_field_query *q, struct oh_field_view *v);
    struct oh_span (*pick)(const struct oh_field_query *q, const struct oh_field_view *v, size_t n);
    unsigned flags;
    enum oh_sip_header_id id; /* header rows */
    size_t offset;            /* of the picked span in the view, for rows that pick one */
    const char *name;         /* a parameter; for SDP the media; for counts the header */
    const char *key;          /* SDP: how the line starts */
    size_t word;              /* SDP: which word of it, from 0; SIZE_MAX: all */
};

extern const struct oh_field_row oh_field_rows[];
extern const size_t oh_field_row_count;
/* The row of every header that the table does not name. */
extern const struct oh_field_row oh_field_any_header;
/* The same of how many values it has. */
extern const struct oh_field_row oh_field_any_count;

/* The evidence of several items: from the first to the last, where they stand in that order. */
struct oh_span oh_field_covering(struct oh_span first, struct oh_span last);

enum oh_field_state oh_field_open_message(const struct oh_field_query *q, struct oh_field_view *v);
enum oh_field_state oh_field_open_request_uri(const struct oh_field_query *q,
                                              struct oh_field_view *v);
enum oh_field_state oh_field_open_header(const struct oh_field_query *q, struct oh_field_view *v);
enum oh_field_state oh_field_open_count(const struct oh_field_query *q, struct oh_field_view *v);
enum oh_field_state oh_field_open_address(const struct oh_field_query *q, struct oh_field_view *v);
enum oh_field_state oh_field_open_address_uri(const struct oh_field_query *q,
                                              struct oh_field_view *v);
enum oh_field_state oh_field_open_via(const struct oh_field_query *q, struct oh_field_view *v);
enum oh_field_state oh_field_open_cseq(const struct oh_field_query *q, struct oh_field_view *v);
enum oh_field_state oh_field_open_auth(const struct oh_field_query *q, struct oh_field_view *v);
enum oh_field_state oh_field_open_sdp(const struct oh_field_query *q, struct oh_field_view *v);

/* Each returns an absent span where there is no such part. */
typedef struct oh_span oh_field_pick(const struct oh_field_query *q, const struct oh_field_view *v,
                                     size_t n);
oh_field_pick oh_field_pick_span;          /* the span at the row's offset */
oh_field_pick oh_field_pick_value;         /* the n-th value of a list header */
oh_field_pick oh_field_pick_uri_param;     /* a parameter of the URI */
oh_field_pick oh_field_pick_address_param; /* a parameter of the header */
oh_field_pick oh_field_pick_via_param;     /* a parameter of the Via */
oh_field_pick oh_field_pick_auth_param;    /* a parameter of credentials or challenge */
oh_field_pick oh_field_pick_sdp_session;
oh_field_pick oh_field_pick_sdp_stream;
oh_field_pick oh_field_pick_sdp_connection; /* of the media, else of the session */
oh_field_pick oh_field_pick_sdp_formats;
oh_field_pick oh_field_pick_sdp_lines; /* the n-th line of the media that starts with the key */
oh_field_pick oh_field_pick_sdp_direction;

#endif

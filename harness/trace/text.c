#include "trace/trace.h"

#include "base/file.h"
#include "trace/text_rtp.h"

#include <string.h>

enum { PACKETS_MAX = 100000 }; /* of RTP, which few words can make many of */

struct reader {
    struct oh_trace *trace;
    const char *file;
    struct oh_span rest; /* not read yet */
    struct oh_span line; /* the current one, without its end */
    unsigned number;     /* of it, from 1 */
    struct oh_error *e;
};

static bool next_line(struct reader *r)
{
    if (r->rest.len == 0)
        return false;
    size_t end = oh_span_find(r->rest, '\n');
    r->line = oh_span_sub(r->rest, 0, end);
    r->rest = oh_span_sub(r->rest, end + 1, r->rest.len);
    if (r->line.len > 0 && r->line.at[r->line.len - 1] == '\r')
        r->line.len--;
    r->number++;
    return true;
}

static struct oh_place place_of(const struct reader *r, struct oh_span part)
{
    return (struct oh_place){r->number, (unsigned)(part.at - r->line.at) + 1, (unsigned)part.len};
}

/* Quoting can make four bytes of one. */
static void put_excerpt(struct oh_error *e, struct oh_span line)
{
    struct oh_text quoted = {0};
    oh_text_add_quoted(&quoted, line, sizeof e->excerpt);
    if (quoted.len >= sizeof e->excerpt) {
        oh_text_clear(&quoted);
        oh_text_add_quoted(&quoted, line, sizeof e->excerpt / 4 - 4);
    }
    memcpy(e->excerpt, oh_text_str(&quoted), quoted.len + 1);
    oh_text_release(&quoted);
}

static int fault(struct reader *r, struct oh_place place, const char *text, const char *remedy)
{
    oh_error_at(r->e, r->file, place, "%s", text);
    oh_error_remedy(r->e, "%s", remedy);
    if (r->e && place.line == r->number)
        put_excerpt(r->e, r->line);
    return -1;
}

static struct oh_span next_word(struct oh_span *rest)
{
    *rest = oh_span_trim(*rest);
    size_t len = 0;
    while (len < rest->len && rest->at[len] != ' ' && rest->at[len] != '\t')
        len++;
    struct oh_span word = oh_span_sub(*rest, 0, len);
    *rest = oh_span_sub(*rest, len, rest->len);
    return word;
}

/* "12", "0.012": seconds with up to nine decimals. */
static bool read_seconds(struct oh_span word, int64_t *ns)
{
    size_t dot = oh_span_find(word, '.');
    struct oh_span decimals = oh_span_sub(word, dot + 1, word.len);
    uint64_t whole, part = 0;
    if (!oh_span_to_u64(oh_span_sub(word, 0, dot), &whole) || whole > 9000000000u)
        return false;
    if (dot < word.len && (decimals.len > 9 || !oh_span_to_u64(decimals, &part)))
        return false;
    for (size_t i = dot < word.len ? decimals.len : 9; i < 9; i++)
        part *= 10;
    *ns = (int64_t)(whole * (uint64_t)OH_NS_PER_S + part);
    return true;
}

struct heading {
    int64_t time_ns;
    struct oh_addr src, dst;
    enum oh_transport transport;
    bool is_rtp;
};

/* UDP where the line ends before; false for a word that is none. */
static bool read_transport(struct oh_span word, enum oh_transport *transport)
{
    for (int i = OH_TRANSPORT_UDP; i < OH_TRANSPORTS; i++) {
        *transport = (enum oh_transport)i;
        if (word.len == 0 || oh_span_is(word, oh_transport_name(*transport)))
            return true;
    }
    return false;
}

static int read_heading(struct reader *r, struct heading *h)
{
    static const char form[] = "a message begins with '0.012 127.0.0.2:5060 -> 127.0.0.1:5060'";
    struct oh_span rest = r->line;
    struct oh_span time = next_word(&rest), src = next_word(&rest), arrow = next_word(&rest),
                   dst = next_word(&rest), transport = next_word(&rest);
    if (!read_seconds(time, &h->time_ns))
        return fault(r, place_of(r, time), "no time in seconds stands here", form);
    if (oh_addr_parse(src, &h->src, NULL) < 0 || h->src.port == 0)
        return fault(r, place_of(r, src), "no source address with a port stands here", form);
    if (!oh_span_is(arrow, "->"))
        return fault(r, place_of(r, arrow), "'->' is missing", form);
    if (oh_addr_parse(dst, &h->dst, NULL) < 0 || h->dst.port == 0)
        return fault(r, place_of(r, dst), "no destination address with a port stands here", form);
    h->is_rtp = oh_span_is(transport, "rtp");
    if (!h->is_rtp && !read_transport(transport, &h->transport))
        return fault(r, place_of(r, transport),
                     "what follows the destination address is no transport",
                     "'udp', 'tcp', 'tls' or 'rtp' may stand there; without one it is UDP");
    rest = oh_span_trim(rest);
    if (rest.len > 0)
        return fault(r, place_of(r, rest), "there is more after the transport", form);
    return 0;
}

static int hex_value(char c)
{
    static const char digits[] = "0123456789abcdef";
    if (c >= 'A' && c <= 'F')
        c = (char)(c - 'A' + 'a');
    const char *hit = c ? strchr(digits, c) : NULL;
    return hit ? (int)(hit - digits) : -1;
}

/* The escape that `s` begins with (its backslash first): how many bytes it has; 0 where it is none.
 */
static size_t read_escape(struct oh_span s, char *out)
{
    static const struct {
        char letter, byte;
    } simple[] = {{'r', '\r'}, {'n', '\n'}, {'0', '\0'}, {'\\', '\\'}};
    if (s.len < 2)
        return 0;
    for (size_t i = 0; i < sizeof simple / sizeof simple[0]; i++) {
        if (s.at[1] == simple[i].letter) {
            *out = simple[i].byte;
            return 2;
        }
    }
    int high = s.at[1] == 'x' && s.len >= 4 ? hex_value(s.at[2]) : -1;
    int low = high >= 0 ? hex_value(s.at[3]) : -1;
    if (low < 0)
        return 0;
    *out = (char)(unsigned char)(high * 16 + low);
    return 4;
}

static int add_line(struct reader *r, struct oh_text *message)
{
    struct oh_span rest = r->line;
    while (rest.len > 0) {
        char byte = rest.at[0];
        size_t len = 1;
        if (byte == '\\' && (len = read_escape(rest, &byte)) == 0)
            return fault(r, place_of(r, oh_span_sub(rest, 0, 2)), "unknown escape",
                         "escapes are \\r \\n \\0 \\xNN and \\\\");
        oh_text_add_char(message, byte);
        rest = oh_span_sub(rest, len, rest.len);
    }
    oh_text_add(message, "\r\n");
    return 0;
}

/* "Content-Length: *" or "l: *" */
static bool is_open_length(struct oh_span line, size_t *star)
{
    size_t colon = oh_span_find(line, ':');
    struct oh_span name = oh_span_trim(oh_span_sub(line, 0, colon));
    struct oh_span value = oh_span_trim(oh_span_sub(line, colon + 1, line.len));
    if (colon == line.len || !oh_span_is(value, "*") ||
        oh_sip_header_id_of(name) != OH_SIP_CONTENT_LENGTH)
        return false;
    *star = (size_t)(value.at - line.at);
    return true;
}

struct message {
    struct oh_text bytes;
    size_t star; /* where the length is to be put in; SIZE_MAX: nowhere */
    size_t body; /* where the body begins; SIZE_MAX: no empty line yet */
};

static int read_lines(struct reader *r, struct message *m)
{
    unsigned begins = r->number;
    while (next_line(r)) {
        size_t star;
        if (oh_span_is(r->line, "."))
            return 0;
        if (m->body == SIZE_MAX && is_open_length(r->line, &star))
            m->star = m->bytes.len + star;
        bool is_blank = r->line.len == 0;
        if (add_line(r, &m->bytes) < 0)
            return -1;
        if (is_blank && m->body == SIZE_MAX)
            m->body = m->bytes.len;
    }
    return fault(r, (struct oh_place){begins, 1, 1}, "the message that begins here does not end",
                 "end it with a line that holds a single dot");
}

static void put_length(struct message *m)
{
    struct oh_text whole = {0};
    if (m->star == SIZE_MAX)
        return;
    struct oh_span all = oh_text_span(&m->bytes);
    size_t body_len = m->body == SIZE_MAX ? 0 : all.len - m->body;
    oh_text_add_span(&whole, oh_span_sub(all, 0, m->star));
    oh_text_addf(&whole, "%zu", body_len);
    oh_text_add_span(&whole, oh_span_sub(all, m->star + 1, all.len));
    oh_text_release(&m->bytes);
    m->bytes = whole;
}

/* Frames are numbered on, whatever they hold. */
static unsigned next_frame(const struct reader *r)
{
    return (unsigned)(r->trace->msg_count + r->trace->rtp_count) + 1;
}

/* A line for some packets each, to the line with a dot. */
static int read_packets(struct reader *r, const struct heading *h)
{
    unsigned begins = r->number;
    int64_t time_ns = h->time_ns;
    struct oh_text_rtp rtp;
    oh_text_rtp_begin(&rtp);
    while (next_line(r)) {
        struct oh_span bad;
        if (oh_span_is(r->line, "."))
            return 0;
        const char *wrong = oh_text_rtp_line(&rtp, r->line, &bad);
        if (wrong)
            return fault(r, place_of(r, bad), wrong,
                         "a line is 'packets 5 type 0 sequence 1 timestamp 0 ssrc 7'");
        if (r->trace->rtp_count + rtp.packets > PACKETS_MAX)
            return fault(r, place_of(r, r->line), "these are too many packets",
                         "a text holds 100,000 of RTP at most");
        for (uint64_t i = 0; i < rtp.packets; i++) {
            unsigned char bytes[OH_TEXT_RTP_MAX];
            size_t len = oh_text_rtp_next(&rtp, bytes);
            (void)oh_trace_add_rtp(r->trace, next_frame(r), time_ns, &h->src, &h->dst,
                                   (struct oh_span){(const char *)bytes, len});
            time_ns += (int64_t)rtp.every_us * 1000;
        }
    }
    return fault(r, (struct oh_place){begins, 1, 1}, "the packets that begin here do not end",
                 "end them with a line that holds a single dot");
}

static int read_message(struct reader *r)
{
    struct heading h;
    struct message m = {.star = SIZE_MAX, .body = SIZE_MAX};
    int result = -1;
    if (read_heading(r, &h) < 0)
        return -1;
    if (h.is_rtp)
        return read_packets(r, &h);
    unsigned begins = r->number;
    if (read_lines(r, &m) < 0)
        goto out;
    put_length(&m);
    if (!oh_trace_add(r->trace, next_frame(r), h.time_ns, &h.src, &h.dst, h.transport,
                      oh_text_span(&m.bytes))) {
        fault(r, (struct oh_place){begins + 1, 1, 1}, "this is no SIP message",
              "its first line is 'METHOD URI SIP/2.0' or 'SIP/2.0 STATUS REASON'");
        goto out;
    }
    result = 0;
out:
    oh_text_release(&m.bytes);
    return result;
}

int oh_trace_read_text(struct oh_trace *t, const char *file, struct oh_span text,
                       struct oh_error *e)
{
    struct reader r = {.trace = t, .file = file, .rest = text, .e = e};
    while (next_line(&r)) {
        struct oh_span line = oh_span_trim(r.line);
        if (line.len == 0 || line.at[0] == '#')
            continue;
        if (read_message(&r) < 0)
            return -1;
    }
    return 0;
}

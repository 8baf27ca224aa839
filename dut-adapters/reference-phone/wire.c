#include "wire.h"

#include "log.h"
#include "mutants.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { DATAGRAM_MAX = 65536, CALLS_KEPT = 16 };

/* A piece of a message: where it begins and how long it is. */
struct span {
    size_t at;
    size_t len;
};

/* The first INVITE of a call, and whether it was challenged. */
struct first_invite {
    char call_id[128];
    char branch[128];
    unsigned long cseq; /* as the stack counts */
    bool challenged;
};

/* The functions below stand in for the C library's, so no argument can carry their state. */
static struct {
    unsigned mutants;
    struct first_invite calls[CALLS_KEPT];
    unsigned next;
} wire;

void rp_wire_set(unsigned mutants)
{
    wire.mutants = mutants;
}

/* ---- reading a message ---- */

/* The value of the first header of that name, long or compact; an empty span if there is none. */
static struct span find_header(const char *text, size_t len, const char *name, char compact)
{
    size_t name_len = strlen(name);
    for (size_t at = 0; at < len;) {
        const char *end = memchr(text + at, '\n', len - at);
        size_t line_len = (end ? (size_t)(end - text) : len) - at;
        const char *line = text + at;
        const char *colon = memchr(line, ':', line_len);
        size_t found = colon ? (size_t)(colon - line) : 0;
        while (found && (line[found - 1] == ' ' || line[found - 1] == '\t'))
            found--;
        if (line_len <= 1)
            break; /* the body begins */
        if ((found == name_len && strncasecmp(line, name, found) == 0) ||
            (compact && found == 1 && (line[0] | 0x20) == compact)) {
            size_t from = (size_t)(colon + 1 - text), to = at + line_len;
            while (from < to && (text[from] == ' ' || text[from] == '\t'))
                from++;
            while (to > from && (text[to - 1] == '\r' || text[to - 1] == ' '))
                to--;
            return (struct span){from, to - from};
        }
        at += line_len + 1;
    }
    return (struct span){0, 0};
}

static struct span find_branch(const char *text, size_t len)
{
    static const char name[] = ";branch=";
    struct span via = find_header(text, len, "Via", 'v');
    for (size_t i = 0; i + sizeof name - 1 < via.len; i++) {
        if (strncasecmp(text + via.at + i, name, sizeof name - 1) != 0)
            continue;
        size_t from = via.at + i + sizeof name - 1, to = from;
        while (to < via.at + via.len && !strchr(";, \t", text[to]))
            to++;
        return (struct span){from, to - from};
    }
    return (struct span){0, 0};
}

/* The digits of CSeq. */
static struct span find_cseq(const char *text, size_t len)
{
    struct span cseq = find_header(text, len, "CSeq", 0);
    size_t digits = 0;
    while (digits < cseq.len && text[cseq.at + digits] >= '0' && text[cseq.at + digits] <= '9')
        digits++;
    cseq.len = digits;
    return cseq;
}

static bool cseq_method_is(const char *text, size_t len, const char *method)
{
    struct span cseq = find_header(text, len, "CSeq", 0);
    size_t method_len = strlen(method);
    return cseq.len > method_len &&
           memcmp(text + cseq.at + cseq.len - method_len, method, method_len) == 0;
}

static unsigned long number_at(const char *text, struct span span)
{
    unsigned long value = 0;
    for (size_t i = 0; i < span.len; i++)
        value = value * 10 + (unsigned long)(text[span.at + i] - '0');
    return value;
}

static bool span_is(const char *text, struct span span, const char *string)
{
    return span.len == strlen(string) && memcmp(text + span.at, string, span.len) == 0;
}

static bool begins(const char *text, size_t len, const char *start)
{
    return len >= strlen(start) && memcmp(text, start, strlen(start)) == 0;
}

/* ---- the calls seen ---- */

static struct first_invite *find_call(const char *text, size_t len)
{
    struct span call_id = find_header(text, len, "Call-ID", 'i');
    for (size_t i = 0; i < CALLS_KEPT && call_id.len; i++)
        if (span_is(text, call_id, wire.calls[i].call_id))
            return &wire.calls[i];
    return NULL;
}

static void note_invite(const char *text, size_t len)
{
    struct span call_id = find_header(text, len, "Call-ID", 'i');
    struct span branch = find_branch(text, len);
    struct first_invite *call = &wire.calls[wire.next];
    if (find_call(text, len) || !call_id.len || call_id.len >= sizeof call->call_id ||
        branch.len >= sizeof call->branch)
        return;
    wire.next = (wire.next + 1) % CALLS_KEPT;
    memset(call, 0, sizeof *call);
    memcpy(call->call_id, text + call_id.at, call_id.len);
    memcpy(call->branch, text + branch.at, branch.len);
    call->cseq = number_at(text, find_cseq(text, len));
}

/* ---- the faults ---- */

/* Puts the string in place of the span; the buffer has room for DATAGRAM_MAX bytes. */
static void put(char *text, size_t *len, struct span span, const char *string)
{
    size_t new_len = strlen(string);
    if (*len - span.len + new_len > DATAGRAM_MAX)
        return;
    memmove(text + span.at + new_len, text + span.at + span.len, *len - span.at - span.len);
    memcpy(text + span.at, string, new_len);
    *len += new_len - span.len;
}

static void put_cseq(char *text, size_t *len, unsigned long number)
{
    char digits[24];
    snprintf(digits, sizeof digits, "%lu", number);
    put(text, len, find_cseq(text, *len), digits);
}

/* The same other branch each time that this ACK is repeated. */
static void change_branch(char *text, size_t *len)
{
    char branch[136];
    struct span span = find_branch(text, *len);
    if (span.len < 8 || span.len >= sizeof branch - 1)
        return;
    memcpy(branch, text + span.at, span.len);
    branch[span.len] = '\0';
    char *last = branch + span.len - 1;
    *last = *last == 'x' ? 'y' : 'x';
    put(text, len, span, branch);
}

/* The mutant same-cseq sends the first INVITE with the number that the stack will give to the
 * second, and gives the stack its own number back. All after it is then in order. */
static bool shifts(const struct first_invite *call, unsigned long cseq)
{
    return !(call->challenged && cseq > call->cseq);
}

/* Makes the faults that are due in a message about to be sent. False: it must not be sent. */
static bool spoil_outgoing(char *text, size_t *len)
{
    unsigned mutants = wire.mutants;
    if (begins(text, *len, "SIP/2.0 "))
        return true;
    if (begins(text, *len, "BYE "))
        if (mutants & RP_NO_BYE)
            return false;
    if (begins(text, *len, "INVITE "))
        note_invite(text, *len);

    const struct first_invite *call = find_call(text, *len);
    if (!call)
        return true;
    unsigned long cseq = number_at(text, find_cseq(text, *len));
    bool ack = begins(text, *len, "ACK ") && call->challenged &&
               span_is(text, find_branch(text, *len), call->branch);
    if (ack && mutants & RP_NO_ACK_407)
        return false;
    if (mutants & RP_SAME_CSEQ && shifts(call, cseq))
        put_cseq(text, len, ++cseq);
    if (ack && mutants & RP_ACK_OTHER_CSEQ)
        put_cseq(text, len, cseq + 1);
    if (ack && mutants & RP_ACK_NEW_BRANCH)
        change_branch(text, len);
    return true;
}

/* Notes a challenge; gives the stack the CSeq number it counts with. Keeps the length. */
static void read_incoming(char *text, size_t len)
{
    struct first_invite *call = begins(text, len, "SIP/2.0 ") ? find_call(text, len) : NULL;
    if (!call)
        return;
    bool first = span_is(text, find_branch(text, len), call->branch);
    if (first && cseq_method_is(text, len, "INVITE") &&
        (begins(text, len, "SIP/2.0 407") || begins(text, len, "SIP/2.0 401")))
        call->challenged = true;
    if (!(wire.mutants & RP_SAME_CSEQ) || (call->challenged && !first))
        return;
    char digits[24];
    struct span span = find_cseq(text, len);
    snprintf(digits, sizeof digits, "%lu", number_at(text, span) - 1);
    if (strlen(digits) == span.len)
        memcpy(text + span.at, digits, span.len);
}

/* ---- in place of the C library's ---- */

static size_t gather(char *to, const struct msghdr *message)
{
    size_t len = 0;
    for (size_t i = 0; i < message->msg_iovlen; i++) {
        size_t part = message->msg_iov[i].iov_len;
        if (part > DATAGRAM_MAX - len)
            part = DATAGRAM_MAX - len;
        memcpy(to + len, message->msg_iov[i].iov_base, part);
        len += part;
    }
    return len;
}

static void scatter(const struct msghdr *message, const char *from, size_t len)
{
    for (size_t i = 0; i < message->msg_iovlen && len; i++) {
        size_t part = message->msg_iov[i].iov_len;
        if (part > len)
            part = len;
        memcpy(message->msg_iov[i].iov_base, from, part);
        from += part;
        len -= part;
    }
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    static char text[DATAGRAM_MAX];
    if (!wire.mutants)
        return syscall(SYS_sendmsg, fd, message, flags);
    size_t original = gather(text, message), len = original;
    if (!spoil_outgoing(text, &len)) {
        rp_log("mutant: %.*s is not sent", (int)strcspn(text, "\r\n"), text);
        return (ssize_t)original;
    }
    struct iovec part = {text, len};
    struct msghdr changed = *message;
    changed.msg_iov = &part;
    changed.msg_iovlen = 1;
    ssize_t sent = syscall(SYS_sendmsg, fd, &changed, flags);
    return sent < 0 ? sent : (ssize_t)original;
}

ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
    static char text[DATAGRAM_MAX];
    ssize_t got = syscall(SYS_recvmsg, fd, message, flags);
    if (got <= 0 || !wire.mutants || flags & MSG_ERRQUEUE)
        return got;
    size_t len = gather(text, message);
    if (len > (size_t)got)
        len = (size_t)got;
    read_incoming(text, len);
    scatter(message, text, len);
    return got;
}

/* The address has the type that glibc's own declaration gives it. */
ssize_t sendto(int fd, const void *bytes, size_t len, int flags, __CONST_SOCKADDR_ARG to,
               socklen_t to_len)
{
    /* At start Sofia sends itself this datagram to learn about MSG_TRUNC. It has nothing to do with
     * SIP, so it stays off the wire; the stack then takes the careful way, which serves as well. */
    if (len == 4 && memcmp(bytes, "TEST", 4) == 0)
        return -1;
    return syscall(SYS_sendto, fd, bytes, len, flags, to.__sockaddr__, to_len);
}

#include "trace/input.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define READ_BYTES  ((size_t)64 << 10)
#define ROOM        ((size_t)256 << 10) /* of the window, while nobody asks for more */
#define GZIP_WINDOW (15 + 16)           /* zlib: the largest window, with gzip's header */

struct oh_input {
    int fd;
    bool owns_fd, is_gzip, ended, stopped;
    oh_input_go_on_fn *go_on;
    void *arg;
    uint64_t bytes_read, bytes_in_all;
    const char *trouble;
    char *window;
    size_t room, from, to; /* what has come and is not taken: [from, to) */
    z_stream z;
    bool within;  /* a gzip member */
    bool is_full; /* z had more to give than there was room */
    char *packed; /* READ_BYTES of gzip; what is not unpacked yet is z's */
};

/* --- bytes of the file --- */

/* Up to `room` of them; 0 at the end, and where it cannot or shall not go on. */
static size_t read_some(struct oh_input *in, char *to, size_t room)
{
    ssize_t got;
    do {
        if (in->go_on && !in->go_on(in->arg)) {
            in->ended = in->stopped = true;
            return 0;
        }
        got = read(in->fd, to, room);
    } while (got < 0 && errno == EINTR);
    if (got < 0)
        in->trouble = strerror(errno);
    in->ended = got <= 0;
    in->bytes_read += got > 0 ? (uint64_t)got : 0;
    return got > 0 ? (size_t)got : 0;
}

/* --- gzip --- */

static void begin_gzip(struct oh_input *in)
{
    in->is_gzip = true;
    in->packed = oh_alloc(READ_BYTES);
    in->z.avail_in = (uInt)(in->to - in->from);
    in->z.next_in = (Bytef *)in->packed;
    memcpy(in->packed, in->window + in->from, in->z.avail_in);
    in->from = in->to = 0;
    int status = inflateInit2(&in->z, GZIP_WINDOW);
    assert(status == Z_OK);
    (void)status;
    in->within = true;
}

/* False: nothing more comes. */
static bool refill(struct oh_input *in)
{
    in->z.next_in = (Bytef *)in->packed;
    in->z.avail_in = (uInt)read_some(in, in->packed, READ_BYTES);
    if (in->z.avail_in == 0 && in->within && !in->trouble && !in->stopped)
        in->trouble = "its gzip is not whole";
    return in->z.avail_in > 0;
}

/* Between two members; what is none is padding, and left alone. */
static bool begins_member(struct oh_input *in)
{
    in->within = in->z.next_in[0] == 0x1f;
    in->ended = !in->within;
    inflateReset(&in->z);
    return in->within;
}

static size_t unpack_some(struct oh_input *in, char *to, size_t room)
{
    in->z.next_out = (Bytef *)to;
    in->z.avail_out = (uInt)room;
    while (!in->ended && in->z.avail_out == room) {
        if (in->z.avail_in == 0 && !in->is_full && !refill(in))
            break;
        if (!in->within && !begins_member(in))
            break;
        int status = inflate(&in->z, Z_NO_FLUSH);
        in->is_full = in->z.avail_out == 0;
        if (status == Z_STREAM_END) {
            in->within = in->is_full = false;
        } else if (status != Z_OK && !(status == Z_BUF_ERROR && in->z.avail_in == 0)) {
            in->trouble = "its gzip is damaged";
            in->ended = true;
        }
    }
    return room - in->z.avail_out;
}

/* --- the window --- */

static void make_room(struct oh_input *in, size_t len)
{
    if (in->room - in->from >= len && in->room - in->to >= READ_BYTES)
        return;
    if (in->from > 0)
        memmove(in->window, in->window + in->from, in->to - in->from);
    in->to -= in->from;
    in->from = 0;
    if (in->room >= len + READ_BYTES)
        return;
    in->room = len + READ_BYTES > ROOM ? len + READ_BYTES : ROOM;
    in->window = oh_realloc(in->window, in->room);
}

struct oh_span oh_input_see(struct oh_input *in, size_t len)
{
    assert(len <= OH_INPUT_MOST);
    while (in->to - in->from < len && !in->ended) {
        make_room(in, len);
        char *to = in->window + in->to;
        size_t room = in->room - in->to;
        in->to += in->is_gzip ? unpack_some(in, to, room) : read_some(in, to, READ_BYTES);
    }
    return (struct oh_span){in->window + in->from, in->to - in->from};
}

bool oh_input_take(struct oh_input *in, uint64_t len)
{
    while (len > in->to - in->from) {
        len -= in->to - in->from;
        in->from = in->to = 0;
        if (oh_input_see(in, 1).len == 0)
            return false;
    }
    in->from += (size_t)len;
    return true;
}

/* --- opening --- */

static const char *look_at_file(struct oh_input *in)
{
    struct stat st = {0};
    if (fstat(in->fd, &st) != 0)
        return strerror(errno);
    if (S_ISDIR(st.st_mode))
        return "it is a folder";
    in->bytes_in_all = S_ISREG(st.st_mode) && st.st_size > 0 ? (uint64_t)st.st_size : 0;
    return NULL;
}

static const char *name_of(const char *path)
{
    return strcmp(path, "-") == 0 ? "standard input" : path;
}

int oh_input_refuse(const char *path, const char *why, struct oh_error *e)
{
    oh_error_set(e, "%s is no capture that can be read: %s", name_of(path), why);
    return oh_error_remedy(
        e, "a pcap or pcapng file is wanted, as tcpdump, dumpcap and Wireshark write");
}

static int open_file(struct oh_input *in, const char *path, struct oh_error *e)
{
    in->owns_fd = strcmp(path, "-") != 0;
    in->fd = in->owns_fd ? open(path, O_RDONLY | O_CLOEXEC) : STDIN_FILENO;
    if (in->fd < 0)
        return oh_error_set(e, "%s cannot be opened: %s", path, strerror(errno));
    if (!in->owns_fd && isatty(in->fd)) {
        oh_error_set(e, "standard input is a terminal, no capture");
        return oh_error_remedy(e, "pipe one in: tcpdump -U -w - | offhook check -");
    }
    const char *why = look_at_file(in);
    return why ? oh_input_refuse(path, why, e) : 0;
}

struct oh_input *oh_input_open(const char *path, oh_input_go_on_fn *go_on, void *arg,
                               struct oh_error *e)
{
    struct oh_input *in = oh_alloc(sizeof *in);
    in->fd = -1;
    in->go_on = go_on;
    in->arg = arg;
    if (open_file(in, path, e) < 0)
        goto refused;
    struct oh_span first = oh_input_see(in, 2);
    if (first.len == 0) {
        const char *empty =
            in->stopped ? "nothing had come when reading was stopped" : "it is empty";
        oh_input_refuse(path, in->trouble ? in->trouble : empty, e);
        goto refused;
    }
    if (first.len >= 2 && memcmp(first.at, "\x1f\x8b", 2) == 0) /* RFC 1952 2.3.1 */
        begin_gzip(in);
    return in;
refused:
    oh_input_free(in);
    return NULL;
}

void oh_input_free(struct oh_input *in)
{
    if (!in)
        return;
    if (in->is_gzip)
        inflateEnd(&in->z);
    if (in->owns_fd && in->fd >= 0)
        close(in->fd);
    free(in->packed);
    free(in->window);
    free(in);
}

const char *oh_input_trouble(const struct oh_input *in)
{
    return in->trouble;
}

bool oh_input_is_stopped(const struct oh_input *in)
{
    return in->stopped;
}

uint64_t oh_input_bytes_read(const struct oh_input *in)
{
    return in->bytes_read;
}

uint64_t oh_input_bytes_in_all(const struct oh_input *in)
{
    return in->bytes_in_all;
}

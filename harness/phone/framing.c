/* JSON messages as lines and as netstrings: the two differ in how one is cut off and put on. */
#include "phone/framing.h"

#include <stdlib.h>

#define MESSAGE_MAX_BYTES (1U << 20)

struct frame {
    /* The length of the first frame of `bytes` and what it holds (nothing: NULL); 0: not yet whole;
     * -1: none. */
    ssize_t (*cut)(struct oh_span bytes, struct oh_span *message);
    void (*put)(struct oh_span message, struct oh_text *out);
    const char *unfit;
    bool can_skip;      /* a frame that is too long ends at the next LF */
    bool ends_with_end; /* the last one may lack its end */
};

struct oh_framing {
    struct oh_framing_owner owner;
    const struct frame *frame;
    struct oh_text got;
    bool skipping;
};

/* --- lines --- */

static ssize_t cut_line(struct oh_span bytes, struct oh_span *message)
{
    size_t len = oh_span_find(bytes, '\n');
    if (len == bytes.len)
        return 0;
    *message = oh_span_trim(oh_span_sub(bytes, 0, len));
    if (!message->len)
        message->at = NULL;
    return (ssize_t)len + 1;
}

static void put_line(struct oh_span message, struct oh_text *out)
{
    oh_text_add_span(out, message);
    oh_text_add_char(out, '\n');
}

static const struct frame line = {
    .cut = cut_line, .put = put_line, .can_skip = true, .ends_with_end = true};

/* --- netstrings --- */

static ssize_t cut_netstring(struct oh_span s, struct oh_span *message)
{
    uint64_t len;
    size_t colon = oh_span_find(s, ':');
    if (colon == s.len)
        return s.len > 8 ? -1 : 0;
    if (colon > 8 || !oh_span_to_u64(oh_span_sub(s, 0, colon), &len) || len > MESSAGE_MAX_BYTES)
        return -1;
    size_t whole = colon + 1 + (size_t)len + 1;
    if (s.len < whole)
        return 0;
    *message = oh_span_sub(s, colon + 1, (size_t)len);
    return s.at[whole - 1] == ',' ? (ssize_t)whole : -1;
}

static void put_netstring(struct oh_span message, struct oh_text *out)
{
    oh_text_addf(out, "%zu:", message.len);
    oh_text_add_span(out, message);
    oh_text_add_char(out, ',');
}

static const struct frame netstring = {.cut = cut_netstring,
                                       .put = put_netstring,
                                       .unfit =
                                           "what came on the control connection is no netstring"};

/* --- both --- */

static struct oh_framing *open_frames(const struct oh_framing_owner *owner,
                                      const struct frame *frame)
{
    struct oh_framing *f = oh_alloc(sizeof *f);
    *f = (struct oh_framing){.owner = *owner, .frame = frame};
    return f;
}

static struct oh_framing *open_lines(const struct oh_driver_plan *plan,
                                     const struct oh_framing_owner *owner)
{
    (void)plan;
    return open_frames(owner, &line);
}

static struct oh_framing *open_netstrings(const struct oh_driver_plan *plan,
                                          const struct oh_framing_owner *owner)
{
    (void)plan;
    return open_frames(owner, &netstring);
}

static void begin(struct oh_framing *f)
{
    f->owner.up(f->owner.arg);
}

/* The rest of a frame that was too long goes. */
static struct oh_span skip(struct oh_framing *f, struct oh_span bytes)
{
    size_t len = oh_span_find(bytes, '\n');
    f->skipping = len == bytes.len;
    return f->skipping ? (struct oh_span){0} : oh_span_sub(bytes, len + 1, bytes.len - len - 1);
}

static int take(struct oh_framing *f, struct oh_span bytes, struct oh_error *e)
{
    if (f->skipping)
        bytes = skip(f, bytes);
    if (f->skipping)
        return 0;
    oh_text_add_span(&f->got, bytes);
    struct oh_text whole = f->got; /* the owner may come back here */
    struct oh_span rest = oh_text_span(&whole), message = {0};
    ssize_t len = 0;
    f->got = (struct oh_text){0};
    while (rest.len && (len = f->frame->cut(rest, &message)) > 0) {
        if (message.at)
            f->owner.got(message, OH_ANSWERS_SOMETHING, f->owner.arg);
        rest = oh_span_sub(rest, (size_t)len, rest.len - (size_t)len);
    }
    f->skipping = f->frame->can_skip && rest.len > MESSAGE_MAX_BYTES;
    if (!f->skipping)
        oh_text_add_span(&f->got, rest);
    oh_text_release(&whole);
    return len >= 0 ? 0 : oh_error_set(e, "%s", f->frame->unfit);
}

static int send_message(struct oh_framing *f, uint64_t id, struct oh_span message,
                        struct oh_error *e)
{
    struct oh_text framed = {0};
    (void)id;
    f->frame->put(message, &framed);
    int result = f->owner.put(oh_text_span(&framed), f->owner.arg, e);
    oh_text_release(&framed);
    return result;
}

static void end(struct oh_framing *f)
{
    struct oh_span rest = oh_span_trim(oh_text_span(&f->got));
    if (f->frame->ends_with_end && rest.len)
        f->owner.got(rest, OH_ANSWERS_SOMETHING, f->owner.arg);
    oh_text_clear(&f->got);
}

static void close_frames(struct oh_framing *f)
{
    if (f)
        oh_text_release(&f->got);
    free(f);
}

const struct oh_framing_ops oh_framing_json_lines = {
    .open = open_lines,
    .begin = begin,
    .take = take,
    .send = send_message,
    .end = end,
    .close = close_frames,
};

const struct oh_framing_ops oh_framing_netstrings = {
    .open = open_netstrings,
    .begin = begin,
    .take = take,
    .send = send_message,
    .end = end,
    .close = close_frames,
};

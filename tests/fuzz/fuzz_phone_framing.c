/* What a phone program says, into messages. Input: a byte of how the rest is framed and split, then
 * the stream. However it is split, the same messages come out, and what is told of text is JSON. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "phone/framing.h"

#include <jansson.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct heard {
    struct oh_text all;
    bool is_text;
};

static void on_got(struct oh_span message, uint64_t answer_to, void *arg)
{
    struct heard *h = arg;
    if (h->is_text && message.len && message.at[0] == '{' && answer_to != OH_ANSWERS_NOTHING) {
        json_t *object = json_loadb(message.at, message.len, 0, NULL);
        assert(json_is_object(object));
        assert(json_is_string(json_object_get(object, "text")));
        json_decref(object);
    }
    oh_text_addf(&h->all, "<%llu>", (unsigned long long)answer_to);
    oh_text_add_span(&h->all, message);
}

static void on_up(void *arg)
{
    oh_text_add(&((struct heard *)arg)->all, "<up>");
}

static int on_put(struct oh_span bytes, void *arg, struct oh_error *e)
{
    struct heard *h = arg;
    (void)e;
    oh_text_add(&h->all, "<put>");
    oh_text_add_span(&h->all, bytes);
    return 0;
}

static void hear(const struct oh_framing_ops *ops, const struct oh_driver_plan *plan,
                 struct oh_span bytes, size_t chunk, struct heard *h)
{
    struct oh_framing_owner owner = {on_got, on_up, on_put, h};
    struct oh_framing *f = ops->open(plan, &owner);
    struct oh_error e = {0};
    int result = 0;
    h->is_text = ops == &oh_framing_text;
    ops->begin(f);
    ops->send(f, 1, oh_span_of("first"), &e);
    ops->send(f, 2, oh_span_of("second"), &e);
    while (bytes.len && result == 0) {
        size_t len = chunk && chunk < bytes.len ? chunk : bytes.len;
        result = ops->take(f, oh_span_sub(bytes, 0, len), &e);
        bytes = oh_span_sub(bytes, len, bytes.len - len);
    }
    if (result == 0)
        ops->end(f);
    ops->close(f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const until[] = {"", "end*"}, *const asks[] = {"N*: "};
    static const struct oh_terminal_block blocks[] = {{"Event*", until, 2}, {"\\* *", NULL, 0}};
    static const struct oh_terminal_plan terminals[] = {
        {.prompt = "*> ",
         .enter = "\r",
         .blocks = blocks,
         .block_count = 2,
         .redraws = true,
         .asks = asks,
         .ask_count = 1},
        {.enter = "\n", .ends = until, .end_count = 2, .blocks = blocks, .block_count = 2},
        {.prompt = "> ", .answer = "Status*", .echo = true, .enter = "\r\n"},
    };
    static const struct oh_framing_ops *const framings[] = {&oh_framing_json_lines,
                                                            &oh_framing_netstrings,
                                                            &oh_framing_text, &oh_framing_text,
                                                            &oh_framing_text};
    if (size < 2)
        return 0;
    size_t which = data[0] % 5;
    const struct oh_driver_plan plan = {.terminal = &terminals[which < 2 ? 0 : which - 2]};
    struct oh_span bytes = {(const char *)data + 1, size - 1};
    struct heard whole = {0}, split = {0};
    hear(framings[which], &plan, bytes, 0, &whole);
    hear(framings[which], &plan, bytes, 1 + data[0] / 5U, &split);
    assert(whole.all.len == split.all.len);
    assert(!whole.all.len || memcmp(whole.all.at, split.all.at, whole.all.len) == 0);
    oh_text_release(&whole.all);
    oh_text_release(&split.all);
    return 0;
}

/* Whole capture files, of any form, read as a stranger's. Input: the file. */
#include "trace/capture.h"

#include <assert.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
    unsigned last;
    unsigned sum;
    size_t told, lost;
};

/* Reads every byte given, so that one outside the packet is noticed. */
static void take(unsigned frame, int64_t time_ns, const struct oh_addr *src,
                 const struct oh_addr *dst, struct oh_span bytes, void *arg)
{
    struct seen *seen = arg;
    for (size_t i = 0; i < bytes.len; i++)
        seen->sum += (uint8_t)bytes.at[i];
    assert(frame >= 1 && time_ns >= 0);
    assert(src->family == dst->family && src->family != OH_FAMILY_NONE);
    seen->last = frame > seen->last ? frame : seen->last;
    seen->told++;
}

static void lose(void *arg)
{
    struct seen *seen = arg;
    seen->lost++;
}

static bool go_on(uint64_t bytes_read, uint64_t bytes_in_all, void *arg)
{
    (void)arg;
    assert(bytes_read <= bytes_in_all || bytes_in_all == 0);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int fd = -1;
    static char path[32];
    struct seen seen = {0};
    struct oh_capture_counts counts;
    struct oh_error e = {0};
    const struct oh_capture_sink sink = {
        .datagram = take, .tcp_message = take, .lost = lose, .go_on = go_on, .arg = &seen};
    if (fd < 0) {
        fd = memfd_create("capture", MFD_CLOEXEC);
        assert(fd >= 0);
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    }
    assert(ftruncate(fd, 0) == 0);
    assert(pwrite(fd, data, size, 0) == (ssize_t)size);
    int status = oh_capture_scan(path, NULL, 0, &sink, &counts, &e);
    assert(status == 0 || (status == -1 && e.text[0]));
    assert(seen.last <= counts.frames);
    assert(status == -1 || counts.truncated == (seen.lost > 0));
    assert(counts.cut + counts.other <= counts.frames);
    return 0;
}

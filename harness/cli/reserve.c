#include "cli/reserve.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define HEAD_BYTES     16384
#define SCENARIO_BYTES 65536 /* a call of a hundred messages */

int oh_reserve_take(const char *folder, size_t scenarios, struct oh_error *e)
{
    off_t bytes = HEAD_BYTES + (off_t)scenarios * SCENARIO_BYTES;
    int fd = open(folder, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
    if (fd < 0)
        return -1;
    int trouble = posix_fallocate(fd, 0, bytes);
    if (trouble != ENOSPC && trouble != EDQUOT)
        return fd;
    close(fd);
    oh_error_set(e, "%s has no room for the report, %lld KiB: %s", folder,
                 (long long)(bytes / 1024), strerror(trouble));
    oh_error_remedy(e, "free some space on the disk, or choose another folder with -o");
    return -2;
}

void oh_reserve_release(int reserve)
{
    if (reserve >= 0)
        close(reserve);
}

#include "base/file.h"

#include <assert.h>
#include <stdio.h>
#include <time.h>

static int64_t now(clockid_t clock)
{
    struct timespec ts;
    int result = clock_gettime(clock, &ts);
    assert(result == 0);
    (void)result;
    return (int64_t)ts.tv_sec * OH_NS_PER_S + ts.tv_nsec;
}

int64_t oh_clock_wall_ns(void)
{
    return now(CLOCK_REALTIME);
}

int64_t oh_clock_mono_ns(void)
{
    return now(CLOCK_MONOTONIC);
}

const char *oh_clock_format(int64_t wall_ns, char out[32])
{
    struct tm tm;
    int64_t rest = wall_ns % OH_NS_PER_S;
    time_t seconds = (time_t)(wall_ns / OH_NS_PER_S);
    if (rest < 0) {
        rest += OH_NS_PER_S;
        seconds--;
    }
    gmtime_r(&seconds, &tm);
    char day[24];
    strftime(day, sizeof day, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(out, 32, "%s.%03dZ", day, (int)(rest / OH_NS_PER_MS));
    return out;
}

#include "log.h"

#include <sofia-sip/su_log.h>

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

/* The one log of the process; Sofia's log is one per process too. */
static FILE *log_file;

static void stamp(FILE *out)
{
    struct timespec now;
    struct tm day;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &day);
    fprintf(out, "%02d:%02d:%02d.%03ld ", day.tm_hour, day.tm_min, day.tm_sec,
            now.tv_nsec / 1000000L);
}

static void take_sofia(void *stream, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

static void take_sofia(void *stream, const char *format, va_list arguments)
{
    vfprintf(stream, format, arguments);
}

int rp_log_open(const char *path)
{
    log_file = path ? fopen(path, "ae") : stderr;
    if (!log_file)
        return -1;
    setvbuf(log_file, NULL, _IOLBF, 0);
    su_log_redirect(su_log_default, take_sofia, log_file);
    return 0;
}

void rp_log(const char *format, ...)
{
    va_list arguments;
    if (!log_file)
        return;
    stamp(log_file);
    va_start(arguments, format);
    vfprintf(log_file, format, arguments);
    va_end(arguments);
    fputc('\n', log_file);
}

void rp_log_close(void)
{
    su_log_redirect(su_log_default, NULL, NULL);
    if (log_file && log_file != stderr)
        fclose(log_file);
    log_file = NULL;
}

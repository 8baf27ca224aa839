/* The phone's log: lines on standard error, or in the file of --log. Never on standard output. */
#ifndef RP_LOG_H
#define RP_LOG_H

/* Opens the log; a null path means standard error. Takes Sofia's own lines in too.
 * Returns 0, or -1 with errno set. */
int rp_log_open(const char *path);

void rp_log(const char *format, ...) __attribute__((format(printf, 1, 2)));

void rp_log_close(void);

#endif

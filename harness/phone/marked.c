#include "phone/marked.h"

#include "base/file.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

#define MARK_NAME      "OFFHOOK_PHONE"
#define ENVIRON_BYTES  (1024 * 1024)
#define TABLE_BYTES    (16 * 1024 * 1024)
#define KILLING_ROUNDS 16 /* for those that are born while we kill */
#define MAX_SOCKETS    64 /* of one address; more are not looked at */

void oh_mark_make(char mark[OH_MARK_BYTES])
{
    snprintf(mark, OH_MARK_BYTES, MARK_NAME "=%ld-%lld", (long)getpid(),
             (long long)oh_clock_mono_ns());
}

/* --- who bears it --- */

static bool has_variable(struct oh_span environment, const char *variable)
{
    while (environment.len) {
        size_t len = oh_span_find(environment, '\0');
        if (oh_span_is(oh_span_sub(environment, 0, len), variable))
            return true;
        environment = oh_span_sub(environment, len + 1, environment.len);
    }
    return false;
}

static bool bears(const char *number, const char *mark)
{
    struct oh_text environment = {0};
    char *path = oh_format("/proc/%s/environ", number);
    bool yes = oh_file_read(path, ENVIRON_BYTES, &environment, NULL) == 0 &&
               has_variable(oh_text_span(&environment), mark);
    free(path);
    oh_text_release(&environment);
    return yes;
}

/* Calls `fn` with the number of each that bears it; says whether one of them returned true. */
static bool each(const char *mark, bool (*fn)(const char *number, const char *mark, void *arg),
                 void *arg)
{
    bool any = false;
    DIR *all = opendir("/proc");
    for (const struct dirent *d = all ? readdir(all) : NULL; d; d = readdir(all)) {
        bool is_process = d->d_name[0] >= '1' && d->d_name[0] <= '9';
        if (is_process && bears(d->d_name, mark))
            any |= fn(d->d_name, mark, arg);
    }
    if (all)
        closedir(all);
    return any;
}

/* --- killing --- */

/* Looked at again while a pidfd holds the number, so that it is nobody else's. */
static bool kill_one(const char *number, const char *mark, void *arg)
{
    pid_t pid = (pid_t)strtol(number, NULL, 10);
    int pidfd = pid == getpid() ? -1 : pidfd_open(pid, 0);
    (void)arg;
    if (pidfd < 0)
        return false;
    bool killed = bears(number, mark) && pidfd_send_signal(pidfd, SIGKILL, NULL, 0) == 0;
    close(pidfd);
    return killed;
}

/* A killed one loses its environment at once. */
void oh_marked_kill(const char *mark)
{
    for (int round = 0; round < KILLING_ROUNDS; round++) {
        if (!each(mark, kill_one, NULL))
            return;
    }
}

/* --- whose sockets --- */

struct bound {
    unsigned port;
    unsigned long inode;
    bool is_its;
};

struct sockets {
    struct bound at[MAX_SOCKETS];
    size_t count;
};

/* The address as the kernel's table writes it: words of four bytes, each in the machine's order. */
static void table_ip(const struct oh_addr *a, char out[40])
{
    size_t words = a->family == OH_FAMILY_IPV6 ? 4 : 1;
    for (size_t i = 0; i < words; i++) {
        uint32_t word;
        memcpy(&word, a->ip + 4 * i, sizeof word);
        snprintf(out + 8 * i, 9, "%08X", word);
    }
}

/* "  12: 0100007F:13C4 00000000:0000 07 00000000:00000000 00:00000000 00000000  1000  0 34567 ...".
 * Connected sockets hear one peer alone, and are no phone's first. */
static void read_line(struct sockets *s, const char *line, const char *ip)
{
    char local[40], remote[40];
    unsigned port, remote_port;
    unsigned long inode;
    if (s->count == MAX_SOCKETS ||
        sscanf(line, " %*d: %39[0-9A-F]:%x %39[0-9A-F]:%x %*x %*s %*s %*x %*u %*u %lu", local,
               &port, remote, &remote_port, &inode) != 5 ||
        strcmp(local, ip) != 0 || remote_port != 0)
        return;
    s->at[s->count++] = (struct bound){port, inode, false};
}

static void read_table(struct sockets *s, const struct oh_addr *a)
{
    struct oh_text table = {0};
    char ip[40], *rest = NULL;
    const char *path = a->family == OH_FAMILY_IPV6 ? "/proc/net/udp6" : "/proc/net/udp";
    table_ip(a, ip);
    if (oh_file_read(path, TABLE_BYTES, &table, NULL) == 0 && table.at) {
        for (char *line = strtok_r(table.at, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
            read_line(s, line, ip);
    }
    oh_text_release(&table);
}

/* Which of the sockets the process holds. */
static bool claim(const char *number, const char *mark, void *arg)
{
    struct sockets *s = arg;
    char *folder = oh_format("/proc/%s/fd", number);
    DIR *fds = opendir(folder);
    (void)mark;
    for (const struct dirent *d = fds ? readdir(fds) : NULL; d; d = readdir(fds)) {
        char target[64], *path = oh_file_join(folder, d->d_name);
        unsigned long inode;
        ssize_t len = readlink(path, target, sizeof target - 1);
        free(path);
        target[len > 0 ? len : 0] = '\0';
        if (sscanf(target, "socket:[%lu]", &inode) != 1)
            continue;
        for (size_t i = 0; i < s->count; i++)
            s->at[i].is_its = s->at[i].is_its || s->at[i].inode == inode;
    }
    if (fds)
        closedir(fds);
    free(folder);
    return false;
}

static bool all_claimed(const struct sockets *s)
{
    size_t claimed = 0;
    while (claimed < s->count && s->at[claimed].is_its)
        claimed++;
    return claimed == s->count;
}

/* The sockets at the address, and which of them are the phone's. */
static void look(struct sockets *s, const char *mark, pid_t first, const struct oh_addr *sip)
{
    char number[16];
    *s = (struct sockets){.count = 0};
    snprintf(number, sizeof number, "%ld", (long)first);
    read_table(s, sip);
    claim(number, mark, s);
    if (s->count > 1 && !all_claimed(s)) /* the usual case is cheap */
        each(mark, claim, s);
}

static bool is_strangers(const struct sockets *s, unsigned long inode)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->at[i].inode == inode)
            return !s->at[i].is_its;
    return false;
}

/* A socket that the phone closes between the table and our look at its owner seems to be nobody's:
 * a stranger's is there the second time as well. */
unsigned oh_marked_stranger(const char *mark, pid_t first, const struct oh_addr *sip)
{
    struct sockets before, now;
    bool is_known = false;
    unsigned stranger = 0;
    look(&before, mark, first, sip);
    if (before.count < 2 || all_claimed(&before))
        return 0;
    look(&now, mark, first, sip);
    for (size_t i = 0; i < now.count; i++) {
        is_known = is_known || (now.at[i].is_its && now.at[i].port == sip->port);
        if (!now.at[i].is_its && is_strangers(&before, now.at[i].inode))
            stranger = now.at[i].port;
    }
    return is_known ? stranger : 0;
}

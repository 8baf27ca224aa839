/*
 * link.h - what a socket of the phone carries, and the messages that pass over it.
 *
 * A datagram is a message, or none of ours. A stream is told by its first bytes: SIP, or something
 * else, which is left alone for good. Of a SIP stream whole messages are edited; the rest waits.
 * What has come in and is not yet taken by the phone is kept such that the kernel goes on saying
 * "readable": a message's last byte stays there until all before it is taken, so poll, select and
 * epoll need no help. What goes out and finds the socket full is sent by a thread of this library.
 *
 * All functions may be called by any thread.
 */
#ifndef MUTANT_LINK_H
#define MUTANT_LINK_H

#include "mutant.h"

#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

enum mu_link_kind { MU_UNKNOWN, MU_ALONE, MU_DATAGRAMS, MU_STREAM };

/* Whether a fault is asked for and in force; without one nothing else here is called. */
bool mu_link_is_on(void);
/* Nothing is known of the descriptor any more: it was closed, or is a new one. */
void mu_link_forget(int fd);
/* Everything held back for sending goes out as it stands: the phone ends the stream. */
void mu_link_flush(int fd);
enum mu_link_kind mu_link_kind(int fd);

/* As sendmsg and recvmsg. Of kind DATAGRAMS. */
ssize_t mu_datagram_send(int fd, const struct msghdr *message, int flags);
ssize_t mu_datagram_receive(int fd, struct msghdr *message, int flags);
/* As send and recv. Of kind STREAM. */
ssize_t mu_stream_send(int fd, const char *bytes, size_t len, int flags);
ssize_t mu_stream_receive(int fd, char *bytes, size_t room, int flags);
/* How many bytes are at hand beyond the kernel's. */
size_t mu_stream_ready(int fd);

/* worker.c: sends later. Called with the lock held. */
struct mu_late {
    int fd;
    int64_t due_ns; /* of CLOCK_MONOTONIC */
    struct mu_text bytes;
    struct sockaddr_storage to;
    socklen_t to_len; /* 0: none */
    struct mu_late *next;
};
void mu_worker_send(int fd, const struct mu_text *bytes, const struct sockaddr *to,
                    socklen_t to_len, long after_ms);
void mu_worker_drop(int fd);
void mu_worker_watch(void); /* some stream has bytes that its socket did not take */

/* link.c, for the worker. */
void mu_link_lock(void);
void mu_link_unlock(void);
void mu_link_put(int fd, const struct mu_text *bytes, const struct sockaddr *to, socklen_t to_len);
bool mu_link_push_all(void); /* whether some stream still has unsent bytes */

#endif

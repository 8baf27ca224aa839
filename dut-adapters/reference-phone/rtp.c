#define SU_WAKEUP_ARG_T struct rp_rtp
#define SU_TIMER_ARG_T  struct rp_rtp
#include "rtp.h"

#include "log.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PACKET_MS = 20, SAMPLES = 160, HEADER = 12 };

struct rp_rtp {
    su_root_t *root;
    int fd;
    unsigned port;
    su_wait_t wait[1];
    int registered; /* index in the root, or -1 */
    su_timer_t *timer;
    bool running;
    bool sending; /* the last packet was due, so the next continues a talkspurt */
    struct rp_media media;
    uint16_t sequence;
    uint32_t timestamp;
    uint32_t ssrc;
    rp_rtp_heard *heard; /* NULL once told */
    void *heard_arg;
};

/* A 1 kHz tone at 0 dBm0: the digital test sequences of ITU-T G.711, tables 5 and 6. */
static const uint8_t tone_mu_law[8] = {0x1e, 0x0b, 0x0b, 0x1e, 0x9e, 0x8b, 0x8b, 0x9e};
static const uint8_t tone_a_law[8] = {0x34, 0x21, 0x21, 0x34, 0xb4, 0xa1, 0xa1, 0xb4};

/* ---- the socket ---- */

static int bind_port(int fd, const char *address, unsigned port)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
    if (inet_pton(AF_INET, address, &v4.sin_addr) == 1)
        return bind(fd, (struct sockaddr *)&v4, sizeof v4);
    if (inet_pton(AF_INET6, address, &v6.sin6_addr) == 1)
        return bind(fd, (struct sockaddr *)&v6, sizeof v6);
    errno = EADDRNOTAVAIL;
    return -1;
}

static int bind_any_even(struct rp_rtp *rtp, const char *address)
{
    for (int tries = 0; tries < 200; tries++) {
        uint16_t random;
        RAND_bytes((unsigned char *)&random, sizeof random);
        unsigned port = (20000U + random % 40000U) & ~1U;
        if (bind_port(rtp->fd, address, port) == 0) {
            rtp->port = port;
            return 0;
        }
        if (errno != EADDRINUSE)
            break;
    }
    return -1;
}

static int bind_wanted(struct rp_rtp *rtp, const char *address, unsigned port)
{
    if (!port)
        return bind_any_even(rtp, address);
    rtp->port = port;
    return bind_port(rtp->fd, address, port);
}

static int receive(su_root_magic_t *root, su_wait_t *wait, struct rp_rtp *rtp)
{
    uint8_t packet[2048];
    ssize_t len;
    (void)root;
    (void)wait;
    while ((len = recv(rtp->fd, packet, sizeof packet, MSG_DONTWAIT)) >= 0) {
        bool is_rtp = len >= HEADER && packet[0] >> 6 == 2;
        if (is_rtp && rtp->running && rtp->heard) {
            rp_rtp_heard *heard = rtp->heard;
            rtp->heard = NULL;
            heard(rtp->heard_arg);
        }
    }
    return 0;
}

struct rp_rtp *rp_rtp_new(su_root_t *root, const char *address, unsigned port)
{
    struct rp_rtp *rtp = calloc(1, sizeof *rtp);
    if (!rtp)
        return NULL;
    rtp->root = root;
    rtp->registered = -1;
    rtp->fd = socket(strchr(address, ':') ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (rtp->fd < 0 || bind_wanted(rtp, address, port) < 0)
        goto failed;
    if (su_wait_create(rtp->wait, rtp->fd, SU_WAIT_IN) < 0)
        goto failed;
    rtp->registered = su_root_register(root, rtp->wait, receive, rtp, 0);
    rtp->timer = su_timer_create(su_root_task(root), PACKET_MS);
    if (rtp->registered < 0 || !rtp->timer)
        goto failed;
    return rtp;
failed:
    rp_rtp_free(rtp);
    return NULL;
}

unsigned rp_rtp_port(const struct rp_rtp *rtp)
{
    return rtp->port;
}

/* ---- sending ---- */

static void put_header(const struct rp_rtp *rtp, uint8_t *packet)
{
    uint16_t sequence = htons(rtp->sequence);
    uint32_t timestamp = htonl(rtp->timestamp), ssrc = htonl(rtp->ssrc);
    uint8_t marker = rtp->sending ? 0 : 0x80; /* RFC 3551 4.1: first of a talkspurt */
    packet[0] = 0x80;
    packet[1] = (uint8_t)(marker | rtp->media.payload_type);
    memcpy(packet + 2, &sequence, sizeof sequence);
    memcpy(packet + 4, &timestamp, sizeof timestamp);
    memcpy(packet + 8, &ssrc, sizeof ssrc);
}

static void send_packet(su_root_magic_t *root, su_timer_t *timer, struct rp_rtp *rtp)
{
    uint8_t packet[HEADER + SAMPLES];
    const uint8_t *tone = rtp->media.pcma ? tone_a_law : tone_mu_law;
    (void)root;
    (void)timer;
    if (!rtp->running)
        return;
    if (rtp->media.send) {
        put_header(rtp, packet);
        for (size_t i = 0; i < SAMPLES; i++)
            packet[HEADER + i] = tone[i % 8];
        if (sendto(rtp->fd, packet, sizeof packet, MSG_DONTWAIT,
                   (const struct sockaddr *)&rtp->media.remote, rtp->media.remote_len) < 0 &&
            errno != ECONNREFUSED)
            rp_log("rtp: cannot send: %s", strerror(errno));
        rtp->sequence++;
    }
    rtp->sending = rtp->media.send;
    rtp->timestamp += SAMPLES; /* RFC 3550 5.1: time goes on in silence */
}

void rp_rtp_start(struct rp_rtp *rtp, const struct rp_media *media, rp_rtp_heard *heard, void *arg)
{
    bool was_running = rtp->running;
    rtp->media = *media;
    if (was_running)
        return;
    RAND_bytes((unsigned char *)&rtp->sequence, sizeof rtp->sequence);
    RAND_bytes((unsigned char *)&rtp->timestamp, sizeof rtp->timestamp);
    RAND_bytes((unsigned char *)&rtp->ssrc, sizeof rtp->ssrc);
    rtp->running = true;
    rtp->sending = false;
    rtp->heard = heard;
    rtp->heard_arg = arg;
    su_timer_run(rtp->timer, send_packet, rtp);
    send_packet(NULL, rtp->timer, rtp);
}

void rp_rtp_stop(struct rp_rtp *rtp)
{
    rtp->running = false;
    rtp->heard = NULL;
    su_timer_reset(rtp->timer);
}

void rp_rtp_free(struct rp_rtp *rtp)
{
    if (!rtp)
        return;
    if (rtp->registered >= 0)
        su_root_unregister(rtp->root, rtp->wait, receive, rtp);
    su_timer_destroy(rtp->timer);
    if (rtp->fd >= 0)
        close(rtp->fd);
    free(rtp);
}

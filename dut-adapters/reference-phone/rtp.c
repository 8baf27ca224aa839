#define SU_WAKEUP_ARG_T struct rp_rtp
#define SU_TIMER_ARG_T  struct rp_rtp
#include "rtp.h"

#include "g711.h"
#include "log.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PACKET_MS = 20, SAMPLES = 160, HEADER = 12, EVENT_BYTES = 4, HEARD_SAMPLES = 8 * SAMPLES };

/* RFC 4733 2.5.1: an event is told of every 20 ms, and its end three times. */
enum { KEYS_MAX = 64, KEY_PACKETS = 5, END_PACKETS = 3, PAUSE_PACKETS = 5, KEY_VOLUME = 10 };

static const char key_names[] = "0123456789*#ABCD"; /* RFC 4733 3.2 */

struct keys {
    char waiting[KEYS_MAX + 1]; /* the first is the one that is being sent */
    unsigned sent;              /* packets of it */
    unsigned length;            /* of which the last is its end, and is repeated */
    unsigned pause;             /* packets until the next */
    uint32_t began;             /* its timestamp */
};

struct rp_rtp {
    su_root_t *root;
    int fd;
    unsigned port;
    su_wait_t wait[1];
    int registered; /* index in the root, or -1 */
    su_timer_t *timer;
    bool running;
    bool sending; /* the last packet was voice, so the next continues a talkspurt */
    bool muted;
    bool has_heard; /* told of the first packet */
    struct rp_media media;
    uint16_t sequence;
    uint32_t timestamp;
    uint32_t ssrc;
    struct keys keys;
    uint32_t heard_key_time; /* the timestamp of the event told of last */
    bool has_heard_key;
    struct rp_rtp *mixed;         /* whose voice is added, which has this one here */
    int16_t heard[HEARD_SAMPLES]; /* for the one that is mixed with */
    size_t heard_count;
    const struct rp_rtp_events *events;
    void *arg;
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

/* ---- hearing ---- */

/* Keeps the samples for the one that is mixed with; the oldest go if it takes them too slowly. */
static void keep_heard(struct rp_rtp *rtp, bool pcma, const uint8_t *bytes, size_t count)
{
    if (count > HEARD_SAMPLES)
        return;
    if (rtp->heard_count + count > HEARD_SAMPLES) {
        size_t gone = rtp->heard_count + count - HEARD_SAMPLES;
        rtp->heard_count -= gone;
        memmove(rtp->heard, rtp->heard + gone, rtp->heard_count * sizeof *rtp->heard);
    }
    for (size_t i = 0; i < count; i++)
        rtp->heard[rtp->heard_count++] = rp_g711_decode(pcma, bytes[i]);
}

static void hear_event(struct rp_rtp *rtp, const uint8_t *packet)
{
    uint32_t timestamp;
    memcpy(&timestamp, packet + 4, sizeof timestamp);
    bool is_new = !rtp->has_heard_key || timestamp != rtp->heard_key_time;
    rtp->has_heard_key = true;
    rtp->heard_key_time = timestamp;
    if (is_new && rtp->events && packet[HEADER] < 16)
        rtp->events->heard_key(rtp->arg, key_names[packet[HEADER]]);
}

static void hear(struct rp_rtp *rtp, const uint8_t *packet, size_t len)
{
    unsigned type = packet[1] & 0x7fU;
    if (packet[0] >> 6 != 2 || !rtp->running)
        return;
    if (!rtp->has_heard && rtp->events) {
        rtp->has_heard = true;
        rtp->events->heard(rtp->arg);
    }
    if (rtp->media.event_type && type == rtp->media.event_type && len >= HEADER + EVENT_BYTES)
        hear_event(rtp, packet);
    else if (rtp->mixed && (type == 0 || type == 8 || type == rtp->media.payload_type))
        keep_heard(rtp, type == 8 || (type && rtp->media.pcma), packet + HEADER, len - HEADER);
}

static int receive(su_root_magic_t *root, su_wait_t *wait, struct rp_rtp *rtp)
{
    uint8_t packet[2048];
    ssize_t len;
    (void)root;
    (void)wait;
    while ((len = recv(rtp->fd, packet, sizeof packet, MSG_DONTWAIT)) >= 0)
        if (len >= HEADER)
            hear(rtp, packet, (size_t)len);
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

static void send_bytes(struct rp_rtp *rtp, uint8_t *packet, size_t len, uint8_t type, bool marker,
                       uint32_t time)
{
    uint16_t sequence = htons(rtp->sequence);
    uint32_t timestamp = htonl(time), ssrc = htonl(rtp->ssrc);
    packet[0] = 0x80;
    packet[1] = (uint8_t)((marker ? 0x80 : 0) | type);
    memcpy(packet + 2, &sequence, sizeof sequence);
    memcpy(packet + 4, &timestamp, sizeof timestamp);
    memcpy(packet + 8, &ssrc, sizeof ssrc);
    if (sendto(rtp->fd, packet, len, MSG_DONTWAIT, (const struct sockaddr *)&rtp->media.remote,
               rtp->media.remote_len) < 0 &&
        errno != ECONNREFUSED)
        rp_log("rtp: cannot send: %s", strerror(errno));
    rtp->sequence++;
}

/* The microphone's tone, or silence; and what the other call says, if it is mixed in. */
static void write_voice(struct rp_rtp *rtp, uint8_t *to)
{
    bool pcma = rtp->media.pcma;
    const uint8_t *tone = pcma ? tone_a_law : tone_mu_law;
    struct rp_rtp *other = rtp->mixed;
    size_t count = !other ? 0 : other->heard_count < SAMPLES ? other->heard_count : SAMPLES;
    for (size_t i = 0; i < SAMPLES; i++)
        to[i] = rtp->muted ? rp_g711_encode(pcma, 0) : tone[i % 8];
    for (size_t i = 0; i < count; i++)
        to[i] = rp_g711_encode(pcma, (int32_t)rp_g711_decode(pcma, to[i]) + other->heard[i]);
    if (count) {
        other->heard_count -= count;
        memmove(other->heard, other->heard + count, other->heard_count * sizeof *other->heard);
    }
}

static void send_voice(struct rp_rtp *rtp)
{
    uint8_t packet[HEADER + SAMPLES];
    write_voice(rtp, packet + HEADER);
    /* RFC 3551 4.1: the marker is on the first of a talkspurt */
    send_bytes(rtp, packet, sizeof packet, rtp->media.payload_type, !rtp->sending, rtp->timestamp);
    rtp->sending = true;
}

/* RFC 4733 2.5.1.2: one timestamp, the duration so far, the marker on the first packet. */
static void send_key_packet(struct rp_rtp *rtp)
{
    struct keys *keys = &rtp->keys;
    uint8_t packet[HEADER + EVENT_BYTES];
    if (keys->sent == 0) {
        keys->began = rtp->timestamp;
        keys->length = KEY_PACKETS;
    }
    bool ends = keys->sent + 1 >= keys->length;
    uint16_t duration = htons((uint16_t)((ends ? keys->length : keys->sent + 1) * SAMPLES));
    packet[HEADER] = (uint8_t)(strchr(key_names, keys->waiting[0]) - key_names);
    packet[HEADER + 1] = (uint8_t)((ends ? 0x80 : 0) | KEY_VOLUME);
    memcpy(packet + HEADER + 2, &duration, sizeof duration);
    send_bytes(rtp, packet, sizeof packet, rtp->media.event_type, keys->sent == 0, keys->began);
    keys->sent++;
    rtp->sending = false;
}

static bool is_key_over(const struct keys *keys)
{
    return keys->sent == keys->length - 1 + END_PACKETS;
}

static void end_key(struct rp_rtp *rtp)
{
    struct keys *keys = &rtp->keys;
    memmove(keys->waiting, keys->waiting + 1, strlen(keys->waiting));
    keys->sent = 0;
    keys->pause = PAUSE_PACKETS;
    if (!keys->waiting[0] && rtp->events)
        rtp->events->pressed(rtp->arg);
}

/* A key that is cut short ends where it is: its end is told, and the others are forgotten. */
static void forget_keys(struct rp_rtp *rtp)
{
    struct keys *keys = &rtp->keys;
    if (keys->waiting[0] && keys->sent > 0) {
        if (keys->sent < keys->length)
            keys->length = keys->sent--;
        while (!is_key_over(keys))
            send_key_packet(rtp);
    }
    memset(keys, 0, sizeof *keys);
}

static void send_packet(su_root_magic_t *root, su_timer_t *timer, struct rp_rtp *rtp)
{
    struct keys *keys = &rtp->keys;
    (void)root;
    (void)timer;
    if (!rtp->running)
        return;
    if (!rtp->media.send) {
        rtp->sending = false;
    } else if (keys->waiting[0] && !keys->pause) {
        send_key_packet(rtp);
        if (is_key_over(keys))
            end_key(rtp);
    } else {
        send_voice(rtp);
        keys->pause -= keys->pause > 0;
    }
    rtp->timestamp += SAMPLES; /* RFC 3550 5.1: time goes on in silence */
}

void rp_rtp_start(struct rp_rtp *rtp, const struct rp_media *media,
                  const struct rp_rtp_events *events, void *arg)
{
    bool was_running = rtp->running;
    if (was_running && (!media->send || media->event_type != rtp->media.event_type))
        forget_keys(rtp);
    rtp->media = *media;
    rtp->events = events;
    rtp->arg = arg;
    if (was_running)
        return;
    RAND_bytes((unsigned char *)&rtp->sequence, sizeof rtp->sequence);
    RAND_bytes((unsigned char *)&rtp->timestamp, sizeof rtp->timestamp);
    RAND_bytes((unsigned char *)&rtp->ssrc, sizeof rtp->ssrc);
    rtp->running = true;
    rtp->sending = rtp->has_heard = rtp->has_heard_key = false;
    su_timer_run(rtp->timer, send_packet, rtp);
    send_packet(NULL, rtp->timer, rtp);
}

const char *rp_rtp_press(struct rp_rtp *rtp, const char *keys)
{
    size_t len = strlen(rtp->keys.waiting), count = strlen(keys);
    if (!rtp->running || !rtp->media.send)
        return "No voice is sent in this call.";
    if (!rtp->media.event_type)
        return "The other side takes no telephone events.";
    if (count == 0 || len + count > KEYS_MAX)
        return "One to 64 keys can be sent at a time.";
    for (size_t i = 0; i < count; i++) {
        const char *name = strchr(key_names, toupper((unsigned char)keys[i]));
        if (!name || !(rtp->media.events & 1U << (unsigned)(name - key_names)))
            return name ? "The other side does not take all of these keys."
                        : "A key is one of 0 to 9, *, # and A to D.";
    }
    for (size_t i = 0; i <= count; i++)
        rtp->keys.waiting[len + i] = (char)toupper((unsigned char)keys[i]);
    return NULL;
}

void rp_rtp_mute(struct rp_rtp *rtp, bool muted)
{
    rtp->muted = muted;
}

void rp_rtp_mix(struct rp_rtp *rtp, struct rp_rtp *other)
{
    rtp->mixed = other;
    rtp->heard_count = 0;
}

void rp_rtp_forget(struct rp_rtp *rtp)
{
    rtp->events = NULL;
    rtp->mixed = NULL;
}

void rp_rtp_stop(struct rp_rtp *rtp)
{
    if (rtp->running)
        forget_keys(rtp);
    rtp->running = false;
    rp_rtp_forget(rtp);
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

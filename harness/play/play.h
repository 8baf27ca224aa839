/*
 * play/play.h - the bench of a run, and playing one scenario on it. Leaves a run folder; gives no
 * verdict.
 *
 * A bench lives for a whole run: loop, addresses and ports (chosen free once, kept to the end),
 * capture handle, the home server's socket, the phones. A scenario is played on it and recorded:
 * the seats are set up, the phone is started if it does not run, preconditions are reached, the
 * flow is walked to its end or a deadline, every dialog that was seen is ended, and run.json,
 * secrets.json and capture.pcap are written.
 *
 * Uses: phone/, match/, trace/, scenario/, net/, sip/. Never judge/ or reports/.
 */
#ifndef OH_PLAY_PLAY_H
#define OH_PLAY_PLAY_H

#include "phone/phone.h"
#include "scenario/scenario.h"
#include "trace/run.h"

struct oh_bench;

/* What happens, as it happens: for live progress. */
enum oh_progress_kind {
    OH_PROGRESS_PHONE,   /* text: "starting", "ready: baresip 1.0.0", and, when the bench closes,
                            "ended: exited: status 0" */
    OH_PROGRESS_FLOW,    /* the flow begins */
    OH_PROGRESS_MESSAGE, /* a SIP message between the phone and us */
    OH_PROGRESS_ACTION,  /* a user action was told: text is the step's */
    OH_PROGRESS_MISSED,  /* a step was given up */
    OH_PROGRESS_WAITING, /* text: what we wait for; told when it takes longer than a second */
    OH_PROGRESS_CLOSING,
};
struct oh_progress {
    enum oh_progress_kind kind;
    double time_s; /* since the flow began */
    const char *text;
    const struct oh_sip_msg *msg; /* MESSAGE */
    bool from_phone;
    bool is_repeat;
    int step; /* OH_NONE: none */
};
typedef void oh_progress_fn(const struct oh_progress *p, void *arg);

struct oh_bench_options {
    bool no_capture;
    bool in_memory; /* the in-memory net: for phones with a stand-in alone, without capture */
    enum oh_transport transport; /* of scenarios that say none */
    const char *mutant;          /* put upon every phone of the run; NULL: none */
    const char *program_folder;
    /* Where our seats sit, all at one IP, for phones by hand; family NONE: each at an address of
     * its own on loopback. Its port, if it has one, is the home seat's; else that has 5060 if it
     * can. */
    struct oh_addr address;
    struct oh_addr phone_address; /* of the first phone by hand; family NONE: found */
    struct oh_person *person;     /* who does what is asked at phones by hand; borrowed; NULL */
    oh_progress_fn *progress;     /* NULL: none */
    void *progress_arg;
    const volatile int
        *interrupted; /* set by a signal handler to the signal's number; NULL: never */
    /* Non-blocking; has one byte to read for each interruption (self-pipe); -1: none. The first
     * ends flow, call and phone in order, the second without waiting for them. */
    int interrupt_fd;
};

/* One phone per seat name; seat "" is the default for any phone party. The adapter is borrowed. */
struct oh_bench_phone {
    const char *seat;
    const struct oh_adapter *adapter;
};

/* NULL with a sentence and remedy: no capture right, no free addresses. */
struct oh_bench *oh_bench_open(const struct oh_bench_options *options,
                               const struct oh_bench_phone *phones, size_t phone_count,
                               struct oh_error *e);
/* Waits until the phones by hand whose address is not known have registered (the person is asked to
 * see to it), and captures from then on. Before the first scenario; -1 with a sentence and remedy;
 * 0 as well when it is interrupted. */
int oh_bench_find_phones(struct oh_bench *b, struct oh_error *e);
/* Where the home seat listens, and where the n-th phone is (family NONE: not known yet). Borrowed.
 */
const struct oh_addr *oh_bench_home(const struct oh_bench *b);
const struct oh_addr *oh_bench_phone_address(const struct oh_bench *b, size_t n);
/* Stops phones (answering them until they are gone), closes everything. NULL is fine. */
void oh_bench_close(struct oh_bench *b);

/* Plays and writes `folder` (made if need be). The outcome stands in the run folder, also when it
 * is the bench's or the phone's trouble; -1 only where the folder itself cannot be written. */
int oh_play(struct oh_bench *b, const struct oh_scenario *s, const char *folder,
            struct oh_error *e);
/* The same, but nothing is written: what would be in the run folder. The caller frees. */
struct oh_run *oh_play_unwritten(struct oh_bench *b, const struct oh_scenario *s);

#endif

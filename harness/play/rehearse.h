/*
 * play/rehearse.h - plays both sides of a scenario from the one file.
 *
 * offhook's side is played as in any run; the phone's by a mirror (mirror.h), over the in-memory
 * net with its virtual clock, or over real sockets. The recording is as any other, made from the
 * tap. It proves that the file is consistent: that a phone can do all it asks for in the order it
 * asks for it. With a break, one thing that the file asks for is not done: whoever judges the
 * recording tells whether anything notices.
 *
 * Uses: play/play.h.
 */
#ifndef OH_PLAY_REHEARSE_H
#define OH_PLAY_REHEARSE_H

#include "play/play.h"

enum oh_break_kind {
    OH_BREAK_LEFT_OUT,  /* the phone does not send the step's message */
    OH_BREAK_EXPECTED,  /* a field of it is otherwise than `expect` wants */
    OH_BREAK_NO_MEDIA,  /* no RTP where the step wants some */
    OH_BREAK_MEDIA,     /* RTP where it wants none */
    OH_BREAK_TALKS,     /* a message where it wants nothing */
    OH_BREAK_TOO_EARLY, /* before the step's window */
    OH_BREAK_TOO_LATE,  /* after it */
    OH_BREAK_ONCE,      /* sent once, where `retransmits` wants copies */
    OH_BREAKS
};

struct oh_break {
    enum oh_break_kind kind;
    int step;   /* of the scenario */
    int expect; /* of the step; OH_NONE */
};

/* All that can be done otherwise in a flow: in file order. Optional messages are not left out: they
 * may be, and so may rounds of a repeat. The caller frees. */
size_t oh_rehearse_breaks(const struct oh_scenario *s, struct oh_break **out);

/* What the phone does where the flow leaves it the choice. */
struct oh_choice {
    bool is_sparing; /* it sends nothing that is optional */
    int block;       /* an `either` of which it takes this branch; OH_NONE: of all the first, but */
    int branch;      /* where a break lies in another */
};
/* The choices of a flow besides the plain one, which takes the first branch of each `either` and
 * sends what is optional. The caller frees. */
size_t oh_rehearse_choices(const struct oh_scenario *s, struct oh_choice **out);

struct oh_rehearse_options {
    bool on_sockets;                /* real ones, on the loopback; else in memory */
    enum oh_transport transport;    /* of scenarios that say none */
    const struct oh_choice *choice; /* NULL: the plain one */
};

struct oh_rehearsal {
    struct oh_run *run; /* NULL only with -1 */
    bool is_broken;     /* the break took place */
    int step;           /* where the rehearsed phone had trouble; OH_NONE */
    struct oh_place place;
    char *trouble; /* why it could not go on, or what cannot be met; NULL */
};

/* -1 with a sentence where nothing could be played. `broken` NULL: a healthy phone. */
int oh_rehearse(const struct oh_scenario *s, const struct oh_rehearse_options *options,
                const struct oh_break *broken, struct oh_rehearsal *out, struct oh_error *e);
void oh_rehearsal_release(struct oh_rehearsal *r);

#endif

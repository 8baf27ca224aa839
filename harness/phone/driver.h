/*
 * phone/driver.h - one way of driving a phone: what each file in phone/drivers/ gives.
 *
 * A driver carries JSON messages between harness and phone program; which messages, the adapter
 * says. It exports `const struct oh_driver_ops oh_driver_<file>`; CMake collects the files (table
 * in phone/driver.c).
 *
 * Uses: net/.
 */
#ifndef OH_PHONE_DRIVER_H
#define OH_PHONE_DRIVER_H

#include "net/net.h"

struct oh_driver; /* the driver's own state */

struct oh_driver_owner {
    /* A whole message came. */
    void (*got)(struct oh_span message, void *arg);
    /* The connection was made (now messages can be sent) / was lost. */
    void (*up)(void *arg);
    void (*down)(const char *why, void *arg);
    void *arg;
};

struct oh_driver_ops {
    const char *name; /* the adapter's "drive: with:" word, e.g. "json-lines" */
    bool on_pipes; /* the program's stdin and stdout are the driver's (`to_phone`, `from_phone` are
                      given) */
    /* `connect`: where to (TCP), NULL on pipes. Retries until closed; `up` tells. */
    struct oh_driver *(*open)(struct oh_net *net, const char *connect, int to_phone, int from_phone,
                              const struct oh_driver_owner *owner, struct oh_error *e);
    int (*send)(struct oh_driver *d, struct oh_span message, struct oh_error *e);
    void (*close)(struct oh_driver *d);
};

const struct oh_driver_ops *oh_driver_by_name(const char *name); /* NULL: none */
const struct oh_driver_ops *const *oh_drivers(void);             /* NULL-ended */

#endif

/*
 * cli/lan.h - where offhook sits on a network of others: --interface, --address, --phone-address.
 */
#ifndef OH_CLI_LAN_H
#define OH_CLI_LAN_H

#include "base/addr.h"

struct oh_lan {
    const char *interface, *address, *phone; /* as given, or NULL */
};

/* Our address and the phone's; family NONE where nothing says them. -1 with a sentence and remedy.
 */
int oh_lan_resolve(const struct oh_lan *l, struct oh_addr *address, struct oh_addr *phone,
                   struct oh_error *e);

/* The address that packets to `to` leave from. -1 where there is no way to it. */
int oh_lan_route(const struct oh_addr *to, struct oh_addr *from, struct oh_error *e);

#endif

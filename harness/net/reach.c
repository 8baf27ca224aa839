/* Whether an address of this machine is still there. */
#include "net/net.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <stdio.h>
#include <sys/socket.h>

static bool is_loopback(const struct oh_addr *a)
{
    return a->family == OH_FAMILY_IPV4 && a->ip[0] == 127;
}

/* An alias as 127.20.3.4 is on no list: the loopback interface has them all. */
static bool carries(const struct ifaddrs *i, const struct oh_addr *host)
{
    struct oh_addr a;
    if (is_loopback(host))
        return (i->ifa_flags & IFF_LOOPBACK) != 0;
    if (!i->ifa_addr)
        return false;
    oh_addr_from_sockaddr(i->ifa_addr, &a);
    return a.family != OH_FAMILY_NONE && oh_addr_same_ip(&a, host);
}

int oh_net_reaches(const struct oh_addr *host, struct oh_error *e)
{
    struct ifaddrs *list;
    char text[OH_ADDR_TEXT], name[IF_NAMESIZE] = "";
    bool up = false;
    if (getifaddrs(&list) < 0)
        return 0; /* that is other trouble */
    for (const struct ifaddrs *i = list; i && !up; i = i->ifa_next) {
        if (!carries(i, host))
            continue;
        snprintf(name, sizeof name, "%s", i->ifa_name);
        up = (i->ifa_flags & IFF_UP) != 0;
    }
    freeifaddrs(list);
    if (up)
        return 0;
    oh_addr_format_ip(host, text);
    if (*name)
        oh_error_set(e, "the interface %s, which has %s, went down", name, text);
    else
        oh_error_set(e, "no interface has %s any more", text);
    return oh_error_remedy(e, "bring it up again; 'ip address' lists what is there");
}

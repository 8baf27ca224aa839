#include "cli/lan.h"

#include "base/text.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Its first IPv4 address. */
static int address_of(const char *interface, struct oh_addr *out, struct oh_error *e)
{
    struct ifaddrs *list;
    struct oh_text names = {0};
    if (getifaddrs(&list) < 0)
        return oh_error_set(e, "the interfaces of this machine cannot be listed: %s",
                            strerror(errno));
    for (const struct ifaddrs *i = list; i && out->family == OH_FAMILY_NONE; i = i->ifa_next) {
        struct oh_addr a = {0};
        if (!i->ifa_addr)
            continue;
        oh_addr_from_sockaddr(i->ifa_addr, &a);
        if (a.family != OH_FAMILY_IPV4)
            continue;
        oh_text_addf(&names, "%s%s", names.len ? ", " : "", i->ifa_name);
        if (strcmp(i->ifa_name, interface) == 0)
            *out = a;
    }
    freeifaddrs(list);
    out->port = 0;
    if (out->family == OH_FAMILY_NONE) {
        oh_error_set(e, "no interface '%s' has an IPv4 address", interface);
        oh_error_remedy(e, "there are: %s; or name an address with --address", oh_text_str(&names));
    }
    oh_text_release(&names);
    return out->family == OH_FAMILY_NONE ? -1 : 0;
}

static int parse(const char *option, const char *text, struct oh_addr *out, struct oh_error *e)
{
    if (oh_addr_parse(oh_span_of(text), out, e) != 0) {
        oh_error_set(e, "%s wants an IP address, with a port if need be, not '%s'", option, text);
        return oh_error_remedy(e, "as in %s 192.168.1.20", option);
    }
    return 0;
}

int oh_lan_resolve(const struct oh_lan *l, struct oh_addr *address, struct oh_addr *phone,
                   struct oh_error *e)
{
    *address = *phone = (struct oh_addr){0};
    if (l->interface && l->address)
        return oh_error_set(e, "--interface and --address both say where offhook sits; give one");
    if (l->interface && address_of(l->interface, address, e) != 0)
        return -1;
    if (l->address && parse("--address", l->address, address, e) != 0)
        return -1;
    return l->phone ? parse("--phone-address", l->phone, phone, e) : 0;
}

int oh_lan_route(const struct oh_addr *to, struct oh_addr *from, struct oh_error *e)
{
    struct sockaddr_storage remote, local;
    socklen_t len = oh_addr_to_sockaddr(to, &remote), local_len = sizeof local;
    int fd = socket(remote.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    char text[OH_ADDR_TEXT];
    bool found = fd >= 0 && connect(fd, (struct sockaddr *)&remote, len) == 0 &&
                 getsockname(fd, (struct sockaddr *)&local, &local_len) == 0;
    if (found)
        oh_addr_from_sockaddr((struct sockaddr *)&local, from);
    else
        oh_error_set(e, "there is no way to %s: %s", oh_addr_format_ip(to, text), strerror(errno));
    if (fd >= 0)
        close(fd);
    return found ? 0
                 : oh_error_remedy(e, "'ip route get %s' tells more", oh_addr_format_ip(to, text));
}

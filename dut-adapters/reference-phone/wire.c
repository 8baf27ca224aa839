/*
 * The datagram that the stack sends itself at start stays off the wire.
 *
 * Sofia learns by it ("TEST") whether MSG_TRUNC works, and cannot be told not to. sendto() is
 * defined here for that alone: what is called without it (a preloaded library, else the C library)
 * is still called for everything else. SIP goes out by sendmsg(), RTP by sendto().
 */
#include <dlfcn.h>
#include <string.h>
#include <sys/socket.h>

typedef ssize_t sendto_fn(int, const void *, size_t, int, __CONST_SOCKADDR_ARG, socklen_t);

/* The address has the type that glibc's own declaration gives it. */
ssize_t sendto(int fd, const void *bytes, size_t len, int flags, __CONST_SOCKADDR_ARG to,
               socklen_t to_len)
{
    static sendto_fn *next;
    if (!next)
        *(void **)&next = dlsym(RTLD_NEXT, "sendto");
    if (len == 4 && memcmp(bytes, "TEST", 4) == 0)
        return -1; /* the stack then takes the careful way, which serves as well */
    return next(fd, bytes, len, flags, to, to_len);
}

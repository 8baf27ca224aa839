/* What the command line says. Filled once by rp_options_parse, then only read. */
#ifndef RP_OPTIONS_H
#define RP_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

struct rp_options {
    char listen_host[64];     /* numeric address, IPv6 without brackets */
    uint16_t listen_port;     /* never 0 */
    char account_user[128];   /* user part of --account */
    char account_host[128];   /* host part of --account, IPv6 in brackets */
    char account_port[8];     /* port part of --account, or empty */
    const char *display_name; /* or NULL */
    const char *auth_user;    /* name in credentials; the account's user unless told otherwise */
    const char *password;     /* from OFFHOOK_PHONE_PASSWORD; empty if that is not set */
    const char *log_path;     /* or NULL for standard error */
    unsigned rtp_port;        /* even, or 0 for any free even port */
    unsigned expires_s;       /* wanted lifetime of a registration */
    unsigned t1_ms;           /* RFC 3261 17.1.1.1 */
    unsigned no_answer_s;     /* how long a call rings before it is forwarded */
    unsigned mutants;         /* bits of enum rp_mutant */
    bool tcp;                 /* SIP over TCP, else over UDP */
    bool listed;              /* --help or --list-mutants was answered: nothing else to do */
};

/* Reads the command line. Strings are borrowed from argv and the environment.
 * Returns 0, or -1 after telling the mistake on standard error. */
int rp_options_parse(struct rp_options *options, int argc, char **argv);

#endif

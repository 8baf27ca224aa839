#include "options.h"

#include "mutants.h"

#include <sofia-sip/url.h>

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "Usage: offhook-reference-phone --listen IP:PORT --account sip:USER@HOST[:PORT] [OPTION...]\n"
    "A SIP phone without a face, driven by JSON lines on standard input and output.\n"
    "\n"
    "  --listen IP:PORT       SIP is bound to this address alone; IPv6 as [IP]:PORT\n"
    "  --account URI          the phone's own address; HOST:PORT is its registrar and proxy\n"
    "  --transport T          udp or tcp, for all of SIP (default: udp)\n"
    "  --display-name NAME    name shown to the other side\n"
    "  --auth-user NAME       user name in credentials (default: USER of the account)\n"
    "  --rtp-port N           even port for RTP (default: any free one)\n"
    "  --expires SECONDS      wanted lifetime of a registration (default: 60)\n"
    "  --no-answer SECONDS    how long a call rings before it is forwarded (default: 20)\n"
    "  --t1 MS                round-trip estimate T1 of the transactions (default: 500)\n"
    "  --mutant NAME          have this fault; may be repeated; none: no fault\n"
    "  --list-mutants         print the names of the faults, each with a description\n"
    "  --log FILE             append the log, with every SIP message, to FILE\n"
    "  --help                 print this text\n"
    "\n"
    "The password is read from the environment variable OFFHOOK_PHONE_PASSWORD.\n";

static int mistake(const char *option, const char *value, const char *wanted)
{
    fprintf(stderr, "offhook-reference-phone: %s: '%s' is not %s\n", option, value, wanted);
    return -1;
}

static int read_number(const char *text, unsigned min, unsigned max, unsigned *number)
{
    char *end;
    errno = 0;
    unsigned long value = strtoul(text, &end, 10);
    if (errno || end == text || *end || *text == '-' || value < min || value > max)
        return -1;
    *number = (unsigned)value;
    return 0;
}

static int read_listen(struct rp_options *options, const char *text)
{
    const char *wanted = "a numeric address and port, such as 127.0.0.2:5060";
    unsigned char address[sizeof(struct in6_addr)];
    const char *colon = strrchr(text, ':');
    unsigned port;
    if (!colon || read_number(colon + 1, 1, 65535, &port) < 0)
        return mistake("--listen", text, wanted);
    size_t len = (size_t)(colon - text);
    bool ipv6 = len > 2 && text[0] == '[' && colon[-1] == ']';
    if (ipv6) {
        text++;
        len -= 2;
    }
    if (len >= sizeof options->listen_host)
        return mistake("--listen", text, wanted);
    memcpy(options->listen_host, text, len);
    options->listen_host[len] = '\0';
    if (inet_pton(ipv6 ? AF_INET6 : AF_INET, options->listen_host, address) != 1)
        return mistake("--listen", text, wanted);
    options->listen_port = (uint16_t)port;
    return 0;
}

static int copy_part(char *to, size_t size, const char *from)
{
    size_t len = from ? strlen(from) : 0;
    if (len >= size)
        return -1;
    memcpy(to, from ? from : "", len + 1);
    return 0;
}

static int read_account(struct rp_options *options, const char *text)
{
    su_home_t home[1] = {SU_HOME_INIT(home)};
    url_t *url = url_make(home, text);
    bool good = url && url->url_type == url_sip && url->url_user && url->url_host;
    if (good)
        good = copy_part(options->account_user, sizeof options->account_user, url->url_user) == 0 &&
               copy_part(options->account_host, sizeof options->account_host, url->url_host) == 0 &&
               copy_part(options->account_port, sizeof options->account_port, url->url_port) == 0;
    su_home_deinit(home);
    return good ? 0 : mistake("--account", text, "a URI such as sip:1001@127.0.0.1:5060");
}

static int read_counted(struct rp_options *options, int key, const char *text)
{
    if (key == 'r') {
        if (read_number(text, 2, 65534, &options->rtp_port) < 0 || options->rtp_port % 2)
            return mistake("--rtp-port", text, "an even port number");
    } else if (key == 'e') {
        if (read_number(text, 1, 86400, &options->expires_s) < 0)
            return mistake("--expires", text, "a number of seconds from 1 to 86400");
    } else if (key == 'n') {
        if (read_number(text, 1, 3600, &options->no_answer_s) < 0)
            return mistake("--no-answer", text, "a number of seconds from 1 to 3600");
    } else if (read_number(text, 1, 10000, &options->t1_ms) < 0) {
        return mistake("--t1", text, "a number of milliseconds from 1 to 10000");
    }
    return 0;
}

static int read_transport(struct rp_options *options, const char *text)
{
    options->tcp = strcmp(text, "tcp") == 0;
    return options->tcp || strcmp(text, "udp") == 0 ? 0
                                                    : mistake("--transport", text, "udp or tcp");
}

static int read_mutant(struct rp_options *options, const char *text)
{
    unsigned bit = rp_mutant_find(text);
    if (strcmp(text, "none") == 0)
        return 0;
    if (!bit)
        return mistake("--mutant", text, "a name that --list-mutants prints");
    options->mutants |= bit;
    return 0;
}

static const struct option long_options[] = {
    {"listen", required_argument, NULL, 'l'},
    {"account", required_argument, NULL, 'a'},
    {"transport", required_argument, NULL, 'p'},
    {"display-name", required_argument, NULL, 'd'},
    {"auth-user", required_argument, NULL, 'u'},
    {"rtp-port", required_argument, NULL, 'r'},
    {"expires", required_argument, NULL, 'e'},
    {"no-answer", required_argument, NULL, 'n'},
    {"t1", required_argument, NULL, 't'},
    {"mutant", required_argument, NULL, 'm'},
    {"list-mutants", no_argument, NULL, 'M'},
    {"log", required_argument, NULL, 'L'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static int read_option(struct rp_options *options, int key, const char *value)
{
    switch (key) {
    case 'l':
        return read_listen(options, value);
    case 'a':
        return read_account(options, value);
    case 'p':
        return read_transport(options, value);
    case 'd':
        options->display_name = value;
        return 0;
    case 'u':
        options->auth_user = value;
        return 0;
    case 'm':
        return read_mutant(options, value);
    case 'L':
        options->log_path = value;
        return 0;
    case 'M':
        rp_mutants_list(stdout);
        options->listed = true;
        return 0;
    case 'h':
        fputs(usage, stdout);
        options->listed = true;
        return 0;
    case '?':
        return -1;
    default:
        return read_counted(options, key, value);
    }
}

int rp_options_parse(struct rp_options *options, int argc, char **argv)
{
    int key;
    memset(options, 0, sizeof *options);
    options->expires_s = 60;
    options->t1_ms = 500;
    options->no_answer_s = 20;
    while (!options->listed && (key = getopt_long(argc, argv, "", long_options, NULL)) != -1)
        if (read_option(options, key, optarg) < 0)
            return -1;
    if (options->listed)
        return 0;
    if (optind < argc)
        return mistake("argument", argv[optind], "an option");
    if (!options->listen_port || !options->account_user[0]) {
        fputs("offhook-reference-phone: --listen and --account are needed; see --help\n", stderr);
        return -1;
    }
    if (!options->auth_user)
        options->auth_user = options->account_user;
    options->password = getenv("OFFHOOK_PHONE_PASSWORD");
    if (!options->password)
        options->password = "";
    return 0;
}

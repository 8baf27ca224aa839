/* offhook record: a scenario from a capture. */
#include "cli/cli.h"

#include "author/record.h"
#include "base/file.h"
#include "scenario/scenario.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char help[] =
    "usage: offhook record CAPTURE [OPTIONS]\n"
    "\n"
    "Writes the flow of one phone in a capture as a scenario: who took part, what the\n"
    "user must have done, the messages without repeats and background, and for each\n"
    "message of the phone what had to be in it because of those before. The scenario\n"
    "passes on its own capture. Read it, and say more of what matters.\n"
    "\n"
    "  -o FILE                     the scenario; without it standard output\n"
    "  --force                     also over a file that is there already\n"
    "  --phone-address IP[:PORT]   whose flow it is, where several phones speak\n"
    "\n"
    "examples:\n"
    "  offhook record call.pcap -o my-flow.yaml\n"
    "  offhook check call.pcap --scenario my-flow.yaml\n"
    "  offhook explain my-flow.yaml\n";

enum { OPT_PHONE = 1, OPT_FORCE };

struct order {
    const char *path, *out;
    struct oh_addr phone;
    bool has_phone, force;
};

/* A file that is there may hold an hour's work; and the capture itself is never written over. */
static int may_write(const struct order *o, struct oh_error *e)
{
    struct stat out, capture;
    if (!o->out || stat(o->out, &out) != 0 || !S_ISREG(out.st_mode))
        return 0;
    if (stat(o->path, &capture) == 0 && capture.st_dev == out.st_dev &&
        capture.st_ino == out.st_ino)
        return oh_error_set(e, "%s is the capture itself", o->out);
    if (o->force)
        return 0;
    oh_error_set(e, "%s is there already", o->out);
    return oh_error_remedy(e, "give another name, or --force to write over it");
}

static int write_out(const char *path, const struct oh_text *text, struct oh_error *e)
{
    if (path)
        return oh_file_write(path, oh_text_span(text), 0644, e);
    fputs(oh_text_str(text), stdout);
    return 0;
}

static void print_notes(const struct oh_text *notes)
{
    struct oh_span rest = oh_text_span(notes);
    while (rest.len) {
        size_t end = oh_span_find(rest, '\n');
        fprintf(stderr, "offhook: %.*s\n", (int)end, rest.at);
        rest = oh_span_sub(rest, end + 1, rest.len);
    }
}

static int record(const struct order *o)
{
    struct oh_record_options options = {.phone = o->has_phone ? &o->phone : NULL,
                                        .name = strcmp(o->path, "-") ? NULL : "standard input"};
    struct oh_text text = {0}, notes = {0};
    struct oh_error e = {0};
    int status = OH_EXIT_OK;
    if (may_write(o, &e) != 0 || oh_record(o->path, &options, &text, &notes, &e) != 0 ||
        write_out(o->out, &text, &e) != 0)
        status = oh_cli_fail(&e, OH_EXIT_USAGE);
    print_notes(&notes);
    oh_text_release(&text);
    oh_text_release(&notes);
    return status;
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {{"phone-address", required_argument, NULL, OPT_PHONE},
                                            {"output", required_argument, NULL, 'o'},
                                            {"force", no_argument, NULL, OPT_FORCE},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    struct order o = {0};
    struct oh_error e = {0};
    int c;
    while ((c = getopt_long(argc, argv, ":ho:", options, NULL)) != -1) {
        if (c == 'o')
            o.out = optarg;
        else if (c == OPT_PHONE && oh_addr_parse(oh_span_of(optarg), &o.phone, &e) == 0)
            o.has_phone = true;
        else if (c == OPT_FORCE)
            o.force = true;
        else if (c == OPT_PHONE)
            return oh_cli_fail(&e, OH_EXIT_USAGE);
        else
            return oh_cli_wrong_option(&oh_command_record, c, argv);
    }
    if (argc - optind != 1)
        return oh_cli_usage(&oh_command_record, "give one capture file, or '-'");
    o.path = argv[optind];
    return record(&o);
}

const struct oh_command oh_command_record = {"record", run, "writes a scenario from a capture",
                                             help};

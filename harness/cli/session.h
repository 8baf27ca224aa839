/*
 * cli/session.h - one call of 'offhook run', for the two files that it is made of: run.c reads
 * options, scenarios, phones and lists, and run_play.c plays.
 */
#ifndef OH_CLI_SESSION_H
#define OH_CLI_SESSION_H

#include "cli/desk.h"
#include "cli/lan.h"
#include "cli/live.h"
#include "cli/resume.h"
#include "play/play.h"

#define OH_SESSION_PHONES 8
#define OH_SESSION_PARAMS 16

struct oh_session_options {
    struct oh_cli_common common;
    const char *out, *baseline, *junit, *mutant;
    enum oh_transport transport;
    const char *phones[OH_SESSION_PHONES];
    size_t phone_count;
    const char *params[OH_SESSION_PARAMS];
    size_t param_count;
    struct oh_param values[OH_SESSION_PARAMS]; /* of --set */
    size_t value_count;
    bool no_capture;
    struct oh_lan lan;
    const char *resumed; /* of --continue */
};

struct oh_session {
    const struct oh_session_options *options;
    struct oh_scenario **scenarios;
    size_t scenario_count, scenario_room;
    bool value_used[OH_SESSION_PARAMS];
    struct oh_adapter *adapters[OH_SESSION_PHONES];
    struct oh_bench_phone phones[OH_SESSION_PHONES];
    char *seats[OH_SESSION_PHONES];
    size_t phone_count;
    struct oh_baseline *baseline;
    struct oh_bench *bench;
    struct oh_report *report;
    struct oh_live live;
    struct oh_desk desk;
    struct oh_resume *resume;
    bool *is_done; /* by scenario: it was, in the run that is taken up */
    struct oh_addr address, phone_address;
    char *program_folder;
    double taken_s, estimated_s; /* of the scenarios played so far */
    int reserve;                 /* room for the report */
    int lock;                    /* the output folder itself, while it is ours; -1: not yet */
};

/* Plays what was read, judges it and writes the report; returns the exit status. */
int oh_session_play(struct oh_session *s);

#endif

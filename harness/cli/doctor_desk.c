/* A phone on the desk: where offhook listens, that the phone registers there, the way to it, and
 * one verb, done by the person and seen on the wire. */
#include "cli/desk.h"
#include "cli/doctor.h"
#include "cli/doctor_flows.h"
#include "cli/interrupt.h"

#include "base/file.h"

#include <stdlib.h>
#include <string.h>

static const char verb[] = "dial";

static bool can(const char *ability, const void *adapter)
{
    return oh_adapter_can(adapter, ability);
}

static bool tell_address(struct oh_doctor *d, const struct oh_bench *b)
{
    struct oh_error e = {0};
    char text[OH_ADDR_TEXT];
    if (oh_net_reaches(oh_bench_home(b), &e) != 0) {
        oh_doctor_tell_error(d, "address", &e);
        return false;
    }
    oh_doctor_tell(d, OH_DOCTOR_OK, "address", NULL, "offhook listens at %s: the phone's server",
                   oh_addr_format(oh_bench_home(b), text));
    return true;
}

static bool tell_registration(struct oh_doctor *d, struct oh_bench *b)
{
    struct oh_error e = {0};
    char text[OH_ADDR_TEXT];
    bool was_known = oh_bench_phone_address(b, 0)->family != OH_FAMILY_NONE;
    if (oh_bench_find_phones(b, &e) != 0) {
        oh_doctor_tell_error(d, "registers", &e);
        return false;
    }
    if (oh_bench_phone_address(b, 0)->family == OH_FAMILY_NONE) /* interrupted */
        return false;
    oh_addr_format(oh_bench_phone_address(b, 0), text);
    oh_doctor_tell(d, was_known ? OH_DOCTOR_NOTE : OH_DOCTOR_OK, "registers", NULL,
                   was_known ? "not waited for: --phone-address says that it is at %s"
                             : "from %s, which is where the phone is",
                   text);
    return true;
}

static void tell_route(struct oh_doctor *d, const struct oh_bench *b)
{
    struct oh_addr from = {0};
    struct oh_error e = {0};
    char to_text[OH_ADDR_TEXT], from_text[OH_ADDR_TEXT], ours[OH_ADDR_TEXT];
    const struct oh_addr *to = oh_bench_phone_address(b, 0);
    oh_addr_format_ip(to, to_text);
    oh_addr_format_ip(oh_bench_home(b), ours);
    if (oh_lan_route(to, &from, &e) != 0)
        oh_doctor_tell_error(d, "route", &e);
    else if (!oh_addr_same_ip(&from, oh_bench_home(b)) && to->ip[0] != 127)
        oh_doctor_tell(d, OH_DOCTOR_BAD, "route",
                       "name the interface of the phone's network with --interface; 'ip route get' "
                       "tells which it is",
                       "packets to %s leave from %s, not from %s", to_text,
                       oh_addr_format_ip(&from, from_text), ours);
    else
        oh_doctor_tell(d, OH_DOCTOR_OK, "route", NULL, "to %s from %s", to_text, ours);
}

static void play(struct oh_doctor *d, struct oh_bench *b, const char *text)
{
    struct oh_errors errors = {0};
    struct oh_error e = {0};
    struct oh_scenario *s = oh_scenario_parse("doctor/dial.yaml", oh_span_of(text), &errors);
    char *folder = oh_file_join(d->keep ? d->keep : d->folder, verb);
    struct oh_recording *r = NULL;
    if (!s)
        e = errors.items[0];
    else if (oh_play(b, s, folder, &e) == 0)
        r = oh_recording_read(folder, &e);
    if (r)
        oh_doctor_steps(d, verb, r);
    else
        oh_doctor_tell_error(d, verb, &e);
    oh_recording_free(r);
    oh_scenario_free(s);
    oh_errors_release(&errors);
    free(folder);
}

static void prove_verb(struct oh_doctor *d, struct oh_bench *b)
{
    for (size_t i = 0; i < oh_doctor_flow_count(); i++) {
        char *text = strcmp(oh_doctor_flow_name(i), verb) == 0
                         ? oh_doctor_flow_text(i, can, d->adapter)
                         : NULL;
        if (text)
            play(d, b, text);
        free(text);
    }
    if (*oh_interrupt_flag() != 0)
        oh_doctor_tell(d, OH_DOCTOR_BAD, "interrupted", NULL, "not all was tried");
    else
        oh_doctor_tell(d, OH_DOCTOR_NOTE, "verbs", NULL,
                       "the others are done by hand as well, and seen in a run");
}

void oh_doctor_desk(struct oh_doctor *d)
{
    struct oh_error e = {0};
    struct oh_desk desk = {0};
    struct oh_bench_phone phone = {.seat = "", .adapter = d->adapter};
    struct oh_bench_options options = {.no_capture = d->no_capture,
                                       .transport = d->transport,
                                       .program_folder = d->programs,
                                       .interrupted = oh_interrupt_flag(),
                                       .interrupt_fd = oh_interrupt_fd()};
    if (oh_lan_resolve(&d->lan, &options.address, &options.phone_address, &e) != 0) {
        oh_doctor_tell_error(d, "address", &e);
        return;
    }
    oh_desk_open(&desk, &d->common);
    options.person = desk.person;
    struct oh_bench *b = oh_bench_open(&options, &phone, 1, &e);
    if (!b) {
        oh_doctor_tell_error(d, "bench", &e);
    } else if (tell_address(d, b) && tell_registration(d, b)) {
        tell_route(d, b);
        prove_verb(d, b);
    }
    oh_bench_close(b);
    oh_desk_close(&desk);
}

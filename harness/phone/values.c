/* What the names in an adapter's texts stand for; the private folder and its files. */
#include "phone/self.h"

#include "base/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RTP_PORTS 20 /* that are free above the first */

static bool is_apart(const struct oh_phone *p, uint16_t port)
{
    char text[8];
    snprintf(text, sizeof text, "%u", port);
    for (size_t i = 0; i < p->port_count; i++)
        if (!strcmp(p->ports[i].value, text))
            return false;
    return port != p->place.sip.port &&
           (port < p->place.rtp_port || port > p->place.rtp_port + RTP_PORTS);
}

static const char *free_port(struct oh_phone *p, const char *name)
{
    uint16_t port = 0;
    for (size_t i = 0; i < p->port_count; i++)
        if (!strcmp(p->ports[i].name, name))
            return p->ports[i].value;
    for (int tries = 0; tries < 16; tries++) {
        port = oh_net_free_port(&p->place.sip, false, &p->port_trouble);
        if (port == 0 || p->port_count == OH_ADAPTER_FREE_PORTS)
            return "0";
        if (is_apart(p, port))
            break;
    }
    struct oh_pair *kept = &p->ports[p->port_count++];
    kept->name = oh_strdup(name);
    kept->value = oh_format("%u", port);
    return kept->value;
}

static const char *param(const struct oh_phone *p, const char *name)
{
    for (size_t i = 0; i < p->a->param_count; i++)
        if (!strcmp(p->a->params[i].name, name))
            return p->a->params[i].value;
    return "";
}

/* "phone." and "server." endings. */
static bool add_address(const struct oh_addr *a, const char *part, struct oh_text *out)
{
    char text[OH_ADDR_TEXT];
    if (!strcmp(part, "address"))
        oh_text_add(out, oh_addr_format_ip(a, text));
    else if (!strcmp(part, "host"))
        oh_text_add(out, oh_addr_format_host(a, text));
    else if (!strcmp(part, "host-port"))
        oh_text_add(out, oh_addr_format(a, text));
    else if (!strcmp(part, "port"))
        oh_text_addf(out, "%u", a->port);
    else
        return false;
    return true;
}

void oh_phone_value(struct oh_span span, struct oh_text *out, void *filling)
{
    struct oh_filling *f = filling;
    struct oh_phone *p = f->phone;
    const struct oh_phone_place *place = &p->place;
    char *name = oh_span_dup(span);
    const char *dot = strchr(name, '.');
    const struct {
        const char *name, *value;
    } texts[] = {
        {"user", place->user},
        {"auth-user", place->auth_user ? place->auth_user : place->user},
        {"password", place->password},
        {"realm", place->realm},
        {"folder", p->folder},
        {"programs", place->program_folder},
        {"uri", f->uri},
    };
    if (oh_span_starts_with(span, "phone."))
        add_address(&place->sip, dot + 1, out);
    else if (oh_span_starts_with(span, "server."))
        add_address(&place->server, dot + 1, out);
    else if (!strcmp(name, "rtp.port"))
        oh_text_addf(out, "%u", place->rtp_port);
    else if (!strcmp(name, "rtp.last-port"))
        oh_text_addf(out, "%u", place->rtp_port + RTP_PORTS);
    else if (oh_span_starts_with(span, OH_TEMPLATE_FREE_PORT))
        oh_text_add(out, free_port(p, dot + 1));
    else if (oh_span_starts_with(span, OH_TEMPLATE_PARAM))
        oh_text_add(out, param(p, dot + 1));
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (!strcmp(texts[i].name, name) && texts[i].value)
            oh_text_add(out, texts[i].value);
    free(name);
}

static char *fill(struct oh_phone *p, const char *text)
{
    struct oh_filling f = {p, NULL};
    struct oh_template_values values = {oh_phone_value, &f};
    return oh_template_fill(text, &values);
}

static int make_folder(struct oh_phone *p, struct oh_error *e)
{
    const char *tmp = getenv("TMPDIR");
    char *path = oh_format("%s/offhook-phone-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (!mkdtemp(path)) {
        oh_error_set(e, "no private folder for the phone can be made as %s: %s", path,
                     strerror(errno));
        oh_error_remedy(e, "TMPDIR names the folder for temporary files");
        free(path);
        return -1;
    }
    p->folder = path;
    return 0;
}

int oh_phone_render(struct oh_phone *p, struct oh_error *e)
{
    int result = 0;
    oh_phone_remove_folder(p);
    if (make_folder(p, e) != 0)
        return -1;
    for (size_t i = 0; i < p->a->file_count && result == 0; i++) {
        char *path = oh_file_join(p->folder, p->a->files[i].name);
        char *text = fill(p, p->a->files[i].value);
        result = oh_file_write(path, oh_span_of(text), 0600, e);
        free(path);
        free(text);
    }
    return result;
}

void oh_phone_remove_folder(struct oh_phone *p)
{
    if (p->folder)
        oh_file_remove_tree(p->folder);
    free(p->folder);
    p->folder = NULL;
}

char **oh_phone_words(struct oh_phone *p)
{
    char **words = oh_alloc((p->a->start_count + 1) * sizeof *words);
    for (size_t i = 0; i < p->a->start_count; i++)
        words[i] = fill(p, p->a->start[i]);
    return words;
}

char **oh_phone_environment(struct oh_phone *p)
{
    char **words = oh_alloc((p->a->environment_count + 1) * sizeof *words);
    for (size_t i = 0; i < p->a->environment_count; i++) {
        char *value = fill(p, p->a->environment[i].value);
        words[i] = oh_format("%s=%s", p->a->environment[i].name, value);
        free(value);
    }
    return words;
}

void oh_phone_free_words(char **words)
{
    for (char **word = words; word && *word; word++)
        free(*word);
    free(words);
}

/* What the names in an adapter's texts stand for; the private folder and its files. */
#include "phone/self.h"

#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define RTP_PORTS 20 /* that are free above the first */

#define FOLDER_PREFIX "offhook-phone-"
#define RANDOM_CHARS  6  /* of mkdtemp */
#define YOUNG_S       60 /* no folder is taken for abandoned before */

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

static void add_kept(struct oh_filling *f, const char *name, struct oh_text *out)
{
    const struct oh_adapter *a = f->phone->a;
    for (size_t i = 0; i < a->keep_count; i++) {
        if (strcmp(a->keeps[i].name, name))
            continue;
        oh_text_add(out, f->phone->kept[i] ? f->phone->kept[i] : "");
        if (!f->phone->kept[i])
            f->missing = a->keeps[i].name;
    }
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

/* The user of a SIP URI, which is what people dial; without one its host. */
static void add_number(const char *uri, struct oh_text *out)
{
    struct oh_span rest = oh_span_of(uri);
    size_t colon = oh_span_find(rest, ':');
    if (colon < rest.len)
        rest = oh_span_sub(rest, colon + 1, rest.len - colon - 1);
    oh_text_add_span(out, oh_span_sub(rest, 0, strcspn(rest.at, "@;:?>")));
}

static void param_alone(struct oh_span name, struct oh_text *out, void *adapter)
{
    const struct oh_adapter *a = adapter;
    struct oh_span rest = name;
    if (!oh_span_starts_with(name, OH_TEMPLATE_PARAM))
        return;
    rest = oh_span_sub(rest, strlen(OH_TEMPLATE_PARAM), rest.len);
    for (size_t i = 0; i < a->param_count; i++)
        if (oh_span_is(rest, a->params[i].name))
            oh_text_add(out, a->params[i].value);
}

static char *account_text(const struct oh_adapter *a, const char *text)
{
    struct oh_template_values values = {param_alone, (void *)(uintptr_t)a};
    return text ? oh_template_fill(text, &values) : NULL;
}

char *oh_adapter_account_user(const struct oh_adapter *a)
{
    return account_text(a, a->account_user);
}

char *oh_adapter_account_password(const struct oh_adapter *a)
{
    return account_text(a, a->account_password);
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
        {"transport", oh_transport_name(place->transport)},
        {"folder", p->folder},
        {"programs", place->program_folder},
        {"adapter-folder", p->a->folder},
        {"uri", f->args.uri},
        {"digits", f->args.digits},
        {"when", f->args.when},
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
    else if (oh_span_starts_with(span, OH_TEMPLATE_KEPT))
        add_kept(f, dot + 1, out);
    else if (!strcmp(name, "number") && f->args.uri)
        add_number(f->args.uri, out);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (!strcmp(texts[i].name, name) && texts[i].value)
            oh_text_add(out, texts[i].value);
    free(name);
}

char *oh_phone_fill(struct oh_phone *p, const char *text)
{
    struct oh_filling f = {.phone = p};
    struct oh_template_values values = {oh_phone_value, &f};
    return oh_template_fill(text, &values);
}

/* Whoever made a folder holds a lock on it while it lives, in whatever container it lives. */
static int lock_folder(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

/* One of ours whose maker is gone. A young one may be between its making and its lock. */
static bool is_abandoned(int fd)
{
    struct stat st;
    return fstat(fd, &st) == 0 && st.st_uid == geteuid() && (st.st_mode & 0777) == 0700 &&
           oh_clock_wall_ns() - st.st_mtim.tv_sec * OH_NS_PER_S > YOUNG_S * OH_NS_PER_S;
}

/* What runs left that were killed without a chance to tidy up. */
static void remove_abandoned(const char *tmp)
{
    DIR *folder = opendir(tmp);
    for (const struct dirent *d = folder ? readdir(folder) : NULL; d; d = readdir(folder)) {
        if (!oh_span_starts_with(oh_span_of(d->d_name), FOLDER_PREFIX) ||
            strlen(d->d_name) != strlen(FOLDER_PREFIX) + RANDOM_CHARS)
            continue;
        char *path = oh_file_join(tmp, d->d_name);
        int fd = lock_folder(path);
        if (fd >= 0 && is_abandoned(fd))
            oh_file_remove_tree(path);
        if (fd >= 0)
            close(fd);
        free(path);
    }
    if (folder)
        closedir(folder);
}

static int make_folder(struct oh_phone *p, struct oh_error *e)
{
    const char *tmp = getenv("TMPDIR");
    tmp = tmp && *tmp ? tmp : "/tmp";
    char *path = oh_format("%s/" FOLDER_PREFIX "XXXXXX", tmp);
    remove_abandoned(tmp);
    if (!mkdtemp(path)) {
        oh_error_set(e, "no private folder for the phone can be made as %s: %s", path,
                     strerror(errno));
        oh_error_remedy(e, "TMPDIR names the folder for temporary files");
        free(path);
        return -1;
    }
    p->folder = path;
    p->folder_lock = lock_folder(path);
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
        char *text = oh_phone_fill(p, p->a->files[i].value);
        result = oh_file_write(path, oh_span_of(text), 0600, e);
        free(path);
        free(text);
    }
    return result;
}

void oh_phone_remove_folder(struct oh_phone *p)
{
    oh_phone_keep_mutant(p);
    if (p->folder) {
        oh_file_remove_tree(p->folder);
        if (p->folder_lock >= 0)
            close(p->folder_lock);
    }
    free(p->folder);
    p->folder = NULL;
}

char **oh_phone_words(struct oh_phone *p, const struct oh_words *texts)
{
    char **words = oh_alloc((texts->count + 1) * sizeof *words);
    for (size_t i = 0; i < texts->count; i++)
        words[i] = oh_phone_fill(p, texts->at[i]);
    return words;
}

char **oh_phone_environment(struct oh_phone *p)
{
    char **words = oh_alloc((p->a->environment_count + 1) * sizeof *words);
    for (size_t i = 0; i < p->a->environment_count; i++) {
        char *value = oh_phone_fill(p, p->a->environment[i].value);
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

void oh_phone_pattern_value(struct oh_span name, struct oh_text *out, void *filling)
{
    struct oh_text value = {0};
    oh_phone_value(name, &value, filling);
    oh_text_add_pattern(out, oh_text_span(&value));
    oh_text_release(&value);
}

/* What values bring along is no star. */
static char *fill_pattern(struct oh_phone *p, const char *text)
{
    struct oh_filling f = {.phone = p};
    struct oh_template_values values = {oh_phone_pattern_value, &f};
    return oh_template_fill(text, &values);
}

static const char *const *fill_patterns(struct oh_phone *p, const struct oh_words *texts)
{
    char **words = oh_alloc((texts->count + 1) * sizeof *words);
    for (size_t i = 0; i < texts->count; i++)
        words[i] = fill_pattern(p, texts->at[i]);
    return (const char *const *)words;
}

void oh_phone_plan_terminal(struct oh_phone *p)
{
    const struct oh_adapter *a = p->a;
    if (!a->driver->is_text)
        return;
    p->terminal.prompt = a->prompt ? fill_pattern(p, a->prompt) : NULL;
    p->terminal.answer = a->answer ? fill_pattern(p, a->answer) : NULL;
    p->terminal.asks = fill_patterns(p, &a->asks);
    p->terminal.ask_count = a->asks.count;
    p->terminal.ends = fill_patterns(p, &a->ends);
    p->terminal.end_count = a->ends.count;
    p->terminal.echo = a->echo;
    p->terminal.redraws = a->redraws;
    p->terminal.enter = a->enter ? a->enter : a->driver->enter;
    p->terminal.blocks = p->blocks;
    p->terminal.block_count = a->says_count;
    for (size_t i = 0; i < a->says_count; i++)
        p->blocks[i] = (struct oh_terminal_block){.begins = fill_pattern(p, a->says[i].begins),
                                                  .until = fill_patterns(p, &a->says[i].until),
                                                  .until_count = a->says[i].until.count};
}

void oh_phone_forget_terminal(struct oh_phone *p)
{
    for (size_t i = 0; i < p->terminal.block_count; i++) {
        free((char *)(uintptr_t)p->blocks[i].begins);
        oh_phone_free_words((char **)(uintptr_t)p->blocks[i].until);
    }
    free((char *)(uintptr_t)p->terminal.prompt);
    free((char *)(uintptr_t)p->terminal.answer);
    oh_phone_free_words((char **)(uintptr_t)p->terminal.asks);
    oh_phone_free_words((char **)(uintptr_t)p->terminal.ends);
    p->terminal = (struct oh_terminal_plan){0};
}

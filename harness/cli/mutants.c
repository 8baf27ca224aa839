#include "cli/mutants.h"

#include "base/file.h"
#include "base/text.h"
#include "cli/cli.h"
#include "scenario/yaml.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIST_MAX (1U << 20)

#define INDENT 44

enum { COLUMNS = 4 }; /* name, clause, when it strikes, what the phone does */

struct mutants {
    struct oh_text text; /* with NUL for each tab and line end */
    const char *(*rows)[COLUMNS];
    const char **names; /* NULL-ended */
    size_t count, row_room, name_room;
};

static void add_row(struct mutants *m, char *line)
{
    oh_grow(&m->rows, m->count, &m->row_room, sizeof *m->rows);
    for (int i = 0; i < COLUMNS; i++) {
        m->rows[m->count][i] = line;
        char *tab = line + strcspn(line, "\t");
        line = *tab ? tab + 1 : tab;
        *tab = '\0';
    }
    oh_grow(&m->names, m->count, &m->name_room, sizeof *m->names);
    m->names[m->count] = m->rows[m->count][0];
    m->count++;
}

static int read_mutants(struct mutants *m, struct oh_error *e)
{
    char *folder = oh_cli_program_folder(), *path = oh_file_join(folder, "offhook-mutants.txt");
    int result = oh_file_read(path, LIST_MAX, &m->text, e);
    if (result == 0) {
        for (char *line = m->text.at, *end; line && (end = strchr(line, '\n')); line = end + 1) {
            *end = '\0';
            add_row(m, line);
        }
    } else {
        oh_error_remedy(e, "ci/build makes it, beside offhook");
    }
    oh_grow(&m->names, m->count, &m->name_room, sizeof *m->names);
    m->names[m->count] = NULL;
    free(path);
    free(folder);
    return result;
}

static void release(struct mutants *m)
{
    oh_text_release(&m->text);
    free(m->rows);
    free(m->names);
}

int oh_cli_check_mutant(const char *name, struct oh_error *e)
{
    struct mutants m = {0};
    int result = read_mutants(&m, e);
    bool known = false;
    for (size_t i = 0; result == 0 && i < m.count && !known; i++)
        known = strcmp(m.names[i], name) == 0;
    if (result == 0 && !known) {
        const char *near = oh_nearest_word(name, m.names);
        result = oh_error_set(e, "there is no mutant '%s'", name);
        if (near)
            oh_error_remedy(e, "did you mean '%s'?", near);
        else
            oh_error_remedy(e, "'offhook list mutants' names them");
    }
    release(&m);
    return result;
}

int oh_cli_list_mutants(void)
{
    struct mutants m = {0};
    struct oh_error e = {0};
    int status = OH_EXIT_OK;
    if (read_mutants(&m, &e) != 0)
        status = oh_cli_fail(&e, OH_EXIT_USAGE);
    for (size_t i = 0; i < m.count; i++) {
        bool lawful = strcmp(m.rows[i][1], "-") == 0;
        char *head = oh_format("%-24s %-18s", m.rows[i][0], lawful ? "lawful" : m.rows[i][1]);
        char *when = oh_format("strikes when %s", m.rows[i][2]);
        oh_cli_row(head, INDENT, m.rows[i][3]);
        oh_cli_row("", INDENT, when);
        free(head);
        free(when);
    }
    if (status == OH_EXIT_OK)
        printf("%zu mutants\n", m.count);
    release(&m);
    return status;
}

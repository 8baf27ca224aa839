/* Examples that are named after the sections of an RFC: each section has its own, none is left out.
 */
#ifndef OH_TEST_EXAMPLE_SECTIONS_H
#define OH_TEST_EXAMPLE_SECTIONS_H

#include "judge/examples.h"

struct section {
    const char *number;
    size_t sound, faulty; /* files that it is to have: without fault, and with one that is told */
};

static bool is_of_section(const char *file, const char *number)
{
    size_t len = strlen(number);
    return strncmp(file, number, len) == 0 && file[len] == '-';
}

static bool expects_a_finding(const char *path, size_t *not_yet)
{
    struct example x;
    struct expected due = {0};
    example_read(&x, path, NULL);
    expect_all(&due, &x, "expect");
    *not_yet += due.not_yet;
    bool is_due = due.count + due.not_yet > 0;
    expected_free(&due);
    example_free(&x);
    return is_due;
}

/* Each section has its files, sound and faulty, and each file its section. Returns how many faults
 * no rule names yet. */
static size_t hold_sections(const char *folder, const struct section *sections, size_t count)
{
    struct oh_error e = {0};
    char **files = oh_file_list(folder, ".txt", &e);
    size_t in_all = 0, with_section = 0, not_yet = 0;
    assert_non_null(files);
    while (files[in_all])
        in_all++;
    for (size_t s = 0; s < count; s++) {
        size_t found[2] = {0, 0};
        for (size_t i = 0; i < in_all; i++) {
            if (is_of_section(strrchr(files[i], '/') + 1, sections[s].number))
                found[expects_a_finding(files[i], &not_yet)]++;
        }
        if (found[0] != sections[s].sound || found[1] != sections[s].faulty)
            fail_msg("section %s: %zu files without a finding, %zu with one", sections[s].number,
                     found[0], found[1]);
        with_section += found[0] + found[1];
    }
    assert_int_equal(with_section, in_all);
    oh_file_list_free(files);
    return not_yet;
}

#endif

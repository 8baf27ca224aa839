#include "base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[64];

static int make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "%s", "/tmp/offhook-test-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    oh_file_remove_tree(folder);
    return oh_file_exists(folder) ? -1 : 0;
}

/* A path below the test's folder, which the caller frees. */
static char *in_folder(const char *name)
{
    return oh_file_join(folder, name);
}

static void put(const char *name, const char *content)
{
    char *path = in_folder(name);
    assert_int_equal(oh_file_write(path, oh_span_of(content), 0644, NULL), 0);
    free(path);
}

static size_t count_entries(void)
{
    char *all = oh_format("ls -A %s | wc -l", folder);
    FILE *pipe = popen(all, "r");
    size_t count = 0;
    assert_non_null(pipe);
    assert_int_equal(fscanf(pipe, "%zu", &count), 1);
    pclose(pipe);
    free(all);
    return count;
}

static void what_is_written_is_read(void **state)
{
    (void)state;
    struct oh_text out = {0};
    char *path = in_folder("a.bin");
    struct oh_span content = {"one\0two", 7};
    struct stat st;
    assert_int_equal(oh_file_write(path, content, 0600, NULL), 0);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    oh_text_add(&out, "before ");
    assert_int_equal(oh_file_read(path, 7, &out, NULL), 0);
    assert_int_equal(out.len, 14);
    assert_memory_equal(out.at, "before one\0two", 14);
    assert_int_equal(count_entries(), 1); /* nothing left beside it */
    oh_text_release(&out);
    free(path);
}

static void an_empty_file_is_no_error(void **state)
{
    (void)state;
    struct oh_text out = {0};
    char *path = in_folder("empty");
    put("empty", "");
    assert_int_equal(oh_file_read(path, 0, &out, NULL), 0);
    assert_int_equal(out.len, 0);
    oh_text_release(&out);
    free(path);
}

static void folders_missing_files_and_too_large_ones_are_told(void **state)
{
    (void)state;
    struct oh_error e = {0};
    struct oh_text out = {0};
    oh_text_add(&out, "kept");
    char *large = in_folder("large"), *missing = in_folder("none/here");
    put("large", "12345");
    assert_int_equal(oh_file_read(folder, 100, &out, &e), -1);
    assert_non_null(strstr(e.text, "is a folder"));
    assert_int_equal(oh_file_read(missing, 100, &out, &e), -1);
    assert_non_null(strstr(e.text, "No such file"));
    assert_string_not_equal(e.remedy, "");
    assert_int_equal(oh_file_read(large, 4, &out, &e), -1);
    assert_non_null(strstr(e.text, "larger than the 4 bytes"));
    assert_string_equal(oh_text_str(&out), "kept");
    oh_text_release(&out);
    free(large);
    free(missing);
}

static void a_failed_write_leaves_nothing_behind(void **state)
{
    (void)state;
    struct oh_error e = {0};
    char *in_missing = in_folder("none/x"), *over_folder = in_folder("d");
    assert_int_equal(oh_file_mkdirs(over_folder, NULL), 0);
    assert_int_equal(oh_file_write(in_missing, oh_span_of("x"), 0644, &e), -1);
    assert_int_equal(oh_file_write(over_folder, oh_span_of("x"), 0644, &e), -1);
    assert_non_null(strstr(e.text, "Is a directory"));
    assert_int_equal(count_entries(), 1);
    free(in_missing);
    free(over_folder);
}

static void a_full_disk_is_told(void **state)
{
    (void)state;
    struct oh_error e = {0};
    assert_int_equal(oh_file_write("/dev/full", oh_span_of("x"), 0644, &e), -1);
    assert_non_null(strstr(e.text, "No space left"));
    assert_string_not_equal(e.remedy, "");
}

static void a_link_is_written_through_and_kept(void **state)
{
    (void)state;
    char *target = in_folder("target"), *name = in_folder("link");
    struct oh_text out = {0};
    struct stat st;
    put("target", "old");
    assert_int_equal(symlink(target, name), 0);
    put("link", "new");
    assert_int_equal(lstat(name, &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    assert_int_equal(oh_file_read(target, 10, &out, NULL), 0);
    assert_string_equal(oh_text_str(&out), "new");
    oh_text_release(&out);
    free(target);
    free(name);
}

static void folders_are_made_with_their_parents(void **state)
{
    (void)state;
    struct oh_error e = {0};
    char *deep = in_folder("a/b//c/"), *under_file = in_folder("f/x");
    assert_int_equal(oh_file_mkdirs(deep, &e), 0);
    assert_int_equal(oh_file_mkdirs(deep, &e), 0);
    assert_true(oh_file_is_folder(deep));
    put("f", "");
    assert_int_equal(oh_file_mkdirs(under_file, &e), -1);
    assert_string_not_equal(e.text, "");
    assert_false(oh_file_is_folder(under_file));
    assert_int_equal(oh_file_mkdirs("", &e), -1);
    free(deep);
    free(under_file);
}

static void joining_puts_one_slash(void **state)
{
    (void)state;
    static const char *const cases[][3] = {{"a", "b", "a/b"},
                                           {"a/", "b", "a/b"},
                                           {"a", "/b", "a/b"},
                                           {"", "b", "b"},
                                           {"", "/b", "/b"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *joined = oh_file_join(cases[i][0], cases[i][1]);
        assert_string_equal(joined, cases[i][2]);
        free(joined);
    }
}

static void listing_is_recursive_sorted_and_by_suffix(void **state)
{
    (void)state;
    char *sub = in_folder("sub"), *hidden = in_folder(".git"), *loop = in_folder("sub/loop");
    oh_file_mkdirs(sub, NULL);
    oh_file_mkdirs(hidden, NULL);
    assert_int_equal(symlink(folder, loop), 0);
    static const char *const files[] = {"b.yaml",     "a.yaml",   "sub/c.yaml",
                                        "sub/no.txt", ".#b.yaml", ".git/x.yaml"};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        put(files[i], "");
    char **list = oh_file_list(folder, ".yaml", NULL);
    static const char *const expected[] = {"/a.yaml", "/b.yaml", "/sub/c.yaml"};
    for (size_t i = 0; i < 3; i++) {
        assert_non_null(list[i]);
        assert_string_equal(list[i] + strlen(folder), expected[i]);
    }
    assert_null(list[3]);
    oh_file_list_free(list);
    free(sub);
    free(hidden);
    free(loop);
}

static void listing_a_file_gives_that_file(void **state)
{
    (void)state;
    char *path = in_folder("x.txt"), *missing = in_folder("missing");
    struct oh_error e = {0};
    put("x.txt", "");
    char **list = oh_file_list(path, ".yaml", &e);
    assert_string_equal(list[0], path);
    assert_null(list[1]);
    oh_file_list_free(list);
    oh_file_list_free(NULL);
    assert_null(oh_file_list(missing, ".yaml", &e));
    assert_string_not_equal(e.text, "");
    free(path);
    free(missing);
}

static void removing_a_tree_does_not_follow_links(void **state)
{
    (void)state;
    char *tree = in_folder("tree"), *name = in_folder("tree/link"), *kept = in_folder("kept");
    oh_file_mkdirs(tree, NULL);
    oh_file_mkdirs(kept, NULL);
    put("kept/file", "x");
    assert_int_equal(symlink(kept, name), 0);
    oh_file_remove_tree(tree);
    assert_false(oh_file_exists(tree));
    char *file = in_folder("kept/file");
    assert_true(oh_file_exists(file));
    oh_file_remove_tree(tree); /* not there: fine */
    free(tree);
    free(name);
    free(kept);
    free(file);
}

static void times_are_written_in_utc_with_milliseconds(void **state)
{
    (void)state;
    char text[32];
    assert_string_equal(oh_clock_format(0, text), "1970-01-01T00:00:00.000Z");
    assert_string_equal(oh_clock_format(951782400LL * OH_NS_PER_S + 123 * OH_NS_PER_MS + 999999,
                                        text),
                        "2000-02-29T00:00:00.123Z");
    assert_string_equal(oh_clock_format(-1, text), "1969-12-31T23:59:59.999Z");
    int64_t first = oh_clock_mono_ns();
    assert_true(oh_clock_mono_ns() >= first);
    assert_true(oh_clock_wall_ns() > 1500000000LL * OH_NS_PER_S);
}

int main(void)
{
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(what_is_written_is_read),
        IN_FOLDER(an_empty_file_is_no_error),
        IN_FOLDER(folders_missing_files_and_too_large_ones_are_told),
        IN_FOLDER(a_failed_write_leaves_nothing_behind),
        cmocka_unit_test(a_full_disk_is_told),
        IN_FOLDER(a_link_is_written_through_and_kept),
        IN_FOLDER(folders_are_made_with_their_parents),
        cmocka_unit_test(joining_puts_one_slash),
        IN_FOLDER(listing_is_recursive_sorted_and_by_suffix),
        IN_FOLDER(listing_a_file_gives_that_file),
        IN_FOLDER(removing_a_tree_does_not_follow_links),
        cmocka_unit_test(times_are_written_in_utc_with_milliseconds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Adapter files: what is read, and the exact text of every mistake. */
#include "base/file.h"
#include "phone/driver.h"
#include "phone/phone.h"
#include "scenario/yaml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const char folder[] = OH_TEST_DATA "/adapters-bad";

static char *told_of(const char *path)
{
    struct oh_text told = {0};
    struct oh_errors errors = {0};
    struct oh_adapter *a = oh_adapter_load(path, NULL, &errors);
    if (a)
        print_error("%s was read without a mistake\n", path);
    assert_null(a);
    assert_true(errors.count > 0);
    for (size_t i = 0; i < errors.count; i++) { /* the base name is the same everywhere */
        const char *slash = strrchr(errors.items[i].file, '/');
        if (slash)
            memmove(errors.items[i].file, slash + 1, strlen(slash));
    }
    oh_errors_format(&errors, &told);
    oh_errors_release(&errors);
    return oh_text_take(&told);
}

static bool same_as_golden(const char *path)
{
    char *told = told_of(path);
    char *golden = oh_format("%.*s.txt", (int)(strlen(path) - strlen(".yaml")), path);
    struct oh_text wanted = {0};
    struct oh_error e;
    if (getenv("OH_GOLDEN_UPDATE"))
        assert_int_equal(oh_file_write(golden, oh_span_of(told), 0644, &e), 0);
    assert_int_equal(oh_file_read(golden, OH_YAML_MAX_BYTES, &wanted, &e), 0);
    bool same = !strcmp(oh_text_str(&wanted), told);
    if (!same)
        print_error("%s: wanted\n%s\ntold\n%s\n", path, oh_text_str(&wanted), told);
    oh_text_release(&wanted);
    free(told);
    free(golden);
    return same;
}

static void every_mistaken_adapter_is_told_as_its_golden_text_says(void **state)
{
    struct oh_error e;
    size_t count = 0, different = 0;
    char **files = oh_file_list(folder, ".yaml", &e);
    (void)state;
    assert_non_null(files);
    for (; files[count]; count++)
        different += !same_as_golden(files[count]);
    oh_file_list_free(files);
    assert_true(count >= 9);
    assert_int_equal(different, 0);
}

static void every_adapter_of_the_tree_is_read(void **state)
{
    struct oh_error e;
    char **files = oh_file_list(OH_SOURCE_DIR "/dut-adapters", ".yaml", &e);
    size_t count = 0;
    (void)state;
    assert_non_null(files);
    for (size_t i = 0; files[i]; i++) {
        struct oh_errors errors = {0};
        const char *path = files[i];
        if (strstr(path, ".known.yaml")) /* findings, not a phone */
            continue;
        struct oh_adapter *a = oh_adapter_load(path, NULL, &errors);
        assert_int_equal(errors.count, 0);
        assert_non_null(a);
        assert_true(strlen(oh_adapter_title(a)) > 0);
        assert_string_equal(oh_adapter_file(a), path);
        oh_adapter_free(a);
        count++;
    }
    oh_file_list_free(files);
    assert_true(count >= 2);
}

static void an_unknown_name_is_told_with_the_names_there_are(void **state)
{
    struct oh_errors errors = {0};
    (void)state;
    assert_null(oh_adapter_load("nokia", OH_SOURCE_DIR "/dut-adapters", &errors));
    assert_int_equal(errors.count, 1);
    assert_string_equal(errors.items[0].text, "no phone adapter is called 'nokia'");
    assert_non_null(strstr(errors.items[0].remedy, "baresip"));
    assert_non_null(strstr(errors.items[0].remedy, "reference-phone"));
    assert_null(oh_adapter_load("nokia", NULL, &errors));
    assert_null(oh_adapter_load("no/such.yaml", NULL, &errors));
    assert_int_equal(errors.count, 3);
    const char *twice = OH_SOURCE_DIR "/dut-adapters:" OH_SOURCE_DIR "/dut-adapters/.";
    assert_null(oh_adapter_load("nokia", twice, &errors));
    assert_string_equal(errors.items[3].remedy, errors.items[0].remedy); /* each name once */
    oh_errors_release(&errors);
}

static void parameters_are_set_by_name(void **state)
{
    struct oh_errors errors = {0};
    struct oh_error e;
    struct oh_adapter *a =
        oh_adapter_load("reference-phone", OH_SOURCE_DIR "/dut-adapters", &errors);
    (void)state;
    assert_non_null(a);
    assert_int_equal(oh_adapter_set(a, "mutant", "no-bye", &e), 0);
    assert_int_equal(oh_adapter_set(a, "colour", "red", &e), -1);
    assert_non_null(strstr(e.text, "colour"));
    assert_int_equal(strncmp(e.remedy, "it has: mutant", 14), 0);
    oh_adapter_free(a);
}

static void each_way_of_driving_is_found_by_its_name(void **state)
{
    size_t count = 0;
    (void)state;
    for (const struct oh_driver_ops *const *d = oh_drivers(); *d; d++, count++)
        assert_ptr_equal(oh_driver_by_name((*d)->name), *d);
    assert_true(count >= 2);
    assert_null(oh_driver_by_name("json"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_mistaken_adapter_is_told_as_its_golden_text_says),
        cmocka_unit_test(every_adapter_of_the_tree_is_read),
        cmocka_unit_test(an_unknown_name_is_told_with_the_names_there_are),
        cmocka_unit_test(parameters_are_set_by_name),
        cmocka_unit_test(each_way_of_driving_is_found_by_its_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

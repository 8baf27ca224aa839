/* YAML with places, and maps read by table. */
#include "scenario/yaml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct oh_yaml *parsed(const char *text)
{
    struct oh_errors errors = {0};
    struct oh_yaml *y = oh_yaml_parse("a.yaml", oh_span_of(text), &errors);
    for (size_t i = 0; i < errors.count; i++)
        print_error("%s\n", errors.items[i].text);
    assert_non_null(y);
    assert_int_equal(errors.count, 0);
    return y;
}

static void assert_place(const struct oh_yaml *y, const struct oh_yaml_node *n, unsigned line,
                         unsigned column, unsigned width)
{
    struct oh_place place = oh_yaml_place(y, n);
    assert_int_equal(place.line, line);
    assert_int_equal(place.column, column);
    assert_int_equal(place.width, width);
}

static void maps_lists_and_scalars_are_told_apart(void **state)
{
    (void)state;
    struct oh_yaml *y = parsed("a: 1\nb: [x, y]\nc: {d: e}\n");
    const struct oh_yaml_node *root = oh_yaml_root(y);
    assert_int_equal(oh_yaml_kind(root), OH_YAML_MAP);
    assert_int_equal(oh_yaml_count(root), 3);
    assert_int_equal(oh_yaml_kind(oh_yaml_value(root, 0)), OH_YAML_SCALAR);
    assert_int_equal(oh_yaml_kind(oh_yaml_value(root, 1)), OH_YAML_LIST);
    assert_int_equal(oh_yaml_kind(oh_yaml_value(root, 2)), OH_YAML_MAP);
    assert_string_equal(oh_yaml_scalar(oh_yaml_key(root, 1)), "b");
    assert_int_equal(oh_yaml_count(oh_yaml_value(root, 1)), 2);
    assert_string_equal(oh_yaml_scalar(oh_yaml_item(oh_yaml_value(root, 1), 1)), "y");
    assert_string_equal(oh_yaml_scalar(oh_yaml_value(oh_yaml_value(root, 2), 0)), "e");
    oh_yaml_free(y);
}

static void every_node_has_its_line_column_and_width(void **state)
{
    (void)state;
    struct oh_yaml *y = parsed("title: Call\nparties:\n  A: phone\n  \"B\": [x]\n");
    const struct oh_yaml_node *root = oh_yaml_root(y), *parties = oh_yaml_value(root, 1);
    assert_place(y, oh_yaml_key(root, 0), 1, 1, 5);
    assert_place(y, oh_yaml_value(root, 0), 1, 8, 4);
    assert_place(y, oh_yaml_key(parties, 0), 3, 3, 1);
    assert_place(y, oh_yaml_value(parties, 0), 3, 6, 5);
    assert_place(y, oh_yaml_key(parties, 1), 4, 3, 3); /* the quotes are under the caret too */
    assert_place(y, oh_yaml_value(parties, 1), 4, 8, 1);
    oh_yaml_free(y);
}

static void columns_count_bytes_in_lines_with_umlauts_and_crlf(void **state)
{
    (void)state;
    struct oh_yaml *y = parsed("{\"\xc3\xbc\": a, b: c}\r\n");
    assert_place(y, oh_yaml_key(oh_yaml_root(y), 0), 1, 2, 4);
    assert_place(y, oh_yaml_key(oh_yaml_root(y), 1), 1, 11, 1);
    oh_yaml_free(y);
    y = parsed("a: x\r\nb: yy\r\n");
    assert_place(y, oh_yaml_value(oh_yaml_root(y), 1), 2, 4, 2);
    oh_yaml_free(y);
}

static void quotes_tell_text_from_numbers_and_null(void **state)
{
    (void)state;
    struct oh_yaml *y = parsed("a: 5551234\nb: \"5551234\"\nc: \"\"\nd: ~\ne: null\nf:\ng: '~'\n");
    static const struct {
        const char *text;
        bool plain, null;
    } wanted[] = {{"5551234", true, false}, {"5551234", false, false}, {"", false, false},
                  {"", true, true},         {"", true, true},          {"", true, true},
                  {"~", false, false}};
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        const struct oh_yaml_node *n = oh_yaml_value(oh_yaml_root(y), i);
        assert_string_equal(oh_yaml_scalar(n), wanted[i].text);
        assert_int_equal(oh_yaml_is_plain(n), wanted[i].plain);
        assert_int_equal(oh_yaml_is_null(n), wanted[i].null);
    }
    oh_yaml_free(y);
}

static void blocks_and_escapes_become_text(void **state)
{
    (void)state;
    struct oh_yaml *y = parsed("a: |\n  v=0\n  s=-\nb: \"x\\r\\ny\"\n");
    assert_string_equal(oh_yaml_scalar(oh_yaml_value(oh_yaml_root(y), 0)), "v=0\ns=-\n");
    assert_string_equal(oh_yaml_scalar(oh_yaml_value(oh_yaml_root(y), 1)), "x\r\ny");
    oh_yaml_free(y);
}

static void the_source_is_kept_whole(void **state)
{
    (void)state;
    struct oh_yaml *y = parsed("# c\na: 1\n");
    assert_true(oh_span_is(oh_yaml_text(y), "# c\na: 1\n"));
    assert_string_equal(oh_yaml_file(y), "a.yaml");
    oh_yaml_free(y);
}

static void assert_refused(struct oh_span text, const char *sentence, unsigned line)
{
    struct oh_errors errors = {0};
    assert_null(oh_yaml_parse("a.yaml", text, &errors));
    assert_true(errors.count > 0);
    if (!strstr(errors.items[0].text, sentence))
        print_error("told '%s'\n", errors.items[0].text);
    assert_non_null(strstr(errors.items[0].text, sentence));
    assert_int_equal(errors.items[0].place.line, line);
    assert_string_equal(errors.items[0].file, "a.yaml");
    oh_errors_release(&errors);
}

static void what_is_no_document_of_ours_is_refused(void **state)
{
    (void)state;
    assert_refused(oh_span_of(""), "empty", 0);
    assert_refused(oh_span_of("---\n"), "empty", 0);
    assert_refused((struct oh_span){0}, "empty", 0);
    assert_refused(oh_span_of("a: 1\n---\nb: 2\n"), "second document", 2);
    assert_refused(oh_span_of("a: 1\nb: 2\na: 3\n"), "given twice", 3);
    assert_refused(oh_span_of("a: &x 1\n"), "anchors", 1);
    assert_refused(oh_span_of("a: !!str 1\n"), "tags", 1);
    assert_refused(oh_span_of("[a]: 1\n"), "a key is a text", 1);
    assert_refused(oh_span_of("a: {b\n"), "not YAML", 2);
    assert_refused(oh_span_of("a: 1\nb: \xff\n"), "not UTF-8", 2);
    assert_refused((struct oh_span){"a: \0b\n", 6}, "NUL", 1);
    assert_refused(oh_span_of("a: \"\\0\"\n"), "NUL", 1);
}

static void what_is_too_large_or_too_deep_is_refused(void **state)
{
    (void)state;
    struct oh_text text = {0};
    for (size_t i = 0; i <= OH_YAML_MAX_BYTES; i++)
        oh_text_add_char(&text, 'a');
    assert_refused(oh_text_span(&text), "too large", 0);
    oh_text_clear(&text);
    for (size_t i = 0; i <= OH_YAML_MAX_DEPTH; i++)
        oh_text_add_char(&text, '[');
    assert_refused(oh_text_span(&text), "too deep", 1);
    oh_text_clear(&text);
    for (unsigned i = 0; i <= OH_YAML_MAX_PAIRS; i++)
        oh_text_addf(&text, "k%u: 1\n", i);
    assert_refused(oh_text_span(&text), "more than 1024 keys", OH_YAML_MAX_PAIRS + 1);
    oh_text_release(&text);
}

static void a_missing_file_is_an_error_with_its_name(void **state)
{
    (void)state;
    struct oh_errors errors = {0};
    assert_null(oh_yaml_load(OH_TEST_DATA "/no-such.yaml", &errors));
    assert_int_equal(errors.count, 1);
    assert_non_null(strstr(errors.items[0].text, "no-such.yaml"));
    oh_errors_release(&errors);
}

/* --- maps by table --- */

struct pet {
    char name[16];
    char food[16];
    size_t tricks;
    char order[8];
};

static void read_name(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    struct pet *pet = target;
    (void)r;
    strncpy(pet->name, oh_yaml_scalar(n), sizeof pet->name - 1);
    strncat(pet->order, "n", sizeof pet->order - strlen(pet->order) - 1);
}

static void read_food(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    struct pet *pet = target;
    (void)r;
    strncpy(pet->food, oh_yaml_scalar(n), sizeof pet->food - 1);
    strncat(pet->order, "f", sizeof pet->order - strlen(pet->order) - 1);
}

static void read_tricks(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    (void)r;
    ((struct pet *)target)->tricks = oh_yaml_count(n);
}

static const struct oh_yaml_field pet_keys[] = {
    {"name", OH_YAML_SCALAR, true, read_name, "what it is called"},
    {"food", OH_YAML_SCALAR, true, read_food, "what it eats"},
    {"tricks", OH_YAML_LIST | OH_YAML_MAP, false, read_tricks, "what it can do"},
    {NULL, 0, false, NULL, NULL},
};

static void read_pet(const char *text, struct pet *pet, struct oh_errors *errors)
{
    struct oh_yaml *y = parsed(text);
    struct oh_yaml_reader r = {y, errors};
    *pet = (struct pet){.tricks = 0};
    oh_yaml_read_map(&r, oh_yaml_root(y), "a pet", pet_keys, pet);
    oh_yaml_free(y);
}

static void keys_are_read_in_the_order_of_the_table(void **state)
{
    (void)state;
    struct pet pet;
    struct oh_errors errors = {0};
    read_pet("food: hay\ntricks: [a, b]\nname: Bo\n", &pet, &errors);
    assert_int_equal(errors.count, 0);
    assert_string_equal(pet.name, "Bo");
    assert_string_equal(pet.food, "hay");
    assert_int_equal(pet.tricks, 2);
    assert_string_equal(pet.order, "nf");
}

static void every_mistake_of_a_map_is_told_at_once(void **state)
{
    (void)state;
    struct pet pet;
    struct oh_errors errors = {0};
    read_pet("colour: red\ntrick: [a]\nname: [x]\nfood:\n", &pet, &errors);
    static const char *const wanted[][2] = {
        {"unknown key 'colour' in a pet", "the keys there are: name, food, tricks"},
        {"unknown key 'trick' in a pet", "did you mean 'tricks'?"},
        {"'name' is a list, where a single value is wanted", "wanted: what it is called"},
        {"'food' has no value", "wanted: what it eats"},
    };
    assert_int_equal(errors.count, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_string_equal(errors.items[i].text, wanted[i][0]);
        assert_string_equal(errors.items[i].remedy, wanted[i][1]);
        assert_int_equal(errors.items[i].place.line, i + 1);
    }
    oh_errors_release(&errors);
}

static void a_missing_key_is_told_once_unless_it_was_misspelt(void **state)
{
    (void)state;
    struct pet pet;
    struct oh_errors errors = {0};
    read_pet("fodo: hay\n", &pet, &errors);
    assert_int_equal(errors.count, 2);
    assert_string_equal(errors.items[0].text, "unknown key 'fodo' in a pet");
    assert_string_equal(errors.items[1].text, "a pet has no 'name'");
    oh_errors_release(&errors);
}

static void the_nearest_word_is_found_and_a_far_one_is_not(void **state)
{
    (void)state;
    static const char *const words[] = {"must", "should", "save", "within", "A", NULL};
    assert_string_equal(oh_nearest_word("musst", words), "must");
    assert_string_equal(oh_nearest_word("shuold", words), "should");
    assert_string_equal(oh_nearest_word("WITHIN", words), "within");
    assert_string_equal(oh_nearest_word("a", words), "A");
    assert_null(oh_nearest_word("B", words));
    assert_null(oh_nearest_word("headers", words));
    assert_null(oh_nearest_word("", words));
    assert_null(oh_nearest_word("x", (const char *const[]){NULL}));
}

static void a_comment_is_blamed_only_after_a_space_and_after_the_place(void **state)
{
    (void)state;
    struct oh_yaml *y = parsed("a: x#y\nb: 1 # c\n");
    struct oh_error e = {0};
    assert_false(oh_yaml_blame_comment(y, (struct oh_place){1, 1, 1}, &e));
    assert_true(oh_yaml_blame_comment(y, (struct oh_place){2, 1, 1}, &e));
    assert_non_null(strstr(e.remedy, "2:6"));
    assert_false(oh_yaml_blame_comment(y, (struct oh_place){2, 7, 1}, &e));
    assert_false(oh_yaml_blame_comment(y, (struct oh_place){9, 1, 1}, &e));
    oh_yaml_free(y);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(maps_lists_and_scalars_are_told_apart),
        cmocka_unit_test(every_node_has_its_line_column_and_width),
        cmocka_unit_test(columns_count_bytes_in_lines_with_umlauts_and_crlf),
        cmocka_unit_test(quotes_tell_text_from_numbers_and_null),
        cmocka_unit_test(blocks_and_escapes_become_text),
        cmocka_unit_test(the_source_is_kept_whole),
        cmocka_unit_test(what_is_no_document_of_ours_is_refused),
        cmocka_unit_test(what_is_too_large_or_too_deep_is_refused),
        cmocka_unit_test(a_missing_file_is_an_error_with_its_name),
        cmocka_unit_test(keys_are_read_in_the_order_of_the_table),
        cmocka_unit_test(every_mistake_of_a_map_is_told_at_once),
        cmocka_unit_test(a_missing_key_is_told_once_unless_it_was_misspelt),
        cmocka_unit_test(the_nearest_word_is_found_and_a_far_one_is_not),
        cmocka_unit_test(a_comment_is_blamed_only_after_a_space_and_after_the_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The catalogue of requirements: the tree's own, and what is wrong with mistaken ones. */
#include "base/file.h"
#include "scenario/requirements.h"
#include "scenario/yaml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char folder[] = OH_SOURCE_DIR "/scenarios/requirements";

static struct oh_catalogue *load_own(void)
{
    struct oh_errors errors = {0};
    struct oh_text told = {0};
    struct oh_catalogue *c = oh_catalogue_load(folder, &errors);
    oh_errors_format(&errors, &told);
    if (!c)
        print_error("%s", oh_text_str(&told));
    assert_non_null(c);
    oh_text_release(&told);
    oh_errors_release(&errors);
    return c;
}

static void the_catalogue_of_the_tree_is_read_whole(void **state)
{
    (void)state;
    struct oh_catalogue *c = load_own();
    size_t rules = 0;
    assert_int_equal(oh_catalogue_count(c), 1070);
    for (size_t i = 0; i < oh_catalogue_count(c); i++) {
        const struct oh_requirement *q = oh_catalogue_item(c, i);
        assert_ptr_equal(oh_catalogue_find(c, oh_span_of(q->id)), q);
        assert_true(q->priority >= 1 && q->priority <= 3);
        assert_non_null(oh_requirement_level_name(q->level));
        assert_true(q->clause_count > 0 || q->ground == OH_GROUND_GUIDE);
        assert_true(q->source_count > 0);
        rules += q->kind == OH_REQUIREMENT_RULE && q->priority == 1;
    }
    assert_int_equal(rules, 141);
    oh_catalogue_free(c);
}

/* What every phone must get right was read in the RFC, but for what is told. */
static void rules_timers_and_media_of_priority_1_say_where_their_level_stands(void **state)
{
    (void)state;
    struct oh_catalogue *c = load_own();
    size_t told = 0, untold = 0;
    for (size_t i = 0; i < oh_catalogue_count(c); i++) {
        const struct oh_requirement *q = oh_catalogue_item(c, i);
        if (q->priority > 1 || q->kind == OH_REQUIREMENT_FLOW || q->kind == OH_REQUIREMENT_TORTURE)
            continue;
        told += q->sentence != NULL;
        if (q->sentence)
            continue;
        untold++;
        assert_int_equal(q->ground, OH_GROUND_UNREAD);
    }
    assert_int_equal(told, 184);
    assert_int_equal(untold, 1);
    oh_catalogue_free(c);
}

/* The test purposes of ETSI TS 102 027-2 whose wording is known; what the others test could only be
 * inferred from their clauses. */
static const char *const worded[] = {
    "CC_OE_CE_TI_012", "CC_OE_CE_V_001", "CC_OE_CE_V_002", "CC_OE_CE_V_003",  "CC_OE_CE_V_004",
    "CC_OE_CE_V_005",  "CC_OE_CE_V_006", "CC_OE_CE_V_007", "CC_OE_CE_V_018",  "CC_OE_CE_V_019",
    "CC_OE_CE_V_038",  "CC_OE_CE_V_040", "CC_OE_CE_V_049", "CC_OE_CR_TI_002", "CC_OE_CR_TI_006",
    "CC_OE_CR_V_003",  "CC_TE_CE_I_001", "CC_TE_CE_I_002", "CC_TE_CE_TI_001", "CC_TE_CE_TI_007",
    "CC_TE_CE_TI_011", "CC_TE_CE_V_001", "CC_TE_CE_V_006", "CC_TE_CE_V_008",  "CC_TE_CE_V_009",
    "CC_TE_CE_V_020",  "CC_TE_CE_V_022", "CC_TE_CE_V_033", "CC_TE_SM_I_001",  "CC_TE_SM_V_001",
    "CC_TE_SM_V_002",  "CC_TE_SM_V_003", "MG_OE_V_003",    "MG_RT_V_008",     "MG_TE_V_015",
    "RG_RT_TI_006",    "RG_RT_V_001",    "RG_RT_V_002",    "RG_RT_V_003",     "RG_RT_V_004",
    "RG_RT_V_005",     "RG_RT_V_007",    "RG_RT_V_008",    "RG_RT_V_009",     "RG_RT_V_010",
    "RG_RT_V_011",     "RG_RT_V_012",    "RG_RT_V_015"};

static bool is_worded(const char *purpose)
{
    for (size_t i = 0; i < sizeof worded / sizeof *worded; i++)
        if (strcmp(worded[i], purpose) == 0)
            return true;
    return false;
}

static void an_etsi_purpose_is_named_as_source_only_if_its_wording_is_known(void **state)
{
    (void)state;
    static const char etsi[] = "ETSI TS 102 027-2 SIP_";
    struct oh_catalogue *c = load_own();
    size_t named = 0;
    for (size_t i = 0; i < oh_catalogue_count(c); i++) {
        const struct oh_requirement *q = oh_catalogue_item(c, i);
        for (size_t k = 0; k < q->source_count; k++) {
            if (!strstr(q->sources[k], "ETSI"))
                continue;
            named++;
            if (strncmp(q->sources[k], etsi, sizeof etsi - 1) != 0 ||
                !is_worded(q->sources[k] + sizeof etsi - 1))
                fail_msg("%s comes from '%s', whose wording is not known", q->id, q->sources[k]);
        }
    }
    assert_true(named > 50);
    oh_catalogue_free(c);
}

/* Who takes a level from a text says from which sentence, production or state. */
static void a_level_taken_from_a_text_says_where_it_stands(void **state)
{
    (void)state;
    struct oh_catalogue *c = load_own();
    size_t told = 0;
    for (size_t i = 0; i < oh_catalogue_count(c); i++) {
        const struct oh_requirement *q = oh_catalogue_item(c, i);
        bool read = q->ground == OH_GROUND_SENTENCE || q->ground == OH_GROUND_GRAMMAR ||
                    q->ground == OH_GROUND_STATE_MACHINE;
        if (read && !q->sentence)
            fail_msg("%s does not say which sentence its level was taken from", q->id);
        if (!read && q->level == OH_REQUIRES_MUST)
            fail_msg("%s is a must that no text demands", q->id);
        told += read;
    }
    assert_true(told > 750);
    oh_catalogue_free(c);
}

static void an_entry_has_what_its_file_says(void **state)
{
    (void)state;
    struct oh_catalogue *c = load_own();
    const struct oh_requirement *q = oh_catalogue_find(c, oh_span_of("lint.register.callid-same"));
    assert_non_null(q);
    assert_int_equal(q->level, OH_REQUIRES_SHOULD);
    assert_int_equal(q->ground, OH_GROUND_SENTENCE);
    assert_int_equal(q->kind, OH_REQUIREMENT_RULE);
    assert_int_equal(q->priority, 1);
    assert_int_equal(q->clause_count, 1);
    assert_string_equal(q->clauses[0], "RFC 3261 10.2");
    assert_string_equal(q->role, "registrant");
    assert_true(q->place.line > 1 && q->place.column == 3);
    assert_string_equal(strrchr(q->file, '/'), "/lint.yaml");
    oh_catalogue_free(c);
}

static void a_misspelt_id_is_told_with_the_nearest(void **state)
{
    (void)state;
    struct oh_catalogue *c = load_own();
    assert_null(oh_catalogue_find(c, oh_span_of("auth.invite.407-retri")));
    assert_null(oh_catalogue_find(c, oh_span_of("auth.invite")));
    assert_null(oh_catalogue_find(c, oh_span_of("")));
    assert_string_equal(oh_catalogue_nearest(c, "auth.invite.407-retri"), "auth.invite.407-retry");
    assert_null(oh_catalogue_nearest(c, "there is nothing like it"));
    oh_catalogue_free(c);
}

static void a_source_is_of_a_document(void **state)
{
    (void)state;
    static const char *const table[][2] = {
        {"RFC 3261 17.1.1.3", "RFC 3261"},
        {"RFC 4475 3.1.1.1 wsinv", "RFC 4475"},
        {"ETSI TS 102 027-2 SIP_RG_RT_V_001", "ETSI TS 102 027-2"},
        {"practice: Event check-sync", "practice"},
        {"practice", "practice"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        assert_true(oh_span_is(oh_requirement_document(table[i][0]), table[i][1]));
}

/* --- mistakes --- */

#define ENTRY                                                                                      \
    "title: x\nrequirements:\n"                                                                    \
    "  a.one:\n"                                                                                   \
    "    title: t\n    level: must\n    ground: sentence\n    clause: RFC 3261 7\n"                \
    "    role: any\n    kind: rule\n    priority: 1\n"                                             \
    "    stimulus: s\n    expect: e\n    source: RFC 3261 7\n"

/* What is told of the text of the file a.yaml, one line for each mistake. */
static char *told_of(const char *text)
{
    struct oh_catalogue *c = oh_catalogue_new();
    struct oh_errors errors = {0};
    struct oh_text told = {0};
    int result = oh_catalogue_parse(c, "folder/a.yaml", oh_span_of(text), &errors);
    if (result == 0)
        result = oh_catalogue_check(c, NULL, &errors);
    assert_int_equal(result, errors.count ? -1 : 0);
    for (size_t i = 0; i < errors.count; i++)
        oh_text_addf(&told, "%u:%u %s|%s\n", errors.items[i].place.line,
                     errors.items[i].place.column, errors.items[i].text, errors.items[i].remedy);
    oh_errors_release(&errors);
    oh_catalogue_free(c);
    return told.at ? oh_text_take(&told) : oh_strdup("");
}

static void tells(const char *text, const char *wanted)
{
    char *told = told_of(text);
    if (!strstr(told, wanted))
        fail_msg("wanted\n%s\ntold\n%s", wanted, told);
    free(told);
}

static void a_sound_file_is_read_without_a_word(void **state)
{
    (void)state;
    char *told = told_of(ENTRY "    note: n\n    uncovered: needs-secret\n");
    assert_string_equal(told, "");
    free(told);
}

static void each_mistake_of_an_entry_is_told_with_its_place(void **state)
{
    (void)state;
    static const char *const table[][2] = {
        {ENTRY "    levle: should\n", "14:5 unknown key 'levle' in 'a.one'|did you mean 'level'?"},
        {ENTRY "    level: may\n", "key 'level' is given twice in one map"},
        {ENTRY "    uncovered: no-time\n", "14:16 'no-time' is no reason: wanted needs-stimulus"},
        {ENTRY "    uncovered: needs-secrets\n", "did you mean 'needs-secret'?"},
        {ENTRY "    uncovered: duplicate\n",
         "14:16 a duplicate says which entry it duplicates|add 'same-as': the id of the other"},
        {ENTRY "    same-as: a.two\n    uncovered: duplicate\n",
         "14:14 no requirement is called 'a.two'"},
        {ENTRY "    same-as: a.one\n    uncovered: duplicate\n",
         "14:14 'a.one' is said to duplicate itself"},
        {ENTRY "  b.two: {}\n", "14:3 'b.two' does not belong in this file|here stand ids that "
                                "begin with 'a.'"},
        {ENTRY "  \"a two\": {}\n", "14:3 'a two' cannot be the id of a requirement"},
        {ENTRY "  a..two: {}\n", "14:3 'a..two' cannot be the id of a requirement"},
        {ENTRY "  a.one: {}\n", "14:3 key 'a.one' is given twice in one map"},
        {ENTRY "  a.two: {}\n", "14:10 'a.two' has no 'level'|add 'level': must, should or may"},
        {ENTRY "  a.two: x\n", "14:10 'a.two' is a single value, where a map is wanted"},
        {"title: x\nrequirements:\n  a.one: {level: perhaps}\n",
         "3:18 'perhaps' is no level: wanted must, should or may"},
        {"title: x\nrequirements:\n  a.one: {priority: 4}\n",
         "3:21 '4' is no priority: wanted 1, 2 or 3"},
        {"title: x\nrequirements:\n  a.one: {kind: rul}\n", "did you mean 'rule'?"},
        {"title: x\nrequirements:\n  a.one: {ground: hearsay}\n", "'hearsay' is no ground"},
        {"title: x\nrequirements:\n  a.one: {role: proxy}\n", "'proxy' is no role"},
        {"title: x\n", "1:1 the file of requirements has no 'requirements'"},
        {"requirements: {}\n", "the file of requirements has no 'title'"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        tells(table[i][0], table[i][1]);
}

static void an_id_of_another_catalogue_can_be_pointed_at(void **state)
{
    (void)state;
    struct oh_catalogue *own = load_own(), *c = oh_catalogue_new();
    struct oh_errors errors = {0};
    const char *text = ENTRY "    same-as: tm.A.first\n    uncovered: duplicate\n";
    assert_int_equal(oh_catalogue_parse(c, "a.yaml", oh_span_of(text), &errors), 0);
    assert_int_equal(oh_catalogue_check(c, own, &errors), 0);
    assert_int_equal(oh_catalogue_check(c, NULL, &errors), -1);
    oh_errors_release(&errors);
    oh_catalogue_free(c);
    oh_catalogue_free(own);
}

static void a_folder_that_is_not_there_is_told(void **state)
{
    (void)state;
    struct oh_errors errors = {0};
    assert_null(oh_catalogue_load(OH_TEST_DATA "/there-is-none", &errors));
    assert_int_equal(errors.count, 1);
    oh_errors_release(&errors);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_catalogue_of_the_tree_is_read_whole),
        cmocka_unit_test(rules_timers_and_media_of_priority_1_say_where_their_level_stands),
        cmocka_unit_test(an_etsi_purpose_is_named_as_source_only_if_its_wording_is_known),
        cmocka_unit_test(a_level_taken_from_a_text_says_where_it_stands),
        cmocka_unit_test(an_entry_has_what_its_file_says),
        cmocka_unit_test(a_misspelt_id_is_told_with_the_nearest),
        cmocka_unit_test(a_source_is_of_a_document),
        cmocka_unit_test(a_sound_file_is_read_without_a_word),
        cmocka_unit_test(each_mistake_of_an_entry_is_told_with_its_place),
        cmocka_unit_test(an_id_of_another_catalogue_can_be_pointed_at),
        cmocka_unit_test(a_folder_that_is_not_there_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

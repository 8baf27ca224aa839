/* Descriptions of ten thousand lines, in each of which a rule could go through all of the others:
 * the judge comes to an end, and says what is wrong. */
#include "judge/rules_script.h"

enum { MANY = 10000, ROOM = 50000 };

/* `line` again and again, with the number put in; then the edit of an offer and of its answer. */
static char *many(const char *begin, const char *line, const char *end, size_t room)
{
    struct oh_text text = {0};
    oh_text_add(&text, begin);
    for (int i = 0; i < MANY && text.len < room; i++) {
        const char *at = strchr(line, '@');
        oh_text_addf(&text, "%.*s%d%s", (int)(at - line), line, i, at + 1);
    }
    oh_text_add(&text, end);
    return oh_text_take(&text);
}

static struct said ask_large(const char *begin, const char *line, const char *end, size_t room)
{
    char *large = many(begin, line, end, room);
    const struct edit edits[] = {{"s-invite", "RTP/AVP 0 8 101\n", large},
                                 {"s-200", "RTP/AVP 0 101\n", large}};
    struct said s = ask_of("healthy-sdp.txt", edits, 2, NULL);
    free(large);
    return s;
}

static void long_descriptions_are_judged_in_bounded_time(void **state)
{
    static const struct {
        const char *begin, *line, *end;
        const char *rule; /* one of those that speak; NULL: none need */
    } cases[] = {
        {"RTP/AVP 0 101\n", "a=rtpmap:@ X/8000\n", "", "sdp.mapped-listed"},
        {"RTP/AVP 0 101\na=rtpmap:101 telephone-event/8000\n", "a=fmtp:101 15,@\n", "",
         "sdp.event-list"},
        {"RTP/AVP 0\n", "a=@\n", "", NULL},
        {"RTP/AVP 0", " @", "\n", "sdp.payload-types"},
        {"RTP/AVP 0", " @x", "\n", "sdp.payload-types"},
        {"RTP/AVP 0 101\n", "m=audio @ RTP/AVP 0\n", "", NULL},
        {"RTP/AVP 0 101\n", "a=inactive\na=x:@\n", "", "sdp.one-direction"},
        {"RTP/AVP 0 101\n", "c=IN IP4 127.0.0.2\na=x:@\n", "", "sdp.order"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct said s = ask_large(cases[i].begin, cases[i].line, cases[i].end, ROOM);
        bool spoke = !cases[i].rule;
        for (size_t k = 0; k < s.verdict->finding_count && !spoke; k++)
            spoke = strcmp(s.verdict->findings[k].id, cases[i].rule) == 0;
        char *text = told(s.verdict);
        if (!spoke)
            fail_msg("%s is silent of thousands of %s:%s", cases[i].rule, cases[i].line, text);
        free(text);
        said_free(&s);
    }
}

/* The first lines and mappings of a description are kept for all rules; the others are read. */
static void what_is_wrong_far_behind_is_found_as_well(void **state)
{
    static const struct {
        const char *line, *end, *rule;
    } cases[] = {
        {"a=x:@\n", "a=sendrecv\na=inactive\n", "sdp.one-direction"},
        {"a=x:@\n", "a=ptime:0\n", "sdp.ptime"},
        {"a=x:@\n", "q=1\n", "sdp.form"},
        {"a=x:@\n", "i=late\n", "sdp.order"},
        {"a=x:@\n", "a=rtpmap:8 PCMA\n", "sdp.rtpmap"},
        {"a=rtpmap:101 x@/8000\n", "a=rtpmap:0 PCMA/8000\n", "sdp.static"},
        {"a=rtpmap:101 x@/8000\n", "a=rtpmap:0 G722/16000\n", "sdp.clock"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct said s = ask_large("RTP/AVP 0 101\n", cases[i].line, cases[i].end, 5000);
        bool spoke = false;
        for (size_t k = 0; k < s.verdict->finding_count && !spoke; k++)
            spoke = strcmp(s.verdict->findings[k].id, cases[i].rule) == 0;
        if (!spoke)
            fail_msg("%s is silent of %s", cases[i].rule, cases[i].end);
        said_free(&s);
    }
}

/* A number with which no payload type can be looked up. */
static void formats_that_are_no_payload_types_have_no_encoding(void **state)
{
    const struct edit edits[] = {{"s-invite", "RTP/AVP 0 8 101\n", "RTP/AVP 70000 4294967296\n"},
                                 {"s-200", "RTP/AVP 0 101\n", "RTP/AVP 128 9999999\n"}};
    (void)state;
    struct said s = ask_of("healthy-sdp.txt", edits, 2, NULL);
    bool spoke = false;
    for (size_t k = 0; k < s.verdict->finding_count; k++)
        spoke = spoke || strcmp(s.verdict->findings[k].id, "sdp.formats") == 0;
    assert_true(spoke);
    said_free(&s);
}

static void a_description_beyond_our_limits_is_not_judged(void **state)
{
    (void)state;
    struct said s = ask_large("RTP/AVP 0 101\n", "a=sendrecv\na=inactive\na=x:@\n", "", 100000);
    for (size_t i = 0; i < s.verdict->finding_count; i++)
        assert_int_not_equal(strncmp(s.verdict->findings[i].id, "sdp.", 4), 0);
    said_free(&s);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(long_descriptions_are_judged_in_bounded_time),
        cmocka_unit_test(what_is_wrong_far_behind_is_found_as_well),
        cmocka_unit_test(formats_that_are_no_payload_types_have_no_encoding),
        cmocka_unit_test(a_description_beyond_our_limits_is_not_judged),
    };
    (void)ask;
    return cmocka_run_group_tests(tests, NULL, NULL);
}

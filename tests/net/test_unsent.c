/* What is still to be sent over a connection, and where it is cut. */
#include "net/internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* What goes to the kernel at once, up to the end. */
static void lens_of(const unsigned *cuts, size_t cut_count, size_t len, char *out)
{
    struct oh_unsent *piece = oh_alloc(sizeof *piece + len);
    unsigned copy[4];
    for (size_t i = 0; i < cut_count; i++)
        copy[i] = cuts[i];
    piece->len = len;
    piece->cuts = copy;
    piece->cut_count = cut_count;
    *out = '\0';
    while (piece->sent < piece->len) {
        size_t next = oh_unsent_next(piece);
        sprintf(out + strlen(out), "%zu ", next);
        piece->sent += next > 3 && next < 6 ? next - 1 : next; /* the kernel may take less */
    }
    free(piece);
}

static void a_message_goes_out_in_segments_that_begin_where_it_is_cut(void **state)
{
    char lens[64];
    (void)state;
    lens_of(NULL, 0, 9, lens);
    assert_string_equal(lens, "9 ");
    lens_of((unsigned[]){1, 3}, 2, 20, lens);
    assert_string_equal(lens, "1 2 17 ");
    lens_of((unsigned[]){2, 9, 20, 21}, 4, 20, lens); /* none begins at the end, or behind it */
    assert_string_equal(lens, "2 7 11 ");
    lens_of((unsigned[]){5, 6}, 2, 8, lens); /* what was left over goes before the next one */
    assert_string_equal(lens, "5 1 1 2 ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_goes_out_in_segments_that_begin_where_it_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

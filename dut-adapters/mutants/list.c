/* offhook-mutants: prints the table of faults, one a line: name, clause, what must happen for it to
 * strike, what the phone does; parted by tabs. */
#include "faults.h"

#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    if (argc > 1) {
        bool help = strcmp(argv[1], "--help") == 0;
        fprintf(
            help ? stdout : stderr,
            "usage: %s\n\nPrints the faults that liboffhook-mutant.so can put upon a phone: name, "
            "clause, when it\nstrikes, what the phone does; parted by tabs.\n",
            argv[0]);
        return help ? 0 : 2;
    }
    for (size_t i = 0; i < mu_fault_count; i++)
        printf("%s\t%s\t%s\t%s\n", mu_faults[i].name, mu_faults[i].clause, mu_faults[i].flow,
               mu_faults[i].text);
    return fflush(stdout) == 0 ? 0 : 1;
}

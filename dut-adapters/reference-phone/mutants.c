#include "mutants.h"

#include <string.h>

static const struct {
    const char *name;
    unsigned bit;
    const char *text;
} mutants[] = {
    {"no-ack-407", RP_NO_ACK_407,
     "never sends the ACK to the 401 or 407 that challenges an INVITE"},
    {"ack-new-branch", RP_ACK_NEW_BRANCH, "the ACK to the 407 carries another Via branch"},
    {"ack-other-cseq", RP_ACK_OTHER_CSEQ, "the ACK to the 407 carries another CSeq number"},
    {"no-second-invite", RP_NO_SECOND_INVITE, "gives the call up after the ACK to the 407"},
    {"invite-without-credentials", RP_INVITE_WITHOUT_CREDENTIALS,
     "repeats the challenged INVITE without credentials"},
    {"wrong-response", RP_WRONG_RESPONSE,
     "the digest response of an INVITE is wrong, though of correct form"},
    {"same-cseq", RP_SAME_CSEQ, "the second INVITE has the CSeq number of the first"},
    {"no-bye", RP_NO_BYE, "hanging up ends the call here, but no BYE is ever sent"},
};

unsigned rp_mutant_find(const char *name)
{
    for (size_t i = 0; i < sizeof mutants / sizeof *mutants; i++)
        if (strcmp(mutants[i].name, name) == 0)
            return mutants[i].bit;
    return 0;
}

void rp_mutants_list(FILE *out)
{
    for (size_t i = 0; i < sizeof mutants / sizeof *mutants; i++)
        fprintf(out, "%s\t%s\n", mutants[i].name, mutants[i].text);
}

/*
 * The phone's named faults.
 *
 * A mutant is the healthy phone with exactly one fault, so that a judge can be shown to find it and
 * nothing else. Several may be given at once. Faults of the digest live in digest.c; faults that
 * the SIP stack would never commit by itself are made on the bytes, in wire.c.
 */
#ifndef RP_MUTANTS_H
#define RP_MUTANTS_H

#include <stdio.h>

/* One bit each, so that a set of mutants is an unsigned. */
enum rp_mutant {
    RP_NO_ACK_407 = 1U << 0,
    RP_ACK_NEW_BRANCH = 1U << 1,
    RP_ACK_OTHER_CSEQ = 1U << 2,
    RP_NO_SECOND_INVITE = 1U << 3,
    RP_INVITE_WITHOUT_CREDENTIALS = 1U << 4,
    RP_WRONG_RESPONSE = 1U << 5,
    RP_SAME_CSEQ = 1U << 6,
    RP_NO_BYE = 1U << 7
};

/* The bit of a mutant's name, or 0 if there is no such mutant. */
unsigned rp_mutant_find(const char *name);

/* Writes one line per mutant: name, TAB, description. */
void rp_mutants_list(FILE *out);

#endif

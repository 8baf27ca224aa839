/*
 * The phone's named faults.
 *
 * A mutant is the healthy phone with exactly one fault, so that a judge can be shown to find it and
 * nothing else. Several may be given at once. They are faults of behaviour, each made where that
 * behaviour lies, and in seam.c what the SIP stack would never do by itself. Faults of single
 * messages can be put upon any phone from outside (../mutants); of these the program has a few
 * itself, for where nothing can be preloaded.
 */
#ifndef RP_MUTANTS_H
#define RP_MUTANTS_H

#include <stdio.h>

/* One bit each, so that a set of mutants is an unsigned. */
enum rp_mutant {
    RP_ACK_NEW_BRANCH = 1U << 0,
    RP_NO_ACK_407 = 1U << 1,
    RP_ACK_OTHER_CSEQ = 1U << 2,
    RP_SAME_CSEQ = 1U << 3,
    RP_NO_SECOND_INVITE = 1U << 4,
    RP_WRONG_RESPONSE = 1U << 5,
    RP_NEVER_TIMES_OUT = 1U << 6,
    RP_NO_RETRANSMISSION = 1U << 7,
    RP_ANSWERS_BY_ITSELF = 1U << 8,
    RP_ANSWERS_AFTER_CANCEL = 1U << 9,
    RP_HANGS_ON_ANSWER = 1U << 10,
    RP_NO_ANSWER_TO_BYE = 1U << 11,
    RP_NO_RTP = 1U << 12,
    RP_RTP_AFTER_BYE = 1U << 13,
    RP_OTHER_PAYLOAD_TYPE = 1U << 14,
    RP_KEEPS_RTP_ON_HOLD = 1U << 15,
    RP_HOLD_WITHOUT_INVITE = 1U << 16,
    RP_SILENT_AFTER_RESUME = 1U << 17,
    RP_REFUSES_REINVITE = 1U << 18,
    RP_CRASHES_ON_REINVITE = 1U << 19,
    RP_NEVER_REFRESHES = 1U << 20,
    RP_IGNORES_MIN_EXPIRES = 1U << 21,
    RP_IGNORES_RETRY_AFTER = 1U << 22,
    RP_IGNORES_STALE = 1U << 23,
    RP_REUSES_NONCE_COUNT = 1U << 24,
    RP_TAKES_LAST_CHALLENGE = 1U << 25
};

/* The bit of a mutant's name, or 0 if there is no such mutant. */
unsigned rp_mutant_find(const char *name);

/* Writes one line per mutant: name, description, clause, scenario that shows it, with TABs between;
 * "-" where there is none. */
void rp_mutants_list(FILE *out);

#endif

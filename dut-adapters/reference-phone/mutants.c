#include "mutants.h"

#include <string.h>

/* What a fault breaks, and a scenario that shows it; "-" where the fault breaks the flow alone, or
 * no scenario shows it. */
struct mutant {
    const char *name;
    unsigned bit;
    const char *text;
    const char *clause;
    const char *scenario;
};

static const struct mutant mutants[] = {
    {"ack-new-branch", RP_ACK_NEW_BRANCH, "the ACK to the 407 carries another Via branch",
     "RFC 3261 17.1.1.3", "cisco-7960/authentication-407"},
    {"no-ack-407", RP_NO_ACK_407, "never sends the ACK to the 401 or 407 that challenges an INVITE",
     "RFC 3261 17.1.1.2", "cisco-7960/authentication-407"},
    {"ack-other-cseq", RP_ACK_OTHER_CSEQ, "the ACK to the 407 carries another CSeq number",
     "RFC 3261 17.1.1.3", "cisco-7960/authentication-407"},
    {"same-cseq", RP_SAME_CSEQ, "the second INVITE has the CSeq number of the first",
     "RFC 3261 22.2, 8.1.3.5", "cisco-7960/authentication-407"},
    {"no-second-invite", RP_NO_SECOND_INVITE, "gives the call up after the ACK to the 407",
     "RFC 3261 22.2, 22.3", "cisco-7960/authentication-407"},
    {"wrong-response", RP_WRONG_RESPONSE,
     "the digest response of an INVITE is wrong, though of correct form", "RFC 7616 3.4.1",
     "cisco-7960/authentication-407"},
    {"never-times-out", RP_NEVER_TIMES_OUT,
     "repeats a request without an answer for ever, beyond 64*T1", "RFC 3261 17.1.1.2, 17.1.2.2",
     "-"},
    {"no-retransmission", RP_NO_RETRANSMISSION,
     "sends each request once, and the 200 to an INVITE, though nothing comes back",
     "RFC 3261 17.1.1.2, 17.1.2.2, 13.3.1.4", "-"},
    {"answers-by-itself", RP_ANSWERS_BY_ITSELF, "takes a call before the user does", "-",
     "dialog/called-cancelled"},
    {"answers-after-cancel", RP_ANSWERS_AFTER_CANCEL,
     "a cancelled INVITE is answered with 200, not with 487", "RFC 3261 9.2",
     "dialog/called-cancelled"},
    {"hangs-on-answer", RP_HANGS_ON_ANSWER, "stops for ever when the user takes a call", "-",
     "cisco-7960/call-in"},
    {"no-answer-to-bye", RP_NO_ANSWER_TO_BYE, "ends the call on a BYE, but never answers that",
     "RFC 3261 15.1.2", "dialog/loose-route"},
    {"no-rtp", RP_NO_RTP, "never sends voice", "-", "cisco-7960/call-out"},
    {"rtp-after-bye", RP_RTP_AFTER_BYE, "goes on sending voice when the call is over",
     "RFC 3261 15.1.1, 15.1.2", "dialog/silent-after-bye"},
    {"other-payload-type", RP_OTHER_PAYLOAD_TYPE,
     "sends voice with payload type 18, which was not agreed on", "RFC 3264 6.1", "-"},
    {"keeps-rtp-on-hold", RP_KEEPS_RTP_ON_HOLD,
     "answers the other side's hold rightly, but goes on sending voice", "RFC 3264 6.1",
     "dialog/hold-by-peer-sendonly"},
    {"hold-without-invite", RP_HOLD_WITHOUT_INVITE,
     "hold and resume are confirmed to the user, but the other side is told nothing",
     "RFC 3264 8.4", "dialog/hold-by-phone"},
    {"silent-after-resume", RP_SILENT_AFTER_RESUME, "sends no voice after its own hold has ended",
     "-", "dialog/hold-by-phone"},
    {"refuses-re-invite", RP_REFUSES_REINVITE,
     "answers each re-INVITE with 488, whatever it offers", "RFC 3261 14.2",
     "dialog/hold-and-resume-by-peer"},
    {"crashes-on-re-invite", RP_CRASHES_ON_REINVITE, "a re-INVITE ends the program", "-",
     "dialog/hold-and-resume-by-peer"},
    {"never-refreshes", RP_NEVER_REFRESHES, "lets its registration expire", "RFC 3261 10.2.4",
     "registration/granted-shorter"},
    {"ignores-min-expires", RP_IGNORES_MIN_EXPIRES,
     "repeats the REGISTER after a 423 with the same expiry", "RFC 3261 10.2.8",
     "registration/interval-too-brief-423"},
    {"ignores-retry-after", RP_IGNORES_RETRY_AFTER,
     "repeats the REGISTER 200 ms after a 503, whatever its Retry-After", "RFC 3261 21.5.4",
     "registration/unavailable-503"},
    {"ignores-stale", RP_IGNORES_STALE,
     "takes a challenge with stale=true for a refusal, and gives up", "RFC 7616 3.3",
     "registration/stale-nonce"},
    {"reuses-nonce-count", RP_REUSES_NONCE_COUNT,
     "the nonce count is always 00000001, also for a nonce used before", "RFC 7616 3.4",
     "registration/nonce-count"},
    {"takes-last-challenge", RP_TAKES_LAST_CHALLENGE,
     "answers the last of several challenges, not the first that it supports",
     "RFC 7616 3.7, RFC 8760 2.4", "digest/sha-256-then-md5"},
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
        fprintf(out, "%s\t%s\t%s\t%s\n", mutants[i].name, mutants[i].text, mutants[i].clause,
                mutants[i].scenario);
}

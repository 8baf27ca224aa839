#include "cli/doctor_flows.h"

#include <stdlib.h>
#include <string.h>

/* Parts of flows; each phone's message bears "within". */
#define WITHIN "    within: 3 s\n" /* OH_DOCTOR_WITHIN_S */
#define DIALS  "  - A dials B\n  - A -> P: INVITE\n" WITHIN
#define OUT    DIALS "  - P -> A: 180\n  - P -> A: 200\n  - A -> P: ACK\n" WITHIN
#define RINGS  "  - P -> A: INVITE\n  - A -> P: 180\n" WITHIN
#define IN     RINGS "  - A answers\n  - A -> P: 200\n" WITHIN "  - P -> A: ACK\n"
#define RTP    "  - A <-> B: RTP\n    for: 500 ms\n"
#define BYE    "  - P -> A: BYE\n  - A -> P: 200\n" WITHIN
#define REFUSE "  - P -> A: 486\n  - A -> P: ACK\n" WITHIN

/* A call that does not stand that long by itself is none to hold or to hang up. */
#define STANDS "    after: 300 ms\n"
#define QUIET  "  - nothing for: 300 ms\n"
/* The 200 to its REGISTER must have been read before it can be told the contrary. */
#define TAKEN_IN "    after: 100 ms\n"

/* The phone's INVITE within the call, taken as it is. */
#define AGAIN "  - A -> P: INVITE\n" WITHIN "  - P -> A: 200\n  - A -> P: ACK\n" WITHIN

/* A second call, of which the first is held by an INVITE of its own, or as the phone likes. */
#define CONSULTS                                                                                   \
    "  - A consults C:\n" STANDS "  - A -> P: INVITE\n    optional: true\n" WITHIN                 \
    "  - P -> A: 200\n  - A -> P: ACK\n    optional: true\n"                                       \
    "  - A -> P: INVITE\n    call: second\n" WITHIN                                                \
    "  - P -> A: 180\n    call: second\n  - P -> A: 200\n    call: second\n"                       \
    "  - A -> P: ACK\n    call: second\n" WITHIN

/* Refused: nothing is to come of it. */
#define REFERS "  - A -> P: REFER\n" WITHIN "  - P -> A: 603\n"

/* A call that comes in, and is given up where it rings. */
#define CALLED "  - P -> A: INVITE\n    after: 300 ms\n"
#define GIVEN_UP                                                                                   \
    "  - A -> P: 180\n" WITHIN                                                                     \
    "  - P -> A: CANCEL\n  - any order:\n      - A -> P: 200 to CANCEL\n"                          \
    "      - A -> P: 487 to INVITE\n  - P -> A: ACK\n"

/* Phones that must know the realm beforehand are given it from the first flow on. */
#define REALM "challenge: {realm: doctor.offhook.invalid, qop: auth}"

/* A piece of a flow; it is left out where the phone lacks the ability. */
struct piece {
    const char *ability; /* NULL: always; "!x": where it lacks x */
    const char *text;
};

#define MOST_PIECES 6

static const struct flow {
    const char *name;
    const char *needs[4]; /* abilities, all of them */
    bool registers;       /* its server is a registrar */
    bool challenges;      /* its server has REALM, though it need not ask */
    bool registered;      /* given: registered, if it can be told to register */
    const char *basis;    /* a verb that it builds on, if the phone has it */
    struct piece pieces[MOST_PIECES];
} flows[] = {
    {.name = "idle", .challenges = true, .pieces = {{NULL, "  - nothing for: 100 ms\n"}}},
    {.name = "register",
     .needs = {"register"},
     .registers = true,
     .pieces = {{NULL, "  - A registers\n  - A -> P: REGISTER\n" WITHIN "  - P -> A: 200\n"}}},
    {.name = "dial", /* refused, so that nothing of it lasts, whatever the phone makes of it */
     .needs = {"dial"},
     .pieces = {{NULL, DIALS REFUSE}}},
    {.name = "invite-407",
     .needs = {"dial"},
     .challenges = true,
     .basis = "dial",
     .pieces = {{NULL,
                 DIALS "  - P -> A: 407\n  - A -> P: ACK\n" WITHIN "  - A -> P: INVITE\n" WITHIN
                       "    must: {proxy-authorization: valid}\n" REFUSE}}},
    {.name = "call",
     .needs = {"dial"},
     .basis = "dial",
     .pieces = {{NULL, OUT},
                {"rtp", RTP},
                {"!rtp", QUIET},
                {"hangup", "  - A hangs up\n  - A -> P: BYE\n" WITHIN "  - P -> A: 200\n"},
                {"!hangup", BYE}}},
    {.name = "cancel",
     .needs = {"dial", "hangup"},
     .basis = "dial",
     .pieces = {{NULL, DIALS "  - P -> A: 180\n  - A hangs up\n  - A -> P: CANCEL\n" WITHIN
                             "  - P -> A: 200 to CANCEL\n  - P -> A: 487 to INVITE\n"
                             "  - A -> P: ACK\n" WITHIN}}},
    {.name = "hold",
     .needs = {"hold"},
     .basis = "dial",
     .pieces = {{"dial", OUT},
                {"!dial", IN},
                {NULL, "  - A holds:\n" STANDS AGAIN},
                {"resume", "  - A resumes:\n" STANDS AGAIN},
                {NULL, BYE}}},
    {.name = "answer",
     .needs = {"answer"},
     .registered = true,
     .pieces = {{NULL, IN}, {"rtp", RTP}, {"!rtp", QUIET}, {NULL, BYE}}},
    {.name = "reject",
     .needs = {"reject"},
     .registered = true,
     .pieces = {{NULL, RINGS "  - A rejects\n  - A -> P: 486\n" WITHIN "  - P -> A: ACK\n"}}},
    {.name = "transfer",
     .needs = {"dial", "transfer"},
     .basis = "dial",
     .pieces = {{NULL, OUT "  - A transfers to C:\n" STANDS REFERS}}},
    {.name = "consult",
     .needs = {"dial", "consult"},
     .basis = "dial",
     .pieces = {{NULL, OUT CONSULTS},
                {"complete-transfer", "  - A completes transfer:\n" STANDS REFERS}}},
    {.name = "join",
     .needs = {"dial", "consult", "join"},
     .basis = "dial",
     .pieces = {{NULL, OUT CONSULTS "  - A joins B and C:\n" STANDS AGAIN}}},
    {.name = "dtmf",
     .needs = {"dial", "dtmf"},
     .basis = "dial",
     .pieces = {{NULL, OUT "  - A presses: \"12#\"\n" STANDS
                           "  - A -> P: INFO\n    optional: true\n    within: 600 ms\n"
                           "  - P -> A: 200\n" BYE}}},
    {.name = "mute",
     .needs = {"dial", "mute", "rtp"},
     .basis = "dial",
     .pieces = {{NULL, OUT RTP "  - A mutes\n" RTP},
                {"unmute", "  - A unmutes\n" RTP},
                {NULL, BYE}}},
    {.name = "forward",
     .needs = {"forward"},
     .registered = true,
     .pieces = {{NULL,
                 "  - A forwards to C\n" CALLED "  - A -> P: 302\n" WITHIN "  - P -> A: ACK\n"},
                {"forward-off", "  - A stops forwarding\n" CALLED GIVEN_UP}}},
    {.name = "dnd",
     .needs = {"dnd"},
     .registered = true,
     .pieces = {{NULL,
                 "  - A wants no calls\n" CALLED "  - A -> P: 480\n" WITHIN "  - P -> A: ACK\n"},
                {"dnd-off", "  - A takes calls again\n" CALLED GIVEN_UP}}},
    {.name = "redial",
     .needs = {"dial", "redial"},
     .basis = "dial",
     .pieces = {{NULL,
                 DIALS REFUSE "  - A redials:\n" STANDS "  - A -> P: INVITE\n" WITHIN REFUSE}}},
    {.name = "restart",
     .needs = {"dial", "restart"},
     .basis = "dial",
     .pieces = {{NULL, OUT "  - A restarts:\n" STANDS "  - A -> P: BYE\n    optional: true\n" WITHIN
                           "  - P -> A: 200\n"}}},
    {.name = "unregister",
     .needs = {"unregister"},
     .registers = true,
     .registered = true,
     .pieces = {{NULL, "  - A unregisters:\n" TAKEN_IN "  - A -> P: REGISTER\n" WITHIN
                       "  - P -> A: 200\n"}}},
    {.name = "register-401", /* last: a phone that cannot do this may not register any more */
     .needs = {"register"},
     .registers = true,
     .challenges = true,
     .basis = "register",
     .pieces = {{NULL, "  - A registers\n  - A -> P: REGISTER\n" WITHIN "  - P -> A: 401\n"
                       "  - A -> P: REGISTER\n" WITHIN "    must: {authorization: valid}\n"
                       "  - P -> A: 200\n"}}},
};

size_t oh_doctor_flow_count(void)
{
    return sizeof flows / sizeof *flows;
}

const char *oh_doctor_flow_name(size_t i)
{
    return flows[i].name;
}

const char *oh_doctor_flow_basis(size_t i, bool (*can)(const char *ability, const void *phone),
                                 const void *phone)
{
    const char *basis = flows[i].registered ? "register" : flows[i].basis;
    return basis && can(basis, phone) ? basis : NULL;
}

bool oh_doctor_flow_calls_phone(size_t i, bool (*can)(const char *ability, const void *phone),
                                const void *phone)
{
    char *text = oh_doctor_flow_text(i, can, phone);
    bool calls = text && strstr(text, "- P -> A: INVITE");
    free(text);
    return calls;
}

static bool is_taken(const struct piece *piece, bool (*can)(const char *, const void *),
                     const void *phone)
{
    if (!piece->ability)
        return true;
    bool lacking = piece->ability[0] == '!';
    return can(piece->ability + lacking, phone) != lacking;
}

/* All that the phone has of what a flow may use. */
static void add_needs(bool (*can)(const char *, const void *), const void *phone,
                      struct oh_text *out)
{
    oh_text_add(out, "needs: [");
    const char *separator = "";
    for (int i = 0; i <= OH_VERBS; i++) {
        const char *word = i < OH_VERBS ? oh_verb_name((enum oh_verb)i) : "rtp";
        if (!can(word, phone))
            continue;
        oh_text_addf(out, "%s%s", separator, word);
        separator = ", ";
    }
    oh_text_add(out, "]\n");
}

char *oh_doctor_flow_text(size_t i, bool (*can)(const char *ability, const void *phone),
                          const void *phone)
{
    const struct flow *f = &flows[i];
    struct oh_text text = {0};
    for (size_t n = 0; n < sizeof f->needs / sizeof *f->needs && f->needs[n]; n++) {
        if (!can(f->needs[n], phone))
            return NULL;
    }
    oh_text_addf(&text, "title: proves %s\nsource: the doctor\n", f->name);
    add_needs(can, phone, &text);
    if (f->registered && can("register", phone))
        oh_text_add(&text, "given: registered\n");
    oh_text_addf(&text, "others: tolerate\nparties:\n  A: phone\n  P: {role: %s%s}\n%sflow:\n",
                 f->registers ? "registrar" : "proxy", f->challenges ? ", " REALM : "",
                 f->registers ? ""
                              : "  B: {behind: P, number: \"5551234\"}\n"
                                "  C: {behind: P, number: \"5555678\"}\n");
    for (size_t n = 0; n < MOST_PIECES && f->pieces[n].text; n++) {
        if (is_taken(&f->pieces[n], can, phone))
            oh_text_add(&text, f->pieces[n].text);
    }
    return oh_text_take(&text);
}

#include "cli/doctor_flows.h"

#include <string.h>

/* Parts of flows; each phone's message bears "within". */
#define WITHIN "    within: 3 s\n" /* OH_DOCTOR_WITHIN_S */
#define DIALS  "  - A dials B\n  - A -> P: INVITE\n" WITHIN
#define OUT    DIALS "  - P -> A: 180\n  - P -> A: 200\n  - A -> P: ACK\n" WITHIN
#define RINGS  "  - P -> A: INVITE\n  - A -> P: 180\n" WITHIN
#define IN     RINGS "  - A answers\n  - A -> P: 200\n" WITHIN "  - P -> A: ACK\n"
#define RTP    "  - A <-> B: RTP\n    for: 500 ms\n"
#define BYE    "  - P -> A: BYE\n  - A -> P: 200\n" WITHIN

/* The phone's INVITE within the call, taken as it is. */
#define AGAIN "  - A -> P: INVITE\n" WITHIN "  - P -> A: 200\n  - A -> P: ACK\n" WITHIN

/* A piece of a flow; it is left out where the phone lacks the ability. */
struct piece {
    const char *ability; /* NULL: always; "!x": where it lacks x */
    const char *text;
};

#define MOST_PIECES 6

static const struct flow {
    const char *name;
    const char *needs[4]; /* abilities, all of them */
    bool registered;      /* given: registered, if it can be told to register */
    bool calls;           /* builds on a call of the phone's, if it can */
    struct piece pieces[MOST_PIECES];
} flows[] = {
    {"idle", {NULL}, false, false, {{NULL, "  - nothing for: 100 ms\n"}}},
    {"register",
     {"register"},
     false,
     false,
     {{NULL, "  - A registers\n  - A -> P: REGISTER\n" WITHIN "  - P -> A: 200\n"}}},
    {"dial", /* refused, so that nothing of it lasts, whatever the phone makes of it */
     {"dial"},
     false,
     false,
     {{NULL, DIALS "  - P -> A: 486\n  - A -> P: ACK\n" WITHIN}}},
    {"call",
     {"dial"},
     false,
     true,
     {{NULL, OUT},
      {"rtp", RTP},
      {"hangup", "  - A hangs up\n  - A -> P: BYE\n" WITHIN "  - P -> A: 200\n"},
      {"!hangup", BYE}}},
    {"cancel",
     {"dial", "hangup"},
     false,
     true,
     {{NULL, DIALS "  - P -> A: 180\n  - A hangs up\n  - A -> P: CANCEL\n" WITHIN
                   "  - P -> A: 200 to CANCEL\n  - P -> A: 487 to INVITE\n"
                   "  - A -> P: ACK\n" WITHIN}}},
    {"hold",
     {"hold"},
     false,
     true,
     {{"dial", OUT},
      {"!dial", IN},
      {NULL, "  - A holds\n" AGAIN},
      {"resume", "  - A resumes\n" AGAIN},
      {NULL, BYE}}},
    {"answer", {"answer"}, true, false, {{NULL, IN}, {"rtp", RTP}, {NULL, BYE}}},
    {"reject",
     {"reject"},
     true,
     false,
     {{NULL, RINGS "  - A rejects\n  - A -> P: 486\n" WITHIN "  - P -> A: ACK\n"}}},
    {"unregister",
     {"unregister"},
     true,
     false,
     {{NULL, "  - A unregisters\n  - A -> P: REGISTER\n" WITHIN "  - P -> A: 200\n"}}},
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
    if (flows[i].registered && can("register", phone))
        return "register";
    return flows[i].calls && can("dial", phone) ? "dial" : NULL;
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
    static const char *const words[] = {"register", "unregister", "dial",   "answer", "reject",
                                        "hangup",   "hold",       "resume", "rtp"};
    oh_text_add(out, "needs: [");
    const char *separator = "";
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (!can(words[i], phone))
            continue;
        oh_text_addf(out, "%s%s", separator, words[i]);
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
    oh_text_addf(&text, "others: tolerate\nparties:\n  A: phone\n  P: %s\n%sflow:\n",
                 strstr(f->name, "register") ? "registrar" : "proxy",
                 strstr(f->name, "register") ? "" : "  B: {behind: P, number: \"5551234\"}\n");
    for (size_t n = 0; n < MOST_PIECES && f->pieces[n].text; n++) {
        if (is_taken(&f->pieces[n], can, phone))
            oh_text_add(&text, f->pieces[n].text);
    }
    return oh_text_take(&text);
}

/* bench_capture MESSAGES FILE: a capture of calls of eight messages each, all healthy, every one
 * with a Call-ID of its own, for measuring how fast a capture is read and judged.
 *
 * Some hundred calls go on at a time, between many phones. Classic pcap, microseconds, Ethernet. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { IN_A_CALL = 8, AT_A_TIME = 128, PHONES = 400, STEP_US = 50, MAX_FRAME = 2048 };

struct call {
    unsigned number, caller, callee;
};

static void put(unsigned char *at, unsigned long value, int octets)
{
    for (int i = octets - 1; i >= 0; i--, value >>= 8)
        at[i] = (unsigned char)value;
}

static int phone_ip(unsigned phone, char out[24])
{
    return snprintf(out, 24, "10.%u.%u.%u", 1 + phone / 200, phone / 100 % 2, 1 + phone % 100);
}

static uint32_t phone_number(unsigned phone)
{
    return 10U << 24 | (1 + phone / 200) << 16 | (phone / 100 % 2) << 8 | (1 + phone % 100);
}

static int description(char *out, size_t room, const char *ip, unsigned session)
{
    return snprintf(out, room,
                    "v=0\r\no=- %u 1 IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\n"
                    "m=audio %u RTP/AVP 0 8 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n"
                    "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n",
                    session, ip, ip, 20000 + session % 10000 * 2);
}

/* What the eight are: a request's method, or a status; who sends it; its transaction. */
static const struct {
    const char *line, *method;
    int from_callee, with_body, second;
} flow[IN_A_CALL] = {
    {"INVITE", "INVITE", 0, 1, 0},
    {"100 Trying", "INVITE", 1, 0, 0},
    {"180 Ringing", "INVITE", 1, 0, 0},
    {"183 Session Progress", "INVITE", 1, 0, 0},
    {"200 OK", "INVITE", 1, 1, 0},
    {"ACK", "ACK", 0, 0, 1},
    {"BYE", "BYE", 0, 0, 2},
    {"200 OK", "BYE", 1, 0, 2},
};

static int message(char *out, size_t room, const struct call *c, int i)
{
    char caller[24], callee[24], body[512] = "", to_tag[32] = "";
    int is_request = flow[i].line[0] > '9', cseq = flow[i].second == 2 ? 2 : 1;
    phone_ip(c->caller, caller);
    phone_ip(c->callee, callee);
    if (flow[i].with_body)
        description(body, sizeof body, flow[i].from_callee ? callee : caller, c->number);
    if (i > 1)
        snprintf(to_tag, sizeof to_tag, ";tag=t%xb", c->number * 2654435761U);
    int n = is_request ? snprintf(out, room, "%s sip:%u@%s:5060 SIP/2.0\r\n", flow[i].line,
                                  2000 + c->callee, callee)
                       : snprintf(out, room, "SIP/2.0 %s\r\n", flow[i].line);
    n += snprintf(out + n, room - (size_t)n,
                  "Via: SIP/2.0/UDP %s:5060;branch=z9hG4bK%x.%d;rport%s%s\r\n", caller,
                  c->number * 2246822519U, flow[i].second,
                  is_request ? "" : "=5060;received=", is_request ? "" : caller);
    if (is_request)
        n += snprintf(out + n, room - (size_t)n, "Max-Forwards: 70\r\n");
    n += snprintf(out + n, room - (size_t)n,
                  "From: \"Phone %u\" <sip:%u@%s>;tag=f%xa\r\nTo: <sip:%u@%s>%s\r\n"
                  "Call-ID: %08x%08x-%u@%s\r\nCSeq: %d %s\r\n",
                  c->caller, 1000 + c->caller, caller, c->number * 3266489917U, 2000 + c->callee,
                  callee, to_tag, c->number * 668265263U, c->number, c->number, caller, cseq,
                  flow[i].method);
    if (i != 1 && i != 5 && i < 6)
        n += snprintf(out + n, room - (size_t)n,
                      "Contact: <sip:%u@%s:5060>\r\n"
                      "Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, INFO\r\nSupported: replaces\r\n",
                      flow[i].from_callee ? 2000 + c->callee : 1000 + c->caller,
                      flow[i].from_callee ? callee : caller);
    n += snprintf(out + n, room - (size_t)n, "User-Agent: Example Phone 1.2.3\r\n");
    if (body[0])
        n += snprintf(out + n, room - (size_t)n, "Content-Type: application/sdp\r\n");
    n += snprintf(out + n, room - (size_t)n, "Content-Length: %zu\r\n\r\n%s", strlen(body), body);
    return n;
}

static void checksum(unsigned char *ip)
{
    unsigned long sum = 0;
    for (int i = 0; i < 20; i += 2)
        sum += (unsigned long)ip[i] << 8 | ip[i + 1];
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    put(ip + 10, ~sum & 0xffff, 2);
}

static int write_frame(FILE *f, uint64_t time_us, const struct call *c, int i)
{
    unsigned char frame[MAX_FRAME] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0}, *ip = frame + 14;
    int len = message((char *)ip + 28, sizeof frame - 42, c, i);
    uint32_t src = phone_number(flow[i].from_callee ? c->callee : c->caller);
    uint32_t dst = phone_number(flow[i].from_callee ? c->caller : c->callee);
    uint32_t head[4] = {(uint32_t)(time_us / 1000000), (uint32_t)(time_us % 1000000),
                        (uint32_t)len + 42, (uint32_t)len + 42};
    ip[0] = 0x45;
    put(ip + 2, (unsigned long)len + 28, 2);
    ip[8] = 64;
    ip[9] = 17;
    put(ip + 12, src, 4);
    put(ip + 16, dst, 4);
    checksum(ip);
    put(ip + 20, 5060, 2);
    put(ip + 22, 5060, 2);
    put(ip + 24, (unsigned long)len + 8, 2);
    return fwrite(head, sizeof head, 1, f) == 1 && fwrite(frame, head[2], 1, f) == 1 ? 0 : -1;
}

static int write_calls(FILE *f, unsigned long messages)
{
    static const uint32_t file_head[6] = {0xa1b2c3d4, 4U << 16 | 2, 0, 0, 65535, 1};
    uint64_t time_us = UINT64_C(1700000000) * 1000000;
    unsigned long done = 0;
    if (fwrite(file_head, sizeof file_head, 1, f) != 1)
        return -1;
    for (unsigned first = 1; done < messages; first += AT_A_TIME) {
        for (unsigned k = 0; k < AT_A_TIME * IN_A_CALL && done < messages; k++, done++) {
            unsigned number = first + k % AT_A_TIME;
            struct call c = {number, number % PHONES, (number + PHONES / 2) % PHONES};
            time_us += STEP_US;
            if (write_frame(f, time_us, &c, (int)(k / AT_A_TIME)) < 0)
                return -1;
        }
    }
    return 0;
}

int main(int argc, char **argv)
{
    unsigned long messages = argc == 3 ? strtoul(argv[1], NULL, 10) : 0;
    FILE *f = messages ? fopen(argv[2], "wb") : NULL;
    if (!f) {
        fprintf(stderr, "usage: bench_capture MESSAGES FILE\n");
        return 2;
    }
    int status = write_calls(f, messages);
    return fclose(f) == 0 && status == 0 ? 0 : 1;
}

/* bench_runs [RUNS [RTP-TIME]]: the 407 flow many times in one process, every tenth time with a
 * faulty phone. Each verdict must be the right one, and what the process holds (heap, open files)
 * after the last run must be what it held after the hundredth.
 *
 * The flow is scenarios/cisco-7960/authentication-407.yaml; its talk of 1 s is cut to RTP-TIME
 * ("100 ms" without one), since nothing but waiting happens in it. Exit status 1 where a verdict
 * was wrong or something grew. */
#include "base/file.h"
#include "judge/judge.h"
#include "play/play.h"

#include <dirent.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SETTLED_AFTER 100 /* runs, by when everything that is kept once has been made */
/* An array that is kept may double once more, when more happens at once than before; ten bytes
 * lost in each of 900 runs are more than this. */
#define UNEVEN_BYTES 8192

/* The allocator counts what it keeps for later as in use, unless told to keep nothing. */
#define KEEP_NOTHING "glibc.malloc.tcache_count=0:glibc.malloc.mxfast=0"

/* Faults of the reference phone in this flow, and the must that each is. Those for which the flow
 * waits 64*T1 = 32 s are ci/mutants' matter. */
static const struct {
    const char *mutant, *due;
} faults[] = {
    {"ack-new-branch", "ack.branch"},
    {"ack-other-cseq", "ack.cseq"},
    {"wrong-response", "digest.response"},
    {"same-cseq", "retry.cseq"},
};
enum { FAULTS = sizeof faults / sizeof *faults };

struct held {
    size_t heap_bytes, files;
};

static struct held now_held(void)
{
    struct held h = {.heap_bytes = mallinfo2().uordblks};
    DIR *d = opendir("/proc/self/fd");
    while (d && readdir(d))
        h.files++;
    if (d)
        closedir(d);
    return h;
}

static struct oh_scenario *load_scenario(const char *rtp_time)
{
    static const char file[] = OH_SOURCE_DIR "/scenarios/cisco-7960/authentication-407.yaml";
    struct oh_errors errors = {0};
    struct oh_error e = {0};
    struct oh_text text = {0}, shorter = {0};
    struct oh_scenario *s = NULL;
    if (oh_file_read(file, 1 << 20, &text, &e) == 0) {
        const char *whole = oh_text_str(&text), *at = strstr(whole, "for: 1 s");
        if (at)
            oh_text_addf(&shorter, "%.*sfor: %s%s", (int)(at - whole), whole, rtp_time, at + 8);
        s = oh_scenario_parse(file, oh_text_span(&shorter), &errors);
    }
    if (!s)
        fprintf(stderr, "bench_runs: %s cannot be played\n", file);
    oh_errors_release(&errors);
    oh_text_release(&text);
    oh_text_release(&shorter);
    return s;
}

/* The must findings of the phone, in words; "" for none. */
static void musts(const struct oh_verdict *v, struct oh_text *out)
{
    for (size_t i = 0; i < v->finding_count; i++) {
        const struct oh_finding *f = &v->findings[i];
        if (f->result == OH_RESULT_FAIL)
            oh_text_addf(out, "%s%s", out->len ? " " : "", f->id);
    }
}

static bool judge(const char *folder, const char *due, int run)
{
    struct oh_error e = {0};
    struct oh_text found = {0};
    bool right = false;
    struct oh_recording *recording = oh_recording_read(folder, &e);
    if (!recording) {
        printf("run %d: %s\n", run, e.text);
        return false;
    }
    struct oh_verdict *v = oh_judge(recording, NULL);
    musts(v, &found);
    right =
        v->word == (*due ? OH_WORD_FAIL : OH_WORD_PASS) && strcmp(oh_text_str(&found), due) == 0;
    if (!right)
        printf("run %d: due '%s', found '%s', %s: %s\n", run, due, oh_text_str(&found),
               oh_word_name(v->word), v->reason ? v->reason : "-");
    oh_verdict_free(v);
    oh_recording_free(recording);
    oh_text_release(&found);
    return right;
}

static struct oh_bench *open_bench(const struct oh_adapter *adapter)
{
    struct oh_error e = {0};
    struct oh_bench_options options = {.program_folder = OH_BUILD_DIR, .interrupt_fd = -1};
    struct oh_bench_phone phone = {"", adapter};
    struct oh_bench *b = oh_bench_open(&options, &phone, 1, &e);
    if (!b)
        fprintf(stderr, "bench_runs: %s\n", e.text);
    return b;
}

static struct oh_adapter *load_adapter(const char *mutant)
{
    struct oh_errors errors = {0};
    struct oh_error e = {0};
    struct oh_adapter *a =
        oh_adapter_load(OH_SOURCE_DIR "/dut-adapters/reference-phone.yaml", "", &errors);
    if (a && oh_adapter_set(a, "mutant", mutant, &e) != 0) {
        fprintf(stderr, "bench_runs: %s\n", e.text);
        oh_adapter_free(a);
        a = NULL;
    }
    oh_errors_release(&errors);
    return a;
}

static bool play_and_judge(struct oh_bench *b, const struct oh_scenario *s, const char *folder,
                           const char *due, int run)
{
    struct oh_error e = {0};
    bool right = false;
    if (oh_play(b, s, folder, &e) == 0)
        right = judge(folder, due, run);
    else
        printf("run %d: %s\n", run, e.text);
    oh_file_remove_tree(folder);
    return right;
}

static bool play_faulty(const struct oh_scenario *s, const char *folder, int run)
{
    size_t n = (size_t)run / 10 % FAULTS;
    struct oh_adapter *a = load_adapter(faults[n].mutant);
    struct oh_bench *b = a ? open_bench(a) : NULL;
    bool right = b && play_and_judge(b, s, folder, faults[n].due, run);
    oh_bench_close(b);
    oh_adapter_free(a);
    return right;
}

static int all_runs(struct oh_bench *b, const struct oh_scenario *s, const char *folder, int runs)
{
    struct held settled = {0}, end;
    int right = 0;
    for (int run = 1; run <= runs; run++) {
        right +=
            run % 10 == 0 ? play_faulty(s, folder, run) : play_and_judge(b, s, folder, "", run);
        if (run == SETTLED_AFTER)
            settled = now_held();
    }
    end = now_held();
    printf("verdicts             %d of %d right, every tenth a faulty phone\n", right, runs);
    if (runs <= SETTLED_AFTER)
        return right != runs;
    printf("after run %d        heap %zu bytes, %zu files\n", SETTLED_AFTER, settled.heap_bytes,
           settled.files);
    printf("after run %-10d heap %zu bytes, %zu files\n", runs, end.heap_bytes, end.files);
    bool grew = end.files != settled.files || end.heap_bytes > settled.heap_bytes + UNEVEN_BYTES;
    return right != runs || grew;
}

int main(int argc, char **argv)
{
    if (!getenv("GLIBC_TUNABLES") && setenv("GLIBC_TUNABLES", KEEP_NOTHING, 1) == 0)
        execv("/proc/self/exe", argv); /* read when a program starts */
    int runs = argc > 1 ? atoi(argv[1]) : 1000;
    char folder[] = "/tmp/offhook-bench-XXXXXX";
    struct oh_scenario *s = load_scenario(argc > 2 ? argv[2] : "100 ms");
    struct oh_adapter *a = load_adapter("none");
    struct oh_bench *b = s && a ? open_bench(a) : NULL;
    int status = 1;
    if (b && mkdtemp(folder)) {
        status = all_runs(b, s, folder, runs);
        oh_file_remove_tree(folder);
    }
    oh_bench_close(b);
    oh_adapter_free(a);
    oh_scenario_free(s);
    return status;
}

/* memory.c -- the allocations of calls fail, one at a time:
 *
 *   faults_memory DATA_DIRECTORY MODULES_DIRECTORY CALLS SAMPLE [SECONDS]
 *
 * CALLS holds a call a line: method, parameters, and maybe a second call that makes what it needs, parted by
 * tabs. $ID is the id of what was made, $SEQ its place in the journal, $N a running number, $DAY a date of its own. A "-" before the method:
 * it reads, and that it has read may stay logged if the answer fails.
 *
 * First each call loses SAMPLE of its allocations (malloc, calloc, realloc of the whole process, libraries
 * included, and every piece of an arena), spread evenly with chance. Then, for SECONDS, each place in the code
 * where some call asks for memory is struck once. A place is told by the DEPTH innermost return addresses, so
 * that what a thousand methods share is not tried a thousand times, and what one does in a loop not in each turn.
 *
 * It must end in an answer: a result, or an error that blames the lack of memory; after an error the store is
 * as it was. Under AddressSanitizer nothing leaks. memory_calls.py writes CALLS. */
#include <errno.h>
#include <execinfo.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "kit/arena.h"
#include "kit/clock.h"
#include "server/testing.h"

enum {
    ANSWER_MAX = 4 << 20,
    ANSWER_S = 30,
    FINDINGS_MAX = 40,
    PARTS = 4,
    DEPTH = 12,
    ASKED_MAX = 1 << 18, /* allocations of a call that are looked at */
    PLACES = 1 << 22
};

/* ---- Places ---- */

typedef struct {
    uint64_t place[PLACES]; /* 0: free */
    unsigned long count;
} places;
static places known, aimed, hit;

/* returns whether it was new */
static bool places_add(places *set, uint64_t place)
{
    size_t at = place % PLACES;
    while (set->place[at] && set->place[at] != place)
        at = (at + 1) % PLACES;
    if (set->place[at] || set->count > PLACES / 2)
        return false;
    set->place[at] = place;
    set->count++;
    return true;
}

static bool places_have(const places *set, uint64_t place)
{
    size_t at = place % PLACES;
    while (set->place[at] && set->place[at] != place)
        at = (at + 1) % PLACES;
    return set->place[at] != 0;
}

/* Where this program calls the server from is no part of a place: the linker knows these names. */
#define CALLING __attribute__((section("calling"), noinline))
extern const char __start_calling[], __stop_calling[];

static bool is_ours(const void *frame)
{
    return (const char *)frame >= __start_calling && (const char *)frame < __stop_calling;
}

static uint64_t place_here(void)
{
    void *frames[DEPTH + 2];
    uint64_t hash = 1469598103934665603U;
    int depth = backtrace(frames, DEPTH + 2);
    for (int i = 2; i < depth && !is_ours(frames[i]); i++)
        hash = (hash ^ (uint64_t)(uintptr_t)frames[i]) * 1099511628211U;
    return hash | 1;
}

/* ---- Failing ---- */

static atomic_ulong asked, fail_at; /* fail_at 0: nobody is counting; ULONG_MAX: places are noted */
static atomic_ulong struck;         /* the place, 0: none */
static uint64_t asking[ASKED_MAX];  /* the places of the call's allocations, in turn */
static _Thread_local bool looking;

static bool strikes(void)
{
    unsigned long at = atomic_load_explicit(&fail_at, memory_order_relaxed);
    if (!at || looking)
        return false;
    unsigned long turn = atomic_fetch_add(&asked, 1);
    bool survey = at == ULONG_MAX && turn < ASKED_MAX, now = turn + 1 == at;
    if (!survey && !now)
        return false;
    looking = true;
    uint64_t place = place_here();
    looking = false;
    if (survey)
        asking[turn] = place;
    else
        atomic_store(&struck, place);
    errno = now ? ENOMEM : errno;
    return now;
}

static void arm(unsigned long at)
{
    atomic_store(&fail_at, 0);
    atomic_store(&asked, 0);
    atomic_store(&struck, 0);
    atomic_store(&fail_at, at);
}

#ifdef __SANITIZE_ADDRESS__
#define REAL(name) __interceptor_##name
#else
#define REAL(name) __libc_##name
#endif
void *REAL(malloc)(size_t size);
void *REAL(calloc)(size_t count, size_t size);
void *REAL(realloc)(void *old, size_t size);
void *__real_arena_alloc(arena *arena, size_t size);
void *__wrap_arena_alloc(arena *arena, size_t size);

void *malloc(size_t size)
{
    return strikes() ? NULL : REAL(malloc)(size);
}

void *calloc(size_t count, size_t size)
{
    return strikes() ? NULL : REAL(calloc)(count, size);
}

void *realloc(void *old, size_t size)
{
    return strikes() ? NULL : REAL(realloc)(old, size);
}

void *__wrap_arena_alloc(arena *arena, size_t size)
{
    return strikes() ? NULL : __real_arena_alloc(arena, size);
}

/* ---- Calls ---- */

typedef struct {
    const char *part[PARTS]; /* method, parameters; the same of the call that makes a record */
    bool refused;            /* without any failure, too */
    bool reads;
    bool writes_aside; /* something is committed though it fails: only a digest tells whether it may be */
} line;

static house *h;
static unsigned long number;    /* $N */
static unsigned long made_at;   /* $SEQ */
static unsigned long counts[4]; /* calls, of them struck, of these ended in an error, methods */
static unsigned long refused;   /* methods, as they are */
static unsigned findings, unmade;

static void tell(const char *method, unsigned long n, const char *what, const char *answer)
{
    if (findings++ < FINDINGS_MAX)
        printf("  %s, allocation %lu: %s: %.300s\n", method, n, what, answer);
}

static struct {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool answered;
    size_t len;
    char text[ANSWER_MAX];
} reply = {.lock = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER};

static void take(void *context, kt_str answer)
{
    (void)context;
    pthread_mutex_lock(&reply.lock);
    reply.len = answer.len < ANSWER_MAX ? answer.len : ANSWER_MAX - 1;
    if (reply.len)
        memcpy(reply.text, answer.ptr, reply.len);
    reply.text[reply.len] = 0;
    reply.answered = true;
    pthread_cond_signal(&reply.wake);
    pthread_mutex_unlock(&reply.lock);
}

static char doing[512], done_before[512]; /* the calls, for whoever looks for what went wrong */

static void fall(int signal_number)
{
    static const char said[] = "BROKEN memory: the server fell at ";
    (void)!write(STDOUT_FILENO, said, sizeof said - 1);
    (void)!write(STDOUT_FILENO, doing, strlen(doing));
    (void)!write(STDOUT_FILENO, "\n", 1);
    (void)signal(signal_number, SIG_DFL);
    (void)raise(signal_number);
}

/* The answer lies in reply.text. While it is under way the allocation `at` fails. */
CALLING static void send_call(const char *message, unsigned long at)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += ANSWER_S;
    reply.answered = false;
    memcpy(done_before, doing, sizeof doing);
    (void)snprintf(doing, sizeof doing, "%.500s", message);
    arm(at);
    bus_handle(server_bus(house_server(h)), str_of(message), house_token(h), KT_STR("test"), take, NULL);
    pthread_mutex_lock(&reply.lock);
    while (!reply.answered && pthread_cond_timedwait(&reply.wake, &reply.lock, &until) == 0)
        continue;
    bool answered = reply.answered;
    pthread_mutex_unlock(&reply.lock);
    atomic_store(&fail_at, 0);
    if (!answered) {
        printf("BROKEN memory: no answer within %d s to %.300s\n", ANSWER_S, message);
        _Exit(1);
    }
    if (strstr(reply.text, "\"you are not logged in\"")) {
        printf("BROKEN memory: the session is over after %s\n", done_before);
        _Exit(1);
    }
}

/* "$ID", "$SEQ", "$DAY" and "$N" filled in. */
static void fill(char *out, size_t room, const char *pattern, const char *id)
{
    size_t n = 0;
    while (*pattern && n + 24 < room)
        if (strncmp(pattern, "$ID", 3) == 0) {
            n += (size_t)snprintf(out + n, room - n, "%s", id);
            pattern += 3;
        } else if (strncmp(pattern, "$SEQ", 4) == 0) {
            n += (size_t)snprintf(out + n, room - n, "%lu", made_at);
            pattern += 4;
        } else if (strncmp(pattern, "$DAY", 4) == 0) {
            n += (size_t)snprintf(out + n, room - n, "%lu-%02lu-%02lu", 2000 + number / 336 % 100,
                number / 28 % 12 + 1, number % 28 + 1);
            pattern += 4;
        } else if (strncmp(pattern, "$N", 2) == 0) {
            n += (size_t)snprintf(out + n, room - n, "%lu", number);
            pattern += 2;
        } else {
            out[n++] = *pattern++;
        }
    out[n] = 0;
}

static void message_of(char *out, size_t room, const char *method, const char *params, const char *id)
{
    int n = snprintf(out, room, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\",\"params\":", method);
    fill(out + n, room - (size_t)n - 1, params, id);
    strcat(out, "}");
}

static bool is_error(void)
{
    return strncmp(reply.text, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\"", 32) != 0;
}

static unsigned long number_behind(const char *name)
{
    const char *found = strstr(reply.text, name);
    return found ? strtoul(found + strlen(name), NULL, 10) : 0;
}

/* The record that the line speaks of, if it needs one. */
static bool make(const line *l, char *id, size_t room)
{
    static char message[1 << 16], method[128];
    if (!l->part[2])
        return true;
    message_of(message, sizeof message, l->part[2], l->part[3], "0");
    send_call(message, 0);
    if (is_error()) {
        unmade++; /* a value of which there is one only: no more of this line */
        return false;
    }
    (void)snprintf(id, room, "%lu", number_behind("\"result\":{\"id\":"));
    if (strstr(l->part[1], "$SEQ")) {
        (void)snprintf(
            method, sizeof method, "%.*s.history", (int)(strrchr(l->part[2], '.') - l->part[2]), l->part[2]);
        message_of(message, sizeof message, method, "{\"id\":$ID}", id);
        send_call(message, 0);
        made_at = number_behind("\"seq\":");
    }
    return true;
}

/* What a call before this one set going in the background has written its last. */
static void settle(void)
{
    static const struct timespec moment = {.tv_nsec = 1000000};
    for (unsigned i = 0; i < ANSWER_S * 1000; i++) {
        send_call(
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"job.job.count\",\"params\":{\"filter\":[[\"state\","
            "\"in\",[\"queued\",\"running\"]]]}}",
            0);
        if (strstr(reply.text, "\"result\":0}"))
            return;
        nanosleep(&moment, NULL);
    }
    send_call(
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"job.job.list\",\"params\":{\"filter\":[[\"state\",\"in\","
        "[\"queued\",\"running\"]]]}}",
        0);
    printf("BROKEN memory: a job does not end: %.600s\n", reply.text);
    _Exit(1);
}

/* ---- One method ---- */

/* returns whether the store may be changed, without a sure sign: try again with digests */
static bool judge(line *l, unsigned long at, const char *message, uint64_t commits, uint64_t before)
{
    static char said[512];
    (void)snprintf(said, sizeof said, "%.500s", reply.text);
    counts[2]++;
    if (!l->reads && !l->writes_aside && house_commits(h) != commits)
        return l->writes_aside = true;
    if (!l->reads && l->writes_aside && house_digest(h) != before)
        tell(l->part[0], at, "an error, and the store was changed", said);
    if (strncmp(said, "{\"jsonrpc\":\"2.0\",", 17) != 0) {
        tell(l->part[0], at, "no answer of JSON-RPC", said);
    } else if (!l->refused && !strstr(reply.text, "memory")) {
        send_call(message, 0); /* is it refused since the first call did it? */
        unmade += is_error();
        if (!is_error())
            tell(l->part[0], at, "the error does not blame the lack of memory", said);
    }
    return false;
}

static void attempt(line *l, unsigned long at)
{
    static char message[1 << 16];
    char id[24] = "0";
    number++;
    if (!make(l, id, sizeof id))
        return;
    message_of(message, sizeof message, l->part[0], l->part[1], id);
    if (l->refused) { /* of a day or a number it is perhaps not */
        send_call(message, 0);
        if (!is_error())
            return;
    }

    if (!l->reads)
        settle();
    uint64_t commits = house_commits(h), before = l->writes_aside ? house_digest(h) : 0;
    send_call(message, at);
    counts[0]++;
    if (!atomic_load(&struck))
        return;
    counts[1]++;
    (void)places_add(&hit, atomic_load(&struck));
    if (is_error() && judge(l, at, message, commits, before))
        attempt(l, at);
    else if (!is_error() && l->refused)
        tell(l->part[0], at, "taken, though it is refused otherwise", reply.text);
}

/* The same places each time: a sample that passes goes on passing (xorshift64, Marsaglia 2003). */
static unsigned long pick(unsigned long below)
{
    static uint64_t state = 88172645463325252;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (unsigned long)(state % below);
}

/* The call as it is, its places noted. returns how many allocations it has */
static unsigned long survey(line *l)
{
    static char message[1 << 16];
    char id[24] = "0";
    number++;
    if (!make(l, id, sizeof id))
        return 0;
    message_of(message, sizeof message, l->part[0], l->part[1], id);
    send_call(message, ULONG_MAX);
    l->refused = is_error();
    if (l->refused && getenv("KONTOR_VERBOSE"))
        printf("  refused as it is: %.200s -> %.200s\n", message, reply.text);
    unsigned long count = atomic_load(&asked);
    for (unsigned long i = 0; i < count && i < ASKED_MAX; i++)
        (void)places_add(&known, asking[i]);
    return count;
}

static void strike_some(line *l, unsigned long sample)
{
    unsigned long count = survey(l);
    counts[3]++;
    refused += l->refused;
    for (unsigned long i = 0; i < sample && count; i++) {
        unsigned long from = count * i / sample, to = count * (i + 1) / sample;
        attempt(l, 1 + from + pick(to > from ? to - from : 1));
    }
}

/* Those that nobody has struck yet. */
static void strike_new(line *l, int64_t until_ms)
{
    unsigned long count = survey(l);
    for (unsigned long i = 0; i < count && i < ASKED_MAX && clock_monotonic_ms() < until_ms; i++)
        if (!places_have(&hit, asking[i]) && places_add(&aimed, asking[i]))
            attempt(l, i + 1);
}

static bool read_line(FILE *in, char *text, size_t room, line *l)
{
    *l = (line){0};
    if (!fgets(text, (int)room, in))
        return false;
    text[strcspn(text, "\n")] = 0;
    for (size_t i = 0; i < PARTS && text; i++) {
        l->part[i] = text;
        text = strchr(text, '\t');
        if (text)
            *text++ = 0;
    }
    if (*l->part[0] == '-') {
        l->reads = true;
        l->part[0]++;
    }
    return l->part[1] != NULL;
}

int main(int count, char **arguments)
{
    static char text[1 << 16];
    line l;
    FILE *in = count >= 5 ? fopen(arguments[3], "r") : NULL;
    if (!in)
        return 2;
    unsigned long sample = strtoul(arguments[4], NULL, 10),
                  seconds = count > 5 ? strtoul(arguments[5], NULL, 10) : 0;
    setvbuf(stdout, NULL, _IOLBF, 0);
    (void)signal(SIGSEGV, fall);
    (void)signal(SIGABRT, fall);
    (void)place_here(); /* the first time it asks for memory itself */
    h = house_open_files(arguments[1], arguments[2]);
    while (read_line(in, text, sizeof text, &l))
        strike_some(&l, sample);
    int64_t until_ms = clock_monotonic_ms() + (int64_t)seconds * 1000;
    rewind(in);
    while (seconds && clock_monotonic_ms() < until_ms && read_line(in, text, sizeof text, &l))
        strike_new(&l, until_ms);
    fclose(in);
    send_call("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"system.check\"}", 0);
    if (is_error())
        tell("system.check", 0, "the store is not sound", reply.text);
    house_close(h);
    printf("%s memory: methods=%lu refused=%lu calls=%lu struck=%lu errors=%lu unmade=%u places=%lu of %lu "
           "findings=%u aimed=%lu\n",
        findings ? "BROKEN" : "sound", counts[3], refused, counts[0], counts[1], counts[2], unmade, hit.count,
        known.count, findings, aimed.count);
    return findings ? 1 : 0;
}

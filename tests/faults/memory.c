/* memory.c -- every allocation of a call fails, one after the other:
 *
 *   faults_memory DATA_DIRECTORY MODULES_DIRECTORY CALLS [SAMPLE]
 *
 * CALLS holds a call a line: method, parameters, and maybe a second call that makes what it needs, parted by
 * tabs. $ID is the id of what was made, $N a running number, $DAY a date of its own. A "-" before the method:
 * it reads, and that it has read may stay logged if the answer fails; a "~": its code is tried by another
 * line as well, a sample will do.
 *
 * For each call its first, second, .. allocation fails (malloc, calloc, realloc of the whole process,
 * libraries included, and every piece of an arena) until none is left that could; of a call with more than
 * EACH_MAX of them the later ones by chance. With SAMPLE only so many of them, chosen at random.
 *
 * It must end in an answer: a result, or an error that blames the lack of memory; after an error the store is
 * as it was. Under AddressSanitizer nothing leaks. memory_calls.py writes CALLS. */
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "kit/arena.h"
#include "kit/clock.h"
#include "server/testing.h"

enum {
    ANSWER_MAX = 4 << 20,
    ANSWER_S = 30,
    FINDINGS_MAX = 40,
    PARTS = 4,
    EACH_MAX = 400,
    LATER = 40,
    SAMPLE = 20
};

/* ---- Failing ---- */

static atomic_ulong asked, fail_at; /* fail_at 0: nobody is counting */
static atomic_uint struck;

static bool strikes(void)
{
    unsigned long at = atomic_load_explicit(&fail_at, memory_order_relaxed);
    if (!at || atomic_fetch_add(&asked, 1) + 1 != at)
        return false;
    atomic_fetch_add(&struck, 1);
    errno = ENOMEM;
    return true;
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

static house *h;
static unsigned long number;    /* $N */
static unsigned long counts[4]; /* calls, of them struck, of these ended in an error, methods */
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

/* The answer lies in reply.text. While it is under way the allocation `at` fails. */
static void send_call(const char *message, unsigned long at)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += ANSWER_S;
    reply.answered = false;
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
}

/* "$ID", "$DAY" and "$N" filled in. */
static void fill(char *out, size_t room, const char *pattern, const char *id)
{
    size_t n = 0;
    while (*pattern && n + 24 < room)
        if (strncmp(pattern, "$ID", 3) == 0) {
            n += (size_t)snprintf(out + n, room - n, "%s", id);
            pattern += 3;
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

static bool make(char *id, size_t room, const char *method, const char *params)
{
    static char message[1 << 16];
    message_of(message, sizeof message, method, params, "0");
    send_call(message, 0);
    const char *found = strstr(reply.text, "\"result\":{\"id\":");
    if (found)
        snprintf(id, room, "%ld", strtol(found + strlen("\"result\":{\"id\":"), NULL, 10));
    unmade += is_error(); /* a value of which there is one only: no more of this line */
    return !is_error();
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
    printf("BROKEN memory: a job does not end\n");
    _Exit(1);
}

/* ---- One method ---- */

typedef struct {
    const char *part[PARTS]; /* method, parameters; the same of the call that makes a record */
    bool refused;            /* without any failure, too */
    bool reads, alike;
    unsigned long allocations;
} line;

/* returns whether the allocation was ever asked for */
static bool attempt(const line *l, unsigned long at)
{
    static char message[1 << 16];
    char id[24] = "0";
    number++;
    if (l->part[2] && !make(id, sizeof id, l->part[2], l->part[3]))
        return false;
    message_of(message, sizeof message, l->part[0], l->part[1], id);
    if (l->refused) { /* of a day or a number it is perhaps not */
        send_call(message, 0);
        if (!is_error())
            return true;
    }
    if (!l->reads)
        settle();
    uint64_t before = house_digest(h);
    send_call(message, at);
    bool was_struck = atomic_load(&struck) > 0;
    counts[0]++;
    if (!was_struck)
        return false;
    counts[1]++;
    if (is_error()) {
        counts[2]++;
        if (strncmp(reply.text, "{\"jsonrpc\":\"2.0\",", 17) != 0)
            tell(l->part[0], at, "no answer of JSON-RPC", reply.text);
        else if (strstr(reply.text, "\"kind\":\"conflict\""))
            unmade++; /* the first call made it */
        else if (!l->refused && !strstr(reply.text, "memory"))
            tell(l->part[0], at, "the error does not blame the lack of memory", reply.text);
        if (!l->reads && house_digest(h) != before)
            tell(l->part[0], at, "an error, and the store was changed", reply.text);
    } else if (l->refused) {
        tell(l->part[0], at, "taken, though it is refused otherwise", reply.text);
    }
    return true;
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

static void try_line(line *l, unsigned long sample)
{
    static char message[1 << 16];
    char id[24] = "0";
    number++;
    counts[3]++;
    if (l->part[2] && !make(id, sizeof id, l->part[2], l->part[3]))
        return;
    message_of(message, sizeof message, l->part[0], l->part[1], id);
    send_call(message, ULONG_MAX);
    l->refused = is_error();
    l->allocations = atomic_load(&asked);
    if (l->refused && getenv("KONTOR_VERBOSE"))
        printf("  refused as it is: %.200s -> %.200s\n", message, reply.text);
    if (!sample && l->alike)
        sample = SAMPLE;
    unsigned long first = sample ? 0 : EACH_MAX, at = 1;
    while (at <= first && attempt(l, at))
        at++;
    if (!sample && at > EACH_MAX)
        sample = LATER;
    for (unsigned long i = 0; i < sample && l->allocations; i++)
        (void)attempt(l, at + pick(l->allocations > at ? l->allocations - at : 1));
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
    for (; *l->part[0] == '-' || *l->part[0] == '~'; l->part[0]++) {
        l->reads |= *l->part[0] == '-';
        l->alike |= *l->part[0] == '~';
    }
    return l->part[1] != NULL;
}

int main(int count, char **arguments)
{
    static char text[1 << 16];
    line l;
    FILE *in = count >= 4 ? fopen(arguments[3], "r") : NULL;
    unsigned long sample = count > 4 ? strtoul(arguments[4], NULL, 10) : 0, refused = 0;
    if (!in)
        return 2;
    setvbuf(stdout, NULL, _IOLBF, 0);
    h = house_open_files(arguments[1], arguments[2]);
    while (read_line(in, text, sizeof text, &l)) {
        try_line(&l, sample);
        refused += l.refused;
    }
    fclose(in);
    send_call("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"system.check\"}", 0);
    if (is_error())
        tell("system.check", 0, "the store is not sound", reply.text);
    house_close(h);
    printf("%s memory: methods=%lu (%lu refused as they are) calls=%lu struck=%lu errors=%lu unmade=%u "
           "findings=%u\n",
        findings ? "BROKEN" : "sound", counts[3], refused, counts[0], counts[1], counts[2], unmade, findings);
    return findings ? 1 : 0;
}

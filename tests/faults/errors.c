/* faults_errors -- every flush and write of a store fails once, and for good, at its nth call:
 *
 *   LD_PRELOAD=libfaults.so faults_errors [UP_TO]      every n to 60, then every 20th
 *
 * After each fault: a job that was not acknowledged left nothing (or is told to be unknown), readers went on,
 * and writing works again by itself once the fault has gone. Ends with the proof over the reopened file. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "house.h"
#include "kit/error.h"
#include "kit/log.h"

enum { JOBS_AFTER = 4, RECOVERY_MS = 5000 };

typedef struct {
    store *store;
    arena *arena;
    char url[80];
    uint64_t acknowledged[HOUSE_CLIENTS], attempts, refused, unknown, struck;
} trial;

static void (*arm)(const char *text);
static unsigned (*struck)(void);

static int give_up(const char *what, const char *why)
{
    fprintf(stderr, "faults_errors: %s: %s\n", what, why);
    return 1;
}

/* A reader asks while the fault lasts; false: it failed. */
static bool readers_go_on(trial *t)
{
    store_view *view;
    kt_str value;
    kt_error *error = store_read(t->store, t->arena, &view);
    if (error)
        return false;
    error = store_get(view, STORE_DATA, KT_STR("nothing"), &value);
    store_end(view);
    return !error;
}

/* One transfer. An unknown outcome is settled by asking, as a client would with its key. */
static bool try_transfer(trial *t, unsigned client)
{
    house_transfer job = house_transfer_make(t->arena, client, t->acknowledged[client] + 1);
    char key[32];
    snprintf(key, sizeof key, "%u/%llu", client, (unsigned long long)job.number);
    job.job.key = str_of(key);
    store_result result = store_run(t->store, &job.job);
    t->attempts++;
    t->refused += result == STORE_FAILED;
    t->unknown += result == STORE_UNKNOWN;
    if (result == STORE_REFUSED)
        fprintf(stderr, "refused: %s\n", error_text(job.job.error));
    if (result == STORE_DONE || result == STORE_REPEATED)
        t->acknowledged[client]++;
    return result != STORE_REFUSED;
}

static bool recovers(trial *t, unsigned client)
{
    for (int waited = 0; waited < RECOVERY_MS; waited += 20) {
        uint64_t before = t->acknowledged[client];
        if (!try_transfer(t, client))
            return false;
        if (t->acknowledged[client] > before)
            return true;
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    }
    return false;
}

/* returns 0 or 1 */
static int one_fault(trial *t, const char *fault, unsigned n, unsigned client)
{
    house_state state;
    char why[256];
    arm(fault);
    /* until it strikes, or so long that it would have, and a few more while it lasts */
    for (unsigned i = 0, after = 0; after < JOBS_AFTER && i < n + JOBS_AFTER; i++) {
        after += struck() > 0;
        if (!try_transfer(t, client))
            return give_up(fault, "a job was refused: the state is not what was acknowledged");
        if (!readers_go_on(t))
            return give_up(fault, "a reader failed");
    }
    t->struck += struck();
    arm(NULL);
    if (!recovers(t, client))
        return give_up(fault, "writing did not come back");
    if (!house_verify(t->store, t->arena, t->acknowledged, &state, why, sizeof why))
        return give_up(fault, why);
    arena_reset(t->arena);
    return 0;
}

static int verify_reopened(trial *t, arena *opening)
{
    house_state state;
    char why[256];
    store_close(t->store);
    t->store = NULL;
    kt_error *error = store_check(opening, t->url, NULL, NULL);
    if (!error)
        error = store_open(opening, t->url, NULL, &t->store);
    if (error)
        return give_up("reopening", error_text(error));
    if (!house_verify(t->store, t->arena, t->acknowledged, &state, why, sizeof why))
        return give_up("reopened", why);
    return 0;
}

static int sweep(trial *t, unsigned up_to)
{
    static const char *const calls[] = {"fdatasync", "pwrite", "writev", "meta"};
    static const char *const ends[] = {"once:EIO", "sticky:EIO", "once:ENOSPC", "sticky:ENOSPC", "short:EIO"};
    unsigned client = 0;
    for (unsigned n = 1; n <= up_to; n += n < 60 ? 1 : 20)
        for (size_t c = 0; c < sizeof calls / sizeof *calls; c++)
            for (size_t e = 0; e < sizeof ends / sizeof *ends; e++) {
                char fault[64];
                snprintf(fault, sizeof fault, "%s:%u:%s", calls[c], n, ends[e]);
                if (one_fault(t, fault, n, client++ % HOUSE_CLIENTS))
                    return 1;
            }
    return 0;
}

static bool find_shim(void)
{
    void *found = dlsym(RTLD_DEFAULT, "faults_arm");
    memcpy(&arm, &found, sizeof found);
    found = dlsym(RTLD_DEFAULT, "faults_struck");
    memcpy(&struck, &found, sizeof found);
    return arm && struck;
}

int main(int count, char **arguments)
{
    unsigned up_to = count > 1 ? (unsigned)strtoul(arguments[1], NULL, 10) : 8;
    if (!find_shim())
        return give_up("start", "LD_PRELOAD=libfaults.so is missing");
    log_level(KT_LOG_ERROR);
    if (!log_file("/dev/null"))
        return 1;
    trial t = {.arena = arena_open((size_t)256 << 20)};
    arena *opening = arena_open(1 << 20);
    char directory[] = "/tmp/kontor-faults-XXXXXX", command[64];
    if (!t.arena || !opening || !mkdtemp(directory))
        return give_up("start", "no directory");
    snprintf(t.url, sizeof t.url, "lmdb:%s/d?map=256K", directory);
    kt_error *error = store_open(opening, t.url, NULL, &t.store);
    if (error)
        return give_up("start", error_text(error));
    int result = sweep(&t, up_to);
    if (!result)
        result = verify_reopened(&t, opening);
    if (t.store)
        store_close(t.store);
    printf("%s attempts=%llu faults_struck=%llu failed=%llu unknown=%llu up_to=%u\n",
        result ? "BROKEN" : "sound", (unsigned long long)t.attempts, (unsigned long long)t.struck,
        (unsigned long long)t.refused, (unsigned long long)t.unknown, up_to);
    snprintf(command, sizeof command, "rm -r %s", directory);
    if (system(command) != 0)
        result = 1;
    arena_close(t.arena);
    arena_close(opening);
    return result;
}

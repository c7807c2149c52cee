/* faults_corrupt -- a damaged file never makes a store say something wrong:
 *
 *   faults_corrupt DIR TRIALS [SEED]
 *
 * Each trial flips a bit of a healthy file, or zeroes or scrambles a page, or cuts the file short. A child
 * then reads every key that was there, one by one and in a scan. It may get the right value, or an error, or
 * die; a wrong value fails the campaign. Wherever anything was not right, store_check must name a finding.
 * LMDB has no checksum on its inner pages, so that a key may seem to be absent: that is counted, and found by
 * the check. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "house.h"
#include "kit/error.h"
#include "kit/log.h"

enum { JOBS = 300, PAGE = 4096, DAMAGES = 4 };

typedef enum { FLIP, ZERO, SCRAMBLE, CUT } damage;

static const char *const damage_names[DAMAGES] = {"flips", "zeroed", "scrambled", "cut"};

typedef struct {
    store_space space;
    kt_str key, value;
} entry;

typedef struct {
    char url[256], file[256];
    char *healthy;
    size_t len;
    entry *entries;
    size_t entry_count;
    uint64_t random;
} campaign;

enum { SAW_RIGHT = 0, SAW_WRONG = 1, SAW_ERROR = 2, SAW_ABSENT = 4 }; /* of the child, as a set */

typedef struct {
    unsigned trials, harmless, errors, absent, died, found, wrong, missed;
} tally;

static int give_up(const char *what, const char *why)
{
    fprintf(stderr, "faults_corrupt: %s: %s\n", what, why);
    return 1;
}

static uint64_t pick(campaign *c, uint64_t n)
{
    c->random ^= c->random << 13;
    c->random ^= c->random >> 7;
    c->random ^= c->random << 17;
    return c->random % n;
}

/* ---- The healthy store ---- */

static kt_error *fill(store *store, arena *arena)
{
    for (unsigned i = 0; i < JOBS; i++) {
        house_transfer t = house_transfer_make(arena, i % HOUSE_CLIENTS, i / HOUSE_CLIENTS + 1);
        char key[16];
        snprintf(key, sizeof key, "job %u", i);
        t.job.key = str_of(key);
        if (store_run(store, &t.job) != STORE_DONE)
            return t.job.error;
    }
    return NULL;
}

static kt_error *remember(campaign *c, store *store, arena *arena)
{
    enum { ENTRIES_MAX = JOBS * 10 };
    store_view *view;
    c->entries = ARENA_ARRAY(arena, entry, ENTRIES_MAX);
    if (!c->entries)
        return error_no_memory();
    KT_TRY(store_read(store, arena, &view));
    for (store_space space = STORE_DATA; space < STORE_SPACES; space++) {
        store_cursor *cursor;
        kt_str key, value;
        KT_TRY(store_scan(view, space, (kt_str){0}, (kt_str){0}, false, &cursor));
        while (c->entry_count < ENTRIES_MAX && store_next(cursor, &key, &value))
            c->entries[c->entry_count++] = (entry){space, arena_str(arena, key), arena_str(arena, value)};
        KT_TRY(store_scan_end(cursor));
    }
    store_end(view);
    return NULL;
}

static bool read_file(campaign *c)
{
    struct stat st;
    int fd = open(c->file, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0)
        return false;
    c->len = (size_t)st.st_size;
    c->healthy = malloc(c->len);
    bool whole = c->healthy && read(fd, c->healthy, c->len) == (ssize_t)c->len;
    close(fd);
    return whole;
}

/* ---- A trial ---- */

static bool write_damaged(campaign *c, damage kind)
{
    char *image = malloc(c->len);
    size_t len = c->len, page = pick(c, c->len / PAGE);
    if (!image)
        return false;
    memcpy(image, c->healthy, c->len);
    switch (kind) {
    case FLIP:
        image[pick(c, len)] ^= (char)(1 << pick(c, 8));
        break;
    case ZERO:
        memset(image + page * PAGE, 0, PAGE);
        break;
    case SCRAMBLE:
        for (size_t i = 0; i < PAGE; i++)
            image[page * PAGE + i] = (char)pick(c, 256);
        break;
    case CUT:
        len = pick(c, len);
        break;
    }
    int fd = open(c->file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool written = fd >= 0 && write(fd, image, len) == (ssize_t)len;
    if (fd >= 0)
        close(fd);
    free(image);
    return written;
}

static unsigned judge(kt_error *error, kt_str got, kt_str expected)
{
    if (error)
        return SAW_ERROR;
    if (!got.ptr)
        return SAW_ABSENT;
    return str_eq(got, expected) ? SAW_RIGHT : SAW_WRONG;
}

/* What a server would answer. */
static unsigned read_all(campaign *c, store *store, arena *arena)
{
    store_view *view;
    unsigned saw = 0;
    if (store_read(store, arena, &view))
        return SAW_ERROR;
    for (size_t i = 0; i < c->entry_count; i++) {
        kt_str value;
        kt_error *error = store_get(view, c->entries[i].space, c->entries[i].key, &value);
        saw |= judge(error, value, c->entries[i].value);
    }
    size_t at = 0;
    for (store_space space = STORE_DATA; space < STORE_SPACES; space++) {
        store_cursor *cursor;
        kt_str key, value;
        if (store_scan(view, space, (kt_str){0}, (kt_str){0}, false, &cursor))
            return saw | SAW_ERROR;
        /* a key that was never there is a wrong answer; one that is passed over an absent one */
        size_t steps = 0;
        for (; store_next(cursor, &key, &value) && steps <= c->entry_count; steps++) {
            size_t from = at;
            while (at < c->entry_count && !(c->entries[at].space == space && str_eq(c->entries[at].key, key)))
                at++;
            if (at == c->entry_count) { /* out of order, or unknown */
                for (at = 0; at < c->entry_count; at++)
                    if (c->entries[at].space == space && str_eq(c->entries[at].key, key))
                        break;
                saw |= at == c->entry_count ? SAW_WRONG : SAW_ABSENT;
                at = at == c->entry_count ? from : at;
            }
            saw |= at > from ? SAW_ABSENT : SAW_RIGHT;
            saw |= str_eq(c->entries[at].value, value) ? SAW_RIGHT : SAW_WRONG;
            at++;
        }
        while (at < c->entry_count && c->entries[at].space == space) {
            saw |= SAW_ABSENT;
            at++;
        }
        if (store_scan_end(cursor))
            saw |= SAW_ERROR;
    }
    return saw;
}

/* returns what the child saw, or -1: it died */
static int read_in_child(campaign *c)
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        setrlimit(RLIMIT_CORE, &(struct rlimit){0});
        setrlimit(RLIMIT_CPU, &(struct rlimit){20, 20});
        if (freopen("/dev/null", "w", stderr) == NULL)
            _exit(SAW_WRONG);
        arena *arena = arena_open((size_t)64 << 20);
        store *store;
        if (!arena || store_open(arena, c->url, NULL, &store))
            _exit(SAW_ERROR);
        _exit((int)read_all(c, store, arena));
    }
    if (child < 0 || waitpid(child, &status, 0) < 0)
        return SAW_WRONG;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int one_trial(campaign *c, arena *arena, tally *t)
{
    damage kind = (damage)pick(c, DAMAGES);
    if (!write_damaged(c, kind))
        return give_up("trial", "the damaged file cannot be written");
    /* first the check, which leaves the file as it is; opening for writing may not */
    kt_error *finding = store_check(arena, c->url, NULL, NULL);
    int saw = read_in_child(c);
    t->trials++;
    t->died += saw < 0;
    t->found += finding != NULL;
    t->harmless += saw == 0 && !finding;
    if (saw > 0) {
        t->wrong += (saw & SAW_WRONG) != 0;
        t->errors += (saw & SAW_ERROR) != 0;
        t->absent += (saw & SAW_ABSENT) != 0;
    }
    if (saw != 0 && !finding) {
        t->missed++;
        fprintf(stderr, "trial %u (%s): saw %d, but the check found nothing\n", t->trials, damage_names[kind],
            saw);
    }
    if (saw > 0 && (saw & SAW_WRONG))
        fprintf(stderr, "trial %u (%s): a wrong answer; the check says: %s\n", t->trials, damage_names[kind],
            finding ? error_text(finding) : "nothing");
    arena_reset(arena);
    return 0;
}

static int prepare(campaign *c, arena *arena)
{
    store *store;
    kt_error *error = store_open(arena, c->url, NULL, &store);
    if (error)
        return give_up("opening", error_text(error));
    error = fill(store, arena);
    if (!error)
        error = remember(c, store, arena);
    store_close(store);
    if (error)
        return give_up("filling", error_text(error));
    return read_file(c) ? 0 : give_up("filling", "the file cannot be read");
}

int main(int count, char **arguments)
{
    if (count < 3)
        return give_up("usage", "DIR TRIALS [SEED]");
    campaign c = {.random = count > 3 ? strtoull(arguments[3], NULL, 10) : 20261123};
    uint64_t seed = c.random, trials = strtoull(arguments[2], NULL, 10);
    tally t = {0};
    arena *kept = arena_open((size_t)64 << 20), *arena = arena_open((size_t)16 << 20);
    if (!kept || !arena || !log_file("/dev/null"))
        return give_up("start", "no memory");
    snprintf(c.url, sizeof c.url, "lmdb:%s?map=16M", arguments[1]);
    snprintf(c.file, sizeof c.file, "%s/data.mdb", arguments[1]);
    int result = prepare(&c, kept);
    for (uint64_t i = 0; i < trials && !result; i++)
        result = one_trial(&c, arena, &t);
    result = result || t.wrong || t.missed;
    printf(
        "%s trials=%u wrong=%u missed_by_check=%u found_by_check=%u errors=%u absent=%u died=%u harmless=%u "
        "seed=%llu\n",
        result ? "BROKEN" : "sound", t.trials, t.wrong, t.missed, t.found, t.errors, t.absent, t.died,
        t.harmless, (unsigned long long)seed);
    free(c.healthy);
    arena_close(arena);
    arena_close(kept);
    return result;
}

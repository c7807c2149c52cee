/* faults_replay -- power cuts at every point of a recorded run:
 *
 *   KONTOR_RECORD=log LD_PRELOAD=libfaults.so faults_replay record DIR JOBS    makes the log
 *   faults_replay replay LOG DIR STATES [SEED [deaf]]                          plays it
 *
 * A state is what a disk may hold after a cut: all writes before a flush that ended, and of those after it
 * any set of 512-byte sectors, in any order (a sector is whole or absent: what LMDB's meta page relies on).
 * From each state the store must open, be proved, hold what was acknowledged before the cut, and take writes.
 * `deaf` takes no notice of fdatasync: the negative control, which must end as BROKEN. */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "house.h"
#include "kit/error.h"
#include "record.h"

enum { SECTOR = 512 };

static int give_up(const char *what, const char *why)
{
    fprintf(stderr, "faults_replay: %s: %s\n", what, why);
    return 1;
}

/* ---- Recording ---- */

static int record_run(const char *directory, unsigned jobs)
{
    void (*note)(uint64_t number);
    void *found = dlsym(RTLD_DEFAULT, "faults_note");
    memcpy(&note, &found, sizeof found);
    arena *arena = arena_open((size_t)64 << 20);
    char url[256];
    store *store;
    if (!note || !arena)
        return give_up("record", "LD_PRELOAD=libfaults.so is missing");
    snprintf(url, sizeof url, "lmdb:%s?map=256K", directory);
    for (unsigned i = 0; i < jobs;) { /* closed and opened anew in between: boots are part of it */
        kt_error *error = store_open(arena, url, NULL, &store);
        if (error)
            return give_up("record", error_text(error));
        for (unsigned until = i + jobs / 3 + 1; i < until && i < jobs; i++) {
            house_transfer t = house_transfer_make(arena, i % HOUSE_CLIENTS, i / HOUSE_CLIENTS + 1);
            if (store_run(store, &t.job) != STORE_DONE)
                return give_up("record", error_text(t.job.error));
            note(i + 1);
        }
        store_close(store);
        arena_reset(arena);
    }
    arena_close(arena);
    return 0;
}

/* ---- Replaying ---- */

typedef struct {
    const char *log, *log_end;
    char *image; /* what is surely on disk */
    size_t image_size, image_len;
    uint64_t random;
    bool deaf;
    char path[256], url[256];
} player;

static uint64_t pick(player *p, uint64_t n)
{
    p->random ^= p->random << 13;
    p->random ^= p->random >> 7;
    p->random ^= p->random << 17;
    return p->random % n;
}

/* The record at `at`, and where the next one begins. returns false: the end */
static bool read_record(const player *p, const char **at, record_head *head, const char **bytes)
{
    if ((size_t)(p->log_end - *at) < sizeof *head)
        return false;
    memcpy(head, *at, sizeof *head);
    *bytes = *at + sizeof *head;
    if ((size_t)(p->log_end - *bytes) < head->len)
        return false;
    *at = *bytes + head->len;
    return true;
}

static bool put_bytes(char *image, size_t size, size_t *len, uint64_t at, const char *bytes, size_t count)
{
    if (at + count > size)
        return false;
    memcpy(image + at, bytes, count);
    if (at + count > *len)
        *len = at + count;
    return true;
}

/* Some sectors of one write; how: all, none, or each by itself. */
static void put_torn(player *p, char *image, size_t *len, const record_head *head, const char *bytes)
{
    uint64_t how = pick(p, 4);
    if (how == 0)
        return;
    for (uint64_t at = head->at; at < head->at + head->len;) {
        uint64_t end = (at / SECTOR + 1) * SECTOR;
        if (end > head->at + head->len)
            end = head->at + head->len;
        if (how == 1 || pick(p, 2))
            (void)put_bytes(image, p->image_size, len, at, bytes + (at - head->at), end - at);
        at = end;
    }
}

/* The file as a cut at `cut` may leave it. */
static bool write_state(player *p, const char *flushed, const char *cut)
{
    char *image = malloc(p->image_size);
    size_t len = p->image_len;
    record_head head;
    const char *bytes;
    if (!image)
        return false;
    memcpy(image, p->image, len);
    memset(image + len, 0, p->image_size - len);
    for (const char *at = flushed; at < cut && read_record(p, &at, &head, &bytes);)
        if (head.kind == RECORD_WRITE)
            put_torn(p, image, &len, &head, bytes);
    int fd = open(p->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool written = fd >= 0 && write(fd, image, len) == (ssize_t)len;
    if (fd >= 0)
        close(fd);
    free(image);
    return written;
}

/* returns 0 or 1 */
static int prove_state(player *p, uint64_t acknowledged, bool check, arena *arena)
{
    uint64_t each[HOUSE_CLIENTS];
    house_state state;
    char why[256] = "";
    store *store = NULL;
    for (unsigned i = 0; i < HOUSE_CLIENTS; i++)
        each[i] = acknowledged / HOUSE_CLIENTS + (i < acknowledged % HOUSE_CLIENTS);
    kt_error *error = check ? store_check(arena, p->url, NULL, NULL) : NULL;
    if (!error)
        error = store_open(arena, p->url, NULL, &store);
    if (error)
        return give_up("opening", error_text(error));
    bool good = house_verify(store, arena, each, &state, why, sizeof why);
    if (good) { /* and it goes on */
        house_transfer t = house_transfer_make(arena, 0, state.counters[0] + 1);
        good = store_run(store, &t.job) == STORE_DONE;
        if (good)
            good = house_verify(store, arena, each, &state, why, sizeof why);
        else
            snprintf(why, sizeof why, "%s", error_text(t.job.error));
    }
    store_close(store);
    arena_reset(arena);
    return good ? 0 : give_up("state", why);
}

static bool load_log(player *p, const char *path)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0)
        return false;
    char *log = malloc((size_t)st.st_size);
    ssize_t n = 0;
    for (off_t done = 0; log && done < st.st_size; done += n)
        if ((n = read(fd, log + done, (size_t)(st.st_size - done))) <= 0)
            return false;
    close(fd);
    p->log = log;
    p->log_end = log ? log + st.st_size : NULL;
    record_head head;
    const char *bytes;
    for (const char *at = p->log; log && read_record(p, &at, &head, &bytes);)
        if (head.kind == RECORD_WRITE && head.at + head.len > p->image_size)
            p->image_size = head.at + head.len;
    p->image = calloc(1, p->image_size);
    return log && p->image;
}

static size_t count_records(const player *p)
{
    size_t count = 0;
    record_head head;
    const char *bytes;
    for (const char *at = p->log; read_record(p, &at, &head, &bytes);)
        count++;
    return count;
}

/* Everything up to a flush is on disk. */
static void settle(player *p, const char *from, const char *to)
{
    record_head head;
    const char *bytes;
    while (from < to && read_record(p, &from, &head, &bytes))
        if (head.kind == RECORD_WRITE)
            (void)put_bytes(p->image, p->image_size, &p->image_len, head.at, bytes, head.len);
}

/* Goes through the log once; at each record as many states as its share. */
static int replay(player *p, size_t states, size_t *played, arena *arena)
{
    size_t records = count_records(p), seen = 0;
    uint64_t acknowledged = 0;
    bool published = false;
    record_head head;
    const char *bytes, *at = p->log, *flushed = p->log, *last = p->log;
    while (*played < states) {
        const char *before = at;
        if (!read_record(p, &at, &head, &bytes))
            return 0;
        seen++;
        for (; published && *played < states * seen / records; ++*played) {
            if (!write_state(p, flushed, at))
                return give_up("state", "cannot be written");
            if (prove_state(p, acknowledged, *played % 16 == 0, arena))
                return 1;
        }
        published = published || head.kind == RECORD_PUBLISH;
        if (head.kind == RECORD_WRITE)
            last = before;
        if (head.kind == RECORD_FLUSH && !(p->deaf && acknowledged)) {
            settle(p, flushed, before);
            flushed = at;
        } else if (head.kind == RECORD_FLUSH_LAST) {
            settle(p, last, before);
        } else if (head.kind == RECORD_NOTE) {
            acknowledged = head.at;
        }
    }
    return 0;
}

int main(int count, char **arguments)
{
    if (count == 4 && strcmp(arguments[1], "record") == 0)
        return record_run(arguments[2], (unsigned)strtoul(arguments[3], NULL, 10));
    if (count < 5 || strcmp(arguments[1], "replay") != 0)
        return give_up("usage", "record DIR JOBS | replay LOG DIR STATES [SEED]");
    player p = {.random = count > 5 ? strtoull(arguments[5], NULL, 10) : 20261123};
    uint64_t seed = p.random;
    p.deaf = count > 6 && strcmp(arguments[6], "deaf") == 0;
    arena *arena = arena_open((size_t)256 << 20);
    size_t played = 0;
    if (!arena || !load_log(&p, arguments[2]))
        return give_up("log", "cannot be read");
    snprintf(p.url, sizeof p.url, "lmdb:%s?map=64M", arguments[3]);
    snprintf(p.path, sizeof p.path, "%s/data.mdb", arguments[3]);
    int result = replay(&p, strtoul(arguments[4], NULL, 10), &played, arena);
    printf("%s states=%zu records=%zu seed=%llu\n", result ? "BROKEN" : "sound", played, count_records(&p),
        (unsigned long long)seed);
    arena_close(arena);
    return result;
}

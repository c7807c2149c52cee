/* check.c -- verifies a store's files in child processes, one a space: LMDB aborts on a page that makes no
 * sense, and reads past the end of a file that was cut; the parent must live to say so.
 *
 * Each child tells its findings as lines through a pipe. Where it is stands in shared memory, so that its
 * death has a place as well: the key it had reached, and the page at which it touched the file. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kit/error.h"
#include "kit/stand_back.h"
#include "store/engine.h"

enum {
    FINDINGS_MAX = 1000,
    ARENA_MAX = 64 << 20,
    KEY_SHOWN = 32,
    EXIT_FINDINGS = 1,
    EXIT_FAULT = 2,
    EXIT_NO_STORE = 3
};

/* What the child shares with its parent. */
typedef struct {
    char key[STORE_KEY_MAX];
    size_t key_len;
    uintptr_t from, to; /* the file in memory */
    size_t page_bytes;
    uint64_t page; /* of the fault, from 1; 0: none known */
    int signal;
} place;

typedef struct {
    engine *engine;
    engine_txn *txn;
    store_space space;
    place *place;
    int out;
    unsigned findings;
} walk;

static place *fault_place; /* of this child: a signal's handler has no other way to it */

static void hex_of(kt_str key, char out[2 * KEY_SHOWN + 1])
{
    static const char digits[] = "0123456789abcdef";
    size_t n = key.len < KEY_SHOWN ? key.len : KEY_SHOWN;
    for (size_t i = 0; i < n; i++) {
        out[2 * i] = digits[(unsigned char)key.ptr[i] >> 4];
        out[2 * i + 1] = digits[key.ptr[i] & 15];
    }
    out[2 * n] = 0;
}

static void find(walk *w, const char *what, kt_str key)
{
    char hex[2 * KEY_SHOWN + 1];
    hex_of(key, hex);
    dprintf(w->out, "%s: %s, key %s\n", engine_space_name(w->space), what, hex);
    w->findings++;
}

/* ---- The child ---- */

static void on_fault(int number, siginfo_t *info, void *unused)
{
    (void)unused;
    uintptr_t at = (uintptr_t)info->si_addr;
    fault_place->signal = number;
    if (number != SIGABRT && at >= fault_place->from && at < fault_place->to)
        fault_place->page = (at - fault_place->from) / fault_place->page_bytes + 1;
    _exit(EXIT_FAULT);
}

static void catch_faults(place *place)
{
    static const int fatal[] = {SIGBUS, SIGSEGV, SIGABRT, SIGFPE, SIGILL};
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
    fault_place = place;
    for (size_t i = 0; i < sizeof fatal / sizeof *fatal; i++)
        sigaction(fatal[i], &action, NULL);
    setrlimit(RLIMIT_CORE, &(struct rlimit){0});
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC); /* LMDB's last words: the parent says it better */
    if (nowhere >= 0)
        dup2(nowhere, STDERR_FILENO);
}

static void visit(walk *w, kt_str key, kt_str raw)
{
    kt_str value, again;
    if (!frame_open(w->space, key, raw, &value))
        find(w, "the value fails its checksum", key);
    else if (w->engine->ops->get(w->txn, w->space, key, &again) != ENGINE_OK)
        find(w, "the key is not found from above: an inner page is damaged", key);
    else if (again.ptr != raw.ptr || again.len != raw.len)
        find(w, "the key leads to another value: an inner page is damaged", key);
    memcpy(w->place->key, key.ptr, key.len);
    w->place->key_len = key.len;
}

/* Every entry in order. returns how many */
static uint64_t walk_entries(walk *w, engine_cursor *cursor)
{
    uint64_t count = 0;
    kt_str key, raw;
    engine_code code = w->engine->ops->seek(cursor, SEEK_AT_OR_AFTER, (kt_str){0}, &key, &raw);
    for (; code == ENGINE_OK && w->findings < FINDINGS_MAX; count++) {
        kt_str last = {w->place->key, w->place->key_len};
        if (key.len == 0 || key.len > STORE_KEY_MAX) {
            find(w, "a key without sense follows", last);
            return count;
        }
        if (last.len && str_cmp(key, last) <= 0) { /* from here on it might go in circles */
            find(w, "keys are out of order", key);
            return count;
        }
        visit(w, key, raw);
        code = w->engine->ops->step(cursor, false, &key, &raw);
    }
    if (code != ENGINE_OK && code != ENGINE_ABSENT)
        find(w, "the next page cannot be read", (kt_str){w->place->key, w->place->key_len});
    return count;
}

static void check_space(walk *w, arena *arena)
{
    engine_cursor *cursor;
    store_stat stat = {0};
    if (w->engine->ops->begin(w->engine, false, &w->txn) != ENGINE_OK ||
        w->engine->ops->cursor(w->txn, w->space, arena, &cursor) != ENGINE_OK) {
        find(w, "the space cannot be read", (kt_str){0});
        return;
    }
    uint64_t count = walk_entries(w, cursor);
    if (w->findings == 0 && w->engine->ops->stat(w->engine, &stat) == ENGINE_OK &&
        stat.entries[w->space] != count) {
        dprintf(w->out, "%s: %llu entries are reached, but there should be %llu\n",
            engine_space_name(w->space), (unsigned long long)count,
            (unsigned long long)stat.entries[w->space]);
        w->findings++;
    }
    w->engine->ops->cursor_end(cursor);
    w->engine->ops->end(w->txn);
}

/* Leaves out what a server does beside: no writer thread, no log, nothing is written. */
_Noreturn static void check_in_child(const char *url, store_space space, place *place, int out)
{
    const char *rest;
    const engine_ops *ops = engine_find(url, &rest);
    arena *arena = arena_open(ARENA_MAX);
    walk w = {.space = space, .place = place, .out = out};
    catch_faults(place);
    stand_back(); /* beside a working server it takes what is left */
    kt_error *error = arena ? ops->open(arena, rest, NULL, true, &w.engine) : error_no_memory();
    if (error) {
        dprintf(out, "%s\n", error_text(error));
        _exit(error->first->kind == KT_STORAGE ? EXIT_FINDINGS : EXIT_NO_STORE);
    }
    if (!ops->mapping(w.engine, &place->from, &place->to, &place->page_bytes))
        place->from = place->to = 0;
    if (space == STORE_DATA) {
        const char *wrong = ops->inspect(w.engine);
        if (wrong && ++w.findings)
            dprintf(out, "free pages: %s\n", wrong);
    }
    check_space(&w, arena);
    _exit(w.findings ? EXIT_FINDINGS : 0);
}

/* ---- The parent ---- */

typedef struct {
    unsigned count;
    char first[512];
    bool no_store; /* nothing was checked: first says why */
    void (*report)(void *context, const char *finding);
    void *context;
} findings;

static void take_finding(findings *f, const char *line)
{
    if (f->count++ == 0)
        snprintf(f->first, sizeof f->first, "%s", line);
    if (f->report)
        f->report(f->context, line);
}

static void take_death(findings *f, store_space space, const place *place, int status)
{
    char line[256], hex[2 * KEY_SHOWN + 1], page[64] = "a page";
    int number = place->signal ? place->signal : WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    hex_of((kt_str){place->key, place->key_len}, hex);
    if (place->page)
        snprintf(page, sizeof page, "page %llu", (unsigned long long)(place->page - 1));
    snprintf(line, sizeof line, "%s: %s is damaged or missing (signal %d), behind key %s",
        engine_space_name(space), page, number, place->key_len ? hex : "none: at the beginning");
    take_finding(f, line);
}

/* returns false: no child could be made */
static bool check_one(const char *url, store_space space, place *place, findings *f)
{
    int ends[2], status = 0;
    char line[512];
    memset(place, 0, sizeof *place);
    if (pipe(ends) != 0)
        return false;
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        check_in_child(url, space, place, ends[1]);
    }
    close(ends[1]);
    FILE *in = fdopen(ends[0], "r");
    if (!in)
        close(ends[0]);
    while (in && child > 0 && fgets(line, sizeof line, in)) {
        line[strcspn(line, "\n")] = 0;
        take_finding(f, line);
    }
    if (in)
        fclose(in);
    if (child < 0 || waitpid(child, &status, 0) < 0)
        return false;
    f->no_store = WIFEXITED(status) && WEXITSTATUS(status) == EXIT_NO_STORE;
    if (!WIFEXITED(status) || WEXITSTATUS(status) == EXIT_FAULT)
        take_death(f, space, place, status);
    else if (WEXITSTATUS(status) != 0 && f->count == 0)
        take_finding(f, "the check ended without a word");
    return true;
}

static kt_error *verdict(arena *arena, const findings *f)
{
    if (f->count == 0)
        return NULL;
    if (f->no_store)
        return error_make(
            arena, KT_UNAVAILABLE, NULL, "nothing was checked: %s", "niczego nie sprawdzono: %s", f->first);
    return kt_hint(error_make(arena, KT_STORAGE, NULL, "the store is damaged: %s",
                       "baza danych jest uszkodzona: %s", f->first),
        "Restore the last backup with `kontor restore`.",
        "Odtwórz ostatnią kopię poleceniem `kontor restore`.");
}

kt_error *store_check(
    arena *arena, const char *url, void (*report)(void *context, const char *finding), void *context)
{
    const char *rest;
    const engine_ops *ops = engine_find(url, &rest);
    findings f = {.report = report, .context = context};
    if (!ops)
        return error_make(
            arena, KT_VALIDATION, NULL, "no storage engine for %s", "brak silnika bazy danych dla %s", url);
    place *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        return error_no_memory();
    bool checked = true;
    for (store_space space = STORE_DATA; space < STORE_SPACES && checked && !f.no_store; space++)
        checked = check_one(url, space, shared, &f);
    munmap(shared, sizeof *shared);
    if (!checked)
        return error_make(arena, KT_UNAVAILABLE, NULL, "the check cannot start a process",
            "sprawdzenie nie może utworzyć procesu");
    return verdict(arena, &f);
}

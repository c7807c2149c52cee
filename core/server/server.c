/* server.c -- puts the rooms together, in the order in which they stand, and takes them apart in reverse. */
#include "server/server.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdatomic.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exchange/exchange.h"
#include "kit/clock.h"
#include "kit/disk.h"
#include "kit/log.h"
#include "outbox/outbox.h"
#include "server/care.h"
#include "server/guard.h"

#define KEY_BYTES 32

struct server {
    arena *arena;
    store *store;
    access_control *access;
    plugins *plugins;
    automation *automation;
    bus *bus;
    _Atomic(struct bus *) answering; /* the bus, once the writer may call it */
    jobs *jobs;
    papers *papers;
    outbox *outbox;
    errand_rooms errands; /* for whatever runs by itself */
    const char *guarded;  /* its directory; NULL: no start is counted */
    int lock;             /* held on DATA/lock: one server per directory */
    uint8_t key[KEY_BYTES];
};

static kt_error *system_error(arena *arena, const char *path, int code)
{
    return error_make(arena, KT_STORAGE, "data", "%s: %s", "%s: %s", path, strerrordesc_np(code));
}

/* ---- The data directory ---- */

static kt_error *lock_directory(server *s, arena *arena, const char *directory)
{
    if (mkdir(directory, 0700) != 0 && errno != EEXIST)
        return system_error(arena, directory, errno);
    kt_str path = arena_format(arena, "%s/lock", directory);
    if (!path.ptr)
        return error_no_memory();
    s->lock = open(path.ptr, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (s->lock < 0)
        return system_error(arena, path.ptr, errno);
    if (flock(s->lock, LOCK_EX | LOCK_NB) != 0)
        return error_make(arena, KT_UNAVAILABLE, "data", "%s is in use by another server",
            "katalogu %s używa już inny serwer", directory);
    return NULL;
}

static kt_error *write_key(
    arena *arena, const char *directory, const char *path, const uint8_t key[KEY_BYTES])
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    int code = fd < 0 ? errno : disk_save(fd, key, KEY_BYTES);
    if (fd >= 0)
        close(fd);
    if (!code)
        code = disk_flush_names(directory);
    return code ? system_error(arena, path, code) : NULL;
}

/* The key that wraps the persons' keys. Lost with its backups, personal data is lost: docs/operators.md. */
static kt_error *read_key(server *s, arena *arena, const char *directory)
{
    kt_str path = arena_format(arena, "%s/master.key", directory);
    if (!path.ptr)
        return error_no_memory();
    int fd = open(path.ptr, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 && errno == ENOENT) {
        random_bytes(s->key, sizeof s->key);
        return write_key(arena, directory, path.ptr, s->key);
    }
    if (fd < 0)
        return system_error(arena, path.ptr, errno);
    struct stat stat = {0};
    ssize_t n = read(fd, s->key, sizeof s->key);
    int code = fstat(fd, &stat) != 0 ? errno : 0;
    close(fd);
    if (code)
        return system_error(arena, path.ptr, code);
    if (n != KEY_BYTES)
        return error_make(arena, KT_STORAGE, "data", "%s does not hold a key of %d bytes",
            "%s nie zawiera klucza o długości %d bajtów", path.ptr, KEY_BYTES);
    if (stat.st_mode & 077)
        return kt_hint(error_make(arena, KT_FORBIDDEN, "data", "%s may be read by others",
                           "%s mogą czytać inni użytkownicy", path.ptr),
            "Set its mode to 0600.", "Ustaw jego tryb na 0600.");
    return NULL;
}

/* ---- Opening ---- */

static const kt_module *const own_modules[] = {&model_module, &access_module, &job_module, &exchange_module,
    &outbox_module, &automation_module, &paper_module};

static kt_error *open_plugins(server *s, arena *arena, const server_options *options)
{
    size_t count = 0;
    while (options->built_in && options->built_in[count])
        count++;
    const kt_module **built_in = ARENA_ARRAY(
        s->arena, const kt_module *, count + sizeof own_modules / sizeof *own_modules + 1);
    kt_str copies = arena_format(s->arena, "%s/modules", options->data_directory);
    if (!built_in || !copies.ptr)
        return error_no_memory();
    memcpy(built_in, own_modules, sizeof own_modules);
    for (size_t i = 0; i < count; i++)
        built_in[i + sizeof own_modules / sizeof *own_modules] = options->built_in[i];
    const plugin_options own = {.directory = options->modules_directory ? options->modules_directory : "",
        .private_directory = copies.ptr,
        .master_key = s->key,
        .built_in = built_in};
    return plugins_open(arena, s->store, &own, options->modules, &s->plugins);
}

/* ---- What runs by itself ---- */

static void told(void *context, const model_change *changes)
{
    server *s = context;
    jobs_changed(s->jobs, changes);
    outbox_changed(s->outbox, changes);
}

static void committed(void *context, uint64_t seq, const model_change *changes)
{
    server *s = context;
    bus_committed(s->bus, seq, changes);
}

static void answering(void *context, bool begin)
{
    server *s = context;
    bus *b = atomic_load(&s->answering);
    if (b)
        bus_answering(b, begin);
}

static kt_error *watch(void *context, kt_tx *tx)
{
    server *s = context;
    return automation_begin(s->automation, tx);
}

static void watched(void *context, const kt_tx *tx)
{
    server *s = context;
    automation_committed(s->automation, tx);
}

/* Rules are there once the first errand begins. */
static errand_rooms errands_of(server *s)
{
    return (errand_rooms){.store = s->store,
        .access = s->access,
        .plugins = s->plugins,
        .master_key = s->key,
        .watch = watch,
        .watched = watched,
        .unwatch = automation_end,
        .committed = committed,
        .context = s};
}

static kt_error *open_work(server *s, const server_options *options, const char *data_directory)
{
    outbox_options post = options->outbox;
    post.rooms = &s->errands;
    post.data_directory = data_directory;
    KT_TRY(outbox_open(&post, &s->outbox));
    KT_TRY(jobs_open(&s->jobs));
    jobs_add(s->jobs, exchange_jobs);
    jobs_add(s->jobs, paper_jobs);
    jobs_add(s->jobs, work_jobs);
    return NULL;
}

/* A rule's file that is wrong keeps no server from starting: the log names it, rule.reload tells all of it.
 */
static kt_error *start_rules(server *s, arena *arena)
{
    unsigned changed;
    kt_error *wrong = automation_load_files(s->automation, arena, &changed);
    if (wrong)
        log_line(KT_LOG_WARN, "server", "rules_not_whole problems=%zu", wrong->count);
    return automation_start(s->automation, arena);
}

static kt_error *start_work(
    server *s, arena *arena, const server_options *options, const char *data_directory)
{
    if (options->idle)
        return NULL;
    if (!options->by_hand) {
        KT_TRY(start_rules(s, arena));
        KT_TRY(outbox_start(s->outbox));
    }
    return jobs_start(s->jobs, arena,
        &(job_rooms){.errands = &s->errands, .data_directory = data_directory, .papers = s->papers});
}

static kt_error *open_bus(server *s, arena *arena, const server_options *options, const char *data_directory)
{
    const method *const offered[] = {model_methods, access_methods, journal_methods, plugin_methods,
        job_methods, outbox_methods, automation_methods, paper_methods, import_methods, export_methods,
        watermark_methods, file_methods, person_methods, care_methods};
    bus_options own = options->bus;
    own.store = s->store;
    own.access = s->access;
    own.plugins = s->plugins;
    own.automation = s->automation;
    own.jobs = s->jobs;
    own.papers = s->papers;
    own.changed = told;
    own.context = s;
    own.data_directory = data_directory;
    own.master_key = s->key;
    KT_TRY(bus_open(arena, &own, &s->bus));
    for (size_t i = 0; i < sizeof offered / sizeof *offered; i++)
        KT_TRY(bus_methods(s->bus, arena, offered[i]));
    return NULL;
}

static kt_error *open_rooms(server *s, arena *arena, const server_options *options)
{
    KT_TRY(lock_directory(s, arena, options->data_directory));
    KT_TRY(read_key(s, arena, options->data_directory));
    kt_str url = options->store_url ? str_of(options->store_url)
                                    : arena_format(arena, "lmdb:%s/store", options->data_directory);
    if (!url.ptr)
        return error_no_memory();
    if (!options->store_url) {
        KT_TRY(guard_start(arena, options->data_directory, url.ptr));
        s->guarded = arena_str(s->arena, str_of(options->data_directory)).ptr;
    }
    KT_TRY(store_open(arena, url.ptr,
        &(store_options){.relaxed = options->relaxed, .answering = answering, .context = s}, &s->store));
    KT_TRY(access_open(arena, s->store, &options->access, &s->access));
    KT_TRY(open_plugins(s, arena, options));
    automation_options rules = options->rules;
    s->errands = errands_of(s);
    rules.errands = &s->errands;
    KT_TRY(automation_open(s->arena, &rules, &s->automation));
    kt_str data = arena_str(s->arena, str_of(options->data_directory));
    if (!data.ptr)
        return error_no_memory();
    papers_options papers = options->papers;
    papers.automation = s->automation;
    papers.data_directory = data.ptr;
    KT_TRY(papers_open(s->arena, &papers, &s->papers));
    KT_TRY(open_work(s, options, data.ptr));
    KT_TRY(open_bus(s, arena, options, data.ptr));
    atomic_store(&s->answering, s->bus);
    access_listen(s->access, &(access_listeners){watch, watched, automation_end, committed, s});
    return start_work(s, arena, options, data.ptr);
}

kt_error *server_open(arena *for_errors, const server_options *options, server **out)
{
    arena *own = arena_open((size_t)4 << 20);
    server *s = own ? ARENA_NEW(own, server) : NULL;
    if (!s || sodium_init() < 0) {
        arena_close(own);
        return error_no_memory();
    }
    s->arena = own;
    s->lock = -1;
    kt_error *error = open_rooms(s, for_errors, options);
    if (error) {
        server_close(s, 0);
        return error;
    }
    *out = s;
    return NULL;
}

bus *server_bus(server *s)
{
    return s->bus;
}

access_control *server_access(server *s)
{
    return s->access;
}

automation *server_automation(server *s)
{
    return s->automation;
}

store *server_store(server *s)
{
    return s->store;
}

/* ---- The first start ---- */

static kt_tx system_tx(
    server *s, arena *arena, store_view *view, const model_catalogue *catalogue, bool writes)
{
    return (kt_tx){.arena = arena,
        .view = view,
        .catalogue = catalogue,
        .lang = "en",
        .now = clock_now(),
        .origin = MODEL_SYSTEM,
        .request_id = KT_STR("start"),
        .master_key = s->key,
        .writes = writes};
}

kt_error *server_read(server *s, arena *arena, kt_error *(*body)(kt_tx *tx, void *context), void *context)
{
    store_view *view = NULL;
    const model_catalogue *catalogue = NULL;
    KT_TRY(store_read(s->store, arena, &view));
    kt_error *error = plugins_hold_view(s->plugins, arena, view, &catalogue);
    if (!error) {
        kt_tx tx = system_tx(s, arena, view, catalogue, false);
        error = body(&tx, context);
        model_catalogue_release(catalogue);
    }
    store_end(view);
    return error;
}

kt_error *server_write(server *s, arena *arena, kt_error *(*body)(kt_tx *tx, void *context), void *context)
{
    const errand e = {
        .rooms = &s->errands, .arena = arena, .origin = MODEL_SYSTEM, .request_id = KT_STR("server")};
    return errand_write(&e, body, context);
}

static kt_error *look_for_users(kt_tx *tx, void *is_new)
{
    *(bool *)is_new = access_is_empty(tx);
    return NULL;
}

kt_error *server_is_new(server *s, arena *arena, bool *is_new)
{
    return server_read(s, arena, look_for_users, is_new);
}

typedef struct {
    store_job job;
    server *server;
    kt_str password;
    kt_tx tx;
    const model_catalogue *catalogue;
} first_job;

static kt_error *first_body(store_job *job, store_view *view)
{
    first_job *first = (first_job *)job;
    server *s = first->server;
    uint64_t seq;
    if (first->catalogue)
        model_catalogue_release(first->catalogue);
    first->catalogue = NULL;
    KT_TRY(plugins_hold_view(s->plugins, job->arena, view, &first->catalogue));
    first->tx = system_tx(s, job->arena, view, first->catalogue, true);
    KT_TRY(journal_begin(&first->tx));
    KT_TRY(access_bootstrap(&first->tx, first->password));
    if (first->tx.doomed)
        return first->tx.doomed;
    KT_TRY(model_commit_checks(&first->tx));
    return journal_append(&first->tx, &seq);
}

kt_error *server_bootstrap(server *s, arena *arena, kt_str password)
{
    first_job first = {.job = {.body = first_body, .arena = arena}, .server = s, .password = password};
    store_result result = store_run(s->store, &first.job);
    if (result == STORE_DONE)
        access_changed(s->access, first.tx.changes);
    if (first.catalogue)
        model_catalogue_release(first.catalogue);
    if (result == STORE_DONE)
        return NULL;
    return first.job.error ? first.job.error : error_no_memory();
}

/* ---- Closing ---- */

void server_settle(server *s)
{
    if (s->guarded)
        guard_settle(s->guarded);
}

static kt_error *write_nothing(store_job *job, store_view *view)
{
    (void)job, (void)view;
    return NULL;
}

/* When this job is done, the writer has left the bus. */
static void leave_writer(server *s)
{
    store_job last = {.body = write_nothing, .arena = s->arena};
    atomic_store(&s->answering, NULL);
    if (s->bus)
        (void)store_run(s->store, &last);
}

bool server_close(server *s, int64_t limit_ms)
{
    if (!s)
        return true;
    server_settle(s);
    if (s->bus && limit_ms > 0 && !bus_drain(s->bus, limit_ms))
        return false;
    jobs_stop(s->jobs); /* first whoever writes, for rules and the bus are told of it */
    outbox_stop(s->outbox);
    if (s->access)
        access_listen(s->access, NULL);
    automation_close(s->automation);
    leave_writer(s);
    bus_close(s->bus);
    outbox_close(s->outbox);
    jobs_close(s->jobs);
    papers_close(s->papers);
    if (s->plugins)
        plugins_close(s->plugins);
    if (s->access)
        access_close(s->access);
    if (s->store)
        store_close(s->store);
    if (s->lock >= 0)
        close(s->lock);
    sodium_memzero(s->key, sizeof s->key);
    arena_close(s->arena);
    return true;
}

/* care.c -- see care.h. A backup is a directory of the same layout as the data directory, so that a server
 * can be started on it. The store is copied first, for whatever file a record names was on disk before the
 * record was, and gets its name last, here and when it is restored: what was cut short, by a full disk or a
 * crash, is no backup and no company. */
#include "server/care.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kit/clock.h"
#include "kit/disk.h"
#include "kit/log.h"
#include "kit/stand_back.h"
#include "query/query.h"
#include "store/content.h"

static const char *const single_files[] = {"master.key", "journal.key", "checkpoints.log"};

static kt_error *file_error(arena *arena, const char *path, int code)
{
    return error_make(arena, KT_STORAGE, "directory", "%s: %s", "%s: %s", path, strerrordesc_np(code));
}

/* ---- Copying ---- */

static kt_error *flush_names(arena *arena, const char *directory)
{
    int code = disk_flush_names(directory);
    return code ? file_error(arena, directory, code) : NULL;
}

/* Absent: nothing to copy. */
static kt_error *copy_file(arena *arena, const char *from, const char *to)
{
    int in = open(from, O_RDONLY | O_CLOEXEC);
    if (in < 0)
        return errno == ENOENT ? NULL : file_error(arena, from, errno);
    int out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    int code = out < 0 ? errno : disk_copy(in, out, NULL, NULL);
    close(in);
    if (out >= 0 && close(out) != 0 && !code)
        code = errno;
    return code ? file_error(arena, to, code) : NULL;
}

/* The folder and its subfolders, two floors deep: attachments lie in files/ab/. Absent: nothing. */
static kt_error *copy_folder(arena *arena, const char *from, const char *to, int floors)
{
    kt_error *error = NULL;
    DIR *folder = opendir(from);
    if (!folder)
        return errno == ENOENT ? NULL : file_error(arena, from, errno);
    if (mkdir(to, 0700) != 0 && errno != EEXIST)
        error = file_error(arena, to, errno);
    for (struct dirent *entry; !error && (entry = readdir(folder));) { /* this thread's own stream */
        struct stat stat;
        if (*entry->d_name == '.')
            continue;
        kt_str a = arena_format(arena, "%s/%s", from, entry->d_name),
               b = arena_format(arena, "%s/%s", to, entry->d_name);
        if (!a.ptr || !b.ptr)
            error = error_no_memory();
        else if (lstat(a.ptr, &stat) != 0)
            error = file_error(arena, a.ptr, errno);
        else if (S_ISDIR(stat.st_mode) && floors > 0)
            error = copy_folder(arena, a.ptr, b.ptr, floors - 1);
        else if (S_ISREG(stat.st_mode))
            error = copy_file(arena, a.ptr, b.ptr);
    }
    closedir(folder);
    return error ? error : flush_names(arena, to);
}

/* Everything beside the store. */
static kt_error *copy_beside(arena *arena, const char *from, const char *to)
{
    for (size_t i = 0; i < sizeof single_files / sizeof *single_files; i++) {
        kt_str a = arena_format(arena, "%s/%s", from, single_files[i]),
               b = arena_format(arena, "%s/%s", to, single_files[i]);
        if (!a.ptr || !b.ptr)
            return error_no_memory();
        KT_TRY(copy_file(arena, a.ptr, b.ptr));
    }
    kt_str a = arena_format(arena, "%s/files", from), b = arena_format(arena, "%s/files", to);
    if (!a.ptr || !b.ptr)
        return error_no_memory();
    return copy_folder(arena, a.ptr, b.ptr, 1);
}

/* Makes a directory, or takes an empty one. */
static kt_error *take_empty(arena *arena, const char *path)
{
    if (mkdir(path, 0700) == 0)
        return NULL;
    DIR *folder = errno == EEXIST ? opendir(path) : NULL;
    if (!folder)
        return file_error(arena, path, errno);
    size_t count = 0;
    while (readdir(folder)) /* this thread's own stream */
        count++;
    closedir(folder);
    return count <= 2 ? NULL
                      : error_make(arena, KT_CONFLICT, "directory", "%s is not empty",
                            "katalog %s nie jest pusty", path);
}

static kt_str store_url(arena *arena, const char *directory)
{
    return arena_format(arena, "lmdb:%s/store", directory);
}

/* All is there: store.partial becomes store. */
static kt_error *give_name(arena *arena, const char *directory)
{
    kt_str from = arena_format(arena, "%s/store.partial", directory),
           to = arena_format(arena, "%s/store", directory);
    if (!from.ptr || !to.ptr)
        return error_no_memory();
    KT_TRY(flush_names(arena, directory));
    if (rename(from.ptr, to.ptr) != 0)
        return file_error(arena, to.ptr, errno);
    return flush_names(arena, directory);
}

kt_error *care_restore(arena *arena, const char *backup, const char *directory)
{
    kt_str url = store_url(arena, backup), from = arena_format(arena, "%s/store/data.mdb", backup);
    kt_str folder = arena_format(arena, "%s/store.partial", directory),
           to = arena_format(arena, "%s/store.partial/data.mdb", directory);
    if (!url.ptr || !from.ptr || !folder.ptr || !to.ptr)
        return error_no_memory();
    if (access(from.ptr, R_OK) != 0)
        return error_make(arena, KT_NOT_FOUND, "backup", "%s is no backup: it has no store/data.mdb",
            "%s nie jest kopią zapasową: brak store/data.mdb", backup);
    KT_TRY(store_check(arena, url.ptr, NULL, NULL));
    KT_TRY(take_empty(arena, directory));
    KT_TRY(take_empty(arena, folder.ptr));
    KT_TRY(copy_file(arena, from.ptr, to.ptr));
    KT_TRY(flush_names(arena, folder.ptr));
    KT_TRY(copy_beside(arena, backup, directory));
    return give_name(arena, directory);
}

/* ---- Proof ---- */

enum { FINDINGS_TOLD = 100 };

typedef struct {
    care_report report; /* NULL: the error tells them */
    void *context;
    arena *arena;
    const char *directory; /* whose files are looked at */
    bool whole;            /* read through; else whether they are there, and of their size */
    uint64_t count;
    kt_str first;
    kt_error *others;
} findings;

static void take_finding(void *context, const char *finding)
{
    findings *f = context;
    if (f->count++ == 0)
        f->first = arena_str(f->arena, str_of(finding));
    else if (!f->report && f->count <= FINDINGS_TOLD)
        kt_also(&f->others, error_make(f->arena, KT_STORAGE, NULL, "%s", "%s", finding));
    if (f->report)
        f->report(f->context, finding);
}

static kt_error *verdict_of(const findings *f)
{
    if (!f->count)
        return NULL;
    kt_error *error = error_make(f->arena, KT_STORAGE, NULL, "%llu findings, the first: %s",
        "liczba usterek: %llu, pierwsza: %s", (unsigned long long)f->count, f->first.ptr ? f->first.ptr : "");
    error = kt_hint(error, "Restore the last backup with `kontor restore`.",
        "Odtwórz ostatnią kopię poleceniem `kontor restore`.");
    kt_also(&error, f->others);
    return error;
}

static kt_error *check_file(const findings *f, arena *arena, kt_str name, uint64_t size)
{
    int fd;
    if (f->whole)
        return content_verify(arena, f->directory, name, size);
    KT_TRY(content_open(arena, f->directory, name, size, &fd));
    close(fd);
    return NULL;
}

/* Each attachment has the file that it names, but for those whose content was given up for good. */
static kt_error *check_files(kt_tx *tx, findings *f)
{
    const model_entity *entity = model_entity_find(tx->catalogue, KT_STR("base.attachment"));
    const model_field *name = entity ? model_field_find(entity, KT_STR("sha256")) : NULL,
                      *size = entity ? model_field_find(entity, KT_STR("size")) : NULL;
    query_rows *rows = NULL;
    model_record record = {0};
    if (!name || !size)
        return NULL;
    arena *each = arena_open((size_t)1 << 20);
    kt_error *error = each ? query_open(tx, &(query_request){.entity = entity}, &rows) : error_no_memory();
    while (!error && query_next(rows, &record)) {
        const model_value *named = &record.values[name->position], *bytes = &record.values[size->position];
        kt_error *wrong = named->set && !content_is_gone(each, f->directory, named->as.s)
                              ? check_file(f, each, named->as.s, bytes->set ? (uint64_t)bytes->as.i : 0)
                              : NULL;
        kt_str text = wrong ? arena_format(each, "base.attachment %lld: %s",
                                  (long long)record.values[MODEL_ID].as.i, error_text(wrong))
                            : (kt_str){0};
        if (wrong)
            take_finding(f, text.ptr ? text.ptr : "a file of an attachment is damaged");
        arena_reset(each);
    }
    if (!error)
        error = query_end(rows);
    arena_close(each);
    return error;
}

/* The model's invariants and the files over one snapshot, as the system sees it. */
static kt_error *check_model(kt_tx *tx, void *f)
{
    const model_guard *guard = tx->guard;
    uint64_t company = tx->company;
    int64_t deadline_ms = tx->deadline_ms;
    tx->guard = NULL;
    tx->company = 0;
    tx->deadline_ms = 0;
    kt_error *error = model_check(tx, take_finding, f);
    if (!error)
        error = check_files(tx, f);
    tx->guard = guard;
    tx->company = company;
    tx->deadline_ms = deadline_ms;
    return error;
}

static kt_error *check_journal(store *store, findings *f)
{
    journal_verdict verdict = {0};
    KT_TRY(journal_verify(store, f->arena, &verdict, NULL, NULL));
    if (!verdict.first_bad)
        return NULL;
    kt_str text = arena_format(f->arena, "journal entry %llu: %s", (unsigned long long)verdict.first_bad,
        verdict.reason ? verdict.reason : "damaged");
    take_finding(f, text.ptr ? text.ptr : "the journal is damaged");
    return NULL;
}

kt_error *care_check(arena *arena, const server_options *options, care_report report, void *context)
{
    findings f = {.report = report,
        .context = context,
        .arena = arena,
        .directory = options->data_directory,
        .whole = true};
    server *s = NULL;
    kt_str url = store_url(arena, options->data_directory);
    if (!url.ptr)
        return error_no_memory();
    KT_TRY(store_check(arena, url.ptr, report, context));
    server_options own = *options;
    own.idle = true;
    KT_TRY(server_open(arena, &own, &s));
    kt_error *error = server_read(s, arena, check_model, &f);
    if (!error)
        error = check_journal(server_store(s), &f);
    server_close(s, 0);
    return error ? error : verdict_of(&f);
}

/* ---- Methods ---- */

static kt_error *run_check(method_call *call)
{
    findings f = {.arena = call->arena, .directory = call->rooms->data_directory};
    KT_TRY(call->rooms->read(call, check_model, &f));
    KT_TRY(check_journal(call->rooms->store, &f));
    KT_TRY(verdict_of(&f));
    json_object(call->answer);
    json_member_bool(call->answer, "sound", true);
    json_object_end(call->answer);
    return NULL;
}

typedef struct {
    method_call *call;
    const char *directory;
    kt_error *error;
} backup;

/* A copy rests as long as it worked: on processors that share a core, standing back is not enough for those who go first. */
static void rest(void *context, uint64_t bytes)
{
    enum { REST_US_MAX = 5000 };
    int64_t *since_us = context, worked = clock_monotonic_us() - *since_us;
    (void)bytes;
    (void)usleep((useconds_t)(worked < REST_US_MAX ? worked : REST_US_MAX));
    *since_us = clock_monotonic_us();
}

static kt_error *make_backup(arena *arena, const method_rooms *rooms, const char *directory)
{
    kt_str folder = arena_format(arena, "%s/store.partial", directory);
    if (!folder.ptr)
        return error_no_memory();
    KT_TRY(take_empty(arena, directory));
    int64_t since_us = clock_monotonic_us();
    content_copying(true); /* what the store names when it is copied is there when the files are */
    kt_error *error = store_backup(rooms->store, arena, folder.ptr, rest, &since_us);
    if (!error)
        error = copy_beside(arena, rooms->data_directory, directory);
    content_copying(false);
    return error ? error : give_name(arena, directory);
}

static void *backup_thread(void *argument)
{
    backup *b = argument;
    stand_back(); /* who reads and writes meanwhile goes first */
    b->error = make_backup(b->call->arena, b->call->rooms, b->directory);
    return NULL;
}

static kt_error *run_backup(method_call *call)
{
    kt_str path = variant_get_str(call->params, "directory");
    int64_t began = clock_monotonic_ms();
    if (*path.ptr != '/')
        return error_make(call->arena, KT_VALIDATION, "directory",
            "%s does not begin with /: the server's own place is another one",
            "ścieżka %s nie zaczyna się od /: serwer działa w innym katalogu", path.ptr);
    pthread_t thread;
    backup b = {call, path.ptr, NULL}; /* the arena is the thread's until it ends */
    int code = pthread_create(&thread, NULL, backup_thread, &b);
    if (code)
        return file_error(call->arena, path.ptr, code);
    pthread_join(thread, NULL);
    if (b.error)
        return b.error;
    struct stat stat;
    kt_str file = arena_format(call->arena, "%s/store/data.mdb", path.ptr);
    if (!file.ptr || lstat(file.ptr, &stat) != 0)
        return file_error(call->arena, path.ptr, errno);
    log_line(KT_LOG_INFO, "server", "backup bytes=%lld ms=%lld", (long long)stat.st_size,
        (long long)(clock_monotonic_ms() - began));
    json_object(call->answer);
    json_member_str(call->answer, "directory", path);
    json_member_int(call->answer, "bytes", stat.st_size);
    json_member_int(call->answer, "ms", clock_monotonic_ms() - began);
    json_object_end(call->answer);
    return NULL;
}

static const method_param backup_params[] = {
    {"directory", VARIANT_STRING, true,
        {"absolute path of a directory that is absent or empty",
            "ścieżka bezwzględna katalogu, którego nie ma lub jest pusty"}},
    {0},
};
static const method_param no_params[] = {{0}};

const method care_methods[] = {
    {"backup.create", "server:backup", METHOD_PLAIN,
        {"Copies everything into a new directory while the server runs.",
            "Kopiuje wszystko do nowego katalogu podczas pracy serwera."},
        backup_params, run_backup},
    {"system.check", "server:check", METHOD_PLAIN,
        {"Proves the model's invariants and the journal's chain.",
            "Sprawdza niezmienniki danych i łańcuch dziennika."},
        no_params, run_check},
    {0},
};

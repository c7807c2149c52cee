/* files.c -- see files.h. A document that is still being made is named by its job, {"$document": JOB}: the mail
 * waits for it without a try being counted, and is given up with it. */
#include "outbox/files.h"

#include <unistd.h>

#include "job/job.h"
#include "kit/decode.h"
#include "kit/str.h"
#include "store/content.h"

enum { FILES_MAX = 20, FILES_BYTES_MAX = 25 << 20 };

kt_error *parcel_params(arena *arena, kt_str text, const variant **params)
{
    static const decode_limits limits = {.depth_max = 32, .elements_max = 20000};
    return decode_json(arena, arena_str(arena, text), &limits, params);
}

static kt_error *no_file(arena *arena)
{
    return error_make(arena, KT_NOT_FOUND, "files", "there is no such file", "nie ma takiego pliku");
}

static kt_error *read_content(arena *arena, const char *directory, kt_str name, uint64_t size, kt_str *bytes)
{
    int fd;
    KT_TRY(content_open(arena, directory, name, size, &fd));
    char *to = arena_alloc(arena, size + 1);
    uint64_t done = 0;
    for (ssize_t n = 1; to && n > 0 && done<size; done += n> 0 ? (uint64_t)n : 0)
        n = read(fd, to + done, size - done);
    close(fd);
    *bytes = (kt_str){to, size};
    if (!to)
        return error_no_memory();
    return done == size ? NULL
                        : error_make(arena, KT_STORAGE, "files", "an attached file ends too early",
                              "załączony plik kończy się zbyt wcześnie");
}

/* ---- Documents ---- */

static uint64_t job_of(const variant *file)
{
    const variant *job = variant_get(file, "$document");
    return job && job->kind == VARIANT_INT && job->as.integer > 0 ? (uint64_t)job->as.integer : 0;
}

/* The attachment that the job made. */
static kt_error *made_by(kt_tx *tx, arena *arena, uint64_t job, uint64_t *id)
{
    job_view view;
    const variant *result = NULL;
    KT_TRY(job_look(tx, job, &view));
    if (view.result.len)
        KT_TRY(parcel_params(arena, view.result, &result));
    const variant *file = variant_get(result, "file");
    if (!file || file->kind != VARIANT_INT)
        return error_make(arena, KT_NOT_FOUND, "files", "its document was not made: job %llu tells why",
            "nie powstał jego dokument: przyczynę podaje zadanie %llu", (unsigned long long)job);
    *id = (uint64_t)file->as.integer;
    return NULL;
}

kt_error *files_made(kt_tx *tx, kt_str params, bool *made)
{
    const variant *read;
    *made = true;
    if (!memmem(params.ptr, params.len, "$document", 9))
        return NULL;
    KT_TRY(parcel_params(tx->arena, params, &read));
    const variant *files = variant_get(read, "files");
    for (size_t i = 0; files && files->kind == VARIANT_ARRAY && i < files->as.array.count; i++) {
        uint64_t job = job_of(&files->as.array.items[i]);
        job_view view;
        kt_error *error = job ? job_look(tx, job, &view) : NULL;
        if (error && error->first->kind != KT_NOT_FOUND)
            return error;
        if (job && !error && (str_is(view.state, "queued") || str_is(view.state, "running")))
            *made = false;
    }
    return NULL;
}

/* ---- Attachments: by whatever base declares; this room knows these fields only ---- */

static kt_error *read_file(
    kt_tx *tx, arena *arena, const char *directory, uint64_t id, uint64_t *left, mail_file *file)
{
    const model_entity *entity = model_entity_find(tx->catalogue, KT_STR("base.attachment"));
    model_record record = {0};
    if (!entity)
        return no_file(arena);
    KT_TRY(model_read(tx, entity, id, &record));
    const char *const names[] = {"name", "type", "sha256", "size"};
    const model_value *values[4];
    for (size_t i = 0; i < 4; i++) {
        const model_field *field = model_field_find(entity, str_of(names[i]));
        if (!field)
            return no_file(arena);
        values[i] = &record.values[field->position];
    }
    uint64_t size = (uint64_t)values[3]->as.i;
    if (size > *left)
        return error_make(arena, KT_LIMIT, "files", "the files together are larger than %d bytes",
            "pliki razem są większe niż %d bajtów", (int)FILES_BYTES_MAX);
    *left -= size;
    file->name = arena_str(arena, values[0]->as.s);
    file->type = arena_str(arena, values[1]->as.s);
    return read_content(arena, directory, values[2]->as.s, size, &file->bytes);
}

static kt_error *read_one(
    kt_tx *tx, arena *arena, const char *directory, const variant *one, uint64_t *left, mail_file *file)
{
    uint64_t job = job_of(one), id = one->kind == VARIANT_INT ? (uint64_t)one->as.integer : 0;
    if (job)
        KT_TRY(made_by(tx, arena, job, &id));
    return id ? read_file(tx, arena, directory, id, left, file) : no_file(arena);
}

kt_error *files_read(kt_tx *tx, arena *arena, const char *directory, parcel *p)
{
    const variant *list = variant_get(p->params, "files");
    size_t count = list && list->kind == VARIANT_ARRAY ? list->as.array.count : 0;
    uint64_t left = FILES_BYTES_MAX;
    if (count > FILES_MAX)
        return error_make(arena, KT_LIMIT, "files", "%zu files, at most %d are taken",
            "%zu plików, dozwolone najwyżej %d", count, (int)FILES_MAX);
    mail_file *files = ARENA_ARRAY(arena, mail_file, count + 1);
    for (size_t i = 0; files && i < count; i++)
        KT_TRY(read_one(tx, arena, directory, &list->as.array.items[i], &left, &files[i]));
    p->files = files;
    p->file_count = count;
    return files ? NULL : error_no_memory();
}

/* file.c -- see file.h. */
#include "exchange/file.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kit/str.h"
#include "query/internal.h"
#include "store/content.h"

static const model_value *value_of(const model_record *record, const char *name)
{
    const model_field *field = model_field_find(record->entity, str_of(name));
    return field ? &record->values[field->position] : NULL;
}

static kt_str text_of(const model_record *record, const char *name)
{
    const model_value *value = value_of(record, name);
    return value && value->set ? value->as.s : (kt_str){0};
}

kt_str file_content(const model_record *attachment)
{
    return text_of(attachment, "sha256");
}

static kt_error *no_file(kt_tx *tx)
{
    return error_make(tx->arena, KT_NOT_FOUND, "file", "there is no such file", "nie ma takiego pliku");
}

/* A file that stands in a field of records is theirs: one of them must be the caller's to read. */
static kt_error *check_holders(kt_tx *tx, const model_entity *entity, uint64_t id)
{
    enum { HOLDERS_MOST = 100 };
    bool held = false;
    for (size_t i = 0; i < entity->internals->referrer_count; i++) {
        const model_referrer *from = &entity->internals->referrers[i];
        uint64_t *ids;
        size_t count;
        if (from->field->type != KT_FILE)
            continue;
        KT_TRY(query_pointing(tx, from, entity, id, HOLDERS_MOST, &ids, &count));
        held = held || count;
        for (size_t k = 0; k < count && path_field_visible(tx, from->field, from->entity); k++) {
            model_record holder;
            bool found;
            KT_TRY(model_load(tx, from->entity, ids[k], &holder, &found));
            if (found && record_visible(tx, &holder, "read"))
                return NULL;
        }
    }
    return held ? no_file(tx) : NULL;
}

kt_error *file_find(kt_tx *tx, uint64_t id, file_ref *file)
{
    const model_entity *entity = model_entity_find(tx->catalogue, KT_STR(FILE_ENTITY));
    model_record record = {0}, other = {0};
    if (!entity || !id)
        return no_file(tx);
    KT_TRY(model_read(tx, entity, id, &record));
    const model_value *owner = value_of(&record, "owner");
    if (!owner || !owner->set || (uint64_t)owner->as.i != tx->user)
        KT_TRY(check_holders(tx, entity, id));
    const model_value *about = value_of(&record, "about"), *size = value_of(&record, "size");
    if (about && about->set && about->as.any.id) {
        const model_entity *target = model_entity_by_number(tx->catalogue, about->as.any.entity);
        kt_error *hidden = target ? model_read(tx, target, about->as.any.id, &other) : NULL;
        if (hidden && hidden->first &&
            (hidden->first->kind == KT_FORBIDDEN || hidden->first->kind == KT_NOT_FOUND))
            return no_file(tx);
        KT_TRY(hidden);
    }
    *file = (file_ref){.name = arena_str(tx->arena, text_of(&record, "name")),
        .sha256 = arena_str(tx->arena, file_content(&record)),
        .size = size && size->set ? (uint64_t)size->as.i : 0};
    return NULL;
}

typedef struct {
    void *bytes;
    size_t size;
} mapped;

static void unmap(void *object)
{
    mapped *m = object;
    munmap(m->bytes, m->size);
}

kt_error *file_map(arena *arena, const char *data_directory, const file_ref *file, kt_str *bytes)
{
    int fd = -1;
    KT_TRY(content_open(arena, data_directory, file->sha256, file->size, &fd));
    *bytes = KT_STR("");
    mapped *m = ARENA_NEW(arena, mapped);
    void *at = m && file->size ? mmap(NULL, file->size, PROT_READ, MAP_PRIVATE, fd, 0) : MAP_FAILED;
    int code = errno;
    close(fd);
    if (!m)
        return error_no_memory();
    if (!file->size)
        return NULL;
    if (at == MAP_FAILED)
        return error_make(arena, KT_STORAGE, "file", "the file cannot be read: %s",
            "nie można przeczytać pliku: %s", strerrordesc_np(code));
    *m = (mapped){at, file->size};
    if (!arena_at_end(arena, unmap, m)) {
        munmap(at, file->size);
        return error_no_memory();
    }
    *bytes = (kt_str){at, file->size};
    return NULL;
}

kt_error *file_keep(arena *arena, const char *data_directory, kt_str text, file_ref *file)
{
    content_writer writer;
    KT_TRY(content_begin(arena, data_directory, &writer));
    kt_error *error = content_add(arena, &writer, text.ptr, text.len);
    if (!error)
        error = content_finish(arena, data_directory, &writer);
    *file = (file_ref){.sha256 = arena_str(arena, str_of(writer.name)), .size = text.len};
    if (!error)
        error = content_hold(arena, &writer);
    content_drop(&writer);
    KT_TRY(error);
    return file->sha256.ptr ? NULL : error_no_memory();
}

kt_error *file_entity(kt_tx *tx, const model_entity **entity)
{
    *entity = model_entity_find(tx->catalogue, KT_STR(FILE_ENTITY));
    return *entity && (*entity)->enabled ? NULL
                                         : error_make(tx->arena, KT_UNAVAILABLE, NULL,
                                               "files need the module base", "pliki wymagają modułu base");
}

kt_error *file_attach(kt_tx *tx, const file_ref *file, const char *type, uint64_t *id)
{
    const model_entity *entity;
    KT_TRY(file_entity(tx, &entity));
    const variant values[] = {{.kind = VARIANT_STRING, .as.string = file->name},
        {.kind = VARIANT_STRING, .as.string = str_of(type)},
        {.kind = VARIANT_INT, .as.integer = (int64_t)file->size},
        {.kind = VARIANT_STRING, .as.string = file->sha256}};
    const variant_member members[] = {{KT_STR("name"), &values[0]}, {KT_STR("type"), &values[1]},
        {KT_STR("size"), &values[2]}, {KT_STR("sha256"), &values[3]}};
    const variant all = {.kind = VARIANT_OBJECT, .as.object = {members, 4}};
    model_record made;
    tx->brings_file = true;
    kt_error *error = model_create(tx, entity, &all, &made);
    tx->brings_file = false;
    KT_TRY(error);
    *id = (uint64_t)made.values[MODEL_ID].as.i;
    return NULL;
}

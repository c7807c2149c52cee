/* person.c -- what a person may demand: all that is kept about them (person_export.c) and
 * its erasure (person.erase, art. 17). Which records hold a person's data, and which are about them, follows from the
 * declarations. What may have to be kept (an invoice, a contract) is told, never taken along. */
#include "exchange/person.h"

#include <stdio.h>
#include <stdlib.h>

#include "exchange/discard.h"
#include "exchange/exchange.h"
#include "exchange/params.h"
#include "job/job.h"
#include "journal/journal.h"
#include "query/internal.h"

#define READINGS "access.read_log"

kt_error *person_find(method_call *call, const model_entity **entity, uint64_t *id)
{
    kt_str name = variant_get_str(call->params, "entity");
    const variant *number = variant_get(call->params, "id");
    *entity = model_entity_find(call->tx->catalogue, name);
    if (!*entity)
        return kt_fail(call->tx, KT_VALIDATION, "entity", "there is no entity \"%.*s\"",
            "nie ma encji \"%.*s\"", STR_ARG(name));
    if (!number || number->kind != VARIANT_INT || number->as.integer < 1)
        return kt_fail(call->tx, KT_VALIDATION, "id", "must be a record's id", "musi być id rekordu");
    *id = (uint64_t)number->as.integer;
    return NULL;
}

typedef struct {
    uint64_t *ids;
    size_t count;
    uint64_t personal; /* how many of them have personal data */
    bool *stays;       /* which fields of them have texts: note_texts; NULL without any of them */
} id_list;

static kt_error *add_pointing(
    kt_tx *tx, const model_referrer *from, const model_entity *target, uint64_t id, id_list *list)
{
    uint64_t *ids;
    size_t count;
    KT_TRY(query_pointing(tx, from, target, id, RELATED_MOST, &ids, &count));
    uint64_t *all = arena_grow(
        tx->arena, list->ids, list->count * sizeof *all, (list->count + count) * sizeof *all);
    if (count && !all)
        return error_no_memory();
    for (size_t i = 0; i < count; i++)
        all[list->count++] = ids[i];
    list->ids = all;
    return NULL;
}

/* ---- What points there ---- */

/* A record that went with the person's, has personal data, and pointed there. */
typedef struct {
    const model_entity *entity;
    uint64_t id;
    bool about; /* by a reference to any entity */
    kt_str content;
    bool *stays; /* see note_texts */
} gone;

typedef struct {
    kt_tx *tx;
    arena *arena; /* of what is kept */
    const model_entity *entity;
    uint64_t id;
    model_record record; /* values NULL: it was deleted */
    gone *gone;
    size_t gone_count, gone_room;
} subject;

static bool has_text(const model_record *record, size_t i);

static bool lines_have_text(const model_record *record, size_t i)
{
    const model_value *value = &record->values[i];
    for (size_t k = 0; k < value->as.lines.count; k++)
        for (size_t m = 0; m < value->as.lines.items[k].entity->field_count; m++)
            if (has_text(&value->as.lines.items[k], m))
                return true;
    return false;
}

/* A text, which may say something of a person: no choice, number or time does, nor the number that the server gave. */
static bool has_text(const model_record *record, size_t i)
{
    const model_field *field = &record->entity->fields[i];
    const bool text = field->type == KT_STRING || field->type == KT_TEXT || field->type == KT_JSON;
    if (!record->values[i].set || (!record->entity->lines_only && i == MODEL_NUMBER))
        return false;
    return text || (field->type == KT_LINES && lines_have_text(record, i));
}

/* Adds the fields with texts that the caller may see. stays: by field */
static void note_texts(kt_tx *tx, const model_record *record, bool *stays)
{
    for (size_t i = 0; i < record->entity->field_count; i++)
        stays[i] = stays[i] || (has_text(record, i) &&
                                   path_field_visible(tx, &record->entity->fields[i], record->entity));
}

static void write_stays(const model_entity *entity, const bool *stays, json *out)
{
    json_key(out, "stays");
    json_array(out);
    for (size_t i = 0; i < entity->field_count; i++)
        if (stays[i])
            json_str(out, entity->fields[i].name);
    json_array_end(out);
}

static bool pointed(const subject *who, const model_record *record, bool *about)
{
    bool any = *about = false;
    for (size_t i = MODEL_OWN; i < record->entity->field_count; i++) {
        const model_field *field = &record->entity->fields[i];
        const model_value *value = &record->values[i];
        if (field->type != KT_REF || !value->set || !path_field_visible(who->tx, field, record->entity))
            continue;
        const bool here = is_any(field)
                              ? value->as.any.entity == who->entity->number && value->as.any.id == who->id
                              : field->target == who->entity && (uint64_t)value->as.i == who->id;
        any = any || here;
        *about = *about || (here && is_any(field));
    }
    return any;
}

static kt_error *note_gone(void *context, const model_record *record)
{
    subject *who = context;
    kt_tx *tx = who->tx;
    const model_guard *guard = tx->guard;
    gone one = {.entity = record->entity, .id = record_id(record)};
    if (!model_record_is_personal(record) || !pointed(who, record, &one.about) ||
        (guard && guard->entity && guard->entity(tx, record->entity, "read")) ||
        !record_visible(tx, record, "read"))
        return NULL;
    one.stays = ARENA_ARRAY(who->arena, bool, record->entity->field_count);
    if (!one.stays)
        return error_no_memory();
    note_texts(tx, record, one.stays);
    if (str_is(record->entity->name, FILE_ENTITY))
        one.content = arena_str(who->arena, file_content(record));
    if (who->gone_count == who->gone_room) {
        const size_t more = who->gone_room ? 2 * who->gone_room : 16;
        gone *grown = arena_grow(who->arena, who->gone, who->gone_room * sizeof *grown, more * sizeof *grown);
        if (!grown)
            return error_no_memory();
        who->gone = grown;
        who->gone_room = more;
    }
    who->gone[who->gone_count++] = one;
    return NULL;
}

/* The person's record as it is, or what went with it. */
static kt_error *find_subject(kt_tx *tx, subject *who)
{
    bool found;
    KT_TRY(model_load(tx, who->entity, who->id, &who->record, &found));
    return found ? NULL : journal_gone_with(tx, who->entity, who->id, note_gone, who);
}

/* Each place from which the record may be pointed to: those of its own entity, then those of any. */
static const model_referrer *place_at(kt_tx *tx, const model_entity *entity, size_t i)
{
    size_t any;
    const model_referrer *list = model_any_referrers(tx->catalogue, &any);
    const size_t own = entity->internals->referrer_count;
    return i < own ? &entity->internals->referrers[i] : i - own < any ? &list[i - own] : NULL;
}

/* May the caller know that records of this entity point there, by this field? */
static bool may_know(kt_tx *tx, const model_referrer *from)
{
    const model_field *field = from->index->through ? from->index->through : from->field;
    const bool barred = tx->guard && tx->guard->entity && tx->guard->entity(tx, from->entity, "read");
    return !barred && path_field_visible(tx, field, from->entity);
}

static int rising(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* The attachments in fields of the record itself. */
static kt_error *add_own_files(kt_tx *tx, const model_record *person, id_list *list)
{
    const size_t fields = person->values ? person->entity->field_count : 0;
    uint64_t *all = arena_grow(
        tx->arena, list->ids, list->count * sizeof *all, (list->count + fields + 1) * sizeof *all);
    if (!all)
        return error_no_memory();
    for (size_t i = 0; i < fields; i++)
        if (person->entity->fields[i].type == KT_FILE && person->values[i].set)
            all[list->count++] = (uint64_t)person->values[i].as.i;
    list->ids = all;
    return NULL;
}

/* Leaves those which the caller may see, each once. personal_only: and those without personal data are left out */
static kt_error *keep_seen(kt_tx *tx, const model_entity *entity, bool personal_only, id_list *list)
{
    arena *own = arena_open((size_t)16 << 20);
    kt_error *error = own ? NULL : error_no_memory();
    size_t seen = 0;
    list->stays = ARENA_ARRAY(tx->arena, bool, entity->field_count);
    if (own && !list->stays)
        error = error_no_memory();
    qsort(list->ids, list->count, sizeof *list->ids, rising);
    for (size_t i = 0; i < list->count && !error; i++) {
        model_record record;
        bool found = false;
        if (seen && list->ids[i] == list->ids[seen - 1])
            continue;
        kt_memory before = model_memory_in(tx, own);
        error = model_load(tx, entity, list->ids[i], &record, &found);
        const bool personal = !error && found && model_record_is_personal(&record);
        if (!error && found && (personal || !personal_only) && record_visible(tx, &record, "read")) {
            list->ids[seen++] = list->ids[i];
            list->personal += personal;
            note_texts(tx, &record, list->stays);
        }
        error = model_memory_back(tx, before, error);
        arena_reset(own);
    }
    arena_close(own);
    list->count = seen;
    return error;
}

static kt_error *add_gone(const subject *who, const model_entity *from, id_list *list)
{
    list->ids = ARENA_ARRAY(who->arena, uint64_t, who->gone_count + 1);
    list->stays = ARENA_ARRAY(who->arena, bool, from->field_count);
    if (!list->ids || !list->stays)
        return error_no_memory();
    for (size_t i = 0; i < who->gone_count; i++) {
        if (who->gone[i].entity != from)
            continue;
        list->ids[list->count++] = who->gone[i].id;
        for (size_t k = 0; k < from->field_count; k++)
            list->stays[k] = list->stays[k] || who->gone[i].stays[k];
    }
    list->personal = list->count;
    return NULL;
}

/* The log of reads names whom it showed by number, and what was asked for may name them, too. */
static kt_error *find_readings(kt_tx *tx, const subject *who, const model_entity *log, id_list *list)
{
    kt_id *rows = ARENA_ARRAY(tx->arena, kt_id, RELATED_MOST);
    list->ids = ARENA_ARRAY(tx->arena, uint64_t, RELATED_MOST);
    if (!rows || !list->ids)
        return error_no_memory();
    KT_TRY(kt_readings(tx, who->entity->name.ptr, (kt_id){who->id}, rows, RELATED_MOST, &list->count));
    for (size_t i = 0; i < list->count; i++)
        list->ids[i] = rows[i].v;
    return keep_seen(tx, log, true, list);
}

/* The records of an entity which the caller sees pointing to the person, or that went with it; of attachments also those in
 * its fields. */
static kt_error *find_related(kt_tx *tx, const subject *who, const model_entity *from, id_list *list)
{
    const model_referrer *place;
    if (str_is(from->name, READINGS) && who->entity->log_reads)
        return find_readings(tx, who, from, list);
    if (who->gone_count)
        return add_gone(who, from, list);
    for (size_t i = 0; (place = place_at(tx, who->entity, i)); i++)
        if (place->entity == from && may_know(tx, place))
            KT_TRY(add_pointing(tx, place, who->entity, who->id, list));
    if (str_is(from->name, FILE_ENTITY))
        KT_TRY(add_own_files(tx, &who->record, list));
    return list->count ? keep_seen(tx, from, false, list) : NULL;
}

/* ---- Erasing ---- */

static void list_personal(const model_entity *entity, const char *under, json *out)
{
    for (size_t i = 0; i < entity->field_count; i++) {
        const model_field *field = &entity->fields[i];
        char path[128];
        int n = snprintf(path, sizeof path, "%s%s%s", under, *under ? "." : "", field->name.ptr);
        if (n < 0 || (size_t)n >= sizeof path)
            continue;
        if (field->personal)
            json_text(out, path);
        if (field->lines && !*under)
            list_personal(field->lines, field->name.ptr, out);
    }
}

/* Of what went with the person, what still has personal data. */
static kt_error *find_gone_again(kt_tx *tx, subject *who)
{
    if (!who->gone_count)
        return NULL;
    who->gone_count = 0;
    return journal_gone_with(tx, who->entity, who->id, note_gone, who);
}

/* Without a key to destroy: what was deleted before its fields were personal, or never had personal data. */
static bool had_no_key(const kt_error *error, bool deleted)
{
    return error && error->first->kind == KT_NOT_FOUND && deleted;
}

/* The record, and what is kept beside it. */
static kt_error *erase_record(kt_tx *tx, const model_entity *entity, uint64_t id)
{
    KT_TRY(model_erase(tx, entity, id));
    return str_is(entity->name, JOB_ENTITY) ? job_erase_beside(tx, id) : NULL;
}

/* told: of how many the journal tells, and will, what was written before a field was personal */
static kt_error *erase_each(
    kt_tx *tx, const subject *who, const model_entity *entity, const id_list *list, size_t *told)
{
    for (size_t i = 0; i < list->count; i++) {
        kt_error *error = erase_record(tx, entity, list->ids[i]);
        if (error && !had_no_key(error, who->gone_count != 0))
            return error;
    }
    return journal_tells_personal(tx, entity, list->ids, list->count, told);
}

/* Erases what else points to the person: of the entities that the caller names, all that the caller sees. */
static kt_error *erase_also(kt_tx *tx, subject *who, const variant *names, json *answer)
{
    json_key(answer, "also");
    json_array(answer);
    for (size_t i = 0; i < names->as.array.count; i++) {
        const variant *item = &names->as.array.items[i];
        const kt_str name = item->kind == VARIANT_STRING ? item->as.string : (kt_str){0};
        const model_entity *from = model_entity_find(tx->catalogue, name);
        if (!from || !from->has_personal)
            return kt_fail(tx, KT_VALIDATION, "also", "\"%.*s\" is no entity with personal fields",
                "„%.*s” to nie encja z polami osobowymi", STR_ARG(name));
        id_list list = {0};
        size_t told;
        KT_TRY(find_related(tx, who, from, &list));
        KT_TRY(erase_each(tx, who, from, &list, &told));
        KT_TRY(find_gone_again(tx, who));
        json_object(answer);
        json_member_str(answer, "entity", from->name);
        json_member_int(answer, "count", (int64_t)list.count);
        json_member_int(answer, "readable", (int64_t)told);
        json_object_end(answer);
    }
    json_array_end(answer);
    return NULL;
}

/* The attachments about a person: those that say so, and those in fields of the record. */
static kt_error *find_files(
    kt_tx *tx, const model_entity *attachments, const model_record *person, id_list *list)
{
    size_t any;
    const model_referrer *from = model_any_referrers(tx->catalogue, &any);
    KT_TRY(add_own_files(tx, person, list));
    for (size_t i = 0; i < any && person->values; i++)
        if (from[i].entity == attachments)
            KT_TRY(add_pointing(tx, &from[i], person->entity, record_id(person), list));
    return NULL;
}

typedef struct {
    uint64_t *ids; /* of those that were erased */
    size_t erased, count;
    kt_str *contents;
} file_list;

/* The file of a document that was made here goes with the document alone, and what the caller may not see stays. */
static kt_error *erase_file(kt_tx *tx, const model_entity *attachments, uint64_t id, file_list *files)
{
    model_record record;
    bool found, documented;
    KT_TRY(model_load(tx, attachments, id, &record, &found));
    if (!found || !record_visible(tx, &record, "read"))
        return NULL;
    const kt_str content = arena_str(tx->arena, file_content(&record));
    if (!content.ptr)
        return error_no_memory();
    KT_TRY(content_documented(tx, content, &documented));
    if (documented)
        return NULL;
    KT_TRY(model_erase(tx, attachments, id)); /* its name, in the journal too */
    KT_TRY(model_delete(tx, attachments, id, 0));
    files->ids[files->erased++] = id;
    if (content.len)
        files->contents[files->count++] = content;
    return NULL;
}

static kt_error *erase_gone_file(kt_tx *tx, const gone *one, file_list *files)
{
    bool documented;
    KT_TRY(content_documented(tx, one->content, &documented));
    if (documented)
        return NULL;
    kt_error *error = model_erase(tx, one->entity, one->id);
    if (error && !had_no_key(error, true))
        return error;
    files->ids[files->erased++] = one->id;
    if (one->content.len)
        files->contents[files->count++] = one->content;
    return NULL;
}

static kt_error *destroy(kt_tx *tx, const file_list *files, json *answer)
{
    const kt_str title = tx->lang[0] == 'p' ? KT_STR("usunięcie plików osoby")
                                            : KT_STR("removal of a person's files");
    json_key(answer, "jobs");
    json_array(answer);
    for (size_t i = 0; i < files->count; i += DISCARD_MOST) {
        const size_t left = files->count - i;
        uint64_t job = 0;
        KT_TRY(
            discard_start(tx, title, files->contents + i, left < DISCARD_MOST ? left : DISCARD_MOST, &job));
        json_uint(answer, job);
    }
    json_array_end(answer);
    return NULL;
}

/* Deletes the attachments; jobs destroy what they held once that is committed. */
static kt_error *erase_files(kt_tx *tx, subject *who, json *answer)
{
    const model_entity *attachments;
    id_list list = {0};
    KT_TRY(file_entity(tx, &attachments));
    KT_TRY(find_files(tx, attachments, &who->record, &list));
    const size_t most = list.count + who->gone_count + 1;
    size_t told;
    file_list files = {
        .ids = ARENA_ARRAY(tx->arena, uint64_t, most), .contents = ARENA_ARRAY(tx->arena, kt_str, most)};
    if (!files.ids || !files.contents)
        return error_no_memory();
    for (size_t i = 0; i < list.count; i++)
        KT_TRY(erase_file(tx, attachments, list.ids[i], &files));
    for (size_t i = 0; i < who->gone_count; i++)
        if (who->gone[i].entity == attachments && who->gone[i].about)
            KT_TRY(erase_gone_file(tx, &who->gone[i], &files));
    KT_TRY(find_gone_again(tx, who));
    KT_TRY(journal_tells_personal(tx, attachments, files.ids, files.erased, &told));
    json_key(answer, "files");
    json_object(answer);
    json_member_int(answer, "erased", (int64_t)files.erased);
    json_member_int(answer, "readable", (int64_t)told);
    KT_TRY(destroy(tx, &files, answer));
    json_object_end(answer);
    return NULL;
}

/* ---- What is left ---- */

static bool is_counted(kt_tx *tx, const model_entity *entity, size_t before)
{
    for (size_t i = 0; i < before; i++)
        if (place_at(tx, entity, i)->entity == place_at(tx, entity, before)->entity)
            return true;
    return false;
}

static kt_error *write_left_of(kt_tx *tx, const subject *who, const model_entity *from, json *answer)
{
    id_list list = {0};
    KT_TRY(find_related(tx, who, from, &list));
    if (!list.count)
        return NULL;
    json_object(answer);
    json_member_str(answer, "entity", from->name);
    json_member_int(answer, "count", (int64_t)list.count);
    json_member_int(answer, "personal", (int64_t)list.personal);
    write_stays(from, list.stays, answer);
    json_object_end(answer);
    return NULL;
}

static kt_error *write_left(kt_tx *tx, const subject *who, json *answer)
{
    const model_referrer *from;
    const model_entity *log = model_entity_find(tx->catalogue, KT_STR(READINGS));
    json_key(answer, "left");
    json_array(answer);
    for (size_t i = 0; (from = place_at(tx, who->entity, i)); i++)
        if (!is_counted(tx, who->entity, i))
            KT_TRY(write_left_of(tx, who, from->entity, answer));
    if (log && who->entity->log_reads)
        KT_TRY(write_left_of(tx, who, log, answer));
    json_array_end(answer);
    return NULL;
}

/* Of a person who was deleted what went with it may have data when the record has none, and the journal may tell what no
 * key guards. */
static kt_error *erase_person(kt_tx *tx, const subject *who, bool *readable)
{
    size_t told;
    kt_error *error = erase_record(tx, who->entity, who->id);
    if (error && !had_no_key(error, !who->record.values))
        return error;
    KT_TRY(journal_tells_personal(tx, who->entity, &who->id, 1, &told));
    *readable = told != 0;
    return *readable || who->gone_count ? NULL : error;
}

/* What of the record itself is no personal field: its texts stay, here and in the journal. */
static kt_error *write_own_stays(kt_tx *tx, const subject *who, json *answer)
{
    bool *stays = ARENA_ARRAY(tx->arena, bool, who->entity->field_count);
    model_record now;
    bool found;
    if (!stays)
        return error_no_memory();
    KT_TRY(model_load(tx, who->entity, who->id, &now, &found));
    if (found)
        note_texts(tx, &now, stays);
    write_stays(who->entity, stays, answer);
    return NULL;
}

kt_error *person_erase(method_call *call)
{
    kt_tx *tx = call->tx;
    subject who = {.tx = tx, .arena = tx->arena};
    bool readable;
    KT_TRY(person_find(call, &who.entity, &who.id));
    KT_TRY(find_subject(tx, &who));
    KT_TRY(erase_person(tx, &who, &readable));
    json *j = call->answer;
    json_object(j);
    json_member_str(j, "entity", who.entity->name);
    json_member_int(j, "id", (int64_t)who.id);
    json_key(j, "erased");
    json_array(j);
    list_personal(who.entity, "", j);
    json_array_end(j);
    json_member_bool(j, "readable", readable);
    KT_TRY(write_own_stays(tx, &who, j));
    const variant *also = variant_get(call->params, "also");
    if (also && also->kind == VARIANT_ARRAY)
        KT_TRY(erase_also(tx, &who, also, j));
    if (variant_get_bool(call->params, "files"))
        KT_TRY(erase_files(tx, &who, j));
    KT_TRY(write_left(tx, &who, j));
    json_object_end(j);
    return NULL;
}

static const method_param erase_params[] = {
    {"entity", VARIANT_STRING, true, {"The entity", "Encja"}},
    {"id", VARIANT_INT, true, {"The person's record", "Rekord osoby"}},
    {"files", VARIANT_BOOL, false,
        {"Erases the attachments about the person too, for good",
            "Usuwa na zawsze także załączniki dotyczące osoby"}},
    {"also", VARIANT_ARRAY, false,
        {"Entities: erases the personal data of their records that point to the person, too",
            "Encje: niszczy też dane osobowe ich rekordów, które wskazują na osobę"}},
    {0},
};
static const method_param export_params[] = {
    {"entity", VARIANT_STRING, true, {"The entity", "Encja"}},
    {"id", VARIANT_INT, true, {"The person's record", "Rekord osoby"}},
    {0},
};
const method person_methods[] = {
    {"person.erase", "login", METHOD_WRITE,
        {"Destroys the personal data of a record, in the journal and in later backups too; tells what is "
         "left",
            "Niszczy dane osobowe rekordu, także w dzienniku i późniejszych kopiach; podaje, co zostało"},
        erase_params, person_erase},
    {"person.export", "login", METHOD_READ,
        {"All that is kept about a person: the record and those that point to it",
            "Wszystko, co wiadomo o osobie: rekord i te, które na niego wskazują"},
        export_params, person_export},
    {0},
};

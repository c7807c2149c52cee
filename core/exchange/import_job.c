/* import_job.c -- the job of an import: chunks of about a thousand rows, each one transaction with its
 * position; and the job that undoes one, through the journal's undo of a unit. */
#include "exchange/import_job.h"

#include "journal/journal.h"
#include "kit/decode.h"
#include "kit/str.h"

/* ---- Batches ---- */

static kt_error *add_row(kt_tx *tx, import_batch *b, const reader_row *row, bool begins)
{
    if ((b->count & (b->count - 1)) == 0) {
        size_t room = b->count ? 2 * b->count : 1;
        reader_row *rows = ARENA_ARRAY(tx->arena, reader_row, room);
        size_t *starts = ARENA_ARRAY(tx->arena, size_t, room + 1);
        if (!rows || !starts)
            return error_no_memory();
        if (b->count) {
            memcpy(rows, b->rows, b->count * sizeof *rows);
            memcpy(starts, b->starts, b->record_count * sizeof *starts);
        }
        b->rows = rows;
        b->starts = starts;
    }
    if (begins)
        b->starts[b->record_count++] = b->count;
    b->rows[b->count++] = *row;
    b->starts[b->record_count] = b->count;
    return NULL;
}

kt_error *import_batch_read(kt_tx *tx, const mapping *m, reader *r, size_t most, import_batch *b)
{
    intake *in;
    kt_str last = {0};
    bool more = true;
    *b = (import_batch){0};
    KT_TRY(intake_open(tx, m, r, NULL, &in));
    while (b->count < most || m->lines_by_row) {
        reader_row row;
        reader_position before = reader_where(r);
        kt_str key = {0};
        KT_TRY(reader_next(r, tx->arena, &row, &more));
        if (!more)
            break;
        if (m->lines_by_row)
            KT_TRY(intake_key(in, &row, &key));
        bool begins = !m->lines_by_row || b->count == 0 || (key.len && !str_eq(key, last));
        if (begins && b->count >= most)
            return reader_seek(r, tx->arena, before);
        last = key.len ? key : last;
        KT_TRY(add_row(tx, b, &row, begins));
        if (b->count > 20 * most)
            return error_make(tx->arena, KT_LIMIT, "file", "more than %zu rows of one record",
                "więcej niż %zu wierszy jednego rekordu", 20 * most);
    }
    b->last = !more;
    return NULL;
}

kt_error *import_batch_take(kt_tx *tx, const mapping *m, reader *r, seen *seen, const import_batch *b,
    intake_counts *counts, kt_error **problems, size_t *taken)
{
    intake *in;
    *taken = 0;
    KT_TRY(intake_open(tx, m, r, seen, &in));
    tx->keep_authors = m->keep;
    while (*taken < b->record_count && !tx->doomed) {
        size_t from = b->starts[*taken], to = b->starts[*taken + 1];
        kt_also(problems, intake_take(in, &b->rows[from], to - from, counts));
        ++*taken;
    }
    return NULL;
}

/* ---- Mappings ---- */

static kt_error *find_saved(kt_tx *tx, kt_str name, kt_str *text)
{
    const model_entity *entity = model_entity_find(tx->catalogue, KT_STR("exchange.mapping"));
    const model_field *field = model_field_find(entity, KT_STR("mapping"));
    const variant cells[] = {{.kind = VARIANT_STRING, .as.string = KT_STR("name")},
        {.kind = VARIANT_STRING, .as.string = KT_STR("=")}, {.kind = VARIANT_STRING, .as.string = name}};
    const variant row = {.kind = VARIANT_ARRAY, .as.array = {cells, 3}};
    const variant all = {.kind = VARIANT_ARRAY, .as.array = {&row, 1}};
    query_filter *filter = NULL;
    query_rows *rows = NULL;
    model_record record = {0};
    *text = (kt_str){0};
    KT_TRY(query_filter_read(tx, entity, &all, &filter));
    KT_TRY(query_open(tx, &(query_request){.entity = entity, .filter = filter, .limit = 1}, &rows));
    if (query_next(rows, &record))
        *text = arena_str(tx->arena, record.values[field->position].as.s);
    KT_TRY(query_end(rows));
    return text->ptr ? NULL
                     : error_make(tx->arena, KT_NOT_FOUND, "mapping", "there is no saved mapping \"%.*s\"",
                           "nie ma zapisanego mapowania \"%.*s\"", STR_ARG(name));
}

kt_error *import_mapping_text(kt_tx *tx, const variant *from, kt_str *text)
{
    buffer out;
    if (!from || from->kind == VARIANT_NULL) {
        *text = KT_STR("null");
        return NULL;
    }
    if (from->kind == VARIANT_STRING)
        return find_saved(tx, from->as.string, text);
    buffer_open(&out, MODEL_JSON_MAX - 1000);
    json j = json_to(&out);
    json_variant(&j, from);
    bool full = out.full;
    *text = full ? (kt_str){0} : arena_str(tx->arena, buffer_str(&out));
    buffer_close(&out);
    if (full)
        return error_make(tx->arena, KT_LIMIT, "mapping", "a mapping is at most 31,000 bytes",
            "mapowanie ma najwyżej 31 000 bajtów");
    return text->ptr ? NULL : error_no_memory();
}

kt_error *import_mapping(kt_tx *tx, const variant *from, kt_str entity, mapping *m)
{
    static const decode_limits limits = {.depth_max = 16, .elements_max = 20000};
    kt_str text;
    if (from && from->kind == VARIANT_STRING) {
        KT_TRY(find_saved(tx, from->as.string, &text));
        KT_TRY(decode_json(tx->arena, text, &limits, &from));
    }
    return mapping_read(tx, from && from->kind != VARIANT_NULL ? from : NULL, entity, m);
}

/* ---- The job ---- */

typedef struct {
    kt_str bytes;
    reader *reader;
    seen seen;
    import_batch batch; /* of the chunk */
    bool rehearsed;
} importing;

static kt_error *read_mapping(job_run *run, kt_tx *tx, mapping *m)
{
    const variant *from = variant_get(run->params, "mapping");
    return mapping_read(
        tx, from && from->kind != VARIANT_NULL ? from : NULL, variant_get_str(run->params, "entity"), m);
}

/* Rows, for the progress. A damaged file is told where the damage is met. */
static uint64_t count_rows(reader *r)
{
    reader_position begin = reader_where(r);
    uint64_t count = 0;
    arena *arena = arena_open((size_t)64 << 20);
    reader_row row;
    bool more = arena != NULL;
    while (more && !reader_next(r, arena, &row, &more) && more)
        if (++count % 256 == 0)
            arena_reset(arena);
    if (arena) {
        arena_reset(arena);
        if (reader_seek(r, arena, begin))
            count = 0;
    }
    arena_close(arena);
    return count;
}

kt_error *import_open(job_run *run)
{
    importing *i = ARENA_NEW(run->lasting, importing);
    const file_ref file = {
        .sha256 = variant_get_str(run->params, "sha256"), .size = variant_get_uint(run->params, "size")};
    mapping m;
    if (!i)
        return error_no_memory();
    run->context = i;
    i->seen.arena = run->lasting;
    KT_TRY(read_mapping(run, run->tx, &m));
    KT_TRY(file_map(run->lasting, run->rooms->data_directory, &file, &i->bytes));
    KT_TRY(reader_open(run->lasting, i->bytes, &m.reader, &i->reader));
    if (!run->total)
        run->total = count_rows(i->reader);
    if (!run->position)
        return NULL;
    return reader_seek(i->reader, run->arena,
        (reader_position){
            variant_get_uint(run->position, "at"), (long)variant_get_uint(run->position, "row")});
}

void import_close(job_run *run)
{
    (void)run; /* file and reader end with the lasting arena */
}

/* What is done so far, as the next position and as the result. */
static kt_error *report(job_run *run, const intake_counts *add)
{
    const importing *i = run->context;
    reader_position at = reader_where(i->reader);
    const variant *p = run->position;
    buffer text;
    buffer_open(&text, 1000);
    json j = json_to(&text);
    json_object(&j);
    json_member_int(&j, "rows", (int64_t)run->done);
    json_member_int(&j, "created", (int64_t)(variant_get_uint(p, "created") + add->created));
    json_member_int(&j, "updated", (int64_t)(variant_get_uint(p, "updated") + add->updated));
    json_member_int(&j, "unchanged", (int64_t)(variant_get_uint(p, "unchanged") + add->unchanged));
    json_member_int(&j, "skipped", (int64_t)(variant_get_uint(p, "skipped") + add->skipped));
    json_member_int(&j, "failed", (int64_t)(variant_get_uint(p, "failed") + add->failed));
    json_member_bool(&j, "dry_run", variant_get_bool(run->params, "dry_run"));
    if (!run->finished) {
        json_member_int(&j, "at", (int64_t)at.at);
        json_member_int(&j, "row", at.row);
    }
    json_object_end(&j);
    kt_str kept = arena_str(run->arena, buffer_str(&text));
    buffer_close(&text);
    run->next = run->result = kept;
    return kept.ptr ? NULL : error_no_memory();
}

/* A rehearsal: in an overlay that nobody applies. A record that breaks the transaction ends the chunk. */
static kt_error *rehearse(job_run *run, const mapping *m)
{
    importing *i = run->context;
    kt_tx *tx = run->tx;
    intake_counts counts = {0};
    size_t taken;
    KT_TRY(store_make_writable(tx->view));
    tx->writes = true;
    tx->origin = MODEL_IMPORT;
    KT_TRY(import_batch_take(tx, m, i->reader, &i->seen, &i->batch, &counts, &run->problems, &taken));
    if (!tx->doomed)
        kt_also(&run->problems, model_commit_checks(tx));
    tx->doomed = NULL;
    tx->writes = false;
    run->finished = i->batch.last;
    return report(run, &counts);
}

kt_error *import_prepare(job_run *run)
{
    importing *i = run->context;
    mapping m;
    KT_TRY(read_mapping(run, run->tx, &m));
    KT_TRY(import_batch_read(run->tx, &m, i->reader, IMPORT_CHUNK_ROWS, &i->batch));
    run->done += i->batch.count;
    if (run->done > run->total)
        run->total = run->done;
    return variant_get_bool(run->params, "dry_run") ? rehearse(run, &m) : NULL;
}

kt_error *import_apply(job_run *run)
{
    importing *i = run->context;
    kt_tx *tx = run->tx;
    intake_counts counts = {0};
    size_t taken;
    mapping m;
    if (variant_get_bool(run->params, "dry_run"))
        return NULL;
    KT_TRY(read_mapping(run, tx, &m));
    if (m.keep)
        KT_TRY(access_may_call(tx, "access.user:update")); /* who may say who wrote what */
    KT_TRY(import_batch_take(tx, &m, i->reader, NULL, &i->batch, &counts, &run->problems, &taken));
    tx->keep_authors = false;
    if (run->problems && (tx->doomed || !variant_get_bool(run->params, "skip"))) {
        kt_error *stop = run->problems;
        run->problems = NULL;
        return stop;
    }
    run->finished = i->batch.last;
    return report(run, &counts);
}

/* ---- Undoing ---- */

static kt_error *undo_conflicts(job_run *run, const variant *conflicts)
{
    for (size_t i = 0; i < conflicts->as.array.count; i++) {
        const variant *c = &conflicts->as.array.items[i];
        kt_str message = variant_get_str(c, "message"), field = variant_get_str(c, "field");
        kt_str title = variant_get_str(c, "title");
        kt_str text = message.len ? message : KT_STR("was changed since");
        kt_str text_pl = message.len ? message : KT_STR("zmieniono od tamtej pory");
        kt_also(&run->problems,
            error_make(run->arena, KT_CONFLICT, field.ptr, "%s %llu \"%s\": %s%.0s", "%s %llu \"%s\": %.0s%s",
                variant_get_str(c, "entity").ptr, (unsigned long long)variant_get_uint(c, "id"),
                title.ptr ? title.ptr : "", text.ptr, text_pl.ptr));
    }
    return NULL;
}

kt_error *undo_apply(job_run *run)
{
    static const decode_limits limits = {.depth_max = 32, .elements_max = 1000000};
    kt_str unit = variant_get_str(run->params, "unit"), next = variant_get_str(run->position, "cursor");
    const variant *answer = NULL;
    buffer text;
    buffer_open(&text, (size_t)64 << 20);
    json j = json_to(&text);
    json_object(&j);
    kt_error *error = journal_revert(run->tx, unit, 0, next, &j);
    json_object_end(&j);
    if (!error && text.full)
        error = error_no_memory();
    if (!error)
        error = decode_json(run->arena, buffer_str(&text), &limits, &answer);
    buffer_close(&text);
    if (error && !next.len && error->first->kind == KT_NOT_FOUND)
        return kt_fail(run->tx, KT_NOT_FOUND, "job",
            "it changed nothing that you may see: nothing can be taken back",
            "nie zmieniło niczego, co widzisz: nie ma czego cofać");
    KT_TRY(error);
    const variant *conflicts = variant_get(answer, "conflicts");
    if (conflicts)
        KT_TRY(undo_conflicts(run, conflicts));
    run->done += variant_get_uint(answer, "reverted");
    next = variant_get_str(answer, "next");
    run->finished = !next.len;
    run->next = arena_format(run->arena, "{\"cursor\":\"%.*s\"}", STR_ARG(next));
    run->result = arena_format(run->arena, "{\"reverted\":%llu}", (unsigned long long)run->done);
    return run->next.ptr && run->result.ptr ? NULL : error_no_memory();
}

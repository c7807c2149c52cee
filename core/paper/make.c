/* make.c -- see make.h; and document.make, which is the three steps one after another. */
#include "paper/make.h"

#include "exchange/file.h"
#include "kit/decode.h"
#include "kit/str.h"
#include "paper/methods.h"

enum { RENDER_MS = 30000 };

/* ---- What it is made from ---- */

/* The last edition of a template's document about a record; 0: there is none. number: what stands on it */
static kt_error *last_edition(kt_tx *tx, const making *m, int64_t *edition, kt_str *number)
{
    const kt_id about = kt_any(tx, m->entity.ptr, (kt_id){m->id});
    struct document_row row = {KT_OF(document_row)};
    kt_cursor *cursor = NULL;
    const kt_query query = {.of = &document_row_shape,
        .where = (kt_where[]){KT_WHERE(document_row, template, KT_EQ, m->template),
            KT_WHERE(document_row, about, KT_EQ, about), {0}},
        .sort = "-edition",
        .limit = 1};
    const model_guard *guard = tx->guard;
    tx->guard = NULL;
    kt_error *error = kt_open(tx, &query, &cursor);
    *edition = 0;
    if (!error && kt_next(cursor, &row.rec))
        *edition = row.edition;
    if (!error && *edition)
        *number = row.reference;
    if (!error)
        error = kt_close(cursor);
    tx->guard = guard;
    return error;
}

/* The record as its reader saw it. One that is too large for a field is told by the file alone. */
static kt_error *note_data(kt_tx *tx, const model_record *record, making *m)
{
    buffer text;
    buffer_open(&text, MODEL_JSON_MAX);
    json j = json_to(&text);
    json_object(&j);
    kt_error *error = model_record_members(tx, record, NULL, 0, &j);
    json_object_end(&j);
    m->data = text.full ? (kt_str){0} : arena_str(tx->arena, buffer_str(&text));
    bool starved = text.starved || (!text.full && !m->data.ptr);
    buffer_close(&text);
    return error || !starved ? error : error_no_memory();
}

static uint64_t party_of(const model_record *record)
{
    const model_field *field = model_field_find(record->entity, KT_STR("party"));
    if (str_is(record->entity->name, "base.party"))
        return (uint64_t)record->values[MODEL_ID].as.i;
    bool named = field && field->type == KT_REF && str_is(field->target_name, "base.party");
    return named && record->values[field->position].set ? (uint64_t)record->values[field->position].as.i : 0;
}

static kt_error *name_it(kt_tx *tx, const written *w, making *m)
{
    const model_value *number = &w->about.values[MODEL_NUMBER];
    kt_str title = w->row.title.len ? w->row.title : w->row.name;
    kt_str shown = m->number.len ? m->number : number->set ? number->as.s : (kt_str){0};
    m->title = shown.len ? arena_format(tx->arena, "%.*s %.*s", STR_ARG(title), STR_ARG(shown))
                         : arena_str(tx->arena, title);
    m->file_name = m->edition > 1 ? arena_format(tx->arena, "%.*s v%lld.%s", STR_ARG(m->title),
                                        (long long)m->edition, m->extension)
                                  : arena_format(tx->arena, "%.*s.%s", STR_ARG(m->title), m->extension);
    if (!m->title.ptr || !m->file_name.ptr)
        return error_no_memory();
    for (char *c = (char *)(uintptr_t)m->file_name.ptr; *c; c++) /* just made, here */
        if (*c == '/' || *c == '\\')
            *c = '-';
    return NULL;
}

static void set_type(const struct template_row *row, making *m)
{
    static const struct {
        const char *type, *extension;
    } types[] = {[TEMPLATE_ROW_HTML] = {"application/pdf", "pdf"},
        [TEMPLATE_ROW_TEXT] = {"text/plain", "txt"},
        [TEMPLATE_ROW_XML] = {"application/xml", "xml"},
        [TEMPLATE_ROW_CSV] = {"text/csv", "csv"},
        [TEMPLATE_ROW_DOCX] = {
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"}};
    m->type = str_of(types[row->kind].type);
    m->extension = types[row->kind].extension;
}

static kt_error *keep_text(arena *arena, const written *w, making *m)
{
    const kt_str text = w->text.len ? buffer_str(&w->text) : KT_STR("");
    if (w->docx)
        return docx_fill(arena, w->docx, text, w->pictures, &m->text);
    m->text = arena_str(arena, text);
    return m->text.ptr ? NULL : error_no_memory();
}

/* The next number of the template's series, which the writer gives if it is still the next one then. */
static kt_error *next_number(kt_tx *tx, const making *m, bool take, kt_str *number)
{
    const model_entity *entity = model_entity_find(tx->catalogue, KT_STR("document.template"));
    return model_series(tx, entity, m->company, m->numbers, take ? 0 : m->ahead, take, number);
}

static kt_error *write_facts(kt_tx *tx, const making *m, kt_str *facts)
{
    buffer text;
    buffer_open(&text, 1024);
    json j = json_to(&text);
    json_object(&j);
    json_member_int(&j, "edition", m->edition);
    if (m->number.len)
        json_member_str(&j, "number", m->number);
    json_object_end(&j);
    *facts = text.full ? (kt_str){0} : arena_str(tx->arena, buffer_str(&text));
    buffer_close(&text);
    return facts->ptr ? NULL : error_no_memory();
}

kt_error *make_text(papers *p, kt_tx *tx, making *m)
{
    written w = {0};
    struct template_row row = {KT_OF(template_row)};
    KT_TRY(kt_read(tx, m->template, &row.rec));
    m->entity = row.entity;
    m->numbers = row.numbers;
    m->company = tx->company;
    KT_TRY(last_edition(tx, m, &m->edition, &m->number));
    m->edition++;
    if (m->numbers.len && !m->number.len)
        KT_TRY(next_number(tx, m, false, &m->number));
    kt_str facts = {0};
    KT_TRY(write_facts(tx, m, &facts));
    buffer_open(&w.text, AUTOMATION_TEXT_MAX);
    kt_error *error = paper_write(p, tx, &w, m->template, m->id, facts);
    if (!error)
        error = keep_text(tx->arena, &w, m);
    if (!error) {
        memcpy(m->pictures, w.pictures, sizeof m->pictures);
        m->template_version = w.row.rec.version;
        m->party = party_of(&w.about);
        set_type(&w.row, m);
        error = note_data(tx, &w.about, m);
    }
    if (!error)
        error = name_it(tx, &w, m);
    buffer_close(&w.text);
    return error;
}

/* ---- The file ---- */

kt_error *make_content(papers *p, arena *arena, kt_str bytes, making *m)
{
    file_ref file = {0};
    KT_TRY(file_keep(arena, p->options.data_directory, bytes, &file));
    memcpy(m->sha256, file.sha256.ptr, sizeof m->sha256);
    m->size = (int64_t)bytes.len;
    return NULL;
}

kt_error *make_file(papers *p, arena *arena, making *m)
{
    kt_str bytes = m->text;
    if (str_is(m->type, "application/pdf"))
        KT_TRY(render_pdf(p->render, arena, m->text, m->pictures, RENDER_MS, &bytes, &m->warnings));
    return make_content(p, arena, bytes, m);
}

/* ---- The records ---- */

kt_error *make_attachment(kt_tx *tx, making *m)
{
    const model_entity *entity = model_entity_find(tx->catalogue, KT_STR("base.attachment"));
    const decode_limits limits = {4, 100};
    const variant *values = NULL;
    model_record made = {0};
    buffer text;
    buffer_open(&text, 8192);
    json j = json_to(&text);
    json_object(&j);
    json_member_str(&j, "name", m->file_name);
    json_member_str(&j, "type", m->type);
    json_member_text(&j, "sha256", m->sha256);
    json_member_int(&j, "size", m->size);
    json_key(&j, "about");
    json_object(&j);
    json_member_str(&j, "entity", m->entity);
    json_member_int(&j, "id", (int64_t)m->id);
    json_object_end(&j);
    if (m->party)
        json_member_int(&j, "party", (int64_t)m->party);
    json_object_end(&j);
    kt_error *error = text.full ? error_no_memory() : NULL;
    if (!error && (!entity || !entity->enabled))
        error = kt_fail(
            tx, KT_NOT_FOUND, NULL, "documents need the module base", "dokumenty wymagają modułu base");
    if (!error)
        error = decode_json(tx->arena, buffer_str(&text), &limits, &values);
    tx->brings_file = true;
    if (!error)
        error = model_create(tx, entity, values, &made);
    tx->brings_file = false;
    buffer_close(&text);
    if (!error)
        m->attachment = (uint64_t)made.values[MODEL_ID].as.i;
    return error;
}

static kt_error *keep(kt_tx *tx, making *m)
{
    int64_t last;
    kt_str number = {0};
    KT_TRY(last_edition(tx, m, &last, &number));
    if (last + 1 != m->edition)
        return kt_fail(tx, KT_CONFLICT, NULL, "version %lld was made meanwhile",
            "wersja %lld powstała w międzyczasie", (long long)last);
    if (m->numbers.len && !number.len)
        KT_TRY(next_number(tx, m, true, &number));
    if (m->numbers.len && !str_eq(number, m->number))
        return kt_fail(tx, KT_CONFLICT, NULL, "number %.*s was given meanwhile",
            "numer %.*s nadano w międzyczasie", STR_ARG(m->number));
    KT_TRY(make_attachment(tx, m));
    struct document_row row = {KT_OF(document_row), .name = m->title, .sha256 = str_of(m->sha256),
        .reference = m->number, .data = m->data, .template = m->template,
        .about = kt_any(tx, m->entity.ptr, (kt_id){m->id}), .party = {m->party},
        .template_version = m->template_version, .edition = m->edition, .size = m->size,
        .attachment = (int64_t)m->attachment};
    KT_TRY(kt_create(tx, &row.rec));
    m->document = row.rec.id.v;
    return NULL;
}

kt_error *make_keep(kt_tx *tx, making *m)
{
    const model_guard *guard = tx->guard;
    tx->guard = NULL;
    kt_error *error = keep(tx, m);
    tx->guard = guard;
    return error;
}

/* ---- document.make ---- */

typedef struct {
    method_call *call;
    papers *papers;
    making *m;
} steps;

static kt_error *text_step(kt_tx *tx, void *context)
{
    const steps *s = context;
    return make_text(s->papers, tx, s->m);
}

/* What the renderer complained of: a letter that no font has, a picture that is none. */
static void write_warnings(const making *m, json *answer)
{
    json_key(answer, "warnings");
    json_array(answer);
    for (kt_str left = m->warnings; left.len;) {
        const char *end = memchr(left.ptr, '\n', left.len);
        size_t n = end ? (size_t)(end - left.ptr) : left.len;
        json_str(answer, (kt_str){left.ptr, n});
        left = end ? (kt_str){end + 1, left.len - n - 1} : (kt_str){0};
    }
    json_array_end(answer);
}

void make_answer(const making *m, json *answer)
{
    json_object(answer);
    json_member_int(answer, "document", (int64_t)m->document);
    json_member_int(answer, "edition", m->edition);
    json_member_int(answer, "file", (int64_t)m->attachment);
    if (m->number.len)
        json_member_str(answer, "number", m->number);
    json_member_str(answer, "name", m->file_name);
    json_member_text(answer, "sha256", m->sha256);
    json_member_int(answer, "size", m->size);
    write_warnings(m, answer);
    json_object_end(answer);
}

static kt_error *keep_step(kt_tx *tx, void *context)
{
    const steps *s = context;
    KT_TRY(make_keep(tx, s->m));
    make_answer(s->m, s->call->answer);
    return NULL;
}

/* What another call took in between, an edition or a number, is the next one's now: it is made anew. */
static kt_error *make_once(method_call *call, making *m)
{
    steps s = {call, call->rooms->papers, m};
    *m = (making){
        .template = {variant_get_uint(call->params, "template")}, .id = variant_get_uint(call->params, "id")};
    KT_TRY(call->rooms->read(call, text_step, &s));
    KT_TRY(make_file(s.papers, call->arena, m));
    return call->rooms->write(call, keep_step, &s);
}

kt_error *paper_make(method_call *call)
{
    enum { TRIES = 5 };
    making m;
    kt_error *error = NULL;
    for (int i = 0; i < TRIES && (i == 0 || (error && error->first->kind == KT_CONFLICT)); i++)
        error = make_once(call, &m);
    return error;
}

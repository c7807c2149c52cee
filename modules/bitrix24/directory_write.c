/* Directories for writing: words are records of this module, stages are lines of crm's pipelines. Who may change
 * pipelines may change both. */
#include <string.h>

#include "directory.h"

static kt_error *may_write(b24 *b)
{
    return kt_may(b->tx, "crm.pipeline:update")
               ? NULL
               : kt_fail(b->tx, KT_FORBIDDEN, NULL, "Access denied: crm.pipeline:update",
                     "Brak dostępu: crm.pipeline:update");
}

static kt_error *lacks(b24 *b, const char *name)
{
    return kt_fail(b->tx, KT_VALIDATION, "ERROR_ARGUMENT", "%s is required", "wymagane jest %s", name);
}

static kt_error *fixed(b24 *b)
{
    return b24_fail(b->tx, "ERROR_ARGUMENT",
        "the states of leads and quotes are fixed here, and so are sources that records name",
        "stany leadów i ofert są tu stałe, podobnie źródła wpisane w rekordach");
}

/* ---- Words ---- */

static kt_error *save_word(b24 *b, directory_word *w)
{
    kt_authority before = kt_own_authority(b->tx);
    kt_error *error = w->rec.id.v ? kt_update(b->tx, &w->rec) : kt_create(b->tx, &w->rec);
    kt_callers_authority(b->tx, before);
    return error;
}

static kt_error *delete_word(b24 *b, kt_id id)
{
    directory_word w = {KT_OF(directory_word)};
    kt_authority before = kt_own_authority(b->tx);
    kt_error *error = kt_read(b->tx, id, &w.rec);
    error = error ? error : kt_delete(b->tx, &w.rec);
    kt_callers_authority(b->tx, before);
    return error;
}

static void take_word(b24 *b, const kt_value *fields, directory_word *w)
{
    const kt_value *sort = b24_param(fields, "SORT");
    kt_str name = b24_given(b, fields, "NAME"), colour = b24_given(b, fields, "COLOR");
    int64_t number;
    w->name = name.len ? name : w->name;
    w->colour = colour.len ? colour : w->colour;
    w->sort = sort && b24_int(sort, &number) ? number : w->sort;
}

/* ---- Stages ---- */

/* What is written of a stage, on a line of its pipeline. */
static void take_stage(b24 *b, const kt_value *fields, kt_maker *line)
{
    kt_str name = b24_given(b, fields, "NAME"), colour = b24_given(b, fields, "COLOR");
    const kt_value *semantics = b24_param(fields, "SEMANTICS");
    if (name.len)
        kt_put(b->tx, line, "name", kt_value_str(name));
    if (colour.len)
        kt_put(b->tx, line, "colour", kt_value_str(colour));
    if (semantics) {
        kt_str s = b24_text(b->tx, semantics);
        kt_put(b->tx, line, "semantic", b24_str(b24_is(s, "S") ? "won" : b24_is(s, "F") ? "lost" : "open"));
    }
}

typedef struct {
    int64_t pipeline, stage; /* stage 0: a new one */
    const kt_value *fields;  /* NULL: it goes */
    kt_str code;             /* of a new one */
} stage_change;

/* The stages with what was changed, in the order that SORT gives them; their places become what is shown as SORT. */
static kt_error *write_stages(b24 *b, const stage_change *c)
{
    kt_maker lines = KT_MAKE_ARRAY, p = KT_MAKE_OBJECT;
    const kt_value *pipeline, *result, *sort = c->fields ? b24_param(c->fields, "SORT") : NULL;
    int64_t place = 0;
    bool placed = sort && b24_int(sort, &place);
    KT_TRY(b24_get(b, "crm.pipeline", c->pipeline, "stages", &pipeline));
    const kt_value *stages = kt_value_get(pipeline, "stages");
    for (size_t i = 0; i < kt_value_count(stages); i++) {
        const kt_value *s = &stages->as.array.items[i];
        kt_maker line = KT_MAKE_OBJECT;
        bool meant = b24_int_at(s, "id") == c->stage;
        if (meant && !c->fields)
            continue;
        kt_put(b->tx, &line, "id", kt_value_int(b24_int_at(s, "id")));
        kt_put(b->tx, &line, "position",
            kt_value_int(meant && placed ? place : stage_sort(stages, b24_int_at(s, "position"))));
        if (meant)
            take_stage(b, c->fields, &line);
        kt_add(b->tx, &lines, line.value);
    }
    if (!c->stage) {
        kt_maker line = KT_MAKE_OBJECT;
        kt_put(b->tx, &line, "code", kt_value_str(c->code));
        kt_put(b->tx, &line, "position", kt_value_int(placed ? place : 10));
        take_stage(b, c->fields, &line);
        kt_add(b->tx, &lines, line.value);
    }
    kt_put(b->tx, &p, "id", kt_value_int(c->pipeline));
    kt_put(b->tx, &p, "values", b24_in(b, "stages", lines.value));
    b->pipelines = NULL;
    return kt_call(b->tx, "crm.pipeline.update", &p.value, &result);
}

/* ---- Methods ---- */

/* Of two of one directory and code there is one: found anew after writing, for the id that is shown. */
static kt_error *answer_id(b24 *b, kt_str directory, kt_str code, answer *a)
{
    entry_list list;
    KT_TRY(directory_read(b, directory, &list));
    for (size_t i = 0; i < list.count; i++) {
        kt_str own = list.items[i].code;
        size_t skip = own.len > code.len ? own.len - code.len : 0;
        bool prefixed = skip && own.ptr[skip - 1] == ':';
        if ((!skip || prefixed) && b24_is(code, own.ptr + skip)) {
            a->result = kt_value_int(list.items[i].id);
            return NULL;
        }
    }
    return b24_fail(b->tx, "NOT_FOUND", "Not found", "Nie znaleziono");
}

static kt_error *is_new(b24 *b, kt_str directory, kt_str code)
{
    answer a;
    kt_error *none = answer_id(b, directory, code, &a);
    if (none)
        return kt_problem_at(none, 0).kind == KT_VALIDATION ? NULL : none;
    return kt_fail(b->tx, KT_VALIDATION, "STATUS_ID", "there is a %.*s already", "jest już %.*s",
        (int)code.len, code.ptr);
}

static kt_error *status_add(b24 *b, const kt_value *params, answer *a)
{
    const kt_value *fields = b24_param(params, "fields");
    kt_str directory = b24_given(b, fields, "ENTITY_ID"), code = b24_given(b, fields, "STATUS_ID");
    int64_t pipeline, category;
    KT_TRY(may_write(b));
    if (!directory.len || !code.len || !b24_given(b, fields, "NAME").len)
        return lacks(b, !directory.len ? "ENTITY_ID" : !code.len ? "STATUS_ID" : "NAME");
    KT_TRY(is_new(b, directory, code));
    KT_TRY(directory_pipeline(b, directory, &pipeline, &category));
    if (pipeline) {
        KT_TRY(write_stages(b, &(stage_change){.pipeline = pipeline, .fields = fields, .code = code}));
        return answer_id(b, directory, code, a);
    }
    if (!directory_of_words(directory))
        return fixed(b);
    directory_word w = {KT_OF(directory_word), .directory = directory, .code = code, .sort = 10};
    take_word(b, fields, &w);
    KT_TRY(save_word(b, &w));
    return answer_id(b, directory, code, a);
}

static kt_error *entry_of(b24 *b, const kt_value *params, entry *e)
{
    const kt_value *given = b24_param(params, "ID");
    entry_list list;
    int64_t id;
    KT_TRY(may_write(b));
    KT_TRY(directory_read(b, (kt_str){0}, &list));
    for (size_t i = 0; given && b24_int(given, &id) && i < list.count; i++)
        if (list.items[i].id == id) {
            *e = list.items[i];
            return e->from == OF_STAGE || e->from == OF_WORD ? NULL : fixed(b);
        }
    return b24_fail(b->tx, "NOT_FOUND", "Not found", "Nie znaleziono");
}

static kt_error *status_update(b24 *b, const kt_value *params, answer *a)
{
    const kt_value *fields = b24_param(params, "fields");
    entry e;
    KT_TRY(entry_of(b, params, &e));
    if (!fields)
        return lacks(b, "fields");
    a->result = kt_value_bool(true);
    if (e.from == OF_STAGE)
        return write_stages(b, &(stage_change){.pipeline = e.pipeline, .stage = e.stage, .fields = fields});
    directory_word w = {
        KT_OF(directory_word), .directory = e.directory, .code = e.code, .name = e.name, .sort = e.sort};
    if (e.word.v) {
        kt_authority before = kt_own_authority(b->tx);
        kt_error *error = kt_read(b->tx, e.word, &w.rec);
        kt_callers_authority(b->tx, before);
        if (error)
            return error;
    }
    take_word(b, fields, &w);
    return save_word(b, &w);
}

static kt_error *status_delete(b24 *b, const kt_value *params, answer *a)
{
    entry e;
    KT_TRY(entry_of(b, params, &e));
    a->result = kt_value_bool(true);
    if (e.from == OF_STAGE)
        return write_stages(b, &(stage_change){.pipeline = e.pipeline, .stage = e.stage});
    if (e.system)
        return b24_fail(
            b->tx, "ERROR_CORE", "System entries cannot be deleted", "Wpisów systemowych nie można usunąć");
    return delete_word(b, e.word);
}

static kt_error *status_fields(b24 *b, const kt_value *params, answer *a)
{
    static const struct {
        const char *name, *type;
        unsigned flags;
    } rows[] = {{"ID", "integer", FIELD_READ_ONLY}, {"ENTITY_ID", "string", FIELD_REQUIRED | FIELD_IMMUTABLE},
        {"STATUS_ID", "string", FIELD_REQUIRED | FIELD_IMMUTABLE}, {"SORT", "integer", 0},
        {"NAME", "string", FIELD_REQUIRED}, {"NAME_INIT", "string", FIELD_READ_ONLY},
        {"SYSTEM", "char", FIELD_READ_ONLY}, {"CATEGORY_ID", "integer", FIELD_READ_ONLY},
        {"COLOR", "string", 0}, {"SEMANTICS", "string", 0}, {"EXTRA", "crm_status_extra", FIELD_READ_ONLY}};
    kt_maker made = KT_MAKE_OBJECT;
    (void)params;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        kt_put(b->tx, &made, rows[i].name, b24_field(b, rows[i].type, rows[i].name, rows[i].flags));
    a->result = made.value;
    return NULL;
}

const method directory_write_methods[] = {
    {"crm.status.add", true, status_add},
    {"crm.status.update", true, status_update},
    {"crm.status.delete", true, status_delete},
    {"crm.status.fields", false, status_fields},
    {0},
};

/* wire_read.c -- wire values into records: strict about what would be guessed (a decimal as a JSON number
 * with a fraction), lenient where a value can mean one thing only (digits in a string, a currency by its
 * code). Every problem of a value is reported, each at its own path. */
#include "kit/decimal.h"
#include "kit/text.h"
#include "query/internal.h"
#include "record/moved.h"

enum { SHOWN_MAX = 60 }; /* bytes of a refused value that an error repeats */

typedef struct {
    kt_tx *tx;
    const model_entity *entity; /* of the record */
    const model_field *field;
    const char *path;
} reading;

/* "expected X, got Y", with the value where it is short text. */
static kt_error *expected(const reading *r, const variant *from, const char *en, const char *pl)
{
    if (from->kind != VARIANT_STRING && from->kind != VARIANT_REAL)
        return error_make(r->tx->arena, KT_VALIDATION, r->path, "expected %s%.0s, got %s%.0s",
            "oczekiwano: %.0s%s, jest: %.0s%s", en, pl, VARIANT_KIND(from->kind));
    kt_str shown = text_cut(from->as.string, SHOWN_MAX);
    return error_make(r->tx->arena, KT_VALIDATION, r->path, "expected %s%.0s, got \"%.*s\"",
        "oczekiwano: %.0s%s, jest \"%.*s\"", en, pl, (int)shown.len, shown.ptr ? shown.ptr : "");
}

static bool digits_read(kt_str s, int64_t *out)
{
    kt_dec d;
    if (dec_parse(s, 0, &d) != DEC_OK || (s.len && memchr(s.ptr, '.', s.len)))
        return false;
    *out = d.coef;
    return true;
}

/* ---- Plain types ---- */

static kt_error *read_text(const reading *r, const variant *from, model_value *value)
{
    kt_str s = from->as.string;
    bool one_line = r->field->type == KT_STRING;
    size_t max = r->field->max ? r->field->max : one_line ? MODEL_STRING_MAX : MODEL_TEXT_MAX;
    if (from->kind != VARIANT_STRING)
        return expected(r, from, "a string", "napis");
    if (s.len == 0)
        return NULL;
    if (!text_is_utf8(s) || memchr(s.ptr, 0, s.len))
        return error_make(
            r->tx->arena, KT_VALIDATION, r->path, "not valid UTF-8 text", "niepoprawny tekst UTF-8");
    size_t chars = s.len > max ? text_chars(s) : s.len;
    if (chars > max)
        return error_make(r->tx->arena, KT_VALIDATION, r->path, "%zu characters exceed the %zu allowed",
            "%zu znaków przekracza dozwolone %zu", chars, max);
    for (size_t i = 0; one_line && i < s.len; i++)
        if (s.ptr[i] == '\n' || s.ptr[i] == '\r')
            return error_make(r->tx->arena, KT_VALIDATION, r->path, "holds a line break, expected one line",
                "zawiera podział wiersza, oczekiwano jednego wiersza");
    *value = (model_value){.set = true, .as.s = s};
    return NULL;
}

static kt_error *read_bool(const reading *r, const variant *from, model_value *value)
{
    static const struct {
        const char *text;
        bool value;
    } words[] = {{"true", true}, {"false", false}, {"1", true}, {"0", false}, {"yes", true}, {"no", false},
        {"Y", true}, {"N", false}};
    *value = (model_value){.set = true};
    if (from->kind == VARIANT_BOOL) {
        value->as.i = from->as.boolean;
        return NULL;
    }
    for (size_t i = 0; from->kind == VARIANT_STRING && i < sizeof words / sizeof *words; i++) {
        if (str_is(from->as.string, words[i].text)) {
            value->as.i = words[i].value;
            return NULL;
        }
    }
    return expected(r, from, "true or false", "true lub false");
}

static kt_error *read_int(const reading *r, const variant *from, model_value *value)
{
    value->set = true;
    if (from->kind == VARIANT_INT)
        value->as.i = from->as.integer;
    else if (from->kind != VARIANT_STRING || !digits_read(from->as.string, &value->as.i))
        return expected(r, from, "an integer", "liczbę całkowitą");
    return NULL;
}

static kt_error *read_decimal(const reading *r, const variant *from, model_value *value)
{
    uint8_t scale = r->field->scale;
    dec_result result = DEC_BAD;
    value->set = true;
    if (from->kind == VARIANT_REAL)
        return kt_hint(expected(r, from, "a decimal", "liczbę dziesiętną"),
            "Send it as a string, \"1234.50\": numbers with a fraction are not exact in JSON.",
            "Podaj jako napis, \"1234.50\": liczby ułamkowe w JSON nie są dokładne.");
    if (from->kind == VARIANT_INT) {
        char text[DEC_TEXT_MAX];
        size_t n = dec_text(KT_DEC(from->as.integer, 0), text);
        result = dec_parse((kt_str){text, n}, scale, &value->as.d);
    } else if (from->kind == VARIANT_STRING) {
        result = dec_parse(from->as.string, scale, &value->as.d);
    }
    switch (result) {
    case DEC_OK:
        return NULL;
    case DEC_TOO_LONG:
        return error_make(r->tx->arena, KT_VALIDATION, r->path,
            "\"%.*s\" has more than %d digits after the point", "\"%.*s\" ma więcej niż %d cyfr po przecinku",
            STR_ARG(from->as.string), scale);
    case DEC_TOO_LARGE:
        return error_make(
            r->tx->arena, KT_VALIDATION, r->path, "the number is too large", "liczba jest za duża");
    case DEC_BAD:
        break;
    }
    return expected(r, from, "a decimal such as \"1234.50\"", "liczbę dziesiętną, np. \"1234.50\"");
}

static kt_error *read_date(const reading *r, const variant *from, model_value *value)
{
    kt_date date;
    if (from->kind != VARIANT_STRING || !date_parse(from->as.string, &date))
        return expected(r, from, "a date such as \"2026-11-23\"", "datę, np. \"2026-11-23\"");
    *value = (model_value){.set = true, .as.i = date.day};
    return NULL;
}

static kt_error *read_time(const reading *r, const variant *from, model_value *value)
{
    kt_date day;
    kt_time time;
    if (from->kind == VARIANT_STRING && date_parse(from->as.string, &day))
        time = zone_midnight(r->tx->zone, day);
    else if (from->kind != VARIANT_STRING || !time_parse(from->as.string, &time))
        return expected(
            r, from, "an instant such as \"2026-11-23T10:00:00Z\"", "chwilę, np. \"2026-11-23T10:00:00Z\"");
    *value = (model_value){.set = true, .as.i = time.ms};
    return NULL;
}

static kt_error *read_state(const reading *r, const variant *from, model_value *value)
{
    buffer names;
    for (const kt_choice *c = r->field->choices; from->kind == VARIANT_STRING && c && c->name; c++) {
        if (str_is(from->as.string, c->name)) {
            *value = (model_value){.set = true, .as.i = c->value};
            return NULL;
        }
    }
    buffer_open(&names, 1000);
    for (const kt_choice *c = r->field->choices; c && c->name; c++)
        buffer_add_format(&names, "%s%s", names.len ? ", " : "", c->name);
    kt_str list = arena_str(r->tx->arena, buffer_str(&names));
    buffer_close(&names);
    if (!list.ptr)
        list = KT_STR("");
    kt_str en = arena_format(r->tx->arena, "one of: %s", list.ptr);
    kt_str pl = arena_format(r->tx->arena, "jedną z wartości: %s", list.ptr);
    return en.ptr && pl.ptr ? expected(r, from, en.ptr, pl.ptr) : error_no_memory();
}

static kt_error *read_json(const reading *r, const variant *from, model_value *value)
{
    buffer text;
    size_t max = r->field->max ? r->field->max : MODEL_JSON_MAX;
    buffer_open(&text, max);
    json j = json_to(&text);
    json_variant(&j, from);
    bool full = text.full, starved = text.starved;
    kt_str kept = full ? (kt_str){0} : arena_str(r->tx->arena, buffer_str(&text));
    buffer_close(&text);
    if (starved)
        return error_no_memory();
    if (full)
        return error_make(r->tx->arena, KT_VALIDATION, r->path, "the value exceeds %zu bytes",
            "wartość przekracza %zu bajtów", max);
    if (!kept.ptr)
        return error_no_memory();
    *value = (model_value){.set = true, .as.s = kept};
    return NULL;
}

/* ---- References ---- */

static kt_error *not_found(const reading *r, const model_entity *target, kt_str what)
{
    return error_make(r->tx->arena, KT_VALIDATION, r->path, "there is no %.*s \"%.*s\"",
        "nie ma rekordu %.*s \"%.*s\"", STR_ARG(target->name), STR_ARG(what));
}

/* The record whose unique field has this text. */
static kt_error *find_unique(
    const reading *r, const model_entity *target, const model_index *index, kt_str text, model_value *value)
{
    key at;
    kt_str bytes;
    model_value wanted = {.set = true, .as.s = text};
    key_index(&at, target, index);
    key_value(&at, index->fields[0], &wanted, true);
    if (at.full)
        return not_found(r, target, text);
    KT_TRY(store_get(r->tx->view, STORE_DATA, key_str(&at), &bytes));
    if (!bytes.ptr)
        return not_found(r, target, text);
    value->as.i = (int64_t)key_last_u64(bytes);
    const model_record *record;
    KT_TRY(path_follow_get(r->tx, NULL, target, (uint64_t)value->as.i, &record));
    return record ? NULL : not_found(r, target, text);
}

/* The index of one text field that is unique by itself: how people name the target's records. */
static const model_index *code_index(kt_tx *tx, const model_entity *target, kt_str field)
{
    for (size_t i = 0; i < target->index_count; i++) {
        const model_index *index = &target->indexes[i];
        const model_field *first = index->fields[0];
        if (!index->unique || index->count != 1 || first->type != KT_STRING)
            continue;
        if (field.ptr ? str_eq(field, first->name) : first->position >= MODEL_OWN)
            return path_field_visible(tx, first, target) &&
                           !model_is_masked(tx, first, &(const model_record){.entity = target})
                       ? index
                       : NULL;
    }
    return NULL;
}

/* {"external_id": ".."}, {"number": ".."}, {"code": ".."}, {"id": 5} */
static kt_error *read_named(
    const reading *r, const model_entity *target, const variant *from, model_value *value)
{
    if (from->as.object.count != 1)
        return expected(r, from, "an object of one member", "obiekt o jednym polu");
    const variant_member *by = &from->as.object.members[0];
    if (str_is(by->name, "id"))
        return read_int(r, by->value, value);
    if (by->value->kind != VARIANT_STRING)
        return expected(r, by->value, "a string", "napis");
    kt_str text = by->value->as.string;
    if (str_is(by->name, "number")) {
        uint64_t id = 0;
        KT_TRY(error_under(model_find_number(r->tx, target, text, &id), r->path));
        value->as.i = (int64_t)id;
        return id ? NULL : not_found(r, target, text);
    }
    const model_index *index = code_index(r->tx, target, by->name);
    if (!index)
        return error_make(r->tx->arena, KT_VALIDATION, r->path, "%.*s has no unique field \"%.*s\"",
            "%.*s nie ma unikalnego pola \"%.*s\"", STR_ARG(target->name), STR_ARG(by->name));
    return find_unique(r, target, index, text, value);
}

/* The id of a merged record means the one that it was merged into. */
static kt_error *follow_moved(kt_tx *tx, const model_entity *target, model_value *value)
{
    uint64_t into;
    KT_TRY(moved_find(tx, target, (uint64_t)value->as.i, &into));
    if (into)
        value->as.i = (int64_t)into;
    return NULL;
}

static kt_error *read_id(
    const reading *r, const model_entity *target, const variant *from, model_value *value)
{
    *value = (model_value){.set = true};
    if (from->kind == VARIANT_OBJECT && target) {
        KT_TRY(read_named(r, target, from, value));
    } else if (from->kind == VARIANT_INT) {
        value->as.i = from->as.integer;
    } else if (from->kind != VARIANT_STRING || !digits_read(from->as.string, &value->as.i)) {
        const model_index *index = target ? code_index(r->tx, target, (kt_str){0}) : NULL;
        if (from->kind != VARIANT_STRING || !index)
            return expected(r, from, "the id of a record", "id rekordu");
        KT_TRY(find_unique(r, target, index, from->as.string, value));
    }
    if (value->as.i <= 0)
        return error_make(
            r->tx->arena, KT_VALIDATION, r->path, "ids are above 0", "id jest zawsze większe od 0");
    return target ? follow_moved(r->tx, target, value) : NULL;
}

/* {"entity": "crm.deal", "id": 5} */
static kt_error *read_any(const reading *r, const variant *from, model_value *value)
{
    const variant *id = variant_get(from, "id");
    if (from->kind != VARIANT_OBJECT || from->as.object.count != 2 || !id || !variant_get(from, "entity"))
        return expected(r, from, "{\"entity\": .., \"id\": ..}", "{\"entity\": .., \"id\": ..}");
    kt_str name = variant_get_str(from, "entity");
    const model_entity *target = model_entity_find(r->tx->catalogue, name);
    if (!target || target->lines_only)
        return error_make(r->tx->arena, KT_VALIDATION, r->path, "there is no entity \"%.*s\"",
            "nie ma encji \"%.*s\"", STR_ARG(name));
    model_value at;
    KT_TRY(read_id(r, target, id, &at));
    *value = (model_value){.set = true, .as.any = {target->number, (uint64_t)at.as.i}};
    return NULL;
}

static kt_error *read_refs(const reading *r, const variant *from, model_value *value)
{
    kt_error *all = NULL;
    size_t count = 0, max = r->field->max ? r->field->max : MODEL_REFS_MAX;
    if (from->kind != VARIANT_ARRAY)
        return expected(r, from, "an array of ids", "tablicę id");
    if (from->as.array.count == 0)
        return NULL;
    if (from->as.array.count > max)
        return error_make(r->tx->arena, KT_VALIDATION, r->path, "%zu references exceed the %zu allowed",
            "%zu odwołań przekracza dozwolone %zu", from->as.array.count, max);
    uint64_t *ids = ARENA_ARRAY(r->tx->arena, uint64_t, from->as.array.count);
    if (!ids)
        return error_no_memory();
    for (size_t i = 0; i < from->as.array.count; i++) {
        kt_str path = arena_format(r->tx->arena, "%s[%zu]", r->path, i);
        if (!path.ptr)
            return error_no_memory();
        reading item = *r;
        item.path = path.ptr;
        model_value id;
        kt_error *error = read_id(&item, r->field->target, &from->as.array.items[i], &id);
        kt_also(&all, error);
        bool known = error != NULL;
        for (size_t k = 0; !known && k < count; k++)
            known = ids[k] == (uint64_t)id.as.i;
        if (!known)
            ids[count++] = (uint64_t)id.as.i;
    }
    *value = (model_value){.set = true, .as.refs = {ids, count}};
    return all;
}

/* ---- Values ---- */

kt_error *query_value_read(kt_tx *tx, const model_entity *entity, const model_field *field,
    const variant *from, const char *path, model_value *value)
{
    const reading r = {tx, entity, field, path};
    if (field->type == KT_LINES)
        return query_lines_read(tx, entity, field, from, path, value);
    *value = (model_value){0};
    if (from->kind == VARIANT_NULL)
        return NULL;
    kt_error *error = NULL;
    switch (field->type) {
    case KT_STRING:
    case KT_TEXT:
        error = read_text(&r, from, value);
        break;
    case KT_BOOL:
        error = read_bool(&r, from, value);
        break;
    case KT_INT:
        error = read_int(&r, from, value);
        break;
    case KT_MONEY:
    case KT_PRICE:
    case KT_QUANTITY:
    case KT_PERCENT:
    case KT_RATE:
        error = read_decimal(&r, from, value);
        break;
    case KT_DATE:
        error = read_date(&r, from, value);
        break;
    case KT_TIME:
        error = read_time(&r, from, value);
        break;
    case KT_STATE:
        error = read_state(&r, from, value);
        break;
    case KT_REF:
        error = is_any(field) ? read_any(&r, from, value) : read_id(&r, field->target, from, value);
        break;
    case KT_FILE:
        error = read_id(&r, field->target, from, value);
        break;
    case KT_REFS:
        error = read_refs(&r, from, value);
        break;
    case KT_JSON:
        error = read_json(&r, from, value);
        break;
    case KT_LINES:
        break;
    }
    if (error)
        *value = (model_value){0};
    return error;
}

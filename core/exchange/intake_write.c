/* intake_write.c -- a record that an import has put together: found by its key, then made or changed. What the
 * file does not speak of stays. */
#include "exchange/intake_parts.h"
#include "kit/decimal.h"
#include "kit/decode.h"
#include "kit/str.h"

/* ---- Members ---- */

/* Takes a member out of the values: the key that tells the record is no value of it. */
static const variant *take_member(members *list, kt_str name)
{
    for (size_t i = 0; i < list->count; i++)
        if (str_eq(list->members[i].name, name)) {
            const variant *value = list->members[i].value;
            memmove(
                &list->members[i], &list->members[i + 1], (list->count - i - 1) * sizeof list->members[0]);
            list->count--;
            return value;
        }
    return NULL;
}

const variant *intake_member(const members *list, kt_str name)
{
    for (size_t i = 0; i < list->count; i++)
        if (str_eq(list->members[i].name, name))
            return list->members[i].value;
    return NULL;
}

kt_str intake_text(arena *arena, const variant *v)
{
    if (v && v->kind == VARIANT_INT)
        return arena_format(arena, "%lld", (long long)v->as.integer);
    return v && (v->kind == VARIANT_STRING || v->kind == VARIANT_REAL) ? v->as.string : (kt_str){0};
}

/* ---- Writing ---- */

/* Lines as an export shows them: without what is computed and, for a new record, without their ids. */
static kt_error *clean_line(
    arena *arena, const model_field *field, const variant *from, bool is_new, variant *to)
{
    variant_member *members = ARENA_ARRAY(arena, variant_member, from->as.object.count + 1);
    *to = (variant){.kind = VARIANT_OBJECT, .as.object = {members, 0}};
    if (!members)
        return error_no_memory();
    for (size_t i = 0; i < from->as.object.count; i++) {
        const variant_member *m = &from->as.object.members[i];
        const model_field *of = model_field_find(field->lines, m->name);
        if (!(of && of->computed) && !(is_new && str_is(m->name, "id")))
            members[to->as.object.count++] = *m;
    }
    return NULL;
}

/* A line without an id means the one at its place: what the file does not have of it stays. */
static kt_error *name_line(arena *arena, const model_value *lines, size_t k, variant *line)
{
    if (variant_get(line, "id") || !lines->set || k >= lines->as.lines.count)
        return NULL;
    size_t n = line->as.object.count;
    variant_member *members = ARENA_ARRAY(arena, variant_member, n + 1);
    variant *id = ARENA_NEW(arena, variant);
    if (!members || !id)
        return error_no_memory();
    *id = (variant){.kind = VARIANT_INT, .as.integer = lines->as.lines.items[k].values[0].as.i};
    memcpy(members, line->as.object.members, n * sizeof *members);
    members[n] = (variant_member){KT_STR("id"), id};
    *line = (variant){.kind = VARIANT_OBJECT, .as.object = {members, n + 1}};
    return NULL;
}

/* ---- Lines told by constants: what the file does not speak of stays ---- */

static bool is_told(const building *b, const model_field *field)
{
    for (size_t i = 0; i < b->line_count; i++)
        if (b->lines[i].field == field && b->lines[i].selector.len)
            return true;
    return false;
}

/* Is this the line that is meant: the one at the place, or the first with these constants? */
bool intake_is_meant(building *b, const line *l, const variant *stored, size_t place)
{
    arena *arena = b->in->tx->arena;
    line asked = {.field = l->field, .selector = l->selector};
    kt_dec number;
    if (dec_parse(l->selector, 0, &number) == DEC_OK)
        return number.coef == (int64_t)place + 1;
    if (intake_constants(b, &asked)) /* no memory: the request fails at its end */
        return false;
    for (size_t i = 0; i < asked.members.count; i++) {
        const variant *has = variant_get(stored, asked.members.members[i].name.ptr);
        kt_str wanted = intake_text(arena, asked.members.members[i].value);
        bool flag = has && has->kind == VARIANT_BOOL && str_is(wanted, has->as.boolean ? "true" : "false");
        if (!flag && !str_eq(intake_text(arena, has), wanted))
            return false;
    }
    return true;
}

kt_error *intake_value_of(
    building *b, const model_field *field, const model_record *record, const variant **value)
{
    static const decode_limits limits = {.depth_max = 16, .elements_max = 1000000};
    buffer text;
    buffer_open(&text, (size_t)16 << 20);
    json j = json_to(&text);
    json_array(&j); /* a JSON text of ours is an array or an object */
    model_value_json(b->in->tx, record, field, &record->values[field->position], &j);
    json_array_end(&j);
    kt_error *error = text.full ? error_no_memory()
                                : decode_json(b->in->tx->arena, buffer_str(&text), &limits, value);
    buffer_close(&text);
    if (!error)
        *value = &(*value)->as.array.items[0];
    return error;
}

/* A line with the id of the stored one that it changes; changed NULL: that one as it is. */
static kt_error *with_id(arena *arena, const variant *stored, const line *changed, variant *out)
{
    size_t n = changed ? changed->members.count : 0;
    variant_member *members = ARENA_ARRAY(arena, variant_member, n + 1);
    if (!members)
        return error_no_memory();
    for (size_t i = 0; i < n; i++)
        members[i] = changed->members.members[i];
    members[n] = (variant_member){KT_STR("id"), variant_get(stored, "id")};
    *out = (variant){.kind = VARIANT_OBJECT, .as.object = {members, n + 1}};
    return NULL;
}

static kt_error *tell_lines(
    building *b, const model_field *field, const model_record *before, const variant **list)
{
    arena *arena = b->in->tx->arena;
    const variant *stored;
    KT_TRY(intake_value_of(b, field, before, &stored));
    size_t count = stored->kind == VARIANT_ARRAY ? stored->as.array.count : 0, n = 0;
    variant *items = ARENA_ARRAY(arena, variant, count + b->line_count + 1), *out = ARENA_NEW(arena, variant);
    bool *used = ARENA_ARRAY(arena, bool, b->line_count + 1);
    if (!items || !used || !out)
        return error_no_memory();
    for (size_t k = 0; k < count; k++) {
        const line *changed = NULL;
        for (size_t i = 0; i < b->line_count && !changed; i++) {
            line *l = &b->lines[i];
            if (l->field == field && l->given && !used[i] &&
                intake_is_meant(b, l, &stored->as.array.items[k], k)) {
                used[i] = true;
                l->at = n;
                changed = l;
            }
        }
        KT_TRY(with_id(arena, &stored->as.array.items[k], changed, &items[n++]));
    }
    for (size_t i = 0; i < b->line_count; i++) {
        line *l = &b->lines[i];
        if (l->field != field || !l->given || used[i])
            continue;
        l->at = n;
        items[n++] = (variant){.kind = VARIANT_OBJECT, .as.object = {l->members.members, l->members.count}};
    }
    *out = (variant){.kind = VARIANT_ARRAY, .as.array = {items, n}};
    *list = out;
    return NULL;
}

/* before: NULL for a new record */
static kt_error *clean_lines(building *b, const model_record *before)
{
    arena *arena = b->in->tx->arena;
    for (size_t i = 0; i < b->values.count; i++) {
        const model_field *field = model_field_find(b->in->m->entity, b->values.members[i].name);
        const variant *from = b->values.members[i].value;
        if (!field || field->type != KT_LINES || from->kind != VARIANT_ARRAY)
            continue;
        if (before && is_told(b, field)) {
            KT_TRY(tell_lines(b, field, before, &b->values.members[i].value));
            continue;
        }
        size_t count = from->as.array.count;
        variant *list = ARENA_NEW(arena, variant), *items = ARENA_ARRAY(arena, variant, count + 1);
        if (!list || !items)
            return error_no_memory();
        *list = (variant){.kind = VARIANT_ARRAY, .as.array = {items, count}};
        for (size_t k = 0; k < count; k++) {
            items[k] = from->as.array.items[k];
            if (items[k].kind == VARIANT_OBJECT)
                KT_TRY(clean_line(arena, field, &from->as.array.items[k], !before, &items[k]));
            if (before && items[k].kind == VARIANT_OBJECT)
                KT_TRY(name_line(arena, &before->values[field->position], k, &items[k]));
        }
        b->values.members[i].value = list;
    }
    return NULL;
}

static kt_error *create(building *b, intake_counts *counts)
{
    kt_tx *tx = b->in->tx;
    const model_entity *entity = b->in->m->entity;
    const variant *id = take_member(&b->values, KT_STR("id"));
    KT_TRY(clean_lines(b, NULL));
    const variant values = {.kind = VARIANT_OBJECT, .as.object = {b->values.members, b->values.count}};
    model_record made;
    int64_t wanted = id && id->kind == VARIANT_INT ? id->as.integer : 0;
    kt_dec digits;
    if (id && id->kind == VARIANT_STRING && dec_parse(id->as.string, 0, &digits) == DEC_OK)
        wanted = digits.coef;
    if (b->in->m->keep && wanted > 0)
        KT_TRY(model_create_as(tx, entity, (uint64_t)wanted, &values, &made));
    else
        KT_TRY(model_create(tx, entity, &values, &made));
    counts->created++;
    return NULL;
}

/* ---- Rehearsals: what earlier chunks would have brought, and nobody saved ---- */

static kt_str named_text(building *b, const model_field *field, kt_str text)
{
    return text.len ? arena_format(b->in->tx->arena, "%.*s\1%.*s", STR_ARG(field->name), STR_ARG(text))
                    : (kt_str){0};
}

static bool is_unique(const model_field *field)
{
    return field->unique || field->position == MODEL_EXTERNAL_ID;
}

/* A new record of a rehearsal: is a unique value of it one of an earlier row? */
static kt_error *rehearse_unique(building *b)
{
    const model_entity *entity = b->in->m->entity;
    kt_error *all = NULL;
    for (size_t i = 0; b->in->seen && i < entity->field_count; i++) {
        const model_field *field = &entity->fields[i];
        kt_str text = !is_unique(field)
                          ? (kt_str){0}
                          : named_text(b, field,
                                intake_text(b->in->tx->arena, intake_member(&b->values, field->name)));
        if (text.len && !seen_add(b->in->seen, text))
            kt_also(&all, error_make(b->in->tx->arena, KT_CONFLICT, field->name.ptr,
                              "an earlier row has the same value", "wcześniejszy wiersz ma tę samą wartość"));
    }
    return all;
}

/* A changed record of a rehearsal: what it was known by is free for later rows, what it is known by is not. */
static void rehearse_moved(building *b, const model_record *before, const model_record *after)
{
    const model_entity *entity = b->in->m->entity;
    for (size_t i = 0; b->in->seen && i < entity->field_count; i++) {
        const model_field *field = &entity->fields[i];
        if (!is_unique(field) || field->type != KT_STRING ||
            model_value_equal(field, &before->values[i], &after->values[i]))
            continue;
        if (before->values[i].set)
            seen_remove(b->in->seen, named_text(b, field, before->values[i].as.s));
        if (after->values[i].set)
            (void)seen_add(b->in->seen, named_text(b, field, after->values[i].as.s));
    }
}

static kt_error *update(building *b, const record_key *key, uint64_t id, intake_counts *counts)
{
    kt_tx *tx = b->in->tx;
    model_record after, before;
    const variant *stored;
    (void)take_member(&b->values, KT_STR("id"));
    KT_TRY(model_read(tx, b->in->m->entity, id, &before));
    if (key->made && key->made->kind == VARIANT_ARRAY) {
        KT_TRY(intake_value_of(b, key->fields[0].field, &before, &stored));
        intake_keep_known(b, key, stored);
    }
    KT_TRY(clean_lines(b, &before));
    const variant values = {.kind = VARIANT_OBJECT, .as.object = {b->values.members, b->values.count}};
    KT_TRY(model_update(tx, b->in->m->entity, id, 0, &values, &after));
    rehearse_moved(b, &before, &after);
    bool same = before.values[MODEL_VERSION].as.i == after.values[MODEL_VERSION].as.i;
    counts->unchanged += same;
    counts->updated += !same;
    return NULL;
}

kt_error *intake_write(building *b, intake_counts *counts)
{
    kt_tx *tx = b->in->tx;
    uint64_t id = 0;
    record_key key = {0};
    if (b->in->m->mode != MODE_CREATE) {
        KT_TRY(intake_key_of(b, &key));
        KT_TRY(intake_find(b, &key, &id));
    }
    if (!id && intake_was_seen(b, &key)) {
        *(b->in->m->mode == MODE_ADD ? &counts->skipped : &counts->updated) += 1;
        return NULL;
    }
    if (id && b->in->m->mode == MODE_ADD) {
        counts->skipped++;
        return NULL;
    }
    if (id)
        return update(b, &key, id, counts);
    if (b->in->m->mode == MODE_UPDATE)
        return error_make(tx->arena, KT_NOT_FOUND, NULL, "there is no record with this key to update",
            "nie ma rekordu o tym kluczu do zmiany");
    KT_TRY(create(b, counts));
    intake_see(b, &key);
    kt_error *twice = rehearse_unique(b);
    counts->created -= twice != NULL;
    return twice;
}

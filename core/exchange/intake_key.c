/* intake_key.c -- which record a row is of: its key, and who has it. A key may be what the record's module computes,
 * such as the normal form of a telephone number: then the record is made up from the row, and looked at. */
#include "exchange/intake_parts.h"
#include "kit/str.h"

/* The values of one field of the key; of lines there may be several, and any of them tells the record. */
static void add_value(record_key *key, const variant *value)
{
    if (value && value->kind != VARIANT_NULL && key->count < KEY_VALUES_MAX)
        key->values[key->count++] = *value;
}

static kt_error *computed_value(building *b, const place *p, const model_record *record, record_key *key)
{
    const variant *value;
    if (!p->member) {
        KT_TRY(intake_value_of(b, p->field, record, &value));
        add_value(key, value);
        return NULL;
    }
    line asked = {.field = p->field, .selector = p->selector};
    KT_TRY(intake_value_of(b, p->field, record, &value));
    key->made = value;
    for (size_t i = 0; value->kind == VARIANT_ARRAY && i < value->as.array.count; i++) {
        const variant *of = &value->as.array.items[i];
        if (intake_is_meant(b, &asked, of, i))
            add_value(key, variant_get(of, p->member->name.ptr));
    }
    return NULL;
}

static kt_error *key_of_fields(building *b, const place *fields, size_t count, record_key *key)
{
    const variant values = {.kind = VARIANT_OBJECT, .as.object = {b->values.members, b->values.count}};
    model_record record;
    bool made = false;
    for (size_t i = 0; i < count; i++) {
        const place *p = &fields[i];
        size_t before = key->count;
        if (!p->member && !p->field->computed) {
            add_value(key, intake_member(&b->values, p->field->name));
        } else {
            if (!made)
                KT_TRY(model_rehearse(b->in->tx, b->in->m->entity, &values, &record));
            made = true;
            KT_TRY(computed_value(b, p, &record, key));
        }
        if (key->count == before) { /* a record without its key is a new one */
            *key = (record_key){0};
            return NULL;
        }
    }
    key->fields = fields;
    key->field_count = count;
    return NULL;
}

/* The key of the mapping, else the external id, else, in a file of ours, the id. */
kt_error *intake_key_of(building *b, record_key *key)
{
    const mapping *m = b->in->m;
    *key = (record_key){0};
    if (m->key_count)
        return key_of_fields(b, m->key, m->key_count, key);
    place *own = ARENA_ARRAY(b->in->tx->arena, place, 2);
    if (!own)
        return error_no_memory();
    own[0].field = &m->entity->fields[MODEL_EXTERNAL_ID];
    own[1].field = &m->entity->fields[MODEL_ID];
    return key_of_fields(b, own, 1, key);
}

/* ---- Who has it ---- */

static kt_error *several(building *b, const place *p)
{
    return error_make(b->in->tx->arena, KT_CONFLICT, p->field->name.ptr, "several records have this key",
        "kilka rekordów ma ten klucz");
}

/* Records that have a line with these constants and this value. */
static kt_error *find_by_line(building *b, const place *p, const variant *value, uint64_t *id)
{
    line asked = {.field = p->field, .selector = p->selector};
    uint64_t ids[2];
    size_t count = 0;
    KT_TRY(intake_constants(b, &asked));
    KT_TRY(intake_add(b->in->tx->arena, &asked.members, p->member->name, value));
    KT_TRY(lookup_by_line(
        b->in->tx, b->in->m->entity, p->field, asked.members.members, asked.members.count, ids, &count));
    if (count > 1 || (count && *id && *id != ids[0]))
        return several(b, p);
    *id = count ? ids[0] : *id;
    return NULL;
}

static kt_error *find_by_fields(building *b, const record_key *key, uint64_t *id)
{
    kt_tx *tx = b->in->tx;
    const model_entity *entity = b->in->m->entity;
    const model_field *fields[KEY_FIELDS_MAX];
    uint64_t ids[2];
    size_t count = 0;
    for (size_t i = 0; i < key->field_count; i++)
        fields[i] = key->fields[i].field;
    if (key->field_count == 1 && fields[0]->position <= MODEL_NUMBER)
        return lookup_one(tx, entity, fields[0], intake_text(tx->arena, &key->values[0]), id);
    KT_TRY(lookup_by(tx, entity, fields, key->values, key->field_count, ids, &count));
    if (count > 1)
        return several(b, &key->fields[0]);
    *id = count ? ids[0] : 0;
    return NULL;
}

kt_error *intake_find(building *b, const record_key *key, uint64_t *id)
{
    const mapping *m = b->in->m;
    record_key own = {0};
    *id = 0;
    for (size_t i = 0; key->field_count && key->fields[0].member && i < key->count; i++)
        KT_TRY(find_by_line(b, &key->fields[0], &key->values[i], id));
    if (key->field_count && !key->fields[0].member)
        KT_TRY(find_by_fields(b, key, id));
    if (*id || m->key_count || !b->in->own)
        return NULL;
    const place by_id = {.field = &m->entity->fields[MODEL_ID]};
    KT_TRY(key_of_fields(b, &by_id, 1, &own));
    return own.field_count ? find_by_fields(b, &own, id) : NULL;
}

/* A line that the record has already, in whatever form it is written, is no change: it stays as it is. */
void intake_keep_known(building *b, const record_key *key, const variant *stored)
{
    const place *p = &key->fields[0];
    size_t count = key->made->as.array.count;
    for (size_t i = 0; i < b->line_count; i++) {
        line *l = &b->lines[i];
        if (l->field != p->field || !l->given || l->at >= count)
            continue;
        const variant *value = variant_get(&key->made->as.array.items[l->at], p->member->name.ptr);
        kt_str own = intake_text(b->in->tx->arena, value);
        for (size_t k = 0; own.len && stored->kind == VARIANT_ARRAY && k < stored->as.array.count; k++) {
            value = variant_get(&stored->as.array.items[k], p->member->name.ptr);
            if (str_eq(own, intake_text(b->in->tx->arena, value)))
                l->given = false;
        }
    }
}

/* ---- Rehearsals: what earlier chunks would have brought, and nobody saved ---- */

/* The texts by which a record is known again: one of all fields, or one for each value of lines. */
static kt_str seen_text(building *b, const record_key *key, size_t at)
{
    arena *arena = b->in->tx->arena;
    bool lines = key->fields[0].member != NULL;
    kt_str all = KT_STR("key");
    for (size_t i = lines ? at : 0; i < (lines ? at + 1 : key->count); i++) {
        kt_str text = intake_text(arena, &key->values[i]);
        const model_field *field = key->fields[lines ? 0 : i].field;
        all = arena_format(arena, "%.*s\1%.*s\1%.*s", STR_ARG(all), STR_ARG(field->name), STR_ARG(text));
    }
    return all;
}

static size_t seen_texts(const building *b, const record_key *key)
{
    return !b->in->seen || !key->field_count ? 0 : key->fields[0].member ? key->count : 1;
}

bool intake_was_seen(building *b, const record_key *key)
{
    for (size_t i = 0; i < seen_texts(b, key); i++)
        if (seen_has(b->in->seen, seen_text(b, key, i)))
            return true;
    return false;
}

void intake_see(building *b, const record_key *key)
{
    for (size_t i = 0; i < seen_texts(b, key); i++)
        (void)seen_add(b->in->seen, seen_text(b, key, i));
}

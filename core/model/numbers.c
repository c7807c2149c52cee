/* numbers.c -- the numbers that entities, fields and indexes got for ever, kept in STORE_META.
 *
 *   "model/next"          u16 the next entity's number
 *   "model/entity/NAME"   u8 1, u16 number, u16 next tag, u16 next index, u16 n, n x {u16 tag, u8 type, u8
 * scale, u8 length, name}, u16 n, n x {u16 number, u8 active, u8 length, spec}; big-endian. Lines are
 * "ENTITY.FIELD", with number 0 and no index. */
#include "model/byte_reader.h"
#include "model/compile.h"

#define FORMAT 1

static uint8_t read_u8(byte_reader *r)
{
    return (uint8_t)byte_number(r, 1);
}

static uint16_t read_u16(byte_reader *r)
{
    return (uint16_t)byte_number(r, 2);
}

static kt_str read_str(builder *b, byte_reader *r)
{
    kt_str run = byte_run(r, read_u8(r));
    if (r->bad)
        return run;
    kt_str s = arena_str(b->own, run);
    b->no_memory |= !s.ptr;
    return s;
}

static kt_str meta_key(builder *b, kt_str entity)
{
    return arena_format(b->arena, "model/entity/%.*s", STR_ARG(entity));
}

static kt_error *broken(builder *b, kt_str name)
{
    return error_make(b->arena, KT_STORAGE, NULL, "the stored numbers of %.*s cannot be read",
        "nie można odczytać zapisanych numerów %.*s", STR_ARG(name));
}

static kt_error *read_lists(builder *b, byte_reader *r, numbers *out)
{
    for (uint16_t n = read_u16(r); n && !r->bad; n--) {
        stored_field *fields = build_grow(
            b, out->fields, &out->field_count, &out->field_room, sizeof *fields);
        if (!fields)
            return error_no_memory();
        out->fields = fields;
        stored_field *f = &fields[out->field_count - 1];
        f->tag = read_u16(r);
        f->type = read_u8(r);
        f->scale = read_u8(r);
        f->name = read_str(b, r);
    }
    for (uint16_t n = read_u16(r); n && !r->bad; n--) {
        stored_index *indexes = build_grow(
            b, out->indexes, &out->index_count, &out->index_room, sizeof *indexes);
        if (!indexes)
            return error_no_memory();
        out->indexes = indexes;
        stored_index *i = &indexes[out->index_count - 1];
        i->number = read_u16(r);
        i->active = read_u8(r);
        i->spec = read_str(b, r);
    }
    return r->bad ? broken(b, out->name) : NULL;
}

kt_error *numbers_load(builder *b, kt_str entity, uint16_t first_tag, numbers *out)
{
    *out = (numbers){.name = entity, .next_tag = first_tag, .next_index = 1, .first_new_tag = first_tag};
    kt_str key = meta_key(b, entity), value;
    if (!key.ptr)
        return error_no_memory();
    KT_TRY(store_get(b->view, STORE_META, key, &value));
    if (!value.ptr)
        return NULL;
    byte_reader r = byte_reader_of(value);
    if (read_u8(&r) != FORMAT)
        return broken(b, entity);
    out->number = read_u16(&r);
    out->next_tag = read_u16(&r);
    out->next_index = read_u16(&r);
    out->first_new_tag = out->next_tag;
    return read_lists(b, &r, out);
}

typedef struct {
    uint8_t *at;
    size_t left;
    bool full;
} writer;

static void write_bytes(writer *w, const void *bytes, size_t n)
{
    if (w->left < n) {
        w->full = true;
        return;
    }
    if (n)
        memcpy(w->at, bytes, n);
    w->at += n;
    w->left -= n;
}

static void write_u8(writer *w, uint8_t value)
{
    write_bytes(w, &value, 1);
}

static void write_u16(writer *w, size_t value)
{
    write_u8(w, (uint8_t)(value >> 8));
    write_u8(w, (uint8_t)value);
}

static void write_str(writer *w, kt_str s)
{
    write_u8(w, (uint8_t)s.len);
    write_bytes(w, s.ptr, s.len);
}

kt_error *numbers_save(builder *b, numbers *n)
{
    if (!n->changed)
        return NULL;
    size_t size = 16;
    for (size_t i = 0; i < n->field_count; i++)
        size += 5 + n->fields[i].name.len;
    for (size_t i = 0; i < n->index_count; i++)
        size += 4 + n->indexes[i].spec.len;
    uint8_t *bytes = arena_alloc(b->arena, size);
    kt_str key = meta_key(b, n->name);
    if (!bytes || !key.ptr)
        return error_no_memory();
    writer w = {bytes, size, false};
    write_u8(&w, FORMAT);
    write_u16(&w, n->number);
    write_u16(&w, n->next_tag);
    write_u16(&w, n->next_index);
    write_u16(&w, n->field_count);
    for (size_t i = 0; i < n->field_count; i++) {
        write_u16(&w, n->fields[i].tag);
        write_u8(&w, n->fields[i].type);
        write_u8(&w, n->fields[i].scale);
        write_str(&w, n->fields[i].name);
    }
    write_u16(&w, n->index_count);
    for (size_t i = 0; i < n->index_count; i++) {
        write_u16(&w, n->indexes[i].number);
        write_u8(&w, n->indexes[i].active);
        write_str(&w, n->indexes[i].spec);
    }
    if (w.full || size > STORE_VALUE_MAX)
        return error_make(b->arena, KT_LIMIT, n->name.ptr, "too many fields and indexes were ever declared",
            "zadeklarowano kiedykolwiek za dużo pól i indeksów");
    n->changed = false;
    return store_put(b->view, STORE_META, key, (kt_str){(char *)bytes, size - w.left});
}

kt_error *numbers_next_load(builder *b)
{
    kt_str value;
    KT_TRY(store_get(b->view, STORE_META, KT_STR("model/next"), &value));
    b->next_number = 1;
    if (value.ptr) {
        byte_reader r = byte_reader_of(value);
        b->next_number = read_u16(&r);
    }
    return NULL;
}

kt_error *numbers_next_save(builder *b)
{
    if (!b->next_changed)
        return NULL;
    char bytes[] = {(char)(b->next_number >> 8), (char)b->next_number};
    return store_put(b->view, STORE_META, KT_STR("model/next"), (kt_str){bytes, 2});
}

/* May a field that was stored as `old` be declared as `field` now? What is stored then reads on. */
static bool widens(const stored_field *old, const model_field *field)
{
    if (is_any(field) || old->type == NUMBERS_ANY)
        return is_any(field) && old->type == NUMBERS_ANY;
    kt_type was = (kt_type)old->type;
    if (is_decimal(field->type))
        return was == KT_INT || (is_decimal(was) && old->scale <= field->scale);
    if (is_text(field->type))
        return field->type == was || (field->type != KT_JSON && is_text(was));
    if (field->type == KT_REFS)
        return was == KT_REF || was == KT_REFS;
    return field->type == was;
}

kt_error *numbers_tag(builder *b, numbers *n, const model_field *field, const char *path, uint16_t *tag)
{
    uint8_t type = is_any(field) ? NUMBERS_ANY : (uint8_t)field->type;
    for (size_t i = 0; i < n->field_count; i++) {
        stored_field *old = &n->fields[i];
        if (!str_eq(old->name, field->name))
            continue;
        *tag = old->tag;
        if (!widens(old, field)) {
            build_problem(b, path,
                "was stored with another type or more digits: give the new field another name",
                "zapisano z innym typem lub większą liczbą cyfr: nowe pole potrzebuje innej nazwy");
        } else if (old->type != type || old->scale != field->scale) {
            old->type = type;
            old->scale = field->scale;
            n->changed = true;
        }
        return NULL;
    }
    if (n->next_tag >= NO_POSITION)
        return error_make(b->arena, KT_LIMIT, path, "too many fields were ever declared",
            "zadeklarowano kiedykolwiek za dużo pól");
    stored_field *fields = build_grow(b, n->fields, &n->field_count, &n->field_room, sizeof *fields);
    if (!fields)
        return error_no_memory();
    n->fields = fields;
    fields[n->field_count - 1] = (stored_field){field->name, n->next_tag, type, field->scale};
    *tag = n->next_tag++;
    n->changed = true;
    return NULL;
}

/* codec_read.c -- bytes become a record. Nothing is copied: strings point into the bytes. What the catalogue
 * does not know is carried along. A reader that wants some fields steps over the others: above all it need not
 * open the personal part. */
#include "record/codec.h"
#include "record/seal.h"

typedef struct {
    arena *arena;
    const uint8_t *at, *end;
    const bool *wanted; /* by position; NULL: all */
    kt_str sealed;
    bool bad, no_memory;
} reader;

static uint64_t get_long_varint(reader *r)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (r->at == r->end)
            break;
        uint8_t byte = *r->at++;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return value;
    }
    r->bad = true;
    return 0;
}

/* Most have one byte. */
static inline uint64_t get_varint(reader *r)
{
    return r->at != r->end && *r->at < 0x80 ? *r->at++ : get_long_varint(r);
}

static int64_t get_signed(reader *r)
{
    uint64_t value = get_varint(r);
    return (int64_t)(value >> 1 ^ (~(value & 1) + 1));
}

/* A length and as many bytes; they are skipped. */
static kt_str get_slice(reader *r)
{
    uint64_t n = get_varint(r);
    if (n > (size_t)(r->end - r->at)) {
        r->bad = true;
        return (kt_str){0};
    }
    kt_str s = {(const char *)r->at, (size_t)n};
    r->at += n;
    return s;
}

static kt_str get_text(reader *r)
{
    kt_str s = get_slice(r);
    if (r->bad || r->at == r->end || *r->at != 0) {
        r->bad = true;
        return (kt_str){0};
    }
    r->at++;
    return s;
}

static void get_refs(reader *r, model_value *value)
{
    kt_str slice = get_slice(r);
    if (r->bad || !slice.len)
        return;
    uint64_t *ids = ARENA_ARRAY(r->arena, uint64_t, slice.len); /* each takes at least a byte */
    if (!ids) {
        r->no_memory = true;
        return;
    }
    reader inner = {.at = (const uint8_t *)slice.ptr, .end = (const uint8_t *)slice.ptr + slice.len};
    size_t count = 0;
    while (inner.at != inner.end && !inner.bad)
        ids[count++] = get_varint(&inner);
    r->bad |= inner.bad;
    value->as.refs.ids = ids;
    value->as.refs.count = count;
    value->set = count != 0;
}

static void get_parts(reader *r, model_record *record, bool sealed);

static bool lines_new(reader *r, const model_entity *entity, size_t count, model_value *value)
{
    model_record *items = ARENA_ARRAY(r->arena, model_record, count);
    model_value *values = ARENA_ARRAY(r->arena, model_value, count * entity->field_count);
    if (!items || !values) {
        r->no_memory = true;
        return false;
    }
    for (size_t i = 0; i < count; i++)
        items[i] = (model_record){.entity = entity, .values = values + i * entity->field_count};
    value->set = true;
    value->as.lines.items = items;
    value->as.lines.count = (uint32_t)count;
    return true;
}

/* The plain part comes first and makes the lines; the sealed part adds to the same lines. */
static void get_lines(reader *r, const model_field *field, model_value *value, bool sealed)
{
    kt_str slice = get_slice(r);
    if (r->bad)
        return;
    reader inner = {
        .arena = r->arena, .at = (const uint8_t *)slice.ptr, .end = (const uint8_t *)slice.ptr + slice.len};
    uint64_t count = get_varint(&inner);
    if (inner.bad || count > slice.len / CODEC_LENGTH_SIZE || count == 0) {
        r->bad = true;
        return;
    }
    if (!value->set && !lines_new(r, field->lines, (size_t)count, value))
        return;
    if (value->as.lines.count != count) {
        r->bad = true;
        return;
    }
    for (size_t i = 0; i < count && !inner.bad; i++) {
        kt_str line = get_slice(&inner);
        if (inner.bad)
            break;
        reader parts = {
            .arena = r->arena, .at = (const uint8_t *)line.ptr, .end = (const uint8_t *)line.ptr + line.len};
        get_parts(&parts, &value->as.lines.items[i], sealed);
        inner.bad |= parts.bad;
        r->no_memory |= parts.no_memory;
    }
    r->bad |= inner.bad;
}

/* A whole number that was stored before the field had digits after the point. */
static void widen_number(const model_field *field, int64_t number, model_value *value)
{
    value->as.d = kt_dec_round(KT_DEC(number, 0), field->scale);
    value->set = value->as.d.scale1 == field->scale + 1;
}

/* A number where the field has other values: what it once was, or the last id, beside the lines. */
static void get_number(reader *r, const model_field *field, model_value *value)
{
    int64_t number = get_signed(r);
    if (field->type == KT_LINES) {
        value->as.lines.last = (uint32_t)number;
    } else if (is_decimal(field->type)) {
        widen_number(field, number, value);
    } else { /* a list; it was a single reference */
        uint64_t *ids = ARENA_NEW(r->arena, uint64_t);
        r->no_memory |= !ids;
        if (ids) {
            *ids = (uint64_t)number;
            value->set = true;
            value->as.refs.ids = ids;
            value->as.refs.count = 1;
        }
    }
}

static void get_decimal(reader *r, uint8_t scale, model_value *value)
{
    if (r->at == r->end || *r->at > KT_DEC_SCALE_MAX) {
        r->bad = true;
        return;
    }
    kt_dec d = {.scale1 = (uint8_t)(*r->at++ + 1)};
    d.coef = get_signed(r);
    if (d.scale1 != scale + 1)
        d = kt_dec_round(d, scale);
    value->set = d.scale1 == scale + 1;
    value->as.d = d;
}

/* The codec_wire type that a field's values have now; numbers are read by decimals and lists too. */
static codec_wire wire_of(const model_field *field)
{
    return is_text(field->type)      ? WIRE_TEXT
           : is_decimal(field->type) ? WIRE_DECIMAL
           : field->type == KT_REFS  ? WIRE_REFS
           : field->type == KT_LINES ? WIRE_LINES
           : is_any(field)           ? WIRE_ANY
                                     : WIRE_NUMBER;
}

model_tag model_tag_of(const model_field *field)
{
    const codec_wire wire = wire_of(field);
    const bool takes_numbers = wire == WIRE_DECIMAL || wire == WIRE_REFS || wire == WIRE_LINES;
    return (model_tag){.position = field->position,
        .fits = (uint8_t)(1U << wire | (takes_numbers ? 1U << WIRE_NUMBER : 0)),
        .plain = (uint8_t)wire,
        .scale = field->scale};
}

static inline void get_value(
    reader *r, const model_record *record, model_tag of, codec_wire type, bool sealed)
{
    const model_field *field = &record->entity->fields[of.position];
    model_value *value = &record->values[of.position];
    switch (type) {
    case WIRE_NUMBER:
        if (of.plain != WIRE_NUMBER) {
            get_number(r, field, value);
            return;
        }
        value->as.i = get_signed(r);
        value->set = true;
        return;
    case WIRE_TEXT:
        value->as.s = get_text(r);
        value->set = !r->bad;
        return;
    case WIRE_DECIMAL:
        get_decimal(r, of.scale, value);
        return;
    case WIRE_REFS:
        get_refs(r, value);
        return;
    case WIRE_LINES:
        get_lines(r, field, value, sealed);
        return;
    case WIRE_ANY:
        value->as.any.entity = (uint16_t)get_varint(r);
        value->as.any.id = get_varint(r);
        value->set = true;
        return;
    case WIRE_SEALED:
        break;
    }
    r->bad = true;
}

static void skip_value(reader *r, codec_wire type)
{
    switch (type) {
    case WIRE_NUMBER:
        (void)get_varint(r);
        return;
    case WIRE_TEXT:
        (void)get_text(r);
        return;
    case WIRE_DECIMAL:
        r->bad |= r->at == r->end;
        r->at += !r->bad;
        (void)get_varint(r);
        return;
    case WIRE_REFS:
    case WIRE_LINES:
    case WIRE_SEALED:
        (void)get_slice(r);
        return;
    case WIRE_ANY:
        (void)get_varint(r);
        (void)get_varint(r);
        return;
    }
    r->bad = true;
}

/* What this catalogue does not know is carried along, in one piece. */
static void keep(reader *r, const uint8_t *from, kt_str *rest)
{
    size_t n = (size_t)(r->at - from);
    if (!rest->len) {
        *rest = (kt_str){(const char *)from, n};
        return;
    }
    char *joined = arena_alloc(r->arena, rest->len + n);
    if (!joined) {
        r->no_memory = true;
        return;
    }
    memcpy(joined, rest->ptr, rest->len);
    memcpy(joined + rest->len, from, n);
    *rest = (kt_str){joined, rest->len + n};
}

/* What is no field's: the record's own, or what this catalogue does not know. start: of the part's head */
static void get_other(
    reader *r, model_record *record, bool sealed, uint64_t tag, codec_wire type, const uint8_t *start)
{
    const bool own = !sealed && !record->entity->lines_only;
    if (own && tag == TAG_SEALED && type == WIRE_SEALED) {
        r->sealed = get_slice(r);
        return;
    }
    if (own && tag == TAG_ENTRY && type == WIRE_NUMBER) {
        record->entry = get_varint(r);
        return;
    }
    skip_value(r, type);
    if (!r->bad)
        keep(r, start, sealed ? &record->sealed_rest : &record->rest);
}

static void get_parts(reader *r, model_record *record, bool sealed)
{
    const model_internals *internals = record->entity->internals;
    const bool *wanted = r->wanted;
    while (r->at != r->end && !r->bad && !r->no_memory) {
        const uint8_t *start = r->at;
        uint64_t head = get_varint(r);
        codec_wire type = (codec_wire)(head & 7);
        uint64_t tag = head >> 3;
        const model_tag of = tag < internals->tag_count ? internals->by_tag[tag]
                                                        : (model_tag){.position = NO_POSITION};
        if (of.position == NO_POSITION || !(of.fits >> type & 1))
            get_other(r, record, sealed, tag, type, start);
        else if (wanted && !wanted[of.position])
            skip_value(r, type);
        else
            get_value(r, record, of, type, sealed);
    }
}

static kt_error *get_sealed(kt_tx *tx, uint64_t id, kt_str sealed, model_record *record, bool *bad)
{
    kt_str plain;
    KT_TRY(seal_open(tx, record->entity, id, sealed, &plain));
    record->erased = !plain.ptr;
    if (record->erased)
        return NULL;
    reader r = {
        .arena = tx->arena, .at = (const uint8_t *)plain.ptr, .end = (const uint8_t *)plain.ptr + plain.len};
    get_parts(&r, record, true);
    *bad = r.bad;
    return r.no_memory ? error_no_memory() : NULL;
}

/* Is anything that is wanted personal? */
static bool wants_sealed(const model_entity *entity, const bool *wanted)
{
    for (size_t i = 0; i < entity->field_count; i++) {
        const model_field *field = &entity->fields[i];
        if (wanted && !wanted[i])
            continue;
        if (field->personal || (field->type == KT_LINES && wants_sealed(field->lines, NULL)))
            return true;
    }
    return false;
}

kt_error *model_record_decode(
    kt_tx *tx, const model_entity *entity, uint64_t id, kt_str bytes, model_record *record)
{
    return model_record_decode_part(tx, entity, id, bytes, NULL, record);
}

kt_error *model_record_decode_part(kt_tx *tx, const model_entity *entity, uint64_t id, kt_str bytes,
    const bool *wanted, model_record *record)
{
    if (!record->values) {
        record->values = ARENA_ARRAY(tx->arena, model_value, entity->field_count);
        if (!record->values)
            return error_no_memory();
    } else {
        memset(record->values, 0, entity->field_count * sizeof *record->values);
    }
    record->entity = entity;
    record->rest = record->sealed_rest = (kt_str){0};
    record->entry = 0;
    record->erased = false;
    if (!entity->lines_only)
        record->values[MODEL_ID] = (model_value){.set = true, .as.i = (int64_t)id};
    reader r = {.arena = tx->arena, .wanted = wanted, .bad = !bytes.len || bytes.ptr[0] != CODEC_FORMAT};
    if (!r.bad) {
        r.at = (const uint8_t *)bytes.ptr + 1;
        r.end = (const uint8_t *)bytes.ptr + bytes.len;
        get_parts(&r, record, false);
    }
    if (!r.bad && r.sealed.len && (!wanted || wants_sealed(entity, wanted)))
        KT_TRY(get_sealed(tx, id, r.sealed, record, &r.bad));
    if (r.no_memory)
        return error_no_memory();
    if (r.bad)
        return kt_fail(tx, KT_STORAGE, NULL, "record %llu of %s cannot be read",
            "nie można odczytać rekordu %llu encji %s", (unsigned long long)id, entity->name.ptr);
    return NULL;
}

/* Lines have two values with one tag: their last id, and themselves. */
bool model_record_part(kt_str bytes, size_t *at, uint32_t *tag, kt_str *part)
{
    size_t start = *at ? *at : 1;
    if (!bytes.len || bytes.ptr[0] != CODEC_FORMAT || start > bytes.len) {
        *at = SIZE_MAX;
        return false;
    }
    if (start == bytes.len)
        return false;
    reader r = {.at = (const uint8_t *)bytes.ptr + start, .end = (const uint8_t *)bytes.ptr + bytes.len};
    const uint8_t *end = r.at;
    uint64_t head = get_varint(&r);
    const uint64_t first = head >> 3;
    while (!r.bad && head >> 3 == first) {
        skip_value(&r, (codec_wire)(head & 7));
        end = r.at;
        if (r.at == r.end)
            break;
        head = get_varint(&r);
    }
    if (r.bad || first > UINT16_MAX) { /* no field has such a tag */
        *at = SIZE_MAX;
        return false;
    }
    *tag = (uint32_t)first;
    *part = (kt_str){bytes.ptr + start, (size_t)((const char *)end - bytes.ptr) - start};
    *at = start + part->len;
    return true;
}

uint64_t model_record_entry(kt_str bytes)
{
    size_t at = 0;
    uint32_t tag;
    kt_str part;
    while (model_record_part(bytes, &at, &tag, &part))
        if (tag == TAG_ENTRY) {
            reader r = {.at = (const uint8_t *)part.ptr, .end = (const uint8_t *)part.ptr + part.len};
            (void)get_varint(&r); /* the head */
            uint64_t entry = get_varint(&r);
            return r.bad ? 0 : entry;
        }
    return 0;
}

bool model_part_is_half(const model_entity *entity, uint32_t tag)
{
    bool any = false;
    for (size_t i = 0; i < entity->field_count; i++) {
        const model_field *f = &entity->fields[i];
        bool halved = f->type == KT_LINES && f->lines->has_personal;
        if (halved && f->tag == tag)
            return true;
        any = any || halved;
    }
    return any && tag == TAG_SEALED;
}

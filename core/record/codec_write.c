/* codec_write.c -- a record becomes bytes: [format][part].., a part being [tag << 3 | wire type] and its
 * content, so that a catalogue reads what an older or a richer one wrote.
 *
 * Varints are little-endian groups of seven bits. Lengths of lists are three groups always, filled in
 * afterwards, so that a record is written in one pass. */
#include "record/codec.h"
#include "record/seal.h"

static uint8_t *put_varint(uint8_t *at, uint64_t value)
{
    while (value >= 0x80) {
        *at++ = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    *at++ = (uint8_t)value;
    return at;
}

static uint8_t *put_signed(uint8_t *at, int64_t value)
{
    return put_varint(at, (uint64_t)value << 1 ^ (uint64_t)(value >> 63));
}

static void put_length(uint8_t *at, size_t length)
{
    at[0] = (uint8_t)(length | 0x80);
    at[1] = (uint8_t)(length >> 7 | 0x80);
    at[2] = (uint8_t)(length >> 14);
}

static uint8_t *put_part(uint8_t *at, uint16_t tag, codec_wire type)
{
    return put_varint(at, (uint64_t)tag << 3 | type);
}

static uint8_t *put_text(uint8_t *at, kt_str s)
{
    at = put_varint(at, s.len);
    if (s.len)
        memcpy(at, s.ptr, s.len);
    at += s.len;
    *at++ = 0;
    return at;
}

/* No more bytes than this are written for a record's parts. */
static size_t parts_bound(const model_record *record)
{
    size_t bound = record->rest.len + record->sealed_rest.len + 64;
    for (size_t i = 0; i < record->entity->field_count; i++) {
        const model_value *value = &record->values[i];
        if (!value->set && record->entity->fields[i].type != KT_LINES)
            continue;
        bound += 40;
        switch (record->entity->fields[i].type) {
        case KT_STRING:
        case KT_TEXT:
        case KT_JSON:
            bound += value->as.s.len;
            break;
        case KT_REFS:
            bound += value->as.refs.count * 10;
            break;
        case KT_LINES: /* twice, for lines stand in the sealed part too */
            for (size_t k = 0; value->set && k < value->as.lines.count; k++)
                bound += 2 * CODEC_LENGTH_SIZE + parts_bound(&value->as.lines.items[k]);
            break;
        case KT_BOOL:
        case KT_INT:
        case KT_MONEY:
        case KT_PRICE:
        case KT_QUANTITY:
        case KT_PERCENT:
        case KT_RATE:
        case KT_DATE:
        case KT_TIME:
        case KT_STATE:
        case KT_REF:
        case KT_FILE:
            break;
        }
    }
    return bound;
}

static uint8_t *put_parts(uint8_t *at, const model_record *record, bool personal);

static uint32_t highest_id(const model_value *lines)
{
    uint32_t most = 0;
    for (size_t i = 0; lines->set && i < lines->as.lines.count; i++)
        if (lines->as.lines.items[i].values[0].as.i > most)
            most = (uint32_t)lines->as.lines.items[i].values[0].as.i;
    return most;
}

/* So that an id is not given again once its line, the last one, is gone. */
static uint8_t *put_last_id(uint8_t *at, const model_field *field, const model_value *value)
{
    if (value->as.lines.last <= highest_id(value))
        return at;
    return put_signed(put_part(at, field->tag, WIRE_NUMBER), value->as.lines.last);
}

static uint8_t *put_lines(uint8_t *at, const model_field *field, const model_value *value, bool personal)
{
    if (personal && !field->lines->has_personal)
        return at;
    at = put_part(at, field->tag, WIRE_LINES);
    uint8_t *length = at;
    at = put_varint(at + CODEC_LENGTH_SIZE, value->as.lines.count);
    for (size_t i = 0; i < value->as.lines.count; i++) {
        uint8_t *line = at;
        at = put_parts(at + CODEC_LENGTH_SIZE, &value->as.lines.items[i], personal);
        put_length(line, (size_t)(at - line) - CODEC_LENGTH_SIZE);
    }
    put_length(length, (size_t)(at - length) - CODEC_LENGTH_SIZE);
    return at;
}

static uint8_t *put_refs(uint8_t *at, const model_value *value)
{
    uint8_t *length = at;
    at += CODEC_LENGTH_SIZE;
    for (size_t i = 0; i < value->as.refs.count; i++)
        at = put_varint(at, value->as.refs.ids[i]);
    put_length(length, (size_t)(at - length) - CODEC_LENGTH_SIZE);
    return at;
}

static uint8_t *put_value(uint8_t *at, const model_field *field, const model_value *value)
{
    switch (field->type) {
    case KT_STRING:
    case KT_TEXT:
    case KT_JSON:
        return put_text(put_part(at, field->tag, WIRE_TEXT), value->as.s);
    case KT_MONEY:
    case KT_PRICE:
    case KT_QUANTITY:
    case KT_PERCENT:
    case KT_RATE:
        at = put_part(at, field->tag, WIRE_DECIMAL);
        *at++ = (uint8_t)(value->as.d.scale1 - 1);
        return put_signed(at, value->as.d.coef);
    case KT_REFS:
        return put_refs(put_part(at, field->tag, WIRE_REFS), value);
    case KT_BOOL: /* false is not stored */
        return value->as.i ? put_signed(put_part(at, field->tag, WIRE_NUMBER), 1) : at;
    case KT_REF:
        if (is_any(field)) {
            at = put_varint(put_part(at, field->tag, WIRE_ANY), value->as.any.entity);
            return put_varint(at, value->as.any.id);
        }
        return put_signed(put_part(at, field->tag, WIRE_NUMBER), value->as.i);
    case KT_INT:
    case KT_DATE:
    case KT_TIME:
    case KT_STATE:
    case KT_FILE:
        return put_signed(put_part(at, field->tag, WIRE_NUMBER), value->as.i);
    case KT_LINES:
        break; /* put_lines */
    }
    return at;
}

/* The parts that are personal, or those that are not. */
static uint8_t *put_parts(uint8_t *at, const model_record *record, bool personal)
{
    const model_entity *entity = record->entity;
    for (size_t i = entity->lines_only ? 0 : 1; i < entity->field_count; i++) { /* an id is in the key */
        const model_field *field = &entity->fields[i];
        const model_value *value = &record->values[i];
        if (field->type == KT_LINES && !personal)
            at = put_last_id(at, field, value);
        if (!value->set)
            continue;
        if (field->type == KT_LINES)
            at = value->as.lines.count ? put_lines(at, field, value, personal) : at;
        else if (field->personal == personal)
            at = put_value(at, field, value);
    }
    kt_str rest = personal ? record->sealed_rest : record->rest;
    if (rest.len)
        memcpy(at, rest.ptr, rest.len);
    return at + rest.len;
}

bool model_record_is_personal(const model_record *record)
{
    if (record->sealed_rest.len)
        return true;
    for (size_t i = 0; record->entity->has_personal && i < record->entity->field_count; i++) {
        const model_field *field = &record->entity->fields[i];
        const model_value *value = &record->values[i];
        if (!value->set)
            continue;
        if (field->personal && !(field->type == KT_BOOL && !value->as.i))
            return true;
        for (size_t k = 0; field->type == KT_LINES && k < value->as.lines.count; k++)
            if (model_record_is_personal(&value->as.lines.items[k]))
                return true;
    }
    return false;
}

static kt_error *put_sealed(kt_tx *tx, const model_record *record, size_t bound, uint8_t **at)
{
    uint8_t *plain = arena_bytes(tx->arena, bound);
    if (!plain)
        return error_no_memory();
    size_t size = (size_t)(put_parts(plain, record, true) - plain);
    kt_str sealed;
    KT_TRY(seal_close(tx, record, (kt_str){(char *)plain, size}, &sealed));
    *at = put_varint(put_part(*at, TAG_SEALED, WIRE_SEALED), sealed.len);
    memcpy(*at, sealed.ptr, sealed.len);
    *at += sealed.len;
    return NULL;
}

kt_error *model_record_encode(kt_tx *tx, const model_record *record, kt_str *bytes)
{
    size_t bound = parts_bound(record);
    bool personal = model_record_is_personal(record);
    uint8_t *start = arena_bytes(tx->arena, 1 + bound + (personal ? bound + SEAL_OVERHEAD : 0));
    if (!start)
        return error_no_memory();
    start[0] = CODEC_FORMAT;
    uint8_t *at = start + 1;
    if (record->entry)
        at = put_varint(put_part(at, TAG_ENTRY, WIRE_NUMBER), record->entry);
    at = put_parts(at, record, false);
    if (personal)
        KT_TRY(put_sealed(tx, record, bound, &at));
    *bytes = (kt_str){(char *)start, (size_t)(at - start)};
    if (bytes->len > STORE_VALUE_MAX)
        return kt_fail(tx, KT_LIMIT, NULL,
            "the record has %zu bytes, more than the %d that a record may have",
            "rekord ma %zu bajtów, więcej niż dozwolone %d", bytes->len, STORE_VALUE_MAX);
    return NULL;
}

/* sequence.c -- counters under 's': entity u16, 0 for ids; entity u16, 1, company u64, period u64 for numbers
 * by the entity's pattern; entity u16, 2, company, period, pattern for other series. They are written in the
 * transaction itself: what fails takes no number, so none is ever missing. */
#include "model/sequence.h"

#include <string.h>

#include "model/entries.h"

#define SEQUENCE_WIDTH_MAX 12
#define NUMBER_MAX         60
#define TAKEN_MOST         1000 /* numbers passed over at once */

typedef struct {
    kt_str text; /* or: */
    char part;   /* 'y', 'm', 'd', 's'; 0: text */
    int digits;
} piece;

/* Cuts the next piece off; false: nothing left, or a bad one (rest->ptr is NULL then). */
static bool next_piece(kt_str *rest, piece *out)
{
    static const struct {
        kt_str name;
        char part;
        int digits;
    } parts[] = {
        {{"{year}", 6}, 'y', 4}, {{"{month}", 7}, 'm', 2}, {{"{day}", 5}, 'd', 2}, {{"{seq}", 5}, 's', 1}};
    if (!rest->len)
        return false;
    if (rest->ptr[0] != '{') {
        const char *brace = memchr(rest->ptr, '{', rest->len);
        size_t n = brace ? (size_t)(brace - rest->ptr) : rest->len;
        *out = (piece){.text = {rest->ptr, n}};
        *rest = (kt_str){rest->ptr + n, rest->len - n};
        return true;
    }
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (str_starts(*rest, parts[i].name)) {
            *out = (piece){.part = parts[i].part, .digits = parts[i].digits};
            *rest = (kt_str){rest->ptr + parts[i].name.len, rest->len - parts[i].name.len};
            return true;
        }
    if (!str_starts(*rest, KT_STR("{seq:"))) {
        *rest = (kt_str){0};
        return false;
    }
    size_t at = 5;
    int digits = 0;
    while (at < rest->len && rest->ptr[at] >= '0' && rest->ptr[at] <= '9' && digits < 100)
        digits = digits * 10 + (rest->ptr[at++] - '0');
    if (at == rest->len || rest->ptr[at] != '}' || digits < 1 || digits > SEQUENCE_WIDTH_MAX) {
        *rest = (kt_str){0};
        return false;
    }
    *out = (piece){.part = 's', .digits = digits};
    *rest = (kt_str){rest->ptr + at + 1, rest->len - at - 1};
    return true;
}

bool sequence_pattern_is_good(kt_str pattern)
{
    kt_str rest = pattern;
    piece p;
    int counters = 0;
    while (next_piece(&rest, &p))
        counters += p.part == 's';
    return rest.ptr && counters == 1 && pattern.len <= NUMBER_MAX - SEQUENCE_WIDTH_MAX;
}

static void id_key(key *out, const model_entity *entity)
{
    key_open(out, KEY_SEQUENCE);
    key_u16(out, entity->number);
    key_u16(out, 0);
}

kt_error *sequence_id(kt_tx *tx, const model_entity *entity, uint64_t *id)
{
    key name;
    id_key(&name, entity);
    return store_add(tx->view, STORE_DATA, key_str(&name), 1, id);
}

kt_error *sequence_id_at_least(kt_tx *tx, const model_entity *entity, uint64_t id)
{
    key name;
    uint64_t last;
    id_key(&name, entity);
    KT_TRY(counter_read(tx, &name, &last));
    return last < id ? counter_write(tx, &name, id) : NULL;
}

static void number_key(
    key *out, const model_entity *entity, kt_str pattern, uint64_t company, int year, int month, int day)
{
    uint64_t period = 0;
    kt_str rest = pattern;
    bool own = str_eq(pattern, entity->number_pattern);
    bool years = false, months = false, days = false;
    for (piece p; next_piece(&rest, &p);) {
        years |= p.part == 'y';
        months |= p.part == 'm';
        days |= p.part == 'd';
    }
    if (years)
        period += (uint64_t)year * 10000;
    if (months)
        period += (uint64_t)month * 100;
    if (days)
        period += (uint64_t)day;
    key_open(out, KEY_SEQUENCE);
    key_u16(out, entity->number);
    key_u16(out, own ? 1 : 2);
    key_u64(out, company);
    key_u64(out, period);
    if (!own)
        key_bytes(out, pattern);
}

/* At least so many digits. returns the first of those written before the end */
static char *write_digits(char *end, uint64_t value, int digits)
{
    char *at = end;
    for (; value || digits > 0; value /= 10, digits--)
        *--at = (char)('0' + value % 10);
    return at;
}

static kt_str write_number(kt_tx *tx, kt_str pattern, int year, int month, int day, uint64_t count)
{
    char text[NUMBER_MAX * 2], digits[32], *const end = digits + sizeof digits;
    size_t n = 0;
    for (piece p; next_piece(&pattern, &p);) {
        kt_str written = p.text;
        if (p.part) {
            uint64_t value = p.part == 'y'   ? (uint64_t)year
                             : p.part == 'm' ? (uint64_t)month
                             : p.part == 'd' ? (uint64_t)day
                                             : count;
            const char *first = write_digits(end, value, p.digits);
            written = (kt_str){first, (size_t)(end - first)};
        }
        if (written.len > sizeof text - n)
            return (kt_str){0};
        memcpy(text + n, written.ptr, written.len);
        n += written.len;
    }
    return arena_str(tx->arena, (kt_str){text, n});
}

static kt_error *is_taken(kt_tx *tx, const model_record *record, bool *taken)
{
    const model_entity *entity = record->entity;
    *taken = false;
    for (size_t i = 0; i < entity->index_count; i++) {
        const model_index *index = &entity->indexes[i];
        key name;
        kt_str value;
        if (!index->unique || index->fields[0]->position != MODEL_NUMBER || !entry_key(index, record, &name))
            continue;
        KT_TRY(store_get(tx->view, STORE_DATA, key_str(&name), &value));
        *taken = value.ptr != NULL;
    }
    return NULL;
}

kt_error *sequence_series(kt_tx *tx, model_record *record, kt_str pattern, kt_date date)
{
    const model_entity *entity = record->entity;
    int year, month, day;
    kt_date_parts(date, &year, &month, &day);
    uint64_t company = (uint64_t)record->values[MODEL_COMPANY].as.i, count;
    key name;
    number_key(&name, entity, pattern, company, year, month, day);
    KT_TRY(counter_read(tx, &name, &count));
    bool taken = true;
    const uint64_t start = count;
    while (taken && count - start < TAKEN_MOST) {
        kt_str text = write_number(tx, pattern, year, month, day, ++count);
        if (!text.ptr)
            return error_no_memory();
        record->values[MODEL_NUMBER] = (model_value){.set = true, .as.s = text};
        KT_TRY(is_taken(tx, record, &taken));
    }
    return counter_write(tx, &name, count);
}

kt_error *sequence_number(kt_tx *tx, model_record *record)
{
    return sequence_series(tx, record, record->entity->number_pattern, kt_today(tx));
}

kt_error *model_series(kt_tx *tx, const model_entity *entity, uint64_t company, kt_str pattern,
    uint64_t ahead, bool take, kt_str *number)
{
    key name;
    uint64_t count;
    int year, month, day;
    if (!sequence_pattern_is_good(pattern))
        return kt_fail(tx, KT_VALIDATION, "numbers",
            "is no pattern of numbers: it needs one {seq} or {seq:DIGITS}",
            "nie jest wzorem numerów: potrzebuje jednego {seq} lub {seq:CYFRY}");
    kt_date_parts(kt_today(tx), &year, &month, &day);
    number_key(&name, entity, pattern, company, year, month, day);
    KT_TRY(counter_read(tx, &name, &count));
    *number = write_number(tx, pattern, year, month, day, count + 1 + ahead);
    if (!number->ptr)
        return error_no_memory();
    return take ? counter_write(tx, &name, count + 1) : NULL;
}

kt_error *sequence_number_back(kt_tx *tx, const model_record *record)
{
    const model_entity *entity = record->entity;
    int year, month, day;
    kt_time created = {record->values[MODEL_CREATED_AT].as.i};
    kt_date_parts(zone_date(tx->zone, created), &year, &month, &day);
    key name;
    uint64_t count;
    number_key(&name, entity, entity->number_pattern, (uint64_t)record->values[MODEL_COMPANY].as.i, year,
        month, day);
    KT_TRY(counter_read(tx, &name, &count));
    kt_str last = write_number(tx, entity->number_pattern, year, month, day, count);
    if (count && str_eq(last, record->values[MODEL_NUMBER].as.s))
        return counter_write(tx, &name, count - 1);
    return kt_hint(
        kt_fail(tx, KT_CONFLICT, "number", "number %s cannot be deleted: others came after it",
            "nie można usunąć numeru %s: są po nim następne", record->values[MODEL_NUMBER].as.s.ptr),
        "Numbers here have no gaps: cancel the record instead.",
        "Numeracja jest tu ciągła: zamiast tego anuluj rekord.");
}

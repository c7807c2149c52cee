/* preview.c -- the overlay's changes as a person reads them: which record, in which department, from what to
 * what. */
#include "bus/preview.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "record/path.h"

#define CHANGES_MAX 1000 /* that are listed; the hash covers all */

typedef struct {
    kt_tx *tx;
    const model_change *change;
    model_record before, after;
    bool has_before, has_after;
    buffer part; /* of a value that is hashed in parts */
} diff;

static const char *in_lang(const kt_tx *tx, kt_text text)
{
    return strcmp(tx->lang, "pl") == 0 && text.pl ? text.pl : text.en;
}

static kt_error *open_diff(kt_tx *tx, const model_change *change, diff *d)
{
    *d = (diff){.tx = tx, .change = change};
    d->has_before = change->before.ptr != NULL;
    d->has_after = change->after.ptr != NULL && change->kind != MODEL_DELETED;
    if (d->has_before)
        KT_TRY(model_record_decode(tx, change->entity, change->id, change->before, &d->before));
    if (d->has_after)
        KT_TRY(model_record_decode(tx, change->entity, change->id, change->after, &d->after));
    return NULL;
}

static kt_str value_text(
    diff *d, const model_record *record, const model_field *field, const model_value *value, buffer *out)
{
    json j = json_to(out);
    buffer_clear(out);
    model_value_json(d->tx, record, field, value, &j);
    return buffer_str(out);
}

typedef struct { /* of a field, before or after */
    const model_record *of;
    const model_value *value; /* NULL: it has none */
    kt_str text;
} side;

static side side_of(diff *d, const model_record *record, bool there, size_t i, buffer *out)
{
    if (!there || !record->values[i].set)
        return (side){.of = record, .text = KT_STR("null")};
    return (side){record, &record->values[i],
        value_text(d, record, &record->entity->fields[i], &record->values[i], out)};
}

/* Calls take for each field that differs and that the caller may see. */
static kt_error *each_field(diff *d,
    void (*take)(void *context, diff *d, const model_field *field, side before, side after), void *context)
{
    const model_entity *entity = d->change->entity;
    kt_tx *tx = d->tx;
    buffer before, after;
    buffer_open(&before, CALL_ANSWER_MAX);
    buffer_open(&after, CALL_ANSWER_MAX);
    buffer_open(&d->part, CALL_ANSWER_MAX);
    for (size_t i = MODEL_COMPANY; i < entity->field_count; i++) {
        const model_field *field = &entity->fields[i];
        const bool any = (d->has_before && d->before.values[i].set) ||
                         (d->has_after && d->after.values[i].set);
        if (!any || (tx->guard && tx->guard->field && !tx->guard->field(tx, field, entity, false)))
            continue;
        const side was = side_of(d, &d->before, d->has_before, i, &before),
                   is = side_of(d, &d->after, d->has_after, i, &after);
        if (was.value && is.value && model_value_equal(field, was.value, is.value))
            continue;
        if (!str_eq(was.text, is.text))
            take(context, d, field, was, is);
    }
    bool full = before.full || after.full || d->part.full;
    buffer_close(&before);
    buffer_close(&after);
    buffer_close(&d->part);
    return full ? error_no_memory() : NULL;
}

/* ---- The hash ---- */

typedef struct { /* a record that the call makes; place: among those that it makes, from 1 */
    const model_entity *entity;
    uint64_t id;
    size_t place;
} made_record;
enum { PENDING_BYTES = 1024 };
typedef struct {
    kt_tx *tx;
    crypto_generichash_state state;
    size_t pending_count;
    unsigned char pending[PENDING_BYTES]; /* what is still to be handed over */
    made_record *made;                    /* by entity and id */
    size_t made_count;
} hashing;

static int by_record(const void *a, const void *b)
{
    const made_record *x = a, *y = b;
    if (x->entity->number != y->entity->number)
        return x->entity->number < y->entity->number ? -1 : 1;
    return (x->id > y->id) - (x->id < y->id);
}

static kt_error *list_made(hashing *h)
{
    size_t count = 0;
    for (const model_change *c = h->tx->changes; c; c = c->next)
        count += c->kind == MODEL_CREATED;
    h->made = ARENA_ARRAY(h->tx->arena, made_record, count + 1);
    if (!h->made)
        return error_no_memory();
    for (const model_change *c = h->tx->changes; c; c = c->next)
        if (c->kind == MODEL_CREATED) {
            h->made[h->made_count] = (made_record){c->entity, c->id, h->made_count + 1};
            h->made_count++;
        }
    if (h->made_count)
        qsort(h->made, h->made_count, sizeof *h->made, by_record);
    return NULL;
}

static void hash_flush(hashing *h)
{
    crypto_generichash_update(&h->state, h->pending, h->pending_count);
    h->pending_count = 0;
}

/* Pieces are gathered, for most are small: to hand one over costs more than to hash it. */
static void hash_bytes(hashing *h, const void *bytes, size_t n)
{
    if (n > sizeof h->pending - h->pending_count)
        hash_flush(h);
    if (n > sizeof h->pending)
        crypto_generichash_update(&h->state, bytes, n);
    else if (n)
        memcpy(h->pending + h->pending_count, bytes, n);
    h->pending_count += n > sizeof h->pending ? 0 : n;
}

/* Its length first, in a byte if it is short. */
static void hash_str(hashing *h, kt_str s)
{
    const uint64_t whole = s.len;
    const uint8_t brief = s.len < UINT8_MAX ? (uint8_t)s.len : UINT8_MAX;
    hash_bytes(h, &brief, sizeof brief);
    if (brief == UINT8_MAX)
        hash_bytes(h, &whole, sizeof whole);
    hash_bytes(h, s.ptr, s.len);
}

static void hash_place(hashing *h, const made_record *made)
{
    hash_str(h, KT_STR("made"));
    hash_bytes(h, &made->place, sizeof made->place);
}

/* Which of the records made it is; NULL: none. */
static const made_record *find_made(const hashing *h, const model_entity *entity, uint64_t id)
{
    const made_record wanted = {.entity = entity, .id = id};
    if (!entity || !h->made_count)
        return NULL;
    return bsearch(&wanted, h->made, h->made_count, sizeof *h->made, by_record);
}

static void hash_refs(hashing *h, const model_field *field, const model_value *value)
{
    for (size_t i = 0; i < value->as.refs.count; i++) {
        const uint64_t id = value->as.refs.ids[i];
        const made_record *made = find_made(h, field->target, id);
        if (made)
            hash_place(h, made);
        else
            hash_bytes(h, &id, sizeof id);
    }
}

/* A time that the call's instant made: now, or so many whole seconds from it (a promise, a reminder). What anybody wrote
 * down ends in other milliseconds than this instant, but for one call in a thousand. */
static bool is_made_of_now(const hashing *h, const model_value *value)
{
    enum { SECOND_MS = 1000 };
    const int64_t now = h->tx->now.ms, from_now = value->as.i - now;
    return from_now == 0 || (from_now % SECOND_MS == 0 && now % SECOND_MS != 0);
}

/* What stands for this call's instant or for a record that it makes gets a fixed name, for another call makes it
 * anew at another time and with other ids. text: of a value that has no parts */
static void hash_plain(hashing *h, const model_field *field, const model_value *value, kt_str text)
{
    const made_record *made = NULL;
    char distance[32];
    if (field->type == KT_TIME && value->set && is_made_of_now(h, value)) {
        (void)snprintf(distance, sizeof distance, "now%+lld", (long long)(value->as.i - h->tx->now.ms));
        text = str_of(distance);
    }
    if (field->type == KT_REF && value->set)
        made = is_any(field) ? find_made(h, model_entity_by_number(h->tx->catalogue, value->as.any.entity),
                                   value->as.any.id)
                             : find_made(h, field->target, (uint64_t)value->as.i);
    if (made)
        hash_place(h, made);
    else
        hash_str(h, text);
}

static void hash_lines(hashing *h, diff *d, const model_record *of, const model_value *lines)
{
    for (size_t i = 0; i < lines->as.lines.count; i++) {
        const model_record *line = &lines->as.lines.items[i];
        for (size_t k = 0; k < line->entity->field_count; k++) {
            const model_field *field = &line->entity->fields[k];
            const model_value *value = &line->values[k];
            if (field->elapsed || !path_field_visible(h->tx, field, of->entity))
                continue;
            hash_str(h, field->name);
            if (field->type == KT_REFS)
                hash_refs(h, field, value);
            else
                hash_plain(h, field, value, value_text(d, of, field, value, &d->part));
        }
    }
}

/* A value as it is judged. */
static void hash_side(hashing *h, diff *d, const model_field *field, side s)
{
    if (!s.value)
        hash_str(h, s.text);
    else if (field->type == KT_LINES)
        hash_lines(h, d, s.of, s.value);
    else if (field->type == KT_REFS)
        hash_refs(h, field, s.value);
    else
        hash_plain(h, field, s.value, s.text);
}

static void hash_field(void *context, diff *d, const model_field *field, side before, side after)
{
    hashing *h = context;
    if (field->position == MODEL_NUMBER || field->elapsed)
        return;
    hash_str(h, field->name);
    if (d->has_before) /* the change's kind says which sides there are */
        hash_side(h, d, field, before);
    if (d->has_after)
        hash_side(h, d, field, after);
}

enum { HASH_BYTES = 16 };

static kt_error *hash_open(kt_tx *tx, hashing *h)
{
    *h = (hashing){.tx = tx};
    crypto_generichash_init(&h->state, NULL, 0, HASH_BYTES);
    return list_made(h);
}

/* What stands before the fields of a change. */
static void hash_change(hashing *h, const model_change *c)
{
    uint64_t about[2] = {(uint64_t)c->kind, c->kind == MODEL_CREATED ? 0 : c->id};
    hash_str(h, c->entity->name);
    hash_bytes(h, about, sizeof about);
}

static void hash_end(hashing *h, char out[PREVIEW_HASH_MAX])
{
    uint8_t hash[HASH_BYTES];
    hash_flush(h);
    crypto_generichash_final(&h->state, hash, sizeof hash);
    sodium_bin2hex(out, PREVIEW_HASH_MAX, hash, sizeof hash);
}

static kt_error *hash_whole_change(hashing *h, const model_change *change)
{
    diff d;
    KT_TRY(open_diff(h->tx, change, &d));
    hash_change(h, change);
    return each_field(&d, hash_field, h);
}

kt_error *preview_hash(kt_tx *tx, char out[PREVIEW_HASH_MAX])
{
    hashing h;
    KT_TRY(hash_open(tx, &h));
    for (const model_change *c = tx->changes; c; c = c->next)
        KT_TRY(hash_whole_change(&h, c));
    hash_end(&h, out);
    return NULL;
}

/* ---- The list ---- */

typedef struct {
    json *before, *after;
    hashing *hash;
} sides;

static void take_field(void *context, diff *d, const model_field *field, side before, side after)
{
    sides *s = context;
    hash_field(s->hash, d, field, before, after);
    if (field->internal)
        return;
    if (d->has_before) {
        json_key_str(s->before, field->name);
        json_raw(s->before, before.text);
    }
    if (d->has_after) {
        json_key_str(s->after, field->name);
        json_raw(s->after, after.text);
    }
}

static const char *department(kt_tx *tx, const model_entity *entity)
{
    return in_lang(tx, entity->module_label);
}

/* Lists a change and hashes it on the way. */
static kt_error *write_change(kt_tx *tx, const model_change *change, hashing *hash, json *answer)
{
    static const char *const kinds[] = {
        [MODEL_CREATED] = "created", [MODEL_UPDATED] = "updated", [MODEL_DELETED] = "deleted"};
    diff d;
    KT_TRY(open_diff(tx, change, &d));
    if (change->kind != MODEL_CREATED)
        model_shown(tx, change->entity, change->id, "read");
    buffer before, after;
    buffer_open(&before, CALL_ANSWER_MAX);
    buffer_open(&after, CALL_ANSWER_MAX);
    json jb = json_to(&before), ja = json_to(&after);
    json_object(&jb);
    json_object(&ja);
    hash_change(hash, change);
    kt_error *error = each_field(&d, take_field, &(sides){&jb, &ja, hash});
    json_object_end(&jb);
    json_object_end(&ja);
    const model_record *shown = d.has_after ? &d.after : &d.before;
    json_object(answer);
    json_member_text(answer, "kind", kinds[change->kind]);
    json_member_str(answer, "entity", change->entity->name);
    json_member_text(answer, "label", in_lang(tx, change->entity->label));
    if (change->kind != MODEL_CREATED)
        json_member_int(answer, "id", (int64_t)change->id);
    if (shown->values[MODEL_NUMBER].set)
        json_member_str(answer, "number", shown->values[MODEL_NUMBER].as.s);
    json_member_str(answer, "title", model_title(tx, shown));
    json_member_text(answer, "department", department(tx, change->entity));
    json_key(answer, "before");
    json_raw(answer, d.has_before ? buffer_str(&before) : KT_STR("null"));
    json_key(answer, "after");
    json_raw(answer, d.has_after ? buffer_str(&after) : KT_STR("null"));
    json_object_end(answer);
    bool full = before.full || after.full;
    buffer_close(&before);
    buffer_close(&after);
    return error ? error : full ? error_no_memory() : NULL;
}

kt_error *preview_write(kt_tx *tx, json *answer)
{
    char text[PREVIEW_HASH_MAX];
    hashing hash;
    size_t count = 0;
    KT_TRY(hash_open(tx, &hash));
    json_key(answer, "changes");
    json_array(answer);
    for (const model_change *c = tx->changes; c; c = c->next)
        KT_TRY(count++ < CHANGES_MAX ? write_change(tx, c, &hash, answer) : hash_whole_change(&hash, c));
    json_array_end(answer);
    json_member_int(answer, "change_count", (int64_t)count);
    json_key(answer, "effects");
    json_array(answer);
    json_array_end(answer);
    json_key(answer, "problems");
    json_array(answer);
    json_array_end(answer);
    hash_end(&hash, text);
    json_member_text(answer, "hash", text);
    return NULL;
}

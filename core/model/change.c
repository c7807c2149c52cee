/* change.c -- the changes of a transaction, joined per record, and the checks that run over them at its end.
 */
#include "model/change.h"

#include "model/ahead.h"
#include "model/internal.h"
#include "record/scope.h"

typedef struct model_change_table {
    model_change **slots; /* by entity and id; open addressing */
    size_t size, used;
} table;

static size_t place(const table *t, const model_entity *entity, uint64_t id)
{
    uint64_t hash = (id * 31 + entity->number) * UINT64_C(0x9E3779B97F4A7C15);
    size_t at = (size_t)(hash >> 32) & (t->size - 1);
    while (t->slots[at] && (t->slots[at]->entity != entity || t->slots[at]->id != id))
        at = (at + 1) & (t->size - 1);
    return at;
}

static kt_error *make_room(kt_tx *tx)
{
    table *t = tx->change_table;
    if (!t) {
        tx->change_table = t = ARENA_NEW(model_lasting(tx), table);
        if (!t)
            return error_no_memory();
    }
    if (t->used * 2 < t->size)
        return NULL;
    table grown = {.size = t->size ? t->size * 2 : 16, .used = t->used};
    grown.slots = ARENA_ARRAY(model_lasting(tx), model_change *, grown.size);
    if (!grown.slots)
        return error_no_memory();
    for (size_t i = 0; i < t->size; i++)
        if (t->slots[i])
            grown.slots[place(&grown, t->slots[i]->entity, t->slots[i]->id)] = t->slots[i];
    *t = grown;
    return NULL;
}

/* Takes a record that came and went within the transaction off the list; its slot stays for its id. */
static void unlink_change(kt_tx *tx, const model_change *gone)
{
    *(gone->previous ? &gone->previous->next : &tx->changes) = gone->next;
    *(gone->next ? &gone->next->previous : &tx->last_change) = gone->previous;
}

static void append(kt_tx *tx, model_change *change)
{
    change->next = NULL;
    change->previous = tx->last_change;
    *(tx->last_change ? &tx->last_change->next : &tx->changes) = change;
    tx->last_change = change;
}

static model_change_kind kind_of(kt_str before, kt_str after)
{
    return !before.ptr ? MODEL_CREATED : after.ptr ? MODEL_UPDATED : MODEL_DELETED;
}

/* The bytes as the overlay has them, which keeps them as long as the transaction lasts. */
static kt_str written(const kt_tx *tx, const model_entity *entity, uint64_t id, kt_str after)
{
    key name;
    kt_str now;
    key_record(&name, entity, id);
    return after.ptr && store_written(tx->view, STORE_DATA, key_str(&name), &now) ? now : after;
}

/* What the record was before its first change. */
static kt_error *keep_before(kt_tx *tx, kt_str before, kt_str *kept)
{
    *kept = before.ptr ? arena_str(model_lasting(tx), before) : before;
    return !before.ptr || kept->ptr ? NULL : error_no_memory();
}

kt_error *change_note(kt_tx *tx, const model_entity *entity, uint64_t id, kt_str before, kt_str after)
{
    KT_TRY(make_room(tx));
    after = written(tx, entity, id, after);
    table *t = tx->change_table;
    size_t at = place(t, entity, id);
    model_change *known = t->slots[at];
    if (!known) {
        model_change *change = ARENA_NEW(model_lasting(tx), model_change);
        if (!change)
            return error_no_memory();
        KT_TRY(keep_before(tx, before, &before));
        *change = (model_change){kind_of(before, after), entity, id, before, after, tx->joining, NULL};
        t->slots[at] = change;
        t->used++;
        append(tx, change);
        return NULL;
    }
    bool listed = known->before.ptr || known->after.ptr;
    known->after = after;
    known->joined = tx->joining && (known->joined || !listed);
    if (!listed) { /* it came and went, and comes again */
        KT_TRY(keep_before(tx, before, &known->before));
        append(tx, known);
    }
    if (!known->before.ptr && !after.ptr)
        unlink_change(tx, known);
    else
        known->kind = kind_of(known->before, after);
    return NULL;
}

model_change *model_change_of(kt_tx *tx, const model_entity *entity, uint64_t id)
{
    const table *t = tx->change_table;
    model_change *known = t && t->size ? t->slots[place(t, entity, id)] : NULL;
    return known && (known->before.ptr || known->after.ptr) ? known : NULL;
}

static kt_error *decode_side(kt_tx *tx, const model_change *change, kt_str bytes, kt_record **rec)
{
    *rec = NULL;
    if (!bytes.ptr)
        return NULL;
    model_record record = {0};
    KT_TRY(model_record_decode(tx, change->entity, change->id, bytes, &record));
    return shape_fill(tx, change->entity->internals->shape, &record, rec);
}

/* problems: what the check finds; an error: it could not be asked. */
static kt_error *check_one(
    kt_tx *tx, const model_change *change, const kt_entity *declared, kt_error **problems)
{
    kt_record *before, *after;
    KT_TRY(decode_side(tx, change, change->before, &before));
    KT_TRY(decode_side(tx, change, change->after, &after));
    tx->joining = change->joined;
    *problems = declared->check(tx, before, after);
    tx->joining = false;
    return NULL;
}

kt_error *model_commit_checks(kt_tx *tx)
{
    if (tx->doomed)
        return tx->doomed;
    KT_TRY(ahead_check(tx));
    kt_error *problems = NULL;
    for (const model_change *change = tx->changes; change; change = change->next) {
        const kt_entity *declared = change->entity->declared;
        if (!declared || !declared->check)
            continue;
        model_scope scope;
        kt_error *failed = NULL;
        KT_TRY(scope_open(tx, &scope));
        kt_error *error = check_one(tx, change, declared, &failed);
        failed = scope_close(tx, &scope, error ? error : failed);
        if (error)
            return failed;
        kt_also(&problems, failed);
    }
    return problems ? problems : tx->doomed;
}

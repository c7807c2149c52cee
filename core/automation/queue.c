/* queue.c -- runs that come after a commit, or later: rows in STORE_META, written by the transaction that
 * causes them and removed by the one that carries them out.
 *
 *   "Rn"                          the next sequence number, u64
 *   "Rq" due seq (big-endian)     a run: a packed list
 *   "Rw" entity id due seq        the run waits for this record; empty
 *   "Ra" approval                 the run goes on when the approval is decided: as in "Rq"
 *   "Rf" rule number              the run of this number in its rule's log failed: as in "Rq" */
#include "automation/rule.h"
#include "kit/str.h"

enum { CHAIN_MAX = 8, KEY_MAX = 32 };

typedef struct {
    uint8_t bytes[KEY_MAX];
    size_t len;
} meta_key;

static void key_add(meta_key *k, uint64_t value, size_t bytes)
{
    for (size_t i = bytes; i-- > 0;)
        k->bytes[k->len++] = (uint8_t)(value >> (8 * i));
}

static kt_str key_text(const meta_key *k)
{
    return (kt_str){(const char *)k->bytes, k->len};
}

static meta_key row_key(kt_time due, uint64_t seq)
{
    meta_key k = {.bytes = "Rq", .len = 2};
    key_add(&k, (uint64_t)due.ms, 8);
    key_add(&k, seq, 8);
    return k;
}

static meta_key wait_key(const model_entity *entity, uint64_t id)
{
    meta_key k = {.bytes = "Rw", .len = 2};
    key_add(&k, entity->number, 2);
    key_add(&k, id, 8);
    return k;
}

static uint64_t read_be(const char *at)
{
    uint64_t value = 0;
    for (int i = 0; i < 8; i++)
        value = value << 8 | (uint8_t)at[i];
    return value;
}

/* ---- Rows ---- */

static kt_error *next_seq(store_view *view, uint64_t *seq)
{
    kt_str value;
    KT_TRY(store_get(view, STORE_META, KT_STR("Rn"), &value));
    *seq = 0;
    if (value.len == sizeof *seq)
        memcpy(seq, value.ptr, sizeof *seq);
    (*seq)++;
    return store_put(view, STORE_META, KT_STR("Rn"), (kt_str){(const char *)seq, sizeof *seq});
}

static kt_error *write_row(store_view *view, const meta_key *k, const queue_row *row)
{
    buffer out;
    const int64_t numbers[] = {(int64_t)row->rule, (int64_t)row->id, (int64_t)row->user,
        (int64_t)row->company, row->depth, row->tries, row->shadow};
    const kt_str texts[] = {
        row->function, row->trigger, row->event, row->entity, row->payload, row->before, row->field};
    buffer_open(&out, STORE_VALUE_MAX);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        pack_int(&out, numbers[i]);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        pack_str(&out, texts[i]);
    kt_error *error = out.full ? error_no_memory()
                               : store_put(view, STORE_META, key_text(k), buffer_str(&out));
    buffer_close(&out);
    return error;
}

kt_error *queue_put(store_view *view, queue_row *row)
{
    if (!row->seq)
        KT_TRY(next_seq(view, &row->seq));
    meta_key k = row_key(row->due, row->seq);
    return write_row(view, &k, row);
}

static kt_error *read_row(arena *arena, kt_str value, queue_row *row)
{
    value = arena_str(arena, value);
    if (!value.ptr)
        return error_no_memory();
    pack_reader in = pack_read(value);
    int64_t numbers[7];
    kt_str *const texts[] = {
        &row->function, &row->trigger, &row->event, &row->entity, &row->payload, &row->before, &row->field};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        numbers[i] = pack_next_int(&in);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        kt_str s = pack_next_str(&in);
        *texts[i] = s.ptr ? arena_str(arena, s) : s;
    }
    if (in.bad)
        return error_make(
            arena, KT_STORAGE, NULL, "a queued run is damaged", "oczekujące uruchomienie jest uszkodzone");
    row->rule = (uint64_t)numbers[0];
    row->id = (uint64_t)numbers[1];
    row->user = (uint64_t)numbers[2];
    row->company = (uint64_t)numbers[3];
    row->depth = (unsigned)numbers[4];
    row->tries = (unsigned)numbers[5];
    row->shadow = numbers[6] != 0;
    return NULL;
}

kt_error *queue_get(store_view *view, arena *arena, kt_time due, uint64_t seq, queue_row *row, bool *found)
{
    kt_str value;
    meta_key k = row_key(due, seq);
    *row = (queue_row){.due = due, .seq = seq};
    KT_TRY(store_get(view, STORE_META, key_text(&k), &value));
    *found = value.ptr != NULL;
    return *found ? read_row(arena, value, row) : NULL;
}

kt_error *queue_first(store_view *view, arena *arena, queue_row *row, bool *found)
{
    store_cursor *cursor = NULL;
    kt_str key, value;
    kt_error *error = NULL;
    KT_TRY(store_scan(view, STORE_META, KT_STR("Rq"), KT_STR("Rr"), false, &cursor));
    *found = store_next(cursor, &key, &value) && key.len == 18;
    if (*found) {
        *row = (queue_row){.due = {(int64_t)read_be(key.ptr + 2)}, .seq = read_be(key.ptr + 10)};
        error = read_row(arena, value, row);
    }
    kt_error *end = store_scan_end(cursor);
    return error ? error : end;
}

static kt_error *forget_wait(kt_tx *tx, const queue_row *row)
{
    const model_entity *entity = model_entity_find(tx->catalogue, row->entity);
    if (!row->field.ptr || !entity)
        return NULL;
    meta_key k = wait_key(entity, row->id);
    key_add(&k, (uint64_t)row->due.ms, 8);
    key_add(&k, row->seq, 8);
    return store_delete(tx->view, STORE_META, key_text(&k));
}

kt_error *queue_remove(kt_tx *tx, const queue_row *row)
{
    meta_key k = row_key(row->due, row->seq);
    KT_TRY(forget_wait(tx, row));
    return store_delete(tx->view, STORE_META, key_text(&k));
}

/* ---- Adding ---- */

/* The field whose value is the state that a wait stands for. */
static const model_field *state_field(const trigger *t)
{
    if (!t->entity)
        return NULL;
    if (t->kind == ON_ENTERS)
        return t->field;
    return t->entity->state ? t->entity->state : model_field_find(t->entity, KT_STR("stage"));
}

static kt_error *add_wait(kt_tx *tx, const queue_row *row, const model_entity *entity)
{
    meta_key k = wait_key(entity, row->id);
    key_add(&k, (uint64_t)row->due.ms, 8);
    key_add(&k, row->seq, 8);
    return store_put(tx->view, STORE_META, key_text(&k), KT_STR("w"));
}

static queue_row row_of(const kt_tx *tx, const planned *plan, const occasion *on)
{
    const model_record *record = on->after ? on->after : on->before;
    return (queue_row){.rule = plan->rule->id,
        .id = record ? (uint64_t)record->values[MODEL_ID].as.i : 0,
        .user = tx->user,
        .company = tx->company,
        .function = plan->function,
        .trigger = plan->trigger->text,
        .event = str_of(on->event),
        .entity = on->entity ? on->entity->name : (kt_str){0},
        .payload = on->payload,
        .shadow = plan->rule->state == RULE_SHADOW};
}

kt_error *queue_add(kt_tx *tx, const planned *plan, const occasion *on, kt_time due, bool wait)
{
    const model_field *field = wait ? state_field(plan->trigger) : NULL;
    fired *past = fired_of(tx);
    if (!past)
        return error_no_memory();
    if (past->depth >= CHAIN_MAX)
        return kt_fail(tx, KT_LIMIT, NULL, "runs of rules cause each other more than %d deep, at %s",
            "reguły wywołują się nawzajem głębiej niż %d, przy %s", CHAIN_MAX, plan->rule->name.ptr);
    queue_row row = row_of(tx, plan, on);
    row.due = due;
    row.field = field ? field->name : (kt_str){0};
    row.depth = past->depth + (wait ? 0 : 1);
    if (on->before && !wait)
        KT_TRY(model_record_encode(tx, on->before, &row.before));
    KT_TRY(queue_put(tx->view, &row));
    past->queued = true;
    return field ? add_wait(tx, &row, on->entity) : NULL;
}

/* ---- Until it is decided ---- */

static meta_key approval_key(uint64_t id)
{
    meta_key k = {.bytes = "Ra", .len = 2};
    key_add(&k, id, 8);
    return k;
}

kt_error *queue_hold(kt_tx *tx, const planned *plan, const occasion *on, uint64_t approval)
{
    const queue_row row = row_of(tx, plan, on);
    const meta_key k = approval_key(approval);
    return write_row(tx->view, &k, &row);
}

/* What nobody agreed to in time is rejected; what was withdrawn or deleted is of no interest any more. */
kt_error *queue_decided(kt_tx *tx, const model_seen *seen)
{
    const model_record *record = seen->after ? seen->after : seen->before;
    const meta_key k = approval_key((uint64_t)record->values[MODEL_ID].as.i);
    const model_field *field = seen->entity->state;
    const kt_str state = seen->after ? serve_state(field, seen->after->values[field->position].as.i)
                                     : (kt_str){0};
    queue_row row = {.due = tx->now};
    kt_str value;
    if (str_is(state, "pending"))
        return NULL;
    KT_TRY(store_get(tx->view, STORE_META, key_text(&k), &value));
    if (!value.ptr)
        return NULL;
    KT_TRY(read_row(tx->arena, value, &row));
    KT_TRY(store_delete(tx->view, STORE_META, key_text(&k)));
    if (!state.ptr || str_is(state, "withdrawn"))
        return NULL;
    fired *past = fired_of(tx);
    if (!past)
        return error_no_memory();
    row.function = str_is(state, "approved") ? state : KT_STR("rejected");
    past->queued = true;
    return queue_put(tx->view, &row);
}

/* ---- Once more ---- */

static meta_key failed_key(uint64_t rule, uint64_t number)
{
    meta_key k = {.bytes = "Rf", .len = 2};
    key_add(&k, rule, 8);
    key_add(&k, number, 8);
    return k;
}

kt_error *queue_keep(store_view *view, const queue_row *row, uint64_t number)
{
    const meta_key k = failed_key(row->rule, number);
    return write_row(view, &k, row);
}

kt_error *queue_forget(store_view *view, uint64_t rule, uint64_t number)
{
    const meta_key k = failed_key(rule, number);
    return store_delete(view, STORE_META, key_text(&k));
}

kt_error *queue_again(kt_tx *tx, uint64_t rule, uint64_t number, bool *found)
{
    const meta_key k = failed_key(rule, number);
    queue_row row = {.due = tx->now};
    kt_str value;
    KT_TRY(store_get(tx->view, STORE_META, key_text(&k), &value));
    *found = value.ptr != NULL;
    if (!*found)
        return NULL;
    KT_TRY(read_row(tx->arena, value, &row));
    KT_TRY(queue_forget(tx->view, rule, number));
    fired *past = fired_of(tx);
    if (!past)
        return error_no_memory();
    row.tries = 0;
    row.field = (kt_str){0}; /* it waits for nothing any more */
    past->queued = true;
    return queue_put(tx->view, &row);
}

/* ---- Cancelling ---- */

static bool has_left(const model_seen *seen, kt_str name)
{
    const model_field *field = model_field_find(seen->entity, name);
    return field && seen->before && seen->after &&
           !model_value_equal(
               field, &seen->before->values[field->position], &seen->after->values[field->position]);
}

kt_error *queue_cancel(kt_tx *tx, const model_seen *seen)
{
    enum { ROWS_MAX = 64 };
    queue_row rows[ROWS_MAX];
    size_t count = 0;
    store_cursor *cursor = NULL;
    kt_str key, value;
    kt_error *error = NULL;
    const model_record *record = seen->after ? seen->after : seen->before;
    meta_key from = wait_key(seen->entity, (uint64_t)record->values[MODEL_ID].as.i), to = from;
    key_add(&to, UINT64_MAX, 8);
    KT_TRY(store_scan(tx->view, STORE_META, key_text(&from), key_text(&to), false, &cursor));
    while (count < ROWS_MAX && store_next(cursor, &key, &value))
        if (key.len == 28)
            rows[count++] = (queue_row){
                .due = {(int64_t)read_be(key.ptr + 12)}, .seq = read_be(key.ptr + 20)};
    kt_error *end = store_scan_end(cursor);
    for (size_t i = 0; i < count && !end && !error; i++) {
        bool found;
        error = queue_get(tx->view, tx->arena, rows[i].due, rows[i].seq, &rows[i], &found);
        if (!error && found && has_left(seen, rows[i].field))
            error = queue_remove(tx, &rows[i]);
    }
    return end ? end : error;
}

/* log.c -- the log of runs, a ring of each rule in STORE_META; and what repeated failures lead to.
 *
 *   "Rc" rule (u64, big-endian)  number of runs logged
 *   "Rl" rule number             a run, as JSON
 * Values of fields are not in it, only their names: they may be personal, and history has them. What an event
 * from outside brought is kept nowhere else, so it stands here. */
#include "kit/log.h"

#include "automation/rule.h"
#include "kit/str.h"

enum { KEY_MAX = 18, ENTRY_MAX = 8192, PAYLOAD_SHOWN = 4000 };

typedef struct {
    char bytes[KEY_MAX];
    size_t len;
} ring_key;

static ring_key key_of(const char *prefix, uint64_t rule, const uint64_t *number)
{
    ring_key k = {.len = number ? 18 : 10};
    memcpy(k.bytes, prefix, 2);
    for (size_t i = 0; i < 8; i++) {
        k.bytes[2 + i] = (char)(uint8_t)(rule >> (8 * (7 - i)));
        if (number)
            k.bytes[10 + i] = (char)(uint8_t)(*number >> (8 * (7 - i)));
    }
    return k;
}

static kt_str text_of(const ring_key *k)
{
    return (kt_str){k->bytes, k->len};
}

kt_error *log_count(store_view *view, uint64_t rule, uint64_t *count)
{
    kt_str value;
    ring_key k = key_of("Rc", rule, NULL);
    *count = 0;
    KT_TRY(store_get(view, STORE_META, text_of(&k), &value));
    if (value.len == sizeof *count)
        memcpy(count, value.ptr, sizeof *count);
    return NULL;
}

static kt_error *append(store_view *view, uint64_t rule, kt_str entry)
{
    uint64_t count;
    KT_TRY(log_count(view, rule, &count));
    ring_key k = key_of("Rl", rule, &count);
    KT_TRY(store_put(view, STORE_META, text_of(&k), entry));
    if (count >= LOG_KEEP) {
        uint64_t old = count - LOG_KEEP;
        k = key_of("Rl", rule, &old);
        KT_TRY(store_delete(view, STORE_META, text_of(&k)));
        KT_TRY(queue_forget(view, rule, old));
    }
    count++;
    k = key_of("Rc", rule, NULL);
    return store_put(view, STORE_META, text_of(&k), (kt_str){(const char *)&count, sizeof count});
}

static void write_payload(kt_str payload, json *j)
{
    if (payload.len > PAYLOAD_SHOWN) {
        json_member_int(j, "payload_bytes", (int64_t)payload.len);
    } else if (payload.len) {
        json_key(j, "payload");
        json_raw(j, payload);
    }
}

static void write_entry(kt_tx *tx, const planned *plan, const occasion *on, const run_report *report,
    const char *outcome, const kt_error *error, uint64_t number, json *j)
{
    json_object(j);
    json_member_int(j, "run", (int64_t)number);
    json_key(j, "at");
    json_time(j, tx->now);
    json_member_text(j, "outcome", outcome);
    json_member_text(j, "event", on->event);
    json_member_str(j, "function", plan->function);
    if (on->entity) {
        json_member_str(j, "entity", on->entity->name);
        json_member_int(j, "id", (int64_t)on->id);
    }
    write_payload(on->payload, j);
    json_member_int(j, "version", plan->rule->version);
    json_member_int(j, "user", (int64_t)tx->user);
    json_key(j, "changes");
    json_raw(j, report && report->changes.len ? report->changes : KT_STR("[]"));
    json_key(j, "did");
    json_array(j);
    if (report && report->effects.len)
        json_raw(j, buffer_str(&report->effects));
    json_array_end(j);
    json_member_int(j, "us", report ? report->us : 0);
    if (error)
        json_member_text(j, "error", error_text(error));
    json_object_end(j);
}

kt_error *log_run(kt_tx *tx, const planned *plan, const occasion *on, const run_report *report,
    const char *outcome, const kt_error *error)
{
    buffer text;
    uint64_t number;
    KT_TRY(log_count(tx->view, plan->rule->id, &number));
    buffer_open(&text, ENTRY_MAX);
    json j = json_to(&text);
    write_entry(tx, plan, on, report, outcome, error, number, &j);
    if (text.full) { /* its many effects are in the journal */
        buffer_clear(&text);
        j = json_to(&text);
        write_entry(tx, plan, on, NULL, outcome, NULL, number, &j);
    }
    kt_error *failed = append(tx->view, plan->rule->id, buffer_str(&text));
    buffer_close(&text);
    return failed;
}

kt_error *log_list(store_view *view, arena *arena, uint64_t rule, uint32_t limit, json *out)
{
    uint64_t count;
    (void)arena;
    KT_TRY(log_count(view, rule, &count));
    json_member_int(out, "runs", (int64_t)count);
    json_key(out, "rows");
    json_array(out);
    for (uint64_t i = count; i > 0 && count - i < limit && count - i < LOG_KEEP; i--) {
        uint64_t number = i - 1;
        kt_str value;
        ring_key k = key_of("Rl", rule, &number);
        KT_TRY(store_get(view, STORE_META, text_of(&k), &value));
        if (value.ptr)
            json_raw(out, value);
    }
    json_array_end(out);
    return NULL;
}

/* ---- Failures ---- */

static kt_error *tell_owner(kt_tx *tx, const struct rule_row *row)
{
    const model_entity *task = model_entity_find(tx->catalogue, KT_STR("base.task"));
    if (!task || !task->enabled || !row->owner.v)
        return NULL; /* the list of rules shows it */
    kt_str title = arena_format(tx->arena,
        "Rule %.*s was switched off after %d failures / Reguła %.*s została wyłączona", STR_ARG(row->name),
        FAILURES_MAX, STR_ARG(row->name));
    variant values[3] = {{.kind = VARIANT_STRING, .as.string = title},
        {.kind = VARIANT_STRING, .as.string = row->problem},
        {.kind = VARIANT_INT, .as.integer = (int64_t)row->owner.v}};
    const variant_member members[3] = {
        {KT_STR("title"), &values[0]}, {KT_STR("text"), &values[1]}, {KT_STR("owner"), &values[2]}};
    const variant object = {.kind = VARIANT_OBJECT, .as.object = {members, 3}};
    model_record made;
    return model_create(tx, task, &object, &made);
}

kt_error *log_failure(kt_tx *tx, uint64_t rule, kt_str problem)
{
    struct rule_row row = {KT_OF(rule_row)};
    const model_guard *guard = tx->guard;
    tx->guard = NULL;
    kt_error *error = kt_read(tx, (kt_id){rule}, &row.rec);
    if (error) { /* it was deleted meanwhile */
        tx->guard = guard;
        return NULL;
    }
    row.failures++;
    row.problem = arena_str(tx->arena, problem);
    bool off = row.failures >= FAILURES_MAX && (row.state == RULE_ON || row.state == RULE_SHADOW);
    error = kt_update(tx, &row.rec);
    if (!error && off)
        error = kt_act(tx, &row.rec, "disable", NULL);
    if (!error && off)
        error = tell_owner(tx, &row);
    if (off)
        log_line(KT_LOG_WARN, "automation", "rule_switched_off rule=%llu", (unsigned long long)rule);
    tx->guard = guard;
    return error;
}

/* reveal.c -- access.reveal: one value that the caller sees masked, as it is. It costs one of the day's, whoever
 * looks again pays nothing, and the log of reads has it. */
#include "access/reveal.h"

#include <sodium.h>

#include "access/methods.h"

/* ---- The budget ---- */

static uint64_t key_of(const model_entity *entity, uint64_t id, const model_field *field, kt_str value)
{
    uint8_t hash[16];
    uint64_t key = 0;
    crypto_generichash_state state;
    crypto_generichash_init(&state, NULL, 0, sizeof hash);
    crypto_generichash_update(&state, (const uint8_t *)&entity->number, sizeof entity->number);
    crypto_generichash_update(&state, (const uint8_t *)&id, sizeof id);
    crypto_generichash_update(&state, (const uint8_t *)field->name.ptr, field->name.len + 1);
    if (value.len)
        crypto_generichash_update(&state, (const uint8_t *)value.ptr, value.len);
    crypto_generichash_final(&state, hash, sizeof hash);
    memcpy(&key, hash, sizeof key);
    return key ? key : 1;
}

kt_error *reveal_spend(kt_tx *tx, const access_actor *actor, const model_entity *entity, uint64_t id,
    const model_field *field, kt_str value)
{
    bool may;
    verdict why;
    budget_event event;
    KT_TRY(judge(tx, actor, entity, NULL, "reveal", &may, &why));
    if (!may)
        return kt_hint(
            error_make(tx->arena, KT_FORBIDDEN, NULL, "\"%.*s\" is masked for you, and you may not reveal it",
                "\"%.*s\" jest dla ciebie zamaskowane i nie wolno ci tego odsłonić", STR_ARG(field->name)),
            "access.explain tells which grant is missing.",
            "access.explain powie, jakiego uprawnienia brakuje.");
    kt_date today = zone_date(actor->zone, tx->now);
    kt_error *error = read_budget_spend(actor->control->budget, tx, BUDGET_REVEALS, today,
        actor->reveal_limit, key_of(entity, id, field, value), &event);
    budget_alarm(tx, actor, BUDGET_REVEALS, event, actor->reveal_limit);
    return error;
}

/* ---- access.reveal ---- */

typedef struct {
    const model_entity *entity;
    const model_field *field; /* of the record, or of its lines */
    const model_field *lines; /* NULL: of the record */
    model_record record;
    uint64_t line;
    const model_value *value;
} revealing;

static kt_error *bad(kt_tx *tx, const char *path, const char *en, const char *pl)
{
    return error_make(tx->arena, KT_VALIDATION, path, "%s%.0s", "%.0s%s", en, pl);
}

static bool visible(kt_tx *tx, const model_entity *entity, const model_field *field)
{
    return field && (!tx->guard || tx->guard->field(tx, field, entity, false));
}

/* "phone", or "contacts.value" with the id of the line. */
static kt_error *find_field(kt_tx *tx, revealing *r, kt_str name)
{
    const char *dot = memchr(name.ptr, '.', name.len);
    if (dot) {
        r->lines = model_field_find(r->entity, (kt_str){name.ptr, (size_t)(dot - name.ptr)});
        if (!visible(tx, r->entity, r->lines) || r->lines->type != KT_LINES)
            return bad(tx, "field", "there are no such lines", "nie ma takich wierszy");
        name = (kt_str){dot + 1, name.len - (size_t)(dot + 1 - name.ptr)};
    }
    r->field = model_field_find(r->lines ? r->lines->lines : r->entity, name);
    if (!visible(tx, r->entity, r->field) || !r->field->mask.len)
        return bad(tx, "field", "there is no such field that is ever masked",
            "nie ma takiego pola, które bywa maskowane");
    return NULL;
}

static kt_error *find_value(kt_tx *tx, revealing *r)
{
    const model_value *lines = r->lines ? &r->record.values[r->lines->position] : NULL;
    if (!lines) {
        r->value = &r->record.values[r->field->position];
        return NULL;
    }
    for (size_t i = 0; lines->set && i < lines->as.lines.count; i++) {
        const model_record *line = &lines->as.lines.items[i];
        if ((uint64_t)line->values[MODEL_ID].as.i == r->line)
            r->value = &line->values[r->field->position];
    }
    return r->value ? NULL : bad(tx, "line", "the record has no such line", "rekord nie ma takiego wiersza");
}

static kt_error *left_of(kt_tx *tx, const access_actor *actor, int64_t *left)
{
    int64_t seen;
    KT_TRY(read_budget_seen(
        actor->control->budget, tx, BUDGET_REVEALS, zone_date(actor->zone, tx->now), actor->user, &seen));
    *left = actor->reveal_limit > seen ? actor->reveal_limit - seen : 0;
    return NULL;
}

kt_error *reveal_run(method_call *call)
{
    kt_tx *tx = call->tx;
    json *j = call->answer;
    const access_actor *actor = actor_of(tx);
    const variant *line = variant_get(call->params, "line");
    revealing r = {.entity = model_entity_find(tx->catalogue, variant_get_str(call->params, "entity"))};
    uint64_t id = (uint64_t)variant_get(call->params, "id")->as.integer;
    int64_t left;
    if (!actor)
        return forbidden_login(tx->arena);
    if (!r.entity || r.entity->lines_only)
        return bad(tx, "entity", "there is no such entity", "nie ma takiej encji");
    KT_TRY(model_read(tx, r.entity, id, &r.record));
    KT_TRY(find_field(tx, &r, variant_get_str(call->params, "field")));
    if (r.lines && !line)
        return bad(tx, "line", "the line's id is required", "wymagane jest id wiersza");
    r.line = line ? (uint64_t)line->as.integer : 0;
    KT_TRY(find_value(tx, &r));
    if (model_is_masked(tx, r.field, &r.record)) {
        if (!tx->guard->record(tx, &r.record, "reveal"))
            return error_make(tx->arena, KT_FORBIDDEN, NULL, "you may not reveal values of this record",
                "nie wolno ci odsłaniać wartości tego rekordu");
        kt_str which = arena_format(tx->arena, "%llu", (unsigned long long)r.line);
        KT_TRY(reveal_spend(tx, actor, r.entity, id, r.field, which));
        tx->guard->seen(tx, r.entity, id, "reveal");
    } else {
        model_shown(tx, r.entity, id, "read");
    }
    KT_TRY(left_of(tx, actor, &left));
    json_object(j);
    json_key(j, "value");
    if (r.value->set)
        json_str(j, r.value->as.s);
    else
        json_null(j);
    json_member_int(j, "left", left);
    json_object_end(j);
    return NULL;
}

/* What an activity is about, and the to-do of the timeline, which is a planned activity here. */
#include <string.h>

#include "b24.h"

static const entity *activity(void)
{
    return entity_named(KT_STR("crm.activity"));
}

static kt_error *number(b24 *b, const kt_value *params, const char *name, int64_t *n)
{
    const kt_value *given = b24_param(params, name);
    if (given && b24_int(given, n) && *n > 0)
        return NULL;
    return kt_fail(b->tx, KT_VALIDATION, "ERROR_ARGUMENT", "%s is required", "wymagane jest %s", name);
}

static kt_error *activity_fields(b24 *b, const kt_value *params, answer *a)
{
    static const struct {
        const char *name, *type;
        unsigned flags;
    } rows[] = {{"ID", "integer", FIELD_READ_ONLY}, {"ACTIVITY_ID", "integer", FIELD_READ_ONLY},
        {"ENTITY_ID", "integer", 0}, {"ENTITY_TYPE_ID", "integer", 0}, {"TYPE", "string", 0},
        {"VALUE", "string", 0}};
    kt_maker made = KT_MAKE_OBJECT;
    (void)params;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        kt_put(b->tx, &made, rows[i].name, b24_field(b, rows[i].type, rows[i].name, rows[i].flags));
    a->result = made.value;
    return NULL;
}

/* ---- Bindings: an activity has one lead, one deal and one customer ---- */

static const char *const owner_fields[] = {NULL, "lead", "deal", "party", "party"};

static kt_error *is_kind(b24 *b, int64_t party, int64_t type, bool *fits)
{
    const kt_value *p;
    KT_TRY(b24_get(b, "base.party", party, "kind", &p));
    *fits = b24_is(kt_value_get_str(p, "kind"), "person") == (type == 3);
    return NULL;
}

/* The field that a binding of this type is kept in. */
static kt_error *field_of(b24 *b, int64_t type, int64_t id, const char **field)
{
    bool fits = true;
    if (type < 1 || type > 4)
        return b24_fail(
            b->tx, "ERROR_ARGUMENT", "entityTypeId is 1 to 4", "entityTypeId to liczba od 1 do 4");
    if (type > 2)
        KT_TRY(is_kind(b, id, type, &fits));
    if (!fits)
        return b24_fail(b->tx, "NOT_FOUND", "Not found", "Nie znaleziono");
    *field = owner_fields[type];
    return NULL;
}

static kt_error *read_activity(b24 *b, int64_t id, const kt_value **record)
{
    return b24_get(b, "crm.activity", id, "lead deal party party.kind", record);
}

static kt_error *write_field(b24 *b, int64_t id, const char *field, kt_value value)
{
    kt_maker p = KT_MAKE_OBJECT;
    const kt_value *result;
    kt_put(b->tx, &p, "id", kt_value_int(id));
    kt_put(b->tx, &p, "values", b24_in(b, field, value));
    return kt_call(b->tx, "crm.activity.update", &p.value, &result);
}

static kt_error *bind(b24 *b, int64_t id, int64_t type, int64_t to)
{
    const kt_value *record;
    const char *field;
    KT_TRY(read_activity(b, id, &record));
    KT_TRY(field_of(b, type, to, &field));
    int64_t now = b24_int_at(record, field);
    if (now && now != to)
        return kt_hint(kt_fail(b->tx, KT_VALIDATION, "ERROR_CORE",
                           "the activity is about another record of this kind: %lld",
                           "czynność dotyczy innego rekordu tego rodzaju: %lld", (long long)now),
            "An activity has one lead, one deal and one customer here: use crm.activity.binding.move.",
            "Czynność ma tu jeden lead, jedną szansę i jednego klienta: użyj crm.activity.binding.move.");
    return write_field(b, id, field, kt_value_int(to));
}

static kt_error *unbind(b24 *b, int64_t id, int64_t type, int64_t from)
{
    const kt_value *record;
    const char *field;
    KT_TRY(read_activity(b, id, &record));
    KT_TRY(field_of(b, type, from, &field));
    if (b24_int_at(record, field) != from)
        return b24_fail(b->tx, "NOT_FOUND", "Not found", "Nie znaleziono");
    return write_field(b, id, field, (kt_value){0});
}

typedef struct {
    int64_t id, type, other;
} binding;

static kt_error *binding_of(b24 *b, const kt_value *params, const char *type, const char *id, binding *to)
{
    KT_TRY(number(b, params, "activityId", &to->id));
    KT_TRY(number(b, params, type, &to->type));
    return number(b, params, id, &to->other);
}

static kt_error *binding_add(b24 *b, const kt_value *params, answer *a)
{
    binding to;
    KT_TRY(binding_of(b, params, "entityTypeId", "entityId", &to));
    a->result = kt_value_bool(true);
    return bind(b, to.id, to.type, to.other);
}

static kt_error *binding_delete(b24 *b, const kt_value *params, answer *a)
{
    binding to;
    KT_TRY(binding_of(b, params, "entityTypeId", "entityId", &to));
    a->result = kt_value_bool(true);
    return unbind(b, to.id, to.type, to.other);
}

static kt_error *binding_move(b24 *b, const kt_value *params, answer *a)
{
    binding from, to;
    const char *field;
    KT_TRY(binding_of(b, params, "sourceEntityTypeId", "sourceEntityId", &from));
    KT_TRY(binding_of(b, params, "targetEntityTypeId", "targetEntityId", &to));
    a->result = kt_value_bool(true);
    if (owner_fields[from.type > 4 ? 0 : from.type] == owner_fields[to.type > 4 ? 0 : to.type]) {
        const kt_value *record;
        KT_TRY(read_activity(b, from.id, &record));
        KT_TRY(field_of(b, to.type, to.other, &field));
        if (b24_int_at(record, field) != from.other)
            return b24_fail(b->tx, "NOT_FOUND", "Not found", "Nie znaleziono");
        return write_field(b, to.id, field, kt_value_int(to.other));
    }
    KT_TRY(bind(b, to.id, to.type, to.other));
    return unbind(b, from.id, from.type, from.other);
}

static kt_error *binding_list(b24 *b, const kt_value *params, answer *a)
{
    kt_maker list = KT_MAKE_ARRAY;
    const kt_value *record;
    int64_t id;
    KT_TRY(number(b, params, "activityId", &id));
    KT_TRY(read_activity(b, id, &record));
    bool person = b24_is(kt_value_get_str(record, "party.kind"), "person");
    for (int64_t type = 1; type <= 4; type++) {
        int64_t other = b24_int_at(record, owner_fields[type]);
        kt_maker one = KT_MAKE_OBJECT;
        if (!other || (type > 2 && person != (type == 3)))
            continue;
        kt_put(b->tx, &one, "entityTypeId", kt_value_int(type));
        kt_put(b->tx, &one, "entityId", kt_value_int(other));
        kt_add(b->tx, &list, one.value);
    }
    a->result = list.value;
    return NULL;
}

/* ---- To-dos ---- */

/* One parameter as a field of an activity. */
static void put_given(b24 *b, const kt_value *params, const char *name, const char *field, kt_maker *fields)
{
    const kt_value *given = b24_param(params, name);
    if (given && !kt_value_get(&fields->value, field))
        kt_put(b->tx, fields, field, *given);
}

static kt_error *todo_fields(b24 *b, const kt_value *params, kt_maker *fields)
{
    static const name_pair settings[] = {{"colorId", "COLOR"}, {"pingOffsets", "PING_OFFSETS"}};
    kt_maker kept = KT_MAKE_OBJECT;
    const kt_value *deadline = b24_param(params, "deadline");
    if (deadline && !time_ours(b->tx, b24_text(b->tx, deadline)).len)
        return b24_fail(b->tx, "WRONG_DATETIME_FORMAT", "Wrong datetime format", "Zły format daty i czasu");
    put_given(b, params, "title", "SUBJECT", fields);
    put_given(b, params, "deadline", "DEADLINE", fields);
    put_given(b, params, "description", "DESCRIPTION", fields);
    put_given(b, params, "responsibleId", "RESPONSIBLE_ID", fields);
    for (size_t i = 0; i < 2; i++)
        if (b24_param(params, settings[i].theirs))
            kt_put(b->tx, &kept, settings[i].ours, *b24_param(params, settings[i].theirs));
    if (kt_value_count(&kept.value))
        kt_put(b->tx, fields, "SETTINGS", kept.value);
    return NULL;
}

static kt_error *answer_todo(b24 *b, int64_t id, answer *a)
{
    a->result = b24_in(b, "id", kt_value_int(id));
    return NULL;
}

static kt_error *todo_add(b24 *b, const kt_value *params, answer *a)
{
    kt_maker fields = KT_MAKE_OBJECT, p = KT_MAKE_OBJECT;
    answer made;
    int64_t type, owner;
    KT_TRY(number(b, params, "ownerTypeId", &type));
    KT_TRY(number(b, params, "ownerId", &owner));
    if (!b24_given(b, params, "deadline").len)
        return b24_fail(b->tx, "ERROR_ARGUMENT", "deadline is required", "wymagane jest deadline");
    KT_TRY(todo_fields(b, params, &fields));
    if (!kt_value_get(&fields.value, "SUBJECT"))
        kt_put(b->tx, &fields, "SUBJECT", kt_value_str(kt_say(b->tx, (kt_text){"To do", "Do zrobienia"})));
    kt_put(b->tx, &fields, "OWNER_TYPE_ID", kt_value_int(type));
    kt_put(b->tx, &fields, "OWNER_ID", kt_value_int(owner));
    kt_put(b->tx, &fields, "TYPE_ID", kt_value_int(3));
    kt_put(b->tx, &fields, "PROVIDER_ID", b24_str("CRM_TODO"));
    kt_put(b->tx, &p, "fields", fields.value);
    KT_TRY(b24_run(b->tx, b->page, KT_STR("crm.activity.add"), &p.value, &made));
    return answer_todo(b, made.result.as.integer, a);
}

/* The to-do that the parameters name by its id and its owner. */
static kt_error *todo_of(b24 *b, const kt_value *params, int64_t *id)
{
    const kt_value *record;
    int64_t type, owner;
    KT_TRY(number(b, params, "id", id));
    KT_TRY(number(b, params, "ownerTypeId", &type));
    KT_TRY(number(b, params, "ownerId", &owner));
    KT_TRY(read_activity(b, *id, &record));
    if (type <= 4 && b24_int_at(record, owner_fields[type]) == owner)
        return NULL;
    return b24_fail(b->tx, "NOT_FOUND", "Not found", "Nie znaleziono");
}

static kt_error *todo_update(b24 *b, const kt_value *params, answer *a)
{
    kt_maker fields = KT_MAKE_OBJECT;
    int64_t id;
    KT_TRY(todo_of(b, params, &id));
    KT_TRY(todo_fields(b, params, &fields));
    KT_TRY(record_update(b, activity(), id, &fields.value));
    return answer_todo(b, id, a);
}

/* updateDeadline and the like: one value under a name of its own. */
static kt_error *update_one(b24 *b, const kt_value *params, const char *given, const char *name, answer *a)
{
    kt_maker p = KT_MAKE_OBJECT, fields = KT_MAKE_OBJECT;
    const kt_value *value = b24_param(params, given);
    int64_t id;
    KT_TRY(todo_of(b, params, &id));
    if (!value)
        return kt_fail(b->tx, KT_VALIDATION, "ERROR_ARGUMENT", "%s is required", "wymagane jest %s", given);
    kt_put(b->tx, &p, name, *value);
    KT_TRY(todo_fields(b, &p.value, &fields));
    KT_TRY(record_update(b, activity(), id, &fields.value));
    return answer_todo(b, id, a);
}

static kt_error *todo_deadline(b24 *b, const kt_value *params, answer *a)
{
    return update_one(b, params, "value", "deadline", a);
}

static kt_error *todo_description(b24 *b, const kt_value *params, answer *a)
{
    return update_one(b, params, "value", "description", a);
}

static kt_error *todo_responsible(b24 *b, const kt_value *params, answer *a)
{
    return update_one(b, params, "responsibleId", "responsibleId", a);
}

static kt_error *todo_colour(b24 *b, const kt_value *params, answer *a)
{
    return update_one(b, params, "colorId", "colorId", a);
}

const method activity_methods[] = {
    {"crm.activity.communication.fields", false, activity_fields},
    {"crm.activity.binding.add", true, binding_add},
    {"crm.activity.binding.delete", true, binding_delete},
    {"crm.activity.binding.move", true, binding_move},
    {"crm.activity.binding.list", false, binding_list},
    {"crm.activity.todo.add", true, todo_add},
    {"crm.activity.todo.update", true, todo_update},
    {"crm.activity.todo.updateDeadline", true, todo_deadline},
    {"crm.activity.todo.updateDescription", true, todo_description},
    {"crm.activity.todo.updateResponsibleUser", true, todo_responsible},
    {"crm.activity.todo.updateColor", true, todo_colour},
    {0},
};

/* trigger.c -- the words that say when a rule runs.
 *
 *   crm.lead.created  crm.lead.updated [FIELD ..]  crm.lead.deleted  crm.lead.qualify (any action)
 *   crm.lead enters qualified  crm.deal.semantic leaves open
 *   base.task.due reached  crm.deal.expected_close - 3 days  base.task.due + 2 hours
 *   every day at 9:00  every 15 minutes  cron 0 9 * * 1-5
 *   webhook NAME
 *   finance.payment.matched (a module's own event) */
#include "automation/rule.h"
#include "kit/str.h"

enum { WORDS_MAX = 24 };

typedef struct {
    kt_str words[WORDS_MAX];
    size_t count;
} words;

static words split(kt_str text)
{
    words w = {.count = 0};
    for (size_t i = 0; i < text.len && w.count < WORDS_MAX;) {
        while (i < text.len && (text.ptr[i] == ' ' || text.ptr[i] == ','))
            i++;
        size_t from = i;
        while (i < text.len && text.ptr[i] != ' ' && text.ptr[i] != ',')
            i++;
        if (i > from)
            w.words[w.count++] = (kt_str){text.ptr + from, i - from};
    }
    return w;
}

/* "crm.lead.created" -> crm.lead, created. */
static kt_str cut_last(kt_str *dotted)
{
    size_t at = dotted->len;
    while (at > 0 && dotted->ptr[at - 1] != '.')
        at--;
    kt_str last = {dotted->ptr + at, dotted->len - at};
    dotted->len = at ? at - 1 : 0;
    return last;
}

static kt_error *bad(kt_tx *tx, kt_str text, const char *en, const char *pl)
{
    return kt_hint(kt_fail(tx, KT_VALIDATION, "on", "\"%.*s\" names no event", "„%.*s” nie nazywa zdarzenia",
                       STR_ARG(text)),
        en, pl);
}

static kt_error *unknown_field(kt_tx *tx, const model_entity *entity, kt_str name)
{
    return kt_fail(tx, KT_VALIDATION, "on", "%s has no field \"%.*s\"", "%s nie ma pola „%.*s”",
        entity->name.ptr, STR_ARG(name));
}

static kt_error *read_fields(kt_tx *tx, const words *w, trigger *t)
{
    uint16_t *fields = ARENA_ARRAY(tx->arena, uint16_t, w->count);
    kt_error *all = NULL;
    if (!fields)
        return error_no_memory();
    for (size_t i = 1; i < w->count; i++) {
        const model_field *field = model_field_find(t->entity, w->words[i]);
        if (field)
            fields[t->field_count++] = field->position;
        else
            kt_also(&all, unknown_field(tx, t->entity, w->words[i]));
    }
    t->fields = fields;
    return all;
}

static kt_error *read_value(kt_tx *tx, kt_str text, trigger *t)
{
    variant value = {.kind = VARIANT_STRING, .as.string = text};
    if (t->field->type == KT_INT || t->field->type == KT_REF) {
        int64_t n = 0;
        for (size_t i = 0; i < text.len && n < INT64_MAX / 20; i++)
            n = n * 10 + (text.ptr[i] - '0');
        value = (variant){.kind = VARIANT_INT, .as.integer = n};
    } else if (t->field->type == KT_BOOL)
        value = (variant){.kind = VARIANT_BOOL, .as.boolean = str_is(text, "true")};
    value.as.string = value.kind == VARIANT_STRING ? arena_str(tx->arena, text) : value.as.string;
    return query_value_read(tx, t->entity, t->field, &value, "on", &t->value);
}

/* ENTITY[.FIELD] enters VALUE */
static kt_error *read_enters(kt_tx *tx, const words *w, trigger *t)
{
    kt_str name = w->words[0];
    t->kind = str_is(w->words[1], "enters") ? ON_ENTERS : ON_LEAVES;
    t->entity = model_entity_find(tx->catalogue, name);
    t->field = t->entity ? t->entity->state : NULL;
    if (!t->entity) {
        kt_str field = cut_last(&name);
        t->entity = model_entity_find(tx->catalogue, name);
        if (!t->entity)
            return bad(tx, t->text, "There is no such entity.", "Nie ma takiej encji.");
        t->field = model_field_find(t->entity, field);
        if (!t->field)
            return unknown_field(tx, t->entity, field);
    }
    if (!t->field || w->count != 3)
        return bad(tx, t->text, "Write ENTITY.FIELD enters VALUE.", "Napisz ENCJA.POLE enters WARTOŚĆ.");
    return read_value(tx, w->words[2], t);
}

static bool read_offset(const words *w, int64_t *offset_ms)
{
    static const struct {
        const char *name;
        int64_t ms;
    } units[] = {{"minute", 60000}, {"hour", 3600000}, {"day", 86400000}, {"week", 604800000}};
    kt_str count = w->words[2], unit = w->count > 3 ? w->words[3] : (kt_str){0};
    int64_t n = 0;
    for (size_t i = 0; i < count.len; i++) {
        if (count.ptr[i] < '0' || count.ptr[i] > '9' || n > 100000)
            return false;
        n = n * 10 + (count.ptr[i] - '0');
    }
    if (unit.len && unit.ptr[unit.len - 1] == 's')
        unit.len--;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (str_is(unit, units[i].name)) {
            *offset_ms = (w->words[1].ptr[0] == '-' ? -1 : 1) * n * units[i].ms;
            return w->count == 4;
        }
    return false;
}

/* ENTITY.FIELD reached, ENTITY.FIELD - 3 days */
static kt_error *read_date(kt_tx *tx, const words *w, trigger *t)
{
    kt_str name = w->words[0], field = cut_last(&name);
    t->kind = ON_DATE;
    t->entity = model_entity_find(tx->catalogue, name);
    if (!t->entity)
        return bad(tx, t->text, "There is no such entity.", "Nie ma takiej encji.");
    t->field = model_field_find(t->entity, field);
    if (!t->field)
        return unknown_field(tx, t->entity, field);
    if (t->field->type != KT_DATE && t->field->type != KT_TIME)
        return kt_fail(tx, KT_VALIDATION, "on", "%s.%s is neither a day nor an instant",
            "%s.%s nie jest dniem ani chwilą", t->entity->name.ptr, t->field->name.ptr);
    if (!str_is(w->words[1], "reached") && !read_offset(w, &t->offset_ms))
        return bad(tx, t->text, "Write ENTITY.FIELD reached, or ENTITY.FIELD - 3 days.",
            "Napisz ENCJA.POLE reached albo ENCJA.POLE - 3 days.");
    return NULL;
}

static bool is_module(const model_catalogue *catalogue, kt_str name)
{
    size_t dot = 0;
    while (dot < name.len && name.ptr[dot] != '.')
        dot++;
    for (size_t i = 0; dot < name.len && i < model_entity_count(catalogue); i++)
        if (str_eq(model_entity_at(catalogue, i)->module, (kt_str){name.ptr, dot}))
            return true;
    return false;
}

static kt_error *read_event(kt_tx *tx, const words *w, trigger *t)
{
    static const struct {
        const char *name;
        trigger_kind kind;
    } kinds[] = {{"created", ON_CREATED}, {"updated", ON_UPDATED}, {"deleted", ON_DELETED}};
    kt_str name = w->words[0], last = cut_last(&name);
    t->entity = model_entity_find(tx->catalogue, name);
    for (size_t i = 0; t->entity && i < sizeof kinds / sizeof *kinds; i++)
        if (str_is(last, kinds[i].name))
            t->kind = kinds[i].kind;
    if (t->kind == ON_UPDATED)
        return read_fields(tx, w, t);
    if (w->count != 1)
        return bad(tx, t->text, "Only updated takes fields.", "Tylko updated przyjmuje pola.");
    if (t->kind)
        return NULL;
    t->action = t->entity ? model_action_find(t->entity, last) : NULL;
    t->kind = t->action ? ON_ACTION : ON_EVENT;
    t->name = w->words[0];
    if (!t->action && (t->entity || !is_module(tx->catalogue, w->words[0])))
        return bad(tx, t->text,
            "Write ENTITY.created, .updated, .deleted, an action's name, or a module's own event.",
            "Napisz ENCJA.created, .updated, .deleted, nazwę akcji albo własne zdarzenie modułu.");
    return NULL;
}

kt_error *trigger_read(kt_tx *tx, kt_str text, trigger *t)
{
    *t = (trigger){.text = text};
    words w = split(text);
    if (!w.count)
        return bad(tx, text, "Write crm.lead.created, for one.", "Napisz na przykład crm.lead.created.");
    if (str_is(w.words[0], "every") || str_is(w.words[0], "cron")) {
        t->kind = ON_SCHEDULE;
        return schedule_read(tx, text, &t->when);
    }
    if (str_is(w.words[0], "webhook") && w.count == 2) {
        t->kind = ON_WEBHOOK;
        t->name = w.words[1];
        return NULL;
    }
    if (w.count > 1 && (str_is(w.words[1], "enters") || str_is(w.words[1], "leaves")))
        return read_enters(tx, &w, t);
    if (w.count > 1 && (str_is(w.words[1], "reached") || str_is(w.words[1], "+") || str_is(w.words[1], "-")))
        return read_date(tx, &w, t);
    return read_event(tx, &w, t);
}

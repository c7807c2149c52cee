/* validate.c -- limits, required fields, choices, references, lines: everything that is wrong, at once. */
#include "model/validate.h"

#include "kit/text.h"
#include "model/ahead.h"
#include "model/condition.h"
#include "record/path.h"

#define DAY_MAX 3652059 /* 9999-12-31 */
#define MS_MIN  INT64_C(-62135596800000)
#define MS_MAX  INT64_C(253402300799999)

typedef struct {
    kt_tx *tx;
    kt_error **problems;
    const model_field *lines; /* what is looked at is line `line` of them; NULL: the record itself */
    size_t line;
} pass;

static const char *path_of(const pass *p, const model_field *field)
{
    if (!p->lines)
        return field->name.ptr;
    kt_str path = arena_format(p->tx->arena, "%s[%zu].%s", p->lines->name.ptr, p->line, field->name.ptr);
    return path.ptr ? path.ptr : field->name.ptr;
}

#define SAY(...) kt_also(p->problems, kt_fail(p->tx, KT_VALIDATION, path_of(p, field), __VA_ARGS__))

void validate_normalise(model_record *record)
{
    for (size_t i = 0; i < record->entity->field_count; i++) {
        const model_field *field = &record->entity->fields[i];
        model_value *value = &record->values[i];
        if (!value->set)
            continue;
        if ((is_text(field->type) && !value->as.s.len) || (field->type == KT_REFS && !value->as.refs.count) ||
            (field->type == KT_LINES && !value->as.lines.count) ||
            ((field->type == KT_REF || field->type == KT_FILE) && !ref_id(field, value)) ||
            ((field->type == KT_DATE || field->type == KT_TIME || field->type == KT_STATE) && !value->as.i) ||
            (is_decimal(field->type) && !value->as.d.scale1))
            *value = (model_value){0};
        for (size_t k = 0; field->type == KT_LINES && value->set && k < value->as.lines.count; k++)
            validate_normalise(&value->as.lines.items[k]);
    }
}

/* ---- Single values ---- */

static uint32_t limit_of(const model_field *field)
{
    if (field->max)
        return field->max;
    switch (field->type) {
    case KT_STRING:
        return MODEL_STRING_MAX;
    case KT_TEXT:
        return MODEL_TEXT_MAX;
    case KT_JSON:
        return MODEL_JSON_MAX;
    case KT_REFS:
        return MODEL_REFS_MAX;
    case KT_LINES:
        return MODEL_LINES_MAX;
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
    return UINT32_MAX;
}

/* Plain printable ASCII needs no second look. */
static bool is_plain(kt_str s)
{
    uint8_t odd = 0;
    for (size_t i = 0; i < s.len; i++)
        odd |= (uint8_t)s.ptr[i] >= 0x7f || (uint8_t)s.ptr[i] < 0x20;
    return !odd;
}

static bool has_control(const model_field *field, kt_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = (uint8_t)s.ptr[i];
        if (c == 0x7f || c == 0 ||
            (c < 0x20 && (field->type == KT_STRING || (c != '\n' && c != '\t' && c != '\r'))))
            return true;
    }
    return false;
}

static void check_text(pass *p, const model_field *field, kt_str s)
{
    uint32_t limit = limit_of(field);
    bool plain = is_plain(s);
    if (!plain && !text_is_utf8(s)) {
        SAY("is not UTF-8", "nie jest w UTF-8");
        return;
    }
    if (!plain && has_control(field, s))
        SAY("has control characters or line ends, which it may not have",
            "ma znaki sterujące lub końce wierszy, których mieć nie może");
    size_t chars = plain || s.len <= limit ? s.len : text_chars(s);
    if (chars > limit)
        SAY("has %zu characters, at most %u are allowed", "ma %zu znaków, dozwolone jest najwyżej %u", chars,
            limit);
}

static void check_decimal(pass *p, const model_field *field, model_value *value)
{
    kt_dec given = value->as.d;
    if (given.scale1 == field->scale + 1)
        return;
    kt_dec fitted = given.scale1 <= KT_DEC_SCALE_MAX + 1 ? kt_dec_round(given, field->scale) : given;
    if (fitted.scale1 != field->scale + 1)
        SAY("is too large", "jest za duże");
    else if (kt_dec_cmp(fitted, given) != 0)
        SAY("has more than %d digits after the point", "ma więcej niż %d cyfr po przecinku", field->scale);
    else
        value->as.d = fitted;
}

static void check_state(pass *p, const model_field *field, int64_t value)
{
    for (const kt_choice *choice = field->choices; choice && choice->name; choice++)
        if (choice->value == value)
            return;
    SAY("%lld is none of its choices", "%lld nie jest żadnym z wyborów", (long long)value);
}

/* ---- References ---- */

/* Everybody knows oneself and the company one works in: these are what fields begin with. */
static bool is_own(const kt_tx *tx, const model_entity *target, uint64_t id)
{
    return (id == tx->user && target == target->fields[MODEL_CREATED_BY].target) ||
           (id == tx->company && target == target->fields[MODEL_COMPANY].target);
}

/* any: whether the caller may see it does not matter */
static kt_error *is_there(kt_tx *tx, const model_entity *target, uint64_t id, bool any, bool *readable)
{
    const bool judged = (tx->guard && tx->guard->record) || (tx->company && !target->shared);
    model_record record;
    key name;
    bool found;
    key_record(&name, target, id);
    if (any || !judged)
        KT_TRY(store_has(tx->view, STORE_DATA, key_str(&name), &found));
    else
        KT_TRY(model_load(tx, target, id, &record, &found));
    *readable = found ? any || !judged || record_visible(tx, &record, "read")
                      : ahead_is_taken(tx, target, id);
    return NULL;
}

static kt_error *check_target(pass *p, const model_field *field, const model_entity *target, uint64_t id)
{
    if (!target) {
        if (field->type != KT_FILE)
            SAY("points to %s, whose module is not enabled",
                "wskazuje na %s, którego moduł nie jest włączony", field->target_name.ptr);
        return NULL;
    }
    bool there; /* what a module computes names what the caller need not see */
    KT_TRY(is_there(p->tx, target, id, field->computed || is_own(p->tx, target, id), &there));
    if (!there)
        SAY("there is no %s with id %llu", "nie ma %s o id %llu", target->name.ptr, (unsigned long long)id);
    return NULL;
}

static kt_error *check_reference(pass *p, const model_field *field, const model_value *value)
{
    if (!is_any(field))
        return check_target(p, field, field->target, (uint64_t)value->as.i);
    const model_entity *target = model_entity_by_number(p->tx->catalogue, value->as.any.entity);
    if (!target) {
        SAY("points to an unknown entity", "wskazuje na nieznaną encję");
        return NULL;
    }
    return check_target(p, field, target, value->as.any.id);
}

static bool had_id(const model_value *before, uint64_t id)
{
    for (size_t i = 0; before && before->set && i < before->as.refs.count; i++)
        if (before->as.refs.ids[i] == id)
            return true;
    return false;
}

static kt_error *check_references(
    pass *p, const model_field *field, const model_value *before, const model_value *value)
{
    const uint64_t *ids = value->as.refs.ids;
    size_t count = value->as.refs.count;
    if (count > limit_of(field)) {
        SAY("has %zu entries, at most %u are allowed", "ma %zu wpisów, dozwolone jest najwyżej %u", count,
            limit_of(field));
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < i; k++)
            if (ids[k] == ids[i]) {
                SAY("names %llu twice", "wymienia %llu dwa razy", (unsigned long long)ids[i]);
                return NULL;
            }
        if (!had_id(before, ids[i])) /* what stood there already was checked then */
            KT_TRY(check_target(p, field, field->target, ids[i]));
    }
    return NULL;
}

/* ---- Lines ---- */

static const model_record *line_before(const model_value *before, uint64_t id)
{
    for (size_t i = 0; id && before && before->set && i < before->as.lines.count; i++)
        if ((uint64_t)before->as.lines.items[i].values[0].as.i == id)
            return &before->as.lines.items[i];
    return NULL;
}

static kt_error *check_value(
    pass *p, const model_field *field, const model_value *before, model_value *value);

static kt_error *check_line(
    pass *p, const model_field *field, size_t i, const model_value *before, model_record *line)
{
    pass inner = *p;
    inner.lines = field;
    inner.line = i;
    const model_record *old = line_before(before, (uint64_t)line->values[0].as.i);
    for (size_t k = 1; k < line->entity->field_count; k++) {
        const model_field *member = &line->entity->fields[k];
        if (!old || !model_value_equal(member, &old->values[k], &line->values[k]))
            KT_TRY(check_value(&inner, member, old ? &old->values[k] : NULL, &line->values[k]));
    }
    return NULL;
}

static kt_error *check_lines(pass *p, const model_field *field, const model_value *before, model_value *value)
{
    size_t count = value->as.lines.count;
    if (count > limit_of(field)) {
        SAY("has %zu lines, at most %u are allowed", "ma %zu pozycji, dozwolone jest najwyżej %u", count,
            limit_of(field));
        return NULL;
    }
    int64_t was = model_last_line_id(before), now = model_last_line_id(value);
    int64_t last = was > now ? was : now;
    for (size_t i = 0; i < count; i++) {
        model_value *id = &value->as.lines.items[i].values[0];
        if (!id->set || !id->as.i)
            *id = (model_value){.set = true, .as.i = ++last};
        else
            for (size_t k = 0; k < i; k++)
                if (value->as.lines.items[k].values[0].as.i == id->as.i)
                    SAY("names line %lld twice", "wymienia pozycję %lld dwa razy", (long long)id->as.i);
        KT_TRY(check_line(p, field, i, before, &value->as.lines.items[i]));
    }
    if (last > INT32_MAX)
        SAY("line ids go to %d", "id pozycji sięgają %d", INT32_MAX);
    else
        value->as.lines.last = (uint32_t)last;
    return NULL;
}

static kt_error *check_set(pass *p, const model_field *field, const model_value *before, model_value *value)
{
    switch (field->type) {
    case KT_STRING:
    case KT_TEXT:
    case KT_JSON:
        check_text(p, field, value->as.s);
        return NULL;
    case KT_MONEY:
    case KT_PRICE:
    case KT_QUANTITY:
    case KT_PERCENT:
    case KT_RATE:
        check_decimal(p, field, value);
        return NULL;
    case KT_DATE:
        if (value->as.i < 1 || value->as.i > DAY_MAX)
            SAY("is no day of the years 1 to 9999", "nie jest dniem lat 1 do 9999");
        return NULL;
    case KT_TIME:
        if (value->as.i < MS_MIN || value->as.i > MS_MAX)
            SAY("is not within the years 1 to 9999", "nie mieści się w latach 1 do 9999");
        return NULL;
    case KT_STATE:
        check_state(p, field, value->as.i);
        return NULL;
    case KT_REF:
        return check_reference(p, field, value);
    case KT_FILE:
        return check_target(p, field, field->target, (uint64_t)value->as.i);
    case KT_REFS:
        return check_references(p, field, before, value);
    case KT_LINES:
        return check_lines(p, field, before, value);
    case KT_BOOL:
    case KT_INT:
        return NULL;
    }
    return NULL;
}

static kt_error *check_value(pass *p, const model_field *field, const model_value *before, model_value *value)
{
    if (!value->set) {
        if (field->required && field->type != KT_BOOL)
            SAY("is required", "jest wymagane");
        if (field->type == KT_LINES)
            value->as.lines.last = (uint32_t)model_last_line_id(before);
        return NULL;
    }
    return check_set(p, field, before, value);
}

/* ---- The record ---- */

/* A record that lacked it already, under the same condition, is not refused for what else is changed. */
static kt_error *check_required_if(
    pass *p, const model_field *field, const model_record *before, const model_record *after)
{
    bool needed, lacked = before && !before->values[field->position].set;
    KT_TRY(condition_met(p->tx, after, field, field->required_if, &needed));
    if (needed && lacked)
        KT_TRY(condition_met(p->tx, before, field, field->required_if, &lacked));
    if (needed && !lacked)
        SAY("is required", "jest wymagane");
    return NULL;
}

kt_error *validate_record(
    kt_tx *tx, const model_record *before, model_record *after, const bool *changed, kt_error **problems)
{
    pass p = {.tx = tx, .problems = problems};
    const model_entity *entity = after->entity;
    for (size_t i = MODEL_EXTERNAL_ID; i < entity->field_count; i++)
        if (!changed || changed[i])
            KT_TRY(
                check_value(&p, &entity->fields[i], before ? &before->values[i] : NULL, &after->values[i]));
    for (size_t i = MODEL_OWN; entity->internals->has_conditions && i < entity->field_count; i++)
        if (entity->fields[i].required_if.len && !after->values[i].set)
            KT_TRY(check_required_if(&p, &entity->fields[i], before, after));
    return NULL;
}

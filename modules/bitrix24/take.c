/* Their fields as values of ours. A field that is not known is refused: silently dropping what somebody
 * writes would lose it. */
#include <string.h>

#include "b24.h"

static kt_error *wrong(b24 *b, const row *r, const char *en, const char *pl)
{
    kt_str name = b24_name(b, r);
    return kt_hint(
        kt_fail(b->tx, KT_VALIDATION, name.ptr, "the value cannot be used", "tej wartości nie można użyć"),
        en, pl);
}

static bool is_empty(const kt_value *v)
{
    return v->kind == KT_VALUE_NULL || (v->kind == KT_VALUE_STRING && v->as.string.len == 0);
}

static kt_error *take_name(b24 *b, const row *r, kt_str text, kt_value *ours)
{
    kt_maker several = KT_MAKE_ARRAY; /* one of theirs may stand for some of ours */
    for (const name_pair *n = r->names; n->theirs; n++)
        if (b24_is(text, n->theirs))
            kt_add(b->tx, &several, kt_value_str((kt_str){n->ours, strlen(n->ours)}));
    size_t count = several.value.as.array.count;
    if (!count)
        return wrong(b, r, "Take one of its codes.", "Użyj jednego z jej kodów.");
    *ours = count == 1 ? several.value.as.array.items[0] : several.value;
    return NULL;
}

kt_error *value_take(b24 *b, const row *r, const kt_value *v, kt_value *ours)
{
    int64_t number = 0;
    kt_str text = b24_text(b->tx, v);
    *ours = (kt_value){0};
    if (r->as == AS_FLAG) {
        bool yes = v->kind == KT_VALUE_BOOL ? v->as.boolean : b24_is(text, "Y") || b24_is(text, "1");
        *ours = kt_value_bool(yes);
        return NULL;
    }
    if (is_empty(v))
        return NULL;
    bool is_id = r->as == AS_ID || r->as == AS_COMPANY || r->as == AS_CONTACT || r->as == AS_CATEGORY;
    if (is_id && !b24_int(v, &number))
        return wrong(b, r, "An id is a whole number.", "Id to liczba całkowita.");
    if (r->as == AS_CATEGORY)
        KT_TRY(category_ours(b, number, &number));
    if (is_id) {
        *ours = number || r->as == AS_CATEGORY ? kt_value_int(number) : (kt_value){0};
        return NULL;
    }
    if (r->as == AS_NAME)
        return take_name(b, r, text, ours);
    if (r->as == AS_TIME)
        text = time_ours(b->tx, text);
    if (r->as == AS_DATE)
        text = date_ours(b->tx, text);
    if (!text.ptr && (r->as == AS_TIME || r->as == AS_DATE))
        return wrong(b, r, "Write a time as 2026-11-23T10:00:00+01:00.",
            "Zapisz czas jako 2026-11-23T10:00:00+01:00.");
    if (!text.ptr)
        return wrong(b, r, "A text or number was expected.", "Oczekiwano tekstu albo liczby.");
    *ours = kt_value_str(text);
    return NULL;
}

static kt_error *take_currency(b24 *b, kt_str code, kt_maker *values)
{
    kt_maker params = KT_MAKE_OBJECT, filter = KT_MAKE_ARRAY, test = KT_MAKE_ARRAY;
    const kt_value *found;
    kt_add(b->tx, &test, kt_value_str(KT_STR("code")));
    kt_add(b->tx, &test, kt_value_str(KT_STR("=")));
    kt_add(b->tx, &test, kt_value_str(code));
    kt_add(b->tx, &filter, test.value);
    kt_put(b->tx, &params, "filter", filter.value);
    KT_TRY(kt_call(b->tx, "base.currency.list", &params.value, &found));
    const kt_value *rows = kt_value_get(found, "rows");
    if (!kt_value_count(rows))
        return kt_fail(b->tx, KT_VALIDATION, "CURRENCY_ID", "there is no currency %.*s", "nie ma waluty %.*s",
            (int)code.len, code.ptr);
    kt_put(b->tx, values, "currency", *kt_value_get(&rows->as.array.items[0], "id"));
    return NULL;
}

static kt_str lower(kt_tx *tx, kt_str s)
{
    char *to = kt_alloc(tx, s.len + 1);
    for (size_t i = 0; to && i < s.len; i++)
        to[i] = s.ptr[i] >= 'A' && s.ptr[i] <= 'Z' ? (char)(s.ptr[i] - 'A' + 'a') : s.ptr[i];
    return to ? (kt_str){to, s.len} : KT_STR("");
}

/* Adds [{VALUE, VALUE_TYPE, ID?}] to the lines; one with an ID replaces that line, without a VALUE removes
 * it. */
static void take_multi(b24 *b, const row *r, const kt_value *list, kt_maker *lines)
{
    static const char *const uses[] = {"work", "mobile", "home"};
    for (size_t i = 0; i < kt_value_count(list); i++) {
        const kt_value *one = b24_item(list, i), *id = b24_param(one, "ID");
        const kt_value *type = b24_param(one, "VALUE_TYPE"), *value = b24_param(one, "VALUE");
        kt_str use = type ? lower(b->tx, b24_text(b->tx, type)) : KT_STR("work"), text = {0};
        const char *known = "other";
        int64_t number;
        text = value ? b24_text(b->tx, value) : text;
        if (!text.len)
            continue;
        for (size_t k = 0; k < sizeof uses / sizeof *uses; k++)
            known = b24_is(use, uses[k]) ? uses[k] : known;
        kt_maker line = KT_MAKE_OBJECT;
        if (id && b24_int(id, &number) && number)
            kt_put(b->tx, &line, "id", kt_value_int(number));
        kt_put(b->tx, &line, "kind", kt_value_str((kt_str){r->detail, strlen(r->detail)}));
        kt_put(b->tx, &line, "use", kt_value_str((kt_str){known, strlen(known)}));
        kt_put(b->tx, &line, "value", kt_value_str(text));
        kt_add(b->tx, lines, line.value);
    }
}

/* Is the line named by an ID in one of the lists? */
static bool is_named(const kt_value *fields, int64_t line)
{
    static const char *const lists[] = {"PHONE", "EMAIL", "WEB", "IM"};
    for (size_t k = 0; k < sizeof lists / sizeof *lists; k++) {
        const kt_value *list = b24_param(fields, lists[k]);
        for (size_t i = 0; i < kt_value_count(list); i++) {
            const kt_value *id = b24_param(b24_item(list, i), "ID");
            int64_t number;
            if (id && b24_int(id, &number) && number == line)
                return true;
        }
    }
    return false;
}

static void keep_lines(b24 *b, const kt_value *fields, const kt_value *before, kt_maker *lines)
{
    const kt_value *old = kt_value_get(before, "contacts");
    for (size_t i = 0; i < kt_value_count(old); i++) {
        const kt_value *id = kt_value_get(&old->as.array.items[i], "id");
        kt_maker line = KT_MAKE_OBJECT;
        if (!id || is_named(fields, id->as.integer))
            continue;
        kt_put(b->tx, &line, "id", *id); /* what is not given stays */
        kt_add(b->tx, lines, line.value);
    }
}

/* What a request's fields gather before they are put into the values. */
typedef struct {
    kt_maker values, lines, address;
    kt_str first, last;
    bool multi, named, addressed, party, stage;
} taking;

static kt_error *take_stage(b24 *b, const kt_value *v, taking *t)
{
    int64_t pipeline, stage;
    kt_str code = b24_text(b->tx, v);
    KT_TRY(stage_ours(b, code.ptr ? code : KT_STR(""), &pipeline, &stage));
    if (!stage)
        return kt_fail(b->tx, KT_VALIDATION, "STAGE_ID", "there is no stage %.*s", "nie ma etapu %.*s",
            (int)code.len, code.ptr ? code.ptr : "");
    kt_put(b->tx, &t->values, "pipeline", kt_value_int(pipeline));
    kt_put(b->tx, &t->values, "stage", kt_value_int(stage));
    return NULL;
}

static kt_error *take_field(b24 *b, const kt_value *fields, const row *r, const kt_value *v, taking *t)
{
    kt_value ours;
    switch (r->as) {
    case AS_ALWAYS:
        return NULL;
    case AS_MULTI:
        t->multi = true;
        take_multi(b, r, v, &t->lines);
        return NULL;
    case AS_ONE:
        for (size_t i = 0; i < 1 && kt_value_count(v); i++)
            if (b24_param(b24_item(v, i), "VALUE"))
                kt_put(b->tx, &t->values, r->ours,
                    kt_value_str(b24_text(b->tx, b24_param(b24_item(v, i), "VALUE"))));
        return NULL;
    case AS_CURRENCY:
        return is_empty(v) ? NULL : take_currency(b, b24_text(b->tx, v), &t->values);
    case AS_STAGE:
        return take_stage(b, v, t);
    case AS_FIRST_NAME:
    case AS_LAST_NAME:
        t->named = true;
        *(r->as == AS_FIRST_NAME ? &t->first : &t->last) = b24_text(b->tx, v);
        return NULL;
    case AS_ADDRESS:
        t->addressed = true;
        KT_TRY(value_take(b, r, v, &ours));
        kt_put(b->tx, &t->address, r->detail, ours);
        return NULL;
    case AS_COMPANY:
        KT_TRY(value_take(b, r, v, &ours));
        t->party = true;
        kt_put(b->tx, &t->values, "party", ours);
        return NULL;
    case AS_CONTACT:
        KT_TRY(value_take(b, r, v, &ours));
        if (strcmp(r->ours, "contact") == 0)
            kt_put(b->tx, &t->values, "contact", ours);
        if (!t->party && !b24_param(fields, "COMPANY_ID") && ours.kind == KT_VALUE_INT)
            kt_put(b->tx, &t->values, "party", ours);
        return NULL;
    case AS_CATEGORY:
        if (b24_param(fields, "STAGE_ID"))
            return NULL; /* the stage's code names it too */
        break;
    case AS_TEXT:
    case AS_ID:
    case AS_DECIMAL:
    case AS_FLAG:
    case AS_TIME:
    case AS_DATE:
    case AS_NAME:
        break;
    }

    KT_TRY(value_take(b, r, v, &ours));
    kt_put(b->tx, &t->values, r->ours, ours);
    return NULL;
}

static void take_gathered(b24 *b, const kt_value *fields, const kt_value *before, taking *t)
{
    if (t->multi) {
        kt_maker lines = KT_MAKE_ARRAY;
        keep_lines(b, fields, before, &lines);
        for (size_t i = 0; i < kt_value_count(&t->lines.value); i++)
            kt_add(b->tx, &lines, t->lines.value.as.array.items[i]);
        kt_put(b->tx, &t->values, "contacts", lines.value);
    }
    if (t->named) {
        kt_str first = t->first.ptr ? t->first : KT_STR(""), last = t->last.ptr ? t->last : KT_STR("");
        kt_str whole = kt_format(b->tx, "%s%s%s", first.ptr, first.len && last.len ? " " : "", last.ptr);
        kt_put(b->tx, &t->values, "name", kt_value_str(whole));
    }
    if (t->addressed) {
        const kt_value *old = kt_value_get(before, "addresses");
        kt_maker list = KT_MAKE_ARRAY;
        if (kt_value_count(old))
            kt_put(b->tx, &t->address, "id", *kt_value_get(&old->as.array.items[0], "id"));
        kt_add(b->tx, &list, t->address.value);
        for (size_t i = 1; i < kt_value_count(old); i++) {
            kt_maker line = KT_MAKE_OBJECT;
            kt_put(b->tx, &line, "id", *kt_value_get(&old->as.array.items[i], "id"));
            kt_add(b->tx, &list, line.value);
        }
        kt_put(b->tx, &t->values, "addresses", list.value);
    }
}

kt_error *fields_take(
    b24 *b, const entity *e, const kt_value *fields, const kt_value *before, kt_value *values)
{
    taking t = {.values = KT_MAKE_OBJECT, .lines = KT_MAKE_ARRAY, .address = KT_MAKE_OBJECT};
    kt_error *all = NULL;
    if (!before && e->only.theirs)
        kt_put(b->tx, &t.values, e->only.theirs, kt_value_str((kt_str){e->only.ours, strlen(e->only.ours)}));
    for (size_t i = 0; fields && fields->kind == KT_VALUE_OBJECT && i < fields->as.object.count; i++) {
        const kt_value_member *m = &fields->as.object.members[i];
        const row *r;
        KT_TRY(b24_row(b, e, m->name, &r));
        if (!r)
            kt_also(&all, kt_fail(b->tx, KT_VALIDATION, kt_format(b->tx, "%s", m->name.ptr).ptr,
                              "there is no such field", "nie ma takiego pola"));
        else if (!r->fixed)
            kt_also(&all, take_field(b, fields, r, m->value, &t));
    }
    take_gathered(b, fields, before, &t);
    *values = t.values.value;
    return all;
}

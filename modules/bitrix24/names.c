/* Names and parameters: their fields found by either form of the name, custom fields among them. */
#include <string.h>
#include <strings.h>

#include "b24.h"

bool b24_is(kt_str s, const char *text)
{
    size_t n = strlen(text);
    return s.ptr && s.len == n && memcmp(s.ptr, text, n) == 0;
}

kt_error *b24_fail(kt_tx *tx, const char *code, const char *en, const char *pl)
{
    return kt_fail(tx, KT_VALIDATION, code, "%s%.0s", "%.0s%s", en, pl);
}

const kt_value *b24_param(const kt_value *params, const char *name)
{
    for (size_t i = 0; params && params->kind == KT_VALUE_OBJECT && i < params->as.object.count; i++)
        if (strcasecmp(params->as.object.members[i].name.ptr, name) == 0)
            return params->as.object.members[i].value;
    return NULL;
}

const kt_value *b24_item(const kt_value *v, size_t i)
{
    return v->kind == KT_VALUE_ARRAY ? &v->as.array.items[i] : v->as.object.members[i].value;
}

kt_str b24_text(kt_tx *tx, const kt_value *v)
{
    if (v->kind == KT_VALUE_INT)
        return kt_format(tx, "%lld", (long long)v->as.integer);
    if (v->kind == KT_VALUE_STRING || v->kind == KT_VALUE_REAL)
        return v->as.string;
    if (v->kind == KT_VALUE_BOOL)
        return v->as.boolean ? KT_STR("Y") : KT_STR("N");
    return (kt_str){0};
}

bool b24_int(const kt_value *v, int64_t *number)
{
    enum { DIGITS_MAX = 18 };
    if (v->kind == KT_VALUE_INT) {
        *number = v->as.integer;
        return true;
    }
    if (v->kind != KT_VALUE_STRING)
        return false;
    kt_str s = v->as.string;
    bool minus = s.len > 1 && s.ptr[0] == '-';
    *number = 0;
    for (size_t i = minus; i < s.len; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9' || i - minus >= DIGITS_MAX)
            return false;
        *number = *number * 10 + (s.ptr[i] - '0');
    }
    *number = minus ? -*number : *number;
    return s.len > 0;
}

/* STAGE_ID is stageId, UF_CRM_12 is ufCrm_12. */
static kt_str camel(kt_tx *tx, const char *name)
{
    size_t n = 0;
    char *to = kt_alloc(tx, strlen(name) + 1);
    for (bool up = false; to && *name; name++) {
        if (*name == '_' && !(name[1] >= '0' && name[1] <= '9')) {
            up = true;
            continue;
        }
        bool letter = *name >= 'A' && *name <= 'Z';
        to[n++] = letter && !up ? (char)(*name - 'A' + 'a') : *name;
        up = false;
    }
    return to ? (kt_str){to, n} : KT_STR("");
}

kt_str b24_name(const b24 *b, const row *r)
{
    if (!b->items)
        return (kt_str){r->theirs, strlen(r->theirs)};
    return r->item ? (kt_str){r->item, strlen(r->item)} : camel(b->tx, r->theirs);
}

static conversion conversion_of(kt_str type)
{
    static const struct {
        const char *type;
        conversion as;
    } known[] = {{"bool", AS_FLAG}, {"int", AS_ID}, {"ref", AS_ID}, {"money", AS_DECIMAL},
        {"price", AS_DECIMAL}, {"quantity", AS_DECIMAL}, {"percent", AS_DECIMAL}, {"rate", AS_DECIMAL},
        {"date", AS_DATE}, {"time", AS_TIME}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (b24_is(type, known[i].type))
            return known[i].as;
    return AS_TEXT;
}

static kt_str custom_name(kt_tx *tx, kt_str ours)
{
    kt_str name = kt_format(tx, "UF_CRM_%s", ours.ptr);
    char *to = name.ptr ? kt_alloc(tx, name.len + 1) : NULL;
    for (size_t i = 0; to && i < name.len; i++)
        to[i] = name.ptr[i] >= 'a' && name.ptr[i] <= 'z' ? (char)(name.ptr[i] - 'a' + 'A') : name.ptr[i];
    return (kt_str){to, name.len};
}

kt_error *b24_custom(b24 *b, const entity *e, const row **rows)
{
    if (b->custom_of != e) {
        kt_maker params = KT_MAKE_OBJECT;
        const kt_value *found;
        kt_put(b->tx, &params, "entity", kt_value_str((kt_str){e->ours, strlen(e->ours)}));
        KT_TRY(kt_call(b->tx, "field.list", &params.value, &found));
        row *made = kt_alloc(b->tx, (kt_value_count(found) + 1) * sizeof *made);
        if (!made)
            return kt_no_memory();
        for (size_t i = 0; i < kt_value_count(found); i++) {
            const kt_value *f = &found->as.array.items[i];
            kt_str name = custom_name(b->tx, kt_value_get_str(f, "name"));
            made[i] = (row){.theirs = name.ptr ? name.ptr : "UF_CRM_",
                .ours = kt_value_get_str(f, "name").ptr,
                .as = conversion_of(kt_value_get_str(f, "type"))};
        }
        b->custom = made;
        b->custom_of = e;
    }
    *rows = b->custom;
    return NULL;
}

static const row *row_among(const b24 *b, const row *rows, kt_str name)
{
    for (const row *r = rows; r->theirs; r++) {
        kt_str own = b24_name(b, r);
        if (b24_is(name, r->theirs) || b24_is(name, own.ptr))
            return r;
    }
    return NULL;
}

kt_error *b24_row(b24 *b, const entity *e, kt_str name, const row **found)
{
    const row *custom;
    *found = row_among(b, e->rows, name);
    if (*found)
        return NULL;
    KT_TRY(b24_custom(b, e, &custom));
    *found = row_among(b, custom, name);
    return NULL;
}

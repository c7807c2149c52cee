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
        {"date", AS_DATE}, {"time", AS_TIME}, {"state", AS_NAME}, {"json", AS_JSON}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (b24_is(type, known[i].type))
            return known[i].as;
    return AS_TEXT;
}

kt_str b24_upper(kt_tx *tx, kt_str s)
{
    char *to = kt_alloc(tx, s.len + 1);
    for (size_t i = 0; to && i < s.len; i++)
        to[i] = s.ptr[i] >= 'a' && s.ptr[i] <= 'z' ? (char)(s.ptr[i] - 'a' + 'A') : s.ptr[i];
    return to ? (kt_str){to, s.len} : KT_STR("");
}

/* "colour" is UF_CRM_COLOUR; a name that would begin with a digit keeps all of theirs: "uf_crm_1721". */
static const char user_prefix[] = "UF_CRM_";

kt_str userfield_theirs(kt_tx *tx, kt_str ours)
{
    kt_str name = b24_upper(tx, ours);
    if (strncmp(name.ptr, user_prefix, sizeof user_prefix - 1) == 0)
        return name;
    return kt_format(tx, "%s%s", user_prefix, name.ptr);
}

kt_str userfield_ours(kt_tx *tx, kt_str theirs)
{
    size_t skip = theirs.len > 7 && strncasecmp(theirs.ptr, user_prefix, 7) == 0   ? 7
                  : theirs.len > 3 && strncasecmp(theirs.ptr, user_prefix, 3) == 0 ? 3
                                                                                   : 0;
    bool digit = theirs.len > skip && theirs.ptr[skip] >= '0' && theirs.ptr[skip] <= '9';
    kt_str name = kt_format(tx, "%s%s", digit ? "uf_crm_" : "", theirs.ptr ? theirs.ptr + skip : "");
    char *to = kt_alloc(tx, name.len + 1);
    for (size_t i = 0; to && i < name.len; i++)
        to[i] = name.ptr[i] >= 'A' && name.ptr[i] <= 'Z' ? (char)(name.ptr[i] - 'A' + 'a') : name.ptr[i];
    return to ? (kt_str){to, name.len} : KT_STR("");
}

int64_t userfield_choice(const kt_value *choices, size_t i, kt_str *name)
{
    const kt_value *c = &choices->as.array.items[i];
    int64_t value = b24_int_at(c, "value");
    *name = c->kind == KT_VALUE_STRING ? c->as.string : kt_value_get_str(c, "name");
    return value ? value : (int64_t)i + 1;
}

static const name_pair *choices_of(kt_tx *tx, const kt_value *field)
{
    const kt_value *choices = kt_value_get(field, "choices");
    name_pair *names = kt_alloc(tx, (kt_value_count(choices) + 1) * sizeof *names);
    for (size_t i = 0; names && i < kt_value_count(choices); i++) {
        kt_str name;
        long long id = (long long)userfield_choice(choices, i, &name);
        names[i] = (name_pair){kt_format(tx, "%lld", id).ptr, name.ptr ? name.ptr : ""};
    }
    return names;
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
            kt_str name = userfield_theirs(b->tx, kt_value_get_str(f, "name"));
            conversion as = conversion_of(kt_value_get_str(f, "type"));
            made[i] = (row){.theirs = name.ptr ? name.ptr : user_prefix,
                .ours = kt_value_get_str(f, "name").ptr,
                .as = as,
                .names = as == AS_NAME ? choices_of(b->tx, f) : NULL};
            if (as == AS_NAME && !made[i].names)
                return kt_no_memory();
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

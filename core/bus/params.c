/* params.c -- an unknown parameter is an error, never ignored: a misspelt filter must not return everything.
 */
#include "bus/params.h"

static const method_param *param_find(const method_param *table, kt_str name)
{
    for (const method_param *p = table; p && p->name; p++)
        if (str_is(name, p->name))
            return p;
    return NULL;
}

static kt_str names_of(arena *arena, const method_param *table)
{
    kt_str all = KT_STR("");
    for (const method_param *p = table; p && p->name; p++)
        all = arena_format(arena, "%s%s%s", all.ptr ? all.ptr : "", all.len ? ", " : "", p->name);
    return all;
}

static kt_error *check_given(arena *arena, const method_param *table, const variant *params)
{
    kt_error *all = NULL;
    for (size_t i = 0; i < params->as.object.count && (!all || all->count < PARAMS_WRONG_MAX); i++) {
        const variant_member *member = &params->as.object.members[i];
        const method_param *p = param_find(table, member->name);
        if (!p)
            kt_also(&all, model_no_parameter(arena, member->name.ptr, member->name, names_of(arena, table)));
        else if (p->kind != VARIANT_NULL && member->value->kind != p->kind &&
                 (p->required || member->value->kind != VARIANT_NULL))
            kt_also(&all, error_make(arena, KT_VALIDATION, p->name, "%s%.0s was given, %s%.0s was expected",
                              "podano: %.0s%s, oczekiwano: %.0s%s", VARIANT_KIND(member->value->kind),
                              VARIANT_KIND(p->kind)));
    }
    return all;
}

kt_error *params_check(arena *arena, const method_param *table, const variant *params)
{
    bool none = !params || params->kind == VARIANT_NULL;
    if (!none && params->kind != VARIANT_OBJECT)
        return error_make(arena, KT_VALIDATION, "params", "parameters go by name, in an object",
            "parametry podaje się po nazwach, w obiekcie");
    kt_error *all = none ? NULL : check_given(arena, table, params);
    for (const method_param *p = table; p && p->name; p++)
        if (p->required && !variant_get(params, p->name))
            kt_also(&all, error_make(arena, KT_VALIDATION, p->name, "the parameter \"%s\" is required",
                              "parametr \"%s\" jest wymagany", p->name));
    return all;
}

const variant *params_find(const variant *params, const char *name)
{
    const variant *v = variant_get(params, name);
    return v && v->kind != VARIANT_NULL ? v : NULL;
}

const variant *params_without(arena *arena, const variant *params, const char *const *names)
{
    variant *rest = ARENA_NEW(arena, variant);
    if (!rest)
        return NULL;
    rest->kind = VARIANT_OBJECT;
    size_t count = params && params->kind == VARIANT_OBJECT ? params->as.object.count : 0, kept = 0;
    variant_member *members = ARENA_ARRAY(arena, variant_member, count ? count : 1);
    if (!members)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        bool drop = false;
        for (const char *const *name = names; *name; name++)
            drop = drop || str_is(params->as.object.members[i].name, *name);
        if (!drop)
            members[kept++] = params->as.object.members[i];
    }
    rest->as.object.members = members;
    rest->as.object.count = kept;
    return rest;
}

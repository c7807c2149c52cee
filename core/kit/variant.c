/* Looking into values whose type is known only at run time. */
#include "kit/variant.h"

#include "kit/error.h"

static const variant *member_at(const variant *v, kt_str step)
{
    for (size_t i = 0; i < v->as.object.count; i++)
        if (str_eq(v->as.object.members[i].name, step))
            return v->as.object.members[i].value;
    return NULL;
}

const variant *variant_get(const variant *v, const char *name)
{
    return v && v->kind == VARIANT_OBJECT ? member_at(v, str_of(name)) : NULL;
}

/* A place in a list, "0" to "999999". */
static const variant *item_at(const variant *v, kt_str step)
{
    size_t at = 0;
    if (!step.len || step.len > 6)
        return NULL;
    for (size_t i = 0; i < step.len; i++) {
        if (step.ptr[i] < '0' || step.ptr[i] > '9')
            return NULL;
        at = at * 10 + (size_t)(step.ptr[i] - '0');
    }
    return at < v->as.array.count ? &v->as.array.items[at] : NULL;
}

const variant *variant_at(const variant *v, kt_str path)
{
    while (v && path.len) {
        const char *dot = memchr(path.ptr, '.', path.len);
        kt_str step = {path.ptr, dot ? (size_t)(dot - path.ptr) : path.len};
        size_t used = step.len + (dot != NULL);
        path = (kt_str){path.ptr + used, path.len - used};
        v = v->kind == VARIANT_OBJECT  ? member_at(v, step)
            : v->kind == VARIANT_ARRAY ? item_at(v, step)
                                       : NULL;
    }
    return v;
}

kt_str variant_get_str(const variant *v, const char *name)
{
    const variant *found = variant_get(v, name);
    return found && found->kind == VARIANT_STRING ? found->as.string : (kt_str){0};
}

uint64_t variant_get_uint(const variant *v, const char *name)
{
    const variant *found = variant_get(v, name);
    return found && found->kind == VARIANT_INT && found->as.integer > 0 ? (uint64_t)found->as.integer : 0;
}

bool variant_get_bool(const variant *v, const char *name)
{
    const variant *found = variant_get(v, name);
    return found && found->kind == VARIANT_BOOL && found->as.boolean;
}

kt_error *variant_read_uint(arena *arena, const variant *v, const char *name, uint64_t most, uint64_t *out)
{
    const variant *found = variant_get(v, name);
    if (!found || found->kind == VARIANT_NULL)
        return NULL;
    const bool good = found->kind == VARIANT_INT && found->as.integer >= 0;
    if (!good && most >= INT64_MAX)
        return error_make(arena, KT_VALIDATION, name, "a whole number from 0 on was expected",
            "oczekiwano liczby całkowitej od 0");
    if (!good || (uint64_t)found->as.integer > most)
        return error_make(arena, KT_VALIDATION, name, "a whole number from 0 to %llu was expected",
            "oczekiwano liczby całkowitej od 0 do %llu", (unsigned long long)most);
    *out = (uint64_t)found->as.integer;
    return NULL;
}

kt_error *variant_read_limit(arena *arena, const variant *v, const char *name, uint64_t most, uint64_t *out)
{
    const variant *found = variant_get(v, name);
    if (!found || found->kind == VARIANT_NULL)
        return NULL;
    if (found->kind != VARIANT_INT || found->as.integer < 1 || (uint64_t)found->as.integer > most)
        return error_make(arena, KT_VALIDATION, name, "a whole number from 1 to %llu was expected",
            "oczekiwano liczby całkowitej od 1 do %llu", (unsigned long long)most);
    *out = (uint64_t)found->as.integer;
    return NULL;
}

static const kt_text kinds[] = {[VARIANT_NULL] = {"null", "null"},
    [VARIANT_BOOL] = {"true or false", "true lub false"},
    [VARIANT_INT] = {"an integer", "liczba całkowita"},
    [VARIANT_REAL] = {"a fraction", "ułamek"},
    [VARIANT_STRING] = {"a string", "tekst"},
    [VARIANT_ARRAY] = {"an array", "tablica"},
    [VARIANT_OBJECT] = {"an object", "obiekt"}};

kt_text variant_kind_text(variant_kind kind)
{
    return (size_t)kind < sizeof kinds / sizeof *kinds ? kinds[kind]
                                                       : (kt_text){"something unknown", "coś nieznanego"};
}

/* Looking into values whose type is known only at run time. */
#include "kit/variant.h"

const variant *variant_get(const variant *v, const char *name)
{
    if (!v || v->kind != VARIANT_OBJECT)
        return NULL;
    size_t length = strlen(name);
    for (size_t i = 0; i < v->as.object.count; i++) {
        const variant_member *member = &v->as.object.members[i];
        if (member->name.len == length && memcmp(member->name.ptr, name, length) == 0)
            return member->value;
    }
    return NULL;
}

kt_str variant_get_str(const variant *v, const char *name)
{
    const variant *found = variant_get(v, name);
    return found && found->kind == VARIANT_STRING ? found->as.string : (kt_str){0};
}

const char *variant_kind_name(variant_kind kind)
{
    static const char *const name[] = {[VARIANT_NULL] = "null",
        [VARIANT_BOOL] = "true or false",
        [VARIANT_INT] = "an integer",
        [VARIANT_REAL] = "a fraction",
        [VARIANT_STRING] = "a string",
        [VARIANT_ARRAY] = "an array",
        [VARIANT_OBJECT] = "an object"};
    return (size_t)kind < sizeof name / sizeof *name ? name[kind] : "something unknown";
}

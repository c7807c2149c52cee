/* order.c -- the order of modules: each behind those that it needs; the order of versions. */
#include <stdlib.h>

#include "plugin/loader.h"

/* Takes the next word of a list that blanks or commas divide; len 0: no more. */
static kt_str word_next(const char **at)
{
    *at += strspn(*at, " ,\t\n");
    kt_str word = {*at, strcspn(*at, " ,\t\n")};
    *at += word.len;
    return word;
}

static const kt_module *find(const kt_module *const *modules, size_t count, kt_str name)
{
    for (size_t i = 0; i < count; i++) {
        if (str_is(name, modules[i]->name))
            return modules[i];
    }
    return NULL;
}

bool module_needs(const kt_module *module, const char *name)
{
    const char *at = module->needs ? module->needs : "";
    for (kt_str word = word_next(&at); word.len; word = word_next(&at)) {
        if (str_is(word, name))
            return true;
    }
    return false;
}

static kt_error *needs_met(arena *arena, const kt_module *const *modules, size_t count)
{
    kt_error *all = NULL;
    for (size_t i = 0; i < count; i++) {
        const char *at = modules[i]->needs ? modules[i]->needs : "";
        for (kt_str word = word_next(&at); word.len; word = word_next(&at)) {
            if (find(modules, count, word))
                continue;
            kt_error *e = error_make(arena, KT_CONFLICT, modules[i]->name,
                "module \"%s\" needs the module \"%.*s\", which is not enabled",
                "moduł „%s” potrzebuje modułu „%.*s”, który nie jest włączony", modules[i]->name,
                STR_ARG(word));
            kt_also(&all, kt_hint(e, "Enable the needed module first.", "Najpierw włącz potrzebny moduł."));
        }
    }
    return all;
}

static bool ready(const kt_module *module, const kt_module *const *placed, size_t count)
{
    const char *at = module->needs ? module->needs : "";
    for (kt_str word = word_next(&at); word.len; word = word_next(&at)) {
        if (!find(placed, count, word))
            return false;
    }
    return true;
}

kt_error *modules_order(arena *arena, const kt_module **modules, size_t count)
{
    KT_TRY(needs_met(arena, modules, count));
    for (size_t placed = 0; placed < count; placed++) {
        size_t best = count;
        for (size_t i = placed; i < count; i++) {
            if (ready(modules[i], modules, placed) &&
                (best == count || strcmp(modules[i]->name, modules[best]->name) < 0))
                best = i;
        }
        if (best == count) {
            kt_error *all = NULL;
            for (size_t i = placed; i < count; i++)
                kt_also(&all,
                    error_make(arena, KT_CONFLICT, modules[i]->name, "module \"%s\" needs itself in a circle",
                        "moduł „%s” potrzebuje w koło samego siebie", modules[i]->name));
            return all;
        }
        const kt_module *next = modules[best];
        memmove(&modules[placed + 1], &modules[placed], (best - placed) * sizeof modules[0]);
        modules[placed] = next;
    }
    return NULL;
}

int version_cmp(const char *a, const char *b)
{
    while (*a || *b) {
        char *a_end = NULL, *b_end = NULL;
        unsigned long x = strtoul(a, &a_end, 10), y = strtoul(b, &b_end, 10);
        if (x != y)
            return x < y ? -1 : 1;
        if (a_end == a && b_end == b) {
            int c = strcmp(a, b);
            return (c > 0) - (c < 0);
        }
        a = a_end + (*a_end == '.');
        b = b_end + (*b_end == '.');
    }
    return 0;
}

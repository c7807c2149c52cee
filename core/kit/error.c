/* Errors as values. A problem's texts are formatted once, in both languages, when it is made; the caller's
 * language is chosen when it is answered. */
#include "kit/error.h"

#include "kit/str.h"

/* Shared by all threads, hence never written: its arena is NULL, which every function below looks at. */
static problem no_memory_problem = {
    .kind = KT_LIMIT,
    .text = {"the request needs more memory than one request may use",
        "żądanie potrzebuje więcej pamięci, niż wolno jednemu żądaniu"},
    .hint = {"Split it into smaller requests.", "Podziel je na mniejsze żądania."},
};
static kt_error no_memory = {&no_memory_problem, &no_memory_problem, 1, NULL};

kt_error *error_no_memory(void)
{
    return &no_memory;
}

kt_error *error_vmake(
    arena *arena, kt_kind kind, const char *path, const char *en, const char *pl, va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    kt_str english = arena_vformat(arena, en, arguments);
    kt_str polish = arena_vformat(arena, pl, again);
    va_end(again);
    kt_str where = path && *path ? arena_str(arena, str_of(path)) : (kt_str){0};
    kt_error *made = ARENA_NEW(arena, kt_error);
    problem *p = ARENA_NEW(arena, problem);
    if (!english.ptr || !polish.ptr || (path && *path && !where.ptr) || !made || !p)
        return error_no_memory();
    *p = (problem){.kind = kind, .path = where.ptr, .text = {english.ptr, polish.ptr}};
    *made = (kt_error){p, p, 1, arena};
    return made;
}

kt_error *error_make(arena *arena, kt_kind kind, const char *path, const char *en, const char *pl, ...)
{
    va_list arguments;
    va_start(arguments, pl);
    kt_error *made = error_vmake(arena, kind, path, en, pl, arguments);
    va_end(arguments);
    return made;
}

static const char *copy_text(arena *arena, const char *text)
{
    return text ? arena_str(arena, str_of(text)).ptr : NULL;
}

kt_error *error_copy(arena *arena, const kt_error *error)
{
    kt_error *made = error == &no_memory ? NULL : ARENA_NEW(arena, kt_error);
    if (!made)
        return error_no_memory();
    *made = (kt_error){.arena = arena};
    for (const problem *from = error->first; from; from = from->next) {
        problem *p = ARENA_NEW(arena, problem);
        if (!p)
            return error_no_memory();
        *p = (problem){from->kind, copy_text(arena, from->path), from->row, copy_text(arena, from->column),
            {copy_text(arena, from->text.en), copy_text(arena, from->text.pl)},
            {copy_text(arena, from->hint.en), copy_text(arena, from->hint.pl)}, NULL};
        if (made->last)
            made->last->next = p;
        else
            made->first = p;
        made->last = p;
        made->count++;
    }
    return made;
}

kt_error *error_of_answer(arena *arena, const buffer *answer)
{
    if (!answer->full)
        return NULL;
    return answer->starved ? error_no_memory()
                           : error_make(arena, KT_LIMIT, NULL, "the answer is larger than %zu bytes",
                                 "odpowiedź jest większa niż %zu bajtów", answer->max);
}

kt_error *error_under(kt_error *error, const char *prefix)
{
    if (!error || !error->arena || !prefix || !*prefix)
        return error;
    for (problem *p = error->first; p; p = p->next) {
        const char *rest = p->path ? p->path : "";
        const char *between = *rest && *rest != '[' ? "." : "";
        kt_str path = arena_format(error->arena, "%s%s%s", prefix, between, rest);
        if (!path.ptr)
            return error_no_memory();
        p->path = path.ptr;
    }
    return error;
}

kt_error *error_at_row(kt_error *error, long row)
{
    if (error && error->arena)
        for (problem *p = error->first; p; p = p->next)
            p->row = row;
    return error;
}

kt_error *kt_hint(kt_error *error, const char *en, const char *pl)
{
    if (error && error->arena)
        error->first->hint = (kt_text){en, pl};
    return error;
}

/* A module and the core may both find that a reference leads nowhere: it is told once. Long lists of
 * problems, of imports, are not searched. */
static bool is_told(const kt_error *all, const problem *p)
{
    enum { SEARCHED = 100 };
    const problem *at = all->count <= SEARCHED ? all->first : NULL;
    for (; at; at = at->next)
        if (at->row == p->row && str_eq(str_of(at->path), str_of(p->path)) &&
            str_eq(str_of(at->text.en), str_of(p->text.en)))
            return true;
    return false;
}

void kt_also(kt_error **all, kt_error *more)
{
    if (!more || *all == more)
        return;
    if (!*all || !more->arena) { /* out of memory outweighs whatever was found before */
        *all = more;
    } else if ((*all)->arena && !(more->count == 1 && is_told(*all, more->first))) {
        (*all)->last->next = more->first;
        (*all)->last = more->last;
        (*all)->count += more->count;
    }
}

kt_error *error_keep(
    kt_error *error, bool (*keep)(const problem *p, const void *context), const void *context)
{
    if (!error->arena)
        return error;
    problem *next = error->first;
    error->first = error->last = NULL;
    error->count = 0;
    for (problem *p = next; p; p = next) {
        next = p->next;
        p->next = NULL;
        if (!keep(p, context))
            continue;
        *(error->last ? &error->last->next : &error->first) = p;
        error->last = p;
        error->count++;
    }
    return error->count ? error : NULL;
}

const char *kind_name(kt_kind kind)
{
    switch (kind) {
    case KT_VALIDATION:
        return "validation";
    case KT_NOT_FOUND:
        return "not_found";
    case KT_FORBIDDEN:
        return "forbidden";
    case KT_CONFLICT:
        return "conflict";
    case KT_BAD_STATE:
        return "state";
    case KT_RULE:
        return "rule";
    case KT_LIMIT:
        return "limit";
    case KT_UNAVAILABLE:
        return "unavailable";
    case KT_STORAGE:
        return "storage";
    }
    return "internal";
}

const char *error_text(const kt_error *error)
{
    if (!error)
        return "";
    if (!error->arena)
        return error->first->text.en;
    kt_str all = {0};
    for (const problem *p = error->first; p; p = p->next) {
        all = arena_format(error->arena, "%s%s%s%s%s", all.ptr ? all.ptr : "", all.ptr ? "; " : "",
            p->path ? p->path : "", p->path ? ": " : "", p->text.en);
        if (!all.ptr)
            return error->first->text.en;
    }
    return all.ptr;
}

kt_problem kt_problem_at(const kt_error *error, size_t i)
{
    const problem *p = error ? error->first : NULL;
    for (; p && i > 0; i--)
        p = p->next;
    return p ? (kt_problem){p->kind, p->path, p->text, p->hint} : (kt_problem){.path = NULL};
}

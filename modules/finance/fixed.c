/* What is posted stays as it was posted, field by field and line by line. The fields of a shape are gone through, so that
 * a new one is guarded without a word; a document names those alone that tell what became of it since. */
#include <string.h>

#include "finance.h"

typedef struct {
    kt_tx *tx;
    const char *const *but;
    kt_error *(*refuse)(kt_tx *tx, const char *path);
    const char *lines; /* the field whose lines are compared; NULL: the document itself */
    size_t line;
    kt_error *all;
} comparing;

static bool is_free(const comparing *c, const kt_field *f)
{
    size_t length = c->lines ? strlen(c->lines) : 0;
    for (const char *const *name = c->but; *name; name++) {
        if (c->lines && (strncmp(*name, c->lines, length) != 0 || (*name)[length] != '.'))
            continue;
        if (strcmp(c->lines ? *name + length + 1 : *name, f->name) == 0)
            return true;
    }
    return false;
}

static bool same_value(const kt_field *f, const void *a, const void *b)
{
    switch (f->type) {
    case KT_STRING:
    case KT_TEXT:
    case KT_JSON:
        return same_str(*(const kt_str *)a, *(const kt_str *)b);
    case KT_BOOL:
        return *(const bool *)a == *(const bool *)b;
    case KT_INT:
        return *(const int64_t *)a == *(const int64_t *)b;
    case KT_DATE:
        return ((const kt_date *)a)->day == ((const kt_date *)b)->day;
    case KT_TIME:
        return ((const kt_time *)a)->ms == ((const kt_time *)b)->ms;
    case KT_STATE:
        return *(const unsigned *)a == *(const unsigned *)b;
    case KT_REF:
    case KT_FILE:
        return ((const kt_id *)a)->v == ((const kt_id *)b)->v;
    case KT_REFS:
    case KT_LINES:
        return ((const kt_lines *)a)->count == ((const kt_lines *)b)->count;
    case KT_MONEY:
    case KT_PRICE:
    case KT_QUANTITY:
    case KT_PERCENT:
    case KT_RATE:
        return same_dec(*(const kt_dec *)a, *(const kt_dec *)b);
    }
    return false;
}

static void refuse(comparing *c, const char *field)
{
    kt_also(&c->all,
        c->refuse(c->tx, c->lines ? kt_format(c->tx, "%s[%zu].%s", c->lines, c->line, field).ptr : field));
}

static void compare_fields(comparing *c, const kt_shape *shape, const void *was, const void *is)
{
    for (const kt_field *f = shape->fields; f->name; f++) {
        if (is_free(c, f) || (f->type == KT_REF && kt_joining(c->tx)))
            continue;
        if (!same_value(f, (const char *)was + f->at, (const char *)is + f->at))
            refuse(c, f->name);
    }
}

static void compare_lines(comparing *c, const kt_field *f, const kt_lines *was, const kt_lines *is)
{
    c->lines = f->name;
    for (c->line = 0; c->line < was->count && c->line < is->count; c->line++) {
        const kt_record *a = kt_line(was, c->line), *b = kt_line(is, c->line);
        if (a->id.v != b->id.v)
            refuse(c, "id");
        compare_fields(c, f->lines, a, b);
    }
    c->lines = NULL;
}

kt_error *posted_stays(kt_tx *tx, const kt_record *was, const kt_record *is, const char *const *but,
    kt_error *(*refusal)(kt_tx *tx, const char *path))
{
    comparing c = {.tx = tx, .but = but, .refuse = refusal};
    if (!same_str(was->number, is->number))
        refuse(&c, "number");
    compare_fields(&c, was->of, was, is);
    for (const kt_field *f = was->of->fields; f->name; f++)
        if (f->type == KT_LINES && !is_free(&c, f))
            compare_lines(&c, f, (const kt_lines *)(const void *)((const char *)was + f->at),
                (const kt_lines *)(const void *)((const char *)is + f->at));
    return c.all;
}

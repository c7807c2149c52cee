/* The records behind a figure that no condition on their fields tells: by their ids, as a filter. */
#include <stdio.h>
#include <stdlib.h>

#include <kontor/list.h>

#include "report/report.h"

enum { IDS_MOST = 5000 }; /* in one condition: docs/query-language.md */

kt_error *ids_add(kt_tx *tx, struct ids *of, kt_id id)
{
    if (of->count && of->ids[of->count - 1].v == id.v)
        return NULL;
    kt_id *ids = kt_grow(tx, of->ids, of->count, &of->room, sizeof *ids);
    if (!ids)
        return kt_no_memory();
    of->ids = ids;
    of->ids[of->count++] = id;
    return NULL;
}

kt_error *ids_take(kt_tx *tx, struct ids *of, const struct ids *more)
{
    for (size_t i = 0; i < more->count; i++)
        KT_TRY(ids_add(tx, of, more->ids[i]));
    return NULL;
}

static int by_id(const void *a, const void *b)
{
    const kt_id *x = a, *y = b;
    return (x->v > y->v) - (x->v < y->v);
}

static void put_in_order(struct ids *of)
{
    size_t kept = 0;
    if (of->count > 1)
        qsort(of->ids, of->count, sizeof *of->ids, by_id);
    for (size_t i = 0; i < of->count; i++)
        if (!kept || of->ids[kept - 1].v != of->ids[i].v)
            of->ids[kept++] = of->ids[i];
    of->count = kept;
}

kt_str ids_conditions(kt_tx *tx, struct ids *of)
{
    enum { DIGITS = 24, FRAME = 24 }; /* of an id; around each list */
    put_in_order(of);
    size_t room = of->count * DIGITS + (of->count / IDS_MOST + 2) * FRAME, at = 0;
    char *text = of->count ? kt_alloc(tx, room) : NULL;
    if (!text)
        return (kt_str){0};
    for (size_t i = 0; i < of->count; i++) {
        bool first = i % IDS_MOST == 0;
        const char *before = !first ? "," : i ? "]],[\"id\",\"in\",[" : "[\"id\",\"in\",[";
        at += (size_t)snprintf(text + at, room - at, "%s%llu", before, (unsigned long long)of->ids[i].v);
    }
    at += (size_t)snprintf(text + at, room - at, "]]");
    return (kt_str){text, at};
}

kt_str ids_filter(kt_tx *tx, struct ids *of)
{
    kt_str conditions = ids_conditions(tx, of);
    if (!conditions.ptr)
        return conditions;
    return kt_format(tx, of->count > IDS_MOST ? "[[\"or\",%s]]" : "[%s]", conditions.ptr);
}

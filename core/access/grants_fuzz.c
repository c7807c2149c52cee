/* grants_fuzz.c -- no text makes the reader of grants leave its bounds; what it reads it can use. */
#include "access/grants.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    arena *arena = arena_open((size_t)16 << 20);
    grant_list list;
    if (!arena)
        return 0;
    kt_error *error = grants_parse(arena, (kt_str){(const char *)data, size}, "grants", &list);
    for (size_t i = 0; !error && i < list.count; i++) {
        const variant *filter = grant_filter(arena, &list.items[i], &(grant_caller){.me = 7});
        if (filter && filter->as.array.count != list.items[i].condition_count)
            __builtin_trap();
        (void)grant_covers(&list.items[i], KT_STR("crm.deal"));
        (void)grant_allows(&list.items[i], "read");
        (void)grant_shows(&list.items[i], KT_STR("prices"));
    }
    arena_close(arena);
    return 0;
}

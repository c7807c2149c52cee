/* cells_fuzz.c -- cells of any text: what is read as a number, a day, an instant or a flag is read as the same
 * again, and a formula made harmless comes back as it was. */
#include <stdint.h>
#include <stdlib.h>

#include "exchange/cells.h"
#include "kit/arena.h"
#include "kit/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void same(kt_str a, kt_str b)
{
    if (!str_eq(a, b))
        abort();
}

static void read_again(arena *arena, kt_str text)
{
    static const char signs[] = {',', '.', 0};
    for (size_t i = 0; i < sizeof signs; i++) {
        kt_str number = cell_decimal(arena, text, signs[i]);
        if (!str_eq(number, text)) /* it was understood: as the wire writes it */
            same(number, cell_decimal(arena, number, '.'));
    }
    for (date_order order = DATES_ANY; order <= DATES_MDY; order++) {
        kt_str day = cell_date(arena, text, order), at = cell_time(arena, text, order, NULL);
        same(day, cell_date(arena, day, order));
        same(at, cell_time(arena, at, order, NULL));
    }
    same(cell_bool(arena, text), cell_bool(arena, cell_bool(arena, text)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    arena *arena = arena_open((size_t)16 << 20);
    kt_str text = arena ? arena_str(arena, (kt_str){(const char *)data, size}) : (kt_str){0};
    if (text.ptr) {
        kt_str guarded = cell_is_formula(text) ? arena_format(arena, "'%.*s", STR_ARG(text)) : text;
        if (!memchr(text.ptr, 0, text.len))
            same(cell_unguarded(guarded), text);
        read_again(arena, text);
    }
    arena_close(arena);
    return 0;
}

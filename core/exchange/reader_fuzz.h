/* reader_fuzz.h -- what the fuzz targets of all formats do with their input. */
#pragma once
#include <stdint.h>
#include <stdlib.h>

#include "exchange/reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Reads every row; then goes back to the middle: the same number of rows must follow. */
static void read_all(kt_str bytes, format format)
{
    arena *arena = arena_open((size_t)64 << 20);
    reader_options options = {.format = format};
    reader *r = NULL;
    reader_row row = {0};
    reader_position middle = {0};
    size_t rows = 0, behind = 0, again = 0;
    bool more = true;
    if (!arena || reader_open(arena, bytes, &options, &r)) {
        arena_close(arena);
        return;
    }
    bool sound = true;
    while (more && rows < 10000) {
        if (rows == 3)
            middle = reader_where(r);
        sound = !reader_next(r, arena, &row, &more);
        more = more && sound;
        rows += more;
        behind += more && rows > 3;
    }
    if (sound && rows > 3 && rows < 10000 && !reader_seek(r, arena, middle)) {
        for (more = true; more && !reader_next(r, arena, &row, &more); again += more)
            continue;
        if (again != behind)
            abort();
    }
    arena_close(arena);
}

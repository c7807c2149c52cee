/* json_rows_fuzz.c -- JSON Lines, arrays, REST answers: rows or an error, never more memory than stated; a position leads back. */
#include "exchange/reader_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    read_all((kt_str){(const char *)data, size}, FORMAT_JSON);
    return 0;
}

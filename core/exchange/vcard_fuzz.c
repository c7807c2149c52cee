/* vcard_fuzz.c -- vCard: rows or an error, never more memory than stated; a position leads back. */
#include "exchange/reader_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    read_all((kt_str){(const char *)data, size}, FORMAT_VCARD);
    return 0;
}

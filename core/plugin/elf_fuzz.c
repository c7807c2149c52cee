/* elf_fuzz.c -- the check of shared objects over any bytes. */
#include "plugin/loader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    (void)elf_check(data, size);
    return 0;
}

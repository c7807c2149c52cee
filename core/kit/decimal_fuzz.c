/* Any text: what is read must be written back as the same value. */
#include <stdlib.h>

#include "kit/decimal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    uint8_t scale = data[0] % (KT_DEC_SCALE_MAX + 1);
    kt_dec value, again;
    char text[DEC_TEXT_MAX];
    if (dec_parse((kt_str){(const char *)data + 1, size - 1}, scale, &value) != DEC_OK)
        return 0;
    size_t length = dec_text(value, text);
    if (dec_parse((kt_str){text, length}, scale, &again) != DEC_OK || kt_dec_cmp(value, again) != 0)
        abort();
    return 0;
}

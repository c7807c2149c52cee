/* entry_fuzz.c -- no bytes make the reader of journal entries leave its bounds or go on for ever. */
#include <string.h>

#include "journal/entry.h"

enum { SIZE_MAX_TRIED = 65536 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char bytes[SIZE_MAX_TRIED];
    if (size > sizeof bytes)
        return 0;
    memcpy(bytes, data, size);
    if (size >= 5) { /* the length is told right, lest nothing behind it be tried */
        bytes[1] = bytes[2] = 0;
        bytes[3] = (char)(size >> 8);
        bytes[4] = (char)size;
    }
    journal_entry entry;
    journal_change change;
    size_t sum = 0;
    if (!journal_entry_open((kt_str){bytes, size}, &entry))
        return 0;
    while (journal_entry_next(&entry, &change)) {
        journal_part part;
        sum += change.before.len + change.after.len;
        while (journal_change_next(&change, &part))
            sum += part.before.len + part.after.len;
    }
    if (sum > size)
        __builtin_trap();
    return 0;
}

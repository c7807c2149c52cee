/* entry_fuzz.c -- no bytes make the reader of journal entries leave its bounds or go on for ever. */
#include "journal/entry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    journal_entry entry;
    if (!journal_entry_open((kt_str){(const char *)data, size}, &entry))
        return 0;
    journal_change change;
    uint64_t sum = 0;
    while (journal_entry_next(&entry, &change)) {
        journal_part part;
        sum += change.before.len + change.after.len;
        while (journal_change_next(&change, &part))
            sum += part.before.len + part.after.len;
    }
    return sum > size ? __builtin_trap(), 0 : 0;
}

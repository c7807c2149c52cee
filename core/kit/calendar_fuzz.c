/* Any text: what is read as a day or an instant must be written back as the same one. */
#include <stdlib.h>

#include "kit/calendar.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    kt_str text = {(const char *)data, size};
    kt_date date, date_again;
    kt_time time, time_again;
    char out[TIME_TEXT_MAX];
    if (date_parse(text, &date)) {
        size_t length = date_text(date, out);
        if (!date_parse((kt_str){out, length}, &date_again) || date_again.day != date.day)
            abort();
    }
    if (time_parse(text, &time)) {
        size_t length = time_text(time, out);
        if (!time_parse((kt_str){out, length}, &time_again) || time_again.ms != time.ms)
            abort();
    }
    return 0;
}

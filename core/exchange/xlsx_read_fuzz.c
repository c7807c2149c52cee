/* xlsx_read_fuzz.c -- a workbook; input that is no archive is packed as the sheet of one. */
#include <zip.h>

#include "exchange/reader_fuzz.h"

/* An archive with this sheet, in memory. yours to free */
static kt_str packed(const uint8_t *data, size_t size)
{
    kt_str bytes = {0};
    zip_source_t *target = zip_source_buffer_create(NULL, 0, 0, NULL);
    zip_t *zip = target ? zip_open_from_source(target, ZIP_TRUNCATE, NULL) : NULL;
    zip_source_t *sheet = zip ? zip_source_buffer(zip, data, size, 0) : NULL;
    if (!zip)
        return bytes;
    zip_source_keep(target);
    if (sheet && zip_file_add(zip, "xl/worksheets/sheet1.xml", sheet, 0) < 0)
        zip_source_free(sheet);
    if (zip_close(zip) == 0 && zip_source_open(target) == 0) {
        zip_stat_t stat;
        zip_source_stat(target, &stat);
        char *copy = malloc(stat.size ? stat.size : 1);
        if (copy && zip_source_read(target, copy, stat.size) == (zip_int64_t)stat.size)
            bytes = (kt_str){copy, stat.size};
        else
            free(copy);
        zip_source_close(target);
    }
    zip_source_free(target);
    return bytes;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 2 && data[0] == 'P' && data[1] == 'K') {
        read_all((kt_str){(const char *)data, size}, FORMAT_XLSX);
        return 0;
    }
    kt_str bytes = packed(data, size);
    if (bytes.ptr)
        read_all(bytes, FORMAT_XLSX);
    free((void *)(uintptr_t)bytes.ptr);
    return 0;
}

/* watermark.h -- inside the room: by which order of its rows an export tells whose it is.
 *
 * A file that is not sorted otherwise has its rows by id, but for some neighbours that change places: a row and the
 * next one do if a bit of a hash of the export's number and the row's id, under the server's key, says so. The
 * order survives other formats, other columns and rows left out; sorting ends it. A workbook says besides, in its
 * properties, whose it is; cards and calendars in a line of theirs. What is imported again is the same. */
#pragma once
#include "model/model.h"

/* Puts the rows of a page, objects with "id" by rising id, into the order of this export. A page so short that it
 * would tell nothing stays as it is. */
void watermark_rows(const uint8_t *key, uint64_t export_id, variant *rows, size_t count);
/* The fields of a query and "id", by which the order is made; fields NULL: it is among all. */
KT_MUST kt_error *watermark_fields(arena *arena, const variant *fields, const variant **with_id);

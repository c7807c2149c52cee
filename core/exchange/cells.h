/* cells.h -- what people and programs write into cells, and the wire's own forms: the same text both ways. */
#pragma once
#include "exchange/mapping.h"

/* ---- In: text as people write it becomes text as the wire wants it. What cannot be told apart is left as it
 * is, for the model to refuse with its own words. memory: arena, or the text itself ---- */

/* "1 234,50 zł" -> "1234.50". decimal: ',' '.' or 0 */
kt_str cell_decimal(arena *arena, kt_str text, char decimal);
/* "31.12.2026" -> "2026-12-31"; a time behind it is dropped. */
kt_str cell_date(arena *arena, kt_str text, date_order order);
/* "31.12.2026 14:05" -> "2026-12-31T13:05:00.000Z", in zone (NULL: UTC); what has a zone keeps it. */
kt_str cell_time(arena *arena, kt_str text, date_order order, const zone *zone);
/* yes, tak, ja, да, x, 1 -> "true"; their contraries -> "false" */
kt_str cell_bool(arena *arena, kt_str text);
/* Takes away the apostrophe of the exporter. */
kt_str cell_unguarded(kt_str text);

/* ---- Out ---- */

/* Would a spreadsheet take this text for a formula? (= + - @ tab CR in front, but no plain number; or such a
 * text behind apostrophes) Then it gets an apostrophe in front. */
bool cell_is_formula(kt_str text);

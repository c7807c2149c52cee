/* inspect.h -- what a file looks like: guesses for a person to correct. */
#pragma once
#include "exchange/intake.h"

/* Writes {format, encoding, separator, decimal, dates, columns, rows, mapping}: the columns with the field
 * proposed for each, or a custom field for what is unknown; the first rows; and the mapping that follows, to
 * be given back as it is or mended. */
KT_MUST kt_error *inspect_write(kt_tx *tx, mapping *mapping, reader *reader, json *answer);

/* barcode.h -- barcodes as SVG, for documents and labels. */
#pragma once
#include "kit/error.h"

typedef enum { BARCODE_KIND_QR, BARCODE_KIND_CODE128, BARCODE_KIND_EAN13 } barcode_kind;

/* The symbol with its quiet zone, one unit a module, black on white; the linear ones carry their text below.
 *   text     QR, Code 128: UTF-8 (Code 128: Latin-1 alone); EAN-13: 12 digits, or 13 with the check digit
 *   svg      receives an <svg> element, the arena's
 *   returns  validation: the text does not fit the symbol, a wrong check digit
 *   source   ISO/IEC 18004 (QR), 15417 (Code 128), 15420 (EAN): quiet zones; the symbols are libzint's */
KT_MUST kt_error *barcode_svg(arena *arena, barcode_kind kind, kt_str text, kt_str *svg);

/* decimal.h -- text of exact decimals; the arithmetic is kt_dec_* of kontor.h, all in decimal.c.
 * Rounding is half away from zero everywhere. */
#pragma once
#include <kontor.h>

#define DEC_TEXT_MAX 24
/* "-1234.50", with exactly the value's scale. Returns the length; out holds DEC_TEXT_MAX bytes,
 * NUL-terminated. */
size_t dec_text(kt_dec value, char out[DEC_TEXT_MAX]);
typedef enum { DEC_OK, DEC_BAD, DEC_TOO_LONG, DEC_TOO_LARGE } dec_result;
/* Reads [-]digits[.digits], no blanks, no exponent, no "+". The result has exactly scale digits after the
 * point; more than scale non-zero digits after the point is DEC_TOO_LONG (a value is never rounded in
 * silence). */
dec_result dec_parse(kt_str text, uint8_t scale, kt_dec *out);
bool dec_is_set(kt_dec value);
bool dec_is_bad(kt_dec value); /* overflowed */

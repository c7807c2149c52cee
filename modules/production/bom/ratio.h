/* ratio.h -- exact fractions of quantities: a chain of bills of materials multiplies and divides, and is rounded
 * once, at its end. */
#pragma once
#include <kontor.h>

__extension__ typedef __int128 wide;
typedef struct {
    wide num, den; /* in lowest terms, den above zero; den 0: it did not fit into 127 bits */
} ratio;

ratio ratio_of(kt_dec value); /* not set: zero */
ratio ratio_mul(ratio a, ratio b);
ratio ratio_div(ratio a, ratio b); /* by zero: does not fit */
/* Sums of fractions whose common denominator does not fit are kept to 18 digits. */
ratio ratio_add(ratio a, ratio b);
bool ratio_fits(ratio r);
/* Rounded once, half away from zero, to scale digits; overflowed if it does not fit. */
kt_dec ratio_dec(ratio r, uint8_t scale);

#include "bom/ratio.h"

static const ratio unfit = {0, 0};

static wide gcd(wide a, wide b)
{
    if (a < 0)
        a = -a;
    while (b) {
        wide rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

static ratio lowest(wide num, wide den)
{
    wide by = gcd(num, den);
    return by > 1 ? (ratio){num / by, den / by} : (ratio){num, den};
}

static wide power_of_ten(unsigned digits)
{
    wide power = 1;
    while (digits--)
        power *= 10;
    return power;
}

/* The fraction with a denominator of at most 90 bits, so that it can be multiplied by a power of ten: the same to
 * some 27 digits. */
static ratio slim(ratio r)
{
    const wide den_max = (wide)1 << 90;
    while (r.den > den_max) {
        r.num /= 2;
        r.den /= 2;
    }
    return r;
}

bool ratio_fits(ratio r)
{
    return r.den > 0;
}

ratio ratio_of(kt_dec value)
{
    if (value.scale1 == 0)
        return (ratio){0, 1};
    if (value.scale1 > KT_DEC_SCALE_MAX + 1)
        return unfit;
    return lowest(value.coef, power_of_ten(value.scale1 - 1u));
}

/* Both are in lowest terms: what cancels crosswise is all that can be cancelled. */
ratio ratio_mul(ratio a, ratio b)
{
    if (!ratio_fits(a) || !ratio_fits(b))
        return unfit;
    ratio one = lowest(a.num, b.den), other = lowest(b.num, a.den);
    ratio product;
    if (__builtin_mul_overflow(one.num, other.num, &product.num) ||
        __builtin_mul_overflow(one.den, other.den, &product.den))
        return unfit;
    return product;
}

ratio ratio_div(ratio a, ratio b)
{
    if (!ratio_fits(b) || b.num == 0)
        return unfit;
    return ratio_mul(a, b.num < 0 ? (ratio){-b.den, -b.num} : (ratio){b.den, b.num});
}

static ratio add_exactly(ratio a, ratio b)
{
    wide left, right, sum, den, by = gcd(a.den, b.den);
    if (__builtin_mul_overflow(a.num, b.den / by, &left) ||
        __builtin_mul_overflow(b.num, a.den / by, &right) || __builtin_add_overflow(left, right, &sum) ||
        __builtin_mul_overflow(a.den, b.den / by, &den))
        return unfit;
    return lowest(sum, den);
}

/* The fraction to 18 digits, the last one cut off. */
static ratio cut(ratio r)
{
    const wide step = power_of_ten(9);
    wide whole, first, second;
    r = slim(r);
    first = r.num % r.den * step;
    second = first % r.den * step;
    if (__builtin_mul_overflow(r.num / r.den, step * step, &whole))
        return unfit;
    return lowest(whole + first / r.den * step + second / r.den, step * step);
}

ratio ratio_add(ratio a, ratio b)
{
    if (!ratio_fits(a) || !ratio_fits(b))
        return unfit;
    ratio sum = add_exactly(a, b);
    if (ratio_fits(sum))
        return sum;
    a = cut(a);
    b = cut(b);
    return ratio_fits(a) && ratio_fits(b) ? add_exactly(a, b) : unfit;
}

kt_dec ratio_dec(ratio r, uint8_t scale)
{
    enum { OVERFLOWED = 255 };
    const kt_dec overflowed = {0, OVERFLOWED};
    if (!ratio_fits(r))
        return overflowed;
    r = slim(r);
    wide power = power_of_ten(scale), whole, scaled = r.num % r.den * power;
    if (__builtin_mul_overflow(r.num / r.den, power, &whole))
        return overflowed;
    wide digit = scaled % r.den;
    scaled = whole + scaled / r.den;
    if (digit < 0 ? -digit >= r.den + digit : digit >= r.den - digit)
        scaled += digit < 0 ? -1 : digit > 0;
    if (scaled > INT64_MAX || scaled < INT64_MIN)
        return overflowed;
    return KT_DEC((int64_t)scaled, scale);
}

/* Exact decimals: a 64-bit coefficient and a scale of 0 to 9. Whatever is computed is computed in 128 bits,
 * rounded once (half away from zero) and checked once: a value that does not fit becomes `overflowed`, which
 * stays so through all further arithmetic and is refused wherever it would be stored. */
#include "kit/decimal.h"

#include <string.h>

__extension__ typedef __int128 wide;
__extension__ typedef unsigned __int128 uwide;

enum { BAD = 255 };
static const kt_dec bad = {0, BAD}, not_set = {0, 0};

static const int64_t power[] = {
    1,
    10,
    100,
    1000,
    10000,
    100000,
    1000000,
    10000000,
    100000000,
    1000000000,
    10000000000,
    100000000000,
    1000000000000,
    10000000000000,
    100000000000000,
    1000000000000000,
    10000000000000000,
    100000000000000000,
    1000000000000000000,
};

bool dec_is_set(kt_dec value)
{
    return value.scale1 != 0;
}

bool dec_is_bad(kt_dec value)
{
    return value.scale1 > KT_DEC_SCALE_MAX + 1; /* a scale beyond the limit can only be a mistake */
}

static unsigned scale_of(kt_dec value)
{
    return value.scale1 - 1U;
}

static kt_dec narrow(wide coef, unsigned scale)
{
    if (coef > INT64_MAX || coef < INT64_MIN)
        return bad;
    return (kt_dec){(int64_t)coef, (uint8_t)(scale + 1)};
}

/* Half away from zero; divisor not zero, and twice a remainder fits: |divisor| < 2^126. */
static wide divide(wide dividend, wide divisor)
{
    wide quotient = dividend / divisor, rest = dividend % divisor;
    wide size = divisor < 0 ? -divisor : divisor;
    if (rest < 0)
        rest = -rest;
    if (rest >= size - rest)
        quotient += (dividend < 0) == (divisor < 0) ? 1 : -1;
    return quotient;
}

static kt_dec rescale(wide coef, unsigned from, unsigned to)
{
    if (to < from)
        return narrow(divide(coef, power[from - to]), to);
    wide grown;
    if (__builtin_mul_overflow(coef, (wide)power[to - from], &grown))
        return bad;
    return narrow(grown, to);
}

kt_dec kt_dec_add(kt_dec a, kt_dec b)
{
    if (dec_is_bad(a) || dec_is_bad(b))
        return bad;
    if (!dec_is_set(a))
        return b;
    if (!dec_is_set(b))
        return a;
    unsigned scale = scale_of(a) > scale_of(b) ? scale_of(a) : scale_of(b);
    return narrow(
        (wide)a.coef * power[scale - scale_of(a)] + (wide)b.coef * power[scale - scale_of(b)], scale);
}

kt_dec kt_dec_neg(kt_dec a)
{
    if (dec_is_bad(a))
        return bad;
    return dec_is_set(a) ? narrow(-(wide)a.coef, scale_of(a)) : a;
}

kt_dec kt_dec_sub(kt_dec a, kt_dec b)
{
    if (dec_is_bad(a) || dec_is_bad(b))
        return bad;
    if (!dec_is_set(b))
        return a;
    if (!dec_is_set(a))
        return kt_dec_neg(b);
    unsigned scale = scale_of(a) > scale_of(b) ? scale_of(a) : scale_of(b);
    return narrow(
        (wide)a.coef * power[scale - scale_of(a)] - (wide)b.coef * power[scale - scale_of(b)], scale);
}

kt_dec kt_dec_mul(kt_dec a, kt_dec b, uint8_t scale)
{
    if (dec_is_bad(a) || dec_is_bad(b) || scale > KT_DEC_SCALE_MAX)
        return bad;
    if (!dec_is_set(a) || !dec_is_set(b))
        return not_set;
    return rescale((wide)a.coef * b.coef, scale_of(a) + scale_of(b), scale);
}

kt_dec kt_dec_div(kt_dec a, kt_dec b, uint8_t scale)
{
    if (dec_is_bad(a) || dec_is_bad(b) || scale > KT_DEC_SCALE_MAX)
        return bad;
    if (!dec_is_set(a) || !dec_is_set(b))
        return not_set;
    if (b.coef == 0)
        return bad;
    unsigned up = scale + scale_of(b), down = scale_of(a);
    if (up >= down)
        return narrow(divide((wide)a.coef * power[up - down], b.coef), scale);
    return narrow(divide(a.coef, (wide)b.coef * power[down - up]), scale);
}

kt_dec kt_dec_share(kt_dec value, kt_dec part, kt_dec whole, uint8_t scale)
{
    if (dec_is_bad(value) || dec_is_bad(part) || dec_is_bad(whole) || scale > KT_DEC_SCALE_MAX)
        return bad;
    if (!dec_is_set(value) || !dec_is_set(part) || !dec_is_set(whole))
        return not_set;
    if (whole.coef == 0)
        return bad;
    unsigned up = scale + scale_of(whole), down = scale_of(value) + scale_of(part);
    wide dividend = (wide)value.coef * part.coef;
    if (up < down)
        return narrow(divide(dividend, (wide)whole.coef * power[down - up]), scale);
    if (__builtin_mul_overflow(dividend, (wide)power[up - down], &dividend))
        return bad;
    return narrow(divide(dividend, whole.coef), scale);
}

kt_dec kt_dec_round(kt_dec a, uint8_t scale)
{
    if (dec_is_bad(a) || scale > KT_DEC_SCALE_MAX)
        return bad;
    if (a.scale1 == scale + 1) /* as most are already */
        return a;
    return dec_is_set(a) ? rescale(a.coef, scale_of(a), scale) : not_set;
}

int kt_dec_cmp(kt_dec a, kt_dec b)
{
    int rank_a = dec_is_bad(a) ? 2 : dec_is_set(a), rank_b = dec_is_bad(b) ? 2 : dec_is_set(b);
    if (rank_a != rank_b || rank_a != 1)
        return (rank_a > rank_b) - (rank_a < rank_b);
    if (a.scale1 == b.scale1)
        return (a.coef > b.coef) - (a.coef < b.coef);
    wide left = (wide)a.coef * power[scale_of(b)], right = (wide)b.coef * power[scale_of(a)];
    return (left > right) - (left < right);
}

/* ---- Splitting ---- */

typedef struct {
    uwide amount; /* of the total, without its sign */
    wide sum;     /* of the weights, above zero */
    unsigned scale;
    bool equal; /* the weights say nothing: all count 1 */
    bool flip;  /* the weights' sum was negative */
} division;

static wide weigh(const division *d, kt_dec weight)
{
    if (d->equal)
        return 1;
    wide w = dec_is_set(weight) ? (wide)weight.coef * power[d->scale - scale_of(weight)] : 0;
    return d->flip ? -w : w;
}

/* floor(amount * weight / sum) and the remainder, 0 <= *rest < sum. false: does not fit. */
static bool portion(const division *d, kt_dec weight, wide *part, wide *rest)
{
    wide signed_weight = weigh(d, weight);
    uwide w = signed_weight < 0 ? -(uwide)signed_weight : (uwide)signed_weight, sum = (uwide)d->sum;
    uwide whole, left = 0, over = w % sum;
    if (__builtin_mul_overflow(d->amount, w / sum, &whole) || whole > INT64_MAX)
        return false;
    if (over <= UINT64_MAX) {
        uwide product = d->amount * over; /* 63 and 64 bits */
        whole += product / sum;
        left = product % sum;
    } else { /* wider than 128 bits: bit by bit */
        uwide quotient = 0;
        for (int bit = 63; bit >= 0; bit--) {
            left = 2 * left + (d->amount >> bit & 1 ? over : 0);
            quotient = 2 * quotient + left / sum;
            left %= sum;
        }
        whole += quotient;
    }
    *part = (wide)whole;
    *rest = (wide)left;
    if (signed_weight < 0) {
        *part = left ? -*part - 1 : -*part;
        *rest = left ? (wide)(sum - left) : 0;
    }
    return *part <= INT64_MAX && *part >= INT64_MIN;
}

/* How many portions have a remainder of at least `least`. */
static size_t count_rests(const division *d, const kt_dec *weight, size_t n, wide least)
{
    size_t count = 0;
    wide part, rest;
    for (size_t i = 0; i < n; i++)
        count += portion(d, weight[i], &part, &rest) && rest >= least;
    return count;
}

/* The greatest remainder that at least `wanted` portions reach: by bisection, which takes no memory. */
static wide threshold(const division *d, const kt_dec *weight, size_t n, size_t wanted)
{
    wide low = 0, high = d->sum; /* low is reached by enough, high by too few */
    while (high - low > 1) {
        wide middle = low + (high - low) / 2;
        if (count_rests(d, weight, n, middle) >= wanted)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static bool division_make(division *d, kt_dec total, const kt_dec *weight, size_t n)
{
    *d = (division){.amount = total.coef < 0 ? -(uwide)total.coef : (uwide)total.coef};
    for (size_t i = 0; i < n; i++) {
        if (dec_is_bad(weight[i]))
            return false;
        if (dec_is_set(weight[i]) && scale_of(weight[i]) > d->scale)
            d->scale = scale_of(weight[i]);
    }
    wide sum = 0;
    for (size_t i = 0; i < n; i++) /* 2^93 each: no array is long enough to overflow this */
        sum += weigh(d, weight[i]);
    d->equal = sum == 0;
    d->flip = sum < 0;
    d->sum = d->equal ? (wide)n : d->flip ? -sum : sum;
    return true;
}

static bool split(const division *d, bool negative, const kt_dec *weight, size_t n, kt_dec *part)
{
    wide given = 0, each, rest;
    for (size_t i = 0; i < n; i++) {
        if (!portion(d, weight[i], &each, &rest))
            return false;
        given += each;
    }
    size_t left = (size_t)((wide)d->amount - given); /* fewer than n units */
    wide least = left ? threshold(d, weight, n, left) : d->sum;
    size_t above = left ? count_rests(d, weight, n, least + 1) : 0;
    size_t ties = left - above; /* the first ones win */
    for (size_t i = 0; i < n; i++) {
        if (!portion(d, weight[i], &each, &rest))
            return false;
        if (rest > least) {
            each++;
        } else if (rest == least && ties) {
            each++;
            ties--;
        }
        if (each > INT64_MAX)
            return false;
        part[i].coef = (int64_t)(negative ? -each : each);
    }
    return true;
}

void kt_dec_split(kt_dec total, const kt_dec *weight, size_t n, kt_dec *part)
{
    division d;
    bool fits = n && dec_is_set(total) && !dec_is_bad(total) && total.coef != INT64_MIN &&
                division_make(&d, total, weight, n) && split(&d, total.coef < 0, weight, n, part);
    for (size_t i = 0; i < n; i++) {
        if (fits)
            part[i].scale1 = total.scale1;
        else
            part[i] = dec_is_set(total) ? bad : not_set;
    }
}

/* ---- Text ---- */

size_t dec_text(kt_dec value, char out[DEC_TEXT_MAX])
{
    if (!dec_is_set(value) || dec_is_bad(value)) {
        const char *text = dec_is_set(value) ? "overflowed" : "";
        size_t length = strlen(text);
        memcpy(out, text, length + 1);
        return length;
    }
    char digits[DEC_TEXT_MAX]; /* backwards */
    size_t n = 0;
    unsigned scale = scale_of(value);
    uint64_t rest = value.coef < 0 ? -(uint64_t)value.coef : (uint64_t)value.coef;
    do {
        if (n == scale && scale)
            digits[n++] = '.';
        digits[n++] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest || n <= scale);
    if (value.coef < 0)
        digits[n++] = '-';
    for (size_t i = 0; i < n; i++)
        out[i] = digits[n - 1 - i];
    out[n] = '\0';
    return n;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Whether the whole text has the form [-]digits[.digits]. */
static bool well_formed(kt_str text)
{
    size_t i = text.len && text.ptr[0] == '-';
    size_t first = i;
    while (i < text.len && is_digit(text.ptr[i]))
        i++;
    if (i == first)
        return false;
    if (i == text.len)
        return true;
    first = i + 1;
    if (text.ptr[i++] != '.')
        return false;
    while (i < text.len && is_digit(text.ptr[i]))
        i++;
    return i == text.len && i > first;
}

dec_result dec_parse(kt_str text, uint8_t scale, kt_dec *out)
{
    if (!text.ptr || scale > KT_DEC_SCALE_MAX || !well_formed(text))
        return DEC_BAD;
    bool negative = text.ptr[0] == '-', point = false, large = false;
    unsigned behind = 0; /* digits after the point that were taken */
    int64_t coef = 0;    /* kept negative: INT64_MIN has no positive twin */
    for (size_t i = negative; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '.') {
            point = true;
            continue;
        }
        if (point && behind == scale) {
            if (c != '0')
                return DEC_TOO_LONG;
            continue;
        }
        behind += point;
        large = large || __builtin_mul_overflow(coef, (int64_t)10, &coef) ||
                __builtin_sub_overflow(coef, (int64_t)(c - '0'), &coef);
    }
    for (; behind < scale; behind++)
        large = large || __builtin_mul_overflow(coef, (int64_t)10, &coef);
    if (large || (!negative && coef == INT64_MIN))
        return DEC_TOO_LARGE;
    *out = KT_DEC(negative ? coef : -coef, scale);
    return DEC_OK;
}

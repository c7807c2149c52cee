/* str.h -- slices of bytes. */
#pragma once
#include <string.h>

#include <kontor.h>

static inline kt_str str_of(const char *text)
{
    return (kt_str){text, text ? strlen(text) : 0};
}
static inline bool str_eq(kt_str a, kt_str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}
static inline bool str_is(kt_str a, const char *literal)
{
    return str_eq(a, str_of(literal));
}
static inline int str_cmp(kt_str a, kt_str b)
{
    size_t n = a.len < b.len ? a.len : b.len;
    int c = n ? memcmp(a.ptr, b.ptr, n) : 0;
    return c ? c : (a.len > b.len) - (a.len < b.len);
}
static inline bool str_starts(kt_str s, kt_str prefix)
{
    return s.len >= prefix.len && (prefix.len == 0 || memcmp(s.ptr, prefix.ptr, prefix.len) == 0);
}
/* "%.*s" arguments */
#define STR_ARG(s) (int)(s).len, (s).ptr ? (s).ptr : ""

/* web_form.c -- application/x-www-form-urlencoded, for the routes of modules (WHATWG URL, 5.1). */
#include <string.h>

#include <kontor/web.h>

static int digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* %41 and + decoded; a zero byte ends nothing here and is left out. */
static kt_str decode(kt_tx *tx, kt_str from)
{
    char *to = kt_alloc(tx, from.len + 1);
    size_t n = 0;
    if (!to)
        return (kt_str){0};
    for (size_t i = 0; i < from.len; i++) {
        char c = from.ptr[i] == '+' ? ' ' : from.ptr[i];
        if (c == '%' && i + 2 < from.len && digit(from.ptr[i + 1]) >= 0 && digit(from.ptr[i + 2]) >= 0) {
            c = (char)(digit(from.ptr[i + 1]) * 16 + digit(from.ptr[i + 2]));
            i += 2;
        }
        if (c)
            to[n++] = c;
    }
    return (kt_str){to, n};
}

static size_t count_pairs(kt_str body)
{
    size_t n = 1;
    for (size_t i = 0; i < body.len; i++)
        n += body.ptr[i] == '&';
    return n;
}

kt_error *kt_web_form(kt_tx *tx, kt_str body, const kt_web_pair **pairs, size_t *count)
{
    size_t room = count_pairs(body);
    if (room > KT_WEB_PAIRS_MAX)
        return kt_fail(
            tx, KT_LIMIT, NULL, "more than %d parameters", "ponad %d parametrów", KT_WEB_PAIRS_MAX);
    kt_web_pair *found = kt_alloc(tx, room * sizeof *found);
    *pairs = found;
    *count = 0;
    if (!found)
        return kt_no_memory();
    for (size_t at = 0; at < body.len;) {
        const char *from = body.ptr + at, *end = memchr(from, '&', body.len - at);
        size_t length = end ? (size_t)(end - from) : body.len - at;
        const char *equals = memchr(from, '=', length);
        size_t name = equals ? (size_t)(equals - from) : length;
        kt_web_pair pair = {decode(tx, (kt_str){from, name}),
            equals ? decode(tx, (kt_str){equals + 1, length - name - 1}) : KT_STR("")};
        if (!pair.name.ptr || !pair.value.ptr)
            return kt_no_memory();
        if (pair.name.len)
            found[(*count)++] = pair;
        at += length + 1;
    }
    return NULL;
}

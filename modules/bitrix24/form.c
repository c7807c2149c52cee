/* Forms become values: a[b][c]=d is {"a": {"b": {"c": "d"}}}, a[]=x&a[]=y is {"a": ["x", "y"]}. */
#include "form.h"

#include <string.h>

#include <kontor/web.h>

enum { PAIRS_MAX = KT_WEB_PAIRS_MAX, DEPTH_MAX = 16 };

typedef struct node node;
struct node {
    kt_str name, value;
    node *first, *last, *next;
    size_t count, free; /* of children; the number of the next one without a name: behind all numbers */
};
struct form {
    kt_tx *tx;
    node root;
    size_t pairs;
};

form *form_open(kt_tx *tx)
{
    form *f = kt_alloc(tx, sizeof *f);
    if (f)
        f->tx = tx;
    return f;
}

static bool same(kt_str a, kt_str b)
{
    return a.len == b.len && memcmp(a.ptr, b.ptr, a.len) == 0;
}

enum { DIGITS_MAX = 9, LAST_NUMBER = 999999999 };

/* The number that follows a name, if it is a number as an array writes it. */
static size_t number_behind(kt_str name)
{
    size_t n = 0;
    if (!name.len || name.len > DIGITS_MAX || (*name.ptr == '0' && name.len > 1))
        return 0;
    for (size_t i = 0; i < name.len; i++) {
        if (name.ptr[i] < '0' || name.ptr[i] > '9')
            return 0;
        n = n * 10 + (size_t)(name.ptr[i] - '0');
    }
    return n + 1;
}

static node *find(const node *of, kt_str name)
{
    for (node *at = of->first; at; at = at->next)
        if (same(at->name, name))
            return at;
    return NULL;
}

/* The number of a child without a name, a[]: behind all others. Behind those that are counted one may be taken. */
static kt_str next_number(kt_tx *tx, node *of)
{
    kt_str name;
    do
        name = kt_format(tx, "%zu", of->free++);
    while (name.ptr && of->free > LAST_NUMBER && find(of, name));
    return name;
}

/* The child of a name; a new one if there is none, or if the name is empty: a[]. Pairs come grouped, so that
 * the last child is the likeliest. */
static node *child(kt_tx *tx, node *of, kt_str name)
{
    if (name.len && of->last && same(of->last->name, name))
        return of->last;
    node *made = name.len ? find(of, name) : NULL;
    if (made)
        return made;
    made = kt_alloc(tx, sizeof *made);
    if (!made)
        return NULL;
    made->name = name.len ? name : next_number(tx, of);
    size_t behind = name.len ? number_behind(name) : 0;
    of->free = behind > of->free ? behind : of->free;
    if (of->last)
        of->last->next = made;
    else
        of->first = made;
    of->last = made;
    of->count++;
    return made;
}

static kt_str copy(kt_tx *tx, const char *from, size_t length)
{
    return kt_format(tx, "%.*s", (int)length, from);
}

kt_error *form_add(form *f, kt_str name, kt_str value)
{
    if (++f->pairs > PAIRS_MAX)
        return kt_fail(f->tx, KT_VALIDATION, "ERROR_ARGUMENT", "more than %d parameters",
            "ponad %d parametrów", PAIRS_MAX);
    size_t end = 0;
    while (end < name.len && name.ptr[end] != '[')
        end++;
    node *at = child(f->tx, &f->root, copy(f->tx, name.ptr, end));
    for (int depth = 0; at && end < name.len && name.ptr[end] == '['; depth++) {
        size_t from = ++end;
        while (end < name.len && name.ptr[end] != ']')
            end++;
        if (depth == DEPTH_MAX || at->count > PAIRS_MAX)
            return kt_fail(f->tx, KT_VALIDATION, "ERROR_ARGUMENT", "a parameter has more than %d brackets",
                "parametr ma ponad %d nawiasów", DEPTH_MAX);
        at = child(f->tx, at, copy(f->tx, name.ptr + from, end - from));
        end += end < name.len;
    }
    if (!at)
        return kt_no_memory();
    at->value = value;
    return NULL;
}

kt_error *form_read(form *f, kt_str text)
{
    const kt_web_pair *pairs;
    size_t count;
    KT_TRY(kt_web_form(f->tx, text, &pairs, &count));
    for (size_t i = 0; i < count; i++)
        KT_TRY(form_add(f, pairs[i].name, pairs[i].value));
    return NULL;
}

static bool is_list(const node *n)
{
    size_t i = 0;
    char text[24];
    for (const node *at = n->first; at; at = at->next, i++) {
        size_t length = 0;
        for (size_t v = i; length == 0 || v; v /= 10)
            text[length++] = (char)('0' + v % 10);
        if (at->name.len != length)
            return false;
        for (size_t k = 0; k < length; k++)
            if (at->name.ptr[k] != text[length - 1 - k])
                return false;
    }
    return i > 0;
}

static kt_value value_of(kt_tx *tx, const node *n, bool top)
{
    if (!n->first && !top)
        return kt_value_str(n->value.ptr ? n->value : KT_STR(""));
    bool list = !top && is_list(n);
    kt_maker made = list ? KT_MAKE_ARRAY : KT_MAKE_OBJECT;
    for (const node *at = n->first; at; at = at->next) {
        if (list)
            kt_add(tx, &made, value_of(tx, at, false));
        else
            kt_put_named(tx, &made, at->name, value_of(tx, at, false));
    }
    return made.value;
}

kt_value form_value(const form *f)
{
    return value_of(f->tx, &f->root, true);
}

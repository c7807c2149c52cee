/* bitrix24_form_fuzz.c -- forms as PHP writes them, of any bytes: a value or an error, and what was read, written as a
 * form again, is read as the same. */
#include <stdlib.h>

#include "form.h"
#include "kit/buffer.h"
#include "kit/str.h"
#include "model/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TEXT_MAX = 4 << 20 };

static void add_encoded(buffer *out, kt_str text)
{
    for (size_t i = 0; i < text.len; i++)
        buffer_add_format(out, "%%%02X", (unsigned)(unsigned char)text.ptr[i]);
}

/* name: of the value, encoded already */
static void write_form(kt_tx *tx, buffer *out, kt_str name, const kt_value *value)
{
    if (value->kind == KT_VALUE_STRING) {
        buffer_add_format(out, "&%.*s=", STR_ARG(name));
        add_encoded(out, value->as.string);
        return;
    }
    for (size_t i = 0; i < kt_value_count(value); i++) {
        bool list = value->kind == KT_VALUE_ARRAY;
        buffer inner;
        buffer_open(&inner, TEXT_MAX);
        buffer_add_format(&inner, "%.*s%s", STR_ARG(name), name.len ? "%5B" : "");
        if (list)
            buffer_add_format(&inner, "%zu", i);
        else
            add_encoded(&inner, value->as.object.members[i].name);
        buffer_add_str(&inner, name.len ? KT_STR("%5D") : KT_STR(""));
        write_form(tx, out, buffer_str(&inner),
            list ? &value->as.array.items[i] : value->as.object.members[i].value);
        buffer_close(&inner);
    }
}

static bool read_form(kt_tx *tx, kt_str text, kt_value *value)
{
    form *f = form_open(tx);
    if (!f || form_read(f, text))
        return false;
    *value = form_value(f);
    return true;
}

static bool alike(const kt_value *a, const kt_value *b)
{
    if (a->kind != b->kind || kt_value_count(a) != kt_value_count(b))
        return false;
    if (a->kind == KT_VALUE_STRING)
        return str_eq(a->as.string, b->as.string);
    for (size_t i = 0; i < kt_value_count(a); i++) {
        bool list = a->kind == KT_VALUE_ARRAY;
        if (!list && !str_eq(a->as.object.members[i].name, b->as.object.members[i].name))
            return false;
        if (!alike(list ? &a->as.array.items[i] : a->as.object.members[i].value,
                list ? &b->as.array.items[i] : b->as.object.members[i].value))
            return false;
    }
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    arena *arena = arena_open((size_t)64 << 20);
    if (!arena)
        return 0;
    kt_tx tx = {.arena = arena, .lang = "en"};
    kt_value first, again;
    buffer text;
    buffer_open(&text, TEXT_MAX);
    if (read_form(&tx, (kt_str){(const char *)data, size}, &first) && !tx.doomed) {
        write_form(&tx, &text, KT_STR(""), &first);
        if (!text.full && (!read_form(&tx, buffer_str(&text), &again) || !alike(&first, &again)))
            abort();
    }
    buffer_close(&text);
    arena_close(arena);
    return 0;
}

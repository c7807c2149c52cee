/* Two values of one type: their keys order as they do, and nothing overruns. */
#include <assert.h>

#include "record/key.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int sign(int n)
{
    return (n > 0) - (n < 0);
}

static void make(
    key *out, const model_field *field, const uint8_t *data, size_t size, bool raw, model_value *value)
{
    *value = (model_value){.set = true, .as.s = {(const char *)data, size}};
    if (field->type == KT_INT) {
        value->as.i = 0;
        memcpy(&value->as.i, data, size < 8 ? size : 8);
    }
    key_open(out, KEY_INDEX);
    key_value(out, field, value, raw);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    bool raw = data[0] & 1, number = data[0] & 2;
    size_t half = (size_t)data[1] % (size - 1);
    model_field field = {.type = number ? KT_INT : KT_STRING};
    model_value a, b;
    key p, q;
    make(&p, &field, data + 2, half < size - 2 ? half : size - 2, raw, &a);
    make(&q, &field, data + 2, size - 2, raw, &b);
    if (p.full || q.full)
        return 0;
    int keys = sign(str_cmp(key_str(&p), key_str(&q)));
    if (number)
        assert(keys == (a.as.i > b.as.i) - (a.as.i < b.as.i));
    else if (raw && a.as.s.len <= KEY_TEXT_MAX && b.as.s.len <= KEY_TEXT_MAX)
        assert(keys == sign(str_cmp(a.as.s, b.as.s)));
    return 0;
}

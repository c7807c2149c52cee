/* template_fuzz.c -- any text is a template or is refused; what is compiled has the template's lines. */
#include <assert.h>

#include "document/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1 || size > 65536)
        return 0;
    arena *memory = arena_open(8 << 20);
    assert(memory);
    kt_str lua, text = {(const char *)data + 1, size - 1};
    if (!template_compile(memory, (template_kind)(data[0] % 4), text, &lua)) {
        long balance = 0;
        for (size_t i = 0; i < text.len; i++)
            balance += text.ptr[i] == '\n';
        for (size_t i = 0; i < lua.len; i++)
            balance -= lua.ptr[i] == '\n';
        assert(balance == 0);
    }
    arena_close(memory);
    return 0;
}

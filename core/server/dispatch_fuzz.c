/* dispatch_fuzz.c -- any message to a whole server in this process, from a logged-in clerk: an answer, and
 * one that is JSON. Shared state grows from message to message, as in a server. */
#include <stdint.h>
#include <stdlib.h>

#include "kit/decode.h"
#include "server/shop.h"
#include "server/testing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const kt_module *const modules[] = {&shop_module, NULL};
static house *h;
static unsigned runs;
static kt_str clerk;

static void open_house(void)
{
    h = house_open(modules);
    int64_t role = house_int(house_result(h, "access.role.create",
                                 "{\"values\":{\"name\":\"clerk\",\"grants\":\"shop.thing:read,create,update;"
                                 " access.user:read@own\"}}"),
        "id");
    house_result(h, "access.user.create",
        "{\"values\":{\"name\":\"clerk\",\"roles\":[%lld],\"active\":true}}", (long long)role);
    house_result(h, "access.password", "{\"user\":\"clerk\",\"new\":\"Clerk-Clerk-5-Clerk\"}");
    clerk = house_login(h, "clerk", "Clerk-Clerk-5-Clerk");
    house_result(h, "shop.thing.create", "{\"values\":{\"name\":\"Lamp\",\"price\":\"1\"}}");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const decode_limits limits = {.depth_max = 200, .elements_max = 10000000};
    if (runs++ % 20000 == 0) { /* a fresh house before its memory is full */
        house_close(h);
        open_house();
    }
    kt_str answer = house_send(h, clerk, (kt_str){(const char *)data, size});
    if (answer.len) {
        arena *arena = arena_open((size_t)64 << 20);
        const variant *value = NULL;
        if (arena && decode_json(arena, answer, &limits, &value))
            abort();
        arena_close(arena);
    }
    return 0;
}

/* Forecast consumption by hand, and what must hold of any. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "mrp/consume.h"

#define POOL_BYTES (1 << 20)
#define SEED       23
#include "memory_test.h"

static size_t consume(struct foreseen *f, size_t forecasts, struct ordered *o, size_t orders, int32_t back,
    int32_t forward, struct consumed **taken)
{
    static struct consume_window windows[8];
    size_t count;
    for (size_t i = 0; i < 8; i++)
        windows[i] = (struct consume_window){back, forward};
    used = 0;
    assert_true(consume_forecasts(&from_pool, f, forecasts, o, orders, windows, taken, &count));
    return count;
}

/* Three months of 100; a month's orders of 60 leave 40, of 130 leave nothing, of none all. */
static void a_period_is_the_greater_of_both(void **state)
{
    (void)state;
    struct foreseen f[] = {{0, 1, 30, 1, 100, 0}, {0, 31, 60, 2, 100, 0}, {0, 61, 90, 3, 100, 0}};
    struct ordered o[] = {{0, 45, 12, 1, 70}, {0, 20, 11, 1, 60}, {0, 31, 10, 1, 60}};
    struct consumed *taken;
    assert_int_equal(consume(f, 3, o, 3, 0, 0, &taken), 3);
    assert_true(f[0].left == 40 && f[1].left == 0 && f[2].left == 100);
    assert_true(taken[0].forecast == 0 && o[taken[0].order].document == 11 && taken[0].left == 40);
    assert_true(o[taken[1].order].document == 10 && taken[1].quantity == 60 && taken[1].left == 40);
    assert_true(o[taken[2].order].document == 12 && taken[2].quantity == 40 && taken[2].left == 0);
}

/* An order of 250 due on day 20: its own forecast, then back to the one before, then ahead; never beyond the windows. */
static void back_comes_before_ahead(void **state)
{
    (void)state;
    struct foreseen f[] = {{0, 1, 1, 1, 50, 0}, {0, 8, 8, 2, 50, 0}, {0, 15, 15, 3, 50, 0},
        {0, 20, 20, 4, 50, 0}, {0, 22, 22, 5, 50, 0}, {0, 29, 29, 6, 50, 0}};
    struct ordered o[] = {{0, 20, 1, 1, 250}};
    const uint64_t in_turn[] = {4, 3, 2, 5};
    struct consumed *taken;
    assert_int_equal(consume(f, 6, o, 1, 12, 5, &taken), 4);
    for (size_t i = 0; i < 4; i++)
        assert_true(f[taken[i].forecast].id == in_turn[i]);
    assert_true(f[0].left == 50 && f[5].left == 50);
    o[0].quantity = 120;
    assert_int_equal(consume(f, 6, o, 1, 12, 5, &taken), 3);
    assert_true(taken[2].quantity == 20 && taken[2].left == 30);
}

enum { ITEMS = 4, FORECASTS = 60, ORDERS = 60 };

/* Whatever is given and in whatever order: nothing is taken twice, of another item or out of the windows, and an order
 * that has something left found nothing more within them. */
static void nothing_is_taken_twice(void **state)
{
    (void)state;
    for (int round = 0; round < 200; round++) {
        struct foreseen f[FORECASTS], g[FORECASTS];
        struct ordered o[ORDERS], p[ORDERS];
        struct consumed *taken;
        int64_t by_order[ORDERS] = {0}, of_forecast[FORECASTS] = {0};
        const int32_t back = (int32_t)draw(20), forward = (int32_t)draw(20);
        for (size_t i = 0; i < FORECASTS; i++) {
            int32_t from = (int32_t)draw(60);
            f[i] = (struct foreseen){
                (uint32_t)draw(ITEMS), from, from + (int32_t)draw(9), i + 1, 1 + draw(90), 0};
            g[FORECASTS - 1 - i] = f[i];
        }
        for (size_t i = 0; i < ORDERS; i++) {
            o[i] = (struct ordered){(uint32_t)draw(ITEMS), (int32_t)draw(70), 1 + i / 2, i % 2, 1 + draw(40)};
            p[ORDERS - 1 - i] = o[i];
        }
        size_t count = consume(f, FORECASTS, o, ORDERS, back, forward, &taken);
        for (size_t i = 0; i < count; i++) {
            const struct foreseen *from = &f[taken[i].forecast];
            const struct ordered *by = &o[taken[i].order];
            assert_true(from->item == by->item && taken[i].quantity > 0);
            assert_true(from->until >= by->day - back && from->from <= by->day + forward);
            by_order[taken[i].order] += taken[i].quantity;
            of_forecast[taken[i].forecast] += taken[i].quantity;
        }
        for (size_t i = 0; i < FORECASTS; i++)
            assert_int_equal(f[i].left + of_forecast[i], f[i].quantity);
        for (size_t i = 0; i < ORDERS; i++) {
            assert_true(by_order[i] <= o[i].quantity);
            for (size_t n = 0; n < FORECASTS && by_order[i] < o[i].quantity; n++)
                assert_false(f[n].item == o[i].item && f[n].left && f[n].until >= o[i].day - back &&
                             f[n].from <= o[i].day + forward);
        }
        (void)consume(g, FORECASTS, p, ORDERS, back, forward, &taken);
        assert_memory_equal(f, g, sizeof f);
    }
}

static void no_memory_is_told(void **state)
{
    (void)state;
    struct foreseen f[] = {{0, 1, 1, 1, 50, 0}};
    struct ordered o[] = {{0, 1, 1, 1, 5}};
    const struct consume_window window = {0, 0};
    struct consumed *taken;
    size_t count;
    used = limit = 0;
    assert_false(consume_forecasts(&from_pool, f, 1, o, 1, &window, &taken, &count));
    limit = sizeof pool;
    assert_true(consume_forecasts(&from_pool, f, 1, o, 1, &window, &taken, &count));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_period_is_the_greater_of_both),
        cmocka_unit_test(back_comes_before_ahead),
        cmocka_unit_test(nothing_is_taken_twice),
        cmocka_unit_test(no_memory_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

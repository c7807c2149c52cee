/* overlay_test.c -- an overlay against a sorted table of the same keys: far more of them than a page holds, rising,
 * falling and by chance, with beginnings that are alike. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "store/overlay.h"

enum { KEYS = 40000, LOOKS = 4000 };

typedef struct {
    char text[40];
    bool written;
} entry;

typedef struct {
    overlay *writes;
    entry *entries; /* sorted */
    size_t *order;  /* in which they are written */
} desk;

static size_t pick(size_t n)
{
    static uint64_t state = 88172645463325252u;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (size_t)(state % n);
}

static desk open_desk(const char *prefix)
{
    desk d = {.writes = overlay_open((size_t)64 << 20), .entries = calloc(KEYS, sizeof *d.entries)};
    d.order = calloc(KEYS, sizeof *d.order);
    assert_true(d.writes && d.entries && d.order);
    for (size_t i = 0; i < KEYS; i++) {
        snprintf(d.entries[i].text, sizeof d.entries[i].text, "%s%05zu", prefix, i);
        d.order[i] = i;
    }
    return d;
}

static void close_desk(desk *d)
{
    overlay_release(d->writes);
    free(d->entries);
    free(d->order);
}

static void write_all(desk *d, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        entry *e = &d->entries[d->order[i]];
        assert_true(overlay_write(d->writes, STORE_DATA, str_of(e->text), KT_STR("value")));
        e->written = true;
    }
}

static void expect(const overlay_node *node, const desk *d, size_t at)
{
    if (at >= KEYS) {
        assert_null(node);
        return;
    }
    assert_non_null(node);
    assert_int_equal(str_cmp(node->key, str_of(d->entries[at].text)), 0);
}

/* The written entry nearest to `at` on one side; KEYS or more: none. */
static size_t neighbour(const desk *d, size_t at, int step)
{
    for (at += (size_t)step; at < KEYS && !d->entries[at].written;)
        at += (size_t)step;
    return at;
}

static void look_at_all(const desk *d)
{
    size_t at = neighbour(d, (size_t)-1, 1);
    const overlay_node *node = overlay_at_or_after(d->writes, STORE_DATA, (kt_str){0}, false);
    for (; node; node = overlay_next(node), at = neighbour(d, at, 1))
        expect(node, d, at);
    assert_true(at >= KEYS);
    at = neighbour(d, KEYS, -1);
    for (node = overlay_before(d->writes, STORE_DATA, (kt_str){0}); node;
         node = overlay_previous(node), at = neighbour(d, at, -1))
        expect(node, d, at);
    assert_true(at >= KEYS);
    for (size_t i = 0; i < LOOKS; i++) {
        at = pick(KEYS);
        kt_str key = str_of(d->entries[at].text);
        expect(overlay_find(d->writes, STORE_DATA, key), d, d->entries[at].written ? at : KEYS);
        expect(overlay_at_or_after(d->writes, STORE_DATA, key, true), d, neighbour(d, at, 1));
        expect(overlay_at_or_after(d->writes, STORE_DATA, key, false), d,
            d->entries[at].written ? at : neighbour(d, at, 1));
        expect(overlay_before(d->writes, STORE_DATA, key), d, neighbour(d, at, -1));
        assert_null(overlay_find(d->writes, STORE_META, key));
    }
}

static void shuffle(size_t *order)
{
    for (size_t i = KEYS - 1; i > 0; i--) {
        size_t other = pick(i + 1), kept = order[i];
        order[i] = order[other];
        order[other] = kept;
    }
}

static void by_chance(void **state)
{
    static const char *const prefixes[] = {"", "sixteen bytes and more of them"};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        desk d = open_desk(prefixes[i]);
        shuffle(d.order);
        write_all(&d, KEYS / 2);
        look_at_all(&d);
        write_all(&d, KEYS);
        look_at_all(&d);
        close_desk(&d);
    }
}

static void rising_and_falling(void **state)
{
    (void)state;
    for (int falling = 0; falling < 2; falling++) {
        desk d = open_desk("key ");
        for (size_t i = 0; falling && i < KEYS; i++)
            d.order[i] = KEYS - 1 - i;
        write_all(&d, KEYS);
        look_at_all(&d);
        close_desk(&d);
    }
}

/* What is taken back is passed over, and may be written again. */
static void taken_back(void **state)
{
    (void)state;
    desk d = open_desk("");
    shuffle(d.order);
    write_all(&d, KEYS / 4);
    size_t mark = d.writes->undo_count;
    write_all(&d, KEYS);
    overlay_back(d.writes, mark);
    for (size_t i = KEYS / 4; i < KEYS; i++)
        d.entries[d.order[i]].written = false;
    look_at_all(&d);
    write_all(&d, KEYS / 2);
    look_at_all(&d);
    close_desk(&d);
}

/* Without memory a write is refused and the overlay is what it was. */
static void out_of_memory(void **state)
{
    (void)state;
    desk d = open_desk("key ");
    overlay_release(d.writes);
    d.writes = overlay_open((size_t)1 << 20);
    assert_non_null(d.writes);
    shuffle(d.order);
    size_t i = 0;
    while (
        i < KEYS && overlay_write(d.writes, STORE_DATA, str_of(d.entries[d.order[i]].text), KT_STR("value")))
        d.entries[d.order[i++]].written = true;
    assert_in_range(i, 1000, KEYS - 1);
    look_at_all(&d);
    close_desk(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_chance),
        cmocka_unit_test(rising_and_falling),
        cmocka_unit_test(taken_back),
        cmocka_unit_test(out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

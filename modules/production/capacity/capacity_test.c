/* Work is placed within working time, never two at once in one slot, as early or as late as can be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "capacity/instances.h"
#include "capacity/shop.h"

#define POOL_BYTES (64 << 20)
#define SEED       11
#include "memory_test.h"

enum { DAY = 1440, DAYS = 400 };
static struct span shifts[2 * DAYS];

/* 06:00 to 14:00 and 14:30 to 22:00, each day but every sixth and seventh. */
static timeline two_shifts(void)
{
    size_t count = 0;
    for (int64_t day = 0; day < DAYS; day++)
        if (day % 7 < 5) {
            shifts[count++] = (struct span){day * DAY + 360, day * DAY + 840, 0};
            shifts[count++] = (struct span){day * DAY + 870, day * DAY + 1320, 0};
        }
    timeline_count(shifts, count);
    return (timeline){shifts, count};
}

static void work_is_split_over_shifts(void **state)
{
    (void)state;
    timeline t = two_shifts();
    assert_int_equal(timeline_end(&t, 0, 480), 840);
    assert_int_equal(timeline_end(&t, 0, 481), 871);
    assert_int_equal(timeline_end(&t, 360, 930), 1320);
    assert_int_equal(timeline_end(&t, 360, 931), DAY + 361);
    assert_int_equal(timeline_end(&t, 4 * DAY + 1300, 40), 7 * DAY + 380);
    assert_int_equal(timeline_begin(&t, 7 * DAY + 380, 40), 4 * DAY + 1300);
    assert_int_equal(timeline_begin(&t, 871, 481), 360);
    assert_true(timeline_begin(&t, 840, 481) == NEVER);
    assert_true(timeline_end(&t, 0, 930 * 400) == NEVER);
    assert_int_equal(timeline_next(&t, 840), 870);
    assert_int_equal(timeline_worked(&t, 0, 7 * DAY), 5 * 930);
}

static void forwards_and_backwards_agree(void **state)
{
    (void)state;
    timeline t = two_shifts();
    for (int i = 0; i < 100000; i++) {
        int64_t at = draw(300 * DAY), need = 1 + draw(5000), end = timeline_end(&t, at, need);
        assert_int_equal(timeline_worked(&t, at, end), need);
        assert_int_equal(timeline_worked(&t, at, end - 1), need - 1);
        int64_t begin = timeline_begin(&t, end, need);
        assert_true(begin >= at);
        assert_int_equal(timeline_end(&t, begin, need), end);
    }
}

static struct machine machine_with(timeline t, unsigned slots)
{
    struct machine m;
    assert_true(machine_open(&from_pool, t, slots, &m));
    return m;
}

static void a_gap_is_used_if_it_is_long_enough(void **state)
{
    (void)state;
    used = 0;
    struct machine m = machine_with((timeline){0}, 1);
    struct place p;
    const unsigned at[] = {0};
    assert_true(machine_book(&from_pool, &m, 10, 20) && machine_book(&from_pool, &m, 25, 40));
    assert_true(place_forward(&m, at, (const int64_t[]){5}, 1, 12, &p));
    assert_int_equal(p.begin, 20);
    assert_true(place_forward(&m, at, (const int64_t[]){6}, 1, 12, &p));
    assert_int_equal(p.begin, 40);
    assert_true(place_backward(&m, at, (const int64_t[]){5}, 1, 0, 30, &p));
    assert_int_equal(p.begin, 20);
    assert_true(place_backward(&m, at, (const int64_t[]){6}, 1, 0, 30, &p));
    assert_int_equal(p.begin, 4);
    assert_false(place_backward(&m, at, (const int64_t[]){6}, 1, 5, 30, &p));
}

static void what_is_given_up_is_free_again(void **state)
{
    (void)state;
    used = 0;
    struct machine m = machine_with((timeline){0}, 1);
    const unsigned at[] = {0};
    struct place places[3], again;
    for (size_t i = 0; i < 3; i++) {
        assert_true(place_forward(&m, at, (const int64_t[]){10}, 1, 0, &places[i]));
        assert_true(machine_take(&from_pool, &m, &places[i]));
    }
    machine_free(&m, &places[1]);
    assert_int_equal(m.slots[0].count, 2);
    assert_true(place_forward(&m, at, (const int64_t[]){10}, 1, 0, &again));
    assert_int_equal(again.begin, 10);
}

static void the_centre_of_a_group_that_ends_first_is_taken(void **state)
{
    (void)state;
    used = 0;
    struct machine m[] = {machine_with((timeline){0}, 1), machine_with((timeline){0}, 1)};
    struct place p;
    const unsigned both[] = {0, 1};
    assert_true(place_forward(m, both, (const int64_t[]){30, 20}, 2, 0, &p));
    assert_int_equal(p.machine, 1);
    assert_true(machine_take(&from_pool, &m[1], &p));
    assert_true(place_forward(m, both, (const int64_t[]){30, 20}, 2, 0, &p));
    assert_int_equal(p.machine, 0);
}

/* ---- Many ---- */

enum { CHAIN = 4 };
struct job {
    unsigned at[CHAIN];
    int64_t need[CHAIN];
    size_t before[CHAIN];
};

static void make_tasks(struct task *tasks, struct job *jobs, size_t count, unsigned machines)
{
    for (size_t j = 0; j < count; j++)
        for (size_t i = 0; i < CHAIN; i++) {
            size_t t = j * CHAIN + i;
            jobs[j].at[i] = (unsigned)draw(machines);
            jobs[j].need[i] = 1 + draw(600);
            jobs[j].before[i] = t - 1;
            tasks[t] = (struct task){.order = j,
                .machines = &jobs[j].at[i],
                .needs = &jobs[j].need[i],
                .machine_count = 1,
                .after = &jobs[j].before[i],
                .after_count = i > 0,
                .due = NEVER};
        }
}

static void assert_sound(const struct machine *machines, const struct task *tasks, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct place *p = &tasks[i].place;
        assert_true(p->begin != NEVER);
        assert_int_equal(
            timeline_worked(&machines[p->machine].slots[p->slot].time, p->begin, p->end), tasks[i].needs[0]);
        for (size_t a = 0; a < tasks[i].after_count; a++)
            assert_true(tasks[tasks[i].after[a]].place.end <= p->begin);
        for (size_t j = 0; j < i; j++) {
            const struct place *q = &tasks[j].place;
            assert_true(
                p->machine != q->machine || p->slot != q->slot || p->end <= q->begin || q->end <= p->begin);
        }
    }
}

static void random_orders_never_overlap(void **state)
{
    (void)state;
    enum { JOBS = 40, MACHINES = 5 };
    for (int round = 0; round < 40; round++) {
        static struct task tasks[JOBS * CHAIN];
        static struct job jobs[JOBS];
        size_t sequence[JOBS * CHAIN];
        struct machine m[MACHINES];
        timeline t = two_shifts();
        used = 0;
        for (size_t i = 0; i < MACHINES; i++)
            m[i] = machine_with(t, 1 + (unsigned)i % 3);
        make_tasks(tasks, jobs, JOBS, MACHINES);
        for (size_t i = 0; i < JOBS * CHAIN; i++) {
            sequence[i] = i;
            tasks[i].due = round % 2 ? 60 * DAY + draw(60 * DAY) : NEVER;
        }
        if (round % 2)
            for (size_t i = 0; i < JOBS * CHAIN; i++)
                tasks[i].due = tasks[i / CHAIN * CHAIN].due;
        assert_true(round % 2 ? place_all_late(&from_pool, m, tasks, sequence, JOBS * CHAIN, 0)
                              : place_all(&from_pool, m, tasks, sequence, JOBS * CHAIN));
        assert_sound(m, tasks, JOBS * CHAIN);
        for (size_t i = 0; round % 2 && i < JOBS * CHAIN; i++)
            assert_true(tasks[i].place.end <= tasks[i].due);
    }
}

/* ---- The best sequence, against all sequences ---- */

enum { SMALL = 3 };

static int64_t best_of_all(
    const struct machine *machines, struct task *tasks, size_t at[SMALL], size_t depth, size_t *sequence)
{
    int64_t best = NEVER;
    size_t mark = used;
    if (depth == SMALL * CHAIN) {
        struct machine m[2] = {machine_with(machines[0].time, 1), machine_with(machines[1].time, 1)};
        int64_t end = 0;
        assert_true(place_all(&from_pool, m, tasks, sequence, depth));
        for (size_t i = 0; i < depth; i++)
            end = tasks[i].place.end > end ? tasks[i].place.end : end;
        used = mark;
        return end;
    }
    for (size_t j = 0; j < SMALL; j++) {
        if (at[j] == CHAIN)
            continue;
        sequence[depth] = j * CHAIN + at[j]++;
        int64_t there = best_of_all(machines, tasks, at, depth + 1, sequence);
        best = there < best ? there : best;
        at[j]--;
    }
    return best;
}

static void the_search_finds_the_best_of_all_sequences(void **state)
{
    (void)state;
    for (int round = 0; round < 6; round++) {
        struct task tasks[SMALL * CHAIN];
        struct job jobs[SMALL];
        size_t sequence[SMALL * CHAIN], at[SMALL] = {0};
        used = 0;
        timeline t = round % 2 ? two_shifts() : (timeline){0};
        struct machine m[2] = {machine_with(t, 1), machine_with(t, 1)};
        make_tasks(tasks, jobs, SMALL, 2);
        int64_t best = best_of_all(m, tasks, at, 0, sequence), end = 0;
        struct shop_search search = {.rounds = 20000, .rounds_idle = 20000, .stop_at = &best};
        assert_true(shop_sequence(&from_pool, m, 2, tasks, SMALL * CHAIN, &search, sequence));
        assert_true(place_all(&from_pool, m, tasks, sequence, SMALL * CHAIN));
        assert_sound(m, tasks, SMALL * CHAIN);
        for (size_t i = 0; i < SMALL * CHAIN; i++)
            end = tasks[i].place.end > end ? tasks[i].place.end : end;
        assert_int_equal(end, best);
    }
}

/* What the search finds within a second or so: of the seven, six at their optimum. */
static void job_shops_of_the_literature_are_placed_well(void **state)
{
    (void)state;
    static struct job_shop_tasks t;
    for (size_t n = 0; n < sizeof job_shops / sizeof *job_shops; n++) {
        const struct job_shop *shop = &job_shops[n];
        struct machine m[JOB_SHOP_MACHINES_MAX];
        size_t sequence[JOB_SHOP_TASKS_MAX];
        int64_t end = 0;
        used = 0;
        job_shop_fill(shop, &t);
        for (size_t i = 0; i < shop->machines; i++)
            m[i] = machine_with((timeline){0}, 1);
        struct shop_search search = {.rounds = 40000, .rounds_idle = 40000, .stop_at = &shop->optimum};
        assert_true(shop_sequence(&from_pool, m, shop->machines, t.tasks, t.count, &search, sequence));
        assert_true(place_all(&from_pool, m, t.tasks, sequence, t.count));
        assert_sound(m, t.tasks, t.count);
        for (size_t i = 0; i < t.count; i++)
            end = t.tasks[i].place.end > end ? t.tasks[i].place.end : end;
        print_message(
            "  %s: %lld, the least is %lld\n", shop->name, (long long)end, (long long)shop->optimum);
        assert_true(end >= shop->optimum); /* less would be no schedule */
        assert_true(100 * (end - shop->optimum) <= 4 * shop->optimum);
    }
}

static void due_times_decide_who_goes_first(void **state)
{
    (void)state;
    used = 0;
    struct machine m = machine_with((timeline){0}, 1);
    const unsigned at[] = {0};
    const int64_t need[] = {10};
    struct task tasks[4];
    size_t sequence[4];
    for (size_t i = 0; i < 4; i++)
        tasks[i] = (struct task){
            .order = i, .machines = at, .needs = need, .machine_count = 1, .due = 40 - (int64_t)i * 10};
    struct shop_search search = {.rounds = 1000, .rounds_idle = 1000};
    assert_true(shop_sequence(&from_pool, &m, 1, tasks, 4, &search, sequence));
    assert_int_equal(search.value, 0);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(sequence[i], 3 - i);
}

static void no_memory_is_told(void **state)
{
    (void)state;
    struct machine m;
    used = sizeof pool;
    assert_false(machine_open(&from_pool, (timeline){0}, 1, &m));
    used = 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(work_is_split_over_shifts),
        cmocka_unit_test(forwards_and_backwards_agree),
        cmocka_unit_test(a_gap_is_used_if_it_is_long_enough),
        cmocka_unit_test(what_is_given_up_is_free_again),
        cmocka_unit_test(the_centre_of_a_group_that_ends_first_is_taken),
        cmocka_unit_test(random_orders_never_overlap),
        cmocka_unit_test(the_search_finds_the_best_of_all_sequences),
        cmocka_unit_test(job_shops_of_the_literature_are_placed_well),
        cmocka_unit_test(due_times_decide_who_goes_first),
        cmocka_unit_test(no_memory_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

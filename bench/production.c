/* production.c -- what planning costs and how good it is: job shops of the literature placed by the capacity
 * planner, against their known optima; operations placed into shifts; requirements planned for many
 * items. Pure: no server, no store. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "capacity/instances.h"
#include "capacity/shop.h"
#include "mrp/mrp.h"

enum { ARENA_BYTES = 1 << 30 };

static struct {
    char *bytes;
    size_t used;
} pool;

static void *take_pool(void *context, size_t size)
{
    (void)context;
    size = (size + 15) & ~(size_t)15;
    if (pool.used + size > ARENA_BYTES)
        return NULL;
    void *at = pool.bytes + pool.used;
    pool.used += size;
    return memset(at, 0, size);
}
static const memory from_pool = {take_pool, NULL};

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void must(bool done, const char *what)
{
    if (!done) {
        fprintf(stderr, "%s\n", what);
        exit(1);
    }
}

/* ---- Job shops ---- */

static void place_job_shop(const struct job_shop *shop)
{
    static struct job_shop_tasks t;
    int64_t end = 0;
    pool.used = 0;
    job_shop_fill(shop, &t);
    struct machine *machines = take_pool(NULL, shop->machines * sizeof *machines);
    size_t *sequence = take_pool(NULL, t.count * sizeof *sequence);
    for (size_t m = 0; m < shop->machines; m++)
        must(machine_open(&from_pool, (timeline){0}, 1, &machines[m]), "no memory");
    struct shop_search search = {.rounds = 400000, .rounds_idle = 100000, .stop_at = &shop->optimum};
    double began = now_s();
    must(shop_sequence(&from_pool, machines, shop->machines, t.tasks, t.count, &search, sequence),
        "no memory");
    must(place_all(&from_pool, machines, t.tasks, sequence, t.count), "no memory");
    for (size_t i = 0; i < t.count; i++)
        end = t.tasks[i].place.end > end ? t.tasks[i].place.end : end;
    printf("  %-6s %2u x %2u  %5lld  %5lld  %5.1f %%  %6.2f s  %8u swaps\n", shop->name, shop->jobs,
        shop->machines, (long long)end, (long long)shop->optimum,
        100.0 * (double)(end - shop->optimum) / (double)shop->optimum, now_s() - began, search.searched);
}

static void place_job_shops(void)
{
    printf("job shops    size   ours   best    gap\n");
    for (size_t i = 0; i < sizeof job_shops / sizeof *job_shops; i++)
        place_job_shop(&job_shops[i]);
}

/* ---- Operations into shifts ---- */

static uint64_t seed = 5;
static int64_t draw(int64_t below)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (int64_t)((seed >> 33) % (uint64_t)below);
}

enum { CENTRES = 50, OPERATIONS = 5000, CHAIN = 5, DAY = 1440, YEAR = 365 };

static void fill_tasks(struct task *tasks, unsigned *at, int64_t *needs, size_t *before, size_t *sequence)
{
    for (size_t i = 0; i < OPERATIONS; i++) {
        for (size_t n = 0; n < 2; n++) { /* any of two centres */
            at[2 * i + n] = (unsigned)draw(CENTRES);
            needs[2 * i + n] = 10 + draw(600);
        }
        before[i] = i - 1;
        sequence[i] = i;
        int64_t due = i % CHAIN ? tasks[i - 1].due : (20 + draw(YEAR - 60)) * DAY;
        tasks[i] = (struct task){.order = i / CHAIN,
            .machines = &at[2 * i],
            .needs = &needs[2 * i],
            .machine_count = 2,
            .after = &before[i],
            .after_count = i % CHAIN != 0,
            .due = due};
    }
}

static void place_operations(void)
{
    static struct span shifts[2 * YEAR];
    size_t count = 0;
    pool.used = 0;
    for (int64_t day = 0; day < YEAR; day++)
        for (int64_t shift = 0; shift < 2 && day % 7 < 5; shift++)
            shifts[count++] = (struct span){day * DAY + 360 + shift * 510, day * DAY + 840 + shift * 510, 0};
    timeline_count(shifts, count);
    struct machine *machines = take_pool(NULL, CENTRES * sizeof *machines);
    struct task *tasks = take_pool(NULL, OPERATIONS * sizeof *tasks);
    size_t *before = take_pool(NULL, OPERATIONS * sizeof *before),
           *sequence = take_pool(NULL, OPERATIONS * sizeof *sequence);
    fill_tasks(tasks, take_pool(NULL, 2 * OPERATIONS * sizeof(unsigned)),
        take_pool(NULL, 2 * OPERATIONS * sizeof(int64_t)), before, sequence);
    printf("%d operations at %d centres of two shifts, each at one of two\n", OPERATIONS, CENTRES);
    for (int late = 0; late < 2; late++) {
        for (size_t m = 0; m < CENTRES; m++)
            must(machine_open(&from_pool, (timeline){shifts, count}, 1 + (unsigned)m % 2, &machines[m]),
                "no memory");
        double began = now_s();
        must(late ? place_all_late(&from_pool, machines, tasks, sequence, OPERATIONS, 0)
                  : place_all(&from_pool, machines, tasks, sequence, OPERATIONS),
            "no memory");
        double seconds = now_s() - began;
        size_t placed = 0;
        for (size_t i = 0; i < OPERATIONS; i++)
            placed += tasks[i].place.begin != NEVER;
        printf(
            "  %-24s %6.3f s  %zu placed\n", late ? "backward from their days" : "forward", seconds, placed);
    }
}

/* ---- Requirements ---- */

enum { ITEMS = 50000, DEMANDS = 200000, LINKS_EACH = 4, RECEIPTS = 20000, HORIZON = 250 };

/* A fifth of the items is sold; each item goes into some of the fifth above it: five levels. */
static void plan_requirements(void)
{
    pool.used = 0;
    struct mrp m = {.item_count = ITEMS, .demand_count = DEMANDS, .receipt_count = RECEIPTS, .today = 1};
    struct mrp_link *links = take_pool(NULL, ITEMS * LINKS_EACH * sizeof *links);
    struct mrp_demand *demands = take_pool(NULL, DEMANDS * sizeof *demands);
    m.items = take_pool(NULL, ITEMS * sizeof *m.items);
    m.receipts = take_pool(NULL, RECEIPTS * sizeof *m.receipts);
    for (uint32_t i = 0; i < ITEMS; i++) {
        m.items[i] = (struct mrp_item){.on_hand = draw(500) * MRP_ONE,
            .safety = draw(50) * MRP_ONE,
            .lead = (int32_t)draw(10),
            .policy = (enum mrp_policy)(1 + draw(3)),
            .lot = 100 * MRP_ONE,
            .period = 5};
        for (size_t n = 0; n < LINKS_EACH && i >= ITEMS / 5; n++)
            links[m.link_count++] = (struct mrp_link){
                (uint32_t)((i / (ITEMS / 5) - 1) * (ITEMS / 5) + draw(ITEMS / 5)), i,
                (1 + draw(4)) * MRP_USAGE, 0, 0};
    }
    for (size_t i = 0; i < DEMANDS; i++)
        demands[i] = (struct mrp_demand){
            (uint32_t)draw(ITEMS / 5), 1 + (int32_t)draw(HORIZON), (1 + draw(20)) * MRP_ONE};
    for (size_t i = 0; i < RECEIPTS; i++)
        m.receipts[i] = (struct mrp_receipt){
            (uint32_t)draw(ITEMS), 1 + (int32_t)draw(HORIZON), (1 + draw(200)) * MRP_ONE, MRP_KEEP, 0};
    m.links = links;
    m.demands = demands;
    double began = now_s();
    size_t orders = 0, pegs = 0;
    bool more = true;
    must(mrp_begin(&from_pool, &m) == MRP_PLANNED, "not planned");
    while (more) { /* item after item, as a run does: what is planned is written, not held */
        must(mrp_next(&m, &more) == MRP_PLANNED, "not planned");
        orders += m.order_count;
        pegs += m.peg_count;
    }
    printf("requirements of %d items on %u levels, %d demands: %.2f s, %zu orders, %zu peggings, %zu MB\n",
        ITEMS, m.levels, DEMANDS, now_s() - began, orders, pegs, pool.used >> 20);
}

int main(void)
{
    pool.bytes = malloc(ARENA_BYTES);
    must(pool.bytes != NULL, "no memory");
    place_job_shops();
    place_operations();
    plan_requirements();
    return 0;
}

/* production.c -- what planning costs and how good it is: the job-shop instances of a directory placed by the
 * capacity planner, against their known optima; operations placed into shifts; requirements planned for many
 * items. Pure: no server, no store. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "capacity/shop.h"
#include "mrp/mrp.h"

enum { JOBS_MAX = 64, MACHINES_MAX = 64, ARENA_BYTES = 1 << 30 };

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

struct instance {
    size_t jobs, machines, count;
    struct task tasks[JOBS_MAX * MACHINES_MAX];
    unsigned at[JOBS_MAX * MACHINES_MAX];
    int64_t need[JOBS_MAX * MACHINES_MAX];
    size_t before[JOBS_MAX * MACHINES_MAX];
};

static bool read_instance(const char *path, struct instance *in)
{
    char line[4096];
    FILE *file = fopen(path, "r");
    *in = (struct instance){0};
    if (!file)
        return false;
    while (fgets(line, sizeof line, file)) {
        char *at = line, *end;
        long first = strtol(at, &end, 10);
        if (end == at)
            continue; /* a remark */
        if (!in->machines) {
            in->jobs = (size_t)first;
            in->machines = (size_t)strtol(end, NULL, 10);
            continue;
        }
        for (size_t m = 0; m < in->machines && in->machines <= MACHINES_MAX; m++, at = end) {
            size_t i = in->count++;
            in->at[i] = (unsigned)strtol(at, &end, 10);
            at = end;
            in->need[i] = strtol(at, &end, 10);
            in->before[i] = i - 1;
            in->tasks[i] = (struct task){.order = i / in->machines,
                .machines = &in->at[i],
                .needs = &in->need[i],
                .machine_count = 1,
                .after = &in->before[i],
                .after_count = m > 0,
                .due = NEVER};
        }
    }
    fclose(file);
    return in->count == in->jobs * in->machines && in->count;
}

/* What optima.json says of an instance; 0: nothing. */
static int64_t known_optimum(const char *directory, const char *name)
{
    char path[4096], text[8192] = "", key[64];
    (void)snprintf(path, sizeof path, "%s/optima.json", directory);
    FILE *file = fopen(path, "r");
    if (!file)
        return 0;
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    (void)snprintf(key, sizeof key, "\"%s\"", name);
    const char *at = strstr(text, key);
    at = at ? strstr(at, "\"optimal_makespan\":") : NULL;
    return at ? strtol(at + strlen("\"optimal_makespan\":"), NULL, 10) : 0;
}

static void place_instance(const char *directory, const char *file)
{
    static struct instance in;
    char path[4096], name[64] = "";
    pool.used = 0;
    (void)snprintf(path, sizeof path, "%s/%s", directory, file);
    (void)snprintf(name, sizeof name, "%.*s", (int)(strrchr(file, '.') - file), file);
    must(read_instance(path, &in), path);
    int64_t optimum = known_optimum(directory, name), end = 0;
    struct machine *machines = take_pool(NULL, in.machines * sizeof *machines);
    size_t *sequence = take_pool(NULL, in.count * sizeof *sequence);
    for (size_t m = 0; m < in.machines; m++)
        must(machine_open(&from_pool, (timeline){0}, 1, &machines[m]), "no memory");
    struct shop_search search = {.rounds = 400000, .rounds_idle = 100000, .stop_at = &optimum};
    double began = now_s();
    must(
        shop_sequence(&from_pool, machines, in.machines, in.tasks, in.count, &search, sequence), "no memory");
    must(place_all(&from_pool, machines, in.tasks, sequence, in.count), "no memory");
    for (size_t i = 0; i < in.count; i++)
        end = in.tasks[i].place.end > end ? in.tasks[i].place.end : end;
    printf("  %-6s %2zu x %2zu  %5lld  %5lld  %5.1f %%  %6.2f s  %8u swaps\n", name, in.jobs, in.machines,
        (long long)end, (long long)optimum, optimum ? 100.0 * (double)(end - optimum) / (double)optimum : 0.0,
        now_s() - began, search.searched);
}

static int is_instance(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);
    return length > 4 && strcmp(entry->d_name + length - 4, ".txt") == 0;
}

static void place_instances(const char *directory)
{
    struct dirent **entries;
    int count = scandir(directory, &entries, is_instance, alphasort);
    printf("job shops    size   ours   best    gap\n");
    for (int i = 0; i < count; i++)
        place_instance(directory, entries[i]->d_name);
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
                (1 + draw(4)) * MRP_USAGE};
    }
    for (size_t i = 0; i < DEMANDS; i++)
        demands[i] = (struct mrp_demand){
            (uint32_t)draw(ITEMS / 5), 1 + (int32_t)draw(HORIZON), (1 + draw(20)) * MRP_ONE};
    for (size_t i = 0; i < RECEIPTS; i++)
        m.receipts[i] = (struct mrp_receipt){
            (uint32_t)draw(ITEMS), 1 + (int32_t)draw(HORIZON), (1 + draw(200)) * MRP_ONE, true, MRP_KEEP, 0};
    m.links = links;
    m.demands = demands;
    double began = now_s();
    must(mrp_plan(&from_pool, &m) == MRP_PLANNED, "not planned");
    printf("requirements of %d items on %u levels, %d demands: %.2f s, %zu orders, %zu peggings, %zu MB\n",
        ITEMS, m.levels, DEMANDS, now_s() - began, m.order_count, m.peg_count, pool.used >> 20);
}

int main(int argc, char **argv)
{
    pool.bytes = malloc(ARENA_BYTES);
    must(pool.bytes != NULL, "no memory");
    if (argc > 1)
        place_instances(argv[1]);
    place_operations();
    plan_requirements();
    return 0;
}

/* backtest.c -- ten rules back-tested over the newest entries of a journal, on a server in memory: how long a walk
 * takes, and how far back its memory reaches.
 *
 *   bench_backtest ENTRIES      a create or an update each; prints one JSON line */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "kit/clock.h"
#include "server/shop.h"
#include "server/testing.h"

enum { RULES = 10, THINGS = 50000 };

static void add_rule(house *h, int number)
{
    (void)house_result(h, "automation.rule.create",
        "{\"values\":{\"name\":\"r%d\",\"text\":\"rule { on = {'shop.thing.created', 'shop.thing.updated "
        "price'}, "
        "when = {{'price', '=', '%d.50'}}, "
        "run = function(t) local n, p = t.name, t.price t.buyer = 'seen by %d' end }\"}}",
        number, number, number);
}

/* Every second entry changes what is there: each hundredth thing has a price that one of the rules waits for. */
static void write_entries(house *h, long entries)
{
    for (long i = 0; i < entries; i++) {
        long price = i % 100 ? 1000 + i % 97 : (i / 100 + i / THINGS) % RULES;
        if (i < THINGS)
            (void)house_result(
                h, "shop.thing.create", "{\"values\":{\"name\":\"x%ld\",\"price\":\"%ld.50\"}}", i, price);
        else
            (void)house_result(h, "shop.thing.update", "{\"id\":%ld,\"values\":{\"price\":\"%ld.50\"}}",
                i % THINGS + 1, price);
    }
}

int main(int count, char **argv)
{
    static const kt_module *const modules[] = {&shop_module, NULL};
    long entries = count > 1 ? atol(argv[1]) : 100000;
    struct rusage usage;
    house *h = house_open(modules);
    write_entries(h, entries);
    for (int i = 0; i < RULES; i++)
        add_rule(h, i);
    (void)getrusage(RUSAGE_SELF, &usage);
    long before_kb = usage.ru_maxrss;
    int64_t began = clock_elapsed_us();
    const variant *told = house_result(
        h, "rule.backtest", "{\"ids\":[1,2,3,4,5,6,7,8,9,10],\"entries\":%ld,\"limit\":1}", entries + RULES);
    int64_t took = clock_elapsed_us() - began;
    (void)getrusage(RUSAGE_SELF, &usage);
    (void)printf(
        "{\"entries\": %lld, \"seconds\": %.2f, \"runs\": %lld, \"failed\": %lld, \"grown_mb\": %ld}\n",
        (long long)house_int(told, "entries"), (double)took / 1e6, (long long)house_int(told, "runs"),
        (long long)house_int(told, "failed"), (usage.ru_maxrss - before_kb) / 1024);
    house_close(h);
    return 0;
}

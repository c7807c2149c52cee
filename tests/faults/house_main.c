/* faults_house -- the bank as a program, to be killed and cut off:
 *
 *   faults_house load URL SECONDS [CLIENTS]   transfers until the time is over; prints "client number" for
 * each one acknowledged, and "failed TEXT" for one that was not faults_house verify URL reads such lines,
 * proves the store; prints one line */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "house.h"
#include "kit/error.h"

enum { FAILURES_TOLD = 1000 };

typedef struct {
    store *store;
    pthread_t thread;
    unsigned number;
    double until;
    uint64_t last;
    double slowest;
} client;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void say(const char *line)
{
    if (write(STDOUT_FILENO, line, strlen(line)) < 0)
        _exit(3);
}

static void *serve(void *argument)
{
    client *c = argument;
    arena *arena = arena_open(1 << 20);
    char line[256];
    unsigned failures = 0;
    while (arena && now() < c->until) {
        house_transfer t = house_transfer_make(arena, c->number, c->last + 1);
        double began = now();
        store_result result = store_run(c->store, &t.job);
        c->slowest = now() - began > c->slowest ? now() - began : c->slowest;
        switch (result) {
        case STORE_DONE:
            c->last++;
            snprintf(line, sizeof line, "%u %llu\n", c->number, (unsigned long long)c->last);
            say(line);
            break;
        case STORE_REPEATED:
        case STORE_REFUSED:
        case STORE_FAILED:
        case STORE_UNKNOWN:
            snprintf(line, sizeof line, "failed %s\n", error_text(t.job.error));
            if (failures++ < FAILURES_TOLD)
                say(line);
            nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
            break;
        }
        arena_reset(arena);
    }
    arena_close(arena);
    return NULL;
}

static int run_load(store *store, arena *arena, double seconds, unsigned count)
{
    client clients[HOUSE_CLIENTS];
    house_state state;
    char why[256];
    if (!house_verify(store, arena, NULL, &state, why, sizeof why)) {
        fprintf(stderr, "%s\n", why);
        return 1;
    }
    say("ready\n");
    for (unsigned i = 0; i < count; i++) {
        clients[i] = (client){
            .store = store, .number = i, .until = now() + seconds, .last = state.counters[i]};
        if (pthread_create(&clients[i].thread, NULL, serve, &clients[i]) != 0)
            return 1;
    }
    double slowest = 0;
    for (unsigned i = 0; i < count; i++) {
        pthread_join(clients[i].thread, NULL);
        slowest = clients[i].slowest > slowest ? clients[i].slowest : slowest;
    }
    store_stat stat;
    if (store_stat_read(store, arena, &stat))
        return 1;
    snprintf(why, sizeof why, "slowest %.1f\nmap %llu\n", slowest * 1000, (unsigned long long)stat.map_bytes);
    say(why);
    return 0;
}

static void read_acknowledged(uint64_t acknowledged[HOUSE_CLIENTS])
{
    char line[256];
    unsigned client;
    unsigned long long number;
    while (fgets(line, sizeof line, stdin))
        if (sscanf(line, "%u %llu", &client, &number) == 2 && client < HOUSE_CLIENTS &&
            number > acknowledged[client])
            acknowledged[client] = number;
}

static int run_verify(store *store, arena *arena)
{
    uint64_t acknowledged[HOUSE_CLIENTS] = {0}, told = 0;
    house_state state;
    char why[256];
    read_acknowledged(acknowledged);
    bool good = house_verify(store, arena, acknowledged, &state, why, sizeof why);
    for (unsigned i = 0; i < HOUSE_CLIENTS; i++)
        told += acknowledged[i];
    printf("%s transfers=%llu acknowledged=%llu %s\n", good ? "sound" : "BROKEN",
        (unsigned long long)state.transfers, (unsigned long long)told, good ? "" : why);
    return good ? 0 : 1;
}

int main(int count, char **arguments)
{
    if (count < 3)
        return 2;
    arena *arena = arena_open((size_t)1 << 30);
    const char *url = arguments[2];
    store *store;
    int result = 2;
    if (!arena)
        return 2;
    if (strcmp(arguments[1], "verify") == 0) {
        kt_error *damaged = store_check(arena, url, NULL, NULL);
        if (damaged) {
            printf("BROKEN %s\n", error_text(damaged));
            return 1;
        }
    }
    kt_error *error = store_open(arena, url, NULL, &store);
    if (error) {
        printf("BROKEN %s\n", error_text(error));
        return 1;
    }
    if (strcmp(arguments[1], "verify") == 0)
        result = run_verify(store, arena);
    else if (strcmp(arguments[1], "load") == 0 && count >= 4)
        result = run_load(store, arena, strtod(arguments[3], NULL),
            count > 4 ? (unsigned)strtoul(arguments[4], NULL, 10) % (HOUSE_CLIENTS + 1) : HOUSE_CLIENTS);
    store_close(store);
    arena_close(arena);
    return result;
}

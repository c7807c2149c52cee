/* call.c -- the bus without a transport: what a call costs in one thread, from its text to its answer.
 *
 *   bench_call DIRECTORY fill RECORDS | get COUNT | list COUNT
 *
 * Prints one JSON line (see shop.h). bench/profile_call.py also runs it under callgrind. */
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>

#include "kit/decode.h"
#include "kit/log.h"
#include "party.h"
#include "server/server.h"
#include "shop.h"

#define PASSWORD "Correct-Horse-9-Battery"

enum { TEXT_MAX = 4096, CHUNK = 500 };

typedef struct {
    server *server;
    kt_str token;
    sem_t answered;
    buffer answer;
} caller;

static void fail(const char *what, const char *why)
{
    fprintf(stderr, "bench_call: %s: %.500s\n", what, why);
    exit(1);
}

static void take(void *context, kt_str answer)
{
    caller *c = context;
    buffer_clear(&c->answer);
    buffer_add_str(&c->answer, answer);
    buffer_add_char(&c->answer, '\0');
    sem_post(&c->answered);
}

static void call(caller *c, kt_str message)
{
    bus_handle(server_bus(c->server), message, c->token, KT_STR("127.0.0.1"), take, c);
    sem_wait(&c->answered);
    if (strstr(c->answer.ptr, "\"error\":{"))
        fail("a call", c->answer.ptr);
}

static void log_in(caller *c, arena *arena)
{
    static const decode_limits limits = {.depth_max = 20, .elements_max = 1000};
    const variant *answer = NULL;
    call(
        c, KT_STR("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"session.login\",\"params\":{\"user\":\"admin\","
                  "\"password\":\"" PASSWORD "\"}}"));
    kt_error *error = decode_json(arena, str_of(c->answer.ptr), &limits, &answer);
    if (error)
        fail("log-in", error_text(error));
    c->token = variant_get_str(variant_get(answer, "result"), "token");
}

static caller *open_caller(arena *arena, const char *directory)
{
    static const kt_module *const built_in[] = {&party_module, NULL};
    caller *c = ARENA_NEW(arena, caller);
    bool is_new = false;
    log_level(KT_LOG_ERROR);
    sem_init(&c->answered, 0, 0);
    buffer_open(&c->answer, (size_t)64 << 20);
    server_options options = {.data_directory = directory, .built_in = built_in};
    kt_error *error = server_open(arena, &options, &c->server);
    if (!error)
        error = server_is_new(c->server, arena, &is_new);
    if (!error && is_new)
        error = server_bootstrap(c->server, arena, KT_STR(PASSWORD));
    if (error)
        fail(directory, error_text(error));
    log_in(c, arena);
    return c;
}

static void fill(caller *c, uint64_t records)
{
    buffer text;
    buffer_open(&text, (size_t)4 << 20);
    for (uint64_t at = 0; at < records; at += CHUNK) {
        buffer_clear(&text);
        buffer_add_format(&text, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"import.run\",\"params\":{"
                                 "\"entity\":\"bench.party\",\"mode\":\"create\",\"rows\":[");
        for (uint64_t i = at; i < at + CHUNK && i < records; i++)
            buffer_add_format(&text,
                "%s{\"name\":\"Firma %09llu i "
                "Synowie\",\"kind\":\"%s\",\"website\":\"https://firma-%llu.example\","
                "\"industry\":\"branch %llu\",\"city\":\"Miasto %llu\",\"active\":%s,\"rating\":%llu}",
                i > at ? "," : "", (unsigned long long)(shop_mix(i) % 1000000007),
                i % 3 ? "organisation" : "person", (unsigned long long)i, (unsigned long long)(i % 40),
                (unsigned long long)(shop_mix(i) % 900), i % 2 ? "true" : "false",
                (unsigned long long)(shop_mix(i) % 1000));
        buffer_add_format(&text, "]}}");
        call(c, buffer_str(&text));
    }
    buffer_close(&text);
}

static size_t get_text(char *out, uint64_t n)
{
    return (size_t)snprintf(out, TEXT_MAX,
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"bench.party.get\",\"params\":{\"id\":%llu,\"fields\":["
        "\"name\",\"kind\","
        "\"website\",\"industry\",\"city\",\"active\"]}}",
        (unsigned long long)(1 + shop_mix(n) % 10000));
}

static size_t list_text(char *out, uint64_t n)
{
    return (size_t)snprintf(out, TEXT_MAX,
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"bench.party.list\",\"params\":{\"filter\":[[\"kind\",\"="
        "\","
        "\"organisation\"]],\"sort\":\"name\",\"start\":\"Firma "
        "%09llu\",\"limit\":50,\"fields\":[\"id\",\"name\",\"kind\","
        "\"website\",\"industry\",\"active\"]}}",
        (unsigned long long)(shop_mix(n) % 1000000007));
}

static void run(caller *c, const char *work, size_t (*text_of)(char *out, uint64_t n), uint64_t count)
{
    char text[TEXT_MAX];
    for (uint64_t i = 0; i < 200; i++) /* warm */
        call(c, (kt_str){text, text_of(text, i)});
    double began = shop_now(), cpu = shop_cpu();
    for (uint64_t i = 0; i < count; i++)
        call(c, (kt_str){text, text_of(text, i)});
    shop_report(work, count, shop_now() - began, shop_cpu() - cpu, c->answer.len);
}

int main(int argument_count, char **arguments)
{
    if (argument_count != 4)
        return 2;
    const char *work = arguments[2];
    uint64_t count = strtoull(arguments[3], NULL, 10);
    arena *arena = arena_open((size_t)64 << 20);
    if (!arena)
        return 1;
    caller *c = open_caller(arena, arguments[1]);
    if (strcmp(work, "fill") == 0)
        fill(c, count);
    else if (strcmp(work, "get") == 0)
        run(c, work, get_text, count);
    else if (strcmp(work, "list") == 0)
        run(c, work, list_text, count);
    else
        return 2;
    bool closed = server_close(c->server, 5000);
    arena_close(arena);
    return closed ? 0 : 1;
}

/* rules.c -- what rules cost: creates on servers in memory, in-process, without a rule, with rules that do
 * not apply, with one that reads three fields and does nothing, with a hundred of which one applies; beside a
 * raw round trip of a socket pair with a process on the same core. All of it on one core, in turns, so that
 * each meets the same neighbours and the servers fill alike. Microseconds; the best turn of each.
 */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kit/clock.h"
#include "server/shop.h"
#include "server/testing.h"

enum { TURNS = 300, BATCH = 50, REQUEST_BYTES = 420, ANSWER_BYTES = 60 };

static void pin(int cpu) /* children inherit it */
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET((size_t)cpu, &set);
    (void)sched_setaffinity(0, sizeof set, &set);
}

static void echo(int socket)
{
    char bytes[4096];
    while (recv(socket, bytes, sizeof bytes, 0) > 0)
        (void)send(socket, bytes, ANSWER_BYTES, 0);
    _exit(0);
}

/* Its end that asks. */
static int raw_open(void)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) != 0)
        exit(1);
    if (fork() == 0) {
        close(pair[0]);
        echo(pair[1]);
    }
    close(pair[1]);
    return pair[0];
}

static void raw_trips(int socket)
{
    char bytes[REQUEST_BYTES] = {0};
    for (int i = 0; i < BATCH; i++)
        if (send(socket, bytes, sizeof bytes, 0) < 0 || recv(socket, bytes, sizeof bytes, 0) < 0)
            exit(1);
}

static void add_rule(house *h, const char *name, const char *text)
{
    const variant *made = house_result(
        h, "automation.rule.create", "{\"values\":{\"name\":\"%s\",\"text\":\"%s\"}}", name, text);
    (void)house_result(h, "automation.rule.enable", "{\"id\":%lld}", (long long)house_int(made, "id"));
}

/* BATCH creates in one call, so that the rules' share is not lost in the calls'. */
static void write_batch(buffer *message)
{
    buffer_open(message, (size_t)1 << 20);
    buffer_add_str(message, KT_STR("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"system.batch\",\"params\":{"
                                   "\"atomic\":true,\"calls\":["));
    for (int i = 0; i < BATCH; i++)
        buffer_add_format(message,
            "%s{\"method\":\"shop.thing.create\",\"params\":{\"values\":{\"name\":\"x%d\",\"price\":\"12."
            "50\",\"buyer\":\"b\"}}}",
            i ? "," : "", i);
    buffer_add_str(message, KT_STR("]}}"));
}

static void creates(house *h, kt_str batch)
{
    kt_str answer = house_send(h, house_token(h), batch);
    if (strstr(answer.ptr, "\"error\"")) {
        (void)fprintf(stderr, "%s\n", answer.ptr);
        exit(1);
    }
}

enum { PLAIN, ELSEWHERE, UNTRUE, READS, HUNDRED, STAGES };

/* Each on a server of its own: in one that fills, what comes later would cost more. */
static house *stage(int upto)
{
    static const kt_module *const modules[] = {&shop_module, NULL};
    house *h = house_open(modules);
    if (upto >= ELSEWHERE)
        add_rule(h, "elsewhere", "rule { on = 'access.team.created', run = function() end }");
    if (upto >= UNTRUE)
        add_rule(h, "false",
            "rule { on = 'shop.thing.created', when = {{'price', '>', '100'}}, run = function() end }");
    if (upto >= READS)
        add_rule(h, "reads",
            "rule { on = 'shop.thing.created', run = function(t) local a, b, c = t.name, t.price, t.buyer "
            "end }");
    for (int i = 0; upto >= HUNDRED && i < 99; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "r%d", i);
        add_rule(h, name,
            "rule { on = 'shop.thing.created', when = {{'name', '=', 'nobody'}}, run = function() end }");
    }
    return h;
}

static void best_of(double *best, int64_t began)
{
    double each = (double)(clock_elapsed_us() - began) / BATCH;
    *best = each < *best ? each : *best;
}

int main(void)
{
    double raw = 1e9, us[STAGES];
    house *houses[STAGES];
    buffer batch;
    pin(sched_getcpu());
    write_batch(&batch);
    const int socket = raw_open();
    for (int i = 0; i < STAGES; i++) {
        houses[i] = stage(i);
        us[i] = 1e9;
    }
    for (int turn = 0; turn < TURNS; turn++) {
        int64_t began = clock_elapsed_us();
        raw_trips(socket);
        best_of(&raw, began);
        for (int i = 0; i < STAGES; i++) {
            began = clock_elapsed_us();
            creates(houses[i], buffer_str(&batch));
            best_of(&us[i], began);
        }
    }
    for (int i = 0; i < STAGES; i++)
        house_close(houses[i]);
    close(socket);
    (void)wait(NULL);
    buffer_close(&batch);
    const double one = us[READS] - us[UNTRUE], hundred = us[HUNDRED] - us[UNTRUE];
    (void)printf("{\"raw_trip_us\": %.2f, \"create_us\": %.2f, \"rule_elsewhere_us\": %.2f, "
                 "\"condition_false_us\": %.2f, \"one_rule_us\": %.2f, \"hundred_rules_us\": %.2f, "
                 "\"one_rule_by_raw\": %.2f, \"hundred_by_one\": %.2f}\n",
        raw, us[PLAIN], us[ELSEWHERE] - us[PLAIN], us[UNTRUE] - us[PLAIN], one, hundred, one / raw,
        hundred / one);
    return 0;
}

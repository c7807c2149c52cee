/* rules.c -- what rules cost: creates on a server in memory, in-process, without a rule, with rules that do
 * not apply, with one that reads three fields and does nothing, with a hundred of which one applies; beside a
 * raw round trip of a socket pair with a process on the same core. Microseconds; the best of several rounds.
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

enum { ROUNDS = 7, CALLS = 2000, TRIPS = 20000, REQUEST_BYTES = 420, ANSWER_BYTES = 60 };

static void pin(pid_t pid, int cpu)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET((size_t)cpu, &set);
    (void)sched_setaffinity(pid, sizeof set, &set);
}

static void echo(int socket)
{
    char bytes[4096];
    while (recv(socket, bytes, sizeof bytes, 0) > 0)
        (void)send(socket, bytes, ANSWER_BYTES, 0);
    _exit(0);
}

static double raw_trip(void)
{
    int pair[2];
    char bytes[REQUEST_BYTES] = {0};
    double best = 1e9;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) != 0)
        return -1;
    pid_t pid = fork();
    if (pid == 0) {
        close(pair[0]);
        echo(pair[1]);
    }
    close(pair[1]);
    cpu_set_t before;
    (void)sched_getaffinity(0, sizeof before, &before);
    int cpu = sched_getcpu();
    pin(0, cpu);
    pin(pid, cpu);
    for (int round = 0; round < ROUNDS; round++) {
        int64_t began = clock_elapsed_us();
        for (int i = 0; i < TRIPS; i++)
            if (send(pair[0], bytes, sizeof bytes, 0) < 0 || recv(pair[0], bytes, sizeof bytes, 0) < 0)
                return -1;
        double each = (double)(clock_elapsed_us() - began) / TRIPS;
        best = each < best ? each : best;
    }
    close(pair[0]);
    (void)waitpid(pid, NULL, 0);
    (void)sched_setaffinity(0, sizeof before, &before);
    return best;
}

static void add_rule(house *h, const char *name, const char *text)
{
    const variant *made = house_result(
        h, "automation.rule.create", "{\"values\":{\"name\":\"%s\",\"text\":\"%s\"}}", name, text);
    (void)house_result(h, "automation.rule.enable", "{\"id\":%lld}", (long long)house_int(made, "id"));
}

/* CALLS creates in batches, so that the rules' share is not lost in the calls'. */
static double creates(house *h)
{
    double best = 1e9;
    buffer message;
    buffer_open(&message, (size_t)1 << 20);
    buffer_add_str(&message, KT_STR("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"system.batch\",\"params\":{"
                                    "\"atomic\":true,\"calls\":["));
    for (int i = 0; i < 50; i++)
        buffer_add_format(&message,
            "%s{\"method\":\"shop.thing.create\",\"params\":{\"values\":{\"name\":\"x%d\",\"price\":\"12."
            "50\",\"buyer\":\"b\"}}}",
            i ? "," : "", i);
    buffer_add_str(&message, KT_STR("]}}"));
    for (int round = 0; round < ROUNDS; round++) {
        int64_t began = clock_elapsed_us();
        for (int i = 0; i < CALLS / 50; i++) {
            kt_str answer = house_send(h, house_token(h), buffer_str(&message));
            if (strstr(answer.ptr, "\"error\"")) {
                (void)fprintf(stderr, "%s\n", answer.ptr);
                exit(1);
            }
        }
        double each = (double)(clock_elapsed_us() - began) / CALLS;
        best = each < best ? each : best;
    }
    buffer_close(&message);
    return best;
}

enum { PLAIN, ELSEWHERE, UNTRUE, READS, HUNDRED, STAGES };

/* Each on a server of its own: in one that fills, what comes later would cost more. */
static double stage(int upto)
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
    double best = creates(h);
    house_close(h);
    return best;
}

int main(void)
{
    double raw = raw_trip(), us[STAGES];
    for (int i = 0; i < STAGES; i++)
        us[i] = stage(i);
    const double one = us[READS] - us[UNTRUE], hundred = us[HUNDRED] - us[UNTRUE];
    (void)printf("{\"raw_trip_us\": %.2f, \"create_us\": %.2f, \"rule_elsewhere_us\": %.2f, "
                 "\"condition_false_us\": %.2f, \"one_rule_us\": %.2f, \"hundred_rules_us\": %.2f, "
                 "\"one_rule_by_raw\": %.2f, \"hundred_by_one\": %.2f}\n",
        raw, us[PLAIN], us[ELSEWHERE] - us[PLAIN], us[UNTRUE] - us[PLAIN], one, hundred, one / raw,
        hundred / one);
    return 0;
}

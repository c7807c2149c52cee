/* readers.c -- who looked at a customer, over a log of many readings: a server in memory with ROWS rows of ten
 * thousand customers, half of them single records, half lists of fifty. Milliseconds that access.readers takes, the
 * middle one, the 99th of a hundred and the slowest, and microseconds that writing a row takes. Usage: bench_readers [rows] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kit/clock.h"
#include "server/shop.h"
#include "server/testing.h"

enum { CUSTOMERS = 10000, BATCH = 50, ASKED = 1000, LIST = 50 };

static void write_rows(house *h)
{
    buffer message;
    buffer_open(&message, (size_t)1 << 20);
    buffer_add_str(&message, KT_STR("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"system.batch\",\"params\":{"
                                    "\"atomic\":true,\"calls\":["));
    for (int i = 0; i < BATCH; i++) {
        int at = 1 + (int)(random_below(CUSTOMERS)), to = i % 2 ? at + LIST - 1 : at;
        buffer_add_format(&message,
            "%s{\"method\":\"access.read_log.create\",\"params\":{\"values\":{\"entity\":\"shop.thing\","
            "\"records\":\"%d-%d\",\"method\":\"shop.thing.list\",\"action\":\"read\"}}}",
            i ? "," : "", at, to);
    }
    buffer_add_str(&message, KT_STR("]}}"));
    kt_str answer = house_send(h, house_token(h), buffer_str(&message));
    if (strstr(answer.ptr, "\"error\"")) {
        (void)fprintf(stderr, "%.500s\n", answer.ptr);
        exit(1);
    }
    buffer_close(&message);
}

static int compare(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

int main(int count, char **words)
{
    static const kt_module *const modules[] = {&shop_module, NULL};
    house *h = house_open(modules);
    int rows = count > 1 ? atoi(words[1]) : 1000000;
    int64_t began = clock_elapsed_us();
    for (int i = 0; i < rows / BATCH; i++)
        write_rows(h);
    double each = (double)(clock_elapsed_us() - began) / rows, took[ASKED];
    for (int i = 0; i < ASKED; i++) { /* every tenth never was read */
        int asked = i % 10 ? 1 + (int)random_below(CUSTOMERS) : 2 * CUSTOMERS + i;
        began = clock_elapsed_us();
        (void)house_result(h, "access.readers", "{\"entity\":\"shop.thing\",\"id\":%d}", asked);
        took[i] = (double)(clock_elapsed_us() - began) / 1000;
    }
    house_close(h);
    qsort(took, ASKED, sizeof *took, compare);
    (void)printf("{\"rows\": %d, \"write_us\": %.1f, \"readers_ms\": %.3f, \"readers_p99_ms\": %.3f, "
                 "\"readers_worst_ms\": %.3f}\n",
        rows, each, took[ASKED / 2], took[ASKED * 99 / 100], took[ASKED - 1]);
    return 0;
}

/* shop.h -- the same data for both sides of the storage benchmark: a "create" is a record of 300 bytes, six
 * index entries (two random over the key space, two rising, two with few values) and a journal entry of 500
 * bytes. */
#pragma once
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum {
    SHOP_RECORD = 300,
    SHOP_JOURNAL = 500,
    SHOP_INDEXES = 6,
    SHOP_FEW = 20,
    SHOP_PAGE = 50,
    SHOP_KEY = 19
};

typedef struct {
    char bytes[SHOP_KEY];
    size_t len;
} shop_key;

static inline void shop_put(char *out, uint64_t n)
{
    for (int i = 7; i >= 0; i--, n >>= 8)
        out[i] = (char)(n & 255);
}

static inline uint64_t shop_mix(uint64_t n)
{
    n = (n ^ n >> 30) * 0xBF58476D1CE4E5B9U;
    n = (n ^ n >> 27) * 0x94D049BB133111EBU;
    return n ^ n >> 31;
}

static inline shop_key shop_record_key(uint64_t id)
{
    shop_key key = {.len = 9};
    key.bytes[0] = 'r';
    shop_put(key.bytes + 1, id);
    return key;
}

/* 0, 1: random; 2, 3: rising; 4, 5: few values. Then the id. */
static inline shop_key shop_index_key(unsigned index, uint64_t id)
{
    shop_key key = {.len = 18};
    uint64_t value = index < 2 ? shop_mix(id * 2 + index) : index < 4 ? id : shop_mix(id + index) % SHOP_FEW;
    key.bytes[0] = 'i';
    key.bytes[1] = (char)index;
    shop_put(key.bytes + 2, value);
    shop_put(key.bytes + 10, id);
    return key;
}

static inline shop_key shop_journal_key(uint64_t id)
{
    shop_key key = {.len = 8};
    shop_put(key.bytes, id);
    return key;
}

static inline uint64_t shop_id_of(const char *index_key)
{
    uint64_t id = 0;
    for (int i = 10; i < 18; i++)
        id = id << 8 | (unsigned char)index_key[i];
    return id;
}

static inline void shop_fill(char *bytes, size_t len, uint64_t id)
{
    for (size_t i = 0; i + 8 <= len; i += 8)
        shop_put(bytes + i, shop_mix(id + i));
}

static inline double shop_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static inline double shop_cpu(void)
{
    struct rusage r;
    getrusage(RUSAGE_SELF, &r);
    return (double)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) +
           (double)(r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1e6;
}

/* One JSON line. */
static inline void shop_report(const char *work, uint64_t count, double seconds, double cpu, uint64_t check)
{
    double n = count ? (double)count : 1;
    printf("{\"work\":\"%s\",\"count\":%llu,\"us\":%.4f,\"cpu_us\":%.4f,\"check\":%llu}\n", work,
        (unsigned long long)count, seconds * 1e6 / n, cpu * 1e6 / n, (unsigned long long)check);
    fflush(stdout);
}

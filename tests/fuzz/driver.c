/* driver.c -- runs a fuzz target without a fuzzer: its corpus as it is, then mutations of it and random
 * bytes, from a seed that is printed. Under the sanitizers this is a smoke test in seconds; libFuzzer
 * (./check --long) looks deeper. Usage: TARGET [CORPUS_DIR]   KONTOR_SEED, KONTOR_FUZZ_RUNS */
#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kit/dice.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_MAX = 4096, SEEDS_MAX = 256, RUNS = 30000 };

typedef struct {
    uint8_t *bytes;
    size_t size;
} input;

static input seeds[SEEDS_MAX];
static size_t seed_count;
static uint64_t state;

static uint64_t pick(uint64_t n)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state % n;
}

static void read_corpus(const char *directory)
{
    char path[1024];
    DIR *folder = opendir(directory);
    for (struct dirent *entry; folder && seed_count < SEEDS_MAX && (entry = readdir(folder));) {
        snprintf(path, sizeof path, "%s/%s", directory, entry->d_name);
        FILE *in = *entry->d_name == '.' ? NULL : fopen(path, "rb");
        input *seed = &seeds[seed_count];
        if (!in)
            continue;
        seed->bytes = calloc(1, INPUT_MAX);
        seed->size = seed->bytes ? fread(seed->bytes, 1, INPUT_MAX, in) : 0;
        seed_count += seed->bytes != NULL;
        fclose(in);
    }
    if (folder)
        closedir(folder);
}

/* A piece of text that is one value of JSON, if it is JSON: from behind the next colon, comma or bracket to its end. */
static void find_value(const uint8_t *in, size_t size, size_t *at, size_t *length)
{
    size_t from = pick(size), depth = 0;
    while (from < size && !strchr(":,[", in[from]))
        from++;
    from += from < size;
    size_t to = from;
    for (bool text = false; to < size; to++) {
        uint8_t c = in[to];
        if (c == '"')
            text = !text;
        else if (text)
            to += c == '\\';
        else if (c == '{' || c == '[')
            depth++;
        else if (strchr("]},:", c) && (!depth || (!strchr(",:", c) && !--depth && ++to)))
            break;
    }
    *at = from;
    *length = (to < size ? to : size) - from;
}

/* Puts a value of another input, or of another kind, where one stands. returns the new size */
static size_t swap_value(uint8_t *out, size_t size, const input *other)
{
    static const char *const kinds[] = {"null", "true", "0", "-1", "1.5", "\"abcdefghijklmnop\"", "[]", "{}",
        "[[]]", "9223372036854775807", "{\"$ref\":\"0\"}"};
    const char *kind = kinds[pick(sizeof kinds / sizeof *kinds)];
    const uint8_t *piece = (const uint8_t *)kind;
    size_t at, length, from, n = strlen(kind);
    find_value(out, size, &at, &length);
    if (other->size && pick(2)) {
        find_value(other->bytes, other->size, &from, &n);
        piece = other->bytes + from;
    }
    if (size - length + n > INPUT_MAX)
        return size;
    memmove(out + at + n, out + at + length, size - at - length);
    memcpy(out + at, piece, n);
    return size - length + n;
}

/* Random bytes, or a seed with some bytes changed, removed, doubled or taken from another one, or with values of other kinds. */
static size_t make_input(uint8_t *out)
{
    static const char likely[] = "{}[]\":,.-+0123456789eE \\\n\0truefalsnl";
    size_t size;
    if (!seed_count || pick(8) == 0) {
        size = pick(200);
        for (size_t i = 0; i < size; i++)
            out[i] = pick(2) ? (uint8_t)pick(256) : (uint8_t)likely[pick(sizeof likely)];
        return size;
    }
    const input *seed = &seeds[pick(seed_count)];
    size = seed->size;
    memcpy(out, seed->bytes, size);
    for (uint64_t changes = 1 + pick(6); changes && size; changes--) {
        size_t at = pick(size), n = 1 + pick(16);
        const input *other = &seeds[pick(seed_count)];
        switch (pick(7)) {
        case 0:
            out[at] = (uint8_t)pick(256);
            break;
        case 1:
            out[at] = (uint8_t)likely[pick(sizeof likely)];
            break;
        case 2: /* take a piece out */
            n = n < size - at ? n : size - at;
            memmove(out + at, out + at + n, size - at - n);
            size -= n;
            break;
        case 3: /* put a piece in twice */
            n = n < size - at ? n : size - at;
            n = n < INPUT_MAX - size ? n : INPUT_MAX - size;
            memmove(out + at + n, out + at, size - at);
            size += n;
            break;
        case 4:
        case 5:
            size = swap_value(out, size, other);
            break;
        default:
            n = n < other->size ? n : other->size;
            n = n < size - at ? n : size - at;
            memcpy(out + at, other->bytes + (other->size > n ? pick(other->size - n) : 0), n);
            break;
        }
    }
    return size;
}

int main(int argc, char **argv)
{
    static uint8_t bytes[INPUT_MAX];
    const char *runs = getenv("KONTOR_FUZZ_RUNS");
    state = dice_seed();
    if (argc > 1)
        read_corpus(argv[1]);
    unsigned long count = runs ? strtoul(runs, NULL, 10) : RUNS;
    printf("%zu inputs in the corpus, %lu runs\n", seed_count, count);
    for (size_t i = 0; i < seed_count; i++)
        LLVMFuzzerTestOneInput(seeds[i].bytes, seeds[i].size);
    for (unsigned long i = 0; i < count; i++) {
        size_t size = make_input(bytes);
        uint8_t *exact = calloc(1, size ? size : 1); /* of its very size: a sanitizer sees one byte too far */
        if (!exact)
            return 1;
        memcpy(exact, bytes, size);
        LLVMFuzzerTestOneInput(exact, size);
        free(exact);
    }
    for (size_t i = 0; i < seed_count; i++)
        free(seeds[i].bytes);
    return 0;
}

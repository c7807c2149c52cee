/* elf_test.c -- damaged shared objects are recognised before dlopen maps them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "kit/clock.h"
#include "plugin/loader.h"

static uint8_t *library;
static size_t library_size;

/* The C library of this process is a shared object that surely is whole. */
static int read_library(void **state)
{
    (void)state;
    FILE *maps = fopen("/proc/self/maps", "r");
    char line[1024], path[512] = "";
    assert_non_null(maps);
    while (fgets(line, sizeof line, maps) && !strstr(path, "libc.so"))
        if (sscanf(line, "%*s %*s %*s %*s %*s %511s", path) != 1)
            path[0] = 0;
    fclose(maps);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    library = malloc((size_t)8 << 20);
    assert_non_null(library);
    library_size = fread(library, 1, (size_t)8 << 20, file);
    fclose(file);
    return 0;
}

static int forget_library(void **state)
{
    (void)state;
    free(library);
    return 0;
}

static void a_whole_library_passes(void **state)
{
    (void)state;
    assert_null(elf_check(library, library_size));
}

static void a_library_cut_anywhere_is_refused(void **state)
{
    (void)state;
    for (size_t size = 0; size < library_size; size += 1 + size / 7)
        assert_non_null(elf_check(library, size));
    assert_non_null(elf_check(library, library_size - 1));
}

static void other_files_are_refused(void **state)
{
    (void)state;
    uint8_t zero[4096] = {0};
    assert_string_equal(elf_check(zero, sizeof zero), "it is no ELF file");
    assert_string_equal(elf_check((const uint8_t *)"hello", 5), "it is too short for an ELF file");
    uint8_t *other = malloc(library_size);
    assert_non_null(other);
    memcpy(other, library, library_size);
    other[18] ^= 1; /* e_machine */
    assert_string_equal(elf_check(other, library_size), "it was built for another machine");
    free(other);
}

static void flipped_bytes_never_harm_the_check(void **state)
{
    (void)state;
    uint64_t seed = 7;
    uint8_t head[8192];
    random_seed(seed);
    for (int i = 0; i < 20000; i++) {
        memcpy(head, library, sizeof head);
        for (int k = 0; k < 4; k++)
            head[random_below(1024)] = (uint8_t)random_below(256);
        (void)elf_check(head, (size_t)random_below(sizeof head + 1));
    }
    random_seed(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_whole_library_passes),
        cmocka_unit_test(a_library_cut_anywhere_is_refused), cmocka_unit_test(other_files_are_refused),
        cmocka_unit_test(flipped_bytes_never_harm_the_check)};
    return cmocka_run_group_tests(tests, read_library, forget_library);
}

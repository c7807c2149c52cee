/* Files copied and written whole, or told why not. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "kit/clock.h"
#include "kit/disk.h"
#include "kit/memory.h"

enum { BYTES = 3000017 }; /* no whole number of pieces */

static int open_nameless(void)
{
    char name[] = "/tmp/kontor-disk-XXXXXX";
    int fd = mkstemp(name);
    assert_true(fd >= 0);
    unlink(name);
    return fd;
}

static void take_progress(void *context, uint64_t bytes)
{
    uint64_t *last = context;
    assert_true(bytes > *last);
    *last = bytes;
}

static void a_copy_is_the_same(void **state)
{
    (void)state;
    char *bytes = malloc(BYTES), *back = malloc(BYTES + 1);
    uint64_t told = 0;
    int from = open_nameless(), to = open_nameless();
    random_bytes(bytes, BYTES);
    assert_int_equal(disk_save(from, bytes, BYTES), 0);
    assert_int_equal(lseek(from, 0, SEEK_SET), 0);
    assert_int_equal(disk_copy(from, to, take_progress, &told), 0);
    assert_int_equal(told, BYTES);
    assert_int_equal(pread(to, back, BYTES + 1, 0), BYTES);
    assert_memory_equal(bytes, back, BYTES);
    close(from);
    close(to);
    free(bytes);
    free(back);
}

static void what_is_wrong_is_told(void **state)
{
    (void)state;
    int full = open("/dev/full", O_WRONLY), zero = open("/dev/zero", O_RDONLY), file = open_nameless();
    assert_int_equal(disk_write(full, "abc", 3), ENOSPC);
    assert_int_equal(disk_copy(zero, full, NULL, NULL), ENOSPC);
    assert_int_equal(disk_copy(-1, file, NULL, NULL), EBADF);
    assert_int_equal(disk_write(-1, "abc", 3), EBADF);
    assert_int_equal(disk_write(-1, NULL, 0), 0);
    memory_fail_at(1, false);
    assert_int_equal(disk_copy(zero, file, NULL, NULL), ENOMEM);
    memory_fail_at(0, false);
    assert_int_equal(disk_flush_names("/nowhere"), ENOENT);
    assert_int_equal(disk_flush_names("/tmp"), 0);
    close(full);
    close(zero);
    close(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_copy_is_the_same),
        cmocka_unit_test(what_is_wrong_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* workers_test.c -- a worker's confinement, and what the server does with workers that die or send nonsense.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "automation/jail.h"
#include "automation/workers.h"
#include "automation/zygote.h"
#include "kit/clock.h"
#include "kit/str.h"

#define MEMORY_MAX ((size_t)64 << 20)

/* ---- The jail ---- */

static void do_nothing(void)
{
}
static void open_socket(void)
{
    (void)!socket(AF_INET, SOCK_STREAM, 0);
}
#ifndef KONTOR_SANITIZED /* whose runtimes open files and start threads */
static void open_file(void)
{
    (void)!open("/etc/passwd", O_RDONLY);
}
static void start_process(void)
{
    (void)!fork();
}
#endif
static void run_program(void)
{
    (void)!execl("/bin/sh", "sh", "-c", "true", (char *)NULL);
}
static void map_code(void)
{
    (void)!mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}
static void signal_parent(void)
{
    (void)!kill(getppid(), 0);
}

/* How a process ends that enters the jail and does this: 0, or the signal that killed it. */
static int in_jail(void (*act)(void))
{
    int pair[2], status = 0;
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
    pid_t parent = getpid(), pid = fork();
    if (pid == 0) {
        if (jail_enter(&pair[1], MEMORY_MAX, parent) != JAIL_CLOSED)
            _exit(9);
        act();
        _exit(send(pair[1], "ok", 2, 0) == 2 ? 0 : 8);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    close(pair[0]);
    close(pair[1]);
    return WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
}

static void a_jailed_process_has_its_memory_and_one_socket(void **state)
{
    (void)state;
    assert_true(jail_prepare());
    assert_int_equal(in_jail(do_nothing), 0);
#ifndef KONTOR_SANITIZED /* whose runtimes open files and start threads */
    assert_int_equal(in_jail(open_file), SIGSYS);
    assert_int_equal(in_jail(start_process), SIGSYS);
#endif
    assert_int_equal(in_jail(open_socket), SIGSYS);
    assert_int_equal(in_jail(run_program), SIGSYS);
    assert_int_equal(in_jail(map_code), SIGSYS);
    assert_int_equal(in_jail(signal_parent), SIGSYS);
}

/* ---- Workers ---- */

typedef struct {
    arena *arena;
    workers *workers;
} fixture;

static int open_workers(void **state)
{
    static fixture f;
    assert_true(zygote_start());
    f.arena = arena_open((size_t)4 << 20);
    assert_non_null(f.arena);
    assert_null(workers_open(f.arena, &(workers_options){.most = 3}, &f.workers));
    *state = &f;
    return 0;
}

static int close_workers(void **state)
{
    fixture *f = *state;
    workers_close(f->workers);
    arena_close(f->arena);
    return 0;
}

static channel *take(fixture *f)
{
    channel *c = NULL;
    assert_null(workers_take(f->workers, f->arena, &c));
    return c;
}

/* Has the text compiled; returns the kind of what the worker says, or 0: it said nothing more. */
static char compile(fixture *f, channel *c, const char *text)
{
    kt_str said = {0};
    buffer_clear(&c->out);
    buffer_add_char(&c->out, 'C');
    pack_str(&c->out, KT_STR("test"));
    pack_str(&c->out, str_of(text));
    pack_int(&c->out, 1000000000000);
    kt_error *error = channel_exchange(f->workers, c, f->arena, &said);
    if (error)
        assert_int_equal(error->first->kind, KT_RULE);
    return error ? 0 : said.ptr[0];
}

static void a_worker_serves_one_after_another(void **state)
{
    fixture *f = *state;
    channel *c = take(f);
    assert_int_equal(compile(f, c, "rule {on = 'x'}"), 'K');
    assert_int_equal(compile(f, c, "rule {"), 'E');
    assert_int_equal(compile(f, c, "rule {on = 'y'}"), 'K');
    workers_give(f->workers, c);
}

static void a_worker_past_its_deadline_is_killed_and_replaced(void **state)
{
    fixture *f = *state;
    channel *c = take(f);
    int64_t began = clock_elapsed_us();
    assert_int_equal(compile(f, c, "while true do end"), 0);
    assert_in_range(clock_elapsed_us() - began, 90000, 600000);
    assert_true(c->dead);
    workers_give(f->workers, c);
    c = take(f);
    assert_int_equal(compile(f, c, "rule {on = 'x'}"), 'K');
    workers_give(f->workers, c);
}

/* The machine has no processor for it: it is stopped for three deadlines, and its answer still counts. */
static void a_worker_that_waits_for_the_processor_is_waited_for(void **state)
{
    fixture *f = *state;
    channel *c = take(f);
    assert_int_equal(compile(f, c, "rule {on = 'x'}"), 'K');
    assert_int_equal(kill(c->pid, SIGSTOP), 0);
    pid_t waker = fork();
    if (waker == 0) {
        int64_t until = clock_elapsed_us() + 300000;
        while (clock_elapsed_us() < until)
            (void)usleep(10000);
        _exit(kill(c->pid, SIGCONT));
    }
    assert_int_equal(compile(f, c, "rule {on = 'x'}"), 'K');
    int status = 0;
    assert_int_equal(waitpid(waker, &status, 0), waker);
    assert_int_equal(status, 0);
    workers_give(f->workers, c);
}

static void a_worker_that_never_goes_on_is_ended_all_the_same(void **state)
{
    fixture *f = *state;
    channel *c = take(f);
    int64_t began = clock_elapsed_us();
    assert_int_equal(kill(c->pid, SIGSTOP), 0);
    assert_int_equal(compile(f, c, "rule {on = 'x'}"), 0);
    assert_in_range(clock_elapsed_us() - began, 450000, 3000000);
    assert_true(c->dead);
    workers_give(f->workers, c);
}

static void a_worker_killed_from_outside_is_an_error_and_replaced(void **state)
{
    fixture *f = *state;
    channel *c = take(f);
    assert_int_equal(compile(f, c, "rule {on = 'x'}"), 'K');
    assert_int_equal(kill(c->pid, SIGKILL), 0);
    assert_int_equal(compile(f, c, "rule {on = 'x'}"), 0);
    workers_give(f->workers, c);
    c = take(f);
    assert_int_equal(compile(f, c, "rule {on = 'x'}"), 'K');
    workers_give(f->workers, c);
}

static void there_are_not_more_than_allowed(void **state)
{
    fixture *f = *state;
    channel *c[3], *more = NULL;
    for (int i = 0; i < 3; i++)
        c[i] = take(f);
    kt_error *error = workers_take(f->workers, f->arena, &more);
    assert_non_null(error);
    assert_int_equal(error->first->kind, KT_UNAVAILABLE);
    for (int i = 0; i < 3; i++)
        workers_give(f->workers, c[i]);
    workers_give(f->workers, take(f));
}

static void a_message_that_is_too_large_is_a_limit(void **state)
{
    fixture *f = *state;
    channel *c = take(f);
    kt_str said;
    char *text = calloc(1, MESSAGE_MAX + 1);
    assert_non_null(text);
    buffer_clear(&c->out);
    buffer_add(&c->out, text, MESSAGE_MAX + 1);
    free(text);
    kt_error *error = channel_exchange(f->workers, c, f->arena, &said);
    assert_non_null(error);
    assert_int_equal(error->first->kind, KT_LIMIT);
    workers_give(f->workers, c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_jailed_process_has_its_memory_and_one_socket),
        cmocka_unit_test_setup_teardown(a_worker_serves_one_after_another, open_workers, close_workers),
        cmocka_unit_test_setup_teardown(
            a_worker_past_its_deadline_is_killed_and_replaced, open_workers, close_workers),
        cmocka_unit_test_setup_teardown(
            a_worker_that_waits_for_the_processor_is_waited_for, open_workers, close_workers),
        cmocka_unit_test_setup_teardown(
            a_worker_that_never_goes_on_is_ended_all_the_same, open_workers, close_workers),
        cmocka_unit_test_setup_teardown(
            a_worker_killed_from_outside_is_an_error_and_replaced, open_workers, close_workers),
        cmocka_unit_test_setup_teardown(there_are_not_more_than_allowed, open_workers, close_workers),
        cmocka_unit_test_setup_teardown(a_message_that_is_too_large_is_a_limit, open_workers, close_workers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

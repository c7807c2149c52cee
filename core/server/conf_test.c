/* conf_test.c -- what a conf file may say, and what is refused by name. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "server/options.h"

static kt_error *read_text(arena *arena, const char *text, mode_t mode, options *o)
{
    char path[] = "/tmp/kontor-conf-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
    kt_error *error = conf_read(arena, path, o);
    unlink(path);
    return error;
}

static void keys_are_read(void **state)
{
    arena *arena = arena_open((size_t)1 << 20);
    options o = {0};
    (void)state;
    kt_error *error = read_text(arena,
        "-- a comment\n"
        "local here = '/srv/' .. 'kontor'\n"
        "data = here\n"
        "http = 'none'\n"
        "listen = {'ipc:///tmp/a', 'tcp://127.0.0.1:5'}\n"
        "modules = {'base'}\n"
        "trusted_proxies = {'127.0.0.1', '10.0.0.0/8'}\n"
        "durability = 'relaxed'\n"
        "limits = {message_bytes = 65536, depth = 10}\n",
        0644, &o);
    if (error)
        fail_msg("%s", error_text(error));
    assert_string_equal(o.data, "/srv/kontor");
    assert_int_equal(o.listen_count, 2);
    assert_string_equal(o.listen[1], "tcp://127.0.0.1:5");
    assert_string_equal(o.modules[0], "base");
    assert_int_equal(o.proxies_count, 2);
    assert_string_equal(o.proxies[1], "10.0.0.0/8");
    assert_true(o.relaxed);
    assert_int_equal(o.message_bytes, 65536);
    arena_close(arena);
}

static void what_leaves_the_server_is_configured(void **state)
{
    arena *arena = arena_open((size_t)1 << 20);
    options o = {0};
    (void)state;
    kt_error *error = read_text(arena,
        "mail = {url = 'smtps://mail.example.com', user = 'erp', password = {file = '/proc/self/comm'}, "
        "a_minute = 60,"
        " from = 'ERP <erp@example.com>'}\n"
        "webhooks = {allowed = {'127.0.0.1:9000'}, sms = 'https://sms.example.com/send', "
        "chat = 'https://chat.example.com/erp'}\n"
        "rates = {['api.example.com'] = '500/hour'}\n"
        "secrets = {shop = {file = '/proc/self/comm'}}\n"
        "drop_directory = '/var/spool/kontor'\n",
        0644, &o);
    if (error)
        fail_msg("%s", error_text(error));
    assert_string_equal(o.outbox.mail.url, "smtps://mail.example.com");
    assert_string_equal(o.outbox.mail.from, "ERP <erp@example.com>");
    const outbox_rate *mail = &o.rates[strcmp(o.rates[0].target, "mail") != 0]; /* a table has no order */
    const outbox_rate *host = &o.rates[mail == o.rates];
    assert_string_equal(mail->target, "mail");
    assert_int_equal(mail->most, 60);
    assert_int_equal(mail->window_ms, 60000);
    assert_string_equal(host->target, "api.example.com");
    assert_int_equal(host->most, 500);
    assert_int_equal(host->window_ms, 3600000);
    assert_string_equal(o.outbox.sms_url, "https://sms.example.com/send");
    assert_string_equal(o.outbox.chat_url, "https://chat.example.com/erp");
    assert_string_equal(o.outbox.drop_directory, "/var/spool/kontor");
    assert_string_equal(o.allowed[0], "127.0.0.1:9000");
    assert_string_equal(o.secrets[0].name, "shop");
    assert_string_equal(o.secrets[0].value, o.outbox.mail.password);
    assert_true(strlen(o.outbox.mail.password) > 3);
    assert_null(strchr(o.outbox.mail.password, '\n'));
    arena_close(arena);
}

static void a_secret_in_an_open_file_is_refused(void **state)
{
    arena *arena = arena_open((size_t)1 << 20);
    options o = {0};
    (void)state;
    const char text[] = "mail = {url = 'smtps://mail.example.com', password = 'hush', colour = 1}\n";
    kt_error *error = read_text(arena, text, 0644, &o);
    assert_non_null(error);
    assert_non_null(strstr(error_text(error), "colour: unknown key in mail"));
    assert_non_null(strstr(error_text(error), "anybody may read it"));
    arena_close(arena);
}

static void the_command_line_wins(void **state)
{
    arena *arena = arena_open((size_t)1 << 20);
    options o = {.data = "/mine", .listen = {"ipc:///mine"}, .listen_count = 1};
    (void)state;
    assert_null(read_text(arena, "data = '/other' listen = {'ipc:///other'}", 0644, &o));
    assert_string_equal(o.data, "/mine");
    assert_string_equal(o.listen[0], "ipc:///mine");
    arena_close(arena);
}

static void what_is_wrong_is_named_all_at_once(void **state)
{
    arena *arena = arena_open((size_t)1 << 20);
    options o = {0};
    (void)state;
    kt_error *error = read_text(
        arena, "dta = 'x' http = 8080 durability = 'none' limits = {depth = 0, width = 1}", 0644, &o);
    assert_non_null(error);
    assert_int_equal(error->count, 5);
    assert_non_null(strstr(error_text(error), "dta"));
    assert_non_null(strstr(error_text(error), "width"));
    arena_close(arena);
}

static void a_file_cannot_do_more_than_say_values(void **state)
{
    static const char *const hostile[] = {
        "while true do end",
        "local s = 'x' while true do s = s .. s end",
        "data = io.open('/etc/passwd'):read('a')",
        "os.execute('true')",
        "data = ",
        "\x1bLua",
        "data = string.rep('x', 1e9)",
        "local t = {} for i = 1, 1e9 do t[i] = i end",
    };
    (void)state;
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
        arena *arena = arena_open((size_t)1 << 20);
        options o = {0};
        if (!read_text(arena, hostile[i], 0644, &o))
            fail_msg("taken: %s", hostile[i]);
        arena_close(arena);
    }
}

static void secrets_are_not_for_everybody(void **state)
{
    arena *arena = arena_open((size_t)1 << 20);
    options o = {0};
    (void)state;
    kt_error *error = read_text(arena, "admin_password = 'x'", 0644, &o);
    assert_int_equal(error->first->kind, KT_FORBIDDEN);
    o = (options){0};
    assert_null(read_text(arena, "admin_password = 'x'", 0600, &o));
    o = (options){0};
    assert_non_null(read_text(arena, "http = 'none'", 0666, &o));
    arena_close(arena);
}

static void addresses_are_judged_before_the_start(void **state)
{
    static const struct {
        const char *option, *value;
        options_result result;
    } cases[] = {
        {"--http", "127.0.0.1:99999", OPTIONS_WRONG},
        {"--http", "127.0.0.1", OPTIONS_WRONG},
        {"--http", "[::1]:8080", OPTIONS_DONE},
        {"--http", "none", OPTIONS_DONE},
        {"--listen", "foo://x", OPTIONS_WRONG},
        {"--listen", "tls+tcp://127.0.0.1:1", OPTIONS_WRONG}, /* no certificate */
        {"--listen", "tcp://127.0.0.1:1", OPTIONS_DONE},
    };
    arena *arena = arena_open((size_t)1 << 20);
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        options o;
        char program[] = "kontord", check[] = "--check-config", tls[] = "--tls-dir", none[] = "/nowhere";
        char *arguments[] = {program, check, tls, none, (char *)(uintptr_t)cases[i].option,
            (char *)(uintptr_t)cases[i].value, NULL};
        if (options_read(arena, 6, arguments, &o) != cases[i].result)
            fail_msg("%s %s", cases[i].option, cases[i].value);
    }
    arena_close(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_read),
        cmocka_unit_test(what_leaves_the_server_is_configured),
        cmocka_unit_test(a_secret_in_an_open_file_is_refused),
        cmocka_unit_test(the_command_line_wins),
        cmocka_unit_test(what_is_wrong_is_named_all_at_once),
        cmocka_unit_test(a_file_cannot_do_more_than_say_values),
        cmocka_unit_test(secrets_are_not_for_everybody),
        cmocka_unit_test(addresses_are_judged_before_the_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

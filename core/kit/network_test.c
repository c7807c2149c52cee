/* network_test.c -- which addresses lie in which networks, and what is no network. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "kit/network.h"
#include "kit/str.h"

static void an_address_lies_in_the_networks_that_hold_it(void **state)
{
    (void)state;
    static const struct {
        const char *network, *address;
        bool inside;
    } rows[] = {
        {"10.0.0.0/8", "10.255.0.1", true},
        {"10.0.0.0/8", "11.0.0.1", false},
        {"192.168.4.0/22", "192.168.7.255", true},
        {"192.168.4.0/22", "192.168.8.0", false},
        {"203.0.113.9", "203.0.113.9", true},
        {"203.0.113.9", "203.0.113.8", false},
        {"0.0.0.0/0", "203.0.113.9", true},
        {"0.0.0.0/0", "2001:db8::1", false},
        {"::/0", "2001:db8::1", true},
        {"2001:db8::/32", "2001:db8:ffff::1", true},
        {"2001:db8::/32", "2001:db9::", false},
        {"2001:db8::1", "2001:0db8:0:0:0:0:0:1", true},
        {"10.0.0.0/8", "::ffff:10.1.2.3", true}, /* as a dual-stack socket names it */
        {"::1", "127.0.0.1", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        network n;
        ip_address a;
        assert_true(network_read(str_of(rows[i].network), &n));
        assert_true(ip_address_read(str_of(rows[i].address), &a));
        if (network_has(&n, &a) != rows[i].inside)
            fail_msg("%s in %s", rows[i].address, rows[i].network);
    }
}

static void what_is_no_network_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "10.0.0.0/33", "10.0.0.0/", "10.0.0.1/8", "10.0.0/8", "010.0.0.1",
        "2001:db8::/129", "2001:db8::1/32", "host.example.com", "10.0.0.0/8 ", "10.0.0.0/-1", "10.0.0.0/0008",
        "::ffff:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0"};
    network n;
    ip_address a;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (network_read(str_of(bad[i]), &n))
            fail_msg("%s was taken for a network", bad[i]);
    }
    assert_false(ip_address_read(KT_STR("10.0.0.0/8"), &a));
    assert_false(ip_address_read(KT_STR("unknown"), &a));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(an_address_lies_in_the_networks_that_hold_it),
        cmocka_unit_test(what_is_no_network_is_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

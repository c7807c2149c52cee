/* specs.h -- the beginning of every spec of this room: cmocka, a house with the shop module. */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "kit/clock.h"
#include "server/shop.h"
#include "server/testing.h"

static const kt_module *const specs_modules[] = {&shop_module, NULL};

static int specs_open(void **state)
{
    *state = house_open(specs_modules);
    return 0;
}

static int specs_close(void **state)
{
    house_close(*state);
    return 0;
}

#define SPEC(f) cmocka_unit_test_setup_teardown(f, specs_open, specs_close)

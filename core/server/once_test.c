/* once_test.c -- a write with an idempotency key takes effect once, whoever repeats it and however. */
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "server/specs.h"

#define TWINS 16

static const char create[] = "{\"values\":{\"name\":\"Lamp\"}}";

static void a_repeated_request_gets_the_same_answer(void **state)
{
    house *h = *state;
    const variant *first = house_call(h, "shop.thing.create", "\"idempotency_key\":\"k1\"", create);
    const variant *again = house_call(h, "shop.thing.create", "\"idempotency_key\":\"k1\"", create);
    assert_int_equal(house_int(first, "result.id"), house_int(again, "result.id"));
    assert_int_equal(house_result(h, "shop.thing.count", "{}")->as.integer, 1);
    (void)house_call(h, "shop.thing.create", "\"idempotency_key\":\"k2\"", create);
    assert_int_equal(house_result(h, "shop.thing.count", "{}")->as.integer, 2);
}

static void the_same_key_with_another_request_is_a_conflict(void **state)
{
    house *h = *state;
    (void)house_call(h, "shop.thing.create", "\"idempotency_key\":\"k1\"", create);
    const variant *other = house_call(
        h, "shop.thing.create", "\"idempotency_key\":\"k1\"", "{\"values\":{\"name\":\"Desk\"}}");
    assert_string_equal(house_text(other, "error.data.kind"), "conflict");
    assert_int_equal(house_result(h, "shop.thing.count", "{}")->as.integer, 1);
}

static void a_refused_request_does_not_use_up_its_key(void **state)
{
    house *h = *state;
    const variant *refused = house_call(
        h, "shop.thing.create", "\"idempotency_key\":\"k1\"", "{\"values\":{}}");
    assert_string_equal(house_text(refused, "error.data.kind"), "validation");
    const variant *taken = house_call(h, "shop.thing.create", "\"idempotency_key\":\"k1\"", create);
    assert_true(house_int(taken, "result.id") > 0);
}

static void a_dry_run_does_not_use_up_its_key(void **state)
{
    house *h = *state;
    (void)house_call(h, "shop.thing.create", "\"idempotency_key\":\"k1\",\"dry_run\":true", create);
    assert_int_equal(house_result(h, "shop.thing.count", "{}")->as.integer, 0);
    (void)house_call(h, "shop.thing.create", "\"idempotency_key\":\"k1\"", create);
    assert_int_equal(house_result(h, "shop.thing.count", "{}")->as.integer, 1);
}

typedef struct {
    house *house;
    kt_str answer;
} twin;

static void *run_twin(void *context)
{
    twin *t = context;
    t->answer = house_send(t->house, house_token(t->house),
        KT_STR("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"shop.thing.create\",\"idempotency_key\":\"twins\","
               "\"params\":{\"values\":{\"name\":\"Twin\"}}}"));
    return NULL;
}

static void twins_at_the_same_instant_get_one_record_and_one_answer(void **state)
{
    house *h = *state;
    pthread_t threads[TWINS];
    twin twins[TWINS];
    for (size_t i = 0; i < TWINS; i++) {
        twins[i] = (twin){.house = h};
        assert_int_equal(pthread_create(&threads[i], NULL, run_twin, &twins[i]), 0);
    }
    for (size_t i = 0; i < TWINS; i++)
        pthread_join(threads[i], NULL);
    for (size_t i = 1; i < TWINS; i++)
        assert_string_equal(twins[0].answer.ptr, twins[i].answer.ptr);
    assert_int_equal(house_result(h, "shop.thing.count", "{}")->as.integer, 1);
}

static void a_key_belongs_to_its_user(void **state)
{
    house *h = *state;
    kt_str admin = house_token(h);
    int64_t role = house_int(house_result(h, "access.role.create",
                                 "{\"values\":{\"name\":\"seller\",\"grants\":\"shop.thing:*\"}}"),
        "id");
    house_result(h, "access.user.create", "{\"values\":{\"name\":\"jan\",\"roles\":[%lld],\"active\":true}}",
        (long long)role);
    house_result(h, "access.password", "{\"user\":\"jan\",\"new\":\"Jan-Jan-7-Jan-Jan\"}");
    (void)house_call(h, "shop.thing.create", "\"idempotency_key\":\"k1\"", create);
    house_as(h, house_login(h, "jan", "Jan-Jan-7-Jan-Jan"));
    const variant *own = house_call(h, "shop.thing.create", "\"idempotency_key\":\"k1\"", create);
    assert_true(house_int(own, "result.id") > 0);
    house_as(h, admin);
    assert_int_equal(house_result(h, "shop.thing.count", "{}")->as.integer, 2);
}

/* What works outside a transaction takes effect once too; nothing keeps a secret that was shown once. */
static void a_secret_is_made_once_and_kept_nowhere(void **state)
{
    house *h = *state;
    const variant *made = house_call(
        h, "access.key.create_secret", "\"idempotency_key\":\"k9\"", "{\"name\":\"shop\"}");
    assert_true(house_int(made, "result.id") > 0);
    const variant *again = house_call(
        h, "access.key.create_secret", "\"idempotency_key\":\"k9\"", "{\"name\":\"shop\"}");
    assert_string_equal(house_text(again, "error.data.kind"), "conflict");
    assert_int_equal(house_result(h, "access.key.count", "{}")->as.integer, 1);
    const variant *other = house_call(
        h, "access.key.create_secret", "\"idempotency_key\":\"k9\"", "{\"name\":\"other\"}");
    assert_string_equal(house_text(other, "error.data.kind"), "conflict");
    const variant *wrong = house_call(h, "access.password", "\"idempotency_key\":\"k10\"",
        "{\"user\":\"admin\",\"old\":\"wrong\",\"new\":\"Other-Other-5-Other\"}");
    assert_string_equal(house_text(wrong, "error.data.kind"), "forbidden");
}

static void ten_thousand_repeats_have_one_effect(void **state)
{
    house *h = *state;
    kt_str message = KT_STR("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"shop.thing.create\","
                            "\"idempotency_key\":\"again\",\"params\":{\"values\":{\"name\":\"Lamp\"}}}");
    kt_str first = house_send(h, house_token(h), message);
    for (int i = 0; i < 10000; i++)
        assert_string_equal(house_send(h, house_token(h), message).ptr, first.ptr);
    assert_int_equal(house_result(h, "shop.thing.count", "{}")->as.integer, 1);
}

typedef struct {
    atomic_uint done, busy, other;
} flood;

static void count_answer(void *context, kt_str answer)
{
    flood *f = context;
    if (memmem(answer.ptr, answer.len, "\"result\"", 8))
        atomic_fetch_add(&f->done, 1);
    else if (memmem(answer.ptr, answer.len, "\"unavailable\"", 13))
        atomic_fetch_add(&f->busy, 1);
    else
        atomic_fetch_add(&f->other, 1);
}

static void a_full_queue_refuses_at_once_and_nothing_is_lost(void **state)
{
    enum { CALLS = 20000 };
    house *h = *state;
    flood f = {0};
    for (unsigned i = 0; i < CALLS; i++)
        bus_handle(server_bus(house_server(h)),
            KT_STR("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"shop.thing.create\","
                   "\"params\":{\"values\":{\"name\":\"Lamp\"}}}"),
            house_token(h), KT_STR("test"), count_answer, &f);
    const struct timespec nap = {.tv_nsec = 1000000};
    while (atomic_load(&f.done) + atomic_load(&f.busy) + atomic_load(&f.other) < CALLS)
        nanosleep(&nap, NULL);
    assert_int_equal(atomic_load(&f.other), 0);
    assert_true(atomic_load(&f.busy) > 0);
    assert_int_equal(house_result(h, "shop.thing.count", "{}")->as.integer, atomic_load(&f.done));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SPEC(a_repeated_request_gets_the_same_answer),
        SPEC(the_same_key_with_another_request_is_a_conflict),
        SPEC(a_refused_request_does_not_use_up_its_key),
        SPEC(a_dry_run_does_not_use_up_its_key),
        SPEC(twins_at_the_same_instant_get_one_record_and_one_answer),
        SPEC(a_key_belongs_to_its_user),
        SPEC(a_secret_is_made_once_and_kept_nowhere),
        SPEC(ten_thousand_repeats_have_one_effect),
        SPEC(a_full_queue_refuses_at_once_and_nothing_is_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

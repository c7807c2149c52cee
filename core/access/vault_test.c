#include "access/vault.h"
#include "model/house_test.h"

static void what_is_kept_is_read_again_under_its_own_name_alone(void **state)
{
    (void)state;
    house h = house_open();
    const kt_str name = KT_STR("Xa1"), other = KT_STR("Xa2"), plain = KT_STR("hush-hush");
    kt_str sealed, got;
    assert_string_equal(said(vault_put(h.tx, "one", name, plain)), "");
    assert_string_equal(said(vault_get(h.tx, "one", name, &got)), "");
    assert_int_equal(got.len, plain.len);
    assert_memory_equal(got.ptr, plain.ptr, plain.len);
    assert_null(store_get(h.tx->view, STORE_META, name, &sealed));
    assert_null(memmem(sealed.ptr, sealed.len, plain.ptr, plain.len));
    assert_null(vault_get(h.tx, "one", other, &got));
    assert_null(got.ptr);
    assert_null(store_put(h.tx->view, STORE_META, other, sealed)); /* moved to another's place */
    assert_string_equal(said(vault_get(h.tx, "one", other, &got)), "a sealed value was changed outside");
    assert_string_equal(said(vault_get(h.tx, "two", name, &got)), "a sealed value was changed outside");
    assert_null(got.ptr);
    house_close(&h);
}

static void a_changed_byte_is_found_wherever_it_is(void **state)
{
    (void)state;
    house h = house_open();
    const kt_str name = KT_STR("Xb");
    kt_str sealed, got;
    char copy[200];
    assert_null(vault_put(h.tx, "one", name, KT_STR("")));
    assert_null(store_get(h.tx->view, STORE_META, name, &sealed));
    size_t n = sealed.len;
    assert_true(n < sizeof copy);
    for (size_t i = 0; i <= n; i++) {
        memcpy(copy, sealed.ptr, n);
        if (i < n)
            copy[i] = (char)(copy[i] ^ 1);
        assert_null(store_put(h.tx->view, STORE_META, KT_STR("Xb"), (kt_str){copy, i < n ? n : n - 1}));
        assert_non_null(vault_get(h.tx, "one", name, &got));
        assert_null(store_put(h.tx->view, STORE_META, KT_STR("Xb"), (kt_str){sealed.ptr, n}));
        assert_null(store_get(h.tx->view, STORE_META, name, &sealed));
    }
    house_close(&h);
}

static void without_the_master_key_nothing_is_kept(void **state)
{
    (void)state;
    house h = house_open();
    h.tx->master_key = NULL;
    assert_int_equal(vault_put(h.tx, "one", KT_STR("Xc"), KT_STR("x"))->first->kind, KT_UNAVAILABLE);
    h.tx->master_key = house_master_key;
    char long_one[VAULT_PLAIN_MAX + 1] = {0};
    assert_int_equal(
        vault_put(h.tx, "one", KT_STR("Xc"), (kt_str){long_one, sizeof long_one})->first->kind, KT_LIMIT);
    house_close(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_kept_is_read_again_under_its_own_name_alone),
        cmocka_unit_test(a_changed_byte_is_found_wherever_it_is),
        cmocka_unit_test(without_the_master_key_nothing_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "check_digits.h"
#include "contact.h"
#include "holidays.h"

static void nips(void **state)
{
    (void)state;
    assert_int_equal(check_nip("5260250274"), CHECK_OK); /* the Ministry of Finance */
    assert_int_equal(check_nip("7251801126"), CHECK_OK);
    assert_int_equal(check_nip("5260250275"), CHECK_DIGIT);
    assert_int_equal(check_nip("5260205274"), CHECK_DIGIT); /* two digits swapped */
    assert_int_equal(check_nip("526025027"), CHECK_LENGTH);
    assert_int_equal(check_nip("526025027X"), CHECK_CHARACTERS);
}

static void regons(void **state)
{
    (void)state;
    assert_int_equal(check_regon("123456785"), CHECK_OK);
    assert_int_equal(check_regon("12345678512347"), CHECK_OK);
    assert_int_equal(check_regon("123456786"), CHECK_DIGIT);
    assert_int_equal(check_regon("12345678512348"), CHECK_DIGIT);
    assert_int_equal(check_regon("12345678612347"), CHECK_DIGIT);
    assert_int_equal(check_regon("1234567"), CHECK_LENGTH);
}

static void pesels_tell_the_day_of_birth(void **state)
{
    (void)state;
    kt_date birth = {0};
    bool male = true;
    assert_int_equal(check_pesel("44051401359", &birth, &male), CHECK_OK);
    assert_int_equal(birth.day, kt_date_make(1944, 5, 14).day);
    assert_true(male);
    assert_int_equal(check_pesel("02070803628", &birth, &male), CHECK_OK);
    assert_int_equal(birth.day, kt_date_make(1902, 7, 8).day);
    assert_false(male);
    assert_int_equal(check_pesel("44051401358", NULL, NULL), CHECK_DIGIT);
    assert_int_equal(check_pesel("4405140135", NULL, NULL), CHECK_LENGTH);
    assert_int_equal(check_pesel("00000000000", NULL, NULL), CHECK_DAY);
}

/* Public examples of each state's form, all of them valid. */
static const char *const valid_vat[] = {"ATU13585627", "BE0428759497", "BE0776091951", "BG175074752",
    "BG7523169263", "CHE107787577", "CHE107787577IVA", "CY10259033P", "CZ25123891", "CZ7103192745",
    "CZ640903926", "DE136695976", "DK13585628", "EE100931558", "EL094259216", "ES54362315K", "ESX2482300W",
    "ESB58378431", "FI20774740", "FR40303265045", "FR23334175221", "FRK7399859412", "GB980780684",
    "HR33392005961", "HU12892312", "IE6433435F", "IE6433435OA", "IE8D79739I", "IT00743110157", "LT119511515",
    "LT100001919017", "LU15027442", "LV40003521600", "LV16117519997", "MT11679112", "NL004495445B01",
    "NL000099998B57", "NO995525828MVA", "PL5260250274", "PL8567346215", "PT501964843", "RO18547290",
    "SE556188840401", "SI50223054", "SK2022749619", "XI980780684"};

static void vat_numbers_of_every_state_hold(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof valid_vat / sizeof *valid_vat; i++)
        if (check_vat(valid_vat[i]) != CHECK_OK)
            fail_msg("%s is valid", valid_vat[i]);
}

/* Of the changes of one digit most states' algorithms miss none; those that write a remainder of ten as 0, or
 * let one of several sums hold (Bulgaria's persons, the Netherlands), miss some. */
static void a_wrong_digit_is_found_in_every_state(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof valid_vat / sizeof *valid_vat; i++) {
        char text[CHECK_TEXT_MAX];
        int tried = 0, missed = 0;
        for (size_t at = 2; valid_vat[i][at]; at++) {
            memcpy(text, valid_vat[i], strlen(valid_vat[i]) + 1);
            for (char digit = '0'; digit <= '9'; digit++) {
                if (valid_vat[i][at] < '0' || valid_vat[i][at] > '9' || digit == valid_vat[i][at])
                    continue;
                text[at] = digit;
                tried++;
                missed += check_vat(text) == CHECK_OK;
            }
        }
        if (tried < 50 || missed * 5 > tried)
            fail_msg("%s: %d of %d wrong digits were not found", valid_vat[i], missed, tried);
    }
}

static void vat_numbers_of_no_form_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        check_result result;
    } table[] = {
        {"PL5260250275", CHECK_DIGIT},
        {"DE13669597", CHECK_FORMAT},
        {"ATU12345678", CHECK_DIGIT},
        {"AT12345678", CHECK_FORMAT},
        {"NL123456789A01", CHECK_FORMAT},
        {"FRXX123456789", CHECK_DIGIT},
        {"ES123456789", CHECK_FORMAT},
        {"CZ12345678901", CHECK_FORMAT},
        {"SE556188840402", CHECK_FORMAT},
        {"NO995525828MVX", CHECK_FORMAT},
        {"GR094259216", CHECK_COUNTRY}, /* Greece is EL here */
        {"XIGD123", CHECK_OK},
        {"GBGD500", CHECK_DIGIT},
        {"GBHA500", CHECK_OK},
        {"US123", CHECK_COUNTRY},
        {"PL", CHECK_FORMAT},
        {"", CHECK_COUNTRY},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (check_vat(table[i].text) != table[i].result)
            fail_msg("%s", table[i].text);
}

static void ibans(void **state)
{
    (void)state;
    assert_int_equal(check_iban("PL61109010140000071219812874"), CHECK_OK);
    assert_int_equal(check_iban("DE89370400440532013000"), CHECK_OK);
    assert_int_equal(check_iban("GB82WEST12345698765432"), CHECK_OK);
    assert_int_equal(check_iban("MT84MALT011000012345MTLCAST001S"), CHECK_OK);
    assert_int_equal(check_iban("NO9386011117947"), CHECK_OK);
    assert_int_equal(check_iban("PL61109010140000071219812875"), CHECK_DIGIT);
    assert_int_equal(check_iban("PL6110901014000007121981287"), CHECK_LENGTH);
    assert_int_equal(check_iban("DEAA370400440532013000"), CHECK_CHARACTERS);
    assert_int_equal(check_iban("ZZ89370400440532013000"), CHECK_COUNTRY);
    assert_int_equal(check_iban(""), CHECK_COUNTRY);
}

/* Every single wrong digit is found by mod 97 and by the weights of a NIP. */
static void each_wrong_digit_is_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < 28; i++)
        for (char c = '0'; c <= '9'; c++) {
            char text[] = "PL61109010140000071219812874";
            if (i < 2 || text[i] == c)
                continue;
            text[i] = c;
            assert_int_equal(check_iban(text), CHECK_DIGIT);
        }
    for (size_t i = 0; i < 10; i++)
        for (char c = '0'; c <= '9'; c++) {
            char text[] = "5260250274";
            if (text[i] == c)
                continue;
            text[i] = c;
            assert_int_equal(check_nip(text), CHECK_DIGIT);
        }
}

static void cleaning(void **state)
{
    (void)state;
    char out[CHECK_TEXT_MAX];
    assert_int_equal(check_clean(KT_STR("pl 526-025-02-74"), out), 12);
    assert_string_equal(out, "PL5260250274");
    assert_int_equal(check_clean(KT_STR(" - "), out), 0);
    char lengthy[200];
    memset(lengthy, '1', sizeof lengthy);
    assert_int_equal(check_clean((kt_str){lengthy, sizeof lengthy}, out), 0);
}

static void contacts_in_one_form(void **state)
{
    (void)state;
    static const struct {
        enum contact_kind kind;
        const char *text, *normal; /* NULL: refused */
    } table[] = {
        {CONTACT_PHONE, "+48 600-100-200", "48600100200"},
        {CONTACT_PHONE, "0048 600 100 200", "48600100200"},
        {CONTACT_PHONE, "600 100 200", "48600100200"},
        {CONTACT_PHONE, "(22) 123 45 67 wew. 12", "48221234567"},
        {CONTACT_PHONE, "697-555-0142", "6975550142"},
        {CONTACT_PHONE, "1 (11) 500 555-0132", "1115005550132"},
        {CONTACT_PHONE, "112", "112"},
        {CONTACT_PHONE, "12", NULL},
        {CONTACT_PHONE, "call me", NULL},
        {CONTACT_PHONE, "12345678901234567890", NULL},
        {CONTACT_EMAIL, " Jan.Kowalski@Example.PL ", "jan.kowalski@example.pl"},
        {CONTACT_EMAIL, "a@b", NULL},
        {CONTACT_EMAIL, "a b@c.pl", NULL},
        {CONTACT_EMAIL, "@c.pl", NULL},
        {CONTACT_EMAIL, "a@c..pl", NULL},
        {CONTACT_EMAIL, "a@b@c.pl", NULL},
        {CONTACT_SITE, "https://www.Example.com/", "example.com"},
        {CONTACT_SITE, "https://", NULL},
        {CONTACT_MESSENGER, "Jan.K", "jan.k"},
        {CONTACT_MESSENGER, "  ", NULL},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char normal[CONTACT_NORMAL_MAX + 1];
        kt_str text = {table[i].text, strlen(table[i].text)};
        bool good = contact_normal(table[i].kind, text, normal);
        if (good != (table[i].normal != NULL) || (good && strcmp(normal, table[i].normal) != 0))
            fail_msg("%s: %s", table[i].text, good ? normal : "refused");
    }
}

static void easters(void **state)
{
    (void)state;
    static const int days[][3] = {{1961, 4, 2}, {2000, 4, 23}, {2008, 3, 23}, {2024, 3, 31}, {2025, 4, 20},
        {2026, 4, 5}, {2038, 4, 25}};
    for (size_t i = 0; i < sizeof days / sizeof *days; i++)
        assert_int_equal(easter(days[i][0]).day, kt_date_make(days[i][0], days[i][1], days[i][2]).day);
}

static void holidays_of_a_year(void **state)
{
    (void)state;
    public_holiday days[HOLIDAYS_MAX];
    assert_int_equal(public_holidays("CZ", 2026, days), 13);
    assert_int_equal(days[1].day.day, kt_date_make(2026, 4, 3).day); /* Good Friday: Easter is on 5 April */
    assert_int_equal(public_holidays("CZ", 2015, days), 12);
    assert_int_equal(public_holidays("DE", 2026, days), 9);
    assert_int_equal(days[4].day.day, kt_date_make(2026, 5, 14).day); /* Ascension */
    assert_int_equal(days[5].day.day, kt_date_make(2026, 5, 25).day); /* Whit Monday */
    assert_int_equal(public_holidays("US", 2026, days), 0);
    assert_int_equal(public_holidays("PL", 2026, days), 14);
    assert_int_equal(public_holidays("PL", 2024, days), 13); /* Christmas Eve came later */
    assert_int_equal(days[7].day.day, kt_date_make(2024, 5, 30).day);
    assert_string_equal(days[7].name.pl, "Boże Ciało");
    for (int year = 1951; year < 2200; year++) {
        size_t n = public_holidays("PL", year, days);
        for (size_t i = 1; i < n; i++)
            assert_true(days[i - 1].day.day <= days[i].day.day);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nips),
        cmocka_unit_test(regons),
        cmocka_unit_test(pesels_tell_the_day_of_birth),
        cmocka_unit_test(vat_numbers_of_every_state_hold),
        cmocka_unit_test(a_wrong_digit_is_found_in_every_state),
        cmocka_unit_test(vat_numbers_of_no_form_are_refused),
        cmocka_unit_test(ibans),
        cmocka_unit_test(each_wrong_digit_is_found),
        cmocka_unit_test(cleaning),
        cmocka_unit_test(contacts_in_one_form),
        cmocka_unit_test(easters),
        cmocka_unit_test(holidays_of_a_year),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* scrape_test.c -- somebody takes the clients with them over several days, on the virtual clock: what is usual for
 * them, the day on which it is not, who hears of it, and a rule that acts on the alarm. */
#include "access/access.h"
#include "office.h"

enum { CLIENTS = 60, HOUR = 3600000, USUAL_DAYS_READ = 8 };

static const char brake[] = "rule { on = 'access.alarm.created', when = {{'kind', '=', 'reads_unusual'}}, "
                            "run = function(alarm) update('access.user', alarm.user, "
                            "{daily_read_limit = 5}) end }";
static const char faulty[] = "rule { on = 'access.alarm.created', run = function(alarm) error('oh') end }";

static void add_rule(office *o, const char *name, const char *text)
{
    house_as(o->h, o->admin);
    const variant *made = house_result(
        o->h, "automation.rule.create", "{\"values\":{\"name\":\"%s\",\"text\":\"%s\"}}", name, text);
    (void)house_result(o->h, "automation.rule.enable", "{\"id\":%d}", (int)house_int(made, "id"));
}

static office with_clients(void)
{
    office o = office_open();
    for (int i = 2; i <= CLIENTS; i++)
        (void)office_make(o.h, "office.client", text_of("{\"name\":\"client%02d\"}", i));
    office_grant(&o, "office.*:*");
    return o;
}

/* Ann logs in on another day. */
static void next_day(office *o)
{
    clock_advance(24 * HOUR);
    o->admin = house_login(o->h, "admin", HOUSE_PASSWORD);
    o->tokens[ANN] = house_login(o->h, "ann", OFFICE_PASSWORD);
    house_as(o->h, o->tokens[ANN]);
}

/* So many clients are listed, so many times, each time by another question. */
static void look(office *o, int clients, int times)
{
    for (int i = 0; i < times; i++) {
        (void)house_result(o->h, "office.client.list", "{\"limit\":%d,\"filter\":[[\"id\",\">\",%d]]}",
            clients, CLIENTS - clients - i);
        clock_advance(1000);
    }
    access_settle(server_access(house_server(o->h)));
}

static const variant *as_admin(office *o, const char *method, const char *params)
{
    house_as(o->h, o->admin);
    const variant *answer = house_result(o->h, method, "%s", params);
    house_as(o->h, o->tokens[ANN]);
    return answer;
}

static size_t rows_of(office *o, const char *method, const char *params)
{
    return house_at(as_admin(o, method, params), "rows")->as.array.count;
}

#define UNUSUAL "{\"filter\":[[\"kind\",\"=\",\"reads_unusual\"]]}"

static void a_scrape_over_several_days_is_told_of_once_a_day(void **state)
{
    (void)state;
    office o = with_clients();
    for (int day = 0; day < USUAL_DAYS_READ; day++) {
        next_day(&o);
        look(&o, 20, 1 + day % 3); /* 20 to 60 a day */
    }
    assert_int_equal(rows_of(&o, "access.reads.unusual", "{}"), 0);
    for (int day = 0; day < 3; day++) { /* a little more than usual each day would go by; this does not */
        next_day(&o);
        look(&o, 50, 3);
        assert_int_equal(rows_of(&o, "access.alarm.list", UNUSUAL), day);
        assert_int_equal(rows_of(&o, "access.reads.unusual", "{}"), 0);
        look(&o, 50, 6);
        assert_int_equal(rows_of(&o, "access.alarm.list", UNUSUAL), day + 1);
        const variant *found = as_admin(&o, "access.reads.unusual", "{}");
        assert_string_equal(house_text(found, "rows.0.login"), "ann");
        assert_int_equal(house_int(found, "rows.0.today"), 450);
        assert_int_equal(house_int(found, "rows.0.usual"), 40);
        assert_int_equal(house_int(found, "rows.0.days"), USUAL_DAYS_READ + day);
    }
    assert_int_equal(rows_of(&o, "access.reads.unusual", "{\"factor\":12}"), 0);
    assert_int_equal(rows_of(&o, "access.reads.unusual", "{\"least\":451}"), 0);
    const variant *alarm = as_admin(&o, "access.alarm.list", UNUSUAL);
    assert_int_equal(house_int(alarm, "rows.0.user"), o.users[ANN]);
    assert_int_equal(house_int(alarm, "rows.0.most"), 40);
    assert_string_equal(house_text(alarm, "rows.0.method"), "office.client.list");
    assert_string_equal(house_refusal(o.h, "access.reads.unusual", "{}"), "forbidden");
    next_day(&o);
    look(&o, 20, 2);
    assert_int_equal(rows_of(&o, "access.reads.unusual", "{}"), 0);
    house_close(o.h);
}

static void a_rule_acts_on_the_alarm(void **state)
{
    (void)state;
    office o = with_clients();
    add_rule(&o, "brake", brake);
    for (int day = 0; day < USUAL_DAYS_READ; day++) {
        next_day(&o);
        look(&o, 10, 1);
    }
    next_day(&o);
    assert_null(house_refusal(o.h, "office.client.get", "{\"id\":30}"));
    look(&o, 60, 4);
    assert_int_equal(rows_of(&o, "access.alarm.list", UNUSUAL), 1);
    house_settle(o.h);
    const char *kind = NULL;
    for (int id = 1; id <= 6 && !kind; id++)
        kind = house_refusal(o.h, "office.client.get", "{\"id\":%d}", id);
    assert_string_equal(kind ? kind : "all were shown", "limit");
    house_close(o.h);
}

/* What was read and the alarm are kept, whatever a rule does. */
static void a_rule_that_fails_hides_nothing(void **state)
{
    (void)state;
    office o = with_clients();
    add_rule(&o, "faulty", faulty);
    for (int day = 0; day < USUAL_DAYS_READ; day++) {
        next_day(&o);
        look(&o, 10, 1);
    }
    next_day(&o);
    look(&o, 60, 4);
    assert_int_equal(rows_of(&o, "access.alarm.list", UNUSUAL), 1);
    house_close(o.h);
}

/* Who has hardly worked here has nothing usual yet; who always reads much does not stand out. */
static void the_new_and_the_busy_are_left_alone(void **state)
{
    (void)state;
    office o = with_clients();
    next_day(&o);
    look(&o, 50, 10);
    assert_int_equal(rows_of(&o, "access.reads.unusual", "{}"), 0);
    for (int day = 0; day < USUAL_DAYS_READ; day++) {
        next_day(&o);
        look(&o, 50, 10 + day);
        assert_int_equal(rows_of(&o, "access.reads.unusual", "{}"), 0);
    }
    assert_int_equal(rows_of(&o, "access.alarm.list", UNUSUAL), 0);
    house_close(o.h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_scrape_over_several_days_is_told_of_once_a_day),
        cmocka_unit_test(a_rule_acts_on_the_alarm),
        cmocka_unit_test(a_rule_that_fails_hides_nothing),
        cmocka_unit_test(the_new_and_the_busy_are_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* office.h -- a small office for tests of rights: cases with owners, a secret field, departments and teams.
 */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "kit/clock.h"
#include "kit/json.h"
#include "server/testing.h"

struct office_client {
    kt_record rec;
    kt_str name;
};
static const kt_shape office_client_shape = KT_SHAPE(office_client, "office.client",
    KT_FIELD(office_client, name, STRING, "Name", "Nazwa", .required = true, .searchable = true));

enum { CASE_OPEN = 1, CASE_CLOSED };
static const kt_choice case_states[] = {{CASE_OPEN, "open", {"Open", "Otwarta"}, "open"},
    {CASE_CLOSED, "closed", {"Closed", "Zamknięta"}, "won"}, {0}};
struct office_case {
    kt_record rec;
    kt_str title, secret;
    kt_id owner, client;
    kt_dec amount;
    unsigned state;
};
static const kt_shape office_case_shape = KT_SHAPE(office_case, "office.case",
    KT_FIELD(
        office_case, title, STRING, "Title", "Tytuł", .required = true, .searchable = true, .indexed = true),
    KT_FIELD(office_case, secret, STRING, "Secret", "Tajne", .group = "secrets", .searchable = true),
    KT_FIELD(office_case, owner, REF, "Owner", "Właściciel", .target = "access.user", .indexed = true),
    KT_FIELD(office_case, client, REF, "Client", "Klient", .target = "office.client"),
    KT_FIELD(office_case, amount, MONEY, "Amount", "Kwota", .scale = 2, .indexed = true),
    KT_FIELD(office_case, state, STATE, "State", "Stan", .choices = case_states, .initial = "open"));

static const kt_action case_actions[] = {
    {"close", {"Close", "Zamknij"}, "close", .from = KT_IN(CASE_OPEN), .to = CASE_CLOSED}, {0}};
static const kt_entity office_entities[] = {
    {&office_client_shape, {"Client", "Klient"}, {"Clients", "Klienci"}, .title = "name", .log_reads = true},
    {&office_case_shape, {"Case", "Sprawa"}, {"Cases", "Sprawy"}, .title = "title", .actions = case_actions},
    {0}};
static const kt_module office_module = KT_MODULE(
    "office", "1.0.0", "Office", "Biuro", .entities = office_entities);
static const kt_module *const office_modules[] = {&office_module, NULL};

#define OFFICE_PASSWORD "Blue-Harbour-17"
enum { ANN, BOB, CID, BOSS, OUT, PEOPLE };
static const char *const people[PEOPLE] = {"ann", "bob", "cid", "boss", "out"};

typedef struct {
    house *h;
    kt_str admin, tokens[PEOPLE];
    int64_t users[PEOPLE], role, cases[PEOPLE]; /* role: everybody's; cases: one of each */
} office;

static inline int64_t office_make(house *h, const char *entity, const char *values)
{
    char method[60];
    (void)snprintf(method, sizeof method, "%s.create", entity);
    return house_int(house_result(h, method, "{\"values\":%s}", values), "id");
}

KT_PRINTF(1, 2) static inline const char *text_of(const char *format, ...)
{
    static char texts[8][600];
    static unsigned turn;
    char *text = texts[turn++ % 8];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof texts[0], format, arguments);
    va_end(arguments);
    return text;
}

/* Sales (headed by boss) has North (ann, cid) and South (bob); ann and bob are team Red; out is nowhere. */
static inline office office_open(void)
{
    office o = {.h = house_open(office_modules)};
    o.admin = house_token(o.h);
    o.role = office_make(o.h, "access.role", "{\"name\":\"staff\",\"grants\":\"\"}");
    int64_t red = office_make(o.h, "access.team", "{\"name\":\"Red\"}");
    int64_t sales = office_make(o.h, "access.department", "{\"name\":\"Sales\"}");
    int64_t north = office_make(
        o.h, "access.department", text_of("{\"name\":\"North\",\"parent\":%d}", (int)sales));
    int64_t south = office_make(
        o.h, "access.department", text_of("{\"name\":\"South\",\"parent\":%d}", (int)sales));
    const int64_t department[PEOPLE] = {north, south, north, 0, 0};
    for (int i = 0; i < PEOPLE; i++) {
        const char *place = department[i] ? text_of(",\"department\":%d", (int)department[i]) : "";
        const char *team = i == ANN || i == BOB ? text_of(",\"teams\":[%d]", (int)red) : "";
        o.users[i] = office_make(o.h, "access.user",
            text_of("{\"name\":\"%s\",\"roles\":[%d]%s%s}", people[i], (int)o.role, place, team));
        (void)house_result(
            o.h, "access.password", "{\"user\":%d,\"new\":\"" OFFICE_PASSWORD "\"}", (int)o.users[i]);
        o.tokens[i] = house_login(o.h, people[i], OFFICE_PASSWORD);
    }
    (void)house_result(o.h, "access.department.update", "{\"id\":%d,\"values\":{\"head\":%d}}", (int)sales,
        (int)o.users[BOSS]);
    int64_t client = office_make(o.h, "office.client", "{\"name\":\"Nowak\"}");
    for (int i = 0; i < PEOPLE; i++)
        o.cases[i] = office_make(o.h, "office.case",
            text_of("{\"title\":\"case-%s\",\"secret\":\"hush%s\",\"owner\":%d,\"client\":%d,\"amount\":\"%"
                    "d00\"}",
                people[i], people[i], (int)o.users[i], (int)client, i + 1));
    return o;
}

static inline void office_grant(office *o, const char *grants)
{
    house_as(o->h, o->admin);
    (void)house_result(
        o->h, "access.role.update", "{\"id\":%d,\"values\":{\"grants\":\"%s\"}}", (int)o->role, grants);
}

static inline void office_as(office *o, int person)
{
    house_as(o->h, person < 0 ? o->admin : o->tokens[person]);
}

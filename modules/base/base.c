/* The module base: what every other module refers to. This file is its table of contents. */
#include "base.h"

#include <kontor/currency.h>
#include <kontor/orders.h>
#include <kontor/rules.h>

#include "calendar.h"
#include "duplicates.h"
#include "supply/pegging.h"
#include "tax.h"

static const kt_entity entities[] = {
    {&party_shape, {"Party", "Kontrahent"}, {"Parties", "Kontrahenci"}, .title = "name", .log_reads = true,
        .columns = party_columns, .indexes = "kind name, owner name", .compute = party_compute,
        .check = party_check, .icon = "users",
        .views =
            "[{\"kind\":\"list\",\"columns\":[\"name\",\"phone\",\"email\",\"city\",\"owner\"],\"sort\":"
            "\"name\"},"
            "{\"kind\":\"list\",\"name\":\"customers\",\"label\":{\"en\":\"Customers\",\"pl\":\"Klienci\"},"
            "\"filter\":[[\"is_customer\",\"=\",true]],\"columns\":[\"name\",\"phone\",\"email\",\"city\","
            "\"owner\"],\"sort\":\"name\"},"
            "{\"kind\":\"list\",\"name\":\"suppliers\",\"label\":{\"en\":\"Suppliers\",\"pl\":\"Dostawcy\"},"
            "\"filter\":[[\"is_supplier\",\"=\",true]],\"columns\":[\"name\",\"phone\",\"email\",\"city\"],"
            "\"sort\":\"name\"}]"},
    {&relation_shape, {"Relation", "Powiązanie"}, {"Relations", "Powiązania"}, .title = "role",
        .indexes = "unique party other role", .check = relation_check, .icon = "link"},
    {&task_shape, {"Task", "Zadanie"}, {"Tasks", "Zadania"}, .title = "title", .indexes = "owner due",
        .actions = task_actions, .compute = task_compute, .icon = "check",
        .views =
            "[{\"kind\":\"kanban\",\"by\":\"state\",\"card\":[\"title\",\"party\",\"due\",\"owner\"]},"
            "{\"kind\":\"list\",\"columns\":[\"title\",\"state\",\"due\",\"owner\",\"party\"],\"sort\":"
            "\"due\"},"
            "{\"kind\":\"list\",\"name\":\"overdue\",\"label\":{\"en\":\"Overdue\",\"pl\":\"Po terminie\"},"
            "\"filter\":[[\"state\",\"in\",[\"todo\",\"in_progress\",\"review\"]],[\"due\",\"<\",\"now\"]],"
            "\"columns\":[\"title\",\"due\",\"owner\",\"party\"],\"sort\":\"due\"},"
            "{\"kind\":\"calendar\",\"start\":\"due\"}]"},
    {&approval_shape, {"Approval", "Akceptacja"}, {"Approvals", "Akceptacje"}, .title = "title",
        .actions = approval_actions, .compute = approval_compute, .icon = "stamp",
        .views = "[{\"kind\":\"list\",\"columns\":[\"title\",\"state\",\"author\",\"due\"],\"sort\":"
                 "\"-id\"}]"},
    {&note_shape, {"Note", "Notatka"}, {"Notes", "Notatki"}, .title = "text", .actions = note_actions,
        .icon = "note"},
    {&notice_shape, {"Notice", "Powiadomienie"}, {"Notices", "Powiadomienia"}, .title = "text",
        .actions = notice_actions, .icon = "bell",
        .views = "[{\"kind\":\"list\",\"filter\":[[\"seen_at\",\"is_null\",true],[\"at\",\"<=\",\"now\"]],"
                 "\"columns\":[\"text\",\"at\",\"about\"],\"sort\":\"-at\"}]"},
    {&attachment_shape, {"Attachment", "Załącznik"}, {"Attachments", "Załączniki"}, .title = "name",
        .check = attachment_check, .icon = "paperclip"},
    {&tag_shape, {"Tag", "Etykieta"}, {"Tags", "Etykiety"}, .title = "name", .icon = "tag", .shared = true},
    {&item_shape, {"Item", "Towar lub usługa"}, {"Items", "Towary i usługi"}, .title = "name",
        .columns = item_columns, .compute = item_compute, .icon = "box",
        .views = "[{\"kind\":\"list\",\"columns\":[\"code\",\"name\",\"price\",\"unit\",\"category\"],"
                 "\"sort\":\"code\"}]"},
    {&item_category_shape, {"Item category", "Kategoria towarów"}, {"Item categories", "Kategorie towarów"},
        .title = "name", .check = item_category_check, .icon = "folder",
        .views = "[{\"kind\":\"tree\",\"parent\":\"parent\"}]"},
    {&item_unit_shape, {"Item's unit", "Jednostka towaru"}, {"Items' units", "Jednostki towarów"},
        .indexes = "unique item unit", .compute = item_unit_compute, .icon = "ruler"},
    {&item_cost_shape, {"Standard cost", "Koszt standardowy"}, {"Standard costs", "Koszty standardowe"},
        .indexes = "unique item valid_from, applied valid_from", .compute = item_cost_compute,
        .icon = "coins",
        .views = "[{\"kind\":\"list\",\"columns\":[\"item\",\"valid_from\",\"valid_to\",\"cost\"],"
                 "\"sort\":\"-valid_from\"},{\"kind\":\"list\",\"name\":\"to_come\",\"label\":{\"en\":"
                 "\"To come\",\"pl\":\"Nadchodzące\"},\"filter\":[[\"applied\",\"=\",false]],"
                 "\"columns\":[\"item\",\"valid_from\",\"cost\"],\"sort\":\"valid_from\"}]"},
    {&unit_shape, {"Unit", "Jednostka"}, {"Units", "Jednostki"}, .title = "code", .compute = unit_compute,
        .icon = "ruler", .shared = true},
    {&currency_shape, {"Currency", "Waluta"}, {"Currencies", "Waluty"}, .title = "code",
        .compute = currency_compute, .icon = "coins", .shared = true},
    {&currency_rate_shape, {"Exchange rate", "Kurs waluty"}, {"Exchange rates", "Kursy walut"},
        .indexes = "unique currency base day", .compute = currency_rate_compute, .icon = "chart",
        .shared = true},
    {&tax_shape, {"Tax", "Podatek"}, {"Taxes", "Podatki"}, .title = "code", .compute = tax_check_rates,
        .icon = "percent", .shared = true,
        .views =
            "[{\"kind\":\"list\",\"columns\":[\"code\",\"name\",\"kind\",\"label\"],\"sort\":\"code\"}]"},
    {&tax_category_shape, {"Tax category", "Kategoria podatkowa"}, {"Tax categories", "Kategorie podatkowe"},
        .title = "name", .icon = "folder", .shared = true},
    {&tax_position_shape, {"Fiscal position", "Pozycja podatkowa"}, {"Fiscal positions", "Pozycje podatkowe"},
        .title = "name", .icon = "globe", .shared = true},
    {&tax_rule_shape, {"Tax rule", "Reguła podatkowa"}, {"Tax rules", "Reguły podatkowe"},
        .compute = tax_rule_compute, .icon = "shuffle", .shared = true,
        .views = "[{\"kind\":\"list\",\"columns\":[\"position\",\"category\",\"kind\",\"taxes\","
                 "\"valid_from\",\"valid_to\"]}]"},
    {&country_shape, {"Country", "Kraj"}, {"Countries", "Kraje"}, .title = "name", .compute = country_compute,
        .icon = "globe", .shared = true},
    {&region_shape, {"Region", "Region"}, {"Regions", "Regiony"}, .title = "name", .indexes = "country name",
        .icon = "map", .shared = true},
    {&territory_shape, {"Territory", "Terytorium"}, {"Territories", "Terytoria"}, .title = "name",
        .check = territory_check, .icon = "map"},
    {&calendar_shape, {"Calendar", "Kalendarz"}, {"Calendars", "Kalendarze"}, .title = "name",
        .actions = calendar_actions, .compute = calendar_compute, .icon = "calendar", .shared = true},
    {&holiday_shape, {"Holiday", "Święto"}, {"Holidays", "Święta"}, .title = "name",
        .indexes = "unique calendar day", .icon = "star", .shared = true,
        .views =
            "[{\"kind\":\"calendar\",\"start\":\"day\"},{\"kind\":\"list\",\"columns\":[\"day\",\"name\","
            "\"calendar\"],\"sort\":\"day\"}]"},
    {&company_shape, {"Company", "Firma"}, {"Companies", "Firmy"}, .title = "name",
        .compute = company_compute, .icon = "building", .shared = true},
    {&view_shape, {"Saved view", "Zapisany widok"}, {"Saved views", "Zapisane widoki"}, .title = "name",
        .check = view_check, .indexes = "entity owner", .icon = "columns", .shared = true},
    {&preference_shape, {"Preference", "Ustawienie"}, {"Preferences", "Ustawienia"}, .title = "key",
        .indexes = "unique owner key", .icon = "sliders", .shared = true},
    {&pegging_shape, {"Pegging", "Pokrycie zapotrzebowania"}, {"Peggings", "Pokrycia zapotrzebowań"},
        .indexes = "demand line, late kind day", .compute = pegging_compute, .kept = true, .icon = "link",
        .views = "[{\"kind\":\"list\",\"columns\":[\"demand\",\"item\",\"quantity\",\"kind\",\"supply\","
                 "\"needed\",\"day\"],\"sort\":\"needed\"},{\"kind\":\"list\",\"name\":\"late\",\"label\":"
                 "{\"en\":\"At risk\",\"pl\":\"Zagrożone\"},\"filter\":[[\"late\",\"=\",true]],\"columns\":"
                 "[\"demand\",\"item\",\"quantity\",\"kind\",\"supply\",\"needed\",\"day\"],\"sort\":"
                 "\"needed\"}]"},
    {&order_report_shape, {"Report to an order", "Zgłoszenie do zamówienia"},
        {"Reports to orders whose module is off", "Zgłoszenia do zamówień, których moduł jest wyłączony"},
        .icon = "inbox"},
    {&import_log_shape, {"Import", "Import"}, {"Imports", "Importy"}, .title = "entity", .icon = "upload"},
    {0},
};

static const kt_method methods[] = {
    {"party.duplicates", {"Find duplicates", "Znajdź duplikaty"}, "base.party:read", false, &duplicates_shape,
        &duplicates_found_shape, party_duplicates},
    {"party.near", {"Parties near a place", "Kontrahenci w pobliżu"}, "base.party:read", false, &near_shape,
        &places_shape, party_near},
    {"party.within", {"Parties within an area", "Kontrahenci na obszarze"}, "base.party:read", false,
        &within_shape, &places_shape, party_within},
    {"party.relations", {"How a party stands to others", "Powiązania kontrahenta"}, "base.relation:read",
        false, &relations_shape, &relations_found_shape, party_relations},
    {"unit.convert", {"Convert a quantity", "Przelicz ilość"}, "login", false, &unit_convert_shape,
        &unit_converted_shape, unit_convert},
    {"currency.convert", {"Convert an amount", "Przelicz kwotę"}, "login", false, &currency_convert_shape,
        &currency_converted_shape, currency_convert},
    {"item_cost.as_of", {"The standard cost of a day", "Koszt standardowy na dzień"}, "base.item_cost:read",
        false, &cost_asked_shape, &cost_told_shape, item_cost_as_of},
    {"item_cost.apply_due",
        {"Write costs whose day came to the items", "Wpisz na karty koszty, których dzień nadszedł"},
        "base.item_cost:update", true, &costs_due_shape, &costs_applied_shape, item_costs_apply_due},
    {"calendar.add_days", {"Add working days", "Dodaj dni robocze"}, "login", false, &days_add_shape,
        &days_added_shape, calendar_add_days},
    {"calendar.working_days", {"Count working days", "Policz dni robocze"}, "login", false, &days_count_shape,
        &days_counted_shape, calendar_working_days},
    {"tax.explain", {"Why this tax", "Dlaczego ten podatek"}, "base.tax:read", false, &tax_explain_shape,
        &tax_explained_shape, tax_explain},
    {"tax.preset", {"Load a country's taxes", "Wczytaj podatki kraju"}, "base.tax:create", true,
        &tax_preset_shape, &tax_preset_made_shape, tax_preset},
    {"calendar.add_minutes", {"Add working minutes", "Dodaj minuty pracy"}, "login", false,
        &minutes_add_shape, &minutes_added_shape, calendar_add_minutes},
    {"calendar.working_minutes", {"Count working minutes", "Policz minuty pracy"}, "login", false,
        &minutes_count_shape, &minutes_counted_shape, calendar_working_minutes},
    {"task.recur", {"Make the next of tasks that repeat", "Utwórz kolejne zadania powtarzalne"},
        "base.task:create", true, &recur_shape, &recurred_shape, task_recur},
    {"supply.explain",
        {"What covers a demand, and why then", "Czym pokryte jest zapotrzebowanie i dlaczego wtedy"},
        "base.pegging:read", false, &supply_explain_shape, &supply_explained_shape, supply_explain},
    {"supply.at_risk",
        {"Demands that come late or are missing", "Zapotrzebowania spóźnione albo bez pokrycia"},
        "base.pegging:read", false, &at_risk_shape, &at_risk_found_shape, supply_at_risk},
    {"supply.review",
        {"What is overdue is promised for no day",
            "Co nie przyszło w terminie, nie jest obiecane na żaden dzień"},
        "base.pegging:review", true, &supply_review_shape, &supply_reviewed_shape, supply_review},
    {"view.open", {"Open a saved view", "Otwórz zapisany widok"}, "base.view:read", false, &view_open_shape,
        &view_opened_shape, view_open},
    {"task.reminders", {"Tasks due or to be reminded of", "Zadania do przypomnienia"}, "base.task:read",
        false, &tasks_due_shape, &tasks_due_found_shape, tasks_due},
    {0},
};

static const kt_handler handlers[] = {{"base.approval.created", &approval_shape, approval_asked},
    {"base.company.deleted", &company_shape, company_deleted},
    {"access.alarm.created", &alarm_shape, alarm_told},
    {"base.item_cost.created", &item_cost_shape, item_cost_changed},
    {"base.item_cost.updated", &item_cost_shape, item_cost_changed},
    {"crm.enabled", NULL, order_reports_told}, {"logistics.enabled", NULL, order_reports_told}, {0}};

static const kt_service services[] = {{"base.parties", 1, &parties_service},
    {"base.calendars", 1, &calendars_service}, {"base.tax", 1, &taxes_service},
    {"base.currency", 1, &currencies_service}, {"base.units", 1, &units_service},
    {"base.supply", 15, &supply_service}, {SUPPLY_CATCH_UP, 1, &supply_catch_up},
    {"base.order_reports", 2, &order_reports_service}, {"base.reports_catch_up", 1, &order_reports_catch_up},
    {0}};

#define LOOKUPS                                                                                              \
    "base.tag:read; base.unit:read; base.currency:read; base.currency_rate:read; base.country:read; "        \
    "base.region:read; base.territory:read; base.calendar:read; base.holiday:read; base.company:read; "      \
    "base.item:read; base.item_category:read; base.item_unit:read; base.tax:read; base.tax_category:read; "  \
    "base.tax_position:read; base.tax_rule:read; base.pegging:read"
static const kt_role roles[] = {
    {"user", {"User", "Użytkownik"},
        LOOKUPS
        "; base.task:*@own; base.note:*@own; base.notice:create; base.notice:*@own; base.attachment:*@own; "
        "base.view:*@own; "
        "base.approval:read,create,decide; "
        "base.view:read where shared = all; base.view:read where shared = team and team in my_teams; "
        "base.view:read where shared = role and role in my_roles; access.team:read where id in my_teams; "
        "base.preference:*@own; access.user:read; "
        "document.template:read; document.document:read,create,sign@own; document.key:read,delete@own"},
    {"reader", {"Reader of base data", "Czytający dane podstawowe"},
        LOOKUPS "; access.user:read; base.party:read; base.relation:read; base.task:read; base.note:read; "
                "base.attachment:read"},
    {"clerk", {"Keeper of contacts", "Prowadzący kartoteki"},
        LOOKUPS "; access.user:read; base.party:read,create,update; base.relation:*; base.tag:*; "
                "base.note:*; base.attachment:*; "
                "base.task:*@own; base.notice:create; base.notice:*@own"},
    {"keeper", {"Keeper of base data", "Administrator danych podstawowych"},
        "base.*:* fields *; access.user:read"},
    {0},
};

/* What the company expects to happen by itself. */
static const kt_rule upkeep[] = {
    KT_UPKEEP("base", "tasks_recur", "Repeat tasks", "every 15 minutes", "*:read; base.task:*", "task.recur"),
    KT_UPKEEP("base", "costs_apply", "Standard costs whose day has come hold", "every day at 0:10",
        "base.*:* fields *", "item_cost.apply_due"),
    KT_UPKEEP("base", "supply_review", "What is overdue is promised for no day", "every day at 0:10",
        "*:* fields *", "supply.review"),
    {"base.approvals_lapse",
        "rule {\n  label = \"Approvals end with their time\",\n  needs = \"base\",\n"
        "  on = \"base.approval.due reached\",\n"
        "  when = {{\"state\", \"=\", \"pending\"}},\n"
        "  rights = \"*:read; base.approval:lapse; base.task:*\",\n"
        "  run = function(approval) transition(\"base.approval\", approval, \"lapse\") end,\n}\n"},
    {0},
};

static kt_error *migrate(kt_tx *tx, const char *from_version)
{
    if (from_version)
        KT_TRY(peggings_learn_missed(tx));
    return kt_rules_bring(tx, upkeep);
}

const kt_module kontor_module = KT_MODULE("base", "1.4.0", "Base data", "Dane podstawowe",
    .entities = entities, .methods = methods, .handlers = handlers, .services = services, .roles = roles,
    .migrate = migrate);

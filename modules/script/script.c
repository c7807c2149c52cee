/* The module script: call scripts as graphs, passes through them, call lists, and what comes of it. */
#include "script.h"

#include <kontor/rules.h>

static const kt_entity entities[] = {
    {&script_shape, {"Script", "Skrypt rozmowy"}, {"Scripts", "Skrypty rozmów"}, .title = "name",
        .actions = script_actions, .compute = script_compute, .icon = "message-square",
        .views = "[{\"kind\":\"list\",\"columns\":[\"code\",\"name\",\"language\",\"published\",\"active\"],"
                 "\"sort\":\"code\"}]"},
    {&version_shape, {"Script version", "Wersja skryptu"}, {"Script versions", "Wersje skryptów"},
        .indexes = "unique script edition", .icon = "git-commit",
        .views = "[{\"kind\":\"list\",\"columns\":[\"script\",\"edition\",\"note\",\"created_at\"],\"sort\":"
                 "\"-id\"}]"},
    {&session_shape, {"Scripted call", "Rozmowa ze skryptem"}, {"Scripted calls", "Rozmowy ze skryptem"},
        .indexes = "script started_at, script edition state result, party started_at, operator state",
        .actions = session_actions, .icon = "phone-call",
        .views =
            "[{\"kind\":\"list\",\"columns\":[\"started_at\",\"script\",\"party\",\"operator\",\"state\","
            "\"result\",\"outcome\"],\"sort\":\"-started_at\"},"
            "{\"kind\":\"list\",\"name\":\"callbacks\",\"label\":{\"en\":\"To call back\",\"pl\":\"Do "
            "oddzwonienia\"},\"filter\":[[\"callback_at\",\"is_null\",false]],"
            "\"columns\":[\"callback_at\",\"party\",\"outcome\",\"operator\"],\"sort\":\"callback_at\"}]"},
    {&list_shape, {"Call list", "Lista telefoniczna"}, {"Call lists", "Listy telefoniczne"}, .title = "name",
        .actions = list_actions, .compute = list_compute, .icon = "list",
        .views = "[{\"kind\":\"list\",\"columns\":[\"name\",\"script\",\"state\"],\"sort\":\"-id\"}]"},
    {&member_shape, {"Member of a call list", "Pozycja listy telefonicznej"},
        {"Members of call lists", "Pozycje list telefonicznych"},
        .indexes = "unique list party, list state next_at", .actions = member_actions, .icon = "user",
        .views = "[{\"kind\":\"list\",\"columns\":[\"list\",\"party\",\"state\",\"attempts\",\"next_at\","
                 "\"outcome\"],\"sort\":\"next_at\"}]"},
    {0},
};

static const kt_method methods[] = {
    {"check", {"Check a script's text", "Sprawdź treść skryptu"}, "script.script:read", false, &check_shape,
        &checked_shape, script_check},
    {"ready", {"Load ready scripts", "Wczytaj gotowe skrypty"}, "script.script:create", true, &ready_shape,
        &ready_made_shape, script_ready},
    {"choose", {"Which script suits a call", "Jaki skrypt pasuje do rozmowy"}, "script.script:read", false,
        &choose_shape, &chosen_shape, script_choose},
    {"session.start", {"Start a call", "Rozpocznij rozmowę"}, "script.session:create", true, &start_shape,
        &step_shape, session_start},
    {"session.expire_due", {"Abandon calls that expired", "Porzuć rozmowy, które wygasły"},
        "script.session:update", true, &expire_shape, &sessions_expired_shape, sessions_expire},
    {"list.fill", {"Put customers on a list", "Wpisz klientów na listę"}, "script.list:update", true,
        &fill_shape, &filled_shape, list_fill},
    {"list.next", {"Whom to call next", "Do kogo zadzwonić"}, "script.member:update", true, &next_shape,
        &next_found_shape, list_next},
    {"stats", {"What happens in a script's calls", "Co dzieje się w rozmowach ze skryptem"},
        "script.session:read", false, &stats_shape, &stats_found_shape, script_stats},
    {"compare", {"Versions against each other", "Porównaj wersje"}, "script.session:read", false,
        &compare_shape, &compared_shape, script_compare},
    {0},
};

static const kt_handler handlers[] = {
    {"crm.order.confirm", &sold_shape, session_sold},
    {"crm.order.deliver", &sold_shape, session_shipped},
    {"crm.deal.win", &won_shape, session_won},
    {"crm.deal.move", &won_shape, session_won},
    {"finance.invoice.post", &billed_shape, session_billed},
    {0},
};

static const kt_role roles[] = {
    {"operator", {"Operator", "Operator telefoniczny"},
        "script.script:read; script.version:read; script.list:read; script.member:read,update; "
        "script.session:read,create,update,back@own; base.party:read,update; "
        "base.task:read,create,update@own; access.user:read"},
    {"lead", {"Head of calls", "Kierownik rozmów"},
        "script.*:* fields *; base.party:read,update; base.tag:read; access.user:read"},
    {0},
};

/* What the company expects to happen by itself. */
static const kt_rule upkeep[] = {
    KT_UPKEEP("script", "sessions_expire", "Paused calls expire", "every day at 3:00", "*:read; script.*:*",
        "session.expire_due"),
    {0},
};

static kt_error *migrate(kt_tx *tx, const char *from_version)
{
    (void)from_version;
    return kt_rules_bring(tx, upkeep);
}

const kt_module kontor_module = KT_MODULE("script", "1.0.0", "Sales scripts", "Skrypty sprzedaży",
    .needs = "base", .entities = entities, .methods = methods, .handlers = handlers, .roles = roles,
    .migrate = migrate);

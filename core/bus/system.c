/* system.c -- what a client asks of the server itself. */
#include "bus/dispatch.h"
#include "bus/version.h"

static kt_error *run_ping(method_call *m)
{
    json_object(m->answer);
    json_key(m->answer, "time");
    json_time(m->answer, m->tx->now);
    json_object_end(m->answer);
    return NULL;
}

static kt_error *run_version(method_call *m)
{
    json_object(m->answer);
    json_member_text(m->answer, "name", "kontor");
    json_member_text(m->answer, "version", KONTOR_VERSION);
    json_member_int(m->answer, "abi", 1);
    json_object_end(m->answer);
    return NULL;
}

static kt_error *run_limits(method_call *m)
{
    const bus *b = ((own_call *)m)->of->bus;
    json_object(m->answer);
    json_member_int(m->answer, "message_bytes", (int64_t)b->options.message_max);
    json_member_int(m->answer, "answer_bytes", (int64_t)CALL_ANSWER_MAX);
    json_member_int(m->answer, "batch_calls", b->options.batch_max);
    json_member_int(m->answer, "depth", b->limits.depth_max);
    json_member_int(m->answer, "elements", (int64_t)b->limits.elements_max);
    json_member_int(m->answer, "list_rows", 500);
    json_member_int(m->answer, "file_bytes", (int64_t)FILE_BYTES_MAX);
    json_object_end(m->answer);
    return NULL;
}

/* What does not work while the server answers, and what to do. */
typedef struct {
    const char *about;
    kt_text text, hint;
} notice;
static const notice rules_notice = {"rules",
    {"Rules do not run: no process for Lua can be started. Changes that a rule guards in the transaction are "
     "refused with its name; what runs after the commit waits.",
        "Reguły nie działają: nie można uruchomić procesu dla Lua. Zmiany, których pilnuje reguła w "
        "transakcji, "
        "są odrzucane z jej nazwą; to, co działa po zatwierdzeniu, czeka."},
    {"Mend the cause (see the operators' guide), or switch off the rule that holds up the work: "
     "automation.rule.disable.",
        "Usuń przyczynę (zob. dokumentację dla operatorów) albo wyłącz regułę, która zatrzymuje pracę: "
        "automation.rule.disable."}};
static const notice index_notice = {"index",
    {"An index cannot become whole: records are alike in what should be unique.",
        "Indeks nie może być kompletny: rekordy mają to samo w tym, co ma być niepowtarzalne."},
    {"Change one of the records; it is tried again by itself.",
        "Zmień jeden z rekordów; próba ponowi się sama."}};

static const notice module_notice = {"modules",
    {"Modules that should be enabled are not: what they have is readable, and nothing of them works.",
        "Moduły, które powinny być włączone, nie są: ich dane można czytać, a nic z nich nie działa."},
    {"Mend the reason and call module.enable, or leave them out with module.disable.",
        "Usuń przyczynę i wywołaj module.enable albo wyłącz je przez module.disable."}};

static void write_notice(const notice *n, const char *lang, kt_str reason, kt_time since, json *j)
{
    bool polish = lang[0] == 'p';
    json_object(j);
    json_member_text(j, "about", n->about);
    if (since.ms) {
        json_key(j, "since");
        json_time(j, since);
    }
    json_member_str(j, "reason", reason);
    json_member_text(j, "text", polish ? n->text.pl : n->text.en);
    json_member_text(j, "hint", polish ? n->hint.pl : n->hint.en);
    json_object_end(j);
}

bool system_health(const bus *b, const char *lang, arena *arena, json *j)
{
    store_stat stat = {0};
    kt_text why = {0};
    kt_time since = {0};
    bool draining = atomic_load(&b->draining);
    bool failed = store_stat_read(b->options.store, arena, &stat) != NULL;
    kt_str stuck = {0}, missing = {0};
    bool able = !b->options.automation || automation_able(b->options.automation, &why, &since);
    bool whole = !plugins_stuck(b->options.plugins, arena, &stuck);
    bool complete = !plugins_failed(b->options.plugins, arena, &missing);
    json_member_text(j, "status",
        draining                    ? "stopping"
        : failed                    ? "failed"
        : !stat.writable            ? "read_only"
        : able && whole && complete ? "ok"
                                    : "limited");
    json_member_text(j, "version", KONTOR_VERSION);
    json_member_int(j, "uptime_s", (clock_monotonic_ms() - b->started_ms) / 1000);
    if (!able || !whole || !complete) {
        json_key(j, "notices");
        json_array(j);
        if (!able)
            write_notice(&rules_notice, lang, str_of(lang[0] == 'p' ? why.pl : why.en), since, j);
        if (!whole)
            write_notice(&index_notice, lang, stuck, (kt_time){0}, j);
        if (!complete)
            write_notice(&module_notice, lang, missing, (kt_time){0}, j);
        json_array_end(j);
    }
    return !draining && !failed && stat.writable;
}

static kt_error *run_health(method_call *m)
{
    const bus *b = ((own_call *)m)->of->bus;
    store_stat stat = {0};
    KT_TRY(store_stat_read(b->options.store, m->arena, &stat));
    json_object(m->answer);
    (void)system_health(b, m->tx->lang, m->arena, m->answer);
    json_member_int(m->answer, "seq", (int64_t)events_head(b->events));
    json_member_int(m->answer, "queue", stat.queue);
    json_object_end(m->answer);
    return NULL;
}

/* ---- Methods ---- */

static void write_params(kt_tx *tx, const method_param *p, json *answer)
{
    bool polish = strcmp(tx->lang, "pl") == 0;
    json_key(answer, "params");
    json_array(answer);
    for (; p && p->name; p++) {
        json_object(answer);
        json_member_text(answer, "name", p->name);
        json_member_text(answer, "type",
            p->kind == VARIANT_NULL     ? "any"
            : p->kind == VARIANT_BOOL   ? "boolean"
            : p->kind == VARIANT_INT    ? "integer"
            : p->kind == VARIANT_STRING ? "string"
            : p->kind == VARIANT_ARRAY  ? "array"
                                        : "object");
        json_member_bool(answer, "required", p->required);
        if (p->help.en)
            json_member_text(answer, "help", polish && p->help.pl ? p->help.pl : p->help.en);
        json_object_end(answer);
    }
    json_array_end(answer);
}

static kt_error *run_methods(method_call *m)
{
    const bus *b = ((own_call *)m)->of->bus;
    bool polish = strcmp(m->tx->lang, "pl") == 0;
    json_object(m->answer);
    json_key(m->answer, "methods");
    json_array(m->answer);
    for (size_t i = 0; i < TABLE_SLOTS; i++) {
        const method *one = b->methods.slots[i];
        if (!one || access_may_call(m->tx, one->right))
            continue;
        json_object(m->answer);
        json_member_text(m->answer, "name", one->name);
        json_member_text(m->answer, "right", one->right);
        json_member_bool(m->answer, "writes", one->mode == METHOD_WRITE);
        if (one->help.en)
            json_member_text(m->answer, "help", polish && one->help.pl ? one->help.pl : one->help.en);
        write_params(m->tx, one->params, m->answer);
        json_object_end(m->answer);
    }
    json_array_end(m->answer);
    json_object_end(m->answer);
    return NULL;
}

/* ---- Search ---- */

static kt_error *run_search(method_call *m)
{
    uint64_t limit = 20;
    KT_TRY(variant_read_limit(m->arena, m->params, "limit", 100, &limit));
    json_object(m->answer);
    KT_TRY(query_search(m->tx, variant_get_str(m->params, "text"), params_find(m->params, "entities"),
        (uint32_t)limit, m->answer));
    json_object_end(m->answer);
    return NULL;
}

static const method_param no_params[] = {{0}};
static const method_param search_params[] = {
    {"text", VARIANT_STRING, true, {"words, or parts of words", "słowa albo ich części"}},
    {"entities", VARIANT_ARRAY, false, {"names of entities; absent: all", "nazwy encji; brak: wszystkie"}},
    {"limit", VARIANT_INT, false, {"rows, at most 100", "wierszy, najwyżej 100"}},
    {0},
};
const method system_methods[] = {
    {"system.ping", "public", METHOD_READ, {"Answers with the time.", "Odpowiada czasem."}, no_params,
        run_ping},
    {"system.version", "public", METHOD_READ, {"The server's version.", "Wersja serwera."}, no_params,
        run_version},
    {"system.limits", "public", METHOD_READ,
        {"What a message may not exceed.", "Czego komunikat nie może przekroczyć."}, no_params, run_limits},
    {"system.health", "public", METHOD_READ, {"Does it work?", "Czy działa?"}, no_params, run_health},
    {"system.methods", "login", METHOD_READ,
        {"The core's methods that the caller may call.", "Metody rdzenia, które wywołujący może wywołać."},
        no_params, run_methods},
    {"system.search", "login", METHOD_READ,
        {"Finds records of all entities by words.", "Znajduje rekordy wszystkich encji po słowach."},
        search_params, run_search},
    {"search", "login", METHOD_READ,
        {"Finds records of all entities by words.", "Znajduje rekordy wszystkich encji po słowach."},
        search_params, run_search},
    {0},
};

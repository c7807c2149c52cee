/* methods.c -- rule.*: what cannot be said with the records of automation.rule alone. */
#include "automation/methods.h"

#include "kit/str.h"

static automation *room(const method_call *call)
{
    return call->rooms->automation;
}

/* ---- rule.check ---- */

static void write_texts(json *j, const char *key, const kt_str *texts, size_t count)
{
    json_key(j, key);
    json_array(j);
    for (size_t i = 0; i < count; i++)
        json_str(j, texts[i]);
    json_array_end(j);
}

static void write_rule(json *j, const rule *r)
{
    json_object(j);
    json_key(j, "on");
    json_array(j);
    for (size_t i = 0; i < r->trigger_count; i++)
        json_str(j, r->triggers[i].text);
    json_array_end(j);
    json_member_text(j, "moment", r->after ? "after" : "transaction");
    json_member_str(j, "rights", r->as_caller ? KT_STR("caller") : r->rights);
    json_member_int(j, "order", r->order);
    write_texts(j, "writes", r->writes, r->write_count);
    json_key(j, "touches");
    json_array(j);
    for (size_t i = 0; i < r->touch_count; i++) {
        json_object(j);
        json_member_str(j, "what", r->touches[i].what);
        json_member_int(j, "line", r->touches[i].line);
        json_object_end(j);
    }
    json_array_end(j);
    json_object_end(j);
}

static kt_error *rule_check(method_call *call)
{
    kt_tx *tx = call->tx;
    kt_str name = variant_get_str(call->params, "name");
    rule r = {.name = name.len ? name : KT_STR("rule"),
        .text = variant_get_str(call->params, "text"),
        .owner = tx->user,
        .company = tx->company};
    KT_TRY(rule_compile(room(call), tx, tx->arena, &r));
    write_rule(call->answer, &r);
    return NULL;
}

/* ---- rule.runs ---- */

static kt_error *rule_runs(method_call *call)
{
    kt_tx *tx = call->tx;
    model_record record = {0};
    uint64_t id = variant_get_uint(call->params, "id"), limit = variant_get_uint(call->params, "limit");
    const model_entity *entity = model_entity_find(tx->catalogue, KT_STR("automation.rule"));
    KT_TRY(model_read(tx, entity, id, &record)); /* who may read the rule may read what it did */
    json_object(call->answer);
    KT_TRY(log_list(tx->view, tx->arena, id, limit && limit < LOG_KEEP ? (uint32_t)limit : 50, call->answer));
    json_object_end(call->answer);
    return NULL;
}

/* ---- rule.retry ---- */

static kt_error *rule_retry(method_call *call)
{
    kt_tx *tx = call->tx;
    bool found;
    model_record record = {0};
    const variant *number = variant_get(call->params, "run");
    uint64_t id = variant_get_uint(call->params, "id");
    KT_TRY(model_read(tx, model_entity_find(tx->catalogue, KT_STR("automation.rule")), id, &record));
    if (!ruleset_find(ruleset_of(tx), id))
        return kt_hint(kt_fail(tx, KT_BAD_STATE, "id", "the rule is not on", "reguła nie jest włączona"),
            "Switch it on first: automation.rule.enable.", "Najpierw ją włącz: automation.rule.enable.");
    KT_TRY(queue_again(tx, id, number->as.integer < 0 ? UINT64_MAX : (uint64_t)number->as.integer, &found));
    if (!found)
        return kt_fail(tx, KT_NOT_FOUND, "run",
            "no run of this number failed after its commit, or it was tried again",
            "żadne uruchomienie o tym numerze nie zawiodło po zatwierdzeniu albo już je ponowiono");
    json_object(call->answer);
    json_object_end(call->answer);
    return NULL;
}

/* ---- rule.webhook ---- */

static kt_error *queue_webhook(kt_tx *tx, const subscription *s, kt_str payload)
{
    const planned plan = {s->rule, s->trigger, KT_STR("run")};
    const occasion on = {.event = s->trigger->text.ptr, .payload = payload};
    return queue_add(tx, &plan, &on, tx->now, false);
}

static kt_error *rule_webhook(method_call *call)
{
    kt_tx *tx = call->tx;
    const ruleset *set = ruleset_of(tx);
    const variant *payload = variant_get(call->params, "payload");
    kt_str name = variant_get_str(call->params, "name");
    buffer text;
    int64_t count = 0;
    buffer_open(&text, MODEL_JSON_MAX);
    json j = json_to(&text);
    json_variant(&j, payload ? payload : call->params);
    kt_str kept = text.full ? (kt_str){0} : arena_str(tx->arena, buffer_str(&text));
    bool full = text.full && !text.starved;
    buffer_close(&text);
    if (full)
        return kt_fail(
            tx, KT_LIMIT, "payload", "larger than %d bytes", "większe niż %d bajtów", MODEL_JSON_MAX);
    if (!kept.ptr)
        return error_no_memory();
    for (size_t i = 0; i < set->others.count; i++) {
        const subscription *s = &set->others.items[i];
        if (s->trigger->kind != ON_WEBHOOK || !str_eq(s->trigger->name, name))
            continue;
        KT_TRY(queue_webhook(tx, s, kept));
        count++;
    }
    if (!count)
        return kt_fail(tx, KT_NOT_FOUND, "name", "no rule waits for webhook \"%.*s\"",
            "żadna reguła nie czeka na webhook „%.*s”", STR_ARG(name));
    json_object(call->answer);
    json_member_int(call->answer, "rules", count);
    json_object_end(call->answer);
    return NULL;
}

/* ---- rule.reload ---- */

static kt_error *rule_reload(method_call *call)
{
    unsigned changed = 0;
    kt_error *error = automation_load_files(room(call), call->arena, &changed);
    if (error)
        return error;
    json_object(call->answer);
    json_member_int(call->answer, "changed", changed);
    json_object_end(call->answer);
    return NULL;
}

/* ---- The table ---- */

static const method_param check_params[] = {
    {"text", VARIANT_STRING, true, {"The rule's text", "Tekst reguły"}},
    {"name", VARIANT_STRING, false, {"For messages", "Do komunikatów"}},
    {0},
};
static const method_param runs_params[] = {
    {"id", VARIANT_INT, true, {"The rule", "Reguła"}},
    {"limit", VARIANT_INT, false, {"At most so many, newest first; 50", "Najwyżej tyle, od najnowszych; 50"}},
    {0},
};
static const method_param retry_params[] = {
    {"id", VARIANT_INT, true, {"The rule", "Reguła"}},
    {"run", VARIANT_INT, true, {"The run's number in its log", "Numer uruchomienia w jej dzienniku"}},
    {0},
};
static const method_param webhook_params[] = {
    {"name", VARIANT_STRING, true, {"The webhook that rules name", "Webhook, który wymieniają reguły"}},
    {"payload", VARIANT_NULL, false,
        {"Any value; the rule's third argument", "Dowolna wartość; trzeci argument reguły"}},
    {0},
};
static const method_param graph_params[] = {
    {"format", VARIANT_STRING, false, {"json or dot", "json lub dot"}},
    {0},
};
static const method_param backtest_params[] = {
    {"text", VARIANT_STRING, false, {"The rule's text, or", "Tekst reguły albo"}},
    {"id", VARIANT_INT, false, {"a stored rule, or", "zapisana reguła albo"}},
    {"ids", VARIANT_ARRAY, false, {"several, in one walk", "kilka, w jednym przejściu"}},
    {"entries", VARIANT_INT, false,
        {"Entries of the journal, from the newest; 1000, at most a million",
            "Wpisy dziennika, od najnowszych; 1000, najwyżej milion"}},
    {"days", VARIANT_INT, false, {"Instead: so many days back", "Zamiast tego: tyle dni wstecz"}},
    {"limit", VARIANT_INT, false, {"Runs that are shown; 100", "Pokazywane uruchomienia; 100"}},
    {0},
};
static const method_param none[] = {{0}};

const method automation_methods[] = {
    {"rule.check", "automation.rule:create", METHOD_READ,
        {"Compiles a rule's text without storing it", "Kompiluje tekst reguły bez zapisywania"}, check_params,
        rule_check},
    {"rule.runs", "automation.rule:read", METHOD_READ,
        {"What a rule did: its last runs", "Co zrobiła reguła: ostatnie uruchomienia"}, runs_params,
        rule_runs},
    {"rule.retry", "automation.rule:update", METHOD_WRITE,
        {"Runs again what failed after its commit, once",
            "Ponawia uruchomienie, które zawiodło po zatwierdzeniu"},
        retry_params, rule_retry},
    {"rule.graph", "automation.rule:read", METHOD_READ,
        {"Which rules set each other off, and where in a circle",
            "Które reguły wywołują się nawzajem i gdzie w kółko"},
        graph_params, rule_graph},
    {"rule.backtest", "automation.rule:create", METHOD_SLOW,
        {"What a rule would have done in the past; nothing is done",
            "Co reguła zrobiłaby w przeszłości; nic się nie dzieje"},
        backtest_params, rule_backtest},
    {"rule.webhook", "automation:webhook", METHOD_WRITE,
        {"An outside event: runs the rules that wait for it",
            "Zdarzenie z zewnątrz: uruchamia reguły, które na nie czekają"},
        webhook_params, rule_webhook},
    {"rule.reload", "automation.rule:create", METHOD_PLAIN,
        {"Reads the rules' folder again", "Czyta ponownie katalog reguł"}, none, rule_reload},
    {0},
};

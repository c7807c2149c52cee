/* compile.c -- from a rule's text to a rule that is bound to a catalogue: a worker runs the text once and
 * tells what table it declared; the server reads that table, binds names to entities and fields, and looks
 * over the text for the fields that it names. */
#include "automation/rule.h"
#include "kit/clock.h"
#include "kit/str.h"

#define COMPILE_STEPS 100000

/* ---- In the worker ---- */

/* "greet:4: text" -> line 4, text. */
static long line_of(kt_str *message, kt_str name)
{
    long line = 0;
    size_t at = name.len + 1;
    if (!str_starts(*message, name) || message->len <= at || message->ptr[name.len] != ':')
        return 0;
    while (at < message->len && message->ptr[at] >= '0' && message->ptr[at] <= '9' && line < 1000000)
        line = line * 10 + (message->ptr[at++] - '0');
    if (at + 2 <= message->len && message->ptr[at] == ':')
        *message = (kt_str){message->ptr + at + 2, message->len - at - 2};
    return line;
}

kt_error *rule_declined(kt_tx *tx, pack_reader *in, kt_str name)
{
    (void)pack_next_int(in);
    kt_str message = arena_str(tx->arena, pack_next_str(in));
    long line = line_of(&message, name);
    return error_at_row(kt_fail(tx, KT_VALIDATION, "text", "%.*s", "%.*s", STR_ARG(message)), line);
}

/* What a worker says of the text: "K", then the packed table. */
static kt_error *ask_worker(automation *a, kt_tx *tx, const rule *r, kt_str *told)
{
    channel *c = NULL;
    kt_str said = {0};
    KT_TRY(workers_take(a->workers, tx->arena, &c));
    buffer_clear(&c->out);
    buffer_add_char(&c->out, 'C');
    pack_str(&c->out, r->name);
    pack_str(&c->out, r->text);
    pack_int(&c->out, COMPILE_STEPS);
    kt_error *error = channel_exchange(a->workers, c, tx->arena, &said);
    if (!error && said.ptr[0] == 'E') {
        pack_reader in = pack_read((kt_str){said.ptr + 1, said.len - 1});
        error = rule_declined(tx, &in, r->name);
    } else if (!error && said.ptr[0] != 'K') {
        channel_kill(c);
        error = kt_fail(tx, KT_RULE, "text", "cannot be compiled", "nie daje się skompilować");
    } else if (!error) {
        *told = arena_str(tx->arena, (kt_str){said.ptr + 1, said.len - 1});
        error = told->ptr ? NULL : error_no_memory();
    }
    workers_give(a->workers, c);
    return error;
}

/* The table that the text declares: as it was kept, or as a worker tells it now. */
static kt_error *read_table(automation *a, kt_tx *tx, const rule *r, const variant **table)
{
    kt_str told = {0};
    if (r->id)
        KT_TRY(declared_find(tx, tx->arena, r, &told));
    bool kept = told.ptr != NULL;
    if (!kept)
        KT_TRY(ask_worker(a, tx, r, &told));
    pack_reader in = pack_read(told);
    KT_TRY(pack_next_variant(&in, tx->arena, table));
    if (!*table || (*table)->kind != VARIANT_OBJECT)
        return kt_fail(tx, KT_RULE, "text", "cannot be compiled", "nie daje się skompilować");
    return r->id && tx->writes && !kept ? declared_keep(tx, r, told) : NULL;
}

/* ---- The table ---- */

typedef struct {
    automation *a;
    kt_tx *tx; /* its arena is the rule's */
    rule *r;
    const variant *told;
    kt_error *all;
} reading;

static void wrong(reading *c, const char *key, const char *en, const char *pl)
{
    kt_error *error = kt_fail(c->tx, KT_VALIDATION, key, "%s", "%s", en);
    error->first->text.pl = pl;
    kt_also(&c->all, error);
}

static kt_str text_member(reading *c, const char *key)
{
    const variant *v = variant_get(c->told, key);
    if (v && v->kind != VARIANT_STRING)
        wrong(c, key, "must be a text", "musi być tekstem");
    return v && v->kind == VARIANT_STRING ? v->as.string : (kt_str){0};
}

static void check_keys(reading *c)
{
    static const char *const keys[] = {
        "on", "when", "moment", "rights", "order", "label", "needs", "functions", NULL};
    for (size_t i = 0; i < c->told->as.object.count; i++) {
        kt_str name = c->told->as.object.members[i].name;
        bool known = false;
        for (const char *const *k = keys; *k; k++)
            known = known || str_is(name, *k);
        if (!known)
            kt_also(&c->all, kt_hint(kt_fail(c->tx, KT_VALIDATION, arena_str(c->tx->arena, name).ptr,
                                         "is no part of a rule", "nie jest częścią reguły"),
                                 "A rule has on, when, moment, rights, needs, order, label and functions.",
                                 "Reguła ma on, when, moment, rights, needs, order, label i funkcje."));
    }
}

static void read_triggers(reading *c)
{
    const variant *on = variant_get(c->told, "on");
    bool list = on && on->kind == VARIANT_ARRAY;
    size_t count = list ? on->as.array.count : 1;
    trigger *triggers = ARENA_ARRAY(c->tx->arena, trigger, count + 1);
    if (!on || (!list && on->kind != VARIANT_STRING) || !count) {
        wrong(c, "on", "an event, or a list of them, is required", "wymagane jest zdarzenie albo ich lista");
        return;
    }
    if (!triggers) {
        kt_also(&c->all, error_no_memory());
        return;
    }
    for (size_t i = 0; i < count; i++) {
        const variant *text = list ? &on->as.array.items[i] : on;
        if (text->kind != VARIANT_STRING)
            wrong(c, "on", "an event is a text", "zdarzenie jest tekstem");
        else
            kt_also(&c->all, trigger_read(c->tx, text->as.string, &triggers[c->r->trigger_count++]));
    }
    c->r->triggers = triggers;
}

static void read_moment(reading *c)
{
    kt_str moment = text_member(c, "moment");
    bool outside = false, of_rules = false;
    for (size_t i = 0; i < c->r->trigger_count; i++) {
        const trigger *t = &c->r->triggers[i];
        outside = outside || t->kind >= ON_DATE;
        of_rules = of_rules || (t->entity && str_is(t->entity->name, "automation.rule"));
    }
    c->r->after = outside || str_is(moment, "after");
    if (moment.ptr && !str_is(moment, "after") && !str_is(moment, "transaction"))
        wrong(c, "moment", "\"transaction\" or \"after\" was expected",
            "oczekiwano „transaction” albo „after”");
    else if (outside && str_is(moment, "transaction"))
        wrong(c, "moment", "what no transaction causes runs after it", "tego nie wywołuje żadna transakcja");
    else if (of_rules && !c->r->after) /* it could keep a broken rule from being switched off */
        wrong(c, "moment", "a rule about rules runs \"after\" the commit",
            "reguła o regułach działa po zatwierdzeniu: „after”");
}

static void read_rights(reading *c)
{
    const access_actor *actor = NULL;
    kt_str rights = text_member(c, "rights");
    c->r->as_caller = !rights.ptr || str_is(rights, "caller");
    c->r->rights = rights;
    if (c->r->as_caller)
        return;
    kt_error *error = access_stand_in(
        c->a->options.errands->access, c->tx, c->r->owner, c->r->company, rights, &actor);
    kt_also(&c->all, error);
    if (!error)
        access_actor_release(actor);
}

/* A rule that works for a module rests while the module is not enabled. */
static void read_needs(reading *c)
{
    kt_str module = text_member(c, "needs");
    bool there = !module.ptr;
    for (size_t i = 0; !there && i < model_entity_count(c->tx->catalogue); i++) {
        const model_entity *e = model_entity_at(c->tx->catalogue, i);
        there = e->enabled && str_starts(e->name, module) && e->name.len > module.len &&
                e->name.ptr[module.len] == '.';
    }
    if (!there)
        wrong(c, "needs", "the module is not enabled", "moduł nie jest włączony");
}

static void read_order(reading *c)
{
    const variant *order = variant_get(c->told, "order");
    c->r->order = order && order->kind == VARIANT_INT ? order->as.integer : 100;
    if (order && order->kind != VARIANT_INT)
        wrong(c, "order", "must be a whole number", "musi być liczbą całkowitą");
}

static int64_t int_of(const variant *v, const char *name)
{
    const variant *n = variant_get(v, name);
    return n && n->kind == VARIANT_INT ? n->as.integer : 0;
}

static void read_functions(reading *c)
{
    const variant *told = variant_get(c->told, "functions");
    size_t count = told && told->kind == VARIANT_OBJECT ? told->as.object.count : 0;
    rule_function *functions = ARENA_ARRAY(c->tx->arena, rule_function, count + 1);
    if (!functions) {
        kt_also(&c->all, error_no_memory());
        return;
    }
    for (size_t i = 0; i < count; i++) {
        const variant *f = told->as.object.members[i].value;
        functions[i] = (rule_function){told->as.object.members[i].name, int_of(f, "line"), int_of(f, "last"),
            variant_get_str(f, "parameter"), variant_get_str(f, "second")};
    }
    c->r->functions = functions;
    c->r->function_count = count;
    if (!rule_function_find(c->r, KT_STR("run")))
        wrong(c, "run", "the function is required", "funkcja jest wymagana");
}

/* ---- Conditions ---- */

static void read_conditions(reading *c)
{
    const variant *when = variant_get(c->told, "when");
    if (!when)
        return;
    if (when->kind != VARIANT_ARRAY) {
        wrong(c, "when", "must be a filter: {{\"source\", \"=\", \"web\"}}",
            "musi być filtrem: {{\"source\", \"=\", \"web\"}}");
        return;
    }
    for (size_t i = 0; i < c->r->trigger_count; i++) {
        trigger *t = (trigger *)(uintptr_t)&c->r->triggers[i]; /* ours, while it is made */
        query_filter *filter = NULL;
        if (!t->entity)
            continue;
        kt_error *error = query_filter_read(c->tx, t->entity, when, &filter);
        kt_also(&c->all, error ? error_under(error, "when") : NULL);
        t->filter = filter;
    }
}

/* ---- What else it touches ---- */

static void bind_calls(reading *c, const scan *found)
{
    static const struct {
        const char *function, *verb;
    } verbs[] = {{"create", "created"}, {"update", "updated"}, {"transition", "acted"}};
    rule_touch *touches = ARENA_ARRAY(c->tx->arena, rule_touch, found->call_count + 1);
    rule *r = c->r;
    if (!touches) {
        kt_also(&c->all, error_no_memory());
        return;
    }
    for (size_t i = 0; i < found->call_count; i++) {
        const scan_call *call = &found->calls[i];
        r->waits = r->waits || str_is(call->function, "after");
        if (str_is(call->function, "task"))
            touches[r->touch_count++] = (rule_touch){KT_STR("base.task.created"), call->line};
        if (str_is(call->function, "notify"))
            touches[r->touch_count++] = (rule_touch){KT_STR("base.notice.created"), call->line};
        if (str_is(call->function, "approve"))
            touches[r->touch_count++] = (rule_touch){KT_STR("base.approval.created"), call->line};
        for (size_t k = 0; call->argument.ptr && k < sizeof verbs / sizeof *verbs; k++)
            if (str_is(call->function, verbs[k].function))
                touches[r->touch_count++] = (rule_touch){
                    arena_format(c->tx->arena, "%.*s.%s", STR_ARG(call->argument), verbs[k].verb),
                    call->line};
    }
    r->touches = touches;
}

/* ---- Fields ---- */

/* The function in whose lines a name stands, if the name is one of its first two parameters. */
static const rule_function *function_of(const rule *r, const scan_field *field, bool *first)
{
    for (size_t i = 0; i < r->function_count; i++) {
        const rule_function *f = &r->functions[i];
        if (field->line < f->line || field->line > f->last)
            continue;
        *first = str_eq(field->parameter, f->parameter);
        if (*first || (f->second.ptr && str_eq(field->parameter, f->second)))
            return f;
    }
    return NULL;
}

static void bind_field(reading *c, const scan_field *found, kt_str *writes)
{
    bool first = false, known = false;
    rule *r = c->r;
    const model_entity *entity = NULL;
    if (!function_of(r, found, &first))
        return;
    for (size_t i = 0; i < r->trigger_count; i++) {
        const model_field *field = r->triggers[i].entity
                                       ? model_field_find(r->triggers[i].entity, found->name)
                                       : NULL;
        entity = r->triggers[i].entity ? r->triggers[i].entity : entity;
        known = known || field;
        if (field)
            ((bool *)(uintptr_t)r->triggers[i].sent)[field->position] = true;
    }
    if (entity && !known)
        kt_also(&c->all, error_at_row(kt_fail(c->tx, KT_VALIDATION, "text", "%s has no field \"%.*s\"",
                                          "%s nie ma pola „%.*s”", entity->name.ptr, STR_ARG(found->name)),
                             found->line));
    if (known && first && found->assigned)
        writes[r->write_count++] = found->name;
}

static void bind_fields(reading *c)
{
    scan found;
    rule *r = c->r;
    scan_text(c->tx->arena, r->text, &found);
    kt_str *writes = ARENA_ARRAY(c->tx->arena, kt_str, found.field_count + 1);
    bool ok = writes && !found.full;
    for (size_t i = 0; i < r->trigger_count && ok; i++) {
        trigger *t = (trigger *)(uintptr_t)&r->triggers[i];
        bool *sent = t->entity ? ARENA_ARRAY(c->tx->arena, bool, t->entity->field_count) : NULL;
        t->sent = sent;
        ok = !t->entity || sent;
        if (sent)
            sent[MODEL_ID] = true;
    }
    if (!ok) {
        kt_also(&c->all, error_no_memory());
        return;
    }
    r->writes = writes;
    bind_calls(c, &found);
    for (size_t i = 0; i < found.field_count; i++)
        bind_field(c, &found.fields[i], writes);
}

/* ---- The whole ---- */

const rule_function *rule_function_find(const rule *r, kt_str name)
{
    for (size_t i = 0; i < r->function_count; i++)
        if (str_eq(r->functions[i].name, name))
            return &r->functions[i];
    return NULL;
}

kt_error *rule_compile(automation *a, kt_tx *tx, arena *arena, rule *r)
{
    kt_tx lasting = *tx;
    const model_guard *none = NULL;
    lasting.arena = arena;
    lasting.guard = none; /* conditions speak of fields that the caller need not see */
    reading c = {.a = a, .tx = &lasting, .r = r};
    KT_TRY(read_table(a, &lasting, r, &c.told));
    check_keys(&c);
    r->label = text_member(&c, "label");
    read_triggers(&c);
    read_moment(&c);
    read_order(&c);
    read_functions(&c);
    read_rights(&c);
    read_needs(&c);
    read_conditions(&c);
    bind_fields(&c);
    return c.all;
}

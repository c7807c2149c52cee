/* describe.c -- system.describe: everything that a client needs to build lists, forms and filters. The index
 * carries each part's hash, so that a client reads again only what differs. */
#include "bus/describe.h"

#include <sodium.h>

#include "bus/version.h"
#include "model/condition.h"

static const char *const type_names[] = {
    [KT_STRING] = "string",
    [KT_TEXT] = "text",
    [KT_BOOL] = "bool",
    [KT_INT] = "int",
    [KT_MONEY] = "money",
    [KT_PRICE] = "price",
    [KT_QUANTITY] = "quantity",
    [KT_PERCENT] = "percent",
    [KT_RATE] = "rate",
    [KT_DATE] = "date",
    [KT_TIME] = "datetime",
    [KT_STATE] = "state",
    [KT_REF] = "ref",
    [KT_REFS] = "refs",
    [KT_LINES] = "lines",
    [KT_JSON] = "json",
    [KT_FILE] = "file",
};

const char *describe_type(kt_type type)
{
    return type >= KT_STRING && type <= KT_FILE ? type_names[type] : "unknown";
}

const char *describe_text(const kt_tx *tx, kt_text text)
{
    return strcmp(tx->lang, "pl") == 0 && text.pl ? text.pl : text.en;
}

void describe_member(const kt_tx *tx, json *out, const char *name, kt_text text)
{
    const char *chosen = describe_text(tx, text);
    if (chosen && chosen[0])
        json_member_text(out, name, chosen);
}

static bool may(kt_tx *tx, const model_entity *entity, const char *action)
{
    return !tx->guard || !tx->guard->entity || !tx->guard->entity(tx, entity, action);
}

bool describe_entity_seen(kt_tx *tx, const model_entity *entity)
{
    return !entity->lines_only && may(tx, entity, "read");
}

bool describe_field_seen(kt_tx *tx, const model_entity *entity, const model_field *field)
{
    return !tx->guard || !tx->guard->field || tx->guard->field(tx, field, entity, false);
}

static void flag(json *out, const char *name, bool on)
{
    if (on)
        json_member_bool(out, name, true);
}

static void write_choices(const kt_tx *tx, const kt_choice *choices, json *out)
{
    json_array(out);
    for (const kt_choice *c = choices; c && c->name; c++) {
        json_object(out);
        json_member_text(out, "name", c->name);
        describe_member(tx, out, "label", c->label);
        if (c->semantic)
            json_member_text(out, "semantic", c->semantic);
        json_object_end(out);
    }
    json_array_end(out);
}

/* A condition on what the caller may not see is none of a form's: the server keeps to it. */
static void write_condition(kt_tx *tx, const model_entity *of, json *out, const char *name, kt_str condition)
{
    if (!condition.len || !condition_visible(tx, of, condition))
        return;
    json_key(out, name);
    json_raw(out, condition);
}

static void write_fields(kt_tx *tx, const model_entity *of, const model_entity *entity, json *out);

static void write_field(kt_tx *tx, const model_entity *of, const model_field *field, json *out)
{
    bool servers = field->system && field->position != MODEL_EXTERNAL_ID;
    bool writable = !field->computed && !servers &&
                    (!tx->guard || !tx->guard->field || tx->guard->field(tx, field, of, true));
    json_object(out);
    json_member_str(out, "name", field->name);
    json_member_text(out, "type", describe_type(field->type));
    describe_member(tx, out, "label", field->label);
    describe_member(tx, out, "help", field->help);
    flag(out, "required", field->required);
    flag(out, "readonly", !writable);
    flag(out, "computed", field->computed);
    flag(out, "system", field->system);
    flag(out, "fixed", field->fixed);
    flag(out, "in_use", field->in_use);
    flag(out, "unique", field->unique);
    flag(out, "indexed", field->indexed);
    flag(out, "searchable", field->searchable);
    flag(out, "personal", field->personal);
    if (field->type >= KT_MONEY && field->type <= KT_RATE)
        json_member_int(out, "scale", field->scale);
    if (field->max)
        json_member_int(out, "max", field->max);
    if (field->priority)
        json_member_int(out, "priority", field->priority);
    if (field->target_name.len)
        json_member_str(out, "target", field->target_name);
    if (field->initial.len)
        json_member_str(out, "initial", field->initial);
    if (field->group.len)
        json_member_str(out, "group", field->group);
    if (field->mask.len) {
        json_member_str(out, "mask", field->mask);
        flag(out, "mask_within", field->mask_within);
        flag(out, "masked", model_is_masked(tx, field, &(const model_record){.entity = of}));
    }
    if (field->module.len && !str_eq(field->module, of->module))
        json_member_str(out, "module", field->module);
    write_condition(tx, of, out, "show_if", field->show_if);
    write_condition(tx, of, out, "required_if", field->required_if);
    write_condition(tx, of, out, "readonly_if", field->readonly_if);
    if (field->explain.len)
        json_member_str(out, "explain", field->explain);
    if (field->choices) {
        json_key(out, "choices");
        write_choices(tx, field->choices, out);
    }
    if (field->lines) {
        json_key(out, "fields");
        write_fields(tx, of, field->lines, out);
    }
    json_object_end(out);
}

/* of: the record's entity, for rights; entity: its own or its lines' fields. */
static void write_fields(kt_tx *tx, const model_entity *of, const model_entity *entity, json *out)
{
    json_array(out);
    for (size_t i = 0; i < entity->field_count; i++)
        if (describe_field_seen(tx, of, &entity->fields[i]))
            write_field(tx, of, &entity->fields[i], out);
    json_array_end(out);
}

static void write_action(kt_tx *tx, const model_entity *entity, const model_action *action, json *out)
{
    const kt_action *declared = action->declared;
    const kt_choice *states = entity->state ? entity->state->choices : NULL;
    json_object(out);
    json_member_str(out, "name", action->name);
    describe_member(tx, out, "label", declared->label);
    json_member_text(out, "right", declared->right);
    json_key(out, "from");
    json_array(out);
    for (const kt_choice *c = states; c && c->name; c++)
        if (c->value <= KT_STATE_MAX && declared->from & KT_IN(c->value))
            json_text(out, c->name);
    json_array_end(out);
    for (const kt_choice *c = states; c && c->name && declared->to; c++)
        if (c->value == declared->to)
            json_member_text(out, "to", c->name);
    flag(out, "preview", declared->preview);
    if (declared->counter)
        json_member_text(out, "counter", declared->counter);
    json_key(out, "params");
    if (action->params)
        write_fields(tx, entity, action->params, out);
    else
        json_raw(out, KT_STR("[]"));
    json_object_end(out);
}

static void write_actions(kt_tx *tx, const model_entity *entity, json *out)
{
    json_array(out);
    for (size_t i = 0; i < entity->action_count; i++)
        if (may(tx, entity, entity->actions[i].declared->right))
            write_action(tx, entity, &entity->actions[i], out);
    json_array_end(out);
}

static void write_heading(kt_tx *tx, const model_entity *entity, json *out)
{
    static const char *const actions[] = {"read", "create", "update", "delete", "export"};
    bool searchable = false;
    json_member_str(out, "name", entity->name);
    describe_member(tx, out, "label", entity->label);
    describe_member(tx, out, "plural", entity->plural);
    json_member_str(out, "module", entity->module);
    if (entity->icon.len)
        json_member_str(out, "icon", entity->icon);
    if (entity->title)
        json_member_str(out, "title", entity->title->name);
    if (entity->number_pattern.len)
        json_member_str(out, "number", entity->number_pattern);
    flag(out, "custom", entity->custom);
    flag(out, "shared", entity->shared);
    if (!entity->enabled)
        json_member_bool(out, "enabled", false);
    json_key(out, "may");
    json_array(out);
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
        if ((i == 0 || i == 4 || entity->enabled) && may(tx, entity, actions[i]))
            json_text(out, actions[i]);
    json_array_end(out);
    for (size_t i = 0; i < entity->field_count; i++)
        searchable = searchable || entity->fields[i].searchable;
    flag(out, "search", searchable);
}

/* Everything but the hash and the braces. */
static void write_entity(kt_tx *tx, const model_entity *entity, json *out)
{
    write_heading(tx, entity, out);
    json_key(out, "fields");
    write_fields(tx, entity, entity, out);
    if (entity->state) {
        json_key(out, "states");
        write_choices(tx, entity->state->choices, out);
    }
    json_key(out, "actions");
    write_actions(tx, entity, out);
    json_key(out, "views");
    json_raw(out, entity->views.len ? entity->views : KT_STR("[{\"kind\":\"list\"}]"));
}

/* The hash of what this caller would be told, so that it differs whenever that does. */
static void hash_entity(kt_tx *tx, const model_entity *entity, char hash[33])
{
    buffer text;
    buffer_open(&text, CALL_ANSWER_MAX);
    json j = json_to(&text);
    json_object(&j);
    write_entity(tx, entity, &j);
    uint8_t bytes[16];
    crypto_generichash(bytes, sizeof bytes, (const uint8_t *)text.ptr, text.len, NULL, 0);
    sodium_bin2hex(hash, 33, bytes, sizeof bytes);
    buffer_close(&text);
}

static void write_modules(kt_tx *tx, json *out)
{
    json_array(out);
    kt_str last = {0};
    for (size_t i = 0; i < model_entity_count(tx->catalogue); i++) {
        const model_entity *entity = model_entity_at(tx->catalogue, i);
        if (!describe_entity_seen(tx, entity) || !entity->enabled || str_eq(entity->module, last))
            continue; /* entities stand in the order of their modules */
        last = entity->module;
        json_object(out);
        json_member_str(out, "name", last);
        const char *label = describe_text(tx, entity->module_label);
        json_key(out, "label");
        json_str(out, label ? str_of(label) : last);
        json_object_end(out);
    }
    json_array_end(out);
}

static kt_error *write_index(method_call *m)
{
    kt_tx *tx = m->tx;
    const bus *b = ((own_call *)m)->of->bus;
    crypto_generichash_state all;
    crypto_generichash_init(&all, NULL, 0, 16);
    json_member_text(m->answer, "server", "kontor");
    json_member_text(m->answer, "version", KONTOR_VERSION);
    json_member_text(m->answer, "lang", tx->lang);
    json_member_int(m->answer, "message_bytes", (int64_t)b->options.message_max);
    json_member_int(m->answer, "batch_calls", b->options.batch_max);
    json_key(m->answer, "modules");
    write_modules(tx, m->answer);
    json_key(m->answer, "entities");
    json_array(m->answer);
    for (size_t i = 0; i < model_entity_count(tx->catalogue); i++) {
        const model_entity *entity = model_entity_at(tx->catalogue, i);
        char hash[33];
        if (!describe_entity_seen(tx, entity))
            continue;
        hash_entity(tx, entity, hash);
        crypto_generichash_update(&all, (const uint8_t *)hash, 32);
        json_object(m->answer);
        write_heading(tx, entity, m->answer);
        json_member_text(m->answer, "hash", hash);
        json_object_end(m->answer);
    }
    json_array_end(m->answer);
    uint8_t bytes[16];
    char hash[33];
    crypto_generichash_final(&all, bytes, sizeof bytes);
    sodium_bin2hex(hash, sizeof hash, bytes, sizeof bytes);
    json_member_text(m->answer, "hash", hash);
    return NULL;
}

static kt_error *write_wanted(method_call *m, const variant *names)
{
    kt_error *all = NULL;
    json_key(m->answer, "entities");
    json_array(m->answer);
    for (size_t i = 0; i < names->as.array.count; i++) {
        const variant *name = &names->as.array.items[i];
        const model_entity *entity = name->kind == VARIANT_STRING
                                         ? model_entity_find(m->tx->catalogue, name->as.string)
                                         : NULL;
        char hash[33];
        if (!entity || !describe_entity_seen(m->tx, entity)) {
            kt_str path = arena_format(m->arena, "entities[%zu]", i);
            kt_also(
                &all, error_make(m->arena, KT_NOT_FOUND, path.ptr, "there is no entity \"%s\"",
                          "nie ma encji \"%s\"", name->kind == VARIANT_STRING ? name->as.string.ptr : "?"));
            continue;
        }
        hash_entity(m->tx, entity, hash);
        json_object(m->answer);
        write_entity(m->tx, entity, m->answer);
        json_member_text(m->answer, "hash", hash);
        json_object_end(m->answer);
    }
    json_array_end(m->answer);
    return all;
}

/* The definitions of then, and which modules there were. */
static kt_error *describe_then(method_call *m, kt_str as_of)
{
    kt_time at;
    KT_TRY(target_then(m->tx, as_of, &at));
    json_key(m->answer, "modules_then");
    return journal_modules(m->tx, at, m->answer);
}

static kt_error *run_describe(method_call *m)
{
    const variant *names = params_find(m->params, "entities");
    kt_str as_of = variant_get_str(m->params, "as_of");
    if (variant_get_bool(m->params, "methods"))
        return openrpc_write(((own_call *)m)->of, m->tx, m->answer);
    json_object(m->answer);
    if (as_of.len)
        KT_TRY(describe_then(m, as_of));
    KT_TRY(names ? write_wanted(m, names) : write_index(m));
    json_object_end(m->answer);
    return NULL;
}

static const method_param describe_params[] = {
    {"entities", VARIANT_ARRAY, false,
        {"names of entities to describe in full; absent: the index",
            "nazwy encji do pełnego opisu; brak: spis"}},
    {"methods", VARIANT_BOOL, false,
        {"all methods as an OpenRPC document instead",
            "zamiast tego wszystkie metody jako dokument OpenRPC"}},
    {"as_of", VARIANT_STRING, false,
        {"instant or day: custom fields and entities as they were defined then, and the modules' versions",
            "chwila lub dzień: własne pola i encje, jak były wtedy zdefiniowane, i wersje modułów"}},
    {0},
};
const method describe_methods[] = {
    {"system.describe", "login", METHOD_READ,
        {"Entities, fields, states, actions and methods, within the caller's rights.",
            "Encje, pola, stany, akcje i metody, w granicach praw wywołującego."},
        describe_params, run_describe},
    {0},
};

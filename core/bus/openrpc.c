/* openrpc.c -- all methods that the caller may call as an OpenRPC 1.2 document (https://spec.open-rpc.org).
 */
#include "bus/describe.h"
#include "bus/version.h"

/* ---- Schemas ---- */

static void schema_ref(json *out, const char *what, kt_str name)
{
    json_object(out);
    json_key(out, "$ref");
    buffer text;
    buffer_open(&text, 512);
    buffer_add_format(&text, "#/components/schemas/%s%.*s", what, STR_ARG(name));
    json_str(out, buffer_str(&text));
    buffer_close(&text);
    json_object_end(out);
}

static void schema_fields(
    kt_tx *tx, const model_entity *of, const model_entity *entity, bool input, json *out);

static void schema_type(kt_tx *tx, const model_entity *of, const model_field *f, bool input, json *out)
{
    switch (f->type) {
    case KT_STRING:
    case KT_TEXT:
        json_member_text(out, "type", "string");
        if (f->max)
            json_member_int(out, "maxLength", f->max);
        return;
    case KT_BOOL:
        json_member_text(out, "type", "boolean");
        return;
    case KT_INT:
    case KT_FILE:
        json_member_text(out, "type", "integer");
        return;
    case KT_MONEY:
    case KT_PRICE:
    case KT_QUANTITY:
    case KT_PERCENT:
    case KT_RATE:
        json_member_text(out, "type", "string");
        json_member_text(out, "format", "decimal");
        json_member_int(out, "x-scale", f->scale);
        return;
    case KT_DATE:
        json_member_text(out, "type", "string");
        json_member_text(out, "format", "date");
        return;
    case KT_TIME:
        json_member_text(out, "type", "string");
        json_member_text(out, "format", "date-time");
        return;
    case KT_STATE:
        json_member_text(out, "type", "string");
        json_key(out, "enum");
        json_array(out);
        for (const kt_choice *c = f->choices; c && c->name; c++)
            json_text(out, c->name);
        json_array_end(out);
        return;
    case KT_REF:
        if (str_is(f->target_name, "*"))
            json_member_text(out, "type", "object");
        else
            json_member_text(out, "type", "integer");
        json_member_str(out, "x-target", f->target_name);
        return;
    case KT_REFS:
        json_member_text(out, "type", "array");
        json_member_str(out, "x-target", f->target_name);
        json_key(out, "items");
        json_raw(out, KT_STR("{\"type\":\"integer\"}"));
        return;
    case KT_LINES:
        json_member_text(out, "type", "array");
        json_key(out, "items");
        json_object(out);
        schema_fields(tx, of, f->lines, input, out);
        json_object_end(out);
        return;
    case KT_JSON:
        return;
    }
}

/* Members of an object's schema. input: what may be written. */
static void schema_fields(
    kt_tx *tx, const model_entity *of, const model_entity *entity, bool input, json *out)
{
    json_member_text(out, "type", "object");
    json_member_bool(out, "additionalProperties", false);
    json_key(out, "properties");
    json_object(out);
    for (size_t i = 0; i < entity->field_count; i++) {
        const model_field *f = &entity->fields[i];
        bool settable = !f->computed &&
                        (!f->system || str_is(f->name, "external_id") || str_is(f->name, "id"));
        if (!describe_field_seen(tx, of, f) || (input && !settable))
            continue;
        json_key_str(out, f->name);
        json_object(out);
        schema_type(tx, of, f, input, out);
        describe_member(tx, out, "title", f->label);
        describe_member(tx, out, "description", f->help);
        json_object_end(out);
    }
    json_object_end(out);
    if (!input)
        return;
    json_key(out, "required");
    json_array(out);
    for (size_t i = 0; i < entity->field_count; i++)
        if (entity->fields[i].required && !entity->fields[i].initial.len && !entity->fields[i].computed)
            json_str(out, entity->fields[i].name);
    json_array_end(out);
}

static void write_schemas(kt_tx *tx, json *out)
{
    for (size_t i = 0; i < model_entity_count(tx->catalogue); i++) {
        const model_entity *entity = model_entity_at(tx->catalogue, i);
        if (!describe_entity_seen(tx, entity))
            continue;
        json_key_str(out, entity->name);
        json_object(out);
        describe_member(tx, out, "title", entity->label);
        schema_fields(tx, entity, entity, false, out);
        json_object_end(out);
        kt_str name = arena_format(tx->arena, "input.%.*s", STR_ARG(entity->name));
        json_key_str(out, name);
        json_object(out);
        schema_fields(tx, entity, entity, true, out);
        json_object_end(out);
    }
}

/* ---- Methods ---- */

static const char *kind_type(variant_kind kind)
{
    return kind == VARIANT_BOOL     ? "boolean"
           : kind == VARIANT_INT    ? "integer"
           : kind == VARIANT_STRING ? "string"
           : kind == VARIANT_ARRAY  ? "array"
           : kind == VARIANT_OBJECT ? "object"
                                    : NULL;
}

static void write_param(kt_tx *tx, const method_param *p, const model_entity *entity, json *out)
{
    json_object(out);
    json_member_text(out, "name", p->name);
    json_member_bool(out, "required", p->required);
    describe_member(tx, out, "description", p->help);
    json_key(out, "schema");
    if (entity && strcmp(p->name, "values") == 0) {
        schema_ref(out, "input.", entity->name);
    } else {
        json_object(out);
        if (kind_type(p->kind))
            json_member_text(out, "type", kind_type(p->kind));
        json_object_end(out);
    }
    json_object_end(out);
}

static void begin_method(kt_tx *tx, kt_str name, kt_text summary, const char *right, bool writes, json *out)
{
    json_object(out);
    json_member_str(out, "name", name);
    describe_member(tx, out, "summary", summary);
    json_member_text(out, "paramStructure", "by-name");
    json_member_text(out, "x-right", right);
    json_member_bool(out, "x-writes", writes);
    json_key(out, "params");
    json_array(out);
}

static void end_method(const model_entity *record, json *out)
{
    json_array_end(out);
    json_key(out, "result");
    json_object(out);
    json_member_text(out, "name", "result");
    json_key(out, "schema");
    if (record)
        schema_ref(out, "", record->name);
    else
        json_raw(out, KT_STR("{}"));
    json_object_end(out);
    json_object_end(out);
}

static void write_core(call *c, kt_tx *tx, json *out)
{
    for (size_t i = 0; i < TABLE_SLOTS; i++) {
        const method *one = c->bus->methods.slots[i];
        if (!one || access_may_call(tx, one->right))
            continue;
        begin_method(tx, str_of(one->name), one->help, one->right, one->mode == METHOD_WRITE, out);
        for (const method_param *p = one->params; p && p->name; p++)
            write_param(tx, p, NULL, out);
        end_method(NULL, out);
    }
}

/* The action that the model asks for first. A merge changes the record that stays; the others are deleted. */
static const char *verb_right(const verb *v)
{
    static const struct {
        const char *verb, *right;
    } others[] = {{"upsert", "create"}, {"merge", "update"}, {0}};
    for (size_t i = 0; others[i].verb; i++)
        if (strcmp(others[i].verb, v->name) == 0)
            return others[i].right;
    return v->mode == METHOD_WRITE ? v->name : "read";
}

static void write_entity_methods(kt_tx *tx, const model_entity *entity, json *out)
{
    for (const verb *v = verbs; v->name; v++) {
        const char *right = verb_right(v);
        if (tx->guard && tx->guard->entity && tx->guard->entity(tx, entity, right))
            continue;
        kt_str name = arena_format(tx->arena, "%.*s.%s", STR_ARG(entity->name), v->name);
        begin_method(tx, name, v->help, right, v->mode == METHOD_WRITE, out);
        for (const method_param *p = v->params; p->name; p++)
            write_param(tx, p, entity, out);
        end_method(strcmp(v->name, "get") == 0 ? entity : NULL, out);
    }
    for (size_t i = 0; i < entity->action_count; i++) {
        const model_action *action = &entity->actions[i];
        if (tx->guard && tx->guard->entity && tx->guard->entity(tx, entity, action->declared->right))
            continue;
        kt_str name = arena_format(tx->arena, "%.*s.%.*s", STR_ARG(entity->name), STR_ARG(action->name));
        begin_method(tx, name, action->declared->label, action->declared->right, true, out);
        for (const method_param *p = verb_action_params; p->name; p++)
            write_param(tx, p, NULL, out);
        for (size_t k = 0; action->params && k < action->params->field_count; k++) {
            const model_field *f = &action->params->fields[k];
            json_object(out);
            json_member_str(out, "name", f->name);
            json_member_bool(out, "required", f->required);
            json_key(out, "schema");
            json_object(out);
            schema_type(tx, entity, f, true, out);
            json_object_end(out);
            json_object_end(out);
        }
        end_method(NULL, out);
    }
}

typedef struct {
    kt_tx *tx;
    json *out;
} declared_list;

static void write_declared(void *context, const kt_module *module, const kt_method *declared)
{
    declared_list *list = context;
    kt_tx *tx = list->tx;
    if (access_may_call(tx, declared->right))
        return;
    kt_str name = arena_format(tx->arena, "%s.%s", module->name, declared->name);
    begin_method(tx, name, declared->label, declared->right, declared->writes, list->out);
    for (const kt_field *f = declared->params ? declared->params->fields : NULL; f && f->name; f++) {
        json_object(list->out);
        json_member_text(list->out, "name", f->name);
        json_member_bool(list->out, "required", f->required);
        describe_member(tx, list->out, "description", f->label);
        json_key(list->out, "schema");
        json_object(list->out);
        json_member_text(list->out, "x-type", describe_type(f->type));
        json_object_end(list->out);
        json_object_end(list->out);
    }
    end_method(NULL, list->out);
}

kt_error *openrpc_write(call *c, kt_tx *tx, json *out)
{
    json_object(out);
    json_member_text(out, "openrpc", "1.2.6");
    json_key(out, "info");
    json_object(out);
    json_member_text(out, "title", "Kontor");
    json_member_text(out, "version", KONTOR_VERSION);
    json_object_end(out);
    json_key(out, "methods");
    json_array(out);
    write_core(c, tx, out);
    for (size_t i = 0; i < model_entity_count(tx->catalogue); i++) {
        const model_entity *entity = model_entity_at(tx->catalogue, i);
        if (describe_entity_seen(tx, entity) && entity->enabled)
            write_entity_methods(tx, entity, out);
    }
    plugins_methods(tx->catalogue, write_declared, &(declared_list){tx, out});
    json_array_end(out);
    json_key(out, "components");
    json_object(out);
    json_key(out, "schemas");
    json_object(out);
    write_schemas(tx, out);
    json_object_end(out);
    json_object_end(out);
    json_object_end(out);
    return NULL;
}

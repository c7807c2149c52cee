/* serve.c -- answers what a running rule asks: reads and writes in the transaction that the rule runs in,
 * under the rights that stand there. The request is input from a process that may be broken into: whatever it
 * asks for, it gets what its rule may have. */
#include "automation/serve.h"

#include "kit/str.h"
#include "plugin/plugin.h"

enum { LIST_DEFAULT = 50, LIST_MAX = 500, ANSWER_MAX = 128 << 10 };

/* ---- Records as values ---- */

/* Rules see a reference as its id, templates as a record that is read when a field of it is asked for. */
typedef struct {
    kt_tx *tx;
    bool links;
    const model_record *of; /* whose values are packed, and those of its lines: pack_record's */
} packing;

static void pack_lines(packing p, const model_entity *of, const model_value *value, buffer *out);

static void pack_link(const model_entity *entity, uint64_t id, buffer *out)
{
    pack_map(out, 3);
    pack_name(out, KT_STR("?entity"));
    pack_str(out, entity->name);
    pack_name(out, KT_STR("?part"));
    pack_bool(out, true);
    pack_name(out, KT_STR("id"));
    pack_int(out, (int64_t)id);
}

static void pack_any(packing p, const model_value *value, buffer *out)
{
    const model_entity *entity = model_entity_by_number(p.tx->catalogue, value->as.any.entity);
    if (!entity) {
        pack_nil(out);
        return;
    }
    if (p.links) {
        pack_link(entity, value->as.any.id, out);
        return;
    }
    pack_map(out, 2);
    pack_name(out, KT_STR("entity"));
    pack_str(out, entity->name);
    pack_name(out, KT_STR("id"));
    pack_int(out, (int64_t)value->as.any.id);
}

kt_str serve_state(const model_field *field, int64_t value)
{
    for (const kt_choice *c = field->choices; c && c->name; c++)
        if (c->value == value)
            return str_of(c->name);
    return (kt_str){0};
}

static void pack_ref(packing p, const model_field *field, uint64_t id, buffer *out)
{
    if (p.links && field->target)
        pack_link(field->target, id, out);
    else
        pack_int(out, (int64_t)id);
}

static void pack_refs(packing p, const model_field *field, const model_value *value, buffer *out)
{
    pack_list(out, (uint32_t)value->as.refs.count);
    for (size_t i = 0; i < value->as.refs.count; i++)
        pack_ref(p, field, value->as.refs.ids[i], out);
}

static void pack_field(packing p, const model_field *field, const model_value *value, buffer *out)
{
    if (field->type == KT_BOOL) {
        pack_bool(out, value->set && value->as.i);
        return;
    }
    if (!value->set) {
        pack_nil(out);
        return;
    }
    switch (field->type) {
    case KT_STRING:
    case KT_TEXT:
        pack_str(out, model_seen_text(p.tx, field, p.of, value->as.s));
        return;
    case KT_JSON:
        pack_json(out, model_seen_text(p.tx, field, p.of, value->as.s));
        return;
    case KT_MONEY:
    case KT_PRICE:
    case KT_QUANTITY:
    case KT_PERCENT:
    case KT_RATE:
        pack_dec(out, value->as.d);
        return;
    case KT_DATE:
        pack_date(out, (kt_date){(int32_t)value->as.i});
        return;
    case KT_TIME:
        pack_time(out, (kt_time){value->as.i});
        return;
    case KT_STATE:
        pack_str(out, serve_state(field, value->as.i));
        return;
    case KT_REFS:
        pack_refs(p, field, value, out);
        return;
    case KT_LINES:
        pack_lines(p, field->lines, value, out);
        return;
    case KT_REF:
        if (str_is(field->target_name, "*")) {
            pack_any(p, value, out);
            return;
        }
        pack_ref(p, field, (uint64_t)value->as.i, out);
        return;
    case KT_INT:
    case KT_FILE:
    case KT_BOOL:
        pack_int(out, value->as.i);
        return;
    }
}

static void pack_lines(packing p, const model_entity *of, const model_value *value, buffer *out)
{
    pack_list(out, value->as.lines.count);
    for (uint32_t i = 0; i < value->as.lines.count; i++) {
        pack_map(out, (uint32_t)of->field_count + p.links);
        if (p.links) { /* a record: a field that it does not have is an error */
            pack_name(out, KT_STR("?entity"));
            pack_str(out, of->name);
        }
        for (size_t k = 0; k < of->field_count; k++) {
            pack_name(out, of->fields[k].name);
            pack_field(p, &of->fields[k], &value->as.lines.items[i].values[k], out);
        }
    }
}

static void pack_record(packing p, const model_record *record, const bool *sent, buffer *out)
{
    kt_tx *tx = p.tx;
    const model_entity *entity = record->entity;
    p.of = record;
    bool title = p.links && entity->title;
    uint32_t count = (sent ? 2U : 1U) + title;
    size_t at = pack_open(out, 'M');
    pack_name(out, KT_STR("?entity"));
    pack_str(out, entity->name);
    if (sent) {
        pack_name(out, KT_STR("?part"));
        pack_bool(out, true);
    }
    if (title) {
        pack_name(out, KT_STR("?title"));
        pack_str(out, entity->title->name);
    }
    for (size_t i = 0; i < entity->field_count; i++) {
        const model_field *field = &entity->fields[i];
        if (sent && !sent[i])
            continue;
        pack_name(out, field->name);
        if (tx->guard && tx->guard->field && !tx->guard->field(tx, field, entity, false))
            pack_nil(out);
        else
            pack_field(p, field, &record->values[i], out);
        count++;
    }
    pack_close(out, at, count);
}

void serve_record(kt_tx *tx, const model_record *record, const bool *sent, buffer *out)
{
    pack_record((packing){tx, false, NULL}, record, sent, out);
}

void serve_linked(kt_tx *tx, const model_record *record, buffer *out)
{
    pack_record((packing){tx, true, NULL}, record, NULL, out);
}

void serve_link(const model_entity *entity, uint64_t id, buffer *out)
{
    pack_link(entity, id, out);
}

/* ---- Values from a rule ---- */

/* owner = user, where user is a record: {entity, id}. */
static const variant *reference_id(const model_field *field, const variant *v)
{
    const variant *id = variant_get(v, "id");
    bool is_record = v->kind == VARIANT_OBJECT && v->as.object.count == 2 && id && variant_get(v, "entity");
    bool plain = field && field->type == KT_REF && !str_is(field->target_name, "*");
    return is_record && plain ? id : v;
}

const variant *serve_values(kt_tx *tx, const model_entity *entity, const variant *values)
{
    static const variant nothing = {.kind = VARIANT_OBJECT}; /* Lua's empty table may be either */
    if (values && values->kind == VARIANT_ARRAY && !values->as.array.count)
        return &nothing;
    if (!values || values->kind != VARIANT_OBJECT)
        return values;
    size_t count = values->as.object.count;
    variant_member *members = ARENA_ARRAY(tx->arena, variant_member, count + 1);
    variant *made = ARENA_NEW(tx->arena, variant);
    if (!members || !made)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        const variant_member *m = &values->as.object.members[i];
        members[i] = (variant_member){m->name, reference_id(model_field_find(entity, m->name), m->value)};
    }
    *made = (variant){.kind = VARIANT_OBJECT, .as.object = {members, count}};
    return made;
}

/* ---- Requests ---- */

static kt_error *read_entity(asked *a, const model_entity **entity)
{
    kt_str name = pack_next_str(a->in);
    *entity = model_entity_find(a->tx->catalogue, name);
    if (*entity && !(*entity)->lines_only)
        return NULL;
    return kt_fail(
        a->tx, KT_VALIDATION, NULL, "there is no entity \"%.*s\"", "nie ma encji „%.*s”", STR_ARG(name));
}

static kt_error *find_by(asked *a, const model_entity *entity, const variant *by, uint64_t *id)
{
    kt_str external = variant_get_str(by, "external_id"), number = variant_get_str(by, "number");
    if (by && by->kind == VARIANT_INT && by->as.integer > 0) {
        *id = (uint64_t)by->as.integer;
        return NULL;
    }
    if (external.ptr)
        return model_find_external(a->tx, entity, external, id);
    if (number.ptr)
        return model_find_number(a->tx, entity, number, id);
    return kt_fail(a->tx, KT_VALIDATION, NULL, "an id, {external_id = ..} or {number = ..} was expected",
        "oczekiwano id, {external_id = ..} albo {number = ..}");
}

static kt_error *serve_get(asked *a)
{
    const model_entity *entity;
    const variant *by;
    uint64_t id = 0;
    model_record record = {0};
    KT_TRY(read_entity(a, &entity));
    KT_TRY(serve_value(a, &by));
    KT_TRY(find_by(a, entity, by, &id));
    kt_error *error = id ? model_read(a->tx, entity, id, &record) : NULL;
    bool unseen = error && (error->first->kind == KT_NOT_FOUND || /* in a template it is empty */
                               (a->s->template && error->first->kind == KT_FORBIDDEN));
    if (error && !unseen)
        return error;
    if (!id || error)
        pack_nil(a->out);
    else
        pack_record((packing){a->tx, a->s->template != NULL, NULL}, &record, NULL, a->out);
    return NULL;
}

static kt_error *read_query(asked *a, const variant *options, query_request *query)
{
    static const char *const known[] = {"filter", "sort", "limit", "group", "measures", NULL};
    const variant *limit = variant_get(options, "limit"), *filter = variant_get(options, "filter");
    query_filter *read = NULL;
    for (size_t i = 0; options && options->kind == VARIANT_OBJECT && i < options->as.object.count; i++) {
        bool found = false;
        for (const char *const *k = known; *k; k++)
            found = found || str_is(options->as.object.members[i].name, *k);
        if (!found)
            return kt_fail(a->tx, KT_VALIDATION, NULL, "there is no option \"%.*s\"", "nie ma opcji „%.*s”",
                STR_ARG(options->as.object.members[i].name));
    }
    if (filter)
        KT_TRY(query_filter_read(a->tx, query->entity, filter, &read));
    query->filter = read;
    query->sort = variant_get(options, "sort");
    query->limit = limit && limit->kind == VARIANT_INT && limit->as.integer > 0 &&
                           limit->as.integer <= LIST_MAX
                       ? (uint32_t)limit->as.integer
                       : LIST_DEFAULT;
    return NULL;
}

static kt_error *serve_list(asked *a)
{
    query_request query = {0};
    const variant *options;
    query_rows *rows;
    model_record record = {0};
    uint32_t count = 0;
    KT_TRY(read_entity(a, &query.entity));
    KT_TRY(serve_value(a, &options));
    KT_TRY(read_query(a, options, &query));
    KT_TRY(query_open(a->tx, &query, &rows));
    size_t at = pack_open(a->out, 'L');
    for (; count < query.limit && !a->out->full && query_next(rows, &record); count++)
        pack_record((packing){a->tx, a->s->template != NULL, NULL}, &record, NULL, a->out);
    pack_close(a->out, at, count);
    return query_end(rows);
}

static kt_error *serve_count(asked *a)
{
    query_request query = {0};
    const variant *filter;
    query_filter *read = NULL;
    uint64_t count = 0;
    KT_TRY(read_entity(a, &query.entity));
    KT_TRY(serve_value(a, &filter));
    if (filter)
        KT_TRY(query_filter_read(a->tx, query.entity, filter, &read));
    query.filter = read;
    KT_TRY(query_count(a->tx, &query, &count));
    pack_int(a->out, (int64_t)count);
    return NULL;
}

/* JSON text that a room below writes becomes the answer. */
static kt_error *take_text(asked *a, buffer *text, kt_error *error)
{
    if (!error)
        error = error_of_answer(a->arena, text);
    if (!error)
        pack_json(a->out, buffer_str(text));
    buffer_close(text);
    return error;
}

static kt_error *serve_aggregate(asked *a)
{
    query_request query = {0};
    const variant *options;
    buffer text;
    KT_TRY(read_entity(a, &query.entity));
    KT_TRY(serve_value(a, &options));
    KT_TRY(read_query(a, options, &query));
    buffer_open(&text, ANSWER_MAX);
    json j = json_to(&text);
    json_object(&j);
    kt_error *error = query_aggregate(
        a->tx, &query, variant_get(options, "group"), variant_get(options, "measures"), &j);
    json_object_end(&j);
    return take_text(a, &text, error);
}

static kt_error *serve_create(asked *a)
{
    const model_entity *entity;
    const variant *values;
    model_record record = {0};
    KT_TRY(read_entity(a, &entity));
    KT_TRY(serve_value(a, &values));
    KT_TRY(model_create(a->tx, entity, serve_values(a->tx, entity, values), &record));
    serve_note(a, "create", entity, (uint64_t)record.values[MODEL_ID].as.i);
    serve_result(&record, a->out);
    return NULL;
}

static kt_error *serve_update(asked *a)
{
    const model_entity *entity;
    const variant *values;
    model_record record = {0};
    KT_TRY(read_entity(a, &entity));
    uint64_t id = (uint64_t)pack_next_int(a->in);
    KT_TRY(serve_value(a, &values));
    KT_TRY(model_update(a->tx, entity, id, 0, serve_values(a->tx, entity, values), &record));
    serve_note(a, "update", entity, id);
    serve_result(&record, a->out);
    return NULL;
}

static kt_error *serve_params(asked *a, const variant **params)
{
    KT_TRY(serve_value(a, params));
    if (*params && (*params)->kind == VARIANT_ARRAY && !(*params)->as.array.count) /* {} of Lua */
        *params = NULL;
    return NULL;
}

static kt_error *serve_transition(asked *a)
{
    const model_entity *entity;
    const variant *params;
    model_record record = {0};
    buffer text;
    KT_TRY(read_entity(a, &entity));
    uint64_t id = (uint64_t)pack_next_int(a->in);
    kt_str name = pack_next_str(a->in);
    KT_TRY(serve_params(a, &params));
    const model_action *action = model_action_find(entity, name);
    if (!action)
        return kt_fail(a->tx, KT_VALIDATION, NULL, "%s has no action \"%.*s\"", "%s nie ma akcji „%.*s”",
            entity->name.ptr, STR_ARG(name));
    buffer_open(&text, ANSWER_MAX);
    json j = json_to(&text);
    json_object(&j);
    kt_error *error = model_act(a->tx, entity, id, 0, action, params, &record, &j);
    json_object_end(&j);
    serve_note(a, action->name.ptr, entity, id);
    return take_text(a, &text, error);
}

static kt_error *serve_call(asked *a)
{
    const variant *params;
    buffer text;
    kt_str name = pack_next_str(a->in);
    KT_TRY(serve_params(a, &params));
    buffer_open(&text, ANSWER_MAX);
    json j = json_to(&text);
    kt_error *error = errand_call(a->tx, NULL, name, params, &j);
    return take_text(a, &text, error);
}

/* What a template wrote. Past the maximum the buffer is full, which whoever runs the template sees. */
static kt_error *serve_text(asked *a)
{
    kt_str text = pack_next_str(a->in);
    buffer_add_str(a->s->text, text);
    if (a->s->text->full)
        return kt_fail(a->tx, KT_LIMIT, NULL, "the document is larger than %zu bytes",
            "dokument jest większy niż %zu bajtów", a->s->text->max);
    pack_nil(a->out);
    return NULL;
}

static kt_error *serve_include(asked *a)
{
    kt_str lua = {0}, name = arena_str(a->arena, pack_next_str(a->in));
    const automation_template *t = a->s->template;
    KT_TRY(t->include(a->tx, t->context, name, &lua));
    pack_str(a->out, lua);
    return NULL;
}

static kt_error *serve_picture(asked *a)
{
    kt_str address = {0};
    const automation_template *t = a->s->template;
    const pack_item of = pack_next(a->in);
    bool named = of.kind == 'S';
    KT_TRY(t->picture(a->tx, t->context, named ? arena_str(a->arena, of.s) : (kt_str){0},
        named || of.kind != 'I' ? 0 : (uint64_t)of.i, &address));
    if (address.ptr)
        pack_str(a->out, address);
    else
        pack_nil(a->out);
    return NULL;
}

/* A template reads and writes its text; a rule does all else. */
static bool is_served(const asked *a, int64_t what)
{
    bool of_template = what == ASK_TEXT || what == ASK_INCLUDE || what == ASK_PICTURE;
    if (what <= 0 || what >= ASK_LAST)
        return false;
    return a->s->template ? of_template || what <= ASK_SETTING : !of_template;
}

static kt_error *serve(asked *a, int64_t what)
{
    static kt_error *(*const table[ASK_LAST])(asked *) = {
        [ASK_GET] = serve_get,
        [ASK_LIST] = serve_list,
        [ASK_COUNT] = serve_count,
        [ASK_AGGREGATE] = serve_aggregate,
        [ASK_SETTING] = serve_setting,
        [ASK_CREATE] = serve_create,
        [ASK_UPDATE] = serve_update,
        [ASK_TRANSITION] = serve_transition,
        [ASK_CALL] = serve_call,
        [ASK_EFFECT] = serve_effect,
        [ASK_LOG] = serve_log,
        [ASK_AFTER] = serve_after,
        [ASK_APPROVE] = serve_approve,
        [ASK_DOCUMENT] = serve_document,
        [ASK_HEAD] = serve_head,
        [ASK_LANGUAGE] = serve_language,
        [ASK_TEXT] = serve_text,
        [ASK_INCLUDE] = serve_include,
        [ASK_PICTURE] = serve_picture,
    };
    if (!is_served(a, what))
        return a->s->template
                   ? kt_fail(a->tx, KT_FORBIDDEN, NULL, "a template only reads", "szablon tylko czyta")
                   : kt_fail(
                         a->tx, KT_VALIDATION, NULL, "there is no such request", "nie ma takiego żądania");
    return table[what](a);
}

kt_error *serve_request(serving *s, pack_reader *in)
{
    channel *c = s->channel;
    int64_t rule = pack_next_int(in), what = pack_next_int(in);
    asked a = {s, s->tx, s->tx->arena, in, &c->out, rule > 0 && (size_t)rule < s->count ? (size_t)rule : 0};
    buffer_clear(&c->out);
    buffer_add_char(&c->out, 'A');
    kt_error *error = serve(&a, what);
    if (in->bad)
        return kt_fail(s->tx, KT_RULE, NULL, "its process sends nonsense", "jej proces przysyła bzdury");
    if (!error && c->out.full)
        error = kt_hint(error_of_answer(a.arena, &c->out), "Ask for less.", "Zapytaj o mniej.");
    if (!error)
        return NULL;
    if (s->tx->doomed) /* part of it is written: the rule cannot go on */
        return error;
    buffer_clear(&c->out);
    buffer_add_char(&c->out, 'F');
    pack_str(&c->out, str_of(kind_name(error->first->kind)));
    pack_str(&c->out, str_of(error_text(error)));
    return NULL;
}

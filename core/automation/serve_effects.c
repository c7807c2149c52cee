/* serve_effects.c -- what a rule asks for that comes after its commit: effects, documents, waits, approvals; its log;
 * and the company's settings. */
#include "automation/serve.h"
#include "job/job.h"
#include "kit/str.h"
#include "outbox/outbox.h"

kt_error *serve_value(asked *a, const variant **value)
{
    KT_TRY(pack_next_variant(a->in, a->arena, value));
    if (!*value)
        return kt_fail(a->tx, KT_VALIDATION, NULL, "the request is damaged", "żądanie jest uszkodzone");
    if ((*value)->kind == VARIANT_NULL)
        *value = NULL;
    return NULL;
}

void serve_note(asked *a, const char *what, const model_entity *entity, uint64_t id)
{
    run_report *r = &a->s->reports[a->rule];
    buffer_add_format(&r->effects, "%s{\"%s\":\"%s\",\"id\":%llu}", r->effects.len ? "," : "", what,
        entity->name.ptr, (unsigned long long)id);
}

void serve_result(const model_record *record, buffer *out)
{
    pack_map(out, 3);
    pack_name(out, KT_STR("id"));
    pack_int(out, record->values[MODEL_ID].as.i);
    pack_name(out, KT_STR("version"));
    pack_int(out, record->values[MODEL_VERSION].as.i);
    pack_name(out, KT_STR("number"));
    pack_str(out, record->values[MODEL_NUMBER].set ? record->values[MODEL_NUMBER].as.s : (kt_str){0});
}

/* ---- Effects ---- */

enum { PLACES_MAX = 8 };

/* A secret signs a webhook or stands in its headers; everywhere else it would be a name that nobody fills in. */
static bool has_secret(const variant *v, int depth)
{
    if (!v || depth > PLACES_MAX)
        return false;
    for (size_t i = 0; v->kind == VARIANT_ARRAY && i < v->as.array.count; i++)
        if (has_secret(&v->as.array.items[i], depth + 1))
            return true;
    if (v->kind != VARIANT_OBJECT)
        return false;
    for (size_t i = 0; i < v->as.object.count; i++)
        if (str_is(v->as.object.members[i].name, "$secret") ||
            has_secret(v->as.object.members[i].value, depth + 1))
            return true;
    return false;
}

static kt_error *check_secrets(asked *a, const variant *params)
{
    for (size_t i = 0; params && params->kind == VARIANT_OBJECT && i < params->as.object.count; i++) {
        const variant_member *m = &params->as.object.members[i];
        if (!str_is(m->name, "secret") && !str_is(m->name, "headers") && has_secret(m->value, 0))
            return kt_fail(a->tx, KT_VALIDATION, NULL,
                "%.*s: a secret stands in a webhook's secret or headers alone",
                "%.*s: sekret może stać tylko w secret albo headers webhooka", STR_ARG(m->name));
    }
    return NULL;
}

/* A file goes out only if the rule may read it. */
static kt_error *check_files(asked *a, const variant *params)
{
    const variant *files = variant_get(params, "files");
    const model_entity *entity = model_entity_find(a->tx->catalogue, KT_STR("base.attachment"));
    model_record record = {0};
    for (size_t i = 0; entity && files && files->kind == VARIANT_ARRAY && i < files->as.array.count; i++)
        if (files->as.array.items[i].kind == VARIANT_INT)
            KT_TRY(model_read(a->tx, entity, (uint64_t)files->as.array.items[i].as.integer, &record));
    return NULL;
}

kt_error *serve_effect(asked *a)
{
    buffer text;
    kt_id id = {0};
    kt_str kind = pack_next_str(a->in);
    const variant *params;
    KT_TRY(serve_value(a, &params));
    pack_item due = pack_next(a->in);
    KT_TRY(check_secrets(a, params));
    KT_TRY(check_files(a, params));
    buffer_open(&text, MODEL_JSON_MAX);
    json j = json_to(&text);
    json_variant(&j, params);
    kt_error *error = text.full ? kt_fail(a->tx, KT_LIMIT, NULL, "the effect is larger than %d bytes",
                                      "skutek jest większy niż %d bajtów", MODEL_JSON_MAX)
                                : outbox_effect(a->tx, kind, arena_str(a->arena, buffer_str(&text)),
                                      (kt_time){due.kind == 't' ? due.i : 0}, &id);
    buffer_close(&text);
    KT_TRY(error);
    run_report *r = &a->s->reports[a->rule];
    buffer_add_format(&r->effects, "%s{\"effect\":\"%.*s\",\"id\":%llu}", r->effects.len ? "," : "",
        STR_ARG(kind), (unsigned long long)id.v);
    pack_int(a->out, (int64_t)id.v);
    return NULL;
}

/* ---- Documents ---- */

struct template_seen {
    kt_record rec;
    kt_str name, entity;
    unsigned lang;
};
static const kt_shape template_seen_shape = KT_SHAPE(template_seen, "document.template",
    KT_BIND(template_seen, name, STRING, "name"), KT_BIND(template_seen, entity, STRING, "entity"),
    KT_BIND(template_seen, lang, STATE, "lang"));

/* The template of this name in the language; another language's if there is none. */
static kt_error *find_template(asked *a, kt_str name, kt_str lang, struct template_seen *found)
{
    const kt_where where[] = {KT_WHERE(template_seen, name, KT_EQ, name), {0}};
    const model_entity *entity = model_entity_find(a->tx->catalogue, KT_STR("document.template"));
    const model_field *field = entity ? model_field_find(entity, KT_STR("lang")) : NULL;
    struct template_seen one = {KT_OF(template_seen)};
    kt_cursor *cursor;
    KT_TRY(kt_open(a->tx, &(kt_query){.of = &template_seen_shape, .where = where}, &cursor));
    while (kt_next(cursor, &one.rec))
        if (!found->rec.id.v || (field && str_eq(serve_state(field, one.lang), lang)))
            *found = one;
    KT_TRY(kt_close(cursor));
    return found->rec.id.v ? NULL
                           : kt_fail(a->tx, KT_NOT_FOUND, NULL, "there is no template \"%.*s\"",
                                 "nie ma szablonu „%.*s”", STR_ARG(name));
}

/* The language of the record's party; not set: it has none, or the rule does not see it. */
static kt_error *language_of(asked *a, const model_record *about, kt_str *lang)
{
    const model_entity *party = model_entity_find(a->tx->catalogue, KT_STR("base.party"));
    const model_field *to = model_field_find(about->entity, KT_STR("party")),
                      *field = party ? model_field_find(party, KT_STR("language")) : NULL;
    model_record record = {0};
    if (!field || !(about->entity == party || (to && to->target == party)))
        return NULL;
    const model_value *id = &about->values[about->entity == party ? MODEL_ID : to->position];
    kt_error *error = id->set ? model_read(a->tx, party, (uint64_t)id->as.i, &record) : NULL;
    if (error)
        return error->first->kind == KT_NOT_FOUND || error->first->kind == KT_FORBIDDEN ? NULL : error;
    if (record.entity)
        *lang = record.values[field->position].as.s;
    return NULL;
}

/* The job that makes it, with the rights that the rule has: as its owner held to its grants, or as who caused it. */
static kt_error *start_document(asked *a, const struct template_seen *template, uint64_t id, uint64_t *job)
{
    const rule *r = a->s->plans[a->rule].rule;
    const access_identity who = {.user = r->owner, .company = a->tx->company};
    buffer text;
    buffer_open(&text, MODEL_JSON_MAX);
    json j = json_to(&text);
    json_object(&j);
    json_member_int(&j, "template", (int64_t) template->rec.id.v);
    json_key(&j, "ids");
    json_array(&j);
    json_int(&j, (int64_t)id);
    json_array_end(&j);
    if (!r->as_caller)
        json_member_str(&j, "rights", r->rights);
    json_object_end(&j);
    kt_error *error = text.full ? error_no_memory() : NULL;
    if (!error)
        error = job_start(a->tx,
            &(job_order){.kind = "document.make",
                .title = template->name,
                .params = arena_str(a->arena, buffer_str(&text)),
                .total = 1,
                .who = r->as_caller ? NULL : &who},
            job);
    buffer_close(&text);
    return error;
}

kt_error *serve_document(asked *a)
{
    kt_str name = arena_str(a->arena, pack_next_str(a->in));
    const variant *record;
    struct template_seen template = {KT_OF(template_seen)};
    model_record about = {0};
    uint64_t job = 0;
    KT_TRY(serve_value(a, &record));
    kt_str lang = pack_next_str(a->in), of = variant_get_str(record, "entity");
    const variant *id = record && record->kind == VARIANT_INT ? record : variant_get(record, "id");
    if (!id || id->kind != VARIANT_INT)
        return kt_fail(
            a->tx, KT_VALIDATION, NULL, "document: a record was expected", "document: oczekiwano rekordu");
    KT_TRY(access_may_call(a->tx, "document.document:create"));
    KT_TRY(find_template(a, name, lang, &template));
    const model_entity *entity = model_entity_find(a->tx->catalogue, template.entity);
    if (!entity || (of.len && !str_eq(of, entity->name)))
        return kt_fail(a->tx, KT_VALIDATION, NULL, "template \"%.*s\" is not for %.*s",
            "szablon „%.*s” nie jest dla %.*s", STR_ARG(name), STR_ARG(of));
    KT_TRY(model_read(
        a->tx, entity, (uint64_t)id->as.integer, &about)); /* what it may not see, it sends nobody */
    if (!lang.len) {
        KT_TRY(language_of(a, &about, &lang));
        template = (struct template_seen){KT_OF(template_seen)};
        KT_TRY(find_template(a, name, lang, &template));
    }
    KT_TRY(start_document(a, &template, (uint64_t)id->as.integer, &job));
    run_report *r = &a->s->reports[a->rule];
    json j = {&r->effects, r->effects.len > 0};
    json_object(&j);
    json_member_str(&j, "document", name);
    json_member_int(&j, "job", (int64_t)job);
    json_object_end(&j);
    pack_map(a->out, 1);
    pack_name(a->out, KT_STR("$document"));
    pack_int(a->out, (int64_t)job);
    return NULL;
}

/* ---- The rule's log, waits, approvals ---- */

kt_error *serve_log(asked *a)
{
    kt_str text = pack_next_str(a->in);
    run_report *r = &a->s->reports[a->rule];
    json j = {&r->effects, r->effects.len > 0};
    json_object(&j);
    json_member_str(&j, "log", text);
    json_object_end(&j);
    pack_nil(a->out);
    return NULL;
}

/* after("3 days", "remind"): the function runs then, unless the record has left its state. */
kt_error *serve_after(asked *a)
{
    const planned *plan = &a->s->plans[a->rule];
    kt_str function = pack_next_str(a->in);
    pack_item due = pack_next(a->in);
    if (!rule_function_find(plan->rule, function))
        return kt_fail(a->tx, KT_VALIDATION, NULL, "the rule has no function \"%.*s\"",
            "reguła nie ma funkcji „%.*s”", STR_ARG(function));
    if (due.kind != 't')
        return kt_fail(a->tx, KT_VALIDATION, NULL, "no time was given", "nie podano czasu");
    const planned waiting = {plan->rule, plan->trigger, function};
    KT_TRY(queue_add(a->tx, &waiting, a->s->on, (kt_time){due.i}, true));
    buffer *did = &a->s->reports[a->rule].effects;
    json j = {did, did->len > 0};
    json_object(&j);
    json_member_str(&j, "after", function);
    json_key(&j, "due");
    json_time(&j, (kt_time){due.i});
    json_object_end(&j);
    pack_nil(a->out);
    return NULL;
}

/* approve {..}: asks, and has the rule go on when it is decided. */
kt_error *serve_approve(asked *a)
{
    const model_entity *entity = model_entity_find(a->tx->catalogue, KT_STR("base.approval"));
    const planned *plan = &a->s->plans[a->rule];
    const variant *values;
    model_record record = {0};
    KT_TRY(serve_value(a, &values));
    if (!entity || !entity->enabled)
        return kt_fail(
            a->tx, KT_VALIDATION, NULL, "approvals need the module base", "akceptacje wymagają modułu base");
    if (!rule_function_find(plan->rule, KT_STR("approved")))
        return kt_fail(a->tx, KT_VALIDATION, NULL, "the rule has no function \"approved\" to go on with",
            "reguła nie ma funkcji „approved”, którą poszłaby dalej");
    KT_TRY(model_create(a->tx, entity, serve_values(a->tx, entity, values), &record));
    uint64_t id = (uint64_t)record.values[MODEL_ID].as.i;
    KT_TRY(queue_hold(a->tx, plan, a->s->on, id));
    serve_note(a, "create", entity, id);
    serve_result(&record, a->out);
    return NULL;
}

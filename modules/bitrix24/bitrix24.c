/* The module bitrix24: Bitrix24's REST form over HTTP, so that a client of it moves by changing its URL.
 * A request's way: parse (read_request), in its transaction the method (b24_run), then the envelope with
 * `time`; an error becomes {error, error_description}. */
#include <string.h>

#include <kontor/web.h>

#include "b24.h"
#include "form.h"

typedef struct {
    kt_str method, user; /* user: of the path, if it names one */
    kt_value params;
} asked;

/* ---- Methods ---- */

static const verb *const verb_tables[] = {record_verbs, row_verbs, link_verbs, userfield_verbs, NULL};
static kt_error *all_methods(b24 *b, const kt_value *params, answer *a);
static const method own_methods[] = {{"methods", false, all_methods}, {0}};
static const method *const method_tables[] = {activity_methods, batch_methods, category_methods,
    directory_methods, directory_write_methods, import_methods, kind_methods, people_methods, reach_methods,
    row_methods, trigger_methods, own_methods, NULL};

static void add_name(b24 *b, kt_maker *list, const char *of, const char *name)
{
    kt_add(b->tx, list, kt_value_str(kt_format(b->tx, "%s%s%s", of, *of ? "." : "", name)));
}

static kt_error *all_methods(b24 *b, const kt_value *params, answer *a)
{
    kt_maker list = KT_MAKE_ARRAY;
    (void)params;
    for (const entity *e = entities; e->name; e++)
        for (const verb *const *table = verb_tables; *table; table++)
            for (const verb *v = *table; v->name; v++)
                if ((e->has & v->needs) == v->needs)
                    add_name(b, &list, e->name, v->name);
    for (const verb *v = record_verbs; v->name; v++)
        add_name(b, &list, "crm.item", v->name);
    for (const method *const *table = method_tables; *table; table++)
        for (const method *m = *table; m->name; m++)
            add_name(b, &list, "", m->name);
    a->result = list.value;
    return NULL;
}

static const verb *verb_named(kt_str name)
{
    for (const verb *const *table = verb_tables; *table; table++)
        for (const verb *v = *table; v->name; v++)
            if (b24_is(name, v->name))
                return v;
    return NULL;
}

/* "crm.deal.productrows.get": what stands behind the entity is the verb. crm.item.* has those of records. */
static const verb *verb_of(kt_str name, const entity **e, bool *items)
{
    static const char item[] = "crm.item.";
    *items = name.len > sizeof item && strncmp(name.ptr, item, sizeof item - 1) == 0;
    if (*items) {
        const verb *v = verb_named((kt_str){name.ptr + sizeof item - 1, name.len - sizeof item + 1});
        return v && !strchr(v->name, '.') ? v : NULL;
    }
    for (*e = entities; (*e)->name; ++*e) {
        size_t n = strlen((*e)->name);
        if (name.len > n && strncmp(name.ptr, (*e)->name, n) == 0 && name.ptr[n] == '.') {
            const verb *v = verb_named((kt_str){name.ptr + n + 1, name.len - n - 1});
            return v && ((*e)->has & v->needs) == v->needs ? v : NULL;
        }
    }
    return NULL;
}

static const method *single_of(kt_str name)
{
    for (const method *const *table = method_tables; *table; table++)
        for (const method *m = *table; m->name; m++)
            if (b24_is(name, m->name))
                return m;
    return NULL;
}

bool b24_writes(kt_str name)
{
    const entity *e;
    bool items;
    const verb *v = verb_of(name, &e, &items);
    const method *m = v ? NULL : single_of(name);
    return v ? v->writes : m && m->writes;
}

kt_error *b24_run(kt_tx *tx, page_end *page, kt_str name, const kt_value *params, answer *a)
{
    const entity *e = NULL;
    b24 b = {.tx = tx, .page = page};
    *a = (answer){.total = -1, .next = -1};
    const verb *v = verb_of(name, &e, &b.items);
    const method *m = v ? NULL : single_of(name);
    if (m)
        return m->run(&b, params, a);
    if (!v)
        return b24_fail(tx, "ERROR_METHOD_NOT_FOUND", "Method not found!", "Nie ma takiej metody!");
    if (b.items) {
        int64_t type;
        const kt_value *given = b24_param(params, "entityTypeId");
        e = given && b24_int(given, &type) ? entity_of_type(type) : NULL;
        if (!e)
            return b24_fail(tx, "NOT_FOUND", "entityTypeId is none that is kept here",
                "entityTypeId nie jest tu obsługiwane");
    }
    return v->run(&b, e, params, a);
}

/* ---- Requests ---- */

static kt_error *read_params(kt_tx *tx, const kt_web_request *r, kt_value *params)
{
    kt_maker all = KT_MAKE_OBJECT;
    form *f = form_open(tx);
    const kt_value *body = NULL;
    if (!f)
        return kt_no_memory();
    for (size_t i = 0; i < r->query_count; i++)
        KT_TRY(form_add(f, r->query[i].name, r->query[i].value));
    bool json = r->type.ptr && strstr(r->type.ptr, "json");
    if (r->body.len && json)
        KT_TRY(kt_json_read(tx, r->body, &body));
    else if (r->body.len)
        KT_TRY(form_read(f, r->body));
    kt_value pairs = form_value(f);
    for (size_t i = 0; body && body->kind == KT_VALUE_OBJECT && i < body->as.object.count; i++)
        kt_put_named(tx, &all, body->as.object.members[i].name, *body->as.object.members[i].value);
    for (size_t i = 0; i < pairs.as.object.count; i++)
        if (!kt_value_get(&all.value, pairs.as.object.members[i].name.ptr))
            kt_put_named(tx, &all, pairs.as.object.members[i].name, *pairs.as.object.members[i].value);
    *params = all.value;
    return NULL;
}

/* Parts of the path: "METHOD.json", or "USER/TOKEN/METHOD". */
static size_t split(kt_str path, kt_str *parts, size_t most)
{
    size_t count = 0, from = 0;
    for (size_t i = 0; i <= path.len && count < most; i++)
        if (i == path.len || path.ptr[i] == '/') {
            if (i > from)
                parts[count++] = (kt_str){path.ptr + from, i - from};
            from = i + 1;
        }
    return count;
}

static bool batch_writes(const kt_value *params)
{
    const kt_value *cmd = b24_param(params, "cmd");
    for (size_t i = 0; i < kt_value_count(cmd); i++) {
        const kt_value *one = b24_item(cmd, i);
        kt_str text = one->kind == KT_VALUE_STRING ? one->as.string : (kt_str){0};
        size_t end = 0;
        while (end < text.len && text.ptr[end] != '?')
            end++;
        if (b24_writes((kt_str){text.ptr, end}))
            return true;
    }
    return false;
}

static kt_error *read_request(kt_tx *tx, kt_web_request *r)
{
    asked *a = kt_alloc(tx, sizeof *a);
    kt_str parts[4];
    if (!a)
        return kt_no_memory();
    r->data = a;
    KT_TRY(read_params(tx, r, &a->params));
    size_t count = split(r->path, parts, 4);
    if (count != 1 && count != 3)
        return b24_fail(tx, "ERROR_METHOD_NOT_FOUND", "Method not found!", "Nie ma takiej metody!");
    a->method = parts[count - 1];
    size_t length = a->method.len;
    if (length > 5 && memcmp(a->method.ptr + length - 5, ".json", 5) == 0)
        a->method.len -= 5;
    kt_str token = kt_value_get_str(&a->params, "auth");
    if (!token.len)
        token = kt_value_get_str(&a->params, "access_token");
    if (count == 3) {
        a->user = parts[0];
        token = parts[1];
    }
    if (token.len)
        r->token = token;
    r->writes = b24_writes(a->method) || (b24_is(a->method, "batch") && batch_writes(&a->params));
    return NULL;
}

static void put_time(kt_tx *tx, kt_maker *all)
{
    kt_maker time = KT_MAKE_OBJECT;
    int64_t ms = kt_now(tx).ms;
    kt_value at = {.kind = KT_VALUE_REAL,
        .as.string = kt_format(tx, "%lld.%03d", (long long)(ms / 1000), (int)(ms % 1000))};
    kt_put(tx, &time, "start", at);
    kt_put(tx, &time, "finish", at);
    kt_put(tx, &time, "duration", kt_value_int(0));
    kt_put(tx, &time, "processing", kt_value_int(0));
    kt_put(tx, &time, "date_start", kt_value_str(time_now(tx)));
    kt_put(tx, &time, "date_finish", kt_value_str(time_now(tx)));
    kt_put(tx, &time, "operating", kt_value_int(0));
    kt_put(tx, all, "time", time.value);
}

static kt_error *answer_request(kt_tx *tx, const kt_web_request *r, kt_web_response *response)
{
    const asked *a = r->data;
    answer made;
    page_end page = {0};
    kt_maker all = KT_MAKE_OBJECT;
    kt_str own = kt_format(tx, "%llu", (unsigned long long)kt_user(tx).v);
    if (a->user.len && !b24_is(a->user, own.ptr ? own.ptr : ""))
        return b24_fail(tx, "INVALID_CREDENTIALS", "Invalid request credentials", "Błędne dane logowania");
    KT_TRY(b24_run(tx, &page, a->method, &a->params, &made));
    kt_put(tx, &all, "result", made.result);
    if (made.next >= 0)
        kt_put(tx, &all, "next", kt_value_int(made.next));
    if (made.total >= 0)
        kt_put(tx, &all, "total", kt_value_int(made.total));
    put_time(tx, &all);
    return kt_json_write(tx, &all.value, &response->body);
}

/* ---- Errors ---- */

static const struct {
    const char *code;
    unsigned status;
} codes[] = {{"ERROR_METHOD_NOT_FOUND", 404}, {"INVALID_CREDENTIALS", 401}, {"NO_AUTH_FOUND", 401},
    {"NOT_FOUND", 400}, {"ERROR_NOT_FOUND", 400}, {"ERROR_ARGUMENT", 400}, {"ENTITY_TYPE_NOT_SUPPORTED", 400},
    {"ERROR_BATCH_LENGTH_EXCEEDED", 400}, {"ERROR_BATCH_METHOD_NOT_ALLOWED", 400}};

const char *b24_code(const kt_error *error, unsigned *status)
{
    kt_problem p = kt_problem_at(error, 0);
    for (size_t i = 0; p.path && i < sizeof codes / sizeof *codes; i++)
        if (strcmp(p.path, codes[i].code) == 0) {
            *status = codes[i].status;
            return codes[i].code;
        }
    switch (p.kind) {
    case KT_FORBIDDEN:
        *status = 403;
        return "ACCESS_DENIED";
    case KT_NOT_FOUND:
        *status = 400;
        return "NOT_FOUND";
    case KT_UNAVAILABLE:
        *status = 503;
        return "OVERLOAD_LIMIT";
    case KT_LIMIT:
        *status = 503;
        return "QUERY_LIMIT_EXCEEDED";
    case KT_STORAGE:
        *status = 500;
        return "INTERNAL_SERVER_ERROR";
    case KT_VALIDATION:
    case KT_CONFLICT:
    case KT_BAD_STATE:
    case KT_RULE:
        break;
    }
    *status = 400;
    return "ERROR_CORE";
}

kt_str b24_description(kt_tx *tx, const kt_error *error, const char *code)
{
    kt_str text = KT_STR("");
    kt_problem p = kt_problem_at(error, 0);
    for (size_t i = 0; p.kind && text.ptr; p = kt_problem_at(error, ++i)) {
        bool named = p.path && strcmp(p.path, code) != 0;
        text = kt_format(tx, "%s%s%s%s%s", text.ptr, text.len ? "; " : "", named ? p.path : "",
            named ? ": " : "", kt_say(tx, p.text).ptr);
    }
    return text;
}

kt_value b24_error(kt_tx *tx, const kt_error *error)
{
    kt_maker made = KT_MAKE_OBJECT;
    unsigned status;
    const char *code = b24_code(error, &status);
    kt_put(tx, &made, "error", kt_value_str((kt_str){code, strlen(code)}));
    kt_put(tx, &made, "error_description", kt_value_str(b24_description(tx, error, code)));
    return made.value;
}

static void refuse_request(
    kt_tx *tx, const kt_web_request *r, const kt_error *error, kt_web_response *response)
{
    kt_maker all = KT_MAKE_OBJECT;
    const char *code = b24_code(error, &response->status);
    if (r->stranger && kt_problem_at(error, 0).kind == KT_FORBIDDEN) {
        code = r->token.len ? "INVALID_CREDENTIALS" : "NO_AUTH_FOUND";
        response->status = 401;
    }
    kt_put(tx, &all, "error", kt_value_str((kt_str){code, strlen(code)}));
    kt_put(tx, &all, "error_description", kt_value_str(b24_description(tx, error, code)));
    kt_error *worse = kt_json_write(tx, &all.value, &response->body);
    if (worse)
        response->body = KT_STR("{\"error\":\"INTERNAL_SERVER_ERROR\",\"error_description\":\"\"}");
}

static const kt_route routes[] = {{"/rest/", read_request, answer_request, refuse_request}, {0}};

const kt_module kontor_module = KT_MODULE("bitrix24", "1.0.0", "Bitrix24's REST form",
    "Interfejs REST Bitrix24", .needs = "base crm", .entities = own_entities, .routes = routes);

/* web.c -- what modules answer over HTTP. Their functions see a request and a transaction, never a socket. */
#include "bus/web.h"

static const kt_route *route_of(const kt_module *module, kt_str path)
{
    for (const kt_route *r = module->routes; r && r->prefix; r++)
        if (str_starts(path, str_of(r->prefix)))
            return r;
    return NULL;
}

const kt_route *web_route(const model_catalogue *catalogue, kt_str path)
{
    const model_sources *sources = model_catalogue_sources(catalogue);
    const kt_route *found = NULL;
    for (size_t i = 0; !found && sources->modules && sources->modules[i]; i++)
        found = route_of(sources->modules[i], path);
    return found;
}

bool web_serves(bus *b, const char *path)
{
    const model_catalogue *catalogue = plugins_hold(b->options.plugins);
    bool serves = web_route(catalogue, str_of(path)) != NULL;
    model_catalogue_release(catalogue);
    return serves;
}

bool web_target(const call *c, const model_catalogue *catalogue, target *t)
{
    *t = (target){.route = web_route(catalogue, c->web->path), .right = "login"};
    if (t->route && t->route->open)
        t->right = "public";
    t->mode = c->web->request.writes ? METHOD_WRITE : METHOD_READ;
    return t->route != NULL;
}

kt_error *web_run(const target *t, call *c, kt_tx *tx)
{
    c->web->response = (kt_web_response){0};
    KT_TRY(t->route->run(tx, &c->web->request, &c->web->response));
    buffer_add_str(&c->answer, c->web->response.body);
    return NULL;
}

/* What a route's read and refuse get: memory, language and the clock. */
static kt_tx bare_tx(const call *c)
{
    return (kt_tx){
        .arena = c->arena, .lang = c->error_lang, .now = clock_now(), .request_id = str_of(c->request_id)};
}

void web_answer(call *c, buffer *out, outcome *o)
{
    kt_web_response *response = &c->web->response;
    kt_str body = buffer_str(&c->answer);
    if (c->error) {
        kt_tx tx = bare_tx(c);
        *response = (kt_web_response){.status = 500};
        c->web->route->refuse(&tx, &c->web->request, c->error, response);
        body = response->body;
    }
    buffer_add_str(out, body);
    o->status = response->status ? response->status : 200;
    o->type = response->type.ptr ? response->type : KT_STR("application/json");
}

/* ---- A request becomes a call ---- */

static kt_str keep(arena *arena, kt_str s)
{
    return s.ptr ? arena_str(arena, s) : (kt_str){0};
}

static bool keep_request(arena *arena, const kt_web_request *from, kt_web_request *to)
{
    kt_web_pair *query = ARENA_ARRAY(arena, kt_web_pair, from->query_count + 1);
    *to = *from;
    to->path = keep(arena, from->path);
    to->type = keep(arena, from->type);
    to->body = keep(arena, from->body);
    bool whole = query && to->path.ptr && (to->body.ptr || !from->body.ptr);
    for (size_t i = 0; whole && i < from->query_count; i++) {
        query[i] = (kt_web_pair){keep(arena, from->query[i].name), keep(arena, from->query[i].value)};
        whole = query[i].name.ptr != NULL;
    }
    to->query = query;
    return whole;
}

/* Makes the call; c->error is set if it is refused before it starts. */
static void read_request(call *c, const kt_web_request *request, const envelope *e)
{
    web_call *web = c->web;
    c->error = keep_request(c->arena, request, &web->request) ? NULL : error_no_memory();
    if (!c->error && atomic_load(&c->bus->draining))
        c->error = error_make(
            c->arena, KT_UNAVAILABLE, NULL, "the server is stopping", "serwer właśnie się zatrzymuje");
    if (c->error)
        return;
    kt_tx tx = bare_tx(c);
    web->request.token = e->token;
    c->error = web->route->read(&tx, &web->request);
    if (!c->error)
        c->error = tx.doomed;
    c->token = keep(c->arena, web->request.token);
}

void web_exchange(
    bus *b, const kt_web_request *request, const envelope *e, exchange_reply reply, void *context)
{
    arena *arena = arena_open(CALL_ARENA_MAX);
    exchange *x = arena ? ARENA_NEW(arena, exchange) : NULL;
    call *c = x ? ARENA_NEW(arena, call) : NULL;
    web_call *web = c ? ARENA_NEW(arena, web_call) : NULL;
    const model_catalogue *catalogue = plugins_hold(b->options.plugins);
    const kt_route *route = web_route(catalogue, request->path);
    model_catalogue_release(catalogue); /* its functions stay: modules are never unloaded */
    if (!web || !route) {
        arena_close(arena);
        reply(context, (kt_str){0}, &(outcome){.kind = KT_UNAVAILABLE, .status = 503});
        return;
    }
    atomic_fetch_add(&b->running, 1);
    web->route = route;
    web->path = str_of(route->prefix);
    kt_web_request asked = *request;
    asked.path = (kt_str){request->path.ptr + web->path.len, request->path.len - web->path.len};
    *c = (call){.exchange = x,
        .bus = b,
        .arena = arena,
        .method = web->path,
        .lang = keep(arena, e->lang),
        .error_lang = e->lang.len ? "pl" : "en",
        .began_us = clock_monotonic_us(), /* also of one that is refused before it starts */
        .web = web};
    *x = (exchange){.bus = b, .arena = arena, .reply = reply, .context = context, .calls = c, .count = 1};
    x->remote = keep(arena, e->remote);
    buffer_open(&c->answer, CALL_ANSWER_MAX);
    buffer_open(&x->out, 2 * CALL_ANSWER_MAX);
    bus_request_id(b, c->request_id);
    read_request(c, &asked, e);
    exchange_go_on(x);
}

/* worker.c -- a worker's life: it waits for a message, runs what it names, answers. It starts with a warm
 * state and keeps nothing of a run but compiled chunks. */
#include "automation/worker.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kit/str.h"

#define CHUNKS_KEY  "kontor.chunks"
#define GARBAGE_MAX ((size_t)4 << 20) /* collected before the next run */

static const char rule_key; /* its address: of the table that the text declared */
static int64_t generation;  /* of the chunks */

/* ---- Messages ---- */

static kt_str receive(worker *w)
{
    ssize_t n;
    do
        n = recv(w->socket, w->in, MESSAGE_MAX, 0);
    while (n < 0 && errno == EINTR);
    if (n <= 0)
        _exit(0); /* the server is gone, or has given this worker up */
    return (kt_str){w->in, (size_t)n};
}

static void transmit(worker *w)
{
    if (w->out.full || send(w->socket, w->out.ptr, w->out.len, MSG_NOSIGNAL) < 0)
        _exit(4);
}

kt_str worker_exchange(worker *w)
{
    transmit(w);
    return receive(w);
}

/* ---- What a rule's text calls ---- */

/* rule {..}: keeps the table for whoever runs the text. */
static int declare(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    lua_pushvalue(L, 1);
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &rule_key) != LUA_TNIL)
        return luaL_error(L, "a text holds one rule");
    lua_pop(L, 1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &rule_key);
    return 0;
}

const luaL_Reg rule_functions[] = {{"rule", declare}, {0}};

/* Runs a text's chunk (on top, popped) in a fresh environment and pushes the table that it declared. */
static void evaluate(lua_State *L)
{
    sandbox_environment(L);
    lua_setupvalue(L, -2, 1);
    lua_pushnil(L);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &rule_key);
    lua_call(L, 0, 0);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &rule_key);
    if (!lua_istable(L, -1))
        luaL_error(L, "the text declares no rule {..}");
    lua_pushnil(L);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &rule_key);
}

void worker_load(lua_State *L, kt_str name, kt_str text)
{
    const char *chunk = lua_pushfstring(L, "=%s", lua_pushlstring(L, name.ptr, name.len));
    if (luaL_loadbufferx(L, text.ptr, text.len, chunk, "t"))
        lua_error(L);
    lua_replace(L, -3);
    lua_pop(L, 1);
}

/* ---- Compiling: the text is run once, and its table told ---- */

static void describe_functions(lua_State *L, buffer *out)
{
    uint32_t count = 0;
    pack_name(out, KT_STR("functions"));
    size_t at = pack_open(out, 'M');
    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
        lua_Debug about;
        if (lua_type(L, -2) != LUA_TSTRING || !lua_isfunction(L, -1))
            continue;
        size_t n;
        const char *name = lua_tolstring(L, -2, &n);
        lua_pushvalue(L, -1);
        const char *parameter = lua_getlocal(L, NULL, 1), *second = lua_getlocal(L, NULL, 2);
        lua_getinfo(L, ">S", &about);
        pack_name(out, (kt_str){name, n});
        pack_map(out, 4);
        pack_name(out, KT_STR("line"));
        pack_int(out, about.linedefined);
        pack_name(out, KT_STR("last"));
        pack_int(out, about.lastlinedefined);
        pack_name(out, KT_STR("parameter"));
        pack_str(out, str_of(parameter));
        pack_name(out, KT_STR("second"));
        pack_str(out, str_of(second));
        count++;
    }
    pack_close(out, at, count);
}

static int compile(lua_State *L)
{
    worker *w = worker_of(L);
    pack_reader *in = lua_touserdata(L, 1);
    kt_str name = pack_next_str(in), text = pack_next_str(in);
    sandbox_begin(w, pack_next_int(in));
    w->compiling = true;
    worker_load(L, name, text);
    evaluate(L);
    buffer_clear(&w->out);
    buffer_add_char(&w->out, 'K');
    uint32_t count = 1;
    size_t at = pack_open(&w->out, 'M');
    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
        size_t n;
        if (lua_type(L, -2) != LUA_TSTRING)
            return luaL_error(L, "a rule's keys are names");
        if (lua_isfunction(L, -1))
            continue;
        const char *key = lua_tolstring(L, -2, &n);
        pack_name(&w->out, (kt_str){key, n});
        pack_lua(L, -1, &w->out);
        count++;
    }
    describe_functions(L, &w->out);
    pack_close(&w->out, at, count);
    return 0;
}

/* ---- Running ---- */

typedef struct {
    pack_reader in;
    int64_t rule;   /* that runs, or ran last */
    size_t results; /* where the answer's list begins */
} run;

/* Pushes the compiled chunk of a rule, from the cache or the text that came with it. */
static void push_chunk(lua_State *L, int64_t key, kt_str name, kt_str text)
{
    lua_getfield(L, LUA_REGISTRYINDEX, CHUNKS_KEY);
    if (text.ptr) {
        worker_load(L, name, text);
        lua_pushvalue(L, -1);
        lua_rawseti(L, -3, key);
    } else if (lua_rawgeti(L, -1, key) != LUA_TFUNCTION) {
        luaL_error(L, "the rule's text is missing");
    }
    lua_remove(L, -2);
}

/* The record, or what a module's event carries, or nil. */
static void push_subject(lua_State *L, pack_reader *in, bool frozen)
{
    push_packed_fields(L, in);
    if (lua_istable(L, -1))
        push_record(L, frozen);
}

enum { AT_SUBJECT = 2, AT_BEFORE, AT_PAYLOAD, AT_EVENT };

/* Runs the next rule on the record that all share; what it changed is told with its steps. */
static void run_rule(lua_State *L, run *r, int64_t steps_max)
{
    worker *w = worker_of(L);
    int64_t key = pack_next_int(&r->in);
    kt_str name = pack_next_str(&r->in), function = pack_next_str(&r->in), text = pack_next_str(&r->in);
    if (r->in.bad)
        luaL_error(L, "the message is damaged");
    sandbox_begin(w, steps_max);
    push_chunk(L, key, name, text);
    evaluate(L);
    lua_pushlstring(L, function.ptr, function.len);
    if (lua_rawget(L, -2) != LUA_TFUNCTION)
        luaL_error(L, "the rule has no function %s", lua_tostring(L, -2));
    lua_pushvalue(L, AT_SUBJECT);
    lua_pushvalue(L, AT_BEFORE);
    lua_pushvalue(L, AT_PAYLOAD);
    lua_pushvalue(L, AT_EVENT);
    lua_call(L, 4, 0);
    lua_settop(L, AT_EVENT);
}

static void tell_result(lua_State *L, worker *w, buffer *results)
{
    pack_map(results, 2);
    pack_name(results, KT_STR("changes"));
    if (push_changes(L, AT_SUBJECT)) {
        pack_lua(L, -1, results);
        lua_pop(L, 1);
    } else {
        pack_map(results, 0);
    }
    pack_name(results, KT_STR("steps"));
    pack_int(results, sandbox_steps(w));
}

/* Answers are gathered apart: requests use the worker's own buffer meanwhile. */
static buffer results;

static int run_all(lua_State *L)
{
    run *r = lua_touserdata(L, 1);
    worker *w = worker_of(L);
    pack_reader *in = &r->in;
    sandbox_widen(L);
    w->compiling = false;
    w->now = (kt_time){pack_next(in).i};
    w->today = (kt_date){(int32_t)pack_next(in).i};
    w->offset_ms = pack_next_int(in);
    int64_t steps_max = pack_next_int(in), from = pack_next_int(in);
    if (from != generation) {
        lua_newtable(L);
        lua_setfield(L, LUA_REGISTRYINDEX, CHUNKS_KEY);
        generation = from;
    }
    kt_str event = pack_next_str(in);
    bool frozen = pack_next(in).kind == 'T';
    sandbox_begin(w, steps_max);
    push_subject(L, in, frozen);
    push_subject(L, in, true);
    push_packed(L, in);
    lua_pushlstring(L, event.ptr, event.len);
    int64_t count = pack_next_int(in);
    buffer_clear(&results);
    for (r->rule = 0; r->rule < count && !in->bad; r->rule++) {
        w->rule = r->rule;
        run_rule(L, r, steps_max);
        tell_result(L, w, &results);
    }
    buffer_clear(&w->out);
    buffer_add_char(&w->out, 'D');
    pack_list(&w->out, (uint32_t)count);
    buffer_add(&w->out, results.ptr, results.len);
    if (in->bad || w->out.full || results.full)
        luaL_error(L, "the rule's changes are too large");
    return 0;
}

/* ---- Errors ---- */

static void pack_member(lua_State *L, const char *name, buffer *out)
{
    size_t n = 0;
    lua_pushstring(L, name);
    lua_rawget(L, -2);
    const char *text = lua_type(L, -1) == LUA_TSTRING ? lua_tolstring(L, -1, &n) : NULL;
    pack_str(out, text ? (kt_str){text, n} : (kt_str){0});
    lua_pop(L, 1);
}

/* The error on top, popped. Never calls what the rule wrote: an error object's __tostring is not asked. */
static void tell_error(worker *w, int64_t rule)
{
    lua_State *L = w->L;
    size_t n = 0;
    buffer_clear(&w->out);
    buffer_add_char(&w->out, 'E');
    pack_int(&w->out, rule);
    if (luaL_testudata(L, -1, LUA_REFUSAL)) {
        lua_getiuservalue(L, -1, 1);
        pack_member(L, "text", &w->out);
        pack_str(&w->out, KT_STR("refuse"));
        pack_member(L, "field", &w->out);
        pack_member(L, "pl", &w->out);
        pack_member(L, "hint", &w->out);
        lua_pop(L, 2);
        return;
    }
    const char *text = lua_type(L, -1) == LUA_TSTRING ? lua_tolstring(L, -1, &n) : NULL;
    kt_str told = text ? (kt_str){text, n < 1000 ? n : 1000} : KT_STR("an error without a text");
    pack_str(&w->out, told);
    pack_str(&w->out, KT_STR("error"));
    for (int i = 0; i < 3; i++)
        pack_nil(&w->out);
    lua_pop(L, 1);
}

/* ---- Life ---- */

static void serve(worker *w, kt_str message)
{
    lua_State *L = w->L;
    run r = {.in = pack_read((kt_str){message.ptr + 1, message.len - 1})};
    lua_sethook(L, NULL, 0, 0);
    lua_settop(L, 0);
    char what = message.ptr[0];
    lua_pushcfunction(L, what == 'C' ? compile : what == 'T' ? template_run : run_all);
    lua_pushlightuserdata(L, what == 'R' ? (void *)&r : (void *)&r.in);
    if (lua_pcall(L, 1, 0, 0) != LUA_OK)
        tell_error(w, r.rule);
    lua_sethook(L, NULL, 0, 0);
    template_end(L);
    transmit(w);
    lua_settop(L, 0);
    if (w->heap > GARBAGE_MAX)
        lua_gc(L, LUA_GCCOLLECT);
}

void worker_main(int socket)
{
    static worker w;
    static char message[MESSAGE_MAX], in[MESSAGE_MAX];
    w = (worker){.socket = socket, .in = in};
    buffer_open(&w.out, MESSAGE_MAX);
    buffer_open(&w.text, MESSAGE_MAX);
    buffer_open(&results, MESSAGE_MAX);
    if (!sandbox_open(&w))
        _exit(5);
    lua_newtable(w.L);
    lua_setfield(w.L, LUA_REGISTRYINDEX, CHUNKS_KEY);
    for (;;) {
        kt_str got = receive(&w);
        memcpy(message, got.ptr, got.len); /* answers to requests overwrite it */
        serve(&w, (kt_str){message, got.len});
    }
}

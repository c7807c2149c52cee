/* spec_run.c -- see spec_run.h.
 *
 * A spec sees the Lua that rules see, and: describe, it, expect, call, refusal, await, use, include, settle,
 * advance, as. It speaks to the server over the bus, in JSON, like any client. */
#include "server/spec_run.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include "automation/worker.h"
#include "kit/calendar.h"
#include "kit/clock.h"
#include "kit/log.h"
#include "plugin/plugin.h"
#include "server/spec_expect.h"
#include "server/testing.h"

enum { MODULES_MAX = 64, FILES_MAX = 1024, TEXT_MAX = 1 << 20, PATH_MAX_BYTES = 1024 };
enum {
    RULE_MS = 2000
}; /* of a rule's run: specs look at what it does, on machines that do other things, too */

typedef struct {
    worker worker; /* first: worker_of gives it back */
    const options *options;
    arena *arena;
    const kt_module *modules[MODULES_MAX + 1];
    size_t module_count;
    const char *file;
    house *house;
    kt_str group; /* of describe */
    buffer junit;
    unsigned number, failed;
} specs;

static specs *specs_of(lua_State *L)
{
    return (specs *)worker_of(L);
}

static house *house_of(lua_State *L)
{
    specs *s = specs_of(L);
    if (!s->house)
        luaL_error(L, "there is a server only inside it(..)");
    return s->house;
}

/* ---- What a spec calls ---- */

/* Calls a method, by JSON; pushes the answer. */
static void send(lua_State *L)
{
    house *h = house_of(L);
    size_t n = 2;
    const char *params = "{}";
    const char *method = luaL_checkstring(L, 1);
    if (lua_istable(L, 2)) {
        lua_getfield(L, LUA_REGISTRYINDEX, "kontor.encode");
        lua_pushvalue(L, 2);
        lua_call(L, 1, 1);
        params = lua_tolstring(L, -1, &n);
        if (n == 2 && params[0] == '[') /* an empty table */
            params = "{}";
    }
    buffer message;
    buffer_open(&message, TEXT_MAX);
    buffer_add_format(
        &message, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\",\"params\":%s}", method, params);
    kt_str answer = house_send(h, house_token(h), buffer_str(&message));
    buffer_close(&message);
    push_json(L, answer);
}

/* Pushes the kind and the first message of the answer's error. */
static void push_problem(lua_State *L, int answer)
{
    lua_getfield(L, answer, "error");
    lua_getfield(L, -1, "data");
    lua_getfield(L, -1, "kind");
    lua_getfield(L, -2, "problems");
    lua_geti(L, -1, 1);
    lua_getfield(L, -1, "message");
    lua_remove(L, -2);
    lua_remove(L, -2);
}

static int call(lua_State *L)
{
    send(L);
    int answer = lua_gettop(L);
    if (lua_getfield(L, answer, "error") == LUA_TNIL) {
        lua_getfield(L, answer, "result");
        return 1;
    }
    push_problem(L, answer);
    return luaL_error(L, "%s: %s", lua_tostring(L, 1), lua_tostring(L, -1));
}

/* The kind and the first message of a refusal; nil if it succeeded. */
static int refusal(lua_State *L)
{
    send(L);
    int answer = lua_gettop(L);
    if (lua_getfield(L, answer, "error") == LUA_TNIL)
        return 1;
    push_problem(L, answer);
    return 2;
}

/* await(answer): waits until the job that an answer is, or names, is done; its result. */
static int await(lua_State *L)
{
    static const struct timespec nap = {.tv_nsec = 1000000};
    luaL_checktype(L, 1, LUA_TTABLE);
    if (lua_getfield(L, 1, "job") == LUA_TNIL)
        lua_getfield(L, 1, "id");
    luaL_argcheck(L, lua_isinteger(L, -1), 1, "a job, or what names one");
    const lua_Integer job = lua_tointeger(L, -1);
    const char *state = "queued";
    while (strcmp(state, "queued") == 0 || strcmp(state, "running") == 0) {
        nanosleep(&nap, NULL); /* it runs on a thread of its own */
        lua_settop(L, 0);
        lua_pushliteral(L, "job.get");
        lua_newtable(L);
        lua_pushinteger(L, job);
        lua_setfield(L, 2, "id");
        call(L);
        lua_replace(L, 1);
        lua_settop(L, 1);
        lua_getfield(L, 1, "state");
        state = lua_tostring(L, 2);
    }
    if (strcmp(state, "done") != 0)
        return luaL_error(L, "job %d is %s, not done", (int)job, state);
    lua_getfield(L, 1, "result");
    return 1;
}

static int settle(lua_State *L)
{
    lua_pushinteger(L, house_settle(house_of(L)));
    return 1;
}

/* now() and today() of a spec are the virtual clock's. */
static void show_clock(specs *s)
{
    s->worker.now = clock_now();
    s->worker.today = zone_date(NULL, s->worker.now);
}

/* advance("3 days"): the clock moves, and whoever is logged in logs in again. */
static int advance(lua_State *L)
{
    house *h = house_of(L);
    specs *s = specs_of(L);
    show_clock(s);
    kt_time to = check_due(L, 1);
    clock_advance(to.ms - s->worker.now.ms);
    show_clock(s);
    (void)house_settle(h);
    house_as(h, house_login(h, "admin", HOUSE_PASSWORD));
    return 0;
}

static int as(lua_State *L)
{
    house *h = house_of(L);
    house_as(h, house_login(h, luaL_checkstring(L, 1), luaL_checkstring(L, 2)));
    return 0;
}

static bool read_file(arena *arena, const char *path, kt_str *text)
{
    struct stat about;
    FILE *file = fopen(path, "re");
    bool sound = file && fstat(fileno(file), &about) == 0 && about.st_size < TEXT_MAX;
    char *bytes = sound ? arena_alloc(arena, (size_t)about.st_size + 1) : NULL;
    size_t n = bytes ? fread(bytes, 1, (size_t)about.st_size, file) : 0;
    bool read = bytes && !ferror(file);
    if (file)
        fclose(file);
    *text = (kt_str){bytes, n};
    return read;
}

/* use "greet_lead": the rule of the rules' folder, stored and switched on; its id. */
static int use(lua_State *L)
{
    specs *s = specs_of(L);
    kt_str text;
    const char *name = luaL_checkstring(L, 1);
    const char *folder = s->options->rules_directory ? s->options->rules_directory : ".";
    kt_str path = arena_format(s->arena, "%s/%s.lua", folder, name);
    if (!path.ptr || !read_file(s->arena, path.ptr, &text))
        return luaL_error(L, "%s cannot be read", path.ptr ? path.ptr : name);
    lua_settop(L, 0);
    lua_pushliteral(L, "automation.rule.create");
    lua_newtable(L);
    lua_newtable(L);
    lua_pushstring(L, name);
    lua_setfield(L, -2, "name");
    lua_pushlstring(L, text.ptr, text.len);
    lua_setfield(L, -2, "text");
    lua_setfield(L, 2, "values");
    call(L);
    lua_getfield(L, -1, "id");
    lua_Integer id = lua_tointeger(L, -1);
    lua_settop(L, 0);
    lua_pushliteral(L, "automation.rule.enable");
    lua_newtable(L);
    lua_pushinteger(L, id);
    lua_setfield(L, 2, "id");
    call(L);
    lua_pushinteger(L, id);
    return 1;
}

static kt_error *first_enabling(kt_tx *tx, void *context)
{
    const kt_module *module = context;
    if (module->migrate)
        KT_TRY(module->migrate(tx, NULL));
    return plugins_roles_make(tx, module);
}

/* upkeep "crm": what the module does when it is enabled for the first time; its rules and its roles. */
static int upkeep(lua_State *L)
{
    specs *s = specs_of(L);
    const char *name = luaL_checkstring(L, 1);
    for (size_t i = 0; i < s->module_count; i++) {
        kt_module module = *s->modules[i];
        if (strcmp(module.name, name) != 0)
            continue;
        kt_error *error = server_write(house_server(house_of(L)), s->arena, first_enabling, &module);
        return error ? luaL_error(L, "%s", error_text(error)) : 0;
    }
    return luaL_error(L, "there is no module %s", name);
}

/* ---- describe and it ---- */

static int describe(lua_State *L)
{
    specs *s = specs_of(L);
    kt_str before = s->group;
    luaL_checktype(L, 2, LUA_TFUNCTION);
    s->group = arena_format(
        s->arena, "%s%s%s", before.len ? before.ptr : "", before.len ? " / " : "", luaL_checkstring(L, 1));
    lua_settop(L, 2);
    lua_call(L, 0, 0);
    s->group = before;
    return 0;
}

static void add_escaped(buffer *out, const char *text)
{
    for (; *text; text++) {
        const char *name = *text == '<' ? "&lt;" : *text == '&' ? "&amp;" : *text == '"' ? "&quot;" : NULL;
        if (name)
            buffer_add_str(out, str_of(name));
        else
            buffer_add_char(out, *text);
    }
}

static void report(specs *s, const char *name, const char *problem, int64_t us)
{
    const char *group = s->group.len ? s->group.ptr : s->file;
    s->number++;
    s->failed += problem != NULL;
    (void)printf("%sok %u - %s: %s\n", problem ? "not " : "", s->number, group, name);
    if (problem)
        (void)printf("  ---\n  message: %s\n  file: %s\n  ...\n", problem, s->file);
    buffer_add_str(&s->junit, KT_STR("  <testcase classname=\""));
    add_escaped(&s->junit, group);
    buffer_add_str(&s->junit, KT_STR("\" name=\""));
    add_escaped(&s->junit, name);
    buffer_add_format(
        &s->junit, "\" time=\"%lld.%06lld\"", (long long)(us / 1000000), (long long)(us % 1000000));
    if (problem) {
        buffer_add_str(&s->junit, KT_STR("><failure message=\""));
        add_escaped(&s->junit, problem);
        buffer_add_str(&s->junit, KT_STR("\"/></testcase>\n"));
    } else
        buffer_add_str(&s->junit, KT_STR("/>\n"));
}

static int it(lua_State *L)
{
    specs *s = specs_of(L);
    const char *name = luaL_checkstring(L, 1);
    luaL_checktype(L, 2, LUA_TFUNCTION);
    int64_t began = clock_elapsed_us();
    s->house = house_open_patient(s->modules, s->options->rule_ms ? s->options->rule_ms : RULE_MS);
    show_clock(s);
    lua_settop(L, 2);
    lua_pushvalue(L, 2);
    bool held = lua_pcall(L, 0, 0, 0) == LUA_OK;
    house_close(s->house);
    s->house = NULL;
    report(s, name, held ? NULL : luaL_tolstring(L, -1, NULL), clock_elapsed_us() - began);
    return 0;
}

/* ---- Files ---- */

/* Runs a text, which sees what specs see, and leaves what it returns. */
static void run_chunk(lua_State *L, const char *name, kt_str text)
{
    const int before = lua_gettop(L);
    const int status = luaL_loadbufferx(L, text.ptr, text.len, lua_pushfstring(L, "=%s", name), "t");
    lua_remove(L, before + 1);
    if (status != LUA_OK)
        (void)lua_error(L);
    lua_getfield(L, LUA_REGISTRYINDEX, "kontor.specs");
    lua_setupvalue(L, -2, 1);
    lua_call(L, 0, LUA_MULTRET);
}

/* include "company": runs company.lua, which lies beside the spec; what it returns. */
static int include(lua_State *L)
{
    specs *s = specs_of(L);
    kt_str text;
    size_t n;
    const char *name = luaL_checklstring(L, 1, &n);
    luaL_argcheck(L, n && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == n, 1,
        "a name of a file without .lua");
    const char *end = strrchr(s->file, '/');
    kt_str path = arena_format(s->arena, "%.*s%s.lua", end ? (int)(end - s->file) + 1 : 0, s->file, name);
    if (!path.ptr || !read_file(s->arena, path.ptr, &text))
        return luaL_error(L, "%s cannot be read", path.ptr ? path.ptr : name);
    lua_settop(L, 0);
    run_chunk(L, path.ptr, text);
    return lua_gettop(L);
}

static const luaL_Reg spec_functions[] = {{"describe", describe}, {"it", it}, {"expect", spec_expect},
    {"call", call}, {"refusal", refusal}, {"await", await}, {"use", use}, {"include", include},
    {"settle", settle}, {"advance", advance}, {"as", as}, {"upkeep", upkeep}, {0}};

static int run_text(lua_State *L)
{
    specs *s = specs_of(L);
    const kt_str *text = lua_touserdata(L, 1);
    sandbox_widen(L);
    sandbox_environment(L);
    lua_getfield(L, -1, "json");
    lua_getfield(L, -1, "encode");
    lua_setfield(L, LUA_REGISTRYINDEX, "kontor.encode");
    lua_pop(L, 1);
    luaL_setfuncs(L, spec_functions, 0);
    lua_setfield(L, LUA_REGISTRYINDEX, "kontor.specs");
    run_chunk(L, s->file, *text);
    return 0;
}

static void run_file(specs *s, const char *path)
{
    kt_str text;
    s->file = path;
    s->worker.compiling = true; /* a spec speaks over the bus, not as a rule does */
    lua_State *L = sandbox_open(&s->worker);
    if (!L || !read_file(s->arena, path, &text)) {
        report(s, path, "cannot be read", 0);
    } else {
        lua_pushcfunction(L, run_text);
        lua_pushlightuserdata(L, &text);
        if (lua_pcall(L, 1, 0, 0) != LUA_OK)
            report(s, path, luaL_tolstring(L, -1, NULL), 0);
    }
    if (L)
        lua_close(L);
}

static int by_name(const void *a, const void *b)
{
    const char *const *x = a, *const *y = b;
    return strcmp(*x, *y);
}

/* Names in a folder that end so, in order. */
static size_t names_in(arena *arena, const char *folder, const char *end, const char **names, size_t most)
{
    size_t count = 0, n = strlen(end);
    DIR *dir = opendir(folder);
    for (struct dirent *e = dir ? readdir(dir) : NULL; e && count < most; e = readdir(dir)) {
        size_t length = strlen(e->d_name);
        if (length > n && strcmp(e->d_name + length - n, end) == 0)
            names[count++] = arena_str(arena, str_of(e->d_name)).ptr;
    }
    if (dir)
        closedir(dir);
    if (count)
        qsort(names, count, sizeof *names, by_name);
    return count;
}

/* --modules says which; all, without it. */
static bool is_chosen(const options *o, const char *file)
{
    const size_t n = strlen(file) - 3; /* .so */
    bool chosen = !o->modules_given;
    for (size_t i = 0; !chosen && i < o->modules_count; i++)
        chosen = strlen(o->modules[i]) == n && strncmp(o->modules[i], file, n) == 0;
    return chosen;
}

/* base stands in front of what needs it. */
/* Is each module loaded that was named? */
static bool has_all(const specs *s, const char *folder)
{
    for (size_t i = 0; i < s->options->modules_count; i++) {
        size_t at = 0;
        while (at < s->module_count && strcmp(s->modules[at]->name, s->options->modules[i]) != 0)
            at++;
        if (at == s->module_count) {
            (void)fprintf(stderr, "kontord: there is no module %s in %s\n", s->options->modules[i], folder);
            return false;
        }
    }
    return true;
}

static bool load_modules(specs *s, const char *folder)
{
    const char *names[MODULES_MAX];
    size_t count = names_in(s->arena, folder, ".so", names, MODULES_MAX);
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < count; i++) {
            bool is_base = strcmp(names[i], "base.so") == 0;
            if (is_base != (pass == 0) || !is_chosen(s->options, names[i]))
                continue;
            kt_str path = arena_format(s->arena, "%s/%s", folder, names[i]);
            void *library = path.ptr ? dlopen(path.ptr, RTLD_NOW | RTLD_LOCAL) : NULL;
            const kt_module *module = library ? dlsym(library, "kontor_module") : NULL;
            if (!module) {
                (void)fprintf(stderr, "kontord: %s is no module\n", names[i]);
                return false;
            }
            s->modules[s->module_count++] = module;
        }
    return has_all(s, folder);
}

static bool write_junit(const specs *s)
{
    FILE *file = fopen(s->options->junit, "we");
    if (!file)
        return false;
    (void)fprintf(file,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"specs\" tests=\"%u\" "
        "failures=\"%u\">\n%.*s</testsuite>\n",
        s->number, s->failed, (int)s->junit.len, s->junit.ptr ? s->junit.ptr : "");
    return fclose(file) == 0;
}

int spec_run(arena *arena, const options *o)
{
    const char *names[FILES_MAX];
    specs *s = ARENA_NEW(arena, specs);
    if (!s)
        return 2;
    s->options = o;
    s->arena = arena;
    s->worker.socket = -1;
    buffer_open(&s->worker.out, MESSAGE_MAX);
    buffer_open(&s->junit, (size_t)64 << 20);
    automation_prepare(); /* before any library's code runs */
    log_level(KT_LOG_ERROR);
    if (!load_modules(s, o->modules_directory))
        return 2;
    struct stat about;
    if (stat(o->test, &about) != 0) {
        (void)fprintf(stderr, "kontord: %s: %s\n", o->test, strerrordesc_np(errno));
        return 2;
    }
    const bool is_file = S_ISREG(about.st_mode);
    size_t count = is_file ? 1 : names_in(arena, o->test, "_spec.lua", names, FILES_MAX);
    if (is_file)
        run_file(s, o->test);
    for (size_t i = 0; !is_file && i < count; i++)
        run_file(s, arena_format(arena, "%s/%s", o->test, names[i]).ptr);
    (void)printf("1..%u\n", s->number);
    if (!count)
        (void)fprintf(stderr, "kontord: there is no *_spec.lua in %s\n", o->test);
    if (o->junit && !write_junit(s))
        (void)fprintf(stderr, "kontord: %s: %s\n", o->junit, strerrordesc_np(errno));
    buffer_close(&s->worker.out);
    buffer_close(&s->junit);
    return s->failed || !count ? 1 : 0;
}

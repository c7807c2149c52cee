/* conf.c -- the conf file: Lua's syntax, so that it has comments and no second parser, but none of its
 * libraries and a bound on what it may do. Its globals are the keys. */
#include <errno.h>
#include <fcntl.h>
#include <lua5.4/lauxlib.h>
#include <lua5.4/lua.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/options.h"

#define CONF_BYTES_MAX 65536
#define INSTRUCTIONS   1000000
#define MEMORY_MAX     ((size_t)4 << 20)

typedef struct {
    arena *arena;
    options *options;
    const char *path;
    bool secret;
    kt_error *errors;
} reading;

static kt_error *read_file(arena *arena, const char *path, kt_str *text, mode_t *mode)
{
    struct stat stat;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = -1;
    char *bytes = arena_alloc(arena, CONF_BYTES_MAX);
    if (fd >= 0 && bytes && fstat(fd, &stat) == 0)
        n = read(fd, bytes, CONF_BYTES_MAX);
    int code = errno;
    if (fd >= 0)
        close(fd);
    if (n < 0)
        return error_make(arena, KT_VALIDATION, NULL, "%s", "%s", strerrordesc_np(code));
    if (n == CONF_BYTES_MAX)
        return error_make(
            arena, KT_LIMIT, NULL, "larger than %d bytes", "większy niż %d bajtów", CONF_BYTES_MAX);
    *text = (kt_str){bytes, (size_t)n};
    *mode = stat.st_mode;
    return NULL;
}

/* ---- Keys ---- */

static void complain(reading *r, const char *key, const char *en, const char *pl)
{
    kt_also(&r->errors, error_make(r->arena, KT_VALIDATION, key, "%s", "%s", en));
    (void)pl;
}

static const char *read_text(lua_State *lua, reading *r, const char *key)
{
    size_t n;
    if (lua_type(lua, -1) != LUA_TSTRING) {
        complain(r, key, "a string was expected", "oczekiwano napisu");
        return NULL;
    }
    const char *text = lua_tolstring(lua, -1, &n);
    return arena_str(r->arena, (kt_str){text, n}).ptr;
}

static size_t read_list(lua_State *lua, reading *r, const char *key, const char **list)
{
    size_t count = 0;
    if (lua_type(lua, -1) == LUA_TSTRING) {
        list[0] = read_text(lua, r, key);
        return 1;
    }
    if (!lua_istable(lua, -1)) {
        complain(r, key, "a list of strings was expected", "oczekiwano listy napisów");
        return 0;
    }
    for (lua_Integer i = 1;; i++) {
        lua_rawgeti(lua, -1, i);
        bool end = lua_isnil(lua, -1);
        if (!end && count >= OPTION_LIST_MAX)
            complain(r, key, "too many", "za dużo");
        else if (!end)
            list[count++] = read_text(lua, r, key);
        lua_pop(lua, 1);
        if (end || count >= OPTION_LIST_MAX)
            return count;
    }
}

static uint32_t read_number(lua_State *lua, reading *r, const char *key)
{
    int whole = 0;
    lua_Integer n = lua_type(lua, -1) == LUA_TNUMBER ? lua_tointegerx(lua, -1, &whole) : 0;
    if (!whole || n < 1 || n > 1 << 30)
        complain(r, key, "a whole number above zero was expected",
            "oczekiwano liczby całkowitej większej od zera");
    return (uint32_t)n;
}

static void read_limit(lua_State *lua, reading *r, const char *key)
{
    const struct {
        const char *key;
        uint32_t *to;
    } limits[] = {
        {"message_bytes", &r->options->message_bytes},
        {"batch_calls", &r->options->batch_calls},
        {"depth", &r->options->depth},
        {"slow_threads", &r->options->slow_threads},
        {"request_ms", &r->options->request_ms},
        {"slow_call_ms", &r->options->slow_call_ms},
        {"rule_ms", &r->options->rule_ms},
        {"rule_steps", &r->options->rule_steps},
        {"renderers", &r->options->renderers},
        {"read_log_days", &r->options->read_log_days},
    };
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
        if (strcmp(key, limits[i].key) == 0) {
            *limits[i].to = read_number(lua, r, key);
            return;
        }
    complain(r, key, "unknown key in limits", "nieznany klucz w limits");
}

/* Calls each for every member of the table on top of the stack, with its value there. */
static void read_members(
    lua_State *lua, reading *r, const char *table, void (*each)(lua_State *lua, reading *r, const char *key))
{
    if (!lua_istable(lua, -1)) {
        complain(r, table, "a table was expected", "oczekiwano tabeli");
        return;
    }
    for (lua_pushnil(lua); lua_next(lua, -2); lua_pop(lua, 1)) {
        if (lua_type(lua, -2) != LUA_TSTRING)
            complain(r, table, "keys are names", "klucze są nazwami");
        else
            each(lua, r, arena_str(r->arena, str_of(lua_tostring(lua, -2))).ptr);
    }
}

/* ---- What leaves the server ---- */

/* A secret stands in the file, which nobody else may read then, or in a file of its own: {file = "/run/..."}.
 */
static const char *read_secret_text(lua_State *lua, reading *r, const char *key)
{
    kt_str text = {0};
    mode_t mode;
    if (!lua_istable(lua, -1)) {
        r->secret = true;
        return read_text(lua, r, key);
    }
    lua_getfield(lua, -1, "file");
    const char *path = read_text(lua, r, key);
    lua_pop(lua, 1);
    kt_error *error = path ? read_file(r->arena, path, &text, &mode) : NULL;
    if (error)
        complain(r, key, error_text(error), "nie da się odczytać pliku");
    while (text.len && (text.ptr[text.len - 1] == '\n' || text.ptr[text.len - 1] == '\r'))
        text.len--;
    return arena_str(r->arena, text).ptr;
}

static void add_rate(reading *r, const char *target, outbox_rate rate)
{
    options *o = r->options;
    rate.target = target;
    if (o->rates_count >= OPTION_LIST_MAX)
        complain(r, "rates", "too many", "za dużo");
    else
        o->rates[o->rates_count++] = rate;
}

static void read_rate(lua_State *lua, reading *r, const char *key)
{
    outbox_rate rate;
    const char *text = read_text(lua, r, key);
    if (text && outbox_rate_read(str_of(text), &rate))
        add_rate(r, key, rate);
    else if (text)
        complain(r, key, "\"500/hour\", \"60/minute\" or \"2000/day\" was expected",
            "oczekiwano \"500/hour\", \"60/minute\" albo \"2000/day\"");
}

static void read_mail(lua_State *lua, reading *r, const char *key)
{
    mail_account *m = &r->options->outbox.mail;
    const struct {
        const char *key, **to;
    } texts[] = {{"url", &m->url}, {"user", &m->user}, {"from", &m->from}, {"bounce", &m->bounce},
        {"certificates", &m->certificates}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (strcmp(key, texts[i].key) == 0) {
            *texts[i].to = read_text(lua, r, key);
            return;
        }
    if (strcmp(key, "password") == 0)
        m->password = read_secret_text(lua, r, key);
    else if (strcmp(key, "plain") == 0)
        m->plain = lua_toboolean(lua, -1);
    else if (strcmp(key, "a_minute") == 0)
        add_rate(r, "mail", (outbox_rate){.most = read_number(lua, r, key), .window_ms = 60000});
    else
        complain(r, key, "unknown key in mail", "nieznany klucz w mail");
}

static void read_webhooks(lua_State *lua, reading *r, const char *key)
{
    if (strcmp(key, "allowed") == 0)
        (void)read_list(lua, r, key, r->options->allowed);
    else if (strcmp(key, "sms") == 0)
        r->options->outbox.sms_url = read_text(lua, r, key);
    else if (strcmp(key, "chat") == 0)
        r->options->outbox.chat_url = read_text(lua, r, key);
    else
        complain(r, key, "unknown key in webhooks", "nieznany klucz w webhooks");
}

static void read_secret(lua_State *lua, reading *r, const char *key)
{
    options *o = r->options;
    if (o->secrets_count >= OPTION_LIST_MAX)
        complain(r, "secrets", "too many", "za dużo");
    else
        o->secrets[o->secrets_count++] = (outbox_secret){key, read_secret_text(lua, r, key)};
}

static void read_durability(lua_State *lua, reading *r)
{
    const char *text = read_text(lua, r, "durability");
    if (text && strcmp(text, "relaxed") == 0)
        r->options->relaxed = true;
    else if (text && strcmp(text, "full") != 0)
        complain(
            r, "durability", "\"full\" or \"relaxed\" was expected", "oczekiwano \"full\" albo \"relaxed\"");
}

static void read_level(lua_State *lua, reading *r)
{
    const char *text = read_text(lua, r, "log_level");
    r->options->debug = text && strcmp(text, "debug") == 0;
    if (text && strcmp(text, "debug") != 0 && strcmp(text, "info") != 0)
        complain(r, "log_level", "\"info\" or \"debug\" was expected", "oczekiwano \"info\" albo \"debug\"");
}

/* A text that the command line left open. */
static bool read_plain(lua_State *lua, reading *r, const char *key)
{
    options *o = r->options;
    const struct {
        const char *key, **to;
    } texts[] = {
        {"data", &o->data},
        {"http", &o->http},
        {"modules_directory", &o->modules_directory},
        {"rules_directory", &o->rules_directory},
        {"files", &o->files},
        {"log", &o->log},
        {"tls_directory", &o->tls_directory},
        {"drop_directory", &o->outbox.drop_directory},
        {"admin_password_file", &o->password_file},
        {"admin_password", &o->admin_password},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (strcmp(key, texts[i].key) != 0)
            continue;
        const char *text = read_text(lua, r, key);
        if (!*texts[i].to)
            *texts[i].to = text;
        r->secret = r->secret || texts[i].to == &o->admin_password;
        return true;
    }
    return false;
}

static void read_key(lua_State *lua, reading *r, const char *key)
{
    options *o = r->options;
    const char *spare[OPTION_LIST_MAX + 1] = {NULL};
    if (read_plain(lua, r, key))
        return;
    if (strcmp(key, "listen") == 0 && !o->listen_count) {
        o->listen_count = read_list(lua, r, key, o->listen);
    } else if (strcmp(key, "modules") == 0 && !o->modules_given) {
        o->modules_count = read_list(lua, r, key, o->modules);
        o->modules_given = true;
    } else if (strcmp(key, "listen") == 0 || strcmp(key, "modules") == 0) {
        (void)read_list(lua, r, key, spare); /* checked, though the command line wins */
    } else if (strcmp(key, "origins") == 0) {
        o->origins_count = read_list(lua, r, key, o->origins);
    } else if (strcmp(key, "trusted_proxies") == 0) {
        o->proxies_count = read_list(lua, r, key, o->proxies);
    } else if (strcmp(key, "limits") == 0) {
        read_members(lua, r, key, read_limit);
    } else if (strcmp(key, "mail") == 0) {
        read_members(lua, r, key, read_mail);
    } else if (strcmp(key, "webhooks") == 0) {
        read_members(lua, r, key, read_webhooks);
    } else if (strcmp(key, "rates") == 0) {
        read_members(lua, r, key, read_rate);
    } else if (strcmp(key, "secrets") == 0) {
        read_members(lua, r, key, read_secret);
    } else if (strcmp(key, "durability") == 0) {
        read_durability(lua, r);
    } else if (strcmp(key, "log_level") == 0) {
        read_level(lua, r);
    } else {
        complain(r, key, "unknown key", "nieznany klucz");
    }
}

/* ---- Running the file ---- */

static void *bounded(void *context, void *block, size_t old_size, size_t new_size)
{
    arena *arena = context; /* all of it goes at once, with the state */
    if (new_size == 0)
        return NULL;
    if (block && new_size <= old_size)
        return block;
    void *fresh = arena_alloc(arena, new_size);
    if (fresh && block)
        memcpy(fresh, block, old_size);
    return fresh;
}

static void stop(lua_State *lua, lua_Debug *debug)
{
    (void)debug;
    (void)luaL_error(lua, "the file runs for too long");
}

/* A protected function: whatever Lua throws ends in conf_read. */
static int run(lua_State *lua)
{
    reading *r = lua_touserdata(lua, 1);
    kt_str *text = lua_touserdata(lua, 2);
    lua_sethook(lua, stop, LUA_MASKCOUNT, INSTRUCTIONS);
    lua_newtable(lua); /* the file's globals */
    if (luaL_loadbufferx(lua, text->ptr, text->len, "=conf", "t") != LUA_OK)
        return lua_error(lua);
    lua_pushvalue(lua, -2);
    if (!lua_setupvalue(lua, -2, 1))
        lua_pop(lua, 1);
    lua_call(lua, 0, 0);
    for (lua_pushnil(lua); lua_next(lua, -2); lua_pop(lua, 1)) {
        if (lua_type(lua, -2) != LUA_TSTRING)
            continue;
        kt_str key = arena_str(r->arena, str_of(lua_tostring(lua, -2)));
        if (key.ptr)
            read_key(lua, r, key.ptr);
    }
    return 0;
}

kt_error *conf_read(arena *for_options, const char *path, options *options)
{
    kt_str text;
    mode_t mode = 0;
    reading r = {.arena = for_options, .options = options, .path = path};
    KT_TRY(read_file(for_options, path, &text, &mode));
    arena *memory = arena_open(MEMORY_MAX);
    lua_State *lua = memory ? lua_newstate(bounded, memory) : NULL;
    if (!lua) {
        arena_close(memory);
        return error_no_memory();
    }
    lua_pushcfunction(lua, run);
    lua_pushlightuserdata(lua, &r);
    lua_pushlightuserdata(lua, &text);
    if (lua_pcall(lua, 2, 0, 0) != LUA_OK) {
        const char *why = lua_tostring(lua, -1);
        kt_also(&r.errors,
            error_make(for_options, KT_VALIDATION, NULL, "%s", "%s", why ? why : "it cannot be run"));
    }
    lua_close(lua);
    arena_close(memory);
    if (mode & S_IWOTH)
        kt_also(&r.errors, error_make(for_options, KT_FORBIDDEN, NULL, "anybody may write to this file",
                               "każdy może pisać do tego pliku"));
    if (r.secret && (mode & S_IROTH))
        kt_also(&r.errors, error_make(for_options, KT_FORBIDDEN, NULL,
                               "it holds a password and anybody may read it: set its mode to 0600",
                               "zawiera hasło, a każdy może go czytać: ustaw tryb 0600"));
    return r.errors;
}

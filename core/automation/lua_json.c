/* lua_json.c -- JSON and Lua tables. null is nil in an object and stays a hole in a list; a fraction is read
 * as text, for a binary number would not be exact. */
#include "automation/worker.h"
#include "kit/calendar.h"
#include "kit/decimal.h"
#include "kit/json.h"

#define DEPTH_MAX PACK_DEPTH_MAX

typedef struct {
    lua_State *L;
    const char *at, *end;
} source;

static void fail(source *s)
{
    luaL_error(s->L, "this is not JSON");
}

static void blank(source *s)
{
    while (s->at < s->end && strchr(" \t\r\n", *s->at))
        s->at++;
}

static bool take(source *s, const char *word)
{
    size_t n = strlen(word);
    if ((size_t)(s->end - s->at) < n || memcmp(s->at, word, n) != 0)
        return false;
    s->at += n;
    return true;
}

static unsigned hex4(source *s)
{
    unsigned value = 0;
    if (s->end - s->at < 4)
        fail(s);
    for (int i = 0; i < 4; i++) {
        const char *digits = "0123456789abcdef";
        char c = *s->at++;
        const char *found = strchr(digits, c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c);
        if (!c || !found)
            fail(s);
        else
            value = value * 16 + (unsigned)(found - digits);
    }
    return value;
}

static void add_character(source *s, luaL_Buffer *out)
{
    unsigned code = hex4(s);
    if (code >= 0xd800 && code < 0xdc00 && take(s, "\\u"))
        code = 0x10000 + ((code - 0xd800) << 10) + (hex4(s) - 0xdc00) % 0x400;
    lua_pushfstring(s->L, "%U", (unsigned long)code);
    luaL_addvalue(out);
}

static void add_escaped(source *s, luaL_Buffer *out)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    char c = s->at < s->end ? *s->at++ : '\0';
    const char *found = c ? strchr(from, c) : NULL;
    if (c == 'u')
        add_character(s, out);
    else if (found)
        luaL_addchar(out, to[found - from]);
    else
        fail(s);
}

static void read_string(source *s)
{
    luaL_Buffer out;
    luaL_buffinit(s->L, &out);
    for (s->at++; s->at < s->end && *s->at != '"';) {
        char c = *s->at++;
        if (c == '\\')
            add_escaped(s, &out);
        else
            luaL_addchar(&out, c);
    }
    if (s->at == s->end)
        fail(s);
    s->at++;
    luaL_pushresult(&out);
}

static void read_number(source *s)
{
    const char *from = s->at;
    bool whole = true;
    while (s->at < s->end && strchr("+-0123456789.eE", *s->at)) {
        whole = whole && !strchr(".eE", *s->at);
        s->at++;
    }
    if (s->at == from)
        fail(s);
    lua_pushlstring(s->L, from, (size_t)(s->at - from));
    if (whole && lua_stringtonumber(s->L, lua_tostring(s->L, -1)))
        lua_remove(s->L, -2);
}

static void read_value(source *s, int depth);

static void read_list(source *s, int depth)
{
    lua_newtable(s->L);
    s->at++;
    blank(s);
    if (take(s, "]"))
        return;
    for (lua_Integer i = 1;; i++) {
        read_value(s, depth + 1);
        lua_rawseti(s->L, -2, i);
        blank(s);
        if (take(s, "]"))
            return;
        if (!take(s, ","))
            fail(s);
    }
}

static void read_object(source *s, int depth)
{
    lua_newtable(s->L);
    s->at++;
    blank(s);
    if (take(s, "}"))
        return;
    for (;;) {
        blank(s);
        if (s->at == s->end || *s->at != '"')
            fail(s);
        read_string(s);
        blank(s);
        if (!take(s, ":"))
            fail(s);
        read_value(s, depth + 1);
        lua_rawset(s->L, -3);
        blank(s);
        if (take(s, "}"))
            return;
        if (!take(s, ","))
            fail(s);
    }
}

static void read_value(source *s, int depth)
{
    luaL_checkstack(s->L, 8, "too deep");
    blank(s);
    if (depth > DEPTH_MAX || s->at == s->end)
        fail(s);
    else if (*s->at == '{')
        read_object(s, depth);
    else if (*s->at == '[')
        read_list(s, depth);
    else if (*s->at == '"')
        read_string(s);
    else if (take(s, "true"))
        lua_pushboolean(s->L, 1);
    else if (take(s, "false"))
        lua_pushboolean(s->L, 0);
    else if (take(s, "null"))
        lua_pushnil(s->L);
    else
        read_number(s);
}

void push_json(lua_State *L, kt_str text)
{
    source s = {L, text.ptr, text.ptr + text.len};
    read_value(&s, 0);
    blank(&s);
    if (s.at != s.end)
        fail(&s);
}

static int decode(lua_State *L)
{
    size_t n;
    const char *text = luaL_checklstring(L, 1, &n);
    push_json(L, (kt_str){text, n});
    return 1;
}

/* ---- Writing: by way of the packed form, which knows every kind of value ---- */

static void write_value(lua_State *L, pack_reader *in, json *out)
{
    pack_item item = pack_next(in);
    switch (item.kind) {
    case 'T':
    case 'F':
        json_bool(out, item.kind == 'T');
        return;
    case 'I':
        json_int(out, item.i);
        return;
    case 'R':
        luaL_error(L, "a binary fraction is not exact: write dec \"0.15\"");
        return;
    case 'D':
        json_dec(out, item.d);
        return;
    case 'd':
        json_date(out, (kt_date){(int32_t)item.i});
        return;
    case 't':
        json_time(out, (kt_time){item.i});
        return;
    case 'S':
        json_str(out, item.s);
        return;
    case 'X':
        luaL_error(L, "a secret is filled in only where an effect leaves");
        return;
    case 'L':
        json_array(out);
        for (uint32_t i = 0; i < item.count; i++)
            write_value(L, in, out);
        json_array_end(out);
        return;
    case 'M':
        json_object(out);
        for (uint32_t i = 0; i < item.count; i++) {
            json_key_str(out, pack_next_name(in));
            write_value(L, in, out);
        }
        json_object_end(out);
        return;
    default:
        json_null(out);
    }
}

/* The worker's own buffer is free: no request is under way. An error leaves nothing behind. */
static int encode(lua_State *L)
{
    static buffer text;
    worker *w = worker_of(L);
    buffer_clear(&w->out);
    pack_lua(L, 1, &w->out);
    pack_reader in = pack_read(buffer_str(&w->out));
    if (!text.max)
        buffer_open(&text, MESSAGE_MAX);
    buffer_clear(&text);
    json out = json_to(&text);
    write_value(L, &in, &out);
    if (text.full)
        return luaL_error(L, "more than %d bytes of JSON", (int)MESSAGE_MAX);
    lua_pushlstring(L, text.ptr, text.len);
    return 1;
}

const luaL_Reg json_functions[] = {{"decode", decode}, {"encode", encode}, {0}};

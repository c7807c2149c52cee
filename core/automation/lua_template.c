/* lua_template.c -- inside a worker: a template's chunk runs with functions that escape what it writes, and
 * with helpers that format it. What it wrote is sent on piece by piece. */
#include "automation/worker.h"
#include "document/barcode.h"
#include "document/escape.h"
#include "document/format.h"
#include "document/template.h"
#include "kit/calendar.h"
#include "kit/error.h"
#include "kit/str.h"

#define LUA_MARKUP  "kontor.markup" /* a string that is HTML already */
#define PIECE       ((size_t)64 << 10)
#define SCRATCH_MAX ((size_t)2 << 20)
#define VALUE_MAX   ((size_t)1 << 20) /* bytes that one value becomes */
#define INCLUDES    16                /* deep */

static const char depth_key; /* its address: of how deep includes are */

/* ---- Values as text ---- */

static words_language language_of(lua_State *L)
{
    return (words_language)worker_of(L)->language;
}

/* XML and CSV are read by programs: values are written as on the wire. */
static bool is_for_programs(lua_State *L)
{
    int64_t kind = worker_of(L)->kind;
    return kind == TEMPLATE_XML || kind == TEMPLATE_CSV;
}

/* Pushes what the buffer holds, and ends it. */
static int push_buffer(lua_State *L, buffer *text)
{
    bool full = text->full;
    if (!full)
        lua_pushlstring(L, text->len ? text->ptr : "", text->len);
    buffer_close(text);
    return full ? luaL_error(L, "a value longer than %d bytes", (int)VALUE_MAX) : 1;
}

static void put_moment(lua_State *L, const moment *m, bool is_long, buffer *out)
{
    const int64_t minutes = (m->ms + worker_of(L)->offset_ms) / 60000;
    format_day(out, language_of(L), moment_date(L, m), is_long);
    if (!m->is_time)
        return;
    buffer_add_char(out, ' ');
    format_minute(out, (int)((minutes % 1440 + 1440) % 1440));
}

static void push_text(lua_State *L, int index);

/* A record is written as the field that names it. */
static void push_title(lua_State *L, int index)
{
    push_fields(L, index);
    if (lua_getfield(L, -1, RECORD_PART) != LUA_TNIL)
        lua_getfield(L, index, "created_at"); /* of a link all is read now */
    push_fields(L, index);
    lua_getfield(L, -1, RECORD_TITLE);
    if (lua_isnil(L, -1) && lua_getfield(L, -2, RECORD_GONE) == LUA_TNIL)
        luaL_error(L, "a record without a title: write one of its fields");
    if (lua_isnil(L, -1) || lua_isboolean(L, -1))
        lua_pushliteral(L, "");
    else
        lua_gettable(L, index);
    push_text(L, lua_gettop(L));
}

static void push_userdata(lua_State *L, int index)
{
    buffer text;
    const moment *m = luaL_testudata(L, index, LUA_DAY);
    const kt_dec *d = luaL_testudata(L, index, LUA_DECIMAL);
    if (luaL_testudata(L, index, LUA_RECORD)) {
        push_title(L, index);
        return;
    }
    if ((!m && !d) || is_for_programs(L)) {
        luaL_tolstring(L, index, NULL);
        return;
    }
    buffer_open(&text, VALUE_MAX);
    if (m)
        put_moment(L, m, false, &text);
    else
        format_number(&text, language_of(L), *d);
    push_buffer(L, &text);
}

/* Pushes the value at index as people read it, or programs. */
static void push_text(lua_State *L, int index)
{
    static const char *const truth[2][2] = {{"no", "yes"}, {"nie", "tak"}};
    switch (lua_type(L, index)) {
    case LUA_TNIL:
    case LUA_TLIGHTUSERDATA:
        lua_pushliteral(L, "");
        return;
    case LUA_TBOOLEAN:
        if (is_for_programs(L))
            lua_pushstring(L, lua_toboolean(L, index) ? "true" : "false");
        else
            lua_pushstring(L, truth[language_of(L) == WORDS_POLISH][lua_toboolean(L, index)]);
        return;
    case LUA_TSTRING:
    case LUA_TNUMBER:
        lua_pushvalue(L, index);
        lua_tostring(L, -1);
        return;
    case LUA_TUSERDATA:
        push_userdata(L, index);
        return;
    default:
        luaL_error(L, "a %s cannot be written", luaL_typename(L, index));
    }
}

/* ---- What the chunk calls ---- */

static int write_text(lua_State *L)
{
    size_t n;
    worker *w = worker_of(L);
    const char *text = luaL_checklstring(L, 1, &n);
    for (size_t part; n; text += part, n -= part) {
        part = n < PIECE ? n : PIECE;
        buffer_add(&w->text, text, part);
        if (w->text.len >= PIECE)
            send_text(L);
    }
    return 0;
}

/* One function per place; the place is its upvalue. */
static int escape(lua_State *L)
{
    size_t n;
    buffer out;
    escape_place place = (escape_place)lua_tointeger(L, lua_upvalueindex(1));
    lua_settop(L, 1);
    if (luaL_testudata(L, 1, LUA_MARKUP)) {
        if (place != ESCAPE_TEXT)
            return luaL_error(L, "a barcode or a picture can stand between tags of HTML alone");
        lua_getiuservalue(L, 1, 1);
        return 1;
    }
    bool number = lua_type(L, 1) == LUA_TNUMBER || luaL_testudata(L, 1, LUA_DECIMAL);
    push_text(L, 1);
    const char *text = lua_tolstring(L, -1, &n);
    buffer_open(&out, VALUE_MAX);
    escape_put(&out, place, (kt_str){text, n}, number);
    return push_buffer(L, &out);
}

static void push_writers(lua_State *L)
{
    lua_newtable(L);
    lua_pushcfunction(L, write_text);
    lua_setfield(L, -2, "write");
    for (unsigned i = 0; escape_name(i); i++) {
        lua_pushinteger(L, i);
        lua_pushcclosure(L, escape, 1);
        lua_setfield(L, -2, escape_name(i));
    }
}

/* ---- Helpers ---- */

static int number(lua_State *L)
{
    buffer out;
    kt_dec value;
    if (lua_isnoneornil(L, 1))
        return 0;
    value = check_dec(L, 1);
    if (!lua_isnoneornil(L, 2)) {
        lua_Integer digits = luaL_checkinteger(L, 2);
        luaL_argcheck(L, digits >= 0 && digits <= KT_DEC_SCALE_MAX, 2, "0 to 9 digits");
        value = kt_dec_round(value, (uint8_t)digits);
    }
    buffer_open(&out, VALUE_MAX);
    format_number(&out, language_of(L), value);
    return push_buffer(L, &out);
}

/* short(value): without zeros behind the point. */
static int short_number(lua_State *L)
{
    buffer out;
    if (lua_isnoneornil(L, 1))
        return 0;
    kt_dec value = check_dec(L, 1);
    for (uint8_t digits = (uint8_t)(value.scale1 - 1); value.scale1 && digits > 0; digits--) {
        kt_dec less = kt_dec_round(value, (uint8_t)(digits - 1));
        if (kt_dec_cmp(less, value) != 0)
            break;
        value = less;
    }
    buffer_open(&out, VALUE_MAX);
    format_number(&out, language_of(L), value);
    return push_buffer(L, &out);
}

/* A currency's code: a text, or the record of a currency. */
static const char *check_currency(lua_State *L, int index)
{
    if (lua_isnoneornil(L, index))
        return "";
    if (luaL_testudata(L, index, LUA_RECORD))
        lua_getfield(L, index, "code");
    else
        lua_pushvalue(L, index);
    lua_replace(L, index);
    return luaL_checkstring(L, index);
}

static int money(lua_State *L)
{
    buffer out;
    lua_settop(L, 2);
    if (lua_isnil(L, 1))
        return 0;
    kt_dec value = check_dec(L, 1);
    const char *currency = check_currency(L, 2);
    buffer_open(&out, VALUE_MAX);
    format_money(&out, language_of(L), value, currency);
    return push_buffer(L, &out);
}

/* The text on top is markup, and no longer text. */
static int mark(lua_State *L)
{
    lua_newuserdatauv(L, 0, 1);
    lua_insert(L, -2);
    lua_setiuservalue(L, -2, 1);
    luaL_setmetatable(L, LUA_MARKUP);
    return 1;
}

/* Runs make with memory of its own and pushes what it gives. */
static int push_made(
    lua_State *L, kt_error *(*make)(lua_State *L, arena *arena, kt_str *made), bool is_markup)
{
    kt_str made = {0};
    arena *arena = arena_open(SCRATCH_MAX);
    if (!arena)
        return luaL_error(L, "no memory");
    kt_error *error = make(L, arena, &made);
    if (error)
        lua_pushstring(L, error_text(error));
    else
        lua_pushlstring(L, made.ptr ? made.ptr : "", made.len);
    arena_close(arena);
    if (error)
        return lua_error(L);
    return is_markup ? mark(L) : 1;
}

static kt_error *make_words(lua_State *L, arena *arena, kt_str *made)
{
    size_t n;
    words_style style = lua_toboolean(L, 4) ? WORDS_FRACTION : WORDS_FULL;
    const kt_dec *amount = lua_touserdata(L, 1);
    const char *currency = lua_tolstring(L, 2, &n);
    *made = n ? words_amount(arena, language_of(L), style, *amount, currency)
              : words_number(arena, language_of(L), WORDS_MASCULINE, kt_dec_round(*amount, 0).coef);
    if (made->ptr)
        return NULL;
    return error_make(arena, KT_LIMIT, NULL, "an amount that is too large", "zbyt duża kwota");
}

/* words(amount, currency, "fraction"); without a currency: the whole number. */
static int words(lua_State *L)
{
    static const char *const styles[] = {"full", "fraction", NULL};
    lua_settop(L, 3);
    if (lua_isnil(L, 1))
        return 0;
    kt_dec value = check_dec(L, 1);
    lua_pushstring(L, check_currency(L, 2));
    lua_replace(L, 2);
    lua_pushboolean(L, luaL_checkoption(L, 3, "full", styles) == 1);
    push_dec(L, value);
    lua_replace(L, 1);
    return push_made(L, make_words, false);
}

static int day(lua_State *L)
{
    buffer out;
    if (lua_isnoneornil(L, 1))
        return 0;
    moment m = *(const moment *)luaL_checkudata(L, 1, LUA_DAY);
    m = (moment){.day = moment_date(L, &m).day};
    buffer_open(&out, VALUE_MAX);
    put_moment(L, &m, lua_toboolean(L, lua_upvalueindex(1)), &out);
    return push_buffer(L, &out);
}

static kt_error *make_barcode(lua_State *L, arena *arena, kt_str *made)
{
    size_t n;
    const char *text = lua_tolstring(L, 1, &n);
    return barcode_svg(arena, (barcode_kind)lua_tointeger(L, lua_upvalueindex(1)), (kt_str){text, n}, made);
}

static int barcode(lua_State *L)
{
    luaL_checkstring(L, 1);
    return push_made(L, make_barcode, true);
}

/* image("logo"), image(doc.photo): how large it is drawn is said by the style of what it stands in. Nothing, if
 * there is no such picture. */
static int image(lua_State *L)
{
    if (lua_isnoneornil(L, 1))
        return 0;
    if (worker_of(L)->kind != TEMPLATE_HTML)
        return luaL_error(L, "a picture can stand in HTML alone");
    push_picture(L, 1);
    if (lua_isnil(L, -1))
        return 1;
    lua_pushfstring(L, "<img alt=\"\" src=\"%s\">", lua_tostring(L, -1));
    return mark(L);
}

/* include "letterhead": another template's text stands here. It sees the same record and writes to the same
 * page. */
static int include(lua_State *L)
{
    size_t n;
    const char *name = luaL_checklstring(L, 1, &n);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &depth_key);
    lua_Integer depth = lua_tointeger(L, -1);
    if (depth >= INCLUDES)
        return luaL_error(L, "includes go deeper than %d", INCLUDES);
    lua_pushinteger(L, depth + 1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &depth_key);
    push_include(L, (kt_str){name, n});
    size_t length;
    const char *text = lua_tolstring(L, -1, &length);
    worker_load(L, (kt_str){name, n}, (kt_str){text, length});
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_setupvalue(L, -2, 1);
    lua_pushvalue(L, lua_upvalueindex(2));
    lua_call(L, 1, 0);
    lua_pushinteger(L, depth);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &depth_key);
    return 0;
}

/* picture("logo"): its address, for what draws it itself; nothing, if there is none. */
static int picture(lua_State *L)
{
    luaL_checkstring(L, 1);
    push_picture(L, 1);
    return 1;
}

/* ---- Running ---- */

static int no_such_name(lua_State *L)
{
    lua_settop(L, 2);
    lua_pushvalue(L, 2);
    lua_gettable(L, lua_upvalueindex(1));
    if (lua_isnil(L, -1))
        return luaL_error(L, "there is no %s", luaL_tolstring(L, 2, NULL));
    return 1;
}

/* Above the base as every environment, but an unknown name is an error: nothing misspelt goes out empty. */
static void push_environment(lua_State *L)
{
    static const struct {
        const char *name;
        lua_CFunction function;
        int argument;
    } helpers[] = {{"number", number, 0}, {"short", short_number, 0}, {"money", money, 0},
        {"words", words, 0}, {"day", day, 0}, {"long_day", day, 1}, {"qr", barcode, BARCODE_KIND_QR},
        {"shown", template_shown, 0}, {"image", image, 0}, {"picture", picture, 0},
        {"code128", barcode, BARCODE_KIND_CODE128}, {"ean13", barcode, BARCODE_KIND_EAN13}};
    sandbox_environment(L);
    for (size_t i = 0; i < sizeof helpers / sizeof *helpers; i++) {
        if (helpers[i].function == day)
            lua_pushboolean(L, helpers[i].argument);
        else
            lua_pushinteger(L, helpers[i].argument);
        lua_pushcclosure(L, helpers[i].function, 1);
        lua_setfield(L, -2, helpers[i].name);
    }
    lua_newtable(L);
    lua_getmetatable(L, -2);
    lua_getfield(L, -1, "__index");
    lua_remove(L, -2);
    lua_pushcclosure(L, no_such_name, 1);
    lua_setfield(L, -2, "__index");
    lua_pushboolean(L, false);
    lua_setfield(L, -2, "__metatable");
    lua_setmetatable(L, -2);
}

static int nothing(lua_State *L)
{
    lua_pushnil(L);
    return 1;
}

/* In a template what is empty has empty fields: doc.party.country.name. Lua has no other way to say so than
 * a metatable of nil, which stands for the run alone. */
static void let_nil_be_read(lua_State *L)
{
    lua_pushnil(L);
    lua_newtable(L);
    lua_pushcfunction(L, nothing);
    lua_setfield(L, -2, "__index");
    lua_setmetatable(L, -2);
    lua_pop(L, 1);
}

void template_end(lua_State *L)
{
    lua_pushnil(L);
    lua_pushnil(L);
    lua_setmetatable(L, -2);
    lua_pop(L, 1);
    links_remember(L, false);
    buffer_clear(&worker_of(L)->text);
}

static void set_globals(lua_State *L, pack_reader *in)
{
    static const char *const names[] = {"doc", "company", "document"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        push_packed(L, in);
        if (lua_isnil(L, -1)) {
            lua_pop(L, 1);
            lua_newtable(L);
        }
        lua_setfield(L, -2, names[i]);
    }
    lua_pushstring(L, language_of(L) == WORDS_POLISH ? "pl" : "en");
    lua_setfield(L, -2, "language");
}

/* Stack: the chunk. */
static void call_chunk(lua_State *L, pack_reader *in)
{
    push_environment(L);
    set_globals(L, in);
    push_writers(L);
    lua_pushvalue(L, -2);
    lua_pushvalue(L, -2);
    lua_pushcclosure(L, include, 2);
    lua_setfield(L, -3, "include");
    lua_insert(L, -3); /* writers, chunk, environment */
    lua_setupvalue(L, -2, 1);
    lua_insert(L, -2); /* chunk, writers */
    let_nil_be_read(L);
    lua_call(L, 1, 0);
}

int template_run(lua_State *L)
{
    worker *w = worker_of(L);
    pack_reader *in = lua_touserdata(L, 1);
    sandbox_widen(L);
    luaL_newmetatable(L, LUA_MARKUP);
    lua_pushboolean(L, false);
    lua_setfield(L, -2, "__metatable");
    lua_pushinteger(L, 0);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &depth_key);
    w->now = (kt_time){pack_next(in).i};
    w->today = (kt_date){(int32_t)pack_next(in).i};
    w->offset_ms = pack_next_int(in);
    w->rule = 0;
    sandbox_begin(w, pack_next_int(in));
    w->kind = pack_next_int(in);
    w->language = pack_next_int(in);
    kt_str name = pack_next_str(in), text = pack_next_str(in);
    bool check = pack_next(in).kind == 'T';
    if (in->bad)
        return luaL_error(L, "the message is damaged");
    w->compiling = check;
    worker_load(L, name, text);
    if (!check) {
        links_remember(L, true);
        call_chunk(L, in);
        send_text(L);
    }
    buffer_clear(&w->out);
    buffer_add_char(&w->out, check ? 'K' : 'D');
    pack_list(&w->out, 0);
    return 0;
}

/* lua_shown.c -- inside a worker: shown(value, modifier, currency), how a name in a DOCX is written. The modifiers are
 * ours and those of Bitrix24's document generator: d.m.Y of days, WZ=, NS= of money, Format= of people's names. */
#include "automation/worker.h"
#include "document/format.h"
#include "kit/calendar.h"
#include "kit/str.h"

enum { SHOWN_MAX = 65536 };

static int push_shown(lua_State *L, buffer *out)
{
    if (out->full)
        lua_pushliteral(L, "");
    else
        lua_pushlstring(L, out->len ? out->ptr : "", out->len);
    buffer_close(out);
    return 1;
}

/* One of "WZ=N,NS=Y": the letter behind the sign; 0: it is not there */
static char option(kt_str modifier, const char *name)
{
    const char *at = memmem(modifier.ptr, modifier.len, name, strlen(name));
    const size_t n = strlen(name);
    return at && (size_t)(at - modifier.ptr) + n < modifier.len ? at[n] : 0;
}

static bool is_whole(kt_dec value)
{
    return kt_dec_cmp(value, kt_dec_round(value, 0)) == 0;
}

static void put_words(lua_State *L, buffer *out, kt_dec value, const char *currency)
{
    arena *arena = arena_open((size_t)1 << 20);
    const words_language language = (words_language)worker_of(L)->language;
    if (arena) {
        const kt_str text = *currency
                                ? words_amount(arena, language, WORDS_FULL, value, currency)
                                : words_number(arena, language, WORDS_MASCULINE, kt_dec_round(value, 0).coef);
        buffer_add_str(out, text.ptr ? text : KT_STR(""));
    }
    arena_close(arena);
}

static void put_number(lua_State *L, buffer *out, kt_dec value, kt_str modifier, const char *currency)
{
    const words_language language = (words_language)worker_of(L)->language;
    const bool digits = modifier.len == 1 && modifier.ptr[0] >= '0' && modifier.ptr[0] <= '9';
    const bool bare = option(modifier, "NS=") == 'Y' || str_is(modifier, "number");
    if (str_is(modifier, "words") || option(modifier, "W=") == 'Y') {
        put_words(L, out, value, currency);
    } else if (digits) {
        format_number(out, language, kt_dec_round(value, (uint8_t)(modifier.ptr[0] - '0')));
    } else if (str_is(modifier, "short")) {
        uint8_t scale = (uint8_t)(value.scale1 ? value.scale1 - 1 : 0);
        while (scale && kt_dec_cmp(kt_dec_round(value, (uint8_t)(scale - 1)), value) == 0)
            scale--;
        format_number(out, language, kt_dec_round(value, scale));
    } else if (option(modifier, "WZ=") == 'N' && is_whole(value)) {
        format_number(out, language, kt_dec_round(value, 0));
        if (!bare && *currency)
            buffer_add_format(out, " %s", currency);
    } else {
        format_money(out, language, value, bare ? "" : currency);
    }
}

/* "#LAST_NAME# #NAME#" of a party. */
static void put_name(lua_State *L, buffer *out, kt_str pattern)
{
    static const struct {
        const char *mark, *field;
    } parts[] = {{"#TITLE#", "title"}, {"#NAME#", "first_name"}, {"#SECOND_NAME#", "middle_name"},
        {"#LAST_NAME#", "last_name"}};
    for (size_t i = 0; i < pattern.len; i++) {
        size_t k = 0;
        while (k < sizeof parts / sizeof *parts &&
               (pattern.len - i < strlen(parts[k].mark) ||
                   memcmp(pattern.ptr + i, parts[k].mark, strlen(parts[k].mark)) != 0))
            k++;
        if (k == sizeof parts / sizeof *parts) {
            buffer_add_char(out, pattern.ptr[i]);
            continue;
        }
        lua_getfield(L, 1, parts[k].field);
        if (lua_isstring(L, -1))
            buffer_add_str(out, str_of(lua_tostring(L, -1)));
        lua_pop(L, 1);
        i += strlen(parts[k].mark) - 1;
    }
}

static void put_moment_as(lua_State *L, buffer *out, kt_str pattern)
{
    const moment *m = lua_touserdata(L, 1);
    const int64_t seconds = m->is_time ? ((m->ms + worker_of(L)->offset_ms) / 1000 % 86400 + 86400) % 86400
                                       : 0;
    format_pattern(out, (words_language)worker_of(L)->language, moment_date(L, m), (int)seconds, pattern);
}

int template_shown(lua_State *L)
{
    size_t n;
    buffer out;
    lua_settop(L, 3);
    const char *text = luaL_checklstring(L, 2, &n);
    const kt_str modifier = {text, n};
    if (lua_isnil(L, 1))
        return 0;
    if (luaL_testudata(L, 3, LUA_RECORD)) {
        lua_getfield(L, 3, "code");
        lua_replace(L, 3);
    }
    const bool day = luaL_testudata(L, 1, LUA_DAY),
               number = luaL_testudata(L, 1, LUA_DECIMAL) || lua_isinteger(L, 1);
    const bool name = luaL_testudata(L, 1, LUA_RECORD) && n > 7 && strncasecmp(text, "Format=", 7) == 0;
    if (!day && !number && !name) {
        lua_settop(L, 1);
        return 1;
    }
    const char *currency = lua_isstring(L, 3) ? lua_tostring(L, 3) : "";
    const kt_dec value = number ? check_dec(L, 1) : (kt_dec){0};
    buffer_open(&out, SHOWN_MAX);
    if (day)
        put_moment_as(L, &out, modifier);
    else if (number)
        put_number(L, &out, value, modifier, currency);
    else
        put_name(L, &out, (kt_str){text + 7, n - 7});
    return push_shown(L, &out);
}

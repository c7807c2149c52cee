/* lua_value.c -- exact values in Lua: decimals, days and instants, records, secrets; and their way to and
 * from bytes. Numbers of Lua's own with a fraction are binary and never meet a decimal: that is an error. */
#include <math.h>
#include <stdio.h>

#include "automation/worker.h"
#include "kit/calendar.h"
#include "kit/decimal.h"
#include "kit/str.h"
#include "kit/text.h"

static void push_value(lua_State *L, pack_reader *in, int depth);

#define DIVISION_SCALE KT_DEC_SCALE_MAX
#define DAY_MS         86400000

/* ---- Decimals ---- */

void push_dec(lua_State *L, kt_dec value)
{
    if (dec_is_bad(value))
        luaL_error(L, "a decimal has overflowed");
    *(kt_dec *)lua_newuserdatauv(L, sizeof value, 0) = value;
    luaL_setmetatable(L, LUA_DECIMAL);
}

bool text_dec(kt_str s, kt_dec *out)
{
    const char *point = memchr(s.ptr, '.', s.len);
    size_t scale = point ? s.len - (size_t)(point - s.ptr) - 1 : 0;
    return scale <= KT_DEC_SCALE_MAX && dec_parse(s, (uint8_t)scale, out) == DEC_OK;
}

kt_dec check_dec(lua_State *L, int index)
{
    kt_dec value;
    size_t n;
    const kt_dec *d = luaL_testudata(L, index, LUA_DECIMAL);
    if (d)
        return *d;
    if (lua_isinteger(L, index))
        return KT_DEC(lua_tointeger(L, index), 0);
    if (lua_type(L, index) == LUA_TNUMBER)
        luaL_argerror(L, index, "a binary fraction is not exact: write dec \"0.15\"");
    const char *text = luaL_checklstring(L, index, &n);
    if (!text_dec((kt_str){text, n}, &value))
        luaL_argerror(L, index, "no decimal such as \"12.50\"");
    return value;
}

static uint8_t scale_of(kt_dec d)
{
    return (uint8_t)(d.scale1 - 1);
}

static int dec_make(lua_State *L)
{
    push_dec(L, check_dec(L, 1));
    return 1;
}

static int dec_add(lua_State *L)
{
    push_dec(L, kt_dec_add(check_dec(L, 1), check_dec(L, 2)));
    return 1;
}

static int dec_sub(lua_State *L)
{
    push_dec(L, kt_dec_sub(check_dec(L, 1), check_dec(L, 2)));
    return 1;
}

/* Exact as far as nine digits after the point allow. */
static int dec_mul(lua_State *L)
{
    kt_dec a = check_dec(L, 1), b = check_dec(L, 2);
    unsigned scale = (unsigned)scale_of(a) + scale_of(b);
    push_dec(L, kt_dec_mul(a, b, (uint8_t)(scale < KT_DEC_SCALE_MAX ? scale : KT_DEC_SCALE_MAX)));
    return 1;
}

static int dec_div(lua_State *L)
{
    kt_dec b = check_dec(L, 2);
    if (b.coef == 0)
        return luaL_error(L, "a decimal is divided by zero");
    push_dec(L, kt_dec_div(check_dec(L, 1), b, DIVISION_SCALE));
    return 1;
}

static int dec_unm(lua_State *L)
{
    push_dec(L, kt_dec_neg(check_dec(L, 1)));
    return 1;
}

static int dec_eq(lua_State *L)
{
    lua_pushboolean(L, kt_dec_cmp(check_dec(L, 1), check_dec(L, 2)) == 0);
    return 1;
}

static int dec_lt(lua_State *L)
{
    lua_pushboolean(L, kt_dec_cmp(check_dec(L, 1), check_dec(L, 2)) < 0);
    return 1;
}

static int dec_le(lua_State *L)
{
    lua_pushboolean(L, kt_dec_cmp(check_dec(L, 1), check_dec(L, 2)) <= 0);
    return 1;
}

static int dec_string(lua_State *L)
{
    char text[DEC_TEXT_MAX];
    lua_pushlstring(L, text, dec_text(check_dec(L, 1), text));
    return 1;
}

static int any_concat(lua_State *L)
{
    luaL_tolstring(L, 1, NULL);
    luaL_tolstring(L, 2, NULL);
    lua_concat(L, 2);
    return 1;
}

static int dec_round(lua_State *L)
{
    lua_Integer digits = luaL_optinteger(L, 2, 2);
    luaL_argcheck(L, digits >= 0 && digits <= KT_DEC_SCALE_MAX, 2, "0 to 9 digits");
    push_dec(L, kt_dec_round(check_dec(L, 1), (uint8_t)digits));
    return 1;
}

/* A table as __index would lead a rule to the metatable. */
static int dec_index(lua_State *L)
{
    if (strcmp(luaL_checkstring(L, 2), "round") != 0)
        return luaL_error(L, "a decimal has no %s", lua_tostring(L, 2));
    lua_pushcfunction(L, dec_round);
    return 1;
}

static const luaL_Reg decimal_methods[] = {{"__add", dec_add}, {"__sub", dec_sub}, {"__mul", dec_mul},
    {"__div", dec_div}, {"__unm", dec_unm}, {"__eq", dec_eq}, {"__lt", dec_lt}, {"__le", dec_le},
    {"__tostring", dec_string}, {"__concat", any_concat}, {"__index", dec_index}, {0}};

/* ---- Days and instants ---- */

static void push_moment(lua_State *L, moment m)
{
    *(moment *)lua_newuserdatauv(L, sizeof m, 0) = m;
    luaL_setmetatable(L, LUA_DAY);
}

void push_date(lua_State *L, kt_date value)
{
    push_moment(L, (moment){.day = value.day});
}

void push_time(lua_State *L, kt_time value)
{
    push_moment(L, (moment){.is_time = true, .ms = value.ms});
}

static const moment *check_moment(lua_State *L, int index)
{
    return luaL_checkudata(L, index, LUA_DAY);
}

typedef struct {
    int64_t ms;     /* weeks, days, hours, minutes, seconds */
    int32_t months; /* months and years: of the calendar */
} duration;

/* "3 days", "-2 hours", "1 month", or a number of days. */
static bool read_duration(lua_State *L, int index, duration *d)
{
    static const struct {
        const char *name;
        int64_t ms;
        int32_t months;
    } units[] = {{"second", 1000, 0}, {"minute", 60000, 0}, {"hour", 3600000, 0}, {"day", DAY_MS, 0},
        {"week", 7 * (int64_t)DAY_MS, 0}, {"month", 0, 1}, {"year", 0, 12}};
    char unit[16];
    long count;
    *d = (duration){0};
    if (lua_isinteger(L, index)) {
        lua_Integer days = lua_tointeger(L, index);
        d->ms = days * DAY_MS;
        return days > -4000000 && days < 4000000;
    }
    if (lua_type(L, index) != LUA_TSTRING ||
        sscanf(lua_tostring(L, index), "%7ld %15[a-z]", &count, unit) != 2)
        return false;
    size_t n = strlen(unit);
    if (n && unit[n - 1] == 's')
        unit[n - 1] = '\0';
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strcmp(unit, units[i].name) == 0) {
            *d = (duration){count * units[i].ms, (int32_t)count * units[i].months};
            return true;
        }
    return false;
}

static kt_date add_months(kt_date date, int32_t months)
{
    int year, month, day;
    kt_date_parts(date, &year, &month, &day);
    int at = year * 12 + month - 1 + months;
    for (; day > 0; day--) { /* the 31st becomes the month's last day */
        kt_date made = kt_date_make(at / 12, at % 12 + 1, day);
        if (made.day)
            return made;
    }
    return (kt_date){0};
}

static moment moment_add(const moment *m, duration d, int sign)
{
    moment sum = *m;
    if (m->is_time) {
        int64_t day = m->ms / DAY_MS, rest = m->ms % DAY_MS;
        kt_date date = kt_date_add(kt_date_make(1970, 1, 1), (int32_t)day);
        if (d.months)
            day = add_months(date, sign * d.months).day - kt_date_make(1970, 1, 1).day;
        sum.ms = day * DAY_MS + rest + sign * d.ms;
        return sum;
    }
    kt_date date = d.months ? add_months((kt_date){m->day}, sign * d.months) : (kt_date){m->day};
    sum.day = kt_date_add(date, (int32_t)(sign * d.ms / DAY_MS)).day;
    return sum;
}

static int day_add(lua_State *L)
{
    duration d;
    int at = luaL_testudata(L, 1, LUA_DAY) ? 1 : 2;
    if (!read_duration(L, 3 - at, &d))
        return luaL_argerror(L, 3 - at, "days as a number, or \"3 days\", \"2 hours\", \"1 month\" expected");
    push_moment(L, moment_add(check_moment(L, at), d, 1));
    return 1;
}

/* Days between days, seconds between instants. */
static int day_sub(lua_State *L)
{
    duration d;
    const moment *a = check_moment(L, 1), *b = luaL_testudata(L, 2, LUA_DAY);
    if (b && a->is_time != b->is_time)
        return luaL_error(L, "a day and an instant cannot be compared: use :date()");
    if (b) {
        lua_pushinteger(L, a->is_time ? (a->ms - b->ms) / 1000 : (lua_Integer)a->day - b->day);
        return 1;
    }
    if (!read_duration(L, 2, &d))
        return luaL_argerror(L, 2, "days as a number, or \"3 days\", \"2 hours\", \"1 month\" expected");
    push_moment(L, moment_add(a, d, -1));
    return 1;
}

static int day_compare(lua_State *L)
{
    const moment *a = check_moment(L, 1), *b = check_moment(L, 2);
    if (a->is_time != b->is_time)
        return luaL_error(L, "a day and an instant cannot be compared: use :date()");
    int64_t x = a->is_time ? a->ms : a->day, y = b->is_time ? b->ms : b->day;
    return (x > y) - (x < y);
}

static int day_eq(lua_State *L)
{
    lua_pushboolean(L, day_compare(L) == 0);
    return 1;
}

static int day_lt(lua_State *L)
{
    lua_pushboolean(L, day_compare(L) < 0);
    return 1;
}

static int day_le(lua_State *L)
{
    lua_pushboolean(L, day_compare(L) <= 0);
    return 1;
}

static int day_string(lua_State *L)
{
    char text[TIME_TEXT_MAX];
    const moment *m = check_moment(L, 1);
    size_t n = m->is_time ? time_text((kt_time){m->ms}, text) : date_text((kt_date){m->day}, text);
    lua_pushlstring(L, text, n);
    return 1;
}

/* Of an instant: the day in the company's zone, as far as its offset now tells. */
kt_date moment_date(lua_State *L, const moment *m)
{
    if (!m->is_time)
        return (kt_date){m->day};
    return zone_date(NULL, (kt_time){m->ms + worker_of(L)->offset_ms});
}

static int day_date(lua_State *L)
{
    push_date(L, moment_date(L, check_moment(L, 1)));
    return 1;
}

static int day_part(lua_State *L, kt_date date, const char *name)
{
    int year, month, day;
    kt_date_parts(date, &year, &month, &day);
    if (strcmp(name, "year") == 0)
        lua_pushinteger(L, year);
    else if (strcmp(name, "month") == 0)
        lua_pushinteger(L, month);
    else if (strcmp(name, "day") == 0)
        lua_pushinteger(L, day);
    else if (strcmp(name, "weekday") == 0)
        lua_pushinteger(L, date_weekday(date));
    else
        return luaL_error(L, "a day has no %s", name);
    return 1;
}

static int day_index(lua_State *L)
{
    const moment *m = check_moment(L, 1);
    const char *name = luaL_checkstring(L, 2);
    if (strcmp(name, "date") == 0)
        lua_pushcfunction(L, day_date);
    else
        return day_part(L, moment_date(L, m), name);
    return 1;
}

static int date_make(lua_State *L)
{
    size_t n;
    kt_date date = {0};
    if (lua_isinteger(L, 1)) {
        date = kt_date_make(
            (int)luaL_checkinteger(L, 1), (int)luaL_checkinteger(L, 2), (int)luaL_checkinteger(L, 3));
        luaL_argcheck(L, date.day, 1, "there is no such day");
    } else {
        const char *text = luaL_checklstring(L, 1, &n);
        luaL_argcheck(L, date_parse((kt_str){text, n}, &date), 1, "no day such as \"2026-11-23\"");
    }
    push_date(L, date);
    return 1;
}

static int time_make(lua_State *L)
{
    size_t n;
    kt_time time;
    const char *text = luaL_checklstring(L, 1, &n);
    luaL_argcheck(L, time_parse((kt_str){text, n}, &time), 1, "no instant such as \"2026-11-23T10:00:00Z\"");
    push_time(L, time);
    return 1;
}

static int today(lua_State *L)
{
    push_date(L, worker_of(L)->today);
    return 1;
}

static int now(lua_State *L)
{
    push_time(L, worker_of(L)->now);
    return 1;
}

kt_time check_due(lua_State *L, int index)
{
    duration d;
    worker *w = worker_of(L);
    const moment *m = luaL_testudata(L, index, LUA_DAY);
    if (m && m->is_time)
        return (kt_time){m->ms};
    if (m)
        return (kt_time){((int64_t)m->day - kt_date_make(1970, 1, 1).day) * DAY_MS - w->offset_ms};
    if (!read_duration(L, index, &d))
        luaL_argerror(L, index, "a day, an instant, or \"3 days\" expected");
    const moment from = {.is_time = true, .ms = w->now.ms};
    return (kt_time){moment_add(&from, d, 1).ms};
}

static const luaL_Reg day_methods[] = {{"__add", day_add}, {"__sub", day_sub}, {"__eq", day_eq},
    {"__lt", day_lt}, {"__le", day_le}, {"__tostring", day_string}, {"__concat", any_concat},
    {"__index", day_index}, {0}};

/* ---- Records: what was sent of them, and what the rule assigns ---- */

enum { OF_FIELDS = 1, OF_CHANGES };

void push_record(lua_State *L, bool frozen)
{
    luaL_checktype(L, -1, LUA_TTABLE);
    lua_newuserdatauv(L, 0, 2);
    lua_insert(L, -2);
    lua_setiuservalue(L, -2, OF_FIELDS);
    lua_pushboolean(L, !frozen); /* a table from the first assignment on */
    lua_setiuservalue(L, -2, OF_CHANGES);
    luaL_setmetatable(L, LUA_RECORD);
}

void push_fields(lua_State *L, int index)
{
    luaL_checkudata(L, index, LUA_RECORD);
    lua_getiuservalue(L, index, OF_FIELDS);
}

bool push_changes(lua_State *L, int index)
{
    if (!luaL_testudata(L, index, LUA_RECORD))
        return false;
    bool any = lua_getiuservalue(L, index, OF_CHANGES) == LUA_TTABLE;
    lua_pop(L, any ? 0 : 1);
    return any;
}

/* A field that was not sent, for it is named in no way that can be seen in the text, is read now. */
static int record_index(lua_State *L)
{
    luaL_checkudata(L, 1, LUA_RECORD);
    const char *name = luaL_checkstring(L, 2);
    for (int tries = 0; tries < 2; tries++) {
        lua_settop(L, 2);
        lua_getiuservalue(L, 1, OF_FIELDS);
        lua_pushvalue(L, 2);
        if (lua_rawget(L, -2) == LUA_TLIGHTUSERDATA) /* an empty field */
            lua_pushnil(L);
        else if (lua_isnil(L, -1) && lua_getfield(L, 3, RECORD_PART) != LUA_TNIL) {
            record_complete(L);
            continue;
        } else if (lua_isnil(L, -1)) {
            if (lua_getfield(L, 3, RECORD_GONE) == LUA_TNIL)
                return luaL_error(L, "there is no field %s", name);
            lua_pushnil(L);
        }
        return 1;
    }
    return luaL_error(L, "there is no field %s", name);
}

static void set_field(lua_State *L, int table)
{
    lua_pushvalue(L, 2);
    if (lua_isnil(L, 3))
        lua_pushlightuserdata(L, NULL); /* packed as nil: the field is emptied */
    else
        lua_pushvalue(L, 3);
    lua_rawset(L, table);
}

static int record_newindex(lua_State *L)
{
    luaL_checkudata(L, 1, LUA_RECORD);
    luaL_checktype(L, 2, LUA_TSTRING);
    lua_settop(L, 3);
    lua_getiuservalue(L, 1, OF_CHANGES);
    if (!lua_toboolean(L, 4))
        return luaL_error(L, "this record cannot be assigned to: use update(entity, id, {..})");
    if (!lua_istable(L, 4)) {
        lua_newtable(L);
        lua_copy(L, -1, 4);
        lua_setiuservalue(L, 1, OF_CHANGES);
    }
    lua_getiuservalue(L, 1, OF_FIELDS);
    set_field(L, 4);
    set_field(L, 5);
    return 0;
}

/* What is empty, and what is ours, is left out. */
static int record_next(lua_State *L)
{
    lua_settop(L, 2);
    while (lua_next(L, 1)) {
        if (!lua_islightuserdata(L, -1) && lua_tostring(L, -2)[0] != '?')
            return 2;
        lua_pop(L, 1);
    }
    lua_pushnil(L);
    return 1;
}

static int record_pairs(lua_State *L)
{
    luaL_checkudata(L, 1, LUA_RECORD);
    lua_pushcfunction(L, record_next);
    lua_getiuservalue(L, 1, OF_FIELDS);
    lua_pushnil(L);
    return 3;
}

static const luaL_Reg record_methods[] = {
    {"__index", record_index}, {"__newindex", record_newindex}, {"__pairs", record_pairs}, {0}};

/* ---- Bytes ---- */

static void push_items(lua_State *L, pack_reader *in, uint32_t count, int depth)
{
    lua_createtable(L, (int)(count < 1000 ? count : 1000), 0);
    for (uint32_t i = 1; i <= count; i++) {
        push_value(L, in, depth + 1);
        lua_rawseti(L, -2, (lua_Integer)i);
    }
}

/* A map whose first name is RECORD_ENTITY is a record; its empty fields are remembered. */
static void push_members(lua_State *L, pack_reader *in, uint32_t count, int depth)
{
    bool is_record = false;
    lua_createtable(L, 0, (int)(count < 1000 ? count : 1000));
    for (uint32_t i = 0; i < count; i++) {
        kt_str name = pack_next_name(in);
        if (in->bad)
            luaL_error(L, "the message is damaged");
        is_record = is_record || (i == 0 && str_is(name, RECORD_ENTITY));
        lua_pushlstring(L, name.ptr, name.len);
        push_value(L, in, depth + 1);
        if (is_record && lua_isnil(L, -1)) {
            lua_pop(L, 1);
            lua_pushlightuserdata(L, NULL);
        }
        lua_rawset(L, -3);
    }
    if (is_record && depth)
        push_record(L, true);
}

static void push_value(lua_State *L, pack_reader *in, int depth)
{
    pack_item item = pack_next(in);
    double real;
    if (in->bad || depth > PACK_DEPTH_MAX)
        luaL_error(L, "the message is damaged");
    luaL_checkstack(L, 8, "too deep");
    switch (item.kind) {
    case 'T':
    case 'F':
        lua_pushboolean(L, item.kind == 'T');
        return;
    case 'I':
        lua_pushinteger(L, item.i);
        return;
    case 'R':
        memcpy(&real, &item.bits, sizeof real);
        lua_pushnumber(L, real);
        return;
    case 'D':
        push_dec(L, item.d);
        return;
    case 'd':
        push_date(L, (kt_date){(int32_t)item.i});
        return;
    case 't':
        push_time(L, (kt_time){item.i});
        return;
    case 'S':
        lua_pushlstring(L, item.s.ptr, item.s.len);
        return;
    case 'J':
        push_json(L, item.s);
        return;
    case 'L':
        push_items(L, in, item.count, depth);
        return;
    case 'M':
        push_members(L, in, item.count, depth);
        return;
    default:
        lua_pushnil(L);
    }
}

void push_packed(lua_State *L, pack_reader *in)
{
    push_value(L, in, 1);
}

void push_packed_fields(lua_State *L, pack_reader *in)
{
    push_value(L, in, 0);
}

static void pack_value(lua_State *L, int index, buffer *out, int depth);

static void pack_number(lua_State *L, int index, buffer *out)
{
    if (lua_isinteger(L, index)) {
        pack_int(out, lua_tointeger(L, index));
        return;
    }
    double real = lua_tonumber(L, index);
    uint64_t bits;
    if (!isfinite(real))
        luaL_error(L, "a number that is none or infinite");
    memcpy(&bits, &real, sizeof bits);
    pack_real(out, bits);
}

static void check_text(lua_State *L, kt_str s)
{
    if (!text_is_utf8(s) || (s.len && memchr(s.ptr, 0, s.len)))
        luaL_error(L, "a text that is not UTF-8");
}

static void pack_text(lua_State *L, int index, buffer *out)
{
    size_t n;
    const char *text = lua_tolstring(L, index, &n);
    check_text(L, (kt_str){text, n});
    pack_str(out, (kt_str){text, n});
}

/* A record stands for itself: {entity, id}. */
static void pack_reference(lua_State *L, int index, buffer *out, int depth)
{
    push_fields(L, index);
    pack_map(out, 2);
    pack_name(out, KT_STR("entity"));
    lua_getfield(L, -1, RECORD_ENTITY);
    pack_value(L, lua_gettop(L), out, depth + 1);
    pack_name(out, KT_STR("id"));
    lua_getfield(L, -2, "id");
    pack_value(L, lua_gettop(L), out, depth + 1);
    lua_pop(L, 3);
}

static void pack_userdata(lua_State *L, int index, buffer *out, int depth)
{
    const kt_dec *d = luaL_testudata(L, index, LUA_DECIMAL);
    const moment *m = luaL_testudata(L, index, LUA_DAY);
    if (d) {
        pack_dec(out, *d);
    } else if (m && m->is_time) {
        pack_time(out, (kt_time){m->ms});
    } else if (m) {
        pack_date(out, (kt_date){m->day});
    } else if (luaL_testudata(L, index, LUA_RECORD)) {
        pack_reference(L, index, out, depth);
    } else if (luaL_testudata(L, index, LUA_SECRET)) {
        size_t n;
        lua_getiuservalue(L, index, 1);
        const char *name = lua_tolstring(L, -1, &n);
        check_text(L, (kt_str){name, n});
        pack_secret(out, (kt_str){name, n});
        lua_pop(L, 1);
    } else
        luaL_error(L, "a value of this kind cannot be kept");
}

/* A table whose keys are 1 to n is a list; an empty one is a list too. */
static void pack_table(lua_State *L, int index, buffer *out, int depth)
{
    lua_Unsigned n = lua_rawlen(L, index);
    uint32_t count = 0;
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1))
        count++;
    if (count == n) {
        pack_list(out, count);
        for (uint32_t i = 1; i <= count; i++) {
            lua_rawgeti(L, index, (lua_Integer)i);
            pack_value(L, lua_gettop(L), out, depth + 1);
            lua_pop(L, 1);
        }
        return;
    }
    pack_map(out, count);
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
        size_t length;
        if (lua_type(L, -2) != LUA_TSTRING)
            luaL_error(L, "a table has names or the numbers 1 to n as keys, not both");
        const char *name = lua_tolstring(L, -2, &length);
        check_text(L, (kt_str){name, length});
        pack_name(out, (kt_str){name, length});
        pack_value(L, lua_gettop(L), out, depth + 1);
    }
}

static void pack_value(lua_State *L, int index, buffer *out, int depth)
{
    if (depth > PACK_DEPTH_MAX)
        luaL_error(L, "a table nested deeper than %d, or in itself", PACK_DEPTH_MAX);
    luaL_checkstack(L, 8, "too deep");
    switch (lua_type(L, index)) {
    case LUA_TNIL:
    case LUA_TLIGHTUSERDATA:
        pack_nil(out);
        return;
    case LUA_TBOOLEAN:
        pack_bool(out, lua_toboolean(L, index));
        return;
    case LUA_TNUMBER:
        pack_number(L, index, out);
        return;
    case LUA_TSTRING:
        pack_text(L, index, out);
        return;
    case LUA_TTABLE:
        pack_table(L, index, out, depth);
        return;
    case LUA_TUSERDATA:
        pack_userdata(L, index, out, depth);
        return;
    default:
        luaL_error(L, "a %s cannot be kept", luaL_typename(L, index));
    }
}

void pack_lua(lua_State *L, int index, buffer *out)
{
    pack_value(L, lua_absindex(L, index), out, 0);
    if (out->full)
        luaL_error(L, "more than %d bytes in one message", (int)MESSAGE_MAX);
}

/* ---- Secrets: a name that the server fills in when the effect leaves ---- */

static int secret_make(lua_State *L)
{
    luaL_checkstring(L, 1);
    lua_newuserdatauv(L, 0, 1);
    lua_pushvalue(L, 1);
    lua_setiuservalue(L, -2, 1);
    luaL_setmetatable(L, LUA_SECRET);
    return 1;
}

static int secret_string(lua_State *L)
{
    luaL_checkudata(L, 1, LUA_SECRET);
    lua_getiuservalue(L, 1, 1);
    lua_pushfstring(L, "(secret %s)", lua_tostring(L, -1));
    return 1;
}

static const luaL_Reg secret_methods[] = {{"__tostring", secret_string}, {"__concat", any_concat}, {0}};

const luaL_Reg value_functions[] = {{"dec", dec_make}, {"date", date_make}, {"time", time_make},
    {"today", today}, {"now", now}, {"secret", secret_make}, {0}};

static void metatable(lua_State *L, const char *name, const luaL_Reg *methods)
{
    luaL_newmetatable(L, name);
    luaL_setfuncs(L, methods, 0);
    lua_pushboolean(L, false);
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 1);
}

void values_open(lua_State *L)
{
    static const luaL_Reg none[] = {{0}};
    metatable(L, LUA_DECIMAL, decimal_methods);
    metatable(L, LUA_DAY, day_methods);
    metatable(L, LUA_RECORD, record_methods);
    metatable(L, LUA_SECRET, secret_methods);
    metatable(L, LUA_REFUSAL, none);
}

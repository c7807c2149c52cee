/* lua_api.c -- what a rule can ask of the server. Each function packs a request and waits for its answer; a
 * refusal comes back as an error at the line that asked. */
#include "automation/worker.h"
#include "kit/calendar.h"
#include "kit/str.h"

static buffer *begin(lua_State *L, ask what)
{
    worker *w = worker_of(L);
    if (w->compiling)
        luaL_error(L, "records are read and written when the rule runs, inside a function");
    buffer_clear(&w->out);
    buffer_add_char(&w->out, 'Q');
    pack_int(&w->out, w->rule);
    pack_int(&w->out, what);
    return &w->out;
}

/* Sends the request and pushes the answer. */
static int answer(lua_State *L)
{
    worker *w = worker_of(L);
    if (w->out.full)
        return luaL_error(L, "more than %d bytes in one message", (int)MESSAGE_MAX);
    kt_str got = worker_exchange(w);
    pack_reader in = pack_read((kt_str){got.ptr + 1, got.len - 1});
    if (got.ptr[0] == 'A') {
        push_packed(L, &in);
        return 1;
    }
    kt_str kind = pack_next_str(&in), text = pack_next_str(&in);
    luaL_where(L, 1);
    lua_pushlstring(L, text.ptr, text.len);
    lua_concat(L, 2);
    (void)kind;
    return lua_error(L);
}

static void add_str(lua_State *L, int index, buffer *out)
{
    size_t n;
    const char *text = luaL_checklstring(L, index, &n);
    pack_str(out, (kt_str){text, n});
}

static void add_table(lua_State *L, int index, buffer *out)
{
    if (!lua_isnoneornil(L, index))
        luaL_checktype(L, index, LUA_TTABLE);
    if (lua_isnone(L, index))
        pack_nil(out);
    else
        pack_lua(L, index, out);
}

/* An id, or a record. */
static void add_id(lua_State *L, int index, buffer *out)
{
    if (luaL_testudata(L, index, LUA_RECORD)) {
        push_fields(L, index);
        lua_getfield(L, -1, "id");
        pack_int(out, luaL_checkinteger(L, -1));
        lua_pop(L, 2);
    } else
        pack_int(out, luaL_checkinteger(L, index));
}

static int get(lua_State *L)
{
    buffer *out = begin(L, ASK_GET);
    add_str(L, 1, out);
    if (lua_isnoneornil(L, 2)) {
        lua_pushnil(L);
        return 1;
    }
    if (lua_istable(L, 2))
        pack_lua(L, 2, out);
    else
        add_id(L, 2, out);
    return answer(L);
}

static int list(lua_State *L)
{
    buffer *out = begin(L, ASK_LIST);
    add_str(L, 1, out);
    add_table(L, 2, out);
    return answer(L);
}

static int count(lua_State *L)
{
    buffer *out = begin(L, ASK_COUNT);
    add_str(L, 1, out);
    add_table(L, 2, out);
    return answer(L);
}

static int aggregate(lua_State *L)
{
    buffer *out = begin(L, ASK_AGGREGATE);
    add_str(L, 1, out);
    add_table(L, 2, out);
    return answer(L);
}

static int create(lua_State *L)
{
    buffer *out = begin(L, ASK_CREATE);
    add_str(L, 1, out);
    luaL_checktype(L, 2, LUA_TTABLE);
    pack_lua(L, 2, out);
    return answer(L);
}

static int update(lua_State *L)
{
    buffer *out = begin(L, ASK_UPDATE);
    add_str(L, 1, out);
    add_id(L, 2, out);
    luaL_checktype(L, 3, LUA_TTABLE);
    pack_lua(L, 3, out);
    return answer(L);
}

static int transition(lua_State *L)
{
    buffer *out = begin(L, ASK_TRANSITION);
    add_str(L, 1, out);
    add_id(L, 2, out);
    add_str(L, 3, out);
    add_table(L, 4, out);
    return answer(L);
}

static int call(lua_State *L)
{
    buffer *out = begin(L, ASK_CALL);
    add_str(L, 1, out);
    add_table(L, 2, out);
    return answer(L);
}

/* workdays(calendar, day, n): n working days later by base's calendar. */
static int workdays(lua_State *L)
{
    buffer *out = begin(L, ASK_CALL);
    pack_str(out, KT_STR("base.calendar.add_days"));
    pack_map(out, 3);
    pack_name(out, KT_STR("calendar"));
    add_id(L, 1, out);
    pack_name(out, KT_STR("day"));
    pack_lua(L, 2, out);
    pack_name(out, KT_STR("days"));
    pack_int(out, luaL_checkinteger(L, 3));
    answer(L);
    lua_getfield(L, -1, "day");
    size_t n;
    kt_date date = {0};
    const char *text = luaL_checklstring(L, -1, &n);
    if (!date_parse((kt_str){text, n}, &date))
        return luaL_error(L, "the calendar answered no day");
    push_date(L, date);
    return 1;
}

/* setting(name, otherwise): what the company set; the second value if it did not. */
static int setting(lua_State *L)
{
    lua_settop(L, 2);
    buffer *out = begin(L, ASK_SETTING);
    add_str(L, 1, out);
    answer(L);
    if (lua_isnil(L, -1))
        lua_pushvalue(L, 2);
    return 1;
}

/* ---- People ---- */

/* head_of(user): the id of who stands above; nil: nobody does. */
static int head_of(lua_State *L)
{
    if (lua_isnoneornil(L, 1)) {
        lua_pushnil(L);
        return 1;
    }
    add_id(L, 1, begin(L, ASK_HEAD));
    return answer(L);
}

/* for_user(user, english, polish): the text that the user reads; English for nobody. */
static int for_user(lua_State *L)
{
    luaL_checkstring(L, 2);
    luaL_checkstring(L, 3);
    lua_settop(L, 3);
    bool polish = false;
    if (!lua_isnil(L, 1)) {
        add_id(L, 1, begin(L, ASK_LANGUAGE));
        answer(L);
        polish = lua_type(L, -1) == LUA_TSTRING && strcmp(lua_tostring(L, -1), "pl") == 0;
    }
    lua_pushvalue(L, polish ? 3 : 2);
    return 1;
}

/* ---- Effects ---- */

/* kind {..}: what leaves after the commit. due: in the table, "3 days", a day or an instant. */
static int effect_of(lua_State *L, const char *kind, int table)
{
    luaL_checktype(L, table, LUA_TTABLE);
    lua_getfield(L, table, "due");
    kt_time due = lua_isnil(L, -1) ? (kt_time){0} : check_due(L, -1);
    buffer *out = begin(L, ASK_EFFECT);
    pack_str(out, str_of(kind));
    pack_lua(L, table, out);
    pack_time(out, due);
    return answer(L);
}

static int mail(lua_State *L)
{
    return effect_of(L, "mail", 1);
}

static int sms(lua_State *L)
{
    return effect_of(L, "sms", 1);
}

static int chat(lua_State *L)
{
    return effect_of(L, "chat", 1);
}

static int webhook(lua_State *L)
{
    return effect_of(L, "webhook", 1);
}

static int effect(lua_State *L)
{
    return effect_of(L, luaL_checkstring(L, 1), 2);
}

/* document(template, record, language): is made after the commit; what it answers may stand in a mail's files. */
static int document(lua_State *L)
{
    lua_settop(L, 3);
    buffer *out = begin(L, ASK_DOCUMENT);
    add_str(L, 1, out);
    pack_lua(L, 2, out);
    if (lua_isnil(L, 3))
        pack_nil(out);
    else
        add_str(L, 3, out);
    return answer(L);
}

/* Pushes a copy of the table at 1 in which due, as for effects, is an instant. */
static void copy_with_due(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_newtable(L);
    for (lua_pushnil(L); lua_next(L, 1); lua_pop(L, 1)) {
        lua_pushvalue(L, -2);
        lua_pushvalue(L, -2);
        lua_rawset(L, 2);
    }
    if (lua_getfield(L, 1, "due") != LUA_TNIL) {
        push_time(L, check_due(L, -1));
        lua_setfield(L, 2, "due");
    }
    lua_settop(L, 2);
}

/* Creates a record of what stands at 2. */
static int create_copied(lua_State *L, kt_str entity)
{
    buffer *out = begin(L, ASK_CREATE);
    pack_str(out, entity);
    pack_lua(L, 2, out);
    return answer(L);
}

/* task {title=, owner=, due=, about=}: the rest as base.task has it. */
static int task(lua_State *L)
{
    lua_settop(L, 1);
    copy_with_due(L);
    return create_copied(L, KT_STR("base.task"));
}

/* notify {user=, text=, about=, due=}: a base.notice, of interest from due on. */
static int notify(lua_State *L)
{
    lua_settop(L, 1);
    copy_with_due(L);
    static const char *const names[][2] = {{"user", "owner"}, {"due", "at"}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (lua_getfield(L, 2, names[i][0]) != LUA_TNIL) {
            lua_setfield(L, 2, names[i][1]);
            lua_pushnil(L);
            lua_setfield(L, 2, names[i][0]);
        } else {
            lua_pop(L, 1);
        }
    return create_copied(L, KT_STR("base.notice"));
}

/* approve {title=, approvers=, needed=, due=, substitute=}: as base.approval has it; the rule goes on in its
 * function `approved` or `rejected`. */
static int approve(lua_State *L)
{
    lua_settop(L, 1);
    copy_with_due(L);
    pack_lua(L, 2, begin(L, ASK_APPROVE));
    return answer(L);
}

/* ---- The rest ---- */

static int log_text(lua_State *L)
{
    luaL_tolstring(L, 1, NULL);
    size_t n;
    const char *text = lua_tolstring(L, -1, &n);
    buffer *out = begin(L, ASK_LOG);
    pack_str(out, (kt_str){text, n < 1000 ? n : 1000});
    return answer(L);
}

static int after(lua_State *L)
{
    kt_time due = check_due(L, 1);
    luaL_argexpected(L, lua_type(L, 2) == LUA_TSTRING, 2, "name of one of the rule's functions");
    buffer *out = begin(L, ASK_AFTER);
    add_str(L, 2, out);
    pack_time(out, due);
    return answer(L);
}

/* refuse "text", or {text, pl=, field=, hint=}: the transaction ends with this message. */
static int refuse(lua_State *L)
{
    lua_newuserdatauv(L, 0, 1);
    lua_newtable(L);
    if (lua_istable(L, 1)) {
        static const char *const names[] = {"pl", "field", "hint"};
        for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
            lua_getfield(L, 1, names[i]);
            lua_setfield(L, -2, names[i]);
        }
        lua_geti(L, 1, 1);
    } else {
        luaL_checkstring(L, 1);
        lua_pushvalue(L, 1);
    }
    lua_setfield(L, -2, "text");
    lua_setiuservalue(L, -2, 1);
    luaL_setmetatable(L, LUA_REFUSAL);
    return lua_error(L);
}

/* ---- Templates ---- */

void send_text(lua_State *L)
{
    worker *w = worker_of(L);
    if (!w->text.len)
        return;
    buffer *out = begin(L, ASK_TEXT);
    pack_str(out, buffer_str(&w->text));
    buffer_clear(&w->text);
    answer(L);
    lua_pop(L, 1);
}

void push_include(lua_State *L, kt_str name)
{
    pack_str(begin(L, ASK_INCLUDE), name);
    answer(L);
    luaL_checktype(L, -1, LUA_TSTRING);
}

void push_picture(lua_State *L, int index)
{
    buffer *out = begin(L, ASK_PICTURE);
    if (lua_type(L, index) == LUA_TSTRING)
        add_str(L, index, out);
    else
        add_id(L, index, out);
    answer(L);
}

/* ---- Records that were sent in part ---- */

static const char links_key; /* its address: of the table of what a template's links led to */

void links_remember(lua_State *L, bool on)
{
    if (on)
        lua_newtable(L);
    else
        lua_pushnil(L);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &links_key);
}

/* Pushes what the record of these fields leads to. A template changes nothing, so it asks for a record once. */
static void follow_link(lua_State *L, int fields)
{
    lua_getfield(L, fields, RECORD_ENTITY);
    lua_getfield(L, fields, "id");
    const lua_Integer id = luaL_checkinteger(L, -1);
    const bool kept = lua_rawgetp(L, LUA_REGISTRYINDEX, &links_key) == LUA_TTABLE;
    const int table = lua_gettop(L), name = table + 1;
    lua_pushfstring(L, "%s/%I", luaL_checkstring(L, table - 2), id);
    lua_pushvalue(L, name);
    if (kept && lua_rawget(L, table) != LUA_TNIL)
        return;
    lua_settop(L, name);
    buffer *out = begin(L, ASK_GET);
    add_str(L, table - 2, out);
    pack_int(out, id);
    answer(L);
    if (!kept)
        return;
    lua_pushvalue(L, name);
    lua_pushvalue(L, -2);
    lua_rawset(L, table);
}

void record_complete(lua_State *L)
{
    push_fields(L, 1);
    int fields = lua_gettop(L);
    follow_link(L, fields);
    lua_pushnil(L);
    lua_setfield(L, fields, RECORD_PART);
    if (!luaL_testudata(L, -1, LUA_RECORD)) {
        lua_pushboolean(L, true);
        lua_setfield(L, fields, RECORD_GONE);
        return;
    }
    push_fields(L, lua_gettop(L));
    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
        lua_pushvalue(L, -2);
        if (lua_rawget(L, fields) == LUA_TNIL) {
            lua_pushvalue(L, -3);
            lua_pushvalue(L, -3);
            lua_rawset(L, fields);
        }
        lua_pop(L, 1);
    }
}

const luaL_Reg api_functions[] = {{"get", get}, {"list", list}, {"count", count}, {"aggregate", aggregate},
    {"create", create}, {"update", update}, {"transition", transition}, {"call", call}, {"setting", setting},
    {"head_of", head_of}, {"for_user", for_user}, {"document", document}, {"workdays", workdays},
    {"mail", mail}, {"sms", sms}, {"chat", chat}, {"webhook", webhook}, {"notify", notify},
    {"effect", effect}, {"task", task}, {"approve", approve}, {"log", log_text}, {"after", after},
    {"refuse", refuse}, {0}};

/* worker.h -- inside the worker's process: Lua without anything that reaches outside, values, requests. */
#pragma once
#include <lauxlib.h>
#include <lua.h>

#include "automation/pack.h"
#include "automation/protocol.h"

#define WORKER_HEAP_MAX ((size_t)32 << 20)

typedef struct worker {
    int socket;
    lua_State *L;
    size_t heap;
    int64_t steps, steps_max;
    char *in; /* the message that is read: MESSAGE_MAX bytes */
    buffer out;
    kt_time now;
    kt_date today;
    int64_t offset_ms;      /* of the company's zone, east of UTC, now */
    int64_t rule;           /* of the run, from 0 */
    bool compiling;         /* nothing can be asked while a rule's text is looked at */
    buffer text;            /* what a template wrote and the server has not yet */
    int64_t kind, language; /* of the template: template_kind, words_language */
} worker;

/* The whole life of a worker: serves the socket until it closes, then ends the process. Confinement stands
 * before it. */
void worker_main(int socket) __attribute__((noreturn));

static inline worker *worker_of(lua_State *L)
{
    return *(worker **)lua_getextraspace(L);
}

extern const luaL_Reg rule_functions[]; /* worker.c: rule */

/* ---- sandbox.c ---- */

/* A state with the libraries that rules may use, read-only. NULL: no memory. */
lua_State *sandbox_open(worker *w);
/* Pushes a fresh environment: writable, above the read-only base. */
void sandbox_environment(lua_State *L);
/* Called first in the C function that runs what a rule wrote: keeps Lua 5.4.4's stack from being moved while
 * a chain of .. calls metamethods, after which that version calls what lies where the stack was. */
void sandbox_widen(lua_State *L);
/* Counts instructions from here on; past the limit every one of them is an error. */
void sandbox_begin(worker *w, int64_t steps_max);
int64_t sandbox_steps(worker *w);

/* ---- lua_value.c ---- */

#define LUA_DECIMAL "kontor.decimal"
#define LUA_DAY     "kontor.date"
#define LUA_RECORD  "kontor.record"
#define LUA_SECRET  "kontor.secret"
#define LUA_REFUSAL "kontor.refusal"

void values_open(lua_State *L);          /* metatables; pushes nothing */
extern const luaL_Reg value_functions[]; /* dec date time */
void push_dec(lua_State *L, kt_dec value);
void push_date(lua_State *L, kt_date value);
void push_time(lua_State *L, kt_time value);
/* Names in a record's table that are not its fields'. */
#define RECORD_ENTITY "?entity"
#define RECORD_PART   "?part"  /* set: not all fields were sent */
#define RECORD_GONE   "?gone"  /* set: the rest of it cannot be read; it is empty */
#define RECORD_TITLE  "?title" /* the name of the field that names it to people */

/* Pushes the next packed value; raises an error if it is damaged. A record becomes one that cannot be
 * assigned to; push_packed_fields leaves its table for push_record. */
void push_packed(lua_State *L, pack_reader *in);
void push_packed_fields(lua_State *L, pack_reader *in);
/* Packs the value at index. Raises an error: a function, a cycle, text that is not UTF-8. */
void pack_lua(lua_State *L, int index, buffer *out);
/* The day or instant at index as an instant; "3 days" and the like count from now. */
kt_time check_due(lua_State *L, int index);
bool text_dec(kt_str text, kt_dec *value); /* false: no decimal such as "12.50" */
/* A decimal, a whole number, or a text such as "12.50". */
kt_dec check_dec(lua_State *L, int index);
typedef struct {
    bool is_time;
    int32_t day;
    int64_t ms;
} moment;
kt_date moment_date(lua_State *L, const moment *m);
/* Makes a record of the table of fields on top of the stack. frozen: assignments are refused. */
void push_record(lua_State *L, bool frozen);
void push_fields(lua_State *L, int index); /* of the record at index */
/* What was assigned to the record at index. false: nothing, or it is none; pushes nothing then */
bool push_changes(lua_State *L, int index);

/* ---- lua_json.c ---- */

void push_json(lua_State *L, kt_str text); /* raises an error if it is damaged */
extern const luaL_Reg json_functions[];    /* decode encode */

/* ---- lua_api.c ---- */

extern const luaL_Reg api_functions[]; /* get list count ... */
/* Reads all fields of the record at index 1. */
void record_complete(lua_State *L);
/* Sends what a template wrote, and empties it. */
void send_text(lua_State *L);
/* Pushes the chunk of another template, as text. */
void push_include(lua_State *L, kt_str name);
/* From now on a link that was followed is not asked for again; or no longer. */
void links_remember(lua_State *L, bool on);
/* shown(value, modifier, currency): how a name in a DOCX is written. lua_shown.c */
int template_shown(lua_State *L);
/* The address of a picture, of a name or a record of base.attachment at index; nil: there is none. */
void push_picture(lua_State *L, int index);

/* ---- lua_template.c ---- */

/* Runs a template; called with a pack_reader as light userdata, behind the message's first byte. */
int template_run(lua_State *L);
void template_end(lua_State *L);

/* ---- worker.c ---- */

/* Loads a chunk and pushes it; raises an error that begins with "name:line:". */
void worker_load(lua_State *L, kt_str name, kt_str text);
/* Sends w->out and receives the answer, which is good until the next. */
kt_str worker_exchange(worker *w);

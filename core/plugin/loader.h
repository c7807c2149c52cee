/* loader.h -- what the files of this room share: loaded modules, declarations, what the store remembers. */
#pragma once
#include "plugin/plugin.h"

#define MODULE_NAME_MAX 40

enum {
    MODULES_MAX = 200,               /* enabled, disabled and built in together */
    MODULE_FILE_MAX = 64 << 20,      /* bytes of a shared object */
    MODULE_LUA_MAX = 1 << 20,        /* bytes of a Lua file */
    MODULE_LUA_HEAP_MAX = 16 << 20,  /* bytes that its Lua state may hold */
    MODULE_LUA_STEPS_MAX = 10000000, /* instructions it may run */
    MODULE_TABLES_MAX = 16 << 20,    /* bytes of the tables made of a Lua file or a remembered declaration */
    MODULE_ROWS_MAX = 2000,          /* rows in one table */
    MODULE_PROBE_MS = 5000,          /* for the trial load */
};

typedef enum { MODULE_BUILT_IN, MODULE_LIBRARY, MODULE_LUA } module_kind;

/* One version of a module, loaded; never unloaded, for calls may be inside and catalogues point to its
 * tables. */
typedef struct loaded {
    const kt_module *module;
    module_kind kind;
    arena *arena; /* of Lua tables; NULL else */
    struct loaded *next;
} loaded;

/* ---- Checks (elf.c, descriptor.c) ---- */

/* Is this a whole shared object of this machine? NULL: yes; else the reason, in English; it is static. */
const char *elf_check(const uint8_t *bytes, size_t size);

bool module_name_is_good(kt_str name); /* [a-z][a-z0-9_-]*, to MODULE_NAME_MAX */
/* Checks what the tables say about themselves, all problems at once, each under `file`. */
KT_MUST kt_error *descriptor_check(arena *arena, const char *file, const char *name, const kt_module *module);
/* Reads every string and row, so that a damaged table is found where a crash does no harm. */
size_t descriptor_walk(const kt_module *module);
/* Is name one of the words of a module's needs? */
bool module_needs(const kt_module *module, const char *name);

/* ---- Files (library.c, lua_file.c) ---- */

/* The file of module NAME in the directory: NAME.so or NAME.lua. returns not_found; conflict: both are there
 */
KT_MUST kt_error *module_file_find(
    arena *arena, const char *directory, const char *name, const char **path, module_kind *kind);
/* Copies, checks and loads; number makes the copy's name unique. *loaded lives on, but for an error. */
KT_MUST kt_error *library_load(arena *arena, const char *path, const char *name,
    const char *private_directory, unsigned number, loaded **loaded);
KT_MUST kt_error *lua_module_load(arena *arena, const char *path, const char *name, loaded **loaded);
/* As lua_module_load, of a text. file: for problems. */
KT_MUST kt_error *lua_module_read(
    arena *arena, const char *file, const char *name, kt_str text, loaded **loaded);
/* Makes the folder, 0700 and ours, and removes the copies of earlier runs. */
KT_MUST kt_error *private_directory_open(arena *arena, const char *path);

/* ---- Order (order.c) ---- */

/* Sorts so that each module stands behind those that it needs, else by name. Names every need that is not
 * met, and the modules of a circle. */
KT_MUST kt_error *modules_order(arena *arena, const kt_module **modules, size_t count);

/* -1, 0, 1: "1.10.0" is newer than "1.9". */
int version_cmp(const char *a, const char *b);

/* ---- What the store remembers (remember.c): STORE_META, keys "plugin/.." ---- */

typedef struct {
    char name[MODULE_NAME_MAX + 1];
    bool enabled;
    bool left_out;  /* enabled, but the server had to start without it */
    kt_str version; /* that made the data */
    kt_text label;
} remembered;

/* Lays out a struct for the rows of a shape that C code never sees: sets .at of each row, returns the size.
 */
size_t declared_layout(kt_field *fields, size_t count);
/* All modules that were ever enabled, by name. *first: nothing is remembered, this is the first start. */
KT_MUST kt_error *remembered_read(
    arena *arena, store_view *view, remembered **modules, size_t *count, bool *first);
KT_MUST kt_error *remembered_find(
    arena *arena, store_view *view, const char *name, remembered *module, bool *found);
/* Keeps a module's state, and the declaration of its entities if it is given. */
KT_MUST kt_error *remembered_write(
    arena *arena, store_view *view, const remembered *state, const kt_module *declaration);
/* The module as it was declared when it was last enabled: entities and fields, nothing that runs. */
KT_MUST kt_error *remembered_module(
    arena *arena, store_view *view, const remembered *module, const kt_module **declared);

KT_MUST kt_error *generation_read(store_view *view, uint64_t *number);
KT_MUST kt_error *generation_write(store_view *view, uint64_t number);

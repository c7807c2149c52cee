/* lua_tables.c -- reads the tables of a Lua module. An option that nobody knows is a problem, never ignored;
 * all problems are collected, each with its line. */
#include "plugin/lua_tables.h"

#include <lauxlib.h>

const lua_type_row lua_types[] = {{"string", KT_STRING}, {"text", KT_TEXT}, {"bool", KT_BOOL},
    {"boolean", KT_BOOL}, {"int", KT_INT}, {"integer", KT_INT}, {"money", KT_MONEY}, {"price", KT_PRICE},
    {"quantity", KT_QUANTITY}, {"percent", KT_PERCENT}, {"rate", KT_RATE}, {"date", KT_DATE},
    {"time", KT_TIME}, {"datetime", KT_TIME}, {"state", KT_STATE}, {"reference", KT_REF},
    {"references", KT_REFS}, {"lines", KT_LINES}, {"json", KT_JSON}, {"file", KT_FILE}, {0}};

void lua_problem(lua_reading *r, long line, const char *en, const char *pl, ...)
{
    va_list arguments;
    va_start(arguments, pl);
    kt_error *e = error_vmake(r->arena, KT_VALIDATION, r->file, en, pl, arguments);
    va_end(arguments);
    kt_also(&r->all, line ? error_at_row(e, line) : e);
}

/* ---- Members of the table at the top of the stack ---- */

static long line_of(lua_reading *r, long otherwise)
{
    lua_getfield(r->L, -1, LUA_MARK_LINE);
    long line = lua_isinteger(r->L, -1) ? (long)lua_tointeger(r->L, -1) : otherwise;
    lua_pop(r->L, 1);
    return line;
}

static bool is_mark(const char *key)
{
    return key[0] == '\1';
}

static bool is_known(const char *const *names, const char *key)
{
    for (; *names; names++) {
        if (strcmp(*names, key) == 0)
            return true;
    }
    return false;
}

/* What runs is no part of a declaration: rules do it, in confined workers (core/automation). */
static bool is_function_name(const char *key)
{
    static const char *const names[] = {"run", "on", "methods", "compute", "check", "guard", "answer",
        "migrate", "services", "params", "result", "handlers", NULL};
    return is_known(names, key);
}

/* Is the key below the top a position in the list that the table may have? */
static bool is_position(lua_State *L, lua_Integer most)
{
    return lua_isinteger(L, -2) && lua_tointeger(L, -2) >= 1 && lua_tointeger(L, -2) <= most;
}

/* Refuses members that are not known, and positions above `positions`. */
static void refuse_unknown(
    lua_reading *r, const char *const *known, lua_Integer positions, const char *what, long line)
{
    lua_State *L = r->L;
    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
        if (is_position(L, positions))
            continue;
        const char *key = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : NULL;
        if (key && (is_mark(key) || is_known(known, key)))
            continue;
        if (key && (is_function_name(key) || lua_isfunction(L, -1)))
            lua_problem(r, line,
                "%s: \"%s\" is code, and this file only declares: write a rule for the event, or the module "
                "in C",
                "%s: „%s” to kod, a ten plik tylko deklaruje: napisz regułę na to zdarzenie albo moduł w C",
                what, key);
        else
            lua_problem(r, line, "%s: there is no option \"%s\"", "%s: nie ma opcji „%s”", what,
                key ? key : luaL_typename(L, -2));
    }
}

static const char *keep(lua_reading *r, const char *text)
{
    const char *kept = arena_str(r->own, str_of(text)).ptr;
    r->no_memory |= !kept;
    return kept;
}

/* A text member; NULL if absent. */
static const char *text_at(lua_reading *r, const char *name, const char *what, long line)
{
    const char *text = NULL;
    int type = lua_getfield(r->L, -1, name);
    if (type == LUA_TSTRING)
        text = keep(r, lua_tostring(r->L, -1));
    else if (type != LUA_TNIL)
        lua_problem(r, line, "%s: \"%s\" must be a text", "%s: „%s” musi być tekstem", what, name);
    lua_pop(r->L, 1);
    return text;
}

static bool bool_at(lua_reading *r, const char *name, const char *what, long line)
{
    int type = lua_getfield(r->L, -1, name);
    bool value = lua_toboolean(r->L, -1);
    if (type != LUA_TNIL && type != LUA_TBOOLEAN)
        lua_problem(
            r, line, "%s: \"%s\" must be true or false", "%s: „%s” musi być true albo false", what, name);
    lua_pop(r->L, 1);
    return value;
}

static uint32_t number_at(lua_reading *r, const char *name, uint32_t most, const char *what, long line)
{
    int type = lua_getfield(r->L, -1, name), is_integer = 0;
    lua_Integer value = lua_tointegerx(r->L, -1, &is_integer);
    lua_pop(r->L, 1);
    if (type == LUA_TNIL)
        return 0;
    if (!is_integer || value < 0 || value > most) {
        lua_problem(r, line, "%s: \"%s\" must be a whole number from 0 to %u",
            "%s: „%s” musi być liczbą całkowitą od 0 do %u", what, name, most);
        return 0;
    }
    return (uint32_t)value;
}

/* {en = "..", pl = ".."} in member `name`, or en and pl of the table itself if name is NULL. */
static kt_text label_at(lua_reading *r, const char *name, const char *what, long line)
{
    kt_text label = {0};
    if (!name) {
        label.en = text_at(r, "en", what, line);
        label.pl = text_at(r, "pl", what, line);
        return label;
    }
    int type = lua_getfield(r->L, -1, name);
    if (type == LUA_TTABLE)
        label = label_at(r, NULL, what, line);
    else if (type != LUA_TNIL)
        lua_problem(r, line, "%s: \"%s\" must be {en = \"..\", pl = \"..\"}",
            "%s: „%s” musi być {en = \"..\", pl = \"..\"}", what, name);
    lua_pop(r->L, 1);
    return label;
}

/* The text at position 1: the name of what the table declares. */
static const char *name_first(lua_reading *r, const char *what, long line)
{
    const char *name = NULL;
    if (lua_rawgeti(r->L, -1, 1) == LUA_TSTRING)
        name = keep(r, lua_tostring(r->L, -1));
    else
        lua_problem(r, line, "%s: the name is missing, as in {\"name\", ..}",
            "%s: brak nazwy, jak w {\"nazwa\", ..}", what);
    lua_pop(r->L, 1);
    return name;
}

/* Words of a member that is a text or a list of texts, one after another with blanks (or commas) between. */
static const char *words_at(
    lua_reading *r, const char *name, const char *between, const char *what, long line)
{
    int type = lua_getfield(r->L, -1, name);
    kt_str joined = {NULL, 0};
    if (type == LUA_TSTRING)
        joined = arena_str(r->own, str_of(lua_tostring(r->L, -1)));
    size_t count = type == LUA_TTABLE ? lua_rawlen(r->L, -1) : 0;
    for (size_t i = 1; i <= count && i <= MODULE_ROWS_MAX; i++) {
        if (lua_rawgeti(r->L, -1, (lua_Integer)i) != LUA_TSTRING)
            lua_problem(
                r, line, "%s: \"%s\" must be a list of texts", "%s: „%s” musi być listą tekstów", what, name);
        else
            joined = arena_format(r->own, "%s%s%s", joined.ptr ? joined.ptr : "", joined.ptr ? between : "",
                lua_tostring(r->L, -1));
        lua_pop(r->L, 1);
    }
    if (type != LUA_TNIL && type != LUA_TSTRING && type != LUA_TTABLE)
        lua_problem(r, line, "%s: \"%s\" must be a text or a list", "%s: „%s” musi być tekstem albo listą",
            what, name);
    lua_pop(r->L, 1);
    return joined.ptr;
}

/* "in_progress" -> "In progress", for choices and actions without a label. */
static const char *label_of(lua_reading *r, const char *name)
{
    size_t length = strlen(name);
    char *label = arena_alloc(r->own, length + 1);
    if (!label) {
        r->no_memory = true;
        return name;
    }
    for (size_t i = 0; i < length; i++)
        label[i] = name[i] == '_' ? ' ' : name[i];
    if (label[0] >= 'a' && label[0] <= 'z')
        label[0] = (char)(label[0] - 'a' + 'A');
    return label;
}

static void label_complete(lua_reading *r, kt_text *label, const char *name)
{
    if (!label->en && !label->pl && name)
        label->en = label->pl = label_of(r, name);
}

/* Opens the list in member `name`: pushes it and returns its length. An absent one is pushed as nil, length
 * 0. */
static size_t list_open(lua_reading *r, const char *name, const char *what, long line)
{
    int type = lua_getfield(r->L, -1, name);
    size_t count = type == LUA_TTABLE ? lua_rawlen(r->L, -1) : 0;
    if (type != LUA_TNIL && type != LUA_TTABLE)
        lua_problem(r, line, "%s: \"%s\" must be a list", "%s: „%s” musi być listą", what, name);
    if (count > MODULE_ROWS_MAX) {
        lua_problem(r, line, "%s: \"%s\" has more than %d rows", "%s: „%s” ma ponad %d wierszy", what, name,
            MODULE_ROWS_MAX);
        count = 0;
    }
    return count;
}

/* Pushes row i (from 0) of the list at the top; false, nothing pushed: it is no table. */
static bool row_open(lua_reading *r, size_t i, const char *what, long line)
{
    if (lua_rawgeti(r->L, -1, (lua_Integer)i + 1) == LUA_TTABLE)
        return true;
    lua_pop(r->L, 1);
    lua_problem(r, line, "%s: row %zu is no table", "%s: wiersz %zu nie jest tabelą", what, i + 1);
    return false;
}

static void *rows_new(lua_reading *r, size_t count, size_t size)
{
    void *rows = arena_alloc(r->own, (count + 1) * size);
    r->no_memory |= !rows;
    return rows;
}

/* ---- Fields ---- */

static void read_choice(lua_reading *r, kt_choice *choice, const char *what, long line)
{
    static const char *const known[] = {"en", "pl", "semantic", "value", NULL};
    if (lua_type(r->L, -1) == LUA_TSTRING) {
        choice->name = keep(r, lua_tostring(r->L, -1));
    } else if (lua_istable(r->L, -1)) {
        refuse_unknown(r, known, 1, what, line);
        choice->name = name_first(r, what, line);
        choice->label = label_at(r, NULL, what, line);
        choice->semantic = text_at(r, "semantic", what, line);
        unsigned value = number_at(r, "value", KT_CHOICE_MAX, what, line);
        choice->value = value ? value : choice->value;
    } else {
        lua_problem(r, line, "%s: a state is a text or {\"name\", en = .., pl = ..}",
            "%s: stan to tekst albo {\"nazwa\", en = .., pl = ..}", what);
    }
    label_complete(r, &choice->label, choice->name);
}

static const kt_choice *read_choices(lua_reading *r, const char *what, long line)
{
    size_t count = lua_rawlen(r->L, -1);
    kt_choice *choices = rows_new(r, count, sizeof *choices);
    if (count < 2 || count > MODULE_ROWS_MAX)
        lua_problem(r, line, "%s: names no states", "%s: nie podaje stanów", what);
    for (size_t i = 2; choices && i <= count && i <= MODULE_ROWS_MAX; i++) {
        lua_rawgeti(r->L, -1, (lua_Integer)i);
        choices[i - 2].value = (unsigned)(i - 1);
        read_choice(r, &choices[i - 2], what, line);
        lua_pop(r->L, 1);
    }
    return choices;
}

static kt_on_delete read_on_delete(lua_reading *r, const char *what, long line)
{
    const char *text = text_at(r, "on_delete", what, line);
    if (text && strcmp(text, "cascade") == 0)
        return KT_CASCADE;
    if (text && strcmp(text, "clear") == 0)
        return KT_CLEAR;
    if (text && strcmp(text, "restrict") != 0)
        lua_problem(r, line, "%s: on_delete is \"restrict\", \"cascade\" or \"clear\"",
            "%s: on_delete to „restrict”, „cascade” albo „clear”", what);
    return KT_RESTRICT;
}

static kt_type type_here(lua_reading *r)
{
    lua_getfield(r->L, -1, LUA_MARK_TYPE);
    lua_Integer type = lua_tointeger(r->L, -1);
    lua_pop(r->L, 1);
    return type >= KT_STRING && type <= KT_FILE ? (kt_type)type : 0;
}

static const kt_shape *read_fields(
    lua_reading *r, const char *name, const char *what, long line, unsigned depth);

static void read_field(lua_reading *r, kt_field *f, const char *under, long line, unsigned depth)
{
    static const char *const known[] = {"en", "pl", "help", "target", "initial", "group", "required",
        "unique", "indexed", "searchable", "personal", "fixed", "in_use", "scale", "max", "on_delete",
        "priority", "show_if", "required_if", "readonly_if", "explain", "mask", "fields", NULL};
    f->type = type_here(r);
    line = line_of(r, line);
    f->name = name_first(r, under, line);
    const char *what = arena_format(r->arena, "%s.%s", under, f->name ? f->name : "?").ptr;
    what = what ? what : under;
    if (!f->type) {
        lua_problem(r, line, "%s: is made by no function of kontor.field",
            "%s: nie utworzono go funkcją kontor.field", what);
        f->type = KT_STRING;
    }
    refuse_unknown(r, known, f->type == KT_STATE ? MODULE_ROWS_MAX : 1, what, line);
    f->label = label_at(r, NULL, what, line);
    f->help = label_at(r, "help", what, line);
    f->target = text_at(r, "target", what, line);
    f->initial = text_at(r, "initial", what, line);
    f->group = text_at(r, "group", what, line);
    f->show_if = text_at(r, "show_if", what, line);
    f->required_if = text_at(r, "required_if", what, line);
    f->readonly_if = text_at(r, "readonly_if", what, line);
    f->explain = text_at(r, "explain", what, line);
    f->mask = text_at(r, "mask", what, line);
    f->required = bool_at(r, "required", what, line);
    f->unique = bool_at(r, "unique", what, line);
    f->indexed = bool_at(r, "indexed", what, line);
    f->searchable = bool_at(r, "searchable", what, line);
    f->personal = bool_at(r, "personal", what, line);
    f->fixed = bool_at(r, "fixed", what, line);
    f->in_use = bool_at(r, "in_use", what, line);
    f->scale = (uint8_t)number_at(r, "scale", KT_DEC_SCALE_MAX, what, line);
    f->max = number_at(r, "max", 1000000, what, line);
    f->priority = number_at(r, "priority", 1000, what, line);
    f->on_delete = read_on_delete(r, what, line);
    if (f->type == KT_STATE)
        f->choices = read_choices(r, what, line);
    if (f->type == KT_LINES)
        f->lines = depth ? NULL : read_fields(r, NULL, what, line, depth + 1);
    if (f->type == KT_LINES && depth)
        lua_problem(r, line, "%s: lines cannot hold lines", "%s: pozycje nie mogą zawierać pozycji", what);
    if (!f->label.en || !f->label.pl)
        lua_problem(r, line, "%s: the label is missing in English or Polish",
            "%s: brak nazwy po angielsku albo po polsku", what);
}

static const kt_shape *read_fields(
    lua_reading *r, const char *name, const char *what, long line, unsigned depth)
{
    size_t count = list_open(r, "fields", what, line), n = 0;
    kt_field *fields = rows_new(r, count, sizeof *fields);
    kt_shape *shape = rows_new(r, 0, sizeof *shape);
    if (!count)
        lua_problem(r, line, "%s: declares no fields", "%s: nie deklaruje pól", what);
    for (size_t i = 0; fields && i < count; i++) {
        if (!row_open(r, i, what, line))
            continue;
        read_field(r, &fields[n++], what, line, depth);
        lua_pop(r->L, 1);
    }
    lua_pop(r->L, 1);
    if (fields && shape)
        *shape = (kt_shape){name, declared_layout(fields, n), fields};
    return shape;
}

/* ---- Entities ---- */

static unsigned state_value(
    lua_reading *r, const kt_shape *shape, const char *name, const char *what, long line)
{
    for (const kt_field *f = shape ? shape->fields : NULL; f && f->type; f++) {
        for (const kt_choice *c = f->name && strcmp(f->name, "state") == 0 ? f->choices : NULL; c && c->value;
             c++) {
            if (c->name && strcmp(c->name, name) == 0)
                return c->value;
        }
    }
    lua_problem(r, line, "%s: there is no state \"%s\"", "%s: nie ma stanu „%s”", what, name);
    return 0;
}

static void read_action(lua_reading *r, kt_action *a, const kt_shape *shape, const char *under, long line)
{
    static const char *const known[] = {"en", "pl", "right", "from", "to", NULL};
    a->name = name_first(r, under, line);
    const char *what = arena_format(r->arena, "%s.%s", under, a->name ? a->name : "?").ptr;
    what = what ? what : under;
    refuse_unknown(r, known, 1, what, line);
    a->label = label_at(r, NULL, what, line);
    label_complete(r, &a->label, a->name);
    a->right = text_at(r, "right", what, line);
    const char *to = text_at(r, "to", what, line);
    if (to)
        a->to = state_value(r, shape, to, what, line);
    else
        lua_problem(r, line, "%s: names no state \"to\" go to", "%s: nie podaje stanu docelowego „to”", what);
    const char *from = words_at(r, "from", " ", what, line);
    while (from && *(from += strspn(from, " "))) {
        size_t length = strcspn(from, " ");
        const char *state = arena_str(r->arena, (kt_str){from, length}).ptr;
        unsigned value = state ? state_value(r, shape, state, what, line) : 0;
        if (value > 0 && value <= KT_STATE_MAX)
            a->from |= KT_IN(value);
        from += length;
    }
}

/* Plain tables do not know their line; an entity's first field does. */
static long entity_line(lua_reading *r, long otherwise)
{
    long line = otherwise;
    if (lua_getfield(r->L, -1, "fields") == LUA_TTABLE) {
        if (lua_rawgeti(r->L, -1, 1) == LUA_TTABLE)
            line = line_of(r, otherwise);
        lua_pop(r->L, 1);
    }
    lua_pop(r->L, 1);
    return line;
}

/* Another module's entity gets fields, and nothing but fields. */
static void read_extension(lua_reading *r, kt_entity *e, const char *name, long line)
{
    static const char *const known[] = {"extends", "fields", NULL};
    refuse_unknown(r, known, 0, name, line);
    if (!strchr(name, '.'))
        lua_problem(r, line, "\"extends\" names another module's entity, as \"base.party\"; \"%s\" is none",
            "„extends” nazywa encję innego modułu, np. „base.party”; „%s” nią nie jest", name);
    e->shape = read_fields(r, name, name, line, 0);
}

static void read_entity(lua_reading *r, kt_entity *e, const char *module, long line)
{
    static const char *const known[] = {"name", "label", "plural", "fields", "actions", "title", "number",
        "indexes", "icon", "shared", "log_reads", "views", "columns", NULL};
    line = entity_line(r, line);
    const char *other = text_at(r, "extends", module, line);
    if (other) {
        read_extension(r, e, other, line);
        return;
    }
    const char *short_name = text_at(r, "name", module, line);
    const char *name = arena_format(r->own, "%s.%s", module, short_name ? short_name : "").ptr;
    r->no_memory |= !name;
    name = name ? name : module;
    if (!short_name)
        lua_problem(r, line, "an entity of %s has no name", "encja modułu %s nie ma nazwy", module);
    refuse_unknown(r, known, 0, name, line);
    e->label = label_at(r, "label", name, line);
    e->plural = label_at(r, "plural", name, line);
    e->title = text_at(r, "title", name, line);
    e->number = text_at(r, "number", name, line);
    e->indexes = words_at(r, "indexes", ", ", name, line);
    e->icon = text_at(r, "icon", name, line);
    e->views = text_at(r, "views", name, line);
    e->columns = text_at(r, "columns", name, line);
    e->shared = bool_at(r, "shared", name, line);
    e->log_reads = bool_at(r, "log_reads", name, line);
    e->shape = read_fields(r, name, name, line, 0);
    size_t count = list_open(r, "actions", name, line), n = 0;
    kt_action *actions = rows_new(r, count, sizeof *actions);
    for (size_t i = 0; actions && i < count; i++) {
        if (!row_open(r, i, name, line))
            continue;
        read_action(r, &actions[n++], e->shape, name, line);
        lua_pop(r->L, 1);
    }
    lua_pop(r->L, 1);
    e->actions = actions;
}

static void read_entities(lua_reading *r, kt_module *module, long line)
{
    size_t count = list_open(r, "entities", module->name, line), n = 0;
    kt_entity *entities = rows_new(r, count, sizeof *entities);
    for (size_t i = 0; entities && i < count; i++) {
        if (!row_open(r, i, module->name, line))
            continue;
        read_entity(r, &entities[n], module->name, line);
        n += entities[n].shape != NULL;
        lua_pop(r->L, 1);
    }
    lua_pop(r->L, 1);
    module->entities = entities;
}

static void read_roles(lua_reading *r, kt_module *module, long line)
{
    static const char *const known[] = {"en", "pl", "grants", NULL};
    size_t count = list_open(r, "roles", module->name, line), n = 0;
    kt_role *roles = rows_new(r, count, sizeof *roles);
    for (size_t i = 0; roles && i < count; i++) {
        if (!row_open(r, i, module->name, line))
            continue;
        refuse_unknown(r, known, 1, module->name, line);
        roles[n].name = name_first(r, module->name, line);
        roles[n].label = label_at(r, NULL, module->name, line);
        label_complete(r, &roles[n].label, roles[n].name);
        roles[n].grants = words_at(r, "grants", "; ", module->name, line);
        n += roles[n].name != NULL;
        lua_pop(r->L, 1);
    }
    lua_pop(r->L, 1);
    module->roles = roles;
}

const kt_module *lua_module_tables(lua_reading *r)
{
    static const char *const known[] = {"name", "version", "label", "needs", "entities", "roles", NULL};
    kt_module *module = rows_new(r, 0, sizeof *module);
    if (!module)
        return NULL;
    long line = line_of(r, 0);
    *module = (kt_module){.abi = KT_ABI};
    module->name = text_at(r, "name", "module", line);
    if (!module->name) {
        lua_problem(r, line, "the module has no name", "moduł nie ma nazwy");
        return NULL;
    }
    refuse_unknown(r, known, 0, module->name, line);
    module->version = text_at(r, "version", module->name, line);
    module->label = label_at(r, "label", module->name, line);
    module->needs = words_at(r, "needs", " ", module->name, line);
    read_entities(r, module, line);
    read_roles(r, module, line);
    return module;
}

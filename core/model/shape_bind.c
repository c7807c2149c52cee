/* shape_bind.c -- compiles shapes: finds the fields behind each row, once per catalogue.
 *
 * The table is read without a lock: slots are atomic pointers to finished bindings, a full table is replaced
 * by a larger one, the old one stays until the catalogue ends. A reader that misses takes the lock and looks
 * again. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "model/shape.h"

#define TABLE_BYTES_MAX ((size_t)64 << 20)

typedef struct {
    size_t count; /* a power of two */
    _Atomic(const shape_binding *) at[];
} shape_slots;

struct shape_table {
    const model_catalogue *catalogue;
    arena *arena;
    pthread_mutex_t lock; /* over arena and used; nothing is called upward under it */
    _Atomic(shape_slots *) slots;
    size_t used;
};

static shape_slots *slots_make(arena *arena, size_t count)
{
    shape_slots *slots = arena_alloc(arena, sizeof *slots + count * sizeof slots->at[0]);
    if (slots)
        slots->count = count;
    return slots;
}

static size_t slot_of(const shape_slots *slots, const kt_shape *shape, const model_entity *entity)
{
    uint64_t h = (uintptr_t)shape * 0x9e3779b97f4a7c15u ^ ((uintptr_t)entity >> 4) * 0xc2b2ae3d27d4eb4fu;
    return (size_t)(h >> 32) & (slots->count - 1);
}

/* entity NULL: the binding to the entity that the shape names, kept under no entity. */
static const shape_binding *table_find(
    shape_table *table, const kt_shape *shape, const model_entity *entity, bool named)
{
    shape_slots *slots = atomic_load_explicit(&table->slots, memory_order_acquire);
    for (size_t i = slot_of(slots, shape, named ? NULL : entity);; i = (i + 1) & (slots->count - 1)) {
        const shape_binding *b = atomic_load_explicit(&slots->at[i], memory_order_acquire);
        if (!b)
            return NULL;
        if (b->shape == shape && b->named == named && (named || b->entity == entity))
            return b;
    }
}

static void slots_put(shape_slots *slots, const shape_binding *binding)
{
    size_t i = slot_of(slots, binding->shape, binding->named ? NULL : binding->entity);
    while (atomic_load_explicit(&slots->at[i], memory_order_relaxed))
        i = (i + 1) & (slots->count - 1);
    atomic_store_explicit(&slots->at[i], binding, memory_order_release);
}

/* Under the lock. */
static bool table_put(shape_table *table, const shape_binding *binding)
{
    shape_slots *slots = atomic_load_explicit(&table->slots, memory_order_relaxed);
    if ((table->used + 1) * 2 > slots->count) {
        shape_slots *larger = slots_make(table->arena, slots->count * 2);
        if (!larger)
            return false;
        for (size_t i = 0; i < slots->count; i++) {
            const shape_binding *b = atomic_load_explicit(&slots->at[i], memory_order_relaxed);
            if (b)
                slots_put(larger, b);
        }
        atomic_store_explicit(&table->slots, larger, memory_order_release);
        slots = larger;
    }
    slots_put(slots, binding);
    table->used++;
    return true;
}

shape_table *shape_table_open(const model_catalogue *catalogue)
{
    arena *arena = arena_open(TABLE_BYTES_MAX);
    shape_table *table = arena ? ARENA_NEW(arena, shape_table) : NULL;
    shape_slots *slots = table ? slots_make(arena, 256) : NULL;
    if (!slots || pthread_mutex_init(&table->lock, NULL)) {
        arena_close(arena);
        return NULL;
    }
    table->catalogue = catalogue;
    table->arena = arena;
    atomic_init(&table->slots, slots);
    return table;
}

void shape_table_close(shape_table *table)
{
    if (!table)
        return;
    pthread_mutex_destroy(&table->lock);
    arena_close(table->arena);
}

/* ---- Compiling ---- */

static const char *type_name(kt_type type)
{
    static const char *const names[] = {[KT_STRING] = "STRING",
        [KT_TEXT] = "TEXT",
        [KT_BOOL] = "BOOL",
        [KT_INT] = "INT",
        [KT_MONEY] = "MONEY",
        [KT_PRICE] = "PRICE",
        [KT_QUANTITY] = "QUANTITY",
        [KT_PERCENT] = "PERCENT",
        [KT_RATE] = "RATE",
        [KT_DATE] = "DATE",
        [KT_TIME] = "TIME",
        [KT_STATE] = "STATE",
        [KT_REF] = "REF",
        [KT_REFS] = "REFS",
        [KT_LINES] = "LINES",
        [KT_JSON] = "JSON",
        [KT_FILE] = "FILE"};
    return type >= KT_STRING && type <= KT_FILE ? names[type] : "unknown";
}

/* Types whose values have one C type may bind to each other. */
static unsigned kind_of(kt_type type)
{
    if (is_decimal(type))
        return KT_MONEY;
    if (is_text(type))
        return KT_STRING;
    return type == KT_FILE ? KT_REF : type;
}

typedef struct {
    arena *arena;
    kt_error *problems;
    bool no_memory;
} compiler;

KT_PRINTF(4, 6)
KT_PRINTF(5, 6)
static void row_problem(
    compiler *c, const char *where, const kt_field *row, const char *en, const char *pl, ...)
{
    va_list arguments;
    kt_str path = arena_format(c->arena, "%s.%s", where, row->name ? row->name : "?");
    va_start(arguments, pl);
    kt_also(&c->problems, error_vmake(c->arena, KT_VALIDATION, path.ptr, en, pl, arguments));
    va_end(arguments);
}

/* Finds the fields of a dotted path. A reference whose target is not enabled ends it: the member stays not
 * set. returns false: a problem was added, or there is nothing to bind */
static bool compile_path(
    compiler *c, const char *where, const model_entity *entity, const kt_field *declared, shape_row *row)
{
    const model_entity *at = entity;
    for (const char *name = declared->name; name;) {
        const char *dot = strchr(name, '.');
        kt_str part = {name, dot ? (size_t)(dot - name) : strlen(name)};
        if (row->count == SHAPE_STEPS_MAX) {
            row_problem(c, where, declared, "a path has at most %d steps", "ścieżka ma najwyżej %d kroków",
                SHAPE_STEPS_MAX);
            row->count = 0;
            return false;
        }
        const model_field *field = model_field_find(at, part);
        if (!field) {
            row_problem(c, where, declared, "%.*s has no field \"%.*s\"", "%.*s nie ma pola „%.*s”",
                STR_ARG(at->name), STR_ARG(part));
            row->count = 0;
            return false;
        }
        row->steps[row->count++] = field;
        if (!dot)
            return true;
        if (field->type == KT_LINES) { /* any line, as in filters */
            row->condition = true;
            name = dot + 1;
            at = field->lines;
            continue;
        }
        if (field->type != KT_REF || is_any(field)) {
            row_problem(c, where, declared, "\"%.*s\" is no reference to one entity",
                "„%.*s” nie jest odwołaniem do jednej encji", STR_ARG(part));
            row->count = 0;
            return false;
        }
        name = dot + 1;
        at = field->target;
        if (!at) {
            row->count = 0;
            return false;
        }
    }
    return false;
}

static shape_binding *compile(
    compiler *c, const char *where, const kt_shape *shape, const model_entity *entity);

static shape_way way_of(const model_field *field)
{
    switch (field->type) {
    case KT_STRING:
    case KT_TEXT:
        return field->mask.len ? WAY_SEEN : WAY_TEXT;
    case KT_JSON: /* conditions and parameters: they must say to the module what they say */
        return WAY_TEXT;
    case KT_BOOL:
        return WAY_BOOL;
    case KT_STATE:
        return WAY_CHOICE;
    case KT_DATE:
        return WAY_DAY;
    case KT_INT:
    case KT_TIME:
    case KT_FILE:
        return WAY_64;
    case KT_REF:
        return is_any(field) ? WAY_ANY : WAY_64;
    case KT_MONEY:
    case KT_PRICE:
    case KT_QUANTITY:
    case KT_PERCENT:
    case KT_RATE:
        return WAY_DECIMAL;
    case KT_REFS:
        return WAY_REFS;
    case KT_LINES:
        return WAY_LINES;
    }
    abort(); /* the catalogue holds no other type */
}

static void compile_row(
    compiler *c, const char *where, const model_entity *entity, const kt_field *declared, shape_row *row)
{
    row->declared = declared;
    if (!compile_path(c, where, entity, declared, row))
        return;
    const model_field *field = row->steps[row->count - 1];
    if (kind_of(field->type) != kind_of(declared->type)) {
        row_problem(c, where, declared, "the shape binds a %s, the field is a %s",
            "kształt wiąże %s, a pole jest typu %s", type_name(declared->type), type_name(field->type));
        row->count = 0;
        return;
    }
    row->way = way_of(field);
    if (field->type != KT_LINES)
        return;
    if (row->count > 1) {
        row_problem(c, where, declared, "lines are not reached through a reference",
            "do pozycji nie prowadzi droga przez odwołanie");
    } else if (!declared->lines) {
        row_problem(
            c, where, declared, "the row names no shape of lines", "wiersz nie podaje kształtu pozycji");
    } else {
        kt_str under = arena_format(c->arena, "%s.%s", where, declared->name);
        row->lines = compile(c, under.ptr ? under.ptr : where, declared->lines, field->lines);
    }
    if (!row->lines)
        row->count = 0;
}

static shape_binding *compile(
    compiler *c, const char *where, const kt_shape *shape, const model_entity *entity)
{
    size_t count = 0;
    while (shape->fields[count].type)
        count++;
    shape_binding *binding = ARENA_NEW(c->arena, shape_binding);
    shape_row *rows = ARENA_ARRAY(c->arena, shape_row, count + 1);
    shape_cell *cells = ARENA_ARRAY(c->arena, shape_cell, count + 1);
    const shape_row **others = ARENA_ARRAY(c->arena, const shape_row *, count + 1);
    if (!binding || !rows || !cells || !others) {
        c->no_memory = true;
        return NULL;
    }
    *binding = (shape_binding){.shape = shape,
        .entity = entity,
        .rows = rows,
        .count = entity ? count : 0,
        .cells = cells,
        .others = others,
        .flat = true};
    for (size_t i = 0; i < binding->count; i++) {
        shape_row *row = &rows[i];
        compile_row(c, where, entity, &shape->fields[i], row);
        if (row->count && (row->steps[row->count - 1]->mask.len || (row->lines && row->lines->masked)))
            binding->masked = true;
        if (row->count == 1 && (row->way == WAY_REFS || row->way == WAY_LINES))
            binding->flat = false;
        if (row->count == 1 && row->way < WAY_SEEN)
            cells[binding->cell_count++] = (shape_cell){.at = (uint32_t)row->declared->at,
                .position = row->steps[0]->position,
                .row = (uint16_t)i,
                .way = (uint8_t)row->way,
                .taken = !row->steps[0]->system};
        else if (row->count)
            others[binding->other_count++] = row;
    }
    return binding;
}

static const model_entity *entity_of(const model_catalogue *catalogue, const kt_shape *shape)
{
    return shape->name ? model_entity_find(catalogue, str_of(shape->name))
                       : model_shape_entity(catalogue, shape);
}

kt_error *shape_check(
    arena *arena, const model_catalogue *catalogue, const kt_shape *shape, const char *where)
{
    compiler c = {.arena = arena};
    if (!shape)
        return NULL;
    if (!shape->fields || shape->size < sizeof(kt_record))
        return error_make(arena, KT_VALIDATION, where, "the shape has no struct or no table of fields",
            "kształt nie ma struktury albo tabeli pól");
    (void)compile(&c, where, shape, entity_of(catalogue, shape));
    return c.no_memory ? error_no_memory() : c.problems;
}

static const shape_binding *table_add(
    shape_table *table, const kt_shape *shape, const model_entity *entity, bool named)
{
    pthread_mutex_lock(&table->lock);
    const shape_binding *found = table_find(table, shape, entity, named);
    if (!found) {
        compiler c = {.arena = table->arena};
        const model_entity *over = named ? entity_of(table->catalogue, shape) : entity;
        shape_binding *made = compile(&c, shape->name ? shape->name : "shape", shape, over);
        if (made && !c.no_memory) {
            made->named = named;
            made->problem = c.problems;
            found = table_put(table, made) ? made : NULL;
        }
    }
    pthread_mutex_unlock(&table->lock);
    return found;
}

static kt_error *bind(
    kt_tx *tx, const kt_shape *shape, const model_entity *entity, bool named, const shape_binding **binding)
{
    shape_table *table = model_shapes(tx->catalogue);
    const shape_binding *found = table_find(table, shape, entity, named);
    if (!found)
        found = table_add(table, shape, entity, named);
    if (!found)
        return error_no_memory();
    if (!found->entity)
        return kt_fail(tx, KT_UNAVAILABLE, NULL, "no enabled module has the entity \"%s\"",
            "żaden włączony moduł nie ma encji „%s”", shape->name ? shape->name : "?");
    if (found->problem) {
        kt_error *e = NULL;
        for (const problem *p = found->problem->first; p; p = p->next)
            kt_also(&e, kt_fail(tx, p->kind, p->path, "%s%.0s", "%.0s%s", p->text.en, p->text.pl));
        return e;
    }
    *binding = found;
    return NULL;
}

kt_error *shape_bind(kt_tx *tx, const kt_shape *shape, const shape_binding **binding)
{
    return bind(tx, shape, NULL, true, binding);
}

kt_error *shape_bind_to(
    kt_tx *tx, const kt_shape *shape, const model_entity *entity, const shape_binding **binding)
{
    return bind(tx, shape, entity, false, binding);
}

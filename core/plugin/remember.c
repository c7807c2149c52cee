/* remember.c -- what the store knows of modules, so that data outlives the code that declared it.
 *
 *   plugin/module/NAME            [1 format][1 bits: enabled, left out][version][label en][label pl]
 *   plugin/entity/NAME/0001       one entity's declaration: what is needed to read and export its records
 *   plugin/generation             u64, rises with every change of the catalogue
 *
 * Strings are u16 length + 1 (0: none) and bytes; numbers are little-endian. A disabled module is rebuilt
 * from this as tables whose structs no C code sees. */
#include "kit/buffer.h"
#include "plugin/loader.h"

#define FORMAT 1

/* ---- Writing ---- */

static void put_u8(buffer *out, unsigned value)
{
    buffer_add_char(out, (char)value);
}

static void put_u32(buffer *out, uint32_t value)
{
    for (unsigned i = 0; i < 4; i++)
        put_u8(out, value >> (8 * i) & 0xff);
}

static void put_text(buffer *out, const char *text)
{
    size_t length = text ? strlen(text) : 0;
    if (length > UINT16_MAX - 1)
        length = UINT16_MAX - 1;
    size_t head = text ? length + 1 : 0;
    put_u8(out, head & 0xff);
    put_u8(out, head >> 8 & 0xff);
    buffer_add(out, text ? text : "", length);
}

static void put_label(buffer *out, kt_text label)
{
    put_text(out, label.en);
    put_text(out, label.pl);
}

static void put_fields(buffer *out, const kt_field *fields);

static void put_field(buffer *out, const kt_field *f)
{
    put_u8(out, f->type);
    put_text(out, f->name);
    put_label(out, f->label);
    put_label(out, f->help);
    put_text(out, f->target);
    put_text(out, f->group);
    put_u8(out, (unsigned)f->required | (unsigned)f->unique << 1 | (unsigned)f->indexed << 2 |
                    (unsigned)f->searchable << 3 | (unsigned)f->personal << 4 | (unsigned)f->computed << 5 |
                    (unsigned)f->fixed << 6 | (unsigned)(f->mask != NULL) << 7);
    if (f->mask)
        put_text(out, f->mask);
    put_u8(out, f->scale);
    put_u32(out, f->max);
    put_u8(out, (unsigned)f->on_delete | (unsigned)f->seldom << 2);
    put_u32(out, f->priority);
    for (const kt_choice *c = f->choices; c && c->value; c++) {
        put_u32(out, c->value);
        put_text(out, c->name);
        put_label(out, c->label);
        put_text(out, c->semantic);
    }
    put_u32(out, 0);
    if (f->type == KT_LINES)
        put_fields(out, f->lines->fields);
}

/* What another module's shape extends, or binds, is no part of this entity's own declaration. */
static void put_fields(buffer *out, const kt_field *fields)
{
    for (; fields->type; fields++) {
        if (!strchr(fields->name, '.'))
            put_field(out, fields);
    }
    put_u8(out, 0);
}

static void put_entity(buffer *out, const kt_entity *entity)
{
    put_u8(out, FORMAT);
    put_text(out, entity->shape->name);
    put_label(out, entity->label);
    put_label(out, entity->plural);
    put_text(out, entity->title);
    put_text(out, entity->number);
    put_text(out, entity->indexes);
    put_text(out, entity->icon);
    put_u8(out, (unsigned)entity->shared | (unsigned)entity->log_reads << 1 | (unsigned)entity->kept << 2);
    put_fields(out, entity->shape->fields);
}

/* ---- Reading ---- */

typedef struct {
    arena *arena;
    kt_str bytes;
    size_t at;
    bool bad; /* damaged, or no memory */
} reading;

static unsigned get_u8(reading *r)
{
    if (r->at >= r->bytes.len) {
        r->bad = true;
        return 0;
    }
    return (unsigned char)r->bytes.ptr[r->at++];
}

static uint32_t get_u32(reading *r)
{
    uint32_t value = 0;
    for (unsigned i = 0; i < 4; i++)
        value |= (uint32_t)get_u8(r) << (8 * i);
    return value;
}

static const char *get_text(reading *r)
{
    size_t head = get_u8(r);
    head |= (size_t)get_u8(r) << 8;
    if (!head || r->bad)
        return NULL;
    if (head - 1 > r->bytes.len - r->at) {
        r->bad = true;
        return NULL;
    }
    const char *text = arena_str(r->arena, (kt_str){r->bytes.ptr + r->at, head - 1}).ptr;
    r->at += head - 1;
    r->bad |= !text;
    return text;
}

static kt_text get_label(reading *r)
{
    kt_text label;
    label.en = get_text(r);
    label.pl = get_text(r);
    return label;
}

static const kt_choice *get_choices(reading *r)
{
    kt_choice *choices = NULL;
    for (size_t count = 0; !r->bad; count++) {
        kt_choice *grown = arena_grow(
            r->arena, choices, count * sizeof *choices, (count + 1) * sizeof *choices);
        if (!grown || count > MODULE_ROWS_MAX) {
            r->bad = true;
            return NULL;
        }
        choices = grown;
        choices[count] = (kt_choice){.value = get_u32(r)};
        if (!choices[count].value)
            return count ? choices : NULL;
        choices[count].name = get_text(r);
        choices[count].label = get_label(r);
        choices[count].semantic = get_text(r);
    }
    return NULL;
}

static const kt_shape *get_shape(reading *r, const char *name, unsigned depth);

static void get_field(reading *r, kt_field *f, unsigned depth)
{
    f->name = get_text(r);
    f->label = get_label(r);
    f->help = get_label(r);
    f->target = get_text(r);
    f->group = get_text(r);
    unsigned flags = get_u8(r);
    f->required = flags & 1;
    f->unique = flags >> 1 & 1;
    f->indexed = flags >> 2 & 1;
    f->searchable = flags >> 3 & 1;
    f->personal = flags >> 4 & 1;
    f->computed = flags >> 5 & 1;
    f->fixed = flags >> 6 & 1;
    f->mask = flags >> 7 & 1 ? get_text(r) : NULL;
    f->scale = (uint8_t)get_u8(r);
    f->max = get_u32(r);
    unsigned last = get_u8(r), on_delete = last & 3;
    f->on_delete = on_delete == KT_CASCADE ? KT_CASCADE : on_delete == KT_CLEAR ? KT_CLEAR : KT_RESTRICT;
    f->seldom = last >> 2 & 1;
    f->priority = get_u32(r);
    f->choices = get_choices(r);
    if (f->type == KT_LINES)
        f->lines = get_shape(r, NULL, depth + 1);
}

static const kt_shape *get_shape(reading *r, const char *name, unsigned depth)
{
    kt_field *fields = NULL;
    size_t count = 0;
    kt_shape *shape = ARENA_NEW(r->arena, kt_shape);
    r->bad |= !shape || depth > 4;
    while (!r->bad) {
        kt_field row = {.type = (kt_type)get_u8(r)};
        r->bad |= row.type > KT_FILE || count > MODULE_ROWS_MAX;
        if (row.type && !r->bad)
            get_field(r, &row, depth);
        kt_field *grown = r->bad ? NULL
                                 : arena_grow(r->arena, fields, count * sizeof *fields,
                                       (count + 1) * sizeof *fields);
        r->bad |= !grown;
        if (r->bad)
            break;
        fields = grown;
        fields[count] = row;
        if (!row.type) {
            *shape = (kt_shape){name, declared_layout(fields, count), fields};
            return shape;
        }
        count++;
    }
    return NULL;
}

size_t declared_layout(kt_field *fields, size_t count)
{
    size_t at = sizeof(kt_record);
    for (size_t i = 0; i < count; i++) {
        fields[i].at = at;
        at += sizeof(kt_lines) > sizeof(kt_dec) ? sizeof(kt_lines) : sizeof(kt_dec); /* the largest member */
    }
    return at;
}

static void get_entity(reading *r, kt_entity *entity)
{
    r->bad |= get_u8(r) != FORMAT;
    const char *name = get_text(r);
    entity->label = get_label(r);
    entity->plural = get_label(r);
    entity->title = get_text(r);
    entity->number = get_text(r);
    entity->indexes = get_text(r);
    entity->icon = get_text(r);
    unsigned flags = get_u8(r);
    entity->shared = flags & 1;
    entity->log_reads = flags >> 1 & 1;
    entity->kept = flags >> 2 & 1;
    entity->shape = get_shape(r, name, 0);
    r->bad |= !name || !entity->shape;
}

/* ---- The store ---- */

static kt_str prefix_end(arena *arena, kt_str prefix)
{
    kt_str end = arena_str(arena, prefix);
    if (!end.ptr)
        return end;
    char *last = arena_alloc(arena, end.len + 1);
    if (!last)
        return (kt_str){NULL, 0};
    memcpy(last, end.ptr, end.len);
    last[end.len - 1]++; /* '/' becomes '0': the end of everything below */
    return (kt_str){last, end.len};
}

static kt_error *damaged(arena *arena, const char *name)
{
    return error_make(arena, KT_STORAGE, name, "what the store remembers of the module cannot be read",
        "nie da się odczytać zapisanego opisu modułu");
}

static kt_error *module_parse(arena *arena, kt_str name, kt_str value, remembered *module)
{
    reading r = {.arena = arena, .bytes = value};
    r.bad = get_u8(&r) != FORMAT || name.len > MODULE_NAME_MAX;
    if (!r.bad)
        memcpy(module->name, name.ptr, name.len);
    unsigned bits = get_u8(&r);
    module->enabled = bits & 1;
    module->left_out = bits >> 1 & 1;
    module->version = str_of(get_text(&r));
    module->label = get_label(&r);
    return r.bad ? damaged(arena, module->name) : NULL;
}

kt_error *remembered_read(arena *arena, store_view *view, remembered **modules, size_t *count, bool *first)
{
    store_cursor *cursor = NULL;
    kt_str key, value, from = KT_STR("plugin/module/"), to = prefix_end(arena, from);
    remembered *rows = ARENA_ARRAY(arena, remembered, MODULES_MAX);
    uint64_t generation = 0;
    if (!rows || !to.ptr)
        return error_no_memory();
    *count = 0;
    *modules = rows;
    KT_TRY(generation_read(view, &generation));
    *first = generation == 0;
    KT_TRY(store_scan(view, STORE_META, from, to, false, &cursor));
    kt_error *e = NULL;
    while (!e && *count < MODULES_MAX && store_next(cursor, &key, &value)) {
        kt_str name = {key.ptr + from.len, key.len - from.len};
        e = module_parse(arena, name, value, &rows[(*count)++]);
    }
    kt_also(&e, store_scan_end(cursor));
    return e;
}

kt_error *remembered_find(arena *arena, store_view *view, const char *name, remembered *module, bool *found)
{
    kt_str value = {0}, key = arena_format(arena, "plugin/module/%s", name);
    if (!key.ptr)
        return error_no_memory();
    KT_TRY(store_get(view, STORE_META, key, &value));
    *found = value.ptr != NULL;
    return *found ? module_parse(arena, str_of(name), value, module) : NULL;
}

static kt_error *entities_forget(arena *arena, store_view *view, const char *name)
{
    store_cursor *cursor = NULL;
    kt_str keys[512], key, value;
    size_t count = 0;
    kt_str from = arena_format(arena, "plugin/entity/%s/", name), to = prefix_end(arena, from);
    if (!from.ptr || !to.ptr)
        return error_no_memory();
    KT_TRY(store_scan(view, STORE_META, from, to, false, &cursor));
    while (count < sizeof keys / sizeof keys[0] && store_next(cursor, &key, &value))
        keys[count++] = arena_str(arena, key);
    KT_TRY(store_scan_end(cursor));
    for (size_t i = 0; i < count; i++)
        KT_TRY(store_delete(view, STORE_META, keys[i]));
    return NULL;
}

static kt_error *put_value(
    arena *arena, store_view *view, const char *key, const buffer *out, const char *name)
{
    if (!key || out->starved)
        return error_no_memory();
    if (out->full)
        return error_make(arena, KT_LIMIT, name, "the declaration has more than %d bytes",
            "deklaracja ma ponad %d bajtów", STORE_VALUE_MAX);
    return store_put(view, STORE_META, str_of(key), buffer_str(out));
}

static kt_error *entities_keep(arena *arena, store_view *view, const kt_module *module, buffer *out)
{
    KT_TRY(entities_forget(arena, view, module->name));
    for (size_t i = 0; module->entities && module->entities[i].shape; i++) {
        const char *key = arena_format(arena, "plugin/entity/%s/%04zu", module->name, i).ptr;
        buffer_clear(out);
        put_entity(out, &module->entities[i]);
        KT_TRY(put_value(arena, view, key, out, module->entities[i].shape->name));
    }
    return NULL;
}

kt_error *remembered_write(
    arena *arena, store_view *view, const remembered *state, const kt_module *declaration)
{
    buffer out;
    buffer_open(&out, STORE_VALUE_MAX);
    put_u8(&out, FORMAT);
    put_u8(&out, (unsigned)state->enabled | (unsigned)state->left_out << 1);
    put_text(&out, state->version.ptr);
    put_label(&out, state->label);
    const char *key = arena_format(arena, "plugin/module/%s", state->name).ptr;
    kt_error *e = put_value(arena, view, key, &out, state->name);
    if (!e && declaration)
        e = entities_keep(arena, view, declaration, &out);
    buffer_close(&out);
    return e;
}

kt_error *remembered_module(
    arena *arena, store_view *view, const remembered *module, const kt_module **declared)
{
    store_cursor *cursor = NULL;
    kt_str key, value;
    kt_str from = arena_format(arena, "plugin/entity/%s/", module->name), to = prefix_end(arena, from);
    kt_module *made = ARENA_NEW(arena, kt_module);
    kt_entity *entities = NULL;
    const char *name = arena_str(arena, str_of(module->name)).ptr;
    if (!from.ptr || !to.ptr || !made || !name)
        return error_no_memory();
    KT_TRY(store_scan(view, STORE_META, from, to, false, &cursor));
    size_t count = 0;
    bool bad = false;
    do {
        kt_entity *grown = arena_grow(
            arena, entities, count * sizeof *entities, (count + 1) * sizeof *entities);
        bad = !grown;
        if (bad)
            break;
        entities = grown;
        entities[count] = (kt_entity){0};
        if (!store_next(cursor, &key, &value))
            break;
        reading r = {.arena = arena, .bytes = value};
        get_entity(&r, &entities[count++]);
        bad = r.bad;
    } while (!bad);
    kt_error *e = store_scan_end(cursor);
    if (bad)
        kt_also(&e, damaged(arena, module->name));
    *made = (kt_module){.abi = KT_ABI, .name = name, .version = module->version.ptr, .label = module->label};
    made->entities = entities;
    *declared = made;
    return e;
}

kt_error *generation_read(store_view *view, uint64_t *number)
{
    kt_str value = {0};
    KT_TRY(store_get(view, STORE_META, KT_STR("plugin/generation"), &value));
    *number = 0;
    if (value.len == sizeof *number)
        memcpy(number, value.ptr, sizeof *number);
    return NULL;
}

kt_error *generation_write(store_view *view, uint64_t number)
{
    return store_put(
        view, STORE_META, KT_STR("plugin/generation"), (kt_str){(const char *)&number, sizeof number});
}

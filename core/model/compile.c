/* compile.c -- from declarations to a catalogue. Problems are collected over all modules before the build is
 * given up, so that an author mends them in one go. */
#include "model/compile.h"

#include <stdlib.h>

#include "model/sequence.h"
#include "model/shape.h"

#define CATALOGUE_MAX   (64u << 20)
#define NAME_MAX_LENGTH 40

void build_problem(builder *b, const char *path, const char *en, const char *pl, ...)
{
    va_list arguments;
    va_start(arguments, pl);
    kt_also(&b->problems, error_vmake(b->arena, KT_VALIDATION, path, en, pl, arguments));
    va_end(arguments);
}

void *build_alloc(builder *b, size_t size)
{
    void *memory = arena_alloc(b->own, size);
    b->no_memory |= !memory;
    return memory;
}

kt_str build_str(builder *b, const char *text)
{
    if (!text)
        return (kt_str){0};
    kt_str copy = arena_str(b->own, str_of(text));
    b->no_memory |= !copy.ptr;
    return copy;
}

kt_text build_text(builder *b, kt_text text)
{
    return (kt_text){build_str(b, text.en).ptr, build_str(b, text.pl).ptr};
}

void *build_grow(builder *b, void *items, size_t *count, size_t *room, size_t item_size)
{
    if (*count < *room) {
        (*count)++;
        return items;
    }
    size_t more = *room ? *room * 2 : 8;
    void *grown = arena_grow(b->own, items, *room * item_size, more * item_size);
    if (!grown) {
        b->no_memory = true;
        return NULL;
    }
    *room = more;
    (*count)++;
    return grown;
}

bool name_is_good(const char *name)
{
    if (!name || name[0] < 'a' || name[0] > 'z' || strlen(name) > NAME_MAX_LENGTH)
        return false;
    for (; *name; name++)
        if (!((*name >= 'a' && *name <= 'z') || (*name >= '0' && *name <= '9') || *name == '_'))
            return false;
    return true;
}

draft *build_draft_find(builder *b, const char *name)
{
    for (size_t i = 0; i < b->draft_count; i++)
        if (str_is(b->drafts[i].entity->name, name))
            return &b->drafts[i];
    return NULL;
}

const model_entity *build_entity_find(builder *b, const char *name)
{
    const draft *d = build_draft_find(b, name);
    return d ? d->entity : NULL;
}

/* "crm.deal" of module crm: the part after the point must be a good name. */
static bool entity_name_is_good(const char *name, const char *module)
{
    size_t n = strlen(module);
    return strncmp(name, module, n) == 0 && name[n] == '.' && name_is_good(name + n + 1);
}

static bool has_labels(kt_text text)
{
    return text.en && *text.en && text.pl && *text.pl;
}

static bool add_sources(builder *b, draft *d, const kt_field *fields, const char *module, bool declared_only)
{
    for (const kt_field *field = fields; field && field->type; field++) {
        if (declared_only && !field->label.en)
            continue; /* a bound field, not a declared one */
        field_source *grown = build_grow(
            b, d->sources, &d->source_count, &d->source_room, sizeof(field_source));
        if (!grown)
            return false;
        d->sources = grown;
        grown[d->source_count - 1] = (field_source){field, str_of(module)};
    }
    return true;
}

static kt_text module_label(builder *b, const char *name)
{
    const model_sources *sources = &b->catalogue->sources;
    for (int i = 0; i < 2; i++)
        for (const kt_module *const *m = i ? sources->disabled : sources->modules; *m; m++)
            if (strcmp((*m)->name, name) == 0)
                return build_text(b, (*m)->label);
    return build_text(b, (kt_text){"Custom", "Własne"});
}

/* Starts an entity: its object stands at one address from now on. */
static draft *add_draft(builder *b, const kt_entity *declared, const char *module, bool custom)
{
    draft *grown = build_grow(b, b->drafts, &b->draft_count, &b->draft_room, sizeof(draft));
    if (!grown)
        return NULL;
    b->drafts = grown;
    draft *d = &grown[b->draft_count - 1];
    *d = (draft){.declared = declared, .module = str_of(module), .custom = custom};
    d->entity = build_alloc(b, sizeof(model_entity));
    d->internals = build_alloc(b, sizeof(model_internals));
    if (!d->entity || !d->internals)
        return NULL;
    model_entity *e = d->entity;
    *e = (model_entity){.name = build_str(b, declared->shape->name),
        .module = build_str(b, module),
        .label = build_text(b, declared->label),
        .plural = build_text(b, has_labels(declared->plural) ? declared->plural : declared->label),
        .module_label = module_label(b, module),
        .icon = build_str(b, declared->icon),
        .views = build_str(b, declared->views),
        .columns = build_str(b, declared->columns),
        .shared = declared->shared,
        .log_reads = declared->log_reads,
        .kept = declared->kept,
        .custom = custom,
        .enabled = true,
        .declared = custom ? NULL : declared,
        .internals = d->internals};
    d->internals->shape = custom ? NULL : declared->shape;
    const char *pattern = declared->number;
    e->numbered_later = pattern && pattern[0] == '~';
    e->gapless = e->numbered_later || (pattern && pattern[0] == '!');
    e->number_pattern = build_str(b, e->gapless ? pattern + 1 : pattern);
    return d;
}

void build_entity(builder *b, const kt_entity *declared, const char *module, bool custom, bool enabled)
{
    const char *name = declared->shape->name;
    if (b->no_memory)
        return; /* what stands is half made */
    if (!name || !entity_name_is_good(name, module)) {
        build_problem(b, name, "the entity's name must be \"%s.\" and small letters, digits or _",
            "nazwa musi mieć postać \"%s.\" i małe litery, cyfry lub _", module);
        return;
    }
    if (build_draft_find(b, name)) {
        build_problem(b, name, "the entity is declared twice", "encja jest zadeklarowana dwa razy");
        return;
    }
    if (!has_labels(declared->label))
        build_problem(b, name, "a label in English and in Polish is needed",
            "potrzebna jest etykieta angielska i polska");
    draft *d = add_draft(b, declared, module, custom);
    if (!d || !add_sources(b, d, declared->shape->fields, module, false))
        b->no_memory = true;
    else
        d->entity->enabled = enabled;
}

/* A shape of another's entity extends it by the fields that it declares. */
static void extend(builder *b, const kt_shape *shape, const char *module)
{
    draft *d = shape && shape->name && !b->no_memory ? build_draft_find(b, shape->name) : NULL;
    if (!d || str_is(d->module, module))
        return; /* nobody has that entity now, or it is one's own */
    for (size_t i = 0; i < d->source_count; i++)
        for (const kt_field *field = shape->fields; field->type; field++)
            if (d->sources[i].declared == field)
                return; /* the same shape serves several handlers */
    if (!add_sources(b, d, shape->fields, module, true))
        b->no_memory = true;
}

static void collect_entities(builder *b, const kt_module *module, bool enabled)
{
    size_t n = strlen(module->name);
    for (const kt_entity *e = module->entities; e && e->shape; e++) {
        const char *name = e->shape->name;
        if (name && (strncmp(name, module->name, n) != 0 || name[n] != '.') && strchr(name, '.'))
            continue; /* an extension of another's entity */
        build_entity(b, e, module->name, false, enabled);
    }
}

static void collect(builder *b)
{
    const model_sources *sources = &b->catalogue->sources;
    for (const kt_module *const *m = sources->modules; *m; m++)
        collect_entities(b, *m, true);
    for (const kt_module *const *m = sources->disabled; *m; m++)
        collect_entities(b, *m, false);
    for (const kt_module *const *m = sources->modules; *m; m++) {
        for (const kt_entity *e = (*m)->entities; e && e->shape; e++)
            extend(b, e->shape, (*m)->name);
        for (const kt_handler *h = (*m)->handlers; h && h->event; h++)
            extend(b, h->shape, (*m)->name);
    }
}

/* Transitions name states by bits. */
static void check_states(builder *b, const model_entity *e)
{
    for (const kt_choice *c = e->state ? e->state->choices : NULL; c && c->name; c++)
        if (c->value > KT_STATE_MAX)
            build_problem(b, e->name.ptr, "state \"%s\": an entity's states have the values 1 to %d",
                "stan \"%s\": stany encji mają wartości od 1 do %d", c->name, KT_STATE_MAX);
}

static void find_special_fields(builder *b, draft *d)
{
    model_entity *e = d->entity;
    if (e->number_pattern.len && !sequence_pattern_is_good(e->number_pattern))
        build_problem(b, e->name.ptr,
            "the number pattern \"%s\" needs one {seq} or {seq:DIGITS}; {year}, {month}, {day} may stand in "
            "it",
            "wzór numeru \"%s\" wymaga jednego {seq} lub {seq:CYFRY}; mogą w nim być {year}, {month}, {day}",
            e->number_pattern.ptr);
    const char *title = d->declared->title;
    if (title) {
        e->title = model_field_find(e, str_of(title));
        if (!e->title || !(is_text(e->title->type) || e->title->type == KT_REF))
            build_problem(b, e->name.ptr, "the title \"%s\" is no field of text",
                "tytuł \"%s\" nie jest polem tekstowym", title);
    }
    const model_field *state = model_field_find(e, KT_STR("state"));
    e->state = state && state->type == KT_STATE ? state : NULL;
    check_states(b, e);
    const model_field *owner = model_field_find(e, KT_STR("owner"));
    e->owner = owner && owner->type == KT_REF && str_is(owner->target_name, "access.user") ? owner : NULL;
}

static kt_error *compile_draft(builder *b, draft *d)
{
    KT_TRY(numbers_load(b, d->entity->name, TAG_OWN, &d->numbers));
    if (!d->numbers.number) {
        d->numbers.number = b->next_number++;
        d->numbers.changed = b->next_changed = true;
        if (!b->next_number)
            return error_make(b->arena, KT_LIMIT, NULL, "no more than 65535 entities can ever be declared",
                "nie można zadeklarować więcej niż 65535 encji");
    }
    d->entity->number = d->numbers.number;
    KT_TRY(build_fields(b, d->entity, d->internals, d->sources, d->source_count, FIELDS_ENTITY, &d->numbers));
    if (b->no_memory)
        return error_no_memory();
    find_special_fields(b, d);
    return NULL;
}

static kt_error *make_tables(builder *b)
{
    model_catalogue *c = b->catalogue;
    uint16_t most = 0;
    size_t slots = 16;
    while (slots < b->draft_count * 2)
        slots *= 2;
    for (size_t i = 0; i < b->draft_count; i++)
        if (b->drafts[i].entity->number > most)
            most = b->drafts[i].entity->number;
    c->entity_count = b->draft_count;
    c->number_count = (size_t)most + 1;
    c->name_slots = slots;
    c->entities = build_alloc(b, (b->draft_count + 1) * sizeof(model_entity *));
    c->by_number = build_alloc(b, c->number_count * sizeof(model_entity *));
    uint32_t *by_name = build_alloc(b, slots * sizeof *by_name);
    if (b->no_memory)
        return error_no_memory();
    for (size_t i = 0; i < b->draft_count; i++) {
        model_entity *e = b->drafts[i].entity;
        c->entities[i] = e;
        c->by_number[e->number] = e;
        size_t at = name_hash(e->name) & (slots - 1);
        while (by_name[at])
            at = (at + 1) & (slots - 1);
        by_name[at] = (uint32_t)i + 1;
    }
    c->by_name = by_name;
    return NULL;
}

static int shape_row_order(const void *a, const void *b)
{
    uintptr_t x = (uintptr_t)((const struct shape_row *)a)->shape;
    uintptr_t y = (uintptr_t)((const struct shape_row *)b)->shape;
    return (x > y) - (x < y);
}

/* Nobody may build on what an allocation that failed has left. */
static kt_error *whole(const builder *b)
{
    return b->no_memory ? error_no_memory() : NULL;
}

static kt_error *compile_all(builder *b)
{
    KT_TRY(numbers_next_load(b));
    collect(b);
    KT_TRY(whole(b));
    KT_TRY(custom_load(b));
    for (size_t i = 0; i < b->draft_count; i++) {
        KT_TRY(whole(b));
        KT_TRY(compile_draft(b, &b->drafts[i]));
    }
    KT_TRY(whole(b));
    KT_TRY(make_tables(b));
    for (size_t i = 0; i < b->draft_count; i++) {
        KT_TRY(whole(b));
        KT_TRY(build_indexes(b, &b->drafts[i]));
        KT_TRY(build_actions(b, &b->drafts[i]));
    }
    for (const kt_module *const *m = b->catalogue->sources.modules; *m; m++) {
        KT_TRY(whole(b));
        KT_TRY(build_methods(b, *m));
    }
    KT_TRY(whole(b));
    if (b->catalogue->shape_count)
        qsort(b->catalogue->shapes, b->catalogue->shape_count, sizeof *b->catalogue->shapes, shape_row_order);
    KT_TRY(build_referrers(b));
    KT_TRY(build_handlers(b));
    KT_TRY(whole(b));
    if (b->problems)
        return b->problems; /* nothing has been written yet */
    if (b->catalogue->sources.past)
        return NULL;
    for (size_t i = 0; i < b->draft_count; i++) {
        KT_TRY(build_backfill(b, &b->drafts[i]));
        KT_TRY(numbers_save(b, &b->drafts[i].numbers));
    }
    for (numbers *n = b->line_numbers; n; n = n->next)
        KT_TRY(numbers_save(b, n));
    return numbers_next_save(b);
}

static void bindings_end(void *bindings)
{
    shape_table_close(bindings);
}

static kt_error *bindings_open(builder *b)
{
    b->catalogue->bindings = shape_table_open(b->catalogue);
    if (!b->catalogue->bindings)
        return error_no_memory();
    if (arena_at_end(b->own, bindings_end, b->catalogue->bindings))
        return NULL;
    shape_table_close(b->catalogue->bindings);
    return error_no_memory();
}

static const kt_module *const *copy_modules(builder *b, const kt_module *const *modules)
{
    size_t n = 0;
    while (modules && modules[n])
        n++;
    const kt_module **copy = build_alloc(b, (n + 1) * sizeof *copy);
    for (size_t i = 0; copy && i < n; i++)
        copy[i] = modules[i];
    return copy;
}

static kt_error *copy_sources(builder *b, const model_sources *sources)
{
    b->catalogue->sources = (model_sources){.modules = copy_modules(b, sources->modules),
        .disabled = copy_modules(b, sources->disabled),
        .starting = sources->starting,
        .past = sources->past,
        .then = sources->then,
        .master_key = NULL};
    b->master_key = sources->master_key; /* borrowed while building */
    return b->no_memory ? error_no_memory() : NULL;
}

kt_error *model_catalogue_build(
    arena *arena, store_view *view, const model_sources *sources, model_catalogue **catalogue)
{
    *catalogue = NULL;
    builder b = {.arena = arena, .view = view, .own = arena_open(CATALOGUE_MAX)};
    if (!b.own)
        return error_no_memory();
    b.catalogue = build_alloc(&b, sizeof *b.catalogue);
    kt_error *error = b.catalogue ? copy_sources(&b, sources) : error_no_memory();
    if (!error) {
        b.catalogue->arena = b.own;
        b.catalogue->holders = 1;
        error = bindings_open(&b);
        if (!error)
            error = compile_all(&b);
    }
    if (error) {
        arena_close(b.own);
        return error;
    }
    *catalogue = b.catalogue;
    return NULL;
}

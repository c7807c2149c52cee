/* compile_fields.c -- declared rows become compiled fields: checked, copied, numbered. */
#include "model/compile.h"

static const struct system_field {
    const char *name;
    kt_type type;
    const char *target;
    uint32_t max;
    kt_text label;
} system_fields[MODEL_OWN] = {
    [MODEL_ID] = {"id", KT_INT, NULL, 0, {"Id", "Id"}},
    [MODEL_VERSION] = {"version", KT_INT, NULL, 0, {"Version", "Wersja"}},
    [MODEL_CREATED_AT] = {"created_at", KT_TIME, NULL, 0, {"Created at", "Utworzono"}},
    [MODEL_CREATED_BY] = {"created_by", KT_REF, "access.user", 0, {"Created by", "Utworzył"}},
    [MODEL_UPDATED_AT] = {"updated_at", KT_TIME, NULL, 0, {"Changed at", "Zmieniono"}},
    [MODEL_UPDATED_BY] = {"updated_by", KT_REF, "access.user", 0, {"Changed by", "Zmienił"}},
    [MODEL_COMPANY] = {"company", KT_REF, "base.company", 0, {"Company", "Firma"}},
    [MODEL_EXTERNAL_ID] = {"external_id", KT_STRING, NULL, 200, {"External id", "Id zewnętrzne"}},
    [MODEL_NUMBER] = {"number", KT_STRING, NULL, 60, {"Number", "Numer"}},
};

static bool is_system_name(const char *name)
{
    for (size_t i = 0; i < MODEL_OWN; i++)
        if (strcmp(system_fields[i].name, name) == 0)
            return true;
    return false;
}

static void add_system(builder *b, model_field *fields)
{
    for (uint16_t i = 0; i < MODEL_OWN; i++) {
        const struct system_field *s = &system_fields[i];
        fields[i] = (model_field){.name = build_str(b, s->name),
            .type = s->type,
            .position = i,
            .tag = i,
            .label = build_text(b, s->label),
            .target_name = build_str(b, s->target),
            .target = s->target ? build_entity_find(b, s->target) : NULL,
            .max = s->max,
            .searchable = i == MODEL_NUMBER,
            .unique = i == MODEL_EXTERNAL_ID || i == MODEL_NUMBER,
            .system = true};
    }
}

static void add_line_id(builder *b, model_field *field)
{
    *field = (model_field){.name = build_str(b, "id"),
        .type = KT_INT,
        .tag = TAG_LINE_ID,
        .label = build_text(b, system_fields[MODEL_ID].label),
        .system = true};
}

#define SAY(condition, en, pl)                                                                               \
    do {                                                                                                     \
        if (condition)                                                                                       \
            build_problem(b, path, en, pl);                                                                  \
    } while (0)

static void check_row(builder *b, const kt_field *row, const char *path, fields_kind kind)
{
    bool known = row->type >= KT_STRING && row->type <= KT_FILE;
    SAY(!known, "an unknown type", "nieznany typ");
    SAY(!name_is_good(row->name),
        "a name is small letters, digits and _, at most 40, beginning with a letter",
        "nazwa to małe litery, cyfry i _, najwyżej 40, zaczyna się literą");
    SAY(kind == FIELDS_ENTITY && row->name && is_system_name(row->name),
        "every record has a field of this name already", "każdy rekord ma już pole o tej nazwie");
    SAY(kind == FIELDS_LINES && row->name && strcmp(row->name, "id") == 0,
        "every line has a field of this name already", "każda pozycja ma już pole o tej nazwie");
    SAY(!row->label.en || !row->label.pl || !*row->label.en || !*row->label.pl,
        "a label in English and in Polish is needed", "potrzebna jest etykieta angielska i polska");
    SAY((row->type == KT_REF || row->type == KT_REFS) && !row->target, "a reference needs a target",
        "odwołanie wymaga celu");
    SAY(row->type == KT_REFS && row->target && strcmp(row->target, "*") == 0,
        "a list of references needs one target", "lista odwołań wymaga jednego celu");
    SAY(row->target && row->type != KT_REF && row->type != KT_REFS && row->type != KT_FILE,
        "only a reference has a target", "tylko odwołanie ma cel");
    SAY(row->in_use && row->type != KT_REF && row->type != KT_REFS,
        "only a reference names a record that is in use", "tylko odwołanie wskazuje rekord w użyciu");
    SAY((row->type == KT_STATE) != (row->choices != NULL), "choices belong to a state, and it needs some",
        "wybory należą do stanu i są w nim potrzebne");
    SAY((row->type == KT_LINES) != (row->lines != NULL),
        "a shape of lines belongs to lines, and they need one",
        "kształt pozycji należy do pozycji i jest tam potrzebny");
    SAY(row->type == KT_LINES && kind == FIELDS_LINES, "lines cannot have lines",
        "pozycje nie mogą mieć pozycji");
    SAY(row->scale > KT_DEC_SCALE_MAX || (row->scale && !is_decimal(row->type)),
        "a scale is 0 to 9 and belongs to decimals", "skala to 0 do 9 i należy do liczb dziesiętnych");
    SAY(row->searchable && row->type != KT_STRING && row->type != KT_TEXT, "only text is searchable",
        "tylko tekst można przeszukiwać");
    SAY(row->seldom && (row->type != KT_REF || row->indexed),
        "a reference is seldom looked for, which has no index of another kind",
        "rzadko szuka się odwołania, które nie ma innego indeksu");
    bool ordered = known && row->type != KT_LINES && row->type != KT_JSON && row->type != KT_TEXT;
    SAY((row->indexed || row->unique) && !ordered, "text of several lines, JSON and lines have no index",
        "tekst wielowierszowy, JSON i pozycje nie mają indeksu");
    SAY(row->unique && (kind != FIELDS_ENTITY || row->type == KT_REFS || row->type == KT_BOOL),
        "this cannot be unique", "to nie może być niepowtarzalne");
    SAY(row->type == KT_REFS && kind == FIELDS_LINES, "lines cannot have lists of references",
        "pozycje nie mogą mieć list odwołań");
    SAY(row->personal && row->type == KT_LINES, "mark the lines' own fields as personal",
        "oznacz jako osobowe pola pozycji");
    SAY(row->mask && ((row->type != KT_STRING && row->type != KT_TEXT) || !name_is_good(row->mask)),
        "a mask is a name and belongs to text", "maska to nazwa i należy do tekstu");
    SAY((unsigned)row->on_delete > KT_CLEAR, "an unknown delete policy", "nieznana zasada usuwania");
    SAY((row->required_if || row->readonly_if) && kind != FIELDS_ENTITY,
        "required_if and readonly_if belong to fields of entities",
        "required_if i readonly_if należą do pól encji");
    SAY(row->required && row->on_delete == KT_CLEAR, "a required reference cannot be cleared",
        "wymaganego odwołania nie można opróżnić");
}

/* A target may be of a module that is not enabled, but not a name that an enabled one does not know. */
static bool target_is_wrong(builder *b, const char *target)
{
    if (!target || strcmp(target, "*") == 0 || build_entity_find(b, target))
        return false;
    kt_str module = {target, strcspn(target, ".")};
    for (const kt_module *const *m = b->catalogue->sources.modules; *m; m++)
        if (str_is(module, (*m)->name))
            return true;
    return !target[module.len];
}

/* "high", or an entity's name, "crm.deal", where the choices are entities. */
static bool choice_name_is_good(builder *b, const char *name)
{
    const char *dot = strchr(name, '.');
    kt_str head = {name, dot ? (size_t)(dot - name) : strlen(name)};
    kt_str first = arena_str(b->arena, head);
    b->no_memory |= !first.ptr;
    return !first.ptr || (name_is_good(first.ptr) && (!dot || name_is_good(dot + 1)));
}

static const kt_choice *copy_choices(builder *b, const kt_choice *from, const char *path)
{
    size_t n = 0;
    while (from[n].name)
        n++;
    SAY(n == 0, "a state needs choices", "stan wymaga wyborów");
    kt_choice *to = build_alloc(b, (n + 1) * sizeof *to);
    for (size_t i = 0; to && i < n; i++) {
        SAY(from[i].value < 1 || from[i].value > KT_CHOICE_MAX, "a choice's value is 1 to 63",
            "wartość wyboru to 1 do 63");
        SAY(!choice_name_is_good(b, from[i].name),
            "a choice's name is small letters, digits and _, or an entity's",
            "nazwa wyboru to małe litery, cyfry i _, albo nazwa encji");
        SAY(!from[i].label.en || !from[i].label.pl, "a choice's label is needed in English and in Polish",
            "potrzebna jest etykieta wyboru po angielsku i polsku");
        for (size_t k = 0; k < i; k++)
            SAY(from[k].value == from[i].value || strcmp(from[k].name, from[i].name) == 0,
                "a choice is given twice", "wybór podano dwa razy");
        to[i] = (kt_choice){from[i].value, build_str(b, from[i].name).ptr, build_text(b, from[i].label),
            build_str(b, from[i].semantic).ptr};
    }
    return to;
}

/* What people write may hold a contact anywhere; what is shorter is a code or a name. */
static bool is_written(const kt_field *row)
{
    enum { WRITTEN_MIN = 100 };
    return row->type == KT_TEXT || row->type == KT_JSON ||
           (row->type == KT_STRING && !row->unique && (!row->max || row->max >= WRITTEN_MIN));
}

static kt_error *compile_row(
    builder *b, const field_source *source, const char *path, fields_kind kind, model_field *field)
{
    const kt_field *row = source->declared;
    check_row(b, row, path, kind);
    const char *target = row->target ? row->target : row->type == KT_FILE ? "base.attachment" : NULL;
    if (row->type != KT_FILE && target_is_wrong(b, target))
        build_problem(
            b, path, "its target \"%s\" does not exist", "jego cel „%s” nie istnieje", target ? target : "");
    *field = (model_field){.name = build_str(b, row->name ? row->name : ""),
        .type = row->type,
        .label = build_text(b, row->label),
        .help = build_text(b, row->help),
        .target_name = build_str(b, target),
        .target = target ? build_entity_find(b, target) : NULL,
        .initial = build_str(b, row->initial),
        .group = build_str(b, row->group),
        .show_if = build_str(b, row->show_if),
        .required_if = build_str(b, row->required_if),
        .readonly_if = build_str(b, row->readonly_if),
        .explain = build_str(b, row->explain),
        .mask = build_str(b, row->mask),
        .module = build_str(b, source->module.ptr),
        .required = row->required,
        .unique = row->unique,
        .indexed = row->indexed,
        .searchable = row->searchable,
        .seldom = row->seldom,
        .personal = row->personal,
        .computed = row->computed,
        .recorded = row->recorded,
        .elapsed = row->elapsed,
        .fixed = row->fixed,
        .in_use = row->in_use,
        .internal = row->show_if && strcmp(row->show_if, "false") == 0,
        .scale = row->scale,
        .max = row->max,
        .priority = row->priority,
        .on_delete = row->on_delete};
    if (!row->mask && kind != FIELDS_PARAMS && is_written(row)) {
        field->mask = KT_STR("contact");
        field->mask_within = true;
    }
    if (row->type == KT_STATE && row->choices)
        field->choices = copy_choices(b, row->choices, path);
    if (row->type == KT_LINES && row->lines && kind != FIELDS_LINES)
        KT_TRY(build_shape(b, row->lines, path, source->module,
            kind == FIELDS_PARAMS ? FIELDS_PARAMS : FIELDS_LINES, &field->lines));
    return NULL;
}

static void tell_twice(
    builder *b, const model_entity *entity, const model_field *one, const model_field *other)
{
    const char *first = one->module.ptr ? one->module.ptr : "the core";
    const char *second = other->module.ptr ? other->module.ptr : "the core";
    if (strcmp(first, second) == 0)
        build_problem(b, entity->name.ptr, "the field \"%s\" is declared twice",
            "pole \"%s\" jest zadeklarowane dwa razy", one->name.ptr);
    else
        build_problem(b, entity->name.ptr, "the field \"%s\" is declared twice, by %s and by %s",
            "pole \"%s\" jest zadeklarowane dwa razy, przez %s i %s", one->name.ptr, first, second);
}

static void make_name_table(builder *b, const model_entity *entity, model_internals *internals)
{
    size_t slots = 8;
    while (slots < entity->field_count * 2)
        slots *= 2;
    uint16_t *table = build_alloc(b, slots * sizeof *table);
    if (!table)
        return;
    memset(table, 0xff, slots * sizeof *table);
    for (uint16_t i = 0; i < entity->field_count; i++) {
        size_t at = name_hash(entity->fields[i].name) & (slots - 1);
        for (; table[at] != NO_POSITION; at = (at + 1) & (slots - 1))
            if (str_eq(entity->fields[table[at]].name, entity->fields[i].name))
                tell_twice(b, entity, &entity->fields[table[at]], &entity->fields[i]);
        table[at] = i;
    }
    internals->by_name = table;
    internals->name_slots = slots;
}

static void make_tag_table(builder *b, const model_entity *entity, model_internals *internals)
{
    uint16_t most = 0;
    for (size_t i = 0; i < entity->field_count; i++)
        most = entity->fields[i].tag > most ? entity->fields[i].tag : most;
    model_tag *table = build_alloc(b, ((size_t)most + 1) * sizeof *table);
    if (!table)
        return;
    for (size_t i = 0; i <= most; i++)
        table[i].position = NO_POSITION;
    for (size_t i = 0; i < entity->field_count; i++)
        if (entity->fields[i].tag) /* 0: the id, which stands in the key */
            table[entity->fields[i].tag] = model_tag_of(&entity->fields[i]);
    internals->by_tag = table;
    internals->tag_count = (size_t)most + 1;
}

static void note_traits(model_entity *entity, model_internals *internals)
{
    for (size_t i = 0; i < entity->field_count; i++) {
        const model_field *f = &entity->fields[i];
        entity->has_personal |= f->personal || (f->lines && f->lines->has_personal);
        internals->searchable |= f->searchable || (f->lines && f->lines->internals->searchable);
        internals->has_defaults |= internals->defaults[i].kind != DEFAULT_NONE;
        internals->has_conditions |= f->required_if.len != 0;
        internals->lines_have_defaults |= f->lines && f->lines->internals->has_defaults;
    }
}

kt_error *build_fields(builder *b, model_entity *entity, model_internals *internals,
    const field_source *sources, size_t count, fields_kind kind, numbers *stored)
{
    size_t ahead = kind == FIELDS_ENTITY ? MODEL_OWN : kind == FIELDS_LINES ? 1 : 0;
    entity->field_count = ahead + count;
    if (entity->field_count >= NO_POSITION)
        return error_make(b->arena, KT_LIMIT, entity->name.ptr, "too many fields", "za dużo pól");
    model_field *fields = build_alloc(b, (entity->field_count + 1) * sizeof *fields);
    model_default *defaults = build_alloc(b, (entity->field_count + 1) * sizeof *defaults);
    if (!fields || !defaults)
        return error_no_memory();
    entity->fields = fields;
    internals->defaults = defaults;
    internals->first_tag = kind == FIELDS_ENTITY ? TAG_OWN : kind == FIELDS_LINES ? TAG_LINE_OWN : 1;
    if (kind == FIELDS_ENTITY)
        add_system(b, fields);
    else if (kind == FIELDS_LINES)
        add_line_id(b, fields);
    for (size_t i = 0; i < count; i++) {
        model_field *field = &fields[ahead + i];
        const char *name = sources[i].declared->name ? sources[i].declared->name : "?";
        kt_str path = arena_format(b->arena, "%s.%s", entity->name.ptr, name);
        if (!path.ptr)
            return error_no_memory();
        KT_TRY(compile_row(b, &sources[i], path.ptr, kind, field));
        field->position = (uint16_t)(ahead + i);
        if (stored)
            KT_TRY(numbers_tag(b, stored, field, path.ptr, &field->tag));
        else
            field->tag = (uint16_t)(i + 1);
        build_default(b, field, path.ptr, &defaults[ahead + i]);
    }
    make_name_table(b, entity, internals);
    make_tag_table(b, entity, internals);
    if (b->no_memory)
        return error_no_memory();
    note_traits(entity, internals);
    return NULL;
}

static bool shape_is_known(const builder *b, const kt_shape *shape, const model_entity **entity)
{
    for (size_t i = 0; i < b->catalogue->shape_count; i++)
        if (b->catalogue->shapes[i].shape == shape) {
            *entity = b->catalogue->shapes[i].entity;
            return true;
        }
    return false;
}

static kt_error *remember_shape(builder *b, const kt_shape *shape, const model_entity *entity)
{
    const model_entity *known;
    if (shape_is_known(b, shape, &known))
        return NULL;
    struct shape_row *grown = build_grow(
        b, b->catalogue->shapes, &b->catalogue->shape_count, &b->shape_room, sizeof *grown);
    if (!grown)
        return error_no_memory();
    b->catalogue->shapes = grown;
    grown[b->catalogue->shape_count - 1] = (struct shape_row){shape, entity};
    return NULL;
}

kt_error *build_shape(builder *b, const kt_shape *shape, const char *name, kt_str module, fields_kind kind,
    const model_entity **entity)
{
    if (kind == FIELDS_PARAMS && shape_is_known(b, shape, entity))
        return NULL;
    model_entity *e = build_alloc(b, sizeof *e);
    model_internals *internals = build_alloc(b, sizeof *internals);
    if (!e || !internals)
        return error_no_memory();
    *e = (model_entity){.name = build_str(b, name),
        .module = build_str(b, module.ptr),
        .lines_only = true,
        .enabled = true,
        .internals = internals};
    internals->shape = shape;
    size_t count = 0;
    while (shape->fields[count].type)
        count++;
    field_source *sources = ARENA_ARRAY(b->arena, field_source, count + 1);
    if (!sources || b->no_memory)
        return error_no_memory();
    for (size_t i = 0; i < count; i++)
        sources[i] = (field_source){&shape->fields[i], module};
    numbers *stored = NULL;
    if (kind == FIELDS_LINES) {
        stored = build_alloc(b, sizeof *stored);
        if (!stored)
            return error_no_memory();
        KT_TRY(numbers_load(b, e->name, TAG_LINE_OWN, stored));
        stored->next = b->line_numbers;
        b->line_numbers = stored;
    }
    KT_TRY(build_fields(b, e, internals, sources, count, kind, stored));
    *entity = e;
    return remember_shape(b, shape, e);
}

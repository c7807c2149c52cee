/* definition.c -- definitions made at run time become the rows of a module's tables. */
#include "model/definition.h"

/* ---- What is given ---- */

typedef struct {
    arena *arena;
    const variant *from;
    const char *path;
    kt_error *problems;
} form;

static const char *under(form *f, const char *name)
{
    kt_str path = f->path && *f->path ? arena_format(f->arena, "%s.%s", f->path, name) : str_of(name);
    return path.ptr ? path.ptr : name;
}

static void wrong(form *f, const char *name, const char *wanted_en, const char *wanted_pl)
{
    kt_also(&f->problems, error_make(f->arena, KT_VALIDATION, under(f, name), "must be %s%.0s",
                              "musi być %.0s%s", wanted_en, wanted_pl));
}

static const variant *member(form *f, const char *name)
{
    const variant *v = variant_get(f->from, name);
    return v && v->kind != VARIANT_NULL ? v : NULL;
}

static const char *text(form *f, const char *name)
{
    const variant *v = member(f, name);
    if (!v)
        return NULL;
    if (v->kind != VARIANT_STRING) {
        wrong(f, name, "a string", "tekstem");
        return NULL;
    }
    return v->as.string.ptr;
}

/* A filter or a list of views: as it is on the wire, or as its JSON text. */
static const char *as_json(form *f, const char *name)
{
    const variant *v = member(f, name);
    buffer out;
    if (!v || v->kind == VARIANT_STRING)
        return v ? v->as.string.ptr : NULL;
    buffer_open(&out, MODEL_JSON_MAX);
    json j = json_to(&out);
    json_variant(&j, v);
    kt_str made = out.full ? (kt_str){0} : arena_str(f->arena, buffer_str(&out));
    bool full = out.full && !out.starved;
    buffer_close(&out);
    if (full)
        wrong(f, name, "shorter", "krótsze");
    else if (!made.ptr)
        kt_also(&f->problems, error_no_memory());
    return made.ptr;
}

/* A value as on the wire, where numbers and true may stand without quotes. */
static const char *wire_text(form *f, const char *name)
{
    const variant *v = member(f, name);
    if (!v || v->kind == VARIANT_STRING || v->kind == VARIANT_INT || v->kind == VARIANT_BOOL)
        return as_json(f, name);
    wrong(f, name, "a string, a whole number, true or false", "tekstem, liczbą całkowitą, true lub false");
    return NULL;
}

static bool flag(form *f, const char *name)
{
    const variant *v = member(f, name);
    if (v && v->kind != VARIANT_BOOL)
        wrong(f, name, "true or false", "true lub false");
    return v && v->kind == VARIANT_BOOL && v->as.boolean;
}

static uint32_t count_of(form *f, const char *name, int64_t most)
{
    const variant *v = member(f, name);
    if (!v)
        return 0;
    if (v->kind != VARIANT_INT || v->as.integer < 0 || v->as.integer > most) {
        kt_also(&f->problems,
            error_make(f->arena, KT_VALIDATION, under(f, name), "must be a whole number from 0 to %lld",
                "musi być liczbą całkowitą od 0 do %lld", (long long)most));
        return 0;
    }
    return (uint32_t)v->as.integer;
}

/* "Label", or {"en": .., "pl": ..}; one stands for the other. */
static kt_text label_of(form *f, const char *name)
{
    const variant *v = member(f, name);
    if (!v)
        return (kt_text){0};
    if (v->kind == VARIANT_STRING)
        return (kt_text){v->as.string.ptr, v->as.string.ptr};
    kt_str en = variant_get_str(v, "en"), pl = variant_get_str(v, "pl");
    if (!en.ptr && !pl.ptr)
        wrong(f, name, "a string or {\"en\", \"pl\"}", "tekstem lub {\"en\", \"pl\"}");
    return (kt_text){en.ptr ? en.ptr : pl.ptr, pl.ptr ? pl.ptr : en.ptr};
}

static const struct {
    const char *name;
    kt_type type;
} type_names[] = {{"string", KT_STRING}, {"text", KT_TEXT}, {"bool", KT_BOOL}, {"int", KT_INT},
    {"money", KT_MONEY}, {"price", KT_PRICE}, {"quantity", KT_QUANTITY}, {"percent", KT_PERCENT},
    {"rate", KT_RATE}, {"date", KT_DATE}, {"datetime", KT_TIME}, {"time", KT_TIME}, {"state", KT_STATE},
    {"ref", KT_REF}, {"refs", KT_REFS}, {"lines", KT_LINES}, {"json", KT_JSON}, {"file", KT_FILE}};

static kt_type type_of(form *f)
{
    const char *name = text(f, "type");
    for (size_t i = 0; name && i < sizeof type_names / sizeof *type_names; i++)
        if (strcmp(type_names[i].name, name) == 0)
            return type_names[i].type;
    wrong(f, "type",
        "string, text, bool, int, money, price, quantity, percent, rate, date, datetime, state, ref, refs, "
        "lines, json or file",
        "jednym z: string, text, bool, int, money, price, quantity, percent, rate, date, datetime, state, "
        "ref, refs, lines, json, file");
    return KT_STRING;
}

static kt_on_delete policy_of(form *f)
{
    const char *name = text(f, "on_delete");
    if (!name || strcmp(name, "restrict") == 0)
        return KT_RESTRICT;
    if (strcmp(name, "cascade") == 0)
        return KT_CASCADE;
    if (strcmp(name, "clear") != 0)
        wrong(f, "on_delete", "restrict, cascade or clear", "restrict, cascade lub clear");
    return KT_CLEAR;
}

static void read_choices(form *f, kt_field *row)
{
    const variant *v = member(f, "choices");
    if (!v)
        return;
    if (v->kind != VARIANT_ARRAY || v->as.array.count > KT_CHOICE_MAX) {
        wrong(f, "choices", "an array of at most 63 choices", "tablicą najwyżej 63 wyborów");
        return;
    }
    kt_choice *choices = ARENA_ARRAY(f->arena, kt_choice, v->as.array.count + 1);
    for (size_t i = 0; choices && i < v->as.array.count; i++) {
        const variant *item = &v->as.array.items[i];
        form inner = {.arena = f->arena, .from = item, .path = under(f, "choices")};
        if (item->kind == VARIANT_STRING) {
            const char *name = item->as.string.ptr;
            choices[i] = (kt_choice){(unsigned)i + 1, name, {name, name}, NULL};
            continue;
        }
        const char *name = text(&inner, "name");
        if (!name)
            wrong(&inner, "name", "given", "podane");
        kt_text label = label_of(&inner, "label");
        unsigned value = count_of(&inner, "value", KT_CHOICE_MAX);
        choices[i] = (kt_choice){value ? value : (unsigned)i + 1, name ? name : "?",
            {label.en ? label.en : name, label.pl ? label.pl : name}, text(&inner, "semantic")};
        kt_also(&f->problems, inner.problems);
    }
    row->choices = choices;
}

/* "entity, name, type": for the hint about a name that is none of them. */
static kt_str names_of(arena *arena, const char *const *known)
{
    kt_str all = KT_STR("");
    for (const char *const *k = known; *k && all.ptr; k++)
        all = arena_format(arena, "%s%s%s", all.ptr, all.len ? ", " : "", *k);
    return all.ptr ? all : KT_STR("-");
}

static void refuse_others(form *f, const char *const *known)
{
    if (f->from->kind != VARIANT_OBJECT) {
        kt_also(&f->problems,
            error_make(f->arena, KT_VALIDATION, f->path, "must be an object", "musi być obiektem"));
        return;
    }
    for (size_t i = 0; i < f->from->as.object.count; i++) {
        kt_str name = f->from->as.object.members[i].name;
        bool found = false;
        for (const char *const *k = known; *k && !found; k++)
            found = str_is(name, *k);
        if (found)
            continue;
        const char *names = names_of(f->arena, known).ptr;
        kt_also(
            &f->problems, error_make(f->arena, KT_VALIDATION, under(f, name.ptr),
                              "is not known here; known are %s", "nie jest tu znane; znane są %s", names));
    }
}

static kt_error *read_fields(form *f, const char *name, const char *wire, kt_shape **shape)
{
    const variant *v = member(f, name);
    *shape = ARENA_NEW(f->arena, kt_shape);
    size_t count = v && v->kind == VARIANT_ARRAY ? v->as.array.count : 0;
    kt_field *rows = ARENA_ARRAY(f->arena, kt_field, count + 1);
    if (!*shape || !rows)
        return error_no_memory();
    if (!count)
        wrong(f, name, "an array of fields", "tablicą pól");
    for (size_t i = 0; i < count; i++) {
        kt_str path = arena_format(f->arena, "%s[%zu]", under(f, name), i);
        if (!path.ptr)
            return error_no_memory();
        kt_also(&f->problems, definition_field(f->arena, &v->as.array.items[i], path.ptr, &rows[i]));
    }
    (*shape)->name = wire;
    (*shape)->fields = rows;
    return NULL;
}

kt_error *definition_field(arena *arena, const variant *from, const char *path, kt_field *row)
{
    static const char *const known[] = {"entity", "name", "type", "label", "help", "target", "initial",
        "group", "required", "unique", "indexed", "searchable", "personal", "fixed", "in_use", "scale", "max",
        "on_delete", "choices", "lines", "priority", "show_if", "required_if", "readonly_if", "mask", NULL};
    form f = {.arena = arena, .from = from, .path = path};
    refuse_others(&f, known);
    *row = (kt_field){.name = text(&f, "name"),
        .type = type_of(&f),
        .label = label_of(&f, "label"),
        .help = label_of(&f, "help"),
        .target = text(&f, "target"),
        .initial = wire_text(&f, "initial"),
        .group = text(&f, "group"),
        .required = flag(&f, "required"),
        .unique = flag(&f, "unique"),
        .indexed = flag(&f, "indexed"),
        .searchable = flag(&f, "searchable"),
        .personal = flag(&f, "personal"),
        .fixed = flag(&f, "fixed"),
        .in_use = flag(&f, "in_use"),
        .scale = (uint8_t)count_of(&f, "scale", KT_DEC_SCALE_MAX),
        .max = count_of(&f, "max", MODEL_TEXT_MAX),
        .on_delete = policy_of(&f),
        .priority = count_of(&f, "priority", 1000),
        .show_if = as_json(&f, "show_if"),
        .required_if = as_json(&f, "required_if"),
        .readonly_if = as_json(&f, "readonly_if"),
        .mask = text(&f, "mask")};
    if (!row->label.en)
        row->label = (kt_text){row->name, row->name};
    if (!row->name)
        wrong(&f, "name", "given", "podane");
    read_choices(&f, row);
    if (member(&f, "lines")) {
        kt_shape *lines;
        KT_TRY(read_fields(&f, "lines", NULL, &lines));
        row->lines = lines;
    }
    return f.problems;
}

/* ---- Actions ---- */

/* The value of a state of the entity's machine; 0: it has none of this name. */
static unsigned state_value(form *f, const kt_shape *shape, const char *name, kt_str state)
{
    for (const kt_field *field = shape->fields; field->name; field++)
        for (const kt_choice *c = strcmp(field->name, "state") == 0 ? field->choices : NULL; c && c->name;
             c++)
            if (str_is(state, c->name))
                return c->value;
    wrong(f, name, "a state of the entity", "stanem encji");
    return 0;
}

/* States as bits: of one name, or of an array of them. */
static uint32_t states_of(form *f, const kt_shape *shape, const char *name)
{
    const variant *v = member(f, name);
    uint32_t bits = 0;
    size_t count = v && v->kind == VARIANT_ARRAY ? v->as.array.count : v ? 1 : 0;
    for (size_t i = 0; i < count; i++) {
        const variant *one = v->kind == VARIANT_ARRAY ? &v->as.array.items[i] : v;
        unsigned value = state_value(
            f, shape, name, one->kind == VARIANT_STRING ? one->as.string : (kt_str){0});
        bits |= value && value <= KT_STATE_MAX ? KT_IN(value) : 0;
    }
    return bits;
}

static void read_action(form *f, const kt_shape *shape, kt_action *action)
{
    static const char *const known[] = {"name", "label", "right", "from", "to", NULL};
    refuse_others(f, known);
    *action = (kt_action){.name = text(f, "name"),
        .label = label_of(f, "label"),
        .right = text(f, "right"),
        .from = states_of(f, shape, "from"),
        .to = state_value(f, shape, "to", variant_get_str(f->from, "to"))};
    if (!action->name)
        wrong(f, "name", "given", "podane");
    if (!action->label.en)
        action->label = (kt_text){action->name, action->name};
}

/* Transitions: what else shall happen is a rule's. */
static kt_error *read_actions(form *f, kt_entity *entity)
{
    const variant *v = member(f, "actions");
    size_t count = v && v->kind == VARIANT_ARRAY ? v->as.array.count : 0;
    kt_action *actions = ARENA_ARRAY(f->arena, kt_action, count + 1);
    if (!actions)
        return error_no_memory();
    if (v && v->kind != VARIANT_ARRAY)
        wrong(f, "actions", "an array of transitions", "tablicą przejść");
    for (size_t i = 0; i < count; i++) {
        kt_str path = arena_format(f->arena, "%s[%zu]", under(f, "actions"), i);
        if (!path.ptr)
            return error_no_memory();
        form inner = {.arena = f->arena, .from = &v->as.array.items[i], .path = path.ptr};
        read_action(&inner, entity->shape, &actions[i]);
        kt_also(&f->problems, inner.problems);
    }
    entity->actions = actions;
    return NULL;
}

kt_error *definition_entity(arena *arena, const variant *from, const char *path, kt_entity *entity)
{
    static const char *const known[] = {"name", "label", "plural", "title", "number", "indexes", "icon",
        "views", "columns", "shared", "log_reads", "fields", "actions", NULL};
    form f = {.arena = arena, .from = from, .path = path};
    refuse_others(&f, known);
    kt_shape *shape;
    const char *name = text(&f, "name");
    if (!name)
        wrong(&f, "name", "given", "podane");
    KT_TRY(read_fields(&f, "fields", name ? name : "?", &shape));
    *entity = (kt_entity){.shape = shape,
        .label = label_of(&f, "label"),
        .plural = label_of(&f, "plural"),
        .title = text(&f, "title"),
        .number = text(&f, "number"),
        .indexes = text(&f, "indexes"),
        .icon = text(&f, "icon"),
        .views = as_json(&f, "views"),
        .columns = as_json(&f, "columns"),
        .shared = flag(&f, "shared"),
        .log_reads = flag(&f, "log_reads")};
    if (!entity->label.en)
        entity->label = (kt_text){name, name};
    KT_TRY(read_actions(&f, entity));
    return f.problems;
}

/* earlier.c -- a new definition of a field against all that there were. */
#include "model/earlier.h"

#include "model/internal.h"

enum { DEPTH = 2 }; /* a field, or a member of lines */

typedef struct {
    kt_str name;
    unsigned value;
} named;

typedef struct {
    kt_tx *tx;
    kt_str entity;
    const definition_row *ever;
    kt_str path[DEPTH];
    /* of the field in work: what names meant before, what is in force now first */
    named *known;
    size_t known_count, known_room;
    uint64_t used; /* a bit for each value that ever meant something */
    kt_error *problems;
} binding;

/* ---- What was ---- */

static kt_error *know(binding *k, kt_str name, unsigned value)
{
    if (k->known_count == k->known_room) {
        size_t more = k->known_room ? 2 * k->known_room : 32;
        named *grown = arena_grow(
            k->tx->arena, k->known, k->known_room * sizeof *grown, more * sizeof *grown);
        if (!grown)
            return error_no_memory();
        k->known = grown;
        k->known_room = more;
    }
    k->known[k->known_count++] = (named){name, value};
    k->used |= UINT64_C(1) << value;
    return NULL;
}

static const model_field *in_force(const binding *k, size_t depth)
{
    const model_entity *entity = model_entity_find(k->tx->catalogue, k->entity);
    const model_field *field = entity ? model_field_find(entity, k->path[0]) : NULL;
    for (size_t i = 1; i < depth && field; i++)
        field = field->lines ? model_field_find(field->lines, k->path[i]) : NULL;
    return field;
}

static const variant *named_in(const variant *fields, kt_str name)
{
    for (size_t i = 0; fields && fields->kind == VARIANT_ARRAY && i < fields->as.array.count; i++)
        if (str_eq(variant_get_str(&fields->as.array.items[i], "name"), name))
            return &fields->as.array.items[i];
    return NULL;
}

/* The same field in another definition; NULL: it is of another. */
static const variant *same_field(const binding *k, const variant *definition, size_t depth)
{
    const variant *field = NULL;
    if (str_eq(variant_get_str(definition, "entity"), k->entity))
        field = str_eq(variant_get_str(definition, "name"), k->path[0]) ? definition : NULL;
    else if (str_eq(variant_get_str(definition, "name"), k->entity))
        field = named_in(variant_get(definition, "fields"), k->path[0]);
    for (size_t i = 1; i < depth && field; i++)
        field = named_in(variant_get(field, "lines"), k->path[i]);
    return field;
}

static kt_str name_of(const variant *choice)
{
    return choice->kind == VARIANT_STRING ? choice->as.string : variant_get_str(choice, "name");
}

/* 0: none is given */
static unsigned value_given(const variant *choice)
{
    const variant *value = variant_get(choice, "value");
    bool good = value && value->kind == VARIANT_INT && value->as.integer > 0 &&
                value->as.integer <= KT_CHOICE_MAX;
    return good ? (unsigned)value->as.integer : 0;
}

static kt_error *look_back(binding *k, size_t depth)
{
    const model_field *now = in_force(k, depth);
    k->known_count = 0;
    k->used = 0;
    for (const kt_choice *c = now ? now->choices : NULL; c && c->name; c++)
        KT_TRY(know(k, str_of(c->name), c->value));
    for (const definition_row *row = k->ever; row; row = row->next) {
        const variant *was = same_field(k, row->definition, depth), *choices = variant_get(was, "choices");
        size_t count = choices && choices->kind == VARIANT_ARRAY ? choices->as.array.count : 0;
        for (size_t i = 0; i < count && i < KT_CHOICE_MAX; i++) {
            const variant *choice = &choices->as.array.items[i];
            unsigned given = value_given(choice);
            KT_TRY(know(k, name_of(choice), given ? given : (unsigned)i + 1));
        }
    }
    return NULL;
}

/* ---- What is to be ---- */

static unsigned value_known(const binding *k, kt_str name)
{
    for (size_t i = 0; i < k->known_count; i++)
        if (str_eq(k->known[i].name, name))
            return k->known[i].value;
    return 0;
}

static kt_error *assign(binding *k, const variant *choices, unsigned *values)
{
    size_t count = choices->as.array.count;
    unsigned next = 1;
    for (size_t i = 0; i < count; i++) {
        values[i] = value_given(&choices->as.array.items[i]);
        k->used |= UINT64_C(1) << values[i];
    }
    for (size_t i = 0; i < count; i++) {
        if (!values[i])
            values[i] = value_known(k, name_of(&choices->as.array.items[i]));
        if (values[i])
            continue;
        while (next <= KT_CHOICE_MAX && k->used >> next & 1)
            next++;
        if (next > KT_CHOICE_MAX)
            return kt_fail(k->tx, KT_LIMIT, "choices",
                "a field has no more than %d different choices in its life, those that were taken away among "
                "them",
                "pole ma najwyżej %d różnych wyborów w swoim życiu, także usuniętych", KT_CHOICE_MAX);
        values[i] = next++;
    }
    return NULL;
}

/* The object with this member in place of its own, or behind the others. */
static kt_error *put_member(arena *arena, variant *object, const char *name, const variant *value)
{
    size_t count = object->as.object.count, i = 0;
    variant_member *members = ARENA_ARRAY(arena, variant_member, count + 1);
    if (!members)
        return error_no_memory();
    if (count)
        memcpy(members, object->as.object.members, count * sizeof *members);
    while (i < count && !str_is(members[i].name, name))
        i++;
    members[i] = (variant_member){str_of(name), value};
    object->as.object.members = members;
    object->as.object.count = i < count ? count : count + 1;
    return NULL;
}

static kt_error *with_value(binding *k, const variant *choice, unsigned value, variant *out)
{
    variant *both = ARENA_ARRAY(k->tx->arena, variant, 2);
    if (!both)
        return error_no_memory();
    both[0] = (variant){.kind = VARIANT_STRING, .as.string = name_of(choice)};
    both[1] = (variant){.kind = VARIANT_INT, .as.integer = value};
    *out = choice->kind == VARIANT_OBJECT ? *choice : (variant){.kind = VARIANT_OBJECT};
    KT_TRY(put_member(k->tx->arena, out, "name", &both[0]));
    return put_member(k->tx->arena, out, "value", &both[1]);
}

static const char *path_of(const binding *k, size_t depth)
{
    kt_str path = k->path[0];
    if (depth > 1)
        path = arena_format(k->tx->arena, "%.*s.%.*s", STR_ARG(k->path[0]), STR_ARG(k->path[1]));
    return path.ptr;
}

/* Records may hold what the list had when the field went: only of a field that is there can be told whether they do. */
static void check_choices(binding *k, const unsigned *values, size_t count, size_t depth)
{
    uint64_t told = 0;
    for (size_t i = 0; i < count; i++)
        told |= UINT64_C(1) << values[i];
    for (size_t i = 0; i < k->known_count && !in_force(k, depth); i++) {
        const named *was = &k->known[i];
        if (!(told >> was->value & 1))
            kt_also(
                &k->problems, kt_hint(kt_fail(k->tx, KT_CONFLICT, path_of(k, depth),
                                          "a field of this name had the choice \"%.*s\"",
                                          "pole o tej nazwie miało wybór \"%.*s\"", STR_ARG(was->name)),
                                  "Name it again; then it can be taken away, if no record has it.",
                                  "Podaj go ponownie; potem można go usunąć, jeśli nie ma go żaden rekord."));
        told |= UINT64_C(1) << was->value;
    }
}

static kt_error *bind_choices(binding *k, const variant *choices, size_t depth, const variant **bound)
{
    size_t count = choices->as.array.count;
    unsigned values[KT_CHOICE_MAX + 1];
    variant *list = ARENA_NEW(k->tx->arena, variant);
    variant *items = ARENA_ARRAY(k->tx->arena, variant, count + 1);
    if (!list || !items)
        return error_no_memory();
    KT_TRY(look_back(k, depth));
    KT_TRY(assign(k, choices, values));
    check_choices(k, values, count, depth);
    for (size_t i = 0; i < count; i++) {
        items[i] = choices->as.array.items[i];
        if (values[i] != i + 1 && !value_given(&items[i]))
            KT_TRY(with_value(k, &choices->as.array.items[i], values[i], &items[i]));
    }
    *list = (variant){.kind = VARIANT_ARRAY, .as.array = {items, count}};
    *bound = list;
    return NULL;
}

/* ---- What comes back ---- */

static bool is_personal(const variant *field)
{
    return variant_get_bool(field, "personal");
}

static void refuse(binding *k, size_t depth, const char *en, const char *pl)
{
    kt_also(&k->problems, kt_hint(kt_fail(k->tx, KT_CONFLICT, path_of(k, depth), "%s%.0s", "%.0s%s", en, pl),
                              "Give the new field another name.", "Nadaj nowemu polu inną nazwę."));
}

/* What records hold of a field that went is seen again with it; of one that is there the catalogue's check finds out. */
static void check_return(binding *k, const variant *field, size_t depth)
{
    bool retargeted = false, clear = false;
    if (in_force(k, depth))
        return;
    for (const definition_row *row = k->ever; row; row = row->next) {
        const variant *was = same_field(k, row->definition, depth);
        if (!was)
            continue;
        retargeted |= !str_eq(variant_get_str(was, "target"), variant_get_str(field, "target"));
        clear |= !is_personal(was);
    }
    if (retargeted)
        refuse(k, depth, "a field of this name pointed to another entity",
            "pole o tej nazwie wskazywało na inną encję");
    if (clear && is_personal(field))
        refuse(k, depth,
            "a field of this name was not personal: what it had could never be erased from the journal",
            "pole o tej nazwie nie było osobowe: jego wartości nie dałoby się usunąć z dziennika");
}

/* ---- Fields ---- */

static kt_error *bind_fields(binding *k, variant *of, const char *member, size_t depth);

/* field  a copy, whose members may be replaced; at this depth of the path */
static kt_error *bind_field(binding *k, variant *field, size_t depth)
{
    const variant *choices = variant_get(field, "choices");
    k->path[depth] = variant_get_str(field, "name");
    check_return(k, field, depth + 1);
    if (choices && choices->kind == VARIANT_ARRAY) {
        KT_TRY(bind_choices(k, choices, depth + 1, &choices));
        KT_TRY(put_member(k->tx->arena, field, "choices", choices));
    }
    return depth + 1 < DEPTH ? bind_fields(k, field, "lines", depth + 1) : NULL;
}

static kt_error *bind_fields(binding *k, variant *of, const char *member, size_t depth)
{
    const variant *fields = variant_get(of, member);
    size_t count = fields && fields->kind == VARIANT_ARRAY ? fields->as.array.count : 0;
    variant *list = ARENA_NEW(k->tx->arena, variant);
    variant *items = ARENA_ARRAY(k->tx->arena, variant, count + 1);
    if (!list || !items)
        return error_no_memory();
    for (size_t i = 0; i < count; i++) {
        items[i] = fields->as.array.items[i];
        KT_TRY(bind_field(k, &items[i], depth));
    }
    *list = (variant){.kind = VARIANT_ARRAY, .as.array = {items, count}};
    return count ? put_member(k->tx->arena, of, member, list) : NULL;
}

kt_error *earlier_bind(
    kt_tx *tx, kt_str entity, const definition_row *ever, const variant *definition, const variant **bound)
{
    binding k = {.tx = tx, .entity = entity, .ever = ever};
    variant *copy = ARENA_NEW(tx->arena, variant);
    if (!copy)
        return error_no_memory();
    *copy = *definition;
    *bound = copy;
    KT_TRY(variant_get(definition, "fields") ? bind_fields(&k, copy, "fields", 0) : bind_field(&k, copy, 0));
    return k.problems;
}

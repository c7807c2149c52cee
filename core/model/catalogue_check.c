/* catalogue_check.c -- what a catalogue may have that stands already, so that a server starts with it, but no change of
 * definitions or modules may bring: conditions that cannot be read, references to custom entities that are not there or
 * to others than records point to, views of what there is not, choices whose values change; of custom fields also that a
 * choice goes which records hold, or that becomes personal what the journal has in the clear. */
#include "kit/decode.h"
#include "model/condition.h"
#include "model/custom.h"
#include "record/path.h"

typedef struct {
    kt_tx tx; /* reads under the catalogue looked at */
    const model_catalogue *before;
    kt_error *all;
} checking;

/* Fields of an entity, or of lines of it, and what they were before; was NULL: they are new. */
typedef struct {
    const model_entity *record, *entity, *was;
    const char *path; /* "base.party.pets" */
} place;

KT_PRINTF(3, 5)
KT_PRINTF(4, 5) static void wrong(checking *c, const char *path, const char *en, const char *pl, ...)
{
    va_list arguments;
    va_start(arguments, pl);
    kt_also(&c->all, error_vmake(c->tx.arena, KT_VALIDATION, path, en, pl, arguments));
    va_end(arguments);
}

static const char *under(checking *c, const char *path, const char *name)
{
    kt_str made = arena_format(c->tx.arena, "%s.%s", path, name);
    return made.ptr ? made.ptr : path;
}

/* ---- Conditions ---- */

static kt_error *read_under(
    const checking *c, const model_catalogue *catalogue, const model_entity *entity, kt_str condition)
{
    kt_tx tx = c->tx;
    query_filter *filter;
    tx.catalogue = catalogue;
    return condition_read(&tx, entity, condition, &filter);
}

static void check_condition(
    checking *c, const place *p, const model_field *field, const char *name, kt_str condition, kt_str before)
{
    bool same = p->was && str_eq(condition, before);
    if (!condition.len)
        return;
    const char *path = under(c, under(c, p->path, field->name.ptr), name);
    if (p->entity->lines_only) {
        if (!same)
            wrong(c, path, "a field of lines is always shown, or \"false\"",
                "pole pozycji jest zawsze pokazywane albo \"false\"");
        return;
    }
    kt_error *why = read_under(c, c->tx.catalogue, p->entity, condition);
    if (!why || (same && read_under(c, c->before, p->was, condition)))
        return;
    for (const problem *at = why->first; at; at = at->next) {
        kt_error *said = error_make(
            c->tx.arena, at->kind, path, "%s%.0s", "%.0s%s", at->text.en, at->text.pl);
        kt_also(&c->all, at->hint.en ? kt_hint(said, at->hint.en, at->hint.pl) : said);
    }
}

/* ---- What records hold ---- */

static variant text_variant(kt_str text)
{
    return (variant){.kind = VARIANT_STRING, .as.string = text};
}

static bool has_index(const model_entity *entity, uint16_t number)
{
    for (size_t i = 0; i < entity->index_count; i++)
        if (entity->indexes[i].number == number)
            return true;
    return false;
}

/* The entity as it was, with the indexes that are still kept: what others held is gone from the store. */
static kt_error *as_before(
    const checking *c, const model_entity *was, const model_entity *now, model_entity *left)
{
    model_index *kept = ARENA_ARRAY(c->tx.arena, model_index, was->index_count + 1);
    if (!kept)
        return error_no_memory();
    *left = *was;
    left->indexes = kept;
    left->index_count = left->filling_count = 0;
    for (size_t i = 0; i < was->index_count; i++)
        if (has_index(now, was->indexes[i].number))
            kept[left->index_count++] = was->indexes[i];
    return NULL;
}

/* Is there a record of which this holds, as things were before? */
static bool any_record(checking *c, const place *p, const char *path, const char *operator, variant value)
{
    const model_entity *entity = model_entity_find(c->before, p->record->name);
    kt_tx tx = c->tx;
    model_record record;
    query_rows *rows = NULL;
    query_filter *filter;
    if (!entity)
        return false;
    if (strlen(path) <= entity->name.len) { /* under() had no memory */
        kt_also(&c->all, error_no_memory());
        return false;
    }
    const variant condition[] = {
        text_variant(str_of(path + entity->name.len + 1)), text_variant(str_of(operator)), value};
    const variant from = {.kind = VARIANT_ARRAY, .as.array = {condition, 3}};
    tx.catalogue = c->before;
    model_entity was;
    kt_error *error = query_filter_read(&tx, entity, &from, &filter);
    if (!error)
        error = as_before(c, entity, p->record, &was);
    if (!error)
        error = query_open(&tx, &(query_request){.entity = &was, .filter = filter, .limit = 1}, &rows);
    if (error) {
        kt_also(&c->all, error);
        return false;
    }
    bool found = query_next(rows, &record);
    kt_also(&c->all, query_end(rows));
    return found;
}

static const kt_choice *choice_of(const model_field *field, unsigned value)
{
    for (const kt_choice *choice = field->choices; choice && choice->name; choice++)
        if (choice->value == value)
            return choice;
    return NULL;
}

/* A name that gets another value would turn what records hold into something else. */
static void check_values(checking *c, const place *p, const model_field *field, const model_field *was)
{
    for (const kt_choice *old = was->choices; old && old->name; old++)
        for (const kt_choice *now = field->choices; now && now->name; now++)
            if (strcmp(now->name, old->name) == 0 && now->value != old->value)
                wrong(c, under(c, p->path, field->name.ptr),
                    "the choice \"%s\" was stored as %u: it stands in another place now; \"value\" keeps it",
                    "wybór \"%s\" był zapisywany jako %u: teraz stoi w innym miejscu; zachowa go \"value\"",
                    old->name, old->value);
}

static void check_dropped(checking *c, const place *p, const model_field *field, const model_field *was)
{
    const char *path = under(c, p->path, field->name.ptr);
    for (const kt_choice *choice = was->choices; choice && choice->name; choice++)
        if (!choice_of(field, choice->value) &&
            any_record(c, p, path, "=", text_variant(str_of(choice->name))))
            kt_also(&c->all,
                kt_hint(error_make(c->tx.arena, KT_CONFLICT, path, "there are records with \"%s\"",
                            "są rekordy z \"%s\"", choice->name),
                    "Change them first; a choice is renamed by giving its name another and \"value\" the old "
                    "one.",
                    "Najpierw je zmień; wybór zmienia nazwę, gdy dostaje nową, a \"value\" zostaje."));
}

/* What was written before stands in the journal as it was, and nothing takes it away there. */
static void check_personal(checking *c, const place *p, const model_field *field, const model_field *was)
{
    const char *path = under(c, p->path, field->name.ptr);
    const variant no = {.kind = VARIANT_BOOL, .as.boolean = false};
    if (!field->personal || was->personal ||
        !any_record(c, p, p->entity->lines_only ? p->path : path, "is_null", no))
        return;
    kt_also(&c->all,
        kt_hint(error_make(c->tx.arena, KT_CONFLICT, path,
                    "it cannot become personal: the journal has values of it that could never be erased",
                    "nie może stać się osobowe: dziennik ma jego wartości, których nie dałoby się usunąć"),
            "Define a personal field of another name, and move the values there.",
            "Zdefiniuj pole osobowe o innej nazwie i przenieś tam wartości."));
}

/* ---- References ---- */

/* What records hold would point to other records of the same ids. */
static void check_target(checking *c, const place *p, const model_field *field, const model_field *was)
{
    const char *path = under(c, p->path, field->name.ptr);
    const variant no = {.kind = VARIANT_BOOL, .as.boolean = false};
    if ((field->type != KT_REF && field->type != KT_REFS) || str_eq(field->target_name, was->target_name) ||
        !any_record(c, p, p->entity->lines_only ? p->path : path, "is_null", no))
        return;
    kt_also(&c->all,
        kt_hint(error_make(c->tx.arena, KT_CONFLICT, path, "there are records that point to %s with it",
                    "są rekordy, które wskazują nim na %s", was->target_name.ptr),
            "Give the new field another name.", "Nadaj nowemu polu inną nazwę."));
}

static bool leads_nowhere(const model_field *field)
{
    return !field->target && str_starts(field->target_name, KT_STR(CUSTOM_MODULE "."));
}

static void check_fields(checking *c, const place *p)
{
    static const model_field none;
    for (size_t i = 0; i < p->entity->field_count; i++) {
        const model_field *field = &p->entity->fields[i];
        const model_field *found = p->was ? model_field_find(p->was, field->name) : NULL;
        const model_field *was = found ? found : &none;
        if (!field->internal)
            check_condition(c, p, field, "show_if", field->show_if, was->show_if);
        check_condition(c, p, field, "required_if", field->required_if, was->required_if);
        check_condition(c, p, field, "readonly_if", field->readonly_if, was->readonly_if);
        if (leads_nowhere(field) && !leads_nowhere(was))
            wrong(c, under(c, p->path, field->name.ptr), "its target \"%s\" does not exist",
                "jego cel \"%s\" nie istnieje", field->target_name.ptr);
        check_values(c, p, field, was);
        if (found)
            check_target(c, p, field, found);
        if (found && str_is(field->module, CUSTOM_MODULE)) {
            check_dropped(c, p, field, found);
            check_personal(c, p, field, found);
        }
        if (field->lines)
            check_fields(
                c, &(place){p->record, field->lines, was->lines, under(c, p->path, field->name.ptr)});
    }
}

/* ---- Views ---- */

/* NULL: it is none, or what it was before. */
static const variant *read_array(
    checking *c, const model_entity *entity, kt_str text, kt_str before, const char *name)
{
    static const decode_limits limits = {.depth_max = 20, .elements_max = 10000};
    const variant *read = NULL;
    if (!text.len || str_eq(text, before))
        return NULL;
    kt_error *why = decode_json(c->tx.arena, text, &limits, &read);
    if (why)
        wrong(c, under(c, entity->name.ptr, name), "is no JSON: %s%.0s", "to nie JSON: %.0s%s",
            why->first->text.en, why->first->text.pl);
    else if (read->kind != VARIANT_ARRAY)
        wrong(c, under(c, entity->name.ptr, name), "must be a JSON array", "musi być tablicą JSON");
    return !why && read->kind == VARIANT_ARRAY ? read : NULL;
}

/* A member that names one field; a period may stand behind it. */
static kt_error *check_name(checking *c, const model_entity *entity, const variant *view, const char *member)
{
    model_path path;
    kt_str name = variant_get_str(view, member);
    const char *colon = name.len ? memchr(name.ptr, ':', name.len) : NULL;
    if (colon)
        name.len = (size_t)(colon - name.ptr);
    return name.len ? path_read(&c->tx, entity, name, member, &path) : NULL;
}

/* The order of a pivot or chart is of its measures. */
static bool orders_fields(const variant *view)
{
    kt_str kind = variant_get_str(view, "kind");
    return !str_is(kind, "pivot") && !str_is(kind, "chart");
}

static void check_view(checking *c, const model_entity *entity, const variant *view, const char *at)
{
    static const char *const lists[] = {"columns", "card", "rows"}, *const names[] = {"by", "sum", "start",
                                                                        "end", "lane", "parent", "group"};
    model_path *paths;
    size_t count;
    query_filter *filter;
    kt_error *all = NULL;
    if (view->kind != VARIANT_OBJECT || !variant_get_str(view, "kind").len) {
        wrong(c, at, "must be an object with a \"kind\"", "musi być obiektem z „kind”");
        return;
    }
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        kt_also(&all, paths_read(&c->tx, entity, variant_get(view, lists[i]), lists[i], &paths, &count));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        kt_also(&all, check_name(c, entity, view, names[i]));
    if (orders_fields(view))
        kt_also(
            &all, query_names(&c->tx, &(query_request){.entity = entity, .sort = variant_get(view, "sort")}));
    kt_also(&all, query_filter_read(&c->tx, entity, variant_get(view, "filter"), &filter));
    if (all)
        kt_also(&c->all, error_under(all, at));
}

static void check_views(checking *c, const model_entity *entity, const model_entity *was)
{
    const variant *views = read_array(c, entity, entity->views, was ? was->views : (kt_str){0}, "views");
    for (size_t i = 0; views && i < views->as.array.count; i++) {
        kt_str at = arena_format(c->tx.arena, "%s.views[%zu]", entity->name.ptr, i);
        if (at.ptr)
            check_view(c, entity, &views->as.array.items[i], at.ptr);
        else
            kt_also(&c->all, error_no_memory());
    }
    (void)read_array(c, entity, entity->columns, was ? was->columns : (kt_str){0}, "columns");
}

kt_error *model_catalogue_check(kt_tx *tx, const model_catalogue *catalogue, const model_catalogue *before)
{
    checking c = {.before = before,
        .tx = {.arena = tx->arena,
            .view = tx->view,
            .catalogue = catalogue,
            .lang = tx->lang,
            .zone = tx->zone,
            .now = tx->now,
            .master_key = tx->master_key}};
    for (size_t i = 0; i < model_entity_count(catalogue); i++) {
        const model_entity *entity = model_entity_at(catalogue, i);
        const model_entity *was = before ? model_entity_find(before, entity->name) : NULL;
        if (!entity->enabled)
            continue;
        check_fields(&c, &(place){entity, entity, was, entity->name.ptr});
        check_views(&c, entity, was);
    }
    return c.all;
}

/* Saved views: how people list, group and draw the records of an entity. A view is refused when it asks for what there is
 * not; what is gone later (a field of one's own, an entity, a right) is left out when it is opened, and told. */
#include <string.h>

#include "base.h"

enum view_kind { LIST = 1, KANBAN, CALENDAR, TIMELINE, PIVOT, CHART, TREE, FORM, BOARD };
static const kt_choice view_kinds[] = {
    {LIST, "list", {"List", "Lista"}},
    {KANBAN, "kanban", {"Kanban", "Kanban"}},
    {CALENDAR, "calendar", {"Calendar", "Kalendarz"}},
    {TIMELINE, "timeline", {"Timeline", "Oś czasu"}},
    {PIVOT, "pivot", {"Pivot", "Tabela przestawna"}},
    {CHART, "chart", {"Chart", "Wykres"}},
    {TREE, "tree", {"Tree", "Drzewo"}},
    {FORM, "form", {"Form", "Formularz"}},
    {BOARD, "board", {"Board", "Pulpit"}},
    {0},
};

enum audience { MINE = 1, ROLE, TEAM, EVERYBODY };
static const kt_choice audiences[] = {
    {MINE, "mine", {"Only me", "Tylko ja"}},
    {ROLE, "role", {"A role", "Rola"}},
    {TEAM, "team", {"A team", "Zespół"}},
    {EVERYBODY, "all", {"Everybody", "Wszyscy"}},
    {0},
};

struct view {
    kt_record rec;
    kt_str name, entity, filter, sort, columns, group, options;
    enum view_kind kind;
    enum audience shared;
    kt_id owner, role, team;
    bool initial;
};
const kt_shape view_shape = KT_SHAPE(view, "base.view",
    KT_FIELD(
        view, name, STRING, "Name", "Nazwa", .required = true, .max = 100, .searchable = true, .priority = 1),
    KT_FIELD(view, entity, STRING, "Entity", "Encja", .required = true, .max = 100, .indexed = true,
        .priority = 2),
    KT_FIELD(view, kind, STATE, "Kind", "Rodzaj", .choices = view_kinds, .initial = "list", .priority = 3),
    KT_FIELD(view, filter, JSON, "Filter", "Filtr"),
    KT_FIELD(view, sort, STRING, "Order", "Kolejność", .max = 200),
    KT_FIELD(view, columns, JSON, "Columns", "Kolumny"),
    KT_FIELD(view, group, STRING, "Grouped by", "Grupowanie", .max = 100),
    KT_FIELD(view, options, JSON, "More", "Więcej",
        .help = {"What the kind of view needs besides.", "Czego poza tym wymaga rodzaj widoku."}),
    KT_FIELD(view, owner, REF, "Owner", "Właściciel", .target = "access.user", .initial = "me",
        .on_delete = KT_CASCADE),
    KT_FIELD(view, shared, STATE, "Shared with", "Udostępniony", .choices = audiences, .initial = "mine",
        .indexed = true, .priority = 4),
    KT_FIELD(view, role, REF, "Role", "Rola", .target = "access.role", .on_delete = KT_CLEAR),
    KT_FIELD(view, team, REF, "Team", "Zespół", .target = "access.team", .on_delete = KT_CLEAR),
    KT_FIELD(view, initial, BOOL, "Opened first", "Otwierany jako pierwszy"));

/* ---- What holds ---- */

/* Whoever shares says with whom; a team or role that goes leaves the view to its owner. */
static kt_error *audience_check(kt_tx *tx, const struct view *is)
{
    if (is->shared == TEAM && !is->team.v)
        return kt_fail(tx, KT_VALIDATION, "team", "say with which team the view is shared",
            "podaj, z którym zespołem widok jest współdzielony");
    if (is->shared == ROLE && !is->role.v)
        return kt_fail(tx, KT_VALIDATION, "role", "say with which role the view is shared",
            "podaj, z którą rolą widok jest współdzielony");
    return NULL;
}

static bool same(kt_str a, kt_str b)
{
    return a.len == b.len && (!a.len || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static kt_listing listing_of(const struct view *v)
{
    return (kt_listing){.filter = v->filter, .sort = v->sort, .columns = v->columns, .group = v->group};
}

/* What is asked is looked at when it is written; what became untrue later may be renamed, shared, given away. */
kt_error *view_check(kt_tx *tx, const kt_record *before, const kt_record *after)
{
    const struct view *is = after ? KT_SEE(view, after) : NULL, *was = before ? KT_SEE(view, before) : NULL;
    kt_error *all = NULL;
    if (!is)
        return NULL;
    if (!was || was->shared != is->shared)
        all = audience_check(tx, is);
    if (was && same(was->entity, is->entity) && same(was->filter, is->filter) && same(was->sort, is->sort) &&
        same(was->columns, is->columns) && same(was->group, is->group))
        return all;
    kt_listing asked = listing_of(is);
    kt_also(&all, kt_listing_check(tx, is->entity, &asked));
    return all;
}

/* ---- base.view.open ---- */

struct view_open { /* the parameters */
    kt_record rec;
    kt_id id;
};
const kt_shape view_open_shape = KT_SHAPE(
    view_open, NULL, KT_FIELD(view_open, id, REF, "View", "Widok", .target = "base.view", .required = true));

struct gone {
    kt_record rec;
    kt_str path, message;
};
static const kt_shape gone_shape = KT_SHAPE(gone, NULL,
    KT_FIELD(gone, path, STRING, "Where", "Gdzie", .max = 200),
    KT_FIELD(gone, message, TEXT, "Why", "Dlaczego"));

struct view_opened {
    kt_record rec;
    kt_str name, entity, filter, sort, columns, group, options;
    enum view_kind kind;
    kt_lines gone;
};
const kt_shape view_opened_shape = KT_SHAPE(view_opened, NULL,
    KT_FIELD(view_opened, name, STRING, "Name", "Nazwa"),
    KT_FIELD(view_opened, entity, STRING, "Entity", "Encja"),
    KT_FIELD(view_opened, kind, STATE, "Kind", "Rodzaj", .choices = view_kinds),
    KT_FIELD(view_opened, filter, JSON, "Filter", "Filtr"),
    KT_FIELD(view_opened, sort, STRING, "Order", "Kolejność"),
    KT_FIELD(view_opened, columns, JSON, "Columns", "Kolumny"),
    KT_FIELD(view_opened, group, STRING, "Grouped by", "Grupowanie"),
    KT_FIELD(view_opened, options, JSON, "More", "Więcej"),
    KT_FIELD(view_opened, gone, LINES, "What is gone", "Czego już nie ma", .lines = &gone_shape,
        .help = {"What the view asks for and the caller has not, or no longer: it is left out.",
            "O co widok pyta, a czego wywołujący nie ma albo już nie ma: jest pominięte."}));

kt_error *view_open(kt_tx *tx, const kt_record *params, kt_record *result)
{
    struct view v = {KT_OF(view)};
    struct view_opened *out = KT_AS(view_opened, result);
    KT_TRY(kt_read(tx, KT_SEE(view_open, params)->id, &v.rec));
    kt_listing asked = listing_of(&v);
    kt_error *wrong = kt_listing_check(tx, v.entity, &asked);
    out->name = v.name;
    out->entity = v.entity;
    out->kind = v.kind;
    out->options = v.options;
    out->filter = asked.filter;
    out->sort = asked.sort;
    out->columns = asked.columns;
    out->group = asked.group;
    kt_problem p;
    for (size_t i = 0; (p = kt_problem_at(wrong, i)).kind; i++) {
        if (p.kind != KT_VALIDATION && p.kind != KT_LIMIT && p.kind != KT_FORBIDDEN)
            return wrong;
        const struct gone line = {
            KT_OF(gone), .path = {p.path, p.path ? strlen(p.path) : 0}, .message = kt_say(tx, p.text)};
        KT_TRY(kt_line_add(tx, &out->gone, &line.rec));
    }
    return NULL;
}

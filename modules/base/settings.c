/* What people arrange for themselves and others: saved views, preferences; and what imports left behind. */
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

/* Whoever shares says with whom; a team or role that goes leaves the view to its owner. */
kt_error *view_check(kt_tx *tx, const kt_record *before, const kt_record *after)
{
    const struct view *is = after ? KT_SEE(view, after) : NULL;
    if (!is || (before && KT_SEE(view, before)->shared == is->shared))
        return NULL;
    if (is->shared == TEAM && !is->team.v)
        return kt_fail(tx, KT_VALIDATION, "team", "say with which team the view is shared",
            "podaj, z którym zespołem widok jest współdzielony");
    if (is->shared == ROLE && !is->role.v)
        return kt_fail(tx, KT_VALIDATION, "role", "say with which role the view is shared",
            "podaj, z którą rolą widok jest współdzielony");
    return NULL;
}

struct preference {
    kt_record rec;
    kt_id owner;
    kt_str key, value;
};
const kt_shape preference_shape = KT_SHAPE(preference, "base.preference",
    KT_FIELD(preference, owner, REF, "User", "Użytkownik", .target = "access.user", .initial = "me",
        .on_delete = KT_CASCADE, .priority = 2),
    KT_FIELD(preference, key, STRING, "Key", "Klucz", .required = true, .max = 100, .priority = 1),
    KT_FIELD(preference, value, JSON, "Value", "Wartość", .priority = 3));

enum import_mode { CREATE = 1, UPSERT };
static const kt_choice import_modes[] = {
    {CREATE, "create", {"New records", "Nowe rekordy"}},
    {UPSERT, "upsert", {"New or changed records", "Nowe lub zmienione rekordy"}},
    {0},
};

struct import_log {
    kt_record rec;
    kt_str entity, source;
    enum import_mode mode;
    int64_t rows, created, updated;
    kt_id owner;
};
const kt_shape import_log_shape = KT_SHAPE(import_log, "base.import_log",
    KT_FIELD(import_log, entity, STRING, "Entity", "Encja", .required = true, .max = 100, .indexed = true,
        .priority = 1),
    KT_FIELD(import_log, source, STRING, "Source", "Źródło", .max = 255, .priority = 2,
        .help = {"The file's name, or the system that sent it.",
            "Nazwa pliku albo system, z którego przyszło."}),
    KT_FIELD(import_log, mode, STATE, "Mode", "Tryb", .choices = import_modes, .initial = "create"),
    KT_FIELD(import_log, rows, INT, "Rows", "Wiersze", .priority = 3),
    KT_FIELD(import_log, created, INT, "Created", "Utworzone", .priority = 4),
    KT_FIELD(import_log, updated, INT, "Changed", "Zmienione", .priority = 5),
    KT_FIELD(import_log, owner, REF, "By", "Kto", .target = "access.user", .initial = "me",
        .on_delete = KT_CLEAR));

/* What people can and may do, until when, and which papers prove it. */
#include "hr.h"

struct skill {
    kt_record rec;
    kt_str name, description;
};
const kt_shape skill_shape = KT_SHAPE(skill, "hr.skill",
    KT_FIELD(skill, name, STRING, "Name", "Nazwa", .required = true, .unique = true, .max = 120,
        .searchable = true, .priority = 1),
    KT_FIELD(skill, description, TEXT, "Description", "Opis"));
const kt_shape qualification_shape = KT_SHAPE(qualification, "hr.qualification",
    KT_FIELD(qualification, employee, REF, "Employee", "Pracownik", .target = "hr.employee", .required = true,
        .on_delete = KT_CASCADE, .priority = 1),
    KT_FIELD(qualification, skill, REF, "Skill", "Umiejętność", .target = "hr.skill", .required = true,
        .priority = 2),
    KT_FIELD(qualification, work_centre, REF, "May run", "Może obsługiwać", .target = "*",
        .on_delete = KT_CASCADE, .priority = 3,
        .help = {"A work centre of production.", "Gniazdo produkcyjne."}),
    KT_FIELD(qualification, level, INT, "Level, 1 to 5", "Poziom, od 1 do 5", .initial = "3", .priority = 4),
    KT_FIELD(qualification, valid_from, DATE, "From", "Od"),
    KT_FIELD(qualification, valid_to, DATE, "Until", "Do", .indexed = true, .priority = 5));

struct paper {
    kt_record rec;
    kt_id employee, file;
    kt_str kind, number;
    kt_date issued, expires;
};
const kt_shape paper_shape = KT_SHAPE(paper, "hr.document",
    KT_FIELD(paper, employee, REF, "Employee", "Pracownik", .target = "hr.employee", .required = true,
        .on_delete = KT_CASCADE, .priority = 1),
    KT_FIELD(
        paper, kind, STRING, "Kind", "Rodzaj", .required = true, .max = 80, .indexed = true, .priority = 2),
    {KT_AT(paper, number, STRING), .name = "reference", .label = {"Number", "Numer"}, .max = 80,
        .priority = 3},
    KT_FIELD(paper, issued, DATE, "Issued on", "Wydano dnia"),
    KT_FIELD(paper, expires, DATE, "Expires on", "Wygasa dnia", .indexed = true, .priority = 4),
    KT_FIELD(paper, file, FILE, "File", "Plik", .target = "base.attachment", .on_delete = KT_CLEAR));

static bool holds(const struct qualification *q, kt_date day)
{
    return (!q->valid_from.day || q->valid_from.day <= day.day) &&
           (!q->valid_to.day || q->valid_to.day >= day.day);
}

/* ---- hr.qualified ---- */

struct qualified {
    kt_record rec;
    kt_id skill, work_centre;
    kt_date day;
    int64_t level;
};
const kt_shape qualified_shape = KT_SHAPE(qualified, NULL,
    KT_FIELD(qualified, skill, REF, "Skill", "Umiejętność", .target = "hr.skill"),
    KT_FIELD(qualified, work_centre, REF, "Work centre", "Gniazdo", .target = "*"),
    KT_FIELD(qualified, level, INT, "At least", "Co najmniej", .initial = "1"),
    KT_FIELD(qualified, day, DATE, "Day", "Dzień", .initial = "today"));
struct qualified_row {
    kt_record rec;
    kt_id employee;
    kt_str name;
    int64_t level;
    bool away;
};
static const kt_shape qualified_row_shape = KT_SHAPE(qualified_row, NULL,
    KT_FIELD(qualified_row, employee, REF, "Employee", "Pracownik", .target = "hr.employee"),
    KT_FIELD(qualified_row, name, STRING, "Name", "Imię i nazwisko"),
    KT_FIELD(qualified_row, level, INT, "Level", "Poziom"),
    KT_FIELD(qualified_row, away, BOOL, "Away", "Nieobecny"));
struct qualified_found {
    kt_record rec;
    kt_lines employees;
};
const kt_shape qualified_found_shape = KT_SHAPE(qualified_found, NULL,
    KT_FIELD(qualified_found, employees, LINES, "Employees", "Pracownicy", .lines = &qualified_row_shape));

static kt_error *add_row(kt_tx *tx, const struct qualification *q, kt_date day, kt_lines *rows)
{
    struct employee e = {KT_OF(employee)};
    struct leave l;
    bool away;
    KT_TRY(kt_read(tx, q->employee, &e.rec));
    if (e.state == GONE)
        return NULL;
    for (size_t i = 0; i < rows->count; i++) /* once, with the best of several qualifications */
        if (KT_AS(qualified_row, kt_line(rows, i))->employee.v == e.rec.id.v) {
            struct qualified_row *known = KT_AS(qualified_row, kt_line(rows, i));
            known->level = q->level > known->level ? q->level : known->level;
            return NULL;
        }
    KT_TRY(leave_on(tx, e.rec.id, day, &l, &away));
    struct qualified_row row = {KT_OF(qualified_row), .employee = e.rec.id, .name = e.name, .level = q->level,
        .away = (away && !l.asked_hours.scale1) || e.state == SUSPENDED};
    return kt_line_add(tx, rows, &row.rec);
}

static kt_error *find(kt_tx *tx, const struct qualified *p, kt_lines *rows)
{
    const kt_where by_centre[] = {KT_WHERE(qualification, work_centre, KT_EQ, p->work_centre), {0}};
    const kt_where by_skill[] = {KT_WHERE(qualification, skill, KT_EQ, p->skill), {0}};
    const kt_query query = {
        .of = &qualification_shape, .where = p->work_centre.v ? by_centre : by_skill, .sort = "-level,id"};
    struct qualification q = {KT_OF(qualification)};
    kt_cursor *cursor;
    kt_error *e = NULL;
    KT_TRY(kt_open(tx, &query, &cursor));
    while (!e && kt_next(cursor, &q.rec))
        if (holds(&q, p->day) && q.level >= p->level && (!p->skill.v || q.skill.v == p->skill.v))
            e = add_row(tx, &q, p->day, rows);
    kt_also(&e, kt_close(cursor));
    return e;
}

kt_error *qualified(kt_tx *tx, const kt_record *params, kt_record *result)
{
    const struct qualified *p = KT_SEE(qualified, params);
    if (!p->skill.v && !p->work_centre.v)
        return kt_fail(
            tx, KT_VALIDATION, "skill", "name a skill or a work centre", "wskaż umiejętność albo gniazdo");
    return find(tx, p, &KT_AS(qualified_found, result)->employees);
}

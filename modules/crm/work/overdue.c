/* What nobody takes care of: open deals and leads without a next activity; and what a head should know of because
 * it is late. */
#include "crm.h"
#include "report/report.h"
#include "work/work.h"

enum { LISTED_MAX = 500 };

/* ---- crm.no_next_activity ---- */

struct idle { /* the parameters */
    kt_record rec;
    kt_id owner;
    bool all;
    int64_t limit;
};
const kt_shape idle_shape = KT_SHAPE(idle, NULL,
    KT_FIELD(idle, owner, REF, "Owner", "Opiekun", .target = "access.user", .initial = "me"),
    KT_FIELD(idle, all, BOOL, "Of everybody", "Wszystkich"),
    KT_FIELD(
        idle, limit, INT, "At most", "Najwyżej", .initial = "100", .help = {"1 to 500.", "Od 1 do 500."}));

struct idle_row {
    kt_record rec;
    kt_str entity, number, title, stage;
    int64_t id;
    kt_id party, owner;
    kt_dec amount;
    kt_time since;
};
static const kt_shape idle_row_shape = KT_SHAPE(idle_row, NULL,
    KT_FIELD(idle_row, entity, STRING, "Entity", "Encja"), KT_FIELD(idle_row, id, INT, "Id", "Id"),
    KT_FIELD(idle_row, number, STRING, "Number", "Numer"),
    KT_FIELD(idle_row, title, STRING, "Title", "Tytuł"),
    KT_FIELD(idle_row, stage, STRING, "Stage or state", "Etap albo stan"),
    KT_FIELD(idle_row, amount, MONEY, "Amount", "Kwota", .scale = 2),
    KT_FIELD(idle_row, party, REF, "Customer", "Klient", .target = "base.party"),
    KT_FIELD(idle_row, owner, REF, "Owner", "Opiekun", .target = "access.user"),
    KT_FIELD(idle_row, since, TIME, "Last changed", "Ostatnia zmiana"));
struct idle_found {
    kt_record rec;
    int64_t deals, leads;
    kt_lines rows;
};
const kt_shape idle_found_shape = KT_SHAPE(idle_found, NULL,
    KT_FIELD(idle_found, deals, INT, "Deals", "Szanse", .required = true),
    KT_FIELD(idle_found, leads, INT, "Leads", "Leady", .required = true),
    KT_FIELD(idle_found, rows, LINES, "Without a next activity", "Bez następnej aktywności",
        .lines = &idle_row_shape));

#define NOTHING_PLANNED(entity)                                                                              \
    "[\"not\",[\"has\",\"crm.activity." entity "\",[[\"state\",\"=\",\"planned\"]]]],"                       \
    "[\"not\",[\"has\",\"base.task.about\",[[\"state\",\"in\",[\"todo\",\"in_progress\",\"review\"]]]]]"

static kt_error *idle_deals(kt_tx *tx, const struct idle *p, struct idle_found *out)
{
    uint64_t count;
    kt_cursor *cursor;
    const kt_where where[] = {KT_WHERE(deal, semantic, KT_EQ, OPEN),
        {offsetof(struct deal, owner), KT_EQ, p->all ? NULL : &p->owner}, {0}};
    const kt_str idle = KT_STR("[" NOTHING_PLANNED("deal") "]");
    KT_TRY(kt_count(tx, &(kt_query){&deal_shape, where, NULL, 0, idle}, &count));
    out->deals = (int64_t)count;
    KT_TRY(kt_open(tx, &(kt_query){&deal_shape, where, "updated_at", (uint32_t)p->limit, idle}, &cursor));
    struct deal d = {KT_OF(deal)};
    kt_error *error = NULL;
    while (!error && kt_next(cursor, &d.rec)) {
        const struct idle_row row = {KT_OF(idle_row), .entity = KT_STR("crm.deal"), .id = (int64_t)d.rec.id.v,
            .number = d.rec.number, .title = d.title, .stage = d.stage_name, .amount = d.amount,
            .party = d.party, .owner = d.owner, .since = d.rec.updated_at};
        error = kt_line_add(tx, &out->rows, &row.rec);
    }
    kt_also(&error, kt_close(cursor));
    return error;
}

static kt_error *idle_leads(kt_tx *tx, const struct idle *p, struct idle_found *out)
{
    uint64_t count;
    kt_cursor *cursor;
    const kt_where where[] = {{offsetof(struct lead, owner), KT_EQ, p->all ? NULL : &p->owner}, {0}};
    const kt_str idle = KT_STR(
        "[[\"state\",\"in\",[\"new\",\"contacted\",\"qualified\"]]," NOTHING_PLANNED("lead") "]");
    KT_TRY(kt_count(tx, &(kt_query){&lead_shape, where, NULL, 0, idle}, &count));
    out->leads = (int64_t)count;
    KT_TRY(kt_open(tx, &(kt_query){&lead_shape, where, "updated_at", (uint32_t)p->limit, idle}, &cursor));
    struct lead l = {KT_OF(lead)};
    kt_error *error = NULL;
    while (!error && kt_next(cursor, &l.rec)) {
        const struct idle_row row = {KT_OF(idle_row), .entity = KT_STR("crm.lead"), .id = (int64_t)l.rec.id.v,
            .number = l.rec.number, .title = l.title,
            .stage = kt_format(tx, "%s", lead_states[l.state ? l.state - 1 : 0].name), .amount = l.amount,
            .party = l.party, .owner = l.owner, .since = l.rec.updated_at};
        error = kt_line_add(tx, &out->rows, &row.rec);
    }
    kt_also(&error, kt_close(cursor));
    return error;
}

kt_error *no_next_activity(kt_tx *tx, const kt_record *params, kt_record *result)
{
    const struct idle *p = KT_SEE(idle, params);
    struct idle_found *out = KT_AS(idle_found, result);
    if (p->limit < 1 || p->limit > LISTED_MAX)
        return kt_fail(tx, KT_VALIDATION, "limit", "%lld is not within 1 to %d",
            "%lld nie mieści się między 1 a %d", (long long)p->limit, LISTED_MAX);
    if (kt_may(tx, "crm.deal:read"))
        KT_TRY(idle_deals(tx, p, out));
    return kt_may(tx, "crm.lead:read") ? idle_leads(tx, p, out) : NULL;
}

/* ---- crm.escalations: late work of those who are under the caller, however deep ---- */

struct escalations {
    kt_record rec;
    int64_t hours;
};
const kt_shape escalations_shape = KT_SHAPE(escalations, NULL,
    KT_FIELD(escalations, hours, INT, "Late by more than, h", "Spóźnione o ponad, h", .initial = "24"));

struct late {
    kt_record rec;
    kt_str entity, title, owner_name;
    int64_t id, hours;
    kt_id owner, party;
    kt_time due;
};
static const kt_shape late_shape = KT_SHAPE(late, NULL, KT_FIELD(late, entity, STRING, "Entity", "Encja"),
    KT_FIELD(late, id, INT, "Id", "Id"), KT_FIELD(late, title, STRING, "Title", "Tytuł"),
    KT_FIELD(late, due, TIME, "Due", "Termin"), KT_FIELD(late, hours, INT, "Late, h", "Spóźnienie, h"),
    KT_FIELD(late, owner, REF, "Owner", "Opiekun", .target = "access.user"),
    KT_FIELD(late, owner_name, STRING, "Owner's name", "Nazwa opiekuna"),
    KT_FIELD(late, party, REF, "Customer", "Klient", .target = "base.party"));
struct escalations_found {
    kt_record rec;
    kt_lines rows;
};
const kt_shape escalations_found_shape = KT_SHAPE(escalations_found, NULL,
    KT_FIELD(escalations_found, rows, LINES, "Late", "Spóźnione", .lines = &late_shape));

/* A task or an activity that is late. */
struct late_work {
    kt_record rec;
    kt_str title, owner_name;
    kt_time due;
    kt_id owner, party;
};
static const kt_shape late_task_shape = KT_SHAPE(late_work, "base.task",
    KT_BIND(late_work, title, STRING, "title"), KT_BIND(late_work, due, TIME, "due"),
    KT_BIND(late_work, owner, REF, "owner"), KT_BIND(late_work, owner_name, STRING, "owner.name"),
    KT_BIND(late_work, party, REF, "party"));
static const kt_shape late_activity_shape = KT_SHAPE(late_work, "crm.activity",
    KT_BIND(late_work, title, STRING, "subject"), KT_BIND(late_work, due, TIME, "planned_at"),
    KT_BIND(late_work, owner, REF, "owner"), KT_BIND(late_work, owner_name, STRING, "owner.name"),
    KT_BIND(late_work, party, REF, "party"));

/* What of this kind is unfinished since before then, of those whom the caller heads. */
static kt_error *late_of(
    kt_tx *tx, const kt_shape *shape, const char *unfinished, kt_time before, kt_lines *rows)
{
    kt_cursor *cursor;
    kt_str headed;
    const kt_id me = kt_user(tx);
    const kt_where where[] = {
        KT_WHERE(late_work, due, KT_LT, before), KT_WHERE(late_work, owner, KT_NE, me), {0}};
    KT_TRY(headed_filter(tx, me, &headed));
    kt_str filter = kt_format(tx, "[[\"state\",\"in\",[%s]],%s]", unfinished, headed.ptr);
    KT_TRY(kt_open(tx,
        &(kt_query){shape, where, shape == &late_task_shape ? "due" : "planned_at", LISTED_MAX, filter},
        &cursor));
    struct late_work w = {.rec.of = shape};
    kt_error *error = NULL;
    while (!error && kt_next(cursor, &w.rec)) {
        const struct late row = {KT_OF(late), .entity = kt_format(tx, "%s", shape->name),
            .id = (int64_t)w.rec.id.v, .title = w.title, .due = w.due,
            .hours = (kt_now(tx).ms - w.due.ms) / (60 * 60 * 1000), .owner = w.owner,
            .owner_name = w.owner_name, .party = w.party};
        error = kt_line_add(tx, rows, &row.rec);
    }
    kt_also(&error, kt_close(cursor));
    return error;
}

kt_error *escalations(kt_tx *tx, const kt_record *params, kt_record *result)
{
    const struct escalations *p = KT_SEE(escalations, params);
    kt_lines *rows = &KT_AS(escalations_found, result)->rows;
    if (p->hours < 0 || p->hours > 24 * 3650)
        return kt_fail(tx, KT_VALIDATION, "hours", "%lld is not within 0 to 87600",
            "%lld nie mieści się między 0 a 87600", (long long)p->hours);
    const kt_time before = {kt_now(tx).ms - p->hours * 60 * 60 * 1000};
    if (kt_may(tx, "base.task:read"))
        KT_TRY(late_of(tx, &late_task_shape, "\"todo\",\"in_progress\",\"review\"", before, rows));
    return kt_may(tx, "crm.activity:read") ? late_of(tx, &late_activity_shape, "\"planned\"", before, rows)
                                           : NULL;
}

/* What happens in a script's calls: per step how many came, left, and how long it took; per answer its share
 * and what came of it; per operator, version and segment the results. Out of the journals of the passes. */
#include <stdlib.h>

#include <kontor/list.h>

#include "script.h"

enum stats_by {
    BY_STEP = 1,
    BY_ANSWER,
    BY_OPERATOR,
    BY_VERSION,
    BY_SEGMENT,
    BY_OUTCOME,
    BY_OBJECTION,
    BY_PATH,
    BY_UNANSWERED
};
static const kt_choice stats_bys[] = {{BY_STEP, "step", {"Step", "Krok"}},
    {BY_ANSWER, "answer", {"Answer", "Odpowiedź"}}, {BY_OPERATOR, "operator", {"Operator", "Operator"}},
    {BY_VERSION, "version", {"Version", "Wersja"}}, {BY_SEGMENT, "segment", {"Segment", "Segment"}},
    {BY_OUTCOME, "outcome", {"Outcome", "Zakończenie"}},
    {BY_OBJECTION, "objection",
        {"Objection, and how many were won all the same", "Obiekcja i ile rozmów wygrano mimo niej"}},
    {BY_PATH, "path", {"Path from step to step", "Ścieżka od kroku do kroku"}},
    {BY_UNANSWERED, "unanswered",
        {"What clients said that no answer fits", "Co mówili klienci, gdy nie pasowała żadna odpowiedź"}},
    {0}};
struct stats {
    kt_record rec;
    kt_id script;
    enum stats_by by;
    kt_date from, until;
    int64_t edition;
};
const kt_shape stats_shape = KT_SHAPE(stats, NULL,
    KT_FIELD(stats, script, REF, "Script", "Skrypt", .target = "script.script", .required = true),
    KT_FIELD(stats, by, STATE, "By", "Według", .choices = stats_bys, .initial = "step"),
    KT_FIELD(stats, edition, INT, "Version", "Wersja", .help = {"Empty: all.", "Puste: wszystkie."}),
    KT_FIELD(stats, from, DATE, "From", "Od"), KT_FIELD(stats, until, DATE, "Until", "Do"));
struct stats_row {
    kt_record rec;
    kt_str step, key, label;
    int64_t reached, left, won, lost, unanswered, seconds, deals, orders, spoken;
    kt_dec share, conversion, mean_s, revenue, invoiced, margin;
};
static const kt_shape stats_row_shape = KT_SHAPE(stats_row, NULL,
    KT_FIELD(stats_row, step, STRING, "Step", "Krok"), KT_FIELD(stats_row, key, STRING, "Key", "Klucz"),
    KT_FIELD(stats_row, label, STRING, "Name", "Nazwa"),
    KT_FIELD(stats_row, reached, INT, "Calls", "Rozmowy", .required = true),
    KT_FIELD(stats_row, left, INT, "Left here", "Przerwane tutaj", .required = true),
    KT_FIELD(stats_row, unanswered, INT, "No suitable answer", "Brak odpowiedzi", .required = true),
    KT_FIELD(stats_row, won, INT, "Goals", "Cele", .required = true),
    KT_FIELD(stats_row, lost, INT, "Lost", "Utracone", .required = true),
    KT_FIELD(stats_row, spoken, INT, "All calls", "Wszystkie rozmowy",
        .help = {"By operator: those without a script too; of them `share` are with one.",
            "Według operatora: także bez skryptu; `share` z nich jest ze skryptem."}),
    KT_FIELD(stats_row, share, PERCENT, "Of all calls, %", "Ze wszystkich rozmów, %", .scale = 2),
    KT_FIELD(stats_row, conversion, PERCENT, "Goals, %", "Cele, %", .scale = 2),
    KT_FIELD(stats_row, mean_s, QUANTITY, "Mean seconds", "Średnio sekund", .scale = 1),
    KT_FIELD(stats_row, deals, INT, "Deals won after", "Wygrane szanse po rozmowie", .required = true),
    KT_FIELD(stats_row, orders, INT, "Orders after", "Zamówienia po rozmowie", .required = true),
    KT_FIELD(stats_row, revenue, MONEY, "Ordered, net", "Zamówiono, netto", .scale = 2),
    KT_FIELD(stats_row, invoiced, MONEY, "Invoiced, net", "Zafakturowano, netto", .scale = 2),
    KT_FIELD(stats_row, margin, MONEY, "Margin", "Marża", .scale = 2,
        .help = {"Empty: you may not see what orders cost.", "Puste: nie wolno widzieć kosztów."}));
struct stats_found {
    kt_record rec;
    int64_t calls;
    kt_lines rows;
};
const kt_shape stats_found_shape = KT_SHAPE(stats_found, NULL,
    KT_FIELD(stats_found, calls, INT, "Calls", "Rozmowy", .required = true),
    KT_FIELD(stats_found, rows, LINES, "Figures", "Liczby", .lines = &stats_row_shape));

struct tally {
    kt_tx *tx;
    const struct stats *p;
    struct stats_row *rows;
    size_t count, room, calls;
    kt_error *error;
};

/* The row of a key, made if there is none yet; NULL: no memory. Scripts have tens of steps, not thousands. */
static struct stats_row *row(struct tally *t, kt_str step, kt_str key)
{
    for (size_t i = 0; i < t->count; i++)
        if (str_same(t->rows[i].step, step) && str_same(t->rows[i].key, key))
            return &t->rows[i];
    struct stats_row *rows = kt_grow(t->tx, t->rows, t->count, &t->room, sizeof *t->rows);
    if (!rows) {
        t->error = kt_no_memory();
        return NULL;
    }
    t->rows = rows;
    t->rows[t->count] = (struct stats_row){KT_OF(stats_row), .step = step, .key = key};
    return &t->rows[t->count++];
}

/* A call counts once in a row: it, its goal, and what came of it. */
static void count(struct stats_row *r, const struct session *s)
{
    r->reached++;
    r->won += s->result == WON && s->state == FINISHED;
    r->lost += s->result == LOST && s->state == FINISHED;
    r->deals += s->deal.v != 0;
    r->orders += s->order.v != 0;
    r->revenue = kt_dec_add(r->revenue, s->revenue);
    r->invoiced = kt_dec_add(r->invoiced, s->invoiced);
    r->margin = kt_dec_add(r->margin, s->margin);
}

static void add_call(struct stats_row *r, const struct session *s)
{
    count(r, s);
    r->left += s->state == ABANDONED;
    r->seconds += s->seconds;
}

static kt_str copied(kt_tx *tx, kt_str s) /* a cursor's strings last until its next record */
{
    return s.ptr ? kt_format(tx, "%s", s.ptr) : KT_STR("");
}

static bool seen_before(const struct session *s, size_t i, bool by_answer)
{
    const struct move *m = (const struct move *)(const void *)kt_line(&s->moves, i);
    for (size_t k = 0; k < i; k++) {
        const struct move *o = (const struct move *)(const void *)kt_line(&s->moves, k);
        if (o->kind <= NO_ANSWER && str_same(o->step, m->step) &&
            (!by_answer || str_same(o->answer, m->answer)))
            return true;
    }
    return false;
}

/* A call counts once per step, or step and answer, however often it came there. */
static void add_moves(struct tally *t, const struct session *s, bool by_answer)
{
    for (size_t i = 0; i < s->moves.count && !t->error; i++) {
        const struct move *m = (const struct move *)(const void *)kt_line(&s->moves, i);
        bool end = m->kind == LEFT || m->kind == REACHED;
        if (m->kind > NO_ANSWER && !(end && !by_answer))
            continue;
        if (by_answer && m->kind != ANSWERED && m->kind != OBJECTED)
            continue;
        struct stats_row *r = row(
            t, copied(t->tx, m->step), by_answer ? copied(t->tx, m->answer) : KT_STR(""));
        if (!r)
            return;
        if (!seen_before(s, i, by_answer))
            count(r, s);
        r->left += m->kind == LEFT;
        r->unanswered += m->kind == NO_ANSWER;
        r->seconds += m->seconds;
    }
}

static bool objected_before(const struct session *s, size_t i)
{
    const struct move *m = KT_SEE(move, kt_line(&s->moves, i));
    for (size_t k = 0; k < i; k++) {
        const struct move *o = KT_SEE(move, kt_line(&s->moves, k));
        if (o->kind == OBJECTED && str_same(o->answer, m->answer))
            return true;
    }
    return false;
}

/* Wherever it was raised: how many raised it, and were won all the same. */
static void add_objections(struct tally *t, const struct session *s)
{
    for (size_t i = 0; i < s->moves.count && !t->error; i++) {
        const struct move *m = KT_SEE(move, kt_line(&s->moves, i));
        struct stats_row *r = m->kind == OBJECTED && !objected_before(s, i)
                                  ? row(t, KT_STR(""), copied(t->tx, m->answer))
                                  : NULL;
        if (r)
            count(r, s);
    }
}

/* Each way from a step to the next one that was taken, as often as it was: what a flow diagram draws. */
static void add_path(struct tally *t, const struct session *s)
{
    kt_str from = {0};
    for (size_t i = 0; i < s->moves.count && !t->error; i++) {
        const struct move *m = KT_SEE(move, kt_line(&s->moves, i));
        if (from.len && m->step.len && !str_same(from, m->step)) {
            struct stats_row *r = row(t, from, copied(t->tx, m->step));
            if (r)
                count(r, s);
        }
        from = m->step.len ? copied(t->tx, m->step) : from;
    }
}

/* For the author: what was said at which step, as often as it was. */
static void add_unanswered(struct tally *t, const struct session *s)
{
    for (size_t i = 0; i < s->moves.count && !t->error; i++) {
        const struct move *m = KT_SEE(move, kt_line(&s->moves, i));
        struct stats_row *r = m->kind == NO_ANSWER ? row(t, copied(t->tx, m->step), copied(t->tx, m->text))
                                                   : NULL;
        if (r) {
            count(r, s);
            r->unanswered++;
        }
    }
}

static void add_session(struct tally *t, const struct session *s)
{
    kt_str key = KT_STR("");
    t->calls++;
    switch (t->p->by) {
    case BY_STEP:
    case BY_ANSWER:
        add_moves(t, s, t->p->by == BY_ANSWER);
        return;
    case BY_OBJECTION:
        add_objections(t, s);
        return;
    case BY_PATH:
        add_path(t, s);
        return;
    case BY_UNANSWERED:
        add_unanswered(t, s);
        return;
    case BY_OPERATOR:
        key = kt_format(t->tx, "%llu", (unsigned long long)s->operator_.v);
        break;
    case BY_VERSION:
        key = kt_format(t->tx, "%lld", (long long)s->edition);
        break;
    case BY_SEGMENT:
        key = copied(t->tx, s->segment);
        break;
    case BY_OUTCOME:
        key = copied(t->tx, s->outcome);
        break;
    }
    struct stats_row *r = row(t, KT_STR(""), key);
    if (r)
        add_call(r, s);
}

static kt_error *walk_sessions(struct tally *t)
{
    const struct stats *p = t->p;
    kt_time from = kt_instant(t->tx, p->from.day ? p->from : kt_date_make(2000, 1, 1), 0);
    kt_time until = kt_instant(t->tx, p->until.day ? p->until : kt_today(t->tx), 1440);
    const kt_where where[] = {KT_WHERE(session, script, KT_EQ, p->script),
        KT_WHERE(session, started_at, KT_GE, from), KT_WHERE(session, started_at, KT_LT, until), {0}};
    struct session s = {KT_OF(session)};
    kt_cursor *cursor;
    KT_TRY(kt_open(t->tx, &(kt_query){.of = &session_shape, .where = where, .sort = "started_at"}, &cursor));
    while (!t->error && kt_next(cursor, &s.rec))
        if (!p->edition || p->edition == s.edition)
            add_session(t, &s);
    kt_also(&t->error, kt_close(cursor));
    return t->error;
}

struct named {
    kt_record rec;
    kt_str name, full_name;
};
static const kt_shape named_shape = KT_SHAPE(named, "access.user", KT_BIND(named, name, STRING, "name"),
    KT_BIND(named, full_name, STRING, "full_name"));

struct spoken { /* the calls that an operator had, with a script or without */
    kt_str filter;
    kt_table table;
};

static kt_error *ask_spoken(kt_tx *tx, void *context)
{
    struct spoken *a = context;
    return kt_aggregate(tx, "crm.activity",
        kt_format(tx, "{\"measures\":{\"n\":\"count\"},\"filter\":%s}", a->filter.ptr), &a->table);
}

/* Where calls are not kept, or not for this caller to see, those with a script are all. */
static void take_spoken(struct tally *t, struct stats_row *r)
{
    const struct stats *p = t->p;
    int y, m, d, uy, um, ud;
    kt_date_parts(p->from.day ? p->from : kt_date_make(2000, 1, 1), &y, &m, &d);
    kt_date_parts(p->until.day ? p->until : kt_today(t->tx), &uy, &um, &ud);
    struct spoken a = {.filter = kt_format(t->tx,
                           "[[\"kind\",\"=\",\"call\"],[\"state\",\"=\",\"done\"],[\"owner\",\"=\",%s],"
                           "[\"done_at\",\"between\",[\"%04d-%02d-%02d\",\"%04d-%02d-%02d\"]]]",
                           r->key.ptr, y, m, d, uy, um, ud)};
    if (!kt_attempt(t->tx, ask_spoken, &a) && a.table.rows)
        r->spoken = a.table.cells[0].number.coef;
    r->spoken = r->spoken > r->reached ? r->spoken : r->reached;
    r->share = kt_dec_div(KT_DEC(r->reached * 100, 0), KT_DEC(r->spoken, 0), 2);
}

static kt_error *label(struct tally *t, struct stats_row *r)
{
    r->label = t->p->by == BY_STEP ? r->step : r->key;
    if (t->p->by != BY_OPERATOR)
        return NULL;
    struct named who = {KT_OF(named)};
    uint64_t id = 0;
    for (size_t i = 0; i < r->key.len; i++)
        id = id * 10 + (uint64_t)(r->key.ptr[i] - '0');
    if (id && kt_may(t->tx, "access.user:read"))
        KT_TRY(kt_read(t->tx, (kt_id){id}, &who.rec));
    r->label = who.full_name.len ? who.full_name : who.name.ptr ? who.name : r->key;
    if (id)
        take_spoken(t, r);
    return NULL;
}

/* Objections and what was not foreseen: the most frequent first, of those as frequent the one that was rescued most. */
static int more_often(const void *a, const void *b)
{
    const struct stats_row *x = a, *y = b;
    return x->reached != y->reached ? (x->reached < y->reached) - (x->reached > y->reached)
                                    : (x->won < y->won) - (x->won > y->won);
}

kt_error *script_stats(kt_tx *tx, const kt_record *params, kt_record *result)
{
    struct stats_found *out = KT_AS(stats_found, result);
    struct tally t = {.tx = tx, .p = KT_SEE(stats, params)};
    KT_TRY(walk_sessions(&t));
    out->calls = (int64_t)t.calls;
    if (t.count && (t.p->by == BY_OBJECTION || t.p->by == BY_UNANSWERED))
        qsort(t.rows, t.count, sizeof *t.rows, more_often);
    for (size_t i = 0; i < t.count; i++) {
        struct stats_row *r = &t.rows[i];
        kt_dec reached = KT_DEC(r->reached, 0);
        if (t.calls)
            r->share = kt_dec_div(KT_DEC(r->reached * 100, 0), KT_DEC((int64_t)t.calls, 0), 2);
        if (r->reached) {
            r->conversion = kt_dec_div(KT_DEC(r->won * 100, 0), reached, 2);
            r->mean_s = kt_dec_div(KT_DEC(r->seconds, 0), reached, 1);
        }
        if (!kt_may(tx, "script.session:read fields cost"))
            r->margin = (kt_dec){0};
        KT_TRY(label(&t, r));
        KT_TRY(kt_line_add(tx, &out->rows, &r->rec));
    }
    return NULL;
}

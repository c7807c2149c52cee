/* Appraisals: a form of questions, a cycle that asks them about everybody, and for each employee the part that they
 * write themselves, then the head's. A closed one stays as it is. */
#include <string.h>

#include <kontor/goals.h>

#include "hr.h"

enum { SCORE_MOST = 5 };

/* ---- The form ---- */

enum question_kind { BY_SCORE = 1, BY_WORDS };
static const kt_choice question_kinds[] = {{BY_SCORE, "score", {"Score, 1 to 5", "Ocena od 1 do 5"}},
    {BY_WORDS, "words", {"In words", "Opisowo"}}, {0}};
struct question {
    kt_record rec;
    kt_str text;
    enum question_kind kind;
    kt_dec weight;
};
static const kt_shape question_shape = KT_SHAPE(question, NULL,
    KT_FIELD(question, text, STRING, "Question", "Pytanie", .required = true, .max = 300),
    KT_FIELD(question, kind, STATE, "Answered", "Odpowiedź", .choices = question_kinds, .initial = "score"),
    KT_FIELD(question, weight, PERCENT, "Weight, %", "Waga, %", .scale = 2, .initial = "100"));
struct appraisal_form {
    kt_record rec;
    kt_str name;
    kt_lines questions;
};
const kt_shape appraisal_form_shape = KT_SHAPE(appraisal_form, "hr.appraisal_form",
    KT_FIELD(appraisal_form, name, STRING, "Name", "Nazwa", .required = true, .max = 120, .priority = 1),
    KT_FIELD(appraisal_form, questions, LINES, "Questions", "Pytania", .lines = &question_shape,
        .required = true, .max = 60));

/* ---- The cycle ---- */

enum { C_PLANNED = 1, C_RUNNING, C_CLOSED };
static const kt_choice cycle_states[] = {{C_PLANNED, "planned", {"Planned", "Zaplanowany"}, "open"},
    {C_RUNNING, "running", {"Running", "Trwa"}, "open"}, {C_CLOSED, "closed", {"Closed", "Zamknięty"}, "won"},
    {0}};
struct appraisal_cycle {
    kt_record rec;
    kt_str name;
    kt_id form, department;
    kt_date from, until;
    unsigned state;
};
const kt_shape appraisal_cycle_shape = KT_SHAPE(appraisal_cycle, "hr.appraisal_cycle",
    KT_FIELD(appraisal_cycle, name, STRING, "Name", "Nazwa", .required = true, .max = 120, .priority = 1),
    KT_FIELD(
        appraisal_cycle, form, REF, "Form", "Formularz", .target = "hr.appraisal_form", .required = true),
    KT_FIELD(appraisal_cycle, department, REF, "Department", "Dział", .target = "access.department",
        .on_delete = KT_CLEAR, .help = {"Empty: everybody.", "Puste: wszyscy."}),
    KT_FIELD(appraisal_cycle, from, DATE, "About the time from", "Ocena za okres od", .required = true,
        .priority = 2),
    KT_FIELD(appraisal_cycle, until, DATE, "Until", "Do", .required = true, .priority = 3),
    KT_FIELD(appraisal_cycle, state, STATE, "State", "Stan", .choices = cycle_states, .initial = "planned",
        .indexed = true, .priority = 4));

/* ---- The appraisal ---- */

enum { A_SELF = 1, A_HEAD, A_CLOSED };
static const kt_choice appraisal_states[] = {
    {A_SELF, "self", {"Employee's part", "Część pracownika"}, "open"},
    {A_HEAD, "head", {"Head's part", "Część przełożonego"}, "open"},
    {A_CLOSED, "closed", {"Closed", "Zamknięta"}, "won"}, {0}};
struct answer {
    kt_record rec;
    kt_str question, own_words, head_words;
    enum question_kind kind;
    kt_dec weight;
    int64_t own_score, head_score;
};
static const kt_shape answer_shape = KT_SHAPE(answer, NULL,
    KT_FIELD(answer, question, STRING, "Question", "Pytanie", .max = 300, .computed = true),
    KT_FIELD(answer, kind, STATE, "Answered", "Odpowiedź", .choices = question_kinds, .computed = true),
    KT_FIELD(answer, weight, PERCENT, "Weight, %", "Waga, %", .scale = 2, .computed = true),
    KT_FIELD(answer, own_score, INT, "Own score", "Samoocena",
        .help = {"1 to 5; 0: none yet.", "1 do 5; 0: jeszcze nie ma."}),
    KT_FIELD(answer, own_words, TEXT, "In own words", "Własnymi słowami", .max = 4000),
    KT_FIELD(answer, head_score, INT, "Head's score", "Ocena przełożonego",
        .help = {"1 to 5; 0: none yet.", "1 do 5; 0: jeszcze nie ma."}),
    KT_FIELD(answer, head_words, TEXT, "Head's words", "Uwagi przełożonego", .max = 4000));
struct appraisal {
    kt_record rec;
    kt_id cycle, employee, owner, head, closed_by;
    kt_lines answers;
    kt_dec score, goals;
    kt_str summary;
    kt_time closed_at;
    unsigned state;
};
const kt_shape appraisal_shape = KT_SHAPE(appraisal, "hr.appraisal",
    KT_FIELD(appraisal, employee, REF, "Employee", "Pracownik", .target = "hr.employee", .computed = true,
        .on_delete = KT_CASCADE, .priority = 1),
    KT_FIELD(appraisal, cycle, REF, "Cycle", "Cykl", .target = "hr.appraisal_cycle", .computed = true,
        .priority = 2),
    KT_FIELD(appraisal, owner, REF, "User", "Użytkownik", .target = "access.user", .computed = true,
        .on_delete = KT_CLEAR),
    KT_FIELD(appraisal, head, REF, "Head", "Przełożony", .target = "hr.employee", .computed = true,
        .on_delete = KT_CLEAR),
    KT_FIELD(appraisal, answers, LINES, "Answers", "Odpowiedzi", .lines = &answer_shape, .max = 60),
    KT_FIELD(appraisal, summary, TEXT, "Summary", "Podsumowanie", .max = 4000,
        .help = {"The head's.", "Przełożonego."}),
    KT_FIELD(appraisal, score, QUANTITY, "Score", "Ocena", .scale = 2, .computed = true, .priority = 4,
        .help = {"The mean of the head's scores by weight.", "Średnia ważona ocen przełożonego."}),
    KT_FIELD(appraisal, goals, PERCENT, "Goals reached, %", "Wykonanie celów, %", .scale = 2,
        .computed = true,
        .help = {"As the records said when it was closed.", "Według rekordów w chwili zamknięcia."}),
    KT_FIELD(appraisal, state, STATE, "State", "Stan", .choices = appraisal_states, .initial = "self",
        .indexed = true, .priority = 3),
    KT_FIELD(appraisal, closed_by, REF, "Closed by", "Zamknął", .target = "access.user", .computed = true,
        .on_delete = KT_CLEAR),
    KT_FIELD(appraisal, closed_at, TIME, "Closed at", "Zamknięto", .computed = true));

static kt_error *foreign(kt_tx *tx, size_t i, const char *part)
{
    return kt_fail(tx, KT_BAD_STATE, kt_format(tx, "answers[%zu].%s", i, part).ptr,
        "is not being written now", "nie jest teraz wypełniane");
}

/* In each state one side writes: what the other one said stays. */
static void check_answer(kt_tx *tx, const struct appraisal *a, size_t i, const struct answer *was,
    const struct answer *is, kt_error **all)
{
    const bool own = was->own_score != is->own_score || !text_same(was->own_words, is->own_words);
    const bool head = was->head_score != is->head_score || !text_same(was->head_words, is->head_words);
    const int64_t scores[] = {is->own_score, is->head_score};
    static const char *const names[] = {"own_score", "head_score"};
    if (own && a->state != A_SELF)
        kt_also(all, foreign(tx, i, names[0]));
    if (head && a->state != A_HEAD)
        kt_also(all, foreign(tx, i, names[1]));
    for (size_t k = 0; k < sizeof scores / sizeof *scores; k++)
        if (scores[k] < 0 || scores[k] > SCORE_MOST)
            kt_also(all, kt_fail(tx, KT_VALIDATION, kt_format(tx, "answers[%zu].%s", i, names[k]).ptr,
                             "a score is 1 to 5", "ocena to 1 do 5"));
}

static void weigh(struct appraisal *a)
{
    kt_dec weights = KT_DEC(0, 2), sum = KT_DEC(0, 2);
    for (size_t i = 0; i < a->answers.count; i++) {
        const struct answer *one = KT_SEE(answer, kt_line(&a->answers, i));
        if (one->kind != BY_SCORE || !one->head_score)
            continue;
        weights = kt_dec_add(weights, one->weight);
        sum = kt_dec_add(sum, kt_dec_mul(one->weight, KT_DEC(one->head_score, 0), 2));
    }
    a->score = weights.coef ? kt_dec_div(sum, weights, 2) : (kt_dec){0};
}

kt_error *appraisal_compute(kt_tx *tx, kt_record *self)
{
    struct appraisal *a = KT_AS(appraisal, self), was = {KT_OF(appraisal)};
    kt_error *all = NULL;
    if (!a->rec.id.v)
        return a->cycle.v ? NULL
                          : kt_hint(kt_fail(tx, KT_VALIDATION, "cycle", "appraisals are made by their cycle",
                                        "oceny tworzy ich cykl"),
                                "Use hr.appraisal_cycle.start.", "Użyj hr.appraisal_cycle.start.");
    KT_TRY(kt_read(tx, a->rec.id, &was.rec));
    if (was.state == A_CLOSED && !kt_joining(tx))
        return kt_fail(tx, KT_BAD_STATE, "state", "is closed and stays as it is",
            "jest zamknięta i pozostaje bez zmian");
    if (was.answers.count != a->answers.count)
        return kt_fail(tx, KT_VALIDATION, "answers", "the form has %zu questions", "formularz ma %zu pytań",
            was.answers.count);
    for (size_t i = 0; i < a->answers.count; i++)
        check_answer(tx, &was, i, KT_SEE(answer, kt_line(&was.answers, i)),
            KT_SEE(answer, kt_line(&a->answers, i)), &all);
    if (!text_same(was.summary, a->summary) && was.state != A_HEAD)
        kt_also(&all,
            kt_fail(tx, KT_BAD_STATE, "summary", "is not being written now", "nie jest teraz wypełniane"));
    weigh(a);
    return all;
}

/* ---- Moving on ---- */

static kt_error *all_answered(kt_tx *tx, const struct appraisal *a, bool head)
{
    kt_error *all = NULL;
    for (size_t i = 0; i < a->answers.count; i++) {
        const struct answer *one = KT_SEE(answer, kt_line(&a->answers, i));
        if (one->kind == BY_SCORE && !(head ? one->head_score : one->own_score))
            kt_also(&all, kt_fail(tx, KT_RULE,
                              kt_format(tx, "answers[%zu].%s", i, head ? "head_score" : "own_score").ptr,
                              "is not answered: %s", "brakuje odpowiedzi: %s", one->question.ptr));
    }
    return all;
}

static kt_error *submit(kt_tx *tx, kt_record *self, const kt_record *params)
{
    (void)params;
    const struct appraisal *a = KT_AS(appraisal, self);
    if (a->owner.v && a->owner.v != kt_user(tx).v)
        return kt_fail(
            tx, KT_FORBIDDEN, "state", "the employee hands in their part", "swoją część oddaje pracownik");
    return all_answered(tx, a, false);
}

/* The mean of the goals by weight; not set: there are none, or nobody knows. */
static kt_error *goals_reached(kt_tx *tx, const struct appraisal *a, kt_dec *percent)
{
    const kt_goals *goals = kt_goals_find(tx);
    const kt_goal_found *found = NULL;
    struct appraisal_cycle c = {KT_OF(appraisal_cycle)};
    kt_dec weights = KT_DEC(0, 2), sum = KT_DEC(0, 2);
    size_t count = 0;
    *percent = (kt_dec){0};
    if (!goals || !a->owner.v)
        return NULL;
    KT_TRY(kt_read(tx, a->cycle, &c.rec));
    KT_TRY(goals->of(tx, a->owner, c.from, c.until, &found, &count));
    for (size_t i = 0; i < count; i++) {
        if (!found[i].reached.scale1)
            continue;
        weights = kt_dec_add(weights, found[i].weight);
        sum = kt_dec_add(sum, kt_dec_mul(found[i].weight, found[i].reached, 4));
    }
    if (weights.coef)
        *percent = kt_dec_div(sum, weights, 2);
    return NULL;
}

static kt_error *close_one(kt_tx *tx, kt_record *self, const kt_record *params)
{
    (void)params;
    struct appraisal *a = KT_AS(appraisal, self);
    KT_TRY(not_own(tx, a->owner));
    KT_TRY(all_answered(tx, a, true));
    kt_authority before = kt_own_authority(
        tx); /* the figures are the company's, whatever the head may read */
    kt_error *e = goals_reached(tx, a, &a->goals);
    kt_callers_authority(tx, before);
    a->closed_by = kt_user(tx);
    a->closed_at = kt_now(tx);
    return e;
}

static kt_error *give_back(kt_tx *tx, kt_record *self, const kt_record *params)
{
    (void)params;
    return not_own(tx, KT_AS(appraisal, self)->owner);
}

const kt_action appraisal_actions[] = {
    {"submit", {"Hand in", "Oddaj"}, "update", .from = KT_IN(A_SELF), .to = A_HEAD, .run = submit},
    {"give_back", {"Give back", "Zwróć"}, "approve", .from = KT_IN(A_HEAD), .to = A_SELF, .run = give_back},
    {"close", {"Close", "Zamknij"}, "approve", .from = KT_IN(A_HEAD), .to = A_CLOSED, .run = close_one},
    {0},
};

/* ---- hr.appraisal_cycle.start ---- */

static kt_error *make_one(
    kt_tx *tx, const struct appraisal_cycle *c, const struct appraisal_form *f, kt_id employee)
{
    struct employee e = {KT_OF(employee)};
    KT_TRY(kt_read(tx, employee, &e.rec));
    struct appraisal a = {KT_OF(appraisal), .cycle = c->rec.id, .employee = employee, .owner = e.owner,
        .head = e.head, .state = A_SELF};
    for (size_t i = 0; i < f->questions.count; i++) {
        const struct question *q = KT_SEE(question, kt_line(&f->questions, i));
        struct answer one = {KT_OF(answer), .question = q->text, .kind = q->kind, .weight = q->weight};
        KT_TRY(kt_line_add(tx, &a.answers, &one.rec));
    }
    return kt_create(tx, &a.rec);
}

static kt_error *start(kt_tx *tx, kt_record *self, const kt_record *params)
{
    (void)params;
    const struct appraisal_cycle *c = KT_AS(appraisal_cycle, self);
    struct appraisal_form f = {KT_OF(appraisal_form)};
    const kt_where of_one[] = {KT_WHERE(employee, department, KT_EQ, c->department), {0}};
    const kt_query query = {.of = &employee_shape,
        .where = c->department.v ? of_one : NULL,
        .sort = "id",
        .filter = KT_STR("[[\"state\",\"!=\",\"left\"]]")};
    kt_found found;
    if (c->until.day < c->from.day)
        return kt_fail(tx, KT_VALIDATION, "until", "is before the first day", "jest przed pierwszym dniem");
    KT_TRY(kt_read(tx, c->form, &f.rec));
    KT_TRY(kt_find(tx, &query, 0, &found));
    for (size_t i = 0; i < found.count; i++)
        KT_TRY(make_one(tx, c, &f, found.ids[i]));
    return NULL;
}

const kt_action appraisal_cycle_actions[] = {
    {"start", {"Start", "Rozpocznij"}, "update", .from = KT_IN(C_PLANNED), .to = C_RUNNING, .run = start,
        .preview = true},
    {"close", {"Close", "Zamknij"}, "update", .from = KT_IN(C_RUNNING), .to = C_CLOSED},
    {0},
};

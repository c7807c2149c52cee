/* insight.h -- what the files of this module show each other.
 *
 * An indicator is one number over another, each an ordinary query of the bus under the caller's own rights: so
 * each figure comes with the queries that list its records, and says nothing that nobody could ask himself. */
#pragma once
#include <kontor.h>

enum { INSIGHT_SCALE = 2 }; /* digits of figures after the point */

/* ---- indicators.c: what there is ---- */

enum form { RATIO = 1, SHARE, PLAIN, PER_DAY, A_YEAR }; /* how a number over another is shown */

struct measure {
    const char *entity, *what, *filter;
    const char *against;  /* conditions of those of them that count against the others; NULL: none do */
    const char *when;     /* the day or instant that a period is about; NULL: it is told as of now */
    const char *owner;    /* path of the user whose record it is; NULL: nobody's */
    const char *pipeline; /* path of the sales pipeline; NULL: none */
    const char *money; /* path of the currency of its amounts; NULL: no amounts, or the company's currency */
};
struct indicator {
    enum form form;
    const char *unit; /* NULL: the company's currency */
    bool less;        /* less is better */
    struct measure over, under;
};
extern const kt_choice indicator_names[]; /* ended by {0} */
const struct indicator *indicator_of(unsigned value);
kt_str indicator_unit(kt_tx *tx, const struct indicator *i); /* not set: the company's currency */

/* ---- measure.c: asking ---- */

typedef struct {
    kt_date from, until; /* both within it */
} period;

/* Whose records; all not set: everybody's. */
typedef struct {
    kt_id owner, department, pipeline; /* a department with those below it */
} whose;

typedef struct {
    kt_dec value; /* not set: there is nothing to be told */
    kt_dec over, under;
    kt_str filter, of_filter; /* that list the records of both, JSON */
} figure;

/* The first day of the period, if none is given, is that of the month of its last one.
 *   returns  validation at "until" */
KT_MUST kt_error *period_read(kt_tx *tx, kt_date from, kt_date until, period *p);
int64_t period_days(const period *p);
kt_str day_text(kt_tx *tx, kt_date day);

/* Works an indicator out. *seen is false where the caller may not read what it is made of, where a module is not
 * enabled, or where its records belong to nobody in particular and somebody's are asked for. */
KT_MUST kt_error *indicator_ask(
    kt_tx *tx, const struct indicator *i, const period *p, const whose *w, figure *f, bool *seen);

/* The same for every employee at once: one query for each number, whatever their count. */
typedef struct by_owner by_owner;
KT_MUST kt_error *indicator_ask_all(
    kt_tx *tx, const struct indicator *i, const period *p, const by_owner **all, bool *seen);
KT_MUST kt_error *by_owner_figure(kt_tx *tx, const by_owner *all, kt_id owner, figure *f);

/* ---- goals.c ---- */

enum scope { OF_COMPANY = 1, OF_DEPARTMENT, OF_PIPELINE, OF_EMPLOYEE };
struct goal {
    kt_record rec;
    kt_str title, note;
    unsigned indicator;
    enum scope scope;
    kt_id department, pipeline, owner;
    kt_date from, until;
    kt_dec target, weight;
};
extern const kt_shape goal_shape;
extern const kt_choice goal_scopes[];
kt_error *goal_compute(kt_tx *tx, kt_record *self);

/* ---- board.c ---- */

extern const kt_shape board_shape, board_found_shape;
kt_error *board(kt_tx *tx, const kt_record *params, kt_record *result);
extern const struct kt_goals goals_service; /* <kontor/goals.h> */

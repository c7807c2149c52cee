/* report.h -- what the files of this folder show each other.
 *
 * A report is data: named figures, each a measure over an entity under a filter and within a period. Whatever
 * has the same entity, filter and group is asked by one query of the query language, under the caller's
 * rights; rows of several queries join by the value they are grouped by. So each figure has the filter that
 * lists its records, and says nothing that an integrator could not ask himself. */
#pragma once
#include "report/period.h"
#include "report/text.h"

enum { FIGURES_MAX = 40, GROUPS_MAX = 2, ROWS_LIMIT = 200, ROWS_MAX = 10000 };

/* ---- spec.c: what reports there are ---- */

struct figure {
    const char *name;
    kt_text label;
    const char *entity;  /* NULL: a ratio */
    const char *when;    /* the day or instant that the period is about; NULL: at any time */
    const char *filter;  /* conditions as on the wire; $from and $to are days of the period; NULL: none */
    const char *measure; /* "count", "sum:amount" */
    const char *group;   /* where this entity calls the group otherwise; NULL: as asked */
    const char *part, *whole; /* ratio of two figures, per cent */
    bool of_total;            /* whole is that of all rows */
    bool gain;                /* part less whole, per cent of whole */
};
struct row_filter {
    const char *filter;
    kt_text label;
};
enum chart { TABLE = 1, BARS, COLUMNS, LINE, PIE, FUNNEL };
extern const kt_choice charts[];
struct spec {
    const char *name;
    kt_text label;
    const char *by;     /* a field, two with a comma between them, or a unit of time; NULL: one row */
    const char *period; /* if the caller names none */
    const struct figure *figures;  /* ended by {0} */
    const struct row_filter *rows; /* instead of a group: a row for each; ended by {0} */
    const char *rank, *sort;       /* figures; NULL: no rank; sorted by the group */
    enum chart chart;
};
/* Methods of the reports that come with the module. */
#define REPORT_RUN(name) kt_error *report_##name(kt_tx *tx, const kt_record *params, kt_record *result)
REPORT_RUN(results);
REPORT_RUN(rating);
REPORT_RUN(lost);
REPORT_RUN(sources);
REPORT_RUN(campaigns);
REPORT_RUN(forecast);
REPORT_RUN(customers);
REPORT_RUN(idle);
REPORT_RUN(margin);
REPORT_RUN(margin_of_items);

/* ---- saved.c: reports that people define, campaigns ---- */

extern const kt_shape saved_shape, run_params_shape, campaign_shape;
kt_error *report_check(kt_tx *tx, const kt_record *before, const kt_record *after);
REPORT_RUN(run);

/* ---- answer.c: parameters and answers, the same for all ---- */

/* Behind kt_record rec, in every struct of parameters: REPORT_PARAMS are their fields. */
#define REPORT_MEMBERS                                                                                       \
    kt_str period, by, filter, as_of, rank;                                                                  \
    kt_date from, to;                                                                                        \
    kt_id pipeline, currency;                                                                                \
    int64_t limit;                                                                                           \
    bool compare, explain, csv
struct report_params {
    kt_record rec;
    REPORT_MEMBERS;
};
extern const kt_shape report_params_shape, report_answer_shape;
#define REPORT_PARAMS(T)                                                                                      \
    KT_FIELD(T, period, STRING, "Period", "Okres", .max = 20,                                                 \
        .help = {"2026, 2026-H1, 2026-Q3, 2026-11, 2026-11-25, month, quarter, half_year, year, last_month "  \
                 "..",                                                                                        \
            "2026, 2026-H1, 2026-Q3, 2026-11, 2026-11-25, month, quarter, half_year, year, last_month .."}),  \
        KT_FIELD(T, from, DATE, "From", "Od", .help = {"Instead of a period.", "Zamiast okresu."}),           \
        KT_FIELD(T, to, DATE, "To", "Do", .help = {"Instead of a period.", "Zamiast okresu."}),               \
        KT_FIELD(T, by, STRING, "By", "Według", .max = 200,                                                   \
            .help = {"A field or a path, two with a comma between them; day, week, month, quarter, year; "    \
                     "department: each with those below it.",                                                 \
                "Pole albo ścieżka, dwa po przecinku; day, week, month, quarter, year; department: każdy " \
                "dział razem z podległymi."}),                                                                \
        KT_FIELD(T, filter, JSON, "Filter", "Filtr",                                                          \
            .help = {"Further conditions on all records.", "Dalsze warunki na wszystkie rekordy."}),          \
        KT_FIELD(T, pipeline, REF, "Pipeline", "Lejek", .target = "crm.pipeline",                             \
            .help = {"Deals of this one only.", "Tylko szanse z tego lejka."}),                               \
        KT_FIELD(T, currency, REF, "Currency", "Waluta", .target = "base.currency",                           \
            .help = {"Amounts of deals in this one. Empty: the company's.",                                   \
                "Kwoty szans w tej walucie. Puste: waluta firmy."}),                                          \
        KT_FIELD(T, rank, STRING, "Rank by", "Ranking według", .max = 40,                                     \
            .help = {"A figure; within the first group if there are two.",                                    \
                "Liczba; w obrębie pierwszej grupy, jeśli są dwie."}),                                        \
        KT_FIELD(T, compare, BOOL, "With the period before", "Z poprzednim okresem"),                         \
        KT_FIELD(T, as_of, STRING, "As of", "Stan na", .max = 40,                                             \
            .help = {"An instant or a day: as it was known then.",                                            \
                "Chwila lub dzień: według ówczesnej wiedzy."}),                                               \
        KT_FIELD(T, limit, INT, "Rows", "Wierszy", .initial = "200"),                                         \
        KT_FIELD(T, explain, BOOL, "With the queries", "Z zapytaniami"),                                      \
        KT_FIELD(T, csv, BOOL, "As CSV too", "Także jako CSV")

/* A figure of a row. */
struct value {
    kt_str value, filter, before; /* JSON; before not set: nothing is compared */
    kt_dec number, before_number;
};
struct line {
    kt_str key[GROUPS_MAX], label[GROUPS_MAX]; /* key: JSON */
    kt_str filter;                             /* of a row that is not grouped; JSON */
    int64_t rank;
    struct value *values; /* one for each figure of the spec */
};
struct report {
    kt_tx *tx;
    const struct spec *spec;
    const struct report_params *p;
    size_t figure_count;
    bool hidden[FIGURES_MAX]; /* figures of what the caller may not read */
    kt_date today;            /* of as_of, if it is given */
    span span, before;
    kt_str by[GROUPS_MAX];
    size_t by_count;
    unit unit; /* instead of by */
    kt_id currency;
    kt_str money; /* the condition that keeps currencies apart; not set: there is one only */
    struct line *lines;
    size_t line_count, line_room;
    struct line total;
    struct text queries; /* asked so far */
    bool split;          /* rows by filters instead of a group */
};
/* Period, group, currency and past of the call. */
KT_MUST kt_error *report_open(
    kt_tx *tx, const struct spec *spec, const struct report_params *p, struct report *r);
/* A new last row with room for its figures. */
KT_MUST kt_error *report_line(struct report *r, struct line **line);
/* Runs a query and remembers it for those who ask what was asked. */
KT_MUST kt_error *report_ask(struct report *r, const char *entity, kt_str query, kt_table *table);
/* Writes rows, totals and columns. */
KT_MUST kt_error *report_answer(struct report *r, kt_record *result);
/* Index of a figure; figure_count: there is none. */
size_t report_figure(const struct report *r, const char *name, size_t len);

/* ---- run.c ---- */

KT_MUST kt_error *report_run_spec(
    kt_tx *tx, const struct spec *spec, const struct report_params *p, kt_record *result);
/* part of whole, per cent, two digits; not set if there is no whole. */
kt_dec percent_of(kt_dec part, kt_dec whole);
/* Ratios of a row from its other figures. */
void report_ratios(struct report *r, struct line *line, const struct line *total);

/* ---- staff.c: departments and who belongs to them ---- */

/* [["owner.department","in",[..]]] of the department with all that is part of it. */
KT_MUST kt_error *department_filter(kt_tx *tx, kt_id department, kt_str *filter);
/* The same of all departments that the user heads. */
KT_MUST kt_error *headed_filter(kt_tx *tx, kt_id user, kt_str *filter);
/* A row for each department. */
KT_MUST kt_error *department_lines(struct report *r);

/* ---- funnel.c ---- */

extern const kt_shape funnel_params_shape;
kt_error *report_funnel(kt_tx *tx, const kt_record *params, kt_record *result);

/* ---- plan.c ---- */

extern const kt_shape plan_shape;
kt_error *plan_compute(kt_tx *tx, kt_record *self);
kt_error *report_plan(kt_tx *tx, const kt_record *params, kt_record *result);

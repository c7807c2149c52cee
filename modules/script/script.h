/* script.h -- what the files of this module show each other: the records, and how a session moves. */
#pragma once
#include <kontor.h>

#include "flow.h"

/* ---- versions.c: scripts and their published versions ---- */

struct script {
    kt_record rec;
    kt_str code, name, language, description, source;
    int64_t published, expire_days;
    bool active, auto_stop;
    kt_lines variants, entries;
};
struct variant { /* a line: this version gets so much of the calls */
    kt_record rec;
    int64_t edition, weight;
    kt_time stopped_at;
    kt_str why;
};
struct entry { /* a line: whose calls come to this script */
    kt_record rec;
    kt_str number, source;
    kt_id tag;
    bool open_deal;
    int64_t priority;
};
extern const kt_shape script_shape, variant_shape;
extern const kt_action script_actions[];
kt_error *script_compute(kt_tx *tx, kt_record *self);
struct version {
    kt_record rec;
    kt_id script;
    int64_t edition;
    kt_str source, note;
};
extern const kt_shape version_shape;
extern const kt_shape check_shape, checked_shape, ready_shape, ready_made_shape;
kt_error *script_check(kt_tx *tx, const kt_record *params, kt_record *result);
kt_error *script_ready(kt_tx *tx, const kt_record *params, kt_record *result);
extern const kt_shape choose_shape, chosen_shape;
kt_error *script_choose(kt_tx *tx, const kt_record *params, kt_record *result);
/* Reads the graph of a published version. */
KT_MUST kt_error *version_flow(kt_tx *tx, kt_id script, int64_t edition, struct flow *flow);
/* Which version a subject gets: by weight, always the same one for the same subject. */
int64_t variant_for(const struct script *s, kt_id subject);

/* ---- session.c: one pass through a script ---- */

enum session_state { RUNNING = 1, PAUSED, FINISHED, ABANDONED };
enum move_kind { ANSWERED = 1, OBJECTED, WENT_BACK, NO_ANSWER, BRANCHED, ENTERED, LEFT, REACHED };
struct session {
    kt_record rec;
    kt_id script, subject, call, operator_, party, member;
    int64_t edition, seconds;
    enum session_state state;
    enum result result;
    kt_str step, left, outcome, note, inputs, stack, segment;
    kt_time started_at, entered_at, finished_at, callback_at, expires_at;
    kt_lines moves;
    kt_id deal, order;
    kt_dec revenue, invoiced, margin;
};
struct move { /* a line of the journal of a pass */
    kt_record rec;
    kt_time at;
    enum move_kind kind;
    kt_id script;
    int64_t edition, seconds;
    kt_str step, answer, text;
};
extern const kt_shape session_shape, move_shape;
extern const kt_choice results[];
extern const kt_action session_actions[];
extern const kt_shape start_shape, step_shape, sessions_expired_shape, expire_shape;
kt_error *session_start(kt_tx *tx, const kt_record *params, kt_record *result);
kt_error *sessions_expire(kt_tx *tx, const kt_record *params, kt_record *result);

/* ---- sold.c: what came of it ---- */

struct sold { /* an order, as far as it concerns a call */
    kt_record rec;
    kt_id party;
    kt_dec net, margin;
};
struct won { /* a deal */
    kt_record rec;
    kt_id party;
};
struct billed { /* an invoice */
    kt_record rec;
    kt_id order;
};
extern const kt_shape sold_shape, won_shape, billed_shape;
kt_error *session_sold(kt_tx *tx, const kt_event *event);
kt_error *session_won(kt_tx *tx, const kt_event *event);
kt_error *session_shipped(kt_tx *tx, const kt_event *event);
kt_error *session_billed(kt_tx *tx, const kt_event *event);

/* ---- walk.c: how a session moves through the graph ---- */

struct walk {
    kt_tx *tx;
    struct session *s;
    struct flow flow;        /* of the script that the session is in now */
    const struct node *node; /* where it stands */
};
/* Opens the graph of the session's script and finds its step. */
KT_MUST kt_error *walk_open(kt_tx *tx, struct session *s, struct walk *w);
/* Goes to a step; passes branches and other scripts until something is to be said, or the script ends. */
KT_MUST kt_error *walk_to(struct walk *w, kt_str target);
KT_MUST kt_error *walk_note(struct walk *w, enum move_kind kind, kt_str answer, kt_str text);
KT_MUST kt_error *walk_back(struct walk *w);

/* ---- subject.c: the record that the call is about ---- */

/* The text with {fields} of the subject, {me.name} and {input.NAME} filled in. What cannot be filled in stays. */
KT_MUST kt_error *subject_fill(kt_tx *tx, const struct session *s, kt_str text, kt_str *filled);
KT_MUST kt_error *subject_party(kt_tx *tx, kt_id subject, kt_id *party);
KT_MUST kt_error *subject_fits(kt_tx *tx, kt_id subject, kt_str filter, bool *yes);
/* Carries out what is to be done on the way. */
KT_MUST kt_error *subject_do(kt_tx *tx, struct session *s, const struct deeds *deeds);
/* Checks the answers to a step's questions, keeps them with the session and writes what is to be saved.
 *   returns  every problem at once, each at "inputs.NAME" */
KT_MUST kt_error *subject_take(kt_tx *tx, struct session *s, const struct node *node, kt_str inputs);

/* One field of it, as the operator sees it. */
KT_MUST kt_error *subject_get(kt_tx *tx, kt_id subject, const char *field, const kt_value **found);

/* ---- cards.c: what a step shows beside its words ---- */

extern const kt_shape good_card_shape, order_card_shape;
KT_MUST kt_error *cards_goods(kt_tx *tx, const struct session *s, kt_lines *rows);
KT_MUST kt_error *cards_orders(kt_tx *tx, const struct session *s, kt_lines *rows);

/* ---- list.c: whom to call ---- */

extern const kt_shape list_shape, member_shape;
extern const kt_action list_actions[], member_actions[];
kt_error *list_compute(kt_tx *tx, kt_record *self);
extern const kt_shape fill_shape, filled_shape, next_shape, next_found_shape;
kt_error *list_fill(kt_tx *tx, const kt_record *params, kt_record *result);
kt_error *list_next(kt_tx *tx, const kt_record *params, kt_record *result);
/* A session of this member ended. */
KT_MUST kt_error *member_finished(kt_tx *tx, const struct session *s);

/* ---- stats.c, compare.c ---- */

extern const kt_shape stats_shape, stats_found_shape, compare_shape, compared_shape;
kt_error *script_stats(kt_tx *tx, const kt_record *params, kt_record *result);
kt_error *script_compare(kt_tx *tx, const kt_record *params, kt_record *result);
/* After a session ended: the variant that is surely worse gets no more calls. */
KT_MUST kt_error *compare_settle(kt_tx *tx, const struct session *s);

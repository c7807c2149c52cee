/* flow.h -- a call script as a graph, and the text it is written in. One statement a line, so that versions
 * compare well:
 *
 *     group "Opening"
 *     step greet "Greeting"
 *       say Good morning, {name}. This is {me.name}.
 *       answer yes "Go on" -> need
 *       answer no "No time" -> later
 *     objection price "Too expensive"
 *       answer ok "I see" -> return
 *     step need "What they need"
 *       show goods
 *       ask amount money "How much a year?" required save amount
 *       -> size
 *     branch size
 *       when [["amount", ">", "10000"]] -> big
 *       when lua record.party.credit_limit > 0 and input.size == "many" -> big
 *       else -> small
 *     run more other_script -> done
 *     end done "Meeting agreed" won
 *       task "Send the offer" in 2 days
 *
 * The first node is the start. Leading blanks mean nothing; "#" begins a comment line. */
#pragma once
#include <kontor.h>
#include <kontor/value.h>

enum node_kind { STEP = 1, OBJECTION, BRANCH, SUB_SCRIPT, END };
enum result { NO_RESULT, WON, LOST, NEUTRAL };
enum ask_kind { ASK_TEXT = 1, ASK_NUMBER, ASK_MONEY, ASK_DATE, ASK_YES_NO, ASK_ONE, ASK_MANY, ASK_ITEMS };
enum deed_kind { SET = 1, RUN_ACTION, TASK, CALLBACK, DO_NOT_CONTACT };

struct deed { /* what is written on the way: to the record called about, or a task */
    enum deed_kind kind;
    kt_str name;     /* SET: the field; RUN_ACTION: the action; TASK: the title */
    kt_str value;    /* SET: JSON; RUN_ACTION: JSON of its parameters, or not set */
    int64_t minutes; /* TASK, CALLBACK: from now */
    size_t line;     /* in the text, from 1; as in all below */
};
struct deeds {
    struct deed *items;
    size_t count;
};
struct choice { /* an answer */
    kt_str name, text, target;
    struct deeds deeds;
    size_t line;
};
struct when { /* of a branch; filter not set: else */
    kt_str filter, target;
    bool lua; /* the filter is an expression in Lua */
    size_t line;
};
struct ask {
    kt_str name, label, save; /* save: the field it is written to; not set: kept in the journal alone */
    enum ask_kind kind;
    bool required;
    kt_str *options; /* ASK_ONE, ASK_MANY */
    size_t option_count, line;
    kt_dec least, most; /* of numbers; not set: no bound */
};
struct node {
    enum node_kind kind;
    kt_str name, title, group, say, hint, never, target, script;
    enum result result; /* END */
    int64_t timer_s;
    bool shows_goods, shows_orders;
    struct choice *answers;
    struct ask *asks;
    struct when *whens;
    size_t answer_count, ask_count, when_count, line;
    struct deeds deeds; /* of STEP: done when it is left; of END: when it is reached */
};
struct flow {
    struct node *nodes;
    size_t count;
};

/* Reads a text and checks the graph: every problem at once, each at "source" with its line -- unknown
 * statements, targets that are not there, steps that nothing leads to, steps without a way on, circles
 * without a way out. */
KT_MUST kt_error *flow_read(kt_tx *tx, kt_str text, struct flow *flow);
/* A JSON value that stands in the text: a word as well as a list. */
KT_MUST kt_error *flow_json(kt_tx *tx, kt_str text, const kt_value **value);
/* NULL: there is none of this name. */
const struct node *flow_node(const struct flow *flow, kt_str name);
kt_str node_kind_name(enum node_kind kind); /* "step", as the text says it */
const struct choice *node_answer(const struct node *node, kt_str name);
bool str_same(kt_str a, kt_str b);
bool str_equals(kt_str a, const char *b);
/* The first problems of the graph as a whole. flow_read calls it. */
void flow_check(kt_tx *tx, const struct flow *flow, kt_error **all);
/* A problem at a line of the text: `what` is a name, or not set. en, pl: literals. */
#define FLOW_PROBLEM(tx, line, en, pl, what)                                                                 \
    kt_fail((tx), KT_VALIDATION, "source", "line %zu: " en "%s", "wiersz %zu: " pl "%s", (size_t)(line),     \
        flow_named((tx), (what)))
/* ` "name"`, or nothing. */
const char *flow_named(kt_tx *tx, kt_str name);

/* What a graph must have: every target is there, every node is reached, every node leads on, and from
 * everywhere an end can be reached. Objections are reached from anywhere and lead back. */
#include <string.h>

#include <kontor/lua.h>

#include "flow.h"

typedef struct {
    kt_tx *tx;
    const struct flow *flow;
    bool *reached, *leads; /* by node: from the start; to an end */
    kt_error **all;
} checking;

typedef bool visit(checking *c, size_t from, kt_str target, size_t line);

/* Calls for each way out of a node; true if any of the calls was. */
static bool each_way(checking *c, size_t at, visit *each)
{
    const struct node *n = &c->flow->nodes[at];
    bool any = false;
    for (size_t i = 0; i < n->answer_count; i++)
        any = each(c, at, n->answers[i].target, n->answers[i].line) || any;
    for (size_t i = 0; i < n->when_count; i++)
        any = each(c, at, n->whens[i].target, n->whens[i].line) || any;
    if (n->target.ptr)
        any = each(c, at, n->target, n->line) || any;
    return any;
}

static bool is_return(kt_str target)
{
    return str_equals(target, "return");
}

static bool check_target(checking *c, size_t from, kt_str target, size_t line)
{
    bool back = is_return(target) && c->flow->nodes[from].kind == OBJECTION;
    if (!back && !flow_node(c->flow, target))
        kt_also(c->all, FLOW_PROBLEM(c->tx, line, "there is no step", "nie ma kroku", target));
    return true;
}

static bool reach(checking *c, size_t from, kt_str target, size_t line)
{
    const struct node *n = flow_node(c->flow, target);
    (void)from;
    (void)line;
    size_t at = n ? (size_t)(n - c->flow->nodes) : 0;
    bool fresh = n && !c->reached[at];
    if (n)
        c->reached[at] = true;
    return fresh;
}

static bool lead(checking *c, size_t from, kt_str target, size_t line)
{
    const struct node *n = flow_node(c->flow, target);
    (void)line;
    bool yes = (n && c->leads[n - c->flow->nodes]) || is_return(target);
    if (!yes || c->leads[from])
        return false;
    c->leads[from] = true;
    return true;
}

static void spread(checking *c)
{
    for (size_t i = 0; i < c->flow->count; i++) {
        c->reached[i] = i == 0 || c->flow->nodes[i].kind == OBJECTION;
        c->leads[i] = c->flow->nodes[i].kind == END;
    }
    for (bool more = true; more;) {
        more = false;
        for (size_t i = 0; i < c->flow->count; i++) {
            if (c->reached[i])
                more = each_way(c, i, reach) || more;
            more = each_way(c, i, lead) || more;
        }
    }
}

static void check_json(checking *c, kt_str text, size_t line)
{
    const kt_value *value;
    if (text.ptr && flow_json(c->tx, text, &value))
        kt_also(c->all, FLOW_PROBLEM(c->tx, line, "no JSON:", "to nie JSON:", text));
}

/* Lua's own words stand behind the line. */
static void check_lua(checking *c, kt_str text, size_t line)
{
    kt_error *wrong = kt_expression_check(c->tx, text);
    if (wrong)
        kt_also(c->all, kt_fail(c->tx, KT_VALIDATION, "source", "line %zu: %s", "wiersz %zu: %s", line,
                            kt_say(c->tx, kt_problem_at(wrong, 0).text).ptr));
}

static void check_deeds(checking *c, const struct deeds *deeds)
{
    for (size_t i = 0; i < deeds->count; i++)
        check_json(c, deeds->items[i].value, deeds->items[i].line);
}

static void check_values(checking *c, const struct node *n)
{
    check_deeds(c, &n->deeds);
    for (size_t i = 0; i < n->answer_count; i++)
        check_deeds(c, &n->answers[i].deeds);
    for (size_t i = 0; i < n->when_count; i++)
        if (n->whens[i].lua)
            check_lua(c, n->whens[i].filter, n->whens[i].line);
        else
            check_json(c, n->whens[i].filter, n->whens[i].line);
}

static void check_node(checking *c, size_t at)
{
    const struct node *n = &c->flow->nodes[at];
    bool way = n->answer_count || n->when_count || n->target.ptr;
    if (n->kind != END && !way)
        kt_also(c->all,
            FLOW_PROBLEM(c->tx, n->line, "nothing leads on from", "nic nie prowadzi dalej z", n->name));
    else if (!c->leads[at])
        kt_also(c->all, FLOW_PROBLEM(c->tx, n->line, "a circle without a way out begins at",
                            "koło bez wyjścia zaczyna się w", n->name));
    if (!c->reached[at])
        kt_also(c->all, FLOW_PROBLEM(c->tx, n->line, "nothing leads to", "nic nie prowadzi do", n->name));
    if (n->kind == BRANCH && (!n->when_count || n->whens[n->when_count - 1].filter.ptr))
        kt_also(c->all, FLOW_PROBLEM(c->tx, n->line, "there is no \"else\" in", "brakuje „else” w", n->name));
    if ((n->kind == STEP || n->kind == OBJECTION) && !n->say.ptr)
        kt_also(c->all, FLOW_PROBLEM(c->tx, n->line, "nothing is said in", "nic się nie mówi w", n->name));
    if (n->ask_count && !n->target.ptr && !n->answer_count)
        kt_also(c->all, FLOW_PROBLEM(c->tx, n->line, "after its questions no step follows:",
                            "po pytaniach nie ma następnego kroku:", n->name));
}

void flow_check(kt_tx *tx, const struct flow *flow, kt_error **all)
{
    checking c = {.tx = tx, .flow = flow, .all = all};
    if (!flow->count || flow->nodes[0].kind == OBJECTION || flow->nodes[0].kind == END) {
        kt_also(all,
            FLOW_PROBLEM(tx, 1, "a script begins with a step", "skrypt zaczyna się od kroku", ((kt_str){0})));
        return;
    }
    for (size_t i = 0; i < flow->count; i++)
        each_way(&c, i, check_target);
    if (*all)
        return;
    c.reached = kt_alloc(tx, flow->count);
    c.leads = kt_alloc(tx, flow->count);
    if (!c.reached || !c.leads) {
        kt_also(all, kt_no_memory());
        return;
    }
    spread(&c);
    for (size_t i = 0; i < flow->count; i++) {
        check_values(&c, &flow->nodes[i]);
        check_node(&c, i);
    }
}

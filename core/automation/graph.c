/* graph.c -- which rules may set each other off: an edge where one rule's text names what another waits for.
 * What a rule reaches by names made at run time is not seen; the bounds of a run hold for that. */
#include "automation/methods.h"
#include "kit/str.h"

typedef struct {
    const ruleset *set;
    bool *edges; /* count x count */
    uint8_t *mark;
    json *out;
    size_t path[64];
    size_t depth, cycles;
    bool comma;
} graph;

/* ---- Edges ---- */

static bool assigns(const rule *r, const trigger *own, const trigger *t)
{
    if (!own->entity || own->entity != t->entity)
        return false;
    for (size_t i = 0; i < r->write_count; i++) {
        const model_field *field = model_field_find(own->entity, r->writes[i]);
        if (!field)
            continue;
        if ((t->kind == ON_ENTERS || t->kind == ON_LEAVES) && t->field == field)
            return true;
        for (size_t k = 0; t->kind == ON_UPDATED && k < t->field_count; k++)
            if (t->fields[k] == field->position)
                return true;
        if (t->kind == ON_UPDATED && !t->field_count)
            return true;
    }
    return false;
}

/* "crm.lead.created" and the trigger crm.lead.created. */
static bool touches(const rule_touch *touch, const trigger *t)
{
    kt_str entity = touch->what;
    size_t at = entity.len;
    while (at > 0 && entity.ptr[at - 1] != '.')
        at--;
    kt_str verb = {entity.ptr + at, entity.len - at};
    entity.len = at ? at - 1 : 0;
    if (!t->entity || !str_eq(entity, t->entity->name))
        return false;
    if (str_is(verb, "created"))
        return t->kind == ON_CREATED || t->kind == ON_ENTERS;
    if (str_is(verb, "updated"))
        return t->kind == ON_UPDATED || t->kind == ON_ENTERS || t->kind == ON_LEAVES;
    return t->kind == ON_ACTION || t->kind == ON_UPDATED || t->kind == ON_ENTERS || t->kind == ON_LEAVES;
}

static bool causes(const rule *a, const rule *b)
{
    for (size_t k = 0; k < b->trigger_count; k++) {
        for (size_t i = 0; i < a->trigger_count && a != b; i++)
            if (assigns(a, &a->triggers[i], &b->triggers[k]))
                return true;
        for (size_t i = 0; i < a->touch_count; i++)
            if (touches(&a->touches[i], &b->triggers[k]))
                return true;
    }
    return false;
}

/* ---- Circles ---- */

static void write_cycle(graph *g, size_t from)
{
    json_array(g->out);
    size_t i = 0;
    while (i < g->depth && g->path[i] != from)
        i++;
    for (; i < g->depth; i++)
        json_str(g->out, g->set->rules[g->path[i]].name);
    json_array_end(g->out);
    g->cycles++;
}

/* Depth first; an edge back into the path closes a circle. */
static void visit(graph *g, size_t at)
{
    enum { ON_PATH = 1, DONE };
    if (g->depth == sizeof g->path / sizeof *g->path)
        return;
    g->mark[at] = ON_PATH;
    g->path[g->depth++] = at;
    for (size_t to = 0; to < g->set->count; to++) {
        if (!g->edges[at * g->set->count + to])
            continue;
        if (g->mark[to] == ON_PATH)
            write_cycle(g, to);
        else if (!g->mark[to])
            visit(g, to);
    }
    g->depth--;
    g->mark[at] = DONE;
}

/* ---- Writing ---- */

static void write_json(graph *g)
{
    json *j = g->out;
    json_key(j, "rules");
    json_array(j);
    for (size_t i = 0; i < g->set->count; i++) {
        const rule *r = &g->set->rules[i];
        json_object(j);
        json_member_int(j, "id", (int64_t)r->id);
        json_member_str(j, "name", r->name);
        json_member_int(j, "order", r->order);
        json_member_text(j, "moment", r->after ? "after" : "transaction");
        json_key(j, "on");
        json_array(j);
        for (size_t k = 0; k < r->trigger_count; k++)
            json_str(j, r->triggers[k].text);
        json_array_end(j);
        json_key(j, "sets_off");
        json_array(j);
        for (size_t k = 0; k < g->set->count; k++)
            if (g->edges[i * g->set->count + k])
                json_str(j, g->set->rules[k].name);
        json_array_end(j);
        json_object_end(j);
    }
    json_array_end(j);
    json_key(j, "cycles");
    json_array(j);
    for (size_t i = 0; i < g->set->count; i++)
        if (!g->mark[i])
            visit(g, i);
    json_array_end(j);
}

/* Names have no quotes that DOT would mind: they are escaped as JSON's strings are. */
static void write_dot(const graph *g, buffer *dot)
{
    buffer_add_str(dot, KT_STR("digraph rules {\n  node [shape=box];\n"));
    for (size_t i = 0; i < g->set->count; i++) {
        json j = json_to(dot);
        buffer_add_str(dot, KT_STR("  "));
        json_str(&j, g->set->rules[i].name);
        buffer_add_str(dot, KT_STR(";\n"));
        for (size_t k = 0; k < g->set->count; k++) {
            if (!g->edges[i * g->set->count + k])
                continue;
            j = json_to(dot);
            buffer_add_str(dot, KT_STR("  "));
            json_str(&j, g->set->rules[i].name);
            buffer_add_str(dot, KT_STR(" -> "));
            j = json_to(dot);
            json_str(&j, g->set->rules[k].name);
            buffer_add_str(dot, KT_STR(";\n"));
        }
    }
    buffer_add_str(dot, KT_STR("}\n"));
}

static kt_error *write_graph(method_call *call, const ruleset *set)
{
    size_t n = set->count;
    graph g = {.set = set, .out = call->answer};
    g.edges = ARENA_ARRAY(call->arena, bool, n *n + 1);
    g.mark = ARENA_ARRAY(call->arena, uint8_t, n + 1);
    if (!g.edges || !g.mark)
        return error_no_memory();
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < n; k++)
            g.edges[i * n + k] = causes(&set->rules[i], &set->rules[k]);
    json_object(call->answer);
    if (str_is(variant_get_str(call->params, "format"), "dot")) {
        buffer dot;
        buffer_open(&dot, (size_t)1 << 20);
        write_dot(&g, &dot);
        json_member_str(call->answer, "dot", buffer_str(&dot));
        buffer_close(&dot);
    } else
        write_json(&g);
    json_object_end(call->answer);
    return NULL;
}

kt_error *rule_graph(method_call *call)
{
    ruleset *set = NULL;
    KT_TRY(ruleset_hold(call->rooms->automation, call->tx, &set));
    kt_error *error = write_graph(call, set);
    ruleset_release(set);
    return error;
}

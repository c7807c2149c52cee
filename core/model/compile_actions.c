/* compile_actions.c -- actions with their parameters, the parameters of methods, and who handles which event.
 */
#include <stdlib.h>

#include "model/compile.h"
#include "model/shape.h"

static const char *const verbs[] = {
    "create", "get", "list", "count", "aggregate", "update", "upsert", "delete", "history"};

static bool is_verb(const char *name)
{
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (strcmp(verbs[i], name) == 0)
            return true;
    return false;
}

static uint32_t all_states(const model_field *state)
{
    uint32_t bits = 0;
    for (const kt_choice *choice = state ? state->choices : NULL; choice && choice->name; choice++)
        bits |= KT_IN(choice->value & KT_STATE_MAX);
    return bits;
}

static bool does_something(const kt_action *actions, const char *name)
{
    for (const kt_action *a = actions; a->name; a++)
        if (strcmp(a->name, name) == 0)
            return !a->rehearses;
    return false;
}

static void check_action(
    builder *b, const model_entity *e, const kt_action *actions, const kt_action *a, const char *path)
{
    if (!name_is_good(a->name) || is_verb(a->name))
        build_problem(b, path, "an action needs a name of its own", "akcja wymaga własnej nazwy");
    if (!a->right || !*a->right)
        build_problem(
            b, path, "an action must name the right that it needs", "akcja musi podać wymagane uprawnienie");
    if (!a->label.en || !a->label.pl)
        build_problem(b, path, "a label in English and in Polish is needed",
            "potrzebna jest etykieta angielska i polska");
    uint32_t states = all_states(e->state);
    if ((a->from || a->to) && !e->state)
        build_problem(b, path, "a transition needs a field \"state\"", "przejście wymaga pola \"state\"");
    else if ((a->from & ~states) || (a->to && (a->to > KT_STATE_MAX || !(states & KT_IN(a->to)))))
        build_problem(b, path, "a transition names a state that does not exist",
            "przejście wymienia nieistniejący stan");
    if (!a->run && !a->to && !a->rehearses)
        build_problem(b, path, "an action must do something: run or a state", "akcja musi coś robić");
    if (a->rehearses && (a->run || a->to || !does_something(actions, a->rehearses)))
        build_problem(b, path, "a rehearsal names an action of the entity that does something, and no more",
            "próba podaje akcję encji, która coś robi, i nic więcej");
    if (a->counter && !does_something(actions, a->counter))
        build_problem(b, path, "the action that takes it back is none of the entity's",
            "akcja, która ją cofa, nie jest akcją tej encji");
    for (const kt_action *other = actions; other != a; other++)
        if (other->name && a->name && strcmp(other->name, a->name) == 0)
            build_problem(b, path, "the action is declared twice", "akcja jest zadeklarowana dwa razy");
}

static kt_error *compile_params(
    builder *b, const kt_shape *shape, const char *name, kt_str module, const model_entity **out)
{
    return shape ? build_shape(b, shape, name, module, FIELDS_PARAMS, out) : NULL;
}

kt_error *build_actions(builder *b, draft *d)
{
    model_entity *e = d->entity;
    const kt_action *all = d->declared->actions;
    size_t count = 0;
    while (e->enabled && all && all[count].name)
        count++;
    model_action *actions = build_alloc(b, (count + 1) * sizeof *actions);
    d->internals->on_action = build_alloc(b, (count + 1) * sizeof *d->internals->on_action);
    if (!actions || !d->internals->on_action)
        return error_no_memory();
    e->actions = actions;
    e->action_count = count;
    for (size_t i = 0; i < count; i++) {
        const kt_action *declared = &all[i];
        kt_str path = arena_format(b->arena, "%s.%s", e->name.ptr, declared->name);
        kt_str result = arena_format(b->arena, "%s.%s.result", e->name.ptr, declared->name);
        if (!path.ptr || !result.ptr)
            return error_no_memory();
        check_action(b, e, all, declared, path.ptr);
        actions[i] = (model_action){.name = build_str(b, declared->name), .declared = declared};
        d->internals->has_machine |= declared->to != 0;
        const model_entity *unused;
        KT_TRY(compile_params(b, declared->params, path.ptr, d->module, &actions[i].params));
        KT_TRY(compile_params(b, declared->result, result.ptr, d->module, &unused));
    }
    return b->no_memory ? error_no_memory() : NULL;
}

kt_error *build_methods(builder *b, const kt_module *module)
{
    for (const kt_method *m = module->methods; m && m->name; m++) {
        kt_str path = arena_format(b->arena, "%s.%s", module->name, m->name);
        kt_str result = arena_format(b->arena, "%s.%s.result", module->name, m->name);
        if (!path.ptr || !result.ptr)
            return error_no_memory();
        if (!m->right || !*m->right)
            build_problem(b, path.ptr, "a method must name the right that it needs",
                "metoda musi podać wymagane uprawnienie");
        if (!m->run)
            build_problem(b, path.ptr, "a method must do something", "metoda musi coś robić");
        const model_entity *unused;
        KT_TRY(compile_params(b, m->params, path.ptr, str_of(module->name), &unused));
        KT_TRY(compile_params(b, m->result, result.ptr, str_of(module->name), &unused));
    }
    return NULL;
}

/* ---- Handlers ---- */

static void check_shape(builder *b, const kt_shape *shape, const char *where)
{
    if (shape)
        kt_also(&b->problems, shape_check(b->arena, b->catalogue, shape, where));
}

/* Once every entity can be found: do all shapes fit what they bind? One of an entity that is not enabled
 * does, for its events never come. */
static void check_shapes(builder *b)
{
    for (size_t i = 0; i < b->draft_count; i++) {
        const model_entity *e = b->drafts[i].entity;
        for (size_t k = 0; k < e->action_count; k++) {
            check_shape(b, e->actions[k].declared->params, e->actions[k].name.ptr);
            check_shape(b, e->actions[k].declared->result, e->actions[k].name.ptr);
        }
    }
    for (const kt_module *const *m = b->catalogue->sources.modules; *m; m++) {
        for (const kt_method *method = (*m)->methods; method && method->name; method++) {
            check_shape(b, method->params, method->name);
            check_shape(b, method->result, method->name);
        }
        for (const kt_handler *h = (*m)->handlers; h && h->event; h++) {
            check_shape(b, h->shape, h->event);
            if (!h->run)
                build_problem(
                    b, h->event, "a handler of %s does nothing", "obsługa w %s nic nie robi", (*m)->name);
        }
    }
}

static int handler_order(const void *a, const void *b)
{
    const model_handler *x = a, *y = b;
    int c = str_cmp(x->event, y->event);
    return c ? c : (x->order > y->order) - (x->order < y->order);
}

model_handlers model_handlers_find(const model_catalogue *catalogue, kt_str event)
{
    size_t low = 0, high = catalogue->handler_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (str_cmp(catalogue->handlers[middle].event, event) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    size_t end = low;
    while (end < catalogue->handler_count && str_eq(catalogue->handlers[end].event, event))
        end++;
    return end > low ? (model_handlers){&catalogue->handlers[low], end - low} : (model_handlers){0};
}

static kt_error *attach(builder *b, draft *d)
{
    static const char *const names[EVENTS] = {"created", "updated", "deleted"};
    for (size_t i = 0; i < EVENTS; i++) {
        kt_str event = arena_format(b->arena, "%s.%s", d->entity->name.ptr, names[i]);
        if (!event.ptr)
            return error_no_memory();
        d->internals->on[i] = model_handlers_find(b->catalogue, event);
    }
    for (size_t i = 0; i < d->entity->action_count; i++) {
        kt_str event = arena_format(b->arena, "%s.%s", d->entity->name.ptr, d->entity->actions[i].name.ptr);
        if (!event.ptr)
            return error_no_memory();
        d->internals->on_action[i] = model_handlers_find(b->catalogue, event);
    }
    return NULL;
}

kt_error *build_handlers(builder *b)
{
    model_catalogue *c = b->catalogue;
    size_t room = 0;
    check_shapes(b);
    for (const kt_module *const *m = c->sources.modules; *m; m++)
        for (const kt_handler *h = (*m)->handlers; h && h->event; h++) {
            model_handler *grown = build_grow(b, c->handlers, &c->handler_count, &room, sizeof *grown);
            if (!grown)
                return error_no_memory();
            c->handlers = grown;
            grown[c->handler_count - 1] = (model_handler){
                h, build_str(b, h->event), build_str(b, (*m)->name), c->handler_count};
        }
    if (b->no_memory)
        return error_no_memory();
    if (c->handler_count)
        qsort(c->handlers, c->handler_count, sizeof *c->handlers, handler_order);
    for (size_t i = 0; i < b->draft_count; i++)
        KT_TRY(attach(b, &b->drafts[i]));
    return NULL;
}

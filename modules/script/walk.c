/* How a session moves through the graph: into other scripts and out again, past branches, back, to the end.
 * The scripts that wait for another one to end are kept in session.stack, the innermost last:
 * [{"script": 1, "version": 2, "step": "more"}]. */
#include <kontor/lua.h>

#include "script.h"

kt_error *walk_open(kt_tx *tx, struct session *s, struct walk *w)
{
    *w = (struct walk){.tx = tx, .s = s};
    KT_TRY(version_flow(tx, s->script, s->edition, &w->flow));
    w->node = s->step.ptr ? flow_node(&w->flow, s->step) : NULL;
    return NULL;
}

kt_error *walk_note(struct walk *w, enum move_kind kind, kt_str answer, kt_str text)
{
    struct session *s = w->s;
    kt_time now = kt_now(w->tx);
    struct move m = {.rec.of = &move_shape,
        .at = now,
        .kind = kind,
        .script = s->script,
        .edition = s->edition,
        .step = s->step,
        .answer = answer,
        .text = text};
    if (s->entered_at.ms && kind <= NO_ANSWER)
        m.seconds = (now.ms - s->entered_at.ms) / 1000;
    return kt_line_add(w->tx, &s->moves, &m.rec);
}

/* ---- Other scripts ---- */

static kt_error *stack_read(const struct walk *w, const kt_value **frames)
{
    *frames = NULL;
    return w->s->stack.ptr ? kt_json_read(w->tx, w->s->stack, frames) : NULL;
}

static kt_error *enter(struct walk *w)
{
    struct session *s = w->s;
    const kt_value *frames;
    kt_maker stack = KT_MAKE_ARRAY, frame = KT_MAKE_OBJECT;
    struct script sub = {.rec.of = &script_shape};
    const kt_where where[] = {KT_WHERE(script, code, KT_EQ, w->node->script), {0}};
    kt_cursor *cursor;
    KT_TRY(kt_open(w->tx, &(kt_query){.of = &script_shape, .where = where, .limit = 1}, &cursor));
    bool found = kt_next(cursor, &sub.rec);
    KT_TRY(kt_close(cursor));
    if (!found || !sub.published)
        return kt_fail(w->tx, KT_RULE, "script", "there is no published script \"%s\"",
            "nie ma opublikowanego skryptu „%s”", w->node->script.ptr);
    KT_TRY(stack_read(w, &frames));
    for (size_t i = 0; i < kt_value_count(frames); i++)
        kt_add(w->tx, &stack, frames->as.array.items[i]);
    kt_put(w->tx, &frame, "script", kt_value_int((int64_t)s->script.v));
    kt_put(w->tx, &frame, "version", kt_value_int(s->edition));
    kt_put(w->tx, &frame, "step", kt_value_str(s->step));
    kt_add(w->tx, &stack, frame.value);
    KT_TRY(walk_note(w, ENTERED, w->node->script, (kt_str){0}));
    KT_TRY(kt_json_write(w->tx, &stack.value, &s->stack));
    s->script = sub.rec.id;
    s->edition = sub.published;
    s->left = (kt_str){0};
    return version_flow(w->tx, s->script, s->edition, &w->flow);
}

/* Back to the script that ran this one, at the step behind; *left is false if there is none. */
static kt_error *leave(struct walk *w, kt_str *target, bool *left)
{
    struct session *s = w->s;
    const kt_value *frames;
    kt_maker stack = KT_MAKE_ARRAY;
    KT_TRY(stack_read(w, &frames));
    size_t depth = kt_value_count(frames);
    *left = depth > 0;
    if (!depth)
        return NULL;
    const kt_value *frame = &frames->as.array.items[depth - 1];
    for (size_t i = 0; i + 1 < depth; i++)
        kt_add(w->tx, &stack, frames->as.array.items[i]);
    s->stack = (kt_str){0};
    if (depth > 1)
        KT_TRY(kt_json_write(w->tx, &stack.value, &s->stack));
    s->script.v = (uint64_t)kt_value_get(frame, "script")->as.integer;
    s->edition = kt_value_get(frame, "version")->as.integer;
    s->step = kt_value_get_str(frame, "step");
    s->left = (kt_str){0};
    KT_TRY(version_flow(w->tx, s->script, s->edition, &w->flow));
    const struct node *runner = flow_node(&w->flow, s->step);
    *target = runner ? runner->target : (kt_str){0};
    return NULL;
}

/* ---- Moving ---- */

/* In Lua the record called about is `record`, what was answered is `input`. */
static kt_error *holds(const struct walk *w, const struct when *when, bool *yes)
{
    const struct session *s = w->s;
    const kt_expression e = {.text = when->filter,
        .entity = kt_any_entity(w->tx, s->subject),
        .id = kt_any_id(s->subject),
        .name = "input",
        .facts = s->inputs};
    const kt_value *value;
    if (!when->lua)
        return subject_fits(w->tx, s->subject, when->filter, yes);
    KT_TRY(kt_evaluate(w->tx, &e, &value));
    *yes = kt_value_holds(value);
    return NULL;
}

static kt_error *choose_way(struct walk *w, kt_str *target)
{
    const struct node *n = w->node;
    for (size_t i = 0; i < n->when_count; i++) {
        bool yes = !n->whens[i].filter.ptr;
        if (!yes)
            KT_TRY(holds(w, &n->whens[i], &yes));
        if (yes) {
            *target = n->whens[i].target;
            return walk_note(w, BRANCHED, *target, (kt_str){0});
        }
    }
    return NULL; /* publishing asks for an "else" */
}

static kt_error *finish(struct walk *w)
{
    struct session *s = w->s;
    s->state = FINISHED;
    s->result = w->node->result;
    if (!s->outcome.ptr)
        s->outcome = w->node->name;
    s->finished_at = kt_now(w->tx);
    s->seconds = (s->finished_at.ms - s->started_at.ms) / 1000;
    return NULL;
}

/* Stops where something is to be said, or the script has ended. */
static kt_error *arrive(struct walk *w, kt_str *target, bool *stopped)
{
    *stopped = false;
    switch (w->node->kind) {
    case STEP:
    case OBJECTION:
        w->s->entered_at = kt_now(w->tx);
        *stopped = true;
        return NULL;
    case BRANCH:
        return choose_way(w, target);
    case SUB_SCRIPT:
        KT_TRY(enter(w));
        *target = w->flow.nodes[0].name;
        return NULL;
    case END: {
        bool left;
        KT_TRY(subject_do(w->tx, w->s, &w->node->deeds));
        KT_TRY(walk_note(w, REACHED, (kt_str){0}, (kt_str){0}));
        KT_TRY(leave(w, target, &left));
        if (left)
            return NULL;
        *stopped = true;
        return finish(w);
    }
    }
    return NULL;
}

kt_error *walk_to(struct walk *w, kt_str target)
{
    enum { PASSED_MAX = 100 };
    bool stopped = false;
    for (int passed = 0; !stopped; passed++) {
        if (str_equals(target, "return"))
            target = w->s->left;
        w->node = flow_node(&w->flow, target);
        if (!w->node || passed == PASSED_MAX)
            return kt_fail(w->tx, KT_RULE, "step", "the script leads nowhere at \"%s\"",
                "skrypt nigdzie nie prowadzi przy „%s”", target.ptr ? target.ptr : "");
        if (w->node->kind == OBJECTION && !w->s->left.ptr)
            w->s->left = w->s->step;
        else if (w->node->kind == STEP)
            w->s->left = (kt_str){0};
        w->s->step = w->node->name;
        KT_TRY(arrive(w, &target, &stopped));
    }
    return NULL;
}

/* The step before this one on the way here: what was gone back over does not count. */
kt_error *walk_back(struct walk *w)
{
    struct session *s = w->s;
    size_t depth = 0;
    for (size_t i = s->moves.count; i-- > 0;) {
        const struct move *m = (const struct move *)(const void *)kt_line(&s->moves, i);
        if (m->kind == WENT_BACK)
            depth++;
        else if ((m->kind == ANSWERED || m->kind == OBJECTED) && depth-- == 0) {
            if (m->script.v != s->script.v)
                break;
            KT_TRY(walk_note(w, WENT_BACK, (kt_str){0}, (kt_str){0}));
            return walk_to(w, m->step);
        }
    }
    return kt_fail(w->tx, KT_RULE, "step", "there is no step before this one in this script",
        "w tym skrypcie nie ma wcześniejszego kroku");
}

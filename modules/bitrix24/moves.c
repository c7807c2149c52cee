/* A record comes to the state or stage that a client wrote by the actions of its entity, one after the other:
 * the rules of crm hold, whoever asks. */
#include <string.h>

#include "b24.h"

enum { STEPS_MAX = 4 };

static kt_error *look(b24 *b, const entity *e, int64_t id, const char *path, kt_str *found)
{
    const kt_value *record;
    KT_TRY(b24_get(b, e->ours, id, path, &record));
    *found = kt_value_get_str(record, path);
    return NULL;
}

static const move *next_move(const entity *e, kt_str from, kt_str to)
{
    for (const move *m = e->moves; m && m->to; m++)
        if (b24_is(from, m->from) && b24_is(to, m->to))
            return m;
    return NULL;
}

static kt_error *take_step(b24 *b, const entity *e, int64_t id, const move *m, const taken *t)
{
    kt_maker p = KT_MAKE_OBJECT;
    const kt_value *result;
    kt_put(b->tx, &p, "id", kt_value_int(id));
    if (m->flag)
        kt_put(b->tx, &p, m->flag, kt_value_bool(false));
    if (m->reason)
        kt_put(b->tx, &p, "reason", kt_value_str(t->reason.len ? t->reason : t->code));
    return kt_call(b->tx, kt_format(b->tx, "%s.%s", e->ours, m->action).ptr, &p.value, &result);
}

static kt_error *move_state(b24 *b, const entity *e, int64_t id, const taken *t)
{
    kt_str at;
    for (int steps = 0; steps < STEPS_MAX; steps++) {
        KT_TRY(look(b, e, id, "state", &at));
        if (at.len == t->state.len && at.ptr && memcmp(at.ptr, t->state.ptr, at.len) == 0)
            return NULL;
        const move *m = next_move(e, at, t->state);
        if (!m)
            break;
        KT_TRY(take_step(b, e, id, m, t));
    }
    return kt_fail(b->tx, KT_BAD_STATE, "STATUS_ID", "there is no way from \"%s\" to \"%s\"",
        "nie ma przejścia z „%s” do „%s”", at.ptr ? at.ptr : "", t->state.ptr);
}

static kt_error *move_stage(b24 *b, const entity *e, int64_t id, const taken *t)
{
    kt_maker p = KT_MAKE_OBJECT, values = KT_MAKE_OBJECT;
    const kt_value *record, *result;
    KT_TRY(b24_get(b, e->ours, id, "pipeline stage", &record));
    if (b24_int_at(record, "pipeline") == t->pipeline && b24_int_at(record, "stage") == t->stage)
        return NULL;
    kt_put(b->tx, &p, "id", kt_value_int(id));
    if (!t->stage) { /* another pipeline's first stage */
        kt_put(b->tx, &values, "pipeline", kt_value_int(t->pipeline));
        kt_put(b->tx, &values, "stage", (kt_value){0});
        kt_put(b->tx, &p, "values", values.value);
        return kt_call(b->tx, kt_format(b->tx, "%s.update", e->ours).ptr, &p.value, &result);
    }
    kt_put(b->tx, &p, "pipeline", kt_value_int(t->pipeline));
    kt_put(b->tx, &p, "stage", kt_value_int(t->stage));
    if (t->reason.len)
        kt_put(b->tx, &p, "lost_reason", kt_value_str(t->reason));
    return kt_call(b->tx, kt_format(b->tx, "%s.move", e->ours).ptr, &p.value, &result);
}

kt_error *record_move(b24 *b, const entity *e, int64_t id, const taken *t)
{
    kt_str semantic;
    if (t->pipeline)
        KT_TRY(move_stage(b, e, id, t));
    if (t->state.len)
        KT_TRY(move_state(b, e, id, t));
    if (!t->closed.len)
        return NULL;
    KT_TRY(look(b, e, id, "semantic", &semantic));
    if (b24_is(t->closed, "Y") != b24_is(semantic, "open"))
        return NULL;
    return kt_hint(kt_fail(b->tx, KT_BAD_STATE, "CLOSED", "the stage says otherwise", "etap mówi co innego"),
        "Close a deal by its stage: STAGE_ID.", "Szansę zamyka etap: STAGE_ID.");
}

/* effect.c -- writes effects into the transaction that causes them. */
#include "outbox/effect.h"

#include "kit/str.h"

enum { PARAMS_MAX = MODEL_JSON_MAX };

/* Rights were judged where the cause was: whoever may confirm an order may cause its letter. */
kt_error *outbox_effect(kt_tx *tx, kt_str kind, kt_str params, kt_time due, kt_id *id)
{
    struct effect e = {KT_OF(effect), .kind = kind, .params = params, .state = EFFECT_WAITING,
        .due = due.ms ? due : tx->now};
    const model_guard *guard = tx->guard;
    tx->guard = NULL;
    kt_error *error = kt_create(tx, &e.rec);
    tx->guard = guard;
    if (!error && id)
        *id = e.rec.id;
    return error;
}

kt_error *kt_effect(kt_tx *tx, const char *kind, const kt_record *params, kt_time due)
{
    buffer text;
    buffer_open(&text, PARAMS_MAX);
    json out = json_to(&text);
    json_object(&out);
    if (params)
        model_struct_json(tx, params->of, params, &out);
    json_object_end(&out);
    kt_error *error = text.full ? kt_fail(tx, KT_LIMIT, NULL,
                                      "the parameters of effect %s are larger than %d bytes",
                                      "parametry skutku %s są większe niż %d bajtów", kind, PARAMS_MAX)
                                : outbox_effect(
                                      tx, str_of(kind), arena_str(tx->arena, buffer_str(&text)), due, NULL);
    buffer_close(&text);
    return error;
}

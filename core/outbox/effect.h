/* effect.h -- inside the room: the struct of outbox.effect. */
#pragma once
#include "outbox/outbox.h"

typedef enum { EFFECT_WAITING = 1, EFFECT_DELIVERED, EFFECT_DEAD, EFFECT_CANCELLED } effect_state;
struct effect {
    kt_record rec;
    kt_str kind, params;
    effect_state state;
    kt_time due;
    /* of the deliveries tried so far */
    int64_t attempts, code;
    kt_str message;
    kt_time tried_at;
};
extern const kt_shape effect_shape;

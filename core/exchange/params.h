/* params.h -- inside the room: parameters that its methods share. */
#pragma once
#include "exchange/import_job.h"

#define EXCHANGE_OPTIONAL(name, kind, en, pl)                                                                \
    {                                                                                                        \
        name, kind, false,                                                                                   \
        {                                                                                                    \
            en, pl                                                                                           \
        }                                                                                                    \
    }
KT_MUST kt_error *param_entity(kt_tx *tx, const variant *params, const model_entity **entity);

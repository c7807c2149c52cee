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
bool param_flag(const variant *params, const char *name);
uint64_t param_number(const variant *params, const char *name); /* 0: absent */
KT_MUST kt_error *param_entity(kt_tx *tx, const variant *params, const model_entity **entity);

/* consents.h -- the service "crm.consents": may somebody be approached this way, for this? */
#pragma once
#include <kontor.h>

typedef enum { KT_BY_ANY = 1, KT_BY_EMAIL, KT_BY_PHONE, KT_BY_SMS, KT_BY_POST, KT_BY_MESSENGER } kt_channel;

typedef struct {
    bool allowed;
    const char *reason; /* "consent", "contract", or why not: "do_not_contact", "inactive", "withdrawn",
                           "expired", "no_consent" */
    kt_id consent;      /* the record that decided; 0: none */
} kt_contact_answer;

typedef struct {
    /* What the party's consents and preferences say now. Judged past the caller's rights: a mailing must not
     * reach somebody because its author may not see the refusal.
     *   purpose  "marketing", "newsletter", ..; "service": what a contract or a question of theirs demands needs
     *            no consent
     *   returns  not_found: no such party */
    KT_MUST kt_error *(*may_contact)(
        kt_tx *tx, kt_id party, kt_channel channel, kt_str purpose, kt_contact_answer *answer);
} kt_consents;

/* NULL: no module offers it now. */
static inline const kt_consents *kt_consents_find(kt_tx *tx)
{
    return (const kt_consents *)kt_service_find(tx, "crm.consents", 1);
}

/* A note, task or file about a deal, lead, document or request is about its customer too, unless it names another:
 * so the card finds it by the customer, however many deals there were since. */
#include <string.h>

#include "customer.h"

struct about {
    kt_record rec;
    kt_id party, about;
};
const kt_shape about_note_shape = KT_SHAPE(
    about, "base.note", KT_BIND(about, party, REF, "party"), KT_BIND(about, about, REF, "about"));
const kt_shape about_task_shape = KT_SHAPE(
    about, "base.task", KT_BIND(about, party, REF, "party"), KT_BIND(about, about, REF, "about"));
const kt_shape about_file_shape = KT_SHAPE(
    about, "base.attachment", KT_BIND(about, party, REF, "party"), KT_BIND(about, about, REF, "about"));

struct owned {
    kt_record rec;
    kt_id party;
};
#define OWNED(name, entity)                                                                                  \
    static const kt_shape name = KT_SHAPE(owned, entity, KT_BIND(owned, party, REF, "party"))
OWNED(deal_of, "crm.deal");
OWNED(lead_of, "crm.lead");
OWNED(quotation_of, "crm.quotation");
OWNED(order_of, "crm.order");
OWNED(request_of, "crm.request");
static const kt_shape *const owners[] = {&deal_of, &lead_of, &quotation_of, &order_of, &request_of, NULL};

/* The customer of what it is about; not set: none, or it is about something else. */
static kt_error *customer_of(kt_tx *tx, kt_id about, kt_id *party)
{
    const char *entity = about.v ? kt_any_entity(tx, about) : NULL;
    *party = (kt_id){0};
    for (const kt_shape *const *o = owners; entity && *o; o++)
        if (strcmp((*o)->name, entity) == 0) {
            struct owned owner = {.rec = {.of = *o}};
            KT_TRY(kt_read(tx, kt_any_id(about), &owner.rec));
            *party = owner.party;
        }
    return NULL;
}

static kt_error *name_customer(kt_tx *tx, const kt_event *event, const kt_shape *shape)
{
    struct about a = *(const struct about *)(const void *)kt_see(event->after, shape);
    if (a.party.v)
        return NULL;
    KT_TRY(customer_of(tx, a.about, &a.party));
    return a.party.v ? kt_update(tx, &a.rec) : NULL;
}

/* Whoever may write about a record need not be able to change what was written. */
static kt_error *on_own_authority(kt_tx *tx, const kt_event *event, const kt_shape *shape)
{
    kt_authority before = kt_own_authority(tx);
    kt_error *error = name_customer(tx, event, shape);
    kt_callers_authority(tx, before);
    return error;
}

kt_error *about_note(kt_tx *tx, const kt_event *event)
{
    return on_own_authority(tx, event, &about_note_shape);
}

kt_error *about_task(kt_tx *tx, const kt_event *event)
{
    return on_own_authority(tx, event, &about_task_shape);
}

kt_error *about_file(kt_tx *tx, const kt_event *event)
{
    return on_own_authority(tx, event, &about_file_shape);
}

/* The persons on a deal: the contact person, then those among its parties. */
#include <string.h>

#include "b24.h"

static kt_error *deal_of(b24 *b, const kt_value *params, const kt_value **deal)
{
    const kt_value *given = b24_param(params, "ID");
    int64_t id;
    if (!given || !b24_int(given, &id) || id < 1)
        return b24_fail(
            b->tx, "ERROR_ARGUMENT", "ID is not defined or invalid", "ID nie podano lub jest błędne");
    return b24_get(b, "crm.deal", id, "id party party.kind contact parties", deal);
}

static void add_contact(b24 *b, int64_t id, kt_maker *list)
{
    kt_maker c = KT_MAKE_OBJECT;
    int64_t place = (int64_t)list->value.as.array.count;
    for (int64_t i = 0; i < place; i++)
        if (b24_int_at(&list->value.as.array.items[i], "CONTACT_ID") == id)
            return;
    kt_put(b->tx, &c, "CONTACT_ID", kt_value_int(id));
    kt_put(b->tx, &c, "SORT", kt_value_int((place + 1) * 10));
    kt_put(b->tx, &c, "ROLE_ID", kt_value_int(0));
    kt_put(b->tx, &c, "IS_PRIMARY", b24_str(place ? "N" : "Y"));
    kt_add(b->tx, list, c.value);
}

static kt_error *contacts_of(b24 *b, const kt_value *deal, kt_value *shown)
{
    kt_maker list = KT_MAKE_ARRAY;
    int64_t contact = b24_int_at(deal, "contact");
    const kt_value *lines = kt_value_get(deal, "parties"), *party;
    if (contact)
        add_contact(b, contact, &list);
    else if (b24_is(kt_value_get_str(deal, "party.kind"), "person"))
        add_contact(b, b24_int_at(deal, "party"), &list);
    for (size_t i = 0; i < kt_value_count(lines); i++) {
        int64_t id = b24_int_at(&lines->as.array.items[i], "party");
        KT_TRY(b24_get(b, "base.party", id, "kind", &party));
        if (b24_is(kt_value_get_str(party, "kind"), "person"))
            add_contact(b, id, &list);
    }
    *shown = list.value;
    return NULL;
}

static kt_error *items_get(b24 *b, const kt_value *params, answer *a)
{
    const kt_value *deal;
    KT_TRY(deal_of(b, params, &deal));
    return contacts_of(b, deal, &a->result);
}

static kt_error *contact_add(b24 *b, const kt_value *params, answer *a)
{
    const kt_value *deal, *fields = b24_param(params, "fields"), *result;
    const kt_value *given = fields ? b24_param(fields, "CONTACT_ID") : NULL;
    kt_maker values = KT_MAKE_OBJECT, p = KT_MAKE_OBJECT, lines = KT_MAKE_ARRAY, line = KT_MAKE_OBJECT;
    kt_value known;
    int64_t contact;
    KT_TRY(deal_of(b, params, &deal));
    if (!given || !b24_int(given, &contact) || contact < 1)
        return b24_fail(b->tx, "ERROR_ARGUMENT", "CONTACT_ID is required", "wymagane jest CONTACT_ID");
    KT_TRY(contacts_of(b, deal, &known));
    a->result = kt_value_bool(false);
    for (size_t i = 0; i < kt_value_count(&known); i++)
        if (b24_int_at(&known.as.array.items[i], "CONTACT_ID") == contact)
            return NULL;
    if (!kt_value_count(&known)) {
        kt_put(b->tx, &values, "contact", kt_value_int(contact));
    } else {
        const kt_value *old = kt_value_get(deal, "parties");
        for (size_t i = 0; i < kt_value_count(old); i++) {
            kt_maker stays = KT_MAKE_OBJECT;
            kt_put(b->tx, &stays, "id", kt_value_int(b24_int_at(&old->as.array.items[i], "id")));
            kt_add(b->tx, &lines, stays.value);
        }
        kt_put(b->tx, &line, "party", kt_value_int(contact));
        kt_add(b->tx, &lines, line.value);
        kt_put(b->tx, &values, "parties", lines.value);
    }
    kt_put(b->tx, &p, "id", kt_value_int(b24_int_at(deal, "id")));
    kt_put(b->tx, &p, "values", values.value);
    a->result = kt_value_bool(true);
    return kt_call(b->tx, "crm.deal.update", &p.value, &result);
}

const method contact_methods[] = {
    {"crm.deal.contact.items.get", false, items_get},
    {"crm.deal.contact.add", true, contact_add},
    {0},
};

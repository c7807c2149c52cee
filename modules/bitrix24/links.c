/* The contacts of leads, deals, quotes and companies, and the companies of contacts. The first one is a field of the
 * record -- contact person, party, the organisation somebody belongs to --, further ones are parties of a deal, else
 * MORE_LINKS. A company keeps none: its contacts are those that name it. */
#include <string.h>

#include "b24.h"

/* ---- Lists of ids ---- */

static void list_add(links *l, int64_t id)
{
    for (size_t i = 0; i < l->count; i++)
        if (l->ids[i] == id)
            return;
    if (id > 0 && l->count < LINKS_MAX)
        l->ids[l->count++] = id;
}

static bool list_has(const links *l, int64_t id)
{
    for (size_t i = 0; i < l->count; i++)
        if (l->ids[i] == id)
            return true;
    return false;
}

static links list_without(const links *l, int64_t id)
{
    links left = {.count = 0};
    for (size_t i = 0; i < l->count; i++)
        if (l->ids[i] != id)
            list_add(&left, l->ids[i]);
    return left;
}

static links list_with(const links *l, int64_t id, bool first)
{
    links all = {.count = 0};
    if (first)
        list_add(&all, id);
    for (size_t i = 0; i < l->count; i++)
        list_add(&all, l->ids[i]);
    list_add(&all, id);
    return all;
}

/* ---- What a record keeps ---- */

static kt_error *is_person(b24 *b, int64_t party, bool *person)
{
    const kt_value *p;
    KT_TRY(b24_get(b, "base.party", party, "kind", &p));
    *person = b24_is(kt_value_get_str(p, "kind"), "person");
    return NULL;
}

kt_error *links_of(b24 *b, const row *r, const kt_value *record, links *l)
{
    const kt_value *more = kt_value_get(record, r->ours);
    bool lines = strcmp(r->ours, MORE_LINKS) != 0, person = false;
    *l = (links){.count = 0};
    list_add(l, b24_int_at(record, r->first));
    if (!l->count && b24_is(kt_value_get_str(record, "party.kind"), "person"))
        list_add(l, b24_int_at(record, "party"));
    if (strcmp(r->first, "party") == 0 && !b24_is(kt_value_get_str(record, "party.kind"), "person"))
        l->count = 0;
    for (size_t i = 0; i < kt_value_count(more); i++) {
        const kt_value *one = &more->as.array.items[i];
        int64_t id = lines ? b24_int_at(one, "party") : one->as.integer;
        if (lines)
            KT_TRY(is_person(b, id, &person));
        if (!lines || person)
            list_add(l, id);
    }
    return NULL;
}

/* The lines of a deal's parties that stay: no persons, or persons of the list; and a line for each that is new. */
static kt_error *party_lines(b24 *b, const kt_value *before, const links *l, kt_value *made)
{
    kt_maker lines = KT_MAKE_ARRAY;
    const kt_value *old = kt_value_get(before, "parties");
    links known = {.count = 0};
    for (size_t i = 0; i < kt_value_count(old); i++) {
        const kt_value *line = &old->as.array.items[i];
        int64_t party = b24_int_at(line, "party");
        bool person;
        KT_TRY(is_person(b, party, &person));
        if (person && !list_has(l, party))
            continue;
        list_add(&known, party);
        kt_add(b->tx, &lines, b24_in(b, "id", kt_value_int(b24_int_at(line, "id"))));
    }
    for (size_t i = 0; i < l->count; i++)
        if (!list_has(&known, l->ids[i]))
            kt_add(b->tx, &lines, b24_in(b, "party", kt_value_int(l->ids[i])));
    *made = lines.value;
    return NULL;
}

kt_error *links_values(b24 *b, const row *r, const kt_value *before, const links *l, kt_value *made)
{
    kt_maker ids = KT_MAKE_ARRAY;
    if (strcmp(r->ours, MORE_LINKS) != 0)
        return party_lines(b, before, l, made);
    for (size_t i = 0; i < l->count; i++)
        kt_add(b->tx, &ids, kt_value_int(l->ids[i]));
    *made = ids.value;
    return NULL;
}

kt_error *links_read(b24 *b, const kt_value *given, links *l)
{
    bool several = given->kind == KT_VALUE_ARRAY || given->kind == KT_VALUE_OBJECT;
    *l = (links){.count = 0};
    for (size_t i = 0; i < (several ? kt_value_count(given) : 1); i++) {
        const kt_value *one = several ? b24_item(given, i) : given;
        int64_t id = 0;
        bool none = one->kind == KT_VALUE_NULL || (one->kind == KT_VALUE_STRING && !one->as.string.len);
        if (!none && !b24_int(one, &id))
            return b24_fail(b->tx, "ERROR_ARGUMENT", "An id is a whole number", "Id to liczba całkowita");
        list_add(l, id);
    }
    return NULL;
}

/* ---- The owner's side, whichever it is ---- */

static const row *row_of(const entity *e)
{
    for (const row *r = e->rows; r->theirs; r++)
        if (r->as == AS_LINKS)
            return r;
    return NULL;
}

static const char *key_of(const entity *e)
{
    return e->has & HAS_COMPANIES ? "COMPANY_ID" : "CONTACT_ID";
}

static kt_error *contacts_of_company(b24 *b, int64_t id, links *l)
{
    kt_maker either = KT_MAKE_ARRAY, all = KT_MAKE_ARRAY;
    const kt_value *rows;
    kt_add(b->tx, &either, b24_str("or"));
    kt_add(b->tx, &either, condition(b->tx, "parent", "=", kt_value_int(id)));
    kt_add(b->tx, &either, condition(b->tx, MORE_LINKS, "=", kt_value_int(id)));
    kt_add(b->tx, &all, condition(b->tx, "kind", "=", b24_str("person")));
    kt_add(b->tx, &all, either.value);
    *l = (links){.count = 0};
    KT_TRY(b24_list(b, "base.party", all.value, "id", &rows));
    for (size_t i = 0; i < kt_value_count(rows); i++)
        list_add(l, b24_int_at(&rows->as.array.items[i], "id"));
    return NULL;
}

static kt_error *owned(b24 *b, const entity *e, int64_t id, links *l)
{
    const kt_value *record;
    KT_TRY(record_read(b, e, id, &record));
    return row_of(e) ? links_of(b, row_of(e), record, l) : contacts_of_company(b, id, l);
}

static kt_error *write_own(b24 *b, const entity *e, int64_t id, const links *l)
{
    kt_maker ids = KT_MAKE_ARRAY;
    for (size_t i = 0; i < l->count; i++)
        kt_add(b->tx, &ids, kt_value_int(l->ids[i]));
    kt_value fields = b24_in(b, row_of(e)->theirs, ids.value);
    return record_update(b, e, id, &fields);
}

static kt_error *write_contact(b24 *b, int64_t contact, int64_t company, bool belongs)
{
    const entity *e = entity_named(KT_STR("crm.contact"));
    links companies;
    KT_TRY(owned(b, e, contact, &companies));
    links changed = belongs ? list_with(&companies, company, false) : list_without(&companies, company);
    return write_own(b, e, contact, &changed);
}

static kt_error *write(b24 *b, const entity *e, int64_t id, const links *old, const links *l)
{
    if (row_of(e))
        return write_own(b, e, id, l);
    for (size_t i = 0; i < old->count; i++)
        if (!list_has(l, old->ids[i]))
            KT_TRY(write_contact(b, old->ids[i], id, false));
    for (size_t i = 0; i < l->count; i++)
        if (!list_has(old, l->ids[i]))
            KT_TRY(write_contact(b, l->ids[i], id, true));
    return NULL;
}

/* ---- Methods ---- */

static kt_error *asked(b24 *b, const entity *e, const kt_value *params, int64_t *id, links *l)
{
    const kt_value *given = b24_param(params, "ID");
    if (!given || !b24_int(given, id) || *id < 1)
        return b24_fail(
            b->tx, "ERROR_ARGUMENT", "ID is not defined or invalid", "ID nie podano lub jest błędne");
    return owned(b, e, *id, l);
}

static kt_error *named(b24 *b, const entity *e, const kt_value *fields, int64_t *id)
{
    const kt_value *given = fields ? b24_param(fields, key_of(e)) : NULL;
    if (given && b24_int(given, id) && *id > 0)
        return NULL;
    return kt_fail(b->tx, KT_VALIDATION, "ERROR_ARGUMENT", "%s is required", "wymagane jest %s", key_of(e));
}

static kt_error *link_fields(b24 *b, const entity *e, const kt_value *params, answer *a)
{
    kt_maker made = KT_MAKE_OBJECT;
    (void)params;
    kt_put(b->tx, &made, "SORT", b24_field(b, "integer", "SORT", 0));
    kt_put(b->tx, &made, "IS_PRIMARY", b24_field(b, "char", "IS_PRIMARY", 0));
    kt_put(b->tx, &made, key_of(e), b24_field(b, "integer", key_of(e), FIELD_REQUIRED));
    a->result = made.value;
    return NULL;
}

static kt_error *items_get(b24 *b, const entity *e, const kt_value *params, answer *a)
{
    kt_maker list = KT_MAKE_ARRAY;
    int64_t id;
    links l;
    KT_TRY(asked(b, e, params, &id, &l));
    for (size_t i = 0; i < l.count; i++) {
        kt_maker c = KT_MAKE_OBJECT;
        kt_put(b->tx, &c, key_of(e), kt_value_int(l.ids[i]));
        kt_put(b->tx, &c, "SORT", kt_value_int((int64_t)(i + 1) * 10));
        kt_put(b->tx, &c, "ROLE_ID", kt_value_int(0));
        kt_put(b->tx, &c, "IS_PRIMARY", b24_str(i ? "N" : "Y"));
        kt_add(b->tx, &list, c.value);
    }
    a->result = list.value;
    return NULL;
}

static kt_error *add(b24 *b, const entity *e, const kt_value *params, answer *a)
{
    const kt_value *fields = b24_param(params, "fields");
    int64_t id, other;
    links l;
    KT_TRY(asked(b, e, params, &id, &l));
    KT_TRY(named(b, e, fields, &other));
    bool first = b24_is(b24_given(b, fields, "IS_PRIMARY"), "Y");
    a->result = kt_value_bool(!list_has(&l, other));
    if (list_has(&l, other) && !first)
        return NULL;
    links all = list_with(&l, other, first);
    return write(b, e, id, &l, &all);
}

static kt_error *delete (b24 *b, const entity *e, const kt_value *params, answer *a)
{
    int64_t id, other;
    links l;
    KT_TRY(asked(b, e, params, &id, &l));
    KT_TRY(named(b, e, b24_param(params, "fields"), &other));
    a->result = kt_value_bool(list_has(&l, other));
    if (!list_has(&l, other))
        return NULL;
    links left = list_without(&l, other);
    return write(b, e, id, &l, &left);
}

/* By SORT, the primary one first. */
static kt_error *take_items(b24 *b, const entity *e, const kt_value *items, links *l)
{
    int64_t sorts[LINKS_MAX] = {0}, id, sort;
    *l = (links){.count = 0};
    for (size_t i = 0; i < kt_value_count(items) && i < LINKS_MAX; i++) {
        const kt_value *item = b24_item(items, i), *given = b24_param(item, "SORT");
        size_t at = l->count;
        KT_TRY(named(b, e, item, &id));
        list_add(l, id);
        if (l->count == at)
            continue;
        sort = given && b24_int(given, &sort) ? sort : (int64_t)(i + 1) * 10;
        sort = b24_is(b24_given(b, item, "IS_PRIMARY"), "Y") ? INT64_MIN : sort;
        for (; at > 0 && sorts[at - 1] > sort; at--) {
            sorts[at] = sorts[at - 1];
            l->ids[at] = l->ids[at - 1];
        }
        sorts[at] = sort;
        l->ids[at] = id;
    }
    return NULL;
}

static kt_error *items_set(b24 *b, const entity *e, const kt_value *params, answer *a)
{
    const kt_value *items = b24_param(params, "items");
    int64_t id;
    links l, wanted;
    KT_TRY(asked(b, e, params, &id, &l));
    if (!items || kt_value_count(items) > LINKS_MAX)
        return b24_fail(
            b->tx, "ERROR_ARGUMENT", "items has at most 100 of them", "items ma ich najwyżej 100");
    KT_TRY(take_items(b, e, items, &wanted));
    a->result = kt_value_bool(true);
    return write(b, e, id, &l, &wanted);
}

static kt_error *items_delete(b24 *b, const entity *e, const kt_value *params, answer *a)
{
    const links none = {.count = 0};
    int64_t id;
    links l;
    KT_TRY(asked(b, e, params, &id, &l));
    a->result = kt_value_bool(true);
    return write(b, e, id, &l, &none);
}

#define LINK_VERBS(of, needs)                                                                                \
    {of ".fields", false, link_fields, needs}, {of ".add", true, add, needs},                                \
        {of ".delete", true, delete, needs}, {of ".items.get", false, items_get, needs},                     \
        {of ".items.set", true, items_set, needs},                                                           \
    {                                                                                                        \
        of ".items.delete", true, items_delete, needs                                                        \
    }

const verb link_verbs[] = {LINK_VERBS("contact", HAS_CONTACTS), LINK_VERBS("company", HAS_COMPANIES), {0}};

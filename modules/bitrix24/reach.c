/* Who has this number or address: duplicates, and the calls that an exchange tells of. */
#include <string.h>

#include <kontor/parties.h>

#include "b24.h"

/* ---- crm.duplicate.findbycomm ---- */

static kt_error *add_found(
    b24 *b, const char *entity, kt_value filter, const char *name, kt_str wanted, kt_maker *result)
{
    const kt_value *rows;
    kt_maker ids = KT_MAKE_ARRAY;
    if (wanted.len && !b24_is(wanted, name))
        return NULL;
    KT_TRY(b24_list(b, entity, filter, "id", &rows));
    for (size_t i = 0; i < kt_value_count(rows); i++)
        kt_add(b->tx, &ids, kt_value_int(b24_int_at(&rows->as.array.items[i], "id")));
    if (ids.value.as.array.count)
        kt_put(b->tx, result, name, ids.value);
    return NULL;
}

static kt_value parties_with(b24 *b, const char *kind, kt_value normals, const char *party_kind)
{
    kt_maker line = KT_MAKE_ARRAY, all = KT_MAKE_ARRAY;
    kt_add(b->tx, &line, condition(b->tx, "kind", "=", b24_str(kind)));
    kt_add(b->tx, &line, condition(b->tx, "normal", "in", normals));
    kt_add(b->tx, &all, condition(b->tx, "kind", "=", b24_str(party_kind)));
    kt_add(b->tx, &all, condition(b->tx, "contacts", "any", line.value));
    return all.value;
}

static kt_error *find_by_comm(b24 *b, const kt_value *params, answer *a)
{
    const kt_value *values = b24_param(params, "values");
    const kt_parties *parties = kt_parties_find(b->tx);
    kt_str type = b24_given(b, params, "type"), wanted = b24_given(b, params, "entity_type");
    bool phone = b24_is(type, "PHONE");
    kt_maker normals = KT_MAKE_ARRAY, result = KT_MAKE_OBJECT, lead = KT_MAKE_ARRAY;
    if (!parties || (!phone && !b24_is(type, "EMAIL")))
        return b24_fail(b->tx, "ERROR_ARGUMENT", "type is PHONE or EMAIL", "type to PHONE albo EMAIL");
    if (!kt_value_count(values) || kt_value_count(values) > 20)
        return b24_fail(b->tx, "ERROR_ARGUMENT", "values has 1 to 20 of them", "values ma ich od 1 do 20");
    for (size_t i = 0; i < kt_value_count(values); i++) {
        kt_str text = b24_text(b->tx, b24_item(values, i));
        kt_str normal = phone ? parties->phone_normal(b->tx, text) : parties->email_normal(b->tx, text);
        if (normal.len)
            kt_add(b->tx, &normals, kt_value_str(normal));
    }
    const char *kind = phone ? "phone" : "email";
    kt_add(b->tx, &lead, condition(b->tx, phone ? "phone_normal" : "email", "in", normals.value));
    KT_TRY(add_found(b, "crm.lead", lead.value, "LEAD", wanted, &result));
    KT_TRY(add_found(
        b, "base.party", parties_with(b, kind, normals.value, "person"), "CONTACT", wanted, &result));
    KT_TRY(add_found(
        b, "base.party", parties_with(b, kind, normals.value, "organisation"), "COMPANY", wanted, &result));
    a->result = result.value.as.object.count ? result.value : KT_MAKE_ARRAY.value;
    return NULL;
}

/* ---- telephony.externalCall.* ---- */

static const struct {
    const char *theirs, *ours;
} codes[] = {{"200", "completed"}, {"304", "no_answer"}, {"486", "busy"}, {"603", "cancelled"},
    {"603-S", "cancelled"}, {"403", "failed"}, {"404", "failed"}, {"484", "failed"}, {"503", "failed"},
    {"480", "no_answer"}, {"402", "failed"}, {"423", "failed"}, {"OTHER", "failed"}};

/* The same number of the same user within half an hour, however it is written, is the same call, if the exchange
 * has no key. What is no number crm.call refuses. */
static kt_error *call_key(b24 *b, const kt_value *params, kt_str number, int64_t user, kt_str *key)
{
    enum { HALF_HOUR_MS = 1800000 };
    const kt_value *rows;
    const kt_parties *parties = kt_parties_find(b->tx);
    kt_maker filter = KT_MAKE_ARRAY;
    kt_str normal = parties ? parties->phone_normal(b->tx, number) : (kt_str){0};
    kt_str since = time_of(b->tx, (kt_time){kt_now(b->tx).ms - HALF_HOUR_MS});
    *key = b24_given(b, params, "EXTERNAL_CALL_ID");
    if (key->len)
        return NULL;
    kt_add(b->tx, &filter, condition(b->tx, "phone_normal", "=", kt_value_str(normal)));
    kt_add(b->tx, &filter, condition(b->tx, "owner", "=", kt_value_int(user)));
    kt_add(b->tx, &filter, condition(b->tx, "created_at", ">=", kt_value_str(since)));
    KT_TRY(b24_list(b, "crm.call", filter.value, "external_id", &rows));
    size_t count = kt_value_count(rows);
    *key = count ? kt_value_get_str(&rows->as.array.items[count - 1], "external_id") : (kt_str){0};
    if (!key->len)
        *key = kt_format(b->tx, "b24:%s:%lld", number.ptr, (long long)kt_now(b->tx).ms);
    return NULL;
}

static kt_error *user_of(b24 *b, const kt_value *params, int64_t *user)
{
    const kt_value *given = b24_param(params, "USER_ID");
    *user = (int64_t)kt_user(b->tx).v;
    if (!given || b24_int(given, user))
        return NULL;
    return b24_fail(b->tx, "ERROR_ARGUMENT", "USER_ID is a number", "USER_ID jest liczbą");
}

static kt_error *put_party(b24 *b, int64_t party, int64_t lead, kt_maker *r)
{
    const kt_value *p;
    if (!party) {
        kt_put(b->tx, r, "CRM_ENTITY_TYPE", lead ? b24_str("LEAD") : (kt_value){0});
        kt_put(b->tx, r, "CRM_ENTITY_ID", lead ? kt_value_int(lead) : (kt_value){0});
        return NULL;
    }
    KT_TRY(b24_get(b, "base.party", party, "kind", &p));
    bool person = b24_is(kt_value_get_str(p, "kind"), "person");
    kt_put(b->tx, r, "CRM_ENTITY_TYPE", b24_str(person ? "CONTACT" : "COMPANY"));
    kt_put(b->tx, r, "CRM_ENTITY_ID", kt_value_int(party));
    return NULL;
}

static kt_error *call_register(b24 *b, const kt_value *params, answer *a)
{
    kt_maker p = KT_MAKE_OBJECT, r = KT_MAKE_OBJECT;
    const kt_value *made;
    kt_str number = b24_given(b, params, "PHONE_NUMBER"), type = b24_given(b, params, "TYPE"), key;
    kt_str create = b24_given(b, params, "CRM_CREATE"), at = b24_given(b, params, "CALL_START_DATE");
    int64_t user;
    bool in = b24_is(type, "2") || b24_is(type, "3");
    if (!number.len || (!in && !b24_is(type, "1") && !b24_is(type, "4")))
        return b24_fail(b->tx, "ERROR_ARGUMENT", "PHONE_NUMBER and TYPE 1 to 4 are required",
            "wymagane są PHONE_NUMBER i TYPE od 1 do 4");
    KT_TRY(user_of(b, params, &user));
    KT_TRY(call_key(b, params, number, user, &key));
    kt_put(b->tx, &p, "external_id", kt_value_str(key));
    kt_put(b->tx, &p, "number", kt_value_str(number));
    kt_put(b->tx, &p, "direction", b24_str(in ? "in" : "out"));
    kt_put(b->tx, &p, "owner", kt_value_int(user));
    kt_put(b->tx, &p, "lead", kt_value_bool(create.len && !b24_is(create, "0") && !b24_is(create, "N")));
    if (at.len && time_ours(b->tx, at).len)
        kt_put(b->tx, &p, "at", kt_value_str(time_ours(b->tx, at)));
    KT_TRY(kt_call(b->tx, "crm.call.register", &p.value, &made));
    int64_t lead = b24_int_at(made, "lead");
    kt_put(b->tx, &r, "CALL_ID",
        kt_value_str(kt_format(b->tx, "externalCall.%lld", (long long)b24_int_at(made, "call"))));
    kt_put(b->tx, &r, "CRM_CREATED_LEAD",
        lead && b24_bool_at(made, "made") ? kt_value_int(lead) : (kt_value){0});
    kt_put(b->tx, &r, "CRM_CREATED_ENTITIES", KT_MAKE_ARRAY.value);
    KT_TRY(put_party(b, b24_int_at(made, "party"), lead, &r));
    kt_put(b->tx, &r, "LEAD_CREATION_ERROR", b24_str(""));
    a->result = r.value;
    return NULL;
}

static kt_error *call_of(b24 *b, const kt_value *params, int64_t *id)
{
    static const char prefix[] = "externalCall.";
    kt_str call = b24_given(b, params, "CALL_ID");
    size_t n = sizeof prefix - 1;
    if (call.len > n && strncmp(call.ptr, prefix, n) == 0) {
        kt_value number = kt_value_str((kt_str){call.ptr + n, call.len - n});
        if (b24_int(&number, id))
            return NULL;
    }
    return b24_fail(b->tx, "NOT_FOUND", "Call is not found", "Nie znaleziono rozmowy");
}

static kt_error *call_finish(b24 *b, const kt_value *params, answer *a)
{
    kt_maker p = KT_MAKE_OBJECT, r = KT_MAKE_OBJECT;
    const kt_value *done, *call;
    kt_str code = b24_given(b, params, "STATUS_CODE"), record = b24_given(b, params, "RECORD_URL");
    const kt_value *duration = b24_param(params, "DURATION");
    const char *outcome = NULL;
    int64_t id, seconds = 0, user;
    KT_TRY(call_of(b, params, &id));
    KT_TRY(user_of(b, params, &user));
    if (duration && !b24_int(duration, &seconds))
        return b24_fail(b->tx, "ERROR_ARGUMENT", "DURATION is a number", "DURATION jest liczbą");
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        outcome = b24_is(code, codes[i].theirs) ? codes[i].ours : outcome;
    if (!outcome)
        outcome = code.len ? "failed" : seconds ? "completed" : "no_answer";
    kt_put(b->tx, &p, "id", kt_value_int(id));
    kt_put(b->tx, &p, "outcome", b24_str(outcome));
    kt_put(b->tx, &p, "duration_s", kt_value_int(seconds));
    if (record.len)
        kt_put(b->tx, &p, "recording", kt_value_str(record));
    KT_TRY(kt_call(b->tx, "crm.call.finish", &p.value, &done));
    KT_TRY(b24_get(b, "crm.call", id, "party lead phone", &call));
    kt_put(b->tx, &r, "CALL_ID", kt_value_str(b24_given(b, params, "CALL_ID")));
    kt_put(b->tx, &r, "PHONE_NUMBER", kt_value_str(kt_value_get_str(call, "phone")));
    kt_put(b->tx, &r, "PORTAL_USER_ID", kt_value_int(user));
    kt_put(b->tx, &r, "CALL_DURATION", kt_value_int(seconds));
    kt_put(b->tx, &r, "CALL_FAILED_CODE", kt_value_str(code.len ? code : KT_STR("")));
    KT_TRY(put_party(b, b24_int_at(call, "party"), b24_int_at(call, "lead"), &r));
    a->result = r.value;
    return NULL;
}

/* A card is shown by whoever listens to the feed of calls: here it is only asked whether there is such a call. */
static kt_error *call_show(b24 *b, const kt_value *params, answer *a)
{
    const kt_value *call;
    int64_t id;
    KT_TRY(call_of(b, params, &id));
    KT_TRY(b24_get(b, "crm.call", id, "id", &call));
    a->result = kt_value_bool(true);
    return NULL;
}

static kt_error *call_attach(b24 *b, const kt_value *params, answer *a)
{
    kt_maker p = KT_MAKE_OBJECT, values = KT_MAKE_OBJECT, r = KT_MAKE_OBJECT;
    kt_str record = b24_given(b, params, "RECORD_URL");
    const kt_value *done;
    int64_t id;
    KT_TRY(call_of(b, params, &id));
    if (!record.len)
        return b24_fail(b->tx, "ERROR_ARGUMENT", "RECORD_URL is required", "wymagany jest RECORD_URL");
    kt_put(b->tx, &values, "recording", kt_value_str(record));
    kt_put(b->tx, &p, "id", kt_value_int(id));
    kt_put(b->tx, &p, "values", values.value);
    KT_TRY(kt_call(b->tx, "crm.call.update", &p.value, &done));
    kt_put(b->tx, &r, "FILE_ID", kt_value_int(id));
    a->result = r.value;
    return NULL;
}

static kt_error *call_search(b24 *b, const kt_value *params, answer *a)
{
    kt_maker p = KT_MAKE_OBJECT, r = KT_MAKE_OBJECT, list = KT_MAKE_ARRAY;
    const kt_value *found;
    kt_str number = b24_given(b, params, "PHONE_NUMBER");
    kt_put(b->tx, &p, "number", kt_value_str(number));
    KT_TRY(kt_call(b->tx, "crm.call.lookup", &p.value, &found));
    int64_t party = b24_int_at(found, "party");
    if (party) {
        KT_TRY(put_party(b, party, 0, &r));
        kt_put(b->tx, &r, "NAME", kt_value_str(kt_value_get_str(found, "name")));
        kt_put(b->tx, &r, "ASSIGNED_BY_ID", kt_value_int(b24_int_at(found, "owner")));
        kt_add(b->tx, &list, r.value);
    }
    a->result = list.value;
    return NULL;
}

const method reach_methods[] = {
    {"crm.duplicate.findbycomm", false, find_by_comm},
    {"telephony.externalCall.register", true, call_register},
    {"telephony.externalCall.finish", true, call_finish},
    {"telephony.externalCall.show", false, call_show},
    {"telephony.externalCall.hide", false, call_show},
    {"telephony.externalCall.attachRecord", true, call_attach},
    {"telephony.externalCall.searchCrmEntities", false, call_search},
    {0},
};

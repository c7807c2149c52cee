/* crm.automation.trigger.*: another system says that something happened to a record. What a trigger does is a rule's:
 * on = "webhook crm.automation.trigger", with {code, entity, id} as its third argument. */
#include <string.h>
#include <strings.h>

#include "b24.h"

/* "DEAL_57": the entity as they call it, and the record. */
static const entity *read_target(b24 *b, kt_str target, int64_t *id)
{
    size_t n = target.len;
    while (n && target.ptr[n - 1] != '_')
        n--;
    if (n < 2)
        return NULL;
    const kt_value number = kt_value_str(kt_format(b->tx, "%.*s", (int)(target.len - n), target.ptr + n));
    for (const entity *e = entities; e->name; e++) {
        const char *kind = strrchr(e->name, '.') + 1;
        if (strlen(kind) == n - 1 && strncasecmp(kind, target.ptr, n - 1) == 0)
            return b24_int(&number, id) && *id > 0 ? e : NULL;
    }
    return NULL;
}

static kt_error *fire(b24 *b, const entity *e, int64_t id, kt_str code, answer *a)
{
    kt_maker payload = KT_MAKE_OBJECT, p = KT_MAKE_OBJECT;
    const kt_value *done;
    if (!code.len)
        return b24_fail(b->tx, "ERROR_ARGUMENT", "code: is required", "code: jest wymagany");
    kt_put(b->tx, &payload, "code", kt_value_str(code));
    kt_put(b->tx, &payload, "entity", b24_str(e->ours));
    kt_put(b->tx, &payload, "id", kt_value_int(id));
    kt_put(b->tx, &p, "name", b24_str("crm.automation.trigger"));
    kt_put(b->tx, &p, "payload", payload.value);
    KT_TRY(kt_call(b->tx, "rule.webhook", &p.value, &done));
    a->result = kt_value_bool(true);
    return NULL;
}

/* crm.automation.trigger?target=DEAL_57&code=c5u4m */
static kt_error *by_webhook(b24 *b, const kt_value *params, answer *a)
{
    int64_t id = 0;
    const entity *e = read_target(b, b24_given(b, params, "target"), &id);
    if (!e)
        return b24_fail(b->tx, "ERROR_ARGUMENT",
            "target: DEAL_57 was expected, or LEAD_, QUOTE_, CONTACT_, COMPANY_",
            "target: oczekiwano DEAL_57 albo LEAD_, QUOTE_, CONTACT_, COMPANY_");
    return fire(b, e, id, b24_given(b, params, "code"), a);
}

static kt_error *execute(b24 *b, const kt_value *params, answer *a)
{
    int64_t type = 0, id = 0;
    const kt_value *of = b24_param(params, "OWNER_TYPE_ID"), *record = b24_param(params, "OWNER_ID");
    const entity *e = of && b24_int(of, &type) ? entity_of_type(type) : NULL;
    if (!e || !record || !b24_int(record, &id) || id < 1)
        return b24_fail(b->tx, "ERROR_ARGUMENT",
            "OWNER_TYPE_ID and OWNER_ID name no record that is kept here",
            "OWNER_TYPE_ID i OWNER_ID nie nazywają rekordu, który tu jest");
    return fire(b, e, id, b24_given(b, params, "CODE"), a);
}

/* A trigger is there as soon as a rule waits for its code: there is nothing to keep. */
static kt_error *announce(b24 *b, const kt_value *params, answer *a)
{
    if (!b24_given(b, params, "CODE").len)
        return b24_fail(b->tx, "ERROR_ARGUMENT", "CODE: is required", "CODE: jest wymagany");
    a->result = kt_value_bool(true);
    return NULL;
}

const method trigger_methods[] = {
    {"crm.automation.trigger", true, by_webhook},
    {"crm.automation.trigger.execute", true, execute},
    {"crm.automation.trigger.add", false, announce},
    {"crm.automation.trigger.delete", false, announce},
    {0},
};

/* Up to which amount each role approves purchase orders. The highest among the caller's roles holds; a caller whose
 * roles have none approves any amount that their rights let them approve. */
#include "purchase/purchase.h"

const kt_shape purchase_limit_shape = KT_SHAPE(purchase_limit, "logistics.purchase_limit",
    KT_FIELD(purchase_limit, role, REF, "Role", "Rola", .target = "access.role", .required = true,
        .unique = true, .on_delete = KT_CASCADE, .priority = 1),
    KT_FIELD(purchase_limit, amount, MONEY, "At most, net", "Najwyżej netto", .scale = 2, .required = true,
        .priority = 2,
        .help = {"Of one order, in the company's currency.", "Jednego zamówienia, w walucie firmy."}));

kt_error *purchase_limit_compute(kt_tx *tx, kt_record *self)
{
    return not_below(tx, "amount", KT_AS(purchase_limit, self)->amount, false);
}

struct approver {
    kt_record rec;
    kt_lines roles;
};
static const kt_shape approver_shape = KT_SHAPE(
    approver, "access.user", KT_BIND(approver, roles, REFS, "roles"));

static kt_error *find_limit(kt_tx *tx, kt_dec *limit)
{
    struct approver me = {KT_OF(approver)};
    struct purchase_limit one = {KT_OF(purchase_limit)};
    kt_cursor *cursor;
    *limit = (kt_dec){0};
    if (!kt_user(tx).v)
        return NULL;
    KT_TRY(kt_read(tx, kt_user(tx), &me.rec));
    const kt_id *roles = me.roles.items;
    KT_TRY(kt_open(tx, &(kt_query){.of = &purchase_limit_shape}, &cursor));
    while (kt_next(cursor, &one.rec))
        for (size_t i = 0; i < me.roles.count; i++)
            if (roles[i].v == one.role.v && kt_dec_cmp(one.amount, *limit) > 0)
                *limit = one.amount;
    return kt_close(cursor);
}

kt_error *po_within_limit(kt_tx *tx, const struct po *o)
{
    kt_dec limit;
    kt_authority before = kt_own_authority(tx); /* whoever asks may know their own limit */
    kt_error *e = find_limit(tx, &limit);
    kt_callers_authority(tx, before);
    KT_TRY(e);
    if (!limit.scale1 || (o->net_own.scale1 && kt_dec_cmp(o->net_own, limit) <= 0))
        return NULL;
    if (!o->net_own.scale1)
        return kt_fail(tx, KT_RULE, "currency", "there is no rate to judge the order's amount by",
            "brak kursu, według którego można ocenić kwotę zamówienia");
    return kt_hint(kt_fail(tx, KT_RULE, "net", "%s exceeds your limit of %s", "%s przekracza Twój limit %s",
                       dec_words(tx, o->net_own), dec_words(tx, limit)),
        "Send it, and ask somebody with a higher limit to approve it.",
        "Wyślij je i poproś o zatwierdzenie kogoś z wyższym limitem.");
}

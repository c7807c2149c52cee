/* How much discount each role may give. The highest limit among the caller's roles holds; without any there
 * is none. What is above it is refused, or waits for the approval of somebody whose own limit reaches so far.
 */
#include "sales/sales.h"

static const kt_choice over_limits[] = {
    {REFUSE, "refuse", {"Refuse", "Odmów"}},
    {ASK, "approve", {"Needs approval", "Wymaga zgody"}},
    {0},
};
const kt_choice approvals[] = {
    {NOT_NEEDED, "not_needed", {"Not needed", "Niewymagana"}},
    {NEEDED, "needed", {"Needed", "Wymagana"}, "blocked"},
    {GIVEN, "given", {"Given", "Udzielona"}},
    {0},
};
const kt_shape discount_limit_shape = KT_SHAPE(discount_limit, "crm.discount_limit",
    KT_FIELD(discount_limit, role, REF, "Role", "Rola", .target = "access.role", .required = true,
        .unique = true, .on_delete = KT_CASCADE, .priority = 1),
    KT_FIELD(discount_limit, percent, PERCENT, "At most, %", "Najwyżej, %", .scale = 2, .required = true,
        .priority = 2, .help = {"Off the list price, in all.", "Łącznie od ceny z cennika."}),
    KT_FIELD(discount_limit, over, STATE, "Above it", "Powyżej", .choices = over_limits, .initial = "refuse",
        .priority = 3));

struct caller {
    kt_record rec;
    kt_lines roles;
};
static const kt_shape caller_shape = KT_SHAPE(caller, "access.user", KT_BIND(caller, roles, REFS, "roles"));

kt_error *discount_limit_compute(kt_tx *tx, kt_record *self)
{
    const struct discount_limit *l = KT_AS(discount_limit, self);
    if (l->percent.scale1 &&
        (kt_dec_cmp(l->percent, KT_DEC(0, 0)) < 0 || kt_dec_cmp(l->percent, KT_DEC(100, 0)) > 0))
        return kt_fail(tx, KT_VALIDATION, "percent", "a discount is 0 to 100", "rabat to 0 do 100");
    return NULL;
}

/* *limit is not set where no role of the caller has one. */
static kt_error *find_limit(kt_tx *tx, struct discount_limit *limit)
{
    kt_cursor *cursor;
    struct caller me = {KT_OF(caller)};
    kt_id user = kt_user(tx);
    if (!user.v)
        return NULL;
    KT_TRY(kt_read(tx, user, &me.rec));
    const kt_id *roles = me.roles.items;
    KT_TRY(kt_open(tx, &(kt_query){&discount_limit_shape, NULL, "id", 0}, &cursor));
    struct discount_limit one = {KT_OF(discount_limit)};
    while (kt_next(cursor, &one.rec))
        for (size_t i = 0; i < me.roles.count; i++)
            if (roles[i].v == one.role.v && (!limit->rec.id.v || kt_dec_cmp(one.percent, limit->percent) > 0))
                *limit = one;
    return kt_close(cursor);
}

kt_error *discount_judge(kt_tx *tx, const struct terms *t, bool *ask)
{
    struct discount_limit limit = {KT_OF(discount_limit)};
    *ask = false;
    if (!t->discount_most.coef)
        return NULL;
    KT_TRY(find_limit(tx, &limit));
    if (!limit.rec.id.v || kt_dec_cmp(t->discount_most, limit.percent) <= 0)
        return NULL;
    *ask = limit.over == ASK;
    if (*ask)
        return NULL;
    kt_str path = kt_format(tx, "lines[%zu].discount_percent", t->discount_line);
    return kt_hint(
        kt_fail(tx, KT_RULE, path.ptr, "a discount of %lld.%02lld%% exceeds your limit of %lld.%02lld%%",
            "rabat %lld,%02lld%% przekracza Twój limit %lld,%02lld%%",
            (long long)(t->discount_most.coef / 100), (long long)(t->discount_most.coef % 100),
            (long long)(limit.percent.coef / 100), (long long)(limit.percent.coef % 100)),
        "Lower the discount, or let somebody with a higher limit enter it.",
        "Zmniejsz rabat albo poproś o wpisanie kogoś z wyższym limitem.");
}

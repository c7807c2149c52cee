/* What the customer put aside in the shop, or has in the basket there, comes into an offer. */
#include "customer/audience.h"
#include "sales/sales.h"

struct put_aside { /* the parameters of crm.quotation.add_put_aside */
    kt_record rec;
    bool viewed;
};
const kt_shape put_aside_shape = KT_SHAPE(put_aside, NULL,
    KT_FIELD(put_aside, viewed, BOOL, "What was looked at, too", "Także oglądane",
        .help = {
            "Else what was put aside or is in the basket.", "W przeciwnym razie odłożone i w koszyku."}));

static bool has_item(const struct sale *s, kt_id item)
{
    for (size_t i = 0; i < s->lines.count; i++)
        if (sale_line_at(&s->lines, i)->item.v == item.v)
            return true;
    return false;
}

/* Goods that are sold, newest first; what stands on the document already stays as it is there. */
kt_error *quotation_add_put_aside(
    kt_tx *tx, struct sale *s, const kt_shape *line_shape, const kt_record *params)
{
    enum { MOST = 100 };
    bool viewed = KT_SEE(put_aside, params)->viewed;
    size_t before = s->lines.count;
    kt_cursor *cursor;
    kt_error *error = NULL;
    struct interest wish = {KT_OF(interest)};
    const kt_where where[] = {KT_WHERE(interest, party, KT_EQ, s->party), {0}};
    const kt_str goods = viewed ? KT_STR("[[\"item.sold\",\"=\",true],[\"item.active\",\"=\",true]]")
                                : KT_STR("[[\"item.sold\",\"=\",true],[\"item.active\",\"=\",true],"
                                         "[\"kind\",\"!=\",\"viewed\"]]");
    KT_TRY(kt_open(tx, &(kt_query){&interest_shape, where, "-last_at,-id", MOST, goods}, &cursor));
    while (!error && kt_next(cursor, &wish.rec)) {
        const struct sale_line line = {.rec.of = line_shape, .item = wish.item, .quantity = wish.quantity};
        if (!has_item(s, wish.item))
            error = kt_line_add(tx, &s->lines, &line.rec);
    }
    kt_also(&error, kt_close(cursor));
    if (error || s->lines.count > before)
        return error;
    return kt_hint(
        kt_fail(tx, KT_RULE, "party", "the customer has put nothing aside that is not offered here",
            "klient nie odłożył niczego, czego tu nie ma"),
        "With viewed: true goods that were only looked at are taken, too.",
        "Z viewed: true dodawane są także towary tylko oglądane.");
}

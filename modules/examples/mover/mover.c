/* mover.c -- announces the value of moved goods and the cost of production as the modules that keep them do, for
 * whoever builds on those events: the ledger's own tests run with it. */
#include <kontor.h>

struct moved {
    kt_record rec;
    kt_id item, category, party;
    kt_dec quantity, value;
    kt_str from, to, reason;
    kt_date day;
};
static const kt_shape moved_shape = KT_SHAPE(moved, NULL,
    KT_FIELD(moved, item, REF, "Item", "Towar", .target = "base.item", .required = true),
    KT_FIELD(moved, category, REF, "Category", "Kategoria", .target = "base.item_category"),
    KT_FIELD(moved, party, REF, "Party", "Kontrahent", .target = "base.party"),
    KT_FIELD(moved, quantity, QUANTITY, "Quantity", "Ilość", .scale = 4, .required = true),
    KT_FIELD(moved, value, MONEY, "Value", "Wartość", .scale = 2, .required = true),
    KT_FIELD(moved, from, STRING, "From", "Skąd", .required = true),
    KT_FIELD(moved, to, STRING, "To", "Dokąd", .required = true),
    KT_FIELD(moved, reason, STRING, "Why", "Dlaczego"),
    KT_FIELD(moved, day, DATE, "Day", "Dzień", .initial = "today"));

static kt_error *announce_move(kt_tx *tx, const kt_record *params, kt_record *result)
{
    (void)result;
    return kt_emit(tx, "logistics.valued", params);
}

struct spent {
    kt_record rec;
    kt_str kind;
    kt_dec amount;
    kt_date day;
};
static const kt_shape spent_shape = KT_SHAPE(spent, NULL,
    KT_FIELD(spent, kind, STRING, "Kind", "Rodzaj", .required = true),
    KT_FIELD(spent, amount, MONEY, "Amount", "Kwota", .scale = 2, .required = true),
    KT_FIELD(spent, day, DATE, "Day", "Dzień", .initial = "today"));

static kt_error *announce_cost(kt_tx *tx, const kt_record *params, kt_record *result)
{
    (void)result;
    return kt_emit(tx, "production.cost", params);
}

const kt_module kontor_module = KT_MODULE("mover", "1.0.0", "Announces moves", "Zgłasza ruchy",
    .needs = "base",
    .methods = KT_LIST(kt_method,
        {"move", {"Announce a move", "Zgłoś ruch"}, "login", true, &moved_shape, NULL, announce_move},
        {"cost", {"Announce a cost", "Zgłoś koszt"}, "login", true, &spent_shape, NULL, announce_cost}));

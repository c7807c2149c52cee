/* shop.h -- a small module for tests of what every module gets: one entity with all kinds of fields, an
 * action, a method. Included by one test program each. */
#pragma once
#include <kontor.h>

struct part {
    kt_record rec;
    kt_str name;
    kt_dec quantity;
};
static const kt_shape part_shape = KT_SHAPE(part, NULL,
    KT_FIELD(part, name, STRING, "Part", "Część", .required = true, .max = 20),
    KT_FIELD(part, quantity, QUANTITY, "Quantity", "Ilość", .scale = 3));

enum { SHOP_NEW = 1, SHOP_SOLD };
static const kt_choice shop_states[] = {
    {SHOP_NEW, "new", {"New", "Nowy"}, "open"}, {SHOP_SOLD, "sold", {"Sold", "Sprzedany"}, "won"}, {0}};

struct thing {
    kt_record rec;
    kt_str name, buyer;
    kt_dec price;
    unsigned state;
    kt_date day;
    kt_id owner;
    kt_lines parts;
};
static const kt_shape thing_shape = KT_SHAPE(thing, "shop.thing",
    KT_FIELD(thing, name, STRING, "Name", "Nazwa", .required = true, .max = 40, .searchable = true,
        .indexed = true),
    KT_FIELD(thing, buyer, STRING, "Buyer", "Kupujący"),
    KT_FIELD(thing, price, MONEY, "Price", "Cena", .scale = 2),
    KT_FIELD(thing, state, STATE, "State", "Stan", .choices = shop_states, .initial = "new"),
    KT_FIELD(thing, day, DATE, "Day", "Dzień"),
    KT_FIELD(thing, owner, REF, "Owner", "Właściciel", .target = "access.user"),
    KT_FIELD(thing, parts, LINES, "Parts", "Części", .lines = &part_shape));

struct sell_params {
    kt_record rec;
    kt_str buyer;
};
static const kt_shape sell_shape = KT_SHAPE(
    sell_params, NULL, KT_FIELD(sell_params, buyer, STRING, "Buyer", "Kupujący", .required = true));

static kt_error *run_sell(kt_tx *tx, kt_record *self, const kt_record *params)
{
    struct thing *thing = KT_AS(thing, self);
    const struct sell_params *p = (const struct sell_params *)kt_see(params, &sell_shape);
    if (!thing->price.scale1)
        return kt_fail(
            tx, KT_BAD_STATE, "price", "without a price it cannot be sold", "bez ceny nie można sprzedać");
    thing->buyer = p->buyer;
    return NULL;
}

struct total {
    kt_record rec;
    kt_dec sum;
};
static const kt_shape total_shape = KT_SHAPE(
    total, NULL, KT_FIELD(total, sum, MONEY, "Sum", "Suma", .scale = 2));

static kt_error *run_total(kt_tx *tx, const kt_record *params, kt_record *result)
{
    struct total *total = KT_AS(total, result);
    (void)params;
    const kt_query all = {.of = &thing_shape};
    return kt_sum(tx, &all, offsetof(struct thing, price), &total->sum);
}

static const kt_module shop_module = {.abi = KT_ABI,
    .name = "shop",
    .version = "1.0.0",
    .label = {"Shop", "Sklep"},
    .entities = KT_LIST(kt_entity, {.shape = &thing_shape,
                                       .label = {"Thing", "Rzecz"},
                                       .plural = {"Things", "Rzeczy"},
                                       .title = "name",
                                       .number = "TH/{year}/{seq:4}",
                                       .actions = KT_LIST(kt_action,
                                           {.name = "sell",
                                               .label = {"Sell", "Sprzedaj"},
                                               .right = "update",
                                               .from = KT_IN(SHOP_NEW),
                                               .to = SHOP_SOLD,
                                               .params = &sell_shape,
                                               .run = run_sell,
                                               .preview = true},
                                           {.name = "quote",
                                               .label = {"Quote", "Wycena"},
                                               .right = "update",
                                               .from = KT_IN(SHOP_NEW),
                                               .params = &sell_shape,
                                               .rehearses = "sell"})}),
    .methods = KT_LIST(kt_method, {.name = "total",
                                      .label = {"Total", "Razem"},
                                      .right = "shop.thing:read",
                                      .result = &total_shape,
                                      .run = run_total})};

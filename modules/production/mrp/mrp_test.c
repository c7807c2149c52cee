/* Requirements against the tables of textbooks, and against what must hold of any plan. Tables: J. Heizer, B. Render,
 * Operations Management, chapter on material requirements planning: the gross requirements plan and the net requirements
 * plan of speaker kits; lot sizing over ten weeks lot for lot, by fixed quantity and by period. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "mrp/mrp.h"

#define POOL_BYTES (256 << 20)
#define SEED       17
#include "memory_test.h"

/* What is planned for an item to come on a day. */
static int64_t planned(const struct mrp *m, uint32_t item, int32_t day, bool release)
{
    int64_t sum = 0;
    for (size_t i = 0; i < m->order_count; i++)
        if (m->orders[i].item == item && (release ? m->orders[i].release : m->orders[i].due) == day)
            sum += m->orders[i].quantity;
    return sum / MRP_ONE;
}

static void plan(struct mrp *m)
{
    used = 0;
    assert_int_equal(mrp_plan(&from_pool, m), MRP_PLANNED);
}

/* A third of a screw for each: the four of one order take two. */
static void components_are_asked_for_in_whole_steps(void **state)
{
    (void)state;
    struct mrp_item items[] = {{.policy = MRP_AS_NEEDED}, {.policy = MRP_AS_NEEDED, .step = MRP_ONE}};
    const struct mrp_link links[] = {{0, 1, MRP_USAGE / 3}};
    const struct mrp_demand demands[] = {{0, 5, 4 * MRP_ONE}};
    struct mrp m = {.items = items,
        .item_count = 2,
        .links = links,
        .link_count = 1,
        .demands = demands,
        .demand_count = 1,
        .today = 1};
    plan(&m);
    assert_int_equal(planned(&m, 1, 5, false), 2);
}

/* Half a screw more is a screw more; lots of two and a half are lots of three, and not above the greatest. */
static void whole_steps_are_proposed(void **state)
{
    (void)state;
    const struct mrp_demand demands[] = {{0, 5, 4 * MRP_ONE + MRP_ONE / 2}};
    const struct {
        struct mrp_item item;
        int64_t proposed;
    } cases[] = {{{.policy = MRP_AS_NEEDED, .step = MRP_ONE}, 5},
        {{.policy = MRP_FIXED, .lot = 5 * MRP_ONE / 2, .step = MRP_ONE}, 6},
        {{.policy = MRP_AS_NEEDED, .min = 13 * MRP_ONE / 2, .step = MRP_ONE}, 7},
        {{.policy = MRP_AS_NEEDED, .max = 5 * MRP_ONE / 2, .step = MRP_ONE}, 5}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mrp_item item = cases[i].item;
        struct mrp m = {.items = &item, .item_count = 1, .demands = demands, .demand_count = 1, .today = 1};
        plan(&m);
        assert_int_equal(planned(&m, 0, 5, false), cases[i].proposed);
    }
}

/* ---- Textbook ---- */

enum { A, B, C, D, E, F, G, KIT };

static void speaker_kits_are_planned_as_in_the_book(void **state)
{
    (void)state;
    static const struct {
        int64_t on_hand;
        int32_t lead;
    } rows[KIT] = {[A] = {10, 1},
        [B] = {15, 2},
        [C] = {20, 1},
        [D] = {10, 1},
        [E] = {10, 2},
        [F] = {5, 3},
        [G] = {0, 2}};
    static const struct {
        uint32_t parent, component;
        int64_t usage;
    } links[] = {{A, B, 2}, {A, C, 3}, {B, D, 2}, {B, E, 2}, {C, E, 2}, {C, F, 2}, {F, G, 1}, {F, D, 2}};
    struct mrp_item items[KIT] = {0};
    struct mrp_link all[sizeof links / sizeof *links];
    const struct mrp_demand demand = {A, 8, 50 * MRP_ONE};
    for (size_t i = 0; i < KIT; i++)
        items[i] = (struct mrp_item){
            .on_hand = rows[i].on_hand * MRP_ONE, .lead = rows[i].lead, .policy = MRP_AS_NEEDED};
    for (size_t i = 0; i < sizeof links / sizeof *links; i++)
        all[i] = (struct mrp_link){links[i].parent, links[i].component, links[i].usage * MRP_USAGE};
    struct mrp m = {.items = items,
        .item_count = KIT,
        .links = all,
        .link_count = sizeof links / sizeof *links,
        .demands = &demand,
        .demand_count = 1,
        .today = 1};
    plan(&m);
    static const struct {
        uint32_t item;
        int32_t release, due;
        int64_t quantity;
    } book[] = {{A, 7, 8, 40}, {B, 5, 7, 65}, {C, 6, 7, 100}, {E, 3, 5, 120}, {E, 4, 6, 200}, {F, 3, 6, 195},
        {D, 2, 3, 380}, {D, 4, 5, 130}, {G, 1, 3, 195}};
    assert_int_equal(m.order_count, sizeof book / sizeof *book);
    for (size_t i = 0; i < sizeof book / sizeof *book; i++) {
        assert_int_equal(planned(&m, book[i].item, book[i].release, true), book[i].quantity);
        assert_int_equal(planned(&m, book[i].item, book[i].due, false), book[i].quantity);
    }
    static const uint32_t levels[KIT] = {[A] = 0, [B] = 1, [C] = 1, [D] = 3, [E] = 2, [F] = 2, [G] = 3};
    for (size_t i = 0; i < KIT; i++)
        assert_int_equal(items[i].level, levels[i]);
}

static void lots_are_sized_as_in_the_book(void **state)
{
    (void)state;
    static const int64_t gross[] = {35, 30, 40, 0, 10, 40, 30, 0, 30, 55};
    enum { WEEKS = sizeof gross / sizeof *gross };
    static const struct {
        struct mrp_item item;
        int64_t due[WEEKS];
    } cases[] = {
        {{.policy = MRP_AS_NEEDED}, {0, 30, 40, 0, 10, 40, 30, 0, 30, 55}},
        {{.policy = MRP_FIXED, .lot = 73 * MRP_ONE}, {0, 73, 0, 0, 73, 0, 73, 0, 0, 73}},
        {{.policy = MRP_PERIOD, .period = 3}, {0, 70, 0, 0, 80, 0, 0, 0, 85, 0}},
    };
    struct mrp_demand demands[WEEKS];
    for (int32_t w = 0; w < WEEKS; w++)
        demands[w] = (struct mrp_demand){0, w + 1, gross[w] * MRP_ONE};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        struct mrp_item item = cases[c].item;
        item.on_hand = 35 * MRP_ONE;
        item.lead = 1;
        struct mrp m = {
            .items = &item, .item_count = 1, .demands = demands, .demand_count = WEEKS, .today = 1};
        plan(&m);
        for (int32_t w = 0; w < WEEKS; w++) {
            assert_int_equal(planned(&m, 0, w + 1, false), cases[c].due[w]);
            assert_int_equal(planned(&m, 0, w, true), cases[c].due[w]);
        }
    }
}

/* ---- Lots, safety, messages ---- */

static void an_order_keeps_to_its_limits(void **state)
{
    (void)state;
    struct mrp_item item = {
        .policy = MRP_AS_NEEDED, .min = 10 * MRP_ONE, .max = 50 * MRP_ONE, .multiple = 4 * MRP_ONE};
    struct mrp_demand demand = {0, 5, 3 * MRP_ONE};
    struct mrp m = {.items = &item, .item_count = 1, .demands = &demand, .demand_count = 1, .today = 1};
    plan(&m);
    assert_int_equal(m.order_count, 1);
    assert_int_equal(m.orders[0].quantity, 12 * MRP_ONE);
    demand.quantity = 101 * MRP_ONE;
    plan(&m);
    assert_int_equal(m.order_count, 3); /* the last is not below the least, and a multiple, too */
    assert_int_equal(planned(&m, 0, 5, false), 48 + 48 + 12);
}

/* Packs of eight, of which 25 at least and 70 at most are bought at a time: fixed lots are of 32, two of them at most. */
static void fixed_lots_keep_to_the_limits_too(void **state)
{
    (void)state;
    static const int64_t orders[] = {64, 64, 32};
    struct mrp_item item = {.policy = MRP_FIXED,
        .lot = 30 * MRP_ONE,
        .min = 25 * MRP_ONE,
        .max = 70 * MRP_ONE,
        .multiple = 8 * MRP_ONE};
    struct mrp_demand demand = {0, 5, 130 * MRP_ONE};
    struct mrp m = {.items = &item, .item_count = 1, .demands = &demand, .demand_count = 1, .today = 1};
    plan(&m);
    assert_int_equal(m.order_count, 3);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(m.orders[i].quantity, orders[i] * MRP_ONE);
    demand.quantity = 65 * MRP_ONE; /* what is left is a lot again, for it is not below the least */
    plan(&m);
    assert_int_equal(m.order_count, 2);
    assert_int_equal(planned(&m, 0, 5, false), 96);
}

/* Twenty at least, and by tens; of nothing that is needed on day 99 anybody can tell. */
static bool by_tens(void *from, uint32_t item, int64_t quantity, int32_t due, int64_t *bought)
{
    (void)from;
    (void)item;
    *bought = quantity < 20 * MRP_ONE ? 20 * MRP_ONE
                                      : (quantity + 10 * MRP_ONE - 1) / (10 * MRP_ONE) * (10 * MRP_ONE);
    return due != 99;
}

static void what_is_bought_comes_in_the_suppliers_lots(void **state)
{
    (void)state;
    struct mrp_item item = {.policy = MRP_AS_NEEDED, .min = 12 * MRP_ONE, .bought = true};
    struct mrp_demand demands[] = {{0, 5, 3 * MRP_ONE}, {0, 6, 18 * MRP_ONE}, {0, 9, 40 * MRP_ONE}};
    struct mrp m = {
        .items = &item, .item_count = 1, .demands = demands, .demand_count = 3, .today = 1, .buy = by_tens};
    plan(&m); /* the second takes 17 of the first's twenty, the third 19 of those that its last one needs */
    assert_int_equal(m.order_count, 3);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(m.orders[i].quantity, 20 * MRP_ONE + (i == 2 ? 10 * MRP_ONE : 0));
    item.bought = false;
    plan(&m);
    assert_int_equal(planned(&m, 0, 5, false), 12);
    item.bought = true;
    demands[2].day = 99;
    assert_int_equal(mrp_plan(&from_pool, &m), MRP_UNTOLD);
}

/* A stand is bolted until day 9 and glued from then on, both through a phantom; what is due then counts, not what is begun. */
static void what_goes_in_changes_with_the_day(void **state)
{
    (void)state;
    enum { STAND, JOINT, BOLT, GLUE, COUNT };
    struct mrp_item items[COUNT] = {[STAND] = {.policy = MRP_AS_NEEDED, .lead = 2},
        [JOINT] = {.policy = MRP_AS_NEEDED, .phantom = true},
        [BOLT] = {.policy = MRP_AS_NEEDED},
        [GLUE] = {.policy = MRP_AS_NEEDED}};
    const struct mrp_link links[] = {{STAND, JOINT, MRP_USAGE, 0, 0}, {JOINT, BOLT, 4 * MRP_USAGE, 0, 9},
        {JOINT, GLUE, MRP_USAGE / 2, 10, 0}};
    const struct mrp_demand demands[] = {{STAND, 9, 3 * MRP_ONE}, {STAND, 10, 8 * MRP_ONE}};
    struct mrp m = {.items = items,
        .item_count = COUNT,
        .links = links,
        .link_count = 3,
        .demands = demands,
        .demand_count = 2,
        .today = 1};
    plan(&m);
    assert_int_equal(m.order_count, 4);
    assert_int_equal(planned(&m, BOLT, 7, false), 12);
    assert_int_equal(planned(&m, GLUE, 8, false), 4);
    assert_int_equal(items[GLUE].level, 2);
}

static void safety_stock_is_filled_up_and_kept(void **state)
{
    (void)state;
    struct mrp_item item = {.policy = MRP_AS_NEEDED, .on_hand = 15 * MRP_ONE, .safety = 10 * MRP_ONE};
    const struct mrp_demand demand = {0, 5, 8 * MRP_ONE};
    struct mrp m = {.items = &item, .item_count = 1, .demands = &demand, .demand_count = 1, .today = 1};
    plan(&m);
    assert_int_equal(planned(&m, 0, 5, false), 3);
    item.on_hand = 4 * MRP_ONE;
    plan(&m);
    assert_int_equal(planned(&m, 0, 1, false), 6);
    assert_int_equal(planned(&m, 0, 5, false), 8);
}

static void receipts_get_messages(void **state)
{
    (void)state;
    struct mrp_item item = {.policy = MRP_AS_NEEDED};
    const struct mrp_demand demands[] = {{0, 5, 10 * MRP_ONE}, {0, 9, 10 * MRP_ONE}, {0, 12, 10 * MRP_ONE}};
    struct mrp_receipt receipts[] = {{0, 7, 10 * MRP_ONE, MRP_KEEP, 0}, {0, 8, 10 * MRP_ONE, MRP_KEEP, 0},
        {0, 12, 10 * MRP_ONE, MRP_KEEP, 0}, {0, 20, 5 * MRP_ONE, MRP_KEEP, 0}};
    struct mrp m = {.items = &item,
        .item_count = 1,
        .demands = demands,
        .demand_count = 3,
        .receipts = receipts,
        .receipt_count = 4,
        .today = 1};
    plan(&m);
    assert_int_equal(m.order_count, 0);
    assert_int_equal(receipts[0].message, MRP_EXPEDITE);
    assert_int_equal(receipts[0].needed, 5);
    assert_int_equal(receipts[1].message, MRP_DEFER);
    assert_int_equal(receipts[1].needed, 9);
    assert_int_equal(receipts[2].message, MRP_KEEP);
    assert_int_equal(receipts[3].message, MRP_CANCEL);
}

/* A board leaves two offcuts, of which feet are cut: they are there for feet that are begun when it is due, not for others. */
static void by_products_cover_what_is_needed_later(void **state)
{
    (void)state;
    enum { BOARD, FOOT, OFFCUT, COUNT };
    struct mrp_item items[COUNT] = {[BOARD] = {.policy = MRP_AS_NEEDED, .lead = 2},
        [FOOT] = {.policy = MRP_AS_NEEDED, .lead = 1},
        [OFFCUT] = {.policy = MRP_AS_NEEDED, .on_hand = 3 * MRP_ONE}};
    const struct mrp_link links[] = {{BOARD, OFFCUT, -2 * MRP_USAGE, 0, 0}, {FOOT, OFFCUT, MRP_USAGE, 0, 0}};
    const struct mrp_demand demands[] = {
        {BOARD, 9, 5 * MRP_ONE}, {FOOT, 7, 4 * MRP_ONE}, {FOOT, 11, 8 * MRP_ONE}, {FOOT, 30, 6 * MRP_ONE}};
    struct mrp_receipt receipts[] = {{.item = OFFCUT, .day = 20, .quantity = 2 * MRP_ONE},
        {.item = OFFCUT, .day = 25, .quantity = MRP_ONE, .fixed = true}};
    struct mrp m = {.items = items,
        .item_count = COUNT,
        .links = links,
        .link_count = 2,
        .demands = demands,
        .demand_count = 4,
        .receipts = receipts,
        .receipt_count = 2,
        .today = 1};
    plan(&m);
    /* day 6: three of stock, one of the receipt; day 10: eight of the ten that come with boards; day 29: two of them, the one that is
     * fixed, and what is left of the receipt */
    static const struct mrp_peg offcuts[] = {
        {MRP_ORDER, MRP_STOCK, 1, MRP_NOTHING, OFFCUT, 6, 3 * MRP_ONE},
        {MRP_ORDER, MRP_RECEIPT, 1, 0, OFFCUT, 6, 1 * MRP_ONE},
        {MRP_ORDER, MRP_ORDER, 2, 0, OFFCUT, 10, 8 * MRP_ONE},
        {MRP_ORDER, MRP_ORDER, 3, 0, OFFCUT, 29, 2 * MRP_ONE},
        {MRP_ORDER, MRP_RECEIPT, 3, 1, OFFCUT, 29, 1 * MRP_ONE},
        {MRP_ORDER, MRP_RECEIPT, 3, 0, OFFCUT, 29, 1 * MRP_ONE},
        {MRP_ORDER, MRP_ORDER, 3, 4, OFFCUT, 29, 2 * MRP_ONE},
    };
    assert_int_equal(m.peg_count, 4 + 7);
    for (size_t i = 0; i < 7; i++)
        assert_memory_equal(&m.pegs[i + 4], &offcuts[i], sizeof *offcuts);
    assert_int_equal(m.order_count, 5);
    assert_int_equal(receipts[0].message, MRP_EXPEDITE);
    assert_int_equal(receipts[1].message, MRP_KEEP);
}

/* Whole pieces come, of what is made while the bill says so; for three days together no more is planned than they are short of. */
static void by_products_come_whole_and_lessen_lots(void **state)
{
    (void)state;
    enum { BOARD, OFFCUT, COUNT };
    struct mrp_item items[COUNT] = {
        [BOARD] = {.policy = MRP_AS_NEEDED}, [OFFCUT] = {.policy = MRP_PERIOD, .period = 3, .step = MRP_ONE}};
    const struct mrp_link links[] = {{BOARD, OFFCUT, -MRP_USAGE / 2, 0, 8}};
    const struct mrp_demand demands[] = {{BOARD, 5, 5 * MRP_ONE}, {BOARD, 9, 4 * MRP_ONE},
        {OFFCUT, 4, MRP_ONE}, {OFFCUT, 5, MRP_ONE}, {OFFCUT, 6, 3 * MRP_ONE}, {OFFCUT, 20, MRP_ONE}};
    struct mrp m = {.items = items,
        .item_count = COUNT,
        .links = links,
        .link_count = 1,
        .demands = demands,
        .demand_count = 6,
        .today = 1};
    plan(&m);
    assert_int_equal(planned(&m, OFFCUT, 4, false), 3); /* one before the two come, two of the four behind */
    assert_int_equal(planned(&m, OFFCUT, 20, false), 1);
    assert_int_equal(m.order_count, 4);
}

/* Glue is cooked of chips, which come with boards, which take glue: boards are planned behind nothing, glue and chips behind them. */
static void by_products_may_circle(void **state)
{
    (void)state;
    enum { CHIP, GLUE, BOARD, COUNT };
    struct mrp_item items[COUNT] = {
        {.policy = MRP_AS_NEEDED}, {.policy = MRP_AS_NEEDED}, {.policy = MRP_AS_NEEDED}};
    const struct mrp_link links[] = {{BOARD, GLUE, MRP_USAGE, 0, 0}, {GLUE, CHIP, MRP_USAGE, 0, 0},
        {BOARD, CHIP, -MRP_USAGE, 0, 0}, {CHIP, BOARD, -MRP_USAGE, 0, 0}, {GLUE, GLUE, -MRP_USAGE, 0, 0}};
    const struct mrp_demand demand = {BOARD, 5, 3 * MRP_ONE};
    struct mrp m = {.items = items,
        .item_count = COUNT,
        .links = links,
        .link_count = 3,
        .demands = &demand,
        .demand_count = 1,
        .today = 1};
    plan(&m);
    assert_int_equal(m.order_count, 2); /* the chips of the boards are there for the glue of as many */
    m.link_count = 5;
    plan(&m);
    assert_int_equal(planned(&m, GLUE, 5, false), 3);
    assert_int_equal(planned(&m, BOARD, 5, false), 3);
}

static void a_late_release_is_marked(void **state)
{
    (void)state;
    struct mrp_item item = {.policy = MRP_AS_NEEDED, .lead = 10};
    const struct mrp_demand demand = {0, 5, MRP_ONE};
    struct mrp m = {.items = &item, .item_count = 1, .demands = &demand, .demand_count = 1, .today = 1};
    plan(&m);
    assert_true(m.orders[0].late);
    assert_int_equal(m.orders[0].release, 1);
}

static void a_circle_is_told(void **state)
{
    (void)state;
    struct mrp_item items[2] = {{.policy = MRP_AS_NEEDED}, {.policy = MRP_AS_NEEDED}};
    const struct mrp_link links[] = {{0, 1, MRP_USAGE}, {1, 0, MRP_USAGE}};
    struct mrp m = {.items = items, .item_count = 2, .links = links, .link_count = 2, .today = 1};
    used = 0;
    assert_int_equal(mrp_plan(&from_pool, &m), MRP_CYCLE);
}

/* Two of the kit go into a machine, three screws into a kit; a kit is asked for by itself, too. */
static void a_phantom_is_passed_through_to_what_needs_it(void **state)
{
    (void)state;
    enum { MACHINE, FOLDED, SCREW, COUNT };
    struct mrp_item items[COUNT] = {[MACHINE] = {.policy = MRP_AS_NEEDED, .lead = 2},
        [FOLDED] = {.policy = MRP_AS_NEEDED, .phantom = true},
        [SCREW] = {.policy = MRP_AS_NEEDED, .on_hand = 10 * MRP_ONE}};
    const struct mrp_link links[] = {{MACHINE, FOLDED, 2 * MRP_USAGE}, {FOLDED, SCREW, 3 * MRP_USAGE}};
    const struct mrp_demand demands[] = {{MACHINE, 9, 5 * MRP_ONE}, {FOLDED, 7, 4 * MRP_ONE}};
    struct mrp m = {.items = items,
        .item_count = COUNT,
        .links = links,
        .link_count = 2,
        .demands = demands,
        .demand_count = 2,
        .today = 1};
    plan(&m);
    assert_int_equal(m.order_count, 2);
    assert_int_equal(planned(&m, MACHINE, 7, true), 5);
    assert_int_equal(planned(&m, SCREW, 7, false), 5 * 2 * 3 + 4 * 3 - 10);
    static const struct mrp_peg screws[] = {
        {MRP_DEMAND, MRP_STOCK, 1, MRP_NOTHING, SCREW, 7, 10 * MRP_ONE},
        {MRP_DEMAND, MRP_ORDER, 1, 1, SCREW, 7, 2 * MRP_ONE},
        {MRP_ORDER, MRP_ORDER, 0, 1, SCREW, 7, 30 * MRP_ONE},
    };
    assert_int_equal(m.peg_count, 4);
    for (size_t i = 0; i < 3; i++)
        assert_memory_equal(&m.pegs[i + 1], &screws[i], sizeof *screws);
}

/* ---- Whatever is planned ---- */

enum { ITEMS = 30, LINKS = 60, DEMANDS = 80, RECEIPTS = 30, DAYS = 60 };

struct instance {
    struct mrp_item items[ITEMS];
    struct mrp_link links[LINKS];
    struct mrp_demand demands[DEMANDS];
    struct mrp_receipt receipts[RECEIPTS];
};

static struct mrp random_instance(struct instance *in)
{
    for (size_t i = 0; i < ITEMS; i++)
        in->items[i] = (struct mrp_item){.on_hand = draw(50) * MRP_ONE,
            .safety = draw(3) ? 0 : draw(20) * MRP_ONE,
            .lead = (int32_t)draw(6),
            .policy = (enum mrp_policy)(1 + draw(3)),
            .lot = (1 + draw(40)) * MRP_ONE,
            .period = (int32_t)(1 + draw(7)),
            .min = draw(2) * draw(30) * MRP_ONE,
            .max = draw(3) ? 0 : (40 + draw(40)) * MRP_ONE,
            .multiple = draw(2) * (1 + draw(5)) * MRP_ONE};
    for (size_t i = 0; i < LINKS; i++) {
        uint32_t parent = (uint32_t)draw(ITEMS - 1);
        int32_t change = (int32_t)draw(DAYS);
        in->links[i] = (struct mrp_link){parent, parent + 1 + (uint32_t)draw(ITEMS - 1 - parent),
            (1 + draw(40)) * MRP_USAGE / 10, draw(3) ? 0 : change, draw(3) ? 0 : change};
    }
    for (size_t i = 0; i < DEMANDS; i++)
        in->demands[i] = (struct mrp_demand){
            (uint32_t)draw(ITEMS / 2), 1 + (int32_t)draw(DAYS), (1 + draw(30)) * MRP_ONE};
    for (size_t i = 0; i < RECEIPTS; i++)
        in->receipts[i] = (struct mrp_receipt){
            (uint32_t)draw(ITEMS), 1 + (int32_t)draw(DAYS), (1 + draw(40)) * MRP_ONE, MRP_KEEP, 0};
    return (struct mrp){.items = in->items,
        .item_count = ITEMS,
        .links = in->links,
        .link_count = LINKS,
        .demands = in->demands,
        .demand_count = DEMANDS,
        .receipts = in->receipts,
        .receipt_count = RECEIPTS,
        .today = 1};
}

static int64_t dependent(const struct mrp *m, const struct mrp_link *link, int64_t quantity)
{
    (void)m;
    return (quantity * (link->usage / (MRP_USAGE / 10)) + 5) / 10;
}

/* Of each item: all that is needed is pegged, once; no supply gives more than it has; lots are as the item says. */
static void assert_balanced(const struct mrp *m, uint32_t item)
{
    int64_t needed = m->items[item].safety, pegged = 0, supplied = m->items[item].on_hand, bought = 0;
    for (size_t i = 0; i < m->demand_count; i++)
        needed += m->demands[i].item == item ? m->demands[i].quantity : 0;
    for (size_t l = 0; l < m->link_count; l++) {
        const struct mrp_link *link = &m->links[l];
        for (size_t i = 0; i < m->order_count && link->component == item; i++)
            if (m->orders[i].item == link->parent && link->from <= m->orders[i].due &&
                (!link->until || link->until >= m->orders[i].due))
                needed += dependent(m, link, m->orders[i].quantity);
    }
    for (size_t i = 0; i < m->peg_count; i++)
        pegged += m->pegs[i].item == item ? m->pegs[i].quantity : 0;
    assert_int_equal(pegged, needed);
    for (size_t i = 0; i < m->receipt_count; i++)
        supplied += m->receipts[i].item == item ? m->receipts[i].quantity : 0;
    for (size_t i = 0; i < m->order_count; i++) {
        const struct mrp_order *o = &m->orders[i];
        const struct mrp_item *it = &m->items[item];
        if (o->item != item)
            continue;
        bought += o->quantity;
        assert_true(o->quantity >= it->min);
        assert_true(it->multiple == 0 || o->quantity % it->multiple == 0);
        assert_true(it->max == 0 || o->quantity <= it->max);
        assert_true(it->policy != MRP_FIXED || it->multiple || o->quantity % it->lot == 0);
        assert_true(o->late || o->due - o->release == it->lead);
    }
    assert_true(supplied + bought >= needed);
    assert_true(bought == 0 || supplied < needed); /* nothing is planned that is not short */
}

static void assert_pegs_fit(const struct mrp *m)
{
    static int64_t from_order[100000], from_receipt[RECEIPTS], to_demand[DEMANDS];
    memset(from_order, 0, sizeof from_order);
    memset(from_receipt, 0, sizeof from_receipt);
    memset(to_demand, 0, sizeof to_demand);
    assert_true(m->order_count < 100000);
    for (size_t i = 0; i < m->peg_count; i++) {
        const struct mrp_peg *p = &m->pegs[i];
        assert_true(p->quantity > 0);
        if (p->supply == MRP_ORDER) {
            from_order[p->supply_index] += p->quantity;
            assert_true(p->need == MRP_SAFETY ||
                        m->orders[p->supply_index].due <= (p->day < m->today ? m->today : p->day));
        }
        if (p->supply == MRP_RECEIPT)
            from_receipt[p->supply_index] += p->quantity;
        if (p->need == MRP_DEMAND)
            to_demand[p->need_index] += p->quantity;
        if (p->need == MRP_ORDER)
            assert_true(m->items[m->orders[p->need_index].item].level < m->items[p->item].level);
    }
    for (size_t i = 0; i < m->order_count; i++)
        assert_true(from_order[i] <= m->orders[i].quantity);
    for (size_t i = 0; i < m->receipt_count; i++) {
        assert_true(from_receipt[i] <= m->receipts[i].quantity);
        assert_true((m->receipts[i].message == MRP_CANCEL) == (from_receipt[i] == 0));
    }
    for (size_t i = 0; i < m->demand_count; i++)
        assert_int_equal(to_demand[i], m->demands[i].quantity);
}

static void random_plans_balance(void **state)
{
    (void)state;
    static struct instance in;
    for (int round = 0; round < 60; round++) {
        struct mrp m = random_instance(&in);
        plan(&m);
        assert_pegs_fit(&m);
        for (uint32_t i = 0; i < ITEMS; i++)
            assert_balanced(&m, i);
    }
}

/* Item after item comes to the same as all at once. */
static void a_plan_in_pieces_is_the_same_plan(void **state)
{
    (void)state;
    static struct instance in;
    for (int round = 0; round < 20; round++) {
        struct mrp whole = random_instance(&in), pieces = whole;
        size_t orders = 0, pegs = 0;
        bool more = true;
        plan(&whole);
        assert_int_equal(mrp_begin(&from_pool, &pieces), MRP_PLANNED);
        while (more) {
            assert_int_equal(mrp_next(&pieces, &more), MRP_PLANNED);
            assert_int_equal(pieces.order_first, orders);
            for (size_t i = 0; i < pieces.order_count; i++) {
                const struct mrp_order *a = &pieces.orders[i], *b = &whole.orders[orders + i];
                assert_true(a->item == b->item && a->release == b->release && a->due == b->due &&
                            a->quantity == b->quantity && a->late == b->late);
            }
            for (size_t i = 0; i < pieces.peg_count; i++)
                assert_memory_equal(&pieces.pegs[i], &whole.pegs[pegs + i], sizeof *whole.pegs);
            orders += pieces.order_count;
            pegs += pieces.peg_count;
        }
        assert_int_equal(orders, whole.order_count);
        assert_int_equal(pegs, whole.peg_count);
    }
}

static void no_memory_at_any_point_is_told(void **state)
{
    (void)state;
    static struct instance in;
    struct mrp m = random_instance(&in);
    plan(&m);
    size_t all = used;
    for (limit = 0; limit < all; limit += 1 + all / 200) {
        used = 0;
        assert_int_equal(mrp_plan(&from_pool, &m), MRP_NO_MEMORY);
    }
    limit = sizeof pool;
    plan(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(components_are_asked_for_in_whole_steps),
        cmocka_unit_test(whole_steps_are_proposed),
        cmocka_unit_test(speaker_kits_are_planned_as_in_the_book),
        cmocka_unit_test(lots_are_sized_as_in_the_book),
        cmocka_unit_test(an_order_keeps_to_its_limits),
        cmocka_unit_test(fixed_lots_keep_to_the_limits_too),
        cmocka_unit_test(what_is_bought_comes_in_the_suppliers_lots),
        cmocka_unit_test(what_goes_in_changes_with_the_day),
        cmocka_unit_test(safety_stock_is_filled_up_and_kept),
        cmocka_unit_test(receipts_get_messages),
        cmocka_unit_test(by_products_cover_what_is_needed_later),
        cmocka_unit_test(by_products_come_whole_and_lessen_lots),
        cmocka_unit_test(by_products_may_circle),
        cmocka_unit_test(a_late_release_is_marked),
        cmocka_unit_test(a_circle_is_told),
        cmocka_unit_test(a_phantom_is_passed_through_to_what_needs_it),
        cmocka_unit_test(random_plans_balance),
        cmocka_unit_test(a_plan_in_pieces_is_the_same_plan),
        cmocka_unit_test(no_memory_at_any_point_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

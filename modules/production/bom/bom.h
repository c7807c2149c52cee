/* bom.h -- bills of materials: the records, which of them holds on a day, and what they come to. */
#pragma once
#include "bom/ratio.h"
#include "ids.h"

enum bom_kind { BOM_MAKE = 1, BOM_PHANTOM };
extern const kt_choice bom_kinds[];

struct bom_line {
    kt_record rec;
    kt_id item, unit;
    kt_dec quantity, scrap;
    kt_date valid_from, valid_until;
};
extern const kt_shape bom_line_shape;
struct by_product {
    kt_record rec;
    kt_id item, unit;
    kt_dec quantity, cost_share;
};
extern const kt_shape by_product_shape;
struct bom {
    kt_record rec;
    kt_id item, unit, routing;
    kt_str name, note;
    enum bom_kind kind;
    int64_t revision, priority;
    kt_dec quantity, tolerance;
    kt_date valid_from, valid_until;
    bool active;
    kt_lines lines, by_products;
};
extern const kt_shape bom_shape;
extern const kt_action bom_actions[];
kt_error *bom_compute(kt_tx *tx, kt_record *self);
kt_error *bom_check(kt_tx *tx, const kt_record *before, const kt_record *after);

const struct bom_line *bom_line_at(const struct bom *bom, size_t i);
/* Does a line, or a bill, hold on the day? */
bool holds_on(kt_date from, kt_date until, kt_date day);

/* ---- book.c: items and the bills that hold on a day, each read once ---- */

struct routing;
struct part { /* an item */
    kt_record rec;
    kt_str code, name;
    kt_id unit;
    kt_dec standard_cost, rounding; /* rounding: of its unit */
    unsigned kind;                  /* PART_GOODS: the only one that is made */
    bool active;
};
enum { PART_GOODS = 1 };
struct bom_entry {
    struct part part;
    kt_date from, until;           /* while this bill is chosen; not set: ever before, for good */
    struct bom_entry *other;       /* of other days */
    const struct bom *bom;         /* NULL: it has none that holds: it is bought, or given */
    const struct routing *routing; /* of the bill; NULL: none that is in use */
};
struct pointers { /* found by an id_map's values */
    void **items;
    size_t count, room;
};
struct bom_book {
    kt_date day; /* of what is asked with no other */
    bool shared; /* by the whole transaction, in whose memory it lies */
    id_map index, routing_index;
    struct pointers entries, routings;
};
/* The book of today, read once in a transaction, on the module's own authority. */
KT_MUST kt_error *bom_book_today(kt_tx *tx, struct bom_book **book);
/* A bill, a routing or an item changes: today's book is read anew. */
KT_MUST kt_error *bom_book_forget(kt_tx *tx);
extern const kt_shape part_shape;
kt_error *bom_book_item_changed(kt_tx *tx, const kt_event *event);
KT_MUST kt_error *bom_book_routing(
    kt_tx *tx, struct bom_book *book, kt_id id, const struct routing **routing);
KT_MUST kt_error *bom_book_find(kt_tx *tx, struct bom_book *book, kt_id item, struct bom_entry **entry);
KT_MUST kt_error *bom_book_find_on(
    kt_tx *tx, struct bom_book *book, kt_id item, kt_date day, struct bom_entry **entry);
/* As bom_book_find, of a question about so much of a made item.
 *   returns  validation at "quantity": not above zero; rule at "item": no bill of materials holds */
KT_MUST kt_error *bom_book_made(
    kt_tx *tx, struct bom_book *book, kt_id item, kt_dec quantity, struct bom_entry **entry);
/* The book takes this bill for its item, whatever holds and comes first; not today's book, which all share.
 *   bom      not set: nothing changes
 *   returns  validation at "bom": it is a bill of another item */
KT_MUST kt_error *bom_book_choose(kt_tx *tx, struct bom_book *book, kt_id item, kt_id bom);
/* The least quantity that is not below this one and that its unit allows: nobody takes half a screw. */
kt_dec part_whole(const struct part *part, kt_dec quantity);
/* The greatest that is not above it: no part of a piece comes out. */
kt_dec part_whole_below(const struct part *part, kt_dec quantity);
/* How much of the item's own unit one of the bill's makes; what a line needs of its item's own unit for one unit
 * of the bill's item, scrap and all. */
KT_MUST kt_error *bom_output(kt_tx *tx, struct bom_book *book, const struct bom *bom, ratio *output);
KT_MUST kt_error *bom_usage(
    kt_tx *tx, struct bom_book *book, const struct bom *bom, const struct bom_line *line, ratio *usage);

/* ---- explode.c ---- */

struct exploded {
    struct bom_entry *entry;
    const struct bom_line *line; /* NULL: the item itself */
    ratio quantity;              /* in the item's own unit */
    unsigned level;
    size_t parent; /* row of what it goes into */
};
struct explosion {
    struct exploded *rows;
    size_t count, room;
    unsigned depth;
};
/* Depth first; row 0 is the item itself.
 *   levels_max  0: all
 *   returns     limit: more than 100,000 rows, or 50 levels */
KT_MUST kt_error *bom_explode(
    kt_tx *tx, struct bom_book *book, kt_id item, ratio quantity, unsigned levels_max, struct explosion *out);

extern const kt_shape explode_shape, explode_answer_shape, used_shape, used_answer_shape, cost_shape,
    cost_answer_shape, standard_shape, standard_answer_shape;
kt_error *bom_explode_call(kt_tx *tx, const kt_record *params, kt_record *result);
kt_error *bom_where_used(kt_tx *tx, const kt_record *params, kt_record *result);
kt_error *bom_cost(kt_tx *tx, const kt_record *params, kt_record *result);
kt_error *bom_set_standard(kt_tx *tx, const kt_record *params, kt_record *result);

/* What making a quantity costs, in the company's currency. */
struct costs {
    kt_dec material, machine, labour, overhead; /* scale 6 */
    int64_t minutes;                            /* of machines */
    bool known;                                 /* every bought part has a cost */
};
kt_dec costs_total(const struct costs *c); /* scale 4 */
KT_MUST kt_error *bom_costs(
    kt_tx *tx, struct bom_book *book, kt_id item, ratio quantity, struct costs *costs);

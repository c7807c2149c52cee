/* stores.h -- what the files of this folder show each other. Everything is a move between locations; a balance
 * sums up the moves of one item, location and lot, a reservation holds a part of a balance for a document. */
#pragma once
#include <kontor/stock.h>
#include <kontor/supply.h>
#include <kontor/work.h>

#define ZERO KT_DEC(0, 4)
kt_dec smaller(kt_dec a, kt_dec b);
kt_dec larger(kt_dec a, kt_dec b);

/* ---- place.c ---- */

enum picking { FEFO = 1, FIFO, LIFO };
struct warehouse {
    kt_record rec;
    kt_str code, name;
    kt_id party;
    enum picking picking;
    kt_dec over_percent;
    bool usual, quarantine, negative, active;
};
extern const kt_shape warehouse_shape;
/* Do its goods go to who needs them anywhere, unasked? */
bool warehouse_gives(const struct warehouse *w);
/* The same, as it is asked of what has a warehouse, or none. */
#define WAREHOUSE_GIVES "[\"warehouse.active\",\"!=\",false],[\"warehouse.quarantine\",\"!=\",true]"
kt_error *warehouse_compute(kt_tx *tx, kt_record *self);
kt_error *warehouse_deleted(kt_tx *tx, const kt_event *event);
extern const kt_choice place_names[];
struct location {
    kt_record rec;
    kt_str code, name;
    kt_stock_place place;
    kt_id warehouse, counting;
    bool active;
};
extern const kt_shape location_shape;
kt_error *location_compute(kt_tx *tx, kt_record *self);
/* The warehouse; id not set: the usual one, which is made if the company has none. */
KT_MUST kt_error *warehouse_get(kt_tx *tx, kt_id id, struct warehouse *w);
/* The usual warehouse, if there is one: id stays not set else. */
KT_MUST kt_error *warehouse_usual(kt_tx *tx, kt_id *id);
/* Are both the same warehouse? Not set, on either side: the usual one. */
KT_MUST kt_error *warehouse_same(kt_tx *tx, kt_id a, kt_id b, bool *same);
/* The first location of this kind (of the stores: of this warehouse), which is made if there is none. */
KT_MUST kt_error *location_get(kt_tx *tx, kt_stock_place place, kt_id warehouse, struct location *l);

/* Are both in use? What is not set is. */
KT_MUST kt_error *place_in_use(kt_tx *tx, kt_id warehouse, kt_id location, bool *in_use);
/* What is not in use gives its goods, and takes none. */
KT_MUST kt_error *place_takes(kt_tx *tx, const char *path, kt_id warehouse, kt_id location);
/* returns validation at path: the location is not of the warehouse */
KT_MUST kt_error *location_within(kt_tx *tx, kt_id location, kt_id warehouse, const char *path);

/* ---- goods.c: items as the stores see them; lots ---- */

enum tracking { NOT_TRACKED = 1, BY_LOT, BY_SERIAL };
enum valuation { AVERAGE = 1, BY_FIFO, STANDARD };
struct goods {
    kt_record rec;
    kt_str code, name;
    unsigned kind;
    kt_id unit, category;
    kt_dec standard_cost, weight, over_percent;
    enum tracking tracking;
    enum valuation valuation;
};
extern const kt_choice valuations[];
extern const kt_shape goods_shape;
/* returns rule at "item": it is a service */
KT_MUST kt_error *goods_read(kt_tx *tx, kt_id item, struct goods *g);
/* returns validation at path: the item's own unit has no such part, half a piece */
KT_MUST kt_error *check_whole(kt_tx *tx, const struct goods *g, kt_dec quantity, const char *path);
/* The same of a line that says so many of a unit, before goods move: kt_check_whole. Services have no parts that anybody counts. */
KT_MUST kt_error *check_whole_of(kt_tx *tx, kt_id item, kt_dec quantity, kt_id unit, const char *path);
/* returns validation at path: there is no such lot, or it is another item's */
KT_MUST kt_error *check_lot_of(kt_tx *tx, const struct goods *g, kt_id lot, const char *path);
struct lot {
    kt_record rec;
    kt_str name, supplier_lot, reason;
    kt_id item;
    kt_date made, expires;
    bool blocked;
};
extern const kt_shape lot_shape;
extern const kt_action lot_actions[];
/* The item's lot of this name; *lot not set: there is none. */
KT_MUST kt_error *lot_find(kt_tx *tx, kt_id item, kt_str name, kt_id *lot);
KT_MUST kt_error *lot_get(kt_tx *tx, kt_id item, kt_str name, kt_date expires, kt_id *lot);
/* Names that stand each on a line of its own: at most how many, and the next one, without blanks around it, taken off
 * rest. false: there are no more. */
size_t names_most(kt_str text);
bool next_name(kt_tx *tx, kt_str *rest, kt_str *name);
/* Is it blocked, or expired on this day? */
bool lot_held(const struct lot *lot, kt_date day);

/* ---- balance.c ---- */

struct balance {
    kt_record rec;
    kt_id item, location, lot, warehouse;
    kt_stock_place place;
    kt_dec on_hand, reserved, free;
    kt_date since; /* the first of what is there came */
};
extern const kt_shape balance_shape;
kt_error *balance_compute(kt_tx *tx, kt_record *self);
kt_error *balance_check(kt_tx *tx, const kt_record *before, const kt_record *after);
/* One without id if nothing ever was there. */
KT_MUST kt_error *balance_find(
    kt_tx *tx, kt_id item, const struct location *at, kt_id lot, struct balance *b);
/* Adds to what is on hand and reserved, below zero: takes off. */
KT_MUST kt_error *balance_add(kt_tx *tx, kt_id item, const struct location *at, kt_id lot, kt_dec on_hand,
    kt_dec reserved, kt_date day);
/* Reserves a part of a balance that was just read. */
KT_MUST kt_error *balance_hold(kt_tx *tx, struct balance *b, kt_dec quantity);

/* ---- pick.c: which goods go first; reservations ---- */

struct pick {
    struct location at;
    kt_id lot;
    kt_dec quantity;
    struct balance balance; /* of what is free */
};
struct picks {
    struct pick *items;
    size_t count, room;
};
struct wanted {
    const struct goods *goods;
    const struct warehouse *warehouse;
    kt_id location, lot; /* not set: any */
    kt_dec quantity;
    kt_date day;
    bool held;   /* also what is blocked or expired: to scrap it, to count it */
    bool moving; /* it goes now: not from a place that is being counted */
};
/* Appends to picks what is free beside them, in the warehouse's order; *rest receives what is not there. */
KT_MUST kt_error *pick_free(kt_tx *tx, const struct wanted *wanted, struct picks *picks, kt_dec *rest);
struct reservation {
    kt_record rec;
    kt_id item, location, lot, warehouse, document;
    int64_t line;
    kt_dec quantity;
    kt_date needed;
};
extern const kt_shape reservation_shape;
kt_error *reservation_check(kt_tx *tx, const kt_record *before, const kt_record *after);
/* Whose goods. */
struct owner {
    kt_id document, line;
    kt_date needed;
};
KT_MUST kt_error *reserve(kt_tx *tx, const struct wanted *wanted, const struct owner *owner, kt_dec *rest);
/* The same for who reserves much: in the end reserved_anew makes whatever shows what is reserved for the owner show it. */
KT_MUST kt_error *reserve_some(
    kt_tx *tx, const struct wanted *wanted, const struct owner *owner, kt_dec *rest);
KT_MUST kt_error *reserved_anew(kt_tx *tx, kt_id item, const struct owner *owner);
/* How much of the item is reserved for an owner; line not set: for all its lines. */
KT_MUST kt_error *reserved_for(kt_tx *tx, kt_id item, const struct owner *owner, kt_dec *quantity);
/* The same of what take_reserved would take, were enough wanted. */
KT_MUST kt_error *reserved_fitting(
    kt_tx *tx, const struct wanted *wanted, const struct owner *owner, kt_dec *quantity);
/* Takes up to `quantity` of the owner's reservations off, the last first; *given receives how much. Whoever does not
 * take the goods or reserve them again tells that they are free.
 *   picks  NULL, or receives what it was */
KT_MUST kt_error *unreserve(kt_tx *tx, kt_id item, const struct owner *owner, const struct wanted *only,
    kt_dec quantity, struct picks *picks, kt_dec *given);
/* Takes what leaves out of the owner's reservations, in the warehouse's order of picking; *taken receives how much there
 * was of it. Of several that leave reserved_anew comes in the end. */
KT_MUST kt_error *take_reserved(
    kt_tx *tx, const struct wanted *wanted, const struct owner *owner, struct picks *picks, kt_dec *taken);
/* How much of an item an owner waits for or has, reserved or not: all that is pegged to it. */
KT_MUST kt_error *pegged_to(kt_tx *tx, kt_id item, const struct owner *owner, kt_dec *quantity);
/* Gives back what is reserved for an owner beyond what is pegged to it: it came from elsewhere. */
KT_MUST kt_error *hold_what_is_pegged(kt_tx *tx, kt_id item, const struct owner *owner);
/* The same of whom a reservation is for, but for what is picked: it may have changed while this module was off. */
kt_error *reservation_looked_at(kt_tx *tx, kt_record *rec);
/* The same of a demand that took its goods: they may have been of another lot or place than what was held. */
kt_error *demand_used(kt_tx *tx, const kt_event *event); /* of "base.supply.used" */
extern const kt_shape used_shape;
KT_MUST kt_error *picks_add(kt_tx *tx, struct picks *picks, const struct pick *pick);

/* ---- free.c: more is free than was, and those who miss it get it ---- */

/* So much of an item may be taken that could not.
 *   by  of kt_any: whose it was, or what brought it; may be not set */
KT_MUST kt_error *tell_free(kt_tx *tx, kt_id by, kt_id item, kt_id warehouse, kt_dec quantity);
/* What comes of an item may be had that could not, or may be had in another way. */
KT_MUST kt_error *tell_offered(kt_tx *tx, kt_id item, kt_supply_kind of);
/* The same of what was taken out of reservations. */
KT_MUST kt_error *tell_picks_free(kt_tx *tx, kt_id by, kt_id item, const struct picks *picks);
/* Gives up to `quantity` of the owner's reservations back, for good; *given receives how much. */
KT_MUST kt_error *hand_back(kt_tx *tx, kt_id item, const struct owner *owner, kt_dec quantity, kt_dec *given);
/* Whose reserved goods are gone. */
struct losses {
    struct loss *items;
    size_t count, room;
};
/* Takes up to `quantity` of the goods wanted off whoever has them reserved, who needs them last first, but for what is picked.
 *   picks   receives what it was
 *   *rest   receives how much nobody has reserved */
KT_MUST kt_error *dispossess(kt_tx *tx, const struct wanted *wanted, kt_dec quantity, struct picks *picks,
    struct losses *losses, kt_dec *rest);
/* The goods have moved, or cannot be had: the demands that had them are covered anew, deliveries written by hand reserve others. */
KT_MUST kt_error *losses_tell(kt_tx *tx, const struct losses *losses, kt_text why);
#define GOODS_LOST                                                                                           \
    (kt_text)                                                                                                \
    {                                                                                                        \
        "what was reserved is lost", "zarezerwowany towar przepadł"                                         \
    }
extern const kt_shape lots_expire_shape, lots_expired_shape;
kt_error *lots_expire(kt_tx *tx, const kt_record *params, kt_record *result);
kt_error *lot_changed(kt_tx *tx, const kt_event *event);       /* of "logistics.lot.updated" */
kt_error *location_changed(kt_tx *tx, const kt_event *event);  /* of "logistics.location.updated" */
kt_error *warehouse_changed(kt_tx *tx, const kt_event *event); /* of "logistics.warehouse.updated" */
#define STORES_OPEN "logistics.stores_open"                    /* the service */
extern const kt_work stores_open;
kt_error *goods_unclaimed(kt_tx *tx, const kt_event *event); /* of "base.supply.unclaimed" */
extern const kt_shape unclaimed_shape;

/* ---- move.c ---- */

enum move_state { PLANNED = 1, CONFIRMED, PARTLY_RESERVED, RESERVED, MOVED, MOVE_CANCELLED };
struct draw { /* a line of a move that took goods out: from which layer */
    kt_record rec;
    kt_id layer;
    kt_dec quantity;
};
struct move {
    kt_record rec;
    kt_id item, lot, from, to, warehouse, document, paper, party, returns;
    int64_t line;
    kt_stock_place from_place, to_place;
    kt_dec quantity, reserved, value, left, left_value, returned, later;
    kt_date day;
    kt_time at;
    kt_str reason;
    enum move_state state;
    bool open; /* something of it is left */
    kt_lines draws;
};
extern const kt_shape move_shape, draw_shape;
kt_error *move_compute(kt_tx *tx, kt_record *self);
/* Moves the goods of one lot from one location to another, values it, announces it. m: item, lot, quantity, day,
 * document, ... are set; value too, if it is known. Receives value and id. */
KT_MUST kt_error *move_now(kt_tx *tx, const struct goods *goods, const struct location *from,
    const struct location *to, struct move *m);
KT_MUST kt_error *stock_move(kt_tx *tx, kt_stock_move *move);
struct lot_part { /* so much of a lot; not set: of any */
    kt_id lot;
    kt_dec quantity;
};
/* The same of many lots of one line of a document, not to loss; what the move says beside lot and quantity is the same of all. On
 * the caller's authority, which is the module's own. */
KT_MUST kt_error *stock_move_lots(
    kt_tx *tx, const kt_stock_move *move, const struct lot_part *parts, size_t count);
/* returns validation at "day": it has not come yet */
KT_MUST kt_error *not_to_come(kt_tx *tx, kt_date day);
/* The refusal of what is not there: `rest` of what is wanted; no lot: of all of them. */
KT_MUST kt_error *too_little(kt_tx *tx, const char *path, const struct wanted *wanted, kt_dec rest);
/* The problems of line i of a document, or of a row of parameters, told there.
 *   field  where; NULL: where they say, at "item" if they do not */
KT_MUST kt_error *told_at_line(kt_tx *tx, const kt_error *e, size_t i, const char *field);
/* As the service's expect.
 *   reserved  how much is reserved for it; not set: it is looked up */
KT_MUST kt_error *move_expect(kt_tx *tx, const kt_stock_move *move, kt_dec reserved);
/* The planned moves of this owner show what is reserved for it now. */
KT_MUST kt_error *expected_follow(kt_tx *tx, kt_id item, const struct owner *owner);
extern const kt_stock stock_service;

/* ---- source.c ---- */

extern const kt_source stock_source;

/* ---- level.c ---- */

KT_MUST kt_error *stock_level(
    kt_tx *tx, kt_id item, kt_id warehouse, kt_id lot, kt_date day, kt_stock_level *level);
extern const kt_shape availability_shape, available_shape;
kt_error *availability(kt_tx *tx, const kt_record *params, kt_record *result);

/* ---- audit.c ---- */

kt_error *stock_audit(kt_tx *tx);

/* A source is at work that was not, for the first time or again, or has an item that it had not: demands that found nothing
 * meanwhile may now. */
#include <kontor/walk.h>

#include "supply/pegging.h"

static kt_error *cover_missing(kt_tx *tx, kt_record *rec)
{
    struct pegging *p = KT_AS(pegging, rec);
    return supply_cover_anew(tx, p, p->quantity);
}

/* Whoever keeps stock has not seen what came while nobody did: until it is entered there, whoever needs it misses it. */
static kt_error *miss_what_lies_ready(kt_tx *tx, kt_record *rec)
{
    static const kt_text not_seen = {"it came while no stock was kept: enter it there",
        "przyszło, gdy nikt nie prowadził magazynu: wprowadź to tam"};
    struct pegging *p = KT_AS(pegging, rec);
    return supply_miss(tx, p, p->quantity, not_seen);
}

/* What came already is not made or bought again. */
enum { COVER_MISSING, MISS_WHAT_LIES_READY, WALKS };
static const kt_walk walks[WALKS] = {
    [COVER_MISSING] = {{"What is missing is covered", "Pokrycie brakujących"}, &pegging_shape,
        "[[\"kind\",\"=\",\"missing\"],[\"came\",\"is_null\",true]]", cover_missing,
        .sort = PEGGINGS_BY_NEED},
    [MISS_WHAT_LIES_READY] = {{"What lies ready is to be entered", "Do wprowadzenia, co leży gotowe"},
        &pegging_shape, "[[\"kind\",\"=\",\"stock\"],[\"supply\",\"is_null\",true]]", miss_what_lies_ready,
        .sort = PEGGINGS_BY_NEED},
};

static kt_error *walk_list(kt_tx *tx, kt_work_run *run)
{
    return kt_walk_list(tx, walks, WALKS, run);
}

static kt_error *walk_on(kt_tx *tx, kt_work_run *run)
{
    return kt_walk_on(tx, walks, WALKS, run);
}

const kt_work supply_catch_up = {walk_list, walk_on};

kt_error *supply_cover_missing(kt_tx *tx)
{
    return kt_walk_begin(tx, SUPPLY_CATCH_UP, walks, COVER_MISSING);
}

static kt_error *joined_within(kt_tx *tx)
{
    KT_TRY(kt_emit(tx, "base.supply.joined", NULL));
    KT_TRY(supply_cover_missing(tx));
    return source_of(tx, KT_FROM_STOCK) ? kt_walk_begin(tx, SUPPLY_CATCH_UP, walks, MISS_WHAT_LIES_READY)
                                        : NULL;
}

kt_error *supply_joined(kt_tx *tx)
{
    kt_authority before = kt_own_authority(tx);
    kt_error *e = joined_within(tx);
    kt_callers_authority(tx, before);
    return e;
}

/* A source is at work that was not, for the first time or again: demands that found nothing meanwhile may now. */
#include "supply/pegging.h"

static kt_error *cover_missing(kt_tx *tx)
{
    struct peggings all;
    kt_error *e = NULL;
    KT_TRY(peggings_of_kind(tx, KT_MISSING, (kt_str){0}, &all));
    for (size_t i = 0; i < all.count && !e; i++) {
        const kt_id before = kt_set_company(tx, all.items[i].rec.company);
        e = supply_cover_anew(tx, &all.items[i], all.items[i].quantity);
        (void)kt_set_company(tx, before);
    }
    return e;
}

/* Whoever keeps stock has not seen what came while nobody did: until it is entered there, whoever needs it misses it. */
static const kt_text not_seen = {"it came while no stock was kept: enter it there",
    "przyszło, gdy nikt nie prowadził magazynu: wprowadź to tam"};

static kt_error *miss_what_lies_ready(kt_tx *tx)
{
    struct peggings all;
    KT_TRY(peggings_of_kind(tx, KT_FROM_STOCK, KT_STR("[[\"supply\",\"is_null\",true]]"), &all));
    for (size_t i = 0; i < all.count; i++)
        KT_TRY(supply_miss(tx, &all.items[i], all.items[i].quantity, not_seen));
    return NULL;
}

static kt_error *joined_within(kt_tx *tx)
{
    KT_TRY(cover_missing(tx));
    if (source_of(tx, KT_FROM_STOCK))
        KT_TRY(miss_what_lies_ready(tx));
    return kt_emit(tx, "base.supply.joined", NULL);
}

kt_error *supply_joined(kt_tx *tx)
{
    kt_authority before = kt_own_authority(tx);
    kt_error *e = joined_within(tx);
    kt_callers_authority(tx, before);
    return e;
}

/* notice.c -- something that somebody shall know, and need not do: rules tell people so. */
#include "base.h"

struct notice {
    kt_record rec;
    kt_id owner, about;
    kt_str text;
    kt_time at, seen_at;
};
const kt_shape notice_shape = KT_SHAPE(notice, "base.notice",
    KT_FIELD(notice, text, TEXT, "Text", "Treść", .required = true, .fixed = true, .max = 2000,
        .searchable = true, .personal = true, .priority = 1),
    KT_FIELD(notice, owner, REF, "For", "Dla", .target = "access.user", .required = true, .fixed = true,
        .on_delete = KT_CASCADE, .indexed = true, .priority = 3),
    KT_FIELD(notice, about, REF, "About", "Dotyczy", .target = "*", .fixed = true, .on_delete = KT_CASCADE),
    KT_FIELD(notice, at, TIME, "From", "Od", .initial = "now", .required = true, .fixed = true,
        .indexed = true, .priority = 2,
        .help = {"It is of no interest before.", "Wcześniej nie ma znaczenia."}),
    KT_FIELD(
        notice, seen_at, TIME, "Seen", "Przeczytano", .computed = true, .recorded = true, .priority = 4));

static kt_error *notice_see(kt_tx *tx, kt_record *self, const kt_record *params)
{
    (void)params;
    struct notice *n = KT_AS(notice, self);
    if (!n->seen_at.ms)
        n->seen_at = kt_now(tx);
    return NULL;
}

static kt_error *notice_unsee(kt_tx *tx, kt_record *self, const kt_record *params)
{
    (void)tx;
    (void)params;
    KT_AS(notice, self)->seen_at = (kt_time){0};
    return NULL;
}

const kt_action notice_actions[] = {
    {"see", {"Mark as seen", "Oznacz jako przeczytane"}, "update", .run = notice_see},
    {"unsee", {"Mark as not seen", "Oznacz jako nieprzeczytane"}, "update", .run = notice_unsee},
    {0},
};

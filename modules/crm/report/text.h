/* text.h -- text put together piece by piece: queries and answers. */
#pragma once
#include <kontor.h>

struct text {
    kt_tx *tx;
    char *bytes;
    size_t len, room;
    bool full; /* past the memory limit: what was added since is lost */
};
void text_add(struct text *t, kt_str piece);
KT_PRINTF(2, 3) void text_format(struct text *t, const char *format, ...);
/* A comma, unless the text is empty or a list begins here. */
void text_next(struct text *t);
/* One more condition of a filter, as JSON; none if it is not set. */
void text_condition(struct text *t, kt_str condition);
/* returns limit past the memory limit */
KT_MUST kt_error *text_end(struct text *t, kt_str *made);
/* A decimal as on the wire, in its quotes; null if it is not set, or overflowed. */
kt_str text_dec(kt_tx *tx, kt_dec value);
kt_error *text_no_memory(kt_tx *tx);

/* Who looked at a customer lately, on the card. The same person's readings one after the other are one row: who opens
 * a card reads the customer several times. */
#include <string.h>

#include "crm.h"

enum { READINGS = 40, READERS_MAX = 10 }; /* rows of the log that are looked at; rows of the answer */

struct card_reader {
    kt_record rec;
    kt_id user;
    kt_str action, method;
    kt_time at;
};
static const kt_shape reading_shape = KT_SHAPE(card_reader, "access.read_log",
    KT_BIND(card_reader, user, REF, "user"), KT_BIND(card_reader, action, STRING, "action"),
    KT_BIND(card_reader, method, STRING, "method"), KT_BIND(card_reader, at, TIME, "at"));
const kt_shape card_reader_shape = KT_SHAPE(card_reader, NULL,
    KT_FIELD(card_reader, user, REF, "Who", "Kto", .target = "access.user"),
    KT_FIELD(card_reader, action, STRING, "Action", "Czynność"),
    KT_FIELD(card_reader, method, STRING, "Method", "Metoda"),
    KT_FIELD(card_reader, at, TIME, "At", "Kiedy"));

static bool goes_on(const struct card_reader *r, const struct card_reader *newer)
{
    return r->user.v == newer->user.v && r->action.len == newer->action.len && r->action.len &&
           memcmp(r->action.ptr, newer->action.ptr, r->action.len) == 0;
}

kt_error *card_readers(kt_tx *tx, kt_id party, kt_lines *rows)
{
    kt_id readings[READINGS];
    size_t count;
    struct card_reader newer = {.action = {0}};
    KT_TRY(kt_readings(tx, "base.party", party, readings, READINGS, &count));
    for (size_t i = 0; i < count && rows->count < READERS_MAX; i++) {
        struct card_reader r = {.rec.of = &reading_shape};
        KT_TRY(kt_read(tx, readings[i], &r.rec));
        bool again = i && goes_on(&r, &newer);
        newer = r;
        r.rec = (kt_record){.of = &card_reader_shape};
        if (!again)
            KT_TRY(kt_line_add(tx, rows, &r.rec));
    }
    return NULL;
}

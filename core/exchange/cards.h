/* cards.h -- inside the room: vCard and iCalendar as an export writes them, by a mapping. */
#pragma once
#include "exchange/mapping.h"
#include "exchange/writer.h"

/* How the UID of a record begins that has no external id; its id follows. */
#define CARDS_OWN_UID "kontor:"

/* The columns of a mapping as properties to write. The mapping is borrowed. */
KT_MUST kt_error *cards_columns(arena *arena, const mapping *mapping, writer_column **columns, size_t *count);
/* The fields that they need, as a list asks for them. */
KT_MUST kt_error *cards_fields(
    arena *arena, const writer_column *columns, size_t count, const variant **fields);

/* escape.h -- what an expression of a template writes, made harmless for the place where it stands. The
 * functions' names are those that template_compile puts into its chunk. */
#pragma once
#include "kit/buffer.h"

typedef enum {
    ESCAPE_TEXT,      /* between tags of HTML */
    ESCAPE_ATTRIBUTE, /* of HTML, in quotes */
    ESCAPE_ADDRESS,   /* a URL, or a part of one, in an attribute: no scheme that runs; as ESCAPE_ATTRIBUTE */
    ESCAPE_STYLE,     /* of style="": a number, a name, a colour; anything else is left out */
    ESCAPE_XML,       /* text or attribute; characters that XML 1.0 does not know are left out */
    ESCAPE_CELL,      /* of a CSV file: quoted at need, and no formula */
    ESCAPE_PLAIN,     /* as it is */
} escape_place;

/* "text", "attribute", ..; NULL: past the last. */
const char *escape_name(unsigned place);
/* Appends text for a place.
 *   number  it was made from a number: a cell may begin with its sign */
void escape_put(buffer *out, escape_place place, kt_str text, bool number);

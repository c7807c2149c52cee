/* place.h -- inside the room: where in HTML or XML one is, byte by byte. As much of the HTML standard's
 * tokeniser as decides how a value is escaped (WHATWG HTML 13.2.5). */
#pragma once
#include "document/template.h"

typedef enum {
    PLACE_TEXT,
    PLACE_ATTRIBUTE, /* in quotes */
    PLACE_ADDRESS,   /* in quotes, of an attribute that holds a URL */
    PLACE_STYLE,     /* in quotes, of style= */
    PLACE_TAG,       /* inside a tag: not in quotes */
    PLACE_BARE,      /* a value without quotes */
    PLACE_SCRIPT,    /* what a script or style element holds */
    PLACE_REMARK,
} place_kind;

enum { PLACE_NAME_MAX = 16 };
typedef struct {
    bool xml;
    int state; /* place.c's own */
    char quote;
    char element[PLACE_NAME_MAX], attribute[PLACE_NAME_MAX]; /* in small letters, cut */
    size_t element_len, attribute_len, matched;
    bool closing;
} place;

/* Goes over a byte of the template's own text. */
void place_step(place *place, char c);
/* Where a value would stand that comes now. */
place_kind place_of(const place *place);

/* arguments.h -- what people type on the command line, as values: `amount>=100`, `name=Nowak`,
 * `lines:=[...]`. */
#pragma once
#include <jansson.h>
#include <stdbool.h>

typedef struct {
    char name[128];
    const char *op;   /* "=", "!=", "<=", ">=", "<", ">", "ilike" (typed ~), ":=" (JSON) */
    const char *text; /* within the argument */
} argument;

/* Takes an argument apart. returns false: it has no operator or no name */
bool argument_read(const char *text, argument *out);
/* The text as the wire wants it for a field of this type ("int", "reference", "bool", ...; NULL: unknown).
 * Decimals and dates stay strings; an empty text is null. returns NULL: ":=" with bad JSON */
json_t *argument_value(const argument *argument, const char *type);

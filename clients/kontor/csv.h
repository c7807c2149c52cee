/* csv.h -- writing CSV (RFC 4180). */
#pragma once
#include <stdbool.h>
#include <stdio.h>

/* Writes one cell, with a comma in front unless it is the first. text: a cell that a spreadsheet would take
 * for a formula
 * (= + - @ tab, but no plain number) gets an apostrophe in front. */
void csv_write(FILE *out, const char *cell, bool comma, bool text);

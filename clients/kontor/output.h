/* output.h -- answers on the screen: tables that line up in UTF-8, JSON, CSV. */
#pragma once
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* Columns a text takes on a terminal. */
size_t output_width(const char *text);
/* A value as one cell; yours. Lists and objects become short JSON. */
char *output_cell(const json_t *value);
/* Rows of objects as a table; columns: names in order; "*" among them, or NULL: those of the rows. */
void output_table(FILE *out, const json_t *rows, const json_t *columns);
void output_csv(FILE *out, const json_t *rows, const json_t *columns, bool head);
/* One record: a line a field. */
void output_record(FILE *out, const json_t *record);
/* What became of one field, indented: "name: old -> new"; before NULL or null: it was empty. */
void output_change(FILE *out, const char *name, const json_t *before, const json_t *after);
/* The column names of rows: the members in the order in which they first come; a new array. */
json_t *output_columns(const json_t *rows);

/* docx.h -- DOCX files filled in place. Names stand in braces in the text as one writes it in Word, however Word
 * cuts it into runs: {party.name}, {gross~words}. A table's row that names lines of a list stands once for each line.
 * {#each lines} .. {/each} and {#if party.tax_id} .. {else} .. {/if} do the same with paragraphs, or within one;
 * {= expression} is Lua. What is in braces and is none of these is text.
 *
 * A file is compiled to a chunk like a template's (template.h), which says which pieces of the file follow each other
 * and what stands between them; the pieces themselves stay here.
 *   source  ECMA-376 part 1, 17.3 (paragraphs, runs), 17.4 (tables) */
#pragma once
#include "kit/error.h"

typedef struct {
    kt_str lua;      /* Lua for what the name means; not set: there is no such thing */
    kt_str list;     /* it is of a line of this list, which `line` and `index` mean; not set: of the record */
    kt_str modifier; /* how it is written unless the template says; may be not set */
    kt_str currency; /* Lua for its currency; may be not set */
} docx_name;
typedef struct {
    docx_name (*resolve)(arena *arena, const void *context, kt_str name);
    const void *context;
} docx_names;

typedef struct docx docx;

/* Compiles a file.
 *   file     its bytes; borrowed as long as the result is used
 *   lua      receives the chunk, the arena's
 *   returns  validation at "file": no DOCX; all tags that mean nothing or do not match; limit: too large */
KT_MUST kt_error *docx_compile(
    arena *arena, kt_str file, const docx_names *names, docx **compiled, kt_str *lua);
/* The tag of a line of the chunk, for messages; not set: there is none. */
kt_str docx_tag_at(const docx *d, long row);
/* Puts what the chunk wrote into the file. */
KT_MUST kt_error *docx_fill(arena *arena, const docx *d, kt_str written, kt_str *file);
/* What the chunk wrote as plain text, a paragraph a line, without headers and footers. */
KT_MUST kt_error *docx_text(arena *arena, const docx *d, kt_str written, kt_str *text);

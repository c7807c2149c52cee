/* docx.h -- DOCX files filled in place. Names stand in braces in the text as one writes it in Word, however Word
 * cuts it into runs: {party.name}, {gross~words}. A table's row that names lines of a list stands once for each line.
 * {#each lines} .. {/each} and {#if party.tax_id} .. {else} .. {/if} do the same with paragraphs, or within one; a list of
 * a line goes within its line's. {= expression} is Lua. A picture's name draws it, {picture.logo~40} at most 40 mm wide;
 * a picture of the file whose alternative text it is becomes it, as large as that. What is in braces and is none of
 * these is text.
 *
 * A file is compiled to a chunk like a template's (template.h), which says which pieces of the file follow each other
 * and what stands between them; the pieces themselves stay here.
 *   source  ECMA-376 part 1, 17.3 (paragraphs, runs), 17.4 (tables) */
#pragma once
#include "document/render.h"
#include "kit/error.h"

typedef struct {
    kt_str lua;      /* Lua for what the name means; not set: there is no such thing */
    kt_str list;     /* it is of a line of this list, or this list itself; not set: of the record */
    kt_str over;     /* Lua for that list */
    kt_str outer;    /* the list of whose lines it is; not set: it is the record's */
    int level;       /* 1: `line` and `index` mean its line; 2: `line2` and `index2`, within another's */
    bool is_list;    /* it is the list itself */
    kt_str picture;  /* a kept picture's name; lua is what to write without it */
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
/* Puts what the chunk wrote into the file.
 *   pictures  that it may name, ended by a NULL name
 *   returns   validation at "file": a picture is neither PNG nor JPEG */
KT_MUST kt_error *docx_fill(
    arena *arena, const docx *d, kt_str written, const render_asset *pictures, kt_str *file);
/* What the chunk wrote as plain text, a paragraph a line, without headers and footers. */
KT_MUST kt_error *docx_text(arena *arena, const docx *d, kt_str written, kt_str *text);

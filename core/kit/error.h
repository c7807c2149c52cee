/* error.h -- errors as values: one or more problems, each with its kind, path and text in both languages. */
#pragma once
#include "kit/arena.h"
#include "kit/buffer.h"

typedef struct problem {
    kt_kind kind;
    const char *path;   /* NULL: the request as a whole */
    long row;           /* line or row of a file, from 1; 0: none */
    const char *column; /* its title in that file; NULL: none */
    kt_text text, hint;
    struct problem *next;
} problem;

struct kt_error { /* of the first problem's kind */
    problem *first, *last;
    size_t count;
    arena *arena;
};

/* Like kt_fail, for rooms that have no transaction. Never NULL: without memory it is a fixed `limit` error.
 * en and pl take the same arguments. */
KT_MUST KT_PRINTF(4, 6) KT_PRINTF(5, 6) kt_error *error_make(
    arena *arena, kt_kind kind, const char *path, const char *en, const char *pl, ...);
KT_MUST KT_PRINTF(4, 0) KT_PRINTF(5, 0) kt_error *error_vmake(
    arena *arena, kt_kind kind, const char *path, const char *en, const char *pl, va_list arguments);
/* The same error in other memory. */
KT_MUST kt_error *error_copy(arena *arena, const kt_error *error);
/* The fixed error for a request past its memory limit. */
KT_MUST kt_error *error_no_memory(void);
/* NULL if the answer has all that was written; else limit: it is larger than it may be, or there was no memory. */
KT_MUST kt_error *error_of_answer(arena *arena, const buffer *answer);
/* Puts "prefix." (or "prefix" before "[") in front of every problem's path. Returns error. */
KT_MUST kt_error *error_under(kt_error *error, const char *prefix);
KT_MUST kt_error *error_at_row(kt_error *error, long row);
/* Leaves the problems that keep says true to; NULL: none is left. Lack of memory stays as it is. */
KT_MUST kt_error *error_keep(
    kt_error *error, bool (*keep)(const problem *p, const void *context), const void *context);
/* "validation", "state", ...: the wire's names. */
const char *kind_name(kt_kind kind);
/* The whole error as one English line, for logs and tests: "amount: ...; due: ...". */
const char *error_text(const kt_error *error);

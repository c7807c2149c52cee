/* content.h -- files by what they hold: DATA/files/ab/abcd.., named by their SHA-256. A name in the store
 * means that the file is whole and on disk, or that it was given up for good: abcd...gone stands in its place. */
#pragma once
#include <sodium.h>

#include "kit/error.h"

#define CONTENT_NAME_MAX 65 /* 64 hex digits and NUL */
#define CONTENT_FOLDERS  256

typedef struct content_writer {
    int fd;
    const char *path; /* of the unfinished file */
    uint64_t size;
    crypto_hash_sha256_state hash;
    char name[CONTENT_NAME_MAX]; /* of the finished one */
    struct content_writer *next; /* of those that hold their content */
} content_writer;

/* Opens an unfinished file. writer: end it with content_drop; it stays where it is until then. */
KT_MUST kt_error *content_begin(arena *arena, const char *data_directory, content_writer *writer);
/* Appends. returns storage: the disk is full or failed */
KT_MUST kt_error *content_add(arena *arena, content_writer *writer, const void *bytes, size_t n);
/* Puts the file on disk under its name, in place of one that is there; durable when it returns. The content is held,
 * nobody gives it up, until content_drop: which is called when the record that names it is committed, or is not to be.
 * Blocks: not in a transport's thread. */
KT_MUST kt_error *content_finish(arena *arena, const char *data_directory, content_writer *writer);
void content_drop(content_writer *writer); /* harmless when it was called before */
/* Lets a finished content be held until an arena ends, instead of by the writer. */
KT_MUST kt_error *content_hold(arena *arena, content_writer *writer);
/* A descriptor to read from. returns not_found: no such file, or given up; storage: it is not the size it should be */
KT_MUST kt_error *content_open(arena *arena, const char *data_directory, kt_str name, uint64_t size, int *fd);
/* Reads a file through: is it what its name says? returns as content_open; storage: it is not. Blocks. */
KT_MUST kt_error *content_verify(arena *arena, const char *data_directory, kt_str name, uint64_t size);

/* ---- Giving up ---- */

/* Is it not there because it was given up? */
bool content_is_gone(arena *arena, const char *data_directory, kt_str name);
typedef struct {
    kt_str name;
    uint64_t size, inode;         /* inode 0: it is not there */
    int64_t placed_s, changed_ns; /* when it was put there, last */
} content_item;
/* What is there now under a name. memory: name is borrowed */
KT_MUST kt_error *content_look(arena *arena, const char *data_directory, kt_str name, content_item *item);
/* Destroys a content; for good once content_flush has been called. Whether anything names it is looked up between looking at it and this.
 *   returns  unavailable: it was put in place anew meanwhile, or is held, or all are being copied: look again */
KT_MUST kt_error *content_discard(arena *arena, const char *data_directory, const content_item *item);
/* Makes last what was destroyed in the folder of a name. Blocks. */
KT_MUST kt_error *content_flush(arena *arena, const char *data_directory, kt_str name);
/* While contents are copied none is given up. Calls may nest. */
void content_copying(bool begins);
/* The contents in one of CONTENT_FOLDERS folders. What a crash left half given up there is finished. */
KT_MUST kt_error *content_list(
    arena *arena, const char *data_directory, unsigned folder, const content_item **items, size_t *count);
/* Removes what was never finished and last written before a moment. */
KT_MUST kt_error *content_tidy(arena *arena, const char *data_directory, int64_t before_s);

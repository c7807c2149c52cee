/* content.h -- files by what they hold: DATA/files/ab/abcd.., named by their SHA-256. A name in the store
 * means that the file is whole and on disk. */
#pragma once
#include <sodium.h>

#include "kit/error.h"

#define CONTENT_NAME_MAX 65 /* 64 hex digits and NUL */

typedef struct {
    int fd;
    const char *path; /* of the unfinished file */
    uint64_t size;
    crypto_hash_sha256_state hash;
} content_writer;

/* Opens an unfinished file. writer: end it with content_finish or content_drop. */
KT_MUST kt_error *content_begin(arena *arena, const char *data_directory, content_writer *writer);
/* Appends. returns storage: the disk is full or failed */
KT_MUST kt_error *content_add(arena *arena, content_writer *writer, const void *bytes, size_t n);
/* Puts the file on disk under its name; durable when it returns. Blocks: not in a transport's thread. */
KT_MUST kt_error *content_finish(
    arena *arena, const char *data_directory, content_writer *writer, char name[CONTENT_NAME_MAX]);
void content_drop(content_writer *writer); /* harmless after content_finish */
/* A descriptor to read from. returns not_found: no such file; storage: it is not the size it should be */
KT_MUST kt_error *content_open(arena *arena, const char *data_directory, kt_str name, uint64_t size, int *fd);
/* Reads a file through: is it what its name says? returns as content_open; storage: it is not. Blocks. */
KT_MUST kt_error *content_verify(arena *arena, const char *data_directory, kt_str name, uint64_t size);

/* static.h -- a directory's files, read into memory at the start and found by their exact path: no path that
 * a client sends ever reaches the file system. */
#pragma once
#include <microhttpd.h>

#include "kit/error.h"

typedef struct static_table static_table;
typedef struct static_file static_file;

/* directory NULL: an empty table. FILE.gz and FILE.br beside FILE are its packed forms. */
KT_MUST kt_error *static_open(arena *arena, const char *directory, static_table **table);
/* "/" and paths without a point in their last part give index.html. NULL: none */
const static_file *static_find(const static_table *table, const char *path);
enum MHD_Result static_answer(const static_file *file, struct MHD_Connection *connection,
    const char *accept_encoding, const char *if_none_match);

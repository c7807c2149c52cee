/* record.h -- the log that shim.c writes and replay.c reads: heads, each followed by len bytes. */
#pragma once
#include <stdint.h>

enum {
    RECORD_WRITE = 1,  /* bytes at an offset */
    RECORD_FLUSH,      /* everything before it is on disk */
    RECORD_FLUSH_LAST, /* the write just before it is on disk: O_DSYNC */
    RECORD_PUBLISH,    /* from here on the file is there */
    RECORD_NOTE,       /* the program's word: `at` = jobs acknowledged so far */
};

typedef struct {
    uint32_t kind, len;
    uint64_t at;
} record_head;

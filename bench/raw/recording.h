/* recording.h -- what a server's LMDB was told to write, one after the other: bench_recorder writes it while the server
 * works, raw_replay does the same with plain LMDB. */
#pragma once
#include <stdint.h>

enum { DATABASE = 'o', PUT = 'p', DELETE = 'd', COMMIT = 'c', ABORT = 'a' };
struct recorded { /* then the key, or the database's name; then the value */
    uint32_t key_len, value_len;
    uint8_t what, append;
    uint16_t dbi;
};

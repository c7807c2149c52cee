/* encoding.h -- which encoding a text file is in, and the same text in UTF-8. */
#pragma once
#include "kit/error.h"

typedef enum {
    ENCODING_UNKNOWN,
    ENCODING_UTF8,
    ENCODING_UTF16LE,
    ENCODING_UTF16BE,
    ENCODING_WINDOWS_1250,
    ENCODING_WINDOWS_1252,
    ENCODING_ISO_8859_2,
} encoding;

/* "windows-1250"; UNKNOWN: not one of ours */
encoding encoding_named(kt_str name);
const char *encoding_name(encoding encoding);
/* By byte order mark, by form, then by the letters that would come out: never UNKNOWN. */
encoding encoding_guess(kt_str bytes);
/* The text without its byte order mark. What has no character becomes U+FFFD.
 *   memory  UTF-8 comes back as a slice of bytes, the rest is in arena */
KT_MUST kt_error *encoding_read(arena *arena, kt_str bytes, encoding encoding, kt_str *text);

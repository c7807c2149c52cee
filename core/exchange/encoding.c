/* encoding.c -- see encoding.h. The conversion is the C library's. */
#include "exchange/encoding.h"

#include <errno.h>
#include <iconv.h>

#include "kit/str.h"
#include "kit/text.h"

static const char *const names[] = {
    [ENCODING_UNKNOWN] = "unknown",
    [ENCODING_UTF8] = "utf-8",
    [ENCODING_UTF16LE] = "utf-16le",
    [ENCODING_UTF16BE] = "utf-16be",
    [ENCODING_WINDOWS_1250] = "windows-1250",
    [ENCODING_WINDOWS_1252] = "windows-1252",
    [ENCODING_ISO_8859_2] = "iso-8859-2",
};

encoding encoding_named(kt_str name)
{
    for (encoding e = ENCODING_UTF8; e <= ENCODING_ISO_8859_2; e++)
        if (name.len == strlen(names[e]) && strncasecmp(name.ptr, names[e], name.len) == 0)
            return e;
    return ENCODING_UNKNOWN;
}

const char *encoding_name(encoding e)
{
    return names[e];
}

/* ---- Guessing ---- */

enum { LOOK_AT = 1 << 20 };

static bool is_letter(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c >= 0x8A;
}

/* Letters of Polish and Czech words that stand at other places in the code pages: what the byte is in each.
 */
static void weigh(unsigned char c, int *w1250, int *w1252, int *iso)
{
    switch (c) {
    case 0x8C: /* S with acute in 1250; a ligature in 1252; a control in ISO */
    case 0x8F:
    case 0x9C:
    case 0x9F:
    case 0xA5:
    case 0xB9:
    case 0x8A:
    case 0x9A:
        *w1250 += 3;
        break;
    case 0xA1:
    case 0xA6:
    case 0xAC:
    case 0xB1:
    case 0xB6:
    case 0xBC:
        *iso += 3;
        break;
    case 0xA3: /* l and z of Polish: the same in 1250 and ISO, signs in 1252 */
    case 0xAF:
    case 0xB3:
    case 0xBF:
        *w1250 += 2;
        *iso += 2;
        break;
    case 0xC6: /* c, e, n, o of Polish */
    case 0xE6:
    case 0xCA:
    case 0xEA:
    case 0xD1:
    case 0xF1:
    case 0xD3:
    case 0xF3:
        *w1250 += 1;
        *iso += 1;
        *w1252 += 1;
        break;
    case 0xE0: /* letters of French, Spanish, Portuguese, Nordic: rare ones in 1250 */
    case 0xE8:
    case 0xE5:
    case 0xF8:
    case 0xE3:
    case 0xF5:
    case 0xFB:
    case 0xF2:
    case 0xF9:
        *w1252 += 2;
        break;
    default:
        break;
    }
}

static encoding guess_code_page(kt_str bytes)
{
    int w1250 = 0, w1252 = 0, iso = 0;
    bool control = false;
    for (size_t i = 0; i < bytes.len; i++) {
        unsigned char c = (unsigned char)bytes.ptr[i];
        control |= c >= 0x80 && c < 0xA0; /* of ISO: no text has them */
        bool beside = (i && is_letter((unsigned char)bytes.ptr[i - 1])) ||
                      (i + 1 < bytes.len && is_letter((unsigned char)bytes.ptr[i + 1]));
        if (c >= 0x80 && beside)
            weigh(c, &w1250, &w1252, &iso);
    }
    if (control)
        iso = 0;
    if (iso > w1250 && iso > w1252)
        return ENCODING_ISO_8859_2;
    return w1252 > w1250 ? ENCODING_WINDOWS_1252 : ENCODING_WINDOWS_1250;
}

/* Text in our alphabets has a zero in one half of most of its UTF-16 units. */
static encoding guess_utf16(kt_str bytes)
{
    size_t zeros[2] = {0}, n = bytes.len < 2000 ? bytes.len : 2000;
    for (size_t i = 0; i < n; i++)
        zeros[i & 1] += bytes.ptr[i] == 0;
    if (zeros[1] * 4 > n && zeros[0] * 20 < n)
        return ENCODING_UTF16LE;
    return zeros[0] * 4 > n && zeros[1] * 20 < n ? ENCODING_UTF16BE : ENCODING_UNKNOWN;
}

encoding encoding_guess(kt_str bytes)
{
    if (str_starts(bytes, KT_STR("\xef\xbb\xbf")))
        return ENCODING_UTF8;
    if (str_starts(bytes, KT_STR("\xff\xfe")))
        return ENCODING_UTF16LE;
    if (str_starts(bytes, KT_STR("\xfe\xff")))
        return ENCODING_UTF16BE;
    encoding wide = guess_utf16(bytes);
    if (wide)
        return wide;
    kt_str head = {bytes.ptr, bytes.len < LOOK_AT ? bytes.len : LOOK_AT};
    /* a character that the look cuts in two is no error */
    return text_is_utf8(text_cut(bytes, LOOK_AT)) ? ENCODING_UTF8 : guess_code_page(head);
}

/* ---- Reading ---- */

static kt_error *convert(arena *arena, iconv_t with, kt_str bytes, kt_str *text)
{
    size_t room = bytes.len / 2 * 3 + bytes.len / 2 + 16; /* a byte becomes two or three; a unit three */
    char *out = arena_alloc(arena, room + 1), *at = out;
    char *from = NULL;
    size_t left = bytes.len;
    if (!out)
        return error_no_memory();
    memcpy(&from, &bytes.ptr, sizeof from); /* iconv only reads it */
    while (left) {
        size_t n = iconv(with, &from, &left, &at, &room);
        if (n != (size_t)-1 || errno == EINVAL) /* EINVAL: half a character at the end */
            break;
        if (errno != EILSEQ || room < 3)
            return error_no_memory();
        memcpy(at, "\xef\xbf\xbd", 3);
        at += 3;
        room -= 3;
        from++;
        left--;
    }
    *at = 0;
    *text = (kt_str){out, (size_t)(at - out)};
    return NULL;
}

kt_error *encoding_read(arena *arena, kt_str bytes, encoding e, kt_str *text)
{
    if (e == ENCODING_UTF8) {
        size_t mark = str_starts(bytes, KT_STR("\xef\xbb\xbf")) ? 3 : 0;
        *text = (kt_str){bytes.ptr + mark, bytes.len - mark};
        return NULL;
    }
    bool wide = e == ENCODING_UTF16LE || e == ENCODING_UTF16BE;
    if (wide && bytes.len >= 2 && memcmp(bytes.ptr, e == ENCODING_UTF16LE ? "\xff\xfe" : "\xfe\xff", 2) == 0)
        bytes = (kt_str){bytes.ptr + 2, bytes.len - 2};
    iconv_t with = iconv_open("UTF-8", names[e]);
    if (with == (iconv_t)-1) /* NOLINT: the library's own way to say so */
        return error_make(arena, KT_UNAVAILABLE, "encoding", "this machine does not know %s",
            "ten komputer nie zna kodowania %s", names[e]);
    kt_error *error = convert(arena, with, bytes, text);
    iconv_close(with);
    return error;
}

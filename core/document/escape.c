/* escape.c -- see escape.h. */
#include "document/escape.h"

#include "kit/str.h"

const char *escape_name(unsigned place)
{
    static const char *const names[] = {[ESCAPE_TEXT] = "text",
        [ESCAPE_ATTRIBUTE] = "attribute",
        [ESCAPE_ADDRESS] = "address",
        [ESCAPE_STYLE] = "style",
        [ESCAPE_XML] = "xml",
        [ESCAPE_CELL] = "cell",
        [ESCAPE_PLAIN] = "plain"};
    return place < sizeof names / sizeof *names ? names[place] : NULL;
}

static bool is_control(char c)
{
    return (unsigned char)c < 32 && c != '\t' && c != '\n' && c != '\r';
}

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static void put_markup(buffer *out, char c)
{
    switch (c) {
    case '&':
        buffer_add_str(out, KT_STR("&amp;"));
        return;
    case '<':
        buffer_add_str(out, KT_STR("&lt;"));
        return;
    case '>':
        buffer_add_str(out, KT_STR("&gt;"));
        return;
    case '"':
        buffer_add_str(out, KT_STR("&#34;"));
        return;
    case '\'':
        buffer_add_str(out, KT_STR("&#39;"));
        return;
    default:
        if (!is_control(c))
            buffer_add_char(out, c);
    }
}

static void put_all_markup(buffer *out, kt_str text)
{
    for (size_t i = 0; i < text.len; i++)
        put_markup(out, text.ptr[i]);
}

/* U+FFFE and U+FFFF are no characters of XML (XML 1.0, 2.2). */
static void put_xml(buffer *out, kt_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (i + 2 < text.len && memcmp(text.ptr + i, "\xEF\xBF", 2) == 0 &&
            (unsigned char)text.ptr[i + 2] >= 0xBE)
            i += 2;
        else
            put_markup(out, text.ptr[i]);
}

/* A colon before any of / ? # ends a scheme; one that is not known to be harmless loses its colon, wherever
 * in the address the text stands, for it may be put together from several. */
static bool scheme_runs(kt_str text)
{
    static const char *const harmless[] = {"http", "https", "mailto", "tel", "asset", NULL};
    size_t n = 0;
    while (n < text.len && !memchr(":/?#", text.ptr[n], 4))
        n++;
    if (n == text.len || text.ptr[n] != ':')
        return false;
    for (const char *const *h = harmless; *h; h++)
        if (str_is((kt_str){text.ptr, n}, *h))
            return false;
    return true;
}

static void put_address(buffer *out, kt_str text)
{
    bool runs = scheme_runs(text);
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c == ':' && runs)
            buffer_add_str(out, KT_STR("%3A"));
        else if (c == '&')
            buffer_add_str(out, KT_STR("&amp;"));
        else if (is_word((char)c) || (c && strchr("-._~:/?#[]@!$()*+,;=%", c)))
            buffer_add_char(out, (char)c);
        else
            buffer_add_format(out, "%%%02X", c);
    }
}

static void put_style(buffer *out, kt_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (is_word(text.ptr[i]) || memchr("#%.- ", text.ptr[i], 5))
            buffer_add_char(out, text.ptr[i]);
}

/* Spreadsheets take what begins so for a formula (OWASP, CSV injection). */
static void put_cell(buffer *out, kt_str text, bool number)
{
    bool formula = text.len && !number && memchr("=+-@\t\r", text.ptr[0], 6);
    bool quoted = formula;
    for (size_t i = 0; i < text.len; i++)
        quoted = quoted || memchr(",;\"\n\r\t", text.ptr[i], 6);
    if (quoted)
        buffer_add_char(out, '"');
    if (formula)
        buffer_add_char(out, '\'');
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '"')
            buffer_add_char(out, '"');
        if (text.ptr[i])
            buffer_add_char(out, text.ptr[i]);
    }
    if (quoted)
        buffer_add_char(out, '"');
}

void escape_put(buffer *out, escape_place place, kt_str text, bool number)
{
    switch (place) {
    case ESCAPE_TEXT:
    case ESCAPE_ATTRIBUTE:
        put_all_markup(out, text);
        return;
    case ESCAPE_ADDRESS:
        put_address(out, text);
        return;
    case ESCAPE_STYLE:
        put_style(out, text);
        return;
    case ESCAPE_XML:
        put_xml(out, text);
        return;
    case ESCAPE_CELL:
        put_cell(out, text, number);
        return;
    case ESCAPE_PLAIN:
        buffer_add_str(out, text);
    }
}

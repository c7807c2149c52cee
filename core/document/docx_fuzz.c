/* docx_fuzz.c -- any XML as the document of a DOCX is compiled or refused; the pieces in their order are sound XML. */
#include <assert.h>
#include <libxml/parser.h>
#include <zip.h>

#include "document/docx_tags.h"
#include "kit/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Three of four names are known: of the record, or a picture, or of a line, every other one of a line's line. */
static docx_name resolve(arena *arena, const void *context, kt_str name)
{
    (void)context;
    if (name.len % 4 == 3)
        return (docx_name){0};
    docx_name found = {.lua = arena_format(arena, "doc.%.*s", STR_ARG(name))};
    if (name.len % 4 == 2)
        found.picture = name;
    if (name.len % 2 == 0)
        return found;
    found.level = name.len % 8 == 5 ? 2 : 1;
    found.list = found.level == 2 ? KT_STR("lines.parts") : KT_STR("lines");
    found.over = found.level == 2 ? KT_STR("line.parts") : KT_STR("doc.lines");
    found.outer = found.level == 2 ? KT_STR("lines") : (kt_str){0};
    return found;
}

static kt_str archive_of(arena *arena, const uint8_t *data, size_t size)
{
    static const char types[] = "<Types></Types>";
    zip_source_t *whole = zip_source_buffer_create(NULL, 0, 0, NULL);
    zip_t *archive = zip_open_from_source(whole, ZIP_CREATE | ZIP_TRUNCATE, NULL);
    assert(archive);
    zip_source_keep(whole);
    zip_int64_t at = zip_file_add(archive, "word/document.xml", zip_source_buffer(archive, data, size, 0), 0);
    assert(zip_file_add(archive, "[Content_Types].xml",
               zip_source_buffer(archive, types, sizeof types - 1, 0), 0) == 1);
    assert(at == 0 && zip_set_file_compression(archive, 0, ZIP_CM_STORE, 0) == 0 && zip_close(archive) == 0);
    zip_stat_t stat;
    assert(zip_source_stat(whole, &stat) == 0 && zip_source_open(whole) == 0);
    char *bytes = arena_alloc(arena, stat.size);
    assert(bytes && zip_source_read(whole, bytes, stat.size) == (zip_int64_t)stat.size);
    zip_source_close(whole);
    zip_source_free(whole);
    return (kt_str){bytes, stat.size};
}

static void fill(arena *arena, const docx *d)
{
    static const char png[] = "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\7\0\0\0\3\10";
    static const render_asset pictures[] = {{"p.png", {png, sizeof png - 1}}, {0}};
    buffer written;
    kt_str file = {0}, text = {0};
    buffer_open(&written, (size_t)1 << 20);
    for (size_t i = 0; i < d->piece_count; i++)
        buffer_add_format(&written, "\001%zu\002", i);
    buffer_add_str(&written, KT_STR("\4dasset:p.png|40\5\4rasset:p.png|\5\4d\5\4\5\4rasset:none|\5\3\4d"));
    assert(!docx_fill(arena, d, buffer_str(&written), pictures, &file) && file.len);
    assert(!docx_text(arena, d, buffer_str(&written), &text));
    buffer_clear(&written);
    for (size_t i = 0; i < d->piece_count; i++)
        buffer_add_str(&written, d->pieces[i]);
    xmlDoc *doc = xmlReadMemory(
        written.ptr, (int)written.len, "x", NULL, XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    assert(doc);
    xmlFreeDoc(doc);
    buffer_close(&written);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 16384)
        return 0;
    arena *memory = arena_open((size_t)64 << 20);
    assert(memory);
    docx *d = NULL;
    kt_str lua = {0};
    if (!docx_compile(memory, archive_of(memory, data, size), &(docx_names){resolve, NULL}, &d, &lua))
        fill(memory, d);
    arena_close(memory);
    return 0;
}

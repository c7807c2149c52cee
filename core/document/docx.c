/* docx.c -- see docx.h: the archive, the chunk, and the file that comes of both. A DOCX comes from outside: an archive
 * that unpacks to too much, or a document type declaration, is refused; nothing is fetched. */
#include "document/docx.h"

#include <libxml/parser.h>
#include <stdlib.h>
#include <zip.h>

#include "document/docx_pictures.h"
#include "document/docx_tags.h"
#include "document/template.h"
#include "kit/str.h"

enum { ENTRIES_MAX = 2000, PARTS_MAX = 40, PIECES_MAX = 2 * DOCX_TAGS_MAX + PARTS_MAX, LUA_MAX = 1 << 20 };
#define PART_MAX   ((zip_uint64_t)16 << 20) /* bytes of one part, unpacked */
#define FILLED_MAX ((size_t)48 << 20)

static kt_error *no_docx(arena *arena, const char *en, const char *pl)
{
    return error_make(
        arena, KT_VALIDATION, "file", "this is no DOCX: %s%.0s", "to nie jest DOCX: %.0s%s", en, pl);
}

/* ---- The archive ---- */

static kt_error *open_archive(arena *arena, kt_str file, zip_t **archive)
{
    zip_source_t *source = zip_source_buffer_create(file.ptr, file.len, 0, NULL);
    *archive = source ? zip_open_from_source(source, ZIP_RDONLY, NULL) : NULL;
    if (*archive)
        return NULL;
    zip_source_free(source);
    return no_docx(arena, "it is no archive", "to nie archiwum");
}

/* The parts that people read, the document first. */
static bool holds_text(const char *name)
{
    return strncmp(name, "word/header", 11) == 0 || strncmp(name, "word/footer", 11) == 0 ||
           strncmp(name, "word/footnotes", 14) == 0;
}

static kt_error *find_parts(docx *d, zip_t *archive)
{
    const zip_int64_t entries = zip_get_num_entries(archive, 0),
                      document = zip_name_locate(archive, "word/document.xml", 0);
    d->parts = ARENA_ARRAY(d->arena, struct docx_part, PARTS_MAX);
    if (!d->parts)
        return error_no_memory();
    if (document < 0 || entries > ENTRIES_MAX)
        return no_docx(d->arena, "it has no word/document.xml", "brak word/document.xml");
    d->parts[d->part_count++] = (struct docx_part){"word/document.xml", (uint64_t)document};
    for (zip_int64_t i = 0; i < entries && d->part_count < PARTS_MAX; i++) {
        const char *name = zip_get_name(archive, (zip_uint64_t)i, 0);
        if (name && holds_text(name) && strstr(name, ".xml"))
            d->parts[d->part_count++] = (struct docx_part){
                arena_str(d->arena, str_of(name)).ptr, (uint64_t)i};
    }
    return NULL;
}

static kt_error *read_part(docx *d, zip_t *archive, const struct docx_part *part, kt_str *bytes)
{
    zip_stat_t stat;
    zip_stat_init(&stat);
    if (zip_stat_index(archive, part->index, 0, &stat) != 0 || stat.size > PART_MAX)
        return no_docx(d->arena, "a part is too large", "część jest za duża");
    char *at = arena_alloc(d->arena, stat.size + 1);
    zip_file_t *file = zip_fopen_index(archive, part->index, 0);
    zip_int64_t n = at && file ? zip_fread(file, at, stat.size) : -1;
    if (file)
        zip_fclose(file);
    if (n < 0 || (zip_uint64_t)n != stat.size)
        return at ? no_docx(d->arena, "the archive is damaged", "archiwum jest uszkodzone")
                  : error_no_memory();
    *bytes = (kt_str){at, stat.size};
    return NULL;
}

/* ---- The chunk ---- */

static void add_piece(docx *d, buffer *lua, kt_str piece)
{
    if (d->piece_count < PIECES_MAX && piece.len) {
        d->pieces[d->piece_count] = arena_str(d->arena, piece);
        buffer_add_format(lua, " _write(\"\\001%zu\\002\")", d->piece_count++);
    }
}

static void add_value(const docx_tag *tag, buffer *lua)
{
    const kt_str modifier = tag->modifier.ptr ? tag->modifier : tag->name.modifier;
    buffer_add_str(lua, KT_STR(" _write(_as.xml("));
    if (modifier.len) {
        buffer_add_format(lua, "shown(%.*s, \"", STR_ARG(tag->name.lua));
        template_add_quoted(lua, modifier);
        buffer_add_format(lua, "\"%s%.*s)", tag->name.currency.len ? ", " : "", STR_ARG(tag->name.currency));
    } else {
        buffer_add_str(lua, tag->name.lua);
    }
    buffer_add_str(lua, KT_STR("))"));
}

/* picture("logo"): drawn, or the relationship of a picture of the file. */
static void add_picture(const docx_tag *tag, bool drawn, buffer *lua)
{
    const kt_str modifier = tag->modifier;
    buffer_add_str(lua, KT_STR(" do local p = picture(\""));
    template_add_quoted(lua, tag->name.picture);
    buffer_add_str(lua, KT_STR("\") _write(p and \"\\004"));
    buffer_add_char(lua, drawn ? 'd' : 'r');
    buffer_add_str(lua, KT_STR("\" .. p .. \"|"));
    template_add_quoted(lua, modifier);
    buffer_add_format(lua, "\\005\" or %.*s) end", STR_ARG(tag->name.lua));
}

static void add_loop(const docx_tag *tag, kt_str over, buffer *lua)
{
    const char *level = tag->name.level == 2 ? "2" : "";
    buffer_add_format(lua, " for index%s, line%s in ipairs(%.*s) do", level, level, STR_ARG(over));
}

static void add_tag(docx_tag *tag, buffer *lua, long *row)
{
    const kt_str what = tag->name.lua;
    buffer_add_char(lua, '\n');
    tag->row = ++*row;
    switch (tag->kind) {
    case TAG_NAME:
        if (tag->name.picture.len)
            add_picture(tag, true, lua);
        else
            add_value(tag, lua);
        return;
    case TAG_BLIP:
        add_picture(tag, false, lua);
        return;
    case TAG_LUA:
        buffer_add_format(lua, " _write(_as.xml(%.*s))", STR_ARG(what));
        return;
    case TAG_EACH:
        add_loop(tag, what, lua);
        return;
    case TAG_ROW:
        add_loop(tag, tag->name.over, lua);
        return;
    case TAG_IF:
        buffer_add_format(lua, " if (%.*s) then", STR_ARG(what));
        return;
    case TAG_ELSE:
        buffer_add_str(lua, KT_STR(" else"));
        return;
    case TAG_END:
    case TAG_ROW_END:
        buffer_add_str(lua, KT_STR(" end"));
    }
}

/* The next mark, an element or an attribute's value; *behind: where the text goes on. */
static const char *next_mark(
    const docx *d, const char *from, const char *end, const char **behind, size_t *number)
{
    static const char node[] = "<" DOCX_MARK " n=\"", value[] = "\"" DOCX_MARK ":";
    const char *a = memmem(from, (size_t)(end - from), node, sizeof node - 1),
               *b = memmem(from, (size_t)(end - from), value, sizeof value - 1);
    const bool is_value = b && (!a || b < a);
    const char *mark = is_value ? b + 1 : a; /* the quotes of a value stay */
    if (!mark)
        return NULL;
    char *digits_end;
    *number = strtoul(is_value ? b + sizeof value - 1 : a + sizeof node - 1, &digits_end, 10);
    const char *closed = is_value ? digits_end : memchr(mark, '>', (size_t)(end - mark));
    *behind = !closed ? end : is_value ? closed : closed + 1;
    if (*number >= d->tag_count)
        *number = d->tag_count;
    return mark;
}

/* Cuts a part's text at its marks. */
static void add_part(docx *d, kt_str text, buffer *lua, long *row)
{
    const char *from = text.ptr, *end = text.ptr + text.len, *behind = end;
    for (;;) {
        size_t number = 0;
        const char *mark = next_mark(d, from, end, &behind, &number);
        add_piece(d, lua, (kt_str){from, (size_t)((mark ? mark : end) - from)});
        if (!mark)
            return;
        if (number < d->tag_count)
            add_tag(&d->tags[number], lua, row);
        from = behind;
    }
}

/* The library writes some names as they are that may not stand so: a namespace's with "<" in it. */
static bool reads_again(const xmlChar *text, int n)
{
    xmlDoc *doc = xmlReadMemory(
        (const char *)text, n, "part.xml", NULL, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    xmlFreeDoc(doc);
    return doc != NULL;
}

static kt_error *compile_part(docx *d, const docx_names *names, kt_str bytes, buffer *lua, long *row)
{
    xmlDoc *doc = xmlReadMemory(bytes.ptr, (int)bytes.len, "part.xml", NULL,
        XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    kt_error *error = NULL;
    xmlChar *text = NULL;
    int n = 0;
    if (!doc || doc->intSubset)
        error = no_docx(d->arena, "a part of it is no plain XML", "jego część nie jest zwykłym XML");
    if (!error) {
        docx_mark(d, names, xmlDocGetRootElement(doc));
        xmlDocDumpMemoryEnc(doc, &text, &n, "UTF-8");
        error = text ? NULL : error_no_memory();
    }
    if (!error && !reads_again(text, n))
        error = no_docx(d->arena, "a part of it cannot be written again as XML",
            "jej części nie da się zapisać ponownie jako XML");
    if (!error)
        add_part(d, (kt_str){(const char *)text, (size_t)n}, lua, row);
    xmlFree(text);
    xmlFreeDoc(doc);
    return error;
}

static kt_error *compile_parts(docx *d, const docx_names *names, zip_t *archive, buffer *lua)
{
    long row = 1;
    KT_TRY(find_parts(d, archive));
    buffer_add_str(lua, KT_STR("local _as = ... local _write = _as.write"));
    for (size_t i = 0; i < d->part_count; i++) {
        kt_str bytes = {0};
        KT_TRY(read_part(d, archive, &d->parts[i], &bytes));
        KT_TRY(compile_part(d, names, bytes, lua, &row));
        buffer_add_str(lua, KT_STR(" _write(\"\\003\")"));
    }
    if (lua->full && !d->problems)
        return error_make(d->arena, KT_LIMIT, "file", "it has too many tags", "ma za dużo znaczników");
    return d->problems;
}

kt_error *docx_compile(arena *arena, kt_str file, const docx_names *names, docx **compiled, kt_str *lua)
{
    zip_t *archive = NULL;
    buffer text;
    docx *d = ARENA_NEW(arena, docx);
    if (!d)
        return error_no_memory();
    *d = (docx){.arena = arena,
        .file = file,
        .tags = ARENA_ARRAY(arena, docx_tag, DOCX_TAGS_MAX),
        .pieces = ARENA_ARRAY(arena, kt_str, PIECES_MAX)};
    if (!d->tags || !d->pieces)
        return error_no_memory();
    KT_TRY(open_archive(arena, file, &archive));
    buffer_open(&text, LUA_MAX);
    kt_error *error = compile_parts(d, names, archive, &text);
    if (!error)
        *lua = arena_str(arena, buffer_str(&text));
    buffer_close(&text);
    zip_discard(archive);
    *compiled = d;
    return error || lua->ptr ? error : error_no_memory();
}

kt_str docx_tag_at(const docx *d, long row)
{
    for (size_t i = 0; i < d->tag_count; i++)
        if (d->tags[i].row == row)
            return d->tags[i].source;
    return (kt_str){0};
}

/* ---- The file ---- */

/* A line's end within a value is Word's own break. pictures NULL: they are left out. */
static void add_written(const docx *d, kt_str written, docx_pictures *pictures, buffer *out)
{
    for (size_t i = 0; i < written.len; i++) {
        if (written.ptr[i] == '\1') {
            const unsigned long piece = strtoul(written.ptr + i + 1, NULL, 10);
            if (piece < d->piece_count)
                buffer_add_str(out, d->pieces[piece]);
            while (i < written.len && written.ptr[i] != '\2')
                i++;
        } else if (written.ptr[i] == '\4') {
            const char *close = memchr(written.ptr + i, '\5', written.len - i);
            const size_t n = close ? (size_t)(close - written.ptr) - i : written.len - i;
            if (pictures && n > 1)
                docx_picture_put(pictures, (kt_str){written.ptr + i + 1, n - 1}, out);
            i += n;
        } else if (written.ptr[i] == '\n') {
            buffer_add_str(out, KT_STR("</w:t><w:br/><w:t xml:space=\"preserve\">"));
        } else {
            buffer_add_char(out, written.ptr[i]);
        }
    }
}

/* What was written for the next part. */
static kt_str next_part(kt_str *written)
{
    const char *end = memchr(written->ptr, '\3', written->len);
    const kt_str part = {written->ptr, end ? (size_t)(end - written->ptr) : written->len};
    *written = end ? (kt_str){end + 1, written->len - part.len - 1}
                   : (kt_str){written->ptr + written->len, 0};
    return part;
}

static kt_error *replace_parts(
    arena *arena, const docx *d, kt_str written, const render_asset *assets, zip_t *archive)
{
    buffer out;
    kt_error *error = NULL;
    docx_pictures pictures = {.arena = arena, .archive = archive, .assets = assets};
    buffer_open(&out, FILLED_MAX);
    for (size_t i = 0; i < d->part_count && !error; i++) {
        buffer_clear(&out);
        memset(pictures.used, 0, sizeof pictures.used); /* relationships are each part's own */
        add_written(d, next_part(&written), &pictures, &out);
        error = docx_pictures_relate(&pictures, d->parts[i].name);
        if (error)
            break;
        kt_str text = out.full ? (kt_str){0} : arena_str(arena, buffer_str(&out));
        zip_source_t *source = text.ptr ? zip_source_buffer(archive, text.ptr, text.len, 0) : NULL;
        if (out.full)
            error = error_make(arena, KT_LIMIT, "file", "the document is too large", "dokument jest za duży");
        else if (!source || zip_file_replace(archive, d->parts[i].index, source, 0) != 0) {
            zip_source_free(source);
            error = error_no_memory();
        } else {
            zip_file_set_mtime(
                archive, d->parts[i].index, 315532800, 0); /* the same content is the same file */
        }
    }
    buffer_close(&out);
    return error ? error : docx_pictures_add(&pictures);
}

static kt_error *read_whole(arena *arena, zip_source_t *source, kt_str *file)
{
    zip_stat_t stat;
    if (zip_source_stat(source, &stat) != 0 || zip_source_open(source) != 0)
        return error_no_memory();
    char *bytes = arena_alloc(arena, stat.size + 1);
    zip_int64_t n = bytes ? zip_source_read(source, bytes, stat.size) : -1;
    zip_source_close(source);
    *file = (kt_str){bytes, stat.size};
    return n >= 0 && (zip_uint64_t)n == stat.size ? NULL : error_no_memory();
}

kt_error *docx_fill(arena *arena, const docx *d, kt_str written, const render_asset *pictures, kt_str *file)
{
    char *copy = arena_alloc(
        arena, d->file.len); /* the archive is changed in memory, and closed before the arena */
    if (!copy)
        return error_no_memory();
    memcpy(copy, d->file.ptr, d->file.len);
    zip_source_t *source = zip_source_buffer_create(copy, d->file.len, 0, NULL);
    zip_t *archive = source ? zip_open_from_source(source, 0, NULL) : NULL;
    if (!archive) {
        zip_source_free(source);
        return error_no_memory();
    }
    zip_source_keep(source);
    kt_error *error = replace_parts(arena, d, written, pictures, archive);
    if (error || zip_close(archive) != 0) {
        zip_discard(archive);
        error = error ? error : error_no_memory();
    }
    if (!error)
        error = read_whole(arena, source, file);
    zip_source_free(source);
    return error;
}

/* The character that an entity stands for; *n: its length, 1 if it is none. */
static char entity_at(kt_str text, size_t *n)
{
    static const struct {
        const char *name;
        char c;
    } entities[] = {
        {"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&#34;", '"'}, {"&#39;", '\''}, {"&quot;", '"'}};
    for (size_t i = 0; i < sizeof entities / sizeof *entities; i++) {
        *n = strlen(entities[i].name);
        if (text.len >= *n && memcmp(text.ptr, entities[i].name, *n) == 0)
            return entities[i].c;
    }
    *n = 1;
    return text.ptr[0];
}

kt_error *docx_text(arena *arena, const docx *d, kt_str written, kt_str *text)
{
    buffer out, plain;
    buffer_open(&out, FILLED_MAX);
    buffer_open(&plain, FILLED_MAX);
    add_written(d, next_part(&written), NULL, &out);
    const kt_str xml = buffer_str(&out);
    for (size_t i = 0; i < xml.len; i++) {
        const kt_str rest = {xml.ptr + i, xml.len - i};
        if (xml.ptr[i] != '<') {
            size_t n;
            buffer_add_char(&plain, entity_at(rest, &n));
            i += n - 1;
            continue;
        }
        if ((rest.len > 6 && memcmp(rest.ptr, "</w:p>", 6) == 0) ||
            (rest.len > 5 && memcmp(rest.ptr, "<w:br", 5) == 0))
            buffer_add_char(&plain, '\n');
        const char *end = memchr(rest.ptr, '>', rest.len);
        i = end ? (size_t)(end - xml.ptr) : xml.len;
    }
    *text = out.full || plain.full ? (kt_str){0}
                                   : arena_str(arena, plain.len ? buffer_str(&plain) : KT_STR(""));
    buffer_close(&out);
    buffer_close(&plain);
    return text->ptr ? NULL : error_no_memory();
}

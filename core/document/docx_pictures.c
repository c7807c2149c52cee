/* docx_pictures.c -- see docx_pictures.h.
 *   source  ECMA-376 part 1, 20.4.2.8 (inline drawings), part 2, 9.3 (relationships), 10.1.2 (content types) */
#include "document/docx_pictures.h"

#include <stdlib.h>

#include "kit/str.h"

enum {
    EMU_A_MM = 36000,
    WIDE_MM = 60,
    HIGH_MM = 20,
    WIDEST_MM = 170,
    XML_MAX = 1 << 20,
    PART_NAME_MAX = 200
};
#define MADE_AT 315532800 /* 1980: the same content is the same file */

typedef struct {
    unsigned width, height; /* pixels; 0: not known */
    const char *extension, *type;
} shape;

/* ---- What a picture is ---- */

static unsigned big(const unsigned char *at, size_t bytes)
{
    unsigned n = 0;
    for (size_t i = 0; i < bytes; i++)
        n = n << 8 | at[i];
    return n;
}

static shape of_png(kt_str bytes)
{
    const unsigned char *at = (const unsigned char *)bytes.ptr;
    return (shape){big(at + 16, 4), big(at + 20, 4), "png", "image/png"};
}

/* Walks the segments up to the frame, which tells its size. */
static shape of_jpeg(kt_str bytes)
{
    const unsigned char *at = (const unsigned char *)bytes.ptr;
    shape s = {0, 0, "jpg", "image/jpeg"};
    for (size_t i = 2; i + 9 < bytes.len && at[i] == 0xff;) {
        const unsigned marker = at[i + 1];
        const bool frame = marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 &&
                           marker != 0xcc;
        if (frame) {
            s.height = big(at + i + 5, 2);
            s.width = big(at + i + 7, 2);
            break;
        }
        i += 2 + big(at + i + 2, 2);
    }
    return s;
}

static shape shape_of(kt_str bytes)
{
    if (bytes.len > 24 && memcmp(bytes.ptr, "\x89PNG\r\n\x1a\n", 8) == 0)
        return of_png(bytes);
    return bytes.len > 4 && memcmp(bytes.ptr, "\xff\xd8\xff", 3) == 0 ? of_jpeg(bytes) : (shape){0};
}

/* ---- In the text ---- */

static int find(const docx_pictures *p, kt_str name)
{
    for (int i = 0; i < DOCX_PICTURES_MAX && p->assets[i].name; i++)
        if (str_is(name, p->assets[i].name))
            return i;
    return -1;
}

/* As large as a letter's head has room for, or as wide as was asked; in its own proportions. */
static void draw(docx_pictures *p, int number, kt_str wide, buffer *out)
{
    const shape s = shape_of(p->assets[number].bytes);
    const unsigned long asked = wide.len ? strtoul(wide.ptr, NULL, 10) : 0;
    const uint64_t most_wide = asked && asked <= WIDEST_MM ? asked : WIDE_MM,
                   most_high = asked ? WIDEST_MM : HIGH_MM;
    uint64_t width = most_wide * EMU_A_MM, height = width * s.height / (s.width ? s.width : 1);
    if (height > most_high * EMU_A_MM) {
        height = most_high * EMU_A_MM;
        width = height * s.width / (s.height ? s.height : 1);
    }
    const unsigned long long w = width ? width : 1, h = height ? height : 1;
    buffer_add_format(out,
        "</w:t><w:drawing><wp:inline "
        "xmlns:wp=\"http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing\""
        " distT=\"0\" distB=\"0\" distL=\"0\" distR=\"0\"><wp:extent cx=\"%llu\" cy=\"%llu\"/>"
        "<wp:docPr id=\"%u\" name=\"kontor %u\"/>",
        w, h, 60000 + p->drawn, p->drawn);
    buffer_add_str(out,
        KT_STR("<a:graphic xmlns:a=\"http://schemas.openxmlformats.org/drawingml/2006/main\"><a:graphicData "
               "uri=\"http://schemas.openxmlformats.org/drawingml/2006/picture\"><pic:pic "
               "xmlns:pic=\"http://schemas.openxmlformats.org/drawingml/2006/picture\"><pic:nvPicPr>"));
    buffer_add_format(out,
        "<pic:cNvPr id=\"%u\" name=\"kontor %u\"/><pic:cNvPicPr/></pic:nvPicPr><pic:blipFill><a:blip "
        "xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\" "
        "r:embed=\"rIdKontor%d\"/>"
        "<a:stretch><a:fillRect/></a:stretch></pic:blipFill>",
        60000 + p->drawn, p->drawn, number);
    buffer_add_format(out,
        "<pic:spPr><a:xfrm><a:off x=\"0\" y=\"0\"/><a:ext cx=\"%llu\" cy=\"%llu\"/></a:xfrm><a:prstGeom "
        "prst=\"rect\">"
        "<a:avLst/></a:prstGeom></pic:spPr></pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing>"
        "<w:t xml:space=\"preserve\">",
        w, h);
    p->drawn++;
}

void docx_picture_put(docx_pictures *p, kt_str what, buffer *out)
{
    static const char scheme[] = "asset:";
    const bool drawn = what.ptr[0] == 'd';
    kt_str name = {what.ptr + 1, what.len - 1};
    const char *bar = memchr(name.ptr, '|', name.len);
    const kt_str wide = bar ? (kt_str){bar + 1, (size_t)(name.ptr + name.len - bar) - 1} : (kt_str){0};
    name.len = bar ? (size_t)(bar - name.ptr) : name.len;
    if (name.len > sizeof scheme - 1 && memcmp(name.ptr, scheme, sizeof scheme - 1) == 0)
        name = (kt_str){name.ptr + sizeof scheme - 1, name.len - sizeof scheme + 1};
    const int number = find(p, name);
    if (number < 0)
        return;
    if (!shape_of(p->assets[number].bytes).extension && !p->error)
        p->error = kt_hint(
            error_make(p->arena, KT_VALIDATION, "file", "a picture is SVG, which Word files do not take",
                "obraz jest w formacie SVG, którego pliki Word nie przyjmują"),
            "Keep it as PNG or JPEG, too, under a name of its own.",
            "Zapisz go także jako PNG albo JPEG, pod inną nazwą.");
    if (p->error)
        return;
    p->used[number] = p->added[number] = true;
    if (drawn)
        draw(p, number, wide, out);
    else
        buffer_add_format(out, "rIdKontor%d", number);
}

/* ---- In the archive ---- */

static kt_error *keep(docx_pictures *p, const char *name, const void *bytes, size_t n)
{
    zip_source_t *source = zip_source_buffer(p->archive, bytes, n, 0);
    const zip_int64_t at = source
                               ? zip_file_add(p->archive, name, source, ZIP_FL_OVERWRITE | ZIP_FL_ENC_UTF_8)
                               : -1;
    if (at < 0) {
        zip_source_free(source);
        return error_no_memory();
    }
    zip_file_set_mtime(p->archive, (zip_uint64_t)at, MADE_AT, 0);
    return NULL;
}

/* A part that is there; not set: it is not. */
static kt_error *read_text(const docx_pictures *p, const char *name, kt_str *text)
{
    zip_stat_t stat;
    zip_stat_init(&stat);
    *text = (kt_str){0};
    if (zip_stat(p->archive, name, 0, &stat) != 0)
        return NULL;
    char *bytes = stat.size < XML_MAX ? arena_alloc(p->arena, stat.size + 1) : NULL;
    zip_file_t *file = bytes ? zip_fopen(p->archive, name, 0) : NULL;
    const zip_int64_t n = file ? zip_fread(file, bytes, stat.size) : -1;
    if (file)
        zip_fclose(file);
    if (n < 0 || (zip_uint64_t)n != stat.size)
        return error_make(
            p->arena, KT_VALIDATION, "file", "%s cannot be read", "nie można odczytać %s", name);
    *text = (kt_str){bytes, stat.size};
    return NULL;
}

/* Puts more in front of the last tag of a text, or behind `head` where there is no text yet. */
static kt_error *put_before_end(
    docx_pictures *p, const char *name, kt_str text, const char *head, kt_str more)
{
    size_t at = text.len;
    while (at && text.ptr[at - 1] != '<')
        at--;
    const kt_str whole = at ? arena_format(p->arena, "%.*s%.*s<%.*s", (int)(at - 1), text.ptr, STR_ARG(more),
                                  (int)(text.len - at), text.ptr + at)
                            : arena_format(p->arena, "%s%.*s</Relationships>", head, STR_ARG(more));
    return whole.ptr ? keep(p, name, whole.ptr, whole.len) : error_no_memory();
}

kt_error *docx_pictures_relate(docx_pictures *p, const char *part)
{
    buffer more;
    char name[PART_NAME_MAX];
    kt_str text = {0};
    if (p->error)
        return p->error;
    buffer_open(&more, XML_MAX);
    for (int i = 0; i < DOCX_PICTURES_MAX; i++)
        if (p->used[i])
            buffer_add_format(&more,
                "<Relationship Id=\"rIdKontor%d\" "
                "Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/image\" "
                "Target=\"media/kontor%d.%s\"/>",
                i, i, shape_of(p->assets[i].bytes).extension);
    (void)snprintf(name, sizeof name, "word/_rels/%s.rels", strrchr(part, '/') + 1);
    kt_error *error = more.len ? read_text(p, name, &text) : NULL;
    if (!error && more.len)
        error = put_before_end(p, name, text,
            "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?><Relationships "
            "xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">",
            buffer_str(&more));
    buffer_close(&more);
    return error;
}

static kt_error *tell_types(docx_pictures *p)
{
    static const char types[] = "[Content_Types].xml";
    static const char *const known[][2] = {{"png", "image/png"}, {"jpg", "image/jpeg"}};
    kt_str text = {0}, more = KT_STR("");
    KT_TRY(read_text(p, types, &text));
    for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
        const kt_str wanted = arena_format(p->arena, "Extension=\"%s\"", known[k][0]);
        bool needed = false;
        for (int i = 0; i < DOCX_PICTURES_MAX; i++)
            needed = needed ||
                     (p->added[i] && strcmp(shape_of(p->assets[i].bytes).extension, known[k][0]) == 0);
        if (needed && wanted.ptr && !memmem(text.ptr, text.len, wanted.ptr, wanted.len))
            more = arena_format(p->arena, "%s<Default Extension=\"%s\" ContentType=\"%s\"/>", more.ptr,
                known[k][0], known[k][1]);
    }
    if (!text.len)
        return error_make(p->arena, KT_VALIDATION, "file", "this is no DOCX: it has no %s",
            "to nie jest DOCX: brak %s", types);
    return more.len ? put_before_end(p, types, text, "", more) : NULL;
}

kt_error *docx_pictures_add(docx_pictures *p)
{
    bool any = false;
    for (int i = 0; i < DOCX_PICTURES_MAX; i++) {
        if (!p->added[i])
            continue;
        any = true;
        const kt_str bytes = p->assets[i].bytes,
                     name = arena_format(p->arena, "word/media/kontor%d.%s", i, shape_of(bytes).extension);
        if (!name.ptr)
            return error_no_memory();
        KT_TRY(keep(p, name.ptr, bytes.ptr, bytes.len));
    }
    return any ? tell_types(p) : NULL;
}

/* barcode.c -- see barcode.h. libzint encodes; the picture is drawn from its modules, in whole numbers. */
#include "document/barcode.h"

#include <zint.h>

#include "kit/buffer.h"

enum { SVG_MAX = 1 << 20, BAR_HEIGHT = 50, TEXT_HEIGHT = 12 };

static const struct {
    int symbology;
    int left, right, above; /* the quiet zone, in modules */
    bool linear;
} kinds[] = {
    [BARCODE_KIND_QR] = {BARCODE_QRCODE, 4, 4, 4, false},
    [BARCODE_KIND_CODE128] = {BARCODE_CODE128, 10, 10, 0, true},
    [BARCODE_KIND_EAN13] = {BARCODE_EANX, 11, 7, 0, true},
};

static bool is_dark(const struct zint_symbol *s, int row, int column)
{
    return s->encoded_data[row][column / 8] >> column % 8 & 1;
}

/* A rectangle for each run of dark modules. */
static void draw(const struct zint_symbol *s, barcode_kind kind, buffer *out)
{
    int height = kinds[kind].linear ? BAR_HEIGHT : 1;
    for (int row = 0; row < s->rows; row++) {
        for (int from = 0, to; from < s->width; from = to) {
            bool dark = is_dark(s, row, from);
            for (to = from; to < s->width && is_dark(s, row, to) == dark; to++)
                ;
            if (dark)
                buffer_add_format(out, "M%d %dh%dv%dh-%dz", kinds[kind].left + from,
                    kinds[kind].above + row * height, to - from, height, to - from);
        }
    }
}

static void write_svg(const struct zint_symbol *s, barcode_kind kind, buffer *out)
{
    bool linear = kinds[kind].linear;
    int width = kinds[kind].left + s->width + kinds[kind].right;
    int height = linear ? BAR_HEIGHT + TEXT_HEIGHT : 2 * kinds[kind].above + s->rows;
    buffer_add_format(out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" shape-rendering=\"crispEdges\">"
        "<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/><path d=\"",
        width, height, width, height);
    draw(s, kind, out);
    buffer_add(out, "\"/>", 3);
    if (linear) {
        buffer_add_format(out,
            "<text x=\"%d\" y=\"%d\" font-family=\"monospace\" font-size=\"10\" text-anchor=\"middle\">",
            width / 2, height - 2);
        for (const unsigned char *c = s->text; *c; c++) { /* what people read may be markup to a machine */
            if (*c == '<' || *c == '>' || *c == '&')
                buffer_add_format(out, "&#%d;", *c);
            else
                buffer_add_char(out, (char)*c);
        }
        buffer_add(out, "</text>", 7);
    }
    buffer_add(out, "</svg>", 6);
}

kt_error *barcode_svg(arena *arena, barcode_kind kind, kt_str text, kt_str *svg)
{
    struct zint_symbol *s = ZBarcode_Create();
    if (!s)
        return error_no_memory();
    s->symbology = kinds[kind].symbology;
    s->input_mode = UNICODE_MODE;
    kt_error *error = NULL;
    bool fits = text.len > 0 && text.len <= 4000 &&
                (kind != BARCODE_KIND_EAN13 || text.len == 12 || text.len == 13);
    if (!fits || ZBarcode_Encode(s, (const unsigned char *)text.ptr, (int)text.len) >= ZINT_ERROR) {
        const char *why = s->errtxt[0] ? s->errtxt : "12 or 13 digits were expected";
        error = error_make(arena, KT_VALIDATION, "text", "it cannot be written as this barcode: %s",
            "nie da się tego zapisać takim kodem: %s", text.len ? why : "it is empty");
    } else {
        buffer out;
        buffer_open(&out, SVG_MAX);
        write_svg(s, kind, &out);
        *svg = out.full ? (kt_str){0} : arena_str(arena, buffer_str(&out));
        buffer_close(&out);
        error = svg->ptr ? NULL : error_no_memory();
    }
    ZBarcode_Delete(s);
    return error;
}

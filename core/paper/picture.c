/* picture.c -- pictures of documents: a kept one by its name, or an attached file that the reader may see. The text
 * names a picture by what it holds, "asset:SHA256.png", and that is all it can name: no path, no address. */
#include <sodium.h>

#include "exchange/file.h"
#include "kit/str.h"
#include "paper/methods.h"

enum { PICTURE_MAX = 1 << 20 };

static const struct {
    const char *type, *extension;
} types[] = {{"image/png", "png"}, {"image/jpeg", "jpg"}, {"image/svg+xml", "svg"}};
enum { TYPES = sizeof types / sizeof *types };

const kt_shape asset_row_shape = KT_SHAPE(asset_row, "document.asset",
    KT_FIELD(asset_row, name, STRING, "Name", "Nazwa", .required = true, .max = 60, .searchable = true,
        .priority = 1,
        .help = {"Templates name it so: image(\"logo\").", "Tak nazywa go szablon: image(\"logo\")."}),
    KT_FIELD(asset_row, file, FILE, "File", "Plik", .target = "base.attachment", .required = true,
        .priority = 2, .help = {"PNG, JPEG or SVG, at most 1 MB.", "PNG, JPEG lub SVG, najwyżej 1 MB."}),
    KT_FIELD(asset_row, whose, REF, "Company", "Firma", .target = "base.company", .on_delete = KT_CASCADE,
        .priority = 3, .help = {"Empty: of all companies.", "Puste: wszystkich firm."}));

struct seen_file {
    kt_record rec;
    kt_str type;
    int64_t size;
};
static const kt_shape seen_file_shape = KT_SHAPE(seen_file, "base.attachment",
    KT_BIND(seen_file, type, STRING, "type"), KT_BIND(seen_file, size, INT, "size"));

kt_error *paper_asset_check(kt_tx *tx, const kt_record *before, const kt_record *after)
{
    struct seen_file file = {KT_OF(seen_file)};
    (void)before;
    if (!after)
        return NULL;
    KT_TRY(kt_read(tx, KT_SEE(asset_row, after)->file, &file.rec));
    if (file.size > PICTURE_MAX)
        return kt_fail(tx, KT_LIMIT, "file", "%lld bytes, at most %d are taken",
            "%lld bajtów, dozwolone najwyżej %d", (long long)file.size, (int)PICTURE_MAX);
    for (size_t i = 0; i < TYPES; i++)
        if (str_is(file.type, types[i].type))
            return NULL;
    return kt_fail(tx, KT_VALIDATION, "file",
        "its type is %.*s, expected was image/png, image/jpeg or image/svg+xml",
        "jego typ to %.*s, oczekiwano image/png, image/jpeg albo image/svg+xml", STR_ARG(file.type));
}

/* The picture of this name: the company's own before that of all. */
static kt_error *find_asset(kt_tx *tx, const written *w, kt_str name, uint64_t *file)
{
    const uint64_t company = automation_company(tx, &w->about);
    struct asset_row row = {KT_OF(asset_row)};
    kt_cursor *cursor = NULL;
    const kt_query query = {
        .of = &asset_row_shape, .where = (kt_where[]){KT_WHERE(asset_row, name, KT_EQ, name), {0}}};
    *file = 0;
    KT_TRY(kt_open(tx, &query, &cursor));
    while (kt_next(cursor, &row.rec)) {
        if (row.whose.v ? row.whose.v == company : !*file)
            *file = row.file.v;
        if (row.whose.v && row.whose.v == company)
            break;
    }
    return kt_close(cursor);
}

/* What the bytes are, whatever their name says. */
static size_t type_of(kt_str bytes)
{
    const size_t head = bytes.len < 1024 ? bytes.len : 1024;
    if (bytes.len > 8 && memcmp(bytes.ptr, "\x89PNG\r\n\x1a\n", 8) == 0)
        return 0;
    if (bytes.len > 3 && memcmp(bytes.ptr, "\xff\xd8\xff", 3) == 0)
        return 1;
    return head && bytes.ptr[0] == '<' && memmem(bytes.ptr, head, "<svg", 4) ? 2 : TYPES;
}

static kt_error *take(papers *p, kt_tx *tx, written *w, const file_ref *file, kt_str *address)
{
    kt_str bytes = {0};
    if (file->size > PICTURE_MAX || w->picture_count == PICTURES_MAX)
        return kt_fail(tx, KT_LIMIT, "text", "a picture has at most %d bytes, a document at most %d pictures",
            "obraz ma najwyżej %d bajtów, dokument najwyżej %d obrazów", (int)PICTURE_MAX, (int)PICTURES_MAX);
    KT_TRY(file_map(tx->arena, p->options.data_directory, file, &bytes));
    size_t type = type_of(bytes);
    if (type == TYPES)
        return kt_fail(tx, KT_VALIDATION, "text", "%.*s is no PNG, JPEG or SVG",
            "%.*s nie jest plikiem PNG, JPEG ani SVG", STR_ARG(file->name));
    kt_str name = arena_format(tx->arena, "%.*s.%s", STR_ARG(file->sha256), types[type].extension);
    *address = arena_format(tx->arena, "asset:%s", name.ptr ? name.ptr : "");
    if (!name.ptr || !address->ptr)
        return error_no_memory();
    for (size_t i = 0; i < w->picture_count; i++)
        if (str_is(name, w->pictures[i].name))
            return NULL;
    w->pictures[w->picture_count++] = (render_asset){name.ptr, bytes};
    return NULL;
}

kt_error *paper_picture(kt_tx *tx, void *context, kt_str name, uint64_t id, kt_str *address)
{
    written *w = context;
    file_ref file = {0};
    const model_guard *guard = tx->guard;
    kt_error *error = NULL;
    if (name.ptr) { /* whoever may make a document may show what its author put there */
        tx->guard = NULL;
        error = find_asset(tx, w, name, &id);
    }
    if (!error && id)
        error = file_find(tx, id, &file);
    tx->guard = guard;
    return error || !id ? error : take(w->papers, tx, w, &file, address);
}

static kt_error *add_data(arena *arena, const render_asset *picture, buffer *out)
{
    const size_t n = sodium_base64_encoded_len(picture->bytes.len, sodium_base64_VARIANT_ORIGINAL);
    char *text = arena_alloc(arena, n);
    if (!text)
        return error_no_memory();
    sodium_bin2base64(text, n, (const unsigned char *)picture->bytes.ptr, picture->bytes.len,
        sodium_base64_VARIANT_ORIGINAL);
    buffer_add_format(out, "data:%s;base64,", types[type_of(picture->bytes)].type);
    buffer_add(out, text, n - 1);
    return NULL;
}

/* The picture whose address stands at the text's beginning. */
static const render_asset *picture_at(const written *w, kt_str text)
{
    static const char scheme[] = "asset:";
    enum { LEAD = sizeof scheme - 1 };
    for (size_t i = 0; i < w->picture_count && text.len > LEAD && memcmp(text.ptr, scheme, LEAD) == 0; i++) {
        const kt_str name = str_of(w->pictures[i].name);
        if (text.len >= LEAD + name.len && memcmp(text.ptr + LEAD, name.ptr, name.len) == 0)
            return &w->pictures[i];
    }
    return NULL;
}

kt_error *paper_pictures_inside(arena *arena, const written *w, kt_str text, buffer *out)
{
    for (size_t i = 0, from = 0; i <= text.len; i++) {
        const kt_str rest = {text.ptr + i, text.len - i};
        const render_asset *picture = i < text.len ? picture_at(w, rest) : NULL;
        if (!picture && i < text.len)
            continue;
        buffer_add(out, text.ptr + from, i - from);
        if (picture)
            KT_TRY(add_data(arena, picture, out));
        from = picture ? i + strlen("asset:") + strlen(picture->name) : i;
        i = picture ? from - 1 : i;
    }
    return NULL;
}

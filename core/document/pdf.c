/* pdf.c -- see pdf.h. */
#include "document/pdf.h"

#include <inttypes.h>
#include <qpdf/qpdf-c.h>
#include <stdlib.h>

#include "kit/calendar.h"
#include "kit/str.h"

enum {
    OBJECTS_MAX = 200,
    KEYS_MAX = 200,
    COPY_DEPTH_MAX = 20,
    OBJECTS_LEFT = 8,
    RANGE_DIGITS = 10,
    SIGNATURES_MAX = 100
};

/* ---- A file that qpdf has read ---- */

static kt_error *not_pdf(arena *arena, qpdf_data q)
{
    const char *why = qpdf_has_error(q) ? qpdf_get_error_full_text(q, qpdf_get_error(q)) : "it has no pages";
    return error_make(
        arena, KT_VALIDATION, "pdf", "the PDF cannot be read: %s", "nie da się odczytać pliku PDF: %s", why);
}

static kt_error *open_pdf(arena *arena, kt_str pdf, qpdf_data *opened)
{
    if (pdf.len > PDF_MAX)
        return error_make(arena, KT_LIMIT, "pdf", "%zu bytes, at most %d are taken",
            "%zu bajtów, dozwolone najwyżej %d", pdf.len, (int)PDF_MAX);
    qpdf_data q = qpdf_init();
    if (!q)
        return error_no_memory();
    qpdf_silence_errors(q);
    qpdf_set_suppress_warnings(q, QPDF_TRUE);
    qpdf_set_attempt_recovery(q, QPDF_FALSE);
    kt_error *error = NULL;
    if (qpdf_read_memory(q, "document", pdf.ptr ? pdf.ptr : "", pdf.len, NULL) & QPDF_ERRORS ||
        qpdf_get_num_pages(q) < 1)
        error = not_pdf(arena, q);
    else if (qpdf_is_encrypted(q))
        error = error_make(arena, KT_VALIDATION, "pdf", "it is encrypted", "jest zaszyfrowany");
    *opened = q;
    if (error)
        qpdf_cleanup(opened);
    return error;
}

static qpdf_oh fields_of(qpdf_data q)
{
    qpdf_oh form = qpdf_oh_get_key_if_dict(q, qpdf_get_root(q), "/AcroForm");
    return qpdf_oh_get_key_if_dict(q, form, "/Fields");
}

/* A signature of the form; uninitialised: field i is none, or is not signed. */
static bool signature_of(qpdf_data q, qpdf_oh field, qpdf_oh *value)
{
    if (!qpdf_oh_is_dictionary(q, field) ||
        !qpdf_oh_is_name_and_equals(q, qpdf_oh_get_key(q, field, "/FT"), "/Sig"))
        return false;
    *value = qpdf_oh_get_key(q, field, "/V");
    return qpdf_oh_is_dictionary(q, *value);
}

static size_t count_signatures(qpdf_data q)
{
    size_t count = 0;
    qpdf_oh fields = fields_of(q), value;
    for (int i = 0; qpdf_oh_is_array(q, fields) && i < qpdf_oh_get_array_n_items(q, fields); i++)
        count += signature_of(q, qpdf_oh_get_array_item(q, fields, i), &value);
    return count;
}

kt_error *pdf_plain(arena *arena, kt_str pdf, kt_str *plain)
{
    qpdf_data q;
    KT_TRY(open_pdf(arena, pdf, &q));
    kt_error *error = NULL;
    *plain = pdf;
    if (count_signatures(q) == 0) {
        bool written = !(qpdf_init_write_memory(q) & QPDF_ERRORS);
        qpdf_set_object_stream_mode(q, qpdf_o_disable);
        qpdf_set_deterministic_ID(q, QPDF_TRUE);
        if (written && !(qpdf_write(q) & QPDF_ERRORS))
            *plain = arena_str(arena, (kt_str){(const char *)qpdf_get_buffer(q), qpdf_get_buffer_length(q)});
        else
            error = not_pdf(arena, q);
    }
    qpdf_cleanup(&q);
    return error || plain->ptr ? error : error_no_memory();
}

/* ---- Writing the update ---- */

typedef struct {
    buffer *out;
    qpdf_data q;
    struct {
        int id;
        size_t at;
    } written[OBJECTS_MAX];
    size_t count;
} update;

static void begin_object(update *u, int id)
{
    buffer_add_char(u->out, '\n');
    u->written[u->count].id = id;
    u->written[u->count++].at = u->out->len;
    buffer_add_format(u->out, "%d 0 obj\n", id);
}

static void end_object(update *u)
{
    buffer_add_str(u->out, KT_STR("\nendobj"));
}

static void write_object(update *u, qpdf_oh object)
{
    begin_object(u, qpdf_oh_get_object_id(u->q, object));
    buffer_add_str(u->out, str_of(qpdf_oh_unparse_resolved(u->q, object)));
    end_object(u);
}

static int by_id(const void *left, const void *right)
{
    const int *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

/* The table, the trailer and where the table is (ISO 32000-1, 7.5.6). */
static void write_trailer(update *u, size_t previous)
{
    qpdf_oh trailer = qpdf_get_trailer(u->q), id = qpdf_oh_get_key(u->q, trailer, "/ID"),
            info = qpdf_oh_get_key(u->q, trailer, "/Info");
    qsort(u->written, u->count, sizeof *u->written, by_id);
    buffer_add_char(u->out, '\n');
    size_t table = u->out->len;
    buffer_add_str(u->out, KT_STR("xref\n"));
    for (size_t i = 0; i < u->count; i++)
        buffer_add_format(u->out, "%d 1\n%010zu 00000 n \n", u->written[i].id, u->written[i].at);
    int size = u->written[u->count - 1].id + 1,
        before = qpdf_oh_get_int_value_as_int(u->q, qpdf_oh_get_key(u->q, trailer, "/Size"));
    buffer_add_format(u->out, "trailer\n<< /Size %d /Prev %zu /Root %d 0 R", size > before ? size : before,
        previous, qpdf_oh_get_object_id(u->q, qpdf_get_root(u->q)));
    if (qpdf_oh_is_indirect(u->q, info))
        buffer_add_format(u->out, " /Info %s", qpdf_oh_unparse(u->q, info));
    if (qpdf_oh_is_array(u->q, id))
        buffer_add_format(u->out, " /ID %s", qpdf_oh_unparse(u->q, id));
    buffer_add_format(u->out, " >>\nstartxref\n%zu\n%%%%EOF\n", table);
}

/* Where the last cross-reference table is; 0: the file has a stream in its place, or nothing. */
static size_t last_table(kt_str pdf)
{
    static const char word[] = "startxref";
    size_t from = pdf.len > 1024 ? pdf.len - 1024 : 0;
    const char *found = NULL;
    for (size_t i = from; i + sizeof word < pdf.len; i++)
        if (memcmp(pdf.ptr + i, word, sizeof word - 1) == 0)
            found = pdf.ptr + i + sizeof word - 1;
    uint64_t at = 0;
    for (; found && found < pdf.ptr + pdf.len && at < PDF_MAX; found++) {
        if (*found >= '0' && *found <= '9')
            at = at * 10 + (uint64_t)(*found - '0');
        else if (at)
            break;
    }
    return at + 4 < pdf.len && memcmp(pdf.ptr + at, "xref", 4) == 0 ? (size_t)at : 0;
}

/* A PDF text string as qpdf writes one: PDFDocEncoding, or UTF-16 where that is needed. */
static void add_text(update *u, const char *key, const char *text)
{
    if (text)
        buffer_add_format(
            u->out, " %s %s", key, qpdf_oh_unparse(u->q, qpdf_oh_new_unicode_string(u->q, text)));
}

static void add_time(update *u, kt_time at)
{
    char text[TIME_TEXT_MAX];
    time_text(at, text); /* 2026-11-23T10:00:00.000Z */
    buffer_add_format(u->out, " /M (D:%.4s%.2s%.2s%.2s%.2s%.2sZ)", text, text + 5, text + 8, text + 11,
        text + 14, text + 17);
}

static void write_value(update *u, int id, const sign_options *o, pdf_gap *gap, size_t *range_at)
{
    begin_object(u, id);
    buffer_add_str(
        u->out, KT_STR("<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached /ByteRange "));
    *range_at = u->out->len;
    buffer_add_format(u->out, "[%0*d %0*d %0*d %0*d] /Contents ", RANGE_DIGITS, 0, RANGE_DIGITS, 0,
        RANGE_DIGITS, 0, RANGE_DIGITS, 0);
    gap->start = u->out->len;
    char *digits = buffer_room(u->out, 2 * CMS_MAX + 2);
    if (digits) {
        memset(digits, '0', 2 * CMS_MAX + 2);
        digits[0] = '<';
        digits[2 * CMS_MAX + 1] = '>';
        u->out->len += 2 * CMS_MAX + 2;
    }
    gap->end = u->out->len;
    add_time(u, o->at);
    add_text(u, "/Name", o->name);
    add_text(u, "/Reason", o->reason);
    add_text(u, "/Location", o->place);
    buffer_add_str(u->out, KT_STR(" >>"));
    end_object(u);
}

/* Puts the field into the form and onto its page; what holds the two lists is written anew. */
static void add_field(update *u, qpdf_oh page, qpdf_oh field)
{
    qpdf_data q = u->q;
    qpdf_oh root = qpdf_get_root(q), form = qpdf_oh_get_key(q, root, "/AcroForm"), form_holder = form,
            page_holder = page;
    if (!qpdf_oh_is_dictionary(q, form)) {
        form = qpdf_oh_new_dictionary(q);
        qpdf_oh_replace_key(q, root, "/AcroForm", form);
    }
    if (!qpdf_oh_is_indirect(q, form))
        form_holder = root;
    qpdf_oh fields = qpdf_oh_get_key(q, form, "/Fields"), notes = qpdf_oh_get_key(q, page, "/Annots");
    if (!qpdf_oh_is_array(q, fields)) {
        fields = qpdf_oh_new_array(q);
        qpdf_oh_replace_key(q, form, "/Fields", fields);
    }
    if (!qpdf_oh_is_array(q, notes)) {
        notes = qpdf_oh_new_array(q);
        qpdf_oh_replace_key(q, page, "/Annots", notes);
    }
    qpdf_oh_append_item(q, fields, field);
    qpdf_oh_append_item(q, notes, field);
    qpdf_oh_replace_key(q, form, "/SigFlags", qpdf_oh_new_integer(q, 3));
    if (qpdf_oh_is_indirect(q, fields))
        write_object(u, fields);
    if (qpdf_oh_is_indirect(q, notes))
        page_holder = notes;
    write_object(u, form_holder);
    write_object(u, page_holder);
}

static void write_field(
    update *u, const sign_options *o, qpdf_oh page, qpdf_oh field, int value, size_t number, int form)
{
    begin_object(u, qpdf_oh_get_object_id(u->q, field));
    buffer_add_format(u->out,
        "<< /Type /Annot /Subtype /Widget /FT /Sig /T (Signature%zu) /F 132 /V %d 0 R /P %d 0 R /Rect [%d %d "
        "%d %d]",
        number, value, qpdf_oh_get_object_id(u->q, page), o->box.x, o->box.y, o->box.x + o->box.width,
        o->box.y + o->box.height);
    if (form)
        buffer_add_format(u->out, " /AP << /N %d 0 R >>", form);
    buffer_add_str(u->out, KT_STR(" >>"));
    end_object(u);
}

/* ---- What is seen of a signature ---- */

static bool is_written(const update *u, int id)
{
    for (size_t i = 0; i < u->count; i++)
        if (u->written[i].id == id)
            return true;
    return false;
}

static void write_stream(update *u, qpdf_oh stream)
{
    unsigned char *bytes = NULL;
    size_t n = 0;
    QPDF_BOOL filtered;
    qpdf_oh dictionary = qpdf_oh_get_dict(u->q, stream);
    if (qpdf_oh_get_stream_data(u->q, stream, qpdf_dl_none, &filtered, &bytes, &n) & QPDF_ERRORS)
        n = 0;
    qpdf_oh_replace_key(u->q, dictionary, "/Length", qpdf_oh_new_integer(u->q, (long long)n));
    begin_object(u, qpdf_oh_get_object_id(u->q, stream));
    buffer_add_str(u->out, str_of(qpdf_oh_unparse_resolved(u->q, dictionary)));
    buffer_add_str(u->out, KT_STR("\nstream\n"));
    buffer_add(u->out, bytes ? (const char *)bytes : "", n);
    buffer_add_str(u->out, KT_STR("\nendstream"));
    end_object(u);
    free(bytes);
}

static void write_copied(update *u, qpdf_oh object, int first, unsigned depth);

/* qpdf has one iterator for all dictionaries: the keys are taken before any is followed. */
static void write_members(update *u, qpdf_oh dictionary, int first, unsigned depth)
{
    qpdf_oh members[KEYS_MAX];
    size_t n = 0;
    qpdf_oh_begin_dict_key_iter(u->q, dictionary);
    while (n < KEYS_MAX && qpdf_oh_dict_more_keys(u->q))
        members[n++] = qpdf_oh_get_key(u->q, dictionary, qpdf_oh_dict_next_key(u->q));
    for (size_t i = 0; i < n; i++)
        write_copied(u, members[i], first, depth);
}

/* Writes an object that was copied here, and all that it leads to: those from number first on. */
static void write_copied(update *u, qpdf_oh object, int first, unsigned depth)
{
    qpdf_data q = u->q;
    const bool stream = qpdf_oh_is_stream(q, object);
    if (qpdf_oh_is_indirect(q, object)) {
        const int id = qpdf_oh_get_object_id(q, object);
        if (id < first || is_written(u, id) || u->count + OBJECTS_LEFT > OBJECTS_MAX)
            return;
        if (stream)
            write_stream(u, object);
        else
            write_object(u, object);
    }
    if (depth == COPY_DEPTH_MAX)
        return;
    if (qpdf_oh_is_array(q, object))
        for (int i = 0; i < qpdf_oh_get_array_n_items(q, object); i++)
            write_copied(u, qpdf_oh_get_array_item(q, object, i), first, depth + 1);
    else if (stream || qpdf_oh_is_dictionary(q, object))
        write_members(u, stream ? qpdf_oh_get_dict(q, object) : object, first, depth + 1);
}

/* The first page of the appearance as a form (ISO 32000-1, 8.10), written into the update.
 *   form  receives its number; 0: there is none */
static kt_error *write_appearance(arena *arena, update *u, const sign_options *o, int *form)
{
    qpdf_data from;
    unsigned char *content = NULL;
    size_t n = 0;
    *form = 0;
    if (!o->appearance.len || o->box.width <= 0 || o->box.height <= 0)
        return NULL;
    KT_TRY(open_pdf(arena, o->appearance, &from));
    qpdf_oh page = qpdf_get_page_n(from, 0), stream = qpdf_oh_new_stream(from),
            dictionary = qpdf_oh_get_dict(from, stream);
    kt_str box = arena_format(arena, "[0 0 %d %d]", o->box.width, o->box.height);
    kt_error *error = box.ptr ? NULL : error_no_memory();
    if (!error && qpdf_oh_get_page_content_data(from, page, &content, &n) & QPDF_ERRORS)
        error = not_pdf(arena, from);
    if (!error) {
        qpdf_oh_replace_key(from, dictionary, "/Type", qpdf_oh_new_name(from, "/XObject"));
        qpdf_oh_replace_key(from, dictionary, "/Subtype", qpdf_oh_new_name(from, "/Form"));
        qpdf_oh_replace_key(from, dictionary, "/BBox", qpdf_oh_parse(from, box.ptr));
        qpdf_oh_replace_key(from, dictionary, "/Resources", qpdf_oh_get_key(from, page, "/Resources"));
        qpdf_oh_replace_stream_data(from, stream, content, n, qpdf_oh_new_null(from), qpdf_oh_new_null(from));
        const int first = qpdf_oh_get_object_id(
            u->q, qpdf_make_indirect_object(u->q, qpdf_oh_new_null(u->q)));
        qpdf_oh copied = qpdf_oh_copy_foreign_object(u->q, from, stream);
        write_copied(u, copied, first, 0);
        *form = qpdf_oh_get_object_id(u->q, copied);
    }
    free(content);
    qpdf_cleanup(&from);
    return error;
}

static void fill_range(char *at, pdf_gap gap, size_t end)
{
    char text[64];
    int n = snprintf(text, sizeof text, "[%0*d %0*zu %0*zu %0*zu]", RANGE_DIGITS, 0, RANGE_DIGITS, gap.start,
        RANGE_DIGITS, gap.end, RANGE_DIGITS, end - gap.end);
    if (n > 0)
        memcpy(at, text, (size_t)n);
}

kt_error *pdf_add_signature(arena *arena, const sign_options *options, buffer *out, pdf_gap *gap)
{
    qpdf_data q;
    KT_TRY(open_pdf(arena, buffer_str(out), &q));
    update u = {.out = out, .q = q};
    size_t previous = last_table(buffer_str(out)), range_at = 0;
    unsigned wanted = options->box.page ? options->box.page : 1;
    kt_error *error = NULL;
    if (!previous)
        error = error_make(arena, KT_VALIDATION, "pdf",
            "it is signed in a form that no further signature can follow",
            "jest podpisany w postaci, do której nie da się dodać kolejnego podpisu");
    else if (wanted > (unsigned)qpdf_get_num_pages(q))
        error = error_make(arena, KT_VALIDATION, "page", "there is no page %u", "nie ma strony %u", wanted);
    if (!error) {
        size_t number = count_signatures(q) + 1;
        qpdf_oh page = qpdf_get_page_n(q, wanted - 1);
        qpdf_oh field = qpdf_make_indirect_object(q, qpdf_oh_new_dictionary(q));
        int value = qpdf_oh_get_object_id(q, qpdf_make_indirect_object(q, qpdf_oh_new_dictionary(q)));
        int form = 0;
        error = write_appearance(arena, &u, options, &form);
        add_field(&u, page, field);
        write_field(&u, options, page, field, value, number, form);
        write_value(&u, value, options, gap, &range_at);
        write_trailer(&u, previous);
        if (out->full && !error)
            error = error_make(
                arena, KT_LIMIT, "pdf", "the signed file is too large", "podpisany plik jest za duży");
        else if (!error)
            fill_range(out->ptr + range_at, *gap, out->len);
    }
    qpdf_cleanup(&q);
    return error;
}

/* ---- Reading signatures ---- */

static kt_str binary_of(arena *arena, qpdf_data q, qpdf_oh string)
{
    size_t n = 0;
    const char *bytes = qpdf_oh_is_string(q, string) ? qpdf_oh_get_binary_string_value(q, string, &n) : NULL;
    return bytes ? arena_str(arena, (kt_str){bytes, n}) : (kt_str){0};
}

static void read_signature(arena *arena, qpdf_data q, qpdf_oh field, qpdf_oh value, pdf_signature *s)
{
    qpdf_oh range = qpdf_oh_get_key(q, value, "/ByteRange");
    s->field = binary_of(arena, q, qpdf_oh_get_key(q, field, "/T"));
    s->time = binary_of(arena, q, qpdf_oh_get_key(q, value, "/M"));
    s->der = binary_of(arena, q, qpdf_oh_get_key(q, value, "/Contents"));
    for (int i = 0; qpdf_oh_is_array(q, range) && qpdf_oh_get_array_n_items(q, range) == 4 && i < 4; i++) {
        qpdf_oh number = qpdf_oh_get_array_item(q, range, i);
        s->range[i] = qpdf_oh_is_integer(q, number) ? (int64_t)qpdf_oh_get_int_value(q, number) : -1;
    }
}

kt_error *pdf_signatures(arena *arena, kt_str pdf, const pdf_signature **signatures, size_t *count)
{
    qpdf_data q;
    KT_TRY(open_pdf(arena, pdf, &q));
    size_t total = count_signatures(q);
    total = total < SIGNATURES_MAX ? total : SIGNATURES_MAX;
    pdf_signature *list = ARENA_ARRAY(arena, pdf_signature, total + 1);
    qpdf_oh fields = fields_of(q), value;
    *count = 0;
    for (int i = 0; list && *count < total; i++) {
        qpdf_oh field = qpdf_oh_get_array_item(q, fields, i);
        if (signature_of(q, field, &value))
            read_signature(arena, q, field, value, &list[(*count)++]);
    }
    *signatures = list;
    qpdf_cleanup(&q);
    return list ? NULL : error_no_memory();
}

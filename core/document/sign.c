/* sign.c -- see sign.h: the file's update, then the signature into its gap. */
#include "document/sign.h"

#include "document/pdf.h"
#include "kit/calendar.h"
#include "kit/str.h"

static kt_error *fill_gap(arena *arena, const sign_options *options, buffer *out, pdf_gap gap)
{
    static const char digits[] = "0123456789abcdef";
    const cms_ranges ranges = {{out->ptr, gap.start}, {out->ptr + gap.end, out->len - gap.end}};
    kt_str der;
    KT_TRY(cms_make(arena, options, &ranges, &der));
    if (der.len > CMS_MAX)
        return error_make(arena, KT_LIMIT, "certificate",
            "its chain is too long: the signature has %zu bytes, at most %d fit",
            "jego łańcuch jest za długi: podpis ma %zu bajtów, mieści się najwyżej %d", der.len,
            (int)CMS_MAX);
    char *at = out->ptr + gap.start + 1;
    for (size_t i = 0; i < der.len; i++) {
        *at++ = digits[(unsigned char)der.ptr[i] >> 4];
        *at++ = digits[(unsigned char)der.ptr[i] & 15];
    }
    return NULL;
}

kt_error *sign_pdf(arena *arena, kt_str pdf, const sign_options *options, kt_str *signed_pdf)
{
    kt_str plain;
    pdf_gap gap;
    buffer out;
    KT_TRY(pdf_plain(arena, pdf, &plain));
    buffer_open(&out, PDF_MAX);
    buffer_add_str(&out, plain);
    kt_error *error = pdf_add_signature(arena, options, &out, &gap);
    if (!error)
        error = fill_gap(arena, options, &out, gap);
    if (!error)
        *signed_pdf = arena_str(arena, buffer_str(&out));
    buffer_close(&out);
    return error || signed_pdf->ptr ? error : error_no_memory();
}

/* ---- Reading ---- */

/* "D:20261123100000Z", the form that this room and most others write; other zones are read as they stand. */
static kt_time time_of(kt_str text)
{
    char iso[TIME_TEXT_MAX];
    kt_time at = {0};
    if (text.len < 16 || memcmp(text.ptr, "D:", 2) != 0)
        return at;
    const char *t = text.ptr + 2;
    int n = snprintf(
        iso, sizeof iso, "%.4s-%.2s-%.2sT%.2s:%.2s:%.2sZ", t, t + 4, t + 6, t + 8, t + 10, t + 12);
    if (n <= 0 || !time_parse(str_of(iso), &at))
        at = (kt_time){0};
    return at;
}

/* The two ranges must be the file's beginning and an end behind the gap: anything else covers what one does
 * not see. */
static bool ranges_of(kt_str pdf, const pdf_signature *s, cms_ranges *ranges, bool *whole)
{
    const int64_t *r = s->range, size = (int64_t)pdf.len;
    if (r[0] != 0 || r[1] <= 0 || r[2] <= r[1] || r[3] < 0 || r[2] > size || r[3] > size - r[2])
        return false;
    *ranges = (cms_ranges){{pdf.ptr, (size_t)r[1]}, {pdf.ptr + r[2], (size_t)r[3]}};
    *whole = r[2] + r[3] == size;
    return pdf.ptr[r[1]] == '<' && pdf.ptr[r[2] - 1] == '>';
}

kt_error *sign_read(arena *arena, kt_str pdf, kt_str roots, const sign_found **found, size_t *count)
{
    const pdf_signature *signatures = NULL;
    KT_TRY(pdf_signatures(arena, pdf, &signatures, count));
    sign_found *list = ARENA_ARRAY(arena, sign_found, *count + 1);
    X509_STORE *store = cms_roots(roots);
    for (size_t i = 0; list && store && i < *count; i++) {
        cms_ranges ranges;
        list[i] = (sign_found){.field = signatures[i].field, .at = time_of(signatures[i].time)};
        if (ranges_of(pdf, &signatures[i], &ranges, &list[i].whole))
            cms_judge(arena, signatures[i].der, &ranges, store, &list[i]);
    }
    *found = list;
    bool good = list && store;
    X509_STORE_free(store);
    return good ? NULL : error_no_memory();
}

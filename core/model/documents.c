/* documents.c -- see kontor/documents.h: rows that documents of several modules have. */
#include <string.h>

#include <kontor/documents.h>

#include "kit/calendar.h"
#include "kit/decimal.h"
#include "kit/str.h"
#include "kit/text.h"

/* ---- Tax by rate ---- */

const kt_choice kt_tax_kinds[] = {
    {KT_TAX_CHARGED, "charged", {"Charged", "Naliczany"}},
    {KT_TAX_EXEMPT, "exempt", {"Exempt", "Zwolniony"}},
    {KT_TAX_REVERSED, "reverse_charge", {"Reverse charge", "Odwrotne obciążenie"}},
    {KT_TAX_OUTSIDE, "outside", {"Not subject to the tax", "Niepodlegający"}},
    {0},
};
const kt_shape kt_tax_row_shape = KT_SHAPE(kt_tax_row, NULL,
    KT_FIELD(kt_tax_row, label, STRING, "Tax", "Podatek", .max = 80, .priority = 1),
    KT_FIELD(kt_tax_row, rate, PERCENT, "Rate, %", "Stawka, %", .scale = 3, .priority = 2),
    KT_FIELD(kt_tax_row, net, MONEY, "On", "Od kwoty", .scale = 4, .priority = 3),
    KT_FIELD(kt_tax_row, amount, MONEY, "Tax amount", "Kwota podatku", .scale = 4, .priority = 4),
    KT_FIELD(kt_tax_row, kind, STATE, "Kind", "Rodzaj", .choices = kt_tax_kinds),
    KT_FIELD(kt_tax_row, tax, REF, "Tax code", "Kod podatku", .target = "base.tax"));

static bool same(kt_str a, kt_str b)
{
    return a.len == b.len && (!a.len || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static kt_id row_of(const kt_lines *rows, const kt_tax_rate *rate)
{
    for (size_t i = 0; i < rows->count; i++) {
        const kt_tax_row *row = KT_AS(kt_tax_row, kt_line(rows, i));
        if (row->tax.v == rate->tax.v && same(row->label, rate->label) &&
            kt_dec_cmp(row->rate, rate->rate) == 0)
            return row->rec.id;
    }
    return (kt_id){0};
}

kt_error *kt_tax_rows(kt_tx *tx, const kt_tax_document *d, kt_lines *rows)
{
    const kt_lines before = *rows;
    *rows = (kt_lines){0};
    for (size_t i = 0; i < d->total_count; i++) {
        const kt_tax_total *total = &d->totals[i];
        const kt_tax_row row = {.rec = {.of = &kt_tax_row_shape, .id = row_of(&before, &total->rate)},
            .tax = total->rate.tax,
            .label = total->rate.label,
            .kind = total->rate.kind,
            .rate = total->rate.rate,
            .net = total->net,
            .amount = total->tax};
        KT_TRY(kt_line_add(tx, rows, &row.rec));
    }
    return NULL;
}

/* ---- Revisions ---- */

static const kt_choice differences[] = {
    {KT_ADDED, "added", {"Added", "Dodano"}, NULL},
    {KT_REMOVED, "removed", {"Removed", "Usunięto"}, NULL},
    {KT_CHANGED, "changed", {"Changed", "Zmieniono"}, NULL},
    {0},
};
const kt_shape kt_revision_shape = KT_SHAPE(kt_revision, NULL,
    KT_FIELD(kt_revision, revision, INT, "Revision", "Wersja", .priority = 1),
    KT_FIELD(kt_revision, line, INT, "Line's id", "Id pozycji"),
    KT_FIELD(kt_revision, name, STRING, "Line", "Pozycja", .max = 400, .priority = 2),
    KT_FIELD(kt_revision, difference, STATE, "Difference", "Różnica", .choices = differences, .priority = 3),
    KT_FIELD(kt_revision, field, STRING, "Field", "Pole", .max = 40, .priority = 4),
    KT_FIELD(kt_revision, before, STRING, "Before", "Przedtem", .max = 400, .priority = 5),
    KT_FIELD(kt_revision, after, STRING, "After", "Teraz", .max = 400, .priority = 6),
    KT_FIELD(kt_revision, reason, STRING, "Reason", "Powód", .max = 200),
    KT_FIELD(kt_revision, at, TIME, "At", "Kiedy"),
    KT_FIELD(kt_revision, by, REF, "By", "Kto", .target = "access.user", .on_delete = KT_CLEAR));

/* A text of any length, as far as a row holds it. */
static kt_str shortened(kt_tx *tx, kt_str text)
{
    enum { WHOLE = 400, CUT = 380 };
    kt_str cut = text_cut(text, CUT);
    return text.len <= WHOLE ? text : kt_format(tx, "%.*s ...", STR_ARG(cut));
}

kt_error *kt_revision_add(
    kt_tx *tx, const kt_revision *mark, const kt_two_versions *fields, size_t count, kt_lines *rows)
{
    for (size_t i = 0; i < count; i++) {
        kt_revision row = *mark;
        if (same(fields[i].before, fields[i].after))
            continue;
        row.rec = (kt_record){.of = &kt_revision_shape};
        row.field = kt_format(tx, "%s", fields[i].field);
        row.before = shortened(tx, fields[i].before);
        row.after = shortened(tx, fields[i].after);
        KT_TRY(kt_line_add(tx, rows, &row.rec));
    }
    return NULL;
}

const kt_shape kt_amended_shape = KT_SHAPE(kt_amended, NULL, KT_FIELD(kt_amended, id, INT, "Id", "Id"),
    KT_FIELD(kt_amended, version, INT, "Version", "Wersja"),
    KT_FIELD(kt_amended, revision, INT, "Revision", "Wersja dokumentu"),
    KT_FIELD(kt_amended, net, MONEY, "Net", "Netto", .scale = 4),
    KT_FIELD(kt_amended, gross, MONEY, "Gross", "Brutto", .scale = 4),
    KT_FIELD(kt_amended, differences, LINES, "Differences", "Różnice", .lines = &kt_revision_shape));

kt_error *kt_amended_answer(kt_tx *tx, const kt_record *document, const kt_amended *figures,
    const kt_lines *revisions, kt_record *result)
{
    kt_amended *out = KT_AS(kt_amended, result);
    out->id = (int64_t)document->id.v;
    out->version = document->version;
    out->revision = figures->revision;
    out->net = figures->net;
    out->gross = figures->gross;
    for (size_t i = 0; i < revisions->count; i++) {
        kt_revision row = *KT_AS(kt_revision, kt_line(revisions, i));
        row.rec = (kt_record){.of = &kt_revision_shape};
        if (row.revision == out->revision)
            KT_TRY(kt_line_add(tx, &out->differences, &row.rec));
    }
    return NULL;
}

kt_id kt_revision_next_line(const kt_lines *lines, const kt_lines *revisions)
{
    uint64_t last = 0;
    for (size_t i = 0; i < lines->count; i++)
        last = kt_line(lines, i)->id.v > last ? kt_line(lines, i)->id.v : last;
    for (size_t i = 0; i < revisions->count; i++) {
        int64_t line = KT_AS(kt_revision, kt_line(revisions, i))->line;
        last = line > 0 && (uint64_t)line > last ? (uint64_t)line : last;
    }
    return (kt_id){last + 1};
}

kt_error *kt_lines_without(kt_tx *tx, kt_lines *lines, kt_id id)
{
    kt_lines kept = {0};
    for (size_t i = 0; i < lines->count; i++)
        if (kt_line(lines, i)->id.v != id.v)
            KT_TRY(kt_line_add(tx, &kept, kt_line(lines, i)));
    *lines = kept;
    return NULL;
}

/* ---- Texts ---- */

static kt_str text_of(kt_tx *tx, const char *text, size_t n)
{
    char *copy = kt_alloc(tx, n + 1);
    if (copy)
        memcpy(copy, text, n);
    return (kt_str){copy, copy ? n : 0};
}

kt_str kt_dec_text(kt_tx *tx, kt_dec value, int least)
{
    char text[DEC_TEXT_MAX];
    if (!value.scale1)
        return (kt_str){0};
    for (; value.scale1 - 1 > least && value.coef % 10 == 0; value.scale1--)
        value.coef /= 10;
    return text_of(tx, text, dec_text(value, text));
}

kt_str kt_date_text(kt_tx *tx, kt_date date)
{
    char text[DATE_TEXT_MAX];
    return date.day ? text_of(tx, text, date_text(date, text)) : (kt_str){0};
}

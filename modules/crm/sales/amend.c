/* Amending a confirmed order: the change, its reason and what differs, of its head and line by line, are kept as
 * a revision. */
#include "sales/sales.h"

struct amend_line {
    kt_record rec;
    int64_t line;
    bool remove;
    kt_id item, unit, tax_category;
    kt_str name;
    kt_dec quantity, price, discount_percent, discount_amount;
    kt_date asked;
};
static const kt_shape amend_line_shape = KT_SHAPE(amend_line, NULL,
    KT_FIELD(amend_line, line, INT, "Line's id", "Id pozycji",
        .help = {"Empty: a new line.", "Puste: nowa pozycja."}),
    KT_FIELD(amend_line, remove, BOOL, "Remove", "Usuń"),
    KT_FIELD(amend_line, item, REF, "Item", "Towar lub usługa", .target = "base.item"),
    KT_FIELD(amend_line, name, STRING, "Description", "Opis", .max = 400),
    KT_FIELD(amend_line, quantity, QUANTITY, "Quantity", "Ilość", .scale = 4),
    KT_FIELD(amend_line, unit, REF, "Unit", "Jednostka", .target = "base.unit"),
    KT_FIELD(amend_line, price, PRICE, "Price", "Cena", .scale = 4),
    KT_FIELD(amend_line, discount_percent, PERCENT, "Discount, %", "Rabat, %", .scale = 2),
    KT_FIELD(amend_line, discount_amount, MONEY, "Discount, amount", "Rabat kwotowy", .scale = 4),
    KT_FIELD(
        amend_line, tax_category, REF, "Tax category", "Kategoria podatkowa", .target = "base.tax_category"),
    KT_FIELD(amend_line, asked, DATE, "Asked for", "Życzony termin"));
struct amend { /* the parameters of crm.order.amend */
    kt_record rec;
    kt_str reason, title, reference, terms;
    kt_id contact, bill_to, ship_to, owner;
    kt_date asked;
    kt_lines lines;
};
const kt_shape amend_shape = KT_SHAPE(amend, NULL,
    KT_FIELD(amend, lines, LINES, "Changed lines", "Zmieniane pozycje", .lines = &amend_line_shape,
        .help = {"What is not given stays as it is.", "Czego nie podano, zostaje bez zmian."}),
    KT_FIELD(amend, title, STRING, "Title", "Tytuł", .max = 200),
    KT_FIELD(amend, reference, STRING, "Customer's reference", "Numer u klienta", .max = 80),
    KT_FIELD(amend, contact, REF, "Contact person", "Osoba kontaktowa", .target = "base.party"),
    KT_FIELD(amend, bill_to, REF, "Bill to", "Nabywca na fakturze", .target = "base.party"),
    KT_FIELD(amend, ship_to, REF, "Ship to", "Odbiorca", .target = "base.party"),
    KT_FIELD(amend, asked, DATE, "Asked for", "Życzony termin",
        .help = {"Also of the lines that were asked for the day before.",
            "Także pozycji, które miały dotychczasowy termin."}),
    KT_FIELD(amend, terms, TEXT, "Terms", "Warunki"),
    KT_FIELD(amend, owner, REF, "Owner", "Opiekun", .target = "access.user"),
    KT_FIELD(amend, reason, STRING, "Reason", "Powód", .required = true, .max = 200));
static size_t place_of(const struct sale *s, int64_t id)
{
    size_t i = 0;
    while (i < s->lines.count && (int64_t)sale_line_at(&s->lines, i)->rec.id.v != id)
        i++;
    return i;
}

static void take(struct sale_line *line, const struct amend_line *a)
{
    if (a->item.v) {
        line->item = a->item;
        line->list_price = (kt_dec){0};
    }
    if (a->name.ptr)
        line->name = a->name;
    if (a->quantity.scale1)
        line->quantity = a->quantity;
    if (a->unit.v)
        line->unit = a->unit;
    if (a->price.scale1)
        line->price = a->price;
    if (a->discount_percent.scale1)
        line->discount_percent = a->discount_percent;
    if (a->discount_amount.scale1)
        line->discount_amount = a->discount_amount;
    if (a->tax_category.v)
        line->tax_category = a->tax_category;
    if (a->asked.day)
        line->asked = a->asked;
}

/* Below what went out already an order cannot go. */
static kt_error *check_done(kt_tx *tx, size_t i, const struct sale_line *line, kt_dec quantity)
{
    kt_dec done = kt_dec_cmp(line->delivered, line->invoiced) >= 0 ? line->delivered : line->invoiced;
    if (!done.coef || quantity.coef < 0 || kt_dec_cmp(quantity, done) >= 0)
        return NULL;
    return kt_hint(kt_fail(tx, KT_VALIDATION, line_path(tx, i, "quantity"),
                       "is less than what was delivered or billed already",
                       "jest mniejsze niż już dostarczone lub zafakturowane"),
        "Take the delivery or the bill back first.", "Najpierw cofnij dostawę lub fakturę.");
}

static kt_error *remove_line(kt_tx *tx, struct sale *s, size_t at, size_t i)
{
    const struct sale_line *gone = sale_line_at(&s->lines, at);
    KT_TRY(check_done(tx, i, gone, KT_DEC(0, 0)));
    return kt_lines_without(tx, &s->lines, gone->rec.id);
}

static kt_error *amend_one(kt_tx *tx, struct sale *s, const struct amend_line *a, size_t i)
{
    if (!a->line) {
        struct sale_line line = {.rec.of = &order_line_shape, .asked = s->asked};
        take(&line, a);
        return kt_line_add(tx, &s->lines, &line.rec);
    }
    size_t at = place_of(s, a->line);
    if (at == s->lines.count)
        return kt_fail(tx, KT_VALIDATION, kt_format(tx, "lines[%zu].line", i).ptr, "there is no line %lld",
            "nie ma pozycji %lld", (long long)a->line);
    if (a->remove)
        return remove_line(tx, s, at, i);
    struct sale_line *line = (struct sale_line *)(void *)kt_line(&s->lines, at);
    if (a->quantity.scale1)
        KT_TRY(check_done(tx, i, line, a->quantity));
    take(line, a);
    return NULL;
}

static void amend_asked(struct sale *s, kt_date asked)
{
    for (size_t i = 0; i < s->lines.count; i++) {
        struct sale_line *line = (struct sale_line *)(void *)kt_line(&s->lines, i);
        if (line->asked.day == s->asked.day)
            line->asked = asked;
    }
    s->asked = asked;
}

/* Whether anything was given. */
static bool amend_head(struct sale *s, const struct amend *p)
{
    const struct {
        kt_str *to, from;
    } texts[] = {{&s->title, p->title}, {&s->reference, p->reference}, {&s->terms, p->terms}};
    const struct {
        kt_id *to, from;
    } refs[] = {{&s->contact, p->contact}, {&s->bill_to, p->bill_to}, {&s->ship_to, p->ship_to},
        {&s->owner, p->owner}};
    bool given = p->asked.day != 0;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (texts[i].from.ptr) {
            *texts[i].to = texts[i].from;
            given = true;
        }
    for (size_t i = 0; i < sizeof refs / sizeof *refs; i++)
        if (refs[i].from.v) {
            *refs[i].to = refs[i].from;
            given = true;
        }
    if (p->asked.day)
        amend_asked(s, p->asked);
    return given;
}

kt_error *order_amend(kt_tx *tx, kt_record *self, const kt_record *params)
{
    struct sale *s = (struct sale *)(void *)kt_as(self, &order_shape);
    const struct amend *p = KT_SEE(amend, params);
    kt_error *all = NULL;
    if (!amend_head(s, p) && !p->lines.count)
        return kt_fail(tx, KT_VALIDATION, "lines", "nothing to amend is given: lines, or fields of the order",
            "nie podano, co zmienić: pozycji ani pól zamówienia");
    for (size_t i = 0; i < p->lines.count; i++)
        kt_also(&all, amend_one(tx, s, KT_AS(amend_line, kt_line(&p->lines, i)), i));
    s->reason = p->reason;
    s->revision++;
    return all ? all : order_follow(tx, s);
}

kt_error *order_amended(kt_tx *tx, const kt_record *self, kt_record *result)
{
    const struct sale *s = (const struct sale *)(const void *)kt_see(self, &order_shape);
    const kt_amended figures = {.revision = s->revision, .net = s->net, .gross = s->gross};
    return kt_amended_answer(tx, self, &figures, &s->amendments, result);
}

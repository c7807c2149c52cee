/* Purchase orders: what is agreed with a supplier. A draft changes freely; what went out changes by an amendment that
 * is kept. How far it is received and billed is computed from the lines, whoever reports it. */
#include "purchase/purchase.h"

const kt_choice po_states[] = {
    {PO_DRAFT, "draft", {"Draft", "Szkic"}, "open"},
    {PO_SENT, "sent", {"Sent", "Wysłane"}, "open"},
    {PO_APPROVED, "approved", {"Approved", "Zatwierdzone"}, "open"},
    {PO_CLOSED, "closed", {"Closed", "Zamknięte"}, "won"},
    {PO_CANCELLED, "cancelled", {"Cancelled", "Anulowane"}, "lost"},
    {0},
};
static const kt_choice po_progresses[] = {
    {PO_NONE, "none", {"Nothing", "Nic"}},
    {PO_PARTIAL, "partial", {"In part", "Częściowo"}},
    {PO_FULL, "full", {"In full", "W całości"}},
    {0},
};
static const kt_choice po_roundings[] = {
    {KT_TAX_BY_LINE, "line", {"By line", "Na pozycji"}},
    {KT_TAX_BY_DOCUMENT, "document", {"By document", "Na dokumencie"}},
    {0},
};
const kt_shape po_shape = KT_SHAPE(po, "logistics.purchase_order",
    KT_FIELD(po, title, STRING, "Title", "Tytuł", .max = 200, .searchable = true, .priority = 1,
        .help = {"Empty: the supplier's name.", "Puste: nazwa dostawcy."}),
    KT_FIELD(po, party, REF, "Supplier", "Dostawca", .target = "base.party", .required = true, .priority = 2),
    KT_FIELD(po, reference, STRING, "Supplier's number", "Numer u dostawcy", .max = 80, .searchable = true,
        .indexed = true),
    KT_FIELD(po, owner, REF, "Buyer", "Zaopatrzeniowiec", .target = "access.user", .initial = "me",
        .on_delete = KT_CLEAR),
    KT_FIELD(po, day, DATE, "Date", "Data", .initial = "today", .indexed = true, .priority = 3),
    KT_FIELD(po, asked, DATE, "Asked for", "Życzony termin"),
    KT_FIELD(po, expected, DATE, "Expected on", "Spodziewane dnia", .computed = true, .indexed = true,
        .priority = 5,
        .help = {"When the last of what is open is there.", "Kiedy będzie ostatnia z otwartych pozycji."}),
    KT_FIELD(po, warehouse, REF, "Warehouse", "Magazyn", .target = "logistics.warehouse", .in_use = true,
        .on_delete = KT_CLEAR, .help = {"Empty: the usual one.", "Puste: domyślny."}),
    KT_FIELD(po, ship_to, REF, "Straight to the customer", "Wprost do klienta", .target = "base.party",
        .help = {"The supplier ships to this party: the goods do not come to the stores.",
            "Dostawca wysyła do tego kontrahenta: towar nie przechodzi przez magazyn."}),
    KT_FIELD(po, ship_name, STRING, "Recipient", "Odbiorca", .max = 200, .computed = true),
    KT_FIELD(po, ship_address, STRING, "Recipient's address", "Adres odbiorcy", .max = 600, .computed = true),
    KT_FIELD(po, currency, REF, "Currency", "Waluta", .target = "base.currency",
        .help = {"Empty: the supplier's prices', else the company's.",
            "Puste: cen dostawcy, inaczej firmy."}),
    KT_FIELD(po, position, REF, "Tax position", "Pozycja podatkowa", .target = "base.tax_position",
        .help = {"Empty: the supplier's.", "Puste: dostawcy."}),
    KT_FIELD(po, tax_position, REF, "Tax position found", "Ustalona pozycja podatkowa",
        .target = "base.tax_position", .computed = true),
    KT_FIELD(po, rounding, STATE, "Tax rounded", "Zaokrąglanie podatku", .choices = po_roundings),
    KT_FIELD(po, tax_included, BOOL, "Prices include tax", "Ceny zawierają podatek"),
    KT_FIELD(po, tax_given, MONEY, "Tax from elsewhere", "Podatek z innego systemu", .group = "cost",
        .scale = 4,
        .help = {"The whole tax as another system computed it: spread over the lines, not computed.",
            "Cały podatek policzony w innym systemie: rozkładany na pozycje, nie liczony."}),
    KT_FIELD(po, lines, LINES, "Lines", "Pozycje", .lines = &po_line_shape, .max = 500),
    KT_FIELD(po, taxes, LINES, "Tax by rate", "Podatek według stawek", .group = "cost",
        .lines = &kt_tax_row_shape, .computed = true),
    KT_FIELD(po, net, MONEY, "Net", "Netto", .group = "cost", .scale = 4, .computed = true, .indexed = true,
        .priority = 4),
    KT_FIELD(po, tax, MONEY, "Tax", "Podatek", .group = "cost", .scale = 4, .computed = true),
    KT_FIELD(po, gross, MONEY, "Gross", "Brutto", .group = "cost", .scale = 4, .computed = true),
    KT_FIELD(po, net_own, MONEY, "Net, company's currency", "Netto w walucie firmy", .group = "cost",
        .scale = 2, .computed = true),
    KT_FIELD(po, terms, TEXT, "Terms", "Warunki"),
    KT_FIELD(po, rfq, REF, "Inquiry", "Zapytanie", .target = "logistics.rfq", .on_delete = KT_CLEAR,
        .computed = true),
    KT_FIELD(po, approved_by, REF, "Approved by", "Zatwierdził", .target = "access.user",
        .on_delete = KT_CLEAR, .computed = true),
    KT_FIELD(po, approved_at, TIME, "Approved at", "Zatwierdzono", .computed = true),
    KT_FIELD(po, receipt_status, STATE, "Received", "Przyjęte", .choices = po_progresses, .computed = true,
        .indexed = true, .priority = 7),
    KT_FIELD(po, billing_status, STATE, "Billed", "Zafakturowane", .choices = po_progresses, .computed = true,
        .indexed = true, .priority = 8),
    KT_FIELD(
        po, bookings, INT, "Receipts and bills reported", "Zgłoszone przyjęcia i faktury", .computed = true),
    KT_FIELD(po, came, INT, "Lines that came in full", "Pozycje przyjęte w całości", .computed = true),
    KT_FIELD(
        po, on_time, INT, "Of them by the day agreed first", "W tym w pierwszym terminie", .computed = true),
    KT_FIELD(po, days_late, INT, "Days late in all", "Dni opóźnień razem", .computed = true),
    KT_FIELD(po, received, QUANTITY, "Received in all", "Przyjęto razem", .scale = 4, .computed = true),
    KT_FIELD(po, rejected, QUANTITY, "Rejected and returned in all", "Odrzucono i zwrócono razem", .scale = 4,
        .computed = true),
    KT_FIELD(po, revision, INT, "Revision", "Wersja dokumentu", .computed = true),
    KT_FIELD(po, changes, LINES, "Amendments", "Zmiany", .group = "cost", .lines = &kt_revision_shape,
        .computed = true),
    KT_FIELD(po, reason, STRING, "Reason", "Powód", .max = 200,
        .help = {"Of the last amendment or the cancelling.", "Ostatniej zmiany albo anulowania."}),
    KT_FIELD(po, state, STATE, "State", "Stan", .choices = po_states, .initial = "draft", .indexed = true,
        .priority = 6));

static const kt_shape seen_line_shape = KT_SHAPE(po_line, NULL, KT_BIND(po_line, item, REF, "item"),
    KT_BIND(po_line, name, STRING, "name"), KT_BIND(po_line, unit, REF, "unit"),
    KT_BIND(po_line, kind, STATE, "kind"), KT_BIND(po_line, quantity, QUANTITY, "quantity"),
    KT_BIND(po_line, price, PRICE, "price"), KT_BIND(po_line, net, MONEY, "net"),
    KT_BIND(po_line, discount_percent, PERCENT, "discount_percent"),
    KT_BIND(po_line, discount_amount, MONEY, "discount_amount"),
    KT_BIND(po_line, received, QUANTITY, "received"), KT_BIND(po_line, rejected, QUANTITY, "rejected"),
    KT_BIND(po_line, returned, QUANTITY, "returned"), KT_BIND(po_line, billed, QUANTITY, "billed"),
    KT_BIND(po_line, expected, DATE, "expected"), KT_BIND(po_line, first_expected, DATE, "first_expected"),
    KT_BIND(po_line, actual, DATE, "actual"));
const kt_shape po_seen_shape = KT_SHAPE(po, "logistics.purchase_order", KT_BIND(po, party, REF, "party"),
    KT_BIND(po, day, DATE, "day"), KT_BIND(po, currency, REF, "currency"), KT_BIND(po, state, STATE, "state"),
    KT_BIND(po, receipt_status, STATE, "receipt_status"), KT_BIND(po, warehouse, REF, "warehouse"),
    KT_BIND(po, ship_to, REF, "ship_to"), KT_BIND(po, expected, DATE, "expected"),
    KT_BIND(po, tax_included, BOOL, "tax_included"),
    KT_BIND(po, lines, LINES, "lines", .lines = &seen_line_shape));

/* ---- Straight to the customer ---- */

struct ship_land {
    kt_record rec;
    kt_str code;
};
static const kt_shape ship_land_shape = KT_SHAPE(
    ship_land, "base.country", KT_BIND(ship_land, code, STRING, "code"));
enum { MAIN_ADDRESS = 1, SHIPPING_ADDRESS = 3 }; /* as base.party's */
struct ship_place {
    kt_record rec;
    unsigned use;
    kt_str street, city, postal_code;
    kt_id country;
};
static const kt_shape ship_place_shape = KT_SHAPE(ship_place, NULL, KT_BIND(ship_place, use, STATE, "use"),
    KT_BIND(ship_place, street, STRING, "street"), KT_BIND(ship_place, city, STRING, "city"),
    KT_BIND(ship_place, postal_code, STRING, "postal_code"), KT_BIND(ship_place, country, REF, "country"));
struct recipient {
    kt_record rec;
    kt_str name;
    kt_lines addresses;
};
static const kt_shape recipient_shape = KT_SHAPE(recipient, "base.party",
    KT_BIND(recipient, name, STRING, "name"),
    KT_BIND(recipient, addresses, LINES, "addresses", .lines = &ship_place_shape));

static const char *text_of(kt_str s)
{
    return s.ptr ? s.ptr : "";
}

/* The recipient as they are on the day: an order that went out keeps what it said. */
static kt_error *address(kt_tx *tx, struct po *o)
{
    struct recipient r = {KT_OF(recipient)};
    struct ship_land land = {KT_OF(ship_land)};
    const struct ship_place *best = NULL;
    o->ship_name = o->ship_address = (kt_str){0};
    if (!o->ship_to.v)
        return NULL;
    KT_TRY(kt_read(tx, o->ship_to, &r.rec));
    o->ship_name = r.name;
    for (size_t i = 0; i < r.addresses.count; i++) {
        const struct ship_place *p = KT_AS(ship_place, kt_line(&r.addresses, i));
        if (!best || p->use == SHIPPING_ADDRESS || (p->use == MAIN_ADDRESS && best->use != SHIPPING_ADDRESS))
            best = p;
    }
    if (!best)
        return NULL;
    if (best->country.v)
        KT_TRY(kt_read(tx, best->country, &land.rec));
    o->ship_address = kt_format(tx, "%s, %s %s, %s", text_of(best->street), text_of(best->postal_code),
        text_of(best->city), text_of(land.code));
    return NULL;
}

/* ---- How far it has come ---- */

static enum po_progress progress_of(const struct po *o, bool billing)
{
    size_t wanted = 0, begun = 0, full = 0;
    for (size_t i = 0; i < o->lines.count; i++) {
        const struct po_line *line = po_line_at(&o->lines, i);
        kt_dec done = billing ? line->billed : po_line_kept(line);
        if (line->quantity.coef == 0 || (!billing && line->kind != PO_GOODS))
            continue;
        wanted++;
        begun += done.coef != 0;
        full += line->quantity.coef > 0 ? kt_dec_cmp(done, line->quantity) >= 0
                                        : done.scale1 && kt_dec_cmp(done, line->quantity) <= 0;
    }
    if (full == wanted)
        return o->lines.count ? PO_FULL : PO_NONE;
    return begun ? PO_PARTIAL : PO_NONE;
}

/* The last day of what is still to come; not set: nothing is, or of some of it nobody knows. */
static kt_date last_expected(const struct po *o)
{
    kt_date last = {0};
    for (size_t i = 0; i < o->lines.count; i++) {
        const struct po_line *line = po_line_at(&o->lines, i);
        if (po_line_open(line).coef <= 0)
            continue;
        if (!line->expected.day)
            return (kt_date){0};
        last = line->expected.day > last.day ? line->expected : last;
    }
    return last;
}

/* What the supplier's score is summed up from. */
static void score(struct po *o)
{
    o->came = o->on_time = o->days_late = 0;
    o->received = o->rejected = ZERO;
    for (size_t i = 0; i < o->lines.count; i++) {
        const struct po_line *line = po_line_at(&o->lines, i);
        int32_t late = line->actual.day - line->first_expected.day;
        if (line->kind != PO_GOODS)
            continue;
        o->received = kt_dec_add(o->received, line->received);
        o->rejected = kt_dec_add(o->rejected, kt_dec_add(line->rejected, line->returned));
        if (po_line_open(line).coef > 0 || !line->first_expected.day || !line->actual.day)
            continue;
        o->came++;
        o->on_time += late <= 0;
        o->days_late += late > 0 ? late : 0;
    }
}

static bool differs(const struct po_line *a, const struct po_line *b)
{
    return kt_dec_cmp(kt_dec_add(ZERO, a->received), kt_dec_add(ZERO, b->received)) != 0 ||
           kt_dec_cmp(kt_dec_add(ZERO, a->rejected), kt_dec_add(ZERO, b->rejected)) != 0 ||
           kt_dec_cmp(kt_dec_add(ZERO, a->returned), kt_dec_add(ZERO, b->returned)) != 0 ||
           kt_dec_cmp(kt_dec_add(ZERO, a->billed), kt_dec_add(ZERO, b->billed)) != 0;
}

/* What was received and billed is reported by receipts and bills; imports bring it along. */
static kt_error *check_booked(kt_tx *tx, const struct po *o, const struct po *stored)
{
    static const struct po_line none;
    kt_error *all = NULL;
    if (stored ? stored->bookings != o->bookings : o->state != PO_DRAFT)
        return NULL;
    for (size_t i = 0; i < o->lines.count; i++) {
        const struct po_line *line = po_line_at(&o->lines, i);
        const struct po_line *was = stored ? po_line_with(&stored->lines, line->rec.id) : NULL;
        if (differs(line, was ? was : &none))
            kt_also(&all,
                kt_hint(kt_fail(tx, KT_VALIDATION, path_of(tx, "lines", i, "received"),
                            "is reported by receipts and bills", "zgłaszają przyjęcia i faktury"),
                    "Make a logistics.receipt, or use bill.", "Utwórz logistics.receipt albo użyj bill."));
    }
    return all;
}

/* ---- Computed ---- */

kt_error *po_compute(kt_tx *tx, kt_record *self)
{
    struct po *o = KT_AS(po, self), stored = {KT_OF(po)};
    bool found = o->rec.id.v != 0;
    kt_error *all = NULL;
    if (!o->party.v)
        return NULL; /* the core asks for it */
    if (found)
        KT_TRY(kt_read(tx, o->rec.id, &stored.rec));
    bool drafted = found ? stored.state == PO_DRAFT && o->state == PO_DRAFT : o->state == PO_DRAFT;
    bool amended = found && o->revision != stored.revision;
    if (!o->revision)
        o->revision = 1;
    if (!o->title.ptr)
        KT_TRY(party_name(tx, o->party, &o->title));
    if (!found || drafted || amended) {
        KT_TRY(address(tx, o));
        kt_also(&all, po_lines_compute(tx, o, found ? &stored : NULL, drafted));
    } else if (!kt_joining(tx))
        kt_also(&all, po_fixed(tx, o, &stored));
    kt_also(&all, check_booked(tx, o, found ? &stored : NULL));
    o->receipt_status = progress_of(o, false);
    o->billing_status = progress_of(o, true);
    o->expected = last_expected(o);
    score(o);
    return all || !amended ? all : po_note_changes(tx, o, &stored);
}

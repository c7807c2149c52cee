/* Warehouses and locations. A company that names none gets one warehouse, and the places outside of it -- supplier,
 * production, customer, loss, transit -- when the first goods move. */
#include "stock/stores.h"

static const kt_choice pickings[] = {
    {FEFO, "fefo", {"First expired first", "Najpierw najkrótszy termin"}},
    {FIFO, "fifo", {"First in first out", "Najpierw najstarsze"}},
    {LIFO, "lifo", {"Last in first out", "Najpierw najnowsze"}},
    {0},
};
const kt_choice place_names[] = {
    {KT_AT_SUPPLIER, "supplier", {"Supplier", "Dostawca"}},
    {KT_AT_STORES, "stores", {"Stores", "Magazyn"}},
    {KT_AT_PRODUCTION, "production", {"Production", "Produkcja"}},
    {KT_AT_CUSTOMER, "customer", {"Customer", "Klient"}},
    {KT_AT_LOSS, "loss", {"Loss", "Strata"}},
    {KT_AT_TRANSIT, "transit", {"In transit", "W drodze"}},
    {0},
};

const kt_shape warehouse_shape = KT_SHAPE(warehouse, "logistics.warehouse",
    KT_FIELD(warehouse, code, STRING, "Code", "Kod", .required = true, .indexed = true, .max = 20,
        .searchable = true, .priority = 1),
    KT_FIELD(warehouse, name, STRING, "Name", "Nazwa", .required = true, .max = 100, .searchable = true,
        .priority = 2),
    KT_FIELD(warehouse, party, REF, "Where", "Gdzie", .target = "base.party", .on_delete = KT_CLEAR,
        .help = {"The party whose address it has.", "Kontrahent, pod którego adresem się mieści."}),
    KT_FIELD(warehouse, picking, STATE, "Picked first", "Kolejność wydań", .choices = pickings,
        .initial = "fefo", .priority = 3),
    KT_FIELD(warehouse, usual, BOOL, "Usual", "Domyślny", .priority = 4,
        .help = {"Taken where no warehouse is named; else the oldest.",
            "Gdy nie wskazano magazynu; inaczej najstarszy."}),
    KT_FIELD(warehouse, quarantine, BOOL, "Quarantine", "Kwarantanna",
        .help = {"What lies there only who names it gets: else it is not available, not sent on, not planned "
                 "with.",
            "Leżący tu towar dostaje tylko, kto go stąd wskaże: poza tym nie jest dostępny, wysyłany dalej "
            "ani planowany."}),
    KT_FIELD(warehouse, negative, BOOL, "May go below zero", "Stany ujemne",
        .help = {"Goods may leave before their receipt is written down.",
            "Towar może wyjść, zanim zapisano jego przyjęcie."}),
    KT_FIELD(warehouse, over_percent, PERCENT, "Tolerance above, %", "Tolerancja nadwyżki, %", .scale = 2,
        .help = {"How much more than ordered may be shipped, of items that do not say themselves.",
            "O ile więcej niż zamówiono można wydać, gdy towar sam tego nie określa."}),
    KT_FIELD(warehouse, active, BOOL, "Active", "Aktywny", .initial = "true"));

const kt_shape location_shape = KT_SHAPE(location, "logistics.location",
    KT_FIELD(location, code, STRING, "Code", "Kod", .required = true, .indexed = true, .max = 40,
        .searchable = true, .priority = 1),
    KT_FIELD(location, name, STRING, "Name", "Nazwa", .max = 100, .searchable = true, .priority = 2),
    KT_FIELD(location, place, STATE, "Kind", "Rodzaj", .choices = place_names, .initial = "stores",
        .indexed = true, .fixed = true, .priority = 3),
    KT_FIELD(location, warehouse, REF, "Warehouse", "Magazyn", .target = "logistics.warehouse", .fixed = true,
        .in_use = true, .priority = 4),
    KT_FIELD(location, counting, REF, "Being counted", "Trwa spis", .target = "logistics.count",
        .on_delete = KT_CLEAR, .computed = true,
        .help = {"While this count goes on nothing moves here.",
            "Póki trwa ten spis, nic się tu nie rusza."}),
    KT_FIELD(location, active, BOOL, "Active", "Aktywna", .initial = "true"));

bool warehouse_gives(const struct warehouse *w)
{
    return w->active && !w->quarantine;
}

kt_dec smaller(kt_dec a, kt_dec b)
{
    return kt_dec_cmp(a, b) <= 0 ? a : b;
}

kt_dec larger(kt_dec a, kt_dec b)
{
    return kt_dec_cmp(a, b) >= 0 ? a : b;
}

static kt_error *check_code(kt_tx *tx, const struct location *l)
{
    const kt_where where[] = {
        KT_WHERE(location, code, KT_EQ, l->code), KT_WHERE(location, warehouse, KT_EQ, l->warehouse), {0}};
    struct location other = {KT_OF(location)};
    kt_error *all = NULL;
    kt_cursor *cursor;
    KT_TRY(kt_open(tx, &(kt_query){.of = &location_shape, .where = where}, &cursor));
    while (!all && kt_next(cursor, &other.rec))
        if (other.rec.id.v != l->rec.id.v)
            all = kt_fail(tx, KT_CONFLICT, "code", "there is a place \"%s\" in this warehouse already",
                "w tym magazynie jest już miejsce „%s”", l->code.ptr);
    kt_also(&all, kt_close(cursor));
    return all;
}

kt_error *location_compute(kt_tx *tx, kt_record *self)
{
    const struct location *l = KT_AS(location, self);
    if (l->place == KT_AT_STORES && !l->warehouse.v)
        return kt_fail(tx, KT_VALIDATION, "warehouse", "a place in the stores belongs to a warehouse",
            "miejsce składowania należy do magazynu");
    if (l->place != KT_AT_STORES && l->warehouse.v)
        return kt_fail(tx, KT_VALIDATION, "warehouse", "only places in the stores belong to a warehouse",
            "tylko miejsca składowania należą do magazynu");
    return l->warehouse.v && l->code.len ? check_code(tx, l) : NULL;
}

kt_error *place_in_use(kt_tx *tx, kt_id warehouse, kt_id location, bool *in_use)
{
    struct warehouse w = {KT_OF(warehouse), .active = true};
    struct location l = {KT_OF(location), .active = true};
    if (warehouse.v)
        KT_TRY(kt_read(tx, warehouse, &w.rec));
    if (location.v)
        KT_TRY(kt_read(tx, location, &l.rec));
    *in_use = w.active && l.active;
    return NULL;
}

kt_error *place_takes(kt_tx *tx, const char *path, kt_id warehouse, kt_id location)
{
    bool in_use;
    KT_TRY(place_in_use(tx, warehouse, location, &in_use));
    return in_use ? NULL
                  : kt_hint(kt_fail(tx, KT_VALIDATION, path, "is not active", "nie jest w użyciu"),
                        "Name another one, or set it active again.",
                        "Podaj inny albo ustaw ten znowu jako aktywny.");
}

kt_error *location_within(kt_tx *tx, kt_id location, kt_id warehouse, const char *path)
{
    struct location l = {KT_OF(location)};
    struct warehouse w = {KT_OF(warehouse)};
    if (!location.v)
        return NULL;
    KT_TRY(kt_read(tx, location, &l.rec));
    if (l.place == KT_AT_STORES && l.warehouse.v == warehouse.v)
        return NULL;
    KT_TRY(kt_read(tx, warehouse, &w.rec));
    return kt_hint(kt_fail(tx, KT_VALIDATION, path, "%s is no place of the warehouse %s",
                       "%s nie jest miejscem w magazynie %s", l.code.ptr, w.name.ptr),
        "Name a place of that warehouse, or none.", "Podaj miejsce w tym magazynie albo żadne.");
}

/* ---- The usual warehouse, looked for once in a transaction ---- */

static const char usual_key;

struct usual {
    kt_id company, warehouse;
};

static kt_error *usual_forget(kt_tx *tx)
{
    return kt_kept(tx, &usual_key) ? kt_keep(tx, &usual_key, NULL) : NULL;
}

kt_error *warehouse_deleted(kt_tx *tx, const kt_event *event)
{
    (void)event;
    return usual_forget(tx);
}

static kt_error *usual_keep(kt_tx *tx, kt_id warehouse)
{
    kt_memory before = kt_lasting_memory(tx);
    struct usual *usual = kt_alloc(tx, sizeof *usual);
    KT_TRY(kt_callers_memory(tx, before, usual ? NULL : kt_no_memory()));
    *usual = (struct usual){kt_company(tx), warehouse};
    return kt_keep(tx, &usual_key, usual);
}

/* The first that says so, else the oldest. */
static kt_error *usual_find(kt_tx *tx, kt_id *id)
{
    const kt_where where[] = {KT_WHERE(warehouse, active, KT_EQ, true), {0}};
    const kt_query query = {.of = &warehouse_shape, .where = where, .sort = "id"};
    struct warehouse w = {KT_OF(warehouse)};
    kt_cursor *cursor;
    id->v = 0;
    KT_TRY(kt_open(tx, &query, &cursor));
    while (kt_next(cursor, &w.rec)) {
        if (!warehouse_gives(&w))
            continue;
        if (!id->v || w.usual)
            *id = w.rec.id;
        if (w.usual)
            break;
    }
    return kt_close(cursor);
}

kt_error *warehouse_usual(kt_tx *tx, kt_id *id)
{
    const struct usual *known = kt_kept(tx, &usual_key);
    if (known && known->company.v == kt_company(tx).v) {
        *id = known->warehouse;
        return NULL;
    }
    KT_TRY(usual_find(tx, id));
    return id->v ? usual_keep(tx, *id) : NULL;
}

kt_error *warehouse_same(kt_tx *tx, kt_id a, kt_id b, bool *same)
{
    kt_id usual = {0};
    if (!a.v || !b.v)
        KT_TRY(warehouse_usual(tx, &usual));
    *same = (a.v ? a.v : usual.v) == (b.v ? b.v : usual.v);
    return NULL;
}

/* The first warehouse is made where there is none, not where all are out of use. */
static kt_error *none_retired(kt_tx *tx)
{
    uint64_t count;
    KT_TRY(kt_count(tx, &(kt_query){.of = &warehouse_shape}, &count));
    return count ? kt_hint(kt_fail(tx, KT_RULE, "warehouse", "no warehouse is active",
                               "żaden magazyn nie jest w użyciu"),
                       "Set one active.", "Ustaw któryś jako aktywny.")
                 : NULL;
}

kt_error *warehouse_get(kt_tx *tx, kt_id id, struct warehouse *w)
{
    *w = (struct warehouse){KT_OF(warehouse)};
    if (!id.v)
        KT_TRY(warehouse_usual(tx, &id));
    if (id.v)
        return kt_read(tx, id, &w->rec);
    KT_TRY(none_retired(tx));
    w->code = KT_STR("MAIN");
    w->name = kt_say(tx, (kt_text){"Main warehouse", "Magazyn główny"});
    w->picking = FEFO;
    w->usual = w->active = true;
    return kt_create(tx, &w->rec);
}

static kt_text place_label(kt_stock_place place)
{
    for (const kt_choice *c = place_names; c->value; c++)
        if (c->value == place)
            return c->label;
    return (kt_text){"", ""};
}

static kt_error *location_make(kt_tx *tx, kt_stock_place place, const struct warehouse *w, struct location *l)
{
    l->name = place == KT_AT_STORES ? w->name : kt_say(tx, place_label(place));
    l->code = place == KT_AT_STORES ? w->code : l->name;
    l->place = place;
    l->warehouse = w->rec.id;
    l->active = true;
    return kt_create(tx, &l->rec);
}

static kt_error *first_location(kt_tx *tx, const kt_where *where, struct location *l, bool *found)
{
    kt_cursor *cursor;
    KT_TRY(
        kt_open(tx, &(kt_query){.of = &location_shape, .where = where, .sort = "id", .limit = 1}, &cursor));
    *found = kt_next(cursor, &l->rec);
    return kt_close(cursor);
}

kt_error *location_get(kt_tx *tx, kt_stock_place place, kt_id warehouse, struct location *l)
{
    const kt_where all[] = {
        KT_WHERE(location, place, KT_EQ, place), KT_WHERE(location, warehouse, KT_EQ, warehouse), {0}};
    const kt_where in_use[] = {all[0], all[1], KT_WHERE(location, active, KT_EQ, true), {0}};
    bool found;
    *l = (struct location){KT_OF(location)};
    KT_TRY(first_location(tx, in_use, l, &found));
    if (!found) /* what is under way goes on where all places are out of use */
        KT_TRY(first_location(tx, all, l, &found));
    if (found)
        return NULL;
    struct warehouse w = {KT_OF(warehouse)};
    if (warehouse.v)
        KT_TRY(kt_read(tx, warehouse, &w.rec));
    return location_make(tx, place, &w, l);
}

kt_error *warehouse_compute(kt_tx *tx, kt_record *self)
{
    const struct warehouse *w = KT_AS(warehouse, self);
    const kt_where where[] = {KT_WHERE(warehouse, code, KT_EQ, w->code), {0}};
    struct warehouse other = {KT_OF(warehouse)};
    kt_error *all = NULL;
    kt_cursor *cursor;
    KT_TRY(usual_forget(tx));
    if (w->usual && w->quarantine)
        kt_also(&all, kt_fail(tx, KT_VALIDATION, "quarantine", "the usual warehouse is no quarantine",
                          "domyślny magazyn nie jest kwarantanną"));
    KT_TRY(kt_open(tx, &(kt_query){.of = &warehouse_shape, .where = where}, &cursor));
    while (w->code.len && kt_next(cursor, &other.rec))
        if (other.rec.id.v != w->rec.id.v)
            kt_also(&all, kt_fail(tx, KT_CONFLICT, "code", "there is a warehouse \"%s\" already",
                              "magazyn „%s” już istnieje", w->code.ptr));
    kt_also(&all, kt_close(cursor));
    return all;
}

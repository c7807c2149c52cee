/* Production orders as records: what is entered, and what follows from it. */
#include "order/order.h"

const kt_choice order_states[] = {
    {DRAFT, "draft", {"Draft", "Szkic"}, "open"},
    {CONFIRMED, "confirmed", {"Confirmed", "Potwierdzone"}, "open"},
    {RESERVED, "reserved", {"Components reserved", "Składniki zarezerwowane"}, "open"},
    {IN_PROGRESS, "in_progress", {"In progress", "W toku"}, "open"},
    {DONE, "done", {"Done", "Wykonane"}, "won"},
    {CLOSED, "closed", {"Closed", "Zamknięte"}, "won"},
    {CANCELLED, "cancelled", {"Cancelled", "Anulowane"}, "lost"},
    {0},
};

const kt_shape component_shape = KT_SHAPE(component, NULL,
    KT_FIELD(component, item, REF, "Component", "Składnik", .target = "base.item", .required = true,
        .seldom = true, .priority = 1),
    KT_FIELD(component, quantity, QUANTITY, "Needed", "Potrzeba", .scale = 4, .priority = 2),
    KT_FIELD(component, issued, QUANTITY, "Issued", "Wydano", .scale = 4, .priority = 3),
    KT_FIELD(component, used, QUANTITY, "Used", "Zużyto", .scale = 4,
        .help = {"Of what was issued, for what was made and scrapped so far; the rest may come back.",
            "Z wydanych, na to, co dotąd wykonano i zbrakowano; resztę można zwrócić."}),
    KT_FIELD(component, day, DATE, "There on", "Będzie dnia", .priority = 4),
    KT_FIELD(component, there, TIME, "Made until", "Wytwarzane do"),
    KT_FIELD(component, known, BOOL, "Day is known", "Termin znany"),
    KT_FIELD(component, amended, BOOL, "Other than the bill says", "Inaczej niż w strukturze"),
    KT_FIELD(component, planned, MONEY, "Planned cost", "Koszt planowany", .scale = 2, .group = "cost"),
    KT_FIELD(component, cost, MONEY, "Cost", "Koszt", .scale = 2, .group = "cost"));
const kt_shape output_shape = KT_SHAPE(output, NULL,
    KT_FIELD(output, item, REF, "By-product", "Produkt uboczny", .target = "base.item", .required = true,
        .priority = 1),
    KT_FIELD(output, quantity, QUANTITY, "Expected", "Oczekiwane", .scale = 4, .priority = 2),
    KT_FIELD(output, received, QUANTITY, "Received", "Przyjęto", .scale = 4, .priority = 3),
    KT_FIELD(output, cost_share, PERCENT, "Share of the cost, %", "Udział w koszcie, %", .scale = 2));
const kt_shape ancestor_shape = KT_SHAPE(ancestor, NULL,
    KT_FIELD(ancestor, item, REF, "Component", "Składnik", .target = "base.item", .priority = 1),
    KT_FIELD(ancestor, lot, REF, "Its lot", "Jego partia", .target = "*", .priority = 2),
    KT_FIELD(ancestor, quantity, QUANTITY, "Quantity", "Ilość", .scale = 4, .priority = 3),
    KT_FIELD(ancestor, into, REF, "Went into lot", "Weszło w partię", .target = "*", .priority = 4),
    KT_FIELD(ancestor, move, REF, "Issue", "Rozchód", .target = "*"),
    KT_FIELD(ancestor, day, DATE, "Day", "Dzień"));

#define MONEY_FIELD(m, en, pl)                                                                               \
    KT_FIELD(order, m, MONEY, en, pl, .scale = 2, .computed = true, .group = "cost")
const kt_shape order_shape = KT_SHAPE(order, "production.order",
    KT_FIELD(order, item, REF, "Item", "Wyrób", .target = "base.item", .required = true, .fixed = true,
        .seldom = true, .priority = 1),
    KT_FIELD(order, quantity, QUANTITY, "Quantity", "Ilość", .scale = 4, .initial = "1", .priority = 2),
    KT_FIELD(order, state, STATE, "State", "Stan", .choices = order_states, .initial = "draft",
        .indexed = true, .priority = 3),
    KT_FIELD(order, due, DATE, "Needed on", "Potrzebne na", .priority = 4,
        .help = {"Empty: as soon as possible.", "Puste: jak najszybciej."}),
    KT_FIELD(order, day, DATE, "Ready on", "Gotowe dnia", .computed = true, .priority = 5,
        .help = {"Empty: a component's day is not known.", "Puste: termin składnika nie jest znany."}),
    KT_FIELD(order, produced, QUANTITY, "Made", "Wykonano", .scale = 4, .priority = 6),
    KT_FIELD(order, scrapped, QUANTITY, "Scrapped", "Zbrakowano", .scale = 4, .priority = 7),
    KT_FIELD(order, scrap_reported, QUANTITY, "Scrap told by reports", "Braki ze zgłoszeń", .scale = 4,
        .computed = true,
        .help =
            {"Scrap that the last operation told is the same: the greater of the two is what was scrapped.",
                "Braki zgłoszone przy ostatniej operacji to te same: zbrakowano tyle, ile wynosi większa z "
                "liczb."}),
    KT_FIELD(order, replaced, QUANTITY, "Scrap replaced", "Braki zastąpione", .scale = 4, .computed = true,
        .help = {"So much of the scrap was waited for, and is covered in another way since.",
            "Na tyle zbrakowanych ktoś czekał i są już pokryte inaczej."}),
    KT_FIELD(order, bom, REF, "Bill of materials", "Struktura", .target = "production.bom", .in_use = true,
        .seldom = true, .on_delete = KT_CLEAR,
        .help = {"Empty: the one that holds.", "Puste: obowiązująca."}),
    KT_FIELD(order, routing, REF, "Routing", "Marszruta", .target = "production.routing", .in_use = true,
        .on_delete = KT_CLEAR, .help = {"Empty: the bill's.", "Puste: ze struktury."}),
    KT_FIELD(
        order, warehouse, REF, "Warehouse", "Magazyn", .target = "*", .on_delete = KT_CLEAR, .in_use = true),
    KT_FIELD(order, owner, REF, "Responsible", "Odpowiedzialny", .target = "access.user", .initial = "me",
        .on_delete = KT_CLEAR),
    KT_FIELD(order, demand, REF, "Needed for", "Dla czego", .target = "*", .on_delete = KT_CLEAR,
        .computed = true),
    KT_FIELD(order, ahead, REF, "Made ahead", "Wytwarzane na zapas", .target = "base.item", .computed = true,
        .show_if = "false"),
    KT_FIELD(order, yields, REFS, "By-products on their way", "Produkty uboczne w drodze",
        .target = "base.item", .computed = true, .on_delete = KT_CLEAR, .show_if = "false"),
    KT_FIELD(order, demand_line, INT, "Its line", "Pozycja", .computed = true),
    KT_FIELD(order, level, INT, "Level", "Poziom", .computed = true),
    KT_FIELD(order, run, INT, "Planning run", "Przebieg planowania", .computed = true),
    KT_FIELD(order, backorder_of, REF, "The rest of", "Reszta z", .target = "production.order",
        .on_delete = KT_CLEAR, .computed = true),
    KT_FIELD(order, begins, TIME, "Begins", "Początek", .indexed = true),
    KT_FIELD(order, ends, TIME, "Ends", "Koniec"),
    KT_FIELD(order, started_at, TIME, "Started", "Rozpoczęto", .computed = true, .recorded = true),
    KT_FIELD(order, finished_at, TIME, "Finished", "Zakończono", .computed = true, .recorded = true),
    KT_FIELD(order, minutes, INT, "Machine minutes", "Minuty maszyn", .computed = true),
    KT_FIELD(order, late, BOOL, "Late", "Opóźnione", .computed = true, .indexed = true,
        .help = {"Ready after it is needed, or nobody knows when.",
            "Gotowe po terminie albo nie wiadomo kiedy."}),
    KT_FIELD(order, reason, STRING, "Reason", "Powód", .max = 300,
        .help = {"Of scrap, or of the last change.", "Braków albo ostatniej zmiany."}),
    KT_FIELD(order, why, STRING, "Why this day", "Uzasadnienie po angielsku", .max = 300, .computed = true),
    KT_FIELD(order, why_pl, STRING, "Why this day, in Polish", "Uzasadnienie terminu", .max = 300,
        .computed = true),
    KT_FIELD(
        order, components, LINES, "Components", "Składniki", .lines = &component_shape, .computed = true),
    KT_FIELD(
        order, outputs, LINES, "By-products", "Produkty uboczne", .lines = &output_shape, .computed = true),
    KT_FIELD(
        order, ancestors, LINES, "What went in", "Co weszło", .lines = &ancestor_shape, .computed = true),
    MONEY_FIELD(planned_material, "Planned material", "Planowane materiały"),
    MONEY_FIELD(planned_machine, "Planned machines", "Planowane maszyny"),
    MONEY_FIELD(planned_labour, "Planned labour", "Planowana robocizna"),
    MONEY_FIELD(planned_overhead, "Planned overhead", "Planowane narzuty"),
    MONEY_FIELD(planned_cost, "Planned cost", "Koszt planowany"),
    MONEY_FIELD(material, "Material", "Materiały"), MONEY_FIELD(machine, "Machines", "Maszyny"),
    MONEY_FIELD(labour, "Labour", "Robocizna"), MONEY_FIELD(overhead, "Overhead", "Narzuty"),
    MONEY_FIELD(actual_cost, "Actual cost", "Koszt rzeczywisty"),
    MONEY_FIELD(received, "Received at", "Przyjęto za"),
    KT_FIELD(order, variance, MONEY, "Variance", "Odchylenie", .scale = 2, .computed = true, .group = "cost",
        .help = {"What it cost above the value it was received at.",
            "O ile kosztowało więcej, niż przyjęto."}),
    KT_FIELD(order, steps, INT, "Changes by actions", "Zmiany akcjami", .computed = true),
    KT_FIELD(order, note, TEXT, "Note", "Uwagi"));

struct component *component_at(const struct order *o, size_t i)
{
    return KT_AS(component, kt_line(&o->components, i));
}

const struct output *output_at(const struct order *o, size_t i)
{
    return KT_SEE(output, kt_line(&o->outputs, i));
}

struct component *order_component(const struct order *o, kt_id item)
{
    for (size_t i = 0; i < o->components.count; i++)
        if (component_at(o, i)->item.v == item.v)
            return component_at(o, i);
    return NULL;
}

kt_id order_any(const kt_tx *tx, const struct order *o)
{
    return kt_any(tx, order_shape.name, o->rec.id);
}

static kt_dec sum(kt_dec a, kt_dec b, kt_dec c, kt_dec d)
{
    return kt_dec_add(KT_DEC(0, 2), kt_dec_add(kt_dec_add(a, b), kt_dec_add(c, d)));
}

kt_dec order_planned_cost(const struct order *o)
{
    return sum(o->planned_material, o->planned_machine, o->planned_labour, o->planned_overhead);
}

kt_dec order_actual_cost(const struct order *o)
{
    return sum(o->material, o->machine, o->labour, o->overhead);
}

/* ---- What is entered ---- */

static bool same(kt_dec a, kt_dec b)
{
    return kt_dec_cmp(kt_dec_add(KT_DEC(0, 0), a), kt_dec_add(KT_DEC(0, 0), b)) == 0;
}

static kt_error *not_below_zero(kt_tx *tx, const char *path, kt_dec value)
{
    return value.coef < 0 ? kt_fail(tx, KT_VALIDATION, path, "is not below zero", "nie może być ujemne")
                          : NULL;
}

/* What was confirmed changes by actions; what is made is reported by them. */
static kt_error *guarded(kt_tx *tx, const struct order *o, const struct order *was)
{
    kt_error *all = NULL;
    bool by_action = was && was->steps != o->steps;
    bool made = was ? !same(o->produced, was->produced) || !same(o->scrapped, was->scrapped)
                    : o->state < DONE && (o->produced.coef || o->scrapped.coef);
    if (made && !by_action)
        kt_also(&all,
            kt_hint(kt_fail(tx, KT_VALIDATION, "produced", "is reported by an action", "zgłasza się akcją"),
                "Use production.order.report.", "Użyj production.order.report."));
    if (!was || by_action || was->state == DRAFT)
        return all;
    if (!same(o->quantity, was->quantity))
        kt_also(&all, kt_hint(kt_fail(tx, KT_VALIDATION, "quantity", "the order is confirmed",
                                  "zlecenie jest potwierdzone"),
                          "Use production.order.resize.", "Użyj production.order.resize."));
    if (o->due.day != was->due.day)
        kt_also(&all,
            kt_hint(kt_fail(tx, KT_VALIDATION, "due", "the order is confirmed", "zlecenie jest potwierdzone"),
                "Use production.order.reschedule.", "Użyj production.order.reschedule."));
    if (o->bom.v != was->bom.v || o->routing.v != was->routing.v)
        kt_also(
            &all, kt_fail(tx, KT_VALIDATION, "bom", "the order is confirmed", "zlecenie jest potwierdzone"));
    return all;
}

static bool is_late(const kt_tx *tx, const struct order *o)
{
    if (o->state >= DONE)
        return o->due.day && o->finished_at.ms && local_day(tx, o->finished_at).day > o->due.day;
    const int32_t at_best = o->day.day > kt_today(tx).day ? o->day.day : kt_today(tx).day;
    return o->state >= CONFIRMED && o->begins.ms && (!o->day.day || (o->due.day && at_best > o->due.day));
}

static bool is_other(const struct order *o, const struct order *was)
{
    return !was || o->bom.v != was->bom.v || o->routing.v != was->routing.v || o->due.day != was->due.day ||
           !same(o->quantity, was->quantity);
}

/* A draft that is due on another day takes the bill of that day, unless it was given another one than the first. */
static kt_error *choose_by_day(kt_tx *tx, struct order *o, const struct order *was)
{
    kt_id first = {0}, now = {0};
    struct bom bom = {KT_OF(bom)};
    if (o->state != DRAFT || o->due.day == was->due.day || !o->bom.v || o->bom.v != was->bom.v)
        return NULL;
    KT_TRY(bill_chosen(tx, o->item, order_bill_day(tx, was), &first, &bom));
    KT_TRY(bill_chosen(tx, o->item, order_bill_day(tx, o), &now, &bom));
    if (first.v == o->bom.v && now.v)
        o->bom = now;
    return NULL;
}

static bool has_id(const kt_lines *ids, kt_id id)
{
    bool found = false;
    for (size_t i = 0; i < ids->count && !found; i++)
        found = ((const kt_id *)ids->items)[i].v == id.v;
    return found;
}

static kt_error *keep_yields(kt_tx *tx, struct order *o)
{
    kt_id *items = kt_alloc(tx, (o->outputs.count + 1) * sizeof *items);
    if (!items)
        return kt_no_memory();
    o->yields = (kt_lines){.items = items};
    for (size_t i = 0; i < o->outputs.count && (KT_IN(o->state) & OPEN_AT_WORK); i++)
        if (!has_id(&o->yields, output_at(o, i)->item))
            items[o->yields.count++] = output_at(o, i)->item;
    return NULL;
}

kt_error *order_compute(kt_tx *tx, kt_record *self)
{
    struct order *o = KT_AS(order, self), stored = {KT_OF(order)};
    kt_error *all = NULL;
    bool found = o->rec.id.v != 0;
    if (found)
        KT_TRY(kt_read(tx, o->rec.id, &stored.rec));
    if (!o->quantity.scale1 || o->quantity.coef <= 0)
        kt_also(
            &all, kt_fail(tx, KT_VALIDATION, "quantity", "must be above zero", "musi być większe od zera"));
    kt_also(&all, not_below_zero(tx, "produced", o->produced));
    kt_also(&all, not_below_zero(tx, "scrapped", o->scrapped));
    kt_also(&all, guarded(tx, o, found ? &stored : NULL));
    if (o->state == DRAFT && (!found || !same(o->quantity, stored.quantity)))
        kt_also(&all, check_pieces(tx, o->item, o->quantity, "quantity"));
    if (all)
        return all;
    if (found)
        KT_TRY(choose_by_day(tx, o, &stored));
    if (found && o->bom.v != stored.bom.v && o->routing.v == stored.routing.v)
        o->routing = (kt_id){0}; /* the other bill's */
    if (o->state == DRAFT && is_other(o, found ? &stored : NULL))
        KT_TRY(order_fill_anew(tx, o, found ? &stored : o));
    o->planned_cost = o->planned_material.scale1 ? order_planned_cost(o) : (kt_dec){0};
    o->actual_cost = o->material.scale1 || o->machine.scale1 ? order_actual_cost(o) : (kt_dec){0};
    o->late = is_late(tx, o);
    /* what has begun goes on when who asked for it goes: then it is for whoever asks */
    o->ahead = o->state == IN_PROGRESS || (!o->demand.v && (KT_IN(o->state) & OPEN_AT_WORK)) ? o->item
                                                                                             : (kt_id){0};
    return keep_yields(tx, o);
}

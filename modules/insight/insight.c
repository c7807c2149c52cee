/* The module insight: how the company does, out of what its other modules have on record. An indicator is one
 * number over another, each an ordinary query of the bus under the caller's own rights; so each figure comes with
 * the queries that list its records. What belongs to a module that is not enabled, or that the caller may not see,
 * is left out. */
#include <string.h>

#include <kontor/value.h>

enum form { RATIO = 1, SHARE, PLAIN, PER_DAY }; /* how a number over another is shown */
enum { SCALE = 2 };

/* %f and %u in a filter: the first instant of the period, the first after it; %F, %U: its first and last day. */
struct measure {
    const char *entity, *what, *filter;
};
static const struct indicator {
    const char *name;
    kt_text label;
    enum form form;
    const char *unit; /* NULL: the company's currency */
    bool less;        /* less is better */
    struct measure over, under;
} indicators[] = {
    {"conversion", {"Deals won of those closed", "Szanse wygrane z zamkniętych"}, SHARE, "%", false,
        {"crm.deal", "count",
            "[[\"semantic\",\"=\",\"won\"],[\"closed_at\",\">=\",\"%f\"],[\"closed_at\",\"<\",\"%u\"]]"},
        {"crm.deal", "count",
            "[[\"semantic\",\"in\",[\"won\",\"lost\"]],[\"closed_at\",\">=\",\"%f\"],[\"closed_at\",\"<\",\"%"
            "u\"]]"}},
    {"average_deal", {"Average deal won", "Średnia wygrana szansa"}, RATIO, NULL, false,
        {"crm.deal", "sum:amount",
            "[[\"semantic\",\"=\",\"won\"],[\"closed_at\",\">=\",\"%f\"],[\"closed_at\",\"<\",\"%u\"]]"},
        {"crm.deal", "count",
            "[[\"semantic\",\"=\",\"won\"],[\"closed_at\",\">=\",\"%f\"],[\"closed_at\",\"<\",\"%u\"]]"}},
    {"cycle_time", {"Days from the first contact to won", "Dni od początku do wygranej"}, RATIO, "d", true,
        {"crm.deal", "sum:cycle_days",
            "[[\"semantic\",\"=\",\"won\"],[\"closed_at\",\">=\",\"%f\"],[\"closed_at\",\"<\",\"%u\"]]"},
        {"crm.deal", "count",
            "[[\"semantic\",\"=\",\"won\"],[\"closed_at\",\">=\",\"%f\"],[\"closed_at\",\"<\",\"%u\"]]"}},
    {"sales", {"Orders confirmed, net", "Zamówienia potwierdzone, netto"}, PLAIN, NULL, false,
        {"crm.order", "sum:net",
            "[[\"confirmed_at\",\">=\",\"%f\"],[\"confirmed_at\",\"<\",\"%u\"],[\"state\",\"!=\","
            "\"cancelled\"]]"},
        {0}},
    {"margin", {"Margin of orders", "Marża zamówień"}, SHARE, "%", false,
        {"crm.order", "sum:margin",
            "[[\"confirmed_at\",\">=\",\"%f\"],[\"confirmed_at\",\"<\",\"%u\"],[\"state\",\"!=\","
            "\"cancelled\"],[\"margin\",\"is_null\",false]]"},
        {"crm.order", "sum:net",
            "[[\"confirmed_at\",\">=\",\"%f\"],[\"confirmed_at\",\"<\",\"%u\"],[\"state\",\"!=\","
            "\"cancelled\"],[\"margin\",\"is_null\",false]]"}},
    {"supply_at_risk",
        {"Demands that come late or are missing", "Zapotrzebowania spóźnione lub bez pokrycia"}, SHARE, "%",
        true, {"base.pegging", "count", "[[\"late\",\"=\",true]]"}, {"base.pegging", "count", "[]"}},
    {"stock_value", {"Stock, worth", "Wartość zapasów"}, PLAIN, NULL, true,
        {"logistics.valuation", "sum:value", "[]"}, {0}},
    {"stock_days", {"Days that the stock lasts", "Zapas w dniach"}, PER_DAY, "d", true,
        {"logistics.valuation", "sum:value", "[]"},
        {"logistics.move", "sum:value",
            "[[\"state\",\"=\",\"done\"],[\"from_place\",\"=\",\"stores\"],[\"to_place\",\"in\",["
            "\"customer\",\"production\"]],[\"day\",\">=\",\"%F\"],[\"day\",\"<=\",\"%U\"]]"}},
    {"made_on_time", {"Production orders done in time", "Zlecenia wykonane w terminie"}, SHARE, "%", false,
        {"production.order", "count",
            "[[\"state\",\"in\",[\"done\",\"closed\"]],[\"late\",\"=\",false],[\"finished_at\",\">=\",\"%f\"]"
            ",[\"finished_at\",\"<\",\"%u\"]]"},
        {"production.order", "count",
            "[[\"state\",\"in\",[\"done\",\"closed\"]],[\"finished_at\",\">=\",\"%f\"],[\"finished_at\",\"<"
            "\",\"%u\"]]"}},
    {"efficiency", {"Planned of worked minutes", "Minuty planowane do przepracowanych"}, SHARE, "%", false,
        {"production.operation", "sum:machine_minutes",
            "[[\"state\",\"=\",\"done\"],[\"actual_minutes\",\">\",\"0\"],[\"finished_at\",\">=\",\"%f\"],["
            "\"finished_at\",\"<\",\"%u\"]]"},
        {"production.operation", "sum:actual_minutes",
            "[[\"state\",\"=\",\"done\"],[\"actual_minutes\",\">\",\"0\"],[\"finished_at\",\">=\",\"%f\"],["
            "\"finished_at\",\"<\",\"%u\"]]"}},
    {"scrap", {"Scrapped of what was made", "Braki w produkcji"}, SHARE, "%", true,
        {"production.order", "sum:scrapped",
            "[[\"finished_at\",\">=\",\"%f\"],[\"finished_at\",\"<\",\"%u\"]]"},
        {"production.order", "sum:quantity",
            "[[\"finished_at\",\">=\",\"%f\"],[\"finished_at\",\"<\",\"%u\"]]"}},
    {"invoiced", {"Invoiced, net", "Zafakturowano, netto"}, PLAIN, NULL, false,
        {"finance.invoice", "sum:base_net",
            "[[\"state\",\"=\",\"posted\"],[\"kind\",\"in\",[\"sale\",\"sale_credit\",\"receipt\"]],[\"day\","
            "\">=\",\"%F\"],[\"day\",\"<=\",\"%U\"]]"},
        {0}},
    {"receivables_days", {"Days until customers pay", "Dni do zapłaty"}, PER_DAY, "d", true,
        {"finance.open_item", "sum:open_value", "[[\"open_value\",\">\",\"0\"]]"},
        {"finance.invoice", "sum:base_net",
            "[[\"state\",\"=\",\"posted\"],[\"kind\",\"in\",[\"sale\",\"sale_credit\",\"receipt\"]],[\"day\","
            "\">=\",\"%F\"],[\"day\",\"<=\",\"%U\"]]"}},
    {"overdue", {"Overdue of what customers owe", "Przeterminowane należności"}, SHARE, "%", true,
        {"finance.open_item", "sum:open_value", "[[\"open_value\",\">\",\"0\"],[\"due\",\"<\",\"today\"]]"},
        {"finance.open_item", "sum:open_value", "[[\"open_value\",\">\",\"0\"]]"}},
    {"absence", {"Days not worked", "Dni nieobecności"}, SHARE, "%", true,
        {"hr.attendance", "count",
            "[[\"state\",\"in\",[\"absent\",\"on_leave\"]],[\"day\",\">=\",\"%F\"],[\"day\",\"<=\",\"%U\"]]"},
        {"hr.attendance", "count", "[[\"day\",\">=\",\"%F\"],[\"day\",\"<=\",\"%U\"]]"}},
    {"overtime", {"Over time of minutes worked", "Nadgodziny w czasie pracy"}, SHARE, "%", true,
        {"hr.attendance", "sum:overtime", "[[\"day\",\">=\",\"%F\"],[\"day\",\"<=\",\"%U\"]]"},
        {"hr.attendance", "sum:worked", "[[\"day\",\">=\",\"%F\"],[\"day\",\"<=\",\"%U\"]]"}},
    {"scripts_won", {"Scripted calls that reached their goal", "Rozmowy ze skryptem zakończone celem"}, SHARE,
        "%", false,
        {"script.session", "count",
            "[[\"result\",\"=\",\"won\"],[\"started_at\",\">=\",\"%f\"],[\"started_at\",\"<\",\"%u\"]]"},
        {"script.session", "count",
            "[[\"state\",\"=\",\"finished\"],[\"started_at\",\">=\",\"%f\"],[\"started_at\",\"<\",\"%u\"]]"}},
};

/* ---- A period ---- */

struct period {
    kt_date from, until; /* both within it */
};

static kt_str day_text(kt_tx *tx, kt_date day)
{
    int y, m, d;
    kt_date_parts(day, &y, &m, &d);
    return kt_format(tx, "%04d-%02d-%02d", y, m, d);
}

/* The first instant of a day in the company's zone, as the wire has it. */
static kt_str instant_text(kt_tx *tx, kt_date day)
{
    enum { DAY_MS = 86400000, MINUTE_MS = 60000, DAYS_TO_1970 = 719163 }; /* day 1 is 0001-01-01 */
    int64_t ms = kt_instant(tx, day, 0).ms, days = ms / DAY_MS - (ms % DAY_MS < 0);
    int64_t minute = (ms - days * DAY_MS) / MINUTE_MS;
    return kt_format(tx, "%sT%02d:%02d:00Z", day_text(tx, (kt_date){(int32_t)(days + DAYS_TO_1970)}).ptr,
        (int)(minute / 60), (int)(minute % 60));
}

static kt_str fill(kt_tx *tx, const char *filter, const struct period *p)
{
    kt_str made = KT_STR("");
    for (const char *at = filter; *at;) {
        const char *mark = strchr(at, '%');
        size_t n = mark ? (size_t)(mark - at) : strlen(at);
        kt_str put = !mark            ? KT_STR("")
                     : mark[1] == 'f' ? instant_text(tx, p->from)
                     : mark[1] == 'u' ? instant_text(tx, kt_date_add(p->until, 1))
                     : mark[1] == 'F' ? day_text(tx, p->from)
                                      : day_text(tx, p->until);
        made = kt_format(tx, "%s%.*s%s", made.ptr, (int)n, at, put.ptr);
        at += mark ? n + 2 : n;
    }
    return made;
}

/* ---- One measure ---- */

struct asked {
    const struct measure *m;
    kt_str filter;
    kt_id owner;
    kt_dec number; /* not set: nothing is on record */
};

static kt_dec decimal(const kt_value *v)
{
    int64_t coef = 0;
    int scale = -1;
    if (!v || v->kind == KT_VALUE_NULL)
        return (kt_dec){0};
    if (v->kind == KT_VALUE_INT)
        return KT_DEC(v->as.integer, 0);
    kt_str s = v->as.string;
    for (size_t i = s.len && s.ptr[0] == '-'; i < s.len; i++) {
        if (s.ptr[i] == '.')
            scale = 0;
        else {
            coef = coef * 10 + (s.ptr[i] - '0');
            scale += scale >= 0;
        }
    }
    return KT_DEC(s.len && s.ptr[0] == '-' ? -coef : coef, scale > 0 ? scale : 0);
}

/* {"measures": {"n": "sum:net"}, "filter": [..]}; its one row's n */
static kt_error *ask(kt_tx *tx, void *context)
{
    struct asked *a = context;
    kt_maker params = KT_MAKE_OBJECT, measures = KT_MAKE_OBJECT, conditions = KT_MAKE_ARRAY,
             own = KT_MAKE_ARRAY;
    const kt_value *filter, *answer;
    KT_TRY(kt_json_read(tx, a->filter, &filter));
    for (size_t i = 0; i < kt_value_count(filter); i++)
        kt_add(tx, &conditions, filter->as.array.items[i]);
    if (a->owner.v) {
        kt_add(tx, &own, kt_value_str(KT_STR("owner")));
        kt_add(tx, &own, kt_value_str(KT_STR("=")));
        kt_add(tx, &own, kt_value_int((int64_t)a->owner.v));
        kt_add(tx, &conditions, own.value);
    }
    kt_put(tx, &measures, "n", kt_value_str(kt_format(tx, "%s", a->m->what)));
    kt_put(tx, &params, "measures", measures.value);
    kt_put(tx, &params, "filter", conditions.value);
    KT_TRY(kt_call(tx, kt_format(tx, "%s.aggregate", a->m->entity).ptr, &params.value, &answer));
    KT_TRY(kt_json_write(tx, &conditions.value, &a->filter));
    const kt_value *rows = kt_value_get(answer, "rows");
    a->number = kt_value_count(rows) ? decimal(kt_value_get(&rows->as.array.items[0], "n")) : (kt_dec){0};
    return NULL;
}

/* ---- One indicator ---- */

struct figure {
    kt_dec value, over, under;
    struct asked top, bottom;
    bool seen; /* the caller may see what it is made of */
};

static kt_dec work_out(const struct indicator *i, const struct figure *f, const struct period *p)
{
    kt_dec days = KT_DEC(p->until.day - p->from.day + 1, 0);
    if (i->form == PLAIN)
        return f->over.scale1 ? kt_dec_round(f->over, SCALE) : KT_DEC(0, SCALE);
    if (!f->under.scale1 || !f->under.coef)
        return (kt_dec){0};
    kt_dec over = f->over.scale1 ? f->over : KT_DEC(0, 0);
    kt_dec times = i->form == SHARE ? KT_DEC(100, 0) : i->form == PER_DAY ? days : KT_DEC(1, 0);
    return kt_dec_div(kt_dec_mul(over, times, 4), f->under, SCALE);
}

/* Of what stands now, not of what happened in a period. */
static bool stands(const struct measure *m)
{
    return !strchr(m->filter, '%');
}

/* A measure that the caller may not read, or whose module is absent, makes the indicator unseen, no error. */
static void work(kt_tx *tx, const struct indicator *i, const struct period *p, kt_id owner, struct figure *f)
{
    *f = (struct figure){.top = {.m = &i->over, .filter = fill(tx, i->over.filter, p), .owner = owner}};
    f->seen = kt_attempt(tx, ask, &f->top) == NULL;
    f->over = f->top.number;
    if (f->seen && i->under.entity) {
        f->bottom = (struct asked){.m = &i->under, .filter = fill(tx, i->under.filter, p), .owner = owner};
        f->seen = kt_attempt(tx, ask, &f->bottom) == NULL;
        f->under = f->bottom.number;
    }
    f->value = f->seen ? work_out(i, f, p) : (kt_dec){0};
}

/* ---- insight.indicators ---- */

struct indicators {
    kt_record rec;
    kt_date from, until;
    kt_id owner;
};
static const kt_shape indicators_shape = KT_SHAPE(indicators, NULL,
    KT_FIELD(indicators, from, DATE, "From", "Od",
        .help = {"Empty: the first of this month.", "Puste: pierwszy dzień tego miesiąca."}),
    KT_FIELD(indicators, until, DATE, "Until", "Do", .initial = "today"),
    KT_FIELD(indicators, owner, REF, "Of one employee", "Jednego pracownika", .target = "access.user"));
struct row {
    kt_record rec;
    kt_str name, label, unit, entity, filter, of_entity, of_filter;
    kt_dec value, before, over, under, change;
    bool less;
};
static const kt_shape row_shape = KT_SHAPE(row, NULL, KT_FIELD(row, name, STRING, "Indicator", "Wskaźnik"),
    KT_FIELD(row, label, STRING, "Label", "Opis"),
    KT_FIELD(row, value, MONEY, "Value", "Wartość", .scale = SCALE),
    KT_FIELD(row, before, MONEY, "In the period before", "W poprzednim okresie", .scale = SCALE),
    KT_FIELD(row, change, MONEY, "Change", "Zmiana", .scale = SCALE),
    KT_FIELD(row, unit, STRING, "Unit", "Jednostka",
        .help = {"Empty: the company's currency.", "Puste: waluta firmy."}),
    KT_FIELD(row, less, BOOL, "Less is better", "Mniej znaczy lepiej"),
    KT_FIELD(row, over, QUANTITY, "Number", "Liczba", .scale = 4),
    KT_FIELD(row, under, QUANTITY, "Over", "Przez", .scale = 4),
    KT_FIELD(row, entity, STRING, "Records of", "Rekordy"),
    KT_FIELD(row, filter, JSON, "Which ones", "Które"),
    KT_FIELD(row, of_entity, STRING, "Over records of", "Przez rekordy"),
    KT_FIELD(row, of_filter, JSON, "Over which", "Przez które"));
struct found {
    kt_record rec;
    kt_date from, until, before_from, before_until;
    kt_lines rows;
};
static const kt_shape found_shape = KT_SHAPE(found, NULL, KT_FIELD(found, from, DATE, "From", "Od"),
    KT_FIELD(found, until, DATE, "Until", "Do"),
    KT_FIELD(found, before_from, DATE, "Period before, from", "Poprzedni okres od"),
    KT_FIELD(found, before_until, DATE, "Until", "Do"),
    KT_FIELD(found, rows, LINES, "Indicators", "Wskaźniki", .lines = &row_shape));

static kt_str words(kt_tx *tx, const char *text)
{
    return text ? kt_format(tx, "%s", text) : (kt_str){0};
}

static kt_dec to4(kt_dec d)
{
    return d.scale1 ? kt_dec_round(d, 4) : d;
}

static kt_error *add_row(kt_tx *tx, const struct indicator *i, const struct period *now,
    const struct period *past, kt_id owner, kt_lines *rows)
{
    struct figure f, before = {0};
    if (stands(&i->over) && now->until.day < kt_today(tx).day)
        return NULL; /* what stood then is not known from what stands now */
    work(tx, i, now, owner, &f);
    if (!f.seen)
        return NULL;
    if (!stands(&i->over))
        work(tx, i, past, owner, &before);
    struct row row = {KT_OF(row), .name = words(tx, i->name), .label = kt_say(tx, i->label),
        .unit = words(tx, i->unit), .less = i->less, .value = f.value, .before = before.value,
        .over = to4(f.over), .under = to4(f.under), .entity = words(tx, i->over.entity),
        .filter = f.top.filter, .of_entity = words(tx, i->under.entity), .of_filter = f.bottom.filter};
    if (f.value.scale1 && before.value.scale1)
        row.change = kt_dec_sub(f.value, before.value);
    return kt_line_add(tx, rows, &row.rec);
}

static kt_error *run(kt_tx *tx, const kt_record *params, kt_record *result)
{
    const struct indicators *p = KT_SEE(indicators, params);
    struct found *out = KT_AS(found, result);
    struct period now = {p->from, p->until}, past;
    int y, m, d;
    kt_date_parts(p->until, &y, &m, &d);
    if (!now.from.day)
        now.from = kt_date_make(y, m, 1);
    if (now.until.day < now.from.day)
        return kt_fail(tx, KT_VALIDATION, "until", "is before the first day", "jest przed pierwszym dniem");
    past.until = kt_date_add(now.from, -1); /* as many days, just before */
    past.from = kt_date_add(now.from, now.from.day - now.until.day - 1);
    *out = (struct found){.rec = out->rec,
        .from = now.from,
        .until = now.until,
        .before_from = past.from,
        .before_until = past.until};
    for (size_t i = 0; i < sizeof indicators / sizeof *indicators; i++)
        KT_TRY(add_row(tx, &indicators[i], &now, &past, p->owner, &out->rows));
    return NULL;
}

static const kt_method methods[] = {
    {"indicators", {"How the company does", "Wskaźniki firmy"}, "login", false, &indicators_shape,
        &found_shape, run},
    {0},
};

const kt_module kontor_module = KT_MODULE(
    "insight", "1.0.0", "Indicators", "Wskaźniki", .needs = "base", .methods = methods);

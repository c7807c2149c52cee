/* Downtime: why work stopped. Reasons are records to choose from, so that stops can be counted; what else there is to
 * say about a stop is a remark beside it.
 * source: the kinds are those of total productive maintenance (S. Nakajima, Introduction to TPM, 1988): unplanned and
 * planned stops take availability, a schedule loss is time in which nobody meant to work: ISO 22400-2 takes the
 * planned down time off the planned busy time. */
#include <stdlib.h>
#include <string.h>

#include <kontor/calendars.h>
#include <kontor/walk.h>

#include "list.h"
#include "order/order.h"

static const kt_choice downtime_kinds[] = {
    {UNPLANNED_STOP, "unplanned", {"Unplanned stop", "Przestój nieplanowany"}, NULL},
    {PLANNED_STOP, "planned", {"Planned stop", "Przestój planowany"}, NULL},
    {SCHEDULE_LOSS, "schedule_loss", {"Schedule loss", "Poza planem pracy"}, NULL},
    {0},
};
const kt_shape downtime_shape = KT_SHAPE(downtime, "production.downtime_reason",
    KT_FIELD(downtime, code, STRING, "Code", "Kod", .required = true, .unique = true, .max = 40,
        .searchable = true, .priority = 1, .help = {"A terminal reads it, too.", "Odczyta go też terminal."}),
    KT_FIELD(downtime, name, STRING, "Name", "Nazwa", .required = true, .max = 120, .searchable = true,
        .priority = 2),
    KT_FIELD(downtime, name_pl, STRING, "Polish name", "Nazwa polska", .max = 120, .searchable = true),
    KT_FIELD(downtime, kind, STATE, "Kind", "Rodzaj", .choices = downtime_kinds, .initial = "unplanned",
        .required = true, .priority = 3,
        .help = {"Stops take from availability; a schedule loss is time in which no work was planned.",
            "Przestoje obniżają dostępność; poza planem to czas, w którym nie miało się pracować."}),
    KT_FIELD(downtime, active, BOOL, "In use", "W użyciu", .initial = "true", .priority = 4));

static const struct usual_reason {
    const char *code, *name, *name_pl;
    enum downtime_kind kind;
} usual[] = {
    {"BREAKDOWN", "Breakdown", "Awaria", UNPLANNED_STOP},
    {"TOOL", "Tool broken or worn", "Uszkodzone lub zużyte narzędzie", UNPLANNED_STOP},
    {"NO_MATERIAL", "No material", "Brak materiału", UNPLANNED_STOP},
    {"NO_OPERATOR", "No operator", "Brak operatora", UNPLANNED_STOP},
    {"NO_POWER", "No power or media", "Brak zasilania lub mediów", UNPLANNED_STOP},
    {"QUALITY", "Quality problem", "Problem z jakością", UNPLANNED_STOP},
    {"MINOR", "Minor stop", "Drobny przestój", UNPLANNED_STOP},
    {"OTHER", "Other", "Inny", UNPLANNED_STOP},
    {"SETUP", "Set-up and adjustment", "Przezbrojenie i regulacja", PLANNED_STOP},
    {"CLEANING", "Cleaning", "Czyszczenie", PLANNED_STOP},
    {"MAINTENANCE", "Planned maintenance", "Konserwacja planowa", SCHEDULE_LOSS},
    {"BREAK", "Break", "Przerwa w pracy", SCHEDULE_LOSS},
    {"MEETING", "Training or meeting", "Szkolenie lub zebranie", SCHEDULE_LOSS},
    {"NO_ORDERS", "No work planned", "Brak zaplanowanej pracy", SCHEDULE_LOSS},
    {0},
};

/* ---- A reason by what somebody wrote ---- */

static bool alike(kt_tx *tx, kt_str a, kt_str b)
{
    kt_str one = kt_fold(tx, a), other = kt_fold(tx, b);
    return one.len && one.len == other.len && memcmp(one.ptr, other.ptr, one.len) == 0;
}

kt_error *downtime_named(kt_tx *tx, kt_str text, kt_id *reason)
{
    const kt_where active[] = {KT_WHERE(downtime, active, KT_EQ, true), {0}};
    struct downtime d = {KT_OF(downtime)};
    kt_cursor *cursor;
    *reason = (kt_id){0};
    if (!text.len)
        return NULL;
    KT_TRY(kt_open(tx, &(kt_query){.of = &downtime_shape, .where = active}, &cursor));
    while (!reason->v && kt_next(cursor, &d.rec))
        if (alike(tx, text, d.code) || alike(tx, text, d.name) || alike(tx, text, d.name_pl))
            *reason = d.rec.id;
    return kt_close(cursor);
}

kt_error *downtime_check(kt_tx *tx, kt_id reason)
{
    struct downtime d = {KT_OF(downtime)};
    if (!reason.v)
        return NULL;
    KT_TRY(kt_read(tx, reason, &d.rec));
    return d.active ? NULL
                    : kt_fail(tx, KT_VALIDATION, "downtime", "%s is no longer in use",
                          "%s nie jest już w użyciu", d.code.ptr);
}

/* ---- The usual reasons, and stops from before there were any ---- */

static kt_error *bring(kt_tx *tx, int64_t *made)
{
    *made = 0;
    for (const struct usual_reason *u = usual; u->code; u++) {
        struct downtime d = {KT_OF(downtime), .code = kt_format(tx, "%s", u->code),
            .name = kt_format(tx, "%s", u->name), .name_pl = kt_format(tx, "%s", u->name_pl), .kind = u->kind,
            .active = true};
        const kt_where where[] = {KT_WHERE(downtime, code, KT_EQ, d.code), {0}};
        uint64_t known;
        KT_TRY(kt_count(tx, &(kt_query){.of = &downtime_shape, .where = where}, &known));
        if (known)
            continue;
        KT_TRY(kt_create(tx, &d.rec));
        ++*made;
    }
    return NULL;
}

/* A stop of which only a remark is known: the reason of that name, else another one. The remark stays. */
static kt_error *file_stops(kt_tx *tx, kt_record *rec)
{
    struct operation *o = KT_AS(operation, rec);
    for (size_t i = 0; i < o->stints.count; i++) {
        struct stint *s = KT_AS(stint, kt_line(&o->stints, i));
        if (s->downtime.v || !s->reason.len)
            continue;
        KT_TRY(downtime_named(tx, s->reason, &s->downtime));
        if (!s->downtime.v)
            KT_TRY(downtime_named(tx, KT_STR("OTHER"), &s->downtime));
    }
    return kt_update(tx, &o->rec);
}

static const kt_walk stops_walk = {{"Stops get their reasons", "Przestoje dostają powody"}, &operation_shape,
    "[[\"stints\",\"any\",[[\"reason\",\"is_null\",false],[\"downtime\",\"is_null\",true]]]]", file_stops};

static kt_error *walk_on(kt_tx *tx, kt_work_run *run)
{
    return kt_walk_on(tx, &stops_walk, 1, run);
}

const kt_work stops_filed = {kt_walk_prepare, walk_on};

struct downtime_presets {
    kt_record rec;
    int64_t reasons;
};
const kt_shape downtime_presets_shape = KT_SHAPE(downtime_presets, NULL,
    KT_FIELD(downtime_presets, reasons, INT, "New reasons", "Nowe powody", .required = true));

kt_error *downtime_presets(kt_tx *tx, const kt_record *params, kt_record *result)
{
    (void)params;
    KT_TRY(bring(tx, &KT_AS(downtime_presets, result)->reasons));
    return kt_walk_begin(tx, STOPS_FILED, &stops_walk, 0);
}

kt_error *downtime_migrate(kt_tx *tx, const char *from_version)
{
    int64_t made;
    const kt_walk_part all = {.walk = &stops_walk};
    kt_found stops;
    KT_TRY(bring(tx, &made));
    if (!from_version)
        return NULL;
    KT_TRY(kt_walk_find(tx, &all, "id", 0, &stops));
    return kt_walk_over(tx, &all, &stops);
}

/* ---- What stops cost ---- */

struct loss {
    kt_id reason; /* not set: none was given */
    kt_str code, name;
    unsigned kind;
    int64_t count, minutes;
};

static kt_error *loss_of(kt_tx *tx, struct losses *l, kt_id reason, struct loss **loss)
{
    struct downtime d = {KT_OF(downtime)};
    struct loss *all = l->reasons.items;
    for (size_t i = 0; i < l->reasons.count; i++)
        if (all[i].reason.v == reason.v) {
            *loss = &all[i];
            return NULL;
        }
    *loss = list_add(tx, &l->reasons, sizeof **loss);
    if (!*loss)
        return kt_no_memory();
    **loss = (struct loss){
        .reason = reason, .name = kt_say(tx, (kt_text){"Not given", "Nie podano"}), .kind = UNPLANNED_STOP};
    if (!reason.v)
        return NULL;
    KT_TRY(kt_read(tx, reason, &d.rec));
    (*loss)->code = d.code;
    (*loss)->name = kt_format(
        tx, "%s", kt_say(tx, (kt_text){d.name.ptr, d.name_pl.ptr ? d.name_pl.ptr : d.name.ptr}).ptr);
    (*loss)->kind = d.kind;
    return NULL;
}

/* When work went on after a stretch of it. false: it did not stop there, the operation was finished */
static bool went_on(kt_tx *tx, const struct operation *o, size_t i, kt_time *at)
{
    const struct stint *s = KT_SEE(stint, kt_line(&o->stints, i));
    if (i + 1 < o->stints.count)
        *at = KT_SEE(stint, kt_line(&o->stints, i + 1))->from;
    else
        *at = o->running_since.ms ? o->running_since : o->finished_at.ms ? o->finished_at : kt_now(tx);
    return i + 1 < o->stints.count || o->state != FINISHED || at->ms > s->until.ms;
}

kt_error *losses_add(kt_tx *tx, struct losses *l, const struct centre *centre, const struct operation *o)
{
    const kt_calendars *calendars = kt_calendars_find(tx);
    for (size_t i = 0; i < o->stints.count; i++) {
        const struct stint *s = KT_SEE(stint, kt_line(&o->stints, i));
        kt_time begins = s->until, ends;
        struct loss *loss;
        if (!went_on(tx, o, i, &ends) || begins.ms >= l->until.ms || ends.ms < l->from.ms)
            continue;
        begins = begins.ms < l->from.ms ? l->from : begins;
        ends = ends.ms > l->until.ms ? l->until : ends;
        int64_t minutes = ends.ms > begins.ms ? (ends.ms - begins.ms) / 60000 : 0;
        if (calendars)
            KT_TRY(calendars->between(tx, centre->calendar, begins, ends, &minutes));
        KT_TRY(loss_of(tx, l, s->downtime, &loss));
        loss->count++;
        loss->minutes += minutes;
        l->of_kind[loss->kind] += minutes;
    }
    return NULL;
}

struct stop_row {
    kt_record rec;
    kt_id downtime;
    kt_str code, name, entity, filter;
    unsigned kind;
    int64_t count;
    kt_dec minutes, percent, cumulative;
};
const kt_shape stop_row_shape = KT_SHAPE(stop_row, NULL,
    KT_FIELD(stop_row, downtime, REF, "Reason", "Powód", .target = "production.downtime_reason",
        .help = {"Empty: none was given.", "Puste: nie podano."}),
    KT_FIELD(stop_row, code, STRING, "Code", "Kod"), KT_FIELD(stop_row, name, STRING, "Name", "Nazwa"),
    KT_FIELD(stop_row, kind, STATE, "Kind", "Rodzaj", .choices = downtime_kinds),
    KT_FIELD(stop_row, count, INT, "Stops", "Przestoje", .required = true),
    KT_FIELD(stop_row, minutes, QUANTITY, "Minutes", "Minuty", .scale = 2),
    KT_FIELD(stop_row, percent, PERCENT, "Share, %", "Udział, %", .scale = 2),
    KT_FIELD(stop_row, cumulative, PERCENT, "Cumulative, %", "Narastająco, %", .scale = 2),
    KT_FIELD(stop_row, entity, STRING, "Records of", "Rekordy"),
    KT_FIELD(stop_row, filter, JSON, "Which ones", "Które"));

static int longest_first(const void *left, const void *right)
{
    const struct loss *a = left, *b = right;
    if (a->minutes != b->minutes)
        return a->minutes > b->minutes ? -1 : 1;
    if (a->count != b->count)
        return a->count > b->count ? -1 : 1;
    return a->reason.v < b->reason.v ? -1 : a->reason.v > b->reason.v;
}

static kt_dec share(int64_t of, int64_t all)
{
    return all > 0 ? kt_dec_div(KT_DEC(of * 100, 0), KT_DEC(all, 0), 2) : (kt_dec){0};
}

kt_error *losses_tell(kt_tx *tx, const struct losses *l, kt_str which, kt_lines *rows)
{
    struct loss *all = l->reasons.items;
    int64_t sum = 0, so_far = 0;
    if (l->reasons.count > 1)
        qsort(all, l->reasons.count, sizeof *all, longest_first);
    for (size_t i = 0; i < l->reasons.count; i++)
        sum += all[i].minutes;
    for (size_t i = 0; i < l->reasons.count; i++) {
        so_far += all[i].minutes;
        struct stop_row row = {KT_OF(stop_row), .downtime = all[i].reason, .code = all[i].code,
            .name = all[i].name, .kind = all[i].kind, .count = all[i].count,
            .minutes = KT_DEC(all[i].minutes * 100, 2), .percent = share(all[i].minutes, sum),
            .cumulative = share(so_far, sum)};
        if (row.downtime.v) {
            row.entity = KT_STR("production.operation");
            row.filter = kt_format(
                tx, "[%s,[\"stints.downtime\",\"=\",%llu]]", which.ptr, (unsigned long long)row.downtime.v);
        }
        KT_TRY(kt_line_add(tx, rows, &row.rec));
    }
    return NULL;
}

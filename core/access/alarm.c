/* alarm.c -- see alarm.h. The canaries are few: they are read with each batch of rows, and found among the ids of a
 * row by halving. */
#include "access/alarm.h"

#include "kit/log.h"

enum { CANARIES_MAX = 10000, MET_MAX = 64, TOLD_MAX = 50 };

/* ---- Declared ---- */

const kt_choice alarm_kinds[] = {
    {ALARM_CANARY, "canary", {"Canary", "Kanarek"}},
    {ALARM_READS_HALF, "reads_half", {"Half of a day's records", "Połowa dziennych rekordów"}},
    {ALARM_READS_SPENT, "reads_spent", {"All of a day's records", "Wszystkie dzienne rekordy"}},
    {ALARM_REVEALS_HALF, "reveals_half", {"Half of a day's revelations", "Połowa dziennych odsłonięć"}},
    {ALARM_REVEALS_SPENT, "reveals_spent", {"All of a day's revelations", "Wszystkie dzienne odsłonięcia"}},
    {ALARM_READS_UNUSUAL, "reads_unusual",
        {"Far more records than usual", "Znacznie więcej rekordów niż zwykle"}},
    {0},
};

struct canary {
    kt_record rec;
    kt_str entity, note;
    int64_t record;
    kt_lines watchers;
};
const kt_shape canary_shape = KT_SHAPE(canary, "access.canary",
    KT_FIELD(canary, entity, STRING, "Entity", "Encja", .required = true, .max = 100, .priority = 1),
    KT_FIELD(canary, record, INT, "Record", "Rekord", .required = true, .priority = 2),
    KT_FIELD(canary, watchers, REFS, "Tell", "Powiadom", .target = "access.user", .on_delete = KT_CLEAR,
        .priority = 3),
    KT_FIELD(canary, note, TEXT, "Remarks", "Uwagi"));

struct alarm_record {
    kt_record rec;
    unsigned kind;
    kt_id user, api_key;
    kt_str entity, action, method, remote;
    int64_t record, count, most;
    kt_lines told;
    kt_time at;
};
const kt_shape alarm_shape = KT_SHAPE(alarm_record, "access.alarm",
    KT_FIELD(
        alarm_record, kind, STATE, "Kind", "Rodzaj", .choices = alarm_kinds, .indexed = true, .priority = 1),
    KT_FIELD(
        alarm_record, user, REF, "Who", "Kto", .target = "access.user", .on_delete = KT_CLEAR, .priority = 2),
    KT_FIELD(alarm_record, entity, STRING, "Entity", "Encja", .max = 100, .priority = 3),
    KT_FIELD(alarm_record, record, INT, "Record", "Rekord", .priority = 4),
    KT_FIELD(alarm_record, count, INT, "How many", "Ile"),
    KT_FIELD(alarm_record, most, INT, "Of how many", "Z ilu",
        .help = {"of unusual reading: how many are usual", "przy nietypowym czytaniu: ile jest zwykle"}),
    KT_FIELD(alarm_record, action, STRING, "Action", "Czynność", .max = 20),
    KT_FIELD(alarm_record, method, STRING, "Method", "Metoda", .max = 100),
    KT_FIELD(alarm_record, remote, STRING, "From", "Skąd", .max = 64),
    KT_FIELD(
        alarm_record, api_key, REF, "API key", "Klucz API", .target = "access.key", .on_delete = KT_CLEAR),
    KT_FIELD(
        alarm_record, told, REFS, "Told", "Powiadomieni", .target = "access.user", .on_delete = KT_CLEAR),
    KT_FIELD(alarm_record, at, TIME, "At", "Kiedy", .indexed = true, .priority = 5));

/* ---- Canaries ---- */

typedef struct {
    kt_str entity;
    uint64_t record;
    const uint64_t *watchers;
    size_t watcher_count;
} canary_row;
struct canaries {
    canary_row *rows;
    size_t count;
};

kt_error *canaries_read(kt_tx *tx, canaries **all)
{
    const model_entity *entity = model_entity_find(tx->catalogue, KT_STR("access.canary"));
    query_rows *rows = NULL;
    model_record found = {0};
    size_t room = 0;
    canaries *c = *all = ARENA_NEW(tx->arena, canaries);
    if (!c)
        return error_no_memory();
    if (!entity)
        return NULL;
    KT_TRY(query_open(
        tx, &(query_request){.entity = entity, .right = "read", .limit = CANARIES_MAX, .keep = true}, &rows));
    kt_error *error = NULL;
    while (!error && query_next(rows, &found)) {
        if (c->count == room) {
            size_t more = room ? 2 * room : 16;
            canary_row *grown = arena_grow(tx->arena, c->rows, room * sizeof *grown, more * sizeof *grown);
            if (!grown) {
                error = error_no_memory();
                break;
            }
            c->rows = grown;
            room = more;
        }
        const model_value *watchers = record_value(&found, "watchers");
        bool some = watchers && watchers->set;
        c->rows[c->count++] = (canary_row){.entity = record_str(&found, "entity"),
            .record = (uint64_t)record_int(&found, "record"),
            .watchers = some ? watchers->as.refs.ids : NULL,
            .watcher_count = some ? watchers->as.refs.count : 0};
    }
    kt_error *end = query_end(rows);
    return error ? error : end;
}

/* Notes that the user met a canary today. *met: how many different ones; *again: this one was met before. */
static kt_error *meet(kt_tx *tx, uint64_t user, uint32_t day, const model_entity *entity, uint64_t record,
    size_t *met, bool *again)
{
    meta_key name;
    kt_str at = meta_name_u64(&name, 'c', user), kept;
    uint8_t bytes[8 + 8 * MET_MAX];
    uint64_t key = read_budget_record(entity, record);
    KT_TRY(store_get(tx->view, STORE_META, at, &kept));
    *met = 0;
    *again = false;
    if (kept.ptr && kept.len <= sizeof bytes && get_u64(kept.ptr) == day) {
        *met = (kept.len - 8) / 8;
        memcpy(bytes, kept.ptr, kept.len);
    }
    for (size_t i = 0; i < *met; i++)
        *again |= get_u64(bytes + 8 + 8 * i) == key;
    if (*again || *met == MET_MAX)
        return NULL;
    put_u64(bytes, day);
    put_u64(bytes + 8 + 8 * (*met)++, key);
    return store_put(tx->view, STORE_META, at, (kt_str){(const char *)bytes, 8 + 8 * *met});
}

static bool among(const uint64_t *ids, size_t count, uint64_t id)
{
    return id_set_has(&(const id_set){(uint64_t *)(uintptr_t)ids, count}, id);
}

kt_error *canaries_look(
    kt_tx *tx, const canaries *all, const alarm *shown, const uint64_t *ids, size_t count, alarm **alarms)
{
    const model_entity *entity = model_entity_find(tx->catalogue, shown->entity);
    uint32_t day = (uint32_t)zone_date(NULL, shown->at).day;
    bool taken = !str_is(shown->action, "read");
    for (size_t i = 0; entity && i < all->count; i++) {
        const canary_row *c = &all->rows[i];
        size_t met;
        bool again;
        if (!str_eq(c->entity, shown->entity) || !among(ids, count, c->record))
            continue;
        KT_TRY(meet(tx, shown->user, day, entity, c->record, &met, &again));
        if (!taken && (again || met != CANARIES_MET))
            continue;
        alarm *a = ARENA_NEW(tx->arena, alarm);
        if (!a)
            return error_no_memory();
        *a = *shown;
        a->kind = ALARM_CANARY;
        a->record = c->record;
        a->count = (int64_t)met;
        a->next = *alarms;
        *alarms = a;
        if (taken) /* one alarm for what was taken at once */
            break;
    }
    return NULL;
}

/* ---- Who is told ---- */

typedef struct {
    uint64_t ids[TOLD_MAX];
    size_t count;
} told_list;

static void tell(told_list *told, uint64_t user, uint64_t about)
{
    bool known = !user || user == about || told->count == TOLD_MAX;
    for (size_t i = 0; i < told->count && !known; i++)
        known = told->ids[i] == user;
    if (!known)
        told->ids[told->count++] = user;
}

/* The head of a department or a team. */
static kt_error *tell_head(kt_tx *tx, const char *entity, uint64_t id, uint64_t about, told_list *told)
{
    model_record of = {0};
    bool found = false;
    if (id)
        KT_TRY(system_read(tx, model_entity_find(tx->catalogue, str_of(entity)), id, &of, &found));
    if (found)
        tell(told, (uint64_t)record_int(&of, "head"), about);
    return NULL;
}

static kt_error *tell_heads(kt_tx *tx, uint64_t user, told_list *told)
{
    model_record of = {0};
    bool found;
    KT_TRY(system_read(tx, model_entity_find(tx->catalogue, KT_STR("access.user")), user, &of, &found));
    if (!found)
        return NULL;
    const model_value *teams = record_value(&of, "teams");
    KT_TRY(tell_head(tx, "access.department", (uint64_t)record_int(&of, "department"), user, told));
    for (size_t i = 0; teams && teams->set && i < teams->as.refs.count; i++)
        KT_TRY(tell_head(tx, "access.team", teams->as.refs.ids[i], user, told));
    return NULL;
}

static kt_error *tell_watchers(kt_tx *tx, const alarm *a, told_list *told)
{
    canaries *all;
    KT_TRY(canaries_read(tx, &all));
    for (size_t i = 0; i < all->count; i++)
        for (size_t k = 0; all->rows[i].record == a->record && str_eq(all->rows[i].entity, a->entity) &&
                           k < all->rows[i].watcher_count;
             k++)
            tell(told, all->rows[i].watchers[k], a->user);
    return NULL;
}

/* ---- The record ---- */

static variant text(kt_str value)
{
    return (variant){.kind = value.len ? VARIANT_STRING : VARIANT_NULL, .as.string = value};
}

static variant number(uint64_t value)
{
    return (variant){.kind = value ? VARIANT_INT : VARIANT_NULL, .as.integer = (int64_t)value};
}

static const char *alarm_name(alarm_kind kind)
{
    return alarm_kinds[kind - 1].name;
}

kt_error *alarm_write(kt_tx *tx, const alarm *a)
{
    told_list told = {.count = 0};
    char at[TIME_TEXT_MAX];
    variant people[TOLD_MAX];
    model_record made = {0};
    uint64_t who = a->user, by = a->key;
    KT_TRY(system_still(tx, "access.user", &who));
    KT_TRY(system_still(tx, "access.key", &by));
    KT_TRY(tell_heads(tx, a->user, &told));
    if (a->kind == ALARM_CANARY)
        KT_TRY(tell_watchers(tx, a, &told));
    for (size_t i = 0; i < told.count; i++)
        people[i] = number(told.ids[i]);
    const variant kind = text(str_of(alarm_name(a->kind))), user = number(who), key = number(by),
                  entity = text(a->entity), record = number(a->record), count = number((uint64_t)a->count),
                  most = number((uint64_t)a->most), action = text(a->action), method = text(a->method),
                  remote = text(a->remote), when = text((kt_str){at, time_text(a->at, at)}),
                  list = {.kind = VARIANT_ARRAY, .as.array = {people, told.count}};
    const variant_member members[] = {{KT_STR("kind"), &kind}, {KT_STR("user"), &user},
        {KT_STR("api_key"), &key}, {KT_STR("entity"), &entity}, {KT_STR("record"), &record},
        {KT_STR("count"), &count}, {KT_STR("most"), &most}, {KT_STR("action"), &action},
        {KT_STR("method"), &method}, {KT_STR("remote"), &remote}, {KT_STR("told"), &list},
        {KT_STR("at"), &when}};
    const variant values = {.kind = VARIANT_OBJECT, .as.object = {members, sizeof members / sizeof *members}};
    return model_create(tx, model_entity_find(tx->catalogue, KT_STR("access.alarm")), &values, &made);
}

void alarm_say(const alarm *a)
{
    log_line(KT_LOG_WARN, "access",
        "alarm event=%s user=%llu entity=%.*s record=%llu count=%lld method=%.*s remote=%.*s",
        alarm_name(a->kind), (unsigned long long)a->user, STR_ARG(a->entity), (unsigned long long)a->record,
        (long long)a->count, STR_ARG(a->method), STR_ARG(a->remote));
}

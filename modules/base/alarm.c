/* An alarm of the core becomes a task of everybody who is to hear of it: who, what, from where. */
#include "base.h"
#include "task.h"

struct alarm { /* what this file looks at in access.alarm */
    kt_record rec;
    unsigned kind;
    kt_id user;
    kt_str entity, method, remote, login;
    int64_t record, count;
    kt_lines told;
};
static const kt_choice kinds[] = {
    {1, "canary", {"a canary was taken or met", "kanarek został zabrany lub spotkany"}},
    {2, "reads_half", {"half of a day's records were read", "przeczytano połowę dziennych rekordów"}},
    {3, "reads_spent", {"all of a day's records were read", "przeczytano wszystkie dzienne rekordy"}},
    {4, "reveals_half", {"half of a day's values were revealed", "odsłonięto połowę dziennych wartości"}},
    {5, "reveals_spent", {"all of a day's values were revealed", "odsłonięto wszystkie dzienne wartości"}},
    {6, "reads_unusual",
        {"far more records than usual were read", "przeczytano znacznie więcej rekordów niż zwykle"}},
    {0},
};
const kt_shape alarm_shape = KT_SHAPE(alarm, "access.alarm", KT_BIND(alarm, kind, STATE, "kind"),
    KT_BIND(alarm, user, REF, "user"), KT_BIND(alarm, login, STRING, "user.name"),
    KT_BIND(alarm, entity, STRING, "entity"), KT_BIND(alarm, method, STRING, "method"),
    KT_BIND(alarm, remote, STRING, "remote"), KT_BIND(alarm, record, INT, "record"),
    KT_BIND(alarm, count, INT, "count"), KT_BIND(alarm, told, REFS, "told"));

static const char *shown(kt_str text)
{
    return text.ptr ? text.ptr : "-";
}

kt_error *alarm_told(kt_tx *tx, const kt_event *event)
{
    const struct alarm *a = KT_SEE(alarm, event->after);
    const kt_id *told = a->told.items;
    kt_text what = {"an alarm", "alarm"};
    for (const kt_choice *k = kinds; k->name; k++)
        what = k->value == a->kind ? k->label : what;
    for (size_t i = 0; i < a->told.count; i++) {
        struct task t = {KT_OF(task), .owner = told[i], .about = kt_any(tx, "access.alarm", a->rec.id),
            .due = kt_now(tx), .title = kt_format(tx, "%s: %s", shown(a->login), kt_say(tx, what).ptr),
            .text = kt_format(tx, "%s %lld, %s, %s, %lld", shown(a->entity), (long long)a->record,
                shown(a->method), shown(a->remote), (long long)a->count)};
        KT_TRY(kt_create(tx, &t.rec));
    }
    return NULL;
}

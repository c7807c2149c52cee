/* A terminal at the work centre: whoever holds their badge and a work card before the reader begins the operation, or ends the
 * one they work at; with a reason they pause it: a downtime reason's code or name, or a remark. The card's code is the order's number; behind a colon it may name the
 * operation: "MO/2026/00012:20". */
#include <stdlib.h>
#include <string.h>

#include <kontor/value.h>

#include "order/order.h"

struct worker {
    kt_record rec;
    kt_str badge;
};
const kt_shape worker_shape = KT_SHAPE(worker, "access.user",
    KT_FIELD(worker, badge, STRING, "Badge", "Identyfikator", .max = 60, .unique = true,
        .help = {
            "What the reader at the work centres reads.", "To, co odczytuje czytnik przy stanowiskach."}));

struct scan {
    kt_record rec;
    kt_str code, badge, reason;
    kt_dec good, scrapped;
};
const kt_shape scan_shape = KT_SHAPE(scan, NULL,
    KT_FIELD(scan, code, STRING, "Work card", "Karta pracy", .required = true, .max = 80,
        .help = {"The order's number; behind a colon the operation's.",
            "Numer zlecenia; po dwukropku numer operacji."}),
    KT_FIELD(scan, badge, STRING, "Badge", "Identyfikator", .max = 60,
        .help = {"Empty: the caller's.", "Puste: wywołujący."}),
    KT_FIELD(scan, reason, STRING, "Pause, for", "Przerwa, powód", .max = 200,
        .help = {"The code of a downtime reason, or a remark.", "Kod powodu przestoju albo uwaga."}),
    KT_FIELD(scan, good, QUANTITY, "Good", "Dobre", .scale = 4),
    KT_FIELD(scan, scrapped, QUANTITY, "Scrapped", "Braki", .scale = 4));
struct scanned {
    kt_record rec;
    kt_id operation, order, item, person;
    kt_str name;
    unsigned state;
};
const kt_shape scanned_shape = KT_SHAPE(scanned, NULL,
    KT_FIELD(scanned, operation, REF, "Operation", "Operacja", .target = "production.operation"),
    KT_FIELD(scanned, order, REF, "Production order", "Zlecenie", .target = "production.order"),
    KT_FIELD(scanned, item, REF, "Item", "Wyrób", .target = "base.item"),
    KT_FIELD(scanned, name, STRING, "Name", "Nazwa"),
    KT_FIELD(scanned, state, STATE, "State", "Stan", .choices = operation_states),
    KT_FIELD(scanned, person, REF, "Who", "Kto", .target = "access.user"));

/* ---- Who, and at what ---- */

static kt_error *person_of(kt_tx *tx, kt_str badge, kt_id *person)
{
    const kt_where where[] = {KT_WHERE(worker, badge, KT_EQ, badge), {0}};
    struct worker w = {KT_OF(worker)};
    kt_cursor *cursor;
    *person = kt_user(tx);
    if (!badge.len)
        return NULL;
    kt_authority before = kt_own_authority(tx);
    kt_error *e = kt_open(tx, &(kt_query){.of = &worker_shape, .where = where, .limit = 1}, &cursor);
    bool found = !e && kt_next(cursor, &w.rec);
    if (!e)
        e = kt_close(cursor);
    kt_callers_authority(tx, before);
    if (e)
        return e;
    *person = w.rec.id;
    return found ? NULL
                 : kt_fail(tx, KT_VALIDATION, "badge", "nobody has the badge \"%s\"",
                       "nikt nie ma identyfikatora „%s”", badge.ptr);
}

static kt_error *order_numbered(kt_tx *tx, kt_str number, struct order *o, bool *found)
{
    const kt_value text = kt_value_str(number);
    kt_str quoted;
    kt_cursor *cursor;
    *o = (struct order){KT_OF(order)};
    KT_TRY(kt_json_write(tx, &text, &quoted));
    const kt_query query = {
        .of = &order_shape, .filter = kt_format(tx, "[[\"number\",\"=\",%s]]", quoted.ptr), .limit = 1};
    KT_TRY(kt_open(tx, &query, &cursor));
    *found = kt_next(cursor, &o->rec);
    return kt_close(cursor);
}

/* *sequence: 0, the card names no operation */
static kt_error *read_card(kt_tx *tx, kt_str code, struct order *o, int64_t *sequence)
{
    const char *colon = strrchr(code.ptr, ':');
    bool found;
    *sequence = 0;
    KT_TRY(order_numbered(tx, code, o, &found));
    if (!found && colon) {
        *sequence = strtoll(colon + 1, NULL, 10);
        KT_TRY(order_numbered(tx, (kt_str){code.ptr, (size_t)(colon - code.ptr)}, o, &found));
    }
    return found ? NULL
                 : kt_fail(tx, KT_VALIDATION, "code", "there is no production order \"%s\"",
                       "nie ma zlecenia „%s”", code.ptr);
}

static bool is_theirs(const struct operation *p, kt_id person)
{
    return p->state == RUNNING && p->person.v == person.v;
}

/* The one that the card names; else the one that they work at; else the first that can begin. */
static const struct operation *meant(
    const struct operation *all, size_t count, int64_t sequence, kt_id person)
{
    const struct operation *next = NULL;
    for (size_t i = 0; i < count; i++) {
        const struct operation *p = &all[i];
        if (sequence ? p->sequence == sequence : is_theirs(p, person))
            return p;
        if (!sequence && !next && (p->state == READY || p->state == PAUSED))
            next = p;
    }
    return next;
}

/* ---- What it does ---- */

static kt_error *act(kt_tx *tx, struct operation *p, const struct scan *s, kt_id person)
{
    const struct start start = {KT_OF(start), .person = person};
    const struct pause pause = {KT_OF(pause), .reason = s->reason};
    const struct finish_operation finish = {
        KT_OF(finish_operation), .good = s->good, .scrapped = s->scrapped};
    if (p->state != RUNNING && s->reason.len)
        return kt_fail(tx, KT_RULE, "reason", "nothing is worked on that could pause",
            "nic nie jest w toku, co można by wstrzymać");
    if (p->state != RUNNING)
        return kt_act(tx, &p->rec, "start", &start.rec);
    return s->reason.len ? kt_act(tx, &p->rec, "pause", &pause.rec)
                         : kt_act(tx, &p->rec, "finish", &finish.rec);
}

kt_error *scan(kt_tx *tx, const kt_record *params, kt_record *result)
{
    const struct scan *s = KT_SEE(scan, params);
    struct scanned *out = KT_AS(scanned, result);
    struct order o;
    struct operation *all;
    size_t count;
    int64_t sequence;
    kt_id person;
    KT_TRY(person_of(tx, s->badge, &person));
    KT_TRY(read_card(tx, s->code, &o, &sequence));
    KT_TRY(operations_of(tx, o.rec.id, &all, &count));
    const struct operation *found = meant(all, count, sequence, person);
    if (!found)
        return kt_fail(tx, KT_RULE, "code", "nothing of %s can be begun now",
            "w %s nie ma teraz nic do rozpoczęcia", o.rec.number.ptr);
    struct operation p = *found;
    KT_TRY(act(tx, &p, s, person));
    KT_TRY(kt_read(tx, p.rec.id, &p.rec));
    out->operation = p.rec.id;
    out->order = o.rec.id;
    out->item = o.item;
    out->name = p.name;
    out->state = p.state;
    out->person = p.person;
    return NULL;
}

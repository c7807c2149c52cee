/* Which promises to customers are near or broken; and the requests of a customer on the timeline. */
#include "customer/customer.h"

struct requests_due {
    kt_record rec;
    kt_id owner;
    kt_time until;
};
const kt_shape requests_due_shape = KT_SHAPE(requests_due, NULL,
    KT_FIELD(requests_due, owner, REF, "Owner", "Opiekun", .target = "access.user",
        .help = {"Empty: everybody's.", "Puste: wszystkich."}),
    KT_FIELD(requests_due, until, TIME, "Until", "Do", .initial = "now",
        .help = {"Promises that end up to this time.", "Terminy mijające do tej chwili."}));

struct request_due {
    kt_record rec;
    kt_id request, party, owner;
    kt_str number, subject, promise;
    kt_time due;
    enum promise status;
};
static const kt_shape request_due_shape = KT_SHAPE(request_due, NULL,
    KT_FIELD(request_due, request, REF, "Request", "Zgłoszenie", .target = "crm.request"),
    KT_FIELD(request_due, number, STRING, "Number", "Numer"),
    KT_FIELD(request_due, subject, STRING, "Subject", "Temat"),
    KT_FIELD(request_due, promise, STRING, "Promise", "Termin",
        .help = {"response or resolution", "response albo resolution"}),
    KT_FIELD(request_due, due, TIME, "Due", "Do kiedy"),
    KT_FIELD(request_due, status, STATE, "Status", "Status", .choices = promises),
    KT_FIELD(request_due, party, REF, "Customer", "Klient", .target = "base.party"),
    KT_FIELD(request_due, owner, REF, "Owner", "Opiekun", .target = "access.user"));
struct requests_found {
    kt_record rec;
    kt_lines rows;
};
const kt_shape requests_found_shape = KT_SHAPE(requests_found, NULL,
    KT_FIELD(requests_found, rows, LINES, "Requests", "Zgłoszenia", .lines = &request_due_shape));

enum { REQUESTS_MAX = 500, FAIL_MAX = 1000 };

/* An open request has one promise that comes next: the answer, then the resolution. While the customer is
 * waited for there is none. */
kt_error *requests_due(kt_tx *tx, const kt_record *params, kt_record *result)
{
    const struct requests_due *p = KT_SEE(requests_due, params);
    struct requests_found *out = KT_AS(requests_found, result);
    kt_cursor *cursor;
    kt_error *error = NULL;
    const kt_where where[] = {KT_WHERE(request, owner, KT_EQ, p->owner), {0}};
    KT_TRY(kt_open(tx,
        &(kt_query){&request_shape, p->owner.v ? where : NULL, "resolution_due", 0,
            KT_STR("[[\"state\",\"in\",[\"new\",\"in_progress\"]],[\"resolution_due\",\"is_null\",false]]")},
        &cursor));
    struct request r = {KT_OF(request)};
    while (!error && out->rows.count < REQUESTS_MAX && kt_next(cursor, &r.rec)) {
        kt_str promise;
        kt_time due = request_next_due(&r, &promise);
        if (due.ms > p->until.ms)
            continue;
        const struct request_due row = {KT_OF(request_due), .request = r.rec.id, .party = r.party,
            .owner = r.owner, .number = r.rec.number, .subject = r.subject, .due = due, .promise = promise,
            .status = request_promise(kt_now(tx), due, (kt_time){0})};
        error = kt_line_add(tx, &out->rows, &row.rec);
    }
    kt_also(&error, kt_close(cursor));
    return error;
}

struct requests_late {
    kt_record rec;
    int64_t limit;
};
const kt_shape requests_late_shape = KT_SHAPE(
    requests_late, NULL, KT_FIELD(requests_late, limit, INT, "At most", "Najwyżej", .initial = "1000"));
struct requests_failed {
    kt_record rec;
    int64_t failed;
    bool more;
};
const kt_shape requests_failed_shape = KT_SHAPE(requests_failed, NULL,
    KT_FIELD(requests_failed, failed, INT, "Marked", "Oznaczono", .required = true),
    KT_FIELD(requests_failed, more, BOOL, "More are late", "Są kolejne",
        .help = {"Call again.", "Wywołaj ponownie."}));

static kt_error *fail_where(kt_tx *tx, const kt_where *where, int64_t limit, struct requests_failed *out)
{
    const kt_query query = {.of = &request_shape,
        .where = where,
        .sort = "id",
        .filter = KT_STR("[[\"state\",\"in\",[\"new\",\"in_progress\"]]]")};
    struct request r = {KT_OF(request)};
    kt_found late;
    if (out->failed == limit) {
        uint64_t count;
        KT_TRY(kt_count(tx, &query, &count));
        out->more |= count > 0;
        return NULL;
    }
    KT_TRY(kt_find(tx, &query, (size_t)(limit - out->failed), &late));
    out->more |= late.more;
    for (size_t i = 0; i < late.count; i++) {
        KT_TRY(kt_read(tx, late.ids[i], &r.rec));
        KT_TRY(kt_update(tx, &r.rec)); /* its compute looks at the clock */
    }
    out->failed += (int64_t)late.count;
    return NULL;
}

kt_error *requests_fail(kt_tx *tx, const kt_record *params, kt_record *result)
{
    int64_t limit = KT_SEE(requests_late, params)->limit;
    struct requests_failed *out = KT_AS(requests_failed, result);
    if (limit < 1 || limit > FAIL_MAX)
        return kt_fail(tx, KT_VALIDATION, "limit", "%lld is not within 1 to 1000",
            "%lld nie mieści się między 1 a 1000", (long long)limit);
    const kt_where response[] = {KT_WHERE(request, response_status, KT_EQ, PROMISE_DUE),
        KT_WHERE(request, response_due, KT_LT, kt_now(tx)), {0}};
    const kt_where resolution[] = {KT_WHERE(request, resolution_status, KT_EQ, PROMISE_DUE),
        KT_WHERE(request, resolution_due, KT_LT, kt_now(tx)), {0}};
    const kt_where later[] = {KT_WHERE(request, next_status, KT_EQ, PROMISE_DUE),
        KT_WHERE(request, next_due, KT_LT, kt_now(tx)), {0}};
    KT_TRY(fail_where(tx, response, limit, out));
    KT_TRY(fail_where(tx, later, limit, out));
    return fail_where(tx, resolution, limit, out);
}

kt_error *timeline_requests(kt_tx *tx, timeline *t, kt_id party)
{
    enum { ON_CARD = 500 }; /* the newest */
    kt_cursor *cursor;
    kt_error *error = NULL;
    if (!kt_may(tx, "crm.request:read"))
        return NULL;
    const kt_where where[] = {KT_WHERE(request, party, KT_EQ, party), {0}};
    KT_TRY(kt_open(tx, &(kt_query){&request_shape, where, "-received_at", ON_CARD}, &cursor));
    struct request r = {KT_OF(request)};
    while (!error && kt_next(cursor, &r.rec)) {
        const struct timeline_entry entry = {.at = r.received_at,
            .kind = KT_STR("request"),
            .entity = KT_STR("crm.request"),
            .id = (int64_t)r.rec.id.v,
            .title = r.subject,
            .text = r.text,
            .by = r.rec.created_by,
            .state = kt_format(tx, "%s", request_states[r.state - 1].name)};
        error = timeline_add(t, &entry);
    }
    kt_also(&error, kt_close(cursor));
    return error;
}

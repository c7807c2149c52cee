/* count.c -- how many match: from kept counters, from the entries of an index range, or by looking at each;
 * and the plan in words. */
#include "query/plan.h"

static const char *how(const query_plan *plan)
{
    switch (plan->scan) {
    case SCAN_RECORDS:
        return plan->ranged ? "ids" : "records";
    case SCAN_INDEX:
        return "index";
    case SCAN_UNIQUE:
        return "unique";
    case SCAN_UNION:
        return plan->ordered && plan->request.sort ? "merge" : "union";
    }
    return "";
}

kt_error *query_count(kt_tx *tx, const query_request *query, uint64_t *count)
{
    const char *right = query->right ? query->right : "read";
    const plan_request request = {
        .entity = query->entity, .filter = query->filter, .right = right, .count_only = true};
    query_plan plan;
    bool done;
    *count = 0;
    if (tx->guard && tx->guard->entity)
        KT_TRY(tx->guard->entity(tx, query->entity, right));
    KT_TRY(query_count_by_set(tx, query, count, &done));
    if (done)
        return NULL;
    KT_TRY(query_plan_make(tx, &request, &plan));
    if (plan_is_empty(&plan))
        return NULL;
    if (!plan.residual && !plan.check_record && plan.scan != SCAN_UNION) {
        if (plan.counted) {
            *count = plan.estimate;
            return NULL;
        }
        for (size_t i = 0; i < plan.range_count; i++) {
            uint64_t found;
            KT_TRY(store_count(
                tx->view, STORE_DATA, plan.ranges[i].from, plan.ranges[i].to, UINT64_MAX, &found));
            *count += found;
        }
        return NULL;
    }
    KT_TRY(query_count_covered(tx, query, count, &done));
    if (done)
        return NULL;
    query_rows *rows;
    KT_TRY(query_rows_open(tx, &plan, NULL, &rows));
    while (query_rows_next(rows))
        ++*count;
    return query_rows_end(rows);
}

/* ---- Explain ---- */

static void write_names(const query_plan *plan, json *answer)
{
    json_array(answer);
    for (size_t i = 0; i < plan->index->count; i++)
        json_str(answer, plan->index->fields[i]->name);
    json_array_end(answer);
}

static void write_tests(const query_filter *filter, json *answer)
{
    if (filter->kind == FILTER_TEST) {
        json_str(answer, filter->test->path.name);
        return;
    }
    for (size_t i = 0; i < filter->count; i++)
        write_tests(filter->items[i], answer);
}

/* How one scan goes; of several, each. */
static void write_scan(const query_plan *plan, json *answer)
{
    json_member_text(answer, "scan", how(plan));
    json_key(answer, "index");
    if (plan->index)
        write_names(plan, answer);
    else
        json_null(answer);
    json_member_int(answer, "equal", (int64_t)plan->constants);
    json_member_bool(answer, "range", plan->ranged);
    json_member_int(answer, "ranges", (int64_t)plan->range_count);
    if (plan->joined_count) {
        json_key(answer, "joined");
        json_array(answer);
        for (size_t i = 0; i < plan->joined_count; i++)
            json_str(answer, plan->joined[i]);
        json_array_end(answer);
    }
    if (!plan->part_count)
        return;
    json_key(answer, "parts");
    json_array(answer);
    for (size_t i = 0; i < plan->part_count; i++) {
        json_object(answer);
        write_scan(&plan->parts[i], answer);
        json_object_end(answer);
    }
    json_array_end(answer);
}

static void write_checked(const query_plan *plan, json *answer)
{
    if (plan->residual)
        write_tests(plan->residual, answer);
    for (size_t i = 0; i < plan->part_count; i++)
        write_checked(&plan->parts[i], answer);
}

kt_error *query_explain(kt_tx *tx, const query_request *query, json *answer)
{
    enum { PROBE = 100000 };
    query_sort sort;
    query_plan plan;
    uint32_t limit = query->limit ? query->limit : 50;
    KT_TRY(query_prepare(tx, query, limit, &sort, &plan));
    plan_request request = plan.request;
    request.probe = PROBE;
    KT_TRY(query_plan_make(tx, &request, &plan));
    write_scan(&plan, answer);
    json_member_text(answer, "sort", plan.ordered ? "index" : "memory");
    json_member_bool(answer, "reverse", plan.ordered && plan.reverse);
    json_key(answer, "checked"); /* conditions asked again of each record */
    json_array(answer);
    write_checked(&plan, answer);
    json_array_end(answer);
    json_member_bool(answer, "rights", plan.check_record || (plan.part_count && plan.parts[0].check_record));
    json_member_int(answer, "estimate", (int64_t)plan.estimate);
    json_member_bool(answer, "estimate_exact", plan.exact);
    json_member_int(answer, "matches", (int64_t)plan.matches);
    json_member_int(answer, "records", (int64_t)plan.total);
    return NULL;
}

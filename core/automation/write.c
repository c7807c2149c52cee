/* write.c -- templates: one is sent to a worker with the record that it is about; what it writes comes back
 * in pieces between its questions. */
#include "automation/rule.h"
#include "kit/calendar.h"
#include "kit/str.h"

static kt_error *nonsense(kt_tx *tx)
{
    return kt_fail(tx, KT_RULE, "text", "its process sends nonsense", "jego proces przysyła bzdury");
}

uint64_t automation_company(kt_tx *tx, const model_record *about)
{
    const model_entity *company = model_entity_find(tx->catalogue, KT_STR("base.company"));
    uint64_t only = 0;
    size_t count = 0;
    query_rows *rows = NULL;
    model_record record = {0};
    const query_request query = {.entity = company, .limit = 2};
    const model_value *of = about->values ? &about->values[MODEL_COMPANY] : NULL;
    if (of && of->set && of->as.i)
        return (uint64_t)of->as.i;
    if (tx->company || !company)
        return tx->company;
    if (query_open(tx, &query, &rows)) /* no right to see any */
        return 0;
    for (; query_next(rows, &record); count++)
        only = (uint64_t)record.values[MODEL_ID].as.i;
    return query_end(rows) || count != 1 ? 0 : only;
}

/* Without about it is compiled alone. */
static void pack_template(kt_tx *tx, const automation_template *t, int64_t steps, buffer *out)
{
    const model_entity *company = model_entity_find(tx->catalogue, KT_STR("base.company"));
    uint64_t own = t->about ? automation_company(tx, t->about) : 0;
    buffer_clear(out);
    buffer_add_char(out, 'T');
    pack_time(out, tx->now);
    pack_date(out, kt_today(tx));
    pack_int(out, (int64_t)zone_offset_s(tx->zone, tx->now) * 1000);
    pack_int(out, steps);
    pack_int(out, t->kind);
    pack_int(out, t->language);
    pack_str(out, t->name);
    pack_str(out, t->lua);
    pack_bool(out, !t->about);
    if (!t->about)
        return;
    serve_linked(tx, t->about, out);
    if (company && own)
        serve_link(company, own, out);
    else
        pack_nil(out);
    pack_json(out, t->facts);
}

static kt_error *converse(serving *s, workers *pool)
{
    for (;;) {
        kt_str said = {0};
        kt_error *lost = channel_exchange(pool, s->channel, s->tx->arena, &said);
        if (lost)
            return error_under(lost, "text");
        pack_reader in = pack_read((kt_str){said.ptr + 1, said.len - 1});
        if (said.ptr[0] == 'D' || said.ptr[0] == 'K')
            return NULL;
        if (said.ptr[0] == 'E')
            return rule_declined(s->tx, &in, s->template->name);
        kt_error *error = said.ptr[0] == 'Q' ? serve_request(s, &in) : nonsense(s->tx);
        if (error) {
            channel_kill(s->channel);
            return error;
        }
    }
}

kt_error *write_run(workers *pool, int64_t steps, kt_tx *tx, const automation_template *t, buffer *text)
{
    serving s = {.tx = tx, .template = t, .text = text};
    KT_TRY(workers_take(pool, tx->arena, &s.channel));
    pack_template(tx, t, steps, &s.channel->out);
    kt_error *error = converse(&s, pool);
    workers_give(pool, s.channel);
    return error;
}

enum { TIMES_A_RULE = 4 }; /* steps: a document is larger than what a rule does */

kt_error *automation_place(kt_tx *tx, const model_record *about, zone **own)
{
    const uint64_t company = automation_company(tx, about);
    *own = NULL;
    if (!company || company == tx->company)
        return NULL;
    KT_TRY(model_company_zone(tx, company, own));
    tx->zone = *own;
    return NULL;
}

kt_error *automation_write(automation *a, kt_tx *tx, const automation_template *t, buffer *text)
{
    const zone *before = tx->zone;
    zone *own;
    KT_TRY(automation_place(tx, t->about, &own));
    kt_error *error = write_run(a->writers, a->options.steps * TIMES_A_RULE, tx, t, text);
    tx->zone = before;
    zone_close(own);
    if (!error && text->full) /* it caught the refusal and went on */
        error = kt_fail(tx, KT_LIMIT, "text", "the document is larger than %zu bytes",
            "dokument jest większy niż %zu bajtów", text->max);
    return error;
}

kt_error *automation_check(kt_tx *tx, kt_str name, kt_str lua)
{
    const ruleset *set = ruleset_of(tx);
    if (lua.len > AUTOMATION_CHUNK_MAX)
        return kt_fail(tx, KT_LIMIT, "text", "the template is too large", "szablon jest za duży");
    const automation_template t = {.name = name, .lua = lua};
    return set ? write_run(set->of->writers, set->of->options.steps * TIMES_A_RULE, tx, &t, NULL) : NULL;
}

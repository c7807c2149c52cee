/* methods.c -- journal.*: the feed, a record's history, undo, proof. */
#include <sodium.h>

#include "journal/chain.h"

static kt_error *limit_of(const method_call *call, uint32_t *limit)
{
    uint64_t n = 0;
    KT_TRY(variant_read_uint(call->arena, call->params, "limit", INT64_MAX, &n));
    *limit = n < UINT32_MAX ? (uint32_t)n : UINT32_MAX;
    return NULL;
}

static kt_error *since_run(method_call *call)
{
    uint64_t seq = 0;
    uint32_t limit = 0;
    KT_TRY(variant_read_uint(call->arena, call->params, "seq", INT64_MAX, &seq));
    KT_TRY(limit_of(call, &limit));
    json_object(call->answer);
    KT_TRY(journal_since(call->tx, seq, variant_get(call->params, "filter"), limit, call->answer));
    json_object_end(call->answer);
    return NULL;
}

static kt_error *history_run(method_call *call)
{
    kt_str name = variant_get_str(call->params, "entity");
    const model_entity *entity = model_entity_find(call->tx->catalogue, name);
    if (!entity || entity->lines_only)
        return error_make(call->arena, KT_VALIDATION, "entity", "there is no entity %.*s",
            "nie ma encji %.*s", STR_ARG(name));
    uint64_t id = 0;
    uint32_t limit = 0;
    KT_TRY(variant_read_uint(call->arena, call->params, "id", INT64_MAX, &id));
    KT_TRY(limit_of(call, &limit));
    json_object(call->answer);
    KT_TRY(
        journal_history(call->tx, entity, id, limit, variant_get_str(call->params, "cursor"), call->answer));
    json_object_end(call->answer);
    return NULL;
}

static kt_error *revert_run(method_call *call)
{
    kt_str unit = variant_get_str(call->params, "unit");
    uint64_t seq = 0;
    KT_TRY(variant_read_uint(call->arena, call->params, "seq", INT64_MAX, &seq));
    if ((unit.len > 0) == (seq > 0))
        return error_make(
            call->arena, KT_VALIDATION, "unit", "either unit or seq is expected", "oczekiwano unit albo seq");
    json_object(call->answer);
    KT_TRY(journal_revert(call->tx, unit, seq, variant_get_str(call->params, "cursor"), call->answer));
    json_object_end(call->answer);
    return NULL;
}

static void hash_json(json *j, const uint8_t hash[JOURNAL_HASH_BYTES])
{
    char text[2 * JOURNAL_HASH_BYTES + 1];
    sodium_bin2hex(text, sizeof text, hash, JOURNAL_HASH_BYTES);
    json_member_text(j, "hash", text);
}

static kt_error *verify_run(method_call *call)
{
    journal_verdict verdict;
    KT_TRY(journal_verify(call->rooms->store, call->arena, &verdict, NULL, NULL));
    json *j = call->answer;
    json_object(j);
    json_member_bool(j, "sound", verdict.first_bad == 0);
    json_key(j, "entries");
    json_uint(j, verdict.entries);
    json_key(j, "checkpoints");
    json_uint(j, verdict.checkpoints);
    hash_json(j, verdict.head_hash);
    if (verdict.first_bad) {
        json_key(j, "first_bad");
        json_uint(j, verdict.first_bad);
        json_member_text(j, "reason", verdict.reason);
    }
    json_object_end(j);
    return NULL;
}

static kt_error *checkpoint_run(method_call *call)
{
    return journal_checkpoint(call->rooms->store, call->arena, call->rooms->data_directory, call->answer);
}

static kt_error *head_run(method_call *call)
{
    chain_head head;
    KT_TRY(chain_head_read(call->tx->view, &head));
    json_object(call->answer);
    json_key(call->answer, "seq");
    json_uint(call->answer, head.seq);
    hash_json(call->answer, head.hash);
    json_object_end(call->answer);
    return NULL;
}

static const method_param none[] = {{0}};
static const method_param since_params[] = {
    {"seq", VARIANT_INT, false, {"the last entry already known", "ostatni już znany wpis"}},
    {"filter", VARIANT_OBJECT, false, {"{entities, kinds, ids}", "{entities, kinds, ids}"}},
    {"limit", VARIANT_INT, false, {"entries, at most 1000", "wpisów, najwyżej 1000"}},
    {0},
};
static const method_param history_params[] = {
    {"entity", VARIANT_STRING, true, {"as crm.deal", "jak crm.deal"}},
    {"id", VARIANT_INT, true, {"of the record", "rekordu"}},
    {"limit", VARIANT_INT, false, {"entries, at most 500", "wpisów, najwyżej 500"}},
    {"cursor", VARIANT_STRING, false, {"next of the page before", "next poprzedniej strony"}},
    {0},
};
static const method_param revert_params[] = {
    {"unit", VARIANT_STRING, false, {"a unit's name, or", "nazwa jednostki albo"}},
    {"seq", VARIANT_INT, false, {"one entry", "jeden wpis"}},
    {"cursor", VARIANT_STRING, false, {"next of the step before", "next poprzedniego kroku"}},
    {0},
};

const method journal_methods[] = {
    {"journal.since", "login", METHOD_READ, {"What changed after an entry", "Co się zmieniło po wpisie"},
        since_params, since_run},
    {"journal.history", "login", METHOD_READ, {"What happened to a record", "Historia rekordu"},
        history_params, history_run},
    {"journal.head", "login", METHOD_READ, {"The last entry", "Ostatni wpis"}, none, head_run},
    {"journal.revert", "journal:revert", METHOD_WRITE, {"Undoes a unit of changes", "Cofa jednostkę zmian"},
        revert_params, revert_run},
    {"journal.verify", "journal:verify", METHOD_PLAIN, {"Proves the chain", "Sprawdza łańcuch"}, none,
        verify_run},
    {"journal.checkpoint", "journal:checkpoint", METHOD_PLAIN,
        {"Signs the last entry", "Podpisuje ostatni wpis"}, none, checkpoint_run},
    {0},
};

/* feed.c -- the journal as a feed: gapless, in order, from any sequence number on. What the caller may not
 * see is passed over, and `next` moves on with it: a reader never waits at an entry that is not for it. */
#include "journal/past.h"

enum {
    FEED_LIMIT = 100,
    FEED_LIMIT_MAX = 1000,
    FEED_SCAN_MAX = 20000,    /* changes looked at in one call, but for one entry's */
    FEED_BYTES_MAX = 4 << 20, /* of answer, after which the page ends */
    FILTER_MAX = 200,
};

static const char *const kinds[] = {"", "created", "updated", "deleted"};

typedef struct {
    const model_entity *entities[FILTER_MAX];
    size_t entity_count;
    bool all_entities, all_ids;
    bool kinds[4];
    const variant *ids;
} feed_filter;

/* ---- Filter ---- */

#define BAD(tx, path, ...) error_make((tx)->arena, KT_VALIDATION, (path), __VA_ARGS__)

static kt_error *entities_read(kt_tx *tx, const variant *from, feed_filter *f)
{
    kt_error *errors = NULL;
    f->all_entities = false;
    if (from->kind != VARIANT_ARRAY || from->as.array.count > FILTER_MAX)
        return BAD(tx, "filter.entities", "a list of entities is expected", "oczekiwano listy encji");
    for (size_t i = 0; i < from->as.array.count; i++) {
        const variant *name = &from->as.array.items[i];
        kt_str text = name->kind == VARIANT_STRING ? name->as.string : KT_STR("");
        const model_entity *e = model_entity_find(tx->catalogue, text);
        kt_str path = arena_format(tx->arena, "filter.entities[%zu]", i);
        if (!path.ptr)
            return error_no_memory();
        if (e)
            f->entities[f->entity_count++] = e;
        else
            kt_also(&errors,
                BAD(tx, path.ptr, "there is no entity \"%.*s\"", "nie ma encji „%.*s”", STR_ARG(text)));
    }
    return errors;
}

static kt_error *kinds_read(kt_tx *tx, const variant *from, feed_filter *f)
{
    memset(f->kinds, 0, sizeof f->kinds);
    if (from->kind != VARIANT_ARRAY)
        return BAD(tx, "filter.kinds", "a list is expected", "oczekiwano listy");
    for (size_t i = 0; i < from->as.array.count; i++) {
        const variant *name = &from->as.array.items[i];
        unsigned kind = MODEL_CREATED;
        while (
            kind <= MODEL_DELETED && !(name->kind == VARIANT_STRING && str_is(name->as.string, kinds[kind])))
            kind++;
        if (kind > MODEL_DELETED)
            return BAD(tx, "filter.kinds", "created, updated or deleted is expected",
                "oczekiwano created, updated lub deleted");
        f->kinds[kind] = true;
    }
    return NULL;
}

static kt_error *ids_read(kt_tx *tx, const variant *from, feed_filter *f)
{
    if (from->kind != VARIANT_ARRAY)
        return BAD(tx, "filter.ids", "a list of ids is expected", "oczekiwano listy id");
    for (size_t i = 0; i < from->as.array.count; i++)
        if (from->as.array.items[i].kind != VARIANT_INT)
            return BAD(tx, "filter.ids", "a list of ids is expected", "oczekiwano listy id");
    f->all_ids = false;
    f->ids = from;
    return NULL;
}

static kt_error *filter_read(kt_tx *tx, const variant *from, feed_filter *f)
{
    *f = (feed_filter){.all_entities = true, .all_ids = true, .kinds = {true, true, true, true}};
    if (!from || from->kind == VARIANT_NULL)
        return NULL;
    if (from->kind != VARIANT_OBJECT)
        return BAD(tx, "filter", "an object is expected", "oczekiwano obiektu");
    kt_error *errors = NULL;
    for (size_t i = 0; i < from->as.object.count; i++) {
        const variant_member *m = &from->as.object.members[i];
        if (str_is(m->name, "entities"))
            kt_also(&errors, entities_read(tx, m->value, f));
        else if (str_is(m->name, "kinds"))
            kt_also(&errors, kinds_read(tx, m->value, f));
        else if (str_is(m->name, "ids"))
            kt_also(&errors, ids_read(tx, m->value, f));
        else
            kt_also(
                &errors, kt_hint(error_make(tx->arena, KT_VALIDATION, "filter", "there is no member \"%.*s\"",
                                     "nie ma pola \"%.*s\"", STR_ARG(m->name)),
                             "Use entities, kinds and ids.", "Użyj entities, kinds i ids."));
    }
    return errors;
}

static bool passes(const feed_filter *f, const model_entity *entity, const journal_change *change)
{
    bool found = f->all_entities;
    for (size_t i = 0; !found && i < f->entity_count; i++)
        found = f->entities[i] == entity;
    if (!found || !f->kinds[change->kind])
        return false;
    found = f->all_ids;
    for (size_t i = 0; !found && i < f->ids->as.array.count; i++)
        found = (uint64_t)f->ids->as.array.items[i].as.integer == change->id;
    return found;
}

/* ---- Writing ---- */

static void side_json(
    past_view *view, const past_change *past, const model_record *side, const char *name, json *j)
{
    kt_tx *tx = view->tx;
    json_key(j, name);
    if (!side->values) {
        json_null(j);
        return;
    }
    json_object(j);
    for (size_t i = 0; i < past->entity->field_count; i++) {
        const model_field *field = &past->entity->fields[i];
        if (!past_tells(tx, past, field))
            continue;
        json_key_str(j, field->name);
        model_value_json(tx, side, field, &side->values[i], j);
    }
    json_object_end(j);
}

static void change_json(past_view *view, const past_change *past, json *j)
{
    json_object(j);
    json_member_str(j, "entity", past->entity->name);
    json_key(j, "id");
    json_uint(j, past->id);
    json_member_text(j, "kind", kinds[past->kind]);
    const model_value *version = past->after.values ? &past->after.values[MODEL_VERSION] : NULL;
    if (version && version->set)
        json_member_int(j, "version", version->as.i);
    side_json(view, past, &past->before, "before", j);
    side_json(view, past, &past->after, "after", j);
    json_object_end(j);
}

/* Writes the entry with what of it the caller may see; *shown false: nothing, and nothing was written. */
static kt_error *entry_write(
    past_view *view, const feed_filter *f, journal_entry *entry, json *j, bool *shown)
{
    kt_tx *tx = view->tx;
    journal_change change;
    *shown = false;
    while (journal_entry_next(entry, &change)) {
        const model_entity *e = model_entity_by_number(tx->catalogue, change.entity);
        bool visible = e && passes(f, e, &change) && past_entity_visible(view, e);
        if (visible)
            KT_TRY(past_record_visible(view, e, change.id, &visible));
        past_change past;
        if (visible) {
            KT_TRY(past_change_read(tx, e, &change, &past));
            visible = past_shows(view, &past);
        }
        if (!visible)
            continue;
        if (!*shown) {
            json_object(j);
            KT_TRY(past_entry_json(view, entry, j));
            json_key(j, "changes");
            json_array(j);
        }
        *shown = true;
        model_shown(tx, e, change.id, "read");
        change_json(view, &past, j);
    }
    if (*shown) {
        json_array_end(j);
        json_object_end(j);
    }
    return entry->bad ? chain_bad(view->outer, entry->seq) : NULL;
}

static kt_error *entries_write(
    past_view *view, const feed_filter *f, uint64_t *seq, uint32_t limit, json *answer)
{
    chain_reader reader;
    KT_TRY(chain_begin(&reader, view->tx->view, view->outer, *seq + 1));
    kt_error *error = NULL;
    journal_entry entry;
    kt_str bytes;
    size_t begun = answer->out->len;
    uint32_t shown = 0;
    uint64_t scanned = 0;
    while (!error && shown < limit && scanned < FEED_SCAN_MAX && answer->out->len - begun < FEED_BYTES_MAX &&
           chain_next(&reader, &entry, &bytes)) {
        bool visible = false;
        uint64_t at = entry.seq;
        scanned += entry.count + 1;
        error = past_view_next(view);
        if (!error)
            error = entry_write(view, f, &entry, answer, &visible);
        shown += !error && visible;
        *seq = error ? *seq : at;
    }
    kt_error *end = chain_end(&reader);
    return error ? error : end;
}

kt_error *journal_since(kt_tx *tx, uint64_t seq, const variant *filter, uint32_t limit, json *answer)
{
    feed_filter f;
    past_view view;
    chain_head head;
    KT_TRY(filter_read(tx, filter, &f));
    KT_TRY(chain_head_read(tx->view, &head));
    if (seq > head.seq)
        return kt_hint(error_make(tx->arena, KT_VALIDATION, "seq", "the journal ends at %llu",
                           "dziennik kończy się na %llu", (unsigned long long)head.seq),
            "The data may have been restored from a backup: read everything anew.",
            "Dane mogły zostać odtworzone z kopii: wczytaj wszystko od nowa.");
    KT_TRY(past_view_open(&view, tx));
    limit = limit == 0 ? FEED_LIMIT : limit > FEED_LIMIT_MAX ? FEED_LIMIT_MAX : limit;
    json_key(answer, "entries");
    json_array(answer);
    KT_TRY(past_view_close(&view, entries_write(&view, &f, &seq, limit, answer)));
    json_array_end(answer);
    json_key(answer, "next");
    json_uint(answer, seq);
    json_key(answer, "head");
    json_uint(answer, head.seq);
    return NULL;
}

/* compile_indexes.c -- which indexes an entity has: external_id and number, the fields' own flags, the
 * `indexes` text, and one for every reference, so that a deletion finds who points to the record: where nobody asked for
 * more, it holds the references that are set; in runs, if they are seldom asked for. */
#include "model/compile.h"
#include "model/custom.h"
#include "model/entries.h"
#include "record/fill_mark.h"

#define INDEXES_MAX MODEL_INDEXES_MAX

typedef struct {
    builder *b;
    draft *draft;
    model_index items[INDEXES_MAX];
    size_t count;
} index_list;

static void add(index_list *list, model_index index)
{
    for (size_t i = 0; i < list->count; i++) {
        const model_index *other = &list->items[i];
        if (other->unique == index.unique && other->through == index.through &&
            other->covering == index.covering && other->sparse == index.sparse &&
            other->count == index.count &&
            memcmp(other->fields, index.fields, index.count * sizeof *index.fields) == 0)
            return; /* declared twice is declared once */
    }
    if (list->count == INDEXES_MAX) {
        build_problem(list->b, list->draft->entity->name.ptr, "more than %d indexes",
            "więcej niż %d indeksów", INDEXES_MAX);
        return;
    }
    list->items[list->count++] = index;
}

static bool can_lead(const model_field *field)
{
    return field->type != KT_LINES && field->type != KT_JSON && field->type != KT_TEXT;
}

/* Takes the next word of a list; words are parted by blanks, lists by commas. */
static kt_str next_word(const char **at)
{
    const char *p = *at;
    while (*p == ' ')
        p++;
    const char *start = p;
    while (*p && *p != ' ' && *p != ',')
        p++;
    *at = p;
    return (kt_str){start, (size_t)(p - start)};
}

static void add_named(index_list *list, model_index *index, kt_str word)
{
    const model_entity *e = list->draft->entity;
    const model_field *field = model_field_find(e, word);
    if (!field || !can_lead(field) || field->position == MODEL_ID) {
        build_problem(list->b, e->name.ptr, "an index names \"%.*s\", which is no field that can be indexed",
            "indeks wymienia \"%.*s\", które nie jest polem do indeksowania", STR_ARG(word));
        return;
    }
    if (index->count == MODEL_INDEX_FIELDS) {
        build_problem(list->b, e->name.ptr, "an index has more than %d fields",
            "indeks ma więcej niż %d pola", MODEL_INDEX_FIELDS);
        return;
    }
    if (field->type == KT_REFS && (index->unique || index->count)) {
        build_problem(list->b, e->name.ptr,
            "a list of references stands first, in an index that is not unique",
            "lista odwołań stoi jako pierwsza, w indeksie, który nie jest niepowtarzalny");
        return;
    }
    index->fields[index->count++] = field;
}

/* Is what comes up to the next comma an index over lines, "history.at history.stage amount"? */
static bool is_cover(const char *at)
{
    return memchr(at, '.', strcspn(at, ",")) != NULL;
}

static void add_covered(index_list *list, model_index *index, kt_str word)
{
    const model_entity *e = list->draft->entity;
    const char *dot = memchr(word.ptr, '.', word.len);
    size_t before = dot ? (size_t)(dot - word.ptr) : 0;
    const model_field *lines = dot ? model_field_find(e, (kt_str){word.ptr, before}) : NULL;
    const model_field *field = !dot ? model_field_find(e, word)
                               : lines && lines->lines
                                   ? model_field_find(lines->lines, (kt_str){dot + 1, word.len - before - 1})
                                   : NULL;
    if (!model_can_be_covered(field) || (lines && index->through && index->through != lines) ||
        index->count == MODEL_INDEX_FIELDS) {
        build_problem(list->b, e->name.ptr,
            "an index over lines names \"%.*s\": it takes at most %d numbers, days, states and references",
            "indeks pozycji wymienia \"%.*s\": przyjmuje najwyżej %d liczb, dni, stanów i odwołań",
            STR_ARG(word), MODEL_INDEX_FIELDS);
        return;
    }
    index->through = lines ? lines : index->through;
    index->inside[index->count] = lines != NULL;
    index->fields[index->count++] = field;
}

/* The last of all, so that no index of a field's own is taken for one of these. */
static void add_covers(index_list *list, const char *text)
{
    for (const char *at = text; at && *at; at += *at == ',') {
        model_index index = {.covering = true};
        bool cover = is_cover(at);
        for (kt_str word = next_word(&at); word.len; word = next_word(&at))
            if (cover)
                add_covered(list, &index, word);
        if (index.count)
            add(list, index);
    }
}

static void add_declared(index_list *list, const char *text)
{
    const char *at = text;
    while (at && *at) {
        if (is_cover(at)) {
            at += strcspn(at, ",");
            at += *at == ',';
            continue;
        }
        model_index index = {0};
        for (kt_str word = next_word(&at); word.len; word = next_word(&at))
            if (str_is(word, "unique") && !index.count)
                index.unique = true;
            else
                add_named(list, &index, word);
        if (index.count)
            add(list, index);
        if (*at == ',')
            at++;
    }
}

static bool begins_one(const index_list *list, const model_field *field)
{
    for (size_t i = 0; i < list->count; i++)
        if (!list->items[i].unique && list->items[i].fields[0] == field)
            return true;
    return false;
}

static bool is_reference(const model_field *field)
{
    return field->type == KT_REF || field->type == KT_REFS || field->type == KT_FILE;
}

static void add_from_lines(index_list *list, const model_field *lines)
{
    for (size_t i = 0; i < lines->lines->field_count; i++) {
        const model_field *field = &lines->lines->fields[i];
        if (field->indexed || is_reference(field))
            add(list, (model_index){.through = lines,
                          .sparse = field->type != KT_BOOL, /* not set is false */
                          .in_runs = field->seldom,
                          .count = 1,
                          .fields = {field}});
    }
}

static void collect(index_list *list)
{
    const model_entity *e = list->draft->entity;
    add(list, (model_index){.unique = true, .count = 1, .fields = {&e->fields[MODEL_EXTERNAL_ID]}});
    model_index number = {.unique = true, .count = 1, .fields = {&e->fields[MODEL_NUMBER]}};
    if (!e->shared)
        number.fields[number.count++] = &e->fields[MODEL_COMPANY]; /* each company counts for itself */
    add(list, number);
    for (size_t i = MODEL_OWN; i < e->field_count; i++)
        if (e->fields[i].unique && can_lead(&e->fields[i]))
            add(list, (model_index){.unique = true, .count = 1, .fields = {&e->fields[i]}});
    add_declared(list, list->draft->declared->indexes);
    for (size_t i = MODEL_OWN; i < e->field_count; i++) {
        const model_field *field = &e->fields[i];
        if (field->indexed && can_lead(field))
            add(list, (model_index){.count = 1, .fields = {field}});
        else if (is_reference(field) && !begins_one(list, field))
            add(list, (model_index){.sparse = true, .in_runs = field->seldom, .count = 1, .fields = {field}});
        else if (field->lines)
            add_from_lines(list, field);
    }
    add_covers(list, list->draft->declared->indexes);
}

/* What an index's keys look like, by tags: an index with the same text has the same entries. */
static kt_str index_spec(builder *b, const model_index *index)
{
    char text[200];
    int n = snprintf(text, sizeof text, "%c",
        index->unique     ? 'u'
        : index->counted  ? 'c'
        : index->covering ? 'v'
        : index->in_runs  ? 'r'
        : index->sparse   ? 's'
                          : 'i');
    if (index->through)
        n += snprintf(text + n, sizeof text - (size_t)n, "(%u)", index->through->tag);
    for (size_t i = 0; i < index->count; i++) {
        const model_field *f = index->fields[i];
        char class = is_text(f->type) ? 's' : is_any(f) ? 'a' : is_decimal(f->type) ? 'd' : 'n';
        if (f->type == KT_REFS)
            class = 'l';
        n += snprintf(text + n, sizeof text - (size_t)n, "%s%s%u%c%u", i ? "," : " ",
            index->covering && !index->inside[i] ? "^" : "", f->tag, class, f->scale);
    }
    return build_str(b, text);
}

/* An index that is leaving keeps its number; another of the same text gets a new one. */
static stored_index *find_number(numbers *n, kt_str spec)
{
    stored_index *found = NULL;
    for (size_t i = 0; i < n->index_count; i++) {
        stored_index *one = &n->indexes[i];
        if (str_eq(one->spec, spec) && one->active != INDEX_LEAVING && (!found || one->active))
            found = one;
    }
    return found;
}

static kt_error *give_number(builder *b, draft *d, model_index *index, uint8_t *state)
{
    numbers *n = &d->numbers;
    kt_str spec = index_spec(b, index);
    if (!spec.ptr)
        return error_no_memory();
    const stored_index *known = find_number(n, spec);
    if (known) {
        index->number = known->number;
        *state = known->active;
        return NULL;
    }
    stored_index *grown = build_grow(b, n->indexes, &n->index_count, &n->index_room, sizeof *grown);
    if (!grown)
        return error_no_memory();
    n->indexes = grown;
    index->number = n->next_index++;
    grown[n->index_count - 1] = (stored_index){spec, index->number, INDEX_UNUSED};
    n->changed = true;
    *state = INDEX_UNUSED;
    return NULL;
}

static void mark_counted(index_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        model_index *index = &list->items[i];
        const model_field *first = index->fields[0];
        if (index->unique || index->through || (first->type != KT_STATE && first->type != KT_BOOL))
            continue;
        bool earlier = false;
        for (size_t k = 0; k < i; k++)
            earlier |= list->items[k].counted && list->items[k].fields[0] == first;
        index->counted = !earlier;
    }
}

/* Was a value of this field ever stored? Then records hold some that an index of it must find. */
bool build_was_stored(const draft *d, const model_index *index)
{
    const model_field *field = index->through ? index->through : index->fields[0];
    return field->tag < d->numbers.first_new_tag;
}

/* Does it find references that older records hold and it does not have yet? */
static bool is_seeking(const draft *d, const model_index *index, uint8_t state)
{
    return state == INDEX_SEEKING || (state == INDEX_UNUSED && !index->unique &&
                                         is_reference(index->fields[0]) && build_was_stored(d, index));
}

/* The definition was judged when it was made; a crash came before its index, and a record's change before that. */
bool build_was_defined(const builder *b, const model_index *index)
{
    return b->catalogue->sources.starting && str_is(index->fields[0]->module, CUSTOM_MODULE);
}

/* Is there too much to do for one transaction? What references lead to nowhere is found out in steps always, whose
 * changes are journalled. */
static kt_error *fills_later(builder *b, const draft *d, const model_index *index, uint8_t state, bool *later)
{
    const numbers *n = &d->numbers;
    *later = false;
    if (index_fills(state)) {
        bool found;
        uint64_t next;
        KT_TRY(fill_mark_read(b->view, n->number, index->number, &found, &next));
        *later = found && next != UINT64_MAX;
        return NULL;
    }
    if (state == INDEX_WHOLE)
        return NULL;
    if (b->catalogue->sources.past) { /* nobody fills it there */
        *later = true;
        return NULL;
    }
    kt_tx tx = {.arena = b->arena, .view = b->view};
    key name;
    uint64_t records;
    key_open(&name, KEY_COUNTER);
    key_u16(&name, n->number);
    KT_TRY(counter_read(&tx, &name, &records));
    *later = records > FILL_AT_ONCE ||
             (records && (is_seeking(d, index, state) || (index->unique && build_was_defined(b, index))));
    return NULL;
}

kt_error *build_indexes(builder *b, draft *d)
{
    index_list *list = arena_alloc(b->arena, sizeof *list);
    if (!list)
        return error_no_memory();
    list->b = b;
    list->draft = d;
    collect(list);
    mark_counted(list);
    model_index *indexes = build_alloc(b, (list->count + 1) * sizeof *indexes);
    uint8_t *states = build_alloc(b, list->count + 1);
    bool *later = build_alloc(b, (list->count + 1) * sizeof *later);
    d->states = build_alloc(b, list->count + 1);
    if (!indexes || !states || !later || !d->states)
        return error_no_memory();
    size_t whole = 0, at = 0;
    for (size_t i = 0; i < list->count; i++) {
        KT_TRY(give_number(b, d, &list->items[i], &states[i]));
        KT_TRY(fills_later(b, d, &list->items[i], states[i], &later[i]));
        list->items[i].seeking = later[i] && is_seeking(d, &list->items[i], states[i]);
        whole += !later[i];
    }
    for (unsigned round = 0; round < 2; round++) /* those that are whole first */
        for (size_t i = 0; i < list->count; i++)
            if (later[i] == (round == 1)) {
                d->states[at] = states[i];
                indexes[at++] = list->items[i];
            }
    d->entity->indexes = indexes;
    d->entity->index_count = whole;
    d->entity->filling_count = list->count - whole;
    return NULL;
}

/* ---- Who points to whom ---- */

/* The index that finds a reference's values: the first that begins with it. */
static bool is_first_of_field(const model_entity *e, size_t i)
{
    const model_index *index = &e->indexes[i];
    if (index->unique || !is_reference(index->fields[0]) || index->fields[0]->system)
        return false;
    for (size_t k = 0; k < i; k++)
        if (!e->indexes[k].unique && e->indexes[k].fields[0] == index->fields[0])
            return false;
    return true;
}

/* Calls for each referrer to target; NULL: those to "*". out NULL: counts only. */
static size_t referrers_of(const builder *b, const model_entity *target, model_referrer *out)
{
    size_t n = 0;
    for (size_t d = 0; d < b->draft_count; d++) {
        const model_entity *e = b->drafts[d].entity;
        for (size_t i = 0; i < e->index_count + e->filling_count; i++) {
            const model_field *field = e->indexes[i].fields[0];
            if (!is_first_of_field(e, i) || (target ? field->target != target : !is_any(field)))
                continue;
            if (out)
                out[n] = (model_referrer){e, field, &e->indexes[i]};
            n++;
        }
    }
    return n;
}

kt_error *build_referrers(builder *b)
{
    for (size_t d = 0; d < b->draft_count; d++) {
        model_internals *internals = b->drafts[d].internals;
        internals->referrer_count = referrers_of(b, b->drafts[d].entity, NULL);
        model_referrer *list = build_alloc(b, (internals->referrer_count + 1) * sizeof *list);
        if (!list)
            return error_no_memory();
        (void)referrers_of(b, b->drafts[d].entity, list);
        internals->referrers = list;
    }
    model_catalogue *c = b->catalogue;
    c->any_referrer_count = referrers_of(b, NULL, NULL);
    model_referrer *list = build_alloc(b, (c->any_referrer_count + 1) * sizeof *list);
    if (!list)
        return error_no_memory();
    (void)referrers_of(b, NULL, list);
    c->any_referrers = list;
    return NULL;
}

/* intake.c -- see intake.h. The model validates; here cells find their fields and references their records.
 */
#include <stdlib.h>

#include "exchange/cells.h"
#include "exchange/intake_parts.h"
#include "exchange/lookup.h"
#include "kit/decimal.h"
#include "kit/decode.h"
#include "kit/str.h"

enum { CACHE_SLOTS = 64, LINES_MAX = MODEL_LINES_MAX };

/* ---- Columns ---- */

/* Has an earlier column the same place? */
static bool is_second(const intake *in, size_t at)
{
    const map_column *to = in->columns[at].to;
    for (size_t i = 0; to && i < at; i++) {
        const map_column *other = in->columns[i].to;
        if (other && other->place.field == to->place.field && other->place.member == to->place.member &&
            str_eq(other->place.selector, to->place.selector))
            return true;
    }
    return false;
}

/* Titles may have been added since. */
static kt_error *learn_columns(intake *in, size_t count)
{
    if (count <= in->count)
        return NULL;
    column *grown = ARENA_ARRAY(in->tx->arena, column, count);
    if (!grown)
        return error_no_memory();
    if (in->count)
        memcpy(grown, in->columns, in->count * sizeof *grown);
    in->columns = grown;
    for (; in->count < count; in->count++) {
        const map_column *to;
        KT_TRY(mapping_find(in->tx, in->m, in->r, in->count, &to));
        in->columns[in->count].to = to && !to->ignored ? to : NULL;
        in->columns[in->count].second = is_second(in, in->count);
        /* no other program's file has a column "version" beside an "id" */
        in->own = in->own || (to && to->place.field && to->place.field->position == MODEL_VERSION);
    }
    return NULL;
}

kt_error *intake_open(kt_tx *tx, const mapping *m, reader *r, seen *seen, intake **out)
{
    intake *in = ARENA_NEW(tx->arena, intake);
    if (!in)
        return error_no_memory();
    *in = (intake){.tx = tx, .m = m, .r = r, .seen = seen};
    *out = in;
    return learn_columns(in, reader_column_count(r));
}

/* ---- References ---- */

static bool all_digits(kt_str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] < '0' || s.ptr[i] > '9')
            return false;
    return s.len > 0 && s.len < 19;
}

static kt_error *find_ref(
    intake *in, column *c, const model_entity *target, kt_str by_name, kt_str text, uint64_t *id)
{
    kt_tx *tx = in->tx;
    const model_field *by = by_name.len ? model_field_find(target, by_name) : NULL;
    if (!c->cache)
        c->cache = ARENA_ARRAY(tx->arena, found_ref, CACHE_SLOTS);
    if (!c->cache)
        return error_no_memory();
    found_ref *slot = &c->cache[text_hash(text) % CACHE_SLOTS];
    if (slot->id && str_eq(slot->text, text)) {
        *id = slot->id;
        return NULL;
    }
    KT_TRY(by ? lookup_one(tx, target, by, text, id) : lookup_any(tx, target, text, id));
    if (!*id && c->to->missing == MISSING_CREATE)
        KT_TRY(lookup_make(tx, target, by, text, id));
    if (*id)
        *slot = (found_ref){text, *id};
    bool will_be = !*id && in->seen && target == in->m->entity && seen_has(in->seen, text);
    if (!*id && !will_be && c->to->missing != MISSING_EMPTY)
        return error_make(tx->arena, KT_VALIDATION, NULL, "there is no %.*s \"%.*s\"",
            "nie ma rekordu %.*s \"%.*s\"", STR_ARG(target->name), STR_ARG(text));
    return NULL;
}

/* ---- Values ---- */

static kt_error *read_json(intake *in, kt_str text, variant *out)
{
    static const decode_limits limits = {.depth_max = 32, .elements_max = 20000};
    const variant *list = NULL;
    kt_str wrapped = arena_format(in->tx->arena, "[%.*s]", STR_ARG(text)); /* the library wants a container */
    if (!wrapped.ptr)
        return error_no_memory();
    kt_error *error = decode_json(in->tx->arena, wrapped, &limits, &list);
    if (error || list->as.array.count != 1)
        return error_make(in->tx->arena, KT_VALIDATION, NULL, "this is no JSON", "to nie jest JSON");
    *out = list->as.array.items[0];
    return NULL;
}

static kt_error *read_ref(
    intake *in, column *c, const model_field *field, kt_str by, kt_str text, variant *out)
{
    uint64_t id = 0;
    const model_entity *target = field->target;
    if (!target && str_is(field->target_name, "*")) { /* "crm.deal:5" */
        const char *colon = memchr(text.ptr, ':', text.len);
        kt_str name = {text.ptr, colon ? (size_t)(colon - text.ptr) : 0};
        const model_entity *any = model_entity_find(in->tx->catalogue, name);
        if (!any)
            return error_make(in->tx->arena, KT_VALIDATION, NULL, "\"%.*s\" is not of the form ENTITY:ID",
                "\"%.*s\" nie ma postaci ENCJA:ID", STR_ARG(text));
        variant *inner = ARENA_ARRAY(in->tx->arena, variant, 2);
        variant_member *members = ARENA_ARRAY(in->tx->arena, variant_member, 2);
        if (!inner || !members)
            return error_no_memory();
        inner[0] = text_variant(any->name);
        inner[1] = text_variant(arena_str(in->tx->arena, (kt_str){colon + 1, text.len - name.len - 1}));
        members[0] = (variant_member){KT_STR("entity"), &inner[0]};
        members[1] = (variant_member){KT_STR("id"), &inner[1]};
        *out = (variant){.kind = VARIANT_OBJECT, .as.object = {members, 2}};
        return NULL;
    }
    if (!by.len && (all_digits(text) || !target)) {
        *out = text_variant(text);
        return NULL;
    }
    KT_TRY(find_ref(in, c, target, by, text, &id));
    *out = id ? (variant){.kind = VARIANT_INT, .as.integer = (int64_t)id} : (variant){.kind = VARIANT_NULL};
    return NULL;
}

/* "Metal; Large": separated by ; | or line breaks, or a JSON array of ids. */
static kt_error *read_refs(
    intake *in, column *c, const model_field *field, kt_str by, kt_str text, variant *out)
{
    if (text.len && *text.ptr == '[')
        return read_json(in, text, out);
    variant *items = ARENA_ARRAY(in->tx->arena, variant, text.len + 1);
    size_t count = 0;
    if (!items)
        return error_no_memory();
    for (size_t at = 0; at < text.len;) {
        size_t end = at;
        while (end < text.len && !strchr(";|\n", text.ptr[end]))
            end++;
        kt_str one = {text.ptr + at, end - at};
        while (one.len && *one.ptr == ' ')
            one = (kt_str){one.ptr + 1, one.len - 1};
        while (one.len && one.ptr[one.len - 1] == ' ')
            one.len--;
        one = arena_str(in->tx->arena, one);
        if (one.len) {
            KT_TRY(read_ref(in, c, field, by, one, &items[count]));
            count += items[count].kind != VARIANT_NULL;
        }
        at = end + 1;
    }
    *out = (variant){.kind = VARIANT_ARRAY, .as.array = {items, count}};
    return NULL;
}

static kt_str state_name(intake *in, const model_field *field, kt_str text)
{
    kt_str folded = {0};
    for (const kt_choice *c = field->choices; c && c->name; c++)
        if (str_is(text, c->name))
            return text;
    folded = title_fold(in->tx->arena, text);
    for (const kt_choice *c = field->choices; c && c->name; c++)
        if (str_eq(folded, title_fold(in->tx->arena, str_of(c->label.en))) ||
            str_eq(folded, title_fold(in->tx->arena, str_of(c->label.pl))))
            return str_of(c->name);
    return text;
}

static kt_error *read_text(
    intake *in, column *c, const model_field *field, kt_str by, kt_str text, variant *out)
{
    arena *arena = in->tx->arena;
    const mapping *m = in->m;
    switch (field->type) {
    case KT_STRING:
    case KT_TEXT:
        *out = text_variant(text);
        return NULL;
    case KT_BOOL:
        *out = text_variant(cell_bool(arena, text));
        return NULL;
    case KT_INT:
    case KT_MONEY:
    case KT_PRICE:
    case KT_QUANTITY:
    case KT_PERCENT:
    case KT_RATE:
        *out = text_variant(cell_decimal(arena, text, m->decimal));
        return NULL;
    case KT_DATE:
        *out = text_variant(cell_date(arena, text, m->dates));
        return NULL;
    case KT_TIME:
        *out = text_variant(cell_time(arena, text, m->dates, in->tx->zone));
        return NULL;
    case KT_STATE:
        *out = text_variant(state_name(in, field, text));
        return NULL;
    case KT_REF:
    case KT_FILE:
        return read_ref(in, c, field, by, text, out);
    case KT_REFS:
        return read_refs(in, c, field, by, text, out);
    case KT_JSON:
    case KT_LINES:
        return read_json(in, text, out);
    }
    return NULL;
}

/* A cell as a wire value. */
kt_error *intake_cell(intake *in, column *c, const variant *cell, variant *out)
{
    const map_column *to = c->to;
    const model_field *field = to->place.member ? to->place.member : to->place.field;
    bool text = cell->kind == VARIANT_STRING || cell->kind == VARIANT_REAL;
    kt_str s = text ? cell->as.string : (kt_str){0};
    if (cell->kind == VARIANT_INT && (to->prefix.len || to->values || to->place.by.len)) {
        s = arena_format(in->tx->arena, "%lld", (long long)cell->as.integer);
        text = true;
    }
    if (!text) {
        *out = *cell;
        return NULL;
    }
    if (reader_format(in->r) == FORMAT_CSV)
        s = cell_unguarded(s);
    const variant *own = to->values ? variant_get(to->values, s.ptr) : NULL;
    if (own) {
        *out = *own;
        return NULL;
    }
    if (s.len && to->prefix.len)
        s = arena_format(in->tx->arena, "%.*s%.*s", STR_ARG(to->prefix), STR_ARG(s));
    if (!s.len) {
        *out = (variant){.kind = VARIANT_NULL};
        return NULL;
    }
    return read_text(in, c, field, to->place.by, s, out);
}

/* ---- The record's values ---- */

kt_error *intake_add(arena *arena, members *list, kt_str name, const variant *value)
{
    if (list->count == list->room) {
        size_t room = list->room ? 2 * list->room : 16;
        variant_member *grown = arena_grow(
            arena, list->members, list->room * sizeof *grown, room * sizeof *grown);
        if (!grown)
            return error_no_memory();
        list->members = grown;
        list->room = room;
    }
    list->members[list->count++] = (variant_member){name, value};
    return NULL;
}

kt_error *intake_constants(building *b, line *l)
{
    kt_str left = l->selector;
    while (left.len && memchr(left.ptr, '=', left.len)) {
        const char *comma = memchr(left.ptr, ',', left.len);
        kt_str pair = {left.ptr, comma ? (size_t)(comma - left.ptr) : left.len};
        left = comma ? (kt_str){comma + 1, left.len - pair.len - 1} : (kt_str){0};
        const char *equals = memchr(pair.ptr, '=', pair.len);
        if (!equals)
            continue;
        kt_str name = arena_str(b->in->tx->arena, (kt_str){pair.ptr, (size_t)(equals - pair.ptr)});
        variant *value = ARENA_NEW(b->in->tx->arena, variant);
        if (!value || !name.ptr)
            return error_no_memory();
        *value = text_variant(arena_str(b->in->tx->arena, (kt_str){equals + 1, pair.len - name.len - 1}));
        KT_TRY(intake_add(b->in->tx->arena, &l->members, name, value));
    }
    return NULL;
}

kt_error *intake_line(building *b, const model_field *field, kt_str selector, size_t row, line **out)
{
    if (b->line_count == b->line_room) {
        size_t room = b->line_room ? 2 * b->line_room : 8;
        line *grown = arena_grow(
            b->in->tx->arena, b->lines, b->line_room * sizeof *grown, room * sizeof *grown);
        if (!grown)
            return error_no_memory();
        b->lines = grown;
        b->line_room = room;
    }
    *out = &b->lines[b->line_count++];
    **out = (line){.field = field, .selector = selector, .row = row};
    return intake_constants(b, *out);
}

static kt_error *line_of(building *b, const place *p, size_t row, line **out)
{
    for (size_t i = 0; i < b->line_count; i++) {
        line *l = &b->lines[i];
        if (l->field == p->field && str_eq(l->selector, p->selector) && (!p->each_row || l->row == row)) {
            *out = l;
            return NULL;
        }
    }
    return intake_line(b, p->field, p->selector, row, out);
}

static void add_problem(building *b, const reader_row *row, const column *c, size_t at, kt_error *error)
{
    const place *p = &c->to->place;
    kt_str path = p->member ? arena_format(b->in->tx->arena, "%s.%s", p->field->name.ptr, p->member->name.ptr)
                            : p->field->name;
    kt_str title = reader_title(b->in->r, at);
    for (problem *one = error->first; one && error != error_no_memory(); one = one->next) {
        one->row = row->row;
        one->path = path.ptr;
        one->column = title.ptr;
    }
    kt_also(&b->problems, error);
}

static kt_error *put(arena *arena, const column *c, members *list, kt_str name, const variant *value)
{
    for (size_t i = 0; c->second && i < list->count; i++) {
        variant_member *m = &list->members[i];
        if (!str_eq(m->name, name))
            continue;
        if (m->value->kind == VARIANT_NULL)
            m->value = value;
        return NULL;
    }
    return intake_add(arena, list, name, value);
}

/* What no reference can be, in the place of one that was not found: it is not missing. */
static bool stand_in(const place *p, variant *value)
{
    const model_field *field = p->member ? p->member : p->field;
    *value = (variant){VARIANT_BOOL};
    return field->type == KT_REF || field->type == KT_REFS;
}

static kt_error *take_cell(building *b, const reader_row *row, size_t nth, size_t at)
{
    intake *in = b->in;
    column *c = &in->columns[at];
    const place *p = &c->to->place;
    const variant *cell = &row->cells[at];
    variant *value = ARENA_NEW(in->tx->arena, variant);
    if (!value)
        return error_no_memory();
    if (nth > 0 && !p->each_row) /* the record itself stands in its first row */
        return NULL;
    if (c->to->items && cell->kind == VARIANT_ARRAY)
        return intake_items(b, c, cell);
    kt_error *error = intake_cell(in, c, cell, value);
    if (error)
        add_problem(b, row, c, at, error);
    if (error && !stand_in(p, value)) {
        b->blind = true;
        return NULL;
    }
    if (!p->member)
        return put(in->tx->arena, c, &b->values, p->field->name, value);
    bool given = value->kind != VARIANT_NULL;
    if (!given && !p->each_row)
        return NULL;
    line *l = NULL;
    KT_TRY(line_of(b, p, nth, &l));
    l->given = l->given || given;
    return given ? put(in->tx->arena, c, &l->members, p->member->name, value) : NULL;
}

/* All lines of one field become its value, in the order in which they were met. */
static kt_error *add_lines(building *b)
{
    arena *arena = b->in->tx->arena;
    for (size_t i = 0; i < b->line_count; i++) {
        const model_field *field = b->lines[i].field;
        if (b->lines[i].put)
            continue;
        variant *items = ARENA_ARRAY(arena, variant, b->line_count), *value = ARENA_NEW(arena, variant);
        size_t count = 0;
        if (!items || !value)
            return error_no_memory();
        for (size_t k = i; k < b->line_count; k++) {
            line *l = &b->lines[k];
            if (l->field != field)
                continue;
            l->put = true;
            l->at = count;
            if (l->given)
                items[count++] = (variant){
                    .kind = VARIANT_OBJECT, .as.object = {l->members.members, l->members.count}};
        }
        *value = (variant){.kind = VARIANT_ARRAY, .as.array = {items, count}};
        KT_TRY(intake_add(arena, &b->values, field->name, value));
    }
    return NULL;
}

static kt_error *build(building *b, const reader_row *rows, size_t count)
{
    intake *in = b->in;
    for (size_t n = 0; n < count; n++) {
        KT_TRY(learn_columns(in, rows[n].count));
        for (size_t i = 0; i < rows[n].count; i++)
            if (in->columns[i].to && rows[n].cells[i].kind != VARIANT_NULL)
                KT_TRY(take_cell(b, &rows[n], n, i));
    }
    const variant *constants = in->m->constants;
    for (size_t i = 0; constants && i < constants->as.object.count; i++)
        KT_TRY(intake_add(in->tx->arena, &b->values, constants->as.object.members[i].name,
            constants->as.object.members[i].value));
    return add_lines(b);
}

kt_error *intake_key(intake *in, const reader_row *row, kt_str *key)
{
    const model_field *external = &in->m->entity->fields[MODEL_EXTERNAL_ID];
    *key = (kt_str){0};
    KT_TRY(learn_columns(in, row->count));
    for (size_t i = 0; i < row->count; i++) {
        const map_column *to = in->columns[i].to;
        bool part = false;
        for (size_t k = 0; to && !to->place.member && k < in->m->key_count; k++)
            part = part || to->place.field == in->m->key[k].field;
        if (to && !to->place.member && !in->m->key_count)
            part = to->place.field == external;
        kt_str text = part ? intake_text(in->tx->arena, &row->cells[i]) : (kt_str){0};
        if (!text.len)
            continue;
        *key = key->len ? arena_format(in->tx->arena, "%.*s\n%.*s", STR_ARG(*key), STR_ARG(text)) : text;
        if (!key->ptr)
            return error_no_memory();
    }
    return NULL;
}

/* ---- Problems ---- */

/* The line that a problem's path leads to, "contacts[1].value"; NULL: to none of the file's. */
static const line *line_of_path(const building *b, const char *path)
{
    size_t head = strcspn(path, "[");
    for (size_t i = 0; path[head] && i < b->line_count; i++) {
        const line *l = &b->lines[i];
        if (l->given && l->at == strtoul(path + head + 1, NULL, 10) &&
            str_eq(l->field->name, (kt_str){path, head}))
            return l;
    }
    return NULL;
}

/* Does the column fill what the path leads to? */
static bool is_column_of(const map_column *to, const char *path, const line *l)
{
    const char *dot = strrchr(path, '.');
    if (!to || !str_eq(to->place.field->name, (kt_str){path, strcspn(path, ".[")}))
        return false;
    if (l && !to->items && !str_eq(to->place.selector, l->selector))
        return false;
    return !to->place.member || (dot && str_is(to->place.member->name, dot + 1));
}

/* Names row and column of each problem that the model found. */
static void name_columns(const building *b, const reader_row *rows, kt_error *error)
{
    const intake *in = b->in;
    if (error == error_no_memory())
        return;
    for (problem *p = error->first; p; p = p->next) {
        const line *l = p->path ? line_of_path(b, p->path) : NULL;
        p->row = rows[l ? l->row : 0].row;
        for (size_t i = 0; p->path && !p->column && i < in->count; i++)
            if (is_column_of(in->columns[i].to, p->path, l))
                p->column = reader_title(in->r, i).ptr;
    }
}

/* What later rows of a rehearsal may refer to. */
static void remember(building *b)
{
    const model_entity *entity = b->in->m->entity;
    const model_field *const names[] = {&entity->fields[MODEL_EXTERNAL_ID], entity->title};
    for (size_t i = 0; b->in->seen && i < 2; i++) {
        kt_str text = names[i] ? intake_text(b->in->tx->arena, intake_member(&b->values, names[i]->name))
                               : (kt_str){0};
        if (text.len)
            (void)seen_add(b->in->seen, text);
    }
}

static bool is_news(const problem *p, const void *context)
{
    const kt_error *told = context;
    for (const problem *at = told->first; at && p->column; at = at->next)
        if (at->column && strcmp(at->column, p->column) == 0)
            return false;
    return p->path != NULL;
}

static kt_error *write_as_if(kt_tx *tx, void *context)
{
    (void)tx;
    intake_counts counts = {0};
    building *b = context;
    kt_error *error = intake_write(b, &counts);
    return error ? error : b->problems; /* either way nothing stays */
}

/* What else is wrong with a row of which some cell cannot be read. */
static kt_error *find_more(building *b, const reader_row *rows)
{
    kt_error *error = b->blind ? NULL : kt_attempt(b->in->tx, write_as_if, b);
    if (!error || error == b->problems)
        return NULL;
    name_columns(b, rows, error);
    return error_keep(error, is_news, b->problems);
}

/* A separator within a cell that is not quoted: whatever stands behind it stands under the wrong title. */
static kt_error *find_surplus(const intake *in, const reader_row *rows, size_t count)
{
    kt_error *all = NULL;
    for (size_t i = 0; i < count; i++)
        if (rows[i].surplus)
            kt_also(&all, error_at_row(error_make(in->tx->arena, KT_VALIDATION, "file",
                                           "more cells than titles", "więcej komórek niż tytułów"),
                              rows[i].row));
    return all;
}

kt_error *intake_take(intake *in, const reader_row *rows, size_t count, intake_counts *counts)
{
    building b = {.in = in, .problems = find_surplus(in, rows, count)};
    if (b.problems) {
        counts->failed++;
        return b.problems;
    }
    KT_TRY(build(&b, rows, count));
    remember(&b);
    kt_error *error = b.problems ? find_more(&b, rows) : intake_write(&b, counts);
    if (error && !b.problems)
        name_columns(&b, rows, error);
    kt_also(&b.problems, error);
    if (!b.problems)
        return NULL;
    counts->failed++;
    return b.problems;
}

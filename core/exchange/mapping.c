/* mapping.c -- see mapping.h. */
#include "exchange/mapping.h"

#include "kit/decode.h"
#include "kit/str.h"
#include "kit/text.h"

enum { TITLES_MAX = 40 };

static kt_error *wrong(kt_tx *tx, const char *path, const char *en, const char *pl)
{
    return error_make(tx->arena, KT_VALIDATION, path, "%s%.0s", "%.0s%s", en, pl);
}

/* ---- Titles ---- */

kt_str title_fold(arena *arena, kt_str title)
{
    kt_str folded = text_fold(arena, title);
    char *out = arena_alloc(arena, folded.len + 1);
    size_t n = 0;
    if (!out)
        return (kt_str){0};
    for (size_t i = 0; i < folded.len; i++) {
        unsigned char c = (unsigned char)folded.ptr[i];
        bool word = c >= 0x80 || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (word)
            out[n++] = (char)c;
        else if (n && out[n - 1] != ' ')
            out[n++] = ' ';
    }
    n -= n && out[n - 1] == ' ';
    out[n] = 0;
    return (kt_str){out, n};
}

/* ---- Places ---- */

static kt_error *no_field(kt_tx *tx, const model_entity *entity, kt_str name)
{
    return error_make(tx->arena, KT_VALIDATION, NULL, "%.*s has no field \"%.*s\"",
        "%.*s nie ma pola \"%.*s\"", STR_ARG(entity->name), STR_ARG(name));
}

static bool is_digits(kt_str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] < '0' || s.ptr[i] > '9')
            return false;
    return s.len > 0;
}

/* The text up to a character; rest: what stands behind it, not set if it does not occur. */
static kt_str cut(kt_str text, char at, kt_str *rest)
{
    const char *found = text.len ? memchr(text.ptr, at, text.len) : NULL;
    *rest = found ? (kt_str){found + 1, text.len - (size_t)(found + 1 - text.ptr)} : (kt_str){0};
    return found ? (kt_str){text.ptr, (size_t)(found - text.ptr)} : text;
}

/* Splits "name[selector].rest". */
static bool split(kt_str text, kt_str *name, kt_str *selector, bool *brackets, kt_str *rest)
{
    size_t n = 0;
    while (n < text.len && text.ptr[n] != '[' && text.ptr[n] != '.')
        n++;
    *name = (kt_str){text.ptr, n};
    *selector = *rest = (kt_str){0};
    *brackets = n < text.len && text.ptr[n] == '[';
    if (*brackets) {
        size_t end = n + 1;
        while (end < text.len && text.ptr[end] != ']')
            end++;
        if (end == text.len)
            return false;
        *selector = (kt_str){text.ptr + n + 1, end - n - 1};
        n = end + 1;
    }
    if (n < text.len && text.ptr[n] == '.')
        *rest = (kt_str){text.ptr + n + 1, text.len - n - 1};
    return n == text.len || text.ptr[n] == '.';
}

static bool may_see(kt_tx *tx, const model_entity *entity, const model_field *field)
{
    return !tx->guard || !tx->guard->field || tx->guard->field(tx, field, entity, false) ||
           tx->guard->field(tx, field, entity, true);
}

static kt_error *read_member(kt_tx *tx, const model_entity *entity, kt_str rest, bool brackets, place *p)
{
    kt_str name, behind;
    name = cut(rest, '.', &behind);
    if (!brackets && is_digits(name)) {
        p->selector = name;
        name = cut(behind, '.', &behind);
        brackets = true;
    }
    p->each_row = brackets && !p->selector.len;
    p->member = model_field_find(p->field->lines, name);
    if (!p->member || !may_see(tx, entity, p->member))
        return no_field(tx, p->field->lines, name);
    p->by = behind;
    return NULL;
}

kt_error *place_read(kt_tx *tx, const model_entity *entity, kt_str text, place *p)
{
    kt_str name, rest;
    bool brackets;
    *p = (place){0};
    if (!split(text, &name, &p->selector, &brackets, &rest))
        return error_make(tx->arena, KT_VALIDATION, NULL, "\"%.*s\" is no path of a field",
            "\"%.*s\" nie jest ścieżką pola", STR_ARG(text));
    p->field = model_field_find(entity, name);
    if (!p->field || !may_see(tx, entity, p->field))
        return no_field(tx, entity, name);
    if (p->field->type == KT_LINES && rest.len)
        KT_TRY(read_member(tx, entity, rest, brackets, p));
    else
        p->by = rest;
    const model_field *last = p->member ? p->member : p->field;
    bool refers = last->type == KT_REF || last->type == KT_REFS;
    if (p->by.len && (!refers || !last->target))
        return error_make(tx->arena, KT_VALIDATION, NULL, "%.*s is no reference: \"%.*s\" leads nowhere",
            "%.*s nie jest odwołaniem: \"%.*s\" donikąd nie prowadzi", STR_ARG(last->name), STR_ARG(text));
    if (p->by.len && !model_field_find(last->target, p->by))
        return no_field(tx, last->target, p->by);
    return NULL;
}

/* What the server sets itself is read over, but for what an import may bring along. */
static bool is_ignored(const mapping *m, const place *p)
{
    const model_field *field = p->field;
    if ((field->computed && !(field->recorded && m->keep)) || (p->member && p->member->computed))
        return true;
    switch (field->position) {
    case MODEL_VERSION:
        return true;
    case MODEL_NUMBER:
        return !m->keep && !(m->key_count == 1 && m->key[0].field == field);
    case MODEL_CREATED_AT:
    case MODEL_CREATED_BY:
    case MODEL_UPDATED_AT:
    case MODEL_UPDATED_BY:
        return !m->keep;
    case MODEL_COMPANY:
        return m->entity->shared;
    default:
        return false;
    }
}

/* ---- Reading ---- */

static kt_error *read_titles(kt_tx *tx, const variant *from, map_column *column)
{
    const variant *list = variant_get(from, "titles"), *one = variant_get(from, "title");
    size_t count = list && list->kind == VARIANT_ARRAY ? list->as.array.count : one ? 1 : 0;
    kt_str *titles = ARENA_ARRAY(tx->arena, kt_str, count + 1);
    if (!titles)
        return error_no_memory();
    if (count == 0 || count > TITLES_MAX)
        return wrong(tx, NULL, "\"title\" or \"titles\" (at most 40) was expected",
            "oczekiwano \"title\" albo \"titles\" (najwyżej 40)");
    for (size_t i = 0; i < count; i++) {
        const variant *title = list && list->kind == VARIANT_ARRAY ? &list->as.array.items[i] : one;
        if (title->kind != VARIANT_STRING)
            return wrong(tx, NULL, "a title is a string", "tytuł jest napisem");
        column->title = i ? column->title : title->as.string;
        titles[i] = title_fold(tx->arena, title->as.string);
        if (!titles[i].ptr)
            return error_no_memory();
    }
    column->titles = titles;
    column->title_count = count;
    return NULL;
}

/* "items" and "first": how the objects in a cell become lines. */
static kt_error *read_items(kt_tx *tx, const mapping *m, const variant *from, map_column *column)
{
    kt_str first = variant_get_str(from, "first");
    const variant *items = column->items;
    if (items && (items->kind != VARIANT_OBJECT || !column->place.member))
        return wrong(tx, "items", "an object was expected, beside a path into lines",
            "oczekiwano obiektu, obok ścieżki do pozycji");
    for (size_t i = 0; items && i < items->as.object.count; i++) {
        const variant *to = items->as.object.members[i].value;
        if (to->kind != VARIANT_STRING || !model_field_find(column->place.field->lines, to->as.string))
            return wrong(
                tx, "items", "names of the line's fields were expected", "oczekiwano nazw pól pozycji");
    }
    column->first = first.len ? model_field_find(m->entity, first) : NULL;
    if (first.len && !(items && column->first && may_see(tx, m->entity, column->first)))
        return wrong(tx, "first", "the name of a field was expected, beside \"items\"",
            "oczekiwano nazwy pola, obok \"items\"");
    return NULL;
}

static kt_error *read_column(kt_tx *tx, const mapping *m, const variant *from, map_column *column)
{
    static const char *const members[] = {
        "title", "titles", "field", "values", "prefix", "missing", "items", "first", NULL};
    if (from->kind != VARIANT_OBJECT)
        return wrong(tx, NULL, "an object was expected", "oczekiwano obiektu");
    for (size_t i = 0; i < from->as.object.count; i++) {
        bool known = false;
        for (const char *const *name = members; *name; name++)
            known = known || str_is(from->as.object.members[i].name, *name);
        if (!known)
            return error_make(tx->arena, KT_VALIDATION, from->as.object.members[i].name.ptr,
                "unknown member \"%s\"", "nieznane pole \"%s\"", from->as.object.members[i].name.ptr);
    }
    KT_TRY(read_titles(tx, from, column));
    kt_str field = variant_get_str(from, "field"), miss = variant_get_str(from, "missing");
    column->prefix = variant_get_str(from, "prefix");
    column->values = variant_get(from, "values");
    column->items = variant_get(from, "items");
    if (column->values && column->values->kind != VARIANT_OBJECT)
        return wrong(tx, "values", "an object was expected", "oczekiwano obiektu");
    if (miss.len && !str_is(miss, "create") && !str_is(miss, "empty") && !str_is(miss, "refuse"))
        return wrong(tx, "missing", "\"refuse\", \"create\" or \"empty\" was expected",
            "oczekiwano \"refuse\", \"create\" albo \"empty\"");
    column->missing = str_is(miss, "create")  ? MISSING_CREATE
                      : str_is(miss, "empty") ? MISSING_EMPTY
                                              : MISSING_REFUSE;
    if (!field.len) {
        column->ignored = true;
        return NULL;
    }
    kt_error *error = place_read(tx, m->entity, field, &column->place);
    if (error)
        return error_under(error, "field");
    column->ignored = is_ignored(m, &column->place);
    return read_items(tx, m, from, column);
}

static kt_error *read_columns(
    kt_tx *tx, const mapping *m, const variant *list, map_column **columns, size_t *count)
{
    kt_error *all = NULL;
    if (!list)
        return NULL;
    if (list->kind != VARIANT_ARRAY || list->as.array.count > READER_COLUMNS_MAX)
        return wrong(tx, "columns", "an array of at most 1000 was expected",
            "oczekiwano tablicy o najwyżej 1000 elementach");
    *columns = ARENA_ARRAY(tx->arena, map_column, list->as.array.count + 1);
    if (!*columns)
        return error_no_memory();
    for (size_t i = 0; i < list->as.array.count; i++) {
        kt_error *error = read_column(tx, m, &list->as.array.items[i], &(*columns)[(*count)++]);
        kt_str path = arena_format(tx->arena, "columns[%zu]", i);
        if (error)
            kt_also(&all, error_under(error, path.ptr ? path.ptr : "columns"));
    }
    return all;
}

static bool has_lines_by_row(const mapping *m)
{
    for (size_t i = 0; i < m->column_count; i++)
        if (!m->columns[i].ignored && m->columns[i].place.each_row)
            return true;
    return false;
}

/* What the entity's module says of titles. */
static kt_error *read_known(kt_tx *tx, mapping *m)
{
    static const decode_limits limits = {.depth_max = 8, .elements_max = 10000};
    const variant *list = NULL;
    if (!m->entity->columns.len)
        return NULL;
    KT_TRY(decode_json(tx->arena, m->entity->columns, &limits, &list));
    m->known = ARENA_ARRAY(tx->arena, map_column, kt_value_count(list) + 1);
    if (!m->known)
        return error_no_memory();
    for (size_t i = 0; i < kt_value_count(list); i++) {
        map_column *column = &m->known[m->known_count];
        if (!read_column(
                tx, m, &list->as.array.items[i], column)) /* else a field that the caller may not see */
            m->known_count++;
        column->guessed = true;
    }
    return NULL;
}

/* The place of a word in a list; -1: it is not there. */
static int word_of(const variant *from, const char *name, const char *const *words)
{
    kt_str word = variant_get_str(from, name);
    for (int i = 0; words[i]; i++)
        if (str_is(word, words[i]))
            return i;
    return word.len ? -1 : 0;
}

static kt_error *read_reader(kt_tx *tx, const variant *from, mapping *m)
{
    kt_error *all = NULL;
    kt_str format = variant_get_str(from, "format"), encoding = variant_get_str(from, "encoding");
    kt_str separator = variant_get_str(from, "separator");
    m->reader.format = format.len ? format_named(format) : FORMAT_UNKNOWN;
    m->reader.encoding = encoding.len ? encoding_named(encoding) : ENCODING_UNKNOWN;
    m->reader.separator = separator.len == 1 ? separator.ptr[0] : 0;
    if (format.len && !m->reader.format)
        kt_also(&all, wrong(tx, "format", "csv, jsonl, xlsx, vcard or ical was expected",
                          "oczekiwano csv, jsonl, xlsx, vcard albo ical"));
    if (encoding.len && !m->reader.encoding)
        kt_also(
            &all, wrong(tx, "encoding",
                      "utf-8, utf-16le, utf-16be, windows-1250, windows-1252 or iso-8859-2 was expected",
                      "oczekiwano utf-8, utf-16le, utf-16be, windows-1250, windows-1252 albo iso-8859-2"));
    if (separator.len > 1 || (separator.len && strchr("\"\r\n", separator.ptr[0])))
        kt_also(&all, wrong(tx, "separator", "one character was expected", "oczekiwano jednego znaku"));
    return all;
}

static kt_error *read_options(kt_tx *tx, const variant *from, mapping *m)
{
    static const char *const modes[] = {"upsert", "create", "update", "add", NULL};
    static const char *const orders[] = {"any", "ymd", "dmy", "mdy", NULL};
    static const char *const signs[] = {"any", ",", ".", NULL};
    kt_error *all = read_reader(tx, from, m);
    int mode = word_of(from, "mode", modes), dates = word_of(from, "dates", orders),
        decimal = word_of(from, "decimal", signs);
    if (mode < 0)
        kt_also(&all, wrong(tx, "mode", "upsert, create, update or add was expected",
                          "oczekiwano upsert, create, update albo add"));
    if (dates < 0)
        kt_also(&all,
            wrong(tx, "dates", "ymd, dmy, mdy or any was expected", "oczekiwano ymd, dmy, mdy albo any"));
    if (decimal < 0)
        kt_also(&all, wrong(tx, "decimal", "\",\" or \".\" was expected", "oczekiwano \",\" albo \".\""));
    m->mode = mode < 0 ? MODE_UPSERT : (import_mode)mode;
    m->dates = dates < 0 ? DATES_ANY : (date_order)dates;
    m->decimal = decimal > 0 ? *signs[decimal] : 0;
    m->keep = variant_get_bool(from, "keep");
    m->constants = variant_get(from, "values");
    if (m->constants && m->constants->kind != VARIANT_OBJECT)
        kt_also(&all, wrong(tx, "values", "an object was expected", "oczekiwano obiektu"));
    return all;
}

static bool is_plain(const model_field *field)
{
    return field->type != KT_LINES && field->type != KT_REFS && field->type != KT_JSON;
}

static kt_error *read_key(kt_tx *tx, const variant *from, mapping *m)
{
    const variant *key = variant_get(from, "key");
    size_t count = !key ? 0 : key->kind == VARIANT_ARRAY ? key->as.array.count : 1;
    kt_error *all = NULL;
    if (count > KEY_FIELDS_MAX)
        return wrong(tx, "key", "at most four fields make a key", "klucz tworzą najwyżej cztery pola");
    for (size_t i = 0; i < count; i++) {
        const variant *name = key->kind == VARIANT_ARRAY ? &key->as.array.items[i] : key;
        place p = {0};
        kt_error *error = name->kind == VARIANT_STRING ? place_read(tx, m->entity, name->as.string, &p)
                                                       : NULL;
        if (error)
            kt_also(&all, error_under(error, "key"));
        else if (p.field && !p.by.len && !p.each_row && is_plain(p.member ? p.member : p.field))
            m->key[m->key_count++] = p;
        else
            kt_also(&all, wrong(tx, "key", "the name of a field was expected, that is no list",
                              "oczekiwano nazwy pola, które nie jest listą"));
    }
    for (size_t i = 0; i < m->key_count && m->key_count > 1; i++)
        if (m->key[i].member)
            kt_also(
                &all, wrong(tx, "key", "a key of lines is one field alone", "klucz z pozycji to jedno pole"));
    return all;
}

static kt_error *check_members(kt_tx *tx, const variant *from)
{
    static const char *const members[] = {"name", "entity", "format", "encoding", "separator", "decimal",
        "dates", "mode", "keep", "key", "columns", "values", "help", NULL};
    kt_error *all = NULL;
    for (size_t i = 0; i < from->as.object.count; i++) {
        kt_str name = from->as.object.members[i].name;
        bool known = false;
        for (const char *const *m = members; *m; m++)
            known = known || str_is(name, *m);
        if (!known)
            kt_also(&all, error_make(tx->arena, KT_VALIDATION, name.ptr, "unknown member \"%s\"",
                              "nieznane pole \"%s\"", name.ptr));
    }
    return all;
}

static kt_error *read_all(kt_tx *tx, const variant *from, mapping *m)
{
    kt_error *all = check_members(tx, from);
    kt_also(&all, read_options(tx, from, m));
    kt_also(&all, read_key(tx, from, m));
    kt_also(&all, read_columns(tx, m, variant_get(from, "columns"), &m->columns, &m->column_count));
    m->lines_by_row = has_lines_by_row(m);
    return all;
}

kt_error *mapping_entity(kt_tx *tx, kt_str name, const model_entity **entity)
{
    if (!name.len)
        return error_make(tx->arena, KT_VALIDATION, "entity", "is required", "jest wymagane");
    *entity = model_entity_find(tx->catalogue, name);
    return *entity && !(*entity)->lines_only
               ? NULL
               : error_make(tx->arena, KT_NOT_FOUND, "entity", "there is no entity \"%.*s\"",
                     "nie ma encji \"%.*s\"", STR_ARG(name));
}

kt_error *mapping_read(kt_tx *tx, const variant *from, kt_str entity, mapping *m)
{
    *m = (mapping){0};
    if (from && from->kind != VARIANT_OBJECT)
        return wrong(tx, "mapping", "an object was expected", "oczekiwano obiektu");
    if (!entity.len)
        entity = variant_get_str(from, "entity");
    KT_TRY(mapping_entity(tx, entity, &m->entity));
    kt_error *error = from ? read_all(tx, from, m) : NULL;
    if (error)
        return error_under(error, "mapping");
    return read_known(tx, m);
}

/* ---- Finding ---- */

static bool has_title(const map_column *column, kt_str folded)
{
    for (size_t i = 0; i < column->title_count; i++)
        if (str_eq(column->titles[i], folded))
            return true;
    return false;
}

static const map_column *column_titled(const map_column *columns, size_t count, kt_str folded)
{
    for (size_t i = 0; i < count; i++)
        if (has_title(&columns[i], folded))
            return &columns[i];
    return NULL;
}

static bool is_named(kt_tx *tx, const model_field *field, kt_str folded)
{
    const kt_str names[] = {field->name, str_of(field->label.en), str_of(field->label.pl)};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].len && str_eq(title_fold(tx->arena, names[i]), folded))
            return true;
    return false;
}

static kt_error *guessed(kt_tx *tx, const mapping *m, const place *p, const map_column **out)
{
    map_column *column = ARENA_NEW(tx->arena, map_column);
    if (!column)
        return error_no_memory();
    column->place = *p;
    column->guessed = true;
    /* a record stays in its company, unless it comes back with everything or somebody says so */
    column->ignored = is_ignored(m, p) || (p->field->position == MODEL_COMPANY && !m->keep);
    *out = column;
    return NULL;
}

/* No other program's file has a column "version" beside an "id". */
static bool is_ours(const reader *r)
{
    bool id = false, version = false;
    for (size_t i = 0; i < reader_column_count(r); i++) {
        id = id || str_is(reader_title(r, i), "id");
        version = version || str_is(reader_title(r, i), "version");
    }
    return id && version;
}

kt_error *mapping_find(kt_tx *tx, const mapping *m, const reader *r, size_t column, const map_column **out)
{
    place p;
    kt_str title = reader_title(r, column), folded = title_fold(tx->arena, title);
    if (!folded.ptr)
        return error_no_memory();
    *out = column_titled(m->columns, m->column_count, folded);
    if (*out)
        return NULL;
    const map_column *known = column_titled(m->known, m->known_count, folded);
    bool path = !place_read(tx, m->entity, title, &p); /* a name or a path as it is */
    if (path && known && p.field->computed && !is_ours(r))
        path = false; /* "email": in a file from elsewhere it is no shown value but the one that is meant */
    if (path)
        return guessed(tx, m, &p, out);
    *out = known;
    for (size_t i = 0; !*out && folded.len && i < m->entity->field_count; i++) {
        const model_field *field = &m->entity->fields[i];
        if (may_see(tx, m->entity, field) && is_named(tx, field, folded))
            return guessed(tx, m, &(place){.field = field}, out);
    }
    return NULL;
}

/* setting.c -- what a company sets for its rules and templates, by name: a rate, an address, a list. No secrets:
 * those are the outbox's. */
#include "automation/serve.h"
#include "kit/str.h"

struct setting_row {
    kt_record rec;
    kt_str name, value, note;
};
const kt_shape setting_row_shape = KT_SHAPE(setting_row, "automation.setting",
    KT_FIELD(setting_row, name, STRING, "Name", "Nazwa", .required = true, .max = 80, .indexed = true,
        .searchable = true, .priority = 1,
        .help = {"Rules and templates ask for it: setting \"NAME\".",
            "Reguły i szablony pytają o nie: setting \"NAZWA\"."}),
    KT_FIELD(setting_row, value, JSON, "Value", "Wartość", .required = true, .priority = 2,
        .help = {"A text, a number, a list. An exact amount is a text: \"12.50\".",
            "Tekst, liczba, lista. Dokładna kwota jest tekstem: \"12.50\"."}),
    KT_FIELD(setting_row, note, STRING, "What it is for", "Do czego służy", .max = 200, .searchable = true,
        .priority = 3));

/* Finds the company's own, else the one that is of no company. */
static kt_error *find(kt_tx *tx, uint64_t company, kt_str name, struct setting_row *found)
{
    const kt_where where[] = {KT_WHERE(setting_row, name, KT_EQ, name), {0}};
    struct setting_row one = {KT_OF(setting_row)};
    kt_cursor *cursor;
    *found = (struct setting_row){KT_OF(setting_row)};
    KT_TRY(kt_open(tx, &(kt_query){.of = &setting_row_shape, .where = where}, &cursor));
    while (kt_next(cursor, &one.rec))
        if (one.rec.company.v == company || (!one.rec.company.v && !found->rec.id.v))
            *found = one;
    return kt_close(cursor);
}

kt_error *setting_check(kt_tx *tx, const kt_record *before, const kt_record *after)
{
    const struct setting_row *row = after ? KT_SEE(setting_row, after) : NULL;
    const model_guard *guard = tx->guard;
    (void)before;
    if (!row)
        return NULL;
    const kt_where where[] = {KT_WHERE(setting_row, name, KT_EQ, row->name), {0}};
    kt_cursor *cursor;
    bool taken = false;
    struct setting_row other = {KT_OF(setting_row)};
    tx->guard = NULL; /* also one that the caller does not see */
    kt_error *error = kt_open(tx, &(kt_query){.of = &setting_row_shape, .where = where}, &cursor);
    while (!error && kt_next(cursor, &other.rec))
        taken = taken || (other.rec.id.v != after->id.v && other.rec.company.v == after->company.v);
    if (!error)
        error = kt_close(cursor);
    tx->guard = guard;
    if (!error && taken)
        error = kt_fail(tx, KT_CONFLICT, "name", "there is a setting \"%.*s\" already",
            "ustawienie „%.*s” już istnieje", STR_ARG(row->name));
    return error;
}

/* Settings are written for rules: whoever's rights a rule has, it reads them. */
kt_error *serve_setting(asked *a)
{
    struct setting_row row;
    kt_str name = arena_str(a->arena, pack_next_str(a->in));
    const model_guard *guard = a->tx->guard;
    a->tx->guard = NULL;
    kt_error *error = find(a->tx, a->tx->company, name, &row);
    a->tx->guard = guard;
    if (!error && row.rec.id.v)
        pack_json(a->out, row.value);
    else if (!error)
        pack_nil(a->out);
    return error;
}

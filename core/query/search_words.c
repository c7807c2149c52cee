/* search_words.c -- the words of a question, and how a record meets them. */
#include "kit/text.h"
#include "query/search.h"

/* ---- The question ---- */

typedef struct {
    arena *arena;
    kt_str items[4 * SEARCH_WORDS_MAX];
    size_t count;
    bool no_memory;
} collecting;

static void collect(void *context, kt_str token)
{
    collecting *c = context;
    if (c->count == sizeof c->items / sizeof *c->items)
        return;
    kt_str kept = arena_str(c->arena, token);
    c->no_memory |= !kept.ptr;
    if (kept.len > KEY_TEXT_MAX)
        kept.len = KEY_TEXT_MAX;
    if (kept.ptr)
        c->items[c->count++] = kept;
}

/* How many of the tokens behind i make up token i when written together. */
static size_t pieces_of(const collecting *c, size_t i)
{
    size_t at = 0, n = 0;
    kt_str whole = c->items[i];
    while (i + 1 + n < c->count && at < whole.len) {
        kt_str piece = c->items[i + 1 + n];
        if (piece.len > whole.len - at || memcmp(whole.ptr + at, piece.ptr, piece.len) != 0)
            return 0;
        at += piece.len;
        n++;
    }
    return at == whole.len && n > 1 ? n : 0;
}

kt_error *search_words_read(kt_tx *tx, kt_str text, search_words *words)
{
    collecting c = {.arena = tx->arena};
    *words = (search_words){0};
    kt_str folded = text_fold(tx->arena, text.ptr ? text : KT_STR(""));
    if (!folded.ptr)
        return error_no_memory();
    text_tokens(folded, collect, &c);
    if (c.no_memory)
        return error_no_memory();
    for (size_t i = 0; i < c.count; i += 1 + pieces_of(&c, i)) {
        bool known = words->count == SEARCH_WORDS_MAX;
        for (size_t k = 0; !known && k < words->count; k++)
            known = str_eq(words->items[k], c.items[i]);
        if (!known)
            words->items[words->count++] = c.items[i];
    }
    return NULL;
}

/* ---- A record ---- */

enum { PART = 1, BEGINNING = 2, WHOLE = 3, IN_TITLE = 1, PER_KIND = 4 };

typedef struct {
    kt_tx *tx;
    const search_words *words;
    unsigned best[SEARCH_WORDS_MAX];
    const model_field *first[2]; /* lines and field that met the first word best */
    const model_field *field, *lines;
    bool is_title;
} scoring;

static void score_token(void *context, kt_str token)
{
    scoring *s = context;
    if (token.len > KEY_TEXT_MAX)
        token.len = KEY_TEXT_MAX;
    for (size_t i = 0; i < s->words->count; i++) {
        kt_str word = s->words->items[i];
        unsigned kind = 0;
        if (str_eq(token, word))
            kind = WHOLE;
        else if (str_starts(token, word))
            kind = BEGINNING;
        else if (token.len > word.len && text_chars(word) >= 3 &&
                 memmem(token.ptr, token.len, word.ptr, word.len))
            kind = PART;
        unsigned score = kind ? kind * PER_KIND + (s->is_title ? IN_TITLE : 0) : 0;
        if (score <= s->best[i])
            continue;
        s->best[i] = score;
        if (i == 0) {
            s->first[0] = s->lines;
            s->first[1] = s->field;
        }
    }
}

static kt_error *score_fields(scoring *s, const model_record *record, const model_record *of)
{
    for (size_t i = 0; i < record->entity->field_count; i++) {
        const model_field *field = &record->entity->fields[i];
        const model_value *value = &record->values[i];
        if (!value->set || (!field->searchable && !field->lines) ||
            !path_field_visible(s->tx, field, of->entity) ||
            (!field->mask_within && model_is_masked(s->tx, field, of)))
            continue;
        if (field->lines) {
            s->lines = field;
            for (size_t k = 0; k < value->as.lines.count; k++)
                KT_TRY(score_fields(s, &value->as.lines.items[k], of));
            s->lines = NULL;
            continue;
        }
        if (!filter_is_text(field))
            continue;
        kt_str folded = text_fold(s->tx->arena, model_seen_text(s->tx, field, of, value->as.s));
        if (!folded.ptr)
            return error_no_memory();
        s->field = field;
        s->is_title = field == of->entity->title;
        text_tokens(folded, score_token, s);
    }
    return NULL;
}

kt_error *search_score(
    kt_tx *tx, const model_record *record, const search_words *words, unsigned *score, kt_str *matched)
{
    scoring s = {.tx = tx, .words = words};
    *score = 0;
    KT_TRY(score_fields(&s, record, record));
    for (size_t i = 0; i < words->count; i++) {
        if (!s.best[i]) {
            *score = 0;
            return NULL;
        }
        *score += s.best[i];
    }
    if (!s.first[1])
        return NULL;
    *matched = s.first[0] ? arena_format(
                                tx->arena, "%.*s.%.*s", STR_ARG(s.first[0]->name), STR_ARG(s.first[1]->name))
                          : s.first[1]->name;
    return matched->ptr ? NULL : error_no_memory();
}

/* filter_pattern.c -- the patterns of like, ilike and starts_with: % is any run of characters, _ any one
 * character, \ takes the next as it is. A pattern without % is looked for anywhere in the text. Matching
 * goes back to the last run only, so it takes at most pattern x text steps. */
#include "kit/text.h"
#include "query/internal.h"

static kt_error *add_text(arena *arena, kt_str text, bool folded, pattern_piece *pieces, size_t *count)
{
    if (text.len == 0)
        return NULL;
    kt_str kept = folded ? text_fold(arena, text) : arena_str(arena, text);
    if (!kept.ptr)
        return error_no_memory();
    if (kept.len)
        pieces[(*count)++] = (pattern_piece){PATTERN_TEXT, kept};
    return NULL;
}

kt_error *filter_pattern_read(arena *arena, kt_str text, bool folded, filter_pattern *pattern)
{
    size_t count = 0, held = 0;
    bool has_run = false;
    char *literal = arena_alloc(arena, text.len + 1);
    pattern_piece *pieces = ARENA_ARRAY(arena, pattern_piece, 2 * text.len + 3);
    if (!literal || !pieces)
        return error_no_memory();
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] == '\\')
            i++;
        else if (text.ptr[i] == '%')
            has_run = true;
    if (!has_run)
        pieces[count++] = (pattern_piece){.kind = PATTERN_RUN};
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '\\' && i + 1 < text.len) {
            literal[held++] = text.ptr[++i];
        } else if (c == '%' || c == '_') {
            KT_TRY(add_text(arena, (kt_str){literal, held}, folded, pieces, &count));
            held = 0;
            pattern_kind kind = c == '%' ? PATTERN_RUN : PATTERN_ONE;
            if (kind == PATTERN_ONE || count == 0 || pieces[count - 1].kind != PATTERN_RUN)
                pieces[count++] = (pattern_piece){.kind = kind};
        } else {
            literal[held++] = c;
        }
    }
    KT_TRY(add_text(arena, (kt_str){literal, held}, folded, pieces, &count));
    if (!has_run)
        pieces[count++] = (pattern_piece){.kind = PATTERN_RUN};
    *pattern = (filter_pattern){folded, count, pieces};
    return NULL;
}

kt_error *filter_pattern_starts(arena *arena, kt_str text, filter_pattern *pattern)
{
    size_t count = 0;
    pattern_piece *pieces = ARENA_ARRAY(arena, pattern_piece, 2);
    if (!pieces)
        return error_no_memory();
    KT_TRY(add_text(arena, text, true, pieces, &count));
    pieces[count++] = (pattern_piece){.kind = PATTERN_RUN};
    *pattern = (filter_pattern){true, count, pieces};
    return NULL;
}

kt_str filter_pattern_prefix(const filter_pattern *pattern)
{
    if (!pattern->folded || pattern->count == 0 || pattern->pieces[0].kind != PATTERN_TEXT)
        return (kt_str){0};
    return pattern->pieces[0].text;
}

/* Does one piece stand at text[at]? Moves *at behind it. */
static bool piece_at(const pattern_piece *piece, kt_str text, size_t *at)
{
    if (piece->kind == PATTERN_TEXT) {
        if (text.len - *at < piece->text.len || memcmp(text.ptr + *at, piece->text.ptr, piece->text.len) != 0)
            return false;
        *at += piece->text.len;
        return true;
    }
    if (*at == text.len)
        return false;
    size_t n = text_sequence(text.ptr + *at, text.len - *at);
    *at += n ? n : 1;
    return true;
}

bool filter_pattern_matches(const filter_pattern *pattern, kt_str text)
{
    size_t at = 0, piece = 0;
    size_t run = SIZE_MAX, run_at = 0; /* the last run met, and how far it reaches so far */
    for (;;) {
        if (piece < pattern->count && pattern->pieces[piece].kind == PATTERN_RUN) {
            run = piece++;
            run_at = at;
            if (piece == pattern->count)
                return true;
            continue;
        }
        if (piece == pattern->count) {
            if (at == text.len)
                return true;
        } else if (piece_at(&pattern->pieces[piece], text, &at)) {
            piece++;
            continue;
        }
        if (run == SIZE_MAX || run_at == text.len)
            return false;
        size_t n = text_sequence(text.ptr + run_at, text.len - run_at);
        at = run_at += n ? n : 1;
        piece = run + 1;
    }
}

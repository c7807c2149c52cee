/* What a stage needs: fields that a deal must have to enter it. Those that crm itself knows are looked at before the
 * deal is written, with everything else that is wrong; any other one, a custom field or another module's, at the
 * end, by a query. */
#include <string.h>

#include "crm.h"

/* The next word of a list; false: there is none. */
static bool next_word(const char **at, kt_str *word)
{
    static const char gaps[] = " ,;";
    *at += *at ? strspn(*at, gaps) : 0;
    *word = (kt_str){*at, *at ? strcspn(*at, gaps) : 0};
    *at += word->len;
    return word->len > 0;
}

/* Is it filled in? known: is it among those that crm knows. */
static bool has_field(const struct deal *d, kt_str word, bool *known)
{
    const struct {
        const char *name;
        bool filled;
    } fields[] = {
        {"party", d->party.v != 0},
        {"contact", d->contact.v != 0},
        {"amount", d->amount.scale1 != 0},
        {"currency", d->currency.v != 0},
        {"expected_close", d->expected_close.day != 0},
        {"source", d->source.ptr != NULL},
        {"owner", d->owner.v != 0},
        {"lines", d->lines.count != 0},
        {"parties", d->parties.count != 0},
        {"lead", d->lead.v != 0},
        {"text", d->text.ptr != NULL},
    };
    *known = true;
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (strlen(fields[i].name) == word.len && strncmp(fields[i].name, word.ptr, word.len) == 0)
            return fields[i].filled;
    *known = false;
    return true;
}

static kt_error *is_missing(kt_tx *tx, kt_str word, const struct stage *s)
{
    return kt_fail(tx, KT_VALIDATION, kt_format(tx, "%.*s", (int)word.len, word.ptr).ptr,
        "stage \"%s\" needs it", "wymaga tego etap „%s”", s->name.ptr);
}

kt_error *needs_met(kt_tx *tx, const struct deal *d, const struct stage *s)
{
    kt_error *all = NULL;
    kt_str word;
    bool known;
    for (const char *at = s->needs.ptr; next_word(&at, &word);)
        if (!has_field(d, word, &known))
            kt_also(&all, is_missing(tx, word, s));
    return all;
}

/* Does the deal with this id lack the field? An error: it is no field, or one that cannot be asked for. */
static kt_error *is_empty(kt_tx *tx, kt_id deal, kt_str word, bool *empty)
{
    kt_str filter = kt_format(tx, "[[\"id\",\"=\",%llu],[\"%.*s\",\"is_null\",true]]",
        (unsigned long long)deal.v, (int)word.len, word.ptr);
    uint64_t count = 0;
    kt_authority before = kt_own_authority(tx); /* whether the caller sees the field or not */
    kt_error *error = kt_count(tx, &(kt_query){.of = &deal_shape, .filter = filter}, &count);
    kt_callers_authority(tx, before);
    *empty = count > 0;
    return error;
}

kt_error *needs_known(kt_tx *tx, const struct stage *s, const char *path)
{
    static const struct deal none = {.rec = {.of = &deal_shape}};
    kt_error *all = NULL;
    kt_str word;
    bool known, empty;
    for (const char *at = s->needs.ptr; next_word(&at, &word);) {
        (void)has_field(&none, word, &known);
        bool plain = strspn(word.ptr, "abcdefghijklmnopqrstuvwxyz0123456789_") >= word.len;
        if (!known && (!plain || is_empty(tx, (kt_id){0}, word, &empty)))
            kt_also(
                &all, kt_fail(tx, KT_VALIDATION, path, "\"%.*s\" is no field of a deal that can be needed",
                          "„%.*s” nie jest polem szansy, którego można wymagać", (int)word.len, word.ptr));
    }
    return all;
}

/* A field that was taken away since is not asked for. */
static kt_error *others_met(kt_tx *tx, const struct deal *d, const struct stage *s)
{
    kt_error *all = NULL;
    kt_str word;
    bool known, empty;
    for (const char *at = s->needs.ptr; next_word(&at, &word);) {
        (void)has_field(d, word, &known);
        if (!known && !is_empty(tx, d->rec.id, word, &empty) && empty)
            kt_also(&all, is_missing(tx, word, s));
    }
    return all;
}

kt_error *deal_check(kt_tx *tx, const kt_record *before, const kt_record *after)
{
    const struct deal *was = before ? KT_SEE(deal, before) : NULL, *is = after ? KT_SEE(deal, after) : NULL;
    struct pipeline p = {KT_OF(pipeline)};
    if (!is || (was && was->pipeline.v == is->pipeline.v && was->stage == is->stage))
        return NULL;
    if (!was && is->history.count > 1)
        return NULL; /* it was brought with its way: what it had then is not known */
    KT_TRY(kt_read(tx, is->pipeline, &p.rec));
    const struct stage *s = pipeline_stage(&p, is->stage);
    return s ? others_met(tx, is, s) : NULL;
}

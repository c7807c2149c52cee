/* Pipelines: the stages that deals go through, each with a meaning and a probability. */
#include <stdio.h>
#include <string.h>

#include "crm.h"

const kt_choice semantics[] = {
    {OPEN, "open", {"Open", "Otwarta"}, "open"},
    {WON, "won", {"Won", "Wygrana"}, "won"},
    {LOST, "lost", {"Lost", "Przegrana"}, "lost"},
    {0},
};

const kt_shape stage_shape = KT_SHAPE(stage, NULL,
    KT_FIELD(stage, name, STRING, "Name", "Nazwa", .required = true, .max = 80, .priority = 1),
    KT_FIELD(stage, semantic, STATE, "Meaning", "Znaczenie", .choices = semantics, .initial = "open",
        .priority = 2),
    KT_FIELD(stage, probability, PERCENT, "Probability, %", "Prawdopodobieństwo, %", .scale = 2,
        .priority = 3,
        .help = {"Of winning a deal that stands here; won is 100, lost 0.",
            "Wygrania szansy na tym etapie; wygrana to 100, przegrana 0."}),
    KT_FIELD(stage, position, INT, "Position", "Kolejność", .priority = 4),
    KT_FIELD(stage, code, STRING, "Code", "Kod", .max = 40,
        .help = {"What another system calls it: \"C1:NEW\".", "Jak nazywa go inny system: „C1:NEW”."}),
    KT_FIELD(stage, colour, STRING, "Colour", "Kolor", .max = 20),
    KT_FIELD(stage, needs, STRING, "Needs", "Wymaga", .max = 200,
        .help = {"Fields that a deal must have to enter, custom ones among them: party amount lines colour.",
            "Pola, które szansa musi mieć, by tu wejść, także własne: party amount lines kolor."}));

const kt_shape pipeline_shape = KT_SHAPE(pipeline, "crm.pipeline",
    KT_FIELD(pipeline, name, STRING, "Name", "Nazwa", .required = true, .unique = true, .max = 80,
        .searchable = true, .priority = 1),
    KT_FIELD(pipeline, stages, LINES, "Stages", "Etapy", .lines = &stage_shape, .required = true, .max = 40,
        .priority = 2),
    KT_FIELD(pipeline, initial, BOOL, "For new deals", "Dla nowych szans",
        .help = {"Deals that name no pipeline come into this one.",
            "Tu trafiają szanse bez podanego lejka."}),
    KT_FIELD(pipeline, active, BOOL, "Active", "Aktywny", .initial = "true"));

static kt_error *stage_compute(kt_tx *tx, struct pipeline *p, size_t i)
{
    struct stage *s = KT_AS(stage, kt_line(&p->stages, i));
    char path[64];
    if (!s->position)
        s->position = (int64_t)i + 1;
    if (s->semantic == WON)
        s->probability = KT_DEC(10000, 2);
    if (s->semantic == LOST)
        s->probability = KT_DEC(0, 2);
    kt_error *all = NULL;
    if (s->probability.scale1 &&
        (kt_dec_cmp(s->probability, KT_DEC(0, 0)) < 0 || kt_dec_cmp(s->probability, KT_DEC(100, 0)) > 0)) {
        (void)snprintf(path, sizeof path, "stages[%zu].probability", i);
        kt_also(&all,
            kt_fail(tx, KT_VALIDATION, path, "a probability is 0 to 100", "prawdopodobieństwo to 0 do 100"));
    }
    (void)snprintf(path, sizeof path, "stages[%zu].needs", i);
    kt_also(&all, needs_known(tx, s, path));
    for (size_t k = 0; k < i; k++) {
        const struct stage *other = KT_AS(stage, kt_line(&p->stages, k));
        if (s->name.ptr && other->name.ptr && strcmp(s->name.ptr, other->name.ptr) == 0) {
            (void)snprintf(path, sizeof path, "stages[%zu].name", i);
            kt_also(&all, kt_fail(tx, KT_VALIDATION, path, "\"%s\" is another stage's name",
                              "„%s” to nazwa innego etapu", s->name.ptr));
        }
    }
    return all;
}

kt_error *pipeline_compute(kt_tx *tx, kt_record *self)
{
    struct pipeline *p = KT_AS(pipeline, self);
    kt_error *all = NULL;
    for (size_t i = 0; i < p->stages.count; i++)
        kt_also(&all, stage_compute(tx, p, i));
    if (p->stages.count && (!pipeline_first(p, OPEN) || !pipeline_first(p, WON) || !pipeline_first(p, LOST)))
        kt_also(&all,
            kt_hint(kt_fail(tx, KT_VALIDATION, "stages", "a pipeline has an open, a won and a lost stage",
                        "lejek ma etap otwarty, wygrany i przegrany"),
                "Add the missing stage with its meaning.", "Dodaj brakujący etap i jego znaczenie."));
    return all;
}

/* A stage that deals stand on cannot be taken out from under them. */
kt_error *pipeline_check(kt_tx *tx, const kt_record *before, const kt_record *after)
{
    if (!before || !after)
        return NULL;
    const struct pipeline *was = KT_SEE(pipeline, before), *is = KT_SEE(pipeline, after);
    kt_error *all = NULL;
    for (size_t i = 0; i < was->stages.count; i++) {
        const struct stage *s = KT_AS(stage, kt_line(&was->stages, i));
        if (pipeline_stage(is, (int64_t)s->rec.id.v))
            continue;
        const kt_where where[] = {KT_WHERE(deal, pipeline, KT_EQ, after->id),
            {offsetof(struct deal, stage), KT_EQ, (const int64_t[]){(int64_t)s->rec.id.v}}, {0}};
        uint64_t count = 0;
        KT_TRY(kt_count(tx, &(kt_query){&deal_shape, where, NULL, 0}, &count));
        if (count)
            kt_also(&all,
                kt_hint(kt_fail(tx, KT_RULE, "stages", "%llu deals stand on stage \"%s\"",
                            "tyle szans: %llu stoi na etapie „%s”", (unsigned long long)count, s->name.ptr),
                    "Move them to another stage first.", "Najpierw przenieś je na inny etap."));
    }
    return all;
}

kt_error *pipeline_default(kt_tx *tx, kt_id *id)
{
    kt_cursor *cursor;
    KT_TRY(kt_open(tx, &(kt_query){&pipeline_shape, NULL, "id", 0}, &cursor));
    struct pipeline p = {KT_OF(pipeline)};
    *id = (kt_id){0};
    while (kt_next(cursor, &p.rec)) {
        if (!p.active || (id->v && !p.initial))
            continue;
        *id = p.rec.id;
        if (p.initial)
            break;
    }
    return kt_close(cursor);
}

const struct stage *pipeline_stage(const struct pipeline *p, int64_t stage)
{
    for (size_t i = 0; i < p->stages.count; i++) {
        const struct stage *s = KT_AS(stage, kt_line(&p->stages, i));
        if ((int64_t)s->rec.id.v == stage)
            return s;
    }
    return NULL;
}

static bool is_alike(kt_tx *tx, kt_str own, kt_str folded)
{
    own = own.ptr ? kt_fold(tx, own) : own;
    return own.ptr && folded.ptr && strcmp(own.ptr, folded.ptr) == 0;
}

const struct stage *pipeline_stage_named(kt_tx *tx, const struct pipeline *p, kt_str name)
{
    const struct stage *alike = NULL, *coded = NULL;
    kt_str folded = name.ptr ? kt_fold(tx, name) : (kt_str){0};
    for (size_t i = 0; i < p->stages.count; i++) {
        const struct stage *s = KT_AS(stage, kt_line(&p->stages, i));
        if (s->name.ptr && name.ptr && strcmp(s->name.ptr, name.ptr) == 0)
            return s;
        if (!alike && is_alike(tx, s->name, folded))
            alike = s;
        if (!coded && is_alike(tx, s->code, folded))
            coded = s;
    }
    if (alike || coded)
        return alike ? alike : coded;
    for (const kt_choice *c = semantics; c->name && folded.ptr; c++)
        if (strcmp(c->name, folded.ptr) == 0)
            return pipeline_first(p, (enum semantic)c->value);
    return NULL;
}

const struct stage *pipeline_first(const struct pipeline *p, enum semantic semantic)
{
    const struct stage *first = NULL;
    for (size_t i = 0; i < p->stages.count; i++) {
        const struct stage *s = KT_AS(stage, kt_line(&p->stages, i));
        if (s->semantic == semantic && (!first || s->position < first->position))
            first = s;
    }
    return first;
}

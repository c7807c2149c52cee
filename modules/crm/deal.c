/* Deals: what may be sold to whom, for how much, and on which stage of its pipeline it stands. Whatever way a
 * deal comes to a stage -- created, moved, edited, imported -- compute looks at the same rules and adds the
 * same line to its history: the last line is where it stood. */
#include <string.h>

#include "crm.h"
#include "sales/sales.h"

const kt_shape stage_move_shape = KT_SHAPE(stage_move, NULL,
    KT_FIELD(stage_move, at, TIME, "At", "Kiedy", .priority = 1),
    KT_FIELD(stage_move, stage_name, STRING, "Stage", "Etap", .max = 80, .priority = 2),
    KT_FIELD(stage_move, by, REF, "By", "Kto", .target = "access.user", .on_delete = KT_CLEAR, .priority = 3),
    KT_FIELD(stage_move, stayed, QUANTITY, "Seconds on the stage", "Sekund na etapie", .elapsed = true,
        .help = {"Not set while the deal stands there.", "Puste, dopóki szansa tam stoi."}),
    KT_FIELD(stage_move, semantic, STATE, "Meaning", "Znaczenie", .choices = semantics),
    KT_FIELD(stage_move, pipeline, REF, "Pipeline", "Lejek", .target = "crm.pipeline", .on_delete = KT_CLEAR),
    KT_FIELD(stage_move, stage, INT, "Stage's id", "Id etapu"));

const kt_shape deal_shape = KT_SHAPE(deal, "crm.deal",
    KT_FIELD(deal, title, STRING, "Title", "Tytuł", .required = true, .max = 200, .searchable = true,
        .priority = 1),
    KT_FIELD(deal, party, REF, "Customer", "Klient", .target = "base.party", .priority = 2),
    KT_FIELD(deal, contact, REF, "Contact person", "Osoba kontaktowa", .target = "base.party",
        .on_delete = KT_CLEAR),
    KT_FIELD(deal, amount, MONEY, "Amount", "Kwota", .scale = 2, .priority = 3, .indexed = true),
    KT_FIELD(deal, amount_manual, BOOL, "Amount by hand", "Kwota wpisana ręcznie",
        .help = {"Else the lines, if there are any, make the amount.",
            "W przeciwnym razie kwotę dają pozycje, jeśli są."}),
    KT_FIELD(deal, currency, REF, "Currency", "Waluta", .target = "base.currency", .priority = 4),
    KT_FIELD(deal, lines, LINES, "Lines", "Pozycje", .lines = &plain_line_shape, .max = 500),
    KT_FIELD(deal, price_list, REF, "Price list", "Cennik", .target = "crm.price_list",
        .help = {"Empty: the customer's.", "Puste: właściwy dla klienta."}),
    KT_FIELD(deal, tax_included, BOOL, "Prices include tax", "Ceny z podatkiem"),
    KT_FIELD(deal, net, MONEY, "Net", "Netto", .scale = 4, .computed = true),
    KT_FIELD(deal, tax, MONEY, "Tax", "Podatek", .scale = 4, .computed = true),
    KT_FIELD(deal, gross, MONEY, "Gross", "Brutto", .scale = 4, .computed = true),
    KT_FIELD(deal, parties, LINES, "Parties", "Uczestnicy", .lines = &deal_party_shape, .max = 50),
    KT_FIELD(deal, quotation, REF, "Last quotation", "Ostatnia oferta", .target = "crm.quotation",
        .on_delete = KT_CLEAR, .computed = true),
    KT_FIELD(deal, pipeline, REF, "Pipeline", "Lejek", .target = "crm.pipeline",
        .help = {"Empty: the pipeline for new deals.", "Puste: lejek dla nowych szans."}),
    KT_FIELD(deal, stage, INT, "Stage", "Etap", .indexed = true,
        .help = {"The id of a stage of the pipeline; empty: its first one.",
            "Id etapu lejka; puste: pierwszy etap."}),
    KT_FIELD(deal, stage_name, STRING, "Stage", "Etap", .max = 80, .indexed = true, .priority = 5,
        .help = {"Written instead of the id, it moves the deal.", "Wpisana zamiast id, przenosi szansę."}),
    KT_FIELD(deal, semantic, STATE, "Outcome", "Wynik", .choices = semantics, .computed = true,
        .indexed = true, .priority = 6),
    KT_FIELD(deal, probability, PERCENT, "Probability, %", "Prawdopodobieństwo, %", .scale = 2,
        .help = {"Empty: as the stage says.", "Puste: według etapu."}),
    KT_FIELD(deal, weighted, MONEY, "Weighted amount", "Kwota ważona", .scale = 2, .computed = true),
    KT_FIELD(deal, expected_close, DATE, "Expected close", "Spodziewane zamknięcie", .indexed = true,
        .priority = 7),
    KT_FIELD(deal, owner, REF, "Owner", "Opiekun", .target = "access.user", .initial = "me",
        .on_delete = KT_CLEAR, .priority = 8),
    KT_FIELD(deal, source, STRING, "Source", "Źródło", .max = 80, .indexed = true),
    KT_FIELD(deal, campaign, STRING, "Campaign", "Kampania", .max = 80, .indexed = true), UTM_FIELDS(deal),
    KT_FIELD(deal, lead, REF, "Lead", "Lead", .target = "crm.lead", .on_delete = KT_CLEAR),
    KT_FIELD(deal, lost_reason, STRING, "Reason for losing", "Powód przegranej", .max = 200, .indexed = true,
        .show_if = "[[\"semantic\",\"=\",\"lost\"]]"),
    KT_FIELD(deal, text, TEXT, "Description", "Opis", .searchable = true, .personal = true),
    KT_FIELD(deal, closed_at, TIME, "Closed at", "Zamknięto", .indexed = true,
        .help = {"Set when the deal is won or lost.", "Ustawiane, gdy szansa jest wygrana albo przegrana."}),
    KT_FIELD(deal, cycle_days, QUANTITY, "Days to close", "Dni do zamknięcia", .scale = 2, .computed = true,
        .help = {"From its creation until it was won or lost.",
            "Od utworzenia do wygranej albo przegranej."}),
    KT_FIELD(deal, stage_since, TIME, "On the stage since", "Na etapie od", .computed = true),
    KT_FIELD(deal, history, LINES, "Stage history", "Historia etapów", .lines = &stage_move_shape,
        .computed = true, .recorded = true, .max = 1000));

static struct stage_move *last_move(const struct deal *d)
{
    return d->history.count ? KT_AS(stage_move, kt_line(&d->history, d->history.count - 1)) : NULL;
}

static kt_error *check_needs(kt_tx *tx, const struct deal *d, const struct stage *s)
{
    kt_error *all = needs_met(tx, d, s);
    if (s->semantic == LOST && !d->lost_reason.ptr)
        kt_also(&all, kt_hint(kt_fail(tx, KT_VALIDATION, "lost_reason", "a lost deal needs the reason",
                                  "przegrana szansa wymaga podania powodu"),
                          "Say why it was lost.", "Podaj, dlaczego została przegrana."));
    return all;
}

/* How long it took, once it is closed. */
static kt_dec days_to_close(const struct deal *d)
{
    enum { DAY_S = 86400 };
    kt_time from = d->rec.created_at.ms ? d->rec.created_at : d->closed_at;
    int64_t seconds = (d->closed_at.ms - from.ms) / 1000;
    return d->closed_at.ms ? kt_dec_div(KT_DEC(seconds > 0 ? seconds : 0, 0), KT_DEC(DAY_S, 0), 2)
                           : (kt_dec){0};
}

static kt_error *enter_stage(kt_tx *tx, struct deal *d, const struct stage *s)
{
    struct stage_move *last = last_move(d);
    KT_TRY(check_needs(tx, d, s));
    /* an imported deal has stood there since it was created */
    kt_time now = !last && d->rec.created_at.ms ? d->rec.created_at : kt_now(tx);
    struct stage_move move = {KT_OF(stage_move), .pipeline = d->pipeline, .by = kt_user(tx),
        .stage = d->stage, .stage_name = s->name, .semantic = s->semantic, .at = now};
    if (last)
        last->stayed = KT_DEC((now.ms - last->at.ms) / 1000, 0);
    bool own_probability = d->probability.scale1 && !last; /* given with a new deal */
    if (!own_probability || s->semantic != OPEN)
        d->probability = s->probability;
    d->stage_since = now;
    if (s->semantic == OPEN)
        d->closed_at = (kt_time){0};
    else if (last || !d->closed_at.ms)
        d->closed_at = now;
    return kt_line_add(tx, &d->history, &move.rec);
}

/* What an import brought of the history: the moves in their order, with what follows from them. */
static kt_error *complete_history(kt_tx *tx, struct deal *d)
{
    struct stage_move *before = NULL;
    kt_error *all = NULL;
    for (size_t i = 0; i < d->history.count; before = KT_AS(stage_move, kt_line(&d->history, i)), i++) {
        struct stage_move *move = KT_AS(stage_move, kt_line(&d->history, i));
        kt_str path = kt_format(tx, "history[%zu].at", i);
        if (!move->at.ms || (before && move->at.ms < before->at.ms))
            kt_also(&all, kt_fail(tx, KT_VALIDATION, path.ptr, "moves stand in the order of their times",
                              "przejścia są w kolejności swoich czasów"));
        else if (before && !before->stayed.scale1)
            before->stayed = KT_DEC((move->at.ms - before->at.ms) / 1000, 0);
    }
    if (before && !d->stage)
        d->stage = before->stage;
    return all;
}

/* Was the name written? A deal that stands still has the name of its last move. */
static bool is_named(const struct deal *d, const struct stage_move *last)
{
    return d->stage_name.ptr &&
           (!last || !last->stage_name.ptr || strcmp(d->stage_name.ptr, last->stage_name.ptr) != 0);
}

static kt_error *no_such_stage(kt_tx *tx, const struct deal *d, const struct pipeline *p, bool named)
{
    kt_str names = KT_STR("");
    for (size_t i = 0; i < p->stages.count; i++)
        names = kt_format(tx, "%s%s%s", names.ptr ? names.ptr : "", i ? ", " : "",
            KT_AS(stage, kt_line(&p->stages, i))->name.ptr);
    kt_str wanted = named ? d->stage_name : kt_format(tx, "%lld", (long long)d->stage);
    const char *en = kt_format(tx, "Its stages are: %s", names.ptr).ptr;
    const char *pl = kt_format(tx, "Jego etapy to: %s", names.ptr).ptr;
    return kt_hint(
        kt_fail(tx, KT_VALIDATION, named ? "stage_name" : "stage", "pipeline \"%s\" has no stage %s",
            "lejek „%s” nie ma etapu %s", p->name.ptr, wanted.ptr),
        en, pl);
}

static kt_error *find_stage(kt_tx *tx, struct deal *d, struct pipeline *p, const struct stage **stage)
{
    const struct stage_move *last = last_move(d);
    if (!d->pipeline.v)
        KT_TRY(pipeline_default(tx, &d->pipeline));
    if (!d->pipeline.v)
        return kt_hint(kt_fail(tx, KT_RULE, "pipeline", "there is no pipeline", "nie ma żadnego lejka"),
            "Create one in crm.pipeline.", "Utwórz lejek w crm.pipeline.");
    KT_TRY(kt_read(tx, d->pipeline, &p->rec));
    bool moved = last && last->pipeline.v && last->pipeline.v != d->pipeline.v;
    if (moved && last->stage == d->stage)
        d->stage = 0; /* that id means nothing in another pipeline */
    bool by_id = d->stage && (!last || moved || d->stage != last->stage);
    bool named = !by_id && is_named(d, last);
    *stage = named      ? pipeline_stage_named(tx, p, d->stage_name)
             : d->stage ? pipeline_stage(p, d->stage)
                        : pipeline_first(p, OPEN);
    if (!*stage)
        return no_such_stage(tx, d, p, named);
    d->stage = (int64_t)(*stage)->rec.id.v;
    return NULL;
}

/* It stands where its last move says, which may be one that an import brought. */
static kt_error *stay(kt_tx *tx, struct deal *d, const struct stage *s, struct stage_move *last)
{
    last->stage_name = s->name; /* as it is called now: is_named() */
    last->semantic = last->semantic ? last->semantic : s->semantic;
    d->stage_since = last->at;
    return s->semantic == LOST && !d->lost_reason.ptr ? check_needs(tx, d, s) : NULL;
}

kt_error *deal_compute(kt_tx *tx, kt_record *self)
{
    struct deal *d = KT_AS(deal, self);
    struct pipeline p = {KT_OF(pipeline)};
    const struct stage *s = NULL;
    kt_error *all = NULL;
    KT_TRY(complete_history(tx, d));
    KT_TRY(find_stage(tx, d, &p, &s));
    struct stage_move *last = last_move(d);
    d->semantic = s->semantic;
    if (s->semantic != LOST)
        d->lost_reason = (kt_str){0};
    bool moved = !last || last->stage != d->stage || last->pipeline.v != d->pipeline.v;
    if (!moved && s->semantic != OPEN && !d->closed_at.ms)
        d->closed_at = last->at; /* an import brought it closed: its prices and taxes are of that day */
    kt_also(&all, deal_lines_compute(tx, d));
    if (moved)
        kt_also(&all, enter_stage(tx, d, s));
    else
        kt_also(&all, stay(tx, d, s, last));
    d->cycle_days = days_to_close(d);
    d->stage_name = s->name;
    if (!d->probability.scale1)
        d->probability = s->probability;
    if (d->probability.scale1 &&
        (kt_dec_cmp(d->probability, KT_DEC(0, 0)) < 0 || kt_dec_cmp(d->probability, KT_DEC(100, 0)) > 0))
        kt_also(&all, kt_fail(tx, KT_VALIDATION, "probability", "a probability is 0 to 100",
                          "prawdopodobieństwo to 0 do 100"));
    if (d->amount.scale1 && kt_dec_cmp(d->amount, KT_DEC(0, 0)) < 0)
        kt_also(&all,
            kt_fail(tx, KT_VALIDATION, "amount", "an amount is not below zero", "kwota nie jest ujemna"));
    d->weighted = kt_dec_div(kt_dec_mul(d->amount, d->probability, 4), KT_DEC(100, 0), 2);
    if (d->weighted.scale1 > KT_DEC_SCALE_MAX + 1)
        kt_also(&all, kt_fail(tx, KT_VALIDATION, "amount", "the amount is too large", "kwota jest za duża"));
    return all;
}

/* ---- Actions: each sets the stage, compute does the rest ---- */

struct move {
    kt_record rec;
    int64_t stage;
    kt_str stage_name, lost_reason;
    kt_id pipeline;
};
static const kt_shape move_shape = KT_SHAPE(move, NULL,
    KT_FIELD(move, stage, INT, "Stage", "Etap", .help = {"Its id in the pipeline.", "Jego id w lejku."}),
    KT_FIELD(move, stage_name, STRING, "Stage's name", "Nazwa etapu",
        .help = {"Instead of the id.", "Zamiast id."}),
    KT_FIELD(move, pipeline, REF, "Pipeline", "Lejek", .target = "crm.pipeline",
        .help = {"To move into another one.", "Aby przenieść do innego."}),
    KT_FIELD(move, lost_reason, STRING, "Reason for losing", "Powód przegranej", .max = 200));

static kt_error *move_to(kt_tx *tx, struct deal *d, const struct stage *s, const char *wanted)
{
    if (!s)
        return kt_fail(tx, KT_VALIDATION, "stage", "the pipeline has no such stage: %s",
            "lejek nie ma etapu: %s", wanted);
    if ((int64_t)s->rec.id.v == d->stage && d->history.count && last_move(d)->pipeline.v == d->pipeline.v)
        return kt_fail(tx, KT_BAD_STATE, "stage", "the deal stands on stage \"%s\" already",
            "szansa już stoi na etapie „%s”", s->name.ptr);
    bool elsewhere = last_move(d) && last_move(d)->pipeline.v != d->pipeline.v;
    d->stage = (int64_t)s->rec.id.v;
    d->stage_name = s->name;
    /* compute cannot tell this id from one that the deal had in the pipeline before */
    return elsewhere ? enter_stage(tx, d, s) : NULL;
}

static kt_error *deal_move(kt_tx *tx, kt_record *self, const kt_record *params)
{
    struct deal *d = KT_AS(deal, self);
    const struct move *m = KT_SEE(move, params);
    struct pipeline p = {KT_OF(pipeline)};
    if (!m->stage && !m->stage_name.ptr)
        return kt_fail(tx, KT_VALIDATION, "stage", "is required: a stage's id, or stage_name",
            "jest wymagane: id etapu albo stage_name");
    if (m->pipeline.v)
        d->pipeline = m->pipeline;
    KT_TRY(kt_read(tx, d->pipeline, &p.rec));
    const struct stage *s = m->stage ? pipeline_stage(&p, m->stage)
                                     : pipeline_stage_named(tx, &p, m->stage_name);
    kt_str wanted = m->stage ? kt_format(tx, "%lld", (long long)m->stage) : m->stage_name;
    if (m->lost_reason.ptr)
        d->lost_reason = m->lost_reason;
    return move_to(tx, d, s, wanted.ptr ? wanted.ptr : "");
}

static kt_error *to_first(kt_tx *tx, struct deal *d, enum semantic semantic)
{
    struct pipeline p = {KT_OF(pipeline)};
    KT_TRY(kt_read(tx, d->pipeline, &p.rec));
    if (d->semantic == semantic)
        return kt_fail(tx, KT_BAD_STATE, NULL, "the deal is %s already", "szansa jest już w stanie: %s",
            semantics[semantic - 1].name);
    return move_to(tx, d, pipeline_first(&p, semantic), semantics[semantic - 1].name);
}

static kt_error *deal_win(kt_tx *tx, kt_record *self, const kt_record *params)
{
    (void)params;
    return to_first(tx, KT_AS(deal, self), WON);
}

struct lose {
    kt_record rec;
    kt_str lost_reason;
};
static const kt_shape lose_shape = KT_SHAPE(lose, NULL,
    KT_FIELD(
        lose, lost_reason, STRING, "Reason for losing", "Powód przegranej", .required = true, .max = 200));

static kt_error *deal_lose(kt_tx *tx, kt_record *self, const kt_record *params)
{
    struct deal *d = KT_AS(deal, self);
    d->lost_reason = KT_SEE(lose, params)->lost_reason;
    return to_first(tx, d, LOST);
}

static kt_error *deal_reopen(kt_tx *tx, kt_record *self, const kt_record *params)
{
    (void)params;
    return to_first(tx, KT_AS(deal, self), OPEN);
}

const kt_action deal_actions[] = {
    {"move", {"Move to a stage", "Przenieś na etap"}, "update", .params = &move_shape, .run = deal_move},
    {"win", {"Won", "Wygrana"}, "update", .run = deal_win},
    {"lose", {"Lost", "Przegrana"}, "update", .params = &lose_shape, .run = deal_lose},
    {"reopen", {"Reopen", "Otwórz ponownie"}, "update", .run = deal_reopen},
    {"quote", {"Make a quotation", "Utwórz ofertę"}, "update", .run = deal_quote, .result = &made_shape,
        .answer = deal_quoted},
    {0},
};

/* Scripts: a draft that is written, and versions that were published. A pass stays on the version it began
 * with; calls are split between versions by weight. */
#include <string.h>

#include "ready.h"
#include "script.h"

const kt_shape variant_shape = KT_SHAPE(variant, NULL,
    KT_FIELD(variant, edition, INT, "Version", "Wersja", .required = true, .priority = 1),
    KT_FIELD(variant, weight, INT, "Weight", "Waga", .initial = "1", .priority = 2,
        .help = {"0: gets no calls.", "0: nie dostaje rozmów."}),
    KT_FIELD(variant, stopped_at, TIME, "Stopped at", "Zatrzymano", .computed = true),
    KT_FIELD(variant, why, STRING, "Why", "Dlaczego", .max = 200, .computed = true));
static const kt_shape entry_shape = KT_SHAPE(entry, NULL,
    KT_FIELD(entry, number, STRING, "Number called", "Numer wybrany", .max = 40, .priority = 1,
        .help = {"Empty: any.", "Puste: dowolny."}),
    KT_FIELD(entry, source, STRING, "Source", "Źródło", .max = 80, .priority = 2),
    KT_FIELD(entry, tag, REF, "Tag of the customer", "Etykieta klienta", .target = "base.tag",
        .on_delete = KT_CASCADE, .priority = 3),
    KT_FIELD(entry, open_deal, BOOL, "With an open deal", "Z otwartą szansą",
        .help = {"Of customers who have one.", "Klientów, którzy ją mają."}),
    KT_FIELD(entry, priority, INT, "Priority", "Pierwszeństwo", .priority = 4));

const kt_shape script_shape = KT_SHAPE(script, "script.script",
    KT_FIELD(script, code, STRING, "Code", "Kod", .required = true, .unique = true, .max = 60, .priority = 1,
        .help = {"Other scripts run it by this name.", "Pod tą nazwą uruchamiają go inne skrypty."}),
    KT_FIELD(script, name, STRING, "Name", "Nazwa", .required = true, .max = 120, .searchable = true,
        .priority = 2),
    KT_FIELD(script, language, STRING, "Language", "Język", .max = 2, .initial = "en", .priority = 3),
    KT_FIELD(script, description, TEXT, "Description", "Opis"),
    KT_FIELD(script, source, TEXT, "Text", "Treść",
        .help = {"The draft. Calls use what was published.", "Szkic. Rozmowy używają wersji opublikowanej."}),
    KT_FIELD(
        script, published, INT, "Published version", "Wersja opublikowana", .computed = true, .priority = 4),
    KT_FIELD(script, variants, LINES, "Split of calls", "Podział rozmów", .lines = &variant_shape, .max = 20,
        .help = {"Empty: the published version gets all.", "Puste: wszystkie dostaje wersja opublikowana."}),
    KT_FIELD(script, auto_stop, BOOL, "Stop the loser", "Zatrzymaj przegrywającą", .initial = "true",
        .help = {"A variant that is surely worse gets no more calls.",
            "Wersja na pewno gorsza nie dostaje więcej rozmów."}),
    KT_FIELD(
        script, entries, LINES, "Incoming calls", "Rozmowy przychodzące", .lines = &entry_shape, .max = 100),
    KT_FIELD(script, expire_days, INT, "Paused calls expire after, days", "Wstrzymane wygasają po, dni",
        .initial = "14"),
    KT_FIELD(script, active, BOOL, "Active", "Aktywny", .initial = "true", .priority = 5));

const kt_shape version_shape = KT_SHAPE(version, "script.version",
    KT_FIELD(version, script, REF, "Script", "Skrypt", .target = "script.script", .required = true,
        .on_delete = KT_CASCADE, .fixed = true, .priority = 1),
    KT_FIELD(version, edition, INT, "Version", "Wersja", .required = true, .fixed = true, .priority = 2),
    KT_FIELD(version, source, TEXT, "Text", "Treść", .required = true, .fixed = true),
    KT_FIELD(version, note, STRING, "What is new", "Co nowego", .max = 200, .priority = 3));

static kt_error *find_version(kt_tx *tx, kt_id script, int64_t number, struct version *v)
{
    const kt_where where[] = {
        KT_WHERE(version, script, KT_EQ, script), KT_WHERE(version, edition, KT_EQ, number), {0}};
    kt_cursor *cursor;
    *v = (struct version){KT_OF(version)};
    KT_TRY(kt_open(tx, &(kt_query){.of = &version_shape, .where = where, .limit = 1}, &cursor));
    if (!kt_next(cursor, &v->rec))
        v->rec.id.v = 0;
    return kt_close(cursor);
}

kt_error *version_flow(kt_tx *tx, kt_id script, int64_t number, struct flow *flow)
{
    struct version v;
    KT_TRY(find_version(tx, script, number, &v));
    if (!v.rec.id.v)
        return kt_hint(kt_fail(tx, KT_RULE, "script", "the script has no version %lld",
                           "skrypt nie ma wersji %lld", (long long)number),
            "Publish the script first.", "Najpierw opublikuj skrypt.");
    return flow_read(tx, v.source, flow);
}

kt_error *script_compute(kt_tx *tx, kt_record *self)
{
    struct script *s = KT_AS(script, self);
    kt_error *all = NULL;
    for (size_t i = 0; i < s->variants.count; i++) {
        const struct variant *v = KT_AS(variant, kt_line(&s->variants, i));
        if (v->edition < 1 || v->edition > s->published)
            kt_also(&all, kt_fail(tx, KT_VALIDATION, kt_format(tx, "variants[%zu].edition", i).ptr,
                              "there is no published version %lld", "nie ma opublikowanej wersji %lld",
                              (long long)v->edition));
        if (v->weight < 0 || v->weight > 1000)
            kt_also(&all, kt_fail(tx, KT_VALIDATION, kt_format(tx, "variants[%zu].weight", i).ptr,
                              "a weight is 0 to 1000", "waga to 0 do 1000"));
    }
    return all;
}

/* The same subject always meets the same variant: a hash of both (splitmix64) decides, not chance. */
int64_t variant_for(const struct script *s, kt_id subject)
{
    int64_t total = 0;
    for (size_t i = 0; i < s->variants.count; i++)
        total += KT_AS(variant, kt_line(&s->variants, i))->weight;
    if (total == 0)
        return s->published;
    uint64_t h = subject.v * 0x9e3779b97f4a7c15u + s->rec.id.v;
    h = (h ^ (h >> 30)) * 0xbf58476d1ce4e5b9u;
    h = (h ^ (h >> 27)) * 0x94d049bb133111ebu;
    int64_t at = (int64_t)((h ^ (h >> 31)) % (uint64_t)total);
    for (size_t i = 0; i < s->variants.count; i++) {
        const struct variant *v = KT_AS(variant, kt_line(&s->variants, i));
        if (at < v->weight)
            return v->edition;
        at -= v->weight;
    }
    return s->published;
}

/* ---- Publishing ---- */

struct publish {
    kt_record rec;
    kt_str note;
};
static const kt_shape publish_shape = KT_SHAPE(
    publish, NULL, KT_FIELD(publish, note, STRING, "What is new", "Co nowego", .max = 200));

/* A script that another runs must be there, and must not lead back to this one. */
static kt_error *check_runs(kt_tx *tx, kt_str code, const struct flow *flow, int depth)
{
    enum { DEPTH_MAX = 8 };
    kt_error *all = NULL;
    for (size_t i = 0; i < flow->count; i++) {
        const struct node *n = &flow->nodes[i];
        if (n->kind != SUB_SCRIPT)
            continue;
        const kt_where where[] = {KT_WHERE(script, code, KT_EQ, n->script), {0}};
        struct script sub = {KT_OF(script)};
        kt_cursor *cursor;
        KT_TRY(kt_open(tx, &(kt_query){.of = &script_shape, .where = where, .limit = 1}, &cursor));
        bool found = kt_next(cursor, &sub.rec);
        KT_TRY(kt_close(cursor));
        struct flow inner;
        if (!found || !sub.published)
            kt_also(&all, FLOW_PROBLEM(tx, n->line, "there is no published script",
                              "nie ma opublikowanego skryptu", n->script));
        else if (str_same(sub.code, code) || depth == DEPTH_MAX)
            kt_also(&all, FLOW_PROBLEM(tx, n->line, "scripts run each other in a circle, by",
                              "skrypty uruchamiają się w kółko przez", n->script));
        else {
            KT_TRY(version_flow(tx, sub.rec.id, sub.published, &inner));
            kt_also(&all, check_runs(tx, code, &inner, depth + 1));
        }
    }
    return all;
}

static kt_error *publish(kt_tx *tx, kt_record *self, const kt_record *params)
{
    struct script *s = KT_AS(script, self);
    struct flow flow;
    KT_TRY(flow_read(tx, s->source, &flow));
    KT_TRY(check_runs(tx, s->code, &flow, 0));
    s->published++;
    struct version v = {KT_OF(version), .script = s->rec.id, .edition = s->published, .source = s->source,
        .note = KT_SEE(publish, params)->note};
    return kt_create(tx, &v.rec);
}

const kt_action script_actions[] = {
    {"publish", {"Publish", "Opublikuj"}, "publish", .params = &publish_shape, .run = publish},
    {0},
};

/* ---- script.check ---- */

struct check {
    kt_record rec;
    kt_str source;
};
const kt_shape check_shape = KT_SHAPE(
    check, NULL, KT_FIELD(check, source, TEXT, "Text", "Treść", .required = true));
struct problem {
    kt_record rec;
    kt_str text;
};
static const kt_shape problem_shape = KT_SHAPE(
    problem, NULL, KT_FIELD(problem, text, STRING, "Problem", "Problem"));
struct edge {
    kt_record rec;
    kt_str from, to, answer;
};
static const kt_shape edge_shape = KT_SHAPE(edge, NULL, KT_FIELD(edge, from, STRING, "From", "Z"),
    KT_FIELD(edge, to, STRING, "To", "Do"), KT_FIELD(edge, answer, STRING, "Answer", "Odpowiedź"));
struct point {
    kt_record rec;
    kt_str name, kind, title, group;
};
static const kt_shape point_shape = KT_SHAPE(point, NULL, KT_FIELD(point, name, STRING, "Name", "Nazwa"),
    KT_FIELD(point, kind, STRING, "Kind", "Rodzaj"), KT_FIELD(point, title, STRING, "Title", "Tytuł"),
    KT_FIELD(point, group, STRING, "Group", "Grupa"));
struct checked {
    kt_record rec;
    int64_t steps;
    kt_lines problems, points, edges;
};
const kt_shape checked_shape = KT_SHAPE(checked, NULL,
    KT_FIELD(checked, steps, INT, "Steps", "Kroki", .required = true),
    KT_FIELD(checked, problems, LINES, "Problems", "Problemy", .lines = &problem_shape),
    KT_FIELD(checked, points, LINES, "What the graph joins", "Co łączy graf", .lines = &point_shape),
    KT_FIELD(checked, edges, LINES, "Graph", "Graf", .lines = &edge_shape));

static kt_error *add_edges(kt_tx *tx, const struct node *n, kt_lines *edges)
{
    for (size_t i = 0; i < n->answer_count; i++) {
        struct edge e = {
            KT_OF(edge), .from = n->name, .to = n->answers[i].target, .answer = n->answers[i].name};
        KT_TRY(kt_line_add(tx, edges, &e.rec));
    }
    for (size_t i = 0; i < n->when_count; i++) {
        struct edge e = {KT_OF(edge), .from = n->name, .to = n->whens[i].target,
            .answer = n->whens[i].filter.ptr ? n->whens[i].filter : KT_STR("else")};
        KT_TRY(kt_line_add(tx, edges, &e.rec));
    }
    struct edge e = {KT_OF(edge), .from = n->name, .to = n->target};
    return n->target.ptr ? kt_line_add(tx, edges, &e.rec) : NULL;
}

kt_error *script_check(kt_tx *tx, const kt_record *params, kt_record *result)
{
    struct checked *out = KT_AS(checked, result);
    struct flow flow;
    kt_error *problems = flow_read(tx, KT_SEE(check, params)->source, &flow);
    kt_problem p;
    for (size_t i = 0; (p = kt_problem_at(problems, i)).kind; i++) {
        struct problem row = {KT_OF(problem), .text = kt_say(tx, p.text)};
        KT_TRY(kt_line_add(tx, &out->problems, &row.rec));
    }
    out->steps = (int64_t)flow.count;
    for (size_t i = 0; i < flow.count; i++) {
        const struct node *n = &flow.nodes[i];
        struct point row = {KT_OF(point), .name = n->name, .kind = node_kind_name(n->kind), .title = n->title,
            .group = n->group};
        KT_TRY(kt_line_add(tx, &out->points, &row.rec));
        KT_TRY(add_edges(tx, n, &out->edges));
    }
    return NULL;
}

/* ---- script.choose ---- */

struct choose {
    kt_record rec;
    kt_str number, source;
    kt_id party;
};
const kt_shape choose_shape = KT_SHAPE(choose, NULL,
    KT_FIELD(choose, number, STRING, "Number called", "Numer wybrany", .max = 40),
    KT_FIELD(choose, source, STRING, "Source", "Źródło", .max = 80),
    KT_FIELD(choose, party, REF, "Customer", "Klient", .target = "base.party"));
struct chosen {
    kt_record rec;
    kt_id script;
    kt_str code, name;
};
const kt_shape chosen_shape = KT_SHAPE(chosen, NULL,
    KT_FIELD(chosen, script, REF, "Script", "Skrypt", .target = "script.script"),
    KT_FIELD(chosen, code, STRING, "Code", "Kod"), KT_FIELD(chosen, name, STRING, "Name", "Nazwa"));
struct tagged {
    kt_record rec;
    kt_lines tags;
};
static const kt_shape tagged_shape = KT_SHAPE(tagged, "base.party", KT_BIND(tagged, tags, REFS, "tags"));

static bool has_tag(const struct tagged *t, kt_id tag)
{
    const kt_id *tags = t->tags.items;
    for (size_t i = 0; i < t->tags.count; i++)
        if (tags[i].v == tag.v)
            return true;
    return false;
}

struct dealing {
    kt_record rec;
    kt_id party;
};
static const kt_shape dealing_shape = KT_SHAPE(dealing, "crm.deal", KT_BIND(dealing, party, REF, "party"));
struct asked_deal {
    kt_id party;
    uint64_t count;
};

/* In an attempt: without the module crm nobody has a deal. */
static kt_error *count_deals(kt_tx *tx, void *context)
{
    struct asked_deal *a = context;
    const kt_where where[] = {KT_WHERE(dealing, party, KT_EQ, a->party), {0}};
    return kt_count(tx,
        &(kt_query){
            .of = &dealing_shape, .where = where, .filter = KT_STR("[[\"semantic\",\"=\",\"open\"]]")},
        &a->count);
}

static bool has_open_deal(kt_tx *tx, kt_id party)
{
    struct asked_deal a = {.party = party};
    return party.v && !kt_attempt(tx, count_deals, &a) && a.count > 0;
}

/* How well an entry fits a call: each condition that holds counts; -1: one does not hold. */
static int64_t fit(const struct entry *e, const struct choose *p, const struct tagged *t, bool deal)
{
    enum { CONDITIONS = 5 }; /* one more than an entry has: priority comes first */
    if ((e->number.ptr && !str_same(e->number, p->number)) ||
        (e->source.ptr && !str_same(e->source, p->source)) || (e->tag.v && !has_tag(t, e->tag)) ||
        (e->open_deal && !deal))
        return -1;
    return e->priority * CONDITIONS + (e->number.ptr != NULL) + (e->source.ptr != NULL) + (e->tag.v != 0) +
           e->open_deal;
}

kt_error *script_choose(kt_tx *tx, const kt_record *params, kt_record *result)
{
    const struct choose *p = KT_SEE(choose, params);
    struct chosen *out = KT_AS(chosen, result);
    struct tagged t = {KT_OF(tagged)};
    struct script s = {KT_OF(script)};
    const kt_where where[] = {KT_WHERE(script, active, KT_EQ, true), {0}};
    kt_cursor *cursor;
    int64_t best = -1;
    if (p->party.v)
        KT_TRY(kt_read(tx, p->party, &t.rec));
    const bool deal = has_open_deal(tx, p->party);
    KT_TRY(kt_open(tx, &(kt_query){.of = &script_shape, .where = where, .sort = "id"}, &cursor));
    while (kt_next(cursor, &s.rec))
        for (size_t i = 0; s.published && i < s.entries.count; i++) {
            int64_t points = fit((const struct entry *)(const void *)kt_line(&s.entries, i), p, &t, deal);
            if (points > best) {
                best = points;
                out->script = s.rec.id;
                out->code = s.code;
                out->name = s.name;
            }
        }
    return kt_close(cursor);
}

/* ---- script.ready ---- */

struct ready {
    kt_record rec;
    kt_str language;
};
const kt_shape ready_shape = KT_SHAPE(
    ready, NULL, KT_FIELD(ready, language, STRING, "Language", "Język", .max = 2, .initial = "en"));
struct ready_made {
    kt_record rec;
    int64_t scripts;
};
const kt_shape ready_made_shape = KT_SHAPE(
    ready_made, NULL, KT_FIELD(ready_made, scripts, INT, "Scripts", "Skrypty", .required = true));

/* What a company has under this code already is its own and stays as it is. */
static kt_error *make_ready(kt_tx *tx, const struct ready_script *r)
{
    const struct publish none = {KT_OF(publish)};
    struct script s = {KT_OF(script), .code = kt_format(tx, "%s", r->code),
        .name = kt_format(tx, "%s", r->name), .language = kt_format(tx, "%s", r->language),
        .source = kt_format(tx, "%s", r->source), .expire_days = 14, .active = true, .auto_stop = true};
    const kt_where where[] = {KT_WHERE(script, code, KT_EQ, s.code), {0}};
    uint64_t known;
    KT_TRY(kt_count(tx, &(kt_query){.of = &script_shape, .where = where}, &known));
    if (known)
        return NULL;
    KT_TRY(kt_create(tx, &s.rec));
    return kt_act(tx, &s.rec, "publish", &none.rec);
}

kt_error *script_ready(kt_tx *tx, const kt_record *params, kt_record *result)
{
    for (const struct ready_script *r = ready_scripts; r->code; r++) {
        if (!str_equals(KT_SEE(ready, params)->language, r->language))
            continue;
        KT_TRY(make_ready(tx, r));
        KT_AS(ready_made, result)->scripts++;
    }
    if (!KT_AS(ready_made, result)->scripts)
        return kt_fail(
            tx, KT_VALIDATION, "language", "there are scripts in en and pl", "są skrypty w en i pl");
    return NULL;
}

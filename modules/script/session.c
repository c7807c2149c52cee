/* One pass through a script: what was said, answered and written, step by step. Every move names the step it
 * leaves, so that a move that comes twice over a bad line is told apart from two moves. */
#include <string.h>

#include "script.h"

static const kt_choice session_states[] = {
    {RUNNING, "running", {"Running", "W toku"}, "open"},
    {PAUSED, "paused", {"Paused", "Wstrzymana"}, "blocked"},
    {FINISHED, "finished", {"Finished", "Zakończona"}, "won"},
    {ABANDONED, "abandoned", {"Abandoned", "Porzucona"}, "lost"},
    {0},
};
const kt_choice results[] = {
    {WON, "won", {"Goal reached", "Cel osiągnięty"}, "won"},
    {LOST, "lost", {"Goal missed", "Cel nieosiągnięty"}, "lost"},
    {NEUTRAL, "neutral", {"Open", "Otwarty"}, "open"},
    {0},
};
static const kt_choice move_kinds[] = {
    {ANSWERED, "answered", {"Answered", "Odpowiedź"}},
    {OBJECTED, "objected", {"Objected", "Obiekcja"}},
    {WENT_BACK, "back", {"Went back", "Cofnięcie"}},
    {NO_ANSWER, "no_answer", {"No suitable answer", "Brak pasującej odpowiedzi"}},
    {BRANCHED, "branched", {"Branched", "Rozgałęzienie"}},
    {ENTERED, "entered", {"Entered another script", "Wejście do innego skryptu"}},
    {LEFT, "left", {"Left", "Przerwanie"}},
    {REACHED, "reached", {"Reached the end", "Dojście do końca"}},
    {0},
};
const kt_shape move_shape = KT_SHAPE(move, NULL, KT_FIELD(move, at, TIME, "At", "Kiedy", .priority = 1),
    KT_FIELD(move, step, STRING, "Step", "Krok", .max = 80, .priority = 2),
    KT_FIELD(move, kind, STATE, "Move", "Ruch", .choices = move_kinds, .priority = 3),
    KT_FIELD(move, answer, STRING, "Answer", "Odpowiedź", .max = 200, .priority = 4),
    KT_FIELD(move, text, TEXT, "What the client said", "Co powiedział klient", .max = 2000, .personal = true),
    KT_FIELD(move, seconds, INT, "Seconds", "Sekundy", .elapsed = true),
    KT_FIELD(move, script, REF, "Script", "Skrypt", .target = "script.script", .on_delete = KT_CLEAR),
    KT_FIELD(move, edition, INT, "Version", "Wersja"));

#define C .computed = true
const kt_shape session_shape = KT_SHAPE(session, "script.session",
    KT_FIELD(session, script, REF, "Script", "Skrypt", .target = "script.script", C, .priority = 1),
    KT_FIELD(session, edition, INT, "Version", "Wersja", C, .priority = 2),
    KT_FIELD(session, subject, REF, "Called about", "Dotyczy", .target = "*", C, .on_delete = KT_CASCADE,
        .priority = 3),
    KT_FIELD(session, party, REF, "Customer", "Klient", .target = "base.party", C, .on_delete = KT_CASCADE),
    KT_FIELD(session, segment, STRING, "Segment", "Segment", .max = 80, C, .indexed = true),
    KT_FIELD(session, call, REF, "Call", "Rozmowa", .target = "*", C, .on_delete = KT_CLEAR),
    KT_FIELD(session, member, REF, "Member of a call list", "Pozycja listy", .target = "script.member", C,
        .on_delete = KT_CLEAR),
    {KT_AT(session, operator_, REF), .name = "operator", .label = {"Operator", "Operator"},
        .target = "access.user", C, .on_delete = KT_CLEAR, .indexed = true, .priority = 4},
    KT_FIELD(session, state, STATE, "State", "Stan", .choices = session_states, .initial = "running",
        .indexed = true, .priority = 5),
    KT_FIELD(session, result, STATE, "Result", "Wynik", .choices = results, C, .priority = 6),
    KT_FIELD(
        session, outcome, STRING, "Outcome", "Zakończenie", .max = 80, C, .indexed = true, .priority = 7),
    KT_FIELD(session, note, TEXT, "Note", "Notatka", .personal = true),
    KT_FIELD(session, step, STRING, "Step", "Krok", .max = 80, C),
    KT_FIELD(session, left, STRING, "Step to return to", "Krok powrotu", .max = 80, C),
    KT_FIELD(session, stack, JSON, "Scripts that wait", "Czekające skrypty", C),
    KT_FIELD(session, inputs, JSON, "Answers to questions", "Odpowiedzi na pytania", C),
    KT_FIELD(session, moves, LINES, "Journal", "Dziennik", .lines = &move_shape, C),
    KT_FIELD(session, started_at, TIME, "Started at", "Początek", C, .indexed = true),
    KT_FIELD(session, entered_at, TIME, "At this step since", "W tym kroku od", C),
    KT_FIELD(session, finished_at, TIME, "Finished at", "Koniec", C),
    KT_FIELD(session, seconds, INT, "Seconds", "Sekundy", C, .elapsed = true),
    KT_FIELD(session, callback_at, TIME, "Call back at", "Oddzwonić", C, .indexed = true),
    KT_FIELD(session, expires_at, TIME, "Expires at", "Wygasa", C, .indexed = true),
    KT_FIELD(session, deal, REF, "Deal won after it", "Szansa wygrana po rozmowie", .target = "*", C,
        .on_delete = KT_CLEAR),
    KT_FIELD(session, order, REF, "Order that followed", "Zamówienie po rozmowie", .target = "*", C,
        .on_delete = KT_CLEAR),
    KT_FIELD(session, revenue, MONEY, "Revenue", "Przychód", .scale = 2, C),
    KT_FIELD(session, invoiced, MONEY, "Invoiced, net", "Zafakturowano, netto", .scale = 2, C),
    KT_FIELD(session, margin, MONEY, "Margin", "Marża", .scale = 2, C, .group = "cost",
        .help = {"Planned; real once it is invoiced and goods have left.",
            "Planowana; rzeczywista po zafakturowaniu i wydaniu towaru."}));
#undef C

/* ---- What the operator sees ---- */

struct seen_answer {
    kt_record rec;
    kt_str name, text;
};
static const kt_shape seen_answer_shape = KT_SHAPE(seen_answer, NULL,
    KT_FIELD(seen_answer, name, STRING, "Name", "Nazwa"),
    KT_FIELD(seen_answer, text, STRING, "Text", "Tekst"));
static const kt_choice ask_kinds[] = {{ASK_TEXT, "text", {"Text", "Tekst"}},
    {ASK_NUMBER, "number", {"Number", "Liczba"}}, {ASK_MONEY, "money", {"Money", "Kwota"}},
    {ASK_DATE, "date", {"Day", "Dzień"}}, {ASK_YES_NO, "yes_no", {"Yes or no", "Tak lub nie"}},
    {ASK_ONE, "one", {"One of", "Jedno z"}}, {ASK_MANY, "many", {"Some of", "Kilka z"}},
    {ASK_ITEMS, "items", {"Products", "Produkty"}}, {0}};
struct seen_ask {
    kt_record rec;
    kt_str name, label;
    enum ask_kind kind;
    bool required;
    kt_lines options;
};
static const kt_shape seen_ask_shape = KT_SHAPE(seen_ask, NULL,
    KT_FIELD(seen_ask, name, STRING, "Name", "Nazwa"),
    KT_FIELD(seen_ask, label, STRING, "Question", "Pytanie"),
    KT_FIELD(seen_ask, kind, STATE, "Kind", "Rodzaj", .choices = ask_kinds),
    KT_FIELD(seen_ask, required, BOOL, "Required", "Wymagane"),
    KT_FIELD(seen_ask, options, LINES, "Options", "Opcje", .lines = &seen_answer_shape));
struct step {
    kt_record rec;
    int64_t session, version, timer_s;
    enum session_state state;
    enum result result;
    kt_str step, title, group, say, hint, never, outcome;
    kt_lines answers, asks, objections, goods, orders;
};
const kt_shape step_shape = KT_SHAPE(step, NULL, KT_FIELD(step, session, INT, "Session", "Rozmowa"),
    KT_FIELD(step, version, INT, "Version of the record", "Wersja rekordu"),
    KT_FIELD(step, state, STATE, "State", "Stan", .choices = session_states),
    KT_FIELD(step, result, STATE, "Result", "Wynik", .choices = results),
    KT_FIELD(step, outcome, STRING, "Outcome", "Zakończenie"), KT_FIELD(step, step, STRING, "Step", "Krok"),
    KT_FIELD(step, title, STRING, "Title", "Tytuł"), KT_FIELD(step, group, STRING, "Group", "Grupa"),
    KT_FIELD(step, say, TEXT, "Say", "Powiedz"), KT_FIELD(step, hint, TEXT, "Hint", "Wskazówka"),
    KT_FIELD(step, never, TEXT, "Never say", "Nie mów"),
    KT_FIELD(step, timer_s, INT, "Seconds to take", "Sekundy na krok"),
    KT_FIELD(step, answers, LINES, "Answers", "Odpowiedzi", .lines = &seen_answer_shape),
    KT_FIELD(step, asks, LINES, "Questions", "Pytania", .lines = &seen_ask_shape),
    KT_FIELD(step, objections, LINES, "Objections", "Obiekcje", .lines = &seen_answer_shape),
    KT_FIELD(step, goods, LINES, "Goods spoken of", "Towary, o których mowa", .lines = &good_card_shape),
    KT_FIELD(step, orders, LINES, "Last orders", "Ostatnie zamówienia", .lines = &order_card_shape));

static kt_error *add_seen(kt_tx *tx, kt_str name, kt_str text, kt_lines *rows)
{
    struct seen_answer row = {KT_OF(seen_answer), .name = name, .text = text.ptr ? text : name};
    return kt_line_add(tx, rows, &row.rec);
}

static kt_error *show_questions(kt_tx *tx, const struct node *n, struct step *out)
{
    for (size_t i = 0; i < n->answer_count; i++)
        KT_TRY(add_seen(tx, n->answers[i].name, n->answers[i].text, &out->answers));
    for (size_t i = 0; i < n->ask_count; i++) {
        const struct ask *a = &n->asks[i];
        struct seen_ask row = {
            KT_OF(seen_ask), .name = a->name, .label = a->label, .kind = a->kind, .required = a->required};
        for (size_t k = 0; k < a->option_count; k++)
            KT_TRY(add_seen(tx, a->options[k], a->options[k], &row.options));
        KT_TRY(kt_line_add(tx, &out->asks, &row.rec));
    }
    return NULL;
}

static kt_error *show(kt_tx *tx, struct session *s, struct step *out)
{
    struct walk w;
    out->session = (int64_t)s->rec.id.v;
    out->version = s->rec.version;
    out->state = s->state;
    out->result = s->result;
    out->outcome = s->outcome;
    out->step = s->step;
    KT_TRY(walk_open(tx, s, &w));
    if (!w.node)
        return NULL;
    out->title = w.node->title;
    out->group = w.node->group;
    out->timer_s = w.node->timer_s;
    KT_TRY(subject_fill(tx, s, w.node->say, &out->say));
    KT_TRY(subject_fill(tx, s, w.node->hint, &out->hint));
    out->never = w.node->never;
    if (s->state != RUNNING)
        return NULL;
    KT_TRY(show_questions(tx, w.node, out));
    if (w.node->shows_goods)
        KT_TRY(cards_goods(tx, s, &out->goods));
    if (w.node->shows_orders)
        KT_TRY(cards_orders(tx, s, &out->orders));
    for (size_t i = 0; i < w.flow.count; i++)
        if (w.flow.nodes[i].kind == OBJECTION)
            KT_TRY(add_seen(tx, w.flow.nodes[i].name, w.flow.nodes[i].title, &out->objections));
    return NULL;
}

static kt_error *show_session(kt_tx *tx, const kt_record *self, kt_record *result)
{
    struct session s = *KT_SEE(session, self);
    return show(tx, &s, KT_AS(step, result));
}

/* ---- Starting ---- */

struct start {
    kt_record rec;
    kt_id script, subject, call, member;
    kt_str segment;
};
const kt_shape start_shape = KT_SHAPE(start, NULL,
    KT_FIELD(start, script, REF, "Script", "Skrypt", .target = "script.script", .required = true),
    KT_FIELD(start, subject, REF, "Called about", "Dotyczy", .target = "*", .required = true,
        .help = {"A lead, a deal, a party: {\"entity\": \"crm.lead\", \"id\": 7}.",
            "Lead, szansa, kontrahent: {\"entity\": \"crm.lead\", \"id\": 7}."}),
    KT_FIELD(start, call, REF, "Call", "Rozmowa", .target = "*"),
    KT_FIELD(start, member, REF, "Member of a call list", "Pozycja listy", .target = "script.member"),
    KT_FIELD(start, segment, STRING, "Segment", "Segment", .max = 80));

static kt_error *finished(kt_tx *tx, struct session *s)
{
    if (s->state != FINISHED && s->state != ABANDONED)
        return NULL;
    KT_TRY(member_finished(tx, s));
    return compare_settle(tx, s);
}

kt_error *session_start(kt_tx *tx, const kt_record *params, kt_record *result)
{
    const struct start *p = KT_SEE(start, params);
    struct script script = {.rec.of = &script_shape};
    struct walk w;
    KT_TRY(kt_read(tx, p->script, &script.rec));
    if (!script.published || !script.active)
        return kt_hint(kt_fail(tx, KT_RULE, "script", "the script is not in use", "skrypt nie jest używany"),
            "Publish it, and see that it is active.", "Opublikuj go i sprawdź, czy jest aktywny.");
    struct session s = {KT_OF(session), .script = p->script, .edition = variant_for(&script, p->subject),
        .subject = p->subject, .call = p->call, .member = p->member, .operator_ = kt_user(tx),
        .state = RUNNING, .started_at = kt_now(tx), .entered_at = kt_now(tx), .segment = p->segment};
    s.expires_at.ms = kt_now(tx).ms + script.expire_days * 86400000;
    KT_TRY(subject_party(tx, p->subject, &s.party));
    KT_TRY(walk_open(tx, &s, &w));
    KT_TRY(walk_to(&w, w.flow.nodes[0].name));
    KT_TRY(kt_create(tx, &s.rec));
    return show(tx, &s, KT_AS(step, result));
}

/* ---- Moves ---- */

struct act { /* the parameters of all moves */
    kt_record rec;
    kt_str step, answer, inputs, text, objection, outcome, note;
    enum result result;
    kt_time callback_at;
};
#define STEP_LEFT                                                                                            \
    KT_FIELD(act, step, STRING, "Step that is left", "Opuszczany krok", .required = true, .max = 80)
static const kt_shape answer_shape = KT_SHAPE(act, NULL, STEP_LEFT,
    KT_FIELD(act, answer, STRING, "Answer", "Odpowiedź", .max = 80),
    KT_FIELD(act, inputs, JSON, "Answers to questions", "Odpowiedzi na pytania",
        .help = {"{\"amount\": \"1200.00\"}", "{\"amount\": \"1200.00\"}"}));
static const kt_shape object_shape = KT_SHAPE(act, NULL, STEP_LEFT,
    KT_FIELD(act, objection, STRING, "Objection", "Obiekcja", .required = true, .max = 80));
static const kt_shape unforeseen_shape = KT_SHAPE(act, NULL, STEP_LEFT,
    KT_FIELD(act, text, TEXT, "What the client said", "Co powiedział klient", .required = true, .max = 2000));
static const kt_shape back_shape = KT_SHAPE(act, NULL, STEP_LEFT);
static const kt_shape finish_shape = KT_SHAPE(act, NULL,
    KT_FIELD(act, outcome, STRING, "Outcome", "Zakończenie", .required = true, .max = 80),
    KT_FIELD(act, result, STATE, "Result", "Wynik", .choices = results, .initial = "neutral"),
    KT_FIELD(act, callback_at, TIME, "Call back at", "Oddzwonić"),
    KT_FIELD(act, note, TEXT, "Note", "Notatka", .max = 2000));
static const kt_shape pause_shape = KT_SHAPE(
    act, NULL, KT_FIELD(act, note, TEXT, "Note", "Notatka", .max = 2000));

/* Opens the walk and sees that the operator and the server stand at the same step. */
static kt_error *open_at(kt_tx *tx, struct session *s, const struct act *p, struct walk *w)
{
    KT_TRY(walk_open(tx, s, w));
    if (!str_same(p->step, s->step) || !w->node)
        return kt_hint(
            kt_fail(tx, KT_CONFLICT, "step", "the session is at the step \"%s\", not at \"%s\"",
                "rozmowa jest w kroku „%s”, nie w „%s”", s->step.ptr ? s->step.ptr : "", p->step.ptr),
            "Read the session again: the move was made already.",
            "Odczytaj rozmowę ponownie: ruch już wykonano.");
    return NULL;
}

static kt_error *run_answer(kt_tx *tx, kt_record *self, const kt_record *params)
{
    struct session *s = KT_AS(session, self);
    const struct act *p = (const struct act *)(const void *)params;
    const struct choice *c = NULL;
    struct walk w;
    KT_TRY(open_at(tx, s, p, &w));
    if (p->answer.ptr && !(c = node_answer(w.node, p->answer)))
        return kt_fail(tx, KT_VALIDATION, "answer", "the step has no answer \"%s\"",
            "krok nie ma odpowiedzi „%s”", p->answer.ptr);
    if (!c && !w.node->target.ptr)
        return kt_fail(tx, KT_VALIDATION, "answer", "is required: the step has several ways on",
            "jest wymagana: z kroku prowadzi kilka dróg");
    KT_TRY(subject_take(tx, s, w.node, p->inputs));
    KT_TRY(walk_note(&w, ANSWERED, p->answer, (kt_str){0}));
    KT_TRY(subject_do(tx, s, &w.node->deeds));
    if (c)
        KT_TRY(subject_do(tx, s, &c->deeds));
    KT_TRY(walk_to(&w, c ? c->target : w.node->target));
    return finished(tx, s);
}

static kt_error *run_object(kt_tx *tx, kt_record *self, const kt_record *params)
{
    struct session *s = KT_AS(session, self);
    const struct act *p = (const struct act *)(const void *)params;
    struct walk w;
    KT_TRY(open_at(tx, s, p, &w));
    const struct node *n = flow_node(&w.flow, p->objection);
    if (!n || n->kind != OBJECTION)
        return kt_fail(tx, KT_VALIDATION, "objection", "there is no objection \"%s\"", "nie ma obiekcji „%s”",
            p->objection.ptr);
    KT_TRY(walk_note(&w, OBJECTED, p->objection, (kt_str){0}));
    return walk_to(&w, p->objection);
}

static kt_error *run_unforeseen(kt_tx *tx, kt_record *self, const kt_record *params)
{
    struct session *s = KT_AS(session, self);
    const struct act *p = (const struct act *)(const void *)params;
    struct walk w;
    KT_TRY(open_at(tx, s, p, &w));
    return walk_note(&w, NO_ANSWER, (kt_str){0}, p->text);
}

static kt_error *run_back(kt_tx *tx, kt_record *self, const kt_record *params)
{
    struct session *s = KT_AS(session, self);
    struct walk w;
    KT_TRY(open_at(tx, s, (const struct act *)(const void *)params, &w));
    return walk_back(&w);
}

static kt_error *run_finish(kt_tx *tx, kt_record *self, const kt_record *params)
{
    struct session *s = KT_AS(session, self);
    const struct act *p = (const struct act *)(const void *)params;
    struct walk w;
    KT_TRY(walk_open(tx, s, &w));
    KT_TRY(walk_note(&w, LEFT, p->outcome, p->note));
    s->outcome = p->outcome;
    s->result = p->result;
    s->note = p->note;
    s->callback_at = p->callback_at;
    s->finished_at = kt_now(tx);
    s->seconds = (s->finished_at.ms - s->started_at.ms) / 1000;
    s->state = FINISHED;
    return finished(tx, s);
}

static kt_error *run_pause(kt_tx *tx, kt_record *self, const kt_record *params)
{
    (void)tx;
    KT_AS(session, self)->note = ((const struct act *)(const void *)params)->note;
    return NULL;
}

static kt_error *run_resume(kt_tx *tx, kt_record *self, const kt_record *params)
{
    (void)params;
    struct session *s = KT_AS(session, self);
    s->entered_at = kt_now(tx);
    s->operator_ = kt_user(tx);
    return NULL;
}

#define SHOWS .result = &step_shape, .answer = show_session
const kt_action session_actions[] = {
    {"answer", {"Answer", "Odpowiedz"}, "update", .from = KT_IN(RUNNING), .params = &answer_shape,
        .run = run_answer, SHOWS},
    {"object", {"Objection", "Obiekcja"}, "update", .from = KT_IN(RUNNING), .params = &object_shape,
        .run = run_object, SHOWS},
    {"no_answer", {"No suitable answer", "Brak pasującej odpowiedzi"}, "update", .from = KT_IN(RUNNING),
        .params = &unforeseen_shape, .run = run_unforeseen, SHOWS},
    {"back", {"Go back", "Cofnij"}, "back", .from = KT_IN(RUNNING), .params = &back_shape, .run = run_back,
        SHOWS},
    {"finish", {"Finish early", "Zakończ wcześniej"}, "finish", .from = KT_IN(RUNNING) | KT_IN(PAUSED),
        .params = &finish_shape, .run = run_finish, SHOWS},
    {"pause", {"Pause", "Wstrzymaj"}, "update", .from = KT_IN(RUNNING), .to = PAUSED, .params = &pause_shape,
        .run = run_pause},
    {"resume", {"Resume", "Wznów"}, "update", .from = KT_IN(PAUSED), .to = RUNNING, .run = run_resume, SHOWS},
    {0},
};

/* ---- script.session.expire_due ---- */

struct expire {
    kt_record rec;
    int64_t limit;
};
const kt_shape expire_shape = KT_SHAPE(
    expire, NULL, KT_FIELD(expire, limit, INT, "At most", "Najwyżej", .initial = "500"));
struct sessions_expired {
    kt_record rec;
    int64_t abandoned;
    bool more;
};
const kt_shape sessions_expired_shape = KT_SHAPE(sessions_expired, NULL,
    KT_FIELD(sessions_expired, abandoned, INT, "Abandoned", "Porzucone", .required = true),
    KT_FIELD(sessions_expired, more, BOOL, "More are due", "Są kolejne",
        .help = {"Call again.", "Wywołaj ponownie."}));

static kt_error *abandon(kt_tx *tx, kt_id id)
{
    struct session s = {KT_OF(session)};
    struct walk w;
    KT_TRY(kt_read(tx, id, &s.rec));
    KT_TRY(walk_open(tx, &s, &w));
    KT_TRY(walk_note(&w, LEFT, KT_STR("expired"), (kt_str){0}));
    s.state = ABANDONED;
    s.outcome = KT_STR("expired");
    s.finished_at = kt_now(tx);
    KT_TRY(kt_update(tx, &s.rec));
    return finished(tx, &s);
}

kt_error *sessions_expire(kt_tx *tx, const kt_record *params, kt_record *result)
{
    int64_t asked = KT_SEE(expire, params)->limit, limit = asked > 0 && asked <= 5000 ? asked : 500;
    const kt_where where[] = {KT_WHERE(session, expires_at, KT_LT, kt_now(tx)), {0}};
    const kt_query query = {.of = &session_shape,
        .where = where,
        .sort = "expires_at",
        .filter = KT_STR("[[\"state\",\"in\",[\"running\",\"paused\"]]]")};
    kt_found left;
    KT_TRY(kt_find(tx, &query, (size_t)limit, &left));
    for (size_t i = 0; i < left.count; i++)
        KT_TRY(abandon(tx, left.ids[i]));
    KT_AS(sessions_expired, result)->abandoned = (int64_t)left.count;
    KT_AS(sessions_expired, result)->more = left.more;
    return NULL;
}

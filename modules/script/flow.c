/* Reading a script's text, line by line. Problems are collected: a script with ten mistakes is told ten. */
#include "flow.h"

#include <stdlib.h>
#include <string.h>

typedef struct {
    kt_tx *tx;
    struct flow *flow;
    struct node *node;    /* what the lines now belong to; NULL: nothing yet */
    struct deeds *deeds;  /* where what is done on the way goes */
    kt_str group;         /* of the nodes that follow */
    const char *at, *end; /* the rest of the line */
    size_t line;
    kt_error *all;
} reader;

bool str_same(kt_str a, kt_str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool str_equals(kt_str a, const char *b)
{
    return a.len == strlen(b) && memcmp(a.ptr ? a.ptr : "", b, a.len) == 0;
}

const char *flow_named(kt_tx *tx, kt_str name)
{
    kt_str made = name.ptr ? kt_format(tx, " \"%s\"", name.ptr) : (kt_str){0};
    return made.ptr ? made.ptr : "";
}

#define NONE                 ((kt_str){0})
#define SAY(r, en, pl, what) kt_also(&(r)->all, FLOW_PROBLEM((r)->tx, (r)->line, en, pl, what))

static const char *const node_kinds[] = {
    [STEP] = "step", [OBJECTION] = "objection", [BRANCH] = "branch", [SUB_SCRIPT] = "run", [END] = "end"};

kt_str node_kind_name(enum node_kind kind)
{
    return (kt_str){node_kinds[kind], strlen(node_kinds[kind])};
}

/* ---- Words of a line ---- */

static void blanks(reader *r)
{
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\t'))
        r->at++;
}

static kt_str copy(reader *r, const char *from, size_t len)
{
    return kt_format(r->tx, "%.*s", (int)len, from);
}

/* The next word; empty at the end of the line. */
static kt_str word(reader *r)
{
    blanks(r);
    const char *from = r->at;
    while (r->at < r->end && *r->at != ' ' && *r->at != '\t')
        r->at++;
    return copy(r, from, (size_t)(r->at - from));
}

static bool next_is(reader *r, const char *wanted)
{
    reader ahead = *r;
    if (!str_equals(word(&ahead), wanted))
        return false;
    r->at = ahead.at;
    return true;
}

/* A text in double quotes, "\"" and "\\" within; not set, and no problem, if there is none. */
static kt_str quoted(reader *r)
{
    blanks(r);
    if (r->at == r->end || *r->at != '"')
        return (kt_str){0};
    char *made = kt_alloc(r->tx, (size_t)(r->end - r->at) + 1);
    size_t len = 0;
    for (r->at++; made && r->at < r->end && *r->at != '"'; r->at++) {
        if (*r->at == '\\' && r->at + 1 < r->end)
            r->at++;
        made[len++] = *r->at;
    }
    if (r->at == r->end)
        SAY(r, "the quotation mark is not closed", "cudzysłów nie jest zamknięty", NONE);
    else
        r->at++;
    return (kt_str){made, made ? len : 0};
}

static kt_str rest(reader *r)
{
    blanks(r);
    const char *from = r->at;
    r->at = r->end;
    return copy(r, from, (size_t)(r->end - from));
}

static kt_str name(reader *r)
{
    kt_str made = word(r);
    if (!made.len)
        SAY(r, "a name is missing", "brakuje nazwy", NONE);
    return made;
}

static kt_str target(reader *r)
{
    if (!next_is(r, "->"))
        return (kt_str){0};
    return name(r);
}

static void ended(reader *r)
{
    kt_str more = rest(r);
    if (more.len)
        SAY(r, "nothing was expected at", "nic nie powinno stać przy", more);
}

/* Up to the last "->": a JSON text may have blanks. */
static kt_str before_target(reader *r)
{
    blanks(r);
    const char *from = r->at, *arrow = NULL;
    for (const char *p = from; p + 1 < r->end; p++)
        if (p[0] == '-' && p[1] == '>')
            arrow = p;
    if (!arrow) {
        SAY(r, "\"->\" and the next step are missing", "brakuje „->” i następnego kroku", NONE);
        r->at = r->end;
        return (kt_str){0};
    }
    r->at = arrow;
    while (arrow > from && (arrow[-1] == ' ' || arrow[-1] == '\t'))
        arrow--;
    return copy(r, from, (size_t)(arrow - from));
}

/* Room for one more of `size` bytes behind `count` of them. */
static void *grown(reader *r, void *items, size_t count, size_t size)
{
    if (count && (count < 4 || (count & (count - 1)) != 0))
        return items;
    char *made = kt_alloc(r->tx, (count < 4 ? 4 : count * 2) * size);
    if (made && count)
        memcpy(made, items, count * size);
    if (!made)
        kt_also(
            &r->all, kt_fail(r->tx, KT_LIMIT, "source", "the script is too large", "skrypt jest za duży"));
    return made;
}

#define GROW(r, items, count) ((items) = grown((r), (items), (count), sizeof *(items)))

/* ---- What is done on the way ---- */

static int64_t minutes(reader *r)
{
    static const struct {
        const char *unit;
        int64_t minutes;
    } units[] = {{"minutes", 1}, {"hours", 60}, {"days", 1440}, {"minute", 1}, {"hour", 60}, {"day", 1440}};
    kt_str number = next_is(r, "in") ? word(r) : (kt_str){0};
    kt_str unit = word(r);
    char *end = NULL;
    long n = number.len ? strtol(number.ptr, &end, 10) : 0;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (str_equals(unit, units[i].unit) && n > 0 && n < 100000 && end && !*end)
            return n * units[i].minutes;
    SAY(r, "expected \"in 2 days\", hours or minutes", "oczekiwano „in 2 days”, hours albo minutes", NONE);
    return 0;
}

static void deed(reader *r, enum deed_kind kind)
{
    struct deed d = {.kind = kind, .line = r->line};
    if (kind == SET || kind == RUN_ACTION) {
        d.name = name(r);
        d.value = rest(r);
        if (kind == SET && !d.value.len)
            SAY(r, "the value of the field is missing", "brakuje wartości pola", d.name);
        if (!d.value.len)
            d.value = (kt_str){0};
    }
    if (kind == TASK && !(d.name = quoted(r)).len)
        SAY(r, "a task needs its title in quotation marks", "zadanie potrzebuje tytułu w cudzysłowie", NONE);
    if (kind == TASK || kind == CALLBACK)
        d.minutes = minutes(r);
    if (r->deeds && GROW(r, r->deeds->items, r->deeds->count))
        r->deeds->items[r->deeds->count++] = d;
}

/* ---- Statements within a node ---- */

static void add_text(reader *r, kt_str *to)
{
    kt_str more = rest(r);
    *to = to->ptr ? kt_format(r->tx, "%s\n%s", to->ptr, more.ptr ? more.ptr : "") : more;
}

static void show(reader *r)
{
    kt_str what = word(r);
    if (str_equals(what, "goods"))
        r->node->shows_goods = true;
    else if (str_equals(what, "orders"))
        r->node->shows_orders = true;
    else
        SAY(r, "goods or orders are shown, not", "pokazuje się goods albo orders, nie", what);
}

static void answer(reader *r)
{
    struct node *n = r->node;
    struct choice c = {.name = name(r), .line = r->line};
    c.text = quoted(r);
    c.target = target(r);
    if (node_answer(n, c.name))
        SAY(r, "there are two answers", "są dwie odpowiedzi", c.name);
    if (!c.target.ptr)
        SAY(r, "no step follows the answer", "żaden krok nie następuje po odpowiedzi", c.name);
    if (!GROW(r, n->answers, n->answer_count))
        return;
    n->answers[n->answer_count] = c;
    r->deeds = &n->answers[n->answer_count++].deeds;
}

static void options(reader *r, struct ask *a)
{
    kt_str option;
    while ((option = quoted(r)).ptr)
        if (GROW(r, a->options, a->option_count))
            a->options[a->option_count++] = option;
    if (a->option_count < 2)
        SAY(r, "a choice needs two options at least, in quotation marks",
            "wybór potrzebuje co najmniej dwóch opcji w cudzysłowach", a->name);
}

/* A decimal as people write it: -12.50 */
static kt_dec decimal(reader *r)
{
    kt_str s = word(r);
    size_t i = s.len && s.ptr[0] == '-';
    int64_t coef = 0;
    int scale = -1;
    for (; i < s.len && i < 18; i++) {
        if (s.ptr[i] == '.' && scale < 0)
            scale = 0;
        else if (s.ptr[i] >= '0' && s.ptr[i] <= '9') {
            coef = coef * 10 + (s.ptr[i] - '0');
            scale += scale >= 0;
        } else
            break;
    }
    if (!s.len || i < s.len || scale > KT_DEC_SCALE_MAX)
        SAY(r, "expected a number instead of", "oczekiwano liczby zamiast", s);
    return KT_DEC(s.len && s.ptr[0] == '-' ? -coef : coef, scale > 0 ? scale : 0);
}

static void ask(reader *r)
{
    static const char *const kinds[] = {[ASK_TEXT] = "text",
        [ASK_NUMBER] = "number",
        [ASK_MONEY] = "money",
        [ASK_DATE] = "date",
        [ASK_YES_NO] = "yes_no",
        [ASK_ONE] = "one",
        [ASK_MANY] = "many",
        [ASK_ITEMS] = "items"};
    struct node *n = r->node;
    struct ask a = {.name = name(r), .line = r->line};
    kt_str kind = word(r);
    for (enum ask_kind k = ASK_TEXT; k <= ASK_ITEMS; k++)
        if (str_equals(kind, kinds[k]))
            a.kind = k;
    if (!a.kind)
        SAY(r, "expected text, number, money, date, yes_no, one, many or items, not",
            "oczekiwano text, number, money, date, yes_no, one, many albo items, nie", kind);
    a.label = quoted(r);
    if (a.kind == ASK_ONE || a.kind == ASK_MANY)
        options(r, &a);
    for (;;) {
        if (next_is(r, "required"))
            a.required = true;
        else if (next_is(r, "save"))
            a.save = name(r);
        else if (next_is(r, "min"))
            a.least = decimal(r);
        else if (next_is(r, "max"))
            a.most = decimal(r);
        else
            break;
    }
    if (GROW(r, n->asks, n->ask_count))
        n->asks[n->ask_count++] = a;
}

static void when(reader *r, bool otherwise)
{
    struct node *n = r->node;
    struct when w = {.line = r->line};
    if (!otherwise) {
        w.lua = next_is(r, "lua");
        w.filter = before_target(r);
    }
    w.target = target(r);
    if (n->when_count && !n->whens[n->when_count - 1].filter.ptr)
        SAY(r, "nothing comes after \"else\"", "po „else” nic nie następuje", NONE);
    if (!w.target.ptr)
        SAY(r, "\"->\" and the next step are missing", "brakuje „->” i następnego kroku", NONE);
    if (GROW(r, n->whens, n->when_count))
        n->whens[n->when_count++] = w;
}

enum { IN_STEP = 1, IN_OBJECTION = 2, IN_BRANCH = 4, IN_END = 8, SPOKEN = IN_STEP | IN_OBJECTION };
enum word_kind {
    W_SAY,
    W_HINT,
    W_NEVER,
    W_TIMER,
    W_SHOW,
    W_ANSWER,
    W_ASK,
    W_NEXT,
    W_WHEN,
    W_ELSE,
    W_SET,
    W_DO,
    W_TASK,
    W_CALLBACK,
    W_DNC
};
static const struct statement {
    const char *word;
    unsigned where;
    enum word_kind kind;
} statements[] = {
    {"say", SPOKEN | IN_END, W_SAY},
    {"hint", SPOKEN | IN_END, W_HINT},
    {"never", SPOKEN, W_NEVER},
    {"timer", SPOKEN, W_TIMER},
    {"show", SPOKEN, W_SHOW},
    {"answer", SPOKEN, W_ANSWER},
    {"ask", SPOKEN, W_ASK},
    {"->", SPOKEN, W_NEXT},
    {"when", IN_BRANCH, W_WHEN},
    {"else", IN_BRANCH, W_ELSE},
    {"set", SPOKEN | IN_END, W_SET},
    {"do", SPOKEN | IN_END, W_DO},
    {"task", SPOKEN | IN_END, W_TASK},
    {"callback", IN_END, W_CALLBACK},
    {"do_not_contact", IN_END, W_DNC},
};

static void statement(reader *r, const struct statement *s)
{
    struct node *n = r->node;
    switch (s->kind) {
    case W_SAY:
        add_text(r, &n->say);
        break;
    case W_HINT:
        add_text(r, &n->hint);
        break;
    case W_NEVER:
        add_text(r, &n->never);
        break;
    case W_TIMER:
        n->timer_s = strtol(word(r).ptr, NULL, 10);
        break;
    case W_SHOW:
        show(r);
        break;
    case W_ANSWER:
        answer(r);
        break;
    case W_ASK:
        ask(r);
        break;
    case W_NEXT:
        n->target = name(r);
        r->deeds = &n->deeds;
        break;
    case W_WHEN:
    case W_ELSE:
        when(r, s->kind == W_ELSE);
        break;
    case W_SET:
        deed(r, SET);
        break;
    case W_DO:
        deed(r, RUN_ACTION);
        break;
    case W_TASK:
        deed(r, TASK);
        break;
    case W_CALLBACK:
        deed(r, CALLBACK);
        break;
    case W_DNC:
        deed(r, DO_NOT_CONTACT);
        break;
    }
    ended(r);
}

/* ---- Nodes ---- */

static void result(reader *r, struct node *n)
{
    kt_str given = word(r);
    n->result = str_equals(given, "won")       ? WON
                : str_equals(given, "lost")    ? LOST
                : str_equals(given, "neutral") ? NEUTRAL
                                               : 0;
    if (!n->result)
        SAY(r, "an end is won, lost or neutral", "koniec jest won, lost albo neutral", n->name);
}

static void node(reader *r, enum node_kind kind)
{
    struct node n = {.kind = kind, .name = name(r), .group = r->group, .line = r->line};
    if (flow_node(r->flow, n.name))
        SAY(r, "there are two steps", "są dwa kroki", n.name);
    if (str_equals(n.name, "return"))
        SAY(r, "is the word for going back from an objection:", "to słowo na powrót z obiekcji:", n.name);
    n.title = kind == SUB_SCRIPT ? (kt_str){0} : quoted(r);
    if (kind == SUB_SCRIPT) {
        n.script = name(r);
        n.target = target(r);
        if (!n.target.ptr)
            SAY(r, "no step follows the other script", "żaden krok nie następuje po drugim skrypcie", n.name);
    }
    if (kind == END)
        result(r, &n);
    ended(r);
    if (!GROW(r, r->flow->nodes, r->flow->count))
        return;
    r->flow->nodes[r->flow->count] = n;
    r->node = &r->flow->nodes[r->flow->count++];
    r->deeds = &r->node->deeds;
}

/* What follows belongs to it, until the next one. */
static void group(reader *r)
{
    r->group = quoted(r);
    if (!r->group.len)
        SAY(r, "a group needs its title in quotation marks", "grupa potrzebuje tytułu w cudzysłowie", NONE);
    ended(r);
    r->node = NULL;
}

static unsigned place(const struct node *n)
{
    static const unsigned places[] = {
        [STEP] = IN_STEP, [OBJECTION] = IN_OBJECTION, [BRANCH] = IN_BRANCH, [END] = IN_END, [SUB_SCRIPT] = 0};
    return places[n->kind];
}

static void read_line(reader *r)
{
    kt_str first = word(r);
    if (!first.len || first.ptr[0] == '#')
        return;
    if (str_equals(first, "group")) {
        group(r);
        return;
    }
    for (enum node_kind k = STEP; k <= END; k++)
        if (str_equals(first, node_kinds[k])) {
            node(r, k);
            return;
        }
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++)
        if (str_equals(first, statements[i].word)) {
            if (r->node && (statements[i].where & place(r->node)))
                statement(r, &statements[i]);
            else
                SAY(r, "does not belong here:", "nie pasuje w tym miejscu:", first);
            return;
        }
    SAY(r, "nobody knows the word", "nieznane słowo", first);
}

kt_error *flow_read(kt_tx *tx, kt_str text, struct flow *flow)
{
    *flow = (struct flow){0};
    reader r = {.tx = tx, .flow = flow};
    const char *p = text.ptr, *stop = text.ptr ? text.ptr + text.len : NULL;
    while (p && p < stop) {
        const char *eol = memchr(p, '\n', (size_t)(stop - p));
        r.at = p;
        r.end = eol ? eol : stop;
        p = eol ? eol + 1 : stop;
        if (r.end > r.at && r.end[-1] == '\r')
            r.end--;
        r.line++;
        read_line(&r);
    }
    if (!r.all)
        flow_check(tx, flow, &r.all);
    return r.all;
}

kt_error *flow_json(kt_tx *tx, kt_str text, const kt_value **value)
{
    const kt_value *list;
    KT_TRY(kt_json_read(tx, kt_format(tx, "[%s]", text.ptr), &list));
    if (kt_value_count(list) != 1)
        return kt_fail(
            tx, KT_VALIDATION, "source", "expected one JSON value", "oczekiwano jednej wartości JSON");
    *value = &list->as.array.items[0];
    return NULL;
}

/* ---- Finding ---- */

const struct node *flow_node(const struct flow *flow, kt_str wanted)
{
    for (size_t i = 0; i < flow->count; i++)
        if (str_same(flow->nodes[i].name, wanted))
            return &flow->nodes[i];
    return NULL;
}

const struct choice *node_answer(const struct node *n, kt_str wanted)
{
    for (size_t i = 0; i < n->answer_count; i++)
        if (str_same(n->answers[i].name, wanted))
            return &n->answers[i];
    return NULL;
}

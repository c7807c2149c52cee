/* Directories for reading, and the methods that show them. */
#include "directory.h"

#include <stdlib.h>
#include <string.h>

#include <kontor/list.h>

enum { SORT_STEP = 10, SOURCES_MAX = 200 };

const kt_shape directory_word_shape = KT_SHAPE(directory_word, "bitrix24.word",
    KT_FIELD(directory_word, directory, STRING, "Directory", "Słownik", .required = true, .max = 50,
        .fixed = true),
    KT_FIELD(directory_word, code, STRING, "Code", "Kod", .required = true, .max = 50, .fixed = true),
    KT_FIELD(directory_word, name, STRING, "Name", "Nazwa", .required = true, .max = 255, .searchable = true),
    KT_FIELD(directory_word, sort, INT, "Position", "Kolejność"),
    KT_FIELD(directory_word, colour, STRING, "Colour", "Kolor", .max = 20));

/* ---- What every account has ---- */

#define PROCESS "open"
static const struct {
    const char *directory, *code;
    kt_text name;
    const char *semantic; /* NULL: a word */
} common[] = {
    {"STATUS", "NEW", {"New", "Nowy"}, "open"},
    {"STATUS", "IN_PROCESS", {"In progress", "W toku"}, "open"},
    {"STATUS", "PROCESSED", {"Qualified", "Zakwalifikowany"}, "open"},
    {"STATUS", "CONVERTED", {"Converted", "Przekształcony"}, "won"},
    {"STATUS", "JUNK", {"Unqualified", "Odrzucony"}, "lost"},
    {"QUOTE_STATUS", "DRAFT", {"Draft", "Szkic"}, "open"},
    {"QUOTE_STATUS", "SENT", {"Sent", "Wysłana"}, "open"},
    {"QUOTE_STATUS", "APPROVED", {"Accepted", "Przyjęta"}, "won"},
    {"QUOTE_STATUS", "DECLAINED", {"Rejected", "Odrzucona"}, "lost"},
    {"QUOTE_STATUS", "EXPIRED", {"Expired", "Wygasła"}, "lost"},
    {"QUOTE_STATUS", "CANCELLED", {"Cancelled", "Anulowana"}, "lost"},
    {"SOURCE", "CALL", {"Call", "Telefon"}, NULL},
    {"SOURCE", "EMAIL", {"E-mail", "E-mail"}, NULL},
    {"SOURCE", "WEB", {"Website", "Strona internetowa"}, NULL},
    {"SOURCE", "ADVERTISING", {"Advertising", "Reklama"}, NULL},
    {"SOURCE", "PARTNER", {"Existing customer", "Obecny klient"}, NULL},
    {"SOURCE", "RECOMMENDATION", {"Recommendation", "Polecenie"}, NULL},
    {"SOURCE", "TRADE_SHOW", {"Trade show", "Targi"}, NULL},
    {"SOURCE", "WEBFORM", {"Form on the web", "Formularz"}, NULL},
    {"SOURCE", "CALLBACK", {"Call back", "Oddzwonienie"}, NULL},
    {"SOURCE", "STORE", {"Shop on the web", "Sklep internetowy"}, NULL},
    {"SOURCE", "OTHER", {"Other", "Inne"}, NULL},
    {"CONTACT_TYPE", "CLIENT", {"Customer", "Klient"}, NULL},
    {"CONTACT_TYPE", "SUPPLIER", {"Supplier", "Dostawca"}, NULL},
    {"CONTACT_TYPE", "PARTNER", {"Partner", "Partner"}, NULL},
    {"CONTACT_TYPE", "OTHER", {"Other", "Inny"}, NULL},
    {"COMPANY_TYPE", "CUSTOMER", {"Customer", "Klient"}, NULL},
    {"COMPANY_TYPE", "SUPPLIER", {"Supplier", "Dostawca"}, NULL},
    {"COMPANY_TYPE", "COMPETITOR", {"Competitor", "Konkurent"}, NULL},
    {"COMPANY_TYPE", "PARTNER", {"Partner", "Partner"}, NULL},
    {"COMPANY_TYPE", "OTHER", {"Other", "Inna"}, NULL},
    {"EMPLOYEES", "EMPLOYEES_1", {"Fewer than 50", "Mniej niż 50"}, NULL},
    {"EMPLOYEES", "EMPLOYEES_2", {"50 to 250", "Od 50 do 250"}, NULL},
    {"EMPLOYEES", "EMPLOYEES_3", {"250 to 500", "Od 250 do 500"}, NULL},
    {"EMPLOYEES", "EMPLOYEES_4", {"More than 500", "Więcej niż 500"}, NULL},
    {"INDUSTRY", "IT", {"Information technology", "Informatyka"}, NULL},
    {"INDUSTRY", "TELECOM", {"Telecommunication", "Telekomunikacja"}, NULL},
    {"INDUSTRY", "MANUFACTURING", {"Manufacturing", "Produkcja"}, NULL},
    {"INDUSTRY", "BANKING", {"Banking", "Bankowość"}, NULL},
    {"INDUSTRY", "CONSULTING", {"Consulting", "Doradztwo"}, NULL},
    {"INDUSTRY", "FINANCE", {"Finance", "Finanse"}, NULL},
    {"INDUSTRY", "GOVERNMENT", {"Government", "Administracja"}, NULL},
    {"INDUSTRY", "DELIVERY", {"Delivery", "Dostawy"}, NULL},
    {"INDUSTRY", "ENTERTAINMENT", {"Entertainment", "Rozrywka"}, NULL},
    {"INDUSTRY", "NOTPROFIT", {"Not for profit", "Organizacja pożytku"}, NULL},
    {"INDUSTRY", "OTHER", {"Other", "Inna"}, NULL},
    {"DEAL_TYPE", "SALE", {"Sale", "Sprzedaż"}, NULL},
    {"DEAL_TYPE", "COMPLEX", {"Integrated sale", "Sprzedaż złożona"}, NULL},
    {"DEAL_TYPE", "GOODS", {"Goods", "Towary"}, NULL},
    {"DEAL_TYPE", "SERVICES", {"Services", "Usługi"}, NULL},
    {"DEAL_TYPE", "SERVICE", {"Maintenance", "Serwis"}, NULL},
    {"HONORIFIC", "HNR_EN_1", {"Mr", "Pan"}, NULL},
    {"HONORIFIC", "HNR_EN_2", {"Ms", "Pani"}, NULL},
    {"CALL_LIST", "IN_WORK", {"In progress", "W toku"}, NULL},
    {"CALL_LIST", "SUCCESS", {"Reached", "Dodzwoniono się"}, NULL},
    {"CALL_LIST", "WRONG_NUMBER", {"Wrong number", "Zły numer"}, NULL},
    {"CALL_LIST", "STOP_CALLING", {"Call no more", "Nie dzwonić"}, NULL},
};

bool directory_of_words(kt_str directory)
{
    for (size_t i = 0; i < sizeof common / sizeof *common; i++)
        if (b24_is(directory, common[i].directory))
            return !common[i].semantic;
    return false;
}

/* ---- Gathering ---- */

typedef struct {
    b24 *b;
    entry_list *list;
    kt_str wanted; /* not set: all */
    const directory_word *words;
    size_t word_count;
} gathering;

/* Ids that stay: by where an entry is from, and its number there. */
static int64_t id_of(entry_source from, uint64_t number)
{
    return (int64_t)(number << 2 | from) + 4;
}

static bool wants(const gathering *g, kt_str directory)
{
    return !g->wanted.len || (directory.ptr && b24_is(g->wanted, directory.ptr));
}

static kt_error *keep(gathering *g, entry e)
{
    entry_list *l = g->list;
    entry *items = kt_grow(g->b->tx, l->items, l->count, &l->room, sizeof e);
    if (!items)
        return kt_no_memory();
    l->items = items;
    l->items[l->count++] = e;
    return NULL;
}

/* The words of all directories, in their order: the module's own record of them, whoever asks. */
static kt_error *load_words(gathering *g)
{
    kt_query query = {.of = &directory_word_shape, .sort = "directory,sort,id"};
    kt_found found;
    kt_authority before = kt_own_authority(g->b->tx);
    kt_error *error = kt_find(g->b->tx, &query, 0, &found);
    directory_word *words = error ? NULL : kt_alloc(g->b->tx, (found.count + 1) * sizeof *words);
    for (size_t i = 0; !error && words && i < found.count; i++) {
        words[i] = (directory_word){KT_OF(directory_word)};
        error = kt_read(g->b->tx, found.ids[i], &words[i].rec);
    }
    kt_callers_authority(g->b->tx, before);
    if (error || !words)
        return error ? error : kt_no_memory();
    g->words = words;
    g->word_count = found.count;
    return NULL;
}

static bool is_same(kt_str a, kt_str b)
{
    return a.len == b.len && (!a.len || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static const directory_word *word_named(const gathering *g, kt_str directory, kt_str code)
{
    for (size_t i = 0; i < g->word_count; i++)
        if (is_same(g->words[i].directory, directory) && is_same(g->words[i].code, code))
            return &g->words[i];
    return NULL;
}

static bool is_common(kt_str directory, kt_str code)
{
    for (size_t i = 0; i < sizeof common / sizeof *common; i++)
        if (b24_is(directory, common[i].directory) && b24_is(code, common[i].code))
            return true;
    return false;
}

static kt_error *add_common(gathering *g)
{
    int64_t sort = 0;
    for (size_t i = 0; i < sizeof common / sizeof *common; i++) {
        kt_str directory = b24_str(common[i].directory).as.string, code = b24_str(common[i].code).as.string;
        const directory_word *w = common[i].semantic ? NULL : word_named(g, directory, code);
        sort = i && strcmp(common[i].directory, common[i - 1].directory) == 0 ? sort + SORT_STEP : SORT_STEP;
        entry e = {.id = id_of(OF_STATE, i),
            .from = common[i].semantic ? OF_STATE : OF_WORD,
            .directory = directory,
            .code = code,
            .name = w ? w->name : kt_say(g->b->tx, common[i].name),
            .colour = w ? w->colour : (kt_str){0},
            .sort = w && w->sort ? w->sort : sort,
            .system = true,
            .semantic = b24_str(common[i].semantic ? common[i].semantic : PROCESS).as.string,
            .word = w ? w->rec.id : (kt_id){0}};
        if (wants(g, directory))
            KT_TRY(keep(g, e));
    }
    return NULL;
}

static kt_error *add_words(gathering *g)
{
    for (size_t i = 0; i < g->word_count; i++) {
        const directory_word *w = &g->words[i];
        entry e = {.id = id_of(OF_WORD, w->rec.id.v),
            .from = OF_WORD,
            .directory = w->directory,
            .code = w->code,
            .name = w->name,
            .colour = w->colour,
            .sort = w->sort,
            .word = w->rec.id,
            .semantic = KT_STR(PROCESS)};
        if (wants(g, w->directory) && !is_common(w->directory, w->code))
            KT_TRY(keep(g, e));
    }
    return NULL;
}

static bool is_standard(kt_str code)
{
    return code.ptr && !strstr(code.ptr, "UC_");
}

static kt_error *add_stages(gathering *g, const kt_value *pipeline)
{
    b24 *b = g->b;
    int64_t id = b24_int_at(pipeline, "id"), category;
    KT_TRY(category_theirs(b, id, &category));
    kt_str of = category ? kt_format(b->tx, "DEAL_STAGE_%lld", (long long)category) : KT_STR("DEAL_STAGE");
    const kt_value *stages = kt_value_get(pipeline, "stages");
    if (!wants(g, of))
        return NULL;
    for (size_t i = 0; i < kt_value_count(stages); i++) {
        const kt_value *s = &stages->as.array.items[i];
        int64_t stage = b24_int_at(s, "id");
        kt_str code;
        KT_TRY(stage_theirs(b, id, stage, &code));
        entry e = {.id = id_of(OF_STAGE, (uint64_t)id << 16 | (uint64_t)stage),
            .from = OF_STAGE,
            .directory = of,
            .code = code,
            .name = kt_value_get_str(s, "name"),
            .colour = kt_value_get_str(s, "colour"),
            .semantic = kt_value_get_str(s, "semantic"),
            .sort = stage_sort(stages, b24_int_at(s, "position")),
            .category = category,
            .pipeline = id,
            .stage = stage,
            .system = is_standard(code)};
        KT_TRY(keep(g, e));
    }
    return NULL;
}

static uint64_t hash(kt_str s)
{
    uint64_t h = 14695981039346656037U; /* FNV-1a */
    for (size_t i = 0; i < s.len; i++)
        h = (h ^ (unsigned char)s.ptr[i]) * 1099511628211U;
    return h & 0xffffffffU;
}

/* Sources are free text in deals: those that are used and in no list. */
static kt_error *add_sources(gathering *g)
{
    kt_tx *tx = g->b->tx;
    kt_maker p = KT_MAKE_OBJECT, measures = KT_MAKE_OBJECT;
    const kt_value *found;
    if (!wants(g, KT_STR("SOURCE")))
        return NULL;
    kt_put(tx, &measures, "used", b24_str("count"));
    kt_put(tx, &p, "group", b24_words(tx, "source"));
    kt_put(tx, &p, "measures", measures.value);
    kt_put(tx, &p, "limit", kt_value_int(SOURCES_MAX));
    KT_TRY(kt_call(tx, "crm.deal.aggregate", &p.value, &found));
    const kt_value *rows = kt_value_get(found, "rows");
    for (size_t i = 0; i < kt_value_count(rows); i++) {
        kt_str source = kt_value_get_str(&rows->as.array.items[i], "source");
        entry e = {.id = id_of(OF_USE, hash(source)),
            .from = OF_USE,
            .directory = KT_STR("SOURCE"),
            .code = source,
            .name = source,
            .semantic = KT_STR(PROCESS),
            .sort = SOURCES_MAX * SORT_STEP};
        if (source.len && !is_common(e.directory, source) && !word_named(g, e.directory, source))
            KT_TRY(keep(g, e));
    }
    return NULL;
}

static int by_directory(const void *a, const void *b)
{
    const entry *one = a, *two = b;
    int order = strcmp(one->directory.ptr, two->directory.ptr);
    if (order)
        return order;
    return one->sort != two->sort ? (one->sort > two->sort) - (one->sort < two->sort)
                                  : (one->id > two->id) - (one->id < two->id);
}

kt_error *directory_read(b24 *b, kt_str directory, entry_list *list)
{
    gathering g = {.b = b, .list = list, .wanted = directory};
    const kt_value *rows;
    *list = (entry_list){0};
    KT_TRY(load_words(&g));
    KT_TRY(add_common(&g));
    KT_TRY(add_words(&g));
    KT_TRY(b24_pipelines(b, &rows));
    for (size_t i = 0; i < kt_value_count(rows); i++)
        KT_TRY(add_stages(&g, &rows->as.array.items[i]));
    KT_TRY(add_sources(&g));
    if (list->count)
        qsort(list->items, list->count, sizeof *list->items, by_directory);
    return NULL;
}

kt_error *directory_pipeline(b24 *b, kt_str directory, int64_t *pipeline, int64_t *category)
{
    static const char prefix[] = "DEAL_STAGE";
    size_t n = sizeof prefix - 1;
    *pipeline = *category = 0;
    if (directory.len < n || memcmp(directory.ptr, prefix, n) != 0)
        return NULL;
    kt_value number = kt_value_str((kt_str){directory.ptr + n + 1, directory.len - n - 1});
    if (directory.len > n && (directory.ptr[n] != '_' || !b24_int(&number, category)))
        return NULL;
    return category_ours(b, *category, pipeline);
}

/* ---- Showing ---- */

kt_value entry_show(b24 *b, const entry *e)
{
    kt_tx *tx = b->tx;
    kt_maker m = KT_MAKE_OBJECT, extra = KT_MAKE_OBJECT;
    bool won = b24_is(e->semantic, "won"), lost = b24_is(e->semantic, "lost");
    bool staged = e->from == OF_STATE || e->from == OF_STAGE;
    kt_value colour = e->colour.len ? kt_value_str(e->colour) : (kt_value){0};
    kt_put(tx, &m, "ID", kt_value_str(kt_format(tx, "%lld", (long long)e->id)));
    kt_put(tx, &m, "ENTITY_ID", kt_value_str(e->directory));
    kt_put(tx, &m, "STATUS_ID", kt_value_str(e->code));
    kt_put(tx, &m, "NAME", kt_value_str(e->name));
    kt_put(tx, &m, "NAME_INIT", e->system ? kt_value_str(e->name) : b24_str(""));
    kt_put(tx, &m, "SORT", kt_value_str(kt_format(tx, "%lld", (long long)e->sort)));
    kt_put(tx, &m, "SYSTEM", b24_str(e->system ? "Y" : "N"));
    kt_put(tx, &m, "CATEGORY_ID",
        e->category ? kt_value_str(kt_format(tx, "%lld", (long long)e->category)) : (kt_value){0});
    kt_put(tx, &m, "COLOR", colour);
    kt_put(tx, &m, "SEMANTICS", won ? b24_str("S") : lost ? b24_str("F") : (kt_value){0});
    kt_put(tx, &extra, "SEMANTICS", b24_str(won ? "success" : lost ? "failure" : "process"));
    kt_put(tx, &extra, "COLOR", colour);
    if (staged)
        kt_put(tx, &m, "EXTRA", extra.value);
    return m.value;
}

/* ---- Methods ---- */

static kt_error *status_list(b24 *b, const kt_value *params, answer *a)
{
    static const char *const known[] = {"ENTITY_ID", "STATUS_ID", "ID", "NAME", "SEMANTICS", "SYSTEM", NULL};
    const kt_value *filter = b24_param(params, "filter");
    kt_maker all = KT_MAKE_ARRAY;
    entry_list list;
    for (size_t i = 0; i < kt_value_count(filter); i++) {
        bool found = false;
        for (const char *const *k = known; filter->kind == KT_VALUE_OBJECT && *k; k++)
            found = found || b24_is(filter->as.object.members[i].name, *k);
        if (!found)
            return b24_fail(b->tx, "ERROR_ARGUMENT",
                "directories are filtered by ENTITY_ID, STATUS_ID, ID, NAME, SEMANTICS, SYSTEM",
                "słowniki filtruje się po ENTITY_ID, STATUS_ID, ID, NAME, SEMANTICS, SYSTEM");
    }
    KT_TRY(directory_read(b, b24_given(b, filter, "ENTITY_ID"), &list));
    for (size_t i = 0; i < list.count; i++) {
        kt_value one = entry_show(b, &list.items[i]);
        bool fits = true;
        for (const char *const *k = known; *k; k++) {
            kt_str wanted = b24_given(b, filter, *k), own = kt_value_get_str(&one, *k);
            fits = fits && (!wanted.len || is_same(wanted, own));
        }
        if (fits)
            kt_add(b->tx, &all, one);
    }
    return b24_page(b, params, all.value, a);
}

static kt_error *status_get(b24 *b, const kt_value *params, answer *a)
{
    const kt_value *given = b24_param(params, "ID");
    entry_list list;
    int64_t id;
    KT_TRY(directory_read(b, (kt_str){0}, &list));
    for (size_t i = 0; given && b24_int(given, &id) && i < list.count; i++)
        if (list.items[i].id == id) {
            a->result = entry_show(b, &list.items[i]);
            return NULL;
        }
    return b24_fail(b->tx, "NOT_FOUND", "Not found", "Nie znaleziono");
}

static kt_error *status_items(b24 *b, const kt_value *params, answer *a)
{
    kt_str directory = b24_given(b, params, "entityId");
    kt_maker all = KT_MAKE_ARRAY;
    entry_list list;
    if (!directory.len)
        return b24_fail(b->tx, "ERROR_ARGUMENT", "entityId is required", "wymagane jest entityId");
    KT_TRY(directory_read(b, directory, &list));
    for (size_t i = 0; i < list.count; i++) {
        kt_maker m = KT_MAKE_OBJECT;
        kt_put(b->tx, &m, "NAME", kt_value_str(list.items[i].name));
        kt_put(b->tx, &m, "SORT", kt_value_int(list.items[i].sort));
        kt_put(b->tx, &m, "STATUS_ID", kt_value_str(list.items[i].code));
        kt_add(b->tx, &all, m.value);
    }
    a->result = all.value;
    return NULL;
}

/* Where a directory of stages begins and ends. */
static kt_value semantics_of(b24 *b, const entry *first, size_t count)
{
    kt_maker m = KT_MAKE_OBJECT;
    static const name_pair ends[] = {
        {"START_FIELD", "open"}, {"FINAL_SUCCESS_FIELD", "won"}, {"FINAL_UNSUCCESS_FIELD", "lost"}, {0}};
    for (const name_pair *n = ends; n->theirs; n++)
        for (size_t i = 0; i < count; i++)
            if (b24_is(first[i].semantic, n->ours) && !kt_value_get(&m.value, n->theirs))
                kt_put(b->tx, &m, n->theirs, kt_value_str(first[i].code));
    kt_put(b->tx, &m, "FINAL_SORT", kt_value_int(0));
    return m.value;
}

static kt_error *status_types(b24 *b, const kt_value *params, answer *a)
{
    kt_maker types = KT_MAKE_ARRAY;
    entry_list list;
    size_t end;
    (void)params;
    KT_TRY(directory_read(b, (kt_str){0}, &list));
    for (size_t i = 0; i < list.count; i = end) {
        kt_maker m = KT_MAKE_OBJECT;
        const entry *e = &list.items[i];
        for (end = i; end < list.count && is_same(list.items[end].directory, e->directory);)
            end++;
        kt_put(b->tx, &m, "ID", kt_value_str(e->directory));
        kt_put(b->tx, &m, "NAME", kt_value_str(e->directory));
        if (e->from == OF_STAGE || e->from == OF_STATE)
            kt_put(b->tx, &m, "SEMANTIC_INFO", semantics_of(b, e, end - i));
        if (e->category) {
            kt_put(b->tx, &m, "PARENT_ID", b24_str("DEAL_STAGE"));
            kt_put(b->tx, &m, "CATEGORY_ID", kt_value_int(e->category));
        }
        if (e->from == OF_STAGE)
            kt_put(b->tx, &m, "ENTITY_TYPE_ID", kt_value_int(2));
        kt_add(b->tx, &types, m.value);
    }
    a->result = types.value;
    return NULL;
}

const method directory_methods[] = {
    {"crm.status.list", false, status_list},
    {"crm.status.get", false, status_get},
    {"crm.status.entity.items", false, status_items},
    {"crm.status.entity.types", false, status_types},
    {0},
};

/* Their fields as values of ours. A field that is not known is refused: silently dropping what somebody
 * writes would lose it. */
#include <string.h>

#include "b24.h"

static kt_error *wrong(b24 *b, const row *r, const char *en, const char *pl)
{
    kt_str name = b24_name(b, r);
    return kt_hint(
        kt_fail(b->tx, KT_VALIDATION, name.ptr, "the value cannot be used", "tej wartości nie można użyć"),
        en, pl);
}

static bool is_empty(const kt_value *v)
{
    return v->kind == KT_VALUE_NULL || (v->kind == KT_VALUE_STRING && v->as.string.len == 0);
}

static kt_error *take_name(b24 *b, const row *r, kt_str text, kt_value *ours)
{
    kt_maker several = KT_MAKE_ARRAY; /* one of theirs may stand for some of ours */
    for (const name_pair *n = r->names; n->theirs; n++)
        if (b24_is(text, n->theirs))
            kt_add(b->tx, &several, kt_value_str((kt_str){n->ours, strlen(n->ours)}));
    size_t count = several.value.as.array.count;
    if (!count)
        return wrong(b, r, "Take one of its codes.", "Użyj jednego z jej kodów.");
    *ours = count == 1 ? several.value.as.array.items[0] : several.value;
    return NULL;
}

kt_error *value_take(b24 *b, const row *r, const kt_value *v, kt_value *ours)
{
    int64_t number = 0;
    kt_str text = b24_text(b->tx, v);
    *ours = (kt_value){0};
    if (r->as == AS_FLAG) {
        bool yes = v->kind == KT_VALUE_BOOL ? v->as.boolean : b24_is(text, "Y") || b24_is(text, "1");
        *ours = kt_value_bool(yes);
        return NULL;
    }
    if (is_empty(v))
        return NULL;
    bool is_id = r->as == AS_ID || r->as == AS_COMPANY || r->as == AS_CONTACT || r->as == AS_CATEGORY;
    if (is_id && !b24_int(v, &number))
        return wrong(b, r, "An id is a whole number.", "Id to liczba całkowita.");
    if (r->as == AS_CATEGORY)
        KT_TRY(category_ours(b, number, &number));
    if (is_id) {
        *ours = number || r->as == AS_CATEGORY ? kt_value_int(number) : (kt_value){0};
        return NULL;
    }
    if (r->as == AS_NAME || r->as == AS_STATE || r->as == AS_CLOSED)
        return take_name(b, r, text, ours);
    if (r->as == AS_TIME)
        text = time_ours(b->tx, text);
    if (r->as == AS_DATE)
        text = date_ours(b->tx, text);
    if (!text.ptr && (r->as == AS_TIME || r->as == AS_DATE))
        return wrong(b, r, "Write a time as 2026-11-23T10:00:00+01:00.",
            "Zapisz czas jako 2026-11-23T10:00:00+01:00.");
    if (!text.ptr)
        return wrong(b, r, "A text or number was expected.", "Oczekiwano tekstu albo liczby.");
    *ours = kt_value_str(text);
    return NULL;
}

kt_error *code_take(b24 *b, const char *path, const char *entity, kt_str code, kt_value *id)
{
    kt_maker params = KT_MAKE_OBJECT, filter = KT_MAKE_ARRAY;
    const kt_value *found;
    kt_add(b->tx, &filter, condition(b->tx, "code", "=", kt_value_str(code)));
    kt_put(b->tx, &params, "filter", filter.value);
    KT_TRY(kt_call(b->tx, kt_format(b->tx, "%s.list", entity).ptr, &params.value, &found));
    const kt_value *rows = kt_value_get(found, "rows");
    if (!kt_value_count(rows))
        return kt_fail(b->tx, KT_VALIDATION, path, "nothing here has the code \"%.*s\"",
            "nic tu nie ma kodu „%.*s”", (int)code.len, code.ptr);
    *id = *kt_value_get(&rows->as.array.items[0], "id");
    return NULL;
}

static kt_str lower(kt_tx *tx, kt_str s)
{
    char *to = kt_alloc(tx, s.len + 1);
    for (size_t i = 0; to && i < s.len; i++)
        to[i] = s.ptr[i] >= 'A' && s.ptr[i] <= 'Z' ? (char)(s.ptr[i] - 'A' + 'a') : s.ptr[i];
    return to ? (kt_str){to, s.len} : KT_STR("");
}

/* What a request's fields gather before they are put into the values. */
typedef struct {
    b24 *b;
    const entity *of;
    const kt_value *fields, *before;
    taken *to;
    kt_maker values, lines, address, kept;
    int64_t owner, owner_type;
    kt_str parts[NAME_PARTS];
    bool given[NAME_PARTS];
    bool multi, addressed, party;
} taking;

static void put(taking *t, const char *name, kt_value value)
{
    if (!kt_value_get(&t->values.value, name))
        kt_put(t->b->tx, &t->values, name, value);
}

/* ---- Multi-fields: [{VALUE, VALUE_TYPE, ID?}] ---- */

/* One item as it is written; what is not given has no pointer. */
typedef struct {
    int64_t id;
    kt_str value, use, note;
    bool removed;
} item;

/* Types that we have no use for are kept as they are, in the note. */
static void read_type(b24 *b, kt_str type, item *i)
{
    static const char *const uses[] = {"work", "mobile", "home", "other"};
    kt_str small = lower(b->tx, type);
    for (size_t k = 0; k < sizeof uses / sizeof *uses; k++)
        if (b24_is(small, uses[k]))
            i->use = small;
    i->note = i->use.ptr ? KT_STR("") : type;
    i->use = i->use.ptr ? i->use : KT_STR("other");
}

static kt_error *read_item(b24 *b, const row *r, const kt_value *v, bool known, item *i)
{
    const kt_value *id = b24_param(v, "ID"), *value = b24_param(v, "VALUE"), *gone = b24_param(v, "DELETE");
    const kt_value *type = b24_param(v, "VALUE_TYPE") ? b24_param(v, "VALUE_TYPE")
                                                      : b24_param(v, "valueType");
    kt_str code = type ? b24_text(b->tx, type) : (kt_str){0};
    *i = (item){0};
    if (v->kind != KT_VALUE_OBJECT || (!value && !id))
        return wrong(b, r, "Write a list of {VALUE, VALUE_TYPE}.", "Zapisz listę {VALUE, VALUE_TYPE}.");
    if (known && id && !b24_int(id, &i->id))
        return wrong(b, r, "An id is a whole number.", "Id to liczba całkowita.");
    i->value = value ? b24_text(b->tx, value) : (kt_str){0};
    i->removed = (value && !i->value.len) || (gone && b24_is(b24_text(b->tx, gone), "Y"));
    if (code.len)
        read_type(b, code, i);
    else if (!i->id)
        i->use = KT_STR("work");
    return NULL;
}

static void take_first(taking *t, const row *r, const item *i)
{
    const char *use = kt_format(t->b->tx, "%s_use", r->first).ptr;
    if (i->removed || i->value.len)
        put(t, r->first, i->removed ? (kt_value){0} : kt_value_str(i->value));
    if (i->removed || i->use.ptr)
        put(t, use, i->removed ? (kt_value){0} : kt_value_str(i->use));
}

/* Is there room for it in the field of the first one? */
static bool may_be_first(const taking *t, const row *r, const item *i)
{
    bool plain = !i->note.len && (!t->before || !kt_value_get_str(t->before, r->first).len);
    return plain && !kt_value_get(&t->values.value, r->first);
}

static void add_line(taking *t, const row *r, const item *i)
{
    kt_tx *tx = t->b->tx;
    kt_maker line = KT_MAKE_OBJECT;
    if (i->id)
        kt_put(tx, &line, "id", kt_value_int(i->id - LINE_IDS));
    else
        kt_put(tx, &line, "kind", kt_value_str((kt_str){r->detail, strlen(r->detail)}));
    if (i->value.len)
        kt_put(tx, &line, "value", kt_value_str(i->value));
    if (i->use.ptr) {
        kt_put(tx, &line, "use", kt_value_str(i->use));
        if (i->note.len || i->id)
            kt_put(tx, &line, "note", i->note.len ? kt_value_str(i->note) : (kt_value){0});
    }
    kt_add(tx, &t->lines, line.value);
}

static kt_error *take_multi(taking *t, const row *r, const kt_value *list)
{
    if (list->kind != KT_VALUE_ARRAY && list->kind != KT_VALUE_OBJECT && !is_empty(list))
        return wrong(t->b, r, "Write a list of {VALUE, VALUE_TYPE}.", "Zapisz listę {VALUE, VALUE_TYPE}.");
    t->multi = true;
    for (size_t k = 0; k < kt_value_count(list); k++) {
        item i;
        KT_TRY(read_item(t->b, r, b24_item(list, k), t->before != NULL, &i));
        bool is_first = r->first && (i.id ? i.id == first_id(r) : may_be_first(t, r, &i));
        if (is_first && (i.id || !i.removed))
            take_first(t, r, &i);
        else if (!i.removed)
            add_line(t, r, &i);
    }
    return NULL;
}

/* Is the line named by an ID in one of the lists? Then it is there already, or it goes. */
static bool is_named(const kt_value *fields, int64_t line)
{
    static const char *const lists[] = {"PHONE", "EMAIL", "WEB", "IM"};
    for (size_t k = 0; k < sizeof lists / sizeof *lists; k++) {
        const kt_value *list = b24_param(fields, lists[k]);
        for (size_t i = 0; i < kt_value_count(list); i++) {
            const kt_value *id = b24_param(b24_item(list, i), "ID");
            int64_t number;
            if (id && b24_int(id, &number) && number == line + LINE_IDS)
                return true;
        }
    }
    return false;
}

static const kt_value *line_with(const kt_value *lines, const kt_value *id)
{
    for (size_t i = 0; i < kt_value_count(lines); i++) {
        const kt_value *own = kt_value_get(&lines->as.array.items[i], "id");
        if (own && id && own->as.integer == id->as.integer)
            return &lines->as.array.items[i];
    }
    return NULL;
}

/* The lines that were there in their places -- what is not named stays, by its id alone -- then the new ones.
 */
static void take_lines(taking *t)
{
    kt_maker lines = KT_MAKE_ARRAY;
    const kt_value *old = kt_value_get(t->before, "contacts");
    for (size_t i = 0; i < kt_value_count(old); i++) {
        const kt_value *id = kt_value_get(&old->as.array.items[i], "id");
        const kt_value *changed = line_with(&t->lines.value, id);
        kt_maker line = KT_MAKE_OBJECT;
        if (!changed && (!id || is_named(t->fields, id->as.integer)))
            continue;
        if (!changed)
            kt_put(t->b->tx, &line, "id", *id);
        kt_add(t->b->tx, &lines, changed ? *changed : line.value);
    }
    for (size_t i = 0; i < kt_value_count(&t->lines.value); i++) {
        const kt_value *line = &t->lines.value.as.array.items[i], *id = kt_value_get(line, "id");
        if (!id || !line_with(old, id))
            kt_add(t->b->tx, &lines, *line);
    }
    put(t, "contacts", lines.value);
}

/* ---- One field ---- */

static kt_error *take_category(taking *t, const row *r, const kt_value *v)
{
    kt_value ours;
    KT_TRY(value_take(t->b, r, v, &ours));
    if (!t->to->pipeline && ours.kind == KT_VALUE_INT && ours.as.integer != b24_int_at(t->before, "pipeline"))
        t->to->pipeline = ours.as.integer;
    return NULL;
}

static kt_error *take_stage(taking *t, const kt_value *v)
{
    kt_str code = b24_text(t->b->tx, v);
    const kt_value *category = b24_param(t->fields, "CATEGORY_ID");
    int64_t within = b24_int_at(t->before, "pipeline"), number;
    if (!category)
        category = b24_param(t->fields, "categoryId");
    if (category && b24_int(category, &number))
        KT_TRY(category_ours(t->b, number, &within));
    KT_TRY(stage_ours(t->b, code.ptr ? code : KT_STR(""), within, &t->to->pipeline, &t->to->stage));
    if (!t->to->stage)
        return kt_fail(t->b->tx, KT_VALIDATION, "STAGE_ID", "there is no stage %.*s", "nie ma etapu %.*s",
            (int)code.len, code.ptr ? code.ptr : "");
    return NULL;
}

static kt_error *take_state(taking *t, const row *r, const kt_value *v)
{
    kt_value ours;
    KT_TRY(value_take(t->b, r, v, &ours));
    if (ours.kind == KT_VALUE_ARRAY) /* one of theirs stands for some of ours: the first is meant */
        ours = ours.as.array.items[0];
    if (ours.kind != KT_VALUE_STRING)
        return NULL;
    t->to->state = ours.as.string;
    t->to->code = b24_text(t->b->tx, v);
    return NULL;
}

static kt_error *take_address(taking *t, const row *r, const kt_value *v)
{
    kt_value ours = {0};
    t->addressed = true;
    if (strcmp(r->detail, "country") != 0)
        KT_TRY(value_take(t->b, r, v, &ours));
    else if (!is_empty(v))
        KT_TRY(code_take(t->b, r->theirs, "base.country", b24_text(t->b->tx, v), &ours));
    kt_put(t->b->tx, &t->address, r->detail, ours);
    return NULL;
}

/* COMPANY_ID and CONTACT_ID are one party: the company if both are given, or was there before. */
static kt_error *take_party(taking *t, const row *r, const kt_value *v)
{
    kt_value ours;
    KT_TRY(value_take(t->b, r, v, &ours));
    bool to_contact = strcmp(r->ours, "contact") == 0;
    if (to_contact)
        put(t, "contact", ours);
    bool organisation = b24_is(kt_value_get_str(t->before, "party.kind"), "organisation");
    if (r->as == AS_COMPANY) {
        /* no company: what is there stays if it is the person */
        if (ours.kind == KT_VALUE_INT || organisation)
            put(t, "party", ours);
        return NULL;
    }
    const kt_value *company = b24_param(t->fields, "COMPANY_ID");
    if (!company)
        company = b24_param(t->fields, "companyId");
    int64_t id = 0;
    bool other = (company && b24_int(company, &id) && id) || (!company && organisation);
    if (!other && (ours.kind == KT_VALUE_INT || !company))
        put(t, "party", ours);
    return NULL;
}

static kt_error *take_number(taking *t, const row *r, const kt_value *v)
{
    if (b24_int(v, r->as == AS_OWNER ? &t->owner : &t->owner_type))
        return NULL;
    return wrong(t->b, r, "An id is a whole number.", "Id to liczba całkowita.");
}

static kt_error *take_plain(taking *t, const row *r, const kt_value *v)
{
    kt_value ours;
    KT_TRY(value_take(t->b, r, v, &ours));
    put(t, r->ours, ours);
    return NULL;
}

static kt_error *take_field(taking *t, const row *r, const kt_value *v);

/* The first one is the contact or company of the record, unless that is given too. */
static kt_error *take_links(taking *t, const row *r, const kt_value *v)
{
    const row *own;
    const kt_value *given = b24_param(t->fields, r->detail);
    links l, more = {.count = 0};
    int64_t first = 0;
    kt_value made;
    KT_TRY(links_read(t->b, v, &l));
    KT_TRY(b24_row(t->b, t->of, (kt_str){r->detail, strlen(r->detail)}, &own));
    if (!given)
        given = b24_param(t->fields, b24_name(t->b, own).ptr);
    if (!given || !b24_int(given, &first)) {
        kt_value id = kt_value_int(l.count ? l.ids[0] : 0);
        first = id.as.integer;
        KT_TRY(take_field(t, own, &id));
    }
    for (size_t i = 0; i < l.count; i++)
        if (l.ids[i] != first)
            more.ids[more.count++] = l.ids[i];
    KT_TRY(links_values(t->b, r, t->before, &more, &made));
    put(t, r->ours, made);
    return NULL;
}

static kt_error *take_field(taking *t, const row *r, const kt_value *v)
{
    kt_value ours = {0};
    switch (r->as) {
    case AS_JSON:
        put(t, r->ours, *v);
        return NULL;
    case AS_KEPT:
        if (!kt_value_get(&t->kept.value, r->theirs))
            kt_put(t->b->tx, &t->kept, r->theirs, *v);
        return NULL;
    case AS_LINKS:
        return take_links(t, r, v);
    case AS_MULTI:
        return take_multi(t, r, v);
    case AS_CODE:
        if (!is_empty(v))
            KT_TRY(code_take(t->b, r->theirs, r->detail, b24_text(t->b->tx, v), &ours));
        put(t, r->ours, ours);
        return NULL;
    case AS_STAGE:
        return is_empty(v) ? NULL : take_stage(t, v);
    case AS_CATEGORY:
        return is_empty(v) ? NULL : take_category(t, r, v);
    case AS_STATE:
        return take_state(t, r, v);
    case AS_CLOSED:
        t->to->closed = b24_text(t->b->tx, v);
        return NULL;
    case AS_NAME_PART:
        for (size_t i = 0; i < NAME_PARTS; i++)
            if (strcmp(r->ours, name_parts[i]) == 0) {
                t->given[i] = true;
                t->parts[i] = b24_text(t->b->tx, v);
            }
        return NULL;
    case AS_ADDRESS:
        return take_address(t, r, v);
    case AS_COMPANY:
    case AS_CONTACT:
        return take_party(t, r, v);
    case AS_OWNER:
    case AS_OWNER_TYPE:
        return take_number(t, r, v);
    case AS_TEXT:
    case AS_ID:
    case AS_DECIMAL:
    case AS_FLAG:
    case AS_TIME:
    case AS_DATE:
    case AS_NAME:
        break;
    }
    return take_plain(t, r, v);
}

/* ---- What several fields make together ---- */

/* Parts that are not given are those that were shown; the name is made of them anew. */
static void take_names(taking *t)
{
    kt_str shown[NAME_PARTS] = {{0}};
    if (!t->given[0] && !t->given[1] && !t->given[2])
        return;
    if (t->before)
        name_split(t->b->tx, t->before, shown);
    for (size_t i = 0; i < NAME_PARTS; i++) {
        kt_str part = t->given[i] ? t->parts[i] : shown[i];
        put(t, name_parts[i], part.len ? kt_value_str(part) : (kt_value){0});
    }
    if (t->before)
        put(t, "name", (kt_value){0});
}

static void take_addresses(taking *t)
{
    const kt_value *old = kt_value_get(t->before, "addresses");
    kt_maker list = KT_MAKE_ARRAY;
    if (kt_value_count(old))
        kt_put(t->b->tx, &t->address, "id", *kt_value_get(&old->as.array.items[0], "id"));
    kt_add(t->b->tx, &list, t->address.value);
    for (size_t i = 1; i < kt_value_count(old); i++) {
        kt_maker line = KT_MAKE_OBJECT;
        kt_put(t->b->tx, &line, "id", *kt_value_get(&old->as.array.items[i], "id"));
        kt_add(t->b->tx, &list, line.value);
    }
    put(t, "addresses", list.value);
}

/* A new deal is made where it stands; one that is there moves (moves.c). */
static kt_error *take_place(taking *t)
{
    taken *to = t->to;
    bool lost = false;
    kt_str name = {0};
    if (to->stage)
        KT_TRY(stage_named(t->b, to->pipeline, to->stage, &name, &lost));
    to->reason = kt_value_get_str(&t->values.value, "lost_reason");
    if (!to->reason.len)
        to->reason = kt_value_get_str(&t->values.value, "unqualified_reason");
    if (!to->reason.len)
        to->reason = kt_value_get_str(t->before, "lost_reason");
    if (!to->reason.len && lost)
        to->reason = name; /* theirs say why by the stage */
    if (t->before || !to->pipeline)
        return NULL;
    put(t, "pipeline", kt_value_int(to->pipeline));
    if (to->stage)
        put(t, "stage", kt_value_int(to->stage));
    if (lost)
        put(t, "lost_reason", kt_value_str(to->reason));
    to->pipeline = to->stage = 0;
    return NULL;
}

/* An activity is about one record: the type says in which of our fields it stands. */
static kt_error *take_owner(taking *t)
{
    if (!t->owner && !t->owner_type)
        return NULL;
    if (t->owner < 1 || t->owner_type < 1 || t->owner_type > 4)
        return b24_fail(t->b->tx, "ERROR_ARGUMENT", "OWNER_ID and OWNER_TYPE_ID 1 to 4 go together",
            "OWNER_ID i OWNER_TYPE_ID od 1 do 4 podaje się razem");
    const char *field = t->owner_type == 1 ? "lead" : t->owner_type == 2 ? "deal" : "party";
    put(t, field, kt_value_int(t->owner));
    if (t->before) { /* no longer about what it was about */
        put(t, "lead", (kt_value){0});
        put(t, "deal", (kt_value){0});
        put(t, "party", (kt_value){0});
    }
    return NULL;
}

/* What was kept before stays, member by member. */
static void take_kept(taking *t)
{
    const kt_value *old = kt_value_get(t->before, KEPT);
    if (!kt_value_count(&t->kept.value))
        return;
    for (size_t i = 0; i < kt_value_count(old); i++) {
        const kt_value_member *m = &old->as.object.members[i];
        if (!kt_value_get(&t->kept.value, m->name.ptr))
            kt_put_named(t->b->tx, &t->kept, m->name, *m->value);
    }
    put(t, KEPT, t->kept.value);
}

static kt_error *take_gathered(taking *t)
{
    if (t->multi)
        take_lines(t);
    take_kept(t);
    KT_TRY(take_owner(t));
    take_names(t);
    if (t->addressed)
        take_addresses(t);
    return take_place(t);
}

/* When and by whom: told by an import alone. */
static bool is_stamp(const row *r)
{
    return r->ours && (strncmp(r->ours, "created_", 8) == 0 || strncmp(r->ours, "updated_", 8) == 0) &&
           strcmp(r->theirs, "LAST_ACTIVITY_TIME") != 0;
}

kt_error *fields_take(b24 *b, const entity *e, const kt_value *fields, const kt_value *before, taken *to)
{
    taking t = {.b = b,
        .fields = fields,
        .before = before,
        .to = to,
        .values = KT_MAKE_OBJECT,
        .of = e,
        .lines = KT_MAKE_ARRAY,
        .kept = KT_MAKE_OBJECT,
        .address = KT_MAKE_OBJECT};
    kt_error *all = NULL;
    *to = (taken){0};
    if (!before && e->only.theirs)
        put(&t, e->only.theirs, kt_value_str((kt_str){e->only.ours, strlen(e->only.ours)}));
    for (size_t i = 0; fields && fields->kind == KT_VALUE_OBJECT && i < fields->as.object.count; i++) {
        const kt_value_member *m = &fields->as.object.members[i];
        const row *r;
        KT_TRY(b24_row(b, e, m->name, &r));
        if (!r)
            kt_also(&all, kt_fail(b->tx, KT_VALIDATION, kt_format(b->tx, "%s", m->name.ptr).ptr,
                              "there is no such field", "nie ma takiego pola"));
        else if (!r->fixed || (b->importing && is_stamp(r)))
            kt_also(&all, take_field(&t, r, m->value));
    }
    kt_also(&all, take_gathered(&t));
    to->values = t.values.value;
    return all;
}

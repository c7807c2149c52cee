/* The record that a call is about, whatever its entity: a lead, a deal, a party. What is read and written goes
 * through the bus's own methods, under the operator's rights. */
#include <string.h>

#include <kontor/value.h>

#include "script.h"

static kt_error *call_subject(
    kt_tx *tx, kt_id subject, const char *verb, const kt_value *params, const kt_value **result)
{
    const char *entity = kt_any_entity(tx, subject);
    if (!entity)
        return kt_fail(tx, KT_UNAVAILABLE, "subject", "the module of this record is not enabled",
            "moduł tego rekordu nie jest włączony");
    return kt_call(tx, kt_format(tx, "%s.%s", entity, verb).ptr, params, result);
}

static kt_maker with_id(kt_tx *tx, kt_id subject)
{
    kt_maker params = KT_MAKE_OBJECT;
    kt_put(tx, &params, "id", kt_value_int((int64_t)kt_any_id(subject).v));
    return params;
}

/* ---- Filling in texts ---- */

struct person {
    kt_record rec;
    kt_str name, full_name;
};
static const kt_shape person_shape = KT_SHAPE(person, "access.user", KT_BIND(person, name, STRING, "name"),
    KT_BIND(person, full_name, STRING, "full_name"));

struct filling {
    kt_tx *tx;
    const struct session *s;
    const kt_value *fields, *inputs;
    kt_str me;
};

struct asked { /* fields of the subject, read in an attempt: a wrong name must not stop a call */
    kt_id subject;
    kt_maker paths;
    const kt_value *found;
};

static kt_error *read_fields(kt_tx *tx, void *context)
{
    struct asked *a = context;
    kt_maker params = with_id(tx, a->subject);
    kt_put(tx, &params, "fields", a->paths.value);
    return call_subject(tx, a->subject, "get", &params.value, &a->found);
}

kt_error *subject_get(kt_tx *tx, kt_id subject, const char *field, const kt_value **found)
{
    struct asked a = {.subject = subject, .paths = KT_MAKE_ARRAY};
    kt_add(tx, &a.paths, kt_value_str(kt_format(tx, "%s", field)));
    KT_TRY(read_fields(tx, &a));
    *found = a.found;
    return NULL;
}

/* The next {name} in text from *at; not set: there is none. */
static kt_str placeholder(kt_tx *tx, kt_str text, size_t *from, size_t *to)
{
    for (size_t i = *to; i < text.len; i++) {
        const char *end = text.ptr[i] == '{' ? memchr(text.ptr + i, '}', text.len - i) : NULL;
        if (!end)
            continue;
        *from = i;
        *to = (size_t)(end - text.ptr) + 1;
        return kt_format(tx, "%.*s", (int)(*to - i - 2), text.ptr + i + 1);
    }
    return (kt_str){0};
}

static bool begins(kt_str s, const char *with)
{
    return s.len >= strlen(with) && memcmp(s.ptr, with, strlen(with)) == 0;
}

static kt_error *look_up(struct filling *f, kt_str text)
{
    struct asked a = {.subject = f->s->subject, .paths = KT_MAKE_ARRAY};
    struct person me = {KT_OF(person)};
    size_t from = 0, to = 0;
    kt_str name;
    while ((name = placeholder(f->tx, text, &from, &to)).ptr) {
        if (str_equals(name, "me.name") && !f->me.ptr && kt_user(f->tx).v) {
            KT_TRY(kt_read(f->tx, kt_user(f->tx), &me.rec));
            f->me = me.full_name.len ? me.full_name : me.name;
        } else if (!begins(name, "input.") && !begins(name, "me."))
            kt_add(f->tx, &a.paths, kt_value_str(name));
    }
    if (f->s->inputs.ptr)
        KT_TRY(kt_json_read(f->tx, f->s->inputs, &f->inputs));
    if (kt_value_count(&a.paths.value) && !kt_attempt(f->tx, read_fields, &a))
        f->fields = a.found;
    return NULL;
}

static const kt_value *field_of(const struct filling *f, kt_str name)
{
    struct asked a = {.subject = f->s->subject, .paths = KT_MAKE_ARRAY};
    kt_add(f->tx, &a.paths, kt_value_str(name));
    return kt_attempt(f->tx, read_fields, &a) ? NULL : kt_value_get(a.found, name.ptr);
}

/* A field by itself: where one of a text's names is wrong, the others are still good. What a deal or an offer does
 * not have is meant of its customer: one script serves them all. */
static const kt_value *field_alone(const struct filling *f, kt_str name)
{
    const kt_value *v = field_of(f, name);
    return v ? v : field_of(f, kt_format(f->tx, "party.%s", name.ptr));
}

/* Not set: nothing is known of this name. */
static kt_str value_of(const struct filling *f, kt_str name)
{
    if (str_equals(name, "me.name"))
        return f->me;
    const kt_value *v = begins(name, "input.") ? kt_value_get(f->inputs, name.ptr + strlen("input."))
                        : f->fields            ? kt_value_get(f->fields, name.ptr)
                                               : field_alone(f, name);
    if (!v)
        return (kt_str){0};
    if (v->kind == KT_VALUE_NULL)
        return KT_STR("");
    if (v->kind == KT_VALUE_INT)
        return kt_format(f->tx, "%lld", (long long)v->as.integer);
    return v->kind == KT_VALUE_STRING || v->kind == KT_VALUE_REAL ? v->as.string : (kt_str){0};
}

kt_error *subject_fill(kt_tx *tx, const struct session *s, kt_str text, kt_str *filled)
{
    struct filling f = {.tx = tx, .s = s};
    size_t from = 0, to = 0, done = 0;
    kt_str name, made = KT_STR("");
    *filled = text;
    if (!text.ptr || !memchr(text.ptr, '{', text.len))
        return NULL;
    KT_TRY(look_up(&f, text));
    while ((name = placeholder(tx, text, &from, &to)).ptr) {
        kt_str value = value_of(&f, name);
        made = kt_format(tx, "%s%.*s%s", made.ptr, (int)(from - done), text.ptr + done,
            value.ptr ? value.ptr : kt_format(tx, "{%s}", name.ptr).ptr);
        if (!made.ptr)
            return kt_fail(tx, KT_LIMIT, NULL, "the text is too long", "tekst jest za długi");
        done = to;
    }
    *filled = kt_format(tx, "%s%s", made.ptr, text.ptr + done);
    return NULL;
}

/* ---- Looking at it ---- */

kt_error *subject_party(kt_tx *tx, kt_id subject, kt_id *party)
{
    struct asked a = {.subject = subject, .paths = KT_MAKE_ARRAY};
    const char *entity = kt_any_entity(tx, subject);
    *party = (kt_id){0};
    if (entity && strcmp(entity, "base.party") == 0) {
        *party = kt_any_id(subject);
        return NULL;
    }
    kt_add(tx, &a.paths, kt_value_str(KT_STR("party")));
    if (kt_attempt(tx, read_fields, &a))
        return NULL; /* it is about no party */
    const kt_value *id = kt_value_get(a.found, "party");
    if (id && id->kind == KT_VALUE_INT)
        party->v = (uint64_t)id->as.integer;
    return NULL;
}

kt_error *subject_fits(kt_tx *tx, kt_id subject, kt_str filter, bool *yes)
{
    const kt_value *conditions, *found;
    kt_maker params = KT_MAKE_OBJECT, all = KT_MAKE_ARRAY, own = KT_MAKE_ARRAY;
    KT_TRY(flow_json(tx, filter, &conditions));
    kt_add(tx, &own, kt_value_str(KT_STR("id")));
    kt_add(tx, &own, kt_value_str(KT_STR("=")));
    kt_add(tx, &own, kt_value_int((int64_t)kt_any_id(subject).v));
    kt_add(tx, &all, own.value);
    for (size_t i = 0; i < kt_value_count(conditions); i++)
        kt_add(tx, &all, conditions->as.array.items[i]);
    kt_put(tx, &params, "filter", all.value);
    KT_TRY(call_subject(tx, subject, "count", &params.value, &found));
    *yes = found->kind == KT_VALUE_INT && found->as.integer > 0;
    return NULL;
}

/* ---- Writing ---- */

static kt_error *write_fields(kt_tx *tx, kt_id subject, const kt_maker *values)
{
    const kt_value *result;
    kt_maker params = with_id(tx, subject);
    if (!kt_value_count(&values->value))
        return NULL;
    kt_put(tx, &params, "values", values->value);
    return call_subject(tx, subject, "update", &params.value, &result);
}

struct task {
    kt_record rec;
    kt_str title;
    kt_time due;
    kt_id owner, party, about;
};
static const kt_shape task_shape = KT_SHAPE(task, "base.task", KT_BIND(task, title, STRING, "title"),
    KT_BIND(task, due, TIME, "due"), KT_BIND(task, owner, REF, "owner"), KT_BIND(task, party, REF, "party"),
    KT_BIND(task, about, REF, "about"));

static kt_time in_minutes(kt_tx *tx, int64_t minutes)
{
    return (kt_time){kt_now(tx).ms + minutes * 60000};
}

static kt_error *add_task(kt_tx *tx, const struct session *s, kt_str title, int64_t minutes)
{
    struct task t = {KT_OF(task), .due = in_minutes(tx, minutes), .owner = kt_user(tx), .party = s->party,
        .about = s->subject};
    KT_TRY(subject_fill(tx, s, title, &t.title));
    return kt_create(tx, &t.rec);
}

static kt_error *run_action(kt_tx *tx, const struct session *s, const struct deed *d)
{
    const kt_value *given = NULL, *result;
    kt_maker params = with_id(tx, s->subject);
    if (d->value.ptr)
        KT_TRY(flow_json(tx, d->value, &given));
    for (size_t i = 0; given && given->kind == KT_VALUE_OBJECT && i < kt_value_count(given); i++)
        kt_put_named(tx, &params, given->as.object.members[i].name, *given->as.object.members[i].value);
    return call_subject(tx, s->subject, d->name.ptr, &params.value, &result);
}

static kt_error *never_again(kt_tx *tx, const struct session *s)
{
    kt_maker params = KT_MAKE_OBJECT, values = KT_MAKE_OBJECT;
    const kt_value *result;
    if (!s->party.v)
        return NULL;
    kt_put(tx, &values, "do_not_contact", kt_value_bool(true));
    kt_put(tx, &params, "id", kt_value_int((int64_t)s->party.v));
    kt_put(tx, &params, "values", values.value);
    return kt_call(tx, "base.party.update", &params.value, &result);
}

kt_error *subject_do(kt_tx *tx, struct session *s, const struct deeds *deeds)
{
    const kt_maker fresh = KT_MAKE_OBJECT;
    kt_maker values = fresh;
    for (size_t i = 0; i < deeds->count; i++) {
        const struct deed *d = &deeds->items[i];
        const kt_value *value;
        switch (d->kind) {
        case SET:
            KT_TRY(flow_json(tx, d->value, &value));
            kt_put_named(tx, &values, d->name, *value);
            break;
        case RUN_ACTION:
            KT_TRY(write_fields(tx, s->subject, &values)); /* in the order of the text */
            values = fresh;
            KT_TRY(run_action(tx, s, d));
            break;
        case TASK:
            KT_TRY(add_task(tx, s, d->name, d->minutes));
            break;
        case CALLBACK:
            s->callback_at = in_minutes(tx, d->minutes);
            if (!s->member.v) /* a call list calls by itself */
                KT_TRY(add_task(tx, s, kt_say(tx, (kt_text){"Call back", "Oddzwonić"}), d->minutes));
            break;
        case DO_NOT_CONTACT:
            KT_TRY(never_again(tx, s));
            break;
        }
    }
    return write_fields(tx, s->subject, &values);
}

/* ---- Answers to questions ---- */

static bool is_option(const struct ask *a, kt_str value)
{
    for (size_t i = 0; i < a->option_count; i++)
        if (str_same(a->options[i], value))
            return true;
    return false;
}

static bool is_date(kt_str s)
{
    static const char form[] = "dddd-dd-dd";
    int n[3] = {0}, part = 0;
    for (size_t i = 0; i < sizeof form - 1; i++) {
        if (i >= s.len || (form[i] == 'd') != (s.ptr[i] >= '0' && s.ptr[i] <= '9'))
            return false;
        if (form[i] == 'd')
            n[part] = n[part] * 10 + (s.ptr[i] - '0');
        else
            part++;
    }
    return s.len == sizeof form - 1 && kt_date_make(n[0], n[1], n[2]).day;
}

/* A decimal's text; overflowed: it is none. */
static kt_dec number_of(const kt_value *v)
{
    enum { NONE = 255, DIGITS = 17 };
    const kt_dec none = {0, NONE};
    if (v->kind == KT_VALUE_INT)
        return KT_DEC(v->as.integer, 0);
    if (v->kind != KT_VALUE_STRING || !v->as.string.len || v->as.string.len > DIGITS)
        return none;
    kt_str s = v->as.string;
    bool minus = s.ptr[0] == '-';
    int64_t coef = 0;
    int scale = -1;
    for (size_t i = minus; i < s.len; i++) {
        if (s.ptr[i] == '.' && scale < 0)
            scale = 0;
        else if (s.ptr[i] >= '0' && s.ptr[i] <= '9') {
            coef = coef * 10 + (s.ptr[i] - '0');
            scale += scale >= 0;
        } else
            return none;
    }
    return scale > KT_DEC_SCALE_MAX || s.len == (size_t)minus
               ? none
               : KT_DEC(minus ? -coef : coef, scale > 0 ? scale : 0);
}

#define WRONG(tx, a, en, pl)                                                                                 \
    kt_fail((tx), KT_VALIDATION, kt_format((tx), "inputs.%s", (a)->name.ptr).ptr, "\"%s\" " en, "„%s” " pl,  \
        (a)->label.ptr ? (a)->label.ptr : (a)->name.ptr)

static kt_error *check_number(kt_tx *tx, const struct ask *a, const kt_value *v)
{
    kt_dec n = number_of(v);
    if (n.scale1 == 255)
        return WRONG(tx, a, "expects a number", "wymaga liczby");
    if ((a->least.scale1 && kt_dec_cmp(n, a->least) < 0) || (a->most.scale1 && kt_dec_cmp(n, a->most) > 0))
        return WRONG(tx, a, "is out of its bounds", "wykracza poza zakres");
    return NULL;
}

/* Rows as a deal, a lead or an offer has them; what else is wrong with them the record says that they are saved to. */
static kt_error *check_items(kt_tx *tx, const struct ask *a, const kt_value *v)
{
    bool rows = v->kind == KT_VALUE_ARRAY;
    for (size_t i = 0; rows && i < v->as.array.count; i++) {
        const kt_value *row = &v->as.array.items[i], *item = kt_value_get(row, "item"),
                       *quantity = kt_value_get(row, "quantity");
        rows = item && item->kind == KT_VALUE_INT && quantity && number_of(quantity).scale1 != 255 &&
               number_of(quantity).coef > 0;
    }
    return rows ? NULL
                : WRONG(tx, a, "expects rows {\"item\": 1, \"quantity\": \"2\"}",
                      "wymaga wierszy {\"item\": 1, \"quantity\": \"2\"}");
}

static kt_error *check_input(kt_tx *tx, const struct ask *a, const kt_value *v)
{
    bool text = v->kind == KT_VALUE_STRING;
    switch (a->kind) {
    case ASK_NUMBER:
    case ASK_MONEY:
        return check_number(tx, a, v);
    case ASK_DATE:
        return text && is_date(v->as.string)
                   ? NULL
                   : WRONG(tx, a, "expects a day, 2026-11-25", "wymaga dnia, 2026-11-25");
    case ASK_YES_NO:
        return v->kind == KT_VALUE_BOOL ? NULL
                                        : WRONG(tx, a, "expects true or false", "wymaga true albo false");
    case ASK_ONE:
        return text && is_option(a, v->as.string)
                   ? NULL
                   : WRONG(tx, a, "expects one of its options", "wymaga jednej z opcji");
    case ASK_MANY:
        for (size_t i = 0; v->kind == KT_VALUE_ARRAY && i < v->as.array.count; i++)
            if (v->as.array.items[i].kind != KT_VALUE_STRING || !is_option(a, v->as.array.items[i].as.string))
                return WRONG(tx, a, "expects options of its own", "wymaga własnych opcji");
        return v->kind == KT_VALUE_ARRAY
                   ? NULL
                   : WRONG(tx, a, "expects a list of its options", "wymaga listy opcji");
    case ASK_ITEMS:
        return check_items(tx, a, v);
    case ASK_TEXT:
        return text ? NULL : WRONG(tx, a, "expects a text", "wymaga tekstu");
    }
    return NULL;
}

static const struct ask *find_ask(const struct node *n, kt_str name)
{
    for (size_t i = 0; i < n->ask_count; i++)
        if (str_same(n->asks[i].name, name))
            return &n->asks[i];
    return NULL;
}

static kt_error *check_inputs(kt_tx *tx, const struct node *n, const kt_value *given)
{
    kt_error *all = NULL;
    for (size_t i = 0; i < kt_value_count(given); i++)
        if (!find_ask(n, given->as.object.members[i].name))
            kt_also(&all, kt_fail(tx, KT_VALIDATION,
                              kt_format(tx, "inputs.%s", given->as.object.members[i].name.ptr).ptr,
                              "the step does not ask for this", "krok o to nie pyta"));
    for (size_t i = 0; i < n->ask_count; i++) {
        const struct ask *a = &n->asks[i];
        const kt_value *v = kt_value_get(given, a->name.ptr);
        bool empty = !v || v->kind == KT_VALUE_NULL || (v->kind == KT_VALUE_STRING && !v->as.string.len);
        if (empty && a->required)
            kt_also(&all, WRONG(tx, a, "must be answered", "wymaga odpowiedzi"));
        else if (!empty)
            kt_also(&all, check_input(tx, a, v));
    }
    return all;
}

kt_error *subject_take(kt_tx *tx, struct session *s, const struct node *n, kt_str inputs)
{
    const kt_value *given = NULL, *before = NULL;
    kt_maker kept = KT_MAKE_OBJECT, saved = KT_MAKE_OBJECT;
    if (inputs.ptr)
        KT_TRY(kt_json_read(tx, inputs, &given));
    if (given && given->kind != KT_VALUE_OBJECT)
        return kt_fail(tx, KT_VALIDATION, "inputs", "expected an object", "oczekiwano obiektu");
    KT_TRY(check_inputs(tx, n, given));
    if (!kt_value_count(given))
        return NULL;
    if (s->inputs.ptr)
        KT_TRY(kt_json_read(tx, s->inputs, &before));
    for (size_t i = 0; i < kt_value_count(before); i++)
        if (!kt_value_get(given, before->as.object.members[i].name.ptr))
            kt_put_named(tx, &kept, before->as.object.members[i].name, *before->as.object.members[i].value);
    for (size_t i = 0; i < kt_value_count(given); i++) {
        const struct ask *a = find_ask(n, given->as.object.members[i].name);
        kt_put_named(tx, &kept, a->name, *given->as.object.members[i].value);
        if (a->save.ptr)
            kt_put_named(tx, &saved, a->save, *given->as.object.members[i].value);
    }
    KT_TRY(kt_json_write(tx, &kept.value, &s->inputs));
    return write_fields(tx, s->subject, &saved);
}

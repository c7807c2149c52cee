/* crm.X.userfield.*: the custom fields of an entity. A definition's own id is their ID. */
#include <string.h>

#include "b24.h"

typedef struct definition {
    kt_record rec;
    kt_str entity, name;
} definition;
static const kt_shape definition_shape = KT_SHAPE(definition, "model.definition",
    KT_BIND(definition, entity, STRING, "entity"), KT_BIND(definition, name, STRING, "name"));

/* ---- Types ---- */

static const struct {
    const char *theirs, *ours, *target;
} types[] = {
    {"string", "string", NULL},
    {"integer", "int", NULL},
    {"double", "quantity", NULL},
    {"boolean", "bool", NULL},
    {"datetime", "time", NULL},
    {"date", "date", NULL},
    {"enumeration", "state", NULL},
    {"employee", "ref", "access.user"},
    {"money", "string", NULL},
    {"url", "string", NULL},
    {"address", "string", NULL},
    {"crm", "string", NULL},
    {"crm_status", "string", NULL},
};

static const char *user_type(kt_str ours)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (b24_is(ours, types[i].ours))
            return types[i].theirs;
    return b24_is(ours, "ref") ? "integer" : "string";
}

/* ---- Showing ---- */

static kt_str label_of(const kt_value *choice)
{
    return kt_value_get_str(kt_value_get(choice, "label"), "en");
}

static kt_value show_choices(b24 *b, const kt_value *choices)
{
    kt_maker list = KT_MAKE_ARRAY;
    for (size_t i = 0; i < kt_value_count(choices); i++) {
        kt_str name, label = label_of(&choices->as.array.items[i]);
        long long id = (long long)userfield_choice(choices, i, &name);
        kt_maker one = KT_MAKE_OBJECT;
        kt_put(b->tx, &one, "ID", kt_value_str(kt_format(b->tx, "%lld", id)));
        kt_put(b->tx, &one, "SORT", kt_value_str(kt_format(b->tx, "%zu", (i + 1) * 10)));
        kt_put(b->tx, &one, "VALUE", kt_value_str(label.len ? label : name));
        kt_put(b->tx, &one, "DEF", b24_str("N"));
        kt_put(b->tx, &one, "XML_ID", kt_value_str(name));
        kt_add(b->tx, &list, one.value);
    }
    return list.value;
}

static kt_value show_field(b24 *b, const entity *e, int64_t id, const kt_value *field, size_t place)
{
    kt_maker f = KT_MAKE_OBJECT;
    kt_str type = kt_value_get_str(field, "type"),
           of = b24_upper(b->tx, b24_str(strchr(e->name, '.') + 1).as.string);
    kt_str label = kt_value_get_str(kt_value_get(field, "label"), "en");
    bool several = b24_is(type, "json");
    kt_put(b->tx, &f, "ID", kt_value_str(kt_format(b->tx, "%lld", (long long)id)));
    kt_put(b->tx, &f, "ENTITY_ID", kt_value_str(kt_format(b->tx, "CRM_%s", of.ptr ? of.ptr : "")));
    kt_put(b->tx, &f, "FIELD_NAME", kt_value_str(userfield_theirs(b->tx, kt_value_get_str(field, "name"))));
    kt_put(b->tx, &f, "USER_TYPE_ID", b24_str(user_type(type)));
    kt_put(b->tx, &f, "XML_ID", (kt_value){0});
    kt_put(b->tx, &f, "SORT", kt_value_str(kt_format(b->tx, "%zu", (place + 1) * 10)));
    kt_put(b->tx, &f, "MULTIPLE", b24_str(several ? "Y" : "N"));
    kt_put(b->tx, &f, "MANDATORY", b24_str(b24_bool_at(field, "required") ? "Y" : "N"));
    kt_put(b->tx, &f, "SHOW_FILTER", b24_str(several ? "N" : "Y"));
    kt_put(b->tx, &f, "SHOW_IN_LIST", b24_str("Y"));
    kt_put(b->tx, &f, "EDIT_IN_LIST", b24_str("Y"));
    kt_put(b->tx, &f, "IS_SEARCHABLE", b24_str(b24_bool_at(field, "searchable") ? "Y" : "N"));
    kt_put(b->tx, &f, "EDIT_FORM_LABEL", label.len ? kt_value_str(label) : (kt_value){0});
    if (b24_is(type, "state"))
        kt_put(b->tx, &f, "LIST", show_choices(b, kt_value_get(field, "choices")));
    return f.value;
}

/* The definition's id, whoever asks: it says no more than that there is such a field. 0: there is none. */
static kt_error *id_of(b24 *b, const char *entity, kt_str name, int64_t *id)
{
    kt_maker both = KT_MAKE_ARRAY;
    kt_found found;
    kt_str filter;
    kt_add(b->tx, &both, condition(b->tx, "kind", "=", b24_str("field")));
    kt_add(b->tx, &both, condition(b->tx, "entity", "=", b24_str(entity)));
    kt_add(b->tx, &both, condition(b->tx, "name", "=", kt_value_str(name)));
    KT_TRY(kt_json_write(b->tx, &both.value, &filter));
    kt_authority before = kt_own_authority(b->tx);
    kt_error *error = kt_find(b->tx, &(kt_query){.of = &definition_shape, .filter = filter}, 1, &found);
    kt_callers_authority(b->tx, before);
    *id = !error && found.count ? (int64_t)found.ids[0].v : 0;
    return error;
}

static kt_error *list_of(b24 *b, const entity *e, const kt_value **fields)
{
    kt_value p = b24_in(b, "entity", b24_str(e->ours));
    return kt_call(b->tx, "field.list", &p, fields);
}

static kt_error *fields_of(b24 *b, const entity *e, kt_value *list)
{
    kt_maker all = KT_MAKE_ARRAY;
    const kt_value *fields;
    KT_TRY(list_of(b, e, &fields));
    for (size_t i = 0; i < kt_value_count(fields); i++) {
        const kt_value *f = &fields->as.array.items[i];
        int64_t id;
        KT_TRY(id_of(b, e->ours, kt_value_get_str(f, "name"), &id));
        kt_add(b->tx, &all, show_field(b, e, id, f, i));
    }
    *list = all.value;
    return NULL;
}

static bool fits(b24 *b, const kt_value *filter, const kt_value *field)
{
    for (size_t i = 0; i < kt_value_count(filter); i++) {
        const kt_value_member *m = &filter->as.object.members[i];
        kt_str own = kt_value_get_str(field, m->name.ptr), wanted = b24_text(b->tx, m->value);
        if (!b24_is(m->name, "LANG") && (!wanted.ptr || !own.ptr || !b24_is(own, wanted.ptr)))
            return false;
    }
    return true;
}

static kt_error *userfield_list(b24 *b, const entity *e, const kt_value *params, answer *a)
{
    const kt_value *filter = b24_param(params, "filter");
    kt_value all;
    kt_maker found = KT_MAKE_ARRAY;
    if (filter && filter->kind != KT_VALUE_OBJECT)
        filter = NULL;
    KT_TRY(fields_of(b, e, &all));
    for (size_t i = 0; i < kt_value_count(&all); i++)
        if (fits(b, filter, &all.as.array.items[i]))
            kt_add(b->tx, &found, all.as.array.items[i]);
    return b24_page(b, params, found.value, a);
}

/* The field whose definition the parameter names. */
static kt_error *field_of(
    b24 *b, const entity *e, const kt_value *params, const kt_value **field, size_t *place)
{
    const kt_value *given = b24_param(params, "ID"), *fields;
    int64_t wanted, id;
    KT_TRY(list_of(b, e, &fields));
    for (size_t i = 0; given && b24_int(given, &wanted) && i < kt_value_count(fields); i++) {
        *field = &fields->as.array.items[i];
        *place = i;
        KT_TRY(id_of(b, e->ours, kt_value_get_str(*field, "name"), &id));
        if (id == wanted)
            return NULL;
    }
    return b24_fail(b->tx, "ERROR_NOT_FOUND", "The entity with the ID is not found", "Nie ma takiego pola");
}

static kt_error *userfield_get(b24 *b, const entity *e, const kt_value *params, answer *a)
{
    const kt_value *field, *given = b24_param(params, "ID");
    size_t place;
    int64_t id;
    KT_TRY(field_of(b, e, params, &field, &place));
    a->result = given && b24_int(given, &id) ? show_field(b, e, id, field, place) : (kt_value){0};
    return NULL;
}

/* ---- Defining ---- */

/* A label in one language, a text for all of them, or the field's LABEL. */
static kt_value label_in(b24 *b, const kt_value *fields, const char *name, const char *language)
{
    const kt_value *given = b24_param(fields, name);
    kt_str text = given && given->kind == KT_VALUE_OBJECT ? kt_value_get_str(given, language)
                  : given                                 ? b24_text(b->tx, given)
                                                          : (kt_str){0};
    if (!text.len && given && given->kind == KT_VALUE_OBJECT)
        text = kt_value_get_str(given, "en");
    text = text.len ? text : b24_given(b, fields, "LABEL");
    return kt_value_str(text);
}

static void put_labels(b24 *b, const kt_value *fields, kt_maker *f)
{
    kt_maker label = KT_MAKE_OBJECT;
    if (!b24_param(fields, "EDIT_FORM_LABEL") && !b24_given(b, fields, "LABEL").len)
        return;
    kt_put(b->tx, &label, "en", label_in(b, fields, "EDIT_FORM_LABEL", "en"));
    kt_put(b->tx, &label, "pl", label_in(b, fields, "EDIT_FORM_LABEL", "pl"));
    kt_put(b->tx, f, "label", label.value);
}

/* Our name of the element with this ID, or without one of this text; not set: it is new. *last: the highest ID */
static kt_str known_choice(b24 *b, const kt_value *known, const kt_value *item, int64_t *last)
{
    const kt_value *given = b24_param(item, "ID");
    kt_str text = b24_given(b, item, "VALUE"), name, found = {0};
    int64_t wanted = 0;
    bool by_id = given && b24_int(given, &wanted) && wanted;
    for (size_t i = 0; i < kt_value_count(known); i++) {
        int64_t id = userfield_choice(known, i, &name);
        kt_str label = label_of(&known->as.array.items[i]);
        *last = id > *last ? id : *last;
        if (by_id ? id == wanted : label.ptr && text.ptr && b24_is(label, text.ptr))
            found = name;
    }
    return found;
}

/* The elements of a list as choices. Those that are known keep their names, so records keep their element. */
static kt_value take_choices(b24 *b, const kt_value *list, const kt_value *known)
{
    kt_maker choices = KT_MAKE_ARRAY;
    int64_t last = 0;
    for (size_t i = 0; i < kt_value_count(list); i++) {
        const kt_value *item = b24_item(list, i);
        kt_str text = b24_given(b, item, "VALUE"), name = known_choice(b, known, item, &last);
        kt_maker c = KT_MAKE_OBJECT, label = KT_MAKE_OBJECT;
        if (b24_is(b24_given(b, item, "DEL"), "Y"))
            continue;
        if (!name.len)
            name = kt_format(b->tx, "item_%lld", (long long)++last);
        kt_put(b->tx, &label, "en", kt_value_str(text));
        kt_put(b->tx, &label, "pl", kt_value_str(text));
        kt_put(b->tx, &c, "name", kt_value_str(name));
        kt_put(b->tx, &c, "label", label.value);
        kt_add(b->tx, &choices, c.value);
    }
    return choices.value;
}

static kt_error *put_type(b24 *b, const kt_value *fields, kt_maker *f)
{
    kt_str type = b24_given(b, fields, "USER_TYPE_ID");
    const kt_value *precision = b24_param(b24_param(fields, "SETTINGS"), "PRECISION");
    int64_t scale = 2;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (!b24_is(type, types[i].theirs))
            continue;
        bool several = b24_is(b24_given(b, fields, "MULTIPLE"), "Y");
        kt_put(b->tx, f, "type", b24_str(several ? "json" : types[i].ours));
        if (several)
            return NULL;
        if (types[i].target)
            kt_put(b->tx, f, "target", b24_str(types[i].target));
        if (b24_is(type, "double"))
            kt_put(b->tx, f, "scale", kt_value_int(precision && b24_int(precision, &scale) ? scale : 2));
        if (b24_is(type, "enumeration"))
            kt_put(b->tx, f, "choices", take_choices(b, b24_param(fields, "LIST"), NULL));
        return NULL;
    }
    return kt_fail(b->tx, KT_VALIDATION, "USER_TYPE_ID", "\"%s\" is none of the types that are kept here",
        "„%s” nie jest obsługiwanym typem", type.ptr ? type.ptr : "");
}

static kt_error *define(b24 *b, const entity *e, const kt_value *fields, kt_maker *f)
{
    const kt_value *result;
    kt_str mandatory = b24_given(b, fields, "MANDATORY");
    kt_put(b->tx, f, "entity", b24_str(e->ours));
    put_labels(b, fields, f);
    if (mandatory.len)
        kt_put(b->tx, f, "required", kt_value_bool(b24_is(mandatory, "Y")));
    b->custom_of = NULL;
    return kt_call(b->tx, "field.define", &f->value, &result);
}

/* Contacts and companies are parties both: what one of them has got the other one has too. */
static kt_error *adopt(b24 *b, const entity *e, const kt_value *f, int64_t id, answer *a)
{
    kt_str name = kt_value_get_str(f, "name"), type = kt_value_get_str(f, "type");
    const kt_value *fields;
    KT_TRY(list_of(b, e, &fields));
    for (size_t i = 0; e->only.theirs && i < kt_value_count(fields); i++) {
        const kt_value *known = &fields->as.array.items[i];
        if (!b24_is(kt_value_get_str(known, "name"), name.ptr) ||
            !b24_is(kt_value_get_str(known, "type"), type.ptr))
            continue;
        a->result = kt_value_int(id);
        return NULL;
    }
    return kt_fail(b->tx, KT_VALIDATION, "FIELD_NAME", "there is a field %s already", "jest już pole %s",
        userfield_theirs(b->tx, name).ptr);
}

static kt_error *userfield_add(b24 *b, const entity *e, const kt_value *params, answer *a)
{
    const kt_value *fields = b24_param(params, "fields");
    kt_maker f = KT_MAKE_OBJECT;
    int64_t id;
    kt_str given = b24_given(b, fields, "FIELD_NAME"), name = userfield_ours(b->tx, given);
    if (!given.len || !b24_given(b, fields, "USER_TYPE_ID").len)
        return b24_fail(b->tx, "ERROR_ARGUMENT", "FIELD_NAME and USER_TYPE_ID are required",
            "wymagane są FIELD_NAME i USER_TYPE_ID");
    kt_put(b->tx, &f, "name", kt_value_str(name));
    KT_TRY(put_type(b, fields, &f));
    KT_TRY(id_of(b, e->ours, name, &id));
    if (id)
        return adopt(b, e, &f.value, id, a);
    KT_TRY(define(b, e, fields, &f));
    KT_TRY(id_of(b, e->ours, name, &id));
    a->result = kt_value_int(id);
    return NULL;
}

static kt_error *userfield_update(b24 *b, const entity *e, const kt_value *params, answer *a)
{
    const kt_value *field, *fields = b24_param(params, "fields");
    kt_maker f = KT_MAKE_OBJECT;
    size_t place;
    bool labelled = b24_param(fields, "EDIT_FORM_LABEL") || b24_given(b, fields, "LABEL").len;
    KT_TRY(field_of(b, e, params, &field, &place));
    for (size_t i = 0; i < kt_value_count(field); i++) {
        const kt_value_member *m = &field->as.object.members[i];
        bool anew = b24_is(m->name, "entity") || (b24_is(m->name, "label") && labelled) ||
                    (b24_is(m->name, "required") && b24_given(b, fields, "MANDATORY").len) ||
                    (b24_is(m->name, "choices") && b24_param(fields, "LIST"));
        if (!anew)
            kt_put_named(b->tx, &f, m->name, *m->value);
    }
    if (b24_param(fields, "LIST") && b24_is(kt_value_get_str(field, "type"), "state"))
        kt_put(
            b->tx, &f, "choices", take_choices(b, b24_param(fields, "LIST"), kt_value_get(field, "choices")));
    a->result = kt_value_bool(true);
    return define(b, e, fields, &f);
}

static kt_error *userfield_delete(b24 *b, const entity *e, const kt_value *params, answer *a)
{
    const kt_value *field, *result;
    kt_maker p = KT_MAKE_OBJECT;
    size_t place;
    KT_TRY(field_of(b, e, params, &field, &place));
    kt_put(b->tx, &p, "entity", b24_str(e->ours));
    kt_put(b->tx, &p, "name", *kt_value_get(field, "name"));
    b->custom_of = NULL;
    a->result = kt_value_bool(true);
    return kt_call(b->tx, "field.remove", &p.value, &result);
}

const verb userfield_verbs[] = {
    {"userfield.list", false, userfield_list, HAS_USERFIELDS},
    {"userfield.get", false, userfield_get, HAS_USERFIELDS},
    {"userfield.add", true, userfield_add, HAS_USERFIELDS},
    {"userfield.update", true, userfield_update, HAS_USERFIELDS},
    {"userfield.delete", true, userfield_delete, HAS_USERFIELDS},
    {0},
};

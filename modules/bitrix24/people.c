/* Users, and what a client asks about itself. */
#include <string.h>

#include "b24.h"

static const char user_fields[] = "id name full_name email active created_at department";

/* The last word of a full name is the last name; who has none is known by the login. */
static void put_name(b24 *b, const kt_value *user, kt_maker *made)
{
    kt_str whole = kt_value_get_str(user, "full_name");
    size_t space = whole.len;
    whole = whole.len ? whole : kt_value_get_str(user, "name");
    while (space > 0 && whole.ptr[space - 1] != ' ')
        space--;
    kt_str last = space ? (kt_str){whole.ptr + space, whole.len - space} : (kt_str){0};
    kt_put(b->tx, made, "NAME",
        kt_value_str(space ? kt_format(b->tx, "%.*s", (int)space - 1, whole.ptr) : whole));
    kt_put(b->tx, made, "LAST_NAME", kt_value_str(last.len ? last : KT_STR("")));
    kt_put(b->tx, made, "SECOND_NAME", b24_str(""));
}

static kt_value show_user(b24 *b, const kt_value *user)
{
    kt_maker u = KT_MAKE_OBJECT;
    kt_str email = kt_value_get_str(user, "email");
    kt_put(b->tx, &u, "ID", kt_value_str(kt_format(b->tx, "%lld", (long long)b24_int_at(user, "id"))));
    kt_put(b->tx, &u, "XML_ID", kt_value_str(kt_value_get_str(user, "name")));
    kt_put(b->tx, &u, "ACTIVE", kt_value_bool(b24_bool_at(user, "active")));
    put_name(b, user, &u);
    kt_put(b->tx, &u, "EMAIL", kt_value_str(email.len ? email : KT_STR("")));
    kt_put(
        b->tx, &u, "DATE_REGISTER", kt_value_str(time_theirs(b->tx, kt_value_get_str(user, "created_at"))));
    kt_put(b->tx, &u, "USER_TYPE", b24_str("employee"));
    int64_t department = b24_int_at(user, "department");
    kt_maker departments = KT_MAKE_ARRAY;
    if (department)
        kt_add(b->tx, &departments, kt_value_int(department));
    kt_put(b->tx, &u, "UF_DEPARTMENT", departments.value);
    return u.value;
}

static void among(b24 *b, const char *path, const kt_value *v, kt_maker *filter)
{
    kt_maker ids = KT_MAKE_ARRAY;
    bool several = v->kind == KT_VALUE_ARRAY || v->kind == KT_VALUE_OBJECT;
    for (size_t i = 0; i < (several ? kt_value_count(v) : 1); i++) {
        const kt_value *one = several ? b24_item(v, i) : v;
        int64_t id;
        if (strcmp(path, "email") == 0)
            kt_add(b->tx, &ids, kt_value_str(b24_text(b->tx, one)));
        else
            kt_add(b->tx, &ids, kt_value_int(b24_int(one, &id) ? id : 0));
    }
    kt_add(b->tx, filter, condition(b->tx, path, "in", ids.value));
}

/* Fields of a filter: {"ACTIVE": true, "EMAIL": .., "FIND": "kow"}; one that is not known is refused. */
static kt_error *add_test(b24 *b, kt_str name, const kt_value *v, kt_maker *filter)
{
    kt_str text = b24_text(b->tx, v);
    while (name.len && strchr("=@%", *name.ptr))
        name = (kt_str){name.ptr + 1, name.len - 1};
    if (b24_is(name, "ID"))
        among(b, "id", v, filter);
    else if (b24_is(name, "EMAIL"))
        among(b, "email", v, filter);
    else if (b24_is(name, "UF_DEPARTMENT"))
        among(b, "department", v, filter);
    else if (b24_is(name, "ACTIVE"))
        kt_add(b->tx, filter,
            condition(b->tx, "active", "=",
                kt_value_bool(b24_is(text, "Y") || b24_is(text, "1") || b24_is(text, "true"))));
    else if (b24_is(name, "NAME") || b24_is(name, "LAST_NAME") || b24_is(name, "FIND"))
        kt_add(b->tx, filter,
            condition(b->tx, "full_name", "ilike", kt_value_str(text.ptr ? text : KT_STR(""))));
    else if (!b24_is(name, "USER_TYPE"))
        return kt_fail(b->tx, KT_VALIDATION, "ERROR_ARGUMENT", "the filter's field %s is not known",
            "pole filtra %s nie jest znane", name.ptr);
    return NULL;
}

/* Filters stand in FILTER or beside the other parameters. */
static kt_error *user_get(b24 *b, const kt_value *params, answer *a)
{
    static const char *const others[] = {
        "filter", "start", "sort", "order", "admin_mode", "auth", "access_token", NULL};
    kt_maker filter = KT_MAKE_ARRAY, list = KT_MAKE_ARRAY;
    const kt_value *given = b24_param(params, "filter"), *rows;
    for (size_t i = 0; i < kt_value_count(given) && given->kind == KT_VALUE_OBJECT; i++)
        KT_TRY(add_test(b, given->as.object.members[i].name, given->as.object.members[i].value, &filter));
    for (size_t i = 0; i < kt_value_count(params); i++) {
        const kt_value_member *m = &params->as.object.members[i];
        bool other = false;
        kt_maker one = KT_MAKE_OBJECT;
        kt_put_named(b->tx, &one, m->name, *m->value);
        for (const char *const *o = others; *o; o++)
            other = other || b24_param(&one.value, *o);
        if (!other)
            KT_TRY(add_test(b, m->name, m->value, &filter));
    }
    KT_TRY(b24_list(b, "access.user", filter.value, user_fields, &rows));
    for (size_t i = 0; i < kt_value_count(rows); i++)
        kt_add(b->tx, &list, show_user(b, &rows->as.array.items[i]));
    return b24_page(b, params, list.value, a);
}

static kt_error *user_current(b24 *b, const kt_value *params, answer *a)
{
    const kt_value *user;
    (void)params;
    KT_TRY(b24_get(b, "access.user", (int64_t)kt_user(b->tx).v, user_fields, &user));
    a->result = show_user(b, user);
    return NULL;
}

/* What is written of a user. */
static kt_error *take_user(b24 *b, const kt_value *params, const kt_value *before, kt_maker *values)
{
    static const char *const known[] = {"ID", "EMAIL", "NAME", "LAST_NAME", "SECOND_NAME", "ACTIVE",
        "UF_DEPARTMENT", "XML_ID", "EXTRANET", "MESSAGE_TEXT", "auth", "access_token", NULL};
    const kt_value *department = b24_param(params, "UF_DEPARTMENT"), *active = b24_param(params, "ACTIVE");
    kt_str email = b24_given(b, params, "EMAIL"), first = b24_given(b, params, "NAME"),
           last = b24_given(b, params, "LAST_NAME");
    kt_error *all = NULL;
    links ids;
    for (size_t i = 0; i < kt_value_count(params); i++) {
        const kt_value_member *m = &params->as.object.members[i];
        kt_value named = b24_in(b, m->name.ptr, *m->value);
        bool found = false;
        for (const char *const *k = known; *k; k++)
            found = found || b24_param(&named, *k);
        if (!found)
            kt_also(&all,
                kt_fail(b->tx, KT_VALIDATION, m->name.ptr, "there is no such field", "nie ma takiego pola"));
    }
    if (email.len)
        kt_put(b->tx, values, "email", kt_value_str(email));
    if (first.len || last.len) {
        kt_maker shown = KT_MAKE_OBJECT;
        if (before)
            put_name(b, before, &shown);
        first = first.len ? first : kt_value_get_str(&shown.value, "NAME");
        last = last.len ? last : kt_value_get_str(&shown.value, "LAST_NAME");
        kt_put(b->tx, values, "full_name",
            kt_value_str(kt_format(b->tx, "%s%s%s", first.ptr ? first.ptr : "",
                first.len && last.len ? " " : "", last.ptr ? last.ptr : "")));
    }
    if (active)
        kt_put(b->tx, values, "active",
            kt_value_bool(b24_is(b24_text(b->tx, active), "Y") || b24_is(b24_text(b->tx, active), "1")));
    if (department) {
        KT_TRY(links_read(b, department, &ids));
        kt_put(b->tx, values, "department", ids.count ? kt_value_int(ids.ids[0]) : (kt_value){0});
    }
    return all;
}

/* The login is the address; a password is set by whoever invites. */
static kt_error *user_add(b24 *b, const kt_value *params, answer *a)
{
    kt_maker values = KT_MAKE_OBJECT, p = KT_MAKE_OBJECT;
    const kt_value *made;
    kt_str email = b24_given(b, params, "EMAIL");
    if (!email.len)
        return b24_fail(b->tx, "ERROR_ARGUMENT", "EMAIL is required", "wymagane jest EMAIL");
    KT_TRY(take_user(b, params, NULL, &values));
    kt_put(b->tx, &values, "name", kt_value_str(email));
    kt_put(b->tx, &p, "values", values.value);
    KT_TRY(kt_call(b->tx, "access.user.create", &p.value, &made));
    a->result = kt_value_int(b24_int_at(made, "id"));
    return NULL;
}

static kt_error *user_update(b24 *b, const kt_value *params, answer *a)
{
    kt_maker values = KT_MAKE_OBJECT, p = KT_MAKE_OBJECT;
    const kt_value *before, *result, *given = b24_param(params, "ID");
    int64_t id;
    if (!given || !b24_int(given, &id))
        return b24_fail(b->tx, "ERROR_ARGUMENT", "ID is required", "wymagane jest ID");
    KT_TRY(b24_get(b, "access.user", id, user_fields, &before));
    KT_TRY(take_user(b, params, before, &values));
    kt_put(b->tx, &p, "id", kt_value_int(id));
    kt_put(b->tx, &p, "values", values.value);
    a->result = kt_value_bool(true);
    return kt_call(b->tx, "access.user.update", &p.value, &result);
}

static kt_error *user_fields_of(b24 *b, const kt_value *params, answer *a)
{
    static const char *const names[] = {"ID", "XML_ID", "ACTIVE", "NAME", "LAST_NAME", "SECOND_NAME", "EMAIL",
        "DATE_REGISTER", "USER_TYPE", "UF_DEPARTMENT", NULL};
    kt_maker fields = KT_MAKE_OBJECT;
    (void)params;
    for (const char *const *n = names; *n; n++)
        kt_put(b->tx, &fields, *n, b24_str(*n));
    a->result = fields.value;
    return NULL;
}

static kt_error *profile(b24 *b, const kt_value *params, answer *a)
{
    const kt_value *user;
    kt_maker p = KT_MAKE_OBJECT;
    (void)params;
    KT_TRY(b24_get(b, "access.user", (int64_t)kt_user(b->tx).v, user_fields, &user));
    kt_put(b->tx, &p, "ID", kt_value_str(kt_format(b->tx, "%lld", (long long)b24_int_at(user, "id"))));
    kt_put(b->tx, &p, "ADMIN", kt_value_bool(kt_may(b->tx, "access.user:update")));
    put_name(b, user, &p);
    a->result = p.value;
    return NULL;
}

static kt_error *server_time(b24 *b, const kt_value *params, answer *a)
{
    (void)params;
    a->result = kt_value_str(time_now(b->tx));
    return NULL;
}

static kt_error *scope(b24 *b, const kt_value *params, answer *a)
{
    (void)params;
    a->result = b24_words(b->tx, "crm user telephony");
    return NULL;
}

const method people_methods[] = {
    {"user.get", false, user_get},
    {"user.search", false, user_get},
    {"user.current", false, user_current},
    {"user.fields", false, user_fields_of},
    {"user.add", true, user_add},
    {"user.update", true, user_update},
    {"profile", false, profile},
    {"server.time", false, server_time},
    {"scope", false, scope},
    {0},
};

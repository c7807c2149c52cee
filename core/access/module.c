/* module.c -- users, roles, teams, departments, keys as entities: journal, queries and rights hold for them
 * as for everything else. Passwords and the secrets of keys are no fields: only their hashes are kept, in
 * STORE_META, where no query reaches. */
#include "access/access.h"
#include "access/alarm.h"
#include "access/control.h"
#include "access/factor.h"
#include "access/grants.h"
#include "access/keys.h"
#include "access/read_index.h"

enum user_lang { LANG_EN = 1, LANG_PL };
static const kt_choice langs[] = {
    {LANG_EN, "en", {"English", "angielski"}},
    {LANG_PL, "pl", {"Polish", "polski"}},
    {0},
};

struct user {
    kt_record rec;
    kt_str name, full_name, email, warning;
    enum user_lang lang;
    bool active;
    kt_lines roles, teams, companies;
    kt_id department, party;
    int64_t daily_read_limit, reads_extra, daily_reveal_limit;
    kt_date reads_extra_on;
    kt_time password_changed_at, second_factor_since;
};
/* Who holds which role decides what everybody may do: the group "rights" of fields guards it. */
static const kt_shape user_shape = KT_SHAPE(user, "access.user",
    KT_FIELD(user, name, STRING, "Login", "Login", .required = true, .unique = true, .max = 100,
        .searchable = true, .priority = 1),
    KT_FIELD(user, full_name, STRING, "Full name", "Imię i nazwisko", .max = 200, .searchable = true,
        .personal = true, .priority = 2),
    KT_FIELD(user, email, STRING, "E-mail", "E-mail", .max = 254, .personal = true),
    KT_FIELD(user, lang, STATE, "Language", "Język", .choices = langs, .initial = "en"),
    KT_FIELD(user, active, BOOL, "Active", "Aktywny", .initial = "true"),
    KT_FIELD(user, roles, REFS, "Roles", "Role", .target = "access.role", .group = "rights"),
    KT_FIELD(user, teams, REFS, "Teams", "Zespoły", .target = "access.team", .group = "rights"),
    KT_FIELD(
        user, department, REF, "Department", "Dział", .target = "access.department", .group = "organisation"),
    KT_FIELD(user, companies, REFS, "Companies", "Firmy", .target = "base.company", .group = "rights",
        .help = {"the companies that the user works in; none: all",
            "firmy, w których użytkownik pracuje; brak: wszystkie"}),
    KT_FIELD(user, party, REF, "Person", "Osoba", .target = "base.party"),
    KT_FIELD(user, daily_read_limit, INT, "Records a day", "Rekordów dziennie", .group = "rights",
        .help =
            {"different records that the user may be shown in a day, of entities that log reads; none: any",
                "ile różnych rekordów encji z dziennikiem odczytów wolno dziennie zobaczyć; brak: dowolnie"}),
    KT_FIELD(user, reads_extra, INT, "Records more", "Rekordów więcej", .group = "rights"),
    KT_FIELD(user, reads_extra_on, DATE, "More on", "Więcej w dniu", .group = "rights"),
    KT_FIELD(user, daily_reveal_limit, INT, "Revelations a day", "Odsłonięć dziennie", .group = "rights",
        .help = {"masked values that the user may have revealed in a day; none: 20",
            "ile zamaskowanych wartości wolno dziennie odsłonić; brak: 20"}),
    KT_FIELD(user, password_changed_at, TIME, "Password changed", "Hasło zmienione", .group = "rights"),
    KT_FIELD(user, second_factor_since, TIME, "Second factor since", "Drugi składnik od", .group = "rights"),
    KT_FIELD(user, warning, TEXT, "Warning", "Ostrzeżenie", .computed = true, .group = "rights",
        .help = {"grants that undo the masks of others, as of the last saving",
            "uprawnienia, które znoszą maski innych, według ostatniego zapisu"}));

struct role {
    kt_record rec;
    kt_str name, label, grants, warning;
    bool second_factor;
};
static const kt_shape role_shape = KT_SHAPE(role, "access.role",
    KT_FIELD(
        role, name, STRING, "Name", "Nazwa", .required = true, .unique = true, .max = 100, .priority = 1),
    KT_FIELD(role, label, STRING, "Label", "Opis", .max = 200, .searchable = true, .priority = 2),
    KT_FIELD(role, grants, TEXT, "Grants", "Uprawnienia",
        .help = {"ENTITY:ACTIONS@SCOPE where CONDITION fields GROUPS; ...",
            "ENCJA:CZYNNOŚCI@ZAKRES where WARUNEK fields GRUPY; ..."}),
    KT_FIELD(role, second_factor, BOOL, "Second factor", "Drugi składnik",
        .help = {"who has the role may do nothing before a second factor is set",
            "kto ma tę rolę, nic nie może, dopóki nie ustawi drugiego składnika"}),
    KT_FIELD(role, warning, TEXT, "Warning", "Ostrzeżenie", .computed = true,
        .help = {"grants that undo the masks of others, as of the last saving",
            "uprawnienia, które znoszą maski innych, według ostatniego zapisu"}));

struct team {
    kt_record rec;
    kt_str name;
    kt_id head;
};
static const kt_shape team_shape = KT_SHAPE(team, "access.team",
    KT_FIELD(team, name, STRING, "Name", "Nazwa", .required = true, .unique = true, .max = 100,
        .searchable = true),
    KT_FIELD(team, head, REF, "Head", "Kierownik", .target = "access.user"));

struct department {
    kt_record rec;
    kt_str name;
    kt_id parent, head;
};
static const kt_shape department_shape = KT_SHAPE(department, "access.department",
    KT_FIELD(department, name, STRING, "Name", "Nazwa", .required = true, .max = 100, .searchable = true),
    KT_FIELD(department, parent, REF, "Part of", "Część", .target = "access.department"),
    KT_FIELD(department, head, REF, "Head", "Kierownik", .target = "access.user"));

struct access_key {
    kt_record rec;
    kt_str name, prefix, scopes, networks, last_used_from;
    kt_id user;
    kt_date expires_on;
    kt_time last_used_at, old_secret_until;
};
static const kt_shape access_key_shape = KT_SHAPE(access_key, "access.key",
    KT_FIELD(access_key, name, STRING, "Name", "Nazwa", .required = true, .max = 100, .priority = 1),
    KT_FIELD(access_key, user, REF, "User", "Użytkownik", .target = "access.user", .required = true,
        .fixed = true, .on_delete = KT_CASCADE),
    KT_FIELD(access_key, prefix, STRING, "Begins with", "Początek", .max = 20),
    KT_FIELD(access_key, scopes, TEXT, "Scopes", "Zakres",
        .help = {"grants that the key is held to; none: all of its user's",
            "uprawnienia, do których klucz jest ograniczony; brak: wszystkie użytkownika"}),
    KT_FIELD(access_key, expires_on, DATE, "Expires", "Wygasa"),
    KT_FIELD(access_key, networks, TEXT, "Networks", "Sieci",
        .help = {"addresses and networks that the key may come from: 10.0.0.0/8, 2001:db8::1; none: any",
            "adresy i sieci, z których wolno używać klucza: 10.0.0.0/8, 2001:db8::1; brak: dowolne"}),
    KT_FIELD(access_key, last_used_at, TIME, "Last used", "Ostatnio użyty"),
    KT_FIELD(access_key, last_used_from, STRING, "Last used from", "Ostatnio użyty z", .max = 64),
    KT_FIELD(access_key, old_secret_until, TIME, "Old secret until", "Stary sekret do"));

struct reading {
    kt_record rec;
    kt_id user, api_key;
    kt_str entity, records, action, method, filter, remote;
    int64_t record, count;
    kt_time at;
};
static const kt_shape reading_shape = KT_SHAPE(reading, "access.read_log",
    KT_FIELD(reading, user, REF, "User", "Użytkownik", .target = "access.user", .on_delete = KT_CLEAR),
    KT_FIELD(reading, entity, STRING, "Entity", "Encja", .required = true, .max = 100, .indexed = true),
    KT_FIELD(reading, record, INT, "Record", "Rekord", .indexed = true),
    KT_FIELD(reading, records, TEXT, "Records", "Rekordy",
        .help = {"where there are several: ids and ranges of ids", "gdy jest ich kilka: id i zakresy id"}),
    KT_FIELD(reading, count, INT, "How many", "Ile"),
    KT_FIELD(reading, action, STRING, "Action", "Czynność", .max = 20),
    KT_FIELD(reading, method, STRING, "Method", "Metoda", .max = 100),
    KT_FIELD(reading, filter, TEXT, "Filter", "Filtr", .personal = true,
        .help = {"what was asked for; it may name somebody, and is erased with who was shown if that is "
                 "wanted",
            "o co pytano; może kogoś wymieniać i na życzenie jest niszczone razem z danymi pokazanej osoby"}),
    KT_FIELD(reading, remote, STRING, "From", "Skąd", .max = 64),
    KT_FIELD(reading, api_key, REF, "API key", "Klucz API", .target = "access.key", .on_delete = KT_CLEAR),
    KT_FIELD(reading, at, TIME, "At", "Kiedy", .indexed = true));

/* ---- What holds ---- */

/* A change of anything that rights are made of makes all compiled rights stale. */
static kt_error *rights_changed(kt_tx *tx, const kt_record *before, const kt_record *after)
{
    (void)before;
    (void)after;
    return epoch_advance(tx->view);
}

/* However a row of the log comes or goes, the index of its records follows. */
static kt_error *reading_check(kt_tx *tx, const kt_record *before, const kt_record *after)
{
    const struct reading *was = before ? KT_SEE(reading, before) : NULL,
                         *is = after ? KT_SEE(reading, after) : NULL;
    if (was)
        KT_TRY(read_index_drop(tx, was->entity, before->id.v, (uint64_t)was->record, was->records));
    return is ? read_index_put(tx, is->entity, after->id.v, (uint64_t)is->record, is->records) : NULL;
}

static kt_error *user_forget(store_view *view, uint64_t user)
{
    KT_TRY(password_forget(view, user));
    return factor_forget(view, user);
}

/* Whoever could give rights, and no longer can, leaves somebody who does. */
static kt_error *giver_check(kt_tx *tx, const struct user *was, const struct user *is)
{
    bool gave = false, gives = false;
    if (was->active)
        KT_TRY(last_roles_give(tx, (const uint64_t *)was->roles.items, was->roles.count, &gave));
    if (gave && is && is->active)
        KT_TRY(last_roles_give(tx, (const uint64_t *)is->roles.items, is->roles.count, &gives));
    return gave && !gives ? last_is_left(tx, !is ? NULL : is->active ? "roles" : "active") : NULL;
}

/* Whoever comes back logs in anew. */
static kt_error *user_leaves(kt_tx *tx, const struct user *was, const struct user *is)
{
    size_t ended;
    return was->active && !(is && is->active) ? session_delete_all(tx, was->rec.id.v, NULL, &ended) : NULL;
}

static kt_error *user_check(kt_tx *tx, const kt_record *before, const kt_record *after)
{
    if (before)
        KT_TRY(user_leaves(tx, KT_SEE(user, before), after ? KT_SEE(user, after) : NULL));
    if (before && !after)
        KT_TRY(user_forget(tx->view, before->id.v));
    if (before)
        KT_TRY(giver_check(tx, KT_SEE(user, before), after ? KT_SEE(user, after) : NULL));
    return epoch_advance(tx->view);
}

static kt_error *role_check(kt_tx *tx, const kt_record *before, const kt_record *after)
{
    bool gave = false, gives = false;
    if (before)
        KT_TRY(last_role_gives(tx, KT_SEE(role, before)->grants, &gave));
    if (gave && after)
        KT_TRY(last_role_gives(tx, KT_SEE(role, after)->grants, &gives));
    if (gave && !gives)
        KT_TRY(last_is_left(tx, after ? "grants" : NULL));
    return epoch_advance(tx->view);
}

static kt_error *role_compute(kt_tx *tx, kt_record *self)
{
    struct role *role = KT_AS(role, self);
    grant_list list;
    KT_TRY(grants_parse(tx->arena, role->grants, "grants", &list));
    return grants_undone(tx, &list, &role->warning);
}

/* What the user's roles come to together, whoever may see them. */
static kt_error *user_compute(kt_tx *tx, kt_record *self)
{
    struct user *user = KT_AS(user, self);
    const kt_id *ids = user->roles.items;
    const model_entity *entity = model_entity_find(tx->catalogue, KT_STR("access.role"));
    grant_list all = {0}, one;
    for (size_t i = 0; i < user->roles.count; i++) {
        model_record role = {0};
        bool found;
        KT_TRY(system_read(tx, entity, ids[i].v, &role, &found));
        if (!found)
            continue;
        KT_TRY(grants_parse(tx->arena, record_str(&role, "grants"), "roles", &one));
        grant *items = ARENA_ARRAY(tx->arena, grant, all.count + one.count + 1);
        if (!items)
            return error_no_memory();
        for (size_t k = 0; k < all.count + one.count; k++)
            items[k] = k < all.count ? all.items[k] : one.items[k - all.count];
        all = (grant_list){items, all.count + one.count};
    }
    return grants_undone(tx, &all, &user->warning);
}

/* What the grants of a role undo, and are undone by, is told of its users too. */
static kt_error *renew_users(kt_tx *tx, uint64_t role)
{
    const kt_query query = {.of = &user_shape,
        .sort = "id",
        .filter = kt_format(tx, "[[\"roles\",\"=\",%llu]]", (unsigned long long)role)};
    kt_found found;
    KT_TRY(kt_find(tx, &query, 0, &found));
    for (size_t i = 0; i < found.count; i++) {
        struct user user = {KT_OF(user)};
        KT_TRY(kt_read(tx, found.ids[i], &user.rec));
        KT_TRY(kt_update(tx, &user.rec)); /* computes, and writes what differs */
    }
    return NULL;
}

static kt_error *role_changed(kt_tx *tx, const kt_event *event)
{
    kt_authority before = kt_own_authority(tx);
    kt_error *error = renew_users(tx, event->after->id.v);
    kt_callers_authority(tx, before);
    return error;
}

/* Each of a kind anew: computed, and written where it differs. */
static kt_error *renew_all(kt_tx *tx, const kt_shape *shape, kt_record *one)
{
    kt_found found;
    KT_TRY(kt_find(tx, &(kt_query){.of = shape, .sort = "id"}, 0, &found));
    for (size_t i = 0; i < found.count; i++) {
        KT_TRY(kt_read(tx, found.ids[i], one));
        KT_TRY(kt_update(tx, one));
    }
    return NULL;
}

/* A "*" covers what a module brings: whom it shows unmasked is told when the module comes. */
static kt_error *modules_came(kt_tx *tx, const kt_event *event)
{
    struct role role = {KT_OF(role)};
    struct user user = {KT_OF(user)};
    (void)event;
    kt_authority before = kt_own_authority(tx);
    kt_error *error = renew_all(tx, &role_shape, &role.rec);
    if (!error)
        error = renew_all(tx, &user_shape, &user.rec);
    kt_callers_authority(tx, before);
    return error;
}

/* The clock that its users go by may have changed. */
static kt_error *company_changed(kt_tx *tx, const kt_event *event)
{
    (void)event;
    return epoch_advance(tx->view);
}

static kt_error *key_compute(kt_tx *tx, kt_record *self)
{
    const struct access_key *k = KT_AS(access_key, self);
    grant_list list;
    network *networks;
    size_t count;
    kt_error *all = grants_parse(tx->arena, k->scopes, "scopes", &list);
    kt_also(&all, networks_read(tx->arena, k->networks, "networks", &networks, &count));
    return all;
}

/* That it was used changes nothing of what a key may do, and must not make all rights stale. */
static kt_error *key_check(kt_tx *tx, const kt_record *before, const kt_record *after)
{
    if (before && after) {
        const struct access_key *a = KT_SEE(access_key, before), *b = KT_SEE(access_key, after);
        if (str_eq(a->scopes, b->scopes) && str_eq(a->networks, b->networks) &&
            a->expires_on.day == b->expires_on.day)
            return NULL;
    }
    if (!after)
        KT_TRY(key_retire(tx, before->id.v, (kt_time){0}));
    return epoch_advance(tx->view);
}

static kt_error *department_check(kt_tx *tx, const kt_record *before, const kt_record *after)
{
    (void)before;
    const struct department *at = after ? KT_SEE(department, after) : NULL;
    for (unsigned depth = 0; at && at->parent.v; depth++) {
        struct department *above = kt_alloc(tx, sizeof *above);
        if (!above)
            return error_no_memory();
        if (at->parent.v == after->id.v || depth == DEPARTMENT_DEPTH_MAX)
            return kt_fail(tx, KT_VALIDATION, "parent", "a department cannot be part of itself",
                "dział nie może być częścią samego siebie");
        above->rec.of = &department_shape;
        const model_guard *guard = tx->guard;
        tx->guard = NULL; /* the tree is one, however much of it the caller sees */
        kt_error *error = kt_read(tx, at->parent, &above->rec);
        tx->guard = guard;
        if (error)
            return NULL; /* a missing parent is the model's to refuse */
        at = above;
    }
    return epoch_advance(tx->view);
}

const kt_module access_module = KT_MODULE("access", "1.0.0", "Access", "Dostęp",
    .handlers = KT_LIST(kt_handler, {"access.role.updated", &role_shape, role_changed},
        {"module.enabled", NULL, modules_came}, {"base.company.created", NULL, company_changed},
        {"base.company.updated", NULL, company_changed}, {"base.company.deleted", NULL, company_changed}),
    .entities = KT_LIST(kt_entity,
        {&role_shape, {"Role", "Rola"}, {"Roles", "Role"}, .title = "name", .compute = role_compute,
            .check = role_check, .icon = "shield", .shared = true},
        {&team_shape, {"Team", "Zespół"}, {"Teams", "Zespoły"}, .title = "name", .check = rights_changed,
            .icon = "users", .shared = true},
        {&department_shape, {"Department", "Dział"}, {"Departments", "Działy"}, .title = "name",
            .check = department_check, .icon = "tree"},
        {&user_shape, {"User", "Użytkownik"}, {"Users", "Użytkownicy"}, .title = "name",
            .compute = user_compute, .check = user_check, .icon = "user", .shared = true},
        {&access_key_shape, {"API key", "Klucz API"}, {"API keys", "Klucze API"}, .title = "name",
            .compute = key_compute, .check = key_check, .icon = "key", .shared = true},
        {&canary_shape, {"Canary", "Kanarek"}, {"Canaries", "Kanarki"}, .indexes = "unique entity record",
            .icon = "feather", .shared = true},
        {&alarm_shape, {"Alarm", "Alarm"}, {"Alarms", "Alarmy"}, .icon = "siren", .shared = true},
        {&reading_shape, {"Reading", "Odczyt"}, {"Readings", "Odczyty"}, .check = reading_check,
            .icon = "eye", .shared = true}));

/* people.c -- who stands above a user, and which language the user reads: what rules ask of the company's people.
 * Answered whatever rights the rule has, as settings are: it learns an id and a language, and no record. */
#include <kontor/departments.h>

#include "automation/serve.h"
#include "kit/str.h"

enum { STEPS_MAX = 64 }; /* up the departments: a ring of them ends here */

struct person {
    kt_record rec;
    kt_lines teams;
    kt_id department;
    unsigned lang;
};
static const kt_shape person_shape = KT_SHAPE(person, "access.user", KT_BIND(person, teams, REFS, "teams"),
    KT_BIND(person, department, REF, "department"), KT_BIND(person, lang, STATE, "lang"));

struct team {
    kt_record rec;
    kt_id head;
};
static const kt_shape team_shape = KT_SHAPE(team, "access.team", KT_BIND(team, head, REF, "head"));

/* The head of a team, else of the department or the next one above that has another head than the user. */
static kt_error *find_head(kt_tx *tx, const struct person *user, kt_id *head)
{
    const kt_id *teams = user->teams.items;
    struct team team = {KT_OF(team)};
    kt_department place = {KT_OF(kt_department)};
    kt_id at = user->department;
    for (size_t i = 0; i < user->teams.count; i++) {
        KT_TRY(kt_read(tx, teams[i], &team.rec));
        if (team.head.v && team.head.v != user->rec.id.v) {
            *head = team.head;
            return NULL;
        }
    }
    for (int steps = 0; at.v && steps < STEPS_MAX; steps++, at = place.parent) {
        KT_TRY(kt_read(tx, at, &place.rec));
        if (place.head.v && place.head.v != user->rec.id.v) {
            *head = place.head;
            return NULL;
        }
    }
    return NULL;
}

/* The user that is asked about; not found: empty. */
static kt_error *read_person(asked *a, struct person *user)
{
    *user = (struct person){KT_OF(person)};
    kt_error *error = kt_read(a->tx, (kt_id){(uint64_t)pack_next_int(a->in)}, &user->rec);
    return error && error->first->kind == KT_NOT_FOUND ? NULL : error;
}

kt_error *serve_head(asked *a)
{
    const model_guard *guard = a->tx->guard;
    struct person user;
    kt_id head = {0};
    a->tx->guard = NULL;
    kt_error *error = read_person(a, &user);
    if (!error)
        error = find_head(a->tx, &user, &head);
    a->tx->guard = guard;
    if (!error && head.v)
        pack_int(a->out, (int64_t)head.v);
    else if (!error)
        pack_nil(a->out);
    return error;
}

kt_error *serve_language(asked *a)
{
    const model_guard *guard = a->tx->guard;
    const model_entity *entity = model_entity_find(a->tx->catalogue, KT_STR("access.user"));
    struct person user;
    a->tx->guard = NULL;
    kt_error *error = read_person(a, &user);
    a->tx->guard = guard;
    if (!error)
        pack_str(a->out, serve_state(model_field_find(entity, KT_STR("lang")), user.lang));
    return error;
}

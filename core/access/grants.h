/* grants.h -- inside the room: the text of a role's grants, read into a list.
 *
 *   grants     = grant { ";" grant }
 *   grant      = ENTITY ":" ACTIONS [ "@" SCOPE ] [ "where" condition { "and" condition } ]
 *                [ "fields" GROUPS ] [ "masked" MASKS ]
 *   ENTITY     = "crm.deal" | "crm.*" | "*" | a name without an entity, as "journal" or "system"
 *   ACTIONS    = "*" | name { "," name }
 *   SCOPE      = "own" | "team" | "department" | "all"
 *   condition  = path operator value, with the operators of the query language
 *   value      = "text" | number | word | true | false | null | me | "(" value { "," value } ")"
 *                after in and not_in also my_teams | my_roles
 *   GROUPS     = "*" | name { "," name }
 *   MASKS      = "*" | name { "," name } */
#pragma once
#include "model/model.h"

typedef enum { SCOPE_ALL, SCOPE_OWN, SCOPE_TEAM, SCOPE_DEPARTMENT } grant_scope;
extern const char *const grant_scope_names[];

typedef struct {
    kt_str path, op;
    const variant *value; /* &grant_me: the caller; &grant_my_teams, &grant_my_roles: lists of the caller's */
} grant_condition;
extern const variant grant_me, grant_my_teams, grant_my_roles;

typedef struct {
    uint64_t *ids; /* rising */
    size_t count;
} id_set;

typedef struct {
    uint64_t me;
    id_set teams, roles;
} grant_caller;

typedef struct {
    kt_str text; /* the grant as written */
    kt_str entity;
    const kt_str *actions; /* "*" is one of them */
    size_t action_count;
    grant_scope scope;
    const grant_condition *conditions;
    size_t condition_count;
    const kt_str *groups;
    size_t group_count;
    const kt_str *masks; /* what it shows masked only */
    size_t mask_count;
} grant;

typedef struct {
    grant *items;
    size_t count;
} grant_list;

#define GRANTS_MAX 1000 /* in one role */

/* Reads grants; blanks and empty grants between ";" are nothing.
 *   returns  all problems at once, each at `path` with the grant's number as row
 *   memory   arena; texts are copied */
KT_MUST kt_error *grants_parse(arena *arena, kt_str text, const char *path, grant_list *list);
/* The conditions as a filter of the query language, with the caller in place of `me`, my_teams, my_roles. NULL: no
 * memory */
const variant *grant_filter(arena *arena, const grant *grant, const grant_caller *caller);

/* Which of the grants undo the masks of others beside them, a line each; not set: none does. */
KT_MUST kt_error *grants_undone(kt_tx *tx, const grant_list *all, kt_str *text);

/* Does it speak of this entity (or name)? */
bool grant_covers(const grant *grant, kt_str entity);
/* Does it name this action, or all? */
bool grant_allows(const grant *grant, const char *action);
/* Does it open this group of fields? */
bool grant_shows(const grant *grant, kt_str group);
/* Does it show fields of this mask masked? */
bool grant_masks(const grant *grant, kt_str mask);

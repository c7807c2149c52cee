/* methods.c -- the table of session.* and access.*: names, rights, parameters. */
#include "access/methods.h"

#define USER_PARAM                                                                                           \
    {                                                                                                        \
        "user", VARIANT_NULL, false,                                                                         \
        {                                                                                                    \
            "id or login of another user", "id lub login innego użytkownika"                                \
        }                                                                                                    \
    }

#define CODE_PARAM(needed)                                                                                   \
    {                                                                                                        \
        "code", VARIANT_STRING, needed,                                                                      \
        {                                                                                                    \
            "six digits of the authenticator, or a recovery code",                                           \
                "sześć cyfr z aplikacji uwierzytelniającej albo kod zapasowy"                             \
        }                                                                                                    \
    }

static const method_param no_params[] = {{0}};
static const method_param user_params[] = {USER_PARAM, {0}};
static const method_param login_params[] = {
    {"user", VARIANT_STRING, true, {"login", "login"}},
    {"password", VARIANT_STRING, true, {"password", "hasło"}},
    CODE_PARAM(false),
    {0},
};
static const method_param enrol_params[] = {
    {"password", VARIANT_STRING, true, {"one's own present password", "własne obecne hasło"}},
    {0},
};
static const method_param confirm_params[] = {CODE_PARAM(true), {0}};
static const method_param remove_params[] = {USER_PARAM, CODE_PARAM(false), {0}};
static const method_param company_params[] = {
    {"company", VARIANT_NULL, false,
        {"id; null: the first of the user's", "id; null: pierwsza z firm użytkownika"}},
    {0},
};
static const method_param revoke_params[] = {
    USER_PARAM,
    {"id", VARIANT_STRING, false,
        {"of one session; all others without it", "jednej sesji; bez niego wszystkie inne"}},
    {0},
};
static const method_param password_params[] = {
    USER_PARAM,
    {"old", VARIANT_STRING, false, {"one's own present password", "własne obecne hasło"}},
    {"new", VARIANT_STRING, true, {"the new password", "nowe hasło"}},
    {0},
};
static const method_param key_params[] = {
    {"name", VARIANT_STRING, true, {"what the key is for", "do czego jest klucz"}},
    USER_PARAM,
    {"scopes", VARIANT_STRING, false,
        {"grants that the key is held to", "uprawnienia, do których klucz jest ograniczony"}},
    {"networks", VARIANT_STRING, false,
        {"addresses and networks that it may come from: 10.0.0.0/8, 2001:db8::1",
            "adresy i sieci, z których wolno go używać: 10.0.0.0/8, 2001:db8::1"}},
    {"expires_on", VARIANT_STRING, false, {"the last day", "ostatni dzień"}},
    {0},
};
static const method_param rotate_params[] = {
    {"id", VARIANT_INT, true, {"of the key", "klucza"}},
    {"overlap_hours", VARIANT_INT, false,
        {"that the old secret is still good; 24", "przez ile godzin działa jeszcze stary sekret; 24"}},
    {0},
};
static const method_param reassign_params[] = {
    {"from", VARIANT_NULL, true,
        {"id or login: the user whose records they are", "id lub login: użytkownik, którego to rekordy"}},
    {"to", VARIANT_NULL, true,
        {"id or login: the user who gets them", "id lub login: użytkownik, który je dostaje"}},
    {"entities", VARIANT_OBJECT, false,
        {"{entity: a filter, or true}; absent: all that has an owner",
            "{encja: filtr albo true}; brak: wszystkie z opiekunem"}},
    {0},
};
static const method_param explain_params[] = {
    USER_PARAM,
    {"entity", VARIANT_STRING, true,
        {"crm.deal, or a name without an entity: journal", "crm.deal albo nazwa bez encji: journal"}},
    {"id", VARIANT_INT, false, {"of the record", "rekordu"}},
    {"action", VARIANT_STRING, true, {"read, update, ...", "read, update, ..."}},
    {"field", VARIANT_STRING, false, {"one field", "jedno pole"}},
    {0},
};
static const method_param readers_params[] = {
    {"entity", VARIANT_STRING, true, {"of the record", "rekordu"}},
    {"id", VARIANT_INT, true, {"of the record", "rekordu"}},
    {"limit", VARIANT_INT, false, {"rows, at most 500; 50", "wierszy, najwyżej 500; 50"}},
    {"cursor", VARIANT_STRING, false, {"`next` of the answer before", "`next` z poprzedniej odpowiedzi"}},
    {0},
};
static const method_param near_params[] = {
    {"percent", VARIANT_INT, false,
        {"only who has used as much of a budget; 1", "tylko kto wykorzystał tyle limitu; 1"}},
    {0},
};
static const method_param unusual_params[] = {
    {"factor", VARIANT_INT, false, {"more than so many times the usual; 5", "ponad tyle razy więcej; 5"}},
    {"least", VARIANT_INT, false, {"records today, at least; 200", "rekordów dziś, co najmniej; 200"}},
    {0},
};
static const method_param reveal_params[] = {
    {"entity", VARIANT_STRING, true, {"of the record", "rekordu"}},
    {"id", VARIANT_INT, true, {"of the record", "rekordu"}},
    {"field", VARIANT_STRING, true, {"phone, or contacts.value", "phone albo contacts.value"}},
    {"line", VARIANT_INT, false, {"of lines: the id of one", "dla wierszy: id jednego"}},
    {0},
};
static const method_param raise_params[] = {
    {"user", VARIANT_NULL, true, {"id or login", "id lub login"}},
    {"records", VARIANT_INT, true, {"how many more, today", "o ile więcej, dzisiaj"}},
    {0},
};
static const method_param matrix_params[] = {
    {"role", VARIANT_NULL, true, {"id or name", "id lub nazwa"}},
    {0},
};
static const method_param diff_params[] = {
    {"from", VARIANT_NULL, true, {"id or name of a role", "id lub nazwa roli"}},
    {"to", VARIANT_NULL, true, {"id or name of a role", "id lub nazwa roli"}},
    {0},
};

const method access_methods[] = {
    {"session.login", "public", METHOD_PLAIN, {"Logs in; gives a token", "Loguje; daje token"}, login_params,
        session_login, .secret = true},
    {"session.logout", "login", METHOD_WRITE, {"Ends the session", "Kończy sesję"}, no_params,
        session_logout},
    {"session.resume", "login", METHOD_READ, {"The session of this token", "Sesja tego tokenu"}, no_params,
        session_resume},
    {"session.whoami", "login", METHOD_READ, {"Who the caller is", "Kim jest wołający"}, no_params,
        session_whoami},
    {"session.company", "login", METHOD_WRITE,
        {"Chooses the company to work in", "Wybiera firmę, w której się pracuje"}, company_params,
        session_company},
    {"session.list", "login", METHOD_READ, {"Sessions that last", "Trwające sesje"}, user_params,
        session_list},
    {"session.revoke", "login", METHOD_WRITE, {"Ends sessions", "Kończy sesje"}, revoke_params,
        session_revoke},
    {"access.password", "login", METHOD_PLAIN, {"Sets a password", "Ustawia hasło"}, password_params,
        credentials_password, .secret = true},
    {"access.factor.enrol", "login", METHOD_PLAIN,
        {"Begins a second factor; its secret is shown once",
            "Rozpoczyna drugi składnik; sekret pokazuje raz"},
        enrol_params, factor_enrol, .secret = true},
    {"access.factor.confirm", "login", METHOD_PLAIN,
        {"Sets the second factor by its first code; shows ten recovery codes once",
            "Ustawia drugi składnik pierwszym kodem; raz pokazuje dziesięć kodów zapasowych"},
        confirm_params, factor_confirm, .secret = true},
    {"access.factor.remove", "login", METHOD_PLAIN,
        {"Removes one's own second factor by a code, or resets another's",
            "Usuwa własny drugi składnik kodem albo zeruje cudzy"},
        remove_params, factor_remove, .secret = true},
    {"access.factor.show", "login", METHOD_READ,
        {"Whether there is a second factor", "Czy jest drugi składnik"}, user_params, factor_show},
    {"access.key.create_secret", "login", METHOD_PLAIN,
        {"Makes an API key; its secret is shown once", "Tworzy klucz API; sekret pokazuje raz"}, key_params,
        key_create},
    {"access.key.rotate", "login", METHOD_PLAIN,
        {"Gives a key a new secret; the old one is good for a while",
            "Daje kluczowi nowy sekret; stary działa jeszcze przez pewien czas"},
        rotate_params, key_rotate},
    {"access.user.reassign", "access.user:read", METHOD_WRITE,
        {"Gives what one user owns to another, of every entity",
            "Przekazuje rekordy jednego użytkownika drugiemu, ze wszystkich encji"},
        reassign_params, user_reassign},
    {"access.explain", "login", METHOD_READ,
        {"Why a user may or may not: the deciding grant",
            "Dlaczego użytkownik może lub nie: decydujące uprawnienie"},
        explain_params, explain_run},
    {"access.reveal", "login", METHOD_READ,
        {"One masked value as it is; counted and logged",
            "Jedna zamaskowana wartość bez maski; liczona i zapisywana"},
        reveal_params, reveal_run},
    {"access.readers", "access.read_log:read", METHOD_READ,
        {"Who was shown a record, newest first", "Kto oglądał rekord, od najnowszych"}, readers_params,
        readers_run},
    {"access.reads.show", "login", METHOD_READ,
        {"How many different records were read today, and the limit",
            "Ile różnych rekordów dziś odczytano i jaki jest limit"},
        user_params, reads_show},
    {"access.reads.near", "access.user:raise_reads", METHOD_READ,
        {"Who has used most of today's budgets", "Kto wykorzystał najwięcej z dziennych limitów"},
        near_params, reads_near},
    {"access.reads.unusual", "access.user:raise_reads", METHOD_READ,
        {"Who was shown far more records today than is usual for them",
            "Kto obejrzał dziś znacznie więcej rekordów niż zwykle"},
        unusual_params, reads_unusual},
    {"access.reads.raise", "access.user:raise_reads", METHOD_WRITE,
        {"Lets a user read more records today", "Pozwala użytkownikowi odczytać dziś więcej rekordów"},
        raise_params, reads_raise},
    {"access.matrix", "access.role:read", METHOD_READ,
        {"What a role may, by entity and action", "Co wolno roli, według encji i czynności"}, matrix_params,
        matrix_run},
    {"access.diff", "access.role:read", METHOD_READ,
        {"What differs between two roles", "Czym różnią się dwie role"}, diff_params, diff_run},
    {0},
};

/* module.c -- the entity of rules: ordinary records, so that versions, authors, rights and history are
 * theirs. What the text declares is told in computed fields, for lists. */
#include "automation/rule.h"
#include "kit/str.h"

static const kt_choice rule_states[] = {
    {RULE_DRAFT, "draft", {"Draft", "Szkic"}},
    {RULE_ON, "on", {"On", "Włączona"}, "open"},
    {RULE_SHADOW, "shadow", {"Shadow", "W cieniu"}},
    {RULE_OFF, "off", {"Off", "Wyłączona"}},
    {0},
};

const kt_shape rule_row_shape = KT_SHAPE(rule_row, "automation.rule",
    KT_FIELD(rule_row, name, STRING, "Name", "Nazwa", .required = true, .unique = true, .max = 80,
        .searchable = true, .priority = 1),
    KT_FIELD(rule_row, state, STATE, "State", "Stan", .choices = rule_states, .priority = 2),
    KT_FIELD(rule_row, label, STRING, "Label", "Opis", .max = 200, .computed = true, .priority = 3),
    KT_FIELD(rule_row, on, TEXT, "Events", "Zdarzenia", .computed = true, .priority = 4),
    KT_FIELD(rule_row, moment, STRING, "Moment", "Moment", .max = 20, .computed = true, .priority = 5,
        .help = {"In the transaction, or after its commit.", "W transakcji albo po jej zatwierdzeniu."}),
    KT_FIELD(rule_row, order, INT, "Order", "Kolejność", .computed = true),
    KT_FIELD(rule_row, rights, TEXT, "Rights", "Uprawnienia", .computed = true,
        .help = {"The grants that it runs with; caller: those of who causes the event.",
            "Uprawnienia, z którymi działa; caller: osoby, która wywołuje zdarzenie."}),
    KT_FIELD(rule_row, owner, REF, "Owner", "Właściciel", .target = "access.user", .initial = "me",
        .on_delete = KT_CLEAR, .priority = 6,
        .help = {"Told when it fails; its declared rights never exceed this user's.",
            "Dowiaduje się o błędach; zadeklarowane uprawnienia nie wykraczają poza jego własne."}),
    KT_FIELD(rule_row, source, STRING, "File", "Plik", .max = 200,
        .help = {"Where the text comes from; empty: it was stored here.",
            "Skąd pochodzi tekst; puste: zapisano go tutaj."}),
    KT_FIELD(rule_row, text, TEXT, "Text", "Tekst", .required = true, .searchable = true),
    KT_FIELD(rule_row, failures, INT, "Failures in a row", "Błędy z rzędu", .computed = true),
    KT_FIELD(rule_row, problem, TEXT, "Last problem", "Ostatni problem", .computed = true));

/* A rule never has more rights than its owner: so whoever writes its text owns it,
 * or is one who gives rights to others. */
static kt_error *rule_check_author(kt_tx *tx, const kt_record *before, const kt_record *after)
{
    const struct rule_row *new = after ? KT_SEE(rule_row, after) : NULL,
                          *old = before ? KT_SEE(rule_row, before) : NULL;
    bool written = new && (!old || !str_eq(old->text, new->text) || old->owner.v != new->owner.v);
    if (!written || new->owner.v == tx->user || kt_may(tx, "access.role:update"))
        return NULL;
    return kt_hint(kt_fail(tx, KT_FORBIDDEN, "owner", "the rule would act with another user's rights",
                       "reguła działałaby z uprawnieniami innego użytkownika"),
        "Make yourself its owner.", "Ustaw siebie jako właściciela.");
}

#define NOT_ON (KT_IN(RULE_DRAFT) | KT_IN(RULE_SHADOW) | KT_IN(RULE_OFF))
static const kt_action rule_actions[] = {
    {"enable", {"Switch on", "Włącz"}, "enable", NOT_ON, RULE_ON, .preview = true},
    {"shadow", {"Run in the shadow", "Uruchom w cieniu"}, "enable",
        KT_IN(RULE_DRAFT) | KT_IN(RULE_ON) | KT_IN(RULE_OFF), RULE_SHADOW},
    {"disable", {"Switch off", "Wyłącz"}, "enable", KT_IN(RULE_ON) | KT_IN(RULE_SHADOW), RULE_OFF},
    {0},
};

const kt_module automation_module = KT_MODULE("automation", "1.0.0", "Automation", "Automatyzacja",
    .entities = KT_LIST(kt_entity,
        {&rule_row_shape, {"Rule", "Reguła"}, {"Rules", "Reguły"}, .title = "name", .actions = rule_actions,
            .check = rule_check_author, .icon = "bolt"},
        {&setting_row_shape, {"Setting", "Ustawienie"}, {"Settings", "Ustawienia"}, .title = "name",
            .check = setting_check, .icon = "sliders"}));

/* @name@.c -- one entity with two states. docs/module-guide.md explains every line. */
#include <kontor.h>

enum item_state { OPEN = 1, DONE };
static const kt_choice item_states[] = {
    {OPEN, "open", {"Open", "Otwarte"}, "open"},
    {DONE, "done", {"Done", "Gotowe"}, "won"},
    {0},
};
struct item {
    kt_record rec;
    kt_str title;
    kt_id party;
    kt_dec amount;
    enum item_state state;
};
static const kt_shape item_shape = KT_SHAPE(item, "@name@.item",
    KT_FIELD(item, title, STRING, "Title", "Tytuł", .required = true, .max = 80, .searchable = true),
    KT_FIELD(item, party, REF, "Customer", "Klient", .target = "base.party"),
    KT_FIELD(item, amount, MONEY, "Amount", "Kwota", .scale = 2),
    KT_FIELD(item, state, STATE, "State", "Stan", .choices = item_states, .initial = "open"));

static kt_error *item_check(kt_tx *tx, const kt_record *before, const kt_record *after)
{
    (void)before;
    if (after && kt_dec_cmp(KT_SEE(item, after)->amount, KT_DEC(0, 2)) < 0 &&
        KT_SEE(item, after)->amount.scale1)
        return kt_fail(tx, KT_VALIDATION, "amount", "below zero", "poniżej zera");
    return NULL;
}

static const kt_action item_actions[] = {
    {"finish", {"Finish", "Zakończ"}, "update", KT_IN(OPEN), DONE},
    {0},
};
const kt_module kontor_module = KT_MODULE("@name@", "1.0.0", "@Name@", "@Name@", .needs = "base",
    .entities = KT_LIST(
        kt_entity, {&item_shape, {"Item", "Pozycja"}, {"Items", "Pozycje"}, .title = "title",
                       .indexes = "state title", .actions = item_actions, .check = item_check}),
    .roles = KT_LIST(kt_role, {"user", {"User", "Użytkownik"}, "@name@.item:*; base.party:read"}));

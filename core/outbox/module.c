/* module.c -- the entity of effects: ordinary records, so that queries, rights and the journal hold for them.
 */
#include "outbox/effect.h"

static const kt_choice effect_states[] = {
    {EFFECT_WAITING, "waiting", {"Waiting", "Czeka"}, "open"},
    {EFFECT_DELIVERED, "delivered", {"Delivered", "Dostarczony"}, "won"},
    {EFFECT_DEAD, "dead", {"Given up", "Zaniechany"}, "lost"},
    {EFFECT_CANCELLED, "cancelled", {"Cancelled", "Anulowany"}, "lost"},
    {0},
};

const kt_shape effect_shape = KT_SHAPE(effect, "outbox.effect",
    KT_FIELD(effect, kind, STRING, "Kind", "Rodzaj", .required = true, .max = 40, .indexed = true,
        .fixed = true, .priority = 1),
    KT_FIELD(effect, state, STATE, "State", "Stan", .choices = effect_states, .priority = 2),
    KT_FIELD(effect, due, TIME, "Due", "Termin", .priority = 3, .initial = "now",
        .help = {"Not before this time.", "Nie wcześniej niż o tej porze."}),
    KT_FIELD(effect, params, JSON, "Parameters", "Parametry", .required = true, .fixed = true),
    KT_FIELD(effect, attempts, INT, "Tries", "Próby", .computed = true, .priority = 4),
    KT_FIELD(effect, tried_at, TIME, "Last tried at", "Ostatnia próba", .computed = true, .priority = 5),
    KT_FIELD(effect, code, INT, "Answer's code", "Kod odpowiedzi", .computed = true,
        .help = {"Of SMTP or HTTP.", "SMTP albo HTTP."}),
    KT_FIELD(effect, message, STRING, "Answer", "Odpowiedź", .computed = true, .max = 500, .priority = 6));

static const kt_action effect_actions[] = {
    {"cancel", {"Cancel", "Anuluj"}, "update", KT_IN(EFFECT_WAITING), EFFECT_CANCELLED},
    {"retry", {"Deliver again", "Dostarcz ponownie"}, "update", KT_IN(EFFECT_DEAD) | KT_IN(EFFECT_CANCELLED),
        EFFECT_WAITING},
    {0},
};

const kt_module outbox_module = KT_MODULE("outbox", "1.0.0", "Outbox", "Skrzynka nadawcza",
    .entities = KT_LIST(kt_entity,
        {&effect_shape, {"Effect", "Skutek"}, {"Effects", "Skutki"}, .title = "kind",
            .actions = effect_actions, .indexes = "state due", .icon = "send",
            .views = "[{\"kind\":\"list\",\"columns\":[\"kind\",\"state\",\"due\",\"attempts\",\"message\"],"
                     "\"sort\":\"-id\"}]"}));

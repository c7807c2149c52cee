/* module.c -- the entity of effects: ordinary records, so that queries, rights and the journal hold for them.
 */
#include "outbox/effect.h"
#include "outbox/rate.h"
#include "outbox/secret.h"

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
    KT_FIELD(
        effect, params, JSON, "Parameters", "Parametry", .required = true, .fixed = true, .personal = true),
    KT_FIELD(effect, attempts, INT, "Tries", "Próby", .computed = true, .priority = 4),
    KT_FIELD(effect, tried_at, TIME, "Last tried at", "Ostatnia próba", .computed = true, .priority = 5),
    KT_FIELD(effect, code, INT, "Answer's code", "Kod odpowiedzi", .computed = true,
        .help = {"Of SMTP or HTTP.", "SMTP albo HTTP."}),
    KT_FIELD(effect, message, STRING, "Answer", "Odpowiedź", .computed = true, .max = 500, .priority = 6));

/* It has all its tries again, at once. */
static kt_error *try_anew(kt_tx *tx, kt_record *self, const kt_record *params)
{
    struct effect *e = KT_AS(effect, self);
    (void)params;
    e->attempts = 0;
    e->due = tx->now;
    return NULL;
}

static const kt_action effect_actions[] = {
    {"cancel", {"Cancel", "Anuluj"}, "update", KT_IN(EFFECT_WAITING), EFFECT_CANCELLED},
    {"retry", {"Deliver again", "Dostarcz ponownie"}, "update", KT_IN(EFFECT_DEAD) | KT_IN(EFFECT_CANCELLED),
        EFFECT_WAITING, .run = try_anew},
    {0},
};

const kt_module outbox_module = KT_MODULE("outbox", "1.0.0", "Outbox", "Skrzynka nadawcza",
    .entities = KT_LIST(kt_entity,
        {&effect_shape, {"Effect", "Skutek"}, {"Effects", "Skutki"}, .title = "kind",
            .actions = effect_actions, .indexes = "state kind due", .icon = "send",
            .views = "[{\"kind\":\"list\",\"columns\":[\"kind\",\"state\",\"due\",\"attempts\",\"message\"],"
                     "\"sort\":\"-id\"}]"},
        {&limit_row_shape, {"Sending limit", "Limit wysyłki"}, {"Sending limits", "Limity wysyłki"},
            .title = "target", .check = limit_check, .icon = "gauge"},
        {&secret_shape, {"Secret", "Sekret"}, {"Secrets", "Sekrety"}, .title = "name", .check = secret_check,
            .icon = "key"}));

static const method_param secret_params[] = {
    {"name", VARIANT_STRING, true, {"What rules call it", "Jak nazywają go reguły"}},
    {"value", VARIANT_STRING, true,
        {"Its text; nobody can read it again", "Treść; nikt jej już nie odczyta"}},
    {"hosts", VARIANT_STRING, false,
        {"Where it may be sent in a header: api.example.com shop.example.com:8443; none: it signs alone",
            "Dokąd wolno wysłać go w nagłówku: api.example.com shop.example.com:8443; brak: tylko "
            "podpisuje"}},
    {0},
};

const method outbox_methods[] = {
    {"outbox.secret.set", "outbox.secret:set", METHOD_PLAIN,
        {"Keeps a secret of the company, or changes it", "Przechowuje sekret firmy albo go zmienia"},
        secret_params, secret_set, .secret = true},
    {0},
};

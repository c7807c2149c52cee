/* Fields that an integrator added to the customer, on the card: under their own names, as base.party.get shows them. */
#include <kontor/value.h>

#include "crm.h"

/* The names of those that the caller may see. */
static kt_error *names_of(kt_tx *tx, kt_maker *names)
{
    kt_maker of = KT_MAKE_OBJECT;
    const kt_value *fields;
    kt_put(tx, &of, "entity", kt_value_str(KT_STR("base.party")));
    KT_TRY(kt_call(tx, "field.list", &of.value, &fields));
    for (size_t i = 0; i < kt_value_count(fields); i++) {
        kt_str name = kt_value_get_str(&fields->as.array.items[i], "name");
        if (kt_shows(tx, "base.party", name.ptr))
            kt_add(tx, names, kt_value_str(name));
    }
    return NULL;
}

kt_error *card_own(kt_tx *tx, kt_id party, kt_str *own)
{
    kt_maker names = KT_MAKE_ARRAY, wanted = KT_MAKE_OBJECT, shown = KT_MAKE_OBJECT;
    const kt_value *record;
    KT_TRY(names_of(tx, &names));
    size_t count = kt_value_count(&names.value);
    if (!count)
        return NULL;
    kt_put(tx, &wanted, "id", kt_value_int((int64_t)party.v));
    kt_put(tx, &wanted, "fields", names.value);
    KT_TRY(kt_call(tx, "base.party.get", &wanted.value, &record));
    for (size_t i = 0; i < count; i++) {
        kt_str name = names.value.as.array.items[i].as.string;
        const kt_value *value = kt_value_get(record, name.ptr);
        if (value)
            kt_put_named(tx, &shown, name, *value);
    }
    return kt_json_write(tx, &shown.value, own);
}

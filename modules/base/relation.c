/* How parties stand to each other, and the tags that group records. */
#include "base.h"

struct relation {
    kt_record rec;
    kt_id party, other;
    kt_str role;
    kt_date since, until;
    bool primary;
};
const kt_shape relation_shape = KT_SHAPE(relation, "base.relation",
    KT_FIELD(relation, party, REF, "Party", "Strona", .target = "base.party", .required = true,
        .on_delete = KT_CASCADE, .priority = 1, .help = {"Usually the organisation.", "Zwykle organizacja."}),
    KT_FIELD(relation, other, REF, "Related party", "Powiązana strona", .target = "base.party",
        .required = true, .on_delete = KT_CASCADE, .priority = 3,
        .help = {"Usually its person.", "Zwykle jej osoba."}),
    KT_FIELD(relation, role, STRING, "Role", "Rola", .required = true, .max = 100, .indexed = true,
        .priority = 2, .searchable = true,
        .help = {"What the other is to the party: director, accountant, purchasing agent.",
            "Kim jest dla strony: dyrektor, księgowa, zaopatrzeniowiec."}),
    KT_FIELD(relation, since, DATE, "Since", "Od"), KT_FIELD(relation, until, DATE, "Until", "Do"),
    KT_FIELD(relation, primary, BOOL, "Main contact", "Główna osoba kontaktowa"));

struct tag {
    kt_record rec;
    kt_str name, colour;
};
const kt_shape tag_shape = KT_SHAPE(tag, "base.tag",
    KT_FIELD(tag, name, STRING, "Name", "Nazwa", .required = true, .unique = true, .max = 60,
        .searchable = true, .priority = 1),
    KT_FIELD(tag, colour, STRING, "Colour", "Kolor", .max = 20, .priority = 2));

kt_error *relation_check(kt_tx *tx, const kt_record *before, const kt_record *after)
{
    (void)before;
    if (!after)
        return NULL;
    const struct relation *r = KT_SEE(relation, after);
    kt_error *all = NULL;
    if (r->party.v == r->other.v)
        kt_also(&all, kt_fail(tx, KT_VALIDATION, "other", "a party is not related to itself",
                          "strona nie jest powiązana sama ze sobą"));
    if (r->since.day && r->until.day && r->until.day < r->since.day)
        kt_also(&all,
            kt_fail(tx, KT_VALIDATION, "until", "ends before it begins", "kończy się przed początkiem"));
    return all;
}

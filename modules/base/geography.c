/* Countries, regions, sales territories. */
#include <string.h>

#include "base.h"

struct country {
    kt_record rec;
    kt_str code, name, name_pl;
    bool eu;
};
const kt_shape country_shape = KT_SHAPE(country, "base.country",
    KT_FIELD(country, code, STRING, "Code", "Kod", .required = true, .unique = true, .max = 2, .priority = 1,
        .searchable = true, .help = {"Two letters, ISO 3166-1.", "Dwie litery, ISO 3166-1."}),
    KT_FIELD(country, name, STRING, "Name", "Nazwa", .required = true, .max = 100, .searchable = true,
        .indexed = true, .priority = 2),
    KT_FIELD(country, name_pl, STRING, "Polish name", "Nazwa polska", .max = 100, .searchable = true),
    KT_FIELD(country, eu, BOOL, "European Union", "Unia Europejska", .indexed = true, .priority = 3));

struct region {
    kt_record rec;
    kt_str code, name;
    kt_id country;
};
const kt_shape region_shape = KT_SHAPE(region, "base.region",
    KT_FIELD(region, code, STRING, "Code", "Kod", .max = 10, .priority = 2, .searchable = true,
        .help = {"Within the country: WA, 14.", "W obrębie kraju: WA, 14."}),
    KT_FIELD(region, name, STRING, "Name", "Nazwa", .required = true, .max = 100, .searchable = true,
        .priority = 1),
    KT_FIELD(
        region, country, REF, "Country", "Kraj", .target = "base.country", .required = true, .priority = 3));

struct territory {
    kt_record rec;
    kt_str name, group;
    kt_id country, parent, head;
};
const kt_shape territory_shape = KT_SHAPE(territory, "base.territory",
    KT_FIELD(territory, name, STRING, "Name", "Nazwa", .required = true, .max = 100, .searchable = true,
        .priority = 1),
    KT_FIELD(territory, group, STRING, "Group", "Grupa", .max = 100, .indexed = true, .priority = 2),
    KT_FIELD(territory, country, REF, "Country", "Kraj", .target = "base.country", .priority = 3),
    KT_FIELD(territory, parent, REF, "Part of", "Część", .target = "base.territory"),
    KT_FIELD(territory, head, REF, "Head", "Kierownik", .target = "access.user", .on_delete = KT_CLEAR));

kt_error *country_compute(kt_tx *tx, kt_record *self)
{
    struct country *c = KT_AS(country, self);
    if (!c->code.ptr)
        return NULL;
    if (c->code.len != 2)
        return kt_fail(tx, KT_VALIDATION, "code", "\"%s\" is no code of two letters",
            "„%s” to nie kod dwuliterowy", c->code.ptr);
    char code[3] = "";
    for (size_t i = 0; i < 2; i++) {
        char letter = (char)(c->code.ptr[i] & ~0x20); /* capitals */
        if (letter < 'A' || letter > 'Z')
            return kt_fail(tx, KT_VALIDATION, "code", "\"%s\" is no code of two letters",
                "„%s” to nie kod dwuliterowy", c->code.ptr);
        code[i] = letter;
    }
    c->code = kt_format(tx, "%s", code);
    return NULL;
}

kt_error *country_code(kt_tx *tx, kt_id country, kt_str *code)
{
    if (!country.v)
        return NULL;
    struct country c = {KT_OF(country)};
    KT_TRY(kt_read(tx, country, &c.rec));
    *code = c.code;
    return NULL;
}

kt_error *territory_check(kt_tx *tx, const kt_record *before, const kt_record *after)
{
    enum { DEPTH_MAX = 50 };
    (void)before;
    if (!after)
        return NULL;
    kt_id at = KT_SEE(territory, after)->parent;
    for (int depth = 0; at.v; depth++) {
        if (at.v == after->id.v || depth == DEPTH_MAX)
            return kt_fail(tx, KT_RULE, "parent", "a territory cannot be a part of itself",
                "terytorium nie może być częścią samego siebie");
        struct territory up = {KT_OF(territory)};
        KT_TRY(kt_read(tx, at, &up.rec));
        at = up.parent;
    }
    return NULL;
}

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

/* ---- base.party.relations ---- */

struct relations { /* the parameters */
    kt_record rec;
    kt_id party;
    kt_date day;
    bool former;
};
const kt_shape relations_shape = KT_SHAPE(relations, NULL,
    KT_FIELD(relations, party, REF, "Party", "Strona", .target = "base.party", .required = true),
    KT_FIELD(relations, day, DATE, "On the day", "Na dzień", .initial = "today"),
    KT_FIELD(relations, former, BOOL, "Also those that ended or did not begin yet",
        "Także zakończone i jeszcze nierozpoczęte"));

enum side { IS = 1, HAS };
static const kt_choice sides[] = {{IS, "is", {"Is it to the other", "Jest nim dla drugiej"}},
    {HAS, "has", {"Has the other as it", "Ma w tej roli"}}, {0}};
struct stands {
    kt_record rec;
    kt_id relation, party;
    kt_str name, role;
    enum side side;
    kt_date since, until;
    bool primary, current;
};
static const kt_shape stands_shape = KT_SHAPE(stands, NULL,
    KT_FIELD(stands, relation, REF, "Relation", "Powiązanie", .target = "base.relation"),
    KT_FIELD(stands, party, REF, "Other party", "Druga strona", .target = "base.party"),
    KT_FIELD(stands, name, STRING, "Name", "Nazwa"), KT_FIELD(stands, role, STRING, "Role", "Rola"),
    KT_FIELD(stands, side, STATE, "Side", "Strona", .choices = sides,
        .help = {"has: the other is its director; is: it is the other's director.",
            "has: druga strona jest jej dyrektorem; is: ona jest dyrektorem drugiej."}),
    KT_FIELD(stands, since, DATE, "Since", "Od"), KT_FIELD(stands, until, DATE, "Until", "Do"),
    KT_FIELD(stands, primary, BOOL, "Main contact", "Główna osoba kontaktowa"),
    KT_FIELD(stands, current, BOOL, "Holds on the day", "Obowiązuje w tym dniu"));
struct relations_found {
    kt_record rec;
    kt_lines rows;
};
const kt_shape relations_found_shape = KT_SHAPE(relations_found, NULL,
    KT_FIELD(relations_found, rows, LINES, "Relations", "Powiązania", .lines = &stands_shape));

struct link { /* a relation with both names */
    kt_record rec;
    kt_id party, other;
    kt_str role, party_name, other_name;
    kt_date since, until;
    bool primary;
};
static const kt_shape link_shape = KT_SHAPE(link, "base.relation", KT_BIND(link, party, REF, "party"),
    KT_BIND(link, other, REF, "other"), KT_BIND(link, role, STRING, "role"),
    KT_BIND(link, party_name, STRING, "party.name"), KT_BIND(link, other_name, STRING, "other.name"),
    KT_BIND(link, since, DATE, "since"), KT_BIND(link, until, DATE, "until"),
    KT_BIND(link, primary, BOOL, "primary"));

static kt_error *add_side(
    kt_tx *tx, const kt_where *where, enum side side, const struct relations *p, kt_lines *rows)
{
    enum { ROWS_MAX = 500 };
    kt_cursor *cursor;
    KT_TRY(kt_open(tx, &(kt_query){&link_shape, where, "id", ROWS_MAX}, &cursor));
    struct link l = {KT_OF(link)};
    kt_error *error = NULL;
    while (!error && kt_next(cursor, &l.rec)) {
        bool current = (!l.since.day || l.since.day <= p->day.day) &&
                       (!l.until.day || l.until.day >= p->day.day);
        if (!current && !p->former)
            continue;
        const struct stands line = {KT_OF(stands), .relation = l.rec.id,
            .party = side == HAS ? l.other : l.party, .name = side == HAS ? l.other_name : l.party_name,
            .role = l.role, .side = side, .since = l.since, .until = l.until, .primary = l.primary,
            .current = current};
        error = kt_line_add(tx, rows, &line.rec);
    }
    kt_also(&error, kt_close(cursor));
    return error;
}

kt_error *party_relations(kt_tx *tx, const kt_record *params, kt_record *result)
{
    const struct relations *p = KT_SEE(relations, params);
    kt_lines *rows = &KT_AS(relations_found, result)->rows;
    KT_TRY(add_side(tx, (const kt_where[]){KT_WHERE(link, party, KT_EQ, p->party), {0}}, HAS, p, rows));
    return add_side(tx, (const kt_where[]){KT_WHERE(link, other, KT_EQ, p->party), {0}}, IS, p, rows);
}

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

/* Looking for parties that are already there: by tax id, e-mail, telephone, name, and by names that are
 * alike. Each question is one short range of an index, however many parties there are. */
#include "duplicates.h"

#include <string.h>

#include <kontor/parties.h>

#include "base.h"
#include "check_digits.h"
#include "contact.h"
#include "names.h"

struct known { /* what this file looks at in base.party */
    kt_record rec;
    kt_str name, tax_id, normal;
};
static const kt_shape known_shape = KT_SHAPE(known, "base.party", KT_BIND(known, name, STRING, "name"),
    KT_BIND(known, tax_id, STRING, "tax_id"), KT_BIND(known, normal, STRING, "contacts.normal"));

typedef struct {
    kt_id except;
    kt_party_match *found;
    size_t count;
} search;

static kt_error *collect(kt_tx *tx, search *s, const kt_where *where, const char *reason)
{
    kt_cursor *cursor;
    KT_TRY(kt_open(tx, &(kt_query){&known_shape, where, NULL, KT_PARTY_MATCHES_MAX}, &cursor));
    struct known k = {KT_OF(known)};
    while (s->count < KT_PARTY_MATCHES_MAX && kt_next(cursor, &k.rec)) {
        bool had = k.rec.id.v == s->except.v;
        for (size_t i = 0; i < s->count && !had; i++)
            had = s->found[i].id.v == k.rec.id.v;
        if (!had)
            s->found[s->count++] = (kt_party_match){k.rec.id, k.name, reason, 0};
    }
    return kt_close(cursor);
}

static kt_error *by_tax_id(kt_tx *tx, search *s, kt_str tax_id)
{
    char text[CHECK_TEXT_MAX];
    if (!tax_id.ptr || !check_clean(tax_id, text))
        return NULL;
    /* a Polish number is written with and without its prefix */
    bool polish = strncmp(text, "PL", 2) == 0;
    kt_str with = kt_format(tx, "PL%s", polish ? text + 2 : text);
    kt_str without = kt_format(tx, "%s", polish ? text + 2 : text);
    KT_TRY(collect(tx, s, (const kt_where[]){KT_WHERE(known, tax_id, KT_EQ, without), {0}}, "tax_id"));
    return collect(tx, s, (const kt_where[]){KT_WHERE(known, tax_id, KT_EQ, with), {0}}, "tax_id");
}

static kt_error *by_contact(kt_tx *tx, search *s, enum contact_kind kind, kt_str value, const char *reason)
{
    char normal[CONTACT_NORMAL_MAX + 1];
    if (!value.ptr || !contact_normal(kind, value, normal))
        return NULL;
    kt_str text = kt_format(tx, "%s", normal);
    return collect(tx, s, (const kt_where[]){KT_WHERE(known, normal, KT_EQ, text), {0}}, reason);
}

/* ---- Names that are alike ---- */

struct named {
    kt_record rec;
    kt_str name, key;
};
static const kt_shape named_shape = KT_SHAPE(
    named, "base.party", KT_BIND(named, name, STRING, "name"), KT_BIND(named, key, STRING, "name_keys.key"));

enum { CANDIDATES_MAX = 150, ALIKE = 60, SAME = 100 };

/* Puts a candidate into its place: the most alike first, behind what other reasons gave. */
static void insert(search *s, size_t from, kt_party_match match)
{
    size_t at = s->count < KT_PARTY_MATCHES_MAX ? s->count++ : s->count - 1;
    for (; at > from && s->found[at - 1].likeness < match.likeness; at--)
        s->found[at] = s->found[at - 1];
    s->found[at] = match;
}

static kt_error *collect_alike(
    kt_tx *tx, search *s, const char *normal, const char *key, size_t from, bool similar)
{
    kt_cursor *cursor;
    kt_str text = kt_format(tx, "%s", key);
    const kt_where where[] = {KT_WHERE(named, key, KT_EQ, text), {0}};
    KT_TRY(kt_open(tx, &(kt_query){&named_shape, where, NULL, CANDIDATES_MAX}, &cursor));
    struct named n = {KT_OF(named)};
    while (kt_next(cursor, &n.rec)) {
        char other[NAME_FORM_MAX];
        bool had = n.rec.id.v == s->except.v;
        for (size_t i = 0; i < s->count && !had; i++)
            had = s->found[i].id.v == n.rec.id.v;
        if (had || !name_normal(kt_fold(tx, n.name), other))
            continue;
        int likeness = name_likeness(normal, other);
        bool full = s->count == KT_PARTY_MATCHES_MAX && s->found[s->count - 1].likeness >= likeness;
        if (likeness >= (similar ? ALIKE : SAME) && !full && from < KT_PARTY_MATCHES_MAX)
            insert(
                s, from, (kt_party_match){n.rec.id, n.name, likeness == SAME ? "name" : "similar", likeness});
    }
    return kt_close(cursor);
}

static kt_error *by_name(kt_tx *tx, search *s, kt_str name, bool similar)
{
    char normal[NAME_FORM_MAX], keys[NAME_KEYS][NAME_KEY_MAX];
    KT_TRY(collect(tx, s, (const kt_where[]){KT_WHERE(known, name, KT_EQ, name), {0}}, "name"));
    size_t from = s->count, count = name_normal(kt_fold(tx, name), normal) ? name_keys(normal, keys) : 0;
    for (size_t i = 0; i < count; i++)
        KT_TRY(collect_alike(tx, s, normal, keys[i], from, similar));
    return NULL;
}

static kt_error *find_duplicates(kt_tx *tx, const kt_party_probe *probe, kt_party_match *found, size_t *count)
{
    search s = {probe->except, found, 0};
    KT_TRY(by_tax_id(tx, &s, probe->tax_id));
    KT_TRY(by_contact(tx, &s, CONTACT_EMAIL, probe->email, "email"));
    KT_TRY(by_contact(tx, &s, CONTACT_PHONE, probe->phone, "phone"));
    if (probe->name.ptr)
        KT_TRY(by_name(tx, &s, probe->name, probe->similar));
    *count = s.count;
    return NULL;
}

static kt_str normal_of(kt_tx *tx, enum contact_kind kind, kt_str value)
{
    char normal[CONTACT_NORMAL_MAX + 1];
    return contact_normal(kind, value, normal) ? kt_format(tx, "%s", normal) : (kt_str){0};
}

static kt_str phone_normal(kt_tx *tx, kt_str phone)
{
    return normal_of(tx, CONTACT_PHONE, phone);
}

static kt_str email_normal(kt_tx *tx, kt_str email)
{
    return normal_of(tx, CONTACT_EMAIL, email);
}

const kt_parties parties_service = {find_duplicates, phone_normal, email_normal};

/* ---- base.party.duplicates ---- */

struct duplicates {
    kt_record rec;
    kt_id party;
    kt_str name, tax_id, phone, email;
};
const kt_shape duplicates_shape = KT_SHAPE(duplicates, NULL,
    KT_FIELD(duplicates, party, REF, "Except this party", "Oprócz tej strony", .target = "base.party"),
    KT_FIELD(duplicates, name, STRING, "Name", "Nazwa"),
    KT_FIELD(duplicates, tax_id, STRING, "Tax id", "NIP / numer VAT"),
    KT_FIELD(duplicates, phone, STRING, "Telephone", "Telefon"),
    KT_FIELD(duplicates, email, STRING, "E-mail", "E-mail"));

struct duplicate {
    kt_record rec;
    kt_id party;
    kt_str name, matched;
    int64_t likeness;
};
static const kt_shape duplicate_shape = KT_SHAPE(duplicate, NULL,
    KT_FIELD(duplicate, party, REF, "Party", "Strona", .target = "base.party"),
    KT_FIELD(duplicate, name, STRING, "Name", "Nazwa"),
    KT_FIELD(duplicate, matched, STRING, "Matched by", "Zgodne według",
        .help = {"tax_id, email, phone, name or similar.", "tax_id, email, phone, name albo similar."}),
    KT_FIELD(duplicate, likeness, INT, "Likeness of the names, %", "Podobieństwo nazw, %"));
struct duplicates_found {
    kt_record rec;
    kt_lines rows;
};
const kt_shape duplicates_found_shape = KT_SHAPE(duplicates_found, NULL,
    KT_FIELD(duplicates_found, rows, LINES, "Found", "Znalezione", .lines = &duplicate_shape));

kt_error *party_duplicates(kt_tx *tx, const kt_record *params, kt_record *result)
{
    const struct duplicates *p = KT_SEE(duplicates, params);
    struct duplicates_found *out = KT_AS(duplicates_found, result);
    if (!p->name.ptr && !p->tax_id.ptr && !p->phone.ptr && !p->email.ptr)
        return kt_fail(tx, KT_VALIDATION, NULL,
            "nothing to compare: give a name, tax id, telephone or e-mail",
            "nie ma czego porównać: podaj nazwę, NIP, telefon albo e-mail");
    kt_party_match found[KT_PARTY_MATCHES_MAX];
    size_t count = 0;
    KT_TRY(kt_asks(tx, "base.party", "tax_id", p->tax_id));
    KT_TRY(kt_asks(tx, "base.party", "contacts.normal", p->phone));
    KT_TRY(kt_asks(tx, "base.party", "contacts.normal", p->email));
    const kt_party_probe probe = {p->name, p->tax_id, p->phone, p->email, p->party, true};
    KT_TRY(find_duplicates(tx, &probe, found, &count));
    for (size_t i = 0; i < count; i++) {
        struct duplicate line = {KT_OF(duplicate), .party = found[i].id, .name = found[i].name,
            .matched = kt_format(tx, "%s", found[i].matched), .likeness = found[i].likeness};
        KT_TRY(kt_line_add(tx, &out->rows, &line.rec));
    }
    return NULL;
}

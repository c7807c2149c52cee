/* Segments: customers that a filter picks at any moment, and some that people put in or left out by hand. A
 * segment is a query: it lists, counts, exports and mails wherever a filter of base.party is taken. */
#include "customer/audience.h"
#include "customer/mailing.h"

struct segment {
    kt_record rec;
    kt_str name, text, filter;
    kt_id owner;
    bool active;
};
const kt_shape segment_shape = KT_SHAPE(segment, "crm.segment",
    KT_FIELD(segment, name, STRING, "Name", "Nazwa", .required = true, .unique = true, .max = 100,
        .searchable = true, .priority = 1),
    KT_FIELD(segment, text, TEXT, "Description", "Opis", .priority = 3),
    KT_FIELD(segment, filter, JSON, "Who belongs to it", "Kto do niego należy", .priority = 2,
        .help = {"A filter of parties, with `has` for their history; empty: only those put in by hand.",
            "Filtr kontrahentów, z `has` dla historii; puste: tylko dodani ręcznie."}),
    KT_FIELD(segment, owner, REF, "Owner", "Właściciel", .target = "access.user", .initial = "me",
        .on_delete = KT_CLEAR, .priority = 4),
    KT_FIELD(segment, active, BOOL, "Active", "Aktywny", .initial = "true"));

struct segment_member {
    kt_record rec;
    kt_id segment, party;
    bool excluded;
    kt_str note;
};
const kt_shape segment_member_shape = KT_SHAPE(segment_member, "crm.segment_member",
    KT_FIELD(segment_member, segment, REF, "Segment", "Segment", .target = "crm.segment", .required = true,
        .on_delete = KT_CASCADE, .priority = 1),
    KT_FIELD(segment_member, party, REF, "Customer", "Klient", .target = "base.party", .required = true,
        .on_delete = KT_CASCADE, .priority = 2),
    KT_FIELD(segment_member, excluded, BOOL, "Left out", "Wykluczony", .priority = 3,
        .help = {"Stays outside whatever the filter says.", "Pozostaje poza segmentem mimo filtra."}),
    KT_FIELD(segment_member, note, STRING, "Note", "Uwaga", .max = 200));

struct member_party { /* whom segments are made of */
    kt_record rec;
    kt_str name;
};
static const kt_shape member_party_shape = KT_SHAPE(
    member_party, "base.party", KT_BIND(member_party, name, STRING, "name"));

/* A filter that means nothing is refused when it is saved, not when a mailing is sent. */
kt_error *segment_compute(kt_tx *tx, kt_record *self)
{
    const struct segment *s = KT_AS(segment, self);
    kt_cursor *cursor = NULL;
    if (!s->filter.ptr)
        return NULL;
    kt_error *error = kt_open(tx, &(kt_query){&member_party_shape, NULL, NULL, 1, s->filter}, &cursor);
    kt_also(&error, cursor ? kt_close(cursor) : NULL);
    return error;
}

static kt_str query_of(kt_tx *tx, const struct segment *s)
{
    unsigned long long id = s->rec.id.v;
    kt_str in = kt_format(tx,
        "[\"has\",\"crm.segment_member.party\",[[\"segment\",\"=\",%llu],[\"excluded\",\"=\",false]]]", id);
    kt_str out = kt_format(tx,
        "[\"not\",[\"has\",\"crm.segment_member.party\",[[\"segment\",\"=\",%llu],[\"excluded\",\"=\",true]]]"
        "]",
        id);
    if (!in.ptr || !out.ptr)
        return (kt_str){0};
    return s->filter.ptr ? kt_format(tx, "[[\"or\",%s,%s],%s]", s->filter.ptr, in.ptr, out.ptr)
                         : kt_format(tx, "[%s]", in.ptr);
}

/* Where nobody was put in or left out by hand, the filter is all there is to ask. */
static kt_error *whole_query(kt_tx *tx, const struct segment *s, kt_str *query)
{
    uint64_t members;
    const kt_where where[] = {KT_WHERE(segment_member, segment, KT_EQ, s->rec.id), {0}};
    KT_TRY(kt_count(tx, &(kt_query){&segment_member_shape, where, NULL, 0}, &members));
    *query = s->filter.ptr && !members ? s->filter : query_of(tx, s);
    return query->ptr ? NULL
                      : kt_fail(tx, KT_LIMIT, "filter", "the filter is too long", "filtr jest za długi");
}

kt_error *segment_has(kt_tx *tx, kt_id segment, kt_id party, bool *has)
{
    struct segment s = {KT_OF(segment)};
    kt_str query = {0};
    uint64_t count = 0;
    kt_authority before = kt_own_authority(tx); /* who belongs to it is the company's to know */
    kt_error *error = kt_read(tx, segment, &s.rec);
    if (!error)
        error = whole_query(tx, &s, &query);
    if (!error) {
        kt_str one = kt_format(tx, "[[\"id\",\"=\",%llu],%s]", (unsigned long long)party.v, query.ptr);
        error = one.ptr ? kt_count(tx, &(kt_query){&member_party_shape, NULL, NULL, 0, one}, &count)
                        : kt_fail(tx, KT_LIMIT, "filter", "the filter is too long", "filtr jest za długi");
    }
    kt_callers_authority(tx, before);
    *has = s.active && count > 0;
    return error;
}

struct segment_ask {
    kt_record rec;
    kt_id segment;
};
const kt_shape segment_ask_shape = KT_SHAPE(segment_ask, NULL,
    KT_FIELD(segment_ask, segment, REF, "Segment", "Segment", .target = "crm.segment", .required = true));
struct segment_query {
    kt_record rec;
    kt_str entity, filter;
};
const kt_shape segment_query_shape = KT_SHAPE(segment_query, NULL,
    KT_FIELD(segment_query, entity, STRING, "Entity", "Encja"),
    KT_FIELD(segment_query, filter, JSON, "Filter", "Filtr",
        .help = {"For list, count, aggregate, export of that entity.",
            "Do list, count, aggregate i eksportu tej encji."}));
struct segment_count {
    kt_record rec;
    int64_t count;
};
const kt_shape segment_count_shape = KT_SHAPE(
    segment_count, NULL, KT_FIELD(segment_count, count, INT, "Customers", "Klientów", .required = true));

kt_error *segment_query(kt_tx *tx, const kt_record *params, kt_record *result)
{
    struct segment s = {KT_OF(segment)};
    struct segment_query *out = KT_AS(segment_query, result);
    KT_TRY(kt_read(tx, KT_SEE(segment_ask, params)->segment, &s.rec));
    out->entity = KT_STR("base.party");
    return whole_query(tx, &s, &out->filter);
}

kt_error *segment_filter(kt_tx *tx, kt_id id, kt_str *query)
{
    struct segment s = {KT_OF(segment)};
    KT_TRY(kt_read(tx, id, &s.rec));
    return whole_query(tx, &s, query);
}

static kt_error *count_members(kt_tx *tx, const struct segment *s, int64_t *members)
{
    kt_str query;
    uint64_t count;
    KT_TRY(whole_query(tx, s, &query));
    KT_TRY(kt_count(tx, &(kt_query){&member_party_shape, NULL, NULL, 0, query}, &count));
    *members = (int64_t)count;
    return NULL;
}

kt_error *segment_count(kt_tx *tx, const kt_record *params, kt_record *result)
{
    struct segment s = {KT_OF(segment)};
    KT_TRY(kt_read(tx, KT_SEE(segment_ask, params)->segment, &s.rec));
    return count_members(tx, &s, &KT_AS(segment_count, result)->count);
}

/* ---- crm.segment.sizes: all of them, for a list ---- */

struct segment_row {
    kt_record rec;
    kt_id segment;
    kt_str name;
    int64_t count;
};
static const kt_shape segment_row_shape = KT_SHAPE(segment_row, NULL,
    KT_FIELD(segment_row, segment, REF, "Segment", "Segment", .target = "crm.segment"),
    KT_FIELD(segment_row, name, STRING, "Name", "Nazwa"),
    KT_FIELD(segment_row, count, INT, "Customers", "Klientów", .required = true));
struct segment_counts {
    kt_record rec;
    kt_lines rows;
};
const kt_shape segment_counts_shape = KT_SHAPE(segment_counts, NULL,
    KT_FIELD(segment_counts, rows, LINES, "Segments", "Segmenty", .lines = &segment_row_shape));

kt_error *segment_counts(kt_tx *tx, const kt_record *params, kt_record *result)
{
    enum { SEGMENTS_MAX = 100 };
    (void)params;
    kt_cursor *cursor;
    const kt_where where[] = {KT_WHERE(segment, active, KT_EQ, true), {0}};
    KT_TRY(kt_open(tx, &(kt_query){&segment_shape, where, "name", SEGMENTS_MAX}, &cursor));
    struct segment s = {KT_OF(segment)};
    kt_error *error = NULL;
    while (!error && kt_next(cursor, &s.rec)) {
        struct segment_row row = {KT_OF(segment_row), .segment = s.rec.id, .name = s.name};
        error = count_members(tx, &s, &row.count);
        if (!error)
            error = kt_line_add(tx, &KT_AS(segment_counts, result)->rows, &row.rec);
    }
    kt_also(&error, kt_close(cursor));
    return error;
}

/* link.c -- public links: a document for whoever has the link, until it expires or is deleted, with a log of when it was
 * opened. Of the link's secret only the hash is kept. GET /files/link/SECRET is document.link.open and the file. */
#include <sodium.h>

#include "exchange/file.h"
#include "kit/clock.h"
#include "kit/str.h"
#include "paper/methods.h"

enum {
    SECRET_BYTES = 24,
    DAYS_DEFAULT = 30,
    DAYS_MAX = 3650,
    VISITS_MAX = 200,
    DAY_MS = 86400000,
    APART_MS = 60000
};
enum { HASH_TEXT = 2 * crypto_generichash_BYTES + 1 };

struct visit {
    kt_record rec;
    kt_time at;
};
static const kt_shape visit_shape = KT_SHAPE(
    visit, "document.link.visits", KT_FIELD(visit, at, TIME, "Opened", "Otwarto"));

struct link_row {
    kt_record rec;
    kt_id document;
    kt_str recipient, hash;
    kt_time expires, last_opened;
    int64_t opened;
    kt_lines visits;
};
const kt_shape link_row_shape = KT_SHAPE(link_row, "document.link",
    KT_FIELD(link_row, document, REF, "Document", "Dokument", .target = "document.document", .computed = true,
        .on_delete = KT_CASCADE, .indexed = true, .priority = 1),
    KT_FIELD(
        link_row, recipient, STRING, "Given to", "Dla kogo", .max = 120, .searchable = true, .priority = 2),
    KT_FIELD(link_row, expires, TIME, "Good until", "Ważny do", .required = true, .priority = 3),
    KT_FIELD(link_row, opened, INT, "Opened, times", "Otwarto, razy", .computed = true, .priority = 4,
        .help = {"Within a minute it counts once.", "W ciągu minuty liczy się raz."}),
    KT_FIELD(link_row, last_opened, TIME, "Last opened", "Ostatnio otwarto", .computed = true, .priority = 5),
    KT_FIELD(link_row, visits, LINES, "When it was opened", "Kiedy otwarto", .lines = &visit_shape,
        .computed = true, .max = VISITS_MAX),
    KT_FIELD(link_row, hash, STRING, "Hash of its secret", "Skrót sekretu", .max = HASH_TEXT,
        .computed = true, .unique = true));

static kt_str hash_of(arena *arena, kt_str secret)
{
    unsigned char hash[crypto_generichash_BYTES];
    char text[HASH_TEXT];
    (void)crypto_generichash(hash, sizeof hash, (const unsigned char *)secret.ptr, secret.len, NULL, 0);
    (void)sodium_bin2hex(text, sizeof text, hash, sizeof hash);
    return arena_str(arena, str_of(text));
}

/* ---- document.share ---- */

kt_error *paper_link(method_call *call)
{
    kt_tx *tx = call->tx;
    unsigned char bytes[SECRET_BYTES];
    char secret[2 * SECRET_BYTES];
    const uint64_t asked = variant_get_uint(call->params, "days"), days = asked ? asked : DAYS_DEFAULT;
    struct document_row document = {KT_OF(document_row)};
    KT_TRY(kt_read(tx, (kt_id){variant_get_uint(call->params, "document")}, &document.rec));
    if (days > DAYS_MAX)
        return kt_fail(tx, KT_VALIDATION, "days", "is 1 to %d", "wynosi od 1 do %d", (int)DAYS_MAX);
    random_bytes(bytes, sizeof bytes);
    (void)sodium_bin2base64(
        secret, sizeof secret, bytes, sizeof bytes, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    struct link_row row = {KT_OF(link_row), .document = document.rec.id,
        .recipient = variant_get_str(call->params, "recipient"), .hash = hash_of(tx->arena, str_of(secret)),
        .expires = {tx->now.ms + (int64_t)days * DAY_MS}};
    const model_guard *guard = tx->guard; /* the right to make links was judged */
    tx->guard = NULL;
    kt_error *error = kt_create(tx, &row.rec);
    tx->guard = guard;
    if (error)
        return error;
    json_object(call->answer);
    json_member_int(call->answer, "id", (int64_t)row.rec.id.v);
    json_member_str(call->answer, "path", arena_format(tx->arena, "/files/link/%s", secret));
    json_key(call->answer, "expires");
    json_time(call->answer, row.expires);
    json_object_end(call->answer);
    return NULL;
}

/* ---- document.link.open ---- */

static kt_error *find_link(kt_tx *tx, kt_str secret, struct link_row *row)
{
    const kt_str hash = hash_of(tx->arena, secret);
    const kt_query query = {
        .of = &link_row_shape, .where = (kt_where[]){KT_WHERE(link_row, hash, KT_EQ, hash), {0}}};
    kt_cursor *cursor = NULL;
    KT_TRY(kt_open(tx, &query, &cursor));
    (void)kt_next(cursor, &row->rec);
    return kt_close(cursor);
}

/* What is opened again within a minute is one visit: the log can be filled by nobody. */
static bool is_visit(const kt_tx *tx, const struct link_row *row)
{
    return !row->last_opened.ms || tx->now.ms - row->last_opened.ms >= APART_MS;
}

typedef struct {
    kt_str secret;
    file_ref file;
    bool visit; /* to be noted */
} opening;

/* The link is the right. */
static kt_error *look_up(kt_tx *tx, opening *o, struct link_row *row)
{
    struct document_row document = {KT_OF(document_row)};
    KT_TRY(find_link(tx, o->secret, row));
    if (!row->rec.id.v || row->expires.ms <= tx->now.ms) /* one that is over is as one that never was */
        return kt_fail(tx, KT_NOT_FOUND, "secret", "there is no such link, or not any more",
            "nie ma takiego odnośnika albo już wygasł");
    o->visit = is_visit(tx, row);
    KT_TRY(kt_read(tx, row->document, &document.rec));
    return file_find(tx, (uint64_t)document.attachment, &o->file);
}

static kt_error *opening_read(kt_tx *tx, void *context)
{
    struct link_row row = {KT_OF(link_row)};
    const model_guard *guard = tx->guard;
    tx->guard = NULL;
    kt_error *error = look_up(tx, context, &row);
    tx->guard = guard;
    return error;
}

static kt_error *note(kt_tx *tx, opening *o)
{
    struct link_row row = {KT_OF(link_row)};
    struct visit now = {.rec.of = &visit_shape, .at = tx->now};
    KT_TRY(look_up(tx, o, &row));
    if (!o->visit)
        return NULL;
    row.opened++;
    row.last_opened = tx->now;
    if (row.visits.count < VISITS_MAX)
        KT_TRY(kt_line_add(tx, &row.visits, &now.rec));
    return kt_update(tx, &row.rec);
}

static kt_error *opening_note(kt_tx *tx, void *context)
{
    const model_guard *guard = tx->guard;
    tx->guard = NULL;
    kt_error *error = note(tx, context);
    tx->guard = guard;
    return error;
}

/* Strangers' guesses are read, and come nowhere near the writer. */
kt_error *paper_link_open(method_call *call)
{
    opening o = {.secret = variant_get_str(call->params, "secret")};
    KT_TRY(call->rooms->read(call, opening_read, &o));
    if (o.visit)
        KT_TRY(call->rooms->write(call, opening_note, &o));
    json_object(call->answer);
    json_member_str(call->answer, "sha256", o.file.sha256);
    json_member_int(call->answer, "size", (int64_t)o.file.size);
    json_member_str(call->answer, "name", o.file.name);
    json_object_end(call->answer);
    return NULL;
}

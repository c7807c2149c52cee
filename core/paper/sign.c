/* sign.c -- signing: a person's private key lies sealed under the master key and is opened for one signature;
 * the signed file is an update of the old one and becomes the document's file, the old one stays. */
#include "document/sign.h"

#include <sodium.h>

#include "access/vault.h"
#include "exchange/file.h"
#include "kit/calendar.h"
#include "kit/clock.h"
#include "kit/str.h"
#include "paper/make.h"
#include "paper/methods.h"

enum { PEM_MAX = VAULT_PLAIN_MAX };

/* ---- Keys: STORE_META "Dk" id -> nonce, sealed PEM ---- */

static kt_str key_of(store_meta_key *key, uint64_t id)
{
    return store_meta_name(key, "Dk", id);
}

static const char purpose[] = "kontor signing key";

static kt_error *seal_key(kt_tx *tx, uint64_t id, kt_str pem)
{
    store_meta_key name;
    return vault_put(tx, purpose, key_of(&name, id), pem);
}

static kt_error *open_key(kt_tx *tx, uint64_t id, kt_str *pem)
{
    store_meta_key name;
    KT_TRY(vault_get(tx, purpose, key_of(&name, id), pem));
    return pem->ptr ? NULL
                    : kt_fail(tx, KT_NOT_FOUND, "key", "there is no such key", "nie ma takiego klucza");
}

kt_error *paper_key_check(kt_tx *tx, const kt_record *before, const kt_record *after)
{
    store_meta_key name;
    return before && !after ? store_delete(tx->view, STORE_META, key_of(&name, before->id.v)) : NULL;
}

/* A key that does not fit its certificate is refused now, and not when somebody waits for a signature: an
 * empty page is signed with it. */
static kt_error *try_key(method_call *call, kt_str key, kt_str certificate, const sign_found **found)
{
    static const char page[] = "%PDF-1.4\n"
                               "1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
                               "2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
                               "3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj\n"
                               "xref\n"
                               "0 4\n"
                               "0000000000 65535 f \n"
                               "0000000009 00000 n \n"
                               "0000000052 00000 n \n"
                               "0000000101 00000 n \n"
                               "trailer<</Size 4/Root 1 0 R>>\n"
                               "startxref\n"
                               "160\n"
                               "%%EOF\n";
    kt_str made = {0};
    size_t count = 0;
    const sign_options options = {.key = key, .certificate = certificate, .at = clock_now()};
    KT_TRY(sign_pdf(call->arena, (kt_str){page, sizeof page - 1}, &options, &made));
    KT_TRY(sign_read(call->arena, made, KT_STR(""), found, &count));
    return count ? NULL : error_no_memory();
}

typedef struct {
    kt_str name, key, certificate, subject, issuer;
    uint64_t id;
} importing;

/* Whoever is logged in may import keys of his own; the record is computed. */
static kt_error *key_keep(kt_tx *tx, void *context)
{
    importing *i = context;
    struct key_row row = {KT_OF(key_row), .name = i->name, .subject = i->subject, .issuer = i->issuer,
        .certificate = i->certificate, .owner = {tx->user}};
    const model_guard *guard = tx->guard;
    tx->guard = NULL;
    kt_error *error = kt_create(tx, &row.rec);
    tx->guard = guard;
    i->id = row.rec.id.v;
    return error ? error : seal_key(tx, row.rec.id.v, i->key);
}

kt_error *paper_key_import(method_call *call)
{
    const sign_found *found = NULL;
    importing i = {.name = variant_get_str(call->params, "name"),
        .key = variant_get_str(call->params, "key"),
        .certificate = variant_get_str(call->params, "certificate")};
    if (i.key.len > PEM_MAX || i.certificate.len > PEM_MAX)
        return error_make(call->arena, KT_LIMIT, "key", "at most %d bytes of PEM are taken",
            "najwyżej %d bajtów PEM", (int)PEM_MAX);
    KT_TRY(try_key(call, i.key, i.certificate, &found));
    i.subject = found->name;
    i.issuer = found->issuer;
    KT_TRY(call->rooms->write(call, key_keep, &i));
    json_object(call->answer);
    json_member_int(call->answer, "id", (int64_t)i.id);
    json_member_str(call->answer, "subject", i.subject);
    json_object_end(call->answer);
    return NULL;
}

/* Whoever may not see what a document is about has nothing to do with its file. */
static kt_error *read_document(
    kt_tx *tx, const variant *params, struct document_row *row, model_record *about)
{
    *row = (struct document_row){KT_OF(document_row)};
    KT_TRY(kt_read(tx, (kt_id){variant_get_uint(params, "document")}, &row->rec));
    const char *name = kt_any_entity(tx, row->about);
    const model_entity *entity = name ? model_entity_find(tx->catalogue, str_of(name)) : NULL;
    return entity ? model_read(tx, entity, kt_any_id(row->about).v, about) : NULL;
}

/* ---- document.sign ---- */

typedef struct {
    method_call *call;
    struct document_row row;
    struct key_row signer;
    kt_str key, entity, picture;
    int offset_s;  /* of the company's zone */
    written about; /* whose pictures may be shown */
    making made;
} signing;

static kt_error *note_offset(kt_tx *tx, signing *s)
{
    const zone *before = tx->zone;
    zone *own;
    KT_TRY(automation_place(tx, &s->about.about, &own));
    s->offset_s = zone_offset_s(tx->zone, tx->now);
    tx->zone = before;
    zone_close(own);
    return NULL;
}

static kt_error *signing_read(kt_tx *tx, void *context)
{
    signing *s = context;
    const kt_id key = {variant_get_uint(s->call->params, "key")};
    const kt_str picture = variant_get_str(s->call->params, "picture");
    s->signer = (struct key_row){KT_OF(key_row)};
    s->about.papers = s->call->rooms->papers;
    KT_TRY(read_document(tx, s->call->params, &s->row, &s->about.about));
    KT_TRY(note_offset(tx, s));
    if (picture.len)
        KT_TRY(paper_picture(tx, &s->about, picture, 0, &s->picture));
    if (picture.len && !s->picture.len)
        return kt_fail(tx, KT_NOT_FOUND, "picture", "there is no picture \"%.*s\"", "nie ma obrazu „%.*s”",
            STR_ARG(picture));
    const model_guard *guard = tx->guard;
    tx->guard = NULL;
    kt_error *error = kt_read(tx, key, &s->signer.rec);
    tx->guard = guard;
    if (error || s->signer.owner.v != tx->user) /* nobody signs with another's key, whatever he may do */
        return kt_fail(
            tx, KT_NOT_FOUND, "key", "there is no such key of your own", "nie masz takiego klucza");
    KT_TRY(open_key(tx, key.v, &s->key));
    const char *entity = kt_any_entity(tx, s->row.about);
    s->entity = str_of(entity ? entity : "");
    return NULL;
}

static kt_error *signing_keep(kt_tx *tx, void *context)
{
    signing *s = context;
    struct document_row row = {KT_OF(document_row)};
    KT_TRY(kt_read(tx, s->row.rec.id, &row.rec));
    if (!str_eq(row.sha256, s->row.sha256))
        return kt_fail(tx, KT_CONFLICT, "document", "somebody else signed it meanwhile",
            "ktoś inny podpisał go w międzyczasie");
    const model_guard *guard = tx->guard;
    tx->guard = NULL;
    kt_error *error = make_attachment(tx, &s->made);
    if (!error) {
        row.sha256 = str_of(s->made.sha256);
        row.size = s->made.size;
        row.attachment = (int64_t)s->made.attachment;
        row.signatures++;
        error = kt_update(tx, &row.rec);
    }
    tx->guard = guard;
    if (!error)
        make_answer(&s->made, s->call->answer);
    return error;
}

static int number_in(const variant *box, const char *name)
{
    return (int)(variant_get_uint(box, name) % 10000);
}

static kt_error *sign_file(signing *s, papers *p, kt_str pdf)
{
    method_call *call = s->call;
    const variant *box = variant_get(call->params, "box");
    kt_str made = {0}, reason = variant_get_str(call->params, "reason"),
           place = variant_get_str(call->params, "place");
    sign_options options = {.key = s->key,
        .certificate = s->signer.certificate,
        .name = s->signer.subject.ptr,
        .reason = reason.ptr,
        .place = place.ptr,
        .at = clock_now(),
        .box = {.page = box ? (unsigned)number_in(box, "page") : 0,
            .x = number_in(box, "x"),
            .y = number_in(box, "y"),
            .width = number_in(box, "width"),
            .height = number_in(box, "height")}};
    const stamp seen = {.name = s->signer.subject,
        .reason = reason,
        .picture = s->picture,
        .pictures = s->about.pictures,
        .at = options.at,
        .offset_s = s->offset_s,
        .width = options.box.width,
        .height = options.box.height};
    if (box)
        KT_TRY(stamp_make(p, call->arena, &seen, &options.appearance));
    KT_TRY(sign_pdf(call->arena, pdf, &options, &made));
    return make_content(p, call->arena, made, &s->made);
}

kt_error *paper_sign(method_call *call)
{
    papers *p = call->rooms->papers;
    signing s = {.call = call};
    kt_str pdf = {0};
    KT_TRY(call->rooms->read(call, signing_read, &s));
    s.made = (making){.template = s.row.template,
        .id = kt_any_id(s.row.about).v,
        .entity = s.entity,
        .title = s.row.name,
        .party = s.row.party.v,
        .type = KT_STR("application/pdf"),
        .edition = s.row.edition,
        .document = s.row.rec.id.v};
    s.made.file_name = arena_format(call->arena, "%.*s %s%lld.pdf", STR_ARG(s.row.name),
        strcmp(call->lang, "pl") == 0 ? "podpis " : "signature ", (long long)s.row.signatures + 1);
    if (!s.made.file_name.ptr)
        return error_no_memory();
    for (char *c = (char *)(uintptr_t)s.made.file_name.ptr; *c; c++) /* just made, here */
        *c = *c == '/' ? '-' : *c;
    kt_error *error = file_map(call->arena, p->options.data_directory,
        &(file_ref){.sha256 = s.row.sha256, .size = (uint64_t)s.row.size}, &pdf);
    if (!error)
        error = sign_file(&s, p, pdf);
    sodium_memzero((char *)(uintptr_t)s.key.ptr, s.key.len);
    KT_TRY(error);
    return call->rooms->write(call, signing_keep, &s);
}

/* ---- document.signatures ---- */

static void write_found(const sign_found *found, json *j)
{
    json_object(j);
    json_member_str(j, "name", found->name);
    json_member_str(j, "issuer", found->issuer);
    json_member_str(j, "field", found->field);
    json_key(j, "at");
    json_time(j, found->at);
    json_member_bool(j, "intact", found->intact);
    json_member_bool(j, "whole", found->whole);
    json_member_bool(j, "trusted", found->trusted);
    json_object_end(j);
}

kt_error *paper_signatures(method_call *call)
{
    kt_str pdf = {0};
    size_t count = 0;
    const sign_found *found = NULL;
    uint8_t hash[crypto_hash_sha256_BYTES];
    char hex[2 * crypto_hash_sha256_BYTES + 1];
    struct document_row row;
    model_record about = {0};
    KT_TRY(read_document(call->tx, call->params, &row, &about));
    KT_TRY(file_map(call->arena, call->rooms->papers->options.data_directory,
        &(file_ref){.sha256 = row.sha256, .size = (uint64_t)row.size}, &pdf));
    crypto_hash_sha256(hash, (const uint8_t *)pdf.ptr, pdf.len);
    sodium_bin2hex(hex, sizeof hex, hash, sizeof hash);
    KT_TRY(sign_read(call->arena, pdf, variant_get_str(call->params, "roots"), &found, &count));
    json_object(call->answer);
    json_member_bool(call->answer, "unchanged", str_is(row.sha256, hex));
    json_key(call->answer, "signatures");
    json_array(call->answer);
    for (size_t i = 0; i < count; i++)
        write_found(&found[i], call->answer);
    json_array_end(call->answer);
    json_object_end(call->answer);
    return NULL;
}

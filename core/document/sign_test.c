/* sign_test.c -- signatures in PDF files: made, read, broken by every change. */
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <qpdf/qpdf-c.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "document/sign.h"
#include "kit/calendar.h"
#include "kit/str.h"

typedef struct {
    kt_str key, certificate;
} person;

typedef struct {
    arena *arena;
    person authority, anna, ewa;
    kt_str pdf;
    kt_time now;
} desk;

static kt_str take_bio(arena *arena, BIO *bio)
{
    char *bytes;
    long n = BIO_get_mem_data(bio, &bytes);
    kt_str text = arena_str(arena, (kt_str){bytes, (size_t)n});
    BIO_free(bio);
    return text;
}

/* A key and its certificate, signed by issuer's key, or by its own if that is NULL. */
static EVP_PKEY *issue(
    desk *d, const char *name, EVP_PKEY *key, X509_NAME *issuer, EVP_PKEY *issuer_key, person *p)
{
    X509 *c = X509_new();
    X509_set_version(c, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(c), (long)strlen(name));
    X509_time_adj_ex(X509_getm_notBefore(c), -1, 0, &(time_t){(time_t)(d->now.ms / 1000)});
    X509_time_adj_ex(X509_getm_notAfter(c), 365, 0, &(time_t){(time_t)(d->now.ms / 1000)});
    X509_set_pubkey(c, key);
    X509_NAME_add_entry_by_txt(
        X509_get_subject_name(c), "CN", MBSTRING_UTF8, (const unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name(c, issuer ? issuer : X509_get_subject_name(c));
    if (!issuer) {
        X509_EXTENSION *ca = X509V3_EXT_conf_nid(NULL, NULL, NID_basic_constraints, "critical,CA:TRUE");
        X509_add_ext(c, ca, -1);
        X509_EXTENSION_free(ca);
    }
    assert_true(X509_sign(c, issuer_key ? issuer_key : key, EVP_sha256()) > 0);
    BIO *text = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(text, c);
    p->certificate = take_bio(d->arena, text);
    text = BIO_new(BIO_s_mem());
    PEM_write_bio_PrivateKey(text, key, NULL, NULL, 0, NULL, NULL);
    p->key = take_bio(d->arena, text);
    X509_free(c);
    return key;
}

static kt_str make_pdf(arena *arena)
{
    qpdf_data q = qpdf_init();
    assert_int_equal(qpdf_empty_pdf(q), QPDF_SUCCESS);
    for (int i = 0; i < 2; i++) {
        qpdf_oh page = qpdf_oh_parse(q, "<< /Type /Page /MediaBox [0 0 595 842] /Resources << >> >>");
        assert_int_equal(qpdf_add_page(q, q, qpdf_make_indirect_object(q, page), QPDF_FALSE), QPDF_SUCCESS);
    }
    qpdf_init_write_memory(q);
    qpdf_set_object_stream_mode(q, qpdf_o_generate); /* what updates cannot follow as it is */
    assert_int_equal(qpdf_write(q), QPDF_SUCCESS);
    kt_str pdf = arena_str(arena, (kt_str){(const char *)qpdf_get_buffer(q), qpdf_get_buffer_length(q)});
    qpdf_cleanup(&q);
    return pdf;
}

static int open_desk(void **state)
{
    desk *d = calloc(1, sizeof *d);
    d->arena = arena_open(64 << 20);
    assert_true(time_parse(KT_STR("2026-11-23T10:00:00Z"), &d->now));
    EVP_PKEY *ca = issue(d, "Urząd Certyfikacji", EVP_RSA_gen(2048), NULL, NULL, &d->authority);
    X509_NAME *issuer = X509_NAME_new();
    X509_NAME_add_entry_by_txt(
        issuer, "CN", MBSTRING_UTF8, (const unsigned char *)"Urząd Certyfikacji", -1, -1, 0);
    EVP_PKEY_free(issue(d, "Anna Żółć", EVP_RSA_gen(2048), issuer, ca, &d->anna));
    EVP_PKEY_free(issue(d, "Ewa Nowak", EVP_EC_gen("P-256"), issuer, ca, &d->ewa));
    X509_NAME_free(issuer);
    EVP_PKEY_free(ca);
    d->pdf = make_pdf(d->arena);
    *state = d;
    return 0;
}

static int close_desk(void **state)
{
    desk *d = *state;
    arena_close(d->arena);
    free(d);
    return 0;
}

static kt_str sign(desk *d, kt_str pdf, const person *p, const char *name)
{
    kt_str out = {0};
    sign_options o = {
        .key = p->key, .certificate = p->certificate, .name = name, .reason = "Zgoda — „tak”", .at = d->now};
    assert_null(sign_pdf(d->arena, pdf, &o, &out));
    return out;
}

static const sign_found *read(desk *d, kt_str pdf, size_t expected)
{
    const sign_found *found = NULL;
    size_t count = 0;
    assert_null(sign_read(d->arena, pdf, d->authority.certificate, &found, &count));
    assert_int_equal(count, expected);
    return found;
}

static void a_signature_tells_who_and_when(void **state)
{
    desk *d = *state;
    const sign_found *f = read(d, sign(d, d->pdf, &d->anna, "Anna Żółć"), 1);
    assert_string_equal(f->name.ptr, "Anna Żółć");
    assert_string_equal(f->issuer.ptr, "Urząd Certyfikacji");
    assert_string_equal(f->field.ptr, "Signature1");
    assert_int_equal(f->at.ms, d->now.ms);
    assert_true(f->intact && f->whole && f->trusted);
}

static void each_signer_adds_to_what_was_signed(void **state)
{
    desk *d = *state;
    kt_str first = sign(d, d->pdf, &d->anna, NULL), second = sign(d, first, &d->ewa, NULL);
    assert_true(second.len > first.len);
    assert_memory_equal(second.ptr, first.ptr, first.len);
    const sign_found *f = read(d, second, 2);
    assert_true(f[0].intact && !f[0].whole && f[0].trusted);
    assert_true(f[1].intact && f[1].whole && f[1].trusted);
    assert_string_equal(f[1].name.ptr, "Ewa Nowak");
}

static void a_changed_byte_breaks_it(void **state)
{
    desk *d = *state;
    kt_str pdf = sign(d, d->pdf, &d->anna, NULL);
    char *bytes = arena_alloc(d->arena, pdf.len);
    memcpy(bytes, pdf.ptr, pdf.len);
    char *box = memmem(bytes, pdf.len, "595", 3);
    assert_non_null(box);
    box[0] = '4';
    assert_false(read(d, (kt_str){bytes, pdf.len}, 1)->intact);
}

static void what_is_added_behind_it_is_told(void **state)
{
    desk *d = *state;
    kt_str pdf = sign(d, d->pdf, &d->anna, NULL);
    char *bytes = arena_alloc(d->arena, pdf.len + 1);
    memcpy(bytes, pdf.ptr, pdf.len);
    bytes[pdf.len] = '\n';
    const sign_found *f = read(d, (kt_str){bytes, pdf.len + 1}, 1);
    assert_true(f->intact && !f->whole);
}

static void a_stranger_is_not_trusted(void **state)
{
    desk *d = *state;
    const sign_found *f = NULL;
    size_t count = 0;
    kt_str pdf = sign(d, d->pdf, &d->anna, NULL);
    assert_null(sign_read(d->arena, pdf, d->ewa.certificate, &f, &count));
    assert_true(f->intact && !f->trusted);
}

/* ETSI EN 319 142-1: the time stands in the PDF, not among the signed attributes; the certificate's hash
 * does. */
static void the_attributes_are_those_of_the_baseline(void **state)
{
    static const char signing_time[] = "2a864886f70d010905", certificate_v2[] = "2a864886f70d010910022f";
    desk *d = *state;
    kt_str pdf = sign(d, d->pdf, &d->anna, NULL);
    assert_null(memmem(pdf.ptr, pdf.len, signing_time, sizeof signing_time - 1));
    assert_non_null(memmem(pdf.ptr, pdf.len, certificate_v2, sizeof certificate_v2 - 1));
}

static void what_cannot_be_signed_is_refused(void **state)
{
    desk *d = *state;
    kt_str out = {0};
    sign_options o = {.key = d->anna.key, .certificate = d->ewa.certificate, .at = d->now};
    assert_string_equal(
        error_text(sign_pdf(d->arena, d->pdf, &o, &out)), "key: it does not belong to the certificate");
    o = (sign_options){.key = KT_STR("x"), .certificate = KT_STR("y"), .at = d->now};
    assert_int_equal(sign_pdf(d->arena, d->pdf, &o, &out)->count, 2);
    o = (sign_options){
        .key = d->anna.key, .certificate = d->anna.certificate, .at = {d->now.ms + 400LL * 86400000}};
    assert_string_equal(error_text(sign_pdf(d->arena, d->pdf, &o, &out)),
        "certificate: it is not valid on the day of signing");
    o.at = d->now;
    o.box.page = 3;
    assert_string_equal(error_text(sign_pdf(d->arena, d->pdf, &o, &out)), "page: there is no page 3");
    o.box.page = 0;
    assert_int_equal(sign_pdf(d->arena, KT_STR("%PDF-1.7\nnothing"), &o, &out)->first->kind, KT_VALIDATION);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_signature_tells_who_and_when),
        cmocka_unit_test(each_signer_adds_to_what_was_signed),
        cmocka_unit_test(a_changed_byte_breaks_it),
        cmocka_unit_test(what_is_added_behind_it_is_told),
        cmocka_unit_test(a_stranger_is_not_trusted),
        cmocka_unit_test(the_attributes_are_those_of_the_baseline),
        cmocka_unit_test(what_cannot_be_signed_is_refused),
    };
    return cmocka_run_group_tests(tests, open_desk, close_desk);
}

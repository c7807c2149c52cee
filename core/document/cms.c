/* cms.c -- see cms.h. OpenSSL does the cryptography; ours is the baseline's one demand that it does not know:
 * the attribute signing-time must be absent, so it is taken out and the attributes are signed again. */
#include "document/cms.h"

#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

#include "kit/str.h"

enum { ATTRIBUTES_MAX = 16 };

typedef struct {
    EVP_PKEY *key;
    X509 *certificate;
    STACK_OF(X509) * chain;
    BIO *key_text, *certificate_text;
} signer;

static void signer_end(signer *s)
{
    EVP_PKEY_free(s->key);
    X509_free(s->certificate);
    sk_X509_pop_free(s->chain, X509_free);
    BIO_free(s->key_text);
    BIO_free(s->certificate_text);
    ERR_clear_error();
}

static BIO *text_bio(kt_str text)
{
    return text.len <= INT32_MAX ? BIO_new_mem_buf(text.ptr ? text.ptr : "", (int)text.len) : NULL;
}

static kt_error *signer_read(arena *arena, const sign_options *o, signer *s)
{
    kt_error *all = NULL;
    *s = (signer){.chain = sk_X509_new_null(),
        .key_text = text_bio(o->key),
        .certificate_text = text_bio(o->certificate)};
    if (!s->chain || !s->key_text || !s->certificate_text)
        return error_no_memory();
    s->key = PEM_read_bio_PrivateKey(s->key_text, NULL, NULL, NULL);
    s->certificate = PEM_read_bio_X509(s->certificate_text, NULL, NULL, NULL);
    if (!s->key)
        kt_also(&all, error_make(arena, KT_VALIDATION, "key", "it is no private key in PEM form",
                          "to nie jest klucz prywatny w postaci PEM"));
    if (!s->certificate)
        kt_also(&all, error_make(arena, KT_VALIDATION, "certificate", "it is no certificate in PEM form",
                          "to nie jest certyfikat w postaci PEM"));
    if (all)
        return all;
    for (X509 *more; (more = PEM_read_bio_X509(s->certificate_text, NULL, NULL, NULL));)
        if (!sk_X509_push(s->chain, more)) {
            X509_free(more);
            return error_no_memory();
        }
    if (X509_check_private_key(s->certificate, s->key) != 1)
        kt_also(&all, error_make(arena, KT_VALIDATION, "key", "it does not belong to the certificate",
                          "nie należy do certyfikatu"));
    time_t at = (time_t)(o->at.ms / 1000);
    if (X509_cmp_time(X509_get0_notAfter(s->certificate), &at) < 0 ||
        X509_cmp_time(X509_get0_notBefore(s->certificate), &at) > 0)
        kt_also(&all, error_make(arena, KT_VALIDATION, "certificate", "it is not valid on the day of signing",
                          "jest nieważny w dniu podpisania"));
    return all;
}

static BIO *ranges_bio(const cms_ranges *r)
{
    BIO *all = BIO_new(BIO_s_mem());
    bool written = all && BIO_write(all, r->before.ptr, (int)r->before.len) == (int)r->before.len &&
                   BIO_write(all, r->after.ptr, (int)r->after.len) == (int)r->after.len;
    if (written)
        return all;
    BIO_free(all);
    return NULL;
}

/* ---- The attributes signed anew ---- */

typedef struct {
    unsigned char *der;
    int len;
} attribute;

/* X.690 11.6: the elements of a set stand in the order of their encodings. */
static int by_encoding(const void *left, const void *right)
{
    const attribute *a = left, *b = right;
    int n = a->len < b->len ? a->len : b->len, c = memcmp(a->der, b->der, (size_t)n);
    return c ? c : a->len - b->len;
}

/* The SET OF attributes that a signature covers (RFC 5652, 5.4). returns its length; 0: it does not fit */
static size_t encode_attributes(CMS_SignerInfo *si, unsigned char *out, size_t size)
{
    attribute list[ATTRIBUTES_MAX] = {0};
    int count = CMS_signed_get_attr_count(si), total = 0;
    bool good = count > 0 && count <= ATTRIBUTES_MAX;
    for (int i = 0; good && i < count; i++) {
        list[i].len = i2d_X509_ATTRIBUTE(CMS_signed_get_attr(si, i), &list[i].der);
        good = list[i].len > 0;
        total += list[i].len;
    }
    unsigned char *at = out;
    good = good && (size_t)ASN1_object_size(1, total, V_ASN1_SET) <= size;
    if (good) {
        qsort(list, (size_t)count, sizeof *list, by_encoding);
        ASN1_put_object(&at, 1, total, V_ASN1_SET, V_ASN1_UNIVERSAL);
        for (int i = 0; i < count; at += list[i].len, i++)
            memcpy(at, list[i].der, (size_t)list[i].len);
    }
    for (int i = 0; i < ATTRIBUTES_MAX; i++)
        OPENSSL_free(list[i].der);
    return good ? (size_t)(at - out) : 0;
}

static bool sign_again(CMS_SignerInfo *si, EVP_PKEY *key)
{
    unsigned char attributes[CMS_MAX], signature[1024];
    size_t size = sizeof signature;
    X509_ATTRIBUTE_free(
        CMS_signed_delete_attr(si, CMS_signed_get_attr_by_NID(si, NID_pkcs9_signingTime, -1)));
    size_t n = encode_attributes(si, attributes, sizeof attributes);
    EVP_MD_CTX *context = n ? EVP_MD_CTX_new() : NULL;
    bool good = context && EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
                EVP_DigestSign(context, signature, &size, attributes, n) == 1 &&
                ASN1_STRING_set(CMS_SignerInfo_get0_signature(si), signature, (int)size) == 1;
    EVP_MD_CTX_free(context);
    return good;
}

static CMS_ContentInfo *make(const signer *s, BIO *content)
{
    const unsigned flags = CMS_BINARY | CMS_DETACHED | CMS_PARTIAL;
    CMS_ContentInfo *cms = CMS_sign(NULL, NULL, s->chain, NULL, flags);
    CMS_SignerInfo *si = cms ? CMS_add1_signer(cms, s->certificate, s->key, EVP_sha256(),
                                   CMS_BINARY | CMS_CADES | CMS_NOSMIMECAP)
                             : NULL;
    if (si && CMS_final(cms, content, NULL, CMS_BINARY | CMS_DETACHED) == 1 && sign_again(si, s->key))
        return cms;
    CMS_ContentInfo_free(cms);
    return NULL;
}

kt_error *cms_make(arena *arena, const sign_options *options, const cms_ranges *ranges, kt_str *der)
{
    signer s;
    kt_error *error = signer_read(arena, options, &s);
    BIO *content = error ? NULL : ranges_bio(ranges);
    CMS_ContentInfo *cms = content ? make(&s, content) : NULL;
    unsigned char *bytes = NULL;
    int n = cms ? i2d_CMS_ContentInfo(cms, &bytes) : 0;
    if (!error && n <= 0)
        error = error_make(arena, KT_VALIDATION, "key", "signing with it failed: %s",
            "podpisanie nim nie powiodło się: %s", ERR_reason_error_string(ERR_peek_last_error()));
    if (!error)
        *der = arena_str(arena, (kt_str){(const char *)bytes, (size_t)n});
    if (!error && !der->ptr)
        error = error_no_memory();
    OPENSSL_free(bytes);
    CMS_ContentInfo_free(cms);
    BIO_free(content);
    signer_end(&s);
    return error;
}

/* ---- Reading ---- */

X509_STORE *cms_roots(kt_str pem)
{
    X509_STORE *store = X509_STORE_new();
    BIO *text = text_bio(pem);
    for (X509 *root; store && text && (root = PEM_read_bio_X509(text, NULL, NULL, NULL));) {
        X509_STORE_add_cert(store, root);
        X509_free(root);
    }
    BIO_free(text);
    ERR_clear_error();
    return store;
}

static kt_str common_name(arena *arena, X509_NAME *name)
{
    int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
    unsigned char *text = NULL;
    int n = at < 0 ? -1 : ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
    kt_str copy = n > 0 ? arena_str(arena, (kt_str){(const char *)text, (size_t)n}) : (kt_str){0};
    OPENSSL_free(text);
    return copy;
}

/* Was the certificate good when it signed, and does it lead to a root? */
static bool is_trusted(CMS_ContentInfo *cms, X509 *signer_certificate, X509_STORE *roots, kt_time at)
{
    STACK_OF(X509) *others = CMS_get1_certs(cms);
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    bool trusted = false;
    if (context && X509_STORE_CTX_init(context, roots, signer_certificate, others) == 1) {
        X509_STORE_CTX_set_time(context, 0, (time_t)(at.ms / 1000));
        trusted = X509_verify_cert(context) == 1;
    }
    X509_STORE_CTX_free(context);
    sk_X509_pop_free(others, X509_free);
    return trusted;
}

void cms_judge(arena *arena, kt_str der, const cms_ranges *ranges, X509_STORE *roots, sign_found *found)
{
    const unsigned char *at = (const unsigned char *)der.ptr;
    CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &at, (long)der.len);
    BIO *content = cms ? ranges_bio(ranges) : NULL;
    found->intact = content && CMS_verify(cms, NULL, NULL, content, NULL,
                                   CMS_BINARY | CMS_DETACHED | CMS_NO_SIGNER_CERT_VERIFY) == 1;
    STACK_OF(X509) *signers = found->intact ? CMS_get0_signers(cms) : NULL;
    if (sk_X509_num(signers) > 0) {
        X509 *first = sk_X509_value(signers, 0);
        found->name = common_name(arena, X509_get_subject_name(first));
        found->issuer = common_name(arena, X509_get_issuer_name(first));
        found->trusted = is_trusted(cms, first, roots, found->at);
    }
    sk_X509_free(signers);
    BIO_free(content);
    CMS_ContentInfo_free(cms);
    ERR_clear_error();
}

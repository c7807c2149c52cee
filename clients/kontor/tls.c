/* tls.c -- `kontor tls make`: a certificate authority and a server certificate for development: ca.pem for
 * clients, cert.pem and key.pem for the server. P-256, a year and a bit. Not for the public:
 * there an authority that browsers know signs, and nginx stands in front.
 * `kontor tls person`: a person's certificate by the same authority, to sign documents with: person.pem and
 * person.key. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tool.h"

enum { DAYS = 397 };

static bool add_extension(X509 *certificate, X509 *issuer, int kind, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, kind, value);
    bool added = extension && X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
    return added;
}

/* A certificate for key, named common, signed by issuer (NULL: itself). */
static X509 *make_certificate(
    EVP_PKEY *key, const char *common, X509 *issuer, EVP_PKEY *issuer_key, const char *names)
{
    X509 *c = X509_new();
    BIGNUM *serial = BN_new();
    bool made = c && serial && BN_rand(serial, 120, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) &&
                BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(c)) && X509_set_version(c, 2) &&
                X509_gmtime_adj(X509_getm_notBefore(c), -3600) &&
                X509_gmtime_adj(X509_getm_notAfter(c), 86400L * DAYS) && X509_set_pubkey(c, key) &&
                X509_NAME_add_entry_by_txt(X509_get_subject_name(c), "CN", MBSTRING_UTF8,
                    (const unsigned char *)common, -1, -1, 0) &&
                X509_set_issuer_name(c, X509_get_subject_name(issuer ? issuer : c)) &&
                add_extension(c, issuer ? issuer : c, NID_basic_constraints,
                    issuer ? "critical,CA:FALSE" : "critical,CA:TRUE");
    if (made && names)
        made = add_extension(c, issuer, NID_subject_alt_name, names);
    if (made && issuer && !names) /* a person's: for signatures that bind */
        made = add_extension(c, issuer, NID_key_usage, "critical,digitalSignature,nonRepudiation");
    if (made && !X509_sign(c, issuer_key, EVP_sha256()))
        made = false;
    BN_free(serial);
    if (!made) {
        X509_free(c);
        return NULL;
    }
    return c;
}

static bool write_pem(const char *directory, const char *name, X509 *certificate, EVP_PKEY *key)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, key ? 0600 : 0644);
    FILE *out = fd >= 0 ? fdopen(fd, "w") : NULL;
    bool written = out && (!certificate || PEM_write_X509(out, certificate)) &&
                   (!key || PEM_write_PrivateKey(out, key, NULL, NULL, 0, NULL, NULL));
    if (out && fclose(out) != 0)
        written = false;
    if (!written)
        tool_fail(EXIT_FILE, "cannot write %s: %s", path, strerror(errno));
    return written;
}

static FILE *open_pem(const char *directory, const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *in = fopen(path, "re");
    if (!in)
        tool_fail(EXIT_FILE, "cannot read %s: %s; `kontor tls make` makes it", path, strerror(errno));
    return in;
}

static int make_person(const char *directory, const char *name)
{
    FILE *ca_in = open_pem(directory, "ca.pem"), *key_in = ca_in ? open_pem(directory, "ca.key") : NULL;
    X509 *ca = key_in ? PEM_read_X509(ca_in, NULL, NULL, NULL) : NULL;
    EVP_PKEY *ca_key = key_in ? PEM_read_PrivateKey(key_in, NULL, NULL, NULL) : NULL;
    EVP_PKEY *key = ca && ca_key ? EVP_EC_gen("P-256") : NULL;
    X509 *person = key ? make_certificate(key, name, ca, ca_key, NULL) : NULL;
    bool written = person && write_pem(directory, "person.pem", person, NULL) &&
                   write_pem(directory, "person.key", NULL, key);
    if (key_in && !person)
        tool_fail(EXIT_FILE, "the certificate could not be made");
    if (ca_in)
        (void)fclose(ca_in);
    if (key_in)
        (void)fclose(key_in);
    X509_free(person);
    X509_free(ca);
    EVP_PKEY_free(ca_key);
    EVP_PKEY_free(key);
    if (!written)
        return EXIT_FILE;
    printf("%s/person.pem and person.key, for document.key.import. Valid %d days.\n", directory, DAYS);
    return EXIT_DONE;
}

int tls_command(tool *t, int count, char **arguments)
{
    (void)t;
    if (strcmp(arguments[0], "person") == 0 && count == 3)
        return make_person(arguments[1], arguments[2]);
    const char *host = count == 3 ? arguments[2] : "localhost", *directory = arguments[1];
    unsigned char bytes[sizeof(struct in6_addr)];
    char names[300];
    if (strcmp(arguments[0], "make") != 0)
        return tool_fail(EXIT_USAGE, "see `kontor help tls`");
    if (mkdir(directory, 0700) != 0 && errno != EEXIST)
        return tool_fail(EXIT_FILE, "cannot make %s: %s", directory, strerror(errno));
    /* an address is both: some clients look for it among the names */
    const bool address = inet_pton(AF_INET, host, bytes) == 1 || inet_pton(AF_INET6, host, bytes) == 1;
    snprintf(names, sizeof names, "DNS:%.200s,DNS:localhost,IP:127.0.0.1%s%.50s", host, address ? ",IP:" : "",
        address ? host : "");
    EVP_PKEY *ca_key = EVP_EC_gen("P-256"), *key = EVP_EC_gen("P-256");
    X509 *ca = ca_key ? make_certificate(ca_key, "Kontor development authority", NULL, ca_key, NULL) : NULL;
    X509 *server = ca && key ? make_certificate(key, host, ca, ca_key, names) : NULL;
    bool written = server && write_pem(directory, "ca.pem", ca, NULL) &&
                   write_pem(directory, "ca.key", NULL, ca_key) &&
                   write_pem(directory, "cert.pem", server, NULL) &&
                   write_pem(directory, "key.pem", NULL, key);
    if (!server)
        tool_fail(EXIT_FILE, "the certificate could not be made");
    X509_free(ca);
    X509_free(server);
    EVP_PKEY_free(ca_key);
    EVP_PKEY_free(key);
    if (!written)
        return EXIT_FILE;
    printf(
        "For the server: --tls-dir %s (cert.pem, key.pem); for its clients: --ca %s/ca.pem. Valid %d days.\n",
        directory, directory, DAYS);
    return EXIT_DONE;
}

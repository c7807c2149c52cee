/* cms.h -- inside the room: the CMS signature over the two byte ranges of a signed PDF. */
#pragma once
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "document/sign.h"

enum { CMS_MAX = 16384 }; /* bytes that are left for one signature in the file */

/* What a file's signature covers: everything but the gap that holds the signature itself. */
typedef struct {
    kt_str before, after;
} cms_ranges;

/* A detached CAdES signature, DER: SHA-256, signing-certificate-v2, no signing time (PAdES keeps it in the
 * PDF).
 *   returns  validation: the key and the certificate do not fit, or are no PEM */
KT_MUST kt_error *cms_make(arena *arena, const sign_options *options, const cms_ranges *ranges, kt_str *der);
/* Fills name, issuer, intact and trusted. der may be followed by zero bytes. */
void cms_judge(arena *arena, kt_str der, const cms_ranges *ranges, X509_STORE *roots, sign_found *found);
/* A store of the PEM certificates; NULL: no memory. */
X509_STORE *cms_roots(kt_str pem);

/* sign.h -- signatures in PDF files: PAdES baseline B-B, one incremental update a signature, so that what was
 * signed before stays as it was, byte for byte.
 *   source  ISO 32000-1 12.8; ETSI EN 319 142-1 V1.1.1 6.3; ETSI EN 319 122-1 (CAdES attributes) */
#pragma once
#include "kit/error.h"

typedef struct {
    kt_str key;                        /* private key, PEM, not encrypted */
    kt_str certificate;                /* the signer's certificate, then its issuers', PEM */
    const char *name, *reason, *place; /* shown by readers; NULL: left out */
    kt_time at;
    /* Where the signature is seen on a page, in points from the lower left corner; width 0: nowhere. */
    struct {
        unsigned page; /* from 1 */
        int x, y, width, height;
    } box;
    kt_str appearance; /* a PDF whose first page, as large as the box, is drawn there; not set: nothing is */
} sign_options;

/* Signs a PDF. A file that nobody has signed yet is first written anew, in the plain form that an update can
 * follow.
 *   signed_pdf  receives the file, the arena's
 *   returns     validation: not a PDF, encrypted, a key that does not belong to the certificate, an expired
 *               certificate; limit: too large */
KT_MUST kt_error *sign_pdf(arena *arena, kt_str pdf, const sign_options *options, kt_str *signed_pdf);

typedef struct {
    kt_str name;   /* the certificate's common name */
    kt_str issuer; /* of the issuer */
    kt_str field;  /* of the form: "Signature1" */
    kt_time at;    /* as the signer's clock said */
    bool intact;   /* the bytes that it covers are as they were signed, by the key of its certificate */
    bool whole;    /* it covers the file to its end: nothing was added behind it */
    bool trusted;  /* its certificate leads to one of the roots, and was valid when it signed */
} sign_found;

/* Reads the signatures of a PDF, the oldest first.
 *   roots    certificates to trust, PEM; "": none is trusted
 *   found    receives count signatures, the arena's
 *   returns  validation: not a PDF */
KT_MUST kt_error *sign_read(arena *arena, kt_str pdf, kt_str roots, const sign_found **found, size_t *count);

/* parties.h -- the service "base.parties": finding the party that one is about to enter once more. */
#pragma once
#include <kontor.h>

typedef struct { /* what is known; any member may be not set */
    kt_str name, tax_id, phone, email;
    kt_id except; /* this party is not a duplicate of itself */
    bool similar; /* also names that are only like it */
} kt_party_probe;

typedef struct {
    kt_id id;
    kt_str name;
    const char *matched; /* "tax_id", "email", "phone", "name", "similar": the strongest reason */
    int likeness;        /* of the names, 0 to 100: words in any order, legal forms left out */
} kt_party_match;

enum { KT_PARTY_MATCHES_MAX = 20 };

typedef struct {
    /* Parties that the caller may see and that look like the probe, strongest reason first.
     *   found    room for KT_PARTY_MATCHES_MAX
     *   count    receives how many there are */
    KT_MUST kt_error *(*duplicates)(
        kt_tx *tx, const kt_party_probe *probe, kt_party_match *found, size_t *count);
    /* The digits of a telephone number with its country, an address in small letters: as contacts are
     * indexed. Not set: it is none. */
    kt_str (*phone_normal)(kt_tx *tx, kt_str phone);
    kt_str (*email_normal)(kt_tx *tx, kt_str email);
} kt_parties;

/* NULL: no module offers it now. */
static inline const kt_parties *kt_parties_find(kt_tx *tx)
{
    return (const kt_parties *)kt_service_find(tx, "base.parties", 1);
}

/* house.h -- what the fault harnesses write into a store, and how they prove what must hold of it.
 *
 * A bank: clients move money between accounts. One job writes the accounts, a record, two index entries, a
 * journal entry and the client's counter. What must hold: the balances sum to zero and follow from the
 * records; sequence numbers have no gap; each record has its index entries and its journal entry and back; a
 * client's counter is the number of its records and at least what was acknowledged to it. */
#pragma once
#include "kit/arena.h"
#include "store/store.h"

enum { HOUSE_CLIENTS = 8, HOUSE_ACCOUNTS = 64 };

typedef struct {
    store_job job;
    unsigned client;
    uint64_t number; /* the client's own count, from 1 */
    uint64_t random;
} house_transfer;

/* A job ready to be submitted or run; padding: bytes in its record. */
house_transfer house_transfer_make(arena *arena, unsigned client, uint64_t number);

typedef struct {
    uint64_t transfers, counters[HOUSE_CLIENTS];
} house_state;

/* Proves all of the above. why: receives what is wrong. returns false: something is, or reading failed */
bool house_verify(store *store, arena *arena, const uint64_t acknowledged[HOUSE_CLIENTS], house_state *state,
    char *why, size_t why_size);

/* kontor_client.h -- calling a Kontor server from C: JSON-RPC over HTTP or nng, by the address.
 *
 *   http:// https://                 POST /rpc, by libcurl
 *   ipc:// tcp:// tls+tcp:// ws://   nng REQ
 *
 * nng's own re-sending is off: the client repeats a write itself, with one idempotency key, so that it takes
 * effect once whatever was lost on the way. A client belongs to one thread at a time. Trees are jansson's. */
#pragma once
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

typedef struct kontor_client kontor_client;

typedef struct {
    const char *token; /* NULL: not logged in */
    const char *lang;  /* "en", "pl"; NULL: the user's */
    const char *ca;    /* certificates to trust for https and tls+tcp; NULL: the system's */
    int timeout_ms;    /* of one attempt; 0: 60 s */
    int tries;         /* 0: 5 */
} kontor_client_options;

/* What a call came to. */
typedef enum {
    KONTOR_OK,
    KONTOR_REFUSED,     /* the server's error object is in *answer */
    KONTOR_UNREACHABLE, /* no connection, or none that lasted: see kontor_client_trouble */
} kontor_outcome;

typedef struct {
    const char *key;  /* idempotency key; NULL: a random one for calls that write */
    const char *unit; /* several calls that can be undone as one; NULL: each is its own */
    bool dry_run;
    bool reads;     /* the call changes nothing: no key is sent */
    int timeout_ms; /* of one attempt; 0: the client's */
} kontor_call_options;

/* Opens a client; nothing is sent yet. returns NULL: the address is of no known kind, or out of memory */
kontor_client *kontor_client_open(const char *url, const kontor_client_options *options);
void kontor_client_close(kontor_client *client);
/* Replaces the token; copied. */
void kontor_client_token(kontor_client *client, const char *token);
/* Calls method; params (taken over; NULL: none). *answer is yours: the result, or the error object. */
kontor_outcome kontor_client_call(kontor_client *client, const char *method, json_t *params,
    const kontor_call_options *options, json_t **answer);
/* Uploads a file; *answer is {"id", "sha256", "size"} or the error object. Over http:// alone.
 *   key  an idempotency key, with which the same file is one attachment however often it is brought; NULL: none */
kontor_outcome kontor_client_upload(
    kontor_client *client, FILE *in, const char *name, const char *key, json_t **answer);
/* Downloads the file of an attachment; *answer is null or the error object. Over http:// alone. */
kontor_outcome kontor_client_download(kontor_client *client, json_int_t id, FILE *out, json_t **answer);
/* Why the last call was KONTOR_UNREACHABLE; good until the next call. */
const char *kontor_client_trouble(const kontor_client *client);
/* A random key, for several calls that must not be repeated separately; out holds 33 bytes. */
void kontor_client_new_key(char out[33]);

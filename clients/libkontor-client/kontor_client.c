/* kontor_client.c -- see kontor_client.h. */
#include "kontor_client.h"

#include <curl/curl.h>
#include <nng/nng.h>
#include <nng/protocol/reqrep0/req.h>
#include <nng/supplemental/tls/tls.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

enum { TIMEOUT_MS = 60000, TRIES = 5, PAUSE_FIRST_MS = 100, PAUSE_LAST_MS = 2000, REPLY_MAX = 256 << 20 };

typedef struct {
    char *ptr;
    size_t len;
} bytes;

struct kontor_client {
    char *url, *token, *lang, *ca;
    int timeout_ms, patience_ms, tries; /* patience_ms: of the call that goes on */
    json_int_t next_id;
    bool by_http;
    CURL *curl;
    struct curl_slist *headers;
    nng_socket socket;
    bool dialed;
    char trouble[256];
};

static char *copy(const char *text)
{
    return text ? strdup(text) : NULL;
}

kontor_client *kontor_client_open(const char *url, const kontor_client_options *options)
{
    static const char *const schemes[] = {
        "http://", "https://", "ipc://", "tcp://", "tls+tcp://", "ws://", "wss://"};
    static const kontor_client_options none;
    size_t known = 0;
    while (
        known < sizeof schemes / sizeof *schemes && strncmp(url, schemes[known], strlen(schemes[known])) != 0)
        known++;
    kontor_client *c = known < sizeof schemes / sizeof *schemes ? calloc(1, sizeof *c) : NULL;
    if (!c)
        return NULL;
    options = options ? options : &none;
    c->by_http = known < 2;
    c->url = copy(url);
    c->token = copy(options->token);
    c->lang = copy(options->lang);
    c->ca = copy(options->ca);
    c->timeout_ms = options->timeout_ms ? options->timeout_ms : TIMEOUT_MS;
    c->tries = options->tries ? options->tries : TRIES;
    if (c->by_http) {
        c->curl = curl_easy_init();
        c->headers = curl_slist_append(NULL, "Content-Type: application/json");
    }
    if (!c->url || (c->by_http && (!c->curl || !c->headers))) {
        kontor_client_close(c);
        return NULL;
    }
    return c;
}

void kontor_client_close(kontor_client *c)
{
    if (!c)
        return;
    if (c->curl)
        curl_easy_cleanup(c->curl);
    curl_slist_free_all(c->headers);
    if (c->dialed)
        nng_close(c->socket);
    free(c->url);
    free(c->token);
    free(c->lang);
    free(c->ca);
    free(c);
}

void kontor_client_token(kontor_client *c, const char *token)
{
    free(c->token);
    c->token = copy(token);
}

const char *kontor_client_trouble(const kontor_client *c)
{
    return c->trouble;
}

void kontor_client_new_key(char out[33])
{
    static const char digits[] = "0123456789abcdef";
    unsigned char random[16];
    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
        abort(); /* without randomness two calls could share a key, and one of them would be lost */
    for (size_t i = 0; i < sizeof random; i++) {
        out[2 * i] = digits[random[i] >> 4];
        out[2 * i + 1] = digits[random[i] & 15];
    }
    out[32] = 0;
}

/* ---- HTTP ---- */

static size_t take_bytes(char *data, size_t size, size_t count, void *context)
{
    bytes *b = context;
    size_t n = size * count;
    if (b->len + n > REPLY_MAX)
        return 0;
    char *grown = realloc(b->ptr, b->len + n + 1);
    if (!grown)
        return 0;
    b->ptr = grown;
    memcpy(b->ptr + b->len, data, n);
    b->len += n;
    return n;
}

static bool send_http(kontor_client *c, const char *body, size_t len, bytes *reply)
{
    char url[512], error[CURL_ERROR_SIZE] = "";
    size_t n = strlen(c->url);
    snprintf(url, sizeof url, "%.*s/rpc", (int)(n && c->url[n - 1] == '/' ? n - 1 : n), c->url);
    curl_easy_reset(c->curl);
    curl_easy_setopt(c->curl, CURLOPT_URL, url);
    curl_easy_setopt(c->curl, CURLOPT_HTTPHEADER, c->headers);
    curl_easy_setopt(c->curl, CURLOPT_POSTFIELDS, body);
    curl_easy_setopt(c->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)len);
    curl_easy_setopt(c->curl, CURLOPT_WRITEFUNCTION, take_bytes);
    curl_easy_setopt(c->curl, CURLOPT_WRITEDATA, reply);
    curl_easy_setopt(c->curl, CURLOPT_ERRORBUFFER, error);
    curl_easy_setopt(c->curl, CURLOPT_TIMEOUT_MS, (long)c->patience_ms);
    curl_easy_setopt(c->curl, CURLOPT_ACCEPT_ENCODING, "");
    curl_easy_setopt(c->curl, CURLOPT_NOSIGNAL, 1L);
    if (c->ca)
        curl_easy_setopt(c->curl, CURLOPT_CAINFO, c->ca);
    CURLcode code = curl_easy_perform(c->curl);
    if (code == CURLE_OK)
        return true;
    snprintf(c->trouble, sizeof c->trouble, "%s", *error ? error : curl_easy_strerror(code));
    return false;
}

static bool files_by_http(kontor_client *c)
{
    if (!c->by_http)
        snprintf(c->trouble, sizeof c->trouble, "files go over http:// alone");
    return c->by_http;
}

/* Prepares a request to PATH with the session's token. The headers are yours. */
static struct curl_slist *file_request(kontor_client *c, const char *path, const char *header)
{
    char url[600], text[700];
    size_t n = strlen(c->url);
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/octet-stream");
    snprintf(url, sizeof url, "%.*s%s", (int)(n && c->url[n - 1] == '/' ? n - 1 : n), c->url, path);
    snprintf(text, sizeof text, "Authorization: Bearer %s", c->token ? c->token : "");
    headers = curl_slist_append(headers, text);
    if (header)
        headers = curl_slist_append(headers, header);
    curl_easy_reset(c->curl);
    curl_easy_setopt(c->curl, CURLOPT_URL, url);
    curl_easy_setopt(c->curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(c->curl, CURLOPT_NOSIGNAL, 1L);
    if (c->ca)
        curl_easy_setopt(c->curl, CURLOPT_CAINFO, c->ca);
    return headers;
}

static size_t read_file(char *out, size_t size, size_t count, void *in)
{
    return fread(out, size, count, in);
}

/* What an answer that is no file says. */
static kontor_outcome file_answer(kontor_client *c, CURLcode code, const bytes *reply, json_t **answer)
{
    long status = 0;
    curl_easy_getinfo(c->curl, CURLINFO_RESPONSE_CODE, &status);
    if (code != CURLE_OK) {
        snprintf(c->trouble, sizeof c->trouble, "%s", curl_easy_strerror(code));
        return KONTOR_UNREACHABLE;
    }
    json_t *whole = json_loadb(reply->ptr ? reply->ptr : "", reply->len, JSON_ALLOW_NUL, NULL);
    json_t *error = json_object_get(whole, "error");
    *answer = json_incref(error ? error : whole);
    json_decref(whole);
    if (!*answer)
        snprintf(c->trouble, sizeof c->trouble, "HTTP status %ld", status);
    return error ? KONTOR_REFUSED : *answer ? KONTOR_OK : KONTOR_UNREACHABLE;
}

kontor_outcome kontor_client_upload(
    kontor_client *c, FILE *in, const char *name, const char *key, json_t **answer)
{
    char header[1100], key_header[300];
    bytes reply = {0};
    *answer = NULL;
    if (!files_by_http(c))
        return KONTOR_UNREACHABLE;
    char *escaped = curl_easy_escape(c->curl, name, 0);
    snprintf(header, sizeof header, "X-File-Name: %.1000s", escaped ? escaped : "file");
    curl_free(escaped);
    fseek(in, 0, SEEK_END);
    long size = ftell(in);
    rewind(in);
    struct curl_slist *headers = file_request(c, "/files", header);
    snprintf(key_header, sizeof key_header, "Idempotency-Key: %s", key ? key : "");
    if (key)
        headers = curl_slist_append(headers, key_header); /* the list that it has already */
    curl_easy_setopt(c->curl, CURLOPT_POST, 1L);
    curl_easy_setopt(c->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)size);
    curl_easy_setopt(c->curl, CURLOPT_READFUNCTION, read_file);
    curl_easy_setopt(c->curl, CURLOPT_READDATA, in);
    curl_easy_setopt(c->curl, CURLOPT_WRITEFUNCTION, take_bytes);
    curl_easy_setopt(c->curl, CURLOPT_WRITEDATA, &reply);
    kontor_outcome outcome = file_answer(c, curl_easy_perform(c->curl), &reply, answer);
    curl_slist_free_all(headers);
    free(reply.ptr);
    return outcome;
}

kontor_outcome kontor_client_download(kontor_client *c, json_int_t id, FILE *out, json_t **answer)
{
    char path[60];
    bytes reply = {0};
    long status = 0;
    *answer = NULL;
    if (!files_by_http(c))
        return KONTOR_UNREACHABLE;
    snprintf(path, sizeof path, "/files/%lld", (long long)id);
    struct curl_slist *headers = file_request(c, path, NULL);
    curl_easy_setopt(c->curl, CURLOPT_WRITEFUNCTION, take_bytes);
    curl_easy_setopt(c->curl, CURLOPT_WRITEDATA, &reply);
    CURLcode code = curl_easy_perform(c->curl);
    curl_easy_getinfo(c->curl, CURLINFO_RESPONSE_CODE, &status);
    kontor_outcome outcome = KONTOR_OK;
    if (code == CURLE_OK && status == 200) {
        fwrite(reply.ptr ? reply.ptr : "", 1, reply.len, out);
        *answer = json_null();
    } else {
        outcome = file_answer(c, code, &reply, answer);
    }
    curl_slist_free_all(headers);
    free(reply.ptr);
    return outcome;
}

/* ---- nng ---- */

static int dial(kontor_client *c)
{
    nng_dialer dialer;
    int rc = nng_req0_open(&c->socket);
    if (rc)
        return rc;
    c->dialed = true;
    /* We repeat ourselves, with the key; nng would repeat without one and we could not tell. */
    nng_socket_set_ms(c->socket, NNG_OPT_REQ_RESENDTIME, NNG_DURATION_INFINITE);
    nng_socket_set_ms(c->socket, NNG_OPT_SENDTIMEO, c->timeout_ms);
    nng_socket_set_size(c->socket, NNG_OPT_RECVMAXSZ, REPLY_MAX);
    rc = nng_dialer_create(&dialer, c->socket, c->url);
    if (!rc && c->ca && (strncmp(c->url, "tls+", 4) == 0 || strncmp(c->url, "wss:", 4) == 0))
        rc = nng_dialer_set_string(dialer, NNG_OPT_TLS_CA_FILE, c->ca);
    return rc ? rc : nng_dialer_start(dialer, 0);
}

static bool send_nng(kontor_client *c, const char *body, size_t len, bytes *reply)
{
    nng_msg *message = NULL;
    int rc = c->dialed ? 0 : dial(c);
    if (!rc)
        rc = nng_msg_alloc(&message, 0);
    if (!rc)
        rc = nng_msg_append(message, body, len);
    if (!rc)
        rc = nng_sendmsg(c->socket, message, 0);
    if (!rc) {
        message = NULL;
        nng_socket_set_ms(c->socket, NNG_OPT_RECVTIMEO, c->patience_ms);
        rc = nng_recvmsg(c->socket, &message, 0);
    }
    if (!rc) {
        reply->len = nng_msg_len(message);
        reply->ptr = malloc(reply->len + 1);
        if (reply->ptr)
            memcpy(reply->ptr, nng_msg_body(message), reply->len);
        else
            rc = NNG_ENOMEM;
    }
    if (message)
        nng_msg_free(message);
    if (!rc)
        return true;
    snprintf(c->trouble, sizeof c->trouble, "%s: %s", c->url, nng_strerror(rc));
    if (c->dialed)
        nng_close(c->socket);
    c->dialed = false;
    return false;
}

/* ---- Calls ---- */

static void pause_ms(int ms)
{
    struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L};
    nanosleep(&t, NULL);
}

/* The same bytes, however often: the server sees the same key. */
static bool send_until_answered(kontor_client *c, const char *body, size_t len, bytes *reply)
{
    int pause = PAUSE_FIRST_MS;
    for (int attempt = 0; attempt < c->tries; attempt++) {
        if (attempt) {
            pause_ms(pause);
            pause = 2 * pause < PAUSE_LAST_MS ? 2 * pause : PAUSE_LAST_MS;
        }
        if (c->by_http ? send_http(c, body, len, reply) : send_nng(c, body, len, reply))
            return true;
        free(reply->ptr);
        *reply = (bytes){0};
    }
    return false;
}

static json_t *message_of(
    kontor_client *c, const char *method, json_t *params, const kontor_call_options *options)
{
    char key[33];
    json_t *message = json_pack("{s:s, s:I, s:s, s:o}", "jsonrpc", "2.0", "id", ++c->next_id, "method",
        method, "params", params ? params : json_object());
    if (!message)
        return NULL;
    if (c->token)
        json_object_set_new(message, "auth", json_string(c->token));
    if (c->lang)
        json_object_set_new(message, "lang", json_string(c->lang));
    if (options && options->unit)
        json_object_set_new(message, "unit", json_string(options->unit));
    if (options && options->dry_run) {
        json_object_set_new(message, "dry_run", json_true());
    } else if (!options || !options->reads) {
        kontor_client_new_key(key);
        json_object_set_new(
            message, "idempotency_key", json_string(options && options->key ? options->key : key));
    }
    return message;
}

kontor_outcome kontor_client_call(
    kontor_client *c, const char *method, json_t *params, const kontor_call_options *options, json_t **answer)
{
    bytes reply = {0};
    json_error_t where;
    *answer = NULL;
    json_t *message = message_of(c, method, params, options);
    char *body = message ? json_dumps(message, JSON_COMPACT) : NULL;
    json_decref(message);
    if (!body) {
        snprintf(c->trouble, sizeof c->trouble, "out of memory");
        return KONTOR_UNREACHABLE;
    }
    c->patience_ms = options && options->timeout_ms ? options->timeout_ms : c->timeout_ms;
    bool answered = send_until_answered(c, body, strlen(body), &reply);
    free(body);
    if (!answered)
        return KONTOR_UNREACHABLE;
    json_t *whole = json_loadb(reply.ptr ? reply.ptr : "", reply.len, JSON_ALLOW_NUL, &where);
    json_t *error = json_object_get(whole, "error"), *result = json_object_get(whole, "result");
    *answer = json_incref(error ? error : result);
    if (!*answer)
        snprintf(c->trouble, sizeof c->trouble, "the answer is no JSON-RPC: %.*s",
            (int)(reply.len < 120 ? reply.len : 120), reply.ptr ? reply.ptr : "");
    json_decref(whole);
    free(reply.ptr);
    return error ? KONTOR_REFUSED : *answer ? KONTOR_OK : KONTOR_UNREACHABLE;
}

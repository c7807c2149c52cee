/* webhook.c -- JSON to somebody's HTTPS address, by libcurl. Where it may lead is the line's business. */
#include <openssl/hmac.h>
#include <sodium.h>
#include <string.h>
#include <strings.h>

#include "kit/buffer.h"
#include "kit/str.h"
#include "outbox/delivery.h"

enum { CONNECT_MS = 5000, WHOLE_MS = 15000, HEADER_NAME_MAX = 80 };

/* An answer is of no interest; how long it may be is bounded by the time that it may take. */
static size_t drop_answer(char *bytes, size_t size, size_t count, void *context)
{
    (void)bytes;
    (void)context;
    return size * count;
}

kt_str webhook_target(arena *arena, kt_str url)
{
    char *host = NULL, *port = NULL;
    kt_str text = {0}, copy = url.len ? arena_str(arena, url) : url;
    CURLU *parts = curl_url();
    if (parts && copy.ptr && !curl_url_set(parts, CURLUPART_URL, copy.ptr, 0) &&
        !curl_url_get(parts, CURLUPART_HOST, &host, 0) &&
        !curl_url_get(parts, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT))
        text = arena_format(arena, "%s:%s", host, port);
    curl_free(host);
    curl_free(port);
    curl_url_cleanup(parts);
    return text;
}

static bool is_allowed(const webhook *w, kt_str target)
{
    for (size_t i = 0; w->allowed && w->allowed[i]; i++)
        if (str_is(target, w->allowed[i]))
            return true;
    return false;
}

static bool is_header_name(kt_str name)
{
    static const char *const ours[] = {"host", "content-length", "content-type", "transfer-encoding",
        "connection", "expect", "idempotency-key", "kontor-signature", NULL};
    for (size_t i = 0; i < name.len; i++) {
        unsigned char c = (unsigned char)name.ptr[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!letter && c != '-' && c != '_')
            return false;
    }
    for (const char *const *one = ours; *one; one++)
        if (strlen(*one) == name.len && strncasecmp(*one, name.ptr, name.len) == 0)
            return false;
    return name.len > 0 && name.len <= HEADER_NAME_MAX;
}

/* Neither the name nor the value of a header is repeated in a message: the value may be a secret. */
static kt_error *check_headers(arena *arena, const webhook *w)
{
    for (size_t i = 0; i < w->header_count; i++) {
        kt_str value = w->headers[i].value;
        if (!is_header_name(w->headers[i].name))
            return error_make(arena, KT_VALIDATION, "headers", "header %zu has no name that may be set",
                "nagłówek %zu nie ma nazwy, którą wolno ustawić", i + 1);
        for (size_t k = 0; k < value.len; k++)
            if ((unsigned char)value.ptr[k] < 32 || value.ptr[k] == 127)
                return error_make(arena, KT_VALIDATION, "headers", "header %zu is not one line of text",
                    "nagłówek %zu nie jest jednym wierszem tekstu", i + 1);
    }
    return NULL;
}

kt_error *webhook_check(arena *arena, const webhook *w)
{
    kt_str url = arena_str(arena, w->url), target = webhook_target(arena, url);
    bool secure = str_starts(url, KT_STR("https://"));
    if (!target.ptr || (!secure && !str_starts(url, KT_STR("http://"))))
        return error_make(arena, KT_VALIDATION, "url", "\"%.100s\" is no https address",
            "„%.100s” nie jest adresem https", url.ptr ? url.ptr : "");
    if (!secure && !is_allowed(w, target))
        return kt_hint(error_make(arena, KT_VALIDATION, "url", "it must begin with https://",
                           "musi zaczynać się od https://"),
            "An address of your own network can be allowed in the server's configuration.",
            "Adres we własnej sieci można dopuścić w konfiguracji serwera.");
    return check_headers(arena, w);
}

static struct curl_slist *write_headers(arena *arena, const webhook *w)
{
    unsigned char hash[32];
    char digits[65];
    unsigned n = sizeof hash;
    struct curl_slist *list = curl_slist_append(NULL, "Content-Type: application/json");
    kt_str id = arena_format(arena, "Idempotency-Key: %.*s", STR_ARG(w->id));
    list = list && id.ptr ? curl_slist_append(list, id.ptr) : list;
    for (size_t i = 0; list && i < w->header_count; i++) {
        kt_str line = arena_format(
            arena, "%.*s: %.*s", STR_ARG(w->headers[i].name), STR_ARG(w->headers[i].value));
        list = line.ptr ? curl_slist_append(list, line.ptr) : list;
    }
    if (w->secret.len) {
        kt_str text = arena_format(arena, "%lld.%.*s", (long long)(w->date.ms / 1000), STR_ARG(w->body));
        if (!text.ptr || !HMAC(EVP_sha256(), w->secret.ptr, (int)w->secret.len,
                             (const unsigned char *)text.ptr, text.len, hash, &n)) {
            curl_slist_free_all(list);
            return NULL;
        }
        sodium_bin2hex(digits, sizeof digits, hash, sizeof hash);
        kt_str line = arena_format(
            arena, "Kontor-Signature: t=%lld,v1=%s", (long long)(w->date.ms / 1000), digits);
        list = list && line.ptr ? curl_slist_append(list, line.ptr) : list;
    }
    return list;
}

static void judge(CURLcode code, long answered, const delivery_line *line, const char *said, delivery *d)
{
    d->code = answered;
    if (line->refused) {
        d->outcome = DELIVERY_NEVER;
        (void)snprintf(d->text, sizeof d->text, "the address is not one of the public network");
        return;
    }
    bool good = code == CURLE_OK && answered >= 200 && answered < 300;
    /* 408, 425, 429 ask to come again; other 4xx and redirects say that it will never do (RFC 9110 15) */
    bool never = code == CURLE_OK && answered >= 300 && answered < 500 && answered != 408 &&
                 answered != 425 && answered != 429;
    d->outcome = good ? DELIVERY_DONE : never ? DELIVERY_NEVER : DELIVERY_LATER;
    if (code == CURLE_OK)
        (void)snprintf(d->text, sizeof d->text, "HTTP status %ld", answered);
    else
        (void)snprintf(
            d->text, sizeof d->text, "%s%s%s", curl_easy_strerror(code), said[0] ? ": " : "", said);
}

void webhook_send(delivery_line *line, arena *arena, const webhook *w, delivery *d)
{
    char said[CURL_ERROR_SIZE] = "";
    kt_str url = arena_str(arena, w->url);
    bool allowed = url.ptr && is_allowed(w, webhook_target(arena, url));
    *d = (delivery){.outcome = DELIVERY_LATER, .text = "out of memory"};
    struct curl_slist *headers = write_headers(arena, w);
    CURL *curl = line->curl;
    if (headers && url.ptr) {
        long answered = 0;
        delivery_line_begin(line, !allowed, CONNECT_MS, WHOLE_MS);
        curl_easy_setopt(curl, CURLOPT_URL, url.ptr);
        curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, allowed ? "http,https" : "https");
        curl_easy_setopt(curl, CURLOPT_PROXY, ""); /* an environment's proxy would connect where we may not */
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)w->body.len);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, w->body.ptr ? w->body.ptr : "");
        curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
        curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, drop_answer);
        curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, said);
        CURLcode code = curl_easy_perform(curl);
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answered);
        judge(code, answered, line, said, d);
        curl_easy_reset(curl);
    }
    curl_slist_free_all(headers);
}

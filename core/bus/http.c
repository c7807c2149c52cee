/* http.c -- one port for everything that speaks no nng, by libmicrohttpd. Its threads run short reads; for
 * all else a connection is suspended until its answer is there. It listens where it is told, by default on
 * the loopback: a proxy is the public edge. */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

#include "bus/request.h"
#include "bus/slice.h"
#include "bus/version.h"
#include "bus/web.h"
#include "kit/log.h"

#define CONNECTIONS_MAX 12000
#define IDLE_S          75
#define BODY_MS         9000
#define DISCARD_MAX     ((size_t)64 << 20) /* too large a body is read so far, that the refusal arrives */
#define ARGUMENTS_MAX   1000               /* of a query string, for modules' routes */
#define GZIP_FROM       8192               /* smaller answers cost more in time than they save */

/* ---- Answers ---- */

const char *request_header(const request *r, const char *name)
{
    return MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, name);
}

void response_common(struct MHD_Response *response)
{
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    MHD_add_response_header(response, "Referrer-Policy", "no-referrer");
}

static bool gzip(kt_str from, buffer *to)
{
    z_stream z = {0};
    if (deflateInit2(&z, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return false;
    size_t bound = deflateBound(&z, (uLong)from.len);
    char *room = buffer_room(to, bound);
    bool done = false;
    if (room) {
        z.next_in = (Bytef *)(uintptr_t)from.ptr; /* the library only reads it */
        z.avail_in = (uInt)from.len;
        z.next_out = (Bytef *)room;
        z.avail_out = (uInt)bound;
        done = deflate(&z, Z_FINISH) == Z_STREAM_END;
        to->len += z.total_out;
    }
    deflateEnd(&z);
    return done;
}

static void add_cookie(const request *r, struct MHD_Response *response)
{
    if (!r->session.len && !r->session_ended)
        return;
    const char *proto = request_header(r, "X-Forwarded-Proto");
    bool secure = proto && strcmp(proto, "https") == 0;
    kt_str cookie = arena_format(r->arena, COOKIE "=%.*s; Path=/; HttpOnly; SameSite=Strict%s%s",
        STR_ARG(r->session), secure ? "; Secure" : "", r->session.len ? "" : "; Max-Age=0");
    if (cookie.ptr)
        MHD_add_response_header(response, "Set-Cookie", cookie.ptr);
}

enum MHD_Result request_answer(request *r, unsigned status, const char *type, kt_str body)
{
    buffer packed;
    buffer_open(&packed, CALL_ANSWER_MAX);
    const char *accept = body.len >= GZIP_FROM ? request_header(r, "Accept-Encoding") : NULL;
    bool zipped = accept && strstr(accept, "gzip") && gzip(body, &packed);
    if (zipped) {
        buffer_close(&r->answer);
        r->answer = packed;
        body = buffer_str(&packed);
    } else {
        buffer_close(&packed);
    }
    bool kept = body.ptr &&
                body.ptr == r->answer.ptr; /* until the request ends, which is after the last byte */
    struct MHD_Response *response = MHD_create_response_from_buffer(body.len,
        (void *)(uintptr_t)(body.ptr ? body.ptr : ""), kept ? MHD_RESPMEM_PERSISTENT : MHD_RESPMEM_MUST_COPY);
    if (!response)
        return MHD_NO;
    response_common(response);
    MHD_add_response_header(response, "Cache-Control", "no-store");
    if (type)
        MHD_add_response_header(response, "Content-Type", type);
    if (zipped)
        MHD_add_response_header(response, "Content-Encoding", "gzip");
    add_cookie(r, response);
    if (status == MHD_HTTP_SERVICE_UNAVAILABLE)
        MHD_add_response_header(response, "Retry-After", "1");
    enum MHD_Result result = MHD_queue_response(r->connection, status, response);
    MHD_destroy_response(response);
    return result;
}

enum MHD_Result request_refuse(request *r, unsigned status, kt_kind kind, const char *en, const char *pl)
{
    char id[REQUEST_ID_MAX];
    buffer text;
    buffer_open(&text, 4096);
    bus_request_id(r->http->bus, id);
    kt_error *error = error_make(r->arena, kind, NULL, "%s", "%s", en);
    if (error->first && error->first->text.en)
        error->first->text.pl = pl;
    answer_error(&text, NULL, 0, error, "en", id);
    enum MHD_Result result = request_answer(r, status, "application/json", buffer_str(&text));
    buffer_close(&text);
    return result;
}

void request_ready(request *r, unsigned status, kt_str body, buffer *of)
{
    pthread_mutex_lock(&r->lock);
    if (of) {
        buffer_close(&r->answer);
        r->answer = *of;
        buffer_open(of, of->max);
    } else {
        buffer_clear(&r->answer);
        buffer_add_str(&r->answer, body);
    }
    r->status = r->answer.full ? MHD_HTTP_INTERNAL_SERVER_ERROR : status;
    r->answered = true;
    if (r->suspended)
        MHD_resume_connection(r->connection);
    pthread_mutex_unlock(&r->lock);
}

/* ---- /rpc ---- */

static void rpc_reply(void *context, kt_str answer, const outcome *o)
{
    request *r = context;
    r->session = o->session.len ? arena_str(r->arena, o->session) : (kt_str){0};
    r->session_ended = o->ended;
    r->type = o->type.ptr ? arena_str(r->arena, o->type) : (kt_str){0};
    unsigned status = o->status                   ? o->status
                      : o->too_large              ? MHD_HTTP_CONTENT_TOO_LARGE
                      : o->throttled              ? MHD_HTTP_TOO_MANY_REQUESTS
                      : o->kind == KT_UNAVAILABLE ? MHD_HTTP_SERVICE_UNAVAILABLE
                      : answer.len                ? MHD_HTTP_OK
                                                  : MHD_HTTP_NO_CONTENT;
    request_ready(r, status, answer, o->of);
}

static const kt_str header_names[HEADERS] = {
    [HEADER_AUTHORIZATION] = {"Authorization", 13},
    [HEADER_IDEMPOTENCY_KEY] = {"Idempotency-Key", 15},
    [HEADER_ACCEPT_LANGUAGE] = {"Accept-Language", 15},
    [HEADER_X_KONTOR] = {"X-Kontor", 8},
    [HEADER_X_REAL_IP] = {"X-Real-IP", 9},
    [HEADER_CONTENT_LENGTH] = {"Content-Length", 14},
    [HEADER_TRANSFER_ENCODING] = {"Transfer-Encoding", 17},
};

static enum MHD_Result take_header(
    void *context, enum MHD_ValueKind kind, const char *name, const char *value)
{
    headers *h = context;
    size_t n = strlen(name);
    if (kind == MHD_COOKIE_KIND && !h->cookie && strcmp(name, COOKIE) == 0)
        h->cookie = value;
    for (size_t i = 0; kind == MHD_HEADER_KIND && i < HEADERS; i++)
        if (n == header_names[i].len && strcasecmp(name, header_names[i].ptr) == 0 && h->count[i]++ == 0)
            h->first[i] = value;
    return MHD_YES;
}

static void read_headers(request *r)
{
    (void)MHD_get_connection_values(
        r->connection, (enum MHD_ValueKind)(MHD_HEADER_KIND | MHD_COOKIE_KIND), take_header, &r->headers);
}

static kt_str bearer(const request *r)
{
    const char *value = r->headers.first[HEADER_AUTHORIZATION];
    if (!value || strncasecmp(value, "Bearer ", 7) != 0)
        return (kt_str){0};
    value += 7;
    while (*value == ' ')
        value++;
    return str_of(value);
}

/* Anybody can send a header: only that of a trusted proxy names the client. */
static kt_str remote_of(request *r)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(
        r->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    char host[64];
    const struct sockaddr *address = info ? info->client_addr : NULL;
    if (!address)
        return KT_STR("unknown");
    const struct sockaddr_in *v4 = (const void *)address;
    const struct sockaddr_in6 *v6 = (const void *)address;
    bool is_v6 = address->sa_family == AF_INET6;
    if (!is_v6 && v4->sin_addr.s_addr == htonl(INADDR_LOOPBACK)) /* a proxy's: not formatted each time */
        memcpy(host, "127.0.0.1", sizeof "127.0.0.1");
    else if (!inet_ntop(address->sa_family,
                 is_v6 ? (const void *)&v6->sin6_addr : (const void *)&v4->sin_addr, host, sizeof host))
        return KT_STR("unknown");
    ip_address named;
    const char *real = r->headers.first[HEADER_X_REAL_IP];
    bool believed = real && bus_is_proxy(r->http->bus, str_of(host)) && ip_address_read(str_of(real), &named);
    return arena_str(r->arena, str_of(believed ? real : host));
}

static kt_str lang_of(const request *r)
{
    const char *value = r->headers.first[HEADER_ACCEPT_LANGUAGE];
    return value && strncasecmp(value, "pl", 2) == 0 ? KT_STR("pl") : (kt_str){0};
}

static void read_envelope(request *r)
{
    r->envelope = (envelope){.token = bearer(r),
        .remote = remote_of(r),
        .key = str_of(r->headers.first[HEADER_IDEMPOTENCY_KEY]),
        .cookie = str_of(r->headers.cookie),
        .lang = lang_of(r),
        .fresh = r->headers.count[HEADER_X_KONTOR] > 0};
}

static const char *answer_type(const request *r)
{
    return !r->answer.len ? NULL : r->type.ptr ? r->type.ptr : "application/json";
}

/* ---- Modules' routes ---- */

typedef struct {
    kt_web_pair *pairs;
    size_t count;
} query;

static enum MHD_Result take_argument(
    void *context, enum MHD_ValueKind kind, const char *name, const char *value)
{
    query *q = context;
    (void)kind;
    if (!name || q->count == ARGUMENTS_MAX)
        return MHD_NO;
    q->pairs[q->count++] = (kt_web_pair){str_of(name), value ? str_of(value) : KT_STR("")};
    return MHD_YES;
}

/* What the module's function sees is borrowed from the connection until the exchange has copied it. */
static void run_route(request *r)
{
    query q = {.pairs = ARENA_ARRAY(r->arena, kt_web_pair, ARGUMENTS_MAX)};
    if (q.pairs)
        (void)MHD_get_connection_values(r->connection, MHD_GET_ARGUMENT_KIND, take_argument, &q);
    kt_web_request asked = {.post = r->post,
        .path = r->path,
        .type = str_of(request_header(r, "Content-Type")),
        .body = buffer_str(&r->body),
        .query = q.pairs,
        .query_count = q.count};
    web_exchange(r->http->bus, &asked, &r->envelope, rpc_reply, r);
}

static enum MHD_Result answer_now(request *r)
{
    return r->linked_sha256.len ? download_linked(r)
                                : request_answer(r, r->status, answer_type(r), buffer_str(&r->answer));
}

/* Starts what ends with request_ready and waits for it, suspended, unless it is there already. */
static enum MHD_Result run(request *r)
{
    r->running = true;
    if (r->route == ROUTE_RPC) {
        bus_exchange(r->http->bus, buffer_str(&r->body), &r->envelope, rpc_reply, r);
    } else if (r->route == ROUTE_MODULE) {
        run_route(r);
    } else if (r->route == ROUTE_LINK) {
        link_open(r);
    } else {
        r->task.run = NULL;
        upload_finish(r);
    }
    pthread_mutex_lock(&r->lock);
    bool answered = r->answered;
    if (!answered) {
        r->suspended = true;
        MHD_suspend_connection(r->connection);
    }
    pthread_mutex_unlock(&r->lock);
    return answered ? answer_now(r) : MHD_YES;
}

/* ---- /health and /metrics ---- */

static enum MHD_Result answer_health(request *r)
{
    buffer text;
    buffer_open(&text, 4096);
    json j = json_to(&text);
    json_object(&j);
    bool ok = system_health(r->http->bus, "en", r->arena, &j);
    json_object_end(&j);
    enum MHD_Result result = request_answer(
        r, ok ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE, "application/json", buffer_str(&text));
    buffer_close(&text);
    return result;
}

static uint64_t resident_bytes(void)
{
    FILE *file = fopen("/proc/self/statm", "re");
    unsigned long long pages = 0;
    if (!file)
        return 0;
    if (fscanf(file, "%*u %llu", &pages) != 1)
        pages = 0;
    (void)fclose(file);
    return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static enum MHD_Result answer_metrics(request *r)
{
    bus *b = r->http->bus;
    store_stat stat = {0};
    buffer text;
    buffer_open(&text, CALL_ANSWER_MAX);
    kt_error *error = store_stat_read(b->options.store, r->arena, &stat);
    metrics_write(b->metrics, &text);
    if (!error) {
        metrics_gauge(&text, "store_queue", "Jobs that wait for the writer.", stat.queue);
        metrics_gauge(&text, "store_commits", "Commits since the start.", stat.commits);
        metrics_gauge(&text, "store_jobs", "Jobs committed since the start.", stat.jobs);
        metrics_gauge(&text, "store_file_bytes", "Size of the data file.", stat.file_bytes);
        metrics_gauge(&text, "store_live_bytes", "Bytes of it in use.", stat.live_bytes);
        metrics_gauge(&text, "store_readers", "Open snapshots.", stat.readers);
        metrics_gauge(&text, "store_writable", "1 unless the last commit failed.", stat.writable);
    }
    kt_text why;
    kt_time since;
    bool able = !b->options.automation || automation_able(b->options.automation, &why, &since);
    metrics_gauge(&text, "rules_able", "0 while no process for Lua can be started.", able);
    metrics_gauge(&text, "calls_running", "Messages that are being answered.", atomic_load(&b->running));
    metrics_gauge(&text, "pool_waiting", "Calls that wait for the pool.", pool_waiting(b->pool));
    metrics_gauge(&text, "event_streams", "Open event streams.", r->http->stream_count);
    metrics_gauge(&text, "journal_seq", "The newest entry of the journal.", events_head(b->events));
    metrics_gauge(&text, "resident_bytes", "Resident memory.", resident_bytes());
    enum MHD_Result result = request_answer(r, MHD_HTTP_OK, "text/plain; version=0.0.4", buffer_str(&text));
    buffer_close(&text);
    return result;
}

/* ---- Routing ---- */

static watched *watched_of(const request *r)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(
        r->connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

static bool declared_length(const request *r, size_t *length)
{
    const char *text = r->headers.first[HEADER_CONTENT_LENGTH];
    *length = 0;
    for (; text && *text >= '0' && *text <= '9' && *length < SIZE_MAX / 20; text++)
        *length = *length * 10 + (size_t)(*text - '0');
    return text != NULL;
}

/* Two lengths, or a length and chunks: what a proxy and we might read differently is refused. */
static bool lengths_sound(const request *r)
{
    return r->headers.count[HEADER_CONTENT_LENGTH] + r->headers.count[HEADER_TRANSFER_ENCODING] <= 1;
}

static size_t most_bytes(const request *r)
{
    return r->route == ROUTE_UPLOAD ? FILE_BYTES_MAX : r->http->bus->options.message_max;
}

static enum MHD_Result refuse_too_large(request *r)
{
    const char
        *en = arena_format(r->arena, "the body is too large: at most %zu bytes are taken", most_bytes(r)).ptr,
        *pl = arena_format(
            r->arena, "treść jest za duża: przyjmowanych jest najwyżej %zu bajtów", most_bytes(r))
                  .ptr;
    return request_refuse(r, MHD_HTTP_CONTENT_TOO_LARGE, KT_LIMIT, en ? en : "the body is too large",
        pl ? pl : "treść jest za duża");
}

/* Makes ready for the body of a request whose route is known. */
static enum MHD_Result begin_body(request *r)
{
    size_t length, most = most_bytes(r);
    bool declared = declared_length(r, &length);
    r->too_large = length > most;
    if (!lengths_sound(r))
        return request_refuse(r, MHD_HTTP_BAD_REQUEST, KT_VALIDATION, "the body's length is not clear",
            "długość treści nie jest jasna");
    if (length > DISCARD_MAX)
        return refuse_too_large(r);
    buffer_open(&r->body, most);
    watch_body(r->http->watch, watched_of(r), BODY_MS + (int64_t)((declared ? length : most) >> 15) * 1000);
    return r->route == ROUTE_UPLOAD ? upload_begin(r) : MHD_YES;
}

/* The first call for a request: its headers are read. */
static enum MHD_Result begin(request *r, const char *url, const char *method)
{
    bool get = strcmp(method, "GET") == 0;
    r->post = strcmp(method, "POST") == 0;
    r->head = strcmp(method, "HEAD") == 0;
    read_headers(r);
    read_envelope(r);
    if (strcmp(url, "/rpc") == 0 || strcmp(url, "/files") == 0) {
        if (!r->post)
            return request_refuse(
                r, MHD_HTTP_METHOD_NOT_ALLOWED, KT_VALIDATION, "POST was expected", "oczekiwano POST");
        r->route = url[1] == 'r' ? ROUTE_RPC : ROUTE_UPLOAD;
        return begin_body(r);
    }
    if (get && strncmp(url, LINK_PATH, sizeof LINK_PATH - 1) == 0) {
        r->route = ROUTE_LINK;
        r->path = arena_str(r->arena, str_of(url + sizeof LINK_PATH - 1));
        return begin_body(r);
    }
    if ((get || r->post) && web_serves(r->http->bus, url)) {
        r->route = ROUTE_MODULE;
        r->path = arena_str(r->arena, str_of(url));
        return begin_body(r);
    }
    watch_answering(r->http->watch, watched_of(r));
    if (!get && !r->head)
        return request_refuse(
            r, MHD_HTTP_METHOD_NOT_ALLOWED, KT_VALIDATION, "GET was expected", "oczekiwano GET");
    if (strcmp(url, "/health") == 0)
        return answer_health(r);
    if (strcmp(url, "/metrics") == 0)
        return answer_metrics(r);
    if (strcmp(url, "/events") == 0)
        return stream_open(r);
    if (strncmp(url, "/files/", 7) == 0)
        return download(r, url + 7);
    const static_file *file = static_find(r->http->files, url);
    if (file)
        return static_answer(
            file, r->connection, request_header(r, "Accept-Encoding"), request_header(r, "If-None-Match"));
    return request_refuse(r, MHD_HTTP_NOT_FOUND, KT_NOT_FOUND, "there is nothing here", "tu niczego nie ma");
}

static request *request_open(http *h, struct MHD_Connection *connection)
{
    arena *arena = arena_open((size_t)1 << 20);
    request *r = arena ? ARENA_NEW(arena, request) : NULL;
    if (!r) {
        arena_close(arena);
        return NULL;
    }
    r->http = h;
    r->connection = connection;
    r->arena = arena;
    pthread_mutex_init(&r->lock, NULL);
    buffer_open(&r->answer, 2 * CALL_ANSWER_MAX);
    r->counted = true;
    atomic_fetch_add(&h->active, 1);
    return r;
}

static enum MHD_Result take_body(request *r, const char *bytes, size_t n)
{
    if (r->route == ROUTE_UPLOAD && !r->too_large)
        return upload_take(r, bytes, n) ? MHD_YES : MHD_NO;
    if (r->too_large || r->body.len + n > r->body.max)
        r->too_large = true; /* the rest is read and forgotten: then the refusal can be answered */
    else
        buffer_add(&r->body, bytes, n);
    return MHD_YES;
}

static enum MHD_Result handle(void *context, struct MHD_Connection *connection, const char *url,
    const char *method, const char *version, const char *bytes, size_t *n, void **of_request)
{
    http *h = context;
    request *r = *of_request;
    (void)version;
    if (!r) {
        r = *of_request = request_open(h, connection);
        return r ? begin(r, url, method) : MHD_NO;
    }
    if (*n) {
        enum MHD_Result result = take_body(r, bytes, *n);
        *n = 0;
        return result;
    }
    if (!r->running) {
        watch_answering(h->watch, watched_of(r));
        if (r->too_large || r->body.full)
            return refuse_too_large(r);
        return run(r);
    }
    pthread_mutex_lock(&r->lock);
    bool answered = r->answered;
    pthread_mutex_unlock(&r->lock);
    return answered ? answer_now(r) : MHD_YES;
}

static void completed(
    void *context, struct MHD_Connection *connection, void **of_request, enum MHD_RequestTerminationCode how)
{
    http *h = context;
    request *r = *of_request;
    (void)connection;
    (void)how;
    *of_request = NULL;
    if (!r)
        return;
    watch_idle(h->watch, watched_of(r));
    if (r->stream)
        stream_close(r->stream);
    if (r->upload)
        upload_drop(r->upload);
    if (r->counted)
        atomic_fetch_sub(&h->active, 1);
    buffer_close(&r->body);
    buffer_close(&r->answer);
    pthread_mutex_lock(&r->lock); /* whoever answered has left */
    pthread_mutex_unlock(&r->lock);
    pthread_mutex_destroy(&r->lock);
    arena_close(r->arena);
}

static void connection_event(void *context, struct MHD_Connection *connection, void **socket_context,
    enum MHD_ConnectionNotificationCode code)
{
    http *h = context;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        const union MHD_ConnectionInfo *info = MHD_get_connection_info(
            connection, MHD_CONNECTION_INFO_CONNECTION_FD);
        *socket_context = info ? watch_add(h->watch, info->connect_fd) : NULL;
    } else {
        watch_remove(h->watch, *socket_context);
        *socket_context = NULL;
    }
}

/* ---- Opening and closing ---- */

static void tick(void *context)
{
    http *h = context;
    streams_check(h, atomic_load(&h->closing));
}

static kt_error *bad_address(arena *arena, const char *host_port, const char *why)
{
    return error_make(arena, KT_VALIDATION, "http", "%s: %s", "%s: %s", host_port, why);
}

/* getaddrinfo takes 99999 for 34463. */
static bool is_port(const char *text)
{
    const size_t digits = strspn(text, "0123456789");
    return digits > 0 && digits < 6 && !text[digits] && strtol(text, NULL, 10) <= UINT16_MAX;
}

kt_error *bus_http_check(arena *arena, const char *host_port)
{
    const char *colon = strrchr(host_port, ':');
    return colon && is_port(colon + 1)
               ? NULL
               : bad_address(arena, host_port, "HOST:PORT expected, the port at most 65535");
}

static kt_error *start(http *h, arena *arena, const char *host_port)
{
    KT_TRY(bus_http_check(arena, host_port));
    const char *colon = strrchr(host_port, ':');
    kt_str host = arena_str(arena, (kt_str){host_port, (size_t)(colon - host_port)});
    if (host.len > 2 && host.ptr[0] == '[')
        host = arena_str(arena, (kt_str){host.ptr + 1, host.len - 2});
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE}, *found = NULL;
    int code = getaddrinfo(host.len ? host.ptr : NULL, colon + 1, &hints, &found);
    if (code != 0)
        return bad_address(arena, host_port, gai_strerror(code));
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC;
    if (found->ai_family == AF_INET6)
        flags |= MHD_USE_IPv6;
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned threads = cores < 2 ? 2 : cores > 8 ? 8 : (unsigned)cores;
    uint64_t slice = slice_shorten();
    errno = 0;
    h->daemon = MHD_start_daemon(flags, 0, NULL, NULL, handle, h, MHD_OPTION_SOCK_ADDR, found->ai_addr,
        MHD_OPTION_THREAD_POOL_SIZE, threads, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)16384,
        MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_NOTIFY_COMPLETED, completed, h,
        MHD_OPTION_NOTIFY_CONNECTION, connection_event, h, MHD_OPTION_END);
    const int why = errno;
    slice_restore(slice);
    freeaddrinfo(found);
    if (!h->daemon)
        return bad_address(arena, host_port, why ? strerrordesc_np(why) : "the address cannot be bound");
    return NULL;
}

kt_error *bus_http(bus *b, arena *arena, const char *host_port, const char *files_directory)
{
    http *h = ARENA_NEW(b->arena, http);
    if (!h)
        return error_no_memory();
    h->bus = b;
    pthread_mutex_init(&h->lock, NULL);
    KT_TRY(static_open(b->arena, files_directory, &h->files));
    KT_TRY(watch_open(b->arena, CONNECTIONS_MAX, tick, h, &h->watch));
    b->http = h;
    KT_TRY(start(h, arena, host_port));
    h->notices = (events_listener){.take = streams_take, .context = h, .every_ms = 200, .repeat_ms = 15000};
    events_add(b->events, &h->notices);
    log_line(KT_LOG_INFO, "bus", "listening url=http://%s", host_port);
    return NULL;
}

unsigned bus_http_port(const bus *b)
{
    const union MHD_DaemonInfo *info = b->http && b->http->daemon
                                           ? MHD_get_daemon_info(b->http->daemon, MHD_DAEMON_INFO_BIND_PORT)
                                           : NULL;
    return info ? info->port : 0;
}

void http_quiesce(http *h)
{
    if (!h || !h->daemon)
        return;
    int fd = MHD_quiesce_daemon(h->daemon);
    if (fd >= 0)
        close(fd);
}

void http_drain(http *h, int64_t until_ms)
{
    if (!h)
        return;
    atomic_store(&h->closing, true);
    streams_check(h, true);
    struct timespec nap = {.tv_nsec = 5000000};
    while ((atomic_load(&h->active) > 0 || h->stream_count > 0) && clock_monotonic_ms() < until_ms)
        nanosleep(&nap, NULL);
}

void http_close(http *h)
{
    if (!h)
        return;
    atomic_store(&h->closing, true);
    streams_check(h, true);
    /* The library ends the process if a suspended connection is left; then it is better left running. */
    if (h->daemon && atomic_load(&h->bus->running) == 0)
        MHD_stop_daemon(h->daemon);
    watch_close(h->watch); /* connections told it until now */
}

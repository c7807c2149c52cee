/* stream.c -- server-sent events. A stream is suspended until there is something to tell; a reader that does
 * not keep up loses notices, not the newest sequence number. */
#include "bus/request.h"

#define STREAMS_MAX 4000
#define PENDING_MAX 16384

struct stream {
    http *http;
    request *request;
    stream *next, *previous;
    kt_str token;
    /* under lock */
    pthread_mutex_t lock;
    buffer pending;
    size_t at; /* of pending, sent already */
    bool suspended, ended;
};

static void wake(stream *s)
{
    if (s->suspended) {
        s->suspended = false;
        MHD_resume_connection(s->request->connection);
    }
}

static ssize_t read_stream(void *context, uint64_t position, char *out, size_t max)
{
    stream *s = context;
    (void)position;
    pthread_mutex_lock(&s->lock);
    ssize_t n = 0;
    size_t left = s->pending.len - s->at;
    if (left) {
        n = (ssize_t)(left < max ? left : max);
        memcpy(out, s->pending.ptr + s->at, (size_t)n);
        s->at += (size_t)n;
        if (s->at == s->pending.len) {
            buffer_clear(&s->pending);
            s->at = 0;
        }
    } else if (s->ended) {
        n = MHD_CONTENT_READER_END_OF_STREAM;
    } else {
        s->suspended = true;
        MHD_suspend_connection(s->request->connection);
    }
    pthread_mutex_unlock(&s->lock);
    return n;
}

static void append(stream *s, uint64_t seq, kt_str notice, bool schema)
{
    pthread_mutex_lock(&s->lock);
    if (s->pending.len + notice.len + 40 > PENDING_MAX) { /* keep what is half sent, forget the rest */
        const char *end = memmem(s->pending.ptr + s->at, s->pending.len - s->at, "\n\n", 2);
        s->pending.len = s->at && end ? (size_t)(end - s->pending.ptr) + 2 : s->at;
        buffer_add_format(&s->pending, "event: change\ndata: {\"seq\":%llu,\"entities\":[\"*\"]}\n\n",
            (unsigned long long)seq);
    } else {
        buffer_add_str(
            &s->pending, schema ? KT_STR("event: schema\ndata: ") : KT_STR("event: change\ndata: "));
        buffer_add_str(&s->pending, notice);
        buffer_add_str(&s->pending, KT_STR("\n\n"));
    }
    wake(s);
    pthread_mutex_unlock(&s->lock);
}

void streams_take(void *context, uint64_t seq, kt_str notice, bool schema)
{
    http *h = context;
    pthread_mutex_lock(&h->lock);
    for (stream *s = h->streams; s; s = s->next)
        append(s, seq, notice, schema);
    pthread_mutex_unlock(&h->lock);
}

/* Only whether the token is good matters here. remote: not set while a stream goes on, which is no use of it
 */
static bool token_good(
    http *h, store_view *view, const model_catalogue *catalogue, arena *arena, kt_str token, kt_str remote)
{
    const access_actor *actor = NULL;
    kt_tx tx = {.arena = arena,
        .view = view,
        .catalogue = catalogue,
        .lang = "en",
        .now = clock_now(),
        .master_key = h->bus->options.master_key};
    kt_error *error = access_authenticate(h->bus->options.access, &tx, token, remote, &actor);
    if (actor)
        access_actor_release(actor);
    return !error;
}

void streams_check(http *h, bool all)
{
    arena *arena = arena_open((size_t)8 << 20);
    store_view *view = NULL;
    const model_catalogue *catalogue = NULL;
    bool can = arena && !store_read(h->bus->options.store, arena, &view) &&
               !plugins_hold_view(h->bus->options.plugins, arena, view, &catalogue);
    pthread_mutex_lock(&h->lock);
    for (stream *s = h->streams; s && (all || can); s = s->next) {
        if (!all && token_good(h, view, catalogue, arena, s->token, (kt_str){0}))
            continue;
        pthread_mutex_lock(&s->lock);
        s->ended = true;
        wake(s);
        pthread_mutex_unlock(&s->lock);
    }
    pthread_mutex_unlock(&h->lock);
    if (catalogue)
        model_catalogue_release(catalogue);
    if (view)
        store_end(view);
    arena_close(arena);
}

static bool may_listen(request *r, kt_str token)
{
    http *h = r->http;
    store_view *view = NULL;
    const model_catalogue *catalogue = NULL;
    if (!token.len || store_read(h->bus->options.store, r->arena, &view))
        return false;
    bool good = !plugins_hold_view(h->bus->options.plugins, r->arena, view, &catalogue) &&
                token_good(h, view, catalogue, r->arena, token, r->envelope.remote);
    if (catalogue)
        model_catalogue_release(catalogue);
    store_end(view);
    return good;
}

enum MHD_Result stream_open(request *r)
{
    http *h = r->http;
    kt_str token = r->envelope.token.len ? r->envelope.token : r->envelope.cookie;
    if (!may_listen(r, token))
        return request_refuse(r, MHD_HTTP_UNAUTHORIZED, KT_FORBIDDEN, "log in first", "najpierw się zaloguj");
    if (h->stream_count >= STREAMS_MAX || atomic_load(&h->closing))
        return request_refuse(r, MHD_HTTP_SERVICE_UNAVAILABLE, KT_UNAVAILABLE, "too many event streams",
            "za dużo strumieni zdarzeń");
    stream *s = ARENA_NEW(r->arena, stream);
    if (!s)
        return MHD_NO;
    s->http = h;
    s->request = r;
    s->token = arena_str(r->arena, token);
    pthread_mutex_init(&s->lock, NULL);
    buffer_open(&s->pending, PENDING_MAX + 256);
    buffer_add_format(&s->pending, "retry: 1000\n\nevent: change\ndata: {\"seq\":%llu,\"entities\":[]}\n\n",
        (unsigned long long)events_head(h->bus->events));
    struct MHD_Response *response = MHD_create_response_from_callback(
        MHD_SIZE_UNKNOWN, 4096, read_stream, s, NULL);
    if (!response) {
        buffer_close(&s->pending);
        pthread_mutex_destroy(&s->lock);
        return MHD_NO;
    }
    response_common(response);
    MHD_add_response_header(response, "Content-Type", "text/event-stream");
    MHD_add_response_header(response, "Cache-Control", "no-store");
    MHD_add_response_header(response, "X-Accel-Buffering", "no");
    pthread_mutex_lock(&h->lock);
    s->next = h->streams;
    if (s->next)
        s->next->previous = s;
    h->streams = s;
    h->stream_count++;
    pthread_mutex_unlock(&h->lock);
    r->stream = s;
    r->counted = false;
    atomic_fetch_sub(&h->active, 1);
    enum MHD_Result result = MHD_queue_response(r->connection, MHD_HTTP_OK, response);
    MHD_destroy_response(response);
    return result;
}

void stream_close(stream *s)
{
    http *h = s->http;
    pthread_mutex_lock(&h->lock);
    if (s->previous)
        s->previous->next = s->next;
    else
        h->streams = s->next;
    if (s->next)
        s->next->previous = s->previous;
    h->stream_count--;
    pthread_mutex_unlock(&h->lock);
    buffer_close(&s->pending);
    pthread_mutex_destroy(&s->lock);
}

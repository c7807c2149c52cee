/* request.h -- inside the HTTP side: one request, from its first header to its answer. */
#pragma once
#include <microhttpd.h>
#include <pthread.h>

#include "bus/call.h"
#include "bus/http.h"
#include "bus/static.h"
#include "bus/watch.h"

#define COOKIE "kontor_session"

typedef struct stream stream;
typedef struct upload upload;

struct http {
    bus *bus;
    struct MHD_Daemon *daemon;
    watch *watch;
    static_table *files;
    events_listener notices;
    pthread_mutex_t lock; /* of streams */
    stream *streams;
    unsigned stream_count;
    atomic_uint active; /* requests that are not streams */
    atomic_bool closing;
};

/* What every request's headers are asked for, gathered in one pass: the library looks each name up from the start. */
typedef enum {
    HEADER_AUTHORIZATION,
    HEADER_IDEMPOTENCY_KEY,
    HEADER_ACCEPT_LANGUAGE,
    HEADER_X_KONTOR,
    HEADER_X_REAL_IP,
    HEADER_CONTENT_LENGTH,
    HEADER_TRANSFER_ENCODING,
    HEADERS,
} header;
typedef struct {
    const char *first[HEADERS]; /* NULL: there is none */
    unsigned count[HEADERS];
    const char *cookie; /* the session's */
} headers;

typedef enum { ROUTE_NONE, ROUTE_RPC, ROUTE_UPLOAD, ROUTE_MODULE, ROUTE_LINK } route;
typedef struct request {
    pool_task task; /* an upload's end */
    http *http;
    struct MHD_Connection *connection;
    arena *arena;
    headers headers;
    route route; /* what its body is for */
    bool head, post, counted, running, too_large;
    pthread_mutex_t lock;
    bool answered, suspended; /* under lock */
    buffer body, answer;
    unsigned status;
    kt_str type;                       /* of the answer; not set: JSON */
    kt_str path;                       /* for ROUTE_MODULE; of ROUTE_LINK its secret */
    kt_str linked_sha256, linked_name; /* what a link gives out */
    uint64_t linked_size;
    kt_str session; /* to set as a cookie */
    bool session_ended;
    upload *upload;
    stream *stream;
    envelope envelope;
} request;

/* The answer is there: the connection goes on. of: the buffer that holds body, taken over; NULL: body is
 * copied. thread: any */
void request_ready(request *request, unsigned status, kt_str body, buffer *of);
/* Answers with body, which is copied unless request->answer holds it; the request must not be running. */
enum MHD_Result request_answer(request *request, unsigned status, const char *type, kt_str body);
/* Answers with a JSON-RPC error object. */
enum MHD_Result request_refuse(
    request *request, unsigned status, kt_kind kind, const char *en, const char *pl);
const char *request_header(const request *request, const char *name);
void response_common(struct MHD_Response *response);

/* stream.c */
enum MHD_Result stream_open(request *request);
void stream_close(stream *stream);
void streams_take(void *context, uint64_t seq, kt_str notice, bool schema);
/* Ends those whose session has ended; all: every one. */
void streams_check(http *http, bool all);

/* upload.c */
enum MHD_Result upload_begin(request *request);
bool upload_take(request *request, const char *bytes, size_t n); /* false: it failed; answered at the end */
#define LINK_PATH "/files/link/"
void link_open(request *request); /* GET of it; ends with request_ready */
enum MHD_Result download_linked(request *request);
void upload_finish(request *request); /* in the pool; ends with request_ready */
void upload_drop(upload *upload);
enum MHD_Result download(request *request, const char *id);

/* http.h -- the HTTP port: /rpc, /events, /files, /health, /metrics and the console's files. */
#pragma once
#include "bus/bus.h"

typedef struct http http;

/* No new connections. */
void http_quiesce(http *http);
/* Ends the event streams and waits, at most until the monotonic instant, for answers to leave. */
void http_drain(http *http, int64_t until_ms);
void http_close(http *http);

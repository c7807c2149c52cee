/* metrics.h -- counts and latencies per method, as Prometheus reads them. */
#pragma once
#include "kit/buffer.h"
#include "kit/error.h"

typedef struct metrics metrics;

/* NULL: no memory. End with metrics_close. */
KT_MUST metrics *metrics_open(void);
void metrics_close(metrics *metrics);
/* Counts a call. kind 0: it succeeded. method is one of the catalogue's names. thread: any */
void metrics_call(metrics *metrics, kt_str method, kt_kind kind, int64_t spent_us);
/* Did this method's recent calls take so long that a transport's thread should not run it? */
bool metrics_is_slow(metrics *metrics, kt_str method);
void metrics_event(metrics *metrics, const char *name); /* a counter of its own: "connections_refused" */
/* Writes all of it in the text format. */
void metrics_write(metrics *metrics, buffer *out);
/* One line of a gauge. */
void metrics_gauge(buffer *out, const char *name, const char *help, uint64_t value);

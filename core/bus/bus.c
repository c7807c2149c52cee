/* bus.c -- opens the bus, keeps its parts together, drains and closes it. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "bus/http.h"
#include "bus/transaction.h"
#include "kit/log.h"

#define BUS_ARENA_MAX ((size_t)256 << 20) /* listeners' contexts, the console's files */

static void set_defaults(bus_options *o)
{
    o->message_max = o->message_max ? o->message_max : (size_t)1 << 20;
    o->batch_max = o->batch_max ? o->batch_max : 50;
    o->depth_max = o->depth_max ? o->depth_max : 64;
    o->slow_threads = o->slow_threads ? o->slow_threads : 2;
    o->request_ms = o->request_ms ? o->request_ms : 30000;
    o->slow_call_ms = o->slow_call_ms ? o->slow_call_ms : 200;
}

static void catalogue_changed(void *context, uint64_t seq, const model_change *changes)
{
    bus *b = context;
    events_schema(b->events);
    if (changes)
        bus_committed(b, seq, changes);
}

static kt_error *open_parts(bus *b, arena *arena)
{
    const method *const own[] = {system_methods, batch_methods, describe_methods};
    b->metrics = metrics_open();
    if (!b->metrics)
        return error_no_memory();
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        KT_TRY(bus_methods(b, arena, own[i]));
    KT_TRY(events_open(b->arena, &b->events));
    KT_TRY(pool_open(b->arena, b->options.slow_threads, 256, &b->pool));
    store_view *view = NULL;
    uint64_t seq = 0;
    KT_TRY(store_read(b->options.store, arena, &view));
    kt_error *error = journal_head(view, &seq);
    store_end(view);
    events_start_at(b->events, seq);
    return error;
}

kt_error *bus_open(arena *for_errors, const bus_options *options, bus **out)
{
    arena *arena = arena_open(BUS_ARENA_MAX);
    bus *b = arena ? ARENA_NEW(arena, bus) : NULL;
    if (!b) {
        arena_close(arena);
        return error_no_memory();
    }
    b->arena = arena;
    b->options = *options;
    set_defaults(&b->options);
    b->limits = (decode_limits){.depth_max = b->options.depth_max, .elements_max = 100000};
    random_bytes(&b->boot, sizeof b->boot);
    b->rooms = (method_rooms){.store = options->store,
        .access = options->access,
        .plugins = options->plugins,
        .automation = options->automation,
        .bus = b,
        .jobs = options->jobs,
        .papers = options->papers,
        .data_directory = options->data_directory,
        .master_key = options->master_key,
        .read = transaction_lend_read,
        .write = transaction_lend_write,
        .declares = target_declares};
    b->started_ms = clock_monotonic_ms();
    kt_error *error = listeners_open(arena, &b->listeners);
    if (!error)
        error = open_parts(b, for_errors);
    if (error) {
        bus_close(b);
        return error;
    }
    plugins_on_change(options->plugins, catalogue_changed, b);
    *out = b;
    return NULL;
}

kt_error *bus_methods(bus *bus, arena *arena, const method *methods)
{
    return table_add(&bus->methods, arena, methods);
}

/* Scheme and host of a page that calls: our own addresses are written into the list when they are opened. */
bool bus_origin_allowed(const bus *b, kt_str origin)
{
    for (size_t i = 0; b->origins && b->origins[i]; i++)
        if (str_is(origin, b->origins[i]))
            return true;
    return false;
}

kt_error *bus_origins(bus *b, const char *const *origins)
{
    size_t count = 0;
    while (origins && origins[count])
        count++;
    b->origins = ARENA_ARRAY(b->arena, const char *, count + 1);
    if (!b->origins)
        return error_no_memory();
    for (size_t i = 0; i < count; i++) {
        b->origins[i] = arena_str(b->arena, str_of(origins[i])).ptr;
        if (!b->origins[i])
            return error_no_memory();
    }
    return NULL;
}

kt_error *bus_proxies(bus *b, arena *arena, const char *const *networks)
{
    kt_error *all = NULL;
    size_t count = 0;
    while (networks && networks[count])
        count++;
    b->proxies = ARENA_ARRAY(b->arena, network, count + 1);
    if (!b->proxies)
        return error_no_memory();
    for (b->proxy_count = 0; b->proxy_count < count; b->proxy_count++) {
        const char *text = networks[b->proxy_count];
        if (!network_read(str_of(text), &b->proxies[b->proxy_count]))
            kt_also(&all, error_make(arena, KT_VALIDATION, "trusted_proxies", "%s is no address or network",
                              "%s nie jest adresem ani siecią", text));
    }
    return all;
}

bool bus_is_proxy(const bus *b, kt_str remote)
{
    ip_address address;
    bool found = false;
    if (!ip_address_read(remote, &address))
        return false;
    for (size_t i = 0; i < b->proxy_count && !found; i++)
        found = network_has(&b->proxies[i], &address);
    return found;
}

static kt_error *read_file(arena *arena, const char *path, kt_str *text)
{
    struct stat stat;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    char *bytes = NULL;
    ssize_t n = -1;
    if (fd >= 0 && fstat(fd, &stat) == 0 && stat.st_size < 1 << 20) {
        bytes = arena_alloc(arena, (size_t)stat.st_size + 1);
        n = bytes ? read(fd, bytes, (size_t)stat.st_size) : -1;
    }
    int code = errno;
    if (fd >= 0)
        close(fd);
    if (n < 0)
        return error_make(arena, KT_UNAVAILABLE, "tls", "%s cannot be read: %s",
            "%s nie daje się przeczytać: %s", path, strerrordesc_np(code));
    *text = (kt_str){bytes, (size_t)n};
    return NULL;
}

kt_error *bus_read_tls(
    arena *arena, const char *certificate_path, const char *key_path, kt_str *certificate, kt_str *key)
{
    KT_TRY(read_file(arena, certificate_path, certificate));
    return read_file(arena, key_path, key);
}

void bus_answering(bus *b, bool begin)
{
    if (begin) {
        listeners_gather(b->listeners);
        return;
    }
    uint_fast32_t reads = atomic_load(&b->reads);
    listeners_send(b->listeners, reads != b->reads_before);
    b->reads_before = reads;
}

void bus_committed(bus *b, uint64_t seq, const model_change *changes)
{
    access_changed(b->options.access, changes);
    events_publish(b->events, seq, changes);
    if (b->options.changed)
        b->options.changed(b->options.context, changes);
}

/* ---- Ending ---- */

bool bus_drain(bus *b, int64_t limit_ms)
{
    int64_t until = clock_monotonic_ms() + limit_ms;
    struct timespec nap = {.tv_nsec = 2000000};
    atomic_store(&b->draining, true);
    http_quiesce(b->http);
    while (atomic_load(&b->running) > 0 && clock_monotonic_ms() < until)
        nanosleep(&nap, NULL);
    unsigned left = atomic_load(&b->running);
    if (left)
        log_line(KT_LOG_WARN, "bus", "drain_cut calls=%u", left);
    listeners_drain(b->listeners, until);
    http_drain(b->http, until);
    return left == 0;
}

void bus_close(bus *b)
{
    if (!b)
        return;
    atomic_store(&b->draining, true);
    events_close(b->events);
    http_close(b->http);
    listeners_close(b->listeners);
    pool_close(b->pool);
    metrics_close(b->metrics);
    arena_close(b->arena);
}

/* life.c -- kontord's life: from the command line to the last answer. */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kit/clock.h"
#include "kit/log.h"
#include "server/care.h"
#include "server/options.h"
#include "server/spec_run.h"

#define DRAIN_MS     4000
#define PASSWORD_MAX 200

static void print_error(const char *what, const kt_error *error)
{
    for (const problem *p = error->first; p; p = p->next)
        (void)fprintf(stderr, "kontord: %s: %s%s%s%s%s\n", what, p->path ? p->path : "", p->path ? ": " : "",
            p->text.en, p->hint.en ? ". " : "", p->hint.en ? p->hint.en : "");
}

/* Secrets stay out of core dumps; connections have room; files are ours alone. */
static void prepare_process(void)
{
    struct rlimit files;
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
    umask(077);
    /* What a large call took its thread keeps for the next one, which else pays for each page anew. */
    (void)mallopt(M_MMAP_THRESHOLD, 1 << 20);
    (void)mallopt(M_TRIM_THRESHOLD, 16 << 20);
    (void)signal(SIGPIPE, SIG_IGN);
}

static void block_signals(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGHUP);
    pthread_sigmask(SIG_BLOCK, set, NULL); /* before any thread: all inherit it */
}

/* ---- The first administrator ---- */

static kt_error *read_password(arena *arena, const char *path, kt_str *password)
{
    char text[PASSWORD_MAX + 2];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat stat;
    ssize_t n = fd < 0 || fstat(fd, &stat) != 0 ? -1 : read(fd, text, sizeof text);
    int code = errno;
    if (fd >= 0)
        close(fd);
    if (n >= 0 && (stat.st_mode & (S_IROTH | S_IWOTH)))
        return kt_hint(error_make(arena, KT_FORBIDDEN, "admin-password-file", "anybody may read %s",
                           "każdy może czytać %s", path),
            "Set its mode to 0600.", "Ustaw jego tryb na 0600.");
    if (n < 0)
        return error_make(
            arena, KT_VALIDATION, "admin-password-file", "%s: %s", "%s: %s", path, strerrordesc_np(code));
    while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == '\r'))
        n--;
    if (n == 0 || n > PASSWORD_MAX)
        return error_make(arena, KT_VALIDATION, "admin-password-file",
            "%s holds no password of 1 to %d bytes", "%s nie zawiera hasła o długości od 1 do %d bajtów",
            path, PASSWORD_MAX);
    *password = arena_str(arena, (kt_str){text, (size_t)n});
    return NULL;
}

/* 20 letters and digits that are hard to misread: 116 bits. */
static kt_str make_password(arena *arena)
{
    static const char letters[] = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    char text[21] = {0};
    for (size_t i = 0; i < 20; i++)
        text[i] = letters[random_below(sizeof letters - 1)];
    return arena_str(arena, str_of(text));
}

static kt_error *make_administrator(server *s, arena *arena, const options *o)
{
    bool is_new = false;
    kt_str password = str_of(o->admin_password);
    KT_TRY(server_is_new(s, arena, &is_new));
    if (!is_new)
        return NULL;
    bool given = password.len > 0 || o->password_file;
    if (o->password_file)
        KT_TRY(read_password(arena, o->password_file, &password));
    if (!given)
        password = make_password(arena);
    if (!password.ptr)
        return error_no_memory();
    KT_TRY(server_bootstrap(s, arena, password));
    if (!given)
        (void)printf("\n  first login: admin\n  password:    %s\n  It is shown this once: change it.\n\n",
            password.ptr);
    return NULL;
}

/* ---- Running ---- */

static kt_error *listen_everywhere(server *s, arena *arena, const options *o)
{
    bus *b = server_bus(s);
    KT_TRY(bus_origins(b, o->origins));
    KT_TRY(bus_proxies(b, arena, o->proxies));
    for (size_t i = 0; i < o->listen_count; i++) {
        KT_TRY(bus_listen(b, arena, o->listen[i], o->tls_directory));
        if (!o->quiet)
            (void)printf("listening on %s\n", o->listen[i]);
    }
    if (strcmp(o->http, "none") != 0) {
        KT_TRY(bus_http(b, arena, o->http, o->files));
        kt_str host = {o->http, (size_t)(strrchr(o->http, ':') - o->http)};
        if (!o->quiet)
            (void)printf("listening on http://%.*s:%u\n", STR_ARG(host), bus_http_port(b));
    }
    (void)fflush(stdout);
    return NULL;
}

static outbox_options outbox_options_of(const options *o)
{
    outbox_options out = o->outbox;
    out.allowed = o->allowed;
    out.secrets = o->secrets;
    out.rates = o->rates;
    return out;
}

static server_options server_options_of(const options *o)
{
    return (server_options){
        .data_directory = o->data,
        .modules_directory = o->modules_directory,
        .rules = {.directory = o->rules_directory, .deadline_ms = o->rule_ms, .steps = o->rule_steps},
        .papers = {.renderer = o->renderer, .renderers = o->renderers, .templates = o->templates},
        .modules = o->modules_given ? o->modules : NULL,
        .relaxed = o->relaxed,
        .outbox = outbox_options_of(o),
        .access = {.read_log_days = o->read_log_days},
        .bus = {.message_max = o->message_bytes,
            .batch_max = o->batch_calls,
            .depth_max = o->depth,
            .slow_threads = o->slow_threads,
            .request_ms = o->request_ms,
            .slow_call_ms = o->slow_call_ms},
    };
}

static kt_error *start(arena *arena, const options *o, server **s)
{
    const server_options own = server_options_of(o);
    KT_TRY(server_open(arena, &own, s));
    KT_TRY(make_administrator(*s, arena, o));
    return listen_everywhere(*s, arena, o);
}

/* Once an hour the journal's head is signed, if it has moved. */
static void sign_journal(server *s, const options *o)
{
    arena *arena = arena_open((size_t)4 << 20);
    buffer answer;
    buffer_open(&answer, 4096);
    json j = json_to(&answer);
    kt_error *error = arena ? journal_checkpoint(server_store(s), arena, o->data, &j) : error_no_memory();
    if (error)
        log_line(KT_LOG_ERROR, "server", "checkpoint_failed reason=\"%s\"", error_text(error));
    buffer_close(&answer);
    arena_close(arena);
}

static void wait_for_end(const sigset_t *signals, const options *o, server *s)
{
    static const struct timespec minute = {.tv_sec = 60}, hour = {.tv_sec = 3600};
    bool settled = false;
    for (;;) {
        int signal = sigtimedwait(signals, NULL, settled ? &hour : &minute);
        if (signal < 0) {
            if (errno != EAGAIN)
                continue;
            if (settled)
                sign_journal(s, o);
            else
                server_settle(s);
            settled = true;
            continue;
        }
        if (signal != SIGHUP) {
            log_line(KT_LOG_INFO, "server", "stopping signal=%d", signal);
            return;
        }
        if (o->log && !log_file(o->log))
            log_line(KT_LOG_ERROR, "server", "log_reopen_failed");
    }
}

static void print_finding(void *context, const char *finding)
{
    (void)context;
    (void)fprintf(stderr, "kontord: %s\n", finding);
}

/* --check and --restore: no server is started. returns the exit code */
static int take_care(arena *arena, const options *o)
{
    server_options own = server_options_of(o);
    if (o->check)
        own.data_directory = o->check;
    kt_error *error = o->check ? care_check(arena, &own, print_finding, NULL)
                               : care_restore(arena, o->restore, o->data);
    if (error)
        print_error(o->check ? o->check : o->restore, error);
    else if (o->check)
        (void)printf(
            "%s is sound: checksums, records, indexes, references, sequences and the journal's chain\n",
            o->check);
    else
        (void)printf("%s was verified and restored into %s\n", o->restore, o->data);
    const bool damaged = error && error->first->kind == KT_STORAGE && !error->first->path;
    return !error ? 0 : damaged ? 1 : 2;
}

int kontor_main(int argc, char **argv)
{
    arena *arena = arena_open((size_t)16 << 20);
    options o;
    sigset_t signals;
    if (!arena)
        return 1;
    options_result read = options_read(arena, argc, argv, &o);
    if (read != OPTIONS_RUN) {
        arena_close(arena);
        return read == OPTIONS_DONE ? 0 : 2;
    }
    prepare_process();
    if (!o.check && !o.restore && !o.test) /* these end where they are, at Ctrl-C */
        block_signals(&signals);
    if (!o.check && !o.restore)
        automation_prepare();
    if (o.log && !log_file(o.log)) {
        (void)fprintf(stderr, "kontord: the log %s cannot be opened\n", o.log);
        return 2;
    }
    log_level(o.debug ? KT_LOG_DEBUG : KT_LOG_INFO);
    if (o.test) {
        int code = spec_run(arena, &o);
        arena_close(arena);
        return code;
    }
    if (o.check || o.restore) {
        int code = take_care(arena, &o);
        arena_close(arena);
        return code;
    }
    int64_t began = clock_monotonic_ms();
    server *s = NULL;
    kt_error *error = start(arena, &o, &s);
    if (error) {
        print_error("cannot start", error);
        server_close(s, 0);
        arena_close(arena);
        return 1;
    }
    log_line(
        KT_LOG_INFO, "server", "ready ms=%lld data=%s", (long long)(clock_monotonic_ms() - began), o.data);
    wait_for_end(&signals, &o, s);
    bool whole = server_close(s, DRAIN_MS);
    log_line(KT_LOG_INFO, "server", "stopped clean=%d", whole);
    if (!whole)
        _exit(0); /* whoever still runs has had its time; what was acknowledged is on disk */
    arena_close(arena);
    return 0;
}

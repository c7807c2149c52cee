/* load.c -- a load generator: N connections, each with one request under way, over nng's wire (tcp, ipc) or
 * HTTP.
 *
 * It speaks the protocols by hand over one epoll loop, because an nng client costs as much CPU as the server
 * it measures. Messages are a template: %N% becomes a rising number, %R% a random one from 1 to --random.
 * Prints one JSON line: {"count","errors","seconds","rate","p50_us","p99_us","max_us","bytes"}. Bounded by
 * --seconds and --count. With --spin 1 it never sleeps: else a server that is slower than the client pays for
 * waking it with each answer, which an echo that outruns the client never does. With --first 1 it goes before all
 * else on its core: else its latency is that of the other clients there, too. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { CLIENTS_MAX = 1024, MESSAGE_MAX = 65536, REPLY_MAX = 4 << 20, SAMPLES_MAX = 4000000 };

typedef enum { WIRE_TCP, WIRE_IPC, WIRE_HTTP } wire;

typedef struct {
    int fd;
    int64_t sent_ns;
    char *out, *in;
    size_t out_len, out_done, in_len, in_size;
} client;

typedef struct {
    wire wire;
    const char *address, *token, *template_text;
    size_t clients;
    double seconds;
    uint64_t count_max, next, random_max, random_state;
    uint64_t count, errors, bytes;
    uint32_t *samples_us;
    size_t sample_count;
    bool stopping, spins;
} load;

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void die(const char *what)
{
    fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
    exit(1);
}

static uint64_t random_next(load *l)
{
    l->random_state ^= l->random_state << 13;
    l->random_state ^= l->random_state >> 7;
    l->random_state ^= l->random_state << 17;
    return l->random_state;
}

/* Fills in the template; returns the length. */
static size_t expand(load *l, char *out)
{
    size_t n = 0;
    for (const char *p = l->template_text; *p && n < MESSAGE_MAX - 32;) {
        if (strncmp(p, "%N%", 3) == 0) {
            n += (size_t)snprintf(out + n, 24, "%" PRIu64, l->next);
            p += 3;
        } else if (strncmp(p, "%R%", 3) == 0) {
            n += (size_t)snprintf(out + n, 24, "%" PRIu64, 1 + random_next(l) % l->random_max);
            p += 3;
        } else {
            out[n++] = *p++;
        }
    }
    l->next++;
    return n;
}

static void put_length(char *out, uint64_t length)
{
    for (int i = 7; i >= 0; i--, length >>= 8)
        out[i] = (char)(length & 0xff);
}

/* Frames the next message into c->out. */
static void prepare(load *l, client *c)
{
    static char body[MESSAGE_MAX];
    size_t n = expand(l, body), head = 0;
    if (l->wire == WIRE_HTTP) {
        head = (size_t)snprintf(c->out, 1024,
            "POST /rpc HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
            "application/json\r\n%s%s%sContent-Length: %zu\r\n\r\n",
            l->token ? "Authorization: Bearer " : "", l->token ? l->token : "", l->token ? "\r\n" : "", n);
    } else {
        if (l->wire == WIRE_IPC)
            c->out[head++] = 1;
        put_length(c->out + head, n + 4);
        head += 8;
        memcpy(c->out + head, "\x80\0\0\1", 4);
        head += 4;
    }
    memcpy(c->out + head, body, n);
    c->out_len = head + n;
    c->out_done = 0;
    c->in_len = 0;
    c->sent_ns = now_ns();
}

static void flush_out(client *c)
{
    while (c->out_done < c->out_len) {
        ssize_t n = send(c->fd, c->out + c->out_done, c->out_len - c->out_done, MSG_NOSIGNAL);
        if (n < 0 && errno == EAGAIN)
            return; /* the kernel's buffer is full: epoll is level-triggered for reading only, so wait here */
        if (n <= 0)
            die("send");
        c->out_done += (size_t)n;
    }
}

/* The reply's whole length once its head is here, else 0; *body_at is where the body begins. */
static size_t reply_length(const load *l, const client *c, size_t *body_at)
{
    if (l->wire == WIRE_HTTP) {
        const char *end = memmem(c->in, c->in_len, "\r\n\r\n", 4);
        if (!end)
            return 0;
        const char *length = memmem(c->in, (size_t)(end - c->in), "Content-Length: ", 16);
        if (!length)
            return 0;
        *body_at = (size_t)(end - c->in) + 4;
        return *body_at + strtoul(length + 16, NULL, 10);
    }
    size_t mark = l->wire == WIRE_IPC ? 1 : 0;
    if (c->in_len < mark + 8)
        return 0;
    uint64_t n = 0;
    for (size_t i = 0; i < 8; i++)
        n = n << 8 | (uint8_t)c->in[mark + i];
    *body_at = mark + 12;
    return mark + 8 + n;
}

static void account(load *l, const client *c, size_t body_at)
{
    int64_t us = (now_ns() - c->sent_ns) / 1000;
    l->count++;
    l->bytes += c->in_len;
    if (memmem(c->in + body_at, c->in_len - body_at, "\"error\":", 8)) {
        if (l->errors++ == 0)
            fprintf(stderr, "load: %.*s\n", (int)(c->in_len - body_at > 400 ? 400 : c->in_len - body_at),
                c->in + body_at);
    }
    if (l->sample_count < SAMPLES_MAX)
        l->samples_us[l->sample_count++] = (uint32_t)us;
}

static void receive(load *l, client *c)
{
    for (;;) {
        if (c->in_len == c->in_size) {
            c->in_size *= 2;
            if (c->in_size > REPLY_MAX || !(c->in = realloc(c->in, c->in_size)))
                die("reply too large");
        }
        ssize_t n = recv(c->fd, c->in + c->in_len, c->in_size - c->in_len, 0);
        if (n < 0 && errno == EAGAIN)
            return;
        if (n <= 0)
            die("connection closed by the server");
        c->in_len += (size_t)n;
        size_t body_at = 0, whole = reply_length(l, c, &body_at);
        if (whole && c->in_len >= whole) {
            account(l, c, body_at);
            if (l->stopping || (l->count_max && l->next >= l->count_max + l->clients))
                return;
            prepare(l, c);
            flush_out(c);
        }
    }
}

static void go_first(void)
{
    if (sched_setscheduler(0, SCHED_FIFO, &(struct sched_param){.sched_priority = 1}))
        die("--first");
}

static int open_socket(const load *l)
{
    int fd;
    if (l->wire == WIRE_IPC) {
        struct sockaddr_un to = {.sun_family = AF_UNIX};
        snprintf(to.sun_path, sizeof to.sun_path, "%s", l->address);
        fd = socket(AF_UNIX, SOCK_STREAM, 0);
        if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) != 0)
            die(l->address);
    } else {
        char host[64];
        const char *colon = strrchr(l->address, ':');
        if (!colon || (size_t)(colon - l->address) >= sizeof host)
            die("address must be HOST:PORT");
        snprintf(host, sizeof host, "%.*s", (int)(colon - l->address), l->address);
        struct sockaddr_in to = {
            .sin_family = AF_INET, .sin_port = htons((uint16_t)strtoul(colon + 1, NULL, 10))};
        if (inet_pton(AF_INET, host, &to.sin_addr) != 1)
            die("address must be numeric");
        fd = socket(AF_INET, SOCK_STREAM, 0);
        if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) != 0)
            die(l->address);
        int on = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    if (l->wire != WIRE_HTTP) {
        char hello[8];
        if (send(fd, "\0SP\0\0\x30\0\0", 8, MSG_NOSIGNAL) != 8 || recv(fd, hello, 8, MSG_WAITALL) != 8)
            die("handshake");
    }
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

static int compare_us(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static void report(load *l, double seconds)
{
    qsort(l->samples_us, l->sample_count, sizeof *l->samples_us, compare_us);
    size_t n = l->sample_count;
    printf("{\"count\":%" PRIu64 ",\"errors\":%" PRIu64
           ",\"seconds\":%.3f,\"rate\":%.1f,\"p50_us\":%u,\"p99_us\":%u,"
           "\"max_us\":%u,\"bytes\":%" PRIu64 "}\n",
        l->count, l->errors, seconds, (double)l->count / seconds, n ? l->samples_us[n / 2] : 0,
        n ? l->samples_us[n * 99 / 100] : 0, n ? l->samples_us[n - 1] : 0, l->bytes);
}

static void run(load *l)
{
    static client clients[CLIENTS_MAX];
    int poll = epoll_create1(0);
    for (size_t i = 0; i < l->clients; i++) {
        client *c = &clients[i];
        c->fd = open_socket(l);
        c->in_size = 65536;
        c->out = calloc(1, MESSAGE_MAX + 2048);
        c->in = calloc(1, c->in_size);
        if (!c->out || !c->in)
            die("memory");
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
        epoll_ctl(poll, EPOLL_CTL_ADD, c->fd, &event);
    }
    int64_t start = now_ns(), end = start + (int64_t)(l->seconds * 1e9);
    for (size_t i = 0; i < l->clients; i++) {
        prepare(l, &clients[i]);
        flush_out(&clients[i]);
    }
    while (now_ns() < end && (!l->count_max || l->count < l->count_max)) {
        struct epoll_event events[64];
        int n = epoll_wait(poll, events, 64, l->spins ? 0 : 200);
        for (int i = 0; i < n; i++)
            receive(l, events[i].data.ptr);
    }
    l->stopping = true;
    report(l, (double)(now_ns() - start) / 1e9);
}

static void usage(void)
{
    fputs("load --tcp HOST:PORT | --ipc PATH | --http HOST:PORT  --message TEXT [--token T] [--clients 8]\n"
          "     [--seconds 3] [--count N] [--from 1] [--random 1000] [--spin 0] [--first 0]\n",
        stderr);
    exit(2);
}

int main(int argc, char **argv)
{
    load l = {.clients = 8, .seconds = 3, .next = 1, .random_max = 1000, .random_state = 88172645463325252u};
    for (int i = 1; i + 1 < argc; i += 2) {
        const char *name = argv[i], *value = argv[i + 1];
        if (!strcmp(name, "--tcp") || !strcmp(name, "--ipc") || !strcmp(name, "--http")) {
            l.wire = name[2] == 't' ? WIRE_TCP : name[2] == 'i' ? WIRE_IPC : WIRE_HTTP;
            l.address = value;
        } else if (!strcmp(name, "--message"))
            l.template_text = value;
        else if (!strcmp(name, "--token"))
            l.token = value;
        else if (!strcmp(name, "--clients"))
            l.clients = strtoul(value, NULL, 10);
        else if (!strcmp(name, "--seconds"))
            l.seconds = strtod(value, NULL);
        else if (!strcmp(name, "--count"))
            l.count_max = strtoull(value, NULL, 10);
        else if (!strcmp(name, "--from"))
            l.next = strtoull(value, NULL, 10);
        else if (!strcmp(name, "--spin"))
            l.spins = strcmp(value, "0") != 0;
        else if (!strcmp(name, "--first")) {
            if (strcmp(value, "0") != 0)
                go_first();
        } else if (!strcmp(name, "--random"))
            l.random_max = strtoull(value, NULL, 10);
        else
            usage();
    }
    if (!l.address || !l.template_text || l.clients < 1 || l.clients > CLIENTS_MAX)
        usage();
    l.samples_us = calloc(SAMPLES_MAX, sizeof *l.samples_us);
    if (!l.samples_us)
        die("memory");
    run(&l);
    return l.errors ? 1 : 0;
}

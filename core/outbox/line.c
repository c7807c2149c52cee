/* line.c -- a carrier's connections: where they may lead, and how they end.
 *
 * The address that is connected to is judged, not the name: a name that leads to a private address, now or
 * after a change of DNS, gets nothing (OWASP API7:2023). */
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kit/network.h"
#include "kit/str.h"
#include "outbox/delivery.h"

/* Not the public network's: RFC 6890, 4193, 4291, and what maps to IPv4. */
static const char *const private_networks[] = {"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8",
    "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.168.0.0/16", "198.18.0.0/15", "224.0.0.0/4",
    "240.0.0.0/4", "::/128", "::1/128", "64:ff9b::/96", "fc00::/7", "fe80::/10", "ff00::/8"};

static bool is_public(const struct curl_sockaddr *to)
{
    char text[INET6_ADDRSTRLEN] = "";
    const void *v4 = &((const struct sockaddr_in *)(const void *)&to->addr)->sin_addr;
    const void *v6 = &((const struct sockaddr_in6 *)(const void *)&to->addr)->sin6_addr;
    ip_address address;
    network n;
    if ((to->family != AF_INET && to->family != AF_INET6) ||
        !inet_ntop(to->family, to->family == AF_INET ? v4 : v6, text, sizeof text) ||
        !ip_address_read(str_of(text), &address))
        return false;
    for (size_t i = 0; i < sizeof private_networks / sizeof *private_networks; i++)
        if (network_read(str_of(private_networks[i]), &n) && network_has(&n, &address))
            return false;
    return true;
}

static void note(delivery_line *line, int old, int fresh)
{
    for (size_t i = 0; i < LINE_SOCKETS; i++)
        if (line->sockets[i] == old) {
            line->sockets[i] = fresh;
            return;
        }
}

static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *to)
{
    delivery_line *line = context;
    (void)purpose;
    line->refused = line->only_public && !is_public(to);
    int fd = line->refused ? -1 : socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
    note(line, -1, fd);
    return fd;
}

static int close_socket(void *context, curl_socket_t fd)
{
    note(context, fd, -1);
    return close(fd);
}

/* Called about once a second while something is under way. */
static int is_over(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    const atomic_bool *stop = context;
    (void)a;
    (void)b;
    (void)c;
    (void)d;
    return atomic_load(stop);
}

bool delivery_line_open(delivery_line *line, const atomic_bool *stop)
{
    *line = (delivery_line){.curl = curl_easy_init(), .stop = stop};
    for (size_t i = 0; i < LINE_SOCKETS; i++)
        line->sockets[i] = -1;
    return line->curl != NULL;
}

/* libcurl takes its leave of SMTP servers and waits for their answer: one that has hung up gives none, and is
 * not waited for. */
void delivery_line_close(delivery_line *line)
{
    for (size_t i = 0; i < LINE_SOCKETS; i++)
        if (line->sockets[i] >= 0)
            (void)shutdown(line->sockets[i], SHUT_RDWR); /* its other end may be gone: nothing to do then */
    curl_easy_cleanup(line->curl);
}

void delivery_line_begin(delivery_line *line, bool only_public, long connect_ms, long whole_ms)
{
    CURL *curl = line->curl;
    line->only_public = only_public;
    line->refused = false;
    curl_easy_reset(curl); /* keeps its connections */
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, connect_ms);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, whole_ms);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_MAXCONNECTS, (long)LINE_SOCKETS / 2);
    curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, line);
    curl_easy_setopt(curl, CURLOPT_CLOSESOCKETFUNCTION, close_socket);
    curl_easy_setopt(curl, CURLOPT_CLOSESOCKETDATA, line);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, is_over);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, line->stop);
}

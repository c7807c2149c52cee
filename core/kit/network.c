/* network.c -- addresses are read by inet_pton, which takes no octal, no names and no blanks. */
#include "kit/network.h"

#include <arpa/inet.h>

#include "kit/str.h"

enum { V4_BITS = 32, V6_BITS = 128, MAPPED_BITS = V6_BITS - V4_BITS };

static bool read_address(kt_str text, ip_address *address, bool *v4)
{
    static const uint8_t mapped[12] = {[10] = 255, [11] = 255};
    char copy[INET6_ADDRSTRLEN];
    if (!text.len || text.len >= sizeof copy || memchr(text.ptr, 0, text.len))
        return false;
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = 0;
    memcpy(address->bytes, mapped, sizeof mapped);
    *v4 = inet_pton(AF_INET, copy, address->bytes + sizeof mapped) == 1;
    return *v4 || inet_pton(AF_INET6, copy, address->bytes) == 1;
}

bool ip_address_read(kt_str text, ip_address *address)
{
    bool v4;
    return read_address(text, address, &v4);
}

static bool read_bits(kt_str text, unsigned most, unsigned *bits)
{
    *bits = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9' || i == 3)
            return false;
        *bits = 10 * *bits + (unsigned)(text.ptr[i] - '0');
    }
    return text.len > 0 && *bits <= most;
}

/* Bit i of an address, from the left. */
static bool bit(const ip_address *a, unsigned i)
{
    return a->bytes[i / 8] >> (7 - i % 8) & 1;
}

bool network_read(kt_str text, network *n)
{
    const char *slash = text.len ? memchr(text.ptr, '/', text.len) : NULL;
    kt_str host = {text.ptr, slash ? (size_t)(slash - text.ptr) : text.len};
    bool v4;
    if (!read_address(host, &n->address, &v4))
        return false;
    unsigned most = v4 ? V4_BITS : V6_BITS;
    n->bits = most;
    if (slash && !read_bits((kt_str){slash + 1, text.len - host.len - 1}, most, &n->bits))
        return false;
    n->bits += v4 ? MAPPED_BITS : 0;
    for (unsigned i = n->bits; i < V6_BITS; i++)
        if (bit(&n->address, i))
            return false;
    return true;
}

bool network_has(const network *n, const ip_address *address)
{
    for (unsigned i = 0; i < n->bits; i++)
        if (bit(&n->address, i) != bit(address, i))
            return false;
    return true;
}

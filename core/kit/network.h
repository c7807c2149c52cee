/* network.h -- IP addresses and the networks they lie in. IPv4 is kept as its mapped IPv6 address (RFC 4291
 * section 2.5.5.2), so that a peer on a dual-stack socket is the same peer. */
#pragma once
#include <kontor.h>

typedef struct {
    uint8_t bytes[16];
} ip_address;
typedef struct {
    ip_address address;
    unsigned bits; /* of the mapped form: 96 more than were written for IPv4 */
} network;

/* "10.1.2.3", "2001:db8::1". false: it is none */
bool ip_address_read(kt_str text, ip_address *address);
/* "10.0.0.0/8", "2001:db8::/32", or one address. false: it is none, or has bits set beyond its length */
bool network_read(kt_str text, network *network);
bool network_has(const network *network, const ip_address *address);

/* delivery.h -- inside the room: handing one effect to its target. Each way waits for the network, so never
 * in a transaction. */
#pragma once
#include <curl/curl.h>
#include <stdatomic.h>

#include "outbox/outbox.h"

typedef enum {
    DELIVERY_DONE,
    DELIVERY_LATER, /* the target may take it another time */
    DELIVERY_NEVER, /* the target refused it for good, or it is wrong */
} delivery_outcome;

enum { DELIVERY_TEXT_MAX = 300 };
typedef struct {
    delivery_outcome outcome;
    long code;                    /* SMTP's or HTTP's; 0: it did not come so far */
    char text[DELIVERY_TEXT_MAX]; /* what the target or the network said, for people */
} delivery;

/* ---- line.c ---- */

enum { LINE_SOCKETS = 8 };
/* One thread's connections, kept open between deliveries. */
typedef struct {
    CURL *curl;
    const atomic_bool *stop; /* becomes true when the server stops: what is under way is given up */
    bool only_public;        /* this delivery may reach addresses of the public network alone */
    bool refused;            /* it led to another one */
    int sockets[LINE_SOCKETS];
} delivery_line;

/* false: no memory */
KT_MUST bool delivery_line_open(delivery_line *line, const atomic_bool *stop);
void delivery_line_close(delivery_line *line);
/* Makes curl ready for one delivery: forgets all options but the line's own and these. */
void delivery_line_begin(delivery_line *line, bool only_public, long connect_ms, long whole_ms);

/* ---- mail.c ---- */

typedef struct {
    kt_str name, type, bytes; /* "offer.pdf", "application/pdf" */
} mail_file;

typedef struct {
    kt_str from, reply_to, subject, text, html; /* from not set: the account's; html may be not set */
    const kt_str *to, *cc, *bcc;                /* "Anna Żółć <anna@example.com>" or the address alone */
    size_t to_count, cc_count, bcc_count;
    kt_str message_id, in_reply_to; /* without brackets; message_id is the same at each try */
    kt_str unsubscribe;             /* an https address: RFC 8058; may be not set */
    kt_time date;
    const mail_file *files;
    size_t file_count;
} mail;

/* Every problem of a mail at once: addresses, line ends in headers, nothing to say. */
KT_MUST kt_error *mail_check(arena *arena, const mail *mail);
/* Sends a mail that mail_check has passed. */
void mail_send(
    delivery_line *line, arena *arena, const mail_account *account, const mail *mail, delivery *delivery);

/* ---- webhook.c ---- */

typedef struct {
    kt_str name, value; /* "X-Api-Key" */
} webhook_header;

typedef struct {
    kt_str url, body, secret; /* secret not set: not signed */
    const webhook_header *headers;
    size_t header_count;
    kt_str id; /* the receiver's to recognise a repetition by */
    kt_time date;
    const char *const
        *allowed; /* "host:port" that may be private or plain http; ended by NULL; may be NULL */
} webhook;

/* "host:port" of an address; not set: it is none. */
kt_str webhook_target(arena *arena, kt_str url);
KT_MUST kt_error *webhook_check(arena *arena, const webhook *webhook);
/* POSTs the body as JSON with Idempotency-Key and Kontor-Signature (t=UNIX SECONDS,v1=HMAC-SHA-256 of
 * "t.body" in hexadecimal digits). Nothing is sent to loopback, private and link-local addresses, whatever
 * name leads there; redirects are not followed. */
void webhook_send(delivery_line *line, arena *arena, const webhook *webhook, delivery *delivery);

/* ---- kinds.c ---- */

/* One effect, read from its record. */
typedef struct {
    uint64_t id;
    kt_str kind;
    const variant *params;
    kt_time created_at;
    const mail_file *files; /* attached, read when it is delivered */
    size_t file_count;
    kt_str secret;           /* that it is signed with; not set: none */
    webhook_header *headers; /* with their secrets */
    size_t header_count;
} parcel;

/* The kinds that this room delivers, ended by NULL; others are another room's business. */
extern const char *const outbox_kinds[];
/* What deliveries to one target share: "mail", a webhook's host. At most TARGET_MAX bytes are told apart. */
kt_str parcel_target(arena *arena, const parcel *parcel);
/* Delivers it. DELIVERY_NEVER also where its parameters are wrong: text says what. */
void parcel_deliver(delivery_line *line, arena *arena, const outbox_options *options, const parcel *parcel,
    delivery *delivery);

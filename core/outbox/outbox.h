/* outbox.h -- effects: what shall leave the server (mail, webhook, message) or happen later. An effect is a
 * record of outbox.effect, made in the transaction that causes it and delivered after its commit: it leaves
 * if and only if its cause is on disk. */
#pragma once
#include "errand/errand.h"

extern const kt_module outbox_module; /* built in: outbox.effect, outbox.limit, outbox.secret */
extern const method outbox_methods[]; /* outbox.*; ended by {0} */

/* kt_effect for rooms whose parameters are JSON text already: an object.
 *   due      not set: at once
 *   id       receives the record's id; may be NULL
 *   returns  validation: kind or params are not fit to be kept
 *   thread   writer, or a dry run */
KT_MUST kt_error *outbox_effect(kt_tx *tx, kt_str kind, kt_str params, kt_time due, kt_id *id);

/* ---- Delivery ---- */

typedef struct {
    const char *url; /* "smtp://mail.example.com:587" (STARTTLS), "smtps://...:465"; NULL: no mail leaves */
    const char *user, *password; /* NULL: without authentication */
    const char *from;            /* "Kontor <erp@example.com>": where a mail names no sender */
    const char *bounce;          /* envelope sender, for what comes back; NULL: the sender */
    const char *certificates;    /* a file of authorities to trust; NULL: the system's */
    bool plain;                  /* may go without TLS: a server on the same machine */
} mail_account;

typedef struct {
    const char *name, *value; /* ended by a NULL name */
} outbox_secret;

/* At most so many leave for a target within a window: "mail", "sms", "chat", "webhook", "file", or a webhook's host. */
typedef struct {
    const char *target;
    uint32_t most;
    int64_t window_ms;
} outbox_rate;
/* "500/hour", "60/minute", "2000/day"; the target stays not set. false: it is none */
bool outbox_rate_read(kt_str text, outbox_rate *rate);

typedef struct {
    const errand_rooms *rooms;
    const char *data_directory; /* of attached files */
    mail_account mail;
    const char *sms_url;        /* a webhook that sends short messages; NULL: none leaves */
    const char *chat_url;       /* a webhook that posts into a chat; NULL: none leaves */
    const char *drop_directory; /* for effects of the kind "file"; NULL: none leaves */
    /* "host:port" of webhooks that may be private or plain http; NULL-terminated; may be NULL */
    const char *const *allowed;
    const outbox_secret *secrets; /* what {"$secret": "name"} stands for; may be NULL */
    const outbox_rate *rates;     /* ended by a NULL target; may be NULL */
    unsigned workers;             /* at work at once; 0: 6 */
} outbox_options;

typedef struct outbox outbox;
/* options are copied, what they point to is borrowed until outbox_close. */
KT_MUST kt_error *outbox_open(const outbox_options *options, outbox **outbox);
/* Starts the threads that deliver what is due. */
KT_MUST kt_error *outbox_start(outbox *outbox);
/* Ends what is under way, puts it on record; outbox_changed may still be called. May be NULL. */
void outbox_stop(outbox *outbox);
void outbox_close(outbox *outbox);
/* Records changed: after each commit, with the transaction's changes. thread: any; never blocks */
void outbox_changed(outbox *outbox, const model_change *changes);

/* kinds.c -- what the parameters of each kind of effect mean:
 *
 *   mail     {to, cc, bcc, from, reply_to, subject, text, html, in_reply_to, unsubscribe, files}: addresses
 *            one or a list
 *   webhook  {url, body, secret, headers}
 *   sms      {to, text}: posted to the configured address
 *   chat     {to, text}: the same, to that of chats; whatever else the chat's service reads goes along
 *   file     {name, text}: written into the configured folder, whole or not at all */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "kit/disk.h"
#include "kit/str.h"
#include "outbox/delivery.h"

enum { FILE_NAME_MAX = 120 };

const char *const outbox_kinds[] = {"mail", "webhook", "sms", "chat", "file", NULL};

static void never(delivery *d, const char *why)
{
    *d = (delivery){.outcome = DELIVERY_NEVER};
    (void)snprintf(d->text, sizeof d->text, "%s", why);
}

/* All problems as one line; the list of an effect's mistakes is for people. */
static bool is_wrong(kt_error *error, delivery *d)
{
    if (error)
        never(d, error_text(error));
    return error != NULL;
}

/* One address or a list of them. */
static const kt_str *people_of(arena *arena, const variant *params, const char *name, size_t *count)
{
    const variant *value = variant_get(params, name);
    bool is_list = value && value->kind == VARIANT_ARRAY;
    *count = is_list ? value->as.array.count : value && value->kind == VARIANT_STRING && value->as.string.len;
    kt_str *list = ARENA_ARRAY(arena, kt_str, *count + 1);
    for (size_t i = 0; list && i < *count; i++) {
        const variant *one = is_list ? &value->as.array.items[i] : value;
        list[i] = one->kind == VARIANT_STRING ? one->as.string : (kt_str){0};
    }
    *count = list ? *count : 0;
    return list;
}

/* The same at each try, and of this installation: a server that knows it takes the mail once. */
static kt_str message_id(arena *arena, const outbox_options *o, const parcel *p)
{
    const char *at = o->mail.from ? strchr(o->mail.from, '@') : NULL;
    size_t n = at ? strcspn(at + 1, "> ") : 0;
    return arena_format(arena, "kontor-%llu-%llx@%.*s", (unsigned long long)p->id,
        (unsigned long long)p->created_at.ms, n ? (int)n : 9, n ? at + 1 : "localhost");
}

static void deliver_mail(
    delivery_line *line, arena *arena, const outbox_options *o, const parcel *p, delivery *d)
{
    mail m = {.from = variant_get_str(p->params, "from"),
        .reply_to = variant_get_str(p->params, "reply_to"),
        .subject = variant_get_str(p->params, "subject"),
        .text = variant_get_str(p->params, "text"),
        .html = variant_get_str(p->params, "html"),
        .in_reply_to = variant_get_str(p->params, "in_reply_to"),
        .unsubscribe = variant_get_str(p->params, "unsubscribe"),
        .message_id = message_id(arena, o, p),
        .date = p->created_at,
        .files = p->files,
        .file_count = p->file_count};
    m.to = people_of(arena, p->params, "to", &m.to_count);
    m.cc = people_of(arena, p->params, "cc", &m.cc_count);
    m.bcc = people_of(arena, p->params, "bcc", &m.bcc_count);
    if (!is_wrong(mail_check(arena, &m), d))
        mail_send(line, arena, &o->mail, &m, d);
}

static void post(delivery_line *line, arena *arena, const outbox_options *o, const parcel *p, kt_str url,
    kt_str body, delivery *d)
{
    const webhook w = {.url = url,
        .body = body,
        .secret = p->secret,
        .headers = p->headers,
        .header_count = p->header_count,
        .id = arena_format(
            arena, "kontor-%llu-%llx", (unsigned long long)p->id, (unsigned long long)p->created_at.ms),
        .date = p->created_at,
        .allowed = o->allowed};
    if (!is_wrong(webhook_check(arena, &w), d))
        webhook_send(line, arena, &w, d);
}

static kt_str json_of(arena *arena, const variant *value)
{
    buffer text;
    buffer_open(&text, MODEL_JSON_MAX * 2);
    json j = json_to(&text);
    if (value)
        json_variant(&j, value);
    else
        json_null(&j);
    kt_str copy = arena_str(arena, buffer_str(&text));
    buffer_close(&text);
    return copy;
}

static void deliver_webhook(
    delivery_line *line, arena *arena, const outbox_options *o, const parcel *p, delivery *d)
{
    post(line, arena, o, p, variant_get_str(p->params, "url"), json_of(arena, variant_get(p->params, "body")),
        d);
}

static void deliver_sms(
    delivery_line *line, arena *arena, const outbox_options *o, const parcel *p, delivery *d)
{
    post(line, arena, o, p, str_of(o->sms_url), json_of(arena, p->params), d);
}

static void deliver_chat(
    delivery_line *line, arena *arena, const outbox_options *o, const parcel *p, delivery *d)
{
    post(line, arena, o, p, str_of(o->chat_url), json_of(arena, p->params), d);
}

/* A name of one folder's own: no path, nothing hidden. */
static bool is_file_name(kt_str name)
{
    for (size_t i = 0; i < name.len; i++)
        if ((unsigned char)name.ptr[i] < 32 || name.ptr[i] == '/')
            return false;
    return name.len > 0 && name.len <= FILE_NAME_MAX && name.ptr[0] != '.';
}

static void deliver_file(
    delivery_line *line, arena *arena, const outbox_options *o, const parcel *p, delivery *d)
{
    (void)line;
    kt_str name = variant_get_str(p->params, "name"), text = variant_get_str(p->params, "text");
    if (!is_file_name(name)) {
        never(d, "name: it must be a file's name without a path");
        return;
    }
    kt_str to = arena_format(arena, "%s/%.*s", o->drop_directory, STR_ARG(name));
    kt_str unfinished = arena_format(arena, "%s/.%llu.part", o->drop_directory, (unsigned long long)p->id);
    int fd = to.ptr && unfinished.ptr
                 ? open(unfinished.ptr, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640)
                 : -1;
    int code = !to.ptr || !unfinished.ptr ? ENOMEM : fd < 0 ? errno : disk_save(fd, text.ptr, text.len);
    if (fd >= 0 && close(fd) != 0 && !code)
        code = errno;
    if (!code && rename(unfinished.ptr, to.ptr) != 0)
        code = errno;
    if (!code)
        code = disk_flush_names(o->drop_directory);
    *d = (delivery){.outcome = code ? DELIVERY_LATER : DELIVERY_DONE};
    (void)snprintf(d->text, sizeof d->text, "%s", code ? strerrordesc_np(code) : "written");
}

static bool has_mail(const outbox_options *o)
{
    return o->mail.url && o->mail.from;
}

static bool has_sms(const outbox_options *o)
{
    return o->sms_url != NULL;
}

static bool has_chat(const outbox_options *o)
{
    return o->chat_url != NULL;
}

static bool has_folder(const outbox_options *o)
{
    return o->drop_directory != NULL;
}

static bool has_all(const outbox_options *o)
{
    (void)o;
    return true;
}

static const struct {
    const char *kind;
    bool (*is_set)(const outbox_options *o); /* does the configuration say where to? */
    void (*deliver)(delivery_line *line, arena *arena, const outbox_options *o, const parcel *p, delivery *d);
} ways[] = {
    {"mail", has_mail, deliver_mail},
    {"webhook", has_all, deliver_webhook},
    {"sms", has_sms, deliver_sms},
    {"chat", has_chat, deliver_chat},
    {"file", has_folder, deliver_file},
};

kt_str parcel_target(arena *arena, const parcel *p)
{
    if (!str_is(p->kind, "webhook"))
        return p->kind;
    kt_str target = webhook_target(arena, variant_get_str(p->params, "url"));
    while (target.len && target.ptr[target.len - 1] != ':')
        target.len--;
    return target.len ? (kt_str){target.ptr, target.len - 1} : p->kind;
}

void parcel_deliver(delivery_line *line, arena *arena, const outbox_options *o, const parcel *p, delivery *d)
{
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        if (!str_is(p->kind, ways[i].kind))
            continue;
        if (ways[i].is_set(o)) {
            ways[i].deliver(line, arena, o, p, d);
            return;
        }
        *d = (delivery){.outcome = DELIVERY_LATER};
        (void)snprintf(
            d->text, sizeof d->text, "the configuration does not say how a %s leaves", ways[i].kind);
        return;
    }
    never(d, "nobody delivers this kind");
}

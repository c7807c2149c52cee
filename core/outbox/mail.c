/* mail.c -- mails, by libcurl: its MIME encoder writes the parts, its SMTP client hands them over. Ours are
 * the headers, for libcurl takes them as they come: a line end in one would be another header. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "kit/buffer.h"
#include "kit/calendar.h"
#include "kit/str.h"
#include "kit/text.h"
#include "outbox/delivery.h"

enum {
    CONNECT_MS = 10000,
    WHOLE_MS = 120000,
    ADDRESS_MAX = 254, /* RFC 5321 4.5.3.1 */
    RECIPIENTS_MAX = 100,
    HEADER_MAX = 32000,
    WORD_BYTES = 45, /* of text in one encoded word: 60 letters of base64 of the 75 that RFC 2047 allows */
};

/* ---- Addresses ---- */

typedef struct {
    kt_str name, address;
} person;

static bool has_control(kt_str s)
{
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.ptr[i] < 32 || s.ptr[i] == 127)
            return true;
    return false;
}

static kt_str trim(kt_str s)
{
    while (s.len && (s.ptr[0] == ' ' || s.ptr[0] == '"'))
        s = (kt_str){s.ptr + 1, s.len - 1};
    while (s.len && (s.ptr[s.len - 1] == ' ' || s.ptr[s.len - 1] == '"'))
        s.len--;
    return s;
}

/* "local@domain.tld" in ASCII, without what would need quotes. */
static bool is_address(kt_str s)
{
    size_t at = 0, ats = 0;
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if (c <= 32 || c >= 127 || strchr("<>()[]\\,;:\"", c))
            return false;
        if (c == '@') {
            ats++;
            at = i;
        }
    }
    return ats == 1 && at > 0 && at <= 64 && at + 1 < s.len && s.len <= ADDRESS_MAX && s.ptr[at + 1] != '.' &&
           s.ptr[s.len - 1] != '.';
}

/* "Anna Żółć <anna@example.com>", "anna@example.com". false: it is neither */
static bool read_person(kt_str text, person *p)
{
    const char *open = text.len ? memchr(text.ptr, '<', text.len) : NULL;
    *p = (person){.address = trim(text)};
    if (open) {
        size_t n = (size_t)(open - text.ptr);
        kt_str rest = {open + 1, text.len - n - 1};
        if (!rest.len || rest.ptr[rest.len - 1] != '>')
            return false;
        *p = (person){trim((kt_str){text.ptr, n}), {rest.ptr, rest.len - 1}};
    }
    return !has_control(text) && text_is_utf8(p->name) && is_address(p->address);
}

/* ---- Checking ---- */

static void check_people(arena *arena, const char *path, const kt_str *list, size_t count, kt_error **all)
{
    for (size_t i = 0; i < count; i++) {
        person p;
        if (!read_person(list[i], &p))
            kt_also(all, kt_hint(error_make(arena, KT_VALIDATION, arena_format(arena, "%s[%zu]", path, i).ptr,
                                     "\"%.60s\" is no mail address", "„%.60s” nie jest adresem e-mail",
                                     list[i].ptr ? list[i].ptr : ""),
                             "Write name@example.com, or Name <name@example.com>.",
                             "Napisz imie@example.com albo Imię <imie@example.com>."));
    }
}

static void check_line(arena *arena, const char *path, kt_str text, kt_error **all)
{
    if (has_control(text) || !text_is_utf8(text))
        kt_also(all, error_make(arena, KT_VALIDATION, path, "it must be one line of text",
                         "musi być jednym wierszem tekstu"));
}

kt_error *mail_check(arena *arena, const mail *m)
{
    kt_error *all = NULL;
    size_t count = m->to_count + m->cc_count + m->bcc_count;
    if (count == 0 || count > RECIPIENTS_MAX)
        kt_also(&all, error_make(arena, KT_VALIDATION, "to", "a mail has 1 to %d recipients, not %zu",
                          "wiadomość ma od 1 do %d odbiorców, a nie %zu", (int)RECIPIENTS_MAX, count));
    check_people(arena, "to", m->to, m->to_count, &all);
    check_people(arena, "cc", m->cc, m->cc_count, &all);
    check_people(arena, "bcc", m->bcc, m->bcc_count, &all);
    check_people(arena, "from", &m->from, m->from.len > 0, &all);
    check_people(arena, "reply_to", &m->reply_to, m->reply_to.len > 0, &all);
    check_line(arena, "subject", m->subject, &all);
    check_line(arena, "in_reply_to", m->in_reply_to, &all);
    check_line(arena, "unsubscribe", m->unsubscribe, &all);
    for (size_t i = 0; i < m->file_count; i++) {
        check_line(arena, "files.name", m->files[i].name, &all);
        check_line(arena, "files.type", m->files[i].type, &all);
    }
    if (!m->text.len && !m->html.len && !m->file_count)
        kt_also(
            &all, error_make(arena, KT_VALIDATION, "text", "there is nothing in it", "nic w niej nie ma"));
    return all;
}

/* ---- Headers ---- */

static bool is_plain(kt_str s)
{
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.ptr[i] >= 127)
            return false;
    return true;
}

/* RFC 2047: words of base64, none of them ending inside a character. */
static void add_encoded(buffer *out, kt_str s)
{
    while (s.len) {
        size_t n = 0, step;
        while (n < s.len && (step = text_sequence(s.ptr + n, s.len - n)) > 0 && n + step <= WORD_BYTES)
            n += step;
        n = n ? n : s.len;
        char word[sodium_base64_ENCODED_LEN(WORD_BYTES, sodium_base64_VARIANT_ORIGINAL)];
        sodium_bin2base64(word, sizeof word, (const unsigned char *)s.ptr, n, sodium_base64_VARIANT_ORIGINAL);
        buffer_add_format(out, "=?UTF-8?B?%s?=", word);
        s.ptr += n;
        s.len -= n;
        if (s.len)
            buffer_add_str(out, KT_STR("\r\n "));
    }
}

static void add_text(buffer *out, kt_str s)
{
    if (is_plain(s))
        buffer_add_str(out, s);
    else
        add_encoded(out, s);
}

static void add_person(buffer *out, kt_str text)
{
    person p;
    if (!read_person(text, &p))
        return;
    if (p.name.len && is_plain(p.name)) {
        buffer_add_char(out, '"');
        for (size_t i = 0; i < p.name.len; i++) {
            if (p.name.ptr[i] == '"' || p.name.ptr[i] == '\\')
                buffer_add_char(out, '\\');
            buffer_add_char(out, p.name.ptr[i]);
        }
        buffer_add_str(out, KT_STR("\" "));
    } else if (p.name.len) {
        add_encoded(out, p.name);
        buffer_add_char(out, ' ');
    }
    buffer_add_format(out, "<%.*s>", STR_ARG(p.address));
}

static void add_people(buffer *out, const kt_str *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (i)
            buffer_add_str(out, KT_STR(",\r\n "));
        add_person(out, list[i]);
    }
}

/* "Wed, 25 Nov 2026 10:00:00 +0000" (RFC 5322 3.3), in UTC. */
static void add_date(buffer *out, kt_time time)
{
    static const char *const days[] = {"", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    static const char *const months[] = {
        "", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    char text[TIME_TEXT_MAX];
    int year, month, day;
    kt_date date = zone_date(NULL, time);
    kt_date_parts(date, &year, &month, &day);
    time_text(time, text);
    buffer_add_format(
        out, "%s, %d %s %04d %.8s +0000", days[date_weekday(date)], day, months[month], year, text + 11);
}

typedef struct {
    struct curl_slist *list;
    buffer line;
    bool failed;
} headers;

static buffer *begin_header(headers *h, const char *name)
{
    buffer_clear(&h->line);
    buffer_add_format(&h->line, "%s: ", name);
    return &h->line;
}

static void end_header(headers *h)
{
    buffer_add_char(&h->line, '\0');
    struct curl_slist *more = h->line.full ? NULL : curl_slist_append(h->list, h->line.ptr);
    h->list = more ? more : h->list;
    h->failed = h->failed || !more;
}

static void write_headers(headers *h, const mail_account *account, const mail *m)
{
    const kt_str from = m->from.len ? m->from : str_of(account->from);
    add_date(begin_header(h, "Date"), m->date);
    end_header(h);
    add_person(begin_header(h, "From"), from);
    end_header(h);
    if (m->to_count) {
        add_people(begin_header(h, "To"), m->to, m->to_count);
        end_header(h);
    }
    if (m->cc_count) {
        add_people(begin_header(h, "Cc"), m->cc, m->cc_count);
        end_header(h);
    }
    if (m->reply_to.len) {
        add_person(begin_header(h, "Reply-To"), m->reply_to);
        end_header(h);
    }
    add_text(begin_header(h, "Subject"), m->subject);
    end_header(h);
    buffer_add_format(begin_header(h, "Message-ID"), "<%.*s>", STR_ARG(m->message_id));
    end_header(h);
    if (m->in_reply_to.len) {
        buffer_add_format(begin_header(h, "In-Reply-To"), "<%.*s>", STR_ARG(m->in_reply_to));
        end_header(h);
        buffer_add_format(begin_header(h, "References"), "<%.*s>", STR_ARG(m->in_reply_to));
        end_header(h);
    }
    if (m->unsubscribe.len) {
        buffer_add_format(begin_header(h, "List-Unsubscribe"), "<%.*s>", STR_ARG(m->unsubscribe));
        end_header(h);
        buffer_add_str(begin_header(h, "List-Unsubscribe-Post"), KT_STR("List-Unsubscribe=One-Click"));
        end_header(h);
    }
    buffer_add_str(begin_header(h, "Auto-Submitted"), KT_STR("auto-generated"));
    end_header(h);
}

/* ---- Parts ---- */

static bool add_body(curl_mime *mime, kt_str text, const char *type)
{
    curl_mimepart *part = curl_mime_addpart(mime);
    return part && !curl_mime_data(part, text.ptr, text.len) && !curl_mime_type(part, type) &&
           !curl_mime_encoder(part, "quoted-printable");
}

static bool add_file(arena *arena, curl_mime *mime, const mail_file *f)
{
    kt_str name = arena_str(arena, f->name), type = arena_str(arena, f->type);
    curl_mimepart *part = curl_mime_addpart(mime);
    return part && name.ptr && type.ptr &&
           !curl_mime_data(part, f->bytes.ptr ? f->bytes.ptr : "", f->bytes.len) &&
           !curl_mime_filename(part, name.ptr) &&
           !curl_mime_type(part, type.len ? type.ptr : "application/octet-stream") &&
           !curl_mime_encoder(part, "base64");
}

/* mixed(alternative(text, html), files): a reader takes the last alternative that it understands. */
static curl_mime *make_parts(CURL *curl, arena *arena, const mail *m)
{
    curl_mime *mime = curl_mime_init(curl), *bodies = mime ? curl_mime_init(curl) : NULL;
    curl_mimepart *first = bodies ? curl_mime_addpart(mime) : NULL;
    bool good = first && (m->text.len == 0 || add_body(bodies, m->text, "text/plain; charset=utf-8")) &&
                (m->html.len == 0 || add_body(bodies, m->html, "text/html; charset=utf-8")) &&
                (m->text.len || m->html.len || add_body(bodies, KT_STR(""), "text/plain; charset=utf-8"));
    if (good && !curl_mime_subparts(first, bodies)) {
        bodies = NULL; /* the part's now */
        good = !curl_mime_type(first, "multipart/alternative");
    } else {
        good = false;
    }
    for (size_t i = 0; good && i < m->file_count; i++)
        good = add_file(arena, mime, &m->files[i]);
    curl_mime_free(bodies);
    if (good)
        return mime;
    curl_mime_free(mime);
    return NULL;
}

/* ---- Sending ---- */

static struct curl_slist *add_recipients(
    arena *arena, struct curl_slist *list, const kt_str *people, size_t count, bool *failed)
{
    for (size_t i = 0; i < count; i++) {
        person p;
        kt_str address = read_person(people[i], &p) ? arena_str(arena, p.address) : (kt_str){0};
        struct curl_slist *more = address.ptr ? curl_slist_append(list, address.ptr) : NULL;
        list = more ? more : list;
        *failed = *failed || !more;
    }
    return list;
}

/* The last line that the server said: libcurl's own text does not repeat it. */
typedef struct {
    char text[DELIVERY_TEXT_MAX];
    size_t len;
} last_line;

static size_t take_line(char *bytes, size_t size, size_t count, void *context)
{
    last_line *l = context;
    l->len = size * count < sizeof l->text - 1 ? size * count : sizeof l->text - 1;
    memcpy(l->text, bytes, l->len);
    while (l->len && (l->text[l->len - 1] == '\n' || l->text[l->len - 1] == '\r'))
        l->len--;
    l->text[l->len] = 0;
    return size * count;
}

static void judge(CURLcode code, long answered, const char *network, const last_line *line, delivery *d)
{
    d->code = answered;
    if (code == CURLE_OK || (answered >= 400 && line->len))
        (void)snprintf(d->text, sizeof d->text, "%s", line->text);
    else
        (void)snprintf(
            d->text, sizeof d->text, "%s%s%s", curl_easy_strerror(code), network[0] ? ": " : "", network);
    /* 5xx is a refusal for good (RFC 5321 4.2.1), but 530 to 538 speak of our own login and TLS */
    bool refused = answered >= 500 && answered < 600 && !(answered >= 530 && answered <= 538);
    d->outcome = code == CURLE_OK ? DELIVERY_DONE : refused ? DELIVERY_NEVER : DELIVERY_LATER;
}

static void set_account(CURL *curl, const mail_account *a)
{
    curl_easy_setopt(curl, CURLOPT_URL, a->url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(curl, CURLOPT_USE_SSL, (long)(a->plain ? CURLUSESSL_TRY : CURLUSESSL_ALL));
    if (a->certificates)
        curl_easy_setopt(curl, CURLOPT_CAINFO, a->certificates);
    if (a->user) {
        curl_easy_setopt(curl, CURLOPT_USERNAME, a->user);
        curl_easy_setopt(curl, CURLOPT_PASSWORD, a->password ? a->password : "");
    }
}

static kt_str envelope_sender(arena *arena, const mail_account *a, const mail *m)
{
    person p;
    kt_str from = a->bounce ? str_of(a->bounce) : m->from.len ? m->from : str_of(a->from);
    return read_person(from, &p) ? arena_format(arena, "<%.*s>", STR_ARG(p.address)) : (kt_str){0};
}

void mail_send(delivery_line *line, arena *arena, const mail_account *account, const mail *m, delivery *d)
{
    char network[CURL_ERROR_SIZE] = "";
    last_line last = {0};
    CURL *curl = line->curl;
    headers h = {0};
    bool failed = false;
    *d = (delivery){.outcome = DELIVERY_LATER, .text = "out of memory"};
    buffer_open(&h.line, HEADER_MAX);
    write_headers(&h, account, m);
    struct curl_slist *to = add_recipients(arena, NULL, m->to, m->to_count, &failed);
    to = add_recipients(arena, to, m->cc, m->cc_count, &failed);
    to = add_recipients(arena, to, m->bcc, m->bcc_count, &failed);
    kt_str sender = envelope_sender(arena, account, m);
    delivery_line_begin(line, false, CONNECT_MS, WHOLE_MS);
    curl_mime *mime = make_parts(curl, arena, m);
    if (!failed && !h.failed && mime && sender.ptr) {
        long answered = 0;
        set_account(curl, account);
        curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, network);
        curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_line);
        curl_easy_setopt(curl, CURLOPT_HEADERDATA, &last);
        curl_easy_setopt(curl, CURLOPT_MAIL_FROM, sender.ptr);
        curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, to);
        curl_easy_setopt(curl, CURLOPT_HTTPHEADER, h.list);
        curl_easy_setopt(curl, CURLOPT_MIMEPOST, mime);
        CURLcode code = curl_easy_perform(curl);
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answered);
        judge(code, answered, network, &last, d);
    }
    curl_easy_reset(curl);
    curl_mime_free(mime);
    curl_slist_free_all(to);
    curl_slist_free_all(h.list);
    buffer_close(&h.line);
}

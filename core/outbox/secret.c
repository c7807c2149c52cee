/* secret.c -- see secret.h. A record tells the name, the hosts that it may be sent to and when it was set; the
 * value lies sealed in STORE_META under "Os" id. Whoever changes the hosts has to give the value again: else
 * the right to a record would be the right to have its secret sent anywhere.
 *
 * A secret signs (webhook's `secret`), or is sent in a header to one of its hosts. In every other place of an
 * effect it stays its name. */
#include "outbox/secret.h"

#include <sodium.h>

#include "access/vault.h"
#include "kit/str.h"

enum { SECRET_NAME_MAX = 80, HOSTS_MAX = 500, VALUE_MAX = 4096, HEADERS_MAX = 20, PARTS_MAX = 4 };

static const char purpose[] = "kontor outbox secret";

struct secret {
    kt_record rec;
    kt_str name, hosts;
    kt_time set_at;
};
const kt_shape secret_shape = KT_SHAPE(secret, "outbox.secret",
    KT_FIELD(secret, name, STRING, "Name", "Nazwa", .required = true, .max = SECRET_NAME_MAX, .indexed = true,
        .computed = true, .priority = 1),
    KT_FIELD(secret, hosts, STRING, "Hosts", "Serwery", .max = HOSTS_MAX, .computed = true, .priority = 2,
        .help = {"Where it may be sent in a header; empty: it signs alone.",
            "Dokąd wolno wysłać go w nagłówku; puste: tylko podpisuje."}),
    KT_FIELD(secret, set_at, TIME, "Set at", "Ustawiono", .computed = true, .priority = 3));

static kt_str key_of(store_meta_key *key, uint64_t id)
{
    return store_meta_name(key, "Os", id);
}

kt_error *secret_check(kt_tx *tx, const kt_record *before, const kt_record *after)
{
    store_meta_key key;
    return before && !after ? store_delete(tx->view, STORE_META, key_of(&key, before->id.v)) : NULL;
}

/* Finds the company's own, else the one that is of no company. id 0: there is none. */
static kt_error *find(kt_tx *tx, uint64_t company, kt_str name, bool exactly, struct secret *found)
{
    const kt_where where[] = {KT_WHERE(secret, name, KT_EQ, name), {0}};
    const model_guard *guard = tx->guard;
    struct secret one = {KT_OF(secret)};
    kt_cursor *cursor = NULL;
    *found = (struct secret){KT_OF(secret)};
    tx->guard = NULL;
    kt_error *error = kt_open(tx, &(kt_query){.of = &secret_shape, .where = where}, &cursor);
    while (!error && kt_next(cursor, &one.rec)) {
        uint64_t of = one.rec.company.v;
        if (of == company || (!exactly && !of && !found->rec.id.v))
            *found = one;
    }
    if (!error)
        error = kt_close(cursor);
    tx->guard = guard;
    return error;
}

/* ---- outbox.secret.set ---- */

typedef struct {
    kt_str name, value, hosts;
    uint64_t id;
} setting;

static kt_error *keep(kt_tx *tx, void *context)
{
    setting *s = context;
    struct secret row;
    store_meta_key key;
    KT_TRY(find(tx, tx->company, s->name, true, &row));
    const model_guard *guard = tx->guard;
    row.name = s->name;
    row.hosts = s->hosts;
    row.set_at = tx->now;
    tx->guard = NULL; /* the method's right was asked for */
    kt_error *error = row.rec.id.v ? kt_update(tx, &row.rec) : kt_create(tx, &row.rec);
    tx->guard = guard;
    s->id = row.rec.id.v;
    return error ? error : vault_put(tx, purpose, key_of(&key, s->id), s->value);
}

static bool is_name(kt_str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789_.-", s.ptr[i]) || !s.ptr[i])
            return false;
    return s.len > 0 && s.len <= SECRET_NAME_MAX;
}

kt_error *secret_set(method_call *call)
{
    kt_error *all = NULL;
    setting s = {.name = variant_get_str(call->params, "name"),
        .value = variant_get_str(call->params, "value"),
        .hosts = variant_get_str(call->params, "hosts")};
    if (!is_name(s.name))
        kt_also(
            &all, kt_hint(error_make(call->arena, KT_VALIDATION, "name", "is no name of a secret",
                              "nie jest nazwą sekretu"),
                      "1 to 80 of a to z, 0 to 9 and _ . -", "Od 1 do 80 znaków: a do z, 0 do 9 i _ . -"));
    if (!s.value.len || s.value.len > VALUE_MAX)
        kt_also(&all, error_make(call->arena, KT_VALIDATION, "value", "1 to %d bytes were expected",
                          "oczekiwano od 1 do %d bajtów", VALUE_MAX));
    if (s.hosts.len > HOSTS_MAX)
        kt_also(&all, error_make(call->arena, KT_VALIDATION, "hosts", "longer than %d bytes",
                          "dłuższe niż %d bajtów", HOSTS_MAX));
    if (all)
        return all;
    KT_TRY(call->rooms->write(call, keep, &s));
    json_object(call->answer);
    json_member_int(call->answer, "id", (int64_t)s.id);
    json_object_end(call->answer);
    return NULL;
}

/* ---- Filling in ---- */

/* "api.example.com shop.example.com:8443": a host alone means its port 443. */
static bool may_go_to(kt_str hosts, kt_str target)
{
    for (size_t i = 0; i < hosts.len;) {
        size_t from = i;
        while (i < hosts.len && hosts.ptr[i] != ' ' && hosts.ptr[i] != ',')
            i++;
        kt_str one = {hosts.ptr + from, i - from};
        bool alone = target.len == one.len + 4 && str_starts(target, one) &&
                     memcmp(target.ptr + one.len, ":443", 4) == 0;
        if (one.len && (alone || str_eq(one, target)))
            return true;
        i++;
    }
    return false;
}

typedef struct {
    kt_tx *tx;
    arena *arena; /* of what is filled in */
    const outbox_options *options;
    uint64_t company;
    kt_str target; /* "host:port" */
} filling;

static kt_error *no_secret(filling *f, kt_str name)
{
    return error_make(f->arena, KT_NOT_FOUND, "secret", "there is no secret \"%.*s\"",
        "nie ma sekretu „%.*s”", STR_ARG(name));
}

/* text: receives the value; of a header: only if it may be sent there. */
static kt_error *value_of(filling *f, kt_str name, bool in_header, kt_str *text)
{
    struct secret row;
    store_meta_key key;
    kt_str plain;
    KT_TRY(find(f->tx, f->company, name, false, &row));
    if (in_header && (!row.rec.id.v || !may_go_to(row.hosts, f->target)))
        return error_make(f->arena, KT_FORBIDDEN, "headers", "the secret \"%.*s\" may not be sent to %.*s",
            "sekretu „%.*s” nie wolno wysłać do %.*s", STR_ARG(name), STR_ARG(f->target));
    if (row.rec.id.v) {
        KT_TRY(vault_get(f->tx, purpose, key_of(&key, row.rec.id.v), &plain));
        *text = plain.ptr ? arena_str(f->arena, plain) : (kt_str){0};
        sodium_memzero((char *)(uintptr_t)plain.ptr, plain.len);
        return text->ptr ? NULL : no_secret(f, name);
    }
    for (const outbox_secret *s = f->options->secrets; s && s->name; s++)
        if (str_is(name, s->name)) {
            *text = arena_str(f->arena, str_of(s->value));
            return NULL;
        }
    return no_secret(f, name);
}

static kt_error *part_of(filling *f, const variant *part, bool in_header, kt_str *text)
{
    kt_str name = variant_get_str(part, "$secret");
    *text = part && part->kind == VARIANT_STRING ? part->as.string : (kt_str){0};
    return name.len ? value_of(f, name, in_header, text) : NULL;
}

/* A header's value: a text, a secret, or a list of them. */
static kt_error *fill_header(filling *f, const variant *value, kt_str *text)
{
    bool is_list = value->kind == VARIANT_ARRAY;
    size_t count = is_list ? value->as.array.count : 1;
    *text = KT_STR("");
    if (count > PARTS_MAX)
        return error_make(f->arena, KT_LIMIT, "headers", "a header of more than %d parts",
            "nagłówek z więcej niż %d części", (int)PARTS_MAX);
    for (size_t i = 0; i < count; i++) {
        kt_str part;
        KT_TRY(part_of(f, is_list ? &value->as.array.items[i] : value, true, &part));
        *text = arena_format(f->arena, "%.*s%.*s", STR_ARG(*text), STR_ARG(part));
    }
    return text->ptr ? NULL : error_no_memory();
}

kt_error *secrets_fill(kt_tx *tx, arena *arena, const outbox_options *o, uint64_t company, parcel *p)
{
    filling f = {tx, arena, o, company, webhook_target(arena, variant_get_str(p->params, "url"))};
    const variant *headers = variant_get(p->params, "headers");
    size_t count = headers && headers->kind == VARIANT_OBJECT ? headers->as.object.count : 0;
    KT_TRY(part_of(&f, variant_get(p->params, "secret"), false, &p->secret));
    if (count > HEADERS_MAX)
        return error_make(
            arena, KT_LIMIT, "headers", "more than %d headers", "ponad %d nagłówków", (int)HEADERS_MAX);
    webhook_header *list = ARENA_ARRAY(arena, webhook_header, count + 1);
    if (!list)
        return error_no_memory();
    for (size_t i = 0; i < count; i++) {
        list[i].name = headers->as.object.members[i].name;
        KT_TRY(fill_header(&f, headers->as.object.members[i].value, &list[i].value));
    }
    p->headers = list;
    p->header_count = count;
    return NULL;
}

static void wipe(kt_str s)
{
    if (s.ptr && s.len)
        sodium_memzero((char *)(uintptr_t)s.ptr, s.len); /* this parcel's own copy */
}

void secrets_wipe(parcel *p)
{
    wipe(p->secret);
    for (size_t i = 0; i < p->header_count; i++)
        wipe(p->headers[i].value);
}

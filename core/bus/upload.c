/* upload.c -- POST /files and GET /files/ID: the bytes go to the content store, the rest is a base.attachment
 * under its ordinary rights. A file is only ever handed out as a download: nothing of it may run in a page.
 */
#include <stdio.h>
#include <unistd.h>

#include "bus/request.h"
#include "exchange/file.h"
#include "store/content.h"

struct upload {
    content_writer writer;
    kt_error *error;
};

/* ---- Rights ---- */

typedef struct {
    kt_tx tx;
    store_view *view;
    const model_catalogue *catalogue;
    const access_actor *actor;
} visit;

static void visit_end(visit *v)
{
    if (v->actor)
        access_actor_release(v->actor);
    if (v->catalogue)
        model_catalogue_release(v->catalogue);
    if (v->view)
        store_end(v->view);
}

static kt_error *visit_begin(request *r, visit *v)
{
    const bus_options *o = &r->http->bus->options;
    *v = (visit){0};
    KT_TRY(store_read(o->store, r->arena, &v->view));
    KT_TRY(plugins_hold_view(o->plugins, r->arena, v->view, &v->catalogue));
    v->tx = (kt_tx){.arena = r->arena,
        .view = v->view,
        .catalogue = v->catalogue,
        .guard = &access_guard,
        .lang = "en",
        .now = clock_now(),
        .master_key = o->master_key};
    kt_error *who = NULL;
    if (r->envelope.token.len)
        who = access_authenticate(o->access, &v->tx, r->envelope.token, r->envelope.remote, &v->actor);
    access_begin(&v->tx, v->actor);
    return who ? who : access_may_call(&v->tx, "login");
}

static enum MHD_Result answer(request *r, const visit *v, const kt_error *error)
{
    char id[REQUEST_ID_MAX];
    buffer text;
    kt_kind kind = error->first ? error->first->kind : KT_LIMIT;
    bool known = v && v->actor;
    unsigned status = kind == KT_FORBIDDEN     ? (known ? MHD_HTTP_FORBIDDEN : MHD_HTTP_UNAUTHORIZED)
                      : kind == KT_NOT_FOUND   ? MHD_HTTP_NOT_FOUND
                      : kind == KT_LIMIT       ? MHD_HTTP_CONTENT_TOO_LARGE
                      : kind == KT_VALIDATION  ? MHD_HTTP_BAD_REQUEST
                      : kind == KT_UNAVAILABLE ? MHD_HTTP_SERVICE_UNAVAILABLE
                                               : MHD_HTTP_INTERNAL_SERVER_ERROR;
    buffer_open(&text, 65536);
    bus_request_id(r->http->bus, id);
    answer_error(&text, NULL, 0, error, v && v->tx.lang ? v->tx.lang : "en", id);
    enum MHD_Result result = request_answer(r, status, "application/json", buffer_str(&text));
    buffer_close(&text);
    return result;
}

/* ---- Upload ---- */

/* What a file is about is said as "crm.deal/5", or not at all. */
static kt_error *check_about(request *r)
{
    const char *about = request_header(r, "X-About"), *slash = about ? strchr(about, '/') : NULL;
    const size_t digits = slash ? strspn(slash + 1, "0123456789") : 0;
    if (!about || (slash > about && digits > 0 && digits <= 18 && !slash[1 + digits]))
        return NULL;
    return error_make(r->arena, KT_VALIDATION, "X-About",
        "\"%s\" was given, an entity and an id were expected, as crm.deal/5",
        "podano „%s”, oczekiwano encji i identyfikatora, jak crm.deal/5", about);
}

enum MHD_Result upload_begin(request *r)
{
    visit v;
    kt_error *error = visit_begin(r, &v);
    if (!error)
        error = check_about(r);
    if (!error) {
        const model_entity *entity = model_entity_find(v.catalogue, KT_STR(FILE_ENTITY));
        if (!entity || !entity->enabled)
            error = error_make(
                r->arena, KT_NOT_FOUND, NULL, "files need the module base", "pliki wymagają modułu base");
        else if (v.tx.guard->entity)
            error = v.tx.guard->entity(&v.tx, entity, "create");
    }
    upload *u = error ? NULL : ARENA_NEW(r->arena, upload);
    if (!error && !u)
        error = error_no_memory();
    if (!error)
        error = content_begin(r->arena, r->http->bus->options.data_directory, &u->writer);
    enum MHD_Result result = error ? answer(r, &v, error) : MHD_YES;
    if (!error)
        r->upload = u;
    visit_end(&v);
    return result;
}

bool upload_take(request *r, const char *bytes, size_t n)
{
    upload *u = r->upload;
    if (u->writer.size + n > FILE_BYTES_MAX)
        r->too_large = true;
    else if (!u->error)
        u->error = content_add(r->arena, &u->writer, bytes, n);
    return true; /* what is wrong is answered when the body has been read */
}

void upload_drop(upload *u)
{
    content_drop(&u->writer);
}

static void put_percent_decoded(buffer *out, const char *text)
{
    static const char digits[] = "0123456789abcdef";
    for (; *text; text++) {
        const char *high = text[0] == '%' && text[1] ? strchr(digits, text[1] | 32) : NULL;
        const char *low = high && *high && text[2] ? strchr(digits, text[2] | 32) : NULL;
        if (low && *low) {
            buffer_add_char(out, (char)((high - digits) << 4 | (low - digits)));
            text += 2;
        } else {
            buffer_add_char(out, *text);
        }
    }
}

/* The last part of a path, without what a file system or a header could misread. */
static kt_str file_name(request *r)
{
    const char *given = request_header(r, "X-File-Name");
    buffer name;
    buffer_open(&name, 1024);
    put_percent_decoded(&name, given ? given : "file");
    kt_str s = buffer_str(&name);
    for (size_t i = 0; i < name.len; i++) {
        if (name.ptr[i] == '/' || name.ptr[i] == '\\')
            s = (kt_str){name.ptr + i + 1, name.len - i - 1};
        else if ((unsigned char)name.ptr[i] < 32 || name.ptr[i] == 127 || name.ptr[i] == '"')
            name.ptr[i] = '_';
    }
    kt_str kept = arena_str(r->arena, s.len ? s : KT_STR("file"));
    buffer_close(&name);
    return kept;
}

static void created(void *context, kt_str answer_text, const outcome *o)
{
    request *r = context;
    upload *u = r->upload;
    const variant *answered = NULL;
    if (o->kind || decode_json(r->arena, answer_text, &r->http->bus->limits, &answered)) {
        request_ready(
            r, o->kind == KT_FORBIDDEN ? MHD_HTTP_FORBIDDEN : MHD_HTTP_BAD_REQUEST, answer_text, NULL);
        return;
    }
    const uint64_t id = variant_get_uint(variant_get(answered, "result"), "id");
    kt_str text = arena_format(r->arena, "{\"id\":%llu,\"sha256\":\"%s\",\"size\":%llu}",
        (unsigned long long)id, u->writer.name, (unsigned long long)u->writer.size);
    request_ready(r, MHD_HTTP_CREATED, text, NULL);
}

static void write_about(request *r, json *j)
{
    const char *about = request_header(r, "X-About"); /* "crm.deal/5" */
    const char *slash = about ? strchr(about, '/') : NULL;
    int64_t id = 0;
    if (!slash)
        return;
    for (const char *d = slash + 1; *d >= '0' && *d <= '9' && d - slash <= 18; d++)
        id = id * 10 + (*d - '0');
    json_key(j, "about");
    json_object(j);
    json_key(j, "entity");
    json_str(j, (kt_str){about, (size_t)(slash - about)});
    json_member_int(j, "id", id);
    json_object_end(j);
}

static void create_record(request *r)
{
    upload *u = r->upload;
    const char *type = request_header(r, "Content-Type");
    buffer text;
    buffer_open(&text, 16384);
    json j = json_to(&text);
    json_object(&j);
    json_member_text(&j, "jsonrpc", "2.0");
    json_member_int(&j, "id", 1);
    json_member_text(&j, "method", FILE_ENTITY ".create");
    json_key(&j, "params");
    json_object(&j);
    json_key(&j, "values");
    json_object(&j);
    json_member_str(&j, "name", file_name(r));
    json_member_text(&j, "type", type ? type : "application/octet-stream");
    json_member_int(&j, "size", (int64_t)u->writer.size);
    json_member_text(&j, "sha256", u->writer.name);
    write_about(r, &j);
    json_object_end(&j);
    json_object_end(&j);
    json_object_end(&j);
    r->envelope.file = true;
    bus_exchange(r->http->bus, buffer_str(&text), &r->envelope, created, r);
    buffer_close(&text);
}

static void finish(pool_task *task)
{
    request *r = (request *)task;
    upload *u = r->upload;
    if (!u->error)
        u->error = content_finish(r->arena, r->http->bus->options.data_directory, &u->writer);
    if (!u->error) {
        create_record(r);
        return;
    }
    char id[REQUEST_ID_MAX];
    buffer text;
    buffer_open(&text, 65536);
    bus_request_id(r->http->bus, id);
    answer_error(&text, NULL, 0, u->error, "en", id);
    request_ready(r, MHD_HTTP_INTERNAL_SERVER_ERROR, buffer_str(&text), &text);
    buffer_close(&text);
}

void upload_finish(request *r)
{
    r->task.run = finish;
    if (!pool_add(r->http->bus->pool, &r->task))
        request_ready(r, MHD_HTTP_SERVICE_UNAVAILABLE,
            KT_STR("{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32007,\"message\":\"the server is "
                   "busy\","
                   "\"data\":{\"kind\":\"unavailable\",\"request\":\"\",\"problems\":[]}}}"),
            NULL);
}

/* ---- Download ---- */

static enum MHD_Result send_file(request *r, int fd, uint64_t size, kt_str name)
{
    struct MHD_Response *response = MHD_create_response_from_fd64(size, fd);
    if (!response) {
        close(fd);
        return MHD_NO;
    }
    /* RFC 6266: a plain form for old clients, the exact one in UTF-8 */
    buffer disposition;
    buffer_open(&disposition, 4096);
    buffer_add_str(&disposition, KT_STR("attachment; filename=\""));
    for (size_t i = 0; i < name.len; i++)
        buffer_add_char(&disposition,
            name.ptr[i] > 31 && name.ptr[i] < 127 && name.ptr[i] != '"' && name.ptr[i] != '\\' ? name.ptr[i]
                                                                                               : '_');
    buffer_add_str(&disposition, KT_STR("\"; filename*=UTF-8''"));
    for (size_t i = 0; i < name.len; i++) {
        unsigned char c = (unsigned char)name.ptr[i];
        if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
            c == '-')
            buffer_add_char(&disposition, (char)c);
        else
            buffer_add_format(&disposition, "%%%02X", c);
    }
    buffer_add_char(&disposition, 0);
    response_common(response);
    MHD_add_response_header(response, "Content-Type", "application/octet-stream");
    MHD_add_response_header(response, "Content-Security-Policy", "default-src 'none'; sandbox");
    MHD_add_response_header(response, "Cache-Control", "private, no-store");
    if (!disposition.full)
        MHD_add_response_header(response, "Content-Disposition", disposition.ptr);
    buffer_close(&disposition);
    enum MHD_Result result = MHD_queue_response(r->connection, MHD_HTTP_OK, response);
    MHD_destroy_response(response);
    return result;
}

enum MHD_Result download(request *r, const char *id_text)
{
    visit v;
    uint64_t id = 0;
    int fd = -1;
    for (; *id_text >= '0' && *id_text <= '9' && id < UINT64_MAX / 20; id_text++)
        id = id * 10 + (uint64_t)(*id_text - '0');
    if (*id_text)
        id = 0;
    kt_error *error = visit_begin(r, &v);
    file_ref file = {0};
    if (!error)
        error = file_find(&v.tx, id, &file);
    if (!error)
        error = content_open(r->arena, r->http->bus->options.data_directory, file.sha256, file.size, &fd);
    enum MHD_Result result = error ? answer(r, &v, error) : send_file(r, fd, file.size, file.name);
    visit_end(&v);
    return result;
}

/* ---- Public links ---- */

static void link_opened(void *context, kt_str answer_text, const outcome *o)
{
    request *r = context;
    const variant *answered = NULL;
    if (o->kind || decode_json(r->arena, answer_text, &r->http->bus->limits, &answered)) {
        const bool none = o->kind == KT_NOT_FOUND;
        request_ready(r, none ? MHD_HTTP_NOT_FOUND : MHD_HTTP_SERVICE_UNAVAILABLE, answer_text, NULL);
        return;
    }
    const variant *result = variant_get(answered, "result");
    r->linked_size = variant_get_uint(result, "size");
    r->linked_name = variant_get_str(result, "name");
    r->linked_sha256 = variant_get_str(result, "sha256");
    request_ready(r, MHD_HTTP_OK, KT_STR(""), NULL);
}

void link_open(request *r)
{
    envelope nobody = r->envelope;
    buffer text;
    nobody.token = (kt_str){0};
    buffer_open(&text, 4096);
    json j = json_to(&text);
    json_object(&j);
    json_member_text(&j, "jsonrpc", "2.0");
    json_member_int(&j, "id", 1);
    json_member_text(&j, "method", "document.link.open");
    json_key(&j, "params");
    json_object(&j);
    json_member_str(&j, "secret", r->path);
    json_object_end(&j);
    json_object_end(&j);
    if (text.full)
        request_ready(r, MHD_HTTP_NOT_FOUND, KT_STR("{}"), NULL);
    else
        bus_exchange(r->http->bus, buffer_str(&text), &nobody, link_opened, r);
    buffer_close(&text);
}

enum MHD_Result download_linked(request *r)
{
    int fd = -1;
    kt_error *error = content_open(
        r->arena, r->http->bus->options.data_directory, r->linked_sha256, r->linked_size, &fd);
    return error ? answer(r, NULL, error) : send_file(r, fd, r->linked_size, r->linked_name);
}

/* static.c -- the console's files with the headers that its security rests on. */
#include "bus/static.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kit/str.h"

#define FILES_MAX 2000
#define BYTES_MAX ((off_t)16 << 20)

struct static_file {
    kt_str path, plain, gzip, brotli;
    const char *type;
    char etag[36];
    bool hashed; /* its name holds its hash: it never changes */
};
struct static_table {
    static_file *files;
    size_t count;
    const static_file *index;
};

static const struct {
    const char *ending, *type;
} types[] = {
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".mjs", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".json", "application/json"},
    {".webmanifest", "application/manifest+json"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".ico", "image/x-icon"},
    {".woff2", "font/woff2"},
    {".txt", "text/plain; charset=utf-8"},
};

static bool ends_with(kt_str s, const char *ending)
{
    kt_str e = str_of(ending);
    return s.len >= e.len && memcmp(s.ptr + s.len - e.len, e.ptr, e.len) == 0;
}

static kt_error *read_bytes(arena *arena, const char *path, kt_str *out)
{
    struct stat stat;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    kt_error *error = NULL;
    size_t at = 0;
    if (fd < 0 || fstat(fd, &stat) != 0 || stat.st_size > BYTES_MAX) {
        error = error_make(
            arena, KT_UNAVAILABLE, "files", "%s cannot be served", "%s: nie można udostępnić", path);
    } else {
        char *bytes = arena_alloc(arena, (size_t)stat.st_size + 1);
        ssize_t n = bytes ? 1 : -1;
        while (
            bytes && at < (size_t)stat.st_size && (n = read(fd, bytes + at, (size_t)stat.st_size - at)) > 0)
            at += (size_t)n;
        if (n < 0)
            error = error_make(
                arena, KT_UNAVAILABLE, "files", "%s cannot be read", "%s nie daje się czytać", path);
        *out = (kt_str){bytes, at};
    }
    if (fd >= 0)
        close(fd);
    return error;
}

/* "app-4f3a9c21.js": eight or more letters and digits between a dash or point and the ending. */
static bool is_hashed(kt_str path)
{
    size_t dot = path.len;
    while (dot > 0 && path.ptr[dot - 1] != '.' && path.ptr[dot - 1] != '/')
        dot--;
    size_t n = 0, at = dot ? dot - 1 : 0;
    while (at > 0 && ((path.ptr[at - 1] >= '0' && path.ptr[at - 1] <= '9') ||
                         (path.ptr[at - 1] >= 'a' && path.ptr[at - 1] <= 'z') ||
                         (path.ptr[at - 1] >= 'A' && path.ptr[at - 1] <= 'Z') || path.ptr[at - 1] == '_')) {
        at--;
        n++;
    }
    return n >= 8 && at > 0 && (path.ptr[at - 1] == '-' || path.ptr[at - 1] == '.');
}

static kt_error *add_file(arena *arena, static_table *table, const char *full, const char *path)
{
    if (table->count >= FILES_MAX)
        return error_make(arena, KT_LIMIT, "files", "more than %d files", "więcej niż %d plików", FILES_MAX);
    static_file *file = &table->files[table->count++];
    file->path = arena_str(arena, str_of(path));
    if (!file->path.ptr)
        return error_no_memory();
    KT_TRY(read_bytes(arena, full, &file->plain));
    kt_str packed = arena_format(arena, "%s.gz", full);
    if (packed.ptr && access(packed.ptr, R_OK) == 0)
        KT_TRY(read_bytes(arena, packed.ptr, &file->gzip));
    packed = arena_format(arena, "%s.br", full);
    if (packed.ptr && access(packed.ptr, R_OK) == 0)
        KT_TRY(read_bytes(arena, packed.ptr, &file->brotli));
    uint8_t hash[16];
    crypto_generichash(hash, sizeof hash, (const uint8_t *)file->plain.ptr, file->plain.len, NULL, 0);
    file->etag[0] = '"';
    sodium_bin2hex(file->etag + 1, 33, hash, sizeof hash);
    file->etag[33] = '"';
    file->hashed = is_hashed(file->path);
    file->type = "application/octet-stream";
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (ends_with(file->path, types[i].ending))
            file->type = types[i].type;
    if (str_is(file->path, "/index.html"))
        table->index = file;
    return NULL;
}

static kt_error *add_directory(
    arena *arena, static_table *table, const char *full, const char *path, int depth)
{
    DIR *directory = depth < 8 ? opendir(full) : NULL;
    if (!directory)
        return error_make(
            arena, KT_UNAVAILABLE, "files", "%s cannot be opened", "%s nie daje się otworzyć", full);
    kt_error *error = NULL;
    for (struct dirent *entry;
         !error && (entry = readdir(directory));) { /* its own stream: no other thread */
        kt_str name = str_of(entry->d_name);
        if (name.ptr[0] == '.' || ends_with(name, ".gz") || ends_with(name, ".br"))
            continue;
        kt_str below = arena_format(arena, "%s/%s", full, name.ptr);
        kt_str under = arena_format(arena, "%s/%s", path, name.ptr);
        struct stat stat;
        if (!below.ptr || !under.ptr)
            error = error_no_memory();
        else if (lstat(below.ptr, &stat) == 0 && S_ISDIR(stat.st_mode))
            error = add_directory(arena, table, below.ptr, under.ptr, depth + 1);
        else if (S_ISREG(stat.st_mode))
            error = add_file(arena, table, below.ptr, under.ptr);
    }
    closedir(directory);
    return error;
}

kt_error *static_open(arena *arena, const char *directory, static_table **out)
{
    static_table *table = ARENA_NEW(arena, static_table);
    if (!table)
        return error_no_memory();
    *out = table;
    if (!directory)
        return NULL;
    table->files = ARENA_ARRAY(arena, static_file, FILES_MAX);
    return table->files ? add_directory(arena, table, directory, "", 0) : error_no_memory();
}

const static_file *static_find(const static_table *table, const char *path)
{
    for (size_t i = 0; i < table->count; i++)
        if (str_is(table->files[i].path, path))
            return &table->files[i];
    const char *last = strrchr(path, '/');
    return last && strchr(last, '.') ? NULL : table->index;
}

static const struct {
    const char *name, *value;
} headers[] = {
    {"Content-Security-Policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src "
        "'self'; "
        "connect-src 'self'; worker-src 'self'; manifest-src 'self'; frame-src blob:; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'; object-src 'none'; require-trusted-types-for 'script'; "
        "trusted-types default"},
    {"X-Content-Type-Options", "nosniff"},
    {"Referrer-Policy", "no-referrer"},
    {"Permissions-Policy", "camera=(self)"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Vary", "Accept-Encoding"},
};

enum MHD_Result static_answer(const static_file *file, struct MHD_Connection *connection,
    const char *accept_encoding, const char *if_none_match)
{
    bool known = if_none_match && strstr(if_none_match, file->etag);
    const char *accept = accept_encoding ? accept_encoding : "";
    bool brotli = file->brotli.ptr && strstr(accept, "br"), gzip = file->gzip.ptr && strstr(accept, "gzip");
    kt_str bytes = known ? (kt_str){"", 0} : brotli ? file->brotli : gzip ? file->gzip : file->plain;
    struct MHD_Response *response = MHD_create_response_from_buffer(
        bytes.len, (void *)(uintptr_t)(bytes.ptr ? bytes.ptr : ""), MHD_RESPMEM_PERSISTENT);
    if (!response)
        return MHD_NO;
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
        MHD_add_response_header(response, headers[i].name, headers[i].value);
    MHD_add_response_header(response, "Content-Type", file->type);
    MHD_add_response_header(response, "ETag", file->etag);
    MHD_add_response_header(
        response, "Cache-Control", file->hashed ? "public, max-age=31536000, immutable" : "no-cache");
    if (!known && (brotli || gzip))
        MHD_add_response_header(response, "Content-Encoding", brotli ? "br" : "gzip");
    enum MHD_Result result = MHD_queue_response(
        connection, known ? MHD_HTTP_NOT_MODIFIED : MHD_HTTP_OK, response);
    MHD_destroy_response(response);
    return result;
}

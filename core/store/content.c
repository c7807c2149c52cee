/* content.c -- write to a file of its own, fsync, rename, fsync the folders: whatever moment the power fails
 * at, a name stands for the whole content or for nothing. Unfinished files of an earlier run are left in
 * files/new; content_begin's names never meet them. */
#include "store/content.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kit/clock.h"
#include "kit/disk.h"
#include "kit/str.h"

static kt_error *failed(arena *arena, const char *path, int code)
{
    return error_make(arena, KT_STORAGE, NULL, "%s: %s", "%s: %s", path, strerrordesc_np(code));
}

static kt_error *make_folder(arena *arena, const char *path)
{
    if (mkdir(path, 0700) == 0 || errno == EEXIST)
        return NULL;
    return failed(arena, path, errno);
}

static kt_error *sync_folder(arena *arena, const char *path)
{
    int code = disk_flush_names(path);
    return code ? failed(arena, path, code) : NULL;
}

kt_error *content_begin(arena *arena, const char *data_directory, content_writer *w)
{
    uint64_t name[2];
    *w = (content_writer){.fd = -1};
    random_bytes(name, sizeof name);
    kt_str files = arena_format(arena, "%s/files", data_directory);
    kt_str folder = arena_format(arena, "%s/files/new", data_directory);
    kt_str path = arena_format(arena, "%s/files/new/%016llx%016llx", data_directory,
        (unsigned long long)name[0], (unsigned long long)name[1]);
    if (!files.ptr || !folder.ptr || !path.ptr)
        return error_no_memory();
    KT_TRY(make_folder(arena, files.ptr));
    KT_TRY(make_folder(arena, folder.ptr));
    w->fd = open(path.ptr, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (w->fd < 0)
        return failed(arena, path.ptr, errno);
    w->path = path.ptr;
    crypto_hash_sha256_init(&w->hash);
    return NULL;
}

kt_error *content_add(arena *arena, content_writer *w, const void *bytes, size_t n)
{
    crypto_hash_sha256_update(&w->hash, bytes, n);
    int code = disk_write(w->fd, bytes, n);
    if (code)
        return failed(arena, w->path, code);
    w->size += n;
    return NULL;
}

static kt_error *place(arena *arena, const char *data_directory, content_writer *w, const char *name)
{
    struct stat stat;
    kt_str folder = arena_format(arena, "%s/files/%.2s", data_directory, name);
    kt_str files = arena_format(arena, "%s/files", data_directory);
    kt_str path = folder.ptr ? arena_format(arena, "%s/%s", folder.ptr, name) : (kt_str){0};
    if (!path.ptr || !files.ptr)
        return error_no_memory();
    if (lstat(path.ptr, &stat) == 0 && (uint64_t)stat.st_size == w->size)
        return NULL; /* the same content is there already */
    KT_TRY(make_folder(arena, folder.ptr));
    if (fsync(w->fd) != 0)
        return failed(arena, w->path, errno);
    if (rename(w->path, path.ptr) != 0)
        return failed(arena, path.ptr, errno);
    w->path = NULL;
    KT_TRY(sync_folder(arena, folder.ptr));
    return sync_folder(arena, files.ptr);
}

kt_error *content_finish(
    arena *arena, const char *data_directory, content_writer *w, char name[CONTENT_NAME_MAX])
{
    uint8_t hash[crypto_hash_sha256_BYTES];
    crypto_hash_sha256_final(&w->hash, hash);
    sodium_bin2hex(name, CONTENT_NAME_MAX, hash, sizeof hash);
    kt_error *error = place(arena, data_directory, w, name);
    content_drop(w);
    return error;
}

void content_drop(content_writer *w)
{
    if (w->fd >= 0)
        close(w->fd);
    if (w->path)
        unlink(w->path);
    w->fd = -1;
    w->path = NULL;
}

kt_error *content_open(arena *arena, const char *data_directory, kt_str name, uint64_t size, int *fd)
{
    struct stat stat;
    bool hex = name.len == CONTENT_NAME_MAX - 1;
    for (size_t i = 0; i < name.len; i++)
        hex = hex && strchr("0123456789abcdef", name.ptr[i]);
    if (!hex)
        return error_make(arena, KT_NOT_FOUND, NULL, "the record has no file", "rekord nie ma pliku");
    kt_str path = arena_format(arena, "%s/files/%.2s/%.*s", data_directory, name.ptr, STR_ARG(name));
    if (!path.ptr)
        return error_no_memory();
    *fd = open(path.ptr, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (*fd < 0)
        return error_make(arena, KT_NOT_FOUND, NULL, "the file is not here", "tego pliku tu nie ma");
    if (fstat(*fd, &stat) == 0 && (uint64_t)stat.st_size == size)
        return NULL;
    close(*fd);
    *fd = -1;
    return error_make(arena, KT_STORAGE, NULL, "the file is not of the size that was stored",
        "plik nie ma rozmiaru, który zapisano");
}

kt_error *content_verify(arena *arena, const char *data_directory, kt_str name, uint64_t size)
{
    int fd;
    uint8_t piece[16384], hash[crypto_hash_sha256_BYTES];
    char found[CONTENT_NAME_MAX];
    crypto_hash_sha256_state state;
    KT_TRY(content_open(arena, data_directory, name, size, &fd));
    crypto_hash_sha256_init(&state);
    ssize_t n;
    while ((n = read(fd, piece, sizeof piece)) > 0)
        crypto_hash_sha256_update(&state, piece, (size_t)n);
    close(fd);
    crypto_hash_sha256_final(&state, hash);
    sodium_bin2hex(found, sizeof found, hash, sizeof hash);
    return n == 0 && str_is(name, found)
               ? NULL
               : error_make(arena, KT_STORAGE, NULL, "the file is not what its name says",
                     "plik nie jest tym, co mówi jego nazwa");
}

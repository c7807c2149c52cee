/* content.c -- write to a file of its own, fsync, rename, fsync the folders: whatever moment the power fails
 * at, a name stands for the whole content or for nothing. A file that is there already is replaced: that mends
 * one that the disk has damaged.
 *
 * Giving up is the same backwards: abcd.. is renamed to abcd...gone, and an empty file is renamed over that. Whoever
 * reads the content goes on reading. Between an upload and its record nothing in the store names a content, so that
 * whoever brings one holds it, in this process: a crash ends both. */
#include "store/content.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kit/clock.h"
#include "kit/disk.h"
#include "kit/str.h"

enum { NAME_LEN = CONTENT_NAME_MAX - 1 };

static struct {
    pthread_mutex_t lock; /* a leaf */
    content_writer *holding;
    unsigned copies;
} now = {.lock = PTHREAD_MUTEX_INITIALIZER};

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

/* Where a content lies: its folder, its file, and what stands there when it was given up. */
typedef struct {
    kt_str folder, file, gone;
} place;

static kt_error *find_place(arena *arena, const char *data_directory, const char *name, place *p)
{
    p->folder = arena_format(arena, "%s/files/%.2s", data_directory, name);
    p->file = arena_format(arena, "%s/files/%.2s/%.64s", data_directory, name, name);
    p->gone = arena_format(arena, "%s/files/%.2s/%.64s.gone", data_directory, name, name);
    return p->folder.ptr && p->file.ptr && p->gone.ptr ? NULL : error_no_memory();
}

static bool is_name(kt_str text)
{
    bool hex = text.len == NAME_LEN;
    for (size_t i = 0; i < text.len; i++)
        hex = hex && strchr("0123456789abcdef", text.ptr[i]);
    return hex;
}

/* ---- Writing ---- */

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

/* From its renaming on it is held. */
static int put_in_place(content_writer *w, const place *p)
{
    pthread_mutex_lock(&now.lock);
    int code = rename(w->path, p->file.ptr) == 0 ? 0 : errno;
    if (!code) {
        w->path = NULL;
        w->next = now.holding;
        now.holding = w;
    }
    pthread_mutex_unlock(&now.lock);
    return code;
}

static kt_error *finish(arena *arena, const char *data_directory, content_writer *w)
{
    place p;
    kt_str files = arena_format(arena, "%s/files", data_directory);
    if (!files.ptr)
        return error_no_memory();
    KT_TRY(find_place(arena, data_directory, w->name, &p));
    KT_TRY(make_folder(arena, p.folder.ptr));
    if (fsync(w->fd) != 0)
        return failed(arena, w->path, errno);
    int code = put_in_place(w, &p);
    if (code)
        return failed(arena, p.file.ptr, code);
    if (unlink(p.gone.ptr) != 0 && errno != ENOENT)
        return failed(arena, p.gone.ptr, errno);
    KT_TRY(sync_folder(arena, p.folder.ptr));
    return sync_folder(arena, files.ptr);
}

kt_error *content_finish(arena *arena, const char *data_directory, content_writer *w)
{
    uint8_t hash[crypto_hash_sha256_BYTES];
    crypto_hash_sha256_final(&w->hash, hash);
    sodium_bin2hex(w->name, CONTENT_NAME_MAX, hash, sizeof hash);
    kt_error *error = finish(arena, data_directory, w);
    close(w->fd);
    w->fd = -1;
    if (error)
        content_drop(w);
    return error;
}

static void let_go(content_writer *w)
{
    pthread_mutex_lock(&now.lock);
    for (content_writer **at = &now.holding; *at; at = &(*at)->next)
        if (*at == w) {
            *at = w->next;
            break;
        }
    pthread_mutex_unlock(&now.lock);
}

void content_drop(content_writer *w)
{
    if (w->fd >= 0)
        close(w->fd);
    if (w->path)
        unlink(w->path);
    if (*w->name)
        let_go(w);
    w->fd = -1;
    w->path = NULL;
    *w->name = 0;
}

static void drop(void *writer)
{
    content_drop(writer);
}

kt_error *content_hold(arena *arena, content_writer *w)
{
    content_writer *kept = ARENA_NEW(arena, content_writer);
    if (!kept || !arena_at_end(arena, drop, kept))
        return error_no_memory();
    *kept = *w;
    pthread_mutex_lock(&now.lock);
    kept->next = now.holding;
    now.holding = kept;
    pthread_mutex_unlock(&now.lock);
    content_drop(w);
    return NULL;
}

/* ---- Reading ---- */

kt_error *content_open(arena *arena, const char *data_directory, kt_str name, uint64_t size, int *fd)
{
    struct stat stat;
    place p;
    if (!is_name(name))
        return error_make(arena, KT_NOT_FOUND, NULL, "the record has no file", "rekord nie ma pliku");
    KT_TRY(find_place(arena, data_directory, name.ptr, &p));
    *fd = open(p.file.ptr, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (*fd < 0 && content_is_gone(arena, data_directory, name))
        return error_make(arena, KT_NOT_FOUND, NULL, "what the file held was removed for good",
            "zawartość tego pliku usunięto na zawsze");
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

/* ---- Giving up ---- */

bool content_is_gone(arena *arena, const char *data_directory, kt_str name)
{
    place p;
    return is_name(name) && !find_place(arena, data_directory, name.ptr, &p) &&
           access(p.file.ptr, F_OK) != 0 && access(p.gone.ptr, F_OK) == 0;
}

static void read_item(kt_str name, const struct stat *stat, content_item *item)
{
    *item = (content_item){.name = name,
        .size = (uint64_t)stat->st_size,
        .inode = stat->st_ino,
        .placed_s = stat->st_mtim.tv_sec,
        .changed_ns = stat->st_ctim.tv_sec * 1000000000 + stat->st_ctim.tv_nsec};
}

kt_error *content_look(arena *arena, const char *data_directory, kt_str name, content_item *item)
{
    place p;
    struct stat stat;
    *item = (content_item){.name = name};
    if (!is_name(name))
        return NULL;
    KT_TRY(find_place(arena, data_directory, name.ptr, &p));
    if (lstat(p.file.ptr, &stat) == 0)
        read_item(name, &stat, item);
    else if (errno != ENOENT)
        return failed(arena, p.file.ptr, errno);
    return NULL;
}

void content_copying(bool begins)
{
    pthread_mutex_lock(&now.lock);
    now.copies = begins ? now.copies + 1 : now.copies - 1;
    pthread_mutex_unlock(&now.lock);
}

static bool is_held(const char *name)
{
    for (const content_writer *w = now.holding; w; w = w->next)
        if (memcmp(w->name, name, NAME_LEN) == 0)
            return true;
    return false;
}

/* returns 0, errno, or EBUSY: not now */
static int take_away(const place *p, const content_item *seen)
{
    struct stat stat;
    content_item is = {0};
    pthread_mutex_lock(&now.lock);
    int code = now.copies || is_held(seen->name.ptr) ? EBUSY : lstat(p->file.ptr, &stat) != 0 ? errno : 0;
    if (!code)
        read_item(seen->name, &stat, &is);
    if (!code && (is.inode != seen->inode || is.changed_ns != seen->changed_ns))
        code = EBUSY;
    if (!code && rename(p->file.ptr, p->gone.ptr) != 0)
        code = errno;
    pthread_mutex_unlock(&now.lock);
    return code;
}

/* What was taken away, by this call or by one that a crash cut short, leaves an empty file. */
static kt_error *empty_it(arena *arena, const char *data_directory, const place *p)
{
    content_writer nothing;
    struct stat stat;
    if (lstat(p->gone.ptr, &stat) != 0)
        return errno == ENOENT ? NULL : failed(arena, p->gone.ptr, errno);
    if (stat.st_size == 0)
        return NULL;
    KT_TRY(content_begin(arena, data_directory, &nothing));
    int code = rename(nothing.path, p->gone.ptr) == 0 ? 0 : errno;
    if (!code)
        nothing.path = NULL;
    content_drop(&nothing);
    return code ? failed(arena, p->gone.ptr, code) : NULL;
}

kt_error *content_discard(arena *arena, const char *data_directory, const content_item *item)
{
    place p;
    if (!is_name(item->name))
        return NULL;
    KT_TRY(find_place(arena, data_directory, item->name.ptr, &p));
    int code = take_away(&p, item);
    if (code == EBUSY)
        return error_make(arena, KT_UNAVAILABLE, NULL, "the file is in use now", "plik jest teraz używany");
    if (code && code != ENOENT)
        return failed(arena, p.file.ptr, code);
    return empty_it(arena, data_directory, &p);
}

kt_error *content_flush(arena *arena, const char *data_directory, kt_str name)
{
    place p;
    if (!is_name(name))
        return NULL;
    KT_TRY(find_place(arena, data_directory, name.ptr, &p));
    int code = disk_flush_names(p.folder.ptr);
    return code && code != ENOENT ? failed(arena, p.folder.ptr, code) : NULL;
}

/* Of a content that a crash left half given up. */
static kt_error *finish_discard(arena *arena, const char *data_directory, const char *name)
{
    place p;
    KT_TRY(find_place(arena, data_directory, name, &p));
    return empty_it(arena, data_directory, &p);
}

typedef struct {
    content_item *items;
    size_t count, room;
} item_list;

static kt_error *add_item(arena *arena, item_list *list, kt_str name, const struct stat *stat)
{
    if (list->count == list->room) {
        size_t more = list->room ? 2 * list->room : 64;
        content_item *grown = arena_grow(
            arena, list->items, list->room * sizeof *grown, more * sizeof *grown);
        if (!grown)
            return error_no_memory();
        list->items = grown;
        list->room = more;
    }
    content_item *item = &list->items[list->count++];
    read_item(arena_str(arena, name), stat, item);
    return item->name.ptr ? NULL : error_no_memory();
}

kt_error *content_list(
    arena *arena, const char *data_directory, unsigned folder, const content_item **items, size_t *count)
{
    item_list list = {0};
    kt_error *error = NULL;
    struct stat stat;
    kt_str path = arena_format(arena, "%s/files/%02x", data_directory, folder);
    DIR *stream = path.ptr ? opendir(path.ptr) : NULL;
    if (!path.ptr)
        return error_no_memory();
    for (struct dirent *entry;
         stream && !error && (entry = readdir(stream));) { /* this thread's own stream */
        const kt_str name = str_of(entry->d_name),
                     stem = {name.ptr, name.len < NAME_LEN ? name.len : NAME_LEN};
        if (!is_name(stem) || fstatat(dirfd(stream), name.ptr, &stat, 0) != 0)
            continue;
        if (name.len == NAME_LEN)
            error = add_item(arena, &list, name, &stat);
        else if (stat.st_size)
            error = finish_discard(arena, data_directory, name.ptr);
    }
    if (stream)
        closedir(stream);
    *items = list.items;
    *count = list.count;
    return error;
}

kt_error *content_tidy(arena *arena, const char *data_directory, int64_t before_s)
{
    struct stat stat;
    kt_str path = arena_format(arena, "%s/files/new", data_directory);
    DIR *stream = path.ptr ? opendir(path.ptr) : NULL;
    if (!path.ptr)
        return error_no_memory();
    for (struct dirent *entry; stream && (entry = readdir(stream));) /* this thread's own stream */
        if (fstatat(dirfd(stream), entry->d_name, &stat, 0) == 0 && S_ISREG(stat.st_mode) &&
            stat.st_mtim.tv_sec < before_s)
            (void)unlinkat(dirfd(stream), entry->d_name, 0);
    if (stream)
        closedir(stream);
    return NULL;
}

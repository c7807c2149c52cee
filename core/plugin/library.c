/* library.c -- loads a shared object: a private copy is checked, tried in a child process, then loaded.
 *
 * Why a copy: for a path that is open already dlopen gives the old library back, and a file that somebody
 * overwrites in place crashes whoever runs in it. Why a child: a constructor or a table that crashes must not
 * take the server along; what passes there is loaded here. Never dlclose: calls may be inside, and pointers
 * to tables are everywhere. */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kit/clock.h"
#include "kit/log.h"
#include "plugin/loader.h"

static kt_error *failed(arena *arena, kt_kind kind, const char *path, const char *en, const char *pl)
{
    int code = errno;
    char text[128];
    const char *reason = strerror_r(code, text, sizeof text);
    return error_make(arena, kind, path, "%s%.0s: %s", "%.0s%s: %s", en, pl, reason);
}

kt_error *module_file_find(
    arena *arena, const char *directory, const char *name, const char **path, module_kind *kind)
{
    const char *library = arena_format(arena, "%s/%s.so", directory, name).ptr;
    const char *lua = arena_format(arena, "%s/%s.lua", directory, name).ptr;
    if (!library || !lua)
        return error_no_memory();
    bool is_library = access(library, F_OK) == 0, is_lua = access(lua, F_OK) == 0;
    if (is_library && is_lua)
        return error_make(arena, KT_CONFLICT, name, "there are both %s and %s: keep one",
            "są i %s, i %s: zostaw jeden", library, lua);
    if (!is_library && !is_lua)
        return error_make(arena, KT_NOT_FOUND, name, "there is no module \"%s\" in %s",
            "nie ma modułu „%s” w %s", name, directory);
    *path = is_library ? library : lua;
    *kind = is_library ? MODULE_LIBRARY : MODULE_LUA;
    return NULL;
}

kt_error *private_directory_open(arena *arena, const char *path)
{
    struct stat status;
    if (mkdir(path, 0700) && errno != EEXIST)
        return failed(arena, KT_STORAGE, path, "cannot make the folder", "nie można utworzyć katalogu");
    if (lstat(path, &status) || !S_ISDIR(status.st_mode))
        return error_make(arena, KT_STORAGE, path, "is no folder", "nie jest katalogiem");
    if (status.st_uid != geteuid() || (status.st_mode & 0077))
        return error_make(arena, KT_STORAGE, path, "must belong to the server alone (mode 0700)",
            "musi należeć tylko do serwera (tryb 0700)");
    DIR *folder = opendir(path);
    if (!folder)
        return failed(arena, KT_STORAGE, path, "cannot be read", "nie da się odczytać");
    for (struct dirent *entry = readdir(folder); entry; entry = readdir(folder)) {
        size_t length = strlen(entry->d_name);
        if (length > 3 && strcmp(entry->d_name + length - 3, ".so") == 0 &&
            unlinkat(dirfd(folder), entry->d_name, 0))
            log_line(KT_LOG_WARN, "plugin", "copy_left file=%s", entry->d_name);
    }
    closedir(folder);
    return NULL;
}

/* ---- The copy ---- */

static kt_error *read_whole(arena *arena, struct arena *own, const char *path, kt_str *bytes)
{
    struct stat status;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return failed(arena, KT_VALIDATION, path, "cannot be opened", "nie da się otworzyć");
    kt_error *e = NULL;
    char *to = NULL;
    size_t done = 0;
    if (fstat(file, &status) || !S_ISREG(status.st_mode))
        e = error_make(arena, KT_VALIDATION, path, "is no regular file", "nie jest zwykłym plikiem");
    else if (status.st_size > MODULE_FILE_MAX)
        e = error_make(
            arena, KT_LIMIT, path, "is larger than %d MB", "jest większy niż %d MB", MODULE_FILE_MAX >> 20);
    else if (!(to = arena_alloc(own, (size_t)status.st_size + 1)))
        e = error_no_memory();
    while (!e && done < (size_t)status.st_size) {
        ssize_t n = read(file, to + done, (size_t)status.st_size - done);
        if (n < 0 && errno != EINTR)
            e = failed(arena, KT_VALIDATION, path, "cannot be read", "nie da się odczytać");
        else if (n == 0)
            break; /* it shrank meanwhile: the check of its headers says so */
        else if (n > 0)
            done += (size_t)n;
    }
    close(file);
    *bytes = (kt_str){to, done};
    return e;
}

static kt_error *write_whole(arena *arena, const char *path, kt_str bytes)
{
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file < 0)
        return failed(arena, KT_STORAGE, path, "cannot be made", "nie da się utworzyć");
    size_t done = 0;
    kt_error *e = NULL;
    while (!e && done < bytes.len) {
        ssize_t n = write(file, bytes.ptr + done, bytes.len - done);
        if (n < 0 && errno != EINTR)
            e = failed(arena, KT_STORAGE, path, "cannot be written", "nie da się zapisać");
        else if (n > 0)
            done += (size_t)n;
    }
    if (close(file) && !e)
        e = failed(arena, KT_STORAGE, path, "cannot be written", "nie da się zapisać");
    if (e && unlink(path))
        log_line(KT_LOG_WARN, "plugin", "copy_left file=%s", path);
    return e;
}

/* The module's file into private_directory, if its headers are a module's. Its bytes go at once: a server holds
 * its modules once, as mapped. */
static kt_error *copy_whole(arena *arena, const char *path, const char *copy)
{
    struct arena *own = arena_open((size_t)MODULE_FILE_MAX + 64);
    kt_str bytes = {0};
    kt_error *e = own ? NULL : error_no_memory();
    if (!e)
        e = read_whole(arena, own, path, &bytes);
    const char *reason = e ? NULL : elf_check((const uint8_t *)bytes.ptr, bytes.len);
    if (reason)
        e = error_make(
            arena, KT_VALIDATION, path, "cannot be loaded: %s", "nie da się załadować: %s", reason);
    if (!e)
        e = write_whole(arena, copy, bytes);
    arena_close(own);
    return e;
}

/* ---- The trial in a child ---- */

/* What the child does: only its way of ending and the text in the pipe count. */
static void probe(const char *copy, int out)
{
    void *handle = dlopen(copy, RTLD_NOW | RTLD_LOCAL);
    const kt_module *module = handle ? dlsym(handle, "kontor_module") : NULL;
    const char *reason = module ? NULL : dlerror();
    if (module && module->abi.version == 1 && module->abi.size[0] == sizeof *module)
        (void)descriptor_walk(module);
    if (reason && write(out, reason, strlen(reason)) < 0)
        _exit(2);
    _exit(reason ? 1 : 0);
}

/* Waits for the child at most MODULE_PROBE_MS and kills it then. returns false: it was killed */
static bool probe_wait(pid_t child, int from, char *text, size_t size, int *status)
{
    int64_t end = clock_monotonic_ms() + MODULE_PROBE_MS;
    size_t used = 0;
    for (;;) {
        struct pollfd ready = {.fd = from, .events = POLLIN};
        int64_t left = end - clock_monotonic_ms();
        int n = left > 0 ? poll(&ready, 1, (int)left) : 0;
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            kill(child, SIGKILL);
            break;
        }
        ssize_t got = used + 1 < size ? read(from, text + used, size - 1 - used) : 0;
        if (got <= 0)
            break; /* closed: it has ended */
        used += (size_t)got;
    }
    text[used] = 0;
    while (waitpid(child, status, 0) < 0 && errno == EINTR)
        continue;
    return !(WIFSIGNALED(*status) && WTERMSIG(*status) == SIGKILL);
}

static kt_error *probe_verdict(arena *arena, const char *path, bool in_time, int status, const char *text)
{
    if (!in_time)
        return error_make(arena, KT_VALIDATION, path, "does not finish loading within %d ms",
            "nie kończy ładowania w ciągu %d ms", MODULE_PROBE_MS);
    if (WIFSIGNALED(status))
        return error_make(arena, KT_VALIDATION, path, "crashes while it is being loaded (signal %d, %s)",
            "zawiesza się przy ładowaniu (sygnał %d, %s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
    if (WEXITSTATUS(status) == 1)
        return error_make(
            arena, KT_VALIDATION, path, "cannot be loaded: %s", "nie da się załadować: %s", text);
    if (status)
        return error_make(arena, KT_VALIDATION, path, "ends the process while it is being loaded",
            "kończy proces przy ładowaniu");
    return NULL;
}

static kt_error *probe_run(arena *arena, const char *path, const char *copy)
{
    int ends[2], status = 0;
    char text[512] = "";
    if (pipe2(ends, O_CLOEXEC))
        return failed(arena, KT_UNAVAILABLE, path, "cannot be tried", "nie da się wypróbować");
    pid_t child = fork();
    if (child == 0) {
        struct sigaction plain = {.sa_handler = SIG_DFL};
        for (int s = SIGINT; s <= SIGTERM; s++)
            (void)sigaction(s, &plain, NULL); /* SIGKILL refuses, rightly */
        probe(copy, ends[1]);
    }
    close(ends[1]);
    bool in_time = child > 0 && probe_wait(child, ends[0], text, sizeof text, &status);
    kt_error *e = child > 0 ? probe_verdict(arena, path, in_time, status, text)
                            : failed(arena, KT_UNAVAILABLE, path, "cannot be tried", "nie da się wypróbować");
    close(ends[0]);
    return e;
}

/* ---- Loading ---- */

static kt_error *load_copy(
    arena *arena, const char *path, const char *copy, const char *name, const kt_module **module)
{
    KT_TRY(probe_run(arena, path, copy));
    void *handle = dlopen(copy, RTLD_NOW | RTLD_LOCAL);
    if (!handle)
        return error_make(
            arena, KT_VALIDATION, path, "cannot be loaded: %s", "nie da się załadować: %s", dlerror());
    const kt_module *found = dlsym(handle, "kontor_module");
    if (!found)
        return error_make(arena, KT_VALIDATION, path, "does not export \"kontor_module\"",
            "nie eksportuje „kontor_module”");
    KT_TRY(descriptor_check(arena, path, name, found));
    *module = found;
    return NULL;
}

kt_error *library_load(arena *arena, const char *path, const char *name, const char *private_directory,
    unsigned number, loaded **out)
{
    const char *copy = arena_format(arena, "%s/%s.%ld.%u.so", private_directory, name, (long)getpid(), number)
                           .ptr;
    *out = ARENA_NEW(arena, loaded);
    if (!copy || !*out)
        return error_no_memory();
    KT_TRY(copy_whole(arena, path, copy));
    (*out)->kind = MODULE_LIBRARY;
    kt_error *e = load_copy(arena, path, copy, name, &(*out)->module);
    if (e && unlink(copy))
        log_line(KT_LOG_WARN, "plugin", "copy_left file=%s", copy);
    return e;
}

/* plugin.c -- which modules are enabled, and the changes of that: enable, disable, reload, rebuild, start. */
#include <dirent.h>
#include <stdio.h>
#include <time.h>

#include "kit/log.h"
#include "plugin/generation.h"

#define ARENA_MAX ((size_t)1 << 30) /* what loads and declarations may take in a server's life */

enum { TRY_AGAIN_S = 4 };

/* ---- Loading ---- */

kt_error *plugins_load(plugins *p, arena *arena, const char *name, const kt_module **module)
{
    const char *path = NULL;
    module_kind kind = MODULE_LIBRARY;
    loaded *made = NULL;
    if (!module_name_is_good(str_of(name)))
        return error_make(arena, KT_VALIDATION, "name", "\"%s\" is no name of a module: a-z, 0-9, _ and -",
            "„%s” nie jest nazwą modułu: a-z, 0-9, _ i -", name);
    KT_TRY(module_file_find(arena, p->directory, name, &path, &kind));
    KT_TRY(kind == MODULE_LUA ? lua_module_load(arena, path, name, &made)
                              : library_load(arena, path, name, p->private_directory, p->copies++, &made));
    loaded *kept = ARENA_NEW(p->arena, loaded);
    if (!kept)
        return error_no_memory();
    *kept = *made;
    kept->next = p->loaded;
    p->loaded = kept;
    *module = kept->module;
    return NULL;
}

static size_t active_find(const plugins *p, const char *name)
{
    size_t i = 0;
    while (i < p->active_count && strcmp(p->active[i]->name, name) != 0)
        i++;
    return i;
}

static bool is_built_in(const plugins *p, const char *name)
{
    for (size_t i = 0; p->built_in && p->built_in[i]; i++) {
        if (strcmp(p->built_in[i]->name, name) == 0)
            return true;
    }
    return false;
}

/* needs may name what is built in, too: those are taken as given. */
static kt_error *order(plugins *p, arena *arena, const kt_module **modules, size_t count)
{
    const kt_module *all[MODULES_MAX * 2];
    size_t built_in = 0;
    for (; p->built_in && p->built_in[built_in] && built_in < MODULES_MAX; built_in++)
        all[built_in] = p->built_in[built_in];
    memcpy(all + built_in, modules, count * sizeof modules[0]);
    KT_TRY(modules_order(arena, all, built_in + count));
    size_t n = 0;
    for (size_t i = 0; i < built_in + count; i++) {
        if (!is_built_in(p, all[i]->name))
            modules[n++] = all[i];
    }
    return NULL;
}

static void failure_drop(plugins *p, const char *name)
{
    pthread_rwlock_wrlock(&p->lock);
    failure **at = &p->failures;
    while (*at && strcmp((*at)->name, name) != 0)
        at = &(*at)->next;
    if (*at)
        *at = (*at)->next;
    pthread_rwlock_unlock(&p->lock);
}

static void failure_add(plugins *p, const char *name, const kt_error *e)
{
    failure *f = ARENA_NEW(p->arena, failure);
    failure_drop(p, name);
    log_line(KT_LOG_ERROR, "plugin", "not_enabled module=%s reason=\"%s\"", name, error_text(e));
    if (!f)
        return; /* the log has it */
    memcpy(f->name, name, strlen(name) < MODULE_NAME_MAX ? strlen(name) : MODULE_NAME_MAX);
    f->text = arena_str(p->arena, str_of(error_text(e))).ptr;
    pthread_rwlock_wrlock(&p->lock);
    f->next = p->failures;
    p->failures = f;
    pthread_rwlock_unlock(&p->lock);
}

bool plugins_failed(plugins *p, arena *arena, kt_str *why)
{
    *why = KT_STR("");
    pthread_rwlock_rdlock(&p->lock);
    const bool any = p->failures != NULL;
    for (const failure *f = p->failures; f && why->ptr; f = f->next)
        *why = arena_format(
            arena, "%s%s%s: %s", why->ptr, why->len ? "; " : "", f->name, f->text ? f->text : "");
    pthread_rwlock_unlock(&p->lock);
    return any;
}

/* What was remembered of a module that comes in now is no longer true. */
static void sleeper_drop(plugins *p, const char *name)
{
    for (struct sleeper **at = &p->asleep; *at;) {
        if (strcmp((*at)->module->name, name) == 0)
            *at = (*at)->next;
        else
            at = &(*at)->next;
    }
}

/* Makes these the enabled modules. Under manage. */
static kt_error *change_to(plugins *p, arena *arena, const kt_module **modules, size_t count,
    const kt_module *const *entering, size_t entering_count, const char *leaving)
{
    KT_TRY(order(p, arena, modules, count));
    KT_TRY(generation_change(p, arena, modules, count, entering, entering_count, leaving));
    memcpy(p->active, modules, count * sizeof modules[0]);
    p->active_count = count;
    for (size_t i = 0; i < entering_count; i++)
        sleeper_drop(p, entering[i]->name);
    return NULL;
}

/* Fills what the change left to fill, and takes it into use.
 *   returns  conflict: records are alike in what should be unique; all other indexes are whole */
static kt_error *finish(plugins *p, arena *arena)
{
    bool worked;
    const kt_module *same[MODULES_MAX];
    kt_error *stuck = generation_fill(p, arena, &worked);
    if (stuck && stuck->first->kind != KT_CONFLICT)
        return stuck;
    if (!worked || atomic_load(&p->closing))
        return stuck;
    memcpy(same, p->active, sizeof same);
    KT_TRY(change_to(p, arena, same, p->active_count, NULL, 0, NULL));
    return stuck;
}

static bool is_conflict(const kt_error *error)
{
    return error && error->first->kind == KT_CONFLICT;
}

/* An index stays behind, or no longer does: the filler tries it again, and whoever looks after the server is told. */
static void note_stuck(plugins *p, const kt_error *error)
{
    char text[STUCK_MAX] = "";
    if (is_conflict(error))
        (void)snprintf(text, sizeof text, "%s: %s", error->first->path, error->first->text.en);
    if (strcmp(text, p->stuck) == 0)
        return;
    if (text[0])
        log_line(KT_LOG_ERROR, "plugin", "index_stuck reason=\"%s\"", text);
    else
        log_line(KT_LOG_INFO, "plugin", "index_whole");
    pthread_rwlock_wrlock(&p->lock);
    memcpy(p->stuck, text, sizeof text);
    pthread_rwlock_unlock(&p->lock);
    pthread_cond_signal(&p->again);
}

/* Was this known before? Then it is not what has just been changed. */
static bool is_known(const plugins *p, const kt_error *error)
{
    char text[STUCK_MAX] = "";
    if (is_conflict(error))
        (void)snprintf(text, sizeof text, "%s: %s", error->first->path, error->first->text.en);
    return text[0] && error->count == 1 && strcmp(text, p->stuck) == 0;
}

bool plugins_stuck(plugins *p, arena *arena, kt_str *why)
{
    pthread_rwlock_rdlock(&p->lock);
    *why = p->stuck[0] ? arena_str(arena, str_of(p->stuck)) : (kt_str){0};
    pthread_rwlock_unlock(&p->lock);
    return why->len > 0;
}

/* ---- Changes ---- */

/* What a module's tables get wrong is told under their names; this adds which file they came from. */
static kt_error *with_file(const plugins *p, arena *arena, const char *name, kt_error *error)
{
    const char *path = NULL;
    module_kind kind = MODULE_LIBRARY;
    if (!error->arena || module_file_find(arena, p->directory, name, &path, &kind))
        return error; /* no memory, or the file is gone meanwhile */
    kt_text hint = error->first->hint;
    const char *en = arena_format(
        arena, "%s%sThe module's file is %s.", hint.en ? hint.en : "", hint.en ? " " : "", path)
                         .ptr;
    const char *pl =
        arena_format(arena, "%s%sPlik modułu to %s.", hint.pl ? hint.pl : "", hint.pl ? " " : "", path).ptr;
    return en && pl ? kt_hint(error, en, pl) : error;
}

/* Loads a module's file and puts it in the place of the present one, or beside the others. */
static kt_error *bring_in(plugins *p, arena *arena, const char *name)
{
    const kt_module *module = NULL, *next[MODULES_MAX];
    if (p->active_count >= MODULES_MAX)
        return error_make(
            arena, KT_LIMIT, name, "%d modules are enabled already", "włączono już %d modułów", MODULES_MAX);
    KT_TRY(plugins_load(p, arena, name, &module));
    size_t at = active_find(p, name), count = p->active_count + (at == p->active_count);
    memcpy(next, p->active, sizeof next);
    next[at] = module;
    kt_error *e = change_to(p, arena, next, count, &module, 1, NULL);
    if (e)
        return with_file(p, arena, name, e);
    failure_drop(p, name);
    e = finish(p, arena);
    note_stuck(p, e);
    if (e)
        return with_file(p, arena, name, e);
    log_line(KT_LOG_INFO, "plugin", "enabled module=%s version=%s", name, module->version);
    return NULL;
}

/* One change at a time, on behalf of somebody. */
static void begin(plugins *p, uint64_t user)
{
    pthread_mutex_lock(&p->manage);
    p->user = user;
}

static void end(plugins *p)
{
    p->user = 0;
    pthread_mutex_unlock(&p->manage);
}

kt_error *plugins_enable(plugins *p, arena *arena, uint64_t user, const char *name)
{
    begin(p, user);
    kt_error *e = NULL;
    if (!is_built_in(p, name) && active_find(p, name) == p->active_count)
        e = bring_in(p, arena, name);
    end(p);
    return e;
}

kt_error *plugins_reload(plugins *p, arena *arena, uint64_t user, const char *name)
{
    begin(p, user);
    kt_error *e = NULL;
    if (active_find(p, name) == p->active_count)
        e = error_make(
            arena, KT_CONFLICT, name, "module \"%s\" is not enabled", "moduł „%s” nie jest włączony", name);
    else
        e = bring_in(p, arena, name);
    end(p);
    return e;
}

static kt_error *take_out(plugins *p, arena *arena, const char *name)
{
    const kt_module *next[MODULES_MAX];
    size_t count = 0;
    kt_error *all = NULL;
    if (is_built_in(p, name))
        return error_make(
            arena, KT_CONFLICT, name, "\"%s\" is part of the server", "„%s” jest częścią serwera", name);
    for (size_t i = 0; i < p->active_count; i++) {
        if (strcmp(p->active[i]->name, name) == 0)
            continue;
        next[count++] = p->active[i];
        if (module_needs(p->active[i], name))
            kt_also(&all, error_make(arena, KT_CONFLICT, p->active[i]->name, "module \"%s\" needs \"%s\"",
                              "moduł „%s” potrzebuje „%s”", p->active[i]->name, name));
    }
    if (all)
        return all;
    KT_TRY(change_to(p, arena, next, count, NULL, 0, name));
    failure_drop(p, name);
    log_line(KT_LOG_INFO, "plugin", "disabled module=%s", name);
    return NULL;
}

static bool has_failed(const plugins *p, const char *name)
{
    const failure *f = p->failures;
    while (f && strcmp(f->name, name) != 0)
        f = f->next;
    return f != NULL;
}

kt_error *plugins_disable(plugins *p, arena *arena, uint64_t user, const char *name)
{
    begin(p, user);
    kt_error *e = NULL;
    const char *path = NULL;
    module_kind kind = MODULE_LIBRARY;
    if (is_built_in(p, name) || has_failed(p, name) || active_find(p, name) < p->active_count)
        e = take_out(p, arena, name);
    else /* it is not enabled: right, if there is one */
        e = module_name_is_good(str_of(name)) ? module_file_find(arena, p->directory, name, &path, &kind)
                                              : error_make(arena, KT_NOT_FOUND, "name",
                                                    "there is no module \"%s\"", "nie ma modułu „%s”", name);
    end(p);
    return e;
}

kt_error *plugins_rebuild(plugins *p, arena *arena)
{
    const kt_module *same[MODULES_MAX];
    pthread_mutex_lock(&p->manage);
    memcpy(same, p->active, sizeof same);
    kt_error *e = change_to(p, arena, same, p->active_count, NULL, 0, NULL);
    if (!e)
        e = finish(p, arena);
    if (is_known(p, e))
        e = NULL;
    pthread_mutex_unlock(&p->manage);
    return e;
}

static void fill_once(plugins *p)
{
    arena *arena = arena_open(ARENA_MAX);
    kt_error *e = arena ? finish(p, arena) : error_no_memory();
    note_stuck(p, e);
    if (e && !is_conflict(e))
        log_line(KT_LOG_ERROR, "plugin", "index_unfilled reason=\"%s\"", error_text(e));
    arena_close(arena);
}

/* A crash, or a stop, may have left indexes half filled: they are gone on with while the server works. One that
 * records hold up which are alike is tried again until somebody has changed them. */
static void *fill_left(void *context)
{
    plugins *p = context;
    pthread_mutex_lock(&p->manage);
    while (!atomic_load(&p->closing)) {
        struct timespec until;
        fill_once(p);
        (void)clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_sec += TRY_AGAIN_S;
        while (!p->stuck[0] && !atomic_load(&p->closing))
            (void)pthread_cond_wait(&p->again, &p->manage);
        if (!atomic_load(&p->closing))
            (void)pthread_cond_timedwait(&p->again, &p->manage, &until);
    }
    pthread_mutex_unlock(&p->manage);
    return NULL;
}

/* ---- The start ---- */

static bool add_name(arena *arena, const char **names, size_t *count, kt_str name)
{
    for (size_t i = 0; i < *count; i++) {
        if (str_is(name, names[i]))
            return true;
    }
    if (*count >= MODULES_MAX)
        return false;
    names[*count] = arena_str(arena, name).ptr;
    return names[*count] && ++*count;
}

kt_error *plugins_files(plugins *p, arena *arena, const char **names, size_t *count)
{
    DIR *folder = opendir(p->directory);
    bool fits = true;
    for (struct dirent *entry = folder ? readdir(folder) : NULL; fits && entry; entry = readdir(folder)) {
        kt_str file = str_of(entry->d_name);
        size_t suffix = file.len > 3 && strcmp(file.ptr + file.len - 3, ".so") == 0    ? 3
                        : file.len > 4 && strcmp(file.ptr + file.len - 4, ".lua") == 0 ? 4
                                                                                       : 0;
        kt_str name = {file.ptr, file.len - suffix};
        if (suffix && module_name_is_good(name))
            fits = add_name(arena, names, count, name);
    }
    if (folder)
        closedir(folder);
    return fits ? NULL
                : error_make(arena, KT_LIMIT, p->directory, "there are more than %d modules",
                      "jest ponad %d modułów", MODULES_MAX);
}

static kt_error *names_wanted(
    plugins *p, arena *arena, const char *const *enable, const char **names, size_t *count, bool *first)
{
    store_view *view = NULL;
    remembered *known = NULL;
    size_t known_count = 0;
    KT_TRY(store_read(p->store, arena, &view));
    kt_error *e = remembered_read(arena, view, &known, &known_count, first);
    store_end(view);
    if (e)
        return e;
    for (size_t i = 0; i < known_count; i++) {
        if (known[i].enabled && !add_name(arena, names, count, str_of(known[i].name)))
            return error_no_memory();
    }
    if (!*first)
        return NULL;
    for (size_t i = 0; enable && enable[i]; i++) {
        if (!is_built_in(p, enable[i]) && !add_name(arena, names, count, str_of(enable[i])))
            return error_no_memory();
    }
    return enable ? NULL : plugins_files(p, arena, names, count);
}

/* Leaves out modules whose needs are not there, until the rest stands. */
static void drop_unmet(plugins *p, arena *arena, const kt_module **modules, size_t *count)
{
    const kt_module *sorted[MODULES_MAX];
    for (bool dropped = true; dropped;) {
        dropped = false;
        memcpy(sorted, modules, *count * sizeof modules[0]);
        kt_error *e = order(p, arena, sorted, *count);
        for (const problem *at = e ? e->first : NULL; at; at = at->next) {
            for (size_t i = 0; i < *count; i++) {
                if (!at->path || strcmp(modules[i]->name, at->path) != 0)
                    continue;
                failure_add(p, modules[i]->name, e);
                modules[i] = modules[--*count];
                dropped = true;
                break;
            }
        }
    }
    memcpy(modules, sorted, *count * sizeof modules[0]);
}

/* The catalogue of all does not stand: finds out which module it is by adding one after the other. */
static void drop_unsound(plugins *p, arena *arena, const kt_module **modules, size_t *count)
{
    size_t sound = 0;
    for (size_t i = 0; i < *count; i++) {
        const kt_module *next = modules[i];
        modules[sound] = next;
        kt_error *e = generation_try(p, arena, modules, sound + 1);
        if (e)
            failure_add(p, next->name, e);
        else
            sound++;
    }
    *count = sound;
    drop_unmet(p, arena, modules, count);
}

static kt_error *start(plugins *p, arena *arena, const char *const *enable)
{
    const char *names[MODULES_MAX];
    const kt_module *modules[MODULES_MAX];
    size_t wanted = 0, count = 0;
    bool first = false;
    kt_error *missing = NULL;
    KT_TRY(names_wanted(p, arena, enable, names, &wanted, &first));
    const bool chosen = first && enable; /* these or none: what is left out would be missed much later */
    for (size_t i = 0; i < wanted; i++) {
        kt_error *e = plugins_load(p, arena, names[i], &modules[count]);
        if (e && chosen)
            kt_also(&missing, e);
        else if (e)
            failure_add(p, names[i], e);
        else
            count++;
    }
    if (missing || chosen)
        return missing ? missing : change_to(p, arena, modules, count, modules, count, NULL);
    drop_unmet(p, arena, modules, &count);
    kt_error *e = change_to(p, arena, modules, count, modules, count, NULL);
    if (!e)
        return NULL;
    log_line(KT_LOG_WARN, "plugin", "start_reduced reason=\"%s\"", error_text(e));
    drop_unsound(p, arena, modules, &count);
    e = change_to(p, arena, modules, count, modules, count, NULL);
    while (e && count) { /* a migration failed: without the modules one by one, the last first */
        failure_add(p, modules[--count]->name, e);
        e = change_to(p, arena, modules, count, modules, count, NULL);
    }
    return e;
}

static bool keep_options(plugins *p, const plugin_options *options)
{
    p->directory = arena_str(p->arena, str_of(options->directory)).ptr;
    p->private_directory = arena_str(p->arena, str_of(options->private_directory)).ptr;
    p->built_in = options->built_in;
    p->master_key = options->master_key;
    return p->directory && p->private_directory;
}

kt_error *plugins_open(
    arena *arena, store *store, const plugin_options *options, const char *const *enable, plugins **out)
{
    struct arena *own = arena_open(ARENA_MAX);
    plugins *p = own ? ARENA_NEW(own, plugins) : NULL;
    *out = NULL;
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    if (!p || pthread_mutex_init(&p->manage, NULL) || pthread_rwlock_init(&p->lock, NULL) ||
        pthread_cond_init(&p->again, &monotonic)) {
        arena_close(own);
        return error_no_memory();
    }
    p->arena = own;
    p->store = store;
    kt_error *e = keep_options(p, options) ? private_directory_open(arena, p->private_directory)
                                           : error_no_memory();
    if (!e)
        e = start(p, arena, enable);
    if (e) {
        plugins_close(p);
        return e;
    }
    p->fills = pthread_create(&p->filler, NULL, fill_left, p) == 0;
    *out = p;
    return NULL;
}

void plugins_close(plugins *p)
{
    if (!p)
        return;
    atomic_store(&p->closing, true); /* ends a filling that goes on: it holds the lock */
    pthread_mutex_lock(&p->manage);
    pthread_cond_signal(&p->again);
    pthread_mutex_unlock(&p->manage);
    if (p->fills)
        pthread_join(p->filler, NULL);
    const generation all[] = {p->current, p->pending, p->previous};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (all[i].catalogue)
            model_catalogue_release(all[i].catalogue);
    }
    for (loaded *l = p->loaded; l; l = l->next)
        arena_close(l->arena);
    pthread_rwlock_destroy(&p->lock);
    pthread_cond_destroy(&p->again);
    pthread_mutex_destroy(&p->manage);
    arena_close(p->arena);
}

void plugins_on_change(
    plugins *p, void (*changed)(void *context, uint64_t seq, const model_change *changes), void *context)
{
    pthread_mutex_lock(&p->manage);
    p->changed = changed;
    p->context = context;
    pthread_mutex_unlock(&p->manage);
}

void plugins_methods(const model_catalogue *catalogue,
    void (*each)(void *context, const kt_module *module, const kt_method *method), void *context)
{
    const model_sources *sources = model_catalogue_sources(catalogue);
    for (size_t i = 0; sources->modules && sources->modules[i]; i++) {
        const kt_module *module = sources->modules[i];
        for (size_t k = 0; module->methods && module->methods[k].name; k++)
            each(context, module, &module->methods[k]);
    }
}

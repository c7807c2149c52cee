/* generation.c -- builds a catalogue in one job of the writer and swaps it in.
 *
 * The number of a generation is in the store, written by the same commit as the numbers, index entries and
 * migrations that the catalogue stands on; so a snapshot tells which catalogue it belongs to. The next one is
 * known (pending) from within its own job: jobs that share its commit already see its number. */
#include "plugin/generation.h"

#include "journal/journal.h"
#include "kit/clock.h"
#include "kit/log.h"

#define FILL_ARENA_MAX (128u << 20) /* of one step */

typedef struct {
    store_job job;
    plugins *plugins;
    const kt_module *const *modules, *const *entering;
    size_t count, entering_count;
    const char *leaving;
    const model_catalogue *made;
    const model_change *changes; /* what was written with it, in the job's memory */
    uint64_t number, seq;
    zone *zone; /* of the first company: modules count days when they come */
} change;

/* ---- What a catalogue is built from ---- */

static bool is_among(const kt_module *const *modules, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(modules[i]->name, name) == 0)
            return true;
    }
    return false;
}

/* The declaration of a disabled module. It stays for ever, like a loaded file: catalogues point to it. */
static kt_error *sleeper_find(
    plugins *p, arena *arena, store_view *view, const remembered *module, const kt_module **found)
{
    for (struct sleeper *s = p->asleep; s; s = s->next) {
        if (strcmp(s->module->name, module->name) == 0 && str_is(module->version, s->module->version)) {
            *found = s->module;
            return NULL;
        }
    }
    struct sleeper *s = ARENA_NEW(p->arena, struct sleeper);
    if (!s)
        return error_no_memory();
    remembered kept = *module;
    kept.version = arena_str(p->arena, module->version);
    kept.label.en = arena_str(p->arena, str_of(module->label.en)).ptr;
    kept.label.pl = arena_str(p->arena, str_of(module->label.pl)).ptr;
    kt_error *e = remembered_module(p->arena, view, &kept, &s->module);
    if (e) {
        kt_error *copy = error_make(arena, KT_STORAGE, module->name, "%s", "%s", error_text(e));
        return copy; /* e lies in the long-lived arena */
    }
    s->next = p->asleep;
    p->asleep = s;
    *found = s->module;
    return NULL;
}

static kt_error *build(change *c, store_view *view)
{
    arena *arena = c->job.arena;
    plugins *p = c->plugins;
    remembered *known = NULL;
    size_t known_count = 0, n = 0, asleep = 0;
    bool first = false;
    const kt_module **modules = ARENA_ARRAY(arena, const kt_module *, MODULES_MAX * 2 + 1);
    const kt_module **disabled = ARENA_ARRAY(arena, const kt_module *, MODULES_MAX + 1);
    if (!modules || !disabled)
        return error_no_memory();
    for (; p->built_in && p->built_in[n] && n < MODULES_MAX; n++)
        modules[n] = p->built_in[n];
    for (size_t i = 0; i < c->count; i++)
        modules[n++] = c->modules[i];
    KT_TRY(remembered_read(arena, view, &known, &known_count, &first));
    for (size_t i = 0; i < known_count; i++) {
        if (!is_among(modules, n, known[i].name))
            KT_TRY(sleeper_find(p, arena, view, &known[i], &disabled[asleep++]));
    }
    model_sources sources = {.modules = modules,
        .disabled = disabled,
        .master_key = c->plugins->master_key,
        .starting = !p->current.catalogue};
    model_catalogue *made = NULL;
    KT_TRY(model_catalogue_build(arena, view, &sources, &made));
    c->made = made;
    return NULL;
}

/* ---- Roles ---- */

struct role {
    kt_record rec;
    kt_str name, label, grants;
};
static const kt_shape role_shape = KT_SHAPE(role, "access.role", KT_BIND(role, name, STRING, "name"),
    KT_BIND(role, label, STRING, "label"), KT_BIND(role, grants, TEXT, "grants"));

/* Later they are the integrator's, who may have changed them. */
kt_error *plugins_roles_make(kt_tx *tx, const kt_module *module)
{
    const model_entity *entity = model_entity_find(tx->catalogue, KT_STR("access.role"));
    for (size_t i = 0; entity && module->roles && module->roles[i].name; i++) {
        const kt_role *declared = &module->roles[i];
        uint64_t id = 0;
        struct role r = {KT_OF(role)}; /* modules may use the same word: "crm.reader" */
        r.name = arena_format(tx->arena, "%s.%s", module->name, declared->name);
        r.label = str_of(strcmp(tx->lang, "pl") == 0 ? declared->label.pl : declared->label.en);
        r.grants = str_of(declared->grants);
        r.rec.external_id = arena_format(tx->arena, "kontor:%s.%s", module->name, declared->name);
        if (!r.rec.external_id.ptr || !r.name.ptr)
            return error_no_memory();
        KT_TRY(model_find_external(tx, entity, r.rec.external_id, &id));
        if (!id)
            KT_TRY(kt_create(tx, &r.rec));
    }
    return NULL;
}

/* ---- The job ---- */

/* All modules are there: who has something to make up for with this one does it in the same transaction. */
static kt_error *announce(kt_tx *tx, const kt_module *module)
{
    const char *event = arena_format(tx->arena, "%s.enabled", module->name).ptr;
    return event ? kt_emit(tx, event, NULL) : error_no_memory();
}

/* *joined: it was not at work before. */
static kt_error *enter(kt_tx *tx, const kt_module *module, bool *joined)
{
    remembered state = {.enabled = true};
    bool known = false;
    KT_TRY(remembered_find(tx->arena, tx->view, module->name, &state, &known));
    if (known && version_cmp(module->version, state.version.ptr ? state.version.ptr : "") < 0) {
        kt_error *e = error_make(tx->arena, KT_CONFLICT, module->name,
            "version %s is older than %.*s, which the data was made by",
            "wersja %s jest starsza niż %.*s, przez którą powstały dane", module->version,
            STR_ARG(state.version));
        return kt_hint(e, "Install the newer version of the module.", "Zainstaluj nowszą wersję modułu.");
    }
    bool new_version = !known || !str_is(state.version, module->version);
    if (new_version && module->migrate)
        KT_TRY(module->migrate(tx, known ? state.version.ptr : NULL));
    if (tx->doomed)
        return tx->doomed;
    KT_TRY(plugins_roles_make(tx, module));
    *joined = !known || !state.enabled || state.left_out;
    state.enabled = true;
    state.left_out = false;
    state.version = str_of(module->version);
    state.label = module->label;
    memcpy(state.name, module->name, strlen(module->name) + 1); /* its length was checked at loading */
    KT_TRY(model_note_module(tx, module->name, state.version, true));
    return remembered_write(tx->arena, tx->view, &state, module);
}

static kt_error *leave(change *c, kt_tx *tx)
{
    remembered state = {0};
    bool known = false;
    KT_TRY(remembered_find(tx->arena, tx->view, c->leaving, &state, &known));
    state.enabled = false;
    KT_TRY(model_note_module(tx, c->leaving, state.version, false));
    if (known)
        KT_TRY(remembered_write(tx->arena, tx->view, &state, NULL));
    return kt_emit(tx, "module.disabled", NULL); /* whichever it is */
}

/* The others are at work without a module that could not be loaded: once it is there again it has missed something. */
static kt_error *note_left_out(const change *c, kt_tx *tx)
{
    for (const failure *f = c->plugins->failures; f; f = f->next) {
        remembered state = {0};
        bool known = false;
        KT_TRY(remembered_find(tx->arena, tx->view, f->name, &state, &known));
        if (!known || !state.enabled || state.left_out || is_among(c->modules, c->count, f->name))
            continue;
        state.left_out = true;
        KT_TRY(remembered_write(tx->arena, tx->view, &state, NULL));
    }
    return NULL;
}

static void pending_set(plugins *p, generation pending)
{
    pthread_rwlock_wrlock(&p->lock);
    generation old = p->pending;
    p->pending = pending;
    pthread_rwlock_unlock(&p->lock);
    if (old.catalogue)
        model_catalogue_release(old.catalogue);
}

/* At a start nobody is there to mend what modules of another version left unsound: it is told, and the rest works. */
static kt_error *judge(change *c, kt_tx *tx)
{
    const model_catalogue *before = c->plugins->current.catalogue; /* nobody swaps it under manage */
    if (!c->entering_count && !c->leaving)
        return NULL;
    kt_error *wrong = model_catalogue_check(tx, c->made, before);
    if (before)
        return wrong;
    for (const problem *p = wrong ? wrong->first : NULL; p; p = p->next)
        log_line(KT_LOG_WARN, "plugin", "unsound at=%s reason=\"%s\"", p->path ? p->path : "", p->text.en);
    return NULL;
}

static kt_error *work(change *c, store_view *view)
{
    uint64_t number = 0;
    c->seq = 0;
    KT_TRY(generation_read(view, &number));
    KT_TRY(build(c, view));
    c->number = number + 1;
    kt_tx tx = {.arena = c->job.arena,
        .view = view,
        .catalogue = c->made,
        .lang = "en",
        .now = clock_now(),
        .user = c->plugins->user,
        .origin = MODEL_SYSTEM,
        .request_id = KT_STR("module"),
        .master_key = c->plugins->master_key,
        .writes = true};
    KT_TRY(model_company_zone(&tx, 0, &c->zone));
    tx.zone = c->zone;
    KT_TRY(journal_begin(&tx));
    KT_TRY(judge(c, &tx));
    bool joined[MODULES_MAX] = {false}, any = false;
    for (size_t i = 0; i < c->entering_count; i++)
        KT_TRY(enter(&tx, c->entering[i], &joined[i]));
    for (size_t i = 0; i < c->entering_count; i++)
        if (joined[i]) {
            KT_TRY(announce(&tx, c->entering[i]));
            any = true;
        }
    if (any) /* whichever they are */
        KT_TRY(kt_emit(&tx, "module.enabled", NULL));
    if (tx.doomed)
        return tx.doomed;
    KT_TRY(note_left_out(c, &tx));
    if (c->leaving)
        KT_TRY(leave(c, &tx));
    KT_TRY(model_commit_checks(&tx));
    KT_TRY(journal_append(&tx, &c->seq));
    c->changes = tx.changes;
    return generation_write(view, c->number);
}

static kt_error *run(store_job *job, store_view *view)
{
    change *c = (change *)job;                /* its first member */
    pending_set(c->plugins, (generation){0}); /* the job may run again */
    if (c->made)
        model_catalogue_release(c->made);
    c->made = NULL;
    kt_error *e = work(c, view);
    zone_close(c->zone);
    c->zone = NULL;
    if (!e)
        pending_set(c->plugins, (generation){c->number, model_catalogue_hold(c->made)});
    return e;
}

static void swap(plugins *p, change *c)
{
    pthread_rwlock_wrlock(&p->lock);
    generation old = p->previous, pending = p->pending;
    p->previous = p->current;
    p->current = (generation){c->number, c->made};
    p->pending = (generation){0};
    pthread_rwlock_unlock(&p->lock);
    if (old.catalogue)
        model_catalogue_release(old.catalogue);
    if (pending.catalogue)
        model_catalogue_release(pending.catalogue);
}

kt_error *generation_change(plugins *p, arena *arena, const kt_module *const *modules, size_t count,
    const kt_module *const *entering, size_t entering_count, const char *leaving)
{
    int64_t start = clock_monotonic_us();
    change c = {.job = {.body = run, .arena = arena},
        .plugins = p,
        .modules = modules,
        .count = count,
        .entering = entering,
        .entering_count = entering_count,
        .leaving = leaving};
    store_result result = store_run(p->store, &c.job);
    if (result != STORE_DONE) {
        pending_set(p, (generation){0});
        if (c.made)
            model_catalogue_release(c.made);
        return c.job.error ? c.job.error
                           : error_make(arena, KT_STORAGE, NULL, "the change of modules could not be stored",
                                 "nie udało się zapisać zmiany modułów");
    }
    swap(p, &c);
    log_line(KT_LOG_INFO, "plugin", "generation number=%llu modules=%zu us=%lld",
        (unsigned long long)c.number, count, (long long)(clock_monotonic_us() - start));
    if (p->changed)
        p->changed(p->context, c.seq, c.changes);
    return NULL;
}

kt_error *generation_try(plugins *p, arena *arena, const kt_module *const *modules, size_t count)
{
    store_view *view = NULL;
    change c = {.job = {.arena = arena}, .plugins = p, .modules = modules, .count = count};
    KT_TRY(store_read(p->store, arena, &view));
    kt_error *e = store_make_writable(view);
    if (!e)
        e = build(&c, view);
    if (c.made)
        model_catalogue_release(c.made);
    store_end(view);
    return e;
}

/* ---- What is left to do ---- */

typedef struct {
    store_job job;
    plugins *plugins;
    const model_change *changes; /* of records, in the job's memory */
    uint64_t seq;
    bool more;
} fill;

static kt_error *fill_run(store_job *job, store_view *view)
{
    fill *f = (fill *)job;
    kt_tx tx = {.arena = job->arena,
        .view = view,
        .catalogue = f->plugins->current.catalogue,
        .lang = "en",
        .now = clock_now(),
        .user = f->plugins->user,
        .origin = MODEL_SYSTEM,
        .request_id = KT_STR("module"),
        .master_key = f->plugins->master_key,
        .writes = true};
    KT_TRY(journal_begin(&tx));
    KT_TRY(model_fill_step(&tx, &f->more));
    f->changes = tx.changes;
    return tx.changes ? journal_append(&tx, &f->seq) : NULL;
}

/* A step's error outlives the step's memory. */
static kt_error *keep_error(arena *arena, const kt_error *error)
{
    const problem *p = error->first;
    kt_error *kept = error_make(arena, p->kind, p->path ? arena_str(arena, str_of(p->path)).ptr : NULL,
        "%s%.0s", "%.0s%s", p->text.en, p->text.pl);
    if (!p->hint.en)
        return kept;
    return kt_hint(kept, arena_str(arena, str_of(p->hint.en)).ptr, arena_str(arena, str_of(p->hint.pl)).ptr);
}

kt_error *generation_fill(plugins *p, arena *arena, bool *worked)
{
    *worked = false;
    for (size_t steps = 0; !atomic_load(&p->closing); steps++) {
        struct arena *own = arena_open(FILL_ARENA_MAX);
        fill f = {.job = {.body = fill_run, .arena = own}, .plugins = p};
        if (!own)
            return error_no_memory();
        store_result result = store_run(p->store, &f.job);
        kt_error *e = NULL;
        if (result != STORE_DONE)
            e = f.job.error ? keep_error(arena, f.job.error)
                            : error_make(arena, KT_STORAGE, NULL, "an index could not be filled",
                                  "nie udało się wypełnić indeksu");
        else if (f.changes && p->changed)
            p->changed(p->context, f.seq, f.changes);
        arena_close(own);
        if (e || !f.more)
            return e;
        *worked = true;
    }
    return NULL;
}

/* ---- Holding ---- */

const model_catalogue *plugins_hold(plugins *p)
{
    pthread_rwlock_rdlock(&p->lock);
    const model_catalogue *held = model_catalogue_hold(p->current.catalogue);
    pthread_rwlock_unlock(&p->lock);
    return held;
}

kt_error *plugins_hold_view(plugins *p, arena *arena, store_view *view, const model_catalogue **catalogue)
{
    uint64_t number = 0;
    *catalogue = NULL;
    if (!store_memo_find(&p->number, view, &number)) {
        KT_TRY(generation_read(view, &number));
        store_memo_keep(&p->number, view, number);
    }
    pthread_rwlock_rdlock(&p->lock);
    const generation *all[] = {&p->current, &p->pending, &p->previous};
    for (size_t i = 0; !*catalogue && i < sizeof all / sizeof all[0]; i++) {
        if (all[i]->catalogue && all[i]->number == number)
            *catalogue = model_catalogue_hold(all[i]->catalogue);
    }
    pthread_rwlock_unlock(&p->lock);
    return *catalogue ? NULL
                      : error_make(arena, KT_UNAVAILABLE, NULL, "modules are being changed: try again",
                            "trwa zmiana modułów: spróbuj ponownie");
}

/* methods.c -- module.* for administrators. */
#include "plugin/generation.h"

static void write_needs(json *out, const kt_module *module)
{
    const char *at = module->needs ? module->needs : "";
    json_key(out, "needs");
    json_array(out);
    while (*(at += strspn(at, " ,\t\n"))) {
        size_t length = strcspn(at, " ,\t\n");
        json_str(out, (kt_str){at, length});
        at += length;
    }
    json_array_end(out);
}

static void write_entities(json *out, const kt_module *module)
{
    json_key(out, "entities");
    json_array(out);
    for (size_t i = 0; module->entities && module->entities[i].shape; i++)
        json_text(out, module->entities[i].shape->name);
    json_array_end(out);
}

static const char *kind_of(const plugins *p, const kt_module *module)
{
    for (const loaded *l = p->loaded; l; l = l->next) {
        if (l->module == module)
            return l->kind == MODULE_LUA ? "lua" : "library";
    }
    return "built_in";
}

static void write_enabled(const plugins *p, const kt_module *module, bool polish, json *out)
{
    json_object(out);
    json_member_text(out, "name", module->name);
    json_member_text(out, "label", polish ? module->label.pl : module->label.en);
    json_member_text(out, "version", module->version);
    json_member_bool(out, "enabled", true);
    json_member_text(out, "kind", kind_of(p, module));
    write_needs(out, module);
    json_key(out, "needed_by");
    json_array(out);
    for (size_t i = 0; i < p->active_count; i++) {
        if (module_needs(p->active[i], module->name))
            json_text(out, p->active[i]->name);
    }
    json_array_end(out);
    write_entities(out, module);
    json_object_end(out);
}

static const char *failure_text(const plugins *p, const char *name)
{
    for (const failure *f = p->failures; f; f = f->next) {
        if (strcmp(f->name, name) == 0)
            return f->text ? f->text : "";
    }
    return NULL;
}

/* A module that is not running: its file may be there, the store may remember it, or both. */
static void write_disabled(
    const plugins *p, const char *name, const remembered *known, bool file, bool polish, json *out)
{
    const char *failed = failure_text(p, name);
    json_object(out);
    json_member_text(out, "name", name);
    if (known) {
        json_member_text(out, "label", polish ? known->label.pl : known->label.en);
        json_member_str(out, "version", known->version);
    }
    json_member_bool(out, "enabled", false);
    json_member_bool(out, "file", file);
    json_member_bool(out, "data", known != NULL);
    if (failed)
        json_member_text(out, "error", failed);
    json_object_end(out);
}

static bool is_active(const plugins *p, const char *name)
{
    for (size_t i = 0; i < p->active_count; i++) {
        if (strcmp(p->active[i]->name, name) == 0)
            return true;
    }
    return false;
}

static const remembered *known_find(const remembered *known, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(known[i].name, name) == 0)
            return &known[i];
    }
    return NULL;
}

static kt_error *list(plugins *p, method_call *call)
{
    store_view *view = NULL;
    remembered *known = NULL;
    size_t known_count = 0, found_count = 0;
    bool first = false, polish = call->lang && strcmp(call->lang, "pl") == 0;
    const char **found = ARENA_ARRAY(call->arena, const char *, MODULES_MAX);
    if (!found)
        return error_no_memory();
    KT_TRY(store_read(p->store, call->arena, &view));
    kt_error *e = remembered_read(call->arena, view, &known, &known_count, &first);
    store_end(view);
    if (e)
        return e;
    KT_TRY(plugins_files(p, call->arena, found, &found_count));
    json_object(call->answer);
    json_key(call->answer, "rows");
    json_array(call->answer);
    for (size_t i = 0; p->built_in && p->built_in[i]; i++)
        write_enabled(p, p->built_in[i], polish, call->answer);
    for (size_t i = 0; i < p->active_count; i++)
        write_enabled(p, p->active[i], polish, call->answer);
    for (size_t i = 0; i < found_count; i++) {
        if (!is_active(p, found[i]))
            write_disabled(p, found[i], known_find(known, known_count, found[i]), true, polish, call->answer);
    }
    for (size_t i = 0; i < known_count; i++) {
        bool listed = is_active(p, known[i].name);
        for (size_t k = 0; !listed && k < found_count; k++)
            listed = strcmp(found[k], known[i].name) == 0;
        if (!listed)
            write_disabled(p, known[i].name, &known[i], false, polish, call->answer);
    }
    json_array_end(call->answer);
    json_object_end(call->answer);
    return NULL;
}

static kt_error *run_list(method_call *call)
{
    plugins *p = call->rooms->plugins;
    pthread_mutex_lock(&p->manage);
    kt_error *e = list(p, call);
    pthread_mutex_unlock(&p->manage);
    return e;
}

typedef kt_error *change_fn(plugins *p, arena *arena, uint64_t user, const char *name);

static kt_error *take_user(kt_tx *tx, void *context)
{
    *(uint64_t *)context = tx->user;
    return NULL;
}

static kt_error *run_change(method_call *call, change_fn *change)
{
    plugins *p = call->rooms->plugins;
    uint64_t user = 0;
    KT_TRY(call->rooms->read(call, take_user, &user));
    kt_str name = variant_get_str(call->params, "name");
    KT_TRY(change(p, call->arena, user, name.ptr));
    pthread_mutex_lock(&p->manage);
    bool enabled = is_active(p, name.ptr);
    json_object(call->answer);
    json_member_str(call->answer, "name", name);
    json_member_bool(call->answer, "enabled", enabled);
    for (size_t i = 0; i < p->active_count; i++) {
        if (strcmp(p->active[i]->name, name.ptr) == 0)
            json_member_text(call->answer, "version", p->active[i]->version);
    }
    json_object_end(call->answer);
    pthread_mutex_unlock(&p->manage);
    return NULL;
}

static kt_error *run_enable(method_call *call)
{
    return run_change(call, plugins_enable);
}
static kt_error *run_disable(method_call *call)
{
    return run_change(call, plugins_disable);
}
static kt_error *run_reload(method_call *call)
{
    return run_change(call, plugins_reload);
}

static const method_param name_param[] = {
    {"name", VARIANT_STRING, true,
        {"name of the module: of its file, without the ending", "nazwa modułu: pliku, bez rozszerzenia"}},
    {0},
};

const method plugin_methods[] = {
    {"module.list", "module:manage", METHOD_PLAIN,
        {"All modules: enabled, disabled and found in the modules directory, with what they need and why one "
         "could not be enabled",
            "Wszystkie moduły: włączone, wyłączone i znalezione w katalogu, z zależnościami i przyczyną, dla "
            "której któregoś nie włączono"},
        NULL, run_list},
    {"module.enable", "module:manage", METHOD_PLAIN,
        {"Enables a module of the modules directory; runs its migrations",
            "Włącza moduł z katalogu modułów; wykonuje jego migracje"},
        name_param, run_enable},
    {"module.disable", "module:manage", METHOD_PLAIN,
        {"Disables a module; its records stay readable and can be exported",
            "Wyłącza moduł; jego rekordy można dalej czytać i eksportować"},
        name_param, run_disable},
    {"module.upgrade", "module:manage", METHOD_PLAIN,
        {"Loads the module's file again, which is newer, and migrates its data in one transaction",
            "Ładuje nowszy plik modułu i przenosi jego dane w jednej transakcji"},
        name_param, run_reload},
    {"module.reload", "module:manage", METHOD_PLAIN,
        {"Loads the module's file again", "Ładuje ponownie plik modułu"}, name_param, run_reload},
    {0},
};

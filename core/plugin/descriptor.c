/* descriptor.c -- what a module's tables say about themselves, before the model looks at their meaning. */
#include <kontor/web.h>

#include "plugin/loader.h"

bool module_name_is_good(kt_str name)
{
    if (!name.len || name.len > MODULE_NAME_MAX || name.ptr[0] < 'a' || name.ptr[0] > 'z')
        return false;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        if ((c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' && c != '-')
            return false;
    }
    return true;
}

/* ---- The walk: touches every row and the ends of every string ---- */

static size_t walk_text(const char *text)
{
    return text ? strlen(text) : 0;
}

static size_t walk_label(kt_text text)
{
    return walk_text(text.en) + walk_text(text.pl);
}

static size_t walk_shape(const kt_shape *shape, unsigned depth)
{
    size_t n = 0;
    if (!shape || !shape->fields || depth > 4)
        return 0;
    n += walk_text(shape->name);
    for (size_t i = 0; shape->fields[i].type && i < MODULE_ROWS_MAX; i++) {
        const kt_field *f = &shape->fields[i];
        n += walk_text(f->name) + walk_label(f->label) + walk_label(f->help) + walk_text(f->target);
        n += walk_text(f->initial) + walk_text(f->group) + walk_text(f->show_if) + walk_text(f->mask);
        n += walk_text(f->required_if) + walk_text(f->readonly_if) + walk_text(f->explain);
        for (size_t k = 0; f->choices && f->choices[k].value && k < MODULE_ROWS_MAX; k++)
            n += walk_text(f->choices[k].name) + walk_label(f->choices[k].label) +
                 walk_text(f->choices[k].semantic);
        n += walk_shape(f->lines, depth + 1);
    }
    return n;
}

static size_t walk_entity(const kt_entity *entity)
{
    size_t n = walk_shape(entity->shape, 0) + walk_label(entity->label) + walk_label(entity->plural);
    n += walk_text(entity->title) + walk_text(entity->number) + walk_text(entity->indexes);
    n += walk_text(entity->icon) + walk_text(entity->views) + walk_text(entity->columns);
    for (size_t i = 0; entity->actions && entity->actions[i].name && i < MODULE_ROWS_MAX; i++) {
        const kt_action *a = &entity->actions[i];
        n += walk_text(a->name) + walk_label(a->label) + walk_text(a->right) + walk_text(a->counter);
        n += walk_shape(a->params, 0) + walk_shape(a->result, 0);
    }
    return n;
}

size_t descriptor_walk(const kt_module *module)
{
    size_t n = walk_text(module->name) + walk_text(module->version) + walk_label(module->label);
    n += walk_text(module->needs);
    for (size_t i = 0; module->entities && module->entities[i].shape && i < MODULE_ROWS_MAX; i++)
        n += walk_entity(&module->entities[i]);
    for (size_t i = 0; module->methods && module->methods[i].name && i < MODULE_ROWS_MAX; i++) {
        const kt_method *m = &module->methods[i];
        n += walk_text(m->name) + walk_label(m->label) + walk_text(m->right);
        n += walk_shape(m->params, 0) + walk_shape(m->result, 0);
    }
    for (size_t i = 0; module->handlers && module->handlers[i].event && i < MODULE_ROWS_MAX; i++)
        n += walk_text(module->handlers[i].event) + walk_shape(module->handlers[i].shape, 0);
    for (size_t i = 0; module->services && module->services[i].name && i < MODULE_ROWS_MAX; i++)
        n += walk_text(module->services[i].name);
    for (size_t i = 0; module->routes && module->routes[i].prefix && i < MODULE_ROWS_MAX; i++)
        n += walk_text(module->routes[i].prefix);
    for (size_t i = 0; module->roles && module->roles[i].name && i < MODULE_ROWS_MAX; i++)
        n += walk_text(module->roles[i].name) + walk_label(module->roles[i].label) +
             walk_text(module->roles[i].grants);
    return n;
}

/* ---- The check ---- */

typedef struct {
    arena *arena;
    const char *file, *module;
    kt_error *all;
} checking;

KT_PRINTF(3, 5)
KT_PRINTF(4, 5) static void wrong(checking *c, const char *what, const char *en, const char *pl, ...)
{
    va_list arguments;
    kt_str path = arena_format(c->arena, "%s: %s", c->file, what);
    va_start(arguments, pl);
    kt_also(&c->all, error_vmake(c->arena, KT_VALIDATION, path.ptr ? path.ptr : c->file, en, pl, arguments));
    va_end(arguments);
}

static void check_label(checking *c, const char *what, kt_text label)
{
    if (!label.en || !label.pl || !label.en[0] || !label.pl[0])
        wrong(c, what, "the label is missing in English or Polish", "brak nazwy po angielsku albo po polsku");
}

/* ABI 1 is one layout: its structs will grow only at their ends, which sizes then tell. */
static bool check_abi(checking *c, const kt_abi *abi)
{
    static const kt_abi ours = KT_ABI;
    static const char *const names[] = {
        "kt_module", "kt_entity", "kt_action", "kt_method", "kt_field", "kt_record"};
    if (abi->version != ours.version) {
        wrong(c, "abi", "it was built for ABI %u, this server has ABI %u",
            "zbudowano go dla ABI %u, a serwer ma ABI %u", abi->version, ours.version);
        return false;
    }
    bool same = true;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (abi->size[i] == ours.size[i])
            continue;
        wrong(c, "abi", "%s has %u bytes in the module and %u here: build it against this server's kontor.h",
            "%s ma %u bajtów w module, a %u tutaj: zbuduj go z kontor.h tego serwera", names[i],
            (unsigned)abi->size[i], (unsigned)ours.size[i]);
        same = false;
    }
    return same;
}

/* Does the row say nothing but its shape? */
static bool is_bare(const kt_entity *e)
{
    bool texts = e->label.en || e->plural.en || e->title || e->number || e->indexes || e->icon || e->views ||
                 e->columns;
    return !texts && !e->actions && !e->compute && !e->check && !e->shared && !e->log_reads;
}

static void check_entity(checking *c, const kt_entity *entity)
{
    const char *name = entity->shape->name;
    size_t prefix = strlen(c->module);
    bool own = name && strncmp(name, c->module, prefix) == 0 && name[prefix] == '.';
    if (name && !own && strchr(name, '.') && is_bare(entity))
        return; /* it extends another module's entity: its fields are the model's to judge */
    if (!own) {
        wrong(c, name ? name : "entity", "the entity's name must begin with \"%s.\"",
            "nazwa encji musi zaczynać się od „%s.”", c->module);
        return;
    }
    check_label(c, name, entity->label);
    for (size_t i = 0; entity->actions && entity->actions[i].name; i++) {
        const kt_action *a = &entity->actions[i];
        const char *at = arena_format(c->arena, "%s.%s", name, a->name).ptr;
        if (!a->right || !a->right[0])
            wrong(c, at ? at : name, "the action names no right", "akcja nie podaje uprawnienia");
        if (!a->run && !a->to && !a->rehearses)
            wrong(c, at ? at : name, "the action has neither a function nor a state to go to",
                "akcja nie ma ani funkcji, ani stanu docelowego");
        check_label(c, at ? at : name, a->label);
    }
}

static void check_method(checking *c, const kt_module *module, size_t i)
{
    const kt_method *m = &module->methods[i];
    if (!m->right || !m->right[0])
        wrong(c, m->name, "the method names no right", "metoda nie podaje uprawnienia");
    if (!m->run)
        wrong(c, m->name, "the method has no function", "metoda nie ma funkcji");
    check_label(c, m->name, m->label);
    for (size_t k = 0; k < i; k++) {
        if (strcmp(module->methods[k].name, m->name) == 0)
            wrong(c, m->name, "the method is declared twice", "metodę zadeklarowano dwa razy");
    }
    static const char *const verbs[] = {
        "create", "get", "list", "count", "aggregate", "update", "upsert", "delete", "history"};
    const char *dot = strrchr(m->name, '.');
    for (size_t k = 0; dot && module->entities && module->entities[k].shape; k++) {
        const char *entity = module->entities[k].shape->name;
        const char *at = arena_format(c->arena, "%s.%.*s", c->module, (int)(dot - m->name), m->name).ptr;
        if (!entity || !at || strcmp(entity, at) != 0)
            continue;
        for (size_t v = 0; v < sizeof verbs / sizeof verbs[0]; v++) {
            if (strcmp(dot + 1, verbs[v]) == 0)
                wrong(c, m->name, "every entity has the method \"%s\" already",
                    "każda encja ma już metodę „%s”", verbs[v]);
        }
        const kt_action *actions = module->entities[k].actions;
        for (size_t a = 0; actions && actions[a].name; a++) {
            if (strcmp(dot + 1, actions[a].name) == 0)
                wrong(c, m->name, "the entity has an action of this name", "encja ma akcję o tej nazwie");
        }
    }
}

static void check_route(checking *c, const kt_route *r)
{
    size_t n = strlen(r->prefix);
    static const char *const taken[] = {"/files/", "/rpc/", "/events/", "/health/", "/metrics/"};
    if (n < 3 || r->prefix[0] != '/' || r->prefix[n - 1] != '/')
        wrong(c, r->prefix, "a route begins and ends with \"/\" and has a name between",
            "trasa zaczyna się i kończy na „/”, a pomiędzy ma nazwę");
    for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++)
        if (strcmp(r->prefix, taken[i]) == 0)
            wrong(c, r->prefix, "the route is the server's own", "trasa należy do serwera");
    if (!r->read || !r->run || !r->refuse)
        wrong(c, r->prefix, "the route lacks a function", "trasie brakuje funkcji");
}

kt_error *descriptor_check(arena *arena, const char *file, const char *name, const kt_module *module)
{
    checking c = {arena, file, name, NULL};
    if (!check_abi(&c, &module->abi))
        return c.all;
    if (!module->name || strcmp(module->name, name) != 0) {
        wrong(&c, "name", "the module calls itself \"%s\", its file \"%s\"",
            "moduł nazywa się „%s”, a jego plik „%s”", module->name ? module->name : "", name);
        return c.all;
    }
    if (!module->version || !module->version[0])
        wrong(&c, "version", "is missing", "brak");
    check_label(&c, "label", module->label);
    for (size_t i = 0; module->entities && module->entities[i].shape; i++)
        check_entity(&c, &module->entities[i]);
    for (size_t i = 0; module->methods && module->methods[i].name; i++)
        check_method(&c, module, i);
    for (size_t i = 0; module->handlers && module->handlers[i].event; i++) {
        if (!module->handlers[i].run)
            wrong(&c, module->handlers[i].event, "the handler has no function", "obsługa nie ma funkcji");
    }
    for (size_t i = 0; module->services && module->services[i].name; i++) {
        if (!module->services[i].table || !module->services[i].version)
            wrong(&c, module->services[i].name, "the service has no table or no version",
                "usługa nie ma tabeli albo wersji");
    }
    for (size_t i = 0; module->routes && module->routes[i].prefix; i++)
        check_route(&c, &module->routes[i]);
    for (size_t i = 0; module->roles && module->roles[i].name; i++) {
        if (!module->roles[i].grants)
            wrong(&c, module->roles[i].name, "the role grants nothing", "rola niczego nie nadaje");
        check_label(&c, module->roles[i].name, module->roles[i].label);
    }
    return c.all;
}

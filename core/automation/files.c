/* files.c -- rules that come as files: NAME.lua in the rules' folder is the text of the rule NAME. Its record
 * keeps state and history; a changed file is a new version. A rule whose file is gone stays as it is. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>

#include "automation/runner.h"
#include "kit/log.h"
#include "kit/str.h"

enum { NAME_MAX_BYTES = 80 };

typedef struct {
    kt_str name, text, path;
    bool changed;
} file_job;

static kt_error *find_rule(kt_tx *tx, kt_str name, kt_id *id)
{
    const model_entity *entity = model_entity_find(tx->catalogue, KT_STR("automation.rule"));
    variant v[5] = {{.kind = VARIANT_ARRAY, .as.array = {&v[1], 1}},
        {.kind = VARIANT_ARRAY, .as.array = {&v[2], 3}},
        {.kind = VARIANT_STRING, .as.string = KT_STR("name")},
        {.kind = VARIANT_STRING, .as.string = KT_STR("=")}, {.kind = VARIANT_STRING, .as.string = name}};
    query_filter *filter = NULL;
    query_rows *rows = NULL;
    model_record record = {0};
    KT_TRY(query_filter_read(tx, entity, v, &filter));
    const query_request query = {.entity = entity, .filter = filter};
    KT_TRY(query_open(tx, &query, &rows));
    *id = (kt_id){query_next(rows, &record) ? (uint64_t)record.values[MODEL_ID].as.i : 0};
    return query_end(rows);
}

static kt_error *store_file(kt_tx *tx, void *context)
{
    file_job *f = context;
    kt_id id;
    f->changed = false;
    KT_TRY(find_rule(tx, f->name, &id));
    struct rule_row row = {KT_OF(rule_row)};
    if (id.v)
        KT_TRY(kt_read(tx, id, &row.rec));
    if (id.v && str_eq(row.text, f->text))
        return NULL;
    f->changed = true;
    row.name = f->name;
    row.text = f->text;
    row.source = f->path;
    return id.v ? kt_update(tx, &row.rec) : kt_create(tx, &row.rec);
}

static kt_error *read_text(arena *arena, const char *path, kt_str *text)
{
    FILE *file = fopen(path, "re");
    char *bytes = arena_alloc(arena, RULE_TEXT_MAX + 1);
    if (!file)
        return error_make(arena, KT_VALIDATION, path, "%s", "%s", strerrordesc_np(errno));
    size_t n = bytes ? fread(bytes, 1, RULE_TEXT_MAX + 1, file) : 0;
    bool failed = ferror(file) != 0;
    fclose(file);
    if (!bytes)
        return error_no_memory();
    if (failed || n > RULE_TEXT_MAX)
        return error_make(arena, KT_VALIDATION, path, "cannot be read, or is larger than %zu bytes",
            "nie daje się przeczytać albo jest większy niż %zu bajtów", RULE_TEXT_MAX);
    *text = (kt_str){bytes, n};
    return NULL;
}

static kt_error *load_file(automation *a, arena *arena, const char *name, bool *changed)
{
    size_t stem = strlen(name) - 4;
    const errand e = rule_errand(a, arena);
    file_job f = {0};
    f.path = arena_format(arena, "%s/%s", a->options.directory, name);
    f.name = arena_str(arena, (kt_str){name, stem});
    if (!f.path.ptr || !f.name.ptr)
        return error_no_memory();
    KT_TRY(read_text(arena, f.path.ptr, &f.text));
    f.path = arena_str(arena, str_of(name));
    KT_TRY(errand_write(&e, store_file, &f));
    *changed = f.changed;
    return NULL;
}

static bool is_rule_file(const char *name)
{
    size_t n = strlen(name);
    return n > 4 && n <= NAME_MAX_BYTES && name[0] != '.' && strcmp(name + n - 4, ".lua") == 0;
}

/* ---- Rules that modules brought before anybody watched: what their texts declare is written down now ---- */

enum { BROUGHT_MAX = 500 };

static kt_error *find_brought(kt_tx *tx, kt_id *ids, size_t *count)
{
    struct rule_row row = {KT_OF(rule_row)};
    kt_cursor *cursor;
    *count = 0;
    KT_TRY(kt_open(tx,
        &(kt_query){.of = &rule_row_shape,
            .sort = "id",
            .filter = KT_STR("[[\"source\",\"=\",\"module\"],[\"moment\",\"is_null\",true]]")},
        &cursor));
    while (*count < BROUGHT_MAX && kt_next(cursor, &row.rec))
        ids[(*count)++] = row.rec.id;
    return kt_close(cursor);
}

static kt_error *declare_brought(kt_tx *tx, void *context)
{
    kt_id ids[BROUGHT_MAX];
    size_t count;
    KT_TRY(find_brought(tx, ids, &count));
    for (size_t i = 0; i < count; i++) {
        kt_error *error = rule_store_compiled(context, tx, ids[i]);
        if (error && error->first->kind != KT_VALIDATION) /* one that does not fit rests */
            return error;
    }
    return NULL;
}

static kt_error *declare_all(automation *a, arena *arena)
{
    const errand e = rule_errand(a, arena);
    return errand_write(&e, declare_brought, a);
}

kt_error *automation_load_files(automation *a, arena *arena, unsigned *changed)
{
    kt_error *all = declare_all(a, arena);
    *changed = 0;
    DIR *folder = a->options.directory ? opendir(a->options.directory) : NULL;
    if (a->options.directory && !folder)
        return error_make(arena, KT_VALIDATION, a->options.directory, "%s", "%s", strerrordesc_np(errno));
    for (struct dirent *entry = folder ? readdir(folder) : NULL; entry; entry = readdir(folder)) {
        bool is_new = false;
        if (!is_rule_file(entry->d_name))
            continue;
        kt_error *error = load_file(a, arena, entry->d_name, &is_new);
        const char *under = error ? arena_str(arena, str_of(entry->d_name)).ptr : NULL;
        if (error)
            log_line(KT_LOG_WARN, "automation", "rule_file_refused file=%s reason=\"%s\"", entry->d_name,
                error_text(error));
        kt_also(&all, error && under ? error_under(error, under) : error);
        *changed += is_new;
    }
    if (folder)
        closedir(folder);
    return all;
}

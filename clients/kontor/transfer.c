/* transfer.c -- import and export. The work is a job of the server: the tool brings the file, shows how far
 * the job is and what it found wrong, and fetches the result. Interrupted, the job goes on without it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "output.h"
#include "tool.h"

enum { PAGE = 500, TEXT_MAX = 700000, PROBLEMS_SHOWN = 50 };

static const char *member(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

static json_int_t number(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

static bool has_files(const tool *t)
{
    return strncmp(t->url, "http", 4) == 0;
}

/* ---- Jobs ---- */

static bool is_over(const json_t *job)
{
    const char *state = member(job, "state");
    return strcmp(state, "queued") != 0 && strcmp(state, "running") != 0;
}

/* Waits until a job is over. Takes the job over; returns it as it ended, NULL: the reason is printed */
static json_t *follow(tool *t, json_t *job, int *code)
{
    long pause_ms = 20;
    while (job && !is_over(job)) {
        const struct timespec pause = {.tv_sec = pause_ms / 1000, .tv_nsec = pause_ms % 1000 * 1000000};
        json_t *id = json_incref(json_object_get(job, "id"));
        nanosleep(&pause, NULL);
        pause_ms = pause_ms < 500 ? pause_ms * 3 / 2 : 500;
        json_decref(job);
        job = tool_call(t, "job.get", json_pack("{s:o}", "id", id), &tool_reading, code);
        if (job)
            tool_progress(t, member(job, "title"), (long)number(job, "done"), (long)number(job, "total"));
    }
    return job;
}

/* All problems of a job, an array. */
static json_t *problems_of(tool *t, json_t *job)
{
    json_t *all = json_array(), *answer, *one;
    json_int_t page = 0;
    int code;
    do {
        size_t i;
        answer = tool_call(t, "job.problems",
            json_pack("{s:O, s:I}", "id", json_object_get(job, "id"), "page", page), &tool_reading, &code);
        json_array_foreach(json_object_get(answer, "problems"), i, one) json_array_append(all, one);
        page = number(answer, "next");
        json_decref(answer);
    } while (page);
    return all;
}

/* The first problems as a table on standard error; all of them as CSV or JSON on standard output, if asked.
 */
static void show_problems(const tool *t, json_t *problems)
{
    size_t count = json_array_size(problems),
           shown = t->all || count < PROBLEMS_SHOWN ? count : PROBLEMS_SHOWN;
    json_t *columns = json_pack("[s, s, s, s, s]", "row", "column", "path", "message", "hint"),
           *first = json_array();
    if (t->format == FORMAT_JSON) {
        json_dumpf(problems, stdout, JSON_INDENT(2));
        fputc('\n', stdout);
    } else if (t->format == FORMAT_CSV) {
        output_csv(stdout, problems, columns, true);
    } else if (count) {
        for (size_t i = 0; i < shown; i++)
            json_array_append(first, json_array_get(problems, i));
        json_array_remove(columns, 4);
        output_table(stderr, first, columns);
        if (shown < count)
            fprintf(stderr, "and %zu more: --all shows them, --csv writes them as a file\n", count - shown);
    }
    json_decref(first);
    json_decref(columns);
}

/* ---- Import ---- */

static char *read_text(const char *path, size_t *len)
{
    FILE *in = fopen(path, "rb");
    char *text = in ? malloc(TEXT_MAX + 1) : NULL;
    *len = text ? fread(text, 1, TEXT_MAX + 1, in) : 0;
    if (!text)
        tool_fail(EXIT_FILE, "cannot read %s: %s", path, strerror(errno));
    if (in)
        fclose(in);
    return text;
}

/* {"file": id}, the file being uploaded; {"text": ..} where only messages go. NULL: the reason is printed */
static json_t *bring(tool *t, const char *path, const char *key, int *code)
{
    json_t *answer = NULL, *source = NULL;
    char own[300]; /* the file's; the key itself is the import's */
    snprintf(own, sizeof own, "file %s", key ? key : "");
    *code = EXIT_FILE;
    if (has_files(t)) {
        const char *slash = strrchr(path, '/');
        struct stat about;
        FILE *in = fopen(path, "rb");
        if (!in) {
            *code = tool_fail(EXIT_FILE, "cannot read %s: %s", path, strerror(errno));
            return NULL;
        }
        if (fstat(fileno(in), &about) != 0 || !S_ISREG(about.st_mode)) {
            *code = tool_fail(
                EXIT_FILE, "%s is no ordinary file: only one whose size is known can be brought", path);
            fclose(in);
            return NULL;
        }
        kontor_outcome outcome = kontor_client_upload(
            t->client, in, slash ? slash + 1 : path, key ? own : NULL, &answer);
        fclose(in);
        answer = tool_outcome(t, outcome, answer, code);
        if (answer)
            source = json_pack("{s:O}", "file", json_object_get(answer, "id"));
        json_decref(answer);
        return source;
    }
    size_t len;
    char *text = read_text(path, &len);
    if (text && len > TEXT_MAX)
        *code = tool_fail(EXIT_FILE, "%s is too large for one message: give an http:// address", path);
    else if (text && !(source = json_pack("{s:s%}", "text", text, len)))
        *code = tool_fail(EXIT_FILE, "%s is not in UTF-8: give an http:// address", path);
    free(text);
    return source;
}

/* A file of JSON, or the name of a saved mapping. NULL in *mapping: none. returns false: printed */
static bool read_mapping(const tool *t, json_t **mapping)
{
    json_error_t where;
    *mapping = NULL;
    if (!t->mapping)
        return true;
    FILE *in = fopen(t->mapping, "rb");
    *mapping = in ? json_loadf(in, JSON_REJECT_DUPLICATES, &where) : json_string(t->mapping);
    if (in)
        fclose(in);
    if (!*mapping)
        tool_fail(EXIT_FILE, "%s, line %d: %s", t->mapping, where.line, where.text);
    return *mapping != NULL;
}

/* What the options add to a mapping that is not a saved one. */
static json_t *with_options(const tool *t, json_t *mapping)
{
    bool any = t->keep || t->separator;
    if (!mapping && any)
        mapping = json_object();
    if (json_is_object(mapping) && t->keep)
        json_object_set_new(mapping, "keep", json_true());
    if (json_is_object(mapping) && t->separator)
        json_object_set_new(mapping, "separator", json_stringn(&t->separator, 1));
    return mapping;
}

static int explain(tool *t, json_t *params)
{
    int code;
    json_t *answer = tool_call(t, "import.inspect", params, &tool_reading, &code);
    if (!answer)
        return code;
    if (t->format == FORMAT_JSON) {
        json_dumpf(answer, stdout, JSON_INDENT(2));
        fputc('\n', stdout);
    } else {
        json_t *columns = json_pack("[s, s, s, s, s]", "title", "field", "type", "filled", "samples");
        printf("%s%s%s%s%s, decimal sign %s, dates %s\n", member(answer, "format"),
            *member(answer, "encoding") ? ", " : "", member(answer, "encoding"),
            *member(answer, "separator") ? ", separator " : "", member(answer, "separator"),
            member(answer, "decimal"), member(answer, "dates"));
        output_table(stdout, json_object_get(answer, "columns"), columns);
        json_decref(columns);
    }
    json_decref(answer);
    return code;
}

/* Columns that belong nowhere become custom fields. */
static int define_unknown(tool *t, json_t *params)
{
    int code;
    size_t i;
    json_t *answer = tool_call(t, "import.inspect", params, &tool_reading, &code), *column;
    const char *entity = member(json_object_get(answer, "mapping"), "entity");
    json_array_foreach(json_object_get(answer, "columns"), i, column)
    {
        json_t *custom = json_object_get(column, "custom");
        if (!custom || code != EXIT_DONE)
            continue;
        json_object_set_new(custom, "entity", json_string(entity));
        json_t *made = tool_call(t, "field.define", json_incref(custom), NULL, &code);
        if (made && !t->quiet)
            fprintf(stderr, "New field %s.%s (%s) for \"%s\"\n", entity, member(custom, "name"),
                member(custom, "type"), member(column, "title"));
        json_decref(made);
    }
    json_decref(answer);
    return code;
}

static int report_import(tool *t, json_t *job)
{
    const json_t *result = json_object_get(job, "result");
    bool failed = strcmp(member(job, "state"), "done") != 0;
    json_int_t count = number(job, "problems");
    if (count || t->format != FORMAT_TABLE) {
        json_t *problems = problems_of(t, job);
        show_problems(t, problems);
        json_decref(problems);
    }
    if (failed)
        fprintf(stderr, "The import %s after %lld rows%s%s\n", member(job, "state"),
            (long long)number(job, "done"), *member(job, "message") ? ": " : "", member(job, "message"));
    else
        fprintf(stderr,
            "%s%lld created, %lld updated, %lld unchanged, %lld skipped, %lld refused of %lld rows\n",
            json_is_true(json_object_get(result, "dry_run")) ? "Dry run: " : "",
            (long long)number(result, "created"), (long long)number(result, "updated"),
            (long long)number(result, "unchanged"), (long long)number(result, "skipped"),
            (long long)number(result, "failed"), (long long)number(result, "rows"));
    if (!t->dry_run && number(job, "done"))
        fprintf(stderr, "Undo: kontor undo %lld\n", (long long)number(job, "id"));
    return failed || count ? EXIT_REFUSED : EXIT_DONE;
}

int transfer_import(tool *t, int count, char **arguments)
{
    (void)count;
    int code;
    json_t *mapping, *params, *job;
    const char *key = t->key;
    t->key = NULL; /* of the import alone */
    if (!t->entity && !t->mapping)
        return tool_fail(
            EXIT_USAGE, "--entity says what the rows are: kontor import FILE --entity base.party");
    if (!read_mapping(t, &mapping))
        return EXIT_FILE;
    mapping = with_options(t, mapping);
    params = bring(t, arguments[0], key, &code);
    if (!params) {
        json_decref(mapping);
        return code;
    }
    if (t->entity)
        json_object_set_new(params, "entity", json_string(t->entity));
    if (mapping)
        json_object_set_new(params, "mapping", mapping);
    if (t->explain)
        return explain(t, params);
    if (t->custom && (code = define_unknown(t, json_deep_copy(params))) != EXIT_DONE) {
        json_decref(params);
        return code;
    }
    json_object_set_new(params, "rehearse", json_boolean(t->dry_run));
    if (t->skip)
        json_object_set_new(params, "problems", json_string("skip"));
    const kontor_call_options plain = {.key = key};
    bool dry = t->dry_run;
    t->dry_run = false; /* the job rehearses, not the call */
    job = follow(t, tool_call(t, "import.start", params, &plain, &code), &code);
    t->dry_run = dry;
    if (job)
        code = report_import(t, job);
    json_decref(job);
    return code;
}

int transfer_undo(tool *t, int count, char **arguments)
{
    (void)count;
    char *end;
    int code;
    long long id = strtoll(arguments[0], &end, 10);
    if (*end || id < 1)
        return tool_fail(EXIT_USAGE, "%s is no number of a job", arguments[0]);
    json_t *job = follow(
        t, tool_call(t, "import.undo", json_pack("{s:I}", "job", (json_int_t)id), NULL, &code), &code);
    if (!job)
        return code;
    if (number(job, "problems")) {
        json_t *problems = problems_of(t, job);
        show_problems(t, problems);
        json_decref(problems);
    }
    fprintf(stderr, "%lld changes undone, %lld left alone\n", (long long)number(job, "done"),
        (long long)number(job, "problems"));
    code = strcmp(member(job, "state"), "done") == 0 && !number(job, "problems") ? EXIT_DONE : EXIT_REFUSED;
    json_decref(job);
    return code;
}

/* ---- Export ---- */

static json_t *field_list(const char *text)
{
    json_t *list = json_array();
    for (const char *p = text; *p;) {
        size_t n = strcspn(p, ",");
        json_array_append_new(list, json_stringn(p, n));
        p += n + (p[n] == ',');
    }
    return list;
}

static const char *format_of(const tool *t)
{
    const char *dot = t->file ? strrchr(t->file, '.') : NULL;
    if (dot && (strcmp(dot, ".xlsx") == 0 || strcmp(dot, ".csv") == 0 || strcmp(dot, ".jsonl") == 0))
        return dot + 1;
    return t->format == FORMAT_JSON ? "jsonl" : "csv";
}

static int fetch(tool *t, json_t *job)
{
    const json_t *result = json_object_get(job, "result");
    FILE *out = t->file ? fopen(t->file, "wb") : stdout;
    json_t *answer = NULL;
    int code = EXIT_DONE;
    if (!out)
        return tool_fail(EXIT_FILE, "cannot write %s: %s", t->file, strerror(errno));
    kontor_outcome outcome = kontor_client_download(t->client, number(result, "file"), out, &answer);
    answer = tool_outcome(t, outcome, answer, &code);
    bool failed = fflush(out) != 0;
    if (t->file)
        failed = fclose(out) != 0 || failed;
    if (answer && failed)
        code = tool_fail(EXIT_FILE, "the output cannot be written: %s", strerror(errno));
    json_decref(answer);
    if (code == EXIT_DONE && !t->quiet)
        fprintf(stderr, "%lld records, %lld bytes\n", (long long)number(result, "rows"),
            (long long)number(result, "size"));
    return code;
}

/* Over nng there are no files: pages, as they come. */
static int export_pages(tool *t, json_t *params)
{
    int code = EXIT_DONE;
    bool more = true;
    for (long done = 0; more && code == EXIT_DONE;) {
        json_t *answer = tool_call(t, "export.read", json_deep_copy(params), &tool_reading, &code), *row;
        const json_t *rows = json_object_get(answer, "rows"), *next = json_object_get(answer, "next");
        size_t i;
        if (t->format != FORMAT_JSON)
            output_csv(stdout, rows, json_object_get(params, "fields"), done == 0);
        else
            json_array_foreach(rows, i, row)
            {
                json_dumpf(row, stdout, JSON_COMPACT);
                fputc('\n', stdout);
            }
        done += (long)json_array_size(rows);
        more = json_is_string(next);
        if (more)
            json_object_set(params, "cursor", json_object_get(answer, "next"));
        json_decref(answer);
    }
    json_decref(params);
    return code;
}

int transfer_export(tool *t, int count, char **arguments)
{
    int code = EXIT_DONE;
    json_t *filter = records_filter(t, arguments[0], count - 1, arguments + 1);
    if (!filter)
        return EXIT_USAGE;
    json_t *params = json_pack("{s:s, s:o}", "entity", arguments[0], "filter", filter);
    if (t->fields)
        json_object_set_new(params, "fields", field_list(t->fields));
    if (t->sort)
        json_object_set_new(params, "sort", json_string(t->sort));
    if (!has_files(t))
        return export_pages(t, params);
    json_t *mapping;
    if (!read_mapping(t, &mapping)) {
        json_decref(params);
        return EXIT_FILE;
    }
    if (mapping) /* it names the format, too */
        json_object_set_new(params, "mapping", mapping);
    else
        json_object_set_new(params, "format", json_string(format_of(t)));
    json_object_set_new(params, "labels", json_boolean(t->labels));
    if (t->separator)
        json_object_set_new(params, "separator", json_stringn(&t->separator, 1));
    json_t *job = follow(t, tool_call(t, "export.start", params, NULL, &code), &code);
    if (!job)
        return code;
    code = strcmp(member(job, "state"), "done") == 0
               ? fetch(t, job)
               : tool_fail(EXIT_REFUSED, "the export %s: %s", member(job, "state"), member(job, "message"));
    json_decref(job);
    return code;
}

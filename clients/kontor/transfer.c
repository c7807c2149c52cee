/* transfer.c -- import and export: chunks, progress, going on after a break.
 *
 * An import sends chunks of rows, each one transaction with a key made of the file's content and the chunk's
 * place: a second run of the same file takes up where the first one broke off, for chunks that were done
 * answer at once. */
#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "csv.h"
#include "output.h"
#include "tool.h"

enum { CHUNK = 1000, PAGE = 500, FILE_MAX = 1 << 30, PROBLEMS_SHOWN = 100 };

static char *read_file(const char *path, size_t *len)
{
    FILE *in = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
    char *text = NULL;
    size_t size = 0, n = 1;
    *len = 0;
    while (in && n && *len < FILE_MAX) {
        if (*len == size) {
            size = size ? 2 * size : 1 << 16;
            char *grown = realloc(text, size);
            if (!grown)
                break;
            text = grown;
        }
        n = fread(text + *len, 1, size - *len, in);
        *len += n;
    }
    if (!in || ferror(in) || n) {
        tool_fail(
            EXIT_FILE, "cannot read %s: %s", path, in && !ferror(in) ? "it is too large" : strerror(errno));
        free(text);
        text = NULL;
    }
    if (in && in != stdin)
        fclose(in);
    return text;
}

/* ---- Rows ---- */

/* Puts a cell under its column's name; "contacts.1.value" is the member value of the first line of contacts.
 */
static void set_cell(json_t *row, const char *name, const char *cell)
{
    char part[128];
    const char *dot = strchr(name, '.');
    char *end = NULL;
    long line = dot ? strtol(dot + 1, &end, 10) : 0;
    if (!dot || line < 1 || *end != '.' || (size_t)(dot - name) >= sizeof part) {
        json_object_set_new(row, name, json_string(cell));
        return;
    }
    snprintf(part, sizeof part, "%.*s", (int)(dot - name), name);
    json_t *lines = json_object_get(row, part);
    if (!lines)
        json_object_set_new(row, part, lines = json_array());
    while ((long)json_array_size(lines) < line)
        json_array_append_new(lines, json_object());
    json_object_set_new(json_array_get(lines, (size_t)line - 1), end + 1, json_string(cell));
}

/* Cells of whole numbers, references, booleans and lists as what they are. */
static void type_row(json_t *row, const json_t *types)
{
    void *safe;
    const char *name;
    json_t *value;
    json_object_foreach_safe(row, safe, name, value)
    {
        const char *type = json_string_value(json_object_get(types, name)), *text = json_string_value(value);
        if (!type || !text)
            continue;
        if (strcmp(type, "bool") == 0) {
            bool is_true = strcmp(text, "true") == 0 || strcmp(text, "1") == 0 || strcmp(text, "tak") == 0;
            json_object_set_new(row, name, json_boolean(is_true));
        } else if (strcmp(type, "int") == 0 || strcmp(type, "ref") == 0 || strcmp(type, "reference") == 0) {
            char *end;
            long long n = strtoll(text, &end, 10);
            json_object_set_new(row, name, *end ? json_pack("{s:s}", "external_id", text) : json_integer(n));
        } else if (strcmp(type, "lines") == 0 || strcmp(type, "refs") == 0 || strcmp(type, "json") == 0) {
            json_t *list = json_loads(text, JSON_DECODE_ANY, NULL);
            if (list)
                json_object_set_new(row, name, list);
        }
    }
}

static json_t *field_types(tool *t, const char *entity, int *code)
{
    json_t *types = json_object(), *field;
    size_t i;
    json_t *answer = tool_call(
        t, "system.describe", json_pack("{s:[s]}", "entities", entity), &tool_reading, code);
    json_array_foreach(json_object_get(json_array_get(json_object_get(answer, "entities"), 0), "fields"), i,
        field) json_object_set(types, json_string_value(json_object_get(field, "name")),
        json_object_get(field, "type"));
    json_decref(answer);
    return types;
}

static json_t *rows_of_csv(tool *t, const char *text, size_t len, const json_t *types)
{
    csv_reader r;
    json_t *rows = json_array(), *names = json_array();
    csv_open(&r, text, len, t->separator);
    if (csv_next(&r))
        for (size_t i = 0; i < r.count; i++)
            json_array_append_new(names, json_string(csv_cell(&r, i)));
    while (csv_next(&r)) {
        json_t *row = json_object(), *name;
        size_t i;
        if (r.count > json_array_size(names)) {
            r.trouble = "there are more cells than titles";
            json_decref(row);
            break;
        }
        json_array_foreach(names, i, name) if (*csv_cell(&r, i))
            set_cell(row, json_string_value(name), csv_cell(&r, i));
        type_row(row, types);
        json_array_append_new(rows, row);
    }
    if (r.trouble) {
        tool_fail(EXIT_FILE, "row %ld: %s", r.row, r.trouble);
        json_decref(rows);
        rows = NULL;
    }
    json_decref(names);
    csv_close(&r);
    return rows;
}

static json_t *rows_of_lines(const char *text, size_t len)
{
    json_t *rows = json_array();
    json_error_t where;
    long number = 1;
    for (const char *end = text + len; text < end; number++) {
        size_t n = (size_t)(end - text);
        const char *stop = memchr(text, '\n', n);
        n = stop ? (size_t)(stop - text) : n;
        json_t *row = n > 1 ? json_loadb(text, n, JSON_REJECT_DUPLICATES, &where) : json_null();
        if (!row) {
            tool_fail(EXIT_FILE, "row %ld: %s", number, where.text);
            json_decref(rows);
            return NULL;
        }
        if (json_is_object(row))
            json_array_append(rows, row);
        json_decref(row);
        text += n + 1;
    }
    return rows;
}

/* ---- Import ---- */

static void key_of_file(const char *entity, const char *text, size_t len, char out[33])
{
    static const char digits[] = "0123456789abcdef";
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (!context || !EVP_DigestInit_ex(context, EVP_sha256(), NULL) ||
        !EVP_DigestUpdate(context, entity, strlen(entity)) || !EVP_DigestUpdate(context, text, len) ||
        !EVP_DigestFinal_ex(context, hash, &n) || n < 16)
        abort();
    EVP_MD_CTX_free(context);
    for (size_t i = 0; i < 16; i++) {
        out[2 * i] = digits[hash[i] >> 4];
        out[2 * i + 1] = digits[hash[i] & 15];
    }
    out[32] = 0;
}

static json_t *chunk_of(const json_t *rows, size_t at, size_t count)
{
    json_t *chunk = json_array();
    for (size_t i = at; i < at + count && i < json_array_size(rows); i++)
        json_array_append(chunk, json_array_get(rows, i));
    return chunk;
}

/* A row number in a chunk's problems is the chunk's: says where in the file the chunk begins. */
static int send_chunks(tool *t, const char *entity, const json_t *rows, const char *file_key)
{
    size_t total = json_array_size(rows), chunk = t->chunk ? (size_t)t->chunk : CHUNK;
    json_int_t created = 0, updated = 0;
    int code = EXIT_DONE, worst = EXIT_DONE;
    for (size_t at = 0; at < total; at += chunk) {
        char key[96];
        snprintf(key, sizeof key, "%s-%zu-%zu", file_key, chunk, at);
        json_t *params = json_pack("{s:s, s:s, s:o, s:I}", "entity", entity, "mode",
            t->upsert ? "upsert" : "create", "rows", chunk_of(rows, at, chunk), "first_row",
            (json_int_t)at + 1);
        json_t *answer = tool_call(
            t, "import.run", params, &(kontor_call_options){.key = key, .unit = file_key}, &code);
        if (!answer) {
            worst = code;
            if (!t->dry_run)
                break; /* what came before is done; mended and started again, the import goes on here */
            continue;
        }
        const json_t *result = json_object_get(answer, "result") ? json_object_get(answer, "result") : answer;
        created += json_integer_value(json_object_get(result, "created"));
        updated += json_integer_value(json_object_get(result, "updated"));
        json_decref(answer);
        tool_progress(t, entity, (long)(at + chunk < total ? at + chunk : total), (long)total);
    }
    fprintf(stderr, "%s%lld created, %lld updated of %zu rows.\n", t->dry_run ? "Dry run: " : "",
        (long long)created, (long long)updated, total);
    if (!t->dry_run && created + updated)
        fprintf(stderr, "Undo: kontor journal revert %s\n", file_key);
    return worst;
}

int transfer_import(tool *t, int count, char **arguments)
{
    (void)count;
    size_t len;
    int code;
    char key[33], *text = read_file(arguments[1], &len);
    if (!text)
        return EXIT_FILE;
    size_t name = strlen(arguments[1]);
    bool lines = (name > 6 && strcmp(arguments[1] + name - 6, ".jsonl") == 0) || (len && *text == '{');
    json_t *types = lines ? NULL : field_types(t, arguments[0], &code);
    json_t *rows = lines ? rows_of_lines(text, len) : rows_of_csv(t, text, len, types);
    key_of_file(arguments[0], text, len, key);
    code = rows ? send_chunks(t, arguments[0], rows, t->key ? t->key : key) : EXIT_FILE;
    json_decref(rows);
    json_decref(types);
    free(text);
    return code;
}

/* ---- Export ---- */

/* Columns of an export: what was asked for, else every field that describe shows. */
static json_t *export_columns(tool *t, const char *entity, int *code)
{
    json_t *columns = json_array();
    if (t->fields) {
        for (const char *p = t->fields; *p;) {
            size_t n = strcspn(p, ",");
            json_array_append_new(columns, json_stringn(p, n));
            p += n + (p[n] == ',');
        }
        return columns;
    }
    const char *name;
    json_t *types = field_types(t, entity, code), *type;
    json_object_foreach(types, name, type) json_array_append_new(columns, json_string(name));
    json_decref(types);
    return columns;
}

static void write_rows(const tool *t, const json_t *rows, const json_t *columns, bool first)
{
    size_t i;
    json_t *row;
    if (t->format != FORMAT_JSON) {
        output_csv(stdout, rows, columns, first);
        return;
    }
    json_array_foreach(rows, i, row)
    {
        json_dumpf(row, stdout, JSON_COMPACT);
        fputc('\n', stdout);
    }
}

int transfer_export(tool *t, int count, char **arguments)
{
    int code = EXIT_DONE;
    json_t *filter = records_filter(t, arguments[0], count - 1, arguments + 1), *answer;
    if (!filter)
        return EXIT_USAGE;
    json_t *columns = export_columns(t, arguments[0], &code);
    json_t *params = json_pack(
        "{s:s, s:o, s:O, s:i}", "entity", arguments[0], "filter", filter, "fields", columns, "limit", PAGE);
    long done = 0;
    bool more = code == EXIT_DONE;
    while (more && (answer = tool_call(t, "export.read", json_incref(params), &tool_reading, &code))) {
        const json_t *rows = json_object_get(answer, "rows");
        json_t *next = json_object_get(answer, "next");
        write_rows(t, rows, columns, done == 0);
        done += (long)json_array_size(rows);
        tool_progress(t, arguments[0], done, 0);
        more = json_is_string(next);
        if (more)
            json_object_set(params, "cursor", next);
        json_decref(answer);
    }
    json_decref(params);
    json_decref(columns);
    if (fflush(stdout) != 0)
        return tool_fail(EXIT_FILE, "the output cannot be written: %s", strerror(errno));
    if (!t->quiet)
        fprintf(stderr, "\r%ld records of %s\n", done, arguments[0]);
    return code;
}

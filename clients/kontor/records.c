/* records.c -- the generic verbs, calls, search, the feed. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "arguments.h"
#include "output.h"
#include "tool.h"

enum { PAGE = 500, PAUSE_MS = 500 };

static char *method_of(const char *entity, const char *verb, char out[160])
{
    snprintf(out, 160, "%s.%s", entity, verb);
    return out;
}

static const char *system_type(const char *name)
{
    return strcmp(name, "id") == 0 || strcmp(name, "version") == 0 ? "int" : NULL;
}

static json_t *value_for(tool *t, const char *entity, const argument *a)
{
    const char *type = catalogue_type(t, entity, a->name);
    json_t *value = argument_value(a, type ? type : system_type(a->name));
    if (!value)
        tool_fail(EXIT_USAGE, "%s: %s is no JSON", a->name, a->text);
    return value;
}

json_t *records_filter(tool *t, const char *entity, int count, char **arguments)
{
    json_error_t where;
    json_t *filter = t->filter ? json_loads(t->filter, JSON_REJECT_DUPLICATES, &where) : json_array();
    if (!filter) {
        tool_fail(EXIT_USAGE, "--filter is no JSON: %s at position %d", where.text, where.position);
        return NULL;
    }
    for (int i = 0; i < count; i++) {
        argument a;
        const bool read = argument_read(arguments[i], &a);
        json_t *value = read ? value_for(t, entity, &a) : NULL;
        if (!value || !json_is_array(filter)) {
            if (value)
                tool_fail(EXIT_USAGE, "--filter is no list: beside conditions write it as [[..], ..]");
            else if (!read)
                tool_fail(EXIT_USAGE, "%s is no condition: write FIELD=VALUE, FIELD>=VALUE, FIELD~TEXT",
                    arguments[i]);
            json_decref(value);
            json_decref(filter);
            return NULL;
        }
        const char *op = strcmp(a.op, ":=") == 0 ? (json_is_array(value) ? "in" : "=") : a.op;
        if (strcmp(op, "ilike") == 0 && json_is_string(value) && !strchr(json_string_value(value), '%')) {
            json_t *pattern = json_sprintf("%%%s%%", json_string_value(value));
            json_decref(value);
            value = pattern;
        }
        json_array_append_new(filter, json_pack("[s, s, o]", a.name, op, value));
    }
    return filter;
}

/* "a,b,c" as an array; NULL if text is NULL */
static json_t *names_of(const char *text)
{
    json_t *names = text ? json_array() : NULL;
    while (text && *text) {
        size_t n = strcspn(text, ",");
        if (n)
            json_array_append_new(names, json_stringn(text, n));
        text += n + (text[n] == ',');
    }
    return names;
}

static json_t *query_of(const tool *t, json_t *filter, json_t *columns)
{
    json_t *params = json_pack("{s:o}", "filter", filter);
    if (columns)
        json_object_set(params, "fields", columns);
    if (t->sort)
        json_object_set_new(params, "sort", json_string(t->sort));
    return params;
}

/* Shows the rows of one page. columns NULL: whatever the rows have */
static void show_page(const tool *t, const json_t *answer, const json_t *columns, bool first)
{
    const json_t *rows = json_object_get(answer, "rows"), *row;
    size_t i;
    if (t->format == FORMAT_CSV) {
        output_csv(stdout, rows, columns, first);
    } else if (t->format == FORMAT_JSON) {
        json_array_foreach(rows, i, row)
        {
            json_dumpf(row, stdout, JSON_COMPACT);
            fputc('\n', stdout);
        }
    } else {
        output_table(stdout, rows, columns);
    }
}

int records_list(tool *t, int count, char **arguments)
{
    char method[160];
    int code = EXIT_USAGE;
    json_t *filter = records_filter(t, arguments[0], count - 1, arguments + 1);
    if (!filter)
        return code;
    json_t *columns = names_of(t->fields), *answer;
    if (!columns && t->format == FORMAT_TABLE)
        columns = catalogue_columns(t, arguments[0]);
    json_t *params = query_of(t, filter, columns);
    method_of(arguments[0], "list", method);
    if (t->explain) {
        json_decref(columns);
        json_object_set_new(params, "explain", json_true());
        return tool_show(t, method, params, &tool_reading);
    }
    long left = t->limit ? t->limit : 50;
    bool first = true, more = true;
    while (more) {
        json_object_set_new(params, "limit", json_integer(t->all || left > PAGE ? PAGE : left));
        answer = tool_call(t, method, json_incref(params), &tool_reading, &code);
        if (!answer)
            break;
        json_t *next = json_object_get(answer, "next");
        show_page(t, answer, columns, first);
        left -= (long)json_array_size(json_object_get(answer, "rows"));
        more = json_is_string(next) && (t->all || left > 0);
        if (more)
            json_object_set(params, "cursor", next);
        else if (json_is_string(next) && t->format == FORMAT_TABLE)
            fprintf(stderr, "There are more: --limit N shows N of them, --all every one.\n");
        first = false;
        json_decref(answer);
    }
    json_decref(columns);
    json_decref(params);
    return code;
}

int records_count(tool *t, int count, char **arguments)
{
    char method[160];
    json_t *filter = records_filter(t, arguments[0], count - 1, arguments + 1);
    return filter ? tool_show(t, method_of(arguments[0], "count", method),
                        json_pack("{s:o}", "filter", filter), &tool_reading)
                  : EXIT_USAGE;
}

/* By its id, or by its number. What no id can be is a number, and the server says that there is none. */
static json_t *record_of(const char *text)
{
    char *end;
    errno = 0;
    long long id = strtoll(text, &end, 10);
    return *text && !*end && !errno ? json_pack("{s:I}", "id", (json_int_t)id)
                                    : json_pack("{s:s}", "number", text);
}

int records_get(tool *t, int count, char **arguments)
{
    char method[160];
    (void)count;
    json_t *params = record_of(arguments[1]), *fields = names_of(t->fields);
    if (fields)
        json_object_set_new(params, "fields", fields);
    return tool_show(t, method_of(arguments[0], "get", method), params, &tool_reading);
}

/* FIELD=VALUE arguments as an object; NULL: a mistake, printed. */
static json_t *values_of(tool *t, const char *entity, int count, char **arguments)
{
    json_t *values = json_object();
    for (int i = 0; i < count; i++) {
        argument a;
        bool read = argument_read(arguments[i], &a) && (strcmp(a.op, "=") == 0 || strcmp(a.op, ":=") == 0);
        json_t *value = read ? value_for(t, entity, &a) : NULL;
        if (!value) {
            if (!read)
                tool_fail(EXIT_USAGE, "%s: write FIELD=VALUE, or FIELD:=JSON", arguments[i]);
            json_decref(values);
            return NULL;
        }
        json_object_set_new(values, a.name, value);
    }
    return values;
}

int records_create(tool *t, int count, char **arguments)
{
    char method[160];
    json_t *values = values_of(t, arguments[0], count - 1, arguments + 1);
    return values ? tool_show(t, method_of(arguments[0], "create", method),
                        json_pack("{s:o}", "values", values), NULL)
                  : EXIT_USAGE;
}

int records_update(tool *t, int count, char **arguments)
{
    char method[160];
    json_t *values = values_of(t, arguments[0], count - 2, arguments + 2), *params = record_of(arguments[1]);
    if (!values || !json_object_get(params, "id")) {
        json_decref(values);
        json_decref(params);
        return values ? tool_fail(EXIT_USAGE, "%s is no id", arguments[1]) : EXIT_USAGE;
    }
    json_object_set_new(params, "values", values);
    return tool_show(t, method_of(arguments[0], "update", method), params, NULL);
}

int records_delete(tool *t, int count, char **arguments)
{
    char method[160];
    int code = EXIT_DONE;
    for (int i = 1; i < count && code == EXIT_DONE; i++) {
        json_t *answer = tool_call(
            t, method_of(arguments[0], "delete", method), record_of(arguments[i]), NULL, &code);
        if (answer && t->dry_run)
            tool_print(t, answer);
        else if (!answer && i > 1)
            tool_fail(code, "the %d before %s are deleted", i - 1, arguments[i]);
        json_decref(answer);
    }
    return code;
}

int records_call(tool *t, int count, char **arguments)
{
    json_error_t where;
    json_t *params = json_object();
    for (int i = 1; i < count; i++) {
        argument a;
        json_t *value;
        if (*arguments[i] == '{' || *arguments[i] == '[') {
            value = json_loads(arguments[i], JSON_REJECT_DUPLICATES, &where);
            json_object_update(params, value);
        } else {
            value = argument_read(arguments[i], &a) ? argument_value(&a, "int") : NULL;
            json_object_set(params, a.name, value);
        }
        if (!value) {
            json_decref(params);
            return tool_fail(EXIT_USAGE, "%s: write JSON, NAME=VALUE or NAME:=JSON", arguments[i]);
        }
        json_decref(value);
    }
    return tool_show(t, arguments[0], params, NULL);
}

static int describe_methods(tool *t)
{
    int code;
    json_t *answer = tool_call(t, "system.describe", json_pack("{s:b}", "methods", 1), &tool_reading, &code);
    json_t *methods = json_object_get(answer, "methods"), *columns = json_pack("[s,s]", "name", "summary");
    if (answer && t->format == FORMAT_JSON)
        tool_print(t, answer);
    else if (answer && t->format == FORMAT_CSV)
        output_csv(stdout, methods, columns, true);
    else if (answer)
        output_table(stdout, methods, columns);
    json_decref(columns);
    json_decref(answer);
    return code;
}

int records_describe(tool *t, int count, char **arguments)
{
    int code;
    if (t->methods && count)
        return tool_fail(EXIT_USAGE, "--methods lists those of all entities: give no ENTITY");
    if (t->methods)
        return describe_methods(t);
    if (!count && t->format != FORMAT_CSV)
        return tool_show(t, "system.describe", NULL, &tool_reading);
    json_t *params = count ? json_pack("{s:[s]}", "entities", arguments[0]) : NULL;
    json_t *answer = tool_call(t, "system.describe", params, &tool_reading, &code);
    if (!count && answer)
        output_csv(stdout, json_object_get(answer, "entities"), NULL, true);
    json_t *entity = count ? json_array_get(json_object_get(answer, "entities"), 0) : NULL;
    if (entity && t->format == FORMAT_JSON) {
        tool_print(t, entity);
    } else if (entity && t->format == FORMAT_CSV) {
        output_csv(stdout, json_object_get(entity, "fields"), NULL, true);
    } else if (entity) {
        json_t *columns = json_pack("[s,s,s,s,s,s]", "name", "type", "label", "required", "in_use", "target");
        printf("%s: %s\n\n", arguments[0], json_string_value(json_object_get(entity, "label")));
        output_table(stdout, json_object_get(entity, "fields"), columns);
        json_decref(columns);
        if (json_array_size(json_object_get(entity, "actions"))) {
            columns = json_pack("[s,s,s,s]", "name", "label", "from", "to");
            fputs("\n", stdout);
            output_table(stdout, json_object_get(entity, "actions"), columns);
            json_decref(columns);
        }
    } else if (answer && count) {
        code = tool_fail(EXIT_NOT_FOUND, "no entity %s", arguments[0]);
    }
    json_decref(answer);
    return code;
}

int records_search(tool *t, int count, char **arguments)
{
    (void)count;
    return tool_show(t, "system.search", json_pack("{s:s}", "text", arguments[0]), &tool_reading);
}

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

static void entry_head(const json_t *entry, const char *kind)
{
    printf("%lld  %s  %s  %s  %s\n", (long long)json_integer_value(json_object_get(entry, "seq")),
        text_of(entry, "at"), text_of(entry, "by_name"), text_of(entry, "origin"), kind);
}

static void print_history(const json_t *entries)
{
    const json_t *entry, *change;
    for (size_t i = 0; (entry = json_array_get(entries, i)); i++) {
        const json_t *changes = json_object_get(entry, "changes");
        entry_head(entry, text_of(entry, "kind"));
        for (size_t k = 0; (change = json_array_get(changes, k)); k++)
            output_change(stdout, text_of(change, "label"), json_object_get(change, "before"),
                json_object_get(change, "after"));
    }
}

/* The entries of one page, or of all. NULL: the reason is printed */
static json_t *history_of(tool *t, const char *entity, const char *record, bool *more, int *code)
{
    char method[160];
    json_t *entries = json_array(), *params = record_of(record), *answer;
    method_of(entity, "history", method);
    do {
        answer = tool_call(t, method, json_incref(params), &tool_reading, code);
        json_t *next = json_object_get(answer, "next");
        json_array_extend(entries, json_object_get(answer, "entries"));
        *more = json_is_string(next);
        if (*more)
            json_object_set(params, "cursor", next);
        json_decref(answer);
    } while (t->all && *more);
    json_decref(params);
    if (*code == EXIT_DONE)
        return entries;
    json_decref(entries);
    return NULL;
}

int records_history(tool *t, int count, char **arguments)
{
    (void)count;
    int code;
    bool more;
    json_t *entries = history_of(t, arguments[0], arguments[1], &more, &code);
    if (!entries)
        return code;
    if (t->format == FORMAT_TABLE)
        print_history(entries);
    else
        tool_print(t, entries);
    if (more && t->format == FORMAT_TABLE)
        fprintf(stderr, "There are older ones: --all shows every one.\n");
    json_decref(entries);
    return code;
}

/* An entry of the feed: each changed record, each changed field in it. */
static void print_entry(const json_t *entry)
{
    const json_t *changes = json_object_get(entry, "changes"), *change;
    const char *name;
    json_t *value;
    entry_head(entry, "");
    for (size_t i = 0; (change = json_array_get(changes, i)); i++) {
        const json_t *before = json_object_get(change, "before");
        json_t *after = json_object_get(change, "after");
        printf("  %s %lld %s\n", text_of(change, "entity"),
            (long long)json_integer_value(json_object_get(change, "id")), text_of(change, "kind"));
        json_object_foreach(after, name, value)
            output_change(stdout, name, json_object_get(before, name), value);
    }
}

/* A line for each changed record. */
static void print_entry_csv(const json_t *entry, bool first)
{
    static const char *const of_entry[] = {"seq", "at", "by_name", "origin", "request"},
                             *const of_change[] = {"entity", "id", "kind", "before", "after"};
    json_t *rows = json_array(), *changes = json_object_get(entry, "changes"), *change;
    json_t *columns = json_array();
    size_t i;
    for (size_t k = 0; k < sizeof of_entry / sizeof *of_entry; k++)
        json_array_append_new(columns, json_string(of_entry[k]));
    for (size_t k = 0; k < sizeof of_change / sizeof *of_change; k++)
        json_array_append_new(columns, json_string(of_change[k]));
    json_array_foreach(changes, i, change)
    {
        json_t *row = json_copy(change);
        for (size_t k = 0; k < sizeof of_entry / sizeof *of_entry; k++)
            json_object_set(row, of_entry[k], json_object_get(entry, of_entry[k]));
        json_array_append_new(rows, row);
    }
    output_csv(stdout, rows, columns, first);
    json_decref(columns);
    json_decref(rows);
}

static void show_entry(const tool *t, const json_t *entry, bool first)
{
    if (t->format == FORMAT_JSON) {
        json_dumpf(entry, stdout, JSON_COMPACT);
        fputc('\n', stdout);
    } else if (t->format == FORMAT_CSV) {
        print_entry_csv(entry, first);
    } else {
        print_entry(entry);
    }
}

int records_watch(tool *t, int count, char **arguments)
{
    int code;
    json_t *head = tool_call(t, "journal.head", NULL, &tool_reading, &code), *answer, *entry;
    json_int_t seq = json_integer_value(json_object_get(head, "seq"));
    json_decref(head);
    json_t *entities = json_array();
    for (int i = 0; i < count; i++)
        json_array_append_new(entities, json_string(arguments[i]));
    for (bool first = true; code == EXIT_DONE && !ferror(stdout);) {
        json_t *params = json_pack("{s:I}", "seq", seq);
        if (count)
            json_object_set_new(params, "filter", json_pack("{s:O}", "entities", entities));
        answer = tool_call(t, "journal.since", params, &tool_reading, &code);
        size_t i;
        json_array_foreach(json_object_get(answer, "entries"), i, entry)
        {
            show_entry(t, entry, first);
            first = false;
        }
        fflush(stdout);
        json_int_t next = json_integer_value(json_object_get(answer, "next"));
        json_decref(answer);
        if (next == seq) {
            struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000L};
            nanosleep(&pause, NULL);
        }
        seq = next ? next : seq;
    }
    json_decref(entities);
    return code;
}

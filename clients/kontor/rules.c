/* rules.c -- rules as an integrator works on them: a file is checked, tested, tried on the past, stored, switched on. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "output.h"
#include "tool.h"

enum { TEXT_MAX = 1 << 20, NAME_MAX_BYTES = 80 };

/* The file's text; NULL: the reason is printed. Yours */
static char *read_text(const char *path)
{
    FILE *file = fopen(path, "re");
    char *text = file ? malloc(TEXT_MAX + 1) : NULL;
    size_t n = text ? fread(text, 1, TEXT_MAX, file) : 0;
    if (!text || ferror(file)) {
        (void)tool_fail(EXIT_FILE, "%s: %s", path, strerror(errno));
        free(text);
        text = NULL;
    } else {
        text[n] = '\0';
    }
    if (file)
        fclose(file);
    return text;
}

/* greet_lead of rules/greet_lead.lua */
static void name_of(const char *path, char name[NAME_MAX_BYTES])
{
    const char *slash = strrchr(path, '/'), *from = slash ? slash + 1 : path, *dot = strrchr(from, '.');
    (void)snprintf(name, NAME_MAX_BYTES, "%.*s", dot ? (int)(dot - from) : (int)strlen(from), from);
}

/* The id of the rule of this name; 0: there is none, or *code tells what went wrong. */
static json_int_t find(tool *t, const char *name, int *code)
{
    json_t *found = tool_call(t, "automation.rule.list",
        json_pack("{s:[[s,s,s]],s:[s]}", "filter", "name", "=", name, "fields", "id"), &tool_reading, code);
    const json_int_t id = json_integer_value(
        json_object_get(json_array_get(json_object_get(found, "rows"), 0), "id"));
    json_decref(found);
    return id;
}

static int put(tool *t, const char *path)
{
    char name[NAME_MAX_BYTES];
    int code = EXIT_DONE;
    char *text = read_text(path);
    if (!text)
        return EXIT_FILE;
    name_of(path, name);
    const json_int_t id = find(t, name, &code);
    json_t *values = json_pack("{s:s,s:s}", "name", name, "text", text);
    if (code != EXIT_DONE)
        json_decref(values);
    else if (id)
        code = tool_show(
            t, "automation.rule.update", json_pack("{s:I,s:o}", "id", id, "values", values), NULL);
    else
        code = tool_show(t, "automation.rule.create", json_pack("{s:o}", "values", values), NULL);
    free(text);
    return code;
}

static int check(tool *t, const char *path)
{
    char *text = read_text(path);
    int code = text ? tool_show(t, "rule.check", json_pack("{s:s}", "text", text), &tool_reading) : EXIT_FILE;
    free(text);
    return code;
}

/* The runs as a table, then what they came to. days 0: not said */
static int backtest(tool *t, const char *path, json_int_t days)
{
    int code = EXIT_FILE;
    char *text = read_text(path);
    json_t *params = text ? json_pack("{s:s}", "text", text) : NULL, *told = NULL;
    free(text);
    if (params && days > 0)
        json_object_set_new(params, "days", json_integer(days));
    if (params && t->format != FORMAT_TABLE)
        return tool_show(t, "rule.backtest", params, &tool_reading);
    if (params)
        told = tool_call(t, "rule.backtest", params, &tool_reading, &code);
    if (told) {
        json_t *rows = json_object_get(told, "rows"),
               *columns = json_pack("[s,s,s,s,s,s,s]", "at", "on", "entity", "id", "changes", "did", "error");
        if (json_array_size(rows))
            output_table(stdout, rows, columns);
        json_decref(columns);
        json_object_del(told, "rows");
        output_record(stdout, told);
    }
    json_decref(told);
    return code;
}

static int with_rule(tool *t, const char *method, const char *name, const kontor_call_options *options)
{
    int code = EXIT_DONE;
    const json_int_t id = find(t, name, &code);
    if (code != EXIT_DONE)
        return code;
    return id ? tool_show(t, method, json_pack("{s:I}", "id", id), options)
              : tool_fail(EXIT_NOT_FOUND, "there is no rule %s; see `kontor rule list`", name);
}

int rule_command(tool *t, int count, char **arguments)
{
    static const char *const actions[] = {"enable", "shadow", "disable"};
    const char *verb = arguments[0], *what = count > 1 ? arguments[1] : NULL;
    char method[64];
    if (count == 1 && strcmp(verb, "list") == 0)
        return tool_show(t, "automation.rule.list",
            json_pack("{s:[s,s,s,s,s],s:s,s:i}", "fields", "name", "state", "on", "label", "problem", "sort",
                "name", "limit", 500),
            &tool_reading);
    if (count == 1 && strcmp(verb, "graph") == 0)
        return tool_show(t, "rule.graph", NULL, &tool_reading);
    if (what && strcmp(verb, "test") == 0)
        return admin_test(t, count - 1, arguments + 1);
    if (count == 2 && strcmp(verb, "check") == 0)
        return check(t, what);
    if (what && strcmp(verb, "backtest") == 0) {
        const json_int_t days = count > 2 ? tool_number(arguments[2], "number of days") : 0;
        return count > 2 && !days ? EXIT_USAGE : backtest(t, what, days);
    }
    if (count == 2 && strcmp(verb, "put") == 0)
        return put(t, what);
    if (count == 2 && strcmp(verb, "runs") == 0)
        return with_rule(t, "rule.runs", what, &tool_reading);
    for (size_t i = 0; count == 2 && i < sizeof actions / sizeof *actions; i++) {
        (void)snprintf(method, sizeof method, "automation.rule.%s", actions[i]);
        if (strcmp(verb, actions[i]) == 0)
            return with_rule(t, method, what, NULL);
    }
    return tool_fail(EXIT_USAGE, "see `kontor help rule`");
}

/* tool.c -- calls that end in an answer or in sentences. */
#include "tool.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "output.h"

const kontor_call_options tool_reading = {.reads = true};

int tool_fail(int code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("kontor: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    return code;
}

json_int_t tool_number(const char *text, const char *what)
{
    char *end;
    errno = 0;
    const long long number = strtoll(text, &end, 10);
    if (number > 0 && !*end && !errno)
        return (json_int_t)number;
    tool_fail(EXIT_USAGE, "%s is no %s: a whole number above zero was expected", *text ? text : "\"\"", what);
    return 0;
}

bool tool_folder(char out[PATH_MAX])
{
    const ssize_t n = readlink("/proc/self/exe", out, PATH_MAX - 1);
    if (n <= 0)
        return false;
    out[n] = 0;
    char *slash = strrchr(out, '/');
    if (slash)
        *slash = 0;
    return slash != NULL;
}

static const char *member(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

static void print_problem(const json_t *problem)
{
    const char *path = member(problem, "path"), *message = member(problem, "message"),
               *hint = member(problem, "hint");
    json_int_t row = json_integer_value(json_object_get(problem, "row"));
    fputs("kontor: ", stderr);
    if (row)
        fprintf(stderr, "row %lld: ", (long long)row);
    if (path)
        fprintf(stderr, "%s: ", path);
    fprintf(stderr, "%s\n", message ? message : "refused");
    if (hint)
        fprintf(stderr, "        %s\n", hint);
}

/* token: what the call was made with; NULL: the hint is how to get one here */
static int print_refusal(const json_t *error, const char *token)
{
    const json_t *data = json_object_get(error, "data"), *problems = json_object_get(data, "problems");
    const char *kind = member(data, "kind");
    size_t count = json_array_size(problems);
    bool stranger = !token && kind && strcmp(kind, "forbidden") == 0 &&
                    member(json_array_get(problems, 0), "hint");
    for (size_t i = 0; i < count && !stranger; i++)
        print_problem(json_array_get(problems, i));
    if (stranger)
        tool_fail(0, "%s: `kontor login`, or --token", member(json_array_get(problems, 0), "message"));
    if (!count)
        tool_fail(0, "%s", member(error, "message") ? member(error, "message") : "refused");
    if (kind && strcmp(kind, "forbidden") == 0)
        return EXIT_FORBIDDEN;
    if (kind && strcmp(kind, "not_found") == 0)
        return EXIT_NOT_FOUND;
    if (kind && strcmp(kind, "unavailable") == 0)
        return EXIT_UNREACHABLE;
    return EXIT_REFUSED;
}

json_t *tool_call(
    tool *t, const char *method, json_t *params, const kontor_call_options *options, int *exit_code)
{
    json_t *answer;
    kontor_call_options dry = options ? *options : (kontor_call_options){0};
    dry.dry_run = t->dry_run && !dry.reads;
    if (!dry.key && !dry.reads)
        dry.key = t->key;
    kontor_outcome outcome = kontor_client_call(t->client, method, params, &dry, &answer);
    return tool_outcome(t, outcome, answer, exit_code);
}

json_t *tool_outcome(tool *t, kontor_outcome outcome, json_t *answer, int *exit_code)
{
    switch (outcome) {
    case KONTOR_OK:
        *exit_code = EXIT_DONE;
        return answer;
    case KONTOR_REFUSED:
        *exit_code = print_refusal(answer, t->token);
        json_decref(answer);
        return NULL;
    case KONTOR_UNREACHABLE:
        break;
    }
    const char *trouble = kontor_client_trouble(t->client);
    bool named = strncmp(trouble, t->url, strlen(t->url)) == 0;
    *exit_code = tool_fail(
        EXIT_UNREACHABLE, "no answer from %s%s%s", named ? "" : t->url, named ? "" : ": ", trouble);
    return NULL;
}

/* What an answer lists behind its rows: reasons, totals by another key. */
static void print_other_lists(const json_t *answer)
{
    const char *name;
    json_t *value;
    bool behind = false;
    json_object_foreach((json_t *)(uintptr_t)answer, name, value)
    {
        bool rows = strcmp(name, "rows") == 0;
        bool shown = behind && json_is_object(json_array_get(value, 0));
        behind = behind || rows;
        if (!shown)
            continue;
        printf("%s:\n", name);
        output_table(stdout, value, NULL);
    }
}

void tool_print(const tool *t, const json_t *answer)
{
    const json_t *rows = json_is_array(answer) ? answer : json_object_get(answer, "rows");
    if (t->format == FORMAT_JSON || (!json_is_object(answer) && !json_is_array(answer))) {
        json_dumpf(answer, stdout, JSON_INDENT(2) | JSON_ENCODE_ANY | JSON_PRESERVE_ORDER);
        fputc('\n', stdout);
    } else if (rows && (json_is_object(json_array_get(rows, 0)) || json_array_size(rows) == 0)) {
        if (t->format == FORMAT_CSV)
            output_csv(stdout, rows, NULL, true);
        else
            output_table(stdout, rows, NULL);
        if (t->format == FORMAT_TABLE)
            print_other_lists(answer);
    } else if (json_is_object(answer) && t->format == FORMAT_CSV) {
        json_t *one = json_pack("[O]", answer);
        output_csv(stdout, one, NULL, true);
        json_decref(one);
    } else if (json_is_object(answer)) {
        output_record(stdout, answer);
    } else {
        json_dumpf(answer, stdout, JSON_INDENT(2));
        fputc('\n', stdout);
    }
}

int tool_show(tool *t, const char *method, json_t *params, const kontor_call_options *options)
{
    int code;
    json_t *answer = tool_call(t, method, params, options, &code);
    if (answer)
        tool_print(t, answer);
    json_decref(answer);
    return code;
}

void tool_progress(const tool *t, const char *what, long done, long total)
{
    enum { WIDTH = 30 };
    char bar[WIDTH + 1];
    if (t->quiet || !isatty(STDERR_FILENO))
        return;
    if (total <= 0) {
        fprintf(stderr, "\r%s: %ld", what, done);
    } else {
        long full = done * WIDTH / total;
        memset(bar, '.', WIDTH);
        memset(bar, '#', (size_t)(full < WIDTH ? full : WIDTH));
        bar[WIDTH] = 0;
        fprintf(stderr, "\r%s [%s] %ld of %ld%s", what, bar, done, total, done >= total ? "\n" : "");
    }
    fflush(stderr);
}

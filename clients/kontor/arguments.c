/* arguments.c -- see arguments.h. */
#include "arguments.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *typed, *op;
} operators[] = {{":=", ":="}, {"!=", "!="}, {"<=", "<="}, {">=", ">="}, {"=", "="}, {"<", "<"}, {">", ">"},
    {"~", "ilike"}};

bool argument_read(const char *text, argument *out)
{
    size_t n = strcspn(text, ":!<>=~");
    /* a colon belongs to the name unless "=" follows: "day:month" */
    while (text[n] == ':' && text[n + 1] != '=')
        n += 1 + strcspn(text + n + 1, ":!<>=~");
    if (n == 0 || n >= sizeof out->name || !text[n])
        return false;
    memcpy(out->name, text, n);
    out->name[n] = 0;
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
        size_t len = strlen(operators[i].typed);
        if (strncmp(text + n, operators[i].typed, len) == 0) {
            out->op = operators[i].op;
            out->text = text + n + len;
            return true;
        }
    }
    return false;
}

static bool is_one_of(const char *text, const char *const *names)
{
    for (; *names; names++)
        if (strcmp(text, *names) == 0)
            return true;
    return false;
}

json_t *argument_value(const argument *a, const char *type)
{
    static const char *const whole[] = {"int", "integer", "reference", "ref", "file", NULL};
    static const char *const json[] = {"json", "lines", "references", "refs", NULL};
    static const char *const yes[] = {"true", "yes", "1", "tak", NULL};
    if (strcmp(a->op, ":=") == 0 || (type && is_one_of(type, json)))
        return json_loads(a->text, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL);
    if (!*a->text)
        return json_null();
    if (type && strcmp(type, "bool") == 0)
        return json_boolean(is_one_of(a->text, yes));
    if (type && is_one_of(type, whole)) {
        char *end;
        errno = 0;
        long long n = strtoll(a->text, &end, 10);
        if (!*end && !errno)
            return json_integer(n);
    }
    return json_string(a->text);
}

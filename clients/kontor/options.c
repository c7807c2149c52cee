/* options.c -- the options of the command line. They may stand anywhere, as `--limit 5` or `--limit=5`; what
 * follows `--` is no option. A command takes those that its row names, and those of every command. */
#include "options.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    const char *name;
    enum { FLAG, TEXT, NUMBER } kind;
    size_t at;         /* in a tool */
    bool everywhere;   /* not only where a command's row names it */
    const char *value; /* what help calls it */
} option;

#define AT(member) offsetof(tool, member)
static const option options[] = {
    {"--url", TEXT, AT(url), true, "URL"},
    {"--token", TEXT, AT(token), true, "TOKEN"},
    {"--lang", TEXT, AT(lang), true, "en|pl"},
    {"--ca", TEXT, AT(ca), true, "FILE"},
    {"--format", TEXT, AT(format_name), true, "table|json|csv"},
    {"--json", FLAG, AT(json), true, NULL},
    {"--csv", FLAG, AT(csv), true, NULL},
    {"--quiet", FLAG, AT(quiet), true, NULL},
    {"--help", FLAG, AT(help), true, NULL},
    {"--version", FLAG, AT(version), true, NULL},
    {"--filter", TEXT, AT(filter), false, "JSON"},
    {"--fields", TEXT, AT(fields), false, "A,B"},
    {"--sort", TEXT, AT(sort), false, "-A,B"},
    {"--limit", NUMBER, AT(limit), false, "N"},
    {"--all", FLAG, AT(all), false, NULL},
    {"--explain", FLAG, AT(explain), false, NULL},
    {"--dry-run", FLAG, AT(dry_run), false, NULL},
    {"--key", TEXT, AT(key), false, "KEY"},
    {"--entity", TEXT, AT(entity), false, "ENTITY"},
    {"--mapping", TEXT, AT(mapping), false, "FILE|NAME"},
    {"--separator", TEXT, AT(separator_name), false, "C|tab"},
    {"--skip", FLAG, AT(skip), false, NULL},
    {"--keep", FLAG, AT(keep), false, NULL},
    {"--custom", FLAG, AT(custom), false, NULL},
    {"--labels", FLAG, AT(labels), false, NULL},
    {"--methods", FLAG, AT(methods), false, NULL},
    {"--file", TEXT, AT(file), false, "FILE"},
    {0},
};

/* Is name among the words of list? */
static bool names(const char *list, const char *name, size_t len)
{
    for (const char *at = list ? list : ""; *at;) {
        const size_t n = strcspn(at, " ");
        if (n == len && strncmp(at, name, len) == 0)
            return true;
        at += n + (at[n] == ' ');
    }
    return false;
}

void options_print(FILE *out, const tool_command *command, const char *before, bool with_values)
{
    for (const option *o = options; o->name; o++)
        if (command ? names(command->options, o->name, strlen(o->name)) : o->everywhere)
            fprintf(out, "%s%s%s%s", before, o->name, with_values && o->value ? " " : "",
                with_values && o->value ? o->value : "");
}

static const option *find(const char *text, size_t len)
{
    for (const option *o = options; o->name; o++)
        if (strlen(o->name) == len && strncmp(o->name, text, len) == 0)
            return o;
    return NULL;
}

static bool set_value(tool *t, const option *o, const char *value)
{
    char *at = (char *)t + o->at, *end;
    if (o->kind == TEXT) {
        *(const char **)(void *)at = value;
        return true;
    }
    errno = 0;
    const long number = strtol(value, &end, 10);
    *(long *)(void *)at = number;
    if (number > 0 && *value && !*end && !errno)
        return true;
    tool_fail(EXIT_USAGE, "%s needs a number above zero, not %s", o->name, *value ? value : "\"\"");
    return false;
}

/* Takes argument i, an option. returns how many arguments it used, 0: a mistake, printed */
static int take(tool *t, int count, char **arguments, int i)
{
    const char *text = strcmp(arguments[i], "-h") == 0 ? "--help" : arguments[i];
    const size_t len = strcspn(text, "=");
    const option *o = find(text, len);
    if (!o) {
        tool_fail(EXIT_USAGE, "unknown option %.*s; see `kontor help`", (int)len, text);
        return 0;
    }
    t->given |= 1UL << (o - options);
    if (o->kind == FLAG && text[len]) {
        tool_fail(EXIT_USAGE, "%s takes no value", o->name);
        return 0;
    }
    if (o->kind == FLAG) {
        *((bool *)(void *)((char *)t + o->at)) = true;
        return 1;
    }
    if (text[len])
        return set_value(t, o, text + len + 1);
    if (i + 1 >= count) {
        tool_fail(EXIT_USAGE, "%s needs a value", o->name);
        return 0;
    }
    return set_value(t, o, arguments[i + 1]) ? 2 : 0;
}

static bool set_format(tool *t)
{
    const char *name = t->json ? "json" : t->csv ? "csv" : t->format_name ? t->format_name : "table";
    static const char *const formats[] = {"table", "json", "csv"};
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        if (strcmp(name, formats[i]) == 0) {
            t->format = (tool_format)i;
            return true;
        }
    }
    tool_fail(EXIT_USAGE, "--format takes table, json or csv, not %s", name);
    return false;
}

static bool set_separator(tool *t)
{
    const char *name = t->separator_name;
    if (name && strcmp(name, "tab") != 0 && strlen(name) != 1) {
        tool_fail(EXIT_USAGE, "--separator takes one character or tab, not %s", *name ? name : "\"\"");
        return false;
    }
    t->separator = !name ? 0 : strcmp(name, "tab") == 0 ? '\t' : *name;
    return true;
}

int options_read(tool *t, int count, char **arguments, char **rest)
{
    int kept = 0;
    bool ended = false;
    for (int i = 0; i < count;) {
        if (!ended && strcmp(arguments[i], "--") == 0) {
            ended = true;
            i++;
        } else if (ended || (strncmp(arguments[i], "--", 2) != 0 && strcmp(arguments[i], "-h") != 0)) {
            rest[kept++] = arguments[i++];
        } else {
            const int used = take(t, count, arguments, i);
            if (!used)
                return -1;
            i += used;
        }
    }
    return set_format(t) && set_separator(t) ? kept : -1;
}

bool options_fit(const tool *t, const tool_command *command)
{
    for (const option *o = options; o->name; o++) {
        if (t->given & 1UL << (o - options) && !o->everywhere &&
            !names(command->options, o->name, strlen(o->name))) {
            tool_fail(EXIT_USAGE, "kontor %s takes no %s; see `kontor help %s`", command->name, o->name,
                command->name);
            return false;
        }
    }
    return true;
}

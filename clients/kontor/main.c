/* main.c -- `kontor`: the command line. Options may stand anywhere; a command is one row of tool_commands. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tool.h"

static void print_help(FILE *out)
{
    fputs("kontor COMMAND [options]: works with a Kontor server\n\n", out);
    for (const tool_command *c = tool_commands; c->name; c++)
        fprintf(out, "  %-11s %s\n", c->name, c->summary);
    fputs("\nOptions of every command:\n"
          "  --url URL            server: http://, ipc://, tcp://, tls+tcp://, ws://   (KONTOR_URL, else the "
          "last login's)\n"
          "  --token TOKEN        session or API key                                   (KONTOR_TOKEN, else "
          "the last login's)\n"
          "  --lang en|pl         language of answers\n"
          "  --ca FILE            certificates to trust\n"
          "  --format table|json|csv, --json, --csv\n"
          "  --quiet              no progress\n"
          "  --help, -h           what a command does\n\n"
          "Exit codes: 0 done, 1 refused, 2 wrong usage, 3 unreachable, 4 no right, 5 not found, 6 damage "
          "found, 7 local file.\n"
          "`kontor help COMMAND` has examples.\n",
        out);
}

static const tool_command *find_command(const char *name)
{
    for (const tool_command *c = tool_commands; c->name; c++)
        if (strcmp(c->name, name) == 0)
            return c;
    return NULL;
}

static int print_command_help(const char *name)
{
    const tool_command *c = find_command(name);
    if (!c)
        return tool_fail(EXIT_USAGE, "no command %s; `kontor help` lists them", name);
    printf("kontor %s %s\n  %s\n\n%s", c->name, c->usage, c->summary, c->help);
    return EXIT_DONE;
}

typedef struct {
    const char *name;
    const char **text;
    long *number;
    bool *flag;
} option;

static const char *format_name;
static bool as_json, as_csv;
static const char *separator;
static char help_option[] = "--help";

/* Takes option i off; returns how many arguments it used, 0: it is none, -1: a mistake, printed. */
static int take_option(const option *options, int count, char **arguments, int i)
{
    for (const option *o = options; o->name; o++) {
        if (strcmp(arguments[i], o->name) != 0)
            continue;
        if (o->flag) {
            *o->flag = true;
            return 1;
        }
        if (i + 1 >= count) {
            tool_fail(EXIT_USAGE, "%s needs a value", o->name);
            return -1;
        }
        if (o->text)
            *o->text = arguments[i + 1];
        if (o->number) {
            char *end;
            *o->number = strtol(arguments[i + 1], &end, 10);
            if (*end || *o->number < 1) {
                tool_fail(EXIT_USAGE, "%s needs a number above zero, not %s", o->name, arguments[i + 1]);
                return -1;
            }
        }
        return 2;
    }
    return 0;
}

static bool set_format(tool *t)
{
    const char *name = as_json ? "json" : as_csv ? "csv" : format_name ? format_name : "table";
    static const char *const names[] = {"table", "json", "csv"};
    for (int i = 0; i < 3; i++) {
        if (strcmp(name, names[i]) == 0) {
            t->format = (tool_format)i;
            return true;
        }
    }
    tool_fail(EXIT_USAGE, "--format takes table, json or csv, not %s", name);
    return false;
}

/* Sorts arguments into options and the rest. returns the number of the rest, -1: a mistake */
static int read_options(tool *t, int count, char **arguments, char **rest)
{
    static const char *url, *token, *lang, *ca;
    const option options[] = {{"--url", .text = &url}, {"--token", .text = &token}, {"--lang", .text = &lang},
        {"--ca", .text = &ca}, {"--format", .text = &format_name}, {"--json", .flag = &as_json},
        {"--csv", .flag = &as_csv}, {"--quiet", .flag = &t->quiet}, {"--filter", .text = &t->filter},
        {"--fields", .text = &t->fields}, {"--sort", .text = &t->sort}, {"--limit", .number = &t->limit},
        {"--all", .flag = &t->all}, {"--dry-run", .flag = &t->dry_run}, {"--explain", .flag = &t->explain},
        {"--file", .text = &t->file}, {"--key", .text = &t->key}, {"--entity", .text = &t->entity},
        {"--mapping", .text = &t->mapping}, {"--skip", .flag = &t->skip}, {"--keep", .flag = &t->keep},
        {"--custom", .flag = &t->custom}, {"--labels", .flag = &t->labels},
        {"--separator", .text = &separator}, {"--data", .text = &t->data}, {"--help", .flag = &t->help}, {0}};
    int kept = 0;
    for (int i = 0; i < count;) {
        if (strcmp(arguments[i], "-h") == 0)
            arguments[i] = help_option;
        int used = strncmp(arguments[i], "--", 2) == 0 ? take_option(options, count, arguments, i) : 0;
        if (used < 0)
            return -1;
        if (used == 0 && strncmp(arguments[i], "--", 2) == 0) {
            tool_fail(EXIT_USAGE, "unknown option %s; see `kontor help`", arguments[i]);
            return -1;
        }
        if (used == 0)
            rest[kept++] = arguments[i++];
        i += used;
    }
    if (separator)
        t->separator = strcmp(separator, "tab") == 0 ? '\t' : *separator;
    t->url = url ? strdup(url) : NULL;
    t->token = token ? strdup(token) : NULL;
    t->lang = lang ? strdup(lang) : NULL;
    t->ca = ca ? strdup(ca) : NULL;
    return set_format(t) ? kept : -1;
}

static int run_command(tool *t, const tool_command *command, int count, char **arguments)
{
    if (count < command->least || (command->most >= 0 && count > command->most))
        return tool_fail(EXIT_USAGE, "usage: kontor %s %s", command->name, command->usage);
    session_load(t);
    kontor_client_options options = {.token = t->token, .lang = t->lang, .ca = t->ca};
    t->client = kontor_client_open(t->url, &options);
    if (!t->client)
        return tool_fail(
            EXIT_USAGE, "%s is no address: http://, https://, ipc://, tcp://, tls+tcp:// or ws://", t->url);
    return command->run(t, count, arguments);
}

int main(int count, char **arguments)
{
    tool t = {.program = arguments[0]};
    char **rest = calloc((size_t)count + 1, sizeof *rest);
    if (!rest)
        return EXIT_FILE;
    int kept = read_options(&t, count - 1, arguments + 1, rest), code;
    const tool_command *command = kept > 0 ? find_command(rest[0]) : NULL;
    if (kept < 0) {
        code = EXIT_USAGE;
    } else if (kept == 0 || strcmp(rest[0], "help") == 0 || t.help) {
        const char *about = kept == 0 ? NULL : strcmp(rest[0], "help") != 0 ? rest[0] : rest[1];
        code = about ? print_command_help(about) : EXIT_DONE;
        if (!about)
            print_help(stdout);
    } else if (!command) {
        code = tool_fail(EXIT_USAGE, "no command %s; `kontor help` lists them", rest[0]);
    } else {
        code = run_command(&t, command, kept - 1, rest + 1);
    }
    kontor_client_close(t.client);
    json_decref(t.catalogue);
    free(t.url);
    free(t.token);
    free(t.lang);
    free(t.ca);
    free(rest);
    return code;
}

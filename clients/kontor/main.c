/* main.c -- `kontor`: the command line. A command is one row of tool_commands. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"

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
          "  --lang en|pl         language of answers                                  (KONTOR_LANG, else "
          "the user's)\n"
          "  --ca FILE            certificates to trust                                (KONTOR_CA, else the "
          "last login's)\n"
          "  --format table|json|csv, --json, --csv\n"
          "  --quiet              no progress\n"
          "  --help, -h           what a command does\n"
          "  --version\n\n"
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
    if (c->options) {
        fputs("\nOptions:", stdout);
        options_print(stdout, c, "  ", true);
        fputs("; those of every command: `kontor help`\n", stdout);
    }
    return EXIT_DONE;
}

static int run_command(tool *t, const tool_command *command, int count, char **arguments)
{
    if (!options_fit(t, command))
        return EXIT_USAGE;
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

static int run(tool *t, int count, char **arguments)
{
    const bool helps = count == 0 || strcmp(arguments[0], "help") == 0 || t->help;
    const char *about = count == 0 || strcmp(arguments[0], "help") != 0 ? arguments[0] : arguments[1];
    const tool_command *command = count ? find_command(arguments[0]) : NULL;
    if (t->version)
        puts("kontor " KONTOR_VERSION);
    else if (helps && about)
        return print_command_help(about);
    else if (helps)
        print_help(stdout);
    else if (command)
        return run_command(t, command, count - 1, arguments + 1);
    else
        return tool_fail(EXIT_USAGE, "no command %s; `kontor help` lists them", arguments[0]);
    return EXIT_DONE;
}

int main(int count, char **arguments)
{
    tool t = {0};
    char **rest = calloc((size_t)count + 1, sizeof *rest);
    const int kept = rest ? options_read(&t, count - 1, arguments + 1, rest) : -1;
    int code = kept < 0 ? EXIT_USAGE : run(&t, kept, rest);
    if ((fflush(stdout) != 0 || ferror(stdout)) && code == EXIT_DONE)
        code = tool_fail(EXIT_FILE, "the output cannot be written: %s", strerror(errno));
    kontor_client_close(t.client);
    json_decref(t.catalogue);
    json_decref(t.session);
    free(rest);
    return code;
}

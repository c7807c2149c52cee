/* completion.c -- completion scripts, made from the table of commands. Entities and methods are asked from the server. */
#include <stdio.h>
#include <string.h>

#include "options.h"

static void print_commands(void)
{
    for (const tool_command *c = tool_commands; c->name; c++)
        printf("%s ", c->name);
}

/* "list | enable NAME | new NAME" -> list enable new */
static void print_words(const char *usage)
{
    for (bool starts = true; *usage; usage++) {
        if (starts && *usage >= 'a' && *usage <= 'z') {
            size_t n = strcspn(usage, " |");
            printf("%.*s ", (int)n, usage);
            usage += n - 1;
        }
        starts = *usage == '|' || (starts && *usage == ' ');
    }
}

/* The cases of the second word, out of each command's usage. */
static void print_cases(void)
{
    for (const tool_command *c = tool_commands; c->name; c++) {
        if (strncmp(c->usage, "ENTITY", 6) == 0 || strncmp(c->usage, "[ENTITY", 7) == 0) {
            printf("    %s) words=$(kontor describe --csv 2>/dev/null | cut -d, -f1) ;;\n", c->name);
        } else if (strncmp(c->usage, "METHOD", 6) == 0) {
            printf(
                "    %s) words=$(kontor describe --methods --csv 2>/dev/null | cut -d, -f1) ;;\n", c->name);
        } else if (*c->usage >= 'a' && *c->usage <= 'z') {
            printf("    %s) words='", c->name);
            print_words(c->usage);
            puts("' ;;");
        }
    }
}

/* The options of each command's own. */
static void print_options(void)
{
    for (const tool_command *c = tool_commands; c->name; c++) {
        if (c->options) {
            printf("      %s) words+='", c->name);
            options_print(stdout, c, " ", false);
            puts("' ;;");
        }
    }
}

int completion_command(tool *t, int count, char **arguments)
{
    (void)t, (void)count;
    bool zsh = strcmp(arguments[0], "zsh") == 0;
    if (!zsh && strcmp(arguments[0], "bash") != 0)
        return tool_fail(EXIT_USAGE, "bash and zsh are known, not %s", arguments[0]);
    if (zsh)
        puts("(( $+functions[compdef] )) || { autoload -U compinit && compinit; }\n"
             "autoload -U +X bashcompinit && bashcompinit");
    fputs("_kontor() {\n"
          "  local word=${COMP_WORDS[COMP_CWORD]} words=\n"
          "  if [ \"$COMP_CWORD\" = 1 ]; then COMPREPLY=($(compgen -W '",
        stdout);
    print_commands();
    fputs("help' -- \"$word\")); return; fi\n"
          "  if [ \"$COMP_CWORD\" = 2 ] || [ \"${COMP_WORDS[1]}\" = watch ]; then case ${COMP_WORDS[1]} in\n",
        stdout);
    print_cases();
    fputs("    help) words='", stdout);
    print_commands();
    fputs("' ;;\n"
          "  esac; fi\n"
          "  case $word in -*)\n"
          "    words='",
        stdout);
    options_print(stdout, NULL, " ", false);
    fputs("'\n    case ${COMP_WORDS[1]} in\n", stdout);
    print_options();
    fputs("    esac ;;\n"
          "  esac\n"
          "  if [ -n \"$words\" ]; then COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n"
          "  else COMPREPLY=($(compgen -f -- \"$word\")); fi\n"
          "}\ncomplete -F _kontor kontor\n",
        stdout);
    return EXIT_DONE;
}

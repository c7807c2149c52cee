/* completion.c -- completion scripts, made from the table of commands. Entities are asked from the server. */
#include <stdio.h>
#include <string.h>

#include "tool.h"

static void print_commands(void)
{
    for (const tool_command *c = tool_commands; c->name; c++)
        printf("%s ", c->name);
}

int completion_command(tool *t, int count, char **arguments)
{
    (void)t, (void)count;
    bool zsh = strcmp(arguments[0], "zsh") == 0;
    if (!zsh && strcmp(arguments[0], "bash") != 0)
        return tool_fail(EXIT_USAGE, "bash and zsh are known, not %s", arguments[0]);
    if (zsh)
        puts("autoload -U +X bashcompinit && bashcompinit");
    fputs("_kontor() {\n"
          "  local word=${COMP_WORDS[COMP_CWORD]}\n"
          "  if [ \"$COMP_CWORD\" = 1 ]; then COMPREPLY=($(compgen -W '",
        stdout);
    print_commands();
    fputs("help' -- \"$word\")); return; fi\n"
          "  case ${COMP_WORDS[1]} in\n"
          "    list|get|count|create|update|delete|history|import|export|describe|watch)\n"
          "      if [ \"$COMP_CWORD\" = 2 ] || [ \"${COMP_WORDS[1]}\" = watch ]; then\n"
          "        COMPREPLY=($(compgen -W \"$(kontor describe --csv 2>/dev/null | cut -d, -f1)\" -- "
          "\"$word\")); return\n"
          "      fi ;;\n"
          "    module) [ \"$COMP_CWORD\" = 2 ] && COMPREPLY=($(compgen -W 'list enable disable reload new' "
          "-- \"$word\")) && return ;;\n"
          "    journal) COMPREPLY=($(compgen -W 'verify checkpoint head revert' -- \"$word\")); return ;;\n"
          "  esac\n"
          "  COMPREPLY=($(compgen -f -W '--url --token --lang --ca --format --json --csv --filter --fields "
          "--sort --limit --all "
          "--dry-run --explain' -- \"$word\"))\n"
          "}\ncomplete -F _kontor kontor\n",
        stdout);
    return EXIT_DONE;
}

/* options.h -- the options of the command line. */
#pragma once
#include <stdio.h>

#include "tool.h"

/* Sorts arguments into options, which set members of the tool, and the rest, which holds as many as there are
 * arguments. returns how many the rest are; -1: a mistake, printed */
int options_read(tool *tool, int count, char **arguments, char **rest);
/* Does the command take every option that was given? false: one that it does not take was named. */
bool options_fit(const tool *tool, const tool_command *command);
/* The options of a command's own, NULL: those of every command; each after `before`. */
void options_print(FILE *out, const tool_command *command, const char *before, bool with_values);

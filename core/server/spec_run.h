/* spec_run.h -- runs specs in Lua: each `it` on a fresh server in memory, on the virtual clock. */
#pragma once
#include "server/options.h"

/* Runs every *_spec.lua in options->test with the modules of options->modules_directory, prints TAP and, if
 * asked, writes JUnit XML. returns the exit code: 0, all hold */
int spec_run(arena *arena, const options *options);

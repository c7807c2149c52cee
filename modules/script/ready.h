/* ready.h -- scripts to begin with, in English and Polish. */
#pragma once

struct ready_script {
    const char *code, *language, *name, *source;
};
extern const struct ready_script ready_scripts[]; /* ended by {0} */

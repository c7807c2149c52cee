/* module_new.c -- `kontor module new NAME`: a copy of the template with its own name in it. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tool.h"

enum { TEMPLATE_MAX = 1 << 16 };

/* Where the templates lie: KONTOR_TEMPLATES, the installed ones, or those of the source tree the tool was
 * built in. */
static bool find_templates(char out[PATH_MAX])
{
    const char *named = getenv("KONTOR_TEMPLATES");
    char here[PATH_MAX];
    static const char *const places[] = {
        "/../share/kontor/templates/module", "/../../clients/templates/module"};
    DIR *found = NULL;
    if (named) {
        snprintf(out, PATH_MAX, "%s", named);
        found = opendir(out);
    }
    for (size_t i = 0; !found && i < sizeof places / sizeof *places && tool_folder(here); i++) {
        if (snprintf(out, PATH_MAX, "%s%s", here, places[i]) < PATH_MAX)
            found = opendir(out);
    }
    if (found)
        closedir(found);
    return found != NULL;
}

/* "visits" for @name@, "VISITS" for @NAME@, "Visits" for @Name@. */
static void replace(FILE *out, const char *text, const char *name)
{
    while (*text) {
        bool lower = strncmp(text, "@name@", 6) == 0, upper = strncmp(text, "@NAME@", 6) == 0;
        bool title = strncmp(text, "@Name@", 6) == 0;
        if (!lower && !upper && !title) {
            fputc(*text++, out);
            continue;
        }
        for (const char *p = name; *p; p++)
            fputc(upper || (title && p == name) ? toupper((unsigned char)*p) : *p, out);
        text += 6;
    }
}

static bool copy_file(const char *from, const char *to, const char *name)
{
    static char text[TEMPLATE_MAX];
    FILE *in = fopen(from, "r"), *out = NULL;
    if (!in)
        return false;
    size_t n = fread(text, 1, sizeof text - 1, in);
    text[n] = 0;
    out = n ? fopen(to, "wx") : NULL;
    if (out)
        replace(out, text, name);
    fclose(in);
    return out && fclose(out) == 0;
}

int module_new(const char *name)
{
    char templates[PATH_MAX] = "", from[PATH_MAX + 300], to[PATH_MAX];
    size_t len = strlen(name);
    if (!len || len > 40 || !islower((unsigned char)*name) ||
        strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") != len)
        return tool_fail(EXIT_USAGE,
            "%s is no module name: lower-case letters, digits and _, beginning with a letter", name);
    if (!find_templates(templates))
        return tool_fail(EXIT_FILE, "the template was not found: set KONTOR_TEMPLATES to its folder");
    if (mkdir(name, 0755) != 0)
        return tool_fail(EXIT_FILE, "cannot make the folder %s: %s", name, strerror(errno));
    DIR *folder = opendir(templates);
    bool whole = folder != NULL;
    for (struct dirent *entry; folder && whole && (entry = readdir(folder));) {
        if (*entry->d_name == '.')
            continue;
        const char *mark = strstr(entry->d_name, "NAME");
        snprintf(from, sizeof from, "%s/%s", templates, entry->d_name);
        if (mark)
            snprintf(to, sizeof to, "%s/%.*s%s%s", name, (int)(mark - entry->d_name), entry->d_name, name,
                mark + 4);
        else
            snprintf(to, sizeof to, "%s/%s", name, entry->d_name);
        whole = copy_file(from, to, name);
    }
    if (folder)
        closedir(folder);
    if (!whole)
        return tool_fail(EXIT_FILE, "cannot write into %s: %s", name, strerror(errno));
    printf("The module %s is in ./%s; its README says how to build it.\n", name, name);
    return EXIT_DONE;
}

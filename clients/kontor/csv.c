/* csv.c -- see csv.h. */
#include "csv.h"

#include <string.h>

static bool looks_like_formula(const char *cell)
{
    if (!*cell || !strchr("=+-@\t\r", *cell))
        return false;
    size_t digits = strspn(cell + 1, "0123456789., ");
    return !(strchr("+-", *cell) && digits && !cell[1 + digits]);
}

void csv_write(FILE *out, const char *cell, bool comma, bool text)
{
    if (comma)
        fputc(',', out);
    bool formula = text && looks_like_formula(cell);
    if (!formula && !cell[strcspn(cell, ",;\"\t\r\n")]) {
        fputs(cell, out);
        return;
    }
    fputs(formula ? "\"'" : "\"", out);
    for (; *cell; cell++) {
        if (*cell == '"')
            fputc('"', out);
        fputc(*cell, out);
    }
    fputc('"', out);
}

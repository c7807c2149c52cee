/* methods.c -- document.*: what cannot be said with the records alone. */
#include "paper/methods.h"

static const method_param about_params[] = {
    {"template", VARIANT_INT, true, {"The template", "Szablon"}},
    {"id", VARIANT_INT, true, {"A record of the template's entity", "Rekord encji szablonu"}},
    {0},
};

const method paper_methods[] = {
    {"document.preview", "document.template:read", METHOD_SLOW,
        {"The template's text for a record, without keeping anything",
            "Treść szablonu dla rekordu, bez zapisywania czegokolwiek"},
        about_params, paper_preview},
    {0},
};

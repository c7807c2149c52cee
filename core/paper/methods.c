/* methods.c -- document.*: what cannot be said with the records alone. */
#include "paper/methods.h"

static const method_param about_params[] = {
    {"template", VARIANT_INT, true, {"The template", "Szablon"}},
    {"id", VARIANT_INT, true, {"A record of the template's entity", "Rekord encji szablonu"}},
    {0},
};
static const method_param all_params[] = {
    {"template", VARIANT_INT, true, {"The template", "Szablon"}},
    {"ids", VARIANT_ARRAY, true,
        {"Records of the template's entity, at most 2000", "Rekordy encji szablonu, najwyżej 2000"}},
    {0},
};
static const method_param key_params[] = {
    {"name", VARIANT_STRING, true, {"What its owner calls it", "Jak nazywa go właściciel"}},
    {"key", VARIANT_STRING, true, {"Private key, PEM, without a password", "Klucz prywatny, PEM, bez hasła"}},
    {"certificate", VARIANT_STRING, true,
        {"Certificate, then its issuers', PEM", "Certyfikat, po nim certyfikaty wystawców, PEM"}},
    {0},
};
static const method_param sign_params[] = {
    {"document", VARIANT_INT, true, {"The document", "Dokument"}},
    {"key", VARIANT_INT, true, {"A key of the caller's own", "Własny klucz wywołującego"}},
    {"reason", VARIANT_STRING, false, {"Why it is signed", "Powód podpisu"}},
    {"place", VARIANT_STRING, false, {"Where it is signed", "Miejsce podpisu"}},
    {"box", VARIANT_OBJECT, false,
        {"Where it is seen: page, x, y, width, height, in points from the lower left corner",
            "Gdzie go widać: page, x, y, width, height, w punktach od lewego dolnego rogu"}},
    {"picture", VARIANT_STRING, false,
        {"A picture of document.asset that is drawn there",
            "Obraz z document.asset, który jest tam rysowany"}},
    {0},
};
static const method_param signatures_params[] = {
    {"document", VARIANT_INT, true, {"The document", "Dokument"}},
    {"roots", VARIANT_STRING, false, {"Certificates to trust, PEM", "Zaufane certyfikaty, PEM"}},
    {0},
};
static const method_param link_params[] = {
    {"document", VARIANT_INT, true, {"The document", "Dokument"}},
    {"days", VARIANT_INT, false, {"How long it is good; 30", "Jak długo jest ważny; 30"}},
    {"recipient", VARIANT_STRING, false, {"Whom it is given to", "Komu się go daje"}},
    {0},
};
static const method_param open_params[] = {
    {"secret", VARIANT_STRING, true, {"The last part of the link", "Ostatnia część odnośnika"}},
    {0},
};
static const method_param presets_params[] = {
    {"renew", VARIANT_BOOL, false,
        {"Those that are there take the ready texts, too", "Istniejące też przyjmują gotowe treści"}},
    {0},
};

const method paper_methods[] = {
    {"document.preview", "document.template:read", METHOD_SLOW,
        {"The template's text for a record, without keeping anything",
            "Treść szablonu dla rekordu, bez zapisywania czegokolwiek"},
        about_params, paper_preview},
    {"document.make", "document.document:create", METHOD_PLAIN,
        {"Makes the document of a record and keeps it; again: its next edition",
            "Tworzy i zachowuje dokument rekordu; ponownie: jego następne wydanie"},
        about_params, paper_make},
    {"document.make_all", "document.document:create", METHOD_WRITE,
        {"Makes the documents of many records, in a job", "Tworzy dokumenty wielu rekordów, w zadaniu w tle"},
        all_params, paper_make_all},
    {"document.key.import", "login", METHOD_PLAIN,
        {"Takes the caller's key for signing; nobody can read it again",
            "Przyjmuje klucz wywołującego do podpisywania; nikt go już nie odczyta"},
        key_params, paper_key_import, .secret = true},
    {"document.sign", "document.document:sign", METHOD_PLAIN,
        {"Signs a document, PAdES baseline B", "Podpisuje dokument, PAdES baseline B"}, sign_params,
        paper_sign},
    {"document.signatures", "document.document:read", METHOD_SLOW,
        {"Who signed a document, and whether it was changed since",
            "Kto podpisał dokument i czy zmieniono go od tego czasu"},
        signatures_params, paper_signatures},
    {"document.share", "document.link:create", METHOD_WRITE,
        {"A public link to a document; its path is told this once",
            "Publiczny odnośnik do dokumentu; ścieżka podawana jest tylko teraz"},
        link_params, paper_link},
    {"document.link.open", "public", METHOD_PLAIN,
        {"What GET /files/link/SECRET gives out; notes that it was opened",
            "Co wydaje GET /files/link/SEKRET; odnotowuje otwarcie"},
        open_params, paper_link_open},
    {"document.presets", "document.template:create", METHOD_PLAIN,
        {"Stores the ready templates", "Zapisuje gotowe szablony"}, presets_params, paper_presets},
    {0},
};

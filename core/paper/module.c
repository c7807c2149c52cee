/* module.c -- the entities: templates and the documents that were made from them are ordinary records, so
 * that versions, authors, rights and history are theirs. */
#include "kit/str.h"
#include "paper/methods.h"

static const kt_choice kinds[] = {
    {TEMPLATE_ROW_HTML, "html", {"HTML, for PDF and mail", "HTML, do PDF i poczty"}},
    {TEMPLATE_ROW_TEXT, "text", {"Text", "Tekst"}},
    {TEMPLATE_ROW_XML, "xml", {"XML", "XML"}},
    {TEMPLATE_ROW_CSV, "csv", {"CSV", "CSV"}},
    {TEMPLATE_ROW_DOCX, "docx", {"Word file, filled in place", "Plik Word, wypełniany na miejscu"}},
    {0},
};
static const kt_choice languages[] = {
    {ROW_POLISH, "pl", {"Polish", "Polski"}},
    {ROW_ENGLISH, "en", {"English", "Angielski"}},
    {0},
};

const kt_shape template_row_shape = KT_SHAPE(template_row, "document.template",
    KT_FIELD(template_row, name, STRING, "Name", "Nazwa", .required = true, .max = 80, .searchable = true,
        .priority = 1, .help = {"Others include it by this name.", "Inne dołączają go pod tą nazwą."}),
    KT_FIELD(template_row, title, STRING, "Title", "Tytuł", .max = 120, .priority = 2,
        .help = {"Of the documents: Quotation.", "Dokumentów: Oferta."}),
    KT_FIELD(template_row, entity, STRING, "For", "Dla", .max = 80, .indexed = true, .priority = 3,
        .help = {"The entity whose records it is for, crm.quotation; empty: others include it.",
            "Encja, dla której rekordów jest, crm.quotation; puste: dołączają go inne."}),
    KT_FIELD(template_row, kind, STATE, "Kind", "Rodzaj", .choices = kinds, .required = true,
        .initial = "html", .priority = 4),
    KT_FIELD(template_row, lang, STATE, "Language", "Język", .choices = languages, .required = true,
        .initial = "pl", .priority = 5),
    KT_FIELD(template_row, numbers, STRING, "Numbers", "Numeracja", .max = 40,
        .help = {"Of its documents, document.number in the text: L/{year}/{seq:4}; empty: none.",
            "Jego dokumentów, document.number w treści: L/{year}/{seq:4}; puste: brak."}),
    KT_FIELD(template_row, text, TEXT, "Text", "Treść",
        .help = {"Required, but for Word files.", "Wymagana, poza plikami Word."}),
    KT_FIELD(template_row, file, FILE, "File", "Plik", .target = "base.attachment",
        .help = {"Of a Word file: the DOCX with {names} in it.", "Dla pliku Word: DOCX z {nazwami}."}));

const kt_shape document_row_shape = KT_SHAPE(document_row, "document.document",
    KT_FIELD(document_row, name, STRING, "Name", "Nazwa", .max = 200, .searchable = true, .computed = true,
        .personal = true, .priority = 1),
    KT_FIELD(document_row, reference, STRING, "Number on it", "Numer na nim", .max = 80, .searchable = true,
        .computed = true,
        .help = {"By its template's pattern; later versions keep it.",
            "Według wzoru szablonu; następne wersje go zachowują."}),
    KT_FIELD(document_row, edition, INT, "Version", "Wersja", .computed = true, .priority = 2),
    KT_FIELD(document_row, about, REF, "About", "Dotyczy", .target = "*", .computed = true, .priority = 3,
        .on_delete = KT_CASCADE),
    KT_FIELD(document_row, party, REF, "Party", "Strona", .target = "base.party", .computed = true,
        .on_delete = KT_CASCADE),
    KT_FIELD(
        document_row, template, REF, "Template", "Szablon", .target = "document.template", .computed = true),
    KT_FIELD(document_row, template_version, INT, "Template's version", "Wersja szablonu", .computed = true),
    KT_FIELD(
        document_row, sha256, STRING, "SHA-256", "SHA-256", .max = 64, .computed = true, .indexed = true),
    KT_FIELD(document_row, size, INT, "Size, bytes", "Rozmiar, bajty", .computed = true),
    KT_FIELD(document_row, attachment, INT, "File", "Plik", .computed = true,
        .help = {"The base.attachment that holds it: GET /files/ID.",
            "base.attachment, który go przechowuje: GET /files/ID."}),
    KT_FIELD(document_row, signatures, INT, "Signatures", "Podpisy", .computed = true, .priority = 4),
    KT_FIELD(document_row, data, JSON, "Made from", "Zrobiono z", .computed = true, .personal = true,
        .group = "source", .help = {"The record as it was.", "Rekord w chwili wykonania."}));

const kt_shape key_row_shape = KT_SHAPE(key_row, "document.key",
    KT_FIELD(key_row, name, STRING, "Name", "Nazwa", .max = 80, .computed = true, .priority = 1),
    KT_FIELD(key_row, subject, STRING, "Subject", "Podmiot", .max = 200, .computed = true, .priority = 2),
    KT_FIELD(key_row, issuer, STRING, "Issuer", "Wystawca", .max = 200, .computed = true, .priority = 3),
    KT_FIELD(key_row, certificate, TEXT, "Certificate", "Certyfikat", .computed = true,
        .help = {"PEM. The private key cannot be read.", "PEM. Klucza prywatnego nie można odczytać."}),
    KT_FIELD(key_row, owner, REF, "Owner", "Właściciel", .target = "access.user", .computed = true,
        .on_delete = KT_CASCADE));

template_kind paper_kind(const struct template_row *row)
{
    return row->kind == TEMPLATE_ROW_TEXT  ? TEMPLATE_TEXT
           : row->kind == TEMPLATE_ROW_XML ? TEMPLATE_XML
           : row->kind == TEMPLATE_ROW_CSV ? TEMPLATE_CSV
                                           : TEMPLATE_HTML;
}

kt_error *paper_compile(arena *arena, const struct template_row *row, kt_str *lua)
{
    return template_compile(arena, paper_kind(row), row->text, lua);
}

static kt_error *template_check(kt_tx *tx, const kt_record *before, const kt_record *after)
{
    kt_str lua = {0};
    kt_error *all = NULL;
    if (!after)
        return NULL;
    const struct template_row *row = KT_SEE(template_row, after);
    if (row->entity.len && !model_entity_find(tx->catalogue, row->entity))
        all = kt_fail(tx, KT_VALIDATION, "entity", "there is no entity \"%.*s\"", "nie ma encji „%.*s”",
            STR_ARG(row->entity));
    kt_str number;
    if (row->numbers.len)
        kt_also(&all, model_series(tx, model_entity_find(tx->catalogue, KT_STR("document.template")), 0,
                          row->numbers, 0, false, &number));
    if (row->kind ==
        TEMPLATE_ROW_DOCX) { /* what is in the file is judged when it is previewed: files take their time */
        if (!row->file.v)
            kt_also(&all, kt_fail(tx, KT_VALIDATION, "file", "is required", "jest wymagany"));
        return all;
    }
    if (!row->text.len)
        kt_also(&all, kt_fail(tx, KT_VALIDATION, "text", "is required", "jest wymagana"));
    const struct template_row *old = before ? KT_SEE(template_row, before) : NULL;
    if (old && str_eq(old->text, row->text) && old->kind == row->kind)
        return all;
    kt_error *wrong = paper_compile(tx->arena, row, &lua);
    kt_also(&all, wrong ? wrong : automation_check(tx, row->name, lua));
    return all;
}

static const kt_role roles[] = {
    {"document_author", {"Author of templates", "Autor szablonów"},
        "document.template:*; document.asset:*; document.document:*; document.link:*"},
    {0},
};

const kt_module paper_module = KT_MODULE("document", "1.0.0", "Documents", "Dokumenty",
    .entities = KT_LIST(kt_entity,
        {&template_row_shape, {"Template", "Szablon"}, {"Templates", "Szablony"}, .title = "name",
            .indexes = "unique name lang", .check = template_check, .icon = "template"},
        {&document_row_shape, {"Document", "Dokument"}, {"Documents", "Dokumenty"}, .title = "name",
            .number = "DOC/{year}/{seq:5}", .indexes = "template about edition", .icon = "file"},
        {&asset_row_shape, {"Picture", "Obraz"}, {"Pictures", "Obrazy"}, .title = "name",
            .indexes = "unique name whose", .check = paper_asset_check, .icon = "image"},
        {&key_row_shape, {"Signing key", "Klucz do podpisu"}, {"Signing keys", "Klucze do podpisu"},
            .title = "name", .check = paper_key_check, .icon = "key"},
        {&link_row_shape, {"Public link", "Publiczny odnośnik"}, {"Public links", "Publiczne odnośniki"},
            .title = "recipient", .icon = "link"}),
    .roles = roles);

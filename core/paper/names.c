/* names.c -- what the names in a DOCX mean for an entity: its fields and what they lead to, and the names that
 * Bitrix24's document generator gives to the same things, so that its templates work as they are. */
#include "kit/str.h"
#include "paper/methods.h"

static const struct {
    const char *theirs, *ours;
} foreign[] = {
    {"DocumentNumber", "number"},
    {"DocumentCreateTime", "today"},
    {"DocumentTitle", "title"},
    {"Title", "title"},
    {"MyCompanyTitle", "company.name"},
    {"MyCompanyUfLogo", "picture.logo"},
    {"MyCompanyUfStamp", "picture.stamp"},
    {"MyCompanyRequisiteRqCompanyName", "company.legal_name"},
    {"MyCompanyRequisiteRqCompanyFullName", "company.legal_name"},
    {"MyCompanyRequisiteRqInn", "company.tax_id"},
    {"MyCompanyRequisiteRqVatId", "company.tax_id"},
    {"MyCompanyRequisiteRegisteredAddressCity", "company.city"},
    {"MyCompanyRequisiteRegisteredAddressPostalCode", "company.postal_code"},
    {"MyCompanyRequisiteRegisteredAddressAddress1", "company.street"},
    {"MyCompanyPhone", "company.phone"},
    {"MyCompanyEmail", "company.email"},
    {"MyCompanyWeb", "company.website"},
    {"ClientName", "party.name"},
    {"ClientPhone", "party.phone"},
    {"ClientEmail", "party.email"},
    {"CompanyTitle", "party.name"},
    {"CompanyPhone", "party.phone"},
    {"CompanyEmail", "party.email"},
    {"ContactName", "party"},
    {"ContactFormattedName", "party"},
    {"ContactPhone", "party.phone"},
    {"ContactEmail", "party.email"},
    {"FormattedName", "party"},
    {"RequisiteRqCompanyName", "party.legal_name"},
    {"RequisiteRqCompanyFullName", "party.legal_name"},
    {"RequisiteRqInn", "party.tax_id"},
    {"RequisiteRqVatId", "party.tax_id"},
    {"AssignedName", "owner.full_name"},
    {"AssignedFormattedName", "owner.full_name"},
    {"Opportunity", "amount"},
    {"TotalSum", "gross"},
    {"TotalSum", "amount"},
    {"TotalRaw", "net"},
    {"TotalTax", "tax"},
    {"ProductsIndex", "lines.index"},
    {"ProductsProductName", "lines.name"},
    {"ProductsProductCode", "lines.item.code"},
    {"ProductsProductQuantity", "lines.quantity"},
    {"ProductsProductMeasureName", "lines.unit.code"},
    {"ProductsProductPrice", "lines.price"},
    {"ProductsProductPriceRaw", "lines.price"},
    {"ProductsProductPriceRawSum", "lines.net"},
    {"ProductsProductPriceSum", "lines.gross"},
    {"ProductsProductTaxRate", "lines.tax_rate"},
    {"ProductsProductDiscountRate", "lines.discount_percent"},
    {"TaxesTaxTitle", "taxes.label"},
    {"TaxesTaxValue", "taxes.amount"},
};

static kt_str segment(kt_str *name)
{
    const char *dot = memchr(name->ptr, '.', name->len);
    const size_t n = dot ? (size_t)(dot - name->ptr) : name->len;
    const kt_str first = {name->ptr, n};
    *name = dot ? (kt_str){dot + 1, name->len - n - 1} : (kt_str){name->ptr + n, 0};
    return first;
}

/* How a field's value is written unless the template says. */
static const char *usual(const model_field *field)
{
    if (!field)
        return "";
    return field->type == KT_MONEY      ? "money"
           : field->type == KT_PRICE    ? "2"
           : field->type == KT_QUANTITY ? "short"
           : field->type == KT_PERCENT  ? "short"
                                        : "";
}

/* Follows a name through references. false: there is no such field; *field: the last one, NULL if unknown from here */
static bool follow(const model_entity *entity, kt_str rest, const model_field **field)
{
    while (rest.len && entity) {
        const kt_str part = segment(&rest);
        *field = str_is(part, "id") ? NULL : model_field_find(entity, part);
        if (!*field && !str_is(part, "id"))
            return false;
        entity = *field ? (*field)->target : NULL;
        if (rest.len && *field && (*field)->type != KT_REF && (*field)->type != KT_FILE)
            return false;
    }
    return true;
}

static docx_name of_line(
    arena *arena, const model_entity *entity, kt_str list, const model_field *lines, kt_str rest)
{
    const model_field *field = NULL;
    docx_name name = {.list = list,
        .currency = model_field_find(entity, KT_STR("currency")) ? KT_STR("doc.currency") : (kt_str){0}};
    const kt_str whole = rest;
    if (!rest.len)
        return (docx_name){.lua = arena_format(arena, "doc.%.*s", STR_ARG(list))};
    if (str_is(rest, "index")) {
        name.lua = KT_STR("index");
        return name;
    }
    const kt_str part = segment(&rest);
    for (size_t i = 0; i < lines->lines->field_count && !field; i++)
        if (str_eq(lines->lines->fields[i].name, part))
            field = &lines->lines->fields[i];
    if (!field || (rest.len && !follow(field->target, rest, &field)))
        return (docx_name){0};
    name.lua = arena_format(arena, "line.%.*s", STR_ARG(whole));
    name.modifier = str_of(usual(field));
    return name;
}

static docx_name ours(arena *arena, const kt_tx *tx, const model_entity *entity, kt_str given)
{
    const model_field *field = NULL;
    kt_str rest = given;
    const kt_str first = segment(&rest);
    const bool of_company = str_is(first, "company"), of_document = str_is(first, "document");
    if (str_is(first, "picture")) /* pictures are put into the file itself */
        return (docx_name){.lua = KT_STR("\"\"")};
    if (str_is(given, "today"))
        return (docx_name){.lua = KT_STR("today()")};
    if (str_is(given, "language") || str_is(given, "document.edition") || str_is(given, "document.number"))
        return (docx_name){.lua = given};
    if (of_document || (of_company && !rest.len))
        return (docx_name){0};
    if (of_company)
        return follow(model_entity_find(tx->catalogue, KT_STR("base.company")), rest, &field)
                   ? (docx_name){.lua = given}
                   : (docx_name){0};
    const model_field *top = model_field_find(entity, first);
    if (top && top->type == KT_LINES)
        return of_line(arena, entity, first, top, rest);
    if (!follow(entity, given, &field))
        return (docx_name){0};
    const bool priced = model_field_find(entity, KT_STR("currency"));
    return (docx_name){.lua = arena_format(arena, "doc.%.*s", STR_ARG(given)),
        .modifier = str_of(usual(field)),
        .currency = priced ? KT_STR("doc.currency") : (kt_str){0}};
}

docx_name paper_name(arena *arena, const void *context, kt_str name)
{
    const paper_names *n = context;
    docx_name found = ours(arena, n->tx, n->entity, name);
    for (size_t i = 0; !found.lua.len && i < sizeof foreign / sizeof *foreign; i++)
        if (str_is(name, foreign[i].theirs))
            found = ours(arena, n->tx, n->entity, str_of(foreign[i].ours));
    return found;
}

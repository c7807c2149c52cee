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

static const model_field *find_field(const model_entity *entity, const model_field *lines, kt_str name)
{
    if (entity)
        return model_field_find(entity, name);
    for (size_t i = 0; i < lines->lines->field_count; i++)
        if (str_eq(lines->lines->fields[i].name, name))
            return &lines->lines->fields[i];
    return NULL;
}

/* Where a name has come to. */
typedef struct {
    const model_entity *entity; /* a record; NULL: not one */
    const model_field *lines;   /* a list's line; NULL: not one */
    const model_field *last;
    docx_name name;
} way;

enum { LEVELS_MAX = 2 };

/* One step further. false: there is no such thing */
static bool step(arena *arena, way *w, kt_str whole, kt_str part, bool ends)
{
    docx_name *n = &w->name;
    const bool is_index = w->lines && str_is(part, "index"), is_id = w->entity && str_is(part, "id");
    const model_field *field = is_index || is_id       ? NULL
                               : w->entity || w->lines ? find_field(w->entity, w->lines, part)
                                                       : NULL;
    if (is_index) {
        n->lua = n->level == 1 ? KT_STR("index") : KT_STR("index2");
        w->last = NULL;
        return ends;
    }
    if (!field && !is_id)
        return false;
    n->lua = arena_format(arena, "%.*s.%.*s", STR_ARG(n->lua), STR_ARG(part));
    w->last = field;
    w->lines = NULL;
    w->entity = field ? field->target : NULL;
    if (!field || field->type != KT_LINES)
        return ends || (field && (field->type == KT_REF || field->type == KT_FILE));
    n->outer = n->list;
    n->list = (kt_str){whole.ptr, (size_t)(part.ptr + part.len - whole.ptr)};
    n->over = n->lua;
    n->is_list = ends;
    n->lua = ends ? n->lua : ++n->level == 1 ? KT_STR("line") : KT_STR("line2");
    n->level += ends;
    w->lines = field;
    w->entity = NULL;
    return n->level <= LEVELS_MAX;
}

/* Follows a name through references and lines. */
static docx_name follow(arena *arena, const model_entity *entity, kt_str name, const char *start)
{
    way w = {.entity = entity, .name.lua = str_of(start)};
    kt_str rest = name;
    while (rest.len) {
        const kt_str part = segment(&rest);
        if (!step(arena, &w, name, part, !rest.len))
            return (docx_name){0};
    }
    if (!w.name.is_list)
        w.name.modifier = str_of(usual(w.last));
    return w.name;
}

static docx_name ours(arena *arena, const kt_tx *tx, const model_entity *entity, kt_str given)
{
    kt_str rest = given;
    const kt_str first = segment(&rest);
    if (str_is(first, "picture"))
        return rest.len ? (docx_name){.lua = KT_STR("\"\""), .picture = rest} : (docx_name){0};
    if (str_is(given, "today"))
        return (docx_name){.lua = KT_STR("today()")};
    if (str_is(given, "language") || str_is(given, "document.edition") || str_is(given, "document.number"))
        return (docx_name){.lua = given};
    if (str_is(first, "document") || (str_is(first, "company") && !rest.len))
        return (docx_name){0};
    if (str_is(first, "company"))
        return follow(arena, model_entity_find(tx->catalogue, KT_STR("base.company")), rest, "company");
    docx_name name = follow(arena, entity, given, "doc");
    if (name.lua.len && model_field_find(entity, KT_STR("currency")))
        name.currency = KT_STR("doc.currency");
    return name;
}

/* this.SOURCE.MY_COMPANY.UF_LOGO is MyCompanyUfLogo: as chains stand in fields of Bitrix24's templates. */
static kt_str joined(arena *arena, kt_str chain)
{
    char *out = arena_alloc(arena, chain.len + 1);
    size_t n = 0;
    for (kt_str rest = chain; out && rest.len;) {
        const kt_str part = segment(&rest);
        if (str_is(part, "this") || str_is(part, "SOURCE"))
            continue;
        for (size_t i = 0; i < part.len; i++) {
            const char c = part.ptr[i];
            const bool begins = i == 0 || part.ptr[i - 1] == '_';
            if (c != '_')
                out[n++] = !begins && c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
        }
    }
    return out ? (kt_str){out, n} : (kt_str){0};
}

docx_name paper_name(arena *arena, const void *context, kt_str name)
{
    const paper_names *n = context;
    if (name.len > 5 && memcmp(name.ptr, "this.", 5) == 0)
        name = joined(arena, name);
    docx_name found = ours(arena, n->tx, n->entity, name);
    for (size_t i = 0; !found.lua.len && i < sizeof foreign / sizeof *foreign; i++)
        if (str_is(name, foreign[i].theirs))
            found = ours(arena, n->tx, n->entity, str_of(foreign[i].ours));
    return found;
}

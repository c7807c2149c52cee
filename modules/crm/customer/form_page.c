/* The pages of a form, in HTML that works without scripts and at the width of a telephone. */
#include <string.h>

#include "customer/form.h"

kt_str html_escape(kt_tx *tx, kt_str text)
{
    static const char special[] = "&<>\"'";
    static const char *const names[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};
    enum { LONGEST = 6 };
    char *to = kt_alloc(tx, text.len * LONGEST + 1);
    size_t n = 0;
    for (size_t i = 0; to && i < text.len; i++) {
        const char *found = text.ptr[i] ? strchr(special, text.ptr[i]) : NULL;
        const char *as = found ? names[found - special] : NULL;
        size_t length = as ? strlen(as) : 1;
        memcpy(to + n, as ? as : &text.ptr[i], length);
        n += length;
    }
    return (kt_str){to, to ? n : 0};
}

static const char *shown(kt_tx *tx, kt_str text)
{
    kt_str escaped = html_escape(tx, text);
    return escaped.ptr ? escaped.ptr : "";
}

kt_str form_frame(kt_tx *tx, kt_str title, kt_str html)
{
    const char *heading = shown(tx, title);
    return kt_format(tx,
        "<!doctype html><html lang=\"%s\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
        "content=\"width=device-width\">"
        "<title>%s</title><style>body{font:16px sans-serif;max-width:44em;margin:1em auto;padding:0 1em}"
        "label{display:block;margin:.8em 0}input:not([type=checkbox]),textarea{display:block;width:100%%;"
        "box-sizing:border-box;font:inherit;padding:.5em}textarea{min-height:8em}button{font:inherit;"
        "padding:.6em 1.4em}p{white-space:pre-line}table{border-collapse:collapse;width:100%%}"
        "td,th{text-align:left;padding:.3em .5em;border-bottom:1px solid #ddd}.n{text-align:right;"
        "white-space:nowrap}.no{position:absolute;left:-9999px}</style></head><body><h1>%s</h1>%s</body></"
        "html>",
        kt_say(tx, (kt_text){"en", "pl"}).ptr, heading, heading, html.ptr ? html.ptr : "");
}

kt_str form_note(kt_tx *tx, kt_str title, kt_str text)
{
    return form_frame(tx, title, kt_format(tx, "<p>%s</p>", shown(tx, text)));
}

static kt_str input(kt_tx *tx, const struct form_field *line)
{
    const kt_choice *kind = &form_field_kinds[line->field - 1];
    const char *label = shown(tx, line->label.ptr ? line->label : kt_say(tx, kind->label));
    const char *star = line->required ? " *" : "", *required = line->required ? " required" : "";
    const char *type = line->field == F_EMAIL ? "email" : line->field == F_PHONE ? "tel" : "text";
    if (line->field == F_TEXT)
        return kt_format(tx, "<label>%s%s<textarea name=\"%s\" maxlength=\"10000\"%s></textarea></label>",
            label, star, kind->name, required);
    return kt_format(tx, "<label>%s%s<input type=\"%s\" name=\"%s\" maxlength=\"200\"%s></label>", label,
        star, type, kind->name, required);
}

kt_error *form_page(kt_tx *tx, const struct web_form *f, kt_str *page)
{
    const kt_text send = {"Send", "Wyślij"};
    kt_str inputs = KT_STR("");
    for (size_t i = 0; i < f->fields.count; i++) {
        kt_str one = input(tx, KT_AS(form_field, kt_line(&f->fields, i)));
        inputs = kt_format(tx, "%s%s", inputs.ptr ? inputs.ptr : "", one.ptr ? one.ptr : "");
    }
    kt_str consent = f->consent.ptr ? kt_format(tx,
                                          "<label><input type=\"checkbox\" name=\"" FORM_CONSENT
                                          "\" value=\"1\" required> %s</label>",
                                          shown(tx, f->consent))
                                    : KT_STR("");
    kt_str body = kt_format(tx,
        "<p>%s</p><form method=\"post\">%s%s<div class=\"no\" aria-hidden=\"true\"><input name=\"" FORM_TRAP
        "\" tabindex=\"-1\" autocomplete=\"off\"></div><button>%s</button></form>",
        shown(tx, f->text), inputs.ptr ? inputs.ptr : "", consent.ptr ? consent.ptr : "",
        kt_say(tx, send).ptr);
    *page = form_frame(tx, f->title.ptr ? f->title : f->name, body);
    return page->ptr ? NULL : kt_no_memory();
}

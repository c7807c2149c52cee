/* template.h -- templates to Lua: text with {{ expressions }}, {% statements %} and {# remarks #} becomes a
 * chunk that writes the text. What an expression writes is escaped by the place where it stands, which is
 * found here, once, from the text around it: a person's name can never become markup, an attribute, an
 * address that runs, or a formula.
 *
 *   <p class="{{ class }}">{{ party.name }}</p>
 *   {% for _, line in ipairs(order.lines) do %}<tr><td>{{ line.text }}</td></tr>{% end %}
 *
 * The chunk is called with one table of functions: write(text) for the literal text, and text, attribute,
 * address, style, xml, cell, plain, each of which takes a value and returns it as text for such a place. Line
 * n of the chunk is line n of the template, so that Lua's own messages name the right line. */
#pragma once
#include "kit/buffer.h"
#include "kit/error.h"

typedef enum { TEMPLATE_TEXT, TEMPLATE_HTML, TEMPLATE_XML, TEMPLATE_CSV } template_kind;

/* Adds what stands in a string of Lua between double quotes. */
void template_add_quoted(buffer *lua, kt_str text);

/* Translates a template.
 *   lua      receives the chunk, the arena's
 *   returns  validation: all problems at once, each with its line: a tag that does not end, an expression
 * where no escaping is safe (inside script, a tag, an attribute without quotes); limit: too large */
KT_MUST kt_error *template_compile(arena *arena, template_kind kind, kt_str text, kt_str *lua);

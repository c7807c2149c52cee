/* place.c -- see place.h. */
#include "document/place.h"

#include <string.h>

enum {
    TEXT,
    TAG_OPEN,
    ELEMENT,
    IN_TAG,
    ATTRIBUTE,
    AFTER_ATTRIBUTE,
    BEFORE_VALUE,
    QUOTED,
    BARE,
    SCRIPT,
    MARKUP,
    REMARK
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static char small(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static void add(char name[PLACE_NAME_MAX], size_t *len, char c)
{
    if (*len + 1 < PLACE_NAME_MAX)
        name[(*len)++] = small(c);
    name[*len] = 0;
}

static bool holds_script(const place *p)
{
    return !p->xml && !p->closing && (strcmp(p->element, "script") == 0 || strcmp(p->element, "style") == 0);
}

static void end_tag(place *p)
{
    p->state = holds_script(p) ? SCRIPT : TEXT;
    p->matched = 0;
}

static void begin_attribute(place *p, char c)
{
    p->state = ATTRIBUTE;
    p->attribute_len = 0;
    add(p->attribute, &p->attribute_len, c);
}

static void step_tag_open(place *p, char c)
{
    p->closing = c == '/';
    p->element_len = 0;
    p->element[0] = 0;
    if (c == '!' || c == '?') {
        p->state = MARKUP;
        p->matched = 0;
    } else if (c == '/') {
        p->state = ELEMENT;
    } else if ((small(c) >= 'a' && small(c) <= 'z') || (p->xml && (c == '_' || c == ':'))) {
        p->state = ELEMENT;
        add(p->element, &p->element_len, c);
    } else {
        p->state = TEXT;
    }
}

static void step_in_tag(place *p, char c)
{
    if (c == '>')
        end_tag(p);
    else if (is_blank(c) || c == '/')
        p->state = p->state == ATTRIBUTE ? AFTER_ATTRIBUTE : p->state;
    else if (c == '=' && p->state != IN_TAG)
        p->state = BEFORE_VALUE;
    else if (p->state == ATTRIBUTE)
        add(p->attribute, &p->attribute_len, c);
    else
        begin_attribute(p, c);
}

static void step_before_value(place *p, char c)
{
    if (c == '"' || c == '\'') {
        p->state = QUOTED;
        p->quote = c;
    } else if (c == '>') {
        end_tag(p);
    } else if (!is_blank(c)) {
        p->state = BARE;
    }
}

/* Only its own end tag ends a script: "</script" and something that ends a name. */
static void step_script(place *p, char c)
{
    size_t wanted = p->element_len + 2;
    char expected = p->matched == 0       ? '<'
                    : p->matched == 1     ? '/'
                    : p->matched < wanted ? p->element[p->matched - 2]
                                          : 0;
    if (p->matched == wanted && (is_blank(c) || c == '/' || c == '>')) {
        p->closing = true;
        p->state = c == '>' ? TEXT : IN_TAG;
        p->matched = 0;
    } else if (expected && small(c) == expected) {
        p->matched++;
    } else {
        p->matched = c == '<';
    }
}

/* "<!--" to "-->"; another "<!" or "<?" to the next ">". */
static void step_markup(place *p, char c)
{
    if (c == '-' && p->matched < 2) {
        if (++p->matched == 2) {
            p->state = REMARK;
            p->matched = 0;
        }
    } else if (c == '>') {
        p->state = TEXT;
    } else {
        p->matched = 2; /* no remark any more */
    }
}

static void step_remark(place *p, char c)
{
    if (c == '-')
        p->matched += p->matched < 2;
    else if (c == '>' && p->matched == 2)
        p->state = TEXT;
    else
        p->matched = 0;
}

void place_step(place *p, char c)
{
    switch (p->state) {
    case TEXT:
        p->state = c == '<' ? TAG_OPEN : TEXT;
        return;
    case TAG_OPEN:
        step_tag_open(p, c);
        return;
    case ELEMENT:
        if (c == '>')
            end_tag(p);
        else if (is_blank(c) || c == '/')
            p->state = IN_TAG;
        else
            add(p->element, &p->element_len, c);
        return;
    case IN_TAG:
    case ATTRIBUTE:
    case AFTER_ATTRIBUTE:
        step_in_tag(p, c);
        return;
    case BEFORE_VALUE:
        step_before_value(p, c);
        return;
    case QUOTED:
        p->state = c == p->quote ? IN_TAG : QUOTED;
        return;
    case BARE:
        if (c == '>')
            end_tag(p);
        else if (is_blank(c))
            p->state = IN_TAG;
        return;
    case SCRIPT:
        step_script(p, c);
        return;
    case MARKUP:
        step_markup(p, c);
        return;
    case REMARK:
        step_remark(p, c);
        return;
    default:
        return;
    }
}

static place_kind quoted(const place *p)
{
    static const char *const addresses[] = {"href", "src", "action", "formaction", "data", "poster", "cite",
        "background", "xlink:href", "srcset", "ping"};
    if (p->xml)
        return PLACE_ATTRIBUTE;
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++)
        if (strcmp(p->attribute, addresses[i]) == 0)
            return PLACE_ADDRESS;
    if (strcmp(p->attribute, "style") == 0)
        return PLACE_STYLE;
    return p->attribute[0] == 'o' && p->attribute[1] == 'n' ? PLACE_SCRIPT : PLACE_ATTRIBUTE;
}

place_kind place_of(const place *p)
{
    switch (p->state) {
    case TEXT:
        return PLACE_TEXT;
    case QUOTED:
        return quoted(p);
    case BEFORE_VALUE:
    case BARE:
        return PLACE_BARE;
    case SCRIPT:
        return PLACE_SCRIPT;
    case MARKUP:
    case REMARK:
        return PLACE_REMARK;
    default:
        return PLACE_TAG;
    }
}

/* docx_tags.c -- see docx_tags.h. Word cuts text into runs wherever it likes (a change of language, a correction), so
 * tags are looked for in the text of a whole paragraph. */
#include "document/docx_tags.h"

#include <string.h>

#include "kit/str.h"

enum { TAG_BYTES_MAX = 400, BLOCKS_MAX = 32, TEXTS_MAX = 2000 };

typedef struct {
    xmlNode *nodes[TEXTS_MAX];
    size_t ends[TEXTS_MAX]; /* of their text in the whole */
    size_t count;
    buffer whole;
} paragraph_text;

typedef struct {
    docx *d;
    const docx_names *names;
    paragraph_text *text; /* of the paragraph at hand */
    struct {
        tag_kind kind;
        kt_str list;
        const xmlNode *where; /* begin and end stand in the same: paragraphs side by side, or one paragraph */
    } blocks[BLOCKS_MAX];
    size_t block_count;
    size_t first; /* of the part's tags */
} marking;

static void complain(docx *d, kt_str source, const char *en, const char *pl)
{
    kt_error *error = error_make(
        d->arena, KT_VALIDATION, "file", "{%.*s}: %s%.0s", "{%.*s}: %.0s%s", STR_ARG(source), en, pl);
    kt_also(&d->problems, error);
}

static bool is_named(const xmlNode *node, const char *name)
{
    return node && node->type == XML_ELEMENT_NODE && strcmp((const char *)node->name, name) == 0;
}

static xmlNode *parent_named(xmlNode *node, const char *name)
{
    for (node = node->parent; node; node = node->parent)
        if (is_named(node, name))
            return node;
    return NULL;
}

/* ---- What stands in braces ---- */

static bool starts(kt_str s, const char *with)
{
    return s.len >= strlen(with) && memcmp(s.ptr, with, strlen(with)) == 0;
}

static kt_str trimmed(kt_str s)
{
    while (s.len && (s.ptr[0] == ' ' || s.ptr[0] == '\t'))
        s = (kt_str){s.ptr + 1, s.len - 1};
    while (s.len && (s.ptr[s.len - 1] == ' ' || s.ptr[s.len - 1] == '\t'))
        s.len--;
    return s;
}

static kt_str behind(kt_str s, const char *lead)
{
    const size_t n = strlen(lead);
    return trimmed((kt_str){s.ptr + n, s.len - n});
}

static size_t name_length(kt_str s)
{
    size_t n = 0;
    while (
        n < s.len && ((s.ptr[n] >= 'a' && s.ptr[n] <= 'z') || (s.ptr[n] >= 'A' && s.ptr[n] <= 'Z') ||
                         s.ptr[n] == '_' || (n && (s.ptr[n] == '.' || (s.ptr[n] >= '0' && s.ptr[n] <= '9')))))
        n++;
    return n;
}

/* Word makes curly quotes of straight ones. */
static kt_str straightened(arena *arena, kt_str s)
{
    static const char *const curly[] = {"\xE2\x80\x9C", "\xE2\x80\x9D", "\xE2\x80\x9E"};
    char *out = arena_alloc(arena, s.len + 1);
    size_t n = 0;
    for (size_t i = 0; out && i < s.len; i++) {
        bool quote = false;
        for (size_t k = 0; k < sizeof curly / sizeof *curly; k++)
            quote = quote || starts((kt_str){s.ptr + i, s.len - i}, curly[k]);
        out[n++] = quote ? '"' : s.ptr[i];
        i += quote ? 2 : 0;
    }
    if (out)
        out[n] = 0;
    return out ? (kt_str){out, n} : (kt_str){0};
}

static void read_asked(marking *m, docx_tag *tag, kt_str expression)
{
    if (expression.len && name_length(expression) == expression.len)
        tag->name = m->names->resolve(m->d->arena, m->names->context, expression);
    if (!tag->name.lua.len && (tag->kind == TAG_LUA || name_length(expression) != expression.len))
        tag->name = (docx_name){.lua = straightened(m->d->arena, expression), .level = 1};
    if (tag->kind == TAG_EACH && tag->name.is_list)
        tag->name.lua = tag->name.over;
    if (!tag->name.lua.len)
        complain(m->d, tag->source, "there is no such field", "nie ma takiego pola");
}

/* returns false: it is text */
static bool read_tag(marking *m, kt_str inside, docx_tag *tag)
{
    static const struct {
        const char *lead;
        tag_kind kind;
    } leads[] = {{"#each ", TAG_EACH}, {"#if ", TAG_IF}, {"=", TAG_LUA}};
    kt_str s = trimmed(inside);
    *tag = (docx_tag){.source = s};
    if (str_is(s, "else") || str_is(s, "/each") || str_is(s, "/if")) {
        tag->kind = str_is(s, "else") ? TAG_ELSE : TAG_END;
        return true;
    }
    for (size_t i = 0; i < sizeof leads / sizeof *leads; i++)
        if (starts(s, leads[i].lead)) {
            tag->kind = leads[i].kind;
            read_asked(m, tag, behind(s, leads[i].lead));
            return true;
        }
    const size_t n = name_length(s);
    if (!n || (n < s.len && s.ptr[n] != '~'))
        return false;
    tag->kind = TAG_NAME;
    if (n < s.len)
        tag->modifier = trimmed((kt_str){s.ptr + n + 1, s.len - n - 1});
    tag->name = m->names->resolve(m->d->arena, m->names->context, (kt_str){s.ptr, n});
    if (!tag->name.lua.len)
        complain(m->d, s, "there is no such field", "nie ma takiego pola");
    return true;
}

/* ---- Blocks ---- */

static bool is_within_each(const marking *m, kt_str list)
{
    for (size_t i = 0; i < m->block_count; i++)
        if (m->blocks[i].kind == TAG_EACH && str_eq(m->blocks[i].list, list))
            return true;
    return false;
}

static void follow_block(marking *m, const docx_tag *tag, const xmlNode *where)
{
    if (tag->kind == TAG_EACH || tag->kind == TAG_IF) {
        if (m->block_count == BLOCKS_MAX) {
            complain(m->d, tag->source, "blocks go too deep", "bloki są zbyt zagnieżdżone");
            return;
        }
        m->blocks[m->block_count].kind = tag->kind;
        m->blocks[m->block_count].list = tag->kind == TAG_EACH ? tag->name.list : (kt_str){0};
        m->blocks[m->block_count++].where = where;
        return;
    }
    if (tag->kind != TAG_END && tag->kind != TAG_ELSE)
        return;
    const tag_kind wanted = str_is(tag->source, "/each") ? TAG_EACH : TAG_IF;
    if (!m->block_count || m->blocks[m->block_count - 1].kind != wanted)
        complain(m->d, tag->source, "nothing was begun that this could end",
            "nic nie rozpoczęto, co mogłoby tu się kończyć");
    else if (m->blocks[m->block_count - 1].where != where)
        complain(m->d, tag->source,
            "it stands elsewhere than its beginning: both within one paragraph, or each in its own",
            "stoi gdzie indziej niż początek: oba w jednym akapicie albo każdy w osobnym");
    if (m->block_count && tag->kind == TAG_END)
        m->block_count--;
}

/* ---- Marks ---- */

static xmlNode *new_mark(marking *m, docx_tag *tag)
{
    char number[24];
    docx *d = m->d;
    if (d->tag_count == DOCX_TAGS_MAX) {
        kt_also(&d->problems, error_make(d->arena, KT_LIMIT, "file", "it has more than %d tags",
                                  "ma ponad %d znaczników", (int)DOCX_TAGS_MAX));
        return NULL;
    }
    xmlNode *mark = xmlNewNode(NULL, (const xmlChar *)DOCX_MARK);
    if (!mark)
        return NULL;
    (void)snprintf(number, sizeof number, "%zu", d->tag_count);
    xmlNewProp(mark, (const xmlChar *)"n", (const xmlChar *)number);
    tag->mark = mark;
    d->tags[d->tag_count++] = *tag;
    return mark;
}

/* A block's tag that has its paragraph for itself takes its place; in a table's cell, which must keep a paragraph, it
 * stands before or behind the row. returns false: it stays where it is */
static bool mark_alone(marking *m, xmlNode *paragraph, docx_tag *tag)
{
    if (tag->kind < TAG_EACH)
        return false;
    bool in_cell = is_named(paragraph->parent, "tc");
    xmlNode *row = in_cell ? parent_named(paragraph, "tr") : NULL;
    if (in_cell && (!row || tag->kind == TAG_ELSE))
        return false;
    follow_block(m, tag, row ? row->parent : paragraph->parent);
    xmlNode *mark = new_mark(m, tag);
    if (!mark)
        return true;
    if (!row)
        xmlAddPrevSibling(paragraph, mark);
    else if (tag->kind == TAG_END)
        xmlAddNextSibling(row, mark);
    else
        xmlAddPrevSibling(row, mark);
    return true;
}

static void gather(xmlNode *node, paragraph_text *text)
{
    for (node = node->children; node; node = node->next) {
        if (is_named(node, "t") && text->count < TEXTS_MAX) {
            xmlChar *content = xmlNodeGetContent(node);
            buffer_add(&text->whole, content ? (const char *)content : "",
                content ? strlen((const char *)content) : 0);
            xmlFree(content);
            text->nodes[text->count] = node;
            text->ends[text->count++] = text->whole.len;
        } else if (node->type == XML_ELEMENT_NODE && !is_named(node, "p")) {
            gather(node, text);
        }
    }
}

/* The braces' contents that begin at `at`; ptr NULL: no tag can be here. */
static kt_str braces_at(kt_str whole, size_t at)
{
    if (whole.ptr[at] != '{')
        return (kt_str){0};
    for (size_t i = at + 1; i < whole.len && i - at < TAG_BYTES_MAX; i++) {
        if (whole.ptr[i] == '{')
            break;
        if (whole.ptr[i] == '}')
            return (kt_str){whole.ptr + at + 1, i - at - 1};
    }
    return (kt_str){0};
}

static void add_text(xmlNode *node, kt_str whole, size_t from, size_t to)
{
    if (to > from)
        xmlAddChild(node, xmlNewTextLen((const xmlChar *)(whole.ptr + from), (int)(to - from)));
}

/* Writes the paragraph's texts anew with marks for tags. A tag that begins in one text and ends in another stands in
 * the first. */
static void rewrite(marking *m, const xmlNode *paragraph, paragraph_text *text, kt_str whole)
{
    size_t at = 0, skip_until = 0;
    for (size_t k = 0; k < text->count; k++) {
        xmlNode *node = text->nodes[k];
        size_t from = at < skip_until ? skip_until : at;
        xmlNodeSetContent(node, NULL);
        xmlSetProp(node, (const xmlChar *)"xml:space", (const xmlChar *)"preserve");
        for (; at < text->ends[k]; at++) {
            docx_tag tag;
            kt_str inside = at >= skip_until ? braces_at(whole, at) : (kt_str){0};
            if (!inside.ptr || !read_tag(m, inside, &tag))
                continue;
            add_text(node, whole, from, at);
            follow_block(m, &tag, paragraph);
            tag.needs_row = tag.kind == TAG_NAME && tag.name.list.len && !tag.name.is_list &&
                            !is_within_each(m, tag.name.list);
            xmlNode *mark = new_mark(m, &tag);
            if (mark)
                xmlAddChild(node, mark);
            skip_until = at + inside.len + 2;
            from = skip_until;
        }
        add_text(node, whole, from, text->ends[k]);
    }
}

/* The tag that has a row stand for each line; NULL: none has. */
static const docx_tag *row_tag(const marking *m, const xmlNode *row)
{
    for (size_t i = m->first; is_named(row->prev, DOCX_MARK) && i < m->d->tag_count; i++)
        if (m->d->tags[i].mark == row->prev && m->d->tags[i].kind == TAG_ROW)
            return &m->d->tags[i];
    return NULL;
}

/* A row of a line's own lines stands in a table within that line's row, or in a block of it. */
static void repeat_row(marking *m, xmlNode *row, const docx_tag *tag)
{
    docx_tag begin = {.kind = TAG_ROW, .source = tag->source, .name = tag->name},
             end = {.kind = TAG_ROW_END, .source = tag->source};
    xmlNode *before = new_mark(m, &begin), *after = new_mark(m, &end);
    if (before)
        xmlAddPrevSibling(row, before);
    if (after)
        xmlAddNextSibling(row, after);
    if (!tag->name.outer.len || is_within_each(m, tag->name.outer))
        return;
    xmlNode *outer_row = parent_named(row, "tr");
    docx_tag outer = {
        .source = tag->source, .name = m->names->resolve(m->d->arena, m->names->context, tag->name.outer)};
    if (!outer_row)
        complain(m->d, tag->source,
            "it is of a line's line: put its table into the line's row, or into {#each}",
            "dotyczy pozycji pozycji: umieść jego tabelę w wierszu pozycji albo w {#each}");
    else if (!row_tag(m, outer_row))
        repeat_row(m, outer_row, &outer);
}

/* A line's name outside of its list's block makes its row stand for each line. */
static void mark_row(marking *m, const docx_tag *tag)
{
    xmlNode *row = parent_named(tag->mark, "tr");
    if (!row) {
        complain(m->d, tag->source, "it is of a line, and stands neither in a table's row nor in {#each}",
            "dotyczy pozycji, a nie stoi ani w wierszu tabeli, ani w {#each}");
        return;
    }
    const docx_tag *found = row_tag(m, row);
    while (
        found && row && str_eq(found->name.outer, tag->name.list)) { /* the row of a line of its own line */
        row = parent_named(row, "tr");
        found = row ? row_tag(m, row) : NULL;
    }
    if (found && !str_eq(found->name.list, tag->name.list))
        complain(m->d, tag->source, "its row is of another list", "jego wiersz dotyczy innej listy");
    else if (!found && row)
        repeat_row(m, row, tag);
}

/* The whole text is one block's tag. */
static bool is_block(kt_str inside)
{
    const kt_str s = trimmed(inside);
    return starts(s, "#") || starts(s, "/") || str_is(s, "else");
}

static void mark_text(marking *m, xmlNode *paragraph, kt_str whole)
{
    docx_tag tag;
    const kt_str all = trimmed(whole), inside = all.len ? braces_at(all, 0) : (kt_str){0};
    bool is_alone = inside.ptr && inside.len + 2 == all.len && is_block(inside) &&
                    read_tag(m, inside, &tag) && mark_alone(m, paragraph, &tag);
    if (is_alone && is_named(paragraph->parent, "tc")) {
        for (size_t k = 0; k < m->text->count; k++)
            xmlNodeSetContent(m->text->nodes[k], NULL);
    } else if (is_alone) {
        xmlUnlinkNode(paragraph);
        xmlFreeNode(paragraph);
    } else {
        rewrite(m, paragraph, m->text, whole);
    }
}

static void mark_paragraph(marking *m, xmlNode *paragraph)
{
    const size_t first = m->d->tag_count;
    m->text->count = 0;
    buffer_clear(&m->text->whole);
    gather(paragraph, m->text);
    if (!m->text->whole.len || !memchr(m->text->whole.ptr, '{', m->text->whole.len))
        return;
    const kt_str whole = arena_str(m->d->arena, buffer_str(&m->text->whole)); /* tags point into it */
    if (whole.ptr)
        mark_text(m, paragraph, whole);
    for (size_t i = first, end = m->d->tag_count; i < end; i++)
        if (m->d->tags[i].needs_row)
            mark_row(m, &m->d->tags[i]);
}

/* ---- Pictures of the file ---- */

static xmlNode *descendant(xmlNode *node, const char *name)
{
    for (node = node ? node->children : NULL; node; node = node->next) {
        xmlNode *found = is_named(node, name) ? node : descendant(node, name);
        if (found)
            return found;
    }
    return NULL;
}

/* A picture whose alternative text is a picture's name becomes that one. */
static void mark_picture(marking *m, xmlNode *about)
{
    static const char *const places[] = {"descr", "title"};
    xmlNode *blip = descendant(about->parent, "blip");
    xmlAttr *embed = blip ? xmlHasProp(blip, (const xmlChar *)"embed") : NULL;
    for (size_t i = 0; embed && i < sizeof places / sizeof *places; i++) {
        xmlChar *text = xmlGetProp(about, (const xmlChar *)places[i]);
        const kt_str whole = text ? trimmed(arena_str(m->d->arena, str_of((const char *)text))) : (kt_str){0};
        const kt_str inside = whole.len ? braces_at(whole, 0) : (kt_str){0};
        xmlFree(text);
        docx_tag tag;
        if (!inside.ptr || !read_tag(m, inside, &tag) || !tag.name.picture.len)
            continue;
        xmlChar *old = xmlGetNsProp(blip, (const xmlChar *)"embed", embed->ns ? embed->ns->href : NULL);
        tag.kind = TAG_BLIP;
        tag.name.lua = arena_format(m->d->arena, "\"%s\"", old ? (const char *)old : "");
        xmlFree(old);
        xmlNode *mark = new_mark(m, &tag);
        if (!mark)
            return;
        xmlFreeNode(mark); /* its number stands in the attribute */
        m->d->tags[m->d->tag_count - 1].mark = NULL;
        const kt_str number = arena_format(m->d->arena, DOCX_MARK ":%zu", m->d->tag_count - 1);
        xmlSetNsProp(blip, embed->ns, (const xmlChar *)"embed", (const xmlChar *)number.ptr);
        xmlSetProp(about, (const xmlChar *)places[i], (const xmlChar *)"");
        return;
    }
}

static void walk(marking *m, xmlNode *node)
{
    for (xmlNode *next; node; node = next) {
        next = node->next;
        if (node->type != XML_ELEMENT_NODE)
            continue;
        walk(m, node->children);
        if (is_named(node, "docPr"))
            mark_picture(m, node);
        if (is_named(node, "p"))
            mark_paragraph(m, node);
    }
}

void docx_mark(docx *d, const docx_names *names, xmlNode *root)
{
    marking m = {
        .d = d, .names = names, .first = d->tag_count, .text = arena_alloc(d->arena, sizeof *m.text)};
    if (!m.text)
        return;
    buffer_open(&m.text->whole, (size_t)1 << 20);
    walk(&m, root);
    buffer_close(&m.text->whole);
    if (m.block_count)
        kt_also(&d->problems, error_make(d->arena, KT_VALIDATION, "file",
                                  "a block that was begun does not end", "rozpoczęty blok nie ma końca"));
}

/* write.c -- a template becomes text for a record: opens the room, reads both under the caller's rights, has
 * a worker run it. document.preview is this and nothing more. */
#include "exchange/file.h"
#include "kit/str.h"
#include "paper/methods.h"

kt_error *papers_open(arena *arena, const papers_options *options, papers **out)
{
    papers *p = ARENA_NEW(arena, papers);
    if (!p)
        return error_no_memory();
    p->options = *options;
    p->render = render_open(options->renderer ? options->renderer : "", options->renderers);
    *out = p;
    return p->render ? NULL : error_no_memory();
}

void papers_close(papers *p)
{
    if (p && p->render)
        render_close(p->render);
}

/* The template of this name in the including one's language, else in any. */
static kt_error *include(kt_tx *tx, void *context, kt_str name, kt_str *lua)
{
    const struct template_row *from = &((const written *)context)->row;
    struct template_row row = {KT_OF(template_row)}, found = {KT_OF(template_row)};
    kt_cursor *cursor = NULL;
    const kt_query query = {
        .of = &template_row_shape, .where = (kt_where[]){KT_WHERE(template_row, name, KT_EQ, name), {0}}};
    KT_TRY(kt_open(tx, &query, &cursor));
    while (kt_next(cursor, &row.rec))
        if (!found.rec.id.v || row.lang == from->lang)
            found = row;
    KT_TRY(kt_close(cursor));
    if (!found.rec.id.v)
        return kt_fail(tx, KT_NOT_FOUND, "text", "there is no template \"%.*s\" to include",
            "nie ma szablonu „%.*s” do dołączenia", STR_ARG(name));
    if (found.kind != from->kind)
        return kt_fail(tx, KT_VALIDATION, "text", "the template \"%.*s\" is of another kind",
            "szablon „%.*s” jest innego rodzaju", STR_ARG(name));
    return paper_compile(tx->arena, &found, lua);
}

static kt_error *read_about(kt_tx *tx, written *w, uint64_t id)
{
    const model_entity *entity = model_entity_find(tx->catalogue, w->row.entity);
    if (!entity || !entity->enabled)
        return kt_fail(tx, KT_VALIDATION, "template", "the template is for no entity",
            "szablon nie jest dla żadnej encji");
    return model_read(tx, entity, id, &w->about);
}

enum { DOCX_MAX = 8 << 20 };

/* The file is the template's, whoever may see the attachment. */
static kt_error *compile_docx(kt_tx *tx, written *w, kt_str *lua)
{
    file_ref file = {0};
    kt_str bytes = {0};
    const paper_names names = {tx, w->about.entity};
    const model_guard *guard = tx->guard;
    tx->guard = NULL;
    kt_error *error = file_find(tx, w->row.file.v, &file);
    tx->guard = guard;
    if (error)
        return error;
    if (file.size > DOCX_MAX)
        return kt_fail(tx, KT_LIMIT, "file", "%llu bytes, at most %d are taken",
            "%llu bajtów, dozwolone najwyżej %d", (unsigned long long)file.size, (int)DOCX_MAX);
    KT_TRY(file_map(tx->arena, w->papers->options.data_directory, &file, &bytes));
    return docx_compile(tx->arena, bytes, &(docx_names){paper_name, &names}, &w->docx, lua);
}

/* A DOCX has no lines: a problem says in which braces it is. */
static kt_error *name_tag(arena *arena, const written *w, kt_error *error)
{
    const kt_str tag = error->first && error->first->row ? docx_tag_at(w->docx, error->first->row)
                                                         : (kt_str){0};
    if (!tag.len)
        return error;
    const kt_str en = arena_format(arena, "It is in {%.*s}.", STR_ARG(tag)),
                 pl = arena_format(arena, "To jest w {%.*s}.", STR_ARG(tag));
    return en.ptr && pl.ptr ? kt_hint(error, en.ptr, pl.ptr) : error;
}

kt_error *paper_write(papers *p, kt_tx *tx, written *w, kt_id template, uint64_t id, kt_str facts)
{
    kt_str lua = {0};
    w->papers = p;
    w->row = (struct template_row){KT_OF(template_row)};
    KT_TRY(kt_read(tx, template, &w->row.rec));
    KT_TRY(read_about(tx, w, id));
    KT_TRY(w->row.kind == TEMPLATE_ROW_DOCX ? compile_docx(tx, w, &lua)
                                            : paper_compile(tx->arena, &w->row, &lua));
    const automation_template t = {.name = w->row.name,
        .kind = w->docx ? TEMPLATE_TEXT : paper_kind(&w->row),
        .language = w->row.lang == ROW_ENGLISH ? WORDS_ENGLISH : WORDS_POLISH,
        .lua = lua,
        .about = &w->about,
        .facts = facts,
        .include = include,
        .picture = paper_picture,
        .context = w};
    kt_error *error = automation_write(p->options.automation, tx, &t, &w->text);
    return error && w->docx ? name_tag(tx->arena, w, error) : error;
}

/* ---- document.preview ---- */

enum { PREVIEW_MAX = 16 << 20 };

kt_error *paper_preview(method_call *call)
{
    written w = {0};
    buffer whole;
    buffer_open(&w.text, AUTOMATION_TEXT_MAX);
    kt_error *error = paper_write(call->rooms->papers, call->tx, &w,
        (kt_id){variant_get_uint(call->params, "template")}, variant_get_uint(call->params, "id"),
        KT_STR("{}"));
    buffer_open(&whole, PREVIEW_MAX);
    kt_str text = w.text.len ? buffer_str(&w.text) : KT_STR("");
    if (!error && w.docx)
        error = docx_text(call->arena, w.docx, text, &text);
    if (!error)
        error = paper_pictures_inside(call->arena, &w, text, &whole);
    if (!error && whole.full)
        error = error_make(call->arena, KT_LIMIT, "text", "the text and its pictures are too large",
            "tekst z obrazami jest za duży");
    if (!error) {
        json_object(call->answer);
        json_member_str(call->answer, "text", whole.len ? buffer_str(&whole) : KT_STR(""));
        json_object_end(call->answer);
    }
    buffer_close(&whole);
    buffer_close(&w.text);
    return error;
}

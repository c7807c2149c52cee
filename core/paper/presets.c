/* presets.c -- document.presets: the ready templates become records, in both languages. One that is there
 * already is somebody's: it is left as it is, unless he asks for it anew. */
#include <fcntl.h>
#include <unistd.h>

#include "kit/decode.h"
#include "kit/str.h"
#include "paper/methods.h"

enum { FILE_MAX = 60000, PRESETS_MAX = 64 };

typedef struct {
    method_call *call;
    const variant *list;       /* templates.json */
    kt_str texts[PRESETS_MAX]; /* of its members */
    bool renew;
    int64_t created, renewed, kept;
} presets;

static kt_error *read_text(method_call *call, kt_str name, kt_str *text)
{
    const char *folder = call->rooms->papers->options.templates;
    kt_str path = arena_format(call->arena, "%s/%.*s", folder ? folder : "", STR_ARG(name));
    char *bytes = arena_alloc(call->arena, FILE_MAX);
    if (!path.ptr || !bytes)
        return error_no_memory();
    int fd = folder ? open(path.ptr, O_RDONLY | O_CLOEXEC) : -1;
    ssize_t n = fd < 0 ? -1 : read(fd, bytes, FILE_MAX);
    if (fd >= 0)
        close(fd);
    if (n < 0 || n == FILE_MAX)
        return error_make(call->arena, KT_UNAVAILABLE, NULL, "the ready template %.*s cannot be read",
            "nie można odczytać gotowego szablonu %.*s", STR_ARG(name));
    *text = (kt_str){bytes, (size_t)n};
    return NULL;
}

static kt_error *find_preset(kt_tx *tx, struct template_row *row, kt_str name, unsigned lang)
{
    kt_cursor *cursor = NULL;
    const kt_query query = {.of = &template_row_shape,
        .where = (kt_where[]){
            KT_WHERE(template_row, name, KT_EQ, name), KT_WHERE(template_row, lang, KT_EQ, lang), {0}}};
    KT_TRY(kt_open(tx, &query, &cursor));
    (void)kt_next(cursor, &row->rec); /* there is one at most: the pair is unique */
    return kt_close(cursor);
}

static kt_error *put_preset(kt_tx *tx, presets *p, size_t i, unsigned lang)
{
    const variant *one = &p->list->as.array.items[i];
    struct template_row row = {KT_OF(template_row)};
    kt_str name = variant_get_str(one, "name");
    KT_TRY(find_preset(tx, &row, name, lang));
    if (row.rec.id.v && !p->renew) {
        p->kept++;
        return NULL;
    }
    row.name = name;
    row.entity = variant_get_str(one, "entity");
    row.numbers = variant_get_str(one, "numbers");
    row.title = variant_get_str(one, lang == ROW_POLISH ? "pl" : "en");
    row.kind = str_is(variant_get_str(one, "kind"), "text") ? TEMPLATE_ROW_TEXT : TEMPLATE_ROW_HTML;
    row.lang = lang;
    row.text = p->texts[i];
    if (row.entity.len && !model_entity_find(tx->catalogue, row.entity))
        return NULL; /* of a module that is not enabled */
    *(row.rec.id.v ? &p->renewed : &p->created) += 1;
    return row.rec.id.v ? kt_update(tx, &row.rec) : kt_create(tx, &row.rec);
}

static kt_error *put_all(kt_tx *tx, void *context)
{
    presets *p = context;
    p->created = p->renewed = p->kept = 0;
    for (size_t i = 0; i < p->list->as.array.count; i++)
        for (unsigned lang = ROW_POLISH; lang <= ROW_ENGLISH; lang++)
            KT_TRY(put_preset(tx, p, i, lang));
    json *answer = p->call->answer;
    json_object(answer);
    json_member_int(answer, "created", p->created);
    json_member_int(answer, "renewed", p->renewed);
    json_member_int(answer, "kept", p->kept);
    json_object_end(answer);
    return NULL;
}

kt_error *paper_presets(method_call *call)
{
    static const decode_limits limits = {4, 1000};
    presets p = {.call = call, .renew = variant_get_bool(call->params, "renew")};
    kt_str text = {0};
    KT_TRY(read_text(call, KT_STR("templates.json"), &text));
    KT_TRY(decode_json(call->arena, text, &limits, &p.list));
    if (p.list->kind != VARIANT_ARRAY || p.list->as.array.count > PRESETS_MAX)
        return error_make(call->arena, KT_UNAVAILABLE, NULL, "templates.json holds no list of templates",
            "templates.json nie zawiera listy szablonów");
    for (size_t i = 0; i < p.list->as.array.count; i++)
        KT_TRY(read_text(call, variant_get_str(&p.list->as.array.items[i], "file"), &p.texts[i]));
    return call->rooms->write(call, put_all, &p);
}

/* undone.c -- grants add up: one that shows an entity unmasked undoes the masks of those beside it. What is meant
 * so seldom is said where a role or a user is saved. A grant for one's own records, or under a condition, is meant. */
#include "access/grants.h"
#include "kit/buffer.h"

enum { SAID_MAX = 5, TEXT_MAX = 4000 };

static bool reads(const grant *g, const model_entity *entity)
{
    return grant_covers(g, entity->name) && (grant_allows(g, "read") || grant_allows(g, "export"));
}

/* Does `wide` show every record that `masking` shows, and the field in it as it is? */
static bool undoes(
    const grant *wide, const grant *masking, const model_entity *entity, const model_field *field)
{
    return reads(wide, entity) && !grant_masks(wide, field->mask) && !wide->condition_count &&
           (wide->scope == SCOPE_ALL || wide->scope == masking->scope);
}

static const grant *masking_of(const grant_list *all, const model_entity *entity, const model_field *field)
{
    for (size_t i = 0; i < all->count; i++)
        if (grant_covers(&all->items[i], entity->name) && grant_masks(&all->items[i], field->mask))
            return &all->items[i];
    return NULL;
}

static void say(kt_tx *tx, buffer *out, const grant *wide, const grant *masking, const model_entity *entity,
    const model_field *field)
{
    buffer_add_format(out,
        strcmp(tx->lang, "pl") == 0
            ? "%s„%.*s” pokazuje %.*s.%.*s bez maski: „%.*s” niczego tam nie zasłania."
            : "%s\"%.*s\" shows %.*s.%.*s unmasked: \"%.*s\" hides nothing there.",
        out->len ? "\n" : "", STR_ARG(wide->text), STR_ARG(entity->name), STR_ARG(field->name),
        STR_ARG(masking->text));
}

kt_error *grants_undone(kt_tx *tx, const grant_list *all, kt_str *text)
{
    bool *said = ARENA_ARRAY(tx->arena, bool, all->count + 1);
    size_t count = 0;
    buffer out;
    if (!said)
        return error_no_memory();
    buffer_open(&out, TEXT_MAX);
    for (size_t e = 0; e < model_entity_count(tx->catalogue); e++) {
        const model_entity *entity = model_entity_at(tx->catalogue, e);
        for (size_t f = 0; f < entity->field_count; f++) {
            const model_field *field = &entity->fields[f];
            const grant *masking = field->mask.len && !field->mask_within ? masking_of(all, entity, field)
                                                                          : NULL;
            for (size_t i = 0; masking && i < all->count && count < SAID_MAX; i++) {
                if (said[i] || !undoes(&all->items[i], masking, entity, field))
                    continue;
                said[i] = true;
                count++;
                say(tx, &out, &all->items[i], masking, entity, field);
            }
        }
    }
    *text = out.len ? arena_str(tx->arena, buffer_str(&out)) : (kt_str){0};
    buffer_close(&out);
    return count && !text->ptr ? error_no_memory() : NULL;
}

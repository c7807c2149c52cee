/* overlay.c -- a treap: a search tree by key that random priorities keep balanced. */
#include "store/overlay.h"

#include <endian.h>

static uint64_t word_at(kt_str key, size_t at)
{
    uint64_t word = 0;
    if (key.len >= at + sizeof word) {
        memcpy(&word, key.ptr + at, sizeof word);
        return be64toh(word);
    }
    for (size_t i = at; i < at + sizeof word; i++)
        word = word << 8 | (i < key.len ? (unsigned char)key.ptr[i] : 0);
    return word;
}

static overlay_head head_of(store_space space, kt_str key)
{
    return (overlay_head){word_at(key, 0), word_at(key, 8), space};
}

static int compare(const overlay_head *head, kt_str key, const overlay_node *node)
{
    if (head->space != node->head.space)
        return head->space < node->head.space ? -1 : 1;
    if (head->first != node->head.first)
        return head->first < node->head.first ? -1 : 1;
    if (head->second != node->head.second)
        return head->second < node->head.second ? -1 : 1;
    return str_cmp(key, node->key);
}

static uint32_t next_priority(overlay *o)
{
    o->random = o->random * 1664525u + 1013904223u;
    return o->random ^ o->random >> 16;
}

/* Splits tree into what is below the key and what is above; the key itself is in neither. */
static void split(
    overlay_node *tree, const overlay_head *head, kt_str key, overlay_node **below, overlay_node **above)
{
    while (tree) {
        if (compare(head, key, tree) > 0) {
            *below = tree;
            below = &tree->right;
            tree = tree->right;
        } else {
            *above = tree;
            above = &tree->left;
            tree = tree->left;
        }
    }
    *below = *above = NULL;
}

static overlay_node *find_or_insert(overlay *o, store_space space, kt_str key)
{
    const overlay_head head = head_of(space, key);
    overlay_node **slot = &o->root;
    while (*slot) {
        int c = compare(&head, key, *slot);
        if (c == 0)
            return *slot;
        slot = c < 0 ? &(*slot)->left : &(*slot)->right;
    }
    overlay_node *node = ARENA_NEW(o->arena, overlay_node);
    if (!node)
        return NULL;
    node->key = arena_str(o->arena, key);
    if (!node->key.ptr)
        return NULL;
    node->head = head;
    node->priority = next_priority(o);
    slot = &o->root;
    while (*slot && (*slot)->priority >= node->priority)
        slot = compare(&head, key, *slot) < 0 ? &(*slot)->left : &(*slot)->right;
    split(*slot, &head, key, &node->left, &node->right);
    *slot = node;
    return node;
}

bool overlay_write(overlay *o, store_space space, kt_str key, kt_str raw)
{
    overlay_node *node = find_or_insert(o, space, key);
    if (!node)
        return false;
    if (o->undo_count == o->undo_size) {
        size_t size = o->undo_size ? 2 * o->undo_size : 32;
        overlay_undo *undo = arena_grow(o->arena, o->undo, o->undo_size * sizeof *undo, size * sizeof *undo);
        if (!undo)
            return false;
        o->undo = undo;
        o->undo_size = size;
    }
    o->changes++;
    o->undo[o->undo_count++] = (overlay_undo){node, node->state, node->raw};
    node->state = raw.ptr ? OVERLAY_PUT : OVERLAY_DELETED;
    node->raw = raw;
    return true;
}

const overlay_node *overlay_find(const overlay *o, store_space space, kt_str key)
{
    const overlay_head head = head_of(space, key);
    const overlay_node *node = o->root;
    while (node) {
        int c = compare(&head, key, node);
        if (c == 0)
            return node->state == OVERLAY_NOTHING ? NULL : node;
        node = c < 0 ? node->left : node->right;
    }
    return NULL;
}

const overlay_node *overlay_at_or_after(const overlay *o, store_space space, kt_str key, bool after)
{
    for (;;) {
        const overlay_head head = head_of(space, key);
        const overlay_node *best = NULL;
        for (const overlay_node *node = o->root; node;) {
            int c = compare(&head, key, node);
            if (c < 0 || (c == 0 && !after)) {
                best = node;
                node = node->left;
            } else {
                node = node->right;
            }
        }
        if (!best || best->head.space != space)
            return NULL;
        if (best->state != OVERLAY_NOTHING)
            return best;
        key = best->key;
        after = true;
    }
}

const overlay_node *overlay_before(const overlay *o, store_space space, kt_str key)
{
    for (;;) {
        const overlay_head head = head_of(space, key);
        const overlay_node *best = NULL;
        for (const overlay_node *node = o->root; node;) {
            bool below = key.ptr ? compare(&head, key, node) > 0 : node->head.space <= space;
            if (below) {
                best = node;
                node = node->right;
            } else {
                node = node->left;
            }
        }
        if (!best || best->head.space != space)
            return NULL;
        if (best->state != OVERLAY_NOTHING)
            return best;
        key = best->key;
    }
}

void overlay_back(overlay *o, size_t mark)
{
    o->changes++;
    while (o->undo_count > mark) {
        const overlay_undo *undo = &o->undo[--o->undo_count];
        undo->node->state = undo->state;
        undo->node->raw = undo->raw;
    }
}

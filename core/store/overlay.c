/* overlay.c -- a B+tree in memory. A search compares the keys' first bytes, which lie side by side in a page, and
 * reads a key itself only where they are equal. */
#include "store/overlay.h"

#include <assert.h>
#include <endian.h>

enum { PAGE_SLOTS = 32, HEIGHT_MAX = 16, UNDO_BLOCK = 64, PLACES_FIRST = 64 };

/* A key's first bytes, big-endian, zeros behind its end: most keys differ in them. */
typedef struct {
    uint64_t first, second;
} head;

struct overlay_page {
    uint32_t count;
    bool is_leaf;
    head heads[PAGE_SLOTS];
    overlay_node *nodes[PAGE_SLOTS]; /* of a branch: the least below each child, but for the first child */
    overlay_page *children[];        /* of a branch: PAGE_SLOTS */
};

/* What a write replaced. */
typedef struct {
    overlay_node *node;
    overlay_state state;
    uint32_t job;
    kt_str raw;
} undo_entry;

struct overlay_undo {
    overlay_undo *older;
    undo_entry entries[UNDO_BLOCK];
};

/* The slots that a search went through, from the root to a leaf. */
typedef struct {
    overlay_page *pages[HEIGHT_MAX];
    uint32_t slots[HEIGHT_MAX];
    unsigned height;
} route;

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

static head head_of(kt_str key)
{
    return (head){word_at(key, 0), word_at(key, 8)};
}

static bool is_at_or_below(const overlay_page *page, uint32_t slot, head h, kt_str key)
{
    const head *other = &page->heads[slot];
    if (other->first != h.first)
        return other->first < h.first;
    if (other->second != h.second)
        return other->second < h.second;
    return str_cmp(page->nodes[slot]->key, key) <= 0;
}

/* How many of the page's keys are at or below the key; a branch's first child has no lower bound. */
static uint32_t rank(const overlay_page *page, head h, kt_str key)
{
    uint32_t low = page->is_leaf ? 0 : 1, high = page->count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (is_at_or_below(page, middle, h, key))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The last node at or below the key; NULL: all are above it. via: NULL, or told the slots, a leaf's being where the
 * key would go */
static overlay_node *find_floor(const overlay_tree *tree, kt_str key, route *via)
{
    const head h = head_of(key);
    for (overlay_page *page = tree->root; page;) {
        uint32_t at = rank(page, h, key);
        uint32_t slot = page->is_leaf ? at : at - 1;
        if (via) {
            via->pages[via->height] = page;
            via->slots[via->height++] = slot;
        }
        if (page->is_leaf)
            return at ? page->nodes[at - 1] : NULL;
        page = page->children[slot];
    }
    return NULL;
}

static bool is_at(const overlay_node *node, kt_str key)
{
    return node && str_cmp(node->key, key) == 0;
}

static overlay_page *new_page(arena *arena, bool is_leaf)
{
    overlay_page *page = arena_bytes(
        arena, sizeof *page + (is_leaf ? 0 : PAGE_SLOTS * sizeof(overlay_page *)));
    if (page) {
        page->count = 0;
        page->is_leaf = is_leaf;
    }
    return page;
}

static void put_in(overlay_page *page, uint32_t slot, head h, overlay_node *node, overlay_page *child)
{
    uint32_t behind = page->count - slot;
    memmove(page->heads + slot + 1, page->heads + slot, behind * sizeof *page->heads);
    memmove(page->nodes + slot + 1, page->nodes + slot, behind * sizeof(overlay_node *));
    page->heads[slot] = h;
    page->nodes[slot] = node;
    if (!page->is_leaf) {
        memmove(page->children + slot + 1, page->children + slot, behind * sizeof(overlay_page *));
        page->children[slot] = child;
    }
    page->count++;
}

/* Moves a full page's upper half to an empty one; keys that only rise leave full pages behind them. */
static void split(overlay_page *page, uint32_t slot, overlay_page *upper)
{
    uint32_t from = slot == PAGE_SLOTS ? PAGE_SLOTS : PAGE_SLOTS / 2;
    upper->count = page->count - from;
    memcpy(upper->heads, page->heads + from, upper->count * sizeof *page->heads);
    memcpy(upper->nodes, page->nodes + from, upper->count * sizeof(overlay_node *));
    if (!page->is_leaf)
        memcpy(upper->children, page->children + from, upper->count * sizeof(overlay_page *));
    page->count = from;
}

/* A root above the one there is, and the route through it. */
static bool raise_root(overlay *o, overlay_tree *tree, route *via)
{
    overlay_page *root = new_page(o->arena, false);
    if (!root)
        return false;
    put_in(root, 0, tree->root->heads[0], tree->root->nodes[0], tree->root);
    tree->root = root;
    assert(via->height < HEIGHT_MAX);
    memmove(via->pages + 1, via->pages, via->height * sizeof *via->pages);
    memmove(via->slots + 1, via->slots, via->height * sizeof *via->slots);
    via->pages[0] = root;
    via->slots[0] = 0;
    via->height++;
    return true;
}

/* Puts the node where the route ends; full pages on the way up are split, into pages that are made first, so that
 * a lack of memory leaves the tree whole. */
static bool insert(overlay *o, overlay_tree *tree, route *via, overlay_node *node)
{
    overlay_page *fresh[HEIGHT_MAX], *child = NULL;
    unsigned full = 0;
    for (; full < via->height && via->pages[via->height - 1 - full]->count == PAGE_SLOTS; full++)
        if (!(fresh[full] = new_page(o->arena, full == 0)))
            return false;
    if (full == via->height && !raise_root(o, tree, via))
        return false;
    head h = head_of(node->key);
    for (unsigned i = 0; i < full; i++) {
        overlay_page *page = via->pages[via->height - 1 - i], *upper = fresh[i];
        uint32_t slot = via->slots[via->height - 1 - i] +
                        (i > 0); /* a child goes behind the one it was split off */
        split(page, slot, upper);
        if (page->count < PAGE_SLOTS && slot <= page->count)
            put_in(page, slot, h, node, child);
        else
            put_in(upper, slot - page->count, h, node, child);
        h = upper->heads[0];
        node = upper->nodes[0];
        child = upper;
    }
    unsigned level = via->height - 1 - full;
    put_in(via->pages[level], via->slots[level] + (full > 0), h, node, child);
    return true;
}

static void link_behind(overlay_tree *tree, overlay_node *before, overlay_node *node)
{
    node->previous = before;
    node->next = before ? before->next : tree->first;
    *(before ? &before->next : &tree->first) = node;
    *(node->next ? &node->next->previous : &tree->last) = node;
}

/* ---- One key ---- */

/* Where the key's node is in the table, or would be. */
static overlay_node **place_of(const overlay *o, uint64_t hash, store_space space, kt_str key)
{
    for (size_t i = hash + space;; i++) {
        overlay_node **place = &o->table[i & (o->places - 1)];
        const overlay_node *node = *place;
        if (!node || (node->hash == hash && node->space == space && str_eq(node->key, key)))
            return place;
    }
}

/* Room for one more. false: no memory; all is as it was */
static bool widen(overlay *o)
{
    if (2 * (o->nodes + 1) <= o->places)
        return true;
    const size_t places = o->places ? 4 * o->places : PLACES_FIRST;
    overlay_node **wider = ARENA_ARRAY(o->arena, overlay_node *, places);
    if (!wider)
        return false;
    for (size_t i = 0; i < o->places; i++) {
        overlay_node *node = o->table[i];
        size_t at = node ? node->hash + node->space : 0;
        while (node && wider[at & (places - 1)])
            at++;
        if (node)
            wider[at & (places - 1)] = node;
    }
    o->table = wider;
    o->places = places;
    return true;
}

/* Its key lies behind it. */
static overlay_node *new_node(const overlay *o, uint64_t hash, store_space space, kt_str key)
{
    overlay_node *node = arena_bytes(o->arena, sizeof *node + key.len);
    if (!node)
        return NULL;
    *node = (overlay_node){.space = space, .hash = hash, .key = {(char *)(node + 1), key.len}};
    memcpy(node + 1, key.ptr, key.len);
    return node;
}

overlay_node *overlay_node_of(overlay *o, store_space space, kt_str key)
{
    overlay_tree *tree = &o->trees[space];
    const uint64_t hash = frame_key(key);
    if (!widen(o) || (!tree->root && !(tree->root = new_page(o->arena, true))))
        return NULL;
    overlay_node **place = place_of(o, hash, space, key);
    if (*place)
        return *place;
    route via = {.height = 0};
    overlay_node *floor = find_floor(tree, key, &via), *node = new_node(o, hash, space, key);
    if (!node || !insert(o, tree, &via, node))
        return NULL;
    link_behind(tree, floor, node);
    *place = node;
    o->nodes++;
    return node;
}

/* ---- Undo ---- */

static undo_entry *undo_push(overlay *o)
{
    size_t at = o->undo_count % UNDO_BLOCK;
    if (at == 0) {
        overlay_undo *block = o->spare;
        if (block)
            o->spare = block->older;
        else if (!(block = arena_bytes(o->arena, sizeof *block)))
            return NULL;
        block->older = o->undo;
        o->undo = block;
    }
    o->undo_count++;
    return &o->undo->entries[at];
}

static void undo_spare(overlay *o)
{
    overlay_undo *block = o->undo;
    o->undo = block->older;
    block->older = o->spare;
    o->spare = block;
}

void overlay_back(overlay *o, size_t mark)
{
    o->changes++;
    while (o->undo_count > mark) {
        size_t at = --o->undo_count % UNDO_BLOCK;
        const undo_entry *undo = &o->undo->entries[at];
        undo->node->state = undo->state;
        undo->node->job = undo->job;
        undo->node->raw = undo->raw;
        if (at == 0)
            undo_spare(o);
    }
}

void overlay_settle(overlay *o)
{
    o->undo_count = 0;
    while (o->undo)
        undo_spare(o);
}

/* ---- Writing and finding ---- */

bool overlay_set(overlay *o, overlay_node *node, kt_str raw)
{
    undo_entry *undo = undo_push(o);
    if (!undo)
        return false;
    *undo = (undo_entry){node, node->state, node->job, node->raw};
    o->changes++;
    node->state = raw.ptr ? OVERLAY_PUT : OVERLAY_DELETED;
    node->job = o->job;
    node->raw = raw;
    return true;
}

bool overlay_write(overlay *o, store_space space, kt_str key, kt_str raw)
{
    overlay_node *node = overlay_node_of(o, space, key);
    return node && overlay_set(o, node, raw);
}

const overlay_node *overlay_find(const overlay *o, store_space space, kt_str key)
{
    const overlay_node *node = o->places ? *place_of(o, frame_key(key), space, key) : NULL;
    return node && node->state != OVERLAY_NOTHING ? node : NULL;
}

static const overlay_node *this_or_next(const overlay_node *node)
{
    while (node && node->state == OVERLAY_NOTHING)
        node = node->next;
    return node;
}

static const overlay_node *this_or_previous(const overlay_node *node)
{
    while (node && node->state == OVERLAY_NOTHING)
        node = node->previous;
    return node;
}

const overlay_node *overlay_next(const overlay_node *node)
{
    return this_or_next(node->next);
}

const overlay_node *overlay_previous(const overlay_node *node)
{
    return this_or_previous(node->previous);
}

const overlay_node *overlay_at_or_after(const overlay *o, store_space space, kt_str key, bool after)
{
    const overlay_tree *tree = &o->trees[space];
    const overlay_node *floor = find_floor(tree, key, NULL);
    if (!floor)
        return this_or_next(tree->first);
    return this_or_next(is_at(floor, key) && !after ? floor : floor->next);
}

const overlay_node *overlay_before(const overlay *o, store_space space, kt_str key)
{
    const overlay_tree *tree = &o->trees[space];
    const overlay_node *floor = key.ptr ? find_floor(tree, key, NULL) : tree->last;
    return this_or_previous(key.ptr && is_at(floor, key) ? floor->previous : floor);
}

/* ---- Holding ---- */

overlay *overlay_open(size_t most)
{
    arena *arena = arena_open(most);
    overlay *made = arena ? ARENA_NEW(arena, overlay) : NULL;
    if (!made) {
        arena_close(arena);
        return NULL;
    }
    made->arena = arena;
    atomic_init(&made->holders, 1);
    return made;
}

void overlay_release(overlay *o)
{
    if (o && atomic_fetch_sub(&o->holders, 1) == 1)
        arena_close(o->arena);
}

static void release(void *object)
{
    overlay_release(object);
}

bool overlay_hold(overlay *o, arena *until)
{
    if (!arena_at_end(until, release, o))
        return false;
    atomic_fetch_add(&o->holders, 1);
    return true;
}

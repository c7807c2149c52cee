/* chronicle_test.h -- a house whose transactions are committed with the journal, as the bus does it. */
#pragma once
#include "journal/chain.h"
#include "model/variant_test.h"

typedef struct {
    store_job job; /* first */
    house *house;
    const char *unit;
    void (*body)(kt_tx *tx, house *h);
    uint64_t seq;
    kt_tx tx;
} deed;

static kt_error *deed_run(store_job *job, store_view *view)
{
    deed *d = (deed *)job;
    house h = *d->house;
    d->tx = (kt_tx){.arena = job->arena,
        .view = view,
        .catalogue = h.catalogue,
        .lang = "en",
        .user = 1,
        .company = 1,
        .now = clock_now(),
        .request_id = KT_STR("r1"),
        .unit = d->unit ? str_of(d->unit) : (kt_str){0},
        .master_key = house_master_key,
        .writes = true};
    h.tx = &d->tx;
    h.arena = job->arena;
    KT_TRY(journal_begin(&d->tx));
    d->body(&d->tx, &h);
    KT_TRY(model_commit_checks(&d->tx));
    return journal_append(&d->tx, &d->seq);
}

/* Runs body in a transaction of its own; answers its sequence number. */
static inline uint64_t commit(house *h, const char *unit, void (*body)(kt_tx *tx, house *h))
{
    deed *d = ARENA_NEW(h->arena, deed);
    *d = (deed){.job = {.body = deed_run, .arena = h->arena}, .house = h, .unit = unit, .body = body};
    assert_int_equal(store_run(h->store, &d->job), STORE_DONE);
    return d->seq;
}

/* A house with its catalogue committed, and no transaction open. */
static inline house chronicle_open(void)
{
    house h = house_open();
    store_end(h.tx->view);
    model_catalogue_release(h.catalogue);
    h.catalogue = NULL;
    return h;
}

typedef struct {
    store_job job;
    const kt_module *const *modules;
    const model_catalogue *catalogue;
} founding;

static kt_error *found_run(store_job *job, store_view *view)
{
    founding *f = (founding *)job;
    f->catalogue = house_build(job->arena, view, f->modules);
    return NULL;
}

/* The catalogue of modules and of what is defined by now, in place of the one before. */
static inline void chronicle_found_with(house *h, const kt_module *const *modules)
{
    founding f = {.job = {.body = found_run, .arena = h->arena}, .modules = modules};
    assert_int_equal(store_run(h->store, &f.job), STORE_DONE);
    if (h->catalogue)
        model_catalogue_release(h->catalogue);
    h->catalogue = f.catalogue;
}

static inline void chronicle_found(house *h)
{
    chronicle_found_with(h, (const kt_module *const[]){&house_module, NULL});
}

/* A reading transaction over what is committed; close it by store_end(tx.view). */
static inline kt_tx reading(house *h)
{
    kt_tx tx = {.arena = h->arena,
        .catalogue = h->catalogue,
        .lang = "en",
        .now = clock_now(),
        .master_key = house_master_key};
    assert_null(store_read(h->store, h->arena, &tx.view));
    return tx;
}

static inline void chronicle_close(house *h)
{
    store_close(h->store);
    model_catalogue_release(h->catalogue);
    arena_close(h->arena);
    clock_real();
}

static inline uint64_t made(kt_tx *tx, house *h, const char *entity, const char *values)
{
    model_record record = {0};
    assert_string_equal(said(model_create(tx, house_entity(h, entity), wire(h, values), &record)), "");
    return (uint64_t)record.values[MODEL_ID].as.i;
}

static inline void changed(kt_tx *tx, house *h, const char *entity, uint64_t id, const char *values)
{
    model_record record = {0};
    assert_string_equal(said(model_update(tx, house_entity(h, entity), id, 0, wire(h, values), &record)), "");
}

/* What a function of the journal writes, as text with the braces. */
static inline char *answered(json *j)
{
    buffer_add_char(j->out, '}');
    buffer_add_char(j->out, 0);
    assert_false(j->out->full);
    return j->out->ptr;
}

/* The answer of a function, parsed. */
typedef struct {
    buffer out;
    json j;
} answer;

static inline void answer_open(answer *a)
{
    buffer_open(&a->out, (size_t)16 << 20);
    a->j = json_to(&a->out);
    json_object(&a->j);
}

static inline const variant *answer_take(house *h, answer *a)
{
    const variant *v = wire(h, answered(&a->j));
    buffer_close(&a->out);
    return v;
}

static inline const variant *history(
    house *h, const char *entity, uint64_t id, uint32_t limit, const char *cursor)
{
    answer a;
    kt_tx tx = reading(h);
    answer_open(&a);
    assert_string_equal(
        said(journal_history(&tx, house_entity(h, entity), id, limit, str_of(cursor), &a.j)), "");
    store_end(tx.view);
    return answer_take(h, &a);
}

static inline size_t length(const variant *array)
{
    assert_int_equal(array->kind, VARIANT_ARRAY);
    return array->as.array.count;
}

static inline const variant *item(const variant *array, size_t i)
{
    assert_true(i < length(array));
    return &array->as.array.items[i];
}

static inline int64_t number(const variant *object, const char *name)
{
    const variant *v = variant_get(object, name);
    assert_non_null(v);
    return v->as.integer;
}

static inline const char *text(const variant *object, const char *name)
{
    kt_str s = variant_get_str(object, name);
    return s.ptr ? s.ptr : "";
}

#include "house.h"

#include <stdio.h>
#include <stdlib.h>

#include "kit/error.h"

enum { PADDING = 200, ROW_BYTES = 40 };

/* ---- Keys and rows ---- */

typedef struct {
    char bytes[32];
} key_room;

static void put64(char *out, uint64_t n)
{
    for (size_t i = 8; i-- > 0; n >>= 8)
        out[i] = (char)(n & 255);
}

static uint64_t get64(const char *in)
{
    uint64_t n = 0;
    for (size_t i = 0; i < 8; i++)
        n = n << 8 | (unsigned char)in[i];
    return n;
}

static kt_str key1(key_room *room, char kind, uint64_t a)
{
    room->bytes[0] = kind;
    put64(room->bytes + 1, a);
    return (kt_str){room->bytes, 9};
}

static kt_str key2(key_room *room, char kind, uint64_t a, uint64_t b)
{
    (void)key1(room, kind, a);
    put64(room->bytes + 9, b);
    return (kt_str){room->bytes, 17};
}

typedef struct {
    uint64_t client, number, from, to, amount;
} row;

static row row_of(kt_str value)
{
    return (row){get64(value.ptr), get64(value.ptr + 8), get64(value.ptr + 16), get64(value.ptr + 24),
        get64(value.ptr + 32)};
}

static kt_error *get_number(store_view *view, kt_str key, uint64_t *n)
{
    kt_str value;
    KT_TRY(store_get(view, STORE_DATA, key, &value));
    *n = value.len == 8 ? get64(value.ptr) : 0;
    return NULL;
}

static kt_error *put_number(store_view *view, kt_str key, uint64_t n)
{
    char bytes[8];
    put64(bytes, n);
    return store_put(view, STORE_DATA, key, (kt_str){bytes, 8});
}

/* ---- The job ---- */

static kt_error *add(store_view *view, char kind, uint64_t a, uint64_t amount, uint64_t *sum)
{
    key_room room;
    KT_TRY(get_number(view, key1(&room, kind, a), sum));
    *sum += amount;
    return put_number(view, key1(&room, kind, a), *sum);
}

static kt_error *transfer(store_job *job, store_view *view)
{
    house_transfer *t = (house_transfer *)job;
    uint64_t sequence, counter, unused, r = t->random;
    row row = {t->client, t->number, r % HOUSE_ACCOUNTS, r / HOUSE_ACCOUNTS % HOUSE_ACCOUNTS, r / 7 % 1000};
    char value[ROW_BYTES + PADDING] = "";
    key_room room;
    KT_TRY(add(view, 'c', row.client, 1, &counter));
    if (counter != row.number)
        return error_make(job->arena, KT_CONFLICT, NULL, "transfer %llu comes as number %llu", "%llu %llu",
            (unsigned long long)row.number, (unsigned long long)counter);
    KT_TRY(add(view, 's', 0, 1, &sequence));
    KT_TRY(add(view, 'a', row.from, 0 - row.amount, &unused));
    KT_TRY(add(view, 'a', row.to, row.amount, &unused));
    const uint64_t numbers[] = {row.client, row.number, row.from, row.to, row.amount};
    for (size_t i = 0; i < 5; i++)
        put64(value + 8 * i, numbers[i]);
    memset(value + ROW_BYTES, (int)(sequence & 127), r % PADDING);
    kt_str whole = {value, ROW_BYTES + r % PADDING};
    KT_TRY(store_put(view, STORE_DATA, key1(&room, 'r', sequence), whole));
    KT_TRY(store_put(view, STORE_DATA, key2(&room, 'f', row.from, sequence), KT_STR("")));
    KT_TRY(store_put(view, STORE_DATA, key2(&room, 't', row.to, sequence), KT_STR("")));
    char *answer = arena_alloc(job->arena, 8);
    if (!answer)
        return error_no_memory();
    put64(answer, sequence);
    job->answer = (kt_str){answer, 8};
    return store_put(view, STORE_JOURNAL, key1(&room, 'j', sequence), whole);
}

house_transfer house_transfer_make(arena *arena, unsigned client, uint64_t number)
{
    uint64_t r = (number * HOUSE_CLIENTS + client + 1) * 0x9E3779B97F4A7C15U;
    return (house_transfer){
        .job = {.body = transfer, .arena = arena}, .client = client, .number = number, .random = r ^ r >> 29};
}

/* ---- The proof ---- */

typedef struct {
    store_view *view;
    uint64_t balances[HOUSE_ACCOUNTS];
    house_state *state;
    char *why;
    size_t why_size;
} proof;

static bool wrong(proof *p, const char *what, uint64_t at)
{
    snprintf(p->why, p->why_size, "%s (%llu)", what, (unsigned long long)at);
    return false;
}

static bool failed(proof *p, const kt_error *error)
{
    snprintf(p->why, p->why_size, "%s", error_text(error));
    return false;
}

static bool prove_row(proof *p, uint64_t sequence, kt_str value)
{
    key_room room;
    kt_str found;
    if (value.len < ROW_BYTES)
        return wrong(p, "a record is too short", sequence);
    row row = row_of(value);
    if (row.client >= HOUSE_CLIENTS || row.from >= HOUSE_ACCOUNTS || row.to >= HOUSE_ACCOUNTS)
        return wrong(p, "a record makes no sense", sequence);
    if (row.number != ++p->state->counters[row.client])
        return wrong(p, "a client's transfers have a gap", sequence);
    p->balances[row.from] -= row.amount;
    p->balances[row.to] += row.amount;
    kt_error *error = store_get(p->view, STORE_DATA, key2(&room, 'f', row.from, sequence), &found);
    if (!error && !found.ptr)
        return wrong(p, "an index entry is missing", sequence);
    if (!error)
        error = store_get(p->view, STORE_DATA, key2(&room, 't', row.to, sequence), &found);
    if (!error && !found.ptr)
        return wrong(p, "an index entry is missing", sequence);
    if (!error)
        error = store_get(p->view, STORE_JOURNAL, key1(&room, 'j', sequence), &found);
    if (!error && (!found.ptr || !str_eq(found, value)))
        return wrong(p, "a journal entry is missing", sequence);
    return error ? failed(p, error) : true;
}

static bool prove_rows(proof *p)
{
    store_cursor *cursor;
    kt_str key, value;
    bool good = true;
    kt_error *error = store_scan(p->view, STORE_DATA, KT_STR("r"), KT_STR("s"), false, &cursor);
    if (error)
        return failed(p, error);
    while (good && store_next(cursor, &key, &value)) {
        uint64_t sequence = get64(key.ptr + 1);
        good = sequence == ++p->state->transfers ? prove_row(p, sequence, value)
                                                 : wrong(p, "sequence numbers have a gap", sequence);
    }
    error = store_scan_end(cursor);
    return error ? failed(p, error) : good;
}

static bool prove_count(proof *p, store_space space, const char *from, const char *to)
{
    uint64_t count;
    kt_error *error = store_count(p->view, space, str_of(from), str_of(to), UINT64_MAX, &count);
    if (error)
        return failed(p, error);
    return count == p->state->transfers || wrong(p, "entries without a record", count);
}

static bool prove_numbers(proof *p, const uint64_t acknowledged[HOUSE_CLIENTS])
{
    key_room room;
    uint64_t n;
    for (uint64_t i = 0; i < HOUSE_ACCOUNTS; i++) {
        kt_error *error = get_number(p->view, key1(&room, 'a', i), &n);
        if (error)
            return failed(p, error);
        if (n != p->balances[i])
            return wrong(p, "a balance does not follow from its records", i);
    }
    for (unsigned i = 0; i < HOUSE_CLIENTS; i++) {
        kt_error *error = get_number(p->view, key1(&room, 'c', i), &n);
        if (error)
            return failed(p, error);
        if (n != p->state->counters[i])
            return wrong(p, "a client's counter is wrong", i);
        if (acknowledged && n < acknowledged[i])
            return wrong(p, "an acknowledged transfer is lost", acknowledged[i] - n);
    }
    return true;
}

bool house_verify(store *store, arena *arena, const uint64_t acknowledged[HOUSE_CLIENTS], house_state *state,
    char *why, size_t why_size)
{
    proof p = {.state = state, .why = why, .why_size = why_size};
    memset(state, 0, sizeof *state);
    kt_error *error = store_read(store, arena, &p.view);
    if (error)
        return failed(&p, error);
    bool good = prove_rows(&p) && prove_count(&p, STORE_DATA, "f", "g") &&
                prove_count(&p, STORE_DATA, "t", "u") && prove_count(&p, STORE_JOURNAL, "j", "k") &&
                prove_numbers(&p, acknowledged);
    store_end(p.view);
    return good;
}

/* journal_verify_test.c -- a byte of the file is flipped, again and again: both verifiers must name the
 * entry. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "journal/chronicle_test.h"

enum { ENTRIES = 40, FLIPS = 300 };

static char directory[64], log_line_copy[600];
static kt_str bytes_of[ENTRIES + 1]; /* of each entry, as written */
static unsigned turn;

/* ---- A journal on disk ---- */

static void one_change(kt_tx *tx, house *h)
{
    if (turn % 10 == 7) { /* an entry of several parts */
        char notes[3500] = {0};
        memset(notes, 'a' + (int)(turn % 26), sizeof notes - 1);
        for (int i = 0; i < 40; i++)
            made(
                tx, h, "t.party", arena_format(tx->arena, "{'name': 'P%u', 'notes': '%s'}", turn, notes).ptr);
    } else {
        made(tx, h, "t.party", arena_format(tx->arena, "{'name': 'P%u'}", turn).ptr);
    }
}

static void entries_keep(house *h)
{
    kt_tx tx = reading(h);
    chain_reader reader;
    journal_entry entry;
    kt_str bytes;
    assert_null(chain_begin(&reader, tx.view, h->arena, 1));
    while (chain_next(&reader, &entry, &bytes))
        bytes_of[entry.seq] = arena_str(h->arena, bytes);
    assert_null(chain_end(&reader));
    store_end(tx.view);
}

static house disk_open(const char *name)
{
    house h = {.arena = arena_open((size_t)1 << 30)};
    kt_str url = arena_format(h.arena, "lmdb:%s/%s/store", directory, name);
    assert_string_equal(said(store_open(h.arena, url.ptr, &(store_options){0}, &h.store)), "");
    return h;
}

static house written(void)
{
    (void)snprintf(directory, sizeof directory, "/tmp/kontor-verify-XXXXXX");
    assert_non_null(mkdtemp(directory));
    house h = {.arena = arena_open((size_t)1 << 30)};
    assert_int_equal(mkdir(arena_format(h.arena, "%s/a", directory).ptr, 0700), 0);
    assert_int_equal(mkdir(arena_format(h.arena, "%s/b", directory).ptr, 0700), 0);
    assert_int_equal(mkdir(arena_format(h.arena, "%s/b/store", directory).ptr, 0700), 0);
    arena_close(h.arena);
    h = disk_open("a");
    clock_set((kt_time){1795435200000});
    chronicle_found(&h);
    for (turn = 1; turn <= ENTRIES; turn++)
        commit(&h, NULL, one_change);
    buffer out;
    buffer_open(&out, 10000);
    json j = json_to(&out);
    kt_str data = arena_format(h.arena, "%s/a", directory);
    assert_string_equal(said(journal_checkpoint(h.store, h.arena, data.ptr, &j)), "");
    buffer_close(&out);
    FILE *log = fopen(arena_format(h.arena, "%s/a/checkpoints.log", directory).ptr, "r");
    assert_non_null(fgets(log_line_copy, sizeof log_line_copy, log));
    (void)fclose(log);
    entries_keep(&h);
    store_close(h.store);
    model_catalogue_release(h.catalogue);
    return h; /* its arena keeps the bytes */
}

/* ---- Verifiers ---- */

static int alone(const char *name, char said_there[256], const char *option)
{
    char command[400];
    (void)snprintf(command, sizeof command, "%s %s/%s %s 2>&1", JOURNAL_VERIFY, directory, name, option);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    memset(said_there, 0, 256);
    size_t n = fread(said_there, 1, 255, pipe);
    (void)n;
    int status = pclose(pipe);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static uint64_t inside(const char *name)
{
    house h = disk_open(name);
    journal_verdict verdict;
    assert_string_equal(said(journal_verify(h.store, h.arena, &verdict, NULL, NULL)), "");
    store_close(h.store);
    arena_close(h.arena);
    return verdict.first_bad;
}

/* ---- Flips ---- */

typedef struct {
    char *bytes;
    size_t len;
} image;

static image image_read(house *h)
{
    FILE *file = fopen(arena_format(h->arena, "%s/a/store/data.mdb", directory).ptr, "rb");
    assert_non_null(file);
    (void)fseek(file, 0, SEEK_END);
    image i = {.len = (size_t)ftell(file)};
    rewind(file);
    i.bytes = malloc(i.len);
    assert_int_equal(fread(i.bytes, 1, i.len, file), i.len);
    (void)fclose(file);
    return i;
}

static void image_write(house *h, const image *i)
{
    FILE *file = fopen(arena_format(h->arena, "%s/b/store/data.mdb", directory).ptr, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(i->bytes, 1, i->len, file), i->len);
    (void)fclose(file);
}

/* Flips a byte of the entry wherever the file has it: old pages may still hold a copy. */
static size_t flip(image *i, kt_str entry, size_t at)
{
    size_t part = at / JOURNAL_PART_BYTES * JOURNAL_PART_BYTES, n = entry.len - part;
    n = n < JOURNAL_PART_BYTES ? n : JOURNAL_PART_BYTES;
    size_t found = 0, from = 0;
    char *place;
    while ((place = memmem(i->bytes + from, i->len - from, entry.ptr + part, n))) {
        place[at - part] = (char)(place[at - part] ^ (1 << at % 8));
        from = (size_t)(place - i->bytes) + 1;
        found++;
    }
    return found;
}

static void every_flip_is_named_by_both(void **state)
{
    (void)state;
    house h = written();
    image sound = image_read(&h), bent = {malloc(sound.len), sound.len};
    char text[256], expected[64];
    image_write(&h, &sound);
    assert_int_equal(alone("b", text, ""), 0);
    assert_int_equal(inside("b"), 0);
    for (unsigned n = 0; n < FLIPS; n++) {
        uint64_t seq = n * 7 % ENTRIES + 1;
        kt_str entry = bytes_of[seq];
        size_t at = (size_t)n * 7919 % entry.len;
        memcpy(bent.bytes, sound.bytes, sound.len);
        assert_true(flip(&bent, entry, at) > 0);
        image_write(&h, &bent);
        (void)snprintf(expected, sizeof expected, "BAD: entry %llu:", (unsigned long long)seq);
        int code = alone("b", text, "");
        if (code != 1 || strncmp(text, expected, strlen(expected)) != 0)
            fail_msg("byte %zu of entry %llu: %d %s", at, (unsigned long long)seq, code, text);
        if (inside("b") != seq)
            fail_msg("byte %zu of entry %llu: the core names another", at, (unsigned long long)seq);
    }
    free(sound.bytes);
    free(bent.bytes);
    arena_close(h.arena);
}

static void kept_checkpoints_show_that_the_end_is_missing(void **state)
{
    (void)state;
    char text[256], option[200];
    (void)snprintf(option, sizeof option, "--checkpoints %s/a/checkpoints.log", directory);
    assert_int_equal(alone("a", text, option), 0);
    /* an older journal, whole in itself, against a checkpoint of a later one */
    char path[200];
    (void)snprintf(path, sizeof path, "%s/kept.log", directory);
    FILE *kept = fopen(path, "w");
    assert_non_null(kept);
    (void)fputs(log_line_copy, kept);
    (void)fclose(kept);
    (void)snprintf(path, sizeof path, "rm -rf %s/c; mkdir -p %s/c/store", directory, directory);
    assert_int_equal(system(path), 0);
    house h = disk_open("c");
    chronicle_found(&h);
    for (turn = 1; turn <= 5; turn++)
        commit(&h, NULL, one_change);
    store_close(h.store);
    model_catalogue_release(h.catalogue);
    arena_close(h.arena);
    assert_int_equal(alone("c", text, ""), 0);
    (void)snprintf(option, sizeof option, "--checkpoints %s/kept.log", directory);
    assert_int_equal(alone("c", text, option), 1);
    assert_non_null(strstr(text, "BAD: entry 40: the kept checkpoints have it, the store has not"));
}

static void another_key_is_refused(void **state)
{
    (void)state;
    char text[256];
    assert_int_equal(
        alone("a", text, "--key 0000000000000000000000000000000000000000000000000000000000000000"), 1);
    assert_non_null(strstr(text, "signature"));
    assert_int_equal(alone("nowhere", text, ""), 2);
}

static int remove_all(void **state)
{
    (void)state;
    char command[100];
    (void)snprintf(command, sizeof command, "rm -rf %s", directory);
    clock_real();
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_flip_is_named_by_both),
        cmocka_unit_test(kept_checkpoints_show_that_the_end_is_missing),
        cmocka_unit_test(another_key_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, remove_all);
}

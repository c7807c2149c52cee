#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "kit/str.h"
#include "store/content.h"

#define ABC "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" /* the SHA-256 of "abc" */

typedef struct {
    char directory[40];
    arena *arena;
} shelf;

static shelf open_shelf(void)
{
    shelf s = {"/tmp/kontor-content-XXXXXX", arena_open((size_t)1 << 20)};
    assert_non_null(mkdtemp(s.directory));
    return s;
}

static void close_shelf(shelf *s)
{
    char command[100];
    arena_close(s->arena);
    (void)snprintf(command, sizeof command, "rm -r %s", s->directory);
    assert_int_equal(system(command), 0);
}

/* Brings "abc", and holds it. */
static void bring(shelf *s, content_writer *w)
{
    assert_null(content_begin(s->arena, s->directory, w));
    assert_null(content_add(s->arena, w, "abc", 3));
    assert_null(content_finish(s->arena, s->directory, w));
    assert_string_equal(w->name, ABC);
}

static bool is_whole(shelf *s)
{
    return !content_verify(s->arena, s->directory, KT_STR(ABC), 3);
}

static kt_kind refusal(const kt_error *error)
{
    assert_non_null(error);
    return error->first->kind;
}

static kt_error *discard(shelf *s, const content_item *seen)
{
    return content_discard(s->arena, s->directory, seen);
}

static content_item look(shelf *s)
{
    content_item item;
    assert_null(content_look(s->arena, s->directory, KT_STR(ABC), &item));
    return item;
}

static void write_file(shelf *s, const char *name, const char *text)
{
    kt_str path = arena_format(s->arena, "%s/files/%.2s/%s", s->directory, name, name);
    FILE *file = fopen(path.ptr, "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void contents_are_found_by_what_they_hold(void **state)
{
    content_writer w;
    int fd = -1;
    (void)state;
    shelf s = open_shelf();
    for (int i = 0; i < 2; i++) {
        bring(&s, &w);
        content_drop(&w);
    }
    assert_null(content_open(s.arena, s.directory, KT_STR(ABC), 3, &fd));
    close(fd);
    assert_non_null(content_open(s.arena, s.directory, KT_STR(ABC), 4, &fd));
    assert_non_null(content_open(s.arena, s.directory, KT_STR("../../etc/passwd"), 4, &fd));
    close_shelf(&s);
}

static void bringing_it_again_mends_what_was_damaged(void **state)
{
    content_writer w;
    (void)state;
    shelf s = open_shelf();
    bring(&s, &w);
    content_drop(&w);
    write_file(&s, ABC, "abd");
    assert_false(is_whole(&s));
    bring(&s, &w);
    content_drop(&w);
    assert_true(is_whole(&s));
    close_shelf(&s);
}

static void what_is_given_up_is_no_damage_and_may_come_again(void **state)
{
    content_writer w;
    int fd = -1;
    (void)state;
    shelf s = open_shelf();
    bring(&s, &w);
    content_drop(&w);
    assert_false(content_is_gone(s.arena, s.directory, KT_STR(ABC)));
    content_item seen = look(&s);
    assert_null(discard(&s, &seen));
    assert_true(content_is_gone(s.arena, s.directory, KT_STR(ABC)));
    assert_int_equal(refusal(content_open(s.arena, s.directory, KT_STR(ABC), 3, &fd)), KT_NOT_FOUND);
    seen = look(&s);
    assert_int_equal(seen.inode, 0);
    assert_null(discard(&s, &seen)); /* again: a job that a crash cut short */
    bring(&s, &w);
    content_drop(&w);
    assert_true(is_whole(&s));
    assert_false(content_is_gone(s.arena, s.directory, KT_STR(ABC)));
    close_shelf(&s);
}

static void nobody_gives_up_what_is_being_brought(void **state)
{
    content_writer first, second;
    (void)state;
    shelf s = open_shelf();
    bring(&s, &first);
    content_item seen = look(&s);
    assert_int_equal(refusal(discard(&s, &seen)), KT_UNAVAILABLE); /* its record is not there yet */
    content_drop(&first);
    bring(&s, &second); /* behind the look; its record came, and it was let go */
    content_drop(&second);
    assert_int_equal(refusal(discard(&s, &seen)), KT_UNAVAILABLE);
    assert_true(is_whole(&s));
    seen = look(&s);
    assert_null(discard(&s, &seen));
    close_shelf(&s);
}

static void a_hold_may_last_as_long_as_an_arena(void **state)
{
    content_writer w;
    arena *request = arena_open((size_t)1 << 20);
    (void)state;
    shelf s = open_shelf();
    bring(&s, &w);
    assert_null(content_hold(request, &w));
    const content_item seen = look(&s);
    assert_int_equal(refusal(discard(&s, &seen)), KT_UNAVAILABLE);
    arena_close(request);
    assert_null(discard(&s, &seen));
    close_shelf(&s);
}

static void while_all_is_copied_nothing_is_given_up(void **state)
{
    content_writer w;
    (void)state;
    shelf s = open_shelf();
    bring(&s, &w);
    content_drop(&w);
    const content_item seen = look(&s);
    content_copying(true);
    assert_int_equal(refusal(discard(&s, &seen)), KT_UNAVAILABLE);
    content_copying(false);
    assert_null(discard(&s, &seen));
    close_shelf(&s);
}

static void what_a_crash_left_half_given_up_is_destroyed(void **state)
{
    content_writer w;
    const content_item *items;
    size_t count;
    struct stat stat;
    (void)state;
    shelf s = open_shelf();
    bring(&s, &w);
    content_drop(&w);
    assert_null(content_list(s.arena, s.directory, 0xba, &items, &count));
    assert_int_equal(count, 1);
    assert_true(str_is(items[0].name, ABC));
    assert_null(discard(&s, &items[0]));
    write_file(&s, ABC ".gone", "abc");
    assert_null(content_list(s.arena, s.directory, 0xba, &items, &count));
    assert_int_equal(count, 0);
    kt_str path = arena_format(s.arena, "%s/files/ba/%s.gone", s.directory, ABC);
    assert_int_equal(lstat(path.ptr, &stat), 0);
    assert_int_equal(stat.st_size, 0);
    close_shelf(&s);
}

static void what_was_never_finished_is_tidied_away(void **state)
{
    content_writer w;
    (void)state;
    shelf s = open_shelf();
    assert_null(content_begin(s.arena, s.directory, &w));
    assert_null(content_tidy(s.arena, s.directory, 0));
    assert_int_equal(access(w.path, F_OK), 0);
    assert_null(content_tidy(s.arena, s.directory, INT64_MAX));
    assert_int_not_equal(access(w.path, F_OK), 0);
    content_drop(&w);
    close_shelf(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(contents_are_found_by_what_they_hold),
        cmocka_unit_test(bringing_it_again_mends_what_was_damaged),
        cmocka_unit_test(what_is_given_up_is_no_damage_and_may_come_again),
        cmocka_unit_test(nobody_gives_up_what_is_being_brought),
        cmocka_unit_test(a_hold_may_last_as_long_as_an_arena),
        cmocka_unit_test(while_all_is_copied_nothing_is_given_up),
        cmocka_unit_test(what_a_crash_left_half_given_up_is_destroyed),
        cmocka_unit_test(what_was_never_finished_is_tidied_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

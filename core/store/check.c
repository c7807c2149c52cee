/* check.c -- verifies a store's files in a child process: an engine may abort, or read past the end of a
 * truncated file, and the parent must live to say so. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kit/error.h"
#include "store/view.h"

enum { FINDINGS_MAX = 1000 };

/* In the child: every value of a space, in order. returns the number of findings */
static unsigned check_space(arena *arena, store *store, store_space space, int out)
{
    unsigned findings = 0;
    store_view *view;
    store_cursor *cursor;
    kt_str from = {0}, key, value;
    char text[STORE_KEY_MAX], last[STORE_KEY_MAX];
    size_t last_len = 0;
    for (bool more = true; more && findings < FINDINGS_MAX;) {
        kt_error *error = store_read(store, arena, &view);
        if (!error)
            error = store_scan(view, space, from, (kt_str){0}, false, &cursor);
        if (error) {
            dprintf(out, "%s\n", error_text(error));
            return findings + 1;
        }
        while (store_next(cursor, &key, &value)) {
            if (last_len && str_cmp(key, (kt_str){last, last_len}) <= 0) {
                dprintf(out, "space %d: keys are out of order\n", (int)space);
                findings++;
            }
            memcpy(last, key.ptr, key.len);
            last_len = key.len;
        }
        error = store_scan_end(cursor);
        more = error != NULL;
        if (error) {
            findings++;
            dprintf(out, "%s\n", error_text(error));
            /* go on behind the damaged value */
            engine_cursor *at;
            kt_str raw;
            kt_str after = {last, last_len};
            more = view->engine->ops->cursor(view->txn, space, arena, &at) == ENGINE_OK &&
                   view->engine->ops->seek(at, SEEK_AT_OR_AFTER, after, &key, &raw) == ENGINE_OK &&
                   (last_len == 0 || view->engine->ops->step(at, false, &key, &raw) == ENGINE_OK) &&
                   key.len < STORE_KEY_MAX;
            if (more) {
                memcpy(last, key.ptr, key.len);
                last_len = key.len;
                memcpy(text, key.ptr, key.len);
                text[key.len] = 0; /* the least key behind it */
                from = (kt_str){text, key.len + 1};
            }
        }
        store_end(view);
    }
    return findings;
}

static void check_in_child(const char *url, int out)
{
    arena *arena = arena_open((size_t)1 << 30);
    store *store;
    unsigned findings = 0;
    kt_error *error = arena ? store_open(arena, url, NULL, &store) : error_no_memory();
    if (error) {
        dprintf(out, "%s\n", error_text(error));
        _exit(1);
    }
    for (store_space space = STORE_DATA; space < STORE_SPACES; space++)
        findings += check_space(arena, store, space, out);
    store_close(store);
    _exit(findings ? 1 : 0);
}

kt_error *store_check(
    arena *arena, const char *url, void (*report)(void *context, const char *finding), void *context)
{
    int ends[2], status = 0;
    unsigned findings = 0;
    char line[512], first[512] = "";
    if (pipe(ends) != 0)
        return error_make(arena, KT_STORAGE, NULL, "no pipe", "brak potoku");
    pid_t child = fork();
    if (child < 0)
        return error_make(arena, KT_STORAGE, NULL, "cannot fork", "nie można utworzyć procesu");
    if (child == 0) {
        close(ends[0]);
        check_in_child(url, ends[1]);
    }
    close(ends[1]);
    FILE *in = fdopen(ends[0], "r");
    while (in && fgets(line, sizeof line, in)) {
        line[strcspn(line, "\n")] = 0;
        if (findings++ == 0)
            snprintf(first, sizeof first, "%s", line);
        if (report)
            report(context, line);
    }
    if (in)
        fclose(in);
    if (waitpid(child, &status, 0) < 0)
        status = -1;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return NULL;
    if (WIFSIGNALED(status) && findings == 0)
        snprintf(first, sizeof first, "reading the files ended with signal %d: a page is damaged or missing",
            WTERMSIG(status));
    kt_error *error = error_make(
        arena, KT_STORAGE, NULL, "the store is damaged: %s", "baza danych jest uszkodzona: %s", first);
    return kt_hint(error, "Restore the last backup with `kontor restore`.",
        "Odtwórz ostatnią kopię poleceniem `kontor restore`.");
}

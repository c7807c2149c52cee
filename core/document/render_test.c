/* render_test.c -- the real renderer, locked in: what it makes, and what a hostile document gets. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "document/render.h"
#include "kit/buffer.h"
#include "kit/str.h"

static arena *memory;
static render *renderer;

static kt_str made(const char *html, const render_asset *assets, kt_str *warnings)
{
    kt_str pdf = {0};
    kt_error *error = render_pdf(renderer, memory, str_of(html), assets, 30000, &pdf, warnings);
    if (error)
        fail_msg("%s", error_text(error));
    assert_memory_equal(pdf.ptr, "%PDF-", 5);
    return pdf;
}

static void html_becomes_a_pdf(void **state)
{
    (void)state;
    kt_str warnings;
    made("<style>@page {size: A4; @bottom-center {content: counter(page) \"/\" counter(pages)}}</style>"
         "<h1>Zażółć gęślą jaźń</h1>",
        NULL, &warnings);
    assert_int_equal(warnings.len, 0);
    made("<style>h1 {colour: red}</style><h1>A</h1>", NULL, &warnings);
    assert_non_null(strstr(warnings.ptr, "colour"));
}

static void only_its_own_assets_are_loaded(void **state)
{
    (void)state;
    static const char *const outside[] = {
        "file:///etc/passwd", "http://127.0.0.1:1/x.png", "asset:other.svg", "/etc/passwd"};
    const render_asset assets[] = {{"logo.svg", KT_STR("<svg xmlns='http://www.w3.org/2000/svg' width='10' "
                                                       "height='10'><rect width='9' height='9'/></svg>")},
        {0}};
    kt_str warnings;
    made("<img src='asset:logo.svg'>", assets, &warnings);
    assert_int_equal(warnings.len, 0);
    for (size_t i = 0; i < sizeof outside / sizeof *outside; i++) {
        kt_str html = arena_format(memory,
            "<img src='%s'><link rel=attachment href='%s'><style>@import '%s';</style>", outside[i],
            outside[i], outside[i]);
        kt_str pdf = made(html.ptr, assets, &warnings);
        assert_non_null(strstr(warnings.ptr, "only its own assets"));
        assert_null(memmem(pdf.ptr, pdf.len, "root:", 5));
    }
}

static void a_document_that_takes_too_long_is_stopped(void **state)
{
    (void)state;
    buffer html;
    kt_str pdf;
    buffer_open(&html, 8 << 20);
    for (int i = 0; i < 60000; i++)
        buffer_add_str(&html, KT_STR("<p>word word word</p>"));
    kt_error *error = render_pdf(renderer, memory, buffer_str(&html), NULL, 300, &pdf, NULL);
    buffer_close(&html);
    assert_non_null(error);
    assert_int_equal(error->first->kind, KT_LIMIT);
    made("<p>the next one</p>", NULL, NULL);
}

static void *make_one(void *context)
{
    arena *own = arena_open((size_t)32 << 20);
    kt_str pdf = {0};
    const bool good = own &&
                      !render_pdf(renderer, own, KT_STR("<p>one of many</p>"), NULL, 30000, &pdf, NULL) &&
                      pdf.len > 5;
    arena_close(own);
    *(bool *)context = good;
    return NULL;
}

static void several_are_made_at_once(void **state)
{
    (void)state;
    pthread_t threads[6];
    bool good[6] = {0};
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, make_one, &good[i]), 0);
    for (size_t i = 0; i < 6; i++)
        pthread_join(threads[i], NULL);
    for (size_t i = 0; i < 6; i++)
        assert_true(good[i]);
}

static void without_a_renderer_it_says_so(void **state)
{
    (void)state;
    kt_str pdf;
    render *none = render_open("/nonexistent/renderer.py", 1);
    kt_error *error = render_pdf(none, memory, KT_STR("<p>"), NULL, 5000, &pdf, NULL);
    assert_non_null(error);
    assert_int_equal(error->first->kind, KT_UNAVAILABLE);
    render_close(none);
}

static int open_renderer(void **state)
{
    (void)state;
    memory = arena_open(256 << 20);
    renderer = render_open(RENDERER, 2);
    return memory && renderer ? 0 : -1;
}

static int close_renderer(void **state)
{
    (void)state;
    render_close(renderer);
    arena_close(memory);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(html_becomes_a_pdf),
        cmocka_unit_test(only_its_own_assets_are_loaded),
        cmocka_unit_test(a_document_that_takes_too_long_is_stopped),
        cmocka_unit_test(several_are_made_at_once),
        cmocka_unit_test(without_a_renderer_it_says_so),
    };
    return cmocka_run_group_tests(tests, open_renderer, close_renderer);
}

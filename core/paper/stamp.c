/* stamp.c -- what is seen of a signature: a small page with the signer's name, the time and the reason, and a picture behind
 * them if one is asked for. It says what the signature says; nothing follows from it. */
#include "document/escape.h"
#include "kit/calendar.h"
#include "kit/str.h"
#include "paper/make.h"
#include "paper/methods.h"

enum { SIDE_MAX = 2000, STAMP_MS = 20000 };

static void add_line(buffer *html, const char *tag, kt_str text)
{
    if (!text.len)
        return;
    buffer_add_format(html, "<%s>", tag);
    escape_put(html, ESCAPE_TEXT, text, false);
    buffer_add_format(html, "</%s>", tag);
}

/* 2026-11-25 10:00 +01:00 */
static void add_time(buffer *html, const stamp *s)
{
    char at[TIME_TEXT_MAX];
    const int east = s->offset_s / 60, away = east < 0 ? -east : east;
    time_text((kt_time){s->at.ms + (int64_t)s->offset_s * 1000}, at);
    at[10] = ' ';
    buffer_add_format(html, "<span>%.16s %c%02d:%02d</span>", at, east < 0 ? '-' : '+', away / 60, away % 60);
}

static kt_str page_of(arena *arena, const stamp *s)
{
    buffer html;
    /* A line takes 1.25 of its size; of the three, the name is half as large again. */
    const int tenths = s->height * 10 / 6 < 90 ? s->height * 10 / 6 : 90;
    buffer_open(&html, 65536);
    buffer_add_format(&html,
        "<style>@page{size:%dpt %dpt;margin:0}"
        "body{margin:0;font:%d.%dpt/1.25 Lato,'DejaVu Sans',sans-serif;color:#1d3557;overflow:hidden}"
        "img{position:absolute;right:0;bottom:0;height:%dpt;max-width:%dpt}"
        "b{font-size:140%%}b,i,span{display:block}</style>",
        s->width, s->height, tenths / 10, tenths % 10, s->height, s->width * 6 / 10);
    if (s->picture.ptr)
        buffer_add_format(&html, "<img alt='' src='%s'>", s->picture.ptr);
    add_line(&html, "b", s->name);
    add_time(&html, s);
    add_line(&html, "i", s->reason);
    kt_str text = html.full ? (kt_str){0} : arena_str(arena, buffer_str(&html));
    buffer_close(&html);
    return text;
}

kt_error *stamp_make(papers *p, arena *arena, const stamp *s, kt_str *pdf)
{
    if (s->width > SIDE_MAX || s->height > SIDE_MAX || s->width < 10 || s->height < 10)
        return error_make(arena, KT_VALIDATION, "box", "width and height are 10 to %d points",
            "szerokość i wysokość wynoszą od 10 do %d punktów", (int)SIDE_MAX);
    kt_str html = page_of(arena, s);
    return html.ptr ? render_pdf(p->render, arena, html, s->pictures, STAMP_MS, pdf, NULL)
                    : error_no_memory();
}

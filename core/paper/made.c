/* made.c -- PDF files of works that modules do (<kontor/files.h>). */
#include <kontor/files.h>

#include "kit/str.h"
#include "paper/make.h"

enum { RENDER_MS = 30000 };

kt_error *kt_file_pdf(kt_tx *tx, kt_work_run *run, kt_str name, kt_str html, kt_file *file)
{
    papers *p = ((const job_rooms *)run->rooms)->papers;
    making m = {0};
    kt_str pdf = {0};
    if (!p)
        return kt_fail(tx, KT_UNAVAILABLE, NULL, "this server makes no PDF", "ten serwer nie tworzy PDF");
    KT_TRY(render_pdf(p->render, tx->arena, html, NULL, RENDER_MS, &pdf, NULL));
    KT_TRY(make_content(p, run->memory, pdf, &m));
    *file = (kt_file){
        work_keep(run, name), KT_STR("application/pdf"), work_keep(run, str_of(m.sha256)), (uint64_t)m.size};
    return file->name.ptr && file->sha256.ptr ? NULL : error_no_memory();
}

/* methods.h -- inside the room: methods, by the files that they live in. */
#pragma once
#include "paper/paper_row.h"

kt_error *paper_preview(method_call *call);    /* write.c */
kt_error *paper_make(method_call *call);       /* make.c */
kt_error *paper_make_all(method_call *call);   /* bulk.c */
kt_error *paper_key_import(method_call *call); /* sign.c */
kt_error *paper_sign(method_call *call);
kt_error *paper_signatures(method_call *call);
kt_error *paper_key_check(kt_tx *tx, const kt_record *before, const kt_record *after);
kt_error *paper_asset_check(kt_tx *tx, const kt_record *before, const kt_record *after); /* picture.c */
kt_error *paper_link(method_call *call);                                                 /* link.c */
kt_error *paper_link_open(method_call *call);
kt_error *paper_presets(method_call *call); /* presets.c */

/* methods.h -- inside the room: methods, by the files that they live in. */
#pragma once
#include "paper/paper_row.h"

uint64_t paper_id(const variant *params, const char *name); /* 0: absent */
kt_error *paper_preview(method_call *call);                 /* write.c */

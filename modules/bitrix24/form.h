/* form.h -- parameters as PHP's forms write them: filter[>=ID]=5&select[]=ID. */
#pragma once
#include <kontor/value.h>

typedef struct form form;

/* An empty form. NULL past the memory limit. */
form *form_open(kt_tx *tx);
/* Adds one decoded pair. returns limit: more pairs or brackets than are taken */
KT_MUST kt_error *form_add(form *form, kt_str name, kt_str value);
/* Adds the pairs of a query string or an application/x-www-form-urlencoded body. */
KT_MUST kt_error *form_read(form *form, kt_str text);
/* What was added, as one object; members 0, 1, 2 .. of an inner object make it an array. */
kt_value form_value(const form *form);

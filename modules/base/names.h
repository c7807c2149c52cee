/* names.h -- names of parties made comparable: who means the same though it is written otherwise. Pure. */
#pragma once
#include <kontor.h>

enum { NAME_FORM_MAX = 240, NAME_KEYS = 3, NAME_KEY_MAX = 16 };

/* The normal form: words of letters and digits in alphabetical order, one blank between, without legal forms.
 *   folded   the name without case and diacritics, as kt_fold gives it
 *   returns  false: no word is left */
bool name_normal(kt_str folded, char out[NAME_FORM_MAX]);
/* Keys under which names that sound alike meet: of the longest words' consonants, pair by pair. Returns their
 * number. */
size_t name_keys(const char *normal, char keys[NAME_KEYS][NAME_KEY_MAX]);
/* How alike two normal forms are, 0 to 100: the share of common groups of three letters. */
int name_likeness(const char *a, const char *b);

/* contact.h -- ways to reach somebody: one form for look-ups and duplicates. Pure. */
#pragma once
#include <kontor.h>

enum contact_kind { CONTACT_PHONE = 1, CONTACT_EMAIL, CONTACT_SITE, CONTACT_MESSENGER, CONTACT_FAX };
extern const kt_choice contact_kinds[];

enum { CONTACT_NORMAL_MAX = 320 };
/* "+48 600-100-200", "0048600100200" and "600 100 200" are all "48600100200": nine digits without a country
 * are Polish. Of e-mails: small letters. Of sites: without scheme, "www." and the last slash.
 *   returns  false: no telephone number (3 to 15 digits), no e-mail address, too long */
bool contact_normal(enum contact_kind kind, kt_str value, char out[CONTACT_NORMAL_MAX + 1]);

/* totp.h -- inside the room: one-time codes from a shared secret and the time, and codes for the day when the
 * telephone is gone.
 *   source  RFC 4226 (HOTP), RFC 6238 (TOTP), RFC 4648 (base32) */
#pragma once
#include "kit/arena.h"
#include "kit/str.h"

#define TOTP_SECRET_BYTES 20 /* as many as HMAC-SHA-1 gives, RFC 4226 section 4 */
#define TOTP_DIGITS       6
#define TOTP_STEP_MS      30000
#define TOTP_TEXT_MAX     33 /* a secret in base32 */
#define RECOVERY_TEXT_MAX 20 /* "abcd-efgh-ijkl-mnop" */
#define RECOVERY_CHARS    16 /* of base32: 80 bits */

/* The code of one step, in `digits` decimal digits and a NUL. HMAC-SHA-1, which every authenticator knows. */
void totp_code(const uint8_t *secret, size_t n, uint64_t step, unsigned digits, char *out);
/* Finds the step that a code belongs to: now's, or one beside it, for clocks differ and typing takes time.
 *   last     a step that was used already: it and those before it are refused
 *   returns  false: none of these */
bool totp_find(
    const uint8_t secret[TOTP_SECRET_BYTES], kt_str code, kt_time now, uint64_t last, uint64_t *step);
void totp_secret_text(const uint8_t secret[TOTP_SECRET_BYTES], char out[TOTP_TEXT_MAX]);
/* What an authenticator scans. Not set: no memory */
kt_str totp_uri(arena *arena, kt_str login, const char *secret_text);

void recovery_make(char out[RECOVERY_TEXT_MAX]);
/* A code as somebody typed it: case, blanks and dashes do not matter. false: it is none */
bool recovery_read(kt_str typed, char out[RECOVERY_CHARS]);

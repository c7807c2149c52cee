/* totp.c -- one-time codes. The secret is random and shown once; whoever has it can make every code, so that
 * it is kept sealed (factor.c). */
#include "access/totp.h"

#include <assert.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sodium.h>
#include <stdio.h>

#include "kit/clock.h"

enum { SHA1_BYTES = 20, STEPS_BESIDE = 1 };

static const char base32[] = "abcdefghijklmnopqrstuvwxyz234567";

/* n bytes, a multiple of 5, into 8 characters for every five. */
static void base32_write(const uint8_t *bytes, size_t n, char *out)
{
    for (size_t i = 0; i < n; i += 5) {
        uint64_t group = 0;
        for (size_t k = 0; k < 5; k++)
            group = group << 8 | bytes[i + k];
        for (size_t k = 0; k < 8; k++)
            *out++ = base32[group >> (35 - 5 * k) & 31];
    }
    *out = 0;
}

void totp_code(const uint8_t *secret, size_t n, uint64_t step, unsigned digits, char *out)
{
    uint8_t counter[8], mac[SHA1_BYTES];
    for (size_t i = 0; i < sizeof counter; i++)
        counter[i] = (uint8_t)(step >> (56 - 8 * i));
    unsigned char *done = HMAC(EVP_sha1(), secret, (int)n, counter, sizeof counter, mac, NULL);
    assert(done);
    const uint8_t *at = mac + (mac[SHA1_BYTES - 1] & 15); /* RFC 4226 section 5.3, dynamic truncation */
    uint32_t number = (uint32_t)(at[0] & 127) << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
    for (unsigned i = digits; i-- > 0; number /= 10)
        out[i] = (char)('0' + number % 10);
    out[digits] = 0;
    sodium_memzero(mac, sizeof mac);
}

bool totp_find(
    const uint8_t secret[TOTP_SECRET_BYTES], kt_str code, kt_time now, uint64_t last, uint64_t *step)
{
    uint64_t middle = (uint64_t)(now.ms / TOTP_STEP_MS);
    bool found = false;
    if (code.len != TOTP_DIGITS)
        return false;
    for (uint64_t s = middle - STEPS_BESIDE; s <= middle + STEPS_BESIDE; s++) {
        char right[TOTP_DIGITS + 1];
        totp_code(secret, TOTP_SECRET_BYTES, s, TOTP_DIGITS, right);
        if (sodium_memcmp(right, code.ptr, TOTP_DIGITS) == 0 && s > last) {
            found = true;
            *step = s;
        }
    }
    return found;
}

void totp_secret_text(const uint8_t secret[TOTP_SECRET_BYTES], char out[TOTP_TEXT_MAX])
{
    base32_write(secret, TOTP_SECRET_BYTES, out);
    for (char *c = out; *c; c++)
        *c = (char)(*c >= 'a' ? *c - 'a' + 'A' : *c);
}

kt_str totp_uri(arena *arena, kt_str login, const char *secret_text)
{
    char *label = arena_alloc(arena, 3 * login.len + 1), *end = label;
    if (!label)
        return (kt_str){0};
    for (size_t i = 0; i < login.len; i++) {
        unsigned char c = (unsigned char)login.ptr[i];
        bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                     memchr("-._~", c, 4);
        if (plain)
            *end++ = (char)c;
        else
            end += snprintf(end, 4, "%%%02X", c);
    }
    return arena_format(
        arena, "otpauth://totp/Kontor:%.*s?secret=%s&issuer=Kontor", (int)(end - label), label, secret_text);
}

void recovery_make(char out[RECOVERY_TEXT_MAX])
{
    uint8_t bytes[RECOVERY_CHARS * 5 / 8];
    char text[RECOVERY_CHARS + 1];
    random_bytes(bytes, sizeof bytes);
    base32_write(bytes, sizeof bytes, text);
    (void)snprintf(out, RECOVERY_TEXT_MAX, "%.4s-%.4s-%.4s-%.4s", text, text + 4, text + 8, text + 12);
    sodium_memzero(bytes, sizeof bytes);
    sodium_memzero(text, sizeof text);
}

bool recovery_read(kt_str typed, char out[RECOVERY_CHARS])
{
    size_t n = 0;
    for (size_t i = 0; i < typed.len; i++) {
        char c = typed.ptr[i];
        if (c == '-' || c == ' ')
            continue;
        if (c >= 'A' && c <= 'Z')
            c = (char)(c - 'A' + 'a');
        if (!memchr(base32, c, sizeof base32 - 1) || n == RECOVERY_CHARS)
            return false;
        out[n++] = c;
    }
    return n == RECOVERY_CHARS;
}

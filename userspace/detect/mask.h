/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The one module that makes printable text out of bytes that may hold tokens: paths, command lines,
 * process names. Everything that is shown, logged or stored goes through it; nothing else does this.
 *
 * Masked is more than a whole token, because these strings are cut at bounds: what follows a token
 * identifier and a dot, however short; a run of 64 or more [A-Z0-9] standing alone; and any stretch
 * of MASK_FRAGMENT_LEN or more bytes of the secret portion that the caller knows (the one in the
 * sample that is being named). Each of them as it stands, as hex and as base64 (RFC 4648, both
 * alphabets, any alignment), and each of these with its bytes escaped (detect/escapes.h). In small
 * letters as well, where it takes MASK_CASELESS_LEN bytes of the known one, and no hash is taken for
 * one. Masking what is masked changes nothing.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What stands in place of a secret portion; the platform's own agents print the same. */
#define MASK_TEXT "<masked>"
/* The shortest stretch of a known secret portion that is masked wherever it stands. */
#define MASK_FRAGMENT_LEN 8
/* The same where some letters are small: two fragments. */
#define MASK_CASELESS_LEN 16

/* A secret portion that must not appear: up to TOKEN_SECRET_LEN bytes of [A-Z0-9]; borrowed, may be
 * NULL/0. */
struct mask_known {
	const uint8_t *secret;
	size_t len;
	/*
	 * Not NULL: whatever could be a fragment of any secret is taken for one, and *any is set where something was masked. A
	 * text without is the same for every secret.
	 */
	bool *any;
};

/*
 * mask_text() - a printable copy of bytes[0, len): secrets masked, then every byte that is not part
 * of valid UTF-8, and every control character, escaped as \xNN (so that the text is valid UTF-8
 * without control characters). A backslash before an x is \x5c, any other stays as it is; so \xNN
 * always is a byte, and what was there can be told.
 * @known: may be NULL. Returns 0 and *ret_text (malloc'ed, the caller frees), -ENOMEM, or -EINVAL if
 * @known is no secret portion (it would go unmasked).
 */
int mask_text(const void *bytes, size_t len, const struct mask_known *known, char **ret_text);

/*
 * mask_more() - masks what was made printable by one of these functions, as another secret is known.
 * Returns as mask_text().
 */
int mask_more(const char *text, const struct mask_known *known, char **ret_text);

/*
 * mask_wipe() - overwrites what is a secret by its shape in bytes[0, len), where they stand, so that of a token as it stands
 * mask_text() tells the same. Returns 0 or -ENOMEM (nothing was done).
 */
int mask_wipe(void *bytes, size_t len);

/*
 * mask_exact() - the bytes that mask_text() made this text of. Returns 0 and *ret_bytes (malloc'ed,
 * terminated), -ENOENT if that can't be told (something was masked, or a NUL is among them), or -ENOMEM.
 */
int mask_exact(const char *text, char **ret_bytes);

/*
 * mask_args() - the same for a command line as the kernel keeps it (arguments separated by NUL, the
 * last one perhaps cut): arguments joined by a space each; trailing NULs are dropped. Masking sees
 * the joined text, and a secret that is an argument of its own is masked too.
 */
int mask_args(const void *bytes, size_t len, const struct mask_known *known, char **ret_text);

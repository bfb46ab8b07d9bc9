// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A secret portion, and perhaps a key → Nettle → the first digits. */
#include "digest/digest.h"

#include <nettle/hmac.h>
#include <nettle/sha2.h>
#include <stdint.h>
#include <string.h>

static void digest_keyed(const void *key, size_t key_len, const void *secret, size_t len, uint8_t *digest)
{
	struct hmac_sha256_ctx context;

	hmac_sha256_set_key(&context, key_len, key);
	hmac_sha256_update(&context, len, secret);
	hmac_sha256_digest(&context, SHA256_DIGEST_SIZE, digest);
	explicit_bzero(&context, sizeof(context));
}

static void digest_plain(const void *secret, size_t len, uint8_t *digest)
{
	struct sha256_ctx context;

	sha256_init(&context);
	sha256_update(&context, len, secret);
	sha256_digest(&context, SHA256_DIGEST_SIZE, digest);
	explicit_bzero(&context, sizeof(context));
}

void digest_secret(const void *key, size_t key_len, const void *secret, size_t len, char *to)
{
	static const char digits[] = "0123456789abcdef";
	uint8_t digest[SHA256_DIGEST_SIZE];

	if (key)
		digest_keyed(key, key_len, secret, len, digest);
	else
		digest_plain(secret, len, digest);
	for (size_t i = 0; i < MASK_DIGEST_BYTES; i++) {
		to[2 * i] = digits[digest[i] >> 4];
		to[2 * i + 1] = digits[digest[i] & 15];
	}
	explicit_bzero(digest, sizeof(digest));
}

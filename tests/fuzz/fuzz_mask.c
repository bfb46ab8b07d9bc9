// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What the mask lets through: valid UTF-8 without control characters, no token, nothing of the known
 * secret in any encoding; and masking once more changes nothing.
 *
 * An input is 64 bytes that become the known secret, then the text; a shorter one is all text.
 */
#include "detect/mask.h"
#include "oracle.h"

#include <stdlib.h>
#include <string.h>

#define SECRET_LEN 64
/* Longer texts hold nothing new and take longer. */
#define INPUT_MAX 512

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned int seed);

/* A secret portion is [A-Z0-9] only, whatever the fuzzer would like. */
static void secret_make(const uint8_t *data, uint8_t *secret)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

	for (size_t i = 0; i < SECRET_LEN; i++)
		secret[i] =
			(uint8_t)(data[i] && strchr(alphabet, data[i]) ? data[i] : alphabet[data[i] % 36]);
}

static void check_output(char *text, const struct mask_known *known)
{
	size_t len = strlen(text);
	char *again;

	if (!oracle_printable(text) || oracle_next((uint8_t *)text, len, 0) != len)
		abort();
	if (oracle_shows(text, known->secret, known->len))
		abort();
	if (mask_more(text, known, &again) || strcmp(text, again) != 0)
		abort();
	free(again);
	free(text);
}

/* Where nothing was masked, what was there can be told. */
static void check_exact(const char *text, const uint8_t *data, size_t size)
{
	char *exact;

	if (mask_exact(text, &exact))
		return;
	if (strlen(exact) != size || (size && memcmp(exact, data, size) != 0))
		abort();
	free(exact);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t secret[SECRET_LEN];
	struct mask_known known = {secret, 0, NULL};
	char *text;

	if (size >= SECRET_LEN) {
		secret_make(data, secret);
		known.len = SECRET_LEN;
		data += SECRET_LEN;
		size -= SECRET_LEN;
	}
	if (mask_text(data, size, &known, &text))
		abort();
	check_exact(text, data, size);
	check_output(text, &known);
	if (mask_args(data, size, &known, &text))
		abort();
	check_output(text, &known);
	return 0;
}

/* Now and then a stretch of the secret, or of a token with it, is written into the text. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned int seed)
{
	uint8_t raw[15 + 1 + SECRET_LEN] = "dt0c01.ABCDEFGH.";
	char encoded[ORACLE_ENCODED_MAX(sizeof(raw))];
	size_t from = seed / 4 % sizeof(raw), len = 1 + seed / 512 % (sizeof(raw) - from), at;

	max = max < INPUT_MAX ? max : INPUT_MAX;
	size = size < max ? size : max;
	if (seed % 4 || size < SECRET_LEN)
		return LLVMFuzzerMutate(data, size, max);
	secret_make(data, raw + sizeof(raw) - SECRET_LEN);
	len = oracle_encode(raw + from, len, seed / 65536 % ORACLE_ENCODING_MAX, encoded);
	at = SECRET_LEN + seed / 1048576 % (size - SECRET_LEN + 1);
	if (at + len > max)
		return LLVMFuzzerMutate(data, size, max);
	memcpy(data + at, encoded, len);
	return at + len > size ? at + len : size;
}

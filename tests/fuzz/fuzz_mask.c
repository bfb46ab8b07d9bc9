// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What the mask lets through: valid UTF-8, no token, nothing of the known secret, and only once. */
#include "detect/mask.h"
#include "oracle.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_output(const char *text, const uint8_t *secret, size_t len)
{
	size_t text_len = strlen(text);

	if (oracle_next((const uint8_t *)text, text_len, 0) != text_len)
		abort();
	for (size_t i = 0; i < text_len; i++)
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			abort();
	for (size_t i = 0; len && i + MASK_FRAGMENT_LEN <= len; i++)
		if (memmem(text, text_len, secret + i, MASK_FRAGMENT_LEN))
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mask_known known = {data, size < 64 ? size : 64};
	char *text, *again, *args;

	/* a secret portion is [A-Z0-9] only, whatever the fuzzer would like */
	for (size_t i = 0; i < known.len; i++)
		if (!((data[i] >= 'A' && data[i] <= 'Z') || (data[i] >= '0' && data[i] <= '9')))
			known.len = 0;
	if (mask_text(data, size, &known, &text) || mask_args(data, size, &known, &args))
		abort();
	check_output(text, known.secret, known.len);
	check_output(args, known.secret, known.len);
	if (mask_text(text, strlen(text), &known, &again) || strcmp(text, again) != 0)
		abort();
	free(text);
	free(args);
	free(again);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* policy: what is asked for, as a mask that the guards in the kernel test. */
#include "capture/watch.h"

#include <errno.h>
#include <string.h>

static const struct {
	const char *name;
	uint32_t mask;
} watch_table[] = {{"default", FILE_KINDS_DEFAULT},
		   {"all", FILE_KINDS_ALL},
#define WATCH_NAME(id, name, type) {name, FILE_KIND_BIT(id) & FILE_KINDS_ALL & ~FILE_KIND_BIT(UNKNOWN)},
		   FILE_KINDS(WATCH_NAME)
#undef WATCH_NAME
};

/* The mask of one name, 0 if it is none that can be asked for. */
static uint32_t watch_find(const char *name, size_t len)
{
	for (size_t i = 0; i < sizeof(watch_table) / sizeof(*watch_table); i++)
		if (strlen(watch_table[i].name) == len && memcmp(watch_table[i].name, name, len) == 0)
			return watch_table[i].mask;
	return 0;
}

size_t watch_names(const char *ret_names[WATCH_NAMES_MAX])
{
	size_t count = 0;

	for (size_t i = 0; i < sizeof(watch_table) / sizeof(*watch_table); i++)
		if (watch_table[i].mask)
			ret_names[count++] = watch_table[i].name;
	return count;
}

int watch_parse(const char *text, uint32_t *ret_mask, const char **ret_bad, size_t *ret_bad_len)
{
	uint32_t mask = FILE_KIND_BIT(UNKNOWN);

	for (;; text++) {
		size_t len = strcspn(text, ",");
		uint32_t one = watch_find(text, len);

		if (!one) {
			*ret_bad = text;
			*ret_bad_len = len;
			return -EINVAL;
		}
		mask |= one;
		text += len;
		if (!*text)
			break;
	}
	*ret_mask = mask;
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The kernel's functions that the fexit attachment hooks, what each carries, and whether it can be done without. A kernel
 * may lack one: its compiler has inlined it, or it was configured without what it belongs to.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FUNCTIONS_MAX 32

enum function_need {
	/* Brings contents into a file or a stream. Without it they would go by, where the other attachment sees them. */
	FUNCTION_ESSENTIAL,
	/* Names, attributes and what moves bytes that are there: worth to be told, not to have all of the host's calls pay. */
	FUNCTION_TOLD,
	/* Where there is none the call itself isn't there, or comes through another one: nothing is missed. */
	FUNCTION_SPARE,
};

struct function {
	const char *name;
	enum function_need need;
	uint32_t watch; /* FILE_KIND_BIT()s: any of those needs it */
	const char *sees; /* "extended attributes"; goes before "would not be seen" */
};

/* functions_named() - NULL: nothing of ours hooks it. Static. */
const struct function *functions_named(const char *name);

/* Those that a kernel lacks, but for spare ones; all of them essential, or none. */
struct functions_missing {
	size_t count;
	const struct function *function[FUNCTIONS_MAX];
	bool essential;
};

/*
 * functions_missing() - of those that `watch` needs. If any essential ones are missing, only these are told: fexit is not to
 * be used then.
 * @has: does the kernel have that function?
 */
struct functions_missing functions_missing(uint32_t watch, bool (*has)(const void *context, const char *name),
					   const void *context);

/* functions_say() - "no vfs_writev (writev, pwritev, pwritev2), do_splice (splice)"; cut where there is no room. */
void functions_say(const struct functions_missing *missing, char *text, size_t size);

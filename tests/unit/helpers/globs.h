/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What rules/glob.h promises, told in the plainest way there is: by trying everything. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* globs_valid() - is it a pattern? */
bool globs_valid(const char *pattern);

/* globs_oracle() - does a valid pattern match? Takes as long as that takes. */
bool globs_oracle(const char *pattern, bool path, const char *text);

/* globs_random() - up to size - 1 of the letters, terminated. */
void globs_random(uint64_t *random, const char *letters, size_t count, char *text, size_t size);

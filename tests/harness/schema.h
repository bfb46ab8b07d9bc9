/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * JSON Schema, as far as the schemas in share/ use it: type, const, enum, pattern, minimum,
 * properties, required, additionalProperties, items, if, then, else. In C, so that the guests of tests/kernels can
 * check every alert without an interpreter.
 */
#pragma once

#include <jansson.h>

/*
 * schema_check() - does the value fit the schema in that file (read once)?
 * Returns NULL if it does, else what does not, in static memory.
 */
char *schema_check(const char *path, const json_t *value);

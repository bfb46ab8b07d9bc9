/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * JSON as it is written down, without a tree in between: an alert has some sixty values, and each would be two or three allocations
 * there (bench-storm). RFC 8259; strings as jansson writes them by JSON_COMPACT, which the unit tests compare with.
 *
 * A name of NULL is for what has none: an array's elements, and the root. What fails is remembered, and json_writer_take() says it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

struct json_writer {
	char *text;
	size_t len, size;
	bool comma; /* something stands before, in the same object or array */
	bool failed;
};

/* json_open(), json_close() - an object ('{', '}') or an array ('[', ']'). */
void json_open(struct json_writer *json, const char *name, char bracket);
void json_close(struct json_writer *json, char bracket);

/* json_text() - a string that has to be there, and has to be UTF-8: else all has failed. */
void json_text(struct json_writer *json, const char *name, const char *text);

/* json_text_if() - likewise; NULL: nothing is written. */
void json_text_if(struct json_writer *json, const char *name, const char *text);

void json_int(struct json_writer *json, const char *name, int64_t number);

/* json_id() - a number as a string, as the Elastic Common Schema has ids. */
void json_id(struct json_writer *json, const char *name, uint64_t number);

void json_bool(struct json_writer *json, const char *name, bool value);

/* json_mark() - true, or nothing. */
void json_mark(struct json_writer *json, const char *name, bool set);

/* json_time() - RFC 3339, UTC, microseconds. */
void json_time(struct json_writer *json, const char *name, const struct timespec *time);

/* json_again() - fields that the writer has written before, as they stood there: behind a field, with the comma in front. */
void json_again(struct json_writer *json, const char *fields, size_t len);

/* json_back() - takes back what was written last: an array's element, or a field. @len: json->len before it */
void json_back(struct json_writer *json, size_t len);

/*
 * json_writer_take() - the text with a newline behind it (malloc'ed), in any case no memory of it is left here.
 * Returns 0, or -ENOMEM, for whatever has failed.
 */
int json_writer_take(struct json_writer *json, char **ret_line);

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* alert → JSON: the bytes. */
#include "alert/json_writer.h"

#include "lib/deceive.h"
#include "lib/utf8.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* An alert with the usual facts has some 1 KB, of a pod 1.4. */
#define JSON_WRITER_BYTES 4096

/* Room for so many bytes more. Returns where they go, or NULL. */
static char *json_room(struct json_writer *json, size_t len)
{
	size_t size = json->size ? json->size : JSON_WRITER_BYTES;
	char *text;

	if (json->failed)
		return NULL;
	if (json->size - json->len >= len)
		return json->text + json->len;
	while (size - json->len < len)
		size *= 2;
	text = realloc(json->text, size);
	if (!text) {
		json->failed = true;
		return NULL;
	}
	json->text = text;
	json->size = size;
	return text + json->len;
}

static void json_bytes(struct json_writer *json, const char *bytes, size_t len)
{
	char *to = json_room(json, len);

	if (!to)
		return;
	memcpy(to, bytes, len);
	json->len += len;
}

/* Returns how many bytes stand for the control character at `to`, six at most. */
static size_t json_control(char *to, unsigned char byte)
{
	static const char digits[] = "0123456789ABCDEF";
	static const char letters[] = "btn\0fr"; /* 8 to 13 */
	char letter = byte >= 8 && byte <= 13 ? letters[byte - 8] : '\0';

	to[0] = '\\';
	to[1] = letter ? letter : 'u';
	if (letter)
		return 2;
	to[2] = '0';
	to[3] = '0';
	to[4] = digits[byte >> 4];
	to[5] = digits[byte & 15];
	return 6;
}

static void json_quoted(struct json_writer *json, const char *text)
{
	size_t len = strlen(text);
	const unsigned char *from = (const unsigned char *)text, *end = from + len;
	char *to = json_room(json, 6 * len + 2), *begin = to;

	if (!to)
		return;
	*to++ = '"';
	while (from < end) {
		size_t count = 1;

		if (*from < ' ') {
			to += json_control(to, *from++);
			continue;
		}
		if (*from == '"' || *from == '\\')
			*to++ = '\\';
		else if (*from >= 0x80)
			count = utf8_length(from, (size_t)(end - from));
		if (!count) {
			json->failed = true;
			return;
		}
		/* the same to whoever reads JSON, and nothing to a terminal */
		if (count > 1 && deceive_length((const char *)from, count)) {
			to = deceive_json(to, (const char *)from, count);
			from += count;
			continue;
		}
		while (count--)
			*to++ = (char)*from++;
	}
	*to++ = '"';
	json->len += (size_t)(to - begin);
}

/* What stands before a value. */
static void json_name(struct json_writer *json, const char *name)
{
	if (json->comma)
		json_bytes(json, ",", 1);
	json->comma = true;
	if (!name)
		return;
	json_bytes(json, "\"", 1);
	json_bytes(json, name, strlen(name));
	json_bytes(json, "\":", 2);
}

void json_open(struct json_writer *json, const char *name, char bracket)
{
	json_name(json, name);
	json_bytes(json, &bracket, 1);
	json->comma = false;
}

void json_close(struct json_writer *json, char bracket)
{
	json_bytes(json, &bracket, 1);
	json->comma = true;
}

void json_text(struct json_writer *json, const char *name, const char *text)
{
	if (!text)
		json->failed = true;
	else
		json_text_if(json, name, text);
}

void json_text_if(struct json_writer *json, const char *name, const char *text)
{
	if (!text)
		return;
	json_name(json, name);
	json_quoted(json, text);
}

/* The digits of a number, at least `least` of them. Returns how many. */
static size_t json_digits(char *to, uint64_t number, size_t least)
{
	char digits[20];
	size_t count = 0;

	while (number || count < least) {
		digits[count++] = (char)('0' + number % 10);
		number /= 10;
	}
	for (size_t i = 0; i < count; i++)
		to[i] = digits[count - 1 - i];
	return count;
}

void json_int(struct json_writer *json, const char *name, int64_t number)
{
	uint64_t size = number < 0 ? -(uint64_t)number : (uint64_t)number;
	char text[24] = "-";
	size_t len = number < 0;

	len += json_digits(text + len, size, 1);
	json_name(json, name);
	json_bytes(json, text, len);
}

void json_id(struct json_writer *json, const char *name, uint64_t number)
{
	char text[24] = "\"";
	size_t len = 1 + json_digits(text + 1, number, 1);

	text[len++] = '"';
	json_name(json, name);
	json_bytes(json, text, len);
}

void json_bool(struct json_writer *json, const char *name, bool value)
{
	json_name(json, name);
	if (value)
		json_bytes(json, "true", 4);
	else
		json_bytes(json, "false", 5);
}

void json_mark(struct json_writer *json, const char *name, bool set)
{
	if (set)
		json_bool(json, name, true);
}

void json_time(struct json_writer *json, const char *name, const struct timespec *time)
{
	char text[64] = "\"";
	size_t len = 1;
	struct tm tm;

	gmtime_r(&time->tv_sec, &tm);
	len += json_digits(text + len, (uint64_t)tm.tm_year + 1900, 4);
	text[len++] = '-';
	len += json_digits(text + len, (uint64_t)tm.tm_mon + 1, 2);
	text[len++] = '-';
	len += json_digits(text + len, (uint64_t)tm.tm_mday, 2);
	text[len++] = 'T';
	len += json_digits(text + len, (uint64_t)tm.tm_hour, 2);
	text[len++] = ':';
	len += json_digits(text + len, (uint64_t)tm.tm_min, 2);
	text[len++] = ':';
	len += json_digits(text + len, (uint64_t)tm.tm_sec, 2);
	text[len++] = '.';
	len += json_digits(text + len, (uint64_t)time->tv_nsec / 1000, 6);
	text[len++] = 'Z';
	text[len++] = '"';
	json_name(json, name);
	json_bytes(json, text, len);
}

void json_again(struct json_writer *json, const char *fields, size_t len)
{
	json_bytes(json, fields, len);
	json->comma = true;
}

void json_back(struct json_writer *json, size_t len)
{
	json->len = len;
}

int json_writer_take(struct json_writer *json, char **ret_line)
{
	json_bytes(json, "\n", 2); /* with the end of the string */
	if (json->failed) {
		free(json->text);
		*json = (struct json_writer){0};
		return -ENOMEM;
	}
	*ret_line = json->text;
	*json = (struct json_writer){0};
	return 0;
}

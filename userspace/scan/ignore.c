// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * gitignore(5), by the patterns that the rules use (rules/glob.h): one with a
 * slash within is about that path, any other about a name at whatever depth; a
 * slash at the end asks for a directory, a ! in front takes back. The last one
 * that matches decides.
 *
 * Limit: such a file of 1 MiB or more is refused.
 */
#include "scan/ignore.h"

#include "files/safe_open.h"
#include "lib/cleanup.h"
#include "rules/glob.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IGNORE_BYTES (1UL << 20)

struct ignore_pattern {
	char *directory;
	size_t directory_len;
	struct glob *glob;
	bool negated, directories;
};

struct ignore {
	struct ignore_pattern *patterns;
	size_t count, size;
};

int ignore_open(struct ignore **ret_ignore)
{
	*ret_ignore = calloc(1, sizeof(**ret_ignore));
	return *ret_ignore ? 0 : -ENOMEM;
}

size_t ignore_count(const struct ignore *ignore)
{
	return ignore->count;
}

void ignore_truncate(struct ignore *ignore, size_t count)
{
	while (ignore->count > count) {
		struct ignore_pattern *pattern = &ignore->patterns[--ignore->count];

		glob_free(pattern->glob);
		free(pattern->directory);
	}
}

void ignore_close(struct ignore *ignore)
{
	if (!ignore)
		return;
	ignore_truncate(ignore, 0);
	free(ignore->patterns);
	free(ignore);
}

/* Spaces at the end don't count, unless a backslash stands before. */
static size_t ignore_trim(const char *line, size_t len)
{
	size_t end = 0;

	if (len && line[len - 1] == '\r')
		len--;
	for (size_t at = 0; at < len; at++) {
		if (line[at] == '\\' && at + 1 < len)
			end = ++at + 1;
		else if (line[at] != ' ')
			end = at + 1;
	}
	return end;
}

/* What is being translated, and what has come of it. */
struct ignore_text {
	const char *from, *end;
	char *to, *room;
};

static void ignore_put(struct ignore_text *text, const char *bytes, size_t len)
{
	if (len > (size_t)(text->room - text->to))
		len = (size_t)(text->room - text->to);
	text->to = mempcpy(text->to, bytes, len);
}

/* Classes of POSIX as ranges, in the C locale. Returns the bytes of the name
 * with its colons and brackets, 0 for none. */
static size_t ignore_class(struct ignore_text *text)
{
	static const char *const classes[][2] = {
		{"[:alnum:]", "a-zA-Z0-9"},  {"[:alpha:]", "a-zA-Z"}, {"[:blank:]", " \t"},
		{"[:cntrl:]", "\1-\37\177"}, {"[:digit:]", "0-9"},    {"[:graph:]", "\\!-~"},
		{"[:lower:]", "a-z"},        {"[:print:]", " -~"},    {"[:punct:]", "\\!-/:-@[-`{-~"},
		{"[:space:]", " \t-\r"},     {"[:upper:]", "A-Z"},    {"[:xdigit:]", "0-9a-fA-F"},
	};

	for (size_t i = 0; i < sizeof(classes) / sizeof(*classes); i++) {
		size_t len = strlen(classes[i][0]);

		if ((size_t)(text->end - text->from) < len || memcmp(text->from, classes[i][0], len) != 0)
			continue;
		ignore_put(text, classes[i][1], strlen(classes[i][1]));
		return len;
	}
	return 0;
}

/* A set up to its end, with the classes in it as ranges. */
static void ignore_set(struct ignore_text *text)
{
	const char *first = text->from + 1;

	ignore_put(text, text->from++, 1);
	if (text->from < text->end && (*text->from == '!' || *text->from == '^')) {
		ignore_put(text, text->from++, 1);
		first++;
	}
	while (text->from < text->end && (*text->from != ']' || text->from == first)) {
		size_t class = ignore_class(text);
		size_t len = *text->from == '\\' && text->end - text->from > 1 ? 2 : 1;

		if (!class)
			ignore_put(text, text->from, len);
		text->from += class ? class : len;
	}
}

/* Two stars or more between slashes stand for directories; anywhere else they are as
 * good as one. */
static void ignore_stars(struct ignore_text *text, const char *begin)
{
	const char *stars = text->from;
	bool whole;

	while (text->from < text->end && *text->from == '*')
		text->from++;
	whole = text->from - stars >= 2 && (stars == begin || stars[-1] == '/') &&
		(text->from == text->end || *text->from == '/');
	ignore_put(text, stars, whole ? 2 : 1);
}

/* A line as a pattern of rules/glob.h, terminated; false if it does not fit. */
static bool ignore_translate(const char *line, size_t len, char *to, size_t size)
{
	struct ignore_text text = {.from = line, .end = line + len, .to = to, .room = to + size - 1};

	to[0] = '\0';
	if (!memchr(line, '/', len)) {
		ignore_put(&text, "**/", 3);
	} else if (line[0] == '/') {
		text.from++;
		line++;
	}
	while (text.from < text.end) {
		size_t one = *text.from == '\\' && text.end - text.from > 1 ? 2 : 1;

		if (*text.from == '[') {
			ignore_set(&text);
		} else if (*text.from == '*') {
			ignore_stars(&text, line);
		} else {
			ignore_put(&text, text.from, one);
			text.from += one;
		}
	}
	*text.to = '\0';
	return text.to < text.room && !memchr(line, '\0', (size_t)(text.end - line));
}

static int ignore_push(struct ignore *ignore, const struct ignore_pattern *pattern)
{
	if (ignore->count == ignore->size) {
		size_t size = ignore->size ? 2 * ignore->size : 16;
		struct ignore_pattern *more = reallocarray(ignore->patterns, size, sizeof(*more));

		if (!more)
			return -ENOMEM;
		ignore->patterns = more;
		ignore->size = size;
	}
	ignore->patterns[ignore->count++] = *pattern;
	return 0;
}

/* Returns 0, -EINVAL for what is no pattern, or -ENOMEM. */
static int ignore_line(struct ignore *ignore, const char *directory, const char *line, size_t len)
{
	struct ignore_pattern pattern = {.directory_len = strlen(directory)};
	char text[GLOB_MAX + 1];
	size_t wrong;
	int r;

	len = ignore_trim(line, len);
	if (!len || line[0] == '#')
		return 0;
	pattern.negated = line[0] == '!';
	line += pattern.negated;
	len -= pattern.negated;
	pattern.directories = len && line[len - 1] == '/';
	len -= pattern.directories;
	if (!len || !ignore_translate(line, len, text, sizeof(text)))
		return -EINVAL;
	r = glob_compile(text, GLOB_PATH, &pattern.glob, &wrong);
	if (r < 0)
		return r;
	pattern.directory = strdup(directory);
	r = pattern.directory ? ignore_push(ignore, &pattern) : -ENOMEM;
	if (r < 0) {
		glob_free(pattern.glob);
		free(pattern.directory);
	}
	return r;
}

int ignore_add(struct ignore *ignore, const char *directory, const char *text, size_t len, size_t *ret_wrong)
{
	static const char mark[] = "\xef\xbb\xbf"; /* that it is UTF-8 */
	size_t at = len >= 3 && memcmp(text, mark, 3) == 0 ? 3 : 0, wrong = 0;

	for (size_t number = 1, end; at < len; at = end + 1, number++) {
		const char *newline = memchr(text + at, '\n', len - at);
		int r;

		end = newline ? (size_t)(newline - text) : len;
		r = ignore_line(ignore, directory, text + at, end - at);
		if (r == -ENOMEM)
			return r;
		wrong = r < 0 && !wrong ? number : wrong;
	}
	*ret_wrong = wrong;
	return 0;
}

/* Returns the number of bytes, or a negative errno. */
static ssize_t ignore_read(const char *place, char *text, size_t size)
{
	AUTO_CLOSE int at = open(place, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	AUTO_CLOSE int fd = at < 0 ? -errno : safe_reopen(at, NULL);
	size_t len = 0;
	ssize_t got;

	if (fd < 0)
		return fd;
	while ((got = read(fd, text + len, size - len)) > 0)
		len += (size_t)got;
	if (got < 0)
		return -errno;
	return len < size ? (ssize_t)len : -EFBIG;
}

int ignore_load(struct ignore *ignore, const char *directory, const char *place, size_t *ret_wrong)
{
	AUTO_FREE char *text = NULL;
	ssize_t len;

	/* nearly no directory has one */
	if (access(place, F_OK) < 0) {
		*ret_wrong = 0;
		return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
	}
	text = malloc(IGNORE_BYTES);
	if (!text)
		return -ENOMEM;
	len = ignore_read(place, text, IGNORE_BYTES);
	return len < 0 ? (int)len : ignore_add(ignore, directory, text, (size_t)len, ret_wrong);
}

/* What of the path is below the pattern's directory; NULL if it is not there.
 */
static const char *ignore_below(const struct ignore_pattern *pattern, const char *path, size_t len)
{
	size_t directory = pattern->directory_len;

	if (!directory)
		return path;
	if (len <= directory || memcmp(path, pattern->directory, directory) != 0)
		return NULL;
	if (pattern->directory[directory - 1] == '/')
		return path + directory;
	return path[directory] == '/' ? path + directory + 1 : NULL;
}

static bool ignore_matches_part(const struct ignore *ignore, const char *path, size_t len, bool is_directory)
{
	for (size_t i = ignore->count; i > 0; i--) {
		const struct ignore_pattern *pattern = &ignore->patterns[i - 1];
		const char *below = ignore_below(pattern, path, len);
		struct glob_text text = {.text = below};

		if (!below || (pattern->directories && !is_directory))
			continue;
		text.len = len - (size_t)(below - path);
		if (glob_match(pattern->glob, &text))
			return !pattern->negated;
	}
	return false;
}

bool ignore_matches(const struct ignore *ignore, const char *path, bool is_directory)
{
	return ignore->count && ignore_matches_part(ignore, path, strlen(path), is_directory);
}

bool ignore_matches_above(const struct ignore *ignore, const char *path, bool is_directory)
{
	if (!ignore->count)
		return false;
	for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/'))
		if (slash > path && ignore_matches_part(ignore, path, (size_t)(slash - path), true))
			return true;
	return ignore_matches(ignore, path, is_directory);
}

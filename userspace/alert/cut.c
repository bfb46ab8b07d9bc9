// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * alert → alert, shorter. One length for all strings that can be long, and half of it for names, halved until the whole fits, so
 * what is shorter than that stays whole.
 *
 * Invariant: what a string takes is reckoned as JSON, where a quote and a backslash are two bytes, and as a terminal gets
 * it, where each byte of a character that deceives is an escape. What can't be long (names of processes,
 * times, numbers, of a flood the samples, what a rule says) takes less than half of the line.
 */
#include "alert/cut.h"

#include "lib/deceive.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Of the line, what the strings below may take together, and a path of them, at most and at least. */
#define CUT_TOGETHER(bytes) ((bytes) / 2)
#define CUT_MOST(bytes) ((bytes) / 4)
#define CUT_LEAST(bytes) ((bytes) / 64)

/* Bytes of an escape, "\xNN". */
#define CUT_ESCAPE 4

/* Bytes of a character, at most. */
#define CUT_CHARACTER 4

/* A path keeps its end; where a sentence repeats a string it counts twice. mark: what says that it was cut */
#define CUT_PATHS(X)                                                         \
	X(process.executable, process.executable_truncated, 1)               \
	X(process.script, process.script_truncated, 1)                       \
	X(process.working_directory, process.working_directory_truncated, 1) \
	X(file.path, file.path_truncated, 2)                                 \
	X(file.host_path, file.host_path_truncated, 1)

/*
 * A text keeps its beginning. share: it gets one in so many of a path's bytes, so that names, of which there are many, and which
 * others choose, leave room for the paths. They have no mark.
 */
#define CUT_TEXTS(X)                     \
	X(process.command_line, 1, 1)    \
	X(process.unit, 1, 2)            \
	X(process.user_name, 1, 2)       \
	X(process.group_name, 1, 2)      \
	X(container.id, 1, 2)            \
	X(container.name, 2, 2)          \
	X(container.image, 1, 2)         \
	X(container.digest, 1, 2)        \
	X(container.labels[0], 1, 2)     \
	X(container.labels[1], 1, 2)     \
	X(container.labels[2], 1, 2)     \
	X(container.labels[3], 1, 2)     \
	X(container.labels[4], 1, 2)     \
	X(container.outer, 1, 2)         \
	X(container.outer_name, 1, 2)    \
	X(container.namespace, 1, 2)     \
	X(container.created, 1, 2)       \
	X(container.pod, 2, 2)           \
	X(container.pod_namespace, 2, 2) \
	X(container.pod_uid, 1, 2)       \
	X(journal.unit, 1, 2)            \
	X(journal.name, 1, 2)

#define CUT_PATH(member, mark, times) +1
#define CUT_TEXT(member, times, share) +1
enum { CUT_STRINGS = 0 CUT_PATHS(CUT_PATH) CUT_TEXTS(CUT_TEXT) };
#undef CUT_PATH
#undef CUT_TEXT

/* What all of them take if each is as long as it may be, in halves of a path. */
#define CUT_PATH(member, mark, times) +2 * (times)
#define CUT_TEXT(member, times, share) +2 * (times) / (share)
enum { CUT_HALVES = 0 CUT_PATHS(CUT_PATH) CUT_TEXTS(CUT_TEXT) };
#undef CUT_PATH
#undef CUT_TEXT
_Static_assert(CUT_HALVES *CUT_LEAST(ALERT_LINE_BYTES) / 2 <= CUT_TOGETHER(ALERT_LINE_BYTES),
	       "whatever the strings are, cut to the least they fit");
_Static_assert(ALERT_LABEL_COUNT == 5, "each label is in the list");

/* What a byte takes; of a character that deceives, all is laid on the first. */
static size_t cut_size(const char *at)
{
	size_t deceives = deceive_length(at, strnlen(at, CUT_CHARACTER));

	if (deceives)
		return deceives * (CUT_ESCAPE - 1) + 1;
	return *at == '"' || *at == '\\' ? 2 : 1;
}

static bool cut_inside(const char *at)
{
	return ((unsigned char)*at & 0xc0) == 0x80;
}

/* As much of the beginning as `most` bytes of JSON hold. Returns how many bytes of the text that are. */
static size_t cut_head(const char *text, size_t most)
{
	size_t len = 0, size = 0;

	while (text[len] && (size += cut_size(text + len)) <= most)
		len++;
	if (!text[len])
		return len;
	while (len && cut_inside(text + len))
		len--;
	/* nor through an escape */
	for (size_t back = 1; back < CUT_ESCAPE && back <= len; back++)
		if (text[len - back] == '\\' && text[len - back + 1] == 'x')
			return len - back;
	return len;
}

/* As much of the end, from a name in the path on if there is one. Returns where it begins. */
static size_t cut_tail(const char *text, size_t most)
{
	size_t from = strlen(text), size = 0;
	const char *slash;

	while (from && (size += cut_size(text + from - 1)) <= most)
		from--;
	if (!from)
		return 0;
	slash = strchr(text + from, '/');
	if (slash && slash[1])
		return (size_t)(slash + 1 - text);
	while (text[from] && cut_inside(text + from))
		from++;
	/* nor from the middle of an escape on */
	for (size_t back = 1; back < CUT_ESCAPE && back <= from; back++)
		if (text[from - back] == '\\' && text[from - back + 1] == 'x')
			return from - back + strnlen(text + from - back, CUT_ESCAPE);
	return from;
}

/* What `most` bytes of a string are, as JSON. NULL is nothing. */
static size_t cut_least(const char *text, size_t most)
{
	size_t size = 0;

	for (; text && *text && size < most; text++)
		size += cut_size(text);
	return size < most ? size : most;
}

static size_t cut_together(const struct alert *alert, size_t most)
{
	size_t size = 0;

#define CUT_PATH(member, mark, times) size += cut_least(alert->member, most) * (times);
#define CUT_TEXT(member, times, share) size += cut_least(alert->member, most / (share)) * (times);
	CUT_PATHS(CUT_PATH)
	CUT_TEXTS(CUT_TEXT)
#undef CUT_PATH
#undef CUT_TEXT
	return size;
}

/* The end of a path, copied to *at, which moves on. */
static void cut_path(char **path, bool *mark, size_t most, char **at)
{
	size_t from = *path ? cut_tail(*path, most) : 0, len;

	if (!from)
		return;
	len = strlen(*path + from) + 1;
	*path = memcpy(*at, *path + from, len);
	*mark = true;
	*at += len;
}

/* The beginning of a text, likewise. */
static void cut_text(char **text, size_t most, char **at)
{
	size_t len = *text ? cut_head(*text, most) : 0;

	if (!*text || !(*text)[len])
		return;
	memcpy(*at, *text, len);
	(*at)[len] = '\0';
	*text = *at;
	*at += len + 1;
}

int alert_cut(const struct alert *alert, size_t bytes, struct alert_cut *ret_cut)
{
	struct alert_cut cut = {.alert = *alert};
	size_t most = CUT_MOST(bytes);
	char *at, *whole;

	while (most > CUT_LEAST(bytes) && cut_together(alert, most) > CUT_TOGETHER(bytes))
		most /= 2;
	/* no more than these, and their ends */
	cut.memory = malloc(cut_together(alert, most) + CUT_STRINGS);
	if (!cut.memory)
		return -ENOMEM;
	at = cut.memory;
#define CUT_PATH(member, mark, times) cut_path(&cut.alert.member, &cut.alert.mark, most, &at);
	CUT_PATHS(CUT_PATH)
#undef CUT_PATH
	whole = cut.alert.process.command_line;
#define CUT_TEXT(member, times, share) cut_text(&cut.alert.member, most / (share), &at);
	CUT_TEXTS(CUT_TEXT)
#undef CUT_TEXT
	cut.alert.process.command_line_truncated |= cut.alert.process.command_line != whole;
	/* what was made of it is of the whole */
	cut.alert.facts = NULL;
	*ret_cut = cut;
	return 0;
}

void alert_cut_free(struct alert_cut *cut)
{
	free(cut->memory);
}
